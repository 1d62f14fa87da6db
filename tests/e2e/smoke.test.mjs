// The page as built, in each browser that is here: it loads at the root and below a path, starts the program, plays a run, and
// keeps to itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FIREFOX, start } from './harness.mjs';
import { caption, idle, length, measure, position, ready, rest, say, toEnd } from './page.mjs';

const BROWSERS = [
  { name: 'Chromium', inFirefox: false, bases: ['/', '/some/where/below/'], skip: false },
  {
    name: 'Firefox',
    inFirefox: true,
    bases: ['/some/where/below/'],
    skip: FIREFOX ? false : 'there is no Firefox here (Debian calls it firefox-esr)',
  },
];

for (const { name, inFirefox, bases, skip } of BROWSERS) {
  describe(name, { skip }, () => {
    for (const base of bases) {
      let site;
      before(async () => {
        site = await start({ base, inFirefox });
      });
      after(() => site.close());

      test(`the page served at ${base} starts the program, silently and from its own host alone`, async () => {
        const view = await site.open('');
        // The program draws into <body>; until then there is only the notice for browsers without scripts.
        await view.page.waitForFunction(() => document.body.querySelector(':scope > :not(noscript, script)') !== null);
        assert.equal(await view.page.title(), 'Glassbase');
        assert.deepEqual(await view.page.locator('[role="alert"]').allTextContents(), []);
        view.assertQuiet();
        await view.close();
      });

      test(`a run at ${base} plays, is stepped through, and takes a command`, async () => {
        const view = await ready(await site.open());
        const { page } = view;
        await idle(page);
        await rest(page);
        await toEnd(page);
        const end = await length(page);
        assert.equal(await position(page), end);
        assert.equal(await measure(page, 'Height'), '3');
        await page.keyboard.press('ArrowLeft');
        assert.equal(await position(page), end - 1);
        assert.ok((await page.locator('#stage svg g').count()) > 10);
        await say(page, 'insert 4711');
        await idle(page);
        await rest(page);
        await toEnd(page);
        assert.ok((await length(page)) > end);
        assert.match(await caption(page), /\S/);
        view.assertQuiet();
        await view.close();
      });
    }
  });
}

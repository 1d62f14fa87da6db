// The page as built: it loads at the root and below a path, starts the program, and keeps to itself.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { start } from './harness.mjs';

for (const base of ['/', '/some/where/below/']) {
  const site = await start({ base });
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
}

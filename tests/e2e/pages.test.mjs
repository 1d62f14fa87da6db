// The lab of pages: what a person does with rows and their bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, idle, logged, logText, rest, say, toEnd, visits } from './page.mjs';
import { changePreset, goTo } from './presets.mjs';

const { opened, done } = visits();

/** A preset of the lab at its end. */
async function atEnd(name) {
  const view = await opened(`#preset=pages/${name}`, { viewport: { width: 1440, height: 900 } });
  await idle(view.page);
  await rest(view.page);
  await toEnd(view.page);
  return view;
}

const shape = (page, name) => page.getByRole('button', { name });

test('a slot, its row and its bytes are one thing: selecting one selects all, and the inspector says what it is', async () => {
  const view = await atEnd('both-ends');
  const { page } = view;
  await shape(page, 'Slot 1 of page 2: 30 bytes at 186').first().click();
  const pressed = page.locator('.shape[aria-pressed="true"]');
  const names = await pressed.evaluateAll((all) => all.map((one) => one.querySelector('title').textContent));
  assert.ok(names.some((name) => name.startsWith('Row 2.1: 30 bytes at 186')), names.join('\n'));
  assert.ok(names.some((name) => name.includes('continued')), 'its bytes in the grid, row by row');
  assert.ok(names.length >= 5, names.join('\n'));
  await page.getByRole('tab', { name: 'Inspector' }).click();
  const inspector = await page.getByRole('region', { name: 'Inspector' }).innerText();
  assert.match(inspector, /Page 2, rows/);
  assert.match(inspector, /the row, 30 bytes at 186/);
  await done(view);
});

test('what the pointer is over is hinted at everywhere', async () => {
  const view = await atEnd('both-ends');
  const { page } = view;
  await shape(page, 'Slot 2 of page 2: 48 bytes at 138').first().hover();
  await page.waitForFunction(() => document.querySelectorAll('.shape.near').length >= 5);
  await done(view);
});

test('a row is inserted, grows away, is found by its id, and goes', async () => {
  const view = await atEnd('forwarding');
  const { page } = view;
  await say(page, 'clear');
  await say(page, 'load 4 size 45');
  await say(page, 'grow 2.1 45');
  await logged(page, /Row 2\.1 has 90 bytes now/);
  await toEnd(page);
  await shape(page, /the row moved to 3\.0/).first().waitFor();
  await say(page, 'get 2.1');
  await logged(page, /Row 2\.1 has 90 bytes: b/);
  await say(page, 'delete 2.1');
  await logged(page, /Row 2\.1 is deleted/);
  await say(page, 'expect valid');
  await logged(page, /held: expect valid/);
  await done(view);
});

test('a flipped bit is caught, and the refusal names the page', async () => {
  const view = await atEnd('flipped-bit');
  const { page } = view;
  assert.match(await logText(page), /page 2 fails its checksum/);
  await page.getByText('the checksum does not match').waitFor();
  await say(page, 'get 2.2');
  await toEnd(page);
  await page.waitForFunction(() => /Refused: page 2 fails its checksum/.test(document.querySelector('.caption').innerText));
  assert.match(await caption(page), /page 2/);
  await done(view);
});

test('pages are walked through with the keyboard', async () => {
  const view = await atEnd('hole');
  const { page } = view;
  await shape(page, /^Page 0/).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal(await shape(page, /^Page 2: 3 rows/).getAttribute('aria-pressed'), 'true');
  await done(view);
});

test('every preset of the lab is accessible, on a desk and on a phone', async () => {
  const view = await opened('#preset=pages/both-ends');
  const { page } = view;
  for (const [width, height] of [[1440, 900], [360, 640]]) {
    await page.setViewportSize({ width, height });
    for (const name of ['both-ends', 'hole', 'forwarding', 'long-row', 'flipped-bit']) {
      await changePreset(page, `pages/${name}`);
      await rest(page);
      await goTo(page, 0.6);
      assert.equal(await page.locator('.notice.bad').count(), 0, name);
      await view.assertAccessible();
    }
  }
  await done(view);
});

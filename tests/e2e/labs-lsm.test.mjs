// The lab of the log-structured merge tree: tables as key ranges, a get and its filters, a B+tree beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, idle, length, logged, measure, position, rest, say, settled, toEnd, visits } from './page.mjs';

const { opened, done, site } = visits();

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const shapes = (page, pattern) => page.locator('.plate-things .picks', { has: page.locator(`title`, { hasText: pattern }) });

/** Opens the lab, waits until its run stands, and pauses. */
async function lab(path = '#preset=lsm/falls-through', options) {
  const view = await opened(path, options);
  await idle(view.page);
  await rest(view.page);
  return view;
}

async function go(page, part) {
  const track = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  await page.mouse.click(track.x + track.width * part, track.y + track.height / 2);
  await page.mouse.move(2, 2);
}

test('the playhead is dragged, steps go back and forth, and the tables with them', async () => {
  const view = await lab();
  const { page } = view;
  const box = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  await page.mouse.move(box.x + 5, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 8 });
  const many = Number(await measure(page, 'Tables'));
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height / 2, { steps: 8 });
  const few = Number(await measure(page, 'Tables'));
  await page.mouse.up();
  assert.ok(few < many, `${few} and ${many} tables`);
  await page.keyboard.press('ArrowRight');
  await settled(page);
  const before = await position(page);
  await page.keyboard.press('ArrowRight');
  await settled(page);
  assert.equal(await position(page), before + 1);
  await page.keyboard.press('ArrowLeft');
  await settled(page);
  assert.equal(await position(page), before);
  await page.keyboard.press('End');
  assert.equal(await position(page), await length(page));
  await done(view);
});

test('a table is selected by mouse and by keyboard, and the inspector says what it is', async () => {
  const view = await lab();
  const { page } = view;
  await toEnd(page);
  await settled(page);
  await shapes(page, /^Table \d+ of level 1/).first().click();
  await page.waitForFunction(() => /keys from/.test(document.body.innerText));
  const first = await shapes(page, /^Table \d+ of level/).count();
  assert.ok(first > 3, `${first} tables`);
  await page.locator('.plate-things .picks[aria-pressed=true]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const name = await page.locator('.plate-things .picks[aria-pressed=true] > title').textContent();
  assert.match(name, /level [23]/);
  await done(view);
});

test('a get lights each table, and says what its filter said', async () => {
  const view = await lab('#preset=lsm/filters');
  const { page } = view;
  await go(page, 0.5);
  const seen = new Set();
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press('ArrowRight');
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const text = await page.locator('.plate-things').textContent();
    for (const word of ['filter: no', 'not there', 'filter was wrong']) if (text.includes(word)) seen.add(word);
  }
  assert.ok(seen.has('filter: no') && seen.has('not there'), [...seen].join(', '));
  await done(view);
});

test('commands of the console do what they say, and bad ones are refused with a sentence', async () => {
  const view = await lab('#preset=lsm/tombstones');
  const { page } = view;
  await toEnd(page);
  await say(page, 'put 77 oak');
  await logged(page, /77 is put/);
  await say(page, 'get 77');
  await logged(page, /77 is there: oak/);
  await say(page, 'flip 9999 1');
  await logged(page, /there is no table 9999/);
  await say(page, 'ycsb Q 10');
  await logged(page, /one of A, B, C|A, B, C, D, E, F/);
  await say(page, 'random 3000');
  await idle(page);
  await logged(page, /3,000 put/);
  await say(page, 'expect valid');
  await logged(page, /held: expect valid/);
  await done(view);
});

test('both stores stand side by side on one timeline', async () => {
  const view = await lab('#preset=lsm/beside-btree');
  const { page } = view;
  await toEnd(page);
  await settled(page);
  assert.equal(await page.locator('.plate-things').count(), 2);
  const written = await measure(page, 'Written / put');
  const [lsm, btree] = written.split('|').map((text) => Number.parseFloat(text));
  assert.ok(lsm > 1 && btree > lsm, written);
  await done(view);
});

test('a comparison by hand tells what both stores wrote, though the records came in unseen', async () => {
  const view = await lab('#preset=lsm/tombstones');
  const { page } = view;
  await say(page, 'clear');
  await say(page, 'ycsb A 400 records 300 unrecorded');
  await idle(page);
  await page.getByRole('combobox', { name: 'Setting that differs' }).selectOption('store');
  await page.getByRole('combobox', { name: 'Value at the right' }).selectOption('btree');
  await idle(page);
  await toEnd(page);
  await page.waitForFunction(() => document.querySelectorAll('.plate-things').length === 2);
  const written = (await measure(page, 'Written / put')).split('|').map((text) => Number.parseFloat(text));
  assert.ok(written.length === 2 && written.every((factor) => factor > 0.5), written.join(' | '));
  await done(view);
});

test('nothing is wrong for axe, on a desk and on a phone of 360 px', async () => {
  for (const options of [{ viewport: { width: 1440, height: 900 } }, PHONE]) {
    const view = await lab('#preset=lsm/filters', options);
    await go(view.page, 0.6);
    await settled(view.page);
    assert.notEqual(await caption(view.page), '');
    await view.assertAccessible();
    const wide = await view.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await done(view);
  }
  assert.ok(site().url);
});

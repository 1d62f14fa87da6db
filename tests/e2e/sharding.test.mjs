// The lab of shards: where keys live, which of them move when a shard comes, five strategies beside each other, a lost write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, idle, logged, position, rest, say, toEnd, visits } from './page.mjs';
import { goTo, textProblems } from './presets.mjs';

const { opened, done } = visits();
const DESK = { viewport: { width: 1440, height: 900 } };

async function lab(page, part) {
  await rest(page);
  await idle(page, 240_000);
  if (part === 1) await toEnd(page);
  else await goTo(page, part);
  await page.waitForTimeout(500);
}

const cards = (page) => page.locator('.plate .shape.card');
const badge = (page, text) => page.locator('.plate .shape.badge', { hasText: text });

test('a shard that comes takes its share, and nothing else moves', async () => {
  const view = await opened('#preset=sharding/add', DESK);
  const { page } = view;
  await lab(page, 1);
  const shards = await cards(page).count();
  assert.ok(shards >= 4, `${shards} shards are drawn`);
  await say(page, 'add');
  await say(page, 'wait');
  await idle(page);
  await toEnd(page);
  assert.equal(await cards(page).count(), shards + 1);
  await say(page, 'check');
  await logged(page, /No write is lost, and none is there twice/);
  assert.deepEqual(await textProblems(page), []);
  await view.assertAccessible();
  await done(view);
});

test('five strategies stand beside each other', async () => {
  const view = await opened('#preset=sharding/survey', DESK);
  const { page } = view;
  await lab(page, 1);
  const words = await page.locator('.plate-things').evaluate((plate) => plate.textContent);
  for (const strategy of ['range', 'modulo', 'consistent', 'rendezvous', 'jump']) assert.match(words, new RegExp(strategy));
  const box = await page.locator('.plate .stage-room').boundingBox();
  const texts = await page.locator('.plate .shape text').evaluateAll((all) =>
    all.filter((text) => /theory|K\/N|in theory|of keys/.test(text.textContent)).map((text) => text.getBoundingClientRect().bottom));
  assert.ok(texts.every((bottom) => bottom <= box.y + box.height + 1), 'the survey is seen without scrolling');
  await done(view);
});

test('a move that forgets to catch up loses writes, and the checker says so', async () => {
  const view = await opened('#preset=sharding/lost-write', DESK);
  const { page } = view;
  await lab(page, 1);
  const verdict = badge(page, /ledger: violated/);
  assert.equal(await verdict.count(), 1);
  // The verdict leads to the answer that does not hold.
  const end = await position(page);
  await verdict.click({ position: { x: 8, y: 12 } });
  const there = await position(page);
  assert.ok(there > 0 && there < 0.95 * end, `${there} of ${end}`);
  assert.match(await page.locator('.notice').innerText(), /is lost/);
  await done(view);
});

test('what cannot be done is said', async () => {
  const view = await opened('#preset=sharding/add', DESK);
  const { page } = view;
  await lab(page, 1);
  await say(page, 'set shards 1');
  await say(page, 'remove n1');
  await logged(page, /n1 is the last shard/);
  await say(page, 'set shards 0');
  await logged(page, /set shards 0[\s\S]*out of range[\s\S]*from 1 to 32/);
  await done(view);
});

test('on a telephone the picture has one column', async () => {
  const view = await opened('#preset=sharding/celebrity', { viewport: { width: 360, height: 740 } });
  const { page } = view;
  await lab(page, 1);
  assert.ok((await caption(page)).length > 10);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide}`);
  await done(view);
});

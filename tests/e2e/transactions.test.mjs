// The lab of transactions: the diagram with its logs, who is blocked, a crash by hand, and the sum that tells whether money is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, idle, logged, rest, say, toEnd, visits } from './page.mjs';
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

const badge = (page, text) => page.locator('.plate .shape.badge', { hasText: text });

test('the first preset plays, and the accounts add up', async () => {
  const view = await opened(undefined, DESK);
  const { page } = view;
  await page.getByRole('button', { name: 'Cross-shard transactions', exact: true }).click();
  await lab(page, 1);
  assert.equal(await badge(page, 'sum 300 of 300').count(), 1);
  assert.ok((await page.locator('.shape.arrow').count()) >= 8);
  assert.ok((await page.locator('.shape.held').count()) >= 2, 'locks are held between vote and outcome');
  assert.deepEqual(await textProblems(page), []);
  await view.assertAccessible();
  await done(view);
});

test('nothing is hidden, whichever view was chosen before', async () => {
  const view = await opened('#preset=multi-leader/wrong-clock', DESK);
  const { page } = view;
  await lab(page, 1);
  const texts = () => page.locator('.plate .shape.version').count();
  const before = await texts();
  assert.ok(before >= 6, `${before} versions`);
  for (const name of ['Space-time diagram alone', 'Stage alone', 'Stage and space-time diagram']) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForTimeout(400);
    assert.deepEqual(await textProblems(page), [], name);
  }
  assert.equal(await texts(), before);
  await done(view);
});

test('a dead coordinator leaves its shards in doubt, and a click brings it back', async () => {
  const view = await opened('#preset=transactions/blocked', DESK);
  const { page } = view;
  await lab(page, 0.7);
  assert.ok((await page.locator('.shape.held.doubt').count()) >= 1);
  await lab(page, 1);
  await say(page, 'transfer alice bob 10');
  await say(page, 'run 100ms');
  await idle(page);
  await say(page, 'check');
  await logged(page, /money: holds/);
  await done(view);
});

test('without its log a coordinator loses money, and the checker says so', async () => {
  const view = await opened('#preset=transactions/no-log', DESK);
  const { page } = view;
  await lab(page, 1);
  assert.equal(await badge(page, 'money: violated').count(), 1);
  assert.equal(await badge(page, 'sum 270 of 300').count(), 1);
  await done(view);
});

test('on a telephone the picture has one column', async () => {
  const view = await opened('#preset=transactions/saga', { viewport: { width: 360, height: 740 } });
  const { page } = view;
  await lab(page, 1);
  assert.ok((await caption(page)).length > 10);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide}`);
  await done(view);
});

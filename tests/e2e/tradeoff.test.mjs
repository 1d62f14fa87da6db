// What R and W cost and give: the sliders of the lab of quorums, the measurement behind them, and its curves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idle, logText, logged, length, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();
const DESK = { viewport: { width: 1440, height: 1000 } };

const pane = (page) => page.getByRole('region', { name: 'Curves' });
const slider = (page, name) => pane(page).getByRole('slider', { name: new RegExp(`^${name}:`) });
const cell = (page, read, write) => pane(page).locator('.pairs tbody tr').nth(read - 1).locator('button').nth(write - 1);
const curve = (page, kind) => pane(page).locator(`polyline.${kind}`).first().getAttribute('points');

/** Moves a slider as a hand does: to a place between its ends. */
async function slide(page, name, value) {
  await slider(page, name).fill(String(value));
}

/** The run is over, and the picture is that of its end. */
async function measured(page) {
  await page.waitForTimeout(100);
  await idle(page, 240_000);
  await toEnd(page);
  await pane(page).locator('.pairs').waitFor();
}

test('the preset shows R + W > N and not: its curves, measured by 10,000 operations of every pair', async () => {
  const view = await opened('#preset=quorum/trade-off', DESK);
  const { page } = view;
  await rest(page);
  await measured(page);
  assert.equal(await pane(page).locator('.pairs button').count(), 9);
  assert.match(await logText(page), /9 pairs of R and W, 10,000 operations each/);
  // R = W = 1 is stale now and then, R = W = 2 never; and the former is quicker.
  assert.equal(await cell(page, 1, 1).getAttribute('aria-pressed'), 'true');
  assert.notEqual(await cell(page, 1, 1).locator('b').innerText(), '0 %');
  for (const [read, write] of [[2, 2], [3, 1], [1, 3], [3, 3]]) {
    assert.equal(await cell(page, read, write).locator('b').innerText(), '0 %', `${read}, ${write}`);
  }
  const took = async (read, write) => (await cell(page, read, write).locator('span').innerText()).match(/[\d.]+/g).map(Number);
  assert.ok((await took(1, 1))[0] < (await took(3, 1))[0], 'a read that waits for more takes longer');
  assert.ok((await took(1, 1))[1] < (await took(1, 3))[1], 'so does a write');
  // The measured curve falls, and the foretold one stands beside it.
  const heights = (await curve(page, 'stale:not(.expected)')).split(' ').map((point) => Number(point.split(',')[1]));
  assert.ok(heights.length > 4 && heights.at(-1) > heights[0], `it falls: ${heights}`);
  assert.equal(await pane(page).locator('polyline.stale.expected').count(), 1);
  assert.equal(await pane(page).locator('polyline.other').count(), 8 + 16);
  await view.assertAccessible();
  await done(view);
});

test('a slider issues a setting and a measurement, and the curves are drawn anew when it is done', async () => {
  const view = await opened('#preset=quorum/trade-off', DESK);
  const { page } = view;
  await rest(page);
  await measured(page);
  const before = await curve(page, 'reads:not(.expected)');
  await slide(page, 'R', 2);
  await logged(page, /^set read 2$/m);
  await logged(page, /^tradeoff$/m);
  await measured(page);
  assert.equal(await cell(page, 2, 1).getAttribute('aria-pressed'), 'true');
  assert.notEqual(await curve(page, 'reads:not(.expected)'), before);
  assert.match(await pane(page).innerText(), /R \+ W ≤ N/);
  await slide(page, 'W', 2);
  await measured(page);
  assert.match(await pane(page).innerText(), /R \+ W > N/);
  assert.equal(await cell(page, 2, 2).getAttribute('aria-pressed'), 'true');
  // Fewer nodes than R and W ask for: they go down with N, in an order in which every line works.
  await slide(page, 'N', 1);
  await measured(page);
  assert.equal(await pane(page).locator('.pairs button').count(), 1);
  assert.equal(await slider(page, 'R').inputValue(), '1');
  assert.ok(!/refused|does not work/.test(await logText(page)));
  // A pair of the table is a setting as well.
  await slide(page, 'N', 3);
  await measured(page);
  await cell(page, 3, 1).click();
  await measured(page);
  assert.equal(await slider(page, 'R').inputValue(), '3');
  assert.equal(await slider(page, 'W').inputValue(), '1');
  await done(view);
});

test('the page answers all the while, and a slider that is moved again ends the measurement under way', async () => {
  const view = await opened('#preset=quorum/overlap', DESK);
  const { page } = view;
  await rest(page);
  await idle(page, 60_000);
  await page.getByRole('tab', { name: 'Curves' }).click();
  assert.match(await pane(page).innerText(), /Nothing is measured yet/);
  await say(page, 'tradeoff operations 300000');
  await page.locator('.work').waitFor();
  // Frames come, and none takes long, while the clusters work.
  const slow = await page.evaluate(async () => {
    const gaps = [];
    let last = performance.now();
    for (let frame = 0; frame < 40; frame++) {
      await new Promise((then) => requestAnimationFrame(then));
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    return gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.9)];
  });
  assert.ok(slow < 200, `nine of ten frames within ${slow} ms`);
  assert.ok(await page.locator('.work').count(), 'it is still at work');
  await page.getByRole('tab', { name: 'Code' }).click();
  await page.getByRole('tab', { name: 'Curves' }).click();
  await slide(page, 'R', 1);
  await logged(page, /Stopped after/);
  await logged(page, /tradeoff operations 300000 stop \d+/);
  await measured(page);
  assert.equal(await slider(page, 'R').inputValue(), '1');
  assert.equal(await cell(page, 1, 2).getAttribute('aria-pressed'), 'true');
  await done(view);
});

test('other labs have no such pane', async () => {
  const view = await opened('#preset=quorum/trade-off', DESK);
  const { page } = view;
  await page.getByRole('tab', { name: 'Curves' }).waitFor();
  await page.getByRole('button', { name: 'Raft', exact: true }).click();
  await idle(page, 60_000);
  assert.equal(await page.getByRole('tab', { name: 'Curves' }).count(), 0);
  assert.equal(await page.getByRole('tab', { name: 'Code' }).getAttribute('aria-selected'), 'true');
  assert.ok((await length(page)) > 0);
  await done(view);
});

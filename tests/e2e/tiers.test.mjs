// The lab of cache tiers: every preset shows the database's load and the point of it, and a cure beside it is one click away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { idle, logged, ready, rest, say, settled, toEnd } from './page.mjs';
import { changePreset, goTo, textProblems } from './presets.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

const desk = { viewport: { width: 1440, height: 900 } };
const cures = (page) => page.getByRole('group', { name: 'What helps' }).getByRole('button');

/** What stands in the pictures: queries and how many at once, stale answers, failed ones, lost writes; one entry for each. */
async function loads(page) {
  const found = [];
  for (const plate of await page.locator('.plate').all()) {
    const texts = await plate.locator('text').allTextContents();
    const said = texts.map((text) => text.match(/load: (\d+) quer\w+; (\d+) at most/)).find(Boolean);
    assert.ok(said, `the load of the database is not told in ${texts.join(' | ')}`);
    const count = (word) => Number(texts.map((text) => text.match(new RegExp(`(\\d+) ${word}`))?.[1]).find(Boolean) ?? 0);
    found.push({ queries: Number(said[1]), most: Number(said[2]), stale: count('stale'), lost: count('lost') });
  }
  return found;
}

/** By preset: the number that a cure makes smaller. */
const ABOUT = {
  stampede: 'most',
  avalanche: 'most',
  penetration: 'queries',
  gone: 'queries',
  'hot-key': 'queries',
  cold: 'most',
  race: 'stale',
  mail: 'stale',
  'write-behind': 'lost',
};

test('each preset shows its point; its cure is one click away, and helps beside it', async () => {
  const view = await ready(await site.open('#preset=cache/tiers', desk));
  const { page } = view;
  const problems = [];
  for (const [name, about] of Object.entries(ABOUT)) {
    await changePreset(page, `cache/${name}`);
    await toEnd(page);
    await settled(page);
    const [alone] = await loads(page);
    assert.ok(alone[about] > 0, `${name}: ${JSON.stringify(alone)}`);
    for (const problem of await textProblems(page)) problems.push(`${name}: ${problem}`);
    await cures(page).first().click();
    await page.locator('.plate').nth(1).waitFor();
    await idle(page);
    await toEnd(page);
    await settled(page);
    const [left, right] = await loads(page);
    assert.deepEqual(left, alone, name);
    assert.ok(right[about] < left[about], `${name}: ${JSON.stringify([left, right])}`);
    await goTo(page, 0.7);
    for (const problem of await textProblems(page)) problems.push(`${name} with its cure: ${problem}`);
    for (const violation of await view.axe()) problems.push(`${name}: ${violation}`);
    view.assertQuiet();
  }
  assert.deepEqual(problems, []);
  await view.close();
});

test('a second click ends the comparison, another cure takes its place; both runs stand at one moment', async () => {
  const view = await ready(await site.open('#preset=cache/stampede', desk));
  const { page } = view;
  await rest(page);
  await cures(page).nth(0).click();
  await cures(page).nth(1).click();
  assert.deepEqual(await cures(page).evaluateAll((all) => all.map((one) => one.ariaPressed)), ['false', 'true', 'false', 'false']);
  await idle(page);
  await goTo(page, 0.8);
  const times = [];
  for (const plate of await page.locator('.plate').all()) {
    const texts = await plate.locator('text').allTextContents();
    times.push(Number(texts.map((text) => text.match(/^([\d.]+) ms$/)?.[1]).find(Boolean)));
  }
  assert.ok(times[0] > 100 && Math.abs(times[0] - times[1]) <= 2, `${times}`);
  await cures(page).nth(1).click();
  await page.waitForFunction(() => document.querySelectorAll('.plate').length === 1);
  view.assertQuiet();
  await view.close();
});

test('a server is killed and started by hand, and bad settings are refused with a reason', async () => {
  const view = await ready(await site.open('#preset=cache/tiers', desk));
  const { page } = view;
  await idle(page);
  await toEnd(page);
  await page.getByRole('button', { name: /^L2 1\. / }).click({ position: { x: 300, y: 6 } });
  await page.getByRole('button', { name: 'Kill', exact: true }).click();
  await logged(page, /Down now: L2 node 1/);
  await toEnd(page);
  await page.locator('.plate text', { hasText: 'L2 1 is down' }).waitFor();
  await say(page, 'set l2_size 0');
  await say(page, 'set strategy write-behind');
  await logged(page, /writes go through L2, and its size is 0/);
  await say(page, 'load 5 key');
  await logged(page, /needs|write it as/);
  view.assertQuiet();
  await view.close();
});

test('on a phone both loads are seen at once', async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const view = await ready(await site.open('#preset=cache/stampede', phone));
  const { page } = view;
  await idle(page);
  await toEnd(page);
  await cures(page).first().click();
  await page.locator('.plate').nth(1).waitFor();
  await idle(page);
  await toEnd(page);
  await settled(page);
  const [left, right] = await loads(page);
  assert.ok(right.most < left.most, JSON.stringify([left, right]));
  for (const plate of await page.locator('.plate').all()) {
    const room = await plate.locator('.stage-room').boundingBox();
    const chart = await plate.locator('.shape.panel').last().boundingBox();
    assert.ok(chart.y >= room.y - 1 && chart.y + chart.height <= room.y + room.height + 1, JSON.stringify({ room, chart }));
  }
  assert.deepEqual(await textProblems(page), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);
  view.assertQuiet();
  await view.close();
});

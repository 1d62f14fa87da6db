// The lab of the whole stack: a request is followed hop by hop, a place leads into its own lab and back, a goal is judged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { idle, length, position, ready, rest, say, settled, toEnd } from './page.mjs';
import { changePreset, textProblems } from './presets.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

const desk = { viewport: { width: 1440, height: 900 } };
const texts = async (page) => (await page.locator('.plate text').allTextContents()).join(' | ');

test('a request is drawn as map, waterfall and diagram, and every preset is', async () => {
  const view = await ready(await site.open('#preset=stack/with-cache', desk));
  const { page } = view;
  await toEnd(page);
  await settled(page);
  const said = await texts(page);
  for (const word of ['app1', 'l2-1', 'router', 's1', 'served by L2', 'In space and time']) assert.ok(said.includes(word), `${word}: ${said}`);
  const problems = [];
  for (const name of ['one-server', 'sharded', 'planet', 'flash-sale']) {
    await changePreset(page, `stack/${name}`);
    await toEnd(page);
    await settled(page);
    for (const problem of await textProblems(page)) problems.push(`${name}: ${problem}`);
  }
  assert.deepEqual(problems, []);
  await view.close();
});

/** The clock of the transport, as it is written there. */
const clock = async (page) => (await page.locator('.transport').innerText()).match(/[\d.,]+ (ms|s|µs)/)[0];
const where = (page) => page.locator('header').innerText();
async function choose(page, name) {
  await page.locator('.plate').getByRole('button', { name }).first().focus();
  await page.keyboard.press('Enter');
}

test('a place leads into its own lab at that moment, with its past, and back to where one was', async () => {
  const view = await ready(await site.open('#preset=stack/with-cache', desk));
  const { page } = view;
  await idle(page);
  await page.getByRole('slider', { name: 'Playhead' }).click();
  await rest(page);
  await settled(page);
  const [at, now] = [await position(page), await clock(page)];
  assert.ok(at > 50 && at < (await length(page)));
  for (const [title, button, lab] of [[/^Replica s1n1/, 'Its store', /Log[^]*store of s1n1/], [/^Shard 1:/, 'Open its lab', /Raft[^]*inside of s1/], [/^l2-1/, 'Open the caches', /inside of l2-1/]]) {
    await choose(page, title);
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('button', { name: 'Back', exact: true }).waitFor();
    await settled(page);
    assert.match(await where(page), lab);
    assert.equal(await clock(page), now, 'the same clock');
    const here = await position(page);
    assert.ok(here > 5 && here < (await length(page)), `${button}: ${here}`);
    // It has a past, down to the first moment.
    await page.getByRole('slider', { name: 'Playhead' }).focus();
    await page.keyboard.press('Home');
    await settled(page);
    assert.equal(await position(page), 0);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await settled(page);
    assert.equal(await position(page), at);
    await page.locator('.plate').getByRole('button', { name: /^app1/ }).first().waitFor();
  }
  // A lab behind a door has doors of its own.
  await choose(page, /^Shard 1:/);
  await page.getByRole('button', { name: 'Open its lab' }).click();
  await choose(page, /^n2,/);
  await page.getByRole('button', { name: 'Its store' }).click();
  await settled(page);
  assert.match(await where(page), /store of s1n2/);
  assert.equal(await clock(page), now);
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await settled(page);
  assert.match(await where(page), /inside of s1/);
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await settled(page);
  assert.equal(await position(page), at);
  view.assertQuiet();
  await view.close();
});

test('behind a door nothing of the run is lost, whatever way one leaves', async () => {
  const view = await ready(await site.open('#preset=stack/with-cache', desk));
  const { page } = view;
  await idle(page);
  await say(page, 'put k7 mine');
  await idle(page);
  const typed = await length(page);
  await choose(page, /^Shard 1:/);
  await page.getByRole('button', { name: 'Open its lab' }).click();
  await page.getByRole('button', { name: 'Back', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByText(/is looked at, and does not go on/).first().waitFor();
  await page.reload();
  await idle(page);
  assert.match(await where(page), /The whole stack/);
  assert.equal(await length(page), typed, 'a reload from behind the door');
  await choose(page, /^Shard 1:/);
  await page.getByRole('button', { name: 'Open its lab' }).click();
  await page.getByRole('button', { name: 'Back', exact: true }).waitFor();
  await page.locator('.brand').first().click();
  await page.getByRole('link', { name: 'Glossary' }).first().waitFor();
  await page.goBack();
  await page.locator('.plate').getByRole('button', { name: /^app1/ }).first().waitFor();
  assert.equal(await length(page), typed, 'home and back');
  view.assertQuiet();
  await view.close();
});

test('a hop of the waterfall leads to its own moment', async () => {
  const view = await ready(await site.open('#preset=stack/with-cache', desk));
  const { page } = view;
  await toEnd(page);
  await settled(page);
  const at = await position(page);
  await choose(page, /^L2: .*, after/);
  await page.getByRole('button', { name: 'Open the caches' }).click();
  await settled(page);
  // The playhead stood at the end of the run; the hop was before it.
  assert.ok((await position(page)) < (await length(page)) - 5);
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await settled(page);
  assert.equal(await position(page), at);
  await view.close();
});

test('a goal that is not reached says why, and is reached with another setting', async () => {
  const view = await ready(await site.open('#preset=stack/flash-sale', desk));
  const { page } = view;
  await idle(page);
  await toEnd(page);
  await settled(page);
  assert.match(await texts(page), /not reached/);
  await say(page, 'set stampede single-flight');
  await say(page, 'set l1 40');
  await say(page, 'play');
  await idle(page);
  await toEnd(page);
  await settled(page);
  assert.match(await texts(page), /reached · score [5-9]\d\d of 1000/);
  await view.close();
});

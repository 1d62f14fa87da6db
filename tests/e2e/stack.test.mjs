// The lab of the whole stack: a request is followed hop by hop, a place leads into its own lab and back, a goal is judged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { idle, ready, say, settled, toEnd } from './page.mjs';
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

test('a replica leads into its store, a shard into its own lab, and back', async () => {
  const view = await ready(await site.open('#preset=stack/with-cache', desk));
  const { page } = view;
  await toEnd(page);
  await settled(page);
  for (const [title, button, lab] of [[/^Replica s1n1/, 'Its store', /store of s1n1/], [/^Shard 1:/, 'Open its lab', /inside of s1/]]) {
    await page.locator('.plate').getByRole('button', { name: title }).first().click();
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    assert.match(await page.locator('header').innerText(), lab);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.plate').getByRole('button', { name: /^app1/ }).first().waitFor();
    await toEnd(page);
    await settled(page);
  }
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

// The presets of the labs of clusters, and all presets on a phone; a file of its own, so that it runs beside the other one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { ready, settled, toEnd } from './page.mjs';
import { CLUSTERS, STORAGE, changePreset, presetsByLab, textProblems, watch } from './presets.mjs';

let site;
let labs;
before(async () => {
  site = await start();
  labs = await presetsByLab(site);
});
after(() => site.close());

for (const lab of CLUSTERS) {
  test(`${lab}: two presets play to their end; their texts can be read; axe finds nothing; a picture of each is written`, async () => {
    await watch(site, lab, labs.find((known) => known.lab === lab).names.slice(0, 2));
  });
}

test('of all other labs three presets play to their end; their texts can be read; axe finds nothing; a picture of each is written', async () => {
  const others = labs.filter(({ lab }) => !CLUSTERS.includes(lab) && !STORAGE.includes(lab));
  assert.ok(others.length >= 3, `${others.length} other labs`);
  for (const { lab, names } of others) await watch(site, lab, names.slice(0, 3));
});

test('on a phone of 360 px the texts of every preset can be read too', async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const view = await ready(await site.open(undefined, phone));
  const { page } = view;
  const problems = [];
  for (const name of labs.slice(1).flatMap(({ lab, names }) => (CLUSTERS.includes(lab) ? names.slice(0, 1) : names))) {
    await changePreset(page, name);
    await toEnd(page);
    await settled(page);
    for (const problem of await textProblems(page)) problems.push(`${name}: ${problem}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
  }
  assert.deepEqual(problems, []);
  view.assertQuiet();
  await view.close();
});

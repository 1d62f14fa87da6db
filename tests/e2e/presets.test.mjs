// Every preset of the labs of storage opens by its link and plays to its end: silent, accessible, its texts readable, photographed.
// The presets of a lab follow each other on one page, as when a person looks through them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { ready, settled, toEnd } from './page.mjs';
import { CLUSTERS, STORAGE, presetsByLab, textProblems, watch } from './presets.mjs';

let site;
let labs;
before(async () => {
  site = await start();
  labs = await presetsByLab(site);
});
after(() => site.close());

test('each lab has its presets', () => {
  const found = labs.map(({ lab, names }) => `${lab} ${names.length}`);
  assert.ok(labs.length >= 5 + CLUSTERS.length, found.join(', '));
  for (const { names } of labs) assert.ok(names.length >= 4, found.join(', '));
});

for (const lab of STORAGE) {
  test(`${lab}: every preset plays to its end; its texts can be read; axe finds nothing; a picture of it is written`, async () => {
    await watch(site, lab, labs.find((known) => known.lab === lab).names);
  });
}

test('what the checks of texts look for they find', async () => {
  const view = await ready(await site.open('#preset=pages/both-ends', { viewport: { width: 1440, height: 900 } }));
  const { page } = view;
  await toEnd(page);
  await settled(page);
  const styled = (css) =>
    page.evaluate((css) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [sheet];
    }, css);
  assert.deepEqual(await textProblems(page), []);
  await styled('.shape.row .body { fill: transparent; }');
  assert.match((await textProblems(page)).join(), /with a contrast of 1\.0/);
  await styled('.shape.slot text { font-size: 22px; }');
  assert.match((await textProblems(page)).join(), /px wide in a box of/);
  await styled('.shape.title text, .shape.quiet text { transform: translateX(40px); } .shape.quiet text { transform: translateX(-20px); }');
  assert.match((await textProblems(page)).join(), /lie over each other/);
  await view.close();
});

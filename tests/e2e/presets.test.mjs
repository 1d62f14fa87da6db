// Every preset of every lab opens by its link and plays to its end: silent, accessible, its texts readable, photographed.
// The presets of a lab follow each other on one page, as when a person looks through them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { atFullSpeed, caption, logText, ready, settled, toEnd } from './page.mjs';
import { changePreset, goTo, picture, presetsByLab, textProblems } from './presets.mjs';

let site;
let labs;
before(async () => {
  site = await start();
  labs = await presetsByLab(site);
});
after(() => site.close());

const slider = '[role=slider][aria-label=Playhead]';

/** Plays the beginning and the end of a run; between them it jumps. What is drawn in between the native tests look at. */
async function playToEnd(page) {
  await atFullSpeed(page);
  await page.keyboard.press('Home');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('Space');
  await page.waitForFunction((slider) => Number(document.querySelector(slider).getAttribute('aria-valuenow')) > 2, slider);
  const track = await page.locator(slider).boundingBox();
  await page.mouse.click(track.x + track.width * 0.93, track.y + track.height / 2);
  await page.mouse.move(2, 2);
  await page.keyboard.press('Space');
  await page.waitForFunction(
    (slider) => {
      const found = document.querySelector(slider);
      return found.getAttribute('aria-valuenow') === found.getAttribute('aria-valuemax');
    },
    slider,
    { timeout: 60_000 },
  );
  await settled(page);
}

test('each lab has its presets', () => {
  const found = labs.map(({ lab, names }) => `${lab} ${names.length}`);
  assert.ok(labs.length >= 5 + CLUSTERS.length, found.join(', '));
  for (const { names } of labs) assert.ok(names.length >= 4, found.join(', '));
});

// The labs of clusters draw one picture: the first presets of each stand for it.
const CLUSTERS = ['Leader and followers', 'Multi-leader', 'Quorums', 'CAP', 'Raft', 'Paxos', 'Clocks'];
const STORAGE = ['B+tree', 'Pages', 'Buffer pool', 'LSM tree', 'Log and recovery'];

for (const lab of [...STORAGE, ...CLUSTERS]) {
  const some = CLUSTERS.includes(lab) ? 'two presets play to their' : 'every preset plays to its';
  test(`${lab}: ${some} end; texts can be read; axe finds nothing; a picture is written`, async () => {
    const { names } = labs.find((known) => known.lab === lab);
    const view = await ready(await site.open('', { viewport: { width: 1440, height: 900 } }));
    const { page } = view;
    const problems = [];
    const look = async (name, when) => {
      for (const problem of await textProblems(page)) problems.push(`${name}, ${when}: ${problem}`);
    };
    for (const name of CLUSTERS.includes(lab) ? names.slice(0, 2) : names) {
      await changePreset(page, name);
      assert.equal(await page.locator('.labs .lab[aria-current]').innerText(), lab, name);
      assert.equal(await page.locator('.presets [aria-current]').count(), 1, name);
      await playToEnd(page);
      assert.equal(await page.locator('.notice.bad, .badge.broken:has-text("expectations")').count(), 0, name);
      if (lab === 'B+tree') assert.equal(await page.locator('.badge.broken').count(), 0, name);
      assert.doesNotMatch(await logText(page), /expected .* found/, name);
      await look(name, 'at the end');
      assert.ok((await caption(page)).length > 20, name);
      for (const violation of await view.axe()) problems.push(`${name}: ${violation}`);
      await goTo(page, 0.5);
      await look(name, 'half-way');
      await picture(view, name);
      view.assertQuiet();
    }
    assert.deepEqual(problems, []);
    await view.close();
  });
}

test('on a phone of 360 px the texts of every preset can be read too', async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const view = await ready(await site.open('', phone));
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

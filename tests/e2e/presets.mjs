// The presets of all labs: their names, opening one, and a picture of it half-way through, as a person would see it.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { atFullSpeed, caption, idle, logText, ready, rest, settled } from './page.mjs';

export const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));

/** The presets' words by lab, read off the page's help: `[{ lab: 'B+tree', names: ['textbook', ...] }, ...]`. */
export async function presetsByLab(site) {
  const view = await ready(await site.open());
  const { page } = view;
  const labs = [];
  for (const lab of await page.locator('.labs .lab').allInnerTexts()) {
    await page.getByRole('button', { name: lab, exact: true }).click();
    await idle(page);
    await page.keyboard.press('?');
    labs.push({ lab, names: await page.locator('h3:text-is("Presets") + table th').allInnerTexts() });
    await page.keyboard.press('Escape');
  }
  await view.close();
  return labs;
}

/** The words of all presets of all labs. */
export async function presetNames(site) {
  return (await presetsByLab(site)).flatMap(({ names }) => names);
}

/** Goes to `part` of the run, and waits until what moves has arrived. */
export async function goTo(page, part) {
  const track = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  await page.mouse.click(track.x + track.width * part, track.y + track.height / 2);
  await page.mouse.move(2, 2);
  await settled(page);
}

/** Opens a preset and goes to `part` of its run. */
export async function openPreset(site, name, options, part = 0.5) {
  const view = await ready(await site.open(`#preset=${name}`, options));
  const { page } = view;
  await idle(page, 240_000);
  await rest(page);
  await goTo(page, part);
  return view;
}

/** On a page that stands: opens another preset, and waits until its run is there. */
export async function changePreset(page, name) {
  await page.evaluate(
    (fragment) =>
      new Promise((opened) => {
        // The page hears of it first, being the first who listens.
        addEventListener('hashchange', () => requestAnimationFrame(() => requestAnimationFrame(opened)), { once: true });
        location.hash = `${fragment}&again=${Math.random()}`;
      }),
    `preset=${name}`,
  );
  await idle(page, 240_000);
}

/**
 * What is wrong with the texts that stand in the pictures, as sentences: two that lie over each other, one that is wider than
 * its box or runs out of the picture to the right, one that cannot be told from what it stands on. Only for pictures drawn by the plate, and only while they rest.
 */
/** `moving`: what is on its way may pass over a text. */
export function textProblems(page, moving = false) {
  return page.evaluate((moving) => {
    const problems = [];
    const luminance = (color) => {
      const part = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      const [red, green, blue] = color.match(/[\d.]+/g).map(Number);
      return 0.2126 * part(red / 255) + 0.7152 * part(green / 255) + 0.0722 * part(blue / 255);
    };
    const isClear = (color) => color === 'none' || color === 'transparent' || /, 0\)$/.test(color);
    const ground = getComputedStyle(document.body).backgroundColor;
    const contrast = (one, other) => {
      const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    };
    for (const plate of document.querySelectorAll('.plate-things')) {
      const texts = [];
      const edge = plate.getBoundingClientRect().right;
      for (const text of plate.querySelectorAll('.shape text')) {
        const shape = text.closest('.shape');
        if (!text.textContent.trim() || text.closest('.flying') || Number(getComputedStyle(shape).opacity) < 0.6) continue;
        if (Number(shape.getAttribute('opacity') ?? 1) < 0.6) continue;
        const box = text.getBoundingClientRect();
        const said = text.textContent.trim();
        // The line of a text is higher than its letters.
        const inset = box.height * 0.24;
        texts.push({ said, shape, left: box.left, right: box.right, top: box.top + inset, bottom: box.bottom - inset });
        if (box.left < edge && box.right > edge + 2) problems.push(`"${said}" runs out of the picture`);
        const body = shape.querySelector('rect.body');
        if (!body) continue;
        const room = body.getBoundingClientRect();
        if (box.width > room.width + 2) problems.push(`"${said}" is ${Math.round(box.width)} px wide in a box of ${Math.round(room.width)}`);
        const fill = getComputedStyle(body).fill;
        const ratio = contrast(getComputedStyle(text).fill, isClear(fill) ? ground : fill);
        if (ratio < 3) problems.push(`"${said}" stands on its ground with a contrast of ${ratio.toFixed(1)}`);
      }
      // A text in a box of its own covers what lies below it.
      const covers = (above, below) => {
        const body = above.shape.querySelector('rect.body');
        const follows = below.shape.compareDocumentPosition(above.shape) & Node.DOCUMENT_POSITION_FOLLOWING;
        return Boolean(body && follows && !isClear(getComputedStyle(body).fill));
      };
      for (const body of moving ? [] : plate.querySelectorAll('.shape > rect.body')) {
        const shape = body.parentElement;
        if (isClear(getComputedStyle(body).fill) || Number(shape.getAttribute('opacity') ?? 1) < 0.6) continue;
        const box = body.getBoundingClientRect();
        for (const text of texts) {
          const [x, y] = [(text.left + text.right) / 2, (text.top + text.bottom) / 2];
          if (text.shape === shape || text.shape.parentElement !== shape.parentElement) continue;
          if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
          const follows = text.shape.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_FOLLOWING;
          if (follows) problems.push(`"${text.said}" is hidden by a box that lies over it`);
        }
      }
      texts.sort((a, b) => a.top - b.top);
      texts.forEach((one, index) => {
        for (const other of texts.slice(index + 1)) {
          if (other.top >= one.bottom) break;
          const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
          const down = Math.min(one.bottom, other.bottom) - other.top;
          if (across > 3 && down > 2 && !covers(one, other) && !covers(other, one)) problems.push(`"${one.said}" and "${other.said}" lie over each other`);
        }
      });
    }
    return problems;
  }, moving);
}

export async function picture(view, name) {
  await mkdir(FOLDER, { recursive: true });
  await view.page.screenshot({ path: join(FOLDER, `${name.replace('/', '-')}.png`) });
}

// The labs of clusters draw one picture: the first presets of each stand for it.
export const CLUSTERS = ['Leader and followers', 'Multi-leader', 'Quorums', 'CAP', 'Raft', 'Paxos', 'Clocks'];
export const STORAGE = ['B+tree', 'Pages', 'Buffer pool', 'LSM tree', 'Log and recovery'];

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
  // Whether it still plays depends on how far it had come before the click: here it plays on in any case.
  await page.getByRole('button', { name: /^(Play|Pause) \(space\)$/ }).waitFor();
  if (await page.getByRole('button', { name: 'Play (space)' }).count()) await page.keyboard.press('Space');
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

/** Plays presets of a lab on a desk: silent, as expected, its texts readable, accessible, photographed. */
export async function watch(site, lab, names) {
  const view = await ready(await site.open(undefined, { viewport: { width: 1440, height: 900 } }));
  const { page } = view;
  const problems = [];
  const look = async (name, when) => {
    for (const problem of await textProblems(page, when === 'half-way')) problems.push(`${name}, ${when}: ${problem}`);
  };
  for (const name of names) {
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
}

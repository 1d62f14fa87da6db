// How the tests handle the page: by what a person sees, never by what is inside.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { start } from './harness.mjs';

/** A site and a browser for all tests of a file: `opened` is a visit to the first lab, or to what is said, whose run stands, `done` ends it silent. */
export function visits() {
  let site;
  before(async () => {
    site = await start();
  });
  after(() => site.close());
  return {
    site: () => site,
    opened: async (path, options) => ready(await site.open(path, options)),
    done: async (view) => {
      view.assertQuiet();
      await view.close();
    },
  };
}

/** Waits until the first preset stands on the stage. */
export async function ready(view) {
  await view.page.waitForFunction(() => performance.getEntriesByName('glassbase-first-frame').length > 0);
  return view;
}

const track = (page) => page.getByRole('slider', { name: 'Playhead' });

export const position = async (page) => Number(await track(page).getAttribute('aria-valuenow'));
export const length = async (page) => Number(await track(page).getAttribute('aria-valuemax'));
export const caption = (page) => page.locator('.caption').innerText();

/** The playhead at rest: pauses if need be. */
export async function rest(page) {
  const pause = page.getByRole('button', { name: /^Pause \(/ });
  if (await pause.count()) await pause.click();
}

export async function toEnd(page) {
  await page.getByRole('button', { name: /^To the end/ }).click();
}

/** Types a line into the console and sends it. */
export async function say(page, line) {
  const field = page.getByRole('combobox', { name: 'Command' });
  await field.fill(line);
  await field.press('Escape');
  await field.press('Enter');
}

export const logText = (page) => page.locator('#log').innerText();

/** Waits until the console's log has a line that fits. */
export async function logged(page, pattern, timeout = 15_000) {
  await page.waitForFunction(
    ([source, flags]) => new RegExp(source, flags).test(document.getElementById('log').innerText),
    [pattern.source, pattern.flags],
    { timeout },
  );
}

/** The value of a measure, as text. */
export async function measure(page, name) {
  const row = page.locator('.measure', { has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) });
  return (await row.locator('.value').innerText()).trim();
}

/** Waits until all work is done: the run has come to its end, and no progress bar stands any more. */
export async function idle(page, timeout = 60_000) {
  await page.waitForFunction(() => !document.querySelector('.work, #stage[aria-busy=true]'), null, { timeout });
}

/** Waits until the picture rests: for some frames nothing in it or below it has changed, and no transition runs. */
export async function settled(page) {
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        let [last, calm] = ['', 0];
        const look = () => {
          const now = document.querySelector('.middle').innerHTML + document.querySelector('.transport').innerHTML;
          const moves = now !== last || document.getAnimations().some((one) => one.playState === 'running');
          [last, calm] = [now, moves ? 0 : calm + 1];
          if (calm < 4) requestAnimationFrame(look);
          else resolve();
        };
        requestAnimationFrame(look);
      }),
  );
}

/** Plays faster than a person can watch. */
export const atFullSpeed = (page) => page.getByLabel('Speed').selectOption({ label: '100×' });

/** Drops a file on the page, as from the desktop. */
export async function drop(page, dir, name, content) {
  const path = join(dir, name);
  await writeFile(path, content);
  await dropPath(page, path);
}

/** Through the file field: the browser reads the file from the disk, as for a drop. */
export async function dropPath(page, path) {
  await page.locator('#file').setInputFiles(path);
}

/** A drop with a real DataTransfer, for small contents. */
export async function dropText(page, name, text) {
  await page.evaluate(
    ([name, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      for (const kind of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
      }
    },
    [name, text],
  );
}

export const notice = (page) => page.locator('.notice');

// A picture of every preset: half-way through, as a person would see it.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { idle, ready, rest } from './page.mjs';

export const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));

/** The words of all presets, read off the page's help. */
export async function presetNames(site) {
  const view = await ready(await site.open());
  await view.page.keyboard.press('?');
  const names = await view.page.locator('h3:text-is("Presets") + table th').allInnerTexts();
  await view.close();
  return names;
}

/** Opens a preset and goes to `part` of its run. */
export async function openPreset(site, name, options, part = 0.5) {
  const view = await ready(await site.open(`#preset=${name}`, options));
  const { page } = view;
  await page.waitForTimeout(150);
  await idle(page, 240_000);
  await rest(page);
  const track = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  await page.mouse.click(track.x + track.width * part, track.y + track.height / 2);
  await page.mouse.move(2, 2);
  await page.waitForTimeout(500);
  return view;
}

export async function picture(view, name) {
  await mkdir(FOLDER, { recursive: true });
  await view.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

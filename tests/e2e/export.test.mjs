// What the export dialog saves in the formats of others: read again, and held against what stands on the page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { idle, length, rest, say, toEnd, visits } from './page.mjs';

const { opened, done, site } = visits();

/** Presses a button of the export dialog; the file's name and bytes. */
async function saved(page, button) {
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  await page.keyboard.press('Escape');
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test('the timeline is a whole Chrome trace: nodes as processes, layers as threads, causes as arrows', async () => {
  const view = await opened('#preset=raft/election');
  await idle(view.page);
  const { name, bytes } = await saved(view.page, /timeline/);
  assert.equal(name, 'glassbase-timeline.json');
  const { traceEvents } = JSON.parse(bytes.toString());
  const of = (phase) => traceEvents.filter((event) => event.ph === phase);
  const named = (what) => of('M').filter((event) => event.name === what).map((event) => event.args.name);
  for (const node of ['run', 'n1', 'n2', 'n3']) assert.ok(named('process_name').includes(node), named('process_name').join());
  for (const layer of ['script', 'node', 'network']) assert.ok(named('thread_name').includes(layer), named('thread_name').join());
  assert.ok(of('B').length > 50);
  assert.equal(of('B').length, of('E').length);
  assert.ok(of('s').length > 10);
  assert.deepEqual(of('s').map((event) => event.id).sort(), of('f').map((event) => event.id).sort());
  assert.ok(Math.max(...of('B').map((event) => event.args.record)) < (await length(view.page)));
  await done(view);
});

test('the table has the measures that stand beside the stage', async () => {
  const view = await opened();
  await say(view.page, 'insert 4711');
  await idle(view.page);
  await rest(view.page);
  await toEnd(view.page);
  const { name, bytes } = await saved(view.page, /measures/);
  assert.equal(name, 'glassbase-measures.csv');
  const lines = bytes.toString().trim().split('\n').map((line) => line.split(','));
  const last = Object.fromEntries(lines[0].map((column, index) => [column, lines.at(-1)[index]]));
  assert.equal(last.command, 'insert 4711');
  for (const [label, column] of [['Records', 'records'], ['Height', 'height'], ['Splits', 'splits']]) {
    const shown = view.page.locator('.measure', { has: view.page.locator(`dt:text-is("${label}")`) }).locator('.value');
    assert.equal(last[column], await shown.innerText(), label);
  }
  await done(view);
});

/**
 * The share of pixels in which two pictures differ, both drawn at half the size of the first, at which it does not matter
 * how the edges of letters were smoothed; 1 when they have other shapes.
 */
const difference = (page, one, other) =>
  page.evaluate(
    async ([one, other]) => {
      const load = async (source) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        return image;
      };
      const [first, second] = [await load(one), await load(other)];
      const shapes = [first, second].map((image) => image.naturalWidth / image.naturalHeight);
      if (Math.abs(shapes[0] / shapes[1] - 1) > 0.01) return 1;
      const pixels = (image) => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [first.naturalWidth / 2, first.naturalHeight / 2];
        const pen = canvas.getContext('2d');
        pen.imageSmoothingQuality = 'high';
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        return pen.getImageData(0, 0, canvas.width, canvas.height).data;
      };
      const [left, right] = [pixels(first), pixels(second)];
      let differ = 0;
      for (let at = 0; at < left.length; at += 4) {
        const far = [0, 1, 2].some((channel) => Math.abs(left[at + channel] - right[at + channel]) > 60);
        differ += far ? 1 : 0;
      }
      return differ / (left.length / 4);
    },
    [one, other],
  );

const asData = (kind, bytes) => `data:${kind};base64,${bytes.toString('base64')}`;

// A tree in shapes with its frames and its disk; a cluster with its diagram of time; levels; dark colours.
for (const [preset, options] of [
  ['textbook', {}],
  ['raft/election', {}],
  ['lsm/filters', {}],
  ['pool/hot-set', { colorScheme: 'dark' }],
]) {
  test(`the picture of ${preset} looks as the stage does, and stands alone`, async () => {
    const view = await opened(`#preset=${preset}`, options);
    const { page } = view;
    await idle(page);
    await rest(page);
    await toEnd(page);
    await page.waitForTimeout(800);
    const svg = await saved(page, /SVG/);
    const png = await saved(page, /PNG/);
    assert.deepEqual([svg.name, png.name], ['glassbase-stage.svg', 'glassbase-stage.png']);

    // Nothing in it is somebody else's to say: no classes, no scripts, no addresses, no variables.
    const text = svg.bytes.toString();
    const strange = text.match(/\s(class|style|on[a-z]+)=|var\(|<script|<foreignObject|href="(?!data:image\/png|#)/g);
    assert.equal(strange, null);
    const wrong = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
      return parsed.querySelector('parsererror')?.textContent ?? null;
    }, text);
    assert.equal(wrong, null);

    const bounds = await page.locator('.stage-area').boundingBox();
    assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG');
    assert.equal(png.bytes.readUInt32BE(16), Math.floor(bounds.width * 2));
    assert.equal(png.bytes.readUInt32BE(20), Math.floor(bounds.height * 2));

    // The tools are no part of the picture.
    await page.evaluate(() => {
      for (const tool of document.querySelectorAll('.stage-tools, .plate-deeds')) tool.style.visibility = 'hidden';
    });
    const shot = await page.locator('.stage-area').screenshot();
    const blank = await site().browser.newPage();
    const shares = [
      await difference(blank, asData('image/png', shot), asData('image/svg+xml', svg.bytes)),
      await difference(blank, asData('image/png', shot), asData('image/png', png.bytes)),
    ];
    await blank.close();
    assert.ok(Math.max(...shares) < 0.02, `pixels that differ: ${shares}`);
    await view.close();
  });
}

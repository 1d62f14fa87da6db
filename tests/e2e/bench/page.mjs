// The page: what a first visit loads, how soon it shows something, and what a frame costs the main thread.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { ROOT } from '../bench.mjs';
import { start } from '../harness.mjs';
import { logged, say } from '../page.mjs';
import { atMost, median, percentile } from './results.mjs';

const VISITS = 7;
const PLAY_MS = 6000;
const JUMPS = 40;

/** Sizes in bytes of everything in dist, which is what a first visit loads. */
export async function pageSize(dir = join(ROOT, 'dist')) {
  let [raw, gzip, brotli] = [0, 0, 0];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(dir, entry.name));
    raw += bytes.length;
    gzip += gzipSync(bytes, { level: 9 }).length;
    brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
  }
  return { raw, gzip, brotli };
}

/** Milliseconds from the last byte of the wasm to the first frame of a preset. */
async function firstFrame(site) {
  const view = await site.open('');
  await view.page.waitForFunction(() => performance.getEntriesByName('glassbase-first-frame').length > 0);
  const elapsed = await view.page.evaluate(() => {
    const wasm = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('.wasm'));
    return performance.getEntriesByName('glassbase-first-frame')[0].startTime - wasm.responseEnd;
  });
  await view.close();
  return elapsed;
}

const SCRIPT_EVENTS = new Set(['FireAnimationFrame', 'FunctionCall', 'RunMicrotasks', 'EventDispatch', 'TimerFire', 'EvaluateScript']);

/** The outermost script events of the main thread, which is the one that has most animation frames, in order. */
function scriptEvents(trace) {
  const events = JSON.parse(trace.toString()).traceEvents;
  const threads = new Map();
  for (const { name, pid, tid } of events) {
    if (name === 'FireAnimationFrame') threads.set(`${pid}:${tid}`, (threads.get(`${pid}:${tid}`) ?? 0) + 1);
  }
  const main = [...threads].sort((a, b) => b[1] - a[1])[0]?.[0];
  const scripts = events.filter((e) => `${e.pid}:${e.tid}` === main && e.ph === 'X' && SCRIPT_EVENTS.has(e.name));
  let busyUntil = 0;
  return scripts.sort((a, b) => a.ts - b.ts).filter((event) => {
    const outermost = event.ts >= busyUntil;
    if (outermost) busyUntil = event.ts + event.dur;
    return outermost;
  });
}

/**
 * Script time in ms from each event that begins a stretch to the next one that does, at least `apartMs` later: by the
 * processor's time of the main thread (`tdur`), or as the clock on the wall has it (`dur`), in which the threads that paint
 * have a share too where there are few processors.
 */
function stretches(events, begins, apartMs, measure) {
  const times = [];
  let last = -Infinity;
  for (const event of events) {
    if (begins(event) && event.ts - last >= apartMs * 1000) {
      times.push(0);
      last = event.ts;
    }
    if (times.length > 0) times[times.length - 1] += (event[measure] ?? event.dur) / 1000;
  }
  return times;
}

/** A link to a script. */
function link(script) {
  return `#1.${deflateSync(script).toString('base64url')}`;
}

/** Opens a run and waits until all of it has been carried out. */
async function openRun(site, fragment, viewport = { width: 1440, height: 900 }) {
  const view = await site.open(fragment, { viewport });
  await view.page.waitForFunction(() => performance.getEntriesByName('glassbase-first-frame').length > 0);
  await view.page.waitForFunction(() => !document.querySelector('progress'), null, { timeout: 120_000 });
  return view;
}

/** Clicks the timeline at a share of its length. */
async function seek(page, share) {
  const box = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2);
}

async function play(page) {
  const button = page.getByRole('button', { name: /^play/i });
  if ((await button.count()) > 0) await button.first().click();
}

const SHAPES = 'rect, path, text, circle, line, polygon, polyline, ellipse, use'
  .split(', ').map((name) => `main svg ${name}`).join(', ');

/** Plays a run and measures its frames. */
async function frames(site, { fragment, speed, from, viewport, zoom, flying = 0 }) {
  const view = await openRun(site, fragment, viewport);
  const { page } = view;
  await page.getByRole('combobox', { name: 'Speed' }).selectOption(speed);
  await seek(page, from);
  if (zoom !== undefined) {
    await page.getByRole('button', { name: /^fit /i }).first().click();
    for (let step = 0; step < zoom; step++) await page.getByRole('button', { name: /zoom in/i }).first().click();
  }
  await play(page);
  await page.waitForTimeout(500);
  await site.browser.startTracing(page, { categories: ['devtools.timeline'] });
  let [shapes, most] = [0, 0];
  for (let waited = 0; waited < PLAY_MS; waited += 1000) {
    await page.waitForTimeout(1000);
    shapes = Math.max(shapes, await page.evaluate((selector) => document.querySelectorAll(selector).length, SHAPES));
    if (flying > 0) {
      const words = await page.locator('.plate-things > g').getAttribute('aria-label');
      most = Math.max(most, Number(words.match(/([\d,]+) messages on the way/)?.[1].replace(',', '') ?? 0));
    }
  }
  const scripts = scriptEvents(await site.browser.stopTracing());
  const begins = (event) => event.name === 'FireAnimationFrame';
  const times = stretches(scripts, begins, 8, 'tdur');
  const wall = stretches(scripts, begins, 8, 'dur');
  await view.close();
  if (times.length < 60) throw new Error(`${fragment.slice(0, 20)}: only ${times.length} frames`);
  if (most < flying) throw new Error(`${fragment.slice(0, 20)}: only ${most} messages were on their way`);
  return { p95: percentile(times, 0.95), wall: percentile(wall, 0.95), shapes, count: times.length };
}

/**
 * From each press to the end of the second frame after it, in ms as the clock on the wall has them: the first draws the
 * moment, the second what stands beside it. The camera may go on gliding to its place; that is motion, not the jump.
 */
function jumpTimes(events) {
  const presses = events.filter((event) => event.name === 'EventDispatch' && event.args?.data?.type === 'pointerdown');
  const frames = events.filter((event) => event.name === 'FireAnimationFrame');
  return presses.flatMap((press) => {
    const shown = frames.filter((frame) => frame.ts >= press.ts)[1];
    return shown === undefined ? [] : [(shown.ts + shown.dur - press.ts) / 1000];
  });
}

/** Jumps to places all over a long trace; how long each takes until it is seen. */
async function jumps(site, fragment) {
  const view = await openRun(site, fragment);
  const { page } = view;
  const pause = page.getByRole('button', { name: /^pause \(/i });
  if ((await pause.count()) > 0) await pause.first().click();
  const events = Number(await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuemax'));
  await site.browser.startTracing(page, { categories: ['devtools.timeline'] });
  for (let jump = 0; jump < JUMPS; jump++) {
    await seek(page, ((jump * 0.618034) % 1) * 0.98 + 0.01);
    await page.waitForTimeout(250);
  }
  const scripts = scriptEvents(await site.browser.stopTracing());
  const times = jumpTimes(scripts);
  await view.close();
  if (times.length < JUMPS) throw new Error(`only ${times.length} jumps were seen`);
  return { p95: percentile(times, 0.95), events };
}

// The stage draws at most some 700 shapes one by one, on the largest screen; beyond that pages become bars, then bands.
const SCENARIOS = [
  {
    id: 'frames-shapes',
    what: 'as many shapes as are ever drawn one by one (3840 x 2160), in motion',
    fragment: link('lab btree\nset order 8\nset frames 1024\nrecord on\nrandom 400 uniform to 9999\n'),
    viewport: { width: 3840, height: 2160 },
    speed: '5',
    from: 0.7,
    zoom: 5,
  },
  { id: 'frames-map', what: 'the map of a file of 100,000 pages, a pool of 5,000 frames', fragment: '#preset=pool/large', speed: '5', from: 0.3 },
  { id: 'frames-million', what: 'the tree of a million keys', fragment: '#preset=million', speed: '1', from: 0.3 },
  {
    id: 'page-cluster-frames',
    what: 'a cluster of 15 nodes, some 300 messages on their way',
    fragment: link('lab quorum\nset nodes 15\nset clients 150\nset replicas 5\nset latency 20ms\nset timeout 2s\nrecord on\nload 1500 writes 50 keys 20 rate 14000\n'),
    speed: '1',
    from: 0.4,
    flying: 300,
  },
];
const LONG = link('lab btree\nset page_size 512\nset frames 1024\nrecord on\nrandom 6000\n');

/** Hit-ratio curves of every policy at 20 sizes over a million accesses: seconds, and the longest frame meanwhile. */
async function curves(site) {
  const script = 'lab eviction\nset keys 100000\nset capacity 10000\nrandom 1000000 zipf unrecorded\n';
  const view = await openRun(site, link(script));
  const { page } = view;
  await logged(page, /of 1,000,000 accesses hit/, 120_000);
  await page.evaluate(() => {
    globalThis.gaps = { last: performance.now(), longest: 0 };
    const tick = () => {
      const now = performance.now();
      globalThis.gaps.longest = Math.max(globalThis.gaps.longest, now - globalThis.gaps.last);
      globalThis.gaps.last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const begun = performance.now();
  await say(page, 'curve sizes 20');
  await logged(page, /1,000,000 accesses replayed at \d+ sizes/, 600_000);
  const seconds = (performance.now() - begun) / 1000;
  const longest = await page.evaluate(() => globalThis.gaps.longest);
  await view.close();
  return { seconds, longest };
}

export async function measurePage() {
  const size = await pageSize();
  const kilobytes = (bytes) => Math.round(bytes / 1000);
  const what = `all that a first visit loads, brotli (gzip ${kilobytes(size.gzip)} KB, raw ${kilobytes(size.raw)} KB)`;
  const results = [atMost('page-size', what, size.brotli / 1000, 'KB', 220)];
  const site = await start();
  try {
    const visits = [];
    for (let visit = 0; visit < VISITS; visit++) visits.push(await firstFrame(site));
    results.push(atMost('first-frame', 'from wasm arrival to the first preset frame', median(visits), 'ms', 300));
    for (const scenario of SCENARIOS) {
      const { p95, wall, shapes, count } = await frames(site, scenario);
      const beside = `${shapes} shapes, ${count} frames, ${wall.toFixed(1)} ms by the clock on the wall`;
      const text = `${scenario.what}: script time per frame, 95th percentile (${beside})`;
      results.push(atMost(scenario.id, text, p95, 'ms', 8));
    }
    const { seconds, longest } = await curves(site);
    results.push(atMost('curves-million', 'hit ratios of 14 policies at 20 sizes over 1,000,000 accesses, in the page', seconds, 's', 60));
    results.push(atMost('curves-frame', 'the longest time between two frames meanwhile', longest, 'ms', 100));
    const { p95, events } = await jumps(site, LONG);
    results.push(atMost('jump', `a jump anywhere in a trace of ${events} events, 95th percentile`, p95, 'ms', 50));
  } finally {
    await site.close();
  }
  return results;
}

// What Glassbase is as a guest: how large the package is, how soon a lab stands beside a page that starts a database from npm, what
// four labs on one page cost, and what an hour of play leaves behind.
import { existsSync } from 'node:fs';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { ROOT } from '../bench.mjs';
import { start, withTempDir } from '../harness.mjs';
import { atMost, median, noted } from './results.mjs';

const VISITS = 5;
const EMBEDS = ['btree', 'lsm', 'raft', 'cache'];
const PLAY_MS = 6000;
const LONG_PLAY = 'preset=raft/partition';
const FRAME_MS = 100;
const HOUR_MS = 3_600_000;
const LOOKS = 12;
const PGLITE = fileURLToPath(new URL('../node_modules/@electric-sql/pglite', import.meta.url));

/** Everything in pkg/, each file compressed by itself. */
async function packageSize() {
  const dir = join(ROOT, 'pkg');
  if (!existsSync(join(dir, 'package.json'))) return null;
  let [raw, gzip, brotli] = [0, 0, 0];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(dir, entry.name));
    raw += bytes.length;
    gzip += gzipSync(bytes, { level: 9 }).length;
    brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
  }
  return { raw, gzip, brotli };
}

const html = (script) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>t</title><script type="module" src="${script}"></script>`;

/** A page that starts PGlite from its own modules, as its documentation says, and asks its first question. */
async function peerPage(dir) {
  await cp(join(PGLITE, 'dist'), join(dir, 'pglite'), { recursive: true });
  await writeFile(
    join(dir, 'entry.js'),
    `import { PGlite } from './pglite/index.js';
const db = new PGlite();
await db.query('create table t (k int primary key, v text)');
await db.query("insert into t values (37, 'oak')");
const { rows } = await db.query('select v from t where k = 37');
document.body.textContent = rows[0].v;
requestAnimationFrame(() => performance.mark('peer-first-answer'));
`,
  );
  await writeFile(join(dir, 'index.html'), html('entry.js'));
  return dir;
}

/** Milliseconds from the beginning of a visit to a mark: a first one, and one by somebody who was there before. */
async function visits(site, path, mark) {
  const [cold, warm] = [[], []];
  for (let visit = 0; visit < VISITS; visit++) {
    const view = await site.open(path);
    for (const times of [cold, warm]) {
      if (times === warm) await view.page.reload();
      await view.page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, mark, { timeout: 60_000 });
      times.push(await view.page.evaluate((name) => performance.getEntriesByName(name)[0].startTime, mark));
      // The service worker takes its share of the first visit, and serves the second.
      await view.page.waitForTimeout(1500);
    }
    await view.close();
  }
  return { cold: median(cold), warm: median(warm) };
}

async function firstLab() {
  return withTempDir(async (dir) => {
    const [ours, peer] = [await start(), await start({ dir: await peerPage(dir) })];
    try {
      const [lab, database] = [await visits(ours, '#preset=textbook', 'glassbase-first-frame'), await visits(peer, '', 'peer-first-answer')];
      return ['cold', 'warm'].map((cache) => {
        const what = `time to the first lab, ${cache} cache, beside a page that starts PGlite from npm and asks it one question`;
        const ratio = database[cache] / lab[cache];
        return { id: `first-lab-${cache}`, what, ours: lab[cache], peer: database[cache], unit: 'ms', ratio, goal: 'at least 3x', holds: ratio >= 3 };
      });
    } finally {
      await ours.close();
      await peer.close();
    }
  });
}

/** Bytes of JavaScript's heap after a collection, of WebAssembly's memory, and elements of the document. */
async function memory(page, session) {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const wasm = await page.evaluate(() => globalThis.wasmMemories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
  return { heap: of('JSHeapUsedSize'), wasm, nodes: of('Nodes'), script: of('ScriptDuration') };
}

/** Before all else in a page: whoever instantiates WebAssembly leaves its memory where it can be asked. */
const WATCH_WASM = () => {
  globalThis.wasmMemories = [];
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given);
      const found = (made.instance ?? made).exports.memory;
      if (found) globalThis.wasmMemories.push(found);
      return made;
    };
  }
};

async function fourEmbeds() {
  return withTempDir(async (dir) => {
    await cp(join(ROOT, 'dist'), dir, { recursive: true });
    const labs = EMBEDS.map((lab) => `<glassbase-lab lab="${lab}" height="420"></glassbase-lab>`).join('');
    await writeFile(join(dir, 'four.html'), `${html('glassbase-lab.js')}<body>${labs}`);
    const site = await start({ dir });
    try {
      const view = await site.open('four.html', { init: WATCH_WASM, viewport: { width: 1440, height: 1800 } });
      const { page } = view;
      const session = await view.context.newCDPSession(page);
      await session.send('Performance.enable');
      await page.evaluate(() => Promise.all([...document.querySelectorAll('glassbase-lab')].map((lab) => lab.state())));
      const before = await memory(page, session);
      // Each plays for as long as is measured; one that comes to its end begins again.
      const frames = await page.evaluate(async (forMs) => {
        const labs = [...document.querySelectorAll('glassbase-lab')];
        for (const lab of labs) lab.seek('start').then(() => lab.play());
        const again = setInterval(() => labs.forEach(async (lab) => { if (!(await lab.state()).playing) lab.play(); }), 500);
        const begun = performance.now();
        let count = 0;
        await new Promise((done) => {
          const tick = (now) => {
            count += 1;
            if (now - begun < forMs) requestAnimationFrame(tick);
            else done();
          };
          requestAnimationFrame(tick);
        });
        clearInterval(again);
        return count;
      }, PLAY_MS);
      const after = await memory(page, session);
      await view.close();
      const script = ((after.script - before.script) * 1000) / frames;
      const megabytes = (bytes) => bytes / 1e6;
      return [
        atMost('embeds-frame', `four labs playing on one page: script time per frame, mean of ${frames} frames`, script, 'ms', 8),
        noted('embeds-wasm', 'four labs on one page: memory of WebAssembly, one instance', megabytes(after.wasm), null, 'MB'),
        noted('embeds-heap', 'four labs on one page: heap of JavaScript', megabytes(after.heap), null, 'MB'),
      ];
    } finally {
      await site.close();
    }
  });
}

/**
 * Frames come one after another without waiting for a screen, each FRAME_MS after the one before by their own clock; that is
 * the longest that the player takes a frame for. All else goes by the real clock.
 */
const HURRY = (frameMs) => {
  const waiting = new Map();
  let [id, beats] = [0, new MessageChannel()];
  globalThis.playedMs = 0;
  globalThis.requestAnimationFrame = (callback) => {
    waiting.set(++id, callback);
    beats.port2.postMessage(id);
    return id;
  };
  globalThis.cancelAnimationFrame = (which) => waiting.delete(which);
  beats.port1.onmessage = ({ data }) => {
    const callback = waiting.get(data);
    waiting.delete(data);
    if (callback) callback((globalThis.playedMs += frameMs));
  };
  // Whoever has come to the end begins again.
  globalThis.begun = 0;
  setInterval(() => {
    const play = document.querySelector('button[aria-label^="Play ("]');
    if (play) globalThis.begun += 1;
    play?.click();
  }, 50);
};

/** An hour of play at 10x, again from the start whenever the end is reached: memory at intervals, and how often it began. */
async function anHour() {
  const site = await start();
  try {
    const view = await site.open(`#${LONG_PLAY}`, { init: `(${WATCH_WASM})(); (${HURRY})(${FRAME_MS});` });
    const { page } = view;
    const session = await view.context.newCDPSession(page);
    await session.send('Performance.enable');
    await page.getByLabel('Speed').selectOption({ label: '10×' });
    const looks = [];
    for (let look = 1; look <= LOOKS; look++) {
      await page.waitForFunction((ms) => globalThis.playedMs >= ms, (look * HOUR_MS) / LOOKS, { polling: 250, timeout: 600_000 });
      looks.push(await memory(page, session));
    }
    const begun = await page.evaluate(() => globalThis.begun);
    view.assertQuiet();
    await view.close();
    return { looks, begun };
  } finally {
    await site.close();
  }
}

async function hourOfPlay() {
  const { looks, begun } = await anHour();
  // The first quarter warms up: caches fill, code is compiled.
  const settled = looks.slice(Math.floor(LOOKS / 4));
  const growth = (of) => settled.at(-1)[of] / settled[0][of];
  const shown = (of) => looks.map((look) => (look[of] / 1e6).toFixed(1)).join(' ');
  return [
    atMost('hour-heap', `an hour of play at 10x, begun ${begun} times: heap of JavaScript at its end, times that after a quarter (MB: ${shown('heap')})`, growth('heap'), 'x', 1.2),
    atMost('hour-wasm', `an hour of play at 10x: memory of WebAssembly, likewise (MB: ${shown('wasm')})`, growth('wasm'), 'x', 1.05),
    atMost('hour-nodes', 'an hour of play at 10x: elements of the document, likewise', growth('nodes'), 'x', 1.2),
  ];
}

export async function measureEmbeds() {
  const size = await packageSize();
  const kilobytes = (bytes) => Math.round(bytes / 1000);
  const results = [];
  if (size) {
    const what = `the npm package, brotli (gzip ${kilobytes(size.gzip)} KB, raw ${kilobytes(size.raw)} KB)`;
    results.push(noted('package-size', what, size.brotli / 1000, null, 'KB'));
  }
  results.push(...(await firstLab()), ...(await fourEmbeds()), ...(await hourOfPlay()));
  return results;
}

// Labs that are opened and closed leave nothing behind: no memory of the program, no objects, elements or listeners of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFullSpeed, visits } from './page.mjs';

const { opened, done } = visits();
const OPENINGS = 200;
const MB = 1 << 20;

/** Keeps the program's memory where the test finds it. */
const keepMemory = () => {
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await real.apply(WebAssembly, args);
      globalThis.programMemory = (made.instance ?? made).exports.memory;
      return made;
    };
  }
};

/** Opens the first preset of lab after lab, and the first page in between: so many times. */
const openAndClose = (page, times) =>
  page.evaluate(async (times) => {
    // The browser holds up a page that changes its address more often.
    const pause = () => new Promise((then) => setTimeout(then, 110));
    const links = [];
    for (let i = 0; i < times; i++) {
      location.hash = '';
      await pause();
      if (links.length === 0) for (const link of document.querySelectorAll('.lab-card a')) links.push(link.hash);
      location.hash = links[i % links.length];
      await pause();
    }
    location.hash = '';
    await pause();
  }, times);

async function measured(view, cdp) {
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const program = await view.page.evaluate(() => globalThis.programMemory.buffer.byteLength);
  return { program, heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') };
}

test(`${OPENINGS} labs opened and closed leave the heap where it was`, async () => {
  const view = await opened('#preset=textbook', { init: keepMemory });
  const { page } = view;
  await atFullSpeed(page);
  const cdp = await view.context.newCDPSession(page);
  await cdp.send('Performance.enable');
  // Once through all labs, so that what is kept for good is there.
  await openAndClose(page, 40);
  const before = await measured(view, cdp);
  await openAndClose(page, OPENINGS);
  const after = await measured(view, cdp);
  console.log(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  // The program's memory never shrinks: what counts is that it does not go on growing.
  assert.ok(after.program - before.program <= 4 * MB, `the program's memory grew from ${before.program} to ${after.program}`);
  assert.ok(after.heap - before.heap <= 2 * MB, `the page's heap grew from ${before.heap} to ${after.heap}`);
  assert.ok(after.nodes - before.nodes <= 500, `elements: from ${before.nodes} to ${after.nodes}`);
  assert.ok(after.listeners - before.listeners <= 50, `listeners: from ${before.listeners} to ${after.listeners}`);
  await done(view);
});

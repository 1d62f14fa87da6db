// Measures the program beside its peers, prints a table and writes target/bench.json:
// a list of {id, what, ours, peer, unit, ratio, goal, holds}. `ratio` is how many times better than the peer we are; where
// there is no goal, `holds` is null. Arguments name the parts to measure; BENCH_ROUNDS says how often.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureEmbeds } from './bench/embeds.mjs';
import { measureEngines } from './bench/engines.mjs';
import { measureClusters, measureCosts, measureEviction, measureLsm, measurePlacement, measurePool } from './bench/native_engines.mjs';
import { measureNative } from './bench/native.mjs';
import { measurePage } from './bench/page.mjs';
import { measureStorage } from './bench/storage.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

function number(value) {
  if (value === null || value === undefined) return '-';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function table(results) {
  const head = ['id', 'what', 'ours', 'peer', 'unit', 'ratio', 'goal', 'holds'];
  const lines = [head, ...results.map((r) => [
    r.id, r.what, number(r.ours), number(r.peer), r.unit, number(r.ratio), r.goal, r.holds === null ? '' : r.holds ? 'yes' : 'NO',
  ])];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}

const only = process.argv.slice(2);
const parts = {
  native: measureNative,
  pool: measurePool,
  eviction: measureEviction,
  placement: measurePlacement,
  lsm: measureLsm,
  clusters: measureClusters,
  costs: measureCosts,
  storage: measureStorage,
  engines: measureEngines,
  page: measurePage,
  embeds: measureEmbeds,
};
const results = [];
const rates = {};
for (const [name, measure] of Object.entries(parts)) {
  if (only.length > 0 && !only.includes(name)) continue;
  console.log(`Measuring: ${name} ...`);
  results.push(...(await measure(rates)));
}
await mkdir(join(ROOT, 'target'), { recursive: true });
await writeFile(join(ROOT, 'target', 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
console.log(table(results));
const goals = results.filter((result) => result.holds !== null);
const held = goals.filter((result) => result.holds);
console.log(`${held.length} of ${goals.length} goals hold; written to target/bench.json.`);

// The storage engine natively: beside redb and BTreeMap, and what recording costs.
import { execFileSync } from 'node:child_process';
import { atLeast, median } from './results.mjs';
import { ROOT } from '../bench.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

/** Builds a native program or benchmark of a package, with assertions off and everything for speed; returns its path. */
export function buildNative(name, args) {
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] };
  const lines = execFileSync('cargo', [...args, '--locked', '--message-format=json'], options);
  const messages = lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return messages.findLast((message) => message.executable && message.target.name === name).executable;
}

/** Builds a benchmark of the engine. */
export function buildBenchmark(name, features = []) {
  return buildNative(name, ['bench', '-p', 'glassbase-engine', '--bench', name, '--no-run', ...features]);
}

/** Runs one round of a program that prints figures as lines of JSON. */
export function figures(program) {
  const text = execFileSync(program, { encoding: 'utf8' });
  return text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

function collect(program, into) {
  for (const { subject, work, rows_per_second: rate } of figures(program)) ((into[work] ??= {})[subject] ??= []).push(rate);
}

export async function measureNative(rates) {
  const [whole, without] = [buildBenchmark('storage'), buildBenchmark('storage', ['--no-default-features'])];
  // In turn, so that a machine that gets slower slows both.
  for (let round = 0; round < ROUNDS; round++) {
    collect(without, rates);
    collect(whole, rates);
  }
  const rows = [];
  for (const [work, subjects] of Object.entries(rates)) {
    const rate = (subject) => median(subjects[subject]);
    const id = work.replaceAll(' ', '-');
    const compiledOut = rate('tree, recording compiled out');
    rows.push(
      atLeast(`native-redb-${id}`, `${work}, native, beside redb in memory`, rate('tree'), rate('redb'), 'rows/s', 1),
      atLeast(`native-off-${id}`, `${work}, recording off beside compiled out`, rate('tree'), compiledOut, 'rows/s', 0.98),
      atLeast(`native-on-${id}`, `${work}, recording on beside off`, rate('tree, recording on'), rate('tree'), 'rows/s', 0.333),
    );
  }
  return rows;
}

// The storage engine natively: beside redb and BTreeMap, and what recording costs.
import { execFileSync } from 'node:child_process';
import { atLeast, median } from './results.mjs';
import { ROOT } from '../bench.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

/** Builds the native benchmark and returns its executable. */
function build(features) {
  const args = ['bench', '--locked', '-p', 'glassbase-engine', '--bench', 'storage', '--no-run', '--message-format=json', ...features];
  const lines = execFileSync('cargo', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
  const messages = lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return messages.findLast((message) => message.executable && message.target.name === 'storage').executable;
}

function collect(program, into) {
  const lines = execFileSync(program, { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('{'));
  for (const line of lines) {
    const { subject, work, rows_per_second: rate } = JSON.parse(line);
    ((into[work] ??= {})[subject] ??= []).push(rate);
  }
}

export async function measureNative(rates) {
  const [whole, without] = [build([]), build(['--no-default-features'])];
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

// The storage engine in Chromium, beside sql.js and beside BTreeMap in the same wasm: the same rows, the same cache, both
// in memory. Inside: one call, or one SQL statement over a table of keys, does the whole work. Across the boundary: one
// call for each record.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT } from '../bench.mjs';
import { start } from '../harness.mjs';
import { atLeast, median } from './results.mjs';

const ROWS = 200_000;
const BOUNDARY_ROWS = 50_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

/** Builds what the benchmarks in Chromium need, once in a run, and returns its folder. */
export function site() {
  const dir = join(ROOT, 'target', 'bench');
  return (site.built ??= buildSite(dir).then(() => dir));
}

async function buildSite(dir) {
  const cargo = ['build', '--locked', '--release', '--target', 'wasm32-unknown-unknown', '-p', 'glassbase-bench'];
  execFileSync('cargo', cargo, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  await mkdir(dir, { recursive: true });
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const wasm = join(target, 'wasm32-unknown-unknown/release/glassbase_bench.wasm');
  execFileSync('wasm-bindgen', ['--target', 'web', '--out-dir', dir, wasm]);
  const optimised = join(dir, 'glassbase_bench_bg.wasm');
  // The same level as the page's (www/index.html, data-wasm-opt).
  execFileSync('wasm-opt', [process.env.WASM_OPT || '-Oz', '--enable-bulk-memory', '--enable-nontrapping-float-to-int', '--enable-sign-ext', '--enable-mutable-globals', '--enable-reference-types', '--enable-multivalue', optimised, '-o', optimised]);
  await copyFile(join(ROOT, 'src/js/records.js'), join(dir, 'records.js'));
  const sql = dirname(createRequire(import.meta.url).resolve('sql.js'));
  for (const file of ['sql-wasm.js', 'sql-wasm.wasm']) await copyFile(join(sql, file), join(dir, file));
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Benchmark</title>');
}

/** Runs in the page: one round of every work on every subject; returns rows per second. */
async function round({ rows, boundaryRows, frames, ascending }) {
  const program = await import('./glassbase_bench.js');
  await program.default();
  const { Records } = await import('./records.js');
  globalThis.sql ??= await globalThis.initSqlJs({ locateFile: (file) => file });
  const rates = {};
  const timed = (subject, work, count, run) => {
    const begun = performance.now();
    const sum = run();
    rates[`${subject}|${work}`] = (count / (performance.now() - begun)) * 1000;
    return sum;
  };
  const insert = ascending ? 'ascending insert' : 'random insert';
  const works = [insert, 'point get', 'range scan of 100', 'delete'];

  const inside = new program.Inside(rows, frames, false);
  for (const work of works) timed('tree', work, rows, () => inside.tree(work));
  for (const work of works) timed('BTreeMap', work, rows, () => inside.map(work));
  const recorded = new program.Inside(rows, frames, true);
  for (const work of works) timed('tree, recording on', work, rows, () => recorded.tree(work));
  recorded.free();

  const split = (bytes) => Array.from({ length: bytes.length / 16 }, (_, i) => bytes.slice(i * 16, i * 16 + 16));
  const keys = { shuffled: split(inside.keys('shuffled')), sorted: split(inside.keys('sorted')), reshuffled: split(inside.keys('reshuffled')) };
  inside.free();
  const value = new Uint8Array(100).fill(7);
  const open = () => {
    const db = new globalThis.sql.Database();
    db.run('PRAGMA page_size=8192; PRAGMA cache_size=-65536; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;');
    db.run('CREATE TABLE t(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID;');
    return db;
  };

  const db = open();
  for (const [name, list] of Object.entries(keys)) {
    db.run(`CREATE TABLE ${name}(i INTEGER PRIMARY KEY, k BLOB); BEGIN;`);
    const statement = db.prepare(`INSERT INTO ${name}(k) VALUES (?)`);
    for (const key of list) statement.run([key]);
    statement.free();
    db.run('COMMIT');
  }
  const order = ascending ? 'sorted' : 'shuffled';
  const check = (query) => db.exec(query)[0].values[0][0];
  timed('sql.js', insert, rows, () => db.run(`BEGIN; INSERT INTO t SELECT k, zeroblob(100) FROM ${order} ORDER BY i; COMMIT;`));
  if (check('SELECT count(*) FROM t') !== rows) throw new Error('sql.js did not insert all rows');
  const got = timed('sql.js', 'point get', rows, () => check('SELECT sum(length(t.v)) FROM reshuffled r CROSS JOIN t ON t.k = r.k'));
  if (got !== rows * 100) throw new Error('sql.js did not find all rows');
  timed('sql.js', 'range scan of 100', rows, () =>
    check(`SELECT sum((SELECT sum(length(v)) FROM (SELECT v FROM t WHERE t.k >= r.k ORDER BY t.k LIMIT 100))) FROM (SELECT k FROM reshuffled ORDER BY i LIMIT ${rows / 100}) r`));
  timed('sql.js', 'delete', rows, () => db.run('BEGIN; DELETE FROM t WHERE k IN (SELECT k FROM reshuffled); COMMIT;'));
  if (check('SELECT count(*) FROM t') !== 0) throw new Error('sql.js did not delete all rows');
  db.close();

  // Across the boundary: one call for each record.
  const some = keys[order].slice(0, boundaryRows);
  const chosen = new Set(some.map((key) => key.join()));
  const lookups = keys.reshuffled.filter((key) => chosen.has(key.join()));
  const records = new Records(new program.RecordStore(frames));
  timed('tree, calls', insert, some.length, () => { for (const key of some) records.insert(key, value); });
  const sum = timed('tree, calls', 'point get', some.length, () => { let sum = 0; for (const key of lookups) sum += records.get(key).length; return sum; });
  const starts = lookups.slice(0, some.length / 100);
  timed('tree, calls', 'range scan of 100', some.length, () => { let sum = 0; for (const key of starts) records.scan(key, null, 100, (_, v) => { sum += v.length; }); return sum; });
  timed('tree, calls', 'delete', some.length, () => { for (const key of lookups) records.delete(key); });
  if (sum !== some.length * 100 || records.count !== 0) throw new Error('the store did other work');
  records.free();

  const calls = open();
  calls.run('BEGIN');
  const prepared = {
    insert: calls.prepare('INSERT INTO t VALUES (?, ?)'),
    get: calls.prepare('SELECT v FROM t WHERE k = ?'),
    scan: calls.prepare('SELECT k, v FROM t WHERE k >= ? ORDER BY k LIMIT 100'),
    delete: calls.prepare('DELETE FROM t WHERE k = ?'),
  };
  timed('sql.js, calls', insert, some.length, () => { for (const key of some) prepared.insert.run([key, value]); });
  timed('sql.js, calls', 'point get', some.length, () => {
    let sum = 0;
    for (const key of lookups) sum += prepared.get.get([key])[0].length;
    return sum;
  });
  timed('sql.js, calls', 'range scan of 100', some.length, () => {
    let sum = 0;
    for (const key of starts) {
      prepared.scan.bind([key]);
      while (prepared.scan.step()) sum += prepared.scan.get()[1].length;
      prepared.scan.reset();
    }
    return sum;
  });
  timed('sql.js, calls', 'delete', some.length, () => { for (const key of lookups) prepared.delete.run([key]); });
  calls.run('COMMIT');
  calls.close();

  // The same with the statement's text given each time, which is how sql.js is called when nobody prepares statements.
  const texts = open();
  texts.run('BEGIN');
  timed('sql.js, texts', insert, some.length, () => { for (const key of some) texts.run('INSERT INTO t VALUES (?, ?)', [key, value]); });
  timed('sql.js, texts', 'point get', some.length, () => {
    let sum = 0;
    for (const key of lookups) sum += texts.exec('SELECT v FROM t WHERE k = ?', [key])[0].values[0][0].length;
    return sum;
  });
  timed('sql.js, texts', 'range scan of 100', some.length, () => {
    let sum = 0;
    for (const key of starts) for (const row of texts.exec('SELECT k, v FROM t WHERE k >= ? ORDER BY k LIMIT 100', [key])[0].values) sum += row[1].length;
    return sum;
  });
  timed('sql.js, texts', 'delete', some.length, () => { for (const key of lookups) texts.run('DELETE FROM t WHERE k = ?', [key]); });
  texts.run('COMMIT');
  texts.close();
  return rates;
}

export async function measureStorage(native) {
  const server = await start({ dir: await site() });
  const all = {};
  try {
    const view = await server.open('index.html');
    await view.page.addScriptTag({ url: 'sql-wasm.js' });
    for (let i = 0; i < 2 * ROUNDS; i++) {
      const options = { rows: ROWS, boundaryRows: BOUNDARY_ROWS, frames: 8192, ascending: i % 2 === 1 };
      const rates = await view.page.evaluate(round, options);
      for (const [name, rate] of Object.entries(rates)) (all[name] ??= []).push(rate);
    }
  } finally {
    await server.close();
  }
  const results = [];
  for (const work of ['random insert', 'ascending insert', 'point get', 'range scan of 100', 'delete']) {
    const rate = (subject) => median(all[`${subject}|${work}`]);
    const id = work.replaceAll(' ', '-');
    results.push(
      atLeast(`inside-${id}`, `${work}, inside, beside sql.js`, rate('tree'), rate('sql.js'), 'rows/s', 5),
      atLeast(`texts-${id}`, `${work}, across the boundary, beside sql.js given SQL text`, rate('tree, calls'), rate('sql.js, texts'), 'rows/s', 10),
      atLeast(`calls-${id}`, `${work}, across the boundary, beside sql.js prepared`, rate('tree, calls'), rate('sql.js, calls'), 'rows/s', 10),
      atLeast(`floor-${id}`, `${work}, inside, beside BTreeMap`, rate('tree'), rate('BTreeMap'), 'rows/s', 0.25),
      atLeast(`wasm-on-${id}`, `${work}, in the browser, recording on beside off`, rate('tree, recording on'), rate('tree'), 'rows/s', 0.333),
    );
    if (native[work]) {
      results.push(atLeast(`wasm-${id}`, `${work}, browser beside native`, rate('tree'), median(native[work].tree), 'rows/s', 1 / 1.6));
    }
  }
  return results;
}

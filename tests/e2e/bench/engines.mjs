// The LSM tree and the logged B+tree in Chromium, beside sql.js and our B+tree without a log: the same rows, the same
// cache, all in memory. One call, or one SQL statement over a table of keys, does a whole work or a whole transaction.
// And the simulator of replacement policies, beside itself natively.
import { start } from '../harness.mjs';
import { atLeast, median, noted } from './results.mjs';
import { site } from './storage.mjs';

const ROWS = 200_000;
const COMMIT_ROWS = 100;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const POLICIES = ['fifo', 'clock', 'lru', 'lru-k', '2q', 'arc', 'optimum'];
// As in benches/pool.rs.
const TRACE = { pages: 100_000, accesses: 1_000_000, frames: 10_000 };

/** Runs in the page: one round of everything; returns rows or accesses per second. */
async function round({ rows, frames, commitRows, policies, trace }) {
  const program = await import('./glassbase_bench.js');
  await program.default();
  globalThis.sql ??= await globalThis.initSqlJs({ locateFile: (file) => file });
  const rates = {};
  const timed = (name, count, run) => {
    const begun = performance.now();
    const sum = run();
    rates[name] = (count / (performance.now() - begun)) * 1000;
    return sum;
  };
  const engines = new program.Engines(rows, frames);
  const works = ['random insert', 'point get', 'range scan of 100', 'delete'];
  for (const engine of ['tree', 'lsm', 'lsm, merging', 'logged tree']) {
    for (const work of works) {
      const sum = timed(`${engine}|${work}`, rows, () => engines.run(engine, work));
      // Each row that was written or deleted counts 1; each that was read gives its first byte, a 7.
      const expected = work === 'point get' ? 7 * rows : rows;
      if (work !== 'range scan of 100' && sum !== expected) throw new Error(`${engine} did other work: ${work}: ${sum}`);
    }
  }
  const bytes = engines.keys();
  engines.free();

  const open = () => {
    const db = new globalThis.sql.Database();
    db.run('PRAGMA page_size=8192; PRAGMA cache_size=-65536; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;');
    db.run('CREATE TABLE t(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID;');
    db.run('CREATE TABLE shuffled(i INTEGER PRIMARY KEY, k BLOB); BEGIN;');
    const statement = db.prepare('INSERT INTO shuffled VALUES (?, ?)');
    for (let i = 0; i < rows; i++) statement.run([i, bytes.slice(i * 16, i * 16 + 16)]);
    statement.free();
    db.run('COMMIT');
    return db;
  };
  const close = (db) => {
    if (db.exec('SELECT count(*) FROM t')[0].values[0][0] !== rows) throw new Error('sql.js did not insert all rows');
    db.close();
  };
  const once = open();
  timed('sql.js|random insert', rows, () => once.run('BEGIN; INSERT INTO t SELECT k, zeroblob(100) FROM shuffled ORDER BY i; COMMIT;'));
  close(once);
  const often = open();
  const part = often.prepare('INSERT INTO t SELECT k, zeroblob(100) FROM shuffled WHERE i >= ? AND i < ? ORDER BY i');
  timed('sql.js, commits|random insert', rows, () => {
    // A statement outside a transaction is one.
    for (let from = 0; from < rows; from += commitRows) part.run([from, from + commitRows]);
  });
  part.free();
  close(often);

  const accesses = new program.Accesses(trace.pages, trace.accesses);
  for (const policy of policies) timed(`simulated|${policy}`, trace.accesses, () => accesses.hits(policy, trace.frames));
  accesses.free();
  return rates;
}

export async function measureEngines(native) {
  const server = await start({ dir: await site() });
  const all = {};
  try {
    const view = await server.open('index.html');
    await view.page.addScriptTag({ url: 'sql-wasm.js' });
    const options = { rows: ROWS, frames: 8192, commitRows: COMMIT_ROWS, policies: POLICIES, trace: TRACE };
    for (let i = 0; i < ROUNDS; i++) {
      const rates = await view.page.evaluate(round, options);
      for (const [name, rate] of Object.entries(rates)) (all[name] ??= []).push(rate);
    }
  } finally {
    await server.close();
  }
  const rate = (name) => median(all[name]);
  const insert = 'random insert';
  const results = [
    atLeast('lsm-put-sql', `random put, LSM tree, batches of ${COMMIT_ROWS}, memtable of 48 MiB, in the browser, beside sql.js in one transaction`, rate(`lsm|${insert}`), rate(`sql.js|${insert}`), 'rows/s', 5),
    atLeast('lsm-put-tree', 'the same beside our B+tree without a log', rate(`lsm|${insert}`), rate(`tree|${insert}`), 'rows/s', 1.5),
    atLeast('logged-sql', `random insert, logged B+tree, commit every ${COMMIT_ROWS}, in the browser, beside sql.js with its journal in memory`, rate(`logged tree|${insert}`), rate(`sql.js, commits|${insert}`), 'rows/s', 2),
  ];
  const merging = rate(`lsm, merging|${insert}`);
  results.push(
    noted('lsm-merging-sql', 'random put, LSM tree, memtables of 8 MiB that are flushed and merged, beside sql.js in one transaction', merging, rate(`sql.js|${insert}`), 'rows/s'),
    noted('lsm-merging-tree', 'the same beside our B+tree without a log', merging, rate(`tree|${insert}`), 'rows/s'),
  );
  for (const work of ['point get', 'range scan of 100', 'delete']) {
    const id = work.replaceAll(' ', '-');
    results.push(
      noted(`lsm-tree-${id}`, `${work}, LSM tree with memtables of 8 MiB, in the browser, beside our B+tree`, rate(`lsm, merging|${work}`), rate(`tree|${work}`), 'rows/s'),
      noted(`logged-tree-${id}`, `${work}, logged B+tree, in the browser, beside our B+tree`, rate(`logged tree|${work}`), rate(`tree|${work}`), 'rows/s'),
    );
  }
  for (const policy of POLICIES) {
    const peer = native.simulated?.[policy] ?? null;
    results.push(noted(`wasm-simulated-${policy}`, `simulated page accesses under ${policy}, browser beside native`, rate(`simulated|${policy}`), peer, 'accesses/s'));
  }
  return results;
}

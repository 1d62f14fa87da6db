// The LSM tree and the logged B+tree in Chromium, beside sql.js and our B+tree without a log: the same rows, the same
// cache, all in memory. One call, or one SQL statement over a table of keys, does a whole work or a whole transaction.
// And the simulator of replacement policies, look-ups of a router, and clusters, beside themselves natively.
import { start } from '../harness.mjs';
import { atLeast, atMost, median, noted } from './results.mjs';
import { site } from './storage.mjs';

const ROWS = 200_000;
const COMMIT_ROWS = 100;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const POLICIES = [
  'fifo', 'random', 'clock', 'lru', 'slru', 'lfu', 'lru-k', '2q', 'arc', 'lirs', 'w-tinylfu', 's3-fifo', 'sieve', 'optimum',
];
// As in benches/pool.rs.
const TRACE = { pages: 100_000, accesses: 1_000_000, frames: 10_000 };

// As in benches/native/placement.rs.
const STRATEGIES = ['range', 'modulo', 'consistent', 'bounded', 'rendezvous', 'jump', 'directory', 'geographic'];
const LOOKUPS = { shards: 16, keys: 1_000_000 };

// As in benches/native/cluster.rs.
const TRAFFIC = { count: 2_000_000, nodes: { 'ping-pong': 10, rounds: 5 } };
const QUORUM = { operations: 1_000_000, nodes: 5 };
// Two application servers, L1, L2, four shards of three replicas under Raft.
const STACK = { requests: 20_000 };

/** Runs in the page: one round of everything; returns rows or accesses per second. */
async function round({ rows, frames, commitRows, policies, trace, strategies, lookups, traffic, quorum, stack }) {
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
  for (const engine of ['tree', 'lsm', 'lsm, batches', 'lsm, merging', 'logged tree']) {
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
  for (const strategy of strategies) {
    const placed = new program.Placed(strategy, lookups.shards, lookups.keys);
    timed(`lookups|${strategy}`, lookups.keys, () => placed.look_up());
    placed.free();
  }
  for (const [work, number] of Object.entries(traffic.nodes)) {
    const arrived = timed(`messages|${work}`, traffic.count, () => program.cluster_messages(work, number, traffic.count));
    if (arrived !== traffic.count) throw new Error(`${work}: ${arrived} messages arrived`);
  }
  const done = timed('quorum', quorum.operations, () => program.cluster_operations(quorum.nodes, quorum.operations));
  if (done !== quorum.operations) throw new Error(`${done} operations of a quorum were done`);
  for (const [work, records] of [['off', false], ['on', true]]) {
    const served = timed(`stack|${work}`, stack.requests, () => program.stack_served(stack.requests, records));
    if (served !== stack.requests) throw new Error(`${served} requests were served`);
  }
  return rates;
}

export async function measureEngines(native) {
  const server = await start({ dir: await site() });
  const all = {};
  try {
    const view = await server.open('index.html');
    await view.page.addScriptTag({ url: 'sql-wasm.js' });
    const options = { rows: ROWS, frames: 8192, commitRows: COMMIT_ROWS, policies: POLICIES, trace: TRACE, strategies: STRATEGIES, lookups: LOOKUPS, traffic: TRAFFIC, quorum: QUORUM, stack: STACK };
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
    atLeast('lsm-put-sql', `random put, LSM tree, batches of ${COMMIT_ROWS}, memtable of 48 MiB, in the browser, beside sql.js in one transaction`, rate(`lsm, batches|${insert}`), rate(`sql.js|${insert}`), 'rows/s', 5),
    atLeast('lsm-put-tree', 'the same beside our B+tree without a log', rate(`lsm, batches|${insert}`), rate(`tree|${insert}`), 'rows/s', 1.5),
    noted('lsm-put-single', 'the same, each put a batch of its own', rate(`lsm|${insert}`), rate(`tree|${insert}`), 'rows/s'),
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
  for (const strategy of STRATEGIES) {
    const peer = native.lookups?.[`${strategy}|${LOOKUPS.shards}`] ?? null;
    const what = `look-ups of a router, ${strategy}, ${LOOKUPS.shards} shards, browser beside native`;
    results.push(noted(`wasm-lookup-${strategy}`, what, rate(`lookups|${strategy}`), peer, 'look-ups/s'));
  }
  const seconds = QUORUM.operations / rate('quorum');
  results.push(atMost('quorum-million', '1,000,000 operations on a quorum of five nodes with stores in memory, in the browser', seconds, 's', 10));
  for (const work of ['off', 'on']) {
    const peer = native.stack?.[work] ?? null;
    results.push(noted(`wasm-stack-${work}`, `requests through the whole stack, recording ${work}, browser beside native`, rate(`stack|${work}`), peer, 'requests/s'));
  }
  for (const work of Object.keys(TRAFFIC.nodes)) {
    const [ours, peer] = [rate(`messages|${work}`), native.messages?.[work] ?? null];
    const what = `messages between simulated nodes, ${work}, browser beside native`;
    results.push(peer === null ? noted(`wasm-messages-${work}`, what, ours, peer, 'messages/s') : atLeast(`wasm-messages-${work}`, what, ours, peer, 'messages/s', 0.6));
  }
  return results;
}

// Natively: the buffer pool and its policies, placement on shards, the LSM tree beside fjall, clusters beside turmoil, what recovery and memory
// cost.
import { buildBenchmark, buildNative, figures } from './native.mjs';
import { atLeast, atMost, median, noted } from './results.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

/** Groups figures by a name and takes the median of one field. */
function medians(list, name, field) {
  const groups = new Map();
  for (const figure of list) groups.set(name(figure), [...(groups.get(name(figure)) ?? []), figure[field]]);
  return new Map([...groups].map(([key, values]) => [key, median(values)]));
}

function count(number) {
  return number.toLocaleString('en');
}

function buildPeers(name) {
  return buildNative(name, ['build', '--profile', 'bench', '-p', 'glassbase-bench-native', '--features', 'peers', '--bin', name]);
}

function rounds(program) {
  return Array.from({ length: ROUNDS }, () => figures(program)).flat();
}

/** `rates` gets the simulated accesses a second, for the browser to be compared with. */
export async function measurePool(rates) {
  const all = medians(rounds(buildBenchmark('pool')), ({ policy, work }) => `${work}|${policy}`, 'nanoseconds');
  const rows = [];
  for (const [key, ns] of all) {
    const [work, policy] = key.split('|');
    if (work === 'pool hit') {
      const lru = all.get('pool hit|lru');
      rows.push({ ...atMost(`pool-hit-${policy}`, `a hit in the pool under ${policy}, native, beside LRU`, ns, 'ns', 40), peer: lru, ratio: lru / ns });
    } else {
      const rate = 1e9 / ns;
      (rates.simulated ??= {})[policy] = rate;
      const what = `simulated page accesses under ${policy}, native`;
      const lru = 1e9 / all.get('simulated access|lru');
      // Belady's optimum is a limit to compare with rather than a policy; it needs the whole trace sorted beforehand.
      if (policy === 'optimum') rows.push(noted(`simulated-${policy}`, `${what}, beside LRU`, rate, lru, 'accesses/s'));
      else rows.push({ ...atLeast(`simulated-${policy}`, `${what}, beside 10 million`, rate, 10e6, 'accesses/s', 1) });
    }
  }
  return rows;
}

/** Caches of keys beside well-known crates, on one trace: LRU at least as fast as `lru`, every policy within 3x of LRU. */
export async function measureEviction() {
  const list = rounds(buildPeers('bench-eviction'));
  const ns = medians(list, ({ cache }) => cache, 'nanoseconds');
  const hits = medians(list, ({ cache }) => cache, 'hits');
  const rate = (cache) => 1e9 / ns.get(cache);
  const percent = (cache) => `${(hits.get(cache) / 10_000).toFixed(1)} % hits`;
  const rows = [];
  for (const [ours, peer] of [['lru', 'lru'], ['s3-fifo', 'quick_cache'], ['w-tinylfu', 'moka']]) {
    const what = `accesses under ${ours} (${percent(ours)}) beside the crate ${peer} (${percent(`${peer} crate`)}), native`;
    const make = ours === 'lru' ? (...row) => atLeast(...row, 1) : noted;
    rows.push(make(`cache-${ours}`, what, rate(ours), rate(`${peer} crate`), 'accesses/s'));
    const indexed = `${ours}, with an index`;
    rows.push(noted(`cache-${ours}-index`, `the same with an index of keys of 64 bits`, rate(indexed), rate(`${peer} crate`), 'accesses/s'));
  }
  for (const [cache] of ns) {
    if (/crate|index|optimum|^lru$/.test(cache)) continue;
    rows.push(atLeast(`cache-${cache}-lru`, `accesses under ${cache} beside LRU, native`, rate(cache), rate('lru'), 'accesses/s', 1 / 3));
  }
  return rows;
}

/**
 * Keys on shards: a router's look-ups, and what moves of ten million keys when a shard joins a thousand. What is counted is
 * the same each time, so the large survey is done once. `rates` gets the look-ups a second, for the browser to be compared with.
 */
export async function measurePlacement(rates) {
  const list = figures(buildPeers('bench-placement'));
  const rows = [];
  for (const { strategy, shards, lookups_per_second: rate } of list.filter((figure) => figure.shards)) {
    (rates.lookups ??= {})[`${strategy}|${shards}`] = rate;
    rows.push(noted(`lookup-${strategy}-${shards}`, `look-ups of a router, ${strategy}, ${count(shards)} shards, native`, rate, null, 'look-ups/s'));
  }
  for (const figure of list.filter((figure) => figure.keys)) {
    const { strategy, moved, needless, expected, peak, deviation, theory, seconds, map_bytes: map, map_ms: made, bytes } = figure;
    const what = `${count(figure.keys)} keys on 1,000 shards and one more, ${strategy}`;
    const known = (value) => (value < 0 ? null : value);
    rows.push(
      noted(`placement-moved-${strategy}`, `${what}: keys that move (${count(needless)} needlessly), beside theory`, moved, known(expected), 'keys'),
      noted(`placement-balance-${strategy}`, `${what}: deviation in shares of the mean (the fullest has ${peak} of it), beside theory`, deviation, known(theory), ''),
      noted(`placement-time-${strategy}`, `${what}: counting what moves and how even it is (the map was made in ${made} ms)`, seconds, null, 's'),
      noted(`placement-memory-${strategy}`, `${what}: memory of a map, beside all that is in memory with the keys`, map, bytes, 'bytes'),
    );
  }
  return rows;
}

export async function measureLsm() {
  const all = medians(rounds(buildPeers('bench-lsm')), ({ subject, work }) => `${subject}|${work}`, 'rows_per_second');
  return ['random insert', 'point get', 'range scan of 100', 'delete'].map((work) => {
    const what = `${work}, LSM tree on a simulated RAM disk beside fjall on /dev/shm, native`;
    return atLeast(`lsm-fjall-${work.replaceAll(' ', '-')}`, what, all.get(`lsm|${work}`), all.get(`fjall|${work}`), 'rows/s', 1);
  });
}

/** `rates` gets the messages a second, for the browser to be compared with. */
export async function measureClusters(rates) {
  const all = medians(rounds(buildPeers('bench-cluster')), ({ subject, work }) => `${subject}|${work}`, 'messages_per_second');
  const rows = [];
  for (const work of ['ping-pong', 'rounds']) {
    const ours = all.get(`cluster|${work}`);
    (rates.messages ??= {})[work] = ours;
    const what = `messages between simulated nodes, ${work}, native`;
    rows.push(
      atLeast(`messages-${work}`, `${what}, beside 2 million`, ours, 2e6, 'messages/s', 1),
      atLeast(`messages-turmoil-${work}`, `${what}, beside turmoil`, ours, all.get(`turmoil|${work}`), 'messages/s', 1),
      noted(`messages-simulacra-${work}`, `${what}, beside simulacra, whose messages only arrive`, ours, all.get(`simulacra|${work}`), 'messages/s'),
    );
  }
  for (const work of ['off', 'on']) {
    const rate = all.get(`stack|${work}`);
    (rates.stack ??= {})[work] = rate;
    rows.push(noted(`stack-${work}`, `requests through the whole stack (2 application servers, L1, L2, 4 shards of 3 replicas), recording ${work}, native`, rate, null, 'requests/s'));
  }
  return rows;
}

/**
 * Linear time grows with the first power of the length. A short log's fixed cost makes the power less, a tree that no
 * longer fits into the processor's caches makes it more.
 */
const LINEAR = 1.2;

/** The power of the length that the time grows with: the slope of a line through the logarithms of both. */
function power(figures) {
  const points = figures.map(([length, cost]) => [Math.log(length), Math.log(length * cost)]);
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const sum = (term) => points.reduce((total, [x, y]) => total + term(x - x0, y - y0), 0);
  return sum((x, y) => x * y) / sum((x) => x * x);
}


export async function measureCosts() {
  const list = rounds(buildPeers('bench-costs'));
  const rows = [];
  const recovery = list.filter((figure) => figure.engine);
  for (const engine of new Set(recovery.map((figure) => figure.engine))) {
    const own = recovery.filter((figure) => figure.engine === engine);
    const costs = medians(own, ({ log_bytes: bytes }) => bytes, 'ns_per_byte');
    const id = `recovery-${engine.replace('+', '').toLowerCase()}`;
    for (const [bytes, ns] of costs) {
      rows.push(noted(`${id}-${Math.round(bytes / 1e6)}mb`, `recovery, ${engine}, ${(bytes / 1e6).toFixed(1)} MB of log: each byte`, ns, null, 'ns'));
    }
    const what = `recovery, ${engine}: the time grows with this power of the log's length (linear: 1)`;
    rows.push({ ...atMost(`${id}-linear`, what, power([...costs]), '', LINEAR), goal: `at most ${LINEAR}` });
  }
  const scale = list.filter((figure) => figure.nodes);
  for (const [nodes, rate] of medians(scale, (figure) => figure.nodes, 'messages_per_second')) {
    const bytes = medians(scale, (figure) => figure.nodes, 'bytes_per_node').get(nodes);
    rows.push(
      noted(`cluster-time-${nodes}`, `messages between ${nodes} nodes of a quorum store with ${4 * nodes} clients, native`, rate, null, 'messages/s'),
      noted(`cluster-memory-${nodes}`, `memory of such a cluster with 200 keys each, for each of ${nodes} nodes`, bytes, null, 'bytes'),
    );
  }
  const memory = list.filter((figure) => figure.what);
  for (const [id, bytes] of medians(memory, (figure) => figure.id, 'bytes')) {
    const { what, data_bytes: data } = memory.find((figure) => figure.id === id);
    rows.push(noted(`memory-${id}`, `memory of ${what}, beside its data`, bytes, data, 'bytes'));
  }
  return rows;
}

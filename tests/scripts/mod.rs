//! Every golden script, in one list: for the native tests, and for the browser, which has no directory to read.
#![allow(dead_code, reason = "each test takes from here what it needs")]

use glassbase_core::lab::{LABS, LabInfo, preset_word};

/// Name and text.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("lab/comments-and-quotes", include_str!("lab/comments-and-quotes.gb")),
    ("lab/distributions", include_str!("lab/distributions.gb")),
    ("lab/empty-key", include_str!("lab/empty-key.gb")),
    ("lab/expectations-that-fail", include_str!("lab/expectations-that-fail.gb")),
    ("lab/import", include_str!("lab/import.gb")),
    ("lab/no-lab-line", include_str!("lab/no-lab-line.gb")),
    ("lab/problems", include_str!("lab/problems.gb")),
    ("lab/record-modes", include_str!("lab/record-modes.gb")),
    ("lab/seeds", include_str!("lab/seeds.gb")),
    ("lab/sequence", include_str!("lab/sequence.gb")),
    ("lab/settings", include_str!("lab/settings.gb")),
    ("lab/unknown-lab", include_str!("lab/unknown-lab.gb")),
    ("lab/windows-line-ends", include_str!("lab/windows-line-ends.gb")),
    ("pages/beyond-the-pages-told", include_str!("pages/beyond-the-pages-told.gb")),
    ("pages/bit-flip", include_str!("pages/bit-flip.gb")),
    ("pages/coming-home", include_str!("pages/coming-home.gb")),
    ("pages/compaction", include_str!("pages/compaction.gb")),
    ("pages/crash", include_str!("pages/crash.gb")),
    ("pages/damaged-map", include_str!("pages/damaged-map.gb")),
    ("pages/forwarding", include_str!("pages/forwarding.gb")),
    ("pages/full-disk", include_str!("pages/full-disk.gb")),
    ("pages/map-of-many-pages", include_str!("pages/map-of-many-pages.gb")),
    ("pages/overflow", include_str!("pages/overflow.gb")),
    ("pages/row-ids-that-are-none", include_str!("pages/row-ids-that-are-none.gb")),
    ("pages/rows-fill-a-page", include_str!("pages/rows-fill-a-page.gb")),
    ("pages/second-move-changes-the-stub", include_str!("pages/second-move-changes-the-stub.gb")),
    ("pages/shrink-and-overwrite", include_str!("pages/shrink-and-overwrite.gb")),
    ("pages/slot-reused", include_str!("pages/slot-reused.gb")),
    ("pages/unrecorded", include_str!("pages/unrecorded.gb")),
    ("lsm/batch", include_str!("lsm/batch.gb")),
    ("lsm/bit-flip", include_str!("lsm/bit-flip.gb")),
    ("lsm/btree-beside", include_str!("lsm/btree-beside.gb")),
    ("lsm/compact-step", include_str!("lsm/compact-step.gb")),
    ("lsm/crash", include_str!("lsm/crash.gb")),
    ("lsm/fifo", include_str!("lsm/fifo.gb")),
    ("lsm/filters", include_str!("lsm/filters.gb")),
    ("lsm/flush", include_str!("lsm/flush.gb")),
    ("lsm/full-disk", include_str!("lsm/full-disk.gb")),
    ("lsm/import", include_str!("lsm/import.gb")),
    ("lsm/lazy-leveled", include_str!("lsm/lazy-leveled.gb")),
    ("lsm/leveled", include_str!("lsm/leveled.gb")),
    ("lsm/put-get", include_str!("lsm/put-get.gb")),
    ("lsm/range-delete", include_str!("lsm/range-delete.gb")),
    ("lsm/size-tiered", include_str!("lsm/size-tiered.gb")),
    ("lsm/snapshots", include_str!("lsm/snapshots.gb")),
    ("lsm/stalls", include_str!("lsm/stalls.gb")),
    ("lsm/unrecorded", include_str!("lsm/unrecorded.gb")),
    ("lsm/ycsb", include_str!("lsm/ycsb.gb")),
    ("eviction/2q", include_str!("eviction/2q.gb")),
    ("eviction/accesses", include_str!("eviction/accesses.gb")),
    ("eviction/bytes", include_str!("eviction/bytes.gb")),
    ("eviction/curve", include_str!("eviction/curve.gb")),
    ("eviction/fifo", include_str!("eviction/fifo.gb")),
    ("eviction/lfu", include_str!("eviction/lfu.gb")),
    ("eviction/lirs", include_str!("eviction/lirs.gb")),
    ("eviction/optimum", include_str!("eviction/optimum.gb")),
    ("eviction/policies", include_str!("eviction/policies.gb")),
    ("eviction/random", include_str!("eviction/random.gb")),
    ("eviction/s3-fifo", include_str!("eviction/s3-fifo.gb")),
    ("eviction/sieve", include_str!("eviction/sieve.gb")),
    ("eviction/slru", include_str!("eviction/slru.gb")),
    ("eviction/w-tinylfu", include_str!("eviction/w-tinylfu.gb")),
    ("stack/add", include_str!("stack/add.gb")),
    ("stack/faults", include_str!("stack/faults.gb")),
    ("stack/follow", include_str!("stack/follow.gb")),
    ("stack/goal-cache-killed", include_str!("stack/goal-cache-killed.gb")),
    ("stack/goal-celebrity", include_str!("stack/goal-celebrity.gb")),
    ("stack/goal-flash-sale", include_str!("stack/goal-flash-sale.gb")),
    ("stack/goal-lossless-failover", include_str!("stack/goal-lossless-failover.gb")),
    ("stack/goal-resharding", include_str!("stack/goal-resharding.gb")),
    ("stack/goal-stale-data", include_str!("stack/goal-stale-data.gb")),
    ("stack/play-for", include_str!("stack/play-for.gb")),
    ("stack/quorum-unrecorded", include_str!("stack/quorum-unrecorded.gb")),
    ("pool/2q", include_str!("pool/2q.gb")),
    ("pool/accesses", include_str!("pool/accesses.gb")),
    ("pool/arc", include_str!("pool/arc.gb")),
    ("pool/clock", include_str!("pool/clock.gb")),
    ("pool/curve", include_str!("pool/curve.gb")),
    ("pool/dirty", include_str!("pool/dirty.gb")),
    ("pool/fifo", include_str!("pool/fifo.gb")),
    ("pool/flusher", include_str!("pool/flusher.gb")),
    ("pool/lru", include_str!("pool/lru.gb")),
    ("pool/lru-k", include_str!("pool/lru-k.gb")),
    ("pool/optimum", include_str!("pool/optimum.gb")),
    ("pool/patterns", include_str!("pool/patterns.gb")),
    ("pool/pins", include_str!("pool/pins.gb")),
    ("pool/read-ahead", include_str!("pool/read-ahead.gb")),
    ("pool/resize", include_str!("pool/resize.gb")),
    ("pool/rows", include_str!("pool/rows.gb")),
    ("sharding/bounded", include_str!("sharding/bounded.gb")),
    ("sharding/consistent", include_str!("sharding/consistent.gb")),
    ("sharding/crash-of-a-source", include_str!("sharding/crash-of-a-source.gb")),
    ("sharding/directory", include_str!("sharding/directory.gb")),
    ("sharding/ends", include_str!("sharding/ends.gb")),
    ("sharding/geographic", include_str!("sharding/geographic.gb")),
    ("sharding/jump", include_str!("sharding/jump.gb")),
    ("sharding/modulo", include_str!("sharding/modulo.gb")),
    ("sharding/refusals", include_str!("sharding/refusals.gb")),
    ("sharding/requests", include_str!("sharding/requests.gb")),
    ("sharding/salted", include_str!("sharding/salted.gb")),
    ("sharding/stale-map", include_str!("sharding/stale-map.gb")),
    ("sharding/storm", include_str!("sharding/storm.gb")),
    ("sharding/unrecorded", include_str!("sharding/unrecorded.gb")),
    ("transactions/locks", include_str!("transactions/locks.gb")),
    ("transactions/presume-nothing", include_str!("transactions/presume-nothing.gb")),
    ("transactions/refused", include_str!("transactions/refused.gb")),
    ("transactions/saga-faults", include_str!("transactions/saga-faults.gb")),
    ("transactions/stores", include_str!("transactions/stores.gb")),
    ("transactions/unrecorded", include_str!("transactions/unrecorded.gb")),
    ("cluster/cap-one-partition", include_str!("cluster/cap-one-partition.gb")),
    ("cluster/clocks-four", include_str!("cluster/clocks-four.gb")),
    ("cluster/leader-follower-lost-write", include_str!("cluster/leader-follower-lost-write.gb")),
    ("cluster/leader-follower-no-fencing", include_str!("cluster/leader-follower-no-fencing.gb")),
    ("cluster/leader-follower-stale-read", include_str!("cluster/leader-follower-stale-read.gb")),
    ("cluster/multi-leader-clocks", include_str!("cluster/multi-leader-clocks.gb")),
    ("cluster/multi-leader-merge", include_str!("cluster/multi-leader-merge.gb")),
    ("cluster/multi-leader-siblings", include_str!("cluster/multi-leader-siblings.gb")),
    ("cluster/paxos-duel", include_str!("cluster/paxos-duel.gb")),
    ("cluster/paxos-multi", include_str!("cluster/paxos-multi.gb")),
    ("cluster/quorum-grace", include_str!("cluster/quorum-grace.gb")),
    ("cluster/quorum-hinted-handoff", include_str!("cluster/quorum-hinted-handoff.gb")),
    ("cluster/quorum-merkle", include_str!("cluster/quorum-merkle.gb")),
    ("cluster/quorum-read-repair", include_str!("cluster/quorum-read-repair.gb")),
    ("cluster/quorum-tradeoff", include_str!("cluster/quorum-tradeoff.gb")),
    ("cluster/raft-faults", include_str!("cluster/raft-faults.gb")),
    ("cluster/raft-stores", include_str!("cluster/raft-stores.gb")),
    ("cluster/raft-unrecorded", include_str!("cluster/raft-unrecorded.gb")),
    ("log/abort", include_str!("log/abort.gb")),
    ("log/async-prefix", include_str!("log/async-prefix.gb")),
    ("log/checkpoint-truncates", include_str!("log/checkpoint-truncates.gb")),
    ("log/client-told-late", include_str!("log/client-told-late.gb")),
    ("log/crash-after", include_str!("log/crash-after.gb")),
    ("log/damaged-page", include_str!("log/damaged-page.gb")),
    ("log/doublewrite", include_str!("log/doublewrite.gb")),
    ("log/names", include_str!("log/names.gb")),
    ("log/recover-stepwise", include_str!("log/recover-stepwise.gb")),
    ("log/rollback-twice", include_str!("log/rollback-twice.gb")),
    ("log/steal", include_str!("log/steal.gb")),
    ("log/torn-page-lost", include_str!("log/torn-page-lost.gb")),
    ("log/workload", include_str!("log/workload.gb")),
    ("storage/bit-flip", include_str!("storage/bit-flip.gb")),
    ("storage/borrow-from-left", include_str!("storage/borrow-from-left.gb")),
    ("storage/borrow-from-right", include_str!("storage/borrow-from-right.gb")),
    ("storage/borrow-inner", include_str!("storage/borrow-inner.gb")),
    ("storage/bulk-load", include_str!("storage/bulk-load.gb")),
    ("storage/bulk-load-fill", include_str!("storage/bulk-load-fill.gb")),
    ("storage/crash-loses-writes", include_str!("storage/crash-loses-writes.gb")),
    ("storage/crash-torn-write", include_str!("storage/crash-torn-write.gb")),
    ("storage/damaged-meta-page", include_str!("storage/damaged-meta-page.gb")),
    ("storage/delete-absent", include_str!("storage/delete-absent.gb")),
    ("storage/device-times", include_str!("storage/device-times.gb")),
    ("storage/eviction-of-a-dirty-page", include_str!("storage/eviction-of-a-dirty-page.gb")),
    ("storage/free-pages-reused", include_str!("storage/free-pages-reused.gb")),
    ("storage/full-disk", include_str!("storage/full-disk.gb")),
    ("storage/get", include_str!("storage/get.gb")),
    ("storage/inner-split", include_str!("storage/inner-split.gb")),
    ("storage/key-too-long", include_str!("storage/key-too-long.gb")),
    ("storage/leaf-split", include_str!("storage/leaf-split.gb")),
    ("storage/merge-inner", include_str!("storage/merge-inner.gb")),
    ("storage/merge-leaf", include_str!("storage/merge-leaf.gb")),
    ("storage/overflow-values", include_str!("storage/overflow-values.gb")),
    ("storage/root-collapse", include_str!("storage/root-collapse.gb")),
    ("storage/root-split", include_str!("storage/root-split.gb")),
    ("storage/scan-backward", include_str!("storage/scan-backward.gb")),
    ("storage/scan-forward", include_str!("storage/scan-forward.gb")),
    ("storage/split-by-bytes", include_str!("storage/split-by-bytes.gb")),
    ("storage/split-middle", include_str!("storage/split-middle.gb")),
    ("storage/split-right-edge", include_str!("storage/split-right-edge.gb")),
    ("storage/upsert", include_str!("storage/upsert.gb")),
    ("storage/verify", include_str!("storage/verify.gb")),
];

/// Presets that are too much work to be run in every test, as [`preset_word`] calls them.
pub const LONG_PRESETS: &[&str] = &["million", "pages/scan-or-look-up"];

/// The presets of all labs, as scripts called `preset/NAME` or `preset/LAB/NAME`, without the long ones.
pub fn presets() -> Vec<(String, &'static str)> {
    let of_lab =
        |lab: &&'static LabInfo| lab.presets.iter().map(|preset| (preset_word(lab, preset), preset.script)).collect();
    let presets: Vec<(String, &str)> = LABS.iter().flat_map::<Vec<_>, _>(of_lab).collect();
    let short = presets.into_iter().filter(|(word, _)| !LONG_PRESETS.contains(&word.as_str()));
    short.map(|(word, script)| (format!("preset/{word}"), script)).collect()
}

/// How many random cases a property is tried on: `cases` of a fixed seed, so that a run says the same twice; with
/// `RANDOM_EFFORT=N` N times as many, of a new seed each time.
#[cfg(not(target_arch = "wasm32"))]
pub fn random_cases(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    let effort = std::env::var("RANDOM_EFFORT").ok().and_then(|effort| effort.parse::<u32>().ok());
    Config {
        cases: cases * effort.unwrap_or(1),
        rng_seed: effort.map_or(RngSeed::Fixed(11), |_| RngSeed::Random),
        failure_persistence: None,
        ..Config::default()
    }
}

/// Golden scripts and presets.
pub fn all() -> Vec<(String, &'static str)> {
    let golden = SCRIPTS.iter().map(|(name, text)| (name.to_string(), *text));
    golden.chain(presets()).collect()
}

/// Runs a script to its end.
pub fn run(script: &str) -> glassbase_core::lab::Session {
    let mut session = glassbase_core::lab::Session::new(script);
    while session.step(1000) != glassbase_core::lab::Progress::Idle {}
    session
}

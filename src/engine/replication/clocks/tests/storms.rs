//! Commit-wait in a cluster whose clocks are off: judged by the order in which clients began and were answered.

use std::rc::Rc;

use super::super::*;
use crate::cluster::{Action, Arrival, Cluster, Keys, Options as Setup, Storm, StormKind, Workload};
use glassbase_history::{History, Outcome};
use glassbase_sim::network::{Latency, Quality};
use glassbase_sim::{Cx, Generator};

const MS: u64 = 1_000_000;

/// Whether each write has a later stamp than all that were answered before it began.
fn stamps_follow_the_true_order(history: &History) -> bool {
    let writes: Vec<_> = history.iter().filter(|(_, operation)| operation.outcome() == &Outcome::Done).collect();
    let stamp = |at: usize| writes[at].1.version.map(|version| version.number);
    let pairs = (0..writes.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
    pairs
        .filter(|(earlier, later)| writes[*earlier].1.precedes(writes[*later].1))
        .all(|(earlier, later)| stamp(earlier) < stamp(later))
}

/// A run whose clocks are off by up to `skew_ms` from the start on, and believed to be by up to `uncertainty_ms`.
fn holds(seed: u64, commit_wait: bool, skew_ms: u64, uncertainty_ms: u64) -> bool {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let latency = Latency::Exponential { floor_ns: MS / 10, mean_ns: MS };
    let quality = Quality { latency, ..Quality::default() };
    let options = Options { commit_wait, tell: true };
    let setup = Setup { quality, timeout_ns: 60 * MS, sticky: false, ..Setup::new(Rc::new(options), 3) };
    let mut cluster = Cluster::new(&mut cx, Setup { uncertainty_ns: uncertainty_ms * MS, ..setup }).unwrap();
    let mut random = Generator::new(seed, "skew");
    for node in cluster.nodes() {
        let by_ns = random.below(2 * skew_ms * MS + 1) as i64 - (skew_ms * MS) as i64;
        cluster.inject(&mut cx, &Action::Skew { node, by_ns }).unwrap();
    }
    use StormKind::*;
    let kinds = vec![Partition, Cut, Crash, Pause, Slow, Weather];
    let storm = Storm { kinds, nodes: 3, from_ns: 0, to_ns: 600 * MS, faults: 8, skew_ns: 0, most_down: 1 };
    for (at_ns, action) in storm.schedule(seed) {
        cluster.schedule(at_ns, action);
    }
    let (keys, arrival) = (Keys::Uniform { count: 2 }, Arrival::Closed { think_ns: 2 * MS });
    cluster.start_load(&mut cx, Workload { operations: 100, writes_percent: 80, keys, arrival, ..Workload::default() });
    cluster.run_until(&mut cx, 1_500 * MS);
    assert!(cluster.measures.writes.count() > 20);
    stamps_follow_the_true_order(&cluster.history)
}

#[test]
fn commit_wait_makes_stamps_follow_the_true_order_through_every_storm() {
    assert!((0..100).all(|seed| holds(seed, true, 10, 10)), "no clock is further off than it says");
}

#[test]
fn clocks_that_are_trusted_too_much_are_caught() {
    assert!(!(0..200).all(|seed| holds(seed, false, 10, 10)), "without waiting");
    assert!(!(0..200).all(|seed| holds(seed, true, 50, 10)), "clocks are further off than they say");
}

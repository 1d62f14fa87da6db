//! Paxos in a cluster under storms: the watch looks at every node after each of its steps, and the history is judged.

use std::rc::Rc;

use super::super::super::cluster::{self, Cluster, Storm, StormKind, Workload};
use super::super::super::shelf::ShelfKind;
use super::*;
use glassbase_history::linearizable::{self, Limits, Model, Verdict};
use glassbase_sim::Cx;
use glassbase_sim::network::Quality;

const SECOND_NS: u64 = 1_000_000_000;

struct Run {
    violation: Option<String>,
    verdict: Verdict,
    done: u64,
    state: glassbase_trace::ClusterState,
}

fn run(seed: u64, nodes: u16, shelf: ShelfKind, options: &Options, kinds: &[StormKind]) -> Run {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let quality = Quality { loss: 0.02, duplication: 0.02, reordering: 0.1, ..Quality::default() };
    let options = cluster::Options {
        quality,
        shelf,
        timeout_ns: SECOND_NS / 5,
        retries: 5,
        ..cluster::Options::new(Rc::new(options.clone()), nodes)
    };
    let mut cluster = Cluster::new(&mut cx, options).unwrap();
    let storm = Storm {
        kinds: kinds.to_vec(),
        nodes,
        from_ns: 0,
        to_ns: 2 * SECOND_NS,
        faults: 12,
        skew_ns: SECOND_NS / 10,
        most_down: nodes / 2,
    };
    for (at_ns, action) in storm.schedule(seed) {
        cluster.schedule(at_ns, action);
    }
    let workload = Workload {
        operations: 60,
        writes_percent: 40,
        compare_and_set_percent: 15,
        deletes_percent: 5,
        arrival: cluster::Arrival::Closed { think_ns: 50_000_000 },
        ..Workload::default()
    };
    cluster.start_load(&mut cx, workload);
    cluster.run_until(&mut cx, 5 * SECOND_NS);
    let verdict = linearizable::check(&cluster.history, Model::Map, Limits::default()).unwrap().verdict;
    let state = cluster.state();
    Run { violation: cluster.violation().map(str::to_string), verdict, done: state.counts.done, state }
}

const ALL: &[StormKind] = &[
    StormKind::Partition,
    StormKind::Cut,
    StormKind::Crash,
    StormKind::Pause,
    StormKind::Slow,
    StormKind::Skew,
    StormKind::Drift,
    StormKind::Weather,
];

#[test]
fn no_storm_breaks_a_sequence() {
    let mut done = 0;
    for seed in 0..200 {
        let nodes = [3, 5][seed as usize % 2];
        let snapshot_entries = [1_000, 4][seed as usize / 2 % 2];
        let run = run(seed, nodes, ShelfKind::Memory, &Options { snapshot_entries, ..Options::multi() }, ALL);
        assert_eq!(run.violation, None, "seed {seed}");
        assert!(matches!(run.verdict, Verdict::Holds(_)), "seed {seed}: {:?}", run.verdict);
        done += run.done;
        let known: Vec<u64> = run.state.nodes.iter().map(|node| node.detail.head.committed).collect();
        assert!(known.iter().all(|known| *known == known_max(&run)), "seed {seed}: {known:?} after the storm");
    }
    assert!(done > 200 * 40, "only {done} operations were done");
}

fn known_max(run: &Run) -> u64 {
    run.state.nodes.iter().map(|node| node.detail.head.committed).max().unwrap_or(0)
}

#[test]
fn no_storm_breaks_it_on_disks_that_fail() {
    let kinds = [ALL, &[StormKind::Disk]].concat();
    for (seed, shelf) in
        (0..6).flat_map(|seed| [(seed, ShelfKind::Tree(Box::default())), (seed, ShelfKind::Lsm(Box::default()))])
    {
        let snapshot_entries = [1_000, 4][seed as usize % 2];
        let run = run(seed, 3, shelf, &Options { snapshot_entries, ..Options::multi() }, &kinds);
        assert_eq!(run.violation, None, "seed {seed}");
        assert!(matches!(run.verdict, Verdict::Holds(_)), "seed {seed}: {:?}", run.verdict);
    }
}

#[test]
fn no_storm_breaks_flexible_quorums() {
    for seed in 0..40 {
        let options = Options { prepare_quorum: 4, accept_quorum: 2, ..Options::multi() };
        let run = run(seed, 5, ShelfKind::Memory, &options, ALL);
        assert_eq!(run.violation, None, "seed {seed}");
        assert!(matches!(run.verdict, Verdict::Holds(_)), "seed {seed}: {:?}", run.verdict);
    }
}

#[test]
fn no_storm_breaks_a_single_decree() {
    let mut chosen = 0;
    for seed in 0..200 {
        let run = run(seed, 3 + 2 * (seed as u16 % 2), ShelfKind::Memory, &Options::single(), ALL);
        assert_eq!(run.violation, None, "seed {seed}");
        chosen += run.state.nodes.iter().filter(|node| node.detail.head.committed == 1).count();
    }
    assert!(chosen > 600, "only {chosen} of 800 nodes have learned");
}

#[test]
fn the_clients_of_what_is_broken_notice() {
    for broken in [
        Options { ignore_accepted: true, ..Options::multi() },
        Options { prepare_quorum: 1, accept_quorum: 1, ..Options::multi() },
    ] {
        let runs: Vec<Run> = (0..40).map(|seed| run(seed, 3, ShelfKind::Memory, &broken, ALL)).collect();
        let seen = runs.iter().filter(|run| run.violation.is_some()).count();
        let noticed = runs.iter().filter(|run| matches!(run.verdict, Verdict::Violated(_))).count();
        assert!(seen > 5 && noticed > 5, "{broken:?}: the watch saw {seen}, clients noticed {noticed} of 40");
    }
}

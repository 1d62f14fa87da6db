//! In a cluster whose nodes keep their data in the storage engine: crashes of followers and leaders, catching up, logs that
//! were flushed away.

use std::rc::Rc;

use super::storms::{Trial, agree, leader_of, replica_of};
use super::*;
use crate::cluster::{self, Action, Cluster, StormKind, Workload};
use crate::shelf::ShelfKind;
use glassbase_sim::Cx;
use glassbase_storage::lsm::{LsmOptions, SyncMode};
use glassbase_storage::{CommitMode, LogOptions, Options as TreeOptions};

const MS: u64 = 1_000_000;

/// Stores that sync when they are told to, and never else.
fn shelves() -> Vec<ShelfKind> {
    let tree = TreeOptions { page_size: 512, frames: 32, ..TreeOptions::default() };
    let log = LogOptions {
        commit: CommitMode::Async { every_ns: u64::MAX },
        segment_bytes: 16 << 10,
        checkpoint_bytes: 64 << 10,
        ..LogOptions::default()
    };
    let lsm = LsmOptions { sync: SyncMode::Asynchronous, memtable_bytes: 8 << 10, ..LsmOptions::default() };
    vec![ShelfKind::Memory, ShelfKind::Tree(Box::new((tree, log))), ShelfKind::Lsm(Box::new(lsm))]
}

fn cluster(seed: u64, options: &Options, shelf: &ShelfKind) -> (Cx, Cluster) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let shelf = shelf.clone();
    let options =
        cluster::Options { shelf, timeout_ns: 400 * MS, ..cluster::Options::new(Rc::new(options.clone()), 3) };
    let mut cluster = Cluster::new(&mut cx, options).unwrap();
    cluster.run_until(&mut cx, 200 * MS);
    (cx, cluster)
}

fn load(cluster: &mut Cluster, cx: &mut Cx, operations: u64, for_ns: u64) {
    let workload = Workload { operations, writes_percent: 70, value_bytes: 40, ..Workload::default() };
    cluster.start_load(cx, workload);
    pass(cluster, cx, for_ns);
}

fn pass(cluster: &mut Cluster, cx: &mut Cx, for_ns: u64) {
    let until_ns = cx.now_ns() + for_ns;
    cluster.run_until(cx, until_ns);
}

/// The logs of all nodes are the same, byte by byte, as far as they reach back.
fn have_the_same_bytes(cluster: &mut Cluster) {
    let nodes: Vec<NodeId> = cluster.nodes().collect();
    let starts = nodes.iter().map(|node| cluster.shelf_mut(*node).unwrap().log_start());
    let start = starts.max().unwrap();
    let logs: Vec<_> =
        nodes.iter().map(|node| cluster.shelf_mut(*node).unwrap().read_log(start, 999).unwrap()).collect();
    assert!(logs[0].as_ref().is_some_and(|log| log.len() > 10), "from {start} on");
    assert!(logs.iter().all(|log| *log == logs[0]));
}

#[test]
fn a_follower_crashes_recovers_and_catches_up() {
    for shelf in shelves() {
        for seed in 0..6 {
            // Nothing is synced, so the crash takes what it likes.
            let options = Options { sync: false, ..Options::default() };
            let (mut cx, mut cluster) = cluster(seed, &options, &shelf);
            load(&mut cluster, &mut cx, 30, 500 * MS);
            cluster.inject(&mut cx, &Action::Crash(n(3))).unwrap();
            load(&mut cluster, &mut cx, 20, 500 * MS);
            cluster.inject(&mut cx, &Action::Restart(n(3))).unwrap();
            load(&mut cluster, &mut cx, 20, 2_000 * MS);
            assert_eq!(leader_of(&cluster), n(1));
            let ends: Vec<u64> = cluster.nodes().map(|node| replica_of(&cluster, node).end()).collect();
            assert!(ends[0] > 30 && ends.iter().all(|end| *end == ends[0]), "{shelf:?}, seed {seed}: {ends:?}");
            agree(&mut cluster, seed);
            if !matches!(shelf, ShelfKind::Tree(_)) {
                have_the_same_bytes(&mut cluster);
            }
        }
    }
}

#[test]
fn a_leader_crashes_and_what_it_did_not_sync_comes_back_from_the_others_or_is_lost_everywhere() {
    for shelf in shelves() {
        for seed in 0..6 {
            let options = Options { sync: false, ..Options::default() };
            let (mut cx, mut cluster) = cluster(seed, &options, &shelf);
            load(&mut cluster, &mut cx, 40, 150 * MS);
            cluster.inject(&mut cx, &Action::Crash(n(1))).unwrap();
            pass(&mut cluster, &mut cx, 1_500 * MS);
            let next = cluster.nodes().find(|node| cluster.node::<Replica>(*node).is_some_and(Replica::is_leader));
            assert!(next.is_some_and(|node| node != n(1)), "{shelf:?}, seed {seed}: {next:?}");
            cluster.inject(&mut cx, &Action::Restart(n(1))).unwrap();
            load(&mut cluster, &mut cx, 20, 3_000 * MS);
            let ends: Vec<u64> = cluster.nodes().map(|node| replica_of(&cluster, node).end()).collect();
            assert!(ends.iter().all(|end| *end == ends[0]), "{shelf:?}, seed {seed}: {ends:?}");
            agree(&mut cluster, seed);
        }
    }
}

#[test]
fn a_leader_that_was_cut_off_takes_its_entries_back_whatever_its_store() {
    for shelf in shelves() {
        let (mut cx, mut cluster) = cluster(3, &Options::default(), &shelf);
        load(&mut cluster, &mut cx, 30, 600 * MS);
        cluster.inject(&mut cx, &Action::Partition(vec![vec![n(1)], vec![n(2), n(3)]])).unwrap();
        // Clients that still ask n1 are told that all is well.
        load(&mut cluster, &mut cx, 12, 200 * MS);
        pass(&mut cluster, &mut cx, 1_000 * MS);
        let old = replica_of(&cluster, n(1)).end();
        cluster.inject(&mut cx, &Action::Heal).unwrap();
        pass(&mut cluster, &mut cx, 2_000 * MS);
        load(&mut cluster, &mut cx, 10, 1_000 * MS);
        assert_ne!(leader_of(&cluster), n(1), "{shelf:?}");
        assert!(!replica_of(&cluster, n(1)).lost().is_empty(), "{shelf:?}: n1 had {old} entries");
        assert_eq!(cluster.findings().len(), 1, "{:?}", cluster.findings());
        agree(&mut cluster, 3);
    }
}

#[test]
fn a_node_that_was_away_for_long_gets_a_snapshot() {
    for shelf in shelves() {
        let options = Options { kept_batches: 5, chunk_records: 2, ..Options::default() };
        let (mut cx, mut cluster) = cluster(9, &options, &shelf);
        cluster.inject(&mut cx, &Action::Crash(n(2))).unwrap();
        load(&mut cluster, &mut cx, 400, 4_000 * MS);
        // What the store itself has of its log is not all any more.
        let shelf_of_leader = cluster.shelf_mut(n(1)).unwrap();
        let reaches_back = shelf_of_leader.log_start();
        if matches!(shelf, ShelfKind::Memory) {
            assert!(reaches_back > 0);
        }
        cluster.inject(&mut cx, &Action::Restart(n(2))).unwrap();
        pass(&mut cluster, &mut cx, 3_000 * MS);
        let ends: Vec<u64> = cluster.nodes().map(|node| replica_of(&cluster, node).end()).collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "{shelf:?}: {ends:?}");
        agree(&mut cluster, 9);
    }
}

#[test]
fn storms_over_stores_with_disks_lose_nothing_that_was_promised() {
    let kinds = [StormKind::Crash, StormKind::Disk, StormKind::Partition, StormKind::Weather];
    for shelf in shelves() {
        for seed in 0..15 {
            let mut trial = Trial::of(semi(1), 3, &kinds);
            (trial.shelf, trial.operations) = (shelf.clone(), 40);
            let mut cluster = trial.run(seed);
            assert_eq!(cluster.violation(), None, "{shelf:?}, seed {seed}");
            agree(&mut cluster, seed);
        }
    }
}

#[test]
fn folding_the_events_gives_what_the_nodes_say_of_themselves() {
    for (seed, options) in [(1, semi(1)), (2, Options { kept_batches: 4, chunk_records: 3, ..Options::default() })] {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let cluster_options = cluster::Options {
            clients: 4,
            timeout_ns: 300 * MS,
            consistency: Consistency::Causal,
            sticky: false,
            ..cluster::Options::new(Rc::new(options), 3)
        };
        let mut cluster = Cluster::new(&mut cx, cluster_options).unwrap();
        cx.recorder.switch(true);
        cluster.told_all();
        let mut state = cluster.state();
        // More keys than are shown.
        let keys = cluster::Keys::Uniform { count: 60 };
        cluster.start_load(&mut cx, Workload { operations: 300, keys, deletes_percent: 10, ..Workload::default() });
        cluster.schedule(50 * MS, Action::Partition(vec![vec![n(1)], vec![n(2), n(3)]]));
        cluster.schedule(1_200 * MS, Action::Heal);
        cluster.schedule(1_500 * MS, Action::Crash(n(2)));
        cluster.schedule(2_500 * MS, Action::Restart(n(2)));
        let mut read = 0;
        for step in 1..40 {
            cluster.run_until(&mut cx, step * 100 * MS);
            cx.recorder.trace.iter().skip(read).for_each(|record| state.fold(&record.event));
            read = cx.recorder.trace.len();
            assert_eq!(state, cluster.state(), "seed {seed}, step {step}");
        }
        assert!(cluster.state().nodes.iter().all(|node| node.detail.data.len() == 32));
    }
}

//! Seeded storms in a cluster: what a mode promises holds, what it does not promise is broken within 200 seeds, and what is
//! lost is named.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::ledger::Ledger;
use super::*;
use crate::cluster::{self, Arrival, Cluster, Keys, Storm, StormKind, Workload};
use crate::shelf::ShelfKind;
use glassbase_history::sessions::{Guarantee, SessionReport, check_sessions};
use glassbase_history::{Call as Asked, Outcome};
use glassbase_sim::Cx;

const MS: u64 = 1_000_000;

/// What is done to a cluster, and how.
#[derive(Clone)]
pub(super) struct Trial {
    pub options: Options,
    pub nodes: u16,
    pub shelf: ShelfKind,
    pub consistency: Consistency,
    pub kinds: Vec<StormKind>,
    pub operations: u64,
    pub sticky: bool,
}

impl Trial {
    pub fn of(options: Options, nodes: u16, kinds: &[StormKind]) -> Trial {
        let (shelf, consistency) = (ShelfKind::Memory, Consistency::Leader);
        Trial { options, nodes, shelf, consistency, kinds: kinds.to_vec(), operations: 80, sticky: true }
    }

    /// The cluster after the storm, when all has been quiet for a while.
    pub fn run(&self, seed: u64) -> Cluster {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let options = cluster::Options {
            clients: 4,
            shelf: self.shelf.clone(),
            timeout_ns: 300 * MS,
            consistency: self.consistency,
            sticky: self.sticky,
            ..cluster::Options::new(Rc::new(self.options.clone()), self.nodes)
        };
        let mut cluster = Cluster::new(&mut cx, options).unwrap();
        cluster.run_until(&mut cx, 100 * MS);
        let storm = Storm {
            kinds: self.kinds.clone(),
            nodes: self.nodes,
            from_ns: 200 * MS,
            to_ns: 3_000 * MS,
            faults: 6,
            skew_ns: 0,
            most_down: 1,
        };
        for (at_ns, action) in storm.schedule(seed) {
            cluster.schedule(at_ns, action);
        }
        let workload = Workload {
            operations: self.operations,
            writes_percent: 50,
            keys: Keys::Uniform { count: 3 },
            arrival: Arrival::Closed { think_ns: 60 * MS },
            ..Workload::default()
        };
        cluster.start_load(&mut cx, workload);
        cluster.run_until(&mut cx, 8_000 * MS);
        // A disk that failed late has stopped its node.
        let down: Vec<NodeId> = cluster.nodes().filter(|node| cluster.node::<Replica>(*node).is_none()).collect();
        for node in down {
            cluster.inject(&mut cx, &cluster::Action::Restart(node)).unwrap();
        }
        cluster.run_until(&mut cx, 12_000 * MS);
        let (ended, asked) = cluster.load_progress();
        assert_eq!(ended, asked, "seed {seed}: the clients are through");
        cluster
    }
}

pub(super) fn replica_of(cluster: &Cluster, node: NodeId) -> &Replica {
    cluster.node(node).unwrap()
}

/// The newest leader.
pub(super) fn leader_of(cluster: &Cluster) -> NodeId {
    let leaders = cluster.nodes().filter(|node| replica_of(cluster, *node).is_leader());
    leaders.max_by_key(|node| replica_of(cluster, *node).epoch()).expect("somebody leads")
}

/// All nodes have the same data.
pub(super) fn agree(cluster: &mut Cluster, seed: u64) {
    let contents = |cluster: &mut Cluster, node: NodeId| {
        let mut found = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| found.push((key.to_vec(), value.to_vec()));
        cluster.shelf_mut(node).unwrap().scan(Some(b"d"), Some(b"f"), u64::MAX, &mut visit).unwrap();
        found
    };
    let nodes: Vec<NodeId> = cluster.nodes().collect();
    let first = contents(cluster, nodes[0]);
    for node in &nodes[1..] {
        assert!(contents(cluster, *node) == first, "seed {seed}: {node} and {} differ", nodes[0]);
    }
    for node in nodes {
        assert_eq!(cluster.shelf_mut(node).unwrap().problem(), None, "seed {seed}: {node}");
    }
}

/// The values in the log of the newest leader.
fn values_in_log(cluster: &mut Cluster) -> BTreeSet<Bytes> {
    let leader = leader_of(cluster);
    let shelf = cluster.shelf_mut(leader).unwrap();
    let batches = shelf.read_log(0, usize::MAX).unwrap().expect("all of the log is kept");
    let mut values = BTreeSet::new();
    for batch in &batches {
        for change in shelf.changes(batch).unwrap() {
            let value = change.value.unwrap();
            if let Ok((Entry::Write(_, cell), _)) = Entry::decode(&change.key, &value) {
                values.extend(cell.value);
            }
        }
    }
    values
}

/// The values of which a client was told that they are written, and that are in no log any more.
fn lost_in_history(cluster: &mut Cluster) -> BTreeSet<Bytes> {
    let there = values_in_log(cluster);
    let told = cluster.history.operations.iter().filter(|operation| operation.outcome() == &Outcome::Done);
    let values = told.filter_map(|operation| match &operation.call {
        Asked::Write(value) => Some(value.clone()),
        _ => None,
    });
    values.filter(|value| !there.contains(value)).collect()
}

/// The values that the ledger names as lost.
fn lost_in_ledger(cluster: &Cluster) -> BTreeSet<String> {
    let watch = cluster.watch().unwrap().as_any().unwrap();
    let ledger: &Ledger = watch.downcast_ref().unwrap();
    ledger.lost().iter().map(|answered| answered.text.rsplit("= ").next().unwrap().to_string()).collect()
}

/// Every write is named that is lost, and no other: unless another attempt at it has come to a log that was not lost.
fn check_names(cluster: &mut Cluster, truth: &BTreeSet<Bytes>, named: &BTreeSet<String>, seed: u64) {
    let there: BTreeSet<String> = values_in_log(cluster).iter().map(Bytes::to_string).collect();
    let truth: BTreeSet<String> = truth.iter().map(Bytes::to_string).collect();
    let named: BTreeSet<String> = named.difference(&there).cloned().collect();
    assert_eq!(truth, named, "seed {seed}");
}

const ALL: &[StormKind] = &[
    StormKind::Partition,
    StormKind::Cut,
    StormKind::Crash,
    StormKind::Pause,
    StormKind::Slow,
    StormKind::Drift,
    StormKind::Weather,
];

#[test]
fn where_acknowledgements_and_answers_meet_no_acknowledged_write_is_lost() {
    let mut promoted = 0;
    for (options, nodes) in [
        (semi(1), 3),
        (semi(2), 5),
        (Options { mode: Mode::Synchronous, promotion: Promotion::Anybody, ..Options::default() }, 3),
        (Options { demote_ns: 200 * MS, kept_batches: 3, chunk_records: 1, ..semi(1) }, 3),
    ] {
        assert!(options.promises(usize::from(nodes)));
        for seed in 0..60 {
            let mut trial = Trial::of(options.clone(), nodes, ALL);
            trial.operations = 50;
            let mut cluster = trial.run(seed);
            assert_eq!(cluster.violation(), None, "seed {seed}, {options:?}");
            if options.kept_batches > 100 {
                assert_eq!(lost_in_history(&mut cluster), BTreeSet::new(), "seed {seed}, {options:?}");
            }
            agree(&mut cluster, seed);
            let leader = leader_of(&cluster);
            promoted += replica_of(&cluster, leader).history().iter().count() - 1;
        }
    }
    assert!(promoted > 100, "hardly ever was anybody promoted: {promoted}");
}

#[test]
fn asynchronous_writes_are_lost_and_every_one_is_named() {
    let mut losses = 0;
    for seed in 0..200 {
        let mut cluster = Trial::of(Options::default(), 3, &[StormKind::Partition, StormKind::Pause]).run(seed);
        let (truth, named) = (lost_in_history(&mut cluster), lost_in_ledger(&cluster));
        check_names(&mut cluster, &truth, &named, seed);
        assert_eq!(cluster.violation(), None, "nothing was promised");
        // Nobody crashed, so the nodes themselves know it all, and more: answers that came when nobody waited any more.
        let by_nodes: usize = cluster.nodes().map(|node| replica_of(&cluster, node).lost().len()).sum();
        assert!(by_nodes >= named.len(), "seed {seed}");
        agree(&mut cluster, seed);
        losses += truth.len();
    }
    assert!(losses > 20, "hardly anything was lost: {losses}");
}

#[test]
fn what_a_crash_takes_is_named_too() {
    let mut losses = 0;
    for seed in 0..100 {
        let options = Options { sync: false, ..Options::default() };
        let mut cluster = Trial::of(options, 3, ALL).run(seed);
        let (truth, named) = (lost_in_history(&mut cluster), lost_in_ledger(&cluster));
        check_names(&mut cluster, &truth, &named, seed);
        losses += truth.len();
    }
    assert!(losses > 20, "hardly anything was lost: {losses}");
}

#[test]
fn settings_that_break_the_promise_are_caught() {
    let caught = |options: &Options, nodes: u16, kinds: &[StormKind]| {
        (0..200).any(|seed| {
            let mut cluster = Trial::of(options.clone(), nodes, kinds).run(seed);
            !lost_in_history(&mut cluster).is_empty()
        })
    };
    let partitions = [StormKind::Partition, StormKind::Pause];
    assert!(caught(&Options { fencing: false, ..semi(1) }, 3, &partitions), "no fencing");
    assert!(caught(&semi(1), 5, &[StormKind::Partition, StormKind::Crash]), "one acknowledgement of five nodes");
    assert!(caught(&Options { degrade_ns: 100 * MS, ..semi(1) }, 3, &partitions), "it does without");
    assert!(caught(&Options { promotion: Promotion::Anybody, ..Options::default() }, 3, &partitions), "anybody");
}

fn sessions(consistency: Consistency, options: &Options, seed: u64, kinds: &[StormKind]) -> SessionReport {
    let mut trial = Trial::of(options.clone(), 3, kinds);
    (trial.consistency, trial.sticky) = (consistency, false);
    let cluster = trial.run(seed);
    check_sessions(&cluster.history).unwrap()
}

#[test]
fn sessions_keep_what_their_reads_promise() {
    let mild = [StormKind::Cut, StormKind::Slow, StormKind::Pause, StormKind::Weather, StormKind::Partition];
    for (consistency, guarantees) in [
        (Consistency::ReadYourWrites, &[Guarantee::ReadYourWrites][..]),
        (Consistency::Monotonic, &[Guarantee::MonotonicReads]),
        (Consistency::Causal, &Guarantee::ALL),
    ] {
        for seed in 0..60 {
            let report = sessions(consistency, &semi(1), seed, &mild);
            for guarantee in guarantees {
                assert_eq!(report.count(*guarantee), 0, "{consistency:?}, seed {seed}: {:?}", report.violations);
            }
        }
    }
}

#[test]
fn reads_anywhere_break_what_sessions_promise() {
    let mut broken = [false; 2];
    for seed in 0..200 {
        let report = sessions(Consistency::Any, &semi(1), seed, &[StormKind::Slow, StormKind::Partition]);
        broken[0] |= report.count(Guarantee::ReadYourWrites) > 0;
        broken[1] |= report.count(Guarantee::MonotonicReads) > 0;
        if broken == [true; 2] {
            return;
        }
    }
    panic!("read your writes, monotonic reads: {broken:?}");
}

#[test]
fn a_run_is_the_same_whether_it_is_recorded_or_not() {
    let mut digests = Vec::new();
    for recorded in [false, true] {
        let mut cx = Cx::new(5);
        cx.recorder.switch(recorded);
        let options = cluster::Options::new(Rc::new(semi(1)), 3);
        let mut cluster = Cluster::new(&mut cx, options).unwrap();
        cluster.start_load(&mut cx, Workload::default());
        cluster.schedule(50 * MS, cluster::Action::Crash(n(1)));
        cluster.schedule(900 * MS, cluster::Action::Restart(n(1)));
        cluster.run_until(&mut cx, 5_000 * MS);
        digests.push(cluster.history.clone());
    }
    assert!(digests[0] == digests[1]);
}

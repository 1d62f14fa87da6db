//! Several leaders in a cluster, through storms: whatever happened, they come to be alike, and what the checkers of
//! histories find missing is what the resolution drops.

use std::rc::Rc;

use super::super::*;
use crate::cluster::{Action, Arrival, Cluster, Keys, Options as Setup, Storm, StormKind, Workload};
use crate::shelf::ShelfKind;
use glassbase_history::convergence::{ConvergenceReport, FinalState, check_convergence};
use glassbase_history::sessions::{Guarantee, check_sessions};
use glassbase_sim::network::{Latency, Quality};
use glassbase_sim::{Cx, Generator};
use glassbase_trace::RequestFate;

const MS: u64 = 1_000_000;
const STORM_ENDS_NS: u64 = 1_500 * MS;
const NODES: u16 = 4;

const ALL: [StormKind; 8] = [
    StormKind::Partition,
    StormKind::Cut,
    StormKind::Crash,
    StormKind::Pause,
    StormKind::Slow,
    StormKind::Skew,
    StormKind::Drift,
    StormKind::Weather,
];

fn setup(options: Options) -> Setup {
    let latency = Latency::Exponential { floor_ns: MS / 2, mean_ns: MS };
    let quality = Quality { latency, ..Quality::default() };
    let options = Options { exchange_ns: 50 * MS, ..options };
    Setup { quality, timeout_ns: 100 * MS, sticky: false, ..Setup::new(Rc::new(options), NODES) }
}

/// A cluster before a storm.
fn under_clouds(seed: u64, setup: Setup, kinds: &[StormKind]) -> (Cx, Cluster) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let mut cluster = Cluster::new(&mut cx, setup).unwrap();
    let (kinds, to_ns) = (kinds.to_vec(), STORM_ENDS_NS);
    let storm = Storm { kinds, nodes: NODES, from_ns: 0, to_ns, faults: 12, skew_ns: 200 * MS, most_down: 2 };
    for (at_ns, action) in storm.schedule(seed) {
        cluster.schedule(at_ns, action);
    }
    (cx, cluster)
}

fn workload() -> Workload {
    Workload {
        operations: 150,
        writes_percent: 50,
        keys: Keys::Uniform { count: 4 },
        arrival: Arrival::Closed { think_ns: 15 * MS },
        ..Workload::default()
    }
}

fn through_a_storm(seed: u64, setup: Setup, workload: Workload) -> Cluster {
    through(seed, setup, workload, &ALL)
}

fn through(seed: u64, setup: Setup, workload: Workload, kinds: &[StormKind]) -> Cluster {
    let (mut cx, mut cluster) = under_clouds(seed, setup, kinds);
    cluster.start_load(&mut cx, workload);
    cluster.run_until(&mut cx, STORM_ENDS_NS + 1_500 * MS);
    cluster
}

fn nodes(cluster: &Cluster) -> Vec<&MultiLeader> {
    cluster.nodes().map(|id| cluster.node(id).unwrap()).collect()
}

fn assert_alike(cluster: &Cluster, what: &str) {
    for pair in nodes(cluster).windows(2) {
        assert_eq!(pair[0].have(), pair[1].have(), "{what}");
        assert_eq!(pair[0].values(), pair[1].values(), "{what}");
    }
}

/// As the protocol, but every machine in a place writes under the name of the first.
#[derive(Debug)]
struct OneName(Options);

impl crate::Protocol for OneName {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        node(me, members, &self.0)
    }
}

/// Machines that lose their power in a storm are replaced by empty ones, or come back with what they had.
fn through_replacements(seed: u64, setup: Setup) -> Cluster {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let mut cluster = Cluster::new(&mut cx, setup).unwrap();
    let kinds = vec![StormKind::Partition, StormKind::Crash, StormKind::Crash, StormKind::Weather];
    let storm = Storm { kinds, nodes: NODES, from_ns: 0, to_ns: STORM_ENDS_NS, faults: 16, skew_ns: 0, most_down: 2 };
    let mut random = Generator::new(seed, "replacements");
    for (at_ns, action) in storm.schedule(seed) {
        let action = match action {
            Action::Restart(node) if random.below(3) > 0 => Action::Replace(node),
            action => action,
        };
        cluster.schedule(at_ns, action);
    }
    cluster.start_load(&mut cx, workload());
    cluster.run_until(&mut cx, STORM_ENDS_NS + 1_500 * MS);
    cluster
}

/// Whether all nodes have the same.
fn are_alike(cluster: &Cluster) -> bool {
    let same = |pair: &[&MultiLeader]| pair[0].have() == pair[1].have() && pair[0].values() == pair[1].values();
    nodes(cluster).windows(2).all(same)
}

#[test]
fn machines_that_are_replaced_write_under_another_name() {
    let mut names = 0;
    for seed in 0..60 {
        let resolution =
            [Resolution::LastWriteWins, Resolution::Siblings, Resolution::Rule(Rule::Max)][seed as usize % 3];
        let topology = [Topology::AllToAll, Topology::Ring, Topology::Star][seed as usize / 3 % 3];
        let options = Options { resolution, topology, causal: seed % 2 == 0, ..Options::default() };
        let cluster = through_replacements(seed, setup(options));
        assert_alike(&cluster, &format!("seed {seed}, {resolution:?}, {topology:?}"));
        assert_eq!(judged(&cluster, resolution).diverged, [], "seed {seed}");
        names += nodes(&cluster)[0].have().iter().filter(|dot| place_of(dot.node) != dot.node).count();
    }
    assert!(names > 40, "{names} machines wrote in the place of another");
}

/// An empty machine writes before it has heard of anybody: what it writes must not be taken for what is there.
#[test]
fn under_one_name_the_changes_of_a_new_machine_are_taken_for_old_ones() {
    let options = Options { exchange_ns: 50 * MS, ..Options::default() };
    let protocols: [(Rc<dyn crate::Protocol>, bool); 2] =
        [(Rc::new(options.clone()), true), (Rc::new(OneName(options)), false)];
    for (protocol, is_kept) in protocols {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let mut cluster = Cluster::new(&mut cx, Setup { protocol, ..setup(Options::default()) }).unwrap();
        let put = |cx: &mut Cx, cluster: &mut Cluster, text: &str| {
            let call = Call::Put(Bytes::typed(text));
            let (key, consistency) = (Bytes::typed(text), Consistency::Any);
            cluster.ask(cx, NodeId::client(1), &key, call, consistency, Some(NodeId(1))).unwrap();
            let until_ns = cx.now_ns() + 200 * MS;
            cluster.run_until(cx, until_ns);
        };
        put(&mut cx, &mut cluster, "old");
        cluster.inject(&mut cx, &Action::Crash(NodeId(1))).unwrap();
        cluster.inject(&mut cx, &Action::Partition(vec![vec![NodeId(1)]])).unwrap();
        cluster.inject(&mut cx, &Action::Replace(NodeId(1))).unwrap();
        put(&mut cx, &mut cluster, "new");
        cluster.inject(&mut cx, &Action::Heal).unwrap();
        let until_ns = cx.now_ns() + 1_000 * MS;
        cluster.run_until(&mut cx, until_ns);
        assert_eq!(are_alike(&cluster), is_kept);
        let has_both =
            |node: &&MultiLeader| ["old", "new"].iter().all(|key| node.values().contains_key(&Bytes::typed(key)));
        assert_eq!(nodes(&cluster).iter().all(has_both), is_kept);
    }
}

#[test]
fn a_place_has_so_many_names() {
    assert_eq!(
        [0, 1, 31, 32].map(|machine| writer(NodeId(2), machine).map(|name| name.0)),
        [Some(2), Some(1026), Some(31746), None]
    );
    for place in [1, 7, 1000] {
        for machine in 0..32 {
            let name = writer(NodeId(place), machine).unwrap();
            assert!(place_of(name) == NodeId(place) && !name.is_client());
        }
    }
    assert_eq!(Dot { node: NodeId(1026), count: 3 }.text(), "n2.2:3");
    assert_eq!(Dot { node: NodeId(2), count: 3 }.text(), "n2:3");
}

/// What the checker of convergence says: of what a client would read at each node.
fn judged(cluster: &Cluster, resolution: Resolution) -> ConvergenceReport {
    let state = |node: &MultiLeader| -> FinalState {
        let read = |value: &Value| match value.read(resolution) {
            Answer::Value(value) => value.into_iter().collect(),
            Answer::Siblings(values) => values.to_vec(),
            _ => Vec::new(),
        };
        node.values().iter().map(|(key, value)| (key.clone(), read(value))).collect()
    };
    let replicas: Vec<(u32, FinalState)> =
        (1..).zip(nodes(cluster)).map(|(number, node)| (number, state(node))).collect();
    check_convergence(&cluster.history, &replicas, cluster.options().protocol.kept()).unwrap()
}

#[test]
fn leaders_are_alike_after_every_storm() {
    let resolutions = [
        Resolution::LastWriteWins,
        Resolution::Siblings,
        Resolution::Rule(Rule::Max),
        Resolution::Rule(Rule::Longest),
        Resolution::Rule(Rule::Leader(NodeId(2))),
    ];
    let topologies = [Topology::AllToAll, Topology::Ring, Topology::Star];
    let (mut conflicts, mut done) = (0, 0);
    for seed in 0..150 {
        let (resolution, topology) = (resolutions[seed as usize % 5], topologies[seed as usize % 3]);
        let options = Options {
            resolution,
            topology,
            leaders: [0, 2][seed as usize / 15 % 2],
            gather_ns: [0, 10 * MS][seed as usize / 30 % 2],
            log_kept: [1_000, 3][seed as usize / 60 % 2],
            causal: seed % 4 != 0,
            ..Options::default()
        };
        let cluster = through_a_storm(seed, setup(options), workload());
        assert_alike(&cluster, &format!("seed {seed}, {resolution:?}, {topology:?}"));
        let report = judged(&cluster, resolution);
        assert_eq!(report.diverged, [], "seed {seed}");
        if resolution == Resolution::Siblings {
            assert_eq!(report.lost, [], "seed {seed}: nobody's write is dropped without somebody who has seen it");
        }
        conflicts += nodes(&cluster)[0].conflicts();
        done += cluster.measures.writes.count();
    }
    assert!(conflicts > 300 && done > 5_000, "{conflicts} conflicts, {done} writes");
}

#[test]
fn last_write_wins_is_caught_at_losing_writes() {
    let lost = |seed| {
        let cluster = through_a_storm(seed, setup(Options::default()), workload());
        !judged(&cluster, Resolution::LastWriteWins).lost.is_empty()
    };
    assert!((0..200).any(lost));
}

/// A client that brings along what it has seen reads nothing older; one that does not, does.
#[test]
fn sessions_are_kept_for_those_who_ask() {
    let broken = |seed, consistency| {
        let options = Options { resolution: Resolution::Siblings, ..Options::default() };
        let cluster = through_a_storm(seed, setup(options), Workload { consistency, ..workload() });
        let report = check_sessions(&cluster.history).unwrap();
        [Guarantee::ReadYourWrites, Guarantee::MonotonicReads].map(|guarantee| report.count(guarantee))
    };
    for seed in 0..60 {
        assert_eq!(broken(seed, Consistency::Causal), [0, 0], "seed {seed}");
    }
    for at in [0, 1] {
        assert!((0..200).any(|seed| broken(seed, Consistency::Any)[at] > 0));
    }
}

/// One client writes several keys by way of several leaders. Whoever sees a write sees those before it, at whatever key, if
/// the client brings along what it has seen and nodes wait for what a writer knew. Links fail, and nothing else does: of a
/// write that was not answered the client knows nothing, and its next one may lose to it.
#[test]
fn writes_are_seen_in_their_order_at_all_keys() {
    let broken = |seed, consistency| {
        let workload = Workload { consistency, single_writer: true, ..workload() };
        let kinds = [StormKind::Partition, StormKind::Cut];
        let cluster = through(seed, setup(Options::default()), workload, &kinds);
        check_sessions(&cluster.history).unwrap().count(Guarantee::MonotonicWrites)
    };
    for seed in 0..60 {
        assert_eq!(broken(seed, Consistency::Causal), 0, "seed {seed}");
    }
    assert!((0..200).any(|seed| broken(seed, Consistency::Any) > 0));
}

fn random_change(random: &mut Generator) -> (&'static str, MergeCall) {
    let name = |random: &mut Generator| Bytes::number(random.below(3));
    let at = random.below(6) as u32;
    match random.below(7) {
        0 | 1 => ("count", MergeCall::Count(random.below(9) as i64 - 4)),
        2 => ("set", MergeCall::AddMember(name(random))),
        3 => ("set", MergeCall::RemoveMember(name(random))),
        4 => ("map", MergeCall::SetField(name(random), Bytes::number(random.below(9)))),
        5 => ("text", MergeCall::InsertText { at, text: "ab".into() }),
        _ => ("text", MergeCall::DeleteText { at, count: 2 }),
    }
}

/// Counters, sets, maps and texts change at all nodes through a storm. They come to be alike, and the counter is the sum of
/// what was acknowledged and some of what nobody knows about.
#[test]
fn values_that_merge_are_alike_after_every_storm() {
    let mut acknowledged = 0;
    for seed in 0..60 {
        let options = Options { resolution: Resolution::Merge, ..Options::default() };
        // Asked again at another leader, an addition would be done twice.
        let (mut cx, mut cluster) = under_clouds(seed, Setup { retries: 0, ..setup(options) }, &ALL);
        let mut random = Generator::new(seed, "changes");
        // The least and the most that the counter may be.
        let (mut least, mut most) = (0, 0);
        while cx.now_ns() < STORM_ENDS_NS {
            let now_ns = cx.now_ns();
            cluster.run_until(&mut cx, now_ns + random.below(10 * MS));
            for client in 1..=3 {
                if cluster.is_waiting(NodeId::client(client)) {
                    continue;
                }
                let (key, change) = random_change(&mut random);
                let key = Bytes::typed(key);
                let call = Call::Merge(Rc::new(change.clone()));
                cluster.ask(&mut cx, NodeId::client(client), &key, call, Consistency::Default, None).unwrap();
                if let MergeCall::Count(by) = change {
                    let is_done = settled(&mut cx, &mut cluster, client);
                    least += i128::from(if is_done == RequestFate::Done { by } else { by.min(0) });
                    most += i128::from(if is_done == RequestFate::Done { by } else { by.max(0) });
                    acknowledged += u64::from(is_done == RequestFate::Done);
                }
            }
        }
        cluster.run_until(&mut cx, STORM_ENDS_NS + 1_500 * MS);
        assert_alike(&cluster, &format!("seed {seed}"));
        let counted = nodes(&cluster)[0].values().get(&Bytes::typed("count")).map_or(0, |value| value.counter.value());
        assert!(least <= counted && counted <= most, "seed {seed}: {least} to {most}, and not {counted}");
    }
    assert!(acknowledged > 1_000, "{acknowledged}");
}

/// Waits for a client's answer; what came of it.
fn settled(cx: &mut Cx, cluster: &mut Cluster, client: u16) -> RequestFate {
    while cluster.is_waiting(NodeId::client(client)) {
        assert!(cluster.step(cx));
    }
    cluster.last().unwrap().fate
}

/// What a run's events tell is what the cluster is, on real stores too, whose disks fail.
#[test]
fn folding_the_events_gives_the_cluster() {
    let shelves = [ShelfKind::Memory, ShelfKind::Tree(Box::default()), ShelfKind::Lsm(Box::default())];
    for (seed, shelf) in (0..).zip(shelves) {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let options = Options { resolution: Resolution::Siblings, log_kept: 5, ..Options::default() };
        let mut cluster = Cluster::new(&mut cx, Setup { shelf, ..setup(options) }).unwrap();
        cx.recorder.switch(true);
        cluster.told_all();
        let mut state = cluster.state();
        let kinds = [&ALL[..], &[StormKind::Disk]].concat();
        let storm =
            Storm { kinds, nodes: NODES, from_ns: 0, to_ns: 500 * MS, faults: 15, skew_ns: 50 * MS, most_down: 2 };
        for (at_ns, action) in storm.schedule(seed) {
            cluster.schedule(at_ns, action);
        }
        cluster.start_load(&mut cx, Workload { operations: 60, ..workload() });
        cluster.run_until(&mut cx, 2_000 * MS);
        cx.recorder.trace.iter().for_each(|record| state.fold(&record.event));
        assert_eq!(state, cluster.state(), "seed {seed}");
        assert!(state.counts.done > 10, "{:?}", state.counts);
        assert_alike(&cluster, "after the storm");
    }
}

//! The protocol in a cluster: clients that write down what they are told, while the network and the nodes fail; judged by
//! the checkers of histories, that know nothing of quorums.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::*;
use crate::cluster::{Action, Arrival, Cluster, Keys, Options as Setup, Storm, StormKind, Workload};
use crate::message::{Answer, Call, Consistency};
use crate::shelf::ShelfKind;
use glassbase_history::convergence::{FinalState, check_convergence};
use glassbase_history::linearizable::{Limits, Model, Verdict, check};
use glassbase_history::regular::{RegularReport, check_regular};
use glassbase_sim::network::{Latency, Quality};
use glassbase_sim::{Cx, Generator};
use glassbase_trace::{Bytes, RequestFate};

const MS: u64 = 1_000_000;
const STORM_ENDS_NS: u64 = 1_500 * MS;

/// Time-outs that let much happen in a second.
fn hasty(options: Options) -> Options {
    let (suspect_ns, timeout_ns, probe_ns) = (20 * MS, 100 * MS, 40 * MS);
    Options { suspect_ns, timeout_ns, probe_ns, anti_entropy_ns: 50 * MS, ..options }
}

fn setup(options: Options, nodes: u16) -> Setup {
    let latency = Latency::Exponential { floor_ns: MS / 2, mean_ns: MS };
    let quality = Quality { latency, ..Quality::default() };
    Setup { quality, timeout_ns: 150 * MS, sticky: false, ..Setup::new(Rc::new(options), nodes) }
}

/// Everything that may happen to a cluster.
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

/// One client writes two keys and the others read them through a storm, and for a while after it.
fn through_a_storm(seed: u64, setup: Setup, workload: Workload, calm_ns: u64) -> (Cx, Cluster) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let nodes = setup.nodes;
    let mut cluster = Cluster::new(&mut cx, setup).unwrap();
    let (kinds, to_ns) = (ALL.to_vec(), STORM_ENDS_NS);
    let storm = Storm { kinds, nodes, from_ns: 0, to_ns, faults: 15, skew_ns: 200 * MS, most_down: 2 };
    for (at_ns, action) in storm.schedule(seed) {
        cluster.schedule(at_ns, action);
    }
    cluster.start_load(&mut cx, workload);
    cluster.run_until(&mut cx, STORM_ENDS_NS + calm_ns);
    (cx, cluster)
}

fn one_writer() -> Workload {
    Workload {
        operations: 150,
        writes_percent: 50,
        deletes_percent: 10,
        keys: Keys::Uniform { count: 2 },
        arrival: Arrival::Closed { think_ns: 15 * MS },
        single_writer: true,
        ..Workload::default()
    }
}

fn regularity(seed: u64, options: Options) -> RegularReport {
    let (_, cluster) = through_a_storm(seed, setup(hasty(options), 5), one_writer(), 500 * MS);
    check_regular(&cluster.history).unwrap()
}

/// The first seed at which a setting is caught.
fn first_irregular(options: &Options) -> Option<u64> {
    (0..200).find(|seed| !regularity(*seed, options.clone()).violations.is_empty())
}

fn by_clients() -> Options {
    Options { resolution: Resolution::ClientClock, ..Options::default() }
}

#[test]
fn overlapping_quorums_are_regular_through_every_storm() {
    let mut reads = 0;
    for seed in 0..300 {
        let (read, write) = [(2, 2), (1, 3), (3, 1)][seed as usize % 3];
        let read_repair = [ReadRepair::Off, ReadRepair::Background, ReadRepair::Blocking][seed as usize / 3 % 3];
        let options = Options { read, write, read_repair, ..by_clients() };
        assert!(options.overlaps());
        let report = regularity(seed, options);
        assert_eq!(report.violations, [], "seed {seed}");
        assert_eq!(report.several_writers, []);
        reads += report.reads;
    }
    assert!(reads > 10_000, "{reads} reads were answered");
}

#[test]
fn quorums_that_do_not_overlap_are_caught() {
    for (read, write) in [(1, 1), (1, 2), (2, 1)] {
        let options = Options { read, write, ..by_clients() };
        assert!(!options.overlaps());
        let caught = first_irregular(&options);
        assert!(caught.is_some(), "R = {read}, W = {write}");
    }
}

#[test]
fn a_sloppy_quorum_is_caught() {
    let caught = first_irregular(&Options { sloppy: true, ..by_clients() });
    assert!(caught.is_some());
}

/// A read that is over may be followed by one of an older version, unless each writes back what it has found: then the
/// register is linearizable (H. Attiya, A. Bar-Noy, D. Dolev, "Sharing Memory Robustly in Message-Passing Systems", 1995).
#[test]
fn a_blocking_repair_makes_the_register_linearizable() {
    let is_linearizable = |seed, read_repair| {
        let arrival = Arrival::Closed { think_ns: MS };
        let workload = Workload { deletes_percent: 0, operations: 300, arrival, ..one_writer() };
        let options = Options { read_repair, ..by_clients() };
        let (_, cluster) = through_a_storm(seed, setup(hasty(options), 5), workload, 500 * MS);
        match check(&cluster.history, Model::Map, Limits::default()).unwrap().verdict {
            Verdict::Holds(_) => true,
            Verdict::Violated(_) => false,
            Verdict::GaveUp { .. } => panic!("seed {seed} is too long for the checker"),
        }
    };
    assert!((0..100).all(|seed| is_linearizable(seed, ReadRepair::Blocking)));
    assert!(!(0..200).all(|seed| is_linearizable(seed, ReadRepair::Off)), "regular, and no more");
}

/// What the replicas of each key have at the end: the first replica of every key, the second, the third.
fn held(cluster: &Cluster) -> Vec<(u32, FinalState)> {
    let first: &Quorum = cluster.node(NodeId(1)).unwrap();
    let ring = first.ring();
    let mut replicas: Vec<(u32, FinalState)> =
        (0..ring.replicas()).map(|number| (number.into(), BTreeMap::new())).collect();
    for id in cluster.nodes() {
        let node: &Quorum = cluster.node(id).unwrap();
        for (key, values) in node.held() {
            let (range, _) = ring.place(ring::token(key));
            let number = ring.replicas_of(range).position(|replica| replica == id).unwrap();
            replicas[number].1.insert(key.clone(), values);
        }
    }
    replicas
}

fn roots_differ(cluster: &Cluster) -> bool {
    let first: &Quorum = cluster.node(NodeId(1)).unwrap();
    let roots = |range: u16| {
        let node = |id| cluster.node::<Quorum>(id).unwrap();
        first.ring().replicas_of(range).map(|id| node(id).range_root(range)).collect::<Vec<u64>>()
    };
    (0..5).any(|range| roots(range).windows(2).any(|pair| pair[0] != pair[1]))
}

#[test]
fn replicas_are_alike_after_every_storm() {
    let mut siblings = 0;
    for seed in 0..90 {
        let resolution = [Resolution::CoordinatorClock, Resolution::ClientClock, Resolution::Dotted][seed as usize % 3];
        let sloppy = seed % 2 == 0;
        let options = Options { resolution, sloppy, ..hasty(Options::default()) };
        let keys = Keys::Uniform { count: 12 };
        let workload = Workload { single_writer: false, keys, deletes_percent: 10, ..one_writer() };
        let (_, cluster) = through_a_storm(seed, setup(options, 5), workload, 5_000 * MS);
        assert!(!roots_differ(&cluster), "seed {seed}");
        let report = check_convergence(&cluster.history, &held(&cluster), cluster.options().protocol.kept()).unwrap();
        assert_eq!(report.diverged, [], "seed {seed}");
        if resolution != Resolution::CoordinatorClock {
            // By the clocks of coordinators that are off, writes that were acknowledged are lost: that is their nature.
            assert_eq!(report.lost, [], "seed {seed}");
        }
        for id in cluster.nodes() {
            let node: &Quorum = cluster.node(id).unwrap();
            assert_eq!(node.hints_held(), 0, "seed {seed}: {id} has handed off all that it kept for others");
            siblings += node.held().filter(|(_, values)| values.len() > 1).count();
        }
    }
    assert!(siblings > 0, "concurrent writes are kept side by side");
}

/// A cluster whose clients ask one thing after the other.
struct Played {
    cx: Cx,
    cluster: Cluster,
}

impl Played {
    fn new(options: Options, nodes: u16) -> Played {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let cluster = Cluster::new(&mut cx, Setup { retries: 0, ..setup(options, nodes) }).unwrap();
        Played { cx, cluster }
    }

    fn ask_with(&mut self, node: u16, call: Call, consistency: Consistency) -> (RequestFate, Option<Answer>) {
        let (client, key) = (NodeId::client(1), Bytes::typed("x"));
        self.cluster.ask(&mut self.cx, client, &key, call, consistency, Some(NodeId(node))).unwrap();
        while self.cluster.is_waiting(client) {
            assert!(self.cluster.step(&mut self.cx));
        }
        let last = self.cluster.last().unwrap();
        (last.fate, last.answer.clone())
    }

    fn ask(&mut self, node: u16, call: Call) -> (RequestFate, Option<Answer>) {
        self.ask_with(node, call, Consistency::Default)
    }

    fn put(&mut self, node: u16, value: &str) -> RequestFate {
        self.ask(node, Call::Put(Bytes::typed(value))).0
    }

    fn act(&mut self, action: Action) {
        self.cluster.inject(&mut self.cx, &action).unwrap();
    }

    fn wait(&mut self, ns: u64) {
        let until_ns = self.cx.now_ns() + ns;
        self.cluster.run_until(&mut self.cx, until_ns);
    }

    /// What a node itself has of x.
    fn has(&self, node: u16) -> Option<String> {
        let node: &Quorum = self.cluster.node(NodeId(node)).unwrap();
        node.held().find_map(|(_, values)| Some(values.first()?.to_string()))
    }

    fn cut_off(&mut self, node: u16) {
        self.act(Action::Partition(vec![vec![NodeId(node)]]));
    }
}

/// None of the ways in which replicas come together again.
fn apart() -> Options {
    Options { hinted_handoff: false, read_repair: ReadRepair::Off, ..hasty(Options::default()) }
}

#[test]
fn a_replica_that_was_away_learns_by_a_hint_by_a_read_or_by_hash_trees() {
    let alone = Options { anti_entropy_ns: 0, ..apart() };
    let ways = [
        (alone.clone(), false),
        (Options { hinted_handoff: true, ..alone.clone() }, true),
        (Options { read_repair: ReadRepair::Background, ..alone.clone() }, true),
        (Options { read_repair: ReadRepair::Blocking, read: 3, ..alone.clone() }, true),
        (Options { anti_entropy_ns: 50 * MS, ..alone }, true),
    ];
    for (options, learns) in ways {
        let mut played = Played::new(options.clone(), 3);
        played.cut_off(3);
        assert_eq!(played.put(1, "new"), RequestFate::Done);
        played.wait(200 * MS);
        assert_eq!(played.has(3), None);
        played.act(Action::Heal);
        played.wait(100 * MS);
        let read = played.ask(1, Call::Get);
        assert_eq!(read, (RequestFate::Done, Some(Answer::Value(Some(Bytes::typed("new"))))));
        let at_once = played.has(3);
        if options.read_repair == ReadRepair::Blocking {
            assert_eq!(at_once.as_deref(), Some("new"), "before the answer");
        }
        played.wait(2_000 * MS);
        assert_eq!(played.has(3).is_some(), learns, "{options:?}");
    }
}

#[test]
fn deleted_data_comes_back_after_a_grace_that_is_too_short() {
    for (grace_ns, comes_back) in [(300 * MS, true), (60_000 * MS, false)] {
        let mut played = Played::new(Options { grace_ns, ..apart() }, 3);
        assert_eq!(played.put(1, "milk"), RequestFate::Done);
        played.wait(100 * MS);
        assert_eq!(played.has(3).as_deref(), Some("milk"));
        played.cut_off(3);
        assert_eq!(played.ask(1, Call::Delete).0, RequestFate::Done);
        played.wait(1_000 * MS);
        assert_eq!(played.ask(1, Call::Get), (RequestFate::Done, Some(Answer::Value(None))), "two replicas agree");
        played.act(Action::Heal);
        played.wait(2_000 * MS);
        let read = played.ask(1, Call::Get).1;
        let expected = comes_back.then(|| Bytes::typed("milk"));
        assert_eq!(read, Some(Answer::Value(expected)), "grace {grace_ns} ns");
    }
}

#[test]
fn a_local_quorum_works_in_each_data_centre_while_the_link_is_cut() {
    let data_centres: Rc<[u8]> = Rc::new([0, 0, 0, 1, 1, 1]);
    let options = Options { replicas: 6, read: 4, write: 4, data_centres, ..hasty(Options::default()) };
    let mut played = Played::new(options, 6);
    played.act(Action::Partition(vec![[1, 2, 3].map(NodeId).to_vec(), [4, 5, 6].map(NodeId).to_vec()]));
    for node in [1, 5] {
        let call = || Call::Put(Bytes::typed(&format!("written at {node}")));
        assert_eq!(played.ask_with(node, call(), Consistency::LocalQuorum).0, RequestFate::Done);
        let fate = played.ask_with(node, call(), Consistency::Quorum).0;
        assert_ne!(fate, RequestFate::Done, "four of six are not on one side");
    }
    let read = played.ask_with(1, Call::Get, Consistency::LocalQuorum).1;
    assert_eq!(read, Some(Answer::Value(Some(Bytes::typed("written at 1")))));
    played.act(Action::Heal);
    played.wait(3_000 * MS);
    assert!((1..=6).all(|node| played.has(node) == played.has(1)));
}

/// What a run's events tell is what the cluster is, on real stores too, whose disks fail.
#[test]
fn folding_the_events_gives_the_cluster() {
    let shelves = [ShelfKind::Memory, ShelfKind::Tree(Box::default()), ShelfKind::Lsm(Box::default())];
    for (seed, shelf) in (0..).zip(shelves) {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let options = Options { sloppy: true, resolution: Resolution::Dotted, ..hasty(Options::default()) };
        let mut cluster = Cluster::new(&mut cx, Setup { shelf, ..setup(options, 5) }).unwrap();
        cx.recorder.switch(true);
        cluster.told_all();
        let mut state = cluster.state();
        let kinds = [&ALL[..], &[StormKind::Disk]].concat();
        let storm = Storm { kinds, nodes: 5, from_ns: 0, to_ns: 500 * MS, faults: 15, skew_ns: 50 * MS, most_down: 2 };
        for (at_ns, action) in storm.schedule(seed) {
            cluster.schedule(at_ns, action);
        }
        cluster.start_load(&mut cx, Workload { operations: 60, ..one_writer() });
        cluster.run_until(&mut cx, 1_000 * MS);
        cx.recorder.trace.iter().for_each(|record| state.fold(&record.event));
        assert_eq!(state, cluster.state(), "seed {seed}");
        assert!(state.counts.done > 10, "{:?}", state.counts);
    }
}

/// Reads of one key that is written now and then, with nothing that repairs: how stale they are, by the time since the
/// write, in classes of 5 ms.
fn measured_staleness(read: u16, write: u16, quality: &Quality) -> Vec<(u64, u64)> {
    let mut cx = Cx::new(7);
    cx.recorder.switch(false);
    let options = Options { read, write, anti_entropy_ns: 0, suspect_ns: 500 * MS, timeout_ns: 1_000 * MS, ..apart() };
    // Nodes that are never busy: as the model has it.
    let setup =
        Setup { quality: quality.clone(), service_ns: 0, clients: 9, timeout_ns: 1_000 * MS, ..setup(options, 5) };
    let mut cluster = Cluster::new(&mut cx, setup).unwrap();
    near_clients(&mut cluster);
    let keys = Keys::Uniform { count: 1 };
    let (writes_percent, operations) = (100, 60_000);
    let arrival = Arrival::Closed { think_ns: 60 * MS };
    let load = Workload { writes_percent, operations, keys, arrival, single_writer: true, ..Workload::default() };
    cluster.start_load(&mut cx, load);
    while cluster.load_progress().0 < operations && cluster.step(&mut cx) {}
    let mut classes = vec![(0, 0); 8];
    for sample in &cluster.measures.staleness {
        if let Some(class) = classes.get_mut((sample.since_write_ns / (5 * MS)) as usize) {
            class.0 += 1;
            class.1 += u64::from(sample.stale);
        }
    }
    classes
}

fn foretold(read: u16, write: u16, quality: &Quality) -> prediction::Prediction {
    let between = |random: &mut Generator, _: u16| prediction::message_ns(quality, random);
    let client = |_: &mut Generator, _: u16| CLIENT_NS;
    let latencies = prediction::Latencies {
        write: &between,
        acknowledgement: &between,
        read: &between,
        answer: &between,
        client: &client,
    };
    let setting = prediction::Setting { replicas: 3, read, write, coordinators: 5 };
    prediction::Prediction::new(setting, latencies, 100_000, 1)
}

/// Clients are next to every node: hardly any of the spreading of a write is over when they go on.
fn near_clients(cluster: &mut Cluster) {
    let near = Quality { latency: Latency::Fixed { ns: CLIENT_NS }, ..Quality::default() };
    for client in (1..=9).map(NodeId::client) {
        for node in cluster.nodes() {
            cluster.network.set_link(client, node, near.clone());
            cluster.network.set_link(node, client, near.clone());
        }
    }
}

const CLIENT_NS: u64 = 50_000;

#[test]
fn staleness_is_what_the_latencies_foretell() {
    // Messages do not wait for each other.
    let latency = Latency::Exponential { floor_ns: MS / 4, mean_ns: 4 * MS };
    let quality = Quality { latency, reordering: 1.0, ..Quality::default() };
    for (read, write) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let foretold = foretold(read, write, &quality);
        let mut stale = 0;
        for (class, (reads, stales)) in (0..).zip(measured_staleness(read, write, &quality)) {
            assert!(reads > 1_000, "{reads} reads in class {class}");
            let measured = stales as f64 / reads as f64;
            let expected = (0..5).map(|ms| foretold.stale(class * 5 * MS + ms * MS + MS / 2)).sum::<f64>() / 5.0;
            let deviation = (expected * (1.0 - expected) / reads as f64).sqrt();
            assert!(
                (measured - expected).abs() < 3.5 * deviation + 0.003,
                "R = {read}, W = {write}, {class}: {measured} for {expected}"
            );
            stale += stales;
        }
        assert_eq!(stale == 0, read + write > 3, "{stale} stale reads");
    }
}

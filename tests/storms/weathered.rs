//! Raft as it should be: no storm breaks a promise, and after each there is progress.
//!
//! 2,000 seeds; `make storms` tries more. A storm in which nothing is committed proves nothing, so that is counted too.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use glassbase_core::replication::cluster::{Action, Fault, Protocol, Watch};
use glassbase_core::replication::node::Node;
use glassbase_core::replication::raft::Raft;
use glassbase_core::trace::NodeId;

use crate::plan::{Deed, Kind, Maker, Plan};
use crate::run::{Found, Outcome, run, run_guarded};
use crate::shrink::shrink;

/// When the storm begins, when it is over, and when the run ends.
const BEGIN_MS: u64 = 250;
const CALM_MS: u64 = 2_300;
const END_MS: u64 = 5_000;

const FAULTS: [Kind; 12] = [
    Kind::Partition,
    Kind::Lone,
    Kind::OneWay,
    Kind::OneWay,
    Kind::Crash,
    Kind::Crash,
    Kind::Blink,
    Kind::Blackout,
    Kind::Pause,
    Kind::Slow,
    Kind::Drift,
    Kind::Weather,
];

/// How many times as many seeds as in `make test`.
fn effort() -> u64 {
    std::env::var("STORM_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// What a family of storms came to.
#[derive(Default)]
struct Tally {
    runs: u64,
    committed: u64,
    done: u64,
    down: u64,
    replaced: u64,
    changed: u64,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.committed += outcome.committed;
        self.done += outcome.done;
        self.down += outcome.down;
        self.replaced += outcome.replaced;
        self.changed += u64::from(outcome.changed);
    }

    fn report(&self, name: &str) {
        println!(
            "{name}: {} storms, {} entries committed, {} operations done, {} members changed, {} machines replaced, {} nodes stay down",
            self.runs, self.committed, self.done, self.changed, self.replaced, self.down
        );
    }
}

/// A failing run, made short, as a script.
fn tell(plan: &Plan, found: &Found) -> String {
    let short = shrink(plan, &found.check);
    let verdict = if found.check == "linearizable" { "linearizable violated" } else { "safety violated" };
    let script = short.script(&found.text, verdict);
    format!("seed {} of this family: {}: {}\n{script}", plan.seed, found.check, found.text)
}

/// Settings that differ from seed to seed.
fn vary(maker: &mut Maker) {
    let latency = maker.one_of(&["1ms", "3ms", "10ms"]);
    let spread = maker.one_of(&["uniform", "exponential", "log-normal"]);
    let pre_vote = maker.one_of(&["yes", "yes", "no"]);
    let max_entries = maker.one_of(&["1", "3", "64"]);
    let snapshot_entries = maker.one_of(&["8", "20", "1000"]);
    let sticky = maker.one_of(&["yes", "no"]);
    for (name, value) in [
        ("latency", latency),
        ("spread", spread),
        ("pre_vote", pre_vote),
        ("max_entries", max_entries),
        ("snapshot_entries", snapshot_entries),
        ("sticky", sticky),
    ] {
        maker.set(name, value);
    }
}

/// Reads by lease are promised as long as no clock jumps; all others always.
fn reads(maker: &mut Maker) -> (Vec<Kind>, &'static [&'static str]) {
    let mut kinds = FAULTS.to_vec();
    let jumps = maker.one_of(&[true, false]);
    if jumps {
        kinds.push(Kind::Clock);
        let reads = maker.one_of(&["read-index", "log"]);
        maker.set("reads", reads);
        return (kinds, &["default", "read-index"]);
    }
    let reads = maker.one_of(&["read-index", "lease"]);
    maker.set("reads", reads);
    (kinds, &["default", "read-index", "lease"])
}

fn voters(seed: u64, nodes: u16) -> Plan {
    let mut maker = Maker::new("voters", seed, nodes);
    vary(&mut maker);
    let (kinds, levels) = reads(&mut maker);
    maker.operations(60, 100, CALM_MS + 500, levels);
    let faults = maker.between(4, 14);
    maker.faults(faults, BEGIN_MS, CALM_MS, &kinds);
    for _ in 0..maker.random.below(3) {
        let (at_ms, client, node) = (maker.between(BEGIN_MS, CALM_MS), 1 + (seed % 3) as u16, maker.node());
        maker.add(at_ms, Deed::Transfer { client, node });
    }
    maker.calm(CALM_MS);
    maker.done(END_MS)
}

/// Five machines, three of them members at first: they come and go, some come back empty.
fn members(seed: u64) -> Plan {
    let mut maker = Maker::new("members", seed, 5);
    maker.set("members", 3);
    vary(&mut maker);
    let (kinds, levels) = reads(&mut maker);
    maker.operations(50, 100, CALM_MS + 500, levels);
    let faults = maker.between(2, 9);
    maker.faults(faults, BEGIN_MS, CALM_MS, &kinds);
    for _ in 0..maker.between(4, 9) {
        let (at_ms, client, node) = (maker.between(BEGIN_MS, CALM_MS), maker.between(1, 4) as u16, maker.node());
        let deed = match maker.random.below(8) {
            0..4 => Deed::Add { client, node },
            4..7 => Deed::Remove { client, node },
            _ => Deed::Transfer { client, node },
        };
        maker.add(at_ms, deed);
    }
    maker.calm(CALM_MS);
    // One leaves for good, and a new machine of its name comes in its place.
    let node = maker.node();
    let at_ms = CALM_MS + 2_200;
    for (after_ms, deed) in [
        (0, Deed::Remove { client: 1, node }),
        (1_000, Deed::Fault(Action::Crash(node))),
        (1_020, Deed::Replace(node)),
        (1_040, Deed::Fault(Action::Restart(node))),
        (1_100, Deed::Add { client: 2, node }),
    ] {
        maker.add(at_ms + after_ms, deed);
    }
    maker.put(at_ms + 2_000, 3, "y", None);
    maker.done(at_ms + 3_000)
}

/// Nodes with disks that lose what was not synced, tear writes, fail reads and run full.
fn disks(seed: u64) -> Plan {
    let mut maker = Maker::new("disks", seed, 3);
    let store = maker.one_of(&["btree", "lsm"]);
    let device = maker.one_of(&["nvme", "ssd"]);
    maker.set("store", store);
    maker.set("device", device);
    vary(&mut maker);
    let (mut kinds, levels) = reads(&mut maker);
    kinds.extend([Kind::Crash, Kind::Blackout, Kind::Disk(Fault::ReadFails), Kind::Disk(Fault::DiskFull)]);
    maker.operations(50, 100, CALM_MS + 500, levels);
    let faults = maker.between(4, 12);
    maker.faults(faults, BEGIN_MS, CALM_MS, &kinds);
    maker.calm(CALM_MS);
    maker.done(END_MS)
}

fn all_hold(name: &str, seeds: u64, plan: impl Fn(u64) -> Plan) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..seeds * effort() {
        let plan = plan(seed);
        let outcome = run(&plan);
        if let Some(found) = &outcome.found {
            panic!("{}", tell(&plan, found));
        }
        tally.add(&outcome);
    }
    tally.report(name);
    assert!(tally.committed > 20 * tally.runs, "hardly anything was committed: {}", tally.committed);
    assert!(tally.done > 15 * tally.runs, "hardly anybody was served: {}", tally.done);
    tally
}

#[test]
fn three_voters_weather_600_storms() {
    all_hold("three voters", 600, |seed| voters(seed, 3));
}

#[test]
fn five_voters_weather_500_storms() {
    all_hold("five voters", 500, |seed| voters(seed, 5));
}

#[test]
fn members_come_and_go_in_500_storms() {
    let tally = all_hold("members", 500, members);
    assert!(tally.changed > tally.runs / 3, "hardly any change came about: {}", tally.changed);
    assert!(tally.replaced > tally.runs / 5, "hardly any machine was replaced: {}", tally.replaced);
}

#[test]
fn disks_fail_in_400_storms() {
    all_hold("disks", 400, disks);
}

/// The protocol, and beside its own watch one that looks whether a node comes back with all that it had promised.
#[derive(Debug)]
struct Wary(Rc<dyn Protocol>);

impl Protocol for Wary {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        self.0.node(me, members)
    }

    fn watch(&self) -> Option<Box<dyn Watch>> {
        Some(Box::new(Memory { watch: self.0.watch()?, promised: BTreeMap::new(), is_back: BTreeMap::new() }))
    }
}

/// Term, vote, and term and index of the last entry.
type Promise = (u64, Option<NodeId>, u64, u64);

#[derive(Clone)]
struct Memory {
    watch: Box<dyn Watch>,
    promised: BTreeMap<NodeId, Promise>,
    is_back: BTreeMap<NodeId, bool>,
}

impl Watch for Memory {
    fn after(&mut self, node: NodeId, state: &dyn Any) -> Result<(), String> {
        let Some(raft) = state.downcast_ref::<Raft>() else { return Ok(()) };
        let (term, vote, log) = (raft.term(), raft.voted_for(), raft.log());
        let now = (term, vote, log.last_term(), log.last_index());
        let before = self.promised.insert(node, now);
        if let (Some(false), Some(before)) = (self.is_back.insert(node, true), before) {
            let is_vote_lost = term == before.0 && before.1.is_some() && vote != before.1;
            if term < before.0 || is_vote_lost || (now.2, now.3) < (before.2, before.3) {
                return Err(format!("forgotten: {node} comes back with less than it promised to keep"));
            }
        }
        self.watch.after(node, state)
    }

    fn crashed(&mut self, node: NodeId) {
        self.is_back.insert(node, false);
        self.watch.crashed(node);
    }

    fn clone_box(&self) -> Box<dyn Watch> {
        Box::new(self.clone())
    }
}

/// One disk turns a bit over. The node that finds out stops for good, and the two others go on. What nobody can find out:
/// whether the last record of a log is damaged, or was being written when the power failed. If a node comes back without
/// it, the disk has broken its word, and what follows proves nothing; such runs are counted.
#[test]
fn a_damaged_disk_stops_its_node_and_no_other() {
    let (mut tally, mut unnoticed) = (Tally::default(), 0);
    for seed in 0..300 * effort() {
        let mut maker = Maker::new("damage", seed, 3);
        let store = maker.one_of(&["btree", "lsm"]);
        maker.set("store", store);
        maker.set("snapshot_entries", 20);
        maker.operations(60, 100, CALM_MS + 500, &["default", "read-index", "lease"]);
        let node = maker.node();
        let after_operations = maker.random.below(60);
        maker.add(BEGIN_MS, Deed::Fault(Action::Disk { node, after_operations, fault: Fault::FlipBit }));
        for _ in 0..3 {
            let at_ms = maker.between(800, CALM_MS - 100);
            maker.add(at_ms, Deed::Fault(Action::Crash(node)));
            maker.add(at_ms + 50, Deed::Fault(Action::Restart(node)));
        }
        maker.calm(CALM_MS);
        let plan = maker.done(END_MS);
        let outcome = run_guarded(&plan, |protocol| Rc::new(Wary(protocol)));
        match &outcome.found {
            Some(found) if found.check == "forgotten" => unnoticed += 1,
            Some(found) => panic!("seed {seed}: {}: {}", found.check, found.text),
            None => tally.add(&outcome),
        }
    }
    tally.report("damage");
    println!("damage: in {unnoticed} more the last record of a log was damaged, which looks like a torn write");
    assert!(tally.down > 50 * effort(), "hardly any node found out: {}", tally.down);
    assert!(unnoticed < tally.runs / 4, "{unnoticed} nodes came back with less than they had promised");
    assert!(tally.committed > 20 * tally.runs, "hardly anything was committed: {}", tally.committed);
}

//! Raft broken on purpose: each setting that breaks it is caught within 200 seeds, and the run that catches it becomes a
//! short script, which comes to the same verdict in the lab.

use glassbase_core::lab::{Progress, Session};
use glassbase_core::replication::cluster::Action;
use glassbase_core::replication::raft::ELECTION;
use glassbase_core::trace::NodeId;

use crate::plan::{Deed, Kind, Maker, Plan};
use crate::run::{Found, run};
use crate::shrink::shrink;

/// Seeds in which a setting has to be caught.
const SEEDS: u64 = 200;
/// Longest script, in deeds.
const DEEDS_MAX: usize = 12;

/// Seeds that are made short, of those that are caught: what is left of the shortest counts.
const SHORTENED: usize = 4;

/// The seeds that are caught, and by what.
fn caught(plan: impl Fn(u64) -> Plan) -> Vec<(Plan, Found)> {
    let plans = (0..SEEDS).map(plan);
    plans.filter_map(|plan| run(&plan).found.map(|found| (plan, found))).collect()
}

/// A setting is caught, by a check that one expects; what is left of the run is short and is violated in the lab too. The
/// same plans without the setting violate nothing.
fn is_caught(name: &str, checks: &[&str], plan: impl Fn(u64, bool) -> Plan) {
    let caught = caught(|seed| plan(seed, true));
    for (plan, found) in &caught {
        assert!(checks.contains(&&*found.check), "{name}: seed {}: {}: {}", plan.seed, found.check, found.text);
    }
    let shortened = caught.iter().take(SHORTENED).map(|(plan, found)| (shrink(plan, &found.check), plan, found));
    let shortest = shortened.min_by_key(|(short, ..)| short.steps.len());
    let (short, long, found) = shortest.unwrap_or_else(|| panic!("{name} is not caught within {SEEDS} seeds"));
    let again = run(&short).found.expect("it fails as before");
    assert_eq!(again.check, found.check);
    let verdict = if found.check == "linearizable" { "linearizable violated" } else { "safety violated" };
    let script = short.script(&format!("{name}. {}", again.text), verdict);
    let (count, first, left) = (caught.len(), caught[0].0.seed, short.steps.len());
    println!(
        "{name}: caught in {count} of {SEEDS} seeds, first in {first}; {left} of {} deeds left\n{script}",
        long.steps.len()
    );
    assert!(short.steps.len() <= DEEDS_MAX, "{} deeds:\n{script}", short.steps.len());
    let mut session = Session::new(&script);
    while session.step(5000) != Progress::Idle {}
    assert!(session.problems().is_empty(), "{script}");
    assert_eq!(session.expectations(), (1, 0), "the lab comes to another verdict:\n{script}");
    // It is the setting that does it.
    for seed in [long.seed, long.seed + 1] {
        let fair = run(&plan(seed, false));
        assert_eq!(fair.found, None, "{name}, but set right, seed {seed}");
    }
}

#[test]
fn a_forgotten_vote_is_caught() {
    is_caught("The vote is forgotten in a crash", &["election safety"], |seed, broken| {
        let mut maker = Maker::new("vote", seed, 3);
        for (name, value) in [("pre_vote", "no"), ("spread", "exponential"), ("latency", "30ms")] {
            maker.set(name, value);
        }
        if broken {
            maker.set("persist_vote", "no");
        }
        // All are down for a moment; when nobody is loyal to a leader any more, two of them stand for election, and the
        // third is down for a moment.
        for begin_ms in (300..3_000).step_by(500) {
            let [one, other, third] = maker.shuffled();
            for node in [one, other, third] {
                maker.add(begin_ms, Deed::Fault(Action::Crash(node)));
                maker.add(begin_ms + 1, Deed::Fault(Action::Restart(node)));
            }
            let first_ms = begin_ms + 152;
            let (second_ms, crash_ms) = (first_ms + maker.between(0, 10), first_ms + maker.between(15, 60));
            maker.add(first_ms, timeout(one));
            maker.add(second_ms, timeout(other));
            maker.add(crash_ms, Deed::Fault(Action::Crash(third)));
            maker.add(crash_ms + 2, Deed::Fault(Action::Restart(third)));
        }
        maker.done(3_200)
    });
}

#[test]
fn the_commit_of_old_terms_is_caught() {
    is_caught("Entries of old terms are committed by counting", &["leader completeness"], |seed, broken| {
        let mut maker = Maker::new("old terms", seed, 3);
        for (name, value) in [("pre_vote", "no"), ("no_op", "no"), ("max_entries", "1")] {
            maker.set(name, value);
        }
        if broken {
            maker.set("commit_old_terms", "yes");
        }
        maker.set("spread", "fixed");
        // Figure 8 of the paper with three nodes, at about the right moments: (a) one leads and is cut off with an entry;
        // (b) another is elected, and cut off with an entry of its own; (c) the first is back, leads a later term, and
        // brings its entry to the third; (d) it is cut off, and the second leads again.
        let begin_ms = maker.between(400, 440);
        let [one, other, third] = maker.shuffled();
        let (cut, at) =
            (|alone, rest: [NodeId; 2]| Deed::Fault(Action::Partition(vec![vec![alone], rest.to_vec()])), begin_ms);
        maker.add(at, cut(one, [other, third]));
        maker.put(at + 2, 1, "x", Some(one.0));
        let at = at + maker.between(155, 170);
        maker.add(at, timeout(other));
        let at = at + maker.between(20, 32);
        maker.add(at, cut(other, [one, third]));
        maker.put(at + 1, 2, "x", Some(other.0));
        let at = at + maker.between(155, 170);
        maker.add(at, timeout(one));
        let at = at + maker.between(40, 90);
        maker.add(at, cut(one, [other, third]));
        let at = at + maker.between(155, 170);
        maker.add(at, timeout(other));
        let end_ms = at + 100;
        maker.done(end_ms + 300)
    });
}

#[test]
fn what_is_not_synced_is_caught() {
    let checks = ["election safety", "log matching", "leader completeness", "state machine safety", "linearizable"];
    is_caught("Nothing is synced before it is promised", &checks, |seed, broken| {
        let mut maker = Maker::new("sync", seed, 3);
        if broken {
            maker.set("sync", "no");
        }
        maker.operations(40, 200, 2_000, &["default"]);
        maker.faults(8, 300, 2_000, &[Kind::Blackout, Kind::Crash, Kind::Blink]);
        maker.done(2_500)
    });
}

/// A node loses patience with its leader.
fn timeout(node: NodeId) -> Deed {
    Deed::Fault(Action::Expire { node, timer: ELECTION })
}

/// One leads alone and is read from, while the others elect another and write.
fn read_the_old_leader(maker: &mut Maker, level: &'static str) {
    let end_ms = 3_000;
    for at_ms in (300..end_ms).step_by(8) {
        let to = maker.one_of(&[1, 2, 3]);
        maker.add(at_ms, Deed::Get { client: 1, key: "x", level, to: Some(to) });
        if at_ms % 3 == 0 {
            let to = maker.one_of(&[1, 2, 3]);
            maker.put(at_ms + 3, 2, "x", Some(to));
        }
    }
    for begin_ms in (400..end_ms).step_by(600) {
        maker.fault(Kind::Lone, begin_ms, begin_ms + 450);
    }
}

#[test]
fn a_lease_that_ignores_drift_is_caught() {
    is_caught("The lease trusts the clocks to run alike", &["linearizable"], |seed, broken| {
        let mut maker = Maker::new("lease", seed, 3);
        for (name, value) in [("latency", "1ms"), ("timeout", "20ms"), ("pre_vote", "no"), ("election", "300ms")] {
            maker.set(name, value);
        }
        if broken {
            maker.set("lease_ignores_drift", "yes");
        }
        let slow = maker.node();
        for node in [1, 2, 3].map(NodeId) {
            let ppm = if node == slow { -100_000 } else { 100_000 };
            maker.add(1, Deed::Fault(Action::Drift { node, ppm }));
        }
        read_the_old_leader(&mut maker, "lease");
        maker.done(3_200)
    });
}

#[test]
fn a_lease_is_broken_by_a_clock_that_jumps() {
    is_caught("A clock jumps, and reads go by lease", &["linearizable"], |seed, broken| {
        let mut maker = Maker::new("jump", seed, 3);
        for (name, value) in [("latency", "1ms"), ("timeout", "20ms"), ("pre_vote", "no")] {
            maker.set(name, value);
        }
        read_the_old_leader(&mut maker, if broken { "lease" } else { "read-index" });
        maker.faults(12, 300, 3_000, &[Kind::Clock]);
        maker.done(3_200)
    });
}

#[test]
fn a_read_without_asking_is_caught() {
    is_caught("A leader reads without asking whether it still is one", &["linearizable"], |seed, broken| {
        let mut maker = Maker::new("unconfirmed", seed, 3);
        for (name, value) in [("latency", "1ms"), ("timeout", "20ms"), ("pre_vote", "no")] {
            maker.set(name, value);
        }
        if broken {
            maker.set("confirm_reads", "no");
        }
        read_the_old_leader(&mut maker, "read-index");
        maker.done(3_200)
    });
}

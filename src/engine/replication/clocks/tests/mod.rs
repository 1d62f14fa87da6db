//! Four clocks on the same events, beside what is known of the events themselves.

mod storms;

use std::collections::{BTreeMap, BTreeSet};

use super::super::puppet::Puppet;
use super::super::{Consistency, RequestId};
use super::*;
use glassbase_sim::Generator;

const MS: u64 = 1_000_000;

fn cluster(count: u16, options: Options) -> Puppet {
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    Puppet::new(count, move |me| node(me, &members, &options))
}

fn put(puppet: &mut Puppet, to: u16, key: &str, value: &str) -> RequestId {
    puppet.ask(1, NodeId(to), key, Call::Put(Bytes::typed(value)), Consistency::Default)
}

/// The stamp of a write that was answered.
fn answered(puppet: &Puppet, id: RequestId) -> Option<u64> {
    puppet.answers.iter().find(|(_, response)| response.id == id).map(|(_, response)| response.version)
}

/// An event: what happened at which node, and all events that can have caused it.
#[derive(Clone)]
struct Known {
    past: BTreeSet<usize>,
    stamps: Stamps,
    clock_ns: u64,
}

/// Random events and messages on nodes whose clocks are off, with the causal history of each event kept as a set.
fn random_events(seed: u64, skews_ms: [i64; 3]) -> Vec<Known> {
    let mut random = Generator::new(seed, "events");
    let mut puppet = cluster(3, Options { commit_wait: false, tell: true });
    puppet.now_ns = 10_000 * MS;
    for (node, ms) in (1..=3).zip(skews_ms) {
        puppet.skew_ns.insert(NodeId(node), ms * MS as i64);
    }
    let mut events: Vec<Known> = Vec::new();
    let mut pasts: BTreeMap<NodeId, BTreeSet<usize>> = BTreeMap::new();
    // What was known at the sending of each message, by the stamp that it carries.
    let mut sent: BTreeMap<Vec<u8>, BTreeSet<usize>> = BTreeMap::new();
    for _ in 0..60 {
        puppet.now_ns += random.below(20) * MS;
        let mut at = NodeId(1 + random.below(3) as u16);
        if puppet.pending.is_empty() || random.below(2) == 0 {
            let key = random.below(3).to_string();
            let call = if random.below(3) == 0 { Call::Get } else { Call::Put(Bytes::typed("x")) };
            puppet.ask(1, at, &key, call, Consistency::Default);
        } else {
            let pending = puppet.pending.remove(random.below(puppet.pending.len() as u64) as usize);
            at = pending.to;
            if let Wired::Clocks(Message::Told(told)) = &pending.message {
                let known = sent[&told.stamps.to_bytes()].clone();
                pasts.entry(at).or_default().extend(known);
            }
            puppet.hand(pending.from, pending.to, pending.message);
        }
        let stamps = puppet.node::<Clocks>(at).stamps().clone();
        let past = pasts.entry(at).or_default();
        let clock_ns = puppet.now_ns.saturating_add_signed(puppet.skew_ns[&at]);
        events.push(Known { past: past.clone(), stamps: stamps.clone(), clock_ns });
        past.insert(events.len() - 1);
        sent.insert(stamps.to_bytes(), past.clone());
    }
    events
}

#[test]
fn each_clock_keeps_what_it_promises() {
    let (mut concurrent, mut lamport_misleads, mut clock_misleads) = (0, 0, 0);
    for seed in 0..60 {
        let events = random_events(seed, [0, 40, -40]);
        for (later_at, later) in events.iter().enumerate() {
            for (earlier_at, earlier) in events.iter().enumerate().filter(|(at, _)| *at != later_at) {
                let caused = later.past.contains(&earlier_at);
                if caused {
                    assert!(earlier.stamps.lamport < later.stamps.lamport, "the clock condition");
                    assert!(earlier.stamps.hybrid < later.stamps.hybrid);
                    clock_misleads += u32::from(earlier.clock_ns > later.clock_ns);
                }
                let before = earlier.stamps.vector.compare(&later.stamps.vector) == Some(std::cmp::Ordering::Less);
                assert_eq!(before, caused, "a vector is smaller if and only if the event came before");
                if !caused && !events[earlier_at].past.contains(&later_at) {
                    concurrent += 1;
                    lamport_misleads += u32::from(earlier.stamps.lamport < later.stamps.lamport);
                }
            }
        }
        let mut most_ahead = 0;
        for event in &events {
            most_ahead = most_ahead.max(event.clock_ns);
            assert!(event.stamps.hybrid.wall_ns >= event.clock_ns, "not behind the node's own clock");
            assert!(event.stamps.hybrid.wall_ns <= most_ahead, "nor ahead of every clock");
        }
    }
    assert!(concurrent > 100 && lamport_misleads > 100, "a smaller Lamport number says nothing of concurrent events");
    assert!(clock_misleads > 100, "the time of day alone puts effects before their causes");
}

#[test]
fn a_hybrid_clock_that_is_in_step_counts_little() {
    for seed in 0..20 {
        let most = random_events(seed, [0, 0, 0]).iter().map(|event| event.stamps.hybrid.count).max();
        assert!(most < Some(10), "{most:?}");
    }
}

#[test]
fn commit_wait_holds_the_answer_until_the_stamp_is_past() {
    let mut puppet = cluster(2, Options::default());
    (puppet.now_ns, puppet.uncertainty_ns) = (1_000 * MS, 7 * MS);
    let id = put(&mut puppet, 1, "x", "1");
    assert_eq!(answered(&puppet, id), None);
    let timer = puppet.timers(NodeId(1))[0];
    puppet.now_ns += 14 * MS;
    puppet.fire(NodeId(1), timer);
    assert_eq!(answered(&puppet, id), None, "it is exactly the stamp: not yet certainly past");
    puppet.now_ns += 1;
    puppet.fire(NodeId(1), timer);
    assert_eq!(answered(&puppet, id), Some(1_007 * MS));
    puppet.settle();
    let read = puppet.ask(2, NodeId(2), "x", Call::Get, Consistency::Default);
    assert_eq!(answered(&puppet, read), Some(1_007 * MS));
    puppet.compare("clocks/transcripts/commit_wait.txt");
}

/// One write after another was answered, at nodes whose clocks are off by at most `skew_ms`: whether the stamps are in that
/// order, each time.
fn is_external(seed: u64, commit_wait: bool, skew_ms: i64, uncertainty_ms: u64) -> bool {
    let mut random = Generator::new(seed, "external");
    let mut puppet = cluster(3, Options { commit_wait, tell: false });
    (puppet.now_ns, puppet.uncertainty_ns) = (1_000 * MS, uncertainty_ms * MS);
    for node in 1..=3 {
        let off = random.below(2 * skew_ms as u64 * MS + 1) as i64 - skew_ms * MS as i64;
        puppet.skew_ns.insert(NodeId(node), off);
    }
    let mut last = 0;
    for _ in 0..10 {
        puppet.now_ns += random.below(3 * MS);
        let at = 1 + random.below(3) as u16;
        let id = put(&mut puppet, at, "x", "1");
        if commit_wait {
            let timer = puppet.timers(NodeId(at))[0];
            puppet.now_ns += 2 * uncertainty_ms * MS + 1;
            // A stamp that was moved behind the last one of this node takes longer.
            while answered(&puppet, id).is_none() {
                puppet.fire(NodeId(at), timer);
                puppet.now_ns += MS;
            }
        }
        let stamp = answered(&puppet, id).unwrap();
        if stamp <= last {
            return false;
        }
        last = stamp;
    }
    true
}

#[test]
fn commit_wait_makes_stamps_follow_the_true_order() {
    assert!((0..300).all(|seed| is_external(seed, true, 10, 10)), "no clock is further off than it says");
    assert!(!(0..300).all(|seed| is_external(seed, false, 10, 10)), "without waiting");
    assert!(!(0..300).all(|seed| is_external(seed, true, 100, 10)), "clocks are further off than they say");
}

#[test]
fn clocks_outlive_a_crash() {
    let mut puppet = cluster(2, Options { commit_wait: false, tell: true });
    puppet.skew_ns.insert(NodeId(1), 500 * MS as i64);
    put(&mut puppet, 1, "x", "1");
    put(&mut puppet, 1, "x", "2");
    puppet.settle();
    for node in 1..=2 {
        let before = puppet.node::<Clocks>(NodeId(node)).stamps().clone();
        puppet.crash(NodeId(node), 1);
        puppet.start(NodeId(node));
        assert_eq!(*puppet.node::<Clocks>(NodeId(node)).stamps(), before);
        let read = puppet.ask(1, NodeId(node), "x", Call::Get, Consistency::Default);
        assert_eq!(answered(&puppet, read), Some(500 * MS + 1));
    }
}

#[test]
fn a_clock_that_is_ahead_wins() {
    let mut puppet = cluster(2, Options { commit_wait: false, tell: true });
    puppet.skew_ns.insert(NodeId(1), 2_000 * MS as i64);
    put(&mut puppet, 1, "x", "first");
    puppet.settle();
    puppet.now_ns += MS;
    put(&mut puppet, 2, "x", "second");
    puppet.settle();
    for node in 1..=2 {
        let held = &puppet.node::<Clocks>(NodeId(node)).values.get(&Bytes::typed("x")).unwrap();
        assert_eq!(held.value, Some(Bytes::typed("first")));
    }
    puppet.compare("clocks/transcripts/ahead.txt");
}

//! Version vectors beside what they stand for: explicit sets of events.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use glassbase_sim::Generator;

type Events = BTreeSet<Dot>;

fn vector_of(random: &mut Generator) -> VersionVector {
    let mut vector = VersionVector::default();
    for node in 1..=4 {
        vector.raise(NodeId(node), random.below(4));
    }
    vector
}

fn events_of(vector: &VersionVector) -> Events {
    vector.iter().flat_map(|last| (1..=last.count).map(move |count| Dot { node: last.node, count })).collect()
}

#[test]
fn a_vector_is_a_set_of_events() {
    let mut random = Generator::new(1, "vectors");
    let mut seen = BTreeSet::new();
    for _ in 0..20_000 {
        let (mut one, other) = (vector_of(&mut random), vector_of(&mut random));
        let (ones, others) = (events_of(&one), events_of(&other));
        let order = match (ones.is_superset(&others), others.is_superset(&ones)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        };
        seen.insert(order);
        assert_eq!(one.compare(&other), order, "{} and {}", one.text(), other.text());
        assert!(order != Some(Ordering::Less) || one.total() < other.total());
        let dot = Dot { node: NodeId(1 + random.below(4) as u16), count: 1 + random.below(4) };
        assert_eq!(one.covers(dot), ones.contains(&dot));
        assert_eq!(VersionVector::from_bytes(&one.to_bytes()), Some(one.clone()));
        one.join(&other);
        assert_eq!(events_of(&one), &ones | &others);
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn strange_bytes_are_no_vector() {
    let mut good = VersionVector::default();
    good.raise(NodeId(1), 3);
    good.raise(NodeId(2), 1);
    let bytes = good.to_bytes();
    assert_eq!(VersionVector::from_bytes(&[]), None);
    for length in 0..bytes.len() {
        assert_eq!(VersionVector::from_bytes(&bytes[..length]), None);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(VersionVector::from_bytes(&longer), None);
    let mut twice = bytes;
    twice[12..14].copy_from_slice(&[0, 1]);
    assert_eq!(VersionVector::from_bytes(&twice), None, "the same node twice");
}

/// A version as it is defined: its own event, and the events in its past.
#[derive(Clone, PartialEq)]
struct Causal {
    event: Dot,
    past: Events,
}

/// The same store twice: with dotted version vectors, and with sets of events.
#[derive(Clone, Default)]
struct Twice {
    dotted: Siblings<()>,
    causal: Vec<Causal>,
}

impl Twice {
    fn check(&self) {
        let dots: Vec<Dot> = self.dotted.versions.iter().map(|version| version.dot).collect();
        let mut events: Vec<Dot> = self.causal.iter().map(|version| version.event).collect();
        events.sort();
        assert_eq!(dots, events);
        for one in &self.dotted.versions {
            for other in &self.dotted.versions {
                assert!(!one.is_before(other), "{} was replaced by {}", one.dot.text(), other.dot.text());
            }
        }
    }

    fn merge(&mut self, other: &Twice) {
        self.dotted.merge(&other.dotted);
        let all: Vec<Causal> = self.causal.iter().chain(&other.causal).cloned().collect();
        let mut kept: Vec<Causal> = Vec::new();
        for version in &all {
            let replaced = all.iter().any(|newer| newer.past.contains(&version.event));
            if !replaced && !kept.contains(version) {
                kept.push(version.clone());
            }
        }
        self.causal = kept;
    }
}

/// Replicas that put, exchange and are read, by clients that bring along what they have read, or something older, or
/// nothing at all.
#[test]
fn dotted_version_vectors_keep_exactly_the_concurrent_versions() {
    let mut most = 0;
    for seed in 0..400 {
        let mut random = Generator::new(seed, "dotted");
        let mut replicas: Vec<Twice> = vec![Twice::default(); 3];
        let mut counts: BTreeMap<NodeId, u64> = BTreeMap::new();
        let mut contexts: Vec<(VersionVector, Events)> = vec![Default::default()];
        for _ in 0..60 {
            let at = random.below(3) as usize;
            match random.below(3) {
                0 => {
                    let node = NodeId(at as u16 + 1);
                    let count = counts.entry(node).or_default();
                    // Not every number is used for this key: a node counts its writes of all keys together.
                    *count += 1 + random.below(2);
                    let event = Dot { node, count: *count };
                    let (context, past) = contexts[random.below(contexts.len() as u64) as usize].clone();
                    let replica = &mut replicas[at];
                    replica.dotted.update(event, context, ());
                    replica.causal.retain(|version| !past.contains(&version.event));
                    replica.causal.push(Causal { event, past });
                }
                1 => {
                    let other = replicas[random.below(3) as usize].clone();
                    replicas[at].merge(&other);
                }
                _ => {
                    let replica = &replicas[at];
                    let mut events = Events::new();
                    for version in &replica.causal {
                        events.extend(&version.past);
                        events.insert(version.event);
                    }
                    contexts.push((replica.dotted.context(), events));
                }
            }
            replicas[at].check();
            most = most.max(replicas[at].dotted.versions.len());
        }
        let all = replicas.clone();
        for (replica, order) in replicas.iter_mut().zip([[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
            order.iter().for_each(|other| replica.merge(&all[*other]));
        }
        assert!(replicas.iter().all(|replica| replica.dotted == replicas[0].dotted), "seed {seed}");
    }
    assert!(most > 3);
}

#[test]
fn of_two_stamps_at_once_the_greater_node_wins() {
    let stamp = |clock_ns, node| Stamp { clock_ns, node: NodeId(node) };
    assert!(stamp(5, 9) < stamp(6, 1) && stamp(5, 1) < stamp(5, 2));
    assert_eq!(stamp(12_003_000_000, 2).text(), "12.003 s n2");
}

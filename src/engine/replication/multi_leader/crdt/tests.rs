//! Replicas that change values and learn of each other's changes in any order, some of them twice.

use std::collections::BTreeSet;

use super::counter::Counter;
use super::dots::{DotMap, Entry};
use super::text::Text;
use crate::versions::{Input, Stamp};
use glassbase_sim::Generator;
use glassbase_trace::{Bytes, NodeId};

/// Three replicas make changes; each learns of the others' changes at random, then of all. All must be alike then.
fn converge<T: Clone + Default + PartialEq + std::fmt::Debug>(
    seed: u64,
    change: impl Fn(&T, NodeId, &mut Generator) -> T,
    merge: impl Fn(&mut T, &T),
) -> T {
    let mut random = Generator::new(seed, "converge");
    let mut states: Vec<T> = vec![T::default(); 3];
    let mut changes: Vec<T> = Vec::new();
    for _ in 0..40 {
        let at = random.below(3) as usize;
        if random.below(2) == 0 || changes.is_empty() {
            let delta = change(&states[at], NodeId(at as u16 + 1), &mut random);
            merge(&mut states[at], &delta);
            changes.push(delta);
        } else {
            // A change of somebody, new or known; sometimes a whole state.
            let other = match random.below(4) {
                0 => states[random.below(3) as usize].clone(),
                _ => changes[random.below(changes.len() as u64) as usize].clone(),
            };
            merge(&mut states[at], &other);
        }
        let before = states[at].clone();
        let own = before.clone();
        merge(&mut states[at], &own);
        assert_eq!(states[at], before, "a state merged with itself is itself");
    }
    for state in &mut states {
        let mut order = changes.clone();
        order.extend_from_slice(&changes[..changes.len() / 2]);
        random.shuffle(&mut order);
        order.iter().for_each(|change| merge(state, change));
    }
    assert_eq!(states[0], states[1], "seed {seed}");
    assert_eq!(states[1], states[2], "seed {seed}");
    states.swap_remove(0)
}

fn entry(number: u64) -> Entry {
    Entry { stamp: Stamp { clock_ns: number, node: NodeId(1) }, value: Bytes::number(number) }
}

#[test]
fn counters_converge_to_the_sum() {
    for seed in 0..300 {
        let total = std::cell::Cell::new(0i128);
        let counter = converge(
            seed,
            |counter: &Counter, node, random| {
                let by = random.below(21) as i64 - 10;
                total.set(total.get() + i128::from(by));
                counter.add(node, by)
            },
            Counter::merge,
        );
        assert_eq!(counter.value(), total.get(), "seed {seed}");
        let mut bytes = Vec::new();
        counter.encode(&mut bytes);
        assert_eq!(Counter::decode(&mut Input(&bytes)), Some(counter));
    }
}

#[test]
fn sets_and_maps_converge() {
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        let map = converge(
            seed,
            |map: &DotMap, node, random| {
                let key = Bytes::number(random.below(4));
                if random.below(3) == 0 { map.remove(&key) } else { map.set(node, &key, entry(random.below(9))) }
            },
            DotMap::merge,
        );
        seen.insert(map.iter().count());
        let mut bytes = Vec::new();
        map.encode(&mut bytes);
        assert_eq!(DotMap::decode(&mut Input(&bytes)), Some(map));
        for length in 0..bytes.len() {
            assert_eq!(DotMap::decode(&mut Input(&bytes[..length])), None);
        }
    }
    assert!(seen.len() > 3, "{seen:?}");
}

#[test]
fn whoever_adds_while_another_removes_wins() {
    let milk = Bytes::typed("milk");
    let (mut one, mut other) = (DotMap::default(), DotMap::default());
    let add = one.set(NodeId(1), &milk, Entry::default());
    one.merge(&add);
    other.merge(&add);
    let (removed, added) = (one.remove(&milk), other.set(NodeId(2), &milk, Entry::default()));
    one.merge(&removed);
    other.merge(&added);
    assert!(!one.contains(&milk));
    one.merge(&added);
    other.merge(&removed);
    assert_eq!(one, other);
    assert!(one.contains(&milk));
    // What was removed does not come back with an old state.
    let remove = one.remove(&milk);
    one.merge(&remove);
    one.merge(&other);
    assert!(!one.contains(&milk));
}

#[test]
fn texts_converge() {
    for seed in 0..300 {
        let text = converge(
            seed,
            |text: &Text, node, random| {
                let length = text.value().chars().count() as u64;
                let at = random.below(length + 1) as u32;
                match random.below(4) {
                    0 => text.delete(at, 1 + random.below(3) as u32),
                    1 => text.insert(node, at, "ü"),
                    _ => text.insert(node, at, "word"),
                }
            },
            Text::merge,
        );
        let mut bytes = Vec::new();
        text.encode(&mut bytes);
        assert_eq!(Text::decode(&mut Input(&bytes)), Some(text));
        for length in 0..bytes.len() {
            assert_eq!(Text::decode(&mut Input(&bytes[..length])), None);
        }
    }
}

/// One alone types and deletes: the text is what an ordinary text would be.
#[test]
fn a_text_alone_is_an_ordinary_text() {
    for seed in 0..100 {
        let mut random = Generator::new(seed, "alone");
        let (mut text, mut plain) = (Text::default(), Vec::<char>::new());
        for _ in 0..60 {
            let at = random.below(plain.len() as u64 + 1) as usize;
            if random.below(3) == 0 {
                let count = random.below(4) as usize;
                let change = text.delete(at as u32, count as u32);
                text.merge(&change);
                plain.drain(at..(at + count).min(plain.len()));
            } else {
                let word = ["a", "bc", "def"][random.below(3) as usize];
                let change = text.insert(NodeId(1), at as u32, word);
                text.merge(&change);
                plain.splice(at..at, word.chars());
            }
            assert_eq!(text.value(), plain.iter().collect::<String>());
        }
    }
}

#[test]
fn what_two_type_at_once_in_one_place_does_not_mix() {
    let mut one = Text::default();
    let start = one.insert(NodeId(1), 0, "ac");
    one.merge(&start);
    let mut other = one.clone();
    let (left, right) = (one.insert(NodeId(1), 1, "xyz"), other.insert(NodeId(2), 1, "123"));
    one.merge(&left);
    other.merge(&right);
    one.merge(&right);
    other.merge(&left);
    assert_eq!(one.value(), other.value());
    assert!(["a123xyzc", "axyz123c"].contains(&&*one.value()), "{}", one.value());
}

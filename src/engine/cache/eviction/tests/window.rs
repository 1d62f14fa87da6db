//! The window of W-TinyLFU that finds its size: where it helps, where it costs little, and that it does not depend on how
//! it is asked.

use super::super::*;
use glassbase_sim::{Generator, Zipf};
use glassbase_trace::{PolicyKind, TARGET_ONE};

const ENTRIES: u32 = 200;

fn tiny_lfu(adapts: bool) -> PolicyOptions {
    PolicyOptions { adapts, ..PolicyOptions::of(PolicyKind::WTinyLfu) }
}

/// Each new key is asked for again a few times soon, and then never more: feeds, queues, sessions.
fn recent(accesses: u32, from: u32) -> Vec<u32> {
    let mut generator = Generator::new(4, "recent");
    let draw = |index: u32| {
        let newest = from + 100 + index / 3;
        if index.is_multiple_of(3) { newest } else { newest - generator.below(100) as u32 }
    };
    (0..accesses).map(draw).collect()
}

fn zipf(accesses: u32) -> Vec<u32> {
    let (mut generator, zipf) = (Generator::new(5, "zipf"), Zipf::new(2000, 0.9));
    (0..accesses).map(|_| zipf.sample(&mut generator) as u32).collect()
}

/// Hits in a hundred, and what the window has room for at the end.
fn played(options: &PolicyOptions, parts: &[&[u32]]) -> (f64, f64) {
    let trace = parts.concat();
    let mut simulation = Simulation::new(options, ENTRIES, trace.iter().max().map_or(0, |key| key + 1));
    simulation.run(&trace);
    let window = simulation.policy().state().target as f64 / TARGET_ONE as f64;
    (simulation.hits as f64 * 100.0 / trace.len() as f64, window)
}

fn both(parts: &[&[u32]]) -> [f64; 2] {
    [false, true].map(|adapts| played(&tiny_lfu(adapts), parts).0)
}

#[test]
fn a_window_that_adapts_takes_to_what_is_recent() {
    let (recent, zipf) = (recent(60_000, 3000), zipf(60_000));
    let (hits, window) = played(&tiny_lfu(true), &[&recent]);
    let lru = played(&PolicyOptions::default(), &[&recent]).0;
    let fixed = played(&tiny_lfu(false), &[&recent]).0;
    // It has four fifths of the room at the end; most of what it lacks it lost on its way there.
    assert!(fixed < 15.0 && hits > 50.0 && lru > 65.0, "fixed {fixed}, adapts {hits}, LRU {lru}");
    assert_eq!(window, 160.0);
    // The load changes in the middle, either way.
    for parts in [[&zipf[..], &recent], [&recent, &zipf]] {
        let [fixed, adapts] = both(&parts);
        assert!(adapts > fixed + 15.0, "fixed {fixed}, adapts {adapts}");
    }
}

#[test]
fn a_window_that_adapts_costs_little_where_frequency_counts() {
    let zipf = zipf(60_000);
    let looped: Vec<u32> = (0..60_000).map(|index| index % 400).collect();
    for parts in [&[&looped[..]][..], &[&zipf], &[&looped, &zipf]] {
        let [fixed, adapts] = both(parts);
        assert!(adapts > fixed - 2.0, "fixed {fixed}, adapts {adapts}");
    }
    // A loop wants no window at all: the climber comes back to where it began, again and again.
    assert!(played(&tiny_lfu(true), &[&looped]).1 < 40.0);
}

/// What it tells is what it is: folding its events gives the structure that it describes.
#[test]
fn what_a_window_that_adapts_tells_is_what_it_is() {
    let mut cache = Cache::new(&tiny_lfu(true), 20);
    let mut state = cache.policy().state();
    assert_eq!(state.target, TARGET_ONE);
    for key in recent(3000, 0).iter().chain(&zipf(1000)) {
        let mut events = Vec::new();
        if !cache.get(*key, &mut events) {
            cache.put(*key, 1, &mut events);
        }
        events.iter().for_each(|event| state.fold(event, 20));
        assert_eq!(state, cache.policy().state(), "after key {key}");
    }
    assert!(state.target > TARGET_ONE);
}

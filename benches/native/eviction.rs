//! Simulated accesses beside well-known caches: the crates `lru` and `quick_cache` (S3-FIFO with a clock) and `moka`
//! (W-TinyLFU), each with its own index and a value of 4 bytes, on the trace that the simulator plays. One line of JSON for
//! each figure.
//!
//! A peer is asked as a server would ask it: look the key up, put it in on a miss. Ours knows dense numbers and needs no
//! hash, so the one with an index, [`KeyCache`], stands beside it.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use glassbase_engine::bench::{simulated_hits, zipf_accesses};
use glassbase_engine::eviction::{KeyCache, PolicyOptions};
use glassbase_engine::trace::PolicyKind;

const ACCESSES: usize = 1_000_000;
const KEYS: u32 = 100_000;
const ENTRIES: u32 = 10_000;
const ROUNDS: usize = 5;

/// The middle of some rounds, in nanoseconds for each access, and the hits.
fn measure(mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut hits = 0;
    let mut round = || {
        let start = Instant::now();
        hits = black_box(work());
        start.elapsed().as_secs_f64() * 1e9 / ACCESSES as f64
    };
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], hits)
}

fn tell(name: &str, (nanoseconds, hits): (f64, u64)) {
    println!(r#"{{"cache":"{name}","nanoseconds":{nanoseconds:.2},"hits":{hits}}}"#);
}

fn main() {
    let trace = zipf_accesses(KEYS, ACCESSES);
    for policy in PolicyKind::ALL {
        tell(policy.word(), measure(|| simulated_hits(*policy, ENTRIES, &trace)));
    }
    for policy in [PolicyKind::Lru, PolicyKind::WTinyLfu, PolicyKind::S3Fifo] {
        let played = || {
            let mut cache = KeyCache::new(&PolicyOptions::of(policy), ENTRIES);
            let mut hits = 0;
            for key in &trace {
                if cache.get(u64::from(*key), &mut ()) {
                    hits += 1;
                } else {
                    cache.put(u64::from(*key), 1, &mut ());
                }
            }
            hits
        };
        tell(&format!("{}, with an index", policy.word()), measure(played));
    }
    tell("lru crate", measure(|| of_lru(&trace)));
    tell("quick_cache crate", measure(|| of_quick_cache(&trace)));
    tell("moka crate", measure(|| of_moka(&trace)));
}

fn of_lru(trace: &[u32]) -> u64 {
    let mut cache = lru::LruCache::new(NonZeroUsize::new(ENTRIES as usize).unwrap_or(NonZeroUsize::MIN));
    let mut hits = 0;
    for key in trace {
        if cache.get(key).is_some() {
            hits += 1;
        } else {
            cache.put(*key, *key);
        }
    }
    hits
}

fn of_quick_cache(trace: &[u32]) -> u64 {
    let mut cache = quick_cache::unsync::Cache::new(ENTRIES as usize);
    let mut hits = 0;
    for key in trace {
        if cache.get(key).is_some() {
            hits += 1;
        } else {
            cache.insert(*key, *key);
        }
    }
    hits
}

fn of_moka(trace: &[u32]) -> u64 {
    let cache = moka::sync::Cache::new(u64::from(ENTRIES));
    let mut hits = 0;
    for key in trace {
        if cache.get(key).is_some() {
            hits += 1;
        } else {
            cache.insert(*key, *key);
        }
    }
    hits
}

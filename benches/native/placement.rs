//! Placing keys on shards: look-ups of a router for each strategy, and what moves, how even it is, how long that takes to
//! count and how much memory a map takes for 1,000 shards and 10,000,000 keys (or as many as the argument says). Prints one
//! line of JSON for each figure.

mod watch;

use std::alloc::System;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use glassbase_engine::bench::PlacementSubject;
use glassbase_engine::sharding::placement::{Strategy, theory};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use watch::Watch;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KEYS: u64 = 10_000_000;
const SHARDS: u16 = 1_000;
/// Of a router that is asked for single keys.
const LOOKUPS: u64 = 1_000_000;
const ROUTED: [u16; 2] = [16, SHARDS];
/// For so long look-ups are measured at least.
const LEAST_NS: f64 = 0.3e9;

fn allocated() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}

fn main() -> Result<(), Box<dyn Error>> {
    let keys = std::env::args().nth(1).map_or(Ok(KEYS), |keys| keys.parse())?;
    for strategy in Strategy::ALL {
        let word = strategy.word();
        for shards in ROUTED {
            let subject = PlacementSubject::new(*strategy, shards, LOOKUPS.min(keys))?;
            black_box(subject.look_up()?);
            let (watch, mut lookups) = (Watch::start(), 0);
            // The system tells the time on a processor in steps of some milliseconds.
            while watch.ns() < LEAST_NS {
                black_box(subject.look_up()?);
                lookups += LOOKUPS.min(keys);
            }
            let rate = lookups as f64 * 1e9 / watch.ns();
            println!(r#"{{"strategy":"{word}","shards":{shards},"lookups_per_second":{rate:.0}}}"#);
        }
        let subject = PlacementSubject::new(*strategy, SHARDS, keys)?;
        let (before, begun) = (allocated(), Instant::now());
        let after = subject.grown()?;
        let (map_bytes, map_ns) = (allocated() - before, begun.elapsed().as_secs_f64() * 1e9);
        let watch = Watch::start();
        let (movement, balance) = subject.survey(&after);
        let seconds = watch.ns() / 1e9;
        let count = u64::from(SHARDS);
        let expected = theory::moved(*strategy, count, count + 1).map_or(-1.0, |share| share * keys as f64);
        println!(
            r#"{{"strategy":"{word}","keys":{keys},"moved":{},"needless":{},"expected":{expected:.0},"peak":{:.4},"deviation":{:.5},"theory":{:.5},"seconds":{seconds:.3},"map_bytes":{map_bytes:.0},"map_ms":{:.3},"bytes":{:.0}}}"#,
            movement.moved,
            movement.needless,
            balance.peak(),
            balance.deviation(),
            balance.expected(&after).unwrap_or(-1.0),
            map_ns / 1e6,
            allocated(),
        );
    }
    Ok(())
}

//! Any settings, any traffic, servers that die at any time: every request ends once, the trace tells all, and a run is the
//! same every time.

use super::*;
use crate::{Arrival, Guard, HotKey, Invalidation, Keys, Stampede, Strategy, Workload};
use glassbase_sim::Generator;
use std::collections::BTreeMap;

fn choice<T: Copy>(random: &mut Generator, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize]
}

fn any_options(random: &mut Generator) -> Options {
    loop {
        let options = Options {
            apps: 1 + random.below(3) as u16,
            caches: 1 + random.below(3) as u16,
            l1_capacity: choice(random, &[0, 2, 16]),
            l2_capacity: choice(random, &[0, 3, 64]),
            connections: 1 + random.below(8) as u32,
            cores: 1 + random.below(4) as u32,
            queue: choice(random, &[0, 3, 100]),
            database_timeout_ns: choice(random, &[30 * MS, S]),
            strategy: choice(random, Strategy::ALL),
            invalidation: choice(random, Invalidation::ALL),
            guard: choice(random, Guard::ALL),
            stampede: choice(random, Stampede::ALL),
            l1_ttl_ns: choice(random, &[20 * MS, S]),
            l2_ttl_ns: choice(random, &[50 * MS, 3 * S]),
            jitter_ns: choice(random, &[0, 30 * MS]),
            negative_ttl_ns: choice(random, &[0, 100 * MS]),
            bloom: random.chance(0.3),
            hot_key: choice(random, HotKey::ALL),
            hot_per_s: 5,
            breaker_failures: choice(random, &[0, 2]),
            breaker_open_ns: 100 * MS,
            shed: choice(random, &[0, 3]),
            failover: random.chance(0.3),
            lock_ns: choice(random, &[30 * MS, S]),
            bus_loss: choice(random, &[0.0, 0.3]),
            flush_ns: choice(random, &[1, 40 * MS]),
            l2_service_ns: choice(random, &[20_000, 4 * MS]),
            ..Options::default()
        };
        if options.check().is_ok() {
            return options;
        }
    }
}

fn storm(seed: u64, records: bool) -> Bench {
    let mut random = Generator::new(seed, "storm");
    let mut bench = Bench::new(seed, any_options(&mut random));
    bench.cx.recorder.switch(records);
    let mut folded = bench.tiers.state();
    let mut at = 0;
    for _ in 0..4 {
        let arrival = match random.below(3) {
            0 => Arrival::Closed { think_ns: choice(&mut random, &[0, MS]) },
            1 => Arrival::Open { per_s: 1 + random.below(2000) },
            _ => Arrival::Burst,
        };
        let keys = match random.below(2) {
            0 => Keys::Uniform { count: 1 + random.below(20) },
            _ => Keys::Zipf { count: 100, exponent: 0.99 },
        };
        let writes_percent = choice(&mut random, &[0, 20, 90]);
        let workload = Workload { operations: 1 + random.below(80), writes_percent, missing_percent: 5, keys, arrival };
        bench.tiers.start_load(&mut bench.cx, workload);
        bench.ask(1, TierOperation::Delete, "k2");
        for _ in 0..4 {
            bench.run(random.below(60 * MS));
            let place = match random.below(3) {
                0 => Place::App(1 + random.below(bench.tiers.options().apps.into()) as u16),
                1 => Place::Cache(1 + random.below(bench.tiers.options().caches.into()) as u16),
                _ => Place::Database,
            };
            if bench.tiers.is_up(place).unwrap() {
                bench.kill(place);
            } else {
                bench.restart(place, random.chance(0.5));
            }
            for record in bench.cx.recorder.trace.iter_from(at) {
                folded.fold(&record.event, record.time_ns);
            }
            at = bench.cx.recorder.trace.len();
            assert!(!records || folded == bench.tiers.state(), "seed {seed}: the trace tells something else");
        }
    }
    bench.tiers.stop_load();
    // What is owed to a database that stays down is owed for ever.
    if !bench.tiers.is_up(Place::Database).unwrap() {
        bench.restart(Place::Database, false);
    }
    bench.run(20 * S);
    bench.settle();
    bench
}

/// How often each request of a client began and ended.
fn ends(bench: &Bench) -> BTreeMap<u64, (u32, u32)> {
    let mut ends: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for record in bench.cx.recorder.trace.iter() {
        match &record.event {
            Event::TierAsked { request, .. } => ends.entry(*request).or_default().0 += 1,
            Event::TierTold { request, .. } => ends.entry(*request).or_default().1 += 1,
            _ => {}
        }
    }
    ends
}

#[test]
fn every_request_ends_once_and_the_trace_tells_all() {
    for seed in 0..300 {
        let bench = storm(seed, true);
        let counts = bench.counts();
        assert_eq!(counts.asked, counts.served + counts.failed + counts.late, "seed {seed}");
        for (request, (begun, ended)) in ends(&bench) {
            assert_eq!(begun, 1, "seed {seed}, request {request}");
            assert_eq!(ended, 1, "seed {seed}, request {request}");
        }
        let state = bench.tiers.state();
        assert_eq!((state.busy, state.queued, state.open.len()), (0, 0, 0), "seed {seed}");
    }
}

#[test]
fn a_run_is_the_same_every_time_and_recorded_or_not() {
    for seed in 0..20 {
        let (first, second, silent) = (storm(seed, true), storm(seed, true), storm(seed, false));
        assert_eq!(first.cx.recorder.trace, second.cx.recorder.trace);
        assert_eq!(first.tiers.state(), silent.tiers.state());
    }
}

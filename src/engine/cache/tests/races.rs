//! Races of reads and writes: a set that comes after the invalidation that it should have come before.

use super::*;
use crate::{Arrival, Guard, Invalidation, Keys, Stampede, Strategy, Workload};

/// Reads and writes of few keys by many clients.
fn traffic(seed: u64, options: Options) -> TierCounts {
    let mut bench = Bench::new(seed, options);
    let keys = Keys::Uniform { count: 4 };
    let arrival = Arrival::Open { per_s: 400 };
    let workload = Workload { operations: 400, writes_percent: 20, missing_percent: 0, keys, arrival };
    bench.tiers.start_load(&mut bench.cx, workload);
    bench.settle_load();
    let counts = bench.counts();
    assert_eq!(counts.served, 400);
    counts
}

impl Bench {
    fn settle_load(&mut self) {
        while self.tiers.load_progress().0 < self.tiers.load_progress().1 && self.tiers.step(&mut self.cx) {}
        self.settle();
    }
}

fn without_l1(guard: Guard, stampede: Stampede) -> Options {
    Options { l1_capacity: 0, guard, stampede, ..Options::default() }
}

#[test]
fn a_set_after_the_invalidation_is_stale_until_it_expires() {
    // By hand: a read begins, reads the old row; the write is done and deletes from L2; then the read sets the old row.
    let mut bench = Bench::new(1, without_l1(Guard::None, Stampede::None));
    bench.put(1, "k1");
    bench.run(5 * MS);
    bench.get(2, "k1");
    bench.run(50 * MS);
    bench.get(2, "k1");
    bench.settle();
    let stale = bench.tells(|event| match event {
        Event::TierTold { source, version, age_ns, .. } if *age_ns > 0 => {
            Some(format!("{} gives version {version}, {} ms old", source.word(), age_ns / MS))
        }
        _ => None,
    });
    assert_eq!(stale, ["l2 gives version 1, 45 ms old"]);
}

#[test]
fn the_race_happens_in_life() {
    let stale: u64 = (0..20).map(|seed| traffic(seed, without_l1(Guard::None, Stampede::None)).stale).sum();
    assert!(stale > 100, "{stale}");
}

#[test]
fn versions_and_leases_cure_it() {
    for guard in [Guard::Version, Guard::Lease] {
        for stampede in [Stampede::None, Stampede::Mutex, Stampede::StaleWhileRevalidate] {
            for strategy in
                [Strategy::CacheAside, Strategy::ReadThrough, Strategy::WriteThrough, Strategy::RefreshAhead]
            {
                for seed in 0..10 {
                    let options = Options { strategy, ..without_l1(guard, stampede) };
                    let counts = traffic(seed, options);
                    assert_eq!(counts.stale, 0, "{} {} {} {seed}", guard.word(), stampede.word(), strategy.word());
                }
            }
        }
    }
}

#[test]
fn versioned_keys_have_no_such_race_and_l1_does_no_harm() {
    for seed in 0..20 {
        let options = Options { invalidation: Invalidation::Versions, ..Options::default() };
        assert_eq!(traffic(seed, options).stale, 0, "{seed}");
    }
}

#[test]
fn news_that_is_late_or_lost_leaves_l1_stale() {
    let options = |bus_loss| Options { guard: Guard::Version, bus_loss, bus_ns: 20 * MS, ..Options::default() };
    let sum = |bus_loss| (0..10).map(|seed| traffic(seed, options(bus_loss)).stale).sum::<u64>();
    let (late, lost) = (sum(0.0), sum(0.9));
    assert!(late > 0 && lost > late, "{late} {lost}");
}

/// A node that warms itself up while one of the keys is written: old rows come after the news of the write, and before.
#[test]
fn a_node_that_warms_up_hears_of_writes() {
    let stale = |guard: Guard, early_ms: u64, late_ms: u64| {
        let mut bench = Bench::new(1, Options { caches: 1, ..without_l1(guard, Stampede::None) });
        for number in (1..=12).chain([1, 1]) {
            bench.get(1, &format!("k{number}"));
            bench.run(20 * MS);
        }
        bench.kill(Place::Cache(1));
        if late_ms == 0 {
            bench.put(1, "k1");
        }
        bench.run(early_ms * MS);
        bench.restart(Place::Cache(1), true);
        if late_ms > 0 {
            bench.run(late_ms * MS);
            bench.put(1, "k1");
        }
        bench.run(S);
        bench.get(1, "k1");
        bench.settle();
        bench.counts().stale
    };
    for guard in [Guard::Version, Guard::Lease] {
        for ms in 1..30 {
            assert_eq!(stale(guard, ms, 0), 0, "{}, written {ms} ms before", guard.word());
            assert_eq!(stale(guard, 1, ms), 0, "{}, written {ms} ms after", guard.word());
        }
    }
}

#[test]
fn loads_do_not_run_into_one_another() {
    let mut bench = Bench::new(1, Options { l1_capacity: 0, l2_capacity: 0, ..Options::default() });
    let load = |bench: &mut Bench, operations| {
        let (keys, arrival) = (Keys::Uniform { count: 4 }, Arrival::Closed { think_ns: 0 });
        let workload = Workload { operations, writes_percent: 0, missing_percent: 0, keys, arrival };
        bench.tiers.start_load(&mut bench.cx, workload);
    };
    load(&mut bench, 1000);
    bench.run(5 * MS);
    load(&mut bench, 100);
    bench.run(30 * MS);
    assert!(bench.tiers.open() <= 8, "{} requests of 8 clients", bench.tiers.open());
    while bench.tiers.load_progress().0 < 100 && bench.tiers.step(&mut bench.cx) {}
    assert_eq!((bench.tiers.open(), bench.counts().served), (0, 108));
}

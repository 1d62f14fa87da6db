//! What goes wrong when many ask at once, and what helps.

use super::*;
use crate::{Arrival, Guard, HotKey, Invalidation, Keys, Stampede, Strategy, Workload};

fn burst(bench: &mut Bench, operations: u64, key: &str) {
    let keys = Keys::Given([Bytes::typed(key)].into());
    let workload = Workload { operations, writes_percent: 0, missing_percent: 0, keys, arrival: Arrival::Burst };
    bench.tiers.start_load(&mut bench.cx, workload);
}

/// Reads of the database after each of three expiries, with so many requesters each time.
fn expiries(options: Options, requesters: u64) -> Vec<u64> {
    let ttl_ns = options.l2_ttl_ns;
    let mut bench = Bench::new(3, options);
    let mut reads = Vec::new();
    for _ in 0..3 {
        let before = bench.counts().reads;
        burst(&mut bench, requesters, "k1");
        bench.settle();
        assert_eq!(bench.tiers.load_progress(), (requesters, requesters));
        reads.push(bench.counts().reads - before);
        bench.run(ttl_ns);
    }
    let counts = bench.counts();
    assert_eq!((counts.served, counts.failed), (3 * requesters, 0));
    reads
}

fn crowd(stampede: Stampede) -> Options {
    Options { stampede, connections: 64, cores: 64, queue: 10_000, database_timeout_ns: 600 * S, ..Options::default() }
}

#[test]
fn with_single_flight_one_read_for_each_expiry() {
    for requesters in [1, 2, 10, 100, 1000] {
        for apps in [1, 2, 7] {
            for strategy in [Strategy::CacheAside, Strategy::ReadThrough, Strategy::WriteThrough] {
                let options = Options { apps, strategy, ..crowd(Stampede::SingleFlight) };
                assert_eq!(expiries(options, requesters), [1, 1, 1], "{requesters} requesters, {apps} servers");
            }
        }
    }
}

#[test]
fn without_a_cure_everybody_reads() {
    assert_eq!(expiries(crowd(Stampede::None), 1000), [1000, 1000, 1000]);
}

#[test]
fn with_a_mutex_one_reads_and_the_others_ask_again() {
    assert_eq!(expiries(Options { l2_service_ns: 1000, ..crowd(Stampede::Mutex) }, 200), [1, 1, 1]);
}

#[test]
fn a_lock_whose_holder_died_times_out() {
    for stampede in [Stampede::Mutex, Stampede::SingleFlight] {
        let options = Options { apps: 2, lock_ns: 200 * MS, ..crowd(stampede) };
        let mut bench = Bench::new(1, options);
        bench.get(1, "k1");
        bench.run(3 * MS);
        bench.get(2, "k1");
        bench.run(2 * MS);
        bench.kill(Place::App(1));
        bench.run(100 * MS);
        assert_eq!(bench.counts().served, 0, "the lock holds");
        bench.run(200 * MS);
        assert_eq!((bench.counts().served, bench.counts().reads), (1, 2), "{}", stampede.word());
    }
}

/// A key that is asked for all the time, over five of its times to live.
fn steady(stampede: Stampede, guard: Guard) -> Bench {
    let options = Options { stampede, guard, l1_capacity: 0, l2_ttl_ns: 2 * S, ..crowd(stampede) };
    let mut bench = Bench::new(5, options);
    let keys = Keys::Given([Bytes::typed("k1")].into());
    let arrival = Arrival::Open { per_s: 2000 };
    let workload = Workload { operations: 20_000, writes_percent: 0, missing_percent: 0, keys, arrival };
    bench.tiers.start_load(&mut bench.cx, workload);
    bench.run(10 * S);
    bench
}

#[test]
fn early_refresh_spares_most_of_the_stampede() {
    let (without, with) =
        (steady(Stampede::None, Guard::None).counts().reads, steady(Stampede::Early, Guard::None).counts().reads);
    assert!(without > 80, "{without}");
    assert!(with * 2 < without, "{with} of {without}");
}

#[test]
fn stale_while_revalidate_lets_nobody_wait() {
    for guard in [Guard::None, Guard::Lease] {
        let bench = steady(Stampede::StaleWhileRevalidate, guard);
        let slow = bench.tiers.told().counts.database;
        // Those who found nothing at the very beginning.
        assert!(slow < 50, "{slow}");
        let reads = bench.counts().reads;
        assert!((slow + 4..=slow + 5).contains(&reads), "{}: {reads}, {slow} waited", guard.word());
    }
}

#[test]
fn refresh_ahead_reads_before_it_expires() {
    for guard in Guard::ALL {
        let options = Options {
            strategy: Strategy::RefreshAhead,
            guard: *guard,
            l1_capacity: 0,
            l2_ttl_ns: S,
            ..Options::default()
        };
        let mut bench = Bench::new(1, options);
        for _ in 0..100 {
            bench.get(1, "k1");
            bench.run(100 * MS);
        }
        let counts = bench.counts();
        assert_eq!((counts.database, counts.l2), (1, 99), "{}: only the first waited", guard.word());
        assert!((9..=12).contains(&counts.reads), "{}: {}", guard.word(), counts.reads);
    }
}

#[test]
fn jitter_spreads_what_expires_at_once() {
    let peak = |jitter_ns: u64| {
        let options = Options { jitter_ns, l1_capacity: 0, l2_capacity: 200, l2_ttl_ns: 2 * S, ..Options::default() };
        let mut bench = Bench::new(1, options);
        for number in 1..=100 {
            bench.get(1, &format!("k{number}"));
        }
        bench.settle();
        for _ in 0..40 {
            for number in 1..=100 {
                bench.get(1, &format!("k{number}"));
            }
            bench.run(100 * MS);
        }
        let samples = &bench.tiers.told().series;
        let first = (S / samples.sample_ns) as usize;
        samples.samples[first..].iter().map(|sample| sample.most_queued + sample.most_busy).max().unwrap()
    };
    let (without, with) = (peak(0), peak(2 * S));
    assert!(without > 60 && with < 30, "{without}, {with}");
}

#[test]
fn keys_that_are_not_there_are_stopped() {
    let reads = |options: Options, rounds: u64| {
        let mut bench = Bench::new(1, options);
        for _ in 0..rounds {
            for number in 0..50 {
                bench.get(1, &format!("nobody{number}"));
                bench.run(15 * MS);
            }
        }
        bench.counts().reads
    };
    assert_eq!(reads(Options::default(), 3), 150);
    let negative = Options { negative_ttl_ns: 10 * S, l2_capacity: 100, ..Options::default() };
    assert_eq!(reads(negative, 3), 50);
    assert!(reads(Options { bloom: true, ..Options::default() }, 3) <= 6);
}

#[test]
fn a_key_that_is_cached_as_absent_is_found_once_it_is_written() {
    let options = Options { negative_ttl_ns: 10 * S, bloom: true, ..Options::default() };
    let mut bench = Bench::new(1, options);
    for operation in [TierOperation::Get, TierOperation::Put, TierOperation::Get] {
        bench.ask(1, operation, "newcomer");
        bench.run(50 * MS);
    }
    assert_eq!((bench.counts().stale, bench.counts().filtered, bench.counts().database), (0, 1, 1));
}

#[test]
fn a_hot_key_is_copied_or_split() {
    // Eight servers ask one key 20,000 times a second; a node serves 10,000.
    let run = |hot_key: HotKey| {
        let options = Options {
            apps: 8,
            caches: 4,
            copies: 64,
            l1_capacity: 0,
            l2_service_ns: 100_000,
            hot_key,
            stampede: Stampede::SingleFlight,
            ..crowd(Stampede::SingleFlight)
        };
        let mut bench = Bench::new(1, Options { stampede: Stampede::None, ..options });
        let keys = Keys::Given([Bytes::typed("k1")].into());
        let arrival = Arrival::Open { per_s: 20_000 };
        let workload = Workload { operations: 40_000, writes_percent: 0, missing_percent: 0, keys, arrival };
        bench.tiers.start_load(&mut bench.cx, workload);
        bench.run(2 * S);
        bench.tiers.told().latencies[3].percentile_ns(75)
    };
    let [none, copy, split] = [HotKey::None, HotKey::Copy, HotKey::Split].map(run);
    assert!(none > 15 * MS, "{none}");
    assert!(copy < 2_000 && split < 5 * MS, "{copy} {split}");
}

#[test]
fn all_copies_of_a_split_key_are_invalidated() {
    let options = Options { hot_key: HotKey::Split, copies: 4, l1_capacity: 0, ..Options::default() };
    let mut bench = Bench::new(1, options);
    for round in 0..30 {
        if round % 10 == 9 {
            bench.put(1, "k1");
        }
        bench.get(1 + round % 2, "k1");
        bench.run(50 * MS);
    }
    assert_eq!(bench.counts().stale, 0);
    let looked = bench.tells(|event| match event {
        Event::TierDropped { key, .. } => Some(key.to_string()),
        _ => None,
    });
    assert!(looked.len() >= 4, "{looked:?}");
    assert_eq!(bench.tiers.options().invalidation, Invalidation::Events);
}

#[test]
fn a_split_key_is_deleted_from_the_nodes_that_are_well() {
    for node in 1..=4 {
        let options = Options { hot_key: HotKey::Split, copies: 8, caches: 4, l1_capacity: 0, ..Options::default() };
        let mut bench = Bench::new(1, options);
        for _ in 0..60 {
            bench.get(1, "k1");
            bench.run(20 * MS);
        }
        bench.kill(Place::Cache(node));
        bench.put(1, "k1");
        bench.run(S);
        for _ in 0..60 {
            bench.get(1, "k1");
            bench.run(50 * MS);
        }
        assert_eq!(bench.counts().stale, 0, "node {node} is down");
    }
}

#[test]
fn news_of_a_split_key_is_about_all_its_copies() {
    let options = Options {
        strategy: Strategy::WriteAround,
        hot_key: HotKey::Split,
        copies: 4,
        caches: 4,
        l1_capacity: 0,
        ..Options::default()
    };
    let mut bench = Bench::new(1, options);
    for round in 0..60 {
        if round == 30 {
            bench.put(1, "k1");
            bench.run(50 * MS);
        }
        bench.get(1, "k1");
        bench.run(50 * MS);
    }
    assert_eq!(bench.counts().stale, 0);
}

fn many_names() -> [Options; 2] {
    let bare = || Options { l1_capacity: 0, caches: 3, l2_ttl_ns: 100 * S, ..Options::default() };
    [
        Options { hot_key: HotKey::Split, copies: 3, ..bare() },
        Options { invalidation: Invalidation::Versions, ..bare() },
    ]
}

#[test]
fn what_is_filled_is_found_under_each_of_its_names() {
    for options in many_names() {
        let mut bench = Bench::new(1, options);
        let Bench { cx, tiers } = &mut bench;
        assert_eq!(tiers.fill(cx, 10).unwrap(), 10);
        for number in (1..=10).cycle().take(60) {
            bench.get(1, &format!("k{number}"));
            bench.run(20 * MS);
        }
        let counts = bench.counts();
        assert_eq!((counts.l2, counts.reads, counts.stale), (60, 0, 0));
    }
}

#[test]
fn a_node_warms_itself_with_each_name_that_is_its_own() {
    for options in many_names() {
        let mut bench = Bench::new(1, options);
        for number in (1..=10).cycle().take(200) {
            bench.get(1, &format!("k{number}"));
            bench.run(20 * MS);
        }
        bench.kill(Place::Cache(1));
        bench.restart(Place::Cache(1), true);
        bench.run(S);
        let before = bench.counts().database;
        for number in (1..=10).cycle().take(60) {
            bench.get(1, &format!("k{number}"));
            bench.run(20 * MS);
        }
        assert_eq!(bench.counts().database - before, 0);
    }
}

#[test]
fn a_burst_begins_in_steps_and_can_be_stopped() {
    let mut bench = Bench::new(1, Options::default());
    burst(&mut bench, 2500, "k1");
    assert_eq!((bench.tiers.load_begun(), bench.tiers.next_ns()), (1000, Some(0)));
    bench.tiers.step(&mut bench.cx);
    assert_eq!(bench.tiers.load_begun(), 2000);
    bench.tiers.stop_load();
    bench.settle();
    assert_eq!((bench.tiers.load_progress(), bench.cx.now_ns() > 0), ((2000, 2000), true));
    burst(&mut bench, 2500, "k1");
    bench.settle();
    assert_eq!((bench.tiers.load_progress(), bench.counts().asked), ((2500, 2500), 4500));
}

#[test]
fn keys_that_are_not_there_take_no_memory_for_ever() {
    let options = Options { negative_ttl_ns: MS, hot_key: HotKey::Copy, l2_capacity: 4, ..Options::default() };
    let mut bench = Bench::new(1, options);
    bench.cx.recorder.switch(false);
    for _ in 0..2 {
        let arrival = Arrival::Open { per_s: 1000 };
        let keys = Keys::Uniform { count: 4 };
        let workload = Workload { operations: 4000, writes_percent: 0, missing_percent: 100, keys, arrival };
        bench.tiers.start_load(&mut bench.cx, workload);
        bench.run(10 * S);
    }
    let remembered = bench.tiers.remembered();
    assert!(remembered < 3000, "{remembered} of 8000");
}

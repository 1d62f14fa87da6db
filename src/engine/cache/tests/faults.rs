//! Servers that die: what is lost is told, what is told is lost.

use super::*;
use crate::{Arrival, Keys, Strategy, Workload};
use glassbase_trace::BreakerState;
use std::collections::BTreeMap;

/// Writes behind and kills a node in the middle; every acknowledged write is in the database, or superseded, or told as lost.
fn write_behind(seed: u64) -> (u64, u64) {
    let options = Options { strategy: Strategy::WriteBehind, flush_ns: 60 * MS, flush_batch: 3, ..Options::default() };
    let mut bench = Bench::new(seed, options);
    let workload = Workload {
        operations: 300,
        writes_percent: 60,
        missing_percent: 0,
        keys: Keys::Uniform { count: 40 },
        arrival: Arrival::Open { per_s: 500 },
    };
    bench.tiers.start_load(&mut bench.cx, workload);
    bench.run(150 * MS + seed * 7 * MS);
    bench.kill(Place::Cache(1));
    bench.run(100 * MS);
    bench.restart(Place::Cache(1), false);
    bench.run(10 * S);
    bench.settle();
    let mut lost: Vec<(Bytes, u64)> = Vec::new();
    let mut acknowledged: BTreeMap<Bytes, Vec<u64>> = BTreeMap::new();
    let mut written: BTreeMap<u64, Bytes> = BTreeMap::new();
    let trace = bench.cx.recorder.trace.clone();
    for record in trace.iter() {
        match &record.event {
            Event::TierAsked { request, operation: TierOperation::Put, key, .. } => {
                written.insert(*request, key.clone());
            }
            Event::TierTold { request, fate: glassbase_trace::TierFate::Served, version, .. } => {
                if let Some(key) = written.get(request) {
                    acknowledged.entry(key.clone()).or_default().push(*version);
                }
            }
            Event::TierLost { key, version } => lost.push((key.clone(), *version)),
            _ => {}
        }
    }
    for (key, version) in &lost {
        let there = bench.tiers.row(key).unwrap().version;
        assert_ne!(there, *version, "{key} was told as lost and is there");
    }
    for (key, versions) in &acknowledged {
        let newest = versions.iter().filter(|version| !lost.contains(&(key.clone(), **version))).max();
        let there = bench.tiers.row(key).unwrap().version;
        assert!(
            newest.is_none_or(|newest| there >= *newest),
            "{key}: {there} is older than {newest:?}, which was not told"
        );
        assert!(there <= 100 || versions.contains(&there) || lost.is_empty(), "{key}");
    }
    (lost.len() as u64, acknowledged.values().map(|versions| versions.len() as u64).sum())
}

#[test]
fn write_behind_loses_what_it_says_and_nothing_else() {
    let (lost, told) = (0..60).map(write_behind).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(lost > 100 && told > 5000, "{lost} of {told}");
}

#[test]
fn write_behind_writes_everything_in_the_end() {
    let mut bench = Bench::new(1, Options { strategy: Strategy::WriteBehind, ..Options::default() });
    for number in 1..=30 {
        bench.put(1, &format!("k{number}"));
        bench.put(2, &format!("k{number}"));
    }
    bench.run(20 * MS);
    assert_eq!((bench.counts().served, bench.counts().writes), (60, 0));
    bench.run(2 * S);
    assert_eq!(bench.counts().writes, 30, "two writes of a key are one");
    for number in 1..=30 {
        let key = format!("k{number}");
        let newest = bench.tiers.ledger().newest(key.as_bytes()).unwrap().version;
        assert_eq!(bench.tiers.row(key.as_bytes()).unwrap().version, newest);
    }
    bench.kill(Place::Cache(1));
    bench.kill(Place::Cache(2));
    assert_eq!(bench.counts().lost, 0, "nothing was owed");
}

/// A request every 10 ms; the node dies and comes back.
#[test]
fn the_circuit_breaker_as_a_script() {
    let options = Options {
        apps: 1,
        caches: 1,
        l1_capacity: 0,
        breaker_failures: 3,
        breaker_open_ns: 200 * MS,
        ..Options::default()
    };
    let mut bench = Bench::new(1, options);
    for step in 0..100 {
        match step {
            10 => bench.kill(Place::Cache(1)),
            60 => bench.restart(Place::Cache(1), false),
            _ => {}
        }
        bench.get(1, "k1");
        bench.run(10 * MS);
    }
    bench.settle();
    let mut text = String::new();
    for record in bench.cx.recorder.trace.iter() {
        let said = match &record.event {
            Event::BreakerTurned { state, .. } => format!("breaker {}", state.word()),
            Event::TierStatusChanged { status, .. } => format!("L2 {}", status.word()),
            _ => continue,
        };
        text.push_str(&format!("{:>6.1} ms  {said}\n", record.time_ns as f64 / 1e6));
    }
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outage.txt"), &text).unwrap();
    }
    assert_eq!(text, include_str!("outage.txt"));
    assert_eq!(bench.tiers.state().places[0].breaker, BreakerState::Closed);
    assert_eq!((bench.counts().served, bench.counts().failed), (100, 0));
}

/// L2 dies under load that only L2 makes bearable: the peak of the queue, and how many were served in what time.
fn outage(options: Options) -> (TierCounts, u64) {
    let mut bench = Bench::new(1, Options { l1_capacity: 0, l2_capacity: 200, caches: 1, ..options });
    let load = |bench: &mut Bench, operations| {
        let keys = Keys::Uniform { count: 100 };
        let arrival = Arrival::Open { per_s: 3000 };
        let workload = Workload { operations, writes_percent: 0, missing_percent: 0, keys, arrival };
        bench.tiers.start_load(&mut bench.cx, workload);
    };
    load(&mut bench, 6000);
    bench.run(S);
    bench.kill(Place::Cache(1));
    bench.run(2 * S);
    bench.settle();
    (bench.counts(), bench.tiers.told().latencies[3].percentile_ns(99))
}

#[test]
fn without_l2_the_database_is_overrun_and_shedding_keeps_it_fast() {
    let (bare, bare_ns) = outage(Options::default());
    let breaker = Options { breaker_failures: 5, ..Options::default() };
    let (shed, shed_ns) = outage(Options { shed: 16, ..breaker });
    assert!(bare.most_queued == 256 && bare.failed > 500, "{bare:?}");
    assert!(shed.most_queued <= 32, "{shed:?}");
    assert!(shed_ns * 3 < bare_ns, "{shed_ns} {bare_ns}");
}

#[test]
fn a_warm_node_takes_requests_when_it_has_something_to_say() {
    let misses = |warm: bool| {
        let options = Options { caches: 1, l1_capacity: 0, l2_capacity: 200, l2_ttl_ns: 100 * S, ..Options::default() };
        let mut bench = Bench::new(1, options);
        for _ in 0..2 {
            for number in 1..=50 {
                bench.get(1, &format!("k{number}"));
                bench.run(20 * MS);
            }
        }
        bench.kill(Place::Cache(1));
        bench.restart(Place::Cache(1), warm);
        bench.run(S);
        let before = bench.counts().database;
        for number in 1..=50 {
            bench.get(1, &format!("k{number}"));
            bench.run(20 * MS);
        }
        bench.counts().database - before
    };
    assert_eq!((misses(false), misses(true)), (50, 0));
}

#[test]
fn a_node_that_is_down_is_passed_over_with_failover() {
    let slow = |failover: bool| {
        let mut bench = Bench::new(1, Options { failover, l1_capacity: 0, ..Options::default() });
        bench.kill(Place::Cache(1));
        for number in (1..=20).chain(1..=20) {
            bench.get(1, &format!("k{number}"));
            bench.run(50 * MS);
        }
        bench.counts().database
    };
    assert_eq!(slow(true), 20);
    assert!(slow(false) > 24);
}

#[test]
fn the_database_comes_back_with_all_that_it_said_was_written() {
    let mut bench = Bench::new(1, Options::default());
    bench.put(1, "k1");
    bench.run(50 * MS);
    bench.put(1, "k2");
    bench.run(3 * MS);
    bench.kill(Place::Database);
    bench.run(50 * MS);
    assert_eq!((bench.counts().served, bench.counts().failed), (1, 1));
    bench.get(2, "k3");
    bench.run(50 * MS);
    bench.restart(Place::Database, false);
    bench.get(2, "k1");
    bench.settle();
    let newest = bench.tiers.ledger().newest(b"k1").unwrap();
    assert!(newest.acknowledged_ns.is_some());
    assert_eq!(bench.tiers.row(b"k1").unwrap().version, newest.version);
    assert_eq!((bench.counts().served, bench.counts().failed, bench.counts().stale), (2, 2, 0));
}

#[test]
fn what_is_not_there_can_not_be_killed() {
    let mut bench = Bench::new(1, Options::default());
    let Bench { cx, tiers } = &mut bench;
    assert_eq!(tiers.kill(cx, Place::Cache(3)).unwrap_err().to_string(), "there is no node of L2 3: there are 1 to 2");
    tiers.kill(cx, Place::App(2)).unwrap();
    assert_eq!(tiers.kill(cx, Place::App(2)).unwrap_err().to_string(), "application server 2 is down already");
    let error = tiers.restart(cx, Place::Database, false).unwrap_err();
    assert_eq!(error.to_string(), "the database is not down: kill it first");
}

/// A node writes through for a server that dies meanwhile and comes back: its client was told that it failed, and nobody is
/// told anything else.
#[test]
fn what_a_dead_server_had_asked_for_is_not_acknowledged() {
    let mut bench = Bench::new(1, Options { strategy: Strategy::WriteThrough, ..Options::default() });
    let put = bench.put(1, "k1");
    bench.run(5 * MS);
    bench.kill(Place::App(1));
    bench.restart(Place::App(1), false);
    bench.settle();
    let told = bench.tells(|event| match event {
        Event::TierTold { request, fate, .. } if *request == put => Some(fate.word().to_string()),
        _ => None,
    });
    assert_eq!(told, ["failed"]);
    let write = bench.tiers.ledger().newest(b"k1").unwrap();
    assert_eq!((write.acknowledged_ns, bench.counts().writes), (None, 1));
}

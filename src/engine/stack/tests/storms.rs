//! Any setup, any traffic, anything that breaks: every request ends once, the trace tells all, and what is promised holds.

use super::*;
use glassbase_history::linearizable::{self, Limits, Model, Verdict};
use glassbase_sim::Generator;

fn choice<T: Clone>(random: &mut Generator, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}

fn any_options(random: &mut Generator) -> Options {
    let mode = leader_follower::Mode::SemiSynchronous { acknowledgements: 1 };
    let protocol = choice(random, &[raft(), leader_follower(mode), quorum()]);
    let shelf = choice(random, &[ShelfKind::Memory, ShelfKind::Tree(Box::default()), ShelfKind::Lsm(Box::default())]);
    let mut options = Options::new(shard(protocol, shelf));
    options.shards = 1 + random.below(3) as u16;
    options.reads_any = random.chance(0.3);
    options.cluster.clients = choice(random, &[1, 8]);
    options.tiers.l1_capacity = choice(random, &[0, 16]);
    options.tiers.l2_capacity = choice(random, &[0, 64]);
    options.tiers.connections = choice(random, &[4, 64]);
    options.copies = random.chance(0.5);
    if options.tiers.l2_capacity > 0 && random.chance(0.3) {
        options.tiers.strategy = glassbase_cache::Strategy::WriteBehind;
    }
    options
}

/// Something breaks, or is mended.
fn meddle(bench: &mut Bench, random: &mut Generator) {
    let shard = 1 + random.below(bench.stack.shards().count() as u64);
    let node = 1 + random.below(3);
    let replica = (NodeId(shard as u16), NodeId(node as u16));
    let word = match random.below(6) {
        0 => "l2".to_string(),
        1 => format!("app{}", 1 + random.below(2)),
        2 => "router".to_string(),
        _ => format!("s{shard}n{node}"),
    };
    let place = bench.place(&word);
    match random.below(8) {
        0 => cut(bench, random, Place::Replica(replica.0, replica.1)),
        1 => bench.stack.heal(&mut bench.cx),
        // A store in memory has no disk, and says so.
        2 => drop(bench.stack.fill_disk(&mut bench.cx, replica.0, replica.1)),
        3 => drop(bench.stack.slow(&mut bench.cx, replica.0, replica.1, 1 + random.below(20))),
        4 => drop(bench.stack.add_shard(&mut bench.cx)),
        _ if bench.stack.kill(&mut bench.cx, place).is_ok() => {}
        _ => drop(bench.stack.restart(&mut bench.cx, place)),
    }
}

/// Some link is cut, behind the router or before it.
fn cut(bench: &mut Bench, random: &mut Generator, replica: Place) {
    let (app, l2) = (Place::App(1 + random.below(2) as u16), Place::Caches);
    let (one, other) = match random.below(6) {
        0 => (app, Some(l2)),
        1 => (app, Some(Place::Router)),
        2 => (l2, None),
        3 => (replica, Some(Place::Router)),
        _ => (replica, None),
    };
    bench.stack.cut(&mut bench.cx, one, other).unwrap();
}

/// All is well again.
fn mend(bench: &mut Bench) {
    bench.stack.heal(&mut bench.cx);
    let shards: Vec<u16> = bench.stack.shards().map(|shard| shard.0).collect();
    let mut words = vec!["l2".to_string(), "app1".to_string(), "app2".to_string(), "router".to_string()];
    words.extend(shards.iter().flat_map(|shard| (1..=3).map(move |node| format!("s{shard}n{node}"))));
    for word in words {
        let place = bench.place(&word);
        let _ = bench.stack.restart(&mut bench.cx, place);
        if let Place::Replica(shard, node) = place {
            let _ = bench.stack.slow(&mut bench.cx, shard, node, 1);
        }
    }
}

fn storm(seed: u64, records: bool) -> Bench {
    let mut random = Generator::new(seed, "storm");
    let mut bench = Bench::new(seed, any_options(&mut random));
    bench.cx.recorder.switch(records);
    let (mut folded, mut at) = (bench.stack.state(), 0);
    for _ in 0..3 {
        bench.load(20 + random.below(40), choice(&mut random, &[0, 30, 80]), 12);
        for _ in 0..4 {
            bench.run(random.below(60 * MS));
            meddle(&mut bench, &mut random);
            if records {
                at = bench.fold(&mut folded, at);
                assert_eq!(folded, bench.stack.state(), "seed {seed}: the trace tells something else");
            }
        }
    }
    bench.stack.stop_load();
    // A disk that is planned to be full may strike later, when the replica that it belongs to is up again.
    for _ in 0..6 {
        mend(&mut bench);
        bench.run(10 * S);
    }
    assert!(bench.stack.is_calm(), "seed {seed}: {}", bench.stack.waits());
    let counts = bench.stack.tiers().told().counts;
    assert_eq!(counts.asked, counts.served + counts.failed + counts.late, "seed {seed}: each request ends once");
    bench
}

#[test]
fn every_request_ends_and_the_trace_tells_all() {
    for seed in 0..12 {
        storm(seed, true);
    }
}

#[test]
fn recording_changes_nothing() {
    for seed in 20..24 {
        let (seen, unseen) = (storm(seed, true), storm(seed, false));
        assert_eq!(seen.stack.history.operations, unseen.stack.history.operations, "seed {seed}");
        assert_eq!(seen.stack.tiers().told().counts, unseen.stack.tiers().told().counts, "seed {seed}");
    }
}

fn is_linearizable(bench: &Bench) -> bool {
    let history = &bench.stack.history;
    let limits = Limits { steps: 2_000_000, ..Limits::default() };
    let report = linearizable::check(history, Model::of(history), limits).unwrap();
    match report.verdict {
        Verdict::Holds(_) => true,
        Verdict::Violated(_) => false,
        Verdict::GaveUp { why, .. } => panic!("the checker gave up: {why}"),
    }
}

/// Without caches, over Raft, the whole stack is one register per key: whatever breaks, and while shards are added.
#[test]
fn without_caches_over_raft_the_stack_is_linearizable() {
    for seed in 0..25 {
        let mut random = Generator::new(seed, "registers");
        let shelf = choice(&mut random, &[ShelfKind::Memory, ShelfKind::Tree(Box::default())]);
        let mut options = Options::new(shard(raft(), shelf));
        (options.tiers.l1_capacity, options.tiers.l2_capacity) = (0, 0);
        options.copies = seed % 2 == 0;
        let mut bench = Bench::new(seed, options);
        bench.cx.recorder.switch(false);
        for _ in 0..3 {
            bench.load(30, 50, 6);
            for _ in 0..3 {
                bench.run(random.below(80 * MS));
                meddle(&mut bench, &mut random);
            }
        }
        for _ in 0..4 {
            mend(&mut bench);
            bench.run(10 * S);
        }
        assert!(bench.stack.is_calm(), "seed {seed}: {}", bench.stack.waits());
        assert!(is_linearizable(&bench), "seed {seed}");
        assert_eq!(bench.stack.lost_writes(), 0, "seed {seed}");
    }
}

/// Caches that are told of no write serve what is old: the same checker has to find that.
#[test]
fn caches_without_invalidation_are_not_linearizable() {
    let found = (0..10).filter(|seed| {
        let mut options = Options::new(shard(raft(), ShelfKind::Memory));
        options.tiers.invalidation = glassbase_cache::Invalidation::Ttl;
        let mut bench = Bench::new(*seed, options);
        bench.cx.recorder.switch(false);
        bench.load(100, 40, 3);
        bench.run(20 * S);
        !is_linearizable(&bench)
    });
    assert!(found.count() >= 8);
}

/// A leader that acknowledges before anybody else has the write loses it with its power; Raft does not.
#[test]
fn only_asynchronous_copies_lose_writes() {
    let lost = |protocol: Rc<dyn Protocol>, seed: u64| {
        let mut options = Options::new(shard(protocol, ShelfKind::Memory));
        options.shards = 1;
        let mut bench = Bench::new(seed, options);
        bench.cx.recorder.switch(false);
        bench.load(60, 100, 24);
        bench.run(60 * MS + seed * 3 * MS);
        bench.stack.stop_load();
        bench.kill("s1leader");
        bench.run(5 * S);
        bench.stack.lost_writes()
    };
    let slow =
        leader_follower::Options { ship_every_ns: 20 * MS, failover: true, ..leader_follower::Options::default() };
    let slow: Rc<dyn Protocol> = Rc::new(slow);
    assert!((0..10).map(|seed| lost(slow.clone(), seed)).sum::<u64>() > 0, "asynchronous: something is lost");
    assert_eq!((0..10).map(|seed| lost(raft(), seed)).sum::<u64>(), 0, "raft: nothing is");
}

/// Keys move while they are read and written, and every one of them is found afterwards, as it was written last.
#[test]
fn a_shard_more_loses_nothing() {
    let mut bench = Bench::new(11, Options::new(shard(raft(), ShelfKind::Tree(Box::default()))));
    bench.cx.recorder.switch(false);
    bench.stack.preload(&mut bench.cx, 60);
    while bench.stack.preload_left() > 0 {
        assert!(bench.stack.step(&mut bench.cx));
    }
    bench.load(300, 50, 60);
    bench.run(100 * MS);
    let moving = bench.stack.add_shard(&mut bench.cx).unwrap();
    assert!((8..40).contains(&moving), "a third of 60 keys, about: {moving}");
    assert!(bench.stack.add_shard(&mut bench.cx).is_err(), "one change at a time");
    bench.run(30 * S);
    assert!(bench.stack.is_calm() && bench.stack.keys_to_move() == 0);
    assert_eq!(bench.stack.map().version(), 2);
    assert_eq!(bench.stack.tiers().told().counts.failed, 0);
    assert_eq!(bench.stack.lost_writes(), 0);
    assert_eq!(bench.stack.shards().count(), 3);
    for number in 1..=60 {
        let key = format!("k{number}");
        let read = bench.told(TierOperation::Get, &key, None);
        assert!(read.row.value.is_some(), "{key} is gone");
        assert_eq!(
            bench.stack.tiers().ledger().newest(key.as_bytes()).map_or(read.row.version, |w| w.version),
            read.row.version
        );
    }
}

/// Servers that go by an old map are turned away, once for each map, and what they ask for is found all the same.
#[test]
fn an_old_map_costs_a_detour_and_nothing_else() {
    let mut options = Options::new(shard(raft(), ShelfKind::Memory));
    options.copies = true;
    (options.tiers.l1_capacity, options.tiers.l2_capacity) = (0, 0);
    let mut bench = Bench::new(3, options);
    bench.load(80, 100, 40);
    bench.run(5 * S);
    bench.stack.add_shard(&mut bench.cx).unwrap();
    bench.run(20 * S);
    assert_eq!((bench.stack.keys_to_move(), bench.stack.bounced()), (0, 0), "nobody has asked");
    let state = bench.stack.state();
    assert_eq!((state.copies, state.map.version), (vec![1, 1], 2));
    for number in 1..=40 {
        let read = bench.told(TierOperation::Get, &format!("k{number}"), None);
        assert_eq!(read.fate, TierFate::Served);
        assert!(
            bench
                .stack
                .tiers()
                .ledger()
                .newest(format!("k{number}").as_bytes())
                .is_none_or(|w| w.version == read.row.version)
        );
    }
    let state = bench.stack.state();
    assert_eq!((bench.stack.bounced(), state.copies), (2, vec![2, 2]), "each server once");
    let detour =
        state.weave.follows.iter().flat_map(|follow| &follow.spans).find(|span| span.text.starts_with("turned away"));
    assert!(
        detour.is_none() || detour.is_some_and(|span| span.to_ns - span.from_ns == bench.stack.options().bounce_ns)
    );
}

/// Write-behind: what L2 owes when its power fails is told as lost, and nothing else is; in the end all else is at the shards.
#[test]
fn write_behind_loses_what_it_says() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..8 {
        let mut options = Options::new(shard(raft(), ShelfKind::Memory));
        options.tiers.strategy = glassbase_cache::Strategy::WriteBehind;
        let mut bench = Bench::new(seed, options);
        bench.load(60, 100, 30);
        bench.run(70 * MS + seed * 9 * MS);
        bench.stack.stop_load();
        if seed > 0 {
            bench.kill("l2");
        }
        bench.run(10 * S);
        lost += bench.stack.lost_writes();
        let gone = |key: &str, version: u64| {
            bench.cx.recorder.trace.iter().any(|record| match &record.event {
                glassbase_trace::Event::TierLost { key: told, version: at } => {
                    *told == Bytes::typed(key) && *at == version
                }
                _ => false,
            })
        };
        let keys: Vec<(String, u64)> = (1..=30)
            .map(|number| format!("k{number}"))
            .filter_map(|key| {
                let newest = bench.stack.tiers().ledger().newest(key.as_bytes())?;
                (newest.acknowledged_ns.is_some() && !gone(&key, newest.version)).then_some((key, newest.version))
            })
            .collect();
        kept += keys.len();
        if seed > 0 {
            let place = bench.place("l2");
            bench.stack.restart(&mut bench.cx, place).unwrap();
        }
        for (key, version) in keys {
            let read = bench.told(TierOperation::Get, &key, None);
            assert!(read.row.version >= version, "seed {seed}: {key} has version {}, not {version}", read.row.version);
        }
    }
    assert!(lost > 0 && kept > 50, "something was owed when the power failed, and something was not: {lost} {kept}");
}

/// Any link may be cut: who waits behind it is answered in time, or told that nobody answers.
#[test]
fn links_before_and_behind_the_router_can_be_cut_and_mended() {
    let mut options = Options::new(shard(raft(), ShelfKind::Memory));
    options.tiers.l1_capacity = 0;
    let mut bench = Bench::new(5, options);
    assert_eq!(bench.told(TierOperation::Put, "x", Some("1")).fate, TierFate::Served);
    for (one, other, served) in
        [("app1", Some("l2"), true), ("l2", Some("router"), true), ("router", Some("s1"), false)]
    {
        let (one, other) = (bench.place(one), other.map(|word| bench.place(word)));
        bench.stack.cut(&mut bench.cx, one, other).unwrap();
        let key = if served { "x" } else { "y1" };
        let homes: Vec<String> = (0..40)
            .map(|n| format!("y{n}"))
            .filter(|key| bench.stack.home_of(&Bytes::typed(key)) == NodeId(1))
            .collect();
        let key = if served { key.to_string() } else { homes[0].clone() };
        let fate = bench.told(TierOperation::Get, &key, None).fate;
        assert_eq!(fate == TierFate::Served, served, "{one} {other:?}: {fate:?}");
        bench.stack.heal(&mut bench.cx);
        assert_eq!(bench.told(TierOperation::Get, &key, None).fate, TierFate::Served, "{one} {other:?} mended");
    }
    let cut = |bench: &mut Bench, one: Place, other: Place| bench.stack.cut(&mut bench.cx, one, Some(other));
    for (one, other) in [("app1", "app2"), ("app1", "s1n1"), ("s1n1", "s2n1"), ("router", "router")] {
        let (one, other) = (bench.place(one), bench.place(other));
        assert!(matches!(cut(&mut bench, one, other), Err(StackError::NoLink { .. })), "{one} {other}");
    }
}

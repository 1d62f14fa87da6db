//! What each strategy costs on one script: reads and writes of the database, and where answers come from.

use super::*;
use crate::{Invalidation, Strategy};
use glassbase_trace::TierSource;

/// Reads, a write, reads again, two writes in a row, a read: from two servers, one after the other.
const SCRIPT: &str = "get1 get1 get2 put1 get1 get2 put1 put1 get2 get1";

/// Where each answer of the script came from, and whether it was stale.
fn run(options: Options) -> (String, Bench) {
    let mut bench = Bench::new(1, options);
    for word in SCRIPT.split(' ') {
        let (operation, app) = word.split_at(3);
        let operation = if operation == "get" { TierOperation::Get } else { TierOperation::Put };
        bench.ask(app.parse().unwrap(), operation, "k1");
        bench.run(40 * MS);
    }
    let said = bench.tells(|event| match event {
        Event::TierTold { source, age_ns, request, .. } => {
            let asked = bench.cx.recorder.trace.iter().find_map(|record| match &record.event {
                Event::TierAsked { request: asked, operation: TierOperation::Get, .. } if asked == request => Some(()),
                _ => None,
            });
            asked.map(|()| format!("{}{}", source.word(), if *age_ns > 0 { "!" } else { "" }))
        }
        _ => None,
    });
    bench.settle();
    bench.run(S);
    (said.join(" "), bench)
}

#[test]
fn each_strategy_on_one_script() {
    let with = |strategy| Options { strategy, ..Options::default() };
    // Answers of the seven reads; reads and writes of the database.
    for (strategy, answers, reads, writes) in [
        (Strategy::CacheAside, "database l1 l2 database l2 database l2", 3, 3),
        (Strategy::ReadThrough, "database l1 l2 database l2 database l2", 3, 3),
        (Strategy::RefreshAhead, "database l1 l2 database l2 database l2", 3, 3),
        (Strategy::WriteThrough, "database l1 l2 l1 l2 l2 l1", 1, 3),
        (Strategy::WriteAround, "database l1 l2 database l2 database l2", 3, 3),
        // The two writes in a row are one; the first was written 100 ms after it was taken.
        (Strategy::WriteBehind, "database l1 l2 l1 l2 l2 l1", 1, 2),
    ] {
        let (said, bench) = run(with(strategy));
        let counts = bench.counts();
        assert_eq!((said.as_str(), counts.reads, counts.writes), (answers, reads, writes), "{}", strategy.word());
        assert_eq!((counts.stale, counts.lost, counts.served), (0, 0, 10), "{}", strategy.word());
    }
}

#[test]
fn with_a_time_to_live_alone_everybody_is_stale_until_it_is_over() {
    let options = Options { invalidation: Invalidation::Ttl, l1_ttl_ns: S, ..Options::default() };
    let (said, mut bench) = run(options);
    assert_eq!(said, "database l1 l2 l1! l1! l1! l1!");
    bench.run(11 * S);
    bench.get(1, "k1");
    bench.settle();
    assert_eq!(bench.counts().stale, 4, "its time is over");
}

#[test]
fn versioned_keys_are_never_stale_and_ask_l2_every_time() {
    let (said, bench) = run(Options { invalidation: Invalidation::Versions, ..Options::default() });
    assert_eq!(said, "database l1 l2 database l2 database l2");
    assert_eq!(bench.counts().stale, 0);
}

#[test]
fn the_latencies_are_those_of_the_tiers() {
    let (_, bench) = run(Options::default());
    let median = |source: TierSource| bench.tiers.told().latencies[source as usize].percentile_ns(50);
    let within = |ns: u64, about: u64| (about..=about * 5 / 4).contains(&ns);
    assert!(within(median(TierSource::L1), 1_000), "{}", median(TierSource::L1));
    assert!(within(median(TierSource::L2), 1_000_000), "{}", median(TierSource::L2));
    assert!(within(median(TierSource::Database), 11 * MS), "{}", median(TierSource::Database));
}

#[test]
fn no_l1_no_l2_nothing() {
    for (l1_capacity, l2_capacity, answers) in [
        (0, 64, "database l2 l2 database l2 database l2"),
        (16, 0, "database l1 database database database database database"),
        (0, 0, "database database database database database database database"),
    ] {
        let (said, bench) = run(Options { l1_capacity, l2_capacity, ..Options::default() });
        assert_eq!(said, answers);
        assert_eq!(bench.counts().stale, 0);
    }
}

#[test]
fn a_deleted_key_is_gone_everywhere() {
    for strategy in Strategy::ALL {
        let mut bench = Bench::new(1, Options { strategy: *strategy, ..Options::default() });
        for operation in [TierOperation::Get, TierOperation::Delete, TierOperation::Get, TierOperation::Get] {
            bench.ask(1, operation, "k7");
            bench.run(50 * MS);
        }
        bench.run(S);
        assert_eq!(bench.counts().stale, 0, "{}", strategy.word());
        assert_eq!(bench.tiers.row(b"k7").unwrap().value, None, "{}", strategy.word());
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let refused = |options: Options| Tiers::new(1, options).map(drop).unwrap_err().to_string();
    let behind = Options { strategy: Strategy::WriteBehind, ..Options::default() };
    assert!(refused(Options { l2_capacity: 0, ..behind.clone() }).contains("give it a size"));
    assert!(refused(Options { invalidation: Invalidation::Versions, ..behind }).contains("versioned keys"));
    assert!(refused(Options { beta: -1.0, ..Options::default() }).contains("the setting beta does not work"));
    assert!(refused(Options { apps: 0, ..Options::default() }).contains("from 1 to 64"));
}

#[test]
fn a_write_comes_from_where_it_was_when_its_client_was_told() {
    for (strategy, source) in [
        (Strategy::CacheAside, TierSource::Database),
        (Strategy::WriteThrough, TierSource::Database),
        (Strategy::WriteBehind, TierSource::L2),
    ] {
        let mut bench = Bench::new(1, Options { strategy, ..Options::default() });
        let put = bench.put(1, "k1");
        bench.settle();
        let said = bench.tells(|event| match event {
            Event::TierTold { request, source, .. } if *request == put => Some(source.word().to_string()),
            _ => None,
        });
        assert_eq!(said, [source.word()], "{}", strategy.word());
    }
}

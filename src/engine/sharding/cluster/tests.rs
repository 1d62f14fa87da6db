//! Tests of the cluster: storms on migrations, every crash point, what is broken on purpose, queries, hot spots.

use super::load::{Keys, Load};
use super::options::Options;
use super::router::Fate;
use super::{Cluster, Fault, storm};
use crate::error::ShardingError;
use crate::map::{Change, MapOptions};
use crate::message::Question;
use crate::placement::Strategy;
use glassbase_sim::Cx;
use glassbase_storage::ShelfKind;
use glassbase_trace::{Bytes, NodeId};

const MS: u64 = 1_000_000;

fn options(strategy: Strategy) -> Options {
    let map = MapOptions { strategy, keys: 60, virtual_nodes: 16, ..MapOptions::default() };
    Options { map, shards: 3, clients: 4, ..Options::default() }
}

fn keys_of(strategy: Strategy) -> Keys {
    match strategy {
        Strategy::Geographic => Keys::Regions { names: vec!["eu".into(), "us".into(), "asia".into()], count: 20 },
        _ => Keys::Uniform { count: 60 },
    }
}

struct Run {
    cx: Cx,
    cluster: Cluster,
}

impl Run {
    fn new(seed: u64, options: Options) -> Run {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let mut cluster = Cluster::new(&mut cx, options).unwrap();
        cluster.be_quiet();
        Run { cx, cluster }
    }

    fn load(&mut self, keys: Keys, operations: u64) {
        let load = Load { operations, keys, writes_percent: 55, scans_percent: 5, width: 30, ..Load::default() };
        self.cluster.start_load(&mut self.cx, load);
    }

    fn run(&mut self, for_ns: u64) {
        let until_ns = self.cx.now_ns() + for_ns;
        self.cluster.run_until(&mut self.cx, until_ns);
    }

    /// Until no client waits, the load is over and no change is under way; panics if that does not come to be.
    fn settle(&mut self) {
        for _ in 0..400 {
            self.run(25 * MS);
            let (done, total) = self.cluster.load_progress();
            if self.cluster.waiting() == 0 && done >= total && self.cluster.plan().is_none() {
                return;
            }
        }
        panic!("it does not settle: {:?}", self.cluster.plan().map(|plan| &plan.text));
    }

    fn ask(&mut self, question: Question) -> Fate {
        self.cluster.ask(&mut self.cx, None, question).unwrap();
        while self.cluster.waiting() > 0 {
            assert!(self.cluster.step(&mut self.cx));
        }
        self.cluster.last().unwrap().fate.clone()
    }

    fn put(&mut self, key: u64) -> Fate {
        self.ask(Question::Put { key: Bytes::number(key), text: Bytes::from(&b"v"[..]) })
    }

    fn scan(&mut self, from: u64, to: u64) -> Fate {
        let (from, to) = (Some(Bytes::number(from)), Some(Bytes::number(to)));
        self.ask(Question::Scan { from, to, limit: u64::MAX })
    }

    fn problem(&mut self) -> Option<String> {
        self.cluster.problem().unwrap()
    }
}

impl Cluster {
    /// The streams that are not done.
    fn stuck(&self) -> Vec<String> {
        let shards = self.places.iter().filter_map(|place| place.shard.as_ref().map(|shard| (place.id, shard)));
        let open = shards.flat_map(|(id, shard)| shard.outgoing().map(move |(to, out)| (id, to, out)));
        open.filter(|(.., out)| !out.is_done()).map(|(id, to, out)| format!("{id} {to} {:?}", out.phase)).collect()
    }
}

/// A change of the map under load and faults, twice; what the checker says.
fn stormy(seed: u64, strategy: Strategy, options: Options, shelf: ShelfKind) -> Option<String> {
    stormy_with(seed, strategy, options, shelf, &[])
}

/// The same, and from when to when the map service is down besides, in milliseconds.
fn stormy_with(
    seed: u64,
    strategy: Strategy,
    options: Options,
    shelf: ShelfKind,
    outages: &[(u64, u64)],
) -> Option<String> {
    let shards = options.shards;
    let mut run = Run::new(seed, Options { shelf, ..options });
    run.load(keys_of(strategy), 150);
    run.run(5 * MS);
    for (at_ns, fault) in storm(seed, shards + 1, 5, 8 * MS, 250 * MS) {
        run.cluster.plan_fault(at_ns, fault);
    }
    for (from_ms, to_ms) in outages {
        run.cluster.plan_fault(from_ms * MS, Fault::StopService);
        run.cluster.plan_fault(to_ms * MS, Fault::StartService);
    }
    let new = NodeId(shards + 1);
    let first = match strategy {
        Strategy::Range => vec![Change::Split { at: Bytes::number(10), shard: new }],
        _ => vec![Change::Add { shard: new, weight: 1 }],
    };
    run.cluster.change(&mut run.cx, &first, "adding a shard").unwrap();
    run.run(300 * MS);
    run.settle();
    let second = match strategy {
        Strategy::Range => Change::Merge { at: Bytes::number(10) },
        _ if seed.is_multiple_of(2) => Change::Remove { shard: NodeId(1) },
        _ => Change::Dedicate { key: Bytes::number(7), shard: NodeId(2) },
    };
    run.load(keys_of(strategy), 80);
    run.cluster.change(&mut run.cx, &[second], "another change").unwrap();
    run.settle();
    assert!(run.cluster.shards().all(|shard| run.cluster.place(shard).shard.is_some()));
    run.problem()
}

fn seeds(count: u64) -> u64 {
    std::env::var("SHARDING_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(count)
}

#[test]
fn a_thousand_storms_on_migrations_lose_and_double_nothing() {
    for seed in 0..seeds(1000) {
        let strategy = Strategy::ALL[seed as usize % Strategy::ALL.len()];
        let mut options = options(strategy);
        options.shard.chunk_rows = 3 + seed % 9;
        options.dual_reads = seed % 3 == 0;
        options.hedge_ns = if seed % 5 == 0 { 3 * MS } else { 0 };
        options.hiccups = seed % 40;
        let problem = stormy(seed, strategy, options, ShelfKind::Memory);
        assert_eq!(problem, None, "seed {seed}, {strategy:?}");
    }
}

#[test]
fn storms_on_shards_with_stores_on_disks_lose_and_double_nothing() {
    for seed in 0..seeds(24) {
        let strategy = [Strategy::Consistent, Strategy::Range, Strategy::Modulo][seed as usize % 3];
        let shelf = if seed % 2 == 0 { ShelfKind::Lsm(Box::default()) } else { ShelfKind::Tree(Box::default()) };
        let problem = stormy(seed, strategy, options(strategy), shelf);
        assert_eq!(problem, None, "seed {seed}, {strategy:?}");
    }
}

/// Whether the checker finds something within so many seeds.
fn is_found(count: u64, breaks: impl Fn(&mut Options)) -> bool {
    (0..count).any(|seed| {
        let mut options = options(Strategy::Consistent);
        options.shard.chunk_rows = 4;
        breaks(&mut options);
        stormy(seed, Strategy::Consistent, options, ShelfKind::Memory).is_some()
    })
}

#[test]
fn what_is_broken_on_purpose_is_found() {
    assert!(is_found(50, |options| options.shard.catches_up = false), "a cut-over without catch-up");
    assert!(is_found(200, |options| options.shard.freezes = false), "a source that goes on taking writes");
    assert!(is_found(50, |options| options.shard.knows_twins = false), "writes that come twice");
    assert!(is_found(50, |options| options.shard.sync = false), "writes acknowledged before they are durable");
}

#[test]
fn a_crash_at_each_step_of_a_move_loses_nothing() {
    for phase in ["opening", "copying", "catching-up", "frozen", "handed", "done"] {
        for (is_source, later) in [(true, 0), (false, 0), (true, 1), (false, 1)] {
            let mut options = options(Strategy::Consistent);
            options.shard.chunk_rows = 2;
            options.parallel = 1;
            let mut run = Run::new(7, options);
            run.load(Keys::Uniform { count: 60 }, 120);
            run.settle();
            run.load(Keys::Uniform { count: 60 }, 200);
            let change = Change::Add { shard: NodeId(4), weight: 1 };
            let plan = run.cluster.change(&mut run.cx, &[change], "adding n4").unwrap();
            let goes =
                |pair: (NodeId, NodeId)| (0..60).filter(|key| plan.step(&Bytes::number(*key)) == Some(pair)).count();
            let (from, to) = plan.moves.iter().copied().max_by_key(|pair| goes(*pair)).unwrap();
            let is_there = |run: &Run| {
                let shard = run.cluster.place(from).shard.as_ref();
                shard.is_some_and(|shard| shard.outgoing().any(|(other, out)| other == to && out.phase.word() == phase))
            };
            while !is_there(&run) {
                assert!(run.cluster.step(&mut run.cx), "it never is {phase}");
            }
            for _ in 0..later {
                run.cluster.step(&mut run.cx);
            }
            let victim = if is_source { from } else { to };
            run.cluster.inject(&mut run.cx, &Fault::Crash(victim)).unwrap();
            run.run(40 * MS);
            run.cluster.inject(&mut run.cx, &Fault::Restart(victim)).unwrap();
            run.settle();
            assert_eq!(run.problem(), None, "{phase}, crash of the {}", if is_source { "source" } else { "target" });
            assert!(run.cluster.map().has(NodeId(4)));
        }
    }
}

#[test]
fn a_router_with_an_old_map_is_bounced_and_learns() {
    let mut run = Run::new(1, options(Strategy::Consistent));
    (0..60).for_each(|key| assert_eq!(run.put(key), Fate::Written(1)));
    let change = Change::Add { shard: NodeId(4), weight: 1 };
    let plan = run.cluster.change(&mut run.cx, &[change], "adding n4").unwrap();
    run.settle();
    let bounced = |run: &Run| run.cluster.places.iter().map(|place| place.shard.as_ref().unwrap().bounced).sum::<u64>();
    assert_eq!(bounced(&run), 0);
    // Its router has heard of nothing yet, and the first key that it asks for has moved.
    let moved = (0..60).find(|key| plan.step(&Bytes::number(*key)).is_some()).unwrap();
    assert_eq!(run.put(moved), Fate::Written(2));
    let once = bounced(&run);
    assert!(once >= 1, "nobody was sent elsewhere");
    (0..60).for_each(|key| drop(run.put(key)));
    assert_eq!(bounced(&run), once, "the map is known now");
    assert_eq!(run.problem(), None);
}

#[test]
fn without_the_map_service_keys_that_stay_are_found_and_moves_wait_for_it() {
    let mut run = Run::new(2, options(Strategy::Consistent));
    (0..60).for_each(|key| assert_eq!(run.put(key), Fate::Written(1)));
    let change = Change::Add { shard: NodeId(4), weight: 1 };
    let plan = run.cluster.change(&mut run.cx, std::slice::from_ref(&change), "adding n4").unwrap();
    run.run(2 * MS);
    run.cluster.inject(&mut run.cx, &Fault::StopService).unwrap();
    assert!(matches!(run.cluster.inject(&mut run.cx, &Fault::StopService), Err(ShardingError::AlreadySo { .. })));
    let refused = run.cluster.change(&mut run.cx, &[Change::Remove { shard: NodeId(1) }], "removing n1");
    assert_eq!(refused, Err(ShardingError::NoMapService));
    run.run(300 * MS);
    assert!(run.cluster.plan().is_some(), "nobody can say that all has moved");
    let (moving, staying): (Vec<u64>, Vec<u64>) = (0..60).partition(|key| plan.step(&Bytes::number(*key)).is_some());
    staying.iter().for_each(|key| assert_eq!(run.put(*key), Fate::Written(2)));
    // What has gone bounces until the time is up; what has not set out is written where it is.
    let fates: Vec<Fate> = moving.iter().take(6).map(|key| run.put(*key)).collect();
    let lost = fates.iter().filter(|fate| matches!(fate, Fate::Unknown(why) if why.contains("map service"))).count();
    assert!(lost > 0, "{fates:?}");
    assert!(fates.iter().all(|fate| matches!(fate, Fate::Unknown(_) | Fate::Written(2))), "{fates:?}");
    run.cluster.inject(&mut run.cx, &Fault::StartService).unwrap();
    run.settle();
    assert!(run.cluster.map().has(NodeId(4)) && run.cluster.map().version() == 2);
    (0..60).for_each(|key| assert!(matches!(run.put(key), Fate::Written(_)), "key {key}"));
    assert_eq!(run.problem(), None);
}

#[test]
fn storms_in_which_the_map_service_stops_lose_and_double_nothing() {
    for seed in 0..seeds(120) {
        let strategy = Strategy::ALL[seed as usize % Strategy::ALL.len()];
        let mut options = options(strategy);
        options.shard.chunk_rows = 3 + seed % 5;
        let outages = [(9 + seed % 23, 60 + seed % 41), (120 + seed % 31, 240)];
        let problem = stormy_with(seed, strategy, options, ShelfKind::Memory, &outages);
        assert_eq!(problem, None, "seed {seed}, {strategy:?}");
    }
}

#[test]
fn a_client_that_was_busy_when_a_load_began_takes_part_in_it() {
    let mut run = Run::new(4, Options { clients: 1, ..options(Strategy::Modulo) });
    let put = Question::Put { key: Bytes::number(3), text: Bytes::from(&b"v"[..]) };
    run.cluster.ask(&mut run.cx, None, put).unwrap();
    run.load(Keys::Uniform { count: 60 }, 20);
    run.settle();
    assert_eq!(run.cluster.load_progress(), (20, 20));
}

#[test]
fn what_was_not_done_is_said_again_once_in_a_while() {
    let mut run = Run::new(4, Options { shards: 8, ..options(Strategy::Modulo) });
    (0..60).for_each(|key| drop(run.put(key)));
    run.cluster.change(&mut run.cx, &[Change::Add { shard: NodeId(9), weight: 1 }], "adding n9").unwrap();
    run.run(60 * MS);
    run.cluster.inject(&mut run.cx, &Fault::Crash(NodeId(9))).unwrap();
    run.run(200 * MS);
    let before = run.cluster.next_message;
    run.run(1000 * MS);
    let sent = run.cluster.next_message - before;
    assert!(run.cluster.plan().is_some() && (1..2000).contains(&sent), "{sent} messages in a second");
}

#[test]
fn a_range_query_asks_the_shards_that_hold_the_range() {
    let mut run = Run::new(1, options(Strategy::Range));
    (0..60).for_each(|key| drop(run.put(key)));
    let Fate::Rows { rows, missing } = run.scan(5, 12) else { panic!() };
    assert_eq!((rows.len(), missing.len(), run.cluster.last().unwrap().asked), (8, 0, 1));
    let Fate::Rows { rows, .. } = run.scan(15, 25) else { panic!() };
    assert_eq!((rows.len(), run.cluster.last().unwrap().asked), (11, 2));
    let mut run = Run::new(1, options(Strategy::Jump));
    (0..60).for_each(|key| drop(run.put(key)));
    let Fate::Rows { rows, .. } = run.scan(5, 12) else { panic!() };
    assert_eq!((rows.len(), run.cluster.last().unwrap().asked), (8, 3), "a hash knows no neighbours");
    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn a_query_does_without_a_shard_that_is_down_and_says_so() {
    let mut run = Run::new(1, options(Strategy::Modulo));
    (0..60).for_each(|key| drop(run.put(key)));
    run.cluster.inject(&mut run.cx, &Fault::Crash(NodeId(2))).unwrap();
    let Fate::Rows { rows, missing } = run.scan(0, 59) else { panic!() };
    assert_eq!(missing, [NodeId(2)]);
    assert!((20..60).contains(&rows.len()), "{}", rows.len());
    run.cluster.options.partial = false;
    assert!(matches!(run.scan(0, 59), Fate::Failed(_)));
    assert!(matches!(run.put(3), Fate::Written(_) | Fate::Unknown(_)));
}

/// The latency that so many of a hundred operations stay below.
fn percentile(run: &Run, percent: usize) -> u64 {
    let mut sorted = run.cluster.latencies_ns().to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * percent / 100]
}

#[test]
fn hedged_reads_cut_the_tail_that_hiccups_make() {
    let tail = |hedge_ns| {
        let mut run = Run::new(5, Options { hiccups: 30, hedge_ns, workers: 4, ..options(Strategy::Modulo) });
        let load = Load { operations: 2000, writes_percent: 0, keys: Keys::Uniform { count: 60 }, ..Load::default() };
        run.cluster.start_load(&mut run.cx, load);
        run.settle();
        (percentile(&run, 50), percentile(&run, 98))
    };
    let ((median, slow), (hedged_median, hedged)) = (tail(0), tail(2 * MS - MS / 2));
    assert!(hedged < slow, "98 % within {slow} ns without hedges, {hedged} ns with");
    assert!(hedged_median <= median + median / 10);
}

#[test]
fn ascending_ids_all_go_to_the_last_range_until_it_is_split() {
    let mut run = Run::new(3, options(Strategy::Range));
    let load = Load { operations: 300, writes_percent: 100, keys: Keys::Ascending { from: 60 }, ..Load::default() };
    run.cluster.start_load(&mut run.cx, load);
    run.settle();
    let requests = |run: &Run, shard: u16| run.cluster.place(NodeId(shard)).shard.as_ref().unwrap().requests;
    assert_eq!((requests(&run, 1), requests(&run, 2)), (0, 0));
    assert!(requests(&run, 3) >= 300);
    assert_eq!(run.cluster.fullest(), Some(NodeId(3)));
    let at = run.cluster.middle_of(NodeId(3)).unwrap().unwrap();
    run.cluster.change(&mut run.cx, &[Change::Split { at, shard: NodeId(4) }], "a split").unwrap();
    run.settle();
    let keys = |run: &Run, shard: u16| run.cluster.place(NodeId(shard)).shard.as_ref().unwrap().keys;
    assert_eq!((keys(&run, 3), keys(&run, 4)), (150, 150));
    assert_eq!(run.problem(), None);
}

#[test]
fn a_celebrity_is_slow_until_it_is_salted() {
    let star = Bytes::from(&b"star"[..]);
    let peak = |salted: bool| {
        let mut run = Run::new(3, Options { shards: 8, clients: 16, service_ns: MS, ..options(Strategy::Modulo) });
        if salted {
            let change = Change::Salt { key: star.clone(), pieces: 8 };
            run.cluster.change(&mut run.cx, &[change], "salting").unwrap();
            run.settle();
        }
        let keys = Keys::Star { key: star.clone(), percent: 80, count: 500 };
        run.cluster.start_load(&mut run.cx, Load { operations: 1500, writes_percent: 100, keys, ..Load::default() });
        run.settle();
        assert_eq!(run.problem(), None);
        let busiest = run.cluster.places.iter().map(|place| place.shard.as_ref().unwrap().requests).max().unwrap();
        let found = run.ask(Question::Get { key: star.clone() });
        assert!(matches!(found, Fate::Found(Some(_))));
        (busiest, percentile(&run, 50), run.cluster.last().unwrap().asked)
    };
    let ((one, slow, asked), (spread, fast, asked_salted)) = (peak(false), peak(true));
    assert!(one > 1100 && spread < 700, "the busiest shard had {one} requests, salted {spread}");
    assert!(fast < slow, "writes took {slow} ns, salted {fast}");
    assert_eq!((asked, asked_salted), (1, 9), "a read of a salted key asks for all pieces");
}

#[test]
fn a_move_that_is_throttled_leaves_room_for_requests() {
    let run = |pause_ns| {
        let mut options = Options { service_ns: MS / 2, workers: 1, ..options(Strategy::Modulo) };
        options.shard.pause_ns = pause_ns;
        options.shard.chunk_rows = 4;
        let mut run = Run::new(9, options);
        (0..60).for_each(|key| drop(run.put(key)));
        let before = run.cluster.latencies_ns().len();
        let began_ns = run.cx.now_ns();
        run.cluster.change(&mut run.cx, &[Change::Add { shard: NodeId(4), weight: 1 }], "adding n4").unwrap();
        for _ in 0..400 {
            if run.cluster.plan().is_none() {
                break;
            }
            let load = Load { operations: 40, keys: Keys::Uniform { count: 60 }, ..Load::default() };
            run.cluster.start_load(&mut run.cx, load);
            run.run(25 * MS);
        }
        let took_ns = run.cx.now_ns() - began_ns;
        assert!(run.cluster.plan().is_none(), "it is not done after {took_ns} ns: {:?}", run.cluster.stuck());
        run.settle();
        assert_eq!(run.problem(), None);
        let latencies = &run.cluster.latencies_ns()[before..];
        (took_ns, latencies.iter().sum::<u64>() / latencies.len() as u64)
    };
    let ((quick_ns, disturbed_ns), (slow_ns, calm_ns)) = (run(0), run(5 * MS));
    assert!(slow_ns > quick_ns, "throttled it takes longer: {slow_ns} and {quick_ns}");
    assert!(calm_ns < disturbed_ns, "throttled it disturbs less: {calm_ns} and {disturbed_ns}");
}

#[test]
fn what_a_person_may_ask_is_answered_with_clear_errors() {
    let mut cx = Cx::new(1);
    assert!(Cluster::new(&mut cx, Options { shards: 0, ..Options::default() }).is_err());
    assert!(Cluster::new(&mut cx, Options { clients: 0, ..Options::default() }).is_err());
    let map = MapOptions { strategy: Strategy::Range, keys: 100, ends: true, ..MapOptions::default() };
    let mut run = Run::new(1, Options { map, shards: 2, ..Options::default() });
    let key = Bytes::number(500);
    let refused = run.cluster.ask(&mut run.cx, None, Question::Get { key });
    assert!(refused.unwrap_err().to_string().contains("key 500 is outside of all ranges"));
    assert!(run.cluster.ask(&mut run.cx, Some(NodeId::client(99)), Question::Get { key: Bytes::number(1) }).is_err());
    run.cluster.change(&mut run.cx, &[Change::Remove { shard: NodeId(2) }], "removing n2").unwrap();
    let again = run.cluster.change(&mut run.cx, &[Change::Remove { shard: NodeId(1) }], "removing n1");
    assert!(again.unwrap_err().to_string().contains("still under way"));
    run.settle();
    let last = run.cluster.change(&mut run.cx, &[Change::Remove { shard: NodeId(1) }], "removing n1");
    assert!(last.unwrap_err().to_string().contains("n1 is the last shard"));
    assert!(run.cluster.inject(&mut run.cx, &Fault::Crash(NodeId(9))).is_err());
    run.cluster.inject(&mut run.cx, &Fault::Crash(NodeId(1))).unwrap();
    assert!(run.cluster.inject(&mut run.cx, &Fault::Crash(NodeId(1))).is_err());
    assert!(run.cluster.judge(&mut run.cx).unwrap_err().to_string().contains("n1 is down"));
}

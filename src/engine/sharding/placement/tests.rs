//! Tests of all placements: balance and movement beside theory, and what has no place.

use super::survey::{Balance, Movement};
use super::{Strategy, theory};
use crate::error::ShardingError;
use crate::map::{Change, ClusterMap, MapOptions};
use glassbase_trace::{Bytes, NodeId};

const KEYS: u64 = 40_000;

fn map(strategy: Strategy, shards: u16) -> ClusterMap {
    ClusterMap::new(MapOptions { strategy, keys: KEYS, ..MapOptions::default() }, shards).unwrap()
}

fn keys(strategy: Strategy, count: u64) -> Vec<Bytes> {
    match strategy {
        Strategy::Geographic => {
            let region = |number: u64| ["eu", "us", "asia"][(number % 3) as usize];
            (0..count).map(|number| Bytes::from(format!("{}:{number}", region(number)).as_bytes())).collect()
        }
        _ => (0..count).map(Bytes::number).collect(),
    }
}

fn add(map: &ClusterMap, shard: u16) -> ClusterMap {
    map.changed(&Change::Add { shard: NodeId(shard), weight: 1 }).unwrap()
}

#[test]
fn keys_that_move_are_a_share_of_one_shard() {
    // At 128 virtual nodes the share of one new shard deviates by a twelfth itself; so shards are added one after the
    // other, and all that moved is held against all that had to.
    for strategy in [Strategy::Consistent, Strategy::Rendezvous, Strategy::Jump, Strategy::Directory] {
        let (mut moved, mut expected) = (0.0, 0.0);
        let mut before = map(strategy, 4);
        for shard in 5..=24 {
            let after = add(&before, shard);
            let keys = keys(strategy, KEYS);
            let movement = Movement::of(&before, &after, keys.iter().map(|key| &**key));
            assert_eq!(movement.needless, 0, "{strategy:?} to {shard} shards");
            let share = KEYS as f64 / f64::from(shard);
            let off = movement.moved as f64 / share - 1.0;
            assert!(off.abs() < 0.27, "{strategy:?} to {shard} shards: {off}");
            moved += movement.moved as f64;
            expected += share;
            before = after;
        }
        assert!((moved / expected - 1.0).abs() < 0.1, "{strategy:?}: {moved} moved, {expected} had to");
    }
}

#[test]
fn one_shard_more_moves_within_a_tenth_of_its_share() {
    let before = map(Strategy::Consistent, 10);
    let keys = keys(Strategy::Consistent, KEYS);
    let movement = Movement::of(&before, &add(&before, 11), keys.iter().map(|key| &**key));
    let share = movement.share() * 11.0;
    assert!((share - 1.0).abs() < 0.1, "{share} of K/N");
}

#[test]
fn modulo_moves_what_theory_says() {
    let keys = keys(Strategy::Modulo, KEYS);
    for (shards, expected) in [(3u16, 0.75), (4, 0.8), (9, 0.9)] {
        let before = map(Strategy::Modulo, shards);
        let movement = Movement::of(&before, &add(&before, shards + 1), keys.iter().map(|key| &**key));
        assert_eq!(theory::moved(Strategy::Modulo, u64::from(shards), u64::from(shards) + 1), Some(expected));
        assert!((movement.share() - expected).abs() < 0.01, "{shards}: {}", movement.share());
    }
    assert_eq!(theory::moved(Strategy::Modulo, 4, 8), Some(0.5));
}

#[test]
fn shards_are_as_unequal_as_theory_says() {
    let cases = [
        (Strategy::Modulo, 128),
        (Strategy::Rendezvous, 128),
        (Strategy::Jump, 128),
        (Strategy::Consistent, 1),
        (Strategy::Consistent, 16),
        (Strategy::Consistent, 128),
    ];
    for (strategy, virtual_nodes) in cases {
        let options = MapOptions { strategy, virtual_nodes, ..MapOptions::default() };
        let map = ClusterMap::new(options, 100).unwrap();
        let keys = keys(strategy, KEYS);
        let balance = Balance::of(&map, keys.iter().map(|key| &**key));
        let expected = balance.expected(&map).unwrap();
        let ratio = balance.deviation() / expected;
        assert!((0.7..1.35).contains(&ratio), "{strategy:?} {virtual_nodes}: {} for {expected}", balance.deviation());
        assert!(balance.peak() < 1.0 + 2.2 * (theory::peak(expected, 100) - 1.0), "{strategy:?}: {}", balance.peak());
    }
}

#[test]
fn bounded_loads_bound_the_fullest_shard() {
    let keys = keys(Strategy::Bounded, KEYS);
    for bound_percent in [105, 125, 150] {
        let options = MapOptions { strategy: Strategy::Bounded, bound_percent, ..MapOptions::default() };
        let map = ClusterMap::new(options, 20).unwrap();
        let peak = Balance::of(&map, keys.iter().map(|key| &**key)).peak();
        assert!(peak < f64::from(bound_percent) / 100.0 + 0.07, "{bound_percent}: {peak}");
    }
    let free = Balance::of(&map(Strategy::Consistent, 20), keys.iter().map(|key| &**key)).peak();
    assert!(free > 1.1, "without a bound it is {free}");
}

#[test]
fn weights_are_kept_by_every_strategy_that_has_them() {
    for strategy in [Strategy::Consistent, Strategy::Rendezvous, Strategy::Directory, Strategy::Bounded] {
        let heavy = map(strategy, 8).changed(&Change::Weigh { shard: NodeId(3), weight: 3 }).unwrap();
        let keys = keys(strategy, KEYS);
        let balance = Balance::of(&heavy, keys.iter().map(|key| &**key));
        let share = balance.counts[2].1 as f64 / (KEYS as f64 * 0.3);
        assert!((0.85..1.25).contains(&share), "{strategy:?}: {share} of what its weight gives it");
    }
}

#[test]
fn a_shard_that_leaves_gives_its_keys_to_the_others() {
    for strategy in Strategy::ALL.iter().copied().filter(|strategy| *strategy != Strategy::Modulo) {
        let before = map(strategy, 6);
        let after = before.changed(&Change::Remove { shard: NodeId(6) }).unwrap();
        let keys = keys(strategy, KEYS);
        for key in &keys {
            let (old, new) = (before.place(key).unwrap(), after.place(key).unwrap());
            assert_ne!(new, NodeId(6));
            let is_free = matches!(strategy, Strategy::Bounded);
            assert!(old == new || old == NodeId(6) || is_free, "{strategy:?}: {key} from {old} to {new}");
        }
    }
}

#[test]
fn every_key_that_moves_is_between_shards_that_were_told() {
    for strategy in Strategy::ALL.iter().copied() {
        let before = map(strategy, 5);
        let weight = if strategy.has_weights() { 2 } else { 1 };
        let mut changes = vec![
            Change::Add { shard: NodeId(6), weight },
            Change::Remove { shard: NodeId(2) },
            Change::Dedicate { key: Bytes::number(77), shard: NodeId(4) },
        ];
        if strategy.has_weights() {
            changes.push(Change::Weigh { shard: NodeId(1), weight: 4 });
        }
        if strategy == Strategy::Range {
            changes.push(Change::Split { at: Bytes::number(9000), shard: NodeId(6) });
            changes.push(Change::Merge { at: Bytes::number(KEYS / 5) });
        }
        for change in changes {
            let after = before.changed(&change).unwrap();
            let moves = before.moves_to(&after);
            for key in keys(strategy, 4000) {
                if let Ok(Some(step)) = super::survey::step(&before, &after, &key) {
                    assert!(moves.contains(&step), "{strategy:?} {change:?}: {key} {step:?}, told {moves:?}");
                }
            }
        }
    }
}

#[test]
fn ranges_are_split_and_merged() {
    let before = map(Strategy::Range, 4);
    let split = before.changed(&Change::Split { at: Bytes::number(5000), shard: NodeId(5) }).unwrap();
    assert_eq!((split.spans().len(), split.version()), (5, 2));
    assert_eq!(split.place(&Bytes::number(4999)), Ok(NodeId(1)));
    assert_eq!(split.place(&Bytes::number(5000)), Ok(NodeId(5)));
    assert_eq!(split.place(&Bytes::number(10_000)), Ok(NodeId(2)));
    let merged = split.changed(&Change::Merge { at: Bytes::number(5000) }).unwrap();
    assert_eq!(merged.spans(), before.spans());
    let range = |from, to| split.shards_of_range(Some(&Bytes::number(from)), Some(&Bytes::number(to)));
    assert_eq!(range(4000, 4500), [NodeId(1)]);
    assert_eq!(range(4000, 5000), [NodeId(1), NodeId(5)]);
    assert_eq!(split.shards_of_range(None, None).len(), 5);
    assert_eq!(map(Strategy::Jump, 7).shards_of_range(Some(b"a"), Some(b"b")).len(), 7);
}

#[test]
fn what_has_no_place_is_told_why() {
    let said = |result: Result<ClusterMap, ShardingError>| result.unwrap_err().to_string();
    assert!(said(ClusterMap::new(MapOptions::default(), 0)).contains("there is no shard"));
    let one = map(Strategy::Consistent, 1);
    assert!(said(one.changed(&Change::Remove { shard: NodeId(1) })).contains("n1 is the last shard"));
    assert!(said(one.changed(&Change::Remove { shard: NodeId(9) })).contains("there is no shard n9; there are n1"));
    assert!(said(one.changed(&Change::Add { shard: NodeId(1), weight: 1 })).contains("n1 is there already"));
    assert!(said(one.changed(&Change::Merge { at: Bytes::number(1) })).contains("is for range alone"));
    let options = MapOptions { strategy: Strategy::Range, keys: 100, ends: true, ..MapOptions::default() };
    let closed = ClusterMap::new(options, 2).unwrap();
    assert_eq!(closed.place(&Bytes::number(99)), Ok(NodeId(2)));
    let outside = closed.place(&Bytes::number(100)).unwrap_err().to_string();
    assert_eq!(
        outside,
        "key 100 is outside of all ranges: the first key up to 50, 50 up to 100; add a range that holds it"
    );
    assert!(said(closed.changed(&Change::Split { at: Bytes::number(500), shard: NodeId(3) })).contains("outside"));
    assert!(said(closed.changed(&Change::Split { at: Bytes::number(50), shard: NodeId(3) })).contains("begins at 50"));
    let world = map(Strategy::Geographic, 3);
    let moon = world.place(b"moon:1").unwrap_err().to_string();
    assert!(moon.contains("region \"moon\"") && moon.contains("eu, us, asia"), "{moon}");
}

#[test]
fn what_would_lose_keys_or_do_nothing_is_refused() {
    let said = |result: Result<ClusterMap, ShardingError>| result.unwrap_err().to_string();
    let remove = |number| Change::Remove { shard: NodeId(number) };
    let world = map(Strategy::Geographic, 4);
    assert!(said(world.changed(&remove(2))).contains("n2 is the last shard of region \"us\""));
    assert!(world.changed(&remove(1)).is_ok(), "n4 is of the same region");
    // Keys that no range, or no region, has live where they were put.
    let options = MapOptions { strategy: Strategy::Range, keys: 100, ends: true, ..MapOptions::default() };
    let dedicate = |key: &Bytes, number| Change::Dedicate { key: key.clone(), shard: NodeId(number) };
    for (map, key) in [(ClusterMap::new(options, 2).unwrap(), Bytes::number(500)), (world, Bytes::from(&b"moon:1"[..]))]
    {
        let home = map.changed(&dedicate(&key, 1)).unwrap();
        assert!(said(home.changed(&remove(1))).contains("has its place on n1 alone"), "{key}");
        assert!(home.changed(&dedicate(&key, 2)).unwrap().changed(&remove(1)).is_ok(), "{key}");
    }
    let salt = |pieces| Change::Salt { key: Bytes::number(7), pieces };
    let salted = map(Strategy::Jump, 2).changed(&salt(8)).unwrap();
    assert!(said(salted.changed(&salt(2))).contains("key 7 is kept in 8 pieces"));
    assert!(salted.changed(&salt(8)).is_ok() && salted.changed(&salt(16)).is_ok());
    for strategy in [Strategy::Range, Strategy::Modulo, Strategy::Jump] {
        let even = map(strategy, 3);
        assert!(said(even.changed(&Change::Weigh { shard: NodeId(1), weight: 2 })).contains("a weight is for"));
        assert!(said(even.changed(&Change::Add { shard: NodeId(4), weight: 2 })).contains("a weight is for"));
        assert!(even.changed(&Change::Add { shard: NodeId(4), weight: 1 }).is_ok());
    }
}

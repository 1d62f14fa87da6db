//! What a snapshot sees against the simplest thing that can be right: all writes played back into a `BTreeMap`.

use std::collections::BTreeMap;

use super::*;
use crate::lsm::key::Kind;
use crate::lsm::merge::tests::ListCursor;
use crate::lsm::table::tests::{Entries, World};
use glassbase_sim::Generator;
use glassbase_trace::Bytes;

enum Write {
    Put(u64, Vec<u8>),
    Delete(u64),
    DeleteRange(u64, u64),
}

fn writes(generator: &mut Generator, count: u64) -> Vec<Write> {
    // Some keys are written far more often than `STEPS_MAX`.
    let key = |generator: &mut Generator| {
        let bound = 1 + generator.below(25);
        generator.below(bound)
    };
    (0..count)
        .map(|number| match generator.below(12) {
            0 => Write::DeleteRange(key(generator), key(generator)),
            1..4 => Write::Delete(key(generator)),
            _ => Write::Put(key(generator), number.to_le_bytes()[..generator.below(9) as usize].to_vec()),
        })
        .collect()
}

/// What is there after the first `snapshot` writes.
fn replay(writes: &[Write], snapshot: u64) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut map = BTreeMap::new();
    let bytes = |key: &u64| key.to_be_bytes().to_vec();
    for write in &writes[..snapshot as usize] {
        match write {
            Write::Put(key, value) => drop(map.insert(bytes(key), value.clone())),
            Write::Delete(key) => drop(map.remove(&bytes(key))),
            Write::DeleteRange(from, to) => map.retain(|key, _| *key < bytes(from) || *key >= bytes(to)),
        }
    }
    map
}

/// The writes as sources, each write in one of them.
fn sources(generator: &mut Generator, writes: &[Write]) -> (Vec<ListCursor>, RangeTombstones) {
    let mut lists: Vec<Entries> = vec![vec![]; 1 + generator.below(5) as usize];
    let mut tombstones = RangeTombstones::default();
    for (write, sequence) in writes.iter().zip(1..) {
        let list = generator.below(lists.len() as u64) as usize;
        match write {
            Write::Put(key, value) => {
                lists[list].push((KeyRef::new(&key.to_be_bytes(), sequence, Kind::Put).to_owned(), value.clone()));
            }
            Write::Delete(key) => {
                lists[list].push((KeyRef::new(&key.to_be_bytes(), sequence, Kind::Delete).to_owned(), vec![]));
            }
            Write::DeleteRange(from, to) => tombstones.insert(Bytes::number(*from), Bytes::number(*to), sequence),
        }
    }
    lists.iter_mut().for_each(|list| list.sort());
    (lists.into_iter().map(ListCursor::new).collect(), tombstones)
}

#[test]
fn a_snapshot_sees_what_was_there_in_both_directions() {
    let mut generator = Generator::new(21, "visible");
    for _ in 0..150 {
        let count = 1 + generator.below(200);
        let writes = writes(&mut generator, count);
        let snapshot = generator.below(count + 1);
        let map: Vec<_> = replay(&writes, snapshot).into_iter().collect();
        let (sources, tombstones) = sources(&mut generator, &writes);
        let mut view = Visible::new(Merge::new(sources), Rc::new(tombstones), snapshot);
        let mut world = World::new();
        let io = &mut world.io();
        let mut at: Option<usize> = None;
        for _ in 0..300 {
            let target = generator.below(26).to_be_bytes();
            match generator.below(16) {
                0 => (at, _) = (Some(0), view.seek_to_first(io).unwrap()),
                1 => (at, _) = (map.len().checked_sub(1), view.seek_to_last(io).unwrap()),
                2 | 3 => {
                    view.seek(io, &target).unwrap();
                    at = Some(map.partition_point(|(key, _)| key[..] < target[..]));
                }
                4 | 5 => {
                    view.seek_for_prev(io, &target).unwrap();
                    at = map.partition_point(|(key, _)| key[..] <= target[..]).checked_sub(1);
                }
                6..11 => (at, _) = (at.map(|at| at + 1), view.next(io).unwrap()),
                _ => (at, _) = (at.and_then(|at| at.checked_sub(1)), view.prev(io).unwrap()),
            }
            at = at.filter(|at| *at < map.len());
            assert_eq!(view.is_valid(), at.is_some());
            if let Some(at) = at {
                assert_eq!((view.key(), view.value()), (&map[at].0[..], &map[at].1[..]));
            }
        }
    }
}

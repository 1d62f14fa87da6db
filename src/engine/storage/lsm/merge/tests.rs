//! The merge against one sorted list.

use std::rc::Rc;

use super::*;
use crate::lsm::table::tests::{Entries, World, random_entries, walk};
use crate::lsm::table::{LevelCursor, TableCursor, TableOptions};
use glassbase_sim::Generator;

/// A sorted list in memory, as a source.
pub struct ListCursor {
    pub entries: Rc<Entries>,
    pub at: Option<usize>,
}

impl ListCursor {
    pub fn new(entries: Entries) -> ListCursor {
        ListCursor { entries: Rc::new(entries), at: None }
    }

    fn go(&mut self, at: Option<usize>) -> Result<(), StorageError> {
        self.at = at.filter(|at| *at < self.entries.len());
        Ok(())
    }
}

impl Cursor for ListCursor {
    fn is_valid(&self) -> bool {
        self.at.is_some()
    }
    fn key(&self) -> KeyRef<'_> {
        self.entries[self.at.unwrap()].0.as_ref()
    }
    fn value(&self) -> &[u8] {
        &self.entries[self.at.unwrap()].1
    }
    fn seek_to_first(&mut self, _: &mut Io) -> Result<(), StorageError> {
        self.go(Some(0))
    }
    fn seek_to_last(&mut self, _: &mut Io) -> Result<(), StorageError> {
        self.go(self.entries.len().checked_sub(1))
    }
    fn seek(&mut self, _: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        self.go(Some(self.entries.partition_point(|(key, _)| key.as_ref() < target)))
    }
    fn next(&mut self, _: &mut Io) -> Result<(), StorageError> {
        self.go(self.at.map(|at| at + 1))
    }
    fn prev(&mut self, _: &mut Io) -> Result<(), StorageError> {
        self.go(self.at.and_then(|at| at.checked_sub(1)))
    }
}

#[test]
fn merges_lists_tables_and_levels_in_both_directions() {
    let mut generator = Generator::new(8, "merge");
    for _ in 0..60 {
        let mut world = World::new();
        let (mut sources, mut all): (Vec<Box<dyn Cursor>>, Entries) = (vec![], vec![]);
        for number in 0..generator.below(7) {
            let count = generator.below(40);
            let mut entries = random_entries(&mut generator, count, 9);
            // No two entries have one internal key: a write has a sequence number of its own.
            entries.retain(|(key, _)| all.iter().all(|(other, _)| other != key));
            all.extend(entries.iter().cloned());
            let options = TableOptions { block_bytes: 60, restart_interval: 3, bits_per_key: 0.0 };
            sources.push(match generator.below(3) {
                0 if !entries.is_empty() => Box::new(TableCursor::new(world.table(number, options, &entries))),
                1 if !entries.is_empty() => {
                    let table = world.table(number, options, &entries);
                    Box::new(LevelCursor::new(Rc::from([table])))
                }
                _ => Box::new(ListCursor::new(entries)),
            });
        }
        all.sort();
        walk(&mut world, &mut generator, &mut Merge::new(sources), &all, 600);
    }
}

#[test]
fn equal_keys_come_in_the_order_of_their_sources() {
    let mut generator = Generator::new(5, "equal");
    for _ in 0..40 {
        let mut world = World::new();
        let (mut sources, mut all) = (vec![], vec![]);
        for source in 0..4u8 {
            let mut entries = random_entries(&mut generator, 12, 2);
            entries.retain(|(key, _)| key.user.len() < 3);
            entries.iter_mut().for_each(|(_, value)| *value = vec![source]);
            all.extend(entries.iter().cloned());
            sources.push(ListCursor::new(entries));
        }
        all.sort();
        let mut merge = Merge::new(sources);
        let io = &mut world.io();
        merge.seek_to_first(io).unwrap();
        let mut at = 0;
        for _ in 0..400 {
            assert_eq!((merge.key(), merge.value()), (all[at].0.as_ref(), &all[at].1[..]));
            assert_eq!(merge.source(), Some(usize::from(all[at].1[0])));
            if at + 1 < all.len() && (at == 0 || generator.below(2) == 0) {
                merge.next(io).unwrap();
                at += 1;
            } else if at > 0 {
                merge.prev(io).unwrap();
                at -= 1;
            }
        }
    }
}

#[test]
fn after_an_error_it_stands_nowhere() {
    let mut world = World::new();
    let entries = random_entries(&mut Generator::new(2, "error"), 100, 9);
    let options = TableOptions { block_bytes: 60, restart_interval: 3, bits_per_key: 0.0 };
    let table = world.table(1, options, &entries);
    world.disk.flip_file_bit(&mut world.cx, table.file(), table.file_bytes() * 8 / 3).unwrap();
    let mut merge = Merge::new(vec![TableCursor::new(table)]);
    merge.seek_to_first(&mut world.io()).unwrap();
    let mut seen = 0;
    let error = loop {
        assert_eq!(merge.key(), entries[seen].0.as_ref());
        seen += 1;
        if let Err(error) = merge.next(&mut world.io()) {
            break error;
        }
    };
    assert!(seen > 0 && !merge.is_valid() && error.is_damage(), "{seen} {error:?}");
}

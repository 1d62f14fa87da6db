//! One sorted sequence out of several: memtables, tables, levels.
//!
//! Each source is a cursor; a heap of sources has the one with the next entry on top. After a step the same source is
//! usually next again, so a step costs little more than a comparison or two. The heap keeps the first eight bytes of each
//! source's key as a number, which settles most comparisons without a look at the source.
//!
//! ```text
//!   memtable   ash 9   elm 8                     forward: the least key on top     backward: the greatest
//!   table 12   beech 4                                   ash 9
//!   level 1    ash 2   cedar 1   oak 3                  ╱     ╲
//!                                                beech 4       ash 2
//! ```
//!
//! **Invariant:** forward, every source stands on its first entry at or after the merge's place; backward, on its last
//! entry at or before it. The heap has those that stand on an entry. When the direction turns, all other sources are set
//! anew.
//!
//! Should two sources have the same internal key, the one given first comes first, in both directions consistently.

use std::cmp::Ordering;

use super::cursor::{Cursor, Io};
use super::key::{KeyRef, head};
use crate::StorageError;

#[derive(Clone, Copy, Debug)]
struct Top {
    /// The first eight bytes of the key the source stands on, zeros behind its end.
    head: u64,
    source: u32,
}

/// A cursor over several, which are given newest first.
#[derive(Clone, Debug)]
pub struct Merge<C> {
    sources: Vec<C>,
    heap: Vec<Top>,
    backward: bool,
    /// Where the merge stands while it turns.
    place: Vec<u8>,
}

impl<C: Cursor> Merge<C> {
    /// Stands on no entry until it is told where to go.
    pub fn new(sources: Vec<C>) -> Merge<C> {
        let heap = Vec::with_capacity(sources.len());
        Merge { sources, heap, backward: false, place: Vec::new() }
    }

    /// The number of the source whose entry it stands on.
    pub fn source(&self) -> Option<usize> {
        self.heap.first().map(|top| top.source as usize)
    }

    pub fn sources(&self) -> &[C] {
        &self.sources
    }

    /// True when `a` comes before `b` in the direction of travel.
    #[inline(always)]
    fn is_before(&self, a: Top, b: Top) -> bool {
        if a.head != b.head {
            return (a.head < b.head) != self.backward;
        }
        let (left, right) = (self.sources[a.source as usize].key(), self.sources[b.source as usize].key());
        let order = left.cmp(&right).then(a.source.cmp(&b.source));
        (order == Ordering::Less) != self.backward
    }

    fn build(&mut self, backward: bool) {
        self.backward = backward;
        self.heap.clear();
        for (number, source) in self.sources.iter().enumerate() {
            if source.is_valid() {
                self.heap.push(Top { head: head(source.key().user), source: number as u32 });
            }
        }
        for at in (0..self.heap.len() / 2).rev() {
            self.sift_down(at);
        }
    }

    #[inline(always)]
    fn sift_down(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.heap.len() {
                break;
            }
            let next =
                if right < self.heap.len() && self.is_before(self.heap[right], self.heap[left]) { right } else { left };
            if !self.is_before(self.heap[next], self.heap[at]) {
                break;
            }
            self.heap.swap(at, next);
            at = next;
        }
    }

    /// Moves the source on top by one entry and restores the heap.
    #[inline(always)]
    fn step(
        &mut self,
        io: &mut Io,
        mut go: impl FnMut(&mut C, &mut Io) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let Some(top) = self.heap.first().copied() else { return Ok(()) };
        let source = &mut self.sources[top.source as usize];
        if let Err(error) = go(source, io) {
            self.heap.clear();
            return Err(error);
        }
        if source.is_valid() {
            self.heap[0].head = head(source.key().user);
        } else {
            self.heap.swap_remove(0);
        }
        self.sift_down(0);
        Ok(())
    }

    fn all(
        &mut self,
        backward: bool,
        mut go: impl FnMut(&mut C) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        self.heap.clear();
        for source in &mut self.sources {
            go(source)?;
        }
        self.build(backward);
        Ok(())
    }

    /// Sets all sources but the one on top for the other direction.
    fn turn(&mut self, io: &mut Io, backward: bool) -> Result<(), StorageError> {
        let Some(top) = self.heap.first().map(|top| top.source as usize) else { return Ok(()) };
        let KeyRef { user, stamp } = self.sources[top].key();
        self.place.clear();
        self.place.extend_from_slice(user);
        self.heap.clear();
        let here = KeyRef { user: &self.place, stamp };
        for (number, source) in self.sources.iter_mut().enumerate() {
            if number == top {
                continue;
            }
            // Of an equal key, the source that was given first comes first.
            if backward {
                source.seek_for_prev(io, here)?;
                if number > top && source.is_valid() && source.key() == here {
                    source.prev(io)?;
                }
            } else {
                source.seek(io, here)?;
                if number < top && source.is_valid() && source.key() == here {
                    source.next(io)?;
                }
            }
        }
        self.build(backward);
        debug_assert_eq!(self.source(), Some(top));
        Ok(())
    }
}

impl<C: Cursor> Cursor for Merge<C> {
    #[inline(always)]
    fn is_valid(&self) -> bool {
        !self.heap.is_empty()
    }

    #[inline(always)]
    fn key(&self) -> KeyRef<'_> {
        self.sources[self.heap[0].source as usize].key()
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        self.sources[self.heap[0].source as usize].value()
    }

    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.all(false, |source| source.seek_to_first(io))
    }

    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.all(true, |source| source.seek_to_last(io))
    }

    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        self.all(false, |source| source.seek(io, target))
    }

    fn seek_for_prev(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        self.all(true, |source| source.seek_for_prev(io, target))
    }

    #[inline]
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        if self.backward {
            self.turn(io, false)?;
        }
        self.step(io, |source, io| source.next(io))
    }

    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        if !self.backward {
            self.turn(io, true)?;
        }
        self.step(io, |source, io| source.prev(io))
    }
}

#[cfg(test)]
pub(super) mod tests;

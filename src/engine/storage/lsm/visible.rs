//! What a snapshot sees: of each user key the newest version up to its sequence number, unless that is deleted.
//!
//! ```text
//!   merge                                                 snapshot 8
//!   ash 9 put   ash 4 delete   beech 7 put   beech 3 put  oak 5 put
//!     too new     deleted        ▲ seen        older        covered by a range delete at 6
//! ```
//!
//! Forward, the merge stands on the version seen, and key and value are borrowed from it. Backward, the versions of a key
//! come oldest first, so all of them have to go by before the newest is known: then the merge stands before the key, and
//! key and value are a copy.

use std::rc::Rc;

use super::cursor::{Cursor, Io};
use super::key::{KeyRef, Sequence, Stamp};
use super::merge::Merge;
use super::range_tombstone::RangeTombstones;
use crate::StorageError;

/// So many older versions are passed one by one; then a seek jumps over the rest.
const STEPS_MAX: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Nowhere,
    /// The merge stands on the entry.
    On,
    /// The merge stands before all versions of `key`; the entry is in `key` and `value`.
    Before,
}

/// A place in the sequence of user keys that a snapshot sees.
#[derive(Clone, Debug)]
pub struct Visible<C> {
    merge: Merge<C>,
    tombstones: Rc<RangeTombstones>,
    snapshot: Sequence,
    stand: Stand,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<C: Cursor> Visible<C> {
    /// `tombstones` are those of all sources of the merge.
    pub fn new(merge: Merge<C>, tombstones: Rc<RangeTombstones>, snapshot: Sequence) -> Visible<C> {
        Visible { merge, tombstones, snapshot, stand: Stand::Nowhere, key: Vec::new(), value: Vec::new() }
    }

    #[inline(always)]
    pub fn is_valid(&self) -> bool {
        self.stand != Stand::Nowhere
    }

    /// The user key that it stands on; there must be one.
    #[inline(always)]
    pub fn key(&self) -> &[u8] {
        debug_assert!(self.is_valid());
        if self.stand == Stand::On { self.merge.key().user } else { &self.key }
    }

    #[inline(always)]
    pub fn value(&self) -> &[u8] {
        debug_assert!(self.is_valid());
        if self.stand == Stand::On { self.merge.value() } else { &self.value }
    }

    /// Leaves the sequence: it stands nowhere.
    pub fn end(&mut self) {
        self.stand = Stand::Nowhere;
    }

    pub fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.stand = Stand::Nowhere;
        self.merge.seek_to_first(io)?;
        self.go_forward(io, false)
    }

    pub fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.stand = Stand::Nowhere;
        self.merge.seek_to_last(io)?;
        self.go_backward(io)
    }

    /// To the first user key at or after `user`.
    pub fn seek(&mut self, io: &mut Io, user: &[u8]) -> Result<(), StorageError> {
        self.stand = Stand::Nowhere;
        self.merge.seek(io, KeyRef::seek(user, self.snapshot))?;
        self.go_forward(io, false)
    }

    /// To the last user key at or before `user`.
    pub fn seek_for_prev(&mut self, io: &mut Io, user: &[u8]) -> Result<(), StorageError> {
        self.stand = Stand::Nowhere;
        self.merge.seek_for_prev(io, KeyRef { user, stamp: Stamp::LAST })?;
        self.go_backward(io)
    }

    #[inline]
    pub fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        match std::mem::replace(&mut self.stand, Stand::Nowhere) {
            Stand::Nowhere => return Ok(()),
            Stand::On => {
                self.keep_key();
                self.merge.next(io)?;
            }
            Stand::Before => self.merge.seek(io, KeyRef { user: &self.key, stamp: Stamp::LAST })?,
        }
        self.go_forward(io, true)
    }

    pub fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        match std::mem::replace(&mut self.stand, Stand::Nowhere) {
            Stand::Nowhere => return Ok(()),
            Stand::On => {
                self.keep_key();
                self.merge.seek_for_prev(io, KeyRef { user: &self.key, stamp: Stamp::FIRST })?;
            }
            Stand::Before => {}
        }
        self.go_backward(io)
    }

    #[inline(always)]
    fn keep_key(&mut self) {
        self.key.clear();
        self.key.extend_from_slice(self.merge.key().user);
    }

    /// True when the snapshot sees this version, of all that it could see the newest, as a value.
    #[inline(always)]
    fn is_alive(&self, user: &[u8], stamp: Stamp) -> bool {
        stamp.is_put() && stamp.sequence() > self.tombstones.covering(user, self.snapshot)
    }

    /// Goes on from where the merge stands to the next entry that is seen; `done`: versions of `key` are not.
    fn go_forward(&mut self, io: &mut Io, mut done: bool) -> Result<(), StorageError> {
        let mut steps = 0;
        while self.merge.is_valid() {
            let KeyRef { user, stamp } = self.merge.key();
            if done && *user == *self.key {
                steps += 1;
                if steps > STEPS_MAX && stamp != Stamp::LAST {
                    steps = 0;
                    self.merge.seek(io, KeyRef { user: &self.key, stamp: Stamp::LAST })?;
                    continue;
                }
            } else if stamp.sequence() <= self.snapshot {
                if self.is_alive(user, stamp) {
                    self.stand = Stand::On;
                    return Ok(());
                }
                self.keep_key();
                (done, steps) = (true, 0);
            }
            self.merge.next(io)?;
        }
        Ok(())
    }

    /// Goes back from where the merge stands, the end of a user key's versions, to the first entry that is seen.
    fn go_backward(&mut self, io: &mut Io) -> Result<(), StorageError> {
        while self.merge.is_valid() {
            self.keep_key();
            let mut newest = None;
            while self.merge.is_valid() {
                let KeyRef { user, stamp } = self.merge.key();
                if *user != *self.key {
                    break;
                }
                if stamp.sequence() <= self.snapshot {
                    newest = Some(stamp);
                    self.value.clear();
                    self.value.extend_from_slice(self.merge.value());
                }
                self.merge.prev(io)?;
            }
            if newest.is_some_and(|stamp| self.is_alive(&self.key, stamp)) {
                self.stand = Stand::Before;
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

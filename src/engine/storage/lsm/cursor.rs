//! What all sorted sources of entries have in common: the memtable, a table, a level of tables, a merge of several.
//!
//! A cursor stands on an entry or on none (`is_valid`). Keys are internal keys, so all versions of a user key go by,
//! newest first. Nothing is allocated per entry: key and value are borrowed until the cursor moves.
//!
//! ```text
//!   seek(t)           the first entry at or after t       ash 9   ash 4   beech 7
//!   seek_for_prev(t)  the last entry at or before t         ▲ t = ash 4 ▲ would be both
//! ```
//!
//! A cursor that met an error stands on no entry.

use super::block_cache::BlockCache;
use super::key::KeyRef;
use crate::StorageError;
use glassbase_sim::{Cx, Disk};

/// What reading takes: it is handed down the calls, so a cursor keeps nothing borrowed between them.
pub struct Io<'a> {
    pub cx: &'a mut Cx,
    pub disk: &'a mut Disk,
    pub cache: &'a mut BlockCache,
    /// Blocks that are read stay in the cache. A compaction says no: it reads each block once.
    pub keep: bool,
}

/// A place in a sorted sequence of entries. Moving from no entry leaves it on none.
pub trait Cursor {
    fn is_valid(&self) -> bool;
    /// The key of the entry it stands on; there must be one.
    fn key(&self) -> KeyRef<'_>;
    /// The value of the entry it stands on; there must be one.
    fn value(&self) -> &[u8];
    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError>;
    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError>;
    /// To the first entry whose key is `target` or sorts after it.
    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError>;
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError>;
    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError>;

    /// To the last entry whose key is `target` or sorts before it.
    fn seek_for_prev(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        self.seek(io, target)?;
        if !self.is_valid() {
            self.seek_to_last(io)
        } else if self.key() > target {
            self.prev(io)
        } else {
            Ok(())
        }
    }
}

impl<C: Cursor + ?Sized> Cursor for Box<C> {
    fn is_valid(&self) -> bool {
        (**self).is_valid()
    }
    fn key(&self) -> KeyRef<'_> {
        (**self).key()
    }
    fn value(&self) -> &[u8] {
        (**self).value()
    }
    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        (**self).seek_to_first(io)
    }
    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        (**self).seek_to_last(io)
    }
    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        (**self).seek(io, target)
    }
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        (**self).next(io)
    }
    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        (**self).prev(io)
    }
    fn seek_for_prev(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        (**self).seek_for_prev(io, target)
    }
}

//! What a merge reads: memtables, tables, runs of tables, as one type.

use std::rc::Rc;

use super::cursor::{Cursor, Io};
use super::key::KeyRef;
use super::memtable::{Memtable, Place};
use super::table::LevelCursor;
use crate::StorageError;
use glassbase_sim::MEMORY_ACCESS_NS;

/// A place in a memtable. It keeps the memtable as it was when the cursor was made.
#[derive(Clone, Debug)]
pub struct MemtableCursor {
    memtable: Rc<Memtable>,
    at: Place,
}

impl MemtableCursor {
    pub fn new(memtable: Rc<Memtable>) -> MemtableCursor {
        MemtableCursor { memtable, at: Place::NOWHERE }
    }

    fn go(&mut self, io: &mut Io, at: Place) -> Result<(), StorageError> {
        io.cx.pass(MEMORY_ACCESS_NS);
        self.at = at;
        Ok(())
    }
}

impl Cursor for MemtableCursor {
    #[inline(always)]
    fn is_valid(&self) -> bool {
        self.at.is_somewhere()
    }

    #[inline(always)]
    fn key(&self) -> KeyRef<'_> {
        self.memtable.entry(self.at).key
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        self.memtable.entry(self.at).value
    }

    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.go(io, self.memtable.first())
    }

    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.go(io, self.memtable.last())
    }

    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        self.go(io, self.memtable.seek(target))
    }

    #[inline]
    fn next(&mut self, _io: &mut Io) -> Result<(), StorageError> {
        if self.at.is_somewhere() {
            self.at = self.memtable.next(self.at);
        }
        Ok(())
    }

    fn prev(&mut self, _io: &mut Io) -> Result<(), StorageError> {
        if self.at.is_somewhere() {
            self.at = self.memtable.previous(self.at);
        }
        Ok(())
    }
}

/// One source of a merge.
#[derive(Clone, Debug)]
pub enum Source {
    Memtable(MemtableCursor),
    Run(LevelCursor),
}

macro_rules! either {
    ($self:ident, $cursor:ident => $do:expr) => {
        match $self {
            Source::Memtable($cursor) => $do,
            Source::Run($cursor) => $do,
        }
    };
}

impl Cursor for Source {
    #[inline(always)]
    fn is_valid(&self) -> bool {
        either!(self, cursor => cursor.is_valid())
    }

    #[inline(always)]
    fn key(&self) -> KeyRef<'_> {
        either!(self, cursor => cursor.key())
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        either!(self, cursor => cursor.value())
    }

    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        either!(self, cursor => cursor.seek_to_first(io))
    }

    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        either!(self, cursor => cursor.seek_to_last(io))
    }

    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        either!(self, cursor => cursor.seek(io, target))
    }

    #[inline]
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        either!(self, cursor => cursor.next(io))
    }

    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        either!(self, cursor => cursor.prev(io))
    }
}

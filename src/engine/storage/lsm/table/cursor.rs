//! A cursor over the entries of one table.

use std::rc::Rc;

use super::block::BlockCursor;
use super::{Damage, Table};
use crate::StorageError;
use crate::lsm::cursor::{Cursor, Io};
use crate::lsm::key::KeyRef;

/// A place in a table. It holds one block at a time and asks the cache only when it comes to another.
#[derive(Clone, Debug)]
pub struct TableCursor {
    table: Rc<Table>,
    /// The block that `block` is in, once it is in one.
    number: Option<usize>,
    block: BlockCursor,
}

impl TableCursor {
    pub fn new(table: Rc<Table>) -> TableCursor {
        TableCursor { table, number: None, block: BlockCursor::default() }
    }

    pub fn table(&self) -> &Rc<Table> {
        &self.table
    }

    /// Goes on with another table.
    pub(super) fn set(&mut self, table: Rc<Table>) {
        self.table = table;
        self.number = None;
        self.block.invalidate();
    }

    pub(super) fn invalidate(&mut self) {
        self.block.invalidate();
    }

    /// Has block `number` in hand and stands on none of its entries. False: there is no such block.
    fn load(&mut self, io: &mut Io, number: usize) -> Result<bool, StorageError> {
        self.block.invalidate();
        if number >= self.table.blocks() {
            return Ok(false);
        }
        if self.number != Some(number) {
            self.number = None;
            self.block.set(self.table.block(io, number)?);
            self.number = Some(number);
        }
        Ok(true)
    }

    #[inline(always)]
    fn checked(&mut self, moved: Result<(), Damage>) -> Result<(), StorageError> {
        match moved {
            Ok(()) => Ok(()),
            Err(what) => Err(self.fail(what)),
        }
    }

    #[cold]
    fn fail(&mut self, what: Damage) -> StorageError {
        self.block.invalidate();
        self.table.damaged_block(self.number.unwrap_or(0), what)
    }

    fn first_of(&mut self, io: &mut Io, number: usize) -> Result<(), StorageError> {
        if !self.load(io, number)? {
            return Ok(());
        }
        let moved = self.block.seek_to_first();
        self.checked(moved)
    }

    fn last_of(&mut self, io: &mut Io, number: usize) -> Result<(), StorageError> {
        if !self.load(io, number)? {
            return Ok(());
        }
        let moved = self.block.seek_to_last();
        self.checked(moved)
    }
}

impl Cursor for TableCursor {
    #[inline(always)]
    fn is_valid(&self) -> bool {
        self.block.is_valid()
    }

    #[inline(always)]
    fn key(&self) -> KeyRef<'_> {
        self.block.key()
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        self.block.value()
    }

    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.first_of(io, 0)
    }

    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.block.invalidate();
        match self.table.blocks().checked_sub(1) {
            Some(last) => self.last_of(io, last),
            None => Ok(()),
        }
    }

    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        let number = self.table.index().find(target);
        if !self.load(io, number)? {
            return Ok(());
        }
        let moved = self.block.seek(target);
        self.checked(moved)?;
        // The target lies between the last key of this block and its separator.
        if self.block.is_valid() { Ok(()) } else { self.first_of(io, number + 1) }
    }

    #[inline]
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        let moved = self.block.next();
        self.checked(moved)?;
        match self.number {
            Some(number) if !self.block.is_valid() => self.first_of(io, number + 1),
            _ => Ok(()),
        }
    }

    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        let moved = self.block.prev();
        self.checked(moved)?;
        match self.number.and_then(|number| number.checked_sub(1)) {
            Some(before) if !self.block.is_valid() => self.last_of(io, before),
            _ => Ok(()),
        }
    }
}

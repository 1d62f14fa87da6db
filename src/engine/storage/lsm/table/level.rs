//! A cursor over tables that do not overlap: a level, read as if it were one table.

use std::rc::Rc;

use super::{Table, TableCursor};
use crate::StorageError;
use crate::lsm::cursor::{Cursor, Io};
use crate::lsm::key::KeyRef;

/// A place in a sequence of tables in key order. Only the table that it is in is read.
#[derive(Clone, Debug)]
pub struct LevelCursor {
    tables: Rc<[Rc<Table>]>,
    /// The table that `cursor` is in.
    at: usize,
    cursor: Option<TableCursor>,
}

impl LevelCursor {
    /// `tables` ascend and do not overlap.
    pub fn new(tables: Rc<[Rc<Table>]>) -> LevelCursor {
        debug_assert!(tables.is_sorted_by(|a, b| a.properties().largest < b.properties().smallest));
        LevelCursor { tables, at: 0, cursor: None }
    }

    /// Has the `at`-th table in hand, if there is one.
    fn enter(&mut self, at: usize) -> Option<&mut TableCursor> {
        let table = match self.tables.get(at) {
            Some(table) => table.clone(),
            None => {
                self.invalidate();
                return None;
            }
        };
        match &mut self.cursor {
            Some(_) if self.at == at => {}
            Some(cursor) => cursor.set(table),
            None => self.cursor = Some(TableCursor::new(table)),
        }
        self.at = at;
        self.cursor.as_mut()
    }

    fn invalidate(&mut self) {
        if let Some(cursor) = &mut self.cursor {
            cursor.invalidate();
        }
    }

    /// To the first entry of the tables from `at` on: a table may hold range deletes only.
    fn first_from(&mut self, io: &mut Io, at: usize) -> Result<(), StorageError> {
        for at in at..=self.tables.len() {
            if let Some(cursor) = self.enter(at) {
                cursor.seek_to_first(io)?;
                if cursor.is_valid() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// To the last entry of the tables before `past`.
    fn last_before(&mut self, io: &mut Io, past: usize) -> Result<(), StorageError> {
        self.invalidate();
        for at in (0..past).rev() {
            if let Some(cursor) = self.enter(at) {
                cursor.seek_to_last(io)?;
                if cursor.is_valid() {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Cursor for LevelCursor {
    #[inline(always)]
    fn is_valid(&self) -> bool {
        self.cursor.as_ref().is_some_and(Cursor::is_valid)
    }

    #[inline(always)]
    fn key(&self) -> KeyRef<'_> {
        debug_assert!(self.is_valid());
        self.cursor.as_ref().map_or(KeyRef { user: &[], stamp: super::super::key::Stamp::LAST }, Cursor::key)
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        self.cursor.as_ref().map_or(&[], Cursor::value)
    }

    fn seek_to_first(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.first_from(io, 0)
    }

    fn seek_to_last(&mut self, io: &mut Io) -> Result<(), StorageError> {
        self.last_before(io, self.tables.len())
    }

    fn seek(&mut self, io: &mut Io, target: KeyRef) -> Result<(), StorageError> {
        let at = self.tables.partition_point(|table| table.properties().largest.as_ref() < target);
        let Some(cursor) = self.enter(at) else { return Ok(()) };
        cursor.seek(io, target)?;
        if cursor.is_valid() { Ok(()) } else { self.first_from(io, at + 1) }
    }

    #[inline]
    fn next(&mut self, io: &mut Io) -> Result<(), StorageError> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.next(io)?;
        if cursor.is_valid() { Ok(()) } else { self.first_from(io, self.at + 1) }
    }

    fn prev(&mut self, io: &mut Io) -> Result<(), StorageError> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.prev(io)?;
        if cursor.is_valid() { Ok(()) } else { self.last_before(io, self.at) }
    }
}

//! Inserting and replacing records.

use super::search::Target;
use super::*;
use crate::storage::page::Value;
use crate::trace::Bytes;

/// A value on its way into a leaf.
pub(super) struct Incoming<'a> {
    pub key: &'a [u8],
    pub value: Value<'a>,
    pub value_len: usize,
}

impl Incoming<'_> {
    /// Bytes that the record takes up in a leaf, slot included.
    pub fn cost(&self) -> usize {
        let value = match self.value {
            Value::Inline(bytes) => bytes.len(),
            Value::Overflow(_) => 4,
        };
        page::SLOT_BYTES + 2 + self.key.len() + value
    }

    fn overflow(&self) -> PageId {
        match self.value {
            Value::Inline(_) => PageId::NONE,
            Value::Overflow(first) => first,
        }
    }
}

impl Tree {
    /// Adds a record; false: the key is there already, nothing changed.
    pub fn insert(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<bool, StorageError> {
        let (outcome, _) = self
            .operate(cx, Operation::Insert, key, value.len(), |tree, cx| Ok((tree.put(cx, key, value, false)?, 0)))?;
        Ok(outcome == Outcome::Inserted)
    }

    /// Adds a record or replaces the value of the one that is there; true: replaced.
    pub fn upsert(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<bool, StorageError> {
        let (outcome, _) =
            self.operate(cx, Operation::Upsert, key, value.len(), |tree, cx| Ok((tree.put(cx, key, value, true)?, 0)))?;
        Ok(outcome == Outcome::Replaced)
    }

    fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8], replace: bool) -> Result<Outcome, StorageError> {
        self.check_lengths(key, value)?;
        let leaf = self.descend(cx, Target::Key(key), true)?;
        let (slot, found) = self.search_leaf(cx, leaf, key);
        let result = match (found, replace) {
            (true, false) => {
                self.pager.unpin(cx, leaf);
                return Ok(Outcome::Duplicate);
            }
            (true, true) => self.replace(cx, leaf, slot, key, value),
            (false, _) => self.add(cx, leaf, slot, key, value),
        };
        result.map(|()| if found { Outcome::Replaced } else { Outcome::Inserted })
    }

    pub(super) fn check_lengths(&self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let (max, page_size) = (self.max_key_len(), self.page_size());
        if key.len() > max {
            return Err(StorageError::KeyTooLong { length: key.len(), max, page_size });
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(StorageError::ValueTooLong { length: value.len(), max: VALUE_BYTES_MAX });
        }
        Ok(())
    }

    /// True when a cell of `cost` bytes, slot included, goes into the page as it is.
    #[inline]
    pub(super) fn has_room(&self, bytes: &[u8], cost: usize) -> bool {
        page::total_free(bytes) >= cost && page::slot_count(bytes) < self.max_cells()
    }

    /// Puts a new record before `slot` of a pinned leaf, which is unpinned then.
    fn add(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let incoming = match self.prepare(cx, leaf, key, value, 0) {
            Ok(incoming) => incoming,
            Err(error) => {
                self.pager.unpin(cx, leaf);
                return Err(error);
            }
        };
        self.place(cx, leaf, slot, &incoming)?;
        self.meta.records += 1;
        Ok(())
    }

    /// Puts a prepared record before `slot` of a pinned leaf, splitting it if need be; unpins it.
    fn place(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, incoming: &Incoming) -> Result<(), StorageError> {
        if self.has_room(self.pager.page(leaf), incoming.cost()) {
            self.insert_into(cx, leaf, slot, incoming);
            self.pager.unpin(cx, leaf);
            return Ok(());
        }
        self.split_leaf(cx, leaf, slot, incoming)
    }

    /// Reserves the pages that the record will need and writes its value to overflow pages if it is long. `freed` bytes
    /// of the leaf will be given up before the record goes in.
    fn prepare<'a>(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        key: &'a [u8],
        value: &'a [u8],
        freed: usize,
    ) -> Result<Incoming<'a>, StorageError> {
        let inline = page::is_inline(self.page_size(), key.len(), value.len());
        let mut incoming = Incoming { key, value: Value::Inline(value), value_len: value.len() };
        if !inline {
            incoming.value = Value::Overflow(PageId::NONE);
        }
        if self.pages_available().is_some() {
            let for_value = if inline { 0 } else { self.overflow_pages(value.len()) };
            let bytes = self.pager.page(leaf);
            let cells_left = freed > 0 || page::slot_count(bytes) < self.max_cells();
            let fits = cells_left && page::total_free(bytes) + freed >= incoming.cost();
            let for_split = if fits { 0 } else { self.pages_for_split() };
            self.reserve(cx, for_value + for_split)?;
        }
        if !inline {
            incoming.value = Value::Overflow(self.write_overflow(cx, value)?);
        }
        Ok(incoming)
    }

    /// Writes the record into a pinned leaf that has room for it.
    pub(super) fn insert_into(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, incoming: &Incoming) {
        let edit = |bytes: &mut [u8]| page::insert_record(bytes, slot, incoming.key, incoming.value);
        self.change(cx, leaf, edit, |bytes, lsn| Event::RecordInserted {
            page: page::page_id(bytes),
            slot: slot as u16,
            key: Bytes::from(incoming.key),
            value_len: incoming.value_len as u32,
            overflow: incoming.overflow(),
            used: page::used(bytes),
            lsn,
        });
    }

    /// Replaces the value at `slot` of a pinned leaf; unpins it.
    fn replace(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        slot: usize,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StorageError> {
        let bytes = self.pager.page(leaf);
        let page = page::page_id(bytes);
        let freed = page::cell_cost(bytes, slot);
        let old_chain = match page::value(bytes, slot) {
            Value::Inline(_) => PageId::NONE,
            Value::Overflow(first) => first,
        };
        let incoming = match self.prepare(cx, leaf, key, value, freed) {
            Ok(incoming) => incoming,
            Err(error) => {
                self.pager.unpin(cx, leaf);
                return Err(error);
            }
        };
        if page::total_free(self.pager.page(leaf)) + freed >= incoming.cost() {
            self.replace_in_place(cx, leaf, slot, &incoming);
            self.pager.unpin(cx, leaf);
        } else {
            self.remove_at(cx, leaf, slot);
            self.split_leaf(cx, leaf, slot, &incoming)?;
        }
        self.free_overflow(cx, old_chain)?;
        self.rebalance_if_shrunk(cx, page, key)
    }

    fn replace_in_place(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, incoming: &Incoming) {
        let edit = |bytes: &mut [u8]| match (page::value(bytes, slot), incoming.value) {
            (Value::Inline(old), Value::Inline(new)) if old.len() == new.len() => {
                page::overwrite_value(bytes, slot, new);
                0
            }
            _ => {
                page::remove_cell(bytes, slot);
                page::insert_record(bytes, slot, incoming.key, incoming.value)
            }
        };
        self.change(cx, leaf, edit, |bytes, lsn| Event::RecordReplaced {
            page: page::page_id(bytes),
            slot: slot as u16,
            value_len: incoming.value_len as u32,
            overflow: incoming.overflow(),
            used: page::used(bytes),
            lsn,
        });
    }

    /// Takes the cell at `slot` out of a pinned page.
    pub(super) fn remove_at(&mut self, cx: &mut Cx, frame: FrameId, slot: usize) {
        let edit = |bytes: &mut [u8]| {
            page::remove_cell(bytes, slot);
            0
        };
        self.change(cx, frame, edit, |bytes, lsn| Event::CellRemoved {
            page: page::page_id(bytes),
            slot: slot as u16,
            used: page::used(bytes),
            lsn,
        });
    }
}

//! Inserting and replacing records.
//!
//! **Invariant:** all that can fail (a full disk, a neighbour or a free page that is damaged) is tried before anything is
//! changed, so that an insert that is refused has done nothing.

use super::search::Target;
use super::*;
use crate::log::record::KeyUndo;
use crate::page::Value;
use glassbase_trace::Bytes;

/// A value to be stored.
#[derive(Clone, Copy)]
pub(super) enum NewValue<'a> {
    Bytes(&'a [u8]),
    /// As it was in a leaf before: its overflow pages, if any, are still there.
    Stored(Value<'a>),
}

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

    /// True when putting it into a leaf changes that page alone.
    fn is_whole(&self, value: NewValue, room: &Room) -> bool {
        let written = matches!((value, self.value), (NewValue::Bytes(_), Value::Overflow(_)));
        !written && matches!(room, Room::Here)
    }

    fn overflow(&self) -> PageId {
        match self.value {
            Value::Inline(_) => PageId::NONE,
            Value::Overflow(first) => first,
        }
    }
}

/// Where a record will go.
enum Room {
    /// Into the leaf as it is.
    Here,
    /// Into one half of it; `next` is its right neighbour, pinned.
    Split { next: Option<FrameId> },
}

/// The overflow chain of the record at `slot` of a leaf, or none.
pub(super) fn overflow_of(bytes: &[u8], slot: usize) -> PageId {
    match page::value(bytes, slot) {
        Value::Inline(_) => PageId::NONE,
        Value::Overflow(first) => first,
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
        self.put_value(cx, key, NewValue::Bytes(value), replace)
    }

    pub(super) fn put_value(
        &mut self,
        cx: &mut Cx,
        key: &[u8],
        value: NewValue,
        replace: bool,
    ) -> Result<Outcome, StorageError> {
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
    pub(super) fn add(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        slot: usize,
        key: &[u8],
        value: NewValue,
    ) -> Result<(), StorageError> {
        let action = self.begin_action();
        let (incoming, room) = self.prepare(cx, leaf, key, value, None)?;
        let whole = incoming.is_whole(value, &room);
        self.whole(whole, 1);
        match room {
            Room::Here => {
                self.insert_into(cx, leaf, slot, &incoming);
                self.pager.unpin(cx, leaf);
            }
            Room::Split { next } => self.split_leaf(cx, leaf, slot, &incoming, next)?,
        }
        self.meta.records += 1;
        self.end_key_action(cx, action, whole, 1, KeyUndo::Remove { key });
        Ok(())
    }

    /// Sees to all that can fail before anything is changed: pages for a split and for a long value are reserved, the
    /// neighbour that a split links is pinned. Then the value goes to overflow pages if it is long. `replaced` is the
    /// slot of the record that will make way.
    fn prepare<'a>(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        key: &'a [u8],
        value: NewValue<'a>,
        replaced: Option<usize>,
    ) -> Result<(Incoming<'a>, Room), StorageError> {
        let mut incoming = self.incoming(key, value);
        let bytes = self.pager.page(leaf);
        let fits = match replaced {
            Some(slot) => page::total_free(bytes) + page::cell_cost(bytes, slot) >= incoming.cost(),
            None => self.has_room(bytes, incoming.cost()),
        };
        let next = page::next(bytes);
        let written = match value {
            NewValue::Bytes(bytes) if incoming.value == Value::Overflow(PageId::NONE) => Some(bytes),
            _ => None,
        };
        let for_value = written.map_or(0, |bytes| self.overflow_pages(bytes.len()));
        let for_split = if fits { 0 } else { self.pages_for_split() };
        if for_value + for_split > 0 {
            self.reserve(cx, for_value + for_split)?;
        }
        let room = match (fits, next.is_none()) {
            (true, _) => Room::Here,
            (false, true) => Room::Split { next: None },
            (false, false) => Room::Split { next: Some(self.fetch_node(cx, next, 0)?) },
        };
        if let Some(bytes) = written {
            incoming.value = Value::Overflow(self.write_overflow(cx, bytes)?);
        }
        Ok((incoming, room))
    }

    /// The record as it will be in the leaf; the overflow page is not known yet if the value has still to be written.
    pub(super) fn incoming<'a>(&self, key: &'a [u8], value: NewValue<'a>) -> Incoming<'a> {
        match value {
            NewValue::Bytes(bytes) => {
                let inline = page::is_inline(self.page_size(), key.len(), bytes.len());
                let value = if inline { Value::Inline(bytes) } else { Value::Overflow(PageId::NONE) };
                Incoming { key, value, value_len: bytes.len() }
            }
            NewValue::Stored(value) => {
                let value_len = match value {
                    Value::Inline(bytes) => bytes.len(),
                    Value::Overflow(first) => self.pager.peek(first).map_or(0, page::overflow_remaining) as usize,
                };
                Incoming { key, value, value_len }
            }
        }
    }

    /// Writes the record into a pinned leaf that has room for it.
    pub(super) fn insert_into(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, incoming: &Incoming) {
        let edit = Edit::InsertRecord { slot, key: incoming.key, value: incoming.value };
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
        value: NewValue,
    ) -> Result<(), StorageError> {
        let action = self.begin_action();
        let bytes = self.pager.page(leaf);
        let page = page::page_id(bytes);
        let old_chain = overflow_of(bytes, slot);
        self.check_overflow(old_chain)?;
        let (incoming, room) = self.prepare(cx, leaf, key, value, Some(slot))?;
        let bytes = self.pager.page(leaf);
        let left = page::used(bytes) as usize + incoming.cost() - page::cell_cost(bytes, slot);
        let mends = self.is_undoing() && self.may_be_underfull(page, left);
        let frees = !old_chain.is_none() && self.frees_at_once();
        let whole = !mends && !frees && incoming.is_whole(value, &room);
        let old = if whole { None } else { self.old_record(leaf, slot) };
        self.whole(whole, 0);
        match room {
            Room::Here => {
                self.replace_in_place(cx, leaf, slot, &incoming);
                self.pager.unpin(cx, leaf);
            }
            Room::Split { next } => {
                self.remove_at(cx, leaf, slot);
                self.split_leaf(cx, leaf, slot, &incoming, next)?;
            }
        }
        self.give_up(cx, old_chain)?;
        let undo = old.as_ref().map_or(KeyUndo::Nothing, |old| KeyUndo::Put { key, value: old.value() });
        if mends {
            self.rebalance_if_shrunk(cx, page, key)?;
        }
        self.end_key_action(cx, action, whole, 0, undo);
        if mends {
            return Ok(());
        }
        let action = self.begin_action();
        self.rebalance_if_shrunk(cx, page, key)?;
        self.end_structure_action(cx, action);
        Ok(())
    }

    fn replace_in_place(&mut self, cx: &mut Cx, leaf: FrameId, slot: usize, incoming: &Incoming) {
        let edit = Edit::ReplaceRecord { slot, key: incoming.key, value: incoming.value };
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
        self.change(cx, frame, Edit::RemoveCell { slot }, |bytes, lsn| Event::CellRemoved {
            page: page::page_id(bytes),
            slot: slot as u16,
            used: page::used(bytes),
            lsn,
        });
    }
}

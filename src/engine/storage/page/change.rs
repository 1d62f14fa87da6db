//! Every way in which a page can be changed, as a value.
//!
//! A tree changes pages by an [`Edit`] and in no other way. So an edit can be written to a log, be done again on an older
//! copy of the page ("redo"), and be taken back by its inverse ("undo"): the log is physiological, one page a record, and
//! within the page by slots (Gray and Reuter, "Transaction Processing", 1993, chapter 10).
//!
//! ```text
//!   edit                              inverse
//!   InsertRecord  slot key value      RemoveCell     slot
//!   RemoveCell    slot                InsertCells    slot, the cell as it was
//!   Format        kind level links    Format         as it was: a page that is formatted has no cells
//!   …
//! ```
//!
//! **Invariant:** an edit depends on the bytes of its page alone, so the same edit of the same bytes gives the same bytes.

use super::*;
use crate::codec::{Reader, put_bytes, put_number};

/// A change of one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edit<'a> {
    /// Makes it an empty page of a kind. The only edit that does not care what the page was before.
    Format {
        kind: PageKind,
        level: u8,
        next: PageId,
        prev: PageId,
    },
    InsertRecord {
        slot: usize,
        key: &'a [u8],
        value: Value<'a>,
    },
    ReplaceRecord {
        slot: usize,
        key: &'a [u8],
        value: Value<'a>,
    },
    RemoveCell {
        slot: usize,
    },
    /// A separator and the child to its right.
    InsertChild {
        slot: usize,
        key: &'a [u8],
        child: PageId,
    },
    ReplaceChild {
        slot: usize,
        key: &'a [u8],
        child: PageId,
    },
    SetLinks {
        prev: PageId,
        next: PageId,
    },
    SetMeta(Meta),
    /// Fills an overflow page that has just been formatted.
    WriteOverflow {
        next: PageId,
        remaining: u32,
        part: &'a [u8],
    },
    /// Cells as [`pack_cells`] wrote them, to stand from `slot` on.
    InsertCells {
        slot: usize,
        count: usize,
        packed: &'a [u8],
    },
    RemoveCells {
        slot: usize,
        count: usize,
    },
}

impl Edit<'_> {
    /// Does it. Returns the garbage reclaimed if the page had to be compacted for it.
    #[inline(always)]
    pub fn apply(&self, page: &mut [u8], id: PageId) -> u32 {
        match *self {
            Edit::Format { kind, level, next, prev } => {
                format(page, id, kind, level);
                set_next(page, next);
                set_prev(page, prev);
            }
            Edit::InsertRecord { slot, key, value } => return insert_record(page, slot, key, value),
            Edit::ReplaceRecord { slot, key, value } => return replace_record(page, slot, key, value),
            Edit::RemoveCell { slot } => remove_cell(page, slot),
            Edit::InsertChild { slot, key, child } => return insert_child(page, slot, key, child),
            Edit::ReplaceChild { slot, key, child } => {
                remove_cell(page, slot);
                return insert_child(page, slot, key, child);
            }
            Edit::SetLinks { prev, next } => {
                set_prev(page, prev);
                set_next(page, next);
            }
            Edit::SetMeta(ref meta) => put_meta(page, meta),
            Edit::WriteOverflow { next, remaining, part } => put_overflow(page, next, remaining, part),
            Edit::InsertCells { slot, packed, .. } => return insert_packed(page, slot, packed),
            Edit::RemoveCells { slot, count } => remove_cells(page, slot, count),
        }
        0
    }

    /// Does it if it can be done to these bytes, of which nobody knows that they are the ones it was made for: a write that
    /// was lost leaves an older page. False: nothing is done.
    #[cold]
    #[inline(never)]
    pub fn try_apply(&self, page: &mut [u8], id: PageId) -> bool {
        let fits = self.fits(page);
        if fits {
            self.apply(page, id);
        }
        fits
    }

    /// Whether it can be done to a page.
    #[cold]
    pub fn fits(&self, page: &[u8]) -> bool {
        let kind = kind(page);
        match *self {
            Edit::Format { .. } | Edit::SetLinks { .. } => true,
            Edit::SetMeta(_) => kind == Some(PageKind::Meta),
            Edit::WriteOverflow { part, .. } => kind == Some(PageKind::Overflow) && part.len() <= capacity(page.len()),
            _ => matches!(kind, Some(PageKind::Leaf | PageKind::Inner)) && self.fits_cells(page).is_some(),
        }
    }

    /// As [`Edit::fits`], for an edit of cells of a page that has some. None: no.
    fn fits_cells(&self, page: &[u8]) -> Option<()> {
        check_layout(page).ok()?;
        let (count, room, leaf) = (slot_count(page), total_free(page), is_leaf(page));
        let holds = |value: Value| match value {
            Value::Inline(bytes) => bytes.len(),
            Value::Overflow(_) => 4,
        };
        let freed = |slot: usize| (slot < count).then(|| SLOT_BYTES + cell_len(page, slot));
        let enough = |room: usize, cell: usize| SLOT_BYTES + cell <= room;
        let fits = match *self {
            Edit::InsertRecord { slot, key, value } => {
                leaf && slot <= count && enough(room, 2 + key.len() + holds(value))
            }
            Edit::ReplaceRecord { slot, key, value } => {
                let room = room + freed(slot)?;
                leaf && key == self::key(page, slot) && enough(room, 2 + key.len() + holds(value))
            }
            Edit::InsertChild { slot, key, .. } => !leaf && slot <= count && enough(room, 4 + key.len()),
            Edit::ReplaceChild { slot, key, .. } => !leaf && enough(room + freed(slot)?, 4 + key.len()),
            Edit::RemoveCell { slot } => slot < count,
            Edit::RemoveCells { slot, count: removed } => slot.checked_add(removed)? <= count,
            Edit::InsertCells { slot, count: inserted, packed } => {
                let (mut reader, mut needed) = (Reader::new(packed), 0);
                for _ in 0..inserted {
                    let (key_len, cell) = (reader.number()?, reader.bytes()?);
                    (key_len <= cell.len().checked_sub(prefix_bytes(page))? as u64).then_some(())?;
                    needed += SLOT_BYTES + cell.len();
                }
                slot <= count && needed <= room && reader.rest().is_empty()
            }
            _ => false,
        };
        fits.then_some(())
    }

    /// True when the edit makes the page whatever it was before.
    pub fn is_format(&self) -> bool {
        matches!(self, Edit::Format { .. })
    }
}

/// Replaces the record at `slot`; one of the same length in place.
#[inline]
pub fn replace_record(page: &mut [u8], slot: usize, key: &[u8], new: Value<'_>) -> u32 {
    match (value(page, slot), new) {
        (Value::Inline(old), Value::Inline(new)) if old.len() == new.len() => {
            overwrite_value(page, slot, new);
            0
        }
        _ => {
            remove_cell(page, slot);
            insert_record(page, slot, key, new)
        }
    }
}

/// Appends `count` cells from `slot` on, each as key length, length, bytes.
pub fn pack_cells(page: &[u8], slot: usize, count: usize, out: &mut Vec<u8>) {
    for slot in slot..slot + count {
        let (offset, length) = (cell_offset(page, slot), cell_len(page, slot));
        put_number(out, key_len(page, slot) as u64);
        put_bytes(out, &page[offset..offset + length]);
    }
}

/// Puts packed cells from `slot` on. What makes no sense is left out: the record that it comes from passed its checksum.
fn insert_packed(page: &mut [u8], mut slot: usize, packed: &[u8]) -> u32 {
    let mut reader = Reader::new(packed);
    let prefix = prefix_bytes(page);
    let mut reclaimed = 0;
    while let (Some(key_len), Some(cell)) = (reader.number(), reader.bytes()) {
        let Some(key) = cell.get(prefix..prefix + key_len as usize) else { break };
        reclaimed += insert_cell(page, slot, key, cell);
        slot += 1;
    }
    reclaimed
}

const FORMAT: u8 = 1;
const INSERT_RECORD: u8 = 2;
const REPLACE_RECORD: u8 = 3;
const REMOVE_CELL: u8 = 4;
const INSERT_CHILD: u8 = 5;
const REPLACE_CHILD: u8 = 6;
const SET_LINKS: u8 = 7;
const SET_META: u8 = 8;
const WRITE_OVERFLOW: u8 = 9;
const INSERT_CELLS: u8 = 10;
const REMOVE_CELLS: u8 = 11;
/// Stands for an inverse that nothing needs.
const NOTHING: u8 = 0;

impl<'a> Edit<'a> {
    /// Appends the edit.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut numbers = |tag: u8, numbers: &[u64]| {
            out.push(tag);
            numbers.iter().for_each(|number| put_number(out, *number));
        };
        match *self {
            Edit::Format { kind, level, next, prev } => {
                numbers(FORMAT, &[kind_byte(kind).into(), level.into(), next.0.into(), prev.0.into()]);
            }
            Edit::InsertRecord { slot, key, value } => {
                numbers(INSERT_RECORD, &[slot as u64]);
                put_record(out, key, value);
            }
            Edit::ReplaceRecord { slot, key, value } => {
                numbers(REPLACE_RECORD, &[slot as u64]);
                put_record(out, key, value);
            }
            Edit::RemoveCell { slot } => numbers(REMOVE_CELL, &[slot as u64]),
            Edit::InsertChild { slot, key, child } => {
                numbers(INSERT_CHILD, &[slot as u64, child.0.into()]);
                put_bytes(out, key);
            }
            Edit::ReplaceChild { slot, key, child } => {
                numbers(REPLACE_CHILD, &[slot as u64, child.0.into()]);
                put_bytes(out, key);
            }
            Edit::SetLinks { prev, next } => numbers(SET_LINKS, &[prev.0.into(), next.0.into()]),
            Edit::SetMeta(meta) => {
                let Meta { root, height, free_head, free_count, records, next_lsn, pages_used } = meta;
                let pages = [root.0, height.into(), free_head.0, free_count, pages_used].map(u64::from);
                numbers(SET_META, &pages);
                put_number(out, records);
                put_number(out, next_lsn);
            }
            Edit::WriteOverflow { next, remaining, part } => {
                numbers(WRITE_OVERFLOW, &[next.0.into(), remaining.into()]);
                put_bytes(out, part);
            }
            Edit::InsertCells { slot, count, packed } => {
                numbers(INSERT_CELLS, &[slot as u64, count as u64]);
                put_bytes(out, packed);
            }
            Edit::RemoveCells { slot, count } => numbers(REMOVE_CELLS, &[slot as u64, count as u64]),
        }
    }

    /// Appends what would take the edit back, given the page before it is done.
    pub fn encode_inverse(&self, page: &[u8], out: &mut Vec<u8>) {
        let cells = |slot: usize, count: usize| {
            let mut packed = Vec::new();
            pack_cells(page, slot, count, &mut packed);
            packed
        };
        match *self {
            Edit::Format { .. } => match kind(page) {
                Some(kind) => Edit::Format { kind, level: level(page), next: next(page), prev: prev(page) }.encode(out),
                None => out.push(NOTHING),
            },
            Edit::InsertRecord { slot, .. } | Edit::InsertChild { slot, .. } => Edit::RemoveCell { slot }.encode(out),
            Edit::ReplaceRecord { slot, .. } => {
                Edit::ReplaceRecord { slot, key: key(page, slot), value: value(page, slot) }.encode(out);
            }
            Edit::RemoveCell { slot } => {
                Edit::InsertCells { slot, count: 1, packed: &cells(slot, 1) }.encode(out);
            }
            Edit::ReplaceChild { slot, .. } => {
                Edit::ReplaceChild { slot, key: key(page, slot), child: child(page, slot) }.encode(out);
            }
            Edit::SetLinks { .. } => Edit::SetLinks { prev: prev(page), next: next(page) }.encode(out),
            Edit::SetMeta(_) => Edit::SetMeta(meta(page)).encode(out),
            // The page goes back to what it was before it was formatted, which is another record.
            Edit::WriteOverflow { .. } => out.push(NOTHING),
            Edit::InsertCells { slot, count, .. } => Edit::RemoveCells { slot, count }.encode(out),
            Edit::RemoveCells { slot, count } => {
                Edit::InsertCells { slot, count, packed: &cells(slot, count) }.encode(out);
            }
        }
    }

    /// Reads what [`Edit::encode`] or [`Edit::encode_inverse`] wrote. The outer `None`: it makes no sense; the inner one:
    /// there is nothing to do.
    pub fn decode(reader: &mut Reader<'a>) -> Option<Option<Edit<'a>>> {
        let tag = reader.byte()?;
        Some(Some(match tag {
            NOTHING => return Some(None),
            FORMAT => Edit::Format {
                kind: kind_of(reader.byte()?)?,
                level: reader.byte()?,
                next: reader.page()?,
                prev: reader.page()?,
            },
            INSERT_RECORD | REPLACE_RECORD => {
                let slot = reader.number()? as usize;
                let (key, value) = read_record(reader)?;
                match tag {
                    INSERT_RECORD => Edit::InsertRecord { slot, key, value },
                    _ => Edit::ReplaceRecord { slot, key, value },
                }
            }
            REMOVE_CELL => Edit::RemoveCell { slot: reader.number()? as usize },
            INSERT_CHILD | REPLACE_CHILD => {
                let (slot, child, key) = (reader.number()? as usize, reader.page()?, reader.bytes()?);
                match tag {
                    INSERT_CHILD => Edit::InsertChild { slot, key, child },
                    _ => Edit::ReplaceChild { slot, key, child },
                }
            }
            SET_LINKS => Edit::SetLinks { prev: reader.page()?, next: reader.page()? },
            SET_META => Edit::SetMeta(Meta {
                root: reader.page()?,
                height: reader.byte()?,
                free_head: reader.page()?,
                free_count: reader.number()? as u32,
                pages_used: reader.number()? as u32,
                records: reader.number()?,
                next_lsn: reader.number()?,
            }),
            WRITE_OVERFLOW => {
                Edit::WriteOverflow { next: reader.page()?, remaining: reader.number()? as u32, part: reader.bytes()? }
            }
            INSERT_CELLS => Edit::InsertCells {
                slot: reader.number()? as usize,
                count: reader.number()? as usize,
                packed: reader.bytes()?,
            },
            REMOVE_CELLS => Edit::RemoveCells { slot: reader.number()? as usize, count: reader.number()? as usize },
            _ => return None,
        }))
    }
}

/// Appends a key and its value: 0 and the bytes, or 1 and the first overflow page.
pub fn put_record(out: &mut Vec<u8>, key: &[u8], value: Value<'_>) {
    put_bytes(out, key);
    match value {
        Value::Inline(bytes) => {
            out.push(0);
            put_bytes(out, bytes);
        }
        Value::Overflow(first) => {
            out.push(1);
            put_number(out, first.0.into());
        }
    }
}

/// Reads what [`put_record`] wrote.
pub fn read_record<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8], Value<'a>)> {
    let key = reader.bytes()?;
    let value = match reader.byte()? {
        0 => Value::Inline(reader.bytes()?),
        1 => Value::Overflow(reader.page()?),
        _ => return None,
    };
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 512;

    fn leaf() -> Vec<u8> {
        let mut page = vec![0; SIZE];
        format(&mut page, PageId(3), PageKind::Leaf, 0);
        for (slot, word) in ["ash", "beech", "cedar", "elm"].iter().enumerate() {
            insert_record(&mut page, slot, word.as_bytes(), Value::Inline(&[slot as u8; 5]));
        }
        page
    }

    fn inner() -> Vec<u8> {
        let mut page = vec![0; SIZE];
        format(&mut page, PageId(3), PageKind::Inner, 1);
        set_leftmost(&mut page, PageId(9));
        insert_child(&mut page, 0, b"fir", PageId(10));
        insert_child(&mut page, 1, b"oak", PageId(11));
        page
    }

    /// What a page says: not where its cells stand.
    fn content(page: &[u8]) -> (Option<PageKind>, PageId, PageId, Vec<u8>) {
        let mut packed = Vec::new();
        pack_cells(page, 0, slot_count(page), &mut packed);
        (kind(page), next(page), prev(page), packed)
    }

    #[test]
    fn every_edit_is_read_back_and_taken_back() {
        let mut packed = Vec::new();
        pack_cells(&leaf(), 1, 2, &mut packed);
        let on_leaf = [
            Edit::InsertRecord { slot: 1, key: b"b", value: Value::Inline(b"x") },
            Edit::InsertRecord { slot: 4, key: b"fig", value: Value::Overflow(PageId(7)) },
            Edit::ReplaceRecord { slot: 0, key: b"ash", value: Value::Inline(b"longer than before") },
            Edit::ReplaceRecord { slot: 0, key: b"ash", value: Value::Inline(b"equal") },
            Edit::ReplaceRecord { slot: 2, key: b"cedar", value: Value::Overflow(PageId(8)) },
            Edit::RemoveCell { slot: 3 },
            Edit::RemoveCells { slot: 0, count: 4 },
            Edit::RemoveCells { slot: 1, count: 2 },
            Edit::InsertCells { slot: 4, count: 2, packed: &packed },
            Edit::SetLinks { prev: PageId(5), next: PageId(6) },
        ];
        let on_inner = [
            Edit::InsertChild { slot: 1, key: b"ivy", child: PageId(12) },
            Edit::ReplaceChild { slot: 1, key: b"yew", child: PageId(11) },
            Edit::RemoveCell { slot: 0 },
            Edit::SetLinks { prev: PageId(5), next: PageId::NONE },
        ];
        let cases = on_leaf.map(|edit| (leaf(), edit)).into_iter().chain(on_inner.map(|edit| (inner(), edit)));
        for (before, edit) in cases {
            let mut bytes = Vec::new();
            edit.encode(&mut bytes);
            let forward = bytes.len();
            edit.encode_inverse(&before, &mut bytes);
            let mut reader = Reader::new(&bytes);
            let again = Edit::decode(&mut reader).flatten().unwrap();
            assert_eq!((again, reader.position()), (edit, forward));
            let inverse = Edit::decode(&mut reader).flatten().unwrap();
            assert_eq!(reader.rest(), b"");
            let mut page = before.clone();
            again.apply(&mut page, PageId(3));
            check_layout(&page).unwrap();
            assert_ne!(content(&page), content(&before), "{edit:?}");
            inverse.apply(&mut page, PageId(3));
            check_layout(&page).unwrap();
            assert_eq!(content(&page), content(&before), "{edit:?}");
        }
    }

    #[test]
    fn damaged_bytes_are_no_edit_and_never_a_panic() {
        let mut bytes = Vec::new();
        Edit::ReplaceRecord { slot: 1, key: b"beech", value: Value::Inline(b"x") }.encode(&mut bytes);
        for length in 0..bytes.len() {
            assert!(Edit::decode(&mut Reader::new(&bytes[..length])).is_none());
        }
        for tag in 12..=255 {
            assert!(Edit::decode(&mut Reader::new(&[tag, 1, 1, 1, 1, 1])).is_none());
        }
    }
}

//! Changing a page. The caller has made sure that what goes in fits by [`total_free`].

use super::*;

#[inline(always)]
fn put_array<const N: usize>(page: &mut [u8], at: usize, bytes: [u8; N]) {
    page[at..at + N].as_chunks_mut().0[0] = bytes;
}

#[inline(always)]
fn put_u16(page: &mut [u8], at: usize, value: usize) {
    debug_assert!(value <= usize::from(u16::MAX));
    put_array(page, at, (value as u16).to_le_bytes());
}

#[inline(always)]
fn put_u32(page: &mut [u8], at: usize, value: u32) {
    put_array(page, at, value.to_le_bytes());
}

/// Makes the page an empty one of its kind.
pub fn format(page: &mut [u8], id: PageId, kind: PageKind, level: u8) {
    let size = page.len();
    page.fill(0);
    put_u32(page, PAGE_ID, id.0);
    page[KIND] = kind_byte(kind);
    page[LEVEL] = level;
    put_u16(page, FREE_START, HEADER_BYTES);
    put_u16(page, FREE_END, size);
}

pub fn set_lsn(page: &mut [u8], lsn: Lsn) {
    put_array(page, LSN, lsn.0.to_le_bytes());
}

pub fn set_next(page: &mut [u8], next: PageId) {
    put_u32(page, NEXT, next.0);
}

pub fn set_prev(page: &mut [u8], prev: PageId) {
    put_u32(page, PREV, prev.0);
}

pub fn set_leftmost(page: &mut [u8], child: PageId) {
    set_prev(page, child);
}

/// Puts a key and its value before the one at `slot`. True when the page had to be compacted for it.
pub fn insert_record(page: &mut [u8], slot: usize, key: &[u8], value: Value<'_>) -> u32 {
    debug_assert!(is_leaf(page));
    let value_len = match value {
        Value::Inline(bytes) => bytes.len(),
        Value::Overflow(_) => 4,
    };
    let (offset, reclaimed) = open_slot(page, slot, key, 2 + key.len() + value_len);
    let start = offset + 2 + key.len();
    page[offset + 2..start].copy_from_slice(key);
    match value {
        Value::Inline(bytes) => {
            put_u16(page, offset, bytes.len());
            page[start..start + bytes.len()].copy_from_slice(bytes);
        }
        Value::Overflow(first) => {
            put_u16(page, offset, usize::from(OVERFLOW_MARK));
            put_u32(page, start, first.0);
        }
    }
    reclaimed
}

/// Puts a separator and the child to its right before the separator at `slot`.
pub fn insert_child(page: &mut [u8], slot: usize, key: &[u8], child: PageId) -> u32 {
    debug_assert!(!is_leaf(page));
    let (offset, reclaimed) = open_slot(page, slot, key, 4 + key.len());
    put_u32(page, offset, child.0);
    page[offset + 4..offset + 4 + key.len()].copy_from_slice(key);
    reclaimed
}

/// Overwrites a value by one of the same length.
pub fn overwrite_value(page: &mut [u8], slot: usize, value: &[u8]) {
    let offset = cell_offset(page, slot);
    debug_assert_eq!(u16_at(page, offset) as usize, value.len());
    let start = offset + 2 + key_len(page, slot);
    page[start..start + value.len()].copy_from_slice(value);
}

/// Takes the cell at `slot` out; its bytes are garbage, or free space if they border on it.
pub fn remove_cell(page: &mut [u8], slot: usize) {
    release_cell(page, slot);
    let (count, end) = (slot_count(page), free_start(page));
    debug_assert!(slot < count);
    page.copy_within(slot_at(slot + 1)..end, slot_at(slot));
    page[end - SLOT_BYTES..end].fill(0);
    put_u16(page, SLOT_COUNT, count - 1);
    put_u16(page, FREE_START, end - SLOT_BYTES);
}

/// Moves `count` cells from `from_slot` of one page before `to_slot` of another.
pub fn move_cells(from: &mut [u8], from_slot: usize, count: usize, to: &mut [u8], to_slot: usize) {
    for step in 0..count {
        let (start, length) = (cell_offset(from, from_slot + step), cell_len(from, from_slot + step));
        insert_cell(to, to_slot + step, key(from, from_slot + step), &from[start..start + length]);
    }
    remove_cells(from, from_slot, count);
}

/// Takes `count` cells from `slot` on out.
pub fn remove_cells(page: &mut [u8], slot: usize, count: usize) {
    if slot == 0 && count == slot_count(page) {
        clear_cells(page);
        return;
    }
    for slot in (slot..slot + count).rev() {
        remove_cell(page, slot);
    }
}

/// Puts a whole cell, whose key is `key`, before the one at `slot`.
pub fn insert_cell(page: &mut [u8], slot: usize, key: &[u8], cell: &[u8]) -> u32 {
    let (offset, reclaimed) = open_slot(page, slot, key, cell.len());
    page[offset..offset + cell.len()].copy_from_slice(cell);
    reclaimed
}

/// Takes all cells out.
fn clear_cells(page: &mut [u8]) {
    let size = page.len();
    put_u16(page, SLOT_COUNT, 0);
    put_u16(page, FREE_START, HEADER_BYTES);
    put_u16(page, FREE_END, size);
    put_u16(page, GARBAGE, 0);
    page[HEADER_BYTES..].fill(0);
}

/// Packs the cells at the end of the page in slot order, so that all free space is one piece. Returns the garbage
/// reclaimed.
pub fn compact(page: &mut [u8]) -> u32 {
    let reclaimed = garbage(page);
    let old = page.to_vec();
    let mut end = page.len();
    for slot in 0..slot_count(page) {
        let (start, length) = (cell_offset(&old, slot), cell_len(&old, slot));
        end -= length;
        page[end..end + length].copy_from_slice(&old[start..start + length]);
        put_u16(page, slot_at(slot), end);
    }
    let start = free_start(page);
    page[start..end].fill(0);
    put_u16(page, FREE_END, end);
    put_u16(page, GARBAGE, 0);
    reclaimed as u32
}

/// Makes room for a cell of `length` bytes and its slot; returns the cell's offset and the garbage reclaimed for it.
fn open_slot(page: &mut [u8], slot: usize, key: &[u8], length: usize) -> (usize, u32) {
    debug_assert!(total_free(page) >= SLOT_BYTES + length, "the caller made sure that it fits");
    let reclaimed = if contiguous_free(page) < SLOT_BYTES + length { compact(page) } else { 0 };
    let (count, start) = (slot_count(page), free_start(page));
    debug_assert!(slot <= count);
    let offset = free_end(page) - length;
    let at = slot_at(slot);
    page.copy_within(at..start, at + SLOT_BYTES);
    put_u16(page, at, offset);
    put_u16(page, at + 2, key.len());
    put_u32(page, at + 4, head_of(key));
    put_u16(page, SLOT_COUNT, count + 1);
    put_u16(page, FREE_START, start + SLOT_BYTES);
    put_u16(page, FREE_END, offset);
    (offset, reclaimed)
}

/// Counts the bytes of a cell as garbage, or as free space if they border on it.
fn release_cell(page: &mut [u8], slot: usize) {
    let (offset, length) = (cell_offset(page, slot), cell_len(page, slot));
    if offset == free_end(page) {
        put_u16(page, FREE_END, offset + length);
    } else {
        put_u16(page, GARBAGE, garbage(page) + length);
    }
}

/// What the meta page says beyond its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    pub root: PageId,
    pub height: u8,
    pub free_head: PageId,
    pub free_count: u32,
    pub records: u64,
    pub next_lsn: u64,
    /// Under a log: pages of the file from the first on that are or were in use; those behind were never. 0 without one,
    /// where all are.
    pub pages_used: u32,
}

const META: usize = HEADER_BYTES;

pub fn put_meta(page: &mut [u8], meta: &Meta) {
    put_u32(page, META, meta.root.0);
    put_u32(page, META + 4, u32::from(meta.height));
    put_u32(page, META + 8, meta.free_head.0);
    put_u32(page, META + 12, meta.free_count);
    page[META + 16..META + 24].copy_from_slice(&meta.records.to_le_bytes());
    page[META + 24..META + 32].copy_from_slice(&meta.next_lsn.to_le_bytes());
    put_u32(page, META + 32, meta.pages_used);
}

pub fn meta(page: &[u8]) -> Meta {
    let u64_at = |at: usize| u64::from_le_bytes(page[at..at + 8].try_into().expect("eight bytes"));
    Meta {
        root: PageId(u32_at(page, META)),
        height: u32_at(page, META + 4) as u8,
        free_head: PageId(u32_at(page, META + 8)),
        free_count: u32_at(page, META + 12),
        records: u64_at(META + 16),
        next_lsn: u64_at(META + 24),
        pages_used: u32_at(page, META + 32),
    }
}

/// Fills an overflow page: its part of the value, and how many bytes of it there are from here on.
pub fn put_overflow(page: &mut [u8], next: PageId, remaining: u32, part: &[u8]) {
    set_next(page, next);
    put_u32(page, PREV, remaining);
    page[HEADER_BYTES..HEADER_BYTES + part.len()].copy_from_slice(part);
}

/// Bytes of the value from this overflow page on.
pub fn overflow_remaining(page: &[u8]) -> u32 {
    u32_at(page, PREV)
}

/// This overflow page's part of the value.
pub fn overflow_part(page: &[u8]) -> &[u8] {
    let length = (overflow_remaining(page) as usize).min(capacity(page.len()));
    &page[HEADER_BYTES..HEADER_BYTES + length]
}

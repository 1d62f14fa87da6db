//! The bytes of a heap file's pages.
//!
//! A page of rows is a slotted page. Its header begins like that of every page, with checksum, page id and LSN; its kind
//! is none of the tree's, so neither takes a page of the other for its own.
//!
//! ```text
//!   0        4       8      16   17       18         20         22       24      26         28         32          36
//!   ┌────────┬───────┬──────┬────┬────────┬──────────┬──────────┬────────┬───────┬──────────┬──────────┬───────────┐
//!   │checksum│page id│ LSN  │kind│reserved│slot count│free start│free end│garbage│free slots│next page │ remaining │
//!   ├────────┴───────┴──────┴────┴────────┴──────────┴──────────┴────────┴───────┴──────────┴──────────┴───────────┤
//!   │ slot 0 │ slot 1 │ slot 2 │ …  ▶ free start          free space           free end ◀  … │ cell │ cell │ cell   │
//!   └───────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   slot      offset of the cell u16 (0: the slot is free) │ kind and length u16: two bits and fourteen
//!   row       the row's bytes
//!   stub      page u32 │ slot u16                   where the row moved to
//!   moved     page u32 │ slot u16 │ the row's bytes  where the row is known, and the row
//!   overflow  first page u32 │ length u32           the row is on a chain of pages
//! ```
//!
//! Slots keep their numbers: a row id is a page and a slot, so a cell may go anywhere in the page, its slot may not. A cell
//! takes eight bytes at least, so that in the place of any row there is room for a stub or the start of a chain: a row can
//! always leave a full page.
//!
//! A page of the free-space map has one byte for each of the pages that follow it; an overflow page has its part of the
//! row; the meta page the counts.
//!
//! **Invariant:** every byte is header, slot, cell, free space or garbage: `free start = 36 + 4 × slots`, and the spaces of
//! the cells plus `garbage` plus `free end` make the page size. The last slot of a page is not free.

use glassbase_trace::parts::heap::{CELL_BYTES_MIN, HEADER_BYTES, HeapSlot, SLOT_BYTES, Shift};
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{CellKind, HeapKind, PageId, RowId};

const PAGE_ID: usize = 4;
const KIND: usize = 16;
const SLOT_COUNT: usize = 18;
const FREE_START: usize = 20;
const FREE_END: usize = 22;
const GARBAGE: usize = 24;
const FREE_SLOTS: usize = 26;
const NEXT: usize = 28;
const REMAINING: usize = 32;

/// The tree's kinds are 1 to 5.
const KIND_FIRST: u8 = 16;

/// A row id inside a cell.
pub const ROW_ID_BYTES: usize = 6;

pub const fn capacity(page_size: usize) -> usize {
    page_size - HEADER_BYTES
}

/// Rows up to this length stand in a page of rows, longer ones on overflow pages.
pub const fn inline_max(page_size: usize) -> usize {
    capacity(page_size) / 2 - ROW_ID_BYTES
}

/// Bytes that a cell of this length takes up.
pub fn space_of(length: usize) -> usize {
    length.max(CELL_BYTES_MIN)
}

fn u16_at(page: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([page[at], page[at + 1]]))
}

fn u32_at(page: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
}

fn put_u16(page: &mut [u8], at: usize, value: usize) {
    debug_assert!(value <= usize::from(u16::MAX));
    page[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

fn put_u32(page: &mut [u8], at: usize, value: u32) {
    page[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// None when the byte says nothing known.
pub fn kind(page: &[u8]) -> Option<HeapKind> {
    HeapKind::ALL.get(usize::from(page[KIND].checked_sub(KIND_FIRST)?)).copied()
}

pub fn is_rows(page: &[u8]) -> bool {
    kind(page) == Some(HeapKind::Rows)
}

/// Makes the page an empty one of its kind.
pub fn format(page: &mut [u8], id: PageId, kind: HeapKind) {
    let size = page.len();
    page.fill(0);
    put_u32(page, PAGE_ID, id.0);
    page[KIND] = KIND_FIRST + kind as u8;
    put_u16(page, FREE_START, HEADER_BYTES);
    put_u16(page, FREE_END, size);
}

pub fn slot_count(page: &[u8]) -> usize {
    u16_at(page, SLOT_COUNT)
}

pub fn free_end(page: &[u8]) -> usize {
    u16_at(page, FREE_END)
}

pub fn garbage(page: &[u8]) -> usize {
    u16_at(page, GARBAGE)
}

fn free_slots(page: &[u8]) -> usize {
    u16_at(page, FREE_SLOTS)
}

/// Slots that lead to something.
pub fn cells(page: &[u8]) -> usize {
    slot_count(page) - free_slots(page)
}

/// The next page of the chain, on an overflow page.
pub fn next(page: &[u8]) -> PageId {
    PageId(u32_at(page, NEXT))
}

/// Bytes of the row from this overflow page on.
pub fn remaining(page: &[u8]) -> usize {
    u32_at(page, REMAINING) as usize
}

/// Free bytes in one piece.
pub fn contiguous_free(page: &[u8]) -> usize {
    free_end(page) - u16_at(page, FREE_START)
}

/// Free bytes in all.
pub fn total_free(page: &[u8]) -> usize {
    contiguous_free(page) + garbage(page)
}

/// The most bytes that a new cell can have.
pub fn room(page: &[u8]) -> usize {
    let slot = if free_slots(page) > 0 { 0 } else { SLOT_BYTES };
    total_free(page).saturating_sub(slot)
}

fn slot_at(slot: usize) -> usize {
    HEADER_BYTES + slot * SLOT_BYTES
}

const LENGTH_BITS: u32 = 14;

/// The slot of that number; a free one when there is none.
pub fn slot(page: &[u8], slot: u16) -> HeapSlot {
    if usize::from(slot) >= slot_count(page) {
        return HeapSlot::FREE;
    }
    let at = slot_at(usize::from(slot));
    let (offset, rest) = (u16_at(page, at) as u16, u16_at(page, at + 2) as u16);
    if offset == 0 {
        return HeapSlot::FREE;
    }
    let kind = [CellKind::Row, CellKind::Stub, CellKind::Moved, CellKind::Overflow][usize::from(rest >> LENGTH_BITS)];
    HeapSlot { kind, offset, length: rest & ((1 << LENGTH_BITS) - 1) }
}

pub fn slots(page: &[u8]) -> impl Iterator<Item = (u16, HeapSlot)> {
    (0..slot_count(page) as u16).map(|number| (number, slot(page, number)))
}

fn put_slot(page: &mut [u8], number: u16, slot: HeapSlot) {
    let bits = match slot.kind {
        CellKind::Free | CellKind::Row => 0,
        CellKind::Stub => 1,
        CellKind::Moved => 2,
        CellKind::Overflow => 3,
    };
    let at = slot_at(usize::from(number));
    put_u16(page, at, usize::from(slot.offset));
    put_u16(page, at + 2, usize::from(slot.length) | bits << LENGTH_BITS);
}

/// The bytes of the cell that a slot leads to.
pub fn cell<'a>(page: &'a [u8], slot: &HeapSlot) -> &'a [u8] {
    &page[usize::from(slot.offset)..usize::from(slot.offset) + usize::from(slot.length)]
}

/// The row id at the beginning of a stub or a moved row.
pub fn row_id_in(cell: &[u8]) -> RowId {
    RowId { page: PageId(u32_at(cell, 0)), slot: u16_at(cell, 4) as u16 }
}

pub fn row_id_bytes(row: RowId) -> [u8; ROW_ID_BYTES] {
    let ([a, b, c, d], [e, f]) = (row.page.0.to_le_bytes(), row.slot.to_le_bytes());
    [a, b, c, d, e, f]
}

/// First page and length of a row on overflow pages.
pub fn chain_in(cell: &[u8]) -> (PageId, usize) {
    (PageId(u32_at(cell, 0)), u32_at(cell, 4) as usize)
}

pub fn chain_bytes(first: PageId, length: usize) -> [u8; 8] {
    (u64::from(first.0) | (length as u64) << 32).to_le_bytes()
}

/// The number that the next new cell gets: the first free slot, or one behind the last.
pub fn next_slot(page: &[u8]) -> u16 {
    let free = if free_slots(page) == 0 { None } else { slots(page).find(|(_, slot)| slot.kind == CellKind::Free) };
    free.map_or(slot_count(page) as u16, |(number, _)| number)
}

/// Whether the cell in `number` (in use or not) can have `length` bytes.
pub fn fits(page: &[u8], number: u16, length: usize) -> bool {
    let slot = slot(page, number);
    let new_slot = if usize::from(number) < slot_count(page) { 0 } else { SLOT_BYTES };
    space_of(length) + new_slot <= total_free(page) + slot.space()
}

/// Whether the page must be compacted before the cell in `number` can have `length` bytes.
pub fn must_compact(page: &[u8], number: u16, length: usize) -> bool {
    let new_slot = if usize::from(number) < slot_count(page) { 0 } else { SLOT_BYTES };
    let in_place = space_of(length) <= slot(page, number).space();
    !in_place && contiguous_free(page) < space_of(length) + new_slot
}

/// Puts a cell of two parts where `number` leads to: over the old cell if it is long enough, else in front of the cells. The
/// caller made sure that there is room in one piece. Returns the slot.
pub fn put(page: &mut [u8], number: u16, kind: CellKind, head: &[u8], body: &[u8]) -> HeapSlot {
    let (old, length) = (slot(page, number), head.len() + body.len());
    let space = space_of(length);
    debug_assert!(!must_compact(page, number, length), "the caller compacted the page");
    let offset = if space <= old.space() {
        put_u16(page, GARBAGE, garbage(page) + old.space() - space);
        usize::from(old.offset)
    } else {
        open_slot(page, number, &old);
        let offset = free_end(page) - space;
        put_u16(page, FREE_END, offset);
        release(page, &old);
        offset
    };
    page[offset..offset + head.len()].copy_from_slice(head);
    page[offset + head.len()..offset + length].copy_from_slice(body);
    page[offset + length..offset + space].fill(0);
    let new = HeapSlot { kind, offset: offset as u16, length: length as u16 };
    put_slot(page, number, new);
    new
}

/// Makes the slot one that is in use.
fn open_slot(page: &mut [u8], number: u16, old: &HeapSlot) {
    let count = slot_count(page);
    debug_assert!(usize::from(number) <= count);
    if usize::from(number) == count {
        put_u16(page, SLOT_COUNT, count + 1);
        put_u16(page, FREE_START, slot_at(count + 1));
    } else if old.kind == CellKind::Free {
        put_u16(page, FREE_SLOTS, free_slots(page) - 1);
    }
}

/// Counts the bytes of a cell as garbage, or as free space if they border on it.
fn release(page: &mut [u8], slot: &HeapSlot) {
    let (offset, space) = (usize::from(slot.offset), slot.space());
    if space > 0 && offset == free_end(page) {
        put_u16(page, FREE_END, offset + space);
    } else {
        put_u16(page, GARBAGE, garbage(page) + space);
    }
}

/// Takes the cell out and sets its slot free. Free slots at the end of the slots are given up.
pub fn free_slot(page: &mut [u8], number: u16) {
    let old = slot(page, number);
    debug_assert!(old.kind != CellKind::Free, "a cell is taken out once");
    release(page, &old);
    put_slot(page, number, HeapSlot::FREE);
    put_u16(page, FREE_SLOTS, free_slots(page) + 1);
    let mut count = slot_count(page);
    while count > 0 && slot(page, count as u16 - 1).kind == CellKind::Free {
        count -= 1;
        put_u16(page, SLOT_COUNT, count);
        put_u16(page, FREE_SLOTS, free_slots(page) - 1);
    }
    put_u16(page, FREE_START, slot_at(count));
}

/// Slides the cells to the end of the page, in the order in which they stand there, so that all free space is one piece.
/// The cell in `lifted` is left out: its row is about to be put back, longer. Returns which cells went where.
pub fn compact(page: &mut [u8], lifted: Option<u16>) -> Vec<Shift> {
    let mut shifts = Vec::new();
    if let Some(number) = lifted {
        let old = slot(page, number);
        shifts.push(Shift { slot: number, from: old.offset, to: 0 });
        put_slot(page, number, HeapSlot::FREE);
        put_u16(page, FREE_SLOTS, free_slots(page) + 1);
    }
    let mut end = page.len();
    for (number, old) in cells_by_place(page).into_iter().rev() {
        let (from, space) = (usize::from(old.offset), old.space());
        end -= space;
        if from != end {
            page.copy_within(from..from + space, end);
            put_slot(page, number, HeapSlot { offset: end as u16, ..old });
            shifts.push(Shift { slot: number, from: old.offset, to: end as u16 });
        }
    }
    let start = u16_at(page, FREE_START);
    page[start..end].fill(0);
    put_u16(page, FREE_END, end);
    put_u16(page, GARBAGE, 0);
    shifts
}

/// The slots in use, in the order in which their cells stand in the page.
pub fn cells_by_place(page: &[u8]) -> Vec<(u16, HeapSlot)> {
    let mut places: Vec<(u16, HeapSlot)> = slots(page).filter(|(_, slot)| slot.kind != CellKind::Free).collect();
    sort_by_key(&mut places, |(_, slot)| slot.offset);
    places
}

/// Fills an overflow page: its part of the row, and how many bytes of it there are from here on.
pub fn put_overflow(page: &mut [u8], next: PageId, remaining: usize, part: &[u8]) {
    put_u32(page, NEXT, next.0);
    put_u32(page, REMAINING, remaining as u32);
    page[HEADER_BYTES..HEADER_BYTES + part.len()].copy_from_slice(part);
}

/// This overflow page's part of the row.
pub fn overflow_part(page: &[u8]) -> &[u8] {
    &page[HEADER_BYTES..HEADER_BYTES + remaining(page).min(capacity(page.len()))]
}

/// The bytes of a map page, one for each page that follows it.
pub fn classes(page: &[u8]) -> &[u8] {
    &page[HEADER_BYTES..]
}

pub fn set_class(page: &mut [u8], index: usize, class: u8) {
    page[HEADER_BYTES + index] = class;
}

/// What the meta page says beyond its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    pub rows: u64,
    pub next_lsn: u64,
    pub free_pages: u32,
}

pub fn put_meta(page: &mut [u8], meta: &Meta) {
    page[HEADER_BYTES..HEADER_BYTES + 8].copy_from_slice(&meta.rows.to_le_bytes());
    page[HEADER_BYTES + 8..HEADER_BYTES + 16].copy_from_slice(&meta.next_lsn.to_le_bytes());
    put_u32(page, HEADER_BYTES + 16, meta.free_pages);
}

pub fn meta(page: &[u8]) -> Meta {
    let u64_at = |at: usize| u64::from(u32_at(page, at)) | u64::from(u32_at(page, at + 4)) << 32;
    Meta { rows: u64_at(HEADER_BYTES), next_lsn: u64_at(HEADER_BYTES + 8), free_pages: u32_at(page, HEADER_BYTES + 16) }
}

/// Checks the layout of a page whose bytes nobody vouches for; the error says what is wrong.
pub fn check_layout(page: &[u8]) -> Result<(), String> {
    let kind = kind(page).ok_or_else(|| format!("kind {} is no kind of a heap file", page[KIND]))?;
    if kind != HeapKind::Rows {
        return Ok(());
    }
    let (count, start, end) = (slot_count(page), u16_at(page, FREE_START), free_end(page));
    if start != slot_at(count) || start > end || end > page.len() {
        return Err(format!("{count} slots with free space from {start} to {end}"));
    }
    let mut cells = 0;
    for (number, slot) in slots(page).filter(|(_, slot)| slot.kind != CellKind::Free) {
        if usize::from(slot.offset) < end || usize::from(slot.offset) + slot.space() > page.len() {
            return Err(format!("the cell of slot {number} reaches outside"));
        }
        let length = usize::from(slot.length);
        let right_length = match slot.kind {
            CellKind::Stub => length == ROW_ID_BYTES,
            CellKind::Moved => length >= ROW_ID_BYTES,
            CellKind::Overflow => length == CELL_BYTES_MIN,
            CellKind::Row | CellKind::Free => true,
        };
        if !right_length {
            return Err(format!("the {} in slot {number} has {length} bytes", slot.kind.word()));
        }
        cells += slot.space();
    }
    let ends = |(_, slot): &(u16, HeapSlot)| usize::from(slot.offset) + slot.space();
    if cells_by_place(page).windows(2).any(|pair| ends(&pair[0]) > usize::from(pair[1].1.offset)) {
        return Err("two cells overlap".to_string());
    }
    if cells + garbage(page) + end != page.len() {
        return Err(format!("{cells} bytes of cells and {} of garbage do not fill it from {end}", garbage(page)));
    }
    let free = slots(page).filter(|(_, slot)| slot.kind == CellKind::Free).count();
    if free != free_slots(page) || (count > 0 && slot(page, count as u16 - 1).kind == CellKind::Free) {
        return Err(format!("{free} of its slots are free, not {}, or the last one is", free_slots(page)));
    }
    Ok(())
}

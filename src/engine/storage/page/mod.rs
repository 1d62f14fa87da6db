//! The bytes of a page.
//!
//! A slotted page: a header, slots that grow upward in key order, cells that grow downward in the order they came.
//! Moving a key in the order moves eight bytes of slot; its cell stays where it is until the page is compacted.
//!
//! ```text
//!   0        4       8      16   17    18         20          22        24      26        28   32   36
//!   ┌────────┬───────┬──────┬────┬─────┬──────────┬───────────┬─────────┬───────┬─────────┬────┬────┐
//!   │checksum│page id│ LSN  │kind│level│slot count│free start │free end │garbage│reserved │next│prev│
//!   ├────────┴───────┴──────┴────┴─────┴──────────┴───────────┴─────────┴───────┴─────────┴────┴────┤
//!   │ slot 0 │ slot 1 │ slot 2 │ …  ▶ free start      free space      free end ◀  … cell │ cell │ cell
//!   └────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   slot        offset of the cell u16 │ key length u16 │ head u32: the key's first four bytes, zeros behind
//!   leaf cell   value length u16 │ key │ value           (or 0xFFFF │ key │ first overflow page u32)
//!   inner cell  child u32 │ key                          (the child holds keys from this one up)
//! ```
//!
//! All numbers are little-endian but for the head, whose order as a number is that of the bytes: most comparisons of a
//! search are settled in the slot array, without a look at the cells (Graefe and Larson, "B-Tree Indexes and CPU Caches",
//! 2001, call it a poor man's normalized key).
//!
//! `next` and `prev` are a leaf's neighbours; an inner page keeps its leftmost child in `prev`; an overflow page the next
//! of its chain in `next` and the bytes of the value from here on in `prev`; a free page the next free one in `next`.
//!
//! **Invariant:** every byte is header, slot, cell, free space or garbage: `free start = 36 + 8 × slots`, and the cells'
//! lengths plus `garbage` plus `free end` make the page size.

mod change;
mod describe;
mod edit;
mod search;

pub use change::{Edit, pack_cells, put_record, read_record};
pub use describe::{Region, describe};
pub use edit::*;
pub(crate) use search::compare;
pub use search::{search, search_from, search_heads_together};

use super::checksum::crc32c;
use super::error::StorageError;
use glassbase_trace::{Lsn, PageId, PageKind};

pub const HEADER_BYTES: usize = 36;
pub const SLOT_BYTES: usize = 8;
/// In place of a value's length: the value is on overflow pages.
pub const OVERFLOW_MARK: u16 = u16::MAX;

const CHECKSUM: usize = 0;
const PAGE_ID: usize = 4;
const LSN: usize = 8;
const KIND: usize = 16;
const LEVEL: usize = 17;
const SLOT_COUNT: usize = 18;
const FREE_START: usize = 20;
const FREE_END: usize = 22;
const GARBAGE: usize = 24;
const NEXT: usize = 28;
const PREV: usize = 32;

/// Bytes of a page that slots and cells can use.
pub const fn capacity(page_size: usize) -> usize {
    page_size - HEADER_BYTES
}

/// The longest key: a quarter of the page.
pub const fn max_key_len(page_size: usize) -> usize {
    page_size / 4
}

/// True when a value of this length stands in the leaf beside its key; longer ones go to overflow pages. A cell never
/// takes more than half of a page, so a full page can always be split.
pub fn is_inline(page_size: usize, key_len: usize, value_len: usize) -> bool {
    value_len <= page_size / 4 && SLOT_BYTES + 2 + key_len + value_len <= capacity(page_size) / 2
}

/// One bounds check and one load; byte by byte it would be as many of each as there are bytes.
#[inline(always)]
fn array_at<const N: usize>(page: &[u8], at: usize) -> [u8; N] {
    page[at..at + N].as_chunks().0[0]
}

#[inline(always)]
fn u16_at(page: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(page, at))
}

#[inline(always)]
fn u32_at(page: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(page, at))
}

/// The first four bytes of a key as a number that orders as they do.
#[inline(always)]
pub fn head_of(key: &[u8]) -> u32 {
    match key.first_chunk::<4>() {
        Some(four) => u32::from_be_bytes(*four),
        None => {
            let mut four = [0; 4];
            four[..key.len()].copy_from_slice(key);
            u32::from_be_bytes(four)
        }
    }
}

pub fn page_id(page: &[u8]) -> PageId {
    PageId(u32_at(page, PAGE_ID))
}

pub fn lsn(page: &[u8]) -> Lsn {
    Lsn(u64::from_le_bytes(page[LSN..LSN + 8].try_into().expect("eight bytes")))
}

#[inline(always)]
pub fn is_leaf(page: &[u8]) -> bool {
    page[KIND] == 1
}

/// True when the page is of the tree, at this level.
#[inline(always)]
pub fn is_node(page: &[u8], level: u8) -> bool {
    page[KIND] == if level == 0 { 1 } else { 2 } && page[LEVEL] == level
}

/// What the page is for; none when the byte says nothing known.
pub fn kind(page: &[u8]) -> Option<PageKind> {
    kind_of(page[KIND])
}

fn kind_of(byte: u8) -> Option<PageKind> {
    Some(match byte {
        1 => PageKind::Leaf,
        2 => PageKind::Inner,
        3 => PageKind::Overflow,
        4 => PageKind::Free,
        5 => PageKind::Meta,
        _ => return None,
    })
}

fn kind_byte(kind: PageKind) -> u8 {
    match kind {
        PageKind::Leaf => 1,
        PageKind::Inner => 2,
        PageKind::Overflow => 3,
        PageKind::Free => 4,
        PageKind::Meta => 5,
    }
}

/// Levels above the leaves.
#[inline(always)]
pub fn level(page: &[u8]) -> u8 {
    page[LEVEL]
}

#[inline(always)]
pub fn slot_count(page: &[u8]) -> usize {
    u16_at(page, SLOT_COUNT) as usize
}

fn free_start(page: &[u8]) -> usize {
    u16_at(page, FREE_START) as usize
}

fn free_end(page: &[u8]) -> usize {
    u16_at(page, FREE_END) as usize
}

pub fn garbage(page: &[u8]) -> usize {
    u16_at(page, GARBAGE) as usize
}

/// Free bytes in one piece.
#[inline]
pub fn contiguous_free(page: &[u8]) -> usize {
    free_end(page) - free_start(page)
}

/// Free bytes in all.
#[inline]
pub fn total_free(page: &[u8]) -> usize {
    contiguous_free(page) + garbage(page)
}

/// Bytes that slots and cells take up.
#[inline]
pub fn used(page: &[u8]) -> u32 {
    (capacity(page.len()) - total_free(page)) as u32
}

#[inline]
pub fn next(page: &[u8]) -> PageId {
    PageId(u32_at(page, NEXT))
}

#[inline]
pub fn prev(page: &[u8]) -> PageId {
    PageId(u32_at(page, PREV))
}

/// The child for keys below the first separator.
#[inline]
pub fn leftmost(page: &[u8]) -> PageId {
    prev(page)
}

#[inline(always)]
fn slot_at(slot: usize) -> usize {
    HEADER_BYTES + slot * SLOT_BYTES
}

#[inline(always)]
fn cell_offset(page: &[u8], slot: usize) -> usize {
    u16_at(page, slot_at(slot)) as usize
}

#[inline(always)]
fn key_len(page: &[u8], slot: usize) -> usize {
    u16_at(page, slot_at(slot) + 2) as usize
}

/// Bytes of a cell before its key: the child of an inner cell, the value length of a leaf cell.
#[inline(always)]
fn prefix_bytes(page: &[u8]) -> usize {
    if is_leaf(page) { 2 } else { 4 }
}

#[inline(always)]
pub fn key(page: &[u8], slot: usize) -> &[u8] {
    let start = cell_offset(page, slot) + prefix_bytes(page);
    &page[start..start + key_len(page, slot)]
}

/// The child to the right of the separator at `slot`.
#[inline(always)]
pub fn child(page: &[u8], slot: usize) -> PageId {
    PageId(u32_at(page, cell_offset(page, slot)))
}

/// The child that a search goes to when it has `below` separators at or below its key.
#[inline(always)]
pub fn child_for(page: &[u8], below: usize) -> PageId {
    if below == 0 { leftmost(page) } else { child(page, below - 1) }
}

/// A value as a leaf has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Inline(&'a [u8]),
    /// The first page of the chain that holds it.
    Overflow(PageId),
}

#[inline]
pub fn value(page: &[u8], slot: usize) -> Value<'_> {
    let offset = cell_offset(page, slot);
    let start = offset + 2 + key_len(page, slot);
    match u16_at(page, offset) {
        OVERFLOW_MARK => Value::Overflow(PageId(u32_at(page, start))),
        length => Value::Inline(&page[start..start + length as usize]),
    }
}

/// Key and value of a leaf cell that stands alone; none when it makes no sense.
pub fn parse_record(cell: &[u8], key_len: usize) -> Option<(&[u8], Value<'_>)> {
    let (length, rest) = cell.split_first_chunk::<2>()?;
    let (key, rest) = rest.split_at_checked(key_len)?;
    let value = match u16::from_le_bytes(*length) {
        OVERFLOW_MARK => Value::Overflow(PageId(u32::from_le_bytes(rest.try_into().ok()?))),
        length => Value::Inline((rest.len() == length as usize).then_some(rest)?),
    };
    Some((key, value))
}

/// Bytes that say nothing: the free bytes of a slotted page that lie in one piece, the zeros at the end of another one.
pub fn hole(page: &[u8]) -> std::ops::Range<usize> {
    let (start, end) = (free_start(page), free_end(page));
    if matches!(kind(page), Some(PageKind::Leaf | PageKind::Inner)) && start <= end && end <= page.len() {
        return start..end;
    }
    let zeros = page.iter().rev().take_while(|byte| **byte == 0).count();
    page.len() - zeros..page.len()
}

/// Key and value at `slot` of a leaf.
#[inline]
pub fn record(page: &[u8], slot: usize) -> (&[u8], Value<'_>) {
    let [offset_low, offset_high, length_low, length_high, ..] = array_at::<SLOT_BYTES>(page, slot_at(slot));
    let cell = &page[u16::from_le_bytes([offset_low, offset_high]) as usize..];
    let (key, value) = cell[2..].split_at(u16::from_le_bytes([length_low, length_high]) as usize);
    let value = match u16_at(cell, 0) {
        OVERFLOW_MARK => Value::Overflow(PageId(u32_at(value, 0))),
        length => Value::Inline(&value[..length as usize]),
    };
    (key, value)
}

/// Length of the cell at `slot`, without the slot.
#[inline]
pub fn cell_len(page: &[u8], slot: usize) -> usize {
    let fixed = prefix_bytes(page) + key_len(page, slot);
    if !is_leaf(page) {
        return fixed;
    }
    match u16_at(page, cell_offset(page, slot)) {
        OVERFLOW_MARK => fixed + 4,
        length => fixed + length as usize,
    }
}

/// Bytes that the cell at `slot` takes up with its slot.
#[inline]
pub fn cell_cost(page: &[u8], slot: usize) -> usize {
    SLOT_BYTES + cell_len(page, slot)
}

/// Bytes that a separator takes up with its slot.
pub fn separator_cost(key_len: usize) -> usize {
    SLOT_BYTES + 4 + key_len
}

/// Checks what was read: the checksum, and that it is the page asked for.
pub fn check(bytes: &[u8], page: PageId) -> Result<(), StorageError> {
    let (stored, computed) = (u32_at(bytes, CHECKSUM), crc32c(&bytes[4..]));
    if stored != computed {
        return Err(StorageError::ChecksumMismatch { page, stored, computed });
    }
    if page_id(bytes) != page {
        return Err(StorageError::Misplaced { page, found: page_id(bytes) });
    }
    Ok(())
}

/// Whether a page holds zeros alone: it was added to the file and never written.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Writes the checksum. The last thing done to a page before it goes to the disk.
pub fn seal(page: &mut [u8]) {
    let checksum = crc32c(&page[4..]);
    page[CHECKSUM..CHECKSUM + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Checks the layout of a page whose bytes nobody vouches for; the error says what is wrong. Only a page that passes may
/// be read with the functions above.
pub fn check_layout(page: &[u8]) -> Result<(), String> {
    let kind = kind(page).ok_or_else(|| format!("kind {} is unknown", page[KIND]))?;
    if !matches!(kind, PageKind::Leaf | PageKind::Inner) {
        return Ok(());
    }
    let (slots, start, end) = (slot_count(page), free_start(page), free_end(page));
    if start != slot_at(slots) || start > end || end > page.len() {
        return Err(format!("{slots} slots with free space from {start} to {end}"));
    }
    let mut cells = 0;
    for slot in 0..slots {
        let offset = cell_offset(page, slot);
        let outside = offset < end || offset + prefix_bytes(page) + key_len(page, slot) > page.len();
        if outside || offset + cell_len(page, slot) > page.len() {
            return Err(format!("the cell of slot {slot} reaches outside"));
        }
        if u32_at(page, slot_at(slot) + 4) != head_of(key(page, slot)) {
            return Err(format!("the head in slot {slot} is not its key's"));
        }
        cells += cell_len(page, slot);
    }
    let places = slots_by_place(page);
    if places.windows(2).any(|pair| cell_offset(page, pair[0]) + cell_len(page, pair[0]) > cell_offset(page, pair[1])) {
        return Err("two cells overlap".to_string());
    }
    if cells + garbage(page) + end != page.len() {
        return Err(format!("{cells} bytes of cells and {} of garbage do not fill it from {end}", garbage(page)));
    }
    Ok(())
}

/// The slots in the order in which their cells stand in the page.
fn slots_by_place(page: &[u8]) -> Vec<usize> {
    let mut places: Vec<u64> =
        (0..slot_count(page)).map(|slot| (cell_offset(page, slot) as u64) << 16 | slot as u64).collect();
    places.sort_unstable();
    places.into_iter().map(|place| (place & 0xffff) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 256;

    fn leaf(words: &[&str]) -> Vec<u8> {
        let mut page = vec![0; SIZE];
        format(&mut page, PageId(1), PageKind::Leaf, 0);
        for (slot, word) in words.iter().enumerate() {
            insert_record(&mut page, slot, word.as_bytes(), Value::Inline(&[7; 3]));
        }
        page
    }

    fn words(page: &[u8]) -> Vec<String> {
        (0..slot_count(page)).map(|slot| String::from_utf8_lossy(key(page, slot)).into_owned()).collect()
    }

    #[test]
    fn search_finds_each_key_and_each_gap() {
        let page = leaf(&["a", "aa", "ab", "abcde", "abcdf", "b"]);
        for (index, word) in words(&page).iter().enumerate() {
            assert_eq!(search(&page, word.as_bytes()), (index, true));
            assert_eq!(search(&page, format!("{word}\0").as_bytes()), (index + 1, false));
        }
        assert_eq!(search(&page, b""), (0, false));
        assert_eq!(search(&page, b"a\0"), (1, false));
    }

    #[test]
    fn removed_cells_are_garbage_until_the_page_is_compacted() {
        let mut page = leaf(&["ash", "beech", "cedar"]);
        let free = total_free(&page);
        remove_cell(&mut page, 0);
        assert_eq!(garbage(&page), 2 + 3 + 3);
        assert_eq!(total_free(&page), free + SLOT_BYTES + 8);
        assert_eq!(compact(&mut page), 8);
        assert_eq!((garbage(&page), words(&page)), (0, vec!["beech".to_string(), "cedar".to_string()]));
        check_layout(&page).unwrap();
    }

    #[test]
    fn moved_cells_keep_their_order_and_values() {
        let mut left = leaf(&["ash", "beech", "cedar", "elm"]);
        let mut right = leaf(&["oak"]);
        move_cells(&mut left, 2, 2, &mut right, 0);
        assert_eq!(words(&left), ["ash", "beech"]);
        assert_eq!(words(&right), ["cedar", "elm", "oak"]);
        assert_eq!(value(&right, 1), Value::Inline(&[7; 3]));
        check_layout(&left).unwrap();
        check_layout(&right).unwrap();
    }

    #[test]
    fn a_sealed_page_passes_and_every_flipped_bit_is_caught() {
        let mut page = leaf(&["ash", "beech"]);
        seal(&mut page);
        assert_eq!(check(&page, PageId(1)), Ok(()));
        assert_eq!(check(&page, PageId(2)), Err(StorageError::Misplaced { page: PageId(2), found: PageId(1) }));
        for bit in 0..SIZE * 8 {
            page[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(check(&page, PageId(1)), Err(StorageError::ChecksumMismatch { .. })), "bit {bit}");
            let _ = check_layout(&page);
            assert_eq!(describe(&page).iter().map(|region| region.range.len()).sum::<usize>(), SIZE);
            page[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn the_longest_cells_take_half_a_page_at_most() {
        for page_size in [128, 256, 512, 1024, 2048, 4096, 8192, 16384] {
            let key = max_key_len(page_size);
            assert!(SLOT_BYTES + 2 + key + 4 <= capacity(page_size) / 2);
            assert!(separator_cost(key) <= capacity(page_size) / 2);
        }
    }
}

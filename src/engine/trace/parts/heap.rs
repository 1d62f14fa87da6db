//! A heap file as plain data: pages of rows as bytes and as slots, and how much room each page has.
//!
//! The first pages of a file are told whole, byte by byte ([`HeapDetail`]); of the pages behind them, of which there may
//! be ten thousand, only what a map of them shows ([`HeapPage`]), and one more in detail: the one that was used last.
//!
//! An event that changes a page carries a [`Patch`], the bytes that are new. So a reader keeps the bytes of a page without
//! knowing how the engine lays them out; where the header's fields stand is said here ([`HEADER_FIELDS`]).

use std::ops::Range;
use std::rc::Rc;

use crate::bytes::Bytes;
use crate::id::{CellKind, HeapKind, Lsn, PageId};
use crate::plain::plain;

/// The fields of a page's header: first byte, length, name.
pub const HEADER_FIELDS: [(u16, u16, &str); 11] = [
    (0, 4, "checksum"),
    (4, 4, "page id"),
    (8, 8, "LSN"),
    (16, 1, "kind"),
    (17, 1, "reserved"),
    (18, 2, "slot count"),
    (20, 2, "free start"),
    (22, 2, "free end"),
    (24, 2, "garbage bytes"),
    (26, 2, "free slots"),
    (28, 8, "chain"),
];

/// Where the slots of a page begin.
pub const HEADER_BYTES: usize = 36;
pub const SLOT_BYTES: usize = 4;
/// The smallest cell: a forwarding address or the start of a chain always fits in its place.
pub const CELL_BYTES_MIN: usize = 8;

plain! {
    /// A slot and the cell that it leads to.
    #[derive(Copy, Eq)]
    struct HeapSlot {
        kind: CellKind,
        offset: u16,
        length: u16,
    }

    /// What a map of the file shows of a page.
    #[derive(Copy, Eq)]
    struct HeapPage {
        kind: HeapKind,
        /// What the free-space map says of the page.
        class: u8,
        /// Bytes of a page of rows that slots and cells can still use, in one piece or not.
        free: u16,
        /// Slots that lead to something.
        cells: u16,
    }

    /// A page whole.
    struct HeapDetail {
        page: PageId,
        kind: HeapKind,
        lsn: Lsn,
        /// Where the free space between slots and cells ends.
        end: u16,
        /// Bytes of removed cells that are not in one piece with the free space.
        garbage: u16,
        /// The next page of an overflow chain, and the bytes of the row from this page on.
        next: PageId,
        remaining: u32,
        slots: Vec<HeapSlot>,
        bytes: Bytes,
    }

    /// A heap file.
    #[derive(Default)]
    struct HeapState {
        rows: u64,
        /// Pages that one page of the free-space map speaks of. Page 1 is the first of them; each is followed by its pages.
        map_span: u32,
        /// Free bytes that one step of the map's classes stands for.
        class_bytes: u32,
        /// So many pages from the first on are told whole.
        detailed: u32,
        pages: Vec<HeapPage>,
        details: Vec<Rc<HeapDetail>>,
        /// The page beyond those that was used last.
        spotlight: Option<Rc<HeapDetail>>,
    }

    /// New bytes of a page.
    #[derive(Default)]
    struct Patch {
        runs: Vec<PatchRun>,
    }

    /// Bytes that are new, and where they begin.
    struct PatchRun {
        at: u16,
        bytes: Bytes,
    }

    /// A cell that went to another place of its page. A place of 0 is none: the row was taken out, and is put back next.
    #[derive(Copy, Eq)]
    struct Shift {
        slot: u16,
        from: u16,
        to: u16,
    }
}

impl HeapSlot {
    pub const FREE: HeapSlot = HeapSlot { kind: CellKind::Free, offset: 0, length: 0 };

    /// Bytes of the page that the cell takes up.
    pub fn space(&self) -> usize {
        if self.kind == CellKind::Free { 0 } else { usize::from(self.length).max(CELL_BYTES_MIN) }
    }
}

impl HeapPage {
    /// A page at the end of the file that nobody has used.
    pub const NEW: HeapPage = HeapPage { kind: HeapKind::Free, class: 0, free: 0, cells: 0 };
}

impl HeapDetail {
    /// A page of zeros.
    pub fn new(page: PageId, page_size: usize) -> HeapDetail {
        HeapDetail {
            page,
            kind: HeapKind::Free,
            lsn: Lsn(0),
            end: 0,
            garbage: 0,
            next: PageId::NONE,
            remaining: 0,
            slots: Vec::new(),
            bytes: Bytes::from(&vec![0; page_size][..]),
        }
    }

    pub fn patch(&mut self, patch: &Patch) {
        let mut bytes = self.bytes.to_vec();
        patch.apply(&mut bytes);
        self.bytes = Bytes::from(&bytes[..]);
    }
}

/// Bytes of pages that a state tells whole.
const DETAIL_BYTES: u32 = 256 << 10;

/// Pages of a file that are told whole.
pub const fn detailed_pages(page_size: u32) -> u32 {
    let pages = DETAIL_BYTES / if page_size == 0 { 1 } else { page_size };
    if pages > 256 { 256 } else { pages }
}

impl HeapState {
    /// The page in detail, if it is told.
    pub fn detail(&self, page: PageId) -> Option<&Rc<HeapDetail>> {
        let beyond = self.spotlight.as_ref().filter(|detail| detail.page == page);
        self.details.get(page.index()).or(beyond)
    }
}

/// Runs that are nearer to each other than this are one.
const RUN_GAP: usize = 6;

impl Patch {
    /// What turns `old` into `new`, which is as long.
    pub fn between(old: &[u8], new: &[u8]) -> Patch {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in (0..new.len()).filter(|at| old.get(*at) != Some(&new[*at])) {
            match runs.last_mut() {
                Some(run) if at < run.end + RUN_GAP => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        let run = |range: Range<usize>| PatchRun { at: range.start as u16, bytes: Bytes::from(&new[range]) };
        Patch { runs: runs.into_iter().map(run).collect() }
    }

    /// Writes the new bytes; what would lie outside of the page is left out.
    pub fn apply(&self, bytes: &mut [u8]) {
        for (range, run) in self.ranges().zip(&self.runs) {
            if let Some(place) = bytes.get_mut(range) {
                place.copy_from_slice(&run.bytes);
            }
        }
    }

    /// Where bytes are new.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.runs.iter().map(|run| usize::from(run.at)..usize::from(run.at) + run.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RowId;

    #[test]
    fn a_patch_turns_the_old_bytes_into_the_new_ones() {
        let old = vec![0; 64];
        let mut new = old.clone();
        new[3] = 1;
        new[5] = 2;
        new[40..50].fill(9);
        let patch = Patch::between(&old, &new);
        assert_eq!(patch.ranges().collect::<Vec<_>>(), [3..6, 40..50]);
        let mut patched = old;
        patch.apply(&mut patched);
        assert_eq!(patched, new);
        let mut short = [0; 4];
        patch.apply(&mut short);
        assert_eq!(short, [0; 4]);
    }

    #[test]
    fn a_row_id_is_read_as_it_is_written() {
        assert_eq!(RowId::parse("12.3"), Some(RowId::new(12, 3)));
        assert_eq!(RowId::new(12, 3).to_string(), "12.3");
        for text in ["", "12", "12.", "x.1", "1.70000"] {
            assert_eq!(RowId::parse(text), None, "{text}");
        }
    }
}

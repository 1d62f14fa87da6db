//! The heap file in the trace: row ids, kinds of pages and cells, and the file as plain data.
//!
//! The first pages of a file are told whole, byte by byte ([`HeapDetail`]); of the pages behind them, of which there may
//! be ten thousand, only what the map shows ([`HeapPage`]), and one more in detail: the one that was used last.
//!
//! An event that changes a page carries a [`Patch`], the bytes that are new. So a reader keeps the bytes of a page without
//! knowing how the engine lays them out; where the header's fields stand is said here ([`HEADER_FIELDS`]).

use std::rc::Rc;

use super::bytes::{hex, hex_bytes};
use super::decimal::{number, push_number};
use super::field::Field;
use super::id::{Lsn, PageId, words};

/// Where a row can be asked for: a page and a slot of it. It stays the same as long as the row lives, wherever the row's
/// bytes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    pub page: PageId,
    pub slot: u16,
}

impl RowId {
    /// Page 0 has no rows.
    pub const NONE: RowId = RowId { page: PageId(0), slot: 0 };

    pub fn new(page: u32, slot: u16) -> RowId {
        RowId { page: PageId(page), slot }
    }

    pub fn is_none(self) -> bool {
        self.page.is_none()
    }

    /// `12.3`: slot 3 of page 12.
    pub fn parse(text: &str) -> Option<RowId> {
        let (page, slot) = text.split_once('.')?;
        Some(RowId { page: PageId(number(page)?), slot: number(slot)? })
    }
}

impl std::fmt::Display for RowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.page.0, self.slot)
    }
}

words! {
    /// What a page of a heap file is for.
    HeapKind {
        Meta = "meta",
        /// The free-space map of the pages that follow it.
        Map = "map",
        Rows = "rows",
        Overflow = "overflow",
        Free = "free",
    }
}

words! {
    /// What a slot leads to.
    CellKind {
        /// Nothing: the slot can be given to another row.
        Free = "free",
        Row = "row",
        /// A forwarding address: the row moved to another page.
        Stub = "stub",
        /// A row that moved here, with the row id under which it is known.
        Moved = "moved",
        /// The first page of a chain that holds the row.
        Overflow = "overflow",
    }
}

words! {
    /// What is asked of a heap file.
    HeapOperation {
        Insert = "insert",
        Update = "update",
        Get = "get",
        Delete = "delete",
        Scan = "scan",
        Compact = "compact",
        Flush = "flush",
    }
}

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

/// A slot and the cell that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapSlot {
    pub kind: CellKind,
    pub offset: u16,
    pub length: u16,
}

impl HeapSlot {
    pub const FREE: HeapSlot = HeapSlot { kind: CellKind::Free, offset: 0, length: 0 };

    /// Bytes of the page that the cell takes up.
    pub fn space(&self) -> usize {
        if self.kind == CellKind::Free { 0 } else { usize::from(self.length).max(CELL_BYTES_MIN) }
    }
}

/// What the map shows of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapPage {
    pub kind: HeapKind,
    /// What the free-space map says of the page.
    pub class: u8,
    /// Bytes that slots and cells can still use, in one piece or not.
    pub free: u16,
    /// Slots that lead to something.
    pub cells: u16,
}

impl HeapPage {
    /// A page at the end of the file that nobody has used.
    pub const NEW: HeapPage = HeapPage { kind: HeapKind::Free, class: 0, free: 0, cells: 0 };
}

/// A page whole.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapDetail {
    pub page: PageId,
    pub kind: HeapKind,
    pub lsn: Lsn,
    /// Where the free space between slots and cells ends.
    pub end: u16,
    /// Bytes of removed cells that are not in one piece with the free space.
    pub garbage: u16,
    /// The next page of an overflow chain, and the bytes of the row from this page on.
    pub next: PageId,
    pub remaining: u32,
    pub slots: Vec<HeapSlot>,
    pub bytes: Vec<u8>,
}

impl HeapDetail {
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
            bytes: vec![0; page_size],
        }
    }
}

/// A heap file as plain data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeapState {
    pub rows: u64,
    /// Pages that one page of the free-space map speaks of. Page 1 is the first of them; each is followed by its pages.
    pub map_span: u32,
    /// Free bytes that one step of the map's classes stands for.
    pub class_bytes: u32,
    /// So many pages from the first on are told whole.
    pub detailed: u32,
    pub pages: Vec<HeapPage>,
    pub details: Vec<Rc<HeapDetail>>,
    /// The page beyond those that was used last.
    pub spotlight: Option<Rc<HeapDetail>>,
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

/// New bytes of a page: runs of them, each with the place where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch(pub Rc<[(u16, Box<[u8]>)]>);

/// Runs that are nearer to each other than this are one.
const RUN_GAP: usize = 6;

impl Patch {
    /// What turns `old` into `new`, which is as long.
    pub fn between(old: &[u8], new: &[u8]) -> Patch {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for at in (0..new.len()).filter(|at| old.get(*at) != Some(&new[*at])) {
            match runs.last_mut() {
                Some((_, end)) if at < *end + RUN_GAP => *end = at + 1,
                _ => runs.push((at, at + 1)),
            }
        }
        Patch(runs.into_iter().map(|(from, to)| (from as u16, Box::from(&new[from..to]))).collect())
    }

    /// Writes the new bytes; what would lie outside of the page is left out.
    pub fn apply(&self, bytes: &mut [u8]) {
        for (at, run) in self.0.iter() {
            let at = usize::from(*at);
            if let Some(place) = bytes.get_mut(at..at + run.len()) {
                place.copy_from_slice(run);
            }
        }
    }

    /// Where bytes are new.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.0.iter().map(|(at, run)| usize::from(*at)..usize::from(*at) + run.len())
    }
}

/// A cell that went to another place of its page. A place of 0 is none: the row was taken out, and is put back next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub slot: u16,
    pub from: u16,
    pub to: u16,
}

fn push_list<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    if items.is_empty() {
        out.push('-');
    }
}

fn read_list<T>(text: &str, read: impl FnMut(&str) -> Option<T>) -> Option<Vec<T>> {
    if text == "-" { Some(Vec::new()) } else { text.split(',').map(read).collect() }
}

impl Field for RowId {
    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.page.0));
        out.push('.');
        push_number(out, u64::from(self.slot));
    }
    fn read(text: &str) -> Option<Self> {
        RowId::parse(text)
    }
}

impl Field for Patch {
    fn write(&self, out: &mut String) {
        push_list(out, &self.0, |out, (at, run)| {
            push_number(out, u64::from(*at));
            out.push(':');
            out.push_str(&hex(run)[2..]);
        });
    }
    fn read(text: &str) -> Option<Self> {
        let run = |text: &str| {
            let (at, run) = text.split_once(':')?;
            Some((number(at)?, hex_bytes(run)?.into_boxed_slice()))
        };
        read_list(text, run).map(|runs| Patch(runs.into()))
    }
}

impl Field for Rc<[Shift]> {
    fn write(&self, out: &mut String) {
        push_list(out, self, |out, shift| {
            for (index, part) in [shift.slot, shift.from, shift.to].into_iter().enumerate() {
                if index > 0 {
                    out.push(':');
                }
                push_number(out, u64::from(part));
            }
        });
    }
    fn read(text: &str) -> Option<Self> {
        let shift = |text: &str| {
            let mut parts = text.split(':').map(number);
            Some(Shift { slot: parts.next()??, from: parts.next()??, to: parts.next()?? })
        };
        read_list(text, shift).map(Rc::from)
    }
}

impl Field for Rc<HeapDetail> {
    fn write(&self, out: &mut String) {
        let HeapDetail { page, kind, lsn, end, garbage, next, remaining, slots, bytes } = &**self;
        for part in [u64::from(page.0), lsn.0, u64::from(*end), u64::from(*garbage), u64::from(next.0)] {
            push_number(out, part);
            out.push(':');
        }
        push_number(out, u64::from(*remaining));
        out.push(':');
        out.push_str(kind.word());
        out.push(':');
        out.push_str(&hex(bytes)[2..]);
        out.push('/');
        push_list(out, slots, |out, slot| {
            out.push_str(slot.kind.word());
            for part in [slot.offset, slot.length] {
                out.push(':');
                push_number(out, u64::from(part));
            }
        });
    }
    fn read(text: &str) -> Option<Self> {
        let (head, slots) = text.split_once('/')?;
        let mut parts = head.split(':');
        let slot = |text: &str| {
            let mut parts = text.split(':');
            let kind = CellKind::from_word(parts.next()?)?;
            Some(HeapSlot { kind, offset: number(parts.next()?)?, length: number(parts.next()?)? })
        };
        Some(Rc::new(HeapDetail {
            page: PageId(number(parts.next()?)?),
            lsn: Lsn(number(parts.next()?)?),
            end: number(parts.next()?)?,
            garbage: number(parts.next()?)?,
            next: PageId(number(parts.next()?)?),
            remaining: number(parts.next()?)?,
            kind: HeapKind::from_word(parts.next()?)?,
            bytes: hex_bytes(parts.next()?)?,
            slots: read_list(slots, slot)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<T: Field + PartialEq + std::fmt::Debug>(value: T) {
        let mut text = String::new();
        value.write(&mut text);
        assert!(!text.contains(' '), "{text}");
        assert_eq!(T::read(&text), Some(value), "{text}");
    }

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
        patch.apply(&mut [0; 4]);
        there_and_back(patch);
        there_and_back(Patch::default());
    }

    #[test]
    fn fields_are_read_as_they_were_written() {
        there_and_back(RowId::new(12, 3));
        there_and_back(Rc::<[Shift]>::from([Shift { slot: 1, from: 30, to: 40 }, Shift { slot: 2, from: 9, to: 0 }]));
        let mut detail = HeapDetail::new(PageId(4), 16);
        detail.slots = vec![HeapSlot::FREE, HeapSlot { kind: CellKind::Stub, offset: 8, length: 6 }];
        detail.bytes[3] = 0xab;
        there_and_back(Rc::new(detail));
        for text in ["", "12", "12.", "x.1", "1.70000"] {
            assert_eq!(RowId::parse(text), None, "{text}");
        }
    }
}

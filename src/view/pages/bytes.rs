//! What each byte of a page is.
//!
//! **Invariant:** the runs of a page are its bytes in order, without a gap, for whatever the slots say: a trace may come
//! from anywhere.

use std::ops::Range;

use crate::Selection;
use glassbase_trace::parts::heap::{HEADER_BYTES, HEADER_FIELDS, HeapDetail, SLOT_BYTES};
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{CellKind, HeapKind, PageId};

/// What a run of bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The header's field of this index.
    Field(u8),
    Slot(u16),
    Cell(u16, CellKind),
    Free,
    Garbage,
    /// A part of a row, classes of the map, counts: what fills a page that has no slots.
    Body,
}

/// Numbers of what is no field of the header, in a [`Selection::Field`].
pub const FREE: u8 = 100;
pub const GARBAGE: u8 = 101;
pub const BODY: u8 = 102;

impl What {
    /// What a click on it selects.
    pub fn selection(self, page: PageId) -> Selection {
        match self {
            What::Field(field) => Selection::Field { page, field },
            What::Slot(slot) | What::Cell(slot, _) => Selection::Cell { page, slot },
            What::Free => Selection::Field { page, field: FREE },
            What::Garbage => Selection::Field { page, field: GARBAGE },
            What::Body => Selection::Field { page, field: BODY },
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            What::Field(field) => HEADER_FIELDS.get(usize::from(field)).map_or("header", |field| field.2),
            What::Slot(_) => "slot",
            What::Cell(_, CellKind::Stub) => "forwarding address of row",
            What::Cell(_, CellKind::Moved) => "row that moved here, slot",
            What::Cell(_, CellKind::Overflow) => "start of the chain of row",
            What::Cell(..) => "row",
            What::Free => "free space",
            What::Garbage => "garbage",
            What::Body => "content",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub range: Range<usize>,
    pub what: What,
}

/// The runs of a page.
pub fn runs(detail: &HeapDetail) -> Vec<Run> {
    let mut runs = Runs { runs: Vec::new(), at: 0, end: detail.bytes.len() };
    for (index, (at, length, _)) in HEADER_FIELDS.iter().enumerate() {
        runs.push(usize::from(at + length), What::Field(index as u8));
    }
    match detail.kind {
        HeapKind::Rows => slotted(detail, &mut runs),
        HeapKind::Overflow => {
            runs.push(HEADER_BYTES.saturating_add(detail.remaining as usize), What::Body);
        }
        HeapKind::Map | HeapKind::Meta => {
            let used = detail.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            runs.push(used, What::Body);
        }
        HeapKind::Free => {}
    }
    runs.push(detail.bytes.len(), What::Free);
    runs.runs
}

fn slotted(detail: &HeapDetail, runs: &mut Runs) {
    for slot in 0..detail.slots.len() {
        runs.push(HEADER_BYTES + (slot + 1) * SLOT_BYTES, What::Slot(slot as u16));
    }
    runs.push(usize::from(detail.end), What::Free);
    let used = detail.slots.iter().enumerate().filter(|(_, slot)| slot.kind != CellKind::Free);
    let mut cells: Vec<(usize, usize, What)> = used
        .map(|(number, slot)| (usize::from(slot.offset), slot.space(), What::Cell(number as u16, slot.kind)))
        .collect();
    sort_by_key(&mut cells, |(offset, ..)| *offset);
    for (offset, space, what) in cells {
        runs.push(offset, What::Garbage);
        runs.push(offset + space, what);
    }
    runs.push(detail.bytes.len(), What::Garbage);
}

struct Runs {
    runs: Vec<Run>,
    at: usize,
    end: usize,
}

impl Runs {
    /// What follows, up to a byte; nothing when that is behind us.
    fn push(&mut self, to: usize, what: What) {
        let to = to.min(self.end);
        if to > self.at {
            self.runs.push(Run { range: self.at..to, what });
            self.at = to;
        }
    }
}

/// Bytes in hex, with a blank between two.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

/// Bytes as letters, where they are some.
pub fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '·' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::Bytes;
    use glassbase_trace::parts::heap::HeapSlot;

    #[test]
    fn the_runs_of_a_page_are_its_bytes_whatever_the_slots_say() {
        let mut detail = HeapDetail::new(PageId(2), 128);
        let cell = |offset, length| HeapSlot { kind: CellKind::Row, offset, length };
        for kind in HeapKind::ALL {
            for slots in [vec![], vec![cell(100, 28)], vec![cell(110, 18), cell(80, 20)], vec![cell(5, 900); 60]] {
                for end in [0, 60, 128, 9000] {
                    detail = HeapDetail { kind: *kind, slots: slots.clone(), end, remaining: 77, ..detail };
                    let mut at = 0;
                    for run in runs(&detail) {
                        assert_eq!(run.range.start, at);
                        assert!(!run.range.is_empty());
                        at = run.range.end;
                    }
                    assert_eq!(at, 128);
                }
            }
        }
        detail.bytes = Bytes::from(&[][..]);
        assert!(runs(&detail).is_empty());
    }

    #[test]
    fn bytes_are_shown() {
        assert_eq!(hex(&[0x61, 0x0f]), "61 0f");
        assert_eq!(letters(b"ash\0"), "ash·");
    }
}

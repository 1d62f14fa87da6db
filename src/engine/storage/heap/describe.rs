//! What each byte of a heap file's page is: what the inspector shows.

use super::layout::{self, cell, chain_in, classes, row_id_in};
use crate::page::{Region, lsn, page_id};
use glassbase_trace::bytes::show;
use glassbase_trace::parts::heap::{HEADER_BYTES, HEADER_FIELDS, HeapSlot, SLOT_BYTES};
use glassbase_trace::{CellKind, HeapKind};

/// Describes a page: regions in the order of their bytes, which together are the whole page. A damaged page whose layout
/// makes no sense has a header and one region of unknown bytes.
pub fn describe(page: &[u8]) -> Vec<Region> {
    let mut regions = Regions(Vec::new());
    for (at, length, label) in HEADER_FIELDS {
        let (from, to) = (usize::from(at), usize::from(at + length));
        regions.push(from, to, label, None, field(page, label, &page[from..to]));
    }
    if let Err(what) = layout::check_layout(page) {
        regions.push(HEADER_BYTES, page.len(), "damaged", None, what);
        return regions.0;
    }
    match layout::kind(page) {
        Some(HeapKind::Rows) => regions.rows(page),
        Some(HeapKind::Overflow) => {
            let part = layout::overflow_part(page);
            regions.push(HEADER_BYTES, HEADER_BYTES + part.len(), "part of a row", None, show(part));
            regions.free(HEADER_BYTES + part.len(), page.len());
        }
        Some(HeapKind::Map) => {
            let known = classes(page).iter().rposition(|class| *class != 0).map_or(0, |last| last + 1);
            for (index, class) in classes(page)[..known].iter().enumerate() {
                let (at, next) = (HEADER_BYTES + index, page_id(page).0 as usize + 1 + index);
                regions.push(at, at + 1, "class", None, format!("page {next} has class {class}"));
            }
            regions.free(HEADER_BYTES + known, page.len());
        }
        Some(HeapKind::Meta) => {
            let meta = layout::meta(page);
            regions.push(HEADER_BYTES, HEADER_BYTES + 8, "rows", None, meta.rows.to_string());
            regions.push(HEADER_BYTES + 8, HEADER_BYTES + 16, "next LSN", None, meta.next_lsn.to_string());
            regions.push(HEADER_BYTES + 16, HEADER_BYTES + 20, "free pages", None, meta.free_pages.to_string());
            regions.free(HEADER_BYTES + 20, page.len());
        }
        _ => regions.free(HEADER_BYTES, page.len()),
    }
    regions.0
}

/// A field of the header in words.
fn field(page: &[u8], label: &str, bytes: &[u8]) -> String {
    let number = bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    match label {
        "checksum" => format!("{number:08x}"),
        "page id" => page_id(page).0.to_string(),
        "LSN" => lsn(page).0.to_string(),
        "kind" => layout::kind(page).map_or("unknown", HeapKind::word).to_string(),
        "chain" if layout::kind(page) == Some(HeapKind::Overflow) => {
            format!("next page {}, {} bytes from here on", layout::next(page).0, layout::remaining(page))
        }
        "chain" | "reserved" => String::new(),
        _ => number.to_string(),
    }
}

struct Regions(Vec<Region>);

impl Regions {
    fn push(&mut self, from: usize, to: usize, label: &'static str, slot: Option<u16>, value: String) {
        if from < to {
            self.0.push(Region { range: from..to, label, slot: slot.map(usize::from), value });
        }
    }

    fn free(&mut self, from: usize, to: usize) {
        self.push(from, to, "free space", None, format!("{} bytes", to.saturating_sub(from)));
    }

    fn rows(&mut self, page: &[u8]) {
        let mut at = HEADER_BYTES;
        for (number, slot) in layout::slots(page) {
            let value = match slot.kind {
                CellKind::Free => "free".to_string(),
                kind => format!("{} of {} bytes at {}", kind.word(), slot.length, slot.offset),
            };
            self.push(at, at + SLOT_BYTES, "slot", Some(number), value);
            at += SLOT_BYTES;
        }
        self.free(at, layout::free_end(page));
        at = layout::free_end(page);
        for (number, slot) in layout::cells_by_place(page) {
            self.garbage(at, usize::from(slot.offset));
            self.cell(page, number, &slot);
            at = usize::from(slot.offset) + slot.space();
        }
        self.garbage(at, page.len());
    }

    fn garbage(&mut self, from: usize, to: usize) {
        self.push(from, to, "garbage", None, format!("{} bytes that nothing leads to", to.saturating_sub(from)));
    }

    fn cell(&mut self, page: &[u8], number: u16, slot: &HeapSlot) {
        let (from, bytes) = (usize::from(slot.offset), cell(page, slot));
        let end = from + bytes.len();
        match slot.kind {
            CellKind::Free => {}
            CellKind::Row => self.push(from, end, "row", Some(number), show(bytes)),
            CellKind::Stub => {
                self.push(from, end, "forwarding address", Some(number), format!("row {}", row_id_in(bytes)));
            }
            CellKind::Moved => {
                let split = from + layout::ROW_ID_BYTES;
                self.push(from, split, "home", Some(number), format!("known as row {}", row_id_in(bytes)));
                self.push(split, end, "row", Some(number), show(&bytes[layout::ROW_ID_BYTES..]));
            }
            CellKind::Overflow => {
                let (first, length) = chain_in(bytes);
                let value = format!("{length} bytes from page {} on", first.0);
                self.push(from, end, "start of a chain", Some(number), value);
            }
        }
        self.push(end, from + slot.space(), "padding", Some(number), "a cell has 8 bytes at least".to_string());
    }
}

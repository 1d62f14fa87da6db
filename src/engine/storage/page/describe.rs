//! What each byte of a page is: what the inspector draws.

use std::ops::Range;

use super::*;
use glassbase_trace::bytes::show;

/// A run of bytes that mean one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub range: Range<usize>,
    /// What kind of thing it is: "checksum", "slot", "key", "free space", …
    pub label: &'static str,
    /// The slot that it belongs to, if any.
    pub slot: Option<usize>,
    /// Its value in words.
    pub value: String,
}

/// Describes a page: regions in the order of their bytes, which together are the whole page. A damaged page whose layout
/// makes no sense has a header and one region of unknown bytes.
pub fn describe(page: &[u8]) -> Vec<Region> {
    let mut regions = header(page);
    let kind = kind(page);
    if check_layout(page).is_err() {
        push(&mut regions, HEADER_BYTES..page.len(), "damaged", None, "the layout makes no sense".to_string());
        return regions;
    }
    match kind {
        Some(PageKind::Leaf | PageKind::Inner) => slotted(page, &mut regions),
        Some(PageKind::Meta) => meta_body(page, &mut regions),
        Some(PageKind::Overflow) => {
            let part = overflow_part(page).len();
            push(&mut regions, HEADER_BYTES..HEADER_BYTES + part, "value", None, format!("{part} bytes"));
            free(&mut regions, HEADER_BYTES + part..page.len());
        }
        _ => free(&mut regions, HEADER_BYTES..page.len()),
    }
    regions
}

fn push(regions: &mut Vec<Region>, range: Range<usize>, label: &'static str, slot: Option<usize>, value: String) {
    if !range.is_empty() {
        regions.push(Region { range, label, slot, value });
    }
}

fn free(regions: &mut Vec<Region>, range: Range<usize>) {
    let value = format!("{} bytes", range.len());
    push(regions, range, "free space", None, value);
}

fn header(page: &[u8]) -> Vec<Region> {
    let kind = kind(page);
    let word = kind.map_or("unknown", PageKind::word);
    let (next_label, prev_label) = match kind {
        Some(PageKind::Leaf) => ("next leaf", "previous leaf"),
        Some(PageKind::Inner) => ("unused link", "leftmost child"),
        Some(PageKind::Overflow) => ("next of chain", "bytes from here on"),
        Some(PageKind::Free) => ("next free page", "unused link"),
        _ => ("unused link", "unused link"),
    };
    let fields: [(usize, &'static str, String); 12] = [
        (CHECKSUM, "checksum", format!("{:08x}", u32_at(page, CHECKSUM))),
        (PAGE_ID, "page id", page_id(page).0.to_string()),
        (LSN, "LSN", lsn(page).0.to_string()),
        (KIND, "kind", word.to_string()),
        (LEVEL, "level", level(page).to_string()),
        (SLOT_COUNT, "slot count", slot_count(page).to_string()),
        (FREE_START, "free start", free_start(page).to_string()),
        (FREE_END, "free end", free_end(page).to_string()),
        (GARBAGE, "garbage bytes", garbage(page).to_string()),
        (GARBAGE + 2, "reserved", String::new()),
        (NEXT, next_label, u32_at(page, NEXT).to_string()),
        (PREV, prev_label, u32_at(page, PREV).to_string()),
    ];
    let mut regions = Vec::with_capacity(fields.len());
    for (index, (start, label, value)) in fields.iter().enumerate() {
        let end = fields.get(index + 1).map_or(HEADER_BYTES, |field| field.0);
        push(&mut regions, *start..end, label, None, value.clone());
    }
    regions
}

fn slotted(page: &[u8], regions: &mut Vec<Region>) {
    let slots = slot_count(page);
    for slot in 0..slots {
        let value = format!("cell at {}, key of {} bytes", cell_offset(page, slot), key_len(page, slot));
        push(regions, slot_at(slot)..slot_at(slot + 1), "slot", Some(slot), value);
    }
    free(regions, free_start(page)..free_end(page));
    let mut at = free_end(page);
    for slot in slots_by_place(page) {
        let offset = cell_offset(page, slot);
        garbage_between(regions, at, offset);
        cell(page, slot, regions);
        at = offset + cell_len(page, slot);
    }
    garbage_between(regions, at, page.len());
}

fn garbage_between(regions: &mut Vec<Region>, from: usize, to: usize) {
    if from < to {
        push(regions, from..to, "garbage", None, format!("{} bytes of removed cells", to - from));
    }
}

fn cell(page: &[u8], slot: usize, regions: &mut Vec<Region>) {
    let offset = cell_offset(page, slot);
    let start = offset + prefix_bytes(page);
    let end = start + key_len(page, slot);
    if !is_leaf(page) {
        push(regions, offset..start, "child", Some(slot), format!("page {}", child(page, slot).0));
        push(regions, start..end, "separator", Some(slot), show(key(page, slot)));
        return;
    }
    let (length, text) = match value(page, slot) {
        Value::Inline(bytes) => (bytes.len().to_string(), show(bytes)),
        Value::Overflow(first) => ("on overflow pages".to_string(), format!("first overflow page {}", first.0)),
    };
    push(regions, offset..start, "value length", Some(slot), length);
    push(regions, start..end, "key", Some(slot), show(key(page, slot)));
    push(regions, end..offset + cell_len(page, slot), "value", Some(slot), text);
}

fn meta_body(page: &[u8], regions: &mut Vec<Region>) {
    let Meta { root, height, free_head, free_count, records, next_lsn, pages_used } = meta(page);
    let fields = [
        (0..4, "root", format!("page {}", root.0)),
        (4..8, "height", height.to_string()),
        (8..12, "first free page", free_head.0.to_string()),
        (12..16, "free pages", free_count.to_string()),
        (16..24, "records", records.to_string()),
        (24..32, "next LSN", next_lsn.to_string()),
        (32..36, "pages used under a log", pages_used.to_string()),
    ];
    for (range, label, value) in fields {
        push(regions, META_START + range.start..META_START + range.end, label, None, value);
    }
    free(regions, META_START + 36..page.len());
}

const META_START: usize = HEADER_BYTES;

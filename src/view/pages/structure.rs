//! A page as structure: the fields of its header, and its slots with what they lead to.

use super::bytes::{What, letters};
use super::scene::{Scene, TITLE_H};
use super::tape::{cell_text, chain_of, number_at};
use crate::Selection;
use crate::arrange::{MONO_W, Place, Wrap, cut};
use crate::camera::Size;
use crate::drawing::{Drawing, Id, Marks, Shape};
use glassbase_trace::parts::heap::{HEADER_FIELDS, HeapDetail, HeapSlot};
use glassbase_trace::{CellKind, HeapKind};

pub const WIDTH_MIN: f64 = 250.0;
const FIELD_H: f64 = 22.0;
const ROW_H: f64 = 23.0;
/// Slots that are listed where the height does not say.
const ROWS: usize = 9;

/// Fields that are worth a box: the others are always the same, or of other pages.
const SHOWN: [u8; 7] = [0, 2, 5, 6, 7, 8, 9];

pub fn draw(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place) {
    let page = detail.page;
    let id = Id::of("structure", 0);
    let what = match detail.kind {
        HeapKind::Rows => "a page of rows",
        HeapKind::Overflow => "part of a long row",
        HeapKind::Map => "the free-space map",
        HeapKind::Meta => "the meta page",
        HeapKind::Free => "a free page",
    };
    drawing.add(Shape::title_of(id, place.x, place.y + 12.0, format!("Page {}: {what}", page.0)));
    let wide = place.w.min(430.0);
    let columns = if wide >= 340.0 { 3.0 } else { 2.0 };
    let size = Size { width: (wide - (columns - 1.0) * 4.0) / columns, height: FIELD_H };
    let wrap = Wrap::new((place.x, place.y + TITLE_H), wide + 1.0, size, 4.0);
    let shown: &[u8] = if detail.kind == HeapKind::Rows { &SHOWN } else { &SHOWN[..2] };
    for (index, field) in shown.iter().enumerate() {
        drawing.add(self::field(scene, detail, *field, wrap.place(index)));
    }
    let top = place.y + TITLE_H + wrap.height(shown.len()) + 10.0;
    let rows = if place.h > 0.0 { ((place.y + place.h - top) / ROW_H).max(3.0) as usize } else { ROWS };
    let list = Place::new(place.x, top, wide, 0.0);
    match detail.kind {
        HeapKind::Rows => slots(scene, detail, drawing, list, rows),
        HeapKind::Overflow => {
            let after = if detail.next.is_none() {
                "this is the last page of the chain".to_string()
            } else {
                format!("goes on in page {}", detail.next.0)
            };
            let text = format!("{} bytes of the row from here on; {after}", detail.remaining);
            drawing.add(Shape::text(id.and(1), list.x, list.y + 12.0, text));
        }
        HeapKind::Map => {
            let text = "one byte for each page behind it: how much room";
            drawing.add(Shape::text(id.and(1), list.x, list.y + 12.0, text));
        }
        HeapKind::Meta | HeapKind::Free => {}
    }
}

fn field(scene: &Scene, detail: &HeapDetail, index: u8, place: Place) -> Shape {
    let page = detail.page;
    let (at, length, name) = HEADER_FIELDS.get(usize::from(index)).copied().unwrap_or_default();
    let (from, to) = (usize::from(at), usize::from(at + length));
    let number = number_at(detail, from, to - from);
    let short = match name {
        "checksum" => "sum",
        "slot count" => "slots",
        "garbage bytes" => "garbage",
        "free start" => "free from",
        "free end" => "free to",
        name => name,
    };
    let text = if index == 0 { format!("{short} {number:08x}") } else { format!("{short} {number}") };
    let failed = index == 0 && scene.is_damaged(page);
    Shape::rect(Id::of("field", u64::from(index)), place)
        .class("slot")
        .label(cut(&text, place.w - 6.0, MONO_W))
        .mark(Marks::LIT, scene.is_fresh(page, &(from..to)))
        .mark(Marks::FAILED, failed)
        .target(Selection::Field { page, field: index }, format!("{name} of page {}: {number}", page.0))
}

fn slots(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place, rows: usize) {
    let count = detail.slots.len();
    let active = scene.doing.slot.filter(|(page, _)| *page == detail.page).map_or(0, |(_, slot)| usize::from(slot));
    let shown = if count <= rows { count } else { rows.saturating_sub(1).max(1) };
    let first = active.saturating_sub(shown / 2).min(count.saturating_sub(shown));
    for (row, slot) in (first..first + shown).enumerate() {
        let Some(known) = detail.slots.get(slot) else { break };
        let place = Place::new(place.x, place.y + row as f64 * ROW_H, place.w, ROW_H - 3.0);
        slot_row(scene, detail, slot as u16, known, place, drawing);
    }
    if count > shown {
        let y = place.y + shown as f64 * ROW_H + 13.0;
        let text = format!("and {} more slots", count - shown);
        drawing.add(Shape::text(Id::of("slots-more", 0), place.x + 4.0, y, text).class("quiet"));
    }
}

/// One slot: a box to select, with its number, where it leads to, and what is there.
fn slot_row(scene: &Scene, detail: &HeapDetail, slot: u16, known: &HeapSlot, place: Place, drawing: &mut Drawing) {
    let page = detail.page;
    let from = usize::from(known.offset);
    let to = from + usize::from(known.length);
    let bytes = detail.bytes.get(from..to).unwrap_or_default();
    let text = match known.kind {
        CellKind::Free => "free".to_string(),
        CellKind::Row => letters(bytes),
        CellKind::Stub => format!("moved {}", cell_text(detail, slot, known.kind, bytes)),
        CellKind::Moved => {
            format!("row {}", cell_text(detail, slot, known.kind, bytes))
        }
        CellKind::Overflow => {
            let (first, length) = chain_of(detail, slot);
            format!("{length} bytes, page {first} on")
        }
    };
    let found = scene.is_active(page, slot) && known.kind != CellKind::Free;
    let id = Id::of("slot-row", u64::from(page.0)).and(u64::from(slot));
    drawing.add(
        Shape::rect(id, place)
            .class("slot")
            .mark(Marks::EMPTY | Marks::MUTED, known.kind == CellKind::Free)
            .mark(Marks::LIT, found)
            .target(What::Slot(slot).selection(page), format!("Slot {slot} of page {}: {text}", page.0)),
    );
    let y = place.y + place.h - 6.0;
    let mut say = |number: u64, x: f64, text: String| {
        let text = Shape::text(id.and(number), place.x + x, y, text).class("mono");
        drawing.add(text.mark(Marks::MUTED, known.kind == CellKind::Free));
    };
    say(1, 8.0, slot.to_string());
    if known.kind != CellKind::Free {
        say(2, RANGE_X, format!("{from}–{to}"));
    }
    say(3, TEXT_X, cut(&text, place.w - TEXT_X - 6.0, MONO_W));
}

/// Where the columns of a slot begin.
const RANGE_X: f64 = 36.0;
const TEXT_X: f64 = 112.0;

//! Pages as tapes, to scale: the header, the slots that grow from the front, the rows that grow from the back, and what is
//! between them. A stub's arrow leads to where its row is, a chain's to the pages that hold the row.

use super::bytes::{Run, What, letters, runs};
use super::scene::{BOXES_MAX, GAP, Scene, TITLE_H};
use crate::arrange::{MONO_W, Place, cut};
use crate::drawing::{Drawing, Id, Layer, Marks, Shape};
use crate::{Selection, View};
use glassbase_trace::decimal::push_fixed;
use glassbase_trace::parts::heap::{HeapDetail, HeapState, SLOT_BYTES};
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{CellKind, HeapKind, PageId, RowId};

/// The number of a page beside its tape.
const LABEL_W: f64 = 30.0;
const TAPE_H: f64 = 30.0;
const TAPE_GAP: f64 = 18.0;
const HEADER_W: f64 = 42.0;
/// What is written in a stub or the start of a chain must be readable.
const LINK_W: f64 = 42.0;
const SLOT_W: f64 = 17.0;
/// Slots that would take more of the width than this are drawn to scale.
const SLOTS_SHARE: f64 = 0.4;
/// Most pages that are shown.
const TAPES_MAX: usize = 5;

pub fn cell_id(page: PageId, slot: u16) -> Id {
    Id::of("tape-cell", u64::from(page.0)).and(u64::from(slot))
}

fn slot_id(page: PageId, slot: u16) -> Id {
    Id::of("tape-slot", u64::from(page.0)).and(u64::from(slot))
}

/// Draws the pages that are at work; returns where they end.
pub fn draw(scene: &Scene, drawing: &mut Drawing, place: Place) -> f64 {
    let most = if scene.end.pages.len() > BOXES_MAX { 2 } else { TAPES_MAX };
    let pages = shown(scene, most);
    let places = count_worth(scene.end).clamp(1, most).max(pages.len());
    let id = Id::of("tape-title", 0);
    drawing.add(Shape::title_of(id, place.x, place.y + 12.0, "Pages, to scale"));
    if place.w > 420.0 {
        let text = "slots from the front, rows from the back";
        drawing.add(Shape::text(id.and(1), place.x + 110.0, place.y + 12.0, text).class("quiet"));
    }
    // The arc from a slot to its row rises above the first tape.
    let (_, below) = place.cut_top(TITLE_H + ARC_H);
    let aside = label_w(scene);
    let at = |index: usize| {
        Place::new(below.x + aside, below.y + index as f64 * (TAPE_H + TAPE_GAP), below.w - aside, TAPE_H)
    };
    for (index, detail) in pages.iter().enumerate() {
        tape(scene, detail, drawing, at(index));
    }
    links(&pages, drawing);
    let bottom = below.y + places as f64 * (TAPE_H + TAPE_GAP) - TAPE_GAP;
    drawing.height = drawing.height.max(bottom);
    bottom + GAP / 4.0
}

/// Whether a page is worth a tape: it holds rows, or parts of one.
fn is_worth(detail: &HeapDetail) -> bool {
    matches!(detail.kind, HeapKind::Rows | HeapKind::Overflow)
}

fn count_worth(heap: &HeapState) -> usize {
    heap.details.iter().filter(|detail| is_worth(detail)).count() + usize::from(heap.spotlight.is_some())
}

/// The pages that are shown, ascending: all, or those used last.
fn shown<'a>(scene: &Scene<'a>, most: usize) -> Vec<&'a HeapDetail> {
    let worth = scene.heap.details.iter().map(|detail| &**detail).filter(|detail| is_worth(detail));
    let mut pages: Vec<&HeapDetail> = worth.clone().take(most + 1).collect();
    if pages.len() > most || scene.heap.spotlight.is_some() {
        pages.clear();
        let mut add = |page: PageId| {
            let detail = scene.heap.detail(page).map(|detail| &**detail).filter(|detail| is_worth(detail));
            let known = pages.iter().any(|known| known.page == page) || pages.len() >= most;
            pages.extend(detail.filter(|_| !known));
        };
        scene.focus.into_iter().for_each(|focus| add(focus.page));
        scene.doing.recent.iter().for_each(|page| add(*page));
        worth.for_each(|detail| add(detail.page));
        sort_by_key(&mut pages, |detail| detail.page);
    }
    pages
}

/// Room for the number of any page.
fn label_w(scene: &Scene) -> f64 {
    (scene.end.pages.len().to_string().len() as f64 * MONO_W + 14.0).max(LABEL_W)
}

fn tape(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place) {
    let page = detail.page;
    let id = Id::of("tape", u64::from(page.0));
    let is_focus = scene.focus.is_some_and(|focus| focus.page == page);
    let aside = label_w(scene);
    let label = Place::new(place.x - aside, place.y, aside - 4.0, place.h);
    drawing.add(
        Shape::rect(id, label)
            .class("slot")
            .label(page.0.to_string())
            .mark(Marks::LIT, is_focus)
            // The camera stays with the pages: on a small screen not all of the picture is seen.
            .mark(Marks::CURRENT, is_focus && scene.end_costs < 2)
            .target(Selection::Page(page), format!("Page {}, {}", page.0, detail.kind.word())),
    );
    let runs = runs(detail);
    let scale = Scale::of(&runs, place.w);
    let mut x = place.x;
    for run in merged(runs) {
        let w = scale.width(&run);
        drawing.add(piece(scene, detail, &run, Place { x, w, ..place }));
        x += w;
    }
    arc(scene, page, drawing);
}

/// From the slot that was read or written last to its cell.
fn arc(scene: &Scene, page: PageId, drawing: &mut Drawing) {
    let Some((_, slot)) = scene.doing.slot.filter(|(at, _)| *at == page) else { return };
    let place = |id: Id| drawing.shapes.iter().find(|shape| shape.id == id).map(|shape| shape.place);
    let id = cell_id(page, slot);
    if let (Some(from), Some(to)) = (place(slot_id(page, slot)), place(id)) {
        let ((x, y), (to_x, _)) = (from.top_middle(), to.top_middle());
        let mut d = String::from("M0 0C");
        for (at, number) in [0.0, -ARC_H, to_x - x, -ARC_H, to_x - x, 0.0].into_iter().enumerate() {
            if at > 0 {
                d.push(' ');
            }
            push_fixed(&mut d, number, 1);
        }
        drawing.add(Shape::path(id.and(2), x, y, d));
    }
}

const ARC_H: f64 = 16.0;

/// How wide things are: header and slots of widths of their own, all else to one scale.
struct Scale {
    slot_w: f64,
    per_byte: f64,
}

impl Scale {
    fn of(runs: &[Run], width: f64) -> Scale {
        let slots = runs.iter().filter(|run| matches!(run.what, What::Slot(_))).count() as f64;
        let links = runs.iter().filter(|run| is_link(run.what)).count() as f64;
        let wide = slots * SLOT_W <= width * SLOTS_SHARE;
        let fixed = |run: &&Run| matches!(run.what, What::Field(_)) || is_link(run.what);
        let rest = runs.iter().filter(|run| !(fixed(run) || wide && matches!(run.what, What::Slot(_))));
        let bytes: usize = rest.map(|run| run.range.len()).sum();
        let slots_w = if wide { slots * SLOT_W } else { 0.0 };
        let room = (width - HEADER_W - slots_w - links * LINK_W).max(1.0);
        let per_byte = room / bytes.max(1) as f64;
        Scale { slot_w: if wide { SLOT_W } else { SLOT_BYTES as f64 * per_byte }, per_byte }
    }

    fn width(&self, run: &Run) -> f64 {
        match run.what {
            What::Field(_) => HEADER_W,
            What::Slot(_) => self.slot_w,
            what if is_link(what) => LINK_W,
            _ => run.range.len() as f64 * self.per_byte,
        }
    }
}

/// Cells of eight bytes that say where the row is.
fn is_link(what: What) -> bool {
    matches!(what, What::Cell(_, CellKind::Stub | CellKind::Overflow))
}

/// The fields of the header as one.
fn merged(runs: Vec<Run>) -> Vec<Run> {
    let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match (merged.last_mut(), run.what) {
            (Some(last), What::Field(_)) if matches!(last.what, What::Field(_)) => last.range.end = run.range.end,
            _ => merged.push(run),
        }
    }
    merged
}

fn piece(scene: &Scene, detail: &HeapDetail, run: &Run, place: Place) -> Shape {
    let page = detail.page;
    let in_page = Id::of("tape-part", u64::from(page.0));
    let bytes = detail.bytes.get(run.range.clone()).unwrap_or_default();
    let gap = if place.w > 4.0 { 1.0 } else { 0.0 };
    let place = Place { w: (place.w - gap).max(0.5), ..place };
    let fresh = scene.is_fresh(page, &run.range);
    let said = said(detail, run);
    match run.what {
        What::Field(_) => Shape::rect(in_page, place)
            .class(if scene.is_damaged(page) { "wrong" } else { "slot" })
            .mark(Marks::MUTED, !scene.is_damaged(page))
            .label("head")
            .target(Selection::Field { page, field: 0 }, format!("The header of page {}", page.0)),
        What::Slot(slot) => {
            let is_free = detail.slots.get(usize::from(slot)).is_none_or(|slot| slot.kind == CellKind::Free);
            let label = if place.w >= 13.0 { slot.to_string() } else { String::new() };
            Shape::rect(slot_id(page, slot), place)
                .class("slot")
                .label(label)
                .mark(Marks::EMPTY, is_free)
                .mark(Marks::LIT, fresh || scene.is_active(page, slot))
                .target(run.what.selection(page), said)
        }
        What::Cell(slot, kind) => {
            let text = cell_text(detail, slot, kind, bytes);
            Shape::rect(cell_id(page, slot), place)
                .class("row")
                .label(cut_to(&text, place.w))
                .mark(Marks::EMPTY, kind == CellKind::Stub)
                .mark(Marks::FOUND, scene.is_active(page, slot))
                .target(run.what.selection(page), said)
        }
        What::Body => Shape::rect(in_page.and(2), place)
            .class("row")
            .label(cut_to(&letters(bytes.get(..bytes.len().min(40)).unwrap_or_default()), place.w))
            .mark(Marks::LIT, fresh)
            .target(run.what.selection(page), said),
        What::Garbage => Shape::rect(in_page.and(10 + run.range.end as u64), place)
            .class("slot")
            .marks(Marks::STALE)
            .target(run.what.selection(page), said),
        What::Free => {
            let text = format!("{} free", run.range.len());
            Shape::rect(in_page.and(3), place)
                .class("slot")
                .marks(Marks::MUTED | Marks::EMPTY)
                .label(if place.w > 60.0 { text } else { String::new() })
                .target(run.what.selection(page), said)
        }
    }
}

/// What a run is, in words.
pub fn said(detail: &HeapDetail, run: &Run) -> String {
    let (page, length) = (detail.page.0, run.range.len());
    let at = run.range.start;
    match run.what {
        What::Slot(slot) => match detail.slots.get(usize::from(slot)) {
            Some(known) if known.kind != CellKind::Free => {
                format!("Slot {slot} of page {page}: {} bytes at {}", known.length, known.offset)
            }
            _ => format!("Slot {slot} of page {page}: free"),
        },
        What::Cell(slot, kind) => {
            let to = target_of(detail, slot).map(|to| format!(" {to}")).unwrap_or_default();
            match kind {
                CellKind::Stub => format!("Slot {slot} of page {page}: the row moved to{to}"),
                CellKind::Moved => format!("A row that moved here; it is known as row{to}"),
                CellKind::Overflow => format!("Row {page}.{slot} is on a chain of pages"),
                _ => format!("Row {page}.{slot}: {length} bytes at {at}"),
            }
        }
        What::Field(_) => format!("{} of page {page}: {length} bytes at {at}", run.what.word()),
        _ => format!("{length} bytes of {} at {at} in page {page}", run.what.word()),
    }
}

/// The text of a cell on a tape or in a list.
pub fn cell_text(detail: &HeapDetail, slot: u16, kind: CellKind, bytes: &[u8]) -> String {
    match kind {
        CellKind::Stub => target_of(detail, slot).map_or("?".to_string(), |to| format!("→{to}")),
        CellKind::Moved => {
            let home = target_of(detail, slot).unwrap_or_default();
            format!("{home}: {}", letters(bytes.get(6..).unwrap_or_default()))
        }
        CellKind::Overflow => format!("→{}", chain_of(detail, slot).0),
        _ => letters(bytes),
    }
}

/// The text of a row, cut to a width.
pub fn row_text(view: &View, page: PageId, slot: u16, width: f64) -> String {
    let text = || {
        let detail = view.state.parts.heap.as_deref()?.detail(page)?;
        let known = detail.slots.get(usize::from(slot))?;
        let from = usize::from(known.offset);
        let bytes = detail.bytes.get(from..from + usize::from(known.length))?;
        Some(cell_text(detail, slot, known.kind, bytes))
    };
    cut(&text().unwrap_or_else(|| "row".to_string()), width, MONO_W)
}

fn cut_to(text: &str, width: f64) -> String {
    if width < 22.0 { String::new() } else { cut(text, width - 6.0, MONO_W) }
}

/// A number of so many bytes at a place of the page.
pub fn number_at(detail: &HeapDetail, at: usize, length: usize) -> u64 {
    let bytes = detail.bytes.get(at..at + length).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Where a stub leads, or whence a row moved.
pub fn target_of(detail: &HeapDetail, slot: u16) -> Option<RowId> {
    let known = detail.slots.get(usize::from(slot))?;
    let at = usize::from(known.offset);
    let is_link = matches!(known.kind, CellKind::Stub | CellKind::Moved);
    is_link.then(|| RowId::new(number_at(detail, at, 4) as u32, number_at(detail, at + 4, 2) as u16))
}

/// The first page of the chain of a long row, and the row's length.
pub fn chain_of(detail: &HeapDetail, slot: u16) -> (u32, u64) {
    let at = detail.slots.get(usize::from(slot)).map_or(0, |known| usize::from(known.offset));
    (number_at(detail, at, 4) as u32, number_at(detail, at + 4, 4))
}

/// Arrows from stubs to rows, and along chains.
fn links(pages: &[&HeapDetail], drawing: &mut Drawing) {
    let place_of = |drawing: &Drawing, id: Id| {
        drawing.shapes.iter().find(|shape| shape.id == id).map(|shape| (shape.place, shape.marks))
    };
    for detail in pages {
        for (slot, known) in detail.slots.iter().enumerate() {
            let slot = slot as u16;
            let from = cell_id(detail.page, slot);
            let to = match known.kind {
                CellKind::Stub => target_of(detail, slot).map(|to| cell_id(to.page, to.slot)),
                CellKind::Overflow => Some(Id::of("tape", u64::from(chain_of(detail, slot).0))),
                _ => None,
            };
            join(drawing, place_of(drawing, from), to.and_then(|to| place_of(drawing, to)), from.and(1));
        }
        if detail.kind == HeapKind::Overflow && !detail.next.is_none() {
            let from = Id::of("tape", u64::from(detail.page.0));
            let to = place_of(drawing, Id::of("tape", u64::from(detail.next.0)));
            join(drawing, place_of(drawing, from), to, from.and(1));
        }
    }
}

fn join(drawing: &mut Drawing, from: Option<(Place, Marks)>, to: Option<(Place, Marks)>, id: Id) {
    let (Some((from, marks)), Some((to, reached))) = (from, to) else { return };
    let (start, end) =
        if to.y > from.y { (from.bottom_middle(), to.top_middle()) } else { (from.top_middle(), to.bottom_middle()) };
    let lit = marks.has(Marks::FOUND) || reached.has(Marks::FOUND);
    drawing.add(Shape::curve(id, start, end).class("line").mark(Marks::LIT, lit).layer(Layer::Flying));
}

//! A page byte by byte: hex where there is room for it, else a square for each byte.

use std::ops::Range;

use super::bytes::{Run, What, hex, runs};
use super::scene::{Scene, TITLE_H};
use super::tape::said;
use crate::arrange::{MONO_W, Place};
use crate::drawing::{Anchor, Drawing, Id, Marks, Shape};
use crate::map::{Map, MapOf, cell};
use glassbase_trace::CellKind;
use glassbase_trace::parts::heap::HeapDetail;

/// Larger pages are drawn as squares.
const HEX_MAX: usize = 512;
const BYTE_W: f64 = 3.0 * MONO_W;
const ROW_H: f64 = 19.0;
const OFFSET_W: f64 = 30.0;
const MAP_W: f64 = 420.0;
const MAP_H: f64 = 300.0;

/// Draws the page; returns where it ends, to the right and below.
pub fn draw(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place) -> (f64, f64) {
    let id = Id::of("grid-title", 0);
    let mut title = format!("Page {}, byte by byte", detail.page.0);
    let damaged = scene.is_damaged(detail.page);
    if damaged {
        title = format!("Page {}: its checksum does not match", detail.page.0);
    } else if let Some((_, byte, was)) = scene.doing.flipped.filter(|(page, ..)| *page == detail.page) {
        let is = detail.bytes.get(byte).copied().unwrap_or_default();
        title = format!("Page {}: byte {byte} was {}, is {}", detail.page.0, hex(&[was]), hex(&[is]));
    }
    drawing.add(Shape::text(id, place.x, place.y + 12.0, title).class("title").mark(Marks::FAILED, damaged));
    let (_, below) = place.cut_top(TITLE_H);
    if detail.bytes.len() > HEX_MAX {
        squares(scene, detail, drawing, below)
    } else {
        digits(scene, detail, drawing, below)
    }
}

fn digits(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place) -> (f64, f64) {
    let columns = if place.w >= OFFSET_W + 16.0 * BYTE_W { 16 } else { 8 };
    let page = u64::from(detail.page.0);
    for row in 0..detail.bytes.len().div_ceil(columns) {
        let y = place.y + row as f64 * ROW_H + 13.0;
        let text =
            Shape::text(Id::of("grid-offset", row as u64), place.x + OFFSET_W - 7.0, y, (row * columns).to_string());
        drawing.add(text.class("quiet").anchor(Anchor::End));
    }
    for run in runs(detail) {
        for (number, range) in pieces(&run, columns, flipped_in(scene, detail)).into_iter().enumerate() {
            let (row, column) = ((range.start / columns) as f64, (range.start % columns) as f64);
            let (x, y) = (place.x + OFFSET_W + column * BYTE_W, place.y + row * ROW_H);
            let place = Place::new(x, y, range.len() as f64 * BYTE_W - 1.0, ROW_H - 1.5);
            let id = Id::of("grid", page).and(key(&run)).and(number as u64);
            drawing.add(one(scene, detail, &Run { range, what: run.what }, id, place, number == 0));
        }
    }
    let rows = detail.bytes.len().div_ceil(columns) as f64;
    (place.x + OFFSET_W + columns as f64 * BYTE_W, place.y + rows * ROW_H)
}

/// A number for a run that stays the same while its bytes move.
fn key(run: &Run) -> u64 {
    match run.what {
        What::Field(field) => u64::from(field),
        What::Slot(slot) => 1 << 20 | u64::from(slot),
        What::Cell(slot, _) => 2 << 20 | u64::from(slot),
        What::Free => 3 << 20,
        What::Garbage => 4 << 20 | run.range.end as u64,
        What::Body => 5 << 20 | run.range.start as u64,
    }
}

/// The byte of the page that turned over, if one did.
fn flipped_in(scene: &Scene, detail: &HeapDetail) -> Option<usize> {
    scene.doing.flipped.filter(|(page, ..)| *page == detail.page).map(|(_, byte, _)| byte)
}

/// A run cut at the ends of rows, and around the byte that turned over, so that it stands alone.
fn pieces(run: &Run, columns: usize, flipped: Option<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut at = run.range.start;
    while at < run.range.end {
        let mut end = run.range.end.min((at / columns + 1) * columns);
        for border in flipped.into_iter().flat_map(|byte| [byte, byte + 1]).filter(|border| *border > at) {
            end = end.min(border);
        }
        pieces.push(at..end);
        at = end;
    }
    pieces
}

fn one(scene: &Scene, detail: &HeapDetail, run: &Run, id: Id, place: Place, is_first: bool) -> Shape {
    let page = detail.page;
    let flipped = flipped_in(scene, detail) == Some(run.range.start) && run.range.len() == 1;
    let bytes = detail.bytes.get(run.range.clone()).unwrap_or_default();
    let active = matches!(run.what, What::Cell(slot, _) | What::Slot(slot) if scene.is_active(page, slot));
    let checksum = run.what == What::Field(0);
    // The rest of a long cell is told by its first piece.
    let said = if is_first { said(detail, run) } else { said(detail, run) + ", continued" };
    let shape = Shape::rect(id, place)
        .label(hex(bytes))
        .target(run.what.selection(page), said)
        .mark(Marks::LIT, scene.is_fresh(page, &run.range));
    if flipped || (checksum && scene.is_damaged(page)) {
        return shape.class("wrong");
    }
    match run.what {
        What::Cell(_, kind) => shape.class("row").mark(Marks::FOUND, active).mark(Marks::EMPTY, kind == CellKind::Stub),
        What::Body => shape.class("row"),
        What::Slot(_) => shape.class("slot").mark(Marks::LIT, active),
        What::Field(_) => shape.class("slot").mark(Marks::MUTED, true),
        What::Free => shape.class("slot").marks(Marks::MUTED | Marks::EMPTY).opacity(0.7),
        What::Garbage => shape.class("slot").marks(Marks::STALE),
    }
}

/// A square for each byte.
fn squares(scene: &Scene, detail: &HeapDetail, drawing: &mut Drawing, place: Place) -> (f64, f64) {
    let mut cells = vec![cell::NOTHING; detail.bytes.len()];
    for run in runs(detail) {
        let mut of = match run.what {
            What::Field(_) => cell::FULL,
            What::Slot(_) => cell::HIT,
            What::Cell(slot, _) if slot % 2 == 0 => cell::LEVEL + 5,
            What::Cell(..) => cell::LEVEL + 3,
            What::Body => cell::LEVEL + 4,
            What::Free => cell::DOT,
            What::Garbage => cell::STALE,
        };
        if matches!(run.what, What::Cell(slot, _) | What::Slot(slot) if scene.is_active(detail.page, slot)) {
            of = cell::FOUND;
        }
        cells[run.range.clone()].fill(of);
    }
    if let Some(byte) = flipped_in(scene, detail) {
        cells.get_mut(byte).into_iter().for_each(|place| *place = cell::FAILED);
    }
    let said = format!("The {} bytes of page {}: header, slots, free space, rows.", cells.len(), detail.page.0);
    let room = Place::new(place.x, place.y, place.w.min(MAP_W), MAP_H);
    let map = Map::in_room(Id::of("grid-map", u64::from(detail.page.0)), room, cells, MapOf::Nothing, said, 12.0);
    let (right, bottom) = (map.place().right(), map.place().bottom());
    drawing.map(map);
    (right, bottom)
}

//! What goes on between the rows: the way of a get, the range of a scan, a compaction's range and how far it has come.

use super::super::View;
use super::super::arrange::{Place, SANS_W};
use super::super::camera::within;
use super::super::drawing::{Anchor, Drawing, Id, Layer, Marks, Shape};
use super::doing::{Get, Source, Verdict};
use super::memory::frozen_place;
use super::plan::Plan;
use super::words::{bytes, label};
use glassbase_trace::FileNumber;
use glassbase_trace::parts::lsm::{CompactionState, LsmState, TableState};

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState) {
    if let Some(compaction) = &lsm.compaction {
        merging(drawing, plan, lsm, compaction);
    }
    if let Some(scan) = &view.lsm.scan {
        let (left, right) = (plan.axis.x, plan.axis.x + plan.axis.w);
        let from = if scan.from.is_empty() { left } else { plan.axis.of(&scan.from) };
        let to = if scan.to.is_empty() { right } else { plan.axis.of(&scan.to) };
        let (top, bottom) = (plan.memtable.y - 4.0, plan.axis_y - 4.0);
        let place = Place { x: from, y: top, w: (to - from).max(3.0), h: bottom - top };
        let shape = Shape::panel(Id::of("lsm-scan", 0), place).layer(Layer::Signs).marks(Marks::LIT);
        drawing.add(shape.said(format!("The scan, from {} to {}", bound(&scan.from), bound(&scan.to))));
    }
    if let Some(get) = &view.lsm.get {
        way(drawing, plan, lsm, get);
    }
}

/// Height of a word with some ground around it.
const TAG_H: f64 = 16.0;

fn bound(key: &[u8]) -> String {
    if key.is_empty() { "the end".to_string() } else { label(key) }
}

/// A table with its place.
pub fn find<'a>(plan: &Plan, lsm: &'a LsmState, file: FileNumber) -> Option<(u32, &'a TableState, Place)> {
    for (level, number) in lsm.version.levels.iter().zip(0..) {
        for (index, run) in level.runs.iter().enumerate() {
            if let Some(table) = run.tables.iter().find(|table| table.file == file) {
                let row = plan.run(number, index, level.runs.len());
                return Some((number, table, plan.table(row, &table.smallest, &table.largest, table.bytes)));
            }
        }
    }
    None
}

/// The range of a compaction: from the upper tables down to where they go, and what of it is done.
fn merging(drawing: &mut Drawing, plan: &Plan, lsm: &LsmState, compaction: &CompactionState) {
    let places = compaction.inputs.iter().filter_map(|(_, file)| find(plan, lsm, *file));
    let whole = places.map(|(_, _, place)| place).reduce(|one, other| one.with(other));
    let Some(whole) = whole else { return };
    let below = plan.level(compaction.output_level);
    let y = below.bottom() + 5.0;
    let id = Id::of("lsm-merge", 0);
    let (left, right) = (whole.x, whole.right());
    drawing.add(Shape::line(id.and(1), (left, whole.y), (left, y)).marks(Marks::LIT));
    drawing.add(Shape::line(id.and(2), (right, whole.y), (right, y)).marks(Marks::LIT));
    let bar = Place { x: left, y, w: right - left, h: 5.0 };
    drawing.add(Shape::rect(id.and(3), bar).class("slot").layer(Layer::Lines).marks(Marks::EMPTY));
    let Some(reached) = &compaction.reached else { return };
    let x = within(plan.axis.of(reached), left, right);
    let done = Place { w: (x - left).max(2.0), ..bar };
    let share = format!("{} of {}", bytes(compaction.read_bytes), bytes(compaction.input_bytes));
    drawing.add(Shape::rect(id.and(4), done).class("bar").marks(Marks::LIT).said(format!("Merged: {share}")));
    let sweep = Shape::line(id.and(5), (x, whole.y), (x, y + 5.0)).layer(Layer::Signs).marks(Marks::CURRENT);
    drawing.add(sweep);
    for (_, file) in compaction.inputs.iter().take(60) {
        let Some((_, table, place)) = find(plan, lsm, *file) else { continue };
        let end = x.min(place.right());
        if end - place.x > 3.0 {
            let read = Place { w: end - place.x, ..place };
            drawing.add(
                Shape::rect(id.and(100 + table.file.0), read)
                    .class("slot")
                    .marks(Marks::STALE | Marks::EMPTY)
                    .layer(Layer::Signs),
            );
        }
    }
}

/// A line through all sources that a get has asked, with what each said.
fn way(drawing: &mut Drawing, plan: &Plan, lsm: &LsmState, get: &Get) {
    let x = plan.axis.of(&get.key);
    let id = Id::of("lsm-get", 0);
    let mut bottom = plan.memtable.y;
    for (source, verdict) in &get.asked {
        let (key, place) = match source {
            Source::Memtable(log) if *log == lsm.memtable.log => (log.0, plan.memtable),
            Source::Memtable(log) => {
                let Some(index) = lsm.frozen.iter().position(|memtable| memtable.log == *log) else { continue };
                (log.0, frozen_place(plan, &lsm.frozen[index], index))
            }
            Source::Table(file) => match find(plan, lsm, *file) {
                Some((_, _, place)) => (file.0, place),
                None => continue,
            },
        };
        bottom = place.bottom();
        let (word, marks) = words(*verdict);
        if !word.is_empty() && *source != Source::Memtable(lsm.memtable.log) {
            tag(drawing, plan, id.and(100 + key), (x, place), word, marks);
        }
    }
    let top = plan.log.y + 4.0;
    let end = if get.found == Some(false) { plan.axis_y - 8.0 } else { bottom };
    drawing.add(Shape::line(id.and(1), (x, top), (x, end)).marks(Marks::LIT).layer(Layer::Signs));
    let (text, place) = get_chip(plan, get);
    drawing.add(Shape::rect(id, place).class("chip").label(text).layer(Layer::Flying));
}

/// What the chip at the head of a get's line says, and where it stands.
pub fn get_chip(plan: &Plan, get: &Get) -> (String, Place) {
    let x = plan.axis.of(&get.key);
    let mut text = String::from("get ");
    text.push_str(&label(&get.key));
    text.push_str(match get.found {
        None => "",
        Some(true) => ": found",
        Some(false) => ": not there",
    });
    let w = (text.chars().count() as f64) * 7.25 + 14.0;
    let x = within(x - w / 2.0, plan.gutter, (plan.width - w).max(plan.gutter));
    (text, Place { x, y: 4.0, w, h: 20.0 })
}

fn words(verdict: Verdict) -> (&'static str, Marks) {
    match verdict {
        Verdict::Asked => ("asked", Marks::NONE),
        Verdict::Skipped => ("filter: no", Marks::HIT),
        Verdict::Passed => ("filter: maybe", Marks::NONE),
        Verdict::FalsePositive => ("filter was wrong", Marks::FAILED),
        Verdict::Missing => ("not in it", Marks::MISS),
        Verdict::Found => ("found", Marks::FOUND),
    }
}

/// What a source said, beside the line, inside its box where that is wide enough.
fn tag(drawing: &mut Drawing, plan: &Plan, id: Id, (x, place): (f64, Place), word: &str, marks: Marks) {
    let y = place.y + place.h / 2.0;
    let room = word.len() as f64 * SANS_W + 26.0;
    // Inside the box if it can be, else where there is room.
    let to_left = x + room + 2.0 > plan.width || (x + room > place.right() && x - room > place.x);
    let is_wide = if to_left { x - room > place.x } else { x + room < place.right() };
    if !is_wide || place.h < TAG_H {
        // A box of its own, so that what lies below cannot be mixed up with it; the sign stands before the word.
        let room = room + 12.0;
        let left = if to_left { x - room - 2.0 } else { within(x + 2.0, 0.0, plan.width - room) };
        let own = Place { x: left, y: y - TAG_H / 2.0, w: room, h: TAG_H };
        drawing.add(Shape::rect(id.and(3), own).class("slot").label(word).marks(marks).layer(Layer::Signs));
        return;
    }
    let (dot_x, text_x, anchor) =
        if to_left { (x - 10.0, x - 18.0, Anchor::End) } else { (x + 10.0, x + 18.0, Anchor::Start) };
    let text = Shape::text(id.and(2), text_x, y + 4.0, word).anchor(anchor);
    if marks.has(Marks::FOUND) {
        // On the accent of what was found only its own ink can be read.
        drawing.add(text.marks(Marks::FOUND));
        return;
    }
    drawing.add(Shape::dot(id.and(1), dot_x, y, 4.0).marks(marks));
    drawing.add(text.mark(Marks::FAILED, marks.has(Marks::FAILED)));
}

//! The picture: memory above, the disk below, one axis of keys.
//!
//! A step moves what moves: an entry falls from the log to its place in the memtable; a memtable that was flushed falls
//! to level 0 and is a table; the tables that were merged slide down over their own range, and what they became
//! appears out of them.

use super::super::View;
use super::super::arrange::Place;
use super::super::camera::within;
use super::super::drawing::{Anchor, Ask, Drawing, Id, Marks, Shape, Step};
use super::levels::table_id;
use super::memory::{entry_id, frozen_place, log_end, memtable_id};
use super::paths::find;
use super::plan::{Plan, gauges_height, tree};
use super::{gauges, levels, memory, pages, paths};
use glassbase_trace::parts::lsm::{LsmState, StallReason, VersionEdit};
use glassbase_trace::{Event, Record};

pub fn draw(ask: &Ask) -> Step {
    let plan = Plan::of(ask);
    let mut step = Step::between(picture(&plan, ask.before, None), picture(&plan, ask.after, ask.record));
    if let (Some(before), Some(after), Some(record)) = (tree(ask.before), tree(ask.after), ask.record) {
        moves(&mut step, &plan, before, after, ask.before, record);
    }
    step
}

fn picture(plan: &Plan, view: &View, record: Option<&Record>) -> Drawing {
    let mut drawing = Drawing::new(plan.width, words(view));
    match tree(view) {
        Some(lsm) => {
            memory::draw(&mut drawing, plan, view, lsm, record);
            levels::draw(&mut drawing, plan, view, lsm, record);
            paths::draw(&mut drawing, plan, view, lsm);
            stall(&mut drawing, plan, lsm);
            snapshots(&mut drawing, plan, lsm);
        }
        None => pages::draw(&mut drawing, plan, view, record),
    }
    axis(&mut drawing, plan);
    gauges::draw(&mut drawing, plan, view);
    drawing.height = drawing.height.max(plan.gauges_y + gauges_height(plan.narrow)).max(plan.height);
    drawing
}

fn words(view: &View) -> String {
    let Some(lsm) = tree(view) else {
        let (records, pages) = (view.state.records, view.state.pages.len());
        return format!("A B+tree of {records} records in {pages} pages, beside the log-structured merge tree.");
    };
    let mut words = format!("A memtable of {} entries", lsm.memtable.entries.len());
    for (level, number) in lsm.version.levels.iter().zip(0..) {
        if level.table_count() > 0 {
            words.push_str(&format!("; level {number}: {} tables", level.table_count()));
        }
    }
    words.push('.');
    words
}

fn axis(drawing: &mut Drawing, plan: &Plan) {
    let id = Id::of("lsm-axis", 0);
    let (left, right) = (plan.gutter, plan.width);
    drawing.add(Shape::line(id, (left, plan.axis_y), (right, plan.axis_y)).marks(Marks::MUTED));
    for (index, (x, text)) in plan.axis.ticks().into_iter().enumerate() {
        let half = text.len() as f64 * 3.7;
        let x = within(x, left + half, (right - half).max(left + half));
        let tick = Shape::text(id.and(1 + index as u64), x, plan.axis_y + 14.0, text);
        drawing.add(tick.class("quiet").anchor(Anchor::Middle));
    }
    if !plan.narrow {
        drawing.add(Shape::text(id.and(99), 0.0, plan.axis_y + 14.0, "key").class("quiet"));
    }
}

fn stall(drawing: &mut Drawing, plan: &Plan, lsm: &LsmState) {
    let Some(stall) = &lsm.stall else { return };
    let why = match stall.reason {
        StallReason::Level0 => "too many tables in level 0",
        StallReason::Memtables => "too many memtables wait",
        StallReason::Pending => "too much is to be merged",
    };
    let does = if stall.stopped { "writes stop" } else { "writes are slowed" };
    let text = if plan.narrow { does.to_string() } else { format!("{does}: {why}") };
    let w = text.chars().count() as f64 * 7.25 + 24.0;
    let place = Place { x: plan.width - w, y: plan.memtable.y - 11.0, w, h: 20.0 };
    let shape = Shape::rect(Id::of("lsm-stall", 0), place).class("chip").marks(Marks::FAILED).label(text);
    drawing.add(shape.layer(super::super::drawing::Layer::Flying).said("Writers wait"));
}

fn snapshots(drawing: &mut Drawing, plan: &Plan, lsm: &LsmState) {
    if lsm.snapshots.is_empty() {
        return;
    }
    let list: Vec<String> = lsm.snapshots.iter().rev().take(3).map(u64::to_string).collect();
    let text = format!("snapshot at write {}", list.join(", "));
    let y = plan.log.bottom() - 3.0;
    let shape =
        Shape::text(Id::of("lsm-snapshots", 0), plan.width - 8.0, y, text).anchor(Anchor::End).marks(Marks::LIT);
    drawing.add(shape);
}

/// What goes from one place to another in this step, although it is not the same thing before and after.
fn moves(step: &mut Step, plan: &Plan, before: &LsmState, after: &LsmState, view: &View, record: &Record) {
    match &record.event {
        Event::MemtableWritten { sequence, .. } => {
            let id = entry_id(*sequence);
            if let Some(shape) = step.to.shapes.iter().find(|shape| shape.id == id) {
                let (x, y) = log_end(plan, before);
                let mut falls = shape.clone();
                falls.place = Place { x: x - shape.place.w / 2.0, y: y - 6.0, ..shape.place };
                step.from.shapes.push(falls);
            }
        }
        Event::MemtableFrozen { .. } => freeze(step, before, after),
        Event::VersionEdited { edit } => edited(step, plan, before, after, view, edit),
        _ => {}
    }
}

/// The memtable with all that is in it sinks to the row of those that wait.
fn freeze(step: &mut Step, before: &LsmState, after: &LsmState) {
    let place = |id: Id| step.to.shapes.iter().find(|shape| shape.id == id).map(|shape| shape.place);
    let Some(target) = place(memtable_id(before.memtable.log)) else { return };
    let sinking = before.memtable.entries.iter().map(|entry| entry_id(entry.sequence));
    let mut gone: Vec<Shape> = Vec::new();
    for id in sinking {
        if let Some(shape) = step.from.shapes.iter().find(|shape| shape.id == id) {
            let x = within(shape.place.x, target.x, (target.right() - 4.0).max(target.x));
            let small = Place { x, y: target.y + 2.0, w: 3.0, h: target.h - 4.0 };
            gone.push(Shape { place: small, opacity: 0.0, target: None, ..shape.clone() });
        }
    }
    debug_assert!(after.memtable.log != before.memtable.log || gone.is_empty());
    step.to.shapes.extend(gone);
}

/// Tables that come rise out of what they are made of; tables that go slide to where their entries went.
fn edited(step: &mut Step, plan: &Plan, before: &LsmState, after: &LsmState, view: &View, edit: &VersionEdit) {
    let flushed = view.lsm.flush.filter(|(log, _)| before.flushing == Some(*log));
    let source = flushed.and_then(|(log, _)| {
        let index = before.frozen.iter().position(|memtable| memtable.log == log)?;
        Some(frozen_place(plan, &before.frozen[index], index))
    });
    let stays = |file| edit.added.iter().any(|placed| placed.table.file == file);
    let removed = edit.removed.iter().filter(|(_, file)| !stays(*file)).take(100);
    let upper = removed.clone().filter_map(|(_, file)| find(plan, before, *file)).map(|(_, _, place)| place.y);
    let upper = upper.reduce(f64::min);
    for placed in edit.added.iter().take(100) {
        let id = table_id(placed.table.file);
        let is_new = step.from.shapes.iter().all(|shape| shape.id != id);
        let Some(shape) = step.to.shapes.iter().find(|shape| shape.id == id).filter(|_| is_new) else { continue };
        let place = match (source, upper) {
            (Some(source), _) => source,
            (None, Some(y)) => Place { y, ..shape.place },
            (None, None) => continue,
        };
        let shape = Shape { place, opacity: if source.is_some() { 1.0 } else { 0.0 }, target: None, ..shape.clone() };
        step.from.shapes.push(Shape { text: String::new(), ..shape });
    }
    let Some(output) = edit.added.first().and_then(|placed| find(plan, after, placed.table.file)) else { return };
    for (_, file) in removed {
        let id = table_id(*file);
        let is_gone = step.to.shapes.iter().all(|shape| shape.id != id);
        let Some(shape) = step.from.shapes.iter().find(|shape| shape.id == id).filter(|_| is_gone) else { continue };
        let place = Place { y: output.2.y, h: output.2.h, ..shape.place };
        step.to.shapes.push(Shape { place, opacity: 0.0, target: None, ..shape.clone() });
    }
}

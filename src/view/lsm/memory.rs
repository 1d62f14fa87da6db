//! What is in memory: the log's bytes, the memtable's entries each at its key, the memtables that wait.

use super::super::arrange::{MONO_W, Place, SANS_W};
use super::super::camera::within;
use super::super::describe::{count, grouped};
use super::super::drawing::{Anchor, Drawing, Id, Layer, Marks, Shape};
use super::super::{Selection, View};
use super::doing::{Source, Verdict};
use super::paths::get_chip;
use super::plan::Plan;
use super::words::{bytes, bytes_of, label};
use glassbase_trace::parts::lsm::{LsmState, MemtableEntry, MemtableState, WriteKind};
use glassbase_trace::{Event, FileNumber, Record};

/// Most entries that are drawn one by one.
const ENTRIES_MOST: usize = 160;
const CHIP_H: f64 = 18.0;

pub fn entry_id(sequence: u64) -> Id {
    Id::of("lsm-entry", sequence)
}

/// A memtable is known by its log, also while it waits.
pub fn memtable_id(log: FileNumber) -> Id {
    Id::of("lsm-memtable", log.0)
}

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState, record: Option<&Record>) {
    name(drawing, plan, plan.log, "Log", "log", "Log", None);
    log(drawing, plan, view, lsm, record);
    let filled = (!plan.narrow).then(|| bytes_of(lsm.memtable.bytes, lsm.settings.memtable_bytes));
    name(drawing, plan, plan.memtable, "Memtable", "memtable", "Mem", filled);
    memtable(drawing, plan, view, lsm, record);
    for (index, memtable) in lsm.frozen.iter().enumerate().take(4) {
        frozen(drawing, plan, view, lsm, memtable, index);
    }
    if !lsm.frozen.is_empty() {
        let waits = (!plan.narrow).then(|| format!("{} waiting", lsm.frozen.len()));
        name(drawing, plan, plan.frozen(0), "Frozen", "frozen", "Fro", waits);
    }
}

/// The name of a row, at the left.
pub fn name(
    drawing: &mut Drawing,
    plan: &Plan,
    row: Place,
    long: &str,
    word: &str,
    short: &str,
    below: Option<String>,
) {
    let id = Id::of("lsm-name", 0).and(word.bytes().fold(0, |sum: u64, byte| sum * 31 + u64::from(byte)));
    let text = if plan.narrow { short } else { long };
    let y = if row.h < 26.0 || below.is_none() { row.y + row.h / 2.0 + 4.0 } else { row.y + row.h / 2.0 - 2.0 };
    drawing.add(Shape::title_of(id, 0.0, y, text));
    if let Some(below) = below.filter(|_| row.h >= 26.0) {
        drawing.add(Shape::text(id.and(1), 0.0, y + 15.0, below).class("quiet"));
    }
}

fn log(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState, record: Option<&Record>) {
    let memtable = &lsm.memtable;
    let scale = log_scale(plan, lsm);
    let part = |bytes: u64| (bytes as f64 * scale).min(plan.log.w);
    let (all, durable) = (part(memtable.log_bytes), part(memtable.log_durable.min(memtable.log_bytes)));
    let title = format!(
        "Log {}: {} bytes, of which {} are durable",
        memtable.log.0,
        grouped(memtable.log_bytes),
        grouped(memtable.log_durable)
    );
    let written = matches!(record.map(|record| &record.event), Some(Event::LsmLogged { .. }));
    let synced = matches!(record.map(|record| &record.event), Some(Event::LsmLogSynced { .. }));
    let place = Place { w: all.max(3.0), ..plan.log };
    let selection = Selection::File(memtable.log.0);
    let id = Id::of("lsm-log", memtable.log.0);
    drawing.add(
        Shape::rect(id, place)
            .class("slot")
            .layer(Layer::Lines)
            .mark(Marks::LOGGED, memtable.log_durable < memtable.log_bytes)
            .mark(Marks::LIT, written)
            .target(selection, title),
    );
    if durable > 0.0 {
        let sure = Place { w: durable.max(3.0), ..plan.log }.inset(3.0);
        drawing.add(Shape::rect(id.and(1), sure).class("bar").mark(Marks::LIT, synced));
    }
    let volatile = memtable.log_bytes.saturating_sub(memtable.log_durable);
    let text = match volatile {
        _ if plan.narrow => bytes(memtable.log_bytes),
        0 => format!("{}, durable", bytes(memtable.log_bytes)),
        volatile => format!("{}, {} not yet durable", bytes(memtable.log_bytes), bytes(volatile)),
    };
    let (x, anchor) = match place.right() + 150.0 < plan.width {
        true => (place.right() + 8.0, Anchor::Start),
        false => (plan.width - 8.0, Anchor::End),
    };
    // The chip of a get stands over the log's row.
    let w = text.chars().count() as f64 * SANS_W;
    let from = if anchor == Anchor::End { x - w } else { x };
    let chip = view.lsm.get.as_ref().map(|get| get_chip(plan, get).1);
    if !chip.is_some_and(|chip| chip.x < from + w && from < chip.right()) {
        drawing.add(Shape::text(id.and(2), x, plan.log.bottom() - 3.0, text).class("quiet").anchor(anchor));
    }
}

/// Pixels for a byte of the log: a full memtable's log fills most of the row.
fn log_scale(plan: &Plan, lsm: &LsmState) -> f64 {
    plan.log.w * 0.8 / (lsm.settings.memtable_bytes.max(1) as f64 * 1.2)
}

/// Where the log ends.
pub fn log_end(plan: &Plan, lsm: &LsmState) -> (f64, f64) {
    let x = plan.log.x + (lsm.memtable.log_bytes as f64 * log_scale(plan, lsm)).min(plan.log.w);
    (x, plan.log.y + plan.log.h / 2.0)
}

fn memtable(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState, record: Option<&Record>) {
    let memtable = &lsm.memtable;
    let verdict = view.lsm.get.as_ref().and_then(|get| get.verdict(Source::Memtable(memtable.log)));
    let full = memtable.bytes as f64 / lsm.settings.memtable_bytes.max(1) as f64;
    drawing.add(
        Shape::rect(memtable_id(memtable.log), plan.memtable)
            .class("slot")
            .layer(Layer::Lines)
            .level(within(full, 0.0, 1.0))
            .mark(Marks::LIT, verdict.is_some())
            .target(Selection::File(memtable.log.0), said(memtable, "Memtable")),
    );
    if memtable.entries.len() > ENTRIES_MOST {
        dense(drawing, plan, memtable, plan.memtable.inset(3.0), memtable_id(memtable.log));
        return;
    }
    for range in &memtable.ranges {
        let row = plan.memtable.cut_top(6.0).0.moved(0.0, 2.0);
        let place = plan.axis.range(&range.start, &range.end, row, 4.0);
        let title = format!("Range delete from {} to {}", label(&range.start), label(&range.end));
        let shape = Shape::rect(entry_id(range.sequence), place).class("slot").marks(Marks::STALE);
        drawing.add(shape.target(Selection::Entry(range.sequence), title));
    }
    let newest = match record.map(|record| &record.event) {
        Some(Event::MemtableWritten { sequence, .. }) => Some(*sequence),
        _ => None,
    };
    let sought = view.lsm.get.as_ref().filter(|_| verdict == Some(Verdict::Found)).map(|get| &get.key);
    for (entry, place) in memtable.entries.iter().zip(places(plan, &memtable.entries)) {
        let deleted = entry.kind == WriteKind::Delete;
        let text = if place.w >= 14.0 { label(&entry.key) } else { String::new() };
        let what = if deleted { "tombstone".to_string() } else { format!("value of {} bytes", entry.value_len) };
        // A box does not turn into a bar: one goes, the other comes.
        let id = entry_id(entry.sequence);
        let shape = Shape::rect(if text.is_empty() { id.and(1) } else { id }, place)
            .class(if text.is_empty() { "bar" } else { "box" })
            .label(text)
            .mark(Marks::DELETED, deleted)
            .mark(Marks::CURRENT, newest == Some(entry.sequence))
            .mark(Marks::FOUND, sought == Some(&entry.key) && !deleted);
        let title = format!("{}, write {}: {what}", label(&entry.key), entry.sequence);
        drawing.add(shape.target(Selection::Entry(entry.sequence), title));
    }
}

/// Entries each at its key, pushed aside where they would lie over each other; bars when there is no room for words.
fn places(plan: &Plan, entries: &[MemtableEntry]) -> Vec<Place> {
    let row = plan.memtable.inset(4.0);
    let widths: Vec<f64> =
        entries.iter().map(|entry| label(&entry.key).chars().count() as f64 * MONO_W + 10.0).collect();
    let total: f64 = widths.iter().sum();
    let lines = if total * 1.25 < row.w { 1.0 } else { 2.0 };
    if total > row.w * 1.7 {
        let bar = |entry: &MemtableEntry| {
            let x = plan.axis.of(&entry.key) - 1.0;
            Place { x: within(x, row.x, row.right() - 2.0), y: row.y + 4.0, w: 2.0, h: row.h - 10.0 }
        };
        return entries.iter().map(bar).collect();
    }
    let line_h = (row.h - 5.0) / lines;
    let mut places: Vec<Place> = Vec::new();
    let step = lines as usize;
    for (index, (entry, w)) in entries.iter().zip(&widths).enumerate() {
        let left = index.checked_sub(step).map_or(row.x, |before| places[before].right() + 3.0);
        let x = (plan.axis.of(&entry.key) - w / 2.0).max(left);
        let y = row.y + (index % step) as f64 * line_h + (line_h - CHIP_H) / 2.0;
        places.push(Place { x, y, w: *w, h: CHIP_H });
    }
    for index in (0..places.len()).rev() {
        let right = places.get(index + step).map_or(row.right(), |next| next.x - 3.0);
        places[index].x = places[index].x.min(right - places[index].w).max(row.x);
    }
    places
}

/// Many entries: how many there are at each place of the axis.
fn dense(drawing: &mut Drawing, plan: &Plan, memtable: &MemtableState, row: Place, id: Id) {
    const COLUMNS: usize = 120;
    let mut counts = [0u32; COLUMNS];
    for entry in &memtable.entries {
        let share = (plan.axis.of(&entry.key) - row.x) / row.w.max(1.0);
        counts[within(share * COLUMNS as f64, 0.0, COLUMNS as f64 - 1.0) as usize] += 1;
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
    let w = row.w / COLUMNS as f64;
    for (column, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let h = (row.h - 6.0) * f64::from(*count) / most;
        let place = Place { x: row.x + column as f64 * w, y: row.bottom() - 4.0 - h, w: w - 1.0, h };
        drawing.add(Shape::rect(id.and(1 + column as u64), place).class("bar"));
    }
}

/// Where a memtable that waits stands: as wide as its keys.
pub fn frozen_place(plan: &Plan, memtable: &MemtableState, index: usize) -> Place {
    let row = plan.frozen(index);
    match memtable.entries.first().zip(memtable.entries.last()) {
        Some((first, last)) => plan.axis.range(&first.key, &last.key, row, 8.0),
        None => row,
    }
}

fn frozen(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState, memtable: &MemtableState, index: usize) {
    let place = frozen_place(plan, memtable, index);
    let is_flushed = lsm.flushing == Some(memtable.log);
    let asked = view.lsm.get.as_ref().and_then(|get| get.verdict(Source::Memtable(memtable.log)));
    let text = match is_flushed {
        true => format!("{} entries, being written", memtable.entries.len()),
        false => format!("{} entries", memtable.entries.len()),
    };
    // What it answered stands there, when it was asked.
    let fits = asked.is_none() && text.chars().count() as f64 * MONO_W + 10.0 < place.w;
    drawing.add(
        Shape::rect(memtable_id(memtable.log), place)
            .label(if fits { text } else { String::new() })
            .mark(Marks::LIT, is_flushed || asked.is_some())
            .mark(Marks::FOUND, asked == Some(Verdict::Found))
            .target(Selection::File(memtable.log.0), said(memtable, "Frozen memtable")),
    );
}

fn said(memtable: &MemtableState, what: &str) -> String {
    format!(
        "{what}: {}, {} bytes of memory, log {} of {} bytes",
        count(memtable.entries.len() as u64, "write"),
        grouped(memtable.bytes),
        memtable.log.0,
        grouped(memtable.log_bytes)
    )
}

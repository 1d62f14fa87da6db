//! The levels on the disk: each table a box from its first key to its last, as high as it has bytes.
//!
//! ```text
//!      ┌──────────────────┐
//!     ▌│ #12 · 40 entries │     ▌ its age: the younger, the higher     ▬▬ below: how many of its entries are deletes
//!      └▬▬────────────────┘
//! ```

use super::super::arrange::{Place, SANS_W};
use super::super::camera::within;
use super::super::describe::{count, grouped};
use super::super::drawing::{Drawing, Id, Layer, Marks, Shape};
use super::super::{Selection, View};
use super::doing::{Source, Verdict};
use super::plan::{Plan, groups};
use super::words::{bytes, bytes_of, label};
use glassbase_trace::parts::lsm::{CompactionPolicy, LsmState, TableState};
use glassbase_trace::{Event, FileNumber, Record};

/// Most boxes of one run; more tables are drawn in groups.
const BOXES_MOST: usize = 120;

pub fn table_id(file: FileNumber) -> Id {
    Id::of("lsm-table", file.0)
}

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View, lsm: &LsmState, record: Option<&Record>) {
    shore(drawing, plan);
    for level in 0..plan.level_count() {
        level_name(drawing, plan, lsm, level);
        let runs = lsm.version.runs(level);
        // A level that has more runs than rows shows the oldest ones in the last row, one over the other.
        for (index, run) in runs.iter().enumerate() {
            let row = plan.run(level, index, runs.len());
            if row.y + 1.0 < plan.level(level).y {
                continue;
            }
            for group in groups(run, BOXES_MOST) {
                table(drawing, plan, view, lsm, level, row, group, record);
            }
        }
        if runs.is_empty() {
            let row = plan.run(level, 0, 1);
            let line =
                Shape::line(Id::of("lsm-empty", level.into()), (row.x, row.bottom()), (row.right(), row.bottom()));
            drawing.add(line.marks(Marks::EMPTY | Marks::MUTED));
        }
    }
}

/// Where memory ends and the disk begins.
fn shore(drawing: &mut Drawing, plan: &Plan) {
    let y = plan.shore_y;
    drawing.add(Shape::line(Id::of("lsm-shore", 0), (0.0, y), (plan.width, y)).marks(Marks::MUTED));
    if !plan.narrow {
        drawing.add(Shape::text(Id::of("lsm-shore", 2), 0.0, y + 15.0, "on disk").class("quiet"));
    }
}

fn level_name(drawing: &mut Drawing, plan: &Plan, lsm: &LsmState, level: u32) {
    let whole = plan.level(level);
    let mut y = whole.bottom() - plan.run(level, 0, 1).h / 2.0 + 4.0;
    let id = Id::of("lsm-level", level.into());
    let mut word = String::from("L");
    glassbase_trace::decimal::push_number(&mut word, level.into());
    if plan.narrow {
        drawing.add(Shape::title_of(id, 0.0, y, word));
        return;
    }
    if whole.h > 22.0 {
        y = whole.bottom() - 17.0;
    }
    drawing.add(Shape::title_of(id, 0.0, y, word));
    if let Some(said) = level_said(lsm, level) {
        let (x, y) = if whole.h > 22.0 { (0.0, y + 14.0) } else { (24.0, y) };
        drawing.add(Shape::text(id.and(1), x, y, said).class("quiet").room(plan.gutter - x - 4.0));
    }
}

/// How much a level has, and how much it may have.
fn level_said(lsm: &LsmState, level: u32) -> Option<String> {
    let runs = lsm.version.runs(level);
    let has: u64 = runs.iter().map(|run| run.bytes()).sum();
    let settings = &lsm.settings;
    Some(match settings.policy {
        CompactionPolicy::Fifo if level > 0 => return None,
        CompactionPolicy::Fifo => format!("{}, {}", count(runs.len() as u64, "table"), bytes(has)),
        CompactionPolicy::Leveled if level > 0 => bytes_of(has, lsm.level_target(level)),
        policy => {
            let most = if level == 0 { settings.level0_tables } else { settings.size_ratio };
            let last = lsm.version.last_level() == Some(level);
            if level > 0 && last && policy == CompactionPolicy::LazyLeveled {
                return Some(bytes_of(has, lsm.level_target(level)));
            }
            format!("{} of {most} runs", runs.len())
        }
    })
}

#[allow(clippy::too_many_arguments, reason = "a box is drawn from all that surrounds it")]
fn table(
    drawing: &mut Drawing,
    plan: &Plan,
    view: &View,
    lsm: &LsmState,
    level: u32,
    row: Place,
    group: &[std::rc::Rc<TableState>],
    record: Option<&Record>,
) {
    let [first, .., last] = group else {
        if let [only] = group {
            one(drawing, plan, view, lsm, level, row, only, record);
        }
        return;
    };
    let bytes = group.iter().map(|table| table.bytes).max().unwrap_or(0);
    let place = plan.table(row, &first.smallest, &last.largest, bytes);
    let title = format!("{} of level {level}, from {} on", count(group.len() as u64, "table"), label(&first.smallest));
    let read = lsm.compaction.iter().flat_map(|compaction| &compaction.inputs);
    let lit = read.into_iter().any(|(_, file)| group.iter().any(|table| table.file == *file));
    let shape = Shape::rect(table_id(first.file), place).class("slot").mark(Marks::LIT, lit);
    drawing.add(shape.target(Selection::File(first.file.0), title));
}

#[allow(clippy::too_many_arguments, reason = "a box is drawn from all that surrounds it")]
fn one(
    drawing: &mut Drawing,
    plan: &Plan,
    view: &View,
    lsm: &LsmState,
    level: u32,
    row: Place,
    table: &TableState,
    record: Option<&Record>,
) {
    let place = plan.table(row, &table.smallest, &table.largest, table.bytes);
    let verdict = view.lsm.get.as_ref().and_then(|get| get.verdict(Source::Table(table.file)));
    let is_input =
        lsm.compaction.iter().any(|compaction| compaction.inputs.iter().any(|(_, file)| *file == table.file));
    let id = table_id(table.file);
    let mut shape = Shape::rect(id, place)
        .mark(Marks::LIT, is_input)
        .mark(Marks::CURRENT, is_asked(record, table.file))
        .mark(Marks::MUTED, verdict == Some(Verdict::Skipped))
        .mark(Marks::FOUND, verdict == Some(Verdict::Found))
        .mark(Marks::MISS, verdict == Some(Verdict::Missing))
        .mark(Marks::FAILED, verdict == Some(Verdict::FalsePositive))
        .target(Selection::File(table.file.0), said(lsm, level, table));
    if verdict.is_none() && !is_input {
        shape = shape.label(text(table, place));
    }
    if table.tombstones + table.range_tombstones > 0 {
        let share = (table.tombstones + table.range_tombstones) as f64 / table.entries.max(1) as f64;
        shape = shape.level(within(share, 0.04, 1.0));
        if place.w > 60.0 && place.h > 19.0 {
            let dead = table.tombstones + table.range_tombstones;
            shape = shape.note(format!("{dead} del"));
        }
    }
    drawing.add(shape);
    if place.w >= 12.0 {
        let young = table.last_sequence as f64 / lsm.sequence.max(1) as f64;
        let h = (place.h - 4.0) * within(young, 0.05, 1.0);
        let bar = Place { x: place.x + 2.0, y: place.bottom() - 2.0 - h, w: 2.5, h };
        drawing.add(Shape::rect(id.and(1), bar).class("bar").layer(Layer::Signs));
    }
}

fn text(table: &TableState, place: Place) -> String {
    let long = format!("#{} · {}", table.file.0, count(table.entries, "entry").replace("entrys", "entries"));
    let short = format!("#{}", table.file.0);
    let fits = |text: &str| (text.chars().count() as f64 + 2.0) * SANS_W * 1.15 < place.w && place.h >= 12.0;
    [long, short].into_iter().find(|text| fits(text)).unwrap_or_default()
}

/// Whether the record is about this table.
fn is_asked(record: Option<&Record>, wanted: FileNumber) -> bool {
    use Event::*;
    match record.map(|record| &record.event) {
        Some(
            TableAsked { file } | FilterAsked { file, .. } | FilterFalsePositive { file } | TableSearched { file, .. },
        ) => *file == wanted,
        Some(BlockHit { file, .. } | BlockMiss { file, .. }) => *file == wanted,
        _ => false,
    }
}

pub fn said(lsm: &LsmState, level: u32, table: &TableState) -> String {
    let behind = lsm.sequence.saturating_sub(table.last_sequence);
    let mut said = format!(
        "Table {} of level {level}: keys {} to {}, {} entries, {}, newest write {} ago",
        table.file.0,
        label(&table.smallest),
        label(&table.largest),
        grouped(table.entries),
        bytes(table.bytes),
        count(behind, "write")
    );
    if table.tombstones + table.range_tombstones > 0 {
        said.push_str(", deletes: ");
        said.push_str(&grouped(table.tombstones + table.range_tombstones));
    }
    said
}

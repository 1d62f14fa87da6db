//! Where the rows of the picture are: one axis of keys for all of them, from the log down to the last level.
//!
//! ```text
//!   log        ▭▭▭▭▭▭▭
//!   memtable   ▫ ▫▫  ▫   ▫ ▫          in memory
//!   frozen       ▬▬▬▬▬▬▬▬
//!   ─────────────────────────
//!   L0         ▬▬▬▬▬▬▬▬▬▬▬▬▬          on the disk: a row for each run
//!               ▬▬▬▬▬▬▬▬▬▬▬▬
//!   L1         ▬▬▬▬ ▬▬▬▬▬ ▬▬▬
//!   ─────────────────────────
//!   100        200        300         keys
//!   write 3.1×   read 1.2×   space 1.1×
//! ```
//!
//! The number of rows is the most that the whole run needs, so nothing jumps while it plays.

use super::super::View;
use super::super::arrange::Place;
use super::super::camera::{Size, within};
use super::super::drawing::Ask;
use super::axis::Axis;
use glassbase_trace::parts::lsm::{CompactionPolicy, LsmState, Run};

/// A room narrower than this is a phone's.
pub const NARROW: f64 = 620.0;
pub const LOG_Y: f64 = 8.0;
const LOG_H: f64 = 14.0;
const MEMTABLE_Y: f64 = 36.0;
const MEMTABLE_H: f64 = 46.0;
const FROZEN_H: f64 = 18.0;
const GAP: f64 = 4.0;
/// Between two levels: the progress of a compaction is drawn there.
const LEVEL_GAP: f64 = 14.0;
/// Height of the numbers below the levels.
pub const GAUGES_H: f64 = 62.0;
const AXIS_H: f64 = 24.0;

/// The rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub axis: Axis,
    pub width: f64,
    /// Height of the room: two pictures side by side begin at one height.
    pub height: f64,
    /// Width of the names at the left.
    pub gutter: f64,
    pub log: Place,
    pub memtable: Place,
    frozen: Place,
    /// The line between memory and disk.
    pub shore_y: f64,
    /// Top of each level, and how many rows it has.
    levels: Vec<(f64, u32)>,
    run_h: f64,
    pub axis_y: f64,
    pub gauges_y: f64,
    /// Bytes of the largest table there ever is.
    pub table_bytes_most: u64,
    pub narrow: bool,
}

impl Plan {
    pub fn of(ask: &Ask) -> Plan {
        let end = &ask.end.lsm;
        let Size { width, height } = ask.room;
        let narrow = width < NARROW;
        let gutter = if narrow { 38.0 } else { 116.0 };
        let row = |y: f64, h: f64| Place { x: gutter, y, w: width - gutter, h };
        let log = row(LOG_Y, LOG_H);
        let memtable = row(MEMTABLE_Y, MEMTABLE_H);
        let frozen = row(memtable.bottom() + GAP, FROZEN_H);
        let frozen_rows = f64::from(end.frozen_most.clamp(1, 4));
        let shore_y = frozen.y + frozen_rows * (FROZEN_H + GAP) + 8.0;

        let is_fifo = tree(ask.end).is_some_and(|lsm| lsm.settings.policy == CompactionPolicy::Fifo);
        let rows = rows(end.runs_most.clone(), if is_fifo { 1 } else { 3 });
        let count: f64 = rows.iter().map(|rows| f64::from(*rows)).sum();
        let top = shore_y + if narrow { 12.0 } else { 22.0 };
        let gaps = rows.len() as f64 * LEVEL_GAP;
        let left = height - top - gaps - AXIS_H - gauges_height(narrow);
        let run_h = within(left / count.max(1.0) - GAP, 12.0, 44.0);
        let mut y = top;
        let levels = rows.iter().map(|rows| {
            let at = y;
            y += f64::from(*rows) * (run_h + GAP) + LEVEL_GAP;
            (at, *rows)
        });
        let levels: Vec<(f64, u32)> = levels.collect();
        Plan {
            axis: Axis::new(&end.extent, gutter, width - gutter),
            width,
            height,
            gutter,
            log,
            memtable,
            frozen,
            shore_y,
            levels,
            run_h,
            axis_y: y + 2.0,
            gauges_y: y + AXIS_H,
            table_bytes_most: end.table_bytes_most.max(1),
            narrow,
        }
    }

    pub fn frozen(&self, index: usize) -> Place {
        self.frozen.moved(0.0, index.min(3) as f64 * (FROZEN_H + GAP))
    }

    pub fn level_count(&self) -> u32 {
        self.levels.len() as u32
    }

    /// The whole of a level.
    pub fn level(&self, level: u32) -> Place {
        let last = (self.axis_y, 1);
        let (y, rows) = self.levels.get(level as usize).copied().unwrap_or(last);
        let h = f64::from(rows) * (self.run_h + GAP) - GAP;
        Place { x: self.gutter, y, w: self.width - self.gutter, h }
    }

    /// The row of a level's `index`-th run, of `count`: the oldest lies on the ground.
    pub fn run(&self, level: u32, index: usize, count: usize) -> Place {
        let whole = self.level(level);
        let from_below = count.saturating_sub(index + 1) as f64;
        Place { y: whole.bottom() - self.run_h - from_below * (self.run_h + GAP), h: self.run_h, ..whole }
    }

    /// A table in its row: as high as it has bytes.
    pub fn table(&self, row: Place, smallest: &[u8], largest: &[u8], bytes: u64) -> Place {
        let place = self.axis.range(smallest, largest, row, 5.0);
        let share = within(bytes as f64 / self.table_bytes_most as f64, 0.0, 1.0);
        let h = (row.h * (0.5 + 0.5 * share)).max(10.0);
        Place { y: row.bottom() - h, h, ..place }
    }
}

pub fn gauges_height(narrow: bool) -> f64 {
    if narrow { 3.0 * 34.0 } else { GAUGES_H }
}

/// How many rows each level gets: a level may show more runs than it keeps, so only the last ones of many.
fn rows(mut most: Vec<u32>, least: usize) -> Vec<u32> {
    if most.len() < least {
        most.resize(least, 1);
    }
    most.iter().map(|runs| (*runs).clamp(1, 12)).collect()
}

/// The tree of a view, if it has one.
pub fn tree(view: &View) -> Option<&LsmState> {
    view.state.parts.lsm.as_deref()
}

/// The tables of a run in groups of at most so many that all of them can be drawn.
pub fn groups(run: &Run, most: usize) -> impl Iterator<Item = &[std::rc::Rc<glassbase_trace::parts::lsm::TableState>]> {
    run.tables.chunks(run.tables.len().div_ceil(most.max(1)).max(1))
}

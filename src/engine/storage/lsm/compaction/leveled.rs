//! Leveled compaction (LevelDB, RocksDB): from level 1 on each level is one sorted run, `size_ratio` times as large as the
//! one above it.
//!
//! ```text
//!   level 0   │a   m│ │c    z│ │b  k│      too many: the oldest, and all that overlap it
//!   level 1   │a  d│e  h│i  m│n   z│       with every table of level 1 that overlaps those
//!                   ▲ cursor
//!   level 2   │a b│c d│e f│g h│ …          level 1 too large: the table behind the cursor, with those below it
//! ```
//!
//! Where another policy left several runs in a level, they become one before anything else: a table of the newest must not
//! go past what is older.
//!
//! The level that is furthest over its limit goes first. The cursor goes round the keys, so that every table of a level is
//! merged in turn.

use std::rc::Rc;

use super::{Compaction, Output, bytes_of, runs_most, size_tiered, span, target_bytes};
use crate::lsm::options::{LEVELS_MAX, LsmOptions};
use glassbase_trace::parts::lsm::CompactionReason;
use glassbase_trace::parts::lsm::{TableState, Version};

pub fn pick(version: &Version, options: &LsmOptions) -> Option<Compaction> {
    if let Some(level) = (1..LEVELS_MAX).find(|level| version.runs(*level).len() > 1) {
        return Some(Compaction { output_level: level, ..size_tiered::merge_all(version, level) });
    }
    // How far each level is over its limit, as a fraction.
    let mut worst: Option<(u32, u64, u64)> = None;
    for level in 0..LEVELS_MAX - 1 {
        let runs = version.runs(level);
        let (has, may) = match level {
            0 => (runs.len() as u64, runs_most(0, options) as u64),
            level => (bytes_of(runs), target_bytes(level, options)),
        };
        // A level is at its limit with that many tables, and over it with more bytes.
        let due = if level == 0 { has >= may } else { has > may };
        let worse =
            |(_, had, might): (u32, u64, u64)| u128::from(has) * u128::from(might) > u128::from(had) * u128::from(may);
        if due && worst.is_none_or(worse) {
            worst = Some((level, has, may));
        }
    }
    match worst? {
        (0, ..) => from_level0(version),
        (level, ..) => from_level(version, level),
    }
}

fn from_level0(version: &Version) -> Option<Compaction> {
    let tables: Vec<&Rc<TableState>> = version.levels.first()?.tables().collect();
    let mut range = (***tables.last()?).clone();
    let mut chosen = 0;
    loop {
        let among = || tables.iter().copied().filter(|table| table.overlaps(&range));
        let count = among().count();
        if count == chosen {
            break;
        }
        chosen = count;
        range = span(among())?;
    }
    let chosen = tables.iter().copied().filter(|table| table.overlaps(&range));
    let inputs = chosen.map(|table| (0, table.file)).collect();
    Some(with_overlap(version, Compaction { inputs, ..into(0, CompactionReason::Level0) }, &range))
}

fn from_level(version: &Version, level: u32) -> Option<Compaction> {
    let run = version.runs(level).first()?;
    let cursor = version.levels[level as usize].cursor.as_deref();
    let behind = run.tables.iter().find(|table| cursor.is_none_or(|key| *table.smallest > *key));
    let table = behind.or(run.tables.first())?;
    let inputs = vec![(level, table.file)];
    let cursor = Some(table.largest.clone());
    Some(with_overlap(version, Compaction { inputs, cursor, ..into(level, CompactionReason::Size) }, table))
}

fn into(level: u32, reason: CompactionReason) -> Compaction {
    let (output_level, output) = (level + 1, Output::NewRun);
    Compaction { level, output_level, output, reason, inputs: Vec::new(), cursor: None }
}

/// Adds the tables of the level below that `range` overlaps, and merges into their run.
fn with_overlap(version: &Version, mut compaction: Compaction, range: &TableState) -> Compaction {
    let below = compaction.output_level;
    if let Some(run) = version.runs(below).first() {
        compaction.output = Output::Into(run.run);
        let overlapping = &run.tables[run.overlapping(range)];
        compaction.inputs.extend(overlapping.iter().map(|table| (below, table.file)));
    }
    compaction
}

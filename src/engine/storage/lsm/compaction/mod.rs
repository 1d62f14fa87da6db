//! Which tables are merged next. A policy is a pure function from a version (and the options) to a choice, so it can be
//! asked without doing anything, and checked against known answers.
//!
//! ```text
//!                  writes    reads     room          T: size_ratio, L: levels
//!   leveled        T · L     L runs    little        each level one run
//!   size-tiered    L         T · L     much          each level up to T runs
//!   lazy-leveled   L + T     T · L     little        tiered, the last level one run
//!   fifo           1         all       as allowed    nothing merged, the oldest dropped
//! ```
//!
//! (Dayan and Idreos, "Dostoevsky: Better Space-Time Trade-Offs for LSM-Tree Based Key-Value Stores via Adaptive Removal
//! of Superfluous Merging", 2018, table 1.)

mod fifo;
mod job;
mod lazy_leveled;
mod leveled;
mod size_tiered;

use std::rc::Rc;

pub(super) use job::Job;

use super::options::{LEVELS_MAX, LsmOptions};
use glassbase_trace::Bytes;
use glassbase_trace::FileNumber;

use glassbase_trace::parts::lsm::{CompactionPolicy, CompactionReason, Run, TableState, Version};

/// Where the result of a compaction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A run of its own, the newest of its level.
    NewRun,
    /// Into the gap that its inputs leave in this run.
    Into(u64),
    /// Nowhere: the inputs are dropped.
    Nothing,
}

/// What is to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compaction {
    pub level: u32,
    pub output_level: u32,
    pub output: Output,
    pub reason: CompactionReason,
    /// Level and table, in the order in which reads ask them.
    pub inputs: Vec<(u32, FileNumber)>,
    /// Where the next compaction of the level begins.
    pub cursor: Option<Bytes>,
}

/// What the policy of the options would do next.
pub fn pick(version: &Version, options: &LsmOptions, now_ns: u64) -> Option<Compaction> {
    match options.policy {
        CompactionPolicy::Leveled => leveled::pick(version, options),
        CompactionPolicy::SizeTiered => size_tiered::pick(version, options),
        CompactionPolicy::LazyLeveled => lazy_leveled::pick(version, options),
        CompactionPolicy::Fifo => fifo::pick(version, options, now_ns),
    }
}

/// All tables into one run of the last level; none where nothing is merged, or nothing is there to merge.
pub fn everything(version: &Version, options: &LsmOptions) -> Option<Compaction> {
    if options.policy == CompactionPolicy::Fifo {
        return None;
    }
    let output_level = version.last_level()?.max(1);
    let inputs: Vec<_> = version.tables().map(|(level, table)| (level, table.file)).collect();
    let reason = CompactionReason::Asked;
    Some(Compaction { level: 0, output_level, output: Output::NewRun, reason, inputs, cursor: None })
}

/// Bytes that are to be merged before every level is as its policy wants it.
pub fn pending_bytes(version: &Version, options: &LsmOptions) -> u64 {
    let too_many_runs = |level: u32| version.runs(level).len() >= runs_most(level, options);
    let whole = |level: u32| if too_many_runs(level) { bytes_of(version.runs(level)) } else { 0 };
    let excess = |level: u32| bytes_of(version.runs(level)).saturating_sub(target_bytes(level, options));
    match options.policy {
        CompactionPolicy::Leveled => whole(0) + (1..LEVELS_MAX - 1).map(excess).sum::<u64>(),
        CompactionPolicy::SizeTiered | CompactionPolicy::LazyLeveled => (0..LEVELS_MAX).map(whole).sum(),
        CompactionPolicy::Fifo => 0,
    }
}

/// Bytes that a level below the first may have: each so many times as much as the one above.
pub fn target_bytes(level: u32, options: &LsmOptions) -> u64 {
    let factor = u64::from(options.size_ratio).saturating_pow(level.saturating_sub(1));
    options.level1_bytes.saturating_mul(factor)
}

/// Runs of a level that make it worth a compaction.
fn runs_most(level: u32, options: &LsmOptions) -> usize {
    (if level == 0 { options.level0_tables } else { options.size_ratio }) as usize
}

fn bytes_of(runs: &[Rc<Run>]) -> u64 {
    runs.iter().map(|run| run.bytes()).sum()
}

/// The tables of runs, newest run first, as inputs.
fn all_of(level: u32, runs: &[Rc<Run>]) -> impl Iterator<Item = (u32, FileNumber)> {
    runs.iter().flat_map(|run| &run.tables).map(move |table| (level, table.file))
}

/// A table as wide as all of these together, to ask for overlaps.
pub fn span<'a>(tables: impl IntoIterator<Item = &'a Rc<TableState>>) -> Option<TableState> {
    tables.into_iter().fold(None, |span: Option<TableState>, table| match span {
        None => Some(TableState { entries: 0, ..(**table).clone() }),
        Some(mut span) => {
            if table.smallest < span.smallest {
                span.smallest = table.smallest.clone();
            }
            let further = !table.ends_before(&span.largest) && (table.largest > span.largest || span.open_ended);
            if further {
                (span.largest, span.open_ended) = (table.largest.clone(), table.open_ended);
            }
            Some(span)
        }
    })
}

#[cfg(test)]
mod tests;

//! Size-tiered compaction (Jagadish et al., "Incremental Organization for Data Recording and Warehousing", 1997; as Cassandra
//! and, by levels, Dostoevsky have it): runs of about one size wait side by side; when there are enough of them they
//! become one run of the next level.
//!
//! ```text
//!   level 0   ▂ ▂ ▂ ▂ ──┐ four runs
//!   level 1   ████ ████ ████ ◀┘ become one; when there are T of those …
//!   level 2   ████████████████
//! ```
//!
//! Each entry is written once a level; a read may have to ask every run.

use super::{Compaction, Output, all_of, runs_most};
use crate::lsm::options::{LEVELS_MAX, LsmOptions};
use glassbase_trace::parts::lsm::CompactionReason;
use glassbase_trace::parts::lsm::Version;

pub fn pick(version: &Version, options: &LsmOptions) -> Option<Compaction> {
    let level = (0..LEVELS_MAX).find(|level| version.runs(*level).len() >= runs_most(*level, options))?;
    Some(merge_all(version, level))
}

/// All runs of a level into one of the next; those of the last level into one of its own.
pub(super) fn merge_all(version: &Version, level: u32) -> Compaction {
    let output_level = (level + 1).min(LEVELS_MAX - 1);
    let inputs = all_of(level, version.runs(level)).collect();
    Compaction { level, output_level, output: Output::NewRun, reason: CompactionReason::Runs, inputs, cursor: None }
}

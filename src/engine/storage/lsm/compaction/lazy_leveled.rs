//! Lazy-leveled compaction (Dayan and Idreos, "Dostoevsky", 2018, section 4): tiered on all levels but the last, which is
//! one run.
//!
//! ```text
//!   level 0   ▂ ▂ ▂
//!   level 1   ████ ████           up to T runs, as with size-tiered
//!   level 2   ████████████████    one run: what comes here is merged with it
//! ```
//!
//! Nearly all entries are in the last level, so a read that finds its key there, a long scan, and the room taken are
//! nearly as with leveled compaction; the merges of the smaller levels, which buy little, are left out.
//!
//! When the last level is full it moves down whole, without being read, and a new, empty level takes its place.

use super::{Compaction, Output, all_of, bytes_of, runs_most, size_tiered, target_bytes};
use crate::lsm::options::{LEVELS_MAX, LsmOptions};
use glassbase_trace::parts::lsm::CompactionReason;
use glassbase_trace::parts::lsm::Version;

pub fn pick(version: &Version, options: &LsmOptions) -> Option<Compaction> {
    let last = version.last_level()?;
    grow(version, options, last).or_else(|| merge(version, options, last))
}

/// The last level is too large for its place.
fn grow(version: &Version, options: &LsmOptions, last: u32) -> Option<Compaction> {
    let runs = version.runs(last);
    let fits = last == 0 || bytes_of(runs) <= target_bytes(last, options) || last + 1 == LEVELS_MAX;
    if fits || runs.len() > 1 {
        return None;
    }
    let (output_level, output, reason) = (last + 1, Output::NewRun, CompactionReason::Size);
    let inputs = all_of(last, runs).collect();
    Some(Compaction { level: last, output_level, output, reason, inputs, cursor: None })
}

fn merge(version: &Version, options: &LsmOptions, last: u32) -> Option<Compaction> {
    // The last level has one run; two, when it was the last but one until those below went.
    let most = |level| if level == last && level > 0 { 2 } else { runs_most(level, options) };
    let level = (0..=last).find(|level| version.runs(*level).len() >= most(*level))?;
    let mut compaction = size_tiered::merge_all(version, level);
    if level == last && level > 0 {
        compaction.output_level = level;
    } else if level + 1 == last {
        compaction.inputs.extend(all_of(last, version.runs(last)));
    }
    Some(compaction)
}

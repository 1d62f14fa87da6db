//! What the lab of the log-structured merge tree shows.
//!
//! - [`doing`]: what goes on beyond the state. [`axis`]: keys on a line.
//! - [`scene`]: the picture; [`plan`]: where its rows are; [`memory`], [`levels`], [`paths`], [`gauges`]: its parts;
//!   [`pages`]: the B+tree beside it.
//! - [`caption`], [`describe`], [`algorithm`], [`measures`], [`inspect`]: the same in words and numbers.

mod algorithm;
mod axis;
mod caption;
mod describe;
mod doing;
mod gauges;
mod inspect;
mod levels;
mod measures;
mod memory;
mod pages;
mod paths;
mod plan;
mod scene;
mod words;

use std::rc::Rc;

pub use doing::Doing;

use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use glassbase_trace::parts::lsm::{LsmState, MemtableState};
use glassbase_trace::{EngineState, Event, Lane};

pub static GUIDE: Guide = Guide {
    lab: "lsm",
    draw: Some(scene::draw),
    caption: caption::caption,
    describe: describe::describe,
    measures: measures::MEASURES,
    algorithm: &algorithm::PUT,
    running: algorithm::running,
    marker,
    lanes: &[Lane::Script, Lane::Lsm, Lane::Disk],
    tone,
    pace_ms,
    inspect: inspect::inspect,
    invitation: "Click a table, the memtable or an entry: here is what it is made of, and what it overlaps.",
    fold,
    words: words_of,
    field: "key",
    quick: &[
        Quick { text: "Put", line: "put {key}" },
        Quick { text: "Get", line: "get {key}" },
        Quick { text: "Delete", line: "delete {key}" },
        Quick { text: "Random", line: "random {count}" },
        Quick { text: "Flush", line: "flush" },
        Quick { text: "Compact", line: "compact all" },
    ],
    ..Guide::PLAIN
};

fn fold(state: &mut EngineState, event: &Event) {
    if event.lane() == Lane::Lsm
        && let Some(lsm) = &mut state.parts.lsm
    {
        Rc::make_mut(lsm).apply(event);
    }
    let page_size = state.page_size;
    if let Some(work) = &mut state.parts.work
        && matches!(event, Event::OperationBegun { .. } | Event::DiskWritten { .. })
    {
        Rc::make_mut(work).fold(event, page_size);
    }
}

/// Words that the second state does not share with the first.
fn words_of(before: &EngineState, after: &EngineState) -> usize {
    let (Some(before), Some(after)) = (&before.parts.lsm, &after.parts.lsm) else {
        return after.parts.lsm.as_deref().map_or(0, |lsm| alone(None, lsm));
    };
    if Rc::ptr_eq(before, after) { 0 } else { alone(Some(before), after) }
}

fn alone(before: Option<&LsmState>, after: &LsmState) -> usize {
    let entries = |memtable: &MemtableState| 32 + memtable.entries.len() * 6 + memtable.ranges.len() * 6;
    let shared = |memtable: &Rc<MemtableState>| {
        before.is_some_and(|before| before.frozen.iter().any(|old| Rc::ptr_eq(old, memtable)))
    };
    let frozen: usize =
        after.frozen.iter().filter(|memtable| !shared(memtable)).map(|memtable| entries(memtable)).sum();
    let runs: usize = after.version.levels.iter().map(|level| 8 + level.runs.len() * 2).sum();
    96 + entries(&after.memtable) + frozen + runs
}

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::FlushBegun { .. } => MarkerKind::Flush,
        Event::CompactionBegun { .. } => MarkerKind::Compaction,
        Event::WritesStalled { .. } => MarkerKind::Stall,
        Event::FlushFailed { .. } | Event::CompactionFailed { .. } => MarkerKind::Failure,
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    use Event::*;
    Some(match event {
        LsmLogged { .. } => (Tone::Logged, Dot::Full),
        LsmLogSynced { .. } => (Tone::Logged, Dot::Ring),
        MemtableWritten { .. } | MemtableRangeDeleted { .. } => (Tone::Dirty, Dot::Full),
        MemtableFrozen { .. } | FlushBegun { .. } | FlushEnded { .. } | VersionEdited { .. } => {
            (Tone::Accent, Dot::Full)
        }
        CompactionBegun { .. } | CompactionEnded { .. } => (Tone::Accent, Dot::Ring),
        CompactionProgressed { .. } | TableObsolete { .. } | TableRemoved { .. } => (Tone::Muted, Dot::Full),
        FilterAsked { skipped: true, .. } | BlockHit { .. } => (Tone::Hit, Dot::Full),
        BlockMiss { .. } => (Tone::Miss, Dot::Ring),
        FilterFalsePositive { .. } => (Tone::Failed, Dot::Ring),
        FlushFailed { .. } | CompactionFailed { .. } | WritesStalled { .. } => (Tone::Failed, Dot::Full),
        _ if event.lane() == Lane::Lsm => (Tone::Ink, Dot::Full),
        _ => return None,
    })
}

/// What is to be followed takes its time; what goes by in the background does not.
fn pace_ms(event: &Event, _: u64) -> Option<f64> {
    use Event::*;
    Some(match event {
        LsmLogged { .. } => 110.0,
        LsmLogSynced { .. } => 50.0,
        MemtableWritten { .. } | MemtableRangeDeleted { .. } => 300.0,
        MemtableFrozen { .. } => 500.0,
        FlushBegun { .. } => 250.0,
        VersionEdited { .. } => 700.0,
        FlushEnded { .. } => 120.0,
        CompactionBegun { .. } => 500.0,
        CompactionProgressed { .. } => 160.0,
        CompactionEnded { .. } => 250.0,
        CompactionFailed { .. } | FlushFailed { .. } | WritesStalled { .. } => 500.0,
        WritesResumed {} => 200.0,
        TableObsolete { .. } | TableRemoved { .. } => 20.0,
        LsmGetBegun { .. } => 250.0,
        MemtableAsked { .. } | LevelAsked { .. } => 160.0,
        TableAsked { .. } => 220.0,
        FilterAsked { .. } => 360.0,
        FilterFalsePositive { .. } => 600.0,
        TableSearched { .. } => 320.0,
        LsmGetEnded { .. } => 360.0,
        LsmScanBegun { .. } | LsmScanEnded { .. } => 300.0,
        BlockHit { .. } | BlockMiss { .. } | BlockCached { .. } | BlockEvicted { .. } => 40.0,
        SnapshotTaken { .. } | SnapshotReleased { .. } => 300.0,
        _ => return None,
    })
}

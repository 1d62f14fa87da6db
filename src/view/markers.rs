//! The places of a trace that matter: where a command begins, where a page splits, what went wrong.

use super::guide::told;
use crate::trace::{Event, PageId, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    Split,
    Merge,
    Borrow,
    Eviction,
    RootChange,
    /// A row goes to another page.
    Move,
    /// What was in memory goes to a file.
    Flush,
    Compaction,
    Checkpoint,
    Commit,
    Abort,
    /// The engine is opened after a crash.
    Recovery,
    /// Writers wait.
    Stall,
    Failure,
    Crash,
    /// A node leads from here on.
    Election,
    /// A node is paused or slow.
    Fault,
    Partition,
    Heal,
    /// A client has its answer.
    Answer,
    /// A client read what was out of date.
    Stale,
    CommandBegun,
}

impl MarkerKind {
    pub fn word(self) -> &'static str {
        match self {
            MarkerKind::Split => "split",
            MarkerKind::Merge => "merge",
            MarkerKind::Borrow => "borrow",
            MarkerKind::Eviction => "eviction",
            MarkerKind::RootChange => "new root",
            MarkerKind::Move => "move",
            MarkerKind::Flush => "flush",
            MarkerKind::Compaction => "compaction",
            MarkerKind::Checkpoint => "checkpoint",
            MarkerKind::Commit => "commit",
            MarkerKind::Abort => "abort",
            MarkerKind::Recovery => "recovery",
            MarkerKind::Stall => "stall",
            MarkerKind::Failure => "failure",
            MarkerKind::Crash => "crash",
            MarkerKind::Election => "elected",
            MarkerKind::Fault => "fault",
            MarkerKind::Partition => "partition",
            MarkerKind::Heal => "heal",
            MarkerKind::Answer => "answer",
            MarkerKind::Stale => "stale",
            MarkerKind::CommandBegun => "command",
        }
    }

    /// So frequent that it is only hinted at, without its word.
    pub fn is_quiet(self) -> bool {
        matches!(self, MarkerKind::CommandBegun | MarkerKind::Eviction | MarkerKind::Commit | MarkerKind::Answer)
    }
}

/// A place of a trace that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Index of the record.
    pub position: usize,
    pub kind: MarkerKind,
    /// The page it is about, or none.
    pub page: PageId,
}

impl Marker {
    pub fn of(position: usize, record: &Record) -> Option<Marker> {
        let kind = match &record.event {
            Event::SplitBegun { .. } => MarkerKind::Split,
            Event::MergeBegun { .. } => MarkerKind::Merge,
            Event::BorrowBegun { .. } => MarkerKind::Borrow,
            Event::PoolEvicted { .. } => MarkerKind::Eviction,
            Event::RootChanged { .. } => MarkerKind::RootChange,
            Event::ExpectationFailed { .. } | Event::Refused { .. } | Event::DiskFault { .. } => MarkerKind::Failure,
            Event::Verified { problem, .. } if !problem.is_empty() => MarkerKind::Failure,
            Event::DiskCrashed { .. } => MarkerKind::Crash,
            Event::CommandBegun { .. } => MarkerKind::CommandBegun,
            event => told(|guide| (guide.marker)(event))?,
        };
        Some(Marker { position, kind, page: record.event.pages()[0] })
    }
}

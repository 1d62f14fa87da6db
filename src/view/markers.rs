//! The places of a trace that matter: where a command begins, where a page splits, what went wrong.

use crate::trace::{Event, PageId, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    Split,
    Merge,
    Borrow,
    Eviction,
    RootChange,
    Failure,
    Crash,
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
            MarkerKind::Failure => "failure",
            MarkerKind::Crash => "crash",
            MarkerKind::CommandBegun => "command",
        }
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
            _ => return None,
        };
        Some(Marker { position, kind, page: record.event.pages()[0] })
    }
}

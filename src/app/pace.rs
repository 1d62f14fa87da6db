//! How long an event takes on the screen at 1x.
//!
//! What changes the structure takes 200 to 400 ms, long enough for the eye to follow a key from page to page. What
//! happens underneath at every step (pins, hits, reads) goes by quickly: it is there to be seen in its place and in the
//! timeline, not to be waited for.

use crate::trace::Event;
use crate::view::guide::told;

/// The speeds that a person can choose, and how they are written.
pub const SPEEDS: &[(f64, &str)] = &[
    (0.1, "0.1"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (1.0, "1"),
    (2.0, "2"),
    (5.0, "5"),
    (10.0, "10"),
    (25.0, "25"),
    (100.0, "100"),
];

/// What a lab's guide says nothing about.
const OTHER_MS: f64 = 120.0;

/// Milliseconds that `event` takes at 1x, so much virtual time after the record before it.
pub fn duration_ms(event: &Event, passed_ns: u64) -> f64 {
    use Event::*;
    if let Some(pace_ms) = told(|guide| (guide.pace_ms)(event, passed_ns)) {
        return pace_ms;
    }
    match event {
        Comment { .. } => 900.0,
        CommandBegun { .. } => 120.0,
        CommandEnded { .. } => 40.0,
        Answered { .. } => 160.0,
        Refused { .. } | ExpectationFailed { .. } => 500.0,
        ExpectationHeld { .. } => 160.0,
        StateTaken { .. } => 80.0,
        OperationBegun { .. } => 160.0,
        OperationEnded { .. } => 60.0,
        Searched { .. } => 260.0,
        CellsRead { .. } => 260.0,
        CellsMoved { .. } => 400.0,
        SplitBegun { .. } | MergeBegun { .. } | BorrowBegun { .. } => 380.0,
        SplitEnded { .. } | MergeEnded { .. } | BorrowEnded { .. } => 240.0,
        RecordInserted { .. } | ChildInserted { .. } | CellRemoved { .. } => 320.0,
        RecordReplaced { .. } | SeparatorReplaced { .. } => 280.0,
        PageFormatted { .. } | PageFreed { .. } | RootChanged { .. } | RootCollapsed { .. } => 300.0,
        LeftmostChildSet { .. } | LeafLinked { .. } | OverflowWritten { .. } => 200.0,
        PageReused { .. } | PageCompacted { .. } => 120.0,
        RecordCount { .. } | MetaWritten { .. } => 10.0,
        Verified { .. } => 300.0,
        PoolMiss { .. } | PoolEvicted { .. } | PoolFlushed { .. } => 60.0,
        PoolHit { .. } | PoolCreated { .. } | PoolDirtied { .. } => 30.0,
        PoolUnpinned { .. } => 10.0,
        DiskRead { .. } | DiskWritten { .. } => 60.0,
        FileRead { .. } | FileAppended { .. } => 60.0,
        FileCreated { .. } | FileSynced { .. } | FileTruncated { .. } | FileRemoved { .. } => 30.0,
        DiskSynced { .. } | DiskExtended { .. } => 30.0,
        DiskFault { .. } | DiskCrashed { .. } => 400.0,
        _ => OTHER_MS,
    }
}

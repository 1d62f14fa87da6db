//! The pages that an event is about.

use super::event::Event;
use super::id::PageId;

impl Event {
    /// The pages that the event is about, for highlighting.
    pub fn pages(&self) -> [PageId; 2] {
        use Event::*;
        match self {
            Searched { page, .. } | CellsRead { page, .. } | PageFormatted { page, .. } | PageFreed { page, .. } => {
                one(*page)
            }
            PageReused { page, .. } | RecordInserted { page, .. } | RecordReplaced { page, .. } => one(*page),
            ChildInserted { page, .. } | LeftmostChildSet { page, .. } | SeparatorReplaced { page, .. } => one(*page),
            CellRemoved { page, .. } | LeafLinked { page, .. } | PageCompacted { page, .. } => one(*page),
            PageRestated { state } => one(state.page),
            OverflowWritten { page, .. } | RootChanged { root: page, .. } => one(*page),
            CellsMoved { from, to, .. } => [*from, *to],
            SplitBegun { page, right, .. } | SplitEnded { page, right } => [*page, *right],
            MergeBegun { left, right } | MergeEnded { left, right } => [*left, *right],
            BorrowBegun { page, sibling, .. } | BorrowEnded { page, sibling } => [*page, *sibling],
            RootCollapsed { old, root } => [*old, *root],
            PoolHit { page, .. } | PoolMiss { page, .. } | PoolCreated { page, .. } | PoolUnpinned { page, .. } => {
                one(*page)
            }
            PoolReadAhead { page, .. } | PoolMoved { page, .. } | PoolVictim { page, .. } => one(*page),
            PoolRemoved { page, .. } => one(*page),
            PoolDirtied { page, .. } | PoolEvicted { page, .. } | PoolFlushed { page, .. } => one(*page),
            DiskRead { page, .. } | DiskWritten { page } => one(*page),
            LogAppended { page, .. } | DirtyEntry { page, .. } | DirtyGone { page } => one(*page),
            RecordRedone { page, .. } | RecordSkipped { page, .. } | PageRestored { page, .. } => one(*page),
            PageSurvived { page, .. } | PageDamaged { page, .. } => one(*page),
            HeapFormatted { page, .. } | HeapCellPut { page, .. } | HeapSlotFreed { page, .. } => one(*page),
            HeapCompacted { page, .. } | HeapOverflowWritten { page, .. } | HeapCellRead { page, .. } => one(*page),
            HeapOverflowRead { page, .. } | HeapPageScanned { page, .. } => one(*page),
            HeapForwarded { from, to, .. } => [from.page, to.page],
            HeapCameHome { row, from } => [from.page, row.page],
            HeapMapSearched { map, found, .. } => [*map, *found],
            HeapMapSet { map, page, .. } => [*map, *page],
            HeapShown { detail } => one(detail.page),
            _ => one(PageId::NONE),
        }
    }
}

fn one(page: PageId) -> [PageId; 2] {
    [page, PageId::NONE]
}

//! The vocabulary: every event that a floor can emit.
//!
//! One table gives the enum, the names in a text trace, and the reader and writer of that text. A new event is one
//! entry here and one arm in the view that draws it.
//!
//! Changes of pages carry `lsn`, the page's new log sequence number, and `used`, the bytes of the page that cells and
//! their slots take up afterwards, so that a fold knows the fill of a page without knowing its layout.

use std::rc::Rc;

use super::bytes::Bytes;
use super::field::{self, Reading, Texts};
use super::id::{BreakerState, DropCause, TierFate, TierLook, TierOperation, TierSource, TierStatus, TierWait};
use super::id::{
    CellKind, FileId, FileNumber, FrameId, HeapKind, HeapOperation, Lsn, Operation, Outcome, PageId, PageKind,
};
use super::id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
use super::id::{LogKind, PageSource, RecoveryPass, SkipReason, TxnFate, TxnId, TxnStatus, WriteFate};
use super::id::{RowId, SplitKind, StoreTouch, place_of};
use super::parts::cluster::{Datum, NodeHead, NodeLog, Proof};
use super::parts::heap::{HeapDetail, Patch, Shift};
use super::parts::lsm::{CompactionReason, StallReason, WriteKind};
use super::parts::lsm::{LsmSettings, VersionEdit};
use super::parts::sharding::{KeyDot, MapState, QueryState, ShardState, StreamState, Survey};
use super::parts::stack::{GoalState, ShardPart};
use super::parts::{FrameTimes, HitCurves, QuorumRun, TradeoffState};
use super::policy::{PolicyList, VictimReason};
use super::state::{EngineState, PageState};

/// The layer that an event belongs to: a row of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What was asked, and answered.
    Script,
    Tree,
    /// The heap file: rows, free space.
    Heap,
    /// The write-ahead log, transactions and recovery.
    Log,
    /// The log-structured merge tree.
    Lsm,
    Pool,
    Disk,
    /// What clients of a cluster ask and are told.
    Client,
    /// What nodes of a cluster decide.
    Node,
    /// Messages between nodes.
    Network,
    /// The caches before a database.
    Tiers,
    /// The database behind them.
    Database,
    /// All floors together: who serves a request, and whether a goal is reached.
    Stack,
}

impl Lane {
    pub const ALL: &'static [Lane] = &[
        Lane::Script,
        Lane::Client,
        Lane::Node,
        Lane::Network,
        Lane::Tiers,
        Lane::Database,
        Lane::Stack,
        Lane::Tree,
        Lane::Heap,
        Lane::Log,
        Lane::Lsm,
        Lane::Pool,
        Lane::Disk,
    ];
    /// Those that are shown whether a trace has such events or not; the others only when it has.
    pub const ALWAYS: &'static [Lane] = &[Lane::Script, Lane::Tree, Lane::Pool, Lane::Disk];

    pub fn word(self) -> &'static str {
        match self {
            Lane::Script => "script",
            Lane::Tree => "tree",
            Lane::Pool => "pool",
            Lane::Disk => "disk",
            Lane::Heap => "heap",
            Lane::Log => "log",
            Lane::Lsm => "lsm",
            Lane::Client => "client",
            Lane::Node => "node",
            Lane::Network => "network",
            Lane::Tiers => "tiers",
            Lane::Database => "database",
            Lane::Stack => "stack",
        }
    }
}

macro_rules! events {
    ($($lane:ident {$(
        $(#[$doc:meta])*
        $name:literal $variant:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? }
    )*})*) => {
        /// Something that happened, with all that is needed to draw it.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($($(#[$doc])* $variant { $($(#[$field_doc])* $field: $type),* },)*)*
        }

        impl Event {
            /// Its word in a text trace.
            pub fn name(&self) -> &'static str {
                match self { $($(Event::$variant { .. } => $name,)*)* }
            }

            /// What happened within a shard belongs where it would belong if the shard were alone.
            pub fn lane(&self) -> Lane {
                if let Event::Within { event, .. } = self {
                    return event.lane();
                }
                match self { $($(Event::$variant { .. } => Lane::$lane,)*)* }
            }

            /// Appends ` name=text` for each field.
            pub fn write_fields(&self, out: &mut String) {
                match self {
                    $($(Event::$variant { $($field),* } => { $(field::push(out, stringify!($field), $field);)* })*)*
                }
            }

            /// Builds the event called `name`, asking `texts` for the text of each field.
            /// The error is the field that is missing or of the wrong kind; `Ok(None)`: no such event.
            pub fn from_fields(name: &str, texts: Texts) -> Result<Option<Event>, &'static str> {
                /// Places in the table, so that the match below is over numbers.
                enum Place { $($($variant),*),* }
                let Some(place) = place_of(name, Event::NAMES) else { return Ok(None) };
                let reading = Reading::new(texts);
                let event = match place {
                    $($(place if place == Place::$variant as usize => Event::$variant { $($field: reading.field::<$type>(stringify!($field))),* },)*)*
                    _ => return Ok(None),
                };
                reading.end(Some(event))
            }

            /// Every name, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$($($name),*),*];
        }
    };
}

events! {
    Script {
        /// A `#` line of the script: a caption.
        "comment" Comment { text: Rc<str> }
        "command-begun" CommandBegun { line: u32, text: Rc<str> }
        "command-ended" CommandEnded { line: u32 }
        /// What a command answers, in words.
        "answered" Answered { text: Rc<str> }
        /// A command could not be carried out; nothing changed.
        "refused" Refused { text: Rc<str> }
        "expectation-held" ExpectationHeld { text: Rc<str> }
        "expectation-failed" ExpectationFailed { text: Rc<str>, found: Rc<str> }
        /// All invariants were checked; `problem` is empty when they hold.
        "verified" Verified { pages: u32, records: u64, problem: Rc<str> }
        /// The engine as it stands, whole: opened anew, or changed while recording was off.
        "state-taken" StateTaken { state: Rc<EngineState> }
    }
    Tree {
        /// An operation on the index starts; `key` is empty for those that have none.
        "operation-begun" OperationBegun { operation: Operation, key: Bytes, value_len: u32 }
        "operation-ended" OperationEnded { operation: Operation, outcome: Outcome, count: u32 }
        /// Binary search in a page came to rest. In a leaf `slot` is the number of keys below the one sought, and `found`
        /// says that it follows. In an inner page `slot` is the number of separators up to the key sought, which is the
        /// index of the child to go to, and `child` is that page.
        "searched" Searched { page: PageId, slot: u16, found: bool, child: PageId }
        /// A scan read `count` cells of a leaf from `slot` on, backward when `backward`.
        "cells-read" CellsRead { page: PageId, slot: u16, count: u16, backward: bool }
        "page-formatted" PageFormatted { page: PageId, kind: PageKind, level: u8, lsn: Lsn }
        /// The page joins the free list in front of `next`.
        "page-freed" PageFreed { page: PageId, next: PageId, lsn: Lsn }
        /// The page leaves the free list, whose head is now `next`.
        "page-reused" PageReused { page: PageId, next: PageId }
        "record-inserted" RecordInserted {
            page: PageId, slot: u16, key: Bytes, value_len: u32,
            /// First page of the overflow chain that holds the value, or none.
            overflow: PageId, used: u32, lsn: Lsn,
        }
        "record-replaced" RecordReplaced { page: PageId, slot: u16, value_len: u32, overflow: PageId, used: u32, lsn: Lsn }
        /// A separator and the child to its right.
        "child-inserted" ChildInserted { page: PageId, slot: u16, key: Bytes, child: PageId, used: u32, lsn: Lsn }
        /// The child for keys below the first separator.
        "leftmost-child-set" LeftmostChildSet { page: PageId, child: PageId, lsn: Lsn }
        "separator-replaced" SeparatorReplaced { page: PageId, slot: u16, key: Bytes, used: u32, lsn: Lsn }
        "cell-removed" CellRemoved { page: PageId, slot: u16, used: u32, lsn: Lsn }
        /// `count` cells from `from_slot` of page `from` now stand at `to_slot` of page `to`.
        "cells-moved" CellsMoved {
            from: PageId, from_slot: u16, count: u16, to: PageId, to_slot: u16,
            from_used: u32, to_used: u32, lsn: Lsn,
        }
        "leaf-linked" LeafLinked { page: PageId, prev: PageId, next: PageId, lsn: Lsn }
        /// Free space that was scattered between the cells is one piece again.
        "page-compacted" PageCompacted { page: PageId, reclaimed: u32, lsn: Lsn }
        /// One page of the chain that holds a long value.
        "overflow-written" OverflowWritten { page: PageId, next: PageId, length: u32, lsn: Lsn }
        "root-changed" RootChanged { root: PageId, height: u8, lsn: Lsn }
        /// The meta page was brought up to date.
        "meta-written" MetaWritten { records: u64, lsn: Lsn }
        /// `page` is full; cells from `at` on will go to `right`.
        "split-begun" SplitBegun { page: PageId, right: PageId, at: u16, kind: SplitKind }
        "split-ended" SplitEnded { page: PageId, right: PageId }
        /// `right` will be emptied into `left`.
        "merge-begun" MergeBegun { left: PageId, right: PageId }
        "merge-ended" MergeEnded { left: PageId, right: PageId }
        /// `page` has too little and takes `count` cells from its sibling.
        "borrow-begun" BorrowBegun { page: PageId, sibling: PageId, count: u16 }
        "borrow-ended" BorrowEnded { page: PageId, sibling: PageId }
        /// The page was changed otherwise than by an operation on the tree: this is what it holds now.
        "page-restated" PageRestated { state: Rc<PageState> }
        /// The meta page was changed so: root, free list and the number of records are these now.
        "meta-restated" MetaRestated { root: PageId, height: u8, free_head: PageId, records: u64 }
        /// The root had one child left: that child is the root now.
        "root-collapsed" RootCollapsed { old: PageId, root: PageId }
        /// The number of records in the tree after an operation that changed it.
        "record-count" RecordCount { records: u64 }
    }
    Heap {
        /// An operation on the heap file starts. `row` is none for those that are not about one; `length` is that of the
        /// new row.
        "heap-begun" HeapBegun { operation: HeapOperation, row: RowId, length: u32 }
        /// `row` is the one that was inserted, or the one asked for; `rows` are in the file from now on.
        "heap-ended" HeapEnded { operation: HeapOperation, row: RowId, outcome: Outcome, count: u64, rows: u64 }
        /// The page is one of zeros but for the patch.
        "heap-formatted" HeapFormatted { page: PageId, kind: HeapKind, lsn: Lsn, patch: Patch }
        /// The cell that `slot` leads to has `length` bytes at `offset` now. `from` is where it was before, or 0 when it was
        /// nowhere; `slots`, `end` and `garbage` are the page's from now on.
        "heap-cell-put" HeapCellPut {
            page: PageId, slot: u16, kind: CellKind, offset: u16, length: u16, from: u16,
            slots: u16, end: u16, garbage: u16, lsn: Lsn, patch: Patch,
        }
        /// The cell is gone and its slot free; the page has `slots` slots from now on.
        "heap-slot-freed" HeapSlotFreed {
            page: PageId, slot: u16, slots: u16, end: u16, garbage: u16, lsn: Lsn, patch: Patch,
        }
        /// All free space of the page is one piece again; `garbage` bytes were scattered between the cells.
        "heap-compacted" HeapCompacted { page: PageId, shifts: Vec<Shift>, end: u16, garbage: u16, lsn: Lsn, patch: Patch }
        /// The row is on page `to` from now on, and leaves its new address in the place by which it is known.
        "heap-forwarded" HeapForwarded { row: RowId, from: RowId, to: RowId }
        /// The row went back to the place by which it is known.
        "heap-came-home" HeapCameHome { row: RowId, from: RowId }
        /// One page of the chain that holds a long row: `length` bytes of it, `remaining` from here on.
        "heap-overflow-written" HeapOverflowWritten {
            page: PageId, next: PageId, remaining: u32, length: u32, lsn: Lsn, patch: Patch,
        }
        /// The free-space map was asked for a page of at least this class; `found` is none when there is none.
        "heap-map-searched" HeapMapSearched { map: PageId, class: u8, found: PageId }
        "heap-map-set" HeapMapSet { map: PageId, page: PageId, class: u8, lsn: Lsn, patch: Patch }
        /// The meta page was brought up to date.
        "heap-meta-written" HeapMetaWritten { lsn: Lsn, patch: Patch }
        /// The cell that a slot leads to was read.
        "heap-cell-read" HeapCellRead { page: PageId, slot: u16, kind: CellKind, offset: u16, length: u16 }
        /// A page of the chain that holds a long row was read.
        "heap-overflow-read" HeapOverflowRead { page: PageId, next: PageId, length: u32 }
        /// A scan is through with a page that had so many rows.
        "heap-page-scanned" HeapPageScanned { page: PageId, rows: u16 }
        /// The page beyond those told in detail that is used now.
        "heap-shown" HeapShown { detail: Rc<HeapDetail> }
    }
    Pool {
        /// The page is in the pool. It is pinned from now on, as after each of the next two.
        "hit" PoolHit { page: PageId, frame: FrameId }
        /// The page was not in the pool; it is read into `frame`.
        "miss" PoolMiss { page: PageId, frame: FrameId }
        /// A new page gets a frame without a read.
        "created" PoolCreated { page: PageId, frame: FrameId }
        "unpinned" PoolUnpinned { page: PageId, frame: FrameId }
        /// The page was changed for the first time since it was read or written.
        "dirtied" PoolDirtied { page: PageId, frame: FrameId }
        /// The page left the pool to make room; it was written first if it was dirty.
        "evicted" PoolEvicted { page: PageId, frame: FrameId }
        /// The page, or object, was taken out for good.
        "removed" PoolRemoved { page: PageId, frame: FrameId }
        /// A dirty page was written to the disk and is clean.
        "flushed" PoolFlushed { page: PageId, frame: FrameId }
        /// The page was read into `frame` before anybody asked for it. It is not pinned.
        "read-ahead" PoolReadAhead { page: PageId, frame: FrameId }
        /// The pool shrinks: the page is in another frame now.
        "frame-moved" PoolMoved { page: PageId, from: FrameId, to: FrameId }
        /// The pool has so many frames from now on.
        "pool-resized" PoolResized { frames: u32 }
        /// The policy chose the page that leaves; `number` belongs to the reason.
        "victim" PoolVictim { page: PageId, frame: FrameId, reason: VictimReason, number: u64 }
        /// A frame (or a page id, in a list that remembers) is the newest of a list of the policy; it left the one it was in.
        "policy-placed" PolicyPlaced { list: PolicyList, item: u32 }
        /// The page left a list that remembers.
        "policy-forgot" PolicyForgot { list: PolicyList, page: PageId }
        /// The frame's reference bit was set.
        "policy-referenced" PolicyReferenced { frame: FrameId }
        /// The clock's hand went from frame `from` past `passed` frames, whose bits are clear now, to `hand`.
        "policy-hand-moved" PolicyHandMoved { from: u32, passed: u32, hand: FrameId }
        /// ARC's target length of T1, W-TinyLFU's of its window, in parts of a frame.
        "policy-target" PolicyTarget { target: u64 }
        /// The optimum is told the next accesses, so many; what it knew of others counts no more.
        "policy-foretold" PolicyForetold { accesses: u32 }
        /// What the policy knows of the times of a frame's accesses.
        "policy-times" PolicyTimes { times: FrameTimes }
        /// How often what is in a frame was used, as the policy counts.
        "policy-counted" PolicyCounted { frame: FrameId, count: u32 }
        /// The policy halved all its counts: those of frames rounded up, those of a sketch rounded down.
        "policy-aged" PolicyAged {}
        /// SIEVE's hand stands at `hand`; 4294967295: nowhere.
        "policy-pointed" PolicyPointed { hand: FrameId }
        /// One was added to these counters of W-TinyLFU's sketch, one in each row, as far as they count.
        "policy-sketched" PolicySketched { a: u32, b: u32, c: u32, d: u32 }
        /// The page is on top of LIRS's stack.
        "policy-stacked" PolicyStacked { page: PageId }
        /// The page left LIRS's stack.
        "policy-unstacked" PolicyUnstacked { page: PageId }
        /// What is in the frame has so many bytes.
        "object-sized" ObjectSized { frame: FrameId, size: u32 }
        /// How often each policy would have hit, by the size of the pool.
        "curves-drawn" CurvesDrawn { curves: HitCurves }
    }
    Log {
        /// A record was put at the end of the log, in memory. `prev` is the transaction's record before, `undo_next` what
        /// it would take back next if the record says so, else 0; `page` is 0 for records that are about none, or about the meta page.
        "log-appended" LogAppended {
            lsn: Lsn, prev: Lsn, txn: TxnId, kind: LogKind, page: PageId, undo_next: Lsn, length: u32, text: Rc<str>,
        }
        /// The last record, not yet written, was taken out again.
        "log-retracted" LogRetracted { lsn: Lsn }
        /// The log up to `to` was handed to the disk; it is volatile there.
        "log-written" LogWritten { to: Lsn }
        /// The log up to `to` is durable.
        "log-synced" LogSynced { to: Lsn }
        "segment-created" SegmentCreated { start: Lsn, file: FileId }
        /// The log from `start` on is in a file that was removed; it begins at `first` now.
        "segment-removed" SegmentRemoved { start: Lsn, file: FileId, first: Lsn }
        "transaction-begun" TransactionBegun { txn: TxnId }
        /// Its commit record is in the log, which is durable or not.
        "transaction-committed" TransactionCommitted { txn: TxnId, lsn: Lsn }
        /// Whoever asked for the commit is told that it is done.
        "transaction-acknowledged" TransactionAcknowledged { txn: TxnId }
        "transaction-aborted" TransactionAborted { txn: TxnId }
        "savepoint-set" SavepointSet { txn: TxnId, lsn: Lsn }
        "rolled-back" RolledBack { txn: TxnId, to: Lsn }
        /// The transaction table has this entry, new or changed.
        "transaction-entry" TransactionEntry { txn: TxnId, status: TxnStatus, first: Lsn, last: Lsn, undo_next: Lsn }
        "transaction-gone" TransactionGone { txn: TxnId }
        /// The dirty-page table has this entry: redo of the page starts at `first`.
        "dirty-entry" DirtyEntry { page: PageId, first: Lsn }
        "dirty-gone" DirtyGone { page: PageId }
        /// A checkpoint is complete: recovery starts at `begin`, and reads pages' changes from `redo` on.
        "checkpoint-taken" CheckpointTaken { begin: Lsn, redo: Lsn }
        "recovery-pass-begun" RecoveryPassBegun { pass: RecoveryPass, from: Lsn, to: Lsn }
        "recovery-pass-ended" RecoveryPassEnded { pass: RecoveryPass, records: u32 }
        "record-analyzed" RecordAnalyzed { lsn: Lsn }
        "record-redone" RecordRedone { lsn: Lsn, page: PageId }
        "record-skipped" RecordSkipped { lsn: Lsn, page: PageId, why: SkipReason, page_lsn: Lsn }
        "record-undone" RecordUndone { lsn: Lsn, txn: TxnId, undo_next: Lsn }
        /// A page that failed its checksum was brought back, as it was at `lsn`.
        "page-restored" PageRestored { page: PageId, lsn: Lsn, source: PageSource }
        /// The log ends here, where a crash tore what followed.
        "log-torn" LogTorn { at: Lsn, bytes: u32 }
        /// The commit is in the log and waits for others to share its sync.
        "transaction-waits" TransactionWaits { txn: TxnId }
        /// The client begins a transaction, by a name of its own.
        "client-began" ClientBegan { txn: TxnId, name: Rc<str> }
        /// The client was told that a key has this value now, or that it is deleted.
        "client-changed" ClientChanged { txn: TxnId, key: Bytes, value: Bytes, removed: bool }
        /// Of the client's changes the first `changes` are left.
        "client-took-back" ClientTookBack { txn: TxnId, changes: u32 }
        "client-learned" ClientLearned { txn: TxnId, fate: TxnFate }
        /// The database was held against what the client wrote down. `problem` is empty when all of the `promised`
        /// transactions that had to be there are, and nothing else; `lost` ones were acknowledged, but may be missing.
        "client-checked" ClientChecked { promised: u64, lost: u64, records: u64, problem: Rc<str> }
    }
    Lsm {
        /// The tree is being opened: nothing is known of it but its settings.
        "lsm-opening" LsmOpening { settings: LsmSettings }
        /// A log is replayed into a memtable of its own, or is begun (`length` 0).
        "log-opened" LogOpened { log: FileNumber, length: u64 }
        /// The torn end of a log was cut off behind `length` bytes.
        "log-cut" LogCut { log: FileNumber, length: u64, lost: u64 }
        "lsm-opened" LsmOpened { sequence: u64 }
        "lsm-settings-changed" LsmSettingsChanged { settings: LsmSettings }
        /// A record of `length` bytes was appended to the log; volatile until the log is synced.
        "lsm-logged" LsmLogged { log: FileNumber, offset: u64, length: u64 }
        "lsm-log-synced" LsmLogSynced { log: FileNumber, length: u64 }
        /// A put or a delete reached the memtable, which now takes `bytes` of memory.
        "memtable-written" MemtableWritten { key: Bytes, sequence: u64, kind: WriteKind, value_len: u32, bytes: u64 }
        "memtable-range-deleted" MemtableRangeDeleted { start: Bytes, end: Bytes, sequence: u64, bytes: u64 }
        /// The memtable is full and takes no more writes; a new one with a new log, `length` bytes long, does.
        "memtable-frozen" MemtableFrozen { log: FileNumber, length: u64, entries: u64 }
        /// The oldest frozen memtable is being written to a table. It is known by its log.
        "flush-begun" FlushBegun { log: FileNumber, file: FileNumber, entries: u64 }
        "flush-ended" FlushEnded { log: FileNumber, bytes: u64 }
        "flush-failed" FlushFailed { log: FileNumber, why: Rc<str> }
        /// The manifest has a new edit, durable: this is the version now.
        "version-edited" VersionEdited { edit: Rc<VersionEdit> }
        "compaction-begun" CompactionBegun {
            level: u32, output_level: u32, reason: CompactionReason,
            /// Level and number of each table that it reads.
            inputs: Vec<(u32, FileNumber)>, bytes: u64,
        }
        /// Everything up to and including the key is merged.
        "compaction-progressed" CompactionProgressed { reached: Bytes, read_bytes: u64, written_bytes: u64 }
        /// `dropped` entries were left out. When `moved`, the tables only changed their level.
        "compaction-ended" CompactionEnded { read_bytes: u64, written_bytes: u64, dropped: u64, moved: bool }
        "compaction-failed" CompactionFailed { why: Rc<str> }
        /// No version has the table any more; it stays as long as somebody reads it.
        "table-obsolete" TableObsolete { file: FileNumber }
        "table-removed" TableRemoved { file: FileNumber }
        "lsm-get-begun" LsmGetBegun { key: Bytes, snapshot: u64 }
        /// The memtable is asked: the `frozen`-th of those that wait, newest first, or the one that takes writes (0).
        "memtable-asked" MemtableAsked { frozen: u32, found: bool }
        "level-asked" LevelAsked { level: u32 }
        "lsm-get-ended" LsmGetEnded { found: bool, value_len: u32 }
        /// `from` and `to` are empty where there is no bound.
        "lsm-scan-begun" LsmScanBegun { from: Bytes, to: Bytes, snapshot: u64, backward: bool }
        "lsm-scan-ended" LsmScanEnded { records: u64 }
        "snapshot-taken" SnapshotTaken { sequence: u64 }
        "snapshot-released" SnapshotReleased { sequence: u64 }
        "writes-stalled" WritesStalled { reason: StallReason, stopped: bool }
        "writes-resumed" WritesResumed {}
        /// A get asks a table whose range holds the key.
        "table-asked" TableAsked { file: FileNumber }
        /// The table's Bloom filter says: the key is not there (the table is skipped), or it may be.
        "filter-asked" FilterAsked { file: FileNumber, skipped: bool }
        /// The filter let a get pass, but the table does not have the key.
        "filter-false-positive" FilterFalsePositive { file: FileNumber }
        /// A get searched one block of the table, the `block`-th of its data blocks.
        "table-searched" TableSearched { file: FileNumber, block: u32, found: bool }
        /// The block was in the block cache.
        "block-hit" BlockHit { file: FileNumber, offset: u64 }
        /// The block was not in the block cache; it is read from the disk.
        "block-miss" BlockMiss { file: FileNumber, offset: u64, bytes: u32 }
        /// The block came into the cache as the most recently used.
        "block-cached" BlockCached { file: FileNumber, offset: u64, bytes: u32 }
        /// The block left the cache: room was needed, or its table was removed.
        "block-evicted" BlockEvicted { file: FileNumber, offset: u64 }
    }
    Disk {
        "read" DiskRead { page: PageId, sequential: bool }
        /// Volatile until the next sync.
        "written" DiskWritten { page: PageId }
        /// All that was written is durable.
        "synced" DiskSynced { pages: u32 }
        "extended" DiskExtended { pages: u32 }
        "file-created" FileCreated { file: FileId, name: Rc<str> }
        /// Bytes at the end of a file; volatile until its next sync.
        "file-appended" FileAppended { file: FileId, offset: u64, length: u32 }
        "file-read" FileRead { file: FileId, offset: u64, length: u32 }
        /// All `length` bytes of the file are durable.
        "file-synced" FileSynced { file: FileId, length: u64 }
        "file-truncated" FileTruncated { file: FileId, length: u64 }
        "file-removed" FileRemoved { file: FileId }
        /// The disk did not do what it should.
        "fault" DiskFault { text: Rc<str> }
        /// Power failed: of the unsynced writes, so many were kept, lost, and torn.
        "crashed" DiskCrashed { kept: u32, lost: u32, torn: u32 }
        /// What became of a page's write in a crash, the LSN that the disk has of it now, and whether it fails its checksum.
        "page-survived" PageSurvived { page: PageId, fate: WriteFate, lsn: Lsn, damaged: bool }
        /// The page fails its checksum on the disk from now on; its LSNs there may be damaged too.
        "page-damaged" PageDamaged { page: PageId, live: Lsn, durable: Lsn }
    }
    Client {
        /// A client begins an operation and asks a node. `text` is what it asks: "put x = 1".
        "request-asked" RequestAsked {
            request: u64, client: NodeId, node: NodeId, text: Rc<str>, writes: bool, asked_ns: u64,
        }
        /// The client asks another node, or the same one again.
        "request-moved" RequestMoved { request: u64, node: NodeId }
        /// The operation is over for the client. `stale`: it read an older version than the newest acknowledged before.
        "request-ended" RequestEnded {
            request: u64, fate: RequestFate, answer: Rc<str>, latency_ns: u64, stale: bool,
        }
        /// A checker of the clients' history, or of the nodes, has a verdict. `at_ns` is the moment that it is about.
        "judged" Judged { checker: Rc<str>, kind: VerdictKind, text: Rc<str>, at_ns: u64, proof: Rc<Proof> }
        /// In the background, clusters with other R and W are measured; what was measured before is gone.
        "tradeoff-begun" TradeoffBegun { plan: Rc<TradeoffState> }
        /// One pair of R and W was measured.
        "quorum-measured" QuorumMeasured { run: Rc<QuorumRun> }
    }
    Node {
        /// A node stops, or goes on, or its clock is set: how far is it ahead of the true time, or behind.
        "node-status-changed" NodeStatusChanged { node: NodeId, status: NodeStatus, ahead_ns: u64, behind_ns: u64 }
        "node-changed" NodeChanged { node: NodeId, head: Rc<NodeHead> }
        /// The log of a node begins at `first` now; of the entries from there `kept` are left, and `tail` follows them.
        "node-log-changed" NodeLogChanged { node: NodeId, first: u64, kept: u32, tail: Rc<NodeLog> }
        /// A key has these versions now; none: it is gone.
        "node-datum-changed" NodeDatumChanged { node: NodeId, datum: Rc<Datum> }
        /// A decision of a node: a word of its protocol, and a sentence.
        "noted" Noted { node: NodeId, topic: Rc<str>, text: Rc<str> }
        "timer-fired" TimerFired { node: NodeId, kind: u8 }
        /// The store of a node did something for what the node is at: the page, the position in the log, or the file.
        "store-touched" StoreTouched { node: NodeId, what: StoreTouch, number: u64, from_ns: u64, to_ns: u64 }
        /// The map of a sharded cluster, or what is being changed about it.
        "cluster-map" ClusterMapChanged { map: Rc<MapState> }
        "shard-figures" ShardFigures { shard: Rc<ShardState> }
        "shard-gone" ShardGone { shard: NodeId }
        /// A change of the map begins: what was told of streams is of the last one.
        "streams-cleared" StreamsCleared {}
        "stream" StreamChanged { stream: Rc<StreamState> }
        "key-dot" KeyDotChanged { dot: Rc<KeyDot> }
        "surveyed" Surveyed { survey: Rc<Survey> }
        /// A query over shards is over.
        "gathered" Gathered { query: Rc<QueryState> }
    }
    Network {
        "message-sent" MessageSent {
            message: MessageId, from: NodeId, to: NodeId, kind: Rc<str>, text: Rc<str>, sent_ns: u64, due_ns: u64,
        }
        "message-delivered" MessageDelivered { message: MessageId }
        "message-dropped" MessageDropped { message: MessageId, why: DropReason }
        "message-delayed" MessageDelayed { message: MessageId, due_ns: u64 }
        /// These links are cut now, each from one node to another; all others are whole.
        "links-changed" LinksChanged { cut: Vec<(NodeId, NodeId)> }
    }
    Tiers {
        /// A request begins and goes from one place to another, where it arrives at `due_ns`. Work that the hierarchy gives
        /// itself has no client.
        "tier-asked" TierAsked {
            request: u64, client: NodeId, operation: TierOperation, key: Bytes, from: NodeId, to: NodeId, due_ns: u64,
        }
        "tier-moved" TierMoved { request: u64, from: NodeId, to: NodeId, due_ns: u64 }
        "tier-waits" TierWaits { request: u64, wait: TierWait }
        /// A request is over. `version` is what it read or wrote; `age_ns` is how long it had been known to the writer of the
        /// next version that this one is old; 0: it is not.
        "tier-told" TierTold {
            request: u64, fate: TierFate, source: TierSource, version: u64, latency_ns: u64, age_ns: u64,
        }
        "tier-looked" TierLooked { request: u64, at: NodeId, key: Bytes, look: TierLook }
        /// A cache has this of a key now.
        "tier-kept" TierKept {
            at: NodeId, key: Bytes, version: u64, absent: bool, dirty: bool, expires_ns: u64, stale_ns: u64,
        }
        "tier-dropped" TierDropped { at: NodeId, key: Bytes, why: DropCause }
        /// There is a new version of a key: what caches have of it is stale.
        "tier-written" TierWritten { key: Bytes, version: u64 }
        /// A write that was acknowledged is nowhere any more.
        "tier-lost" TierLost { key: Bytes, version: u64 }
        "tier-status-changed" TierStatusChanged { at: NodeId, status: TierStatus }
        "breaker-turned" BreakerTurned { at: NodeId, state: BreakerState }
        /// A decision: a word for it, and a sentence.
        "tier-noted" TierNoted { at: NodeId, topic: Rc<str>, text: Rc<str> }
    }
    Database {
        /// The database works on so many queries now, this one too, and so many wait.
        "database-began" DatabaseBegan { request: u64, writes: bool, busy: u32, queued: u32 }
        "database-load" DatabaseLoad { busy: u32, queued: u32 }
        /// There was no room in the queue, or the query waited too long in it.
        "database-refused" DatabaseRefused { request: u64, text: Rc<str> }
    }
    Stack {
        /// Something happened inside a shard, which is a cluster of its own.
        "within" Within { shard: NodeId, event: Rc<Event> }
        /// The router is about to ask a shard on behalf of a request, as this client of the shard.
        "query-routed" QueryRouted { request: u64, shard: NodeId, client: NodeId }
        /// The router holds a query back: why.
        "query-held" QueryHeld { request: u64, shard: NodeId, why: Rc<str> }
        /// A shard does not have the key, and turns the query of an application server away, which takes until `due_ns`; the
        /// server goes by this map from then on.
        "query-bounced" QueryBounced { request: u64, shard: NodeId, at: NodeId, version: u64, due_ns: u64 }
        /// All links before the shards that are cut, in one direction each.
        "front-links-changed" FrontLinksChanged { cut: Vec<(NodeId, NodeId)> }
        /// Another shard; and what all machines cost from now on.
        "shard-joined" ShardJoined { part: Rc<ShardPart>, cost: u64 }
        /// A goal was judged.
        "goal-judged" GoalJudged { goal: Rc<GoalState> }
    }
}

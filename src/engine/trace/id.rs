//! Names of things: pages, frames, rows, log positions, operations.

use std::fmt;

use super::decimal::number;

/// A page of the database file, by its position in it. Page 0 is the meta page, so 0 also stands for "no page" in links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u32);

impl PageId {
    /// The link that leads nowhere.
    pub const NONE: PageId = PageId(0);
    /// The page that says where the root is.
    pub const META: PageId = PageId(0);

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place for one page in the buffer pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

impl FrameId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An append-only file of a disk. Ids are never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A transaction. Ids ascend and are never used again; 0: no transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnId(pub u64);

/// Log sequence number: a position in the history of all page changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// A file of a log-structured merge tree (log, manifest or table) by the number that the tree gave it; it never gives a
/// number twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileNumber(pub u64);

/// A node of a cluster, or a client of it. Nodes count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

impl NodeId {
    /// Ids from here on are clients.
    const FIRST_CLIENT: u16 = 0x8000;

    /// The `number`-th client, from 1.
    pub fn client(number: u16) -> NodeId {
        NodeId(NodeId::FIRST_CLIENT | number)
    }

    pub fn is_client(self) -> bool {
        self.0 >= NodeId::FIRST_CLIENT
    }

    /// Its number among the nodes, or among the clients.
    pub fn number(self) -> u16 {
        self.0 & (NodeId::FIRST_CLIENT - 1)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_client() { "c" } else { "n" })?;
        self.number().fmt(formatter)
    }
}

/// A message on its way through the network. Numbers ascend and are never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// Where a word stands in a list: one function for all lists of words.
#[inline(never)]
pub fn place_of(word: &str, words: &[&str]) -> Option<usize> {
    words.iter().position(|other| *other == word)
}

/// Declares an enum whose variants have a word each, which is how they stand in a text trace.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            const WORDS: &'static [&'static str] = &[$($word),*];

            pub fn word(self) -> &'static str {
                $name::WORDS[self as usize]
            }

            pub fn from_word(word: &str) -> Option<$name> {
                $name::ALL.get($crate::id::place_of(word, $name::WORDS)?).copied()
            }
        }
    };
}

pub use crate::words;

words! {
    /// What is asked of an index.
    Operation {
        Insert = "insert",
        Upsert = "upsert",
        Get = "get",
        Delete = "delete",
        Scan = "scan",
        BulkLoad = "bulk-load",
        Verify = "verify",
        Flush = "flush",
    }
}

words! {
    /// How an operation ended.
    Outcome {
        Inserted = "inserted",
        /// An insert found the key there already and changed nothing.
        Duplicate = "duplicate",
        Replaced = "replaced",
        Found = "found",
        Absent = "absent",
        Deleted = "deleted",
        Done = "done",
        Failed = "failed",
    }
}

words! {
    /// What a page is for.
    PageKind {
        Meta = "meta",
        Leaf = "leaf",
        Inner = "inner",
        Overflow = "overflow",
        Free = "free",
    }
}

words! {
    /// Where a page is split.
    SplitKind {
        /// In the middle, by bytes or by keys.
        Middle = "middle",
        /// At the right edge: keys come in ascending order, so the left page stays full.
        RightEdge = "right-edge",
    }
}

words! {
    /// What a record of the write-ahead log is.
    LogKind {
        Begin = "begin",
        Update = "update",
        Compensation = "compensation",
        /// All changes of an operation are there: the end of a nested top action.
        ActionEnd = "action-end",
        Commit = "commit",
        Abort = "abort",
        End = "end",
        /// A page as it was before its first change since a checkpoint.
        Image = "image",
        CheckpointBegin = "checkpoint-begin",
        CheckpointEnd = "checkpoint-end",
    }
}

words! {
    /// How far a transaction is.
    TxnStatus {
        Active = "active",
        /// It is being taken back.
        Aborting = "aborting",
        /// It will not be taken back, but has something to tidy up.
        Committed = "committed",
    }
}

words! {
    /// What the client of a transaction knows of it.
    TxnFate {
        Open = "open",
        /// It asked for the commit and got no answer yet.
        Asked = "asked",
        /// It was told that the commit is done.
        Told = "told",
        Aborted = "aborted",
        /// The power failed before it was told that the commit is done, and nothing of it is there.
        Cut = "cut",
        /// It was told that the commit is done, and nothing of it is there after a crash.
        Lost = "lost",
    }
}

words! {
    /// What became of a write that was not durable when the power failed.
    WriteFate {
        Kept = "kept",
        Lost = "lost",
        /// Some sectors of the page are new, the others old.
        Torn = "torn",
    }
}

words! {
    /// The passes of recovery.
    RecoveryPass {
        Analysis = "analysis",
        Redo = "redo",
        Undo = "undo",
    }
}

words! {
    /// Why redo leaves a page as it is.
    SkipReason {
        /// The page was not dirty when the power failed.
        Clean = "clean",
        /// The page was written after this change.
        Older = "older",
        /// The page on the disk has the change already, by its LSN.
        Present = "present",
    }
}

words! {
    /// Where a damaged page was restored from.
    PageSource {
        Image = "image",
        Doublewrite = "doublewrite",
    }
}

/// Where a row can be asked for: a page and a slot of it. It stays the same as long as the row lives, wherever the row's
/// bytes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    pub page: PageId,
    pub slot: u16,
}

impl RowId {
    /// Page 0 has no rows.
    pub const NONE: RowId = RowId { page: PageId(0), slot: 0 };

    pub fn new(page: u32, slot: u16) -> RowId {
        RowId { page: PageId(page), slot }
    }

    pub fn is_none(self) -> bool {
        self.page.is_none()
    }

    /// `12.3`: slot 3 of page 12.
    pub fn parse(text: &str) -> Option<RowId> {
        let (page, slot) = text.split_once('.')?;
        Some(RowId { page: PageId(number(page)?), slot: number(slot)? })
    }
}

impl std::fmt::Display for RowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.page.0, self.slot)
    }
}

words! {
    /// What a page of a heap file is for.
    HeapKind {
        Meta = "meta",
        /// The free-space map of the pages that follow it.
        Map = "map",
        Rows = "rows",
        Overflow = "overflow",
        Free = "free",
    }
}

words! {
    /// What a slot leads to.
    CellKind {
        /// Nothing: the slot can be given to another row.
        Free = "free",
        Row = "row",
        /// A forwarding address: the row moved to another page.
        Stub = "stub",
        /// A row that moved here, with the row id under which it is known.
        Moved = "moved",
        /// The first page of a chain that holds the row.
        Overflow = "overflow",
    }
}

words! {
    /// What is asked of a heap file.
    HeapOperation {
        Insert = "insert",
        Update = "update",
        Get = "get",
        Delete = "delete",
        Scan = "scan",
        Compact = "compact",
        /// A page is read for its own sake.
        Read = "read",
        Flush = "flush",
    }
}

words! {
    /// How a node is doing.
    #[derive(Default)]
    NodeStatus {
        #[default]
        Up = "up",
        /// It does nothing, and keeps everything: a long garbage collection.
        Paused = "paused",
        /// It does everything many times slower.
        Slow = "slow",
        /// Its power is off.
        Down = "down",
    }
}

words! {
    /// Why a message did not arrive.
    DropReason {
        /// The network lost it.
        Loss = "loss",
        Partition = "partition",
        /// Nobody was there to take it.
        Down = "down",
        /// By command.
        Asked = "asked",
    }
}

words! {
    /// What a client knows of its operation.
    RequestFate {
        Open = "open",
        Done = "done",
        /// It certainly did not happen.
        Failed = "failed",
        /// It may have happened, or may happen yet.
        Unknown = "unknown",
    }
}

words! {
    /// What a checker says.
    VerdictKind {
        Holds = "holds",
        Violated = "violated",
        GaveUp = "gave-up",
        /// There was nothing that it could look at.
        Nothing = "nothing",
    }
}

words! {
    /// What a server of a cache hierarchy is.
    TierKind {
        App = "app",
        Cache = "l2",
        Database = "database",
    }
}

words! {
    /// How such a server is doing.
    TierStatus {
        Up = "up",
        Down = "down",
        /// It fills itself and takes no requests yet.
        Warming = "warming",
    }
}

words! {
    /// What is under way in a cache hierarchy.
    TierOperation {
        Get = "get",
        Put = "put",
        Delete = "delete",
        /// An entry is read anew before anybody misses it.
        Refresh = "refresh",
        /// An entry goes to a node of the distributed cache.
        Fill = "fill",
        /// A server is told that its copy is old.
        Invalidate = "invalidate",
        /// A write that was acknowledged already goes to the database.
        Flush = "flush",
        /// A node reads what is asked for most, before it takes requests.
        Warm = "warm",
    }
}

words! {
    /// What a cache had.
    TierLook {
        Hit = "hit",
        Miss = "miss",
        /// It was there, and its time to live is over.
        Expired = "expired",
        /// It knows that the database has no such key.
        Absent = "absent",
        /// Its time is over; it is served all the same while it is read anew.
        Stale = "stale",
        /// It is there, and this request reads it anew before its time is over.
        Early = "early",
        /// It is not there, and somebody else is reading it.
        Locked = "locked",
        /// The filter says that there is no such key.
        Filtered = "filtered",
    }
}

words! {
    /// What a request waits for.
    #[derive(Default)]
    TierWait {
        #[default]
        None = "none",
        /// Another request reads the same key.
        Flight = "flight",
        /// It asks again in a moment whether the lock is free.
        Lock = "lock",
        /// A connection to the database.
        Connection = "connection",
        /// The database works on it.
        Service = "service",
        /// The answer of a server that is down.
        Silence = "silence",
    }
}

words! {
    /// How a request ended.
    TierFate {
        Served = "served",
        /// Refused, or turned away.
        Failed = "failed",
        /// Nobody answered in time.
        Late = "late",
    }
}

words! {
    /// Where an answer came from.
    TierSource {
        L1 = "l1",
        L2 = "l2",
        Database = "database",
        Filter = "filter",
    }
}

words! {
    /// Why an entry left a cache.
    DropCause {
        Evicted = "evicted",
        Expired = "expired",
        Invalidated = "invalidated",
        Refused = "refused",
    }
}

words! {
    /// A circuit breaker.
    #[derive(Default)]
    BreakerState {
        #[default]
        Closed = "closed",
        Open = "open",
        HalfOpen = "half-open",
    }
}

words! {
    /// What the store of a node did.
    StoreTouch {
        /// The page was in the buffer pool; or it was not.
        PoolHit = "pool-hit",
        PoolMiss = "pool-miss",
        PageRead = "page-read",
        PageWritten = "page-written",
        LogAppended = "log-appended",
        LogSynced = "log-synced",
        /// A key went into the memtable of an LSM tree.
        Memtable = "memtable",
        FileRead = "file-read",
        FileWritten = "file-written",
        FileSynced = "file-synced",
        /// The disk did not do what it should.
        Fault = "fault",
    }
}

words! {
    /// The layer that a span belongs to.
    #[derive(Default)]
    SpanLayer {
        #[default]
        Client = "client",
        /// A message on its way.
        Link = "link",
        App = "app",
        L1 = "l1",
        L2 = "l2",
        Router = "router",
        Shard = "shard",
        Node = "node",
        Pool = "pool",
        Log = "log",
        Disk = "disk",
        /// It stands still, and waits for something.
        Wait = "wait",
    }
}

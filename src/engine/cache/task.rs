//! A request under way: where it is, and what it does next.
//!
//! **Invariant:** a task has one thing ahead of it. Whatever it does next gives it another turn, and what was to happen to it
//! in an earlier turn (an answer that comes late, a time-out) does not happen any more.

use super::database::Row;
use super::store::Entry;
use glassbase_trace::{Bytes, NodeId, TierOperation, TierSource};

/// What an application server asks of a node of L2.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Get,
    /// Get, and read the database if it is not there.
    ReadThrough,
    /// Keep an entry that was fetched under a token; without an entry, give the token back.
    Set {
        entry: Option<Entry>,
        token: u64,
    },
    /// Forget; this version is newer.
    Delete {
        version: u64,
    },
    WriteThrough,
    WriteBehind,
}

/// What it is told.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Hit {
        entry: Entry,
        /// Whoever asked shall read it anew, under this token.
        renew: Option<u64>,
    },
    /// Fetch it, under this token.
    Miss {
        token: u64,
    },
    /// Somebody else fetches it: ask again.
    Locked,
    /// From the database, by way of the node.
    Loaded {
        row: Row,
    },
    Written {
        version: u64,
    },
    Done,
    /// The connection broke.
    Broken,
    /// The database did not give the node what it wanted.
    Failed,
}

/// What happens to it next.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// It arrives at its application server.
    ToApp,
    /// The look into L1 is over.
    InL1,
    ToCache(Ask),
    /// Its turn at the node has come.
    AtCache(Ask),
    FromCache(Reply),
    /// The time for an answer is over.
    Silent,
    /// It waits for another request.
    Parked,
    /// It asks for the lock again.
    Again,
    ToDatabase,
    /// It waits for a connection; what happens is that it has waited too long.
    Queued,
    Served,
    FromDatabase(Option<Row>),
    /// News of a write reaches a server.
    News {
        version: u64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub id: u64,
    pub operation: TierOperation,
    /// Nobody (0) for work that the hierarchy gives itself.
    pub client: NodeId,
    /// The application server that it is at, from 0.
    pub app: u16,
    pub key: Bytes,
    /// What is to be written; none: the key is to be deleted.
    pub value: Option<Bytes>,
    pub version: Option<u64>,
    /// The number of the load that it belongs to; 0: of none.
    pub load: u64,
    pub asked_ns: u64,
    pub arrived_ns: u64,
    pub stage: Stage,
    pub turn: u32,
    /// The node of L2 that it asks, from 0; where it is when `at_cache`.
    pub node: u16,
    pub at_cache: bool,
    pub sent_ns: u64,
    /// It tries whether L2 answers again.
    pub probes: bool,
    /// Under which it fetches.
    pub token: u64,
    /// Its copy of a key that is split.
    pub copy: u32,
    /// The version that the pointer says is current.
    pub pointer: Option<u64>,
    /// When it began to fetch.
    pub fetch_ns: u64,
    /// Others wait at its server for what it brings.
    pub leads: bool,
    /// Its key was written meanwhile: what it brings is not kept in L1.
    pub is_void: bool,
    /// Its server died, and its client was told so: what a node still does of it ends without a word.
    pub is_orphan: bool,
    /// It counts as a query that its server has under way.
    pub queries: bool,
    /// For a flush and for warming: which life of the node it belongs to.
    pub life: u32,
    pub source: TierSource,
}

//! What can be wrong about a cluster map, or a question to it.

use thiserror::Error;

use glassbase_storage::StorageError;
use glassbase_trace::bytes::show;
use glassbase_trace::{Bytes, NodeId};

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShardingError {
    #[error("there is no shard, so no key has a place; add one first")]
    NoShards,
    #[error("{shard} is the last shard, and its keys would have no place; add another one first")]
    LastShard { shard: NodeId },
    #[error("key {} is outside of all ranges: {ranges}; add a range that holds it", show(key))]
    OutsideRanges { key: Bytes, ranges: String },
    #[error("key {} is of region {region:?}, which has no shard; there are {known}", show(key))]
    NoRegion { key: Bytes, region: String, known: String },
    #[error("there is no shard {shard}; there are {known}")]
    NoSuchShard { shard: NodeId, known: String },
    #[error("shard {shard} is there already")]
    ShardThere { shard: NodeId },
    #[error("{what} is for {strategy} alone; this cluster places keys by {other}")]
    OtherStrategy { what: &'static str, strategy: &'static str, other: &'static str },
    #[error("a range begins at {} already; choose a key inside of a range", show(key))]
    RangeBegins { key: Bytes },
    #[error("no range begins at {}; ranges begin at {known}", show(key))]
    NoRangeBegins { key: Bytes, known: String },
    #[error("{name} is {value}; it has to be {allowed}")]
    BadOption { name: &'static str, value: u64, allowed: &'static str },
    #[error("a change of the map is still under way; let time pass until it is done")]
    Resharding,
    #[error("the map service is down, so nobody can change the map; start it first: `service start`")]
    NoMapService,
    #[error("{name} is {status} already")]
    AlreadySo { name: String, status: &'static str },
    #[error("{shard} is down, and what it keeps can't be judged; restart it first")]
    NotWhole { shard: NodeId },
    #[error("client {client} still waits for an answer; let time pass, or ask from another")]
    Busy { client: NodeId },
    #[error("there is no client {client}; there are {clients}")]
    NoClient { client: NodeId, clients: u16 },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

//! What can't be done to a stack.

use thiserror::Error;

use glassbase_cache::TierError;
use glassbase_replication::ClusterError;
use glassbase_sharding::ShardingError;
use glassbase_trace::NodeId;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StackError {
    #[error("the setting {option} does not work: {what}")]
    BadOption { option: &'static str, what: String },
    #[error("there is no place {word}: app1, l2, l2-1, router, s1 (a shard), s1n2 (a replica of it), s1leader")]
    NoPlace { word: String },
    #[error("{word} is no replica: a disk, or a link between replicas, is named by s1n2 or s1leader")]
    NoReplica { word: String },
    #[error("no message goes between {one} and {other}: cut app1 l2-1, app1 router, l2-1 router, router s1, s1n1 s1n2")]
    NoLink { one: String, other: String },
    #[error("shard {shard} has no leader at the moment: let time pass, or name a replica")]
    NoLeader { shard: NodeId },
    #[error("keys are on their way already: wait until they have arrived")]
    Moving,
    #[error("there are {most} shards, and no more fit")]
    TooManyShards { most: u16 },
    #[error(transparent)]
    Tiers(#[from] TierError),
    #[error("in shard {shard}: {error}")]
    Shard { shard: NodeId, error: ClusterError },
    #[error(transparent)]
    Sharding(#[from] ShardingError),
}

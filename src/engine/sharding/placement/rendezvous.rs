//! Rendezvous hashing: every shard bids for every key, and the highest bid has it (Thaler and Ravishankar, "Using
//! Name-Based Mappings to Increase Hit Rates", 1998).
//!
//! There is nothing to keep and nothing to build; a look-up asks every shard. A shard that comes takes the keys for which
//! it bids most, one that goes leaves each of its keys to whoever bid next. With weights a bid is `-w / ln(u)`, `u` being
//! the hash between 0 and 1 (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005).

use super::Placement;
use crate::error::ShardingError;
use crate::hash::{hash, mix};
use crate::map::{ClusterMap, Member};
use glassbase_trace::NodeId;

/// The shard that bids most.
#[derive(Clone, Copy, Debug)]
pub struct Rendezvous;

/// What a shard bids for a key.
#[inline]
fn bid(key_hash: u64, member: &Member) -> u64 {
    mix(key_hash ^ member.name_hash)
}

/// The same by weight.
fn weighted_bid(key_hash: u64, member: &Member) -> f64 {
    let unit = ((bid(key_hash, member) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(member.weight) / libm::log(unit)
}

/// Who bids most of these; among equal bids the lowest shard.
pub fn highest<'a>(key_hash: u64, members: impl Iterator<Item = &'a Member>, by_weight: bool) -> Option<NodeId> {
    if by_weight {
        let bids = members.map(|member| (weighted_bid(key_hash, member), member.shard));
        return bids.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1))).map(|(_, shard)| shard);
    }
    let bids = members.map(|member| (bid(key_hash, member), std::cmp::Reverse(member.shard)));
    bids.max().map(|(_, shard)| shard.0)
}

impl Placement for Rendezvous {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        highest(hash(key), map.members().iter(), map.is_weighted()).ok_or(ShardingError::NoShards)
    }
}

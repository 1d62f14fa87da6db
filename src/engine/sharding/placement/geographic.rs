//! Placement by region: what belongs to people of a region is kept there, near to them and under its laws.
//!
//! ```text
//!   eu:anna ──region──▶ eu: n1 n2 ──rendezvous──▶ n2
//! ```
//!
//! A key tells its region before its first colon. Within the region the shard is found by rendezvous hashing. Regions are
//! as full as they have people: no hash evens that out.

use super::Placement;
use super::rendezvous::highest;
use crate::error::ShardingError;
use crate::hash::hash;
use crate::map::ClusterMap;
use glassbase_trace::{Bytes, NodeId};

/// The shard of the key's region that bids most.
#[derive(Clone, Copy, Debug)]
pub struct Geographic;

/// The region that a key tells: what stands before its first colon, or nothing.
pub fn region_of(key: &[u8]) -> &[u8] {
    key.iter().position(|byte| *byte == b':').map_or(&[], |at| &key[..at])
}

impl Placement for Geographic {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let region = region_of(key);
        let mut members = map.members().iter().filter(|member| member.region.as_bytes() == region).peekable();
        if map.members().is_empty() {
            return Err(ShardingError::NoShards);
        }
        if members.peek().is_none() {
            let region = String::from_utf8_lossy(region).into_owned();
            return Err(ShardingError::NoRegion { key: Bytes::from(key), region, known: map.regions().join(", ") });
        }
        highest(hash(key), members, map.is_weighted()).ok_or(ShardingError::NoShards)
    }
}

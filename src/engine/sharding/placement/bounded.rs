//! Consistent hashing with bounded loads: no shard has more than its share and a little (Mirrokni, Thorup, Zadimoghaddam,
//! "Consistent Hashing with Bounded Loads", 2018).
//!
//! ```text
//!   key ──hash──▶ slot ──ring──▶ n3 (full) ──▶ n1 (full) ──▶ n2        the next shard that has room
//! ```
//!
//! The paper throws balls into bins: each goes to the next bin on the ring that has fewer than `c · m / n`. Here the balls
//! are slots, equal shares of all hashes, thrown in their order: so the table is a function of the shards alone, and a
//! look-up needs no count of keys. With `c` near 1 shards are as alike as the slots allow, and more moves when one comes.

use super::Placement;
use super::ring::Ring;
use crate::error::ShardingError;
use crate::hash::{hash, pair};
use crate::map::{ClusterMap, Member};
use glassbase_trace::NodeId;

/// Slots of the table: as many as Redis Cluster has.
pub const SLOTS: usize = 1 << 14;

/// The slot of a key's hash among so many.
#[inline]
pub fn slot_of(hash: u64, slots: usize) -> usize {
    ((u128::from(hash) * slots as u128) >> 64) as usize
}

/// Most slots that a shard may have: its share times the bound, rounded up.
fn capacity(weight: u32, weights: u64, bound_percent: u32) -> u64 {
    (SLOTS as u64 * u64::from(weight) * u64::from(bound_percent)).div_ceil(weights.max(1) * 100)
}

/// The shard of every slot.
pub fn table(members: &[Member], ring: &Ring, bound_percent: u32) -> Vec<NodeId> {
    let weights: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
    let last = members.iter().map(|member| usize::from(member.shard.0)).max().unwrap_or(0);
    let mut room = vec![0; last + 1];
    for member in members {
        room[usize::from(member.shard.0)] = capacity(member.weight, weights, bound_percent);
    }
    let mut table = Vec::with_capacity(SLOTS);
    for slot in 0..SLOTS as u64 {
        // The rooms together are at least as many as the slots, so there is one.
        let mut shards = ring.from(pair(slot, SLOTS as u64));
        let Some(shard) = shards.find(|shard| room[usize::from(shard.0)] > 0) else { return Vec::new() };
        room[usize::from(shard.0)] -= 1;
        table.push(shard);
    }
    debug_assert_eq!(table.len(), SLOTS);
    table
}

/// The shard of the key's slot.
#[derive(Clone, Copy, Debug)]
pub struct Bounded;

impl Placement for Bounded {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let slots = map.slots();
        slots.get(slot_of(hash(key), slots.len())).copied().ok_or(ShardingError::NoShards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shard_has_more_slots_than_the_bound() {
        for (shards, bound) in [(1u16, 105), (7, 105), (10, 125), (40, 200)] {
            let members: Vec<Member> = (1..=shards).map(|number| Member::new(NodeId(number))).collect();
            let table = table(&members, &Ring::new(&members, 64), bound);
            let most = (1..=shards).map(|shard| table.iter().filter(|owner| owner.0 == shard).count()).max();
            assert_eq!(table.len(), SLOTS);
            assert!(most <= Some(capacity(1, u64::from(shards), bound) as usize), "{shards} shards: {most:?}");
        }
    }

    #[test]
    fn little_moves_when_a_shard_comes() {
        let members: Vec<Member> = (1..=11).map(|number| Member::new(NodeId(number))).collect();
        let of = |count: usize| table(&members[..count], &Ring::new(&members[..count], 128), 125);
        let moved = of(10).iter().zip(&of(11)).filter(|(old, new)| old != new).count();
        let share = moved as f64 / (SLOTS as f64 / 11.0);
        assert!((0.8..2.0).contains(&share), "{share} of a shard's share moved");
    }
}

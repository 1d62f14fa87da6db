//! A directory: a table says where each slot of keys lives.
//!
//! Nothing about it is worked out, so nothing moves but what somebody wants moved, and the shards can be made as alike as
//! the slots allow. The price is the table: everyone who looks for a key needs it. Single keys may stand in it too: see
//! [`ClusterMap::homes`](crate::map::ClusterMap).

use super::Placement;
use super::bounded::slot_of;
use crate::error::ShardingError;
use crate::hash::hash;
use crate::map::{ClusterMap, Member};
use glassbase_trace::NodeId;

/// Slots of a directory: few enough to be looked at.
pub const SLOTS: usize = 1024;

/// The shard that the table has for the key's slot.
#[derive(Clone, Copy, Debug)]
pub struct Directory;

impl Placement for Directory {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let slots = map.slots();
        slots.get(slot_of(hash(key), slots.len())).copied().ok_or(ShardingError::NoShards)
    }
}

/// The table of these shards that differs least from `before`: every slot whose shard is still there and has not more than
/// its share stays where it is. Without one, slots are dealt out in turn.
pub fn table(members: &[Member], before: &[NodeId]) -> Vec<NodeId> {
    let weights: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
    if weights == 0 {
        return Vec::new();
    }
    let share = |from: u64, weight: u64| (from + weight) * SLOTS as u64 / weights - from * SLOTS as u64 / weights;
    let mut sum = 0;
    let mut room: Vec<(NodeId, u64)> = Vec::with_capacity(members.len());
    for member in members {
        room.push((member.shard, share(sum, u64::from(member.weight))));
        sum += u64::from(member.weight);
    }
    let mut table = vec![NodeId(0); SLOTS];
    for (slot, shard) in before.iter().enumerate().take(SLOTS) {
        if let Some((_, left)) = room.iter_mut().find(|(known, left)| known == shard && *left > 0) {
            *left -= 1;
            table[slot] = *shard;
        }
    }
    let mut turn = 0;
    for slot in table.iter_mut().filter(|shard| shard.0 == 0) {
        while room[turn % room.len()].1 == 0 {
            turn += 1;
        }
        let place = turn % room.len();
        room[place].1 -= 1;
        *slot = room[place].0;
        turn += 1;
    }
    debug_assert!(table.iter().all(|shard| shard.0 > 0));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_shard_gets_its_share_and_nothing_else_moves() {
        let members: Vec<Member> = (1..=5).map(|number| Member::new(NodeId(number))).collect();
        let before = table(&members[..4], &[]);
        let after = table(&members, &before);
        let moved: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
        assert!(moved.iter().all(|(_, new)| new.0 == 5));
        assert_eq!(moved.len(), after.iter().filter(|shard| shard.0 == 5).count());
        assert!((SLOTS / 5..=SLOTS / 5 + 4).contains(&moved.len()), "{}", moved.len());
        let back = table(&members[..4], &after);
        assert!(back.iter().zip(&after).all(|(new, old)| new == old || old.0 == 5));
    }
}

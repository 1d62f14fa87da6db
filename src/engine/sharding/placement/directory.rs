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

/// How many slots each shard shall have: as its weight says, rounded down, and what is left over in single slots.
///
/// Without a table those are spread evenly over the shards; with one they go first to shards that have more than their
/// rounded share already, so that no slot moves for them.
fn shares(members: &[Member], before: &[NodeId], weights: u64) -> Vec<(NodeId, u64)> {
    let slots = SLOTS as u64;
    if before.is_empty() {
        let mut sum = 0;
        let mut share = |weight: u64| {
            sum += weight;
            sum * slots / weights - (sum - weight) * slots / weights
        };
        return members.iter().map(|member| (member.shard, share(u64::from(member.weight)))).collect();
    }
    let rounded = members.iter().map(|member| u64::from(member.weight) * slots / weights);
    let mut shares: Vec<(NodeId, u64)> = members.iter().map(|member| member.shard).zip(rounded).collect();
    let last = members.iter().map(|member| usize::from(member.shard.0)).max().unwrap_or(0);
    let mut held = vec![0; last + 1];
    for shard in before.iter().filter(|shard| usize::from(shard.0) <= last) {
        held[usize::from(shard.0)] += 1;
    }
    let mut left = slots - shares.iter().map(|(_, share)| share).sum::<u64>();
    let has_more: Vec<bool> = shares.iter().map(|(shard, share)| held[usize::from(shard.0)] > *share).collect();
    // Fewer are left than there are shards, so each gets one at most.
    for wanted in [true, false] {
        for ((_, share), _) in shares.iter_mut().zip(&has_more).filter(|(_, has)| **has == wanted) {
            let extra = left.min(1);
            *share += extra;
            left -= extra;
        }
    }
    debug_assert_eq!(left, 0);
    shares
}

/// The table of these shards that differs least from `before`: every slot whose shard is still there and has not more than
/// its share stays where it is. Without one, slots are dealt out in turn.
pub fn table(members: &[Member], before: &[NodeId]) -> Vec<NodeId> {
    let weights: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
    if weights == 0 {
        return Vec::new();
    }
    let mut room = shares(members, before, weights);
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

    #[test]
    fn many_shards_keep_their_slots_too() {
        let members: Vec<Member> = (1..=1001).map(|number| Member::new(NodeId(number))).collect();
        let before = table(&members[..1000], &[]);
        let after = table(&members, &before);
        let moved: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
        assert!(moved.len() == 1 && moved[0].1.0 == 1001, "{moved:?}");
        let slots = |shard: u16| after.iter().filter(|owner| owner.0 == shard).count();
        assert!((1..=1001).all(|shard| (1..=2).contains(&slots(shard))));
    }
}

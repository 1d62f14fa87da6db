//! Consistent hashing: shards and keys on one ring (Karger, Lehman, Leighton, Panigrahy, Levine, Lewin, "Consistent
//! Hashing and Random Trees", 1997).
//!
//! ```text
//!      0 ──●n2────●n1──key→──●n3───●n2─────●n1── 2^64      a key lives on the shard whose point comes next
//! ```
//!
//! One point a shard would make very unequal arcs, so each has many, its virtual nodes; a shard of weight 2 has twice as
//! many. A shard that is added takes arcs from all others, and nothing else moves.
//!
//! **Invariant:** the points ascend; `first[t]` is the first of those whose upper bits are `t` or more.

use super::Placement;
use crate::error::ShardingError;
use crate::hash::{hash, pair};
use crate::map::{ClusterMap, Member};
use glassbase_trace::NodeId;

/// The points of all shards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring {
    points: Vec<(u64, NodeId)>,
    /// Where to begin to look, by the upper bits of a hash: points are spread evenly, so a step or two are left.
    first: Vec<u32>,
    /// A hash is shifted so far for its upper bits.
    shift: u32,
}

impl Ring {
    /// The ring of these shards, with so many points for each unit of weight.
    pub fn new(members: &[Member], virtual_nodes: u32) -> Ring {
        let mut points = Vec::new();
        for member in members {
            let count = u64::from(virtual_nodes) * u64::from(member.weight);
            points.extend((0..count).map(|number| (pair(u64::from(member.shard.0), number), member.shard)));
        }
        points.sort_unstable();
        let bits = points.len().next_power_of_two().trailing_zeros().max(1);
        let shift = 64 - bits;
        let mut first = Vec::with_capacity(1 << bits);
        let mut at = 0;
        for top in 0..1u64 << bits {
            while points.get(at).is_some_and(|(point, _)| point >> shift < top) {
                at += 1;
            }
            first.push(at as u32);
        }
        debug_assert!(points.is_sorted() && first.is_sorted());
        Ring { points, first, shift }
    }

    /// The points, ascending.
    pub fn points(&self) -> &[(u64, NodeId)] {
        &self.points
    }

    /// The first point at or behind `hash`, by its place.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        let mut at = self.first[(hash >> self.shift) as usize] as usize;
        while at < self.points.len() && self.points[at].0 < hash {
            at += 1;
        }
        if at == self.points.len() { 0 } else { at }
    }

    /// The shard of a hash; none if there is no point.
    #[inline]
    pub fn shard_of(&self, hash: u64) -> Option<NodeId> {
        if self.points.is_empty() {
            return None;
        }
        Some(self.points[self.place(hash)].1)
    }

    /// The shards in the order in which their points come from `hash` on, once round.
    pub fn from(&self, hash: u64) -> impl Iterator<Item = NodeId> {
        let at = if self.points.is_empty() { 0 } else { self.place(hash) };
        self.points[at..].iter().chain(&self.points[..at]).map(|(_, shard)| *shard)
    }

    /// The share of the ring that a shard has, from 0 to 1.
    pub fn share(&self, shard: NodeId) -> f64 {
        let mut before = self.points.last().map_or(0, |(point, _)| *point);
        let mut sum = 0.0;
        for (point, owner) in &self.points {
            if *owner == shard {
                sum += point.wrapping_sub(before) as f64;
            }
            before = *point;
        }
        if self.points.len() == 1 && sum == 0.0 { 1.0 } else { sum / (u64::MAX as f64) }
    }

    /// From which shard to which arcs go when this ring becomes `next`: in order, each once.
    pub fn moves_to(&self, next: &Ring) -> Vec<(NodeId, NodeId)> {
        let mut moves = Vec::new();
        for (point, _) in self.points.iter().chain(&next.points) {
            // Between two points of either ring nothing changes, so their ends tell of everything.
            if let (Some(old), Some(new)) = (self.shard_of(*point), next.shard_of(*point))
                && old != new
            {
                moves.push((old, new));
            }
        }
        moves.sort_unstable();
        moves.dedup();
        moves
    }
}

/// The shard whose point comes next on the ring.
#[derive(Clone, Copy, Debug)]
pub struct Consistent;

impl Placement for Consistent {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        map.ring().shard_of(hash(key)).ok_or(ShardingError::NoShards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::mix;

    fn members(count: u16) -> Vec<Member> {
        (1..=count).map(|number| Member::new(NodeId(number))).collect()
    }

    #[test]
    fn a_look_up_finds_the_next_point_as_a_walk_does() {
        for (shards, virtual_nodes) in [(1, 1), (2, 1), (3, 7), (20, 128)] {
            let ring = Ring::new(&members(shards), virtual_nodes);
            for number in 0..2000u64 {
                let hash = mix(number);
                let next = ring.points().iter().find(|(point, _)| *point >= hash).or(ring.points().first());
                assert_eq!(ring.shard_of(hash), next.map(|(_, shard)| *shard));
            }
            for (point, shard) in ring.points() {
                assert_eq!(ring.shard_of(*point), Some(*shard), "a point is its own shard's");
            }
        }
        assert_eq!(Ring::new(&[], 128).shard_of(7), None);
    }

    #[test]
    fn shares_add_up_and_go_by_weight() {
        let mut heavy = members(10);
        heavy[3].weight = 3;
        let ring = Ring::new(&heavy, 256);
        let shares: Vec<f64> = heavy.iter().map(|member| ring.share(member.shard)).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((shares[3] * 12.0 - 3.0).abs() < 0.45, "{}", shares[3]);
    }

    #[test]
    fn arcs_go_to_a_new_shard_alone() {
        let (before, after) = (Ring::new(&members(6), 32), Ring::new(&members(7), 32));
        let moves = before.moves_to(&after);
        assert_eq!(moves.len(), 6);
        assert!(moves.iter().all(|(_, to)| *to == NodeId(7)));
        assert!(after.moves_to(&before).iter().all(|(from, _)| *from == NodeId(7)));
    }
}

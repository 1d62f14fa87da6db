//! A hash tree over what a replica has of a range: two replicas find where they differ by comparing a few hashes a level.
//!
//! R. Merkle, "A Digital Signature Based on a Conventional Encryption Function", 1987; between replicas as in G. DeCandia
//! et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007.
//!
//! ```text
//!   level 0            root                a hash of its four children's hashes
//!   level 1     ┌────┬──┴─┬────┐
//!   level 2     4×4 …
//!   level 3     64 leaves: each the sum of the hashes of its records, so that a write changes it in one step
//! ```
//!
//! **Invariant:** a leaf is the sum over the records that the shelf has in its tokens; inner hashes are made when asked.

use glassbase_trace::sorted::SortedMap;

use super::ring::{LEAF_BITS, Ring, hash};
use glassbase_trace::NodeId;

/// Children of an inner node, as a power of two.
const FAN_BITS: u32 = 2;
/// The level of the leaves.
pub const LEAF_LEVEL: u8 = (LEAF_BITS / FAN_BITS) as u8;

#[derive(Clone, Debug, PartialEq)]
struct Tree([u64; 1 << LEAF_BITS]);

impl Tree {
    fn at(&self, level: u8, index: u16) -> u64 {
        if level >= LEAF_LEVEL {
            return self.0.get(usize::from(index)).copied().unwrap_or(0);
        }
        let mut bytes = [0; 8 << FAN_BITS];
        for (child, place) in children(index).zip(bytes.chunks_exact_mut(8)) {
            place.copy_from_slice(&self.at(level + 1, child).to_le_bytes());
        }
        hash(&bytes)
    }
}

/// The children of a node of the tree, by their index in the next level.
pub fn children(index: u16) -> impl Iterator<Item = u16> {
    let first = index << FAN_BITS;
    first..first + (1 << FAN_BITS)
}

/// The trees of all ranges that a node keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trees {
    trees: SortedMap<u16, Tree>,
}

impl Trees {
    /// Empty ones for the ranges of `me`.
    pub fn new(ring: &Ring, me: NodeId) -> Trees {
        let mine = (0..ring.members().len() as u16).filter(|range| ring.keeps(me, *range));
        Trees { trees: mine.map(|range| (range, Tree([0; 1 << LEAF_BITS]))).collect() }
    }

    pub fn ranges(&self) -> impl Iterator<Item = u16> + '_ {
        self.trees.keys().copied()
    }

    pub fn has(&self, range: u16) -> bool {
        self.trees.contains_key(&range)
    }

    /// A record comes (`add`), another goes (`remove`): their hashes, 0 for none.
    pub fn change(&mut self, (range, leaf): (u16, u16), remove: u64, add: u64) {
        if let Some(place) = self.trees.get_mut(&range).and_then(|tree| tree.0.get_mut(usize::from(leaf))) {
            *place = place.wrapping_sub(remove).wrapping_add(add);
        }
    }

    /// A hash of a level; 0 for a range that is not kept.
    pub fn hash(&self, range: u16, level: u8, index: u16) -> u64 {
        self.trees.get(&range).map_or(0, |tree| tree.at(level, index))
    }

    /// One hash over all ranges, for people.
    pub fn root(&self) -> u64 {
        self.trees.keys().fold(0, |sum, range| sum ^ self.hash(*range, 0, 0).rotate_left(u32::from(*range)))
    }
}

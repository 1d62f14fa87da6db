//! Which nodes keep a key: the N that follow its hash on a ring.
//!
//! ```text
//!            token 0
//!         n5 ─┴─ n1          a token is a hash of 32 bits; the ring is cut into as many equal ranges as there are
//!        ╱         ╲         nodes. A key whose token lies in the third range belongs to n3, n4 and n5 (N = 3); if one
//!       n4    ●    n2        of them is down, n1 stands in, then n2.
//!        ╲   key   ╱
//!         ── n3 ──           Each range is cut into 64 leaves: those of the hash trees.
//! ```
//!
//! With data centres the replicas are spread over them: each next one comes from the data centre that has fewest so far.

use std::rc::Rc;

use super::options::Options;
use glassbase_trace::NodeId;

/// Leaves of a range, as a power of two.
pub const LEAF_BITS: u32 = 6;

#[derive(Clone, Debug)]
pub struct Ring {
    members: Rc<[NodeId]>,
    data_centres: Rc<[u8]>,
    replicas: u16,
}

/// A hash of bytes, eight at a time: multiply and fold, as in wyhash (Wang Yi, 2019).
pub fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(ODD);
        (product as u64 ^ (product >> 64) as u64).wrapping_add(ODD)
    };
    let mut hash = fold(ODD, bytes.len() as u64);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash = fold(hash, word.try_into().map_or(0, u64::from_le_bytes));
    }
    let rest = words.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    fold(fold(hash, rest), ODD >> 1)
}

/// Where a key is on the ring.
pub fn token(key: &[u8]) -> u32 {
    (hash(key) >> 32) as u32
}

impl Ring {
    /// `members` in order.
    pub fn new(members: &[NodeId], options: &Options) -> Ring {
        Ring { members: members.into(), data_centres: options.data_centres.clone(), replicas: options.replicas }
    }

    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    pub fn replicas(&self) -> u16 {
        self.replicas
    }

    /// The range and the leaf in it that a token is in.
    pub fn place(&self, token: u32) -> (u16, u16) {
        let product = u64::from(token) * self.members.len() as u64;
        ((product >> 32) as u16, ((product as u32) >> (32 - LEAF_BITS)) as u16)
    }

    /// The first token of a leaf, and the last.
    pub fn tokens(&self, range: u16, leaf: u16) -> (u32, u32) {
        let nodes = self.members.len() as u64;
        let first = |leaf: u64| (leaf << (32 - LEAF_BITS)).div_ceil(nodes);
        let number = (u64::from(range) << LEAF_BITS) + u64::from(leaf);
        (first(number) as u32, (first(number + 1) - 1) as u32)
    }

    /// All nodes in the order in which they are asked for a key of this range: the first N are its replicas.
    pub fn order(&self, range: u16) -> impl Iterator<Item = NodeId> + '_ {
        let spread = self.spread(range);
        let nodes = self.members.len();
        (0..nodes).map(move |step| match &spread {
            Some(order) => order[step],
            None => self.members[(usize::from(range) + step) % nodes],
        })
    }

    /// The order with data centres; none without.
    fn spread(&self, range: u16) -> Option<Vec<NodeId>> {
        if self.data_centres.is_empty() {
            return None;
        }
        let nodes = self.members.len();
        let mut left: Vec<usize> = (0..nodes).map(|step| (usize::from(range) + step) % nodes).collect();
        let mut chosen = [0u16; 256];
        let mut order = Vec::with_capacity(nodes);
        while !left.is_empty() {
            let fewest = left.iter().enumerate().min_by_key(|(_, at)| chosen[usize::from(self.data_centres[**at])]);
            let at = left.remove(fewest.map_or(0, |(place, _)| place));
            chosen[usize::from(self.data_centres[at])] += 1;
            order.push(self.members[at]);
        }
        Some(order)
    }

    /// The replicas of a range, in order.
    pub fn replicas_of(&self, range: u16) -> impl Iterator<Item = NodeId> + '_ {
        self.order(range).take(usize::from(self.replicas))
    }

    pub fn keeps(&self, node: NodeId, range: u16) -> bool {
        self.replicas_of(range).any(|replica| replica == node)
    }

    pub fn data_centre(&self, node: NodeId) -> u8 {
        let at = self.members.binary_search(&node).ok();
        at.and_then(|at| self.data_centres.get(at)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;

    fn ring(nodes: u16, data_centres: &[u8]) -> Ring {
        let members: Vec<NodeId> = (1..=nodes).map(NodeId).collect();
        let options = Options { data_centres: data_centres.into(), ..Options::default() };
        Ring::new(&members, &options)
    }

    #[test]
    fn leaves_cut_the_ring_without_gap_or_overlap() {
        for nodes in [1, 3, 5, 7, 1000] {
            let ring = ring(nodes, &[]);
            let mut next = 0u64;
            for range in 0..nodes {
                for leaf in 0..1 << LEAF_BITS {
                    let (first, last) = ring.tokens(range, leaf);
                    assert_eq!(u64::from(first), next);
                    next = u64::from(last) + 1;
                    assert_eq!((ring.place(first), ring.place(last)), ((range, leaf), (range, leaf)));
                }
            }
            assert_eq!(next, 1 << 32);
        }
    }

    #[test]
    fn keys_are_spread_evenly() {
        let ring = ring(5, &[]);
        let mut counts = [0; 5];
        for number in 0..10_000u64 {
            counts[usize::from(ring.place(token(&number.to_be_bytes())).0)] += 1;
        }
        assert!(counts.iter().all(|count| (1800..2200).contains(count)), "{counts:?}");
    }

    #[test]
    fn replicas_are_spread_over_the_data_centres() {
        let ring = ring(6, &[0, 0, 0, 1, 1, 1]);
        let mut random = Generator::new(1, "ring");
        for _ in 0..100 {
            let range = random.below(6) as u16;
            let mut order: Vec<NodeId> = ring.order(range).collect();
            let centres: Vec<u8> = order.iter().map(|node| ring.data_centre(*node)).collect();
            assert!(centres[..4].iter().filter(|centre| **centre == 0).count() == 2, "{centres:?}");
            order.sort();
            assert_eq!(order, ring.members());
        }
    }
}

//! Which node of L2 keeps a key: consistent hashing.
//!
//! ```text
//!   0 ──•───•──•─────•───•──•──▶ 2^64       each node stands at many places of the ring, by hashes of its number
//!       b   a  c     a   b  c               a key belongs to the first place from its own hash on
//! ```
//!
//! A node more or less moves the keys of its own places and no others (Karger et al., "Consistent Hashing and Random Trees",
//! STOC 1997). A cache client on each application server would work this out alike; none asks another.

use glassbase_storage::lsm::table::filter;
use glassbase_trace::sorting;

/// Places of a node. With more of them nodes have shares that are more alike.
const PLACES_EACH: u32 = 64;

/// The ring.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Places in order, with the node of each.
    places: Vec<(u64, u16)>,
}

impl Ring {
    pub fn new(nodes: u16) -> Ring {
        let place = |node: u16, copy: u32| {
            let [a, b] = node.to_be_bytes();
            let [c, d, e, f] = copy.to_be_bytes();
            (filter::hash(&[a, b, c, d, e, f]), node)
        };
        let mut places: Vec<_> =
            (0..nodes).flat_map(|node| (0..PLACES_EACH).map(move |copy| place(node, copy))).collect();
        sorting::sort_by(&mut places, |a, b| a.cmp(b));
        Ring { places }
    }

    /// The node of a key, from 0, of those that `is_there`; the first in line if none is.
    pub fn node(&self, key: &[u8], is_there: impl Fn(u16) -> bool) -> u16 {
        let hash = filter::hash(key);
        let first = self.places.partition_point(|(place, _)| *place < hash);
        let in_line = || self.places[first..].iter().chain(&self.places[..first]).map(|(_, node)| *node);
        in_line().find(|node| is_there(*node)).or_else(|| in_line().next()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> impl Iterator<Item = Vec<u8>> {
        (0..10_000u32).map(|number| format!("user:{number}").into_bytes())
    }

    #[test]
    fn nodes_have_shares_that_are_alike() {
        let ring = Ring::new(5);
        let mut counts = [0u32; 5];
        keys().for_each(|key| counts[usize::from(ring.node(&key, |_| true))] += 1);
        assert!(counts.iter().all(|count| (1300..2900).contains(count)), "{counts:?}");
    }

    #[test]
    fn only_keys_of_the_node_that_is_gone_move() {
        let ring = Ring::new(5);
        let mut moved = 0;
        for key in keys() {
            let (before, after) = (ring.node(&key, |_| true), ring.node(&key, |node| node != 2));
            assert!(after != 2 && (before == 2 || before == after));
            moved += u32::from(before != after);
        }
        assert!(moved > 1000);
        assert_eq!(ring.node(b"x", |_| false), ring.node(b"x", |_| true), "with none there, the first in line");
    }
}

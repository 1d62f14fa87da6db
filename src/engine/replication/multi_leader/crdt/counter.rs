//! A counter: for each node how much it has added in all, and how much it has taken away (PN-counter, Shapiro et al. 2011).
//!
//! ```text
//!   n1 +5 −1 │ n2 +2 −0        value 6; a merge takes the greater of each number
//! ```
//!
//! **Invariant:** only a node itself raises its numbers, so of two the greater is the later.

use glassbase_trace::sorted::SortedMap;

use crate::versions::Input;
use glassbase_trace::NodeId;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    sums: SortedMap<NodeId, (u64, u64)>,
}

impl Counter {
    /// What this node's adding `by` changes.
    pub fn add(&self, node: NodeId, by: i64) -> Counter {
        let (mut added, mut taken) = self.sums.get(&node).copied().unwrap_or_default();
        let sum = if by >= 0 { &mut added } else { &mut taken };
        *sum = sum.saturating_add(by.unsigned_abs());
        Counter { sums: SortedMap::from([(node, (added, taken))]) }
    }

    pub fn merge(&mut self, other: &Counter) {
        for (node, (added, taken)) in &other.sums {
            let ours = self.sums.entry(*node).or_default();
            *ours = (ours.0.max(*added), ours.1.max(*taken));
        }
    }

    pub fn value(&self) -> i128 {
        self.sums.values().map(|(added, taken)| i128::from(*added) - i128::from(*taken)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.sums.len() as u16).to_be_bytes());
        for (node, (added, taken)) in &self.sums {
            out.extend(node.0.to_be_bytes());
            out.extend(added.to_be_bytes());
            out.extend(taken.to_be_bytes());
        }
    }

    pub fn decode(input: &mut Input) -> Option<Counter> {
        let mut counter = Counter::default();
        for _ in 0..input.u16()? {
            counter.sums.insert(NodeId(input.u16()?), (input.u64()?, input.u64()?));
        }
        Some(counter)
    }
}

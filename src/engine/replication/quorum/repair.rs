//! How replicas that were apart come together again: hints that are handed off, and hash trees that are compared.
//!
//! ```text
//!   n1 ──compare root────────────▶ n2        nothing comes back if they are equal
//!   n1 ◀─compare level 1 (4)────── n2
//!   n1 ──compare level 2 (4 each)▶ n2        of those that differ
//!   n1 ◀─compare leaves (4 each)── n2
//!   n1 ──records of the leaves───▶ n2        n2 keeps what is newer
//!   n1 ◀─records that n1 lacks──── n2
//! ```
//!
//! **Invariant:** each message of a comparison goes one level deeper, so it ends, whatever is lost or comes twice.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::node::Step;
use super::super::wording::counted;
use super::merkle::{LEAF_LEVEL, children};
use super::message::{Compare, Item, Leaves, Message};
use super::record::Merged;
use super::{COMPARE, Quorum};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// Hints that are handed off at once.
const AT_ONCE: usize = 32;

#[derive(Clone, Debug, Default)]
pub struct Repairs {
    /// Records that were sent because somebody had an older one.
    pub sent: u64,
    batch: u64,
    /// What was handed to each node and not confirmed: the number, when, and what.
    handed: SortedMap<NodeId, (u64, u64, Rc<[Item]>)>,
}

impl Repairs {
    pub fn begin_at(&mut self, batch: u64) {
        self.batch = batch;
    }
}

impl Quorum {
    /// Hands hints to a node that has just been heard of.
    pub(super) fn hand_off(&mut self, step: &mut Step, node: NodeId) -> Result<(), StorageError> {
        let is_under_way = self
            .repairs
            .handed
            .get(&node)
            .is_some_and(|(_, sent_ns, _)| step.clock_ns.saturating_sub(*sent_ns) < self.options.probe_ns);
        if is_under_way || !self.replica.hints.contains_key(&node) {
            return Ok(());
        }
        let items: Rc<[Item]> = self.replica.hints_for(step.shelf, node, AT_ONCE)?.into();
        let count = items.len();
        step.note("handoff", || format!("{node} answers again: {} kept for it.", counted(count, "write")));
        self.repairs.batch += 1;
        let batch = self.repairs.batch;
        self.repairs.handed.insert(node, (batch, step.clock_ns, items.clone()));
        step.send(node, Message::Handoff { batch, items });
        Ok(())
    }

    /// A node has stored what was handed to it.
    pub(super) fn handed_off(&mut self, step: &mut Step, node: NodeId, batch: u64) -> Result<(), StorageError> {
        if self.repairs.handed.get(&node).is_none_or(|(number, ..)| *number != batch) {
            return Ok(());
        }
        if let Some((_, _, items)) = self.repairs.handed.remove(&node) {
            self.replica.drop_hints(step.shelf, node, &items)?;
        }
        self.hand_off(step, node)
    }

    pub(super) fn arm_compare(&self, step: &mut Step) {
        let every_ns = self.options.anti_entropy_ns;
        if every_ns > 0 {
            // Not all nodes at once.
            let after_ns = every_ns / 2 + step.random.below(every_ns);
            step.arm(COMPARE, after_ns.max(1));
        }
    }

    /// Compares a range with another replica of it, both drawn.
    pub(super) fn begin_compare(&mut self, step: &mut Step) {
        self.arm_compare(step);
        let ranges: Vec<u16> = self.replica.trees.ranges().collect();
        if ranges.is_empty() {
            return;
        }
        let range = ranges[step.random.below(ranges.len() as u64) as usize];
        let others: Vec<NodeId> = self.ring().replicas_of(range).filter(|node| *node != self.me).collect();
        if others.is_empty() {
            return;
        }
        let other = others[step.random.below(others.len() as u64) as usize];
        let hashes = vec![(0, self.replica.trees.hash(range, 0, 0))];
        step.send(other, Message::Compare(Rc::new(Compare { range, level: 0, hashes })));
    }

    /// Another replica's hashes: where they differ, one level deeper.
    pub(super) fn compare(&mut self, step: &mut Step, from: NodeId, compare: &Compare) -> Result<(), StorageError> {
        let Compare { range, level, ref hashes } = *compare;
        if !self.replica.trees.has(range) || level > LEAF_LEVEL {
            return Ok(());
        }
        let trees = &self.replica.trees;
        let differing: Vec<u16> =
            hashes.iter().filter(|(at, hash)| trees.hash(range, level, *at) != *hash).map(|(at, _)| *at).collect();
        if differing.is_empty() {
            return Ok(());
        }
        step.note("differs", || {
            let (of, count, word) =
                (hashes.len(), differing.len(), if level == LEAF_LEVEL { "leaves" } else { "hashes" });
            format!("Range {}, level {level}: {count} of {of} {word} differ from those of {from}.", range + 1)
        });
        if level < LEAF_LEVEL {
            let below = differing.iter().flat_map(|at| children(*at));
            let hashes = below.map(|at| (at, trees.hash(range, level + 1, at))).collect();
            step.send(from, Message::Compare(Rc::new(Compare { range, level: level + 1, hashes })));
            return Ok(());
        }
        let mut items = Vec::new();
        for leaf in &differing {
            items.extend(self.replica.leaf(step.shelf, range, *leaf)?);
        }
        step.send(from, Message::Leaves(Rc::new(Leaves { range, leaves: differing, items, both_ways: true })));
        Ok(())
    }

    /// What another replica has in leaves that differ: the newer of each is kept, and sent back where that is ours.
    pub(super) fn take_leaves(&mut self, step: &mut Step, from: NodeId, leaves: &Leaves) -> Result<(), StorageError> {
        if !self.replica.trees.has(leaves.range) {
            return Ok(());
        }
        let mut theirs = SortedMap::new();
        let mut taken = 0;
        for item in &leaves.items {
            taken += u32::from(self.replica.apply(step.shelf, step.clock_ns, item)?);
            theirs.insert(&item.key, &item.record);
        }
        if taken > 0 {
            step.shelf.sync()?;
            self.arm_purge(step);
            step.note("caught-up", || format!("{from} had {} that this node lacked.", counted(taken, "newer record")));
        }
        if !leaves.both_ways {
            return Ok(());
        }
        let mut items = Vec::new();
        for leaf in &leaves.leaves {
            for item in self.replica.leaf(step.shelf, leaves.range, *leaf)? {
                let known = theirs.get(&item.key).map(|record| record.merge(&item.record));
                if !matches!(known, Some(Merged::Same | Merged::First)) {
                    items.push(item);
                }
            }
        }
        if !items.is_empty() {
            self.repairs.sent += items.len() as u64;
            let back = Leaves { range: leaves.range, leaves: Vec::new(), items, both_ways: false };
            step.send(from, Message::Leaves(Rc::new(back)));
        }
        Ok(())
    }
}

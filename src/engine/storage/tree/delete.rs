//! Deleting a record. What can fail is tried first; seeing to a page that has too little afterwards cannot fail.

use super::insert::overflow_of;
use super::search::Target;
use super::*;
use crate::log::record::KeyUndo;

impl Tree {
    /// Removes a record; false: the key was not there.
    pub fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<bool, StorageError> {
        let (outcome, _) = self.operate(cx, Operation::Delete, key, 0, |tree, cx| Ok((tree.remove(cx, key)?, 0)))?;
        Ok(outcome == Outcome::Deleted)
    }

    pub(super) fn remove(&mut self, cx: &mut Cx, key: &[u8]) -> Result<Outcome, StorageError> {
        let leaf = self.descend(cx, Target::Key(key), true)?;
        let (slot, found) = self.search_leaf(cx, leaf, key);
        if !found {
            self.pager.unpin(cx, leaf);
            return Ok(Outcome::Absent);
        }
        let bytes = self.pager.page(leaf);
        let page = page::page_id(bytes);
        let chain = overflow_of(bytes, slot);
        self.check_overflow(chain)?;
        let action = self.begin_action();
        let left = page::used(bytes) as usize - page::cell_cost(bytes, slot);
        // Taking an insert back is finished only when the leaf it was taken from is seen to.
        let mends = self.is_undoing() && self.may_be_underfull(page, left);
        let whole = !mends && (chain.is_none() || !self.frees_at_once());
        self.whole(whole, -1);
        self.remove_at(cx, leaf, slot);
        self.pager.unpin(cx, leaf);
        self.give_up(cx, chain)?;
        if mends {
            self.rebalance_inside(cx, page, 0)?;
        }
        // In a tree that a crash has damaged there may be more records than were counted.
        self.meta.records = self.meta.records.saturating_sub(1);
        self.end_key_action(cx, action, whole, -1, KeyUndo::Nothing);
        if !mends {
            self.rebalance(cx, page, 0)?;
        }
        Ok(Outcome::Deleted)
    }
}

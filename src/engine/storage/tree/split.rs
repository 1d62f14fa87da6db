//! Splitting a page that has no room.
//!
//! A leaf is split so that both halves are as equal as can be, counting the record that is to come; the smallest key of
//! the right half goes up as separator, as a copy. An inner page is split around a separator that goes up and leaves the
//! level.
//!
//! ```text
//!   leaf   [10 20 30] + 25   ─▶   [10 20]  [25 30]     25 goes up, and stays
//!   inner  [10 20 30] + 40   ─▶   [10 20] ↑30↑ [40]    30 goes up, and is gone from here
//! ```
//!
//! Keys that come in ascending order would leave half-full pages behind for ever. So a record that goes behind all others
//! starts a new page alone, and the old one stays full.

use super::insert::Incoming;
use super::*;
use glassbase_trace::{Bytes, SplitKind};

/// Where to cut a sequence of cells in two.
pub(super) struct Cut<'a> {
    /// What each cell takes up.
    pub costs: &'a [usize],
    pub capacity: usize,
    pub max_cells: usize,
    /// Count cells instead of bytes.
    pub by_count: bool,
    /// The cell at the cut goes up, to neither side.
    pub lifts: bool,
}

impl Cut<'_> {
    /// The number of cells for the left side: both sides fit and differ as little as can be. None: it can't be done.
    pub fn find(&self) -> Option<usize> {
        let total: usize = self.costs.iter().sum();
        let count = self.costs.len();
        let lifted = usize::from(self.lifts);
        let mut best: Option<(usize, usize)> = None;
        let mut left = 0;
        for at in 1..count.saturating_sub(lifted) {
            left += self.costs[at - 1];
            let right = total - left - if self.lifts { self.costs[at] } else { 0 };
            let right_count = count - at - lifted;
            let fits = left.max(right) <= self.capacity && at.max(right_count) <= self.max_cells;
            let apart = if self.by_count { at.abs_diff(right_count) } else { left.abs_diff(right) };
            if fits && best.is_none_or(|(least, _)| apart < least) {
                best = Some((apart, at));
            }
        }
        best.map(|(_, at)| at)
    }
}

impl Tree {
    /// Pages that a split of the leaf below `path` may take: one for each full page above, and one for a new root.
    pub(super) fn pages_for_split(&self) -> u32 {
        let most = page::separator_cost(self.max_key_len());
        let mut needed = 1;
        for step in self.path.iter().rev() {
            match self.pager.peek_unchecked(step.page) {
                Some(bytes) if self.has_room(bytes, most) => return needed,
                _ => needed += 1,
            }
        }
        needed + 1
    }

    /// The number of cells for the left side of a full page. A cell takes half a page at most, so there always is one.
    fn cut_in_two(&self, costs: &[usize], lifts: bool) -> usize {
        // An order is kept by count; a page of few but long keys is full by bytes all the same.
        let by_count = costs.len() > self.max_cells();
        let cut = Cut { costs, capacity: self.capacity(), max_cells: self.max_cells(), by_count, lifts };
        cut.find().expect("cells of at most half a page can be cut in two")
    }

    /// The number of cells for the left side when two pages share their cells evenly by bytes.
    pub(super) fn cut_by_bytes(&self, costs: &[usize], lifts: bool) -> Option<usize> {
        Cut { costs, capacity: self.capacity(), max_cells: self.max_cells(), by_count: false, lifts }.find()
    }

    /// Splits a pinned leaf to put a record before `slot`; unpins it and its right neighbour `next`, which is pinned too.
    /// The pages that this takes were reserved.
    pub(super) fn split_leaf(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        slot: usize,
        incoming: &Incoming,
        next: Option<FrameId>,
    ) -> Result<(), StorageError> {
        let bytes = self.pager.page(leaf);
        let (page, old_next, count) = (page::page_id(bytes), page::next(bytes), page::slot_count(bytes));
        let ascending = slot == count && old_next.is_none() && self.options.split == SplitPolicy::Auto;
        let kind = if ascending { SplitKind::RightEdge } else { SplitKind::Middle };
        let at = match kind {
            SplitKind::RightEdge => count,
            SplitKind::Middle => {
                let mut costs: Vec<usize> = (0..count).map(|slot| page::cell_cost(bytes, slot)).collect();
                costs.insert(slot, incoming.cost());
                self.cut_in_two(&costs, false)
            }
        };
        debug_assert!((1..=count).contains(&at), "both halves get a cell");
        // `at` counts the record to come; `from` is the first cell on the page now that goes right.
        let goes_left = slot < at;
        let from = if goes_left { at - 1 } else { at };
        let (right_page, right) = self.allocate(cx)?;
        let cause = cx.begin(|| Event::SplitBegun { page, right: right_page, at: from as u16, kind });
        cx.counters.splits += 1;
        self.format(cx, right, PageKind::Leaf, 0);
        self.move_between(cx, leaf, from, count - from, right, 0);
        match goes_left {
            true => self.insert_into(cx, leaf, slot, incoming),
            false => self.insert_into(cx, right, slot - at, incoming),
        }
        self.link_after(cx, leaf, right, next);
        let separator = page::key(self.pager.page(right), 0).to_vec();
        self.pager.unpin(cx, right);
        self.pager.unpin(cx, leaf);
        cx.emit(|| Event::SplitEnded { page, right: right_page });
        cx.end(cause);
        self.insert_separator(cx, separator, right_page, 1)
    }

    /// Puts the pinned leaf `right` between the pinned leaf `left` and its neighbour `next`, which is unpinned.
    fn link_after(&mut self, cx: &mut Cx, left: FrameId, right: FrameId, next: Option<FrameId>) {
        let left_bytes = self.pager.page(left);
        let (left_page, left_prev, next_page) =
            (page::page_id(left_bytes), page::prev(left_bytes), page::next(left_bytes));
        let right_page = page::page_id(self.pager.page(right));
        debug_assert_eq!(next_page.is_none(), next.is_none(), "the neighbour is pinned if there is one");
        self.link(cx, right, left_page, next_page);
        self.link(cx, left, left_prev, right_page);
        self.link_back(cx, next, right_page);
    }

    /// Sets a pinned leaf's neighbours.
    pub(super) fn link(&mut self, cx: &mut Cx, leaf: FrameId, prev: PageId, next: PageId) {
        let page = page::page_id(self.pager.page(leaf));
        self.change(cx, leaf, Edit::SetLinks { prev, next }, |_, lsn| Event::LeafLinked { page, prev, next, lsn });
    }

    /// Makes the pinned `leaf`, if there is one, name `prev` as its left neighbour; unpins it.
    pub(super) fn link_back(&mut self, cx: &mut Cx, leaf: Option<FrameId>, prev: PageId) {
        if let Some(frame) = leaf {
            let next = page::next(self.pager.page(frame));
            self.link(cx, frame, prev, next);
            self.pager.unpin(cx, frame);
        }
    }

    /// Moves cells between two pinned pages.
    pub(super) fn move_between(
        &mut self,
        cx: &mut Cx,
        from: FrameId,
        from_slot: usize,
        count: usize,
        to: FrameId,
        to_slot: usize,
    ) {
        if count == 0 {
            return;
        }
        debug_assert_ne!(from, to, "cells move between two pages");
        debug_assert!(from_slot + count <= page::slot_count(self.pager.page(from)), "there are so many cells");
        let lsn = match self.is_logged() {
            true => self.log_move(cx, from, from_slot, count, to, to_slot),
            false => self.next_lsn(),
        };
        let (from_bytes, to_bytes) = self.pager.two_mut(cx, from, to);
        page::move_cells(from_bytes, from_slot, count, to_bytes, to_slot);
        page::set_lsn(from_bytes, lsn);
        page::set_lsn(to_bytes, lsn);
        let (from_bytes, to_bytes) = (self.pager.page(from), self.pager.page(to));
        let (from_page, to_page) = (page::page_id(from_bytes), page::page_id(to_bytes));
        cx.emit_change(from_page, from_bytes, || Event::CellsMoved {
            from: from_page,
            from_slot: from_slot as u16,
            count: count as u16,
            to: to_page,
            to_slot: to_slot as u16,
            from_used: page::used(from_bytes),
            to_used: page::used(to_bytes),
            lsn,
        });
        cx.recorder.page_bytes(to_page, to_bytes);
    }

    /// Puts a separator and the child to its right into the page of `level` that `path` ends with, splitting upward as
    /// far as need be.
    pub(super) fn insert_separator(
        &mut self,
        cx: &mut Cx,
        mut separator: Vec<u8>,
        mut child: PageId,
        mut level: u8,
    ) -> Result<(), StorageError> {
        while let Some(step) = self.path.pop() {
            let frame = self.fetch_node(cx, step.page, level)?;
            if self.has_room(self.pager.page(frame), page::separator_cost(separator.len())) {
                self.insert_child_into(cx, frame, step.child, &separator, child);
                self.pager.unpin(cx, frame);
                return Ok(());
            }
            (separator, child) = self.split_inner(cx, frame, step, &separator, child)?;
            level += 1;
        }
        self.grow_root(cx, &separator, child, level)
    }

    pub(super) fn insert_child_into(&mut self, cx: &mut Cx, frame: FrameId, slot: usize, key: &[u8], child: PageId) {
        self.change(cx, frame, Edit::InsertChild { slot, key, child }, |bytes, lsn| Event::ChildInserted {
            page: page::page_id(bytes),
            slot: slot as u16,
            key: Bytes::from(key),
            child,
            used: page::used(bytes),
            lsn,
        });
    }

    pub(super) fn set_leftmost(&mut self, cx: &mut Cx, frame: FrameId, child: PageId) {
        let page = page::page_id(self.pager.page(frame));
        let edit = Edit::SetLinks { prev: child, next: PageId::NONE };
        self.change(cx, frame, edit, |_, lsn| Event::LeftmostChildSet { page, child, lsn });
    }

    /// The old root and its new sibling get a parent.
    fn grow_root(&mut self, cx: &mut Cx, separator: &[u8], right: PageId, level: u8) -> Result<(), StorageError> {
        debug_assert_eq!(level, self.meta.height, "the root was split");
        debug_assert!(right != self.meta.root, "the new sibling is another page");
        let (root, frame) = self.allocate(cx)?;
        self.format(cx, frame, PageKind::Inner, level);
        self.set_leftmost(cx, frame, self.meta.root);
        self.insert_child_into(cx, frame, 0, separator, right);
        self.pager.unpin(cx, frame);
        self.set_root(cx, root, level + 1)
    }

    /// Splits a pinned inner page to put a separator where `step` went down; unpins it. Returns the separator that goes
    /// up and the new page to its right.
    fn split_inner(
        &mut self,
        cx: &mut Cx,
        frame: FrameId,
        step: Step,
        separator: &[u8],
        child: PageId,
    ) -> Result<(Vec<u8>, PageId), StorageError> {
        let bytes = self.pager.page(frame);
        let (page, level, count, slot) =
            (page::page_id(bytes), page::level(bytes), page::slot_count(bytes), step.child);
        let ascending = slot == count && count >= 2 && step.last && self.options.split == SplitPolicy::Auto;
        let kind = if ascending { SplitKind::RightEdge } else { SplitKind::Middle };
        // `middle` counts the separator to come: it is the one that goes up.
        let middle = match kind {
            SplitKind::RightEdge => count - 1,
            SplitKind::Middle => {
                let mut costs: Vec<usize> = (0..count).map(|slot| page::cell_cost(bytes, slot)).collect();
                costs.insert(slot, page::separator_cost(separator.len()));
                self.cut_in_two(&costs, true)
            }
        };
        debug_assert!(middle <= count && slot <= count, "within the page");
        // Which of the separators on the page now goes up, and from which on they go right.
        let lifted = match middle.cmp(&slot) {
            std::cmp::Ordering::Less => Some(middle),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(middle - 1),
        };
        let from = lifted.map_or(slot, |slot| slot + 1);
        let (up, right_leftmost) = match lifted {
            Some(slot) => (page::key(bytes, slot).to_vec(), page::child(bytes, slot)),
            None => (separator.to_vec(), child),
        };
        let (right_page, right) = self.allocate(cx)?;
        let cause = cx.begin(|| Event::SplitBegun { page, right: right_page, at: from as u16, kind });
        cx.counters.splits += 1;
        self.format(cx, right, PageKind::Inner, level);
        self.set_leftmost(cx, right, right_leftmost);
        self.move_between(cx, frame, from, count - from, right, 0);
        if let Some(slot) = lifted {
            self.remove_at(cx, frame, slot);
        }
        match middle.cmp(&slot) {
            std::cmp::Ordering::Less => self.insert_child_into(cx, right, slot - middle - 1, separator, child),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.insert_child_into(cx, frame, slot, separator, child),
        }
        self.pager.unpin(cx, right);
        self.pager.unpin(cx, frame);
        cx.emit(|| Event::SplitEnded { page, right: right_page });
        cx.end(cause);
        Ok((up, right_page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(costs: &[usize], by_count: bool, lifts: bool) -> Option<usize> {
        Cut { costs, capacity: 100, max_cells: if by_count { 3 } else { 1000 }, by_count, lifts }.find()
    }

    #[test]
    fn cuts_in_the_middle_by_bytes_or_count() {
        assert_eq!(cut(&[10, 10, 10, 10], false, false), Some(2));
        assert_eq!(cut(&[50, 10, 10, 10, 10], false, false), Some(1));
        assert_eq!(cut(&[50, 10, 10, 10], true, false), Some(2));
        assert_eq!(cut(&[10, 10, 10, 10], true, true), Some(1));
        assert_eq!(cut(&[10, 90, 90], false, false), Some(2), "10 + 90 fit together");
        assert_eq!(cut(&[90, 20, 90], false, false), None, "20 fits on neither side");
    }
}

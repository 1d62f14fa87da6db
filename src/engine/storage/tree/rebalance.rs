//! What happens to a page that has too little: it merges with a neighbour of the same parent, or borrows from one.
//!
//! ```text
//!   merge    [10]  [20 30]     ─▶  [10 20 30]           the separator between them is gone from the parent
//!   borrow   [10]  [20 30 40]  ─▶  [10 20]  [30 40]     the separator between them changes
//! ```
//!
//! With an order given, a neighbour with keys to spare lends one, as the textbooks have it; by bytes, pages merge when
//! they fit into one, else share evenly. A merge takes a separator from the parent, which may leave that with too little
//! in turn. When the root has one child left, the child becomes the root.

use super::search::Target;
use super::*;
use glassbase_trace::Bytes;

/// Two neighbours under one parent.
#[derive(Clone, Copy)]
struct Pair {
    parent: FrameId,
    /// The slot of the separator between them.
    slot: usize,
    left: FrameId,
    right: FrameId,
    /// The page with too little is the left one.
    left_is_short: bool,
}

/// What to do with a pair.
#[derive(Clone, Copy)]
enum Remedy {
    Merge,
    /// Move cells until the left page has `cut` of those of both (and, in inner pages, of the separator between them).
    Borrow {
        cut: usize,
    },
}

impl Tree {
    /// Sees to a page that had something taken away, and to its parents as far as need be. `path` leads to it.
    ///
    /// A page whose neighbour cannot be read stays as it is: the record is gone already, and the damage is told by
    /// whoever asks for that page next.
    pub(super) fn rebalance(&mut self, cx: &mut Cx, page: PageId, level: u8) -> Result<(), StorageError> {
        let action = self.begin_action();
        self.rebalance_inside(cx, page, level)?;
        self.end_structure_action(cx, action);
        Ok(())
    }

    /// As [`Tree::rebalance`], as part of an action that somebody else ends.
    pub(super) fn rebalance_inside(&mut self, cx: &mut Cx, page: PageId, level: u8) -> Result<(), StorageError> {
        if !self.can_rebalance() {
            return Ok(());
        }
        let action = self.begin_action();
        match self.rebalance_upward(cx, page, level) {
            Err(error) if error.is_damage() => {
                self.pager.release_all(cx);
                self.undo_action(cx, action)
            }
            result => result,
        }
    }

    fn rebalance_upward(&mut self, cx: &mut Cx, page: PageId, level: u8) -> Result<(), StorageError> {
        let (mut page, mut level) = (page, level);
        loop {
            let Some(step) = self.path.pop() else {
                return self.collapse_root(cx, level);
            };
            if !self.is_underfull(self.pager.peek(page)?) {
                return Ok(());
            }
            let parent = self.fetch_node(cx, step.page, level + 1)?;
            let mended = self.mend(cx, parent, step, level);
            self.pager.unpin(cx, parent);
            if !mended? {
                return Ok(());
            }
            page = step.page;
            level += 1;
        }
    }

    /// Sees to the page of a key, whose path is no longer known, as part of an action that somebody else ends.
    pub(super) fn rebalance_if_shrunk(&mut self, cx: &mut Cx, page: PageId, key: &[u8]) -> Result<(), StorageError> {
        if page == self.meta.root || !self.is_underfull(self.pager.peek(page)?) {
            return Ok(());
        }
        let leaf = self.descend(cx, Target::Key(key), true)?;
        let page = page::page_id(self.pager.page(leaf));
        self.pager.unpin(cx, leaf);
        self.rebalance_inside(cx, page, 0)
    }

    /// True when a leaf that is left with so many bytes in use may have too little.
    pub(super) fn may_be_underfull(&self, page: PageId, used: usize) -> bool {
        page != self.meta.root && used < self.capacity() / 4
    }

    /// Too little: less than half of the keys that an order allows and less than a quarter of the bytes.
    pub(super) fn is_underfull(&self, bytes: &[u8]) -> bool {
        let few_bytes = (page::used(bytes) as usize) < self.capacity() / 4;
        few_bytes && (self.options.order == 0 || page::slot_count(bytes) < self.min_cells(page::is_leaf(bytes)))
    }

    /// Less than any page but the root and the right edge may have. For an inner page by bytes that is no separator at
    /// all: when long separators meet, the one that goes up may leave little on one side.
    pub(super) fn is_short(&self, bytes: &[u8]) -> bool {
        let longest = page::separator_cost(self.max_key_len());
        let bytes_never_matter = self.options.order != 0 && self.max_cells() * longest <= self.capacity();
        if page::is_leaf(bytes) || bytes_never_matter {
            return self.is_underfull(bytes);
        }
        page::slot_count(bytes) == 0
    }

    /// Fewest cells of a page when an order is given.
    fn min_cells(&self, is_leaf: bool) -> usize {
        let order = self.options.order as usize;
        if is_leaf { (order - 1).div_ceil(2) } else { order.div_ceil(2) - 1 }
    }

    fn collapse_root(&mut self, cx: &mut Cx, level: u8) -> Result<(), StorageError> {
        let old = self.meta.root;
        if level == 0 || page::slot_count(self.pager.peek(old)?) > 0 {
            return Ok(());
        }
        let frame = self.fetch_node(cx, old, level)?;
        let root = page::leftmost(self.pager.page(frame));
        cx.emit(|| Event::RootCollapsed { old, root });
        self.set_root(cx, root, level)?;
        self.free(cx, frame)
    }

    /// Merges the child that `step` went down to, or lets it borrow. True: the parent may have too little now.
    fn mend(&mut self, cx: &mut Cx, parent: FrameId, step: Step, level: u8) -> Result<bool, StorageError> {
        let mut first_choice = None;
        for left_is_short in [false, true] {
            let Some(pair) = self.pin_pair(cx, parent, step.child, left_is_short, level)? else {
                continue;
            };
            match (self.remedy(&pair, false), first_choice) {
                (Some(remedy), _) => return self.apply(cx, pair, remedy, step),
                (None, None) => first_choice = Some(left_is_short),
                _ => {}
            }
            self.unpin_pair(cx, &pair);
        }
        let Some(left_is_short) = first_choice else {
            return Ok(false);
        };
        match self.pin_pair(cx, parent, step.child, left_is_short, level)? {
            Some(pair) => match self.remedy(&pair, true) {
                Some(remedy) => self.apply(cx, pair, remedy, step),
                None => {
                    self.unpin_pair(cx, &pair);
                    Ok(false)
                }
            },
            None => Ok(false),
        }
    }

    /// Pins child `index` of the parent and its neighbour: the left one, or the right one when `left_is_short`.
    fn pin_pair(
        &mut self,
        cx: &mut Cx,
        parent: FrameId,
        index: usize,
        left_is_short: bool,
        level: u8,
    ) -> Result<Option<Pair>, StorageError> {
        let bytes = self.pager.page(parent);
        let slot = if left_is_short { index } else { index.wrapping_sub(1) };
        if slot >= page::slot_count(bytes) {
            return Ok(None);
        }
        let (left, right) = (page::child_for(bytes, slot), page::child_for(bytes, slot + 1));
        if left == right {
            let what = format!("two of its children are the same page {}", left.0);
            return Err(StorageError::Corrupt { page: page::page_id(bytes), what });
        }
        let left = self.fetch_node(cx, left, level)?;
        match self.fetch_node(cx, right, level) {
            Ok(right) => Ok(Some(Pair { parent, slot, left, right, left_is_short })),
            Err(error) => {
                self.pager.unpin(cx, left);
                Err(error)
            }
        }
    }

    fn unpin_pair(&mut self, cx: &mut Cx, pair: &Pair) {
        self.pager.unpin(cx, pair.right);
        self.pager.unpin(cx, pair.left);
    }

    /// What to do with a pair. Unless this is the last resort, none: see whether the other neighbour suits better.
    fn remedy(&self, pair: &Pair, last_resort: bool) -> Option<Remedy> {
        let (left, right) = (self.pager.page(pair.left), self.pager.page(pair.right));
        let is_leaf = page::is_leaf(left);
        let costs = self.costs_of_both(pair);
        let merges = costs.iter().sum::<usize>() <= self.capacity() && costs.len() <= self.max_cells();
        let share = || self.cut_by_bytes(&costs, !is_leaf).map(|cut| Remedy::Borrow { cut });
        if self.options.order == 0 {
            return match (merges, last_resort) {
                (true, _) => Some(Remedy::Merge),
                (false, true) => share(),
                (false, false) => None,
            };
        }
        let (left_count, right_count) = (page::slot_count(left), page::slot_count(right));
        let (short, lender) = if pair.left_is_short { (left_count, right_count) } else { (right_count, left_count) };
        let needed = self.min_cells(is_leaf).saturating_sub(short);
        if lender >= self.min_cells(is_leaf) + needed {
            let cut = if pair.left_is_short { left_count + needed } else { left_count - needed };
            return if self.fits_when_cut(&costs, cut, !is_leaf) { Some(Remedy::Borrow { cut }) } else { share() };
        }
        match (last_resort, merges) {
            (false, _) => None,
            (true, true) => Some(Remedy::Merge),
            (true, false) => share(),
        }
    }

    fn fits_when_cut(&self, costs: &[usize], cut: usize, lifts: bool) -> bool {
        let left: usize = costs[..cut].iter().sum();
        let right: usize = costs[cut + usize::from(lifts)..].iter().sum();
        left.max(right) <= self.capacity()
    }

    /// What the cells of both pages take up, with the separator between them when it would come down.
    fn costs_of_both(&self, pair: &Pair) -> Vec<usize> {
        let (left, right) = (self.pager.page(pair.left), self.pager.page(pair.right));
        let mut costs: Vec<usize> = (0..page::slot_count(left)).map(|slot| page::cell_cost(left, slot)).collect();
        if !page::is_leaf(left) {
            costs.push(page::cell_cost(self.pager.page(pair.parent), pair.slot));
        }
        costs.extend((0..page::slot_count(right)).map(|slot| page::cell_cost(right, slot)));
        costs
    }

    fn apply(&mut self, cx: &mut Cx, pair: Pair, remedy: Remedy, step: Step) -> Result<bool, StorageError> {
        match remedy {
            Remedy::Merge => self.merge(cx, pair),
            Remedy::Borrow { cut } => self.borrow(cx, pair, cut, step),
        }
    }

    /// Empties the right page into the left one and frees it.
    fn merge(&mut self, cx: &mut Cx, pair: Pair) -> Result<bool, StorageError> {
        let Pair { parent, slot, left, right, .. } = pair;
        let (left_page, right_page) = (self.id(left), self.id(right));
        let is_leaf = page::is_leaf(self.pager.page(left));
        debug_assert_eq!(page::level(self.pager.page(left)), page::level(self.pager.page(right)), "neighbours");
        let beyond = match self.pin_beyond(cx, right) {
            Ok(beyond) => beyond,
            Err(error) => {
                self.unpin_pair(cx, &pair);
                return Err(error);
            }
        };
        let cause = cx.begin(|| Event::MergeBegun { left: left_page, right: right_page });
        cx.counters.merges += 1;
        self.count_reshaped();
        if !is_leaf {
            let separator = page::key(self.pager.page(parent), slot).to_vec();
            let child = page::leftmost(self.pager.page(right));
            let end = page::slot_count(self.pager.page(left));
            self.insert_child_into(cx, left, end, &separator, child);
        }
        let (end, count) = (page::slot_count(self.pager.page(left)), page::slot_count(self.pager.page(right)));
        self.move_between(cx, right, 0, count, left, end);
        if is_leaf {
            let (prev, next) = (page::prev(self.pager.page(left)), page::next(self.pager.page(right)));
            self.link(cx, left, prev, next);
            self.link_back(cx, beyond, left_page);
        }
        self.remove_at(cx, parent, slot);
        self.free(cx, right)?;
        self.pager.unpin(cx, left);
        cx.emit(|| Event::MergeEnded { left: left_page, right: right_page });
        cx.end(cause);
        Ok(true)
    }

    /// Pins the leaf to the right of a pinned leaf, if there is one. It will link to another page.
    fn pin_beyond(&mut self, cx: &mut Cx, leaf: FrameId) -> Result<Option<FrameId>, StorageError> {
        let bytes = self.pager.page(leaf);
        let next = page::next(bytes);
        if !page::is_leaf(bytes) || next.is_none() {
            return Ok(None);
        }
        self.fetch_node(cx, next, 0).map(Some)
    }

    /// Moves cells between the two pages until the left one has `cut` of them, and gives the parent the new separator.
    fn borrow(&mut self, cx: &mut Cx, pair: Pair, cut: usize, step: Step) -> Result<bool, StorageError> {
        let Pair { parent, slot, left, right, left_is_short } = pair;
        let left_count = page::slot_count(self.pager.page(left));
        let separator = self.separator_after(&pair, cut);
        debug_assert!(slot < page::slot_count(self.pager.page(parent)), "the separator is in the parent");
        if cut == left_count || !self.can_replace_separator(parent, slot, separator.len()) {
            self.unpin_pair(cx, &pair);
            return Ok(false);
        }
        let count = cut.abs_diff(left_count) as u16;
        let (left_page, right_page) = (self.id(left), self.id(right));
        let (page, sibling) = if left_is_short { (left_page, right_page) } else { (right_page, left_page) };
        let cause = cx.begin(|| Event::BorrowBegun { page, sibling, count });
        cx.counters.borrows += 1;
        self.count_reshaped();
        if page::is_leaf(self.pager.page(left)) {
            self.shift_leaf_cells(cx, &pair, cut);
        } else {
            self.rotate_inner_cells(cx, &pair, cut);
        }
        self.unpin_pair(cx, &pair);
        let goes_on = self.replace_separator(cx, parent, slot, separator, right_page, step);
        cx.emit(|| Event::BorrowEnded { page, sibling });
        cx.end(cause);
        goes_on
    }

    /// The separator that the parent will need when the left page has `cut` cells.
    fn separator_after(&self, pair: &Pair, cut: usize) -> Vec<u8> {
        let (left, right) = (self.pager.page(pair.left), self.pager.page(pair.right));
        let left_count = page::slot_count(left);
        let between = usize::from(!page::is_leaf(left));
        match cut {
            cut if cut < left_count => page::key(left, cut).to_vec(),
            cut if cut < left_count + between => page::key(self.pager.page(pair.parent), pair.slot).to_vec(),
            cut => page::key(right, cut - left_count - between).to_vec(),
        }
    }

    fn shift_leaf_cells(&mut self, cx: &mut Cx, pair: &Pair, cut: usize) {
        let left_count = page::slot_count(self.pager.page(pair.left));
        if cut < left_count {
            self.move_between(cx, pair.left, cut, left_count - cut, pair.right, 0);
        } else {
            self.move_between(cx, pair.right, 0, cut - left_count, pair.left, left_count);
        }
    }

    /// The separator between the pages comes down on the short side, cells follow it, and the one at the cut goes up.
    fn rotate_inner_cells(&mut self, cx: &mut Cx, pair: &Pair, cut: usize) {
        let Pair { parent, slot, left, right, .. } = *pair;
        let separator = page::key(self.pager.page(parent), slot).to_vec();
        let left_count = page::slot_count(self.pager.page(left));
        let right_leftmost = page::leftmost(self.pager.page(right));
        if cut < left_count {
            let leftmost = page::child(self.pager.page(left), cut);
            self.insert_child_into(cx, right, 0, &separator, right_leftmost);
            self.move_between(cx, left, cut + 1, left_count - cut - 1, right, 0);
            self.set_leftmost(cx, right, leftmost);
            self.remove_at(cx, left, cut);
        } else {
            let lifted = cut - left_count - 1;
            let leftmost = page::child(self.pager.page(right), lifted);
            self.insert_child_into(cx, left, left_count, &separator, right_leftmost);
            self.move_between(cx, right, 0, lifted, left, left_count + 1);
            self.set_leftmost(cx, right, leftmost);
            self.remove_at(cx, right, 0);
        }
    }

    /// True when the parent has room for a separator of this length in place of the one at `slot`, or can be split.
    fn can_replace_separator(&self, parent: FrameId, slot: usize, key_len: usize) -> bool {
        let bytes = self.pager.page(parent);
        let fits = page::total_free(bytes) + page::cell_cost(bytes, slot) >= page::separator_cost(key_len);
        fits || self.can_have(self.path.len() as u32 + 2)
    }

    /// Changes the separator at `slot` of the pinned parent, splitting it if the new one is too long. True: the parent
    /// may have too little now.
    fn replace_separator(
        &mut self,
        cx: &mut Cx,
        parent: FrameId,
        slot: usize,
        separator: Vec<u8>,
        right_child: PageId,
        step: Step,
    ) -> Result<bool, StorageError> {
        let bytes = self.pager.page(parent);
        let level = page::level(bytes);
        if page::total_free(bytes) + page::cell_cost(bytes, slot) >= page::separator_cost(separator.len()) {
            let edit = Edit::ReplaceChild { slot, key: &separator, child: right_child };
            self.change(cx, parent, edit, |bytes, lsn| Event::SeparatorReplaced {
                page: page::page_id(bytes),
                slot: slot as u16,
                key: Bytes::from(&separator[..]),
                used: page::used(bytes),
                lsn,
            });
            return Ok(true);
        }
        self.remove_at(cx, parent, slot);
        // The split must not take the page for one that grows at its right edge.
        self.path.push(Step { child: slot, last: false, ..step });
        self.insert_separator(cx, separator, right_child, level)?;
        Ok(false)
    }

    fn id(&self, frame: FrameId) -> PageId {
        page::page_id(self.pager.page(frame))
    }
}

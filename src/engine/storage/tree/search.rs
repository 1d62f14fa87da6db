//! The way down, and looking up one key.
//!
//! A descent holds a page pinned until its child is pinned too. In each page binary search gives the number of keys
//! below the one sought; in an inner page that is the child to take, because a separator is the smallest key to its
//! right.

use super::*;
use crate::page::Value;

/// Where a descent goes.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Key(&'a [u8]),
    /// The leftmost leaf.
    First,
    /// The rightmost leaf.
    Last,
}

impl Tree {
    /// Looks a key up; its value, if it is there.
    pub fn get(&mut self, cx: &mut Cx, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let mut value = None;
        self.get_with(cx, key, |bytes| value = Some(bytes.to_vec()))?;
        Ok(value)
    }

    /// Looks a key up and shows its value without copying it; false: the key is not there.
    #[inline]
    pub fn get_with(&mut self, cx: &mut Cx, key: &[u8], show: impl FnOnce(&[u8])) -> Result<bool, StorageError> {
        let (outcome, _) = self.operate(cx, Operation::Get, key, 0, |tree, cx| {
            let frame = tree.descend(cx, Target::Key(key), false)?;
            let (slot, found) = tree.search_leaf(cx, frame, key);
            let shown = if found { tree.show_value(cx, frame, slot, show) } else { Ok(()) };
            tree.pager.unpin(cx, frame);
            shown?;
            Ok((if found { Outcome::Found } else { Outcome::Absent }, 0))
        })?;
        Ok(outcome == Outcome::Found)
    }

    /// Hands the value at `slot` of a pinned leaf to `show`.
    pub(super) fn show_value(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        slot: usize,
        show: impl FnOnce(&[u8]),
    ) -> Result<(), StorageError> {
        match page::value(self.pager.page(leaf), slot) {
            Value::Inline(bytes) => show(bytes),
            Value::Overflow(first) => show(&self.read_overflow(cx, first)?),
        }
        Ok(())
    }

    /// Goes down to a leaf, which is pinned then. With `remember` the inner pages on the way are left in `path`.
    #[inline]
    pub(super) fn descend(&mut self, cx: &mut Cx, target: Target, remember: bool) -> Result<FrameId, StorageError> {
        self.descend_to(cx, target, 0, remember)
    }

    /// Goes down to the page of the given level.
    #[inline]
    pub(super) fn descend_to(
        &mut self,
        cx: &mut Cx,
        target: Target,
        goal: u8,
        remember: bool,
    ) -> Result<FrameId, StorageError> {
        // Asked once for the whole way: this is the path that every operation takes.
        if cx.recorder.is_on() {
            self.descend_recorded(cx, target, goal, remember)
        } else {
            self.descend_watched::<false>(cx, target, goal, remember)
        }
    }

    #[inline(never)]
    fn descend_recorded(
        &mut self,
        cx: &mut Cx,
        target: Target,
        goal: u8,
        remember: bool,
    ) -> Result<FrameId, StorageError> {
        self.descend_watched::<true>(cx, target, goal, remember)
    }

    #[inline(always)]
    fn descend_watched<const WATCHED: bool>(
        &mut self,
        cx: &mut Cx,
        target: Target,
        goal: u8,
        remember: bool,
    ) -> Result<FrameId, StorageError> {
        self.path.clear();
        if self.meta.height <= goal {
            let what = "there is no root: the file was lost or damaged (clear starts anew)".to_string();
            return Err(StorageError::Corrupt { page: PageId::META, what });
        }
        let mut level = self.meta.height - 1;
        let mut frame = self.fetch_node_watched::<WATCHED>(cx, self.meta.root, level)?;
        let mut rightmost = true;
        while level > goal {
            let bytes = self.pager.page(frame);
            let count = page::slot_count(bytes);
            let (child, found) = match target {
                Target::Key(key) => {
                    let (slot, found) = page::search(bytes, key);
                    (slot + usize::from(found), found)
                }
                Target::First => (0, false),
                Target::Last => (count, false),
            };
            let next = page::child_for(bytes, child);
            let page = page::page_id(bytes);
            rightmost &= child == count;
            if remember {
                self.path.push(Step { page, child, last: rightmost });
            }
            cx.emit_watched::<WATCHED>(|| Event::Searched { page, slot: child as u16, found, child: next });
            level -= 1;
            let fetched = self.fetch_node_watched::<WATCHED>(cx, next, level);
            self.pager.unpin_watched::<WATCHED>(cx, frame);
            frame = fetched?;
        }
        Ok(frame)
    }

    /// Binary search in a pinned leaf.
    #[inline]
    pub(super) fn search_leaf(&mut self, cx: &mut Cx, leaf: FrameId, key: &[u8]) -> (usize, bool) {
        let bytes = self.pager.page(leaf);
        let (slot, found) = page::search(bytes, key);
        cx.emit(|| Event::Searched { page: page::page_id(bytes), slot: slot as u16, found, child: PageId::NONE });
        (slot, found)
    }
}

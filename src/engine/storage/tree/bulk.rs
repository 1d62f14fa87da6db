//! Building a tree from sorted records, bottom up: leaves are filled one after the other, and each new page hands its
//! first key to the page above, which is filled in the same way.
//!
//! The tree is valid after every record but for its right edge, whose pages may hold little; [`BulkLoad::finish`] mends
//! that.

use super::insert::Incoming;
use super::search::Target;
use super::*;
use crate::page::Value;
use glassbase_trace::bytes::show;
use glassbase_trace::decimal::fixed;

/// A bulk load under way.
#[derive(Clone, Debug)]
pub struct BulkLoad {
    fill: f64,
    /// The rightmost page of each level, the leaf first.
    open: Vec<PageId>,
    last_key: Option<Vec<u8>>,
    loaded: u64,
}

impl Tree {
    /// Begins to load sorted records into an empty tree, filling pages to `fill` (0.5 to 1).
    pub fn begin_bulk_load(&self, fill: f64) -> Result<BulkLoad, StorageError> {
        if self.records() != 0 || self.height() != 1 {
            return Err(StorageError::NotEmpty { records: self.records() });
        }
        if !(0.5..=1.0).contains(&fill) {
            return Err(StorageError::BadOption {
                option: "fill",
                what: format!("{} is not from 0.5 to 1", fixed(fill, 3)),
            });
        }
        Ok(BulkLoad { fill, open: vec![self.meta.root], last_key: None, loaded: 0 })
    }

    /// Loads records that come in ascending order of their keys into an empty tree. Returns how many there were.
    pub fn bulk_load(
        &mut self,
        cx: &mut Cx,
        records: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>,
        fill: f64,
    ) -> Result<u64, StorageError> {
        let mut load = self.begin_bulk_load(fill)?;
        let (_, count) = self.operate(cx, Operation::BulkLoad, &[], 0, |tree, cx| {
            for (key, value) in records {
                load.push(cx, tree, &key, &value)?;
            }
            load.finish(cx, tree)?;
            Ok((Outcome::Done, load.loaded))
        })?;
        Ok(count)
    }
}

impl BulkLoad {
    /// Records loaded so far.
    pub fn loaded(&self) -> u64 {
        self.loaded
    }

    /// Appends a record, whose key is greater than all before.
    pub fn push(&mut self, cx: &mut Cx, tree: &mut Tree, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let result = self.append(cx, tree, key, value);
        if result.is_err() {
            tree.pager.release_all(cx);
        }
        result
    }

    fn append(&mut self, cx: &mut Cx, tree: &mut Tree, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        tree.check_lengths(key, value)?;
        if let Some(last) = &self.last_key
            && key <= &last[..]
        {
            return Err(StorageError::NotAscending { last: show(last), key: show(key) });
        }
        let inline = page::is_inline(tree.page_size(), key.len(), value.len());
        let for_value = if inline { 0 } else { tree.overflow_pages(value.len()) };
        tree.reserve(cx, for_value + self.open.len() as u32 + 1)?;
        let value_in_leaf =
            if inline { Value::Inline(value) } else { Value::Overflow(tree.write_overflow(cx, value)?) };
        let incoming = Incoming { key, value: value_in_leaf, value_len: value.len() };
        let mut leaf = tree.fetch_node(cx, self.open[0], 0)?;
        if self.is_filled(tree, tree.pager.page(leaf), incoming.cost()) {
            leaf = self.next_leaf(cx, tree, leaf, key)?;
        }
        let end = page::slot_count(tree.pager.page(leaf));
        tree.insert_into(cx, leaf, end, &incoming);
        tree.pager.unpin(cx, leaf);
        tree.meta.records += 1;
        let records = tree.meta.records;
        cx.emit(|| Event::RecordCount { records });
        self.loaded += 1;
        self.last_key = Some(key.to_vec());
        Ok(())
    }

    /// Mends the right edge.
    pub fn finish(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        let result = self.mend(cx, tree);
        if result.is_err() {
            tree.pager.release_all(cx);
        }
        result
    }

    fn mend(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        let mut level = 0;
        while level + 1 < tree.height() {
            let frame = tree.descend_to(cx, Target::Last, level, true)?;
            let page = page::page_id(tree.pager.page(frame));
            tree.pager.unpin(cx, frame);
            tree.rebalance(cx, page, level)?;
            level += 1;
        }
        Ok(())
    }

    /// True when a page has as much as it is to have.
    fn is_filled(&self, tree: &Tree, bytes: &[u8], cost: usize) -> bool {
        let count = page::slot_count(bytes);
        if !tree.has_room(bytes, cost) {
            return true;
        }
        if tree.options.order != 0 {
            let target = (tree.max_cells() as f64 * self.fill) as usize;
            return count >= target.max(tree.max_cells().div_ceil(2));
        }
        // However low the target, a page that others will follow has a quarter: the least that the tree allows.
        let enough = page::used(bytes) as usize >= tree.capacity() / 4;
        let target = tree.capacity() as f64 * self.fill;
        enough && f64::from(page::used(bytes)) + cost as f64 > target
    }

    /// A new rightmost leaf, pinned in place of the old one.
    fn next_leaf(&mut self, cx: &mut Cx, tree: &mut Tree, old: FrameId, key: &[u8]) -> Result<FrameId, StorageError> {
        let old_page = self.open[0];
        let (page, leaf) = tree.allocate(cx)?;
        tree.format(cx, leaf, PageKind::Leaf, 0);
        let before = page::prev(tree.pager.page(old));
        tree.link(cx, old, before, page);
        tree.link(cx, leaf, old_page, PageId::NONE);
        tree.pager.unpin(cx, old);
        self.open[0] = page;
        let added = self.add_separator(cx, tree, 1, key, page, old_page);
        if added.is_err() {
            tree.pager.unpin(cx, leaf);
        }
        added.map(|()| leaf)
    }

    /// Hands the first key of a new page to the level above; `before` is the page to the left of `child`.
    fn add_separator(
        &mut self,
        cx: &mut Cx,
        tree: &mut Tree,
        level: usize,
        key: &[u8],
        child: PageId,
        before: PageId,
    ) -> Result<(), StorageError> {
        if level == self.open.len() {
            let (root, frame) = tree.allocate(cx)?;
            tree.format(cx, frame, PageKind::Inner, level as u8);
            tree.set_leftmost(cx, frame, before);
            tree.insert_child_into(cx, frame, 0, key, child);
            tree.pager.unpin(cx, frame);
            self.open.push(root);
            return tree.set_root(cx, root, level as u8 + 1);
        }
        let frame = tree.fetch_node(cx, self.open[level], level as u8)?;
        if !self.is_filled(tree, tree.pager.page(frame), page::separator_cost(key.len())) {
            let end = page::slot_count(tree.pager.page(frame));
            tree.insert_child_into(cx, frame, end, key, child);
            tree.pager.unpin(cx, frame);
            return Ok(());
        }
        tree.pager.unpin(cx, frame);
        let (page, frame) = tree.allocate(cx)?;
        tree.format(cx, frame, PageKind::Inner, level as u8);
        tree.set_leftmost(cx, frame, child);
        tree.pager.unpin(cx, frame);
        let before = std::mem::replace(&mut self.open[level], page);
        self.add_separator(cx, tree, level + 1, key, page, before)
    }
}

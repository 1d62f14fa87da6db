//! The B+tree (Bayer and McCreight, "Organization and Maintenance of Large Ordered Indexes", 1972; with all records in
//! linked leaves: Comer, "The Ubiquitous B-Tree", 1979), on pages of variable-length cells.
//!
//! ```text
//!                     ┌──────────┐
//!   level 1           │  20   40 │            a separator is the smallest key of the subtree to its right
//!                     └┬────┬───┬┘
//!            ┌─────────┘    │   └────────┐
//!   level 0  │10 15│◀────▶│20 30│◀────▶│40 41│   leaves hold the records and know their neighbours
//! ```
//!
//! - [`search`]: the way down; get and scan.
//! - [`insert`] and [`split`]: a full page is split by bytes (or by keys when an order is given), at the right edge for
//!   ascending keys so that pages stay full.
//! - [`delete`] and [`rebalance`]: a page with too little merges with a neighbour, or borrows from it.
//! - [`many`]: looking up and deleting many keys at a time.
//! - [`bulk`]: building from sorted records, bottom up.
//! - [`overflow`]: chains of pages for long values. [`allocate`]: the free list.
//! - [`durable`], [`logged`]: what is added when changes are written to a log first, and how they are taken back.
//! - [`room`]: what the log needs of the disk.
//! - [`state`], [`verify`]: the tree described, and checked.
//!
//! **Invariants** ([`Tree::verify`] checks them all): keys ascend within a page and across the leaves; every key lies
//! between its separators; all leaves have the same depth; no page but the root and those on the right edge has less than
//! a quarter of its bytes (or half of its keys) in use; neighbours link to each other; every page of the file is the meta
//! page, in the tree, in one overflow chain, or in the free list.
//!
//! Two exceptions. An inner page may have less when its separators are long: the one that goes up at a split may leave
//! little on one side; one separator it always has. And on a disk with a page limit a borrow whose new separator would
//! need a page that cannot be had is left out, and the page stays underfull.

mod allocate;
mod bulk;
mod delete;
mod durable;
mod insert;
mod logged;
mod many;
mod overflow;
mod rebalance;
mod room;
mod scan;
mod search;
mod split;
mod state;
mod verify;

pub use bulk::BulkLoad;
pub(crate) use logged::key_undo;
pub use verify::Verification;

use super::error::StorageError;
use super::page::{self, Edit, Meta};
use super::pager::Pager;
use super::{Options, SplitPolicy};
use glassbase_sim::{Cx, Disk};
use glassbase_trace::{Event, FrameId, Lsn, Operation, Outcome, PageId, PageKind};

/// The longest value: 64 MiB. What is longer is a mistake rather than a record.
pub const VALUE_BYTES_MAX: usize = 64 << 20;

/// One inner page on the way down.
#[derive(Clone, Copy, Debug)]
struct Step {
    page: PageId,
    /// Which child was taken: 0 the leftmost, `k` the one to the right of separator `k - 1`.
    child: usize,
    /// No separator lies to the right of that child.
    last: bool,
}

/// A B+tree in a file of its own.
#[derive(Clone)]
pub struct Tree {
    options: Options,
    pager: Pager,
    /// The meta page's content; what is on the page follows at a change of root and at a flush.
    meta: Meta,
    /// The inner pages of the last descent, from the root down.
    path: Vec<Step>,
}

impl Tree {
    /// An empty tree on a new disk, durable.
    pub fn create(cx: &mut Cx, options: &Options) -> Result<Tree, StorageError> {
        options.check()?;
        let disk = Disk::new(cx, options.device, options.page_size as usize, options.disk_pages);
        let pager = Pager::new(disk, options.frames);
        let mut tree = Tree { options: options.clone(), pager, meta: Meta::default(), path: Vec::new() };
        let (meta_page, meta_frame) = tree.allocate(cx)?;
        debug_assert_eq!(meta_page, PageId::META);
        tree.format(cx, meta_frame, PageKind::Meta, 0);
        tree.pager.unpin(cx, meta_frame);
        let (root, root_frame) = tree.allocate(cx)?;
        tree.format(cx, root_frame, PageKind::Leaf, 0);
        tree.pager.unpin(cx, root_frame);
        tree.set_root(cx, root, 1)?;
        tree.pager.flush(cx)?;
        Ok(tree)
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Levels of the tree: 1 when the root is a leaf.
    pub fn height(&self) -> u8 {
        self.meta.height
    }

    pub fn records(&self) -> u64 {
        self.meta.records
    }

    /// Pages of the file.
    pub fn page_count(&self) -> u32 {
        self.pager.disk.page_count()
    }

    /// The longest key that fits.
    pub fn max_key_len(&self) -> usize {
        page::max_key_len(self.page_size())
    }

    /// The newest bytes of a page, in the pool or on the disk.
    pub fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.pager.peek_unchecked(page).map(<[u8]>::to_vec)
    }

    /// About how much memory the tree holds.
    pub fn approx_bytes(&self) -> usize {
        self.page_count() as usize * (self.page_size() + 64)
    }

    /// Writes all dirty pages and makes them durable.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.operate(cx, Operation::Flush, &[], 0, |tree, cx| {
            tree.write_meta(cx)?;
            tree.pager.flush(cx)?;
            Ok((Outcome::Done, 0))
        })?;
        Ok(())
    }

    /// Power fails: the pool is gone, unsynced writes are kept, lost or torn; then the tree is opened from the disk.
    /// Without a log it may come back damaged, which [`Tree::verify`] tells. An error means that not even the meta page
    /// could be read: every operation fails from then on.
    pub fn crash(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let mut disk = self.pager.disk.clone();
        disk.crash(cx);
        self.pager = Pager::new(disk, self.options.frames);
        self.path.clear();
        let opened = self.open_meta();
        if opened.is_err() {
            self.meta = Meta::default();
        }
        self.emit_state(cx);
        opened
    }

    /// Turns one bit of a stored page over. The page leaves the pool (written first, if it is dirty), so that the next
    /// access reads it.
    pub fn flip_bit(&mut self, cx: &mut Cx, page: PageId, bit: u32) -> Result<(), StorageError> {
        if page.0 >= self.page_count() {
            let what = format!("the file has {} pages", self.page_count());
            return Err(StorageError::Corrupt { page, what });
        }
        self.pager.write_page(cx, page)?;
        self.pager.discard(cx, page);
        self.pager.disk.flip_bit(cx, page, bit)?;
        self.emit_state(cx);
        Ok(())
    }

    /// The disk below, for what a lab or test does to it.
    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.pager.disk
    }

    /// Reads the meta page of a disk that was just opened, and counts what is really there.
    fn open_meta(&mut self) -> Result<(), StorageError> {
        self.meta = page::meta(self.pager.peek(PageId::META)?);
        let newest = (0..self.page_count()).filter_map(|page| self.pager.peek(PageId(page)).ok()).map(page::lsn).max();
        self.meta.next_lsn = self.meta.next_lsn.max(newest.unwrap_or_default().0 + 1);
        self.meta.records = self.count_records();
        Ok(())
    }

    fn page_size(&self) -> usize {
        self.options.page_size as usize
    }

    fn capacity(&self) -> usize {
        page::capacity(self.page_size())
    }

    /// Most cells of a page.
    fn max_cells(&self) -> usize {
        if self.options.order == 0 { usize::MAX } else { self.options.order as usize - 1 }
    }

    /// Runs an operation between its two events. `work` gives the outcome and a count.
    #[inline]
    fn operate(
        &mut self,
        cx: &mut Cx,
        operation: Operation,
        key: &[u8],
        value_len: usize,
        work: impl FnOnce(&mut Tree, &mut Cx) -> Result<(Outcome, u64), StorageError>,
    ) -> Result<(Outcome, u64), StorageError> {
        let value_len = value_len as u32;
        let cause = cx.begin(|| Event::OperationBegun { operation, key: key.into(), value_len });
        let records = self.meta.records;
        let result = work(self, cx);
        if result.is_err() {
            self.pager.release_all(cx);
        }
        debug_assert!(self.pager.pool.nothing_pinned(), "what an operation pins it unpins");
        cx.counters.operations += 1;
        if operation.puts() {
            cx.put_bytes += key.len() as u64 + u64::from(value_len);
        }
        if cx.recorder.is_on() {
            if self.meta.records != records {
                let records = self.meta.records;
                cx.emit(|| Event::RecordCount { records });
            }
            let (outcome, count) = *result.as_ref().unwrap_or(&(Outcome::Failed, 0));
            cx.emit(|| Event::OperationEnded { operation, outcome, count: count.min(u64::from(u32::MAX)) as u32 });
        }
        cx.end(cause);
        result
    }

    /// Changes a pinned page, and logs it if there is a log: the one way in which this tree changes pages, but for
    /// [`Tree::move_between`], which is two edits in one. `event` tells it, given the page as it is then and its new LSN.
    #[inline]
    fn change(&mut self, cx: &mut Cx, frame: FrameId, edit: Edit<'_>, event: impl FnOnce(&[u8], Lsn) -> Event) {
        let lsn = if self.is_logged() { self.log_edit(cx, frame, &edit) } else { self.next_lsn() };
        let id = self.pager.pool.frame(frame).page;
        let bytes = self.pager.page_mut(cx, frame);
        let reclaimed = edit.apply(bytes, id);
        page::set_lsn(bytes, lsn);
        if reclaimed > 0 {
            cx.emit(|| Event::PageCompacted { page: id, reclaimed, lsn });
        }
        let bytes = self.pager.page(frame);
        cx.emit_change(id, bytes, || event(bytes, lsn));
    }

    fn next_lsn(&mut self) -> Lsn {
        let lsn = Lsn(self.meta.next_lsn);
        self.meta.next_lsn += 1;
        lsn
    }

    /// Makes a pinned page an empty one of its kind.
    fn format(&mut self, cx: &mut Cx, frame: FrameId, kind: PageKind, level: u8) {
        let page = self.pager.pool.frame(frame).page;
        let edit = Edit::Format { kind, level, next: PageId::NONE, prev: PageId::NONE };
        self.change(cx, frame, edit, |_, lsn| Event::PageFormatted { page, kind, level, lsn });
    }

    fn set_root(&mut self, cx: &mut Cx, root: PageId, height: u8) -> Result<(), StorageError> {
        let before = (self.meta.root, self.meta.height);
        (self.meta.root, self.meta.height) = (root, height);
        let written = self.edit_meta(cx, |lsn, _| Event::RootChanged { root, height, lsn });
        if written.is_err() {
            (self.meta.root, self.meta.height) = before;
        }
        written
    }

    fn write_meta(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.edit_meta(cx, |lsn, records| Event::MetaWritten { records, lsn })
    }

    fn edit_meta(&mut self, cx: &mut Cx, event: impl FnOnce(Lsn, u64) -> Event) -> Result<(), StorageError> {
        let frame = self.pager.fetch(cx, PageId::META)?;
        let mut meta = self.meta;
        meta.next_lsn += 1;
        self.change(cx, frame, Edit::SetMeta(meta), |_, lsn| event(lsn, meta.records));
        self.pager.unpin(cx, frame);
        Ok(())
    }

    /// Pins a page of the tree and makes sure that it is what its place in the tree says.
    #[inline]
    fn fetch_node(&mut self, cx: &mut Cx, page: PageId, level: u8) -> Result<FrameId, StorageError> {
        self.fetch_node_watched::<true>(cx, page, level)
    }

    /// As [`Tree::fetch_node`]; without `WATCHED`, recording is off.
    #[inline(always)]
    fn fetch_node_watched<const WATCHED: bool>(
        &mut self,
        cx: &mut Cx,
        page: PageId,
        level: u8,
    ) -> Result<FrameId, StorageError> {
        let frame = self.pager.fetch_watched::<WATCHED>(cx, page)?;
        if page::is_node(self.pager.page(frame), level) { Ok(frame) } else { Err(self.not_a_node(cx, frame, level)) }
    }

    #[cold]
    fn not_a_node(&mut self, cx: &mut Cx, frame: FrameId, level: u8) -> StorageError {
        let (page, bytes) = (self.pager.pool.frame(frame).page, self.pager.page(frame));
        let (found, at) = (page::kind(bytes).map_or("unknown", PageKind::word), page::level(bytes));
        let what = format!("a page of level {level} is expected here, this one is {found} of level {at}");
        self.pager.unpin(cx, frame);
        StorageError::Corrupt { page, what }
    }
}

//! The heap file: rows in no order, each found by where it is.
//!
//! ```text
//!   page 0   page 1   page 2        page 3        page 4        page 5
//!   ┌──────┐ ┌──────┐ ┌───────────┐ ┌───────────┐ ┌───────────┐ ┌──────────┐
//!   │ meta │ │ map  │ │ row row   │ │ row stub ─┼─┼▶ moved    │ │ part of  │
//!   │      │ │ 3 0 9│ │ long row ─┼─┼───────────┼─┼───────────┼─┼▶ a row   │
//!   └──────┘ └──────┘ └───────────┘ └───────────┘ └───────────┘ └──────────┘
//! ```
//!
//! A row id is a page and a slot of it. Indexes will hold row ids, so a row id has to stay true whatever happens to the row:
//!
//! - a row that grows takes another place in its page, which is compacted when its free space is scattered;
//! - a row that outgrows its page moves to another one and leaves a forwarding address, a *stub*, in its place. When it
//!   moves again, the stub is changed: a look-up never follows more than one. (Astrahan et al., "System R: Relational
//!   Approach to Database Management", 1976, section "Tuple storage".)
//! - a row that is longer than half of a page goes to a chain of overflow pages.
//!
//! Where there is room for a new row the *free-space map* knows: one byte for each page, in pages of the same file, as in
//! PostgreSQL (its source, `backend/storage/freespace/README`). There the bytes of a page form a search tree, and pages of
//! maps form one above; here the map's pages are searched byte by byte, and what the most in each of them is is remembered
//! in memory.
//!
//! - [`layout`]: the bytes. [`insert`], [`update`], [`delete`], [`read`]: the operations.
//! - [`space`]: the map, pages taken and given up. [`overflow`]: chains.
//! - [`state`], [`describe`], [`verify`]: the file described, and checked.
//!
//! **Invariants** ([`Heap::verify`] checks them all): every page is the meta page, a page of the map, of rows, of one
//! overflow chain, or free; each stub leads to a moved row that knows the way back, and each moved row has one stub; the
//! map says of each page exactly the class of the room that it has; a page without rows is free; the count of rows is right.
//! All pages that an operation changes are pinned, and those that it needs are reserved, before it changes the first.

mod delete;
mod describe;
mod insert;
pub mod layout;
mod overflow;
mod read;
mod space;
mod state;
mod update;
mod verify;

use std::rc::Rc;

use super::Options;
use super::error::StorageError;
use super::page;
use super::pager::Pager;
use super::tree::Verification;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::heap::{Patch, detailed_pages};
use glassbase_trace::{CellKind, Event, FrameId, HeapKind, HeapOperation, Lsn, Outcome, PageId, RowId};
use layout::Meta;

pub use describe::describe;
pub use layout::inline_max;
pub use read::Scan;

/// The longest row: 64 MiB.
pub const ROW_BYTES_MAX: usize = 64 << 20;

/// A heap file on a disk of its own.
#[derive(Clone)]
pub struct Heap {
    options: Options,
    pager: Pager,
    /// The meta page's content; what is on the page follows at a flush.
    meta: Meta,
    /// The page that the last row went to: the next one tries it first.
    target: PageId,
    /// By page of the map: no class on it is above this one.
    most: Vec<u8>,
    /// The page beyond those told in detail that was used last.
    spotlight: PageId,
    /// Pages that nothing leads to any more, but that could not be given up yet.
    owed: Vec<PageId>,
    /// Pages that could not be read when the file was opened: their rows are in no count.
    uncounted: Vec<PageId>,
}

/// What an operation gives: how it ended, the row that it was about, a count.
type Done = (Outcome, RowId, u64);

impl Heap {
    /// An empty heap file on a new disk, durable.
    pub fn create(cx: &mut Cx, options: &Options) -> Result<Heap, StorageError> {
        options.check()?;
        let disk = Disk::new(cx, options.device, options.page_size as usize, options.disk_pages);
        let pager = Pager::new(disk, options.frames);
        let mut heap = Heap::over(pager, options);
        let page = heap.pager.disk.extend(cx)?;
        debug_assert_eq!(page, PageId::META);
        let frame = heap.pager.create(cx, page)?;
        heap.format(cx, frame, HeapKind::Meta);
        heap.pager.unpin(cx, frame);
        heap.extend_map(cx)?;
        heap.write_meta(cx)?;
        heap.pager.flush(cx)?;
        Ok(heap)
    }

    fn over(pager: Pager, options: &Options) -> Heap {
        Heap {
            options: options.clone(),
            pager,
            meta: Meta::default(),
            target: PageId::NONE,
            most: Vec::new(),
            spotlight: PageId::NONE,
            owed: Vec::new(),
            uncounted: Vec::new(),
        }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn rows(&self) -> u64 {
        self.meta.rows
    }

    /// Pages of the file.
    pub fn page_count(&self) -> u32 {
        self.pager.disk.page_count()
    }

    /// Pages that are free.
    pub fn free_pages(&self) -> u32 {
        self.meta.free_pages
    }

    /// The newest bytes of a page, in the pool or on the disk.
    pub fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.pager.peek_unchecked(page).map(<[u8]>::to_vec)
    }

    /// About how much memory the file holds.
    pub fn approx_bytes(&self) -> usize {
        self.page_count() as usize * (self.page_size() + 64)
    }

    /// Writes all dirty pages and makes them durable.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.operate(cx, HeapOperation::Flush, RowId::NONE, 0, |heap, cx| {
            heap.write_meta(cx)?;
            heap.pager.flush(cx)?;
            Ok((Outcome::Done, RowId::NONE, 0))
        })?;
        Ok(())
    }

    /// Makes the free space of a page one piece. Returns the bytes that were scattered; none when it is no page of rows.
    pub fn compact(&mut self, cx: &mut Cx, page: PageId) -> Result<Option<u32>, StorageError> {
        let about = RowId { page, slot: 0 };
        let (outcome, _, count) = self.operate(cx, HeapOperation::Compact, about, 0, |heap, cx| {
            let frame = heap.pager.fetch(cx, page)?;
            heap.shine(cx, frame);
            let rows = layout::is_rows(heap.pager.page(frame));
            let garbage = if rows { layout::garbage(heap.pager.page(frame)) } else { 0 };
            if garbage > 0 {
                heap.compact_page(cx, frame, None);
            }
            heap.pager.unpin(cx, frame);
            Ok((if rows { Outcome::Done } else { Outcome::Absent }, about, garbage as u64))
        })?;
        Ok((outcome == Outcome::Done).then_some(count as u32))
    }

    /// Reads a page and says what it is for; none when that is nothing known.
    pub fn read_page(&mut self, cx: &mut Cx, page: PageId) -> Result<Option<HeapKind>, StorageError> {
        let mut kind = None;
        let about = RowId { page, slot: 0 };
        self.operate(cx, HeapOperation::Read, about, 0, |heap, cx| {
            let frame = heap.pager.fetch(cx, page)?;
            heap.shine(cx, frame);
            kind = layout::kind(heap.pager.page(frame));
            heap.pager.unpin(cx, frame);
            Ok((Outcome::Done, about, 0))
        })?;
        Ok(kind)
    }

    /// Power fails: the pool is gone, unsynced writes are kept, lost or torn; then the file is opened from the disk. Without
    /// a log it may come back damaged, which [`Heap::verify`] tells. An error means that not even the meta page could be read.
    pub fn crash(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let mut disk = self.pager.disk.clone();
        disk.crash(cx);
        *self = Heap::over(Pager::new(disk, self.options.frames), &self.options);
        let opened = self.open();
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
        // The same bit flipped twice: what was damaged when the file was opened is whole again, and counts.
        if let Some(index) = self.uncounted.iter().position(|uncounted| *uncounted == page)
            && self.count(page)
        {
            self.uncounted.swap_remove(index);
        }
        self.emit_state(cx);
        Ok(())
    }

    /// The disk below, for what a lab or test does to it.
    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.pager.disk
    }

    /// Reads the meta page of a disk that was just opened, and counts what is really there.
    fn open(&mut self) -> Result<(), StorageError> {
        let maps = (0..self.page_count()).filter(|page| self.is_map(PageId(*page))).count();
        self.most = vec![u8::MAX; maps];
        self.meta = layout::meta(self.pager.peek(PageId::META)?);
        (self.meta.rows, self.meta.free_pages) = (0, 0);
        for page in (0..self.page_count()).map(PageId) {
            if !self.count(page) {
                self.uncounted.push(page);
            }
        }
        Ok(())
    }

    /// Adds what a page holds to the counts of the meta page; false, and nothing added, when it cannot be read.
    fn count(&mut self, page: PageId) -> bool {
        let Ok(bytes) = self.pager.peek(page) else { return false };
        self.meta.next_lsn = self.meta.next_lsn.max(page::lsn(bytes).0 + 1);
        match layout::kind(bytes) {
            Some(HeapKind::Rows) if layout::check_layout(bytes).is_err() => return false,
            Some(HeapKind::Rows) => self.meta.rows += read::rows_of(bytes).count() as u64,
            Some(HeapKind::Free) => self.meta.free_pages += 1,
            _ => {}
        }
        true
    }

    fn page_size(&self) -> usize {
        self.options.page_size as usize
    }

    /// Runs an operation between its two events.
    #[inline]
    fn operate(
        &mut self,
        cx: &mut Cx,
        operation: HeapOperation,
        row: RowId,
        length: usize,
        work: impl FnOnce(&mut Heap, &mut Cx) -> Result<Done, StorageError>,
    ) -> Result<Done, StorageError> {
        let cause = cx.begin(|| Event::HeapBegun { operation, row, length: length as u32 });
        self.pay(cx);
        let result = work(self, cx);
        if result.is_err() {
            self.pager.release_all(cx);
        }
        debug_assert!(self.pager.pool.nothing_pinned(), "what an operation pins it unpins");
        cx.counters.operations += 1;
        let rows = self.meta.rows;
        let (outcome, row, count) = *result.as_ref().unwrap_or(&(Outcome::Failed, row, 0));
        cx.emit(|| Event::HeapEnded { operation, row, outcome, count, rows });
        cx.end(cause);
        result
    }

    /// Changes a pinned page: `edit` does it, `event` tells it, given what the edit gave, the page as it is then, its new
    /// LSN, and what bytes are new.
    #[inline]
    fn change<T>(
        &mut self,
        cx: &mut Cx,
        frame: FrameId,
        edit: impl FnOnce(&mut [u8]) -> T,
        event: impl FnOnce(T, &[u8], Lsn, Patch) -> Event,
    ) {
        let before = cx.recorder.is_on().then(|| self.pager.pool.frame(frame).bytes.clone());
        self.change_from(cx, frame, before, edit, event);
    }

    /// As [`Heap::change`], where what is new is told in comparison with `before`.
    #[inline]
    fn change_from<T>(
        &mut self,
        cx: &mut Cx,
        frame: FrameId,
        before: Option<Rc<[u8]>>,
        edit: impl FnOnce(&mut [u8]) -> T,
        event: impl FnOnce(T, &[u8], Lsn, Patch) -> Event,
    ) {
        let lsn = Lsn(self.meta.next_lsn);
        self.meta.next_lsn += 1;
        let page = self.pager.pool.frame(frame).page;
        let told = self.is_told(page);
        let bytes = self.pager.page_mut(cx, frame);
        let given = edit(bytes);
        page::set_lsn(bytes, lsn);
        if told && cx.recorder.is_on() {
            // The pager does it when it writes a page; in those that are shown the checksum is always the right one.
            page::seal(bytes);
        }
        if let Some(before) = before {
            let bytes = self.pager.page(frame);
            let patch = if told { Patch::between(&before, bytes) } else { Patch::default() };
            cx.emit_change(page, bytes, || event(given, bytes, lsn, patch));
        }
    }

    /// Whether a page is told in detail.
    fn is_told(&self, page: PageId) -> bool {
        page.0 < detailed_pages(self.options.page_size) || page == self.spotlight
    }

    /// Makes a pinned page an empty one of its kind. The patch is one of a page of zeros.
    fn format(&mut self, cx: &mut Cx, frame: FrameId, kind: HeapKind) {
        let page = self.pager.pool.frame(frame).page;
        let zeros = cx.recorder.is_on().then(|| Rc::from(vec![0; self.page_size()]));
        let edit = |bytes: &mut [u8]| layout::format(bytes, page, kind);
        self.change_from(cx, frame, zeros, edit, |(), _, lsn, patch| Event::HeapFormatted { page, kind, lsn, patch });
    }

    /// Puts a cell where the slot leads to, with its bytes in two parts. Compacts the page if it must.
    fn put_cell(&mut self, cx: &mut Cx, frame: FrameId, slot: u16, kind: CellKind, head: &[u8], body: &[u8]) {
        let bytes = self.pager.page(frame);
        let (page, length) = (self.pager.pool.frame(frame).page, head.len() + body.len());
        debug_assert!(layout::fits(bytes, slot, length), "the caller made sure that it fits");
        let from = layout::slot(bytes, slot).offset;
        if layout::must_compact(bytes, slot, length) {
            let lifted = (from > 0).then_some(slot);
            self.compact_page(cx, frame, lifted);
        }
        let edit = |bytes: &mut [u8]| layout::put(bytes, slot, kind, head, body);
        self.change(cx, frame, edit, |put, bytes, lsn, patch| Event::HeapCellPut {
            page,
            slot,
            kind,
            offset: put.offset,
            length: put.length,
            from,
            slots: layout::slot_count(bytes) as u16,
            end: layout::free_end(bytes) as u16,
            garbage: layout::garbage(bytes) as u16,
            lsn,
            patch,
        });
    }

    fn free_slot(&mut self, cx: &mut Cx, frame: FrameId, slot: u16) {
        let page = self.pager.pool.frame(frame).page;
        let edit = |bytes: &mut [u8]| layout::free_slot(bytes, slot);
        self.change(cx, frame, edit, |(), bytes, lsn, patch| Event::HeapSlotFreed {
            page,
            slot,
            slots: layout::slot_count(bytes) as u16,
            end: layout::free_end(bytes) as u16,
            garbage: layout::garbage(bytes) as u16,
            lsn,
            patch,
        });
    }

    fn compact_page(&mut self, cx: &mut Cx, frame: FrameId, lifted: Option<u16>) {
        let page = self.pager.pool.frame(frame).page;
        let garbage = layout::garbage(self.pager.page(frame)) as u16;
        let edit = |bytes: &mut [u8]| layout::compact(bytes, lifted);
        self.change(cx, frame, edit, |shifts, bytes, lsn, patch| {
            let end = layout::free_end(bytes) as u16;
            Event::HeapCompacted { page, shifts, end, garbage, lsn, patch }
        });
    }

    fn write_meta(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let frame = self.pager.fetch(cx, PageId::META)?;
        let meta = Meta { next_lsn: self.meta.next_lsn + 1, ..self.meta };
        let edit = |bytes: &mut [u8]| layout::put_meta(bytes, &meta);
        self.change(cx, frame, edit, |(), _, lsn, patch| Event::HeapMetaWritten { lsn, patch });
        self.pager.unpin(cx, frame);
        Ok(())
    }
}

//! Pages by id: the pool in front of the disk.
//!
//! [`Pager::fetch`] gives a pinned frame, from the pool or read from the disk into a vacant or freed one. A page gets
//! its checksum when it is written and is checked when it is read.

use std::rc::Rc;

use super::error::StorageError;
use super::journal::Journal;
use super::page;
use super::pool::Pool;
use crate::sim::{Cx, Disk, MEMORY_ACCESS_NS};
use crate::trace::{Event, FrameId, PageId};

#[derive(Clone)]
pub struct Pager {
    pub disk: Disk,
    pub pool: Pool,
    /// What is written before the pages are, if anything is.
    pub journal: Option<Box<Journal>>,
}

impl Pager {
    pub fn new(disk: Disk, frames: u32) -> Pager {
        Pager { disk, pool: Pool::new(frames), journal: None }
    }

    /// Pins a page, reading it if it is not in the pool. Unpin it with [`Pager::unpin`].
    #[inline]
    pub fn fetch(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        self.fetch_watched::<true>(cx, page)
    }

    #[inline]
    pub fn unpin(&mut self, cx: &mut Cx, frame: FrameId) {
        self.unpin_watched::<true>(cx, frame);
    }

    /// As [`Pager::fetch`]; without `WATCHED`, recording is off and a hit does not ask again.
    #[inline(always)]
    pub fn fetch_watched<const WATCHED: bool>(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        cx.pass(MEMORY_ACCESS_NS);
        match self.pool.find(page) {
            Some(frame) => {
                self.pool.pin(frame);
                cx.counters.pool_hits += 1;
                cx.emit_watched::<WATCHED>(|| Event::PoolHit { page, frame });
                Ok(frame)
            }
            None => self.read_in(cx, page),
        }
    }

    /// As [`Pager::unpin`].
    #[inline(always)]
    pub fn unpin_watched<const WATCHED: bool>(&mut self, cx: &mut Cx, frame: FrameId) {
        self.pool.unpin(frame);
        cx.emit_watched::<WATCHED>(|| Event::PoolUnpinned { page: self.pool.frame(frame).page, frame });
    }

    /// The bytes of a pinned page.
    #[inline(always)]
    pub fn page(&self, frame: FrameId) -> &[u8] {
        &self.pool.frame(frame).bytes
    }

    /// The bytes of a pinned page, to be changed: it is dirty from now on.
    #[inline]
    pub fn page_mut(&mut self, cx: &mut Cx, frame: FrameId) -> &mut [u8] {
        let held = self.pool.frame_mut(frame);
        debug_assert!(held.pins > 0, "a page is pinned while it is changed");
        if !held.dirty {
            held.dirty = true;
            let page = held.page;
            cx.emit(|| Event::PoolDirtied { page, frame });
        }
        Rc::make_mut(&mut held.bytes)
    }

    /// The bytes of two pinned pages, both to be changed.
    pub fn two_mut(&mut self, cx: &mut Cx, a: FrameId, b: FrameId) -> (&mut [u8], &mut [u8]) {
        self.page_mut(cx, a);
        self.page_mut(cx, b);
        let (a, b) = self.pool.two_mut(a, b);
        (Rc::make_mut(&mut a.bytes), Rc::make_mut(&mut b.bytes))
    }

    /// Pins a frame of zeros for a page that is new and needs no read. Its old content, if any, is given up.
    pub fn create(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        cx.pass(MEMORY_ACCESS_NS);
        let zeros: Rc<[u8]> = Rc::from(vec![0; self.disk.page_size()]);
        if let Some(frame) = self.pool.find(page) {
            self.pool.pin(frame);
            self.pool.frame_mut(frame).bytes = zeros;
            cx.counters.pool_hits += 1;
            cx.emit(|| Event::PoolHit { page, frame });
            return Ok(frame);
        }
        let frame = self.free_frame(cx)?;
        self.pool.admit(frame, page, zeros);
        cx.emit(|| Event::PoolCreated { page, frame });
        Ok(frame)
    }

    /// Unpins whatever is pinned: an operation that met an error half-way does not come back for its pages.
    #[cold]
    pub fn release_all(&mut self, cx: &mut Cx) {
        for held in self.pool.state() {
            for _ in 0..held.pins {
                self.unpin(cx, held.frame);
            }
        }
    }

    /// Writes every dirty page and syncs.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        for frame in self.pool.dirty() {
            self.write_back(cx, frame)?;
        }
        self.sync_pages(cx)
    }

    /// Makes all pages that were written durable.
    pub fn sync_pages(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.disk.sync(cx)?;
        match &mut self.journal {
            Some(journal) => journal.pages_synced(cx, &mut self.disk),
            None => Ok(()),
        }
    }

    /// Writes one page, if it is in the pool and dirty.
    pub fn write_page(&mut self, cx: &mut Cx, page: PageId) -> Result<(), StorageError> {
        match self.pool.find(page) {
            Some(frame) if self.pool.frame(frame).dirty => self.write_back(cx, frame),
            _ => Ok(()),
        }
    }

    /// Takes a page out of the pool without writing it.
    pub fn discard(&mut self, cx: &mut Cx, page: PageId) {
        if let Some(frame) = self.pool.find(page) {
            self.pool.remove(frame);
            cx.emit(|| Event::PoolEvicted { page, frame });
        }
    }

    /// The newest version of a page, wherever it is, outside of virtual time; an error if the disk's image is damaged.
    pub fn peek(&self, page: PageId) -> Result<&[u8], StorageError> {
        if let Some(bytes) = self.peek_unchecked(page) {
            if self.pool.find(page).is_none() {
                page::check(bytes, page)?;
            }
            return Ok(bytes);
        }
        let what = format!("the file has {} pages", self.disk.page_count());
        Err(StorageError::Corrupt { page, what })
    }

    /// As [`Pager::peek`], damaged or not.
    pub fn peek_unchecked(&self, page: PageId) -> Option<&[u8]> {
        match self.pool.find(page) {
            Some(frame) => Some(self.page(frame)),
            None => self.disk.peek(page),
        }
    }

    #[cold]
    #[inline(never)]
    fn read_in(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        let frame = self.free_frame(cx)?;
        let bytes = match self.disk.read(cx, page) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.pool.give_back(frame);
                return Err(error.into());
            }
        };
        if let Err(error) = page::check(&bytes, page) {
            cx.emit(|| Event::DiskFault { text: error.to_string().into() });
            self.pool.give_back(frame);
            return Err(error);
        }
        self.pool.admit(frame, page, bytes);
        cx.counters.pool_misses += 1;
        cx.emit(|| Event::PoolMiss { page, frame });
        Ok(frame)
    }

    /// A vacant frame; evicts a page if there is none.
    fn free_frame(&mut self, cx: &mut Cx) -> Result<FrameId, StorageError> {
        if let Some(frame) = self.pool.vacant() {
            return Ok(frame);
        }
        let victim = self.pool.victim().ok_or(StorageError::AllPinned { frames: self.pool.capacity() })?;
        if self.pool.frame(victim).dirty {
            self.write_back(cx, victim)?;
        }
        let page = self.pool.frame(victim).page;
        self.pool.remove(victim);
        cx.counters.pool_evictions += 1;
        cx.emit(|| Event::PoolEvicted { page, frame: victim });
        Ok(self.pool.vacant().expect("the evicted page's frame is vacant"))
    }

    /// Seals a dirty page with its checksum and writes it; it is clean then.
    fn write_back(&mut self, cx: &mut Cx, frame: FrameId) -> Result<(), StorageError> {
        let held = self.pool.frame_mut(frame);
        page::seal(Rc::make_mut(&mut held.bytes));
        let (page, bytes) = (held.page, held.bytes.clone());
        if let Some(journal) = &mut self.journal {
            journal.before_write(cx, &mut self.disk, &bytes)?;
        }
        self.disk.write(cx, page, bytes)?;
        if let Some(journal) = &mut self.journal {
            journal.dirty.written(page);
        }
        self.pool.frame_mut(frame).dirty = false;
        cx.counters.pool_flushes += 1;
        cx.emit(|| Event::PoolFlushed { page, frame });
        Ok(())
    }
}

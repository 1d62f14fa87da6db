//! Pages by id: the pool in front of the disk.
//!
//! [`Pager::fetch`] gives a pinned frame, from the pool or read from the disk into a vacant or freed one. A page gets
//! its checksum when it is written and is checked when it is read.
//!
//! A dirty page may be written at any time, also before the work that changed it has ended (steal), and need not be
//! written when that work ends (no-force). It is written when its frame is wanted, by [`Pager::flush`], or by
//! [`Pager::flush_step`], the background flusher, so that a victim is clean more often.
//!
//! Misses that follow each other page by page are a run, also when other accesses come between; then the pages ahead are read in the same access, which costs
//! their transfer but no more seeks:
//!
//! ```text
//!   miss 40, miss 41 ─▶ read 41 42 43 44 45   42 to 45 are marked until their first use
//!   hit 42 … hit 45, miss 46 ─▶ read 46 47 48 49 50
//! ```

use std::rc::Rc;

use super::error::StorageError;
use super::journal::Journal;
use super::page;
use super::pool::Pool;
use super::replacement::{Arrival, Future, PolicyOptions, Victim};
use glassbase_sim::{Cx, Disk, MEMORY_ACCESS_NS};
use glassbase_trace::{Event, FrameId, PageId, ReplacementState};

#[derive(Clone)]
pub struct Pager {
    pub disk: Disk,
    pub pool: Pool,
    /// What is written before the pages are, if anything is.
    pub journal: Option<Box<Journal>>,
    /// Pages that are read ahead in a run; 0: none.
    read_ahead: u32,
    /// The runs that went on last, the newest first: scans may take turns.
    runs: [Run; RUNS],
}

/// Misses that follow each other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// The page whose miss would go on with the run.
    next: u32,
    /// Misses so far.
    length: u32,
}

/// Runs that are followed at a time.
const RUNS: usize = 4;
/// Misses in a row that make a run.
const RUN_MISSES: u32 = 2;

/// When the background flusher writes, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flusher {
    /// It writes while more than this share of the frames is dirty.
    pub percent: u32,
    /// Most pages in one step.
    pub batch: u32,
}

impl Pager {
    pub fn new(disk: Disk, frames: u32) -> Pager {
        let runs = [Run::default(); RUNS];
        Pager { disk, pool: Pool::new(frames), journal: None, read_ahead: 0, runs }
    }

    /// How pages are replaced, before any has come. `shown`: what the policy does in its lists is recorded.
    pub fn set_policy(&mut self, options: &PolicyOptions, shown: bool) {
        self.pool.set_policy(options, shown);
    }

    /// What the policy knows, if it is shown.
    pub fn replacement(&self) -> Option<Rc<ReplacementState>> {
        self.pool.shows_policy().then(|| Rc::new(self.pool.replacement(self.disk.page_count())))
    }

    /// Tells what will be accessed from now on to a policy that wants to know, the optimum.
    pub fn foretell(&mut self, cx: &mut Cx, accesses: &[u32]) {
        let mut telling = self.pool.telling(cx);
        self.pool.foretell(Rc::new(Future::new(accesses)), &mut telling);
        telling.emit(cx);
    }

    /// So many pages are read ahead in a run from now on; 0: none.
    pub fn set_read_ahead(&mut self, pages: u32) {
        self.read_ahead = pages;
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
            Some(frame) if WATCHED && self.pool.shows_policy() => {
                self.hit_shown(cx, page, frame);
                Ok(frame)
            }
            Some(frame) => {
                self.pool.pin(frame);
                cx.counters.pool_hits += 1;
                cx.emit_watched::<WATCHED>(|| Event::PoolHit { page, frame });
                Ok(frame)
            }
            None => self.read_in(cx, page),
        }
    }

    #[cold]
    #[inline(never)]
    fn hit_shown(&mut self, cx: &mut Cx, page: PageId, frame: FrameId) {
        let mut telling = self.pool.telling(cx);
        self.pool.pin_told(frame, &mut telling);
        cx.counters.pool_hits += 1;
        cx.emit(|| Event::PoolHit { page, frame });
        telling.emit(cx);
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
        let held = self.pool.frame(frame);
        debug_assert!(held.pins > 0, "a page is pinned while it is changed");
        if !held.dirty {
            let page = held.page;
            self.pool.mark_dirty(frame);
            cx.emit(|| Event::PoolDirtied { page, frame });
        }
        Rc::make_mut(&mut self.pool.frame_mut(frame).bytes)
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
            self.hit_shown(cx, page, frame);
            self.pool.frame_mut(frame).bytes = zeros;
            return Ok(frame);
        }
        let frame = self.free_frame(cx, page)?;
        let mut telling = self.pool.telling(cx);
        self.pool.admit(frame, page, zeros, Arrival::Asked, &mut telling);
        cx.emit(|| Event::PoolCreated { page, frame });
        telling.emit(cx);
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
            let mut telling = self.pool.telling(cx);
            self.pool.discard(frame, &mut telling);
            cx.counters.pool_evictions += 1;
            cx.emit(|| Event::PoolEvicted { page, frame });
            telling.emit(cx);
        }
    }

    /// One step of the background flusher: writes the pages that are dirty for longest and not pinned. Gives how many.
    pub fn flush_step(&mut self, cx: &mut Cx, flusher: Flusher) -> Result<u32, StorageError> {
        let many = u64::from(flusher.percent) * u64::from(self.pool.capacity());
        let mut written = 0;
        while written < flusher.batch && u64::from(self.pool.dirty_count()) * 100 > many {
            let Some(frame) = self.pool.oldest_dirty() else { break };
            self.write_back(cx, frame)?;
            written += 1;
        }
        Ok(written)
    }

    /// Gives the pool another size while it runs. When it shrinks, pages are evicted as the policy says, and those whose
    /// frames go move into frames that stay; a page pinned there refuses it before anything changes.
    pub fn resize(&mut self, cx: &mut Cx, frames: u32) -> Result<(), StorageError> {
        if frames == 0 {
            return Err(StorageError::BadOption { option: "frames", what: "a pool needs one frame at least".into() });
        }
        if let Some(page) = self.pool.pinned_from(frames) {
            return Err(StorageError::PinnedAbove { page, frames });
        }
        while self.pool.occupied() > frames {
            self.evict_one(cx, None)?;
        }
        while let Some((page, from, to)) = self.pool.pull_down(frames) {
            cx.emit(|| Event::PoolMoved { page, from, to });
        }
        let mut telling = self.pool.telling(cx);
        self.pool.set_capacity(frames, &mut telling);
        cx.emit(|| Event::PoolResized { frames });
        telling.emit(cx);
        Ok(())
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

    /// Reads a page that was asked for, and those ahead of it if it is one of a run.
    #[cold]
    #[inline(never)]
    fn read_in(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        let frame = self.free_frame(cx, page)?;
        let window = self.frames_ahead(cx, page);
        match self.read_into(cx, page, frame, Arrival::Asked) {
            Ok(()) => {
                self.fill_ahead(cx, window);
                Ok(frame)
            }
            Err(error) => {
                window.into_iter().for_each(|(_, frame)| self.pool.give_back(frame));
                Err(error)
            }
        }
    }

    /// Reads and checks a page; the frame is vacant again if that fails.
    fn read_into(&mut self, cx: &mut Cx, page: PageId, frame: FrameId, arrival: Arrival) -> Result<(), StorageError> {
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
        let mut telling = self.pool.telling(cx);
        self.pool.admit(frame, page, bytes, arrival, &mut telling);
        match arrival {
            Arrival::Asked => {
                cx.counters.pool_misses += 1;
                cx.emit(|| Event::PoolMiss { page, frame });
            }
            Arrival::Ahead => cx.emit(|| Event::PoolReadAhead { page, frame }),
        }
        telling.emit(cx);
        Ok(())
    }

    /// The pages to read ahead of `page`, with a free frame for each: none if this is no run. The frames are freed before
    /// anything is read, so that writing victims does not part the reads.
    fn frames_ahead(&mut self, cx: &mut Cx, page: PageId) -> Vec<(PageId, FrameId)> {
        let mut window = Vec::new();
        if self.read_ahead == 0 {
            return window;
        }
        let known = self.runs.iter().position(|run| run.length > 0 && run.next == page.0);
        let length = known.map_or(1, |place| self.runs[place].length.saturating_add(1));
        self.runs[..=known.unwrap_or(RUNS - 1)].rotate_right(1);
        self.runs[0] = Run { next: page.0 + 1, length };
        if length < RUN_MISSES {
            return window;
        }
        // Half of the pool at most: what is read ahead must still be there when it is used.
        let most = self.read_ahead.min(self.pool.capacity() / 2);
        let end = page.0.saturating_add(1).saturating_add(most).min(self.disk.page_count());
        for ahead in (page.0 + 1..end).map(PageId) {
            if self.pool.find(ahead).is_none() {
                let Some(frame) = self.frame_for_ahead(cx, ahead) else { break };
                window.push((ahead, frame));
            }
            self.runs[0].next = ahead.0 + 1;
        }
        window
    }

    /// A frame for a page that nobody has asked for. That it cannot be had, or its page not be written, is no error.
    fn frame_for_ahead(&mut self, cx: &mut Cx, page: PageId) -> Option<FrameId> {
        if let Some(frame) = self.pool.vacant() {
            return Some(frame);
        }
        let mut telling = self.pool.telling(cx);
        let victim = self.pool.victim_for_ahead(page, &mut telling);
        telling.emit(cx);
        self.evict(cx, victim?).ok()?;
        self.pool.vacant()
    }

    /// Reads the pages ahead. The first that cannot be read ends it: whoever asks for that page will be told why.
    fn fill_ahead(&mut self, cx: &mut Cx, window: Vec<(PageId, FrameId)>) {
        let mut window = window.into_iter();
        for (page, frame) in window.by_ref() {
            if self.read_into(cx, page, frame, Arrival::Ahead).is_err() {
                break;
            }
        }
        window.for_each(|(_, frame)| self.pool.give_back(frame));
    }

    /// A vacant frame for `incoming`; evicts a page if there is none.
    fn free_frame(&mut self, cx: &mut Cx, incoming: PageId) -> Result<FrameId, StorageError> {
        if let Some(frame) = self.pool.vacant() {
            return Ok(frame);
        }
        self.evict_one(cx, Some(incoming))?;
        Ok(self.pool.vacant().expect("the evicted page's frame is vacant"))
    }

    fn evict_one(&mut self, cx: &mut Cx, incoming: Option<PageId>) -> Result<(), StorageError> {
        let mut telling = self.pool.telling(cx);
        let victim = self.pool.victim(incoming, &mut telling);
        telling.emit(cx);
        self.evict(cx, victim.ok_or(StorageError::AllPinned { frames: self.pool.capacity() })?)
    }

    fn evict(&mut self, cx: &mut Cx, victim: Victim) -> Result<(), StorageError> {
        let Victim { frame, reason, number } = victim;
        let page = self.pool.frame(frame).page;
        if self.pool.shows_policy() {
            cx.emit(|| Event::PoolVictim { page, frame, reason, number });
        }
        if self.pool.frame(frame).dirty {
            self.write_back(cx, frame)?;
        }
        let mut telling = self.pool.telling(cx);
        self.pool.evict(frame, &mut telling);
        cx.counters.pool_evictions += 1;
        cx.emit(|| Event::PoolEvicted { page, frame });
        telling.emit(cx);
        Ok(())
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
        self.pool.mark_clean(frame);
        cx.counters.pool_flushes += 1;
        cx.emit(|| Event::PoolFlushed { page, frame });
        Ok(())
    }
}

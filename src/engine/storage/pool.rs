//! The buffer pool: frames that hold copies of pages.
//!
//! ```text
//!   page table          frames
//!   page 0 ─▶ frame 2   0 │ page 7, pinned 1, dirty
//!   page 3 ─▶ -         1 │ page 9, clean
//!   page 7 ─▶ frame 0   2 │ page 0, clean
//! ```
//!
//! A page is pinned while it is used and cannot be evicted then. A dirty page differs from the disk's image and must be
//! written before its frame is given away. The pool moves no data itself: [`super::pager::Pager`] reads and writes.
//!
//! **Invariant:** the page table and the frames agree: `table[frames[f].page] == f` for every occupied frame.

use std::rc::Rc;

use super::policy::{Lru, ReplacementPolicy};
use crate::trace::{FrameId, FrameState, PageId};

const NO_FRAME: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub struct Frame {
    pub page: PageId,
    pub pins: u32,
    pub dirty: bool,
    pub bytes: Rc<[u8]>,
}

#[derive(Clone)]
pub struct Pool {
    frames: Vec<Frame>,
    capacity: u32,
    /// By page id: the frame that holds the page, or [`NO_FRAME`].
    table: Vec<u32>,
    /// Frames that were given up and hold nothing.
    vacant: Vec<FrameId>,
    policy: Box<dyn ReplacementPolicy>,
    nothing: Rc<[u8]>,
}

impl Pool {
    pub fn new(capacity: u32) -> Pool {
        let policy = Box::new(Lru::default());
        Pool { frames: Vec::new(), capacity, table: Vec::new(), vacant: Vec::new(), policy, nothing: Rc::from([]) }
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The frame that holds `page`, without touching it.
    #[inline(always)]
    pub fn find(&self, page: PageId) -> Option<FrameId> {
        match self.table.get(page.index()) {
            Some(&frame) if frame != NO_FRAME => Some(FrameId(frame)),
            _ => None,
        }
    }

    #[inline(always)]
    pub fn frame(&self, frame: FrameId) -> &Frame {
        &self.frames[frame.index()]
    }

    #[inline(always)]
    pub fn frame_mut(&mut self, frame: FrameId) -> &mut Frame {
        &mut self.frames[frame.index()]
    }

    /// Two different frames.
    pub fn two_mut(&mut self, a: FrameId, b: FrameId) -> (&mut Frame, &mut Frame) {
        let [a, b] = self.frames.get_disjoint_mut([a.index(), b.index()]).expect("two different frames of the pool");
        (a, b)
    }

    /// Pins a page that is in the pool.
    #[inline(always)]
    pub fn pin(&mut self, frame: FrameId) {
        self.frames[frame.index()].pins += 1;
        self.policy.accessed(frame);
    }

    #[inline(always)]
    pub fn unpin(&mut self, frame: FrameId) {
        let pins = &mut self.frames[frame.index()].pins;
        debug_assert!(*pins > 0, "a page is unpinned as often as it was pinned");
        *pins -= 1;
    }

    /// A frame that holds nothing, if there is one.
    pub fn vacant(&mut self) -> Option<FrameId> {
        if let Some(frame) = self.vacant.pop() {
            return Some(frame);
        }
        if self.frames.len() as u32 >= self.capacity {
            return None;
        }
        let frame = FrameId(self.frames.len() as u32);
        self.frames.push(Frame { page: PageId::NONE, pins: 0, dirty: false, bytes: self.nothing.clone() });
        Some(frame)
    }

    /// The frame to evict: the policy's choice of those that are not pinned.
    pub fn victim(&self) -> Option<FrameId> {
        self.policy.victim(&|frame| self.frames[frame.index()].pins == 0)
    }

    /// Puts a page into a vacant frame and pins it.
    pub fn admit(&mut self, frame: FrameId, page: PageId, bytes: Rc<[u8]>) {
        debug_assert!(self.find(page).is_none(), "a page is in one frame at most");
        if self.table.len() <= page.index() {
            self.table.resize(page.index() + 1, NO_FRAME);
        }
        self.table[page.index()] = frame.0;
        self.frames[frame.index()] = Frame { page, pins: 1, dirty: false, bytes };
        self.policy.admitted(frame);
    }

    /// Takes the page out of a frame, which is vacant then. What was not written is gone.
    pub fn remove(&mut self, frame: FrameId) {
        let page = self.frames[frame.index()].page;
        debug_assert_eq!(self.frames[frame.index()].pins, 0, "a pinned page stays");
        debug_assert_eq!(self.find(page), Some(frame), "table and frame agree");
        self.table[page.index()] = NO_FRAME;
        let bytes = self.nothing.clone();
        self.frames[frame.index()] = Frame { page: PageId::NONE, pins: 0, dirty: false, bytes };
        self.policy.removed(frame);
        self.vacant.push(frame);
    }

    /// Puts a frame that was taken with [`Pool::vacant`] back unused.
    pub fn give_back(&mut self, frame: FrameId) {
        self.vacant.push(frame);
    }

    pub fn nothing_pinned(&self) -> bool {
        self.frames.iter().all(|frame| frame.pins == 0)
    }

    /// Frames with dirty pages, by page id.
    pub fn dirty(&self) -> Vec<FrameId> {
        let occupied = self.table.iter().filter(|frame| **frame != NO_FRAME);
        occupied.map(|frame| FrameId(*frame)).filter(|frame| self.frame(*frame).dirty).collect()
    }

    pub fn state(&self) -> Vec<FrameState> {
        let frames = (0..).map(FrameId).zip(&self.frames);
        let occupied = frames.filter(|(frame, held)| self.find(held.page) == Some(*frame));
        let describe = |(frame, held): (FrameId, &Frame)| {
            let Frame { page, pins, dirty, .. } = *held;
            FrameState { frame, page, pins, dirty }
        };
        occupied.map(describe).collect()
    }
}

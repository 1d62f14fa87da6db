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
//! written before its frame is given away. The pool moves no data itself: [`super::pager::Pager`] reads and writes. Which
//! page leaves when all frames are taken is the policy's choice (see [`super::replacement`]).
//!
//! What the policy changes in its own lists is told to a [`Telling`], which is off but where somebody looks at them: the
//! hit of a pool that nobody looks into is a few instructions.
//!
//! **Invariant:** the page table and the frames agree: `table[frames[f].page] == f` for every occupied frame.
//! **Invariant:** the list of dirty frames holds exactly those whose page is dirty, the one that became so first first.

use std::rc::Rc;

pub use super::replacement::Telling;
use super::replacement::{
    Arrival, Capacity, Chain, Future, Links, Newcomer, Policy, PolicyOptions, Replacement, Victim, Watch,
};
use glassbase_sim::Cx;
use glassbase_trace::{FrameId, FrameState, PageId, ReplacementState};

const NO_FRAME: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub struct Frame {
    pub page: PageId,
    pub pins: u32,
    pub dirty: bool,
    /// Read before anybody asked for it, and not used yet.
    pub ahead: bool,
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
    policy: Policy,
    /// Whether the policy's lists are shown.
    shows_policy: bool,
    dirty_links: Links,
    /// Dirty frames by when they became so.
    dirty: Chain,
    nothing: Rc<[u8]>,
}

impl Pool {
    pub fn new(capacity: u32) -> Pool {
        let policy = Policy::new(&PolicyOptions::default(), capacity);
        let (frames, table, vacant, dirty_links, dirty) = Default::default();
        let nothing = Rc::from([]);
        Pool { frames, capacity, table, vacant, policy, shows_policy: false, dirty_links, dirty, nothing }
    }

    /// Has another policy from now on, which must be set while the pool is empty. `shown`: what it does is recorded.
    pub fn set_policy(&mut self, options: &PolicyOptions, shown: bool) {
        debug_assert!(self.frames.is_empty(), "a policy is set before pages come");
        self.policy = Policy::new(options, self.capacity);
        self.shows_policy = shown;
    }

    /// Tells what will be accessed from now on to a policy that wants to know, the optimum.
    pub fn foretell(&mut self, future: Rc<Future>, telling: &mut Telling) {
        self.policy.foretell(future, telling);
    }

    #[inline(always)]
    pub fn shows_policy(&self) -> bool {
        self.shows_policy
    }

    /// What listens to the policy: somebody, if its lists are shown and recording is on.
    pub fn telling(&self, cx: &Cx) -> Telling {
        Telling::new(self.shows_policy && cx.recorder.is_on())
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
        let held = &mut self.frames[frame.index()];
        held.pins += 1;
        if held.ahead {
            self.first_used(frame, &mut ());
        } else {
            self.policy.hit(frame, &mut ());
        }
    }

    /// As [`Pool::pin`], telling what the policy does.
    #[inline(never)]
    pub fn pin_told(&mut self, frame: FrameId, telling: &mut Telling) {
        let held = &mut self.frames[frame.index()];
        held.pins += 1;
        if held.ahead {
            self.first_used(frame, telling);
        } else {
            self.policy.hit(frame, telling);
        }
    }

    #[cold]
    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.frames[frame.index()].ahead = false;
        self.policy.first_used(frame, watch);
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
        self.frames.push(self.empty_frame());
        Some(frame)
    }

    fn empty_frame(&self) -> Frame {
        Frame { page: PageId::NONE, pins: 0, dirty: false, ahead: false, bytes: self.nothing.clone() }
    }

    /// The frame to evict for `incoming`: the policy's choice of those that are not pinned.
    pub fn victim(&mut self, incoming: Option<PageId>, telling: &mut Telling) -> Option<Victim> {
        let Pool { policy, frames, .. } = self;
        policy.victim(incoming, |frame| frames[frame.index()].pins == 0, telling)
    }

    /// As [`Pool::victim`], but what was read ahead and not used yet stays too: reading ahead must not undo itself.
    pub fn victim_for_ahead(&mut self, incoming: PageId, telling: &mut Telling) -> Option<Victim> {
        let Pool { policy, frames, .. } = self;
        let evictable = |frame: FrameId| frames[frame.index()].pins == 0 && !frames[frame.index()].ahead;
        policy.victim(Some(incoming), evictable, telling)
    }

    /// Puts a page into a vacant frame: pinned if it was asked for.
    pub fn admit(&mut self, frame: FrameId, page: PageId, bytes: Rc<[u8]>, arrival: Arrival, telling: &mut Telling) {
        debug_assert!(self.find(page).is_none(), "a page is in one frame at most");
        if self.table.len() <= page.index() {
            self.table.resize(page.index() + 1, NO_FRAME);
        }
        self.table[page.index()] = frame.0;
        let ahead = arrival == Arrival::Ahead;
        self.frames[frame.index()] = Frame { page, pins: u32::from(!ahead), dirty: false, ahead, bytes };
        self.policy.admitted(frame, Newcomer::page(page, arrival), telling);
    }

    /// Takes the page out of a frame to make room; the frame is vacant then. What was not written is gone.
    pub fn evict(&mut self, frame: FrameId, telling: &mut Telling) {
        let page = self.frames[frame.index()].page;
        self.policy.evicted(frame, page, telling);
        self.vacate(frame);
    }

    /// Takes the page out of a frame for good: it is not of the file any more, or not as it is here.
    pub fn discard(&mut self, frame: FrameId, telling: &mut Telling) {
        self.policy.removed(frame, telling);
        self.vacate(frame);
    }

    fn vacate(&mut self, frame: FrameId) {
        let page = self.frames[frame.index()].page;
        debug_assert_eq!(self.frames[frame.index()].pins, 0, "a pinned page stays");
        debug_assert_eq!(self.find(page), Some(frame), "table and frame agree");
        self.mark_clean(frame);
        self.table[page.index()] = NO_FRAME;
        self.frames[frame.index()] = self.empty_frame();
        self.vacant.push(frame);
    }

    /// The page in the frame differs from the disk's image from now on.
    pub fn mark_dirty(&mut self, frame: FrameId) {
        if !std::mem::replace(&mut self.frames[frame.index()].dirty, true) {
            self.dirty_links.reach(frame.0);
            self.dirty_links.push_newest(&mut self.dirty, frame.0);
        }
    }

    /// The page in the frame is as on the disk.
    pub fn mark_clean(&mut self, frame: FrameId) {
        if std::mem::take(&mut self.frames[frame.index()].dirty) {
            self.dirty_links.unlink(&mut self.dirty, frame.0);
        }
    }

    pub fn dirty_count(&self) -> u32 {
        self.dirty.len
    }

    /// The frame whose page is dirty for longest, of those that are not pinned.
    pub fn oldest_dirty(&self) -> Option<FrameId> {
        self.dirty_links.oldest(&self.dirty, |frame| self.frame(frame).pins == 0)
    }

    /// Pages in the pool.
    pub fn occupied(&self) -> u32 {
        (self.frames.len() - self.vacant.len()) as u32
    }

    /// A pinned page in a frame from `frames` on, if there is one.
    pub fn pinned_from(&self, frames: u32) -> Option<PageId> {
        self.frames.iter().skip(frames as usize).find(|frame| frame.pins > 0).map(|frame| frame.page)
    }

    /// Moves the last page that is in a frame from `frames` on into a vacant frame below.
    pub fn pull_down(&mut self, frames: u32) -> Option<(PageId, FrameId, FrameId)> {
        let mut above = (frames..self.frames.len() as u32).rev().map(FrameId);
        let from = above.find(|frame| self.find(self.frame(*frame).page) == Some(*frame))?;
        let place = self.vacant.iter().rposition(|frame| frame.0 < frames)?;
        let to = self.vacant.swap_remove(place);
        let empty = self.empty_frame();
        let held = std::mem::replace(&mut self.frames[from.index()], empty);
        let page = held.page;
        debug_assert_eq!(held.pins, 0, "whoever pinned a page knows it by its frame");
        if held.dirty {
            self.dirty_links.rename(&mut self.dirty, from.0, to.0);
        }
        self.frames[to.index()] = held;
        self.table[page.index()] = to.0;
        self.policy.moved(from, to);
        self.vacant.push(from);
        Some((page, from, to))
    }

    /// Has `frames` frames from now on; those above hold nothing.
    pub fn set_capacity(&mut self, frames: u32, telling: &mut Telling) {
        self.vacant.retain(|frame| frame.0 < frames);
        self.frames.truncate(frames as usize);
        self.capacity = frames;
        self.policy.resize(Capacity::Entries(frames), telling);
        debug_assert!(self.occupied() <= frames);
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

    /// What the policy knows, for a file of so many pages.
    pub fn replacement(&self, pages: u32) -> ReplacementState {
        let mut state = self.policy.state();
        let ahead = (0..).map(FrameId).zip(&self.frames).filter(|(_, held)| held.ahead).map(|(frame, _)| frame);
        (state.pages, state.ahead) = (pages, ahead.collect());
        state
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

//! Belady's optimum: evicts the page that will be used last, or never again.
//!
//! It knows the whole trace beforehand, so no real pool can use it; no policy has fewer misses, so it is the limit that the
//! others are measured by (Belady, "A Study of Replacement Algorithms for a Virtual-Storage Computer", 1966; that it is
//! the limit was proved by Mattson, Gecsei, Slutz and Traiger, 1970).
//!
//! ```text
//!   trace    7 3 9 3 7 …      now at the third access, frames hold 7 and 3, 9 comes in
//!                  │ └─ 7 is used last: the victim
//!                  └─── 3 is used next
//! ```
//!
//! For objects of different sizes this rule is no limit: which to keep for the fewest misses is a hard problem then (Chrobak,
//! Woeginger, Makino and Xu, "Caching is Hard, Even in the Fault Model", 2012), and another policy may miss less.
//!
//! Accesses are counted, and the n-th is taken to be the n-th of the trace. Who accesses otherwise than foretold is served
//! too, but not at best.

use std::rc::Rc;

use crate::chain::{Chain, Links};
use crate::times::Times;
use crate::{Arrival, Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::{FrameTimes, ReplacementState};
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, VictimReason};

/// A trace that is known beforehand. The first access has the time 1.
#[derive(Clone, Debug, Default)]
pub struct Future {
    accesses: Vec<u32>,
    /// By time, from 1 on: the time of the next access to the same page, or [`NEVER`].
    next: Vec<u32>,
}

/// The access that never comes.
const NEVER: u32 = u32::MAX;

impl Future {
    /// `accesses` are page ids, which should be dense: each up to the largest takes memory.
    pub fn new(accesses: &[u32]) -> Future {
        let pages = accesses.iter().max().map_or(0, |page| *page as usize + 1);
        let mut later = vec![NEVER; pages];
        let mut next = vec![NEVER; accesses.len() + 1];
        for (index, page) in accesses.iter().enumerate().rev() {
            next[index + 1] = std::mem::replace(&mut later[*page as usize], index as u32 + 1);
        }
        Future { accesses: accesses.to_vec(), next }
    }

    /// The first access to `page` after `now`. Quick when the access at `now` was to that page, as foretold.
    fn next_use(&self, page: PageId, now: u32) -> u32 {
        let at = |time: u32| time.checked_sub(1).and_then(|index| self.accesses.get(index as usize));
        if at(now) == Some(&page.0) {
            return self.next[now as usize];
        }
        let later = self.accesses.iter().skip(now as usize).position(|access| *access == page.0);
        later.map_or(NEVER, |distance| now + 1 + distance as u32)
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    page: PageId,
    next: u32,
}

#[derive(Clone, Debug)]
pub struct Optimum {
    future: Rc<Future>,
    now: u32,
    frames: Vec<Option<Held>>,
    /// The next uses of all pages that are held and will be used.
    uses: Times,
    /// By page: the frame that holds it, if its next use is among `uses`.
    frame_of: Vec<u32>,
    /// Frames whose pages will not be used again, the one that is known for longest to be so first.
    links: Links,
    done_with: Chain,
}

impl Optimum {
    pub fn new(future: Rc<Future>) -> Optimum {
        let uses = Times::new(future.accesses.len() as u32 + 1);
        let (frames, frame_of, links, done_with) = Default::default();
        Optimum { future, now: 0, frames, uses, frame_of, links, done_with }
    }

    /// Begins another trace with the pages that are held.
    pub fn foretell(&mut self, future: Rc<Future>, watch: &mut impl Watch) {
        watch.tell(|| Event::PolicyForetold { accesses: future.accesses.len() as u32 });
        let held = std::mem::take(&mut self.frames);
        *self = Optimum { frames: vec![None; held.len()], ..Optimum::new(future) };
        for (frame, held) in (0..).map(FrameId).zip(held) {
            if let Some(held) = held {
                self.expect(frame, held.page, watch);
            }
        }
    }

    fn expect(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let next = self.future.next_use(page, self.now);
        self.frames[frame.index()] = Some(Held { page, next });
        if next == NEVER {
            self.links.reach(frame.0);
            self.links.push_newest(&mut self.done_with, frame.0);
        } else {
            if self.frame_of.len() <= page.index() {
                self.frame_of.resize(page.index() + 1, 0);
            }
            self.frame_of[page.index()] = frame.0;
            self.uses.insert(next);
        }
        watch.tell(|| Event::PolicyTimes { times: FrameTimes { frame, times: told(next) } });
    }

    /// Forgets what was expected of the page in a frame; gives the page.
    fn settle(&mut self, frame: FrameId) -> Option<PageId> {
        let Held { page, next } = self.frames[frame.index()].take()?;
        match next {
            NEVER => self.links.unlink(&mut self.done_with, frame.0),
            next => self.uses.remove(next),
        }
        Some(page)
    }
}

/// The next use as it is told: nothing when there is none.
fn told(next: u32) -> Vec<u64> {
    if next == NEVER { Vec::new() } else { vec![u64::from(next)] }
}

impl Replacement for Optimum {
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.now += 1;
        if let Some(page) = self.settle(frame) {
            self.expect(frame, page, watch);
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.hit(frame, watch);
    }

    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        if let Some(frame) = self.links.oldest(&self.done_with, &evictable) {
            return Some(Victim { frame, reason: VictimReason::NeverAgain, number: 0 });
        }
        let mut before = self.future.accesses.len() as u32 + 1;
        loop {
            before = self.uses.latest_before(before)?;
            let page = self.future.accesses[before as usize - 1];
            let frame = FrameId(self.frame_of[page as usize]);
            if evictable(frame) {
                let number = u64::from(before.saturating_sub(self.now));
                return Some(Victim { frame, reason: VictimReason::UsedLast, number });
            }
        }
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let Newcomer { page, arrival, .. } = newcomer;
        if self.frames.len() <= frame.index() {
            self.frames.resize(frame.index() + 1, None);
        }
        if arrival == Arrival::Asked {
            self.now += 1;
        }
        self.expect(frame, page, watch);
    }

    fn bypassed(&mut self) {
        self.now += 1;
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.settle(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        if self.frames.len() <= to.index() {
            self.frames.resize(to.index() + 1, None);
        }
        let Some(held) = self.frames[from.index()].take() else { return };
        self.frames[to.index()] = Some(held);
        match held.next {
            NEVER => self.links.rename(&mut self.done_with, from.0, to.0),
            _ => self.frame_of[held.page.index()] = to.0,
        }
    }

    fn resize(&mut self, _capacity: Capacity, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Optimum;
        state.accesses = u64::from(self.now);
        let occupied = (0..).map(FrameId).zip(&self.frames).filter_map(|(frame, held)| Some((frame, (*held)?)));
        state.times = occupied.map(|(frame, held)| FrameTimes { frame, times: told(held.next) }).collect();
    }
}

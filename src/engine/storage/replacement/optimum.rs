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
//! Accesses are counted, and the n-th is taken to be the n-th of the trace. Who accesses otherwise than foretold is served
//! too, but not at best.

use std::collections::BinaryHeap;
use std::rc::Rc;

use super::{Arrival, Replacement, Victim, Watch};
use crate::trace::parts::{FrameTimes, ReplacementState};
use crate::trace::{Event, FrameId, PageId, PolicyKind, VictimReason};

/// The places of every page in a trace: `at[starts[p]..starts[p + 1]]`, ascending, the first access being 1.
#[derive(Clone, Debug, Default)]
pub struct Future {
    starts: Vec<u32>,
    at: Vec<u32>,
}

/// The access that never comes.
const NEVER: u32 = u32::MAX;

impl Future {
    /// `accesses` are page ids, which should be dense: there is a counter for each up to the largest.
    pub fn new(accesses: &[u32]) -> Future {
        let pages = accesses.iter().max().map_or(0, |page| *page as usize + 1);
        let mut starts = vec![0u32; pages + 1];
        for page in accesses {
            starts[*page as usize + 1] += 1;
        }
        for page in 0..pages {
            starts[page + 1] += starts[page];
        }
        let (mut next, mut at) = (starts.clone(), vec![0; accesses.len()]);
        for (time, page) in (1..).zip(accesses) {
            let place = &mut next[*page as usize];
            at[*place as usize] = time;
            *place += 1;
        }
        Future { starts, at }
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
    /// By page: the place in `future.at` of its next access.
    cursors: Vec<u32>,
    now: u32,
    frames: Vec<Option<Held>>,
    /// Next use and frame, the furthest on top; entries of the past are dropped when they are met.
    heap: BinaryHeap<(u32, u32)>,
}

impl Optimum {
    pub fn new(future: Rc<Future>) -> Optimum {
        let cursors = future.starts.clone();
        Optimum { future, cursors, now: 0, frames: Vec::new(), heap: BinaryHeap::new() }
    }

    /// The first access to `page` after now.
    fn next_use(&mut self, page: PageId) -> u32 {
        let Some(end) = self.future.starts.get(page.index() + 1) else { return NEVER };
        let cursor = &mut self.cursors[page.index()];
        while *cursor < *end && self.future.at[*cursor as usize] <= self.now {
            *cursor += 1;
        }
        if *cursor < *end { self.future.at[*cursor as usize] } else { NEVER }
    }

    fn expect(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let next = self.next_use(page);
        self.frames[frame.index()] = Some(Held { page, next });
        if self.heap.len() > 4 * self.frames.len() + 64 {
            let held = (0..).zip(&self.frames).filter_map(|(frame, held)| Some((held.as_ref()?.next, frame)));
            self.heap = held.collect();
        } else {
            self.heap.push((next, frame.0));
        }
        watch.tell(|| Event::PolicyTimes { times: FrameTimes { frame, times: told(next) } });
    }
}

/// The next use as it is told: nothing when there is none.
fn told(next: u32) -> Vec<u64> {
    if next == NEVER { Vec::new() } else { vec![u64::from(next)] }
}

impl Replacement for Optimum {
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.now += 1;
        if let Some(held) = self.frames[frame.index()] {
            self.expect(frame, held.page, watch);
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
        let mut passed_over = Vec::new();
        let mut found = None;
        while let Some((next, frame)) = self.heap.pop() {
            if self.frames[frame as usize].is_none_or(|held| held.next != next) {
                continue;
            }
            passed_over.push((next, frame));
            if evictable(FrameId(frame)) {
                found = Some((next, FrameId(frame)));
                break;
            }
        }
        self.heap.extend(passed_over);
        let (next, frame) = found?;
        Some(match next {
            NEVER => Victim { frame, reason: VictimReason::NeverAgain, number: 0 },
            next => Victim { frame, reason: VictimReason::UsedLast, number: u64::from(next.saturating_sub(self.now)) },
        })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, page: PageId, arrival: Arrival, watch: &mut impl Watch) {
        if self.frames.len() <= frame.index() {
            self.frames.resize(frame.index() + 1, None);
        }
        if arrival == Arrival::Asked {
            self.now += 1;
        }
        self.expect(frame, page, watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.frames[frame.index()] = None;
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        if self.frames.len() <= to.index() {
            self.frames.resize(to.index() + 1, None);
        }
        let Some(held) = self.frames[from.index()].take() else { return };
        self.frames[to.index()] = Some(held);
        self.heap.push((held.next, to.0));
    }

    fn resize(&mut self, _frames: u32, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Optimum;
        state.accesses = u64::from(self.now);
        let occupied = (0..).map(FrameId).zip(&self.frames).filter_map(|(frame, held)| Some((frame, (*held)?)));
        state.times = occupied.map(|(frame, held)| FrameTimes { frame, times: told(held.next) }).collect();
    }
}

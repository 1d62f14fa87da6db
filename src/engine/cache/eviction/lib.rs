//! Replacement: which page leaves the pool when a frame is needed.
//!
//! A policy is told of every access and asked for a victim. It knows frames, by which it finds the pages that are in the
//! pool at once, and page ids, by which some policies remember pages that left.
//!
//! ```text
//!   hit           ─▶ hit(frame)                        the hot path: tens of nanoseconds
//!   miss, full    ─▶ victim(incoming, evictable) ─▶ evicted(frame, page) ─▶ admitted(frame, incoming)
//!   miss, room    ─▶ admitted(frame, incoming)
//!   discard       ─▶ removed(frame)                    the page is gone, nothing is remembered of it
//! ```
//!
//! | policy | evicts | best description |
//! |---|---|---|
//! | [`Queue`], FIFO | what came first | |
//! | [`Clock`] | the first without a reference bit, from the hand on | Corbató 1968 |
//! | [`Queue`], LRU | what was not used for longest | |
//! | [`LruK`] | what has the oldest K-th last use | O'Neil, O'Neil and Weikum 1993 |
//! | [`TwoQueue`] | newcomers that were not asked for again | Johnson and Shasha 1994 |
//! | [`Arc`] | recent or frequent pages, by what was regretted | Megiddo and Modha 2003 |
//! | [`Optimum`] | what will be used last | Belady 1966 |
//!
//! One engine of policies serves the buffer pool and the [`Simulation`], which plays traces of page
//! numbers through a policy with nothing around it. What a policy changes in its own structure it tells a [`Watch`] as
//! events; where nobody watches, that compiles to nothing.
//!
//! **Invariant:** a policy holds exactly the frames that were admitted and have neither been evicted nor removed since.
//! **Invariant:** `victim` gives a frame that is evictable, whenever there is one.

mod arc;
mod calendar;
pub mod chain;
mod clock;
mod curve;
mod lru_k;
mod optimum;
mod queue;
mod simulate;
#[cfg(test)]
mod tests;
mod times;
mod two_queue;

pub use arc::Arc;
pub use chain::{Chain, Links};
pub use clock::Clock;
pub use curve::{CurveJob, curve_sizes, lru_hits};
pub use lru_k::LruK;
pub use optimum::{Future, Optimum};
pub use queue::Queue;
pub use simulate::{Simulation, simulate};
pub use two_queue::TwoQueue;

use std::rc::Rc;

use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, VictimReason};

/// Who is told what a policy changes in its own structure.
pub trait Watch {
    fn tell(&mut self, build: impl FnOnce() -> Event);
}

/// Nobody watches.
impl Watch for () {
    #[inline(always)]
    fn tell(&mut self, _build: impl FnOnce() -> Event) {}
}

impl Watch for Vec<Event> {
    fn tell(&mut self, build: impl FnOnce() -> Event) {
        self.push(build());
    }
}

/// Why a page comes into the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was asked for: an access.
    Asked,
    /// It was read before anybody asked; its first use will be its first access.
    Ahead,
}

/// The frame to free, and why this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victim {
    pub frame: FrameId,
    pub reason: VictimReason,
    /// What the reason is measured by: a distance in accesses, the length of a list; 0 where there is nothing to measure.
    pub number: u64,
}

/// Decides which frame to free.
pub trait Replacement {
    /// The page in `frame` was found in the pool.
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch);

    /// The page in `frame`, which was read ahead, is used for the first time.
    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch);

    /// The frame to free for `incoming`, of those that may be evicted; for nobody when the pool shrinks. None: none may.
    fn victim(
        &mut self,
        incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        watch: &mut impl Watch,
    ) -> Option<Victim>;

    /// The page left `frame` to make room.
    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch);

    /// A page came into a frame that held nothing.
    fn admitted(&mut self, frame: FrameId, page: PageId, arrival: Arrival, watch: &mut impl Watch);

    /// The page in `frame` is gone for good.
    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch);

    /// What was in `from` is in `to` now, which held nothing.
    fn moved(&mut self, from: FrameId, to: FrameId);

    /// The pool has so many frames from now on; it holds no more pages than that.
    fn resize(&mut self, frames: u32, watch: &mut impl Watch);

    /// Writes its structure into a description of the policy.
    fn describe(&self, state: &mut ReplacementState);
}

/// How a policy is built.
#[derive(Clone, Debug)]
pub struct PolicyOptions {
    pub kind: PolicyKind,
    /// LRU-K: the K, from 1 to [`K_MAX`].
    pub k: u32,
    /// LRU-K: accesses to a page that are no further apart than this are one.
    pub correlated: u64,
    /// LRU-K: so many pages that left are remembered with their accesses.
    pub retained: Option<u32>,
    /// The optimum: what will be accessed.
    pub future: Option<Rc<Future>>,
}

/// Most accesses to a page that LRU-K remembers.
pub const K_MAX: u32 = 4;

impl Default for PolicyOptions {
    fn default() -> PolicyOptions {
        PolicyOptions { kind: PolicyKind::Lru, k: 2, correlated: 0, retained: None, future: None }
    }
}

impl PolicyOptions {
    pub fn of(kind: PolicyKind) -> PolicyOptions {
        PolicyOptions { kind, ..PolicyOptions::default() }
    }
}

/// Any of the policies. An enum and no `dyn`: a hit is a few instructions, and LRU's are inlined where it happens.
#[derive(Clone, Debug)]
pub enum Policy {
    Queue(Queue),
    Clock(Clock),
    LruK(LruK),
    TwoQueue(TwoQueue),
    Arc(Arc),
    Optimum(Optimum),
}

impl Policy {
    pub fn new(options: &PolicyOptions, frames: u32) -> Policy {
        match options.kind {
            PolicyKind::Fifo => Policy::Queue(Queue::fifo()),
            PolicyKind::Lru => Policy::Queue(Queue::lru()),
            PolicyKind::Clock => Policy::Clock(Clock::new(frames)),
            PolicyKind::LruK => Policy::LruK(LruK::new(frames, options)),
            PolicyKind::TwoQueue => Policy::TwoQueue(TwoQueue::new(frames)),
            PolicyKind::Arc => Policy::Arc(Arc::new(frames)),
            PolicyKind::Optimum => Policy::Optimum(Optimum::new(options.future.clone().unwrap_or_default())),
        }
    }
}

/// Calls the method of whichever policy it is.
macro_rules! any {
    ($policy:expr, $inner:ident => $call:expr) => {
        match $policy {
            Policy::Queue($inner) => $call,
            Policy::Clock($inner) => $call,
            Policy::LruK($inner) => $call,
            Policy::TwoQueue($inner) => $call,
            Policy::Arc($inner) => $call,
            Policy::Optimum($inner) => $call,
        }
    };
}
use any;

impl Policy {
    /// Its structure as plain data.
    pub fn state(&self) -> ReplacementState {
        let mut state = ReplacementState::default();
        self.describe(&mut state);
        state
    }

    /// Tells what will be accessed from now on to a policy that wants to know, the optimum.
    pub fn foretell(&mut self, future: Rc<Future>, watch: &mut impl Watch) {
        if let Policy::Optimum(optimum) = self {
            optimum.foretell(future, watch);
        }
    }

    /// A hit on a policy that is not LRU, out of the way of one that is.
    #[inline(never)]
    fn hit_other(&mut self, frame: FrameId, watch: &mut impl Watch) {
        any!(self, policy => policy.hit(frame, watch));
    }
}

impl Replacement for Policy {
    #[inline(always)]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        match self {
            Policy::Queue(queue) => queue.hit(frame, watch),
            other => other.hit_other(frame, watch),
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        any!(self, policy => policy.first_used(frame, watch));
    }

    fn victim(
        &mut self,
        incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        watch: &mut impl Watch,
    ) -> Option<Victim> {
        any!(self, policy => policy.victim(incoming, evictable, watch))
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        any!(self, policy => policy.evicted(frame, page, watch));
    }

    fn admitted(&mut self, frame: FrameId, page: PageId, arrival: Arrival, watch: &mut impl Watch) {
        any!(self, policy => policy.admitted(frame, page, arrival, watch));
    }

    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch) {
        any!(self, policy => policy.removed(frame, watch));
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        any!(self, policy => policy.moved(from, to));
    }

    fn resize(&mut self, frames: u32, watch: &mut impl Watch) {
        any!(self, policy => policy.resize(frames, watch));
    }

    fn describe(&self, state: &mut ReplacementState) {
        any!(self, policy => policy.describe(state));
    }
}

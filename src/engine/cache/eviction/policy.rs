//! Any of the policies, by name.

use std::rc::Rc;

use crate::{Arc, Clock, Future, Lfu, Lirs, LruK, Optimum, Queue, Random, S3Fifo, Sieve, Slru, TwoQueue, WTinyLfu};
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{FrameId, PageId, PolicyKind};

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
    /// W-TinyLFU: the window finds its size by itself.
    pub adapts: bool,
    /// Random: what its draws begin with.
    pub seed: u64,
    /// The optimum: what will be accessed.
    pub future: Option<Rc<Future>>,
}

/// Most accesses to a page that LRU-K remembers.
pub const K_MAX: u32 = 4;

impl Default for PolicyOptions {
    fn default() -> PolicyOptions {
        PolicyOptions {
            kind: PolicyKind::Lru,
            k: 2,
            correlated: 0,
            retained: None,
            adapts: false,
            seed: 0,
            future: None,
        }
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
    Random(Random),
    Clock(Clock),
    Slru(Slru),
    Lfu(Lfu),
    LruK(LruK),
    TwoQueue(TwoQueue),
    Arc(Arc),
    Lirs(Lirs),
    WTinyLfu(WTinyLfu),
    S3Fifo(S3Fifo),
    Sieve(Sieve),
    Optimum(Optimum),
}

impl Policy {
    pub fn new(options: &PolicyOptions, capacity: impl Into<Capacity>) -> Policy {
        let capacity = capacity.into();
        match options.kind {
            PolicyKind::Fifo => Policy::Queue(Queue::fifo()),
            PolicyKind::Random => Policy::Random(Random::new(options.seed)),
            PolicyKind::Clock => Policy::Clock(Clock::new(capacity)),
            PolicyKind::Lru => Policy::Queue(Queue::lru()),
            PolicyKind::Slru => Policy::Slru(Slru::new(capacity)),
            PolicyKind::Lfu => Policy::Lfu(Lfu::new()),
            PolicyKind::LruK => Policy::LruK(LruK::new(capacity, options)),
            PolicyKind::TwoQueue => Policy::TwoQueue(TwoQueue::new(capacity)),
            PolicyKind::Arc => Policy::Arc(Arc::new(capacity)),
            PolicyKind::Lirs => Policy::Lirs(Lirs::new(capacity)),
            PolicyKind::WTinyLfu => Policy::WTinyLfu(WTinyLfu::new(capacity, options.adapts)),
            PolicyKind::S3Fifo => Policy::S3Fifo(S3Fifo::new(capacity)),
            PolicyKind::Sieve => Policy::Sieve(Sieve::new()),
            PolicyKind::Optimum => Policy::Optimum(Optimum::new(options.future.clone().unwrap_or_default())),
        }
    }
}

/// What a policy keeps, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// For each entry in the cache.
    pub entry: u32,
    /// For each that left and is remembered.
    pub remembered: u32,
    /// How many it remembers, in a hundred of those that the cache has room for.
    pub remembered_percent: u32,
}

/// What a policy keeps for each entry here. A cache needs an index and the data beside it, whatever its policy.
pub fn metadata(options: &PolicyOptions) -> Metadata {
    let all = |entry, remembered, remembered_percent| Metadata { entry, remembered, remembered_percent };
    // A link is 4 bytes, a list has two for each entry; a flag is a byte. Who is remembered has an id (4 bytes), its
    // entry in the index by id (4), two links and its list's number.
    match options.kind {
        PolicyKind::Fifo | PolicyKind::Lru => all(8, 0, 0),
        PolicyKind::Random => all(8, 0, 0),
        PolicyKind::Clock => all(1, 0, 0),
        PolicyKind::Slru => all(9, 0, 0),
        PolicyKind::Lfu => all(12, 0, 0),
        // Four times and the last one, and whether it was used; links, or the calendar's bound and links.
        PolicyKind::LruK => all(72, 65, 100),
        PolicyKind::TwoQueue => all(9, 17, 50),
        PolicyKind::Arc => all(9, 17, 100),
        PolicyKind::Lirs => all(36, 36, 200),
        // Beside its lists and its id: up to four counters in each of four rows, half a byte each.
        PolicyKind::WTinyLfu => all(21, 0, 0),
        PolicyKind::S3Fifo => all(10, 17, 90),
        PolicyKind::Sieve => all(10, 0, 0),
        PolicyKind::Optimum => all(20, 0, 0),
    }
}

/// Calls the method of whichever policy it is.
macro_rules! any {
    ($policy:expr, $inner:ident => $call:expr) => {
        match $policy {
            $crate::Policy::Queue($inner) => $call,
            $crate::Policy::Random($inner) => $call,
            $crate::Policy::Clock($inner) => $call,
            $crate::Policy::Slru($inner) => $call,
            $crate::Policy::Lfu($inner) => $call,
            $crate::Policy::LruK($inner) => $call,
            $crate::Policy::TwoQueue($inner) => $call,
            $crate::Policy::Arc($inner) => $call,
            $crate::Policy::Lirs($inner) => $call,
            $crate::Policy::WTinyLfu($inner) => $call,
            $crate::Policy::S3Fifo($inner) => $call,
            $crate::Policy::Sieve($inner) => $call,
            $crate::Policy::Optimum($inner) => $call,
        }
    };
}
pub(crate) use any;

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

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        any!(self, policy => policy.admitted(frame, newcomer, watch));
    }

    fn bypassed(&mut self) {
        any!(self, policy => policy.bypassed());
    }

    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch) {
        any!(self, policy => policy.removed(frame, watch));
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        any!(self, policy => policy.moved(from, to));
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        any!(self, policy => policy.resize(capacity, watch));
    }

    fn describe(&self, state: &mut ReplacementState) {
        any!(self, policy => policy.describe(state));
    }
}

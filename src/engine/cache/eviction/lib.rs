//! Eviction: what leaves a cache when room is needed.
//!
//! A policy is told of every access and asked for a victim. It knows frames (places of the cache), by which it finds at once
//! what is there, and the ids of pages or objects, by which some policies remember what left.
//!
//! ```text
//!   hit           ─▶ hit(frame)                        the hot path: tens of nanoseconds
//!   miss, full    ─▶ victim(incoming, evictable) ─▶ evicted(frame, page) ─▶ admitted(frame, incoming)
//!   miss, room    ─▶ admitted(frame, incoming)
//!   discard       ─▶ removed(frame)                    the page is gone, nothing is remembered of it
//! ```
//!
//! | policy | evicts | kept for each entry, for each that is remembered | best description |
//! |---|---|---|---|
//! | [`Queue`], FIFO | what came first | 2 links | |
//! | [`Random`] | any | a place in a list | |
//! | [`Clock`] | the first without a reference bit, from the hand on | 1 bit | Corbató 1968 |
//! | [`Queue`], LRU | what was not used for longest | 2 links | |
//! | [`Slru`] | on probation, what was not used for longest | 2 links, 1 bit | Karedla, Love and Wherry 1994 |
//! | [`Lfu`] | what was used least often | 2 links, a bucket | Robinson and Devarakonda 1990 |
//! | [`LruK`] | what has the oldest K-th last use | 2 links, K + 1 times; as much | O'Neil, O'Neil and Weikum 1993 |
//! | [`TwoQueue`] | newcomers that were not asked for again | 2 links, 1 bit; id, 2 links | Johnson and Shasha 1994 |
//! | [`Arc`] | recent or frequent pages, by what was regretted | 2 links, 1 bit; id, 2 links | Megiddo and Modha 2003 |
//! | [`Lirs`] | what came back after a long time, or not | 4 links, 2 bits; as much and its id | Jiang and Zhang 2002 |
//! | [`WTinyLfu`] | the loser of a duel of frequencies | 2 links, 2 bits, 8 to 16 counters of 4 bits | Einziger, Friedman and Manes 2017; its window by Einziger et al. 2018 |
//! | [`S3Fifo`] | newcomers that were not hit twice | 2 links, 3 bits; id, 2 links | Yang et al. 2023 |
//! | [`Sieve`] | the first without a visited bit, from the hand on | 2 links, 1 bit | Zhang et al. 2024 |
//! | [`Optimum`] | what will be used last | the future | Belady 1966 |
//!
//! How many bytes that is here, [`metadata`] tells: links are four bytes each, and flags take a byte.
//!
//! One engine of policies serves the buffer pool, where frames hold pages that may be pinned; [`Cache`], which counts in
//! entries or bytes; and the [`Simulation`], which plays traces through a policy with nothing around it. Ids are dense
//! numbers, so that what is known of one is found by indexing; [`KeyCache`] gives them to keys of 64 bits. What a policy
//! changes in its own structure it tells a [`Watch`] as events; where nobody watches, that compiles to nothing.
//!
//! **Invariant:** a policy holds exactly the frames that were admitted and have neither been evicted nor removed since.
//! **Invariant:** `victim` gives a frame that is evictable, whenever there is one.

mod arc;
mod cache;
mod calendar;
pub mod chain;
mod climber;
mod clock;
mod curve;
mod lfu;
mod lirs;
mod lru_k;
mod optimum;
mod policy;
mod queue;
mod random;
mod s3_fifo;
mod segments;
mod sieve;
mod simulate;
mod sketch;
mod slru;
#[cfg(test)]
mod tests;
mod times;
mod tiny_lfu;
mod two_queue;

pub use arc::Arc;
pub use cache::{Cache, KeyCache, Put};
pub use chain::{Chain, Links};
pub use clock::Clock;
pub use curve::{CurveJob, curve_sizes, lru_hits};
pub use lfu::Lfu;
pub use lirs::Lirs;
pub use lru_k::LruK;
pub use optimum::{Future, Optimum};
pub use policy::{K_MAX, Metadata, Policy, PolicyOptions, metadata};
pub use queue::Queue;
pub use random::Random;
pub use s3_fifo::S3Fifo;
pub use sieve::Sieve;
pub use simulate::{Simulation, simulate};
pub use slru::Slru;
pub use tiny_lfu::WTinyLfu;
pub use two_queue::TwoQueue;

use glassbase_sim::Cx;
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, VictimReason};

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

/// Takes what a policy tells, if it is on, until it is passed on to the recorder.
#[derive(Debug, Default)]
pub struct Telling {
    on: bool,
    events: Vec<Event>,
}

impl Telling {
    pub fn new(on: bool) -> Telling {
        Telling { on, events: Vec::new() }
    }

    pub fn emit(&mut self, cx: &mut Cx) {
        for event in self.events.drain(..) {
            cx.emit(|| event);
        }
    }
}

impl Watch for Telling {
    fn tell(&mut self, build: impl FnOnce() -> Event) {
        if self.on {
            self.events.push(build());
        }
    }
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// So many entries, whatever their size.
    Entries(u32),
    /// So many bytes, which is about so many entries: a sketch, or a memory of what left, is made for that.
    Bytes { bytes: u64, entries: u32 },
}

impl From<u32> for Capacity {
    fn from(entries: u32) -> Capacity {
        Capacity::Entries(entries)
    }
}

impl Capacity {
    /// What sizes are summed up to.
    #[inline]
    pub fn units(self) -> u64 {
        match self {
            Capacity::Entries(entries) => u64::from(entries),
            Capacity::Bytes { bytes, .. } => bytes,
        }
    }

    /// How many entries there are when it is full, at least about so.
    pub fn entries(self) -> u32 {
        match self {
            Capacity::Entries(entries) | Capacity::Bytes { entries, .. } => entries,
        }
    }

    /// Places that are there from the beginning.
    fn places(self) -> u32 {
        match self {
            Capacity::Entries(entries) => entries,
            Capacity::Bytes { .. } => 0,
        }
    }
}

/// Who comes into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    pub page: PageId,
    /// 1 where entries are counted.
    pub size: u32,
    pub arrival: Arrival,
}

impl Newcomer {
    /// A page, or another entry that counts one.
    pub fn page(page: PageId, arrival: Arrival) -> Newcomer {
        Newcomer { page, size: 1, arrival }
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
    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch);

    /// Somebody was asked for who can't be let in: larger than the cache. The optimum counts accesses.
    fn bypassed(&mut self) {}

    /// The page in `frame` is gone for good.
    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch);

    /// What was in `from` is in `to` now, which held nothing.
    fn moved(&mut self, from: FrameId, to: FrameId);

    /// There is so much room from now on; what is held is no more than that.
    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch);

    /// Writes its structure into a description of the policy.
    fn describe(&self, state: &mut ReplacementState);
}

//! S3-FIFO: three queues, first in first out, and two bits for each entry.
//!
//! Newcomers enter the small queue, a tenth of the room. Who was hit at least twice by the time it gets to the end of it
//! goes on to the main queue; the others leave, and their names stand in the ghost queue for a while. Who comes back while
//! its name is there enters the main queue at once. At the end of the main queue an entry that was hit since goes round
//! again, and each round costs it one of its up to three hits (Yang, Zhang, Qiu, Yue and Rashmi, "FIFO Queues are All You
//! Need for Cache Eviction", SOSP 2023).
//!
//! ```text
//!   miss ─▶ small (a tenth) ──── hit twice ──▶ main ──┐ hit since: round again
//!               │                               ▲ │◀──┘
//!               ▼ not                           │ ▼ not
//!             ghost (names only) ─ asked for again   out
//! ```
//!
//! The small queue gives while it has its tenth, else the main queue does; the hits of an entry that goes from one to
//! the other are forgotten. The ghost queue has names of as much as the main
//! queue has room for.

use crate::chain::Ghosts;
use crate::segments::Segments;
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::{FrameCount, ReplacementState};
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

const SMALL: usize = 0;
const MAIN: usize = 1;
const LISTS: [PolicyList; 2] = [PolicyList::Small, PolicyList::Main];
/// Hits that are counted: two bits.
const HITS_MAX: u8 = 3;
/// Hits that an entry of the small queue needs to go on to the main queue.
const HITS_TO_STAY: u8 = 2;

#[derive(Clone, Debug)]
pub struct S3Fifo {
    small_share: u64,
    /// What the names in the ghost queue may have weighed.
    ghost_share: u64,
    queues: Segments,
    /// By frame.
    hits: Vec<u8>,
    ghosts: Ghosts<1>,
}

impl S3Fifo {
    pub fn new(capacity: Capacity) -> S3Fifo {
        let (queues, hits, ghosts) = Default::default();
        let (small_share, ghost_share) = shares(capacity);
        S3Fifo { small_share, ghost_share, queues, hits, ghosts }
    }

    fn count(&mut self, frame: FrameId, hits: u8, watch: &mut impl Watch) {
        if self.hits[frame.index()] != hits {
            self.hits[frame.index()] = hits;
            watch.tell(|| Event::PolicyCounted { frame, count: u32::from(hits) });
        }
    }

    fn enter_main(&mut self, frame: FrameId, hits: u8, watch: &mut impl Watch) {
        self.queues.move_to(MAIN, frame);
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Main, item: frame.0 });
        self.count(frame, hits, watch);
    }

    fn forget(&mut self, watch: &mut impl Watch) {
        while self.ghosts.weight(0) > self.ghost_share {
            let Some(page) = self.ghosts.pop_oldest(0) else { return };
            watch.tell(|| Event::PolicyForgot { list: PolicyList::Ghost, page });
        }
    }
}

/// A tenth of the room for the small queue, at least 1; names of what weighs as much as the rest in the ghost queue.
fn shares(capacity: Capacity) -> (u64, u64) {
    let small = (capacity.units() / 10).max(1);
    (small, capacity.units() - small)
}

impl Replacement for S3Fifo {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let hits = self.hits[frame.index()];
        if hits < HITS_MAX {
            self.count(frame, hits + 1, watch);
        }
    }

    fn first_used(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    /// Each look either finds the victim, takes an entry out of the small queue or a hit off one in the main queue.
    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        watch: &mut impl Watch,
    ) -> Option<Victim> {
        loop {
            let of_small = self.queues.oldest(SMALL, &evictable);
            let of_main = self.queues.oldest(MAIN, &evictable);
            let frame = match (of_small, of_main) {
                (Some(frame), _) if self.queues.weight(SMALL) >= self.small_share => frame,
                (_, Some(frame)) => frame,
                (only, None) => only?,
            };
            let hits = self.hits[frame.index()];
            if self.queues.list_of(frame) == SMALL {
                if hits < HITS_TO_STAY {
                    return Some(Victim { frame, reason: VictimReason::FewHits, number: u64::from(hits) });
                }
                self.enter_main(frame, 0, watch);
            } else if hits > 0 {
                self.enter_main(frame, hits - 1, watch);
            } else {
                let number = u64::from(self.queues.len(MAIN));
                return Some(Victim { frame, reason: VictimReason::NoHits, number });
            }
        }
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let size = self.queues.size(frame);
        if self.queues.remove(frame) == SMALL {
            self.ghosts.push(0, page, size);
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::Ghost, item: page.0 });
        }
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let page = newcomer.page;
        let known = self.ghosts.remove(page).is_some();
        if known {
            watch.tell(|| Event::PolicyForgot { list: PolicyList::Ghost, page });
        }
        let list = if known { MAIN } else { SMALL };
        self.queues.push(list, frame, newcomer.size);
        if self.hits.len() <= frame.index() {
            self.hits.resize(frame.index() + 1, 0);
        }
        self.hits[frame.index()] = 0;
        watch.tell(|| Event::PolicyPlaced { list: LISTS[list], item: frame.0 });
        // Not before: what was evicted for this one must not push this one's name out.
        self.forget(watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.queues.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.queues.rename(from, to);
        if self.hits.len() <= to.index() {
            self.hits.resize(to.index() + 1, 0);
        }
        self.hits[to.index()] = self.hits[from.index()];
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        (self.small_share, self.ghost_share) = shares(capacity);
        self.forget(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::S3Fifo;
        for list in [SMALL, MAIN] {
            state.push_list(LISTS[list], self.queues.iter(list));
        }
        state.push_list(PolicyList::Ghost, self.ghosts.iter(0).map(|page| page.0));
        let count = |frame: u32| FrameCount { frame: FrameId(frame), count: u32::from(self.hits[frame as usize]) };
        let counts = self.queues.iter(SMALL).chain(self.queues.iter(MAIN)).map(count);
        state.counts = counts.filter(|held| held.count > 0).collect();
        state.sort_counts();
    }
}

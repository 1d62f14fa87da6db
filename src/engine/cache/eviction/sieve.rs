//! SIEVE: a queue, a bit for each entry, and a hand that sifts.
//!
//! A hit sets the bit and moves nothing. The hand goes from the oldest entry to the newest: who has the bit set loses it and
//! stays *where it is*, the first without it leaves. New entries come in at the newest end, so what survived and what is
//! new do not mix, and one-hit wonders behind the hand go soon (Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is Simpler
//! than LRU: an Efficient Turn-Key Eviction Algorithm for Web Caches", NSDI 2024).
//!
//! ```text
//!   oldest  A1 ── B0 ── C1 ── D0 ── E0  newest ◀── new entries
//!                  ▲ hand ──▶               B leaves, the hand stands at C
//! ```
//!
//! **Invariant:** the hand stands at an entry of the queue, or nowhere: then it begins at the oldest.

use crate::chain::NIL;
use crate::segments::Segments;
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::{FrameCount, ReplacementState};
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

#[derive(Clone, Debug)]
pub struct Sieve {
    queue: Segments,
    /// By frame.
    visited: Vec<bool>,
    hand: Option<FrameId>,
}

/// The hand that stands nowhere.
pub const NOWHERE: FrameId = FrameId(NIL);

impl Sieve {
    pub fn new() -> Sieve {
        Sieve { queue: Segments::default(), visited: Vec::new(), hand: None }
    }

    fn point(&mut self, hand: Option<FrameId>, watch: &mut impl Watch) {
        if self.hand != hand {
            self.hand = hand;
            watch.tell(|| Event::PolicyPointed { hand: hand.unwrap_or(NOWHERE) });
        }
    }
}

impl Default for Sieve {
    fn default() -> Sieve {
        Sieve::new()
    }
}

impl Replacement for Sieve {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let visited = &mut self.visited[frame.index()];
        if !*visited {
            *visited = true;
            watch.tell(|| Event::PolicyCounted { frame, count: 1 });
        }
    }

    fn first_used(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    /// Twice through the queue at most: after the first time no bit is set.
    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        watch: &mut impl Watch,
    ) -> Option<Victim> {
        let mut at = self.hand.or_else(|| self.queue.oldest(0, |_| true))?;
        for passed in 0..2 * self.queue.len(0) {
            let next = self.queue.newer(at);
            let visited = std::mem::take(&mut self.visited[at.index()]);
            if visited {
                watch.tell(|| Event::PolicyCounted { frame: at, count: 0 });
            } else if evictable(at) {
                self.point(Some(at), watch);
                return Some(Victim { frame: at, reason: VictimReason::NotVisited, number: u64::from(passed) });
            }
            at = next.or_else(|| self.queue.oldest(0, |_| true))?;
        }
        None
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, _newcomer: Newcomer, watch: &mut impl Watch) {
        self.queue.push(0, frame, 1);
        if self.visited.len() <= frame.index() {
            self.visited.resize(frame.index() + 1, false);
        }
        self.visited[frame.index()] = false;
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Queue, item: frame.0 });
    }

    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch) {
        if self.hand == Some(frame) {
            self.point(self.queue.newer(frame), watch);
        }
        self.queue.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.queue.rename(from, to);
        if self.visited.len() <= to.index() {
            self.visited.resize(to.index() + 1, false);
        }
        self.visited[to.index()] = self.visited[from.index()];
        if self.hand == Some(from) {
            self.hand = Some(to);
        }
    }

    fn resize(&mut self, _capacity: Capacity, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Sieve;
        state.hand = self.hand.unwrap_or(NOWHERE);
        state.push_list(PolicyList::Queue, self.queue.iter(0));
        let visited =
            |frame: u32| self.visited[frame as usize].then_some(FrameCount { frame: FrameId(frame), count: 1 });
        state.counts = self.queue.iter(0).filter_map(visited).collect();
        state.sort_counts();
    }
}

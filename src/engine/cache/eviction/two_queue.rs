//! 2Q: newcomers wait in a queue of their own; only what is asked for again after leaving it gets among the others.
//!
//! The full version (Johnson and Shasha, "2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm",
//! 1994). Accesses that follow each other closely hit the page in `A1in` and change nothing, so they count once. A page
//! that leaves `A1in` is remembered in `A1out`; when it is asked for while it stands there, it has proved itself and goes
//! to `Am`, an LRU list. A scan passes through `A1in` and leaves `Am` alone.
//!
//! ```text
//!   miss ─▶ A1in (FIFO, a quarter) ─▶ A1out (page ids only, half as many as frames) ─▶ forgotten
//!                                        │ asked for again
//!                                        ▼
//!                                       Am (LRU, the rest) ─▶ forgotten
//! ```

use crate::chain::Ghosts;
use crate::segments::Segments;
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

const IN: usize = 0;
const MAIN: usize = 1;
const LISTS: [PolicyList; 2] = [PolicyList::A1in, PolicyList::Am];

#[derive(Clone, Debug)]
pub struct TwoQueue {
    /// The paper's Kin: A1in may be longer only while frames are left.
    in_max: u64,
    /// Kout.
    out_max: u64,
    /// A1in and Am.
    queues: Segments,
    out: Ghosts<1>,
}

impl TwoQueue {
    pub fn new(capacity: Capacity) -> TwoQueue {
        let (in_max, out_max) = TwoQueue::limits(capacity);
        let (queues, out) = Default::default();
        TwoQueue { in_max, out_max, queues, out }
    }

    /// What the paper found to do well: a quarter of the frames, and ids for half as many pages as there are frames.
    fn limits(capacity: Capacity) -> (u64, u64) {
        let units = capacity.units();
        ((units / 4).max(1), (units / 2).max(1))
    }

    fn forget(&mut self, watch: &mut impl Watch) {
        while self.out.weight(0) > self.out_max {
            let Some(page) = self.out.pop_oldest(0) else { return };
            watch.tell(|| Event::PolicyForgot { list: PolicyList::A1out, page });
        }
    }
}

impl Replacement for TwoQueue {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        if self.queues.list_of(frame) == MAIN && self.queues.raise(frame) {
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::Am, item: frame.0 });
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
        let newcomers = self.queues.len(IN);
        let order = if self.queues.weight(IN) > self.in_max { [IN, MAIN] } else { [MAIN, IN] };
        let oldest = |list: usize| Some((list, self.queues.oldest(list, &evictable)?));
        let (list, frame) = order.into_iter().find_map(oldest)?;
        Some(match list {
            IN => Victim { frame, reason: VictimReason::Newcomer, number: u64::from(newcomers) },
            _ => Victim { frame, reason: VictimReason::ProvenLeastRecent, number: u64::from(newcomers) },
        })
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let size = self.queues.size(frame);
        if self.queues.remove(frame) == IN {
            self.out.push(0, page, size);
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::A1out, item: page.0 });
        }
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let page = newcomer.page;
        let proven = self.out.remove(page).is_some();
        if proven {
            watch.tell(|| Event::PolicyForgot { list: PolicyList::A1out, page });
        }
        let list = if proven { MAIN } else { IN };
        self.queues.push(list, frame, newcomer.size);
        watch.tell(|| Event::PolicyPlaced { list: LISTS[list], item: frame.0 });
        // Not before: the page that was evicted for this one must not push this one's id out.
        self.forget(watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.queues.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.queues.rename(from, to);
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        (self.in_max, self.out_max) = TwoQueue::limits(capacity);
        self.forget(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::TwoQueue;
        state.push_list(PolicyList::A1in, self.queues.iter(IN));
        state.push_list(PolicyList::Am, self.queues.iter(MAIN));
        state.push_list(PolicyList::A1out, self.out.iter(0).map(|page| page.0));
    }
}

//! SLRU, segmented LRU: who is hit again is protected from those who were not.
//!
//! Newcomers enter the probationary segment; a hit takes an entry to the protected one, which has four fifths of the
//! room. What is pushed out of it gets another turn on probation, as its newest (Karedla, Love and Wherry, "Caching
//! Strategies to Improve Disk System Performance", 1994).
//!
//! ```text
//!   miss ─▶ probation (LRU) ─▶ out
//!               │ hit   ▲
//!               ▼       │ beyond four fifths
//!            protected (LRU)
//! ```

use crate::segments::Segments;
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

const PROBATION: usize = 0;
const PROTECTED: usize = 1;
const LISTS: [PolicyList; 2] = [PolicyList::Probation, PolicyList::Protected];

#[derive(Clone, Debug)]
pub struct Slru {
    protected_max: u64,
    segments: Segments,
}

impl Slru {
    pub fn new(capacity: Capacity) -> Slru {
        Slru { protected_max: protected_share(capacity.units()), segments: Segments::default() }
    }

    fn place(&mut self, list: usize, frame: FrameId, watch: &mut impl Watch) {
        self.segments.move_to(list, frame);
        watch.tell(|| Event::PolicyPlaced { list: LISTS[list], item: frame.0 });
    }

    fn shrink(&mut self, watch: &mut impl Watch) {
        while self.segments.weight(PROTECTED) > self.protected_max {
            let Some(frame) = self.segments.oldest(PROTECTED, |_| true) else { return };
            self.place(PROBATION, frame, watch);
        }
    }
}

/// Four fifths of the room.
pub fn protected_share(units: u64) -> u64 {
    units / 5 * 4 + units % 5 * 4 / 5
}

impl Replacement for Slru {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        if self.segments.list_of(frame) == PROTECTED {
            if self.segments.raise(frame) {
                watch.tell(|| Event::PolicyPlaced { list: PolicyList::Protected, item: frame.0 });
            }
        } else {
            self.place(PROTECTED, frame, watch);
            self.shrink(watch);
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        if self.segments.raise(frame) {
            let list = LISTS[self.segments.list_of(frame)];
            watch.tell(|| Event::PolicyPlaced { list, item: frame.0 });
        }
    }

    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let oldest = |list: usize| Some((list, self.segments.oldest(list, &evictable)?));
        let (list, frame) = [PROBATION, PROTECTED].into_iter().find_map(oldest)?;
        let reason = if list == PROBATION { VictimReason::OnProbation } else { VictimReason::LeastRecent };
        Some(Victim { frame, reason, number: u64::from(self.segments.len(list)) })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        self.segments.push(PROBATION, frame, newcomer.size);
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Probation, item: frame.0 });
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.segments.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.segments.rename(from, to);
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        self.protected_max = protected_share(capacity.units());
        self.shrink(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Slru;
        for list in [PROTECTED, PROBATION] {
            state.push_list(LISTS[list], self.segments.iter(list));
        }
    }
}

//! W-TinyLFU: a small window for newcomers, and a duel at the door of the main cache.
//!
//! Newcomers enter a window, an LRU list of a hundredth of the room. Who falls out of it stands at the door of the main
//! cache, an [SLRU](crate::Slru). When that is full, the candidate and the main cache's own victim are compared by how
//! often they were asked for lately, as a [`Sketch`] estimates it for resident and long gone alike: the loser leaves, the
//! candidate at a tie (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM
//! Transactions on Storage 13, 2017). The window keeps its size: nothing climbs hills here.
//!
//! ```text
//!   miss ─▶ window (LRU, 1 %) ─▶ candidate ──┐ asked for more often?
//!                                            ├──────────▶ probation ⇄ protected (SLRU, 99 %)
//!                              main's victim ┘            the loser leaves
//! ```

use crate::segments::Segments;
use crate::sketch::Sketch;
use crate::slru::protected_share;
use crate::{Arrival, Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

const PROBATION: usize = 0;
const PROTECTED: usize = 1;
const WINDOW: usize = 2;
const LISTS: [PolicyList; 3] = [PolicyList::Probation, PolicyList::Protected, PolicyList::Window];
/// A sketch of more counters in a row is not told or described.
const WIDTH_TOLD: u32 = 256;

#[derive(Clone, Debug)]
pub struct WTinyLfu {
    window_max: u64,
    protected_max: u64,
    segments: Segments,
    /// By frame: what is in it, for the sketch knows keys.
    pages: Vec<PageId>,
    sketch: Sketch,
}

impl WTinyLfu {
    pub fn new(capacity: Capacity) -> WTinyLfu {
        let (window_max, protected_max) = WTinyLfu::shares(capacity);
        let (segments, pages) = Default::default();
        WTinyLfu { window_max, protected_max, segments, pages, sketch: Sketch::new(capacity.entries()) }
    }

    fn shares(capacity: Capacity) -> (u64, u64) {
        let window = (capacity.units() / 100).max(1);
        (window, protected_share(capacity.units() - window))
    }

    fn place(&mut self, list: usize, frame: FrameId, watch: &mut impl Watch) {
        self.segments.move_to(list, frame);
        watch.tell(|| Event::PolicyPlaced { list: LISTS[list], item: frame.0 });
    }

    fn count(&mut self, page: PageId, watch: &mut impl Watch) {
        let aged = self.sketch.count(page);
        if self.sketch.width() <= WIDTH_TOLD {
            let [a, b, c, d] = self.sketch.places(page);
            watch.tell(|| Event::PolicySketched { a, b, c, d });
            if aged {
                watch.tell(|| Event::PolicyAged {});
            }
        }
    }

    /// What the window can't hold goes to the main cache.
    fn overflow(&mut self, watch: &mut impl Watch) {
        while self.segments.weight(WINDOW) > self.window_max {
            let Some(frame) = self.segments.oldest(WINDOW, |_| true) else { return };
            self.place(PROBATION, frame, watch);
        }
    }

    fn shrink(&mut self, watch: &mut impl Watch) {
        while self.segments.weight(PROTECTED) > self.protected_max {
            let Some(frame) = self.segments.oldest(PROTECTED, |_| true) else { return };
            self.place(PROBATION, frame, watch);
        }
    }

    fn estimate(&self, frame: FrameId) -> u64 {
        self.sketch.estimate(self.pages[frame.index()])
    }
}

impl Replacement for WTinyLfu {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.count(self.pages[frame.index()], watch);
        let list = self.segments.list_of(frame);
        if list == PROBATION {
            self.place(PROTECTED, frame, watch);
            self.shrink(watch);
        } else if self.segments.raise(frame) {
            watch.tell(|| Event::PolicyPlaced { list: LISTS[list], item: frame.0 });
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.count(self.pages[frame.index()], watch);
    }

    /// The window's oldest and the main cache's are compared once the window has its share.
    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let oldest = |list: usize| self.segments.oldest(list, &evictable);
        let of_main = oldest(PROBATION).or_else(|| oldest(PROTECTED));
        let has_share = self.segments.weight(WINDOW) >= self.window_max;
        let candidate = oldest(WINDOW).filter(|_| has_share || of_main.is_none());
        Some(match (candidate, of_main) {
            (Some(candidate), Some(victim)) => {
                let (ours, theirs) = (self.estimate(candidate), self.estimate(victim));
                if ours > theirs {
                    Victim { frame: victim, reason: VictimReason::LostToCandidate, number: theirs }
                } else {
                    Victim { frame: candidate, reason: VictimReason::NotAdmitted, number: ours }
                }
            }
            (Some(frame), None) => Victim { frame, reason: VictimReason::LeastRecent, number: 0 },
            (None, Some(frame)) => Victim { frame, reason: VictimReason::OnProbation, number: 0 },
            (None, None) => return None,
        })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        if newcomer.arrival == Arrival::Asked {
            self.count(newcomer.page, watch);
        }
        self.segments.push(WINDOW, frame, newcomer.size);
        if self.pages.len() <= frame.index() {
            self.pages.resize(frame.index() + 1, PageId::default());
        }
        self.pages[frame.index()] = newcomer.page;
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Window, item: frame.0 });
        self.overflow(watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.segments.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.segments.rename(from, to);
        if self.pages.len() <= to.index() {
            self.pages.resize(to.index() + 1, PageId::default());
        }
        self.pages[to.index()] = self.pages[from.index()];
    }

    /// The sketch keeps its size.
    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        (self.window_max, self.protected_max) = WTinyLfu::shares(capacity);
        self.overflow(watch);
        self.shrink(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::WTinyLfu;
        for list in [WINDOW, PROTECTED, PROBATION] {
            state.push_list(LISTS[list], self.segments.iter(list));
        }
        if self.sketch.width() <= WIDTH_TOLD {
            state.sketch = self.sketch.counters().collect();
        }
    }
}

//! W-TinyLFU: a small window for newcomers, and a duel at the door of the main cache.
//!
//! Newcomers enter a window, an LRU list of a hundredth of the room. Who falls out of it stands at the door of the main
//! cache, an [SLRU](crate::Slru). When that is full, the candidate and the main cache's own victim are compared by how
//! often they were asked for lately, as a [`Sketch`] estimates it for resident and long gone alike: the loser leaves, the
//! candidate at a tie (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM
//! Transactions on Storage 13, 2017). The window keeps its size, unless it is to find the one that fits by itself: then it
//! begins as small, and a [`Climber`] tells how it goes on.
//!
//! ```text
//!   miss ─▶ window (LRU, 1 %) ─▶ candidate ──┐ asked for more often?
//!                                            ├──────────▶ probation ⇄ protected (SLRU, 99 %)
//!                              main's victim ┘            the loser leaves
//! ```

use crate::climber::Climber;
use crate::segments::Segments;
use crate::sketch::Sketch;
use crate::slru::protected_share;
use crate::{Arrival, Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, TARGET_ONE, VictimReason};

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
    units: u64,
    /// None: the window keeps its size.
    climber: Option<Climber>,
}

impl WTinyLfu {
    /// `adapts`: the window finds its size.
    pub fn new(capacity: Capacity, adapts: bool) -> WTinyLfu {
        let (segments, pages, units) = Default::default();
        let sketch = Sketch::new(capacity.entries());
        let (window_max, protected_max) = (0, 0);
        let mut policy = WTinyLfu { window_max, protected_max, segments, pages, sketch, units, climber: None };
        policy.begin(capacity, adapts);
        policy
    }

    /// The shares that it begins with.
    fn begin(&mut self, capacity: Capacity, adapts: bool) {
        self.units = capacity.units();
        let window = (self.units / 100).max(1);
        self.share(window);
        self.climber = adapts.then(|| Climber::new(capacity, window));
    }

    fn share(&mut self, window: u64) {
        self.window_max = window;
        self.protected_max = protected_share(self.units - window);
    }

    /// An access is over; after so many of them the window may change.
    #[inline]
    fn accessed(&mut self, is_hit: bool, watch: &mut impl Watch) {
        let window = self.window_max;
        let aim = self.climber.as_mut().and_then(|climber| climber.count(is_hit, window));
        if let Some(aim) = aim.filter(|aim| *aim != window) {
            self.adapt(aim, watch);
        }
    }

    /// The window has another size from now on: entries go between it and the main cache, and none leaves.
    #[inline(never)]
    fn adapt(&mut self, window: u64, watch: &mut impl Watch) {
        self.share(window);
        self.tell_window(watch);
        self.overflow(watch);
        self.shrink(watch);
        let main = |policy: &WTinyLfu| {
            let oldest = |list| policy.segments.oldest(list, |_| true);
            oldest(PROBATION).or_else(|| oldest(PROTECTED))
        };
        while let Some(frame) = main(self) {
            if self.segments.weight(WINDOW) + u64::from(self.segments.size(frame)) > window {
                break;
            }
            self.place(WINDOW, frame, watch);
        }
    }

    /// Where its size may change, it is told.
    fn tell_window(&self, watch: &mut impl Watch) {
        if self.climber.is_some() {
            let target = self.window_max * TARGET_ONE;
            watch.tell(|| Event::PolicyTarget { target });
        }
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
        self.accessed(true, watch);
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.count(self.pages[frame.index()], watch);
        self.accessed(true, watch);
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
        if newcomer.arrival == Arrival::Asked {
            self.accessed(false, watch);
        }
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

    /// The sketch keeps its size; a window that adapts begins anew.
    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        self.begin(capacity, self.climber.is_some());
        self.tell_window(watch);
        self.overflow(watch);
        self.shrink(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::WTinyLfu;
        if self.climber.is_some() {
            state.target = self.window_max * TARGET_ONE;
        }
        for list in [WINDOW, PROTECTED, PROBATION] {
            state.push_list(LISTS[list], self.segments.iter(list));
        }
        if self.sketch.width() <= WIDTH_TOLD {
            state.sketch = self.sketch.counters().collect();
        }
    }
}

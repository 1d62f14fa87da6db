//! Random: any of them, each as likely.
//!
//! It keeps nothing but what is there, and a loop that is a little too large for the cache cannot defeat it.

use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_sim::Generator;
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{FrameId, PageId, PolicyKind, VictimReason};

#[derive(Clone, Debug)]
pub struct Random {
    held: Vec<FrameId>,
    /// By frame: its place in `held`.
    place: Vec<u32>,
    generator: Generator,
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random { held: Vec::new(), place: Vec::new(), generator: Generator::new(seed, "eviction.random") }
    }

    fn put(&mut self, place: usize, frame: FrameId) {
        if self.place.len() <= frame.index() {
            self.place.resize(frame.index() + 1, 0);
        }
        self.place[frame.index()] = place as u32;
        self.held[place] = frame;
    }
}

impl Replacement for Random {
    #[inline(always)]
    fn hit(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    fn first_used(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    /// From one that is drawn on, the first that may go.
    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let drawn = self.generator.below(self.held.len() as u64) as usize;
        let (before, from) = self.held.split_at(drawn.min(self.held.len()));
        let frame = *from.iter().chain(before).find(|frame| evictable(**frame))?;
        Some(Victim { frame, reason: VictimReason::Drawn, number: self.held.len() as u64 })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, _newcomer: Newcomer, _watch: &mut impl Watch) {
        self.held.push(frame);
        self.put(self.held.len() - 1, frame);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        let place = self.place[frame.index()] as usize;
        let Some(last) = self.held.pop() else { return };
        if place < self.held.len() {
            self.put(place, last);
        }
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        let place = self.place[from.index()] as usize;
        self.put(place, to);
    }

    fn resize(&mut self, _capacity: Capacity, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Random;
    }
}

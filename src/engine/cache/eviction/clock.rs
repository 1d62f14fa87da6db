//! Clock, or second chance: FIFO that spares what was used since the hand last came by.
//!
//! Frames stand in a circle, each with a reference bit that an access sets. The hand goes round: a frame with its bit set
//! loses the bit and stays, the first without it is the victim. A hit costs one store, which is why so many systems use
//! some form of it (Corbató, "A Paging Experiment with the Multics System", 1968).
//!
//! ```text
//!            0:1
//!       7:0       1:1
//!     6:1    ──▶    2:0   the hand clears what it passes and stops at the first 0
//!       5:0       3:1
//!            4:1
//! ```

use crate::{Arrival, Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, VictimReason};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Vacant,
    /// Occupied, reference bit clear.
    Unused,
    /// Occupied, reference bit set.
    Used,
}

#[derive(Clone, Debug)]
pub struct Clock {
    faces: Vec<Face>,
    /// The frame that is looked at next.
    hand: u32,
}

impl Clock {
    /// A cache of bytes begins with no circle: it grows with the places that are used.
    pub fn new(capacity: Capacity) -> Clock {
        Clock { faces: vec![Face::Vacant; capacity.places() as usize], hand: 0 }
    }
}

impl Replacement for Clock {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let face = &mut self.faces[frame.index()];
        if *face != Face::Used {
            *face = Face::Used;
            watch.tell(|| Event::PolicyReferenced { frame });
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.hit(frame, watch);
    }

    /// Twice round at most: after the first time every bit is clear.
    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        watch: &mut impl Watch,
    ) -> Option<Victim> {
        let count = self.faces.len() as u32;
        self.hand = if self.hand < count { self.hand } else { 0 };
        let from = self.hand;
        for passed in 0..2 * count {
            let frame = FrameId(self.hand);
            let face = &mut self.faces[frame.index()];
            self.hand = if self.hand + 1 == count { 0 } else { self.hand + 1 };
            match face {
                Face::Used => *face = Face::Unused,
                Face::Unused if evictable(frame) => {
                    watch.tell(|| Event::PolicyHandMoved { from, passed: passed + 1, hand: FrameId(self.hand) });
                    let reason = VictimReason::NotReferenced;
                    return Some(Victim { frame, reason, number: u64::from(passed) });
                }
                _ => {}
            }
        }
        watch.tell(|| Event::PolicyHandMoved { from, passed: 2 * count, hand: FrameId(self.hand) });
        None
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        if self.faces.len() <= frame.index() {
            self.faces.resize(frame.index() + 1, Face::Vacant);
        }
        self.faces[frame.index()] = Face::Unused;
        if newcomer.arrival == Arrival::Asked {
            self.hit(frame, watch);
        }
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.faces[frame.index()] = Face::Vacant;
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.faces[to.index()] = std::mem::replace(&mut self.faces[from.index()], Face::Vacant);
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        let Capacity::Entries(frames) = capacity else { return };
        debug_assert!(self.faces.iter().skip(frames as usize).all(|face| *face == Face::Vacant));
        self.faces.resize(frames as usize, Face::Vacant);
        if self.hand >= frames {
            let from = std::mem::take(&mut self.hand);
            watch.tell(|| Event::PolicyHandMoved { from, passed: 0, hand: FrameId(0) });
        }
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Clock;
        state.hand = FrameId(self.hand);
        let used = |(frame, face): (u32, &Face)| (*face == Face::Used).then_some(FrameId(frame));
        state.referenced = (0..).zip(&self.faces).filter_map(used).collect();
    }
}

//! ARC: an LRU list for what was used once and one for what was used again, and a balance between them that learns.
//!
//! `T1` holds pages seen once recently, `T2` pages seen at least twice; `B1` and `B2` remember which pages left either. A
//! miss on a page in `B1` says that `T1` was too short: the target length `p` of `T1` grows. A miss on one in `B2` says the
//! contrary. So nothing has to be set, and a scan, which misses in neither, cannot push out `T2` (Megiddo and Modha, "ARC:
//! A Self-Tuning, Low Overhead Replacement Cache", 2003).
//!
//! ```text
//!    B1 (ids) ◀── T1 │ T2 ──▶ B2 (ids)       c frames = |T1| + |T2|
//!    older    newest │ newest    older       |T1| + |B1| ≤ c,  all four ≤ 2c
//!             ◀── p ──▶ what T1 is to be
//! ```
//!
//! The paper trims the ghost lists before it admits a page; here they are trimmed after, by the same bounds, which comes
//! to the same and also holds when pages are pinned, discarded or the pool is resized.
//!
//! **Invariant:** after each admission `|T1| + |B1| ≤ c` and `|T1| + |T2| + |B1| + |B2| ≤ 2c`.

use crate::chain::Ghosts;
use crate::segments::Segments;
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, TARGET_ONE, VictimReason};

/// Index of T1 and B1, and of T2 and B2.
const ONCE: usize = 0;
const AGAIN: usize = 1;
const TOPS: [PolicyList; 2] = [PolicyList::T1, PolicyList::T2];
const BOTTOMS: [PolicyList; 2] = [PolicyList::B1, PolicyList::B2];

#[derive(Clone, Debug)]
pub struct Arc {
    capacity: u64,
    /// The paper's p, in units of 1 / [`TARGET_ONE`] of a frame: it grows by fractions.
    target: u64,
    /// The page that a victim was last asked for, and the target once it is admitted: the victim becomes a ghost before
    /// that, and the lengths before it did are what the paper compares.
    aimed: Option<(PageId, u64)>,
    tops: Segments,
    bottoms: Ghosts<2>,
}

impl Arc {
    pub fn new(capacity: Capacity) -> Arc {
        let (tops, bottoms) = Default::default();
        Arc { capacity: capacity.units(), target: 0, aimed: None, tops, bottoms }
    }

    /// The target once `incoming` has been missed: what was regretted gets more room, by the more the shorter its ghost
    /// list is beside the other's. For objects of different sizes, by their size times that.
    fn target_after(&self, page: PageId) -> u64 {
        let [once, again] = [ONCE, AGAIN].map(|list| self.bottoms.weight(list));
        let step = |other: u64, own: u64| (other * TARGET_ONE / own.max(1)).max(TARGET_ONE) * self.bottoms.size(page);
        match self.bottoms.list(page) {
            Some(ONCE) => (self.target + step(again, once)).min(self.capacity * TARGET_ONE),
            Some(_) => self.target.saturating_sub(step(once, again)),
            None => self.target,
        }
    }

    /// Forgets the oldest ghosts beyond the bounds.
    fn forget(&mut self, watch: &mut impl Watch) {
        let once = self.tops.weight(ONCE);
        let resident = once + self.tops.weight(AGAIN);
        while once + self.bottoms.weight(ONCE) > self.capacity {
            if !self.forget_oldest(ONCE, watch) {
                break;
            }
        }
        while resident + self.bottoms.weight(ONCE) + self.bottoms.weight(AGAIN) > 2 * self.capacity {
            if !self.forget_oldest(AGAIN, watch) {
                break;
            }
        }
    }

    fn forget_oldest(&mut self, list: usize, watch: &mut impl Watch) -> bool {
        let Some(page) = self.bottoms.pop_oldest(list) else { return false };
        watch.tell(|| Event::PolicyForgot { list: BOTTOMS[list], page });
        true
    }

    fn aim(&mut self, target: u64, watch: &mut impl Watch) {
        if self.target != target {
            self.target = target;
            watch.tell(|| Event::PolicyTarget { target });
        }
    }
}

impl Replacement for Arc {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let moved = match self.tops.list_of(frame) {
            ONCE => {
                self.tops.move_to(AGAIN, frame);
                true
            }
            _ => self.tops.raise(frame),
        };
        if moved {
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::T2, item: frame.0 });
        }
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let list = self.tops.list_of(frame);
        if self.tops.raise(frame) {
            watch.tell(|| Event::PolicyPlaced { list: TOPS[list], item: frame.0 });
        }
    }

    /// The paper's REPLACE, with the target as it will be once `incoming` is admitted.
    fn victim(
        &mut self,
        incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let ghost = incoming.and_then(|page| self.bottoms.list(page));
        // One object may need the room of several: the target is worked out for the first that leaves.
        let aimed = self.aimed.filter(|(page, _)| Some(*page) == incoming).map(|(_, target)| target);
        let target = aimed.or_else(|| Some(self.target_after(incoming?))).unwrap_or(self.target);
        self.aimed = incoming.map(|page| (page, target));
        let once = self.tops.weight(ONCE) * TARGET_ONE;
        let shrink_once = once > 0 && (once > target || (ghost == Some(AGAIN) && once == target));
        // A page from neither list, and T1 fills the pool: the paper drops the oldest of T1.
        let only_once = ghost.is_none() && self.tops.weight(ONCE) >= self.capacity;
        let order = if shrink_once || only_once { [ONCE, AGAIN] } else { [AGAIN, ONCE] };
        let oldest = |list: usize| Some((list, self.tops.oldest(list, &evictable)?));
        let (list, frame) = order.into_iter().find_map(oldest)?;
        let reason = if list == ONCE { VictimReason::UsedOnce } else { VictimReason::UsedAgain };
        Some(Victim { frame, reason, number: u64::from(self.tops.len(list)) })
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let size = self.tops.size(frame);
        let list = self.tops.remove(frame);
        self.bottoms.push(list, page, size);
        watch.tell(|| Event::PolicyPlaced { list: BOTTOMS[list], item: page.0 });
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let page = newcomer.page;
        let ghost = self.bottoms.list(page);
        let aimed = self.aimed.take().filter(|(aimed, _)| *aimed == page).map(|(_, target)| target);
        let list = if let Some(ghost) = ghost {
            self.aim(aimed.unwrap_or_else(|| self.target_after(page)), watch);
            self.bottoms.remove(page);
            watch.tell(|| Event::PolicyForgot { list: BOTTOMS[ghost], page });
            AGAIN
        } else {
            ONCE
        };
        self.tops.push(list, frame, newcomer.size);
        watch.tell(|| Event::PolicyPlaced { list: TOPS[list], item: frame.0 });
        self.forget(watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.tops.remove(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.tops.rename(from, to);
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        self.capacity = capacity.units();
        self.aim(self.target.min(self.capacity * TARGET_ONE), watch);
        self.forget(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Arc;
        state.target = self.target;
        for list in [ONCE, AGAIN] {
            state.push_list(TOPS[list], self.tops.iter(list));
        }
        for list in [ONCE, AGAIN] {
            state.push_list(BOTTOMS[list], self.bottoms.iter(list).map(|page| page.0));
        }
    }
}

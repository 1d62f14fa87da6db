//! LIRS: keeps what comes back soon, judged by the distance between an entry's last two uses.
//!
//! Entries with a low inter-reference recency (LIR) have nearly all the room; the others (HIR) pass through a hundredth of
//! it. The stack S has entries by their last use, also HIR entries that left, down to the least recently used LIR entry. An
//! HIR entry that is used while it stands in S came back sooner than that one: the two change places (Jiang and Zhang,
//! "LIRS: An Efficient Low Inter-reference Recency Set Replacement Policy to Improve Buffer Cache Performance",
//! SIGMETRICS 2002).
//!
//! ```text
//!   S, newest on top          Q, resident HIR entries
//!     E  HIR, resident   ◀──▶   E      its front is the victim
//!     A  LIR
//!     D  HIR, gone
//!     B  LIR           always LIR at the bottom: what is below is cut off ("pruned")
//! ```
//!
//! While the LIR entries have not their share of the room, newcomers are LIR. The paper bounds S by nothing; here entries
//! that left are remembered up to twice the number of those that are there, those that left first forgotten first.
//!
//! **Invariant:** the bottom of S is LIR, or S is empty. Every LIR entry is in S, every resident HIR entry in Q.

use crate::chain::{Chain, Links, NIL};
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

/// Entries that left are remembered: so many for each that is there.
const REMEMBERED: u32 = 2;

#[derive(Clone, Copy, Debug)]
struct Entry {
    page: PageId,
    /// [`NIL`] for one that left.
    frame: u32,
    size: u32,
    is_lir: bool,
    in_stack: bool,
}

#[derive(Clone, Debug)]
pub struct Lirs {
    /// What LIR entries may weigh.
    lir_max: u64,
    lir_weight: u64,
    entries: Vec<Entry>,
    vacant: Vec<u32>,
    stack_links: Links,
    stack: Chain,
    /// Q, and apart from it those that left, by when they did.
    queue_links: Links,
    queue: Chain,
    gone: Chain,
    /// By frame: its entry.
    by_frame: Vec<u32>,
    /// By page: the entry of one that left, or [`NIL`].
    by_page: Vec<u32>,
    resident: u32,
}

impl Lirs {
    pub fn new(capacity: Capacity) -> Lirs {
        let (entries, vacant, stack_links, stack, queue_links, queue, gone, by_frame, by_page) = Default::default();
        let lir_max = lir_share(capacity);
        Lirs {
            lir_max,
            lir_weight: 0,
            entries,
            vacant,
            stack_links,
            stack,
            queue_links,
            queue,
            gone,
            by_frame,
            by_page,
            resident: 0,
        }
    }

    fn entry(&mut self, place: u32) -> &mut Entry {
        &mut self.entries[place as usize]
    }

    fn new_entry(&mut self, entry: Entry) -> u32 {
        let place = self.vacant.pop().unwrap_or(self.entries.len() as u32);
        if place as usize == self.entries.len() {
            self.entries.push(entry);
            self.stack_links.reach(place);
            self.queue_links.reach(place);
        }
        self.entries[place as usize] = entry;
        place
    }

    /// Puts an entry on top of S.
    fn stack_up(&mut self, place: u32, watch: &mut impl Watch) {
        let Entry { in_stack, page, is_lir, frame, .. } = self.entries[place as usize];
        if in_stack {
            if !self.stack_links.raise(&mut self.stack, place) {
                return;
            }
        } else {
            self.stack_links.push_newest(&mut self.stack, place);
            self.entry(place).in_stack = true;
        }
        watch.tell(|| Event::PolicyStacked { page });
        if is_lir {
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::Lir, item: frame });
        }
    }

    fn unstack(&mut self, place: u32, watch: &mut impl Watch) {
        self.stack_links.unlink(&mut self.stack, place);
        let entry = self.entry(place);
        entry.in_stack = false;
        let page = entry.page;
        watch.tell(|| Event::PolicyUnstacked { page });
    }

    fn enqueue(&mut self, place: u32, watch: &mut impl Watch) {
        self.queue_links.push_newest(&mut self.queue, place);
        let item = self.entries[place as usize].frame;
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Hir, item });
    }

    /// Forgets an entry that left.
    fn forget(&mut self, place: u32) {
        self.queue_links.unlink(&mut self.gone, place);
        let page = self.entries[place as usize].page;
        self.by_page[page.index()] = NIL;
        self.vacant.push(place);
    }

    /// Cuts off what is below the last LIR entry.
    fn prune(&mut self, watch: &mut impl Watch) {
        while self.stack.oldest != NIL && !self.entries[self.stack.oldest as usize].is_lir {
            let place = self.stack.oldest;
            self.unstack(place, watch);
            if self.entries[place as usize].frame == NIL {
                self.forget(place);
            }
        }
    }

    fn forget_beyond(&mut self, count: u32, watch: &mut impl Watch) {
        while self.gone.len > count {
            let place = self.gone.oldest;
            self.unstack(place, watch);
            self.forget(place);
        }
    }

    /// An HIR entry becomes LIR, and goes on top of S; LIR entries at the bottom that there is no room for change to HIR.
    fn rise(&mut self, place: u32, watch: &mut impl Watch) {
        let entry = self.entry(place);
        entry.is_lir = true;
        self.lir_weight += u64::from(entry.size);
        // Said by `stack_up` only when it moves.
        let is_top = self.stack.newest == place;
        self.stack_up(place, watch);
        if is_top {
            let item = self.entries[place as usize].frame;
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::Lir, item });
        }
        self.demote(watch);
    }

    fn demote(&mut self, watch: &mut impl Watch) {
        while self.lir_weight > self.lir_max && self.stack.oldest != NIL {
            let place = self.stack.oldest;
            let entry = self.entry(place);
            entry.is_lir = false;
            self.lir_weight -= u64::from(entry.size);
            self.unstack(place, watch);
            self.enqueue(place, watch);
            self.prune(watch);
        }
    }

    /// Takes a resident entry out of whatever it stands in but S.
    fn leave(&mut self, frame: FrameId) -> u32 {
        let place = self.by_frame[frame.index()];
        let Entry { is_lir, size, .. } = self.entries[place as usize];
        if is_lir {
            self.lir_weight -= u64::from(size);
            self.entry(place).is_lir = false;
        } else {
            self.queue_links.unlink(&mut self.queue, place);
        }
        self.resident -= 1;
        place
    }

    fn vacate(&mut self, place: u32, watch: &mut impl Watch) {
        if self.entries[place as usize].in_stack {
            self.unstack(place, watch);
        }
        self.vacant.push(place);
        self.prune(watch);
    }

    fn frame_suits(&self, place: FrameId, evictable: &impl Fn(FrameId) -> bool) -> bool {
        let Entry { frame, .. } = self.entries[place.index()];
        frame != NIL && evictable(FrameId(frame))
    }
}

/// All but a hundredth, which is 1 at least.
fn lir_share(capacity: Capacity) -> u64 {
    capacity.units().saturating_sub((capacity.units() / 100).max(1))
}

impl Replacement for Lirs {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let place = self.by_frame[frame.index()];
        let Entry { is_lir, in_stack, .. } = self.entries[place as usize];
        if is_lir {
            self.stack_up(place, watch);
            self.prune(watch);
        } else if in_stack && self.lir_max > 0 {
            self.queue_links.unlink(&mut self.queue, place);
            self.rise(place, watch);
        } else {
            self.stack_up(place, watch);
            if self.queue_links.raise(&mut self.queue, place) {
                watch.tell(|| Event::PolicyPlaced { list: PolicyList::Hir, item: frame.0 });
            }
            self.prune(watch);
        }
    }

    fn first_used(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let suits = |place: FrameId| self.frame_suits(place, &evictable);
        let of_queue = self.queue_links.oldest(&self.queue, suits).map(|place| (place, VictimReason::FrontOfQ));
        let found = of_queue.or_else(|| Some((self.stack_links.oldest(&self.stack, suits)?, VictimReason::BottomOfS)));
        let (place, reason) = found?;
        Some(Victim { frame: FrameId(self.entries[place.index()].frame), reason, number: u64::from(self.queue.len) })
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let place = self.leave(frame);
        let was_hir = self.entries[place as usize].in_stack;
        self.entry(place).frame = NIL;
        if !was_hir || self.stack.oldest == place {
            return self.vacate(place, watch);
        }
        if self.by_page.len() <= page.index() {
            self.by_page.resize(page.index() + 1, NIL);
        }
        self.by_page[page.index()] = place;
        self.queue_links.push_newest(&mut self.gone, place);
        self.prune(watch);
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let Newcomer { page, size, .. } = newcomer;
        let known = self.by_page.get(page.index()).copied().filter(|place| *place != NIL);
        let place = match known {
            Some(place) => {
                self.queue_links.unlink(&mut self.gone, place);
                self.by_page[page.index()] = NIL;
                let entry = self.entry(place);
                (entry.frame, entry.size) = (frame.0, size);
                place
            }
            None => self.new_entry(Entry { page, frame: frame.0, size, is_lir: false, in_stack: false }),
        };
        if self.by_frame.len() <= frame.index() {
            self.by_frame.resize(frame.index() + 1, NIL);
        }
        self.by_frame[frame.index()] = place;
        self.resident += 1;
        if known.is_some() || self.lir_weight + u64::from(size) <= self.lir_max {
            self.rise(place, watch);
        } else {
            self.stack_up(place, watch);
            self.enqueue(place, watch);
            self.prune(watch);
        }
        self.forget_beyond(REMEMBERED * self.resident, watch);
    }

    fn removed(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let place = self.leave(frame);
        self.entry(place).frame = NIL;
        self.vacate(place, watch);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        let place = self.by_frame[from.index()];
        if self.by_frame.len() <= to.index() {
            self.by_frame.resize(to.index() + 1, NIL);
        }
        self.by_frame[to.index()] = place;
        self.entry(place).frame = to.0;
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        self.lir_max = lir_share(capacity);
        self.demote(watch);
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Lirs;
        let entry = |place: u32| &self.entries[place as usize];
        let lir = self.stack_links.iter(&self.stack).map(entry).filter(|entry| entry.is_lir);
        state.push_list(PolicyList::Lir, lir.map(|entry| entry.frame));
        state.push_list(PolicyList::Hir, self.queue_links.iter(&self.queue).map(|place| entry(place).frame));
        state.stack = self.stack_links.iter(&self.stack).map(|place| entry(place).page).collect();
    }
}

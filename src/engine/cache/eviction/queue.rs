//! FIFO and LRU: one list through the frames. Both evict its oldest end; they differ in what a hit does.
//!
//! ```text
//!   FIFO   a hit changes nothing        the order is that of arrival
//!   LRU    a hit goes to the newest end the order is that of the last use
//! ```

use crate::chain::{Chain, Links};
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

#[derive(Clone, Debug)]
pub struct Queue {
    links: Links,
    chain: Chain,
    /// Whether a hit makes a page the newest.
    by_use: bool,
}

impl Queue {
    /// First in, first out.
    pub fn fifo() -> Queue {
        Queue { links: Links::default(), chain: Chain::default(), by_use: false }
    }

    /// Least recently used.
    pub fn lru() -> Queue {
        Queue { by_use: true, ..Queue::fifo() }
    }

    fn list(&self) -> PolicyList {
        if self.by_use { PolicyList::Recent } else { PolicyList::Queue }
    }
}

impl Replacement for Queue {
    #[inline(always)]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        if self.by_use && self.links.raise(&mut self.chain, frame.0) {
            watch.tell(|| Event::PolicyPlaced { list: PolicyList::Recent, item: frame.0 });
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
        let frame = self.links.oldest(&self.chain, evictable)?;
        let reason = if self.by_use { VictimReason::LeastRecent } else { VictimReason::FirstIn };
        Some(Victim { frame, reason, number: 0 })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, _newcomer: Newcomer, watch: &mut impl Watch) {
        self.links.reach(frame.0);
        self.links.push_newest(&mut self.chain, frame.0);
        watch.tell(|| Event::PolicyPlaced { list: self.list(), item: frame.0 });
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.links.unlink(&mut self.chain, frame.0);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        self.links.rename(&mut self.chain, from.0, to.0);
    }

    fn resize(&mut self, _capacity: Capacity, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = if self.by_use { PolicyKind::Lru } else { PolicyKind::Fifo };
        state.push_list(self.list(), self.links.iter(&self.chain));
    }
}

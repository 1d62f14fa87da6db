//! LFU with aging: evicts what was used least often, and halves all counts now and then.
//!
//! Counts alone would never forget: what was popular last week would stay. So when the average count goes beyond a limit, every
//! count is halved, rounded up (Robinson and Devarakonda, "Data Cache Management Using Frequency-Based Replacement", 1990).
//! Entries of one count stand in a bucket, by their last use; a hit takes an entry to the next bucket, so every step takes
//! the same short time (Shah, Mitra and Matani, "An O(1) Algorithm for Implementing the LFU Cache Eviction Scheme", 2010).
//!
//! ```text
//!   count 1      7 ⇄ 2      the oldest of the lowest bucket leaves
//!   count 2      4
//!   count 9      0 ⇄ 5
//! ```
//!
//! **Invariant:** buckets stand in ascending order of their counts, and none is empty.

use crate::chain::{Chain, Links, NIL};
use crate::{Capacity, Newcomer, Replacement, Victim, Watch};
use glassbase_trace::parts::{FrameCount, ReplacementState};
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, VictimReason};

/// The average count beyond which all are halved.
pub const AVERAGE_MAX: u64 = 10;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    count: u32,
    entries: Chain,
}

#[derive(Clone, Debug, Default)]
pub struct Lfu {
    /// Lists of the entries of each bucket.
    links: Links,
    /// Buckets, by place; those that are not used are in `vacant`.
    buckets: Vec<Bucket>,
    vacant: Vec<u32>,
    /// The list of buckets: the newest end has the lowest count.
    order: Links,
    ascending: Chain,
    /// By frame: its bucket.
    bucket_of: Vec<u32>,
    held: u64,
    sum: u64,
}

impl Lfu {
    pub fn new() -> Lfu {
        Lfu::default()
    }

    fn bucket(&mut self, count: u32) -> u32 {
        let bucket = Bucket { count, entries: Chain::default() };
        match self.vacant.pop() {
            Some(place) => {
                self.buckets[place as usize] = bucket;
                place
            }
            None => {
                self.buckets.push(bucket);
                let place = self.buckets.len() as u32 - 1;
                self.order.reach(place);
                place
            }
        }
    }

    /// The bucket of `count`, which stands right behind `after`, or at the low end; made if there is none.
    fn bucket_behind(&mut self, after: u32, count: u32) -> u32 {
        let next = if after == NIL { self.ascending.newest } else { self.order.older(after) };
        if next != NIL && self.buckets[next as usize].count == count {
            return next;
        }
        let place = self.bucket(count);
        self.order.insert_older(&mut self.ascending, after, place);
        place
    }

    fn enter(&mut self, bucket: u32, frame: FrameId) {
        self.bucket_of[frame.index()] = bucket;
        let Bucket { count, entries } = &mut self.buckets[bucket as usize];
        self.links.push_newest(entries, frame.0);
        self.sum += u64::from(*count);
        self.held += 1;
    }

    /// Takes a frame out of its bucket, which may be empty then; gives the bucket.
    fn leave(&mut self, frame: FrameId) -> u32 {
        let bucket = self.bucket_of[frame.index()];
        let Bucket { count, entries } = &mut self.buckets[bucket as usize];
        self.links.unlink(entries, frame.0);
        self.sum -= u64::from(*count);
        self.held -= 1;
        bucket
    }

    fn drop_if_empty(&mut self, bucket: u32) {
        if self.buckets[bucket as usize].entries.len == 0 {
            self.order.unlink(&mut self.ascending, bucket);
            self.vacant.push(bucket);
        }
    }

    fn age(&mut self, watch: &mut impl Watch) {
        if self.sum <= AVERAGE_MAX * self.held {
            return;
        }
        let entries: Vec<(FrameId, u32)> = self.entries().collect();
        let Lfu { buckets, vacant, order, ascending, held, sum, .. } = self;
        buckets.clear();
        vacant.clear();
        (*order, *ascending, *held, *sum) = Default::default();
        let mut last = NIL;
        for (frame, count) in entries {
            last = self.bucket_at_end(last, count.div_ceil(2));
            self.enter(last, frame);
        }
        watch.tell(|| Event::PolicyAged {});
    }

    fn bucket_at_end(&mut self, last: u32, count: u32) -> u32 {
        if last != NIL && self.buckets[last as usize].count == count {
            return last;
        }
        self.bucket_behind(last, count)
    }

    /// By count, the least recently used first.
    fn entries(&self) -> impl Iterator<Item = (FrameId, u32)> {
        self.order.iter_newest_first(&self.ascending).flat_map(|bucket| {
            let Bucket { count, entries } = &self.buckets[bucket as usize];
            self.links.iter(entries).map(move |frame| (FrameId(frame), *count))
        })
    }

    fn count_of(&self, frame: FrameId) -> u32 {
        self.buckets[self.bucket_of[frame.index()] as usize].count
    }
}

impl Replacement for Lfu {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        let from = self.leave(frame);
        let count = self.buckets[from as usize].count.saturating_add(1);
        let to = self.bucket_behind(from, count);
        self.drop_if_empty(from);
        self.enter(to, frame);
        watch.tell(|| Event::PolicyCounted { frame, count });
        self.age(watch);
    }

    fn first_used(&mut self, _frame: FrameId, _watch: &mut impl Watch) {}

    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        let (frame, count) = self.entries().find(|(frame, _)| evictable(*frame))?;
        Some(Victim { frame, reason: VictimReason::LeastUsed, number: u64::from(count) })
    }

    fn evicted(&mut self, frame: FrameId, _page: PageId, watch: &mut impl Watch) {
        self.removed(frame, watch);
    }

    fn admitted(&mut self, frame: FrameId, _newcomer: Newcomer, watch: &mut impl Watch) {
        self.links.reach(frame.0);
        if self.bucket_of.len() <= frame.index() {
            self.bucket_of.resize(frame.index() + 1, NIL);
        }
        let bucket = self.bucket_behind(NIL, 1);
        self.enter(bucket, frame);
        watch.tell(|| Event::PolicyCounted { frame, count: 1 });
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        let bucket = self.leave(frame);
        self.drop_if_empty(bucket);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        let bucket = self.bucket_of[from.index()];
        self.links.rename(&mut self.buckets[bucket as usize].entries, from.0, to.0);
        if self.bucket_of.len() <= to.index() {
            self.bucket_of.resize(to.index() + 1, NIL);
        }
        self.bucket_of[to.index()] = bucket;
    }

    fn resize(&mut self, _capacity: Capacity, _watch: &mut impl Watch) {}

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::Lfu;
        state.counts = self.entries().map(|(frame, _)| FrameCount { frame, count: self.count_of(frame) }).collect();
        state.sort_counts();
    }
}

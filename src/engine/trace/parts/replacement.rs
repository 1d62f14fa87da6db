//! What a replacement policy knows, as plain data, and how events change it.
//!
//! Each policy uses what it has: lists for most, the hand and the reference bits for Clock, times of accesses for LRU-K
//! and the optimum. Lists hold frames where they stand for pages of the pool, and page ids where they remember pages that
//! left (see [`PolicyList::is_memory`]); all are oldest first, so the next victim of a list is its first.

use std::rc::Rc;

use crate::Event;
use crate::id::{FrameId, PageId};
use crate::plain::plain;
use crate::policy::{PolicyKind, PolicyList};
use crate::sorting::sort_by_key;

/// What stands for one frame in a target. ARC's moves by fractions of a frame.
pub const TARGET_ONE: u64 = 1 << 16;

/// What a counter of W-TinyLFU's sketch goes up to.
pub const SKETCH_MAX: u32 = 15;

plain! {
    /// A replacement policy and what the pool knows of its pages.
    #[derive(Default)]
    struct ReplacementState {
        policy: PolicyKind,
        /// Pages of the file.
        pages: u32,
        /// So many of them, the first, are an index; 0 where there is none.
        index_pages: u32,
        lists: Vec<PolicyItems>,
        /// Clock: the frame that is looked at next. SIEVE: where its hand stands; `u32::MAX`: nowhere.
        hand: FrameId,
        /// Clock: frames whose reference bit is set, ascending.
        referenced: Vec<FrameId>,
        /// ARC: how long T1 is to be, in units of 1 / [`TARGET_ONE`] of a frame. W-TinyLFU: what the window has room for, if
        /// it adapts.
        target: u64,
        /// LRU-K: how many accesses back it looks.
        k: u32,
        /// LRU-K: accesses no further apart are one.
        correlated: u64,
        /// LRU-K and the optimum: accesses so far.
        accesses: u64,
        /// LRU-K: the K newest accesses (0: none) and the last one; the optimum: the next, if there is one. By frame.
        times: Vec<FrameTimes>,
        /// Frames whose pages were read ahead and not used yet, ascending.
        ahead: Vec<FrameId>,
        /// How often it was used, by frame: LFU's counts, S3-FIFO's hits and SIEVE's visited bits that are not 0.
        counts: Vec<FrameCount>,
        /// W-TinyLFU: the counters of its sketch, row by row; empty when it is large.
        sketch: Vec<u32>,
        /// LIRS: its stack S, the oldest use first.
        stack: Vec<PageId>,
        /// Room in bytes; 0: entries are counted.
        bytes: u64,
        /// Sizes of objects that are not 1, by frame.
        sizes: Vec<FrameCount>,
        /// The hit-ratio curves that were asked for last.
        curves: Option<Rc<HitCurves>>,
    }

    /// How often each policy would have hit in a trace, by the size of the pool.
    #[derive(Default)]
    struct HitCurves {
        /// Accesses of the trace.
        accesses: u64,
        /// Sizes of the pool, ascending.
        sizes: Vec<u64>,
        /// The sizes are bytes.
        in_bytes: bool,
        curves: Vec<HitCurve>,
    }

    /// The curve of one policy.
    struct HitCurve {
        policy: PolicyKind,
        /// Hits, one number for each of the sizes that are done.
        hits: Vec<u64>,
    }

    /// A list of a policy, oldest first.
    struct PolicyItems {
        list: PolicyList,
        items: Vec<u32>,
    }

    /// A number that belongs to a frame.
    struct FrameCount {
        frame: FrameId,
        count: u32,
    }

    /// Times that belong to a frame.
    struct FrameTimes {
        frame: FrameId,
        times: Vec<u64>,
    }
}

impl ReplacementState {
    /// Adds a list, given oldest first.
    pub fn push_list(&mut self, list: PolicyList, items: impl Iterator<Item = u32>) {
        self.lists.push(PolicyItems { list, items: items.collect() });
    }

    /// The items of a list, oldest first.
    pub fn list(&self, list: PolicyList) -> &[u32] {
        self.lists.iter().find(|held| held.list == list).map_or(&[], |held| &held.items)
    }

    /// The times of a frame.
    pub fn times(&self, frame: FrameId) -> &[u64] {
        let found = self.times.binary_search_by_key(&frame, |held| held.frame);
        found.map_or(&[], |index| &self.times[index].times)
    }

    /// How often what is in a frame was used, as far as the policy counts.
    pub fn count(&self, frame: FrameId) -> u32 {
        value(&self.counts, frame).unwrap_or(0)
    }

    /// The size of what is in a frame.
    pub fn size(&self, frame: FrameId) -> u32 {
        value(&self.sizes, frame).unwrap_or(1)
    }

    /// Puts the counts in the order of their frames.
    pub fn sort_counts(&mut self) {
        sort_by_key(&mut self.counts, |held| held.frame);
    }

    pub fn is_referenced(&self, frame: FrameId) -> bool {
        self.referenced.binary_search(&frame).is_ok()
    }

    pub fn is_ahead(&self, frame: FrameId) -> bool {
        self.ahead.binary_search(&frame).is_ok()
    }

    /// True when `event` changes it.
    pub fn heeds(event: &Event) -> bool {
        use Event::*;
        matches!(event, PoolHit { .. } | PoolMiss { .. } | PoolCreated { .. } | PoolEvicted { .. } | PoolMoved { .. })
            || matches!(event, PoolReadAhead { .. } | PoolRemoved { .. } | PoolResized { .. } | DiskExtended { .. })
            || matches!(event, PolicyPlaced { .. } | PolicyForgot { .. } | PolicyReferenced { .. })
            || matches!(event, PolicyHandMoved { .. } | PolicyTarget { .. } | PolicyTimes { .. })
            || matches!(event, PolicyForetold { .. } | CurvesDrawn { .. } | ObjectSized { .. })
            || matches!(event, PolicyCounted { .. } | PolicyAged {} | PolicyPointed { .. } | PolicySketched { .. })
            || matches!(event, PolicyStacked { .. } | PolicyUnstacked { .. })
    }

    /// Changes what `event` says. `frames` is the size of the pool.
    pub fn fold(&mut self, event: &Event, frames: u32) {
        match event {
            Event::PoolHit { frame, .. } => {
                self.count_access();
                remove(&mut self.ahead, *frame);
            }
            Event::PoolMiss { .. } | Event::PoolCreated { .. } => self.count_access(),
            Event::PoolReadAhead { frame, .. } => insert(&mut self.ahead, *frame),
            Event::PoolEvicted { frame, .. } | Event::PoolRemoved { frame, .. } => self.vacate(*frame),
            Event::PoolMoved { from, to, .. } => self.rename(*from, *to),
            Event::DiskExtended { pages } => self.pages = *pages,
            Event::PolicyPlaced { list, item } => self.place(*list, *item),
            Event::PolicyForgot { list, page } => self.leave(list.is_memory(), page.0),
            Event::PolicyReferenced { frame } => insert(&mut self.referenced, *frame),
            Event::PolicyHandMoved { from, passed, hand } => {
                self.hand = *hand;
                let (from, end) = (*from, from.saturating_add(*passed));
                let round = end.saturating_sub(frames.max(from));
                self.referenced.retain(|frame| !((from..end).contains(&frame.0) || frame.0 < round));
            }
            Event::ObjectSized { frame, size } => set(&mut self.sizes, *frame, *size),
            // LFU has a count for each frame, the others for those that have any.
            Event::PolicyCounted { frame, count: 0 } => drop(take(&mut self.counts, *frame)),
            Event::PolicyCounted { frame, count } => set(&mut self.counts, *frame, *count),
            Event::PolicyAged {} => {
                self.counts.iter_mut().for_each(|held| held.count = held.count.div_ceil(2));
                self.sketch.iter_mut().for_each(|counter| *counter /= 2);
            }
            Event::PolicyPointed { hand } => self.hand = *hand,
            Event::PolicySketched { a, b, c, d } => {
                for place in [a, b, c, d] {
                    if let Some(counter) = self.sketch.get_mut(*place as usize) {
                        *counter = counter.saturating_add(1).min(SKETCH_MAX);
                    }
                }
            }
            Event::PolicyStacked { page } => {
                self.unstack(*page);
                self.stack.push(*page);
            }
            Event::PolicyUnstacked { page } => self.unstack(*page),
            Event::PolicyTarget { target } => self.target = *target,
            Event::PolicyForetold { .. } => {
                self.accesses = 0;
                self.times.clear();
            }
            Event::CurvesDrawn { curves } => self.curves = Some(Rc::new(curves.clone())),
            Event::PolicyTimes { times } => match self.times.binary_search_by_key(&times.frame, |held| held.frame) {
                Ok(index) => self.times[index] = times.clone(),
                Err(index) => self.times.insert(index, times.clone()),
            },
            _ => {}
        }
    }

    fn unstack(&mut self, page: PageId) {
        if let Some(index) = self.stack.iter().rposition(|other| *other == page) {
            self.stack.remove(index);
        }
    }

    fn count_access(&mut self) {
        if matches!(self.policy, PolicyKind::LruK | PolicyKind::Optimum) {
            self.accesses = self.accesses.saturating_add(1);
        }
    }

    /// Takes an item out of the list it is in, if it is in one.
    fn leave(&mut self, memory: bool, item: u32) {
        for held in self.lists.iter_mut().filter(|held| held.list.is_memory() == memory) {
            // What is used is often what was used lately.
            if let Some(index) = held.items.iter().rposition(|other| *other == item) {
                held.items.remove(index);
                return;
            }
        }
    }

    fn place(&mut self, list: PolicyList, item: u32) {
        self.leave(list.is_memory(), item);
        if let Some(held) = self.lists.iter_mut().find(|held| held.list == list) {
            held.items.push(item);
        }
    }

    /// The page in `frame` left the pool.
    fn vacate(&mut self, frame: FrameId) {
        self.leave(false, frame.0);
        remove(&mut self.referenced, frame);
        remove(&mut self.ahead, frame);
        self.times.retain(|held| held.frame != frame);
        take(&mut self.counts, frame);
        take(&mut self.sizes, frame);
    }

    fn rename(&mut self, from: FrameId, to: FrameId) {
        for held in self.lists.iter_mut().filter(|held| !held.list.is_memory()) {
            held.items.iter_mut().filter(|item| **item == from.0).for_each(|item| *item = to.0);
        }
        for set in [&mut self.referenced, &mut self.ahead] {
            if remove(set, from) {
                insert(set, to);
            }
        }
        for counts in [&mut self.counts, &mut self.sizes] {
            if let Some(count) = take(counts, from) {
                set(counts, to, count);
            }
        }
        if self.policy == PolicyKind::Sieve && self.hand == from {
            self.hand = to;
        }
        if let Ok(index) = self.times.binary_search_by_key(&from, |held| held.frame) {
            let times = FrameTimes { frame: to, ..self.times.remove(index) };
            let place = self.times.partition_point(|held| held.frame < to);
            self.times.insert(place, times);
        }
    }
}

fn value(counts: &[FrameCount], frame: FrameId) -> Option<u32> {
    let found = counts.binary_search_by_key(&frame, |held| held.frame);
    found.ok().map(|index| counts[index].count)
}

fn set(counts: &mut Vec<FrameCount>, frame: FrameId, count: u32) {
    match counts.binary_search_by_key(&frame, |held| held.frame) {
        Ok(index) => counts[index].count = count,
        Err(index) => counts.insert(index, FrameCount { frame, count }),
    }
}

fn take(counts: &mut Vec<FrameCount>, frame: FrameId) -> Option<u32> {
    let index = counts.binary_search_by_key(&frame, |held| held.frame).ok()?;
    Some(counts.remove(index).count)
}

fn insert(set: &mut Vec<FrameId>, frame: FrameId) {
    if let Err(index) = set.binary_search(&frame) {
        set.insert(index, frame);
    }
}

/// True when it was there.
fn remove(set: &mut Vec<FrameId>, frame: FrameId) -> bool {
    let found = set.binary_search(&frame);
    if let Ok(index) = found {
        set.remove(index);
    }
    found.is_ok()
}

//! LRU-K: evicts the page whose K-th last access is furthest back.
//!
//! One access says little about a page: a scan touches each of its pages once. LRU-K looks K accesses back, so what was
//! used fewer than K times goes first, the least recently used of those before the others (O'Neil, O'Neil and Weikum,
//! "The LRU-K Page Replacement Algorithm for Database Disk Buffering", 1993).
//!
//! ```text
//!   accesses   1 2 3 4 5 6 7 8 9 now=9      K = 2
//!   page A         ×       ×                2nd last at 3: distance 6
//!   page B       ×           ×   ×          2nd last at 7: distance 2
//!   page C               ×                  only one: distance infinite, the victim
//! ```
//!
//! - Accesses no more than `correlated` apart are one access (a transaction that reads a row and then updates it), and a
//!   page is not evicted so soon after its last. When such a burst ends, it counts as if it had taken no time: earlier
//!   accesses are moved nearer by its length.
//! - What is known of a page outlives its stay: `retained` pages that left keep their accesses, or no page of a large set
//!   would ever be seen to come back.
//!
//! Times are counted in accesses. Pages with fewer than K accesses stand in a list by their last. The others stand in a
//! calendar by their K-th last access, which only grows while a page is in the pool.

use crate::calendar::Calendar;
use crate::chain::{Chain, Ghosts, Links};
use crate::{Arrival, Capacity, K_MAX, Newcomer, PolicyOptions, Replacement, Victim, Watch};
use glassbase_trace::parts::{FrameTimes, ReplacementState};
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, VictimReason};

/// The paper's HIST and LAST: `times[0]` is the newest uncorrelated access, 0 stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct History {
    times: [u64; K_MAX as usize],
    /// The newest access, correlated or not.
    last: u64,
    /// False for a page that was read ahead and not used yet.
    used: bool,
}

/// K-th last access, last access: the smallest goes first.
type Rank = (u64, u64);

#[derive(Clone, Debug)]
pub struct LruK {
    k: usize,
    correlated: u64,
    retained: u32,
    /// Whether `retained` follows the size of the pool.
    retain_as_many: bool,
    now: u64,
    frames: Vec<Option<History>>,
    /// Frames whose pages have fewer than K accesses, by the last.
    links: Links,
    young: Chain,
    /// All other frames, by the K-th last access.
    old: Calendar,
    ghosts: Ghosts<1>,
    ghost_histories: Vec<History>,
}

impl LruK {
    pub fn new(capacity: Capacity, options: &PolicyOptions) -> LruK {
        LruK {
            k: options.k.clamp(1, K_MAX) as usize,
            correlated: options.correlated,
            retained: options.retained.unwrap_or(capacity.entries()),
            retain_as_many: options.retained.is_none(),
            now: 0,
            frames: Vec::new(),
            links: Links::default(),
            young: Chain::default(),
            old: Calendar::default(),
            ghosts: Ghosts::default(),
            ghost_histories: Vec::new(),
        }
    }

    fn rank(&self, history: &History) -> Rank {
        (history.times[self.k - 1], history.last)
    }

    /// How the page in a frame stands to its fellows has changed: it has K accesses now, or is the one used last.
    fn rise(&mut self, frame: FrameId, was_young: bool) {
        let Some(history) = self.frames[frame.index()] else { return };
        match (was_young, self.is_young(&history)) {
            (true, true) => {
                self.links.raise(&mut self.young, frame.0);
            }
            (true, false) => {
                self.links.unlink(&mut self.young, frame.0);
                self.old.insert(frame.0, self.rank(&history).0);
            }
            // The calendar has a lower bound still.
            (false, _) => {}
        }
    }

    fn is_young(&self, history: &History) -> bool {
        history.times[self.k - 1] == 0
    }

    /// Puts a page among its fellows.
    fn enlist(&mut self, frame: FrameId, history: History) {
        if self.frames.len() <= frame.index() {
            self.frames.resize(frame.index() + 1, None);
        }
        self.frames[frame.index()] = Some(history);
        if self.is_young(&history) {
            self.links.reach(frame.0);
            self.links.push_newest(&mut self.young, frame.0);
        } else {
            self.old.insert(frame.0, self.rank(&history).0);
        }
    }

    /// Takes the page out of a frame.
    fn delist(&mut self, frame: FrameId) -> Option<History> {
        let history = self.frames[frame.index()].take()?;
        if self.is_young(&history) {
            self.links.unlink(&mut self.young, frame.0);
        } else {
            self.old.remove(frame.0);
        }
        Some(history)
    }

    fn history_mut(&mut self, frame: FrameId) -> &mut History {
        self.frames[frame.index()].get_or_insert_default()
    }

    /// The times as they are told: K of them and the last access.
    fn told(&self, history: &History) -> Vec<u64> {
        history.times[..self.k].iter().copied().chain([history.last]).collect()
    }

    fn tell_times(&self, frame: FrameId, watch: &mut impl Watch) {
        watch.tell(|| {
            let times = self.frames[frame.index()].map(|history| self.told(&history)).unwrap_or_default();
            Event::PolicyTimes { times: FrameTimes { frame, times } }
        });
    }

    fn forget_beyond(&mut self, count: u32, watch: &mut impl Watch) {
        while self.ghosts.len(0) > count {
            let Some(page) = self.ghosts.pop_oldest(0) else { return };
            watch.tell(|| Event::PolicyForgot { list: PolicyList::Retained, page });
        }
    }
}

impl Replacement for LruK {
    #[inline]
    fn hit(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.now += 1;
        let (now, k, correlated) = (self.now, self.k, self.correlated);
        let history = self.history_mut(frame);
        let was_young = history.times[k - 1] == 0;
        if now - history.last > correlated {
            let burst = history.last - history.times[0];
            for older in (1..k).rev() {
                let before = history.times[older - 1];
                history.times[older] = if before == 0 { 0 } else { before + burst };
            }
            history.times[0] = now;
        }
        history.last = now;
        self.rise(frame, was_young);
        self.tell_times(frame, watch);
    }

    fn first_used(&mut self, frame: FrameId, watch: &mut impl Watch) {
        self.now += 1;
        let (now, k) = (self.now, self.k);
        let history = self.history_mut(frame);
        let was_young = history.times[k - 1] == 0;
        if !history.used {
            history.times.copy_within(..k - 1, 1);
            history.times[0] = now;
            history.used = true;
        }
        history.last = now;
        self.rise(frame, was_young);
        self.tell_times(frame, watch);
    }

    fn victim(
        &mut self,
        _incoming: Option<PageId>,
        evictable: impl Fn(FrameId) -> bool,
        _watch: &mut impl Watch,
    ) -> Option<Victim> {
        // The access that wants a frame is the next one.
        let now = self.now + 1;
        let last = |frame: FrameId| self.frames[frame.index()].map_or(0, |history| history.last);
        let young = self.links.oldest(&self.young, &evictable);
        if let Some(frame) = young.filter(|frame| now - last(*frame) > self.correlated) {
            return Some(Victim { frame, reason: VictimReason::TooFewUses, number: now - last(frame) });
        }
        let young = young.map(|frame| Victim { frame, reason: VictimReason::TooFewUses, number: now - last(frame) });
        let (frames, k) = (&self.frames, self.k);
        let history = |frame: u32| frames[frame as usize].unwrap_or_default();
        self.old.reach(now);
        // The least rank, of those that may go and of those among them that were not used too lately.
        let (mut found, mut too_soon) = (None, None);
        let mut from = 0;
        while let Some(day) = self.old.next_day(from, |frame| history(frame).times[k - 1]) {
            let least = |found: Option<(Rank, u32)>, one| Some(found.map_or(one, |found| found.min(one)));
            let mut soon_today = None;
            for frame in self.old.on(day).filter(|frame| evictable(FrameId(*frame))) {
                let History { times, last, .. } = history(frame);
                let chosen = if now - last > self.correlated { &mut found } else { &mut soon_today };
                *chosen = least(*chosen, ((times[k - 1], last), frame));
            }
            too_soon = too_soon.or(soon_today);
            if found.is_some() {
                break;
            }
            from = day + 1;
        }
        let victim = |(rank, frame): (Rank, u32)| Victim {
            frame: FrameId(frame),
            reason: VictimReason::KthUse,
            number: now - rank.0,
        };
        let (found, too_soon) = (found.map(victim), too_soon.map(victim));
        // If all were used too lately, the rule falls, not the access.
        found.or(young).or(too_soon)
    }

    fn evicted(&mut self, frame: FrameId, page: PageId, watch: &mut impl Watch) {
        let Some(history) = self.delist(frame) else { return };
        let place = self.ghosts.push(0, page, 1) as usize;
        if self.ghost_histories.len() <= place {
            self.ghost_histories.resize(place + 1, History::default());
        }
        self.ghost_histories[place] = history;
        watch.tell(|| Event::PolicyPlaced { list: PolicyList::Retained, item: page.0 });
    }

    fn admitted(&mut self, frame: FrameId, newcomer: Newcomer, watch: &mut impl Watch) {
        let Newcomer { page, arrival, .. } = newcomer;
        let mut history = History::default();
        if let Some((_, place)) = self.ghosts.remove(page) {
            history = self.ghost_histories[place as usize];
            watch.tell(|| Event::PolicyForgot { list: PolicyList::Retained, page });
        }
        // Not before: the page that was evicted for this one must not push this one's history out.
        self.forget_beyond(self.retained, watch);
        history.used = arrival == Arrival::Asked;
        if history.used {
            self.now += 1;
            history.times.copy_within(..self.k - 1, 1);
            history.times[0] = self.now;
        }
        history.last = self.now;
        self.enlist(frame, history);
        self.tell_times(frame, watch);
    }

    fn removed(&mut self, frame: FrameId, _watch: &mut impl Watch) {
        self.delist(frame);
    }

    fn moved(&mut self, from: FrameId, to: FrameId) {
        let Some(history) = self.frames[from.index()] else { return };
        if self.is_young(&history) {
            // It keeps its place in the list.
            self.links.rename(&mut self.young, from.0, to.0);
            self.frames[from.index()] = None;
            self.frames[to.index()] = Some(history);
        } else {
            self.delist(from);
            self.enlist(to, history);
        }
    }

    fn resize(&mut self, capacity: Capacity, watch: &mut impl Watch) {
        if self.retain_as_many {
            self.retained = capacity.entries();
            self.forget_beyond(self.retained, watch);
        }
    }

    fn describe(&self, state: &mut ReplacementState) {
        state.policy = PolicyKind::LruK;
        (state.k, state.correlated, state.accesses) = (self.k as u32, self.correlated, self.now);
        let occupied = (0..).map(FrameId).zip(&self.frames).filter_map(|(frame, held)| Some((frame, (*held)?)));
        state.times = occupied.map(|(frame, held)| FrameTimes { frame, times: self.told(&held) }).collect();
        state.push_list(PolicyList::Retained, self.ghosts.iter(0).map(|page| page.0));
    }
}

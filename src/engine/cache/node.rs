//! A node of L2: its entries, who fetches what, and what it owes the database.
//!
//! ```text
//!   entries   a store with a policy                     locks   who may fetch a key, and who waits for that
//!   marks     versions that deletions left behind       dirty   writes that the database does not have yet
//! ```

use std::collections::VecDeque;

use super::Options;
use super::store::{CacheStore, Entry};
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, TierLook, TierStatus};

/// The right to fetch a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lock {
    pub token: u64,
    pub until_ns: u64,
    /// The key was written: a set under this token is refused.
    pub is_void: bool,
    /// Requests that wait for the set.
    pub parked: Vec<u64>,
}

/// A write that was acknowledged and is not in the database.
#[derive(Clone, Debug)]
pub(crate) struct Debt {
    pub version: u64,
    pub value: Option<Bytes>,
    /// Writes of the same key before it that it stands for: they were never written by themselves.
    pub covers: Vec<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct CacheNode {
    pub status: TierStatus,
    /// How often it was started.
    pub life: u32,
    pub store: CacheStore,
    pub locks: SortedMap<Bytes, Lock>,
    /// The version of the latest deletion, and until when that is remembered.
    pub marks: SortedMap<Bytes, (u64, u64)>,
    /// What it owes, and in which order; and what is on its way to the database.
    pub dirty: SortedMap<Bytes, Debt>,
    pub order: VecDeque<Bytes>,
    pub flushing: SortedMap<Bytes, Debt>,
    pub flush_planned: bool,
    /// When it is done with what it does and with what waits.
    pub free_ns: u64,
    pub hits: u64,
    pub misses: u64,
    /// Keys that it is still to read before it takes requests.
    pub to_warm: VecDeque<Bytes>,
    pub warming: u32,
    next_token: u64,
}

impl CacheNode {
    pub fn new(options: &Options) -> CacheNode {
        CacheNode {
            status: TierStatus::Up,
            life: 1,
            store: CacheStore::new(options.l2_capacity, options.policy()),
            locks: SortedMap::new(),
            marks: SortedMap::new(),
            dirty: SortedMap::new(),
            order: VecDeque::new(),
            flushing: SortedMap::new(),
            flush_planned: false,
            free_ns: 0,
            hits: 0,
            misses: 0,
            to_warm: VecDeque::new(),
            warming: 0,
            next_token: 0,
        }
    }

    /// Everything in memory is gone: the requests that waited here, and the writes that it owed.
    pub fn crash(&mut self) -> (Vec<u64>, Vec<(Bytes, Debt)>) {
        self.status = TierStatus::Down;
        self.store.clear();
        self.marks.clear();
        self.order.clear();
        self.to_warm.clear();
        (self.warming, self.flush_planned) = (0, false);
        let parked = std::mem::take(&mut self.locks).into_values().flat_map(|lock| lock.parked).collect();
        (parked, std::mem::take(&mut self.dirty).into_iter().collect())
    }

    /// What it owes of a key, if anything.
    pub fn debt(&self, key: &[u8]) -> Option<&Debt> {
        self.dirty.get(key).or_else(|| self.flushing.get(key))
    }

    /// Takes over a write; whether it replaces one that was not written yet.
    pub fn owe(&mut self, key: &Bytes, mut debt: Debt) -> bool {
        let known = self.dirty.remove(key);
        match &known {
            Some(known) => debt.covers.extend(known.covers.iter().chain([&known.version])),
            None => self.order.push_back(key.clone()),
        }
        self.dirty.insert(key.clone(), debt);
        known.is_some()
    }

    /// Whether there is something to write that does not have to wait for an older write of the same key.
    pub fn may_flush(&self) -> bool {
        self.order.iter().any(|key| !self.flushing.contains_key(key))
    }

    /// Grants the right to fetch. Who waits goes on waiting.
    pub fn grant(&mut self, key: &Bytes, until_ns: u64) -> u64 {
        self.next_token += 1;
        let lock = self.locks.entry(key.clone()).or_default();
        (lock.token, lock.until_ns, lock.is_void) = (self.next_token, until_ns, false);
        self.next_token
    }

    /// Whether somebody has the right to fetch a key.
    pub fn is_locked(&self, key: &[u8], now_ns: u64) -> bool {
        self.locks.get(key).is_some_and(|lock| !lock.is_void && now_ns < lock.until_ns)
    }

    /// Whether nothing newer of a key is here, nor was deleted here a short time ago.
    pub fn is_newest(&self, key: &[u8], version: u64, now_ns: u64) -> bool {
        let newest = self.store.peek(key).map_or(0, |known| known.version);
        let mark = self.marks.get(key).filter(|(_, until_ns)| now_ns < *until_ns).map_or(0, |mark| mark.0);
        version >= newest.max(mark)
    }

    pub fn count(&mut self, look: TierLook) {
        match look {
            TierLook::Hit | TierLook::Absent | TierLook::Stale => self.hits += 1,
            TierLook::Filtered => {}
            _ => self.misses += 1,
        }
    }
}

/// What a look at an entry says, time alone considered.
pub(crate) fn look_at(entry: Option<&Entry>, now_ns: u64) -> TierLook {
    match entry {
        None => TierLook::Miss,
        Some(entry) if now_ns >= entry.expires_ns => TierLook::Expired,
        Some(Entry { value: None, .. }) => TierLook::Absent,
        Some(_) => TierLook::Hit,
    }
}

//! A shelf without a disk: a map, and its latest batches with what they replaced.
//!
//! ```text
//!   batches   41   42   43   44   45
//!             synced ──────▶│ a crash leaves these up to any of them, and takes the others back
//!   kept for readers of the log: as many as somebody wants ([`Memory::keep_log`])
//! ```
//!
//! **Invariant:** the map is what the batches give, from the first write on; taking the last one back gives the map before.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::rc::Rc;

use super::log::Logged;
use crate::lsm::WriteBatch;
use crate::lsm::key::Kind;
use glassbase_sim::Generator;

/// Key by key, in order. Shared with snapshots until one side writes.
pub(super) type Map = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// A key, and the value that it had before.
type Before = (Box<[u8]>, Option<Box<[u8]>>);

#[derive(Clone, Debug)]
struct Entry {
    /// As a log would have it; nothing if nobody reads the log.
    logged: Option<Logged>,
    before: Vec<Before>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    map: Rc<Map>,
    /// The latest batches, in order.
    entries: VecDeque<Entry>,
    /// So many of them are synced.
    synced: usize,
    /// So many batches are kept for readers of the log; none: nobody reads it.
    kept: Option<usize>,
    /// Number of the last write.
    end: u64,
    batch: WriteBatch,
}

impl Memory {
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.map.get(key).map(|value| &**value)
    }

    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) {
        if self.kept.is_none() {
            let before = change(Rc::make_mut(&mut self.map), key, value);
            self.end += 1;
            self.entries.push_back(Entry { logged: None, before: vec![(key.into(), before)] });
            return;
        }
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        match value {
            Some(value) => batch.put(key, value),
            None => batch.delete(key),
        }
        self.write(&mut batch);
        self.batch = batch;
    }

    pub fn write(&mut self, batch: &mut WriteBatch) {
        let first = self.end + 1;
        let logged = self.kept.is_some().then(|| {
            let bytes: Rc<[u8]> = batch.payload(first).into();
            Logged { first, last: self.end + u64::from(batch.len()), bytes }
        });
        self.apply(batch, logged);
    }

    /// Does the writes of a batch, which the log will have as `logged`.
    pub fn apply(&mut self, batch: &WriteBatch, logged: Option<Logged>) {
        let map = Rc::make_mut(&mut self.map);
        let mut before = Vec::new();
        for write in batch.iter() {
            if write.kind == Kind::RangeDelete {
                let range = (Bound::Included(write.key), Bound::Excluded(write.value));
                let keys: Vec<Box<[u8]>> = match write.key < write.value {
                    true => map.range::<[u8], _>(range).map(|(key, _)| key.clone()).collect(),
                    false => Vec::new(),
                };
                for key in keys {
                    let old = change(map, &key, None);
                    before.push((key, old));
                }
            } else {
                let old = change(map, write.key, (write.kind == Kind::Put).then_some(write.value));
                before.push((write.key.into(), old));
            }
        }
        self.end += u64::from(batch.len());
        self.entries.push_back(Entry { logged, before });
    }

    pub fn scan(&self, from: Option<&[u8]>, to: Option<&[u8]>, limit: u64, visit: &mut dyn FnMut(&[u8], &[u8])) -> u64 {
        scan(&self.map, from, to, limit, visit)
    }

    pub fn sync(&mut self) {
        self.synced = self.entries.len();
        self.trim();
    }

    /// Keeps so many of the changes that were not synced, and takes back the others.
    pub fn crash(&mut self, choice: u64) {
        let unsynced = self.entries.len() - self.synced;
        let kept = self.synced + Generator::new(choice, "memory").below(unsynced as u64 + 1) as usize;
        while self.entries.len() > kept {
            self.take_back();
        }
        // What is there after a crash is durable.
        self.sync();
    }

    /// Keeps so many batches for readers of the log from now on. What was written before is not in it.
    pub fn keep_log(&mut self, batches: u64) {
        if self.kept.is_none() {
            self.entries.iter_mut().for_each(|entry| entry.logged = None);
        }
        self.kept = Some(batches as usize);
        self.trim();
    }

    /// Number of the last write.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The log reaches back to what stands behind this number.
    pub fn start(&self) -> u64 {
        let first = self.entries.iter().find_map(|entry| entry.logged.as_ref().map(|logged| logged.first));
        first.map_or(self.end, |first| first - 1)
    }

    /// The batches behind write number `after`, at most so many; none: the log does not reach back so far.
    pub fn read_log(&self, after: u64, most: usize) -> Option<Vec<Logged>> {
        if after >= self.end {
            return Some(Vec::new());
        }
        let last = |entry: &Entry| entry.logged.as_ref().map_or(0, |logged| logged.last);
        let at = self.entries.partition_point(|entry| last(entry) <= after);
        let batches: Vec<Logged> =
            self.entries.range(at..).take(most).filter_map(|entry| entry.logged.clone()).collect();
        batches.first().is_some_and(|batch| batch.first == after + 1).then_some(batches)
    }

    /// Takes back what was written behind write number `to`; false: the log does not reach back so far.
    pub fn cut_log(&mut self, to: u64) -> bool {
        if to >= self.end {
            return true;
        }
        let first = |entry: &Entry| entry.logged.as_ref().map(|logged| logged.first);
        if !self.entries.iter().any(|entry| first(entry) == Some(to + 1)) {
            return false;
        }
        while self.entries.back().and_then(first).is_some_and(|first| first > to) {
            self.take_back();
        }
        self.sync();
        true
    }

    /// The map as it is now.
    pub fn snapshot(&self) -> Rc<Map> {
        self.map.clone()
    }

    /// Numbers go on behind `end`.
    pub fn skip_to(&mut self, end: u64) {
        self.entries.clear();
        (self.synced, self.end) = (0, end);
    }

    fn take_back(&mut self) {
        let Some(entry) = self.entries.pop_back() else { return };
        let map = Rc::make_mut(&mut self.map);
        for before in entry.before.into_iter().rev() {
            match before {
                (key, Some(value)) => map.insert(key, value),
                (key, None) => map.remove(&key),
            };
        }
        if let Some(logged) = entry.logged {
            self.end = logged.first - 1;
        }
        self.synced = self.synced.min(self.entries.len());
    }

    /// Forgets synced batches beyond those that somebody wants.
    fn trim(&mut self) {
        let extra = self.entries.len().saturating_sub(self.kept.unwrap_or(0)).min(self.synced);
        self.entries.drain(..extra);
        self.synced -= extra;
    }
}

pub(super) fn scan(
    map: &Map,
    from: Option<&[u8]>,
    to: Option<&[u8]>,
    limit: u64,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> u64 {
    if from.is_some_and(|from| to.is_some_and(|to| from > to)) {
        return 0;
    }
    let low = from.map_or(Bound::Unbounded, Bound::Included);
    let high = to.map_or(Bound::Unbounded, Bound::Included);
    let mut count = 0;
    for (key, value) in map.range::<[u8], _>((low, high)) {
        if count == limit {
            break;
        }
        visit(key, value);
        count += 1;
    }
    count
}

fn change(map: &mut Map, key: &[u8], value: Option<&[u8]>) -> Option<Box<[u8]>> {
    match value {
        Some(value) => match map.get_mut(key) {
            Some(place) => Some(std::mem::replace(place, value.into())),
            None => map.insert(key.into(), value.into()),
        },
        None => map.remove(key),
    }
}

//! Values that were replaced while a snapshot might still want them: what an engine that updates in place keeps beside it.
//!
//! ```text
//!   key   replaced at   value before
//!   oak   7             "brown"          a snapshot of version 6 or earlier sees "brown",
//!         9             none             one of 7 or 8 sees no oak; later ones see what the tree has
//! ```
//!
//! **Invariant:** the versions of a key ascend; none is kept that no snapshot sees.

use glassbase_trace::sorted::SortedMap;
use std::ops::Bound;

use crate::StorageError;
use crate::lsm::ScanBounds;

/// A value, or that there was none.
type Value = Option<Vec<u8>>;

#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// Changes so far: each write or batch is one.
    version: u64,
    /// By key: until which version a value was there, ascending.
    before: SortedMap<Vec<u8>, Vec<(u64, Value)>>,
    /// What snapshots see, ascending; one that was taken twice stands twice.
    snapshots: Vec<u64>,
}

impl Versions {
    /// Whether anybody may want what a write replaces.
    pub fn is_watched(&self) -> bool {
        !self.snapshots.is_empty()
    }

    pub fn take_snapshot(&mut self) -> u64 {
        self.snapshots.push(self.version);
        debug_assert!(self.snapshots.is_sorted());
        self.version
    }

    pub fn release(&mut self, snapshot: u64) -> Result<(), StorageError> {
        self.check(snapshot)?;
        let at = self.snapshots.partition_point(|known| *known < snapshot);
        self.snapshots.remove(at);
        let oldest = self.snapshots.first().copied();
        self.before.retain(|_, versions| {
            // A value that was replaced at a version is for the snapshots before it.
            versions.retain(|(until, _)| oldest.is_some_and(|oldest| oldest < *until));
            !versions.is_empty()
        });
        Ok(())
    }

    pub fn check(&self, snapshot: u64) -> Result<(), StorageError> {
        match self.snapshots.binary_search(&snapshot) {
            Ok(_) => Ok(()),
            Err(_) => Err(StorageError::NoSnapshot { sequence: snapshot }),
        }
    }

    /// Keeps what the change under way replaces.
    pub fn keep(&mut self, key: &[u8], before: Value) {
        let until = self.version + 1;
        let versions = self.before.entry(key.to_vec()).or_default();
        // A batch may change a key twice: what was there before the batch counts.
        if versions.last().is_none_or(|(last, _)| *last < until) {
            versions.push((until, before));
        }
    }

    /// The change under way is done.
    pub fn finish(&mut self) {
        self.version += 1;
    }

    /// The change under way is not done: what was kept for it goes.
    pub fn give_up(&mut self) {
        let until = self.version + 1;
        self.before.retain(|_, versions| {
            versions.retain(|(last, _)| *last < until);
            !versions.is_empty()
        });
    }

    /// What a snapshot sees under a key, if that is not what is there now.
    pub fn seen(&self, key: &[u8], snapshot: u64) -> Option<&Value> {
        self.before.get(key).and_then(|versions| first_after(versions, snapshot))
    }

    /// All keys within bounds under which a snapshot sees something else than what is there now, ascending.
    pub fn seen_within(&self, bounds: ScanBounds, snapshot: u64) -> Vec<(&[u8], &Value)> {
        if bounds.from.zip(bounds.to).is_some_and(|(from, to)| from > to) {
            return Vec::new();
        }
        let bound = |key: Option<&[u8]>| key.map_or(Bound::Unbounded, |key| Bound::Included(key.to_vec()));
        let keys = self.before.range((bound(bounds.from), bound(bounds.to)));
        keys.filter_map(|(key, versions)| Some((&key[..], first_after(versions, snapshot)?))).collect()
    }
}

fn first_after(versions: &[(u64, Value)], snapshot: u64) -> Option<&Value> {
    versions.iter().find(|(until, _)| *until > snapshot).map(|(_, value)| value)
}

//! What is known of the order of a key's writes.
//!
//! A checker that asks whether a client was shown something old must know what is older. Where the system says its versions,
//! they are the order. Where it says none, a write that was acknowledged before another one began is the older one; so it
//! is on a single leader, and with clocks that agree. A system that orders writes otherwise (the last of two clocks that
//! disagree wins) should say its versions.
//!
//! **Invariant:** `is_older` holds only for what is sure; of two writes at the same time neither is older.

use glassbase_trace::sorted::{SortedMap, SortedSet};

use super::{History, OpId, Outcome, Version};
use glassbase_trace::Bytes;

/// The writes of a history, by key and value.
pub struct Writes<'a> {
    history: &'a History,
    by_value: SortedMap<(&'a Bytes, &'a Bytes), OpId>,
    deletes: SortedMap<&'a Bytes, Vec<OpId>>,
    /// The versions of writes, told by themselves or by those who read them.
    versions: SortedMap<OpId, Version>,
    /// Keys of which an acknowledged write has no version.
    unversioned: SortedSet<&'a Bytes>,
    /// Keys to which a value was written twice: a read of it does not say which of the two it found.
    ambiguous: SortedSet<&'a Bytes>,
}

impl<'a> Writes<'a> {
    pub fn of(history: &'a History) -> Writes<'a> {
        let mut writes = Writes {
            history,
            by_value: SortedMap::new(),
            deletes: SortedMap::new(),
            versions: SortedMap::new(),
            unversioned: SortedSet::new(),
            ambiguous: SortedSet::new(),
        };
        for (op, operation) in history.iter() {
            if matches!(operation.outcome(), Outcome::Failed | Outcome::Differs) {
                continue;
            }
            match operation.call.written() {
                None => continue,
                Some(None) => writes.deletes.entry(&operation.key).or_default().push(op),
                Some(Some(value)) => {
                    if writes.by_value.insert((&operation.key, value), op).is_some() {
                        writes.ambiguous.insert(&operation.key);
                    }
                }
            }
            writes.versions.extend(operation.version.map(|version| (op, version)));
        }
        writes.learn_versions();
        writes
    }

    /// A read that says which version it found tells the version of the write that it found.
    fn learn_versions(&mut self) {
        for operation in &self.history.operations {
            if let (Outcome::Found(found), Some(version)) = (operation.outcome(), operation.version)
                && let [value] = &found[..]
                && let Some(write) = self.write_of(&operation.key, value)
            {
                self.versions.entry(write).or_insert(version);
            }
        }
        for (op, operation) in self.history.iter() {
            let is_acknowledged_write = operation.outcome() == &Outcome::Done;
            if is_acknowledged_write && !self.versions.contains_key(&op) {
                self.unversioned.insert(&operation.key);
            }
        }
    }

    /// Keys of which nothing can be said.
    pub fn ambiguous(&self) -> Vec<Bytes> {
        self.ambiguous.iter().map(|key| (*key).clone()).collect()
    }

    pub fn is_ambiguous(&self, key: &Bytes) -> bool {
        self.ambiguous.contains(key)
    }

    /// The write that a value came from.
    pub fn write_of(&self, key: &Bytes, value: &Bytes) -> Option<OpId> {
        self.by_value.get(&(key, value)).copied()
    }

    /// Whether one write of a key is certainly older than another.
    pub fn is_older(&self, one: OpId, other: OpId) -> bool {
        let (first, second) = (self.history.operation(one), self.history.operation(other));
        if self.unversioned.contains(&first.key) {
            return first.precedes(second);
        }
        match (self.versions.get(&one), self.versions.get(&other)) {
            (Some(version), Some(than)) => version < than,
            _ => false,
        }
    }

    /// Whether a write is a delete, or a delete may have come after it.
    pub fn is_deleted_after(&self, key: &Bytes, write: OpId) -> bool {
        let is_delete = self.history.operation(write).call.written() == Some(None);
        let deletes = self.deletes.get(key).map_or(&[][..], |deletes| deletes);
        is_delete || deletes.iter().any(|delete| !self.is_older(*delete, write))
    }

    /// Whether what was found is certainly older than what `write` left there: each of the values is, and where nothing was
    /// found, no delete can have come later.
    pub fn is_behind(&self, key: &Bytes, found: &[Bytes], write: OpId) -> bool {
        if !found.is_empty() {
            let is_older = |value| self.write_of(key, value).is_some_and(|source| self.is_older(source, write));
            return found.iter().all(is_older);
        }
        !self.is_deleted_after(key, write)
    }
}

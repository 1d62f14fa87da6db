//! What a node keeps of the data: records on the shelf, in the order of their tokens, and what is known of them in memory.
//!
//! ```text
//!   'd' token 4, key …        a record           in the order of the tokens, so that a leaf is one scan
//!   'h' node 2, key …         a hint: a record that is kept for a node that is down
//!   'm' "count"               how many dots may have been given
//! ```
//!
//! A dot is given by a counter that is kept, under a name that no other machine in this place has had ([`writer`]): no clock is
//! asked, which could be set back, and none is given twice though the disk was lost with the counter.
//!
//! **Invariant:** what is told to anybody is synced.
//! **Invariant:** the mark of a deletion goes `grace_ns` after the deletion, and with it all that it replaced.

use glassbase_trace::sorted::{SortedMap, SortedSet};

use super::super::shelf::Shelf;
use super::super::versions::{Dot, writer};
use super::merkle::Trees;
use super::message::Item;
use super::record::{Merged, Record};
use super::ring::{Ring, token};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::{Bytes, NodeId};

/// Keys that are shown.
const SHOWN: usize = 32;
/// Dots that are reserved at once, so that giving one seldom writes.
const DOTS_AT_ONCE: u64 = 64;

#[derive(Clone, Debug)]
pub struct Replica {
    /// The name under which it writes; none: all names of its place are used up.
    pub writer: Option<NodeId>,
    pub ring: Ring,
    pub trees: Trees,
    grace_ns: u64,
    /// When the mark of a deletion is due to go, and of which key.
    pub tombstones: SortedSet<(u64, Bytes)>,
    pub shown: SortedMap<Bytes, Record>,
    /// Which keys are kept for which node.
    pub hints: SortedMap<NodeId, SortedSet<Bytes>>,
    /// The last dot that was given, and the last that the shelf knows of.
    dots: (u64, u64),
}

fn data_key(key: &[u8]) -> Vec<u8> {
    let mut place = Vec::with_capacity(5 + key.len());
    place.push(b'd');
    place.extend(token(key).to_be_bytes());
    place.extend_from_slice(key);
    place
}

fn hint_key(node: NodeId, key: &[u8]) -> Vec<u8> {
    let mut place = vec![b'h'];
    place.extend(node.0.to_be_bytes());
    place.extend_from_slice(key);
    place
}

const DOTS_KEY: &[u8] = b"mcount";

fn damaged(what: &str) -> StorageError {
    let what = format!("{what} of the replica is not one");
    StorageError::DamagedFile { name: "shelf".to_string(), offset: 0, what }
}

/// A record that the shelf gave.
fn read(bytes: &[u8]) -> Result<Record, StorageError> {
    Record::from_bytes(bytes).ok_or_else(|| damaged("a record"))
}

impl Replica {
    /// A replica on the `machine`-th machine in its place.
    pub fn new(me: NodeId, machine: u16, ring: Ring, grace_ns: u64) -> Replica {
        let trees = Trees::new(&ring, me);
        let (tombstones, shown, hints) = (SortedSet::new(), SortedMap::new(), SortedMap::new());
        Replica { writer: writer(me, machine), ring, trees, grace_ns, tombstones, shown, hints, dots: (0, 0) }
    }

    /// Reads the shelf after a start.
    pub fn load(&mut self, shelf: &mut Shelf) -> Result<(), StorageError> {
        let dots = match shelf.get(DOTS_KEY)? {
            Some(bytes) => u64::from_be_bytes(bytes.try_into().map_err(|_| damaged("the count of dots"))?),
            None => 0,
        };
        self.dots = (dots, dots);
        let mut hints = Vec::new();
        shelf.scan(Some(b"h"), Some(b"i"), u64::MAX, &mut |place, _| hints.push(place.to_vec()))?;
        for place in hints.iter().filter(|place| place.len() >= 3) {
            let node = NodeId(u16::from_be_bytes([place[1], place[2]]));
            self.hints.entry(node).or_default().insert(Bytes::from(&place[3..]));
        }
        let mut items = Vec::new();
        shelf.scan(Some(b"d"), Some(b"e"), u64::MAX, &mut |place, value| {
            items.push((Bytes::from(place.get(5..).unwrap_or_default()), read(value)));
        })?;
        for (key, record) in items {
            self.changed(&key, None, Some(&record?));
        }
        Ok(())
    }

    pub fn get(&self, shelf: &mut Shelf, key: &[u8]) -> Result<Option<Record>, StorageError> {
        shelf.get(&data_key(key))?.map(|bytes| read(&bytes)).transpose()
    }

    /// What this node knows of a key: what it keeps, or what it keeps for others.
    pub fn look(&self, shelf: &mut Shelf, key: &Bytes) -> Result<Option<Record>, StorageError> {
        let mut found = self.get(shelf, key)?;
        for (node, keys) in &self.hints {
            if keys.contains(key) {
                found = Record::newest(found, self.hint(shelf, *node, key)?);
            }
        }
        Ok(found)
    }

    /// Merges a record into what is kept; whether that changed anything. The caller syncs.
    pub fn apply(&mut self, shelf: &mut Shelf, clock_ns: u64, item: &Item) -> Result<bool, StorageError> {
        let place = data_key(&item.key);
        let old = shelf.get(&place)?.map(|bytes| read(&bytes)).transpose()?;
        let new = match old.as_ref().map(|old| old.merge(&item.record)) {
            Some(Merged::Same | Merged::First) => return Ok(false),
            Some(Merged::Both(both)) => both,
            Some(Merged::Second) | None => item.record.clone(),
        };
        let is_expired = self.expiry(&new).is_some_and(|due| due <= clock_ns);
        match (is_expired, &old) {
            (true, None) => return Ok(false),
            (true, Some(_)) => shelf.delete(&place)?,
            (false, _) => shelf.put(&place, new.bytes())?,
        }
        self.changed(&item.key, old.as_ref(), (!is_expired).then_some(&new));
        Ok(true)
    }

    /// When a record that is nothing but the mark of a deletion is due to go.
    fn expiry(&self, record: &Record) -> Option<u64> {
        record.deleted_ns().map(|deleted_ns| deleted_ns.saturating_add(self.grace_ns))
    }

    /// Keeps what is in memory in step with the shelf.
    fn changed(&mut self, key: &Bytes, old: Option<&Record>, new: Option<&Record>) {
        let hash = |record: Option<&Record>| record.map_or(0, |record| record.hash(key));
        self.trees.change(self.ring.place(token(key)), hash(old), hash(new));
        if let Some(due) = old.and_then(|old| self.expiry(old)) {
            self.tombstones.remove(&(due, key.clone()));
        }
        if let Some(due) = new.and_then(|new| self.expiry(new)) {
            self.tombstones.insert((due, key.clone()));
        }
        self.show(key, new);
    }

    /// Keeps the first keys as they are shown.
    fn show(&mut self, key: &Bytes, new: Option<&Record>) {
        let Some(new) = new else {
            self.shown.remove(key);
            return;
        };
        if let Some(shown) = self.shown.get_mut(key) {
            *shown = new.clone();
        } else if self.shown.len() < SHOWN || self.shown.last_key_value().is_some_and(|last| key < last.0) {
            self.shown.insert(key.clone(), new.clone());
            if self.shown.len() > SHOWN {
                self.shown.pop_last();
            }
        }
    }

    /// Lets the marks of deletions go whose time is over; how many.
    pub fn purge(&mut self, shelf: &mut Shelf, clock_ns: u64) -> Result<usize, StorageError> {
        let mut count = 0;
        while let Some((due, key)) = self.tombstones.first().cloned()
            && due <= clock_ns
        {
            let record = self.get(shelf, &key)?;
            shelf.delete(&data_key(&key))?;
            self.changed(&key, record.as_ref(), None);
            self.tombstones.remove(&(due, key));
            count += 1;
        }
        Ok(count)
    }

    /// Everything in a leaf.
    pub fn leaf(&self, shelf: &mut Shelf, range: u16, leaf: u16) -> Result<Vec<Item>, StorageError> {
        let (first, last) = self.ring.tokens(range, leaf);
        let from = [&b"d"[..], &first.to_be_bytes()].concat();
        let to = match last.checked_add(1) {
            Some(next) => [&b"d"[..], &next.to_be_bytes()].concat(),
            None => b"e".to_vec(),
        };
        let mut items = Vec::new();
        shelf.scan(Some(&from), Some(&to), u64::MAX, &mut |place, value| {
            // The end is included in a scan: what is there belongs to the next leaf.
            if place < &to[..] {
                items.push((Bytes::from(place.get(5..).unwrap_or_default()), read(value)));
            }
        })?;
        items.into_iter().map(|(key, record)| Ok(Item { key, record: record? })).collect()
    }

    /// A dot that was never given, by `writer`, who is this one.
    pub fn give_dot(&mut self, shelf: &mut Shelf, writer: NodeId) -> Result<Dot, StorageError> {
        let (given, reserved) = self.dots;
        if given == reserved {
            let reserved = given + DOTS_AT_ONCE;
            shelf.put(DOTS_KEY, &reserved.to_be_bytes())?;
            shelf.sync()?;
            self.dots.1 = reserved;
        }
        self.dots.0 = given + 1;
        Ok(Dot { node: writer, count: self.dots.0 })
    }

    /// Keeps a record for a node that does not answer. The caller syncs.
    pub fn keep_hint(&mut self, shelf: &mut Shelf, node: NodeId, item: &Item) -> Result<(), StorageError> {
        let old = self.hint(shelf, node, &item.key)?;
        if let Some(new) = Record::newest(old, Some(item.record.clone())) {
            shelf.put(&hint_key(node, &item.key), new.bytes())?;
            self.hints.entry(node).or_default().insert(item.key.clone());
        }
        Ok(())
    }

    pub fn hint(&self, shelf: &mut Shelf, node: NodeId, key: &[u8]) -> Result<Option<Record>, StorageError> {
        shelf.get(&hint_key(node, key))?.map(|bytes| read(&bytes)).transpose()
    }

    /// The first hints for a node.
    pub fn hints_for(&self, shelf: &mut Shelf, node: NodeId, most: usize) -> Result<Vec<Item>, StorageError> {
        let mut items = Vec::new();
        for key in self.hints.get(&node).into_iter().flatten().take(most) {
            if let Some(record) = self.hint(shelf, node, key)? {
                items.push(Item { key: key.clone(), record });
            }
        }
        Ok(items)
    }

    /// Lets hints go that the node has taken, but for those that have become newer.
    pub fn drop_hints(&mut self, shelf: &mut Shelf, node: NodeId, items: &[Item]) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        for item in items {
            if self.hint(shelf, node, &item.key)?.is_some_and(|kept| kept == item.record) {
                batch.delete(&hint_key(node, &item.key));
                if let Some(keys) = self.hints.get_mut(&node) {
                    keys.remove(&item.key);
                }
            }
        }
        self.hints.retain(|_, keys| !keys.is_empty());
        if !batch.is_empty() {
            shelf.write(&mut batch)?;
            shelf.sync()?;
        }
        Ok(())
    }

    pub fn hints_held(&self) -> usize {
        self.hints.values().map(SortedSet::len).sum()
    }
}

//! A map from which an entry is removed only by those who have seen it: whoever adds it at the same time wins.
//!
//! The observed-remove set of Shapiro et al. (2011), without marks of what was removed (A. Bieniusa et al., "An Optimized
//! Conflict-free Replicated Set", 2012): each adding has a dot of its own, and a replica knows which dots it has seen. A
//! dot that it has seen and has no entry for was removed.
//!
//! ```text
//!   n1: milk ● n1:1   seen n1:1              n1 removes milk: no entry, seen n1:1
//!   n2: milk ● n1:1   seen n1:1              n2 adds milk:    milk ● n2:1, seen n1:1 n2:1
//!   merged: milk ● n2:1                      n1:1 is seen by both and kept by neither; n1 had not seen n2:1
//! ```
//!
//! With values it is a map: of entries of one field that were written at the same time, the later stamp is read.
//!
//! **Invariant:** the dot of every entry is among those seen.

use glassbase_trace::sorted::{SortedMap, SortedSet};

use crate::versions::{Dot, Input, Stamp, VersionVector, push_sized};
use glassbase_trace::{Bytes, NodeId};

/// Dots that were seen: all of each node up to some number, and single ones above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    vector: VersionVector,
    single: SortedSet<Dot>,
}

impl Seen {
    pub fn contains(&self, dot: Dot) -> bool {
        self.vector.covers(dot) || self.single.contains(&dot)
    }

    pub fn add(&mut self, dot: Dot) {
        if !self.vector.covers(dot) {
            self.single.insert(dot);
            self.close(dot.node);
        }
    }

    /// Lets single dots go into the vector where they are next in it.
    fn close(&mut self, node: NodeId) {
        loop {
            let next = Dot { node, count: self.vector.get(node) + 1 };
            if !self.single.remove(&next) {
                break;
            }
            self.vector.raise(node, next.count);
        }
    }

    pub fn merge(&mut self, other: &Seen) {
        self.vector.join(&other.vector);
        self.single.extend(other.single.iter().copied());
        let vector = &self.vector;
        self.single.retain(|dot| !vector.covers(*dot));
        let nodes: SortedSet<NodeId> = self.single.iter().map(|dot| dot.node).collect();
        nodes.into_iter().for_each(|node| self.close(node));
    }

    /// The next dot of a node that has seen all of its own.
    pub fn next(&self, node: NodeId) -> Dot {
        let single = self.single.iter().filter(|dot| dot.node == node).map(|dot| dot.count).max();
        Dot { node, count: self.vector.get(node).max(single.unwrap_or(0)) + 1 }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.vector.encode(out);
        out.extend((self.single.len() as u32).to_be_bytes());
        self.single.iter().for_each(|dot| push_dot(out, *dot));
    }

    fn decode(input: &mut Input) -> Option<Seen> {
        let mut seen = Seen { vector: VersionVector::decode(input)?, single: SortedSet::new() };
        for _ in 0..input.u32()? {
            seen.single.insert(take_dot(input)?);
        }
        Some(seen)
    }
}

pub fn push_dot(out: &mut Vec<u8>, dot: Dot) {
    out.extend(dot.node.0.to_be_bytes());
    out.extend(dot.count.to_be_bytes());
}

pub fn take_dot(input: &mut Input) -> Option<Dot> {
    Some(Dot { node: NodeId(input.u16()?), count: input.u64()? })
}

/// A value of a map, and when it was written. A set has members without values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub stamp: Stamp,
    pub value: Bytes,
}

/// A set or a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DotMap {
    entries: SortedMap<Bytes, SortedMap<Dot, Entry>>,
    seen: Seen,
}

impl DotMap {
    /// What this node's adding a key changes.
    pub fn set(&self, node: NodeId, key: &Bytes, entry: Entry) -> DotMap {
        let dot = self.seen.next(node);
        let mut change = self.remove(key);
        change.seen.add(dot);
        change.entries.insert(key.clone(), SortedMap::from([(dot, entry)]));
        change
    }

    /// What removing a key changes: its dots are seen, and have no entry.
    pub fn remove(&self, key: &Bytes) -> DotMap {
        let mut change = DotMap::default();
        for dot in self.entries.get(key).into_iter().flat_map(SortedMap::keys) {
            change.seen.add(*dot);
        }
        change
    }

    pub fn merge(&mut self, other: &DotMap) {
        self.entries.retain(|key, entries| {
            let theirs = other.entries.get(key);
            entries
                .retain(|dot, _| theirs.is_some_and(|theirs| theirs.contains_key(dot)) || !other.seen.contains(*dot));
            !entries.is_empty()
        });
        for (key, theirs) in &other.entries {
            for (dot, entry) in theirs.iter().filter(|(dot, _)| !self.seen.contains(**dot)) {
                self.entries.entry(key.clone()).or_default().insert(*dot, entry.clone());
            }
        }
        self.seen.merge(&other.seen);
    }

    /// The keys, each with the value that was written last.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.entries.iter().filter_map(|(key, entries)| Some((key, &entries.values().max()?.value)))
    }

    pub fn contains(&self, key: &Bytes) -> bool {
        self.entries.contains_key(key)
    }

    pub fn is_empty(&self) -> bool {
        *self == DotMap::default()
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.seen.encode(out);
        out.extend((self.entries.len() as u32).to_be_bytes());
        for (key, entries) in &self.entries {
            push_sized(out, key);
            out.extend((entries.len() as u16).to_be_bytes());
            for (dot, entry) in entries {
                push_dot(out, *dot);
                out.extend(entry.stamp.clock_ns.to_be_bytes());
                out.extend(entry.stamp.node.0.to_be_bytes());
                push_sized(out, &entry.value);
            }
        }
    }

    pub fn decode(input: &mut Input) -> Option<DotMap> {
        let mut map = DotMap { seen: Seen::decode(input)?, entries: SortedMap::new() };
        for _ in 0..input.u32()? {
            let key = Bytes::from(input.sized()?);
            let mut entries = SortedMap::new();
            for _ in 0..input.u16()? {
                let dot = take_dot(input)?;
                let stamp = Stamp { clock_ns: input.u64()?, node: NodeId(input.u16()?) };
                entries.insert(dot, Entry { stamp, value: Bytes::from(input.sized()?) });
            }
            map.entries.insert(key, entries);
        }
        Some(map)
    }
}

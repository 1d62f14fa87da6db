//! How versions of a value are told apart: which came before which, and which were written without knowledge of each
//! other.
//!
//! ```text
//!   Stamp            12.003 s n2      a moment of somebody's clock: a total order, that may be the wrong one
//!   VersionVector    n1:3 n2:1        all writes of n1 up to its 3rd, all of n2 up to its 1st
//!   Dotted           n1:5 | n1:3      the 5th write of n1, by somebody who knew the first three: the 4th is concurrent
//! ```
//!
//! - Version vectors: D. S. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", 1983.
//! - Dotted version vectors: N. Preguiça, C. Baquero, P. Almeida, V. Fonte, R. Gonçalves, "Brief Announcement: Efficient
//!   Causality Tracking in Distributed Storage Systems with Dotted Version Vectors", 2012.
//!
//! A vector stands for a set of events, and every operation on vectors for one on sets: that is what the tests compare.
//!
//! **Invariant:** the entries of a vector are in the order of their nodes, and none is 0.
//! **Invariant:** a dot is given to one write, ever.

use std::cmp::Ordering;

use glassbase_trace::NodeId;
use glassbase_trace::decimal;

/// A write: the `count`-th of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    pub node: NodeId,
    pub count: u64,
}

/// When something was written, by the clock of whoever stamped it. The later one wins, and of two at once the one with
/// the greater node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    pub clock_ns: u64,
    pub node: NodeId,
}

/// How many writes of each node are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VersionVector {
    entries: Vec<(NodeId, u64)>,
}

/// As many places a cluster has at most; and so many machines may stand in one, one after the other.
const PLACES: u16 = 1024;
const MACHINES: u16 = 32;

/// The name under which a machine writes: the first in a place has the name of the place, an empty one that takes its place
/// has another, or its first write would be taken for the first write of the one before. None: all names are used up.
///
/// ```text
///   n2, second machine: 1024 · 1 + 2      as people read it: "n2.2"
/// ```
pub fn writer(place: NodeId, machine: u16) -> Option<NodeId> {
    (place.0 < PLACES && machine < MACHINES).then(|| NodeId(machine * PLACES + place.0))
}

/// The place of whoever writes under a name.
pub fn place_of(writer: NodeId) -> NodeId {
    if writer.is_client() { writer } else { NodeId(writer.0 % PLACES) }
}

impl Dot {
    pub fn text(self) -> String {
        match self.node.0 / PLACES {
            machine if machine > 0 && !self.node.is_client() => {
                format!("{}.{}:{}", place_of(self.node), machine + 1, self.count)
            }
            _ => format!("{}:{}", self.node, self.count),
        }
    }
}

impl Stamp {
    /// As people read it: "12.003 s n2".
    pub fn text(self) -> String {
        format!("{} {}", seconds(self.clock_ns), self.node)
    }
}

/// A time as people read it.
pub fn seconds(ns: u64) -> String {
    decimal::fixed(ns as f64 / 1e9, 6) + " s"
}

impl VersionVector {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many writes of `node` it covers.
    pub fn get(&self, node: NodeId) -> u64 {
        match self.entries.binary_search_by_key(&node, |entry| entry.0) {
            Ok(at) => self.entries[at].1,
            Err(_) => 0,
        }
    }

    /// Covers the writes of `node` up to the `count`-th.
    pub fn raise(&mut self, node: NodeId, count: u64) {
        match self.entries.binary_search_by_key(&node, |entry| entry.0) {
            Ok(at) => self.entries[at].1 = self.entries[at].1.max(count),
            Err(at) if count > 0 => self.entries.insert(at, (node, count)),
            Err(_) => {}
        }
    }

    /// Covers what `other` covers, too.
    pub fn join(&mut self, other: &VersionVector) {
        for (node, count) in &other.entries {
            self.raise(*node, *count);
        }
    }

    pub fn covers(&self, dot: Dot) -> bool {
        dot.count <= self.get(dot.node)
    }

    /// Whether it covers everything that `other` does.
    pub fn includes(&self, other: &VersionVector) -> bool {
        other.entries.iter().all(|(node, count)| *count <= self.get(*node))
    }

    /// Less: before. Greater: after. None: concurrent.
    pub fn compare(&self, other: &VersionVector) -> Option<Ordering> {
        match (self.includes(other), other.includes(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }

    /// How many writes it covers; of two vectors that are ordered the later has more.
    pub fn total(&self) -> u64 {
        self.entries.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    pub fn iter(&self) -> impl Iterator<Item = Dot> + '_ {
        self.entries.iter().map(|(node, count)| Dot { node: *node, count: *count })
    }

    /// As people read it: "n1:3 n2:1".
    pub fn text(&self) -> String {
        let mut text = String::new();
        for dot in self.iter() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&dot.text());
        }
        if text.is_empty() { "-".to_string() } else { text }
    }

    /// Appends its bytes: how many entries (2 bytes), then node (2) and count (8) of each, big-endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.entries.len() as u16).to_be_bytes());
        for (node, count) in &self.entries {
            out.extend(node.0.to_be_bytes());
            out.extend(count.to_be_bytes());
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 + 10 * self.entries.len());
        self.encode(&mut out);
        out
    }

    /// Nothing if the bytes are not those of a vector. A client brings them along, so they may be anything.
    pub fn decode(input: &mut Input) -> Option<VersionVector> {
        let mut vector = VersionVector::default();
        for _ in 0..input.u16()? {
            let (node, count) = (NodeId(input.u16()?), input.u64()?);
            if count == 0 || vector.entries.last().is_some_and(|last| last.0 >= node) {
                return None;
            }
            vector.entries.push((node, count));
        }
        Some(vector)
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<VersionVector> {
        let mut input = Input(bytes);
        let vector = VersionVector::decode(&mut input)?;
        input.0.is_empty().then_some(vector)
    }
}

/// Bytes that are read from front to back.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    /// Bytes with their length (4 bytes) before them.
    pub fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }
}

/// Appends bytes with their length before them.
pub fn push_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A version of a value: its own dot, and the writes that its writer knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dotted<T> {
    pub dot: Dot,
    pub past: VersionVector,
    pub value: T,
}

impl<T> Dotted<T> {
    /// Whether `other` was written by somebody who knew this one.
    pub fn is_before(&self, other: &Dotted<T>) -> bool {
        other.past.covers(self.dot)
    }
}

/// The versions of a value of which none is known to have replaced another.
///
/// **Invariant:** they are in the order of their dots. Whoever has a dot of a node has all earlier dots of that node, or
/// what replaced them: so versions go from node to node with all their siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Siblings<T> {
    pub versions: Vec<Dotted<T>>,
}

impl<T> Default for Siblings<T> {
    fn default() -> Siblings<T> {
        Siblings { versions: Vec::new() }
    }
}

impl<T: Clone> Siblings<T> {
    /// Everything that whoever has read these knows.
    pub fn context(&self) -> VersionVector {
        let mut context = VersionVector::default();
        for version in &self.versions {
            context.join(&version.past);
            context.raise(version.dot.node, version.dot.count);
        }
        context
    }

    /// Writes a version in the knowledge of `context`: what that covers is replaced, the rest are siblings.
    pub fn update(&mut self, dot: Dot, context: VersionVector, value: T) {
        self.versions.retain(|version| !context.covers(version.dot));
        self.insert(Dotted { dot, past: context, value });
    }

    /// What both sides have, without what one of them knows to be replaced.
    pub fn merge(&mut self, other: &Siblings<T>) {
        let is_replaced = |version: &Dotted<T>, by: &Siblings<T>| by.versions.iter().any(|new| version.is_before(new));
        let ours = self.clone();
        self.versions.retain(|version| !is_replaced(version, other));
        for version in &other.versions {
            if !is_replaced(version, &ours) {
                self.insert(version.clone());
            }
        }
    }

    fn insert(&mut self, version: Dotted<T>) {
        if let Err(at) = self.versions.binary_search_by_key(&version.dot, |known| known.dot) {
            self.versions.insert(at, version);
        }
    }
}

#[cfg(test)]
mod tests;

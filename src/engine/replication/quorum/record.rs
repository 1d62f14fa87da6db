//! What a replica has of a key, as bytes: they go from message to shelf as they are, and are taken apart only where two
//! of them differ.
//!
//! ```text
//!   stamped   0: value, 1: tombstone │ clock 8 │ node 2 │ value …
//!   dotted    2 │ count 2 │ { dot: node 2, count 8 │ stamp: clock 8, node 2 │ 1: tombstone │ past │ length 4, value } …
//! ```
//!
//! **Invariant:** merging is commutative, associative and idempotent: in whatever order records meet, and however often,
//! the outcome is the same.

use std::rc::Rc;

use super::super::versions::{Dotted, Input, Siblings, Stamp, VersionVector, push_sized};
use super::ring;
use glassbase_trace::parts::cluster::{Datum, Version};
use glassbase_trace::{Bytes, NodeId};

const VALUE: u8 = 0;
const TOMBSTONE: u8 = 1;
const DOTTED: u8 = 2;
/// Where the value of a stamped record begins.
const HEAD: usize = 11;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(Bytes);

/// A value among siblings; none: it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub stamp: Stamp,
    pub value: Option<Bytes>,
}

/// What came of two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    Same,
    /// The first one knows everything that the other does.
    First,
    Second,
    Both(Record),
}

impl Record {
    pub fn stamped(stamp: Stamp, value: Option<&[u8]>) -> Record {
        let mut bytes = Vec::with_capacity(HEAD + value.map_or(0, <[u8]>::len));
        bytes.push(if value.is_some() { VALUE } else { TOMBSTONE });
        bytes.extend(stamp.clock_ns.to_be_bytes());
        bytes.extend(stamp.node.0.to_be_bytes());
        bytes.extend_from_slice(value.unwrap_or_default());
        Record(Bytes::from(&bytes[..]))
    }

    pub fn dotted(siblings: &Siblings<Held>) -> Record {
        let mut bytes = vec![DOTTED];
        bytes.extend((siblings.versions.len() as u16).to_be_bytes());
        for version in &siblings.versions {
            let stamp = version.value.stamp;
            bytes.extend(version.dot.node.0.to_be_bytes());
            bytes.extend(version.dot.count.to_be_bytes());
            bytes.extend(stamp.clock_ns.to_be_bytes());
            bytes.extend(stamp.node.0.to_be_bytes());
            bytes.push(u8::from(version.value.value.is_none()));
            version.past.encode(&mut bytes);
            push_sized(&mut bytes, version.value.value.as_deref().unwrap_or_default());
        }
        Record(Bytes::from(&bytes[..]))
    }

    /// Nothing if the bytes are not those of a record.
    pub fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let record = Record(Bytes::from(bytes));
        match bytes.first()? {
            &VALUE | &TOMBSTONE => (bytes.len() >= HEAD).then_some(record),
            &DOTTED => record.siblings().is_some().then_some(record),
            _ => None,
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The stamp of a stamped record.
    fn stamp(&self) -> Stamp {
        let mut input = Input(self.0.get(1..).unwrap_or_default());
        let (clock_ns, node) = (input.u64().unwrap_or(0), NodeId(input.u16().unwrap_or(0)));
        Stamp { clock_ns, node }
    }

    /// Its versions side by side; none if it is a stamped one, which has but one.
    pub fn siblings(&self) -> Option<Siblings<Held>> {
        let mut input = Input(&self.0);
        if input.u8()? != DOTTED {
            return None;
        }
        let mut siblings = Siblings::default();
        for _ in 0..input.u16()? {
            let dot = super::super::versions::Dot { node: NodeId(input.u16()?), count: input.u64()? };
            let stamp = Stamp { clock_ns: input.u64()?, node: NodeId(input.u16()?) };
            let deleted = input.u8()? == 1;
            let past = VersionVector::decode(&mut input)?;
            let value = input.sized()?;
            let value = (!deleted).then(|| Bytes::from(value));
            siblings.versions.push(Dotted { dot, past, value: Held { stamp, value } });
        }
        Some(siblings)
    }

    pub fn merge(&self, other: &Record) -> Merged {
        if self == other {
            return Merged::Same;
        }
        match (self.siblings(), other.siblings()) {
            (Some(ours), Some(theirs)) => {
                let mut both = ours.clone();
                both.merge(&theirs);
                match () {
                    () if both == ours => Merged::First,
                    () if both == theirs => Merged::Second,
                    () => Merged::Both(Record::dotted(&both)),
                }
            }
            _ if self.rank() > other.rank() => Merged::First,
            _ => Merged::Second,
        }
    }

    /// The order of stamped records: by stamp; of equal stamps a deletion is the greater, then the greater value.
    fn rank(&self) -> (&[u8], u8, &[u8]) {
        let bytes = self.bytes();
        let (head, value) = bytes.split_at(HEAD.min(bytes.len()));
        (head.get(1..).unwrap_or_default(), head.first().copied().unwrap_or(0), value)
    }

    /// The newest of two that may not be there.
    pub fn newest(first: Option<Record>, second: Option<Record>) -> Option<Record> {
        match (first, second) {
            (Some(first), Some(second)) => Some(match first.merge(&second) {
                Merged::Same | Merged::First => first,
                Merged::Second => second,
                Merged::Both(both) => both,
            }),
            (first, second) => first.or(second),
        }
    }

    /// Its values, without those that were deleted, and without one that is there twice.
    pub fn values(&self) -> Vec<Bytes> {
        match self.siblings() {
            Some(siblings) => {
                let held = siblings.versions.into_iter().filter_map(|version| version.value.value);
                let mut values: Vec<Bytes> = held.collect();
                values.sort();
                values.dedup();
                values
            }
            None if self.0.first() == Some(&VALUE) => vec![Bytes::from(&self.0[HEAD..])],
            None => Vec::new(),
        }
    }

    /// What a client brings along with its next put: what it has seen. Nothing with stamps.
    pub fn context(&self) -> Bytes {
        match self.siblings() {
            Some(siblings) => Bytes::from(&siblings.context().to_bytes()[..]),
            None => Bytes::default(),
        }
    }

    /// A number that grows with every version that replaces others: the clock of its stamp, or how many writes it knows.
    pub fn version(&self) -> u64 {
        match self.siblings() {
            Some(siblings) => siblings.context().total(),
            None => self.stamp().clock_ns,
        }
    }

    /// The same for the version that `writer` has just written, without what stands beside it.
    pub fn version_by(&self, writer: NodeId) -> u64 {
        let Some(siblings) = self.siblings() else { return self.stamp().clock_ns };
        let own = siblings.versions.into_iter().filter(|version| version.dot.node == writer);
        let last = own.max_by_key(|version| version.dot.count);
        last.map_or(0, |mut version| {
            version.past.raise(writer, version.dot.count);
            version.past.total()
        })
    }

    /// If nothing is left of it but the marks of deletions: when the last one was made.
    pub fn deleted_ns(&self) -> Option<u64> {
        match self.siblings() {
            Some(siblings) => {
                let is_deleted = siblings.versions.iter().all(|version| version.value.value.is_none());
                let stamps = siblings.versions.iter().map(|version| version.value.stamp.clock_ns);
                if is_deleted { stamps.max() } else { None }
            }
            None => (self.0.first() == Some(&TOMBSTONE)).then(|| self.stamp().clock_ns),
        }
    }

    /// A hash of a key and what is kept of it.
    pub fn hash(&self, key: &[u8]) -> u64 {
        ring::hash(key).rotate_left(17) ^ ring::hash(&self.0)
    }

    /// As it is shown.
    pub fn datum(&self, key: &Bytes) -> Rc<Datum> {
        let version = |value: Option<&[u8]>, stamp: String| Version {
            value: value.map_or_else(String::new, glassbase_trace::bytes::show).into(),
            stamp: stamp.into(),
            deleted: value.is_none(),
        };
        let versions = match self.siblings() {
            Some(siblings) => {
                let text = |held: &Dotted<Held>| match held.past.is_empty() {
                    true => held.dot.text(),
                    false => format!("{} | {}", held.dot.text(), held.past.text()),
                };
                siblings.versions.iter().map(|held| version(held.value.value.as_deref(), text(held))).collect()
            }
            None => {
                let value = (self.0.first() == Some(&VALUE)).then(|| &self.0[HEAD..]);
                vec![version(value, self.stamp().text())]
            }
        };
        Rc::new(Datum { key: key.clone(), versions })
    }

    /// In a few words: the values, and what tells them from others.
    pub fn text(&self) -> String {
        let datum = self.datum(&Bytes::default());
        let each = datum.versions.iter().map(|version| {
            let value = if version.deleted { "deleted" } else { &version.value };
            format!("{value} ({})", version.stamp)
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

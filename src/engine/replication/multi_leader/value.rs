//! What a node has of a key: a whole value with its versions, or one that merges.
//!
//! ```text
//!   register   { version n1:7, past n1:3 n2:2, stamp, value } …     versions side by side
//!   counter, set, map, text                                         see crdt
//!   changes    n1:7 n2:2                                            which changes of this key are in it
//! ```
//!
//! Versions that were written without knowledge of each other all stay until somebody overwrites them, whatever the
//! resolution: it chooses at each read. If the losers were dropped at once, a change that replaces the winner alone would
//! bring different ends at nodes that heard of things in a different order.
//!
//! **Invariant:** merging is commutative, associative and idempotent.

use std::rc::Rc;

use super::crdt::counter::Counter;
use super::crdt::dots::{DotMap, push_dot, take_dot};
use super::crdt::text::Text;
use super::options::{Resolution, Rule};
use crate::message::Answer;
use crate::versions::{Dotted, Input, Siblings, Stamp, VersionVector, place_of, push_sized};
use glassbase_trace::bytes::canonical_number;
use glassbase_trace::parts::cluster::{Datum, Version};
use glassbase_trace::{Bytes, NodeId};

/// A whole value; none: it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub stamp: Stamp,
    pub value: Option<Bytes>,
}

/// What a key holds; also a change of it, which is merged into that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    pub register: Siblings<Held>,
    pub counter: Counter,
    pub set: DotMap,
    pub map: DotMap,
    pub text: Text,
    pub changes: VersionVector,
}

/// How many writes the writer of a version knew, with that one.
fn known_by(version: &Dotted<Held>) -> u64 {
    let mut known = version.past.clone();
    known.raise(version.dot.node, version.dot.count);
    known.total()
}

impl Value {
    pub fn merge(&mut self, other: &Value) {
        self.register.merge(&other.register);
        self.counter.merge(&other.counter);
        self.set.merge(&other.set);
        self.map.merge(&other.map);
        self.text.merge(&other.text);
        self.changes.join(&other.changes);
    }

    /// How many versions were written without knowledge of each other.
    pub fn versions(&self) -> usize {
        self.register.versions.len()
    }

    /// What a read gives.
    pub fn read(&self, resolution: Resolution) -> Answer {
        if let Some(text) = self.merged() {
            return Answer::Value(Some(Bytes::typed(&text)));
        }
        if resolution == Resolution::Siblings {
            let held = self.register.versions.iter().filter_map(|version| version.value.value.clone());
            let mut values: Vec<Bytes> = held.collect();
            values.sort();
            values.dedup();
            return if values.len() > 1 { Answer::Siblings(values.into()) } else { Answer::Value(values.pop()) };
        }
        Answer::Value(self.winner(resolution).and_then(|version| version.value.value.clone()))
    }

    /// The version that a resolution chooses.
    pub fn winner(&self, resolution: Resolution) -> Option<&Dotted<Held>> {
        let by_stamp = |version: &&Dotted<Held>| (version.value.stamp, version.dot);
        let Resolution::Rule(rule) = resolution else {
            return self.register.versions.iter().max_by_key(by_stamp);
        };
        let rank = |version: &Dotted<Held>| -> (u128, Bytes) {
            let value = version.value.value.clone();
            match (rule, value) {
                (Rule::Leader(node), _) => (u128::from(place_of(version.dot.node) == node), Bytes::default()),
                (_, None) => (0, Bytes::default()),
                (Rule::Longest, Some(value)) => (1 + value.len() as u128, Bytes::default()),
                // Numbers are above words, and a word of eight letters is a number to nobody but a machine.
                (Rule::Max, Some(value)) => match canonical_number(&value.to_string()) {
                    Some(number) => (2 + u128::from(number), Bytes::default()),
                    None => (1, value),
                },
            }
        };
        self.register.versions.iter().max_by_key(|version| (rank(version), by_stamp(version)))
    }

    /// A number for what a read gives, that grows with every version that replaces others: how many writes its writer knew.
    pub fn version(&self, resolution: Resolution) -> u64 {
        match self.winner(resolution) {
            Some(_) if resolution == Resolution::Siblings => self.register.context().total(),
            Some(winner) => known_by(winner),
            None => self.changes.total(),
        }
    }

    /// The same for the version that `writer` has just written, without what stands beside it.
    pub fn version_by(&self, writer: NodeId) -> u64 {
        let own = self.register.versions.iter().filter(|version| version.dot.node == writer);
        let last = own.max_by_key(|version| version.dot.count);
        last.map_or(0, known_by)
    }

    /// The value of one that merges, as people read it; none for a whole value.
    fn merged(&self) -> Option<String> {
        if !self.counter.is_empty() {
            return Some(self.counter.value().to_string());
        }
        let list = |each: Vec<String>| Some(format!("{{{}}}", each.join(", ")));
        if !self.set.is_empty() {
            return list(self.set.iter().map(|(key, _)| key.to_string()).collect());
        }
        if !self.map.is_empty() {
            return list(self.map.iter().map(|(key, value)| format!("{key} = {value}")).collect());
        }
        (!self.text.is_empty()).then(|| self.text.value())
    }

    /// As it is shown.
    pub fn datum(&self, key: &Bytes, resolution: Resolution) -> Rc<Datum> {
        let merged =
            self.merged().map(|text| Version { value: text.into(), stamp: self.changes.text().into(), deleted: false });
        let winner = if self.versions() > 1 { self.winner(resolution).map(|version| version.dot) } else { None };
        let held = self.register.versions.iter().map(|version| {
            let (dot, stamp) = (version.dot.text(), version.value.stamp.text());
            let wins = if winner == Some(version.dot) && resolution != Resolution::Siblings { " wins" } else { "" };
            Version {
                value: version.value.value.as_ref().map_or_else(String::new, Bytes::to_string).into(),
                stamp: format!("{dot} at {stamp}{wins}").into(),
                deleted: version.value.value.is_none(),
            }
        });
        Rc::new(Datum { key: key.clone(), versions: merged.into_iter().chain(held).collect() })
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.register.versions.len() as u16).to_be_bytes());
        for version in &self.register.versions {
            push_dot(out, version.dot);
            version.past.encode(out);
            out.extend(version.value.stamp.clock_ns.to_be_bytes());
            out.extend(version.value.stamp.node.0.to_be_bytes());
            out.push(u8::from(version.value.value.is_some()));
            push_sized(out, version.value.value.as_deref().unwrap_or_default());
        }
        self.counter.encode(out);
        self.set.encode(out);
        self.map.encode(out);
        self.text.encode(out);
        self.changes.encode(out);
    }

    pub fn decode(input: &mut Input) -> Option<Value> {
        let mut register = Siblings::default();
        for _ in 0..input.u16()? {
            let (dot, past) = (take_dot(input)?, VersionVector::decode(input)?);
            let stamp = Stamp { clock_ns: input.u64()?, node: NodeId(input.u16()?) };
            let is_there = input.u8()? == 1;
            let value = input.sized()?;
            let value = is_there.then(|| Bytes::from(value));
            register.versions.push(Dotted { dot, past, value: Held { stamp, value } });
        }
        Some(Value {
            register,
            counter: Counter::decode(input)?,
            set: DotMap::decode(input)?,
            map: DotMap::decode(input)?,
            text: Text::decode(input)?,
            changes: VersionVector::decode(input)?,
        })
    }
}

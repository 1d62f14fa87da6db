//! Changes as they are kept, on the shelf and for others, and what is sent to somebody who misses some.
//!
//! ```text
//!   'l' node 2, count 8     a change
//!   'd' key                 what it came to
//!   'm' "have"              which changes are in it: written in one batch with the other two
//! ```
//!
//! **Invariant:** the shelf has for each key the merge of exactly the changes that "have" covers.
//! **Invariant:** of each leader the latest changes are kept without gaps, up to the last that is there.

use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::MultiLeader;
use super::message::{Change, Message, State};
use super::value::Value;
use crate::node::Step;
use crate::shelf::Shelf;
use crate::versions::{Dot, Input, VersionVector, push_sized};
use crate::wording::counted;
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::{Bytes, NodeId};

const HAVE_KEY: &[u8] = b"mhave";
/// Changes that are sent at once to somebody who misses them.
const AT_ONCE: usize = 64;

/// The latest changes of each leader.
#[derive(Clone, Debug, Default)]
pub struct Log {
    kept: SortedMap<NodeId, VecDeque<Rc<Change>>>,
}

fn log_key(dot: Dot) -> Vec<u8> {
    let mut place = vec![b'l'];
    place.extend(dot.node.0.to_be_bytes());
    place.extend(dot.count.to_be_bytes());
    place
}

fn data_key(key: &[u8]) -> Vec<u8> {
    [b"d", key].concat()
}

fn damaged() -> StorageError {
    let what = "a change or a value of a leader is not one".to_string();
    StorageError::DamagedFile { name: "shelf".to_string(), offset: 0, what }
}

impl Change {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.after.encode(&mut bytes);
        push_sized(&mut bytes, &self.key);
        push_sized(&mut bytes, self.text.as_bytes());
        self.value.encode(&mut bytes);
        bytes
    }

    fn from_bytes(dot: Dot, bytes: &[u8]) -> Option<Change> {
        let mut input = Input(bytes);
        let (after, key) = (VersionVector::decode(&mut input)?, Bytes::from(input.sized()?));
        let text = std::str::from_utf8(input.sized()?).ok()?.into();
        Some(Change { dot, after, key, value: Value::decode(&mut input)?, text })
    }
}

impl Log {
    /// Writes a change, what it came to and which changes are there now, and lets the oldest change of its leader go.
    pub fn keep(
        &mut self,
        shelf: &mut Shelf,
        change: &Rc<Change>,
        value: &Value,
        have: &VersionVector,
        most: u32,
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(&log_key(change.dot), &change.to_bytes());
        let kept = self.kept.entry(change.dot.node).or_default();
        kept.push_back(change.clone());
        if kept.len() > most as usize
            && let Some(oldest) = kept.pop_front()
        {
            batch.delete(&log_key(oldest.dot));
        }
        put_value(&mut batch, &change.key, value);
        batch.put(HAVE_KEY, &have.to_bytes());
        shelf.write(&mut batch)
    }

    /// What somebody misses who has `theirs`: at most so many changes, and whether that is not all. None: some of them are
    /// not kept any more.
    fn missing(&self, theirs: &VersionVector, have: &VersionVector) -> Option<(Vec<Rc<Change>>, bool)> {
        let mut missing = Vec::new();
        for last in have.iter().filter(|last| !theirs.covers(*last)) {
            let from = theirs.get(last.node) + 1;
            let kept = self.kept.get(&last.node)?;
            let first = kept.front()?.dot.count;
            let skipped = from.checked_sub(first)?;
            missing.extend(kept.iter().skip(skipped as usize).take(AT_ONCE + 1).cloned());
        }
        // Whoever takes them in this order never has to wait for one that comes later.
        missing.sort_by_key(|change| (change.after.total(), change.dot));
        let more = missing.len() > AT_ONCE;
        missing.truncate(AT_ONCE);
        Some((missing, more))
    }
}

fn put_value(batch: &mut WriteBatch, key: &Bytes, value: &Value) {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    batch.put(&data_key(key), &bytes);
}

impl MultiLeader {
    /// Reads the shelf after a start.
    pub(super) fn load(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if let Some(bytes) = step.shelf.get(HAVE_KEY)? {
            self.have = VersionVector::from_bytes(&bytes).ok_or_else(damaged)?;
        }
        let mut values = Vec::new();
        step.shelf.scan(Some(b"d"), Some(b"e"), u64::MAX, &mut |place, bytes| {
            let key = Bytes::from(place.get(1..).unwrap_or_default());
            values.push(Value::decode(&mut Input(bytes)).map(|value| (key, value)));
        })?;
        self.values = values.into_iter().collect::<Option<SortedMap<_, _>>>().ok_or_else(damaged)?;
        let mut changes = Vec::new();
        step.shelf.scan(Some(b"l"), Some(b"m"), u64::MAX, &mut |place, bytes| {
            let mut input = Input(place.get(1..).unwrap_or_default());
            let dot = input.u16().zip(input.u64()).map(|(node, count)| Dot { node: NodeId(node), count });
            changes.push(dot.and_then(|dot| Change::from_bytes(dot, bytes)));
        })?;
        for change in changes {
            let change = Rc::new(change.ok_or_else(damaged)?);
            self.log.kept.entry(change.dot.node).or_default().push_back(change);
        }
        Ok(())
    }

    /// Sends somebody what it misses: changes, or everything if some of them are not kept any more.
    pub(super) fn send_missing(&mut self, step: &mut Step, to: NodeId, theirs: &VersionVector) {
        if theirs.includes(&self.have) {
            return;
        }
        match self.log.missing(theirs, &self.have) {
            Some((changes, more)) => {
                let (count, theirs) = (changes.len(), theirs.text());
                step.note("missing", || format!("{to} has {theirs}: it misses {}.", counted(count, "change")));
                step.send(to, Message::Changes { changes: changes.into(), more });
            }
            None => {
                let theirs = theirs.text();
                step.note("state", || {
                    format!("{to} has {theirs}, and what comes next is kept no more: it is sent all.")
                });
                let values = self.values.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                step.send(to, Message::State(Rc::new(State { have: self.have.clone(), values })));
            }
        }
    }

    /// Merges everything that another node has.
    pub(super) fn take_state(&mut self, step: &mut Step, from: NodeId, state: &State) -> Result<(), StorageError> {
        if self.have.includes(&state.have) {
            return Ok(());
        }
        let mut batch = WriteBatch::new();
        for (key, theirs) in &state.values {
            let value = self.values.entry(key.clone()).or_default();
            value.merge(theirs);
            put_value(&mut batch, key, value);
        }
        // Logs have no gaps: those of leaders that have jumped begin anew.
        for last in state.have.iter().filter(|last| !self.have.covers(*last)) {
            for change in self.log.kept.remove(&last.node).into_iter().flatten() {
                batch.delete(&log_key(change.dot));
            }
        }
        self.have.join(&state.have);
        self.waiting.retain(|dot, _| !state.have.covers(*dot));
        batch.put(HAVE_KEY, &self.have.to_bytes());
        step.shelf.write(&mut batch)?;
        step.shelf.sync()?;
        let have = self.have.text();
        step.note("state-taken", || format!("All that {from} has is merged: this node has {have}."));
        Ok(())
    }
}

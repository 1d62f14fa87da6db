//! The log: in memory, and on the shelf.
//!
//! ```text
//!    cut off │ start                                  last
//!    ────────┼───●────●────●────●────●────●────●────●───●       index ──▶
//!    in the  │ base  first …                                    l │ index ⁸    entry
//!    machine │ (index and term)                                 m s            start ⁸ │ term ⁸ │ index of configuration ⁸ │ configuration
//! ```
//!
//! The base is the last entry that was cut off; its index and term are kept, for the consistency check of the entry after
//! it. Configurations count from the moment at which they are in the log, so the log knows the latest one, and the ones
//! before it in case the end of the log is taken back.
//!
//! **Invariant:** what is in memory is what the shelf has once it is synced.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::shelf::Shelf;
use super::entry::{Configuration, Entry, Payload, Reader};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;

const START: &[u8] = b"ms";

/// The log of a node.
#[derive(Clone, Debug)]
pub struct Log {
    /// Index and term of the last entry that is cut off.
    start: u64,
    start_term: u64,
    entries: VecDeque<Entry>,
    /// Configurations and their indexes, in order; the first is the one at the base.
    configurations: Vec<(u64, Rc<Configuration>)>,
    /// How often the end of the log was taken back, or all of it replaced, since the node came up.
    pub taken_back: u64,
}

fn key(index: u64) -> [u8; 9] {
    let mut key = [b'l'; 9];
    key[1..].copy_from_slice(&index.to_be_bytes());
    key
}

impl Log {
    /// An empty log; `first` is the configuration until there is one in it.
    pub fn new(first: &Configuration) -> Log {
        let (entries, configurations) = (VecDeque::new(), vec![(0, Rc::new(first.clone()))]);
        Log { start: 0, start_term: 0, entries, configurations, taken_back: 0 }
    }

    /// What the shelf has.
    pub fn load(shelf: &mut Shelf, first: &Configuration) -> Result<Log, StorageError> {
        let mut log = Log::new(first);
        if let Some(bytes) = shelf.get(START)? {
            let mut reader = Reader::new(&bytes, "start of the log");
            (log.start, log.start_term) = (reader.u64()?, reader.u64()?);
            log.configurations = vec![(reader.u64()?, Rc::new(Configuration::decode(&mut reader)?))];
            reader.end()?;
            if log.configurations[0].0 > log.start {
                return Err(reader.damage("its configuration stands behind it"));
            }
        }
        let mut damage = None;
        shelf.scan(Some(&key(0)), Some(&key(u64::MAX)), u64::MAX, &mut |key, value| {
            if damage.is_none() {
                damage = log.take_in(key, value).err();
            }
        })?;
        damage.map_or(Ok(log), Err)
    }

    fn take_in(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let index = Reader { bytes: key, at: 1, what: "key of a log entry", number: self.last_index() + 1 }.u64()?;
        if index != self.last_index() + 1 {
            let reader = Reader { bytes: value, at: 0, what: "log entry", number: self.last_index() + 1 };
            return Err(reader.damage(&format!("entry {index} follows entry {}", self.last_index())));
        }
        let entry = Entry::decode(value, index)?;
        self.push(entry);
        Ok(())
    }

    pub fn start(&self) -> u64 {
        self.start
    }

    pub fn last_index(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    pub fn last_term(&self) -> u64 {
        self.entries.back().map_or(self.start_term, |entry| entry.term)
    }

    /// How many entries it has.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn get(&self, index: u64) -> Option<&Entry> {
        let at = index.checked_sub(self.start + 1)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    /// The term of an entry; none if it is cut off or not there.
    pub fn term(&self, index: u64) -> Option<u64> {
        if index == self.start { Some(self.start_term) } else { self.get(index).map(|entry| entry.term) }
    }

    /// The first index of the entries of the same term that lead up to `index`.
    pub fn first_of_term(&self, index: u64) -> u64 {
        let (term, mut first) = (self.term(index), index);
        while first > self.start + 1 && self.term(first - 1) == term {
            first -= 1;
        }
        first
    }

    /// The last index of `term`, if there is an entry of it.
    pub fn last_of_term(&self, term: u64) -> Option<u64> {
        // Terms ascend along a log.
        let at = self.entries.partition_point(|entry| entry.term <= term) as u64;
        let index = self.start + at;
        (self.term(index) == Some(term)).then_some(index)
    }

    /// At most `limit` entries from `from` on.
    pub fn copy(&self, from: u64, limit: u64) -> Vec<Entry> {
        let at = from.saturating_sub(self.start + 1) as usize;
        let end = self.entries.len().min(at.saturating_add(limit as usize));
        if at >= end { Vec::new() } else { self.entries.range(at..end).cloned().collect() }
    }

    /// The latest configuration and its index.
    pub fn configuration(&self) -> (u64, &Rc<Configuration>) {
        // The first is never taken away.
        let (index, configuration) = &self.configurations[self.configurations.len() - 1];
        (*index, configuration)
    }

    /// The configuration that holds at `index`, and where it stands.
    pub fn configuration_at(&self, index: u64) -> (u64, Rc<Configuration>) {
        let at = self.configurations.partition_point(|(known, _)| *known <= index);
        self.configurations[at.saturating_sub(1)].clone()
    }

    fn push(&mut self, entry: Entry) {
        if let Payload::Configuration(configuration) = &entry.payload {
            self.configurations.push((self.last_index() + 1, configuration.clone()));
        }
        self.entries.push_back(entry);
    }

    /// Adds an entry at the end.
    pub fn append(&mut self, shelf: &mut Shelf, entry: Entry) -> Result<(), StorageError> {
        shelf.put(&key(self.last_index() + 1), &entry.encode())?;
        self.push(entry);
        Ok(())
    }

    /// Takes back what is at `from` and after it, and puts `entries` there.
    pub fn replace_end(&mut self, shelf: &mut Shelf, from: u64, entries: &[Entry]) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        let end = from + entries.len() as u64;
        for index in end..=self.last_index() {
            batch.delete(&key(index));
        }
        for (index, entry) in (from..).zip(entries) {
            batch.put(&key(index), &entry.encode());
        }
        shelf.write(&mut batch)?;
        if from <= self.last_index() {
            self.taken_back += 1;
            self.entries.truncate((from - self.start - 1) as usize);
            while self.configurations.len() > 1 && self.configuration().0 >= from {
                self.configurations.pop();
            }
        }
        entries.iter().for_each(|entry| self.push(entry.clone()));
        Ok(())
    }

    /// Cuts off everything up to `index`, which is in the log.
    pub fn cut(&mut self, shelf: &mut Shelf, index: u64) -> Result<(), StorageError> {
        let Some(term) = self.term(index) else { return Ok(()) };
        let mut batch = WriteBatch::new();
        for gone in self.start + 1..=index {
            batch.delete(&key(gone));
        }
        let base = self.configuration_at(index);
        batch.put(START, &start_bytes(index, term, &base));
        shelf.write(&mut batch)?;
        self.entries.drain(..(index - self.start) as usize);
        self.configurations.retain(|(known, _)| *known > base.0);
        self.configurations.insert(0, base);
        (self.start, self.start_term) = (index, term);
        Ok(())
    }

    /// A snapshot takes the place of the log: all of it, or what is up to `index` if the log agrees with it there. The
    /// writes go to `batch`.
    pub fn install(&mut self, batch: &mut WriteBatch, index: u64, term: u64, base: &(u64, Rc<Configuration>)) {
        let agrees = self.term(index) == Some(term);
        let gone = if agrees { index } else { self.last_index() };
        for gone in self.start + 1..=gone {
            batch.delete(&key(gone));
        }
        batch.put(START, &start_bytes(index, term, base));
        if agrees {
            self.entries.drain(..(index - self.start) as usize);
            self.configurations.retain(|(known, _)| *known > base.0);
        } else {
            self.taken_back += 1;
            self.entries.clear();
            self.configurations.clear();
        }
        self.configurations.insert(0, base.clone());
        (self.start, self.start_term) = (index, term);
    }
}

fn start_bytes(index: u64, term: u64, base: &(u64, Rc<Configuration>)) -> Vec<u8> {
    let mut bytes = index.to_be_bytes().to_vec();
    bytes.extend(term.to_be_bytes());
    bytes.extend(base.0.to_be_bytes());
    base.1.encode(&mut bytes);
    bytes
}

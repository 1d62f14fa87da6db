//! Writes of the B+tree with numbers, and the log of its transactions read back by them: for followers.
//!
//! ```text
//!   log    Begin │ ash = 1 │ number 7 │ Commit    Begin │ oak removed │ number 8 │ Commit
//! ```
//!
//! LSNs are positions in the log of one node: another one, whose pages are others, writes other records. So each transaction
//! carries a number of its own, as a record of the tree that every transaction replaces: the same at every node (MySQL's
//! global transaction identifiers are such numbers). Being part of the transaction it is there exactly if that is.

use std::collections::{BTreeMap, VecDeque};

use super::TreeStore;
use crate::StorageError;
use crate::log::changes::{KeyChange, changes_of, push_record};
use crate::log::record::Body;
use crate::lsm::batch::Write;
use crate::lsm::key::Kind;
use crate::page::{Edit, Value};
use glassbase_sim::Cx;
use glassbase_trace::{Lsn, TxnId};

/// Where the number of the last write is kept.
pub const NUMBER_KEY: &[u8] = b"\0number";

/// A transaction in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    first: u64,
    last: u64,
    begin: Lsn,
}

/// The transactions that the log has, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbered {
    last: u64,
    places: VecDeque<Place>,
}

/// A transaction as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedTransaction {
    pub first: u64,
    pub last: u64,
    /// Its records: see [`push_record`].
    pub records: Vec<u8>,
}

fn encode(first: u64, last: u64) -> [u8; 16] {
    let mut value = [0; 16];
    value[..8].copy_from_slice(&first.to_be_bytes());
    value[8..].copy_from_slice(&last.to_be_bytes());
    value
}

fn decode(value: &[u8]) -> Option<(u64, u64)> {
    let (first, last) = value.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*first), u64::from_be_bytes(last.try_into().ok()?)))
}

fn damaged(at: u64, what: &str) -> StorageError {
    StorageError::DamagedFile { name: "log".to_string(), offset: at, what: what.to_string() }
}

impl TreeStore {
    /// Gives every write from now on a number, which goes on from the last one. To be called again after a crash.
    pub fn keep_log(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let last = match self.database.get(cx, NUMBER_KEY)? {
            Some(value) => decode(&value).ok_or_else(|| damaged(0, "the number of the last write is none"))?.1,
            None => 0,
        };
        self.numbered = Some(Numbered { last, places: self.find_places() });
        Ok(())
    }

    /// Looks through the log for transactions with numbers.
    fn find_places(&self) -> VecDeque<Place> {
        let mut open: BTreeMap<TxnId, (Lsn, Option<(u64, u64)>)> = BTreeMap::new();
        let mut places = VecDeque::new();
        let Some(journal) = self.database.log() else { return places };
        journal.log.for_each(self.database.disk(), &mut |lsn, _, record| match &record.body {
            Body::Begin => drop(open.insert(record.txn, (lsn, None))),
            Body::Update { edit, .. } => {
                let (Edit::InsertRecord { key, value, .. } | Edit::ReplaceRecord { key, value, .. }) = edit else {
                    return;
                };
                if let (Value::Inline(value), Some((_, number))) = (value, open.get_mut(&record.txn))
                    && *key == NUMBER_KEY
                {
                    *number = decode(value);
                }
            }
            Body::Commit { .. } => match open.remove(&record.txn) {
                // What is there stands for all writes up to it: those before are not in this log.
                Some((_, Some((0, _)))) => places.clear(),
                Some((begin, Some((first, last)))) => places.push_back(Place { first, last, begin }),
                _ => {}
            },
            _ => {}
        });
        places
    }

    /// The number of the last write.
    pub fn log_end(&self) -> u64 {
        self.numbered.as_ref().map_or(0, |numbered| numbered.last)
    }

    /// The log can be read from behind this number on.
    pub fn log_start(&self) -> u64 {
        let first = self.log_first();
        let place = self.numbered.iter().flat_map(|numbered| &numbered.places).find(|place| place.begin >= first);
        place.map_or(self.log_end(), |place| place.first - 1)
    }

    /// The first record that the log still has.
    fn log_first(&self) -> Lsn {
        self.database.log().map_or(Lsn(u64::MAX), |journal| journal.log.first())
    }

    /// The transactions behind the write with this number, at most so many. None: the log does not reach back so far.
    pub fn read_log(
        &mut self,
        cx: &mut Cx,
        after: u64,
        most: usize,
    ) -> Result<Option<Vec<LoggedTransaction>>, StorageError> {
        let first = self.log_first();
        let Some(numbered) = &mut self.numbered else { return Ok(None) };
        while numbered.places.front().is_some_and(|place| place.begin < first) {
            numbered.places.pop_front();
        }
        if after >= numbered.last {
            return Ok(Some(Vec::new()));
        }
        let at = numbered.places.partition_point(|place| place.last <= after);
        let places: Vec<Place> = numbered.places.range(at..).take(most).copied().collect();
        if places.first().is_none_or(|place| place.first != after + 1) {
            return Ok(None);
        }
        places.into_iter().map(|place| self.read_transaction(cx, place)).collect::<Result<_, _>>().map(Some)
    }

    fn read_transaction(&mut self, cx: &mut Cx, place: Place) -> Result<LoggedTransaction, StorageError> {
        let Place { first, last, begin } = place;
        let (disk, journal) = self.database.disk_and_journal()?;
        let (mut lsn, mut txn, mut records) = (begin, None, Vec::new());
        loop {
            let stored = journal.log.read(cx, disk, lsn)?;
            let record = stored.record()?;
            if *txn.get_or_insert(record.txn) == record.txn {
                push_record(&mut records, lsn, &stored.body);
                if matches!(record.body, Body::Commit { .. }) {
                    return Ok(LoggedTransaction { first, last, records });
                }
            }
            lsn = stored.next;
        }
    }

    /// Does what a transaction of another node's log did, as a transaction here.
    pub fn apply_log(&mut self, cx: &mut Cx, first: u64, last: u64, records: &[u8]) -> Result<(), StorageError> {
        let changes = changes_of(records).map_err(|what| damaged(first, what))?;
        let number =
            changes.iter().rev().find(|(key, _)| key == NUMBER_KEY).and_then(|(_, value)| decode(value.as_ref()?));
        if number != Some((first, last)) || first != self.log_end() + 1 {
            return Err(damaged(first, "a transaction has another number than it should"));
        }
        self.change(cx, last + 1 - first, |store, cx, txn| {
            changes.iter().filter(|(key, _)| key != NUMBER_KEY).try_for_each(|(key, value)| {
                let kind = if value.is_some() { Kind::Put } else { Kind::Delete };
                store.apply(cx, txn, Write { kind, key, value: value.as_deref().unwrap_or_default() })
            })
        })
    }

    /// The next write has the number behind this one: what is there stands for all writes up to it.
    pub fn skip_to(&mut self, cx: &mut Cx, end: u64) -> Result<(), StorageError> {
        self.numbered = None;
        let value = encode(0, end);
        self.change(cx, 0, |store, cx, txn| {
            store.apply(cx, txn, Write { kind: Kind::Put, key: NUMBER_KEY, value: &value })
        })?;
        self.numbered = Some(Numbered { last: end, places: VecDeque::new() });
        Ok(())
    }

    /// Gives the writes of a transaction their numbers.
    pub(super) fn number(&mut self, cx: &mut Cx, txn: TxnId, writes: u64) -> Result<(), StorageError> {
        let Some(numbered) = self.numbered.as_ref().filter(|_| writes > 0) else { return Ok(()) };
        let value = encode(numbered.last + 1, numbered.last + writes);
        self.apply(cx, txn, Write { kind: Kind::Put, key: NUMBER_KEY, value: &value })
    }

    /// The transaction that began there is committed.
    pub(super) fn numbered(&mut self, begin: Lsn, writes: u64) {
        if let Some(numbered) = self.numbered.as_mut().filter(|_| writes > 0) {
            let (first, last) = (numbered.last + 1, numbered.last + writes);
            numbered.places.push_back(Place { first, last, begin });
            numbered.last = last;
        }
    }
}

/// What a transaction of a log does to keys.
pub fn changes(first: u64, records: &[u8]) -> Result<Vec<KeyChange>, StorageError> {
    let mut changes = changes_of(records).map_err(|what| damaged(first, what))?;
    changes.retain(|(key, _)| key != NUMBER_KEY);
    Ok(changes)
}

//! The log of a shelf's own store, read and applied batch by batch: what log shipping ships.
//!
//! ```text
//!   leader's store                                     follower's store
//!   log │ 41 │ 42 │ 43 │ ──read_log(after 41)──▶ Logged 42, 43 ──apply_log──▶ log │ 41 │ 42 │ 43 │
//! ```
//!
//! What is shipped are the bytes that stand in the log of the store, which it has anyway so that a crash loses nothing; there
//! is no second log. Writes are numbered from 1 on without a gap: a batch of one write has one number. A follower's writes
//! get the very numbers that they have at the leader.
//!
//! - Memory: the batch, framed as the LSM tree frames it.
//! - LSM tree: the payload of a record of the write log; numbers are sequence numbers (`storage::lsm`, `log_reader`).
//! - B+tree: the records of a transaction, from its first change to its commit, which are read as changes of keys
//!   (`storage::log::changes`): pages and LSNs are others at each node. The number is a record of the transaction.
//!
//! A store that has forgotten the log that somebody needs gives a snapshot instead: see [`Shelf::begin_snapshot`].

use std::rc::Rc;

use super::memory::{Map, scan};
use super::{Kept, Shelf};
use crate::StorageError;
use crate::lsm::key::Kind;
use crate::lsm::{LoggedBatch, ScanBounds, WriteBatch};
use crate::store::{LoggedTransaction, NUMBER_KEY, Snapshot, Store, changes};

/// A batch as it stands in the log of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Numbers of its first and its last write.
    pub first: u64,
    pub last: u64,
    /// The bytes of the log.
    pub bytes: Rc<[u8]>,
}

/// What a logged batch does to a key: the new value, or none: it is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

/// Names a snapshot of a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotId(u64);

#[derive(Clone, Debug)]
enum Held {
    Memory(Rc<Map>),
    Store(Snapshot),
}

/// The snapshots that readers of the log hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshots {
    next: u64,
    held: Vec<(u64, Held)>,
}

fn damaged(first: u64, what: &str) -> StorageError {
    StorageError::DamagedFile { name: "shipped log".to_string(), offset: first, what: what.to_string() }
}

impl Shelf {
    /// From now on so many batches of the log are kept for readers, or as many as the store keeps anyway. To be called before
    /// the first write, and again after a crash.
    pub fn keep_log(&mut self, batches: u64) -> Result<(), StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => memory.keep_log(batches),
            Kept::Tree(store) => return store.keep_log(&mut self.cx),
            Kept::Lsm(store) => store.keep_log(batches as usize),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        Ok(())
    }

    /// The number of the last write; 0: none.
    pub fn log_end(&self) -> u64 {
        match &self.kept {
            Kept::Memory(memory) => memory.end(),
            Kept::Tree(store) => store.log_end(),
            Kept::Lsm(store) => store.sequence(),
            Kept::Disk(_) => 0,
        }
    }

    /// The log reaches back to what stands behind this number.
    pub fn log_start(&self) -> u64 {
        match &self.kept {
            Kept::Memory(memory) => memory.start(),
            Kept::Tree(store) => store.log_start(),
            Kept::Lsm(store) => store.log_start(),
            Kept::Disk(_) => 0,
        }
    }

    /// The batches behind write number `after`, at most so many; none: the log does not reach back so far.
    pub fn read_log(&mut self, after: u64, most: usize) -> Result<Option<Vec<Logged>>, StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => Ok(memory.read_log(after, most)),
            Kept::Tree(store) => {
                let logged =
                    |it: LoggedTransaction| Logged { first: it.first, last: it.last, bytes: it.records.into() };
                Ok(store.read_log(&mut self.cx, after, most)?.map(|found| found.into_iter().map(logged).collect()))
            }
            Kept::Lsm(store) => {
                let logged = |it: LoggedBatch| Logged { first: it.first, last: it.last(), bytes: it.payload() };
                Ok(store.read_log(&mut self.cx, after, most)?.map(|found| found.into_iter().map(logged).collect()))
            }
            Kept::Disk(_) => Err(StorageError::NotRecovered),
        }
    }

    /// What a batch does, key by key.
    pub fn changes(&self, logged: &Logged) -> Result<Vec<Change>, StorageError> {
        if let Kept::Tree(_) = &self.kept {
            let changes = changes(logged.first, &logged.bytes)?;
            return Ok(changes.into_iter().map(|(key, value)| Change { key, value }).collect());
        }
        let (_, batch) =
            WriteBatch::of_payload(&logged.bytes).ok_or_else(|| damaged(logged.first, "it is no batch"))?;
        let change = |key: &[u8], value: Option<&[u8]>| Change { key: key.to_vec(), value: value.map(<[u8]>::to_vec) };
        Ok(batch.iter().map(|write| change(write.key, (write.kind == Kind::Put).then_some(write.value))).collect())
    }

    /// Does a batch of another node's log, which has to follow the last write here. It is durable after the next sync.
    pub fn apply_log(&mut self, logged: &Logged) -> Result<(), StorageError> {
        if logged.first != self.log_end() + 1 {
            return Err(damaged(logged.first, &format!("the last write here is {}", self.log_end())));
        }
        if let Kept::Tree(store) = &mut self.kept {
            return store.apply_log(&mut self.cx, logged.first, logged.last, &logged.bytes);
        }
        let (first, mut batch) =
            WriteBatch::of_payload(&logged.bytes).ok_or_else(|| damaged(logged.first, "it is no batch"))?;
        if first != logged.first || first + u64::from(batch.len()) != logged.last + 1 {
            return Err(damaged(logged.first, "its numbers are others than it says"));
        }
        match &mut self.kept {
            Kept::Memory(memory) => {
                memory.apply(&batch, Some(logged.clone()));
                Ok(())
            }
            // It has the next numbers, so the bytes in the log here are the same.
            Kept::Lsm(store) => Store::write(&mut **store, &mut self.cx, &mut batch),
            Kept::Tree(_) | Kept::Disk(_) => Err(StorageError::NotRecovered),
        }
    }

    /// Takes back all writes behind write number `to`, durably; false, and nothing happened: the log does not reach back so
    /// far, or the store cannot.
    pub fn cut_log(&mut self, to: u64) -> Result<bool, StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => Ok(memory.cut_log(to)),
            // Its pages are changed in place: what is committed stays.
            Kept::Tree(store) => Ok(to >= store.log_end()),
            Kept::Lsm(store) => store.cut_log(&mut self.cx, to),
            Kept::Disk(_) => Err(StorageError::NotRecovered),
        }
    }

    /// Holds what is there now, for [`Shelf::read_snapshot`], until it is released or power fails.
    pub fn begin_snapshot(&mut self) -> Result<SnapshotId, StorageError> {
        let held = match &mut self.kept {
            Kept::Memory(memory) => Held::Memory(memory.snapshot()),
            Kept::Tree(store) => Held::Store(store.snapshot(&mut self.cx)?),
            Kept::Lsm(store) => Held::Store(Store::snapshot(&mut **store, &mut self.cx)?),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        };
        self.snapshots.next += 1;
        self.snapshots.held.push((self.snapshots.next, held));
        Ok(SnapshotId(self.snapshots.next))
    }

    /// As [`Shelf::scan`], of what was there when the snapshot was taken. One that was released is empty.
    pub fn read_snapshot(
        &mut self,
        id: SnapshotId,
        from: Option<&[u8]>,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let Some((_, held)) = self.snapshots.held.iter().find(|(number, _)| *number == id.0) else { return Ok(0) };
        let bounds = ScanBounds { from, to: None, backward: false };
        match (held, &mut self.kept) {
            (Held::Memory(map), _) => Ok(scan(map, from, None, limit, visit)),
            (Held::Store(at), Kept::Tree(store)) => {
                let mut data = |key: &[u8], value: &[u8]| {
                    if key != NUMBER_KEY {
                        visit(key, value)
                    }
                };
                store.scan(&mut self.cx, bounds, limit, Some(*at), &mut data)
            }
            (Held::Store(at), Kept::Lsm(store)) => {
                Store::scan(&mut **store, &mut self.cx, bounds, limit, Some(*at), visit)
            }
            (Held::Store(_), _) => Err(StorageError::NotRecovered),
        }
    }

    /// A snapshot is not needed any more.
    pub fn end_snapshot(&mut self, id: SnapshotId) -> Result<(), StorageError> {
        let Some(at) = self.snapshots.held.iter().position(|(number, _)| *number == id.0) else { return Ok(()) };
        let (_, held) = self.snapshots.held.remove(at);
        match (held, &mut self.kept) {
            (Held::Store(at), Kept::Tree(store)) => store.release(&mut self.cx, at),
            (Held::Store(at), Kept::Lsm(store)) => Store::release(&mut **store, &mut self.cx, at),
            _ => Ok(()),
        }
    }

    /// Puts the contents of a snapshot in the place of what is here, durably; the next write has the number `end + 1`. The
    /// note beside the store stays. Power that fails within leaves it half done: whoever calls notes that first.
    pub fn install(&mut self, records: &[(Vec<u8>, Vec<u8>)], end: u64, batches: u64) -> Result<(), StorageError> {
        let note = self.note()?;
        self.replace()?;
        self.set_note(&note)?;
        for (key, value) in records {
            self.put(key, value)?;
        }
        // Not before: these writes are not those that are to be shipped.
        self.keep_log(batches)?;
        match &mut self.kept {
            Kept::Memory(memory) => memory.skip_to(end),
            Kept::Tree(store) => store.skip_to(&mut self.cx, end)?,
            Kept::Lsm(store) => store.skip_to(&mut self.cx, end)?,
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        self.sync()
    }

    /// The note beside the store; empty: none was written.
    pub fn note(&mut self) -> Result<Vec<u8>, StorageError> {
        self.beside.read(&mut self.cx, Shelf::disk_of(&mut self.kept))
    }

    /// Writes the note beside the store. It is durable at once, and no part of the store or its log.
    pub fn set_note(&mut self, text: &[u8]) -> Result<(), StorageError> {
        self.beside.write(&mut self.cx, Shelf::disk_of(&mut self.kept), text)
    }
}

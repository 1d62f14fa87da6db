//! The B+tree under a log as a store: each write is a transaction of its own, each batch one for all of its writes.
//!
//! The tree changes in place, so what a snapshot sees and the tree does not have any more is kept in memory
//! ([`Versions`]). While nobody holds a snapshot nothing is kept.
//!
//! **Invariant:** nobody reads what a failed write left half done. It is taken back at once; where that fails too, every
//! call tries again first and answers its error until it is done.

use super::numbered::Numbered;
use super::versions::Versions;
use super::{Mark, Snapshot, Store};
use crate::journal::Journal;
use crate::lsm::batch::Write;
use crate::lsm::key::Kind;
use crate::lsm::{ScanBounds, WriteBatch};
use crate::{Database, LogOptions, Options, StorageError};
use glassbase_sim::{Crash, Cx};
use glassbase_trace::{Lsn, TxnId};

#[derive(Clone)]
pub struct TreeStore {
    pub(super) database: Database,
    versions: Versions,
    /// A transaction that failed and could not be taken back yet.
    half_done: Option<TxnId>,
    /// The numbers of writes, if somebody wants them.
    pub(super) numbered: Option<Numbered>,
}

impl TreeStore {
    /// An empty store on a new disk, durable.
    pub fn create(cx: &mut Cx, options: &Options, log: &LogOptions) -> Result<TreeStore, StorageError> {
        let database = Database::create(cx, options, log)?;
        Ok(TreeStore { database, versions: Versions::default(), half_done: None, numbered: None })
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn database_mut(&mut self) -> &mut Database {
        &mut self.database
    }

    /// Power fails and comes back, and the database recovers. Snapshots are gone.
    pub fn crash(&mut self, cx: &mut Cx, choice: u64) -> Result<Crash, StorageError> {
        let crash = self.database.crash_seeded(cx, choice);
        self.recover(cx)?;
        Ok(crash)
    }

    /// Recovers the database, after a crash or after an error that only this helps with. Snapshots are gone.
    pub fn recover(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        (self.versions, self.half_done) = (Versions::default(), None);
        self.database.recover(cx)
    }

    /// Runs so many changes as one transaction; after an error none of them is done.
    pub(super) fn change(
        &mut self,
        cx: &mut Cx,
        writes: u64,
        work: impl FnOnce(&mut TreeStore, &mut Cx, TxnId) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        self.settle(cx)?;
        let txn = self.database.begin(cx)?;
        let begin = self.database.log().and_then(|journal| journal.transactions.get(txn)).map_or(Lsn(0), |it| it.first);
        let done = work(self, cx, txn).and_then(|()| self.number(cx, txn, writes));
        let done = done.and_then(|()| self.database.commit(cx, txn).map(drop));
        match done {
            Ok(()) => {
                self.versions.finish();
                self.numbered(begin, writes);
                // Nobody asks which commits are durable by now: marks tell it.
                self.database.tree.journal_mut().map(Journal::take_told);
            }
            Err(_) => {
                self.versions.give_up();
                self.half_done = Some(txn);
                // If it fails now, whoever comes next tries again and gets the error.
                let _ = self.settle(cx);
            }
        }
        done
    }

    /// Takes back what failed and could not be taken back then. An error: it still cannot, so nothing else can be done.
    fn settle(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Some(txn) = self.half_done else { return Ok(()) };
        match self.database.abort(cx, txn) {
            // Recovery has taken it back.
            Ok(()) | Err(StorageError::NoTransaction { .. }) => self.half_done = None,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) fn apply(&mut self, cx: &mut Cx, txn: TxnId, write: Write) -> Result<(), StorageError> {
        match write.kind {
            Kind::RangeDelete => return self.delete_range(cx, txn, write.key, write.value),
            _ if self.versions.is_watched() => {
                let before = self.database.get(cx, write.key)?;
                self.versions.keep(write.key, before);
            }
            _ => {}
        }
        match write.kind {
            Kind::Put => self.database.put(cx, txn, write.key, write.value).map(drop),
            _ => self.database.delete(cx, txn, write.key).map(drop),
        }
    }

    /// Deletes the keys from `start` up to, not including, `end`.
    fn delete_range(&mut self, cx: &mut Cx, txn: TxnId, start: &[u8], end: &[u8]) -> Result<(), StorageError> {
        if start >= end {
            return Ok(());
        }
        let mut keys: Vec<Vec<u8>> = Vec::new();
        self.database.scan(cx, Some(start), Some(end), false, u64::MAX, &mut |key, _| keys.push(key.to_vec()))?;
        for key in keys.iter().filter(|key| **key != end) {
            self.apply(cx, txn, Write { kind: Kind::Delete, key, value: &[] })?;
        }
        Ok(())
    }

    fn scan_now(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let ScanBounds { from, to, backward } = bounds;
        self.database.scan(cx, from, to, backward, limit, visit)
    }

    /// Merges what the tree has with what was kept for the snapshot.
    fn scan_at(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        snapshot: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let TreeStore { database, versions, .. } = self;
        let mut kept = versions.seen_within(bounds, snapshot);
        if bounds.backward {
            kept.reverse();
        }
        // Of so many records of the tree at least `limit` are what the snapshot sees, or the tree has no more.
        let most = limit.saturating_add(kept.len() as u64);
        let mut kept = kept.into_iter().peekable();
        let mut records = 0;
        let comes_first = |one: &[u8], other: &[u8]| if bounds.backward { one > other } else { one < other };
        let mut show = |key: &[u8], value: &[u8]| {
            if records < limit {
                records += 1;
                visit(key, value);
            }
        };
        database.scan(cx, bounds.from, bounds.to, bounds.backward, most, &mut |key, value| {
            while let Some((old, before)) = kept.next_if(|(old, _)| comes_first(old, key)) {
                before.iter().for_each(|value| show(old, value));
            }
            match kept.next_if(|(old, _)| *old == key) {
                Some((_, before)) => before.iter().for_each(|value| show(key, value)),
                None => show(key, value),
            }
        })?;
        for (old, before) in kept {
            before.iter().for_each(|value| show(old, value));
        }
        Ok(records)
    }
}

impl Store for TreeStore {
    fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.change(cx, 1, |store, cx, txn| store.apply(cx, txn, Write { kind: Kind::Put, key, value }))
    }

    fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<(), StorageError> {
        self.change(cx, 1, |store, cx, txn| store.apply(cx, txn, Write { kind: Kind::Delete, key, value: &[] }))
    }

    fn write(&mut self, cx: &mut Cx, batch: &mut WriteBatch) -> Result<(), StorageError> {
        self.change(cx, batch.len().into(), |store, cx, txn| {
            batch.iter().try_for_each(|write| store.apply(cx, txn, write))
        })
    }

    fn get(&mut self, cx: &mut Cx, key: &[u8], at: Option<Snapshot>) -> Result<Option<Vec<u8>>, StorageError> {
        self.settle(cx)?;
        if let Some(Snapshot(snapshot)) = at {
            self.versions.check(snapshot)?;
            if let Some(before) = self.versions.seen(key, snapshot) {
                return Ok(before.clone());
            }
        }
        self.database.get(cx, key)
    }

    fn scan(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        at: Option<Snapshot>,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        self.settle(cx)?;
        match at {
            None => self.scan_now(cx, bounds, limit, visit),
            Some(Snapshot(snapshot)) => {
                self.versions.check(snapshot)?;
                self.scan_at(cx, bounds, limit, snapshot, visit)
            }
        }
    }

    fn snapshot(&mut self, cx: &mut Cx) -> Result<Snapshot, StorageError> {
        self.settle(cx)?;
        Ok(Snapshot(self.versions.take_snapshot()))
    }

    fn release(&mut self, _: &mut Cx, snapshot: Snapshot) -> Result<(), StorageError> {
        self.versions.release(snapshot.0)
    }

    fn sync(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.database.sync(cx).map(drop)
    }

    fn poll(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.database.poll(cx).map(drop)
    }

    fn written_up_to(&self) -> Mark {
        // A record is durable when the log is durable beyond its first byte.
        self.database.log().map_or(Mark::default(), |journal| Mark(journal.newest_commit().0 + 1))
    }

    fn durable_up_to(&self) -> Mark {
        self.database.log().map_or(Mark::default(), |journal| Mark(journal.log.durable().0))
    }

    fn problem(&mut self, cx: &mut Cx) -> Option<String> {
        if let Err(error) = self.settle(cx) {
            return Some(format!("a write that failed is not taken back: {error}"));
        }
        self.database.verify(cx).problem
    }

    fn clone_box(&self) -> Box<dyn Store> {
        Box::new(self.clone())
    }
}

//! A B+tree under a write-ahead log: transactions that are there wholly or not at all, whatever happens.
//!
//! ```text
//!   begin ─▶ put, delete … savepoint … ─▶ commit        a crash at any moment, then
//!                                    └──▶ abort         crash ─▶ recover (or step, step, step …) ─▶ as if it had not been
//! ```
//!
//! **Invariant:** an operation that fails has done nothing. If not even that can be had (the disk fails while a half-done
//! operation is taken back), the database refuses everything until it has been recovered.
//! **Invariant:** on a full disk a transaction can still be aborted: room for it in the log is kept free, and so are pages.

use super::Options;
use super::error::StorageError;
use super::journal::{Acknowledged, Journal, LogOptions};
use super::log::record::Body;
use super::pager::Pager;
use super::recovery::Recovery;
use super::transaction::Savepoint;
use super::tree::{Tree, Verification};
use glassbase_sim::{Crash, Cx, Disk, DiskError};
use glassbase_trace::sorting::sort_by;
use glassbase_trace::{EngineState, Event, FileId, Lsn, PageId, RecoveryPass, TxnId};

/// Room for a record that says little, and what little follows it.
const RECORD_BYTES: u64 = 256;

#[derive(Clone)]
pub struct Database {
    pub(super) tree: Tree,
    log: LogOptions,
    /// What stands between a crash and the next operation.
    recovery: Option<Box<Recovery>>,
}

impl Database {
    /// An empty database on a new disk, durable.
    pub fn create(cx: &mut Cx, options: &Options, log: &LogOptions) -> Result<Database, StorageError> {
        let tree = Tree::create_logged(cx, options, log)?;
        Ok(Database { tree, log: log.clone(), recovery: None })
    }

    /// The database of a disk. It has to be [recovered](Database::recover) before it can be used.
    pub fn open(disk: Disk, options: &Options, log: &LogOptions) -> Result<Database, StorageError> {
        options.check()?;
        let recovery = Some(Box::new(Recovery::new(log)));
        Ok(Database { tree: Tree::unopened(options, disk), log: log.clone(), recovery })
    }

    /// Begins a transaction.
    pub fn begin(&mut self, cx: &mut Cx) -> Result<TxnId, StorageError> {
        self.ready()?;
        self.make_room(cx, RECORD_BYTES)?;
        let journal = self.journal()?;
        let txn = journal.transactions.new_id();
        journal.append(cx, txn, Body::Begin);
        cx.emit(|| Event::TransactionBegun { txn });
        Ok(txn)
    }

    /// Adds a record; false: the key is there already, nothing changed.
    pub fn insert(&mut self, cx: &mut Cx, txn: TxnId, key: &[u8], value: &[u8]) -> Result<bool, StorageError> {
        let room = self.tree.log_to_insert(value.len()) + self.tree.log_reserve();
        self.write(cx, txn, key, room, |tree, cx| tree.insert(cx, key, value))
    }

    /// Adds a record or replaces the value of the one that is there; true: replaced.
    pub fn put(&mut self, cx: &mut Cx, txn: TxnId, key: &[u8], value: &[u8]) -> Result<bool, StorageError> {
        let room = self.tree.log_to_insert(value.len()) + self.tree.log_reserve();
        self.write(cx, txn, key, room, |tree, cx| tree.upsert(cx, key, value))
    }

    /// Removes a record; false: the key was not there.
    pub fn delete(&mut self, cx: &mut Cx, txn: TxnId, key: &[u8]) -> Result<bool, StorageError> {
        self.write(cx, txn, key, self.tree.log_to_delete(), |tree, cx| tree.delete(cx, key))
    }

    /// The value of a key, as the last change left it, committed or not.
    pub fn get(&mut self, cx: &mut Cx, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.ready()?;
        self.tree.get(cx, key)
    }

    /// As [`Tree::scan`].
    pub fn scan(
        &mut self,
        cx: &mut Cx,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
        reverse: bool,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        self.ready()?;
        self.tree.scan(cx, from, to, reverse, limit, visit)
    }

    /// A place in the transaction to go back to.
    pub fn savepoint(&mut self, cx: &mut Cx, txn: TxnId) -> Result<Savepoint, StorageError> {
        self.ready()?;
        let entry = self.journal()?.transactions.active(txn)?;
        let savepoint = Savepoint { txn, lsn: entry.last };
        cx.emit(|| Event::SavepointSet { txn, lsn: savepoint.lsn });
        Ok(savepoint)
    }

    /// Takes back what the transaction did since the savepoint, which stays. After an error the rest of it can be taken
    /// back by another call.
    pub fn rollback_to(&mut self, cx: &mut Cx, savepoint: Savepoint) -> Result<(), StorageError> {
        self.ready()?;
        let Savepoint { txn, lsn } = savepoint;
        self.journal()?.transactions.active(txn)?;
        self.take_back(cx, txn, lsn)?;
        cx.emit(|| Event::RolledBack { txn, to: lsn });
        Ok(())
    }

    /// Ends a transaction for good. After an error it is as it was, and may be committed again or aborted.
    pub fn commit(&mut self, cx: &mut Cx, txn: TxnId) -> Result<Acknowledged, StorageError> {
        self.ready()?;
        let journal = self.journal()?;
        let entry = journal.transactions.active(txn)?;
        let (last, undo_next, chains) = (entry.last, entry.undo_next, entry.chains.clone());
        let lsn = journal.append(cx, txn, Body::Commit { chains });
        let (disk, journal) = self.disk_and_journal()?;
        let acknowledged = match journal.settle(cx, disk, txn, lsn) {
            Ok(acknowledged) => acknowledged,
            Err(error) => {
                if journal.log.retract(cx, lsn) {
                    journal.transactions.uncommit(cx, txn, last, undo_next);
                } else {
                    journal.failed = true;
                }
                return Err(error);
            }
        };
        journal.transactions.release_keys(txn);
        cx.emit(|| Event::TransactionCommitted { txn, lsn });
        // What it gave up can wait: the next checkpoint or recovery sees to it.
        let _ = self.tree.finish_committed(cx, txn);
        self.keep_house(cx);
        let journal = self.journal()?;
        let done = acknowledged == Acknowledged::Yes || journal.was_told(txn);
        Ok(if done { Acknowledged::Yes } else { Acknowledged::Later })
    }

    /// Takes a transaction back. After an error the rest of it can be taken back by another call.
    pub fn abort(&mut self, cx: &mut Cx, txn: TxnId) -> Result<(), StorageError> {
        self.ready()?;
        let journal = self.journal()?;
        if journal.transactions.active(txn).is_ok() {
            journal.append(cx, txn, Body::Abort);
            cx.emit(|| Event::TransactionAborted { txn });
        } else if !journal.transactions.is_aborting(txn) {
            return Err(StorageError::NoTransaction { txn });
        }
        self.take_back(cx, txn, Lsn(0))?;
        let journal = self.journal()?;
        journal.append(cx, txn, Body::End);
        journal.forget_reshaped();
        self.keep_house(cx);
        Ok(())
    }

    /// Syncs the log if it is time to. Returns the commits that had to wait and are acknowledged by now, each once.
    pub fn poll(&mut self, cx: &mut Cx) -> Result<Vec<TxnId>, StorageError> {
        self.ready()?;
        let (disk, journal) = self.disk_and_journal()?;
        journal.poll(cx, disk)?;
        Ok(journal.take_told())
    }

    /// Makes all of the log durable. Answers as [`Database::poll`].
    pub fn sync(&mut self, cx: &mut Cx) -> Result<Vec<TxnId>, StorageError> {
        self.ready()?;
        let (disk, journal) = self.disk_and_journal()?;
        journal.log.sync(cx, disk)?;
        journal.acknowledge(cx);
        Ok(journal.take_told())
    }

    /// Makes a checkpoint: recovery will start from here, and older log is removed. What a committed transaction gave up and
    /// cannot be read is given up for good: the checkpoint is made, and the answer is that error, once.
    pub fn checkpoint(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.ready()?;
        let mut leaked = None;
        for txn in self.journal()?.transactions.committed() {
            let error = self.tree.finish_or_leak(cx, txn)?;
            leaked = leaked.or(error);
        }
        self.tree.checkpoint(cx)?;
        leaked.map_or(Ok(()), Err)
    }

    /// Writes the dirty pages that hold the log back most, at most so many: what a background flusher does.
    pub fn write_pages(&mut self, cx: &mut Cx, most: u32) -> Result<u32, StorageError> {
        self.ready()?;
        let mut dirty: Vec<(Lsn, PageId)> = self.journal()?.dirty.iter().map(|(page, first)| (first, page)).collect();
        sort_by(&mut dirty, Ord::cmp);
        let before = cx.counters.pool_flushes;
        for (_, page) in dirty {
            if cx.counters.pool_flushes - before >= u64::from(most) {
                break;
            }
            self.tree.pager_mut().write_page(cx, page)?;
        }
        Ok((cx.counters.pool_flushes - before) as u32)
    }

    /// Writes one page, if it is dirty.
    pub fn write_page(&mut self, cx: &mut Cx, page: PageId) -> Result<(), StorageError> {
        self.ready()?;
        self.tree.pager_mut().write_page(cx, page)
    }

    /// Writes all dirty pages and makes them durable.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.ready()?;
        self.tree.write_all_pages(cx)
    }

    /// Turns one bit of a page on the disk over. The page leaves the pool, so that the next access reads it.
    pub fn flip_bit(&mut self, cx: &mut Cx, page: PageId, bit: u32) -> Result<(), StorageError> {
        self.tree.flip_bit(cx, page, bit)
    }

    /// Power fails and comes back. What was in memory is gone; the database has to be recovered.
    pub fn crash(&mut self, cx: &mut Cx) -> Crash {
        let crash = self.disk_mut().crash(cx);
        self.forget(cx);
        crash
    }

    /// As [`Database::crash`]; another `choice`, another outcome of what was not synced.
    pub fn crash_seeded(&mut self, cx: &mut Cx, choice: u64) -> Crash {
        let crash = self.disk_mut().crash_seeded(cx, choice);
        self.forget(cx);
        crash
    }

    fn forget(&mut self, cx: &mut Cx) {
        let disk = self.tree.pager().disk.clone();
        self.tree = Tree::unopened(&self.tree.options().clone(), disk);
        self.recovery = Some(Box::new(Recovery::new(&self.log)));
        self.tree.emit_state(cx);
    }

    /// Gives up what is in memory, after an error that only recovery helps with; the power was on all the time. What is in
    /// files counts as durable from here on, so it is made so.
    fn start_again(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let files: Vec<FileId> = self.disk().files().map(|(file, _)| file).collect();
        for file in files {
            self.disk_mut().sync_file(cx, file)?;
        }
        self.disk_mut().sync(cx)?;
        self.forget(cx);
        Ok(())
    }

    /// Whether the database has to be recovered before it can be used.
    pub fn needs_recovery(&self) -> bool {
        self.recovery.is_some() || self.tree.journal().is_none_or(|journal| journal.failed)
    }

    /// The pass of recovery under way, if one is.
    pub fn recovery_pass(&self) -> Option<RecoveryPass> {
        self.recovery.as_ref().and_then(|recovery| recovery.pass())
    }

    /// Does the next step of recovery: one record. False: the database is open. After an error it may be tried again.
    pub fn step(&mut self, cx: &mut Cx) -> Result<bool, StorageError> {
        if self.recovery.is_none() && self.needs_recovery() {
            self.start_again(cx)?;
        }
        let Some(mut recovery) = self.recovery.take() else { return Ok(false) };
        let more = recovery.step(cx, &mut self.tree);
        if more.is_err() {
            self.tree.pager_mut().release_all(cx);
        }
        match more {
            Ok(false) => self.tree.emit_state(cx),
            _ => self.recovery = Some(recovery),
        }
        more
    }

    /// Recovers from a crash.
    pub fn recover(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        while self.step(cx)? {}
        Ok(())
    }

    /// Checks every invariant of the tree and its file.
    pub fn verify(&self, cx: &mut Cx) -> Verification {
        self.tree.verify(cx)
    }

    /// The engine as plain data.
    pub fn state(&self, cx: &Cx) -> EngineState {
        self.state_since(cx, None)
    }

    /// As [`Tree::state_since`].
    pub fn state_since(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        self.tree.state_since(cx, previous)
    }

    /// The tree, to be looked at.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The log and its tables; none before recovery has opened them.
    pub fn log(&self) -> Option<&Journal> {
        self.tree.journal()
    }

    /// The disk below, for what a lab or test does to it.
    pub fn disk_mut(&mut self) -> &mut Disk {
        self.tree.disk_mut()
    }

    pub fn disk(&self) -> &Disk {
        &self.tree.pager().disk
    }

    fn ready(&self) -> Result<(), StorageError> {
        if self.needs_recovery() { Err(StorageError::NotRecovered) } else { Ok(()) }
    }

    fn journal(&mut self) -> Result<&mut Journal, StorageError> {
        self.tree.journal_mut().ok_or(StorageError::NotRecovered)
    }

    pub(super) fn disk_and_journal(&mut self) -> Result<(&mut Disk, &mut Journal), StorageError> {
        match self.tree.pager_mut() {
            Pager { disk, journal: Some(journal), .. } => Ok((disk, journal)),
            _ => Err(StorageError::NotRecovered),
        }
    }

    /// Runs an operation that changes a key.
    fn write(
        &mut self,
        cx: &mut Cx,
        txn: TxnId,
        key: &[u8],
        room: u64,
        work: impl FnOnce(&mut Tree, &mut Cx) -> Result<bool, StorageError>,
    ) -> Result<bool, StorageError> {
        self.ready()?;
        let transactions = &mut self.journal()?.transactions;
        transactions.active(txn)?;
        transactions.own(txn, key)?;
        self.make_room(cx, room)?;
        let result = self.tree.attempt(cx, txn, work);
        let (disk, journal) = self.disk_and_journal()?;
        // If the log cannot be written now, the commit will tell.
        let _ = journal.poll(cx, disk);
        if journal.log.buffered() > u64::from(journal.options.buffer_bytes) {
            let _ = journal.log.write(cx, disk);
        }
        result
    }

    /// Takes records of a transaction back, down to one of them. After an error the tree is whole: the record at which it
    /// happened is as if it had not been tried.
    fn take_back(&mut self, cx: &mut Cx, txn: TxnId, to: Lsn) -> Result<(), StorageError> {
        while self.tree.undo_next(txn) > to {
            self.tree.attempt(cx, txn, |tree, cx| tree.undo_one(cx, txn))?;
        }
        Ok(())
    }

    /// Makes sure that the log can grow by so much, by making it shorter if need be.
    fn make_room(&mut self, cx: &mut Cx, bytes: u64) -> Result<(), StorageError> {
        if self.tree.has_room_for_log(bytes) {
            return Ok(());
        }
        if self.journal()?.is_worth_cutting() {
            self.cut_log(cx)?;
        }
        if self.tree.has_room_for_log(bytes) {
            return Ok(());
        }
        let error = DiskError::Full { capacity: self.tree.options().disk_pages };
        cx.emit(|| Event::DiskFault { text: error.to_string().into() });
        Err(error.into())
    }

    /// Makes the log as short as can be: all pages are written, and a checkpoint begins a new segment.
    fn cut_log(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.tree.write_all_pages(cx)?;
        self.journal()?.log.begin_segment();
        self.checkpoint(cx)
    }

    /// What is due between transactions. If it fails it is due again later.
    fn keep_house(&mut self, cx: &mut Cx) {
        let Ok((disk, journal)) = self.disk_and_journal() else { return };
        let _ = journal.poll(cx, disk);
        let every = u64::from(journal.options.checkpoint_bytes);
        if every > 0 && journal.bytes_since_checkpoint() >= every {
            let _ = self.checkpoint(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> (Cx, Database) {
        let mut cx = Cx::new(1);
        let options = Options { page_size: 256, frames: 8, ..Options::default() };
        let log = LogOptions { segment_bytes: 4096, ..LogOptions::default() };
        let database = Database::create(&mut cx, &options, &log).unwrap();
        (cx, database)
    }

    fn check(cx: &mut Cx, database: &Database, records: u64) {
        let verification = database.verify(cx);
        assert_eq!((verification.problem, verification.records), (None, records));
    }

    #[test]
    fn what_was_committed_is_there_after_a_crash_and_nothing_else() {
        let (mut cx, mut database) = small();
        let txn = database.begin(&mut cx).unwrap();
        for key in 0..100u64 {
            let value = vec![key as u8; (key * 7 % 300) as usize];
            assert_eq!(database.put(&mut cx, txn, &key.to_be_bytes(), &value), Ok(false));
        }
        assert_eq!(database.commit(&mut cx, txn), Ok(Acknowledged::Yes));
        check(&mut cx, &database, 100);
        let loser = database.begin(&mut cx).unwrap();
        for key in 50..150u64 {
            database.put(&mut cx, loser, &key.to_be_bytes(), b"new").unwrap();
        }
        for key in 0..30u64 {
            assert_eq!(database.delete(&mut cx, loser, &key.to_be_bytes()), Ok(true));
        }
        check(&mut cx, &database, 120);
        database.flush(&mut cx).unwrap();
        database.crash(&mut cx);
        assert_eq!(database.get(&mut cx, b"x"), Err(StorageError::NotRecovered));
        database.recover(&mut cx).unwrap();
        check(&mut cx, &database, 100);
        for key in 0..100u64 {
            let value = vec![key as u8; (key * 7 % 300) as usize];
            assert_eq!(database.get(&mut cx, &key.to_be_bytes()).unwrap(), Some(value), "{key}");
        }
    }

    #[test]
    fn an_aborted_transaction_and_a_rolled_back_part_of_one_leave_nothing() {
        let (mut cx, mut database) = small();
        let txn = database.begin(&mut cx).unwrap();
        for key in 0..40u64 {
            database.put(&mut cx, txn, &key.to_be_bytes(), &[7; 300]).unwrap();
        }
        let savepoint = database.savepoint(&mut cx, txn).unwrap();
        for key in 20..80u64 {
            database.put(&mut cx, txn, &key.to_be_bytes(), &[8; 40]).unwrap();
        }
        (0..20u64).for_each(|key| assert!(database.delete(&mut cx, txn, &key.to_be_bytes()).unwrap()));
        database.rollback_to(&mut cx, savepoint).unwrap();
        check(&mut cx, &database, 40);
        database.commit(&mut cx, txn).unwrap();
        let txn = database.begin(&mut cx).unwrap();
        (10..30u64).for_each(|key| assert!(database.delete(&mut cx, txn, &key.to_be_bytes()).unwrap()));
        (0..10u64).for_each(|key| assert!(database.put(&mut cx, txn, &key.to_be_bytes(), b"short").unwrap()));
        check(&mut cx, &database, 20);
        database.abort(&mut cx, txn).unwrap();
        check(&mut cx, &database, 40);
        for key in 0..40u64 {
            assert_eq!(database.get(&mut cx, &key.to_be_bytes()).unwrap(), Some(vec![7; 300]));
        }
        assert_eq!(database.commit(&mut cx, txn), Err(StorageError::NoTransaction { txn }));
    }

    #[test]
    fn a_key_belongs_to_the_transaction_that_changed_it() {
        let (mut cx, mut database) = small();
        let (one, two) = (database.begin(&mut cx).unwrap(), database.begin(&mut cx).unwrap());
        database.put(&mut cx, one, b"ash", b"1").unwrap();
        let refused = database.put(&mut cx, two, b"ash", b"2");
        assert_eq!(refused, Err(StorageError::KeyInUse { key: "ash".to_string(), txn: one }));
        database.put(&mut cx, two, b"elm", b"2").unwrap();
        database.commit(&mut cx, two).unwrap();
        database.abort(&mut cx, one).unwrap();
        assert_eq!(database.get(&mut cx, b"ash"), Ok(None));
        assert_eq!(database.get(&mut cx, b"elm"), Ok(Some(b"2".to_vec())));
        check(&mut cx, &database, 1);
    }
}

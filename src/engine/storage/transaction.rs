//! Transactions: which are under way, what each has done last, and which keys it has changed.
//!
//! ```text
//!   begin ──▶ active ──commit──▶ committed ──▶ gone        committed: in the log; acknowledged once that is durable
//!                └────abort────▶ aborting ───▶ gone
//! ```
//!
//! A transaction is named by its id wherever it is meant, and many may be active; an engine serves one call at a time. A
//! key that a transaction changed is its own until it has ended: another one that would change it is refused. So taking
//! one transaction back never touches what another did. What a transaction reads is not kept apart: that is the business
//! of a floor above.

use glassbase_trace::sorted::SortedMap;

use super::error::StorageError;
use super::log::record::{Body, Entry};
use glassbase_sim::Cx;
use glassbase_trace::bytes::show;
use glassbase_trace::parts::log::TransactionState;
use glassbase_trace::{Event, Lsn, PageId, TxnId, TxnStatus};

/// A place in a transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    pub txn: TxnId,
    /// The last record of the transaction then.
    pub lsn: Lsn,
}

/// A transaction that has not ended.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub status: TxnStatus,
    pub first: Lsn,
    pub last: Lsn,
    /// The next of its records to take back; 0: all is taken back.
    pub undo_next: Lsn,
    /// Overflow chains that no record leads to any more. They are freed when it has committed.
    pub chains: Vec<PageId>,
    /// Updates so far, and log that taking them back may need.
    updates: u64,
    undo_bytes: u64,
    keys: Vec<Box<[u8]>>,
}

/// The transaction table, and who holds which key.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    entries: SortedMap<TxnId, Transaction>,
    owners: SortedMap<Box<[u8]>, TxnId>,
    last_id: u64,
}

impl Transactions {
    /// The id of a new transaction, which has an entry once its first record is [noted](Transactions::note).
    pub fn new_id(&mut self) -> TxnId {
        self.last_id += 1;
        TxnId(self.last_id)
    }

    pub fn next_id(&self) -> TxnId {
        TxnId(self.last_id + 1)
    }

    /// Ids from `next` on are new.
    pub fn skip_ids(&mut self, next: TxnId) {
        self.last_id = self.last_id.max(next.0.saturating_sub(1));
    }

    pub fn get(&self, txn: TxnId) -> Option<&Transaction> {
        self.entries.get(&txn)
    }

    pub fn get_mut(&mut self, txn: TxnId) -> Option<&mut Transaction> {
        self.entries.get_mut(&txn)
    }

    /// A transaction that may still do something.
    pub fn active(&self, txn: TxnId) -> Result<&Transaction, StorageError> {
        let entry = self.entries.get(&txn).filter(|entry| entry.status == TxnStatus::Active);
        entry.ok_or(StorageError::NoTransaction { txn })
    }

    pub fn iter(&self) -> impl Iterator<Item = (TxnId, &Transaction)> {
        self.entries.iter().map(|(txn, entry)| (*txn, entry))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first record of the oldest.
    pub fn oldest(&self) -> Option<Lsn> {
        self.entries.values().map(|entry| entry.first).min()
    }

    /// Updates that may have to be taken back, and the log that this may need.
    pub fn to_undo(&self) -> (u64, u64) {
        let sum = |(updates, bytes), entry: &Transaction| (updates + entry.updates, bytes + entry.undo_bytes);
        self.entries.values().fold((0, 0), sum)
    }

    /// The transaction's last record, or 0.
    pub fn last(&self, txn: TxnId) -> Lsn {
        self.entries.get(&txn).map_or(Lsn(0), |entry| entry.last)
    }

    /// Brings the table up to date with a record that is in the log at `lsn`.
    pub fn note(&mut self, cx: &mut Cx, txn: TxnId, lsn: Lsn, body: &Body) {
        if txn.0 == 0 {
            return;
        }
        self.last_id = self.last_id.max(txn.0);
        if matches!(body, Body::End) {
            return self.remove(cx, txn);
        }
        let entry = self.entries.entry(txn).or_insert_with(|| Transaction::new(lsn));
        entry.undo_next = body.undo_next(lsn, entry.undo_next);
        entry.last = lsn;
        match body {
            Body::Commit { chains } => {
                entry.status = TxnStatus::Committed;
                entry.chains.clone_from(chains);
            }
            Body::Abort => entry.status = TxnStatus::Aborting,
            Body::ActionEnd { freed, .. } => entry.chains.retain(|chain| chain != freed),
            _ => {}
        }
        entry.emit(cx, txn);
    }

    /// As [`Transactions::note`] for an update, which is what most records are.
    pub fn note_update(&mut self, cx: &mut Cx, txn: TxnId, lsn: Lsn, undo_bytes: u64) {
        if let Some(entry) = self.entries.get_mut(&txn) {
            (entry.undo_next, entry.last) = (lsn, lsn);
            entry.updates += 1;
            entry.undo_bytes += undo_bytes;
            entry.emit(cx, txn);
        }
    }

    /// Puts an entry of a checkpoint into the table.
    pub fn restore(&mut self, cx: &mut Cx, saved: &Entry) {
        let Entry { txn, status, first, last, undo_next, ref chains } = *saved;
        let chains = chains.clone();
        let entry = Transaction { status, first, last, undo_next, chains, updates: 0, undo_bytes: 0, keys: Vec::new() };
        entry.emit(cx, txn);
        self.entries.insert(txn, entry);
        self.last_id = self.last_id.max(txn.0);
    }

    pub fn saved(&self) -> Vec<Entry> {
        let save = |(txn, entry): (&TxnId, &Transaction)| {
            let Transaction { status, first, last, undo_next, ref chains, .. } = *entry;
            // What an active transaction gave up is named by its own records until it commits.
            let chains = if status == TxnStatus::Committed { chains.clone() } else { Vec::new() };
            Entry { txn: *txn, status, first, last, undo_next, chains }
        };
        self.entries.iter().map(save).collect()
    }

    /// Goes on with taking back at another record.
    pub fn set_undo_next(&mut self, cx: &mut Cx, txn: TxnId, undo_next: Lsn) {
        if let Some(entry) = self.entries.get_mut(&txn) {
            entry.undo_next = undo_next;
            entry.emit(cx, txn);
        }
    }

    pub fn is_aborting(&self, txn: TxnId) -> bool {
        self.entries.get(&txn).is_some_and(|entry| entry.status == TxnStatus::Aborting)
    }

    /// Those that have committed but have something to tidy up.
    pub fn committed(&self) -> Vec<TxnId> {
        let committed = self.entries.iter().filter(|(_, entry)| entry.status == TxnStatus::Committed);
        committed.map(|(txn, _)| *txn).collect()
    }

    /// The commit record was taken out of the log again.
    pub fn uncommit(&mut self, cx: &mut Cx, txn: TxnId, last: Lsn, undo_next: Lsn) {
        if let Some(entry) = self.entries.get_mut(&txn) {
            (entry.status, entry.last, entry.undo_next) = (TxnStatus::Active, last, undo_next);
            entry.emit(cx, txn);
        }
    }

    fn remove(&mut self, cx: &mut Cx, txn: TxnId) {
        self.release_keys(txn);
        self.entries.remove(&txn);
        cx.emit(|| Event::TransactionGone { txn });
    }

    /// Makes a key the transaction's own.
    pub fn own(&mut self, txn: TxnId, key: &[u8]) -> Result<(), StorageError> {
        match self.owners.get(key) {
            Some(owner) if *owner == txn => return Ok(()),
            Some(owner) => return Err(StorageError::KeyInUse { key: show(key), txn: *owner }),
            None => {}
        }
        self.owners.insert(key.into(), txn);
        if let Some(entry) = self.entries.get_mut(&txn) {
            entry.keys.push(key.into());
        }
        Ok(())
    }

    /// What was the transaction's own may be changed by others.
    pub fn release_keys(&mut self, txn: TxnId) {
        if let Some(entry) = self.entries.get_mut(&txn) {
            for key in std::mem::take(&mut entry.keys) {
                self.owners.remove(&key);
            }
        }
    }

    pub fn state(&self) -> Vec<TransactionState> {
        let state = |(txn, entry): (&TxnId, &Transaction)| {
            let Transaction { status, first, last, undo_next, .. } = *entry;
            TransactionState { txn: *txn, status, first, last, undo_next }
        };
        self.entries.iter().map(state).collect()
    }
}

impl Transaction {
    fn new(first: Lsn) -> Transaction {
        let (status, undo_next) = (TxnStatus::Active, Lsn(0));
        Transaction {
            status,
            first,
            last: first,
            undo_next,
            chains: Vec::new(),
            updates: 0,
            undo_bytes: 0,
            keys: Vec::new(),
        }
    }

    fn emit(&self, cx: &mut Cx, txn: TxnId) {
        let Transaction { status, first, last, undo_next, .. } = *self;
        cx.emit(|| Event::TransactionEntry { txn, status, first, last, undo_next });
    }
}

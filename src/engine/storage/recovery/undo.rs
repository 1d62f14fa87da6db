//! The third pass: transactions that did not commit are taken back, all of them in one sweep from the end of the log.
//! Those that did, but had not yet tidied up, do so now.

use super::*;
use crate::log::record::Body;
use glassbase_trace::{TxnId, TxnStatus};

impl Journal {
    /// The newest record that has still to be taken back, and whose it is.
    pub(crate) fn newest_to_undo(&self) -> Option<(TxnId, Lsn)> {
        let open = self.transactions.iter().map(|(txn, entry)| (txn, entry.undo_next));
        open.filter(|(_, lsn)| lsn.0 > 0).max_by_key(|(_, lsn)| *lsn)
    }
}

impl Recovery {
    /// Takes one record back, or ends one transaction. False: there is nothing left to do.
    pub(super) fn undo(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<bool, StorageError> {
        if let Some((txn, lsn)) = tree.journal().and_then(Journal::newest_to_undo) {
            if self.undo_failed {
                // What it changed is taken back page by page now; root and free list are what the meta page says.
                tree.restate_meta(cx)?;
            }
            let records = tree.records();
            let undone = tree.undo_one(cx, txn);
            self.undo_failed = undone.is_err();
            if undone.is_err() {
                tree.set_records(records);
            }
            undone?;
            self.at = lsn;
            self.records += 1;
            return Ok(true);
        }
        let Some(journal) = tree.journal_mut() else { return Ok(false) };
        let first = journal.transactions.iter().next().map(|(txn, entry)| (txn, entry.status));
        match first {
            None => return Ok(false),
            Some((txn, TxnStatus::Committed)) => {
                tree.finish_or_leak(cx, txn)?;
            }
            Some((txn, _)) => {
                journal.append(cx, txn, Body::End);
            }
        }
        Ok(true)
    }
}

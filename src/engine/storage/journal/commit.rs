//! When a commit is durable, and when whoever asked for it is told.
//!
//! ```text
//!   synchronous    commit ─▶ sync ─▶ told
//!   group          commit ─▶ wait for others ─▶ one sync for all ─▶ all are told
//!   asynchronous   commit ─▶ told        … sync later: a crash may lose the latest, never one before a later one
//! ```
//!
//! Group commit: DeWitt, Katz, Olken, Shapiro, Stonebraker and Wood, "Implementation Techniques for Main Memory Database
//! Systems", 1984.

use std::collections::VecDeque;

use super::Journal;
use crate::error::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::{Event, Lsn, TxnId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitMode {
    #[default]
    Sync,
    /// One sync for so many commits, or when the first of them has waited so long.
    Group { commits: u32, wait_ns: u64 },
    /// A sync when the last one was so long ago.
    Async { every_ns: u64 },
}

/// What a commit answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// It is done; unless commits are asynchronous, it is durable.
    Yes,
    /// Not yet: others share its sync.
    Later,
}

/// Commits that nobody was told of yet.
#[derive(Clone, Debug, Default)]
pub struct Commits {
    waiting: VecDeque<(TxnId, Lsn, u64)>,
    /// Acknowledged since somebody last asked which are.
    told: Vec<TxnId>,
    last_sync_ns: u64,
    /// The record of the newest commit since the log was opened.
    newest: Lsn,
}

impl Commits {
    pub fn waiting(&self) -> impl Iterator<Item = TxnId> {
        self.waiting.iter().map(|(txn, ..)| *txn)
    }
}

impl Journal {
    /// Sees a commit, whose record stands at `lsn`, to the disk as far as the mode asks for. After an error the record is
    /// in the log, or [`Journal::retract_commit`] may take it out.
    pub(crate) fn settle(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        txn: TxnId,
        lsn: Lsn,
    ) -> Result<Acknowledged, StorageError> {
        if self.options.commit == CommitMode::Sync {
            self.log.force(cx, disk, lsn)?;
        }
        self.commits.newest = lsn;
        if let CommitMode::Group { .. } = self.options.commit {
            self.commits.waiting.push_back((txn, lsn, cx.now_ns()));
            cx.emit(|| Event::TransactionWaits { txn });
            return Ok(Acknowledged::Later);
        }
        cx.emit(|| Event::TransactionAcknowledged { txn });
        Ok(Acknowledged::Yes)
    }

    /// The record of the newest commit since the log was opened; 0: none.
    pub fn newest_commit(&self) -> Lsn {
        self.commits.newest
    }

    /// Syncs if it is time to.
    pub fn poll(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        let now_ns = cx.now_ns();
        let due = match self.options.commit {
            CommitMode::Sync => false,
            CommitMode::Async { every_ns } => {
                now_ns - self.commits.last_sync_ns >= every_ns && self.log.durable() < self.log.end()
            }
            CommitMode::Group { commits, wait_ns } => {
                let waited = |(_, _, since_ns): &(TxnId, Lsn, u64)| now_ns - since_ns >= wait_ns;
                self.commits.waiting.len() >= commits.max(1) as usize
                    || self.commits.waiting.front().is_some_and(waited)
            }
        };
        if due {
            self.log.sync(cx, disk)?;
            self.commits.last_sync_ns = cx.now_ns();
        }
        self.acknowledge(cx);
        Ok(())
    }

    /// Acknowledges those of the waiting commits that are durable by now, whatever made them so.
    pub fn acknowledge(&mut self, cx: &mut Cx) {
        while let Some((txn, lsn, _)) = self.commits.waiting.front().copied()
            && lsn < self.log.durable()
        {
            self.commits.waiting.pop_front();
            cx.emit(|| Event::TransactionAcknowledged { txn });
            self.commits.told.push(txn);
        }
    }

    /// The commits that were acknowledged after they had waited, each told once.
    pub fn take_told(&mut self) -> Vec<TxnId> {
        std::mem::take(&mut self.commits.told)
    }

    /// Whether a commit that had to wait was acknowledged meanwhile; it is not told again then.
    pub fn was_told(&mut self, txn: TxnId) -> bool {
        let index = self.commits.told.iter().position(|told| *told == txn);
        index.map(|index| self.commits.told.remove(index)).is_some()
    }

    /// Whether a commit was not acknowledged yet.
    pub fn is_waiting(&self, txn: TxnId) -> bool {
        self.commits.waiting().any(|waiting| waiting == txn)
    }
}

//! A write-ahead log as plain data: its records, how far it is durable, and the tables that recovery goes by.

use std::rc::Rc;

use crate::id::{FileId, LogKind, Lsn, PageId, RecoveryPass, TxnId, TxnStatus};
use crate::plain::plain;

plain! {
    /// A write-ahead log.
    #[derive(Default)]
    struct LogState {
        /// What is in the log, in the file or in memory, ascending by LSN.
        records: Vec<LogRecord>,
        segments: Vec<LogSegment>,
        /// Where the next record goes.
        end: Lsn,
        /// The log up to here was handed to the disk.
        written: Lsn,
        /// The log up to here survives a crash.
        durable: Lsn,
        /// Where the last complete checkpoint begins, and where redo would start by it.
        checkpoint: Lsn,
        redo: Lsn,
        /// Pages whose newest version may not be durable, by page.
        dirty: Vec<DirtyPage>,
        /// Transactions that have not ended, by id.
        transactions: Vec<TransactionState>,
        /// Committed, but nobody was told so: their records are not durable. In the order of their commits.
        waiting: Vec<TxnId>,
        /// The pass of recovery that is under way.
        pass: Option<RecoveryPass>,
    }

    /// A record of the log.
    struct LogRecord {
        lsn: Lsn,
        /// The transaction's record before this one.
        prev: Lsn,
        txn: TxnId,
        kind: LogKind,
        page: PageId,
        /// What the transaction would take back next.
        undo_next: Lsn,
        /// Bytes that it takes up.
        length: u32,
        text: Rc<str>,
    }

    /// A file of the log.
    struct LogSegment {
        start: Lsn,
        file: FileId,
    }

    /// An entry of the dirty-page table.
    struct DirtyPage {
        page: PageId,
        /// Redo of the page starts here.
        first: Lsn,
    }

    /// An entry of the transaction table.
    struct TransactionState {
        txn: TxnId,
        status: TxnStatus,
        first: Lsn,
        last: Lsn,
        undo_next: Lsn,
    }
}

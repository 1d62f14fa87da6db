//! A write-ahead log as plain data: its records, how far it is durable, and the transactions under way.

use crate::trace::id::{Lsn, PageId};
use crate::trace::plain::plain;

plain! {
    /// A write-ahead log.
    #[derive(Default)]
    struct LogState {
        records: Vec<LogRecord>,
        /// Records up to this one are on the disk.
        durable: Lsn,
        transactions: Vec<TransactionState>,
    }

    /// A record of the log.
    struct LogRecord {
        lsn: Lsn,
        transaction: u32,
        page: PageId,
    }

    /// A transaction that has not ended.
    struct TransactionState {
        transaction: u32,
        last: Lsn,
    }
}

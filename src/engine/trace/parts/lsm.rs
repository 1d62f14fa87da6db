//! A log-structured merge tree as plain data: memtables, and tables in levels.

use crate::trace::bytes::Bytes;
use crate::trace::plain::plain;

plain! {
    /// A log-structured merge tree.
    #[derive(Default)]
    struct LsmState {
        /// The memtable that takes writes, and those that wait to be flushed, newest first.
        memtables: Vec<MemtableState>,
        /// Tables of each level, level 0 first.
        levels: Vec<Vec<TableState>>,
        sequence: u64,
    }

    /// A memtable.
    struct MemtableState {
        entries: u64,
        bytes: u64,
    }

    /// A sorted table.
    struct TableState {
        table: u64,
        smallest: Bytes,
        largest: Bytes,
        entries: u64,
        bytes: u64,
    }
}

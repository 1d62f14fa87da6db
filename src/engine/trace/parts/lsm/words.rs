//! The words of a log-structured merge tree: policies, reasons, kinds.

use crate::id::words;

words! {
    /// How the tables of a log-structured merge tree are merged.
    #[derive(Default)]
    CompactionPolicy {
        /// Each level is one sorted run, so many times as large as the one above.
        #[default]
        Leveled = "leveled",
        /// Each level has several runs, which become one run of the next level.
        SizeTiered = "size-tiered",
        /// Tiered, but the last level is one run.
        LazyLeveled = "lazy-leveled",
        /// Nothing is merged; the oldest tables are dropped when there are too many.
        Fifo = "fifo",
    }
}

words! {
    /// Why a compaction was chosen.
    CompactionReason {
        /// Level 0 has too many tables.
        Level0 = "level0",
        /// A level has too many bytes.
        Size = "size",
        /// A level has too many runs.
        Runs = "runs",
        /// All tables together have too many bytes.
        Room = "room",
        /// Tables are older than is asked for.
        Age = "age",
        /// Somebody asked for it.
        Asked = "asked",
    }
}

words! {
    /// Why writes have to wait.
    StallReason {
        Level0 = "level0",
        Memtables = "memtables",
        Pending = "pending",
    }
}

words! {
    /// What a write into a memtable does.
    WriteKind {
        Put = "put",
        Delete = "delete",
    }
}

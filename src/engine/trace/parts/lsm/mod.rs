//! A log-structured merge tree as plain data: memtables, tables in levels, snapshots, what waits, what was counted; and
//! how each event changes it ([`LsmState::apply`]).

mod fold;
mod theory;
mod version;
mod words;

use std::rc::Rc;

pub use theory::Amplification;
pub use version::{Level, PlacedTable, Run, TableState, Version, VersionEdit};
pub use words::{CompactionPolicy, CompactionReason, StallReason, WriteKind};

use crate::bytes::Bytes;
use crate::id::FileNumber;
use crate::plain::plain;

plain! {
    /// A log-structured merge tree.
    #[derive(Default)]
    struct LsmState {
        settings: LsmSettings,
        /// The memtable that takes writes.
        memtable: MemtableState,
        /// Those that wait to be flushed, newest first.
        frozen: Vec<Rc<MemtableState>>,
        version: Version,
        /// Tables that are in no version any more, but still read: ascending.
        obsolete: Vec<FileNumber>,
        /// The newest write.
        sequence: u64,
        /// What snapshots see, ascending.
        snapshots: Vec<u64>,
        /// The memtable that is being flushed, by its log.
        flushing: Option<FileNumber>,
        compaction: Option<CompactionState>,
        stall: Option<StallState>,
        counters: LsmCounters,
    }

    /// The settings that a picture needs.
    #[derive(Default)]
    struct LsmSettings {
        policy: CompactionPolicy,
        memtable_bytes: u64,
        bits_per_key: u32,
        size_ratio: u32,
        /// Tables of level 0 that are worth a compaction, slow writes down, and stop them.
        level0_tables: u32,
        level0_slow: u32,
        level0_stop: u32,
        level1_bytes: u64,
        table_bytes: u64,
    }

    /// A memtable and its log.
    #[derive(Default)]
    struct MemtableState {
        log: FileNumber,
        log_bytes: u64,
        /// Bytes of the log that survive a crash.
        log_durable: u64,
        /// Memory that it takes.
        bytes: u64,
        /// Keys ascend, the newest write of a key first.
        entries: Vec<MemtableEntry>,
        /// In the order in which they came.
        ranges: Vec<MemtableRange>,
    }

    #[derive(Eq)]
    struct MemtableEntry {
        key: Bytes,
        sequence: u64,
        kind: WriteKind,
        value_len: u32,
    }

    #[derive(Eq)]
    struct MemtableRange {
        start: Bytes,
        end: Bytes,
        sequence: u64,
    }

    /// A compaction under way.
    struct CompactionState {
        level: u32,
        output_level: u32,
        reason: CompactionReason,
        /// Level and number of each table that is read.
        inputs: Vec<(u32, FileNumber)>,
        input_bytes: u64,
        /// How far it has come: everything up to this key is merged.
        reached: Option<Bytes>,
        read_bytes: u64,
        written_bytes: u64,
    }

    /// Writes are slowed down, or stopped.
    #[derive(Eq)]
    struct StallState {
        reason: StallReason,
        stopped: bool,
    }

    /// What has been done so far, counted.
    #[derive(Default, Eq)]
    struct LsmCounters {
        puts: u64,
        deletes: u64,
        range_deletes: u64,
        gets: u64,
        scans: u64,
        /// Keys and values that were written by whoever uses the tree.
        user_bytes: u64,
        log_bytes: u64,
        flushes: u64,
        flushed_bytes: u64,
        compactions: u64,
        /// Compactions that moved tables without reading them.
        trivial_moves: u64,
        compaction_read_bytes: u64,
        compaction_written_bytes: u64,
        /// Entries that compactions left out.
        dropped_entries: u64,
        /// Tables that gets asked, those that a bloom filter answered for, and those that it was wrong about.
        tables_asked: u64,
        filter_skips: u64,
        filter_false_positives: u64,
        block_hits: u64,
        block_misses: u64,
        stalls: u64,
    }
}

impl LsmState {
    /// Bytes written to tables for each byte of the user's, in hundredths: the log is not counted, as is usual.
    pub fn write_amplification(&self) -> u64 {
        let counters = &self.counters;
        let written = counters.flushed_bytes + counters.compaction_written_bytes;
        (written * 100).checked_div(counters.user_bytes).unwrap_or(0)
    }

    /// Tables asked for each get, in hundredths, those that a filter answered for left out.
    pub fn read_amplification(&self) -> u64 {
        let counters = &self.counters;
        let read = counters.tables_asked.saturating_sub(counters.filter_skips);
        (read * 100).checked_div(counters.gets).unwrap_or(0)
    }

    /// Bytes of all tables for each byte of the largest run, in hundredths: a run has each key once, so no more than this
    /// of the room is taken by what is not the newest. 0 where nothing is merged.
    pub fn space_amplification(&self) -> u64 {
        if self.settings.policy == CompactionPolicy::Fifo || self.version.last_level().unwrap_or(0) == 0 {
            return 0;
        }
        let runs = self.version.levels.iter().flat_map(|level| &level.runs);
        let largest = runs.map(|run| run.bytes()).max().unwrap_or(0);
        (self.version.bytes() * 100).checked_div(largest).unwrap_or(0)
    }
}

//! How a log-structured merge tree is built, and the limits of what it holds.

use crate::StorageError;
use glassbase_sim::{Device, SECTOR_BYTES};
use glassbase_trace::id::words;
use glassbase_trace::parts::lsm::CompactionPolicy;

/// The longest key, and the longest value. What is longer is a mistake rather than a record.
pub const KEY_BYTES_MAX: usize = 64 << 10;
pub const VALUE_BYTES_MAX: usize = 64 << 20;
/// Most levels that a tree has.
pub const LEVELS_MAX: u32 = 7;

words! {
    /// When what was logged is made durable.
    SyncMode {
        /// Before each write is answered.
        EachWrite = "each",
        /// Once for `group_writes` writes.
        Group = "group",
        /// When the memtable is full, and when asked.
        Asynchronous = "async",
    }
}

words! {
    /// Who does the work that flushes and merges.
    Background {
        /// Every write does a slice of it, so it goes on beside the writes.
        Shared = "shared",
        /// Only what is asked for; writes that may not wait any more do it first.
        Manual = "manual",
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct LsmOptions {
    pub device: Device,
    /// Most room that the files take, in pages of `page_size` bytes; 0: no limit.
    pub disk_pages: u32,
    pub page_size: u32,
    /// The memtable is frozen when it takes so much memory.
    pub memtable_bytes: u32,
    /// Frozen memtables that may wait before writes are slowed down, and before they stop.
    pub memtables_slow: u32,
    pub memtables_stop: u32,
    /// A data block is ended when it has so many bytes.
    pub block_bytes: u32,
    /// Keys from one restart point to the next.
    pub restart_interval: u32,
    /// Bits that a bloom filter spends on a key; 0: no filters.
    pub bits_per_key: u32,
    /// Room of the block cache.
    pub cache_bytes: u32,
    pub policy: CompactionPolicy,
    /// How much larger a level is than the one above it (T), at least 2.
    pub size_ratio: u32,
    /// Tables of level 0 that make it worth a compaction, that slow writes down, and that stop them.
    pub level0_tables: u32,
    pub level0_slow: u32,
    pub level0_stop: u32,
    /// Bytes that level 1 may hold.
    pub level1_bytes: u64,
    /// A compaction ends a table when it has so many bytes.
    pub table_bytes: u32,
    /// First-in, first-out: bytes that all tables together may have, and for how long they are kept (0: for ever).
    pub fifo_bytes: u64,
    pub fifo_age_ns: u64,
    /// Bytes waiting to be merged that slow writes down, and that stop them.
    pub pending_slow_bytes: u64,
    pub pending_stop_bytes: u64,
    pub sync: SyncMode,
    pub group_writes: u32,
    pub background: Background,
    /// Bytes that background work reads or writes in one slice.
    pub slice_bytes: u32,
    /// The manifest is begun anew when it is so long.
    pub manifest_bytes: u32,
}

impl Default for LsmOptions {
    fn default() -> LsmOptions {
        LsmOptions {
            device: Device::Ssd,
            disk_pages: 0,
            page_size: 4096,
            memtable_bytes: 4 << 20,
            memtables_slow: 2,
            memtables_stop: 4,
            block_bytes: 4096,
            restart_interval: 16,
            bits_per_key: 10,
            cache_bytes: 8 << 20,
            policy: CompactionPolicy::Leveled,
            size_ratio: 10,
            level0_tables: 4,
            level0_slow: 12,
            level0_stop: 20,
            level1_bytes: 16 << 20,
            table_bytes: 2 << 20,
            fifo_bytes: 64 << 20,
            fifo_age_ns: 0,
            pending_slow_bytes: 256 << 20,
            pending_stop_bytes: 1 << 30,
            sync: SyncMode::EachWrite,
            group_writes: 32,
            background: Background::Shared,
            slice_bytes: 64 << 10,
            manifest_bytes: 64 << 10,
        }
    }
}

impl LsmOptions {
    /// Says what is wrong with the options, if anything is.
    pub fn check(&self) -> Result<(), StorageError> {
        let within = |option: &'static str, value: u64, low: u64, high: u64| match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(StorageError::BadOption { option, what: format!("{value} is not from {low} to {high}") }),
        };
        within("memtable_bytes", self.memtable_bytes.into(), 256, 1 << 30)?;
        within("page_size", self.page_size.into(), SECTOR_BYTES as u64, 1 << 20)?;
        within("block_bytes", self.block_bytes.into(), 32, 1 << 20)?;
        within("restart_interval", self.restart_interval.into(), 1, 1024)?;
        within("bits_per_key", self.bits_per_key.into(), 0, 64)?;
        within("size_ratio", self.size_ratio.into(), 2, 100)?;
        within("level0_tables", self.level0_tables.into(), 1, 1000)?;
        within("level0_slow", self.level0_slow.into(), self.level0_tables.into(), 10_000)?;
        within("level0_stop", self.level0_stop.into(), self.level0_slow.into(), 10_000)?;
        within("memtables_slow", self.memtables_slow.into(), 1, 1000)?;
        within("memtables_stop", self.memtables_stop.into(), self.memtables_slow.into(), 1000)?;
        within("level1_bytes", self.level1_bytes, 256, 1 << 50)?;
        within("table_bytes", self.table_bytes.into(), 256, 1 << 30)?;
        within("fifo_bytes", self.fifo_bytes, 256, 1 << 50)?;
        within("pending_slow_bytes", self.pending_slow_bytes, 256, 1 << 60)?;
        within("pending_stop_bytes", self.pending_stop_bytes, self.pending_slow_bytes, 1 << 60)?;
        within("group_writes", self.group_writes.into(), 1, 1 << 20)?;
        within("slice_bytes", self.slice_bytes.into(), 256, 1 << 30)?;
        within("manifest_bytes", self.manifest_bytes.into(), 256, 1 << 30)
    }
}

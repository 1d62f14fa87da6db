//! The settings of the LSM lab as values.

use crate::lab::keys::Distribution;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped};
use crate::sim::Device;
use crate::storage::lsm::{Background, LsmOptions, SyncMode};
use crate::storage::{CommitMode, LogOptions, Options};
use crate::trace::parts::lsm::CompactionPolicy;

/// Writes that share a sync, and how long the first of them waits at most.
const GROUP_WRITES: u32 = 32;
const GROUP_WAIT_NS: u64 = 10_000_000;
/// Pages of the disk on which the LSM tree's files are: only its room is counted in them.
const SECTOR_PAGE: u32 = 512;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub is_btree: bool,
    pub lsm: LsmOptions,
    pub btree: Options,
    pub log: LogOptions,
    pub value_size: usize,
    pub keys: Distribution,
}

impl Settings {
    pub fn of(values: &Values) -> Settings {
        let device = Device::from_word(values.word("device")).unwrap_or(Options::default().device);
        let page_size = values.number("page_size") as u32;
        let disk_bytes = values.number("disk_bytes");
        let pages = |size: u32| (disk_bytes / u64::from(size)).min(u32::MAX.into()) as u32;
        let btree = Options {
            page_size,
            frames: values.number("frames") as u32,
            device,
            disk_pages: pages(page_size),
            ..Options::default()
        };
        let commit = match values.word("sync") {
            "group" => CommitMode::Group { commits: GROUP_WRITES, wait_ns: GROUP_WAIT_NS },
            "async" => CommitMode::Async { every_ns: u64::MAX },
            _ => CommitMode::Sync,
        };
        Settings {
            is_btree: values.word("store") == "btree",
            lsm: lsm_options(values, device, pages(SECTOR_PAGE)),
            btree,
            log: LogOptions { commit, ..LogOptions::default() },
            value_size: values.number("value_size") as usize,
            keys: Distribution::from_word(values.word("keys")).unwrap_or(Distribution::Uniform),
        }
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, name: &str) -> String {
        let (lsm, bytes) = (&self.lsm, |count: u64| counted(count, "byte"));
        match name {
            "store" if self.is_btree => "The store is a B+tree under a log now.".to_string(),
            "store" => "The store is a log-structured merge tree now.".to_string(),
            "policy" => format!("Tables are merged by the {} policy now.", lsm.policy.word()),
            "memtable" => format!("A memtable is full with {} now.", bytes(lsm.memtable_bytes.into())),
            "size_ratio" => format!("Each level may be {} times as large as the one above it now.", lsm.size_ratio),
            "bits_per_key" if lsm.bits_per_key == 0 => "Tables have no Bloom filters now.".to_string(),
            "bits_per_key" => {
                format!("A Bloom filter spends {} on a key now.", counted(lsm.bits_per_key.into(), "bit"))
            }
            "level0_tables" => {
                format!("{} of level 0 are worth a compaction now.", counted(lsm.level0_tables.into(), "table"))
            }
            "level0_stop" => {
                let (slow, stop) = (lsm.level0_slow, lsm.level0_stop);
                format!("Writes are slowed down at {slow} tables of level 0 now, and stop at {stop}.")
            }
            "table_bytes" => format!("A compaction ends a table at {} now.", bytes(lsm.table_bytes.into())),
            "level1_bytes" => format!("Level 1 may hold {} now.", bytes(lsm.level1_bytes)),
            "block_bytes" => format!("A data block ends at {} now.", bytes(lsm.block_bytes.into())),
            "cache_bytes" => format!("The block cache has room for {} now.", bytes(lsm.cache_bytes.into())),
            "sync" => match lsm.sync {
                SyncMode::EachWrite => "Each write is made durable by itself now.".to_string(),
                SyncMode::Group => format!("{} writes share a sync now.", lsm.group_writes),
                SyncMode::Asynchronous => "Writes are made durable when a memtable is full now.".to_string(),
            },
            "background" if lsm.background == Background::Manual => {
                "Nothing is flushed or merged now but by `flush` and `compact`, unless writes must not wait."
                    .to_string()
            }
            "background" => "Every write does a slice of the background work now.".to_string(),
            "fifo_bytes" => format!("First in, first out keeps {} of tables now.", bytes(lsm.fifo_bytes)),
            "value_size" => format!("A value that is made has {} now.", bytes(self.value_size as u64)),
            "page_size" => format!("Pages of the B+tree have {} now.", bytes(self.btree.page_size.into())),
            "frames" => format!("The pool of the B+tree has {} frames now.", grouped(self.btree.frames.into())),
            "device" => format!("Everything is stored on {} now.", lsm.device.word()),
            "disk_bytes" if lsm.disk_pages == 0 => "The disk has room for any number of bytes now.".to_string(),
            "disk_bytes" => {
                let room = u64::from(lsm.disk_pages) * u64::from(lsm.page_size);
                format!("The disk has room for {} now.", bytes(room))
            }
            _ => format!("`random` draws {} keys now.", self.keys.word()),
        }
    }
}

fn lsm_options(values: &Values, device: Device, disk_pages: u32) -> LsmOptions {
    let number = |name| values.number(name) as u32;
    let (level0_tables, table_bytes) = (number("level0_tables"), number("table_bytes"));
    let level0_slow = (number("level0_stop") * 2 / 3).max(level0_tables);
    LsmOptions {
        device,
        disk_pages,
        page_size: SECTOR_PAGE,
        memtable_bytes: number("memtable"),
        memtables_slow: 2,
        memtables_stop: 3,
        block_bytes: number("block_bytes"),
        bits_per_key: number("bits_per_key"),
        cache_bytes: number("cache_bytes"),
        policy: CompactionPolicy::from_word(values.word("policy")).unwrap_or_default(),
        size_ratio: number("size_ratio"),
        level0_tables,
        level0_slow,
        level0_stop: number("level0_stop").max(level0_slow),
        level1_bytes: values.number("level1_bytes"),
        table_bytes,
        fifo_bytes: values.number("fifo_bytes"),
        sync: SyncMode::from_word(values.word("sync")).unwrap_or(SyncMode::EachWrite),
        group_writes: GROUP_WRITES,
        background: Background::from_word(values.word("background")).unwrap_or(Background::Shared),
        // Small enough that a merge is seen to go on, large enough that it is not all there is to see.
        slice_bytes: (table_bytes / 2).clamp(512, 64 << 10),
        ..LsmOptions::default()
    }
}

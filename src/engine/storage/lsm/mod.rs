//! A log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, "The Log-Structured Merge-Tree", 1996), built as
//! LevelDB and RocksDB build it: writes go to a log and to a sorted table in memory; what is sorted goes to disk in one
//! piece, is never changed, and is merged with what is there already when there is time.
//!
//! ```text
//!   put ─▶ log ─▶ memtable ──full──▶ frozen ──flush──▶ level 0 ──compaction──▶ level 1 ─▶ level 2 …
//!   get ◀─────────── 1 ─────────────── 2 ─────────────── 3 ────────────────────── 4 ──────── 5
//! ```
//!
//! **Invariant:** of two entries of one key, the one that is met first on this way is the newer one.
//! **Invariant:** what is acknowledged as durable is in a synced log, or in a synced table that a synced manifest names.
//!
//! What entries are made of, and how they are read:
//! - [`key`]: internal keys: user key, sequence number, kind. [`range_tombstone`]: range deletes, cut into fragments.
//! - [`table`]: files of sorted entries, with index and Bloom filter. [`block_cache`]: their blocks that were read lately.
//! - [`cursor`]: what all sorted sources have in common. [`source`]: those there are. [`merge`]: several as one.
//! - [`lookup`]: a get on its way from newest to oldest. [`visible`]: what a snapshot sees. [`read`]: get and scan.
//!
//! How entries come in:
//! - [`batch`]: writes that happen together. [`record`], [`write_log`]: the log. [`memtable`]: the skip list.
//! - [`log_reader`]: the log read back, for followers.
//! - [`write`](mod@write): put, delete, write batch; when writes have to wait.
//!
//! What happens in the background, in slices that share virtual time with the foreground:
//! - [`flush`]: a frozen memtable becomes a table. [`compaction`]: what is merged next, and merging it.
//! - [`output`], [`retention`]: tables being written, and which entries are kept in them.
//! - [`note`]: notes beside the tree, framed as its logs are.
//! - [`manifest`], [`catalog`]: which tables there are. [`recovery`]: what is there after a crash.
//! - [`state`], [`verify`]: the tree described, and checked.

pub mod batch;
pub mod block_cache;
pub mod cursor;
pub mod key;
pub mod lookup;
pub mod merge;
pub mod range_tombstone;
pub mod table;
pub mod visible;

mod background;
mod catalog;
pub mod compaction;
mod flush;
mod log_reader;
mod manifest;
mod memtable;
pub mod note;
mod options;
mod output;
mod read;
mod record;
mod recovery;
mod retention;
mod snapshot;
mod source;
mod state;
mod verify;
mod write;
mod write_log;

use std::rc::Rc;

pub use background::Work;
pub use batch::WriteBatch;
pub use options::{Background, KEY_BYTES_MAX, LsmOptions, SyncMode, VALUE_BYTES_MAX};
pub use read::{Scan, ScanBounds};
pub use recovery::OpenFailure;
pub use verify::LsmVerification;
pub use write_log::Batch as LoggedBatch;

use block_cache::BlockCache;
use catalog::Catalog;
use compaction::Job;
use flush::Flush;
use key::Sequence;
use log_reader::LogTail;
use manifest::Manifest;
use memtable::Memtable;
use table::TableOptions;
use write_log::WriteLog;

use super::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::lsm::{LsmCounters, StallState, Version, VersionEdit};
use glassbase_trace::{Event, FileNumber};

/// A memtable that takes no more writes, and its log.
#[derive(Clone, Debug)]
struct Frozen {
    memtable: Rc<Memtable>,
    log: WriteLog,
}

/// A log-structured merge tree in the files of a disk of its own.
#[derive(Clone, Debug)]
pub struct Lsm {
    options: LsmOptions,
    disk: Disk,
    cache: BlockCache,
    memtable: Rc<Memtable>,
    log: WriteLog,
    /// Newest first.
    frozen: Vec<Frozen>,
    catalog: Catalog,
    manifest: Manifest,
    /// The newest write.
    sequence: Sequence,
    /// The newest write that is known to survive a crash.
    durable_sequence: Sequence,
    /// The newest write that is in a table.
    flushed_sequence: Sequence,
    /// Numbers from this one on were given to no file.
    next_file: u64,
    /// What snapshots see, ascending; one that was taken twice stands twice.
    snapshots: Vec<Sequence>,
    flush: Option<Flush>,
    compaction: Option<Job>,
    /// Somebody asked for everything to be merged.
    everything_asked: bool,
    /// There was nothing to do in the background, and nothing has changed since.
    is_resting: bool,
    stall: Option<StallState>,
    /// Bytes of background work that writes have earned.
    credit: i64,
    /// Why background work does not go on, until it does.
    trouble: Option<StorageError>,
    counters: LsmCounters,
    /// For single writes.
    batch: WriteBatch,
    /// What readers of the log want kept.
    log_tail: Option<LogTail>,
}

impl Lsm {
    /// An empty tree on a new disk, durable.
    pub fn create(cx: &mut Cx, options: &LsmOptions) -> Result<Lsm, StorageError> {
        options.check()?;
        let disk = Disk::new(cx, options.device, options.page_size as usize, options.disk_pages);
        Lsm::open(cx, options, disk).map_err(|failure| failure.error)
    }

    pub fn options(&self) -> &LsmOptions {
        &self.options
    }

    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The disk, to have it fail.
    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.disk
    }

    /// The disk, when the rest was lost.
    pub fn into_disk(self) -> Disk {
        self.disk
    }

    /// The blocks of tables that are in memory.
    pub fn cache(&self) -> &BlockCache {
        &self.cache
    }

    /// The newest write.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The newest write that is known to survive a crash: it, and all before it.
    pub fn durable_sequence(&self) -> Sequence {
        self.durable_sequence
    }

    pub fn version(&self) -> &Rc<Version> {
        self.catalog.version()
    }

    pub fn counters(&self) -> &LsmCounters {
        &self.counters
    }

    /// What keeps background work from going on, if anything does.
    pub fn trouble(&self) -> Option<&StorageError> {
        self.trouble.as_ref()
    }

    /// Settings that may change at any time: they hold from the next decision on.
    pub fn set_options(&mut self, cx: &mut Cx, options: &LsmOptions) -> Result<(), StorageError> {
        options.check()?;
        self.options = options.clone();
        self.cache.resize(cx, options.cache_bytes as usize);
        self.is_resting = false;
        let settings = options.settings();
        cx.emit(|| Event::LsmSettingsChanged { settings });
        self.update_stall(cx);
        Ok(())
    }

    fn table_options(&self) -> TableOptions {
        TableOptions {
            block_bytes: self.options.block_bytes as usize,
            restart_interval: self.options.restart_interval,
            bits_per_key: f64::from(self.options.bits_per_key),
        }
    }

    fn take_number(&mut self) -> u64 {
        self.next_file += 1;
        self.next_file - 1
    }

    /// The edit that makes the whole version, for a new manifest.
    fn whole_edit(&self) -> VersionEdit {
        VersionEdit { ..self.numbers(self.version().as_edit()) }
    }

    /// Gives an edit the numbers that hold now.
    fn numbers(&self, edit: VersionEdit) -> VersionEdit {
        let (next_file, flushed_sequence) = (self.next_file, self.flushed_sequence);
        VersionEdit { oldest_log: self.oldest_log(), next_file, flushed_sequence, ..edit }
    }

    /// The log of the oldest memtable.
    fn oldest_log(&self) -> FileNumber {
        self.frozen.last().map_or(self.log.number, |frozen| frozen.log.number)
    }

    /// Makes an edit durable, and its version the one in use. When this fails, nothing has changed.
    fn commit(&mut self, cx: &mut Cx, edit: VersionEdit, opened: Vec<Rc<table::Table>>) -> Result<(), StorageError> {
        let next = self.version().apply(&edit).map_err(|what| StorageError::DamagedFile {
            name: manifest::manifest_name(self.manifest.number),
            offset: self.manifest.length(),
            what,
        })?;
        self.manifest.append(cx, &mut self.disk, &edit)?;
        self.catalog.install(cx, next, Rc::new(edit), opened);
        Ok(())
    }

    /// What may be done when a version was installed, and need not succeed: a new manifest, files removed.
    fn tidy(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.update_stall(cx);
        self.catalog.sweep(cx, &mut self.disk, &mut self.cache)?;
        if self.manifest.grown_bytes() >= u64::from(self.options.manifest_bytes) {
            let number = FileNumber(self.take_number());
            let whole = self.whole_edit();
            self.manifest.renew(cx, &mut self.disk, number, &whole)?;
        }
        Ok(())
    }
}

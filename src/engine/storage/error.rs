//! What can go wrong in the storage engine.

use thiserror::Error;

use glassbase_sim::DiskError;
use glassbase_trace::{PageId, TxnId};

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("page {page} fails its checksum (stored {stored:08x}, computed {computed:08x}): it is damaged", page = page.0)]
    ChecksumMismatch { page: PageId, stored: u32, computed: u32 },
    #[error("the bytes read for page {page} say that they are page {found}: a write went astray", page = page.0, found = found.0)]
    Misplaced { page: PageId, found: PageId },
    #[error("page {page} is not what it should be: {what}; the file is damaged", page = page.0)]
    Corrupt { page: PageId, what: String },
    #[error("file {name} is damaged at byte {offset}: {what}; restore it from a copy")]
    DamagedFile { name: String, offset: u64, what: String },
    #[error("there is no database on this disk: creating it was not finished (create it anew)")]
    NoDatabase,
    #[error("transaction {txn} is not active: it has ended, or was never begun", txn = txn.0)]
    NoTransaction { txn: TxnId },
    #[error("the key {key} was changed by transaction {txn}, which has not ended: commit or abort that first", txn = txn.0)]
    KeyInUse { key: String, txn: TxnId },
    #[error("the database has to be recovered first")]
    NotRecovered,
    #[error("all {frames} frames of the pool are pinned: give it more (set frames)")]
    AllPinned { frames: u32 },
    #[error("page {page} is pinned in a frame that would go: a pool of {frames} frames has none there; unpin it first", page = page.0)]
    PinnedAbove { page: PageId, frames: u32 },
    #[error("the key has {length} bytes, at most {max} fit (a quarter of a page of {page_size} bytes)")]
    KeyTooLong { length: usize, max: usize, page_size: usize },
    #[error("the key has {length} bytes, at most {max} are allowed")]
    KeyTooLongForTable { length: usize, max: usize },
    #[error("there is no snapshot {sequence}: it was released, or never taken")]
    NoSnapshot { sequence: u64 },
    #[error("the value has {length} bytes, at most {max} are allowed")]
    ValueTooLong { length: usize, max: usize },
    #[error("keys of a bulk load come in ascending order without duplicates, but {key} does not follow {last}")]
    NotAscending { last: String, key: String },
    #[error("a bulk load needs an empty tree, this one has {records} records (clear it first)")]
    NotEmpty { records: u64 },
    #[error("the setting {option} does not work: {what}")]
    BadOption { option: &'static str, what: String },
}

impl StorageError {
    /// True when it tells that something stored is damaged or unreadable, as opposed to something that cannot be done.
    pub fn is_damage(&self) -> bool {
        use StorageError::*;
        matches!(self, ChecksumMismatch { .. } | Misplaced { .. } | Corrupt { .. } | DamagedFile { .. })
            || matches!(self, Disk(DiskError::ReadFailed { .. } | DiskError::PastEnd { .. }))
            || matches!(self, Disk(DiskError::FileReadFailed { .. } | DiskError::PastFileEnd { .. }))
    }
}

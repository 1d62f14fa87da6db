//! One node's storage engine: pages on a simulated disk, a buffer pool over them, a B+tree through the pool.
//!
//! ```text
//!   Shelf       what a node of a distributed system keeps: a Store on a disk of its own, or a map
//!   Store       one interface over Database and Lsm
//!   Lsm         a log-structured merge tree in append-only files
//!   Heap        rows by row id, in no order
//!   Database    a tree whose changes are logged: transactions, checkpoints, recovery
//!   Tree        keys and values in order; splits, borrows, merges
//!   Pager       pages by id: pool in front of disk, checksums between them
//!   Pool        frames, page table, pins, dirty flags, replacement policy
//!   page        the bytes of a slotted page
//!   sim::Disk   images that survive once they are synced
//! ```
//!
//! **Invariant:** a page that fails its checksum is an error that names it, never data.
//! **Invariant:** what a person asks for never panics; assertions are for this code's own mistakes.

mod checksum;
pub mod codec;
pub mod database;
mod error;
pub mod heap;
pub mod journal;
pub mod log;
pub mod lsm;
pub mod page;
pub mod pager;
pub mod pool;
pub mod recovery;
pub mod shelf;
pub mod step;
pub mod store;
#[cfg(test)]
mod tests;
pub mod transaction;
pub mod tree;

pub use database::Database;
pub use error::StorageError;
/// Which page leaves the pool: the library of eviction policies, which caches use too.
pub use glassbase_eviction as replacement;
pub use heap::Heap;
pub use journal::{Acknowledged, CommitMode, LogOptions, TornPages};
pub use shelf::{Shelf, ShelfKind};
pub use store::{Snapshot, Store, TreeStore};
pub use transaction::Savepoint;
pub use tree::{BulkLoad, Tree, Verification};

use glassbase_sim::Device;

/// Smallest and largest page, in bytes; sizes are powers of two.
pub const PAGE_BYTES_MIN: u32 = 128;
pub const PAGE_BYTES_MAX: u32 = 16 * 1024;

/// Fewest frames that a pool works with: a split pins three pages and a descent two.
pub const FRAMES_MIN: u32 = 8;

/// Where a full page is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitPolicy {
    /// In the middle, but at the right edge for keys that come in ascending order.
    #[default]
    Auto,
    /// Always in the middle.
    Middle,
}

/// How an engine is built.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// A power of two from [`PAGE_BYTES_MIN`] to [`PAGE_BYTES_MAX`].
    pub page_size: u32,
    /// Most children of an inner page, and one more than the most keys of a page (the textbook's order, at least 3);
    /// 0: as many as fit by bytes.
    pub order: u32,
    /// Frames of the buffer pool, at least [`FRAMES_MIN`].
    pub frames: u32,
    pub device: Device,
    pub split: SplitPolicy,
    /// Most pages of the file; 0: no limit.
    pub disk_pages: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { page_size: 8192, order: 0, frames: 256, device: Device::Ssd, split: SplitPolicy::Auto, disk_pages: 0 }
    }
}

impl Options {
    /// Says what is wrong with the options, if anything is.
    pub fn check(&self) -> Result<(), StorageError> {
        let bad = |option: &'static str, what: String| Err(StorageError::BadOption { option, what });
        if !self.page_size.is_power_of_two() || !(PAGE_BYTES_MIN..=PAGE_BYTES_MAX).contains(&self.page_size) {
            return bad("page_size", format!("{} is no power of two from 128 to 16384", self.page_size));
        }
        if self.order != 0 && !(3..=1024).contains(&self.order) {
            return bad("order", format!("{} is neither 0 (by bytes) nor from 3 to 1024", self.order));
        }
        if self.frames < FRAMES_MIN {
            return bad("frames", format!("{} is less than {FRAMES_MIN}", self.frames));
        }
        if self.disk_pages != 0 && self.disk_pages < 4 {
            return bad("disk_pages", format!("{} is less than 4, which an empty tree needs", self.disk_pages));
        }
        Ok(())
    }
}

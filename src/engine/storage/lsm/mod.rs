//! A log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, "The Log-Structured Merge-Tree", 1996), built as
//! LevelDB and RocksDB build it.
//!
//! - [`key`]: internal keys: user key, sequence number, kind.
//! - [`cursor`]: what all sorted sources of entries have in common.
//! - [`block_cache`]: blocks of tables that were read lately.
//! - [`range_tombstone`]: range deletes, cut into fragments.

pub mod block_cache;
pub mod cursor;
pub mod key;
pub mod range_tombstone;

mod compaction;
mod memtable;
mod options;
mod record;

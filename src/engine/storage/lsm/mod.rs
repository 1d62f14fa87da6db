//! A log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, "The Log-Structured Merge-Tree", 1996), built as
//! LevelDB and RocksDB build it.
//!
//! - [`key`]: internal keys: user key, sequence number, kind.
//! - [`cursor`]: what all sorted sources of entries have in common.
//! - [`block_cache`]: blocks of tables that were read lately.
//! - [`table`]: files of sorted entries, with index and Bloom filter.
//! - [`lookup`]: a get on its way from the newest source to the oldest.
//! - [`merge`]: several sorted sources as one.
//! - [`visible`]: what a snapshot sees of it.
//! - [`range_tombstone`]: range deletes, cut into fragments.

pub mod block_cache;
pub mod cursor;
pub mod key;
pub mod lookup;
pub mod merge;
pub mod range_tombstone;
pub mod table;
pub mod visible;

mod batch;
mod compaction;
mod manifest;
mod memtable;
mod options;
mod record;
mod write_log;

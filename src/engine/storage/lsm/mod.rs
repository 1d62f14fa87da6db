//! A log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, "The Log-Structured Merge-Tree", 1996), built as
//! LevelDB and RocksDB build it.
//!
//! - [`key`]: internal keys: user key, sequence number, kind.

pub mod key;
mod memtable;
mod options;
mod record;

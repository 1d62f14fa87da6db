//! Tables: files of sorted entries that are written once and never changed (SSTables: Chang et al., "Bigtable", 2006).
//!
//! The format follows LevelDB's and RocksDB's as they publish it ("LevelDB: table_format.md"; "RocksDB:
//! BlockBasedTable Format"), with the differences told below.
//!
//! ```text
//!   ┌──────────────┐
//!   │ data block 0 │  entries in key order, each without what it shares with the one before   block.rs
//!   │ data block 1 │
//!   │      …       │
//!   ├──────────────┤ ◀ tail: read whole when the table is opened
//!   │ filter       │  Bloom filter over the user keys                                         filter.rs
//!   │ tombstones   │  range deletes, as entries: start, stamp ▶ end
//!   │ properties   │  counts, bounds, age                                                     properties.rs
//!   │ index        │  a key at or after each data block's last ▶ where the block stands       index.rs
//!   │ footer       │  where these four stand, version, magic                                  footer.rs
//!   └──────────────┘
//!   a block on disk:   bytes │ kind u8 │ checksum u32
//!   the checksum:      CRC-32C over (CRC-32C of the bytes, kind, file number, offset)
//! ```
//!
//! Differences: the checksum covers where the block belongs, so one that a write put elsewhere is caught; the stamp stands
//! beside the key and not behind it, so that keys are compared and compressed as users gave them; the footer leads to
//! everything directly; index and filter are unpacked once and stay in memory while the table is open.
//!
//! **Invariant:** every byte of the file is under a checksum. A block that fails it is an error that names file and
//! offset. Whatever the bytes are, reading them neither panics nor loops: each length and offset is checked where used.

mod block;
mod builder;
mod cursor;
pub mod filter;
mod footer;
mod index;
mod level;
mod properties;
mod reader;
#[cfg(test)]
pub(super) mod tests;

pub use builder::TableBuilder;
pub use cursor::TableCursor;
pub use filter::{expected_false_positives, hash, probes};
pub use level::LevelCursor;
pub use properties::Properties;
pub use reader::{Slice, Table};

use crate::StorageError;
use crate::checksum::crc32c;
use glassbase_trace::FileNumber;

/// How tables are built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableOptions {
    /// A data block is closed when it has so many bytes.
    pub block_bytes: usize,
    /// Entries from one restart point to the next.
    pub restart_interval: u32,
    /// Size of the Bloom filter; 0: none. Fractions count.
    pub bits_per_key: f64,
}

impl Default for TableOptions {
    fn default() -> TableOptions {
        TableOptions { block_bytes: 4096, restart_interval: 16, bits_per_key: 10.0 }
    }
}

/// What the file of a table is called.
pub fn table_name(number: FileNumber) -> String {
    format!("{:06}.sst", number.0)
}

/// Bytes behind those of a block: kind and checksum.
const TRAILER_BYTES: usize = 5;

/// What a block holds. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum BlockKind {
    Data = 1,
    Filter = 2,
    Tombstones = 3,
    Properties = 4,
    Index = 5,
}

/// Where a block stands, and its length without the trailer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BlockHandle {
    offset: u64,
    length: u32,
}

/// What is wrong with some bytes. Whoever knows which file they are from makes a [`StorageError`] of it.
type Damage = &'static str;

fn damaged(number: FileNumber, offset: u64, what: &str) -> StorageError {
    StorageError::DamagedFile { name: table_name(number), offset, what: what.to_string() }
}

/// The checksum of a block that stands at `offset` of table `number`.
fn block_checksum(bytes: &[u8], kind: u8, number: FileNumber, offset: u64) -> u32 {
    let mut place = [0; 21];
    place[..4].copy_from_slice(&crc32c(bytes).to_le_bytes());
    place[4] = kind;
    place[5..13].copy_from_slice(&number.0.to_le_bytes());
    place[13..].copy_from_slice(&offset.to_le_bytes());
    crc32c(&place)
}

/// Checks a block as read from the disk, trailer and all; gives its bytes without the trailer.
fn unseal(stored: &[u8], kind: BlockKind, number: FileNumber, offset: u64) -> Result<&[u8], StorageError> {
    let Some((bytes, trailer)) = stored.split_last_chunk::<TRAILER_BYTES>() else {
        return Err(damaged(number, offset, "a block is shorter than its trailer"));
    };
    let [stored_kind, a, b, c, d] = *trailer;
    let (stored, computed) = (u32::from_le_bytes([a, b, c, d]), block_checksum(bytes, stored_kind, number, offset));
    if stored != computed {
        let what = format!("the block's checksum is {stored:08x}, but should be {computed:08x}");
        return Err(damaged(number, offset, &what));
    }
    if stored_kind != kind as u8 {
        return Err(damaged(number, offset, "the block is of another kind than expected"));
    }
    Ok(bytes)
}

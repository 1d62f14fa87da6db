//! Writes a table: entries come in key order and leave as blocks.
//!
//! ```text
//!   add ──▶ open data block ──full──▶ pending bytes ──append_to──▶ file
//!             │ its last key            ▲
//!             ▼                         │ finish: filter, tombstones, properties, index, footer
//!           index, hashes ──────────────┘
//! ```
//!
//! What is written where depends on the entries and options alone, so equal input gives equal files.

use super::block::BlockBuilder;
use super::footer::Footer;
use super::properties::Properties;
use super::{BlockHandle, BlockKind, TableOptions, block_checksum, filter, index};
use crate::StorageError;
use crate::lsm::key::{InternalKey, KeyRef, Kind, MAX_SEQUENCE, Stamp};
use crate::lsm::range_tombstone::RangeTombstones;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::{Bytes, FileId, FileNumber};

/// A table in the making.
#[derive(Clone, Debug)]
pub struct TableBuilder {
    options: TableOptions,
    number: FileNumber,
    /// Finished bytes that [`TableBuilder::append_to`] has not written yet, and how many it has.
    pending: Vec<u8>,
    written: u64,
    data: BlockBuilder,
    index: BlockBuilder,
    /// The data block that the index does not know yet: its separator depends on the key that follows.
    unindexed: Option<BlockHandle>,
    last_stamp: Stamp,
    hashes: Vec<u64>,
    tombstones: RangeTombstones,
    properties: Properties,
}

impl TableBuilder {
    pub fn new(options: TableOptions, number: FileNumber) -> TableBuilder {
        let nothing = InternalKey { user: Bytes::from(&[][..]), stamp: Stamp::FIRST };
        let properties = Properties {
            entries: 0,
            deletes: 0,
            range_deletes: 0,
            data_blocks: 0,
            raw_key_bytes: 0,
            raw_value_bytes: 0,
            smallest_sequence: MAX_SEQUENCE,
            largest_sequence: 0,
            created_ns: 0,
            smallest: nothing.clone(),
            largest: nothing,
        };
        TableBuilder {
            data: BlockBuilder::new(options.restart_interval),
            index: BlockBuilder::new(options.restart_interval),
            options,
            number,
            pending: Vec::new(),
            written: 0,
            unindexed: None,
            last_stamp: Stamp::FIRST,
            hashes: Vec::new(),
            tombstones: RangeTombstones::default(),
            properties,
        }
    }

    pub fn number(&self) -> FileNumber {
        self.number
    }

    /// True while there is nothing that would make a table.
    pub fn is_empty(&self) -> bool {
        self.properties.entries == 0 && self.tombstones.is_empty()
    }

    pub fn entries(&self) -> u64 {
        self.properties.entries
    }

    /// About how long the file would be if it were finished now.
    pub fn estimated_bytes(&self) -> u64 {
        let filter = (self.hashes.len() as f64 * self.options.bits_per_key / 8.0) as u64;
        self.written + (self.pending.len() + self.data.len() + self.index.len()) as u64 + filter
    }

    /// The user key that was added last; empty before the first.
    pub fn last_user(&self) -> &[u8] {
        self.data.last_user()
    }

    /// Adds a put or a delete; keys come in the order of internal keys, each once.
    pub fn add(&mut self, key: KeyRef, value: &[u8]) {
        debug_assert!(matches!(key.stamp.kind(), Some(Kind::Put | Kind::Delete)), "range deletes stand apart");
        let is_first = self.properties.entries == 0;
        if is_first {
            self.properties.smallest = key.to_owned();
        } else if let Some(handle) = self.unindexed.take() {
            let last = self.data.last_user();
            let separator = if last == key.user {
                KeyRef { user: last, stamp: self.last_stamp }
            } else {
                KeyRef { user: index::separator(last, key.user), stamp: Stamp::FIRST }
            };
            index::add(&mut self.index, separator, handle);
        }
        if self.options.bits_per_key > 0.0 && (is_first || self.data.last_user() != key.user) {
            self.hashes.push(filter::hash(key.user));
        }
        self.data.add(key, value);
        self.last_stamp = key.stamp;
        self.properties.entries += 1;
        self.properties.deletes += u64::from(!key.stamp.is_put());
        self.properties.raw_key_bytes += (key.user.len() + Stamp::BYTES) as u64;
        self.properties.raw_value_bytes += value.len() as u64;
        self.saw(key.stamp);
        if self.data.len() >= self.options.block_bytes {
            self.finish_data_block();
        }
    }

    /// Adds a range delete, at any time.
    pub fn add_range_tombstone(&mut self, start: Bytes, end: Bytes, sequence: u64) {
        self.tombstones.insert(start, end, sequence);
    }

    fn saw(&mut self, stamp: Stamp) {
        let properties = &mut self.properties;
        properties.smallest_sequence = properties.smallest_sequence.min(stamp.sequence());
        properties.largest_sequence = properties.largest_sequence.max(stamp.sequence());
    }

    fn finish_data_block(&mut self) {
        let start = self.pending.len();
        self.data.finish(&mut self.pending);
        self.unindexed = Some(self.seal(start, BlockKind::Data));
        self.properties.data_blocks += 1;
    }

    /// Puts the trailer behind the block that begins at `start` of the pending bytes.
    fn seal(&mut self, start: usize, kind: BlockKind) -> BlockHandle {
        let offset = self.written + start as u64;
        let bytes = &self.pending[start..];
        let length = bytes.len() as u32;
        let checksum = block_checksum(bytes, kind as u8, self.number, offset);
        self.pending.push(kind as u8);
        self.pending.extend_from_slice(&checksum.to_le_bytes());
        BlockHandle { offset, length }
    }

    /// Writes what is pending to the file, if it is at least so many bytes. The file was empty when the table was begun.
    pub fn append_to(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        file: FileId,
        at_least: usize,
    ) -> Result<(), StorageError> {
        if self.pending.is_empty() || self.pending.len() < at_least {
            return Ok(());
        }
        let offset = disk.append(cx, file, &self.pending)?;
        assert_eq!(offset, self.written, "a table's file is written by its builder alone");
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Makes everything that is left, for [`TableBuilder::append_to`] or [`TableBuilder::into_bytes`] to give. The table
    /// must not be empty.
    pub fn finish(&mut self, created_ns: u64) -> Properties {
        assert!(!self.is_empty(), "a table has at least one entry or range delete");
        if !self.data.is_empty() {
            self.finish_data_block();
        }
        if self.properties.entries > 0 {
            let last = KeyRef { user: self.data.last_user(), stamp: self.last_stamp };
            self.properties.largest = last.to_owned();
            if let Some(handle) = self.unindexed.take() {
                index::add(&mut self.index, last, handle);
            }
        }
        self.properties.created_ns = created_ns;
        let mut footer = Footer::default();
        if let Some(bits) = filter::build(&self.hashes, self.options.bits_per_key) {
            let start = self.pending.len();
            self.pending.extend_from_slice(&bits);
            footer.filter = self.seal(start, BlockKind::Filter);
        }
        footer.tombstones = self.finish_tombstones();
        let start = self.pending.len();
        self.properties.write(&mut self.pending);
        footer.properties = self.seal(start, BlockKind::Properties);
        if !self.index.is_empty() {
            let start = self.pending.len();
            self.index.finish(&mut self.pending);
            footer.index = self.seal(start, BlockKind::Index);
        }
        let offset = self.written + self.pending.len() as u64;
        footer.write(&mut self.pending, self.number, offset);
        self.properties.clone()
    }

    /// Writes the range deletes as a block, and widens the table's bounds by them.
    fn finish_tombstones(&mut self) -> BlockHandle {
        if self.tombstones.is_empty() {
            return BlockHandle::default();
        }
        let tombstones = std::mem::take(&mut self.tombstones);
        let mut block = BlockBuilder::new(self.options.restart_interval);
        for piece in tombstones.iter() {
            let start = KeyRef::new(&piece.start, piece.sequence, Kind::RangeDelete);
            let end = KeyRef { user: &piece.end, stamp: Stamp::FIRST };
            block.add(start, end.user);
            let nothing_yet = self.properties.entries == 0 && self.properties.range_deletes == 0;
            if nothing_yet || start < self.properties.smallest.as_ref() {
                self.properties.smallest = start.to_owned();
            }
            if nothing_yet || end > self.properties.largest.as_ref() {
                self.properties.largest = end.to_owned();
            }
            self.properties.range_deletes += 1;
            self.saw(start.stamp);
        }
        let start = self.pending.len();
        block.finish(&mut self.pending);
        self.seal(start, BlockKind::Tombstones)
    }

    /// The bytes of a finished table that was not written to a file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.pending
    }
}

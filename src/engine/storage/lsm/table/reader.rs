//! Reads a table: opening, point look-ups, blocks by way of the cache.

use std::ops::Deref;
use std::rc::Rc;

use super::block::{Block, BlockCursor};
use super::filter::Filter;
use super::footer::{FOOTER_BYTES, Footer};
use super::index::Index;
use super::properties::Properties;
use super::{BlockHandle, BlockKind, Damage, TRAILER_BYTES, damaged, unseal};
use crate::StorageError;
use crate::lsm::cursor::Io;
use crate::lsm::key::{Kind, Stamp};
use crate::lsm::lookup::{Answer, Lookup};
use crate::lsm::range_tombstone::RangeTombstones;
use glassbase_sim::{Cx, Disk, DiskError};
use glassbase_trace::{Bytes, Event, FileId, FileNumber};

/// An open table. Index, filter, range deletes and properties are in memory; data blocks come through the cache.
#[derive(Clone, Debug)]
pub struct Table {
    number: FileNumber,
    file: FileId,
    file_bytes: u64,
    index: Index,
    filter: Option<Filter>,
    tombstones: RangeTombstones,
    properties: Properties,
}

/// A value in a block, which it keeps alive.
#[derive(Clone, Debug)]
pub struct Slice {
    block: Rc<[u8]>,
    start: u32,
    end: u32,
}

impl Deref for Slice {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.block[self.start as usize..self.end as usize]
    }
}

impl Table {
    /// Opens the table `number`, which stands in `file`. Two reads: the footer, and the tail that it leads to.
    pub fn open(cx: &mut Cx, disk: &mut Disk, number: FileNumber, file: FileId) -> Result<Table, StorageError> {
        let file_bytes = disk.file_len(file).ok_or(DiskError::NoSuchFile { file })?;
        let Some(footer_at) = file_bytes.checked_sub(FOOTER_BYTES as u64) else {
            return Err(damaged(number, 0, "it is shorter than a table's footer"));
        };
        let footer = disk.read_file(cx, file, footer_at, FOOTER_BYTES)?;
        let footer = Footer::read(&footer, number, footer_at).map_err(|what| damaged(number, footer_at, what))?;
        let tail_at = footer.tail_start();
        let tail = disk.read_file(cx, file, tail_at, (footer_at - tail_at) as usize)?;
        let tail = Tail { number, offset: tail_at, bytes: &tail };

        let filter = tail.part(footer.filter, BlockKind::Filter, Filter::read)?;
        let tombstones = tail.part(footer.tombstones, BlockKind::Tombstones, read_tombstones)?;
        let properties = tail.part(footer.properties, BlockKind::Properties, Properties::read)?;
        let Some(properties) = properties else { return Err(damaged(number, footer_at, "it has no properties")) };
        let read_index = |bytes: &[u8]| Index::read(Block::new(Rc::from(bytes))?, tail_at);
        let index = tail.part(footer.index, BlockKind::Index, read_index)?.unwrap_or_default();
        if index.len() == 0 && tail_at > 0 {
            return Err(damaged(number, footer_at, "it has data but no index"));
        }
        let tombstones = tombstones.unwrap_or_default();
        Ok(Table { number, file, file_bytes, index, filter, tombstones, properties })
    }

    pub fn number(&self) -> FileNumber {
        self.number
    }

    pub fn file(&self) -> FileId {
        self.file
    }

    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    pub fn tombstones(&self) -> &RangeTombstones {
        &self.tombstones
    }

    /// Number of data blocks.
    pub fn blocks(&self) -> usize {
        self.index.len()
    }

    /// Memory that index and filter take while the table is open.
    pub fn open_bytes(&self) -> usize {
        self.index.bytes() + self.filter.as_ref().map_or(0, Filter::bytes)
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// What the table says about the key, if it settles the matter.
    pub fn get(&self, io: &mut Io, lookup: &mut Lookup) -> Result<Option<Answer<Slice>>, StorageError> {
        let file = self.number;
        io.cx.emit(|| Event::TableAsked { file });
        lookup.cover(&self.tombstones);
        if let Some(filter) = &self.filter {
            let skipped = !filter.may_contain(lookup.hash());
            io.cx.emit(|| Event::FilterAsked { file, skipped });
            if skipped {
                lookup.filter_skips += 1;
                return Ok(lookup.judge(None));
            }
        }
        let target = lookup.target();
        let number = self.index.find(target);
        let mut found = None;
        if number < self.index.len() {
            let block = self.block(io, number)?;
            let entry = block.get(target).map_err(|what| self.damaged_block(number, what))?;
            io.cx.emit(|| Event::TableSearched { file, block: number as u32, found: entry.is_some() });
            found = entry.map(|entry| {
                let value = entry.value();
                let (start, end) = (value.start as u32, value.end as u32);
                (entry.stamp, Slice { block: block.into_bytes(), start, end })
            });
        }
        if found.is_none() && self.filter.is_some() {
            lookup.filter_false_positives += 1;
            io.cx.emit(|| Event::FilterFalsePositive { file });
        }
        Ok(lookup.judge(found))
    }

    /// A data block, from the cache or the disk.
    #[inline]
    pub(super) fn block(&self, io: &mut Io, number: usize) -> Result<Block, StorageError> {
        let handle = self.index.handle(number).unwrap_or_default();
        let bytes = match io.cache.get(io.cx, self.number, handle.offset) {
            Some(bytes) => bytes,
            None => self.read_block(io, handle)?,
        };
        Block::new(bytes).map_err(|what| damaged(self.number, handle.offset, what))
    }

    #[inline(never)]
    fn read_block(&self, io: &mut Io, handle: BlockHandle) -> Result<Rc<[u8]>, StorageError> {
        let (file, offset) = (self.number, handle.offset);
        io.cx.emit(|| Event::BlockMiss { file, offset, bytes: handle.length });
        let stored = io.disk.read_file(io.cx, self.file, offset, handle.length as usize + TRAILER_BYTES)?;
        let bytes: Rc<[u8]> = Rc::from(unseal(&stored, BlockKind::Data, file, offset)?);
        if io.keep {
            io.cache.insert(io.cx, file, offset, bytes.clone());
        }
        Ok(bytes)
    }

    /// The error of a data block whose entries are not what they should be.
    #[cold]
    pub(super) fn damaged_block(&self, number: usize, what: Damage) -> StorageError {
        damaged(self.number, self.index.handle(number).unwrap_or_default().offset, what)
    }

    /// Reads every block and checks what the builder promised: order, bounds, counts. The error names the first place that
    /// is wrong.
    pub fn verify(&self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        let (mut entries, mut last) = (0, None);
        let (smallest, largest) = (self.properties.smallest.as_ref(), self.properties.largest.as_ref());
        for number in 0..self.index.len() {
            let handle = self.index.handle(number).unwrap_or_default();
            let stored = disk.read_file(cx, self.file, handle.offset, handle.length as usize + TRAILER_BYTES)?;
            let bytes = unseal(&stored, BlockKind::Data, self.number, handle.offset)?;
            let wrong = |what| damaged(self.number, handle.offset, what);
            let mut cursor = BlockCursor::default();
            cursor.set(Block::new(Rc::from(bytes)).map_err(wrong)?);
            cursor.seek_to_first().map_err(wrong)?;
            while cursor.is_valid() {
                let key = cursor.key();
                if last.as_ref().is_some_and(|last: &crate::lsm::key::InternalKey| last.as_ref() >= key) {
                    return Err(wrong("its keys do not ascend"));
                }
                if key < smallest || key > largest {
                    return Err(wrong("a key is outside the bounds of the table"));
                }
                if self.index.find(key) != number {
                    return Err(wrong("the index does not lead to one of its keys"));
                }
                if self.filter.as_ref().is_some_and(|filter| !filter.may_contain(super::hash(key.user))) {
                    return Err(wrong("the filter does not know one of its keys"));
                }
                entries += 1;
                last = Some(key.to_owned());
                cursor.next().map_err(wrong)?;
            }
        }
        if entries != self.properties.entries || self.tombstones.len() as u64 != self.properties.range_deletes {
            return Err(damaged(self.number, 0, "it does not have as many entries as its properties say"));
        }
        Ok(())
    }
}

/// The end of a file, read in one piece.
struct Tail<'a> {
    number: FileNumber,
    offset: u64,
    bytes: &'a [u8],
}

impl Tail<'_> {
    /// Checks and reads one of its blocks; none when the footer knows none.
    fn part<T>(
        &self,
        handle: BlockHandle,
        kind: BlockKind,
        read: impl FnOnce(&[u8]) -> Result<T, Damage>,
    ) -> Result<Option<T>, StorageError> {
        if handle.length == 0 {
            return Ok(None);
        }
        let start = handle.offset.saturating_sub(self.offset) as usize;
        let stored = start
            .checked_add(handle.length as usize + TRAILER_BYTES)
            .and_then(|end| self.bytes.get(start..end))
            .ok_or_else(|| damaged(self.number, handle.offset, "a block leads past the end of the file"))?;
        let bytes = unseal(stored, kind, self.number, handle.offset)?;
        read(bytes).map(Some).map_err(|what| damaged(self.number, handle.offset, what))
    }
}

fn read_tombstones(bytes: &[u8]) -> Result<RangeTombstones, Damage> {
    let mut tombstones = RangeTombstones::default();
    let mut cursor = BlockCursor::default();
    cursor.set(Block::new(Rc::from(bytes))?);
    cursor.seek_to_first()?;
    while cursor.is_valid() {
        let (start, end): (_, &[u8]) = (cursor.key(), cursor.value());
        if start.stamp.kind() != Some(Kind::RangeDelete) || start.user >= end || start.stamp >= Stamp::seek(u64::MAX) {
            return Err("a range delete is none");
        }
        tombstones.insert(Bytes::from(start.user), Bytes::from(end), start.stamp.sequence());
        cursor.next()?;
    }
    Ok(tombstones)
}

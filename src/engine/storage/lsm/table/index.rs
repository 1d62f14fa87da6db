//! The index of a table: which data block to look into.
//!
//! On disk it is a block of entries: a separator, which sorts at or after all keys of a data block and before all of the
//! next, and where that data block stands. It is unpacked when the table is opened: what all separators have in common is
//! kept once, and of what follows the first eight bytes as a number, so that most comparisons of a search are between two
//! numbers in one array (as in the slots of a page, see [`crate::page`]).
//!
//! ```text
//!   block 0: … ash   block 1: beech … cedar   block 2: elm …
//!   separators:  "b" first          "e" first          elm 3     the shortest there are
//! ```

use super::block::{Block, BlockBuilder, BlockCursor, common_prefix};
use super::{BlockHandle, Damage, TRAILER_BYTES};
use crate::codec::{Reader, put_number};
use crate::lsm::key::{KeyRef, Stamp, head};

/// The shortest user key that sorts after `last` and at or before `next`, which is greater: what `next` has in common with
/// `last`, and one byte more. With the stamp [`Stamp::FIRST`] it separates the two.
pub fn separator<'a>(last: &[u8], next: &'a [u8]) -> &'a [u8] {
    let common = common_prefix(last, next);
    &next[..(common + 1).min(next.len())]
}

/// Appends a data block to the index.
pub fn add(index: &mut BlockBuilder, separator: KeyRef, handle: BlockHandle) {
    let mut value = Vec::with_capacity(12);
    put_number(&mut value, handle.offset);
    put_number(&mut value, u64::from(handle.length));
    index.add(separator, &value);
}

#[derive(Clone, Debug, Default)]
pub struct Index {
    /// What all separators begin with.
    prefix: Vec<u8>,
    /// The eight bytes behind it, zeros behind the end, as a number that orders as they do.
    heads: Vec<u64>,
    /// Separators without the prefix, one behind the other, and where each ends.
    keys: Vec<u8>,
    ends: Vec<u32>,
    stamps: Vec<Stamp>,
    handles: Vec<BlockHandle>,
}

impl Index {
    /// Reads the index block of a table whose data blocks fill the file up to `data_end`.
    pub fn read(block: Block, data_end: u64) -> Result<Index, Damage> {
        let mut index = Index::default();
        let mut cursor = BlockCursor::default();
        cursor.set(block);
        cursor.seek_to_last()?;
        let last = cursor.key().user.to_vec();
        cursor.seek_to_first()?;
        index.prefix = last[..common_prefix(&last, cursor.key().user)].to_vec();
        let (mut offset, mut before) = (0u64, None::<(Vec<u8>, Stamp)>);
        while cursor.is_valid() {
            let (key, mut value) = (cursor.key(), Reader::new(cursor.value()));
            let handle = match (value.number(), value.number().map(u32::try_from)) {
                (Some(offset), Some(Ok(length))) => BlockHandle { offset, length },
                _ => return Err("the index does not say where a block stands"),
            };
            if before.is_some_and(|(user, stamp)| KeyRef { user: &user, stamp } >= key) {
                return Err("the keys of the index do not ascend");
            }
            let past = handle.offset.checked_add(u64::from(handle.length) + TRAILER_BYTES as u64);
            match past {
                Some(past) if handle.offset == offset && past <= data_end => offset = past,
                _ => return Err("the index leads to places where no block can be"),
            }
            before = Some((key.user.to_vec(), key.stamp));
            index.push(key, handle)?;
            cursor.next()?;
        }
        if offset == data_end { Ok(index) } else { Err("the index does not know all of the table's blocks") }
    }

    fn push(&mut self, key: KeyRef, handle: BlockHandle) -> Result<(), Damage> {
        let rest = key.user.strip_prefix(&self.prefix[..]).ok_or("the keys of the index do not ascend")?;
        self.heads.push(head(rest));
        self.keys.extend_from_slice(rest);
        self.ends.push(u32::try_from(self.keys.len()).map_err(|_| "the index is too large")?);
        self.stamps.push(key.stamp);
        self.handles.push(handle);
        Ok(())
    }

    /// Number of data blocks.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    pub fn handle(&self, block: usize) -> Option<BlockHandle> {
        self.handles.get(block).copied()
    }

    fn key(&self, block: usize) -> KeyRef<'_> {
        let start = if block == 0 { 0 } else { self.ends[block - 1] as usize };
        KeyRef { user: &self.keys[start..self.ends[block] as usize], stamp: self.stamps[block] }
    }

    /// The only block that may hold the first entry at or after `target`, unless that is the first entry of the block
    /// after it; one past the last if there is none.
    #[inline]
    pub fn find(&self, target: KeyRef) -> usize {
        let common = common_prefix(&self.prefix, target.user);
        if common < self.prefix.len() {
            let is_before = target.user[common..].first() < self.prefix[common..].first();
            return if is_before { 0 } else { self.len() };
        }
        let rest = KeyRef { user: &target.user[common..], stamp: target.stamp };
        let head = head(rest.user);
        let mut low = self.heads.partition_point(|other| *other < head);
        if self.heads.get(low) != Some(&head) {
            return low;
        }
        let mut high = low + self.heads[low..].partition_point(|other| *other == head);
        while low < high {
            let middle = (low + high) / 2;
            if self.key(middle) < rest { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Memory that the index takes.
    pub fn bytes(&self) -> usize {
        self.keys.len() + self.len() * (8 + 4 + 8 + std::mem::size_of::<BlockHandle>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_short_and_separate() {
        for (last, next, expected) in [
            ("ash", "beech", "b"),
            ("ash", "ashen", "ashe"),
            ("", "a", "a"),
            ("birch", "bird", "bird"),
            ("birch", "birds", "bird"),
            ("a", "a\0", "a\0"),
        ] {
            let found = separator(last.as_bytes(), next.as_bytes());
            assert_eq!(found, expected.as_bytes());
            assert!(last.as_bytes() < found && found <= next.as_bytes());
        }
    }
}

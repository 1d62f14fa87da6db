//! The bytes of a memtable's entries: each as it stands in the log, one behind the other, never moved.
//!
//! ```text
//!   chunk 0   │ kind │ length │ key │ length │ value │ kind │ …          an address is the number of a chunk
//!   chunk 1   │ …                                                        and the place there
//! ```
//!
//! **Invariant:** of two entries, the one that came later has the greater address.

use crate::codec::Reader;
use crate::lsm::batch::Write;
use crate::lsm::key::Kind;

/// A chunk has so many bytes, but for the first ones, which have as many as all before together; an entry that is longer
/// has one of its own.
const CHUNK_BITS: u32 = 18;
const CHUNK_BYTES: usize = 1 << CHUNK_BITS;

#[derive(Clone, Debug, Default)]
pub struct Arena {
    chunks: Vec<Vec<u8>>,
    bytes: usize,
}

impl Arena {
    /// Takes the bytes of one entry; gives their address.
    #[inline]
    pub fn take(&mut self, bytes: &[u8]) -> u32 {
        if self.chunks.last().is_none_or(|chunk| chunk.capacity() - chunk.len() < bytes.len()) {
            let room = self.bytes.min(CHUNK_BYTES);
            self.chunks.push(Vec::with_capacity(room.max(bytes.len())));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let at = number << CHUNK_BITS | chunk.len();
        chunk.extend_from_slice(bytes);
        self.bytes += bytes.len();
        at as u32
    }

    /// Takes the bytes of several entries, if they go into one chunk; gives the address of the first.
    #[inline]
    pub fn take_all(&mut self, bytes: &[u8]) -> Option<u32> {
        (bytes.len() <= CHUNK_BYTES).then(|| self.take(bytes))
    }

    /// The entry at an address.
    #[inline(always)]
    pub fn entry(&self, at: u32) -> Write<'_> {
        let chunk = &self.chunks[(at >> CHUNK_BITS) as usize];
        let bytes = &chunk[at as usize % CHUNK_BYTES..];
        Write::decode(&mut Reader::new(bytes)).unwrap_or(Write { kind: Kind::Delete, key: &[], value: &[] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_every_length_are_found_at_ascending_addresses() {
        let mut arena = Arena::default();
        let mut expected = Vec::new();
        for length in [0, 1, 100, 127, 128, 20_000, CHUNK_BYTES - 9, CHUNK_BYTES, 3 * CHUNK_BYTES, 5, 200_000, 7] {
            let value = vec![length as u8; length];
            let mut bytes = Vec::new();
            Write { kind: Kind::Put, key: b"ash", value: &value }.encode(&mut bytes);
            let at = if length % 2 == 0 { arena.take_all(&bytes) } else { None };
            let at = at.unwrap_or_else(|| arena.take(&bytes));
            expected.push((at, value));
        }
        assert!(expected.is_sorted_by(|(at, _), (next, _)| at < next));
        for (at, value) in &expected {
            assert_eq!(arena.entry(*at), Write { kind: Kind::Put, key: b"ash", value });
        }
    }
}

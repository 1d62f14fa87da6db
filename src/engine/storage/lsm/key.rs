//! Internal keys: what a log-structured merge tree sorts by.
//!
//! Nothing is changed in place, so one user key has many versions. Each has a *stamp*: the sequence number of the write
//! that made it, and what it did. Versions of a key stand newest first, so the first one at or below a snapshot's
//! sequence number is the one that the snapshot sees (the order of LevelDB and RocksDB).
//!
//! ```text
//!   user key ascending, then stamp descending
//!
//!   ash   9 put      ◀ what a read now sees
//!   ash   4 delete   ◀ what a snapshot at 4 … 8 sees: nothing
//!   ash   2 put      ◀ what a snapshot at 2 or 3 sees
//!   beech 7 put
//!
//!   stamp   63                    8 7     0
//!           ┌──────────────────────┬───────┐      as a number: newer is greater
//!           │ sequence, 56 bits    │ kind  │
//!           └──────────────────────┴───────┘
//! ```
//!
//! A range delete is a version too: its user key is the first key deleted, its value the end (not deleted). It does not
//! stand among puts and deletes but in a list of its own, see [`super::range_tombstone`].
//!
//! Encoded, an internal key is the user key and the eight bytes of the stamp, little-endian.

use std::cmp::Ordering;

use glassbase_trace::Bytes;

/// Counts writes: each put, delete and range delete has its own, ascending from 1.
pub type Sequence = u64;

/// The greatest sequence number; as a snapshot, it sees everything.
pub const MAX_SEQUENCE: Sequence = (1 << 56) - 2;

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Delete = 0,
    Put = 1,
    RangeDelete = 2,
}

impl Kind {
    pub fn from_byte(byte: u8) -> Option<Kind> {
        match byte {
            0 => Some(Kind::Delete),
            1 => Some(Kind::Put),
            2 => Some(Kind::RangeDelete),
            _ => None,
        }
    }
}

/// Sequence number and kind in one number. A newer stamp is greater, and *sorts before* an older one of the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

impl Stamp {
    pub const BYTES: usize = 8;

    /// Sorts before every version of its user key, also before what [`Stamp::seek`] gives. It makes bounds: the end of a
    /// table that excludes a key, the separator of two blocks.
    pub const FIRST: Stamp = Stamp(u64::MAX);

    /// Sorts after every version of its user key.
    pub const LAST: Stamp = Stamp(0);

    #[inline(always)]
    pub fn new(sequence: Sequence, kind: Kind) -> Stamp {
        debug_assert!(sequence <= MAX_SEQUENCE, "sequence number {sequence} has more than 56 bits");
        Stamp(sequence << 8 | kind as u64)
    }

    /// What to seek for in order to find the newest version that a snapshot sees.
    #[inline(always)]
    pub fn seek(snapshot: Sequence) -> Stamp {
        Stamp(snapshot.min(MAX_SEQUENCE) << 8 | 0xff)
    }

    #[inline(always)]
    pub fn sequence(self) -> Sequence {
        self.0 >> 8
    }

    /// None for the stamps that are bounds only, and for damaged ones.
    #[inline(always)]
    pub fn kind(self) -> Option<Kind> {
        Kind::from_byte(self.0 as u8)
    }

    #[inline(always)]
    pub fn is_put(self) -> bool {
        self.0 as u8 == Kind::Put as u8
    }

    #[inline(always)]
    pub fn to_bytes(self) -> [u8; Stamp::BYTES] {
        self.0.to_le_bytes()
    }

    #[inline(always)]
    pub fn from_bytes(bytes: [u8; Stamp::BYTES]) -> Stamp {
        Stamp(u64::from_le_bytes(bytes))
    }
}

/// An internal key that stands somewhere else: in a block, a skip list, a log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef<'a> {
    pub user: &'a [u8],
    pub stamp: Stamp,
}

impl<'a> KeyRef<'a> {
    #[inline(always)]
    pub fn new(user: &'a [u8], sequence: Sequence, kind: Kind) -> KeyRef<'a> {
        KeyRef { user, stamp: Stamp::new(sequence, kind) }
    }

    /// Sorts just before the newest version of `user` that a snapshot sees.
    #[inline(always)]
    pub fn seek(user: &'a [u8], snapshot: Sequence) -> KeyRef<'a> {
        KeyRef { user, stamp: Stamp::seek(snapshot) }
    }

    pub fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.user);
        out.extend_from_slice(&self.stamp.to_bytes());
    }

    /// The key that `bytes` encode; none when they are too few.
    pub fn decode(bytes: &'a [u8]) -> Option<KeyRef<'a>> {
        let (user, stamp) = bytes.split_last_chunk::<{ Stamp::BYTES }>()?;
        Some(KeyRef { user, stamp: Stamp::from_bytes(*stamp) })
    }

    pub fn to_owned(self) -> InternalKey {
        InternalKey { user: Bytes::from(self.user), stamp: self.stamp }
    }
}

/// The first eight bytes of a user key, zeros behind its end, as a number that sorts as they do.
#[inline(always)]
pub fn head(user: &[u8]) -> u64 {
    match user.first_chunk::<8>() {
        Some(eight) => u64::from_be_bytes(*eight),
        None => {
            let mut eight = [0; 8];
            eight[..user.len()].copy_from_slice(user);
            u64::from_be_bytes(eight)
        }
    }
}

impl Ord for KeyRef<'_> {
    #[inline(always)]
    fn cmp(&self, other: &Self) -> Ordering {
        self.user.cmp(other.user).then_with(|| other.stamp.cmp(&self.stamp))
    }
}

impl PartialOrd for KeyRef<'_> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An internal key of its own: the bounds of a table, the place where a compaction stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalKey {
    pub user: Bytes,
    pub stamp: Stamp,
}

impl InternalKey {
    pub fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { user: &self.user, stamp: self.stamp }
    }
}

impl Ord for InternalKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl PartialOrd for InternalKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_stand_first_and_prefixes_before_what_they_begin() {
        let order = [
            KeyRef { user: b"a", stamp: Stamp::FIRST },
            KeyRef::seek(b"a", MAX_SEQUENCE),
            KeyRef::new(b"a", 9, Kind::Put),
            KeyRef::seek(b"a", 8),
            KeyRef::new(b"a", 8, Kind::RangeDelete),
            KeyRef::new(b"a", 8, Kind::Delete),
            KeyRef::new(b"a", 1, Kind::Put),
            KeyRef { user: b"a", stamp: Stamp::LAST },
            KeyRef::new(b"a\0", 9, Kind::Put),
            KeyRef::new(b"ab", 1, Kind::Put),
            KeyRef::new(b"b", 7, Kind::Delete),
        ];
        for (at, key) in order.iter().enumerate() {
            for (other_at, other) in order.iter().enumerate() {
                assert_eq!(key.cmp(other), at.cmp(&other_at), "{key:?} {other:?}");
            }
        }
    }

    #[test]
    fn encodes_and_decodes() {
        for (user, sequence, kind) in
            [(&b""[..], 0, Kind::Delete), (b"ash", 77, Kind::Put), (b"\xff", MAX_SEQUENCE, Kind::RangeDelete)]
        {
            let key = KeyRef::new(user, sequence, kind);
            let mut bytes = vec![];
            key.encode(&mut bytes);
            assert_eq!(KeyRef::decode(&bytes), Some(key));
            assert_eq!((key.stamp.sequence(), key.stamp.kind()), (sequence, Some(kind)));
            assert_eq!(key.to_owned().as_ref(), key);
        }
        assert_eq!(KeyRef::decode(&[0; 7]), None);
        assert_eq!(Stamp::FIRST.kind(), None);
        assert_eq!(Stamp::seek(5).kind(), None);
    }
}

//! A get on its way from the newest source to the oldest.
//!
//! ```text
//!   memtable ──▶ immutable memtables ──▶ level 0, newest first ──▶ level 1 ──▶ …
//!       └ found, or deleted by a range: stop       └ else go on
//! ```
//!
//! Of one user key, whatever a newer source has is newer than what an older one has. So the first version met is the
//! answer, unless a range delete met on the way here is newer than it; and once a range delete covers the key, older
//! sources have nothing to say.

use super::key::{KeyRef, Sequence, Stamp};
use super::range_tombstone::RangeTombstones;
use super::table::hash;

/// What a source answers when it settles a get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<V> {
    Value(V),
    Deleted,
}

/// One get.
#[derive(Clone, Debug)]
pub struct Lookup<'k> {
    user: &'k [u8],
    snapshot: Sequence,
    /// Of the range deletes met so far that the snapshot sees and that cover the key, the newest; 0: none.
    covered: Sequence,
    hash: Option<u64>,
    /// Tables that their filter answered for, and those that it let pass in vain.
    pub filter_skips: u64,
    pub filter_false_positives: u64,
}

impl<'k> Lookup<'k> {
    pub fn new(user: &'k [u8], snapshot: Sequence) -> Lookup<'k> {
        Lookup { user, snapshot, covered: 0, hash: None, filter_skips: 0, filter_false_positives: 0 }
    }

    pub fn user(&self) -> &'k [u8] {
        self.user
    }

    pub fn snapshot(&self) -> Sequence {
        self.snapshot
    }

    /// What to seek for.
    #[inline]
    pub fn target(&self) -> KeyRef<'k> {
        KeyRef::seek(self.user, self.snapshot)
    }

    /// The key's hash for Bloom filters, computed once.
    #[inline]
    pub fn hash(&mut self) -> u64 {
        *self.hash.get_or_insert_with(|| hash(self.user))
    }

    /// To be called for a source before its version is judged.
    #[inline]
    pub fn cover(&mut self, tombstones: &RangeTombstones) {
        self.covered = self.covered.max(tombstones.covering(self.user, self.snapshot));
    }

    /// The answer, given the version that the source found: the newest up to the snapshot, if any. None: ask the next.
    #[inline]
    pub fn judge<V>(&self, found: Option<(Stamp, V)>) -> Option<Answer<V>> {
        match found {
            Some((stamp, value)) if stamp.is_put() && stamp.sequence() > self.covered => Some(Answer::Value(value)),
            Some(_) => Some(Answer::Deleted),
            None if self.covered > 0 => Some(Answer::Deleted),
            None => None,
        }
    }
}

//! Which entries a flush or a compaction keeps.
//!
//! Snapshots cut history into strata: entries of one key in one stratum are told apart by no snapshot, so of those only the
//! newest is kept.
//!
//! ```text
//!   snapshots          4         8
//!   ash    2 put   3 put │ 6 put   7 put │ 9 put
//!            ▲ dropped  ▲ kept  ▲ dropped ▲ kept ▲ kept
//! ```
//!
//! A range delete hides what is older in its own stratum likewise. Where no older entry can be anywhere below (at the
//! bottom), deletes of the oldest stratum have nothing left to hide and are dropped themselves.

use super::key::{KeyRef, MAX_SEQUENCE, Sequence};
use super::range_tombstone::{RangeTombstone, RangeTombstones};

/// Judges entries as they come by in the order of internal keys.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Ascending.
    snapshots: Vec<Sequence>,
    tombstones: RangeTombstones,
    at_bottom: bool,
    /// The user key of the last entry, and its stratum.
    user: Vec<u8>,
    stratum: Option<usize>,
}

impl Retention {
    /// `tombstones` are the range deletes of everything that goes by.
    pub fn new(snapshots: &[Sequence], tombstones: RangeTombstones, at_bottom: bool) -> Retention {
        debug_assert!(snapshots.is_sorted());
        Retention { snapshots: snapshots.to_vec(), tombstones, at_bottom, user: Vec::new(), stratum: None }
    }

    fn stratum_of(&self, sequence: Sequence) -> usize {
        self.snapshots.partition_point(|snapshot| *snapshot < sequence)
    }

    /// Whether the entry that comes next is kept.
    #[inline]
    pub fn keeps(&mut self, key: KeyRef) -> bool {
        let sequence = key.stamp.sequence();
        let stratum = if self.snapshots.is_empty() { 0 } else { self.stratum_of(sequence) };
        if self.stratum == Some(stratum) && *self.user == *key.user {
            return false;
        }
        if self.stratum.is_none() || *self.user != *key.user {
            self.user.clear();
            self.user.extend_from_slice(key.user);
        }
        self.stratum = Some(stratum);
        // The newest range delete that every snapshot sees that sees the entry.
        let seen_by_all = self.snapshots.get(stratum).copied().unwrap_or(MAX_SEQUENCE);
        if self.tombstones.covering(key.user, seen_by_all) > sequence {
            return false;
        }
        key.stamp.is_put() || !self.at_bottom || stratum > 0
    }

    /// The range deletes that are kept, from `from` up to, not including, `to`.
    pub fn tombstones(&self, from: Option<&[u8]>, to: Option<&[u8]>) -> Vec<RangeTombstone> {
        let mut kept: Vec<RangeTombstone> = Vec::new();
        if self.tombstones.is_empty() {
            return kept;
        }
        let mut before: Option<(RangeTombstone, usize)> = None;
        for piece in self.tombstones.clipped(from, to).iter() {
            let stratum = self.stratum_of(piece.sequence);
            let hidden = before.as_ref().is_some_and(|(newer, at)| newer.start == piece.start && *at == stratum);
            if !(hidden || self.at_bottom && stratum == 0) {
                kept.push(piece.clone());
            }
            before = Some((piece, stratum));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsm::key::Kind;
    use glassbase_trace::Bytes;

    fn kept(
        snapshots: &[Sequence],
        at_bottom: bool,
        ranges: &[(&str, &str, u64)],
        entries: &[(&str, u64, Kind)],
    ) -> String {
        let mut tombstones = RangeTombstones::default();
        for (start, end, sequence) in ranges {
            tombstones.insert(Bytes::from(start.as_bytes()), Bytes::from(end.as_bytes()), *sequence);
        }
        let mut retention = Retention::new(snapshots, tombstones, at_bottom);
        let mut words = Vec::new();
        for (key, sequence, kind) in entries {
            if retention.keeps(KeyRef::new(key.as_bytes(), *sequence, *kind)) {
                words.push(format!("{key}{sequence}"));
            }
        }
        for piece in retention.tombstones(None, None) {
            words.push(format!("{}-{}@{}", piece.start, piece.end, piece.sequence));
        }
        words.join(" ")
    }

    const ASH: &[(&str, u64, Kind)] = &[
        ("ash", 9, Kind::Put),
        ("ash", 7, Kind::Put),
        ("ash", 6, Kind::Delete),
        ("ash", 3, Kind::Delete),
        ("ash", 2, Kind::Put),
        ("elm", 5, Kind::Delete),
    ];

    #[test]
    fn the_newest_of_each_stratum_is_kept() {
        assert_eq!(kept(&[], false, &[], ASH), "ash9 elm5");
        assert_eq!(kept(&[4, 8], false, &[], ASH), "ash9 ash7 ash3 elm5");
        assert_eq!(kept(&[2], false, &[], ASH), "ash9 ash2 elm5");
    }

    #[test]
    fn deletes_go_at_the_bottom_unless_a_snapshot_tells_them_from_what_is_older() {
        assert_eq!(kept(&[], true, &[], ASH), "ash9");
        assert_eq!(kept(&[4, 8], true, &[], ASH), "ash9 ash7 elm5");
        assert_eq!(kept(&[2, 6], true, &[], &ASH[2..]), "ash6 ash2 elm5");
    }

    #[test]
    fn range_deletes_hide_what_is_older_in_their_stratum() {
        assert_eq!(kept(&[], false, &[("a", "b", 8)], ASH), "ash9 elm5 a-b@8");
        assert_eq!(kept(&[], true, &[("a", "z", 10)], ASH), "");
        assert_eq!(kept(&[7], false, &[("a", "z", 8)], ASH), "ash9 ash7 elm5 a-z@8");
        assert_eq!(kept(&[], false, &[("a", "z", 8), ("a", "z", 9)], &[]), "a-z@9");
        assert_eq!(kept(&[8], true, &[("a", "z", 8), ("a", "z", 9)], &[]), "a-z@9");
        assert_eq!(kept(&[8], false, &[("a", "z", 8), ("a", "z", 9)], &[]), "a-z@9 a-z@8");
    }
}

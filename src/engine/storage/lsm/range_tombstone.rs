//! Range deletes, cut into fragments that do not overlap.
//!
//! A range delete hides all older versions of the keys from its start up to, not including, its end. Several may overlap.
//! Cut at every start and end, each fragment has the sequence numbers of all range deletes that cover it, and the
//! question "which is the newest one that covers this key and that this snapshot sees" is two binary searches (Madan and
//! Kryczka, "DeleteRange: A New Native RocksDB Operation", 2018).
//!
//! ```text
//!   deletes     9:      ├───────────┤            fragments   a──c    4
//!               4: ├────────┤                                c──e    4 9
//!                  a    c   e       h                        e──h    9
//! ```
//!
//! **Invariant:** fragments are not empty, ascend, and do not overlap; the numbers of each ascend and are at least one.

use super::key::Sequence;
use glassbase_trace::Bytes;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fragment {
    start: Bytes,
    end: Bytes,
    /// Ascending.
    sequences: Vec<Sequence>,
}

/// A piece of a range delete: the versions older than `sequence` of the keys from `start` up to `end` are deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeTombstone {
    pub start: Bytes,
    pub end: Bytes,
    pub sequence: Sequence,
}

/// The range deletes of a memtable, a table, or of all that a scan reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeTombstones {
    fragments: Vec<Fragment>,
}

impl RangeTombstones {
    pub fn is_empty(&self) -> bool {
        self.fragments.is_empty()
    }

    /// Number of pieces that [`RangeTombstones::iter`] gives.
    pub fn len(&self) -> usize {
        self.fragments.iter().map(|fragment| fragment.sequences.len()).sum()
    }

    /// Adds a range delete. One whose end is not after its start deletes nothing.
    pub fn insert(&mut self, start: Bytes, end: Bytes, sequence: Sequence) {
        if start >= end {
            return;
        }
        let first = self.cut(&start);
        let past = self.cut(&end);
        let mut covered_to = start;
        let mut at = first;
        for _ in first..past {
            if covered_to < self.fragments[at].start {
                let gap_end = self.fragments[at].start.clone();
                self.fragments.insert(at, Fragment { start: covered_to, end: gap_end, sequences: vec![sequence] });
                at += 1;
            }
            let fragment = &mut self.fragments[at];
            let rank = fragment.sequences.partition_point(|other| *other < sequence);
            if fragment.sequences.get(rank) != Some(&sequence) {
                fragment.sequences.insert(rank, sequence);
            }
            covered_to = fragment.end.clone();
            at += 1;
        }
        if covered_to < end {
            self.fragments.insert(at, Fragment { start: covered_to, end, sequences: vec![sequence] });
        }
        debug_assert!(self.is_in_order());
    }

    /// Adds all pieces of another list.
    pub fn extend(&mut self, other: &RangeTombstones) {
        for RangeTombstone { start, end, sequence } in other.iter() {
            self.insert(start, end, sequence);
        }
    }

    /// The newest range delete of `user` among those that a snapshot sees; 0: none.
    #[inline]
    pub fn covering(&self, user: &[u8], snapshot: Sequence) -> Sequence {
        if self.fragments.is_empty() { 0 } else { self.search(user, snapshot) }
    }

    #[inline(never)]
    fn search(&self, user: &[u8], snapshot: Sequence) -> Sequence {
        let at = self.fragments.partition_point(|fragment| *fragment.end <= *user);
        let Some(fragment) = self.fragments.get(at).filter(|fragment| *fragment.start <= *user) else { return 0 };
        match fragment.sequences.partition_point(|sequence| *sequence <= snapshot) {
            0 => 0,
            seen => fragment.sequences[seen - 1],
        }
    }

    /// The pieces, in the order of internal keys: start ascending, sequence descending.
    pub fn iter(&self) -> impl Iterator<Item = RangeTombstone> {
        self.fragments.iter().flat_map(|fragment| {
            let piece =
                |&sequence| RangeTombstone { start: fragment.start.clone(), end: fragment.end.clone(), sequence };
            fragment.sequences.iter().rev().map(piece)
        })
    }

    /// What lies from `from` up to, not including, `to` (none: no bound), cut off there. So a compaction gives each of its
    /// tables its part.
    pub fn clipped(&self, from: Option<&[u8]>, to: Option<&[u8]>) -> RangeTombstones {
        let mut clipped = RangeTombstones::default();
        for fragment in &self.fragments {
            let start = from.filter(|from| **from > *fragment.start).map_or(fragment.start.clone(), Bytes::from);
            let end = to.filter(|to| **to < *fragment.end).map_or(fragment.end.clone(), Bytes::from);
            if start < end {
                clipped.fragments.push(Fragment { start, end, sequences: fragment.sequences.clone() });
            }
        }
        clipped
    }

    /// The first key deleted and the end of the last range.
    pub fn bounds(&self) -> Option<(&Bytes, &Bytes)> {
        Some((&self.fragments.first()?.start, &self.fragments.last()?.end))
    }

    /// Cuts the fragment that `key` lies inside of in two. Returns how many fragments end at or before `key`.
    fn cut(&mut self, key: &Bytes) -> usize {
        let at = self.fragments.partition_point(|fragment| fragment.end <= *key);
        match self.fragments.get(at) {
            Some(fragment) if fragment.start < *key => {
                let left = Fragment { end: key.clone(), ..fragment.clone() };
                self.fragments[at].start = key.clone();
                self.fragments.insert(at, left);
                at + 1
            }
            _ => at,
        }
    }

    fn is_in_order(&self) -> bool {
        let sound = |fragment: &Fragment| {
            fragment.start < fragment.end
                && !fragment.sequences.is_empty()
                && fragment.sequences.is_sorted_by(|a, b| a < b)
        };
        self.fragments.iter().all(sound) && self.fragments.is_sorted_by(|a, b| a.end <= b.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;

    fn list(ranges: &[(&str, &str, Sequence)]) -> RangeTombstones {
        let mut list = RangeTombstones::default();
        for (start, end, sequence) in ranges {
            list.insert(Bytes::from(start.as_bytes()), Bytes::from(end.as_bytes()), *sequence);
        }
        list
    }

    fn shown(list: &RangeTombstones) -> String {
        let pieces: Vec<_> =
            list.iter().map(|piece| format!("{}-{}@{}", piece.start, piece.end, piece.sequence)).collect();
        pieces.join(" ")
    }

    #[test]
    fn overlapping_ranges_are_cut_at_each_start_and_end() {
        assert_eq!(shown(&list(&[("a", "e", 4), ("c", "h", 9)])), "a-c@4 c-e@9 c-e@4 e-h@9");
        assert_eq!(
            shown(&list(&[("c", "d", 1), ("f", "g", 2), ("a", "z", 3)])),
            "a-c@3 c-d@3 c-d@1 d-f@3 f-g@3 f-g@2 g-z@3"
        );
        assert_eq!(shown(&list(&[("a", "c", 1), ("a", "c", 1), ("d", "d", 2), ("e", "b", 3)])), "a-c@1");
    }

    #[test]
    fn a_key_is_covered_by_the_newest_that_the_snapshot_sees() {
        let list = list(&[("a", "e", 4), ("c", "h", 9)]);
        let at = |key: &str, snapshot| list.covering(key.as_bytes(), snapshot);
        assert_eq!(
            [at("b", 3), at("b", 4), at("d", 8), at("d", 9), at("e", 8), at("g", 99), at("h", 99)],
            [0, 4, 4, 9, 0, 9, 0]
        );
        assert_eq!(list.bounds().map(|(start, end)| (&start[..], &end[..])), Some((&b"a"[..], &b"h"[..])));
    }

    #[test]
    fn agrees_with_asking_every_range() {
        let mut generator = Generator::new(2, "ranges");
        for _ in 0..200 {
            let (mut list, mut ranges) = (RangeTombstones::default(), vec![]);
            for sequence in 1..=generator.below(20) {
                let (start, end) = (generator.below(30), generator.below(30));
                let sequence = (sequence * 7) % 20 + 1;
                list.insert(Bytes::number(start), Bytes::number(end), sequence);
                ranges.push((start, end, sequence));
            }
            let mut again = RangeTombstones::default();
            again.extend(&list);
            assert_eq!(again, list);
            let (from, to) = (generator.below(30), generator.below(30));
            let clipped = list.clipped(Some(&Bytes::number(from)), Some(&Bytes::number(to)));
            for key in 0..30 {
                for snapshot in 0..22 {
                    let covers =
                        |&&(start, end, sequence): &&(u64, u64, u64)| start <= key && key < end && sequence <= snapshot;
                    let expected = ranges.iter().filter(covers).map(|range| range.2).max().unwrap_or(0);
                    assert_eq!(list.covering(&Bytes::number(key), snapshot), expected);
                    let inside = if from <= key && key < to { expected } else { 0 };
                    assert_eq!(clipped.covering(&Bytes::number(key), snapshot), inside);
                }
            }
        }
    }
}

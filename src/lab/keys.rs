//! Where keys and values come from.
//!
//! ```text
//!   uniform     483 91 776 12     every number alike
//!   ascending   1 2 3 4           as from a counter
//!   zipf        1 3 1 2 1 1 9     number k comes about 1/k as often as number 1
//!   uuid4       0x9f1c… 0x03d7…   122 random bits: each lands anywhere in the tree
//!   uuid7       0x0199… 0x0199…   milliseconds first: each lands at the right edge
//! ```
//!
//! **Invariant:** the n-th key does not depend on how many are asked for, so a command that was stopped after n keys is
//! the same as one that asks for n.

use crate::sim::{Cx, Generator, Zipf};
use crate::trace::sorted::SortedMap;
use crate::trace::state::Cell;
use crate::trace::{Cells, EngineState, Lsn, PageBody, PageId, PageState};
use std::rc::Rc;

/// How keys are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Uniform,
    Ascending,
    Zipf,
    Uuid4,
    Uuid7,
}

/// The words of [`Distribution`].
pub const DISTRIBUTIONS: &[&str] = &["uniform", "ascending", "zipf", "uuid4", "uuid7"];
/// How keys that are there are drawn for lookups.
pub const LOOKUPS: &[&str] = &["uniform", "zipf"];

impl Distribution {
    pub fn from_word(word: &str) -> Option<Distribution> {
        Some(match word {
            "uniform" => Distribution::Uniform,
            "ascending" => Distribution::Ascending,
            "zipf" => Distribution::Zipf,
            "uuid4" => Distribution::Uuid4,
            "uuid7" => Distribution::Uuid7,
            _ => return None,
        })
    }

    pub fn word(self) -> &'static str {
        DISTRIBUTIONS[self as usize]
    }

    /// Whether the keys are numbers, so that a highest one can be told.
    pub fn has_numbers(self) -> bool {
        matches!(self, Distribution::Uniform | Distribution::Zipf)
    }
}

/// Zipf's exponent: with 1 the most frequent key comes twice as often as the second.
pub const ZIPF_EXPONENT: f64 = 1.0;
/// 1 January 2026, in milliseconds since 1970: where the clock of version 7 begins.
const UUID7_EPOCH_MS: u64 = 1_767_225_600_000;

/// The highest number that is drawn when nobody says: small numbers are easier to read, but there must be plenty of them.
pub fn default_bound(count: u64) -> u64 {
    match count {
        0..=50 => 999,
        51..=20_000 => 999_999,
        _ => u64::MAX,
    }
}

/// Draws keys. One for a whole run, so that a second `random` goes on where the first ended.
#[derive(Clone, Debug)]
pub struct KeySource {
    generator: Generator,
    /// How many ascending keys and UUIDs have been made.
    made: u64,
}

impl KeySource {
    pub fn new(cx: &Cx) -> KeySource {
        KeySource { generator: cx.generator("lab.keys"), made: 0 }
    }

    /// A number from 1 to `bound`.
    pub fn number(&mut self, bound: u64) -> u64 {
        1 + self.generator.below(bound.max(1))
    }

    pub fn generator(&mut self) -> &mut Generator {
        &mut self.generator
    }

    /// Puts the next key into `key`.
    pub fn draw(&mut self, distribution: Distribution, bound: u64, zipf: Option<&Zipf>, key: &mut Vec<u8>) {
        key.clear();
        let number = match (distribution, zipf) {
            (Distribution::Uuid4 | Distribution::Uuid7, _) => {
                self.made += 1;
                key.extend_from_slice(&self.uuid(distribution));
                return;
            }
            (Distribution::Ascending, _) => {
                self.made += 1;
                self.made
            }
            (_, Some(zipf)) => zipf.sample(&mut self.generator),
            (_, None) => self.number(bound),
        };
        key.extend_from_slice(&number.to_be_bytes());
    }

    fn uuid(&mut self, distribution: Distribution) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.generator.next_u64().to_be_bytes());
        bytes[8..].copy_from_slice(&self.generator.next_u64().to_be_bytes());
        let version = if distribution == Distribution::Uuid7 {
            let time_ms = UUID7_EPOCH_MS + self.made;
            bytes[..6].copy_from_slice(&time_ms.to_be_bytes()[2..]);
            0x70
        } else {
            0x40
        };
        bytes[6] = bytes[6] & 0x0f | version;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }
}

/// Puts the value that belongs to a key into `value`: letters that depend on the key alone.
pub fn make_value(key: &[u8], size: usize, value: &mut Vec<u8>) {
    let mut fnv = crate::trace::text::Fnv::default();
    fnv.update(key);
    let mut state = fnv.value();
    value.clear();
    value.extend((0..size).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'a' + ((state >> 33) % 26) as u8
    }));
}

/// The keys of a tree, or of any list, to draw from. What a draw costs does not depend on how many keys there are.
#[derive(Clone, Debug)]
pub struct Sample {
    leaves: Vec<Rc<PageState>>,
    /// For each leaf the number of keys in it and in those before.
    ends: Vec<u64>,
    /// Where the most frequent key of a skewed draw stands, and how far it is from each to the next.
    first: u64,
    stride: u64,
    /// How many have been drawn for good, and the ranks that stand in other places since.
    taken: u64,
    moved: SortedMap<u64, u64>,
}

impl Sample {
    pub fn new(state: &EngineState) -> Sample {
        let (leaves, ends, moved) = (Vec::new(), Vec::new(), SortedMap::new());
        let mut sample = Sample { leaves, ends, first: 0, stride: 1, taken: 0, moved };
        let mut count = 0;
        for page in &state.pages {
            if let PageBody::Leaf { cells, .. } = &page.body {
                count += cells.len() as u64;
                sample.leaves.push(page.clone());
                sample.ends.push(count);
            }
        }
        sample.scatter();
        sample
    }

    /// Any keys, in the order in which they are to be counted.
    pub fn of_keys<'a>(keys: impl Iterator<Item = &'a [u8]>) -> Sample {
        let mut cells = Cells::default();
        keys.for_each(|key| cells.push(key, Cell::default()));
        let body = PageBody::Leaf { prev: PageId::NONE, next: PageId::NONE, cells };
        let page = Rc::new(PageState { page: PageId::NONE, lsn: Lsn(0), used: 0, body });
        Sample::new(&EngineState { pages: vec![page], ..EngineState::default() })
    }

    pub fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives each key its rank: each next one stands the golden section of all further on, so that those drawn most often
    /// do not stand side by side. The stride has no divisor in common with the number of keys, so each key has one rank,
    /// and the same in every command on the same tree: what is asked for most often stays that.
    fn scatter(&mut self) {
        let count = self.len();
        self.stride = share(count, GOLDEN).max(1);
        while greatest_common_divisor(self.stride, count) != 1 {
            self.stride += 1;
        }
        self.first = self.stride;
    }

    /// The key of a rank, counted from 0.
    pub fn key(&self, rank: u64) -> Option<&[u8]> {
        let count = u128::from(self.len().max(1));
        let place = (u128::from(self.first) + u128::from(rank) * u128::from(self.stride)) % count;
        self.key_at(place as u64)
    }

    /// The key in a place, counted from 0 along the leaves in the order of their numbers.
    fn key_at(&self, place: u64) -> Option<&[u8]> {
        let leaf = self.ends.partition_point(|end| *end <= place);
        let before = if leaf == 0 { 0 } else { self.ends[leaf - 1] };
        Some(self.leaves.get(leaf)?.cells()?.key((place - before) as usize))
    }

    /// Draws a key that has not been taken yet: a step of the shuffle of Fisher and Yates, of which only the places that
    /// it changed are kept.
    pub fn take(&mut self, generator: &mut Generator) -> Option<&[u8]> {
        let left = self.len() - self.taken;
        if left == 0 {
            return None;
        }
        let place = self.taken + generator.below(left);
        let front = self.moved.remove(&self.taken).unwrap_or(self.taken);
        let drawn = if place == self.taken { Some(front) } else { self.moved.insert(place, front) };
        self.taken += 1;
        self.key_at(drawn.unwrap_or(place))
    }
}

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// `part / 2^64` of `whole`.
fn share(whole: u64, part: u64) -> u64 {
    ((u128::from(whole) * u128::from(part)) >> 64) as u64
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(distribution: Distribution, count: usize) -> Vec<Vec<u8>> {
        let mut source = KeySource::new(&Cx::new(1));
        let zipf = Zipf::new(1000, ZIPF_EXPONENT);
        let zipf = (distribution == Distribution::Zipf).then_some(&zipf);
        let mut key = Vec::new();
        let mut next = || {
            source.draw(distribution, 1000, zipf, &mut key);
            key.clone()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        for distribution in [Distribution::Uniform, Distribution::Zipf] {
            for key in draw(distribution, 500) {
                let number = u64::from_be_bytes(key.try_into().unwrap());
                assert!((1..=1000).contains(&number), "{number}");
            }
        }
    }

    #[test]
    fn uuids_carry_their_version() {
        assert!(draw(Distribution::Uuid4, 50).iter().all(|uuid| uuid[6] >> 4 == 4 && uuid[8] >> 6 == 2));
        let ordered = draw(Distribution::Uuid7, 50);
        assert!(ordered.iter().all(|uuid| uuid[6] >> 4 == 7 && uuid[8] >> 6 == 2));
        assert!(ordered.is_sorted());
        assert!(!draw(Distribution::Uuid4, 50).is_sorted());
        assert!(draw(Distribution::Ascending, 50).is_sorted());
    }

    /// A tree whose leaves hold the numbers below `count`, seven to a leaf.
    fn sample(count: u64) -> Sample {
        let keys: Vec<[u8; 8]> = (0..count).map(u64::to_be_bytes).collect();
        let leaf = |keys: &[[u8; 8]]| {
            let mut cells = Cells::default();
            keys.iter().for_each(|key| cells.push(key, Cell::default()));
            let body = PageBody::Leaf { prev: PageId::NONE, next: PageId::NONE, cells };
            Rc::new(PageState { page: PageId(1), lsn: Lsn(1), used: 0, body })
        };
        Sample::new(&EngineState { pages: keys.chunks(7).map(leaf).collect(), ..EngineState::default() })
    }

    #[test]
    fn every_key_has_one_rank_and_neighbours_in_rank_are_far_apart() {
        for count in [1, 2, 3, 6, 30, 999, 1000, 2310] {
            let sample = sample(count);
            let number = |rank| u64::from_be_bytes(sample.key(rank).unwrap().try_into().unwrap());
            let mut keys: Vec<u64> = (0..count).map(number).collect();
            assert!(count < 30 || keys.windows(2).take(10).all(|pair| pair[0].abs_diff(pair[1]) > count / 4));
            keys.sort_unstable();
            assert!(keys.into_iter().eq(0..count), "{count}");
        }
        assert_eq!(sample(0).key(0), None);
        let listed: Vec<[u8; 8]> = (0..100u64).map(u64::to_be_bytes).collect();
        let listed = Sample::of_keys(listed.iter().map(|key| &key[..]));
        assert!((0..100).all(|rank| listed.key(rank) == sample(100).key(rank)) && listed.len() == 100);
        assert!(Sample::of_keys(std::iter::empty()).is_empty());
    }

    #[test]
    fn what_is_taken_is_a_shuffle() {
        let (mut sample, mut generator) = (sample(500), Cx::new(1).generator("lab.keys"));
        let mut again = generator.clone();
        let mut taken = Vec::new();
        while let Some(key) = sample.take(&mut generator) {
            taken.push(u64::from_be_bytes(key.try_into().unwrap()));
        }
        // The same shuffle with all places kept.
        let mut places: Vec<u64> = (0..500).collect();
        for index in 0..500 {
            let other = index + again.below(500 - index as u64) as usize;
            places.swap(index, other);
        }
        assert_eq!(taken, places);
        assert!(sample.moved.is_empty());
    }

    #[test]
    fn words_and_distributions_go_together() {
        for word in DISTRIBUTIONS {
            assert_eq!(Distribution::from_word(word).unwrap().word(), *word);
        }
    }

    #[test]
    fn a_value_depends_on_its_key_alone() {
        let (mut long, mut short) = (Vec::new(), Vec::new());
        make_value(b"ash", 100, &mut long);
        make_value(b"ash", 8, &mut short);
        assert!(long.starts_with(&short) && long.iter().all(u8::is_ascii_lowercase));
        make_value(b"elm", 8, &mut long);
        assert_ne!(long, short);
    }
}

//! A count-min sketch of four-bit counters that halves itself: how often was this asked for lately, in a few bits a key.
//!
//! Four rows of counters; a key has one in each row, by four hashes. Counting adds one to all four; the estimate is the
//! least of them, which other keys can only have made too large (Cormode and Muthukrishnan, "An Improved Data Stream
//! Summary: The Count-Min Sketch and its Applications", 2005). After as many counts as ten times the entries of the cache,
//! all counters are halved, so that old fame fades (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache
//! Admission Policy", 2017). There is no doorkeeper before it.
//!
//! ```text
//!   key ─▶  row 0   . 3 . . . . . .
//!           row 1   . . . . . 9 . .     estimate 3
//!           row 2   . . . 4 . . . .
//!           row 3   3 . . . . . . .
//! ```

use glassbase_trace::PageId;

/// Rows, and so hashes.
pub const ROWS: u32 = 4;
/// What a counter goes up to.
const MOST: u64 = 15;
/// Counters of a word.
const PER_WORD: usize = 16;

#[derive(Clone, Debug)]
pub struct Sketch {
    /// Counters of a row, a power of two.
    width: u32,
    words: Vec<u64>,
    /// Counts since the last halving, and how many make one.
    counted: u32,
    period: u32,
}

impl Sketch {
    /// For a cache of so many entries.
    pub fn new(entries: u32) -> Sketch {
        let width = entries.clamp(8, 1 << 26).next_power_of_two() * 2;
        let words = vec![0; (ROWS * width) as usize / PER_WORD];
        Sketch { width, words, counted: 0, period: entries.clamp(1, 1 << 26) * 10 }
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    /// Where the counters of a key are, one in each row.
    #[inline]
    pub fn places(&self, page: PageId) -> [u32; ROWS as usize] {
        // Two halves of one mix make all rows' hashes (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006).
        let mixed = mix(u64::from(page.0));
        let (low, high) = (mixed as u32, (mixed >> 32) as u32 | 1);
        std::array::from_fn(|row| {
            let row = row as u32;
            row * self.width + (low.wrapping_add(row.wrapping_mul(high)) & (self.width - 1))
        })
    }

    /// Counts a key; true when all counters were halved then.
    #[inline]
    pub fn count(&mut self, page: PageId) -> bool {
        for place in self.places(page) {
            if self.counter(place) < MOST {
                self.words[place as usize / PER_WORD] += 1 << shift(place);
            }
        }
        self.counted += 1;
        let is_due = self.counted >= self.period;
        if is_due {
            self.counted /= 2;
            // The lowest bit of each counter would go to its neighbour.
            self.words.iter_mut().for_each(|word| *word = *word >> 1 & 0x7777_7777_7777_7777);
        }
        is_due
    }

    #[inline]
    pub fn estimate(&self, page: PageId) -> u64 {
        self.places(page).into_iter().map(|place| self.counter(place)).min().unwrap_or(0)
    }

    #[inline]
    fn counter(&self, place: u32) -> u64 {
        self.words[place as usize / PER_WORD] >> shift(place) & MOST
    }

    /// All counters, row by row.
    pub fn counters(&self) -> impl Iterator<Item = u32> {
        (0..ROWS * self.width).map(|place| self.counter(place) as u32)
    }
}

fn shift(place: u32) -> u32 {
    place % PER_WORD as u32 * 4
}

/// Spreads a number over 64 bits (the finalizer of Steele, Lea and Flood's SplitMix, 2014).
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_never_too_low_until_all_are_halved() {
        let mut sketch = Sketch::new(1000);
        for page in 0..500u32 {
            for _ in 0..page % 9 {
                assert!(!sketch.count(PageId(page)));
            }
        }
        assert!((0..500).all(|page| sketch.estimate(PageId(page)) >= u64::from(page % 9)));
        let exact = (0..500).filter(|page| sketch.estimate(PageId(*page)) == u64::from(page % 9)).count();
        assert!(exact > 480, "{exact}");
    }

    #[test]
    fn counters_stop_at_fifteen_and_are_halved_in_time() {
        let mut sketch = Sketch::new(8);
        for count in 1..80u64 {
            assert!(!sketch.count(PageId(3)));
            assert_eq!(sketch.estimate(PageId(3)), count.min(15));
        }
        assert!(sketch.count(PageId(3)));
        assert_eq!(sketch.estimate(PageId(3)), 7);
        assert_eq!(sketch.counters().filter(|count| *count > 0).count(), 4);
    }
}

//! Which keys there may be: a Bloom filter that keys are added to while it is used (Bloom, "Space/Time Trade-offs in Hash
//! Coding with Allowable Errors", 1970).
//!
//! It never says no to a key that was added; to one of about a hundred others it says perhaps. Keys can't be taken out: one
//! that is deleted goes on passing.

use glassbase_storage::lsm::table::filter;

/// Bits for each of the keys that it is made for, and probes: a false yes for about one of a hundred.
const BITS_EACH: u64 = 10;
const PROBES: u32 = 7;

/// The filter.
#[derive(Clone, Debug)]
pub struct Bloom {
    words: Vec<u64>,
}

impl Bloom {
    /// An empty filter that is good for so many keys.
    pub fn new(keys: u64) -> Bloom {
        Bloom { words: vec![0; (keys * BITS_EACH).div_ceil(64).max(1) as usize] }
    }

    fn bits(&self, key: &[u8]) -> impl Iterator<Item = (usize, u64)> + use<> {
        let (hash, bits) = (filter::hash(key), self.words.len() as u64 * 64);
        let (first, step) = (hash >> 32, hash | 1);
        (0..PROBES).map(move |probe| {
            let bit = first.wrapping_add(step.wrapping_mul(probe.into())) % bits;
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }

    pub fn add(&mut self, key: &[u8]) {
        for (word, bit) in self.bits(key) {
            self.words[word] |= bit;
        }
    }

    /// False: it was never added.
    pub fn may_contain(&self, key: &[u8]) -> bool {
        self.bits(key).all(|(word, bit)| self.words[word] & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_passes_and_few_others() {
        let mut bloom = Bloom::new(1000);
        let key = |number: u32| format!("user:{number}").into_bytes();
        (0..1000).for_each(|number| bloom.add(&key(number)));
        assert!((0..1000).all(|number| bloom.may_contain(&key(number))));
        let passed = (1000..11_000).filter(|number| bloom.may_contain(&key(*number))).count();
        assert!((20..300).contains(&passed), "{passed} of 10000");
    }
}

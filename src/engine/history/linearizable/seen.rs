//! Which configurations a search has met: a hash set of short arrays of words.
//!
//! Open addressing with linear probing. It only ever answers whether something is in it, so its order can't leak into a
//! verdict.

/// A set of configurations of one width.
pub struct Seen {
    width: usize,
    /// The configurations, one behind the other.
    words: Vec<u64>,
    /// Number of a configuration plus one; 0 is free.
    slots: Vec<u32>,
}

const FIRST_SLOTS: usize = 64;

impl Seen {
    pub fn new(width: usize) -> Seen {
        Seen { width, words: Vec::new(), slots: vec![0; FIRST_SLOTS] }
    }

    pub fn len(&self) -> usize {
        self.words.len() / self.width
    }

    pub fn bytes(&self) -> usize {
        self.words.len() * 8 + self.slots.len() * 4
    }

    /// Puts a configuration in; false if it was there.
    pub fn insert(&mut self, config: &[u64]) -> bool {
        debug_assert_eq!(config.len(), self.width);
        let slot = self.find(config);
        if self.slots[slot] != 0 {
            return false;
        }
        self.words.extend_from_slice(config);
        self.slots[slot] = self.len() as u32;
        if self.len() * 2 > self.slots.len() {
            self.grow();
        }
        true
    }

    fn find(&self, config: &[u64]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(config) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return slot,
                number if self.config(number as usize - 1) == config => return slot,
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn config(&self, index: usize) -> &[u64] {
        &self.words[index * self.width..][..self.width]
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for index in 0..self.len() {
            let slot = self.find(self.config(index));
            self.slots[slot] = index as u32 + 1;
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014), a word at a
/// time.
fn hash(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum: u64, word| {
        let mut mixed = (sum ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_it_once() {
        let mut seen = Seen::new(2);
        for round in 0..2 {
            for number in 0..1_000u64 {
                assert_eq!(seen.insert(&[number, number % 7]), round == 0);
            }
        }
        assert_eq!(seen.len(), 1_000);
        assert!(seen.insert(&[0, 1]));
        assert!(seen.bytes() >= 16_000);
    }
}

//! A set of times that finds its latest at once.
//!
//! One bit for each time, and above each 64 of them one bit that says whether any is set, up to a single word. With a
//! million times there are four floors, so finding, adding and taking out touch four words at most.
//!
//! ```text
//!   floor 1            1               0        …     does any of the 64 below stand?
//!   floor 0   0010…0001000   000…000   …              one bit for each time
//! ```
//!
//! **Invariant:** a bit of a floor is set if and only if the word below it is not 0.

#[derive(Clone, Debug)]
pub struct Times {
    /// From the times up.
    floors: Vec<Vec<u64>>,
}

impl Times {
    /// For times below `end`.
    pub fn new(end: u32) -> Times {
        let mut floors = Vec::new();
        let mut words = end as usize / 64 + 1;
        floors.push(vec![0; words]);
        while words > 1 {
            words = words / 64 + 1;
            floors.push(vec![0; words]);
        }
        Times { floors }
    }

    #[inline]
    pub fn insert(&mut self, time: u32) {
        let mut at = time as usize;
        for floor in &mut self.floors {
            let word = &mut floor[at / 64];
            let stood = *word != 0;
            *word |= 1 << (at % 64);
            if stood {
                return;
            }
            at /= 64;
        }
    }

    #[inline]
    pub fn remove(&mut self, time: u32) {
        let mut at = time as usize;
        for floor in &mut self.floors {
            let word = &mut floor[at / 64];
            *word &= !(1 << (at % 64));
            if *word != 0 {
                return;
            }
            at /= 64;
        }
    }

    /// The latest time before `end`.
    pub fn latest_before(&self, end: u32) -> Option<u32> {
        let mut at = end as usize;
        for (height, floor) in self.floors.iter().enumerate() {
            let word = floor.get(at / 64).copied().unwrap_or(0) & ((1u64 << (at % 64)) - 1);
            if word != 0 {
                let found = at / 64 * 64 + last_bit(word);
                return Some(self.floors[..height].iter().rev().fold(found, |at, floor| down(at, floor)) as u32);
            }
            at /= 64;
        }
        None
    }
}

fn last_bit(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

/// From a bit that is set to the last that is set below it.
fn down(at: usize, floor: &[u64]) -> usize {
    at * 64 + last_bit(floor[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;
    use std::collections::BTreeSet;

    #[test]
    fn finds_what_a_sorted_set_finds() {
        for end in [1u32, 64, 65, 5000, 300_000] {
            let (mut times, mut set, mut generator) = (Times::new(end), BTreeSet::new(), Generator::new(1, "times"));
            for _ in 0..2000 {
                let time = generator.below(u64::from(end)) as u32;
                if generator.chance(0.6) {
                    times.insert(time);
                    set.insert(time);
                } else {
                    times.remove(time);
                    set.remove(&time);
                }
                let before = generator.below(u64::from(end) + 1) as u32;
                assert_eq!(times.latest_before(before), set.range(..before).next_back().copied());
                assert_eq!(times.latest_before(end), set.last().copied());
            }
        }
    }
}

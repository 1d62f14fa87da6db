//! How large W-TinyLFU's window is to be, found by climbing a hill.
//!
//! Accesses that go by recency want a large window, those that go by frequency a small one. Nobody knows beforehand which
//! they will be, so the window is changed by a step, and after a sample of accesses the hits tell whether that was good:
//! as many as in the sample before, or more, and the next step goes the same way; fewer, and it goes back (Einziger, Eytan,
//! Friedman and Manes, "Adaptive Software Cache Management", Middleware 2018). A sample is ten times as many accesses as
//! the cache has entries, a step five hundredths of the room.
//!
//! ```text
//!   hits of a sample        70    74    79    78    79    78
//!   room of the window     1 ─▶ 6 ─▶ 11 ─▶ 16 ─▶ 11 ─▶ 16 …      in a hundred
//! ```
//!
//! **Invariant:** the window is never smaller than it began, nor larger than four fifths of the room.

use crate::Capacity;

/// Accesses of a sample, for each entry.
const SAMPLE: u32 = 10;

#[derive(Clone, Debug)]
pub struct Climber {
    least: u64,
    most: u64,
    step: u64,
    /// Accesses of a sample.
    sample: u32,
    accesses: u32,
    hits: u32,
    /// Hits of the sample before.
    before: u32,
    grows: bool,
}

impl Climber {
    /// `window` is what it begins with.
    pub fn new(capacity: Capacity, window: u64) -> Climber {
        let units = capacity.units();
        let sample = capacity.entries().clamp(1, 1 << 26) * SAMPLE;
        let (most, step) = ((units / 5 * 4).max(window), (units / 20).max(1));
        Climber { least: window, most, step, sample, accesses: 0, hits: 0, before: 0, grows: true }
    }

    /// Counts an access; gives what the window is to be, when a sample is over.
    #[inline]
    pub fn count(&mut self, is_hit: bool, window: u64) -> Option<u64> {
        self.accesses += 1;
        self.hits += u32::from(is_hit);
        (self.accesses == self.sample).then(|| self.climb(window))
    }

    fn climb(&mut self, window: u64) -> u64 {
        if self.hits < self.before {
            self.grows = !self.grows;
        }
        (self.before, self.hits, self.accesses) = (self.hits, 0, 0);
        let aim = if self.grows { window + self.step } else { window.saturating_sub(self.step) };
        aim.clamp(self.least, self.most)
    }
}

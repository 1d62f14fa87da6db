//! The clock of one node: it may be off, and it may run fast or slow.
//!
//! ```text
//!   reading = reading at `since` + (now - since) * (1 + drift / 1,000,000)
//! ```

/// A clock that is read at a true time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeClock {
    since_ns: u64,
    reading_ns: u64,
    drift_ppm: i64,
}

/// Fastest and slowest: a tenth off.
pub const DRIFT_MAX_PPM: i64 = 100_000;

impl NodeClock {
    /// What it shows. It never shows less than 0.
    pub fn read(&self, now_ns: u64) -> u64 {
        let passed = now_ns.saturating_sub(self.since_ns);
        if self.drift_ppm == 0 {
            return self.reading_ns.saturating_add(passed);
        }
        let off = i128::from(passed) * i128::from(self.drift_ppm) / 1_000_000;
        self.reading_ns.saturating_add(passed).saturating_add_signed(off as i64)
    }

    /// Moves it ahead (or back) by so much.
    pub fn shift(&mut self, now_ns: u64, by_ns: i64) {
        self.reading_ns = self.read(now_ns).saturating_add_signed(by_ns);
        self.since_ns = now_ns;
    }

    /// Lets it run fast (or slow) from now on, in millionths; clamped to a tenth.
    pub fn set_drift(&mut self, now_ns: u64, drift_ppm: i64) {
        self.shift(now_ns, 0);
        self.drift_ppm = drift_ppm.clamp(-DRIFT_MAX_PPM, DRIFT_MAX_PPM);
    }

    /// How far it is ahead of the true time, and how far behind; one of them is 0.
    pub fn off(&self, now_ns: u64) -> (u64, u64) {
        let reading = self.read(now_ns);
        (reading.saturating_sub(now_ns), now_ns.saturating_sub(reading))
    }

    /// How much true time passes while this clock goes on by `duration_ns`.
    pub fn true_duration(&self, duration_ns: u64) -> u64 {
        if self.drift_ppm == 0 {
            return duration_ns;
        }
        let rate = (1_000_000 + self.drift_ppm) as u128;
        (u128::from(duration_ns) * 1_000_000).div_ceil(rate) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_drifts_and_is_set() {
        let mut clock = NodeClock::default();
        assert_eq!(clock.read(1_000), 1_000);
        clock.shift(1_000, 500);
        assert_eq!((clock.read(2_000), clock.off(2_000)), (2_500, (500, 0)));
        clock.set_drift(2_000, -100_000);
        assert_eq!(clock.read(12_000), 2_500 + 9_000);
        assert_eq!(clock.true_duration(9_000), 10_000);
        clock.shift(12_000, -1_000_000);
        assert_eq!(clock.read(12_000), 0, "never below 0");
    }
}

//! What is measured of the clients' operations.

use glassbase_trace::sorted::SortedMap;

use glassbase_trace::Bytes;

/// Latencies in classes: 16 to each doubling, so a percentile is right within 6 %.
///
/// ```text
///   class of a time   its highest bit, and the four bits below it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyHistogram {
    counts: Vec<u32>,
    total: u64,
    sum_ns: u128,
    max_ns: u64,
}

/// Times below this are classes of their own.
const LINEAR: u64 = 16;

fn class_of(ns: u64) -> usize {
    if ns < LINEAR {
        return ns as usize;
    }
    let doubling = 63 - ns.leading_zeros();
    let within = (ns >> (doubling - 4)) & 15;
    (doubling as usize - 3) * 16 + within as usize
}

/// The longest time of a class.
fn upper_ns(class: usize) -> u64 {
    if class < LINEAR as usize {
        return class as u64;
    }
    let (doubling, within) = (class / 16 + 3, (class % 16) as u64);
    let width = 1u64 << (doubling - 4);
    (1u64 << doubling) + within * width + (width - 1)
}

impl LatencyHistogram {
    pub fn add(&mut self, ns: u64) {
        let class = class_of(ns);
        if self.counts.len() <= class {
            self.counts.resize(class + 1, 0);
        }
        self.counts[class] = self.counts[class].saturating_add(1);
        self.total += 1;
        self.sum_ns += u128::from(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    pub fn count(&self) -> u64 {
        self.total
    }

    pub fn mean_ns(&self) -> u64 {
        self.sum_ns.checked_div(u128::from(self.total)).unwrap_or(0) as u64
    }

    /// The time that `per_mille` thousandths of all operations took at most; 0 while there is none.
    pub fn percentile_ns(&self, per_mille: u64) -> u64 {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (class, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                return upper_ns(class).min(self.max_ns);
            }
        }
        0
    }
}

/// A read of a key that had been written before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleSample {
    /// How long after the acknowledgement of the newest write the read began.
    pub since_write_ns: u64,
    pub stale: bool,
}

/// Samples of staleness that are kept.
const SAMPLES_MAX: usize = 200_000;

/// What was measured so far.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    pub reads: LatencyHistogram,
    pub writes: LatencyHistogram,
    pub staleness: Vec<StaleSample>,
    /// For each key the newest version whose write was acknowledged, and when that was.
    newest: SortedMap<Bytes, (u64, u64)>,
}

impl Measures {
    pub(super) fn newest(&self, key: &Bytes) -> Option<(u64, u64)> {
        self.newest.get(key).copied()
    }

    pub(super) fn acknowledge(&mut self, key: &Bytes, version: u64, now_ns: u64) {
        match self.newest.get_mut(key) {
            Some(newest) if newest.0 >= version => {}
            Some(newest) => *newest = (version, now_ns),
            None => {
                self.newest.insert(key.clone(), (version, now_ns));
            }
        }
    }

    pub(super) fn add(&mut self, writes: bool, latency_ns: u64) {
        let histogram = if writes { &mut self.writes } else { &mut self.reads };
        histogram.add(latency_ns);
    }

    pub(super) fn add_staleness(&mut self, sample: StaleSample) {
        if self.staleness.len() < SAMPLES_MAX {
            self.staleness.push(sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_class_whose_end_it_does_not_pass() {
        for ns in (0..5000).chain([u64::MAX, u64::MAX - 1, 1 << 40, (1 << 40) - 1]) {
            let class = class_of(ns);
            assert!(upper_ns(class) >= ns && (class == 0 || upper_ns(class - 1) < ns), "{ns} in {class}");
        }
    }

    #[test]
    fn percentiles_are_right_within_a_sixteenth() {
        let mut histogram = LatencyHistogram::default();
        (1..=10_000).for_each(|ns| histogram.add(ns * 100));
        for per_mille in [1, 500, 950, 999, 1000] {
            let (seen, exact) = (histogram.percentile_ns(per_mille) as f64, per_mille as f64 * 1000.0);
            assert!((seen / exact - 1.0).abs() <= 1.0 / 16.0, "{per_mille}: {seen}");
        }
        assert_eq!((histogram.mean_ns(), histogram.count()), (500_050, 10_000));
    }
}

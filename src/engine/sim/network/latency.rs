//! How long a message takes.

use std::rc::Rc;

use crate::Generator;

/// A distribution of latencies. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    Fixed {
        ns: u64,
    },
    /// Every time from `from_ns` to `to_ns` is as likely.
    Uniform {
        from_ns: u64,
        to_ns: u64,
    },
    /// `floor_ns`, and on top of it an exponentially distributed time with this mean.
    Exponential {
        floor_ns: u64,
        mean_ns: u64,
    },
    /// Half of all messages take longer than the median; the logarithm is normally distributed with deviation `sigma`.
    LogNormal {
        median_ns: u64,
        sigma: f64,
    },
    /// Measured latencies, ascending; each is as likely.
    Table(Rc<[u64]>),
}

/// Nothing takes longer: an hour. It bounds the tails.
pub const LATENCY_MAX_NS: u64 = 3_600_000_000_000;

impl Latency {
    pub fn sample(&self, random: &mut Generator) -> u64 {
        let ns = match self {
            Latency::Fixed { ns } => *ns,
            Latency::Uniform { from_ns, to_ns } => {
                from_ns + random.below(to_ns.saturating_sub(*from_ns).saturating_add(1))
            }
            Latency::Exponential { floor_ns, mean_ns } => {
                let unit = random.unit();
                floor_ns.saturating_add((-libm::log(1.0 - unit) * *mean_ns as f64) as u64)
            }
            Latency::LogNormal { median_ns, sigma } => (*median_ns as f64 * libm::exp(sigma * normal(random))) as u64,
            Latency::Table(times) => times.get(random.below(times.len() as u64) as usize).copied().unwrap_or(0),
        };
        ns.min(LATENCY_MAX_NS)
    }

    /// About what a message takes, for people: the middle of the distribution.
    pub fn median_ns(&self) -> u64 {
        match self {
            Latency::Fixed { ns } => *ns,
            Latency::Uniform { from_ns, to_ns } => from_ns + to_ns.saturating_sub(*from_ns) / 2,
            Latency::Exponential { floor_ns, mean_ns } => {
                floor_ns.saturating_add((*mean_ns as f64 * std::f64::consts::LN_2) as u64)
            }
            Latency::LogNormal { median_ns, .. } => *median_ns,
            Latency::Table(times) => times.get(times.len() / 2).copied().unwrap_or(0),
        }
    }

    /// What does not work about it, and what would.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Latency::Uniform { from_ns, to_ns } if from_ns > to_ns => {
                Err(format!("a uniform latency from {from_ns} to {to_ns} ns ends before it begins"))
            }
            Latency::LogNormal { sigma, .. } if !(0.0..=5.0).contains(sigma) => {
                Err("the sigma of a log-normal latency is from 0 to 5".to_string())
            }
            Latency::Table(times) if times.is_empty() => Err("a table of latencies has one at least".to_string()),
            Latency::Table(times) if !times.is_sorted() => Err("a table of latencies ascends".to_string()),
            _ => Ok(()),
        }
    }
}

/// A normally distributed number with mean 0 and deviation 1 (Box and Muller, "A Note on the Generation of Random Normal
/// Deviates", 1958).
fn normal(random: &mut Generator) -> f64 {
    let (radius, angle) = (random.unit(), random.unit());
    libm::sqrt(-2.0 * libm::log(1.0 - radius)) * libm::cos(2.0 * std::f64::consts::PI * angle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(latency: &Latency) -> f64 {
        let mut random = Generator::new(7, "latency");
        let mut times: Vec<u64> = (0..20_001).map(|_| latency.sample(&mut random)).collect();
        times.sort_unstable();
        times[10_000] as f64
    }

    #[test]
    fn samples_have_the_median_that_is_said() {
        for latency in [
            Latency::Fixed { ns: 500 },
            Latency::Uniform { from_ns: 1_000, to_ns: 9_000 },
            Latency::Exponential { floor_ns: 2_000, mean_ns: 8_000 },
            Latency::LogNormal { median_ns: 5_000, sigma: 0.7 },
            Latency::Table([1, 2, 5_000, 6_000, 7_000].into()),
        ] {
            latency.check().unwrap();
            let (seen, said) = (median(&latency), latency.median_ns() as f64);
            assert!((seen / said - 1.0).abs() < 0.03, "{latency:?}: {seen} instead of {said}");
        }
    }

    #[test]
    fn what_does_not_work_is_said() {
        assert!(Latency::Uniform { from_ns: 2, to_ns: 1 }.check().is_err());
        assert!(Latency::LogNormal { median_ns: 1, sigma: f64::NAN }.check().is_err());
        assert!(Latency::Table([].into()).check().is_err());
        assert_eq!(Latency::Table([].into()).sample(&mut Generator::new(1, "x")), 0);
    }
}

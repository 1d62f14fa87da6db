//! Randomness that is the same natively and in the browser.
//!
//! The generator is PCG XSH RR 64/32 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
//! Algorithms for Random Number Generation", 2014). Every draw is of a fixed-width integer; floating point goes through
//! `libm`, because the standard library's logarithms and powers differ between platforms.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Lcg64Xsh32;

use glassbase_trace::text::Fnv;

/// A source of random numbers, seeded by number and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator(Lcg64Xsh32);

impl Generator {
    pub fn new(seed: u64, name: &str) -> Generator {
        let mut fnv = Fnv::default();
        fnv.update(&seed.to_le_bytes());
        fnv.update(name.as_bytes());
        Generator(Lcg64Xsh32::seed_from_u64(fnv.value()))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each as likely; 0 when `bound` is 0. (Lemire, "Fast Random Integer Generation in an
    /// Interval", 2019.)
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A number from 0 (included) to 1 (excluded), a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Puts the items in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Zipf's distribution: of `n` items the k-th is drawn with a probability proportional to `1 / k^exponent`.
///
/// Drawn by rejection from the integral of the density, without tables (Hörmann and Derflinger, "Rejection-Inversion to
/// Generate Variates from Monotone Discrete Distributions", 1996).
#[derive(Clone, Debug, PartialEq)]
pub struct Zipf {
    n: u64,
    exponent: f64,
    integral_first: f64,
    integral_last: f64,
    shortcut: f64,
}

impl Zipf {
    /// `n` is at least 1, `exponent` above 0 (0.99 is what the YCSB benchmark uses).
    pub fn new(n: u64, exponent: f64) -> Zipf {
        let n = n.max(1);
        let mut zipf = Zipf { n, exponent, integral_first: 0.0, integral_last: 0.0, shortcut: 0.0 };
        zipf.integral_first = zipf.integral(1.5) - 1.0;
        zipf.integral_last = zipf.integral(n as f64 + 0.5);
        zipf.shortcut = 2.0 - zipf.integral_inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    /// A rank from 1, the most frequent, to `n`.
    pub fn sample(&self, generator: &mut Generator) -> u64 {
        loop {
            let u = self.integral_last + generator.unit() * (self.integral_first - self.integral_last);
            let x = self.integral_inverse(u);
            let rank = libm::floor(x + 0.5).max(1.0).min(self.n as f64);
            if rank - x <= self.shortcut || u >= self.integral(rank + 0.5) - self.density(rank) {
                return rank as u64;
            }
        }
    }

    fn density(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// The integral of the density, `(x^(1-s) - 1) / (1-s)`, written so that it holds near `s = 1` too.
    fn integral(&self, x: f64) -> f64 {
        let log_x = libm::log(x);
        expm1_over_x((1.0 - self.exponent) * log_x) * log_x
    }

    fn integral_inverse(&self, y: f64) -> f64 {
        let t = (y * (1.0 - self.exponent)).max(-1.0);
        libm::exp(log1p_over_x(t) * y)
    }
}

fn log1p_over_x(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::log1p(x) / x } else { 1.0 - x * (0.5 - x * (1.0 / 3.0)) }
}

fn expm1_over_x(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::expm1(x) / x } else { 1.0 + x * 0.5 * (1.0 + x / 3.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_and_name_only() {
        let draw = |seed, name| Generator::new(seed, name).next_u64();
        assert_eq!(draw(7, "disk"), draw(7, "disk"));
        assert_ne!(draw(7, "disk"), draw(7, "workload"));
        assert_ne!(draw(7, "disk"), draw(8, "disk"));
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut generator = Generator::new(1, "test");
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[generator.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
        assert_eq!(generator.below(0), 0);
        assert_eq!(generator.below(1), 0);
    }

    #[test]
    fn zipf_ranks_have_the_frequencies_of_the_formula() {
        for exponent in [0.5, 0.99, 1.0, 1.5] {
            let zipf = Zipf::new(100, exponent);
            let mut generator = Generator::new(3, "zipf");
            let mut seen = [0f64; 101];
            let draws = 100_000;
            for _ in 0..draws {
                seen[zipf.sample(&mut generator) as usize] += 1.0;
            }
            let norm: f64 = (1..=100).map(|k| libm::pow(f64::from(k), -exponent)).sum();
            for rank in [1usize, 2, 10] {
                let expected = f64::from(draws) * libm::pow(rank as f64, -exponent) / norm;
                let error = (seen[rank] - expected).abs() / expected;
                assert!(error < 0.1, "exponent {exponent}, rank {rank}: {} for {expected}", seen[rank]);
            }
        }
    }
}

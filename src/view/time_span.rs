//! The part of a run that a diagram of time shows, and how hands move it.
//!
//! ```text
//!   first_ns        from_ns           from_ns + span_ns          last_ns
//!      ├───────────────┼═════════════════════┼──────────────────────┤
//!                    left                left + width
//! ```

use super::camera::within;

/// What a diagram of time shows: so much of the run, from left to right. It is the lower end of a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeSpan {
    pub top: f64,
    pub left: f64,
    pub width: f64,
    pub from_ns: u64,
    pub span_ns: u64,
    /// The whole run.
    pub first_ns: u64,
    pub last_ns: u64,
}

impl TimeSpan {
    /// The moment at a place.
    pub fn at(&self, x: f64) -> u64 {
        let passed = (x - self.left) / self.width.max(1.0) * self.span_ns as f64;
        let ns = if passed < 0.0 { self.from_ns.saturating_sub(-passed as u64) } else { self.from_ns + passed as u64 };
        ns.clamp(self.first_ns, self.last_ns.max(self.first_ns))
    }

    pub fn sees(&self, ns: u64) -> bool {
        (self.from_ns..=self.from_ns.saturating_add(self.span_ns)).contains(&ns)
    }

    /// Where it begins after it was pulled to the right by so much.
    pub fn pulled(&self, dx: f64) -> u64 {
        let ns = (dx.abs() / self.width.max(1.0) * self.span_ns as f64) as u64;
        let last = self.last_ns.saturating_sub(self.span_ns).max(self.first_ns);
        let from_ns = if dx > 0.0 { self.from_ns.saturating_sub(ns) } else { self.from_ns.saturating_add(ns) };
        from_ns.clamp(self.first_ns, last)
    }

    /// How much closer it can be looked at, of what is asked for, and where it begins then: the moment at `x` stays.
    pub fn closer(&self, factor: f64, x: f64) -> (f64, u64) {
        let whole = self.last_ns.saturating_sub(self.first_ns).max(1) as f64;
        let factor = factor.max(self.span_ns as f64 / whole);
        let share = within((x - self.left) / self.width.max(1.0), 0.0, 1.0);
        let kept = share * self.span_ns as f64 * (1.0 - 1.0 / factor);
        let from_ns = if kept < 0.0 { self.from_ns.saturating_sub(-kept as u64) } else { self.from_ns + kept as u64 };
        (factor, from_ns.max(self.first_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_move_it_and_it_stays_in_the_run() {
        let span = TimeSpan {
            top: 0.0,
            left: 100.0,
            width: 200.0,
            from_ns: 1000,
            span_ns: 2000,
            first_ns: 500,
            last_ns: 10_000,
        };
        assert_eq!((span.at(100.0), span.at(200.0), span.at(-900.0), span.at(5000.0)), (1000, 2000, 500, 10_000));
        assert_eq!((span.pulled(-100.0), span.pulled(20.0), span.pulled(500.0)), (2000, 800, 500));
        assert_eq!(span.pulled(-5000.0), 8000);
        assert_eq!(span.closer(2.0, 200.0), (2.0, 1500), "the middle stays");
        assert_eq!(span.closer(0.5, 100.0), (0.5, 1000), "the left edge stays");
        assert_eq!(span.closer(0.5, 300.0), (0.5, 500));
        assert_eq!(span.closer(0.001, 200.0).0, 2000.0 / 9500.0, "not further than the whole run");
        assert!(span.sees(3000) && !span.sees(3001) && !span.sees(999));
    }
}

//! A clock that says how wrong it may be: the true time is somewhere in an interval.
//!
//! J. C. Corbett et al., "Spanner: Google's Globally-Distributed Database", 2012.
//!
//! ```text
//!        earliest       clock       latest
//!   ────────[─────────────●────────────]──────────────▶ true time
//!                   the write's stamp ─┘└── wait ──┐
//!                                         [────────┴────────]   answered when even the earliest is past the stamp
//! ```
//!
//! Whoever begins after the answer has a later stamp, wherever it is: even the clock that is most behind has passed the
//! stamp by then. That holds as long as no clock is further off than it says.

/// Where the true time is, by a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    pub earliest_ns: u64,
    pub latest_ns: u64,
}

impl Interval {
    pub fn new(clock_ns: u64, uncertainty_ns: u64) -> Interval {
        let earliest_ns = clock_ns.saturating_sub(uncertainty_ns);
        Interval { earliest_ns, latest_ns: clock_ns.saturating_add(uncertainty_ns) }
    }

    /// Whether a time is certainly past.
    pub fn is_after(self, time_ns: u64) -> bool {
        self.earliest_ns > time_ns
    }

    /// How long until `time_ns` is certainly past, by the same clock.
    pub fn wait_ns(self, time_ns: u64) -> u64 {
        (time_ns + 1).saturating_sub(self.earliest_ns)
    }
}

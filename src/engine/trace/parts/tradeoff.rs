//! What R and W cost and give: the latencies and the staleness of a quorum cluster, measured in the background.
//!
//! ```text
//!   reads_ns       what reads took, at each of QUANTILES: half of them at most reads_ns[10]
//!   staleness      by the time since the write      0 .. 2 ms   2 .. 4 ms   4 .. 6 ms   and more
//!                  reads, and how many were stale    310, 97     288, 41     …
//! ```

use std::rc::Rc;

use crate::Event;
use crate::plain::plain;

/// The shares of operations, in thousandths, at which latencies are told.
pub const QUANTILES: &[u64] =
    &[0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850, 900, 950, 990, 999, 1000];

plain! {
    /// What was measured of pairs of R and W.
    #[derive(Default)]
    struct TradeoffState {
        /// Operations of each pair.
        operations: u64,
        nodes: u16,
        /// N, and R and W as they are set.
        replicas: u16,
        read: u16,
        write: u16,
        /// How many pairs are to be measured.
        pairs: u16,
        runs: Vec<Rc<QuorumRun>>,
    }

    /// What was measured with one pair.
    struct QuorumRun {
        read: u16,
        write: u16,
        /// Operations that were done, and that were not.
        done: u64,
        failed: u64,
        /// At each of [`QUANTILES`]; nothing if nothing was done. Measured, and expected from the latencies of messages.
        reads_ns: Vec<u64>,
        writes_ns: Vec<u64>,
        reads_expected_ns: Vec<u64>,
        writes_expected_ns: Vec<u64>,
        /// By the time since the write, ascending. The last class is open.
        staleness: Vec<StaleClass>,
    }

    /// Reads that began at least so long after the newest write was acknowledged, and not as late as those of the next class.
    #[derive(Copy, Default)]
    struct StaleClass {
        from_ns: u64,
        reads: u64,
        stale: u64,
        /// How many were expected to be stale, in millionths of a read.
        expected_millionths: u64,
    }
}

impl TradeoffState {
    /// Changes what `event` says.
    pub fn fold(&mut self, event: &Event) {
        if let Event::QuorumMeasured { run } = event {
            self.runs.push(run.clone());
        }
    }

    /// What was measured with a pair.
    pub fn run(&self, read: u16, write: u16) -> Option<&QuorumRun> {
        self.runs.iter().map(|run| &**run).find(|run| (run.read, run.write) == (read, write))
    }

    /// What was measured with the pair that is set.
    pub fn set(&self) -> Option<&QuorumRun> {
        self.run(self.read, self.write)
    }

    /// Whether every read of such a pair meets the last write at one node at least.
    pub fn overlaps(&self, read: u16, write: u16) -> bool {
        read.saturating_add(write) > self.replicas
    }
}

impl QuorumRun {
    /// Reads of keys that had been written.
    pub fn reads(&self) -> u64 {
        self.staleness.iter().map(|class| class.reads).fold(0, u64::saturating_add)
    }

    pub fn stale(&self) -> u64 {
        self.staleness.iter().map(|class| class.stale).fold(0, u64::saturating_add)
    }

    /// Stale reads, in millionths of all; measured, and expected.
    pub fn stale_millionths(&self) -> (u64, u64) {
        let reads = u128::from(self.reads().max(1));
        let expected = self.staleness.iter().map(|class| class.expected_millionths).fold(0, u64::saturating_add);
        ((u128::from(self.stale()) * 1_000_000 / reads) as u64, (u128::from(expected) / reads) as u64)
    }

    /// What so many thousandths of reads and of writes took at most.
    pub fn latencies_ns(&self, per_mille: u64) -> (u64, u64) {
        let at = QUANTILES.partition_point(|quantile| *quantile < per_mille);
        let of = |times: &[u64]| times.get(at).copied().unwrap_or_default();
        (of(&self.reads_ns), of(&self.writes_ns))
    }
}

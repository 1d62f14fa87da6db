//! What theory says that a tree of these settings costs, beside what was measured.
//!
//! ```text
//!                  written per byte put      runs that a get meets     room per byte of data
//!   leveled        2 + Σ (1 + ratio)         runs of level 0 + L       T / (T - 1)
//!   size-tiered    1 + L                     all runs                  up to T
//!   lazy-leveled   L + (1 + ratio)           all runs                  T / (T - 1)
//!   fifo           1                         all runs                  1
//! ```
//!
//! (O'Neil et al., "The Log-Structured Merge-Tree", 1996; Dayan and Idreos, "Dostoevsky", 2018, table 1. A Bloom filter
//! of b bits a key errs with probability 0.6185^b: Bloom, 1970.) The ratio between two levels is taken as it is now: a
//! tree that grows is no finished one, and its last level counts half, because it was smaller when most was merged.

use super::{CompactionPolicy, LsmState};

/// Written, read and taken room, each per what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amplification {
    /// Bytes written to tables for each byte put.
    pub write: f64,
    /// Tables searched for each get.
    pub read: f64,
    /// Bytes of all tables for each byte of the last level's largest run.
    pub space: f64,
}

impl LsmState {
    /// What is expected of a tree of this shape, its keys put at random and looked up when they are there.
    pub fn expected(&self) -> Amplification {
        Amplification { write: self.expected_writes(), read: self.expected_reads(), space: self.expected_space() }
    }

    fn expected_writes(&self) -> f64 {
        let last = self.version.last_level().unwrap_or(0);
        let merges = f64::from(last);
        match self.settings.policy {
            CompactionPolicy::Fifo => 1.0,
            CompactionPolicy::SizeTiered => 1.0 + merges,
            CompactionPolicy::LazyLeveled if last == 0 => 1.0,
            CompactionPolicy::LazyLeveled => merges + 1.0 + self.ratio(last) / 2.0,
            CompactionPolicy::Leveled => {
                let all = self.version.bytes().max(1) as f64;
                let mut below = all - self.level_bytes(0);
                let mut written = 1.0;
                for level in 1..=last {
                    let ratio = self.ratio(level) / if level == last { 2.0 } else { 1.0 };
                    written += below / all * (1.0 + ratio);
                    below -= self.level_bytes(level);
                }
                written
            }
        }
    }

    /// A get of a key that is there searches one table; the others are searched when their filters err.
    fn expected_reads(&self) -> f64 {
        let runs: usize = self.version.levels.iter().map(|level| level.runs.len()).sum();
        if runs == 0 {
            return 0.0;
        }
        // The key may be in any of the runs; nearly always it is in the largest, which is asked last.
        1.0 + (runs as f64 - 1.0) * self.filter_errors()
    }

    fn expected_space(&self) -> f64 {
        let ratio = f64::from(self.settings.size_ratio.max(2));
        match self.settings.policy {
            CompactionPolicy::Fifo => 1.0,
            CompactionPolicy::SizeTiered => ratio,
            CompactionPolicy::Leveled | CompactionPolicy::LazyLeveled => ratio / (ratio - 1.0),
        }
    }

    /// How often a filter lets a get pass for nothing.
    pub fn filter_errors(&self) -> f64 {
        (0..self.settings.bits_per_key.min(64)).fold(1.0, |errors, _| errors * 0.6185)
    }

    /// Bytes that a level may have before some go down; level 0 is counted in tables.
    pub fn level_target(&self, level: u32) -> u64 {
        let ratio = u64::from(self.settings.size_ratio);
        match level {
            0 => self.settings.memtable_bytes.saturating_mul(u64::from(self.settings.level0_tables)),
            _ => self.settings.level1_bytes.saturating_mul(ratio.saturating_pow(level - 1)),
        }
    }

    fn level_bytes(&self, level: u32) -> f64 {
        self.version.runs(level).iter().map(|run| run.bytes()).sum::<u64>() as f64
    }

    /// How many times as large a level is as what is merged into it at a time.
    fn ratio(&self, level: u32) -> f64 {
        let above = if level <= 1 { self.level0_batch() } else { self.level_target(level - 1) as f64 };
        self.level_bytes(level) / above.max(1.0)
    }

    /// Bytes of level 0 that are merged at once.
    fn level0_batch(&self) -> f64 {
        let flushes = self.counters.flushes.max(1) as f64;
        let tables = match self.settings.policy {
            CompactionPolicy::Leveled => self.settings.level0_tables,
            _ => self.settings.size_ratio,
        };
        self.counters.flushed_bytes as f64 / flushes * f64::from(tables)
    }
}

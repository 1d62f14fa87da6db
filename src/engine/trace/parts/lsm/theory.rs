//! What theory says that a tree of these settings costs, beside what was measured.
//!
//! ```text
//!                  written per byte put      tables that a get searches   room per byte of data
//!   leveled        below                     1 + (runs - 1) errors        T / (T - 1)
//!   size-tiered    1 + L                     as above                     T
//!   lazy-leveled   L + 1 + ratio / 2         as above                     T / (T - 1)
//!   fifo           1                         as above                     1
//! ```
//!
//! (O'Neil et al., "The Log-Structured Merge-Tree", 1996; Dayan and Idreos, "Dostoevsky", 2018, table 1. A Bloom filter
//! of b bits a key errs with probability 0.6185^b: Bloom, 1970.)
//!
//! For leveled compaction the formula follows a byte on its way down, under uniform updates. `S(i)` is what level `i` may
//! hold (the last one: what it has), `q(i)` the share of the last level's keys that it has, `m` a flushed table, `n` the
//! tables of level 0 that start a compaction. Of what comes to a level a share `q` replaces what is there.
//!
//! ```text
//!   flush            1
//!   level 0 to 1     1 - q(1) + S(1) / (n m)          n tables are merged with all of level 1
//!   level i to i+1   F(i) (1 - q(i+1) + r / 2 + 1)    r = S(i+1) / S(i): a table, what it overlaps, one more at the edge
//!                    F(1) = 1 - q(1), F(i+1) = F(i) (1 - q(i+1))
//! ```
//!
//! The half is due to the cursor that goes round a level (Lim, Andersen and Kaminsky, "Towards Accurate and Fast
//! Evaluation of Multi-Stage Log-structured Designs", 2016, section 4). All of it counts a byte with what a table adds to
//! it: keys, filter, index.

use super::{CompactionPolicy, LsmState};

/// Written, read and taken room, each per what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amplification {
    /// Bytes written to tables for each byte put.
    pub write: f64,
    /// Tables searched for each get.
    pub read: f64,
    /// Bytes of all tables for each byte of the largest run.
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
        let passes = match self.settings.policy {
            CompactionPolicy::Fifo => 1.0,
            CompactionPolicy::SizeTiered => 1.0 + merges,
            CompactionPolicy::LazyLeveled if last == 0 => 1.0,
            CompactionPolicy::LazyLeveled => merges + 1.0 + self.level_bytes(last) / self.level0_batch().max(1.0) / 2.0,
            CompactionPolicy::Leveled => self.leveled_passes(last),
        };
        passes * self.table_overhead()
    }

    fn leveled_passes(&self, last: u32) -> f64 {
        if last == 0 {
            return 1.0;
        }
        // A last level that has only begun is taken for as large as the one above it.
        let above = if last > 1 { self.level_target(last - 1) } else { 0 };
        let data = self.level_bytes(last).max(above as f64).max(1.0);
        let may = |level: u32| if level == last { data } else { self.level_target(level) as f64 };
        let fresh = |level: u32| (1.0 - may(level) / data).max(0.0);
        let mut passes = 1.0 + fresh(1) + may(1) / self.level0_batch().max(1.0);
        let mut flow = fresh(1);
        for level in 2..=last {
            passes += flow * (fresh(level) + may(level) / may(level - 1) / 2.0 + 1.0);
            flow *= fresh(level);
        }
        passes
    }

    /// Bytes in a table for each of the user's.
    fn table_overhead(&self) -> f64 {
        let counters = &self.counters;
        let writes = counters.puts + counters.deletes + counters.range_deletes;
        let entries: u64 = self.version.tables().map(|(_, table)| table.entries).sum();
        let user = entries as f64 * counters.user_bytes as f64 / writes.max(1) as f64;
        if user > 0.0 { self.version.bytes() as f64 / user } else { 1.0 }
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

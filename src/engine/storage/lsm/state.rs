//! The tree described as plain data, for pictures and for what was done while nobody watched.

use std::rc::Rc;

use super::Lsm;
use super::memtable::Memtable;
use super::options::LsmOptions;
use super::write_log::WriteLog;
use glassbase_trace::Bytes;
use glassbase_trace::parts::lsm::{
    CompactionState, LsmCounters, LsmSettings, LsmState, MemtableEntry, MemtableRange, MemtableState, WriteKind,
};

impl LsmOptions {
    /// The settings that a picture needs.
    pub fn settings(&self) -> LsmSettings {
        LsmSettings {
            policy: self.policy,
            memtable_bytes: self.memtable_bytes.into(),
            bits_per_key: self.bits_per_key,
            size_ratio: self.size_ratio,
            level0_tables: self.level0_tables,
            level0_slow: self.level0_slow,
            level0_stop: self.level0_stop,
            level1_bytes: self.level1_bytes,
            table_bytes: self.table_bytes.into(),
        }
    }
}

impl Lsm {
    /// The whole tree, as the fold of its trace has it too.
    pub fn state(&self) -> LsmState {
        let frozen = self.frozen.iter().map(|frozen| Rc::new(memtable_state(&frozen.memtable, &frozen.log)));
        let compaction = self.compaction.as_ref().map(|job| {
            let choice = job.choice();
            let (reached, read_bytes, written_bytes) = job.progress();
            CompactionState {
                level: choice.level,
                output_level: choice.output_level,
                reason: choice.reason,
                inputs: choice.inputs.clone(),
                input_bytes: job.input_bytes(),
                reached,
                read_bytes,
                written_bytes,
            }
        });
        LsmState {
            settings: self.options.settings(),
            memtable: memtable_state(&self.memtable, &self.log),
            frozen: frozen.collect(),
            version: (**self.version()).clone(),
            obsolete: self.catalog.obsolete().to_vec(),
            sequence: self.sequence,
            snapshots: self.snapshots.clone(),
            flushing: self.flush.as_ref().map(|flush| flush.log()),
            compaction,
            stall: self.stall.clone(),
            counters: self.all_counters(),
        }
    }

    /// What was counted here and in the block cache.
    pub fn all_counters(&self) -> LsmCounters {
        LsmCounters { block_hits: self.cache.hits(), block_misses: self.cache.misses(), ..self.counters.clone() }
    }

    /// Counts on from what somebody who outlived a crash had counted. What recovery did is not counted.
    pub fn count_on(&mut self, counters: LsmCounters) {
        self.cache.count_on(counters.block_hits, counters.block_misses);
        self.counters = counters;
    }
}

fn memtable_state(memtable: &Memtable, log: &WriteLog) -> MemtableState {
    let entry = |entry: super::memtable::Entry| MemtableEntry {
        key: Bytes::from(entry.key.user),
        sequence: entry.key.stamp.sequence(),
        kind: if entry.key.stamp.is_put() { WriteKind::Put } else { WriteKind::Delete },
        value_len: entry.value.len() as u32,
    };
    let range = |range: &super::range_tombstone::RangeTombstone| MemtableRange {
        start: range.start.clone(),
        end: range.end.clone(),
        sequence: range.sequence,
    };
    MemtableState {
        log: log.number,
        log_bytes: log.length,
        log_durable: log.durable,
        bytes: if memtable.is_empty() { 0 } else { memtable.approx_bytes() as u64 },
        entries: memtable.iter().map(entry).collect(),
        ranges: memtable.ranges().iter().map(range).collect(),
    }
}

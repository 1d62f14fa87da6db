//! How an event changes the state of a log-structured merge tree.

use std::rc::Rc;

use super::{
    CompactionState, LsmCounters, LsmState, MemtableEntry, MemtableRange, MemtableState, StallState, WriteKind,
};
use crate::event::Event;
use crate::id::FileNumber;

impl LsmState {
    /// The state after an event; events of other lanes change nothing.
    pub fn apply(&mut self, event: &Event) {
        use Event::*;
        match event {
            LsmOpening { settings } => *self = LsmState { settings: settings.clone(), ..LsmState::default() },
            LogOpened { log, length } => self.open_log(*log, *length),
            LogCut { log, length, .. } => self.memtable_of(*log, |memtable| {
                (memtable.log_bytes, memtable.log_durable) = (*length, *length);
            }),
            LsmOpened { sequence } => self.end_opening(*sequence),
            LsmSettingsChanged { settings } => self.settings = settings.clone(),
            LsmLogged { log, length, .. } => {
                self.memtable_of(*log, |memtable| memtable.log_bytes += length);
                self.counters.log_bytes += length;
            }
            LsmLogSynced { log, length } => self.memtable_of(*log, |memtable| memtable.log_durable = *length),
            MemtableWritten { key, sequence, kind, value_len, bytes } => {
                let entry = MemtableEntry { key: key.clone(), sequence: *sequence, kind: *kind, value_len: *value_len };
                self.write(entry, *bytes);
            }
            MemtableRangeDeleted { start, end, sequence, bytes } => {
                let (start, end) = (start.clone(), end.clone());
                self.counters.range_deletes += 1;
                self.counters.user_bytes += (start.len() + end.len()) as u64;
                self.sequence = *sequence;
                self.memtable.ranges.push(MemtableRange { start, end, sequence: *sequence });
                self.memtable.bytes = *bytes;
            }
            MemtableFrozen { log, length, .. } => self.freeze(*log, *length),
            FlushBegun { log, .. } => self.flushing = Some(*log),
            FlushEnded { log, bytes } => {
                self.flushing = None;
                self.frozen.retain(|memtable| memtable.log != *log);
                self.counters.flushes += 1;
                self.counters.flushed_bytes += bytes;
            }
            FlushFailed { .. } => self.flushing = None,
            VersionEdited { edit } => {
                if let Ok(next) = self.version.apply(edit) {
                    self.version = next;
                }
            }
            TableObsolete { file } => {
                let at = self.obsolete.partition_point(|other| other < file);
                self.obsolete.insert(at, *file);
            }
            TableRemoved { file } => self.obsolete.retain(|other| other != file),
            SnapshotTaken { sequence } => {
                let at = self.snapshots.partition_point(|other| other <= sequence);
                self.snapshots.insert(at, *sequence);
            }
            SnapshotReleased { sequence } => {
                if let Ok(at) = self.snapshots.binary_search(sequence) {
                    self.snapshots.remove(at);
                }
            }
            WritesStalled { reason, stopped } => {
                self.stall = Some(StallState { reason: *reason, stopped: *stopped });
                self.counters.stalls += 1;
            }
            WritesResumed {} => self.stall = None,
            _ => self.apply_read(event),
        }
        self.apply_compaction(event);
    }

    fn apply_compaction(&mut self, event: &Event) {
        use Event::*;
        match event {
            CompactionBegun { level, output_level, reason, inputs, bytes } => {
                self.compaction = Some(CompactionState {
                    level: *level,
                    output_level: *output_level,
                    reason: *reason,
                    inputs: inputs.clone(),
                    input_bytes: *bytes,
                    reached: None,
                    read_bytes: 0,
                    written_bytes: 0,
                });
            }
            CompactionProgressed { reached, read_bytes, written_bytes } => {
                if let Some(compaction) = &mut self.compaction {
                    compaction.reached = Some(reached.clone());
                    (compaction.read_bytes, compaction.written_bytes) = (*read_bytes, *written_bytes);
                }
            }
            CompactionEnded { read_bytes, written_bytes, dropped, moved } => {
                self.compaction = None;
                self.counters.compactions += 1;
                self.counters.trivial_moves += u64::from(*moved);
                self.counters.compaction_read_bytes += read_bytes;
                self.counters.compaction_written_bytes += written_bytes;
                self.counters.dropped_entries += dropped;
            }
            CompactionFailed { .. } => self.compaction = None,
            _ => {}
        }
    }

    fn apply_read(&mut self, event: &Event) {
        use Event::*;
        let counters = &mut self.counters;
        match event {
            LsmGetBegun { .. } => counters.gets += 1,
            LsmScanBegun { .. } => counters.scans += 1,
            TableAsked { .. } => counters.tables_asked += 1,
            FilterAsked { skipped, .. } => counters.filter_skips += u64::from(*skipped),
            FilterFalsePositive { .. } => counters.filter_false_positives += 1,
            BlockHit { .. } => counters.block_hits += 1,
            BlockMiss { .. } => counters.block_misses += 1,
            _ => {}
        }
    }

    fn write(&mut self, entry: MemtableEntry, bytes: u64) {
        match entry.kind {
            WriteKind::Put => self.counters.puts += 1,
            WriteKind::Delete => self.counters.deletes += 1,
        }
        self.counters.user_bytes += entry.key.len() as u64 + u64::from(entry.value_len);
        self.sequence = entry.sequence;
        let entries = &mut self.memtable.entries;
        // The newest write stands in front of the older ones of its key.
        let at = entries.partition_point(|other| other.key < entry.key);
        entries.insert(at, entry);
        self.memtable.bytes = bytes;
    }

    /// Recovery goes from log to log; each but the last belongs to a frozen memtable.
    fn open_log(&mut self, log: FileNumber, length: u64) {
        let log_durable = length;
        let fresh = MemtableState { log, log_bytes: length, log_durable, ..MemtableState::default() };
        let before = std::mem::replace(&mut self.memtable, fresh);
        // A log without a head is none.
        if before.log_bytes > 0 {
            self.frozen.insert(0, Rc::new(before));
        }
    }

    fn end_opening(&mut self, sequence: u64) {
        // The last log had not even a head: the one before it goes on.
        if self.memtable.log_bytes == 0 && !self.frozen.is_empty() {
            let last = self.frozen.remove(0);
            self.memtable = Rc::unwrap_or_clone(last);
        }
        self.sequence = sequence;
        self.counters = LsmCounters::default();
    }

    fn freeze(&mut self, log: FileNumber, log_bytes: u64) {
        let fresh = MemtableState { log, log_bytes, ..MemtableState::default() };
        let full = std::mem::replace(&mut self.memtable, fresh);
        self.frozen.insert(0, Rc::new(full));
    }

    fn memtable_of(&mut self, log: FileNumber, change: impl FnOnce(&mut MemtableState)) {
        if self.memtable.log == log {
            change(&mut self.memtable);
        } else if let Some(frozen) = self.frozen.iter_mut().find(|memtable| memtable.log == log) {
            change(Rc::make_mut(frozen));
        }
    }
}

//! A flush: the oldest frozen memtable becomes a table of level 0, and its log is removed.

use std::rc::Rc;

use super::Lsm;
use super::cursor::{Cursor, Io};
use super::output::Output;
use super::retention::Retention;
use super::source::MemtableCursor;
use super::table::Table;
use crate::StorageError;
use glassbase_sim::Cx;
use glassbase_trace::parts::lsm::{PlacedTable, TableState, VersionEdit};
use glassbase_trace::{Event, FileNumber};

/// A flush under way.
#[derive(Clone, Debug)]
pub struct Flush {
    log: FileNumber,
    cursor: MemtableCursor,
    retention: Retention,
    output: Output,
}

impl Flush {
    /// The log of the memtable that is flushed.
    pub fn log(&self) -> FileNumber {
        self.log
    }
}

impl Lsm {
    pub(super) fn begin_flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Some(oldest) = self.frozen.last() else { return Ok(()) };
        let (log, memtable) = (oldest.log.number, oldest.memtable.clone());
        let retention = Retention::new(&self.snapshots, (**memtable.fragments()).clone(), false);
        let mut cursor = MemtableCursor::new(memtable.clone());
        cursor.seek_to_first(&mut Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: false })?;
        let output = Output::new(self.table_options(), u64::MAX);
        let (entries, file) = (memtable.len() as u64, FileNumber(self.next_file));
        cx.emit(|| Event::FlushBegun { log, file, entries });
        self.flush = Some(Flush { log, cursor, retention, output });
        Ok(())
    }

    /// One slice. When it fails, everything is as it was before the flush.
    pub(super) fn step_flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Some(mut flush) = self.flush.take() else { return Ok(()) };
        let stepped = self.write_slice(cx, &mut flush);
        let finished = match stepped {
            Ok(true) => {
                self.flush = Some(flush);
                return Ok(());
            }
            Ok(false) => self.install_flush(cx, &mut flush),
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            flush.output.abandon(cx, &mut self.disk);
            let (log, why) = (flush.log, error.to_string());
            cx.emit(|| Event::FlushFailed { log, why: why.into() });
            return Err(error);
        }
        let (log, bytes) = (flush.log, flush.output.written_bytes);
        cx.emit(|| Event::FlushEnded { log, bytes });
        self.counters.flushes += 1;
        self.counters.flushed_bytes += bytes;
        self.tidy(cx)
    }

    /// Writes entries until the slice is used up (true) or there are no more (false).
    fn write_slice(&mut self, cx: &mut Cx, flush: &mut Flush) -> Result<bool, StorageError> {
        let Flush { cursor, retention, output, .. } = flush;
        let mut left = i64::from(self.options.slice_bytes);
        while cursor.is_valid() {
            if left <= 0 {
                return Ok(true);
            }
            let (key, value) = (cursor.key(), cursor.value());
            left -= (key.user.len() + value.len() + 8) as i64;
            if retention.keeps(key) {
                output.add(cx, &mut self.disk, &mut self.next_file, retention, key, value)?;
            }
            cursor.next(&mut Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: false })?;
        }
        output.finish(cx, &mut self.disk, &mut self.next_file, retention)?;
        Ok(false)
    }

    fn install_flush(&mut self, cx: &mut Cx, flush: &mut Flush) -> Result<(), StorageError> {
        let Some(at) = self.frozen.iter().position(|frozen| frozen.log.number == flush.log) else { return Ok(()) };
        debug_assert_eq!(at + 1, self.frozen.len(), "memtables are flushed in the order in which they came");
        let placed =
            |(_, table): &(Rc<Table>, Rc<TableState>)| PlacedTable { level: 0, run: flush.log.0, table: table.clone() };
        let edit = VersionEdit { added: flush.output.finished.iter().map(placed).collect(), ..VersionEdit::default() };
        // The numbers as they will be without this memtable.
        let flushed_sequence = self.frozen[at].memtable.newest().max(self.flushed_sequence);
        let oldest_log = at.checked_sub(1).map_or(self.log.number, |newer| self.frozen[newer].log.number);
        let edit = VersionEdit { flushed_sequence, oldest_log, ..self.numbers(edit) };
        let opened = flush.output.finished.iter().map(|(table, _)| table.clone()).collect();
        self.commit(cx, edit, opened)?;
        self.flushed_sequence = flushed_sequence;
        let frozen = self.frozen.remove(at);
        match frozen.log.file() {
            // A log that stays is removed by recovery.
            Some(file) => drop(self.disk.remove_file(cx, file)),
            None => debug_assert!(false, "a memtable with writes has a log"),
        }
        Ok(())
    }
}

//! The write log read back while the tree is in use: for followers that apply the very batches with their numbers.
//!
//! ```text
//!   batches   1 … 40      41 … 60                 61 … 64
//!             in tables   in the files of logs    also in memory: the newest ones, as they were written
//!             ─ gone ─    ◀────────────── can be read ──────────▶
//! ```
//!
//! What was flushed has no log any more, but for the batches that are still in memory. (RocksDB reads its log back in the
//! same way: `GetUpdatesSince`.)
//!
//! Writes at the end can be taken back as long as they are in no table: the log is cut and the tree opened anew.

use std::collections::VecDeque;
use std::rc::Rc;

use super::batch::WriteBatch;
use super::key::Sequence;
use super::write_log::{Batch, WriteLog, read_batches};
use super::{Lsm, OpenFailure};
use crate::StorageError;
use glassbase_sim::Cx;
use glassbase_trace::FileId;
use glassbase_trace::parts::lsm::VersionEdit;

/// The newest batches.
#[derive(Clone, Debug, Default)]
pub(super) struct LogTail {
    kept: usize,
    batches: VecDeque<Batch>,
}

impl LogTail {
    /// A batch was logged whose first write has this number.
    pub fn push(&mut self, batch: &mut WriteBatch, first: Sequence) {
        let count = batch.len();
        self.batches.push_back(Batch { first, count, payload: batch.payload(first).into() });
        self.trim();
    }

    fn trim(&mut self) {
        let extra = self.batches.len().saturating_sub(self.kept);
        self.batches.drain(..extra);
    }

    /// Its batches behind a number; none: it does not reach back so far.
    fn read(&self, after: Sequence, most: usize) -> Option<Vec<Batch>> {
        let at = self.batches.partition_point(|batch| batch.last() <= after);
        let found: Vec<Batch> = self.batches.range(at..).take(most).cloned().collect();
        found.first().is_some_and(|batch| batch.first == after + 1).then_some(found)
    }
}

impl Lsm {
    /// Keeps so many of the newest batches in memory from now on, for readers of the log.
    pub fn keep_log(&mut self, batches: usize) {
        let tail = self.log_tail.get_or_insert_default();
        tail.kept = batches;
        tail.trim();
    }

    /// The log can be read from behind this number on.
    pub fn log_start(&self) -> Sequence {
        let in_memory = self.log_tail.as_ref().and_then(|tail| tail.batches.front()).map(|batch| batch.first - 1);
        in_memory.map_or(self.flushed_sequence, |first| first.min(self.flushed_sequence))
    }

    /// The batches behind the write with this number, at most so many, as they stand in the log. None: some of them are in no
    /// log any more.
    pub fn read_log(&mut self, cx: &mut Cx, after: Sequence, most: usize) -> Result<Option<Vec<Batch>>, StorageError> {
        if after >= self.sequence {
            return Ok(Some(Vec::new()));
        }
        if let Some(found) = self.log_tail.as_ref().and_then(|tail| tail.read(after, most)) {
            return Ok(Some(found));
        }
        if after < self.flushed_sequence {
            return Ok(None);
        }
        let mut found = Vec::new();
        for log in self.logs_by_age() {
            if found.len() >= most {
                break;
            }
            let Some(file) = log.file() else { continue };
            let length = self.disk.file_len(file).unwrap_or_default() as usize;
            let bytes = self.disk.read_file(cx, file, 0, length)?;
            let batches = read_batches(&bytes, log.number)?.into_iter().map(|(_, batch)| batch);
            let left = most - found.len();
            found.extend(batches.filter(|batch| batch.first > after).take(left));
        }
        Ok(found.first().is_some_and(|batch| batch.first == after + 1).then_some(found))
    }

    fn logs_by_age(&self) -> Vec<WriteLog> {
        let frozen = self.frozen.iter().rev().map(|frozen| frozen.log.clone());
        frozen.chain([self.log.clone()]).collect()
    }

    /// Takes back all writes behind the one with this number, durably. False, and nothing has happened: some of them are in a
    /// table already.
    pub fn cut_log(&mut self, cx: &mut Cx, to: Sequence) -> Result<bool, StorageError> {
        if to >= self.sequence {
            return Ok(true);
        }
        if to < self.flushed_sequence {
            return Ok(false);
        }
        self.sync(cx)?;
        // The newest first, each durably before the next: what is left is always the beginning of the log.
        for log in self.logs_by_age().into_iter().rev() {
            let Some(file) = log.file() else { continue };
            match self.first_behind(cx, &log, file, to)? {
                None => break,
                Some(0) => {
                    self.disk.remove_file(cx, file)?;
                    self.disk.sync(cx)?;
                }
                Some(offset) => self.disk.truncate_file(cx, file, offset)?,
            }
        }
        self.reopen(cx, to)?;
        Ok(true)
    }

    /// Where the batches behind a number begin in a log; 0: it has no others. None: it has no such batches.
    fn first_behind(
        &mut self,
        cx: &mut Cx,
        log: &WriteLog,
        file: FileId,
        to: Sequence,
    ) -> Result<Option<u64>, StorageError> {
        let length = self.disk.file_len(file).unwrap_or_default() as usize;
        let bytes = self.disk.read_file(cx, file, 0, length)?;
        let batches = read_batches(&bytes, log.number)?;
        let at = batches.iter().position(|(_, batch)| batch.last() > to);
        Ok(at.map(|at| if at == 0 { 0 } else { batches[at].0 }))
    }

    /// Opens the tree anew from its files; what readers of the log keep in memory stays as far as it is still true.
    fn reopen(&mut self, cx: &mut Cx, to: Sequence) -> Result<(), StorageError> {
        let opened = Lsm::open(cx, &self.options, self.disk.clone());
        let mut opened = opened.map_err(|OpenFailure { error, .. }| error)?;
        opened.counters = self.counters.clone();
        opened.log_tail = self.log_tail.take().map(|mut tail| {
            tail.batches.retain(|batch| batch.last() <= to);
            tail
        });
        debug_assert_eq!(opened.sequence, to, "the log ends there");
        *self = opened;
        Ok(())
    }

    /// The next write has the number behind this one, durably: what is there stands for all writes up to it. For a tree that
    /// was filled with the contents of another one.
    pub fn skip_to(&mut self, cx: &mut Cx, sequence: Sequence) -> Result<(), StorageError> {
        debug_assert!(sequence >= self.sequence, "numbers are never used again");
        self.flush(cx)?;
        self.sequence = sequence.max(self.sequence);
        (self.durable_sequence, self.flushed_sequence) = (self.sequence, self.sequence);
        if let Some(tail) = &mut self.log_tail {
            tail.batches.clear();
        }
        let edit = self.numbers(VersionEdit::default());
        self.commit(cx, edit, Vec::new())
    }
}

impl Batch {
    /// The number of its last write.
    pub fn last(&self) -> Sequence {
        self.first + u64::from(self.count) - 1
    }

    /// The bytes of the log between its frames.
    pub fn payload(&self) -> Rc<[u8]> {
        self.payload.clone()
    }
}

//! Writes: into the log, then into the memtable; and when they have to wait.
//!
//! A write fails before anything of it was logged, or is done. (Where only the sync fails it is done, but not known to be
//! durable; that happens when the power is off.)
//!
//! **Stalls.** Writes may not outrun the background for ever: level 0 would grow, and every read with it. Beyond one limit
//! each write waits a little; beyond another it does background work until there is room (RocksDB, "Write Stalls").

use std::rc::Rc;

use super::background::PACE;
use super::batch::{Write, WriteBatch, Writes};
use super::compaction::pending_bytes;
use super::key::Kind;
use super::memtable::Memtable;
use super::options::{Background, KEY_BYTES_MAX, SyncMode, VALUE_BYTES_MAX};
use super::range_tombstone::RangeTombstone;
use super::write_log::WriteLog;
use super::{Frozen, Lsm};
use crate::StorageError;
use glassbase_sim::{Cx, MEMORY_ACCESS_NS};
use glassbase_trace::parts::lsm::{CompactionPolicy, StallReason, StallState, WriteKind};
use glassbase_trace::{Bytes, Event, FileNumber};

/// What a byte costs that is written while writes are slowed down: 16 MB a second.
const SLOW_NS_PER_BYTE: u64 = 60;

impl Lsm {
    /// Writes a value under a key, whether it has one or not.
    pub fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.single(cx, Kind::Put, key, value)
    }

    /// Deletes a key, whether it is there or not.
    pub fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<(), StorageError> {
        self.single(cx, Kind::Delete, key, &[])
    }

    /// Deletes the keys from `start` up to, not including, `end`.
    pub fn delete_range(&mut self, cx: &mut Cx, start: &[u8], end: &[u8]) -> Result<(), StorageError> {
        if start >= end {
            return Ok(());
        }
        check_lengths(end.len(), 0)?;
        self.single(cx, Kind::RangeDelete, start, end)
    }

    /// Does all writes of a batch, or none of them.
    pub fn write(&mut self, cx: &mut Cx, batch: &mut WriteBatch) -> Result<(), StorageError> {
        let (key_bytes, value_bytes) = batch.longest();
        check_lengths(key_bytes, value_bytes)?;
        if batch.is_empty() {
            return Ok(());
        }
        self.log_batch(cx, batch)?;
        self.apply(cx, batch);
        self.end_write(cx, batch.user_bytes())
    }

    /// Makes everything durable that was written so far.
    pub fn sync(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.log.sync(cx, &mut self.disk)?;
        self.durable_sequence = self.sequence;
        Ok(())
    }

    fn single(&mut self, cx: &mut Cx, kind: Kind, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        check_lengths(key.len(), value.len())?;
        let mut batch = std::mem::replace(&mut self.batch, WriteBatch::EMPTY);
        batch.clear();
        batch.push(Write { kind, key, value });
        let written = self.write(cx, &mut batch);
        self.batch = batch;
        written
    }

    /// Makes room, and appends the batch to the log.
    #[inline]
    fn log_batch(&mut self, cx: &mut Cx, batch: &mut WriteBatch) -> Result<(), StorageError> {
        if self.stall.is_some() || self.memtable.approx_bytes() >= self.options.memtable_bytes as usize {
            self.make_room(cx, batch.user_bytes())?;
        }
        let before = self.log.length;
        let appended = self.log.append(cx, &mut self.disk, batch, self.sequence + 1);
        self.counters.log_bytes += self.log.length - before;
        if let (Some(tail), Ok(())) = (&mut self.log_tail, &appended) {
            tail.push(batch, self.sequence + 1);
        }
        appended
    }

    /// Puts a batch that is logged into the memtable.
    #[inline]
    fn apply(&mut self, cx: &mut Cx, batch: &WriteBatch) {
        apply_writes(cx, Rc::make_mut(&mut self.memtable), self.sequence + 1, batch.iter());
        self.sequence += u64::from(batch.len());
        let (deletes, range_deletes) = batch.deletes();
        self.counters.puts += u64::from(batch.len() - deletes - range_deletes);
        self.counters.deletes += u64::from(deletes);
        self.counters.range_deletes += u64::from(range_deletes);
        self.counters.user_bytes += batch.user_bytes();
    }

    /// Makes the log durable when it is time to, and lets the background have its share.
    #[inline]
    fn end_write(&mut self, cx: &mut Cx, bytes: u64) -> Result<(), StorageError> {
        let due = match self.options.sync {
            SyncMode::EachWrite => true,
            SyncMode::Group => self.log.unsynced_batches >= self.options.group_writes,
            SyncMode::Asynchronous => false,
        };
        if due {
            self.sync(cx)?;
        }
        if self.options.background == Background::Shared {
            self.earn(cx, bytes);
        }
        Ok(())
    }

    /// Waits where writes have to, and freezes the memtable when it is full.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, cx: &mut Cx, bytes: u64) -> Result<(), StorageError> {
        while self.stall.as_ref().is_some_and(|stall| stall.stopped) {
            if !self.work(cx)? {
                break;
            }
        }
        if self.stall.is_some() {
            cx.pass(bytes * SLOW_NS_PER_BYTE);
            self.credit += bytes as i64 * PACE;
        }
        if self.memtable.approx_bytes() >= self.options.memtable_bytes as usize { self.freeze(cx) } else { Ok(()) }
    }

    /// Begins a new memtable with a new log. The old log is made durable, so that no write can survive that came later.
    pub(super) fn freeze(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        if self.memtable.is_empty() {
            return Ok(());
        }
        self.sync(cx)?;
        let number = FileNumber(self.take_number());
        let log = std::mem::replace(&mut self.log, WriteLog::new(number));
        let fresh = Rc::new(Memtable::default());
        let memtable = std::mem::replace(&mut self.memtable, fresh);
        let entries = memtable.len() as u64;
        cx.emit(|| Event::MemtableFrozen { log: number, length: 0, entries });
        self.frozen.insert(0, Frozen { memtable, log });
        self.is_resting = false;
        self.update_stall(cx);
        Ok(())
    }

    /// Asks the limits anew, after memtables or the version changed.
    pub(super) fn update_stall(&mut self, cx: &mut Cx) {
        let stall = self.wanted_stall();
        if stall == self.stall {
            return;
        }
        match &stall {
            Some(StallState { reason, stopped }) => {
                let (reason, stopped) = (*reason, *stopped);
                self.counters.stalls += 1;
                cx.emit(|| Event::WritesStalled { reason, stopped });
            }
            None => cx.emit(|| Event::WritesResumed {}),
        }
        self.stall = stall;
    }

    fn wanted_stall(&self) -> Option<StallState> {
        let options = &self.options;
        let level0 = match options.policy {
            CompactionPolicy::Fifo => 0,
            _ => self.version().runs(0).len() as u64,
        };
        let frozen = self.frozen.len() as u64;
        let pending = pending_bytes(self.version(), options);
        let limits = [
            (StallReason::Memtables, frozen, u64::from(options.memtables_slow), u64::from(options.memtables_stop)),
            (StallReason::Level0, level0, u64::from(options.level0_slow), u64::from(options.level0_stop)),
            (StallReason::Pending, pending, options.pending_slow_bytes, options.pending_stop_bytes),
        ];
        let stopped = limits.iter().find(|(_, has, _, stop)| has >= stop);
        let slow = limits.iter().find(|(_, has, slow, _)| has >= slow);
        let (reason, has, _, stop) = stopped.or(slow)?;
        Some(StallState { reason: *reason, stopped: has >= stop })
    }
}

fn check_lengths(key_bytes: usize, value_bytes: usize) -> Result<(), StorageError> {
    if key_bytes > KEY_BYTES_MAX {
        return Err(StorageError::KeyTooLongForTable { length: key_bytes, max: KEY_BYTES_MAX });
    }
    if value_bytes > VALUE_BYTES_MAX {
        return Err(StorageError::ValueTooLong { length: value_bytes, max: VALUE_BYTES_MAX });
    }
    Ok(())
}

/// Writes that follow each other into a memtable, the first with the number `first`. Recovery uses it too.
#[inline]
pub(super) fn apply_writes(cx: &mut Cx, memtable: &mut Memtable, first: u64, mut writes: Writes) {
    let bytes = writes.bytes();
    let taken = memtable.take_all(bytes);
    let mut sequence = first;
    let mut start = 0;
    while let Some(write) = writes.next() {
        let end = bytes.len() - writes.bytes().len();
        let at = match taken {
            Some(at) => at + start as u32,
            None => memtable.take(&bytes[start..end]),
        };
        apply_write(cx, memtable, sequence, at, write);
        (start, sequence) = (end, sequence + 1);
    }
}

/// One write, whose bytes are in the memtable.
#[inline]
fn apply_write(cx: &mut Cx, memtable: &mut Memtable, sequence: u64, at: u32, write: Write) {
    // A descent of a skip list passes about as many nodes as a binary search.
    cx.pass(MEMORY_ACCESS_NS * u64::from(usize::BITS - memtable.len().leading_zeros()));
    if write.kind == Kind::RangeDelete {
        return apply_range_delete(cx, memtable, sequence, write);
    }
    memtable.insert(sequence, at, write);
    cx.emit(|| {
        let (bytes, value_len) = (memtable.approx_bytes() as u64, write.value.len() as u32);
        let kind = if write.kind == Kind::Put { WriteKind::Put } else { WriteKind::Delete };
        Event::MemtableWritten { key: Bytes::from(write.key), sequence, kind, value_len, bytes }
    });
}

#[inline(never)]
fn apply_range_delete(cx: &mut Cx, memtable: &mut Memtable, sequence: u64, write: Write) {
    let (start, end) = (Bytes::from(write.key), Bytes::from(write.value));
    memtable.insert_range(RangeTombstone { start: start.clone(), end: end.clone(), sequence });
    let bytes = memtable.approx_bytes() as u64;
    cx.emit(|| Event::MemtableRangeDeleted { start, end, sequence, bytes });
}

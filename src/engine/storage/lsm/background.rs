//! Background work: flushes before compactions, one at a time, in slices.
//!
//! There is one thread and one clock. A slice reads and writes a bounded number of bytes and lets virtual time pass for
//! them, so what happens in the background delays the foreground as it would on a device that both share. A write earns
//! [`PACE`] bytes of background work for each of its own; a slice is done when enough are earned.
//!
//! Work that fails (no room, a block that cannot be read) leaves everything as it was before, is reported by
//! [`Lsm::trouble`], and is tried again later. Only when writes have to wait for it do they fail with it.

use super::Lsm;
use super::compaction;
use super::options::Background;
use crate::StorageError;
use glassbase_sim::Cx;
use glassbase_trace::FileNumber;

/// Bytes of background work for each byte written: more than any policy needs, so that the background keeps up.
pub(super) const PACE: i64 = 32;

/// What a slice would work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Writing the memtable of this log to a table.
    Flush(FileNumber),
    /// Merging tables of one level into another.
    Compaction { level: u32, output_level: u32 },
}

impl Lsm {
    /// What is to be done next, if anything.
    pub fn pending_work(&self, cx: &Cx) -> Option<Work> {
        if let Some(frozen) = self.frozen.last() {
            return Some(Work::Flush(frozen.log.number));
        }
        let (level, output_level) = match &self.compaction {
            Some(job) => (job.choice().level, job.choice().output_level),
            None => {
                let choice = self.choose(cx)?;
                (choice.level, choice.output_level)
            }
        };
        Some(Work::Compaction { level, output_level })
    }

    /// Does one slice; false when there is nothing to do.
    pub fn work(&mut self, cx: &mut Cx) -> Result<bool, StorageError> {
        let worked = self.try_work(cx);
        self.trouble = worked.as_ref().err().cloned();
        self.is_resting = worked == Ok(false);
        worked
    }

    /// Does everything that is to be done.
    pub fn work_all(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        while self.work(cx)? {}
        Ok(())
    }

    /// Writes everything that is in memory to tables.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.freeze(cx)?;
        while !self.frozen.is_empty() {
            self.work(cx)?;
        }
        Ok(())
    }

    /// Asks for everything to be merged into one run; [`Lsm::work`] does it.
    pub fn ask_for_everything(&mut self) {
        self.everything_asked = true;
        self.is_resting = false;
    }

    /// Writes everything that is in memory to tables and merges all tables into one run.
    pub fn compact(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.flush(cx)?;
        self.ask_for_everything();
        self.work_all(cx)
    }

    /// Does background work for bytes that were written.
    #[inline]
    pub(super) fn earn(&mut self, cx: &mut Cx, bytes: u64) {
        if !self.is_resting {
            self.credit += bytes as i64 * PACE;
            if self.credit > 0 {
                self.spend(cx);
            }
        }
    }

    #[inline(never)]
    fn spend(&mut self, cx: &mut Cx) {
        while self.credit > 0 && self.options.background == Background::Shared {
            self.credit -= i64::from(self.options.slice_bytes);
            match self.work(cx) {
                Ok(true) => {}
                Ok(false) => return,
                // Tried again when about a memtable more was written.
                Err(_) => self.credit = -(PACE * i64::from(self.options.memtable_bytes)),
            }
        }
    }

    fn try_work(&mut self, cx: &mut Cx) -> Result<bool, StorageError> {
        if self.flush.is_none() {
            self.begin_flush(cx)?;
        }
        if self.flush.is_some() {
            self.step_flush(cx)?;
            return Ok(true);
        }
        if self.compaction.is_none() {
            let Some(choice) = self.choose(cx) else { return Ok(false) };
            self.everything_asked = false;
            self.begin_compaction(cx, choice)?;
            return Ok(true);
        }
        self.step_compaction(cx)?;
        Ok(true)
    }

    fn choose(&self, cx: &Cx) -> Option<compaction::Compaction> {
        let asked = if self.everything_asked { compaction::everything(self.version(), &self.options) } else { None };
        asked.or_else(|| compaction::pick(self.version(), &self.options, cx.now_ns()))
    }
}

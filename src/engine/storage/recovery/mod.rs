//! Recovery after a crash: ARIES (Mohan et al., 1992), one record at a time.
//!
//! ```text
//!              redo point      checkpoint                         end of the log
//!   log  ──────┴───────────────┴──────────────────────────────────┤
//!                              analysis ─────────────────────────▶   what was dirty, who was under way
//!              redo ─────────────────────────────────────────────▶   all that was logged is done again, losers' too
//!         ◀─────────────────────────────────────────────── undo      losers are taken back, newest record first
//! ```
//!
//! Redo repeats history: afterwards the pages are as they were when the power failed. Undo logs what it does, so a crash
//! during recovery is recovered from in the same way, and no record is taken back twice. At the end all pages are written
//! and a checkpoint is made.
//!
//! An action that the crash interrupted is the last thing in the log, so going by the newest record first takes it back
//! before anything is undone by key: whoever descends the tree finds it whole.

mod analysis;
mod redo;
#[cfg(test)]
mod tests;
mod undo;

use glassbase_trace::sorted::SortedMap;

use super::error::StorageError;
use super::journal::{Journal, LogOptions};
use super::tree::Tree;
use glassbase_sim::Cx;
use glassbase_trace::{Event, Lsn, PageId, RecoveryPass};

/// What the next step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Find the log and its end.
    Open,
    Pass(RecoveryPass),
    /// Write all pages, make a checkpoint.
    Checkpoint,
    Done,
}

/// A recovery under way.
#[derive(Clone, Debug)]
pub struct Recovery {
    options: LogOptions,
    stage: Stage,
    /// The next record of the pass.
    at: Lsn,
    /// Where the log ended when recovery began.
    end: Lsn,
    /// Records that the pass has seen.
    records: u32,
    /// Taking the last record back met an error half-way.
    undo_failed: bool,
    /// What may be missing on the disk: the page, and from where on.
    dirty: SortedMap<PageId, Lsn>,
}

impl Recovery {
    pub fn new(options: &LogOptions) -> Recovery {
        Recovery {
            options: options.clone(),
            stage: Stage::Open,
            at: Lsn(0),
            end: Lsn(0),
            records: 0,
            undo_failed: false,
            dirty: SortedMap::new(),
        }
    }

    /// The pass under way, if one is.
    pub fn pass(&self) -> Option<RecoveryPass> {
        match self.stage {
            Stage::Pass(pass) => Some(pass),
            _ => None,
        }
    }

    /// The record that the next step is about, in analysis and redo.
    pub fn at(&self) -> Lsn {
        self.at
    }

    /// Does the next step: one record, or what lies between two passes. False: recovery is complete.
    pub fn step(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<bool, StorageError> {
        match self.stage {
            Stage::Open => self.open(cx, tree)?,
            Stage::Pass(RecoveryPass::Analysis) if self.at < self.end => self.analyze(cx, tree)?,
            Stage::Pass(RecoveryPass::Analysis) => self.end_analysis(cx, tree),
            Stage::Pass(RecoveryPass::Redo) if self.at < self.end => self.redo(cx, tree)?,
            Stage::Pass(RecoveryPass::Redo) => self.end_redo(cx, tree)?,
            Stage::Pass(RecoveryPass::Undo) => {
                if !self.undo(cx, tree)? {
                    self.end_pass(cx, tree, RecoveryPass::Undo);
                    self.stage = Stage::Checkpoint;
                }
            }
            Stage::Checkpoint => {
                tree.write_all_pages(cx)?;
                tree.checkpoint(cx)?;
                self.stage = Stage::Done;
            }
            Stage::Done => {}
        }
        Ok(self.stage != Stage::Done)
    }

    fn open(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        let journal = tree.open_journal(cx, &self.options)?;
        let (from, end) = (journal.control.checkpoint, journal.log.end());
        tree.restore_torn_pages(cx)?;
        tree.emit_state(cx);
        self.begin_pass(cx, tree, RecoveryPass::Analysis, from, end);
        Ok(())
    }

    fn begin_pass(&mut self, cx: &mut Cx, tree: &mut Tree, pass: RecoveryPass, from: Lsn, to: Lsn) {
        self.stage = Stage::Pass(pass);
        if let Some(journal) = tree.journal_mut() {
            journal.pass = Some(pass);
        }
        (self.at, self.end, self.records) = (from, to, 0);
        cx.emit(|| Event::RecoveryPassBegun { pass, from, to });
    }

    fn end_pass(&mut self, cx: &mut Cx, tree: &mut Tree, pass: RecoveryPass) {
        if let Some(journal) = tree.journal_mut() {
            journal.pass = None;
        }
        let records = self.records;
        cx.emit(|| Event::RecoveryPassEnded { pass, records });
    }

    fn end_analysis(&mut self, cx: &mut Cx, tree: &mut Tree) {
        self.end_pass(cx, tree, RecoveryPass::Analysis);
        let redo = self.dirty.values().min().copied().unwrap_or(self.end);
        if let Some(journal) = tree.journal_mut() {
            journal.set_redo(redo);
        }
        self.begin_pass(cx, tree, RecoveryPass::Redo, redo, self.end);
    }

    fn end_redo(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        tree.restate_meta(cx)?;
        self.end_pass(cx, tree, RecoveryPass::Redo);
        tree.prune_dirty(cx);
        tree.emit_state(cx);
        let newest = tree.journal().and_then(Journal::newest_to_undo).map_or(Lsn(0), |(_, lsn)| lsn);
        self.begin_pass(cx, tree, RecoveryPass::Undo, newest, self.end);
        Ok(())
    }
}

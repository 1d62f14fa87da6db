//! What is going on in the log and in recovery: the part of a view that the engine's state does not have.

use std::rc::Rc;

use glassbase_trace::parts::log::LogRecord;
use glassbase_trace::{EngineState, Event, LogKind, Lsn, PageId, RecoveryPass, TxnFate, TxnId, WriteFate};

/// Commits that are timed at once.
const TIMED_MAX: usize = 4096;

/// What recovery, or a transaction, did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Appended,
    Analyzed,
    Redone,
    Skipped,
    Undone,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// From a crash until recovery is complete.
    pub crashed: bool,
    /// The records that were there before the crash and were not durable.
    pub volatile: Rc<Vec<LogRecord>>,
    /// What became of pages in the crash.
    pub fates: Vec<(PageId, WriteFate)>,
    /// The record that something was done with last.
    pub at: Option<(Lsn, Deed)>,
    /// The pass that is under way, or was the last; and what each pass has come to.
    pub pass: Option<RecoveryPass>,
    pub analyzed: u32,
    pub redone: u32,
    pub skipped: u32,
    pub undone: u32,
    /// Where the pass under way began, and where it ends.
    pub bounds: (Lsn, Lsn),
    /// The log was found torn here.
    pub torn: Option<Lsn>,
    pub crashes: u32,
    /// Commits that wait for their answer, since when; those answered, and the time that they took together.
    timed: Vec<(TxnId, u64)>,
    pub commits: u64,
    pub commit_ns: u64,
    /// The most records that the log held at once.
    pub most_records: usize,
}

impl Doing {
    /// Goes on by one record; `state` is as it was before.
    pub fn follow(&mut self, state: &EngineState, event: &Event, time_ns: u64) {
        use Event::*;
        match event {
            LogAppended { lsn, txn, kind, .. } => {
                self.at = Some((*lsn, Deed::Appended));
                self.most_records =
                    self.most_records.max(state.parts.log.as_ref().map_or(0, |log| log.records.len() + 1));
                if *kind == LogKind::Commit && self.timed.len() < TIMED_MAX {
                    self.timed.push((*txn, time_ns));
                }
            }
            RecordAnalyzed { lsn } => {
                self.at = Some((*lsn, Deed::Analyzed));
                self.analyzed += 1;
            }
            RecordRedone { lsn, .. } => {
                self.at = Some((*lsn, Deed::Redone));
                self.redone += 1;
            }
            RecordSkipped { lsn, .. } => {
                self.at = Some((*lsn, Deed::Skipped));
                self.skipped += 1;
            }
            RecordUndone { lsn, .. } => {
                self.at = Some((*lsn, Deed::Undone));
                self.undone += u32::from(self.crashed);
            }
            RecoveryPassBegun { pass, from, to } => {
                if *pass == RecoveryPass::Analysis {
                    (self.analyzed, self.redone, self.skipped, self.undone) = (0, 0, 0, 0);
                }
                (self.pass, self.bounds, self.at) = (Some(*pass), (*from, *to), None);
            }
            RecoveryPassEnded { pass: RecoveryPass::Undo, .. } => {
                (self.crashed, self.pass, self.at, self.torn) = (false, None, None, None);
                self.volatile = Rc::default();
                self.fates.clear();
            }
            LogTorn { at, .. } => self.torn = Some(*at),
            ClientLearned { txn, fate: TxnFate::Told } => self.answered(*txn, time_ns),
            DiskCrashed { .. } => self.crash(state),
            PageSurvived { page, fate, .. } => self.fates.push((*page, *fate)),
            StateTaken { state } => self.taken(state),
            _ => {}
        }
    }

    /// What was done unrecorded, or another engine.
    fn taken(&mut self, state: &EngineState) {
        let Some(log) = &state.parts.log else { return };
        self.most_records = self.most_records.max(log.records.len());
        if state.parts.client.is_some() {
            *self = Doing {
                // A database that is not open knows no root.
                crashed: state.height == 0,
                crashes: self.crashes,
                commits: self.commits,
                commit_ns: self.commit_ns,
                most_records: self.most_records,
                ..Doing::default()
            };
        }
    }

    fn answered(&mut self, txn: TxnId, time_ns: u64) {
        if let Some(index) = self.timed.iter().position(|(timed, _)| *timed == txn) {
            let (_, since_ns) = self.timed.remove(index);
            self.commits += 1;
            self.commit_ns = self.commit_ns.saturating_add(time_ns.saturating_sub(since_ns));
        }
    }

    fn crash(&mut self, state: &EngineState) {
        let volatile = state.parts.log.as_ref().map(|log| {
            let first = log.records.partition_point(|record| record.lsn < log.durable);
            log.records[first..].to_vec()
        });
        *self = Doing {
            crashed: true,
            volatile: Rc::new(volatile.unwrap_or_default()),
            crashes: self.crashes + 1,
            commits: self.commits,
            commit_ns: self.commit_ns,
            most_records: self.most_records,
            ..Doing::default()
        };
    }
}

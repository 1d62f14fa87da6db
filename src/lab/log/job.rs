//! Commands that take long, in slices: a random workload, and recovery.

use super::machine::{LogLab, is_power_off};
use crate::lab::data::Data;
use crate::lab::keys::make_value;
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::words::{counted, grouped};
use crate::sim::Cx;
use crate::storage::StorageError;
use crate::trace::Bytes;

/// The highest key of a workload that says none.
const KEYS: u64 = 60;
/// What a client does between two transactions takes so long.
const THINK_NS: u64 = 20_000;

/// A long command under way.
#[derive(Clone)]
pub struct Job {
    work: Work,
    pub done: u64,
    pub total: u64,
    /// What is to be answered instead of the sum: the power failed.
    end: Option<String>,
    began_ns: u64,
}

#[derive(Clone)]
enum Work {
    Transactions {
        keys: u64,
        committed: u64,
        aborted: u64,
        changes: u64,
    },
    /// `limited`: only so many steps were asked for.
    Recover {
        limited: bool,
        open: bool,
    },
}

impl Job {
    pub fn new(lab: &LogLab, cx: &Cx, call: &Call, _data: &Data) -> Result<Job, Refusal> {
        let number = |name| call.arguments.number(name);
        let (work, total) = if call.info.name == "work" {
            let total = number("count").unwrap_or_default();
            check_units(total)?;
            if lab.database.needs_recovery() {
                return Err(StorageError::NotRecovered.into());
            }
            let keys = number("keys").unwrap_or(KEYS);
            (Work::Transactions { keys, committed: 0, aborted: 0, changes: 0 }, total)
        } else {
            let limited = number("step");
            let open = !lab.database.needs_recovery();
            let total = if open { 0 } else { limited.unwrap_or(1) };
            (Work::Recover { limited: limited.is_some(), open }, total)
        };
        Ok(Job { work, done: 0, total, end: None, began_ns: cx.now_ns() })
    }

    /// Does the next operation. After an error the job is over.
    pub fn step(&mut self, lab: &mut LogLab, cx: &mut Cx) -> Result<(), Refusal> {
        self.done += 1;
        match &mut self.work {
            Work::Transactions { keys, committed, aborted, changes } => {
                let commits = transaction(lab, cx, *keys, changes)?;
                *(if commits { committed } else { aborted }) += 1;
            }
            Work::Recover { limited, .. } => match lab.database.step(cx) {
                Ok(true) if *limited => {}
                Ok(true) => self.total = self.done + 1,
                Ok(false) => {
                    self.total = self.done;
                    self.end = Some(format!("Recovered. {}", lab.recovered(cx)));
                }
                Err(error) => {
                    if !is_power_off(&error) {
                        lab.not_recovered(cx, &error);
                    }
                    return Err(error.into());
                }
            },
        }
        Ok(())
    }

    /// It ends here, and this is the answer.
    pub fn cut_short(&mut self, answer: String) {
        self.total = self.done;
        self.end = Some(answer);
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(self, lab: &LogLab, cx: &Cx) -> String {
        if let Some(end) = self.end {
            return end;
        }
        match self.work {
            Work::Recover { open: true, .. } => "The database is open: there is nothing to recover.".to_string(),
            Work::Recover { .. } => {
                let pass = lab.database.recovery_pass();
                let place = pass.map_or("between two passes".to_string(), |pass| format!("in {}", pass.word()));
                format!("{} done: recovery is {place}.", counted(self.done, "step"))
            }
            Work::Transactions { committed, aborted, changes, .. } => {
                let elapsed_us = (cx.now_ns() - self.began_ns) / 1000;
                let (committed_words, changes) = (counted(committed, "transaction"), counted(changes, "change"));
                let each = grouped(elapsed_us / committed.max(1));
                format!(
                    "{committed_words} committed, {} aborted, {changes}; {each} microseconds a commit.",
                    grouped(aborted)
                )
            }
        }
    }

    /// The command that does just what has been done so far.
    pub fn rewritten(&self, unrecorded: bool) -> String {
        match self.work {
            Work::Transactions { keys, .. } => {
                format!("work {} keys {keys}{}", self.done, if unrecorded { " unrecorded" } else { "" })
            }
            Work::Recover { .. } => format!("recover step {}", self.done.max(1)),
        }
    }
}

/// One transaction of a random workload; true: it was committed.
fn transaction(lab: &mut LogLab, cx: &mut Cx, keys: u64, changes: &mut u64) -> Result<bool, StorageError> {
    let txn = lab.database.begin(cx)?;
    let name = lab.ledger.fresh_name();
    lab.ledger.begin(cx, txn, name);
    let index = lab.ledger.open.len() - 1;
    let mut value = Vec::new();
    for _ in 0..lab.source.number(4) {
        let key = Bytes::number(lab.source.number(keys));
        let deletes = lab.source.number(4) == 1;
        // Another value than the key had before.
        let salt = Bytes::number(lab.source.number(1 << 40));
        make_value(&salt, lab.settings.value_size, &mut value);
        match lab.change(cx, index, &key, (!deletes).then_some(&value)) {
            Ok(done) => *changes += u64::from(done || !deletes),
            // It belongs to a transaction that is open beside this workload.
            Err(StorageError::KeyInUse { .. }) => {}
            Err(error) if is_power_off(&error) => return Err(error),
            Err(error) => {
                lab.abort_at(cx, index)?;
                return Err(error);
            }
        }
    }
    cx.pass(THINK_NS);
    let commits = lab.source.number(6) > 1;
    if commits {
        lab.commit_at(cx, index)?
    } else {
        lab.abort_at(cx, index)?
    };
    Ok(commits)
}

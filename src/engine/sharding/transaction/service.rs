//! The steps of sagas at their shard. Each is a transaction of its own: what it did is seen at once, by everybody.
//!
//! ```text
//!   do    first time      too little: made impossible, refused · otherwise booked, forced, did
//!   undo  it was done     taken back, forced, undone           · what came of it is gone: refused
//!         it was not      made impossible: a "do" that is late by then does nothing
//! ```
//!
//! **Invariant:** a step is done once at most, and never after it was taken back, whatever arrives twice or late: what became
//! of it is in the log, in the same batch as what it changed.

use super::log::{Entry, Line, Record, put_balance, put_line};
use super::message::{Deed, Message};
use super::participant::{Participant, TOO_LITTLE};
use super::{COORDINATOR, Leg, Step, WorkId};
use glassbase_storage::StorageError;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Did,
    /// Taken back, or made impossible.
    Never,
}

impl Participant {
    pub(super) fn deed(&mut self, step: &mut Step, work: WorkId, number: u64, deed: &Deed) -> Result<(), StorageError> {
        let done = self.steps.get(&(work, number)).copied();
        let no = match (deed.undo, done) {
            (false, Some(Done::Did)) | (true, Some(Done::Never)) => None,
            (false, Some(Done::Never)) => Some("it was taken back"),
            _ if self.locks.contains_key(&deed.leg.account) => {
                step.note("step-waits", || {
                    format!("{} is locked: the step of {work} has to be asked for again.", deed.leg.account)
                });
                return Ok(());
            }
            (false, None) => self.first_time(step, work, number, deed)?,
            (true, None) => {
                self.record(step, Entry::Void, work, number, deed, None)?;
                step.note("made-impossible", || {
                    format!("Step {} of {work} was not done, and can't be any more.", number + 1)
                });
                None
            }
            (true, Some(Done::Did)) => self.take_back(step, work, number, deed)?,
        };
        step.send(COORDINATOR, Message::Did { work, step: number, undo: deed.undo, no });
        Ok(())
    }

    fn first_time(
        &mut self,
        step: &mut Step,
        work: WorkId,
        number: u64,
        deed: &Deed,
    ) -> Result<Option<&'static str>, StorageError> {
        let leg = &deed.leg;
        if !self.can(leg) {
            self.record(step, Entry::Void, work, number, deed, None)?;
            step.note("step-refused", || {
                format!("{leg} is more than there is: step {} of {work} is refused.", number + 1)
            });
            return Ok(Some(TOO_LITTLE));
        }
        self.record(step, Entry::Did, work, number, deed, Some(leg.clone()))?;
        step.note("step-done", || format!("Step {} of {work} is done: {leg}. Everybody sees it.", number + 1));
        Ok(None)
    }

    fn take_back(
        &mut self,
        step: &mut Step,
        work: WorkId,
        number: u64,
        deed: &Deed,
    ) -> Result<Option<&'static str>, StorageError> {
        let back = Leg { amount: -deed.leg.amount, ..deed.leg.clone() };
        if self.refusals > 0 {
            self.refusals -= 1;
            step.note("undo-refused", || {
                format!("{back}: the compensation of step {} of {work} is refused.", number + 1)
            });
            return Ok(Some("it refuses to take it back"));
        }
        if !self.can(&back) {
            step.note("undo-refused", || {
                format!("{back} is more than there is: what step {} of {work} gave is gone.", number + 1)
            });
            return Ok(Some("what it gave is gone"));
        }
        self.record(step, Entry::Undid, work, number, deed, Some(back.clone()))?;
        step.note("step-undone", || format!("Step {} of {work} is taken back: {back}.", number + 1));
        Ok(None)
    }

    /// Writes what became of a step, with the change of the account and its line, and makes it durable.
    fn record(
        &mut self,
        step: &mut Step,
        entry: Entry,
        work: WorkId,
        number: u64,
        deed: &Deed,
        change: Option<Leg>,
    ) -> Result<(), StorageError> {
        let record = Record {
            request: deed.request,
            legs: change.iter().cloned().collect(),
            ..Record::new(entry, work).numbered(number)
        };
        let done = if entry == Entry::Did { Done::Did } else { Done::Never };
        let balance = change.as_ref().and_then(|leg| Some(self.balances.get(&leg.account)?.saturating_add(leg.amount)));
        self.log.write(step, &record, |batch| {
            if let (Some(leg), Some(balance)) = (&change, balance) {
                put_balance(batch, &leg.account, balance);
                let place = 2 * number + u64::from(entry == Entry::Undid);
                put_line(batch, place, &Line { request: deed.request, work, leg: leg.clone() });
            }
        })?;
        self.log.force(step)?;
        if let (Some(leg), Some(balance)) = (change, balance) {
            self.balances.insert(leg.account, balance);
        }
        self.steps.insert((work, number), done);
        Ok(())
    }
}

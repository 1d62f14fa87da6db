//! Sagas at the coordinator: steps one after the other, and back again when one of them can't be done.
//!
//! ```text
//!   saga, forced ──▶ step 1 ──▶ step 2 ──▶ step 3 ──▶ ended, forced: the client is told "done"
//!                                 │ refused, or silent for too long
//!                                 ▼
//!            compensating, forced ──▶ undo 2 ──▶ undo 1 ──▶ ended, forced: the client is told "refused"
//!                                       │ refused again and again
//!                                       ▼
//!                                  stuck, forced: a person is told, and may let it go on
//! ```
//!
//! No lock is held between steps: others see flight booked and hotel not yet, and may act on it. That is the price for never
//! being blocked. A step that was silent is taken back as well: nobody knows whether it was done.
//!
//! **Invariant:** from the moment at which its beginning is durable a saga ends, with all steps done or with all taken back,
//! or is stuck and said to be; silence alone never makes it stuck.

use std::rc::Rc;

use super::coordinator::Coordinator;
use super::log::{Entry, Record};
use super::message::{Deed, Message, Outcome};
use super::{Leg, SAGA, Step, Timer, WorkId, listed};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// A saga under way.
#[derive(Clone, Debug)]
pub struct Saga {
    pub request: u64,
    pub(super) client: Option<NodeId>,
    pub legs: Rc<[Leg]>,
    /// Steps that are known to be done, and to be in the log as such.
    pub done: u64,
    /// While it goes back: steps that are still to be taken back.
    pub back: Option<u64>,
    pub stuck: bool,
    /// Attempts at the step under way; refusals of its compensation.
    pub attempts: u64,
    pub refusals: u64,
    pub(super) why: &'static str,
}

impl Saga {
    fn new(request: u64, client: Option<NodeId>, legs: Rc<[Leg]>) -> Saga {
        let (attempts, refusals, why) = (0, 0, "a step could not be done");
        Saga { request, client, legs, done: 0, back: None, stuck: false, attempts, refusals, why }
    }

    /// The step under way, and whether it is being taken back.
    fn current(&self) -> (u64, bool) {
        self.back.map_or((self.done, false), |left| (left.saturating_sub(1), true))
    }
}

impl Coordinator {
    pub(super) fn begin_saga(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: u64,
        legs: Rc<[Leg]>,
    ) -> Result<(), StorageError> {
        let work = self.new_work();
        let record = Record { request, legs: legs.to_vec(), ..Record::new(Entry::SagaBegun, work) };
        self.write(step, &record, true)?;
        step.note("saga-begun", || format!("The saga {work} begins: {}.", listed(&legs)));
        self.running.insert(request, work);
        self.sagas.insert(work, Saga::new(request, Some(client), legs));
        self.attempt(step, work);
        Ok(())
    }

    pub(super) fn replay_saga(&mut self, record: &Record) {
        let work = record.work;
        if record.entry == Entry::SagaBegun {
            self.running.insert(record.request, work);
            self.sagas.insert(work, Saga::new(record.request, None, record.legs.clone().into()));
        }
        let Some(saga) = self.sagas.get_mut(&work) else { return };
        match record.entry {
            Entry::StepDone => saga.done = record.number + 1,
            Entry::Compensating => (saga.back, saga.stuck) = (Some(record.number + 1), false),
            Entry::StepUndone => (saga.back, saga.stuck) = (Some(record.number), false),
            Entry::Stuck => saga.stuck = true,
            Entry::SagaEnded => {
                let outcome = if saga.back.is_some() { Outcome::Refused(saga.why) } else { Outcome::Done };
                let request = saga.request;
                self.sagas.remove(&work);
                self.running.remove(&request);
                self.settled.insert(request, outcome);
            }
            _ => {}
        }
    }

    /// After a start: every saga in the log goes on where the log says it was.
    pub(super) fn resume_sagas(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let sagas: Vec<WorkId> = self.sagas.keys().copied().collect();
        for work in sagas {
            step.note("saga-resumed", || format!("The log has a beginning of {work} and no end: it goes on."));
            self.go_on(step, work)?;
        }
        Ok(())
    }

    /// The next thing that is to be done about a saga.
    fn go_on(&mut self, step: &mut Step, work: WorkId) -> Result<(), StorageError> {
        let Some(saga) = self.sagas.get(&work) else { return Ok(()) };
        let is_over = match saga.back {
            Some(left) => left == 0,
            None => saga.done == saga.legs.len() as u64,
        };
        if is_over {
            return self.end_saga(step, work);
        }
        self.attempt(step, work);
        Ok(())
    }

    /// Asks the shard of the step under way to do it, or to take it back.
    fn attempt(&mut self, step: &mut Step, work: WorkId) {
        let Some(saga) = self.sagas.get_mut(&work).filter(|saga| !saga.stuck) else { return };
        let (number, undo) = saga.current();
        let Some(leg) = saga.legs.get(number as usize).cloned() else { return };
        let Some(home) = self.options.account(&leg.account).map(|account| account.home) else { return };
        saga.attempts += 1;
        let deed = Deed { request: saga.request, leg, undo };
        step.send(home, Message::Do { work, step: number, deed: deed.into() });
        step.arm(Timer { kind: SAGA, token: work.0 }, self.options.step_ns);
    }

    /// No answer in time: it may have been done, or not.
    pub(super) fn saga_late(&mut self, step: &mut Step, work: WorkId) -> Result<(), StorageError> {
        let Some(saga) = self.sagas.get_mut(&work) else { return Ok(()) };
        let (number, undo) = saga.current();
        if undo || saga.attempts < self.options.step_attempts {
            self.attempt(step, work);
            return Ok(());
        }
        saga.why = "a step had no answer";
        step.note("step-silent", || {
            format!("Step {} of {work} has no answer: it may be done, so it is taken back as well.", number + 1)
        });
        self.turn_back(step, work, number)
    }

    /// A shard answers.
    pub(super) fn did(
        &mut self,
        step: &mut Step,
        from: NodeId,
        work: WorkId,
        number: u64,
        undo: bool,
        no: Option<&'static str>,
    ) -> Result<(), StorageError> {
        // What is late, or came twice, is of a step that is over.
        let Some(saga) = self.sagas.get_mut(&work).filter(|saga| saga.current() == (number, undo) && !saga.stuck)
        else {
            return Ok(());
        };
        match (undo, no) {
            (false, None) => {
                (saga.done, saga.attempts) = (number + 1, 0);
                // Forced before the next step is asked for: a coordinator that comes back and turns back must not begin at
                // an earlier step than was done. Behind the last one the end is forced.
                let is_last = number + 1 == saga.legs.len() as u64;
                self.write(step, &Record::new(Entry::StepDone, work).numbered(number), !is_last)?;
                self.go_on(step, work)
            }
            (false, Some(why)) => {
                saga.why = why;
                step.note("saga-fails", || format!("{from} refuses step {} of {work}: {why}.", number + 1));
                self.turn_back(step, work, number)
            }
            (true, None) => {
                (saga.back, saga.attempts, saga.refusals) = (Some(number), 0, 0);
                // Not forced: after a crash it is taken back once more, and the shard knows that it has done that.
                self.write(step, &Record::new(Entry::StepUndone, work).numbered(number), false)?;
                self.go_on(step, work)
            }
            (true, Some(why)) => {
                saga.refusals += 1;
                if saga.refusals < self.options.undo_attempts {
                    // The timer is armed: it is tried again when that goes off.
                    return Ok(());
                }
                saga.stuck = true;
                let (request, client) = (saga.request, saga.client.take());
                self.write(step, &Record::new(Entry::Stuck, work), true)?;
                step.disarm(Timer { kind: SAGA, token: work.0 });
                step.note("stuck", || {
                    format!(
                        "{work} is stuck: {from} does not take back step {}: {why}. A person has to look after it.",
                        number + 1
                    )
                });
                if let Some(client) = client {
                    super::coordinator::tell(step, client, request, Outcome::Stuck(why));
                }
                Ok(())
            }
        }
    }

    /// The step `failed` is not done, or nobody knows: it and all before it are taken back, the last one first.
    fn turn_back(&mut self, step: &mut Step, work: WorkId, failed: u64) -> Result<(), StorageError> {
        let Some(saga) = self.sagas.get_mut(&work) else { return Ok(()) };
        (saga.back, saga.attempts, saga.refusals) = (Some(failed + 1), 0, 0);
        self.write(step, &Record::new(Entry::Compensating, work).numbered(failed), true)?;
        step.note("turns-back", || format!("{work} goes back: step {} first, then those before it.", failed + 1));
        self.go_on(step, work)
    }

    fn end_saga(&mut self, step: &mut Step, work: WorkId) -> Result<(), StorageError> {
        self.write(step, &Record::new(Entry::SagaEnded, work), true)?;
        step.disarm(Timer { kind: SAGA, token: work.0 });
        let Some(saga) = self.sagas.remove(&work) else { return Ok(()) };
        let outcome = if saga.back.is_some() { Outcome::Refused(saga.why) } else { Outcome::Done };
        step.note("saga-ended", || match &outcome {
            Outcome::Done => format!("{work} is done: every step of it."),
            _ => format!("{work} is taken back: every step of it."),
        });
        self.finish(step, saga.request, saga.client, outcome);
        Ok(())
    }

    /// A person lets what is stuck go on; whether anything was.
    pub(super) fn resume_stuck(&mut self, step: &mut Step) -> Result<bool, StorageError> {
        let stuck: Vec<WorkId> = self.sagas.iter().filter(|(_, saga)| saga.stuck).map(|(work, _)| *work).collect();
        for work in &stuck {
            if let Some(saga) = self.sagas.get_mut(work) {
                (saga.stuck, saga.attempts, saga.refusals) = (false, 0, 0);
                let number = saga.current().0;
                self.write(step, &Record::new(Entry::Compensating, *work).numbered(number), true)?;
                step.note("resumed", || format!("{work} goes on going back."));
                self.attempt(step, *work);
            }
        }
        Ok(!stuck.is_empty())
    }

    /// Writes a record, if this coordinator keeps a log at all.
    fn write(&mut self, step: &mut Step, record: &Record, forced: bool) -> Result<(), StorageError> {
        if !self.options.coordinator_log {
            return Ok(());
        }
        self.log.write(step, record, |_| {})?;
        if forced { self.log.force(step) } else { Ok(()) }
    }
}

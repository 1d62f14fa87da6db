//! Histories of clients, and the checkers that judge them.
//!
//! A history is what clients saw from outside: what each asked for and when, what it was told and when. Whether a system
//! is consistent is a question about its histories alone, so nothing here knows what system it was.
//!
//! ```text
//!   client 1   ├─ write 1 ──┤             ├─ read: 2 ─┤
//!   client 2          ├──── write 2 ────┤
//!   client 3                   ├─ write 3 ─ ? (no answer: it may have happened, or may happen yet)
//!              ──────────────────────────────────────────▶ time
//! ```
//!
//! The systems record while they run ([`History::invoke`], [`History::complete`]); the command line reads files. A checker
//! takes a finished history and answers in plain data.
//!
//! **Invariant:** the `order` of all moments of a history are different, and an operation ends after it began.
//! **Invariant:** operations stand in the order in which they began.

pub mod convergence;
pub mod judgement;
pub mod linearizable;
mod operation;
pub mod payments;
pub mod regular;
pub mod sessions;
pub mod text;
mod writes;

pub use operation::{Call, Completion, FaultSpan, Moment, OpId, Operation, Outcome, Version};

use thiserror::Error;

use glassbase_trace::Bytes;
use glassbase_trace::sorting::sort_by_key;

/// What is wrong with a history.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    #[error(
        "client {client} began an operation before it had an answer to its last one (operations {first} and {second}, \
         counted from 0); give each its own client",
        first = first.0, second = second.0
    )]
    TwoAtOnce { client: u32, first: OpId, second: OpId },
    #[error("operation {op} ends before it begins, or begins before the one above it; sort the events by time", op = op.0)]
    OutOfOrder { op: OpId },
    #[error("operation {op} has an answer that does not fit what was asked", op = op.0)]
    WrongAnswer { op: OpId },
    #[error("a {model} can't do what operation {op} asks for; choose a model that can", op = op.0)]
    NotInModel { op: OpId, model: &'static str },
    #[error("{line}:{column}: {what}; {remedy}")]
    Text { line: u32, column: u32, what: String, remedy: String },
}

/// What clients saw, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub operations: Vec<Operation>,
    /// What was done to the system meanwhile; no checker looks at it.
    pub faults: Vec<FaultSpan>,
    /// Events so far.
    events: u32,
}

impl History {
    pub fn new() -> History {
        History::default()
    }

    /// A client begins an operation.
    pub fn invoke(&mut self, time_ns: u64, client: u32, key: Bytes, call: Call) -> OpId {
        let id = OpId(self.operations.len() as u32);
        let invoked = self.moment(time_ns);
        let (replica, version, note) = (None, None, String::new());
        self.operations.push(Operation { client, key, call, invoked, completed: None, replica, version, note });
        id
    }

    /// A client is told what came of its operation. Only the first answer counts: false if there was one already.
    pub fn complete(&mut self, time_ns: u64, id: OpId, outcome: Outcome) -> bool {
        let moment = self.moment(time_ns);
        match self.operations.get_mut(id.index()) {
            Some(operation) if operation.completed.is_none() => {
                operation.completed = Some(Completion { moment, outcome });
                true
            }
            _ => false,
        }
    }

    /// Which replica answered, and the version that was written or found: for the checkers of session guarantees.
    pub fn annotate(&mut self, id: OpId, replica: Option<u32>, version: Option<Version>) {
        if let Some(operation) = self.operations.get_mut(id.index()) {
            operation.replica = replica.or(operation.replica);
            operation.version = version.or(operation.version);
        }
    }

    /// A fault begins; [`History::end_fault`] with the number given back ends it.
    pub fn begin_fault(&mut self, time_ns: u64, text: impl Into<String>) -> usize {
        self.faults.push(FaultSpan { begin_ns: time_ns, end_ns: None, text: text.into() });
        self.faults.len() - 1
    }

    pub fn end_fault(&mut self, time_ns: u64, fault: usize) {
        if let Some(span) = self.faults.get_mut(fault)
            && span.end_ns.is_none()
        {
            span.end_ns = Some(time_ns);
        }
    }

    pub fn operation(&self, id: OpId) -> &Operation {
        &self.operations[id.index()]
    }

    pub fn iter(&self) -> impl Iterator<Item = (OpId, &Operation)> {
        self.operations.iter().enumerate().map(|(index, operation)| (OpId(index as u32), operation))
    }

    /// The last nanosecond that anything in the history tells of.
    pub fn end_ns(&self) -> u64 {
        let operations = self.operations.iter().map(|operation| {
            operation
                .completed
                .as_ref()
                .map_or(0, |completion| completion.moment.time_ns)
                .max(operation.invoked.time_ns)
        });
        let faults = self.faults.iter().map(|fault| fault.end_ns.unwrap_or(0).max(fault.begin_ns));
        operations.chain(faults).max().unwrap_or(0)
    }

    /// Whether the history is one that clients can have seen.
    ///
    /// A client waits for one answer at a time. After [`Outcome::Unknown`] it may go on: the operation stays open for the
    /// checkers, whoever goes on.
    pub fn verify(&self) -> Result<(), HistoryError> {
        let mut last_order = None;
        for (op, operation) in self.iter() {
            let ends_first =
                operation.completed.as_ref().is_some_and(|end| end.moment.order <= operation.invoked.order);
            if ends_first || last_order.is_some_and(|last| last >= operation.invoked.order) {
                return Err(HistoryError::OutOfOrder { op });
            }
            if !fits(&operation.call, operation.outcome()) {
                return Err(HistoryError::WrongAnswer { op });
            }
            last_order = Some(operation.invoked.order);
        }
        self.verify_clients()
    }

    fn verify_clients(&self) -> Result<(), HistoryError> {
        let mut ids: Vec<OpId> = self.iter().map(|(id, _)| id).collect();
        sort_by_key(&mut ids, |id| (self.operation(*id).client, *id));
        for pair in ids.windows(2) {
            let (first, second) = (self.operation(pair[0]), self.operation(pair[1]));
            let waits = first.completed.as_ref().is_none_or(|end| end.moment.order > second.invoked.order);
            if first.client == second.client && waits {
                let client = first.client;
                return Err(HistoryError::TwoAtOnce { client, first: pair[0], second: pair[1] });
            }
        }
        Ok(())
    }

    fn moment(&mut self, time_ns: u64) -> Moment {
        let order = self.events;
        self.events = self.events.saturating_add(1);
        Moment { order, time_ns }
    }
}

/// Whether an outcome is one that the call can have.
fn fits(call: &Call, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done => !call.is_read(),
        Outcome::Found(_) => call.is_read(),
        Outcome::Differs => matches!(call, Call::CompareAndSet { .. }),
        Outcome::Failed | Outcome::Unknown => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(number: u64) -> Bytes {
        Bytes::number(number)
    }

    #[test]
    fn a_history_is_recorded_as_it_happens() {
        let mut history = History::new();
        let write = history.invoke(10, 1, Bytes::default(), Call::Write(value(7)));
        let read = history.invoke(10, 2, Bytes::default(), Call::Read);
        assert!(history.complete(20, read, Outcome::Found(vec![value(7)])));
        assert!(!history.complete(25, read, Outcome::Failed), "a late answer changes nothing");
        history.annotate(read, Some(3), None);
        let fault = history.begin_fault(5, "partition");
        history.end_fault(90, fault);
        assert_eq!(history.verify(), Ok(()));
        assert_eq!((history.operation(read).replica, history.end_ns()), (Some(3), 90));
        assert_eq!(history.operation(write).outcome(), &Outcome::Unknown);
        assert!(history.operation(write).invoked.order < history.operation(read).invoked.order);
        assert!(!history.operation(write).precedes(history.operation(read)));
    }

    #[test]
    fn a_client_waits_for_one_answer_at_a_time() {
        let mut history = History::new();
        let first = history.invoke(1, 1, Bytes::default(), Call::Read);
        let other = history.invoke(2, 2, Bytes::default(), Call::Read);
        history.complete(3, other, Outcome::Unknown);
        history.invoke(4, 2, Bytes::default(), Call::Read);
        assert_eq!(history.verify(), Ok(()), "after an unknown outcome a client may go on");
        let second = history.invoke(5, 1, Bytes::default(), Call::Read);
        assert_eq!(history.verify(), Err(HistoryError::TwoAtOnce { client: 1, first, second }));
    }

    #[test]
    fn an_answer_fits_its_call() {
        for (call, outcome) in [
            (Call::Read, Outcome::Done),
            (Call::Write(value(1)), Outcome::Found(Vec::new())),
            (Call::Write(value(1)), Outcome::Differs),
            (Call::Delete, Outcome::Differs),
        ] {
            let mut history = History::new();
            let op = history.invoke(1, 1, Bytes::default(), call);
            history.complete(2, op, outcome);
            assert_eq!(history.verify(), Err(HistoryError::WrongAnswer { op }));
        }
    }
}

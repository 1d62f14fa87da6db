//! Clients' requests.
//!
//! ```text
//!   write, or read through the log   append ──▶ majority ──▶ apply ──▶ answer
//!   read                             read-index, lease: see `reads`; "any": what this node has, at once
//! ```
//!
//! A node that does not lead says who does. A request that was done before is answered as before: see `machine`.

use std::rc::Rc;

use super::super::message::{Answer, Call, Consistency, Request};
use super::super::node::Step;
use super::Raft;
use super::entry::Payload;
use super::options::Reads;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// Longer keys are refused: they would not fit the smallest pages.
const MAX_KEY_BYTES: usize = 64;
/// Longer values are refused: one that no shelf takes would stop every node that meets it.
const MAX_VALUE_BYTES: usize = 1 << 20;

impl Raft {
    pub(super) fn request(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        let id = request.id;
        let is_read = request.call == Call::Get;
        if is_read && request.consistency == Consistency::Any {
            let (answer, version) = self.machine.contents.read(&request.key);
            self.tell(step, from, id, answer, version);
            return Ok(());
        }
        if !self.is_leader() {
            self.tell(step, from, id, Answer::Redirect(self.leader), 0);
            return Ok(());
        }
        if let Some(why) = refusal(request) {
            self.tell(step, from, id, Answer::Refused(why), 0);
            return Ok(());
        }
        let how = match request.consistency {
            Consistency::ReadIndex => Reads::ReadIndex,
            Consistency::Lease => Reads::Lease,
            _ => self.options.reads,
        };
        match how {
            Reads::ReadIndex if is_read => self.read_by_index(step, from, request),
            Reads::Lease if is_read => self.read_by_lease(step, from, request),
            _ => self.write(step, from, request),
        }
    }

    /// Brings a request to the log.
    fn write(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        let id = request.id;
        if let Some((outcome, index)) = self.machine.contents.outcome(from, id) {
            step.note("done-before", || {
                format!("Request {} of {from} was done by entry {index}: the same answer.", id.0)
            });
            self.tell(step, from, id, outcome.answer(), index);
            return Ok(());
        }
        let is_leaving = self.leadership().is_some_and(|leadership| leadership.transfer.is_some());
        if is_leaving {
            self.tell(step, from, id, Answer::Refused("the leader is handing over"), 0);
            return Ok(());
        }
        let index = self.propose(step, Payload::Command(from, request.clone()))?;
        if let Some(leadership) = self.leadership() {
            leadership.waiting.insert(index, (from, id));
        }
        let term = self.term;
        step.note("appended", || format!("Entry {index} of term {term} for {from}: {}.", request.text()));
        self.broadcast(step);
        self.commit(step)
    }
}

fn refusal(request: &Request) -> Option<&'static str> {
    match &request.call {
        _ if request.key.len() > MAX_KEY_BYTES => Some("the key is longer than 64 bytes: take a shorter one"),
        call if value_bytes(call) > MAX_VALUE_BYTES => Some("the value is longer than a mebibyte: take a shorter one"),
        _ => None,
    }
}

fn value_bytes(call: &Call) -> usize {
    match call {
        Call::Put(value) => value.len(),
        Call::CompareAndSet { expected, new } => expected.as_ref().map_or(0, |value| value.len()) + new.len(),
        Call::Get | Call::Delete | Call::Merge(_) => 0,
    }
}

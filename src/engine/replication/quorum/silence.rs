//! Replicas that are silent: after a while a node takes them for down, and does without them.
//!
//! ```text
//!   asked ──suspect_ns──▶ silent ─┬─ sloppy: the next node of the ring stands in, and counts
//!                                 ├─ a write: a hint is kept for it here
//!                                 └─ timeout_ns: refused, or unknown
//! ```

use super::super::node::Step;
use super::coordinator::{give_up, refuse};
use super::message::{Item, Message, Write};
use super::operation::{Asked, Kind, Operation, State};
use super::ring::token;
use super::{Quorum, SWEEP};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

impl Quorum {
    /// Looks for requests that have waited too long for somebody.
    pub(super) fn sweep(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.sweeping = false;
        for op in self.operations.numbers() {
            let Some(mut operation) = self.operations.take(op) else { continue };
            let waited_ns = step.clock_ns.saturating_sub(operation.begun_ns);
            if waited_ns >= self.options.suspect_ns {
                self.without_silent(step, op, &mut operation)?;
            }
            let is_moved = operation.kind == Kind::Forward && operation.answered;
            if waited_ns < self.options.timeout_ns && !is_moved {
                self.operations.put_back(op, operation);
                self.go_on(step, op)?;
                continue;
            }
            if !operation.answered {
                time_out(step, &operation);
            }
            self.operations.end(op);
        }
        if !self.operations.is_empty() && !self.sweeping {
            self.sweeping = true;
            step.arm(SWEEP, (self.options.suspect_ns / 2).max(1));
        }
        Ok(())
    }

    /// Takes those for down that have not answered, and does what can be done without them.
    fn without_silent(&mut self, step: &mut Step, op: u64, operation: &mut Operation) -> Result<(), StorageError> {
        let mut stand_ins = Vec::new();
        let key = operation.request.key.clone();
        let (range, _) = self.ring().place(token(&key));
        for at in 0..operation.asked.len() {
            if operation.asked[at].state != State::Waiting {
                continue;
            }
            operation.asked[at].state = State::Silent;
            let node = operation.asked[at].node;
            self.suspect(step, node);
            let meant = operation.asked[at].instead_of.unwrap_or(node);
            let is_free = |other: &NodeId| {
                !self.suspects.contains(other)
                    && operation.asked.iter().all(|asked| asked.node != *other)
                    && stand_ins.iter().all(|(stand_in, _)| stand_in != other)
            };
            let stand_in = self.ring().order(range).find(is_free).filter(|_| self.options.sloppy);
            match (&operation.kind, stand_in) {
                (Kind::Forward, _) => {
                    operation.answered = true;
                    self.forward(step, operation.client, operation.request.clone(), Some(node), true)?;
                }
                (Kind::Read | Kind::Write { .. }, Some(other)) => stand_ins.push((other, meant)),
                (Kind::Write { record }, None) if self.options.hinted_handoff => {
                    let item = Item { key: key.clone(), record: record.clone() };
                    self.keep(step, &item, Some(meant))?;
                }
                _ => {}
            }
        }
        for (node, meant) in stand_ins {
            self.ask_stand_in(step, op, operation, node, meant)?;
        }
        Ok(())
    }

    fn ask_stand_in(
        &mut self,
        step: &mut Step,
        op: u64,
        operation: &mut Operation,
        node: NodeId,
        meant: NodeId,
    ) -> Result<(), StorageError> {
        step.note("stand-in", || format!("{node} stands in for {meant}."));
        let mut asked = Asked { node, instead_of: Some(meant), state: State::Waiting, record: None };
        let key = operation.request.key.clone();
        match (&operation.kind, node == self.me) {
            (Kind::Write { record }, here) => {
                let item = Item { key, record: record.clone() };
                if here {
                    self.keep(step, &item, Some(meant))?;
                    asked.state = State::Answered;
                } else {
                    step.send(node, Message::Write { op, write: Write { item, keep_for: Some(meant) }.into() });
                }
            }
            (_, true) => {
                asked.record = self.replica.look(step.shelf, &key)?;
                asked.state = State::Answered;
            }
            (_, false) => step.send(node, Message::Read { op, key }),
        }
        operation.asked.push(asked);
        Ok(())
    }
}

fn time_out(step: &mut Step, operation: &Operation) {
    match operation.kind {
        Kind::Read | Kind::Repair { .. } => {
            refuse(step, operation.client, &operation.request, "too few replicas answered in time");
        }
        Kind::Write { .. } | Kind::Forward => give_up(step, operation.client, &operation.request),
    }
}

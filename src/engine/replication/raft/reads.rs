//! Linearizable reads without an entry in the log (the thesis, 6.4).
//!
//! ```text
//!   read-index   read ─▶ remember committed ─▶ round of heartbeats ─▶ a majority answered ─▶ read what is applied
//!   lease        the last such round began less than the lease ago  ─▶ read what is applied, at once
//! ```
//!
//! Either needs that the leader has committed an entry of its own term, for only then does it know what is committed.
//!
//! The lease is shorter than the time for which those who answered vote for nobody else. Both are measured by clocks: if one
//! of them jumps, or runs off by more than the settings say, there may be two leaders and the old one's reads are stale.

use std::rc::Rc;

use super::super::message::Request;
use super::super::node::Step;
use super::leader::Leadership;
use super::{Raft, Role};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// A read that waits.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub client: NodeId,
    pub request: Rc<Request>,
    /// What was committed when it came.
    index: u64,
    /// A majority has to answer this round.
    round: u64,
}

impl Raft {
    /// Whether it has committed an entry of its own term.
    pub(super) fn knows_committed(&self) -> bool {
        matches!(&self.role, Role::Leader(leadership) if leadership.first <= self.committed)
    }

    pub(super) fn read_by_index(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: &Rc<Request>,
    ) -> Result<(), StorageError> {
        if !self.options.confirm_reads && self.knows_committed() {
            step.note("read-unconfirmed", || {
                format!("Takes itself for the leader: reads {} without asking.", request.key)
            });
            self.answer_read(step, client, request);
            return Ok(());
        }
        let index = self.committed;
        let Some(leadership) = self.leadership() else { return Ok(()) };
        // A round that is under way began before this read and says nothing about it.
        let is_quiet = leadership.confirmed == leadership.round;
        let round = leadership.round + 1;
        leadership.reads.push_back(Read { client, request: request.clone(), index, round });
        step.note("read-waits", || {
            format!("{client} reads {} at {index} or later, once round {round} is answered.", request.key)
        });
        if is_quiet { self.begin_round(step) } else { Ok(()) }
    }

    pub(super) fn read_by_lease(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: &Rc<Request>,
    ) -> Result<(), StorageError> {
        let knows = self.knows_committed();
        let Some(leadership) = self.leadership() else { return Ok(()) };
        let left_ns = leadership.lease_until_ns.saturating_sub(step.clock_ns);
        if left_ns == 0 || leadership.transferred || !knows {
            return self.read_by_index(step, client, request);
        }
        step.note("lease-read", || format!("The lease lasts for {left_ns} ns: reads {} without asking.", request.key));
        self.answer_read(step, client, request);
        Ok(())
    }

    fn answer_read(&self, step: &mut Step, client: NodeId, request: &Request) {
        let (answer, version) = self.machine.contents.read(&request.key);
        self.tell(step, client, request.id, answer, version);
    }

    /// Answers the reads whose round a majority has answered; starts the next round if others wait for it.
    pub(super) fn serve_reads(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if !self.knows_committed() {
            return Ok(());
        }
        let applied = self.machine.applied;
        let is_ready = |leadership: &Leadership| {
            leadership.reads.front().is_some_and(|read| read.round <= leadership.confirmed && read.index <= applied)
        };
        while let Some(leadership) = self.leadership().filter(|leadership| is_ready(leadership)) {
            let Some(read) = leadership.reads.pop_front() else { break };
            let (client, round) = (read.client, read.round);
            step.note("read-confirmed", || {
                format!("Still led when round {round} began: answers {client} as of {applied}.")
            });
            self.answer_read(step, client, &read.request);
        }
        let Some(leadership) = self.leadership() else { return Ok(()) };
        let waits = leadership.reads.front().is_some_and(|read| read.round > leadership.round);
        if waits && leadership.confirmed == leadership.round { self.begin_round(step) } else { Ok(()) }
    }
}

//! The follower: it takes the leader's log in the place of its own.
//!
//! ```text
//!   leader      … 4 4 5 5 6 6            terms of the entries
//!   follower    … 4 4 4 4                the entry before those sent is of term 5 at the leader, of term 4 here: rejected
//!                     ▲ conflict: term 4 from this index on
//!   next try        prev = the leader's last entry of term 4: agrees; the rest is taken back and replaced
//! ```
//!
//! **Invariant:** entries are taken back only where one of them differs from the leader's (the paper, 5.3): an old message
//! that arrives late takes nothing back.

use super::super::node::Step;
use super::message::{Append, Install, Message};
use super::{Raft, Role};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::NodeId;

impl Raft {
    /// A leader speaks: takes it for its leader, unless its term is over.
    fn obey(&mut self, step: &mut Step, from: NodeId, term: u64) -> Result<bool, StorageError> {
        if term < self.term {
            return Ok(false);
        }
        if term > self.term || !matches!(self.role, Role::Follower) {
            self.follow(step, term, Some(from))?;
        }
        self.leader = Some(from);
        self.heard_ns = Some(step.clock_ns);
        self.arm_election(step);
        Ok(true)
    }

    pub(super) fn append(&mut self, step: &mut Step, from: NodeId, append: &Append) -> Result<(), StorageError> {
        let round = append.round;
        if !self.obey(step, from, append.term)? {
            let (term, over) = (self.term, append.term);
            step.note("old-leader", || format!("{from} leads term {over}, which is over: it is {term}."));
            step.send(from, Message::Rejected { term, round, conflict_term: 0, conflict_index: 0 });
            return Ok(());
        }
        let (term, prev) = (self.term, append.prev_index);
        // What is cut off is committed, so it agrees.
        if prev >= self.log.start() && self.log.term(prev) != Some(append.prev_term) {
            let (conflict_term, conflict_index) = match self.log.term(prev) {
                Some(conflict_term) => (conflict_term, self.log.first_of_term(prev)),
                None => (0, self.log.last_index() + 1),
            };
            let wanted = append.prev_term;
            step.note("log-rejected", || match conflict_term {
                0 => format!("Has no entry {prev}: its log ends before {conflict_index}."),
                _ => format!("Its entry {prev} is of term {conflict_term}, not {wanted}."),
            });
            step.send(from, Message::Rejected { term, round, conflict_term, conflict_index });
            return Ok(());
        }
        self.take(step, append)?;
        let matched = prev + append.entries.len() as u64;
        let committed = append.committed.min(matched);
        if committed > self.committed {
            self.committed = committed;
            self.apply(step)?;
        }
        step.send(from, Message::Appended { term, round, matched });
        Ok(())
    }

    /// Writes those of the entries that its log does not have.
    fn take(&mut self, step: &mut Step, append: &Append) -> Result<(), StorageError> {
        let first = append.prev_index + 1;
        let differs = |(index, term): (u64, u64)| index > self.log.start() && self.log.term(index) != Some(term);
        let terms = (first..).zip(append.entries.iter().map(|entry| entry.term));
        let Some((from, _)) = terms.into_iter().find(|entry| differs(*entry)) else { return Ok(()) };
        let last = self.log.last_index();
        if from <= last {
            let count = last + 1 - from;
            step.note("log-taken-back", || {
                format!("Takes back {count} of its entries, from {from} on: the leader's differ.")
            });
        }
        self.log.replace_end(step.shelf, from, &append.entries[(from - first) as usize..])?;
        self.dirty = true;
        Ok(())
    }

    pub(super) fn install(&mut self, step: &mut Step, from: NodeId, install: &Install) -> Result<(), StorageError> {
        let round = install.round;
        if !self.obey(step, from, install.term)? {
            step.send(from, Message::Rejected { term: self.term, round, conflict_term: 0, conflict_index: 0 });
            return Ok(());
        }
        let snapshot = &install.snapshot;
        let (index, term) = (snapshot.last_index, snapshot.last_term);
        if index > self.committed {
            let mut batch = WriteBatch::new();
            self.log.install(&mut batch, index, term, &snapshot.configuration);
            self.machine.replace(&mut batch, &snapshot.contents, index);
            step.shelf.write(&mut batch)?;
            self.dirty = true;
            self.committed = index;
            let keys = snapshot.contents.data.len();
            step.note("snapshot-installed", || {
                format!("Takes all up to {index} of term {term} from {from}: {keys} keys.")
            });
        }
        step.send(from, Message::Appended { term: self.term, round, matched: index });
        Ok(())
    }
}

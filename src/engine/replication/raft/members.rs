//! Changing who votes, and handing over leadership.
//!
//! ```text
//!   C_old ──▶ C_old + learners ──caught up──▶ C_old,new (joint) ──committed──▶ C_new ──committed──▶ done
//!                                              both majorities                  a leader that is not in it steps down
//! ```
//!
//! A configuration counts from the moment at which it is in a node's log. While it is joint, a decision takes a majority of
//! both sets of voters (the paper, section 6). New voters get the log as learners first, so that they do not hold up the
//! others (the thesis, 4.2.1). A new leader that finds a joint configuration brings it to its end.
//!
//! To hand over, the leader takes no more requests, brings the other up to date and bids it stand for election at once
//! (the thesis, 3.10).

use std::rc::Rc;

use super::super::message::{Answer, RequestId};
use super::super::node::Step;
use super::entry::{Configuration, Payload, names};
use super::message::{Admin, Message, Wish};
use super::{PATIENCE, Raft};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// New voters have so many of the shortest time-outs to catch up.
const CHANGE_TIMEOUTS: u64 = 10;

/// A change of members that is under way.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub client: NodeId,
    pub id: RequestId,
    target: Configuration,
}

/// The leader is handing over.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub client: NodeId,
    pub id: RequestId,
    pub to: NodeId,
    /// The other was told.
    pub told: bool,
}

impl Raft {
    pub(super) fn admin(&mut self, step: &mut Step, from: NodeId, admin: &Admin) -> Result<(), StorageError> {
        if !self.is_leader() {
            self.tell(step, from, admin.id, Answer::Redirect(self.leader), 0);
            return Ok(());
        }
        let refused = match &admin.wish {
            Wish::Members { voters, learners } => self.begin_change(step, from, admin.id, voters, learners)?,
            Wish::Transfer(to) => self.begin_transfer(step, from, admin.id, *to),
        };
        if let Some(why) = refused {
            self.tell(step, from, admin.id, Answer::Refused(why), 0);
        }
        Ok(())
    }

    fn begin_change(
        &mut self,
        step: &mut Step,
        client: NodeId,
        id: RequestId,
        voters: &[NodeId],
        learners: &[NodeId],
    ) -> Result<Option<&'static str>, StorageError> {
        let mut target = Configuration::of(voters);
        target.learners = Configuration::of(learners).voters;
        if target.voters.is_empty() {
            return Ok(Some("there has to be a voter"));
        }
        if target.learners.iter().any(|node| target.voters.contains(node)) {
            return Ok(Some("a node either votes or learns"));
        }
        let Some(leadership) = self.leadership() else { return Ok(None) };
        if leadership.change.is_some() || leadership.transfer.is_some() {
            return Ok(Some("another change is under way: wait for it"));
        }
        leadership.change = Some(Change { client, id, target });
        step.arm(PATIENCE, CHANGE_TIMEOUTS * self.options.election_ns);
        self.advance_change(step)?;
        Ok(None)
    }

    /// Takes the next step of a change, if the last one is committed.
    pub(super) fn advance_change(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (index, current) = self.log.configuration();
        let current = current.clone();
        if index > self.committed || !self.knows_committed() {
            return Ok(());
        }
        if current.is_joint() {
            let mut next = Configuration { old: Vec::new(), ..(*current).clone() };
            next.learners.retain(|node| !next.voters.contains(node));
            let text = next.text();
            step.note("joint-committed", || {
                format!("Both majorities have the joint configuration: from now on {text}.")
            });
            return self.configure(step, next);
        }
        let target = self.leadership().and_then(|leadership| leadership.change.as_ref()).map(|change| &change.target);
        let Some(target) = target.cloned() else {
            return if current.is_voter(self.me) { Ok(()) } else { self.resign(step) };
        };
        if *current == target {
            return self.end_change(step, &current, index);
        }
        let new: Vec<NodeId> = target.voters.iter().filter(|node| !current.is_voter(**node)).copied().collect();
        let learning = Configuration::of(&[&new[..], &target.learners[..]].concat()).voters;
        if current.learners != learning && !(new.is_empty() && target.voters != current.voters) {
            let text = names(&learning);
            step.note("learners", || format!("{text} get the log without a vote."));
            return self.configure(step, Configuration { learners: learning, ..(*current).clone() });
        }
        if !new.iter().all(|node| self.has_caught_up(*node)) {
            return Ok(());
        }
        let joint = Configuration { old: current.voters.clone(), ..target };
        let text = joint.text();
        step.note("joint", || format!("From now on a decision takes majorities of {text}."));
        self.configure(step, joint)
    }

    fn has_caught_up(&mut self, node: NodeId) -> bool {
        let (last, lag) = (self.log.last_index(), self.options.catch_up_entries);
        let Some(leadership) = self.leadership() else { return false };
        leadership.peers.get(&node).is_some_and(|progress| progress.matched > 0 && progress.matched + lag >= last)
    }

    fn configure(&mut self, step: &mut Step, configuration: Configuration) -> Result<(), StorageError> {
        self.propose(step, Payload::Configuration(Rc::new(configuration)))?;
        self.broadcast(step);
        self.commit(step)
    }

    fn end_change(&mut self, step: &mut Step, current: &Configuration, index: u64) -> Result<(), StorageError> {
        let text = current.text();
        step.note("members-changed", || format!("Committed at {index}: {text}."));
        if let Some(change) = self.leadership().and_then(|leadership| leadership.change.take()) {
            step.disarm(PATIENCE);
            self.tell(step, change.client, change.id, Answer::Written, index);
        }
        if current.is_voter(self.me) { Ok(()) } else { self.resign(step) }
    }

    /// It has no vote any more: others lead. They learn from a last heartbeat that the configuration is committed.
    fn resign(&mut self, step: &mut Step) -> Result<(), StorageError> {
        step.note("resigned", || "It is not a member any more.".to_string());
        self.broadcast(step);
        let term = self.term;
        self.follow(step, term, None)
    }

    fn begin_transfer(
        &mut self,
        step: &mut Step,
        client: NodeId,
        id: RequestId,
        to: Option<NodeId>,
    ) -> Option<&'static str> {
        let (me, configuration) = (self.me, self.log.configuration().1.clone());
        let leadership = self.leadership()?;
        if leadership.change.is_some() || leadership.transfer.is_some() {
            return Some("another change is under way: wait for it");
        }
        let peers = leadership.peers.iter().filter(|(node, _)| configuration.voters.contains(node));
        let best = peers.max_by_key(|(_, progress)| progress.matched).map(|(node, _)| *node);
        let to = match to {
            Some(to) if to != me && configuration.voters.contains(&to) => to,
            Some(_) => return Some("leadership goes to another voter: name one"),
            None => best?,
        };
        leadership.transfer = Some(Transfer { client, id, to, told: false });
        step.arm(PATIENCE, self.options.election_ns);
        step.note("transfer", || format!("Hands over to {to}: takes no more requests."));
        self.offer(step);
        None
    }

    /// Bids the other stand for election once it has the whole log. Learners that have caught up may vote.
    pub(super) fn offer(&mut self, step: &mut Step) {
        let (last, term) = (self.log.last_index(), self.term);
        let Some(leadership) = self.leadership() else { return };
        let Some(transfer) = leadership.transfer.as_mut().filter(|transfer| !transfer.told) else { return };
        let to = transfer.to;
        if leadership.peers.get(&to).is_some_and(|progress| progress.matched == last) {
            transfer.told = true;
            leadership.transferred = true;
            step.note("offered", || format!("{to} has the whole log, up to {last}: it is to stand for election now."));
            step.send(to, Message::TimeoutNow { term });
        }
    }

    /// Gives up handing over after a time-out, and a change whose new voters do not catch up after several. What is joint
    /// is brought to its end.
    pub(super) fn lose_patience(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let is_joint = self.configuration().is_joint();
        let Some(leadership) = self.leadership() else { return Ok(()) };
        if let Some(transfer) = leadership.transfer.take() {
            let to = transfer.to;
            step.note("transfer-failed", || format!("{to} has not taken over in time: leads on."));
            self.tell(step, transfer.client, transfer.id, Answer::Unknown("the other did not take over in time"), 0);
        } else if let Some(change) = leadership.change.take_if(|_| !is_joint) {
            step.note("change-failed", || {
                "The new voters have not caught up in time: they go on learning.".to_string()
            });
            self.tell(step, change.client, change.id, Answer::Unknown("the new voters did not catch up in time"), 0);
        }
        Ok(())
    }

    pub(super) fn timeout_now(&mut self, step: &mut Step, from: NodeId, term: u64) -> Result<(), StorageError> {
        if term != self.term || self.is_leader() || !self.configuration().is_voter(self.me) {
            return Ok(());
        }
        step.note("timeout-now", || format!("{from} hands over: stands for election at once."));
        self.campaign(step, false, true)
    }
}

//! Elections: time-outs, pre-votes and votes.
//!
//! ```text
//!   time-out ──▶ pre-vote: "would you?" ──majority──▶ term + 1, vote for itself, "do you?" ──majority──▶ leader
//!                   │ nothing is changed anywhere         │ each node votes once per term, and syncs
//!                   └─ no, if a leader was just heard     └─ no, if the candidate's log is behind
//! ```
//!
//! **Invariant:** a node votes for one candidate per term: the vote is on the shelf before it leaves.
//! **Invariant:** a node that has heard a leader does not vote for the shortest time-out, unless the leader wants it: leases
//! rest on this.

use std::rc::Rc;

use super::super::node::Step;
use super::entry::names;
use super::message::{Message, VoteRequest};
use super::{ELECTION, HEARTBEAT, PATIENCE, Raft, Role};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

impl Raft {
    /// Waits for a leader anew: for the shortest time-out, and for up to as long again.
    pub(super) fn arm_election(&self, step: &mut Step) {
        let shortest_ns = self.options.election_ns;
        let after_ns = shortest_ns + step.random.below(shortest_ns.max(1));
        step.arm(ELECTION, after_ns);
    }

    pub(super) fn election_timeout(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if self.is_leader() {
            return Ok(());
        }
        self.heard_ns = None;
        self.leader = None;
        if !self.configuration().is_voter(self.me) {
            self.arm_election(step);
            return Ok(());
        }
        let term = self.term;
        step.note("election-timeout", || format!("No leader was heard for too long in term {term}."));
        self.campaign(step, self.options.pre_vote, false)
    }

    /// Asks for votes, or whether there would be votes.
    pub(super) fn campaign(&mut self, step: &mut Step, pre: bool, transfer: bool) -> Result<(), StorageError> {
        self.leader = None;
        self.arm_election(step);
        let mine = vec![self.me];
        if pre {
            self.role = Role::PreCandidate(mine);
            let next = self.term + 1;
            step.note("pre-vote", || format!("Asks who would vote for it in term {next}; its term stays."));
        } else {
            self.term += 1;
            self.voted_for = Some(self.me);
            self.keep_vote(step)?;
            self.role = Role::Candidate(mine);
            let term = self.term;
            step.note("candidate", || format!("Stands for election in term {term} and votes for itself."));
        }
        let request = VoteRequest {
            term: if pre { self.term + 1 } else { self.term },
            last_index: self.log.last_index(),
            last_term: self.log.last_term(),
            pre,
            transfer,
        };
        let request = Rc::new(request);
        let configuration = self.log.configuration().1.clone();
        for node in configuration.members() {
            if node != self.me && configuration.is_voter(node) {
                step.send(node, Message::VoteRequest(request.clone()));
            }
        }
        self.count_votes(step)
    }

    pub(super) fn vote_request(
        &mut self,
        step: &mut Step,
        from: NodeId,
        request: &VoteRequest,
    ) -> Result<(), StorageError> {
        let VoteRequest { term, pre, .. } = *request;
        if !request.transfer && self.is_loyal(step.clock_ns) && term > self.term {
            step.note("vote-disregarded", || {
                format!("Has just heard a leader: disregards {from}, who wants term {term}.")
            });
            if pre {
                step.send(from, Message::Vote { term: self.term, granted: false, pre });
            }
            return Ok(());
        }
        if term > self.term && !pre {
            self.follow(step, term, None)?;
        }
        let granted = self.grants(step, from, request);
        if granted && !pre {
            self.voted_for = Some(from);
            self.keep_vote(step)?;
            self.arm_election(step);
        }
        let term = if granted { term } else { self.term };
        step.send(from, Message::Vote { term, granted, pre });
        Ok(())
    }

    /// Whether a leader was heard less than the shortest time-out ago.
    fn is_loyal(&self, clock_ns: u64) -> bool {
        self.heard_ns.is_some_and(|heard_ns| clock_ns.saturating_sub(heard_ns) < self.options.election_ns)
    }

    fn grants(&self, step: &mut Step, from: NodeId, request: &VoteRequest) -> bool {
        let VoteRequest { term, last_index, last_term, pre, .. } = *request;
        if term < self.term || (pre && term == self.term) {
            let known = self.term;
            step.note("vote-refused", || format!("Refuses {from}: term {term} is over, it is {known}."));
            return false;
        }
        if let Some(other) = self.voted_for.filter(|other| *other != from && !pre && term == self.term) {
            step.note("vote-refused", || format!("Refuses {from}: has voted for {other} in term {term}."));
            return false;
        }
        let mine = (self.log.last_term(), self.log.last_index());
        if (last_term, last_index) < mine {
            step.note("vote-refused", || {
                let (own_term, own_index) = mine;
                format!("Refuses {from}, whose log ends at {last_index} of term {last_term}: its own at {own_index} of term {own_term}.")
            });
            return false;
        }
        let would = if pre { "Would vote" } else { "Votes" };
        step.note(if pre { "pre-vote-granted" } else { "vote-granted" }, || {
            format!("{would} for {from} in term {term}.")
        });
        true
    }

    pub(super) fn vote(
        &mut self,
        step: &mut Step,
        from: NodeId,
        term: u64,
        granted: bool,
        pre: bool,
    ) -> Result<(), StorageError> {
        if term > self.term && !(pre && granted) {
            return self.follow(step, term, None);
        }
        let wanted = if pre { self.term + 1 } else { self.term };
        let votes = match &mut self.role {
            Role::PreCandidate(votes) if pre => votes,
            Role::Candidate(votes) if !pre => votes,
            _ => return Ok(()),
        };
        if !granted || term != wanted || votes.contains(&from) {
            return Ok(());
        }
        votes.push(from);
        self.count_votes(step)
    }

    fn count_votes(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (Role::PreCandidate(votes) | Role::Candidate(votes)) = &self.role else { return Ok(()) };
        let configuration = self.configuration();
        if !configuration.decides(|node| votes.contains(&node)) {
            return Ok(());
        }
        let (count, voters) = (votes.len(), configuration.voters.len());
        if matches!(self.role, Role::PreCandidate(_)) {
            let who = names(votes);
            step.note("pre-vote-won", || format!("{who} would vote for it: {count} of {voters}."));
            return self.campaign(step, false, false);
        }
        let (term, who) = (self.term, names(votes));
        step.note("elected", || format!("{count} of {voters} voted for it ({who}): leader of term {term}."));
        self.lead(step)
    }

    /// Takes up a term, and whoever leads it. A leader or candidate is one no longer.
    pub(super) fn follow(&mut self, step: &mut Step, term: u64, leader: Option<NodeId>) -> Result<(), StorageError> {
        if term > self.term {
            self.term = term;
            self.voted_for = None;
            self.keep_vote(step)?;
            self.leader = None;
        }
        if leader.is_some() {
            self.leader = leader;
        }
        match std::mem::replace(&mut self.role, Role::Follower) {
            Role::Leader(leadership) => {
                step.note("stepped-down", || format!("Leads no longer; the term is {term}."));
                step.disarm(HEARTBEAT);
                step.disarm(PATIENCE);
                self.leader = leader;
                self.give_up(step, *leadership);
                self.arm_election(step);
            }
            Role::PreCandidate(_) | Role::Candidate(_) => self.arm_election(step),
            Role::Follower => {}
        }
        Ok(())
    }
}

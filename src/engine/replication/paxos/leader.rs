//! The leader of a sequence: who it is, and what it proposes.
//!
//! ```text
//!   ┌──────┐  silence: prepare, for all instances  ┌───────────┐  a quorum has promised  ┌────────┐
//!   │ idle │ ────────────────────────────────────▶ │ candidate │ ──────────────────────▶ │ leader │
//!   └──────┘ ◀──────────────────────────────────── └───────────┘                         └────────┘
//!      ▲                a higher ballot                                                       │
//!      └──────────────────────────────────────────────────────────────────────────────────────┘
//!
//!   what the promises tell      instance  7     8     9     10
//!                               n1        a     –     –     –
//!                               n2        a     –     c     –
//!   what the leader proposes              a     no-op c     the next command
//! ```
//!
//! Phase 1 is done once, when the leader begins. From then on a command takes one round trip: phase 2 of the next instance,
//! whether the ones before it are chosen yet or not.
//!
//! Two candidates overtake one another as two proposers of a single decree do; each waits a random time before it tries
//! again. Safety does not rest on there being one leader.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::message::{Answer, Call, Consistency, Request};
use super::super::node::Step;
use super::super::raft::entry::names;
use super::message::{Ballot, Message, Proposal, Value, ValueId};
use super::multi::Multi;
use super::{ELECTION, HEARTBEAT, keep_round};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// Longer keys are refused: they would not fit the smallest pages.
const MAX_KEY_BYTES: usize = 64;
/// Proposals that are sent again at a time.
const AGAIN_MAX: usize = 64;

/// What a node is at the moment, as a proposer.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Idle,
    Candidate(Box<Candidacy>),
    Leader(Box<Leadership>),
}

/// Phase 1 under way.
#[derive(Clone, Debug)]
pub(super) struct Candidacy {
    pub ballot: Ballot,
    /// The first instance whose value it does not know.
    from: u64,
    pub promised: Vec<NodeId>,
    /// For each instance, the highest proposal that those who promised have accepted.
    found: SortedMap<u64, Rc<Proposal>>,
}

/// What a leader knows.
#[derive(Clone, Debug)]
pub(super) struct Leadership {
    pub ballot: Ballot,
    /// The next instance without a proposal.
    pub next: u64,
    /// The instances that it has proposed for, and does not know as a part of the sequence.
    pub open: SortedMap<u64, Slot>,
    /// Whose command it proposed for which instance: to be answered when it is applied.
    waiting: SortedMap<u64, ValueId>,
}

/// A proposal under way.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    proposal: Rc<Proposal>,
    accepted_by: Vec<NodeId>,
    is_chosen: bool,
    /// It was open at the last heartbeat already.
    is_late: bool,
}

impl Multi {
    /// Waits for a leader: for the shortest time-out, and for up to as long again.
    pub(super) fn arm_election(&self, step: &mut Step) {
        if self.cast.proposers.contains(&self.me) {
            let shortest_ns = self.options.leader_timeout_ns;
            let after_ns = shortest_ns + step.random.below(shortest_ns);
            step.arm(ELECTION, after_ns);
        }
    }

    /// No leader was heard: it wants to be it. Phase 1, for every instance that it does not know.
    pub(super) fn campaign(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if self.is_leader() {
            return Ok(());
        }
        self.leader = None;
        self.round += 1;
        let (ballot, from) = (Ballot { round: self.round, node: self.me }, self.known() + 1);
        keep_round(step.shelf, self.round)?;
        self.dirty = true;
        self.part =
            Part::Candidate(Box::new(Candidacy { ballot, from, promised: Vec::new(), found: SortedMap::new() }));
        step.note("prepare", || {
            format!("Has heard no leader: asks for promises of ballot {ballot}, for every instance from {from} on.")
        });
        self.arm_election(step);
        let cast = self.cast.clone();
        self.post_all(step, &cast.acceptors, &Message::Prepare { ballot, from });
        Ok(())
    }

    pub(super) fn promise(
        &mut self,
        step: &mut Step,
        from: NodeId,
        ballot: Ballot,
        accepted: &[Rc<Proposal>],
    ) -> Result<(), StorageError> {
        let quorum = self.cast.prepare_quorum;
        let Part::Candidate(candidacy) = &mut self.part else { return Ok(()) };
        if candidacy.ballot != ballot || candidacy.promised.contains(&from) {
            return Ok(());
        }
        candidacy.promised.push(from);
        for proposal in accepted {
            let found = candidacy.found.entry(proposal.instance).or_insert_with(|| proposal.clone());
            if found.ballot < proposal.ballot {
                *found = proposal.clone();
            }
        }
        if candidacy.promised.len() < quorum {
            return Ok(());
        }
        let candidacy = std::mem::replace(&mut self.part, Part::Idle);
        if let Part::Candidate(candidacy) = candidacy {
            self.lead(step, *candidacy);
        }
        Ok(())
    }

    /// A quorum has promised: proposes again what may have been chosen, fills the gaps, and is open for commands.
    fn lead(&mut self, step: &mut Step, candidacy: Candidacy) {
        let Candidacy { ballot, from, promised, mut found } = candidacy;
        if self.options.ignore_accepted {
            found.clear();
        }
        step.note("elected", || {
            let who = names(&promised);
            format!("{who} have promised {ballot}: leads every instance from {from} on.")
        });
        let leadership = Leadership { ballot, next: from, open: SortedMap::new(), waiting: SortedMap::new() };
        self.part = Part::Leader(Box::new(leadership));
        (self.leader, self.heard) = (Some(self.me), ballot);
        let last = found.last_key_value().map_or(from - 1, |(instance, _)| *instance);
        for instance in from..=last {
            let value = match found.remove(&instance) {
                Some(proposal) => {
                    let (earlier, what) = (proposal.ballot, proposal.value.text());
                    step.note("proposed-again", || {
                        format!(
                            "Instance {instance} may be chosen as {what}, accepted in ballot {earlier}: proposes that."
                        )
                    });
                    proposal.value.clone()
                }
                None => {
                    step.note("gap-filled", || {
                        format!("Nobody has accepted anything for instance {instance}: a no-op.")
                    });
                    Value::Nothing
                }
            };
            self.propose(step, value, None);
        }
        step.disarm(ELECTION);
        self.beat(step);
    }

    /// Phase 2 of the next instance.
    fn propose(&mut self, step: &mut Step, value: Value, waits: ValueId) {
        let chosen = self.known();
        let Part::Leader(leadership) = &mut self.part else { return };
        let instance = leadership.next;
        leadership.next += 1;
        let proposal = Rc::new(Proposal { ballot: leadership.ballot, instance, value });
        let slot = Slot { proposal: proposal.clone(), accepted_by: Vec::new(), is_chosen: false, is_late: false };
        leadership.open.insert(instance, slot);
        if waits.is_some() {
            leadership.waiting.insert(instance, waits);
        }
        let cast = self.cast.clone();
        self.post_all(step, &cast.acceptors, &Message::Accept { proposal, chosen });
    }

    /// An acceptor has accepted.
    pub(super) fn acknowledged(
        &mut self,
        step: &mut Step,
        from: NodeId,
        ballot: Ballot,
        instance: u64,
    ) -> Result<(), StorageError> {
        let quorum = self.cast.accept_quorum;
        let Part::Leader(leadership) = &mut self.part else { return Ok(()) };
        if leadership.ballot != ballot {
            return Ok(());
        }
        let Some(slot) = leadership.open.get_mut(&instance).filter(|slot| !slot.is_chosen) else { return Ok(()) };
        if slot.accepted_by.contains(&from) {
            return Ok(());
        }
        slot.accepted_by.push(from);
        if slot.accepted_by.len() < quorum {
            return Ok(());
        }
        slot.is_chosen = true;
        step.note("chosen", || {
            let (who, what) = (names(&slot.accepted_by), slot.proposal.value.text());
            format!("{who} have accepted instance {instance}: {what} is chosen.")
        });
        self.learn_chosen(step)
    }

    /// Takes the chosen instances into the sequence, as far as it has no gap.
    fn learn_chosen(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let next = self.known() + 1;
        while let Part::Leader(leadership) = &mut self.part
            && let Some((_, slot)) = leadership.open.pop_first_if(|_, slot| slot.is_chosen)
        {
            let value = slot.proposal.value.clone();
            self.learn(step, &value)?;
        }
        let known = self.known();
        if known < next {
            step.note("waits-for-gap", || format!("It is applied once instance {next} is chosen."));
        }
        self.apply(step)
    }

    /// Whose command the leader applies at an instance, if somebody waits for it.
    pub(super) fn waits_for(&mut self, instance: u64) -> ValueId {
        match &mut self.part {
            Part::Leader(leadership) => leadership.waiting.remove(&instance).flatten(),
            _ => None,
        }
    }

    /// The leader lets itself be heard, and sends again what nobody seems to have had.
    pub(super) fn beat(&mut self, step: &mut Step) {
        let chosen = self.known();
        let Part::Leader(leadership) = &mut self.part else { return };
        let ballot = leadership.ballot;
        let mut again = Vec::new();
        for slot in leadership.open.values_mut().filter(|slot| !slot.is_chosen).take(AGAIN_MAX) {
            if slot.is_late {
                again.push((slot.proposal.clone(), slot.accepted_by.clone()));
            }
            slot.is_late = true;
        }
        step.arm(HEARTBEAT, self.options.heartbeat_ns);
        let cast = self.cast.clone();
        for node in cast.all.iter().filter(|node| **node != self.me) {
            step.send(*node, Message::Heartbeat { ballot, chosen });
        }
        for (proposal, accepted_by) in again {
            let instance = proposal.instance;
            step.note("accept-again", || format!("Too few have accepted instance {instance}: asks the others again."));
            for node in cast.acceptors.iter().filter(|node| !accepted_by.contains(node)) {
                self.post(step, *node, Message::Accept { proposal: proposal.clone(), chosen });
            }
        }
    }

    /// The ballot that it wants to lead with, or leads with.
    pub(super) fn own_ballot(&self) -> Option<Ballot> {
        match &self.part {
            Part::Idle => None,
            Part::Candidate(candidacy) => Some(candidacy.ballot),
            Part::Leader(leadership) => Some(leadership.ballot),
        }
    }

    /// Somebody has promised a higher ballot.
    pub(super) fn refused(&mut self, step: &mut Step, from: NodeId, ballot: Ballot, promised: Ballot) {
        self.round = self.round.max(promised.round);
        if self.own_ballot() == Some(ballot) {
            step.note("overtaken", || format!("{from} has promised {promised}: gives up ballot {ballot}."));
            self.give_up(step);
        }
    }

    /// A ballot was heard. If it is higher than its own, that is over.
    pub(super) fn give_way(&mut self, step: &mut Step, ballot: Ballot) {
        let Some(own) = self.own_ballot() else { return };
        if own < ballot {
            step.note("overtaken", || format!("Ballot {ballot} is higher: gives up its own, {own}."));
            self.give_up(step);
        }
    }

    pub(super) fn give_up(&mut self, step: &mut Step) {
        if let Part::Leader(leadership) = std::mem::replace(&mut self.part, Part::Idle) {
            step.disarm(HEARTBEAT);
            self.leader = None;
            for (client, request) in leadership.waiting.into_values().flatten() {
                let answer = Answer::Unknown("the leader was overtaken: the next one may do it, or not");
                self.tell(step, client, request, answer, 0);
            }
        }
        self.arm_election(step);
    }

    /// A client asks for something.
    pub(super) fn request(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: &Rc<Request>,
    ) -> Result<(), StorageError> {
        let id = request.id;
        let is_read = request.call == Call::Get;
        if is_read && request.consistency == Consistency::Any {
            let (answer, version) = self.machine.contents.read(&request.key);
            self.tell(step, client, id, answer, version);
        } else if !self.is_leader() {
            self.tell(step, client, id, Answer::Redirect(self.leader.filter(|node| *node != self.me)), 0);
        } else if let Some(why) = refusal(request) {
            self.tell(step, client, id, Answer::Refused(why), 0);
        } else if let Some((outcome, instance)) = self.machine.contents.outcome(client, id) {
            step.note("done-before", || format!("It was done by instance {instance}: the same answer."));
            self.tell(step, client, id, outcome.answer(), instance);
        } else {
            self.asked = Some((client, id));
            step.note("proposed", || format!("Proposes what {client} wants: {}.", request.text()));
            self.propose(step, Value::Command(client, request.clone()), Some((client, id)));
        }
        Ok(())
    }
}

fn refusal(request: &Request) -> Option<&'static str> {
    match &request.call {
        Call::Merge(_) => Some("Paxos keeps plain values, which do not merge: put one"),
        _ if request.key.len() > MAX_KEY_BYTES => Some("the key is longer than 64 bytes: take a shorter one"),
        _ => None,
    }
}

//! One value, chosen once: proposers, acceptors and learners, each node any of them.
//!
//! ```text
//!   client ──put──▶ proposer ──prepare──▶ acceptors ──promise──▶ proposer ──accept──▶ acceptors ──accepted──▶ learners
//!                      ▲                                                                  │
//!                      └───────────────────────────── refused: a higher ballot ───────────┘
//! ```
//!
//! Two proposers can overtake one another for ever: each prepares a higher ballot before the other's is accepted. With
//! back-off each waits a random time before it tries again, and soon one of them is alone for long enough.
//!
//! A put is answered "done" if its value was chosen, and refused if another one was. A get says what this node has learned.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::super::message::{Answer, Call, Message as AnyMessage, Request, RequestId, Response};
use super::super::node::{Node, Step, Timer};
use super::super::raft::Payload;
use super::super::raft::entry::{Reader, names};
use super::super::shelf::Shelf;
use super::acceptor::Acceptor;
use super::message::{Ballot, Message, Proposal};
use super::options::{Cast, Options};
use super::{RETRY, ROUND, chosen_key, load_round};
use crate::storage::StorageError;
use crate::trace::parts::cluster::NodeDetail;
use crate::trace::{Bytes, NodeId};

/// The only instance.
pub(super) const INSTANCE: u64 = 1;

/// A node of a single decree.
#[derive(Clone, Debug)]
pub struct Single {
    pub(super) me: NodeId,
    pub(super) cast: Rc<Cast>,
    options: Rc<Options>,
    pub(super) acceptor: Acceptor,
    /// The highest round that it has used or heard of.
    round: u64,
    pub(super) attempt: Option<Attempt>,
    /// How often it was overtaken.
    overtaken: u32,
    /// Clients who wait, and what they want.
    wishes: Vec<(NodeId, Rc<Request>)>,
    /// Who has accepted which proposal, as far as this node was told.
    votes: BTreeMap<Ballot, (Rc<Proposal>, Vec<NodeId>)>,
    pub(super) chosen: Option<Payload>,
    /// Messages to itself.
    inbox: VecDeque<Message>,
    dirty: bool,
    nothing: Bytes,
}

/// A proposal under way.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub ballot: Ballot,
    pub promised: Vec<NodeId>,
    /// The highest proposal that those who promised have accepted.
    found: Option<Proposal>,
    /// Phase 2 has begun.
    pub accepting: bool,
}

impl Single {
    pub fn new(me: NodeId, members: &[NodeId], options: &Options) -> Single {
        Single {
            me,
            cast: Rc::new(Cast::new(members, &options.roles)),
            options: Rc::new(options.clone()),
            acceptor: Acceptor::default(),
            round: 0,
            attempt: None,
            overtaken: 0,
            wishes: Vec::new(),
            votes: BTreeMap::new(),
            chosen: None,
            inbox: VecDeque::new(),
            dirty: false,
            nothing: Bytes::from(&[][..]),
        }
    }

    /// The value, if this node knows that it is chosen.
    pub fn chosen(&self) -> Option<&Payload> {
        self.chosen.as_ref()
    }

    pub fn acceptor(&self) -> &Acceptor {
        &self.acceptor
    }

    fn post(&mut self, step: &mut Step, to: NodeId, message: Message) {
        if to == self.me {
            self.inbox.push_back(message);
        } else {
            step.send(to, message);
        }
    }

    fn post_all(&mut self, step: &mut Step, to: &[NodeId], message: &Message) {
        to.iter().for_each(|to| self.post(step, *to, message.clone()));
    }

    /// Hears what it told itself; then makes what was promised last.
    fn finish(&mut self, step: &mut Step) -> Result<(), StorageError> {
        while let Some(message) = self.inbox.pop_front() {
            self.hear(step, self.me, message)?;
        }
        if self.dirty && self.options.sync {
            step.shelf.sync()?;
        }
        self.dirty = false;
        Ok(())
    }

    fn request(&mut self, step: &mut Step, client: NodeId, request: Rc<Request>) -> Result<(), StorageError> {
        match &request.call {
            Call::Get => {
                let value = self.chosen.as_ref().and_then(value_of);
                self.tell(step, client, request.id, Answer::Value(value));
                Ok(())
            }
            Call::Put(_) if !self.cast.proposers.contains(&self.me) => {
                let proposer = self.cast.proposers.first().copied();
                self.tell(step, client, request.id, Answer::Redirect(proposer));
                Ok(())
            }
            Call::Put(_) => {
                self.wishes.push((client, request));
                if self.chosen.is_some() {
                    self.grant_wishes(step);
                } else if self.attempt.is_none() {
                    return self.propose(step);
                }
                Ok(())
            }
            _ => {
                self.tell(step, client, request.id, Answer::Refused("a single decree chooses one value: put it"));
                Ok(())
            }
        }
    }

    fn tell(&self, step: &mut Step, client: NodeId, id: RequestId, answer: Answer) {
        step.respond(client, Response { id, answer, context: self.nothing.clone(), version: 0 });
    }

    /// Phase 1 with a ballot of its own, higher than any that it knows.
    fn propose(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.round += 1;
        let ballot = Ballot { round: self.round, node: self.me };
        step.shelf.put(ROUND, &self.round.to_be_bytes())?;
        self.dirty = true;
        self.attempt = Some(Attempt { ballot, promised: Vec::new(), found: None, accepting: false });
        step.note("prepare", || format!("Asks the acceptors to promise ballot {ballot}."));
        step.arm(RETRY, self.options.retry_ns);
        let cast = self.cast.clone();
        self.post_all(step, &cast.acceptors, &Message::Prepare { ballot, from: INSTANCE });
        Ok(())
    }

    fn hear(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        let persist = self.options.persist_promises;
        match message {
            Message::Prepare { ballot, .. } => {
                let result = self.acceptor.prepare(step.shelf, ballot, INSTANCE, persist)?;
                self.dirty |= result.is_ok();
                let answer = match result {
                    Ok(accepted) => Message::Promise { ballot, accepted: Rc::new(accepted) },
                    Err(promised) => Message::Refused { ballot, promised },
                };
                self.post(step, from, answer);
                Ok(())
            }
            Message::Accept(proposal) => self.accept(step, from, &proposal),
            Message::Promise { ballot, accepted } => self.promise(step, from, ballot, &accepted),
            Message::Accepted(proposal) => self.learn(step, from, proposal),
            Message::Refused { ballot, promised } => self.refused(step, from, ballot, promised),
            Message::Chosen { .. } | Message::Heartbeat { .. } | Message::Fetch { .. } => Ok(()),
        }
    }

    fn accept(&mut self, step: &mut Step, from: NodeId, proposal: &Rc<Proposal>) -> Result<(), StorageError> {
        let ballot = proposal.ballot;
        if let Err(promised) = self.acceptor.accept(step.shelf, proposal, self.options.persist_promises)? {
            self.post(step, from, Message::Refused { ballot, promised });
            return Ok(());
        }
        self.dirty = true;
        let cast = self.cast.clone();
        self.post_all(step, &cast.learners, &Message::Accepted(proposal.clone()));
        if !cast.learners.contains(&from) {
            self.post(step, from, Message::Accepted(proposal.clone()));
        }
        Ok(())
    }

    fn promise(
        &mut self,
        step: &mut Step,
        from: NodeId,
        ballot: Ballot,
        accepted: &[Proposal],
    ) -> Result<(), StorageError> {
        let (majority, own_value_always) = (self.cast.majority(), self.options.own_value_always);
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.ballot == ballot && !attempt.accepting) else {
            return Ok(());
        };
        if attempt.promised.contains(&from) {
            return Ok(());
        }
        attempt.promised.push(from);
        for proposal in accepted {
            if attempt.found.as_ref().is_none_or(|found| found.ballot < proposal.ballot) {
                attempt.found = Some(proposal.clone());
            }
        }
        if attempt.promised.len() < majority {
            return Ok(());
        }
        attempt.accepting = true;
        let (who, found) = (attempt.promised.clone(), attempt.found.clone().filter(|_| !own_value_always));
        let own = self.wishes.first().map(|(client, request)| Payload::Command(*client, request.clone()));
        let value = match (&found, own) {
            (Some(found), _) => found.value.clone(),
            (None, Some(own)) => own,
            (None, None) => return Ok(()),
        };
        step.note("promised", || {
            let why = found.as_ref().map_or("nothing is accepted: its own".to_string(), |found| {
                format!("ballot {} is the highest that they have accepted: its", found.ballot)
            });
            format!("{} have promised ballot {ballot}; {why} value, {}.", names(&who), value.text())
        });
        let cast = self.cast.clone();
        let proposal = Rc::new(Proposal { ballot, instance: INSTANCE, value });
        self.post_all(step, &cast.acceptors, &Message::Accept(proposal));
        Ok(())
    }

    /// Overtaken: a higher ballot was promised.
    fn refused(
        &mut self,
        step: &mut Step,
        from: NodeId,
        ballot: Ballot,
        promised: Ballot,
    ) -> Result<(), StorageError> {
        self.round = self.round.max(promised.round);
        if self.attempt.as_ref().is_none_or(|attempt| attempt.ballot != ballot) {
            return Ok(());
        }
        self.attempt = None;
        self.overtaken += 1;
        let patience = self.overtaken.min(6);
        step.note("overtaken", || format!("{from} has promised {promised}: ballot {ballot} is over."));
        if !self.options.back_off {
            return self.propose(step);
        }
        let longest_ns = (self.options.retry_ns << patience) / 2;
        let after_ns = 1 + step.random.below(longest_ns.max(1));
        step.note("backs-off", || format!("Waits {} ms before it tries again.", after_ns / 1_000_000));
        step.arm(RETRY, after_ns);
        Ok(())
    }

    fn learn(&mut self, step: &mut Step, from: NodeId, proposal: Rc<Proposal>) -> Result<(), StorageError> {
        if self.chosen.is_some() {
            return Ok(());
        }
        let (_, voters) = self.votes.entry(proposal.ballot).or_insert_with(|| (proposal.clone(), Vec::new()));
        if voters.contains(&from) {
            return Ok(());
        }
        voters.push(from);
        if voters.len() < self.cast.majority() {
            return Ok(());
        }
        let (ballot, value) = (proposal.ballot, &proposal.value);
        let who = voters.clone();
        step.note("chosen", || format!("{} have accepted ballot {ballot}: {} is chosen.", names(&who), value.text()));
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        step.shelf.put(&chosen_key(INSTANCE), &bytes)?;
        self.chosen = Some(value.clone());
        self.attempt = None;
        self.votes.clear();
        step.disarm(RETRY);
        self.grant_wishes(step);
        Ok(())
    }

    /// Tells the clients whether it was their value.
    fn grant_wishes(&mut self, step: &mut Step) {
        let Some(Payload::Command(client, chosen)) = self.chosen.clone() else { return };
        for (other, request) in std::mem::take(&mut self.wishes) {
            let is_its = other == client && request.id == chosen.id;
            let answer = if is_its { Answer::Written } else { Answer::Refused("another value was chosen") };
            self.tell(step, other, request.id, answer);
        }
    }
}

/// What a client reads of a chosen command.
fn value_of(payload: &Payload) -> Option<Bytes> {
    match payload {
        Payload::Command(_, request) => match &request.call {
            Call::Put(value) => Some(value.clone()),
            _ => None,
        },
        Payload::Nothing | Payload::Configuration(_) => None,
    }
}

impl Node for Single {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.acceptor = Acceptor::load(step.shelf)?;
        self.round = load_round(step.shelf)?;
        if let Some(bytes) = step.shelf.get(&chosen_key(INSTANCE))? {
            let mut reader = Reader::new(&bytes, "chosen value");
            self.chosen = Some(Payload::decode(&mut reader)?);
            reader.end()?;
        }
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: AnyMessage) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        match message {
            AnyMessage::Request(request) => self.request(step, from, request)?,
            AnyMessage::Paxos(message) => self.hear(step, from, message)?,
            _ => {}
        }
        self.finish(step)
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        if timer == RETRY && self.chosen.is_none() && !self.wishes.is_empty() {
            self.propose(step)?;
        }
        self.finish(step)
    }

    fn describe(&self, _shelf: &mut Shelf) -> NodeDetail {
        self.detail()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

//! One value, chosen once: proposers, acceptors and learners, each node any of them.
//!
//! ```text
//!   client ──put──▶ proposer ──prepare──▶ acceptors ──promise──▶ proposer ──accept──▶ acceptors ──accepted──▶ learners
//!                      ▲                                                                  │
//!                      └───────────────────────────── refused: a higher ballot ───────────┘
//! ```
//!
//! Two proposers can overtake one another for ever: each prepares a higher ballot before the other's is accepted ("Paxos
//! Made Simple", 2.4). With back-off each waits a random time before it tries again, and soon one of them is alone for long
//! enough.
//!
//! To put a value, under whatever key, is to propose it: "done" if it was chosen, refused if another one was. To get is to
//! ask a learner what it knows. One that knows nothing says so, and asks the others, for the next time.
//!
//! ```text
//!   shelf   m b             round of the last ballot that this node has used, synced before it is used
//!           h │ instance ⁸  value: chosen
//! ```

use std::any::Any;
use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::message::{Answer, Call, Message as AnyMessage, Request, RequestId, Response};
use super::super::node::{Node, Step, Timer};
use super::super::raft::entry::{Reader, names};
use super::acceptor::Acceptor;
use super::message::{Ballot, Message, Proposal, Value, ValueId};
use super::options::{Cast, Options};
use super::{RETRY, chosen_key, keep_round, load_round};
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::NodeDetail;
use glassbase_trace::{Bytes, NodeId};

/// The only instance.
pub(super) const INSTANCE: u64 = 1;

/// A wait grows so often.
const DOUBLINGS_MAX: u32 = 6;

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
    pub(super) overtaken: u32,
    /// It waits before it tries again.
    pub(super) backs_off: bool,
    /// Clients who wait, and what they want.
    wishes: Vec<(NodeId, Rc<Request>)>,
    /// Who has accepted which proposal, as far as this node was told.
    pub(super) votes: SortedMap<Ballot, (Rc<Proposal>, Vec<NodeId>)>,
    chosen: Option<Value>,
    /// The request that came in the last call, for those who watch.
    pub(super) asked: ValueId,
    /// Messages to itself.
    inbox: VecDeque<Message>,
    /// Something was written that has to be synced before the call ends.
    dirty: bool,
    nothing: Bytes,
}

/// A proposal under way.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub ballot: Ballot,
    pub promised: Vec<NodeId>,
    /// The highest proposal that those who promised have accepted.
    found: Option<Rc<Proposal>>,
    /// The value of phase 2, once it has begun.
    pub proposed: Option<Value>,
}

impl Single {
    pub fn new(me: NodeId, members: &[NodeId], options: &Options) -> Single {
        Single {
            me,
            cast: Rc::new(Cast::new(members, options)),
            options: Rc::new(options.clone()),
            acceptor: Acceptor::default(),
            round: 0,
            attempt: None,
            overtaken: 0,
            backs_off: false,
            wishes: Vec::new(),
            votes: SortedMap::new(),
            chosen: None,
            asked: None,
            inbox: VecDeque::new(),
            dirty: false,
            nothing: Bytes::from(&[][..]),
        }
    }

    /// The value, if this node knows that it is chosen.
    pub fn chosen(&self) -> Option<&Value> {
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

    /// Hears what it told itself; then makes what was promised last, before anything leaves.
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
        let cast = self.cast.clone();
        let id = request.id;
        match &request.call {
            Call::Get if !cast.learners.contains(&self.me) => {
                self.tell(step, client, id, Answer::Redirect(cast.learners.first().copied()));
            }
            Call::Get => {
                let value = self.chosen.as_ref().and_then(value_of);
                self.tell(step, client, id, Answer::Value(value));
                if self.chosen.is_none() {
                    step.note("not-learned", || {
                        "Does not know of a chosen value; asks the others, for next time.".into()
                    });
                    self.fetch(step);
                }
            }
            Call::Put(_) if !cast.proposers.contains(&self.me) => {
                self.tell(step, client, id, Answer::Redirect(cast.proposers.first().copied()));
            }
            Call::Put(_) => {
                self.asked = Some((client, id));
                let is_new = self.wishes.iter().all(|(other, known)| (*other, known.id) != (client, id));
                if is_new {
                    self.wishes.push((client, request));
                }
                if self.chosen.is_some() {
                    self.grant_wishes(step);
                } else if self.attempt.is_none() && !self.backs_off {
                    return self.propose(step);
                }
            }
            _ => self.tell(step, client, id, Answer::Refused("a single decree chooses one value: put it")),
        }
        Ok(())
    }

    fn tell(&self, step: &mut Step, client: NodeId, id: RequestId, answer: Answer) {
        step.respond(client, Response { id, answer, context: self.nothing.clone(), version: 0 });
    }

    /// Asks everybody who may know.
    fn fetch(&mut self, step: &mut Step) {
        let cast = self.cast.clone();
        for node in cast.all.iter().filter(|node| **node != self.me) {
            step.send(*node, Message::Fetch { from: INSTANCE });
        }
    }

    /// Phase 1 with a ballot of its own, higher than any that it knows.
    fn propose(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.round += 1;
        let ballot = Ballot { round: self.round, node: self.me };
        keep_round(step.shelf, self.round)?;
        self.dirty = true;
        self.attempt = Some(Attempt { ballot, promised: Vec::new(), found: None, proposed: None });
        step.note("prepare", || format!("Asks the acceptors to promise ballot {ballot}."));
        step.arm(RETRY, self.options.retry_ns);
        let cast = self.cast.clone();
        self.post_all(step, &cast.acceptors, &Message::Prepare { ballot, from: INSTANCE });
        Ok(())
    }

    fn hear(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Prepare { ballot, .. } => self.prepare(step, from, ballot),
            Message::Promise { ballot, accepted } => {
                self.promise(step, from, ballot, &accepted);
                Ok(())
            }
            Message::Accept { proposal, .. } => self.accept(step, from, &proposal),
            Message::Accepted(proposal) => self.learn(step, from, &proposal),
            Message::Refused { ballot, promised } => self.refused(step, from, ballot, promised),
            Message::Fetch { .. } => {
                self.answer_fetch(step, from);
                Ok(())
            }
            Message::Chosen { values, .. } => match values.first() {
                Some(value) if self.chosen.is_none() => {
                    step.note("learned", || format!("Hears from {from} that {} was chosen.", value.text()));
                    self.know(step, value)
                }
                _ => Ok(()),
            },
            Message::Ack { .. } | Message::Heartbeat { .. } | Message::Snapshot(_) => Ok(()),
        }
    }

    /// An acceptor is asked for a promise.
    fn prepare(&mut self, step: &mut Step, from: NodeId, ballot: Ballot) -> Result<(), StorageError> {
        self.round = self.round.max(ballot.round);
        let prepared = self.acceptor.prepare(step.shelf, ballot, INSTANCE, self.options.persist_promises)?;
        let answer = match prepared {
            Ok(accepted) => {
                self.dirty = true;
                step.note("promise", || match accepted.first() {
                    Some(one) => {
                        let (earlier, value) = (one.ballot, one.value.text());
                        format!("Promises ballot {ballot}, and tells that it has accepted {value} in ballot {earlier}.")
                    }
                    None => format!("Promises ballot {ballot}; it has accepted nothing yet."),
                });
                Message::Promise { ballot, accepted }
            }
            Err(promised) => {
                step.note("prepare-refused", || format!("Refuses ballot {ballot}: it has promised {promised}."));
                Message::Refused { ballot, promised }
            }
        };
        let is_promise = matches!(answer, Message::Promise { .. });
        self.post(step, from, answer);
        // It knows already what will become of its own proposal.
        match &self.attempt {
            Some(attempt) if is_promise && attempt.ballot < ballot => self.give_up(step, self.me, ballot),
            _ => Ok(()),
        }
    }

    /// A proposer gets a promise. With enough of them it proposes.
    fn promise(&mut self, step: &mut Step, from: NodeId, ballot: Ballot, accepted: &[Rc<Proposal>]) {
        let is_open = |attempt: &&mut Attempt| attempt.ballot == ballot && attempt.proposed.is_none();
        let Some(attempt) = self.attempt.as_mut().filter(is_open) else { return };
        if attempt.promised.contains(&from) {
            return;
        }
        attempt.promised.push(from);
        for proposal in accepted {
            if attempt.found.as_ref().is_none_or(|found| found.ballot < proposal.ballot) {
                attempt.found = Some(proposal.clone());
            }
        }
        if attempt.promised.len() < self.cast.prepare_quorum {
            return;
        }
        let found = attempt.found.clone().filter(|_| !self.options.ignore_accepted);
        let own = self.wishes.first().map(|(client, request)| Value::Command(*client, request.clone()));
        let Some(value) = found.as_ref().map(|found| found.value.clone()).or(own) else { return };
        attempt.proposed = Some(value.clone());
        step.note("propose", || {
            let who = names(&attempt.promised);
            let what = value.text();
            match (&found, &attempt.found) {
                (Some(found), _) => format!(
                    "{who} have promised {ballot}. Ballot {} is the highest that they have accepted: proposes its value, {what}.",
                    found.ballot
                ),
                (None, Some(_)) => format!("{who} have promised {ballot}. Ignores what they have accepted: proposes {what}."),
                (None, None) => format!("{who} have promised {ballot}, and accepted nothing: proposes its own value, {what}."),
            }
        });
        let cast = self.cast.clone();
        let proposal = Rc::new(Proposal { ballot, instance: INSTANCE, value });
        self.post_all(step, &cast.acceptors, &Message::Accept { proposal, chosen: 0 });
    }

    /// An acceptor is asked to accept.
    fn accept(&mut self, step: &mut Step, from: NodeId, proposal: &Rc<Proposal>) -> Result<(), StorageError> {
        let ballot = proposal.ballot;
        self.round = self.round.max(ballot.round);
        if let Err(promised) = self.acceptor.accept(step.shelf, proposal)? {
            step.note("accept-refused", || format!("Refuses ballot {ballot}: it has promised {promised}."));
            self.post(step, from, Message::Refused { ballot, promised });
            return Ok(());
        }
        self.dirty = true;
        step.note("accept", || format!("Accepts {} in ballot {ballot}.", proposal.value.text()));
        let cast = self.cast.clone();
        self.post_all(step, &cast.learners, &Message::Accepted(proposal.clone()));
        // Its proposer wants to answer its client, learner or not.
        if !cast.learners.contains(&from) {
            self.post(step, from, Message::Accepted(proposal.clone()));
        }
        Ok(())
    }

    /// Overtaken: a higher ballot was promised. The proposal is given up ("Paxos Made Simple", 2.5).
    fn refused(&mut self, step: &mut Step, from: NodeId, ballot: Ballot, promised: Ballot) -> Result<(), StorageError> {
        self.round = self.round.max(promised.round);
        if self.attempt.as_ref().is_none_or(|attempt| attempt.ballot != ballot) {
            return Ok(());
        }
        self.give_up(step, from, promised)
    }

    /// Gives its proposal up, and tries again: at once, or after a random time.
    fn give_up(&mut self, step: &mut Step, by: NodeId, promised: Ballot) -> Result<(), StorageError> {
        let Some(attempt) = self.attempt.take() else { return Ok(()) };
        let ballot = attempt.ballot;
        step.note("overtaken", || format!("{by} has promised {promised}: gives up ballot {ballot}."));
        let longest_ns = self.options.back_off_ns << self.overtaken.min(DOUBLINGS_MAX);
        self.overtaken += 1;
        if longest_ns == 0 {
            return self.propose(step);
        }
        self.backs_off = true;
        let after_ns = 1 + step.random.below(longest_ns);
        step.note("backs-off", || format!("Waits {} µs before it tries again.", after_ns / 1_000));
        step.arm(RETRY, after_ns);
        Ok(())
    }

    /// A learner is told that an acceptor has accepted.
    fn learn(&mut self, step: &mut Step, from: NodeId, proposal: &Rc<Proposal>) -> Result<(), StorageError> {
        if self.chosen.is_some() {
            return Ok(());
        }
        let ballot = proposal.ballot;
        let (_, voters) = self.votes.entry(ballot).or_insert_with(|| (proposal.clone(), Vec::new()));
        if voters.contains(&from) {
            return Ok(());
        }
        voters.push(from);
        if voters.len() < self.cast.accept_quorum {
            return Ok(());
        }
        let value = &proposal.value;
        step.note("chosen", || format!("{} have accepted ballot {ballot}: {} is chosen.", names(voters), value.text()));
        self.know(step, value)
    }

    /// It knows what is chosen: for ever, and so do the clients who wait.
    fn know(&mut self, step: &mut Step, value: &Value) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        step.shelf.put(&chosen_key(INSTANCE), &bytes)?;
        self.chosen = Some(value.clone());
        (self.attempt, self.backs_off) = (None, false);
        self.votes.clear();
        step.disarm(RETRY);
        self.grant_wishes(step);
        Ok(())
    }

    /// Tells the clients whether it was their value.
    fn grant_wishes(&mut self, step: &mut Step) {
        let chosen = self.chosen.as_ref().and_then(Value::id);
        for (client, request) in std::mem::take(&mut self.wishes) {
            let is_its = chosen == Some((client, request.id));
            let answer = if is_its { Answer::Written } else { Answer::Refused("another value was chosen") };
            self.tell(step, client, request.id, answer);
        }
    }

    /// Somebody wants to know what this node knows.
    fn answer_fetch(&mut self, step: &mut Step, from: NodeId) {
        if let Some(value) = &self.chosen {
            let values = Rc::from([value.clone()]);
            step.send(from, Message::Chosen { first: INSTANCE, values });
        } else if let Some(proposal) = self.acceptor.accepted(INSTANCE) {
            step.send(from, Message::Accepted(proposal.clone()));
        }
    }
}

/// What a client reads of a chosen command.
fn value_of(value: &Value) -> Option<Bytes> {
    match &value.command()?.1.call {
        Call::Put(value) => Some(value.clone()),
        _ => None,
    }
}

impl Node for Single {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.acceptor = Acceptor::load(step.shelf)?;
        self.round = load_round(step.shelf)?.max(self.acceptor.promised().round);
        if let Some(bytes) = step.shelf.get(&chosen_key(INSTANCE))? {
            self.chosen = Some(Value::decode(&mut Reader::new(&bytes, "chosen value"))?);
        }
        if self.round > 0 {
            let promised = self.acceptor.promised();
            step.note("restarted", || match self.acceptor.accepted(INSTANCE) {
                Some(one) => {
                    format!("Back with promise {promised}, and {} in ballot {}.", one.value.text(), one.ballot)
                }
                None => format!("Back with promise {promised}, and nothing accepted."),
            });
        }
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: AnyMessage) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        self.asked = None;
        match message {
            AnyMessage::Request(request) => self.request(step, from, request)?,
            AnyMessage::Paxos(message) => self.hear(step, from, message)?,
            _ => {}
        }
        self.finish(step)
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        self.asked = None;
        if timer == RETRY && self.chosen.is_none() && !self.wishes.is_empty() {
            self.backs_off = false;
            if let Some(attempt) = self.attempt.take() {
                let ballot = attempt.ballot;
                step.note("retry", || format!("Has heard too little of ballot {ballot} for too long."));
            }
            self.propose(step)?;
        }
        self.finish(step)
    }

    fn describe(&self) -> NodeDetail {
        self.detail()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

//! A sequence of values, each chosen as a single decree is, and a state machine that they drive.
//!
//! ```text
//!   instance   1        2        3        4        5        6
//!   n1 leads   x = 1    y = 2    no-op    x = 3    x = 4    –        next: 6
//!   n2         x = 1    y = 2    no-op    x = 3    –        –
//!              └────────────────────────┘ └ accepted, not known to be chosen
//!               chosen up to 3: applied in this order
//! ```
//!
//! The leader counts who has accepted (the distinguished learner of "Paxos Made Simple", 2.3). How far all is chosen goes
//! along with what it sends next; a node that has accepted the leader's ballot there knows the value, any other fetches it.
//! A command is applied in its turn, and then its client is answered; reads go the same way.
//!
//! ```text
//!   shelf   m b             round of the last ballot that this node has used, synced before it is used
//!           h │ instance ⁸  value: chosen. Not synced: the acceptors know it
//!           m c             the last instance that is cut off: see `compaction`
//!           c, d, m a       the state machine, as Raft has it: see `raft::machine`
//! ```
//!
//! **Invariant:** a node that leads, or wants to, learns by counting alone. So the value that it proposed in its ballot for a
//! chosen instance is the value that was chosen, and whoever has accepted that ballot has it.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::super::message::{Answer, Message as AnyMessage, RequestId, Response};
use super::super::node::{Node, Step, Timer};
use super::super::raft::entry::Reader;
use super::super::raft::{Contents, Machine};
use super::super::shelf::Shelf;
use super::acceptor::Acceptor;
use super::compaction::load_cut;
use super::describe::Shown;
use super::leader::Part;
use super::message::{Ballot, Message, Proposal, Value, ValueId};
use super::options::{Cast, Options};
use super::{ELECTION, HEARTBEAT, chosen_key, instance_of, load_round};
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::NodeDetail;
use glassbase_trace::{Bytes, NodeId};

/// Values in one message at most.
const FETCHED_MAX: usize = 64;

/// A node of a sequence of decrees.
#[derive(Clone, Debug)]
pub struct Multi {
    pub(super) me: NodeId,
    pub(super) cast: Rc<Cast>,
    pub(super) options: Rc<Options>,
    pub(super) acceptor: Acceptor,
    pub(super) machine: Machine,
    /// The last instance that is cut off the log.
    pub(super) cut: u64,
    /// The values that are known to be chosen behind that, without a gap.
    pub(super) log: Vec<Value>,
    /// How far all is chosen, by what leaders have said.
    pub(super) told: u64,
    pub(super) part: Part,
    /// The highest round that it has used or heard of.
    pub(super) round: u64,
    /// The highest ballot of a leader that it has heard.
    pub(super) heard: Ballot,
    pub(super) leader: Option<NodeId>,
    /// The request that came in the last call, for those who watch.
    pub(super) asked: ValueId,
    /// Messages to itself.
    inbox: VecDeque<Message>,
    /// Something was written that has to be synced before the call ends.
    pub(super) dirty: bool,
    nothing: Bytes,
    pub(super) shown: RefCell<Shown>,
}

impl Multi {
    pub fn new(me: NodeId, members: &[NodeId], options: &Options) -> Multi {
        Multi {
            me,
            cast: Rc::new(Cast::new(members, options)),
            options: Rc::new(options.clone()),
            acceptor: Acceptor::default(),
            machine: Machine::default(),
            cut: 0,
            log: Vec::new(),
            told: 0,
            part: Part::Idle,
            round: 0,
            heard: Ballot::default(),
            leader: None,
            asked: None,
            inbox: VecDeque::new(),
            dirty: false,
            nothing: Bytes::from(&[][..]),
            shown: RefCell::default(),
        }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.part, Part::Leader(_))
    }

    /// The values that it knows to be chosen, behind those that are cut off.
    pub fn log(&self) -> &[Value] {
        &self.log
    }

    /// The last instance that is cut off the log; 0: none.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    pub fn acceptor(&self) -> &Acceptor {
        &self.acceptor
    }

    pub fn contents(&self) -> &Contents {
        &self.machine.contents
    }

    /// The last instance up to which all is known.
    pub(super) fn known(&self) -> u64 {
        self.cut + self.log.len() as u64
    }

    fn load(&mut self, shelf: &mut Shelf) -> Result<(), StorageError> {
        self.acceptor = Acceptor::load(shelf)?;
        self.round = load_round(shelf)?.max(self.acceptor.promised().round);
        self.machine = Machine::load(shelf)?;
        self.cut = load_cut(shelf)?;
        let cut = self.cut;
        let (mut log, mut damage) = (Vec::new(), None);
        shelf.scan(
            Some(&chosen_key(0)),
            Some(&chosen_key(u64::MAX)),
            u64::MAX,
            &mut |key, bytes| match read_chosen(key, bytes, cut + log.len() as u64 + 1) {
                Ok(value) => log.push(value),
                Err(error) => drop(damage.get_or_insert(error)),
            },
        )?;
        if let Some(error) = damage {
            return Err(error);
        }
        self.log = log;
        let (applied, known) = (self.machine.applied, self.known());
        if applied > known {
            let reader = Reader::new(&[], "applied instance");
            return Err(reader.damage(&format!("{applied} instances are applied, but only {known} are known")));
        }
        if applied < cut {
            let reader = Reader::new(&[], "cut");
            return Err(reader.damage(&format!("{cut} instances are cut off, but only {applied} are applied")));
        }
        Ok(())
    }

    pub(super) fn post(&mut self, step: &mut Step, to: NodeId, message: Message) {
        if to == self.me {
            self.inbox.push_back(message);
        } else {
            step.send(to, message);
        }
    }

    pub(super) fn post_all(&mut self, step: &mut Step, to: &[NodeId], message: &Message) {
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

    fn hear(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Prepare { ballot, from: first } => self.prepare(step, from, ballot, first),
            Message::Promise { ballot, accepted } => self.promise(step, from, ballot, &accepted),
            Message::Accept { proposal, chosen } => self.accept(step, from, &proposal, chosen),
            Message::Ack { ballot, instance } => self.acknowledged(step, from, ballot, instance),
            Message::Refused { ballot, promised } => {
                self.refused(step, from, ballot, promised);
                Ok(())
            }
            Message::Heartbeat { ballot, chosen } => self.heartbeat(step, from, ballot, chosen),
            Message::Fetch { from: first } => {
                self.answer_fetch(step, from, first);
                Ok(())
            }
            Message::Chosen { first, values } => self.take_over(step, from, first, &values),
            Message::Snapshot(snapshot) => self.install(step, from, &snapshot),
            Message::Accepted(_) => Ok(()),
        }
    }

    /// An acceptor is asked for a promise, for all instances at once.
    fn prepare(&mut self, step: &mut Step, from: NodeId, ballot: Ballot, first: u64) -> Result<(), StorageError> {
        self.round = self.round.max(ballot.round);
        if first <= self.cut {
            // It can't tell what it had accepted there.
            self.send_snapshot(step, from, first);
            return Ok(());
        }
        let prepared = self.acceptor.prepare(step.shelf, ballot, first, self.options.persist_promises)?;
        let accepted = match prepared {
            Ok(accepted) => accepted,
            Err(promised) => {
                step.note("prepare-refused", || format!("Refuses ballot {ballot}: it has promised {promised}."));
                self.post(step, from, Message::Refused { ballot, promised });
                return Ok(());
            }
        };
        self.dirty = true;
        let count = accepted.len();
        step.note("promise", || {
            format!("Promises ballot {ballot} for every instance; from {first} on it has accepted {count}.")
        });
        if from != self.me {
            self.give_way(step, ballot);
            self.leader = None;
            self.arm_election(step);
        }
        self.post(step, from, Message::Promise { ballot, accepted });
        Ok(())
    }

    /// An acceptor is asked to accept.
    fn accept(
        &mut self,
        step: &mut Step,
        from: NodeId,
        proposal: &Rc<Proposal>,
        chosen: u64,
    ) -> Result<(), StorageError> {
        let Proposal { ballot, instance, .. } = **proposal;
        self.round = self.round.max(ballot.round);
        if let Err(promised) = self.acceptor.accept(step.shelf, proposal)? {
            step.note("accept-refused", || format!("Refuses ballot {ballot}: it has promised {promised}."));
            self.post(step, from, Message::Refused { ballot, promised });
            return Ok(());
        }
        self.dirty = true;
        step.note("accept", || format!("Accepts {} for instance {instance}.", proposal.value.text()));
        self.post(step, from, Message::Ack { ballot, instance });
        if from == self.me {
            return Ok(());
        }
        self.hear_leader(step, ballot);
        self.learn_up_to(step, ballot, chosen)
    }

    fn heartbeat(&mut self, step: &mut Step, from: NodeId, ballot: Ballot, chosen: u64) -> Result<(), StorageError> {
        let highest = self.heard.max(self.acceptor.promised()).max(self.own_ballot().unwrap_or_default());
        if ballot < highest {
            self.post(step, from, Message::Refused { ballot, promised: highest });
            return Ok(());
        }
        self.hear_leader(step, ballot);
        self.arm_election(step);
        self.learn_up_to(step, ballot, chosen)?;
        self.fetch(step, from);
        Ok(())
    }

    /// A leader lives. Whoever leads with a lower ballot leads no longer.
    fn hear_leader(&mut self, step: &mut Step, ballot: Ballot) {
        self.round = self.round.max(ballot.round);
        self.give_way(step, ballot);
        if ballot >= self.heard {
            self.heard = ballot;
            self.leader = Some(ballot.node);
        }
    }

    /// The leader of a ballot says that every instance up to `chosen` is chosen.
    fn learn_up_to(&mut self, step: &mut Step, ballot: Ballot, chosen: u64) -> Result<(), StorageError> {
        self.told = self.told.max(chosen);
        while self.known() < chosen {
            let instance = self.known() + 1;
            // What it has accepted in another ballot may be another value.
            let accepted = self.acceptor.accepted(instance).filter(|accepted| accepted.ballot == ballot);
            let Some(accepted) = accepted.cloned() else { break };
            self.learn(step, &accepted.value)?;
        }
        self.apply(step)
    }

    /// Asks for what it lacks.
    pub(super) fn fetch(&mut self, step: &mut Step, from: NodeId) {
        let (known, told) = (self.known(), self.told);
        if known < told {
            step.note("fetch", || format!("Lacks instances {} to {told}: asks {from}.", known + 1));
            step.send(from, Message::Fetch { from: known + 1 });
        }
    }

    fn answer_fetch(&mut self, step: &mut Step, to: NodeId, first: u64) {
        let Some(begin) = first.checked_sub(self.cut + 1) else {
            self.send_snapshot(step, to, first);
            return;
        };
        let begin = begin.min(self.log.len() as u64) as usize;
        let values = &self.log[begin..self.log.len().min(begin + FETCHED_MAX)];
        if !values.is_empty() {
            step.send(to, Message::Chosen { first: self.cut + begin as u64 + 1, values: values.into() });
        }
    }

    /// Another node tells what was chosen.
    fn take_over(&mut self, step: &mut Step, from: NodeId, first: u64, values: &[Value]) -> Result<(), StorageError> {
        let known = self.known();
        if !matches!(self.part, Part::Idle) || first > known + 1 {
            return Ok(());
        }
        for value in values.iter().skip((known + 1 - first) as usize) {
            self.learn(step, value)?;
        }
        let now = self.known();
        if now > known {
            step.note("caught-up", || format!("Has instances {} to {now} from {from}.", known + 1));
            self.apply(step)?;
            self.fetch(step, from);
        }
        Ok(())
    }

    /// It knows the value of the next instance.
    pub(super) fn learn(&mut self, step: &mut Step, value: &Value) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        step.shelf.put(&chosen_key(self.known() + 1), &bytes)?;
        self.log.push(value.clone());
        Ok(())
    }

    /// Applies what is chosen, in order, and answers the clients who wait for it.
    pub(super) fn apply(&mut self, step: &mut Step) -> Result<(), StorageError> {
        while let Some(value) = self.log.get((self.machine.applied - self.cut) as usize) {
            let instance = self.machine.applied + 1;
            let id = value.id();
            let answer = self.machine.apply(step.shelf, instance, value.command())?;
            if let (Some((answer, version)), Some((client, request))) = (answer, id)
                && self.waits_for(instance) == id
            {
                self.tell(step, client, request, answer, version);
            }
        }
        self.compact(step)
    }

    pub(super) fn tell(&self, step: &mut Step, client: NodeId, id: RequestId, answer: Answer, version: u64) {
        step.respond(client, Response { id, answer, context: self.nothing.clone(), version });
    }
}

/// Reads a chosen value, which has to be that of the next instance.
fn read_chosen(key: &[u8], bytes: &[u8], next: u64) -> Result<Value, StorageError> {
    let instance = instance_of(key)?;
    let mut reader = Reader { bytes, at: 0, what: "chosen value", number: instance };
    if instance != next {
        return Err(reader.damage(&format!("instance {next} is missing before it")));
    }
    Value::decode(&mut reader)
}

impl Node for Multi {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.load(step.shelf)?;
        if self.round > 0 {
            let (promised, last, known) = (self.acceptor.promised(), self.acceptor.last(), self.known());
            step.note("restarted", || {
                format!("Back with promise {promised}, accepted up to instance {last}, knowing what is chosen up to {known}.")
            });
        }
        self.apply(step)?;
        self.arm_election(step);
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: AnyMessage) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        self.asked = None;
        match message {
            AnyMessage::Request(request) => self.request(step, from, &request)?,
            AnyMessage::Paxos(message) => self.hear(step, from, message)?,
            _ => {}
        }
        self.finish(step)
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        self.acceptor.begin_call();
        self.asked = None;
        match timer {
            ELECTION => self.campaign(step)?,
            HEARTBEAT => self.beat(step),
            _ => {}
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

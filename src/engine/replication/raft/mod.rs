//! Raft: a replicated log with one leader at a time, chosen by a majority.
//!
//! After Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), and Ongaro's thesis,
//! "Consensus: Bridging Theory and Practice" (2014): pre-vote (9.6), leadership transfer (3.10), membership by joint
//! consensus (4.3) with learners (4.2.1), reads without the log (6.4), exactly-once clients (6.3), a state machine on disk
//! (5.2).
//!
//! ```text
//!                  time-out                majority would           majority of votes
//!   ┌──────────┐ ───────────▶ ┌───────────────┐ ───────▶ ┌───────────┐ ───────▶ ┌────────┐
//!   │ follower │              │ pre-candidate │          │ candidate │          │ leader │
//!   └──────────┘ ◀─────────── └───────────────┘          └───────────┘          └────────┘
//!        ▲        a leader, or a higher term                   │                     │
//!        └─────────────────────────────────────────────────────┴─────────────────────┘
//! ```
//!
//! - [`election`]: time-outs and votes. [`leader`]: sending the log and committing. [`follower`]: receiving it.
//! - [`client`]: requests. [`reads`]: reads without the log. [`members`]: changing who votes, handing over.
//! - [`entry`], [`log`], [`machine`]: what is kept, in memory and on the shelf. [`safety`]: what must hold, checked.
//!
//! What is promised is synced first: a call writes to the shelf as it goes and syncs once at its end, and only then does
//! anything that it put out leave the node.
//!
//! **Invariants** (checked by [`safety::Watch`]): one leader per term; a leader's log only grows; logs that have an entry of
//! the same index and term are the same up to it; a leader has everything that was committed before it; no two nodes apply
//! different entries at an index.

mod client;
pub(super) mod describe;
mod election;
pub(super) mod entry;
mod follower;
mod in_order;
mod leader;
mod log;
mod machine;
mod members;
mod message;
mod options;
mod reads;
pub mod safety;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

pub use entry::{Configuration, Entry, Payload};
pub use log::Log;
pub use machine::{Cell, Contents, Machine};
pub use message::{Admin, Append, Install, Message, Snapshot, VoteRequest, Wish};
pub use options::{Options, Reads};

use super::message::Message as AnyMessage;
use super::node::{Node, Step, Timer};
use super::shelf::Shelf;
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::NodeDetail;
use glassbase_trace::{Bytes, NodeId};
use leader::Leadership;

/// No leader was heard for too long.
pub const ELECTION: Timer = Timer::of(1);
/// The leader has to be heard.
pub const HEARTBEAT: Timer = Timer::of(2);
/// Handing over, or a change of members, takes too long.
pub const PATIENCE: Timer = Timer::of(3);

const VOTE: &[u8] = b"mv";

/// A node of a cluster whose first voters are `members`. One that is not among them waits to be added.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    Box::new(Raft::new(me, members, options))
}

/// A Raft node.
#[derive(Clone, Debug)]
pub struct Raft {
    me: NodeId,
    options: Rc<Options>,
    /// The configuration of an empty log.
    first: Rc<Configuration>,
    term: u64,
    voted_for: Option<NodeId>,
    log: Log,
    machine: Machine,
    committed: u64,
    role: Role,
    leader: Option<NodeId>,
    /// When a leader was heard last, or, for a leader, when its latest round began that a majority has answered. While this
    /// is less than the shortest time-out ago, requests for votes are disregarded. None: a time-out has passed since.
    heard_ns: Option<u64>,
    /// Something was written that has to be synced before the call ends.
    dirty: bool,
    nothing: Bytes,
    shown: RefCell<describe::Shown>,
}

/// What a node is at the moment.
#[derive(Clone, Debug)]
enum Role {
    Follower,
    /// Asks whether it would be elected; who would vote for it.
    PreCandidate(Vec<NodeId>),
    /// Who voted for it.
    Candidate(Vec<NodeId>),
    Leader(Box<Leadership>),
}

impl Raft {
    pub fn new(me: NodeId, members: &[NodeId], options: &Options) -> Raft {
        let first = Configuration::of(members);
        Raft {
            me,
            options: Rc::new(options.clone()),
            log: Log::new(&first),
            first: Rc::new(first),
            term: 0,
            voted_for: None,
            machine: Machine::default(),
            committed: 0,
            role: Role::Follower,
            leader: None,
            heard_ns: None,
            dirty: false,
            nothing: Bytes::from(&[][..]),
            shown: RefCell::default(),
        }
    }

    pub fn term(&self) -> u64 {
        self.term
    }

    pub fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Whom it takes for the leader.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn committed(&self) -> u64 {
        self.committed
    }

    pub fn applied(&self) -> u64 {
        self.machine.applied
    }

    pub fn contents(&self) -> &Contents {
        &self.machine.contents
    }

    pub fn configuration(&self) -> &Configuration {
        self.log.configuration().1
    }

    /// Reads the shelf.
    fn load(&mut self, shelf: &mut Shelf) -> Result<(), StorageError> {
        if let Some(bytes) = shelf.get(VOTE)? {
            let mut reader = entry::Reader::new(&bytes, "vote");
            self.term = reader.u64()?;
            self.voted_for = Some(NodeId(reader.u16()?)).filter(|node| node.0 > 0);
        }
        self.log = Log::load(shelf, &self.first)?;
        self.machine = Machine::load(shelf)?;
        self.committed = self.machine.applied;
        self.check_loaded()
    }

    /// Each of the three was read whole; whether they belong together.
    fn check_loaded(&self) -> Result<(), StorageError> {
        let (applied, start, last) = (self.machine.applied, self.log.start(), self.log.last_index());
        let damage = |what: &str| Err(entry::Reader::new(&[], "its parts").damage(what));
        if applied < start || applied > last {
            return damage(&format!("{applied} entries are applied, but the log has those from {start} to {last}"));
        }
        let (term, last_term) = (self.term, self.log.last_term());
        if last_term > term {
            return damage(&format!("the log ends in term {last_term}, but the term is {term}"));
        }
        Ok(())
    }

    /// Writes term and vote.
    fn keep_vote(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let vote = self.voted_for.filter(|_| self.options.persist_vote).map_or(0, |node| node.0);
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.term.to_be_bytes());
        bytes[8..].copy_from_slice(&vote.to_be_bytes());
        step.shelf.put(VOTE, &bytes)?;
        self.dirty = true;
        Ok(())
    }

    /// The end of every call: what was promised is made to last before it leaves.
    fn finish(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if self.dirty && self.options.sync {
            step.shelf.sync()?;
        }
        self.dirty = false;
        Ok(())
    }

    fn hear(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::VoteRequest(request) => self.vote_request(step, from, &request),
            Message::Vote { term, granted, pre } => self.vote(step, from, term, granted, pre),
            Message::Append(append) => self.append(step, from, &append),
            Message::Install(install) => self.install(step, from, &install),
            Message::Appended { term, round, matched } => {
                if self.answered(step, from, term, round)? {
                    self.appended(step, from, matched)?;
                }
                Ok(())
            }
            Message::Rejected { term, round, conflict_term, conflict_index } => {
                if self.answered(step, from, term, round)? {
                    self.rejected(step, from, conflict_term, conflict_index)?;
                }
                Ok(())
            }
            Message::TimeoutNow { term } => self.timeout_now(step, from, term),
            Message::Admin(admin) => self.admin(step, from, &admin),
        }
    }

    /// Applies what is committed, and cuts the log off where it is long enough.
    fn apply(&mut self, step: &mut Step) -> Result<(), StorageError> {
        while self.machine.applied < self.committed {
            let index = self.machine.applied + 1;
            let Some(entry) = self.log.get(index) else { break };
            let command = match &entry.payload {
                Payload::Command(client, request) => Some((*client, &**request)),
                Payload::Nothing | Payload::Configuration(_) => None,
            };
            let answer = self.machine.apply(step.shelf, index, command)?;
            if let Some((answer, version)) = answer {
                self.answer_waiting(step, index, answer, version);
            }
        }
        let limit = self.options.snapshot_entries;
        let long = self.machine.applied.saturating_sub(self.log.start());
        if limit > 0 && long >= limit {
            let index = self.machine.applied - self.options.kept_entries;
            self.log.cut(step.shelf, index)?;
            let kept = self.log.len();
            step.note("log-cut", || format!("The log is cut off at {index}, whose entries are applied; {kept} stay."));
        }
        Ok(())
    }
}

impl Node for Raft {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.load(step.shelf)?;
        // It may have promised a leader its loyalty just before it crashed.
        self.heard_ns = Some(step.clock_ns);
        let (term, last) = (self.term, self.log.last_index());
        if term > 0 {
            let vote = self.voted_for.map_or("nobody".to_string(), |node| node.to_string());
            step.note("restarted", || format!("Back with term {term}, a vote for {vote}, and a log up to {last}."));
        }
        self.arm_election(step);
        self.finish(step)
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: AnyMessage) -> Result<(), StorageError> {
        match message {
            AnyMessage::Request(request) => self.request(step, from, &request)?,
            AnyMessage::Raft(message) => self.hear(step, from, message)?,
            _ => {}
        }
        self.finish(step)
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        match timer {
            ELECTION => self.election_timeout(step)?,
            HEARTBEAT => self.heartbeat(step)?,
            PATIENCE => self.lose_patience(step)?,
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

//! Quorums: every node takes requests, N nodes keep a key, a write waits for W of them and a read for R. If R + W > N, a
//! read meets the last write at one node at least.
//!
//! - G. DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007: preference lists, sloppy quorums,
//!   hinted handoff, hash trees.
//! - A. Lakshman and P. Malik, "Cassandra: A Decentralized Structured Storage System", 2010, and its documentation: stamps,
//!   consistency levels, read repair before the answer, tombstones with a grace period.
//!
//! ```text
//!   client ─put─▶ coordinator ─write─▶ replica ┐            client ─get─▶ coordinator ─read─▶ replica ┐
//!                      │      ─write─▶ replica ├ N               ▲             │      ─read─▶ replica ├ N
//!                      │      ─write─▶ replica ┘                 │             │      ─read─▶ replica ┘
//!   client ◀─done── W written                               the newest ◀── R have it
//!                      │ one is silent                                         │ one has an older one
//!                      └─▶ hint, handed off when it answers again              └─▶ repair
//! ```
//!
//! What the N replicas have of a key comes together again in three ways: hints for those that were away, repair at reads,
//! and hash trees that two replicas compare now and then ([`merkle`]). There is no order of writes that all agree on, so
//! there is no compare-and-set: it is refused.
//!
//! - [`ring`]: who keeps what. [`record`]: what is kept of a key. [`replica`]: the shelf of a node.
//! - `coordinator`: requests of clients; `operation`: who has answered them; `silence`: who has not.
//! - `repair`: handoff and hash trees.
//! - [`prediction`]: how stale reads will be, from the latencies alone. [`tradeoff`]: what R and W cost and give, measured.
//!
//! **Invariant:** a replica says "written" when the record is synced, or one that is newer.
//! **Invariant:** with R + W > N, without stand-ins and with true clocks, a read gives the last write that ended before it
//! began, or one that came later.
//! **Invariant:** once messages arrive again, all replicas of a key come to have the same record.

mod coordinator;
pub mod merkle;
pub mod message;
mod operation;
pub mod options;
pub mod prediction;
pub mod record;
mod repair;
pub mod replica;
pub mod ring;
mod silence;
pub mod tradeoff;

use glassbase_trace::sorted::SortedSet;
use std::any::Any;
use std::rc::Rc;

pub use message::Message;
pub use options::{Options, ReadRepair, Resolution};

use self::operation::{Operations, Recent};
use self::repair::Repairs;
use self::replica::Replica;
use self::ring::Ring;
use super::message::Message as Wired;
use super::node::{Node, Step, Timer};
use super::wording::counted;
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::{NodeDetail, NodeHead, NodeLog};
use glassbase_trace::{Bytes, NodeId};

/// Looks for requests that wait too long.
const SWEEP: Timer = Timer::of(1);
/// Asks nodes that are taken for down whether they are back.
const PROBE: Timer = Timer::of(2);
/// Compares a range with another replica.
const COMPARE: Timer = Timer::of(3);
/// Lets the marks of deletions go.
const PURGE: Timer = Timer::of(4);

/// A node of a quorum store.
#[derive(Clone, Debug)]
pub struct Quorum {
    me: NodeId,
    options: Rc<Options>,
    replica: Replica,
    operations: Operations,
    recent: Recent,
    repairs: Repairs,
    /// Nodes that have not answered lately.
    suspects: SortedSet<NodeId>,
    /// The last stamp that was given.
    stamped_ns: u64,
    /// Which timers are armed.
    sweeping: bool,
    probing: bool,
    purge_ns: u64,
}

/// A node. `members` are all nodes of the cluster.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    on_machine(me, members, options, 0)
}

/// A node on the `machine`-th machine in its place.
pub fn on_machine(me: NodeId, members: &[NodeId], options: &Options, machine: u16) -> Box<dyn Node> {
    let mut members = members.to_vec();
    members.sort();
    let ring = Ring::new(&members, options);
    Box::new(Quorum {
        me,
        options: Rc::new(options.clone()),
        replica: Replica::new(me, machine, ring, options.grace_ns),
        operations: Operations::default(),
        recent: Recent::default(),
        repairs: Repairs::default(),
        suspects: SortedSet::new(),
        stamped_ns: 0,
        sweeping: false,
        probing: false,
        purge_ns: u64::MAX,
    })
}

impl Quorum {
    /// Nodes that it takes for down.
    pub fn suspects(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.suspects.iter().copied()
    }

    /// Writes that it keeps for others.
    pub fn hints_held(&self) -> usize {
        self.replica.hints_held()
    }

    /// Records that it sent to replicas whose own were older.
    pub fn repairs_sent(&self) -> u64 {
        self.repairs.sent
    }

    /// One hash over all that it keeps.
    pub fn root(&self) -> u64 {
        self.replica.trees.root()
    }

    /// How many records it keeps are marks of deletions.
    pub fn tombstones(&self) -> usize {
        self.replica.tombstones.len()
    }

    /// Who keeps what.
    pub fn ring(&self) -> &Ring {
        &self.replica.ring
    }

    /// A hash over what it keeps of a range; 0 if it does not keep that range.
    pub fn range_root(&self, range: u16) -> u64 {
        self.replica.trees.hash(range, 0, 0)
    }

    /// The first keys that it keeps, each with its values: none of a deleted one, several of siblings.
    pub fn held(&self) -> impl Iterator<Item = (&Bytes, Vec<Bytes>)> {
        self.replica.shown.iter().map(|(key, record)| (key, record.values()))
    }

    /// A sign of life from a node.
    fn heard(&mut self, step: &mut Step, from: NodeId) -> Result<(), StorageError> {
        if self.suspects.remove(&from) {
            step.note("back", || format!("{from} answers again."));
        }
        if !self.replica.hints.is_empty() { self.hand_off(step, from) } else { Ok(()) }
    }

    /// Takes a node for down, until it is heard of.
    fn suspect(&mut self, step: &mut Step, node: NodeId) {
        if self.suspects.insert(node) {
            let waited_ms = self.options.suspect_ns / 1_000_000;
            step.note("suspected", || format!("{node} has not answered for {waited_ms} ms: taken for down."));
        }
        self.arm_probe(step);
    }

    fn arm_probe(&mut self, step: &mut Step) {
        if !self.probing {
            self.probing = true;
            step.arm(PROBE, self.options.probe_ns);
        }
    }

    fn probe(&mut self, step: &mut Step) {
        self.probing = false;
        let silent: SortedSet<NodeId> = self.suspects.iter().chain(self.replica.hints.keys()).copied().collect();
        for node in &silent {
            step.send(*node, Message::Ping);
        }
        if !silent.is_empty() {
            self.arm_probe(step);
        }
    }

    /// Arms the timer for the mark of a deletion that goes first, if it is due before the one that is armed.
    fn arm_purge(&mut self, step: &mut Step) {
        if let Some((due, _)) = self.replica.tombstones.first()
            && *due < self.purge_ns
            && *due != u64::MAX
        {
            self.purge_ns = *due;
            step.arm(PURGE, due.saturating_sub(step.clock_ns).max(1));
        }
    }

    fn purge(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.purge_ns = u64::MAX;
        let count = self.replica.purge(step.shelf, step.clock_ns)?;
        if count > 0 {
            step.shelf.sync()?;
            step.note("purged", || {
                format!("{} past the grace period: the marks go.", counted(count as u64, "deletion"))
            });
        }
        self.arm_purge(step);
        Ok(())
    }
}

impl Node for Quorum {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.replica.load(step.shelf)?;
        // Answers to what was asked before a crash are not to be taken for answers to what is asked after it.
        self.operations.begin_at(step.random.next_u64() >> 16);
        self.repairs.begin_at(step.random.next_u64() >> 16);
        self.arm_compare(step);
        self.arm_purge(step);
        if !self.replica.hints.is_empty() {
            self.arm_probe(step);
        }
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Wired) -> Result<(), StorageError> {
        match message {
            Wired::Request(request) => return self.request(step, from, request),
            Wired::Quorum(message) => {
                if !(self.suspects.is_empty() && self.replica.hints.is_empty()) {
                    self.heard(step, from)?;
                }
                match message {
                    Message::Read { op, key } => {
                        let record = self.replica.look(step.shelf, &key)?;
                        step.send(from, Message::Have { op, record });
                    }
                    Message::Have { op, record } => self.have(step, from, op, record)?,
                    Message::Write { op, write } => {
                        self.keep(step, &write.item, write.keep_for)?;
                        step.send(from, Message::Written { op });
                    }
                    Message::Written { op } => self.written(step, from, op)?,
                    Message::Forward { op, forward } => {
                        step.send(from, Message::Forwarded { op });
                        self.begin_write(step, forward.client, forward.request.clone(), forward.in_doubt)?;
                    }
                    Message::Forwarded { op } => self.operations.end(op),
                    Message::Handoff { batch, items } => {
                        for item in items.iter() {
                            self.replica.apply(step.shelf, step.clock_ns, item)?;
                        }
                        step.shelf.sync()?;
                        self.arm_purge(step);
                        step.send(from, Message::HandedOff { batch });
                    }
                    Message::HandedOff { batch } => self.handed_off(step, from, batch)?,
                    Message::Ping => step.send(from, Message::Pong),
                    Message::Pong => {}
                    Message::Compare(compare) => self.compare(step, from, &compare)?,
                    Message::Leaves(leaves) => self.take_leaves(step, from, &leaves)?,
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        match timer {
            SWEEP => self.sweep(step),
            PROBE => {
                self.probe(step);
                Ok(())
            }
            COMPARE => {
                self.begin_compare(step);
                Ok(())
            }
            PURGE => self.purge(step),
            _ => Ok(()),
        }
    }

    fn describe(&self) -> NodeDetail {
        let mut head = NodeHead::new("replica")
            .fact("hints held", self.hints_held().to_string())
            .fact("repairs sent", self.repairs_sent().to_string())
            .fact("tombstones", self.tombstones().to_string());
        if self.options.anti_entropy_ns > 0 {
            head = head.fact("tree root", format!("{:08x}", self.root() >> 32));
        }
        if !self.suspects.is_empty() {
            let names: Vec<String> = self.suspects.iter().map(NodeId::to_string).collect();
            head = head.fact("taken for down", names.join(" "));
        }
        let data = self.replica.shown.iter().map(|(key, record)| record.datum(key)).collect();
        NodeDetail { head: Rc::new(head), log: Rc::new(NodeLog::default()), data }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;

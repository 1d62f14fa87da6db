//! Clusters as work: messages that are all there is to do, and operations on a quorum.
//!
//! ```text
//!   ping-pong   1 ⇄ 2   3 ⇄ 4   5 ⇄ 6 …         pairs, each with one message on its way
//!   rounds      1 ──▶ 2 3 4 5 ──▶ 1 ──▶ …       a leader asks everybody, and again when a majority has answered
//! ```
//!
//! The second is what a Raft leader under load does with the network, without the log.

use std::any::Any;
use std::rc::Rc;

use crate::replication::cluster::{Arrival, Cluster, ClusterError, Keys, Options, Protocol, Workload};
use crate::replication::message::Message;
use crate::replication::node::{Node, Step, Timer};
use crate::replication::quorum;
use crate::sim::Cx;
use crate::sim::network::{Latency, Quality};
use crate::storage::StorageError;
use crate::trace::NodeId;
use crate::trace::id::words;
use crate::trace::parts::cluster::{NodeDetail, NodeHead};

words! {
    /// What the messages are for.
    Traffic {
        PingPong = "ping-pong",
        Rounds = "rounds",
    }
}

/// How long every message of [`Traffic`] is on its way.
pub const LATENCY_NS: u64 = 500_000;

/// A node that does nothing but send messages.
#[derive(Clone, Debug)]
struct Sender {
    traffic: Traffic,
    me: NodeId,
    nodes: u16,
    /// How many pings, or rounds, are left to this node.
    left: u64,
    /// Who has answered in this round.
    answers: u16,
}

const LEADER: NodeId = NodeId(1);

impl Sender {
    fn ask_all(&mut self, step: &mut Step) {
        self.answers = 1;
        for number in 2..=self.nodes {
            step.send(NodeId(number), Message::Ping(self.left));
        }
    }
}

impl Node for Sender {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        match self.traffic {
            Traffic::PingPong if self.me.0 % 2 == 1 => step.send(NodeId(self.me.0 + 1), Message::Ping(self.left)),
            Traffic::Rounds if self.me == LEADER => self.ask_all(step),
            _ => {}
        }
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        let Message::Ping(number) = message else { return Ok(()) };
        match self.traffic {
            Traffic::PingPong if number > 1 => step.send(from, Message::Ping(number - 1)),
            Traffic::PingPong => {}
            Traffic::Rounds if self.me != LEADER => step.send(from, Message::Ping(number)),
            Traffic::Rounds if number == self.left => {
                self.answers += 1;
                if self.answers > self.nodes / 2 {
                    self.left -= 1;
                    if self.left > 0 {
                        self.ask_all(step);
                    }
                }
            }
            Traffic::Rounds => {}
        }
        Ok(())
    }

    fn fire(&mut self, _: &mut Step, _: Timer) -> Result<(), StorageError> {
        Ok(())
    }

    fn describe(&self) -> NodeDetail {
        NodeDetail { head: Rc::new(NodeHead::new("sender")), ..NodeDetail::default() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

#[derive(Debug)]
struct Senders {
    traffic: Traffic,
    nodes: u16,
    left: u64,
}

impl Protocol for Senders {
    fn node(&self, me: NodeId, _: &[NodeId]) -> Box<dyn Node> {
        Box::new(Sender { traffic: self.traffic, me, nodes: self.nodes, left: self.left, answers: 0 })
    }
}

/// Simulates about so many messages among an even number of nodes (ping-pong), or any (rounds), with recording off;
/// how many arrived.
pub fn messages(traffic: Traffic, nodes: u16, count: u64) -> Result<u64, ClusterError> {
    let left = match traffic {
        Traffic::PingPong => count / u64::from(nodes / 2).max(1),
        Traffic::Rounds => count / (2 * u64::from(nodes - 1)).max(1),
    };
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let quality = Quality { latency: Latency::Fixed { ns: LATENCY_NS }, ..Quality::default() };
    let protocol = Rc::new(Senders { traffic, nodes, left });
    let options = Options { quality, service_ns: 0, history: false, ..Options::new(protocol, nodes) };
    let mut cluster = Cluster::new(&mut cx, options)?;
    while cluster.step(&mut cx) {}
    Ok(cluster.counts().delivered)
}

/// Clients of each node of a quorum store, who ask again as soon as they have an answer.
const CLIENTS_EACH: u16 = 4;
const KEYS_EACH: u64 = 200;

/// What came of operations on a quorum store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumRun {
    pub done: u64,
    pub messages: u64,
}

/// Reads and writes (half each) of a quorum store with three replicas, R = W = 2, in memory, with recording off and no
/// history; the cluster is given back, so that what it holds can be measured.
pub fn quorum_operations(nodes: u16, operations: u64) -> Result<(QuorumRun, Cluster), ClusterError> {
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let protocol = Rc::new(quorum::Options::default());
    let clients = nodes * CLIENTS_EACH;
    let options = Options { clients, history: false, ..Options::new(protocol, nodes) };
    let mut cluster = Cluster::new(&mut cx, options)?;
    let keys = Keys::Uniform { count: u64::from(nodes) * KEYS_EACH };
    let arrival = Arrival::Closed { think_ns: 0 };
    cluster.start_load(&mut cx, Workload { operations, keys, arrival, ..Workload::default() });
    while cluster.load_progress().0 < operations && cluster.step(&mut cx) {}
    let counts = cluster.counts();
    Ok((QuorumRun { done: counts.done, messages: counts.delivered }, cluster))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_messages_arrive_as_were_asked_for() {
        assert_eq!(messages(Traffic::PingPong, 6, 3_000).ok(), Some(3_000));
        assert_eq!(messages(Traffic::Rounds, 5, 800).ok(), Some(800));
    }

    #[test]
    fn every_operation_of_a_quorum_is_done() {
        let (run, _) = quorum_operations(5, 300).expect("five nodes are enough for three replicas");
        assert_eq!(run.done, 300);
        assert!(run.messages >= 300 * 6, "a request, two replicas there and back, an answer: {run:?}");
    }
}

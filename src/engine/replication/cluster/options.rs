//! What a cluster is made of.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::error::ClusterError;
use crate::message::{Consistency, RequestId};
use crate::node::Node;
use crate::shelf::ShelfKind;
use glassbase_history::convergence::Kept;
use glassbase_sim::network::Quality;
use glassbase_trace::{Bytes, NodeId};

/// Most nodes and clients that a cluster has.
pub const NODES_MAX: u16 = 1_000;
pub const CLIENTS_MAX: u16 = 10_000;

/// A protocol with its settings: what makes nodes.
pub trait Protocol: fmt::Debug {
    /// A node that has just been made: for the first time, or after its power was cut.
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node>;

    /// The same on a machine that was put, empty, into the place of another: it is the `machine`-th there, counted from 0. It
    /// matters where writes are named after whoever made them.
    fn on_machine(&self, me: NodeId, members: &[NodeId], _machine: u16) -> Box<dyn Node> {
        self.node(me, members)
    }

    /// What holds of all nodes together at every step, if there is something to check.
    fn watch(&self) -> Option<Box<dyn Watch>> {
        None
    }

    /// Whether what an answer gave a client to bring along is brought along for every key, or only for that one.
    fn spans_keys(&self) -> bool {
        false
    }

    /// What does not work about the settings, and what would.
    fn check(&self, _nodes: u16) -> Result<(), String> {
        Ok(())
    }

    /// Whether a node keeps a key, if not every node keeps all.
    fn keeps(&self, _node: NodeId, _key: &[u8], _members: &[NodeId]) -> bool {
        true
    }

    /// What is kept of writes that did not know of each other.
    fn kept(&self) -> Kept {
        Kept::Newest
    }

    /// Whether clients bring the time of their own clock along with a write, as its stamp: see [`stamp_of`].
    fn clients_stamp_writes(&self) -> bool {
        false
    }
}

/// What a client brings along with a write for [`Protocol::clients_stamp_writes`]. Clients' clocks are right.
pub fn stamp_of(clock_ns: u64) -> Bytes {
    Bytes::from(&clock_ns.to_be_bytes()[..])
}

/// Looks at every node after each of its steps.
pub trait Watch {
    /// What does not hold, in words.
    fn after(&mut self, node: NodeId, state: &dyn Any) -> Result<(), String>;

    /// A client was told that its write is done, by this node.
    fn answered(&mut self, _client: NodeId, _request: RequestId, _by: NodeId) -> Result<(), String> {
        Ok(())
    }

    /// What it has to tell besides, and has not told yet: a topic and a sentence, for the trace.
    fn tells(&mut self) -> Option<(&'static str, String)> {
        None
    }

    /// All that it has told so far.
    fn findings(&self) -> &[String] {
        &[]
    }

    /// Itself, for tests that know it.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// The node's memory is gone.
    fn crashed(&mut self, node: NodeId);

    fn clone_box(&self) -> Box<dyn Watch>;
}

impl Clone for Box<dyn Watch> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// How a cluster is set up.
#[derive(Clone, Debug)]
pub struct Options {
    pub protocol: Rc<dyn Protocol>,
    /// How many nodes there are. The protocol is told of the first `members`; the others wait to be added.
    pub nodes: u16,
    pub members: u16,
    pub clients: u16,
    pub shelf: ShelfKind,
    /// What links are like.
    pub quality: Quality,
    /// How long a node works on a message or a timer, besides what its disk takes.
    pub service_ns: u64,
    /// How long a client waits for an answer, and how often it asks again.
    pub timeout_ns: u64,
    pub retries: u32,
    /// How far nodes believe their clocks to be off at most.
    pub uncertainty_ns: u64,
    /// What clients ask for when they are not told otherwise.
    pub consistency: Consistency,
    /// Clients ask the node that they last had an answer from; otherwise another one each time.
    pub sticky: bool,
    /// Clients keep what an answer gave them to bring along: see `Request::context`.
    pub sessions: bool,
    /// Clients write down what they ask and are told, for the checkers.
    pub history: bool,
    /// While it is recorded it is told what stores do, page by page.
    pub tells_stores: bool,
}

impl Options {
    pub fn new(protocol: Rc<dyn Protocol>, nodes: u16) -> Options {
        Options {
            protocol,
            nodes,
            members: nodes,
            clients: 3,
            shelf: ShelfKind::Memory,
            quality: Quality::default(),
            service_ns: 20_000,
            timeout_ns: 1_000_000_000,
            retries: 3,
            uncertainty_ns: 0,
            consistency: Consistency::Default,
            sticky: true,
            sessions: true,
            history: true,
            tells_stores: false,
        }
    }

    pub fn check(&self) -> Result<(), ClusterError> {
        let wrong = |option: &'static str, what: String| Err(ClusterError::BadOption { option, what });
        if !(1..=NODES_MAX).contains(&self.nodes) {
            return wrong("nodes", format!("a cluster has 1 to {NODES_MAX} nodes, not {}", self.nodes));
        }
        if !(1..=self.nodes).contains(&self.members) {
            return wrong("members", format!("there are {} nodes, so 1 to {} members", self.nodes, self.nodes));
        }
        if !(1..=CLIENTS_MAX).contains(&self.clients) {
            return wrong("clients", format!("a cluster has 1 to {CLIENTS_MAX} clients, not {}", self.clients));
        }
        if self.timeout_ns == 0 {
            return wrong("timeout", "a client waits at least a nanosecond".to_string());
        }
        if let Err(what) = self.quality.check() {
            return wrong("network", what);
        }
        self.protocol.check(self.nodes).or_else(|what| wrong("protocol", what))
    }

    pub fn member_ids(&self) -> Vec<NodeId> {
        (1..=self.members).map(NodeId).collect()
    }
}

//! How a quorum store is set up, also so that it breaks.

use std::rc::Rc;

use super::super::cluster::Protocol;
use super::super::node::Node;
use super::ring::{self, Ring};
use glassbase_history::convergence::Kept;
use glassbase_trace::NodeId;

/// How it is decided which of two versions is the newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// The later stamp wins, by the clock of the node that coordinates the write.
    #[default]
    CoordinatorClock,
    /// The later stamp wins, by the client's clock: a request that is asked again keeps its stamp, wherever it is asked.
    ClientClock,
    /// Dotted version vectors: what was written without knowledge of each other is kept side by side.
    Dotted,
}

/// When a read that finds old versions sends them the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadRepair {
    Off,
    /// After the client has its answer.
    #[default]
    Background,
    /// Before the client has its answer.
    Blocking,
}

/// Settings. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// N: how many nodes keep a key.
    pub replicas: u16,
    /// R: how many of them a read waits for.
    pub read: u16,
    /// W: how many of them a write waits for.
    pub write: u16,
    /// The data centre of each member, in their order. None: all are in one.
    pub data_centres: Rc<[u8]>,
    pub resolution: Resolution,
    pub read_repair: ReadRepair,
    /// Other nodes stand in for replicas that do not answer, and count.
    pub sloppy: bool,
    /// A write that a replica misses is kept for it elsewhere until it answers again.
    pub hinted_handoff: bool,
    /// How often a node compares one range with one other replica. 0: never.
    pub anti_entropy_ns: u64,
    /// How long the mark of a deletion is kept. Too short: a replica that missed the deletion brings the value back.
    pub grace_ns: u64,
    /// A replica that has not answered for so long is taken for down.
    pub suspect_ns: u64,
    /// A client is told after so long that its request was given up.
    pub timeout_ns: u64,
    /// How often nodes that are taken for down are asked whether they are back.
    pub probe_ns: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            replicas: 3,
            read: 2,
            write: 2,
            data_centres: Rc::new([]),
            resolution: Resolution::default(),
            read_repair: ReadRepair::default(),
            sloppy: false,
            hinted_handoff: true,
            anti_entropy_ns: 1_000_000_000,
            grace_ns: 60_000_000_000,
            suspect_ns: 100_000_000,
            timeout_ns: 1_000_000_000,
            probe_ns: 200_000_000,
        }
    }
}

impl Options {
    /// What is wrong for a cluster of so many nodes, and what would be right.
    pub fn check(&self, nodes: u16) -> Result<(), String> {
        let (n, r, w) = (self.replicas, self.read, self.write);
        if n == 0 || n > nodes {
            return Err(format!("N = {n} replicas do not fit {nodes} nodes: choose 1 to {nodes}"));
        }
        if r == 0 || r > n {
            return Err(format!("R = {r} of N = {n} replicas: choose 1 to {n}"));
        }
        if w == 0 || w > n {
            return Err(format!("W = {w} of N = {n} replicas: choose 1 to {n}"));
        }
        if !self.data_centres.is_empty() && self.data_centres.len() != usize::from(nodes) {
            let named = self.data_centres.len();
            return Err(format!("{named} nodes have a data centre, but there are {nodes}: name one for each, or none"));
        }
        if self.sloppy && !self.hinted_handoff {
            return Err("a sloppy quorum without hinted handoff would never hand its writes over: switch it on".into());
        }
        if self.suspect_ns == 0 || self.suspect_ns >= self.timeout_ns {
            return Err("the time to suspect a node must be above 0 and below the time-out of a request".into());
        }
        if self.probe_ns == 0 {
            return Err("the time between probes must be above 0".into());
        }
        Ok(())
    }

    /// Whether every read meets every write at one replica at least: R + W > N, and nobody stands in for a replica.
    pub fn overlaps(&self) -> bool {
        self.read + self.write > self.replicas && !self.sloppy
    }
}

impl Protocol for Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        super::node(me, members, self)
    }

    fn on_machine(&self, me: NodeId, members: &[NodeId], machine: u16) -> Box<dyn Node> {
        super::on_machine(me, members, self, machine)
    }

    fn kept(&self) -> Kept {
        if self.resolution == Resolution::Dotted { Kept::Siblings } else { Kept::Newest }
    }

    fn check(&self, nodes: u16) -> Result<(), String> {
        Options::check(self, nodes)
    }

    fn keeps(&self, node: NodeId, key: &[u8], members: &[NodeId]) -> bool {
        let ring = Ring::new(members, self);
        let (range, _) = ring.place(ring::token(key));
        ring.keeps(node, range)
    }

    fn clients_stamp_writes(&self) -> bool {
        self.resolution == Resolution::ClientClock
    }
}

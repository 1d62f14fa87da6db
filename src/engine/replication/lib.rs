//! Copies of the data on several nodes, and what it takes to keep them alike: protocols as state machines without IO,
//! and a cluster that runs them.
//!
//! ```text
//!   clients ──ask──▶ Cluster ──messages at their time──▶ Node (a protocol) ──▶ Shelf (its store, on its disk)
//!      │                ▲  network: latency, loss,          │
//!      ▼                └──── partitions ◀─────messages─────┘
//!   History ──▶ checkers
//! ```
//!
//! - [`cluster`]: network, nodes, clients, faults: the world that protocols run in.
//! - [`node`]: a protocol at one node, as the cluster sees it. [`message`]: what goes over the network.
//! - [`shelf`] (in `storage`): what a node keeps through a crash.
//! - [`leader_follower`]: one leader, who ships the log of its store.
//! - [`versions`]: which version came before which. [`quorum`]: every node takes requests, and counts answers.
//!   [`multi_leader`]: several nodes take writes, and tell each other later. [`clocks`]: four kinds of them.
//! - [`raft`]: one leader, chosen by votes, and a log that a majority has.
//! - [`paxos`]: a value, or a sequence of them, on which a quorum agrees.
//! - `puppet` (in tests): nodes without a network, handed messages one by one.

pub mod clocks;
pub mod cluster;
pub mod leader_follower;
pub mod message;
pub mod multi_leader;
pub mod node;
pub mod paxos;
#[cfg(test)]
pub mod puppet;
pub mod quorum;
pub mod raft;
pub mod versions;
mod wording;

pub use cluster::{Action, Cluster, ClusterError, Protocol, Watch};
pub use glassbase_storage::shelf::{self, Shelf, ShelfKind};
pub use message::{Answer, Call, Consistency, MergeCall, Message, Request, RequestId, Response, Wire};
pub use node::{Node, Output, Step, Timer};

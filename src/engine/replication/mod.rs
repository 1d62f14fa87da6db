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
//! - [`node`]: a protocol at one node, as the cluster sees it. [`message`]: what goes over the network.
//! - [`shelf`]: what a node keeps through a crash.
//! - [`paxos`]: agreement on one value, and on a sequence of them under a stable leader.
//! - [`raft`]: one leader, chosen by votes, and a log that a majority has.
//! - `puppet` (in tests): nodes without a network, handed messages one by one.

pub mod message;
pub mod node;
pub mod paxos;
#[cfg(test)]
pub mod puppet;
pub mod raft;
pub mod shelf;

pub use message::{Answer, Call, Consistency, MergeCall, Message, Request, RequestId, Response, Wire};
pub use node::{Node, Output, Step, Timer};
pub use shelf::{Shelf, ShelfKind};

//! A node of a cluster, as its protocol sees the world: a message or a timer in; messages, timers and notes out.
//!
//! ```text
//!                    ┌──────────── Node ────────────┐
//!   start ──────────▶│                              │──▶ Send     a message to another node, or to a client
//!   receive(message)▶│   state, in memory           │──▶ Arm      a timer
//!   fire(timer) ────▶│                              │──▶ Note     what it decided and why, for the trace
//!                    └──────────────┬───────────────┘
//!                                   ▼ get, put, sync
//!                                 Shelf     what a crash leaves
//! ```
//!
//! A node names no network and no clock but its own, so a protocol is tested by handing it messages one by one. What it
//! puts out leaves once the call is over: the time that its [`Shelf`] took has passed by then.
//!
//! **Invariant:** what a node does is a function of what it was handed, its shelf and its generator.
//! **Invariant:** a crash drops the node; the one that is made in its place knows what the shelf kept, and nothing else.

use std::any::Any;

use super::message::Message;
use glassbase_storage::{StorageError, step};
use glassbase_trace::NodeId;
use glassbase_trace::parts::cluster::NodeDetail;

pub use step::Timer;

/// What a node of a cluster wants done.
pub type Output = step::Output<Message>;
/// What a node of a cluster has at hand during one call.
pub type Step<'a> = step::Step<'a, Message>;

/// A protocol at one node.
///
/// An error is one of the node's storage: the node stops, as if its power were cut, and none of what it put out in that
/// call leaves it.
pub trait Node {
    /// The node comes up, for the first time or again: it reads its shelf and arms its timers.
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError>;

    /// A message arrives, from a node or from a client ([`NodeId::is_client`]).
    fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError>;

    /// A timer goes off.
    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError>;

    /// What is shown of it, from memory: looking must not change what happens next, so it reads no shelf.
    fn describe(&self) -> NodeDetail;

    /// Itself, for checkers that know the protocol.
    fn as_any(&self) -> &dyn Any;

    fn clone_box(&self) -> Box<dyn Node>;
}

impl Clone for Box<dyn Node> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

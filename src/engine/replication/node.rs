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

use super::message::{Message, Response};
use super::shelf::Shelf;
use glassbase_sim::Generator;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;
use glassbase_trace::parts::cluster::NodeDetail;

/// A timer of a node. Arming one anew replaces it: there is one of each kind and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// What it is for: a constant of the protocol.
    pub kind: u8,
    /// Which one of its kind: a request, a peer.
    pub token: u64,
}

impl Timer {
    pub const fn of(kind: u8) -> Timer {
        Timer { kind, token: 0 }
    }
}

/// What a node wants done.
#[derive(Clone, Debug)]
pub enum Output {
    Send {
        to: NodeId,
        message: Message,
    },
    /// The timer goes off `after_ns` later, by the node's own clock.
    Arm {
        timer: Timer,
        after_ns: u64,
    },
    Disarm {
        timer: Timer,
    },
    /// A decision: `topic` is a word of the protocol ("elected"), `text` a sentence for people.
    Note {
        topic: &'static str,
        text: String,
    },
}

/// What a node has at hand during one call.
#[derive(Debug)]
pub struct Step<'a> {
    pub me: NodeId,
    /// The node's own clock, which may be off and may run fast or slow.
    pub clock_ns: u64,
    /// How far the node believes its clock to be off at most, in either direction; for protocols that ask.
    pub uncertainty_ns: u64,
    pub shelf: &'a mut Shelf,
    pub random: &'a mut Generator,
    pub outputs: &'a mut Vec<Output>,
    /// Whether somebody reads notes.
    pub noting: bool,
}

impl Step<'_> {
    pub fn send(&mut self, to: NodeId, message: impl Into<Message>) {
        self.outputs.push(Output::Send { to, message: message.into() });
    }

    /// Answers a client.
    pub fn respond(&mut self, client: NodeId, response: Response) {
        self.send(client, Message::Response(response.into()));
    }

    pub fn arm(&mut self, timer: Timer, after_ns: u64) {
        self.outputs.push(Output::Arm { timer, after_ns });
    }

    pub fn disarm(&mut self, timer: Timer) {
        self.outputs.push(Output::Disarm { timer });
    }

    /// Notes a decision; the sentence is built only if somebody reads it.
    pub fn note(&mut self, topic: &'static str, text: impl FnOnce() -> String) {
        if self.noting {
            let text = text();
            self.outputs.push(Output::Note { topic, text });
        }
    }
}

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

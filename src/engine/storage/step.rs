//! What a state machine at one node of a distributed system has at hand, and what it puts out: a protocol names no
//! network and no clock but its own, so it is tested by handing it messages one by one.
//!
//! ```text
//!                   ┌──── a protocol ────┐
//!   message, timer ▶│ state, in memory   │──▶ Send   a message to another node, or to a client
//!                   │                    │──▶ Arm    a timer
//!                   └─────────┬──────────┘──▶ Note   what it decided and why, for the trace
//!                             ▼ get, put, sync
//!                          Shelf    what a crash leaves
//! ```
//!
//! `M` is what a protocol sends: each floor that has protocols has its own messages.

use crate::shelf::Shelf;
use glassbase_sim::Generator;
use glassbase_trace::NodeId;

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
pub enum Output<M> {
    Send {
        to: NodeId,
        message: M,
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
pub struct Step<'a, M> {
    pub me: NodeId,
    /// The node's own clock, which may be off and may run fast or slow.
    pub clock_ns: u64,
    /// How far the node believes its clock to be off at most, in either direction; for protocols that ask.
    pub uncertainty_ns: u64,
    pub shelf: &'a mut Shelf,
    pub random: &'a mut Generator,
    pub outputs: &'a mut Vec<Output<M>>,
    /// Whether somebody reads notes.
    pub noting: bool,
}

impl<M> Step<'_, M> {
    pub fn send(&mut self, to: NodeId, message: impl Into<M>) {
        self.outputs.push(Output::Send { to, message: message.into() });
    }

    /// Answers a client.
    pub fn respond(&mut self, client: NodeId, response: impl Into<M>) {
        self.send(client, response);
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

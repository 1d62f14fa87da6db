//! What Paxos' nodes say to one another.
//!
//! ```text
//!   phase 1   proposer ──prepare──▶ acceptors   ──promise, or refused──▶ proposer
//!   phase 2   proposer ──accept───▶ acceptors   ──accepted──▶ proposer and learners, or refused ──▶ proposer
//!   multi     leader   ──heartbeat──▶ everybody ──fetch──▶ leader ──chosen──▶ who asked
//! ```

use std::fmt;
use std::rc::Rc;

use super::super::message::Wire;
use super::super::raft::Payload;
use crate::trace::NodeId;

/// The number of a proposal. No two proposers have the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot {
    pub round: u64,
    pub node: NodeId,
}

impl fmt::Display for Ballot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.round, self.node)
    }
}

/// A value proposed for an instance. A single decree has the one instance 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub ballot: Ballot,
    pub instance: u64,
    pub value: Payload,
}

impl Proposal {
    fn text(&self) -> String {
        format!("ballot {}, instance {}: {}", self.ballot, self.instance, self.value.text())
    }
}

/// A message of Paxos.
#[derive(Clone, Debug)]
pub enum Message {
    /// Promise to accept nothing of a lower ballot, for every instance from `from` on.
    Prepare { ballot: Ballot, from: u64 },
    /// Promised; what was accepted there.
    Promise { ballot: Ballot, accepted: Rc<Vec<Proposal>> },
    Accept(Rc<Proposal>),
    Accepted(Rc<Proposal>),
    /// A higher ballot was promised.
    Refused { ballot: Ballot, promised: Ballot },
    /// The leader lives; every instance up to `chosen` is chosen.
    Heartbeat { ballot: Ballot, chosen: u64 },
    /// What was chosen from an instance on?
    Fetch { from: u64 },
    /// These values were chosen, from instance `first` on.
    Chosen { first: u64, values: Rc<Vec<Payload>> },
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Prepare { .. } => "prepare",
            Message::Promise { .. } => "promise",
            Message::Accept(_) => "accept",
            Message::Accepted(_) => "accepted",
            Message::Refused { .. } => "refused",
            Message::Heartbeat { .. } => "heartbeat",
            Message::Fetch { .. } => "fetch",
            Message::Chosen { .. } => "chosen",
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Message::Prepare { .. } | Message::Heartbeat { .. } => 18,
            Message::Promise { accepted, .. } => {
                10 + accepted.iter().map(|proposal| 18 + proposal.value.bytes()).sum::<u32>()
            }
            Message::Accept(proposal) | Message::Accepted(proposal) => 18 + proposal.value.bytes(),
            Message::Refused { .. } => 20,
            Message::Fetch { .. } => 8,
            Message::Chosen { values, .. } => 8 + values.iter().map(Payload::bytes).sum::<u32>(),
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Prepare { ballot, from } => format!("ballot {ballot}, from instance {from}"),
            Message::Promise { ballot, accepted } => {
                let what = match &accepted[..] {
                    [] => "nothing accepted".to_string(),
                    [one] => format!("accepted {}", one.text()),
                    many => format!("accepted {} instances", many.len()),
                };
                format!("ballot {ballot}, {what}")
            }
            Message::Accept(proposal) | Message::Accepted(proposal) => proposal.text(),
            Message::Refused { ballot, promised } => format!("ballot {ballot}, promised {promised}"),
            Message::Heartbeat { ballot, chosen } => format!("ballot {ballot}, chosen up to {chosen}"),
            Message::Fetch { from } => format!("from instance {from}"),
            Message::Chosen { first, values } => format!("instances {first} to {}", *first + values.len() as u64 - 1),
        }
    }
}

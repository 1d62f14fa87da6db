//! What Paxos' nodes say to one another, and what they agree on.
//!
//! ```text
//!   phase 1   proposer ──prepare──▶ acceptors   ──promise, or refused──▶ proposer
//!   phase 2   proposer ──accept───▶ acceptors   ──accepted──▶ learners, or refused──▶ proposer
//!   multi     leader   ──heartbeat──▶ everybody ──fetch──▶ leader ──chosen──▶ who asked
//! ```

use std::fmt;
use std::rc::Rc;

use super::super::message::{Request, RequestId, Wire};
use super::super::raft::Contents;
use super::super::raft::entry::{Reader, command_bytes, command_text, decode_command, encode_command};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// The number of a proposal. The node is part of it, so no two proposers have the same one.
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

/// What can be chosen.
#[derive(Clone, Debug)]
pub enum Value {
    /// Fills a gap.
    Nothing,
    /// What a client wants.
    Command(NodeId, Rc<Request>),
}

/// What tells values apart: no request's number is given twice. Nothing: the no-op.
pub type ValueId = Option<(NodeId, RequestId)>;

impl Value {
    pub fn id(&self) -> ValueId {
        match self {
            Value::Nothing => None,
            Value::Command(client, request) => Some((*client, request.id)),
        }
    }

    pub fn command(&self) -> Option<(NodeId, &Request)> {
        match self {
            Value::Nothing => None,
            Value::Command(client, request) => Some((*client, request)),
        }
    }

    /// "x = 1"
    pub fn text(&self) -> String {
        match self {
            Value::Nothing => "no-op".to_string(),
            Value::Command(_, request) => command_text(request),
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Value::Nothing => 1,
            Value::Command(_, request) => 1 + command_bytes(request),
        }
    }

    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Value::Nothing => bytes.push(0),
            Value::Command(client, request) => {
                bytes.push(1);
                encode_command(*client, request, bytes);
            }
        }
    }

    /// Reads one value, which is all that is left.
    pub(super) fn decode(reader: &mut Reader) -> Result<Value, StorageError> {
        let value = match reader.u8()? {
            0 => Value::Nothing,
            1 => {
                let (client, request) = decode_command(reader)?;
                Value::Command(client, request)
            }
            kind => return Err(reader.damage(&format!("there is no kind {kind}"))),
        };
        reader.end()?;
        Ok(value)
    }
}

/// A value proposed for an instance. A single decree has the one instance 1.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub ballot: Ballot,
    pub instance: u64,
    pub value: Value,
}

impl Proposal {
    fn text(&self) -> String {
        format!("ballot {}, instance {}: {}", self.ballot, self.instance, self.value.text())
    }

    fn bytes(&self) -> u32 {
        18 + self.value.bytes()
    }
}

/// A message of Paxos.
#[derive(Clone, Debug)]
pub enum Message {
    /// Promise to accept nothing of a lower ballot; what have you accepted for the instances from `from` on?
    Prepare { ballot: Ballot, from: u64 },
    /// Promised; what was accepted there.
    Promise { ballot: Ballot, accepted: Rc<[Rc<Proposal>]> },
    /// Accept this. Every instance up to `chosen` is chosen; a single decree leaves it at 0.
    Accept { proposal: Rc<Proposal>, chosen: u64 },
    /// Accepted, to learners: they need the value.
    Accepted(Rc<Proposal>),
    /// Accepted, to the leader: it knows the value.
    Ack { ballot: Ballot, instance: u64 },
    /// A higher ballot was promised.
    Refused { ballot: Ballot, promised: Ballot },
    /// The leader lives; every instance up to `chosen` is chosen.
    Heartbeat { ballot: Ballot, chosen: u64 },
    /// What do you know of the instances from `from` on?
    Fetch { from: u64 },
    /// These values were chosen, from instance `first` on.
    Chosen { first: u64, values: Rc<[Value]> },
    /// What was chosen up to there is not kept any more: all that it made.
    Snapshot(Rc<Snapshot>),
}

/// The data of a node.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The last instance that is in it.
    pub applied: u64,
    pub contents: Contents,
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Prepare { .. } => "prepare",
            Message::Promise { .. } => "promise",
            Message::Accept { .. } => "accept",
            Message::Accepted(_) | Message::Ack { .. } => "accepted",
            Message::Refused { .. } => "refused",
            Message::Heartbeat { .. } => "heartbeat",
            Message::Fetch { .. } => "fetch",
            Message::Chosen { .. } => "chosen",
            Message::Snapshot(_) => "snapshot",
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Message::Prepare { .. } | Message::Heartbeat { .. } | Message::Ack { .. } => 18,
            Message::Promise { accepted, .. } => 10 + accepted.iter().map(|proposal| proposal.bytes()).sum::<u32>(),
            Message::Accept { proposal, .. } => 8 + proposal.bytes(),
            Message::Accepted(proposal) => proposal.bytes(),
            Message::Refused { .. } => 20,
            Message::Fetch { .. } => 8,
            Message::Chosen { values, .. } => 8 + values.iter().map(Value::bytes).sum::<u32>(),
            Message::Snapshot(snapshot) => 8 + snapshot.contents.bytes(),
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Prepare { ballot, from } => format!("ballot {ballot}, from instance {from}"),
            Message::Promise { ballot, accepted } => {
                let what = match &accepted[..] {
                    [] => "nothing accepted".to_string(),
                    [one] => format!("has accepted {}", one.text()),
                    many => format!("has accepted {} instances", many.len()),
                };
                format!("ballot {ballot}; {what}")
            }
            Message::Accept { proposal, chosen: 0 } | Message::Accepted(proposal) => proposal.text(),
            Message::Accept { proposal, chosen } => format!("{}; chosen up to {chosen}", proposal.text()),
            Message::Ack { ballot, instance } => format!("ballot {ballot}, instance {instance}"),
            Message::Refused { ballot, promised } => format!("ballot {ballot}: promised {promised}"),
            Message::Heartbeat { ballot, chosen } => format!("ballot {ballot}, chosen up to {chosen}"),
            Message::Fetch { from } => format!("from instance {from}"),
            Message::Snapshot(snapshot) => format!("data up to instance {}", snapshot.applied),
            Message::Chosen { first, values } => match &values[..] {
                [one] => format!("instance {first}: {}", one.text()),
                many => format!("instances {first} to {}", first + (many.len() as u64).saturating_sub(1)),
            },
        }
    }
}

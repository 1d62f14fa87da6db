//! What goes over the network: what clients ask and are told, and the messages of every protocol.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

pub use glassbase_sim::network::Wire;

use super::{clocks, leader_follower, multi_leader, paxos, quorum, raft};
use glassbase_trace::{Bytes, NodeId};

/// A client's operation; the number is never given twice in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: RequestId,
    pub key: Bytes,
    pub call: Call,
    pub consistency: Consistency,
    /// What an answer gave the client to bring along: a position in a log, a version vector. Empty: nothing.
    pub context: Bytes,
}

/// What is to be done with a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Get,
    Put(Bytes),
    Delete,
    /// Writes `new` if the value is `expected` (none: if there is no value).
    CompareAndSet {
        expected: Option<Bytes>,
        new: Bytes,
    },
    /// An operation on a value that merges: see `multi_leader::crdt`.
    Merge(Rc<MergeCall>),
}

/// Changes of values that merge with one another.
#[derive(Clone, Debug, PartialEq)]
pub enum MergeCall {
    /// Adds to a counter.
    Count(i64),
    /// Takes from a counter if it has as much, as far as the node knows that does it.
    Withdraw(u64),
    AddMember(Bytes),
    RemoveMember(Bytes),
    SetField(Bytes, Bytes),
    RemoveField(Bytes),
    /// Inserts text before the `at`-th character.
    InsertText {
        at: u32,
        text: Rc<str>,
    },
    DeleteText {
        at: u32,
        count: u32,
    },
}

/// How sure a client wants to be. Each protocol says which of these it knows, and takes its default for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// What the cluster is set to.
    #[default]
    Default,
    One,
    Quorum,
    LocalQuorum,
    All,
    /// Whatever this node has, old or new.
    Any,
    Leader,
    /// Not older than what this client has written: by [`Request::context`].
    ReadYourWrites,
    /// Not older than what this client has seen: by [`Request::context`].
    Monotonic,
    /// At most so old.
    BoundedStaleness {
        age_ns: u64,
    },
    Causal,
    /// Raft: the leader asks a majority that it still is one.
    ReadIndex,
    /// Raft: the leader trusts its lease, and with it the clocks.
    Lease,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub id: RequestId,
    pub answer: Answer,
    /// For the client to bring along with what it asks next.
    pub context: Bytes,
    /// How the version that was read or written is called, for people and for the measure of staleness.
    pub version: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The value, or that there is none.
    Value(Option<Bytes>),
    /// Concurrent values, for the client to choose or merge.
    Siblings(Rc<[Bytes]>),
    Written,
    /// Whether a compare-and-set found what it expected, and wrote.
    Compared(bool),
    /// This node can't; that one may.
    Redirect(Option<NodeId>),
    /// Refused, and certainly not done: why.
    Refused(&'static str),
    /// Given up; it may have happened or may happen yet: why.
    Unknown(&'static str),
}

/// Anything that goes over the network.
#[derive(Clone, Debug)]
pub enum Message {
    Request(Rc<Request>),
    Response(Rc<Response>),
    /// Says nothing but a number: what the world of clusters itself is measured with.
    Ping(u64),
    Raft(raft::Message),
    LeaderFollower(leader_follower::Message),
    Paxos(paxos::Message),
    Quorum(quorum::Message),
    MultiLeader(multi_leader::Message),
    Clocks(clocks::Message),
    /// Of a protocol that lives on another floor: the node that gets it knows what it is.
    Foreign(Rc<dyn Foreign>),
}

/// A message that this floor knows nothing of but what the network has to know.
pub trait Foreign: Wire + fmt::Debug {
    fn as_any(&self) -> &dyn Any;
}

impl From<Response> for Message {
    fn from(response: Response) -> Message {
        Message::Response(response.into())
    }
}

impl From<raft::Message> for Message {
    fn from(message: raft::Message) -> Message {
        Message::Raft(message)
    }
}

impl From<leader_follower::Message> for Message {
    fn from(message: leader_follower::Message) -> Message {
        Message::LeaderFollower(message)
    }
}

impl From<paxos::Message> for Message {
    fn from(message: paxos::Message) -> Message {
        Message::Paxos(message)
    }
}

impl From<quorum::Message> for Message {
    fn from(message: quorum::Message) -> Message {
        Message::Quorum(message)
    }
}

impl From<multi_leader::Message> for Message {
    fn from(message: multi_leader::Message) -> Message {
        Message::MultiLeader(message)
    }
}

impl From<clocks::Message> for Message {
    fn from(message: clocks::Message) -> Message {
        Message::Clocks(message)
    }
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Request(request) => request.call.word(),
            Message::Response(_) => "answer",
            Message::Ping(_) => "ping",
            Message::Quorum(message) => message.kind(),
            Message::MultiLeader(message) => message.kind(),
            Message::Clocks(message) => message.kind(),
            Message::Foreign(message) => message.kind(),
            Message::Raft(message) => message.kind(),
            Message::LeaderFollower(message) => message.kind(),
            Message::Paxos(message) => message.kind(),
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Message::Request(request) => 32 + (request.key.len() + request.call.bytes()) as u32,
            Message::Response(response) => 32 + response.answer.bytes() as u32,
            Message::Ping(_) => 32,
            Message::Quorum(message) => message.bytes(),
            Message::MultiLeader(message) => message.bytes(),
            Message::Clocks(message) => message.bytes(),
            Message::Foreign(message) => message.bytes(),
            Message::Raft(message) => message.bytes(),
            Message::LeaderFollower(message) => message.bytes(),
            Message::Paxos(message) => message.bytes(),
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Request(request) => request.text(),
            Message::Response(response) => response.answer.text(),
            Message::Ping(number) => number.to_string(),
            Message::Quorum(message) => message.text(),
            Message::MultiLeader(message) => message.text(),
            Message::Clocks(message) => message.text(),
            Message::Foreign(message) => message.text(),
            Message::Raft(message) => message.text(),
            Message::LeaderFollower(message) => message.text(),
            Message::Paxos(message) => message.text(),
        }
    }
}

impl Call {
    pub fn word(&self) -> &'static str {
        match self {
            Call::Get => "get",
            Call::Put(_) => "put",
            Call::Delete => "delete",
            Call::CompareAndSet { .. } => "compare-and-set",
            Call::Merge(_) => "change",
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Call::Get | Call::Delete => 0,
            Call::Put(value) => value.len(),
            Call::CompareAndSet { expected, new } => expected.as_ref().map_or(0, |value| value.len()) + new.len(),
            Call::Merge(_) => 16,
        }
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        !matches!(self, Call::Get)
    }
}

impl MergeCall {
    pub fn text(&self) -> String {
        match self {
            MergeCall::Count(by) => format!("count {by}"),
            MergeCall::Withdraw(amount) => format!("withdraw {amount}"),
            MergeCall::AddMember(member) => format!("add {member}"),
            MergeCall::RemoveMember(member) => format!("remove {member}"),
            MergeCall::SetField(field, value) => format!("set {field} = {value}"),
            MergeCall::RemoveField(field) => format!("unset {field}"),
            MergeCall::InsertText { at, text } => format!("insert \"{text}\" at {at}"),
            MergeCall::DeleteText { at, count } => format!("delete {count} at {at}"),
        }
    }
}

impl Request {
    pub fn text(&self) -> String {
        let key = &self.key;
        match &self.call {
            Call::Get => format!("get {key}"),
            Call::Put(value) => format!("put {key} = {value}"),
            Call::Delete => format!("delete {key}"),
            Call::CompareAndSet { expected: Some(expected), new } => format!("set {key} from {expected} to {new}"),
            Call::CompareAndSet { expected: None, new } => format!("create {key} = {new}"),
            Call::Merge(call) => format!("{key}: {}", call.text()),
        }
    }
}

impl Answer {
    fn bytes(&self) -> usize {
        match self {
            Answer::Value(Some(value)) => value.len(),
            Answer::Siblings(values) => values.iter().map(|value| value.len()).sum(),
            _ => 0,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Answer::Value(Some(value)) => value.to_string(),
            Answer::Value(None) => "not there".to_string(),
            Answer::Siblings(values) => values.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" | "),
            Answer::Written => "done".to_string(),
            Answer::Compared(true) => "done".to_string(),
            Answer::Compared(false) => "not as expected".to_string(),
            Answer::Redirect(Some(node)) => format!("ask {node}"),
            Answer::Redirect(None) => "no leader".to_string(),
            Answer::Refused(why) | Answer::Unknown(why) => (*why).to_string(),
        }
    }
}

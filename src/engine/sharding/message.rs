//! What goes over the network between routers, shards and the map service.
//!
//! ```text
//!   router ──Ask──▶ shard ──Told──▶ router          router, shard ──WantMap──▶ map service ──News──▶
//!   map service ──Begin──▶ source ──Open, Rows…, Own──▶ target ──Ack──▶ source ──Moved──▶ map service
//! ```

use std::rc::Rc;

use crate::map::ClusterMap;
use crate::row::Record;
use glassbase_trace::bytes::show;
use glassbase_trace::{Bytes, NodeId};

/// A change of the map, from when it is decided until all keys are where they belong.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub before: Rc<ClusterMap>,
    pub next: Rc<ClusterMap>,
    /// Pairs of shards between which keys may go.
    pub moves: Vec<(NodeId, NodeId)>,
    pub text: String,
}

impl Plan {
    /// Plans are named by the version that they lead to.
    pub fn id(&self) -> u64 {
        self.next.version()
    }

    /// From where to where a key goes; nothing if it stays, or has no place.
    pub fn step(&self, key: &[u8]) -> Option<(NodeId, NodeId)> {
        let (from, to) = (self.before.place(key).ok()?, self.next.place(key).ok()?);
        (from != to).then_some((from, to))
    }
}

/// What the map service knows.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Grows with everything that changes about it.
    pub serial: u64,
    /// The map that all shards have settled on.
    pub map: Rc<ClusterMap>,
    pub plan: Option<Rc<Plan>>,
    /// Pairs of the plan that are over.
    pub done: Vec<(NodeId, NodeId)>,
}

impl News {
    /// Version of the map, and the plan under way: who agrees on both knows the same shards.
    pub fn stage(&self) -> (u64, u64) {
        (self.map.version(), self.plan.as_ref().map_or(0, |plan| plan.id()))
    }
}

/// What a shard is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Get { key: Bytes },
    Put { key: Bytes, text: Bytes },
    Scan { from: Option<Bytes>, to: Option<Bytes>, limit: u64 },
}

impl Question {
    pub fn key(&self) -> Option<&Bytes> {
        match self {
            Question::Get { key } | Question::Put { key, .. } => Some(key),
            Question::Scan { .. } => None,
        }
    }

    pub fn writes(&self) -> bool {
        matches!(self, Question::Put { .. })
    }

    fn word(&self) -> &'static str {
        match self {
            Question::Get { .. } => "get",
            Question::Put { .. } => "put",
            Question::Scan { .. } => "scan",
        }
    }
}

/// A part of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub request: u64,
    /// Of several attempts at a part an answer to an older one is as good, but for a scan under another map.
    pub part: u32,
    pub client: NodeId,
    pub question: Question,
    /// What the router knows.
    pub serial: u64,
    pub stage: (u64, u64),
}

/// What a shard answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Value(Option<Record>),
    /// It was the so-manieth write of its key.
    Written(u64),
    /// Rows, and the streams that had been handed over, or taken over, when they were read.
    Rows {
        rows: Vec<(Bytes, Record)>,
        handed: Vec<NodeId>,
        taken: Vec<NodeId>,
    },
    /// The key is not here; it may be there.
    Elsewhere(Option<NodeId>),
    /// Too much waits already.
    Overloaded,
    /// The shard does not know its keys yet, or does not know what the router knows.
    NotYet,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub request: u64,
    pub part: u32,
    /// What the router knew when it asked.
    pub stage: (u64, u64),
    pub answer: Answer,
    pub serial: u64,
}

/// A row of a store, and what it has; nothing: it is gone.
pub type Row = (Bytes, Option<Bytes>);

#[derive(Clone, Debug)]
pub enum Message {
    Ask(Rc<Ask>),
    Told(Rc<Told>),
    /// `nonce`: which life of the asker this is; the answer has it too.
    WantMap {
        nonce: u64,
    },
    News {
        news: Rc<News>,
        nonce: u64,
    },
    Begin {
        plan: Rc<Plan>,
        to: NodeId,
    },
    /// Forget what came for this pair before; `sequence` 0.
    Open {
        plan: Rc<Plan>,
        epoch: u64,
    },
    Rows {
        plan: u64,
        epoch: u64,
        sequence: u64,
        rows: Rc<Vec<Row>>,
    },
    /// The keys are yours.
    Own {
        plan: u64,
        epoch: u64,
        sequence: u64,
    },
    /// All up to before `next` has come.
    Ack {
        plan: u64,
        epoch: u64,
        next: u64,
    },
    Moved {
        plan: u64,
        to: NodeId,
    },
}

impl Message {
    /// Its word.
    pub fn kind(&self) -> &'static str {
        match self {
            Message::Ask(ask) => ask.question.word(),
            Message::Told(told) => match told.answer {
                Answer::Elsewhere(_) | Answer::NotYet => "bounce",
                Answer::Overloaded => "refuse",
                _ => "answer",
            },
            Message::WantMap { .. } => "want-map",
            Message::News { .. } => "map",
            Message::Begin { .. } => "begin-move",
            Message::Open { .. } => "open",
            Message::Rows { .. } => "rows",
            Message::Own { .. } => "hand-over",
            Message::Ack { .. } => "ack",
            Message::Moved { .. } => "moved",
        }
    }

    /// What it says, for people.
    pub fn text(&self) -> String {
        match self {
            Message::Ask(ask) => match &ask.question {
                Question::Get { key } => format!("get {}", show(key)),
                Question::Put { key, text } => format!("put {} = {}", show(key), show(text)),
                Question::Scan { from, to, .. } => scan_text(from.as_ref(), to.as_ref()),
            },
            Message::Told(told) => match &told.answer {
                Answer::Value(Some(record)) => show(&record.text),
                Answer::Value(None) => "none".to_string(),
                Answer::Written(count) => format!("written, number {count}"),
                Answer::Rows { rows, .. } => format!("{} rows", rows.len()),
                Answer::Elsewhere(Some(shard)) => format!("not here, ask {shard}"),
                Answer::Elsewhere(None) => "not here".to_string(),
                Answer::Overloaded => "too busy".to_string(),
                Answer::NotYet => "not yet".to_string(),
            },
            Message::WantMap { .. } => "which map?".to_string(),
            Message::News { news, .. } => format!("map {}", news.map.version()),
            Message::Begin { plan, to } => format!("plan {}: move to {to}", plan.id()),
            Message::Open { epoch, .. } => format!("attempt {epoch}"),
            Message::Rows { sequence, rows, .. } => format!("{} rows, part {sequence}", rows.len()),
            Message::Own { .. } => "the keys are yours".to_string(),
            Message::Ack { next, .. } => format!("up to part {}", next.saturating_sub(1)),
            Message::Moved { to, .. } => format!("all is at {to}"),
        }
    }

    /// Its size on the wire, about.
    pub fn bytes(&self) -> u32 {
        let rows = match self {
            Message::Rows { rows, .. } => {
                rows.iter().map(|(row, value)| row.len() + value.as_ref().map_or(0, |value| value.len()) + 8).sum()
            }
            Message::Told(told) => match &told.answer {
                Answer::Rows { rows, .. } => rows.iter().map(|(key, record)| key.len() + record.text.len() + 16).sum(),
                _ => 0,
            },
            _ => 0,
        };
        64 + rows as u32
    }
}

/// "scan 3 to 9".
pub fn scan_text(from: Option<&Bytes>, to: Option<&Bytes>) -> String {
    let end = |end: Option<&Bytes>, otherwise: &str| end.map_or(otherwise.to_string(), |key| show(key));
    format!("scan {} to {}", end(from, "the first key"), end(to, "the last key"))
}

//! What leader and followers say to one another.
//!
//! ```text
//!   leader    ──entries, heartbeat──▶ follower    ◀──acknowledged──    ◀──join── (a new leader, a gap, an empty log)
//!             ──rewind──▶                         ◀──refused── (an older epoch: fenced)
//!             ──snapshot, piece by piece──▶       ◀──snapshot-taken──
//!   follower  ──ask──▶ everybody                  ◀──answer──
//!             ──promote──▶ the most advanced
//! ```

use std::rc::Rc;

use super::epoch::{Epoch, History};
use crate::message::{RequestId, Wire};
use crate::shelf::Logged;
use glassbase_trace::NodeId;

/// A message of this protocol.
#[derive(Clone, Debug)]
pub enum Message {
    Entries(Rc<Entries>),
    /// The follower has all up to `position`, durably. `sent_ns` is that of the entries which it answers.
    Acknowledged {
        epoch: Epoch,
        position: u64,
        sent_ns: u64,
    },
    /// An older epoch than one that was promised.
    Refused {
        promised: u64,
    },
    Join(Rc<Join>),
    /// The leader has other entries behind `to`: take yours back.
    Rewind {
        epoch: Epoch,
        to: u64,
    },
    Snapshot(Rc<Piece>),
    /// The next piece that the follower wants.
    SnapshotTaken {
        epoch: Epoch,
        at: u64,
        next: u32,
    },
    /// How far are you? If it binds, an answer is a promise to follow no older epoch; else it only says so.
    Ask {
        number: u64,
        binds: bool,
    },
    Answer(Rc<Reply>),
    Promote {
        number: u64,
    },
}

/// Batches of the leader's log, or none: a heartbeat.
#[derive(Clone, Debug)]
pub struct Entries {
    pub epoch: Epoch,
    /// The position before the first batch, and its epoch.
    pub prev: u64,
    pub prev_epoch: Epoch,
    pub batches: Vec<Logged>,
    /// What is done: it has as many acknowledgements as the mode asks for.
    pub committed: u64,
    /// Where the leader's log ends, and its clock.
    pub end: u64,
    pub sent_ns: u64,
}

/// A follower says what it has.
#[derive(Clone, Debug)]
pub struct Join {
    pub epoch: Epoch,
    pub end: u64,
    pub history: History,
    /// It cannot go on from there: it wants a snapshot.
    pub whole: bool,
}

/// A piece of a snapshot of all that the leader had at position `at`.
#[derive(Clone, Debug)]
pub struct Piece {
    pub epoch: Epoch,
    pub at: u64,
    /// From 0 on.
    pub number: u32,
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    pub last: bool,
    /// With the last piece: the newest request of each client, and where it stands.
    pub clients: Vec<(NodeId, RequestId, u64)>,
}

/// What a node answers to one that asks around.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// So far it is; if it was bound, it has promised the epoch.
    Have { number: u64, binds: bool, last: Epoch, end: u64 },
    /// It hears a leader, or is one.
    Hears { number: u64, leader: NodeId },
    /// It has promised this or a later one to somebody else.
    Promised { number: u64, promised: u64 },
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Entries(entries) if entries.batches.is_empty() => "heartbeat",
            Message::Entries(_) => "entries",
            Message::Acknowledged { .. } => "acknowledged",
            Message::Refused { .. } => "refused",
            Message::Join(_) => "join",
            Message::Rewind { .. } => "rewind",
            Message::Snapshot(_) => "snapshot",
            Message::SnapshotTaken { .. } => "snapshot-taken",
            Message::Ask { .. } => "ask",
            Message::Answer(_) => "answer",
            Message::Promote { .. } => "promote",
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Message::Entries(entries) => {
                64 + entries.batches.iter().map(|batch| 16 + batch.bytes.len() as u32).sum::<u32>()
            }
            Message::Join(join) => 48 + 20 * join.history.iter().count() as u32,
            Message::Snapshot(piece) => {
                let records = piece.records.iter().map(|(key, value)| 8 + (key.len() + value.len()) as u32);
                48 + records.sum::<u32>() + 18 * piece.clients.len() as u32
            }
            _ => 48,
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Entries(entries) => entries.text(),
            Message::Acknowledged { epoch, position, .. } => format!("{epoch}, has all up to {position}"),
            Message::Refused { promised } => format!("epoch {promised} is promised"),
            Message::Join(join) => {
                let Join { epoch, end, whole, .. } = &**join;
                format!("{epoch}, has all up to {end}{}", if *whole { ", wants a snapshot" } else { "" })
            }
            Message::Rewind { epoch, to } => format!("{epoch}, back to {to}"),
            Message::Snapshot(piece) => {
                let Piece { epoch, at, number, records, last, .. } = &**piece;
                let (count, last) = (records.len(), if *last { ", the last" } else { "" });
                format!("{epoch}, all up to {at}: piece {number}, {count} records{last}")
            }
            Message::SnapshotTaken { epoch, at, next } => format!("{epoch}, all up to {at}: piece {next} is next"),
            Message::Ask { number, binds: false } => format!("about epoch {number}: do you hear the leader?"),
            Message::Ask { number, binds: true } => format!("for epoch {number}: how far are you?"),
            Message::Answer(reply) => match **reply {
                Reply::Have { end: 0, .. } => "I have nothing".to_string(),
                Reply::Have { last, end, .. } => format!("up to {end} of {last}"),
                Reply::Hears { leader, .. } => format!("{leader} is there"),
                Reply::Promised { promised, .. } => format!("epoch {promised} is promised"),
            },
            Message::Promote { number } => format!("lead epoch {number}"),
        }
    }
}

impl Entries {
    fn text(&self) -> String {
        let Entries { epoch, prev, batches, committed, .. } = self;
        let what = match (batches.first(), batches.last()) {
            (Some(first), Some(last)) if first.first == last.last => format!("entry {}", first.first),
            (Some(first), Some(last)) => format!("entries {} to {}", first.first, last.last),
            _ => format!("after {prev}"),
        };
        format!("{epoch}, {what}, done up to {committed}")
    }
}

//! What clients, coordinator and shards tell each other.

use std::rc::Rc;

use super::{Leg, WorkId, listed};
use glassbase_sim::network::Wire;
use glassbase_trace::{Bytes, NodeId};

/// What a client wants; the number is its own, and the same when it asks again.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub request: u64,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// By two-phase commit.
    Atomic(Rc<[Leg]>),
    /// Leg by leg, each of which can be taken back.
    Saga(Rc<[Leg]>),
    /// What is in an account; waits while it is locked.
    Read(Bytes),
    /// For a shard: refuse so many compensations. 0: refuse none any more.
    RefuseUndo(u64),
    /// For the coordinator: take up again what is stuck.
    Resume,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Done,
    Balance(i64),
    /// Nothing of it is there, or will be: why.
    Refused(&'static str),
    /// It is half done, and somebody has to look after it: why.
    Stuck(&'static str),
    /// Ask that node.
    Elsewhere(NodeId),
}

/// What a shard is to prepare: its own legs, and who else takes part.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub request: u64,
    pub legs: Vec<Leg>,
    pub peers: Vec<NodeId>,
}

/// A step of a saga, or its compensation.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub request: u64,
    pub leg: Leg,
    pub undo: bool,
}

#[derive(Clone, Debug)]
pub enum Message {
    Order(Rc<Order>),
    Told {
        request: u64,
        outcome: Outcome,
    },
    Prepare {
        work: WorkId,
        share: Rc<Share>,
    },
    /// No has a reason.
    Vote {
        work: WorkId,
        no: Option<&'static str>,
    },
    Decide {
        work: WorkId,
        commit: bool,
    },
    /// The decision is carried out, durably.
    Acknowledge {
        work: WorkId,
    },
    /// What became of it?
    Ask {
        work: WorkId,
    },
    /// The one that was asked does not know either.
    Uncertain {
        work: WorkId,
    },
    Do {
        work: WorkId,
        step: u64,
        deed: Rc<Deed>,
    },
    Did {
        work: WorkId,
        step: u64,
        undo: bool,
        no: Option<&'static str>,
    },
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Order(order) => match order.what {
                What::Atomic(_) => "transfer",
                What::Saga(_) => "saga",
                What::Read(_) => "read",
                What::RefuseUndo(_) => "refuse",
                What::Resume => "resume",
            },
            Message::Told { .. } => "answer",
            Message::Prepare { .. } => "prepare",
            Message::Vote { .. } => "vote",
            Message::Decide { commit: true, .. } => "commit",
            Message::Decide { commit: false, .. } => "abort",
            Message::Acknowledge { .. } => "acknowledged",
            Message::Ask { .. } => "ask",
            Message::Uncertain { .. } => "uncertain",
            Message::Do { deed, .. } if deed.undo => "undo",
            Message::Do { .. } => "do",
            Message::Did { undo: true, .. } => "undone",
            Message::Did { .. } => "did",
        }
    }

    fn bytes(&self) -> u32 {
        let legs = |legs: &[Leg]| legs.iter().map(|leg| 8 + leg.account.len()).sum::<usize>() as u32;
        match self {
            Message::Order(order) => match &order.what {
                What::Atomic(list) | What::Saga(list) => 32 + legs(list),
                _ => 40,
            },
            Message::Prepare { share, .. } => 40 + legs(&share.legs) + 2 * share.peers.len() as u32,
            Message::Do { deed, .. } => 48 + deed.leg.account.len() as u32,
            _ => 32,
        }
    }

    fn text(&self) -> String {
        let answer = |work: &WorkId, no: &Option<&'static str>| match no {
            None => format!("yes, {work}"),
            Some(why) => format!("no, {work}: {why}"),
        };
        match self {
            Message::Order(order) => order.what.text(),
            Message::Told { outcome, .. } => outcome.text(),
            Message::Prepare { work, share } => format!("{work}: {}", listed(&share.legs)),
            Message::Vote { work, no } => answer(work, no),
            Message::Decide { work, .. }
            | Message::Acknowledge { work }
            | Message::Ask { work }
            | Message::Uncertain { work } => work.to_string(),
            Message::Do { work, step, deed } if deed.undo => {
                format!("{work} step {}: take back {}", step + 1, deed.leg)
            }
            Message::Do { work, step, deed } => format!("{work} step {}: {}", step + 1, deed.leg),
            Message::Did { work, step, no: None, .. } => format!("{work} step {}", step + 1),
            Message::Did { work, step, no: Some(why), .. } => format!("no, {work} step {}: {why}", step + 1),
        }
    }
}

impl What {
    pub fn text(&self) -> String {
        match self {
            What::Atomic(legs) => format!("all or nothing: {}", listed(legs)),
            What::Saga(legs) => format!("step by step: {}", listed(legs)),
            What::Read(account) => format!("read {account}"),
            What::RefuseUndo(0) => "refuse no compensation".to_string(),
            What::RefuseUndo(times) => format!("refuse {times} compensations"),
            What::Resume => "take up what is stuck".to_string(),
        }
    }

    /// What it does to accounts.
    pub fn legs(&self) -> Option<&Rc<[Leg]>> {
        match self {
            What::Atomic(legs) | What::Saga(legs) => Some(legs),
            _ => None,
        }
    }
}

impl Outcome {
    pub fn text(&self) -> String {
        match self {
            Outcome::Done => "done".to_string(),
            Outcome::Balance(amount) => amount.to_string(),
            Outcome::Refused(why) => format!("refused: {why}"),
            Outcome::Stuck(why) => format!("stuck: {why}"),
            Outcome::Elsewhere(node) => format!("ask {node}"),
        }
    }
}

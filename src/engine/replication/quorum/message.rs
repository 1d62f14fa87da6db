//! What the nodes of a quorum store send each other.

use std::rc::Rc;

use super::super::message::{Request, Wire};
use super::super::wording::counted;
use super::record::Record;
use glassbase_trace::{Bytes, NodeId};

/// A key and what is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub key: Bytes,
    pub record: Record,
}

/// A record for a replica.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub item: Item,
    /// The receiver stands in: it keeps the record for this node.
    pub keep_for: Option<NodeId>,
}

/// A client's write, for a replica to coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    pub client: NodeId,
    pub request: Rc<Request>,
    /// Another node was told to do it before, and was silent.
    pub in_doubt: bool,
}

/// Hashes of a level of the tree over a range: those that the sender wants compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    pub range: u16,
    pub level: u8,
    /// Index in the level, and hash.
    pub hashes: Vec<(u16, u64)>,
}

/// What the sender has in leaves that differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaves {
    pub range: u16,
    pub leaves: Vec<u16>,
    pub items: Vec<Item>,
    /// The receiver sends back what the sender does not have.
    pub both_ways: bool,
}

#[derive(Clone, Debug)]
pub enum Message {
    Read { op: u64, key: Bytes },
    Have { op: u64, record: Option<Record> },
    Write { op: u64, write: Rc<Write> },
    Written { op: u64 },
    Forward { op: u64, forward: Rc<Forward> },
    Forwarded { op: u64 },
    Handoff { batch: u64, items: Rc<[Item]> },
    HandedOff { batch: u64 },
    Ping,
    Pong,
    Compare(Rc<Compare>),
    Leaves(Rc<Leaves>),
}

impl Item {
    fn length(&self) -> u32 {
        (self.key.len() + self.record.bytes().len()) as u32
    }

    fn text(&self) -> String {
        format!("{} = {}", self.key, self.record.text())
    }
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Read { .. } => "read",
            Message::Have { .. } => "have",
            Message::Write { op: 0, .. } => "repair",
            Message::Write { .. } => "write",
            Message::Written { .. } => "written",
            Message::Forward { .. } => "forward",
            Message::Forwarded { .. } => "forwarded",
            Message::Handoff { .. } => "handoff",
            Message::HandedOff { .. } => "handed-off",
            Message::Ping => "ping",
            Message::Pong => "pong",
            Message::Compare(_) => "compare",
            Message::Leaves(_) => "leaves",
        }
    }

    fn bytes(&self) -> u32 {
        32 + match self {
            Message::Read { key, .. } => key.len() as u32,
            Message::Have { record, .. } => record.as_ref().map_or(0, |record| record.bytes().len() as u32),
            Message::Write { write, .. } => write.item.length(),
            Message::Handoff { items, .. } => items.iter().map(Item::length).sum(),
            Message::Compare(compare) => 10 * compare.hashes.len() as u32,
            Message::Leaves(leaves) => leaves.items.iter().map(Item::length).sum(),
            _ => 0,
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Read { key, .. } => key.to_string(),
            Message::Have { record: Some(record), .. } => record.text(),
            Message::Have { record: None, .. } => "nothing".to_string(),
            Message::Write { write, .. } => match write.keep_for {
                Some(node) => format!("{}, for {node}", write.item.text()),
                None => write.item.text(),
            },
            Message::Forward { forward, .. } => forward.request.text(),
            Message::Handoff { items, .. } => match &items[..] {
                [item] => item.text(),
                items => format!("{} writes", items.len()),
            },
            Message::Compare(compare) if compare.level == 0 => format!("range {}: root", compare.range + 1),
            Message::Compare(compare) => {
                format!("range {}: {} hashes of level {}", compare.range + 1, compare.hashes.len(), compare.level)
            }
            Message::Leaves(leaves) => {
                let (range, count, records) = (leaves.range + 1, leaves.leaves.len(), leaves.items.len());
                match count {
                    0 => format!("range {range}: {}", counted(records, "record")),
                    _ => format!("range {range}: {} of {count} leaves", counted(records, "record")),
                }
            }
            Message::Written { .. } | Message::Forwarded { .. } | Message::HandedOff { .. } => String::new(),
            Message::Ping | Message::Pong => String::new(),
        }
    }
}

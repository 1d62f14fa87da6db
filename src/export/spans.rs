//! What lasts in a trace: which record begins it, which ends it, and at which node it is.
//!
//! ```text
//!   request-asked request=7 …          begins (Request, 7) at client c1
//!     message-sent message=12 …        begins (Message, 12) at the sender
//!     message-delivered message=12     ends it, and happens at the receiver
//!   request-ended request=7 …          ends (Request, 7)
//! ```

use crate::trace::sorted::SortedMap;
use crate::trace::{Event, NodeId, Record, Trace};

/// A kind of thing that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Command,
    Operation,
    HeapOperation,
    Split,
    Merge,
    Borrow,
    LsmOpening,
    LsmGet,
    LsmScan,
    Recovery,
    Flush,
    Compaction,
    Stall,
    Snapshot,
    Transaction,
    Request,
    TierRequest,
    Message,
}

impl Kind {
    /// Whether it stands within what began before it and ends before that does, as calls of a program do. What does not goes
    /// on beside others.
    pub fn is_nested(self) -> bool {
        self <= Kind::Recovery
    }
}

/// What happened, and in which shard; 0 for what is in none. A shard is a cluster of its own, and its events stand wrapped.
pub fn unwrapped(event: &Event) -> (NodeId, &Event) {
    match event {
        Event::Within { shard, event } => (*shard, event),
        event => (NodeId::default(), event),
    }
}

/// What an event begins: a kind, and a number that tells it from others of its kind.
pub fn begins(event: &Event) -> Option<(Kind, u64)> {
    Some(match event {
        Event::CommandBegun { .. } => (Kind::Command, 0),
        Event::OperationBegun { .. } => (Kind::Operation, 0),
        Event::HeapBegun { .. } => (Kind::HeapOperation, 0),
        Event::SplitBegun { right, .. } => (Kind::Split, u64::from(right.0)),
        Event::MergeBegun { right, .. } => (Kind::Merge, u64::from(right.0)),
        Event::BorrowBegun { page, .. } => (Kind::Borrow, u64::from(page.0)),
        Event::LsmOpening { .. } => (Kind::LsmOpening, 0),
        Event::LsmGetBegun { .. } => (Kind::LsmGet, 0),
        Event::LsmScanBegun { .. } => (Kind::LsmScan, 0),
        Event::RecoveryPassBegun { .. } => (Kind::Recovery, 0),
        Event::FlushBegun { log, .. } => (Kind::Flush, log.0),
        Event::CompactionBegun { .. } => (Kind::Compaction, 0),
        Event::WritesStalled { .. } => (Kind::Stall, 0),
        Event::SnapshotTaken { sequence } => (Kind::Snapshot, *sequence),
        Event::TransactionBegun { txn } => (Kind::Transaction, txn.0),
        Event::RequestAsked { request, .. } => (Kind::Request, *request),
        Event::TierAsked { request, .. } => (Kind::TierRequest, *request),
        Event::MessageSent { message, .. } => (Kind::Message, message.0),
        _ => return None,
    })
}

/// What an event ends.
pub fn ends(event: &Event) -> Option<(Kind, u64)> {
    Some(match event {
        Event::CommandEnded { .. } => (Kind::Command, 0),
        Event::OperationEnded { .. } => (Kind::Operation, 0),
        Event::HeapEnded { .. } => (Kind::HeapOperation, 0),
        Event::SplitEnded { right, .. } => (Kind::Split, u64::from(right.0)),
        Event::MergeEnded { right, .. } => (Kind::Merge, u64::from(right.0)),
        Event::BorrowEnded { page, .. } => (Kind::Borrow, u64::from(page.0)),
        Event::LsmOpened { .. } => (Kind::LsmOpening, 0),
        Event::LsmGetEnded { .. } => (Kind::LsmGet, 0),
        Event::LsmScanEnded { .. } => (Kind::LsmScan, 0),
        Event::RecoveryPassEnded { .. } => (Kind::Recovery, 0),
        Event::FlushEnded { log, .. } | Event::FlushFailed { log, .. } => (Kind::Flush, log.0),
        Event::CompactionEnded { .. } | Event::CompactionFailed { .. } => (Kind::Compaction, 0),
        Event::WritesResumed {} => (Kind::Stall, 0),
        Event::SnapshotReleased { sequence } => (Kind::Snapshot, *sequence),
        Event::TransactionAcknowledged { txn } | Event::TransactionAborted { txn } => (Kind::Transaction, txn.0),
        Event::RequestEnded { request, .. } => (Kind::Request, *request),
        Event::TierTold { request, .. } => (Kind::TierRequest, *request),
        Event::MessageDelivered { message } | Event::MessageDropped { message, .. } => (Kind::Message, message.0),
        _ => return None,
    })
}

/// For each record, the one that ends what it begins, and the one that began what it ends.
#[derive(Debug)]
pub struct Spans {
    /// By record; [`NONE`] for none.
    end: Vec<u32>,
    begin: Vec<u32>,
}

/// No record.
const NONE: u32 = u32::MAX;

impl Spans {
    pub fn of(trace: &Trace) -> Spans {
        let mut spans = Spans { end: vec![NONE; trace.len()], begin: vec![NONE; trace.len()] };
        let mut open: SortedMap<(NodeId, Kind, u64), u32> = SortedMap::new();
        for (index, record) in trace.iter().enumerate() {
            let (shard, event) = unwrapped(&record.event);
            if let Some((kind, number)) = begins(event) {
                open.insert((shard, kind, number), index as u32);
            }
            if let Some(begun) = ends(event).and_then(|(kind, number)| open.remove(&(shard, kind, number))) {
                spans.end[begun as usize] = index as u32;
                spans.begin[index] = begun;
            }
        }
        spans
    }

    /// The record that ends what this one begins.
    pub fn end(&self, index: usize) -> Option<usize> {
        self.end.get(index).filter(|end| **end != NONE).map(|end| *end as usize)
    }

    /// The record that began what this one ends.
    pub fn begin(&self, index: usize) -> Option<usize> {
        self.begin.get(index).filter(|begin| **begin != NONE).map(|begin| *begin as usize)
    }
}

/// Where something happened: at a node, and the shard whose node it is, if it is of one. Node 0 is the world: the script, and
/// an engine that stands alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub shard: NodeId,
    pub node: NodeId,
}

/// Tells where each record happened, one record after the other.
#[derive(Default)]
pub struct Places {
    /// Where messages go to, and where requests are; by shard and number.
    receivers: Known,
    clients: Known,
    tiers: Known,
}

type Known = SortedMap<(NodeId, u64), NodeId>;

impl Places {
    pub fn of(&mut self, record: &Record) -> Place {
        let (shard, event) = unwrapped(&record.event);
        let node = if record.node == 0 { self.node(shard, event) } else { NodeId(record.node) };
        Place { shard, node }
    }

    fn node(&mut self, shard: NodeId, event: &Event) -> NodeId {
        let known = |map: &Known, number: u64| map.get(&(shard, number)).copied().unwrap_or_default();
        match event {
            Event::RequestAsked { request, client, .. } => {
                self.clients.insert((shard, *request), *client);
                *client
            }
            Event::RequestMoved { request, .. } => known(&self.clients, *request),
            Event::RequestEnded { request, .. } => self.clients.remove(&(shard, *request)).unwrap_or_default(),
            Event::NodeStatusChanged { node, .. }
            | Event::NodeChanged { node, .. }
            | Event::NodeLogChanged { node, .. }
            | Event::NodeDatumChanged { node, .. }
            | Event::Noted { node, .. }
            | Event::TimerFired { node, .. } => *node,
            Event::ShardFigures { shard } => shard.shard,
            Event::ShardGone { shard } => *shard,
            Event::MessageSent { message, from, to, .. } => {
                self.receivers.insert((shard, message.0), *to);
                *from
            }
            Event::MessageDelivered { message } | Event::MessageDropped { message, .. } => {
                self.receivers.remove(&(shard, message.0)).unwrap_or_default()
            }
            Event::MessageDelayed { message, .. } => known(&self.receivers, message.0),
            Event::TierAsked { request, from, .. } => {
                self.tiers.insert((shard, *request), *from);
                *from
            }
            Event::TierMoved { request, to, .. } => {
                self.tiers.insert((shard, *request), *to);
                *to
            }
            Event::TierWaits { request, .. } | Event::DatabaseRefused { request, .. } => known(&self.tiers, *request),
            Event::TierTold { request, .. } => self.tiers.remove(&(shard, *request)).unwrap_or_default(),
            Event::TierLooked { at, .. }
            | Event::TierKept { at, .. }
            | Event::TierDropped { at, .. }
            | Event::TierStatusChanged { at, .. }
            | Event::BreakerTurned { at, .. }
            | Event::TierNoted { at, .. } => *at,
            _ => NodeId::default(),
        }
    }
}

//! The requests that a node coordinates: whom each has asked, and who has answered.
//!
//! ```text
//!   Operations   first ─▶ │ read of x │ – │ write of y │ …      by number: what is over leaves a gap, until it is the first
//!   Operation    asked    n3 answered: 7   n4 waiting   n5 silent, n1 stands in
//! ```
//!
//! **Invariant:** a number is never given twice, also not before and after a crash, so an answer that comes late is not
//! taken for one to another request.

use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::message::{Request, RequestId};
use super::super::versions::Stamp;
use super::Quorum;
use super::record::Record;
use glassbase_trace::NodeId;

/// Requests whose stamps are remembered, for when they are asked again.
const REMEMBERED: usize = 512;

/// A node that was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub node: NodeId,
    /// It stands in for this one.
    pub instead_of: Option<NodeId>,
    pub state: State,
    pub record: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// It was silent for too long.
    Silent,
    Answered,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Read,
    /// A read that waits for its repairs.
    Repair {
        newest: Record,
    },
    Write {
        record: Record,
    },
    Forward,
}

/// A request that is coordinated.
#[derive(Clone, Debug)]
pub struct Operation {
    pub client: NodeId,
    pub request: Rc<Request>,
    pub begun_ns: u64,
    pub asked: Vec<Asked>,
    /// How many answers it takes, and whether only those of this data centre count.
    pub needed: u16,
    pub local: bool,
    pub answered: bool,
    pub kind: Kind,
}

/// The requests that are coordinated, by number.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    first: u64,
    open: VecDeque<Option<Box<Operation>>>,
}

impl Operations {
    pub fn begin_at(&mut self, first: u64) {
        self.first = first.max(1);
    }

    /// The number of the one that is added next.
    pub fn next(&self) -> u64 {
        self.first + self.open.len() as u64
    }

    pub fn add(&mut self, operation: Operation) {
        self.open.push_back(Some(Box::new(operation)));
    }

    pub fn get(&mut self, op: u64) -> Option<&mut Operation> {
        let at = usize::try_from(op.checked_sub(self.first)?).ok()?;
        self.open.get_mut(at)?.as_deref_mut()
    }

    pub fn end(&mut self, op: u64) {
        if let Some(at) = op.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())
            && let Some(place) = self.open.get_mut(at)
        {
            *place = None;
            while let Some(None) = self.open.front() {
                self.open.pop_front();
                self.first += 1;
            }
        }
    }

    /// Takes a request out to work on it: back it goes by [`Operations::put_back`], or it ends.
    pub fn take(&mut self, op: u64) -> Option<Box<Operation>> {
        let at = usize::try_from(op.checked_sub(self.first)?).ok()?;
        self.open.get_mut(at)?.take()
    }

    pub fn put_back(&mut self, op: u64, operation: Box<Operation>) {
        if let Some(place) = self.open.get_mut((op - self.first) as usize) {
            *place = Some(operation);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The numbers of those that are open.
    pub fn numbers(&self) -> Vec<u64> {
        let open = self.open.iter().enumerate().filter(|(_, operation)| operation.is_some());
        open.map(|(at, _)| self.first + at as u64).collect()
    }
}

/// What became of a write that was asked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// It was begun, with this stamp.
    Begun(Stamp),
    Refused(&'static str),
}

/// The latest writes that were asked here. One may come twice, because the client asks again or the network doubles it: the
/// stamp stays what it was, and what was refused is not done after all.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    writes: SortedMap<RequestId, Past>,
    order: VecDeque<RequestId>,
}

impl Recent {
    /// Nothing: it is new, or forgotten.
    pub fn get(&self, id: RequestId) -> Option<Past> {
        self.writes.get(&id).copied()
    }

    pub fn stamp(&self, id: RequestId) -> Option<Stamp> {
        if let Some(Past::Begun(stamp)) = self.get(id) { Some(stamp) } else { None }
    }

    pub fn remember(&mut self, id: RequestId, past: Past) {
        if self.writes.insert(id, past).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.writes.remove(&oldest);
        }
    }
}

impl Operation {
    pub fn counts(&self, quorum: &Quorum, asked: &Asked) -> bool {
        !self.local || quorum.ring().data_centre(asked.node) == quorum.ring().data_centre(quorum.me)
    }

    pub fn answers(&self, quorum: &Quorum) -> u16 {
        let answered = |asked: &&Asked| asked.state == State::Answered && self.counts(quorum, asked);
        self.asked.iter().filter(answered).count() as u16
    }

    pub fn newest(&self) -> Option<Record> {
        let records = self.asked.iter().filter_map(|asked| asked.record.as_ref());
        records.fold(None, |newest, record| match newest {
            Some(ref known) if known == record => newest,
            newest => Record::newest(newest, Some(record.clone())),
        })
    }

    pub fn is_complete(&self) -> bool {
        self.asked.iter().all(|asked| asked.state == State::Answered)
    }
}

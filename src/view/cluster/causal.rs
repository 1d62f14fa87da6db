//! Happens-before: what can have led to a moment, and what it can have led to.
//!
//! One event of a run precedes another when both are at one node and it came first, or when it is the sending of a message
//! and the other its arrival, or by a chain of these (L. Lamport, "Time, Clocks, and the Ordering of Events in a
//! Distributed System", 1978). The order of records in the trace is a total order that agrees with it, so one pass forward
//! over the messages finds the future of a moment, and one backward finds its past:
//!
//! ```text
//!   n1 ──●─────────────▶          from = index of the first record at each node that is in the future
//!         ╲      ╱                until = index of the last record at each node that is in the past
//!   n2 ────●────●──────▶
//! ```

use super::doing::{Doing, Flight, Landing};
use crate::{Selection, View};
use glassbase_trace::NodeId;

/// What is before and after a moment, for every node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cone {
    /// The moment itself: a node, and an index of the trace.
    pub node: NodeId,
    pub at: usize,
    /// For each node that has any: the last record of the past, the first of the future.
    until: Vec<(NodeId, usize)>,
    from: Vec<(NodeId, usize)>,
}

/// Where something stands to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Past,
    Future,
    /// Neither led to the other.
    Apart,
}

fn of(list: &[(NodeId, usize)], node: NodeId) -> Option<usize> {
    list.iter().find(|(known, _)| *known == node).map(|(_, at)| *at)
}

fn set(list: &mut Vec<(NodeId, usize)>, node: NodeId, at: usize, better: impl Fn(usize, usize) -> bool) {
    match list.iter_mut().find(|(known, _)| *known == node) {
        Some((_, known)) if better(at, *known) => *known = at,
        Some(_) => {}
        None => list.push((node, at)),
    }
}

impl Cone {
    /// What is before and after the record `at` of a node.
    pub fn around(doing: &Doing, node: NodeId, at: usize) -> Cone {
        let mut cone = Cone { node, at, until: vec![(node, at)], from: vec![(node, at)] };
        // A message is sent by what is in the future already when the pass comes to it: sendings ascend.
        for flight in doing.flights.iter() {
            if let (Landing::Arrived { at, .. }, true) = (flight.landing, cone.is_after(flight.from, flight.sent_at)) {
                set(&mut cone.from, flight.to, at, |at, known| at < known);
            }
        }
        let arrived = |flight: &Flight| match flight.landing {
            Landing::Arrived { at, .. } => Some(at),
            _ => None,
        };
        let mut landed: Vec<(usize, &Flight)> =
            doing.flights.iter().filter_map(|flight| Some((arrived(flight)?, flight))).collect();
        landed.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
        for (at, flight) in landed {
            if cone.is_before(flight.to, at) {
                set(&mut cone.until, flight.from, flight.sent_at, |at, known| at > known);
            }
        }
        cone
    }

    /// Around what is selected: a message's sending, an operation's beginning, a node as it is in the view.
    pub fn of(doing: &Doing, view: &View, selected: Option<Selection>) -> Option<Cone> {
        match selected? {
            Selection::Node(node) => Some(Cone::around(doing, node, view.position)),
            Selection::Message(message) => {
                let flight = doing.flights.find(message, |flight| flight.message)?;
                Some(Cone::around(doing, flight.from, flight.sent_at))
            }
            Selection::Request(request) => {
                let deal = doing.deals.find(request, |deal| deal.request)?;
                Some(Cone::around(doing, deal.client, deal.asked_at))
            }
            _ => None,
        }
    }

    fn is_after(&self, node: NodeId, at: usize) -> bool {
        of(&self.from, node).is_some_and(|from| at >= from)
    }

    fn is_before(&self, node: NodeId, at: usize) -> bool {
        of(&self.until, node).is_some_and(|until| at <= until)
    }

    /// Where a record of a node stands.
    pub fn side(&self, node: NodeId, at: usize) -> Side {
        if self.is_after(node, at) {
            Side::Future
        } else if self.is_before(node, at) {
            Side::Past
        } else {
            Side::Apart
        }
    }

    /// Where a message stands: in the past when its arrival is, in the future when its sending is.
    pub fn of_flight(&self, flight: &Flight) -> Side {
        if self.is_after(flight.from, flight.sent_at) {
            return Side::Future;
        }
        match flight.landing {
            Landing::Arrived { at, .. } if self.is_before(flight.to, at) => Side::Past,
            _ => Side::Apart,
        }
    }
}

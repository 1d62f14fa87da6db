//! The world that protocols run in: nodes with their shelves and clocks, the network between them, clients, faults.
//!
//! ```text
//!            ┌───────────────────────────── EventQueue, by virtual time ─────────────────────────────┐
//!            │ message arrives · timer goes off · node is free again · client wakes · fault is due    │
//!            └───┬────────────────────────────────────────────────────────────────────────────▲──────┘
//!                ▼ one at a time                                                               │
//!   Place: node (protocol), shelf, clock ──outputs──▶ Network: when it arrives, if it does ────┘
//!                │ described after each call                                     Client: time-outs, retries
//!                ▼                                                                  │ asked, told
//!              trace                                                             History ──▶ checkers
//! ```
//!
//! A node does one thing at a time. What arrives while it is busy waits in its inbox; what it sends leaves when it is done:
//! after the work itself ([`Options::service_ns`]) and the time that its disk took.
//!
//! **Invariant:** a run is a function of its options and of what it is asked to do, in order.
//! **Invariant:** the description of the cluster is what folding its events gives.

mod client;
mod describe;
mod error;
mod fault;
mod judge;
mod measures;
mod options;
mod place;
mod protocols;
mod storm;
#[cfg(test)]
mod tests;
mod workload;

pub use client::{Asked, Ordered};
pub use error::ClusterError;
pub use fault::{Action, Fault};
pub use judge::{Promise, Ruling};
pub use measures::{LatencyHistogram, Measures, StaleSample};
pub use options::{Options, Protocol, Watch, stamp_of};
pub use storm::{Storm, StormKind};
pub use workload::{Arrival, Keys, Workload};

use glassbase_trace::sorted::{SortedMap, SortedSet};

use client::Client;
use place::{Incoming, Place};
use workload::Load;

use super::message::{Message, Wire};
use super::node::{Output, Timer};
use super::shelf::Shelf;
use glassbase_history::History;
use glassbase_history::payments::Payment;
use glassbase_sim::network::{Fate, Network};
use glassbase_sim::{Crash, Cx, EventQueue, Generator};
use glassbase_trace::parts::cluster::ClusterCounts;
use glassbase_trace::{
    Bytes, ClusterState, DropReason, EngineState, Event, MessageId, NO_CAUSE, NodeId, NodeStatus, Trace,
};

/// Something that is to happen.
#[derive(Clone, Debug)]
enum Happening {
    Arrives(Flight),
    /// A message that the network lost; it is told when it would have arrived.
    Lost {
        flight: Flight,
        why: DropReason,
    },
    TimerDue {
        node: NodeId,
        timer: Timer,
        generation: u64,
    },
    /// The node is done with what it did.
    Free {
        node: NodeId,
        incarnation: u32,
    },
    /// The client has waited long enough for the answer to this attempt, or to ask again.
    ClientDue {
        client: NodeId,
        wake: client::Wake,
    },
    /// The next operation of a workload that comes at its own rate.
    Arrival,
    FaultDue {
        number: u64,
    },
}

/// A message on its way.
#[derive(Clone, Debug)]
struct Flight {
    id: MessageId,
    from: NodeId,
    to: NodeId,
    /// When its sender decided to send it, and when it left.
    decided_ns: u64,
    sent_ns: u64,
    due_ns: u64,
    /// The record that tells of its sending.
    cause: u32,
    message: Message,
}

/// A cluster at work.
#[derive(Clone)]
pub struct Cluster {
    options: Options,
    queue: EventQueue<Happening>,
    places: Vec<Place>,
    clients: Vec<Client>,
    pub network: Network,
    pub history: History,
    /// The request of each operation of the history, as traces name it.
    requests: Vec<u64>,
    pub measures: Measures,
    watch: Option<Box<dyn Watch>>,
    /// What the watch found first.
    violation: Option<String>,
    load: Option<Load>,
    /// Clients that wait for an answer.
    waiting: u64,
    /// Keys whose values were changed in ways that no checker of registers knows: the history leaves them out.
    merged: SortedSet<Bytes>,
    /// What clients paid in and took out, in the order of its numbers.
    payments: Vec<Payment>,
    /// The operation that ended last.
    last: Option<Asked>,
    orders: Vec<Ordered>,
    faults: SortedMap<u64, Action>,
    next_fault: u64,
    next_message: u64,
    next_request: u64,
    timer_generation: u64,
    /// Messages that somebody dropped or delayed while they were on their way.
    dropped: SortedSet<MessageId>,
    delayed: SortedMap<MessageId, u64>,
    counts: ClusterCounts,
    /// The operations and verdicts that the trace tells of; nothing else of it is kept here.
    told: ClusterState,
    outputs: Vec<Output>,
    random: Generator,
}

impl Cluster {
    /// A cluster of nodes that have just been started, at virtual time 0.
    pub fn new(cx: &mut Cx, options: Options) -> Result<Cluster, ClusterError> {
        options.check()?;
        let seed = cx.seed();
        let mut cluster = Cluster {
            network: Network::new(seed, options.quality.clone()),
            queue: EventQueue::default(),
            places: Vec::new(),
            clients: Vec::new(),
            history: History::new(),
            requests: Vec::new(),
            measures: Measures::default(),
            watch: options.protocol.watch(),
            violation: None,
            load: None,
            waiting: 0,
            merged: SortedSet::new(),
            payments: Vec::new(),
            last: None,
            orders: Vec::new(),
            faults: SortedMap::new(),
            next_fault: 0,
            next_message: 0,
            next_request: 0,
            timer_generation: 0,
            dropped: SortedSet::new(),
            delayed: SortedMap::new(),
            counts: ClusterCounts::default(),
            told: ClusterState::default(),
            outputs: Vec::new(),
            random: Generator::new(seed, "cluster"),
            options,
        };
        for number in 1..=cluster.options.nodes {
            let place = Place::new(seed, NodeId(number), &cluster.options)?;
            cluster.places.push(place);
        }
        for number in 1..=cluster.options.clients {
            cluster.clients.push(Client::new(seed, NodeId::client(number)));
        }
        for number in 1..=cluster.options.nodes {
            cluster.boot(cx, NodeId(number));
        }
        Ok(cluster)
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.places.len() as u16).map(NodeId)
    }

    /// The protocol's own node, to look at; none while it is down, or if it is another protocol's.
    pub fn node<T: 'static>(&self, id: NodeId) -> Option<&T> {
        self.known(id).ok()?;
        self.place(id).node.as_ref()?.as_any().downcast_ref()
    }

    /// The store of a node as its own lab shows it; nothing for one in memory, or one that is not open.
    pub fn store_of(&self, id: NodeId) -> Option<EngineState> {
        self.known(id).ok()?;
        self.place(id).shelf.state()
    }

    /// What became of what a node's disk had not synced when its power was cut last; nothing without a disk.
    pub fn crashed(&self, id: NodeId) -> Option<Crash> {
        self.known(id).ok()?;
        self.place(id).shelf.crashed()
    }

    /// From now on all that a node's store does is kept: see [`Shelf::film`](glassbase_storage::Shelf::film).
    pub fn film(&mut self, id: NodeId) -> Option<bool> {
        self.known(id).ok()?;
        self.place_mut(id).shelf.film()
    }

    /// What was filmed of a node's store since the last time.
    pub fn filmed(&mut self, id: NodeId) -> Trace {
        match self.known(id) {
            Ok(()) => self.place_mut(id).shelf.filmed(),
            Err(_) => Trace::new(),
        }
    }

    /// When the next thing happens; nothing if nothing will.
    pub fn next_ns(&self) -> Option<u64> {
        self.queue.next_ns()
    }

    /// How many messages were sent, arrived and got lost so far.
    pub fn counts(&self) -> &ClusterCounts {
        &self.counts
    }

    /// The first violation that the watch over the nodes found.
    pub fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    /// The watch over the nodes, if there is one.
    pub fn watch(&self) -> Option<&dyn Watch> {
        self.watch.as_deref()
    }

    /// What a node keeps, to be copied and looked at: reading itself moves what a store has in memory.
    pub fn shelf(&self, node: NodeId) -> Result<&Shelf, ClusterError> {
        self.known(node)?;
        Ok(&self.place(node).shelf)
    }

    /// What a node keeps, to be looked at.
    pub fn shelf_mut(&mut self, node: NodeId) -> Result<&mut Shelf, ClusterError> {
        self.known(node)?;
        Ok(&mut self.place_mut(node).shelf)
    }

    /// What the watch over the nodes has told that breaks no promise.
    pub fn findings(&self) -> &[String] {
        self.watch.as_ref().map_or(&[], |watch| watch.findings())
    }

    /// Lets the next thing happen; false if there is none.
    pub fn step(&mut self, cx: &mut Cx) -> bool {
        let Some((time_ns, happening)) = self.queue.pop() else { return false };
        debug_assert!(time_ns >= cx.now_ns(), "time goes forward");
        cx.pass(time_ns.saturating_sub(cx.now_ns()));
        match happening {
            Happening::Arrives(flight) => self.arrive(cx, flight),
            Happening::Lost { flight, why } => {
                if !self.dropped.remove(&flight.id) {
                    self.drop_flight(cx, &flight, why);
                }
            }
            Happening::TimerDue { node, timer, generation } => self.timer_due(cx, node, timer, generation),
            Happening::Free { node, incarnation } => self.free(cx, node, incarnation),
            Happening::ClientDue { client, wake } => self.client_due(cx, client, wake),
            Happening::Arrival => self.arrival(cx),
            Happening::FaultDue { number } => {
                if let Some(action) = self.faults.remove(&number) {
                    // A fault that was planned and no longer fits (a node that is down already) does nothing.
                    let _ = self.inject(cx, &action);
                }
            }
        }
        true
    }

    /// Lets everything happen that is due up to a time, and time pass up to it.
    pub fn run_until(&mut self, cx: &mut Cx, until_ns: u64) {
        while self.queue.next_ns().is_some_and(|next_ns| next_ns <= until_ns) {
            self.step(cx);
        }
        cx.pass(until_ns.saturating_sub(cx.now_ns()));
    }

    /// A message reaches its node, if it still shall.
    fn arrive(&mut self, cx: &mut Cx, flight: Flight) {
        let Flight { id, from, to, .. } = flight;
        if !self.dropped.is_empty() && self.dropped.remove(&id) {
            return;
        }
        if !self.delayed.is_empty()
            && let Some(due_ns) = self.delayed.remove(&id)
        {
            return self.queue.push(due_ns.max(cx.now_ns()), Happening::Arrives(Flight { due_ns, ..flight }));
        }
        if self.network.is_cut(from, to) {
            return self.drop_flight(cx, &flight, DropReason::Partition);
        }
        if !from.is_client() && self.place(from).was_cut_between(flight.decided_ns, flight.sent_ns) {
            return self.drop_flight(cx, &flight, DropReason::Down);
        }
        if to.is_client() {
            return self.answer(cx, flight);
        }
        if usize::from(to.0) > self.places.len() || self.place(to).status == NodeStatus::Down {
            return self.drop_flight(cx, &flight, DropReason::Down);
        }
        self.take_in(cx, to, Incoming::Message(flight));
    }

    fn drop_flight(&mut self, cx: &mut Cx, flight: &Flight, why: DropReason) {
        let before = cx.recorder.caused_by(flight.cause);
        self.counts.dropped += 1;
        let message = flight.id;
        cx.emit(|| Event::MessageDropped { message, why });
        cx.recorder.end(before);
    }

    /// Sends a message that leaves at `sent_ns`; whether it will arrive twice.
    fn send(&mut self, cx: &mut Cx, from: NodeId, to: NodeId, sent_ns: u64, message: Message) -> bool {
        let (kind, bytes) = (message.kind(), message.bytes());
        let fate = self.network.route(sent_ns, from, to, bytes, kind);
        let decided_ns = cx.now_ns();
        let mut dispatch = |cluster: &mut Cluster, due_ns: u64, lost: Option<DropReason>, message: Message| {
            cluster.next_message += 1;
            cluster.counts.sent += 1;
            let id = MessageId(cluster.next_message);
            cx.emit(|| {
                let (kind, text) = (kind.into(), message.text().into());
                Event::MessageSent { message: id, from, to, kind, text, sent_ns, due_ns }
            });
            let cause = cx.recorder.latest();
            let flight = Flight { id, from, to, decided_ns, sent_ns, due_ns, cause, message };
            match lost {
                None => cluster.queue.push(due_ns, Happening::Arrives(flight)),
                // Nobody sees it fly: it is gone at once.
                Some(_) if cause == NO_CAUSE => cluster.counts.dropped += 1,
                Some(why) => cluster.queue.push(due_ns, Happening::Lost { flight, why }),
            }
        };
        match fate {
            Fate::At(due_ns) => dispatch(self, due_ns, None, message),
            Fate::Twice(first_ns, second_ns) => {
                dispatch(self, first_ns, None, message.clone());
                dispatch(self, second_ns, None, message);
            }
            Fate::Lost(why, due_ns) => dispatch(self, due_ns, Some(why), message),
        }
        matches!(fate, Fate::Twice(..))
    }

    fn place(&self, node: NodeId) -> &Place {
        &self.places[usize::from(node.0) - 1]
    }

    fn place_mut(&mut self, node: NodeId) -> &mut Place {
        &mut self.places[usize::from(node.0) - 1]
    }
}

//! The cluster as plain data, and the events that tell what changed about a node.

use std::rc::Rc;

use super::{Cluster, Flight, Happening, Ruling};
use crate::message::Wire;
use glassbase_sim::Cx;
use glassbase_trace::parts::cluster::{FlyingState, NodeHead, Verdict};
use glassbase_trace::{ClusterState, Event, NodeId};

impl Cluster {
    /// The cluster as it stands: what folding its events gives.
    pub fn state(&self) -> ClusterState {
        ClusterState {
            nodes: self.nodes().map(|id| self.node_state(id)).collect(),
            clients: self.clients.len() as u16,
            flying: self.flying(),
            cut: self.network.cuts().collect(),
            counts: self.counts,
            requests: self.told.requests.clone(),
            verdicts: self.told.verdicts.clone(),
        }
    }

    pub(super) fn node_state(&self, id: NodeId) -> Rc<glassbase_trace::parts::cluster::NodeState> {
        let told = &self.place(id).told;
        let detail = self.detail_of(id);
        if told.detail == detail {
            return told.clone();
        }
        Rc::new(glassbase_trace::parts::cluster::NodeState { detail, ..(**told).clone() })
    }

    /// To be called once the state was put into the trace: from here on, what changes is told against it.
    pub fn told_all(&mut self) {
        for id in self.nodes() {
            let state = self.node_state(id);
            self.place_mut(id).told = state;
        }
    }

    /// What the protocol says of each node that is up.
    pub fn heads(&self) -> impl Iterator<Item = (NodeId, Rc<NodeHead>)> {
        let up = self.nodes().filter(|id| self.place(*id).node.is_some());
        up.map(|id| (id, self.detail_of(id).head))
    }

    /// What a checker, or the watch, said last of a promise.
    pub fn verdict(&self, checker: &str) -> Option<&Verdict> {
        self.told.verdicts.iter().map(|verdict| &**verdict).find(|verdict| &*verdict.checker == checker)
    }

    fn flying(&self) -> Vec<Rc<FlyingState>> {
        let in_queue = self.queue.iter().filter_map(|happening| match happening {
            Happening::Arrives(flight) | Happening::Lost { flight, .. } => Some(flight),
            _ => None,
        });
        let waiting = self.places.iter().flat_map(|place| place.waiting());
        let mut flights: Vec<&Flight> = in_queue.chain(waiting).collect();
        flights.retain(|flight| !self.dropped.contains(&flight.id));
        flights.sort_unstable_by_key(|flight| flight.id);
        flights.into_iter().map(|flight| Rc::new(self.flying_state(flight))).collect()
    }

    fn flying_state(&self, flight: &Flight) -> FlyingState {
        FlyingState {
            message: flight.id,
            from: flight.from,
            to: flight.to,
            kind: flight.message.kind().into(),
            text: flight.message.text().into(),
            sent_ns: flight.sent_ns,
            due_ns: self.delayed.get(&flight.id).copied().unwrap_or(flight.due_ns),
        }
    }

    /// Tells what changed about a node since it was told last.
    pub(super) fn tell_node(&mut self, cx: &mut Cx, id: NodeId) {
        if !cx.recorder.is_on() {
            return;
        }
        let detail = self.detail_of(id);
        let place = self.place_mut(id);
        if place.told.detail == detail {
            return;
        }
        let told = Rc::make_mut(&mut place.told);
        if told.detail.head != detail.head {
            let head = detail.head.clone();
            cx.emit(|| Event::NodeChanged { node: id, head });
        }
        if told.detail.log != detail.log {
            let (first, kept, tail) = told.detail.log.change_to(&detail.log);
            cx.emit(|| Event::NodeLogChanged { node: id, first, kept, tail: Rc::new(tail) });
        }
        for datum in told.detail.data_changes(&detail) {
            cx.emit(|| Event::NodeDatumChanged { node: id, datum });
        }
        told.detail = detail;
    }

    /// Tells what a checker found.
    pub fn tell_ruling(&mut self, cx: &mut Cx, checker: &str, ruling: Ruling) {
        let Ruling { kind, text, at_ns, proof } = ruling;
        let event = Event::Judged { checker: checker.into(), kind, text: text.into(), at_ns, proof };
        self.told.fold(&event);
        cx.emit(|| event);
    }
}

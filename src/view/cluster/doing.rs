//! What a cluster did: messages that have arrived, operations that are over, notes, faults. The state has only what is.
//!
//! **Invariant:** messages are in the order of their numbers, which is the order in which they were sent; operations and
//! notes are in the order of the trace. Each list is bounded, and shared between views ([`Chunks`]).

use std::rc::Rc;

use super::chunks::Chunks;
use super::reigns::{self, Reign};
use super::rounds::Rounds;
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::{Datum, Version};
use glassbase_trace::{Bytes, DropReason, EngineState, Event, MessageId, NodeId, NodeStatus, Record, RequestFate};

/// Keys whose newest version is known.
const KEYS_MAX: usize = 512;
/// Versions of a key that are remembered.
const VERSIONS_MAX: usize = 24;
/// Stretches of faults that are kept.
const STRETCHES_MAX: usize = 256;

/// A message and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    pub message: MessageId,
    pub from: NodeId,
    pub to: NodeId,
    pub kind: Rc<str>,
    pub text: Rc<str>,
    pub sent_ns: u64,
    pub due_ns: u64,
    /// Index of the record that sent it: what happened before what.
    pub sent_at: usize,
    pub landing: Landing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Landing {
    Flying,
    Arrived { ns: u64, at: usize },
    Dropped { ns: u64, why: DropReason },
}

impl Flight {
    /// When it arrived or was lost; while it flies: when it is due.
    pub fn until_ns(&self) -> u64 {
        match self.landing {
            Landing::Flying => self.due_ns,
            Landing::Arrived { ns, .. } | Landing::Dropped { ns, .. } => ns,
        }
    }
}

/// An operation of a client, open or over.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    pub request: u64,
    pub client: NodeId,
    pub node: NodeId,
    pub text: Rc<str>,
    pub answer: Rc<str>,
    pub writes: bool,
    pub asked_ns: u64,
    pub asked_at: usize,
    pub ended_ns: Option<u64>,
    pub fate: RequestFate,
    pub stale: bool,
}

/// A decision of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub node: NodeId,
    pub ns: u64,
    pub at: usize,
    pub topic: Rc<str>,
    pub text: Rc<str>,
}

/// A while in which something was wrong: with a node, or (node 0) with links.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    pub node: NodeId,
    pub status: NodeStatus,
    pub from_ns: u64,
    pub until_ns: Option<u64>,
}

/// How many operations ended, and how many of them were done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Served {
    pub done: u64,
    pub ended: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    pub flights: Chunks<Flight>,
    pub deals: Chunks<Deal>,
    pub moments: Chunks<Moment>,
    pub stretches: Rc<Vec<Stretch>>,
    pub reigns: Rc<Vec<Reign>>,
    /// The versions of each key, in the order in which they came into being.
    pub known: Rc<Vec<Rc<Known>>>,
    /// When the cluster was made.
    pub started_ns: u64,
    /// Since links were cut: operations at nodes that a majority can reach, and at the others.
    pub sides: [Served; 2],
    /// Who has asked whom, and who has answered.
    pub rounds: Rounds,
}

/// The versions of a key that have been seen at any node, the newest last.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub key: Bytes,
    pub versions: Vec<Version>,
}

impl Doing {
    /// Goes on by one record, the trace's `index`-th; `state` is as it is afterwards.
    pub fn apply(&mut self, state: &EngineState, index: usize, record: &Record) {
        let Some(cluster) = state.parts.cluster.as_deref() else { return };
        let ns = record.time_ns;
        if reigns::concerns(&record.event) {
            reigns::apply(Rc::make_mut(&mut self.reigns), &record.event, ns);
        }
        match &record.event {
            Event::MessageSent { message, from, to, kind, text, sent_ns, due_ns } => {
                self.rounds.sent(*from, *to, kind, ns);
                self.flights.push(Flight {
                    message: *message,
                    from: *from,
                    to: *to,
                    kind: kind.clone(),
                    text: text.clone(),
                    sent_ns: *sent_ns,
                    due_ns: *due_ns,
                    sent_at: index,
                    landing: Landing::Flying,
                });
            }
            Event::MessageDelivered { message } => {
                if let Some(flight) = self.flights.find(*message, |flight| flight.message) {
                    self.rounds.answered(flight.from, flight.to, &flight.kind, &flight.text);
                }
                self.land(*message, Landing::Arrived { ns, at: index });
            }
            Event::MessageDropped { message, why } => self.land(*message, Landing::Dropped { ns, why: *why }),
            Event::MessageDelayed { message, due_ns } => {
                self.flights.edit(*message, |flight| flight.message, |flight| flight.due_ns = *due_ns);
            }
            Event::LinksChanged { cut } => self.links(!cut.is_empty(), ns),
            Event::NodeStatusChanged { node, status, .. } => self.status(*node, *status, ns),
            Event::NodeDatumChanged { node: _, datum } => self.learn(datum),
            Event::Noted { node, topic, text } => {
                self.rounds.noted(*node, topic);
                let (node, topic, text) = (*node, topic.clone(), text.clone());
                self.moments.push(Moment { node, ns, at: index, topic, text });
            }
            Event::StateTaken { state: taken } => {
                if taken.parts.cluster.as_ref().is_some_and(|cluster| cluster.counts.sent == 0) {
                    *self = Doing { started_ns: ns, ..Doing::default() };
                    self.reigns = Rc::new(reigns::of_state(cluster, ns));
                }
                cluster.nodes.iter().flat_map(|node| &node.detail.data).for_each(|datum| self.learn(datum));
            }
            event => self.client(cluster, event, ns, index),
        }
    }

    fn land(&mut self, message: MessageId, landing: Landing) {
        self.flights.edit(message, |flight| flight.message, |flight| flight.landing = landing);
    }

    fn client(&mut self, cluster: &ClusterState, event: &Event, ns: u64, index: usize) {
        match event {
            Event::RequestAsked { request, client, node, text, writes, asked_ns } => self.deals.push(Deal {
                request: *request,
                client: *client,
                node: *node,
                text: text.clone(),
                answer: "".into(),
                writes: *writes,
                asked_ns: *asked_ns,
                asked_at: index,
                ended_ns: None,
                fate: RequestFate::Open,
                stale: false,
            }),
            Event::RequestMoved { request, node } => {
                self.deals.edit(*request, |deal| deal.request, |deal| deal.node = *node);
            }
            Event::RequestEnded { request, fate, answer, stale, .. } => {
                self.deals.edit(
                    *request,
                    |deal| deal.request,
                    |deal| {
                        (deal.ended_ns, deal.fate, deal.stale) = (Some(ns), *fate, *stale);
                        deal.answer = answer.clone();
                    },
                );
                if !cluster.cut.is_empty() {
                    let node = self.deals.find(*request, |deal| deal.request).map_or(NodeId(0), |deal| deal.node);
                    let side = &mut self.sides[usize::from(!reaches_majority(cluster, node))];
                    side.ended += 1;
                    side.done += u64::from(*fate == RequestFate::Done);
                }
            }
            _ => {}
        }
    }

    fn status(&mut self, node: NodeId, status: NodeStatus, ns: u64) {
        let stretches = Rc::make_mut(&mut self.stretches);
        let under_way = stretches.iter_mut().rev().find(|stretch| stretch.node == node && stretch.until_ns.is_none());
        if let Some(stretch) = under_way {
            if stretch.status == status {
                return;
            }
            stretch.until_ns = Some(ns);
        }
        if status != NodeStatus::Up {
            begin(stretches, Stretch { node, status, from_ns: ns, until_ns: None });
        }
    }

    /// Links are cut, or whole again.
    fn links(&mut self, cut: bool, ns: u64) {
        let stretches = Rc::make_mut(&mut self.stretches);
        let under_way = stretches.iter_mut().rev().find(|stretch| stretch.node == LINKS && stretch.until_ns.is_none());
        match (under_way, cut) {
            (Some(stretch), false) => stretch.until_ns = Some(ns),
            (None, true) => {
                self.sides = Default::default();
                begin(stretches, Stretch { node: LINKS, status: NodeStatus::Down, from_ns: ns, until_ns: None });
            }
            _ => {}
        }
    }

    /// A version that has not been seen is the newest of its key.
    fn learn(&mut self, datum: &Datum) {
        // There is one copy of it: none is behind another.
        if datum.versions.iter().any(super::words::is_alone) {
            return;
        }
        let at = self.known.binary_search_by(|known| known.key.cmp(&datum.key));
        let is_known = |known: &Rc<Known>| datum.versions.iter().all(|version| known.versions.contains(version));
        if at.is_ok_and(|at| is_known(&self.known[at])) || (at.is_err() && self.known.len() == KEYS_MAX) {
            return;
        }
        let all = Rc::make_mut(&mut self.known);
        let at = at.unwrap_or_else(|at| {
            all.insert(at, Rc::new(Known { key: datum.key.clone(), versions: Vec::new() }));
            at
        });
        let known = &mut Rc::make_mut(&mut all[at]).versions;
        for version in &datum.versions {
            if !known.contains(version) {
                if known.len() == VERSIONS_MAX {
                    known.remove(0);
                }
                known.push(version.clone());
            }
        }
    }

    /// The version of a key that came into being last.
    pub fn newest_of(&self, key: &Bytes) -> Option<&Version> {
        let at = self.known.binary_search_by(|known| known.key.cmp(key)).ok()?;
        self.known[at].versions.last()
    }

    /// Whether the versions that a node has of a key lack the newest.
    pub fn is_behind(&self, datum: &Datum) -> bool {
        self.newest_of(&datum.key).is_some_and(|newest| !datum.versions.contains(newest))
    }
}

/// The node of a stretch that is about links.
pub const LINKS: NodeId = NodeId(0);

fn begin(stretches: &mut Vec<Stretch>, stretch: Stretch) {
    if stretches.len() == STRETCHES_MAX {
        stretches.remove(0);
    }
    stretches.push(stretch);
}

/// Whether a node and those that it can reach and that reach it, directly, are more than half of all.
pub fn reaches_majority(cluster: &ClusterState, node: NodeId) -> bool {
    let reached = |other: NodeId| {
        let is_cut = |pair: (NodeId, NodeId)| cluster.cut.contains(&pair);
        other == node || !(is_cut((node, other)) || is_cut((other, node)))
    };
    let nodes = cluster.nodes.len();
    let count = (1..=nodes).filter(|number| reached(NodeId(*number as u16))).count();
    2 * count > nodes
}

//! What the trace is told, and what a fold of it has come to.

use std::rc::Rc;

use super::Cluster;
use crate::hash::hash;
use crate::message::Plan;
use crate::placement::Strategy;
use glassbase_sim::Cx;
use glassbase_trace::bytes::show;
use glassbase_trace::parts::cluster::NodeState;
use glassbase_trace::parts::sharding::{
    DOTS_MAX, KeyDot, MapState, SERVICE_DOWN, ShardState, SpanState, StreamState, Survey,
};
use glassbase_trace::{Bytes, ClusterState, Event, NodeId, NodeStatus, ShardingState};

/// Requests that the heat of shards is told by.
const LATEST: usize = 200;
/// Points of a shard that are drawn on the ring.
const POINTS_SHOWN: usize = 8;

#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub quiet: bool,
    pub cluster: ClusterState,
    pub sharding: ShardingState,
    /// The shards that the latest requests went to, as a ring.
    latest: Vec<NodeId>,
    next: usize,
}

impl Told {
    pub fn new(shards: u16, clients: u16) -> Told {
        // Shards that come later are told of by their figures alone.
        let nodes = (0..shards).map(|_| Rc::new(NodeState::default())).collect();
        let cluster = ClusterState { nodes, clients, ..ClusterState::default() };
        Told { cluster, ..Told::default() }
    }
}

impl Cluster {
    /// Tells of something.
    pub(super) fn tell(&mut self, cx: &mut Cx, build: impl FnOnce() -> Event) {
        if self.told.quiet {
            return;
        }
        let event = build();
        self.told.cluster.fold(&event);
        self.told.sharding.fold(&event);
        cx.emit(|| event);
    }

    /// The map, and what is being changed about it.
    pub(super) fn tell_map(&mut self, cx: &mut Cx) {
        if self.told.quiet {
            return;
        }
        let map = self.map().clone();
        let mut ring: Vec<(u64, NodeId)> = Vec::new();
        if matches!(map.strategy(), Strategy::Consistent | Strategy::Bounded) {
            for shard in map.shards() {
                let points = (0..).take(POINTS_SHOWN.min(map.options().virtual_nodes as usize));
                ring.extend(points.map(|number| (crate::hash::pair(u64::from(shard.0), number), shard)));
            }
            ring.sort_unstable();
        }
        let span = |span: &crate::placement::range::Span| SpanState {
            from: span.from.clone(),
            to: span.to.clone(),
            shard: span.shard,
        };
        let homes = map.homes().map(|(key, home)| format!("{} on {home}", show(key)).into());
        let salts = map.salts().map(|(key, pieces)| format!("{} in {pieces} pieces", show(key)).into());
        let is_down = self.service.is_down().then(|| SERVICE_DOWN.into()).into_iter();
        let state = MapState {
            version: map.version(),
            strategy: map.strategy().word().into(),
            shards: map.shards().collect(),
            ring,
            spans: map.spans().iter().map(span).collect(),
            change: self.plan().map_or("", |plan| &plan.text).into(),
            special: is_down.chain(homes).chain(salts).collect(),
        };
        self.tell(cx, || Event::ClusterMapChanged { map: Rc::new(state) });
    }

    /// Strategies were compared.
    pub fn tell_survey(&mut self, cx: &mut Cx, survey: Rc<Survey>) {
        self.tell(cx, || Event::Surveyed { survey });
    }

    /// How a shard is doing.
    pub(super) fn tell_status(&mut self, cx: &mut Cx, id: NodeId) {
        if self.told.quiet {
            return;
        }
        let place = self.place(id);
        let status = match (&place.shard, place.slowness) {
            (None, _) => NodeStatus::Down,
            (_, 1) => NodeStatus::Up,
            _ => NodeStatus::Slow,
        };
        self.tell(cx, || Event::NodeStatusChanged { node: id, status, ahead_ns: 0, behind_ns: 0 });
        self.tell_shard(cx, id, false);
    }

    /// A shard's figures, if they have changed, and how far its streams are.
    pub(super) fn tell_shard(&mut self, cx: &mut Cx, id: NodeId, was_asked: bool) {
        if self.told.quiet {
            return;
        }
        if was_asked {
            let Told { latest, next, .. } = &mut self.told;
            let mut out = None;
            if latest.len() < LATEST {
                latest.push(id);
            } else {
                out = Some(std::mem::replace(&mut latest[*next], id));
            }
            *next = (*next + 1) % LATEST;
            if let Some(out) = out.filter(|out| *out != id) {
                self.tell_figures(cx, out);
            }
        }
        self.tell_figures(cx, id);
        let place = self.place(id);
        let Some(shard) = &place.shard else { return };
        let stream = |(to, outgoing): (NodeId, &crate::shard::outgoing::Outgoing)| StreamState {
            from: id,
            to,
            phase: outgoing.phase.word().into(),
            copied: outgoing.copied,
            caught_up: outgoing.caught_up,
            keys: outgoing.keys,
        };
        let streams: Vec<StreamState> = shard.outgoing().map(stream).collect();
        for stream in streams {
            if !self.told.sharding.streams.iter().any(|known| **known == stream) {
                self.tell(cx, || Event::StreamChanged { stream: Rc::new(stream) });
            }
        }
    }

    fn tell_figures(&mut self, cx: &mut Cx, id: NodeId) {
        let is_member = self.map().has(id) || self.plan().is_some_and(|plan| plan.next.has(id) || plan.before.has(id));
        let all = self.told.latest.len().max(1) as u64;
        let here = self.told.latest.iter().filter(|shard| **shard == id).count() as u64;
        let place = self.place(id);
        let shard = place.shard.as_ref();
        let before = self.told.sharding.shard(id);
        let state = ShardState {
            shard: id,
            up: shard.is_some(),
            keys: shard.map_or(before.map_or(0, |before| before.keys), |shard| shard.keys),
            requests: shard.map_or(0, |shard| shard.requests),
            bounced: shard.map_or(0, |shard| shard.bounced),
            busy_ns: place.busy_ns,
            backlog_ns: place.backlog_ns(cx.now_ns()),
            heat: here * 1000 / all,
        };
        if is_member && before != Some(&state) {
            self.tell(cx, || Event::ShardFigures { shard: Rc::new(state) });
        }
    }

    /// A key was asked for at a shard.
    pub(super) fn tell_dot(&mut self, cx: &mut Cx, key: &Bytes, shard: NodeId, is_write: bool) {
        if self.told.quiet {
            return;
        }
        let dots = &self.told.sharding.dots;
        let dot = match dots.binary_search_by(|known| known.key.cmp(key)) {
            Ok(at) => KeyDot { requests: dots[at].requests + 1, ..(*dots[at]).clone() },
            Err(_) if dots.len() < DOTS_MAX && is_write => {
                KeyDot { key: key.clone(), hash: hash(key), shard, requests: 1, moves: 0 }
            }
            Err(_) => return,
        };
        self.tell(cx, || Event::KeyDotChanged { dot: Rc::new(dot) });
    }

    /// A shard has taken keys over.
    pub(super) fn tell_taken(&mut self, cx: &mut Cx, plan: &Plan, from: NodeId, to: NodeId) {
        if self.told.quiet {
            return;
        }
        let goes = |dot: &&Rc<KeyDot>| plan.step(&dot.key) == Some((from, to));
        let moved: Vec<Rc<KeyDot>> = self.told.sharding.dots.iter().filter(goes).cloned().collect();
        for dot in moved {
            let dot = KeyDot { shard: to, moves: dot.moves + 1, ..(*dot).clone() };
            self.tell(cx, || Event::KeyDotChanged { dot: Rc::new(dot) });
        }
    }
}

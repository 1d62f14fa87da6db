//! All floors together as plain data: the caches in front, the router's map, each shard as a cluster of its own, the requests
//! that are followed from the client to the page and back, and a goal.
//!
//! ```text
//!   tiers: clients, application servers, L2, router ──map──▶ shards: each a ClusterState, under its number
//!   follows: one tree of spans for each of the latest requests
//! ```
//!
//! What happens in front is told by the events of the caches, what happens inside a shard by those of clusters, within
//! [`Event::Within`]. So a shard's state is folded here as in its own lab.

mod weave;

use std::rc::Rc;

use super::cluster::ClusterState;
use super::sharding::{MapState, StreamState};
use super::tiers::TiersState;
use crate::id::{NodeId, SpanLayer, TierFate, TierSource, TierStatus};
use crate::plain::plain;
use crate::{Event, Lane};

/// Requests that are followed, the latest ones.
pub const FOLLOWS_MAX: usize = 12;
/// Spans of one request; what comes after is counted and not kept.
pub const SPANS_MAX: usize = 400;

plain! {
    #[derive(Default)]
    struct StackState {
        /// In the place of the database stands the router.
        tiers: Rc<TiersState>,
        /// By number: shard 1 first.
        shards: Vec<Rc<ShardPart>>,
        map: Rc<MapState>,
        /// Keys on their way between shards, in the change under way or the last one.
        streams: Vec<Rc<StreamState>>,
        weave: Weave,
        /// What the goal came to when it was judged last.
        goal: Option<Rc<GoalState>>,
        /// What all machines cost in an hour.
        cost: u64,
        /// How each replica keeps its data: "btree".
        store: Rc<str>,
        protocol: Rc<str>,
        /// The map that each application server goes by, where each has a copy.
        copies: Vec<u64>,
        /// Queries that a shard turned away.
        bounced: u64,
        /// Links before the shards that are cut, in one direction each.
        cut: Vec<(NodeId, NodeId)>,
    }

    #[derive(Default)]
    struct ShardPart {
        shard: NodeId,
        cluster: Rc<ClusterState>,
    }

    /// Requests that are followed, and what it takes to follow them.
    #[derive(Default)]
    struct Weave {
        /// Application servers and nodes of L2: places behind them are the router.
        apps: u16,
        caches: u16,
        /// The oldest first.
        follows: Vec<Rc<Follow>>,
        /// What shards are at on behalf of followed requests.
        legs: Vec<Leg>,
        /// Messages inside shards that a followed request led to.
        threads: Vec<Thread>,
        /// What a node is at, on behalf of a followed request.
        doing: Option<Thread>,
    }

    /// A request, from the moment when its client asks.
    struct Follow {
        request: u64,
        client: NodeId,
        /// "get k7"
        text: Rc<str>,
        began_ns: u64,
        /// 0 while it is open.
        ended_ns: u64,
        fate: Option<TierFate>,
        source: TierSource,
        stale: bool,
        /// The first one is the request itself.
        spans: Vec<Span>,
        /// Spans that there was no room for.
        skipped: u64,
        /// The span of the place where it is, and the innermost one that is open there.
        place: u32,
        inner: u32,
    }

    /// A stretch of time that something took, and what it was part of.
    struct Span {
        /// The span that led to it; the first is its own.
        parent: u32,
        layer: SpanLayer,
        /// 0: before the shards.
        shard: NodeId,
        /// Before the shards a place of the tiers, or a client; inside of one its node.
        at: NodeId,
        /// Of a link: where it leads.
        to: NodeId,
        from_ns: u64,
        /// 0 while it lasts.
        to_ns: u64,
        text: Rc<str>,
    }

    /// A shard works for a request.
    struct Leg {
        request: u64,
        span: u32,
        shard: NodeId,
        /// The shard's client, and the number that the request has there.
        client: NodeId,
        query: u64,
    }

    /// A message that a request led to; or, as what a node is at, the message that led to it.
    struct Thread {
        request: u64,
        span: u32,
        shard: NodeId,
        message: u64,
    }

    /// What is to be reached, and how far it is.
    struct GoalState {
        scenario: Rc<str>,
        title: Rc<str>,
        story: Rc<str>,
        parts: Vec<GoalPart>,
        cost: u64,
        budget: u64,
        /// Of 1000.
        score: u32,
        reached: bool,
        /// Nothing was played yet.
        unplayed: bool,
        hints: Vec<Rc<str>>,
    }

    struct GoalPart {
        text: Rc<str>,
        found: Rc<str>,
        holds: bool,
    }
}

impl StackState {
    /// Changes what `event`, of this moment, says.
    pub fn fold(&mut self, event: &Event, now_ns: u64) {
        match event {
            Event::Within { shard, event } => {
                if let Some(part) = self.shards.iter_mut().find(|part| part.shard == *shard) {
                    Rc::make_mut(&mut Rc::make_mut(part).cluster).fold(event);
                }
            }
            Event::ShardJoined { part, cost } => {
                self.shards.push(part.clone());
                self.cost = *cost;
            }
            Event::GoalJudged { goal } => self.goal = Some(goal.clone()),
            Event::FrontLinksChanged { cut } => self.cut = cut.clone(),
            Event::QueryBounced { at, version, .. } => {
                self.bounced += 1;
                self.learn(*at, *version);
            }
            _ if matches!(event.lane(), Lane::Tiers | Lane::Database) => {
                Rc::make_mut(&mut self.tiers).fold(event, now_ns);
                // A server that is started asks for the map.
                if let Event::TierStatusChanged { at, status } = event
                    && *status != TierStatus::Down
                {
                    self.learn(*at, self.map.version);
                }
            }
            _ => self.fold_map(event),
        }
        self.weave.fold(event, now_ns);
    }

    /// An application server goes by this map from now on.
    fn learn(&mut self, at: NodeId, version: u64) {
        let copy = usize::from(at.0).checked_sub(1).and_then(|at| self.copies.get_mut(at));
        if let Some(copy) = copy {
            *copy = version;
        }
    }

    fn fold_map(&mut self, event: &Event) {
        match event {
            Event::ClusterMapChanged { map } => self.map = map.clone(),
            Event::StreamsCleared {} => self.streams.clear(),
            Event::StreamChanged { stream } => {
                let is_it = |known: &Rc<StreamState>| (known.from, known.to) == (stream.from, stream.to);
                match self.streams.iter().position(is_it) {
                    Some(at) => self.streams[at] = stream.clone(),
                    None => self.streams.push(stream.clone()),
                }
            }
            _ => {}
        }
    }

    /// A shard as a cluster.
    pub fn cluster(&self, shard: NodeId) -> Option<&ClusterState> {
        self.shards.iter().find(|part| part.shard == shard).map(|part| &*part.cluster)
    }

    /// A request that is followed.
    pub fn follow(&self, request: u64) -> Option<&Follow> {
        self.weave.follows.iter().find(|follow| follow.request == request).map(|follow| &**follow)
    }

    /// The request that was asked last, of those that are followed.
    pub fn latest(&self) -> Option<&Follow> {
        self.weave.follows.last().map(|follow| &**follow)
    }
}

impl Follow {
    /// How long it took, or has taken so far.
    pub fn lasts_ns(&self, now_ns: u64) -> u64 {
        let end_ns = if self.ended_ns == 0 { now_ns } else { self.ended_ns };
        end_ns.saturating_sub(self.began_ns)
    }

    /// The last moment that any of its spans is known to reach.
    pub fn end_ns(&self, now_ns: u64) -> u64 {
        let known = self.spans.iter().map(|span| if span.to_ns == 0 { now_ns } else { span.to_ns });
        known.max().unwrap_or(now_ns)
    }
}

impl Span {
    /// How deep it stands in the tree of its request.
    pub fn depth(&self, follow: &Follow) -> usize {
        let (mut depth, mut at) = (0, self);
        while depth < SPANS_MAX
            && let Some(parent) = follow.spans.get(at.parent as usize)
            && !std::ptr::eq(parent, at)
        {
            (depth, at) = (depth + 1, parent);
        }
        depth
    }
}

//! A sharded cluster as plain data: its map, what each shard has to do, keys that are on their way, a query's parts.
//!
//! Messages, requests and verdicts are told as for every cluster ([`ClusterState`](super::ClusterState)); here is what
//! sharding adds.

use std::rc::Rc;

use crate::id::NodeId;
use crate::plain::plain;
use crate::{Bytes, Event};

/// Keys that are drawn, each by itself; of others only the count is told.
pub const DOTS_MAX: usize = 400;

/// What stands out about a map that nobody can ask for.
pub const SERVICE_DOWN: &str = "the map service is down";

plain! {
    #[derive(Default)]
    struct ShardingState {
        map: Rc<MapState>,
        /// By number.
        shards: Vec<Rc<ShardState>>,
        /// The streams of the change that is under way, or of the last one.
        streams: Vec<Rc<StreamState>>,
        /// Keys that are drawn, in order.
        dots: Vec<Rc<KeyDot>>,
        survey: Option<Rc<Survey>>,
        /// The query that was gathered last.
        query: Option<Rc<QueryState>>,
    }

    /// The map that all shards have settled on.
    #[derive(Default)]
    struct MapState {
        version: u64,
        strategy: Rc<str>,
        shards: Vec<NodeId>,
        /// Points of the ring, of the first few virtual nodes of each shard.
        ring: Vec<(u64, NodeId)>,
        spans: Vec<SpanState>,
        /// What is being changed; empty: nothing.
        change: Rc<str>,
        /// What stands out: "user:7 on n4", "star in 8 pieces", [`SERVICE_DOWN`].
        special: Vec<Rc<str>>,
    }

    struct SpanState {
        from: Bytes,
        /// None: on without end.
        to: Option<Bytes>,
        shard: NodeId,
    }

    /// A shard's figures.
    #[derive(Default)]
    struct ShardState {
        shard: NodeId,
        up: bool,
        keys: u64,
        /// Requests that it answered, and those of them that it sent elsewhere.
        requests: u64,
        bounced: u64,
        /// How long it has worked.
        busy_ns: u64,
        /// How long a request that comes now waits.
        backlog_ns: u64,
        /// Thousandths of its time that it worked lately.
        heat: u64,
    }

    /// Keys on their way from one shard to another.
    struct StreamState {
        from: NodeId,
        to: NodeId,
        phase: Rc<str>,
        /// Rows of the snapshot, and rows that changed meanwhile, that have arrived.
        copied: u64,
        caught_up: u64,
        /// Keys that were handed over.
        keys: u64,
    }

    /// A key that is drawn.
    struct KeyDot {
        key: Bytes,
        /// Its place on the ring.
        hash: u64,
        shard: NodeId,
        requests: u64,
        moves: u64,
    }

    /// The same keys under several strategies, before and after a shard comes.
    struct Survey {
        keys: u64,
        before: u64,
        after: u64,
        rows: Vec<SurveyRow>,
    }

    struct SurveyRow {
        strategy: Rc<str>,
        /// Keys of each shard, afterwards.
        counts: Vec<u64>,
        moved: u64,
        /// Of those, between shards that were there before.
        needless: u64,
        /// Keys that theory says move; below 0: it says nothing.
        expected: f64,
        /// How far shards are from the mean, and how far theory says they are; below 0: it says nothing.
        deviation: f64,
        theory: f64,
    }

    /// A query over shards.
    struct QueryState {
        request: u64,
        text: Rc<str>,
        latency_ns: u64,
        rows: u64,
        parts: Vec<QueryPart>,
    }

    struct QueryPart {
        shard: NodeId,
        /// "answered", "hedged" or "missing".
        fate: Rc<str>,
        latency_ns: u64,
        rows: u64,
    }
}

impl MapState {
    pub fn service_is_down(&self) -> bool {
        self.special.first().is_some_and(|first| **first == *SERVICE_DOWN)
    }
}

impl ShardingState {
    /// Changes what `event` says.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::ClusterMapChanged { map } => self.map = map.clone(),
            Event::ShardFigures { shard } => {
                match self.shards.binary_search_by_key(&shard.shard, |known| known.shard) {
                    Ok(at) => self.shards[at] = shard.clone(),
                    Err(at) => self.shards.insert(at, shard.clone()),
                }
            }
            Event::ShardGone { shard } => self.shards.retain(|known| known.shard != *shard),
            Event::StreamsCleared {} => self.streams.clear(),
            Event::StreamChanged { stream } => {
                let is_it = |known: &Rc<StreamState>| (known.from, known.to) == (stream.from, stream.to);
                match self.streams.iter().position(is_it) {
                    Some(at) => self.streams[at] = stream.clone(),
                    None => self.streams.push(stream.clone()),
                }
            }
            Event::KeyDotChanged { dot } => match self.dots.binary_search_by(|known| known.key.cmp(&dot.key)) {
                Ok(at) => self.dots[at] = dot.clone(),
                Err(at) if self.dots.len() < DOTS_MAX => self.dots.insert(at, dot.clone()),
                Err(_) => {}
            },
            Event::Surveyed { survey } => self.survey = Some(survey.clone()),
            Event::Gathered { query } => self.query = Some(query.clone()),
            _ => {}
        }
    }

    /// A shard's figures.
    pub fn shard(&self, shard: NodeId) -> Option<&ShardState> {
        self.shards.iter().map(|known| &**known).find(|known| known.shard == shard)
    }
}

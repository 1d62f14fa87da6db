//! The stack as plain data: what folding its events gives.

use std::rc::Rc;

use super::Stack;
use glassbase_trace::parts::sharding::MapState;
use glassbase_trace::parts::stack::{ShardPart, StackState};
use glassbase_trace::{Bytes, EngineState, NodeId, TierSource, Trace};

impl Stack {
    /// The stack as it stands.
    pub fn state(&self) -> StackState {
        let part = |group: &super::world::Group| {
            Rc::new(ShardPart { shard: group.shard, cluster: Rc::new(group.cluster.state()) })
        };
        StackState {
            tiers: Rc::new(self.tiers.state()),
            shards: self.groups.iter().map(part).collect(),
            map: Rc::new(self.map_state()),
            streams: self.streams.clone(),
            weave: self.weave.clone(),
            goal: self.goal.clone(),
            cost: self.options.cost(self.groups.len()),
            store: self.options.store.into(),
            protocol: self.options.protocol.into(),
            copies: self.copies.iter().map(|copy| copy.version()).collect(),
            bounced: self.bounced,
            cut: self.tiers.cuts(),
        }
    }

    /// To be called once the state was put into the trace: from here on, what changes is told against it.
    pub fn told_all(&mut self) {
        self.groups.iter_mut().for_each(|group| group.cluster.told_all());
    }

    /// The map as people see it.
    pub(super) fn map_state(&self) -> MapState {
        let map = self.newest_map();
        let change = match self.groups.last() {
            Some(group) if self.moving.is_some() => format!("keys move to s{}", group.shard.0).into(),
            _ => "".into(),
        };
        MapState {
            version: map.version(),
            strategy: map.strategy().name().into(),
            shards: map.shards().collect(),
            change,
            ..MapState::default()
        }
    }

    /// The store of a replica as its own lab shows it; nothing for one in memory, or one that is not open.
    pub fn store_of(&self, shard: NodeId, node: NodeId) -> Option<EngineState> {
        self.cluster(shard)?.store_of(node)
    }

    /// From now on all that the store of a replica does is kept: see `Shelf::film`.
    pub fn film(&mut self, shard: NodeId, node: NodeId) -> Option<bool> {
        self.groups.iter_mut().find(|group| group.shard == shard)?.cluster.film(node)
    }

    /// What was filmed of it since the last time.
    pub fn filmed(&mut self, shard: NodeId, node: NodeId) -> Trace {
        let group = self.groups.iter_mut().find(|group| group.shard == shard);
        group.map_or_else(Trace::new, |group| group.cluster.filmed(node))
    }

    /// Where a key is now.
    pub fn home_of(&self, key: &Bytes) -> NodeId {
        self.shard_of(key)
    }

    /// How many keys the router knows.
    pub fn key_count(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Acknowledged writes of which nothing is left at their shard, though nothing newer is there either, and the writes of
    /// shards that were lost. Shards judge by what their own clients, the router's connections, were told. And what L2 still
    /// owed when its power failed.
    pub fn lost_writes(&self) -> u64 {
        let in_shards: u64 = self.groups.iter().map(|group| group.cluster.lost_writes().len() as u64).sum();
        in_shards + self.tiers.told().counts.lost
    }

    /// What all machines cost in an hour.
    pub fn cost(&self) -> u64 {
        self.options.cost(self.groups.len())
    }

    /// Spans of the request that was followed last, and who answered it.
    pub fn latest_spans(&self) -> u64 {
        self.weave.follows.last().map_or(0, |follow| follow.spans.len() as u64 + follow.skipped)
    }

    pub fn latest_source(&self) -> Option<TierSource> {
        self.weave.follows.last().map(|follow| follow.source)
    }

    /// Who waits for what, in words.
    pub fn waits(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            format!("s{}: {} under way, {} in line", group.shard.0, group.busy.len(), group.waiting.len())
        });
        let groups = groups.collect::<Vec<_>>().join("; ");
        let (open, errands, moving) = (self.tiers.open(), self.errands.len(), self.keys_to_move());
        format!("{open} requests are open, {errands} errands under way, {moving} keys are to move; {groups}")
    }

    /// About how much memory it takes.
    pub fn approx_bytes(&self) -> usize {
        let replicas = self.groups.len() * usize::from(self.options.cluster.nodes);
        replicas * (96 << 10) + self.tiers.entries() * 200 + self.history.operations.len() * 160 + self.keys.len() * 40
    }
}

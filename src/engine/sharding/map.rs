//! The cluster map: which shards there are and how keys are placed on them, as a value with a version.
//!
//! ```text
//!   ClusterMap  version, strategy, members ──▶ derived: ring, table of slots
//!        │      spans (range), homes of single keys, keys that are salted
//!        └── changed(&Change) ──▶ the next version
//! ```
//!
//! Routers and shards keep copies; who has an older version than another one is told so.
//!
//! **Invariant:** a map is a function of how it was made and changed; equal maps place every key alike.

use std::rc::Rc;

use crate::error::ShardingError;
use crate::hash::mix;
use crate::placement::range::{self, Span};
use crate::placement::ring::Ring;
use crate::placement::{Placement, Strategy, bounded, directory};
use glassbase_trace::bytes::show;
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, NodeId};

/// A shard of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub shard: NodeId,
    /// How much of the keys it shall have, compared with the others.
    pub weight: u32,
    /// Where it stands: "eu".
    pub region: Rc<str>,
    /// What it bids with.
    pub name_hash: u64,
}

impl Member {
    pub fn new(shard: NodeId) -> Member {
        Member { shard, weight: 1, region: "".into(), name_hash: mix(!u64::from(shard.0)) }
    }
}

/// How maps are made.
#[derive(Clone, Debug, PartialEq)]
pub struct MapOptions {
    pub strategy: Strategy,
    /// Points of a shard on the ring.
    pub virtual_nodes: u32,
    /// Bounded loads: most that a shard may have, in hundredths of its share.
    pub bound_percent: u32,
    /// Ranges: at first they share the numbers below this.
    pub keys: u64,
    /// Ranges: the last one ends there; keys behind it have no place.
    pub ends: bool,
    /// Geographic: shards stand in these in turn.
    pub regions: Vec<Rc<str>>,
}

impl Default for MapOptions {
    fn default() -> MapOptions {
        let regions = ["eu", "us", "asia"].into_iter().map(Rc::from).collect();
        MapOptions {
            strategy: Strategy::Consistent,
            virtual_nodes: 128,
            bound_percent: 125,
            keys: 1000,
            ends: false,
            regions,
        }
    }
}

impl MapOptions {
    fn check(&self) -> Result<(), ShardingError> {
        let bad = |name, value, allowed| Err(ShardingError::BadOption { name, value, allowed });
        match self {
            _ if !(1..=4096).contains(&self.virtual_nodes) => {
                bad("virtual_nodes", u64::from(self.virtual_nodes), "from 1 to 4096")
            }
            _ if !(101..=1000).contains(&self.bound_percent) => {
                bad("bound", u64::from(self.bound_percent), "from 101 to 1000 hundredths of a share")
            }
            _ if self.keys == 0 => bad("keys", 0, "at least 1"),
            _ => Ok(()),
        }
    }
}

/// What is done to a map.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another shard. Where there are ranges it has none yet.
    Add { shard: NodeId, weight: u32 },
    /// The shard goes; ranges of it go to their neighbour.
    Remove { shard: NodeId },
    /// How much a shard shall have from now on.
    Weigh { shard: NodeId, weight: u32 },
    /// Cuts the range of a key in two there; the upper part goes to `shard`, which is added if it is new.
    Split { at: Bytes, shard: NodeId },
    /// The range that begins at a key becomes part of the one before it.
    Merge { at: Bytes },
    /// A key gets a shard of its own, whatever the strategy says of it.
    Dedicate { key: Bytes, shard: NodeId },
    /// A key is kept in so many pieces under names of their own: writes go to any of them, reads ask all.
    Salt { key: Bytes, pieces: u16 },
}

/// Which shards there are, and where keys are.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterMap {
    version: u64,
    options: MapOptions,
    members: Vec<Member>,
    spans: Vec<Span>,
    homes: SortedMap<Bytes, NodeId>,
    salts: SortedMap<Bytes, u16>,
    ring: Rc<Ring>,
    slots: Rc<Vec<NodeId>>,
}

impl ClusterMap {
    /// The first map: shards n1 to n`shards`, all alike.
    pub fn new(options: MapOptions, shards: u16) -> Result<ClusterMap, ShardingError> {
        options.check()?;
        if shards == 0 {
            return Err(ShardingError::NoShards);
        }
        let mut map = ClusterMap {
            version: 1,
            options,
            members: Vec::new(),
            spans: Vec::new(),
            homes: SortedMap::new(),
            salts: SortedMap::new(),
            ring: Rc::default(),
            slots: Rc::default(),
        };
        (1..=shards).for_each(|number| map.join(NodeId(number), 1));
        if map.strategy() == Strategy::Range {
            let shards: Vec<NodeId> = map.shards().collect();
            map.spans = range::even(&shards, map.options.keys, map.options.ends);
        }
        map.derive();
        Ok(map)
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn strategy(&self) -> Strategy {
        self.options.strategy
    }

    pub fn options(&self) -> &MapOptions {
        &self.options
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn shards(&self) -> impl Iterator<Item = NodeId> {
        self.members.iter().map(|member| member.shard)
    }

    pub fn has(&self, shard: NodeId) -> bool {
        self.shards().any(|known| known == shard)
    }

    pub fn is_weighted(&self) -> bool {
        self.members.windows(2).any(|pair| pair[0].weight != pair[1].weight)
    }

    /// The ranges; none for other strategies.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    pub fn slots(&self) -> &[NodeId] {
        &self.slots
    }

    /// Keys with a shard of their own.
    pub fn homes(&self) -> impl Iterator<Item = (&Bytes, &NodeId)> {
        self.homes.iter()
    }

    /// Keys that are kept in pieces, and in how many.
    pub fn salts(&self) -> impl Iterator<Item = (&Bytes, &u16)> {
        self.salts.iter()
    }

    /// In how many pieces a key is kept; 0 for one that is not salted.
    pub fn pieces(&self, key: &[u8]) -> u16 {
        if self.salts.is_empty() { 0 } else { self.salts.get(key).copied().unwrap_or(0) }
    }

    /// Regions in which shards stand, each once.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> = Vec::new();
        for member in &self.members {
            if !regions.contains(&&*member.region) {
                regions.push(&member.region);
            }
        }
        regions
    }

    /// The shard that a key lives on.
    #[inline]
    pub fn place(&self, key: &[u8]) -> Result<NodeId, ShardingError> {
        if !self.homes.is_empty()
            && let Some(home) = self.homes.get(key)
        {
            return Ok(*home);
        }
        self.strategy().placement().place(key, self)
    }

    /// The shards that may have keys from `from` up to and including `to`, in order.
    pub fn shards_of_range(&self, from: Option<&[u8]>, to: Option<&[u8]>) -> Vec<NodeId> {
        if self.strategy() != Strategy::Range {
            return self.shards().collect();
        }
        let spans = self.spans.iter().filter(|span| span.meets(from, to)).map(|span| span.shard);
        let within = |key: &&Bytes| from.is_none_or(|from| from <= &***key) && to.is_none_or(|to| &***key <= to);
        let homes = self.homes.iter().filter(|(key, _)| within(key)).map(|(_, home)| *home);
        let mut shards: Vec<NodeId> = spans.chain(homes).collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// The map after a change.
    pub fn changed(&self, change: &Change) -> Result<ClusterMap, ShardingError> {
        let mut next = self.clone();
        next.version += 1;
        match change {
            Change::Add { shard, weight } => {
                if self.has(*shard) {
                    return Err(ShardingError::ShardThere { shard: *shard });
                }
                self.check_weight(*weight)?;
                next.join(*shard, *weight);
            }
            Change::Remove { shard } => next.leave(*shard)?,
            Change::Weigh { shard, weight } => {
                self.check_weight(*weight)?;
                let place = self.place_of(*shard)?;
                next.members[place].weight = *weight;
            }
            Change::Split { at, shard } => next.split(at, *shard)?,
            Change::Merge { at } => next.merge(at)?,
            Change::Dedicate { key, shard } => {
                self.place_of(*shard)?;
                next.homes.insert(key.clone(), *shard);
            }
            Change::Salt { key, pieces } => {
                if !(2..=64).contains(pieces) {
                    let value = u64::from(*pieces);
                    return Err(ShardingError::BadOption { name: "pieces", value, allowed: "from 2 to 64" });
                }
                let known = self.pieces(key);
                if *pieces < known {
                    return Err(ShardingError::FewerPieces { key: key.clone(), known });
                }
                next.salts.insert(key.clone(), *pieces);
            }
        }
        next.derive();
        // A key that no range, or no region, has lives where it was put, and nowhere else.
        match self.homes.iter().find(|(key, _)| next.place(key).is_err()) {
            Some((key, home)) => Err(ShardingError::LastHome { shard: *home, key: key.clone() }),
            None => Ok(next),
        }
    }

    /// Pairs of shards between which keys may have to go when this map becomes `next`: all that do, and maybe others.
    pub fn moves_to(&self, next: &ClusterMap) -> Vec<(NodeId, NodeId)> {
        let mut moves = match self.strategy() {
            Strategy::Consistent => self.ring.moves_to(&next.ring),
            Strategy::Range => range::moves(&self.spans, &next.spans),
            Strategy::Bounded | Strategy::Directory => {
                self.slots.iter().zip(next.slots.iter()).map(|(old, new)| (*old, *new)).collect()
            }
            // Where nothing is known of arcs: from each to each.
            _ if self.members == next.members => Vec::new(),
            _ => self.shards().flat_map(|old| next.shards().map(move |new| (old, new))).collect(),
        };
        for (key, _) in self.homes.iter().chain(next.homes.iter()) {
            moves.extend(self.place(key).ok().zip(next.place(key).ok()));
        }
        let is_new = |shard: NodeId| next.has(shard) && !self.has(shard);
        let is_gone = |shard: NodeId| self.has(shard) && !next.has(shard);
        let same_weights = !self.is_weighted() && !next.is_weighted();
        let is_monotone = self.strategy().is_monotone() && same_weights && self.homes == next.homes;
        moves.retain(|(old, new)| old != new && (!is_monotone || is_new(*new) || is_gone(*old)));
        moves.sort_unstable();
        moves.dedup();
        moves
    }

    fn join(&mut self, shard: NodeId, weight: u32) {
        let mut member = Member { weight, ..Member::new(shard) };
        if self.strategy() == Strategy::Geographic && !self.options.regions.is_empty() {
            member.region = self.options.regions[(usize::from(shard.0) - 1) % self.options.regions.len()].clone();
        }
        self.members.push(member);
    }

    fn leave(&mut self, shard: NodeId) -> Result<(), ShardingError> {
        let place = self.place_of(shard)?;
        if self.members.len() == 1 {
            return Err(ShardingError::LastShard { shard });
        }
        let Member { region, .. } = self.members.remove(place);
        let is_of_region = |member: &Member| member.region == region;
        if self.strategy() == Strategy::Geographic && !self.members.iter().any(is_of_region) {
            return Err(ShardingError::LastOfRegion { shard, region: region.to_string() });
        }
        self.homes.retain(|_, home| *home != shard);
        for at in 0..self.spans.len() {
            if self.spans[at].shard == shard {
                // The one before has been taken care of; at the beginning the next one that stays.
                let before = at.checked_sub(1).map(|before| self.spans[before].shard);
                let behind = self.spans[at..].iter().map(|span| span.shard).find(|other| *other != shard);
                self.spans[at].shard = before.or(behind).unwrap_or(self.members[0].shard);
            }
        }
        self.join_spans();
        Ok(())
    }

    fn split(&mut self, at: &Bytes, shard: NodeId) -> Result<(), ShardingError> {
        self.only_ranges("splitting a range")?;
        if self.spans.iter().any(|span| span.from == *at) {
            return Err(ShardingError::RangeBegins { key: at.clone() });
        }
        range::Range.place(at, self)?;
        if !self.has(shard) {
            self.join(shard, 1);
        }
        let place = self.spans.partition_point(|span| span.from <= *at) - 1;
        let upper = Span { from: at.clone(), to: self.spans[place].to.take(), shard };
        self.spans[place].to = Some(at.clone());
        self.spans.insert(place + 1, upper);
        Ok(())
    }

    fn merge(&mut self, at: &Bytes) -> Result<(), ShardingError> {
        self.only_ranges("merging ranges")?;
        let begins = |span: &Span| span.from == *at;
        match self.spans.iter().position(begins) {
            Some(place) if place > 0 && self.spans[place - 1].to.as_ref() == Some(at) => {
                let upper = self.spans.remove(place);
                self.spans[place - 1].to = upper.to;
                Ok(())
            }
            _ => {
                let known = self.spans.iter().skip(1).map(|span| show(&span.from)).collect::<Vec<_>>().join(", ");
                Err(ShardingError::NoRangeBegins { key: at.clone(), known })
            }
        }
    }

    /// Neighbouring spans of one shard become one.
    fn join_spans(&mut self) {
        let mut joined: Vec<Span> = Vec::with_capacity(self.spans.len());
        for span in self.spans.drain(..) {
            match joined.last_mut() {
                Some(last) if last.shard == span.shard && last.to.as_ref() == Some(&span.from) => last.to = span.to,
                _ => joined.push(span),
            }
        }
        self.spans = joined;
    }

    fn only_ranges(&self, what: &'static str) -> Result<(), ShardingError> {
        match self.strategy() {
            Strategy::Range => Ok(()),
            other => Err(ShardingError::OtherStrategy { what, strategy: "range", other: other.name() }),
        }
    }

    fn check_weight(&self, weight: u32) -> Result<(), ShardingError> {
        if !(1..=100).contains(&weight) {
            return Err(ShardingError::BadOption {
                name: "weight",
                value: u64::from(weight),
                allowed: "from 1 to 100",
            });
        }
        if weight > 1 && !self.strategy().has_weights() {
            return Err(ShardingError::OtherStrategy {
                what: "a weight",
                strategy: "consistent hashing, with bounded loads too, rendezvous, directory and geographic",
                other: self.strategy().name(),
            });
        }
        Ok(())
    }

    fn place_of(&self, shard: NodeId) -> Result<usize, ShardingError> {
        let place = self.members.iter().position(|member| member.shard == shard);
        place.ok_or_else(|| {
            let known = self.shards().map(|shard| shard.to_string()).collect::<Vec<_>>().join(", ");
            ShardingError::NoSuchShard { shard, known }
        })
    }

    /// Works out ring and table anew.
    fn derive(&mut self) {
        match self.strategy() {
            Strategy::Consistent => self.ring = Rc::new(Ring::new(&self.members, self.options.virtual_nodes)),
            Strategy::Bounded => {
                let ring = Ring::new(&self.members, self.options.virtual_nodes);
                self.slots = Rc::new(bounded::table(&self.members, &ring, self.options.bound_percent));
                self.ring = Rc::new(ring);
            }
            Strategy::Directory => self.slots = Rc::new(directory::table(&self.members, &self.slots)),
            _ => {}
        }
        debug_assert!(!self.members.is_empty(), "a map has a shard");
        debug_assert!(self.spans.windows(2).all(|pair| pair[0].to.as_ref().is_some_and(|to| *to <= pair[1].from)));
    }
}

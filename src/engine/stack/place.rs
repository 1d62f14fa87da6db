//! How places are called: `app1`, `l2` (all of its nodes), `l2-1`, `router`, `s1` (a whole shard), `s1n2`, `s1leader`.

use std::fmt;

use super::{Stack, StackError};
use glassbase_trace::NodeId;

/// A place of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    App(u16),
    /// All nodes of L2.
    Caches,
    Cache(u16),
    Router,
    /// All replicas of a shard.
    Shard(NodeId),
    Replica(NodeId, NodeId),
    /// Whoever leads the shard at the moment.
    Leader(NodeId),
}

impl Place {
    /// The place of a word.
    pub fn parse(word: &str) -> Option<Place> {
        let number = |text: &str| text.parse::<u16>().ok().filter(|number| (1..1000).contains(number));
        match word {
            "l2" => return Some(Place::Caches),
            "router" => return Some(Place::Router),
            _ => {}
        }
        if let Some(rest) = word.strip_prefix("app") {
            return number(rest).map(Place::App);
        }
        if let Some(rest) = word.strip_prefix("l2-") {
            return number(rest).map(Place::Cache);
        }
        let rest = word.strip_prefix('s')?;
        if let Some(shard) = rest.strip_suffix("leader") {
            return number(shard).map(|shard| Place::Leader(NodeId(shard)));
        }
        match rest.split_once('n') {
            Some((shard, node)) => Some(Place::Replica(NodeId(number(shard)?), NodeId(number(node)?))),
            None => number(rest).map(|shard| Place::Shard(NodeId(shard))),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::App(number) => write!(formatter, "app{number}"),
            Place::Caches => write!(formatter, "l2"),
            Place::Cache(number) => write!(formatter, "l2-{number}"),
            Place::Router => write!(formatter, "router"),
            Place::Shard(shard) => write!(formatter, "s{}", shard.0),
            Place::Replica(shard, node) => write!(formatter, "s{}n{}", shard.0, node.0),
            Place::Leader(shard) => write!(formatter, "s{}leader", shard.0),
        }
    }
}

impl Stack {
    /// The place of a word, if there is such a one; of a leader the replica that leads now.
    pub fn place(&self, word: &str) -> Result<Place, StackError> {
        let unknown = || StackError::NoPlace { word: word.to_string() };
        let place = Place::parse(word).ok_or_else(unknown)?;
        let tiers = &self.options.tiers;
        let has = |shard: NodeId| self.groups.iter().any(|group| group.shard == shard);
        match place {
            Place::App(number) if number <= tiers.apps => Ok(place),
            Place::Cache(number) if number <= tiers.caches => Ok(place),
            Place::Caches | Place::Router => Ok(place),
            Place::Shard(shard) if has(shard) => Ok(place),
            Place::Replica(shard, node) if has(shard) && node.0 <= self.options.cluster.nodes => Ok(place),
            Place::Leader(shard) if has(shard) => {
                let leader = self.leader(shard).ok_or(StackError::NoLeader { shard })?;
                Ok(Place::Replica(shard, leader))
            }
            _ => Err(unknown()),
        }
    }

    /// The replica of a word.
    pub fn replica(&self, word: &str) -> Result<(NodeId, NodeId), StackError> {
        match self.place(word)? {
            Place::Replica(shard, node) => Ok((shard, node)),
            _ => Err(StackError::NoReplica { word: word.to_string() }),
        }
    }

    /// Who leads a shard, of the replicas that are up.
    pub fn leader(&self, shard: NodeId) -> Option<NodeId> {
        let group = self.groups.iter().find(|group| group.shard == shard)?;
        let crowned = group.cluster.heads().filter(|(_, head)| head.crowned);
        crowned.max_by_key(|(_, head)| head.term).map(|(node, _)| node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_called_as_it_is_read() {
        for word in ["app1", "l2", "l2-2", "router", "s1", "s12n3", "s2leader"] {
            assert_eq!(Place::parse(word).map(|place| place.to_string()).as_deref(), Some(word));
        }
        for word in ["", "s", "sn1", "s1n", "app", "app0", "l2-", "disk", "s1n99999", "sleader"] {
            assert_eq!(Place::parse(word), None, "{word}");
        }
    }
}

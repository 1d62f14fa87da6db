//! Counting keys: how many each shard has under a map, and how many move when it becomes another one.

use super::theory;
use crate::error::ShardingError;
use crate::map::ClusterMap;
use glassbase_trace::NodeId;

/// How keys are spread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Balance {
    /// Keys of each shard, in the order of the map.
    pub counts: Vec<(NodeId, u64)>,
    pub keys: u64,
    /// Keys that have no place under this map.
    pub homeless: u64,
}

impl Balance {
    /// Counts these keys.
    pub fn of<'a>(map: &ClusterMap, keys: impl Iterator<Item = &'a [u8]>) -> Balance {
        let last = map.shards().map(|shard| usize::from(shard.0)).max().unwrap_or(0);
        let mut by_shard = vec![0; last + 1];
        let (mut all, mut homeless) = (0, 0);
        for key in keys {
            all += 1;
            match map.place(key) {
                Ok(shard) => by_shard[usize::from(shard.0)] += 1,
                Err(_) => homeless += 1,
            }
        }
        let counts = map.shards().map(|shard| (shard, by_shard[usize::from(shard.0)])).collect();
        Balance { counts, keys: all, homeless }
    }

    pub fn mean(&self) -> f64 {
        (self.keys - self.homeless) as f64 / self.counts.len().max(1) as f64
    }

    /// One standard deviation, in shares of the mean.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        if mean == 0.0 {
            return 0.0;
        }
        let squares: f64 = self.counts.iter().map(|(_, count)| (*count as f64 - mean) * (*count as f64 - mean)).sum();
        (squares / self.counts.len() as f64).sqrt() / mean
    }

    /// The fullest shard, in shares of the mean.
    pub fn peak(&self) -> f64 {
        let most = self.counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if self.mean() == 0.0 { 0.0 } else { most as f64 / self.mean() }
    }

    /// The deviation that theory expects under this map.
    pub fn expected(&self, map: &ClusterMap) -> Option<f64> {
        let shards = map.members().len() as u64;
        theory::deviation(map.strategy(), shards, self.keys, u64::from(map.options().virtual_nodes))
    }
}

/// What moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    pub keys: u64,
    pub moved: u64,
    /// Of those that moved: between shards that are there before and after, which nothing forced.
    pub needless: u64,
}

impl Movement {
    pub fn share(&self) -> f64 {
        self.moved as f64 / self.keys.max(1) as f64
    }

    /// Counts these keys when one map becomes another one.
    pub fn of<'a>(before: &ClusterMap, after: &ClusterMap, keys: impl Iterator<Item = &'a [u8]>) -> Movement {
        let mut movement = Movement::default();
        for key in keys {
            movement.keys += 1;
            if let Ok(Some((from, to))) = step(before, after, key) {
                movement.moved += 1;
                movement.needless += u64::from(before.has(to) && after.has(from));
            }
        }
        movement
    }
}

/// From where to where a key goes when one map becomes another one, if it goes.
pub fn step(before: &ClusterMap, after: &ClusterMap, key: &[u8]) -> Result<Option<(NodeId, NodeId)>, ShardingError> {
    let (from, to) = (before.place(key)?, after.place(key)?);
    Ok((from != to).then_some((from, to)))
}

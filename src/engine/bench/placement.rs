//! Placement as work: look-ups as a router does them, and what moves when a shard comes.

use crate::sharding::ShardingError;
use crate::sharding::map::{Change, ClusterMap, MapOptions};
use crate::sharding::placement::Strategy;
use crate::sharding::placement::survey::{Balance, Movement};
use crate::trace::{Bytes, NodeId};

/// All of two letters, so that all keys have one length.
const REGIONS: [&str; 4] = ["eu", "us", "in", "br"];
/// A prime beyond any number of keys here: by steps of it all of them are reached, in no order that a cache could follow.
const STEP: u64 = 2_654_435_761;

/// A map, and keys to look up under it: numbers of eight bytes, for a geographic placement with a region before them.
pub struct PlacementSubject {
    map: ClusterMap,
    keys: Vec<u8>,
    key_bytes: usize,
}

impl PlacementSubject {
    pub fn new(strategy: Strategy, shards: u16, keys: u64) -> Result<PlacementSubject, ShardingError> {
        let regions = REGIONS.map(std::rc::Rc::from).to_vec();
        let map = ClusterMap::new(MapOptions { strategy, keys, regions, ..MapOptions::default() }, shards)?;
        let is_geographic = strategy == Strategy::Geographic;
        let key_bytes = if is_geographic { 11 } else { 8 };
        let mut all = Vec::with_capacity(keys as usize * key_bytes);
        for index in 0..keys {
            let number = (u128::from(index) * u128::from(STEP) % u128::from(keys)) as u64;
            if is_geographic {
                all.extend_from_slice(REGIONS[(number % REGIONS.len() as u64) as usize].as_bytes());
                all.push(b':');
            }
            all.extend_from_slice(&number.to_be_bytes());
        }
        Ok(PlacementSubject { map, keys: all, key_bytes })
    }

    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.chunks_exact(self.key_bytes)
    }

    pub fn map(&self) -> &ClusterMap {
        &self.map
    }

    /// Looks every key up, as a router does: in how many pieces it is, and where. The sum of the shards' numbers.
    pub fn look_up(&self) -> Result<u64, ShardingError> {
        let mut sum = 0;
        for key in self.keys() {
            sum += u64::from(self.map.pieces(key)) + u64::from(self.map.place(key)?.0);
        }
        Ok(sum)
    }

    /// The map with one shard more.
    pub fn grown(&self) -> Result<ClusterMap, ShardingError> {
        let shards = self.map.members().len() as u64;
        let shard = NodeId(shards as u16 + 1);
        let change = match self.map.strategy() {
            // It takes the upper half of the last range.
            Strategy::Range => {
                let keys = self.map.options().keys;
                Change::Split { at: Bytes::number((keys * (shards - 1) / shards + keys).div_ceil(2)), shard }
            }
            _ => Change::Add { shard, weight: 1 },
        };
        self.map.changed(&change)
    }

    /// What moves when the map becomes `after`, and how the keys are spread then.
    pub fn survey(&self, after: &ClusterMap) -> (Movement, Balance) {
        (Movement::of(&self.map, after, self.keys()), Balance::of(after, self.keys()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_there_once_and_has_a_place_under_every_strategy() {
        for strategy in Strategy::ALL {
            let subject = PlacementSubject::new(*strategy, 12, 3000).expect("a map");
            let mut keys: Vec<&[u8]> = subject.keys().collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), 3000, "{}", strategy.name());
            let sum = subject.look_up().expect("a place for each");
            assert!((3000..=12 * 3000).contains(&sum));
            let after = subject.grown().expect("a thirteenth shard");
            let (movement, balance) = subject.survey(&after);
            assert_eq!((movement.keys, balance.keys, balance.homeless), (3000, 3000, 0));
            assert!(movement.moved > 0 && balance.counts.len() == 13, "{}", strategy.name());
        }
    }
}

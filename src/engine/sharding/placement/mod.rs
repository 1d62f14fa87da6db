//! Which shard a key lives on: one trait, a function of the key and the cluster map and of nothing else.
//!
//! ```text
//!                     looks up            a shard more moves       range query     needs
//!   range             binary search       what it is given         few shards      bounds, chosen well
//!   modulo            one division        nearly everything        all shards      the number of shards
//!   consistent        ring                K/N, from everywhere     all shards      virtual nodes
//!   bounded           table of slots      K/N and a little         all shards      the same, and a bound
//!   rendezvous        asks every shard    K/N, from everywhere     all shards      nothing
//!   jump              ln N steps          K/N, from everywhere     all shards      shards numbered without gaps
//!   directory         table of slots      what it is given         all shards      the table
//!   geographic        region, rendezvous  K/N of its region        one region      keys that tell their region
//! ```
//!
//! - [`range`], [`ring`], [`bounded`], [`rendezvous`], [`jump`], [`directory`], [`geographic`]; modulo is here.
//! - [`theory`]: what balance and movement mathematics promises. [`survey`]: what they are.

pub mod bounded;
pub mod directory;
pub mod geographic;
pub mod jump;
pub mod range;
pub mod rendezvous;
pub mod ring;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod theory;

use crate::error::ShardingError;
use crate::hash::hash;
use crate::map::ClusterMap;
use glassbase_trace::{NodeId, words};

/// Places keys.
pub trait Placement {
    /// The shard that a key lives on.
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError>;
}

words! {
    /// How keys are placed.
    Strategy {
        Range = "range",
        Modulo = "modulo",
        Consistent = "consistent",
        Bounded = "bounded",
        Rendezvous = "rendezvous",
        Jump = "jump",
        Directory = "directory",
        Geographic = "geographic",
    }
}

impl Strategy {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Range => "range",
            Strategy::Modulo => "hash modulo",
            Strategy::Consistent => "consistent hashing",
            Strategy::Bounded => "consistent hashing with bounded loads",
            Strategy::Rendezvous => "rendezvous hashing",
            Strategy::Jump => "jump hash",
            Strategy::Directory => "directory",
            Strategy::Geographic => "geographic",
        }
    }

    pub fn placement(self) -> &'static dyn Placement {
        match self {
            Strategy::Range => &range::Range,
            Strategy::Modulo => &Modulo,
            Strategy::Consistent => &ring::Consistent,
            Strategy::Bounded => &bounded::Bounded,
            Strategy::Rendezvous => &rendezvous::Rendezvous,
            Strategy::Jump => &jump::Jump,
            Strategy::Directory => &directory::Directory,
            Strategy::Geographic => &geographic::Geographic,
        }
    }

    /// Whether a shard may be given more keys than another.
    pub fn has_weights(self) -> bool {
        !matches!(self, Strategy::Range | Strategy::Modulo | Strategy::Jump)
    }

    /// Whether a shard that is added takes keys and no other shard does, and one that is removed only gives: then every
    /// key that moves, moves because it has to. Jump hash has this for the last shard alone.
    pub fn is_monotone(self) -> bool {
        matches!(self, Strategy::Consistent | Strategy::Rendezvous | Strategy::Geographic)
    }
}

/// The remainder of the key's hash: as even as can be, and nearly every key moves when the number of shards changes.
#[derive(Clone, Copy, Debug)]
pub struct Modulo;

impl Placement for Modulo {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let shards = map.members().len() as u64;
        let place = hash(key).checked_rem(shards).ok_or(ShardingError::NoShards)?;
        Ok(map.members()[place as usize].shard)
    }
}

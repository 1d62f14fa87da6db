//! What mathematics promises: how unequal shards are, and how many keys move.
//!
//! ```text
//!   a key falls on one of N shards by chance     deviation of a shard's share   sqrt((N - 1) / K)
//!   arcs of V virtual nodes a shard              and on top of that             sqrt((N - 1) / (N V + 1))
//! ```
//!
//! The arcs between points that fall on a ring by chance are like the pieces of a stick broken at random: the share of V of
//! N·V pieces has a beta distribution, whose deviation this is. Deviations are told in shares of the mean.

use super::Strategy;
use super::directory;

/// How far shards are from the mean, one standard deviation, in shares of it. Nothing for ranges and regions: that is up to
/// the keys.
pub fn deviation(strategy: Strategy, shards: u64, keys: u64, virtual_nodes: u64) -> Option<f64> {
    let (shards, keys, points) = (shards as f64, keys.max(1) as f64, (shards * virtual_nodes.max(1)) as f64);
    let by_chance = (shards - 1.0) / keys;
    match strategy {
        Strategy::Modulo | Strategy::Rendezvous | Strategy::Jump => Some(by_chance.sqrt()),
        Strategy::Consistent => Some((by_chance + (shards - 1.0) / (points + 1.0)).sqrt()),
        // Some shards have a slot more than the others.
        Strategy::Directory => {
            let each = directory::SLOTS as f64 / shards;
            let more = each - each.floor();
            Some((by_chance + more * (1.0 - more) / (each * each)).sqrt())
        }
        Strategy::Range | Strategy::Bounded | Strategy::Geographic => None,
    }
}

/// About how far the fullest of so many shards is above the mean, if shards have this deviation: the expected greatest of
/// N normally distributed numbers is near `sqrt(2 ln N)`.
pub fn peak(deviation: f64, shards: u64) -> f64 {
    1.0 + deviation * (2.0 * libm::log(shards.max(2) as f64)).sqrt()
}

/// The share of all keys that moves when so many shards become so many, with equal weights. Nothing for ranges and
/// regions.
pub fn moved(strategy: Strategy, before: u64, after: u64) -> Option<f64> {
    let (fewer, more) = (before.min(after) as f64, before.max(after) as f64);
    match strategy {
        Strategy::Consistent | Strategy::Rendezvous | Strategy::Jump | Strategy::Directory => {
            Some((more - fewer) / more.max(1.0))
        }
        // A key stays if both remainders are one: of every least common multiple of numbers that is the smaller count.
        Strategy::Modulo => {
            let (a, b) = (before.max(1), after.max(1));
            let common = a / gcd(a, b) * b;
            Some(1.0 - a.min(b) as f64 / common as f64)
        }
        Strategy::Range | Strategy::Bounded | Strategy::Geographic => None,
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

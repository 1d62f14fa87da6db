//! Caches before a database: application servers with a cache in each, a distributed cache, a database that has its limits.
//!
//! ```text
//!   clients ──▶ application servers ────▶ L2: nodes on a ring ────▶ database: a store behind
//!               L1 in the process          one thing at a time        a pool of connections
//!               about 1 us                 about 1 ms                 about 10 ms, more when crowded
//! ```
//!
//! - [`Options`]: sizes, times, and which strategy, invalidation, guard and cures are in use.
//! - [`Tiers`]: the world. It lets requests fall through the tiers in virtual time, one event after the other.
//! - [`Ledger`]: the onlooker who says which answers were stale, and since when.
//! - [`Breaker`], [`Bloom`], [`Ring`], [`CacheStore`]: the parts, each on its own.
//!
//! What goes wrong in life goes wrong here for the same reasons: a set that comes after the invalidation it should have come
//! before, a thousand requests that miss at once, a queue before the database that grows until nobody waits any longer.
//!
//! **Invariant:** a run is a function of its options, its seed and what is asked of it, in order.
//! **Invariant:** every request ends exactly once. **Invariant:** folding the events gives [`Tiers::state`].

mod app;
mod at_cache;
mod at_database;
mod bloom;
mod breaker;
mod database;
mod describe;
mod error;
mod fault;
mod flush;
mod ledger;
mod node;
mod options;
mod read;
mod remote;
mod ring;
mod store;
mod task;
#[cfg(test)]
mod tests;
mod workload;
mod world;
mod write;

pub use bloom::Bloom;
pub use breaker::{Breaker, Passage};
pub use database::Row;
pub use error::TierError;
pub use ledger::{Ledger, Write};
pub use options::{CAPACITY_MAX, Guard, HotKey, Invalidation, Options, SERVERS_MAX, Stampede, Strategy};
pub use remote::{Asked, RemoteQuery, Told};
pub use ring::Ring;
pub use store::{CacheStore, Entry};
pub use workload::{Arrival, BURST_MAX, Keys, Workload};
pub use world::{Place, Tiers};

//! All floors composed: one request from its client, through caches and router, to a shard's replicas and down to their pages.
//!
//! ```text
//!   clients ──▶ application servers (L1) ──▶ L2 ──▶ router ──map──▶ shard 1: replicas, each a store on its disk
//!   └────────────── cache::Tiers ───────────────┘      │            shard 2: …   a replication::Cluster each
//!                                                  errands: one write of a key at a time
//! ```
//!
//! Nothing is built here a second time. The tiers of `cache` have the router in the place of their database; what they ask it is
//! an [`errand`](router), which goes to the cluster of the shard that `sharding`'s map names. One clock, one trace: whatever
//! is due next, in front or in a shard, happens next, and what a shard tells stands within its number
//! ([`Event::Within`](glassbase_trace::Event::Within)).
//!
//! - [`Options`]: what there is of everything. [`Stack`]: the world. [`Place`]: whom one can kill, and how they are called.
//! - `router`: errands. `reshard`: a shard more, while requests go on. `describe`: the whole as plain data.
//! - [`Goal`]: what a scenario wants to be true, and what it may cost.
//!
//! **Invariant:** a run is a function of its options, its seed and what is asked of it, in order; recording changes nothing.
//! **Invariant:** every request ends exactly once. **Invariant:** folding the events gives [`Stack::state`].

mod describe;
mod error;
mod fault;
mod goal;
mod options;
mod place;
mod reshard;
mod router;
#[cfg(test)]
mod tests;
mod world;

pub use error::StackError;
pub use goal::{Condition, Goal, Metric};
pub use options::{Options, Prices};
pub use place::Place;
pub use world::{Ended, Stack};

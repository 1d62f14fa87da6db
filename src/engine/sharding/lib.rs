//! The data on several shards: where a key lives, how a request finds it, how it moves while requests go on, and what to
//! do about work that spans shards.
//!
//! ```text
//!   key ──▶ placement ──▶ shard                   a pure function of the key and the cluster map
//!   client ─ router ──▶ shard ──▶ store           routers may have an old map, and are told so
//!   source ══ snapshot, catch-up, cut-over ══▶ target       while requests go on
//! ```
//!
//! - [`placement`]: eight strategies, and what theory says of them. [`map`]: the cluster map and its changes.
//! - [`shard`]: whose keys are whose, requests, keys that go and come. [`row`]: how they are kept. [`message`]: what is said.
//! - [`service`]: the map that counts. [`cluster`]: the world in which all of this runs: routers, machines, faults.
//! - [`checker`]: whether a write was lost, or done twice. It knows none of the above.
//! - [`transaction`]: work that spans shards: all of it or nothing.

pub mod checker;
pub mod cluster;
pub mod error;
pub mod hash;
pub mod map;
pub mod message;
pub mod placement;
pub mod row;
pub mod service;
pub mod shard;
pub mod transaction;

pub use cluster::Cluster;
pub use error::ShardingError;
pub use map::{Change, ClusterMap, MapOptions, Member};
pub use placement::{Placement, Strategy};

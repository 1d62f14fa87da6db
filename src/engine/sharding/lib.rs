//! The data on several shards: where a key lives, how a request finds it, how it moves while requests go on, and what to
//! do about work that spans shards.
//!
//! ```text
//!   key ──▶ placement ──▶ shard       a pure function of the key and the cluster map
//! ```
//!
//! - [`placement`]: eight strategies, and what theory says of them. [`map`]: the cluster map and its changes.
//! - [`transaction`]: work that spans shards: all of it or nothing.

pub mod error;
pub mod hash;
pub mod map;
pub mod placement;
pub mod transaction;

pub use error::ShardingError;
pub use map::{Change, ClusterMap, MapOptions, Member};
pub use placement::{Placement, Strategy};

//! The data on several shards: where a key lives, how a request finds it, how it moves while requests go on, and what to
//! do about work that spans shards.
//!
//! ```text
//!   key ──▶ placement ──▶ shard       a pure function of the key and the cluster map
//! ```
//!
//! - [`transaction`]: work that spans shards: all of it or nothing.

pub mod transaction;

//! Glassbase: a whole database behind glass.
pub use glassbase_engine::{cache, eviction, history, replication, sharding, sim, stack, storage, trace};
pub use glassbase_view as view;

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod export;
pub mod lab;

#[cfg(target_arch = "wasm32")]
pub mod app;

#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub mod js;

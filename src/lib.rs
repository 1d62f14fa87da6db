//! Glassbase: a whole database behind glass.
pub use glassbase_engine::{eviction, history, replication, sharding, sim, storage, trace};

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod export;
pub mod lab;
pub mod view;

#[cfg(target_arch = "wasm32")]
pub mod app;

#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub mod js;

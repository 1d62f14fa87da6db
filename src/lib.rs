//! Glassbase: a whole database behind glass.
pub use glassbase_engine::{sim, storage, trace};

pub mod lab;
pub mod view;

#[cfg(target_arch = "wasm32")]
pub mod app;

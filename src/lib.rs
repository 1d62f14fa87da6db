//! Glassbase: a whole database behind glass.
pub use glassbase_engine::trace;

pub mod lab;
pub mod view;

#[cfg(target_arch = "wasm32")]
pub mod app;

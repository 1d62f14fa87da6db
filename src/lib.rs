//! Glassbase: a whole database behind glass.
pub use glassbase_engine::{sim, storage, trace};

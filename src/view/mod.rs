//! Folds a trace into what can be drawn, as plain data. Knows `trace` alone.

pub mod timeline;

pub use timeline::Timeline;

use crate::trace::EngineState;

/// What can be drawn at one point of a trace: the engine as it was, and what was going on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Folded from the events; equal to the state taken from the engine.
    pub state: EngineState,
    pub time_ns: u64,
    /// How many records have been folded.
    pub position: usize,
    // ... what is going on: command, operation with key and search path, split/merge/borrow under way, last answer,
    // comment, expectations, verification
}

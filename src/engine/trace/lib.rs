//! The lowest floor in a package of its own, because an optimisation level belongs to a package.
//!
//! What reads and writes traces is large and seldom runs, so it is built for size. What the engine does at every step,
//! asking whether anybody listens, is inlined into the engine's functions and built as they are.

#[path = "mod.rs"]
pub mod trace;

//! Values that merge: replicas change them without asking each other, and whatever they learn of each other's changes, in
//! whatever order and however often, they come to the same value.
//!
//! M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski, "Conflict-Free Replicated Data Types", 2011. A change goes to the
//! other replicas as a small state of its own that is merged there (P. Almeida, A. Shoker, C. Baquero, "Delta State
//! Replicated Data Types", 2018), so one rule serves changes, whole states, and both twice.
//!
//! - [`counter`]: adds and subtracts. [`dots`]: which writes are known, and a map whose entries are removed only by those
//!   who have seen them: a set, and a map of values. [`text`]: letters.
//!
//! **Invariant:** `merge` is commutative, associative and idempotent.
//! **Invariant:** a change merged into the state that it was made from gives the state that its maker has.

pub mod counter;
pub mod dots;
pub mod text;

#[cfg(test)]
mod tests;

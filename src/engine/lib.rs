//! The floors that do the work.
pub mod trace;

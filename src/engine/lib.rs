//! The floors that do the work.
pub mod sim;
pub mod storage;
pub mod trace;

//! Power fails at every operation of the disk, and again while the engine recovers from it.
//!
//! `make crash` tries more: more seeds, more outcomes of each failure; it prints how many points it tried and what failed.
#![cfg(not(target_arch = "wasm32"))]

mod client;
mod damage;
mod full;
mod harness;
mod lsm;
mod tree;

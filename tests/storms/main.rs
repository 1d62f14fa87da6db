//! Raft in storms: crashes, partitions, clocks that jump, disks that fail, members that come and go, from seeds.
//!
//! ```text
//!   seed ──▶ plan: settings, and what happens when ──▶ run: a cluster under the eyes of the watch ──▶ judged
//!                        ▲                                                                             │ failed
//!                        └──────── shorter plans that fail in the same way ◀── shrink ◀────────────────┘
//!                                                                                │
//!                                                                                ▼
//!                                                              a script for the page and the command line
//! ```
//!
//! After every step of a node Raft's five safety properties are checked; at the end, whether what the clients were told is
//! linearizable, whether nodes that applied as much hold the same, and whether there was progress once all was well again.
//! Transactions across shards go the same way ([`money`]): whatever happens, the accounts add up.
//!
//! What is broken on purpose has to be caught. `make storms EFFORT=N` tries N times as many seeds.
#![cfg(not(target_arch = "wasm32"))]

mod broken;
mod money;
mod plan;
mod run;
mod shrink;
mod weathered;

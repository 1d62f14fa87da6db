//! The lab of work that spans shards: who asked whom, who wrote what to its log, who is blocked and on what, and whether
//! the accounts still add up.
//!
//! It is a cluster, and is drawn like one ([`super::cluster`]); what differs is here.
//!
//! - [`scene`]: the diagram of time with a panel beside each line. [`panel`]: what stands there: log, accounts, what blocks.
//! - [`held`]: from when to when a shard was prepared, and in doubt. [`numbers`]: the measures. [`code`]: pseudocode.

mod code;
mod held;
mod numbers;
mod panel;
mod scene;
#[cfg(test)]
mod tests;

pub use numbers::sum;

use super::cluster::{self, CLUSTER};
use super::guide::{Guide, Quick};

pub static GUIDE: Guide = Guide {
    lab: "transactions",
    draw: Some(scene::draw),
    measures: numbers::MEASURES,
    invitation: "Click a node, a message or an order: here is what it is made of. A node can be crashed at the moment that is shown.",
    algorithm: &code::COORDINATOR,
    running: |_, record| cluster::code::running(code::PARTS, record),
    quick: QUICK,
    ..CLUSTER
};

const QUICK: &[Quick] = &[
    Quick { text: "Transfer", line: "transfer alice bob {count}" },
    Quick { text: "Book", line: "book" },
    Quick { text: "Balance", line: "balance alice" },
    Quick { text: "50 ms", line: "run 50ms" },
    Quick { text: "Heal", line: "heal" },
    Quick { text: "Check", line: "check" },
];

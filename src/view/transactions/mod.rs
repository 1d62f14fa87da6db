//! The lab of work that spans shards: who asked whom, who wrote what to its log, who is blocked and on what, and whether
//! the accounts still add up.
//!
//! It is a cluster, and is drawn like one ([`super::cluster`]); what differs is named here. [`code`] has the pseudocode.
//!

mod code;

use super::cluster::{self, CLUSTER};
use super::guide::{Guide, Quick};

pub static GUIDE: Guide = Guide {
    lab: "transactions",
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

//! The lab of the whole stack: one request from its client through caches, router and shard to the page and back, and
//! scenarios with a goal.
//!
//! ```text
//!   set protocol raft       what there is of everything; the stack is opened anew
//!   put k7 blue             a client asks; every hop is followed
//!   wait
//!   kill l2                 anything may break
//!   set scenario flash-sale
//!   play                    the load and the faults of the scenario; `goal` says what came of it
//! ```
//!
//! - this file: what the lab declares. [`commands`], [`settings`], [`expectations`]. [`machine`]: the stack and its commands.
//!   `job`: letting time pass. `plan`: what is done later. `behind`: the doors. [`scenarios`]: stories with a goal.

mod behind;
pub mod commands;
pub mod expectations;
mod job;
pub mod machine;
mod plan;
mod presets;
pub mod scenarios;
pub mod settings;

use super::declaration::LabInfo;

/// The lab's declaration.
pub static STACK: LabInfo = LabInfo {
    name: "stack",
    title: "The whole stack",
    floor: "Stack",
    summary: "Follow one request from its client through caches, router and replicas to the page; break anything; reach a goal.",
    commands: commands::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: settings::SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

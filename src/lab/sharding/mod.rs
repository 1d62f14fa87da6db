//! The sharding lab: keys on shards under eight strategies, routers that find them, and moves while requests go on.
//!
//! ```text
//!   set strategy range      the cluster is opened anew
//!   load 200                clients put and get; shards get warm
//!   add                     another shard: keys move while time passes
//!   survey 10000            the same keys under five strategies, side by side
//! ```
//!
//! - this file: what the lab declares. [`commands`], [`settings`], [`expectations`]. [`machine`]: the cluster and its
//!   commands. `job`: letting time pass. `survey`: strategies side by side.

pub mod commands;
pub mod expectations;
mod job;
pub mod machine;
mod presets;
pub mod settings;
mod survey;

use super::declaration::LabInfo;

/// The lab's declaration.
pub static SHARDING: LabInfo = LabInfo {
    name: "sharding",
    title: "Sharding",
    floor: "Sharding",
    summary: "Watch keys find their shard, see which ones move when a shard comes, and move them while requests go on.",
    commands: commands::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: settings::SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

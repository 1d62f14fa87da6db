//! The lab of cache tiers: requests fall through L1, L2 and the database, and what goes wrong on the way.
//!
//! ```text
//!   get k1, put k1 v     a client asks; nothing has happened yet but that
//!   load 200 rate 500    many clients ask
//!   run 100ms            virtual time passes
//!   at 1s kill l2        a command at a moment of its own, inside the `run` that follows
//! ```
//!
//! - this file: what the lab declares. [`settings`]: sizes, times, cures. [`machine`]: the commands. [`job`]: letting time
//!   pass. [`expectations`]: what a script may expect. [`presets`].

mod commands;
mod expectations;
mod job;
mod machine;
mod presets;
mod settings;

use super::declaration::LabInfo;

/// Cache tiers.
pub static CACHE: LabInfo = LabInfo {
    name: "cache",
    title: "Cache tiers",
    floor: "Cache",
    summary: "Watch requests fall through caches to a database, and what stampedes, stale entries and outages do to it.",
    commands: commands::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: settings::SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

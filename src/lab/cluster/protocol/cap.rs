//! The lab of consistency and availability: one partition, two systems, the same requests.
//!
//! ```text
//!   set system cp    Raft: the side without a majority refuses
//!   set system ap    several leaders: both sides go on, and merge when they meet
//! ```

use std::rc::Rc;

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, MERGING, PASSING, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::settings::{self, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::values::Values;
use crate::replication::multi_leader::{self, Resolution};
use crate::replication::{Protocol, raft};

/// What both systems understand.
const LEVELS: &[&str] = &["default", "any"];

pub const COMMANDS: [CommandInfo; 4 + MERGING.len() + PASSING.len() + FAULTS.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), MERGING, PASSING, FAULTS, JUDGING]);

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("5")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting(
        "system",
        ArgumentKind::Word(&["cp", "ap"]),
        "cp",
        "During a partition: consistent, and refusing where there is no majority (cp); or available, and merging later (ap).",
    ),
    setting(
        "resolution",
        ArgumentKind::Word(&["merge", "last-write-wins", "siblings"]),
        "merge",
        "How the available system settles what was written on both sides.",
    ),
    settings::consistency(ArgumentKind::Word(LEVELS), "default"),
];

/// The system that is set.
pub fn protocol(values: &Values) -> Rc<dyn Protocol> {
    let resolution = match values.word("resolution") {
        "siblings" => Resolution::Siblings,
        "last-write-wins" => Resolution::LastWriteWins,
        _ => Resolution::Merge,
    };
    match values.word("system") {
        "ap" => Rc::new(multi_leader::Options { resolution, ..multi_leader::Options::default() }),
        _ => Rc::new(raft::Options::default()),
    }
}

//! The lab of clocks: the same messages, stamped by four clocks at once.

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, PASSING, TIME, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::settings::{self, YES_NO, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::values::Values;
use crate::replication::clocks::Options;

/// Clients ask one node and take what it has.
const LEVELS: &[&str] = &["default"];

pub const COMMANDS: [CommandInfo; 4 + PASSING.len() + FAULTS.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), PASSING, FAULTS, JUDGING]);

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("3")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting("commit_wait", YES_NO, "yes", "A write is answered only when its time is past by every clock."),
    setting("tell", YES_NO, "yes", "Writes are told to the other nodes."),
    setting("uncertainty", TIME, "5ms", "How far nodes believe their clocks to be off at most."),
    settings::consistency(ArgumentKind::Word(LEVELS), "default"),
];

/// The settings as the protocol takes them.
pub fn options(values: &Values) -> Options {
    Options { commit_wait: values.is_on("commit_wait"), tell: values.is_on("tell") }
}

//! The lab of several leaders: who may write, how conflicts are resolved, and values that merge.

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, MERGING, PASSING, TIME, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::settings::{self, PATIENCE, YES_NO, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::values::Values;
use crate::replication::multi_leader::{Options, Resolution, Rule, Topology};
use crate::trace::NodeId;

/// What a client's session may rely on.
const LEVELS: &[&str] = &["any", "read-your-writes", "monotonic", "causal"];

pub const COMMANDS: [CommandInfo; 4 + MERGING.len() + PASSING.len() + FAULTS.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), MERGING, PASSING, FAULTS, JUDGING]);

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("3")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting("leaders", ArgumentKind::Number { from: 0, to: 1000 }, "0", "The first so many nodes take writes. 0: all."),
    settings::consistency(ArgumentKind::Word(LEVELS), "any"),
    setting(
        "topology",
        ArgumentKind::Word(&["all-to-all", "ring", "star"]),
        "all-to-all",
        "Who sends changes to whom: everybody to everybody, to the next one, or by way of n1.",
    ),
    setting(
        "resolution",
        ArgumentKind::Word(&["last-write-wins", "siblings", "merge", "max", "longest", "n1-wins"]),
        "last-write-wins",
        "What is read where two wrote without knowing of each other: the later stamp, both, what they merge to, or by a rule.",
    ),
    setting("gather", TIME, "0", "How long a leader gathers changes before it sends them. 0: it sends each at once."),
    setting(
        "exchange",
        PATIENCE,
        "200ms",
        "How often nodes tell their neighbours what they have, so that what was lost is sent again.",
    ),
    setting(
        "log_kept",
        ArgumentKind::Number { from: 1, to: 1_000_000 },
        "1000",
        "How many changes of each leader are kept for those who miss them.",
    ),
    setting(
        "causal",
        YES_NO,
        "yes",
        "A change waits for those that its writer knew; no: an answer may be seen before its question.",
    ),
];

/// The settings as the protocol takes them.
pub fn options(values: &Values) -> Options {
    Options {
        leaders: values.number("leaders") as u16,
        topology: match values.word("topology") {
            "ring" => Topology::Ring,
            "star" => Topology::Star,
            _ => Topology::AllToAll,
        },
        resolution: match values.word("resolution") {
            "siblings" => Resolution::Siblings,
            "merge" => Resolution::Merge,
            "max" => Resolution::Rule(Rule::Max),
            "longest" => Resolution::Rule(Rule::Longest),
            "n1-wins" => Resolution::Rule(Rule::Leader(NodeId(1))),
            _ => Resolution::LastWriteWins,
        },
        gather_ns: values.duration_ns("gather"),
        exchange_ns: values.duration_ns("exchange"),
        log_kept: values.number("log_kept") as u32,
        causal: values.is_on("causal"),
    }
}

//! The lab of Paxos: one value agreed on once, with the roles apart, or a sequence of them under a leader.

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, NODE, PASSING, TIME, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::machine::ClusterLab;
use crate::lab::cluster::settings::{self, PATIENCE, YES_NO, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::replication::cluster::Action;
use crate::replication::paxos::{Decree, ELECTION, Options, RETRY, Roles};
use crate::sim::Cx;
use crate::trace::NodeId;

/// How sure a client of Paxos may want to be.
const LEVELS: &[&str] = &["default", "any"];

pub const COMMANDS: [CommandInfo; 4 + PASSING.len() + FAULTS.len() + OWN.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), PASSING, FAULTS, OWN, JUDGING]);

const OWN: &[CommandInfo] = &[CommandInfo::single(
    "timeout",
    &[NODE],
    "Lets a proposer lose patience at once: it tries again, or wants to lead.",
    "timeout n2",
)];

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("3")], OWN_SETTINGS, settings::COMMON]);

const FEW: ArgumentKind = ArgumentKind::Number { from: 1, to: 1000 };
const QUORUM: ArgumentKind = ArgumentKind::Number { from: 0, to: 1000 };

const OWN_SETTINGS: &[SettingInfo] = &[
    setting(
        "decree",
        ArgumentKind::Word(&["multi", "single"]),
        "multi",
        "What is agreed on: a sequence of commands under a leader, or one value, once.",
    ),
    setting(
        "roles",
        ArgumentKind::Word(&["together", "apart"]),
        "together",
        "Every node has all roles; or the first nodes propose, the last ones learn, and those between accept.",
    ),
    setting("proposers", FEW, "2", "How many nodes propose, when the roles are apart."),
    setting("learners", FEW, "1", "How many nodes learn, when the roles are apart."),
    settings::consistency(ArgumentKind::Word(LEVELS), "default"),
    setting("prepare_quorum", QUORUM, "0", "How many acceptors have to promise; 0: a majority. Too few break it."),
    setting("accept_quorum", QUORUM, "0", "How many acceptors have to accept; 0: a majority. Too few break it."),
    setting("retry", PATIENCE, "100ms", "A proposer that hears nothing tries again after so long."),
    setting(
        "back_off",
        TIME,
        "20ms",
        "A proposer that was overtaken waits a random time up to this; 0: two can overtake one another for ever.",
    ),
    setting("heartbeat", PATIENCE, "50ms", "How long the leader is silent at most."),
    setting(
        "election",
        PATIENCE,
        "150ms",
        "Without a leader for so long, up to twice as long, a proposer wants to lead.",
    ),
    setting(
        "snapshot_entries",
        ArgumentKind::Number { from: 0, to: 1_000_000 },
        "1000",
        "Half of the log is cut off once it has more chosen values; who lacks them gets all data. 0: never.",
    ),
    setting("persist_promises", YES_NO, "yes", "no breaks it: an acceptor forgets in a crash what it has promised."),
    setting(
        "ignore_accepted",
        YES_NO,
        "no",
        "yes breaks it: a proposer proposes its own value, whatever was accepted.",
    ),
    setting("sync", YES_NO, "yes", "no breaks it: nothing is made durable before it is promised."),
];

/// The settings as Paxos takes them.
pub fn options(values: &Values) -> Options {
    let nodes = values.number("nodes") as u16;
    let list = |from: u16, to: u16| (from..=to).map(NodeId).collect::<Vec<_>>();
    let (proposers, learners) = (values.number("proposers") as u16, values.number("learners") as u16);
    // If nobody is left between them, everybody accepts.
    let roles = match values.word("roles") {
        "apart" => Roles {
            proposers: list(1, proposers.min(nodes)),
            acceptors: list(proposers + 1, nodes.saturating_sub(learners)),
            learners: list(nodes.saturating_sub(learners).max(proposers.min(nodes - 1)) + 1, nodes),
        },
        _ => Roles::default(),
    };
    Options {
        decree: if values.word("decree") == "single" { Decree::Single } else { Decree::Multi },
        roles,
        prepare_quorum: values.number("prepare_quorum") as u16,
        accept_quorum: values.number("accept_quorum") as u16,
        retry_ns: values.duration_ns("retry"),
        back_off_ns: values.duration_ns("back_off"),
        heartbeat_ns: values.duration_ns("heartbeat"),
        leader_timeout_ns: values.duration_ns("election"),
        snapshot_entries: values.number("snapshot_entries"),
        persist_promises: values.is_on("persist_promises"),
        ignore_accepted: values.is_on("ignore_accepted"),
        sync: values.is_on("sync"),
    }
}

/// Carries out an order.
pub fn order(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
    let node = lab.node_of(call, "node")?;
    let is_single = lab.settings.values.word("decree") == "single";
    let timer = if is_single { RETRY } else { ELECTION };
    lab.cluster.inject(cx, &Action::Expire { node, timer })?;
    Ok(format!("{node} has lost patience."))
}

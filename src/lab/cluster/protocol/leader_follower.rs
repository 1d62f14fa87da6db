//! The lab of leader and followers: log shipping, failover, and what followers may answer.

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, NODE, PASSING, TIME, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::machine::ClusterLab;
use crate::lab::cluster::settings::{self, PATIENCE, YES_NO, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::replication::Consistency;
use crate::replication::cluster::Action;
use crate::replication::leader_follower::{Mode, Options, Promotion, SUSPECT};
use crate::sim::Cx;

/// Which node a read may be answered by.
const LEVELS: &[&str] = &["leader", "any", "read-your-writes", "monotonic", "bounded", "causal"];

pub const COMMANDS: [CommandInfo; 4 + PASSING.len() + FAULTS.len() + OWN.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), PASSING, FAULTS, OWN, JUDGING]);

const OWN: &[CommandInfo] =
    &[CommandInfo::single("timeout", &[NODE], "Lets a follower take its leader for down at once.", "timeout n2")];

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("3")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting(
        "mode",
        ArgumentKind::Word(&["asynchronous", "semi-synchronous", "synchronous"]),
        "asynchronous",
        "When a write is done: once the leader has it, once some followers have it too, or once all have it.",
    ),
    setting(
        "acknowledgements",
        ArgumentKind::Number { from: 1, to: 1000 },
        "1",
        "How many followers have to have a write when the mode is semi-synchronous.",
    ),
    settings::consistency(ArgumentKind::Word(LEVELS), "leader"),
    setting("staleness", TIME, "100ms", "How old a value may be that a bounded read gives."),
    setting(
        "degrade",
        TIME,
        "0",
        "A write that waited so long for acknowledgements is done all the same. 0: it waits for ever.",
    ),
    setting("ship_every", TIME, "0", "What was written is shipped every so often. 0: at once."),
    setting("heartbeat", PATIENCE, "50ms", "How long a leader is silent at most."),
    setting(
        "suspect",
        PATIENCE,
        "300ms",
        "A follower that hears nothing for so long, up to twice as long, takes its leader for down.",
    ),
    setting("ask", PATIENCE, "50ms", "Who wants to lead waits so long for the others to say how far they are."),
    setting("failover", YES_NO, "yes", "Whether a follower is promoted when the leader is down."),
    setting(
        "promotion",
        ArgumentKind::Word(&["majority", "anybody"]),
        "majority",
        "Who has to answer the one that is promoted: more than half of all, or anybody.",
    ),
    setting("fencing", YES_NO, "yes", "no breaks it: an old leader that comes back goes on leading."),
    setting("demote", TIME, "0", "A leader that hears no majority for so long steps down. 0: never."),
    setting(
        "wait",
        TIME,
        "100ms",
        "A read that needs more than its node has waits so long before it goes to the leader.",
    ),
    setting("sync", YES_NO, "yes", "no breaks it: nothing is made durable before it is promised."),
];

/// The settings as the protocol takes them.
pub fn options(values: &Values) -> Options {
    Options {
        mode: match values.word("mode") {
            "semi-synchronous" => Mode::SemiSynchronous { acknowledgements: values.number("acknowledgements") as u16 },
            "synchronous" => Mode::Synchronous,
            _ => Mode::Asynchronous,
        },
        degrade_ns: values.duration_ns("degrade"),
        ship_every_ns: values.duration_ns("ship_every"),
        heartbeat_ns: values.duration_ns("heartbeat"),
        suspect_ns: values.duration_ns("suspect"),
        ask_ns: values.duration_ns("ask"),
        failover: values.is_on("failover"),
        promotion: if values.word("promotion") == "anybody" { Promotion::Anybody } else { Promotion::Majority },
        fencing: values.is_on("fencing"),
        demote_ns: values.duration_ns("demote"),
        reads: Consistency::Leader,
        wait_ns: values.duration_ns("wait"),
        sync: values.is_on("sync"),
        ..Options::default()
    }
}

/// Carries out an order.
pub fn order(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
    let node = lab.node_of(call, "node")?;
    lab.cluster.inject(cx, &Action::Expire { node, timer: SUSPECT })?;
    Ok(format!("{node} takes its leader for down."))
}

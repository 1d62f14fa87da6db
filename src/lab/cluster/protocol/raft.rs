//! The lab of Raft: its settings, and the orders of its operator.

use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, NODE, PASSING, TO, VALUE, client_commands};
use crate::lab::cluster::joined;
use crate::lab::cluster::machine::ClusterLab;
use crate::lab::cluster::settings::{self, PATIENCE, YES_NO, setting};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::replication::Message;
use crate::replication::cluster::Action;
use crate::replication::raft::{Admin, ELECTION, Message as RaftMessage, Options, Raft, Reads, Wish};
use crate::sim::Cx;
use crate::trace::NodeId;

/// How sure a client of Raft may want to be.
const LEVELS: &[&str] = &["read-index", "lease", "any"];

pub const COMMANDS: [CommandInfo; 4 + PASSING.len() + FAULTS.len() + OWN.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), PASSING, FAULTS, OWN, JUDGING]);

const NODES: Argument = Argument::rest("node", ArgumentKind::Node, "the nodes");

const OWN: &[CommandInfo] = &[
    CommandInfo::single(
        "add",
        &[NODES, FROM],
        "Asks the leader to let nodes vote, by way of a joint configuration.",
        "add n4",
    ),
    CommandInfo::single("remove", &[NODES, FROM], "Asks the leader to let nodes vote no more.", "remove n1"),
    CommandInfo::single(
        "learner",
        &[NODES, FROM],
        "Asks the leader to send nodes the log without a vote.",
        "learner n4",
    ),
    CommandInfo::single(
        "transfer",
        &[Argument::optional("node", ArgumentKind::Node, "to this one; to the most advanced when left out"), FROM],
        "Asks the leader to hand over.",
        "transfer n2",
    ),
    CommandInfo::single("timeout", &[NODE], "Lets a node lose patience with its leader at once.", "timeout n2"),
];

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("3")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting(
        "members",
        ArgumentKind::Number { from: 0, to: 1000 },
        "0",
        "How many of the nodes vote at first; the others wait to be added. 0: all.",
    ),
    settings::consistency(ArgumentKind::Word(&["default", "read-index", "lease", "any"]), "default"),
    setting("election", PATIENCE, "150ms", "How long a follower waits for its leader: so long, up to twice as long."),
    setting("heartbeat", PATIENCE, "50ms", "How long a leader is silent at most."),
    setting(
        "reads",
        ArgumentKind::Word(&["read-index", "lease", "log"]),
        "read-index",
        "How the leader answers reads: after asking a majority, by its lease, or through the log.",
    ),
    setting(
        "drift",
        ArgumentKind::Number { from: 0, to: 99 },
        "10",
        "By how many per cent clocks may be off; a lease is shorter by so much.",
    ),
    setting("max_entries", ArgumentKind::Number { from: 1, to: 100_000 }, "64", "Entries in one message at most."),
    setting(
        "snapshot_entries",
        ArgumentKind::Number { from: 0, to: 1_000_000 },
        "1000",
        "The log is cut off once so many of its entries are applied. 0: never.",
    ),
    setting(
        "kept_entries",
        ArgumentKind::Number { from: 0, to: 1_000_000 },
        "100",
        "Entries that stay when the log is cut off.",
    ),
    setting(
        "catch_up",
        ArgumentKind::Number { from: 0, to: 1_000_000 },
        "8",
        "A learner that lacks so many entries at most may become a voter.",
    ),
    setting("pre_vote", YES_NO, "yes", "Ask whether an election could be won before raising the term."),
    setting(
        "no_op",
        YES_NO,
        "yes",
        "A new leader appends an entry that does nothing, so that it can commit what it found.",
    ),
    setting("persist_vote", YES_NO, "yes", "no breaks it: the vote is forgotten in a crash, and given twice."),
    setting(
        "commit_old_terms",
        YES_NO,
        "no",
        "yes breaks it: entries of old terms are committed by counting (figure 8 of the paper).",
    ),
    setting("sync", YES_NO, "yes", "no breaks it: nothing is made durable before it is promised."),
    setting(
        "confirm_reads",
        YES_NO,
        "yes",
        "no breaks it: a leader answers reads without asking whether it still leads.",
    ),
    setting("lease_ignores_drift", YES_NO, "no", "yes breaks it: a lease that trusts the clocks to run alike."),
];

/// The settings as Raft takes them.
pub fn options(values: &Values) -> Options {
    let snapshot_entries = values.number("snapshot_entries");
    Options {
        election_ns: values.duration_ns("election"),
        heartbeat_ns: values.duration_ns("heartbeat"),
        reads: match values.word("reads") {
            "lease" => Reads::Lease,
            "log" => Reads::Log,
            _ => Reads::ReadIndex,
        },
        drift_percent: values.number("drift"),
        max_entries: values.number("max_entries"),
        snapshot_entries,
        // A short log keeps half of itself at most, so that one setting alone can be made small.
        kept_entries: values.number("kept_entries").min(snapshot_entries / 2),
        catch_up_entries: values.number("catch_up"),
        pre_vote: values.is_on("pre_vote"),
        no_op: values.is_on("no_op"),
        persist_vote: values.is_on("persist_vote"),
        commit_old_terms: values.is_on("commit_old_terms"),
        sync: values.is_on("sync"),
        confirm_reads: values.is_on("confirm_reads"),
        lease_ignores_drift: values.is_on("lease_ignores_drift"),
    }
}

/// Carries out an order.
pub fn order(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
    if call.info.name == "timeout" {
        let node = lab.node_of(call, "node")?;
        lab.cluster.inject(cx, &Action::Expire { node, timer: ELECTION })?;
        return Ok(format!("{node} has lost patience."));
    }
    let named: Vec<NodeId> = call.arguments.nodes("node").map(|node| lab.named(node)).collect::<Result<_, _>>()?;
    for node in &named {
        lab.cluster.clock_off(cx.now_ns(), *node)?;
    }
    if call.info.name == "transfer" {
        let to = named.first().copied();
        let text = to.map_or("hand over".to_string(), |node| format!("hand over to {node}"));
        return wish(lab, cx, call, &text, Wish::Transfer(to));
    }
    let (mut voters, mut learners) = members(lab);
    let list = named.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
    voters.retain(|node| !named.contains(node));
    learners.retain(|node| !named.contains(node));
    match call.info.name {
        "add" => voters.extend(named),
        "learner" => learners.extend(named),
        _ => {}
    }
    wish(lab, cx, call, &format!("{} {list}", call.info.name), Wish::Members { voters, learners })
}

fn wish(lab: &mut ClusterLab, cx: &mut Cx, call: &Call, text: &str, wish: Wish) -> Result<String, Refusal> {
    let client = lab.client_of(call)?;
    let leader = lab.leader().ok();
    lab.cluster.order(cx, client, leader, text, |id| Message::from(RaftMessage::Admin(Admin { id, wish }.into())))?;
    Ok(lab.asked(client, text))
}

/// Voters and learners as the one knows them that leads, or that has the highest term.
fn members(lab: &ClusterLab) -> (Vec<NodeId>, Vec<NodeId>) {
    let nodes = lab.cluster.nodes().filter_map(|id| lab.cluster.node::<Raft>(id));
    match nodes.max_by_key(|raft| (raft.is_leader(), raft.term())) {
        Some(raft) => (raft.configuration().voters.clone(), raft.configuration().learners.clone()),
        None => (lab.settings.options.member_ids(), Vec::new()),
    }
}

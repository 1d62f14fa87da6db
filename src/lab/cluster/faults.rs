//! What is done to nodes, links and messages, as commands.

use super::machine::ClusterLab;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{counted, lasting};
use crate::replication::cluster::{Action, Fault, Storm, StormKind};
use crate::sim::network::{Rule, RuleAction};
use crate::sim::{Cx, Generator};
use crate::trace::{MessageId, NodeId};

const MILLISECOND: u64 = 1_000_000;

/// Carries a fault out; nothing if the command is none.
pub fn act(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<Option<String>, Refusal> {
    if call.info.name == "storm" {
        return Ok(Some(storm(lab, cx, call)));
    }
    let Some((actions, answer)) = actions(lab, cx, call)? else { return Ok(None) };
    for action in &actions {
        lab.cluster.inject(cx, action)?;
    }
    if let [Action::Restart(node) | Action::Replace(node)] = actions[..]
        && let Some(error) = lab.cluster.stopped_by(node)
    {
        return Ok(Some(format!("{node} does not come up: {error}.")));
    }
    Ok(Some(answer))
}

/// What a command does, and how that is told.
fn actions(lab: &ClusterLab, cx: &Cx, call: &Call) -> Result<Option<(Vec<Action>, String)>, Refusal> {
    let arguments = &call.arguments;
    let number = |name| arguments.number(name).unwrap_or_default();
    let one = |action, answer: String| Ok(Some((vec![action], answer)));
    match call.info.name {
        "partition" => {
            let mut sides = arguments.sides("node");
            for node in sides.iter_mut().flatten() {
                *node = lab.named(*node)?;
            }
            let text = sides.iter().map(|side| listed(side)).collect::<Vec<_>>().join(" | ");
            return one(Action::Partition(sides), format!("Cut apart: {text}."));
        }
        "heal" => return one(Action::Heal, "All links are whole.".to_string()),
        "cut" | "mend" => return link(lab, call).map(Some),
        "drop" => {
            let message = number("message");
            return one(Action::Drop(MessageId(message)), format!("Message {message} is dropped."));
        }
        "delay" => {
            let (message, by_ns) = (number("message"), time(call, "by"));
            let answer = format!("Message {message} comes {} later.", lasting(by_ns));
            return one(Action::Delay { message: MessageId(message), by_ns }, answer);
        }
        "rule" => return one(Action::Rule(rule(lab, call)?), "It is for the next messages of that kind.".to_string()),
        "weather" => {
            let share = |name| arguments.decimal(name).unwrap_or_default();
            let (loss, duplication, reordering) = (share("loss"), share("duplication"), share("reordering"));
            let is_calm = loss + duplication + reordering == 0.0;
            let answer = if is_calm { "The network is calm." } else { "The network is bad." };
            return one(Action::Weather { loss, duplication, reordering }, answer.to_string());
        }
        _ => {}
    }
    if arguments.node("node").is_none() || !NODE_FAULTS.contains(&call.info.name) {
        return Ok(None);
    }
    let node = lab.node_of(call, "node")?;
    let (action, answer) = match call.info.name {
        "crash" => (Action::Crash(node), format!("{node} is down.")),
        "restart" => (Action::Restart(node), format!("{node} comes up with what its disk kept.")),
        "replace" => (Action::Replace(node), format!("{node} comes up empty.")),
        "pause" => (Action::Pause(node), format!("{node} stands still.")),
        "resume" => (Action::Resume(node), format!("{node} goes on.")),
        "slow" => {
            let times = number("times");
            (Action::Slow { node, times }, format!("{node} takes {times} times as long for everything."))
        }
        "skew" => {
            let off_ns = arguments.duration("off").unwrap_or_default();
            let (ahead_ns, behind_ns) = lab.cluster.clock_off(cx.now_ns(), node)?;
            let by_ns = off_ns.saturating_sub_unsigned(ahead_ns).saturating_add_unsigned(behind_ns);
            let where_to = if off_ns < 0 { "behind" } else { "ahead" };
            (Action::Skew { node, by_ns }, format!("{node}'s clock is {} {where_to}.", lasting(off_ns.unsigned_abs())))
        }
        "drift" => {
            let ppm = (arguments.decimal("percent").unwrap_or_default() * 10_000.0) as i64;
            let is_slow = arguments.flag("slow");
            let ppm = if is_slow { -ppm } else { ppm };
            let how = if is_slow { "slow" } else { "fast" };
            (Action::Drift { node, ppm }, format!("{node}'s clock runs {how}."))
        }
        _ => {
            let fault = disk_fault(arguments.word("fault").unwrap_or_default());
            let after_operations = number("after");
            let answer = format!("{node}'s disk fails after {}.", counted(after_operations, "more operation"));
            (Action::Disk { node, after_operations, fault }, answer)
        }
    };
    one(action, answer)
}

const NODE_FAULTS: &[&str] = &["crash", "restart", "replace", "pause", "resume", "slow", "skew", "drift", "disk"];

/// A link both ways, or one.
fn link(lab: &ClusterLab, call: &Call) -> Result<(Vec<Action>, String), Refusal> {
    let (one, other) = (lab.node_of(call, "one")?, lab.node_of(call, "other")?);
    let both = [(one, other), (other, one)];
    let ways = &both[..if call.arguments.flag("one-way") { 1 } else { 2 }];
    let is_cut = call.info.name == "cut";
    let act =
        |&(from, to): &(NodeId, NodeId)| if is_cut { Action::Cut { from, to } } else { Action::Mend { from, to } };
    let (arrow, what) = (if ways.len() == 1 { "to" } else { "and" }, if is_cut { "cut" } else { "whole" });
    Ok((ways.iter().map(act).collect(), format!("The link {one} {arrow} {other} is {what}.")))
}

fn rule(lab: &ClusterLab, call: &Call) -> Result<Rule, Refusal> {
    let arguments = &call.arguments;
    let end = |name| arguments.node(name).map(|node| lab.named(node)).transpose();
    let action = match arguments.word("what") {
        Some("drop") => RuleAction::Drop,
        Some("duplicate") => RuleAction::Duplicate,
        _ => RuleAction::Delay { ns: arguments.duration("by").map_or(50 * MILLISECOND, i64::unsigned_abs) },
    };
    let kind = arguments.text("kind").map(Box::from);
    Ok(Rule { from: end("from")?, to: end("to")?, kind, action, left: arguments.number("times").unwrap_or(1) })
}

/// Plans a storm from now on.
fn storm(lab: &mut ClusterLab, cx: &Cx, call: &Call) -> String {
    let arguments = &call.arguments;
    let named: Vec<StormKind> = arguments.words("kind").filter_map(storm_kind).collect();
    let kinds = if named.is_empty() { STORM_KINDS.to_vec() } else { named };
    let lasts_ns = arguments.duration("for").map_or(5000 * MILLISECOND, i64::unsigned_abs);
    let faults = arguments.number("faults").unwrap_or_default();
    let nodes = lab.settings.options.nodes;
    let skew_ns = arguments.duration("clocks").map_or(100 * MILLISECOND, i64::unsigned_abs);
    let (from_ns, to_ns) = (cx.now_ns(), cx.now_ns().saturating_add(lasts_ns));
    let most_down = nodes.saturating_sub(1) / 2;
    lab.storms += 1;
    let seed = Generator::new(cx.seed(), &format!("storm {}", lab.storms)).next_u64();
    let schedule = Storm { kinds, nodes, from_ns, to_ns, faults, skew_ns, most_down }.schedule(seed);
    for (at_ns, action) in schedule {
        lab.cluster.schedule(at_ns, action);
    }
    format!("{} in the next {}; at the end all is well again.", counted(faults, "fault"), lasting(lasts_ns))
}

const STORM_KINDS: &[StormKind] = &[
    StormKind::Partition,
    StormKind::Cut,
    StormKind::Crash,
    StormKind::Pause,
    StormKind::Slow,
    StormKind::Skew,
    StormKind::Drift,
    StormKind::Weather,
];

fn storm_kind(word: &str) -> Option<StormKind> {
    Some(match word {
        "partition" => StormKind::Partition,
        "cut" => StormKind::Cut,
        "crash" => StormKind::Crash,
        "pause" => StormKind::Pause,
        "slow" => StormKind::Slow,
        "skew" => StormKind::Skew,
        "drift" => StormKind::Drift,
        "weather" => StormKind::Weather,
        "disk" => StormKind::Disk,
        _ => return None,
    })
}

/// What befalls a disk, of a word.
pub fn disk_fault(word: &str) -> Fault {
    match word {
        "flip-bit" => Fault::FlipBit,
        "disk-full" => Fault::DiskFull,
        "write-lost" => Fault::WriteLost,
        "write-misplaced" => Fault::WriteMisplaced,
        _ => Fault::ReadFails,
    }
}

fn time(call: &Call, name: &str) -> u64 {
    call.arguments.duration(name).map_or(0, i64::unsigned_abs)
}

fn listed(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}

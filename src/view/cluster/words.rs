//! Times and names of a cluster in words.

use std::rc::Rc;

use crate::caption::duration;
use crate::describe::{grouped, key};
use crate::swarm::{Swarm, Tint};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::{Datum, NodeHead, NodeState, Version};
use glassbase_trace::{NodeId, NodeStatus, RequestFate};

/// A point of virtual time.
pub fn time(ns: u64) -> String {
    if ns == 0 { "0 ms".to_string() } else { duration(ns) }
}

/// A point of virtual time on an axis: with as many digits as tell it from its neighbour, a step away.
pub fn moment(ns: u64, step_ns: u64) -> String {
    let in_s = ns >= 1_000_000_000 && step_ns >= 10_000_000;
    let (unit_ns, unit) = if in_s { (1_000_000_000, "s") } else { (1_000_000, "ms") };
    let (mut digits, mut least_ns) = (0, unit_ns);
    while least_ns > 1 && !step_ns.is_multiple_of(least_ns) {
        (digits, least_ns) = (digits + 1, least_ns / 10);
    }
    let (whole, part) = (grouped(ns / unit_ns), ns % unit_ns / least_ns);
    if digits == 0 { format!("{whole} {unit}") } else { format!("{whole}.{part:0digits$} {unit}") }
}

/// A point of virtual time as a clock shows it: with as many digits from event to event.
pub fn clock(ns: u64) -> String {
    let tenths = ns / 100_000;
    format!("{}.{} ms", grouped(tenths / 10), tenths % 10)
}

/// How far a clock is off: "+500 ms"; nothing when it is right.
pub fn offset(node: &NodeState) -> Option<String> {
    match (node.ahead_ns, node.behind_ns) {
        (0, 0) => None,
        (0, behind) => Some(format!("\u{2212}{}", duration(behind))),
        (ahead, _) => Some(format!("+{}", duration(ahead))),
    }
}

pub fn status(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Up => "up",
        NodeStatus::Paused => "paused",
        NodeStatus::Slow => "slow",
        NodeStatus::Down => "down",
    }
}

/// A crowd of messages, for those who do not see it: how many on the stage, and what they mean; how many arrows below.
pub fn swarm(swarm: &Swarm) -> String {
    let of = |tint, hollow| {
        swarm.motes.iter().filter(|mote| mote.opacity.1 > 0.0 && (mote.tint, mote.hollow) == (tint, hollow)).count()
    };
    let kinds = [
        ("between clients and nodes", of(Tint::Accent, false)),
        ("questions", of(Tint::Accent, true)),
        ("data", of(Tint::Logged, false)),
        ("answers", of(Tint::Hit, false)),
        ("refusals", of(Tint::Failed, true)),
        ("signs of life", of(Tint::Muted, false)),
    ];
    let all: usize = kinds.iter().map(|(_, count)| count).sum();
    let mut said = format!("{all} messages on their way");
    for (index, (word, count)) in kinds.iter().filter(|(_, count)| *count > 0).enumerate() {
        said.push_str(if index == 0 { ": " } else { ", " });
        said.push_str(&format!("{count} {word}"));
    }
    if !swarm.strokes.is_empty() {
        said.push_str(&format!("; {} arrows in the diagram of time", swarm.strokes.len()));
    }
    said.push('.');
    said
}

/// What a node is, for those who do not see it.
pub fn node(number: NodeId, node: &NodeState) -> String {
    let head = &node.detail.head;
    let mut said = format!("{number}, {}", if head.role.is_empty() { "node" } else { &head.role });
    if head.term > 0 {
        said.push_str(&format!(", {}", term(head)));
    }
    if node.status != NodeStatus::Up {
        said.push_str(", ");
        said.push_str(status(node.status));
    }
    if let Some(offset) = offset(node) {
        said.push_str(&format!(", clock {offset}"));
    }
    let log = &node.detail.log;
    if !log.entries.is_empty() {
        let last = log.first + log.entries.len() as u64 - 1;
        said.push_str(&format!(", log up to {last}, committed up to {}", head.committed));
    }
    said
}

/// `x = 1 · x = 2`: a key with its versions.
pub fn datum(datum: &Datum) -> String {
    let values: Vec<String> = datum.versions.iter().map(version).collect();
    format!("{} = {}", key(&datum.key), values.join(" | "))
}

/// Somebody holds a lock on it: a stamp that says so is no version.
pub fn is_locked(version: &Version) -> bool {
    version.stamp.starts_with("locked by ")
}

/// There is one copy of it: it is free, or locked, and never behind another.
pub fn is_alone(version: &Version) -> bool {
    *version.stamp == *"free" || is_locked(version)
}

pub fn version(version: &Version) -> String {
    let value: Rc<str> = if version.deleted { "deleted".into() } else { version.value.clone() };
    match is_alone(version) {
        true if is_locked(version) => format!("{value}, {}", version.stamp),
        true => value.to_string(),
        false if version.stamp.is_empty() => value.to_string(),
        false => format!("{value} @{}", version.stamp),
    }
}

pub fn fate(fate: RequestFate) -> &'static str {
    match fate {
        RequestFate::Open => "open",
        RequestFate::Done => "done",
        RequestFate::Failed => "failed: it did not happen",
        RequestFate::Unknown => "unknown: it may have happened",
    }
}

/// The whole picture in a sentence or two.
pub fn cluster(cluster: &ClusterState) -> String {
    let nodes = cluster.nodes.len();
    let mut said = format!("A cluster of {nodes} {}", if nodes == 1 { "node" } else { "nodes" });
    let crowned: Vec<String> = numbered(cluster)
        .filter(|(_, node)| node.detail.head.crowned)
        .map(|(number, node)| format!("{number} is {} of {}", node.detail.head.role, term(&node.detail.head)))
        .collect();
    if !crowned.is_empty() {
        said.push_str(": ");
        said.push_str(&crowned.join(", "));
    }
    let ill: Vec<String> = numbered(cluster)
        .filter(|(_, node)| node.status != NodeStatus::Up)
        .map(|(number, node)| format!("{number} is {}", status(node.status)))
        .collect();
    if !ill.is_empty() {
        said.push_str("; ");
        said.push_str(&ill.join(", "));
    }
    let (flying, cut) = (cluster.flying.len(), cluster.cut.len());
    said.push_str(&format!(". {flying} {} on the way", if flying == 1 { "message" } else { "messages" }));
    if cut > 0 {
        said.push_str(&format!("; {cut} {} cut", if cut == 1 { "link is" } else { "links are" }));
    }
    said.push('.');
    said
}

/// The nodes with their names.
pub fn numbered(cluster: &ClusterState) -> impl Iterator<Item = (NodeId, &Rc<NodeState>)> {
    cluster.nodes.iter().enumerate().map(|(index, node)| (NodeId(index as u16 + 1), node))
}

/// What is counted by elections, in the words of the protocol: acceptors promise ballots. A learner that knows a configuration
/// is one of Raft.
pub fn term_word(head: &NodeHead) -> &'static str {
    let has = |name: &str| head.facts.iter().any(|fact| &*fact.name == name);
    let is_ballot = has("promised") || head.role.contains("learner") && !has("configuration");
    if is_ballot { "ballot" } else { "term" }
}

/// "term 4"; nothing before the first.
pub fn term(head: &NodeHead) -> String {
    if head.term == 0 { String::new() } else { format!("{} {}", term_word(head), head.term) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_an_axis_are_told_apart() {
        assert_eq!(moment(566_500_000, 500_000), "566.5 ms");
        assert_eq!(moment(567_000_000, 500_000), "567.0 ms");
        assert_eq!(moment(1_254_000_000, 2_000_000), "1,254 ms");
        assert_eq!(moment(1_250_000_000, 50_000_000), "1.25 s");
        assert_eq!(moment(0, 20_000_000), "0 ms");
        assert_eq!(moment(12_340, 20), "0.01234 ms");
    }
}

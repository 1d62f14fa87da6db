//! What a node, a message, an operation, a link or a verdict is made of.

use super::doing::{Deal, Flight, Landing};
use super::words;
use crate::caption::duration;
use crate::describe::{grouped, key};
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::{NodeState, why_dropped};
use glassbase_trace::{MessageId, NodeId, NodeStatus, VerdictKind};

/// Entries of a log and keys that are listed: the last, and the first.
const ENTRIES_MAX: usize = 24;
const KEYS_MAX: usize = 24;
/// Latest decisions, messages and operations that are listed.
const LATEST_MAX: usize = 8;

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let cluster = view.cluster()?;
    match selection {
        Selection::Node(node) if node.is_client() => Some(of_client(view, cluster, node)),
        Selection::Node(node) => of_node(view, cluster, node),
        Selection::Message(message) => of_message(view, message),
        Selection::Request(request) => of_request(view, request),
        Selection::Link(from, to) => Some(of_link(cluster, from, to)),
        Selection::Verdict(index) => of_verdict(cluster, index),
        _ => None,
    }
}

fn of_node(view: &View, cluster: &ClusterState, number: NodeId) -> Option<Facts> {
    let node = cluster.nodes.get(usize::from(number.number().checked_sub(1)?))?;
    let head = &node.detail.head;
    let role = if head.role.is_empty() { "node" } else { &head.role };
    let mut facts = Facts::new(format!("{number}, {role}")).row("is", words::status(node.status));
    if head.term > 0 {
        facts = facts.row(words::term_word(head), head.term.to_string());
    }
    let clock = words::offset(node).map_or("right".to_string(), |offset| format!("{offset} off"));
    facts = facts.row("clock", clock);
    if !node.detail.log.entries.is_empty() {
        facts = facts.row("committed up to", grouped(head.committed)).row("applied up to", grouped(head.applied));
    }
    let mut table = FactTable { title: "It says".to_string(), heads: vec!["what", "is"], ..FactTable::default() };
    table.rows = head.facts.iter().map(|fact| vec![Said::from(&*fact.name), Said::from(&*fact.value)]).collect();
    if !table.rows.is_empty() {
        facts = facts.table(table);
    }
    facts = with_log(facts, node);
    facts = with_data(facts, view, node);
    Some(with_notes(facts, view, number))
}

fn with_log(facts: Facts, node: &NodeState) -> Facts {
    let log = &node.detail.log;
    if log.entries.is_empty() {
        return facts;
    }
    let skipped = log.entries.len().saturating_sub(ENTRIES_MAX);
    let title = if skipped > 0 || log.first > 1 { "Log, its end" } else { "Log" };
    let row = |(at, entry): (usize, &glassbase_trace::parts::cluster::LogEntry)| {
        let index = log.first + at as u64;
        let head = &node.detail.head;
        let how = if index <= head.applied {
            "applied"
        } else if index <= head.committed {
            "committed"
        } else {
            "open"
        };
        vec![index.to_string().into(), entry.term.to_string().into(), Said::from(&*entry.text), how.into()]
    };
    let rows = log.entries.iter().enumerate().skip(skipped).map(row).collect();
    facts.table(FactTable { title: title.to_string(), heads: vec!["index", "term", "entry", "is"], rows, chosen: None })
}

fn with_data(facts: Facts, view: &View, node: &NodeState) -> Facts {
    let data = &node.detail.data;
    if data.is_empty() {
        return facts;
    }
    let mut rows = Vec::new();
    for datum in data.iter().take(KEYS_MAX) {
        let behind = view.cluster_doing.is_behind(datum);
        for version in &datum.versions {
            let value = if version.deleted { "deleted".to_string() } else { version.value.to_string() };
            let stale = if behind { "stale" } else { "" };
            rows.push(vec![key(&datum.key).into(), value.into(), Said::from(&*version.stamp), stale.into()]);
        }
    }
    let more = data.len().saturating_sub(KEYS_MAX);
    let title = if more > 0 { format!("Data, and {} more keys", grouped(more as u64)) } else { "Data".to_string() };
    facts.table(FactTable { title, heads: vec!["key", "value", "stamp", "is"], rows, chosen: None })
}

fn with_notes(facts: Facts, view: &View, node: NodeId) -> Facts {
    let notes = view.cluster_doing.moments.iter().rev().filter(|moment| moment.node == node).take(LATEST_MAX);
    let rows: Vec<Vec<Said>> =
        notes.map(|moment| vec![words::time(moment.ns).into(), Said::from(&*moment.text)]).collect();
    if rows.is_empty() {
        return facts;
    }
    facts.table(FactTable {
        title: "What it decided last".to_string(),
        heads: vec!["at", "sentence"],
        rows,
        chosen: None,
    })
}

fn of_client(view: &View, cluster: &ClusterState, client: NodeId) -> Facts {
    let facts = Facts::new(format!("Client {client}"));
    let deals = view.cluster_doing.deals.iter().rev().filter(|deal| deal.client == client).take(2 * LATEST_MAX);
    let rows: Vec<Vec<Said>> = deals
        .map(|deal| {
            let link = Said::Link(deal.text.to_string(), Selection::Request(deal.request));
            vec![words::time(deal.asked_ns).into(), link, Said::from(&*deal.answer), words::fate(deal.fate).into()]
        })
        .collect();
    let open = cluster.requests.iter().filter(|request| request.client == client && request.ended_ns == 0).count();
    let facts = facts.row("open operations", open.to_string());
    let heads = vec!["at", "operation", "answer", "is"];
    facts.table(FactTable { title: "What it asked, the latest first".to_string(), heads, rows, chosen: None })
}

fn node_link(node: NodeId) -> Said {
    Said::Link(node.to_string(), Selection::Node(node))
}

fn of_message(view: &View, message: MessageId) -> Option<Facts> {
    let flight: &Flight = view.cluster_doing.flights.find(message, |flight| flight.message)?;
    let facts = Facts::new(format!("Message {}, {}", message.0, flight.kind));
    let facts = facts.row("from", node_link(flight.from)).row("to", node_link(flight.to));
    let facts = if flight.text.is_empty() { facts } else { facts.row("says", flight.text.to_string()) };
    let facts = facts.row("sent at", words::time(flight.sent_ns));
    Some(match flight.landing {
        Landing::Flying => facts.row("due at", words::time(flight.due_ns)).row("is", "on its way"),
        Landing::Arrived { ns, .. } => {
            let took = duration(ns.saturating_sub(flight.sent_ns));
            facts.row("arrived at", words::time(ns)).row("took", took)
        }
        Landing::Dropped { ns, why } => facts.row("lost at", words::time(ns)).row("why", why_dropped(why)),
    })
}

fn of_request(view: &View, request: u64) -> Option<Facts> {
    let deal: &Deal = view.cluster_doing.deals.find(request, |deal| deal.request)?;
    let facts = Facts::new(format!("Operation {request}: {}", deal.text));
    let facts = facts.row("client", node_link(deal.client)).row("asked last", node_link(deal.node));
    let facts = facts.row("asked at", words::time(deal.asked_ns)).row("is", words::fate(deal.fate));
    let facts = if deal.answer.is_empty() { facts } else { facts.row("answer", deal.answer.to_string()) };
    let facts = if deal.stale { facts.row("stale", "a newer version had been acknowledged before") } else { facts };
    Some(match deal.ended_ns {
        Some(ns) => facts.row("took", duration(ns.saturating_sub(deal.asked_ns))),
        None => facts.row("open for", duration(view.time_ns.saturating_sub(deal.asked_ns))),
    })
}

fn of_link(cluster: &ClusterState, from: NodeId, to: NodeId) -> Facts {
    let state = |a, b| if cluster.cut.contains(&(a, b)) { "cut" } else { "whole" };
    let facts = Facts::new(format!("Link between {from} and {to}"));
    let facts = facts.row("there", format!("from {from} to {to}: {}", state(from, to)));
    let facts = facts.row("back", format!("from {to} to {from}: {}", state(to, from)));
    let on_it = cluster
        .flying
        .iter()
        .filter(|flying| (flying.from, flying.to) == (from, to) || (flying.from, flying.to) == (to, from));
    let rows: Vec<Vec<Said>> = on_it
        .take(2 * LATEST_MAX)
        .map(|flying| {
            let link = Said::Link(flying.kind.to_string(), Selection::Message(flying.message));
            vec![link, format!("to {}", flying.to).into(), words::time(flying.due_ns).into()]
        })
        .collect();
    let table =
        FactTable { title: "On the way".to_string(), heads: vec!["message", "goes", "due at"], rows, chosen: None };
    if table.rows.is_empty() { facts.row("on the way", "nothing") } else { facts.table(table) }
}

fn of_verdict(cluster: &ClusterState, index: u8) -> Option<Facts> {
    let verdict = cluster.verdicts.get(usize::from(index))?;
    let says = match verdict.kind {
        VerdictKind::Holds => "it holds",
        VerdictKind::Violated => "it is violated",
        VerdictKind::GaveUp => "it gave up: too much to search",
        VerdictKind::Nothing => "there is nothing to check",
    };
    let facts = Facts::new(verdict.checker.to_string()).row("says", says);
    let facts = if verdict.text.is_empty() { facts } else { facts.row("because", verdict.text.to_string()) };
    let mut facts = facts.row("at", words::time(verdict.at_ns));
    for suspect in &verdict.proof.part {
        let until = suspect.ended_ns.map_or("no answer".to_string(), |ns| format!("to {}", words::time(ns)));
        let name = if suspect.failing { "nothing explains" } else { "beside" };
        let from = words::time(suspect.asked_ns);
        facts = facts.row(name, format!("{}: {}, {from} {until}", suspect.client, suspect.text));
    }
    Some(facts)
}

/// What can be done to what is selected: words for a button, and the line that it issues.
pub fn actions(view: &View, selection: Selection) -> Vec<(String, String)> {
    let Some(cluster) = view.cluster() else { return Vec::new() };
    let pair = |text: &str, line: String| (text.to_string(), line);
    match selection {
        Selection::Node(node) if !node.is_client() => {
            let index = usize::from(node.number()).checked_sub(1);
            let Some(state) = index.and_then(|index| cluster.nodes.get(index)) else { return Vec::new() };
            let mut actions = match state.status {
                NodeStatus::Up => vec![pair("Pause", format!("pause {node}")), pair("Crash", format!("crash {node}"))],
                NodeStatus::Paused | NodeStatus::Slow => {
                    vec![pair("Resume", format!("resume {node}")), pair("Crash", format!("crash {node}"))]
                }
                NodeStatus::Down => vec![pair("Restart", format!("restart {node}"))],
            };
            let now_ms = (state.ahead_ns / 1_000_000) as i64 - (state.behind_ns / 1_000_000) as i64;
            for (text, by) in [("Clock +", SKEW_MS), ("Clock \u{2212}", -SKEW_MS)] {
                actions.push(pair(text, format!("skew {node} {}ms", now_ms + by)));
            }
            actions
        }
        Selection::Message(message) if cluster.flying.iter().any(|flying| flying.message == message) => {
            vec![pair("Drop", format!("drop {}", message.0)), pair("Delay 50 ms", format!("delay {} 50ms", message.0))]
        }
        Selection::Link(from, to) => match cluster.cut.contains(&(from, to)) || cluster.cut.contains(&(to, from)) {
            true => vec![pair("Mend", format!("mend {from} {to}")), pair("Heal all links", "heal".to_string())],
            false => vec![pair("Cut", format!("cut {from} {to}"))],
        },
        _ => Vec::new(),
    }
}

/// By how much a press of a button sets a clock ahead or back.
const SKEW_MS: i64 = 500;

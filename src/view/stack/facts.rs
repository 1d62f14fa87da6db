//! What a place, a request or a span is made of; what can be done to it; and the door into its own lab.

use super::{stack, words};
use crate::caption::duration;
use crate::describe::{grouped, key};
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::parts::stack::{Follow, ShardPart, StackState};
use glassbase_trace::{NodeId, NodeStatus, TierKind, TierStatus};

/// Rows of a table that are listed.
const ROWS_MAX: usize = 30;

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let state = stack(view)?;
    match selection {
        Selection::Node(node) => of_tier(state, node),
        Selection::Replica(shard, node) => {
            let part = state.shards.iter().find(|part| part.shard == shard)?;
            if node.0 == 0 { Some(of_shard(part)) } else { of_replica(part, node) }
        }
        Selection::Request(request) => Some(of_request(state, state.follow(request)?, view.time_ns)),
        Selection::Span(request, index) => of_span(state, state.follow(request)?, index, view.time_ns),
        Selection::Verdict(_) => of_goal(state),
        _ => None,
    }
}

fn of_tier(state: &StackState, node: NodeId) -> Option<Facts> {
    let place = state.tiers.place(node)?;
    let mut facts = Facts::new(words::place(state, node)).row("is", place.status.word());
    if place.kind == TierKind::Database {
        return Some(
            facts
                .row("turned away by shards", grouped(state.bounced))
                .row("queries under way", format!("{} of {}", state.tiers.busy, state.tiers.connections))
                .row("wait", format!("{} of {}", state.tiers.queued, state.tiers.queue_limit))
                .row(
                    "map",
                    format!("{}: {} shards, {}", state.map.version, state.map.shards.len(), state.map.strategy),
                ),
        );
    }
    let at = usize::from(node.0).saturating_sub(1);
    if let Some(copy) = state.copies.get(at).filter(|_| place.kind == TierKind::App) {
        let newest = state.map.version;
        let said = if *copy < newest { format!("{copy}: {newest} is newer") } else { format!("{copy}: the newest") };
        facts = facts.row("goes by map", said);
    }
    facts = facts
        .row("keeps", format!("{} of {}", place.entries.len(), place.capacity))
        .row("hits", grouped(place.hits))
        .row("misses", grouped(place.misses))
        .row("breaker", place.breaker.word());
    let row = |entry: &glassbase_trace::parts::tiers::EntryState| -> Vec<Said> {
        let is = if entry.stale_ns > 0 { "stale" } else { "" };
        vec![key(&entry.key).into(), grouped(entry.version).into(), is.into()]
    };
    let rows = place.entries.iter().take(ROWS_MAX).map(row).collect();
    Some(facts.table(FactTable { title: "Kept".to_string(), heads: vec!["key", "version", ""], rows, chosen: None }))
}

fn of_shard(part: &ShardPart) -> Facts {
    let cluster = &part.cluster;
    let mut facts = Facts::new(format!("Shard s{}", part.shard.0))
        .row("messages", grouped(cluster.counts.sent))
        .row("operations done", grouped(cluster.counts.done));
    for (index, node) in cluster.nodes.iter().enumerate() {
        let number = NodeId(index as u16 + 1);
        let role = if node.status == NodeStatus::Down { "down" } else { &*node.detail.head.role };
        facts =
            facts.link("replica", format!("s{}{number}: {role}", part.shard.0), Selection::Replica(part.shard, number));
    }
    facts
}

fn of_replica(part: &ShardPart, number: NodeId) -> Option<Facts> {
    let node = part.cluster.nodes.get(usize::from(number.0).checked_sub(1)?)?;
    let head = &node.detail.head;
    let mut facts = Facts::new(format!("Replica s{}{number}", part.shard.0))
        .row("is", node.status.word())
        .row("role", head.role.to_string())
        .row("term", grouped(head.term))
        .row("committed", grouped(head.committed));
    for fact in &head.facts {
        facts = facts.row("knows", format!("{}: {}", fact.name, fact.value));
    }
    let row = |datum: &std::rc::Rc<glassbase_trace::parts::cluster::Datum>| -> Vec<Said> {
        let values: Vec<&str> = datum.versions.iter().map(|version| &*version.value).collect();
        vec![key(&datum.key).into(), values.join(" | ").into()]
    };
    let rows = node.detail.data.iter().take(ROWS_MAX).map(row).collect();
    Some(facts.table(FactTable {
        title: "Data".to_string(),
        heads: vec!["key", "version = value"],
        rows,
        chosen: None,
    }))
}

fn of_request(state: &StackState, follow: &Follow, now_ns: u64) -> Facts {
    let mut facts = Facts::new(follow.text.to_string())
        .row("client", follow.client.to_string())
        .row("is", words::fate(follow.fate))
        .row("took", duration(follow.lasts_ns(now_ns)));
    if follow.ended_ns > 0 {
        facts = facts.row("answered by", words::source(follow.source));
    }
    if follow.stale {
        facts = facts.row("answer", "older than it had to be");
    }
    let hops = follow.spans.iter().enumerate().skip(1).filter(|(_, span)| span.parent == 0);
    let row = |(index, span): (usize, &glassbase_trace::parts::stack::Span)| -> Vec<Said> {
        let lasts_ns = super::waterfall::end_ns(span, now_ns).saturating_sub(span.from_ns);
        let link = Said::Link(words::span(state, span), Selection::Span(follow.request, index as u32));
        vec![link, duration(lasts_ns).into()]
    };
    let rows = hops.take(ROWS_MAX).map(row).collect();
    facts.table(FactTable { title: "Hops".to_string(), heads: vec!["hop", "time"], rows, chosen: None })
}

fn of_span(state: &StackState, follow: &Follow, index: u32, now_ns: u64) -> Option<Facts> {
    let span = follow.spans.get(index as usize)?;
    let lasts_ns = super::waterfall::end_ns(span, now_ns).saturating_sub(span.from_ns);
    let mut facts = Facts::new(words::span(state, span))
        .row("layer", span.layer.word())
        .row("takes", if lasts_ns == 0 { "no time".to_string() } else { duration(lasts_ns) })
        .row("begins after", duration(span.from_ns.saturating_sub(follow.began_ns)))
        .link("request", follow.text.to_string(), Selection::Request(follow.request));
    if index > 0
        && let Some(parent) = follow.spans.get(span.parent as usize)
    {
        facts = facts.link("because of", words::span(state, parent), Selection::Span(follow.request, span.parent));
    }
    Some(match place_of(state, follow, index) {
        Some(place) => facts.link("at", name_of(state, place)?, place),
        None => facts,
    })
}

/// The place that a span is at, to be selected.
fn place_of(_state: &StackState, follow: &Follow, index: u32) -> Option<Selection> {
    let span = follow.spans.get(index as usize)?;
    let at = if span.layer == glassbase_trace::SpanLayer::Link { span.to } else { span.at };
    match (span.shard.0, at.is_client()) {
        (0, false) => Some(Selection::Node(at)),
        (0, true) => None,
        (_, true) => Some(Selection::Replica(span.shard, NodeId(0))),
        (_, false) => Some(Selection::Replica(span.shard, at)),
    }
}

fn of_goal(state: &StackState) -> Option<Facts> {
    let goal = state.goal.as_deref()?;
    let mut facts = Facts::new(goal.title.to_string())
        .row("story", goal.story.to_string())
        .row("costs", format!("{} an hour, of {}", goal.cost, goal.budget))
        .row("score", format!("{} of 1000", goal.score));
    for part in &goal.parts {
        let is = if part.holds {
            "holds"
        } else if goal.unplayed {
            "open"
        } else {
            "fails"
        };
        facts = facts.row(is, format!("{} Found: {}", part.text, part.found));
    }
    for hint in &goal.hints {
        facts = facts.row("hint", hint.to_string());
    }
    Some(facts)
}

/// How a place is called in commands.
fn name_of(state: &StackState, selection: Selection) -> Option<String> {
    match selection {
        Selection::Node(node) if !node.is_client() => Some(words::place(state, node)),
        Selection::Replica(shard, NodeId(0)) => Some(format!("s{}", shard.0)),
        Selection::Replica(shard, node) => Some(format!("s{}{node}", shard.0)),
        _ => None,
    }
}

/// What can be done to what is selected.
pub fn actions(view: &View, selection: Selection) -> Vec<(String, String)> {
    let Some(state) = stack(view) else { return Vec::new() };
    let is_cut = !state.cut.is_empty() || state.shards.iter().any(|part| !part.cluster.cut.is_empty());
    let mut actions = link_of(state, selection).map_or_else(|| place_actions(state, selection), |link| vec![link]);
    if is_cut && !actions.is_empty() {
        actions.push(("Heal all links".to_string(), "heal".to_string()));
    }
    actions
}

/// A message shows the link that it takes, which can be cut.
fn link_of(state: &StackState, selection: Selection) -> Option<(String, String)> {
    let Selection::Span(request, index) = selection else { return None };
    let span = state.follow(request)?.spans.get(index as usize)?;
    if span.layer != glassbase_trace::SpanLayer::Link {
        return None;
    }
    let name = |at: NodeId| match (span.shard.0, at.is_client()) {
        (0, true) => None,
        _ => Some(words::place_of(state, span, at)),
    };
    let (from, to) = (name(span.at)?, name(span.to)?);
    Some(("Cut the link".to_string(), format!("cut {from} {to}")))
}

fn place_actions(state: &StackState, selection: Selection) -> Vec<(String, String)> {
    let place = match selection {
        Selection::Span(request, index) => state.follow(request).and_then(|follow| place_of(state, follow, index)),
        other => Some(other),
    };
    let Some(name) = place.and_then(|place| name_of(state, place)) else { return Vec::new() };
    let pair = |text: &str, line: String| (text.to_string(), line);
    let power = |is_up: bool| match is_up {
        true => pair("Kill", format!("kill {name}")),
        false => pair("Restart", format!("restart {name}")),
    };
    match place {
        Some(Selection::Node(node)) => {
            let is_up = state.tiers.place(node).is_some_and(|place| place.status != TierStatus::Down);
            vec![power(is_up), pair("Cut off", format!("cut {name}"))]
        }
        Some(Selection::Replica(shard, NodeId(0))) => {
            let cluster = state.cluster(shard);
            let is_up = cluster.is_some_and(|cluster| cluster.nodes.iter().any(|node| node.status != NodeStatus::Down));
            vec![power(is_up), pair("Cut off", format!("cut {name}"))]
        }
        Some(Selection::Replica(shard, node)) => {
            let at = usize::from(node.0).saturating_sub(1);
            let known = state.cluster(shard).and_then(|cluster| cluster.nodes.get(at));
            if known.is_none_or(|known| known.status == NodeStatus::Down) {
                return vec![power(false)];
            }
            vec![
                power(true),
                pair("Cut off", format!("cut {name}")),
                pair("Crash the disk", format!("crash {name}")),
                pair("Fill the disk", format!("fill {name}")),
                pair("Flip a bit", format!("disk {name} flip-bit")),
                pair("Slow", format!("slow {name} 20")),
            ]
        }
        _ => Vec::new(),
    }
}

/// The name of what is behind the door of what is selected, and what the door says.
pub fn door(view: &View, selection: Selection) -> Option<(String, String)> {
    let state = stack(view)?;
    let place = match selection {
        Selection::Span(request, index) => place_of(state, state.follow(request)?, index)?,
        other => other,
    };
    let name = name_of(state, place)?;
    let says = match place {
        Selection::Replica(_, NodeId(0)) => "Open its lab",
        Selection::Replica(..) => "Its store",
        _ => "Open the caches",
    };
    Some((name, says.to_string()))
}

/// When a hop began.
pub fn moment(view: &View, selection: Selection) -> Option<u64> {
    let Selection::Span(request, index) = selection else { return None };
    Some(stack(view)?.follow(request)?.spans.get(index as usize)?.from_ns)
}

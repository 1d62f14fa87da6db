//! What a shard or a key is made of, and what can be done to it.

use super::sharding;
use crate::caption::duration;
use crate::describe::{grouped, key};
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::NodeId;
use glassbase_trace::parts::ShardingState;
use glassbase_trace::parts::sharding::{KeyDot, ShardState};

/// Keys of a shard that are listed.
const KEYS_MAX: usize = 24;

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let state = sharding(view)?;
    match selection {
        Selection::Node(node) if !node.is_client() => Some(of_shard(state, state.shard(node)?)),
        Selection::Entry(hash) => Some(of_key(state.dots.iter().find(|dot| dot.hash == hash)?)),
        _ => None,
    }
}

fn of_shard(state: &ShardingState, shard: &ShardState) -> Facts {
    let mut facts = Facts::new(format!("Shard {}", shard.shard))
        .row("is", if shard.up { "up" } else { "down" })
        .row("keys that are there", grouped(shard.keys))
        .row("requests", grouped(shard.requests))
        .row("sent elsewhere", grouped(shard.bounced))
        .row("has worked", duration(shard.busy_ns))
        .row("of the latest requests", format!("{} %", shard.heat / 10));
    if shard.backlog_ns > 0 {
        facts = facts.row("a request waits", duration(shard.backlog_ns));
    }
    for span in state.map.spans.iter().filter(|span| span.shard == shard.shard) {
        let to = span.to.as_ref().map_or("the end".to_string(), |to| key(to));
        let from = if span.from.is_empty() { "the beginning".to_string() } else { key(&span.from) };
        facts = facts.row("range", format!("{from} up to {to}"));
    }
    let here: Vec<&KeyDot> = state.dots.iter().map(|dot| &**dot).filter(|dot| dot.shard == shard.shard).collect();
    let link = |dot: &KeyDot| Said::Link(key(&dot.key), Selection::Entry(dot.hash));
    let row = |dot: &&KeyDot| vec![link(dot), grouped(dot.requests).into()];
    let rows = here.iter().take(KEYS_MAX).map(row).collect();
    // A dot goes by the map: a key may belong here that has not arrived, or was lost on its way.
    let some = if here.len() > KEYS_MAX { format!(", {KEYS_MAX} of {}", here.len()) } else { String::new() };
    let title = format!("Keys that belong here by the map{some}");
    facts.table(FactTable { title, heads: vec!["key", "requests"], rows, chosen: None })
}

fn of_key(dot: &KeyDot) -> Facts {
    let facts = Facts::new(format!("Key {}", key(&dot.key)));
    let facts = facts.link("is on", format!("shard {}", dot.shard), Selection::Node(dot.shard));
    let turn = (dot.hash >> 32) * 1000 / (1 << 32);
    let facts = facts.row("hash", format!("{} thousandths of the ring", turn)).row("requests", grouped(dot.requests));
    facts.row("has moved", if dot.moves == 1 { "once".to_string() } else { format!("{} times", dot.moves) })
}

/// What can be done to what is selected.
pub fn actions(view: &View, selection: Selection) -> Vec<(String, String)> {
    let Some(state) = sharding(view) else { return Vec::new() };
    let pair = |text: &str, line: String| (text.to_string(), line);
    let of = |node: NodeId| state.shard(node);
    match selection {
        Selection::Node(node) => match of(node) {
            Some(shard) if shard.up => vec![
                pair("Crash", format!("crash {node}")),
                pair("Slow", format!("slow {node} 20")),
                pair("Remove", format!("remove {node}")),
            ],
            Some(_) => vec![pair("Restart", format!("restart {node}"))],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

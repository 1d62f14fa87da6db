//! What happens in a sharded cluster, in one sentence.

use super::sharding;
use crate::View;
use crate::caption::duration;
use crate::describe::{count, grouped, key};
use glassbase_trace::parts::sharding::{KeyDot, MapState, StreamState};
use glassbase_trace::{Event, Record};

/// The sentence for a record, told from the view before it.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    let before = sharding(view)?;
    Some(match &record.event {
        Event::ClusterMapChanged { map } => map_changed(Some(&before.map), map),
        Event::KeyDotChanged { dot } => {
            let known = before.dots.binary_search_by(|known| known.key.cmp(&dot.key)).ok();
            dot_changed(known.map(|at| &*before.dots[at]), dot)
        }
        _ => return describe(record),
    })
}

/// The sentence from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    Some(match &record.event {
        Event::ClusterMapChanged { map } => map_changed(None, map),
        Event::ShardFigures { shard } => {
            let is = if shard.up { String::new() } else { ", which is down,".to_string() };
            let wait = match shard.backlog_ns {
                0 => String::new(),
                ns => format!(", and a new one waits {}", duration(ns)),
            };
            format!(
                "{}{is} has {} and has answered {}{wait}.",
                shard.shard,
                count(shard.keys, "key"),
                count(shard.requests, "request")
            )
        }
        Event::ShardGone { shard } => format!("{shard} has nothing left, and leaves."),
        Event::StreamsCleared {} => "A change of the map begins.".to_string(),
        Event::StreamChanged { stream } => stream_changed(stream),
        Event::KeyDotChanged { dot } => dot_changed(None, dot),
        Event::Surveyed { survey } => format!(
            "{} keys on {} shards, and on {}: what moves, and how even they are.",
            grouped(survey.keys),
            survey.before,
            survey.after
        ),
        Event::Gathered { query } => {
            let missing = query.parts.iter().filter(|part| &*part.fate == "missing").count();
            let without = if missing > 0 { format!(", without {missing} that did not answer") } else { String::new() };
            format!(
                "{}: {} from {}{without}, in {}.",
                query.text,
                count(query.rows, "row"),
                count(query.parts.len() as u64, "shard"),
                duration(query.latency_ns)
            )
        }
        _ => return None,
    })
}

fn map_changed(before: Option<&MapState>, map: &MapState) -> String {
    let was_down = before.is_some_and(MapState::service_is_down);
    match before {
        _ if map.service_is_down() && !was_down => {
            "The map service is down: routers and shards go on with the maps they have.".to_string()
        }
        _ if was_down && !map.service_is_down() => {
            "The map service is up: it tells the shards what they missed, and goes on with what was under way."
                .to_string()
        }
        Some(before) if before.version < map.version => {
            format!("Map {} counts now: {}.", map.version, count(map.shards.len() as u64, "shard"))
        }
        _ if !map.change.is_empty() => format!("The map is being changed: {}.", map.change),
        _ => format!("Map {}: {}, placed by {}.", map.version, count(map.shards.len() as u64, "shard"), map.strategy),
    }
}

fn dot_changed(before: Option<&KeyDot>, dot: &KeyDot) -> String {
    match before {
        Some(before) if before.shard != dot.shard => {
            format!("Key {} is on {} now; it was on {}.", key(&dot.key), dot.shard, before.shard)
        }
        _ => format!("Key {} is on {}.", key(&dot.key), dot.shard),
    }
}

fn stream_changed(stream: &StreamState) -> String {
    let StreamState { from, to, copied, caught_up, .. } = stream;
    match &*stream.phase {
        "opening" => format!("{from} asks {to} to make room for keys."),
        "copying" => format!("{from} copies keys to {to}: {} so far.", count(*copied, "row")),
        "catching-up" => {
            format!("{to} catches up with what changed on {from} meanwhile: {} so far.", count(*caught_up, "row"))
        }
        "frozen" => format!("{from} takes no more requests for the keys that go to {to}."),
        "handed" => format!("{from} has handed its keys over to {to}."),
        _ => format!("{} went from {from} to {to}.", count(stream.keys, "key")),
    }
}

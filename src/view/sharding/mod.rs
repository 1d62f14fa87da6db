//! The sharding lab drawn: the ring or line of keys, shards with what they hold and do, moves, queries, strategies compared.
//!
//! - [`scene`]: the picture as a whole, clients, messages. [`space`]: keys on a ring or a line. [`cards`]: shards.
//!   [`tables`]: moves with their phases, a query's parts, strategies side by side.
//! - [`words`]: captions. [`facts`]: the inspector. [`numbers`]: measures.

mod cards;
mod facts;
mod numbers;
mod scene;
mod space;
mod tables;
mod words;

use std::rc::Rc;

use super::View;
use super::guide::{Dot, Guide, Quick, Tone};
use super::pseudocode::Algorithm;
use glassbase_trace::parts::ShardingState;
use glassbase_trace::{EngineState, Event, Lane, Record};

pub static GUIDE: Guide = Guide {
    lab: "sharding",
    draw: Some(scene::draw),
    caption: words::caption,
    describe: words::describe,
    measures: numbers::MEASURES,
    algorithm: &MOVE,
    running,
    lanes: &[Lane::Script, Lane::Client, Lane::Node, Lane::Network],
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a shard, a key or a message: here is what it holds, where it is, and how often it was asked for.",
    fold,
    words: weight,
    actions: facts::actions,
    quick: &[
        Quick { text: "Put", line: "put {key} 1\nwait" },
        Quick { text: "Get", line: "get {key}\nwait" },
        Quick { text: "Load", line: "load {count}" },
        Quick { text: "Add a shard", line: "add\nwait" },
        Quick { text: "Survey", line: "survey 10000" },
        Quick { text: "Check", line: "check" },
    ],
    ..Guide::PLAIN
};

static MOVE: Algorithm = Algorithm {
    name: "live-move",
    title: "Moving keys",
    lines: &[
        "move(keys, from source to target):",
        "  target wipes what it has of them",
        "  source takes a snapshot",
        "  for each part of the snapshot:",
        "    send it; wait for its ack; pause",
        "  while much has changed meanwhile:",
        "    send what has changed",
        "  source takes no more requests for them",
        "  send the last changes",
        "  source: durably, \"no longer mine\"",
        "  target: durably, \"mine\"",
        "  source deletes them",
        "a router asks the wrong shard:",
        "  bounce it; it fetches the map",
    ],
};

fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    sharding(view)?;
    let Event::Noted { topic, .. } = &record.event else { return None };
    let line = match &**topic {
        "move-begun" => 1,
        "copied" => 5,
        "frozen" => 7,
        "handed-over" => 9,
        "taken-over" => 10,
        "moved" => 11,
        "bounced" => 13,
        _ => return None,
    };
    Some((&MOVE, line))
}

/// The sharded cluster, if there is one.
fn sharding(view: &View) -> Option<&ShardingState> {
    view.state.parts.sharding.as_deref()
}

fn fold(state: &mut EngineState, event: &Event) {
    if matches!(event.lane(), Lane::Node)
        && let Some(sharding) = state.parts.sharding.as_mut()
    {
        Rc::make_mut(sharding).fold(event);
    }
}

/// Lists of references, copied when one of them changes.
fn weight(before: &EngineState, state: &EngineState) -> usize {
    match (&before.parts.sharding, &state.parts.sharding) {
        (Some(before), Some(after)) if !Rc::ptr_eq(before, after) => {
            60 + 3 * after.dots.len() + 12 * after.shards.len() + 12 * after.streams.len()
        }
        _ => 0,
    }
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    Some(match event {
        Event::ClusterMapChanged { .. } | Event::StreamsCleared {} => (Tone::Accent, Dot::Full),
        Event::StreamChanged { .. } => (Tone::Logged, Dot::Ring),
        Event::Surveyed { .. } | Event::Gathered { .. } => (Tone::Hit, Dot::Full),
        Event::ShardFigures { .. } | Event::KeyDotChanged { .. } | Event::ShardGone { .. } => (Tone::Muted, Dot::Ring),
        _ => return None,
    })
}

fn pace_ms(event: &Event, _passed_ns: u64) -> Option<f64> {
    Some(match event {
        Event::ClusterMapChanged { .. } => 500.0,
        Event::Surveyed { .. } | Event::Gathered { .. } => 900.0,
        Event::KeyDotChanged { dot } if dot.moves > 0 => 50.0,
        Event::StreamChanged { .. } => 30.0,
        Event::ShardFigures { .. } | Event::KeyDotChanged { .. } => 4.0,
        Event::ShardGone { .. } | Event::StreamsCleared {} => 20.0,
        _ => return None,
    })
}

//! The whole stack drawn: one request from its client to the page and back, three ways.
//!
//! ```text
//!   map         clients ─ application servers ─ L2 ─ router ─ shards; the way of the request, with the time that each hop took
//!   waterfall   its spans by cause, one below the other
//!   diagram     the same spans in space and time: a line for each place, messages between them
//! ```
//!
//! - [`scene`]: where everything stands, and the head. [`map`]: places, and requests on their way. [`waterfall`], [`diagram`]: the
//!   followed request. [`goal`]: what is to be reached.
//! - [`words`]: captions, names of places. [`facts`]: the inspector, doors, what can be done. [`numbers`]: measures.

mod diagram;
mod facts;
mod goal;
mod map;
mod numbers;
mod scene;
#[cfg(test)]
mod tests;
mod waterfall;
mod words;

use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use super::pseudocode::Algorithm;
use super::{Selection, View};
use glassbase_trace::parts::stack::{Follow, StackState};
use glassbase_trace::{EngineState, Event, Lane, NodeStatus, Record, TierFate, TierLook, TierStatus};

pub static GUIDE: Guide = Guide {
    lab: "stack",
    draw: Some(scene::draw),
    caption: words::caption,
    describe: words::describe,
    measures: numbers::MEASURES,
    algorithm: &READ,
    running,
    marker,
    lanes: &[Lane::Script, Lane::Tiers, Lane::Database, Lane::Stack, Lane::Node, Lane::Network],
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a place, a request or a bar of the waterfall: here is what it is, and the door into its own lab.",
    words: weight,
    quick: &[
        Quick { text: "Get", line: "get {key}\nwait" },
        Quick { text: "Put", line: "put {key} new\nwait" },
        Quick { text: "Load", line: "load {count} rate 200" },
        Quick { text: "Kill L2", line: "kill l2" },
        Quick { text: "Add a shard", line: "add\nwait" },
        Quick { text: "Play", line: "play" },
    ],
    actions: facts::actions,
    door: facts::door,
    moment: facts::moment,
    ..Guide::PLAIN
};

static READ: Algorithm = Algorithm {
    name: "request",
    title: "A request",
    lines: &[
        "request(key):",
        "  application server: look into L1",
        "  L2: look into the key's node",
        "  router: shard = map.place(key)",
        "    wait for the key's lock, for a connection",
        "  shard: ask the replica that leads",
        "    read, or log and copy to a majority",
        "      fetch pages; sync the log",
        "  fill L2 and L1 on the way back",
        "  tell the client",
    ],
};

fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    stack(view)?;
    let line = match &record.event {
        Event::TierAsked { .. } => 0,
        Event::TierLooked { at, .. } => match words::is_app(view, *at) {
            true => 1,
            false => 2,
        },
        Event::DatabaseBegan { .. } => 3,
        Event::QueryHeld { .. } | Event::QueryBounced { .. } => 4,
        Event::QueryRouted { .. } => 5,
        Event::Within { event, .. } => match &**event {
            Event::StoreTouched { .. } => 7,
            Event::MessageSent { .. } | Event::MessageDelivered { .. } => 6,
            _ => return None,
        },
        Event::TierKept { .. } => 8,
        Event::TierTold { .. } => 9,
        _ => return None,
    };
    Some((&READ, line))
}

/// The stack, if there is one.
fn stack(view: &View) -> Option<&StackState> {
    view.state.parts.stack.as_deref()
}

/// The request that is drawn: the one that is selected, or the latest.
fn followed(state: &StackState, selected: Option<Selection>) -> Option<&Follow> {
    let of = |request| state.follow(request);
    let selected = match selected {
        Some(Selection::Request(request)) => of(request),
        Some(Selection::Span(request, _)) => of(request),
        _ => None,
    };
    selected.or_else(|| state.latest())
}

/// Lists of references, copied when one of them changes.
fn weight(before: &EngineState, state: &EngineState) -> usize {
    match (&before.parts.stack, &state.parts.stack) {
        (Some(before), Some(after)) if !std::rc::Rc::ptr_eq(before, after) => {
            let spans: usize = after.weave.follows.iter().map(|follow| 10 * follow.spans.len()).sum();
            200 + 400 * after.shards.len() + spans + 16 * after.tiers.open.len() + 8 * after.weave.threads.len()
        }
        _ => 0,
    }
}

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::TierTold { age_ns, .. } if *age_ns > 0 => MarkerKind::Stale,
        Event::QueryBounced { .. } => MarkerKind::Stale,
        Event::FrontLinksChanged { cut } if cut.is_empty() => MarkerKind::Heal,
        Event::FrontLinksChanged { .. } => MarkerKind::Partition,
        Event::TierStatusChanged { status: TierStatus::Down, .. } => MarkerKind::Crash,
        Event::TierStatusChanged { .. } => MarkerKind::Heal,
        Event::ShardJoined { .. } => MarkerKind::Split,
        Event::GoalJudged { .. } => MarkerKind::Answer,
        Event::Within { event, .. } => match &**event {
            Event::NodeStatusChanged { status: NodeStatus::Down, .. } => MarkerKind::Crash,
            Event::Noted { topic, .. } if matches!(&**topic, "elected" | "promoted") => MarkerKind::Election,
            Event::LinksChanged { cut } => {
                if cut.is_empty() {
                    MarkerKind::Heal
                } else {
                    MarkerKind::Partition
                }
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    Some(match event {
        Event::TierTold { fate: TierFate::Served, age_ns: 0, .. } => (Tone::Hit, Dot::Full),
        Event::TierTold { fate: TierFate::Served, .. } => (Tone::Stale, Dot::Full),
        Event::TierTold { .. } | Event::DatabaseRefused { .. } => (Tone::Failed, Dot::Full),
        Event::TierAsked { .. } => (Tone::Accent, Dot::Ring),
        Event::TierLooked { look: TierLook::Hit, .. } => (Tone::Hit, Dot::Ring),
        Event::TierLooked { .. } => (Tone::Miss, Dot::Ring),
        Event::QueryRouted { .. } | Event::ShardJoined { .. } | Event::GoalJudged { .. } => (Tone::Accent, Dot::Full),
        Event::QueryHeld { .. } => (Tone::Pinned, Dot::Ring),
        Event::QueryBounced { .. } => (Tone::Stale, Dot::Full),
        Event::FrontLinksChanged { .. } | Event::TierLost { .. } => (Tone::Failed, Dot::Full),
        Event::Within { event, .. } => match &**event {
            Event::StoreTouched { .. } => (Tone::Logged, Dot::Ring),
            Event::NodeStatusChanged { status: NodeStatus::Down, .. } => (Tone::Failed, Dot::Full),
            _ => (Tone::Muted, Dot::Ring),
        },
        _ => return None,
    })
}

/// A millisecond of virtual time takes so many on the screen at 1x; a long wait is cut short.
const MS_EACH_NS: f64 = 25.0 / 1e6;
const PASSING_MAX_MS: f64 = 300.0;

fn pace_ms(event: &Event, passed_ns: u64) -> Option<f64> {
    let itself = match event {
        Event::GoalJudged { .. } | Event::ShardJoined { .. } => 400.0,
        Event::QueryRouted { .. } | Event::QueryHeld { .. } => 40.0,
        Event::QueryBounced { .. } => 250.0,
        Event::Within { .. } => 2.0,
        _ => return None,
    };
    Some(itself + (passed_ns as f64 * MS_EACH_NS).min(PASSING_MAX_MS))
}

//! The labs of clusters: nodes, what they send each other, what clients ask and are told, and what checkers say of it.
//!
//! Every protocol describes its nodes in the same terms, so one picture serves all labs; they differ in their pseudocode.
//!
//! - [`scene`]: the picture as a whole; [`plan`]: where its parts stand. [`stage`], [`card`]: nodes, links, messages;
//!   [`aggregate`]: a large cluster.
//!   [`spacetime`]: the space-time diagram, or [`history`]: what breaks a promise; [`causal`]: what happened before what; [`rounds`]: who has
//!   answered whom; [`reigns`]: who led; [`tenor`]: what a message means.
//! - [`tradeoff`]: what R and W cost and give, as curves.
//! - [`doing`]: what is over, in lists that views share ([`chunks`]).
//! - [`caption`], [`words`]: sentences. [`facts`]: the inspector, and what can be done to a thing. [`numbers`]: the measures.
//!   [`code`]: pseudocode. [`cutting`]: a line across the stage as a partition.

mod aggregate;
mod caption;
mod card;
mod causal;
mod chunks;
pub(super) mod code;
mod cutting;
mod doing;
mod facts;
mod history;
mod numbers;
pub(super) mod plan;
mod reigns;
mod rounds;
pub(super) mod scene;
pub(super) mod spacetime;
mod stage;
mod tenor;
#[cfg(test)]
mod tests;
pub mod tradeoff;
pub(super) mod words;

// What a shard of the stack has to say.
pub use caption::describe;
pub use doing::Doing;
// What the labs of shards draw in the same way.
pub use numbers::percentile;
pub use stage::share;
pub use tenor::Tenor;
pub use words::clock;

use std::rc::Rc;

use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use glassbase_trace::{EngineState, Event, Lane, NodeStatus, RequestFate, VerdictKind};

/// What all labs of clusters have in common.
pub(super) const CLUSTER: Guide = Guide {
    draw: Some(scene::draw),
    caption: caption::caption,
    describe: caption::describe,
    measures: numbers::MEASURES,
    lanes: &[Lane::Script, Lane::Client, Lane::Node, Lane::Network],
    marker,
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a node, a message, a link or an operation: here is what it is made of. Drag a line across links to cut them.",
    quick: QUICK,
    actions: facts::actions,
    cutting: Some(cutting::line),
    has_time: true,
    ..Guide::PLAIN
};

/// The first of them changes the state: it does so for all.
pub static LEADER_FOLLOWER: Guide = Guide {
    lab: "leader-follower",
    algorithm: &code::SHIPPING,
    running: |_, record| code::running(code::LEADER_FOLLOWER, record),
    fold,
    words,
    ..CLUSTER
};
pub static MULTI_LEADER: Guide = Guide {
    lab: "multi-leader",
    algorithm: &code::MERGING,
    running: |_, record| code::running(code::MULTI_LEADER, record),
    ..CLUSTER
};
pub static QUORUM: Guide = Guide {
    lab: "quorum",
    algorithm: &code::QUORUM_READ,
    running: |_, record| code::running(code::QUORUM, record),
    caption: |view, record| tradeoff::describe(record).or_else(|| caption::caption(view, record)),
    describe: |record| tradeoff::describe(record).or_else(|| caption::describe(record)),
    tone: |event| tradeoff::tone(event).or_else(|| tone(event)),
    fold: tradeoff::fold,
    words: tradeoff::words,
    ..CLUSTER
};
pub static CAP: Guide = Guide { lab: "cap", ..QUORUM_LIKE };
pub static RAFT: Guide = Guide {
    lab: "raft",
    algorithm: &code::ELECTION,
    running: |_, record| code::running(code::RAFT, record),
    ..CLUSTER
};
pub static PAXOS: Guide = Guide {
    lab: "paxos",
    algorithm: &code::PREPARE,
    running: |_, record| code::running(code::PAXOS, record),
    ..CLUSTER
};
pub static CLOCKS: Guide = Guide {
    lab: "clocks",
    algorithm: &code::CLOCK_RULES,
    running: |_, record| code::running(code::CLOCKS, record),
    ..CLUSTER
};

/// The lab of consistency and availability has both kinds of systems: what one has no line for the other may have.
const QUORUM_LIKE: Guide = Guide {
    algorithm: &code::REPLICATION,
    running: |_, record| code::running(code::RAFT, record).or_else(|| code::running(code::QUORUM, record)),
    ..CLUSTER
};

const QUICK: &[Quick] = &[
    Quick { text: "Put", line: "put {key} 1\nwait" },
    Quick { text: "Get", line: "get {key}\nwait" },
    Quick { text: "100 ms", line: "run 100ms" },
    Quick { text: "Load", line: "load {count}" },
    Quick { text: "Heal", line: "heal" },
    Quick { text: "Check", line: "check" },
];

fn fold(state: &mut EngineState, event: &Event) {
    if let Some(cluster) = state.parts.cluster.as_mut().filter(|_| is_of_cluster(event)) {
        Rc::make_mut(cluster).fold(event);
    }
}

fn is_of_cluster(event: &Event) -> bool {
    matches!(event.lane(), Lane::Client | Lane::Node | Lane::Network)
}

/// Lists of references: nodes, messages on the way, operations.
fn words(before: &EngineState, state: &EngineState) -> usize {
    let (Some(before), Some(cluster)) = (&before.parts.cluster, &state.parts.cluster) else { return 0 };
    let changed = cluster.nodes.iter().zip(&before.nodes).filter(|(new, old)| !Rc::ptr_eq(new, old));
    let own: usize = changed.map(|(node, _)| 40 + 8 * node.detail.data.len() + 8 * node.detail.log.entries.len()).sum();
    cluster.nodes.len() + 12 * cluster.flying.len() + 20 * cluster.requests.len() + own
}

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::Noted { topic, .. } if ["elected", "promoted"].contains(&&**topic) => MarkerKind::Election,
        Event::RequestEnded { stale: true, .. } => MarkerKind::Stale,
        Event::RequestEnded { .. } => MarkerKind::Answer,
        Event::Judged { kind: VerdictKind::Violated, .. } => MarkerKind::Failure,
        Event::NodeStatusChanged { status: NodeStatus::Down, .. } => MarkerKind::Crash,
        Event::NodeStatusChanged { status: NodeStatus::Paused | NodeStatus::Slow, .. } => MarkerKind::Fault,
        Event::LinksChanged { cut } if cut.is_empty() => MarkerKind::Heal,
        Event::LinksChanged { .. } => MarkerKind::Partition,
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    Some(match event {
        Event::RequestAsked { .. } | Event::RequestMoved { .. } => (Tone::Accent, Dot::Ring),
        Event::RequestEnded { stale: true, .. } => (Tone::Stale, Dot::Full),
        Event::RequestEnded { fate: RequestFate::Done, .. } => (Tone::Hit, Dot::Full),
        Event::RequestEnded { fate: RequestFate::Failed, .. } => (Tone::Failed, Dot::Full),
        Event::RequestEnded { .. } => (Tone::Failed, Dot::Ring),
        Event::Judged { kind: VerdictKind::Holds, .. } => (Tone::Hit, Dot::Full),
        Event::Judged { kind: VerdictKind::Violated, .. } => (Tone::Failed, Dot::Full),
        Event::Judged { .. } => (Tone::Muted, Dot::Ring),
        Event::NodeStatusChanged { status: NodeStatus::Up, .. } => (Tone::Hit, Dot::Ring),
        Event::NodeStatusChanged { .. } => (Tone::Failed, Dot::Full),
        Event::Noted { .. } => (Tone::Accent, Dot::Full),
        Event::NodeChanged { .. } => (Tone::Ink, Dot::Full),
        Event::NodeLogChanged { .. } | Event::NodeDatumChanged { .. } => (Tone::Logged, Dot::Full),
        Event::TimerFired { .. } => (Tone::Muted, Dot::Ring),
        Event::MessageSent { .. } => (Tone::Muted, Dot::Ring),
        Event::MessageDelivered { .. } => (Tone::Muted, Dot::Full),
        Event::MessageDropped { .. } | Event::LinksChanged { .. } => (Tone::Failed, Dot::Full),
        Event::MessageDelayed { .. } => (Tone::Pinned, Dot::Full),
        _ => return None,
    })
}

/// What an event takes besides the virtual time that passes until it: what is decided is to be read.
fn pace_ms(event: &Event, passed_ns: u64) -> Option<f64> {
    let itself = match event {
        Event::Noted { topic, .. } if ["elected", "promoted"].contains(&&**topic) => 500.0,
        Event::Noted { .. } => 110.0,
        Event::NodeStatusChanged { .. } | Event::LinksChanged { .. } => 450.0,
        Event::Judged { .. } => 350.0,
        Event::RequestAsked { .. } | Event::RequestEnded { .. } => 90.0,
        Event::MessageDropped { .. } | Event::MessageDelayed { .. } => 60.0,
        Event::NodeChanged { .. } | Event::NodeLogChanged { .. } | Event::NodeDatumChanged { .. } => 20.0,
        Event::MessageSent { .. } | Event::MessageDelivered { .. } => 14.0,
        event if is_of_cluster(event) => 10.0,
        _ => return None,
    };
    Some(itself + (passed_ns as f64 * MS_EACH_NS).min(PASSING_MAX_MS))
}

/// A millisecond of virtual time takes so many on the screen at 1x; a long wait is cut short.
const MS_EACH_NS: f64 = 16.0 / 1e6;
const PASSING_MAX_MS: f64 = 400.0;

//! What happens in a stack, in one sentence; and how its places are called.

use super::stack;
use crate::View;
use crate::caption::duration;
use crate::cluster;
use crate::describe::key;
use glassbase_trace::parts::stack::{Span, StackState};
use glassbase_trace::{
    Event, NodeId, Record, SpanLayer, TierFate, TierKind, TierOperation, TierSource, TierStatus, TierWait,
};

/// What a place before the shards is called.
pub fn place(state: &StackState, id: NodeId) -> String {
    if id.is_client() {
        return id.to_string();
    }
    let Some(place) = state.tiers.place(id) else { return "the stack".to_string() };
    let same = state.tiers.places.iter().take(usize::from(id.0)).filter(|other| other.kind == place.kind).count();
    match place.kind {
        TierKind::App => format!("app{same}"),
        TierKind::Cache => format!("l2-{same}"),
        TierKind::Database => "router".to_string(),
    }
}

/// What the place of a span is called: app1, s1n2.
pub fn place_of(state: &StackState, span: &Span, at: NodeId) -> String {
    match span.shard.0 {
        0 => place(state, at),
        shard if at.is_client() => match span.layer {
            SpanLayer::Shard => format!("s{shard}"),
            _ => "router".to_string(),
        },
        shard => format!("s{shard}{at}"),
    }
}

pub fn is_app(view: &View, id: NodeId) -> bool {
    let found = stack(view).and_then(|state| state.tiers.place(id));
    found.is_some_and(|place| place.kind == TierKind::App)
}

/// What a span is, in a few words.
pub fn span(state: &StackState, span: &Span) -> String {
    let (from, text) = (place_of(state, span, span.at), &span.text);
    match span.layer {
        SpanLayer::Client => text.to_string(),
        SpanLayer::Link if text.is_empty() => format!("{from} → {}", place_of(state, span, span.to)),
        SpanLayer::Link => format!("{from} → {}: {text}", place_of(state, span, span.to)),
        SpanLayer::L1 => format!("L1: {text}"),
        SpanLayer::L2 if !text.is_empty() => format!("L2: {text}"),
        SpanLayer::Shard if !text.is_empty() => format!("{from}: {text}"),
        SpanLayer::Router if !text.is_empty() => format!("{from}: {text}"),
        SpanLayer::Node => format!("{from}: {text}"),
        SpanLayer::Pool | SpanLayer::Log | SpanLayer::Disk | SpanLayer::Wait => text.to_string(),
        _ => from,
    }
}

/// Who answered.
pub fn source(source: TierSource) -> &'static str {
    match source {
        TierSource::L1 => "L1",
        TierSource::L2 => "L2",
        TierSource::Database => "the shard",
        TierSource::Filter => "a filter",
    }
}

pub fn fate(fate: Option<TierFate>) -> &'static str {
    match fate {
        None => "under way",
        Some(TierFate::Served) => "served",
        Some(TierFate::Failed) => "failed",
        Some(TierFate::Late) => "not answered in time",
    }
}

/// The sentence for a record, told from the view before it.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    let state = stack(view)?;
    let request = |request: &u64| match state.tiers.request(*request) {
        Some(known) => format!("{} {}", known.operation.word(), key(&known.key)),
        None => format!("Request {request}"),
    };
    let at = |id: &NodeId| place(state, *id);
    Some(match &record.event {
        Event::TierAsked { client, operation, key: of, to, .. } if client.is_client() => {
            format!("{client} asks {}: {} {}.", at(to), operation.word(), key(of))
        }
        Event::TierAsked { operation, key: of, from, to, .. } => match operation {
            TierOperation::Fill => format!("{} gives {} to {}, to be kept.", at(from), key(of), at(to)),
            TierOperation::Invalidate => format!("{} tells {} that {} is old.", at(from), at(to), key(of)),
            _ => format!("{} begins for {}: {} to {}.", operation.word(), key(of), at(from), at(to)),
        },
        Event::TierMoved { request: of, from, to, .. } => {
            format!("{} goes from {} to {}.", request(of), at(from), at(to))
        }
        Event::TierLooked { at: here, key: of, look, .. } => {
            format!("{} looks for {}: {}.", at(here), key(of), look.word())
        }
        Event::TierKept { at: here, key: of, version, .. } => {
            format!("{} keeps {} in version {version}.", at(here), key(of))
        }
        Event::TierDropped { at: here, key: of, .. } => format!("{} drops {}.", at(here), key(of)),
        Event::TierWritten { key: of, version } => format!("{} is written in version {version}.", key(of)),
        Event::TierWaits { request: of, wait } => match wait {
            TierWait::Connection => format!("{} waits: the router has as many queries as it takes.", request(of)),
            TierWait::Silence => format!("{} waits for an answer that will not come.", request(of)),
            _ => format!("{} waits: {}.", request(of), wait.word()),
        },
        Event::TierTold { request: of, fate: ended, source: by, latency_ns, age_ns, .. } => {
            let stale = match age_ns {
                0 => String::new(),
                ns => format!(" What it was told had been old for {}.", duration(*ns)),
            };
            match ended {
                TierFate::Served => {
                    format!("{} is served by {} after {}.{stale}", request(of), source(*by), duration(*latency_ns))
                }
                _ => format!("{} is {} after {}.", request(of), fate(Some(*ended)), duration(*latency_ns)),
            }
        }
        Event::TierStatusChanged { at: here, status } => match status {
            TierStatus::Down => format!("{} has no power.", at(here)),
            _ => format!("{} is back.", at(here)),
        },
        Event::DatabaseBegan { request: of, busy, .. } => {
            format!("The router takes {}: {busy} under way.", request(of))
        }
        Event::DatabaseLoad { busy, queued } => format!("The router has {busy} queries under way, and {queued} wait."),
        Event::DatabaseRefused { request: of, text } => format!("{}: {text}", request(of)),
        Event::QueryRouted { request: of, shard, client } => {
            format!(
                "{} belongs to shard {}, says the map; connection {} takes it there.",
                request(of),
                shard.0,
                client.number()
            )
        }
        Event::QueryBounced { request: of, shard, at: app, version, .. } => {
            let app = at(app);
            format!(
                "Shard {} has it no more: {app} went by an old map. It learns of map {version}, and asks again for {}.",
                shard.0,
                request(of)
            )
        }
        Event::FrontLinksChanged { cut } => front_links(state, cut),
        Event::TierLost { key: of, version } => {
            format!("Version {version} of {} was acknowledged, and owed to its shard: it is lost.", key(of))
        }
        Event::QueryHeld { request: of, why, .. } => format!("{} waits at the router: {why}.", request(of)),
        Event::ClusterMapChanged { map } if map.change.is_empty() => {
            format!("Map {} counts: {} shards.", map.version, map.shards.len())
        }
        Event::ClusterMapChanged { map } => format!("Map {} counts for new keys: {}.", map.version, map.change),
        _ => return describe(record),
    })
}

/// The links before the shards that are cut.
fn front_links(state: &StackState, cut: &[(NodeId, NodeId)]) -> String {
    let pairs = cut.iter().filter(|(from, to)| from < to);
    let said: Vec<String> =
        pairs.map(|(from, to)| format!("{} and {}", place(state, *from), place(state, *to))).collect();
    match said.is_empty() {
        true => "All links before the shards are whole.".to_string(),
        false => format!("Nothing comes through between {}.", said.join(", ")),
    }
}

/// The sentence from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    Some(match &record.event {
        Event::Within { shard, event } => {
            let inner = Record { event: (**event).clone(), ..record.clone() };
            let said = match &**event {
                Event::StoreTouched { node, what, number, from_ns, to_ns } => {
                    let took = duration(to_ns.saturating_sub(*from_ns));
                    let took = if took.is_empty() { took } else { format!(", {took}") };
                    format!("{node}: {} {number}{took}.", what.word().replace('-', " "))
                }
                _ => cluster::describe(&inner)?,
            };
            format!("Shard {}: {said}", shard.0)
        }
        Event::QueryRouted { request, shard, .. } => format!("Request {request} goes to shard {}.", shard.0),
        Event::QueryHeld { request, why, .. } => format!("Request {request} waits at the router: {why}."),
        Event::QueryBounced { request, shard, version, .. } => {
            format!("Shard {} turns request {request} away: map {version} says where.", shard.0)
        }
        Event::FrontLinksChanged { cut } => format!("{} links before the shards are cut.", cut.len() / 2),
        Event::ShardJoined { part, cost } => {
            format!("Shard {} joins; all machines cost {cost} an hour from now on.", part.shard.0)
        }
        Event::GoalJudged { goal } if goal.reached => format!("{}: reached, score {}.", goal.title, goal.score),
        Event::GoalJudged { goal } => {
            let held = goal.parts.iter().filter(|part| part.holds).count();
            format!("{}: {held} of {} conditions hold.", goal.title, goal.parts.len())
        }
        Event::StoreTouched { node, what, number, .. } => {
            format!("{node}: {} {number}.", what.word().replace('-', " "))
        }
        Event::TierAsked { operation, key: of, .. } => format!("{} {} begins.", operation.word(), key(of)),
        Event::TierMoved { request, to, .. } => format!("Request {request} goes to place {}.", to.0),
        Event::TierWaits { request, wait } => format!("Request {request} waits: {}.", wait.word()),
        Event::TierTold { request, fate: ended, latency_ns, .. } => {
            format!("Request {request} is {} after {}.", fate(Some(*ended)), duration(*latency_ns))
        }
        Event::TierLooked { key: of, look, .. } => format!("A cache looks for {}: {}.", key(of), look.word()),
        Event::TierKept { key: of, version, .. } => format!("A cache keeps {} in version {version}.", key(of)),
        Event::TierDropped { key: of, .. } => format!("A cache drops {}.", key(of)),
        Event::TierWritten { key: of, version } => format!("{} is written in version {version}.", key(of)),
        Event::TierLost { key: of, version } => format!("Version {version} of {} is lost.", key(of)),
        Event::TierStatusChanged { at, status } => format!("Place {} is {}.", at.0, status.word()),
        Event::BreakerTurned { at, state } => format!("The breaker of place {} is {}.", at.0, state.word()),
        Event::TierNoted { text, .. } => text.to_string(),
        Event::DatabaseBegan { request, busy, .. } => format!("Request {request} is taken: {busy} under way."),
        Event::DatabaseLoad { busy, queued } => format!("{busy} queries under way, {queued} wait."),
        Event::DatabaseRefused { text, .. } => text.to_string(),
        _ => return None,
    })
}

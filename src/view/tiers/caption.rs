//! One sentence about an event.

use super::scene;
use crate::View;
use glassbase_trace::parts::tiers::why_left;
use glassbase_trace::{BreakerState, Event, NodeId, Record, TierFate, TierLook, TierSource, TierStatus};

fn ms(ns: u64) -> String {
    if ns < 1_000_000 { format!("{} us", ns / 1000) } else { format!("{} ms", ns / 1_000_000) }
}

/// Told from the view before it, in which servers have names.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    let tiers = view.tiers()?;
    let name = |id: NodeId| scene::name(tiers, id);
    let request = |number: u64| tiers.request(number);
    Some(match &record.event {
        Event::TierMoved { request: number, from, to, .. } => {
            let request = request(*number)?;
            format!("{} {} goes from {} to {}.", request.operation.word(), request.key, name(*from), name(*to))
        }
        Event::TierAsked { client, operation, key, to, .. } if client.is_client() => {
            format!("{client} asks {}: {} {key}.", name(*to), operation.word())
        }
        Event::TierAsked { operation, key, from, to, .. } => {
            format!("{} {key} goes from {} to {}.", operation.word(), name(*from), name(*to))
        }
        Event::TierTold { request: number, fate, source, age_ns, latency_ns, version } => {
            let known = request(*number)?;
            let what = format!("{} {}", known.operation.word(), known.key);
            if !known.client.is_client() {
                return Some(format!("{what} is over."));
            }
            match fate {
                TierFate::Served if *age_ns > 0 => format!(
                    "{what} gives version {version} from {}, which is stale: a newer one was acknowledged {} ago.",
                    from(*source),
                    ms(*age_ns)
                ),
                TierFate::Served => format!("{what} is answered after {}, from {}.", ms(*latency_ns), from(*source)),
                TierFate::Failed | TierFate::Late => format!("{what} fails after {}.", ms(*latency_ns)),
            }
        }
        Event::TierLooked { at, key, look, .. } => format!("{} {} {key}.", name(*at), looked(*look)),
        Event::TierKept { at, key, version, stale_ns, .. } if *stale_ns > 0 => {
            format!("{} keeps {key} in version {version}, which is stale already.", name(*at))
        }
        Event::TierKept { at, key, version, .. } => format!("{} keeps {key} in version {version}.", name(*at)),
        Event::TierDropped { at, key, why } => format!("{key} leaves {}: {}.", name(*at), why_left(*why)),
        Event::TierStatusChanged { at, status } => match status {
            TierStatus::Up => format!("{} is up.", name(*at)),
            TierStatus::Down => format!("{} is down: what it had in memory is gone.", name(*at)),
            TierStatus::Warming => format!("{} reads what is asked for most before it takes requests.", name(*at)),
        },
        Event::BreakerTurned { at, state } => match state {
            BreakerState::Open => format!("{} asks L2 no more: too many failures in a row.", name(*at)),
            BreakerState::HalfOpen => format!("{} tries L2 with one request.", name(*at)),
            BreakerState::Closed => format!("{} asks L2 again.", name(*at)),
        },
        _ => return describe(record),
    })
}

/// Told from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    Some(match &record.event {
        Event::TierNoted { text, .. } => text.to_string(),
        Event::TierWaits { request, wait } => format!("Request {request} {}.", scene::wait(*wait)),
        Event::TierWritten { key, version } => format!("{key} has version {version} from now on."),
        Event::TierLost { key, version } => {
            format!("Version {version} of {key} was acknowledged, and is nowhere any more.")
        }
        Event::DatabaseBegan { busy, queued, .. } => {
            format!("The database begins a query: {busy} at work, {queued} wait.")
        }
        Event::DatabaseLoad { busy, queued } => format!("The database has {busy} queries at work, and {queued} wait."),
        Event::DatabaseRefused { request, text } => format!("The query of request {request} is refused. {text}"),
        Event::TierAsked { operation, key, .. } => format!("{} {key} begins.", operation.word()),
        Event::TierMoved { request, .. } => format!("Request {request} goes on."),
        Event::TierTold { request, fate, .. } => format!("Request {request} is {}.", fate.word()),
        Event::TierLooked { key, look, .. } => format!("The cache {} {key}.", looked(*look)),
        Event::TierKept { key, version, .. } => format!("A cache keeps {key} in version {version}."),
        Event::TierDropped { key, why, .. } => format!("{key} leaves a cache: {}.", why_left(*why)),
        Event::TierStatusChanged { status, .. } => format!("A server is {}.", status.word()),
        Event::BreakerTurned { state, .. } => format!("A circuit breaker is {}.", state.word()),
        _ => return None,
    })
}

fn from(source: TierSource) -> &'static str {
    match source {
        TierSource::L1 => "L1",
        TierSource::L2 => "L2",
        TierSource::Database => "the database",
        TierSource::Filter => "the filter",
    }
}

fn looked(look: TierLook) -> &'static str {
    match look {
        TierLook::Hit => "has",
        TierLook::Miss => "does not have",
        TierLook::Expired => "had, until its time was over,",
        TierLook::Absent => "knows that there is no",
        TierLook::Stale => "serves, though its time is over,",
        TierLook::Early => "has it read anew before its time is over:",
        TierLook::Locked => "has somebody fetching",
        TierLook::Filtered => "was never told of",
    }
}

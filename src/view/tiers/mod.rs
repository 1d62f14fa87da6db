//! The lab of cache tiers: servers from the clients down to the database, requests that fall through them, and what the
//! database has to bear over time.
//!
//! - [`scene`]: the picture. [`chart`]: the database's load. [`caption`]: sentences. [`facts`]: the inspector.
//!   [`numbers`]: the measures. [`code`]: pseudocode.

mod caption;
mod chart;
mod code;
mod facts;
mod numbers;
mod scene;
#[cfg(test)]
mod tests;

use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use glassbase_trace::{BreakerState, EngineState, Event, Lane, TierFate, TierLook, TierStatus};

pub static GUIDE: Guide = Guide {
    lab: "cache",
    draw: Some(scene::draw),
    caption: |view, record| caption::caption(view, record),
    describe: caption::describe,
    measures: numbers::MEASURES,
    algorithm: &code::READ,
    running: |view, record| code::running(view, record),
    marker,
    lanes: &[Lane::Script, Lane::Tiers, Lane::Database],
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a server or a request: here is what it has, and what it waits for.",
    words,
    quick: QUICK,
    by_clock: true,
    actions: facts::actions,
    ..Guide::PLAIN
};

const QUICK: &[Quick] = &[
    Quick { text: "Get", line: "get {key}\nwait" },
    Quick { text: "Put", line: "put {key} new\nwait" },
    Quick { text: "Load", line: "load {count} rate 500" },
    Quick { text: "100 ms", line: "run 100ms" },
    Quick { text: "Kill L2", line: "kill l2" },
    Quick { text: "Restart L2", line: "restart l2" },
];

fn words(before: &EngineState, state: &EngineState) -> usize {
    let (Some(before), Some(tiers)) = (&before.parts.tiers, &state.parts.tiers) else { return 0 };
    let changed = tiers.places.iter().zip(&before.places).filter(|(new, old)| !std::rc::Rc::ptr_eq(new, old));
    let own: usize = changed.map(|(place, _)| 12 + 7 * place.entries.len()).sum();
    tiers.places.len() + 16 * tiers.open.len() + 6 * tiers.series.samples.len() + own + 200
}

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::TierTold { age_ns, .. } if *age_ns > 0 => MarkerKind::Stale,
        Event::TierLost { .. } => MarkerKind::Failure,
        Event::TierStatusChanged { status: TierStatus::Down, .. } => MarkerKind::Crash,
        Event::TierStatusChanged { .. } => MarkerKind::Heal,
        Event::BreakerTurned { .. } => MarkerKind::Fault,
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    Some(match event {
        Event::TierAsked { .. } => (Tone::Accent, Dot::Ring),
        Event::TierTold { age_ns, .. } if *age_ns > 0 => (Tone::Stale, Dot::Full),
        Event::TierTold { fate: TierFate::Served, .. } => (Tone::Hit, Dot::Full),
        Event::TierTold { .. } | Event::TierLost { .. } | Event::DatabaseRefused { .. } => (Tone::Failed, Dot::Full),
        Event::TierLooked { look: TierLook::Hit | TierLook::Absent, .. } => (Tone::Hit, Dot::Ring),
        Event::TierLooked { look: TierLook::Stale, .. } => (Tone::Stale, Dot::Ring),
        Event::TierLooked { .. } => (Tone::Miss, Dot::Ring),
        Event::TierKept { .. } => (Tone::Logged, Dot::Full),
        Event::TierDropped { .. } => (Tone::Miss, Dot::Full),
        Event::TierWritten { .. } => (Tone::Dirty, Dot::Full),
        Event::TierStatusChanged { status: TierStatus::Up, .. } => (Tone::Hit, Dot::Full),
        Event::TierStatusChanged { .. } => (Tone::Failed, Dot::Full),
        Event::BreakerTurned { state: BreakerState::Closed, .. } => (Tone::Hit, Dot::Full),
        Event::BreakerTurned { .. } => (Tone::Pinned, Dot::Full),
        Event::TierNoted { .. } => (Tone::Accent, Dot::Full),
        Event::DatabaseBegan { .. } => (Tone::Ink, Dot::Full),
        Event::TierMoved { .. } | Event::TierWaits { .. } | Event::DatabaseLoad { .. } => (Tone::Muted, Dot::Ring),
        _ => return None,
    })
}

/// What an event takes besides the virtual time that passes until it.
fn pace_ms(event: &Event, passed_ns: u64) -> Option<f64> {
    let itself = match event {
        Event::TierNoted { .. } => 90.0,
        Event::TierStatusChanged { .. } | Event::BreakerTurned { .. } | Event::TierLost { .. } => 400.0,
        Event::TierTold { age_ns, .. } if *age_ns > 0 => 160.0,
        event if matches!(event.lane(), Lane::Tiers | Lane::Database) => 4.0,
        _ => return None,
    };
    Some(itself + (passed_ns as f64 * MS_EACH_NS).min(PASSING_MAX_MS))
}

/// A millisecond of virtual time takes so many on the screen at 1x; a long wait is cut short.
const MS_EACH_NS: f64 = 12.0 / 1e6;
const PASSING_MAX_MS: f64 = 300.0;

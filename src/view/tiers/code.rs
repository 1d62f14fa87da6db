//! Reading through the tiers, in pseudocode, and the line that runs.

use crate::View;
use crate::pseudocode::Algorithm;
use glassbase_trace::{Event, Record, TierLook, TierOperation, TierWait};

pub static READ: Algorithm = Algorithm {
    name: "cache-read",
    title: "A read falls through",
    lines: &[
        "read(key):",
        "  the filter says it was never there: none",
        "  in L1, and its time is not over: answer",
        "  breaker open: ask the database",
        "  ask the node of L2 that keeps key:",
        "    it has it: keep it in L1, answer",
        "    somebody fetches it: wait for that",
        "  database: wait for a connection",
        "    query",
        "  set it in L2 and L1; answer",
    ],
};

pub static WRITE: Algorithm = Algorithm {
    name: "cache-write",
    title: "A write",
    lines: &[
        "write(key, value):",
        "  the database (or L2) takes it: a new version",
        "  what caches have of it is stale now",
        "  delete it from L1 and L2",
        "  tell the client; tell the other servers",
        "  each forgets its copy",
    ],
};

pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    let tiers = view.tiers()?;
    let operation = |request: u64| tiers.request(request).map(|known| known.operation);
    let line = match &record.event {
        Event::TierAsked { operation: TierOperation::Get, .. } => 0,
        Event::TierAsked { operation: TierOperation::Fill, .. } => 9,
        Event::TierAsked { operation: TierOperation::Put | TierOperation::Delete, .. } => return Some((&WRITE, 0)),
        Event::TierAsked { operation: TierOperation::Invalidate, .. } => return Some((&WRITE, 4)),
        Event::TierWritten { .. } => return Some((&WRITE, 2)),
        Event::TierLooked { look: TierLook::Filtered, .. } => 1,
        Event::TierLooked { look: TierLook::Locked, .. } => 6,
        Event::TierLooked { at, look, .. } => {
            let is_l1 = tiers.place(*at).is_some_and(|place| place.kind == glassbase_trace::TierKind::App);
            let hits = matches!(look, TierLook::Hit | TierLook::Absent | TierLook::Stale);
            match (is_l1, hits) {
                (true, _) => 2,
                (false, true) => 5,
                (false, false) => 4,
            }
        }
        Event::TierWaits { wait: TierWait::Connection, .. } => 7,
        Event::TierWaits { wait: TierWait::Flight | TierWait::Lock, .. } => 6,
        Event::DatabaseBegan { writes: true, .. } => return Some((&WRITE, 1)),
        Event::DatabaseBegan { .. } => 8,
        Event::BreakerTurned { .. } => 3,
        Event::TierTold { request, .. } => match operation(*request)? {
            TierOperation::Invalidate => return Some((&WRITE, 5)),
            TierOperation::Put | TierOperation::Delete => return Some((&WRITE, 4)),
            TierOperation::Get => 9,
            _ => return None,
        },
        _ => return None,
    };
    Some((&READ, line))
}

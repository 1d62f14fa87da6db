//! The buffer pool lab drawn: frames, the policy's own lists, the map of the file, hit-ratio curves.
//!
//! - [`scene`]: the picture as a whole. [`plan`]: where its parts stand. [`policy`]: what each policy knows.
//!   [`chart`]: the curves.
//! - [`doing`]: the accesses of the last moments. [`words`]: captions, and why a page leaves. [`facts`]: the inspector.

pub(super) mod chart;
pub mod doing;
pub(super) mod facts;
pub(super) mod plan;
pub(super) mod policy;
pub(super) mod scene;
pub(super) mod words;

pub use doing::Doing;

use super::guide::{Dot, Guide, Quick, Tone};
use super::measures::{MEASURES, Measure, Unit};
use super::pseudocode::Algorithm;
use super::{MarkerKind, View};
use glassbase_trace::{Event, Lane, PolicyKind, Record, TARGET_ONE};

pub static GUIDE: Guide = Guide {
    lab: "pool",
    draw: Some(scene::draw),
    caption: words::caption,
    describe: words::describe,
    measures: OWN_MEASURES,
    algorithm: &FETCH,
    running,
    marker,
    lanes: &[Lane::Script, Lane::Pool, Lane::Disk],
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a frame, a page of the map or a page in a list: here is what the pool and its policy know of it.",
    field: "page",
    quick: &[
        Quick { text: "Access", line: "access {key}" },
        Quick { text: "Change", line: "change {key}" },
        Quick { text: "Zipf", line: "random {count} zipf" },
        Quick { text: "Uniform", line: "random {count}" },
        Quick { text: "Curves", line: "curve" },
        Quick { text: "Flush", line: "flush" },
    ],
    ..Guide::PLAIN
};

static FETCH: Algorithm = Algorithm {
    name: "fetch",
    title: "Page access",
    lines: &[
        "fetch(page):",
        "  frame = table[page]",
        "  if there is one: (hit)",
        "    policy.hit(frame)",
        "  else: (miss)",
        "    if no frame is vacant:",
        "      victim = policy.victim(page)",
        "      if victim is dirty: write it",
        "      table[victim.page] = none",
        "    read page into frame",
        "    policy.admitted(frame, page)",
        "  pin frame",
    ],
};

fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    use Event::*;
    view.state.parts.replacement.as_ref()?;
    if words::is_cache(view) {
        return super::eviction::running(view, record);
    }
    let line = match &record.event {
        PoolHit { .. } => 2,
        PolicyReferenced { .. } | PolicyTimes { .. } if view.pool_doing.last_hit() => 3,
        PolicyPlaced { list, .. } if view.pool_doing.last_hit() && !list.is_memory() => 3,
        PolicyHandMoved { .. } | PoolVictim { .. } => 6,
        PoolFlushed { .. } | DiskWritten { .. } => 7,
        PoolEvicted { .. } => 8,
        DiskRead { .. } | PoolMiss { .. } | PoolReadAhead { .. } => 9,
        PolicyPlaced { .. } | PolicyForgot { .. } | PolicyTarget { .. } => 10,
        PolicyReferenced { .. } | PolicyTimes { .. } => 10,
        PolicyCounted { .. } | PolicySketched { .. } | PolicyStacked { .. } if view.pool_doing.last_hit() => 3,
        PolicyCounted { .. } | PolicyPointed { .. } => 6,
        PolicySketched { .. } | PolicyStacked { .. } | PolicyUnstacked { .. } => 10,
        _ => return None,
    };
    Some((&FETCH, line))
}

pub(super) fn marker(event: &Event) -> Option<MarkerKind> {
    match event {
        Event::PoolVictim { .. } => Some(MarkerKind::Eviction),
        _ => None,
    }
}

pub(super) fn tone(event: &Event) -> Option<(Tone, Dot)> {
    use Event::*;
    match event {
        PoolVictim { .. } => Some((Tone::Miss, Dot::Full)),
        PoolReadAhead { .. } => Some((Tone::Accent, Dot::Ring)),
        PoolMoved { .. } | PoolResized { .. } | CurvesDrawn { .. } => Some((Tone::Accent, Dot::Full)),
        PolicyPlaced { .. } | PolicyForgot { .. } | PolicyReferenced { .. } | PolicyHandMoved { .. } => {
            Some((Tone::Muted, Dot::Ring))
        }
        PolicyTarget { .. } | PolicyTimes { .. } | PolicyForetold { .. } => Some((Tone::Muted, Dot::Ring)),
        PolicyCounted { .. } | PolicyAged {} | PolicyPointed { .. } | PolicySketched { .. } | ObjectSized { .. } => {
            Some((Tone::Muted, Dot::Ring))
        }
        PolicyStacked { .. } | PolicyUnstacked { .. } => Some((Tone::Muted, Dot::Ring)),
        PoolRemoved { .. } => Some((Tone::Stale, Dot::Full)),
        _ => None,
    }
}

pub(super) fn pace_ms(event: &Event, _: u64) -> Option<f64> {
    use Event::*;
    Some(match event {
        PoolVictim { .. } => 360.0,
        PolicyPlaced { list, .. } if list.is_memory() => 60.0,
        PolicyPlaced { .. } => 150.0,
        PolicyHandMoved { .. } => 320.0,
        PolicyReferenced { .. } => 90.0,
        PolicyTarget { .. } => 200.0,
        PolicyTimes { .. } => 120.0,
        PolicyForgot { .. } | PolicyForetold { .. } | ObjectSized { .. } => 20.0,
        PolicyCounted { .. } => 150.0,
        PolicyAged {} | PoolRemoved { .. } => 200.0,
        PolicyPointed { .. } => 200.0,
        PolicySketched { .. } => 60.0,
        PolicyStacked { .. } => 120.0,
        PolicyUnstacked { .. } => 60.0,
        PoolReadAhead { .. } => 60.0,
        PoolMoved { .. } | PoolResized { .. } => 200.0,
        CurvesDrawn { .. } => 600.0,
        _ => return None,
    })
}

/// A measure that every lab with a pool has.
pub(super) const fn common(name: &str) -> Measure {
    let mut index = 0;
    while index < MEASURES.len() {
        let measure = &MEASURES[index];
        if same(measure.name.as_bytes(), name.as_bytes()) {
            let Measure { name, label, unit, help, of } = *measure;
            return Measure { name, label, unit, help, of };
        }
        index += 1;
    }
    MISSES
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

const MISSES: Measure = Measure {
    name: "misses",
    label: "Misses",
    unit: Unit::Count,
    help: "Accesses that did not find their page in the pool.",
    of: |view| Some(view.state.counters.pool_misses as f64),
};

const OWN_MEASURES: &[Measure] = &[
    common("hit-ratio"),
    Measure {
        name: "hits",
        label: "Hits",
        unit: Unit::Count,
        help: "Accesses that found their page in the pool.",
        of: |view| Some(view.state.counters.pool_hits as f64),
    },
    MISSES,
    Measure {
        name: "evictions",
        label: "Evictions",
        unit: Unit::Count,
        help: "Pages that left the pool to make room.",
        of: |view| Some(view.state.counters.pool_evictions as f64),
    },
    Measure {
        name: "occupied",
        label: "Frames in use",
        unit: Unit::Count,
        help: "Frames that hold a page.",
        of: |view| Some(view.state.pool.len() as f64),
    },
    Measure {
        name: "dirty",
        label: "Dirty",
        unit: Unit::Count,
        help: "Pages of the pool that are newer than the disk.",
        of: |view| Some(view.state.pool.iter().filter(|frame| frame.dirty).count() as f64),
    },
    common("page-reads"),
    common("page-writes"),
    Measure {
        name: "target",
        label: "Target",
        unit: Unit::Count,
        help: "What ARC's T1 is to have, which grows with each page that left it too soon; or W-TinyLFU's window, if it adapts.",
        of: |view| {
            let known = view.state.parts.replacement.as_ref()?;
            (known.policy == PolicyKind::Arc || known.target > 0).then(|| known.target as f64 / TARGET_ONE as f64)
        },
    },
    Measure {
        name: "access-time",
        label: "Per access",
        unit: Unit::Nanoseconds,
        help: "Virtual time that an access took on average, since the pool was opened.",
        of: |view| {
            let accesses = view.state.counters.pool_hits + view.state.counters.pool_misses;
            (accesses > 0).then(|| view.time_ns.saturating_sub(view.pool_doing.opened_ns) as f64 / accesses as f64)
        },
    },
];

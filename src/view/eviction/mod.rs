//! The eviction lab drawn: a cache of keys under a policy.
//!
//! Policies, curves and sentences are those of the [buffer pool lab](super::pool); what is said of pages there is said of
//! keys here. [`scene`] is the picture as a whole, [`algorithms`] the pseudocode of each policy.

mod algorithms;
mod scene;

pub use algorithms::running;

use super::guide::{Guide, Quick};
use super::measures::{Measure, Unit};
use super::pool;
use glassbase_trace::{Lane, PolicyKind, TARGET_ONE};

pub static GUIDE: Guide = Guide {
    lab: "eviction",
    draw: Some(scene::draw),
    measures: OWN_MEASURES,
    algorithm: algorithms::FIRST,
    running,
    lanes: &[Lane::Script, Lane::Pool],
    invitation: "Click a key in a list: here is what the policy knows of it.",
    quick: &[
        Quick { text: "Get", line: "get {key}" },
        Quick { text: "Zipf", line: "random {count} zipf" },
        Quick { text: "Uniform", line: "random {count}" },
        Quick { text: "Shifting", line: "shifting {count} 8" },
        Quick { text: "Scan", line: "scan 0 29" },
        Quick { text: "Curves", line: "curve" },
    ],
    ..Guide::PLAIN
};

const OWN_MEASURES: &[Measure] = &[
    Measure {
        label: "Hit ratio",
        help: "Share of accesses that found their key in the cache.",
        ..pool::common("hit-ratio")
    },
    Measure {
        name: "hits",
        label: "Hits",
        unit: Unit::Count,
        help: "Accesses that found their key in the cache.",
        of: |view| Some(view.state.counters.pool_hits as f64),
    },
    Measure {
        name: "misses",
        label: "Misses",
        unit: Unit::Count,
        help: "Accesses that did not find their key in the cache.",
        of: |view| Some(view.state.counters.pool_misses as f64),
    },
    Measure {
        name: "evictions",
        label: "Evictions",
        unit: Unit::Count,
        help: "Keys that left the cache to make room.",
        of: |view| Some(view.state.counters.pool_evictions as f64),
    },
    Measure {
        name: "entries",
        label: "Entries",
        unit: Unit::Count,
        help: "Keys in the cache.",
        of: |view| Some(view.state.pool.len() as f64),
    },
    Measure {
        name: "used",
        label: "Bytes used",
        unit: Unit::Count,
        help: "Bytes of the keys in the cache.",
        of: |view| {
            let known = view.state.parts.replacement.as_ref().filter(|known| known.bytes > 0)?;
            Some(view.state.pool.iter().map(|held| f64::from(known.size(held.frame))).sum())
        },
    },
    Measure {
        name: "remembered",
        label: "Remembered",
        unit: Unit::Count,
        help: "Keys that left and whose names the policy remembers.",
        of: |view| {
            let known = view.state.parts.replacement.as_ref()?;
            let listed = known.lists.iter().filter(|held| held.list.is_memory()).map(|held| held.items.len());
            let gone = known.stack.iter().filter(|page| !view.in_pool(**page)).count();
            Some((listed.sum::<usize>() + gone) as f64)
        },
    },
    Measure {
        name: "target",
        label: "Target",
        unit: Unit::Count,
        help: "What ARC's T1 is to have, which grows with each key that left it too soon; or W-TinyLFU's window, if it adapts.",
        of: |view| {
            let known = view.state.parts.replacement.as_ref()?;
            (known.policy == PolicyKind::Arc || known.target > 0).then(|| known.target as f64 / TARGET_ONE as f64)
        },
    },
];

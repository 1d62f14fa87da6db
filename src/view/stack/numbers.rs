//! The numbers beside the picture.

use super::stack;
use crate::View;
use crate::measures::{Measure, Unit};
use glassbase_trace::parts::stack::StackState;

fn of(view: &View, of: impl Fn(&StackState) -> u64) -> Option<f64> {
    stack(view).map(|state| of(state) as f64)
}

fn percentile(view: &View, percent: u64) -> Option<f64> {
    let all = stack(view)?.tiers.latencies.last()?;
    (all.count() > 0).then(|| all.percentile_ns(percent) as f64)
}

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "request-p50",
        label: "Latency p50",
        unit: Unit::Nanoseconds,
        help: "Half of all requests took no longer than this, up to a quarter too long.",
        of: |view| percentile(view, 50),
    },
    Measure {
        name: "request-p99",
        label: "Latency p99",
        unit: Unit::Nanoseconds,
        help: "99 of 100 requests took no longer than this, up to a quarter too long.",
        of: |view| percentile(view, 99),
    },
    Measure {
        name: "served",
        label: "Served",
        unit: Unit::Count,
        help: "Requests that were served.",
        of: |view| of(view, |state| state.tiers.counts.served),
    },
    Measure {
        name: "failed",
        label: "Failed",
        unit: Unit::Count,
        help: "Requests that failed, or were not answered in time.",
        of: |view| of(view, |state| state.tiers.counts.failed + state.tiers.counts.late),
    },
    Measure {
        name: "stale",
        label: "Stale",
        unit: Unit::Count,
        help: "Reads that were older than they had to be.",
        of: |view| of(view, |state| state.tiers.counts.stale),
    },
    Measure {
        name: "cached",
        label: "Reads from caches",
        unit: Unit::Ratio,
        help: "The share of reads that L1 or L2 answered.",
        of: |view| {
            let counts = stack(view)?.tiers.counts;
            let all = counts.l1 + counts.l2 + counts.database;
            (all > 0).then(|| (counts.l1 + counts.l2) as f64 / all as f64)
        },
    },
    Measure {
        name: "router-queue",
        label: "Queue at the router",
        unit: Unit::Count,
        help: "Queries that wait at the router.",
        of: |view| of(view, |state| state.tiers.queued.into()),
    },
    Measure {
        name: "shard-messages",
        label: "Messages in shards",
        unit: Unit::Count,
        help: "Messages that were sent inside shards.",
        of: |view| of(view, |state| state.shards.iter().map(|part| part.cluster.counts.sent).sum()),
    },
    Measure {
        name: "cost",
        label: "Cost an hour",
        unit: Unit::Count,
        help: "What all machines cost in an hour, in units of money.",
        of: |view| of(view, |state| state.cost),
    },
];

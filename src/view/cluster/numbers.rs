//! The numbers beside the picture: latency, throughput, messages, staleness, availability.

use super::doing::Served;
use crate::View;
use crate::measures::{Measure, Unit};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::{RequestFate, VerdictKind};

/// Operations over which percentiles are taken: the latest.
const LATEST: usize = 512;

fn counted(view: &View, of: impl Fn(&ClusterState) -> u64) -> Option<f64> {
    view.cluster().map(|cluster| of(cluster) as f64)
}

/// The latency of which so many hundredths of the latest operations stay below.
pub fn percentile(view: &View, hundredths: usize) -> Option<f64> {
    let deals = view.cluster_doing.deals.iter().rev();
    let done = deals.filter(|deal| deal.fate == RequestFate::Done).take(LATEST);
    let mut latencies: Vec<u64> = done.filter_map(|deal| Some(deal.ended_ns?.saturating_sub(deal.asked_ns))).collect();
    latencies.sort_unstable();
    let last = latencies.len().checked_sub(1)?;
    latencies.get((latencies.len() * hundredths / 100).min(last)).map(|ns| *ns as f64)
}

fn served(served: Served) -> Option<f64> {
    (served.ended > 0).then(|| served.done as f64 / served.ended as f64)
}

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "latency-p50",
        label: "Latency p50",
        unit: Unit::Nanoseconds,
        help: "Half of the latest 512 operations took no longer than this.",
        of: |view| percentile(view, 50),
    },
    Measure {
        name: "latency-p99",
        label: "Latency p99",
        unit: Unit::Nanoseconds,
        help: "99 of 100 of the latest 512 operations took no longer than this.",
        of: |view| percentile(view, 99),
    },
    Measure {
        name: "latency-mean",
        label: "Latency mean",
        unit: Unit::Nanoseconds,
        help: "What an operation took on average, over all that were done.",
        of: |view| {
            let counts = view.cluster()?.counts;
            (counts.done > 0).then(|| counts.latency_ns as f64 / counts.done as f64)
        },
    },
    Measure {
        name: "throughput",
        label: "Done per second",
        unit: Unit::Count,
        help: "Operations done, per second of virtual time.",
        of: |view| {
            let counts = view.cluster()?.counts;
            let passed_ns = view.time_ns.saturating_sub(view.cluster_doing.started_ns);
            (passed_ns > 0).then(|| counts.done as f64 * 1e9 / passed_ns as f64)
        },
    },
    Measure {
        name: "done",
        label: "Done",
        unit: Unit::Count,
        help: "Operations that were acknowledged.",
        of: |view| counted(view, |cluster| cluster.counts.done),
    },
    Measure {
        name: "failed",
        label: "Failed",
        unit: Unit::Count,
        help: "Operations that certainly did not happen.",
        of: |view| counted(view, |cluster| cluster.counts.failed),
    },
    Measure {
        name: "unknown",
        label: "Unknown",
        unit: Unit::Count,
        help: "Operations that may have happened, or may happen yet: the client was told nothing.",
        of: |view| counted(view, |cluster| cluster.counts.unknown),
    },
    Measure {
        name: "stale",
        label: "Stale reads",
        unit: Unit::Count,
        help: "Reads that gave an older version than one that had been acknowledged before they began.",
        of: |view| counted(view, |cluster| cluster.counts.stale),
    },
    Measure {
        name: "messages",
        label: "Messages sent",
        unit: Unit::Count,
        help: "Messages that went into the network, those of clients included.",
        of: |view| counted(view, |cluster| cluster.counts.sent),
    },
    Measure {
        name: "dropped",
        label: "Dropped",
        unit: Unit::Count,
        help: "Messages that did not arrive.",
        of: |view| counted(view, |cluster| cluster.counts.dropped),
    },
    Measure {
        name: "per-operation",
        label: "Per operation",
        unit: Unit::Factor,
        help: "Messages sent for each operation that ended, heartbeats included.",
        of: |view| {
            let counts = view.cluster()?.counts;
            let ended = counts.done + counts.failed + counts.unknown;
            (ended > 0).then(|| counts.sent as f64 / ended as f64)
        },
    },
    Measure {
        name: "majority-side",
        label: "Majority side",
        unit: Unit::Ratio,
        help: "Since links were cut: operations done, of those that ended at nodes that reach a majority.",
        of: |view| served(view.cluster_doing.sides[0]),
    },
    Measure {
        name: "minority-side",
        label: "Minority side",
        unit: Unit::Ratio,
        help: "Since links were cut: operations done, of those that ended at nodes that reach no majority.",
        of: |view| served(view.cluster_doing.sides[1]),
    },
    Measure {
        name: "violations",
        label: "Violated",
        unit: Unit::Count,
        help: "Checkers that say that what they check does not hold.",
        of: |view| {
            let verdicts = &view.cluster()?.verdicts;
            Some(verdicts.iter().filter(|verdict| verdict.kind == VerdictKind::Violated).count() as f64)
        },
    },
];

//! The numbers beside the picture.

use crate::View;
use crate::measures::{Measure, Unit};
use glassbase_trace::parts::tiers::TierCounts;

fn counted(view: &View, of: impl Fn(&TierCounts) -> u64) -> Option<f64> {
    view.tiers().map(|tiers| of(&tiers.counts) as f64)
}

/// What part of all reads a tier answered.
fn share(view: &View, of: impl Fn(&TierCounts) -> u64) -> Option<f64> {
    let counts = view.tiers()?.counts;
    let reads = counts.l1 + counts.l2 + counts.database;
    (reads > 0).then(|| of(&counts) as f64 / reads as f64)
}

fn percentile(view: &View, tier: usize, percent: u64) -> Option<f64> {
    let latencies = view.tiers()?.latencies.get(tier)?;
    (latencies.count() > 0).then(|| latencies.percentile_ns(percent) as f64)
}

const fn number(
    name: &'static str,
    label: &'static str,
    unit: Unit,
    help: &'static str,
    of: fn(&View) -> Option<f64>,
) -> Measure {
    Measure { name, label, unit, help, of }
}

pub const MEASURES: &[Measure] = &[
    number("share-l1", "From L1", Unit::Ratio, "Reads that L1 answered.", |view| share(view, |counts| counts.l1)),
    number("share-l2", "From L2", Unit::Ratio, "Reads that L2 answered.", |view| share(view, |counts| counts.l2)),
    number("share-database", "From the database", Unit::Ratio, "Reads that waited for the database.", |view| {
        share(view, |counts| counts.database)
    }),
    number("l1-p50", "L1 median", Unit::Nanoseconds, "Half of the reads from L1 took no longer.", |view| {
        percentile(view, 0, 50)
    }),
    number("l2-p50", "L2 median", Unit::Nanoseconds, "Half of the reads from L2 took no longer.", |view| {
        percentile(view, 1, 50)
    }),
    number(
        "database-p50",
        "Database median",
        Unit::Nanoseconds,
        "Half of the reads from there took no longer.",
        |view| percentile(view, 2, 50),
    ),
    number("database-p99", "Database p99", Unit::Nanoseconds, "99 of 100 of them took no longer.", |view| {
        percentile(view, 2, 99)
    }),
    number("p50", "All, median", Unit::Nanoseconds, "Half of all answers took no longer.", |view| {
        percentile(view, 3, 50)
    }),
    number("p99", "All, p99", Unit::Nanoseconds, "99 of 100 answers took no longer.", |view| percentile(view, 3, 99)),
    number("queries", "Queries", Unit::Count, "Queries that the database began.", |view| {
        counted(view, |counts| counts.reads + counts.writes)
    }),
    number("queued", "Waiting", Unit::Count, "Queries that wait for a connection.", |view| {
        view.tiers().map(|tiers| f64::from(tiers.queued))
    }),
    number("refused", "Refused", Unit::Count, "Queries that the database refused.", |view| {
        counted(view, |counts| counts.refused)
    }),
    number("stale", "Stale", Unit::Count, "Answers that were older than they had to be.", |view| {
        counted(view, |counts| counts.stale)
    }),
    number("failed", "Failed", Unit::Count, "Requests that were not answered.", |view| {
        counted(view, |counts| counts.failed + counts.late)
    }),
    number("lost", "Lost", Unit::Count, "Acknowledged writes that are nowhere any more.", |view| {
        counted(view, |counts| counts.lost)
    }),
];

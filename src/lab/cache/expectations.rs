//! What may stand behind `expect` in this lab: numbers that everybody can see.

use super::machine::CacheLab;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::trace::TierStatus;

const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "breaker",
        &[IS, Argument::needed("state", ArgumentKind::Word(&["closed", "open", "half-open"]), "how it is")],
        "The circuit breaker of the first application server.",
        "expect breaker = open",
    ),
    CommandInfo::single(
        "row",
        &[
            Argument::needed("key", ArgumentKind::Key, "the key"),
            IS,
            Argument::needed("value", ArgumentKind::Text, "the value; none: there is no such key"),
        ],
        "What the database has of a key.",
        "expect row k1 = new",
    ),
    measure("asked", "Requests so far.", "expect asked = 100"),
    measure("served", "Requests that were answered.", "expect served = 100"),
    measure("failed", "Requests that were not.", "expect failed = 0"),
    measure("waiting", "Requests under way.", "expect waiting = 0"),
    measure("l1", "Reads answered from L1.", "expect l1 > 10"),
    measure("l2", "Reads answered from L2.", "expect l2 > 10"),
    measure("database", "Reads that waited for the database.", "expect database < 10"),
    measure("filtered", "Reads that a filter answered.", "expect filtered > 0"),
    measure("reads", "Queries that read.", "expect reads = 1"),
    measure("writes", "Queries that write.", "expect writes = 3"),
    measure("rejected", "Queries that the database had no room for.", "expect rejected = 0"),
    measure("queue-peak", "The most queries that ever waited.", "expect queue-peak < 10"),
    measure("stale", "Answers older than they had to be.", "expect stale = 0"),
    measure("lost", "Acknowledged writes that are lost.", "expect lost = 0"),
    measure("down", "Servers that are down.", "expect down = 1"),
    measure("p99-us", "99 of 100 answers took no longer, in microseconds.", "expect p99-us < 20000"),
];

impl CacheLab {
    /// Checks an expectation.
    pub(super) fn expected(&mut self, call: &Call) -> Result<Finding, Refusal> {
        let state = self.tiers.state();
        let counts = state.counts;
        let found = match call.info.name {
            "breaker" => {
                let found = state.places.first().map_or("none", |app| app.breaker.word());
                return Ok(Finding::new(Some(found) == call.arguments.word("state"), found));
            }
            "row" => {
                let key = call.arguments.key("key").cloned().unwrap_or_default();
                let row = self.tiers.row(&key)?;
                let found = row.value.map_or("none".to_string(), |value| value.to_string());
                return Ok(Finding::new(Some(found.as_str()) == call.arguments.text("value"), found));
            }
            "asked" => counts.asked,
            "served" => counts.served,
            "failed" => counts.failed + counts.late,
            "waiting" => self.tiers.open(),
            "l1" => counts.l1,
            "l2" => counts.l2,
            "database" => counts.database,
            "filtered" => counts.filtered,
            "reads" => counts.reads,
            "writes" => counts.writes,
            "rejected" => counts.refused,
            "queue-peak" => counts.most_queued.into(),
            "stale" => counts.stale,
            "lost" => counts.lost,
            "down" => state.places.iter().filter(|place| place.status == TierStatus::Down).count() as u64,
            _ => state.latencies.get(3).map_or(0, |latencies| latencies.percentile_ns(99)) / 1000,
        };
        Ok(Finding::measured(call, found))
    }
}

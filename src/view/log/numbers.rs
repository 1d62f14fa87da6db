//! The measures of the log lab.

use crate::View;
use crate::measures::{Measure, Unit};

pub static MEASURES: &[Measure] = &[
    Measure {
        name: "acknowledged",
        label: "Acknowledged",
        unit: Unit::Count,
        help: "Transactions that the client was told are done, and that are not lost.",
        of: |view| view.state.parts.client.as_ref().map(|client| client.told as f64),
    },
    Measure {
        name: "lost",
        label: "Lost",
        unit: Unit::Count,
        help: "Transactions that were acknowledged and are not there after a crash.",
        of: |view| view.state.parts.client.as_ref().map(|client| client.lost as f64),
    },
    Measure {
        name: "log-bytes",
        label: "Log",
        unit: Unit::Count,
        help: "Bytes of log that a recovery may need.",
        of: |view| {
            let log = view.state.parts.log.as_ref()?;
            let first = log.records.first().map_or(log.end, |record| record.lsn);
            Some(log.end.0.saturating_sub(first.0) as f64)
        },
    },
    Measure {
        name: "not-durable",
        label: "Not durable",
        unit: Unit::Count,
        help: "Bytes of log that a crash would lose now.",
        of: |view| view.state.parts.log.as_ref().map(|log| log.end.0.saturating_sub(log.durable.0) as f64),
    },
    Measure {
        name: "to-redo",
        label: "Redo distance",
        unit: Unit::Count,
        help: "Bytes of log from the oldest change of a dirty page to the end: what redo would read after a crash now.",
        of: |view| {
            let log = view.state.parts.log.as_ref()?;
            let first = log.dirty.iter().map(|dirty| dirty.first).min().unwrap_or(log.end);
            Some(log.end.0.saturating_sub(first.0) as f64)
        },
    },
    Measure {
        name: "dirty-pages",
        label: "Dirty pages",
        unit: Unit::Count,
        help: "Pages whose newest version may not be durable.",
        of: |view| view.state.parts.log.as_ref().map(|log| log.dirty.len() as f64),
    },
    Measure {
        name: "commit-time",
        label: "Commit time",
        unit: Unit::Nanoseconds,
        help: "Virtual time from the commit record to the acknowledgement, on average.",
        of: |view| (view.log.commits > 0).then(|| view.log.commit_ns as f64 / view.log.commits as f64),
    },
    Measure {
        name: "syncs-per-commit",
        label: "Syncs / commit",
        unit: Unit::Factor,
        help: "Syncs of log and pages, for each commit that was acknowledged.",
        of: |view: &View| {
            (view.log.commits > 0).then(|| view.state.counters.disk_syncs as f64 / view.log.commits as f64)
        },
    },
];

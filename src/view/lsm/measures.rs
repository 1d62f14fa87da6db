//! The lab's numbers. Those that both stores have are counted alike, so that they can stand side by side.

use super::super::View;
use super::super::measures::{Measure, Unit};
use super::plan::tree;

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "write-amplification",
        label: "Written / put",
        unit: Unit::Factor,
        help: "Bytes of tables (or pages) written to the disk for each byte put, also while nothing was recorded; the log is not counted.",
        of: measured_writes,
    },
    Measure {
        name: "read-amplification",
        label: "Searched / get",
        unit: Unit::Factor,
        help: "Tables (or pages, from the root down) that a get searches; tables that a filter ruled out do not count.",
        of: measured_reads,
    },
    Measure {
        name: "space-amplification",
        label: "Room / data",
        unit: Unit::Factor,
        help: "Bytes of all tables for each byte of the largest run; of all pages for each byte of records.",
        of: measured_space,
    },
    Measure {
        name: "device-reads",
        label: "Reads / get",
        unit: Unit::Factor,
        help: "Reads from the device while gets were under way, for each get that was recorded.",
        of: |view| {
            let work = view.lsm.work;
            (work.gets > 0).then(|| work.get_reads as f64 / work.gets as f64)
        },
    },
    Measure {
        name: "tables",
        label: "Tables",
        unit: Unit::Count,
        help: "Sorted tables in all levels.",
        of: |view| Some(tree(view)?.version.table_count() as f64),
    },
    Measure {
        name: "table-bytes",
        label: "Table bytes",
        unit: Unit::Count,
        help: "Bytes of all tables; of all pages, for the B+tree.",
        of: |view| match tree(view) {
            Some(lsm) => Some(lsm.version.bytes() as f64),
            None => Some(view.state.pages.len() as f64 * f64::from(view.state.page_size)),
        },
    },
    Measure {
        name: "filter-saved",
        label: "Filter saves",
        unit: Unit::Ratio,
        help: "Share of the tables in question that a Bloom filter ruled out without a read.",
        of: |view| {
            let counters = &tree(view)?.counters;
            ratio(counters.filter_skips, counters.tables_asked)
        },
    },
    Measure {
        name: "false-positives",
        label: "Filter errors",
        unit: Unit::Ratio,
        help: "Of the tables that did not have the key, the share that the filter did not rule out.",
        of: |view| {
            let counters = &tree(view)?.counters;
            let wrong = counters.filter_false_positives;
            ratio(wrong, wrong + counters.filter_skips)
        },
    },
    Measure {
        name: "cache-hits",
        label: "Cache hits",
        unit: Unit::Ratio,
        help: "Share of block reads that the block cache served; of page accesses that the pool did, for the B+tree.",
        of: |view| match tree(view) {
            Some(lsm) => ratio(lsm.counters.block_hits, lsm.counters.block_hits + lsm.counters.block_misses),
            None => {
                let counters = &view.state.counters;
                ratio(counters.pool_hits, counters.pool_hits + counters.pool_misses)
            }
        },
    },
    Measure {
        name: "time",
        label: "Time",
        unit: Unit::Nanoseconds,
        help: "Virtual time since the start: what the device takes for all of it.",
        of: |view| Some(view.time_ns as f64),
    },
];

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

pub fn measured_writes(view: &View) -> Option<f64> {
    if let Some(lsm) = tree(view) {
        let counters = &lsm.counters;
        return ratio(counters.flushed_bytes + counters.compaction_written_bytes, counters.user_bytes);
    }
    let work = view.state.parts.work.as_ref()?;
    ratio(work.page_bytes, work.put_bytes)
}

pub fn measured_reads(view: &View) -> Option<f64> {
    if let Some(lsm) = tree(view) {
        let counters = &lsm.counters;
        return ratio(counters.tables_asked.saturating_sub(counters.filter_skips), counters.gets);
    }
    (view.state.height > 0).then(|| f64::from(view.state.height))
}

pub fn measured_space(view: &View) -> Option<f64> {
    if let Some(lsm) = tree(view) {
        let hundredths = lsm.space_amplification();
        return (hundredths > 0).then_some(hundredths as f64 / 100.0);
    }
    let bytes = view.state.pages.len() as u64 * u64::from(view.state.page_size);
    ratio(bytes, view.tally.leaf_used)
}

//! Numbers about a heap file.

use crate::View;
use crate::measures::{Measure, Unit};
use glassbase_trace::HeapKind;
use glassbase_trace::parts::heap::HeapState;

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "rows",
        label: "Rows",
        unit: Unit::Count,
        help: "Rows in the file.",
        of: |view| heap(view).map(|heap| heap.rows as f64),
    },
    Measure {
        name: "pages",
        label: "Pages",
        unit: Unit::Count,
        help: "Pages of the file, free ones included.",
        of: |view| heap(view).map(|heap| heap.pages.len() as f64),
    },
    Measure {
        name: "page-fill",
        label: "Page fill",
        unit: Unit::Ratio,
        help: "How full the pages of rows are on average.",
        of: fill,
    },
    Measure {
        name: "free-pages",
        label: "Free pages",
        unit: Unit::Count,
        help: "Pages of the file that hold nothing and will be used again.",
        of: |view| heap(view).map(|heap| count(heap, HeapKind::Free)),
    },
    Measure {
        name: "overflow-pages",
        label: "Overflow pages",
        unit: Unit::Count,
        help: "Pages that hold parts of long rows.",
        of: |view| heap(view).map(|heap| count(heap, HeapKind::Overflow)),
    },
    Measure {
        name: "page-reads",
        label: "Page reads",
        unit: Unit::Count,
        help: "Pages read from the disk since the start.",
        of: |view| heap(view).map(|_| view.state.counters.disk_reads as f64),
    },
    Measure {
        name: "page-writes",
        label: "Page writes",
        unit: Unit::Count,
        help: "Pages written to the disk since the start.",
        of: |view| heap(view).map(|_| view.state.counters.disk_writes as f64),
    },
    Measure {
        name: "hit-ratio",
        label: "Pool hits",
        unit: Unit::Ratio,
        help: "Share of page accesses that found the page in the buffer pool.",
        of: hit_ratio,
    },
    Measure {
        name: "look-up-time",
        label: "One look-up",
        unit: Unit::Nanoseconds,
        help: "What the device takes for a page that lies anywhere: a look-up by row id.",
        of: |view| heap(view).map(|_| view.state.random_read_ns as f64),
    },
    Measure {
        name: "scan-time",
        label: "Full scan",
        unit: Unit::Nanoseconds,
        help: "What the device takes to read every page of the file, one after the other.",
        of: |view| {
            let following = heap(view)?.pages.len().checked_sub(1)?;
            Some(view.state.random_read_ns as f64 + view.state.next_read_ns as f64 * following as f64)
        },
    },
];

fn heap(view: &View) -> Option<&HeapState> {
    view.state.parts.heap.as_deref()
}

fn count(heap: &HeapState, kind: HeapKind) -> f64 {
    heap.pages.iter().filter(|page| page.kind == kind).count() as f64
}

fn fill(view: &View) -> Option<f64> {
    let pages = heap(view)?.pages.iter().filter(|page| page.kind == HeapKind::Rows);
    let (count, free) = pages.fold((0.0, 0.0), |(count, free), page| (count + 1.0, free + f64::from(page.free)));
    let room = count * f64::from(view.state.capacity);
    (room > 0.0).then(|| (room - free) / room)
}

fn hit_ratio(view: &View) -> Option<f64> {
    let (hits, misses) = (view.state.counters.pool_hits as f64, view.state.counters.pool_misses as f64);
    (hits + misses > 0.0).then(|| hits / (hits + misses))
}

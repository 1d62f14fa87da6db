//! Numbers about a view, and their course over a run.

use super::View;
use glassbase_trace::{Event, Record};

/// A number about a view.
#[derive(Debug)]
pub struct Measure {
    /// Its word.
    pub name: &'static str,
    pub label: &'static str,
    pub unit: Unit,
    /// One sentence: what it says.
    pub help: &'static str,
    /// Nothing while there is nothing to measure.
    pub of: fn(&View) -> Option<f64>,
}

/// How a measure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    /// 0 to 1, written in per cent.
    Ratio,
    /// How many times as much: "3.2×".
    Factor,
    Nanoseconds,
}

/// The measures of the B+tree lab, in the order in which they are shown.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "records",
        label: "Records",
        unit: Unit::Count,
        help: "Keys with their values in the tree.",
        of: |view| Some(view.state.records as f64),
    },
    Measure {
        name: "height",
        label: "Height",
        unit: Unit::Count,
        help: "Levels from the root to the leaves: pages that a look-up goes through.",
        of: |view| Some(f64::from(view.state.height)),
    },
    Measure {
        name: "pages",
        label: "Pages",
        unit: Unit::Count,
        help: "Pages of the file, free ones included.",
        of: |view| Some(view.state.pages.len() as f64),
    },
    Measure {
        name: "leaf-fill",
        label: "Leaf fill",
        unit: Unit::Ratio,
        help: "How full the leaves are on average.",
        of: leaf_fill,
    },
    Measure {
        name: "page-reads",
        label: "Page reads",
        unit: Unit::Count,
        help: "Pages read from the disk since the start.",
        of: |view| Some(view.state.counters.disk_reads as f64),
    },
    Measure {
        name: "page-writes",
        label: "Page writes",
        unit: Unit::Count,
        help: "Pages written to the disk since the start.",
        of: |view| Some(view.state.counters.disk_writes as f64),
    },
    Measure {
        name: "hit-ratio",
        label: "Pool hits",
        unit: Unit::Ratio,
        help: "Share of page accesses that found the page in the buffer pool.",
        of: hit_ratio,
    },
    Measure {
        name: "splits",
        label: "Splits",
        unit: Unit::Count,
        help: "Pages that were full and became two.",
        of: |view| Some(view.state.counters.splits as f64),
    },
    Measure {
        name: "merges",
        label: "Merges",
        unit: Unit::Count,
        help: "Pairs of half-empty pages that became one.",
        of: |view| Some(view.state.counters.merges as f64),
    },
    Measure {
        name: "borrows",
        label: "Borrows",
        unit: Unit::Count,
        help: "Times that a page with too little took cells from its sibling.",
        of: |view| Some(view.state.counters.borrows as f64),
    },
    Measure {
        name: "operation-time",
        label: "Last operation",
        unit: Unit::Nanoseconds,
        help: "Virtual time that the last operation took.",
        of: operation_time,
    },
    Measure {
        name: "scan-time",
        label: "Full scan",
        unit: Unit::Nanoseconds,
        help: "Virtual time to read every page of the file one after the other from this device.",
        of: full_scan_time,
    },
];

/// Names are unique in a list.
impl PartialEq for Measure {
    fn eq(&self, other: &Measure) -> bool {
        self.name == other.name
    }
}

impl Measure {
    /// Nothing while there is nothing to measure.
    pub fn value(&self, view: &View) -> Option<f64> {
        (self.of)(view)
    }

    /// The value as a person reads it; a dash for nothing.
    pub fn text(&self, value: Option<f64>) -> String {
        let Some(value) = value else { return "–".to_string() };
        match self.unit {
            Unit::Count => super::describe::grouped(value as u64),
            Unit::Ratio => {
                let tenths = (value * 1000.0 + 0.5) as u64;
                format!("{}.{} %", tenths / 10, tenths % 10)
            }
            Unit::Factor => {
                let mut text = glassbase_trace::decimal::fixed(value, 2);
                text.push('×');
                text
            }
            Unit::Nanoseconds if value < 1.0 => "0 ns".to_string(),
            Unit::Nanoseconds => super::caption::duration(value as u64),
        }
    }
}

fn leaf_fill(view: &View) -> Option<f64> {
    let tally = &view.tally;
    let leaves = f64::from(tally.leaf_pages);
    let (has, room) = match view.keys_max() {
        Some(keys) => (tally.leaf_keys as f64, leaves * f64::from(keys)),
        None => (tally.leaf_used as f64, leaves * f64::from(view.state.capacity)),
    };
    (room > 0.0).then(|| has / room)
}

fn hit_ratio(view: &View) -> Option<f64> {
    let (hits, misses) = (view.state.counters.pool_hits as f64, view.state.counters.pool_misses as f64);
    (hits + misses > 0.0).then(|| hits / (hits + misses))
}

fn operation_time(view: &View) -> Option<f64> {
    let operation = view.operation.as_ref()?;
    let until = operation.ended.map_or(view.time_ns, |ended| ended.at_ns);
    Some(until.saturating_sub(operation.begun_ns) as f64)
}

/// One read anywhere, then each page after the one before it.
fn full_scan_time(view: &View) -> Option<f64> {
    let following = view.state.pages.len().checked_sub(1)?;
    Some(view.state.random_read_ns as f64 + view.state.next_read_ns as f64 * following as f64)
}

/// Most points that a series keeps; beyond it every second one goes.
const POINTS_MAX: usize = 8192;

/// Records of one command after which a point is taken though it goes on: a load of hundreds of requests has a course too.
const GRAIN: usize = 128;

/// Every measure of a lab after each command, and now and then within a long one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    measures: &'static [Measure],
    points: Vec<Point>,
    /// Only every so many moments give a point.
    stride: usize,
    moments: usize,
    /// Where the last moment was.
    seen: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Point {
    position: usize,
    values: Box<[Option<f32>]>,
}

impl Series {
    pub fn of_measures(measures: &'static [Measure]) -> Series {
        Series { measures, points: Vec::new(), stride: 0, moments: 0, seen: 0 }
    }

    pub(super) fn see(&mut self, view: &View, record: &Record) {
        if !matches!(record.event, Event::CommandEnded { .. }) && view.position < self.seen + GRAIN {
            return;
        }
        self.seen = view.position;
        self.moments += 1;
        if !self.moments.is_multiple_of(self.stride.max(1)) {
            return;
        }
        let values = self.measures.iter().map(|measure| measure.value(view).map(|value| value as f32)).collect();
        self.points.push(Point { position: view.position, values });
        if self.points.len() > POINTS_MAX {
            self.stride = self.stride.max(1) * 2;
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
    }

    fn index(&self, measure: &Measure) -> usize {
        self.measures.iter().position(|one| one.name == measure.name).unwrap_or(usize::MAX)
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The course of one measure: position in the trace and value.
    pub fn of(&self, measure: &Measure) -> impl Iterator<Item = (usize, f64)> {
        let index = self.index(measure);
        self.points.iter().filter_map(move |point| Some((point.position, f64::from(point.value(index)?))))
    }

    /// At most `points` of them, evenly spread, up to `position`: what a small chart needs.
    pub fn chart(&self, measure: &Measure, position: usize, points: usize) -> Vec<(usize, f64)> {
        let until = self.points.partition_point(|point| point.position <= position);
        let step = until / points.max(1) + 1;
        let last = until.saturating_sub(1);
        let index = self.index(measure);
        let chosen = (0..until).filter(|at| at.is_multiple_of(step) || *at == last);
        chosen.filter_map(|at| Some((self.points[at].position, f64::from(self.points[at].value(index)?)))).collect()
    }
}

impl Point {
    fn value(&self, index: usize) -> Option<f32> {
        self.values.get(index).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use glassbase_trace::{FrameId, Lsn, PageBody, PageId, PageState};

    fn named(name: &str) -> &'static Measure {
        MEASURES.iter().find(|measure| measure.name == name).unwrap()
    }

    #[test]
    fn values_read_well() {
        let ratio = named("hit-ratio");
        assert_eq!(ratio.text(Some(0.9567)), "95.7 %");
        assert_eq!(ratio.text(None), "–");
        assert_eq!(named("operation-time").text(Some(2_310_000.0)), "2.31 ms");
        assert_eq!(named("records").text(Some(1_000_000.0)), "1,000,000");
    }

    #[test]
    fn a_full_scan_is_one_random_read_and_then_one_after_the_other() {
        let mut view = View::default();
        let scan = named("scan-time");
        assert_eq!(scan.value(&view), None);
        let free = PageState { page: PageId(0), lsn: Lsn(0), used: 0, body: PageBody::Meta };
        view.state.pages = std::iter::repeat_n(Rc::new(free), 10).collect();
        (view.state.random_read_ns, view.state.next_read_ns) = (1000, 10);
        assert_eq!(scan.value(&view), Some(1090.0));
    }

    #[test]
    fn a_long_command_has_a_course() {
        let mut series = Series::of_measures(MEASURES);
        let mut view = View::default();
        for index in 0..10 * GRAIN {
            let record =
                Record { time_ns: 0, cause: 0, node: 0, event: Event::PoolHit { page: PageId(1), frame: FrameId(0) } };
            view.apply(index, &record);
            series.see(&view, &record);
        }
        assert_eq!(series.len(), 10);
    }

    #[test]
    fn a_series_stays_bounded() {
        let mut series = Series::of_measures(MEASURES);
        let mut view = View::default();
        for index in 0..3 * POINTS_MAX {
            let record = Record { time_ns: 0, cause: 0, node: 0, event: Event::CommandEnded { line: 0 } };
            view.apply(index, &record);
            series.see(&view, &record);
        }
        assert!(series.len() <= POINTS_MAX);
        let records = named("records");
        assert!(series.chart(records, usize::MAX, 100).len() <= 102);
    }
}

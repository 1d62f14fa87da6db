//! What R and W cost and give, as curves: staleness by the time since the write, latency by its distribution.
//!
//! ```text
//!   % stale ╲                       measured with the R and W that are set: strong
//!           │╲╲   ╌╌╌               foretold from the latencies of messages: dashed
//!           │ ╲╲╌╌___               the other pairs: thin
//!           └─────────── ms
//! ```
//!
//! Both charts are plain data in coordinates of [`WIDTH`] x [`HEIGHT`]; whoever shows them needs no other measure.

use std::rc::Rc;

use crate::caption::duration;
use crate::describe::grouped;
use crate::guide::{Dot, Tone};
use glassbase_trace::decimal::fixed;
use glassbase_trace::parts::tradeoff::{QUANTILES, QuorumRun, StaleClass, TradeoffState};
use glassbase_trace::{EngineState, Event, Record};

pub const WIDTH: f64 = 300.0;
pub const HEIGHT: f64 = 132.0;
/// What is kept free for the labels at the left and below.
pub const LEFT: f64 = 34.0;
const BELOW: f64 = 16.0;
const TOP: f64 = 6.0;
/// Classes with fewer reads say little: their share is not drawn.
const READS_MIN: u64 = 12;

/// N, R and W.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triple {
    pub replicas: u16,
    pub read: u16,
    pub write: u16,
}

impl Triple {
    /// Whether every read meets every write at one node at least.
    pub fn overlaps(self) -> bool {
        self.read.saturating_add(self.write) > self.replicas
    }

    /// The lines of script that lead from here to there, such that each on the way is a setting that works; and the
    /// measurement.
    pub fn lines_to(self, wanted: Triple) -> String {
        let most = wanted.replicas.max(1);
        let to = Triple { replicas: most, read: wanted.read.clamp(1, most), write: wanted.write.clamp(1, most) };
        let replicas = ("replicas", self.replicas, to.replicas);
        let (read, write) = (("read", self.read, to.read), ("write", self.write, to.write));
        // R and W are never above N: N grows before them, and shrinks after them.
        let order = if to.replicas > self.replicas { [replicas, read, write] } else { [read, write, replicas] };
        let changed = order.iter().filter(|(_, here, there)| here != there);
        let mut lines: Vec<String> = changed.map(|(name, _, there)| format!("set {name} {there}")).collect();
        lines.push("tradeoff".to_string());
        lines.join("\n")
    }
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub words: String,
    /// Thin ones first.
    pub lines: Vec<Line>,
    /// Where a label of the axis stands, and what it says.
    pub across: Vec<(f64, String)>,
    pub up: Vec<(f64, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As SVG has the points of a polyline.
    pub points: String,
    pub kind: LineKind,
    pub title: String,
}

/// What a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Of a pair that is not set.
    Other,
    Stale,
    StaleExpected,
    Reads,
    ReadsExpected,
    Writes,
    WritesExpected,
}

impl LineKind {
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Other => "other",
            LineKind::Stale => "stale",
            LineKind::StaleExpected => "stale expected",
            LineKind::Reads => "reads",
            LineKind::ReadsExpected => "reads expected",
            LineKind::Writes => "writes",
            LineKind::WritesExpected => "writes expected",
        }
    }
}

/// A pair of R and W in the table of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub read: u16,
    pub write: u16,
    pub is_set: bool,
    pub overlaps: bool,
    /// The share of stale reads, and what half of the reads and of the writes took.
    pub stale: String,
    pub latency: String,
    pub title: String,
}

/// What the measurement gave so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Charts {
    pub staleness: Chart,
    pub latency: Chart,
    /// In rows of one R.
    pub table: Vec<Vec<Cell>>,
    pub measured: usize,
    pub pairs: usize,
}

/// Nothing as long as nothing was measured.
pub fn charts(state: &EngineState) -> Option<Charts> {
    let known = state.parts.tradeoff.as_ref().filter(|known| !known.runs.is_empty())?;
    Some(Charts {
        staleness: staleness(known),
        latency: latency(known),
        table: table(known),
        measured: known.runs.len(),
        pairs: usize::from(known.pairs),
    })
}

/// Where numbers are in a chart.
struct Axes {
    across_max: f64,
    up_max: f64,
}

impl Axes {
    fn x(&self, value: f64) -> f64 {
        LEFT + (WIDTH - LEFT - 6.0) * (value / self.across_max).min(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BELOW - (HEIGHT - BELOW - TOP) * (value / self.up_max).min(1.0)
    }

    fn line(&self, kind: LineKind, title: String, points: impl Iterator<Item = (f64, f64)>) -> Line {
        let point = |(x, y): (f64, f64)| format!("{},{}", fixed(self.x(x), 1), fixed(self.y(y), 1));
        Line { points: points.map(point).collect::<Vec<_>>().join(" "), kind, title }
    }

    fn across(&self) -> Vec<(f64, String)> {
        let label = |part: u32| {
            let ns = self.across_max * f64::from(part) / 4.0;
            (self.x(ns), if part == 0 { "0".to_string() } else { duration(ns as u64) })
        };
        (0..=4).map(label).collect()
    }

    fn up(&self, places: u32) -> Vec<(f64, String)> {
        let label = |part: u32| {
            let share = self.up_max * f64::from(part) / 2.0;
            (self.y(share), format!("{} %", fixed(share * 100.0, places)))
        };
        (0..=2).map(label).collect()
    }
}

/// The runs in the order of drawing: the pair that is set comes last.
fn in_order(known: &TradeoffState) -> impl Iterator<Item = (&QuorumRun, bool)> {
    let is_set = |run: &QuorumRun| (run.read, run.write) == (known.read, known.write);
    let others = known.runs.iter().map(|run| &**run).filter(move |run| !is_set(run));
    others.map(|run| (run, false)).chain(known.set().map(|run| (run, true)))
}

fn pair(run: &QuorumRun) -> String {
    format!("R = {}, W = {}", run.read, run.write)
}

fn share(class: &StaleClass) -> f64 {
    class.stale as f64 / class.reads.max(1) as f64
}

fn share_expected(class: &StaleClass) -> f64 {
    class.expected_millionths as f64 / 1e6 / class.reads.max(1) as f64
}

/// The least of 1, 2, 5, 10, 20, 50 … in a thousand that is above.
fn rounded_up(share: f64) -> f64 {
    let steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
    steps.into_iter().find(|step| share <= *step).unwrap_or(1.0)
}

fn staleness(known: &TradeoffState) -> Chart {
    let told = |run: &QuorumRun| {
        // The open class at the end has no width to be drawn in.
        let closed = run.staleness.len().saturating_sub(1);
        run.staleness[..closed].to_vec()
    };
    let counts = |class: &StaleClass| class.reads >= READS_MIN;
    let highest = known.runs.iter().flat_map(|run| told(run)).filter(counts);
    let highest = highest.map(|class| share(&class).max(share_expected(&class))).fold(0.0, f64::max);
    let across_max = known.runs.iter().filter_map(|run| run.staleness.last()).map(|class| class.from_ns).max();
    let axes = Axes { across_max: across_max.unwrap_or_default().max(1) as f64, up_max: rounded_up(highest) };
    let mut lines = Vec::new();
    for (run, is_set) in in_order(known) {
        let classes = told(run);
        let half = classes.get(1).map_or(0.0, |class| class.from_ns as f64 / 2.0);
        let of = |of: fn(&StaleClass) -> f64| {
            classes.iter().filter(|class| counts(class)).map(move |class| (class.from_ns as f64 + half, of(class)))
        };
        let name = pair(run);
        if is_set {
            let title = format!("{name}: expected from the latencies");
            lines.push(axes.line(LineKind::StaleExpected, title, of(share_expected)));
        }
        let kind = if is_set { LineKind::Stale } else { LineKind::Other };
        lines.push(axes.line(kind, format!("{name}: measured"), of(share)));
    }
    let words = known.set().map_or(String::new(), |run| {
        let (stale, expected) = run.stale_millionths();
        let (stale, expected) = (percent(stale), percent(expected));
        let name = pair(run);
        format!("With {name}, {stale} of {} reads were stale; {expected} were expected.", grouped(run.reads()))
    });
    let places = if axes.up_max < 0.01 { 2 } else { u32::from(axes.up_max < 0.1) };
    Chart { title: "Stale reads by the time since the write", words, lines, across: axes.across(), up: axes.up(places) }
}

fn latency(known: &TradeoffState) -> Chart {
    // Up to what 99 of 100 took: the last hundredth would press all others together.
    let most = QUANTILES.iter().position(|quantile| *quantile == 990).unwrap_or(QUANTILES.len() - 1);
    let of_run = |run: &QuorumRun| [&run.reads_ns, &run.writes_ns].map(|times| times.get(most).copied().unwrap_or(0));
    let longest = known.runs.iter().flat_map(|run| of_run(run)).max().unwrap_or(0);
    let axes = Axes { across_max: longest.max(1) as f64, up_max: 1.0 };
    let distribution = |times: &[u64]| {
        let times: Vec<u64> = times[..times.len().min(most + 1)].to_vec();
        times.into_iter().zip(QUANTILES).map(|(ns, share)| (ns as f64, *share as f64 / 1000.0))
    };
    let mut lines = Vec::new();
    for (run, is_set) in in_order(known) {
        let name = pair(run);
        let drawn = [
            (LineKind::ReadsExpected, "reads, expected", &run.reads_expected_ns),
            (LineKind::WritesExpected, "writes, expected", &run.writes_expected_ns),
            (LineKind::Reads, "reads", &run.reads_ns),
            (LineKind::Writes, "writes", &run.writes_ns),
        ];
        // Of the other pairs what was measured is enough.
        for (kind, what, times) in &drawn[if is_set { 0 } else { 2 }..] {
            let kind = if is_set { *kind } else { LineKind::Other };
            lines.push(axes.line(kind, format!("{name}: {what}"), distribution(times)));
        }
    }
    let words = known.set().map_or(String::new(), |run| {
        let ((read, write), (slow_read, slow_write)) = (run.latencies_ns(500), run.latencies_ns(990));
        let (read, write) = (duration(read), duration(write));
        let (slow_read, slow_write) = (duration(slow_read), duration(slow_write));
        let halves = format!("half of the reads took up to {read}, half of the writes up to {write}");
        format!("With {}, {halves}; 99 in 100 up to {slow_read} and {slow_write}.", pair(run))
    });
    Chart { title: "Operations done by the time they take", words, lines, across: axes.across(), up: axes.up(0) }
}

/// Millionths, as people read them.
fn percent(millionths: u64) -> String {
    let places = if millionths >= 100_000 { 0 } else { 2 };
    if millionths == 0 { "0 %".to_string() } else { format!("{} %", fixed(millionths as f64 / 10_000.0, places)) }
}

fn table(known: &TradeoffState) -> Vec<Vec<Cell>> {
    let mut sorted: Vec<&QuorumRun> = known.runs.iter().map(|run| &**run).collect();
    glassbase_trace::sorting::sort_by(&mut sorted, |a, b| (a.read, a.write).cmp(&(b.read, b.write)));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for run in sorted {
        let cell = cell(known, run);
        match rows.last_mut().filter(|row| row.first().is_some_and(|first| first.read == run.read)) {
            Some(row) => row.push(cell),
            None => rows.push(vec![cell]),
        }
    }
    rows
}

fn cell(known: &TradeoffState, run: &QuorumRun) -> Cell {
    let (read_ns, write_ns) = run.latencies_ns(500);
    let overlaps = known.overlaps(run.read, run.write);
    let meets = if overlaps { "a read meets every write" } else { "a read may miss a write" };
    let stale = percent(run.stale_millionths().0);
    let latency = format!("{} / {}", duration(read_ns), duration(write_ns));
    let title = format!(
        "{}: {meets}. {stale} of the reads stale; half of the reads up to {}, of the writes up to {}.",
        pair(run),
        duration(read_ns),
        duration(write_ns)
    );
    let is_set = (run.read, run.write) == (known.read, known.write);
    Cell { read: run.read, write: run.write, is_set, overlaps, stale, latency, title }
}

/// Changes the part of the state that the curves are drawn from.
pub fn fold(state: &mut EngineState, event: &Event) {
    match event {
        Event::TradeoffBegun { plan } => state.parts.tradeoff = Some(plan.clone()),
        Event::QuorumMeasured { .. } => {
            if let Some(known) = &mut state.parts.tradeoff {
                Rc::make_mut(known).fold(event);
            }
        }
        _ => {}
    }
}

/// Its colour among the lanes.
pub fn tone(event: &Event) -> Option<(Tone, Dot)> {
    match event {
        Event::TradeoffBegun { .. } => Some((Tone::Accent, Dot::Ring)),
        Event::QuorumMeasured { .. } => Some((Tone::Accent, Dot::Full)),
        _ => None,
    }
}

/// About how many words of memory the second state has of it beyond the first.
pub fn words(before: &EngineState, state: &EngineState) -> usize {
    let runs = |state: &EngineState| state.parts.tradeoff.as_ref().map_or(0, |known| known.runs.len());
    // What is measured anew takes the place of what was there.
    let new = if runs(state) >= runs(before) { runs(state) - runs(before) } else { runs(state) };
    new * (4 * QUANTILES.len() + 120)
}

/// One sentence about an event.
pub fn describe(record: &Record) -> Option<String> {
    Some(match &record.event {
        Event::TradeoffBegun { plan } => {
            let (pairs, operations) = (plan.pairs, grouped(plan.operations));
            format!(
                "In the background: {operations} operations with each of {pairs} pairs of R and W, N = {}.",
                plan.replicas
            )
        }
        Event::QuorumMeasured { run } => {
            let ((read, write), (stale, _)) = (run.latencies_ns(500), run.stale_millionths());
            let (read, write) = (duration(read), duration(write));
            format!(
                "{}: half of the reads took up to {read}, of the writes up to {write}; {} of the reads were stale.",
                pair(run),
                percent(stale)
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(read: u16, write: u16, stale: u64) -> Rc<QuorumRun> {
        let times = |ms: u64| QUANTILES.iter().map(|share| (ms + share / 100) * 1_000_000).collect::<Vec<u64>>();
        let class = |at: u64| StaleClass {
            from_ns: at * 1_000_000,
            reads: 100,
            stale: stale / (at + 1),
            expected_millionths: stale / (at + 1) * 1_000_000,
        };
        Rc::new(QuorumRun {
            read,
            write,
            done: 400,
            failed: 0,
            reads_ns: times(u64::from(read)),
            writes_ns: times(u64::from(write)),
            reads_expected_ns: times(u64::from(read)),
            writes_expected_ns: times(u64::from(write)),
            staleness: (0..4).map(class).collect(),
        })
    }

    fn state(runs: Vec<Rc<QuorumRun>>) -> EngineState {
        let plan = TradeoffState { operations: 400, nodes: 3, replicas: 2, read: 1, write: 1, pairs: 4, runs };
        let mut state = EngineState::default();
        state.parts.tradeoff = Some(Rc::new(plan));
        state
    }

    #[test]
    fn every_line_on_the_way_is_a_setting_that_works() {
        let now = Triple { replicas: 3, read: 2, write: 2 };
        let lines = |replicas, read, write| now.lines_to(Triple { replicas, read, write });
        assert_eq!(lines(3, 1, 2), "set read 1\ntradeoff");
        assert_eq!(lines(5, 2, 2), "set replicas 5\ntradeoff");
        assert_eq!(lines(1, 2, 2), "set read 1\nset write 1\nset replicas 1\ntradeoff");
        assert_eq!(lines(5, 4, 2), "set replicas 5\nset read 4\ntradeoff");
        assert_eq!(lines(3, 2, 2), "tradeoff");
        // What a script says may be anything.
        let odd = Triple { replicas: 0, read: 65_535, write: 65_535 };
        assert_eq!(odd.lines_to(odd), "set replicas 1\nset read 1\nset write 1\ntradeoff");
        assert!(odd.overlaps());
    }

    #[test]
    fn nothing_is_drawn_before_anything_is_measured() {
        assert_eq!(charts(&EngineState::default()), None);
        assert_eq!(charts(&state(Vec::new())), None);
    }

    #[test]
    fn the_pair_that_is_set_is_strong_and_stands_beside_what_is_expected() {
        let charts = charts(&state(vec![run(1, 1, 40), run(2, 1, 0), run(1, 2, 0)])).unwrap();
        let kinds = |chart: &Chart| chart.lines.iter().map(|line| line.kind).collect::<Vec<_>>();
        use LineKind::*;
        assert_eq!(kinds(&charts.staleness), [Other, Other, StaleExpected, Stale]);
        assert_eq!(kinds(&charts.latency), [Other, Other, Other, Other, ReadsExpected, WritesExpected, Reads, Writes]);
        assert_eq!((charts.measured, charts.pairs), (3, 4));
        // 40 of 100 in the first class, on an axis up to 50 %.
        let stale = &charts.staleness.lines[3];
        assert_eq!(stale.points.split(' ').count(), 3, "the open class is not drawn");
        assert_eq!(stale.points, charts.staleness.lines[2].points, "all came as expected");
        let first = stale.points.split([' ', ',']).nth(1).unwrap().parse::<f64>().unwrap();
        let axes = Axes { across_max: 1.0, up_max: 0.5 };
        assert!((first - axes.y(0.4)).abs() < 0.06);
        assert_eq!(charts.staleness.words, "With R = 1, W = 1, 21 % of 400 reads were stale; 21 % were expected.");
    }

    #[test]
    fn the_table_is_in_rows_of_one_r() {
        let charts = charts(&state(vec![run(1, 1, 40), run(2, 1, 0), run(1, 2, 0), run(2, 2, 0)])).unwrap();
        let pairs = |row: &Vec<Cell>| row.iter().map(|cell| (cell.read, cell.write)).collect::<Vec<_>>();
        assert_eq!(charts.table.iter().map(pairs).collect::<Vec<_>>(), [[(1, 1), (1, 2)], [(2, 1), (2, 2)]]);
        let overlaps: Vec<bool> = charts.table.iter().flatten().map(|cell| cell.overlaps).collect();
        assert_eq!(overlaps, [false, true, true, true]);
        assert_eq!(charts.table[0][0].stale, "21 %");
    }

    /// A trace may come from a file.
    #[test]
    fn what_does_not_fit_together_is_drawn_as_far_as_it_does() {
        let mut odd = (*run(1, 1, 40)).clone();
        odd.staleness.clear();
        odd.reads_ns.truncate(2);
        odd.writes_ns.clear();
        assert!(charts(&state(vec![Rc::new(odd)])).is_some());
        let mut huge = (*run(1, 1, 40)).clone();
        huge.staleness.iter_mut().for_each(|class| class.reads = u64::MAX);
        assert!(charts(&state(vec![Rc::new(huge)])).is_some());
    }
}

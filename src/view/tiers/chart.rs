//! The database's load over time: queries at work and, above what it can work on at once, those that wait. In a comparison
//! the other run's load is an outline over it, on the same scale.
//!
//! ```text
//!   30 ┤      ▒▒                 waiting
//!      ┤ ─ ─ ▒▒▒▒ ─ ─ ─ ─        what it can work on at once
//!      ┤    ▓▓▓▓▓▓▓      ▂       at work
//!    0 └──────────────────── time
//! ```

use crate::arrange::{Place, SANS_W, cut, polyline};
use crate::caption::duration;
use crate::drawing::{Anchor, Drawing, Heads, Id, Layer, Marks, Shape};
use glassbase_trace::parts::TiersState;
use glassbase_trace::parts::tiers::{Sample, Series};

/// What is drawn: as it is now, as it is at the end of the run, and another run at its end.
pub struct Load<'a> {
    pub now: &'a TiersState,
    pub now_ns: u64,
    pub end: &'a TiersState,
    pub end_ns: u64,
    pub beside: Option<(&'a TiersState, u64)>,
}

/// Where moments and counts stand.
struct Axes {
    area: Place,
    until_ns: u64,
    most: f64,
}

impl Axes {
    fn x(&self, time_ns: u64) -> f64 {
        (self.area.w * (time_ns as f64 / self.until_ns.max(1) as f64)).min(self.area.w)
    }

    fn h(&self, count: f64) -> f64 {
        self.area.h * count / self.most
    }

    /// The outline of a number over time, from the lower left corner, up to a moment.
    fn steps(&self, series: &Series, until_ns: u64, of: fn(&Sample) -> u32) -> Vec<(f64, f64)> {
        let mut points = Vec::new();
        for (index, sample) in series.samples.iter().enumerate() {
            let from_ns = index as u64 * series.sample_ns;
            if from_ns > until_ns {
                break;
            }
            let y = -self.h(f64::from(of(sample)));
            // Neighbours of one height need no corner between them.
            if points.last().is_none_or(|(_, last)| *last != y) {
                let last = points.last().map_or(0.0, |(_, last)| *last);
                points.push((self.x(from_ns), last));
                points.push((self.x(from_ns), y));
            }
        }
        let last = points.last().map_or(0.0, |(_, last)| *last);
        points.push((self.x(until_ns), last));
        points
    }

    /// What lies between two numbers.
    fn filled(&self, series: &Series, until_ns: u64, top: fn(&Sample) -> u32, bottom: fn(&Sample) -> u32) -> String {
        let (top, bottom) = (self.steps(series, until_ns, top), self.steps(series, until_ns, bottom));
        polyline(top.into_iter().chain(bottom.into_iter().rev()))
    }
}

fn all(sample: &Sample) -> u32 {
    sample.most_busy.saturating_add(sample.most_queued)
}

fn busy(sample: &Sample) -> u32 {
    sample.most_busy
}

fn most(tiers: &TiersState) -> u32 {
    tiers.series.samples.iter().map(all).max().unwrap_or(0)
}

pub fn draw(d: &mut Drawing, place: Place, load: &Load) {
    let (id, tiers) = (Id::of("load", 0), load.now);
    let (head, area) = place.cut_top(22.0);
    let area = Place::new(area.x, area.y, area.w, area.h - 18.0);
    let beside_most = load.beside.map_or(0, |(tiers, _)| most(tiers));
    let most_of_all = most(load.end).max(most(tiers)).max(beside_most).max(tiers.connections + 1);
    let until_ns = load.end_ns.max(load.now_ns).max(load.beside.map_or(0, |(_, end_ns)| end_ns));
    let axes = Axes { area, until_ns, most: f64::from(most_of_all) * 1.06 };
    let title =
        format!("The database's load: {}; {} at most", queries(tiers.counts.reads + tiers.counts.writes), most(tiers));
    let stale = if tiers.counts.stale > 0 { "; red dots: stale answers" } else { "" };
    let title = cut(&format!("{title} at once{stale}"), head.w - 4.0, SANS_W);
    d.add(Shape::text(id, head.x + 2.0, head.y + 15.0, title).class("label").room(head.w - 4.0));
    d.add(Shape::panel(id.and(1), area));
    let (x, floor) = (area.x, area.bottom());
    let waits = Shape::path(id.and(2), x, floor, axes.filled(&tiers.series, load.now_ns, all, busy));
    d.add(waits.class("area waits").layer(Layer::Ground).said("Queries that wait for a connection"));
    let at_work = Shape::path(id.and(3), x, floor, axes.filled(&tiers.series, load.now_ns, busy, |_| 0));
    d.add(at_work.class("area at-work").layer(Layer::Ground).said("Queries at work"));
    if let Some((other, other_ns)) = load.beside {
        let outline = polyline(axes.steps(&other.series, load.now_ns.min(other_ns), all));
        let outline = Shape::path(id.and(4), x, floor, outline).class("area other");
        d.add(outline.said("The load of the run beside this one"));
    }
    limit(d, id, &axes, tiers.connections);
    for (index, sample) in tiers.series.samples.iter().enumerate().filter(|(_, sample)| sample.stale > 0) {
        let at = area.x + axes.x(index as u64 * tiers.series.sample_ns);
        let dot = Shape::dot(id.and(10_000 + index as u64), at, area.y + 6.0, 3.0).class("dot aged");
        d.add(dot.said(format!("{} stale answers", sample.stale)));
    }
    let text = |at: u64, x: f64, text: String| Shape::text(id.and(at), x, area.bottom() + 13.0, text).class("quiet");
    d.add(text(7, area.x + 2.0, "0".to_string()));
    d.add(text(8, area.right() - 2.0, duration(until_ns)).anchor(Anchor::End));
}

fn queries(count: u64) -> String {
    if count == 1 { "1 query".to_string() } else { format!("{count} queries") }
}

/// What it can work on at once.
fn limit(d: &mut Drawing, id: Id, axes: &Axes, connections: u32) {
    let (area, y) = (axes.area, axes.area.bottom() - axes.h(f64::from(connections)));
    let line = Shape::line(id.and(5), (area.x, y), (area.right(), y)).heads(Heads::None).marks(Marks::EMPTY);
    d.add(line.said(format!("It works on {connections} queries at once; more than these wait")));
    let said = cut(&format!("{connections} at once"), area.w * 0.5, SANS_W);
    // Above the line, unless there is no room above it.
    let y = if y - area.y > 18.0 { y - 4.0 } else { y + 13.0 };
    d.add(Shape::text(id.and(6), area.x + 4.0, y, said).class("quiet"));
}

//! The database's load over time: queries that began, and those that waited; stale answers as dots above.

use crate::trace::parts::TiersState;
use crate::trace::parts::tiers::Sample;
use crate::view::arrange::{Place, SANS_W, cut, polyline};
use crate::view::drawing::{Anchor, Drawing, Id, Marks, Shape};

pub fn draw(d: &mut Drawing, place: Place, tiers: &TiersState, now_ns: u64) {
    let id = Id::of("load", 0);
    let (head, area) = place.cut_top(22.0);
    let samples = &tiers.series.samples;
    let per_s = 1e9 / tiers.series.sample_ns.max(1) as f64;
    let queries = |sample: &Sample| f64::from(sample.reads.saturating_add(sample.writes)) * per_s;
    let most = samples.iter().map(queries).fold(1.0, f64::max);
    let most_queued = samples.iter().map(|sample| sample.most_queued).max().unwrap_or(0);
    let title = format!("Database: queries a second, most {}; waiting, most {most_queued}", most as u64);
    let title = cut(&title, head.w - 4.0, SANS_W);
    d.add(Shape::text(id, head.x + 2.0, head.y + 15.0, title).class("label").room(head.w - 4.0));
    d.add(Shape::panel(id.and(1), area));
    let (floor, height) = (area.bottom() - 16.0, area.h - 24.0);
    let x = |index: usize| area.x + 4.0 + (area.w - 8.0) * index as f64 / samples.len().max(24) as f64;
    let w = ((area.w - 8.0) / samples.len().max(24) as f64 - 0.5).max(0.5);
    for (index, sample) in samples.iter().enumerate().filter(|(_, sample)| sample.reads + sample.writes > 0) {
        let h = (height * queries(sample) / most).max(1.0);
        let bar = Shape::rect(id.and(100 + index as u64), Place::new(x(index), floor - h, w, h)).class("bar");
        let said = format!("{} reads, {} writes, {} waited", sample.reads, sample.writes, sample.most_queued);
        d.add(
            bar.marks(Marks::HIT.when(sample.most_queued == 0) | Marks::MISS.when(sample.most_queued > 0)).said(said),
        );
    }
    if most_queued > 0 {
        let points = samples.iter().enumerate().map(|(index, sample)| {
            (x(index) - area.x, -height * f64::from(sample.most_queued) / f64::from(most_queued))
        });
        let line = Shape::path(id.and(2), area.x, floor, polyline(points)).marks(Marks::FAILED);
        d.add(line.said("Queries that waited for a connection"));
    }
    for (index, sample) in samples.iter().enumerate().filter(|(_, sample)| sample.stale > 0) {
        let dot = Shape::dot(id.and(10_000 + index as u64), x(index) + w / 2.0, area.y + 6.0, 3.0).marks(Marks::STALE);
        d.add(dot.said(format!("{} stale answers", sample.stale)));
    }
    let end = Shape::text(id.and(3), area.right() - 4.0, area.bottom() - 3.0, format!("{} ms", now_ns / 1_000_000));
    d.add(end.class("quiet").anchor(Anchor::End));
    d.add(Shape::text(id.and(4), area.x + 4.0, area.bottom() - 3.0, "0").class("quiet"));
}

//! The hit-ratio curves: for each policy, how often it would have hit, by the size of the pool.
//!
//! The axis of sizes is a square root, so that small pools have room. The curve of the run's own policy is strong, the optimum's is dashed, the others are thin. Beside the chart stand all
//! of them in order, with their hit ratio at the size that the pool has; pointing at a name brings its curve out.

use super::super::Selection;
use super::super::View;
use super::super::arrange::{Place, polyline};
use super::super::describe::grouped;
use super::super::drawing::{Anchor, Drawing, Id, Marks, Shape};
use super::plan::known;
use glassbase_trace::PolicyKind;
use glassbase_trace::decimal::fixed;
use glassbase_trace::parts::{HitCurve, HitCurves, ReplacementState};
use glassbase_trace::sorting::sort_by;

/// The list number under which a curve is selected.
const CURVES: u8 = 255;
const LEGEND_W: f64 = 142.0;

pub fn draw(drawing: &mut Drawing, place: Place, view: &View, selected: Option<Selection>) {
    let Some(known) = known(view) else { return };
    let Some(curves) = &known.curves else { return };
    let id = Id::of("curves", 0);
    let room = room_of(known, view.state.frames);
    let unit = if curves.in_bytes {
        "bytes"
    } else if known.bytes == 0 && view.state.page_size == 0 {
        "entries"
    } else {
        "frames"
    };
    let title = format!("Hit ratio by {unit}, for these {} accesses", grouped(curves.accesses));
    drawing.add(Shape::title_of(id, place.x, place.y + 12.0, title));
    let area = Place::new(place.x + 36.0, place.y + 26.0, (place.w - 46.0 - LEGEND_W).max(80.0), place.h - 52.0);
    let Some(largest) = curves.sizes.last().copied().filter(|_| curves.accesses > 0) else { return };
    // A square root: the small sizes are where the policies differ.
    let x_of = |size: f64| area.x + area.w * (size / largest.max(1) as f64).sqrt();
    let y_of = |ratio: f64| area.bottom() - area.h * ratio;
    axes(drawing, area, largest);
    let chosen = match selected {
        Some(Selection::Listed { list: CURVES, index }) => PolicyKind::ALL.get(index as usize).copied(),
        _ => None,
    };
    for (number, curve) in curves.curves.iter().enumerate() {
        let point = |(size, hits): (&u64, &u64)| (x_of(*size as f64), y_of(*hits as f64 / curves.accesses as f64));
        let points = curves.sizes.iter().zip(&curve.hits).map(point);
        let start = [(area.x, area.bottom())];
        let strong = curve.policy == chosen.unwrap_or(known.policy);
        let shape = Shape::path(id.and(10 + number as u64), 0.0, 0.0, polyline(start.into_iter().chain(points)));
        let shape = shape.class(if strong { "curve" } else { "line" });
        drawing.add(shape.mark(Marks::EMPTY, curve.policy == PolicyKind::Optimum).said(curve.policy.name()));
    }
    let frames = room.min(largest) as f64;
    drawing.add(Shape::line(id.and(2), (x_of(frames), area.y), (x_of(frames), area.bottom())).marks(Marks::EMPTY));
    legend(drawing, area, curves, room, chosen.unwrap_or(known.policy));
}

/// The room that the cache has: frames, or bytes.
fn room_of(known: &ReplacementState, frames: u32) -> u64 {
    if known.bytes > 0 { known.bytes } else { u64::from(frames) }
}

fn axes(drawing: &mut Drawing, area: Place, largest: u64) {
    let id = Id::of("curves", 1);
    for step in 0..=4u32 {
        let y = area.bottom() - area.h * f64::from(step) / 4.0;
        drawing.add(Shape::line(id.and(u64::from(step)), (area.x, y), (area.right(), y)).marks(Marks::MUTED));
        let text = format!("{} %", step * 25);
        let label = Shape::text(id.and(10 + u64::from(step)), area.x - 6.0, y + 4.0, text);
        drawing.add(label.class("quiet").anchor(Anchor::End));
    }
    for step in 0..=4u32 {
        let size = (u128::from(largest) * u128::from(step * step) / 16) as u64;
        let x = area.x + area.w * f64::from(step) / 4.0;
        let label = Shape::text(id.and(20 + u64::from(step)), x, area.bottom() + 16.0, grouped(size));
        drawing.add(label.class("quiet").anchor(Anchor::Middle));
    }
}

/// The policies by what they hit at a size of the pool.
fn legend(drawing: &mut Drawing, area: Place, curves: &HitCurves, room: u64, strong: PolicyKind) {
    let at = curves.sizes.partition_point(|size| *size < room).min(curves.sizes.len().saturating_sub(1));
    let ratio = |curve: &HitCurve| Some(*curve.hits.get(at)? as f64 / curves.accesses as f64);
    let mut order: Vec<(&HitCurve, f64)> =
        curves.curves.iter().filter_map(|curve| Some((curve, ratio(curve)?))).collect();
    sort_by(&mut order, |a, b| b.1.total_cmp(&a.1));
    let id = Id::of("curves", 3);
    let x = area.right() + 14.0;
    let size = curves.sizes.get(at).copied().unwrap_or(0);
    let head = Shape::text(id, x, area.y + 8.0, format!("at a size of {}", grouped(size)));
    drawing.add(head.class("quiet"));
    for (row, (curve, ratio)) in order.into_iter().enumerate() {
        let y = area.y + 14.0 + row as f64 * 20.5;
        let number = curve.policy as u64;
        let place = Place::new(x, y, LEGEND_W - 14.0, 18.0);
        let text = format!("{} {} %", short(curve.policy), fixed(ratio * 100.0, 1));
        let title = format!("{}: {} % of the accesses hit", curve.policy.name(), fixed(ratio * 100.0, 1));
        let shape = Shape::rect(id.and(number), place).class("slot").label(text);
        let shape = shape.target(Selection::Listed { list: CURVES, index: curve.policy as u32 }, title);
        drawing.add(
            shape.mark(Marks::EMPTY, curve.policy == PolicyKind::Optimum).mark(Marks::LIT, curve.policy == strong),
        );
    }
}

fn short(policy: PolicyKind) -> &'static str {
    if policy == PolicyKind::Optimum { "optimum" } else { policy.name() }
}

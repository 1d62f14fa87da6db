//! The hit-ratio curves: for each policy, how often it would have hit, by the size of the pool.
//!
//! The axis of sizes is a square root, so that small pools have room. The curve of the run's own policy is strong, the
//! optimum's is dashed, the others are thin. Beside the chart stand all of them in order, with their hit ratio at the size
//! that the pool has. Each curve says whose it is; a click on it or on its name brings it out in a colour of its own, and the
//! inspector has its numbers.

use super::super::Selection;
use super::super::View;
use super::super::arrange::{Place, polyline};
use super::super::describe::grouped;
use super::super::drawing::{Anchor, Drawing, Id, Marks, Shape};
use super::super::facts::{FactTable, Facts};
use super::plan::known;
use glassbase_trace::PolicyKind;
use glassbase_trace::decimal::fixed;
use glassbase_trace::parts::{HitCurve, HitCurves, ReplacementState};
use glassbase_trace::sorting::sort_by;

/// The list number under which a curve is selected.
const CURVES: u8 = 255;
const LEGEND_W: f64 = 142.0;
/// The width of a figure on the axis.
const NUMBER_W: f64 = 7.0;

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
    let chosen = selected.and_then(policy_of).filter(|chosen| *chosen != known.policy);
    for (number, curve) in curves.curves.iter().enumerate() {
        let point = |(size, hits): (&u64, &u64)| (x_of(*size as f64), y_of(*hits as f64 / curves.accesses as f64));
        let points = curves.sizes.iter().zip(&curve.hits).map(point);
        let start = [(area.x, area.bottom())];
        let is_chosen = Some(curve.policy) == chosen;
        let shape = Shape::path(id.and(10 + number as u64), 0.0, 0.0, polyline(start.into_iter().chain(points)));
        let shape = shape.class(if is_chosen || curve.policy == known.policy { "curve" } else { "line" });
        let shape = shape.mark(Marks::EMPTY, curve.policy == PolicyKind::Optimum).mark(Marks::LOGGED, is_chosen);
        drawing.add(shape.target(selection_of(curve.policy), curve.policy.name()));
    }
    let frames = room.min(largest) as f64;
    drawing.add(Shape::line(id.and(2), (x_of(frames), area.y), (x_of(frames), area.bottom())).marks(Marks::EMPTY));
    legend(drawing, area, curves, room, [Some(known.policy), chosen]);
}

fn selection_of(policy: PolicyKind) -> Selection {
    Selection::Listed { list: CURVES, index: policy as u32 }
}

fn policy_of(selected: Selection) -> Option<PolicyKind> {
    match selected {
        Selection::Listed { list: CURVES, index } => PolicyKind::ALL.get(index as usize).copied(),
        _ => None,
    }
}

/// The numbers of a curve, beside those of the run's own policy.
pub fn inspect(known: &ReplacementState, selected: Selection) -> Option<Facts> {
    let policy = policy_of(selected)?;
    let curves = known.curves.as_ref()?;
    let of = |policy: PolicyKind| curves.curves.iter().find(|curve| curve.policy == policy);
    let (own, curve) = (of(known.policy), of(policy)?);
    let percent = |curve: &HitCurve, at: usize| {
        let hits = curve.hits.get(at).copied().unwrap_or(0);
        format!("{} %", fixed(hits as f64 * 100.0 / curves.accesses.max(1) as f64, 1))
    };
    let own = own.filter(|own| own.policy != policy);
    let rows = (0..curves.sizes.len()).map(|at| {
        let mut row = vec![grouped(curves.sizes[at]).into(), percent(curve, at).into()];
        row.extend(own.map(|own| percent(own, at).into()));
        row
    });
    let mut heads = vec!["size", policy.name()];
    heads.extend(own.map(|own| own.policy.name()));
    let table = FactTable { title: "Hits by size".to_string(), heads, rows: rows.collect(), chosen: None };
    let role = if own.is_none() { "the policy of this run" } else { "would have hit so often instead" };
    Some(Facts::new(policy.name().to_string()).row("is", role).table(table))
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
    // The last number ends where the axis does: where that is narrow, the one before it would lie under it.
    let last_w = grouped(largest).chars().count() as f64 * NUMBER_W;
    let is_narrow = area.w / 4.0 < 1.6 * last_w;
    for step in (0..=4u32).filter(|step| *step != 3 || !is_narrow) {
        let size = (u128::from(largest) * u128::from(step * step) / 16) as u64;
        let x = area.x + area.w * f64::from(step) / 4.0;
        let label = Shape::text(id.and(20 + u64::from(step)), x, area.bottom() + 16.0, grouped(size));
        // The names of the policies begin where the last number would end.
        drawing.add(label.class("quiet").anchor(if step == 4 { Anchor::End } else { Anchor::Middle }));
    }
}

/// The policies by what they hit at a size of the pool.
fn legend(drawing: &mut Drawing, area: Place, curves: &HitCurves, room: u64, lit: [Option<PolicyKind>; 2]) {
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
        let shape = shape.target(selection_of(curve.policy), title);
        let is_lit = lit.contains(&Some(curve.policy));
        drawing.add(shape.mark(Marks::EMPTY, curve.policy == PolicyKind::Optimum).mark(Marks::LIT, is_lit));
    }
}

fn short(policy: PolicyKind) -> &'static str {
    if policy == PolicyKind::Optimum { "optimum" } else { policy.name() }
}

//! Write, read and space amplification: what was measured as a bar, what theory says as a line across it.
//!
//! ```text
//!   Written per byte put   3.2×          Tables read per get   1.1×       Room per byte   1.2×
//!   ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬│                   ▬▬▬▬▬▬▬│                          ▬▬▬▬▬▬▬│
//!                    theory 3.6×                theory 1.0×                      theory 1.1×
//! ```

use super::super::View;
use super::super::arrange::Place;
use super::super::camera::within;
use super::super::drawing::{Anchor, Drawing, Id, Layer, Marks, Shape};
use super::measures::{measured_reads, measured_space, measured_writes};
use super::plan::Plan;
use super::words::times;

struct Gauge {
    word: &'static str,
    short: &'static str,
    /// Where the bar ends: the same for every tree, so that two side by side can be compared.
    most: f64,
    measured: Option<f64>,
    theory: Option<f64>,
}

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let expected =
        view.state.parts.lsm.as_deref().filter(|lsm| lsm.version.table_count() > 0).map(|lsm| lsm.expected());
    let gauges = [
        Gauge {
            word: "Written per byte put",
            short: "Write",
            most: 16.0,
            measured: measured_writes(view),
            theory: expected.map(|expected| expected.write),
        },
        Gauge {
            word: "Tables searched per get",
            short: "Read",
            most: 6.0,
            measured: measured_reads(view),
            theory: expected.filter(|_| measured_reads(view).is_some()).map(|expected| expected.read),
        },
        Gauge {
            word: "Room per byte of data",
            short: "Space",
            most: 4.0,
            measured: measured_space(view),
            theory: expected.filter(|_| measured_space(view).is_some()).map(|expected| expected.space),
        },
    ];
    let gap = 28.0;
    let w = (plan.width - 2.0 * gap) / 3.0;
    for (index, gauge) in gauges.iter().enumerate() {
        let place = match plan.narrow {
            true => Place { x: 0.0, y: plan.gauges_y + index as f64 * 34.0, w: plan.width, h: 30.0 },
            false => Place { x: index as f64 * (w + gap), y: plan.gauges_y, w, h: 56.0 },
        };
        one(drawing, plan, place, index as u64, gauge);
    }
}

fn one(drawing: &mut Drawing, plan: &Plan, place: Place, index: u64, gauge: &Gauge) {
    let id = Id::of("lsm-gauge", index);
    let number = gauge.measured.map_or_else(|| "–".to_string(), times);
    let theory = gauge.theory.map(|theory| format!("theory {}", times(theory)));
    let word = if plan.narrow { gauge.short } else { gauge.word };
    let top = place.y + 12.0;
    drawing.add(Shape::text(id, place.x, top, word).class("quiet"));
    let number_x = place.x + 92.0;
    let number = match plan.narrow {
        true => Shape::text(id.and(1), number_x, top, number).anchor(Anchor::End),
        false => Shape::text(id.and(1), place.right(), top, number).anchor(Anchor::End),
    };
    drawing.add(number.class("title"));
    let scale = place.w / gauge.most;
    let track = Place { x: place.x, y: top + 8.0, w: place.w, h: 8.0 };
    drawing.add(Shape::rect(id.and(2), track).class("slot").layer(Layer::Lines));
    if let Some(measured) = gauge.measured {
        let bar = Place { w: within(measured * scale, 2.0, place.w), ..track };
        drawing.add(Shape::rect(id.and(3), bar).class("bar").marks(Marks::LIT));
    }
    if let (Some(expected), Some(text)) = (gauge.theory, theory) {
        let x = place.x + within(expected * scale, 0.0, place.w);
        drawing.add(Shape::line(id.and(4), (x, track.y - 3.0), (x, track.bottom() + 4.0)).layer(Layer::Signs));
        if plan.narrow {
            drawing.add(Shape::text(id.and(5), number_x + 14.0, top, text).class("quiet"));
        } else {
            let text_x = (x - 4.0).min(place.right() - 74.0).max(place.x);
            drawing.add(Shape::text(id.and(5), text_x, track.bottom() + 16.0, text).class("quiet"));
        }
    }
}

//! What reading took: a bar of virtual time for each command that read rows, so that a scan and look-ups stand side by side.

use super::scene::{Scene, TITLE_H};
use crate::arrange::{MONO_W, Place, cut};
use crate::caption::duration;
use crate::describe::grouped;
use crate::drawing::{Drawing, Id, Marks, Shape};

const ROW_H: f64 = 22.0;
const NAME_W: f64 = 132.0;

/// Draws the bars, with room for `places` of them; returns where they end.
pub fn draw(scene: &Scene, drawing: &mut Drawing, place: Place, places: usize) -> f64 {
    let id = Id::of("costs", 0);
    // The camera stays here: this is what such a run is about.
    drawing.add(Shape::title_of(id, place.x, place.y + 12.0, "What reading took").marks(Marks::CURRENT));
    let top = place.y + TITLE_H;
    let costs = &scene.doing.costs;
    let longest = costs.iter().map(|cost| cost.time_ns).max().unwrap_or(1).max(1);
    let narrow = place.w < 520.0;
    let room = if narrow { place.w } else { (place.w - NAME_W - 300.0).max(80.0) };
    let pitch = if narrow { ROW_H + 14.0 } else { ROW_H };
    for (index, cost) in costs.iter().enumerate() {
        let y = top + index as f64 * pitch;
        let one = id.and(index as u64 + 1);
        let mut said = duration(cost.time_ns);
        said.push_str(": ");
        // On a small screen the command says how many rows.
        if !narrow {
            said.push_str(&grouped(cost.rows));
            said.push_str(if cost.rows == 1 { " row, " } else { " rows, " });
        }
        said.push_str(&grouped(cost.reads));
        said.push_str(if cost.reads == 1 { " page read" } else { " page reads" });
        let text = cost.text.trim_end_matches(" unrecorded");
        let w = (cost.time_ns as f64 / longest as f64 * room).max(2.0);
        let name = Shape::text(one.and(1), place.x, y + 13.0, cut(text, NAME_W - 8.0, MONO_W)).class("mono");
        drawing.add(name.mark(Marks::LIT, cost.is_scan));
        let (x, bar_y) = if narrow { (place.x, y + 18.0) } else { (place.x + NAME_W, y + 3.0) };
        let bar = Shape::rect(one.and(2), Place::new(x, bar_y, w, 11.0)).class("bar").mark(Marks::LIT, cost.is_scan);
        drawing.add(bar.said(format!("{}: {said}", cost.text)));
        let (x, text_y) = if narrow { (place.x + NAME_W, y + 13.0) } else { (x + w + 8.0, y + 13.0) };
        drawing.add(Shape::text(one.and(3), x, text_y, said));
    }
    let bottom = top + places as f64 * pitch;
    drawing.height = drawing.height.max(bottom);
    bottom
}

//! The B+tree beside the log-structured merge tree, drawn on the same axis of keys: a row of pages for each level.

use super::super::arrange::Place;
use super::super::camera::within;
use super::super::describe::{count, grouped};
use super::super::drawing::{Drawing, Id, Layer, Marks, Shape};
use super::super::{Selection, View};
use super::memory::name;
use super::plan::Plan;
use glassbase_trace::{PageId, Record};

/// Most pages of a level that are drawn one by one.
const BOXES_MOST: usize = 200;

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View, record: Option<&Record>) {
    pool(drawing, plan, view);
    let shape = view.shape();
    let height = shape.height();
    let borders = borders(plan, view);
    let touched = record.map(|record| record.event.pages()).unwrap_or_default();
    let dirty: Vec<PageId> = view.state.pool.iter().filter(|frame| frame.dirty).map(|frame| frame.page).collect();
    for level in 0..height {
        let row = row(plan, level, height);
        let (word, short) = match level {
            0 => ("Leaves", "Leaf"),
            _ if level + 1 == height => ("Root", "Root"),
            _ => ("Inner", "Inn"),
        };
        let nodes: Vec<_> = shape.level(level).collect();
        let said = (!plan.narrow).then(|| count(nodes.len() as u64, "page"));
        let words = ["leaves", "inner1", "inner2", "inner3", "inner4", "inner5"];
        name(drawing, plan, row, word, words[level.min(5)], short, said);
        let chunk = nodes.len().div_ceil(BOXES_MOST).max(1);
        for group in nodes.chunks(chunk) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
            let at = |column: u32| borders.get(column as usize).copied().unwrap_or(plan.axis.x + plan.axis.w);
            let (left, right) = (at(first.first), at(last.past));
            let w = (right - left - 1.0).max(1.5);
            let place = Place { x: left.min(row.right() - w), w, ..row };
            let used: u64 = group.iter().filter_map(|node| view.page(node.page)).map(|page| u64::from(page.used)).sum();
            let fill = used as f64 / (f64::from(view.state.capacity.max(1)) * group.len() as f64);
            let any = |pages: &[PageId]| group.iter().any(|node| pages.contains(&node.page));
            // Too narrow for a gauge: the box itself is as high as it is full.
            let is_narrow = place.w < 16.0;
            let h = if is_narrow { row.h * (0.25 + 0.75 * within(fill, 0.0, 1.0)) } else { row.h };
            let place = Place { y: row.bottom() - h, h, ..place };
            let text = if place.w > 44.0 { grouped(first.page.0.into()) } else { String::new() };
            let what =
                if group.len() > 1 { count(group.len() as u64, "page") } else { format!("Page {}", first.page.0) };
            let is_dirty = any(&dirty);
            let shape = Shape::rect(Id::of("lsm-page", first.page.0.into()), place)
                .class(if place.w < 6.0 { "slot" } else { "box" })
                .label(text)
                .mark(Marks::DIRTY, is_dirty && place.w >= 8.0)
                .mark(Marks::LIT, any(&touched) && touched != [PageId::NONE; 2])
                .target(Selection::Page(first.page), format!("{what}: {} bytes used", grouped(used)));
            drawing.add(if is_narrow { shape } else { shape.level(within(fill, 0.0, 1.0)) });
        }
    }
}

/// The rows stand where the levels of the other tree stand, the root on top.
fn row(plan: &Plan, level: usize, height: usize) -> Place {
    let (top, bottom) = (plan.shore_y + 12.0, plan.axis_y - 10.0);
    let pitch = within((bottom - top) / height.max(1) as f64, 20.0, 64.0);
    let y = top + (height - 1 - level) as f64 * pitch;
    Place { x: plan.gutter, y, w: plan.width - plan.gutter, h: (pitch - 14.0).min(34.0) }
}

/// Where each leaf begins: at its first key.
fn borders(plan: &Plan, view: &View) -> Vec<f64> {
    let shape = view.shape();
    let mut x = plan.axis.x;
    let mut borders: Vec<f64> = Vec::with_capacity(shape.columns() as usize + 1);
    for node in (shape.height() > 0).then(|| shape.level(0)).into_iter().flatten() {
        if let Some(cells) = view.page(node.page).and_then(|page| page.cells()).filter(|cells| !cells.is_empty()) {
            x = plan.axis.of(cells.key(0)).max(x);
        }
        if borders.is_empty() {
            x = plan.axis.x;
        }
        borders.push(x);
    }
    borders.push(plan.axis.x + plan.axis.w);
    borders
}

/// The pool: how much of it is taken, and how much is newer than the disk.
fn pool(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let state = &view.state;
    let dirty = state.pool.iter().filter(|frame| frame.dirty).count();
    let said = (!plan.narrow).then(|| format!("{} of {}", state.pool.len(), count(u64::from(state.frames), "frame")));
    name(drawing, plan, plan.memtable, "Pool", "pool", "Pool", said);
    let share = |frames: usize| frames as f64 / f64::from(state.frames.max(1));
    let id = Id::of("lsm-pool", 0);
    let title = format!("Buffer pool: {} of {} frames taken, {dirty} dirty", state.pool.len(), state.frames);
    drawing.add(Shape::rect(id, plan.memtable).class("slot").layer(Layer::Lines).said(title));
    let middle = plan.memtable.y + plan.memtable.h / 2.0;
    let bar = Place { y: middle - 6.0, h: 12.0, ..plan.memtable.inset(8.0) };
    let taken = Place { w: bar.w * share(state.pool.len()), ..bar };
    drawing.add(Shape::rect(id.and(1), taken).class("slot").layer(Layer::Things));
    if dirty > 0 {
        let place = Place { w: bar.w * share(dirty), ..bar };
        drawing.add(Shape::rect(id.and(2), place).class("bar").layer(Layer::Signs).marks(Marks::DIRTY));
    }
    if !plan.narrow {
        let y = plan.shore_y;
        drawing.add(Shape::line(Id::of("lsm-shore", 0), (0.0, y), (plan.width, y)).marks(Marks::MUTED));
        drawing.add(
            Shape::text(id.and(3), plan.memtable.x, plan.memtable.bottom() + 16.0, format!("{dirty} dirty"))
                .class("quiet"),
        );
    }
}

//! The picture of the pool: the last accesses, the frames, what the policy knows, and a map of the file.
//!
//! During a step a page that is read flies from its place in the file to its frame, and one that leaves flies back.

use super::super::arrange::{Place, in_row};
use super::super::camera::Size;
use super::super::describe::grouped;
use super::super::drawing::{Anchor, Ask, Drawing, Id, Marks, Shape, Step, chip};
use super::super::map::{Map, MapOf, cell};
use super::super::{Selection, View};
use super::plan::{FRAMES_SHOWN, NUMBERED_MAX, PAGE_CELL, Plan, TITLE_H, WHOLE_WIDTH, known};
use super::{chart, policy};
use glassbase_trace::{Event, FrameId, PageId};

pub fn draw(ask: &Ask) -> Step {
    let mut step = Step::of(ask, |view| picture(ask, &Plan::of(ask, view), view));
    if let Some(record) = ask.record {
        flights(&mut step, &Plan::of(ask, ask.after), &record.event);
    }
    step
}

fn picture(ask: &Ask, plan: &Plan, view: &View) -> Drawing {
    let mut drawing = Drawing::new(plan.width, words_of(view, plan));
    title(&mut drawing, plan, view);
    tape(&mut drawing, plan, view);
    if let Some(place) = plan.grid {
        frames(&mut drawing, plan, view, place);
    }
    policy::draw(&mut drawing, plan, view);
    if let Some(place) = plan.chart {
        chart::draw(&mut drawing, place, view, ask.selected);
    }
    file(&mut drawing, plan, view);
    // Two side by side both begin at the top.
    drawing.height = drawing.height.max(ask.room.height);
    drawing
}

fn words_of(view: &View, plan: &Plan) -> String {
    let counters = &view.state.counters;
    format!(
        "A pool of {} frames with {} pages, over a file of {} pages, under {}: {} hits and {} misses so far.",
        view.state.frames,
        view.state.pool.len(),
        plan.pages,
        plan.kind.name(),
        counters.pool_hits,
        counters.pool_misses
    )
}

fn title(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let name = match known(view) {
        Some(known) if known.k > 0 && known.policy == glassbase_trace::PolicyKind::LruK => format!("LRU-{}", known.k),
        Some(known) => known.policy.name().replace("the optimum", "Optimum"),
        None => String::new(),
    };
    let (hits, misses) = (view.state.counters.pool_hits, view.state.counters.pool_misses);
    let all = hits + misses;
    // The two texts share a line; on a small screen the frames are told below.
    let full = plan.width > 420.0 || all < 100_000;
    let frames = format!(" · {} frames", grouped(u64::from(view.state.frames)));
    let text = if full { name + &frames } else { name };
    // Of a large file the map above is the point: the camera stays there.
    let stays = plan.pages > WHOLE_WIDTH;
    drawing.add(Shape::title_of(Id::of("pool-title", 0), 0.0, 14.0, text).mark(Marks::CURRENT, stays));
    if all > 0 {
        let percent = (hits * 200 + all) / (2 * all);
        let text = format!("{} of {} hit · {percent} %", grouped(hits), grouped(all));
        let text = Shape::title_of(Id::of("pool-title", 1), plan.width - 2.0, 14.0, text);
        drawing.add(text.anchor(Anchor::End));
    }
}

/// The accesses of the last moments, the newest at the right.
pub fn tape(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let doing = &view.pool_doing;
    let size = Size { width: plan.chip.width + 10.0, height: 22.0 };
    let room = ((plan.tape.w + 3.0) / (size.width + 3.0)).max(1.0) as usize;
    let shown = doing.accesses.len().min(room);
    let first = doing.count - shown as u64;
    // While the tape is not full it grows from the left; then it moves.
    for (index, access) in doing.accesses[doing.accesses.len() - shown..].iter().enumerate() {
        let place = in_row((plan.tape.x, plan.tape.y), size, 3.0, index);
        let title =
            format!("{} {}: {}", super::words::noun(view), access.page.0, if access.hit { "a hit" } else { "a miss" });
        let mark = if access.hit { Marks::HIT } else { Marks::MISS };
        let shape = Shape::rect(Id::of("access", first + index as u64), place).class("slot");
        let newest = index + 1 == shown;
        let shape = shape.label(access.page.0.to_string()).marks(mark).mark(Marks::LIT, newest);
        drawing.add(shape.said(title));
    }
    if shown == 0 {
        let text =
            format!("The {}s that are asked for will stand here.", super::words::noun(view).to_ascii_lowercase());
        drawing.add(Shape::text(Id::of("access-none", 0), plan.tape.x, plan.tape.y + 15.0, text).class("quiet"));
    }
}

pub fn frames(drawing: &mut Drawing, plan: &Plan, view: &View, place: Place) {
    let all = view.state.frames as usize;
    let text = format!("Frames · {} of {} in use", grouped(view.state.pool.len() as u64), grouped(all as u64));
    drawing.add(Shape::title_of(Id::of("frames-title", 0), place.x, place.y + 12.0, text));
    if plan.frames > FRAMES_SHOWN {
        return frame_map(drawing, plan, view, place);
    }
    let boxes = plan.frame_boxes(place);
    for number in 0..all.min(plan.frames) {
        drawing.add(frame_box(view, FrameId(number as u32), boxes.place(number), plan.frames <= NUMBERED_MAX));
    }
}

/// A frame and the page in it.
pub fn frame_box(view: &View, frame: FrameId, place: Place, numbered: bool) -> Shape {
    let shape = Shape::rect(Id::of("frame", u64::from(frame.0)), place);
    let shape = if numbered { Shape { note: frame.0.to_string(), ..shape } } else { shape };
    let doing = &view.pool_doing;
    let current = doing.current.filter(|(current, _)| *current == frame);
    let shape = shape
        .mark(Marks::HIT | Marks::LIT, current.is_some_and(|(_, hit)| hit))
        .mark(Marks::MISS | Marks::LIT, current.is_some_and(|(_, hit)| !hit))
        .mark(Marks::EVICTED, doing.victim == Some(frame));
    let Ok(index) = view.state.pool.binary_search_by_key(&frame, |held| held.frame) else {
        return shape
            .marks(Marks::EMPTY | Marks::MUTED)
            .target(Selection::Frame(frame), format!("Frame {}: empty", frame.0));
    };
    let held = view.state.pool[index];
    let ahead = known(view).is_some_and(|known| known.is_ahead(frame));
    // The pin of an access that is under way says nothing new.
    let pinned = held.pins > u32::from(current.is_some());
    let mut title = format!("Frame {}: page {}", frame.0, held.page.0);
    for (is, word) in [(held.dirty, ", dirty"), (pinned, ", pinned"), (ahead, ", read ahead, not used yet")] {
        if is {
            title.push_str(word);
        }
    }
    let shape = shape.label(held.page.0.to_string()).mark(Marks::DIRTY, held.dirty).mark(Marks::PINNED, pinned);
    shape.mark(Marks::STALE, ahead).target(Selection::Frame(frame), title)
}

fn frame_map(drawing: &mut Drawing, plan: &Plan, view: &View, place: Place) {
    let all = (view.state.frames as usize).min(plan.frames);
    let mut cells = vec![cell::HOLLOW; all];
    for held in &view.state.pool {
        if let Some(cell) = cells.get_mut(held.frame.index()) {
            *cell = cell_of(view, held.frame, held.pins, held.dirty);
        }
    }
    let words = format!("Frames of the pool: {}, of which {} hold a page.", all, view.state.pool.len());
    let place = Place::new(place.x, place.y + TITLE_H, place.w, place.h - TITLE_H);
    let lit = view
        .pool_doing
        .current
        .map(|(frame, _)| frame.0)
        .into_iter()
        .chain(view.pool_doing.victim.map(|frame| frame.0));
    drawing.map(Map::in_room(Id::of("frame-map", 0), place, cells, MapOf::Frames(FrameId(0)), words, 12.0).lit(lit));
}

/// A page that is in the pool, as a cell.
fn cell_of(view: &View, frame: FrameId, pins: u32, dirty: bool) -> u8 {
    let doing = &view.pool_doing;
    let (kind, held) = match doing.current {
        Some((current, true)) if current == frame => (cell::HIT, 1),
        Some((current, false)) if current == frame => (cell::MISS, 1),
        _ if known(view).is_some_and(|known| known.is_ahead(frame)) => (cell::level(0.4), 0),
        _ => (cell::FULL, 0),
    };
    kind | if dirty { cell::DIRTY } else { 0 } | if pins > held { cell::PINNED } else { 0 }
}

/// The maps of the file: one, or one of the index and one of the heap.
fn file(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let mut cells = vec![if plan.pages > 2000 { cell::DOT } else { cell::HOLLOW }; plan.pages];
    let lists = known(view).map_or(&[][..], |known| &known.lists);
    for page in lists.iter().filter(|list| list.list.is_memory()).flat_map(|list| &list.items) {
        if let Some(cell) = cells.get_mut(*page as usize) {
            *cell = cell::LEVEL;
        }
    }
    let mut lit = None;
    for held in &view.state.pool {
        if let Some(cell) = cells.get_mut(held.page.index()) {
            *cell = cell_of(view, held.frame, held.pins, held.dirty);
        }
        if view.pool_doing.current.is_some_and(|(frame, _)| frame == held.frame) {
            lit = Some(held.page.0);
        }
    }
    let heap = cells.split_off(plan.index_pages);
    for (number, part) in parts(plan).into_iter().enumerate() {
        let cells = if number == 0 && plan.index_pages > 0 { cells.clone() } else { heap.clone() };
        let count = cells.len();
        let title = format!("{} · {} pages", part.title, grouped(count as u64));
        drawing.add(Shape::title_of(Id::of("file-title", number as u64), part.place.x, part.place.y - 8.0, title));
        let words = format!("{}: {count} pages; filled are those in the pool.", part.title);
        let first = part.first;
        let map = Map::in_room(
            Id::of("file", number as u64),
            part.place,
            cells,
            MapOf::Pages(PageId(first)),
            words,
            PAGE_CELL,
        );
        let here = lit.and_then(|page| page.checked_sub(first)).filter(|index| (*index as usize) < count);
        drawing.map(map.lit(here));
    }
}

struct Part {
    title: &'static str,
    first: u32,
    place: Place,
}

fn parts(plan: &Plan) -> Vec<Part> {
    let (_, place) = plan.file.cut_top(TITLE_H);
    if plan.index_pages == 0 {
        return vec![Part { title: "The file", first: 0, place }];
    }
    let per_row = (place.w / 16.0).max(1.0) as usize;
    let index_h = (plan.index_pages.div_ceil(per_row) as f64 * 16.0).min(place.h / 2.0);
    let index = Place { h: index_h, ..place };
    let below = index_h + TITLE_H + 8.0;
    let heap = Place { y: place.y + below, h: (place.h - below).max(60.0), ..place };
    let first = plan.index_pages as u32;
    vec![Part { title: "B+tree", first: 0, place: index }, Part { title: "Heap file", first, place: heap }]
}

/// What flies during the step.
fn flights(step: &mut Step, plan: &Plan, event: &Event) {
    let (page, frame, comes) = match event {
        Event::PoolMiss { page, frame } | Event::PoolReadAhead { page, frame } => (*page, *frame, true),
        Event::PoolEvicted { page, frame } => (*page, *frame, false),
        _ => return,
    };
    let Some(there) = page_place(&step.to, page) else { return };
    let Some(here) = frame_place(&step.to, plan, frame) else { return };
    let (from, to) = if comes { (there, here) } else { (here, there) };
    let id = Id::of("flight", u64::from(page.0)).and(u64::from(comes));
    let start = chip(id, from.center(), page.0.to_string());
    let end = chip(id, to.center(), page.0.to_string()).place;
    step.flight(start.said(format!("page {}", page.0)), end);
}

fn page_place(drawing: &Drawing, page: PageId) -> Option<Place> {
    drawing.maps.iter().find_map(|map| {
        let index = map.of.index(Selection::Page(page))? as usize;
        (index < map.cells.len()).then(|| map.cell_place(index))
    })
}

fn frame_place(drawing: &Drawing, plan: &Plan, frame: FrameId) -> Option<Place> {
    if plan.frames > FRAMES_SHOWN && !plan.is_ring() {
        let map = drawing.maps.iter().find(|map| matches!(map.of, MapOf::Frames(_)))?;
        return (frame.index() < map.cells.len()).then(|| map.cell_place(frame.index()));
    }
    let id = Id::of("frame", u64::from(frame.0));
    drawing.shapes.iter().find(|shape| shape.id == id).map(|shape| shape.place)
}

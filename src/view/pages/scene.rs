//! The picture of a heap file.
//!
//! ```text
//!   What reading took     ▬▬▬▬▬▬▬▬ scan                  where rows are read in several ways
//!   The file              [meta] [map] [22] [174]        what the free-space map says
//!   Pages, to scale       2 │hdr│0│1│2│      │row 2│row 1│row 0│
//!                         3 │hdr│0│                       │row 0│
//!   Page 2, byte by byte         Page 2, what it is made of
//!     000  61 73 68 …              LSN 14   3 slots …
//!     016  …                       slot 0   216 to 256   ash…
//! ```
//!
//! One page is looked at byte by byte: the selected one, or else the one where something happened last. Everything that
//! stands for the same bytes selects the same thing, so that a click on a slot lights its row and its bytes.

use super::doing::Doing;
use super::{costs, grid, structure, tape};
use crate::arrange::{Place, Wrap};
use crate::camera::Size;
use crate::drawing::{Ask, Drawing, Id, Marks, Shape, Step, chip};
use crate::map::{Map, MapOf, cell};
use crate::{Selection, View};
use glassbase_trace::parts::heap::{HeapDetail, HeapPage, HeapState};
use glassbase_trace::{CellKind, Event, HeapKind, PageId, Record, RowId};

/// What is kept free around the drawing and between its parts.
pub const MARGIN: f64 = 14.0;
pub const GAP: f64 = 22.0;
/// From a title's base line to what is below it.
pub const TITLE_H: f64 = 20.0;
/// Most pages that are boxes; more are a map.
pub const BOXES_MAX: usize = 40;
const BOX: Size = Size { width: 46.0, height: 32.0 };
const MAP_H: f64 = 150.0;

/// What every part of the picture is drawn from.
pub struct Scene<'a> {
    pub view: &'a View,
    pub heap: &'a HeapState,
    pub doing: &'a Doing,
    /// The heap at the end of the run, for sizes.
    pub end: &'a HeapState,
    /// The page that is looked at byte by byte.
    pub focus: Option<&'a HeapDetail>,
    pub page_size: usize,
    /// Commands that read rows, at the end of the run.
    pub end_costs: usize,
}

pub fn draw(ask: &Ask) -> Step {
    let mut step = Step::of(ask, |view| picture(view, ask));
    if let Some(record) = ask.record {
        fly(&mut step, ask, record);
    }
    step
}

impl<'a> Scene<'a> {
    fn of(view: &'a View, ask: &'a Ask) -> Option<Scene<'a>> {
        let heap = view.state.parts.heap.as_deref()?;
        let end = ask.end.state.parts.heap.as_deref().unwrap_or(heap);
        let doing = &view.pages;
        let chosen = page_of(ask.selected).and_then(|page| heap.detail(page));
        let at_work = || heap.detail(doing.focus).filter(|detail| !detail.page.is_none());
        let first = || heap.details.iter().find(|detail| detail.kind == HeapKind::Rows).or(heap.details.get(1));
        let focus = chosen.or_else(at_work).or_else(first).map(|detail| &**detail);
        let (page_size, end_costs) = (view.state.page_size as usize, ask.end.pages.costs.len());
        Some(Scene { view, heap, doing, end, focus, page_size, end_costs })
    }

    /// Whether some bytes of the page were just written.
    pub fn is_fresh(&self, page: PageId, range: &std::ops::Range<usize>) -> bool {
        page == self.doing.focus
            && self.doing.fresh.iter().any(|fresh| fresh.start < range.end && range.start < fresh.end)
    }

    /// Whether the slot was read or written last.
    pub fn is_active(&self, page: PageId, slot: u16) -> bool {
        self.doing.slot == Some((page, slot))
    }

    pub fn is_damaged(&self, page: PageId) -> bool {
        self.doing.damaged == Some(page)
    }
}

/// The page that a selection is of.
pub fn page_of(selected: Option<Selection>) -> Option<PageId> {
    match selected? {
        Selection::Page(page) | Selection::Cell { page, .. } | Selection::Field { page, .. } => Some(page),
        _ => None,
    }
}

fn picture(view: &View, ask: &Ask) -> Drawing {
    let width = ask.room.width.max(288.0);
    let Some(scene) = Scene::of(view, ask) else {
        return Drawing::new(width, "There is no heap file yet.");
    };
    let mut drawing = Drawing::new(width, words(&scene));
    let inner = width - 2.0 * MARGIN;
    let mut y = MARGIN;
    if scene.end_costs > 1 {
        y = costs::draw(&scene, &mut drawing, Place::new(MARGIN, y, inner, 0.0), scene.end_costs) + GAP;
    }
    y = file(&scene, &mut drawing, Place::new(MARGIN, y, inner, MAP_H));
    y = tape::draw(&scene, &mut drawing, Place::new(MARGIN, y + GAP, inner, 0.0));
    let Some(focus) = scene.focus else { return drawing };
    let place = Place::new(MARGIN, y + GAP, inner, 0.0);
    let (right, bottom) = grid::draw(&scene, focus, &mut drawing, place);
    let beside = inner - (right + GAP - MARGIN) >= structure::WIDTH_MIN;
    let place = if beside {
        Place::new(right + GAP, y + GAP, MARGIN + inner - right - GAP, bottom - y - GAP)
    } else {
        Place::new(MARGIN, bottom + GAP, inner, 0.0)
    };
    structure::draw(&scene, focus, &mut drawing, place);
    drawing.height += MARGIN;
    drawing
}

fn words(scene: &Scene) -> String {
    let count = |kind| scene.heap.pages.iter().filter(|page| page.kind == kind).count();
    format!(
        "A heap file of {} rows: {} pages of {} bytes, {} with rows, {} with parts of long rows, {} free.",
        scene.heap.rows,
        scene.heap.pages.len(),
        scene.page_size,
        count(HeapKind::Rows),
        count(HeapKind::Overflow),
        count(HeapKind::Free)
    )
}

/// The file page by page, with what the free-space map says. Returns where it ends.
fn file(scene: &Scene, drawing: &mut Drawing, place: Place) -> f64 {
    let title = Id::of("pages-file", 0);
    drawing.add(Shape::title_of(title, place.x, place.y + 12.0, "The file: room in each page"));
    if let Some(class) = scene.doing.asked.filter(|_| place.w > 560.0) {
        let bytes = u32::from(class) * scene.heap.class_bytes;
        let asked = match class {
            255 => "the map is asked: which page is free?".to_string(),
            _ => format!("the map is asked: which page has room for {bytes} bytes?"),
        };
        drawing.add(Shape::text(title.and(1), place.x + 215.0, place.y + 12.0, asked).marks(Marks::LIT));
    }
    let (_, below) = place.cut_top(TITLE_H);
    if scene.end.pages.len().max(scene.heap.pages.len()) > BOXES_MAX {
        return map_of_file(scene, drawing, Place { h: MAP_H, ..below });
    }
    let wrap = Wrap::new((below.x, below.y), below.w, BOX, 5.0);
    for (index, page) in scene.heap.pages.iter().enumerate() {
        drawing.add(page_box(scene, index, page, wrap.place(index)));
    }
    below.y + wrap.height(scene.end.pages.len().max(scene.heap.pages.len()))
}

/// What the map says of a page, short.
fn room_text(scene: &Scene, page: &HeapPage) -> String {
    match page.kind {
        HeapKind::Meta => "meta".to_string(),
        HeapKind::Map => "map".to_string(),
        HeapKind::Overflow => "part".to_string(),
        HeapKind::Free => "free".to_string(),
        HeapKind::Rows => (u32::from(page.class) * scene.heap.class_bytes).to_string(),
    }
}

fn page_box(scene: &Scene, index: usize, page: &HeapPage, place: Place) -> Shape {
    let id = PageId(index as u32);
    let capacity = f64::from(scene.view.state.capacity.max(1));
    let said = match page.kind {
        HeapKind::Meta => format!("Page {index}: the meta page"),
        HeapKind::Map => format!("Page {index}: the free-space map"),
        HeapKind::Overflow => format!("Page {index}: part of a long row"),
        HeapKind::Free => format!("Page {index}: free"),
        HeapKind::Rows => format!(
            "Page {index}: {} rows, {} bytes free; the map says room for {}",
            page.cells,
            page.free,
            room_text(scene, page)
        ),
    };
    let quiet = matches!(page.kind, HeapKind::Meta | HeapKind::Map);
    let mut shape = Shape::rect(Id::of("pages-box", index as u64), place)
        .label(if scene.is_damaged(id) { String::new() } else { room_text(scene, page) })
        .note(index.to_string())
        .mark(Marks::MUTED, quiet)
        .mark(Marks::EMPTY, page.kind == HeapKind::Free)
        .mark(Marks::FAILED, scene.is_damaged(id))
        .mark(Marks::LIT, scene.doing.focus == id || scene.doing.scanned == Some(id))
        .mark(Marks::DIRTY, scene.view.state.pool.iter().any(|frame| frame.page == id && frame.dirty))
        .target(Selection::Page(id), said);
    if page.kind == HeapKind::Rows {
        shape = shape.level(1.0 - f64::from(page.free) / capacity);
    }
    shape
}

/// Many pages as a dense grid: how full each is.
fn map_of_file(scene: &Scene, drawing: &mut Drawing, place: Place) -> f64 {
    let capacity = f64::from(scene.view.state.capacity.max(1));
    let one = |page: &HeapPage| match page.kind {
        HeapKind::Meta | HeapKind::Map => cell::HOLLOW,
        HeapKind::Free => cell::DOT,
        HeapKind::Overflow => cell::STALE,
        HeapKind::Rows => cell::level(1.0 - f64::from(page.free) / capacity),
    };
    let mut cells: Vec<u8> = scene.heap.pages.iter().map(one).collect();
    cells.resize(scene.end.pages.len().max(cells.len()), cell::NOTHING);
    let said = format!("{} pages, how full each is.", scene.heap.pages.len());
    let lit = [Some(scene.doing.focus), scene.doing.scanned];
    let lit = lit.into_iter().flatten().filter(|page| !page.is_none()).map(|page| page.0);
    let map = Map::in_room(Id::of("pages-map", 0), place, cells, MapOf::Pages(PageId(0)), said, 12.0).lit(lit);
    let bottom = map.place().bottom();
    drawing.map(map);
    bottom
}

/// A row that goes to another page flies there; a new one falls into its page.
fn fly(step: &mut Step, ask: &Ask, record: &Record) {
    let at = |drawing: &Drawing, page, slot| {
        let id = tape::cell_id(page, slot);
        drawing.shapes.iter().find(|shape| shape.id == id).map(|shape| shape.place)
    };
    let (from, to) = match &record.event {
        Event::HeapForwarded { from, to, .. } => (*from, *to),
        Event::HeapCameHome { row, from } => (*from, *row),
        Event::HeapCellPut { page, slot, kind: CellKind::Row | CellKind::Overflow, from: 0, .. } => {
            if let Some(place) = at(&step.to, *page, *slot) {
                let above = place.moved(0.0, -FALL);
                launch(step, ask, RowId { page: *page, slot: *slot }, above, place);
            }
            return;
        }
        _ => return,
    };
    let start = at(&step.from, from.page, from.slot);
    let end = at(&step.to, to.page, to.slot).or_else(|| at(&step.from, to.page, to.slot));
    if let (Some(start), Some(end)) = (start, end) {
        launch(step, ask, to, start, end);
    }
}

/// How far a new row falls.
const FALL: f64 = 44.0;

fn launch(step: &mut Step, ask: &Ask, row: RowId, from: Place, to: Place) {
    let text = tape::row_text(ask.after, row.page, row.slot, 60.0);
    let flying = chip(Id::of("pages-flight", ask.after.position as u64), from.center(), text);
    let (x, y) = to.center();
    let there = Place { x: x - flying.place.w / 2.0, y: y - flying.place.h / 2.0, ..flying.place };
    step.flight(flying, there);
}

//! The tree in the document: elements that stay as long as their page is in sight.
//!
//! When a step begins, [`Picture::show`] makes the elements match the scene; only pages whose look has changed are
//! written anew. In between, [`Picture::place`] moves what moves, and touches nothing else.

use wasm_bindgen::JsValue;
use web_sys::Element;

use super::markup;
use crate::app::room::svg::{self, children, create, eased, num, set, set_number, translate};
use crate::trace::PageId;
use crate::trace::decimal::push_fixed;
use crate::view::camera::{Camera, Size, within};
use crate::view::metrics::{CHAR_W, FILL_H, Metrics, PAD, PAGE_H};
use crate::view::motion::{FlightKind, Spot, arch};
use crate::view::scene::{Lod, Look, PageShape, Scene};

/// Smallest scale of what floats above the pages, so that it can be read from afar.
const FLOAT_SCALE_MIN: f64 = 0.8;

/// Keys in flight, and what floats with them.
const CHIP_H: f64 = 21.0;

/// How the picture is seen: across by the camera alone, down by a scale of its own, since bars may stand taller.
#[derive(Clone, Copy, PartialEq)]
pub struct Lens {
    pub camera: Camera,
    pub size: Size,
    /// Pixels per unit from top to bottom, and what is in the middle.
    pub down: f64,
    pub y: f64,
}

/// The elements of a page.
struct PageElement {
    page: PageId,
    group: Element,
    look: Look,
    lod: Lod,
    cells: Vec<CellElement>,
    level: Option<Element>,
    placed: (f64, f64, f64),
    filled: f64,
}

/// A cell's element and where it is.
struct CellElement {
    element: Element,
    x: f64,
    hidden: bool,
}

/// The elements that the tree is drawn with.
pub struct Picture {
    world: Element,
    pages: Element,
    edges: [Element; 2],
    links: [Element; 2],
    over: Element,
    /// By page.
    elements: Vec<PageElement>,
    scene: Scene,
    metrics: Metrics,
    /// Coordinates in the document count from here, so that they stay small in a wide tree.
    origin: f64,
    floats: Vec<Element>,
    corners: Vec<(f64, f64)>,
    drawn: Option<(Lens, f64)>,
    /// The page that the keyboard is at.
    pub focus: Option<PageId>,
}

impl Picture {
    /// Makes the layers: `world` is scaled and moved as one, `over` floats above it.
    pub fn new(world: Element, over: Element, metrics: Metrics) -> Picture {
        let edges = [create(&world, "path", "edges"), create(&world, "path", "edges lit")];
        let links = [create(&world, "path", "links"), create(&world, "path", "links lit")];
        let pages = create(&world, "g", "pages");
        set(&pages, "role", "tree");
        set(&pages, "aria-label", "Pages of the B+tree");
        Picture {
            world,
            pages,
            edges,
            links,
            over,
            elements: Vec::new(),
            scene: Scene::default(),
            metrics,
            origin: 0.0,
            floats: Vec::new(),
            corners: Vec::new(),
            drawn: None,
            focus: None,
        }
    }

    /// Makes the elements match a scene; `origin` is about where it is seen.
    pub fn show(&mut self, scene: Scene, metrics: Metrics, lod: Lod, origin: f64) {
        let resized = self.metrics != metrics;
        self.metrics = metrics;
        self.origin = (origin / 1000.0).round() * 1000.0;
        self.elements.retain(|element| {
            let stays = !resized && scene.index_of(element.page).is_some();
            if !stays {
                element.group.remove();
            }
            stays
        });
        self.add_pages(&scene, lod);
        for shape in &scene.pages {
            self.show_page(shape, lod);
        }
        self.show_floats(&scene);
        self.scene = scene;
        self.drawn = None;
        self.rove();
    }

    /// Makes the elements of all pages that have none. After a jump that is most of them: one text for all is read in half
    /// the time that one for each takes.
    fn add_pages(&mut self, scene: &Scene, lod: Lod) {
        let fresh: Vec<&PageShape> = scene.pages.iter().filter(|shape| self.place_of(shape.page).is_err()).collect();
        if fresh.is_empty() {
            return;
        }
        let mut html = String::with_capacity(1000 * fresh.len());
        for shape in &fresh {
            html.push_str("<g role=\"treeitem\" tabindex=\"-1\" class=\"");
            html.push_str(&markup::classes(&shape.look));
            html.push_str(if shape.look.selected { "\" aria-selected=\"true\"" } else { "\" aria-selected=\"false\"" });
            svg::attribute(&mut html, "data-page", f64::from(shape.page.0));
            html.push('>');
            html.push_str(&markup::page(shape.page, &shape.look, shape.fill.1, &self.metrics, lod));
            html.push_str("</g>");
        }
        let nursery = svg::detached("g");
        nursery.set_inner_html(&html);
        for (shape, group) in fresh.into_iter().zip(children(&nursery)) {
            let _ = self.pages.append_child(&group);
            if let Err(at) = self.place_of(shape.page) {
                self.elements.insert(at, PageElement::of(shape, group, lod));
            }
        }
    }

    fn show_page(&mut self, shape: &PageShape, lod: Lod) {
        let Ok(at) = self.place_of(shape.page) else { return };
        let known = &self.elements[at];
        if known.look == shape.look && known.lod == lod {
            return;
        }
        let (group, look) = (known.group.clone(), &shape.look);
        set(&group, "class", &markup::classes(look));
        set(&group, "aria-selected", if look.selected { "true" } else { "false" });
        group.set_inner_html(&markup::page(shape.page, look, shape.fill.1, &self.metrics, lod));
        self.elements[at] = PageElement::of(shape, group, lod);
    }

    /// Where the elements of a page stand among all, or where they would.
    fn place_of(&self, page: PageId) -> Result<usize, usize> {
        self.elements.binary_search_by_key(&page, |element| element.page)
    }

    fn show_floats(&mut self, scene: &Scene) {
        let mut html = String::new();
        for note in &scene.notes {
            html.push_str(if note.current { "<g class=\"note current\">" } else { "<g class=\"note\">" });
            svg::text(&mut html, "said", 0.0, 0.0, &note.text);
            html.push_str("</g>");
        }
        for flight in &scene.flights {
            html.push_str("<g class=\"chip ");
            html.push_str(match flight.kind {
                FlightKind::Cell => "moved",
                FlightKind::Separator => "separator",
                FlightKind::Pack => "pack",
                FlightKind::Sought => "sought",
                FlightKind::Leaving => "leaving",
            });
            html.push_str("\">");
            let width = chip_width(&flight.label);
            svg::rect(&mut html, "", [-width / 2.0, -CHIP_H / 2.0, width, CHIP_H], 5.0);
            svg::text(&mut html, "key", 0.0, 4.5, &flight.label);
            html.push_str("</g>");
        }
        self.over.set_inner_html(&html);
        self.floats = children(&self.over);
    }

    /// Puts everything where it is at `t` between the step's beginning and its end.
    pub fn place(&mut self, t: f64, lens: Lens) {
        if self.drawn == Some((lens, t)) {
            return;
        }
        let afresh = self.drawn.is_none();
        let moved = self.drawn.is_none_or(|(before, _)| before != lens);
        if moved {
            self.place_world(&lens);
        }
        let seen = lens.camera.sees(lens.size);
        let (left, right) = (seen.left, seen.right);
        self.drawn = Some((lens, t));
        let t = eased(within(t, 0.0, 1.0));
        let half = self.metrics.page_w / 2.0;
        let mut shifted = afresh;
        self.corners.clear();
        for shape in &self.scene.pages {
            let anchor = shape.from.between(&shape.to, t);
            let x = anchor.slid(left, right, half) - half - self.origin;
            self.corners.push((x, anchor.y));
            if let Ok(at) = self.elements.binary_search_by_key(&shape.page, |element| element.page) {
                shifted |= self.elements[at].place(shape, x, anchor.y, t, &self.metrics);
            }
        }
        if shifted {
            self.place_lines();
        }
        self.place_floats(t, &lens);
    }

    fn place_world(&self, lens: &Lens) {
        let mut transform = translate(
            lens.size.width / 2.0 - (lens.camera.x - self.origin) * lens.camera.zoom,
            lens.size.height / 2.0 - lens.y * lens.down,
        );
        transform.push_str(" scale(");
        for scale in [lens.camera.zoom, lens.down] {
            push_fixed(&mut transform, scale, 4);
            transform.push(' ');
        }
        transform.push(')');
        set(&self.world, "transform", &transform);
    }

    fn place_lines(&self) {
        let mut edges = [String::new(), String::new()];
        for edge in &self.scene.edges {
            let ((px, py), (cx, cy)) = (self.corners[edge.parent], self.corners[edge.child]);
            let (x, y) = (px + edge.port_to, py + PAGE_H);
            let (end_x, end_y) = (cx + self.metrics.page_w / 2.0, cy);
            let bend = (end_y - y) * 0.5;
            let out = &mut edges[usize::from(edge.lit)];
            out.push('M');
            point(out, x, y);
            out.push('C');
            point(out, x, y + bend);
            out.push(' ');
            point(out, end_x, end_y - bend);
            out.push(' ');
            point(out, end_x, end_y);
        }
        let mut links = [String::new(), String::new()];
        for link in &self.scene.links {
            let ((lx, ly), (rx, ry)) = (self.corners[link.left], self.corners[link.right]);
            let out = &mut links[usize::from(link.lit)];
            arrow(out, (lx + self.metrics.page_w, ly), (rx, ry), link.both);
        }
        for index in 0..2 {
            set(&self.edges[index], "d", &edges[index]);
            set(&self.links[index], "d", &links[index]);
        }
    }

    fn place_floats(&self, t: f64, lens: &Lens) {
        let scale = lens.camera.zoom.max(FLOAT_SCALE_MIN);
        let notes = self.scene.notes.len();
        for (index, note) in self.scene.notes.iter().enumerate() {
            let Some(element) = self.floats.get(index) else { continue };
            let waits = self
                .scene
                .flights
                .iter()
                .find(|flight| flight.kind == FlightKind::Sought && flight.stays && flight.to.page == note.page);
            let shift = waits.map_or(2.0, |flight| chip_width(&flight.label) + 7.0);
            let (x, y) = self.on_stage(Spot { page: note.page, x: 0.0, y: -9.0 }, lens);
            float(element, x + shift * scale, y, scale, if note.new { t } else { 1.0 });
        }
        for (index, flight) in self.scene.flights.iter().enumerate() {
            let Some(element) = self.floats.get(notes + index) else { continue };
            let (from, to) = (self.on_stage(flight.from, lens), self.on_stage(flight.to, lens));
            let waits = flight.kind == FlightKind::Sought;
            let lead = chip_width(&flight.label) / 2.0 * scale;
            let distance = ((to.0 - from.0) * (to.0 - from.0) + (to.1 - from.1) * (to.1 - from.1)).sqrt();
            let arched = arch(distance) * 4.0 * t * (1.0 - t);
            let shift = |at_rest: bool| if waits && at_rest { lead } else { 0.0 };
            let (start, end) = (from.0 + shift(waits), to.0 + shift(flight.stays));
            let x = start + (end - start) * t;
            let y = from.1 + (to.1 - from.1) * t - arched;
            let over = t >= 1.0 && !flight.stays;
            let opacity = flight.fade.0 + (flight.fade.1 - flight.fade.0) * t;
            float(element, x, y, scale, if over { 0.0 } else { opacity });
        }
    }

    /// A point of a page, in pixels of the stage.
    fn on_stage(&self, spot: Spot, lens: &Lens) -> (f64, f64) {
        let Lens { camera, size, down, y } = *lens;
        let corner = self.scene.index_of(spot.page).and_then(|index| self.corners.get(index));
        let (left, top) = corner.copied().unwrap_or_default();
        let x = (left + self.origin + spot.x - camera.x) * camera.zoom + size.width / 2.0;
        // What waits above a page keeps its distance from it in pixels, however small the page is.
        let floats = if spot.y < 0.0 { camera.zoom.max(FLOAT_SCALE_MIN) } else { down };
        (x, (top - y) * down + spot.y * floats + size.height / 2.0)
    }

    /// Of all pages exactly one is reached by the tab key.
    pub fn rove(&self) {
        let at = self.focus.filter(|page| self.place_of(*page).is_ok());
        let at = at.or_else(|| self.elements.iter().find(|element| element.look.root).map(|element| element.page));
        let at = at.or_else(|| self.elements.first().map(|element| element.page));
        for element in &self.elements {
            let wanted = if Some(element.page) == at { "0" } else { "-1" };
            if element.group.get_attribute("tabindex").as_deref() != Some(wanted) {
                set(&element.group, "tabindex", wanted);
            }
        }
    }

    pub fn element(&self, page: PageId) -> Option<&Element> {
        self.place_of(page).ok().map(|at| &self.elements[at].group)
    }

    pub fn weight(&self) -> usize {
        self.scene.weight()
    }
}

impl PageElement {
    /// What the markup of a page has made of its group. Nowhere yet: the next placing sets it all.
    fn of(shape: &PageShape, group: Element, lod: Lod) -> PageElement {
        let far = f64::INFINITY;
        let cells = group.query_selector(".cells").ok().flatten().map_or(Vec::new(), |cells| children(&cells));
        let cells = cells.into_iter().map(|element| CellElement { element, x: far, hidden: false }).collect();
        let level = group.query_selector(".level").ok().flatten();
        let (page, look) = (shape.page, shape.look.clone());
        PageElement { page, group, look, lod, cells, level, placed: (far, far, far), filled: -1.0 }
    }

    /// True when the page stands elsewhere than before.
    fn place(&mut self, shape: &PageShape, x: f64, y: f64, t: f64, metrics: &Metrics) -> bool {
        let opacity = shape.fade.0 + (shape.fade.1 - shape.fade.0) * t;
        let shifted = self.placed.0 != x || self.placed.1 != y;
        if shifted {
            set(&self.group, "transform", &translate(x, y));
        }
        if self.placed.2 != opacity {
            set_number(&self.group, "opacity", opacity);
        }
        self.placed = (x, y, opacity);
        self.fill(shape.fill.0 + (shape.fill.1 - shape.fill.0) * t, metrics);
        for (cell, way) in self.cells.iter_mut().zip(&shape.ways) {
            cell.place(way.from_x + (way.to_x - way.from_x) * t, way.arrives && t < 1.0);
        }
        shifted
    }

    fn fill(&mut self, fill: f64, metrics: &Metrics) {
        if self.filled == fill {
            return;
        }
        self.filled = fill;
        let Some(level) = &self.level else { return };
        match self.lod {
            Lod::Keys => {
                let width = (metrics.page_w - 2.0 * PAD) * fill;
                set_number(level, "width", if fill > 0.0 { width.max(FILL_H) } else { 0.0 });
            }
            Lod::Bars => {
                set_number(level, "y", PAGE_H * (1.0 - fill));
                set_number(level, "height", PAGE_H * fill);
            }
        }
    }
}

impl CellElement {
    fn place(&mut self, x: f64, hidden: bool) {
        if self.x != x {
            self.x = x;
            set(&self.element, "transform", &translate(x, 0.0));
        }
        if self.hidden != hidden {
            self.hidden = hidden;
            set(&self.element, "opacity", if hidden { "0" } else { "1" });
        }
    }
}

fn float(element: &Element, x: f64, y: f64, scale: f64, opacity: f64) {
    let mut transform = translate(x, y);
    transform.push_str(" scale(");
    num(&mut transform, scale);
    transform.push(')');
    set(element, "transform", &transform);
    set_number(element, "opacity", opacity);
}

fn point(out: &mut String, x: f64, y: f64) {
    num(out, x);
    out.push(' ');
    num(out, y);
}

/// From the right edge of a leaf to the left edge of the next, at half height; heads at both ends when both are linked.
fn arrow(out: &mut String, from: (f64, f64), to: (f64, f64), both: bool) {
    let (from_y, to_y) = (from.1 + PAGE_H / 2.0, to.1 + PAGE_H / 2.0);
    let (start, end) = (from.0 + 4.0, to.0 - 4.0);
    if end - start < 4.0 {
        return;
    }
    out.push('M');
    point(out, start, from_y);
    out.push('L');
    point(out, end, to_y);
    out.push('M');
    point(out, end - 4.0, to_y - 3.0);
    out.push_str("l4 3l-4 3");
    if both {
        out.push('M');
        point(out, start + 4.0, from_y - 3.0);
        out.push_str("l-4 3l4 3");
    }
}

fn chip_width(label: &str) -> f64 {
    label.chars().count() as f64 * CHAR_W + 14.0
}

/// What a pointer or a key is at: a page and, if it is on one, a slot.
pub fn hit(target: &JsValue) -> Option<(PageId, Option<u16>)> {
    use wasm_bindgen::JsCast;
    let element = target.dyn_ref::<Element>()?;
    let number = |selector: &str, attribute: &str| -> Option<u32> {
        element.closest(selector).ok().flatten()?.get_attribute(attribute)?.parse().ok()
    };
    if let Some(overflow) = number("[data-overflow]", "data-overflow") {
        return Some((PageId(overflow), None));
    }
    let page = number("[data-page]", "data-page")?;
    Some((PageId(page), number("[data-slot]", "data-slot").and_then(|slot| u16::try_from(slot).ok())))
}

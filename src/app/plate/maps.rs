//! The maps of a drawing: a canvas each, between the ground and the things, of which only changed cells are painted.
//!
//! A map is one stop of the tab key. From there the arrow keys go from cell to cell; what a cell is stands in the name of
//! the map's frame, an invisible box over the canvas.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use super::markup::id_text;
use crate::app::browser;
use crate::app::room::canvas::Palette;
use crate::app::room::svg::{create, num, set, set_number, translate};
use crate::view::Selection;
use crate::view::camera::{Camera, Size, within};
use crate::view::drawing::Id;
use crate::view::map::{Map, MapOf, cell};

/// Longest edge of a canvas, in pixels of the screen.
const EDGE_MAX: f64 = 4096.0;

/// What decides how a map is painted, besides its cells.
#[derive(Clone, Copy, PartialEq)]
struct Painted {
    edge: f64,
    gap: f64,
    columns: usize,
    size: Size,
    zoom: f64,
    dark: bool,
}

struct Drawn {
    map: Map,
    canvas: HtmlCanvasElement,
    frame: Element,
    painted: Option<Painted>,
    cells: Vec<u8>,
    /// The cells that are outlined, and whether they are the chosen one.
    outlined: Vec<u32>,
    chosen: Option<u32>,
}

/// All maps of a drawing.
#[derive(Default)]
pub struct Maps {
    drawn: Vec<Drawn>,
}

impl Maps {
    /// Makes the elements match a drawing's maps. `below` takes the canvases, `things` their frames.
    pub fn show(&mut self, maps: &[Map], selected: Option<Selection>, below: &Element, things: &Element) {
        self.drawn.retain(|drawn| {
            let stays = maps.iter().any(|map| map.id == drawn.map.id);
            if !stays {
                drawn.canvas.remove();
                drawn.frame.remove();
            }
            stays
        });
        for map in maps {
            let at = self.drawn.iter().position(|drawn| drawn.map.id == map.id);
            let index = match at {
                Some(index) => index,
                None => match Drawn::new(map, below, things) {
                    Some(drawn) => {
                        self.drawn.push(drawn);
                        self.drawn.len() - 1
                    }
                    None => continue,
                },
            };
            self.drawn[index].show(map, selected);
        }
    }

    /// Puts the maps where the camera sees them, and paints what has changed; while it `zooms` they are only stretched.
    pub fn place(&mut self, camera: Camera, size: Size, zooms: bool, dark: bool) {
        for drawn in &mut self.drawn {
            drawn.place(camera, size);
            drawn.paint(camera.zoom, zooms, dark);
        }
    }

    /// The map and the cell at a point of the drawing.
    pub fn at(&self, x: f64, y: f64) -> Option<(&Map, u32)> {
        self.drawn.iter().find_map(|drawn| Some((&drawn.map, drawn.map.at(x, y)?)))
    }

    pub fn named(&self, id: Id) -> Option<&Map> {
        self.drawn.iter().find(|drawn| drawn.map.id == id).map(|drawn| &drawn.map)
    }

    /// What the mouse is at is said in the title of the map's frame.
    pub fn point_at(&self, x: f64, y: f64) {
        let Some((map, cell)) = self.at(x, y) else { return };
        let Some(drawn) = self.drawn.iter().find(|drawn| drawn.map.id == map.id) else { return };
        if let Ok(Some(title)) = drawn.frame.query_selector("title") {
            title.set_text_content(Some(&said(map, cell)));
        }
    }
}

/// A cell in words: "page 12: half full, dirty".
fn said(map: &Map, index: u32) -> String {
    let mut said = map.of.name(index);
    let byte = map.cells.get(index as usize).copied().unwrap_or(0);
    if map.of == MapOf::Nodes {
        said.push_str(match byte & 15 {
            cell::STALE => ": paused or slow",
            cell::FAILED => ": down",
            cell::FOUND => ": leads",
            cell::MISS => ": up, behind",
            _ => ": up",
        });
        return said;
    }
    said.push_str(match byte & 15 {
        cell::NOTHING | cell::HOLLOW => "",
        cell::DOT => ": free",
        cell::HIT => ": hit",
        cell::MISS => ": miss",
        cell::STALE => ": stale",
        cell::FAILED => ": failed",
        cell::FOUND => ": found",
        _ => "",
    });
    for (bit, word) in [
        (cell::DIRTY, ", dirty"),
        (cell::PINNED, ", pinned"),
        (cell::LOGGED, ", not yet durable"),
        (cell::DURABLE, ", durable"),
    ] {
        if byte & bit != 0 {
            said.push_str(word);
        }
    }
    said
}

impl Drawn {
    fn new(map: &Map, below: &Element, things: &Element) -> Option<Drawn> {
        let canvas: HtmlCanvasElement = browser::document().create_element("canvas").ok()?.dyn_into().ok()?;
        set(&canvas, "aria-hidden", "true");
        below.append_child(&canvas).ok()?;
        let frame = create(things, "g", "map-frame");
        // Where there is nothing to select it is a picture.
        if map.of == MapOf::Nothing {
            set(&frame, "role", "img");
        } else {
            set(&frame, "data-map", &id_text(map.id.0));
            set(&frame, "role", "button");
            set(&frame, "tabindex", "0");
        }
        create(&frame, "rect", "body");
        create(&frame, "title", "");
        let (cells, outlined) = (Vec::new(), Vec::new());
        Some(Drawn { map: map.clone(), canvas, frame, painted: None, cells, outlined, chosen: None })
    }

    fn show(&mut self, map: &Map, selected: Option<Selection>) {
        self.chosen = selected.and_then(|selected| map.of.index(selected));
        self.chosen.take_if(|chosen| *chosen as usize >= map.cells.len());
        let mut name = map.words.clone();
        if let Some(chosen) = self.chosen {
            name.push_str(" Selected: ");
            name.push_str(&said(map, chosen));
            name.push('.');
        }
        set(&self.frame, "aria-label", &name);
        self.map = map.clone();
        let size = map.size();
        set(&self.frame, "transform", &translate(map.x, map.y));
        if let Some(body) = self.frame.first_element_child() {
            set_number(&body, "width", size.width);
            set_number(&body, "height", size.height);
        }
    }

    fn place(&self, camera: Camera, room: Size) {
        let size = self.map.size();
        let (x, y) = (self.map.x - camera.x, self.map.y - camera.y);
        let mut transform = String::from("translate(");
        num(&mut transform, room.width / 2.0 + x * camera.zoom);
        transform.push_str("px,");
        num(&mut transform, room.height / 2.0 + y * camera.zoom);
        transform.push_str("px)");
        browser::set_style(&self.canvas, "transform", &transform);
        for (name, value) in [("width", size.width), ("height", size.height)] {
            let mut text = String::new();
            num(&mut text, value * camera.zoom);
            text.push_str("px");
            browser::set_style(&self.canvas, name, &text);
        }
    }

    fn paint(&mut self, zoom: f64, zooms: bool, dark: bool) {
        let map = &self.map;
        let size = map.size();
        let wanted = Painted { edge: map.cell, gap: map.gap, columns: map.columns, size, zoom, dark };
        // A zoom under way is not painted: it is over soon.
        let same = |one: &Painted| *one == Painted { zoom: if zooms { one.zoom } else { zoom }, ..wanted };
        let afresh = !self.painted.as_ref().is_some_and(same);
        let zoom = if afresh { zoom } else { self.painted.map_or(zoom, |painted| painted.zoom) };
        let mut outlined = map.lit.clone();
        outlined.extend(self.chosen);
        if !afresh && self.cells == map.cells && self.outlined == outlined {
            return;
        }
        let longest = size.width.max(size.height).max(1.0) * zoom;
        let ratio = within(browser::window().device_pixel_ratio(), 1.0, 3.0).min(EDGE_MAX / longest);
        let scale = zoom * ratio;
        if afresh {
            self.canvas.set_width((size.width * scale).ceil() as u32);
            self.canvas.set_height((size.height * scale).ceil() as u32);
        }
        let Some(context) = context(&self.canvas) else { return };
        let _ = context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0);
        let brush = Brush { context: &context, palette: &Palette::of(&self.canvas, dark), map };
        for (index, byte) in map.cells.iter().enumerate() {
            if afresh || self.cells.get(index) != Some(byte) {
                brush.cell(index, *byte);
            }
        }
        // An outline reaches over the cells around: they are painted anew with it, and when it goes.
        for index in self.outlined.iter().chain(&outlined).flat_map(|index| around(map, *index)) {
            if let Some(byte) = map.cells.get(index) {
                brush.cell(index, *byte);
            }
        }
        for index in outlined.iter().filter(|index| (**index as usize) < map.cells.len()) {
            brush.outline(*index as usize);
        }
        self.cells.clone_from(&map.cells);
        self.outlined = outlined;
        self.painted = Some(Painted { zoom, ..wanted });
    }
}

/// A cell and the eight around it, as far as they are there.
fn around(map: &Map, index: u32) -> impl Iterator<Item = usize> {
    let columns = map.columns.max(1);
    let (row, column) = (index as usize / columns, index as usize % columns);
    let rows = row.saturating_sub(1)..=row + 1;
    rows.flat_map(move |row| {
        (column.saturating_sub(1)..=(column + 1).min(columns - 1)).map(move |column| row * columns + column)
    })
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

struct Brush<'a> {
    context: &'a CanvasRenderingContext2d,
    palette: &'a Palette,
    map: &'a Map,
}

impl Brush<'_> {
    fn cell(&self, index: usize, byte: u8) {
        let (context, palette) = (self.context, self.palette);
        let place = self.map.cell_place(index).moved(-self.map.x, -self.map.y);
        let (x, y, edge) = (place.x, place.y, place.w);
        let margin = self.map.gap / 2.0;
        context.clear_rect(x - margin, y - margin, edge + 2.0 * margin, edge + 2.0 * margin);
        let fill = |color: &str, from: f64| {
            context.set_fill_style_str(color);
            context.fill_rect(x, y + edge * from, edge, edge * (1.0 - from));
        };
        match byte & 15 {
            cell::NOTHING => return,
            cell::HOLLOW if edge >= 4.0 => self.frame(x, y, edge, &palette.edge, 1.0),
            cell::HOLLOW => fill(&palette.hairline, 0.0),
            cell::DOT => {
                context.set_fill_style_str(&palette.edge);
                let dot = (edge / 3.0).max(1.0);
                context.fill_rect(x + (edge - dot) / 2.0, y + (edge - dot) / 2.0, dot, dot);
            }
            cell::HIT => fill(&palette.hit, 0.0),
            cell::MISS => fill(&palette.miss, 0.0),
            cell::FOUND => fill(&palette.accent, 0.0),
            cell::STALE => {
                fill(&palette.hairline, 0.0);
                self.strokes(&palette.stale, &[(x, y + edge, x + edge, y), (x, y + edge / 2.0, x + edge / 2.0, y)]);
            }
            cell::FAILED => {
                fill(&palette.hairline, 0.0);
                self.strokes(&palette.failed, &[(x, y, x + edge, y + edge), (x, y + edge, x + edge, y)]);
            }
            level => {
                fill(&palette.hairline, 0.0);
                fill(&palette.muted, 1.0 - f64::from(level + 1 - cell::LEVEL) / 8.0);
            }
        }
        self.signs(x, y, edge, byte);
    }

    fn signs(&self, x: f64, y: f64, edge: f64, byte: u8) {
        let (context, palette) = (self.context, self.palette);
        let corner = (edge / 2.5).max(1.5);
        let place = |color: &str, x: f64, y: f64, width: f64| {
            context.set_fill_style_str(color);
            context.fill_rect(x, y, width, corner);
        };
        if byte & cell::DIRTY != 0 {
            place(&palette.dirty, x + edge - corner, y, corner);
        }
        if byte & cell::PINNED != 0 {
            place(&palette.pinned, x, y + edge - corner, edge);
        }
        if byte & cell::LOGGED != 0 {
            place(&palette.logged, x + edge - corner, y + edge - corner, corner);
        }
        if byte & cell::DURABLE != 0 {
            self.frame(x, y, edge, &palette.logged, 1.0);
        }
    }

    fn frame(&self, x: f64, y: f64, edge: f64, color: &str, width: f64) {
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(width);
        let inset = width / 2.0;
        self.context.stroke_rect(x + inset, y + inset, edge - width, edge - width);
    }

    fn strokes(&self, color: &str, lines: &[(f64, f64, f64, f64)]) {
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(1.0);
        self.context.begin_path();
        for (x0, y0, x1, y1) in lines {
            self.context.move_to(*x0, *y0);
            self.context.line_to(*x1, *y1);
        }
        self.context.stroke();
    }

    fn outline(&self, index: usize) {
        let place = self.map.cell_place(index).moved(-self.map.x, -self.map.y);
        let margin = if place.w > 5.0 { 0.0 } else { self.map.gap / 2.0 };
        self.frame(
            place.x - margin,
            place.y - margin,
            place.w + 2.0 * margin,
            &self.palette.accent,
            if place.w > 5.0 { 2.0 } else { 1.0 },
        );
    }
}

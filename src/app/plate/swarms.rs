//! The swarm of a drawing on two canvases: lines below the things, what flies above them.
//!
//! What flies is painted once a frame, the lines when a step has changed them. Both are sorted by colour, so a brush is
//! dipped once for each, and one path holds all that has it.

use std::f64::consts::TAU;

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use crate::app::browser;
use crate::app::room::canvas::{Palette, context};
use crate::app::room::svg::{pixels, set};
use crate::view::camera::{Camera, Size};
use crate::view::swarm::{Mote, Stroke, Swarm, Tint};

/// What decides how a canvas is painted, besides what is on it.
#[derive(Clone, Copy, PartialEq)]
struct Painted {
    camera: Camera,
    size: Size,
    dark: bool,
}

/// A canvas that is there as long as it has something to show.
#[derive(Default)]
struct Sheet {
    canvas: Option<HtmlCanvasElement>,
    painted: Option<Painted>,
}

#[derive(Default)]
pub struct Swarms {
    lines: Sheet,
    motes: Sheet,
    strokes: Vec<Stroke>,
    t: f64,
}

impl Swarms {
    /// A step begins: `below` and `above` take the canvases.
    pub fn show(&mut self, swarm: &Swarm, below: &Element, above: &Element) {
        self.lines.keep(!swarm.strokes.is_empty(), below);
        self.motes.keep(!swarm.motes.is_empty(), above);
        if self.strokes != swarm.strokes {
            self.strokes.clone_from(&swarm.strokes);
            self.lines.painted = None;
        }
        self.t = -1.0;
        if let Some(canvas) = self.motes.canvas.as_ref().or(self.lines.canvas.as_ref()) {
            set(canvas, "role", "img");
            set(canvas, "aria-label", &swarm.words);
        }
    }

    /// Paints what has changed, as the camera sees it at `t` of the step.
    pub fn place(&mut self, swarm: &Swarm, t: f64, camera: Camera, size: Size, dark: bool) {
        let wanted = Painted { camera, size, dark };
        if let Some(context) = self.lines.begin(wanted, false) {
            strokes(&context, &swarm.strokes, dark);
        }
        if let Some(context) = self.motes.begin(wanted, self.t != t) {
            motes(&context, &swarm.motes, t, dark);
        }
        self.t = t;
    }
}

impl Sheet {
    fn keep(&mut self, is_wanted: bool, parent: &Element) {
        if is_wanted && self.canvas.is_none() {
            let canvas = browser::document().create_element("canvas").ok();
            self.canvas = canvas.and_then(|canvas| canvas.dyn_into().ok());
            if let Some(canvas) = &self.canvas {
                let _ = parent.append_child(canvas);
            }
        } else if !is_wanted && let Some(canvas) = self.canvas.take() {
            canvas.remove();
        }
        if self.canvas.is_none() {
            self.painted = None;
        }
    }

    /// The canvas, emptied and looked at by the camera, if it has to be painted.
    fn begin(&mut self, wanted: Painted, anew: bool) -> Option<CanvasRenderingContext2d> {
        let canvas = self.canvas.as_ref()?;
        if !anew && self.painted == Some(wanted) {
            return None;
        }
        let Painted { camera, size, .. } = wanted;
        if self.painted.is_none_or(|painted| painted.size != size) {
            browser::set_style(canvas, "width", &pixels(size.width));
            browser::set_style(canvas, "height", &pixels(size.height));
        }
        let context = context(canvas, size, true)?;
        let _ =
            context.translate(size.width / 2.0 - camera.x * camera.zoom, size.height / 2.0 - camera.y * camera.zoom);
        let _ = context.scale(camera.zoom, camera.zoom);
        self.painted = Some(wanted);
        Some(context)
    }
}

fn colour(tint: Tint, palette: &Palette) -> &str {
    match tint {
        Tint::Accent => &palette.accent,
        Tint::Logged => &palette.logged,
        Tint::Hit => &palette.hit,
        Tint::Dirty => &palette.dirty,
        Tint::Failed => &palette.failed,
        Tint::Muted => &palette.muted,
    }
}

fn motes(context: &CanvasRenderingContext2d, motes: &[Mote], t: f64, dark: bool) {
    let Some(canvas) = context.canvas() else { return };
    let palette = &Palette::of(&canvas, dark);
    for alike in motes.chunk_by(|one, other| (one.tint, one.hollow) == (other.tint, other.hollow)) {
        let (tint, hollow) = (alike[0].tint, alike[0].hollow);
        context.begin_path();
        for mote in alike {
            let ((x, y), opacity) = mote.at(t);
            if opacity >= 1.0 {
                disc(context, x, y, mote.radius);
            }
        }
        fill(context, colour(tint, palette), &palette.ground, hollow);
        // The few that come or go.
        for mote in alike {
            let ((x, y), opacity) = mote.at(t);
            if opacity > 0.0 && opacity < 1.0 {
                context.set_global_alpha(opacity);
                context.begin_path();
                disc(context, x, y, mote.radius);
                fill(context, colour(tint, palette), &palette.ground, hollow);
                context.set_global_alpha(1.0);
            }
        }
    }
}

fn disc(context: &CanvasRenderingContext2d, x: f64, y: f64, radius: f64) {
    context.move_to(x + radius, y);
    let _ = context.arc(x, y, radius, 0.0, TAU);
}

/// A ring is filled with the ground, a disc has a rim of it: so each is told from what it lies on.
fn fill(context: &CanvasRenderingContext2d, tint: &str, ground: &str, hollow: bool) {
    let (inside, rim, width) = if hollow { (ground, tint, 2.0) } else { (tint, ground, 1.0) };
    context.set_fill_style_str(inside);
    context.fill();
    context.set_stroke_style_str(rim);
    context.set_line_width(width);
    context.stroke();
}

fn strokes(context: &CanvasRenderingContext2d, strokes: &[Stroke], dark: bool) {
    let Some(canvas) = context.canvas() else { return };
    let palette = &Palette::of(&canvas, dark);
    let alike = |one: &Stroke, other: &Stroke| {
        (one.tint, one.lost, one.opacity, one.width) == (other.tint, other.lost, other.opacity, other.width)
    };
    context.set_line_cap("round");
    for alike in strokes.chunk_by(alike) {
        let first = alike[0];
        context.begin_path();
        alike.iter().for_each(|stroke| line(context, stroke));
        context.set_stroke_style_str(colour(first.tint, palette));
        context.set_line_width(first.width);
        context.set_global_alpha(first.opacity);
        context.stroke();
    }
    context.set_global_alpha(1.0);
}

/// A line; one that is lost on its way ends in a cross.
fn line(context: &CanvasRenderingContext2d, stroke: &Stroke) {
    let ((x0, y0), (x1, y1)) = (stroke.from, stroke.to);
    context.move_to(x0, y0);
    context.line_to(x1, y1);
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = (dx * dx + dy * dy).sqrt();
    if stroke.lost {
        for (ux, uy) in [(3.0, 3.0), (3.0, -3.0)] {
            context.move_to(x1 - ux, y1 - uy);
            context.line_to(x1 + ux, y1 + uy);
        }
    } else if stroke.head && length >= 8.0 {
        let (ux, uy, back, aside) = (dx / length, dy / length, 5.0, 3.2);
        context.move_to(x1 - back * ux - aside * uy, y1 - back * uy + aside * ux);
        context.line_to(x1, y1);
        context.line_to(x1 - back * ux + aside * uy, y1 - back * uy - aside * ux);
    }
}

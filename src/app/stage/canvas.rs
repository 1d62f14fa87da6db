//! What is denser than a document can hold, drawn on a canvas: the tree from afar, the small map, the strips.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::room::canvas::{Palette, context};
use crate::view::View;
use crate::view::bands::{Source, Span, Window, band};
use crate::view::camera::{Bounds, Camera, Size, within};
use crate::view::metrics::Metrics;

/// Where the bands of a tree lie on the stage, the root's first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    pub top: f64,
    pub height: f64,
    pub gap: f64,
    pub levels: usize,
}

impl Rows {
    pub fn of(levels: usize, size: Size) -> Rows {
        let gap = 14.0;
        let room = (size.height - 90.0) / levels.max(1) as f64 - gap;
        let height = within(room, 10.0, 68.0);
        let all = (height + gap) * levels as f64 - gap;
        Rows { top: ((size.height - all) / 2.0).max(8.0), height, gap, levels }
    }

    fn y(&self, level: usize) -> f64 {
        self.top + (self.levels - 1 - level.min(self.levels - 1)) as f64 * (self.height + self.gap)
    }

    /// The level at a height of the stage.
    pub fn level_at(&self, y: f64) -> Option<usize> {
        (0..self.levels).find(|level| (self.y(*level)..self.y(*level) + self.height).contains(&y))
    }
}

/// The columns that the camera sees.
pub fn window(camera: Camera, size: Size, metrics: &Metrics) -> Window {
    let seen = camera.sees(size);
    Window { low: seen.left / metrics.pitch(), high: seen.right / metrics.pitch(), width: size.width }
}

/// The tree as bands.
pub fn bands(canvas: &HtmlCanvasElement, view: &View, camera: Camera, size: Size, metrics: &Metrics, dark: bool) {
    let Some(context) = context(canvas, size, true) else { return };
    let palette = Palette::of(canvas, dark);
    let shape = view.shape();
    let rows = Rows::of(shape.height(), size);
    let source = Source::of(view);
    context.set_font("11px system-ui, sans-serif");
    context.set_text_baseline("middle");
    for level in 0..shape.height() {
        let spans = band(&source, &shape, level, window(camera, size, metrics));
        row(&context, &palette, &spans, rows.y(level), rows.height, level == 0);
        labels(&context, &palette, &spans, rows.y(level), rows.height, size);
    }
}

fn row(context: &CanvasRenderingContext2d, palette: &Palette, spans: &[Span], y: f64, height: f64, leaves: bool) {
    shaded(context, palette, spans, |span| {
        let used = if leaves { height * span.fill } else { height };
        (span.left, y + height - used, span.right - span.left - if is_wide(span) { 1.0 } else { 0.0 }, used)
    });
    context.set_line_width(1.0);
    for span in spans.iter().filter(|span| is_wide(span)) {
        let width = (span.right - span.left - 2.0).max(0.0);
        context.set_stroke_style_str(if span.lit { &palette.accent } else { &palette.hairline });
        context.stroke_rect(span.left + 0.5, y + 0.5, width, height - 1.0);
    }
    // A page of the search path may be thinner than a hair: a mark above it can be seen all the same.
    context.set_global_alpha(1.0);
    context.set_fill_style_str(&palette.accent);
    for span in spans.iter().filter(|span| span.lit) {
        let middle = (span.left + span.right) / 2.0;
        context.begin_path();
        context.move_to(middle - 4.0, y - 8.0);
        context.line_to(middle + 4.0, y - 8.0);
        context.line_to(middle, y - 2.0);
        context.fill();
    }
}

fn is_wide(span: &Span) -> bool {
    span.right - span.left > 4.0
}

/// Shades in which spans are drawn, by the share of their pages that are in the pool.
const SHADES: usize = 4;

/// Fills spans shade by shade, because changing the colour costs more than filling.
fn shaded(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    spans: &[Span],
    place: impl Fn(&Span) -> (f64, f64, f64, f64),
) {
    context.set_fill_style_str(&palette.ink);
    for shade in 0..=SHADES {
        context.set_global_alpha(0.17 + 0.43 * shade as f64 / SHADES as f64);
        let is = |span: &&Span| !span.lit && (span.pooled * SHADES as f64).round() as usize == shade;
        for span in spans.iter().filter(is) {
            let (x, y, width, height) = place(span);
            context.fill_rect(x, y, width, height);
        }
    }
    context.set_fill_style_str(&palette.accent);
    for span in spans.iter().filter(|span| span.lit) {
        let (x, y, width, height) = place(span);
        context.set_global_alpha(if width > 60.0 { 0.45 } else { 1.0 });
        context.fill_rect(x, y, width, height);
    }
    context.set_global_alpha(1.0);
}

fn labels(context: &CanvasRenderingContext2d, palette: &Palette, spans: &[Span], y: f64, height: f64, size: Size) {
    context.set_global_alpha(1.0);
    for span in spans {
        let Some(page) = span.page else { continue };
        let (left, right) = (span.left.max(0.0), span.right.min(size.width));
        if right - left < 46.0 || height < 14.0 {
            continue;
        }
        let dim = span.pooled < 0.5;
        context.set_fill_style_str(if span.lit || dim { &palette.ink } else { &palette.ground });
        let _ = context.fill_text(&page.0.to_string(), left + 7.0, y + height / 2.0);
    }
}

/// A small map: the whole tree, and the part that the stage shows.
pub fn map(
    canvas: &HtmlCanvasElement,
    view: &View,
    whole: Bounds,
    seen: Bounds,
    size: Size,
    metrics: &Metrics,
    dark: bool,
) {
    let Some(context) = context(canvas, size, true) else { return };
    let palette = Palette::of(canvas, dark);
    let shape = view.shape();
    let source = Source::of(view);
    let pitch = metrics.pitch();
    let window = Window { low: whole.left / pitch, high: whole.right / pitch, width: size.width };
    let levels = shape.height().max(1);
    let height = (size.height - 2.0) / levels as f64;
    for level in 0..shape.height() {
        let y = 1.0 + (levels - 1 - level) as f64 * height;
        let spans = band(&source, &shape, level, window);
        shaded(&context, &palette, &spans, |span| {
            let width = (span.right - span.left - if span.right - span.left > 3.0 { 1.0 } else { 0.0 }).max(0.5);
            (span.left, y, width, (height - 2.0).max(1.0))
        });
    }
    let scale = size.width / whole.width().max(1.0);
    let left = within((seen.left - whole.left) * scale, 0.0, size.width - 3.0);
    let right = within((seen.right - whole.left) * scale, left + 3.0, size.width);
    context.set_global_alpha(0.14);
    context.set_fill_style_str(&palette.accent);
    context.fill_rect(left, 0.0, right - left, size.height);
    context.set_global_alpha(1.0);
    context.set_stroke_style_str(&palette.accent);
    context.set_line_width(1.5);
    context.stroke_rect(left + 0.75, 0.75, (right - left - 1.5).max(1.5), size.height - 1.5);
}

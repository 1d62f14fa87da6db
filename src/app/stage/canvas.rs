//! What is denser than a document can hold, drawn on a canvas: the tree from afar, the small map, the strips.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::browser;
use crate::trace::{FrameId, PageId};
use crate::view::View;
use crate::view::bands::{Source, Span, Window, band};
use crate::view::camera::{Bounds, Camera, Size};
use crate::view::metrics::Metrics;

/// The page's colours, as they are now.
pub struct Palette {
    pub ground: String,
    pub ink: String,
    pub muted: String,
    pub hairline: String,
    pub edge: String,
    pub accent: String,
    pub logged: String,
    pub dirty: String,
    pub pinned: String,
}

thread_local! {
    /// Asking the browser for its styles is dear while things are in motion: once for each set of colours is enough.
    static PALETTE: RefCell<Option<(bool, Rc<Palette>)>> = const { RefCell::new(None) };
}

/// Whether the page has its dark colours: chosen by hand, or else by the system.
pub fn is_dark() -> bool {
    match browser::theme().as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => browser::media_matches("(prefers-color-scheme: dark)"),
    }
}

impl Palette {
    pub fn now() -> Rc<Palette> {
        let dark = is_dark();
        let known = PALETTE.with_borrow(|known| known.clone());
        if let Some((_, palette)) = known.filter(|(was, _)| *was == dark) {
            return palette;
        }
        let names =
            ["--ground", "--ink", "--muted", "--hairline", "--edge", "--accent", "--logged", "--dirty", "--pinned"];
        let [ground, ink, muted, hairline, edge, accent, logged, dirty, pinned] = names.map(browser::palette);
        let palette = Rc::new(Palette { ground, ink, muted, hairline, edge, accent, logged, dirty, pinned });
        PALETTE.set(Some((dark, palette.clone())));
        palette
    }
}

/// A canvas that is as sharp as the screen, emptied.
pub fn context(canvas: &HtmlCanvasElement, size: Size) -> Option<CanvasRenderingContext2d> {
    let ratio = browser::window().device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = ((size.width * ratio) as u32, (size.height * ratio) as u32);
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, size.width, size.height);
    Some(context)
}

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
        let height = room.clamp(10.0, 68.0);
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
pub fn bands(canvas: &HtmlCanvasElement, view: &View, camera: Camera, size: Size, metrics: &Metrics) {
    let Some(context) = context(canvas, size) else { return };
    let palette = Palette::now();
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
    for span in spans {
        let wide = span.right - span.left > 4.0;
        let (left, width) = (span.left, span.right - span.left - if wide { 1.0 } else { 0.0 });
        let used = if leaves { height * span.fill } else { height };
        let alpha = if span.lit { if width > 60.0 { 0.45 } else { 1.0 } } else { 0.16 + 0.44 * span.pooled };
        context.set_global_alpha(alpha);
        context.set_fill_style_str(if span.lit { &palette.accent } else { &palette.ink });
        context.fill_rect(left, y + height - used, width, used);
        if wide {
            context.set_global_alpha(1.0);
            context.set_stroke_style_str(if span.lit { &palette.accent } else { &palette.hairline });
            context.set_line_width(1.0);
            context.stroke_rect(left + 0.5, y + 0.5, (width - 1.0).max(0.0), height - 1.0);
        }
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

fn labels(context: &CanvasRenderingContext2d, palette: &Palette, spans: &[Span], y: f64, height: f64, size: Size) {
    context.set_global_alpha(1.0);
    for span in spans {
        let Some(page) = span.page else { continue };
        let (left, right) = (span.left.max(0.0), span.right.min(size.width));
        if right - left < 46.0 || height < 14.0 {
            continue;
        }
        context.set_fill_style_str(if span.lit { &palette.ink } else { &palette.ground });
        let _ = context.fill_text(&page.0.to_string(), left + 7.0, y + height / 2.0);
    }
}

/// A small map: the whole tree, and the part that the stage shows.
pub fn map(canvas: &HtmlCanvasElement, view: &View, whole: Bounds, seen: Bounds, size: Size, metrics: &Metrics) {
    let Some(context) = context(canvas, size) else { return };
    let palette = Palette::now();
    let shape = view.shape();
    let source = Source::of(view);
    let pitch = metrics.pitch();
    let window = Window { low: whole.left / pitch, high: whole.right / pitch, width: size.width };
    let levels = shape.height().max(1);
    let height = (size.height - 2.0) / levels as f64;
    for level in 0..shape.height() {
        let y = 1.0 + (levels - 1 - level) as f64 * height;
        for span in band(&source, &shape, level, window) {
            context.set_global_alpha(if span.lit { 1.0 } else { 0.2 + 0.35 * span.pooled });
            context.set_fill_style_str(if span.lit { &palette.accent } else { &palette.ink });
            let width = (span.right - span.left - if span.right - span.left > 3.0 { 1.0 } else { 0.0 }).max(0.5);
            context.fill_rect(span.left, y, width, (height - 2.0).max(1.0));
        }
    }
    let scale = size.width / whole.width().max(1.0);
    let left = ((seen.left - whole.left) * scale).clamp(0.0, size.width - 3.0);
    let right = ((seen.right - whole.left) * scale).clamp(left + 3.0, size.width);
    context.set_global_alpha(0.14);
    context.set_fill_style_str(&palette.accent);
    context.fill_rect(left, 0.0, right - left, size.height);
    context.set_global_alpha(1.0);
    context.set_stroke_style_str(&palette.accent);
    context.set_line_width(1.5);
    context.stroke_rect(left + 0.75, 0.75, (right - left - 1.5).max(1.5), size.height - 1.5);
}

/// How the pages of the file are laid out on the disk's strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub cell: f64,
    pub gap: f64,
    pub columns: usize,
    /// Pages that share a cell.
    pub each: usize,
    pub height: f64,
}

impl Grid {
    /// The largest cells with which all pages find room in a few rows.
    pub fn of(pages: usize, width: f64) -> Grid {
        for (cell, gap, rows) in [(11.0, 3.0, 2), (8.0, 2.0, 3), (5.0, 1.0, 5), (3.0, 1.0, 8)] {
            let columns = ((width + gap) / (cell + gap)) as usize;
            if columns > 0 && pages <= columns * rows {
                let used = pages.div_ceil(columns).max(1) as f64;
                return Grid { cell, gap, columns, each: 1, height: used * (cell + gap) - gap };
            }
        }
        let columns = (((width + 1.0) / 4.0) as usize).max(1);
        let each = pages.div_ceil(columns * 8).max(1);
        Grid { cell: 3.0, gap: 1.0, columns, each, height: 31.0 }
    }

    fn corner(&self, cell: usize) -> (f64, f64) {
        let step = self.cell + self.gap;
        ((cell % self.columns) as f64 * step, (cell / self.columns) as f64 * step)
    }

    /// Which of the things shown is at a point of the strip.
    pub fn at(&self, x: f64, y: f64, count: usize) -> Option<u32> {
        let step = self.cell + self.gap;
        let (column, row) = ((x / step) as usize, (y / step) as usize);
        let index = (row * self.columns + column) * self.each;
        (column < self.columns && index < count).then_some(index as u32)
    }
}

/// Every page of the file: filled when it is in the pool too, hollow when it is on the disk alone, free ones as dots.
pub fn disk(canvas: &HtmlCanvasElement, view: &View, touched: [PageId; 2], selected: Option<PageId>, size: Size) {
    let Some(context) = context(canvas, size) else { return };
    let palette = Palette::now();
    let grid = Grid::of(view.state.pages.len(), size.width);
    let source = Source::of(view);
    let pages = view.state.pages.len();
    for cell in 0..pages.div_ceil(grid.each) {
        let first = cell * grid.each;
        let (x, y) = grid.corner(cell);
        let page = PageId(first as u32);
        let free = view.tally.free_pages > 0
            && matches!(view.page(page), Some(page) if page.level().is_none() && is_free(page));
        let range = first..(first + grid.each).min(pages);
        let within = |list: &[PageId]| {
            let at = list.partition_point(|page| page.index() < range.start);
            list.get(at).is_some_and(|page| page.index() < range.end)
        };
        let (pooled, unsynced) = (within(&source.pooled), within(&view.state.unsynced));
        square(&context, &palette, (x, y, grid.cell), pooled, unsynced, free);
        let is = |page: PageId| range.contains(&page.index());
        let lit = touched.iter().any(|page| !page.is_none() && is(*page));
        if lit || selected.is_some_and(is) {
            context.set_stroke_style_str(&palette.accent);
            context.set_line_width(2.0);
            context.stroke_rect(x - 0.5, y - 0.5, grid.cell + 1.0, grid.cell + 1.0);
        }
    }
}

/// The frames of a large pool: filled when occupied, with a corner when dirty, with a foot when pinned.
pub fn pool(canvas: &HtmlCanvasElement, view: &View, touched: Option<FrameId>, selected: Option<FrameId>, size: Size) {
    let Some(context) = context(canvas, size) else { return };
    let palette = Palette::now();
    let frames = view.state.frames as usize;
    let grid = Grid::of(frames, size.width);
    let mut held = view.state.pool.iter().peekable();
    for cell in 0..frames.div_ceil(grid.each) {
        let (x, y) = grid.corner(cell);
        let past = (cell + 1) * grid.each;
        let (mut occupied, mut dirty, mut pinned, mut lit) = (false, false, false, false);
        while let Some(frame) = held.next_if(|frame| frame.frame.index() < past) {
            occupied = true;
            dirty |= frame.dirty;
            pinned |= frame.pins > 0;
            lit |= touched == Some(frame.frame) || selected == Some(frame.frame);
        }
        context.set_fill_style_str(if occupied { &palette.muted } else { &palette.hairline });
        context.fill_rect(x, y, grid.cell, grid.cell);
        let corner = (grid.cell / 2.5).max(1.5);
        if dirty {
            context.set_fill_style_str(&palette.dirty);
            context.fill_rect(x + grid.cell - corner, y, corner, corner);
        }
        if pinned {
            context.set_fill_style_str(&palette.pinned);
            context.fill_rect(x, y + grid.cell - corner, grid.cell, corner);
        }
        if lit {
            context.set_stroke_style_str(&palette.accent);
            context.set_line_width(2.0);
            context.stroke_rect(x - 0.5, y - 0.5, grid.cell + 1.0, grid.cell + 1.0);
        }
    }
}

fn is_free(page: &crate::trace::PageState) -> bool {
    matches!(page.body, crate::trace::PageBody::Free { .. })
}

fn square(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    (x, y, cell): (f64, f64, f64),
    pooled: bool,
    unsynced: bool,
    free: bool,
) {
    if free && !pooled {
        context.set_fill_style_str(&palette.hairline);
        let dot = (cell / 3.0).max(1.0);
        context.fill_rect(x + (cell - dot) / 2.0, y + (cell - dot) / 2.0, dot, dot);
    } else if pooled {
        context.set_fill_style_str(&palette.muted);
        context.fill_rect(x, y, cell, cell);
    } else if cell < 4.0 {
        context.set_fill_style_str(&palette.hairline);
        context.fill_rect(x, y, cell, cell);
    } else {
        context.set_stroke_style_str(&palette.edge);
        context.set_line_width(1.0);
        context.stroke_rect(x + 0.5, y + 0.5, cell - 1.0, cell - 1.0);
    }
    if unsynced {
        context.set_fill_style_str(&palette.logged);
        let dot = (cell / 2.5).max(1.5);
        context.fill_rect(x + cell - dot, y + cell - dot, dot, dot);
    }
}

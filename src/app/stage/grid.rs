//! A strip of many small squares: the pages on the disk, the frames of a large pool.
//!
//! A step changes a handful of thousands: only the squares that look different are drawn again.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::room::canvas::{Palette, context};
use crate::trace::{FrameId, PageBody, PageId};
use crate::view::View;
use crate::view::camera::Size;

/// Of all ways to lay squares out.
const HEIGHT_MAX: f64 = 31.0;

/// How squares are laid out on a strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    cell: f64,
    gap: f64,
    columns: usize,
    /// Things that share a square.
    each: usize,
    pub height: f64,
}

impl Grid {
    /// The largest squares with which everything finds room in a few rows.
    pub fn of(count: usize, width: f64) -> Grid {
        for (cell, gap, rows) in [(11.0, 3.0, 2), (8.0, 2.0, 3), (5.0, 1.0, 5), (3.0, 1.0, 8)] {
            let columns = ((width + gap) / (cell + gap)) as usize;
            if columns > 0 && count <= columns * rows {
                let used = count.div_ceil(columns).max(1) as f64;
                return Grid { cell, gap, columns, each: 1, height: used * (cell + gap) - gap };
            }
        }
        let columns = (((width + 1.0) / 4.0) as usize).max(1);
        let each = count.div_ceil(columns * 8).max(1);
        Grid { cell: 3.0, gap: 1.0, columns, each, height: HEIGHT_MAX }
    }

    /// The height to keep free for it: that of a single row of its squares, or the most that any has.
    pub fn room_height(&self) -> f64 {
        if self.height <= self.cell { self.height } else { HEIGHT_MAX }
    }

    fn corner(&self, square: usize) -> (f64, f64) {
        let step = self.cell + self.gap;
        (1.0 + (square % self.columns) as f64 * step, 1.0 + (square / self.columns) as f64 * step)
    }

    /// Which of the things shown is at a point of the strip.
    pub fn at(&self, x: f64, y: f64, count: usize) -> Option<u32> {
        let step = self.cell + self.gap;
        let (column, row) = ((x / step) as usize, (y / step) as usize);
        let index = (row * self.columns + column) * self.each;
        (column < self.columns && index < count).then_some(index as u32)
    }
}

/// What there is to see of a square, one bit each.
const HELD: u8 = 1;
const DIRTY: u8 = 2;
const PINNED: u8 = 4;
const UNSYNCED: u8 = 8;
const FREE: u8 = 16;
const LIT: u8 = 32;
/// A frame, not a page: what is not held is empty.
const FRAME: u8 = 64;

/// What was drawn on a strip.
#[derive(Default)]
pub struct Strip {
    drawn: Option<(Grid, Size, bool)>,
    squares: Vec<u8>,
}

impl Strip {
    fn show(&mut self, canvas: &HtmlCanvasElement, grid: Grid, squares: Vec<u8>, size: Size, dark: bool) {
        let now = (grid, size, dark);
        let afresh = self.drawn != Some(now);
        let Some(context) = context(canvas, size, afresh) else { return };
        let palette = Palette::of(canvas, dark);
        let known = if afresh { 0 } else { self.squares.len() };
        for index in 0..squares.len().max(known) {
            let wanted = squares.get(index).copied();
            if index < known && wanted == Some(self.squares[index]) {
                continue;
            }
            let corner = grid.corner(index);
            let step = grid.cell + grid.gap;
            context.clear_rect(corner.0 - grid.gap / 2.0, corner.1 - grid.gap / 2.0, step, step);
            if let Some(wanted) = wanted {
                square(&context, &palette, corner, grid.cell, wanted);
            }
        }
        self.drawn = Some(now);
        self.squares = squares;
    }

    /// Every page of the file: filled when it is in the pool too, hollow when it is on the disk alone, a dot when free.
    pub fn disk(&mut self, canvas: &HtmlCanvasElement, view: &View, lit: [PageId; 3], size: Size, dark: bool) {
        let pages = view.state.pages.len();
        let grid = Grid::of(pages, size.width);
        let mut squares = vec![0; pages.div_ceil(grid.each)];
        let mut set = |page: PageId, bit: u8| {
            if let Some(square) = squares.get_mut(page.index() / grid.each) {
                *square |= bit;
            }
        };
        if view.tally.free_pages > 0 {
            let free = view.state.pages.iter().filter(|page| matches!(page.body, PageBody::Free { .. }));
            free.for_each(|page| set(page.page, FREE));
        }
        view.state.pool.iter().for_each(|frame| set(frame.page, HELD));
        view.state.unsynced.iter().for_each(|page| set(*page, UNSYNCED));
        lit.iter().filter(|page| !page.is_none()).for_each(|page| set(*page, LIT));
        self.show(canvas, grid, squares, size, dark);
    }

    /// The frames of a large pool: with a corner when dirty, with a foot when pinned.
    pub fn pool(&mut self, canvas: &HtmlCanvasElement, view: &View, lit: [Option<FrameId>; 2], size: Size, dark: bool) {
        let frames = view.state.frames as usize;
        let grid = Grid::of(frames, size.width);
        let mut squares = vec![FRAME; frames.min(crate::view::PAGES_MAX).div_ceil(grid.each)];
        for frame in &view.state.pool {
            let Some(square) = squares.get_mut(frame.frame.index() / grid.each) else { continue };
            *square |= HELD;
            *square |= if frame.dirty { DIRTY } else { 0 };
            *square |= if frame.pins > 0 { PINNED } else { 0 };
            *square |= if lit.contains(&Some(frame.frame)) { LIT } else { 0 };
        }
        self.show(canvas, grid, squares, size, dark);
    }
}

fn square(context: &CanvasRenderingContext2d, palette: &Palette, (x, y): (f64, f64), cell: f64, shows: u8) {
    let has = |bit: u8| shows & bit != 0;
    let corner = (cell / 2.5).max(1.5);
    if has(FREE) && !has(HELD) {
        context.set_fill_style_str(&palette.hairline);
        let dot = (cell / 3.0).max(1.0);
        context.fill_rect(x + (cell - dot) / 2.0, y + (cell - dot) / 2.0, dot, dot);
    } else if has(HELD) || has(FRAME) || cell < 4.0 {
        context.set_fill_style_str(if has(HELD) { &palette.muted } else { &palette.hairline });
        context.fill_rect(x, y, cell, cell);
    } else {
        context.set_stroke_style_str(&palette.edge);
        context.set_line_width(1.0);
        context.stroke_rect(x + 0.5, y + 0.5, cell - 1.0, cell - 1.0);
    }
    if has(DIRTY) {
        context.set_fill_style_str(&palette.dirty);
        context.fill_rect(x + cell - corner, y, corner, corner);
    }
    if has(PINNED) {
        context.set_fill_style_str(&palette.pinned);
        context.fill_rect(x, y + cell - corner, cell, corner);
    }
    if has(UNSYNCED) {
        context.set_fill_style_str(&palette.logged);
        context.fill_rect(x + cell - corner, y + cell - corner, corner, corner);
    }
    if has(LIT) {
        let inset = if cell > 4.0 { 1.0 } else { 0.5 };
        context.set_stroke_style_str(&palette.accent);
        context.set_line_width(2.0 * inset);
        context.stroke_rect(x + inset, y + inset, cell - 2.0 * inset, cell - 2.0 * inset);
    }
}

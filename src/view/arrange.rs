//! Where things go: rows, columns, tables and wrapped lines of boxes, as plain functions.
//!
//! ```text
//!   row       ▭ ▭ ▭ ▭          wrap   ▭ ▭ ▭      table   ▭▭▭ ▭ ▭▭
//!   column    ▭                       ▭ ▭ ▭              ▭▭▭ ▭ ▭▭
//!             ▭                       ▭                  ▭▭▭ ▭ ▭▭
//! ```

use super::camera::{Bounds, Size};

/// Width of a character: of the monospace face at 12 px, of the other one on average.
pub const MONO_W: f64 = 7.25;
pub const SANS_W: f64 = 6.4;
/// The same of a title.
pub const TITLE_W: f64 = 7.4;

/// A rectangle in the units of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Place {
    pub const fn new(x: f64, y: f64, w: f64, h: f64) -> Place {
        Place { x, y, w, h }
    }

    pub const fn point(x: f64, y: f64) -> Place {
        Place { x, y, w: 0.0, h: 0.0 }
    }

    pub fn between((x, y): (f64, f64), to: (f64, f64)) -> Place {
        Place { x, y, w: to.0 - x, h: to.1 - y }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn center(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// The middle of an edge.
    pub fn top_middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y)
    }

    pub fn bottom_middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.bottom())
    }

    pub fn left_middle(&self) -> (f64, f64) {
        (self.x, self.y + self.h / 2.0)
    }

    pub fn right_middle(&self) -> (f64, f64) {
        (self.right(), self.y + self.h / 2.0)
    }

    /// Smaller by so much on every side.
    #[must_use]
    pub fn inset(&self, by: f64) -> Place {
        let (w, h) = ((self.w - 2.0 * by).max(0.0), (self.h - 2.0 * by).max(0.0));
        Place { x: self.x + by, y: self.y + by, w, h }
    }

    #[must_use]
    pub fn moved(&self, dx: f64, dy: f64) -> Place {
        Place { x: self.x + dx, y: self.y + dy, ..*self }
    }

    /// The upper part, so high, and what is left below it.
    pub fn cut_top(&self, h: f64) -> (Place, Place) {
        (Place { h, ..*self }, Place { y: self.y + h, h: (self.h - h).max(0.0), ..*self })
    }

    /// The left part, so wide, and what is left beside it.
    pub fn cut_left(&self, w: f64) -> (Place, Place) {
        (Place { w, ..*self }, Place { x: self.x + w, w: (self.w - w).max(0.0), ..*self })
    }

    /// The smallest place around both.
    #[must_use]
    pub fn with(&self, other: Place) -> Place {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Place { x, y, w: self.right().max(other.right()) - x, h: self.bottom().max(other.bottom()) - y }
    }

    /// Whether they have some room in common.
    pub fn meets(&self, other: &Place) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.w, self.h].iter().all(|number| number.is_finite())
    }

    pub fn bounds(&self) -> Bounds {
        let (left, right) = (self.x.min(self.right()), self.x.max(self.right()));
        let (top, bottom) = (self.y.min(self.bottom()), self.y.max(self.bottom()));
        Bounds { left, top, right, bottom }
    }
}

/// The `index`-th of boxes that stand side by side from `start` on.
pub fn in_row(start: (f64, f64), size: Size, gap: f64, index: usize) -> Place {
    Place { x: start.0 + index as f64 * (size.width + gap), y: start.1, w: size.width, h: size.height }
}

/// The `index`-th of boxes that stand one below the other.
pub fn in_column(start: (f64, f64), size: Size, gap: f64, index: usize) -> Place {
    Place { x: start.0, y: start.1 + index as f64 * (size.height + gap), w: size.width, h: size.height }
}

/// Boxes of one size, line by line, as many to a line as the width takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrap {
    pub x: f64,
    pub y: f64,
    pub size: Size,
    pub gap: f64,
    pub columns: usize,
}

impl Wrap {
    pub fn new(start: (f64, f64), width: f64, size: Size, gap: f64) -> Wrap {
        let columns = ((width + gap) / (size.width + gap).max(1.0)).max(1.0) as usize;
        Wrap { x: start.0, y: start.1, size, gap, columns }
    }

    pub fn place(&self, index: usize) -> Place {
        let (row, column) = (index / self.columns, index % self.columns);
        let x = self.x + column as f64 * (self.size.width + self.gap);
        let y = self.y + row as f64 * (self.size.height + self.gap);
        Place { x, y, w: self.size.width, h: self.size.height }
    }

    /// How high so many boxes stand.
    pub fn height(&self, count: usize) -> f64 {
        let rows = count.div_ceil(self.columns);
        if rows == 0 { 0.0 } else { rows as f64 * (self.size.height + self.gap) - self.gap }
    }

    /// How wide they stand.
    pub fn width(&self, count: usize) -> f64 {
        let columns = count.min(self.columns);
        if columns == 0 { 0.0 } else { columns as f64 * (self.size.width + self.gap) - self.gap }
    }
}

/// The cells of a table: columns of their own widths, rows of one height.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub x: f64,
    pub y: f64,
    pub columns: Vec<f64>,
    pub row_h: f64,
}

impl Table {
    pub fn new(start: (f64, f64), columns: &[f64], row_h: f64) -> Table {
        Table { x: start.0, y: start.1, columns: columns.to_vec(), row_h }
    }

    pub fn cell(&self, row: usize, column: usize) -> Place {
        let left: f64 = self.columns.iter().take(column).sum();
        let w = self.columns.get(column).copied().unwrap_or(0.0);
        Place { x: self.x + left, y: self.y + row as f64 * self.row_h, w, h: self.row_h }
    }

    /// A whole row.
    pub fn row(&self, row: usize) -> Place {
        Place { x: self.x, y: self.y + row as f64 * self.row_h, w: self.columns.iter().sum(), h: self.row_h }
    }
}

/// Splits a width into parts by weight, with gaps between them: left edge and width of each.
pub fn shares(width: f64, gap: f64, weights: &[f64]) -> Vec<(f64, f64)> {
    let all: f64 = weights.iter().sum();
    let room = (width - gap * (weights.len().max(1) - 1) as f64).max(0.0);
    let mut x = 0.0;
    let one = |weight: &f64| {
        let w = if all > 0.0 { room * weight / all } else { 0.0 };
        let left = x;
        x += w + gap;
        (left, w)
    };
    weights.iter().map(one).collect()
}

/// Where a line between two boxes leaves the one and reaches the other: below or above where there is room, else aside.
pub fn joint(from: Place, to: Place) -> ((f64, f64), (f64, f64)) {
    if to.y >= from.bottom() {
        (from.bottom_middle(), to.top_middle())
    } else if to.bottom() <= from.y {
        (from.top_middle(), to.bottom_middle())
    } else if to.x >= from.right() {
        (from.right_middle(), to.left_middle())
    } else {
        (from.left_middle(), to.right_middle())
    }
}

/// A text cut to a width: "a very long na…".
pub fn cut(text: &str, width: f64, char_w: f64) -> String {
    let most = (width / char_w).max(0.0) as usize;
    if text.chars().count() <= most {
        return text.to_string();
    }
    if most == 0 {
        return String::new();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}

/// Width of a text in the monospace face, with some room beside it.
pub fn mono_width(text: &str, padding: f64) -> f64 {
    text.chars().count() as f64 * MONO_W + 2.0 * padding
}

/// A line through points, in SVG's language.
pub fn polyline(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points {
        d.push(if d.is_empty() { 'M' } else { 'L' });
        glassbase_trace::decimal::push_fixed(&mut d, x, 1);
        d.push(' ');
        glassbase_trace::decimal::push_fixed(&mut d, y, 1);
    }
    d
}

/// Sine and cosine of a part of a full turn, to seven digits. The standard library's bring seven kilobytes into the page,
/// for angles of any size.
pub fn sine_and_cosine(turns: f64) -> (f64, f64) {
    let quarters = (4.0 * turns).round();
    // Within an eighth of a turn either way.
    let angle = (turns - quarters / 4.0) * std::f64::consts::TAU;
    let square = angle * angle;
    let series = |terms: [f64; 4]| terms.iter().rev().fold(1.0, |sum, term| 1.0 - square * sum / term);
    let (sine, cosine) = (angle * series([6.0, 20.0, 42.0, 72.0]), series([2.0, 12.0, 30.0, 56.0]));
    match (quarters as i64) & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 30.0, height: 20.0 };

    #[test]
    fn boxes_wrap_at_the_width() {
        let wrap = Wrap::new((0.0, 0.0), 100.0, SIZE, 4.0);
        assert_eq!(wrap.columns, 3);
        assert_eq!(wrap.place(4), Place::new(34.0, 24.0, 30.0, 20.0));
        assert_eq!((wrap.height(0), wrap.height(3), wrap.height(4)), (0.0, 20.0, 44.0));
        assert_eq!((wrap.width(2), wrap.width(9)), (64.0, 98.0));
        assert_eq!(Wrap::new((0.0, 0.0), 5.0, SIZE, 4.0).columns, 1);
    }

    #[test]
    fn tables_and_shares_add_up() {
        let table = Table::new((10.0, 10.0), &[40.0, 60.0], 18.0);
        assert_eq!(table.cell(1, 1), Place::new(50.0, 28.0, 60.0, 18.0));
        assert_eq!(table.row(0).w, 100.0);
        assert_eq!(shares(110.0, 10.0, &[1.0, 3.0]), [(0.0, 25.0), (35.0, 75.0)]);
    }

    #[test]
    fn lines_leave_where_there_is_room() {
        let here = Place::new(0.0, 0.0, 10.0, 10.0);
        assert_eq!(joint(here, Place::new(20.0, 40.0, 10.0, 10.0)), ((5.0, 10.0), (25.0, 40.0)));
        assert_eq!(joint(here, Place::new(20.0, 0.0, 10.0, 10.0)), ((10.0, 5.0), (20.0, 5.0)));
        assert_eq!(joint(Place::new(20.0, 0.0, 10.0, 10.0), here), ((20.0, 5.0), (10.0, 5.0)));
    }

    #[test]
    fn texts_are_cut_by_width() {
        assert_eq!(cut("abc", 100.0, MONO_W), "abc");
        assert_eq!(cut("größer als", 30.0, MONO_W), "grö…");
        assert_eq!(cut("abc", 2.0, MONO_W), "");
        assert_eq!(polyline([(0.0, 1.0), (2.5, 3.0)]), "M0 1L2.5 3");
    }

    #[test]
    #[expect(clippy::disallowed_methods)]
    fn round_and_round() {
        for step in -40..=40 {
            let turns = f64::from(step) / 16.0;
            let (sine, cosine) = sine_and_cosine(turns);
            let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
            assert!((sine - sin).abs() < 1e-7 && (cosine - cos).abs() < 1e-7, "{turns}: {sine} {cosine}");
        }
    }
}

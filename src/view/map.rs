//! Dense grids: a hundred thousand pages, a byte for each, drawn on a canvas.
//!
//! ```text
//!   byte   7 6 5 4   3 2 1 0
//!          │ │ │ │   └─┴─┴─┴── what it is: nothing, hollow, a dot, eight levels of fill, hit, miss, stale, failed, found
//!          │ │ │ └── DIRTY: a corner above        │ └ LOGGED: a corner below
//!          └─┴─┴──── PINNED: a foot, LOGGED: a corner below, DURABLE: a frame
//! ```
//!
//! A step changes a handful of cells; only those are painted again.

use super::Selection;
use super::arrange::Place;
use super::camera::Size;
use super::drawing::Id;
use glassbase_trace::{FrameId, NodeId, PageId};

/// What a cell is: the lower half of its byte.
pub mod cell {
    /// Not there: nothing is drawn.
    pub const NOTHING: u8 = 0;
    /// An outline: known, but not here.
    pub const HOLLOW: u8 = 1;
    /// A dot: free.
    pub const DOT: u8 = 2;
    /// From here on eight levels: an eighth full to full.
    pub const LEVEL: u8 = 3;
    pub const FULL: u8 = 10;
    pub const HIT: u8 = 11;
    pub const MISS: u8 = 12;
    /// Hatched.
    pub const STALE: u8 = 13;
    /// Crossed.
    pub const FAILED: u8 = 14;
    /// Filled with accent.
    pub const FOUND: u8 = 15;
    /// The upper half: any of these besides.
    pub const DIRTY: u8 = 16;
    pub const PINNED: u8 = 32;
    pub const LOGGED: u8 = 64;
    pub const DURABLE: u8 = 128;

    /// The cell for something that is so full, from 0 to 1.
    pub fn level(share: f64) -> u8 {
        LEVEL + super::super::camera::within((share * 8.0 + 0.5) - 1.0, 0.0, 7.0) as u8
    }
}

/// What the cells of a map are, so that they can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapOf {
    Nothing,
    /// Cell 0 is this page.
    Pages(PageId),
    Frames(FrameId),
    /// Blocks of a file.
    Blocks(u64),
    /// Nodes of a cluster, from the first on.
    Nodes,
}

impl MapOf {
    pub fn selection(self, index: u32) -> Option<Selection> {
        match self {
            MapOf::Nothing => None,
            MapOf::Pages(first) => Some(Selection::Page(PageId(first.0.checked_add(index)?))),
            MapOf::Frames(first) => Some(Selection::Frame(FrameId(first.0.checked_add(index)?))),
            MapOf::Nodes => Some(Selection::Node(NodeId(u16::try_from(index + 1).ok()?))),
            MapOf::Blocks(file) => Some(Selection::Block { file, block: index }),
        }
    }

    /// The cell that a selection is, if it is one.
    pub fn index(self, selection: Selection) -> Option<u32> {
        match (self, selection) {
            (MapOf::Pages(first), Selection::Page(page) | Selection::Cell { page, .. }) => page.0.checked_sub(first.0),
            (MapOf::Frames(first), Selection::Frame(frame)) => frame.0.checked_sub(first.0),
            (MapOf::Nodes, Selection::Node(node)) if !node.is_client() => u32::from(node.0).checked_sub(1),
            (MapOf::Blocks(here), Selection::Block { file, block }) => (here == file).then_some(block),
            _ => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            MapOf::Nothing => "cell",
            MapOf::Pages(_) => "page",
            MapOf::Frames(_) => "frame",
            MapOf::Blocks(_) => "block",
            MapOf::Nodes => "node",
        }
    }

    /// A cell in words: "page 12".
    pub fn name(self, index: u32) -> String {
        let first = match self {
            MapOf::Pages(first) => first.0,
            MapOf::Frames(first) => first.0,
            MapOf::Nodes => 1,
            MapOf::Nothing | MapOf::Blocks(_) => 0,
        };
        let mut name = String::from(self.word());
        name.push(' ');
        glassbase_trace::decimal::push_number(&mut name, u64::from(first) + u64::from(index));
        name
    }
}

/// A grid of many small squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub id: Id,
    pub x: f64,
    pub y: f64,
    /// Edge of a square, and what lies between two.
    pub cell: f64,
    pub gap: f64,
    pub columns: usize,
    pub cells: Vec<u8>,
    /// A few that are outlined: what the record is about.
    pub lit: Vec<u32>,
    pub of: MapOf,
    /// The map in words: "Pages of the file: 120, of which 14 are free".
    pub words: String,
}

impl Map {
    /// A map in a place, its squares as large as find room there, but no larger than `cell_max`.
    pub fn in_room(id: Id, place: Place, cells: Vec<u8>, of: MapOf, words: impl Into<String>, cell_max: f64) -> Map {
        let (cell, gap, columns) = fitted(cells.len(), place.w, place.h, cell_max);
        Map { id, x: place.x, y: place.y, cell, gap, columns, cells, lit: Vec::new(), of, words: words.into() }
    }

    #[must_use]
    pub fn lit(mut self, cells: impl IntoIterator<Item = u32>) -> Map {
        self.lit.extend(cells);
        self
    }

    pub fn size(&self) -> Size {
        let step = self.cell + self.gap;
        let columns = self.columns.min(self.cells.len()) as f64;
        let rows = self.cells.len().div_ceil(self.columns.max(1)) as f64;
        Size { width: (columns * step - self.gap).max(0.0), height: (rows * step - self.gap).max(0.0) }
    }

    pub fn place(&self) -> Place {
        let size = self.size();
        Place { x: self.x, y: self.y, w: size.width, h: size.height }
    }

    /// Where a cell is.
    pub fn cell_place(&self, index: usize) -> Place {
        let step = self.cell + self.gap;
        let columns = self.columns.max(1);
        let (x, y) = ((index % columns) as f64 * step, (index / columns) as f64 * step);
        Place { x: self.x + x, y: self.y + y, w: self.cell, h: self.cell }
    }

    /// The cell at a point of the drawing.
    pub fn at(&self, x: f64, y: f64) -> Option<u32> {
        let step = self.cell + self.gap;
        let (x, y) = (x - self.x, y - self.y);
        if x < 0.0 || y < 0.0 || step <= 0.0 {
            return None;
        }
        let (column, row) = ((x / step) as usize, (y / step) as usize);
        let index = row.checked_mul(self.columns)?.checked_add(column)?;
        (column < self.columns && index < self.cells.len()).then_some(index as u32)
    }
}

/// The largest squares with which so many find room: edge, gap, columns.
pub fn fitted(count: usize, width: f64, height: f64, cell_max: f64) -> (f64, f64, usize) {
    let mut cell = cell_max.max(2.0);
    loop {
        let gap = if cell >= 9.0 {
            2.0
        } else if cell >= 4.0 {
            1.0
        } else {
            0.5
        };
        let columns = ((width + gap) / (cell + gap)).max(1.0) as usize;
        let rows = count.div_ceil(columns) as f64;
        if rows * (cell + gap) - gap <= height || cell <= 2.0 {
            return (cell, gap, columns);
        }
        cell = (cell - 0.5).max(2.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_fill_the_room() {
        let place = Place::new(10.0, 20.0, 400.0, 300.0);
        for count in [1, 40, 1000, 20_000] {
            let map = Map::in_room(Id(1), place, vec![cell::FULL; count], MapOf::Pages(PageId(0)), "Pages.", 14.0);
            let size = map.size();
            assert!(size.width <= 400.0 && (size.height <= 300.0 || map.cell == 2.0), "{count}: {size:?}");
            for index in [0, count / 2, count - 1] {
                let (x, y) = map.cell_place(index).center();
                assert_eq!(map.at(x, y), Some(index as u32));
            }
            assert_eq!((map.at(5.0, 25.0), map.at(10.0, 10_000.0)), (None, None));
        }
    }

    #[test]
    fn levels_and_selections() {
        assert_eq!((cell::level(0.0), cell::level(0.5), cell::level(1.0)), (cell::LEVEL, 6, cell::FULL));
        let of = MapOf::Pages(PageId(3));
        assert_eq!(of.selection(4), Some(Selection::Page(PageId(7))));
        assert_eq!(of.index(Selection::Page(PageId(7))), Some(4));
        assert_eq!(of.index(Selection::Page(PageId(2))), None);
        assert_eq!(of.name(4), "page 7");
    }
}

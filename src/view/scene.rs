//! One step of a trace as shapes: where each page stands before the record and after it, and what it looks like.
//!
//! This is what a scene is made of; [`layout`](super::layout) makes it.
//!
//! ```text
//!   record k happens between t = 0 and t = 1
//!     page     from ──────────▶ to            whole pages move
//!     cell       from_x ─────▶ to_x           cells move inside their page
//!     flight   spot in page A ─▶ spot in B    keys move between pages (see motion)
//! ```

use super::camera::Bounds;
use super::metrics::{self, LEVEL_H, Metrics, PAGE_H};
use super::motion::{Flight, Note};
use super::{Node, Selection, Shape, View};
use glassbase_trace::{PageId, Record};

/// How closely pages are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lod {
    /// With their keys.
    Keys,
    /// As bars that show how full they are.
    Bars,
}

/// What a scene is made from.
pub struct Stage<'a> {
    pub before: &'a View,
    pub after: &'a View,
    /// What happens between the two.
    pub record: Option<&'a Record>,
    pub metrics: Metrics,
    pub seen: Bounds,
    pub lod: Lod,
    pub selected: Option<Selection>,
    /// The cell that a person searches for.
    pub found: Option<(PageId, usize)>,
}

/// Where a page stands: its middle, and how far the middle may slide to stay in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Anchor {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
}

impl Anchor {
    pub(super) fn of(node: &Node, metrics: &Metrics) -> Anchor {
        let pitch = metrics.pitch();
        Anchor {
            x: node.middle() * pitch,
            y: -f64::from(node.level) * LEVEL_H,
            low: f64::from(node.first) * pitch,
            high: (f64::from(node.past) - 1.0) * pitch,
        }
    }

    /// The middle of the page when the stage shows the picture from `left` to `right`: the middle of that part of its
    /// span that is seen.
    pub fn slid(&self, left: f64, right: f64, half_width: f64) -> f64 {
        let margin = half_width + 10.0;
        if right - left < 2.0 * margin || self.high <= self.low {
            return self.x;
        }
        let low = (left + margin).max(self.low).min(self.high);
        let high = (right - margin).min(self.high).max(self.low);
        (low + high) / 2.0
    }

    pub fn between(&self, to: &Anchor, t: f64) -> Anchor {
        let mix = |from: f64, to: f64| from + (to - from) * t;
        Anchor { x: mix(self.x, to.x), y: mix(self.y, to.y), low: mix(self.low, to.low), high: mix(self.high, to.high) }
    }
}

/// What the step's record does to a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    #[default]
    None,
    Hit,
    Miss,
    Evicted,
    Written,
    /// Its content is read or changed.
    Active,
}

/// What a page looks like, apart from where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub level: u8,
    pub root: bool,
    pub keys: usize,
    pub pooled: bool,
    pub dirty: bool,
    pub pinned: bool,
    pub touch: Touch,
    /// The search went through it; and it is where the search is now.
    pub on_path: bool,
    pub current: bool,
    pub selected: bool,
    pub texts: Vec<CellText>,
    pub overflow: Vec<Overflow>,
}

/// A column of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct CellText {
    pub label: String,
    /// Nothing for a gap that stands for several slots.
    pub slot: Option<u16>,
    pub mark: Mark,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    None,
    /// One of the separators on either side of the way.
    Compared,
    /// The key sought is here, or a scan reads it.
    Found,
    Selected,
}

/// The overflow chain of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Overflow {
    pub column: usize,
    pub first: PageId,
    /// Pages of the chain; counted up to a limit.
    pub pages: usize,
}

/// A column's way inside its page, and how visible it is at both ends of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellWay {
    pub from_x: f64,
    pub to_x: f64,
    /// Seen only from the end of the step on: until then a flight shows it.
    pub arrives: bool,
}

/// A page of the tree in a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PageShape {
    pub page: PageId,
    pub from: Anchor,
    pub to: Anchor,
    /// Opacity before and after.
    pub fade: (f64, f64),
    /// Share of the page in use, before and after.
    pub fill: (f64, f64),
    pub look: Look,
    /// One for each of the look's texts.
    pub ways: Vec<CellWay>,
}

impl PageShape {
    pub fn moves(&self) -> bool {
        self.from != self.to || self.fade.0 != self.fade.1
    }
}

/// The line from a page to one of its children.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Indices into the scene's pages.
    pub parent: usize,
    pub child: usize,
    /// Where it leaves the parent, from the parent's left edge.
    pub port_from: f64,
    pub port_to: f64,
    pub lit: bool,
}

/// The arrow from a leaf to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub left: usize,
    pub right: usize,
    /// Whether the right leaf names the left one as its neighbour too.
    pub both: bool,
    pub lit: bool,
}

/// A step of a trace, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub pages: Vec<PageShape>,
    pub edges: Vec<Edge>,
    pub links: Vec<Link>,
    pub flights: Vec<Flight>,
    pub notes: Vec<Note>,
}

impl Scene {
    pub fn index_of(&self, page: PageId) -> Option<usize> {
        self.pages.binary_search_by_key(&page, |shape| shape.page).ok()
    }

    /// About how many shapes it takes to draw.
    pub fn weight(&self) -> usize {
        let pages: usize = self.pages.iter().map(|page| 4 + page.look.texts.len()).sum();
        pages + self.edges.len() + self.links.len() + self.flights.len() + self.notes.len()
    }
}

/// The whole picture of a view.
pub fn bounds(view: &View, metrics: &Metrics) -> Bounds {
    let shape = view.shape();
    let last = f64::from(shape.columns().max(1) - 1) * metrics.pitch();
    let top = -(shape.height().max(1) as f64 - 1.0) * LEVEL_H - 30.0;
    let below = if view.tally.overflow_pages > 0 { 2.0 * metrics::OVERFLOW_H + metrics::OVERFLOW_GAP } else { 0.0 };
    let half = metrics.page_w / 2.0;
    Bounds { left: -half, top, right: last + half, bottom: PAGE_H + below }
}

/// The place of a page in the picture.
pub fn place(shape: &Shape, page: PageId, metrics: &Metrics) -> Option<Bounds> {
    let anchor = Anchor::of(shape.node(page)?, metrics);
    let half = metrics.page_w / 2.0;
    Some(Bounds { left: anchor.x - half, top: anchor.y, right: anchor.x + half, bottom: anchor.y + PAGE_H })
}

/// Share of a page that is in use: of the keys that an order allows, or of the bytes.
pub fn fill(view: &View, page: PageId) -> f64 {
    let Some(state) = view.page(page) else { return 0.0 };
    let (has, room) = match (view.keys_max(), state.cells()) {
        (Some(keys), Some(cells)) => (cells.len() as f64, f64::from(keys)),
        _ => (f64::from(state.used), f64::from(view.state.capacity)),
    };
    if room > 0.0 { (has / room).min(1.0) } else { 0.0 }
}

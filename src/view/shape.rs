//! The tree as it is drawn: which page stands where in its level, from left to right.
//!
//! ```text
//!   level 2                 9                     columns 0..5
//!   level 1         5               7             0..3   3..5
//!   level 0     1   2   8       3   6             0  1  2  3  4
//! ```
//!
//! Every leaf takes one column; an inner page spans the columns below it. In the middle of a split the new right page
//! is not linked yet: it stands next to the page it comes from. A new root stands over the old one before it is root.
//!
//! **Invariant:** each page appears at most once, each level is ordered by column, and spans of one level are disjoint,
//! whatever the links of a damaged trace say.

use std::cell::OnceCell;
use std::rc::Rc;

use super::{Unlinked, View, tally};
use glassbase_trace::{Event, PageBody, PageId};

/// Deepest tree that is drawn.
const DEPTH_MAX: usize = 24;

const NOWHERE: u32 = u32::MAX;

/// A page in the picture of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub page: PageId,
    /// 0 for the lowest row.
    pub level: u8,
    /// Index of the parent's node.
    pub parent: Option<u32>,
    /// Which child of its parent it is.
    pub child: u32,
    /// Whether the parent has a link to it already.
    pub linked: bool,
    /// The columns that it spans.
    pub first: u32,
    pub past: u32,
}

impl Node {
    /// Its middle, in columns.
    pub fn middle(&self) -> f64 {
        (f64::from(self.first) + f64::from(self.past) - 1.0) / 2.0
    }
}

/// The order of the pages of a tree.
#[derive(Debug, Default, PartialEq)]
pub struct Shape {
    nodes: Vec<Node>,
    /// For each level, bottom first, its nodes from left to right.
    levels: Vec<Vec<u32>>,
    columns: u32,
    /// For each page its node, or [`NOWHERE`].
    places: Vec<u32>,
}

impl Shape {
    pub fn of(view: &View) -> Shape {
        let mut shape = Shape { places: vec![NOWHERE; view.state.pages.len()], ..Shape::default() };
        let root = view.state.root;
        let crown = view.crown.filter(|crown| *crown != root && !root.is_none());
        let top = crown.unwrap_or(root);
        if !top.is_none() {
            let spot = Spot { parent: None, child: 0, linked: true };
            let depth = shape.visit(view, top, spot, 0);
            shape.set_levels(depth);
        }
        shape
    }

    /// Places a page and all below it; returns the depth reached.
    fn visit(&mut self, view: &View, page: PageId, spot: Spot, depth: usize) -> usize {
        let Some(state) = view.page(page) else { return depth };
        let Some(place) = self.places.get_mut(page.index()).filter(|place| **place == NOWHERE) else { return depth };
        if depth >= DEPTH_MAX || state.level().is_none() {
            return depth;
        }
        let index = self.nodes.len() as u32;
        *place = index;
        let Spot { parent, child, linked } = spot;
        let first = self.columns;
        self.nodes.push(Node { page, level: depth as u8, parent, child, linked, first, past: first + 1 });
        let mut deepest = depth;
        if let PageBody::Inner { cells, .. } = &state.body {
            for child in 0..=cells.len() {
                let below = tally::child(state, child).unwrap_or_default();
                let next = tally::child(state, child + 1);
                let spot = Spot { parent: Some(index), child: child as u32, linked: true };
                deepest = deepest.max(self.visit_split(view, below, next, spot, depth + 1));
            }
            if view.crown == Some(page) {
                let spot = Spot { parent: Some(index), child: 0, linked: false };
                deepest = deepest.max(self.visit_split(view, view.state.root, None, spot, depth + 1));
            }
        }
        self.columns = self.columns.max(first + 1);
        self.nodes[index as usize].past = self.columns;
        if depth == 0 {
            deepest = deepest.max(self.right_of(view, page, None, spot, 0));
        }
        deepest
    }

    /// Places a page, and right of it the page that it is being split into.
    fn visit_split(&mut self, view: &View, page: PageId, next: Option<PageId>, spot: Spot, depth: usize) -> usize {
        let deepest = if page.is_none() { depth - 1 } else { self.visit(view, page, spot, depth) };
        deepest.max(self.right_of(view, page, next, spot, depth))
    }

    fn right_of(&mut self, view: &View, page: PageId, next: Option<PageId>, spot: Spot, depth: usize) -> usize {
        let mut deepest = depth.saturating_sub(1);
        for Unlinked { left, right } in &view.unlinked {
            if *left == page && Some(*right) != next {
                deepest = deepest.max(self.visit(view, *right, Spot { linked: false, ..spot }, depth));
            }
        }
        deepest
    }

    fn set_levels(&mut self, depth: usize) {
        self.levels = vec![Vec::new(); if self.nodes.is_empty() { 0 } else { depth + 1 }];
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let level = depth - usize::from(node.level).min(depth);
            node.level = level as u8;
            self.levels[level].push(index as u32);
        }
    }

    /// How many columns there are: leaves, and inner pages without any.
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// How many levels.
    pub fn height(&self) -> usize {
        self.levels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn node(&self, page: PageId) -> Option<&Node> {
        let index = *self.places.get(page.index())?;
        self.nodes.get(index as usize)
    }

    pub fn parent(&self, node: &Node) -> Option<&Node> {
        self.nodes.get(node.parent? as usize)
    }

    /// The pages of a level, from left to right.
    pub fn level(&self, level: usize) -> impl ExactSizeIterator<Item = &Node> + Clone {
        let indices: &[u32] = self.levels.get(level).map_or(&[], |indices| indices);
        indices.iter().map(|index| &self.nodes[*index as usize])
    }

    /// Those that touch the columns from `low` to `high`.
    pub fn visible(&self, level: usize, low: f64, high: f64) -> impl ExactSizeIterator<Item = &Node> + Clone {
        let indices: &[u32] = self.levels.get(level).map_or(&[], |indices| indices);
        let from = indices.partition_point(|index| f64::from(self.nodes[*index as usize].past) <= low);
        let to = indices.partition_point(|index| f64::from(self.nodes[*index as usize].first) <= high);
        indices[from.min(to)..to].iter().map(|index| &self.nodes[*index as usize])
    }

    /// The place of a page in its level, from 0.
    pub fn rank(&self, node: &Node) -> usize {
        let Some(indices) = self.levels.get(usize::from(node.level)) else { return 0 };
        indices.partition_point(|index| self.nodes[*index as usize].first < node.first)
    }

    /// The page `by` places further in the same level, if there is one.
    pub fn beside(&self, node: &Node, by: isize) -> Option<&Node> {
        let rank = self.rank(node).checked_add_signed(by)?;
        self.level(usize::from(node.level)).nth(rank)
    }

    /// The first child that is drawn.
    pub fn below(&self, node: &Node) -> Option<&Node> {
        let level = usize::from(node.level).checked_sub(1)?;
        let middle = node.middle();
        let parent = self.places.get(node.page.index()).copied();
        self.visible(level, middle, middle).find(|below| below.parent == parent)
    }

    pub fn top(&self) -> Option<&Node> {
        self.levels.last().and_then(|level| level.first()).and_then(|index| self.nodes.get(*index as usize))
    }
}

/// Where a page hangs.
#[derive(Clone, Copy)]
struct Spot {
    parent: Option<u32>,
    child: u32,
    linked: bool,
}

/// The shape of a view, worked out when it is first asked for and shared by the views that follow until it changes.
#[derive(Clone, Default, Debug)]
pub struct CachedShape(OnceCell<Rc<Shape>>);

impl PartialEq for CachedShape {
    /// Two equal views have equal shapes, worked out or not.
    fn eq(&self, _: &CachedShape) -> bool {
        true
    }
}

impl View {
    /// The order of the pages.
    pub fn shape(&self) -> Rc<Shape> {
        self.shape.0.get_or_init(|| Rc::new(Shape::of(self))).clone()
    }

    /// What besides the pages themselves decides where pages stand.
    pub(super) fn oddities(&self) -> (usize, Option<PageId>) {
        (self.unlinked.len(), self.crown)
    }

    /// Forgets the shape when `event` has changed it.
    pub(super) fn reshape(&mut self, event: &Event, oddities_before: (usize, Option<PageId>)) {
        use Event::*;
        // By its body: a damaged trace may have an inner page of level 0.
        let inner = |page: &PageId| self.page(*page).is_some_and(|page| !matches!(page.body, PageBody::Leaf { .. }));
        let changed = match event {
            StateTaken { .. } | PageRestated { .. } | MetaRestated { .. } => true,
            PageFormatted { .. } | PageFreed { .. } | ChildInserted { .. } => true,
            LeftmostChildSet { .. } | RootChanged { .. } | OverflowWritten { .. } | DiskExtended { .. } => true,
            CellRemoved { page, .. } | RecordInserted { page, .. } | RecordReplaced { page, .. } => inner(page),
            CellsMoved { from, to, .. } => inner(from) || inner(to),
            _ => false,
        };
        if changed || self.oddities() != oddities_before {
            self.shape = CachedShape::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timeline;
    use crate::tests::{Noise, split_trace};

    fn rows(view: &View) -> Vec<Vec<u32>> {
        let shape = view.shape();
        (0..shape.height()).map(|level| shape.level(level).map(|node| node.page.0).collect()).collect()
    }

    #[test]
    fn a_page_that_is_not_linked_yet_stands_right_of_where_it_comes_from() {
        let timeline = Timeline::new(split_trace());
        assert_eq!(rows(&timeline.view_at(10)), [vec![1, 2], vec![3]]);
        assert_eq!(rows(&timeline.view_at(11)), [vec![1, 2, 4], vec![3]]);
        assert_eq!(rows(&timeline.view_at(20)), [vec![1, 2, 4], vec![3]]);
        assert!(!timeline.view_at(11).shape().node(PageId(4)).unwrap().linked);
        assert!(timeline.view_at(20).shape().node(PageId(4)).unwrap().linked);
    }

    #[test]
    fn visible_pages_are_those_whose_span_touches() {
        let view = View::of_state(Rc::new(crate::tests::sample_state(4)));
        let shape = view.shape();
        let seen: Vec<u32> = shape.visible(0, 1.2, 2.5).map(|node| node.page.0).collect();
        assert_eq!(seen, [2, 3]);
        assert_eq!(shape.visible(1, 3.0, 3.0).count(), 1);
        assert_eq!(shape.beside(shape.node(PageId(2)).unwrap(), 1).unwrap().page, PageId(3));
        assert_eq!(shape.beside(shape.node(PageId(1)).unwrap(), -1), None);
        assert_eq!(shape.top().unwrap().page, PageId(5));
        assert!(shape.below(shape.top().unwrap()).is_some());
    }

    #[test]
    fn any_trace_gives_each_page_one_place_in_order() {
        for seed in 0..30 {
            let trace = Noise(seed).trace(600);
            let mut view = View::default();
            for (index, record) in trace.iter().enumerate() {
                view.apply(index, record);
                let shape = view.shape();
                assert_eq!(*shape, Shape::of(&view), "the cached shape is stale after {record:?}");
                for level in 0..shape.height() {
                    let nodes: Vec<&Node> = shape.level(level).collect();
                    assert!(nodes.windows(2).all(|pair| pair[0].past <= pair[1].first), "{nodes:?}");
                    assert!(nodes.iter().all(|node| node.first < node.past && node.past <= shape.columns()));
                }
            }
        }
    }
}

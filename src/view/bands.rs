//! The tree from afar: a band for each level, in which every page spans the columns below it.
//!
//! ```text
//!   ████████████████████████████████   root
//!   ██████████ █████████████ ███████   inner pages over their children
//!   █▆█▇▃█▅▇▆▂ █▅█▇▃▅▇▆▂████ ▆▂▇▆▂▆▃   leaves, as high as they are full
//! ```
//!
//! Where pages are narrower than [`NARROW`] pixels, neighbours are drawn together, and a few of them stand for all: the
//! work is bounded by the width of the stage.

use super::{Node, Shape, View, scene};
use glassbase_trace::PageId;

/// A page narrower than this is drawn together with its neighbours.
const NARROW: f64 = 2.5;

/// Pages that stand for all that are drawn together.
const SAMPLES: usize = 6;

/// A piece of a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// In pixels.
    pub left: f64,
    pub right: f64,
    /// The page, when it is one.
    pub page: Option<PageId>,
    /// Share of the page in use.
    pub fill: f64,
    /// Share of the pages here that are in the pool.
    pub pooled: f64,
    /// The search went through here.
    pub lit: bool,
}

/// Which columns are shown on how many pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub low: f64,
    pub high: f64,
    pub width: f64,
}

impl Window {
    fn x(&self, edge: f64) -> f64 {
        (edge - self.low) / (self.high - self.low).max(1e-9) * self.width
    }
}

/// What bands are drawn from, besides the shape.
pub struct Source<'a> {
    pub view: &'a View,
    /// For each page whether it is in the pool.
    pooled: Vec<bool>,
    pub path: Vec<PageId>,
}

impl<'a> Source<'a> {
    pub fn of(view: &'a View) -> Source<'a> {
        let mut pooled = vec![false; view.state.pages.len()];
        for frame in &view.state.pool {
            if let Some(place) = pooled.get_mut(frame.page.index()) {
                *place = true;
            }
        }
        let path = view.operation.as_ref().map_or(Vec::new(), |operation| {
            operation.path.iter().map(|step| step.page).chain(operation.reading.map(|reading| reading.page)).collect()
        });
        Source { view, pooled, path }
    }

    fn is_pooled(&self, page: PageId) -> bool {
        self.pooled.get(page.index()).copied().unwrap_or(false)
    }
}

/// One level of the tree, from left to right.
pub fn band(source: &Source, shape: &Shape, level: usize, window: Window) -> Vec<Span> {
    let nodes: Vec<&Node> = shape.visible(level, window.low + 0.5, window.high + 0.499).collect();
    let mut spans = Vec::new();
    let mut index = 0;
    while let Some(node) = nodes.get(index) {
        let left = window.x(f64::from(node.first) - 0.5);
        let mut right = window.x(f64::from(node.past) - 0.5);
        let mut end = index + 1;
        while right - left < NARROW && end < nodes.len() {
            right = window.x(f64::from(nodes[end].past) - 0.5);
            end += 1;
        }
        spans.push(together(source, &nodes[index..end], left, right));
        index = end;
    }
    spans
}

fn together(source: &Source, nodes: &[&Node], left: f64, right: f64) -> Span {
    let step = nodes.len().div_ceil(SAMPLES).max(1);
    let (mut fill, mut pooled, mut count) = (0.0, 0.0, 0.0);
    for node in nodes.iter().step_by(step) {
        fill += scene::fill(source.view, node.page);
        pooled += f64::from(u8::from(source.is_pooled(node.page)));
        count += 1.0;
    }
    let lit = nodes.iter().any(|node| source.path.contains(&node.page));
    let page = (nodes.len() == 1).then(|| nodes[0].page);
    Span { left, right, page, fill: fill / f64::max(count, 1.0), pooled: pooled / f64::max(count, 1.0), lit }
}

/// The page of a level at a column.
pub fn page_at(shape: &Shape, level: usize, column: f64) -> Option<PageId> {
    let rounded = (column + 0.5).floor();
    shape.visible(level, rounded, rounded).find(|node| f64::from(node.past) > rounded).map(|node| node.page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample_state;
    use std::rc::Rc;

    #[test]
    fn bands_cover_the_level_and_join_narrow_pages() {
        let view = View::of_state(Rc::new(sample_state(400)));
        let shape = view.shape();
        let source = Source::of(&view);
        let whole = Window { low: -0.5, high: 399.5, width: 200.0 };
        let leaves = band(&source, &shape, 0, whole);
        assert!(leaves.len() <= 80, "{}", leaves.len());
        assert!(leaves.windows(2).all(|pair| (pair[0].right - pair[1].left).abs() < 1e-6));
        assert!((leaves[0].fill - 2.0 / 3.0).abs() < 1e-9);
        let near = Window { low: 9.5, high: 19.5, width: 200.0 };
        let leaves = band(&source, &shape, 0, near);
        let pages: Vec<u32> = leaves.iter().filter_map(|span| span.page).map(|page| page.0).collect();
        assert_eq!(pages, (11..=20).collect::<Vec<u32>>());
        assert_eq!(band(&source, &shape, 1, near).len(), 1);
        assert_eq!(page_at(&shape, 0, 9.6), Some(PageId(11)));
    }
}

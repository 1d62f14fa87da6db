//! Lays out a step of a trace.
//!
//! Only what is seen is laid out: of a level with thousands of pages the few whose columns are in sight. A page above
//! them slides along its span so that it stays in sight, and with it the way from the root down.
//!
//! ```text
//!                      ┌─ root ─┐                 slides with what is seen
//!   ────┤ seen ├────────────────────────────      its span
//!     ┌─ page ─┐
//!   ──┴────────┴───
//!     ▯ ▯ ▯ ▯ ▯ ▯                                 leaves stand still
//! ```
//!
//! **Invariant:** the work is proportional to what is seen, not to the tree.

use std::rc::Rc;

use super::metrics::{self, Shown, shown};
use super::motion;
use super::scene::{
    Anchor, CellText, CellWay, Edge, Link, Lod, Look, Mark, Overflow, PageShape, Scene, Stage, Touch, fill,
};
use super::{Change, Node, Selection, Shape, View};
use glassbase_trace::sorting::sort_by;
use glassbase_trace::{Event, FrameState, PageBody, PageId};

/// Lays out a step.
pub fn scene(stage: &Stage) -> Scene {
    let shapes = (stage.before.shape(), stage.after.shape());
    let motion = motion::between(stage);
    let mut pages: Vec<PageId> = Vec::new();
    for shape in [&shapes.0, &shapes.1] {
        let pitch = stage.metrics.pitch();
        let (low, high) = (stage.seen.left / pitch - 0.5, stage.seen.right / pitch + 0.5);
        for level in 0..shape.height() {
            pages.extend(shape.visible(level, low + 0.001, high).map(|node| node.page));
        }
    }
    pages.extend(motion.flights.iter().flat_map(|flight| [flight.from.page, flight.to.page]));
    pages.extend(motion.notes.iter().map(|note| note.page));
    sort_by(&mut pages, PageId::cmp);
    pages.dedup();
    let pool = pooled(stage.after, &pages);
    let builder = Builder { stage, before: &shapes.0, after: &shapes.1, pool };
    let mut scene = Scene { flights: motion.flights, notes: motion.notes, ..Scene::default() };
    scene.pages = pages.into_iter().filter_map(|page| builder.page(page, &motion.arrivals)).collect();
    scene.edges = builder.edges(&scene);
    scene.links = builder.links(&scene);
    let drawn = |spot: PageId| scene.pages.binary_search_by_key(&spot, |shape| shape.page).is_ok();
    scene.flights.retain(|flight| drawn(flight.from.page) && drawn(flight.to.page));
    scene.notes.retain(|note| drawn(note.page));
    scene
}

/// The frames that hold one of `pages` (ascending), by page. The pool may be large, what is seen is not.
fn pooled(view: &View, pages: &[PageId]) -> Vec<FrameState> {
    let mut frames = vec![None; pages.len()];
    for frame in &view.state.pool {
        if let Ok(at) = pages.binary_search(&frame.page) {
            frames[at] = Some(*frame);
        }
    }
    frames.into_iter().flatten().collect()
}

struct Builder<'a> {
    stage: &'a Stage<'a>,
    before: &'a Rc<Shape>,
    after: &'a Rc<Shape>,
    pool: Vec<FrameState>,
}

impl Builder<'_> {
    fn page(&self, page: PageId, arrivals: &[(PageId, usize)]) -> Option<PageShape> {
        let Stage { before, after, metrics, .. } = self.stage;
        let (old, new) = (self.before.node(page), self.after.node(page));
        let (from, to) = match (old, new) {
            (Some(old), Some(new)) => (Anchor::of(old, metrics), Anchor::of(new, metrics)),
            (None, Some(new)) => (self.birthplace(page, new), Anchor::of(new, metrics)),
            (Some(old), None) => (Anchor::of(old, metrics), self.grave(page, old)),
            (None, None) => return None,
        };
        let shows = if new.is_some() { after } else { before };
        let node = new.or(old)?;
        let state = shows.page(page)?;
        let columns = self.columns(shows, page);
        let look = self.look(shows, node, &columns);
        let was = if old.is_some() { self.columns(before, page) } else { Vec::new() };
        let ways = columns.iter().enumerate().map(|(column, shown)| {
            let to_x = metrics.slot_x(column as f64);
            let Shown::Slot(slot) = *shown else { return CellWay { from_x: to_x, to_x, arrives: false } };
            let origin = motion::origin(self.stage.record, page, slot);
            let from = origin.and_then(|slot| metrics::column_of(&was, slot));
            let from_x = from.map_or(to_x, |column| metrics.slot_x(column as f64));
            CellWay { from_x, to_x, arrives: arrivals.contains(&(page, slot)) }
        });
        let ways = ways.collect();
        let _ = state;
        let fade = (f64::from(u8::from(old.is_some())), f64::from(u8::from(new.is_some())));
        let fill = (fill(if old.is_some() { before } else { after }, page), fill(shows, page));
        Some(PageShape { page, from, to, fade, fill, look, ways })
    }

    /// A new page comes out of the one that it is split from.
    fn birthplace(&self, page: PageId, new: &Node) -> Anchor {
        let split = self.stage.after.unlinked.iter().find(|unlinked| unlinked.right == page);
        let left = split.and_then(|split| self.before.node(split.left));
        left.map_or(Anchor::of(new, &self.stage.metrics), |node| Anchor::of(node, &self.stage.metrics))
    }

    /// A page that was merged goes into the left one; others fade where they are.
    fn grave(&self, page: PageId, old: &Node) -> Anchor {
        let merged = self.stage.before.changes.iter().find_map(|change| match change {
            Change::Merge { left, right } if *right == page => Some(*left),
            _ => None,
        });
        let left = merged.and_then(|left| self.after.node(left));
        Anchor::of(left.unwrap_or(old), &self.stage.metrics)
    }

    fn columns(&self, view: &View, page: PageId) -> Vec<Shown> {
        if self.stage.lod == Lod::Bars {
            return Vec::new();
        }
        let cells = view.page(page).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
        shown(cells, self.stage.metrics.slots, self.focus(page))
    }

    /// The slot of a large page that is worth showing.
    fn focus(&self, page: PageId) -> Option<usize> {
        if let Some((found, slot)) = self.stage.found
            && found == page
        {
            return Some(slot);
        }
        if let Some(Selection::Cell { page: selected, slot }) = self.stage.selected
            && selected == page
        {
            return Some(usize::from(slot));
        }
        motion::focus(self.stage.record, page).or_else(|| {
            let operation = self.stage.after.operation.as_ref()?;
            operation.path.iter().find(|step| step.page == page).map(|step| usize::from(step.slot))
        })
    }

    fn look(&self, view: &View, node: &Node, columns: &[Shown]) -> Look {
        let page = node.page;
        let frame = self.pool.binary_search_by_key(&page, |frame| frame.page).ok().map(|index| self.pool[index]);
        let path = self.stage.after.operation.as_ref().map_or(&[][..], |operation| &operation.path);
        let place = self.stage.after.operation.as_ref().and_then(|operation| operation.place());
        let cells = view.page(page).and_then(|page| page.cells());
        let selected = match self.stage.selected {
            Some(Selection::Page(selected)) => selected == page,
            Some(Selection::Frame(selected)) => frame.is_some_and(|frame| frame.frame == selected),
            _ => false,
        };
        Look {
            level: node.level,
            root: view.state.root == page,
            keys: cells.map_or(0, |cells| cells.len()),
            pooled: frame.is_some(),
            dirty: frame.is_some_and(|frame| frame.dirty),
            pinned: frame.is_some_and(|frame| frame.pins > 0),
            touch: self.touch(page),
            on_path: path.iter().any(|step| step.page == page),
            current: place == Some(page),
            selected,
            texts: columns.iter().map(|shown| self.text(view, page, *shown)).collect(),
            overflow: self.overflow(view, page, columns),
        }
    }

    fn touch(&self, page: PageId) -> Touch {
        let Some(record) = self.stage.record else { return Touch::None };
        if !record.event.pages().contains(&page) || page.is_none() {
            return Touch::None;
        }
        match record.event {
            Event::PoolHit { .. } => Touch::Hit,
            Event::PoolMiss { .. } | Event::DiskRead { .. } => Touch::Miss,
            Event::PoolEvicted { .. } => Touch::Evicted,
            Event::PoolFlushed { .. } | Event::DiskWritten { .. } => Touch::Written,
            Event::PoolUnpinned { .. } | Event::PoolDirtied { .. } => Touch::None,
            _ => Touch::Active,
        }
    }

    fn text(&self, view: &View, page: PageId, shown: Shown) -> CellText {
        match shown {
            Shown::Gap { count, .. } => CellText { label: gap(count), slot: None, mark: Mark::None },
            Shown::Slot(slot) => {
                let label = view.key(page, slot).map_or(String::new(), |key| self.stage.metrics.label(key));
                CellText { label, slot: u16::try_from(slot).ok(), mark: self.mark(page, slot) }
            }
        }
    }

    fn mark(&self, page: PageId, slot: usize) -> Mark {
        let here = |other: PageId, at: u16| other == page && usize::from(at) == slot;
        if matches!(self.stage.selected, Some(Selection::Cell { page: other, slot: at }) if here(other, at)) {
            return Mark::Selected;
        }
        if self.stage.found == Some((page, slot)) {
            return Mark::Found;
        }
        let Some(operation) = &self.stage.after.operation else { return Mark::None };
        if let Some(reading) = operation.reading.filter(|reading| reading.page == page) {
            let first = usize::from(reading.slot);
            return if (first..first + usize::from(reading.count)).contains(&slot) { Mark::Found } else { Mark::None };
        }
        let Some(step) = operation.path.iter().find(|step| step.page == page) else { return Mark::None };
        if step.child.is_none() {
            return if step.found && usize::from(step.slot) == slot { Mark::Found } else { Mark::None };
        }
        let way = self.stage.after.way(page, step.slot, step.child);
        if slot == way || slot + 1 == way { Mark::Compared } else { Mark::None }
    }

    fn overflow(&self, view: &View, page: PageId, columns: &[Shown]) -> Vec<Overflow> {
        let Some(PageBody::Leaf { cells, .. }) = view.page(page).map(|page| &page.body) else { return Vec::new() };
        let chains = columns.iter().enumerate().filter_map(|(column, shown)| match *shown {
            Shown::Slot(slot) if slot < cells.len() && !cells.cell(slot).link.is_none() => {
                let first = cells.cell(slot).link;
                Some(Overflow { column, first, pages: chain_length(view, first) })
            }
            _ => None,
        });
        chains.collect()
    }

    fn edges(&self, scene: &Scene) -> Vec<Edge> {
        let mut edges = Vec::new();
        let path = self.stage.after.operation.as_ref().map_or(&[][..], |operation| &operation.path);
        for (child, shape) in scene.pages.iter().enumerate() {
            let Some(node) = self.after.node(shape.page).filter(|node| node.linked) else { continue };
            let Some(parent_node) = self.after.parent(node) else { continue };
            let Some(parent) = scene.index_of(parent_node.page) else { continue };
            let port_to = self.port(self.stage.after, parent_node.page, node.child as usize);
            let before = self
                .before
                .node(shape.page)
                .filter(|old| old.linked && self.before.parent(old).map(|old| old.page) == Some(parent_node.page));
            let port_from =
                before.map_or(port_to, |old| self.port(self.stage.before, parent_node.page, old.child as usize));
            let lit = path.iter().any(|step| step.page == parent_node.page && step.child == shape.page);
            edges.push(Edge { parent, child, port_from, port_to, lit });
        }
        edges
    }

    /// Where the way to a child leaves a page: below the border between two separators.
    fn port(&self, view: &View, page: PageId, child: usize) -> f64 {
        let metrics = &self.stage.metrics;
        let cells = view.page(page).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
        let columns = shown(cells, metrics.slots, self.focus(page));
        metrics.slot_x(metrics::border_of(&columns, child))
    }

    fn links(&self, scene: &Scene) -> Vec<Link> {
        let mut links = Vec::new();
        let reading = self.stage.after.operation.as_ref().and_then(|operation| operation.reading);
        for (left, shape) in scene.pages.iter().enumerate() {
            let Some(PageBody::Leaf { next, .. }) = self.stage.after.page(shape.page).map(|page| &page.body) else {
                continue;
            };
            let Some(node) = self.after.node(shape.page) else { continue };
            let Some(right) = scene.index_of(*next).filter(|_| !next.is_none()) else { continue };
            let beside =
                self.after.node(*next).is_some_and(|right| right.first == node.past && right.level == node.level);
            if !beside {
                continue;
            }
            let back = matches!(self.stage.after.page(*next).map(|page| &page.body), Some(PageBody::Leaf { prev, .. }) if *prev == shape.page);
            let lit =
                reading.is_some_and(
                    |reading| if reading.backward { reading.page == shape.page } else { reading.page == *next },
                );
            links.push(Link { left, right, both: back, lit });
        }
        links
    }
}

/// "+305" for slots that are not shown.
fn gap(count: usize) -> String {
    let mut label = String::from("+");
    label.push_str(&count.to_string());
    label
}

/// Pages of an overflow chain, counted up to 99.
fn chain_length(view: &View, first: PageId) -> usize {
    let mut page = first;
    for length in 0..99 {
        match view.page(page).map(|page| &page.body) {
            Some(PageBody::Overflow { next, .. }) if !page.is_none() => page = *next,
            _ => return length,
        }
    }
    99
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timeline;
    use crate::camera::Bounds;
    use crate::metrics::Metrics;
    use crate::motion::FlightKind;
    use crate::scene::Anchor;
    use crate::tests::{Noise, sample_state, split_trace};

    fn laid_out(timeline: &Timeline, index: usize, seen: Bounds, lod: Lod) -> Scene {
        let (before, after) = (timeline.view_at(index), timeline.view_at(index + 1));
        let metrics = Metrics::of(&timeline.view_at(timeline.len()));
        let record = timeline.record(index);
        scene(&Stage { before: &before, after: &after, record, metrics, seen, lod, selected: None, found: None })
    }

    const ALL: Bounds = Bounds { left: -1e4, top: -1e4, right: 1e4, bottom: 1e4 };

    #[test]
    fn a_split_moves_the_very_keys_that_move() {
        let timeline = Timeline::new(split_trace());
        let begins = laid_out(&timeline, 10, ALL, Lod::Keys);
        let right = &begins.pages[begins.index_of(PageId(4)).unwrap()];
        let left = &begins.pages[begins.index_of(PageId(2)).unwrap()];
        assert_eq!((right.from.x, right.fade), (left.from.x, (0.0, 1.0)), "it comes out of the page that is split");
        assert!(right.to.x > left.to.x);

        let moves = laid_out(&timeline, 11, ALL, Lod::Keys);
        let [flight] = &moves.flights.iter().filter(|one| one.kind == FlightKind::Cell).collect::<Vec<_>>()[..] else {
            panic!("{:?}", moves.flights)
        };
        assert_eq!((flight.label.as_str(), flight.from.page, flight.to.page), ("40", PageId(2), PageId(4)));
        assert!(flight.from.x > flight.to.x, "from the second slot to the first");
        let arrived = &moves.pages[moves.index_of(PageId(4)).unwrap()];
        assert!(arrived.ways[0].arrives, "until then the flight shows it");
    }

    #[test]
    fn a_separator_rises_from_where_its_key_stands_and_an_insert_from_its_search() {
        let timeline = Timeline::new(split_trace());
        let up = laid_out(&timeline, 14, ALL, Lod::Keys);
        let flight = up.flights.iter().find(|one| one.kind == FlightKind::Separator).unwrap();
        assert_eq!((flight.from.page, flight.to.page), (PageId(4), PageId(3)));
        let insert = laid_out(&timeline, 16, ALL, Lod::Keys);
        let flight = insert.flights.iter().find(|one| one.kind == FlightKind::Sought).unwrap();
        assert_eq!((flight.label.as_str(), flight.from.page, flight.to.page), ("35", PageId(2), PageId(2)));
        let notes: Vec<&str> = insert.notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(notes, ["30 ≤ 35", "30 < 35 < 40"]);
    }

    #[test]
    fn of_a_wide_tree_only_what_is_seen_is_laid_out_and_its_parents_stay_in_sight() {
        let mut trace = glassbase_trace::Trace::new();
        crate::tests::push(&mut trace, Event::StateTaken { state: Rc::new(sample_state(5000)) });
        let timeline = Timeline::new(trace);
        let seen = Bounds { left: 200_000.0, right: 201_000.0, top: -400.0, bottom: 200.0 };
        let scene = laid_out(&timeline, 0, seen, Lod::Keys);
        assert!((5..12).contains(&scene.pages.len()), "{}", scene.pages.len());
        let root = &scene.pages[scene.index_of(PageId(5001)).unwrap()];
        let x = root.to.slid(seen.left, seen.right, 60.0);
        assert!(seen.left < x && x < seen.right);
    }

    #[test]
    fn no_trace_makes_it_panic() {
        for seed in 0..24 {
            let timeline = Timeline::new(Noise(seed).trace(500));
            for index in 0..timeline.len() {
                let lod = if index % 2 == 0 { Lod::Keys } else { Lod::Bars };
                let scene = laid_out(&timeline, index, ALL, lod);
                assert!(scene.pages.iter().all(|page| page.look.texts.len() == page.ways.len()));
                let finite = |anchor: &Anchor| anchor.slid(-50.0, 50.0, 30.0).is_finite();
                assert!(scene.pages.iter().all(|page| finite(&page.from) && finite(&page.to)));
            }
        }
    }
}

//! What moves between pages in a step: keys in flight, and what a search says beside a page.
//!
//! A key keeps its identity: the cell that a split moves is the one that left the old leaf, a separator that goes up
//! starts where its key stands, and the key of an insert comes from the search that found its place.

use super::metrics::{self, HEADER_H, PAGE_H, SLOT_H, column_of, shown};
use super::scene::{Lod, Stage};
use super::{Change, OperationView, View};
use glassbase_trace::{Bytes, Event, PageId, Record};

/// More cells than this move as one pack.
const PACK: usize = 8;

/// A point in a page, from its left upper corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub page: PageId,
    pub x: f64,
    pub y: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightKind {
    /// A cell on its way to another page.
    Cell,
    /// A separator on its way to the page above.
    Separator,
    /// Several cells at once.
    Pack,
    /// The key that an operation is about.
    Sought,
    /// A cell that is deleted.
    Leaving,
}

/// Something on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    pub label: String,
    pub kind: FlightKind,
    pub from: Spot,
    pub to: Spot,
    /// Opacity before and after.
    pub fade: (f64, f64),
    /// It is still to be seen when the step is over.
    pub stays: bool,
}

/// What a search found out at a page: "20 ≤ 37 < 40".
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub page: PageId,
    pub text: String,
    /// The search is here now.
    pub current: bool,
    /// It is said in this very step.
    pub new: bool,
}

/// What moves in a step.
#[derive(Clone, Debug, Default)]
pub struct Motion {
    pub flights: Vec<Flight>,
    pub notes: Vec<Note>,
    /// Cells that a flight brings.
    pub arrivals: Vec<(PageId, usize)>,
}

/// The slot at which the cell that is at `slot` of `page` after `record` was before; nothing if it was elsewhere.
pub fn origin(record: Option<&Record>, page: PageId, slot: usize) -> Option<usize> {
    let Some(record) = record else { return Some(slot) };
    let inserted = |at: u16| match slot.cmp(&usize::from(at)) {
        std::cmp::Ordering::Less => Some(slot),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(slot - 1),
    };
    match &record.event {
        Event::RecordInserted { page: of, slot: at, .. } | Event::ChildInserted { page: of, slot: at, .. }
            if *of == page =>
        {
            inserted(*at)
        }
        Event::CellRemoved { page: of, slot: at, .. } if *of == page => {
            Some(slot + usize::from(slot >= usize::from(*at)))
        }
        Event::CellsMoved { from, from_slot, count, .. } if *from == page => {
            Some(slot + if slot >= usize::from(*from_slot) { usize::from(*count) } else { 0 })
        }
        Event::CellsMoved { to, to_slot, count, .. } if *to == page => {
            let (first, count) = (usize::from(*to_slot), usize::from(*count));
            match slot {
                slot if slot < first => Some(slot),
                slot if slot < first + count => None,
                slot => Some(slot - count),
            }
        }
        _ => Some(slot),
    }
}

/// The slot of a large page at which something happens.
pub fn focus(record: Option<&Record>, page: PageId) -> Option<usize> {
    match &record?.event {
        Event::RecordInserted { page: of, slot, .. } | Event::ChildInserted { page: of, slot, .. } if *of == page => {
            Some(usize::from(*slot))
        }
        Event::CellRemoved { page: of, slot, .. } | Event::SeparatorReplaced { page: of, slot, .. } if *of == page => {
            Some(usize::from(*slot))
        }
        _ => None,
    }
}

/// What moves between the stage's two views.
pub fn between(stage: &Stage) -> Motion {
    let mut motion = Motion::default();
    notes(stage, &mut motion);
    let Some(record) = stage.record else { return motion };
    let mut flying = false;
    match &record.event {
        Event::CellsMoved { from, from_slot, count, to, to_slot, .. } => {
            let (from, to) = ((*from, usize::from(*from_slot)), (*to, usize::from(*to_slot)));
            cells(stage, &mut motion, from, usize::from(*count), to);
        }
        Event::RecordInserted { page, slot, key, .. } => {
            let from = sought_spot(stage.before).unwrap_or(over(stage, *page));
            arrive(stage, &mut motion, from, (*page, usize::from(*slot)), key, FlightKind::Sought);
            flying = true;
        }
        Event::ChildInserted { page, slot, key, child, .. } => {
            let from = rises_from(stage, *page, key, *child);
            arrive(stage, &mut motion, from, (*page, usize::from(*slot)), key, FlightKind::Separator);
        }
        Event::SeparatorReplaced { page, slot, key, .. } => {
            let slot = usize::from(*slot);
            leave(stage, &mut motion, *page, slot);
            let right = stage.after.child(*page, slot + 1).unwrap_or_default();
            let from = rises_from(stage, *page, key, right);
            arrive(stage, &mut motion, from, (*page, slot), key, FlightKind::Separator);
        }
        // A separator that is carried up does not leave: it shows as carried.
        Event::CellRemoved { page, slot, .. } if stage.after.carried.len() <= stage.before.carried.len() => {
            leave(stage, &mut motion, *page, usize::from(*slot));
        }
        _ => {}
    }
    carried(stage, &mut motion);
    if !flying {
        sought(stage, &mut motion);
    }
    motion
}

/// The middle of a slot, in a page that shows it; else the middle of the page.
fn spot(stage: &Stage, view: &View, page: PageId, slot: usize) -> (Spot, bool) {
    let metrics = &stage.metrics;
    let cells = view.page(page).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
    let focus = focus(stage.record, page).or_else(|| {
        let operation = stage.after.operation.as_ref()?;
        operation.path.iter().find(|step| step.page == page).map(|step| usize::from(step.slot))
    });
    let columns = shown(cells, metrics.slots, focus);
    let y = HEADER_H + SLOT_H / 2.0;
    match column_of(&columns, slot).filter(|_| stage.lod == Lod::Keys) {
        Some(column) => (Spot { page, x: metrics.slot_x(column as f64 + 0.5), y }, true),
        None => (Spot { page, x: metrics.page_w / 2.0, y }, false),
    }
}

/// Above a page, clear of what a search says there.
fn over(stage: &Stage, page: PageId) -> Spot {
    Spot { page, x: stage.metrics.page_w / 2.0, y: -40.0 }
}

/// Where the key that is sought waits: at the left of what the search says.
fn sought_spot(view: &View) -> Option<Spot> {
    let operation = view.operation.as_ref()?;
    Some(Spot { page: operation.place()?, x: 0.0, y: -12.0 })
}

fn cells(stage: &Stage, motion: &mut Motion, from: (PageId, usize), count: usize, to: (PageId, usize)) {
    let there = stage.before.page(from.0).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
    let count = count.min(there.saturating_sub(from.1));
    let both = |index: usize| {
        let (start, seen) = spot(stage, stage.before, from.0, from.1 + index);
        let (end, arrives) = spot(stage, stage.after, to.0, to.1 + index);
        (start, end, seen && arrives)
    };
    if count > PACK || (0..count).any(|index| !both(index).2) {
        let label = super::describe::count(count as u64, "key");
        let middle = |page| Spot { page, x: stage.metrics.page_w / 2.0, y: HEADER_H + SLOT_H / 2.0 };
        let (from, to) = (middle(from.0), middle(to.0));
        motion.flights.push(Flight { label, kind: FlightKind::Pack, from, to, fade: (1.0, 1.0), stays: false });
        return;
    }
    for index in 0..count {
        let (start, end, _) = both(index);
        let label = stage.before.key(from.0, from.1 + index).map_or(String::new(), |key| stage.metrics.label(key));
        let kind = FlightKind::Cell;
        motion.flights.push(Flight { label, kind, from: start, to: end, fade: (1.0, 1.0), stays: false });
        motion.arrivals.push((to.0, to.1 + index));
    }
}

fn arrive(stage: &Stage, motion: &mut Motion, from: Spot, to: (PageId, usize), key: &Bytes, kind: FlightKind) {
    let (end, _) = spot(stage, stage.after, to.0, to.1);
    let label = stage.metrics.label(key);
    motion.flights.push(Flight { label, kind, from, to: end, fade: (1.0, 1.0), stays: false });
    motion.arrivals.push(to);
}

fn leave(stage: &Stage, motion: &mut Motion, page: PageId, slot: usize) {
    let Some(key) = stage.before.key(page, slot) else { return };
    let (from, _) = spot(stage, stage.before, page, slot);
    let to = Spot { y: PAGE_H + 26.0, ..from };
    let label = stage.metrics.label(key);
    motion.flights.push(Flight { label, kind: FlightKind::Leaving, from, to, fade: (1.0, 0.0), stays: false });
}

/// Where a separator that goes into `page` comes from: it was on its way, or it stands in the page above or below.
fn rises_from(stage: &Stage, page: PageId, key: &Bytes, child: PageId) -> Spot {
    if let Some(carried) = stage.before.carried.iter().find(|carried| carried.key == *key) {
        return over(stage, carried.from);
    }
    let merging = matches!(stage.before.changes.last(), Some(Change::Merge { .. } | Change::Borrow { .. }));
    let shape = stage.before.shape();
    let above = shape.node(page).and_then(|node| shape.parent(node)).map(|node| node.page).filter(|_| merging);
    for from in above.into_iter().chain([child]) {
        let slot = stage.before.page(from).and_then(|page| page.cells()).map(|cells| cells.search(key));
        if let Some((slot, true)) = slot {
            return spot(stage, stage.before, from, slot).0;
        }
    }
    over(stage, page)
}

/// Separators on their way up wait above the page that they come from.
fn carried(stage: &Stage, motion: &mut Motion) {
    for carried in &stage.after.carried {
        let to = over(stage, carried.from);
        let waits = stage.before.carried.contains(carried);
        let from = if waits { to } else { spot(stage, stage.before, carried.from, usize::from(carried.slot)).0 };
        let label = stage.metrics.label(&carried.key);
        let kind = FlightKind::Separator;
        motion.flights.push(Flight { label, kind, from, to, fade: (1.0, 1.0), stays: true });
    }
}

/// The key that is sought goes down with the search.
fn sought(stage: &Stage, motion: &mut Motion) {
    let Some(operation) = stage.after.operation.as_ref().filter(|operation| is_on_its_way(operation)) else { return };
    let Some(to) = sought_spot(stage.after) else { return };
    let before = stage.before.operation.as_ref().filter(|before| before.begun_at == operation.begun_at);
    let from = before.and_then(|_| sought_spot(stage.before));
    let fade = (if from.is_some() { 1.0 } else { 0.0 }, 1.0);
    let from = from.unwrap_or(Spot { y: to.y - 26.0, ..to });
    let label = stage.metrics.label(&operation.key);
    motion.flights.push(Flight { label, kind: FlightKind::Sought, from, to, fade, stays: true });
}

fn is_on_its_way(operation: &OperationView) -> bool {
    operation.ended.is_none() && !operation.key.is_empty() && operation.inserted_at.is_none()
}

fn notes(stage: &Stage, motion: &mut Motion) {
    let Some(operation) = &stage.after.operation else { return };
    let before = stage.before.operation.as_ref().filter(|before| before.begun_at == operation.begun_at);
    let known = before.map_or(0, |before| before.path.len());
    if operation.key.is_empty() {
        return;
    }
    for (index, step) in operation.path.iter().enumerate() {
        let text = match (step.child.is_none(), step.found) {
            (true, true) => {
                let mut text = String::from("= ");
                text.push_str(&stage.metrics.label(&operation.key));
                text
            }
            (leaf, _) => said(stage, operation, step.low.as_deref(), step.high.as_deref(), leaf),
        };
        let current = operation.place() == Some(step.page);
        motion.notes.push(Note { page: step.page, text, current, new: index >= known });
    }
}

/// "20 ≤ 37 < 40"; in a leaf the key on the left is smaller, not equal.
fn said(stage: &Stage, operation: &OperationView, low: Option<&[u8]>, high: Option<&[u8]>, leaf: bool) -> String {
    let label = |key: &[u8]| stage.metrics.label(key);
    let mut text = String::new();
    if let Some(low) = low {
        text.push_str(&label(low));
        text.push_str(if leaf { " < " } else { " ≤ " });
    }
    text.push_str(&label(&operation.key));
    if let Some(high) = high {
        text.push_str(" < ");
        text.push_str(&label(high));
    }
    text
}

/// A page's left upper corner may be outside of the stage; this is how far a flight arches above the straight way.
pub fn arch(distance: f64) -> f64 {
    (distance * 0.12).min(metrics::LEVEL_H * 0.25)
}

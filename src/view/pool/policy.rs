//! What each policy knows, drawn: its lists, the clock's hand, how far back uses lie.
//!
//! A page has one identity in all lists: when it goes from T1 to T2, or leaves the pool and is remembered, it moves there.

use super::super::Selection;
use super::super::View;
use super::super::arrange::{Place, sine_and_cosine};
use super::super::camera::Size;
use super::super::drawing::{Anchor, Drawing, Id, Marks, Shape};
use super::plan::{BALANCE_H, CHIP_H, Plan, ROW_H, ROWS_MAX, TITLE_H, known};
use super::words::{page_in, share};
use crate::trace::parts::ReplacementState;
use crate::trace::sorting::sort_by_key;
use crate::trace::{FrameId, PageId, PolicyKind, PolicyList, TARGET_ONE};

pub fn draw(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let Some(known) = known(view) else { return };
    let Place { x, y, w, .. } = plan.policy;
    let pen = Pen { plan, view, known, x, w };
    match known.policy {
        PolicyKind::Fifo => {
            pen.list(drawing, y, PolicyList::Queue, "Queue, the newest first");
        }
        PolicyKind::Lru => {
            pen.list(drawing, y, PolicyList::Recent, "By last use, the newest first");
        }
        PolicyKind::Clock if plan.is_ring() => ring(drawing, &pen, y),
        PolicyKind::Clock => {
            let text =
                format!("The hand is at frame {}; {} reference bits are set", known.hand.0, known.referenced.len());
            drawing.add(Shape::title_of(Id::of("policy", 1), x, y + 12.0, text));
        }
        PolicyKind::LruK => {
            let y = rows(drawing, &pen, y);
            pen.list(drawing, y, PolicyList::Retained, "Gone, their uses remembered");
        }
        PolicyKind::Optimum => {
            rows(drawing, &pen, y);
        }
        PolicyKind::TwoQueue => {
            let y = pen.list(drawing, y, PolicyList::Am, "Am: asked for again");
            let y = pen.list(drawing, y, PolicyList::A1in, "A1in: newcomers");
            pen.list(drawing, y, PolicyList::A1out, "A1out: newcomers that left");
        }
        PolicyKind::Arc => {
            let y = balance(drawing, &pen, y);
            let y = pen.list(drawing, y, PolicyList::T2, "T2: used again");
            let y = pen.list(drawing, y, PolicyList::T1, "T1: used once");
            let y = pen.list(drawing, y, PolicyList::B1, "B1: left T1");
            pen.list(drawing, y, PolicyList::B2, "B2: left T2");
        }
    }
}

struct Pen<'a> {
    plan: &'a Plan,
    view: &'a View,
    known: &'a ReplacementState,
    x: f64,
    w: f64,
}

impl Pen<'_> {
    /// A list with its title; gives where the next begins.
    fn list(&self, drawing: &mut Drawing, y: f64, list: PolicyList, title: &str) -> f64 {
        let items = self.known.list(list);
        let id = Id::of("list", list as u64);
        drawing.add(Shape::title_of(id, self.x, y + 12.0, format!("{title} · {}", items.len())));
        let wrap = self.plan.chips(self.x, y + TITLE_H, self.w);
        if items.is_empty() {
            let place = wrap.place(0);
            drawing.add(Shape::rect(id.and(1), place).class("slot").marks(Marks::EMPTY | Marks::MUTED));
        }
        // The newest first; of a long list its two ends.
        let cut = items.len() > self.plan.listed_max();
        let shown = if cut { self.plan.listed_max() } else { items.len() };
        for place in 0..shown {
            let from_newest = if cut && place >= shown / 2 { items.len() - shown + place } else { place };
            let item = items[items.len() - 1 - from_newest];
            let spot = if cut && place >= shown / 2 { place + 1 } else { place };
            self.chip(drawing, list, item, wrap.place(spot), from_newest + 1 == items.len());
        }
        if cut {
            let (x, y) = wrap.place(shown / 2).center();
            drawing.add(Shape::text(id.and(2), x, y + 4.0, "…").anchor(Anchor::Middle).class("quiet"));
        }
        y + self.plan.list_height(self.w, items.len())
    }

    fn chip(&self, drawing: &mut Drawing, list: PolicyList, item: u32, place: Place, next: bool) {
        let page = if list.is_memory() { Some(PageId(item)) } else { page_in(self.view, FrameId(item)) };
        let Some(page) = page else { return };
        // On its way back into the pool a page is remembered for a moment still.
        if list.is_memory() && self.view.in_pool(page) {
            return;
        }
        let mut shape = Shape::rect(chip_id(page), place).class("slot").label(page.0.to_string());
        let title = format!("Page {} in {}", page.0, super::words::name(list));
        shape = shape.target(Selection::Page(page), title);
        if list.is_memory() {
            shape = shape.marks(Marks::EMPTY | Marks::MUTED);
        } else {
            let frame = FrameId(item);
            let doing = &self.view.pool_doing;
            shape = shape.mark(Marks::LIT, doing.current.is_some_and(|(current, _)| current == frame));
            shape = shape.mark(
                Marks::EVICTED,
                doing.victim == Some(frame) || (next && doing.victim.is_none() && self.is_full() && self.has_one_end()),
            );
        }
        drawing.add(shape);
    }

    fn is_full(&self) -> bool {
        self.view.state.pool.len() >= self.view.state.frames as usize
    }

    /// Whether the end of the list is the next victim for sure.
    fn has_one_end(&self) -> bool {
        matches!(self.known.policy, PolicyKind::Fifo | PolicyKind::Lru)
    }
}

/// One page, whichever list it is in.
pub fn chip_id(page: PageId) -> Id {
    Id::of("listed", u64::from(page.0))
}

/// The frames in a ring, their reference bits, and the hand.
fn ring(drawing: &mut Drawing, pen: &Pen, y: f64) {
    let Pen { plan, view, known, x, w } = pen;
    let title = "The clock: pages and their reference bits";
    drawing.add(Shape::title_of(Id::of("policy", 1), *x, y + 12.0, title));
    let radius = plan.radius(*w);
    let middle = (x + w / 2.0, y + TITLE_H + CHIP_H + radius);
    let around = |place: u32, radius: f64| {
        let (sine, cosine) = sine_and_cosine(f64::from(place) / plan.frames as f64);
        (middle.0 + sine * radius, middle.1 - cosine * radius)
    };
    for number in 0..view.state.frames.min(plan.frames as u32) {
        let frame = FrameId(number);
        let (cx, cy) = around(number, radius);
        let size = Size { width: plan.chip.width + 8.0, height: CHIP_H + 4.0 };
        let place = Place::new(cx - size.width / 2.0, cy - size.height / 2.0, size.width, size.height);
        drawing.add(super::scene::frame_box(view, frame, place, false));
        if page_in(view, frame).is_some() {
            let (bx, by) = around(number, radius - CHIP_H - 8.0);
            let set = known.is_referenced(frame);
            let bit = Shape::text(Id::of("bit", u64::from(number)), bx, by + 4.0, if set { "1" } else { "0" });
            drawing.add(bit.class("mono").anchor(Anchor::Middle).mark(Marks::MUTED, !set));
        }
    }
    let tip = around(known.hand.0.min(plan.frames as u32), radius - CHIP_H - 22.0);
    drawing.add(Shape::arrow(Id::of("hand", 0), middle, tip).marks(Marks::LIT));
    drawing.add(Shape::dot(Id::of("hand", 1), middle.0, middle.1, 4.0));
}

/// How T1 and T2 share the frames, and where the target is.
fn balance(drawing: &mut Drawing, pen: &Pen, y: f64) -> f64 {
    let Pen { view, known, x, w, .. } = pen;
    let frames = f64::from(view.state.frames.max(1));
    let width = w.min(frames * 40.0);
    let unit = width / frames;
    let [once, again] = [PolicyList::T1, PolicyList::T2].map(|list| known.list(list).len());
    let target = known.target as f64 / TARGET_ONE as f64;
    let text = format!("Target of T1: {} of {} frames", share(known.target), view.state.frames);
    drawing.add(Shape::title_of(Id::of("policy", 1), *x, y + 12.0, text));
    let bar = |id, from: f64, length: usize| {
        Shape::rect(Id::of("balance", id), Place::new(x + from, y + 22.0, length as f64 * unit, 10.0)).class("slot")
    };
    let first = once as f64 * unit;
    drawing.add(bar(1, 0.0, once).marks(Marks::FOUND).said(format!("T1 has {once} pages")));
    drawing.add(bar(2, first, again).said(format!("T2 has {again} pages")));
    let at = x + (target * unit).min(width);
    drawing.add(Shape::line(Id::of("balance", 3), (at, y + 17.0), (at, y + 37.0)).marks(Marks::LIT));
    y + BALANCE_H
}

/// Pages by how far their K-th last use is back, or their next one ahead: the first leaves first.
fn rows(drawing: &mut Drawing, pen: &Pen, y: f64) -> f64 {
    let Pen { plan, view, known, x, w } = pen;
    let ahead = known.policy == PolicyKind::Optimum;
    let now = known.accesses;
    // Infinite first, then by distance.
    let rank = |frame: FrameId| {
        let times = known.times(frame);
        match (ahead, times) {
            (true, []) => (0, 0),
            (true, [next, ..]) => (1, u64::MAX - next.saturating_sub(now)),
            (false, times) => {
                let kth = times.get(known.k.saturating_sub(1) as usize).copied().unwrap_or(0);
                let last = times.last().copied().unwrap_or(0);
                if kth == 0 { (0, last) } else { (1, kth) }
            }
        }
    };
    let mut order: Vec<(FrameId, PageId)> = view.state.pool.iter().map(|held| (held.frame, held.page)).collect();
    sort_by_key(&mut order, |(frame, _)| (rank(*frame), *frame));
    let title = match known.policy {
        PolicyKind::Optimum => "By next use: the furthest leaves first".to_string(),
        _ => format!("By the {} use: the furthest leaves first", super::words::kth(known.k)),
    };
    drawing.add(Shape::title_of(Id::of("policy", 1), *x, y + 12.0, title));
    let distance = |frame: FrameId| match rank(frame) {
        (0, _) => None,
        (_, far) if ahead => Some(u64::MAX - far),
        (_, kth) => Some((now + 1).saturating_sub(kth)),
    };
    let furthest = order.iter().filter_map(|(frame, _)| distance(*frame)).max().unwrap_or(1).max(1);
    let bars = (w - plan.chip.width - 130.0).max(40.0);
    for (row, (frame, page)) in order.iter().take(ROWS_MAX).enumerate() {
        let top = y + TITLE_H + row as f64 * ROW_H;
        let place = Place::new(*x, top, plan.chip.width, ROW_H - 4.0);
        let doing = &view.pool_doing;
        let chip = Shape::rect(chip_id(*page), place).class("slot").label(page.0.to_string());
        let chip = chip.target(Selection::Page(*page), format!("Page {}", page.0));
        let lit = doing.current.is_some_and(|(current, _)| current == *frame);
        drawing.add(chip.mark(Marks::LIT, lit).mark(Marks::EVICTED, doing.victim == Some(*frame)));
        let far = distance(*frame);
        let length = far.map_or(bars, |far| bars * far as f64 / furthest as f64).max(2.0);
        let bar = Shape::rect(chip_id(*page).and(1), Place::new(x + plan.chip.width + 8.0, top + 6.0, length, 8.0));
        drawing.add(bar.class("bar").mark(Marks::MUTED, far.is_none()));
        let text = match far {
            None if ahead => "never again".to_string(),
            None if known.k == 2 => "used once".to_string(),
            None => format!("under {} uses", known.k),
            Some(far) if ahead => format!("in {far}"),
            Some(far) => format!("{far} ago"),
        };
        let label = Shape::text(chip_id(*page).and(2), x + plan.chip.width + 14.0 + length, top + 14.0, text);
        drawing.add(label.class("quiet"));
    }
    y + TITLE_H + plan.frames.min(ROWS_MAX) as f64 * ROW_H + 8.0
}

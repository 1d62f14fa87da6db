//! What each policy knows, drawn: its lists, the clock's hand, how far back uses lie.
//!
//! A page has one identity in all lists: when it goes from T1 to T2, or leaves the pool and is remembered, it moves there.

use super::super::Selection;
use super::super::View;
use super::super::arrange::{MONO_W, Place, TITLE_W, cut, in_row, sine_and_cosine};
use super::super::camera::Size;
use super::super::drawing::{Anchor, Drawing, Id, Marks, Shape};
use super::plan::{BALANCE_H, BUCKET_W, CHIP_GAP, CHIP_H, Plan, ROW_H, ROWS_MAX, SKETCH_ROW_H, TITLE_H, known};
use super::words::{noun, page_in, share};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{FrameId, PageId, PolicyKind, PolicyList, TARGET_ONE};

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
        PolicyKind::Random => {
            let items: Vec<u32> = view.state.pool.iter().rev().map(|held| held.frame.0).collect();
            pen.items(drawing, y, Kind::Held, "In no order", &items);
        }
        PolicyKind::Slru => {
            let y = pen.list(drawing, y, PolicyList::Protected, "Protected: hit again");
            pen.list(drawing, y, PolicyList::Probation, "On probation");
        }
        PolicyKind::Lfu => buckets(drawing, &pen, y),
        PolicyKind::Lirs => {
            let y = pen.stack(drawing, y);
            let y = pen.list(drawing, y, PolicyList::Lir, "LIR: came back soon");
            pen.list(drawing, y, PolicyList::Hir, "Q: the other residents (HIR)");
        }
        PolicyKind::WTinyLfu => {
            let room = match known.target {
                0 => String::new(),
                target => format!(", room for {}", share(target)),
            };
            let y = pen.list(drawing, y, PolicyList::Window, &format!("Window: newcomers{room}"));
            let y = pen.list(drawing, y, PolicyList::Protected, "Main, protected");
            let y = pen.list(drawing, y, PolicyList::Probation, "Main, on probation");
            sketch(drawing, &pen, y);
        }
        PolicyKind::S3Fifo => {
            let y = pen.list(drawing, y, PolicyList::Small, "Small queue: newcomers, and their hits");
            let y = pen.list(drawing, y, PolicyList::Main, "Main queue");
            pen.list(drawing, y, PolicyList::Ghost, "Ghost queue: names that left the small one");
        }
        PolicyKind::Sieve => {
            pen.list(drawing, y, PolicyList::Queue, "Queue, the newest first; visited bits, and the hand");
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

/// What stands in a row of chips.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Frames, or pages that left.
    List(PolicyList),
    /// Frames in no order.
    Held,
    /// Pages of LIRS's stack.
    Stack,
}

impl Kind {
    fn number(self) -> u64 {
        match self {
            Kind::List(list) => list as u64,
            Kind::Held => 100,
            Kind::Stack => 101,
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

/// A title above a list, cut where it has no room.
fn titled(id: Id, x: f64, y: f64, w: f64, text: String) -> Shape {
    Shape::title_of(id, x, y + 12.0, cut(&text, w, TITLE_W)).said(text)
}

impl Pen<'_> {
    /// A list with its title; gives where the next begins.
    fn list(&self, drawing: &mut Drawing, y: f64, list: PolicyList, title: &str) -> f64 {
        self.items(drawing, y, Kind::List(list), title, self.known.list(list))
    }

    /// LIRS's stack: what is there and what left, by last use.
    fn stack(&self, drawing: &mut Drawing, y: f64) -> f64 {
        let pages: Vec<u32> = self.known.stack.iter().map(|page| page.0).collect();
        self.items(drawing, y, Kind::Stack, "S: by last use, the newest first; dashed: left", &pages)
    }

    /// Items, given oldest first.
    fn items(&self, drawing: &mut Drawing, y: f64, list: Kind, title: &str, items: &[u32]) -> f64 {
        let id = Id::of("list", list.number());
        drawing.add(titled(id, self.x, y, self.w, format!("{title} · {}", items.len())));
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

    fn chip(&self, drawing: &mut Drawing, kind: Kind, item: u32, place: Place, next: bool) {
        let list = match kind {
            Kind::Stack => return self.stacked(drawing, PageId(item), place),
            Kind::List(list) => list,
            Kind::Held => PolicyList::Queue,
        };
        let page = if list.is_memory() { Some(PageId(item)) } else { page_in(self.view, FrameId(item)) };
        let Some(page) = page else { return };
        // On its way back into the pool a page is remembered for a moment still.
        if list.is_memory() && self.view.in_pool(page) {
            return;
        }
        let mut shape = Shape::rect(chip_id(page), place).class("slot").label(page.0.to_string());
        let title = format!("{} {} in {}", noun(self.view), page.0, super::words::name(list));
        shape = shape.target(Selection::Page(page), title);
        if list.is_memory() {
            shape = shape.marks(Marks::EMPTY | Marks::MUTED);
        } else {
            let frame = FrameId(item);
            let doing = &self.view.pool_doing;
            let count = self.known.count(frame);
            shape = shape.mark(Marks::FOUND, count > 0).mark(Marks::CURRENT, self.is_hand(frame));
            if count > 1 {
                shape = shape.note(count.to_string());
            }
            if self.is_hand(frame) {
                let (x, _) = place.center();
                let tip = (x, place.bottom() + 1.0);
                drawing.add(Shape::arrow(Id::of("hand", 0), (x, place.bottom() + 12.0), tip).marks(Marks::LIT));
            }
            shape = shape.mark(Marks::LIT, doing.current.is_some_and(|(current, _)| current == frame));
            shape = shape.mark(
                Marks::EVICTED,
                doing.victim == Some(frame) || (next && doing.victim.is_none() && self.is_full() && self.has_one_end()),
            );
        }
        drawing.add(shape);
    }

    /// A key of LIRS's stack, which stands in another list too if it is there.
    fn stacked(&self, drawing: &mut Drawing, page: PageId, place: Place) {
        let held = self.view.state.pool.iter().find(|held| held.page == page).map(|held| held.frame);
        let is_lir = held.is_some_and(|frame| self.known.list(PolicyList::Lir).contains(&frame.0));
        let what = if is_lir {
            "LIR"
        } else if held.is_some() {
            "HIR, there"
        } else {
            "HIR, left"
        };
        let id = Id::of("stacked", u64::from(page.0));
        let shape = Shape::rect(id, place).class("slot").label(page.0.to_string());
        let shape = shape.mark(Marks::FOUND, is_lir).mark(Marks::EMPTY | Marks::MUTED, held.is_none());
        drawing.add(shape.target(Selection::Page(page), format!("{} in the stack S: {what}", page.0)));
    }

    /// Whether SIEVE's hand stands here.
    fn is_hand(&self, frame: FrameId) -> bool {
        self.known.policy == PolicyKind::Sieve && self.known.hand == frame
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

/// LFU's buckets: those with the lowest counts, the lowest first.
fn buckets(drawing: &mut Drawing, pen: &Pen, y: f64) {
    let Pen { plan, view, known, x, w } = pen;
    let mut held: Vec<(u32, FrameId)> = known.counts.iter().map(|held| (held.count, held.frame)).collect();
    sort_by_key(&mut held, |held| *held);
    drawing.add(titled(Id::of("policy", 1), *x, y, *w, "By how often they were used: the lowest leave first".into()));
    let room = ((w - BUCKET_W) / (plan.chip.width + CHIP_GAP)).max(1.0) as usize;
    let lowest = held.first().map(|held| held.0);
    for (row, bucket) in held.chunk_by(|a, b| a.0 == b.0).take(ROWS_MAX).enumerate() {
        let top = y + TITLE_H + row as f64 * ROW_H;
        let (count, _) = bucket[0];
        let label = Shape::text(Id::of("bucket", u64::from(count)), *x, top + 15.0, format!("{count} ×"));
        drawing.add(label.class("mono"));
        let size = Size { width: plan.chip.width, height: ROW_H - 4.0 };
        for (index, (_, frame)) in bucket.iter().take(room).enumerate() {
            let place = in_row((x + BUCKET_W, top), size, CHIP_GAP, index);
            let Some(page) = page_in(view, *frame) else { continue };
            let doing = &view.pool_doing;
            let chip = Shape::rect(chip_id(page), place).class("slot").label(page.0.to_string());
            let chip = chip.target(Selection::Page(page), format!("{} {}: used {count} times", noun(view), page.0));
            let chip = chip.mark(Marks::LIT, doing.current.is_some_and(|(current, _)| current == *frame));
            drawing
                .add(chip.mark(Marks::EVICTED, doing.victim == Some(*frame)).mark(Marks::FOUND, Some(count) != lowest));
        }
    }
}

/// The counters of W-TinyLFU's sketch, as hexadecimal digits.
fn sketch(drawing: &mut Drawing, pen: &Pen, y: f64) {
    let Pen { known, x, w, .. } = pen;
    if known.sketch.is_empty() {
        return;
    }
    let title = "Sketch: a key has a counter in each row; the least of its four is the estimate";
    drawing.add(titled(Id::of("sketch", 0), *x, y, *w, title.into()));
    let width = (known.sketch.len() / 4).max(1);
    let room = ((w / MONO_W) as usize).max(8);
    for (row, counters) in known.sketch.chunks(width).enumerate() {
        let digit =
            |counter: &u32| char::from_digit(*counter, 16).map_or('?', |digit| if digit == '0' { '·' } else { digit });
        let mut text: String = counters.iter().take(room).map(digit).collect();
        if counters.len() > room {
            text.pop();
            text.push('…');
        }
        let top = y + TITLE_H + 12.0 + row as f64 * SKETCH_ROW_H;
        drawing.add(Shape::text(Id::of("sketch", 1 + row as u64), *x, top, text).class("mono"));
    }
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

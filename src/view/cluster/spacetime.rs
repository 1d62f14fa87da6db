//! The space-time diagram: nodes as lines, time to the right, messages as slanted arrows.
//!
//! ```text
//!          10 ms        12 ms        14 ms
//!   c1 ──▭ put x = 1 ▭───────────────┃──────
//!   n1 ───────╲──────────●───╱───────┃──────       ● a note        ┃ now
//!   n2 ────────╲────────────╱────────┃──────       what comes after now is pale
//! ```
//!
//! The window stands still while the cursor walks through it, and goes on by half of its width. Around what is selected,
//! its causal past and future are lit ([`super::causal`]), and all else is pale.

use std::rc::Rc;

use super::causal::{Cone, Side};
use super::doing::{Deal, Doing, Flight, LINKS, Landing, Moment, Stretch};
use super::plan::{AXIS_H, Plan, Rows};
use super::reigns::Reign;
use super::scene::Crowd;
use super::tenor::Tenor;
use super::words;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::camera::within;
use crate::drawing::{Anchor, Ask, Drawing, Heads, Id, Layer, Marks, Shape};
use crate::swarm::{Stroke, Tint};
use crate::time_span::TimeSpan;
use crate::{Selection, View};
use glassbase_trace::parts::cluster::{Verdict, why_dropped};
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{NodeId, NodeStatus, RequestFate, VerdictKind};

/// Most messages and notes that are drawn.
const STROKES_MAX: usize = 1200;
const NOTES_MAX: usize = 160;
/// The window shows about so many messages at a zoom of 1.
const ARROWS_AIMED: usize = 36;
const PALE: f64 = 0.3;

/// The part of virtual time that is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub from_ns: u64,
    pub span_ns: u64,
    pub now_ns: u64,
}

impl Window {
    /// The window at a point of the run. It stays where it is until the cursor is at three quarters of it, and where a
    /// person has pulled it to.
    pub fn of(ask: &Ask, now_ns: u64) -> Window {
        let doing = &ask.end.cluster_doing;
        let flights = doing.flights.iter();
        let length = doing.flights.len();
        let started_ns = if length > ARROWS_AIMED { doing.started_ns } else { awake_ns(doing, ask.end.time_ns) };
        let whole_ns = ask.end.time_ns.saturating_sub(started_ns).max(1);
        let first_ns = doing.flights.first().map_or(0, |flight| flight.sent_ns);
        let last_ns = flights.last().map_or(1, |flight| flight.until_ns().min(ask.end.time_ns));
        let each_ns = last_ns.saturating_sub(first_ns) as f64 / length.max(1) as f64;
        let aimed = if length > ARROWS_AIMED { each_ns * ARROWS_AIMED as f64 } else { whole_ns as f64 };
        let span_ns = ((aimed / ask.look.zoom.max(0.001)) as u64).clamp(1000, whole_ns.max(1000));
        // Halves of the window: in the k-th half the window begins at the half before it.
        let half = (span_ns / 2).max(1);
        let passed = now_ns.saturating_sub(started_ns);
        let quarter = half / 2;
        let steps = (passed + quarter) / half;
        let last = whole_ns.saturating_sub(span_ns);
        let from_ns = match ask.look.from_ns {
            Some(from_ns) => from_ns.clamp(doing.started_ns, started_ns + last),
            None => started_ns + (steps.saturating_sub(1) * half).min(last),
        };
        Window { from_ns, span_ns, now_ns }
    }

    fn until_ns(&self) -> u64 {
        self.from_ns.saturating_add(self.span_ns)
    }

    pub fn sees(&self, from_ns: u64, until_ns: u64) -> bool {
        from_ns <= self.until_ns() && until_ns >= self.from_ns
    }

    pub fn share(&self, ns: u64) -> f64 {
        if ns >= self.from_ns {
            (ns - self.from_ns) as f64 / self.span_ns as f64
        } else {
            -((self.from_ns - ns) as f64 / self.span_ns as f64)
        }
    }
}

/// When something happens first in a short run, or shortly before: a long sleep would press all the rest together.
fn awake_ns(doing: &Doing, end_ns: u64) -> u64 {
    let flight = doing.flights.first().map(|flight| flight.sent_ns);
    let others = [
        doing.deals.first().map(|deal| deal.asked_ns),
        doing.stretches.first().map(|stretch| stretch.from_ns),
        doing.moments.first().map(|moment| moment.ns),
    ];
    let Some(first_ns) = others.into_iter().flatten().chain(flight).min() else { return doing.started_ns };
    first_ns.saturating_sub(end_ns.saturating_sub(first_ns) / 16).max(doing.started_ns)
}

/// What everything in the diagram is drawn with.
struct Frame<'a> {
    plan: &'a Plan,
    rows: Rows,
    window: Window,
    cone: Option<&'a Cone>,
    selected: Option<Selection>,
}

impl Frame<'_> {
    fn x(&self, ns: u64) -> f64 {
        self.rows.place.x + self.rows.place.w * self.window.share(ns)
    }

    fn y(&self, node: NodeId) -> Option<f64> {
        Some(self.rows.place.y + (self.plan.row(node)? as f64 + 0.5) * self.rows.row_h)
    }

    /// How strong something is that was at this time, and its marks: by what is selected, else by now.
    fn strength(&self, side: Option<Side>, ns: u64) -> (f64, Marks) {
        match side {
            Some(Side::Past) => (1.0, Marks::LOGGED),
            Some(Side::Future) => (1.0, Marks::DIRTY),
            Some(Side::Apart) => (PALE * 0.7, Marks::NONE),
            None if ns > self.window.now_ns => (PALE, Marks::NONE),
            None => (1.0, Marks::NONE),
        }
    }

    /// The part of a slanted line that is in the window.
    fn clipped(&self, from: (f64, f64), to: (f64, f64)) -> ((f64, f64), (f64, f64)) {
        let (left, right) = (self.rows.place.x, self.rows.place.right());
        let at = |x: f64| {
            let share = if to.0 == from.0 { 0.0 } else { (x - from.0) / (to.0 - from.0) };
            (x, from.1 + (to.1 - from.1) * share)
        };
        let start = if from.0 < left { at(left) } else { from };
        let end = if to.0 > right { at(right) } else { to };
        (start, end)
    }
}

pub fn draw(d: &mut Drawing, ask: &Ask, plan: &Plan, crowd: Crowd, view: &View, cone: Option<&Cone>) {
    let (Some(rows), Some(cluster)) = (plan.diagram, view.cluster()) else { return };
    let window = Window::of(ask, view.time_ns);
    let doing = doing(ask, view, window);
    d.time = Some(TimeSpan {
        top: rows.place.y - AXIS_H,
        left: rows.place.x,
        width: rows.place.w,
        from_ns: window.from_ns,
        span_ns: window.span_ns,
        first_ns: ask.end.cluster_doing.started_ns,
        last_ns: ask.end.time_ns,
    });
    let frame = Frame { plan, rows, window, cone, selected: ask.selected };
    lines(d, &frame, cluster.nodes.len(), cluster.clients);
    axis(d, rows.place, &window);
    let broken = broken(ask);
    reigns(d, &frame, doing, &broken);
    stretches(d, &frame, doing);
    deals(d, &frame, doing, &broken);
    breaks(d, &frame, &broken);
    arrows(d, &frame, doing, crowd);
    notes(d, &frame, doing);
    cursor(d, &frame);
}

/// The end of the run knows what will be; a long run has forgotten its beginning by then.
fn doing<'a>(ask: &'a Ask, view: &'a View, window: Window) -> &'a Doing {
    let known_from = ask.end.cluster_doing.flights.first().map_or(0, |flight| flight.sent_ns);
    if known_from <= window.from_ns { &ask.end.cluster_doing } else { &view.cluster_doing }
}

/// Whether the window at the end of the step shows more messages than this.
pub fn is_beyond(ask: &Ask, most: usize) -> bool {
    let window = Window::of(ask, ask.after.time_ns);
    let flights = doing(ask, ask.after, window).flights.iter();
    flights.filter(|flight| window.sees(flight.sent_ns, flight.until_ns())).nth(most).is_some()
}

fn lines(d: &mut Drawing, frame: &Frame, nodes: usize, clients: u16) {
    let names = (1..=clients).map(NodeId::client).chain((1..=nodes as u16).map(NodeId));
    let mut last = usize::MAX;
    for name in names {
        let (Some(row), Some(y)) = (frame.plan.row(name), frame.y(name)) else { continue };
        if row == last {
            continue;
        }
        last = row;
        let id = Id::of("line", row as u64);
        let (left, right) = (frame.rows.place.x, frame.rows.place.right());
        d.add(Shape::line(id, (left, y), (right, y)).marks(Marks::MUTED));
        let text = Shape::text(id.and(1), frame.rows.names + 2.0, y + 4.0, name.to_string());
        d.add(if name.is_client() { text.class("quiet") } else { text.class("title") });
    }
}

/// A round number of nanoseconds so that about `wanted` of them are in `span_ns`.
fn tick(span_ns: u64, wanted: u64) -> u64 {
    let least = (span_ns / wanted.max(1)).max(1);
    let mut unit = 1;
    while unit < u64::MAX / 10 {
        for factor in [1, 2, 5] {
            if unit * factor >= least {
                return unit * factor;
            }
        }
        unit *= 10;
    }
    least
}

/// Ticks above a place and lines through it.
pub fn axis(d: &mut Drawing, place: Place, window: &Window) {
    let step = tick(window.span_ns, (place.w / 90.0) as u64);
    let first = window.from_ns.div_ceil(step);
    for number in (first..).take(64) {
        let Some(ns) = number.checked_mul(step).filter(|ns| *ns <= window.until_ns()) else { break };
        let x = place.x + place.w * window.share(ns);
        let id = Id::of("tick", ns);
        d.add(Shape::line(id, (x, place.y - 3.0), (x, place.bottom())).class("tick").layer(Layer::Ground));
        // A label that would be cut at the edge is left out.
        if x > place.x + 18.0 && x < place.right() - 24.0 {
            let text = Shape::text(id.and(1), x, place.y - 8.0, words::moment(ns, step));
            d.add(text.class("quiet").anchor(Anchor::Middle));
        }
    }
}

/// Who leads: a bar on its line.
fn reigns(d: &mut Drawing, frame: &Frame, doing: &Doing, broken: &[Rc<Verdict>]) {
    let one_a_term = !broken.iter().any(|verdict| verdict.text.starts_with("election safety"));
    for reign in doing.reigns.iter() {
        let now_ns = frame.window.now_ns;
        let until_ns = reign.until_ns.unwrap_or(u64::MAX);
        let Some(y) = frame.y(reign.node).filter(|_| frame.window.sees(reign.from_ns, until_ns)) else { continue };
        let place = frame.rows.place;
        let left = frame.x(reign.from_ns).max(place.x);
        let right = if reign.until_ns.is_none() { place.right() } else { frame.x(until_ns).min(place.right()) };
        let id = Id::of("reign", reign.from_ns).and(u64::from(reign.node.0));
        let (opacity, _) = frame.strength(None, reign.from_ns);
        // A coordinator or a single leader has no terms.
        let (text, label) = match reign.term {
            0 => (format!("{} leads", reign.node), "leads".to_string()),
            term => (format!("{} leads in term {term}", reign.node), format!("leads, term {term}")),
        };
        let (text, label, class) = match doing.reigns.iter().find(|other| !one_a_term && contradicts(reign, other)) {
            Some(other) => {
                (format!("{text}, and so does {}: two leaders of one term", other.node), label, "reign twice")
            }
            None => (text, label, "reign"),
        };
        let bar = Shape::rect(id, Place::new(left, y - 2.5, (right - left).max(1.0), 5.0)).class(class);
        d.add(bar.layer(Layer::Ground).opacity(opacity).said(text));
        let is_seen = reign.from_ns <= now_ns && frame.rows.row_h >= 22.0;
        if is_seen && right - left > label.chars().count() as f64 * SANS_W {
            let label = Shape::text(id.and(1), left + 2.0, y - 5.0, label).class("quiet reigns");
            d.add(label.layer(Layer::Lines));
        }
    }
}

/// Whether two nodes lead in the same term, where terms have one leader.
fn contradicts(one: &Reign, other: &Reign) -> bool {
    one.term > 0 && one.term == other.term && one.node != other.node
}

/// Faults: nodes that were down, paused or slow, and links that were cut.
fn stretches(d: &mut Drawing, frame: &Frame, doing: &Doing) {
    for (number, stretch) in doing.stretches.iter().enumerate() {
        let until_ns = stretch.until_ns.unwrap_or(u64::MAX);
        if !frame.window.sees(stretch.from_ns, until_ns) {
            continue;
        }
        let place = frame.rows.place;
        let left = frame.x(stretch.from_ns).max(place.x);
        let right = if stretch.until_ns.is_none() { place.right() } else { frame.x(until_ns).min(place.right()) };
        let id = Id::of("stretch", stretch.from_ns).and(u64::from(stretch.node.0)).and(number as u64);
        let (opacity, _) = frame.strength(None, stretch.from_ns);
        let (y, h) = match frame.y(stretch.node) {
            Some(y) => (y - frame.rows.row_h * 0.3, frame.rows.row_h * 0.6),
            None if stretch.node == LINKS => (place.y - AXIS_H + 6.0, 5.0),
            None => continue,
        };
        let shape = Shape::rect(id, Place::new(left, y, (right - left).max(1.0), h)).layer(Layer::Ground);
        let (class, marks) = look(stretch);
        d.add(shape.class(class).marks(marks).opacity(opacity).said(said(stretch)));
    }
}

pub fn look(stretch: &Stretch) -> (&'static str, Marks) {
    match (stretch.node, stretch.status) {
        (LINKS, _) => ("fault cut", Marks::FAILED),
        (_, NodeStatus::Down) => ("fault down", Marks::FAILED),
        (_, NodeStatus::Paused) => ("fault", Marks::STALE),
        _ => ("fault slow", Marks::EMPTY),
    }
}

pub fn said(stretch: &Stretch) -> String {
    let until = stretch.until_ns.map_or(String::new(), |ns| format!(" to {}", words::time(ns)));
    let from = words::time(stretch.from_ns);
    match stretch.node {
        LINKS => format!("Links cut from {from}{until}"),
        node => format!("{node} {} from {from}{until}", words::status(stretch.status)),
    }
}

/// What the checkers have found by the end of the run: what is broken is seen where it broke, before anybody checked.
fn broken(ask: &Ask) -> Vec<Rc<Verdict>> {
    let verdicts = ask.end.cluster().map_or(&[][..], |cluster| &cluster.verdicts);
    verdicts.iter().filter(|verdict| verdict.kind == VerdictKind::Violated).cloned().collect()
}

/// A line at the moment from which on nothing explains what clients were told.
fn breaks(d: &mut Drawing, frame: &Frame, broken: &[Rc<Verdict>]) {
    let place = frame.rows.place;
    for (index, verdict) in
        broken.iter().enumerate().filter(|(_, verdict)| frame.window.sees(verdict.at_ns, verdict.at_ns))
    {
        let (x, id) = (frame.x(verdict.at_ns), Id::of("break", index as u64));
        let line = Shape::line(id, (x, place.y - 2.0), (x, place.bottom())).class("break");
        d.add(line.said(format!("{} is broken here: {}", verdict.checker, verdict.text)));
        let cross = Shape::rect(id.and(1), Place::new(x - 7.0, place.y - 9.0, 14.0, 14.0)).class("gap");
        d.add(cross.marks(Marks::FAILED).layer(Layer::Lines));
    }
}

fn deals(d: &mut Drawing, frame: &Frame, doing: &Doing, broken: &[Rc<Verdict>]) {
    let h = (frame.rows.row_h - 4.0).min(18.0);
    let mut ends: Vec<(NodeId, f64)> = Vec::new();
    for deal in doing.deals.iter() {
        let until_ns = deal.ended_ns.unwrap_or(frame.window.now_ns.max(deal.asked_ns));
        if !frame.window.sees(deal.asked_ns, until_ns) {
            continue;
        }
        let Some(y) = frame.y(deal.client) else { continue };
        let place = frame.rows.place;
        let left = frame.x(deal.asked_ns).max(place.x);
        let right = frame.x(until_ns).min(place.right()).max(left + 3.0);
        // Clients that share a row, and operations at one moment: a bar for the first.
        let end = ends.iter_mut().find(|(client, _)| frame.plan.row(*client) == frame.plan.row(deal.client));
        match end {
            Some((_, end)) if *end > left => continue,
            Some((_, end)) => *end = right,
            None => ends.push((deal.client, right)),
        }
        let side = frame.cone.map(|cone| cone.side(deal.client, deal.asked_at));
        let (opacity, _) = frame.strength(side, deal.asked_ns);
        let shape = Shape::rect(Id::of("deal", deal.request), Place::new(left, y - h / 2.0, right - left, h));
        let over = deal.ended_ns.is_some_and(|ns| ns <= frame.window.now_ns);
        let text = if h >= 11.0 { cut(&deal.text, right - left - 6.0, MONO_W) } else { String::new() };
        let text = if text.chars().count() < 3 { String::new() } else { text };
        // The answer that no order explains came at this very moment.
        let breaks = deal.ended_ns.is_some_and(|ns| broken.iter().any(|verdict| verdict.at_ns == ns));
        let class = if breaks { "deal broken" } else { "deal" };
        let shape = shape.class(class).marks(fate(deal, over)).opacity(opacity).label(text);
        d.add(shape.target(Selection::Request(deal.request), told(deal, over)));
    }
}

fn fate(deal: &Deal, over: bool) -> Marks {
    match deal.fate {
        _ if !over => Marks::LIT,
        RequestFate::Done if deal.stale => Marks::STALE,
        RequestFate::Done | RequestFate::Open => Marks::NONE,
        RequestFate::Failed => Marks::FAILED,
        RequestFate::Unknown => Marks::EMPTY,
    }
}

fn told(deal: &Deal, over: bool) -> String {
    let answer = if deal.answer.is_empty() { words::fate(deal.fate) } else { &deal.answer };
    let (answer, stale) = if over { (answer, deal.stale) } else { ("open", false) };
    format!("{}: {}, {answer}{}", deal.client, deal.text, if stale { ", stale" } else { "" })
}

/// An arrow as it is drawn: where it begins and ends in the window, whether its head is in it, whether it is lost on its way.
struct Arrow {
    start: (f64, f64),
    end: (f64, f64),
    arrives: bool,
    lost: bool,
}

fn arrow(frame: &Frame, flight: &Flight) -> Option<Arrow> {
    let (from_y, to_y) = (frame.y(flight.from)?, frame.y(flight.to)?);
    let lost = matches!(flight.landing, Landing::Dropped { .. });
    let (from, mut to) = ((frame.x(flight.sent_ns), from_y), (frame.x(flight.until_ns()), to_y));
    if lost {
        let share = within(super::stage::share(flight.until_ns(), flight.sent_ns, flight.due_ns), 0.25, 0.85);
        to.1 = from_y + (to_y - from_y) * share;
    }
    let (start, end) = frame.clipped(from, to);
    Some(Arrow { start, end, arrives: end == to, lost })
}

fn seen<'a>(frame: &Frame, doing: &'a Doing) -> Vec<&'a Flight> {
    let window = frame.window;
    doing.flights.iter().filter(|flight| window.sees(flight.sent_ns, flight.until_ns())).collect()
}

/// The arrows of a crowd: no shapes, no words.
pub fn strokes(ask: &Ask, plan: &Plan, cone: Option<&Cone>) -> Vec<Stroke> {
    let Some(rows) = plan.diagram else { return Vec::new() };
    let window = Window::of(ask, ask.after.time_ns);
    let frame = Frame { plan, rows, window, cone, selected: ask.selected };
    let seen = seen(&frame, doing(ask, ask.after, window));
    // Too many to be told apart: every so many of them.
    let stride = seen.len().div_ceil(STROKES_MAX).max(1) as u64;
    let mut strokes = Vec::with_capacity(seen.len());
    for flight in seen.into_iter().filter(|flight| flight.message.0.is_multiple_of(stride)) {
        let Some(arrow) = arrow(&frame, flight) else { continue };
        let (opacity, marks) = frame.strength(cone.map(|cone| cone.of_flight(flight)), flight.sent_ns);
        let tenor = Tenor::of(flight.from, flight.to, &flight.kind, &flight.text);
        let (tint, width) = match marks {
            _ if arrow.lost => (Tint::Failed, 1.2),
            Marks::LOGGED => (Tint::Logged, 1.8),
            Marks::DIRTY => (Tint::Dirty, 1.8),
            _ => (tenor.tint(), if tenor == Tenor::Beat { 0.8 } else { 1.2 }),
        };
        let (head, target) = (arrow.arrives && !arrow.lost, Selection::Message(flight.message));
        let (from, to) = (arrow.start, arrow.end);
        strokes.push(Stroke { from, to, opacity, width, tint, lost: arrow.lost, head, target });
    }
    let key = |stroke: &Stroke| (stroke.lost, stroke.tint, (stroke.opacity * 100.0) as u32, stroke.width > 1.5);
    sort_by_key(&mut strokes, key);
    strokes
}

fn arrows(d: &mut Drawing, frame: &Frame, doing: &Doing, crowd: Crowd) {
    for flight in seen(frame, doing) {
        let chosen = frame.selected == Some(Selection::Message(flight.message));
        if crowd.arrows && !chosen {
            continue;
        }
        let Some(Arrow { start, end, arrives, lost }) = arrow(frame, flight) else { continue };
        let side = frame.cone.map(|cone| cone.of_flight(flight));
        let tenor = Tenor::of(flight.from, flight.to, &flight.kind, &flight.text);
        let (opacity, marks) = frame.strength(side, flight.sent_ns);
        let heads = if arrives && !lost { Heads::End } else { Heads::None };
        let shape = Shape::line(Id::of("arrow", flight.message.0), start, end).heads(heads).class(tenor.arrow());
        let shape = shape.marks(marks).mark(Marks::FAILED | Marks::EMPTY, lost).mark(Marks::LIT, chosen);
        d.add(shape.opacity(opacity).target(Selection::Message(flight.message), of_flight(flight)));
        if lost && arrives {
            let cross = Place::new(end.0 - 7.0, end.1 - 7.0, 14.0, 14.0);
            let cross = Shape::rect(Id::of("arrow", flight.message.0).and(1), cross).class("gap");
            d.add(cross.marks(Marks::FAILED).opacity(opacity).layer(Layer::Lines));
        }
    }
}

fn of_flight(flight: &Flight) -> String {
    let text = if flight.text.is_empty() { String::new() } else { format!(": {}", flight.text) };
    let fate = match flight.landing {
        Landing::Dropped { why, .. } => format!(", {}", why_dropped(why)),
        _ => String::new(),
    };
    format!("{} from {} to {}{text}{fate}", flight.kind, flight.from, flight.to)
}

fn notes(d: &mut Drawing, frame: &Frame, doing: &Doing) {
    let seen: Vec<&Moment> = doing.moments.iter().filter(|moment| frame.window.sees(moment.ns, moment.ns)).collect();
    let stride = seen.len().div_ceil(NOTES_MAX).max(1);
    for moment in seen.into_iter().step_by(stride) {
        let Some(y) = frame.y(moment.node) else { continue };
        let side = frame.cone.map(|cone| cone.side(moment.node, moment.at));
        let (opacity, marks) = frame.strength(side, moment.ns);
        let (class, radius) = of_note(&moment.topic);
        // What is noted at the right edge stands inside it.
        let x = frame.x(moment.ns).min(frame.rows.place.right() - radius);
        let dot = Shape::dot(Id::of("note", moment.at as u64), x, y, radius).class(class);
        d.add(dot.opacity(opacity).marks(marks).said(moment.text.to_string()));
    }
}

/// How a decision looks: who leads and what is decided stands out.
fn of_note(topic: &str) -> (&'static str, f64) {
    match topic {
        "elected" | "promoted" => ("dot note crown", 5.0),
        "decided" | "booked" | "saga-ended" | "entry-committed" | "chosen" | "written" | "read" | "read-confirmed"
        | "lease-read" => ("dot note decided", 3.5),
        "aborted" | "stuck" | "undo-refused" | "forgotten" | "siblings" | "log-taken-back" | "stepped-down"
        | "timed-out" | "refused" | "majority-lost" | "fenced" => ("dot note wrong", 3.5),
        _ => ("dot note", 2.5),
    }
}

fn cursor(d: &mut Drawing, frame: &Frame) {
    let place = frame.rows.place;
    let x = frame.x(frame.window.now_ns).min(place.right()).max(place.x);
    let line = Shape::line(Id::of("cursor", 0), (x, place.y - 4.0), (x, place.bottom())).class("cursor");
    d.add(line.layer(Layer::Signs).evenly());
}

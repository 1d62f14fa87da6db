//! The timeline of a history that breaks a promise: the smallest part that shows it, among what else clients did.
//!
//! ```text
//!   linearizable: 3 operations that no order explains
//!   links ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                       faults, on the same axis
//!   n2          ▒▒▒ down ▒▒▒
//!   c1  ┃x: write 1┃   ┆ x: write 2 ┆            ringed: the part; dim: the others
//!   c2       ┆•y: read: 7┆   ╠x: read: 1╣        a dot: the moment in an order that explains it; the double ring: what fails
//! ```
//!
//! It takes the place of the space-time diagram as long as the verdict is selected.

use std::rc::Rc;

use super::doing::{Deal, Doing, LINKS, Stretch};
use super::plan::{AXIS_H, Plan, Rows};
use super::spacetime::{Window, axis, look, said};
use super::words;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::drawing::{Ask, Drawing, Id, Layer, Marks, Shape};
use crate::time_span::TimeSpan;
use crate::{Selection, View};
use glassbase_trace::parts::cluster::{Suspect, Verdict};
use glassbase_trace::{NodeId, VerdictKind};

/// Most rows, and how high one is at most and at least.
const ROWS_MAX: usize = 14;
const ROW_H: f64 = 34.0;
const ROW_MIN: f64 = 13.0;
/// Width of the names of rows.
const NAMES_W: f64 = 44.0;
const DIM: f64 = 0.35;

/// The verdict that is selected, if operations show what is wrong.
pub fn selected(ask: &Ask) -> Option<Rc<Verdict>> {
    let Some(Selection::Verdict(index)) = ask.selected else { return None };
    let of = |view: &View| view.cluster()?.verdicts.get(usize::from(index)).cloned();
    let shows = |verdict: &Rc<Verdict>| verdict.kind == VerdictKind::Violated && !verdict.proof.part.is_empty();
    of(ask.end).filter(shows).or_else(|| of(ask.after).filter(shows))
}

/// The time of the whole part, and a little more at both sides.
fn window(verdict: &Verdict, now_ns: u64) -> Window {
    let part = &verdict.proof.part;
    let first = part.iter().map(|suspect| suspect.asked_ns).min().unwrap_or(0);
    let last = part.iter().filter_map(|suspect| suspect.ended_ns).max().unwrap_or(first).max(verdict.at_ns);
    let aside = ((last - first.min(last)) / 12).max(1_000_000);
    Window { from_ns: first.saturating_sub(aside), span_ns: last + 2 * aside - first.min(last), now_ns }
}

/// What the rows of the timeline are, at most so many: faults first, then clients, those of the part before others.
fn rows(verdict: &Verdict, doing: &Doing, window: &Window, most: usize) -> (Vec<NodeId>, Vec<NodeId>) {
    let mut faults: Vec<NodeId> = Vec::new();
    let seen = |stretch: &&Stretch| window.sees(stretch.from_ns, stretch.until_ns.unwrap_or(u64::MAX));
    for stretch in doing.stretches.iter().filter(seen) {
        if !faults.contains(&stretch.node) {
            faults.push(stretch.node);
        }
    }
    let mut clients: Vec<NodeId> = Vec::new();
    let others = doing.deals.iter().filter(|deal| window.sees(deal.asked_ns, ended(deal))).map(|deal| deal.client);
    for client in verdict.proof.part.iter().map(|suspect| suspect.client).chain(others) {
        if !clients.contains(&client) {
            clients.push(client);
        }
    }
    faults.truncate(most.saturating_sub(clients.len()).max(most / 3));
    clients.truncate(most - faults.len());
    glassbase_trace::sorting::sort_by_key(&mut clients, |client| *client);
    (faults, clients)
}

fn ended(deal: &Deal) -> u64 {
    deal.ended_ns.unwrap_or(u64::MAX)
}

/// Everything in the timeline is placed by this.
struct Sheet {
    rows: Rows,
    window: Window,
    faults: usize,
    clients: Vec<NodeId>,
}

impl Sheet {
    fn x(&self, ns: u64) -> f64 {
        let place = self.rows.place;
        crate::camera::within(place.x + place.w * self.window.share(ns), place.x, place.right())
    }

    /// The box of a row between two moments.
    fn bar(&self, row: usize, from_ns: u64, until_ns: u64) -> Place {
        let (left, right) = (self.x(from_ns), self.x(until_ns));
        let (y, h) = (self.rows.place.y + row as f64 * self.rows.row_h, (self.rows.row_h - 6.0).min(20.0));
        Place::new(left, y + (self.rows.row_h - h) / 2.0, (right - left).max(3.0), h)
    }

    fn row_of(&self, client: NodeId) -> Option<usize> {
        self.clients.iter().position(|known| *known == client).map(|at| at + self.faults)
    }
}

pub fn draw(d: &mut Drawing, ask: &Ask, plan: &Plan, view: &View, verdict: &Verdict) {
    let Some(room) = plan.diagram else { return };
    let (doing, window) = (&ask.end.cluster_doing, window(verdict, view.time_ns));
    // One more line than the diagram has: what the timeline is about.
    let (whole, left) = (room.place, room.names);
    let place = Place::new(left + NAMES_W, whole.y + 18.0, whole.right() - left - NAMES_W, (whole.h - 18.0).max(15.0));
    let most = ((place.h / ROW_MIN) as usize).clamp(1, ROWS_MAX);
    let (faults, clients) = rows(verdict, doing, &window, most);
    let count = (faults.len() + clients.len()).max(1) as f64;
    let rows = Rows { place, row_h: (place.h / count).min(ROW_H), names: left };
    let place = Place { h: rows.row_h * count, ..place };
    let sheet = Sheet { rows: Rows { place, ..rows }, window, faults: faults.len(), clients };
    let part = &verdict.proof.part;
    let title = format!("{}: {} operations that show it. {}", verdict.checker, part.len(), verdict.text);
    let top = whole.y - AXIS_H;
    let line =
        Shape::title_of(Id::of("history", 0), left + 2.0, top + 12.0, cut(&title, whole.right() - left, SANS_W + 0.6));
    d.add(line.said(title));
    d.time = Some(TimeSpan {
        top,
        left: place.x,
        width: place.w,
        from_ns: window.from_ns,
        span_ns: window.span_ns,
        first_ns: doing.started_ns,
        last_ns: ask.end.time_ns,
    });
    axis(d, place, &window);
    for (row, node) in faults.iter().enumerate() {
        let name = if *node == LINKS { "links".to_string() } else { node.to_string() };
        self::name(d, &sheet, row, name);
        for stretch in doing.stretches.iter().filter(|stretch| stretch.node == *node) {
            fault(d, &sheet, row, stretch);
        }
    }
    for (at, client) in sheet.clients.iter().enumerate() {
        name(d, &sheet, at + sheet.faults, client.to_string());
    }
    let in_part = |deal: &Deal| part.iter().any(|suspect| suspect.request == deal.request);
    for deal in doing.deals.iter().filter(|deal| window.sees(deal.asked_ns, ended(deal)) && !in_part(deal)) {
        other(d, &sheet, deal);
    }
    bars(d, &sheet, part);
    for explained in &verdict.proof.prefix {
        let deal = doing.deals.find(explained.request, |deal| deal.request);
        let row = deal.and_then(|deal| sheet.row_of(deal.client));
        let Some(row) = row.filter(|_| window.sees(explained.at_ns, explained.at_ns)) else { continue };
        let place = sheet.bar(row, explained.at_ns, explained.at_ns);
        let dot = Shape::dot(Id::of("explained", explained.request), place.x, place.y, 3.0).class("dot note decided");
        d.add(dot.said(format!("Explained: it took effect at {}", words::time(explained.at_ns))));
    }
    let x = sheet.x(verdict.at_ns);
    let line = Shape::line(Id::of("break", 0), (x, place.y - 2.0), (x, place.bottom())).class("break");
    d.add(line.said(format!("{} is broken here: {}", verdict.checker, verdict.text)));
    let x = sheet.x(view.time_ns);
    let line = Shape::line(Id::of("cursor", 0), (x, place.y - 4.0), (x, place.bottom())).class("cursor");
    d.add(line.layer(Layer::Signs).evenly());
}

fn name(d: &mut Drawing, sheet: &Sheet, row: usize, name: String) {
    let y = sheet.rows.place.y + (row as f64 + 0.5) * sheet.rows.row_h + 4.0;
    d.add(Shape::text(Id::of("history-row", row as u64), sheet.rows.names + 2.0, y, name).class("title"));
}

fn fault(d: &mut Drawing, sheet: &Sheet, row: usize, stretch: &Stretch) {
    let until_ns = stretch.until_ns.unwrap_or(u64::MAX);
    if !sheet.window.sees(stretch.from_ns, until_ns) {
        return;
    }
    let place = sheet.bar(row, stretch.from_ns, until_ns);
    let word = if stretch.node == LINKS { "cut" } else { words::status(stretch.status) };
    let word = if place.w > 50.0 { word } else { "" };
    let (class, marks) = look(stretch);
    let id = Id::of("history-fault", stretch.from_ns).and(u64::from(stretch.node.0));
    d.add(Shape::rect(id, place).class(class).marks(marks).label(word).said(said(stretch)));
}

/// An operation that is not in the part: dim.
fn other(d: &mut Drawing, sheet: &Sheet, deal: &Deal) {
    let Some(row) = sheet.row_of(deal.client) else { return };
    let place = sheet.bar(row, deal.asked_ns, ended(deal));
    let shape = Shape::rect(Id::of("history-deal", deal.request), place).class("deal").opacity(DIM);
    d.add(shape.target(Selection::Request(deal.request), format!("{}: {}: {}", deal.client, deal.text, deal.answer)));
}

/// The operations of the part: ringed, with their answers.
fn bars(d: &mut Drawing, sheet: &Sheet, part: &[Suspect]) {
    let place = |suspect: &Suspect| {
        let until_ns = suspect.ended_ns.unwrap_or(u64::MAX);
        sheet.row_of(suspect.client).map(|row| sheet.bar(row, suspect.asked_ns, until_ns))
    };
    let mut taken: Vec<Place> = part.iter().filter_map(place).collect();
    for suspect in part {
        let Some(place) = place(suspect) else { continue };
        let inside = bar(d, place, suspect);
        if !inside {
            beside(d, sheet, place, suspect, &mut taken);
        }
    }
}

/// Whether its text found room inside.
fn bar(d: &mut Drawing, place: Place, suspect: &Suspect) -> bool {
    let class = if suspect.failing { "deal broken" } else { "deal part" };
    let what = if suspect.failing { "nothing explains it" } else { "part of what shows it" };
    let until =
        suspect.ended_ns.map_or("nobody knows when it ended".to_string(), |ns| format!("to {}", words::time(ns)));
    let from = words::time(suspect.asked_ns);
    let title = format!("{}: {}; {what}; from {from} {until}", suspect.client, suspect.text);
    let inside = width(&suspect.text) + 8.0 <= place.w;
    let shape = Shape::rect(Id::of("history-part", suspect.request), place).class(class);
    let shape = shape.mark(Marks::FAILED, suspect.failing).target(Selection::Request(suspect.request), title);
    d.add(if inside { shape.label(suspect.text.to_string()) } else { shape });
    inside
}

fn width(text: &str) -> f64 {
    text.chars().count() as f64 * MONO_W
}

/// What finds no room inside stands to the right or to the left, where nothing of the part is.
fn beside(d: &mut Drawing, sheet: &Sheet, place: Place, suspect: &Suspect, taken: &mut Vec<Place>) {
    let w = width(&suspect.text);
    let fits = |room: &Place| {
        let apart = |other: &Place| {
            room.right() <= other.x || other.right() <= room.x || room.bottom() <= other.y || other.bottom() <= room.y
        };
        room.x >= sheet.rows.place.x && room.right() <= sheet.rows.place.right() && taken.iter().all(apart)
    };
    let mut rooms = [place.right() + 5.0, place.x - 5.0 - w].map(|x| Place { x, w, ..place }).into_iter();
    let Some(room) = rooms.find(fits) else { return };
    taken.push(room);
    let y = room.y + room.h / 2.0 + 4.0;
    let text = Shape::text(Id::of("history-text", suspect.request), room.x, y, suspect.text.to_string());
    d.add(text.class("label on-message"));
}

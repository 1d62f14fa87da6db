//! The picture: a row of application servers, a row of L2 nodes, the database; requests where they are in virtual time; and
//! below them the database's load.
//!
//! ```text
//!   time                                          ·  ·   requests arrive
//!   ┌ app 1 ─ L1 entries ┐ ┌ app 2 ─────┐
//!   ┌ L2 1 ─ entries ────┐ ┌ L2 2 ──────┐            a dot is where it is; one that waits stands below its server's edge
//!   ┌ database ─ connections ─ queue ───┐
//!   queries over time
//! ```

use super::chart;
use crate::trace::parts::TiersState;
use crate::trace::parts::tiers::{EntryState, PlaceState, TierRequest, plain_key};
use crate::trace::{BreakerState, NodeId, TierKind, TierOperation, TierStatus, TierWait};
use crate::view::arrange::{MONO_W, Place, SANS_W, Wrap, cut};
use crate::view::camera::Size;
use crate::view::drawing::{Anchor, Ask, Drawing, Id, Layer, Marks, Shape, Step};
use crate::view::{Selection, View};

const HEAD_H: f64 = 26.0;
const CLIENTS_H: f64 = 24.0;
const TIER_H: f64 = 78.0;
const BASE_H: f64 = 58.0;
/// Between two tiers: where requests fly.
const FALL_H: f64 = 34.0;
const GAP: f64 = 10.0;
const SLOT: Size = Size { width: 46.0, height: 17.0 };
const WIDTH_MIN: f64 = 300.0;
/// Dots that are drawn; of more than these some are left out.
const DOTS_MAX: usize = 400;

pub fn draw(ask: &Ask) -> Step {
    Step::of(ask, |view| picture(ask, view))
}

/// Where everything stands.
pub struct Plan {
    pub width: f64,
    places: Vec<Place>,
    pub chart: Place,
}

impl Plan {
    fn of(room: Size, tiers: &TiersState) -> Plan {
        let width = room.width.max(WIDTH_MIN);
        let mut places = Vec::new();
        let mut y = HEAD_H + CLIENTS_H;
        for (kind, height) in [(TierKind::App, TIER_H), (TierKind::Cache, TIER_H), (TierKind::Database, BASE_H)] {
            let count = tiers.places.iter().filter(|place| place.kind == kind).count();
            let w = ((width - GAP * (count.max(1) - 1) as f64) / count.max(1) as f64).max(8.0);
            places.extend((0..count).map(|at| Place::new((w + GAP) * at as f64, y, w, height)));
            y += height + FALL_H;
        }
        let chart_h = (room.height - y).clamp(110.0, 240.0);
        Plan { width, places, chart: Place::new(0.0, y - 12.0, width, chart_h) }
    }

    /// Where a server stands; for a client, where its requests come from.
    fn spot(&self, id: NodeId) -> (f64, f64) {
        if id.is_client() {
            let share = f64::from(id.number() * 37 % 97) / 97.0;
            return (self.width * (0.06 + 0.88 * share), HEAD_H + 8.0);
        }
        let place = usize::from(id.0).checked_sub(1).and_then(|at| self.places.get(at));
        place.map_or((self.width / 2.0, HEAD_H), Place::center)
    }
}

/// What a server is called.
pub fn name(tiers: &TiersState, id: NodeId) -> String {
    if id.is_client() {
        return id.to_string();
    }
    let Some(place) = tiers.place(id) else { return "the system".to_string() };
    let same = tiers.places.iter().take(usize::from(id.0)).filter(|other| other.kind == place.kind).count();
    match place.kind {
        TierKind::App => format!("app {same}"),
        TierKind::Cache => format!("L2 {same}"),
        TierKind::Database => "database".to_string(),
    }
}

fn picture(ask: &Ask, view: &View) -> Drawing {
    let Some(tiers) = view.tiers() else { return Drawing::new(WIDTH_MIN, "There is no cache yet.") };
    let plan = Plan::of(ask.room, tiers);
    let counts = tiers.counts;
    let reads = counts.l1 + counts.l2 + counts.database;
    let words = format!(
        "{} requests, {} under way. Of {reads} reads L1 answered {}, L2 {}, the database {}; {} were stale. {} queries wait.",
        counts.asked,
        tiers.open.len(),
        counts.l1,
        counts.l2,
        counts.database,
        counts.stale,
        tiers.queued
    );
    let mut d = Drawing::new(plan.width, words);
    head(&mut d, &plan, view, tiers);
    for (at, (place, server)) in plan.places.iter().zip(&tiers.places).enumerate() {
        let id = NodeId(at as u16 + 1);
        match server.kind {
            TierKind::Database => database(&mut d, *place, id, server, tiers),
            _ => cache(&mut d, *place, id, server, tiers, view.time_ns),
        }
    }
    dots(&mut d, &plan, tiers, view.time_ns, ask.selected);
    chart::draw(&mut d, plan.chart, tiers, view.time_ns);
    d.width = plan.width;
    d
}

fn head(d: &mut Drawing, plan: &Plan, view: &View, tiers: &TiersState) {
    let ms = view.time_ns / 1_000_000;
    d.add(Shape::title_of(Id::of("time", 0), 2.0, 17.0, format!("{ms} ms")).said("Virtual time"));
    let counts = tiers.counts;
    let failed = counts.failed + counts.late;
    let said = match (counts.lost, counts.stale, failed) {
        (0, 0, 0) => format!("{} served", counts.served),
        (0, stale, failed) => format!("{} served, {stale} stale, {failed} failed", counts.served),
        (lost, ..) => format!("{} served, {lost} lost", counts.served),
    };
    let said = cut(&said, plan.width - 100.0, SANS_W);
    let text = Shape::text(Id::of("served", 0), plan.width - 2.0, 17.0, said).anchor(Anchor::End);
    d.add(text.mark(Marks::STALE, counts.stale > 0).mark(Marks::FAILED, failed + counts.lost > 0));
}

/// A box with a name for a server; its place inside.
fn frame(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState, note: &str) {
    let shape_id = Id::of("server", id.0.into());
    let name = name(tiers, id);
    let (status, marks) = match server.status {
        TierStatus::Up => ("", Marks::NONE),
        TierStatus::Down => (": down", Marks::FAILED | Marks::EMPTY),
        TierStatus::Warming => (": warming up", Marks::MUTED),
    };
    let asked = server.hits + server.misses;
    let title = format!("{name}{status}. {} of {asked} looks hit.", server.hits);
    let shape = Shape::rect(shape_id, place).class("slot").marks(marks).layer(Layer::Ground);
    d.add(shape.target(Selection::Node(id), title));
    let text = cut(&format!("{name}{status}{note}"), place.w - 12.0, SANS_W);
    d.add(Shape::text(shape_id.and(1), place.x + 6.0, place.y + 14.0, text).room(place.w - 12.0));
}

fn cache(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState, now_ns: u64) {
    let asked = server.hits + server.misses;
    let breaker = match server.breaker {
        BreakerState::Closed => "",
        BreakerState::Open => " · breaker open",
        BreakerState::HalfOpen => " · breaker half-open",
    };
    let ratio = (server.hits * 100).checked_div(asked).map_or(String::new(), |ratio| format!(" {ratio} %"));
    frame(d, place, id, server, tiers, &format!("{ratio}{breaker}"));
    let inner = Place::new(place.x + 6.0, place.y + 20.0, place.w - 12.0, place.h - 24.0);
    let wrap = Wrap::new((inner.x, inner.y), inner.w, SLOT, 3.0);
    let per_row = ((inner.w + 3.0) / (SLOT.width + 3.0)).max(0.0) as usize;
    let rows = ((inner.h + 3.0) / (SLOT.height + 3.0)) as usize;
    for (index, entry) in server.entries.iter().take(per_row * rows).enumerate() {
        slot(d, wrap.place(index), id, entry, now_ns);
    }
}

fn slot(d: &mut Drawing, place: Place, at: NodeId, entry: &EntryState, now_ns: u64) {
    let hash = entry.key.iter().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let id = Id::of("entry", at.0.into()).and(hash);
    let key = crate::trace::bytes::show(plain_key(&entry.key));
    let is_stale = entry.stale_ns > 0;
    let mut title = format!("{} in version {}", entry.key, entry.version);
    if is_stale {
        title.push_str(&format!(", stale for {} ms", now_ns.saturating_sub(entry.stale_ns) / 1_000_000));
    }
    if entry.dirty {
        title.push_str(", not in the database yet");
    }
    let text = cut(&key, place.w - 6.0, MONO_W);
    let shape = Shape::rect(id, place).class("slot").label(text).said(title);
    let shape = shape.mark(Marks::STALE, is_stale).mark(Marks::DIRTY, entry.dirty);
    let shape = shape.mark(Marks::DELETED, entry.absent);
    d.add(shape.mark(Marks::MUTED, now_ns >= entry.expires_ns));
}

fn database(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState) {
    let note = format!(" · {} of {} connections · {} wait", tiers.busy, tiers.connections, tiers.queued);
    frame(d, place, id, server, tiers, &note);
    let bar = |word: &str, y: f64, value: u32, most: u32, marks: Marks| {
        let w = (place.w - 12.0) * (f64::from(value) / f64::from(most.max(1))).min(1.0);
        Shape::rect(Id::of(word, 0), Place::new(place.x + 6.0, y, w.max(1.0), 12.0)).class("bar").marks(marks)
    };
    let full = tiers.queued >= tiers.queue_limit && tiers.queue_limit > 0;
    let busy = bar("busy", place.y + 22.0, tiers.busy, tiers.connections, Marks::HIT);
    d.add(busy.said(format!("{} of {} connections at work", tiers.busy, tiers.connections)));
    let queue = bar("queue", place.y + 38.0, tiers.queued, tiers.queue_limit, Marks::MISS.when(!full));
    let queue = queue.said(format!("{} of {} places of the queue taken", tiers.queued, tiers.queue_limit));
    d.add(queue.mark(Marks::FAILED, full));
}

/// The requests, each where it is at this moment.
fn dots(d: &mut Drawing, plan: &Plan, tiers: &TiersState, now_ns: u64, selected: Option<Selection>) {
    let mut waiting = vec![0u32; plan.places.len()];
    for request in tiers.open.iter().take(DOTS_MAX) {
        let (x, y) = point(plan, request, now_ns, &mut waiting);
        let radius = if request.client.is_client() { 4.5 } else { 3.0 };
        let operation = request.operation;
        let title =
            format!("{} {}, request {}: {}", operation.word(), request.key, request.request, wait(request.wait));
        let is_work = matches!(operation, TierOperation::Invalidate | TierOperation::Fill | TierOperation::Warm);
        let shape = Shape::dot(Id::of("request", request.request), x, y, radius).evenly().layer(Layer::Flying);
        let shape = shape.mark(Marks::MISS, matches!(request.wait, TierWait::Connection | TierWait::Silence));
        let shape = shape.mark(Marks::MUTED, is_work);
        let shape = shape.mark(Marks::DIRTY, matches!(operation, TierOperation::Put | TierOperation::Flush));
        let is_selected = selected == Some(Selection::Request(request.request));
        d.add(shape.target(Selection::Request(request.request), title).mark(Marks::CURRENT, is_selected));
    }
}

fn point(plan: &Plan, request: &TierRequest, now_ns: u64, waiting: &mut [u32]) -> (f64, f64) {
    let (from, to) = (plan.spot(request.from), plan.spot(request.to));
    if request.due_ns > now_ns {
        let lasts = request.due_ns.saturating_sub(request.left_ns).max(1) as f64;
        let part = (now_ns.saturating_sub(request.left_ns) as f64 / lasts).clamp(0.0, 1.0);
        return (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
    }
    // It stands in a row below the server that it is at.
    let Some(at) = usize::from(request.to.0).checked_sub(1).filter(|at| *at < plan.places.len()) else { return to };
    let place = plan.places[at];
    let per_row = ((place.w - 8.0) / 10.0).max(1.0) as u32;
    let index = waiting[at] % (per_row * 3);
    waiting[at] += 1;
    (place.x + 8.0 + f64::from(index % per_row) * 10.0, place.bottom() + 6.0 + f64::from(index / per_row) * 9.0)
}

/// What a request waits for, in words.
pub fn wait(wait: TierWait) -> &'static str {
    match wait {
        TierWait::None => "on its way",
        TierWait::Flight => "waits for another that fetches the same",
        TierWait::Lock => "waits for the lock",
        TierWait::Connection => "waits for a connection",
        TierWait::Service => "the database works on it",
        TierWait::Silence => "waits for an answer that will not come",
    }
}

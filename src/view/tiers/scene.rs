//! The picture: a row of application servers, a row of L2 nodes, the database; requests where they are in virtual time; and
//! below them the database's load.
//!
//! ```text
//!   time                                          ·  ·   requests arrive
//!   L1: 70 % of reads …        ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓       the funnel: so wide as the share of reads that come this far
//!   ┌ app 1 ─ L1 entries ┐ ┌ app 2 ─────┐
//!   L2: 24 % of reads …             ▓▓▓▓▓▓                a dot is where it is; one that waits stands below its server
//!   ┌ L2 1 ─ entries ────┐ ┌ L2 2 ──────┐
//!   database: 6 % …                   ▓▓
//!   ┌ database ─ connections ─ queue ───┐
//!   queries at once, over time
//! ```

use super::chart;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::camera::{Size, within};
use crate::caption::duration;
use crate::drawing::{Anchor, Ask, Drawing, Id, Layer, Marks, Shape, Step};
use crate::{Selection, View};
use glassbase_trace::parts::TiersState;
use glassbase_trace::parts::tiers::{EntryState, PlaceState, Sample, TierRequest, plain_key};
use glassbase_trace::{BreakerState, NodeId, TierKind, TierOperation, TierStatus, TierWait};

const HEAD_H: f64 = 26.0;
const CLIENTS_H: f64 = 16.0;
/// The line above a tier that tells what it answered.
const TOLD_H: f64 = 16.0;
const BASE_H: f64 = 37.0;
const GAP: f64 = 10.0;
/// The title of a server, and a row of its entries.
const TITLE_H: f64 = 20.0;
const SLOT_W: f64 = 46.0;
/// Of an entry that is stale: its age stands behind it.
const AGED_W: f64 = 104.0;
const SLOT_H: f64 = 17.0;
const SLOT_GAP: f64 = 3.0;
const WIDTH_MIN: f64 = 300.0;
/// In less than this the chart stands alone.
const ALL_H_MIN: f64 = 250.0;
/// Dots that are drawn; of more than these some are left out.
const DOTS_MAX: usize = 400;
/// Rows of requests that stand below a server.
const WAITING_ROWS: u32 = 3;
/// The funnel tells of the last so many samples.
const FUNNEL_SAMPLES: usize = 12;

pub fn draw(ask: &Ask) -> Step {
    Step::of(ask, |view| picture(ask, view))
}

/// Where everything stands.
pub struct Plan {
    pub width: f64,
    places: Vec<Place>,
    /// Above each tier: where requests fall, and what is said of the tier.
    falls: [Place; 3],
    pub chart: Place,
    /// There is no room but for the chart: half a phone, in a comparison.
    chart_alone: bool,
}

impl Plan {
    fn of(room: Size, tiers: &TiersState) -> Plan {
        let width = room.width.max(WIDTH_MIN);
        // What is there beyond the least is for entries and for the chart.
        let spare = within(room.height - 400.0, 0.0, 300.0);
        let rows = 1.0 + (spare / 100.0).floor();
        let (fall_h, tier_h) = (38.0_f64.min(28.0 + spare / 16.0), TITLE_H + 4.0 + rows * (SLOT_H + SLOT_GAP));
        let mut places = Vec::new();
        let mut falls = [Place::default(); 3];
        let mut y = HEAD_H;
        let tiers_of = [(TierKind::App, tier_h), (TierKind::Cache, tier_h), (TierKind::Database, BASE_H)];
        for (index, (kind, height)) in tiers_of.into_iter().enumerate() {
            let above = if index == 0 { CLIENTS_H } else { fall_h };
            falls[index] = Place::new(0.0, y, width, above + TOLD_H);
            y += above + TOLD_H;
            let count = tiers.places.iter().filter(|place| place.kind == kind).count();
            let w = ((width - GAP * (count.max(1) - 1) as f64) / count.max(1) as f64).max(8.0);
            places.extend((0..count).map(|at| Place::new((w + GAP) * at as f64, y, w, height)));
            y += height;
        }
        let chart_alone = room.height < ALL_H_MIN;
        y = if chart_alone { HEAD_H + TOLD_H } else { y + fall_h };
        if chart_alone {
            let chart = Place::new(0.0, y, width, (room.height - y).max(90.0));
            return Plan { width, places, falls, chart, chart_alone };
        }
        let chart_h = within(room.height - y, 130.0, 300.0);
        Plan { width, places, falls, chart: Place::new(0.0, y, width, chart_h), chart_alone }
    }

    /// Where a server stands; for a client, where its requests come from.
    fn spot(&self, id: NodeId) -> (f64, f64) {
        if id.is_client() {
            let share = f64::from(id.number() * 37 % 97) / 97.0;
            return (self.width * (0.06 + 0.88 * share), HEAD_H + 4.0);
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
    let words = format!(
        "{} requests, {} under way. Of {} reads L1 answered {}, L2 {}, the database {}; {} were stale. {} queries wait.",
        counts.asked,
        tiers.open.len(),
        counts.l1 + counts.l2 + counts.database,
        counts.l1,
        counts.l2,
        counts.database,
        counts.stale,
        tiers.queued
    );
    let mut d = Drawing::new(plan.width, words);
    head(&mut d, &plan, view, tiers);
    if plan.chart_alone {
        shares(&mut d, &plan, tiers);
    } else {
        funnel(&mut d, &plan, tiers);
        servers(&mut d, &plan, tiers, view.time_ns);
        dots(&mut d, &plan, tiers, view.time_ns, ask.selected);
    }
    let end = ask.end.tiers().unwrap_or(tiers);
    let beside = ask.beside.and_then(|view| Some((view.tiers()?, view.time_ns)));
    chart::draw(
        &mut d,
        plan.chart,
        &chart::Load { now: tiers, now_ns: view.time_ns, end, end_ns: ask.end.time_ns, beside },
    );
    d.width = plan.width;
    d.height = plan.chart.bottom();
    d
}

/// The line above everything: the time at the left, what came of the requests at the right.
fn head(d: &mut Drawing, plan: &Plan, view: &View, tiers: &TiersState) {
    let counts = tiers.counts;
    let failed = counts.failed + counts.late;
    let mut said = format!("{} answered", counts.served);
    let more = [(counts.stale, "stale"), (failed, "failed"), (counts.lost, "lost")];
    for (count, word) in more.into_iter().filter(|(count, _)| *count > 0) {
        said.push_str(&format!(" · {count} {word}"));
    }
    let text = Shape::text(Id::of("served", 0), plan.width - 2.0, 16.0, cut(&said, plan.width * 0.6, SANS_W));
    d.add(text.anchor(Anchor::End).mark(Marks::FAILED, counts.stale + failed + counts.lost > 0));
    let time = Shape::text(Id::of("time", 0), 2.0, 16.0, duration(view.time_ns));
    d.add(time.class("quiet"));
}

/// Who answered, where there is no room for the tiers themselves.
fn shares(d: &mut Drawing, plan: &Plan, tiers: &TiersState) {
    let counts = tiers.counts;
    let reads = (counts.l1 + counts.l2 + counts.database).max(1);
    let percent = |count: u64| count * 100 / reads;
    let (l1, l2, database) = (percent(counts.l1), percent(counts.l2), percent(counts.database));
    let said = format!("L1 answers {l1} %, L2 {l2} %, the database {database} %");
    let text = Shape::text(Id::of("shares", 0), 2.0, HEAD_H + 10.0, cut(&said, plan.width - 4.0, SANS_W));
    d.add(text.class("quiet"));
}

fn servers(d: &mut Drawing, plan: &Plan, tiers: &TiersState, now_ns: u64) {
    for (at, (place, server)) in plan.places.iter().zip(&tiers.places).enumerate() {
        let id = NodeId(at as u16 + 1);
        match server.kind {
            TierKind::Database => database(d, *place, id, server, tiers),
            _ => cache(d, *place, id, server, tiers, now_ns),
        }
    }
}

/// How many of the latest reads came as far as each tier, as a band above it; and what the tier answered so far.
fn funnel(d: &mut Drawing, plan: &Plan, tiers: &TiersState) {
    let counts = tiers.counts;
    let reads = (counts.l1 + counts.l2 + counts.database).max(1);
    let samples = &tiers.series.samples;
    let latest = &samples[samples.len().saturating_sub(FUNNEL_SAMPLES)..];
    let sum = |of: fn(&Sample) -> u32| latest.iter().map(|sample| f64::from(of(sample))).sum::<f64>();
    let (l1, l2, database) = (sum(|sample| sample.l1), sum(|sample| sample.l2), sum(|sample| sample.database));
    let all = l1 + l2 + database;
    let tiers_of = [("L1", counts.l1, all), ("L2", counts.l2, all - l1), ("database", counts.database, database)];
    for (index, ((word, answered, came), place)) in tiers_of.into_iter().zip(plan.falls).enumerate() {
        let id = Id::of("tier", index as u64);
        let w = if all > 0.0 { place.w * came / all } else { 0.0 };
        if w >= 1.0 {
            let band = Place::new(place.x + (place.w - w) / 2.0, place.y, w, place.h);
            let share = format!("{} of the latest {} reads come as far as {word}", came as u64, all as u64);
            d.add(Shape::panel(id.and(1), band).class("funnel").said(share));
        }
        let kind = [TierKind::App, TierKind::Cache, TierKind::Database][index];
        let is_there = kind == TierKind::Database
            || tiers.places.iter().any(|place| place.kind == kind && place.capacity > 0)
            || answered > 0;
        let mut said = match is_there {
            true => format!("{word} answers {} % of reads", answered * 100 / reads),
            false => format!("There is no {word}"),
        };
        if let Some(latencies) = tiers.latencies.get(index).filter(|latencies| latencies.count() > 0) {
            let at = |percent| duration(latencies.percentile_ns(percent));
            said.push_str(&format!(", p50 {}, p99 {}", at(50), at(99)));
        }
        let text = cut(&said, place.w - 8.0, SANS_W);
        d.add(Shape::text(id, place.x + 2.0, place.bottom() - 5.0, text).class("quiet").room(place.w - 8.0));
    }
}

/// A box with a name for a server.
fn frame(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState, note: &str) {
    let shape_id = Id::of("server", id.0.into());
    let name = name(tiers, id);
    let (status, marks) = match server.status {
        TierStatus::Up => ("", Marks::NONE),
        TierStatus::Down => (" is down", Marks::FAILED | Marks::EMPTY),
        TierStatus::Warming => (" warms up", Marks::MUTED),
    };
    let asked = server.hits + server.misses;
    let title = format!("{name}{status}. {} of {asked} looks hit.", server.hits);
    let shape = Shape::rect(shape_id, place).class("slot").marks(marks).layer(Layer::Lines);
    d.add(shape.target(Selection::Node(id), title));
    // A server that is down has a cross in its corner.
    let left = if server.status == TierStatus::Down { 18.0 } else { 6.0 };
    let note = if server.status == TierStatus::Down { "" } else { note };
    let text = cut(&format!("{name}{status}{note}"), place.w - left - 6.0, SANS_W);
    let text = Shape::text(shape_id.and(1), place.x + left, place.y + 14.0, text).room(place.w - left - 6.0);
    d.add(text.mark(Marks::FAILED, server.status == TierStatus::Down || server.breaker == BreakerState::Open));
}

fn cache(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState, now_ns: u64) {
    let breaker = match server.breaker {
        BreakerState::Closed => "",
        BreakerState::Open => ": asks L2 no more",
        BreakerState::HalfOpen => ": tries L2",
    };
    let asked = server.hits + server.misses;
    let ratio = (server.hits * 100).checked_div(asked).map_or(String::new(), |ratio| format!(", {ratio} % hits"));
    let note = if breaker.is_empty() { ratio } else { breaker.to_string() };
    frame(d, place, id, server, tiers, &note);
    let inner = Place::new(place.x + 6.0, place.y + TITLE_H, place.w - 12.0, place.h - TITLE_H - 4.0);
    let (mut x, mut y) = (inner.x, inner.y);
    for entry in &server.entries {
        let w = if entry.stale_ns > 0 { AGED_W } else { SLOT_W };
        if x > inner.x && x + w > inner.right() {
            (x, y) = (inner.x, y + SLOT_H + SLOT_GAP);
        }
        if y + SLOT_H > inner.bottom() + 1.0 {
            break;
        }
        slot(d, Place::new(x, y, w.min(inner.w), SLOT_H), id, entry, now_ns);
        x += w + SLOT_GAP;
    }
}

/// What a cache has of a key; what is stale says for how long it has been.
fn slot(d: &mut Drawing, place: Place, at: NodeId, entry: &EntryState, now_ns: u64) {
    let hash = entry.key.iter().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let id = Id::of("entry", at.0.into()).and(hash);
    let mut key = glassbase_trace::bytes::show(plain_key(&entry.key)).to_string();
    let is_stale = entry.stale_ns > 0;
    let mut title = format!("{} in version {}", entry.key, entry.version);
    if is_stale {
        let age = duration(now_ns.saturating_sub(entry.stale_ns) / 1_000_000 * 1_000_000);
        title.push_str(&format!(", stale for {age}"));
        key.push_str(&format!(" {age}"));
    }
    if entry.dirty {
        title.push_str(", not in the database yet");
    }
    let shape = Shape::rect(id, place).class(if is_stale { "slot aged" } else { "slot" });
    let shape = shape.label(cut(&key, place.w - 6.0, MONO_W)).target(Selection::Node(at), title);
    let shape = shape.mark(Marks::STALE, is_stale).mark(Marks::DIRTY, entry.dirty);
    let shape = shape.mark(Marks::DELETED, entry.absent);
    d.add(shape.mark(Marks::MUTED, now_ns >= entry.expires_ns && !is_stale));
}

fn database(d: &mut Drawing, place: Place, id: NodeId, server: &PlaceState, tiers: &TiersState) {
    let waiting = if tiers.queued > 0 { format!(", {} wait", tiers.queued) } else { String::new() };
    let note = format!(": {} of {} connections{waiting}", tiers.busy, tiers.connections);
    frame(d, place, id, server, tiers, &note);
    // At work, and behind it what waits; half of the bar is what it can work on at once.
    let inner = Place::new(place.x + 6.0, place.y + TITLE_H, place.w - 12.0, 11.0);
    let each = inner.w / 2.0 / f64::from(tiers.connections.max(1));
    let busy_w = (f64::from(tiers.busy) * each).min(inner.w / 2.0);
    let queue_w = (f64::from(tiers.queued) * each).min(inner.w - busy_w);
    if tiers.busy > 0 {
        let bar = Shape::rect(Id::of("busy", 0), Place { w: busy_w, ..inner }).class("bar at-work");
        d.add(bar.said(format!("{} of {} connections at work", tiers.busy, tiers.connections)));
    }
    if queue_w > 0.0 {
        let place = Place { x: inner.x + busy_w, w: queue_w, ..inner };
        let said = format!("{} of {} places of the queue taken", tiers.queued, tiers.queue_limit);
        d.add(Shape::rect(Id::of("queue", 0), place).class("bar waits").said(said));
    }
}

/// The requests, each where it is at this moment.
fn dots(d: &mut Drawing, plan: &Plan, tiers: &TiersState, now_ns: u64, selected: Option<Selection>) {
    let mut waiting = vec![0u32; plan.places.len()];
    for request in tiers.open.iter().take(DOTS_MAX) {
        let Some((x, y)) = point(plan, request, now_ns, &mut waiting) else { continue };
        let radius = if request.client.is_client() { 4.5 } else { 3.0 };
        let operation = request.operation;
        let title =
            format!("{} {}, request {}: {}", operation.word(), request.key, request.request, wait(request.wait));
        let is_work = matches!(operation, TierOperation::Invalidate | TierOperation::Fill | TierOperation::Warm);
        let shape = Shape::dot(Id::of("request", request.request), x, y, radius).evenly().layer(Layer::Flying);
        let class = match request.wait {
            TierWait::Connection => "dot waits",
            TierWait::Silence => "dot silent",
            _ if is_work => "dot errand",
            _ if matches!(operation, TierOperation::Put | TierOperation::Delete | TierOperation::Flush) => "dot write",
            _ => "dot request",
        };
        let is_selected = selected == Some(Selection::Request(request.request));
        let shape = shape.class(class).mark(Marks::CURRENT, is_selected);
        d.add(shape.target(Selection::Request(request.request), title));
    }
}

/// Where a request is; nothing if there is no room for it where it waits.
fn point(plan: &Plan, request: &TierRequest, now_ns: u64, waiting: &mut [u32]) -> Option<(f64, f64)> {
    let (from, to) = (plan.spot(request.from), plan.spot(request.to));
    if request.due_ns > now_ns {
        let lasts = request.due_ns.saturating_sub(request.left_ns).max(1) as f64;
        let part = within(now_ns.saturating_sub(request.left_ns) as f64 / lasts, 0.0, 1.0);
        return Some((from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part));
    }
    // It stands in a row below the server that it is at.
    let Some(at) = usize::from(request.to.0).checked_sub(1).filter(|at| *at < plan.places.len()) else {
        return Some(to);
    };
    let place = plan.places[at];
    let per_row = ((place.w - 8.0) / 10.0).max(1.0) as u32;
    let index = waiting[at];
    waiting[at] += 1;
    let row = index / per_row;
    let x = place.x + 8.0 + f64::from(index % per_row) * 10.0;
    (row < WAITING_ROWS).then(|| (x, place.bottom() + 6.0 + f64::from(row) * 9.0))
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

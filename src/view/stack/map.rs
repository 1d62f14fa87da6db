//! The map: places in the order in which a request comes to them, requests on their way, and the way of the followed one.
//!
//! ```text
//!   wide     clients ─── app1 ─── l2-1 ─── router ─── s1 [n1 n2 n3]
//!                        app2     l2-2                s2 [n1 n2 n3]
//!   narrow   the same columns as rows, one below the other
//! ```

use super::words;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::caption::duration;
use crate::cluster::{Tenor, share};
use crate::drawing::{Anchor, Drawing, Id, Layer, Marks, Shape};
use crate::{Selection, View};
use glassbase_trace::parts::cluster::NodeState;
use glassbase_trace::parts::stack::{Follow, ShardPart, StackState};
use glassbase_trace::{NodeId, NodeStatus, SpanLayer, TierKind, TierStatus};

/// From this width on columns stand side by side.
const WIDE: f64 = 640.0;
const BOX_H: f64 = 34.0;
const SHARD_H: f64 = 46.0;
const GAP: f64 = 8.0;
/// Dots that are drawn.
const DOTS_MAX: usize = 300;
/// Cut links that are drawn.
const CUTS_MAX: usize = 60;
/// Columns: clients, application servers, L2, router, shards.
const COLUMNS: usize = 5;
const WEIGHTS: [f64; COLUMNS] = [0.65, 1.15, 1.15, 1.0, 2.0];

/// Where everything stands.
pub struct Plan {
    pub height: f64,
    clients: Place,
    /// Places of the tiers, in their order.
    tiers: Vec<Place>,
    shards: Vec<Place>,
    replicas: usize,
}

impl Plan {
    pub fn of(room: Place, end: &StackState) -> Plan {
        let of_kind = |kind| end.tiers.places.iter().filter(|place| place.kind == kind).count();
        let counts = [1, of_kind(TierKind::App), of_kind(TierKind::Cache), 1, end.shards.len()];
        let replicas = end.shards.first().map_or(0, |part| part.cluster.nodes.len());
        let columns = if room.w >= WIDE { wide(room, &counts) } else { narrow(room, &counts) };
        let bottom = columns.iter().flatten().map(Place::bottom).fold(room.y, f64::max);
        let mut columns = columns.into_iter();
        let clients = columns.next().and_then(|column| column.first().copied()).unwrap_or(room);
        let tiers = columns.by_ref().take(3).flatten().collect();
        let shards = columns.next().unwrap_or_default();
        Plan { height: bottom - room.y, clients, tiers, shards, replicas }
    }

    fn tier(&self, id: NodeId) -> Option<Place> {
        if id.is_client() {
            return Some(self.clients);
        }
        self.tiers.get(usize::from(id.0).checked_sub(1)?).copied()
    }

    fn router(&self) -> Place {
        self.tiers.last().copied().unwrap_or(self.clients)
    }

    fn replica(&self, shard: usize, node: NodeId) -> Option<Place> {
        let place = *self.shards.get(shard)?;
        if node.is_client() {
            return Some(self.router());
        }
        let inner = Place::new(place.x + 30.0, place.y + 16.0, place.w - 36.0, place.h - 22.0);
        let w = ((inner.w + 4.0) / self.replicas.max(1) as f64 - 4.0).max(4.0);
        let at = usize::from(node.0).checked_sub(1).filter(|at| *at < self.replicas)?;
        Some(Place::new(inner.x + at as f64 * (w + 4.0), inner.y, w, inner.h))
    }
}

fn height_of(column: usize) -> f64 {
    if column == COLUMNS - 1 { SHARD_H } else { BOX_H }
}

fn wide(room: Place, counts: &[usize]) -> Vec<Vec<Place>> {
    let tallest = (0..COLUMNS).map(|column| counts[column] as f64 * (height_of(column) + GAP)).fold(0.0, f64::max);
    let parts = crate::arrange::shares(room.w, 34.0, &WEIGHTS);
    let column = |(column, (x, w)): (usize, &(f64, f64))| {
        let h = height_of(column);
        let all = counts[column] as f64 * (h + GAP) - GAP;
        let top = room.y + (tallest - GAP - all).max(0.0) / 2.0;
        (0..counts[column]).map(|at| Place::new(room.x + x, top + at as f64 * (h + GAP), *w, h)).collect()
    };
    parts.iter().enumerate().map(column).collect()
}

fn narrow(room: Place, counts: &[usize]) -> Vec<Vec<Place>> {
    let mut y = room.y;
    let mut columns = Vec::new();
    for (column, count) in counts.iter().enumerate() {
        let h = height_of(column);
        // Shards of a narrow picture stand two in a row.
        let per_row = if column == COLUMNS - 1 { 2 } else { (*count).max(1) };
        let w = ((room.w + GAP) / per_row as f64 - GAP).max(8.0);
        let place = |at: usize| {
            Place::new(room.x + (at % per_row) as f64 * (w + GAP), y + (at / per_row) as f64 * (h + GAP), w, h)
        };
        columns.push((0..*count).map(place).collect());
        y += count.div_ceil(per_row) as f64 * (h + GAP) + 10.0;
    }
    columns
}

pub fn draw(d: &mut Drawing, plan: &Plan, state: &StackState, view: &View, selected: Option<Selection>) {
    let follow = super::followed(state, selected);
    clients(d, plan, state);
    for (index, place) in plan.tiers.iter().enumerate() {
        tier(d, *place, state, NodeId(index as u16 + 1), follow, selected);
    }
    for (index, part) in state.shards.iter().enumerate() {
        shard(d, plan, index, state, part, follow, selected);
    }
    if let Some(follow) = follow {
        way(d, plan, state, follow);
    }
    cuts(d, plan, state);
    dots(d, plan, state, view.time_ns, selected);
}

/// Which map a place goes by; none for a node of L2.
fn map_of(state: &StackState, kind: TierKind, id: NodeId) -> Option<u64> {
    match kind {
        TierKind::App => state.copies.get(usize::from(id.0).checked_sub(1)?).copied(),
        TierKind::Database => Some(state.map.version),
        TierKind::Cache => None,
    }
}

/// Links that are cut: a gap in the middle of each.
fn cuts(d: &mut Drawing, plan: &Plan, state: &StackState) {
    let front = state.cut.iter().map(|(from, to)| plan.tier(*from).zip(plan.tier(*to)));
    let behind = state.shards.iter().enumerate().flat_map(|(index, part)| {
        part.cluster.cut.iter().map(move |(from, to)| plan.replica(index, *from).zip(plan.replica(index, *to)))
    });
    let mut drawn: Vec<(Place, Place)> = Vec::new();
    for (from, to) in front.chain(behind).flatten() {
        if drawn.len() >= CUTS_MAX || drawn.iter().any(|pair| *pair == (from, to) || *pair == (to, from)) {
            continue;
        }
        let id = Id::of("cut", drawn.len() as u64);
        drawn.push((from, to));
        let (start, end) = crate::arrange::joint(from, to);
        d.add(Shape::line(id, start, end).class("link").marks(Marks::FAILED | Marks::EMPTY));
        let (x, y) = ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0);
        let gap = Shape::rect(id.and(1), Place::new(x - 5.0, y - 5.0, 10.0, 10.0)).class("gap").marks(Marks::FAILED);
        d.add(gap.layer(Layer::Lines).said("a link that is cut"));
    }
}

fn clients(d: &mut Drawing, plan: &Plan, state: &StackState) {
    let open = state.tiers.open.iter().filter(|request| request.client.is_client()).count();
    let text = format!("{} clients", state.tiers.clients);
    let shape =
        Shape::rect(Id::of("clients", 0), plan.clients).class("client").label(cut(&text, plan.clients.w - 4.0, MONO_W));
    d.add(shape.mark(Marks::LIT, open > 0).said(format!("{text}; {open} requests are under way")));
}

/// How long the followed request was at a place, all visits together.
fn spent_ns(follow: &Follow, is_it: impl Fn(&glassbase_trace::parts::stack::Span) -> bool) -> u64 {
    let spans = follow.spans.iter().filter(|span| is_it(span) && span.to_ns > 0);
    spans.map(|span| span.to_ns.saturating_sub(span.from_ns)).sum()
}

fn tier(
    d: &mut Drawing,
    place: Place,
    state: &StackState,
    id: NodeId,
    follow: Option<&Follow>,
    selected: Option<Selection>,
) {
    let Some(server) = state.tiers.place(id) else { return };
    let name = words::place(state, id);
    let is_up = server.status != TierStatus::Down;
    let is_hop = |span: &glassbase_trace::parts::stack::Span| {
        span.shard.0 == 0 && span.parent == 0 && span.at == id && span.layer != SpanLayer::Link
    };
    let visited = follow.is_some_and(|follow| follow.spans.iter().any(is_hop));
    let took = follow.map_or(0, |follow| spent_ns(follow, is_hop));
    // Said at length, and in short where there is little room.
    let [said, short] = match server.kind {
        _ if !is_up => ["no power".to_string(), "off".to_string()],
        TierKind::Database => {
            let (busy, queued) = (state.tiers.busy, state.tiers.queued);
            [format!("{busy} of {} · {queued} wait", state.tiers.connections), format!("{busy} · {queued} wait")]
        }
        _ if server.capacity == 0 => ["keeps nothing".to_string(), "–".to_string()],
        _ => {
            let asked = server.hits + server.misses;
            let ratio = (server.hits * 100).checked_div(asked).unwrap_or(0);
            let kept = server.entries.len();
            [format!("{kept} kept · {ratio} % hits"), format!("{kept} · {ratio} %")]
        }
    };
    let room = place.w - 12.0;
    let fits = |text: &str, room: f64| text.chars().count() as f64 * SANS_W <= room;
    let text = if fits(&said, room) { said.clone() } else { cut(&short, room, SANS_W) };
    // The map that a server goes by, or the newest one.
    let copy = if state.copies.is_empty() { None } else { map_of(state, server.kind, id) };
    let is_old = copy.is_some_and(|copy| copy < state.map.version);
    let titled =
        copy.map(|copy| format!("{name} · map {copy}")).filter(|title| fits(title, room)).unwrap_or(name.clone());
    let said =
        copy.map_or(said.clone(), |copy| format!("{said}; map {copy}{}", if is_old { ", which is old" } else { "" }));
    let selection = Selection::Node(id);
    let shape_id = Id::of("tier", u64::from(id.0));
    let shape =
        Shape::rect(shape_id, place).class("card").mark(Marks::FAILED | Marks::EMPTY, !is_up).mark(Marks::LIT, visited);
    let shape = shape.mark(Marks::STALE, is_old && is_up);
    d.add(shape.mark(Marks::CURRENT, selected == Some(selection)).target(selection, format!("{name}: {said}")));
    let title =
        Shape::title_of(shape_id.and(1), place.x + 7.0, place.y + 14.0, cut(&titled, place.w - 14.0, SANS_W + 0.6));
    d.add(title.mark(Marks::STALE, is_old));
    d.add(Shape::text(shape_id.and(2), place.x + 7.0, place.y + 28.0, text).class("quiet"));
    let spent = duration(took);
    if visited && took > 0 && fits(&format!("{titled}{spent}"), place.w - 26.0) {
        let time = Shape::text(shape_id.and(3), place.right() - 6.0, place.y + 14.0, spent);
        d.add(time.anchor(Anchor::End).mark(Marks::LIT, true).said("how long the followed request was here"));
    }
}

fn shard(
    d: &mut Drawing,
    plan: &Plan,
    index: usize,
    state: &StackState,
    part: &ShardPart,
    follow: Option<&Follow>,
    selected: Option<Selection>,
) {
    let Some(place) = plan.shards.get(index).copied() else { return };
    let number = part.shard.0;
    let id = Id::of("shard", u64::from(number));
    let selection = Selection::Replica(part.shard, NodeId(0));
    let is_leg =
        |span: &glassbase_trace::parts::stack::Span| span.shard == part.shard && span.layer == SpanLayer::Shard;
    let visited = follow.is_some_and(|follow| follow.spans.iter().any(is_leg));
    let up = part.cluster.nodes.iter().filter(|node| node.status != NodeStatus::Down).count();
    let title = format!("Shard {number}: {up} of {} replicas are up", part.cluster.nodes.len());
    let shape = Shape::rect(id, place).class("slot").layer(Layer::Ground).mark(Marks::LIT, visited);
    d.add(shape.mark(Marks::CURRENT, selected == Some(selection)));
    // The name is what is clicked: the ground lies below the replicas.
    let name = Place::new(place.x + 4.0, place.y + 4.0, 22.0, place.h - 8.0);
    let name = Shape::rect(id.and(1), name).class("slot").label(format!("s{number}"));
    d.add(name.mark(Marks::CURRENT, selected == Some(selection)).target(selection, title));
    let moving = state.streams.iter().find(|stream| stream.to == part.shard && &*stream.phase != "done");
    let said = match (moving, follow.map_or(0, |follow| spent_ns(follow, is_leg))) {
        (Some(stream), _) if stream.keys == 1 => "1 key has come".to_string(),
        (Some(stream), _) => format!("{} keys have come", stream.keys),
        (None, 0) => String::new(),
        (None, ns) => duration(ns),
    };
    let time = Shape::text(id.and(2), place.right() - 6.0, place.y + 12.0, said);
    d.add(time.anchor(Anchor::End).mark(Marks::LIT, visited));
    for (at, node) in part.cluster.nodes.iter().enumerate() {
        let number = NodeId(at as u16 + 1);
        if let Some(place) = plan.replica(index, number) {
            replica(d, place, part.shard, number, node, follow, selected);
        }
    }
}

fn replica(
    d: &mut Drawing,
    place: Place,
    shard: NodeId,
    number: NodeId,
    node: &NodeState,
    follow: Option<&Follow>,
    selected: Option<Selection>,
) {
    let is_down = node.status == NodeStatus::Down;
    let head = &node.detail.head;
    let is_here = |span: &glassbase_trace::parts::stack::Span| {
        span.shard == shard && span.at == number && span.layer == SpanLayer::Node
    };
    let visited = follow.is_some_and(|follow| follow.spans.iter().any(is_here));
    let took = follow.map_or(0, |follow| spent_ns(follow, is_here));
    let selection = Selection::Replica(shard, number);
    let role = if is_down { "down" } else { &*head.role };
    let text = if visited && took > 0 { format!("{number} {}", duration(took)) } else { number.to_string() };
    let text = if text.chars().count() as f64 * MONO_W <= place.w - 6.0 { text } else { number.to_string() };
    let id = Id::of("replica", u64::from(shard.0) << 16 | u64::from(number.0));
    let shape = Shape::rect(id, place).class("slot").label(cut(&text, place.w - 6.0, MONO_W));
    let shape = shape.mark(Marks::FAILED | Marks::EMPTY, is_down).mark(Marks::CROWNED, head.crowned && !is_down);
    let shape = shape.mark(Marks::LIT, visited).mark(Marks::CURRENT, selected == Some(selection));
    d.add(shape.target(selection, format!("Replica s{}{number}: {role}", shard.0)));
}

/// The way of the followed request: a line for each message, once for each pair of places.
fn way(d: &mut Drawing, plan: &Plan, state: &StackState, follow: &Follow) {
    let mut drawn: Vec<(Place, Place)> = Vec::new();
    for (index, span) in follow.spans.iter().enumerate().filter(|(_, span)| span.layer == SpanLayer::Link) {
        let ends = match span.shard.0 {
            0 => plan.tier(span.at).zip(plan.tier(span.to)),
            _ => {
                let shard = state.shards.iter().position(|part| part.shard == span.shard);
                shard.and_then(|shard| plan.replica(shard, span.at).zip(plan.replica(shard, span.to)))
            }
        };
        let Some((from, to)) = ends else { continue };
        if drawn.iter().any(|pair| *pair == (from, to) || *pair == (to, from)) {
            continue;
        }
        let id = Id::of("way", drawn.len() as u64);
        drawn.push((from, to));
        let (start, end) = crate::arrange::joint(from, to);
        let selection = Selection::Span(follow.request, index as u32);
        d.add(Shape::line(id, start, end).class("line way").target(selection, words::span(state, span)));
    }
}

/// Requests in front, messages inside shards: each where it is at this moment.
fn dots(d: &mut Drawing, plan: &Plan, state: &StackState, now_ns: u64, selected: Option<Selection>) {
    let between = |from: Place, to: Place, part: f64| {
        let ((x, y), (to_x, to_y)) = (from.center(), to.center());
        (x + (to_x - x) * part, y + (to_y - y) * part)
    };
    for request in state.tiers.open.iter().take(DOTS_MAX) {
        let Some((from, to)) = plan.tier(request.from).zip(plan.tier(request.to)) else { continue };
        let part = if request.due_ns > now_ns { share(now_ns, request.left_ns, request.due_ns) } else { 1.0 };
        let (x, y) = between(from, to, part);
        let radius = if request.client.is_client() { 4.5 } else { 3.0 };
        let dot = Shape::dot(Id::of("request", request.request), x, y, radius)
            .layer(Layer::Flying)
            .evenly()
            .class("dot request");
        let dot = dot.mark(Marks::CURRENT, selected == Some(Selection::Request(request.request)));
        let title = format!("{} {}, request {}", request.operation.word(), request.key, request.request);
        d.add(dot.target(Selection::Request(request.request), title));
    }
    for (index, part) in state.shards.iter().enumerate() {
        for flying in part.cluster.flying.iter().take(DOTS_MAX) {
            let Some((from, to)) = plan.replica(index, flying.from).zip(plan.replica(index, flying.to)) else {
                continue;
            };
            let (x, y) = between(from, to, share(now_ns, flying.sent_ns, flying.due_ns));
            let tenor = Tenor::of(flying.from, flying.to, &flying.kind, &flying.text);
            let id = Id::of("message", u64::from(part.shard.0)).and(flying.message.0);
            let dot = Shape::dot(id, x, y, 3.0).class(tenor.message()).layer(Layer::Flying).evenly();
            d.add(dot.said(format!("{} from {} to {}", flying.kind, flying.from, flying.to)));
        }
    }
}

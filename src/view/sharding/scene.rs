//! The picture as a whole.
//!
//! ```text
//!   consistent · map 2 · 5 shards · adding n5          12.5 ms  badges
//!   c1  c2  c3  c4     n0                              clients, the map service; messages fly
//!      ring or line    │  shards as cards              narrow: one below the other
//!   moves with their phases
//!   the last query's parts · strategies side by side
//! ```
//!
//! What is there at the end of the run has its place from the beginning, so that nothing jumps while it is played.

use super::{cards, sharding, space, tables};
use crate::arrange::{Place, SANS_W, cut, in_row};
use crate::camera::{Size, within};
use crate::cluster::{Tenor, clock, share};
use crate::drawing::{Anchor, Ask, Drawing, Id, Layer, Marks, Shape, Step};
use crate::{Selection, View};
use glassbase_trace::parts::ShardingState;
use glassbase_trace::{NodeId, VerdictKind};

/// From this width on there are two columns.
const WIDE: f64 = 780.0;
const HEAD_H: f64 = 28.0;
const CLIENT_H: f64 = 24.0;
const GAP: f64 = 12.0;
/// More clients than this are not drawn.
const CLIENTS_MAX: usize = 12;
/// More messages than this have no title of their own.
const NAMED_MAX: usize = 60;

/// Where the parts stand.
pub struct Plan {
    pub width: f64,
    clients: Vec<Place>,
    service: Place,
    pub space: Place,
    pub cards: Place,
    streams: Place,
    below: Place,
}

impl Plan {
    fn of(ask: &Ask) -> Plan {
        let width = ask.room.width.max(240.0);
        let known = sharding(ask.end).or(sharding(ask.after));
        let clients = ask.end.cluster().map_or(0, |cluster| usize::from(cluster.clients)).min(CLIENTS_MAX);
        let w = within((width - 60.0) / clients.max(1) as f64 - 4.0, 14.0, 58.0);
        let size = Size { width: w, height: CLIENT_H };
        let top = HEAD_H + 6.0;
        let row = |index| in_row((0.0, top), size, 4.0, index);
        let service = Place::new(width - 52.0, top, 52.0, CLIENT_H);
        let mut y = top + CLIENT_H + 34.0;
        let shards = known.map_or(0, |state| state.shards.len()).max(1);
        let is_ring = known.is_some_and(|state| !state.map.ring.is_empty());
        let wide = width >= WIDE;
        let column = if wide { (width - 2.0 * GAP) / 2.0 } else { width };
        let space_h = if is_ring { column.min(330.0) } else { 96.0 };
        // A line has the whole width, a ring stands beside the cards.
        let beside = wide && is_ring;
        let space = Place::new(0.0, y, if beside { column } else { width }, space_h);
        let (cards_x, cards_w) = if beside { (column + 2.0 * GAP, column) } else { (0.0, width) };
        if !beside {
            y = space.bottom() + GAP;
        }
        let cards = Place::new(cards_x, y, cards_w, cards::height(shards, cards_w));
        y = space.bottom().max(cards.bottom()) + GAP;
        let streams = known.map_or(0, |state| state.streams.len());
        let streams = Place::new(0.0, y, width, tables::streams_height(streams));
        y = streams.bottom();
        let below = Place::new(0.0, y, width, 0.0);
        Plan { width, clients: (0..clients).map(row).collect(), service, space, cards, streams, below }
    }

    /// Where a node or a client stands.
    fn place(&self, state: &ShardingState, node: NodeId) -> Option<Place> {
        if node.is_client() {
            // The second connections of clients have the numbers behind them.
            let count = self.clients.len().max(1);
            return self.clients.get((usize::from(node.number()).checked_sub(1)?) % count).copied();
        }
        if node == NodeId(0) {
            return Some(self.service);
        }
        let at = state.shards.iter().position(|shard| shard.shard == node)?;
        Some(cards::place(at, self.cards))
    }
}

pub fn draw(ask: &Ask) -> Step {
    let plan = Plan::of(ask);
    Step::of(ask, |view| picture(ask, &plan, view))
}

fn picture(ask: &Ask, plan: &Plan, view: &View) -> Drawing {
    let Some(state) = sharding(view) else { return Drawing::new(plan.width, "There are no shards yet.") };
    let mut d = Drawing::new(plan.width, words_of(state));
    head(&mut d, plan, view, state);
    people(&mut d, plan, view, state);
    space::draw(&mut d, plan, state, ask);
    cards::draw(&mut d, plan.cards, state, ask);
    tables::streams(&mut d, plan.streams, state);
    let bottom = tables::query(&mut d, plan.below, state);
    tables::survey(&mut d, Place { y: bottom, ..plan.below }, state);
    messages(&mut d, plan, view, state);
    d.width = plan.width;
    d.height = d.height.max(ask.room.height);
    d
}

fn words_of(state: &ShardingState) -> String {
    let keys: u64 = state.shards.iter().map(|shard| shard.keys).sum();
    let each: Vec<String> = state.shards.iter().map(|shard| format!("{} has {}", shard.shard, shard.keys)).collect();
    let change = if state.map.change.is_empty() { String::new() } else { format!(" Under way: {}.", state.map.change) };
    format!("{keys} keys placed by {}: {}.{change}", state.map.strategy, each.join(", "))
}

fn head(d: &mut Drawing, plan: &Plan, view: &View, state: &ShardingState) {
    let map = &state.map;
    let mut right = plan.width;
    let verdicts = view.cluster().map_or(&[][..], |cluster| &cluster.verdicts);
    for (index, verdict) in verdicts.iter().enumerate() {
        let (word, class, marks) = match verdict.kind {
            VerdictKind::Holds => ("holds", "badge good", Marks::HIT),
            VerdictKind::Violated => ("violated", "badge bad", Marks::FAILED),
            VerdictKind::GaveUp | VerdictKind::Nothing => ("gave up", "badge", Marks::MISS),
        };
        let text = format!("{}: {word}", verdict.checker);
        let w = text.chars().count() as f64 * SANS_W + 32.0;
        let place = Place::new(right - w, 1.0, w, HEAD_H - 8.0);
        let id = Id::of("verdict", index as u64);
        let shape = Shape::rect(id, place).class(class).marks(marks);
        d.add(shape.target(Selection::Verdict(index as u8), format!("{text}: {}", verdict.text)));
        d.add(Shape::text(id.and(1), place.x + 20.0, place.y + 14.5, text));
        right -= w + 8.0;
    }
    let time = clock(view.time_ns);
    d.add(Shape::title_of(Id::of("time", 0), right - 2.0, 16.0, time).anchor(Anchor::End).said("Virtual time"));
    let left = right - 84.0;
    let mut text = format!("{} · map {} · {} shards", map.strategy, map.version, map.shards.len());
    if !map.special.is_empty() {
        text.push_str(&format!(" · {}", map.special.join(", ")));
    }
    d.add(Shape::title_of(Id::of("strategy", 0), 2.0, 16.0, cut(&text, left, SANS_W + 0.6)));
    let change = if map.change.is_empty() { "nothing moves" } else { &map.change };
    let y = HEAD_H + 6.0 + CLIENT_H + 18.0;
    let shape = Shape::text(Id::of("change", 0), 2.0, y, cut(change, plan.width - 4.0, SANS_W));
    d.add(shape.mark(Marks::MUTED, map.change.is_empty()).mark(Marks::LIT, !map.change.is_empty()));
}

/// Clients, and the map service.
fn people(d: &mut Drawing, plan: &Plan, view: &View, state: &ShardingState) {
    let requests = view.cluster().map_or(&[][..], |cluster| &cluster.requests);
    for (index, place) in plan.clients.iter().enumerate() {
        let client = NodeId::client(index as u16 + 1);
        let latest = requests.iter().rev().find(|request| request.client == client);
        let open = latest.is_some_and(|request| request.ended_ns == 0);
        let said = latest.map_or("has asked nothing yet".to_string(), |request| {
            if open { format!("asks: {}", request.text) } else { format!("{}: {}", request.text, request.answer) }
        });
        let failed = latest.is_some_and(|request| matches!(request.fate, glassbase_trace::RequestFate::Failed));
        let shape = Shape::rect(Id::of("client", index as u64), *place).class("client");
        let label = cut(&client.to_string(), place.w - 2.0, SANS_W);
        let shape = shape.label(label).mark(Marks::LIT, open).mark(Marks::FAILED, failed);
        let target = latest.map_or(Selection::Node(client), |request| Selection::Request(request.request));
        d.add(shape.target(target, format!("Client {client} {said}")));
    }
    let is_down = state.map.service_is_down();
    let said = match is_down {
        true => "n0, the map service, is down: routers and shards go on with the maps they have",
        false => "n0, the map service: it has the map that counts",
    };
    let shape = Shape::rect(Id::of("service", 0), plan.service).class("client").label("map");
    d.add(shape.mark(Marks::FAILED, is_down).said(said));
}

/// Messages on their way, where they are in virtual time.
fn messages(d: &mut Drawing, plan: &Plan, view: &View, state: &ShardingState) {
    let Some(cluster) = view.cluster() else { return };
    let few = cluster.flying.len() <= NAMED_MAX;
    for flying in &cluster.flying {
        let ends = plan.place(state, flying.from).zip(plan.place(state, flying.to));
        let Some((from, to)) = ends else { continue };
        let ((x, y), (to_x, to_y)) = (middle(from), middle(to));
        let share = share(view.time_ns, flying.sent_ns, flying.due_ns);
        let (x, y) = (x + (to_x - x) * share, y + (to_y - y) * share);
        let tenor = Tenor::of(flying.from, flying.to, &flying.kind, &flying.text);
        let dot = Shape::dot(Id::of("message", flying.message.0), x, y, if few { 4.5 } else { 3.0 });
        let dot = dot.class(tenor.message()).layer(Layer::Flying).evenly();
        let said = format!("{} from {} to {}: {}", flying.kind, flying.from, flying.to, flying.text);
        d.add(if few { dot.target(Selection::Message(flying.message), said) } else { dot });
    }
}

/// Where messages begin and end: of a card near its name.
fn middle(place: Place) -> (f64, f64) {
    (place.x + place.w / 2.0, place.y + (place.h / 2.0).min(14.0))
}

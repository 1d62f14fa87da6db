//! Nodes, links, clients, and messages on their way.
//!
//! A message is where it is in virtual time: `(now − sent) / (due − sent)` of its way. During a step, virtual time runs
//! from the record before to this one, so it moves evenly; when it arrives, or is lost, it does so at the end of the step.

use super::plan::{NODES_MAX, Plan, way};
use super::rounds::is_answer;
use super::scene::Crowd;
use super::tenor::Tenor;
use super::words;
use super::{aggregate, card};
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::drawing::{Anchor, Ask, Drawing, Id, Layer, Marks, Shape, Step};
use crate::swarm::Mote;
use crate::{Selection, View};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::FlyingState;
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{Event, NodeId, RequestFate};

/// With more messages than this on their way none has a label, and all are smaller.
const LABELLED_MAX: usize = 24;
const SMALL_RADIUS: f64 = 3.5;
/// Beyond this many nodes, of the links only those in use are drawn.
const MESH_MAX: usize = 7;
const ASIDE: f64 = 7.0;

pub fn draw(d: &mut Drawing, ask: &Ask, plan: &Plan, crowd: Crowd, view: &View) {
    let Some(cluster) = view.cluster() else { return };
    if let Some(place) = plan.map {
        return aggregate::draw(d, view, cluster, place, about(ask).into_iter().flatten());
    }
    links(d, plan, cluster, ask);
    let about = about(ask);
    for (number, node) in words::numbered(cluster).take(NODES_MAX) {
        let here = about.contains(&Some(number));
        card::draw(d, plan, view, number, node, Marks::CURRENT.when(here));
    }
    clients(d, plan, cluster);
    messages(d, plan, cluster, view.time_ns, ask, crowd);
}

/// The nodes that the record is about.
pub fn about(ask: &Ask) -> [Option<NodeId>; 2] {
    let flying = |message| {
        let cluster = ask.before.cluster()?;
        cluster.flying.iter().find(|flying| flying.message == message)
    };
    match ask.record.map(|record| &record.event) {
        Some(Event::Noted { node, .. } | Event::NodeChanged { node, .. } | Event::TimerFired { node, .. }) => {
            [Some(*node), None]
        }
        Some(Event::NodeStatusChanged { node, .. } | Event::NodeLogChanged { node, .. }) => [Some(*node), None],
        Some(Event::NodeDatumChanged { node, .. }) => [Some(*node), None],
        Some(Event::MessageDelivered { message }) => [flying(*message).map(|flying| flying.to), None],
        Some(Event::MessageSent { from, .. }) => [Some(*from), None],
        _ => [None, None],
    }
}

fn links(d: &mut Drawing, plan: &Plan, cluster: &ClusterState, ask: &Ask) {
    let count = cluster.nodes.len().min(NODES_MAX) as u16;
    let used = |a: NodeId, b: NodeId| {
        cluster.flying.iter().any(|flying| (flying.from, flying.to) == (a, b) || (flying.from, flying.to) == (b, a))
    };
    for (from, to) in (1..=count).flat_map(|from| (from + 1..=count).map(move |to| (NodeId(from), NodeId(to)))) {
        let cut = [cluster.cut.contains(&(from, to)), cluster.cut.contains(&(to, from))];
        let chosen = ask.selected == Some(Selection::Link(from, to));
        if count as usize <= MESH_MAX || chosen || cut != [false, false] || used(from, to) {
            link(d, plan, (from, to), cut);
        }
    }
    for request in cluster.requests.iter().filter(|request| request.fate == RequestFate::Open) {
        let (client, node) = (request.client, request.node);
        let (Some(from), Some(to)) = (plan.place(client), plan.place(node)) else { continue };
        let (start, end) = way(from, to, 0.0);
        d.add(Shape::line(Id::of("asks", request.request), start, end).class("link asks").marks(Marks::MUTED));
    }
}

fn link(d: &mut Drawing, plan: &Plan, (from, to): (NodeId, NodeId), cut: [bool; 2]) {
    let (Some(one), Some(other)) = (plan.place(from), plan.place(to)) else { return };
    let (start, end) = way(one, other, 0.0);
    let id = Id::of("link", u64::from(from.0)).and(u64::from(to.0));
    let title = match cut {
        [false, false] => format!("Link between {from} and {to}"),
        [true, true] => format!("Link between {from} and {to}, cut"),
        [true, false] => format!("Link between {from} and {to}: cut from {from} to {to}"),
        [false, true] => format!("Link between {from} and {to}: cut from {to} to {from}"),
    };
    let line = Shape::line(id, start, end).class("link").target(Selection::Link(from, to), title);
    let is_cut = cut[0] || cut[1];
    d.add(line.mark(Marks::FAILED | Marks::EMPTY, is_cut));
    if is_cut {
        // The gap is in the middle; of a link that is cut one way it is where the messages do not arrive.
        let share = match cut {
            [true, false] => 0.7,
            [false, true] => 0.3,
            _ => 0.5,
        };
        let (x, y) = (start.0 + (end.0 - start.0) * share, start.1 + (end.1 - start.1) * share);
        let gap = Shape::rect(id.and(1), Place::new(x - 7.0, y - 7.0, 14.0, 14.0)).class("gap").marks(Marks::FAILED);
        d.add(gap.layer(Layer::Lines));
    }
}

fn clients(d: &mut Drawing, plan: &Plan, cluster: &ClusterState) {
    for (index, place) in plan.clients.iter().enumerate() {
        let client = NodeId::client(index as u16 + 1);
        let id = Id::of("client", index as u64);
        let shared = plan.is_shared(index);
        let mine = |asked: NodeId| asked == client || (shared && usize::from(asked.number()) > index);
        let latest = cluster.requests.iter().rev().find(|request| mine(request.client));
        let name = if shared { format!("c{}–{}", index + 1, plan.client_count) } else { client.to_string() };
        let open = latest.is_some_and(|request| request.fate == RequestFate::Open);
        let (text, said, marks) = match latest {
            None => (String::new(), "has asked nothing yet".to_string(), Marks::NONE),
            Some(request) if open => (request.text.to_string(), format!("asks: {}", request.text), Marks::LIT),
            Some(request) => {
                let answer = if request.answer.is_empty() { words::fate(request.fate) } else { &request.answer };
                let stale = if request.stale { ", stale" } else { "" };
                let marks = match request.fate {
                    RequestFate::Done if request.stale => Marks::STALE,
                    RequestFate::Done => Marks::HIT,
                    RequestFate::Failed => Marks::FAILED,
                    _ => Marks::EMPTY,
                };
                (format!("{} {answer}", request.text), format!("{}: {answer}{stale}", request.text), marks)
            }
        };
        let shape = Shape::rect(id, *place).class("client").marks(marks);
        let selection =
            latest.filter(|_| !shared).map_or(Selection::Node(client), |latest| Selection::Request(latest.request));
        d.add(shape.target(selection, format!("Client {name} {said}")));
        if plan.is_wide() {
            d.add(Shape::title_of(id.and(1), place.x + 18.0, place.y + 15.0, name));
            let text = cut(&text, place.w - 14.0, MONO_W);
            d.add(Shape::text(id.and(2), place.x + 8.0, place.y + 31.0, text).class("mono"));
        } else {
            let text = cut(&name, place.w - 4.0, SANS_W + 1.0);
            let (x, y) = place.center();
            d.add(Shape::title_of(id.and(1), x, y + 4.5, text).anchor(Anchor::Middle));
        }
    }
}

/// How far a message has come.
pub fn share(now_ns: u64, sent_ns: u64, due_ns: u64) -> f64 {
    let (passed, whole) = (now_ns.saturating_sub(sent_ns), due_ns.saturating_sub(sent_ns));
    if whole == 0 { 1.0 } else { (passed as f64 / whole as f64).min(1.0) }
}

fn point(plan: &Plan, flying: &FlyingState, share: f64) -> Option<(f64, f64)> {
    let (start, end) = way(plan.place(flying.from)?, plan.place(flying.to)?, ASIDE);
    Some((start.0 + (end.0 - start.0) * share, start.1 + (end.1 - start.1) * share))
}

/// The ids of messages; these are many.
fn id_of(flying: &FlyingState) -> Id {
    Id::of("message", flying.message.0)
}

fn messages(d: &mut Drawing, plan: &Plan, cluster: &ClusterState, now_ns: u64, ask: &Ask, crowd: Crowd) {
    let count = cluster.flying.len();
    let mut taken: Vec<Place> = plan.nodes.iter().chain(&plan.clients).map(|place| place.inset(-1.0)).collect();
    let dense = count > LABELLED_MAX;
    let is_chosen = |flying: &FlyingState| ask.selected == Some(Selection::Message(flying.message));
    for flying in cluster.flying.iter().filter(|flying| !crowd.messages || is_chosen(flying)) {
        let share = share(now_ns, flying.sent_ns, flying.due_ns);
        let Some((x, y)) = point(plan, flying, share) else { continue };
        let tenor = Tenor::of(flying.from, flying.to, &flying.kind, &flying.text);
        if !dense && plan.is_wide() && tenor != Tenor::Beat {
            let word = word(flying);
            let w = word.chars().count() as f64 * MONO_W;
            let label = Place::new(x - w / 2.0, y - 19.0, w, 13.0);
            if taken.iter().all(|place| !overlap(*place, label)) {
                taken.push(label);
                let text = Shape::text(id_of(flying).and(1), x, y - 9.0, word).anchor(Anchor::Middle);
                d.add(text.class("label on-message").layer(Layer::Flying).evenly());
            }
        }
        let radius = if dense {
            SMALL_RADIUS
        } else if tenor == Tenor::Beat {
            4.0
        } else {
            6.0
        };
        let shape = Shape::dot(id_of(flying), x, y, radius).class(tenor.message());
        let shape = shape.layer(Layer::Flying).evenly();
        let selection = Selection::Message(flying.message);
        d.add(shape.mark(Marks::LIT, is_chosen(flying)).target(selection, said(flying)));
    }
}

/// The messages of a step as a swarm: one that arrives flies to the end of its way, one that is lost fades where it is.
pub fn motes(ask: &Ask, plan: &Plan) -> Vec<Mote> {
    let (Some(before), Some(after)) = (ask.before.cluster(), ask.after.cluster()) else { return Vec::new() };
    let lost = matches!(ask.record.map(|record| &record.event), Some(Event::MessageDropped { .. }));
    let at =
        |flying: &FlyingState, view: &View| point(plan, flying, share(view.time_ns, flying.sent_ns, flying.due_ns));
    let mut motes = Vec::with_capacity(after.flying.len() + 1);
    let mut still = after.flying.iter().peekable();
    for flying in &before.flying {
        let Some(from) = at(flying, ask.before) else { continue };
        match still.next_if(|next| next.message == flying.message) {
            Some(next) => motes.extend(at(next, ask.after).map(|to| mote(next, from, to, (1.0, 1.0)))),
            None if lost => motes.extend(at(flying, ask.after).map(|to| mote(flying, from, to, (1.0, 0.0)))),
            None => motes.extend(point(plan, flying, 1.0).map(|to| mote(flying, from, to, (1.0, 0.0)))),
        }
    }
    motes.extend(still.filter_map(|sent| at(sent, ask.after).map(|to| mote(sent, to, to, (0.0, 1.0)))));
    // A brush paints all of a colour at once.
    sort_by_key(&mut motes, |mote| (mote.tint, mote.hollow));
    motes
}

fn mote(flying: &FlyingState, from: (f64, f64), to: (f64, f64), opacity: (f64, f64)) -> Mote {
    let tenor = Tenor::of(flying.from, flying.to, &flying.kind, &flying.text);
    let target = Selection::Message(flying.message);
    Mote { from, to, opacity, radius: SMALL_RADIUS, tint: tenor.tint(), hollow: tenor.is_hollow(), target }
}

/// What stands on a message: its kind, or what it answers where that is short.
fn word(flying: &FlyingState) -> String {
    let tells = is_answer(&flying.kind) && !flying.text.is_empty() && flying.text.chars().count() <= WORD_MAX;
    if tells { flying.text.to_string() } else { flying.kind.to_string() }
}

/// Longest answer that stands on a message.
const WORD_MAX: usize = 18;

fn said(flying: &FlyingState) -> String {
    let text = if flying.text.is_empty() { String::new() } else { format!(": {}", flying.text) };
    format!("{} from {} to {}{text}", flying.kind, flying.from, flying.to)
}

fn overlap(one: Place, other: Place) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}

/// A message that arrives flies to the end of its way during the step; one that is lost fades where it is.
pub fn landing(step: &mut Step, ask: &Ask, plan: &Plan) {
    let (message, lost) = match ask.record.map(|record| &record.event) {
        Some(Event::MessageDelivered { message }) => (*message, false),
        Some(Event::MessageDropped { message, .. }) => (*message, true),
        _ => return,
    };
    let Some(cluster) = ask.before.cluster() else { return };
    let Some(flying) = cluster.flying.iter().find(|flying| flying.message == message) else { return };
    let id = id_of(flying);
    let Some(shape) = step.from.shapes.iter().find(|shape| shape.id == id).cloned() else { return };
    let share = if lost { share(ask.after.time_ns, flying.sent_ns, flying.due_ns) } else { 1.0 };
    let Some((x, y)) = point(plan, flying, share) else { return };
    let place = Place { x, y, ..shape.place };
    step.to.shapes.push(Shape { place, opacity: 0.0, ..shape }.marks(if lost { Marks::FAILED } else { Marks::LIT }));
}

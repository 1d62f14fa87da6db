//! Beside a line: what the node is, whom it waits for, the end of its log, its accounts.
//!
//! ```text
//!   ┌──────────────────────────────────────────────┐
//!   │ n2 in doubt   T1.1: alice −30                │   what blocks it, or whom it blocks
//!   │ ║T1.1 prepared alice −30║ ┊T1.1 committed┊    │   durable; not yet
//!   │ alice 100 (pinned: locked)   flight 2        │
//!   └──────────────────────────────────────────────┘
//! ```

use crate::Selection;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::cluster::words;
use crate::describe::key;
use crate::drawing::{Drawing, Id, Marks, Shape};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::NodeState;
use glassbase_trace::{NodeId, NodeStatus, RequestFate};

const PAD: f64 = 7.0;
const LINE_H: f64 = 17.0;

/// What a client asked last, and was told.
pub fn client(d: &mut Drawing, cluster: &ClusterState, client: NodeId, place: Place) {
    let latest = cluster.requests.iter().rev().find(|request| request.client == client);
    let id = Id::of("panel", u64::from(client.0));
    let y = place.center().1;
    let Some(request) = latest else {
        d.add(Shape::text(id, place.x + PAD, y + 4.0, "asks nothing").class("quiet"));
        return;
    };
    let is_open = request.fate == RequestFate::Open;
    let answer = match (is_open, request.answer.is_empty()) {
        (true, _) => "waits for an answer",
        (false, true) => words::fate(request.fate),
        (false, false) => &*request.answer,
    };
    let room = place.w - 2.0 * PAD;
    d.add(Shape::text(id, place.x + PAD, y - 3.0, cut(&request.text, room, SANS_W)));
    let marks = Marks::FAILED.when(matches!(request.fate, RequestFate::Failed | RequestFate::Unknown));
    d.add(Shape::text(id.and(1), place.x + PAD, y + 12.0, cut(answer, room, SANS_W)).class("quiet").marks(marks));
}

/// Facts that say what is blocked and on what.
const BLOCKED: &[&str] = &["in doubt", "waits", "stuck"];
/// Facts that are no news: the badge adds them up, the measures count them.
const COUNTED: &[&str] = &["money", "opening", "written", "forced"];

pub fn node(d: &mut Drawing, number: NodeId, node: &NodeState, place: Place) {
    let id = Id::of("panel", u64::from(number.0));
    let head = &node.detail.head;
    let is_down = node.status == NodeStatus::Down;
    let class = if is_down { "card down" } else { "card" };
    let card = Shape::rect(id, place).class(class).mark(Marks::CROWNED, head.crowned && !is_down);
    d.add(
        card.mark(Marks::STALE, node.status == NodeStatus::Paused)
            .target(Selection::Node(number), words::node(number, node)),
    );
    let x = place.x + PAD;
    let mut y = place.y + 15.0;
    let name = number.to_string();
    let role =
        if node.status == NodeStatus::Up { head.role.to_string() } else { words::status(node.status).to_string() };
    let name_w = name.len() as f64 * 8.0 + 6.0;
    d.add(Shape::title_of(id.and(1), x, y, name));
    let role_w = (role.chars().count() as f64 * SANS_W + 8.0).min(place.w * 0.3);
    let role = Shape::text(id.and(2), x + name_w, y, cut(&role, role_w, SANS_W));
    d.add(role.mark(Marks::FAILED, is_down || &*head.role == "in doubt"));
    let news: Vec<_> = head.facts.iter().filter(|fact| !COUNTED.contains(&&*fact.name)).collect();
    let news = news.iter().find(|fact| BLOCKED.contains(&&*fact.name)).or(news.first());
    if let Some(fact) = news {
        let left = x + name_w + role_w;
        let text =
            if *fact.name == *head.role { fact.value.to_string() } else { format!("{} {}", fact.name, fact.value) };
        let text = cut(&text, place.right() - PAD - left, SANS_W);
        let is_blocked = BLOCKED.contains(&&*fact.name);
        d.add(Shape::text(id.and(3), left, y, text).class("quiet").mark(Marks::FAILED, is_blocked));
    }
    y += 7.0;
    if y + LINE_H <= place.bottom() {
        log(d, id, node, Place::new(x, y, place.w - 2.0 * PAD, LINE_H - 3.0));
        y += LINE_H;
    }
    if y + LINE_H <= place.bottom() && !node.detail.data.is_empty() {
        accounts(d, id, node, Place::new(x, y, place.w - 2.0 * PAD, LINE_H - 3.0));
    }
}

/// As many records as there is room for, the last one at the right of the others.
fn log(d: &mut Drawing, id: Id, node: &NodeState, place: Place) {
    let log = &node.detail.log;
    let width = |text: &str| (text.chars().count() as f64 * MONO_W + 10.0).min(place.w);
    let (mut first, mut used) = (log.entries.len(), 0.0);
    while first > 0 && used + width(&log.entries[first - 1].text) <= place.w {
        first -= 1;
        used += width(&log.entries[first].text) + 4.0;
    }
    if log.entries.is_empty() {
        d.add(Shape::text(id.and(10), place.x, place.y + 10.5, "nothing in its log").class("quiet"));
        return;
    }
    let first = first.min(log.entries.len() - 1);
    let mut x = place.x;
    for (at, entry) in log.entries.iter().enumerate().skip(first) {
        let index = log.first + at as u64;
        let is_durable = index <= node.detail.head.committed;
        let w = width(&entry.text);
        let shape = Shape::rect(id.and(100 + index), Place::new(x, place.y, w, place.h)).class("version");
        let how = if is_durable { "durable" } else { "not yet durable" };
        let shape =
            shape.label(cut(&entry.text, w - 6.0, MONO_W)).said(format!("Record {index}: {}, {how}", entry.text));
        d.add(shape.mark(Marks::DURABLE, is_durable).mark(Marks::EMPTY, !is_durable));
        x += w + 4.0;
    }
}

fn accounts(d: &mut Drawing, id: Id, node: &NodeState, place: Place) {
    let mut x = place.x;
    for (at, datum) in node.detail.data.iter().enumerate() {
        let Some(version) = datum.versions.first() else { continue };
        let text = format!("{} {}", key(&datum.key), version.value);
        let is_locked = words::is_locked(version);
        let w = text.chars().count() as f64 * MONO_W + if is_locked { 24.0 } else { 12.0 };
        if x + w > place.right() {
            return;
        }
        let locked = if is_locked { format!(", {}", version.stamp) } else { String::new() };
        let shape = Shape::rect(id.and(20_000 + at as u64), Place::new(x, place.y, w, place.h)).class("version");
        d.add(shape.label(text.clone()).said(format!("{text}{locked}")).mark(Marks::PINNED, is_locked));
        x += w + 5.0;
    }
}

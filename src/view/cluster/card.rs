//! A node as a card: name, role, term, what is wrong with it, its log and its data.
//!
//! ```text
//!   ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔       a crown bar: it decides
//!   n2 leader      term 4
//!   commit 7 · applied 7
//!   voted for n2
//!   5 │3│3│4│4│4┊4┊            filled: committed; dashed: not yet
//!   x = 12 @4.7                hatched: another node has a newer version
//! ```

use super::plan::{CARD_TOP, Grain, KEY_H, LINE_H, Plan};
use super::rounds::Reply;
use super::words;
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::describe::key;
use crate::drawing::{Anchor, Drawing, Id, Layer, Marks, Shape};
use crate::{Selection, View};
use glassbase_trace::parts::cluster::{Datum, NodeHead, NodeState, Version};
use glassbase_trace::{NodeId, NodeStatus};

const PAD: f64 = 8.0;
/// The classes of terms: neighbours differ.
const TERMS: [&str; 4] = ["entry term0", "entry term1", "entry term2", "entry term3"];

pub fn draw(d: &mut Drawing, plan: &Plan, view: &View, number: NodeId, node: &NodeState, lit: Marks) {
    let Some(place) = plan.place(number) else { return };
    let id = Id::of("node", u64::from(number.0));
    let head = &node.detail.head;
    let down = node.status == NodeStatus::Down;
    let card = Shape::rect(id, place).class(class(node.status)).marks(lit);
    let card = card.mark(Marks::CROWNED, head.crowned && !down).mark(Marks::STALE, node.status == NodeStatus::Paused);
    d.add(card.target(Selection::Node(number), words::node(number, node)));
    // A small card has room for the dots of a round beside the line below the name, not beside the role.
    let small = plan.grain == Grain::Small;
    let dots = if small { Place { y: place.y + CARD_TOP - 4.0, ..place } } else { place };
    let free = round(d, id, plan, view, dots, number);
    let right = if small { place.right() } else { free };
    name(d, id, plan, Place { w: right - place.x, ..place }, number, node);
    let mut y = place.y + CARD_TOP;
    for (row, (text, wrong)) in lines(plan, node).into_iter().enumerate() {
        let x = place.x + PAD;
        let room = if small { free } else { place.right() } - x - PAD;
        let line = Shape::text(id.and(10 + row as u64), x, y + 10.5, cut(&text, room, SANS_W)).class("quiet");
        d.add(line.mark(Marks::FAILED, wrong));
        y += LINE_H;
    }
    y = place.y + CARD_TOP + plan.grain.lines(&plan.shows) as f64 * LINE_H;
    if plan.shows.log {
        log(d, id, plan.grain, Place::new(place.x + PAD, y, place.w - 2.0 * PAD, 0.0), node);
        y += plan.grain.cell().height + 7.0;
    }
    if plan.grain.keys_max() > 0 {
        data(d, id, plan, view, Place::new(place.x + PAD, y, place.w - 2.0 * PAD, 0.0), node);
    }
}

/// The round of questions that a node has begun last: a dot for each that was asked. Gives back what is left to the right.
fn round(d: &mut Drawing, id: Id, plan: &Plan, view: &View, place: Place, number: NodeId) -> f64 {
    let Some(round) = view.cluster_doing.rounds.latest(number) else { return place.right() };
    let old = view.time_ns.saturating_sub(round.begun_ns) > ROUND_SHOWN_NS;
    if plan.grain.is_narrow() || old {
        return place.right();
    }
    let shown = round.asked.len().min(if plan.grain == Grain::Small { 3 } else { 7 });
    let step = if plan.grain == Grain::Small { 7.0 } else { 11.0 };
    let left = place.right() - PAD - shown as f64 * step;
    for (at, (other, reply)) in round.asked.iter().take(shown).enumerate() {
        let (x, y, r) = (left + (at as f64 + 0.5) * step, place.y + 11.5, step * 0.36);
        let id = id.and(60 + at as u64);
        let (shape, how) = match reply {
            Reply::Awaited => (Shape::dot(id, x, y, r).class("dot reply awaited"), "has not answered"),
            Reply::Yes => (Shape::dot(id, x, y, r).class("dot reply yes"), "has answered"),
            Reply::No => {
                let place = Place::new(x - r, y - r, 2.0 * r, 2.0 * r);
                (Shape::rect(id, place).class("reply no").layer(Layer::Signs), "has refused")
            }
        };
        d.add(shape.said(format!("{}: {other} {how}", round.kind)));
    }
    left - 2.0
}

/// A round is shown for so long.
const ROUND_SHOWN_NS: u64 = 60_000_000;

fn class(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Up => "card",
        NodeStatus::Paused => "card paused",
        NodeStatus::Slow => "card slow",
        NodeStatus::Down => "card down",
    }
}

fn name(d: &mut Drawing, id: Id, plan: &Plan, place: Place, number: NodeId, node: &NodeState) {
    let text = number.to_string();
    let name_w = text.len() as f64 * 8.0;
    let y = place.y + 15.5;
    d.add(Shape::title_of(id.and(1), place.x + PAD, y, text));
    let head = &node.detail.head;
    let x = place.x + PAD + name_w + 5.0;
    let term = words::term(head);
    let shows_term = plan.grain == Grain::Large && !term.is_empty();
    let term_w = if shows_term { term.len() as f64 * SANS_W + 6.0 } else { 0.0 };
    let room = place.right() - PAD - x - term_w;
    // The line below says that it is down.
    let is_told = node.status != NodeStatus::Up && *head.role == *words::status(node.status);
    // A tiny card has no room for it beside the name: who decides is told by the crown, the rest on the line below.
    let role = if is_told || plan.grain.is_narrow() { String::new() } else { head.role.to_string() };
    d.add(Shape::text(id.and(2), x, y, cut(&role, room, SANS_W + 0.5)).mark(Marks::LIT, head.crowned));
    if shows_term {
        d.add(Shape::text(id.and(3), place.right() - PAD, y, term).class("quiet").anchor(Anchor::End));
    }
}

/// The lines below the name, each with whether it tells of something wrong.
fn lines(plan: &Plan, node: &NodeState) -> Vec<(String, bool)> {
    let (grain, head) = (plan.grain, &node.detail.head);
    let mut wrong = String::new();
    if node.status != NodeStatus::Up {
        wrong.push_str(words::status(node.status));
    }
    if let Some(offset) = words::offset(node) {
        let clock = if matches!(grain, Grain::Large | Grain::Medium) { "clock " } else { "" };
        wrong = format!("{wrong}{}{clock}{offset}", if wrong.is_empty() { "" } else { " · " });
    }
    let term = words::term(head);
    let commit = if node.detail.log.entries.is_empty() || !commits(head) {
        String::new()
    } else if head.applied == head.committed {
        format!("committed {}", head.committed)
    } else {
        format!("committed {} · applied {}", head.committed, head.applied)
    };
    let facts = || head.facts.iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect::<Vec<_>>();
    let joined = |parts: &[&String]| {
        let said: Vec<&str> = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
        said.join(" · ")
    };
    match grain {
        Grain::Large | Grain::Medium if plan.shows.clocks => {
            let wrong = (!wrong.is_empty()).then_some((wrong, true));
            let told = wrong.into_iter().chain(facts().into_iter().map(|fact| (fact, false)));
            told.take(grain.lines(&plan.shows)).collect()
        }
        Grain::Large => {
            let facts = facts();
            let first = if wrong.is_empty() { (joined(&[&commit]), false) } else { (wrong, true) };
            let (first, rest) = match first.0.is_empty() {
                true => (facts.first().cloned().unwrap_or_default(), facts.get(1..).unwrap_or_default()),
                false => (first.0.clone(), &facts[..]),
            };
            let is_wrong = node.status != NodeStatus::Up || words::offset(node).is_some();
            vec![(first, is_wrong), (rest.join(" · "), false)]
        }
        Grain::Medium if wrong.is_empty() => {
            let first = facts().into_iter().next().unwrap_or_default();
            let said = joined(&[&term, &commit]);
            vec![(if said.is_empty() { first } else { said }, false)]
        }
        _ if !wrong.is_empty() => vec![(wrong, true)],
        Grain::Mini | Grain::Tiny if head.term == 0 => {
            let fits = head.role.chars().count() as f64 * SANS_W <= grain.width() - 2.0 * PAD;
            vec![(if fits { head.role.to_string() } else { String::new() }, false)]
        }
        _ => vec![(term, false)],
    }
}

/// Whether entries of its log are committed one day: where everybody may write, they simply are there.
fn commits(head: &NodeHead) -> bool {
    head.term > 0 || head.committed > 0
}

/// The last entries of the log that find room.
fn log(d: &mut Drawing, id: Id, grain: Grain, place: Place, node: &NodeState) {
    let log = &node.detail.log;
    let size = grain.cell();
    // A small card tells the terms, a narrow one their colours alone.
    let (texts, terms) = (matches!(grain, Grain::Large | Grain::Medium), !grain.is_narrow());
    let numbers = if texts { 30.0 } else { 0.0 };
    let room = ((place.w - numbers + 1.0) / (size.width + 1.0)).max(1.0) as usize;
    let count = log.entries.len();
    let shown = count.min(room);
    let first = log.first + (count - shown) as u64;
    if count == 0 {
        return;
    }
    if texts {
        let label = Shape::text(id.and(20), place.x, place.y + size.height - 5.0, first.to_string());
        d.add(label.class("quiet").said("Index of the first entry that is shown"));
    }
    for (at, entry) in log.entries[count - shown..].iter().enumerate() {
        let index = first + at as u64;
        let x = place.x + numbers + at as f64 * (size.width + 1.0);
        let cell = Shape::rect(id.and(1000 + index), Place::new(x, place.y + 1.0, size.width, size.height));
        let committed = index <= node.detail.head.committed || !commits(&node.detail.head);
        let applied = index <= node.detail.head.applied;
        let cell = cell.class(TERMS[(entry.term % 4) as usize]);
        let cell = cell.mark(Marks::EMPTY, !committed).mark(Marks::DURABLE, applied && texts);
        let cell = if terms { cell.label(entry.term.to_string()) } else { cell };
        let how = match (committed, applied) {
            (_, true) => "committed and applied",
            (true, false) => "committed",
            (false, false) => "not committed",
        };
        d.add(cell.said(format!(
            "Entry {index} of {} {}: {}; {how}",
            words::term_word(&node.detail.head),
            entry.term,
            entry.text
        )));
    }
}

fn data(d: &mut Drawing, id: Id, plan: &Plan, view: &View, place: Place, node: &NodeState) {
    let most = plan.grain.keys_max();
    let all = &node.detail.data;
    let rows = all.iter().take(most);
    for (row, datum) in rows.enumerate() {
        let place = Place::new(place.x, place.y + row as f64 * KEY_H, place.w, KEY_H - 3.0);
        let id = id.and(30).and(row as u64);
        one(d, id, place, datum, view.cluster_doing.is_behind(datum), plan.grain == Grain::Mini);
    }
    if most > 1 && all.len() > most {
        let y = place.y + most as f64 * KEY_H + 9.0;
        let text = format!("and {} more", all.len() - most);
        d.add(Shape::text(id.and(29), place.x, y, text).class("quiet"));
    }
}

/// A key and its versions, side by side; a narrow card has room for the versions alone.
fn one(d: &mut Drawing, id: Id, place: Place, datum: &Datum, behind: bool, narrow: bool) {
    let name = if narrow { String::new() } else { cut(&key(&datum.key), place.w * 0.35, MONO_W) };
    let name_w = if narrow { 0.0 } else { name.chars().count() as f64 * MONO_W + 6.0 };
    if !narrow {
        d.add(Shape::text(id, place.x, place.y + 12.0, name).class("mono"));
    }
    let count = datum.versions.len().clamp(1, 3);
    let w = (place.w - name_w - 3.0 * (count as f64 - 1.0)) / count as f64;
    for (at, version) in datum.versions.iter().take(count).enumerate() {
        let x = place.x + name_w + at as f64 * (w + 3.0);
        let shape = Shape::rect(id.and(1 + at as u64), Place::new(x, place.y, w, place.h)).class("version");
        let text = cut(&short(version), w - 6.0, MONO_W);
        let more = if datum.versions.len() > count { ", and more versions" } else { "" };
        let behind_words = if behind { "; another node has a newer version" } else { "" };
        let shape = shape.label(text).said(format!("{}{more}{behind_words}", words::datum(datum)));
        d.add(shape.mark(Marks::STALE, behind).mark(Marks::DELETED, version.deleted));
    }
}

fn short(version: &Version) -> String {
    if words::is_alone(version) {
        return if words::is_locked(version) {
            format!("{}, locked", version.value)
        } else {
            version.value.to_string()
        };
    }
    match (version.deleted, version.stamp.is_empty()) {
        (true, true) => "gone".to_string(),
        (true, false) => format!("@{}", version.stamp),
        (false, true) => version.value.to_string(),
        (false, false) => format!("{} @{}", version.value, version.stamp),
    }
}

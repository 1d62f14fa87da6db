//! The keys in their space: a ring for consistent hashing, a line for the others.
//!
//! ```text
//!        n2 ·  · n1
//!      n3 ·  ○○  · n2        a key lives on the shard whose point comes next, clockwise
//!        n1 ·  · n3
//!
//!   ├──── n1 ────┼──── n2 ────┼── n3 ──┤        ranges: by the key itself; hashes: by the hash
//!      ○ ○○  ○     ○○○  ○  ○
//! ```

use super::scene::Plan;
use crate::Selection;
use crate::arrange::{Place, SANS_W, cut, sine_and_cosine};
use crate::describe::key;
use crate::drawing::{Anchor, Ask, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::ShardingState;
use glassbase_trace::parts::sharding::KeyDot;

/// More points of shards than this have no names.
const NAMED_MAX: usize = 56;

pub fn draw(d: &mut Drawing, plan: &Plan, state: &ShardingState, ask: &Ask) {
    if state.map.ring.is_empty() { line(d, plan.space, state, ask) } else { ring(d, plan.space, state, ask) }
}

/// The share of the ring before a hash.
fn turn(hash: u64) -> f64 {
    hash as f64 / u64::MAX as f64
}

/// A place on a circle, from the top, clockwise.
fn on_circle(center: (f64, f64), radius: f64, turns: f64) -> (f64, f64) {
    let (sine, cosine) = sine_and_cosine(turns);
    (center.0 + radius * sine, center.1 - radius * cosine)
}

fn ring(d: &mut Drawing, place: Place, state: &ShardingState, ask: &Ask) {
    let center = place.center();
    let radius = (place.w.min(place.h) / 2.0 - 26.0).max(40.0);
    let circle = format!("M0 {}A{radius} {radius} 0 1 1 0 {radius}A{radius} {radius} 0 1 1 0 {}", -radius, -radius);
    d.add(Shape::path(Id::of("ring", 0), center.0, center.1, circle).class("curve").marks(Marks::MUTED));
    let mut named: Vec<Place> = Vec::new();
    for (hash, shard) in &state.map.ring {
        let id = Id::of("point", *hash);
        let (x, y) = on_circle(center, radius, turn(*hash));
        let chosen = ask.selected == Some(Selection::Node(*shard));
        d.add(Shape::dot(id, x, y, 2.5).mark(Marks::LIT, chosen).said(format!("A point of {shard}")));
        // A name that would lie on another stands further out, or is left to the title of its point.
        let name = shard.to_string();
        let w = name.chars().count() as f64 * SANS_W + 2.0;
        let places = [10.0, 20.0].map(|out| {
            let (x, y) = on_circle(center, radius + out, turn(*hash));
            Place::new(x - w / 2.0, y - 6.0, w, 13.0)
        });
        let free = places.into_iter().find(|place| named.iter().all(|known: &Place| !known.meets(place)));
        if let Some(place) = free.filter(|_| state.map.ring.len() <= NAMED_MAX) {
            let text = Shape::text(id.and(1), place.center().0, place.y + 10.0, name).anchor(Anchor::Middle);
            d.add(text.class("quiet").mark(Marks::LIT, chosen));
            named.push(place);
        }
    }
    for (index, dot) in state.dots.iter().enumerate() {
        // In three rows, so that neighbours can be told apart.
        let (x, y) = on_circle(center, radius - 10.0 - 9.0 * (index % 3) as f64, turn(dot.hash));
        add_dot(d, dot, x, y, ask);
    }
    let said = format!("{} keys drawn", state.dots.len());
    d.add(Shape::text(Id::of("ring-said", 0), center.0, center.1, said).anchor(Anchor::Middle).class("quiet"));
    let moved = state.dots.iter().filter(|dot| dot.moves > 0).count();
    let said = format!("{moved} have moved");
    let text = Shape::text(Id::of("ring-said", 1), center.0, center.1 + 18.0, said).anchor(Anchor::Middle);
    d.add(text.mark(Marks::MUTED, moved == 0));
}

fn add_dot(d: &mut Drawing, dot: &KeyDot, x: f64, y: f64, ask: &Ask) {
    let selection = Selection::Entry(dot.hash);
    let moved = if dot.moves > 0 { ", moved" } else { "" };
    let title = format!("Key {} on {}, {} requests{moved}", key(&dot.key), dot.shard, dot.requests);
    let shape = Shape::dot(Id::of("space", dot.hash), x, y, 3.2).mark(Marks::DIRTY, dot.moves > 0);
    d.add(shape.mark(Marks::LIT, ask.selected == Some(selection)).target(selection, title));
}

/// A key as a number, if it is one.
fn number(bytes: &[u8]) -> Option<f64> {
    <[u8; 8]>::try_from(bytes).ok().map(|eight| u64::from_be_bytes(eight) as f64)
}

fn line(d: &mut Drawing, place: Place, state: &ShardingState, ask: &Ask) {
    let (left, width) = (place.x + 4.0, place.w - 8.0);
    let spans = &state.map.spans;
    let ends = spans.iter().filter_map(|span| number(&span.from));
    let keys = state.dots.iter().filter_map(|dot| number(&dot.key));
    let end = ends.map(|end| end * 1.35).chain(keys.map(|key| key * 1.05)).fold(1.0, f64::max);
    let at = |share: f64| left + width * share.min(1.0);
    for (index, span) in spans.iter().enumerate() {
        let from = number(&span.from).unwrap_or(0.0) / end;
        let to = span.to.as_ref().and_then(|to| number(to)).map_or(1.0, |to| to / end);
        let bar = Place::new(at(from), place.y, (at(to) - at(from) - 2.0).max(3.0), 24.0);
        let begins = if span.from.is_empty() { "the beginning".to_string() } else { key(&span.from) };
        let shape = Shape::rect(Id::of("span", index as u64), bar).class("slot");
        let shape = shape.label(cut(&span.shard.to_string(), bar.w, SANS_W));
        let chosen = ask.selected == Some(Selection::Node(span.shard));
        let title = format!("{} has the keys from {begins} on", span.shard);
        d.add(shape.mark(Marks::LIT, chosen).target(Selection::Node(span.shard), title));
        if bar.w > 40.0 && !span.from.is_empty() {
            d.add(Shape::text(Id::of("span", index as u64).and(1), bar.x, bar.bottom() + 12.0, begins).class("quiet"));
        }
    }
    if spans.is_empty() {
        let axis = Shape::line(Id::of("axis", 0), (left, place.y + 14.0), (left + width, place.y + 14.0));
        d.add(axis.marks(Marks::MUTED));
        let text = "keys by their hash, from 0 to the largest";
        d.add(Shape::text(Id::of("axis", 1), left, place.y + 6.0, cut(text, width, SANS_W)).class("quiet"));
    }
    for dot in &state.dots {
        let share = match spans.is_empty() {
            true => turn(dot.hash),
            false => number(&dot.key).map_or(1.0, |number| number / end),
        };
        let row = (dot.hash % 5) as f64;
        add_dot(d, dot, at(share), place.y + 46.0 + row * 9.0, ask);
    }
}

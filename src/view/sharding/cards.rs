//! Shards as cards: how many keys, how hot, how long a request waits, and the keys themselves.

use crate::Selection;
use crate::arrange::{Place, SANS_W, Wrap, cut};
use crate::camera::Size;
use crate::caption::duration;
use crate::describe::{grouped, key};
use crate::drawing::{Anchor, Ask, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::ShardingState;
use glassbase_trace::parts::sharding::{KeyDot, ShardState};

const CARD: Size = Size { width: 152.0, height: 126.0 };
const NARROW: Size = Size { width: 106.0, height: 118.0 };
const GAP: f64 = 10.0;
/// From one key to the next.
const STEP: f64 = 8.0;
/// A shard is hot when it has so many times its share of the latest requests.
const HOT: u64 = 2;

fn wrap(room: Place) -> Wrap {
    let size = if room.w < 420.0 { NARROW } else { CARD };
    Wrap::new((room.x, room.y), room.w, size, GAP)
}

/// How high so many cards are.
pub fn height(shards: usize, width: f64) -> f64 {
    wrap(Place::new(0.0, 0.0, width, 0.0)).height(shards)
}

pub fn place(at: usize, room: Place) -> Place {
    wrap(room).place(at)
}

pub fn draw(d: &mut Drawing, room: Place, state: &ShardingState, ask: &Ask) {
    let mean = 1000 / state.shards.len().max(1) as u64;
    for (at, shard) in state.shards.iter().enumerate() {
        card(d, place(at, room), state, shard, mean, ask);
    }
}

fn card(d: &mut Drawing, place: Place, state: &ShardingState, shard: &ShardState, mean: u64, ask: &Ask) {
    let id = Id::of("shard", u64::from(shard.shard.0));
    let is_hot = shard.heat >= HOT * mean && state.shards.len() > 1 && shard.requests > 20;
    let moves = |phase: &str| !matches!(phase, "done" | "");
    let is_moving = state
        .streams
        .iter()
        .any(|stream| (stream.from == shard.shard || stream.to == shard.shard) && moves(&stream.phase));
    let selection = Selection::Node(shard.shard);
    let heat = shard.heat / 10;
    let title = format!(
        "Shard {}{}: {} keys, {} requests, {heat} % of the latest{}",
        shard.shard,
        if shard.up { "" } else { ", down" },
        shard.keys,
        shard.requests,
        if is_hot { ": hot" } else { "" }
    );
    let shape = Shape::rect(id, place).class("card").level((shard.heat as f64 / 1000.0).min(1.0));
    let shape = shape.mark(Marks::FAILED, !shard.up).mark(Marks::DIRTY, is_hot).mark(Marks::LIT, is_moving);
    d.add(shape.mark(Marks::CURRENT, ask.selected == Some(selection)).target(selection, title));
    let (left, right) = (place.x + 8.0, place.right() - 8.0);
    let name = if shard.up { shard.shard.to_string() } else { format!("{} down", shard.shard) };
    d.add(Shape::title_of(id.and(1), left, place.y + 17.0, name));
    let keys = format!("{} keys", grouped(shard.keys));
    d.add(Shape::text(id.and(2), right - 6.0, place.y + 17.0, keys).anchor(Anchor::End));
    let wait = match shard.backlog_ns {
        0 => String::new(),
        ns => format!(", wait {}", duration(ns)),
    };
    let said = format!("{} asked · {heat} %{wait}", grouped(shard.requests));
    let text = Shape::text(id.and(3), left, place.y + 32.0, cut(&said, place.w - 16.0, SANS_W));
    d.add(text.class("quiet").mark(Marks::LIT, is_hot));
    dots(d, place, state, shard, ask);
}

/// The keys of a shard that are drawn. One that moves keeps its identity, and flies over.
fn dots(d: &mut Drawing, place: Place, state: &ShardingState, shard: &ShardState, ask: &Ask) {
    let columns = ((place.w - 16.0) / STEP).max(1.0) as usize;
    let rows = ((place.h - 54.0) / STEP).max(1.0) as usize;
    let here = state.dots.iter().filter(|dot| dot.shard == shard.shard);
    for (at, dot) in here.enumerate().take(columns * rows) {
        let x = place.x + 11.0 + (at % columns) as f64 * STEP;
        let y = place.y + 45.0 + (at / columns) as f64 * STEP;
        d.add(dot_shape(dot, x, y, ask));
    }
}

fn dot_shape(dot: &KeyDot, x: f64, y: f64, ask: &Ask) -> Shape {
    let selection = Selection::Entry(dot.hash);
    let shape = Shape::dot(Id::of("key", dot.hash), x, y, 3.0).mark(Marks::DIRTY, dot.moves > 0);
    let shape = shape.mark(Marks::LIT, ask.selected == Some(selection));
    shape.said(format!("Key {} on {}", key(&dot.key), dot.shard))
}

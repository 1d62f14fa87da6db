//! The picture as a whole.
//!
//! ```text
//!   2 apps · 2 L2 · router · 2 shards of 3, raft on btree · costs 71 an hour         12.5 ms
//!   goal, where there is one
//!   map: clients │ apps │ L2 │ router │ shards       narrow: one below the other
//!   waterfall                    │ diagram           narrow: one below the other
//! ```

use super::{diagram, followed, goal, map, stack, waterfall};
use crate::View;
use crate::arrange::{Place, SANS_W, cut};
use crate::cluster::clock;
use crate::drawing::{Anchor, Ask, Drawing, Id, Shape, Step};
use glassbase_trace::TierKind;
use glassbase_trace::parts::stack::StackState;

/// From this width on waterfall and diagram stand side by side.
const WIDE: f64 = 720.0;
const HEAD_H: f64 = 26.0;
const GAP: f64 = 14.0;
const WIDTH_MIN: f64 = 280.0;
const BELOW_MIN: f64 = 150.0;

pub fn draw(ask: &Ask) -> Step {
    Step::of(ask, |view| picture(ask, view))
}

fn picture(ask: &Ask, view: &View) -> Drawing {
    let width = ask.room.width.max(WIDTH_MIN);
    let Some(state) = stack(view) else { return Drawing::new(width, "There is no stack yet.") };
    let end = stack(ask.end).unwrap_or(state);
    let mut d = Drawing::new(width, sentence(state));
    head(&mut d, width, view, state);
    let mut y = HEAD_H;
    y += goal::draw(&mut d, Place::new(0.0, y, width, 0.0), state, ask.selected);
    // What is there at the end of the run has its place from the beginning, so that nothing jumps while it is played.
    let plan = map::Plan::of(Place::new(0.0, y, width, 0.0), end);
    map::draw(&mut d, &plan, state, view, ask.selected);
    y += plan.height + GAP;
    let Some(follow) = followed(state, ask.selected) else {
        let text = "Ask for something: get k1, put k1 new. Its way is drawn here.";
        d.add(Shape::text(Id::of("no-request", 0), 4.0, y + 14.0, cut(text, width - 8.0, SANS_W)).class("quiet"));
        d.height = d.height.max(ask.room.height);
        return d;
    };
    let room_h = (ask.room.height - y).max(BELOW_MIN);
    let now_ns = view.time_ns;
    if width >= WIDE {
        let w = (width - GAP) * 0.55;
        waterfall::draw(&mut d, Place::new(0.0, y, w, room_h), state, follow, now_ns, ask.selected);
        diagram::draw(&mut d, Place::new(w + GAP, y, width - w - GAP, room_h), state, follow, now_ns, ask.selected);
    } else {
        let h =
            waterfall::draw(&mut d, Place::new(0.0, y, width, room_h.max(260.0)), state, follow, now_ns, ask.selected);
        diagram::draw(&mut d, Place::new(0.0, y + h + GAP, width, 220.0), state, follow, now_ns, ask.selected);
    }
    d.height = d.height.max(ask.room.height);
    d
}

fn count(state: &StackState, kind: TierKind) -> usize {
    state.tiers.places.iter().filter(|place| place.kind == kind).count()
}

fn setup(state: &StackState) -> String {
    let replicas = state.shards.first().map_or(0, |part| part.cluster.nodes.len());
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    format!(
        "{}, {} of L2, {} of {}: {} on {}",
        plural(count(state, TierKind::App), "app"),
        plural(count(state, TierKind::Cache), "node"),
        plural(state.shards.len(), "shard"),
        plural(replicas, "replica"),
        state.protocol,
        state.store
    )
}

fn short_setup(state: &StackState) -> String {
    let replicas = state.shards.first().map_or(0, |part| part.cluster.nodes.len());
    let (apps, caches) = (count(state, TierKind::App), count(state, TierKind::Cache));
    format!("{apps} apps, {caches} L2, {} × {replicas} {}", state.shards.len(), state.protocol)
}

fn sentence(state: &StackState) -> String {
    let counts = state.tiers.counts;
    let latest = match state.latest() {
        Some(follow) => {
            format!(" Latest: {}, {}, {} spans.", follow.text, super::words::fate(follow.fate), follow.spans.len())
        }
        None => String::new(),
    };
    format!(
        "{}. {} requests asked, {} served, {} failed, {} stale.{latest}",
        setup(state),
        counts.asked,
        counts.served,
        counts.failed + counts.late,
        counts.stale
    )
}

fn head(d: &mut Drawing, width: f64, view: &View, state: &StackState) {
    let time = clock(view.time_ns);
    d.add(Shape::title_of(Id::of("time", 0), width - 2.0, 16.0, time).anchor(Anchor::End).said("Virtual time"));
    let mut text = format!("{} · costs {} an hour", setup(state), state.cost);
    if text.chars().count() as f64 * (SANS_W + 0.6) > width - 100.0 {
        text = short_setup(state);
    }
    d.add(Shape::title_of(Id::of("setup", 0), 2.0, 16.0, cut(&text, width - 100.0, SANS_W + 0.6)));
}

//! The followed request in space and time: a line for each place that it came to, messages from one to the next.

use super::waterfall::{class, end_ns};
use super::words;
use crate::Selection;
use crate::arrange::{Place, SANS_W, cut};
use crate::camera::within;
use crate::caption::duration;
use crate::drawing::{Anchor, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::stack::{Follow, Span, StackState};
use glassbase_trace::{NodeId, SpanLayer};

const HEAD_H: f64 = 20.0;
const NAME_W: f64 = 56.0;
const LANE_H: f64 = 26.0;
/// More messages than this are not drawn.
const LINES_MAX: usize = 160;

/// A place that a request came to.
type Spot = (NodeId, NodeId);

/// The place of a span: shards' clients are the router's connections.
fn spot(state: &StackState, span: &Span, at: NodeId) -> Spot {
    match span.shard.0 {
        0 => (NodeId(0), at),
        _ if at.is_client() => (NodeId(0), NodeId(state.tiers.places.len() as u16)),
        _ => (span.shard, at),
    }
}

pub fn draw(
    d: &mut Drawing,
    room: Place,
    state: &StackState,
    follow: &Follow,
    now_ns: u64,
    selected: Option<Selection>,
) {
    let mut lanes: Vec<Spot> = Vec::new();
    for span in &follow.spans {
        for at in [span.at, span.to] {
            let spot = spot(state, span, at);
            if !lanes.contains(&spot) {
                lanes.push(spot);
            }
        }
    }
    // Clients, then the tiers by number, then replicas.
    lanes.sort_unstable_by_key(|(shard, at)| (*shard, !at.is_client(), *at));
    let (began_ns, last_ns) = (follow.began_ns, follow.end_ns(now_ns).max(follow.began_ns + 1));
    d.add(Shape::title_of(Id::of("diagram", 0), room.x + 2.0, room.y + 13.0, "In space and time"));
    let step = within((room.h - HEAD_H - 20.0) / lanes.len().max(1) as f64, 12.0, LANE_H);
    let (left, right) = (room.x + NAME_W, room.right() - 8.0);
    let scale = (right - left) / (last_ns - began_ns) as f64;
    let x = |ns: u64| left + (ns.saturating_sub(began_ns) as f64 * scale).min(right - left);
    let y_of = |spot: Spot| {
        let at = lanes.iter().position(|known| *known == spot).unwrap_or(0);
        room.y + HEAD_H + (at as f64 + 0.5) * step
    };
    for (index, (shard, at)) in lanes.iter().enumerate() {
        let y = room.y + HEAD_H + (index as f64 + 0.5) * step;
        let name = if shard.0 == 0 { words::place(state, *at) } else { format!("s{}{at}", shard.0) };
        let id = Id::of("lane", u64::from(shard.0) << 16 | u64::from(at.0));
        d.add(Shape::text(id, room.x + 2.0, y + 4.0, cut(&name, NAME_W - 6.0, SANS_W)));
        d.add(Shape::line(id.and(1), (left, y), (right, y)).class("line lane"));
    }
    let bottom = room.y + HEAD_H + lanes.len() as f64 * step + 12.0;
    d.add(Shape::text(Id::of("axis", 0), left, bottom, "0").class("quiet"));
    let end = Shape::text(Id::of("axis", 1), right, bottom, duration(last_ns - began_ns));
    d.add(end.class("quiet").anchor(Anchor::End));
    let mut lines = 0;
    for (index, span) in follow.spans.iter().enumerate().skip(1) {
        let id = Id::of("moment", follow.request).and(index as u64);
        let selection = Selection::Span(follow.request, index as u32);
        let is_selected = selected == Some(selection);
        let until_ns = end_ns(span, now_ns);
        let y = y_of(spot(state, span, span.at));
        if span.layer == SpanLayer::Link {
            lines += 1;
            if lines > LINES_MAX {
                continue;
            }
            let to = (x(until_ns), y_of(spot(state, span, span.to)));
            let line = Shape::arrow(id, (x(span.from_ns), y), to).class("line hop");
            d.add(line.mark(Marks::CURRENT, is_selected).target(selection, words::span(state, span)));
        } else if matches!(span.layer, SpanLayer::App | SpanLayer::L2 | SpanLayer::Node | SpanLayer::Router)
            && span.parent == 0
            || span.layer == SpanLayer::Node
        {
            let w = (x(until_ns) - x(span.from_ns)).max(2.0);
            let bar = Shape::rect(id, Place::new(x(span.from_ns), y - 3.0, w, 6.0)).class(class(span.layer));
            d.add(bar.mark(Marks::CURRENT, is_selected).target(selection, words::span(state, span)));
        }
    }
}

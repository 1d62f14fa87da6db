//! The waterfall: the spans of the followed request, one below the other, by cause; each as long as it took.

use super::words;
use crate::Selection;
use crate::arrange::{Place, SANS_W, cut};
use crate::caption::duration;
use crate::drawing::{Drawing, Id, Marks, Shape};
use glassbase_trace::SpanLayer;
use glassbase_trace::parts::stack::{Follow, Span, StackState};

const ROW_H: f64 = 15.0;
const HEAD_H: f64 = 20.0;
const INDENT: f64 = 8.0;
/// The share of the width that names take.
const NAMES: f64 = 0.46;
const BAR_MIN: f64 = 2.0;

/// The class of a layer's bar: see www/plate.css.
pub fn class(layer: SpanLayer) -> &'static str {
    match layer {
        SpanLayer::Client => "bar span client",
        SpanLayer::Link => "bar span link",
        SpanLayer::App => "bar span app",
        SpanLayer::L1 | SpanLayer::L2 => "bar span cache",
        SpanLayer::Router | SpanLayer::Shard => "bar span router",
        SpanLayer::Node => "bar span node",
        SpanLayer::Pool => "bar span pool",
        SpanLayer::Log => "bar span log",
        SpanLayer::Disk => "bar span disk",
        SpanLayer::Wait => "bar span wait",
    }
}

/// Where a span ends: one that lasts, now.
pub fn end_ns(span: &Span, now_ns: u64) -> u64 {
    if span.to_ns == 0 { now_ns.max(span.from_ns) } else { span.to_ns }
}

/// The order in which spans stand: each behind its parent, children by their beginning.
fn ordered(follow: &Follow) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); follow.spans.len()];
    for (index, span) in follow.spans.iter().enumerate().skip(1) {
        if let Some(line) = children.get_mut(span.parent as usize).filter(|_| (span.parent as usize) < index) {
            line.push(index);
        }
    }
    let mut order = Vec::with_capacity(follow.spans.len());
    let mut open: Vec<usize> = if follow.spans.is_empty() { Vec::new() } else { vec![0] };
    while let Some(at) = open.pop() {
        order.push(at);
        let mut line = std::mem::take(&mut children[at]);
        line.sort_unstable_by_key(|index| (follow.spans[*index].from_ns, *index));
        open.extend(line.into_iter().rev());
    }
    order
}

/// Those of `order` that there is room for: the longest, for they are where the time went, and what is selected. A parent is
/// as long as what it encloses, so no span stands without the one that it is part of.
fn longest(follow: &Follow, order: Vec<usize>, most: usize, now_ns: u64, selected: Option<Selection>) -> Vec<usize> {
    let lasts_ns = |index: usize| {
        let span = &follow.spans[index];
        let is_selected = selected == Some(Selection::Span(follow.request, index as u32));
        if is_selected { u64::MAX } else { end_ns(span, now_ns).saturating_sub(span.from_ns) }
    };
    let mut ranked: Vec<(u64, usize)> = order.iter().enumerate().map(|(at, index)| (!lasts_ns(*index), at)).collect();
    ranked.sort_unstable();
    let mut kept: Vec<usize> = ranked.into_iter().take(most).map(|(_, at)| at).collect();
    kept.sort_unstable();
    kept.into_iter().map(|at| order[at]).collect()
}

/// Draws it; how high it is.
pub fn draw(
    d: &mut Drawing,
    room: Place,
    state: &StackState,
    follow: &Follow,
    now_ns: u64,
    selected: Option<Selection>,
) -> f64 {
    let (began_ns, last_ns) = (follow.began_ns, follow.end_ns(now_ns).max(follow.began_ns + 1));
    let order = ordered(follow);
    let most = ((room.h - HEAD_H) / ROW_H).max(4.0) as usize;
    let left = order.len().saturating_sub(most);
    let order = longest(follow, order, most, now_ns, selected);
    let shown = order.len();
    let by = if follow.ended_ns > 0 { format!(" by {}", words::source(follow.source)) } else { String::new() };
    let more = if left > 0 { format!(" · {left} shorter spans") } else { String::new() };
    let took = duration(follow.lasts_ns(now_ns));
    let mut head = format!("{} · {}{by}, {took}", follow.text, words::fate(follow.fate));
    if (head.chars().count() + more.chars().count()) as f64 * (SANS_W + 0.6) <= room.w - 4.0 {
        head.push_str(&more);
    }
    d.add(Shape::title_of(Id::of("waterfall", 0), room.x + 2.0, room.y + 13.0, cut(&head, room.w - 4.0, SANS_W + 0.6)));
    let bars = Place::new(room.x + room.w * NAMES, room.y + HEAD_H, room.w * (1.0 - NAMES) - 4.0, room.h - HEAD_H);
    let scale = bars.w / (last_ns - began_ns) as f64;
    for (row, index) in order.into_iter().enumerate() {
        let span = &follow.spans[index];
        let y = bars.y + row as f64 * ROW_H;
        let id = Id::of("span", follow.request).and(index as u64);
        let indent = (span.depth(follow) as f64 * INDENT).min(room.w * 0.14);
        let lasts_ns = end_ns(span, now_ns).saturating_sub(span.from_ns);
        let name = words::span(state, span);
        let time = duration(lasts_ns);
        let selection = Selection::Span(follow.request, index as u32);
        let is_selected = selected == Some(selection);
        // What is cut is the name, never the time.
        let names_w = bars.x - room.x - indent - 8.0;
        let time_w = if time.is_empty() { 0.0 } else { (time.chars().count() + 2) as f64 * SANS_W };
        let label = match time.is_empty() {
            true => cut(&name, names_w, SANS_W).to_string(),
            false => format!("{}  {time}", cut(&name, names_w - time_w, SANS_W)),
        };
        let text = Shape::text(id.and(1), room.x + 2.0 + indent, y + 11.0, label);
        d.add(text.mark(Marks::LIT, is_selected).mark(Marks::MUTED, span.layer == SpanLayer::Link));
        let x = bars.x + span.from_ns.saturating_sub(began_ns) as f64 * scale;
        let w = (lasts_ns as f64 * scale).max(BAR_MIN).min((bars.right() - x).max(BAR_MIN));
        let bar = Shape::rect(id, Place::new(x.min(bars.right() - BAR_MIN), y + 2.0, w, ROW_H - 5.0))
            .class(class(span.layer));
        let after = duration(span.from_ns.saturating_sub(began_ns));
        let after = if after.is_empty() { String::new() } else { format!(", after {after}") };
        d.add(bar.mark(Marks::CURRENT, is_selected).target(selection, format!("{name}: {time}{after}")));
    }
    HEAD_H + shown as f64 * ROW_H
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::{NodeId, TierSource};

    #[test]
    fn where_the_time_went_is_never_left_off() {
        let span = |parent, from_ns, to_ns| Span {
            parent,
            layer: SpanLayer::Log,
            shard: NodeId(1),
            at: NodeId(1),
            to: NodeId(0),
            from_ns,
            to_ns,
            text: "".into(),
        };
        // Many short ones, and then the long wait.
        let mut spans = vec![span(0, 0, 1000)];
        spans.extend((0..20).map(|at| span(0, at * 10, at * 10 + 5)));
        spans.push(span(0, 200, 990));
        let follow = Follow {
            request: 1,
            client: NodeId(1),
            text: "get k1".into(),
            began_ns: 0,
            ended_ns: 1000,
            fate: None,
            source: TierSource::Database,
            stale: false,
            spans,
            skipped: 0,
            place: 0,
            inner: 0,
        };
        assert_eq!(longest(&follow, ordered(&follow), 4, 1000, None), [0, 1, 2, 21]);
        let selected = Some(Selection::Span(1, 15));
        assert_eq!(longest(&follow, ordered(&follow), 4, 1000, selected), [0, 1, 15, 21]);
    }
}

//! The picture of a cache: the last accesses, what the policy knows, hit-ratio curves. Its parts are those of the buffer
//! pool's picture.

use super::super::View;
use super::super::describe::grouped;
use super::super::drawing::{Anchor, Ask, Drawing, Id, Shape, Step};
use super::super::pool::plan::{Plan, known};
use super::super::pool::{chart, policy, scene};
use glassbase_trace::PolicyKind;

pub fn draw(ask: &Ask) -> Step {
    Step::of(ask, |view| picture(ask, &Plan::of_cache(ask, view), view))
}

fn picture(ask: &Ask, plan: &Plan, view: &View) -> Drawing {
    let mut drawing = Drawing::new(plan.width, words_of(view, plan));
    title(&mut drawing, plan, view);
    scene::tape(&mut drawing, plan, view);
    policy::draw(&mut drawing, plan, view);
    if let Some(place) = plan.grid {
        scene::frames(&mut drawing, plan, view, place);
    }
    if let Some(place) = plan.chart {
        chart::draw(&mut drawing, place, view, ask.selected);
    }
    // Two side by side both begin at the top, and are drawn to one scale.
    let beside = ask.beside.map_or(0.0, |view| Plan::of_cache(ask, view).bottom());
    drawing.height = drawing.height.max(ask.room.height).max(plan.bottom()).max(beside);
    drawing
}

/// How much there is room for, and how much of it is taken.
fn room(view: &View) -> String {
    match known(view) {
        Some(known) if known.bytes > 0 => {
            let used: u64 = view.state.pool.iter().map(|held| u64::from(known.size(held.frame))).sum();
            format!("{} of {} bytes", grouped(used), grouped(known.bytes))
        }
        _ => format!("{} of {} entries", grouped(view.state.pool.len() as u64), grouped(u64::from(view.state.frames))),
    }
}

fn words_of(view: &View, plan: &Plan) -> String {
    let counters = &view.state.counters;
    format!(
        "A cache with {}, under {}: {} hits and {} misses so far.",
        room(view),
        plan.kind.name(),
        counters.pool_hits,
        counters.pool_misses
    )
}

fn title(drawing: &mut Drawing, plan: &Plan, view: &View) {
    let name = match known(view) {
        Some(known) if known.policy == PolicyKind::LruK => format!("LRU-{}", known.k),
        Some(known) if known.policy == PolicyKind::Optimum => "Optimum".to_string(),
        Some(known) => known.policy.name().to_string(),
        None => String::new(),
    };
    let (hits, all) = (view.state.counters.pool_hits, view.state.counters.pool_hits + view.state.counters.pool_misses);
    // The two texts share a line.
    let text = if plan.width > 420.0 { format!("{name} · {}", room(view)) } else { name };
    drawing.add(Shape::title_of(Id::of("cache-title", 0), 0.0, 14.0, text));
    if all > 0 {
        let percent = (hits * 200 + all) / (2 * all);
        let text = format!("{} of {} hit · {percent} %", grouped(hits), grouped(all));
        let text = Shape::title_of(Id::of("cache-title", 1), plan.width - 2.0, 14.0, text);
        drawing.add(text.anchor(Anchor::End));
    }
}

//! What is to be reached: a story, its conditions, what it costs and scores.

use crate::Selection;
use crate::arrange::{Place, SANS_W, cut};
use crate::drawing::{Anchor, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::stack::StackState;

const ROW_H: f64 = 16.0;
const PADDING: f64 = 8.0;

/// Lines of a text that are so wide at most.
fn wrapped(text: &str, width: f64) -> Vec<String> {
    let most = (width / SANS_W).max(12.0) as usize;
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > most {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Draws it, if there is one; how high it is.
pub fn draw(d: &mut Drawing, room: Place, state: &StackState, selected: Option<Selection>) -> f64 {
    let Some(goal) = &state.goal else { return 0.0 };
    let story = wrapped(&goal.story, room.w - 2.0 * PADDING);
    let rows = 1 + story.len() + goal.parts.len();
    let place = Place::new(room.x, room.y + 2.0, room.w, rows as f64 * ROW_H + PADDING);
    let (selection, id) = (Selection::Verdict(0), Id::of("goal", 0));
    let is = if goal.reached {
        "reached"
    } else if goal.unplayed {
        "not played yet"
    } else {
        "not reached"
    };
    let shape = Shape::rect(id, place).class("slot").mark(Marks::CURRENT, selected == Some(selection));
    d.add(shape.target(selection, format!("Goal: {}, {is}. Select it for hints.", goal.title)));
    let (left, right) = (place.x + PADDING, place.right() - PADDING);
    let mut y = place.y + ROW_H;
    let score = format!("{is} · score {} of 1000", goal.score);
    let score_w = score.chars().count() as f64 * SANS_W;
    d.add(Shape::title_of(id.and(1), left, y, cut(&goal.title, right - left - score_w - 10.0, SANS_W + 0.6)));
    d.add(Shape::text(id.and(2), right, y, score).anchor(Anchor::End).mark(Marks::LIT, goal.reached));
    for (index, line) in story.into_iter().enumerate() {
        y += ROW_H;
        d.add(Shape::text(id.and(10 + index as u64), left, y, line).class("quiet"));
    }
    for (index, part) in goal.parts.iter().enumerate() {
        y += ROW_H;
        let sign = if part.holds {
            "✓"
        } else if goal.unplayed {
            "·"
        } else {
            "✗"
        };
        let text = format!("{sign} {} Found: {}", part.text, part.found);
        let text = Shape::text(id.and(40 + index as u64), left, y, cut(&text, right - left, SANS_W));
        d.add(text.mark(Marks::FAILED, !part.holds && !goal.unplayed));
    }
    place.h + 10.0
}

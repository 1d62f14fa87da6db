//! What is to be reached: a story, its conditions, what it costs and scores.

use crate::Selection;
use crate::arrange::{Place, SANS_W, cut};
use crate::drawing::{Anchor, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::stack::{GoalPart, StackState};

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
    let text_w = room.w - 2.0 * PADDING;
    let story = wrapped(&goal.story, text_w);
    let parts: Vec<Vec<String>> = goal.parts.iter().map(|part| wrapped(&said(part, goal.unplayed), text_w)).collect();
    let rows = 1 + story.len() + parts.iter().map(Vec::len).sum::<usize>();
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
    let width_of = |text: &str| text.chars().count() as f64 * (SANS_W + 0.6);
    let hints = if goal.reached { "" } else { " · click for hints" };
    let mut score = format!("{is} · score {} of 1000{hints}", goal.score);
    if width_of(&goal.title) + width_of(&score) > right - left - 10.0 {
        score = format!("{} of 1000", goal.score);
    }
    let title = cut(&goal.title, right - left - width_of(&score) - 10.0, SANS_W + 0.6);
    d.add(Shape::title_of(id.and(1), left, y, title));
    d.add(Shape::text(id.and(2), right, y, score).anchor(Anchor::End).mark(Marks::LIT, goal.reached));
    for (index, line) in story.into_iter().enumerate() {
        y += ROW_H;
        d.add(Shape::text(id.and(10 + index as u64), left, y, line).class("quiet"));
    }
    for (index, (part, lines)) in goal.parts.iter().zip(parts).enumerate() {
        for (row, line) in lines.into_iter().enumerate() {
            y += ROW_H;
            let text = Shape::text(id.and(40 + 8 * index as u64 + row as u64), left, y, line);
            d.add(text.mark(Marks::FAILED, !part.holds && !goal.unplayed));
        }
    }
    place.h + 10.0
}

/// A condition, whether it holds, and what was found.
fn said(part: &GoalPart, unplayed: bool) -> String {
    let sign = if part.holds {
        "✓"
    } else if unplayed {
        "·"
    } else {
        "✗"
    };
    format!("{sign} {} Found: {}", part.text, part.found)
}

//! Moves with their phases, the parts of a query, and strategies side by side.

use crate::Selection;
use crate::arrange::{Place, SANS_W, TITLE_W, cut};
use crate::caption::duration;
use crate::describe::grouped;
use crate::drawing::{Anchor, Drawing, Id, Marks, Shape};
use glassbase_trace::parts::ShardingState;
use glassbase_trace::parts::sharding::{QueryPart, StreamState, SurveyRow};

const TITLE_H: f64 = 22.0;
const ROW_H: f64 = 24.0;
/// More moves than this are counted.
const STREAMS_MAX: usize = 6;
const PHASES: [&str; 6] = ["opening", "copying", "catching-up", "frozen", "handed", "done"];

/// How high the table of so many moves is.
pub fn streams_height(count: usize) -> f64 {
    match count {
        0 => 0.0,
        count => TITLE_H + (count.min(STREAMS_MAX) + usize::from(count > STREAMS_MAX)) as f64 * ROW_H + 10.0,
    }
}

pub fn streams(d: &mut Drawing, place: Place, state: &ShardingState) {
    if state.streams.is_empty() {
        return;
    }
    let done = state.streams.iter().filter(|stream| &*stream.phase == "done").count();
    let title = format!("Moves · {done} of {} done", state.streams.len());
    d.add(Shape::title_of(Id::of("streams", 0), place.x + 2.0, place.y + 14.0, title));
    // Those under way first, in the order in which they began.
    let open = state.streams.iter().filter(|stream| &*stream.phase != "done");
    let over = state.streams.iter().filter(|stream| &*stream.phase == "done");
    for (row, stream) in open.chain(over).take(STREAMS_MAX).enumerate() {
        let y = place.y + TITLE_H + row as f64 * ROW_H;
        self::stream(d, Place::new(place.x, y, place.w, ROW_H), stream);
    }
    if state.streams.len() > STREAMS_MAX {
        let y = place.y + TITLE_H + STREAMS_MAX as f64 * ROW_H + 14.0;
        let more = format!("and {} more", state.streams.len() - STREAMS_MAX);
        d.add(Shape::text(Id::of("streams", 1), place.x + 2.0, y, more).class("quiet"));
    }
}

fn stream(d: &mut Drawing, place: Place, stream: &StreamState) {
    let id = Id::of("stream", u64::from(stream.from.0)).and(u64::from(stream.to.0));
    let text = format!("{} → {}", stream.from, stream.to);
    d.add(Shape::text(id, place.x + 2.0, place.y + 15.0, text.clone()).class("mono label"));
    let at = PHASES.iter().position(|phase| **phase == *stream.phase).unwrap_or(0);
    let is_narrow = place.w < 560.0;
    let w = if is_narrow { 15.0 } else { 74.0 };
    for (number, phase) in PHASES.iter().enumerate() {
        let bar = Place::new(place.x + 84.0 + number as f64 * (w + 3.0), place.y + 2.0, w, 17.0);
        let shape = Shape::rect(id.and(number as u64 + 1), bar).class("slot");
        let shape = if is_narrow { shape } else { shape.label(*phase) };
        let shape = shape.mark(Marks::FOUND, number == at && at < 5).mark(Marks::HIT, number == 5 && at == 5);
        d.add(shape.mark(Marks::MUTED, number > at).mark(Marks::DURABLE, number < at).said(format!("{text}: {phase}")));
    }
    let x = place.x + 84.0 + 6.0 * (w + 3.0) + 8.0;
    let said = match at {
        5 => format!("{} keys", grouped(stream.keys)),
        _ => format!("{} rows copied, {} again", grouped(stream.copied), grouped(stream.caught_up)),
    };
    d.add(Shape::text(id.and(9), x, place.y + 15.0, cut(&said, place.right() - x, SANS_W)).class("quiet"));
}

/// The last query; where it ends.
pub fn query(d: &mut Drawing, place: Place, state: &ShardingState) -> f64 {
    let Some(query) = &state.query else { return place.y };
    let y = place.y + 6.0;
    let title = format!("{} · {} rows in {}", query.text, grouped(query.rows), duration(query.latency_ns));
    d.add(Shape::title_of(Id::of("query", 0), place.x + 2.0, y + 14.0, cut(&title, place.w, SANS_W + 0.6)));
    let room = (place.w - 250.0).max(60.0);
    for (row, part) in query.parts.iter().enumerate() {
        let row_y = y + TITLE_H + row as f64 * 18.0;
        query_part(d, Place::new(place.x, row_y, room, 13.0), part, query.latency_ns.max(1));
    }
    y + TITLE_H + query.parts.len() as f64 * 18.0 + 10.0
}

fn query_part(d: &mut Drawing, place: Place, part: &QueryPart, whole_ns: u64) {
    let id = Id::of("part", u64::from(part.shard.0));
    d.add(Shape::text(id, place.x + 2.0, place.y + 11.0, part.shard.to_string()).class("mono label"));
    let w = (place.w * part.latency_ns as f64 / whole_ns as f64).max(2.0).min(place.w);
    let (missing, hedged) = (&*part.fate == "missing", &*part.fate == "hedged");
    let said = match &*part.fate {
        "missing" => "no answer".to_string(),
        "hedged" => format!("{}, {} rows, asked twice", duration(part.latency_ns), part.rows),
        _ => format!("{}, {} rows", duration(part.latency_ns), part.rows),
    };
    let bar = Shape::rect(id.and(1), Place::new(place.x + 34.0, place.y, w, place.h)).class("bar");
    let bar = bar.mark(Marks::FAILED, missing).mark(Marks::LOGGED, hedged).mark(Marks::HIT, !missing && !hedged);
    d.add(bar.target(Selection::Node(part.shard), format!("{}: {said}", part.shard)));
    d.add(Shape::text(id.and(2), place.x + 42.0 + w, place.y + 11.0, said).class("quiet"));
}

/// Strategies compared.
pub fn survey(d: &mut Drawing, place: Place, state: &ShardingState) {
    let Some(survey) = &state.survey else { return };
    let y = place.y + 6.0;
    let title = format!(
        "{} keys, {} shards and then {}: what moves, and how even it is then",
        grouped(survey.keys),
        survey.before,
        survey.after
    );
    d.add(Shape::title_of(Id::of("survey", 0), place.x + 2.0, y + 14.0, cut(&title, place.w, TITLE_W)).said(title));
    for (row, known) in survey.rows.iter().enumerate() {
        let row_y = y + TITLE_H + 6.0 + row as f64 * 56.0;
        survey_row(d, Place::new(place.x, row_y, place.w, 50.0), row, known, survey.keys);
    }
}

fn survey_row(d: &mut Drawing, place: Place, number: usize, row: &SurveyRow, keys: u64) {
    let id = Id::of("survey-row", number as u64);
    let half = (place.w / 2.0 - 8.0).max(100.0);
    d.add(Shape::text(id, place.x + 2.0, place.y + 12.0, row.strategy.to_string()));
    // What moves: the needed part, and what is moved beyond it.
    let share = |count: u64| half * count as f64 / keys.max(1) as f64;
    let needed = row.moved - row.needless;
    let bar = Place::new(place.x + 2.0, place.y + 18.0, share(needed).max(1.0), 11.0);
    let title = format!("{}: {} keys move, {} of them to no avail", row.strategy, row.moved, row.needless);
    d.add(Shape::rect(id.and(1), bar).class("bar").marks(Marks::HIT).said(title));
    if row.needless > 0 {
        let bar = Place::new(bar.right(), bar.y, share(row.needless), bar.h);
        d.add(Shape::rect(id.and(2), bar).class("bar").marks(Marks::DIRTY).said("keys that move though they need not"));
    }
    let theory = if row.expected < 0.0 { String::new() } else { format!(", theory {}", row.expected.round() as u64) };
    let said = format!("{} move{theory}", grouped(row.moved));
    d.add(Shape::text(id.and(3), place.x + 2.0, place.y + 43.0, cut(&said, half, SANS_W)).class("quiet"));
    counts(d, Place::new(place.x + half + 12.0, place.y, place.w - half - 16.0, 30.0), id, row);
}

/// A bar for each shard, and how far they are from the mean.
fn counts(d: &mut Drawing, place: Place, id: Id, row: &SurveyRow) {
    let most = row.counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let step = place.w / row.counts.len().max(1) as f64;
    for (at, count) in row.counts.iter().enumerate() {
        let h = (place.h * *count as f64 / most).max(1.0);
        let bar = Place::new(place.x + at as f64 * step, place.bottom() - h, (step - 2.0).max(1.0), h);
        let is_new = at + 1 == row.counts.len();
        let shape = Shape::rect(id.and(100 + at as u64), bar).class("bar").mark(Marks::LIT, is_new);
        d.add(shape.said(format!("n{} has {count}", at + 1)));
    }
    let percent = |share: f64| ((share * 1000.0).round() as u64).to_string();
    let tenths = |share: f64| {
        let digits = percent(share);
        let (whole, last) = digits.split_at(digits.len().saturating_sub(1));
        format!("{}.{last}", if whole.is_empty() { "0" } else { whole })
    };
    let theory = if row.theory < 0.0 { String::new() } else { format!(", theory {} %", tenths(row.theory)) };
    let said = format!("deviation {} %{theory}", tenths(row.deviation));
    let text = Shape::text(id.and(4), place.right(), place.bottom() + 13.0, cut(&said, place.w, SANS_W));
    d.add(text.anchor(Anchor::End).class("quiet"));
}

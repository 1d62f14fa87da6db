//! Plain objects of what there is: a run's records, its view in any lab, the labs themselves.
//!
//! A lab that draws by the common vocabulary gives its drawing; the B+tree, which has a stage of its own, gives its pages.
//! Measures and the sentence are there in all of them. What the fields are called in TypeScript stands in [`super::types`].

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lab::{self, LabInfo};
use crate::trace::{Event, NO_CAUSE, PageBody, PageState, bytes, text};
use crate::view::camera::Size;
use crate::view::drawing::{Anchor, Ask, Drawing, Heads, Kind, Look, Marks, Shape};
use crate::view::map::Map;
use crate::view::{Timeline, View};

/// The room that a drawing is made for, as on a page of common size.
const ROOM: Size = Size { width: 960.0, height: 600.0 };

#[derive(Serialize)]
pub struct Problem {
    line: usize,
    column: usize,
    what: String,
    remedy: String,
}

pub fn problems(problems: &[lab::Problem]) -> Vec<Problem> {
    let plain = |problem: &lab::Problem| Problem {
        line: problem.line,
        column: problem.column,
        what: problem.what.clone(),
        remedy: problem.remedy.clone(),
    };
    problems.iter().map(plain).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    index: usize,
    time_ns: f64,
    /// The record that led to this one.
    cause: Option<u32>,
    node: u16,
    lane: &'static str,
    event: &'static str,
    fields: BTreeMap<String, Field>,
    caption: String,
}

/// A field of an event: a number where it is one that JavaScript can hold, else its text.
#[derive(Serialize)]
#[serde(untagged)]
enum Field {
    Number(f64),
    Text(String),
}

fn field(text: String) -> Field {
    // Up to 15 digits a number is exact; one that begins with a zero is a text.
    let is_number = text == "0" || !text.starts_with('0');
    let digits = is_number && (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(number) if digits => Field::Number(number as f64),
        _ => Field::Text(text),
    }
}

pub fn records(timeline: &Timeline, from: usize, count: usize) -> Vec<Record> {
    let records = timeline.trace().iter_from(from).take(count).enumerate();
    let plain = |(offset, record): (usize, &crate::trace::Record)| Record {
        index: from + offset,
        time_ns: record.time_ns as f64,
        cause: (record.cause != NO_CAUSE).then_some(record.cause),
        node: record.node,
        lane: record.event.lane().word(),
        event: record.event.name(),
        fields: text::fields(&record.event).into_iter().map(|(name, text)| (name, field(text))).collect(),
        caption: timeline.caption_at(from + offset + 1),
    };
    records.map(plain).collect()
}

#[derive(Serialize)]
pub struct CommandResult {
    line: usize,
    text: String,
    answers: Vec<String>,
    refused: bool,
    /// Positions of the trace before and after it.
    from: usize,
    to: usize,
}

pub fn results(session: &lab::Session) -> Vec<CommandResult> {
    let plain = |span: &lab::CommandSpan| {
        let records = session.trace().iter_from(span.records.start).take(span.records.len());
        let (mut answers, mut refused) = (Vec::new(), false);
        for record in records {
            match &record.event {
                Event::Answered { text } => answers.push(text.to_string()),
                Event::Refused { text } => {
                    answers.push(text.to_string());
                    refused = true;
                }
                _ => {}
            }
        }
        let (from, to) = (span.records.start, span.records.end);
        CommandResult { line: span.line, text: span.text.clone(), answers, refused, from, to }
    };
    session.commands().iter().map(plain).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    lab: &'static str,
    position: usize,
    time_ns: f64,
    caption: String,
    measures: BTreeMap<&'static str, Option<f64>>,
    /// Expectations that held, and that failed.
    held: u32,
    failed: u32,
    verdicts: Vec<Judged>,
    root: u32,
    height: u8,
    records: f64,
    pages: Vec<Page>,
    drawing: Option<Picture>,
}

#[derive(Serialize)]
struct Judged {
    checker: String,
    kind: &'static str,
    text: String,
}

pub fn view(lab: &'static str, timeline: &Timeline, position: usize) -> Seen {
    let after = timeline.view_at(position);
    let state = &after.state;
    let measures = timeline.guide().measures.iter().map(|measure| (measure.name, measure.value(&after)));
    let verdicts = after.cluster().map_or(Vec::new(), |cluster| {
        let plain = |verdict: &crate::trace::parts::cluster::Verdict| Judged {
            checker: verdict.checker.to_string(),
            kind: verdict.kind.word(),
            text: verdict.text.to_string(),
        };
        cluster.verdicts.iter().map(|verdict| plain(verdict)).collect()
    });
    Seen {
        lab,
        position: after.position,
        time_ns: after.time_ns as f64,
        caption: timeline.caption_at(position),
        measures: measures.collect(),
        held: after.held,
        failed: after.failed,
        verdicts,
        root: state.root.0,
        height: state.height,
        records: state.records as f64,
        pages: state.pages.iter().map(|page| page_of(page)).collect(),
        drawing: drawn(timeline, position, &after),
    }
}

/// The picture of a lab that draws by the common vocabulary.
fn drawn(timeline: &Timeline, position: usize, after: &View) -> Option<Picture> {
    let draw = timeline.guide().draw?;
    let index = position.checked_sub(1);
    let before = timeline.view_at(index.unwrap_or(0));
    let end = timeline.view_at(timeline.len());
    let record = index.and_then(|index| timeline.record(index));
    let look = Look::default();
    let ask = Ask { before: &before, after, end: &end, beside: None, record, room: ROOM, selected: None, look };
    Some(picture(&draw(&ask).to))
}

#[derive(Serialize)]
struct Picture {
    width: f64,
    height: f64,
    /// The whole of it in words.
    words: String,
    shapes: Vec<Drawn>,
    maps: Vec<Grid>,
}

#[derive(Serialize)]
struct Drawn {
    /// The same in two views: the same thing.
    id: String,
    kind: &'static str,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    style: &'static str,
    marks: Vec<&'static str>,
    text: String,
    note: String,
    level: Option<f64>,
    opacity: f64,
    title: String,
    /// The path in SVG's language, counted from its corner.
    path: Option<String>,
    heads: &'static str,
    anchor: &'static str,
}

#[derive(Serialize)]
struct Grid {
    x: f64,
    y: f64,
    cell: f64,
    gap: f64,
    columns: usize,
    cells: Vec<u8>,
    words: String,
}

fn picture(drawing: &Drawing) -> Picture {
    let grid = |map: &Map| Grid {
        x: map.x,
        y: map.y,
        cell: map.cell,
        gap: map.gap,
        columns: map.columns,
        cells: map.cells.clone(),
        words: map.words.clone(),
    };
    Picture {
        width: drawing.width,
        height: drawing.height,
        words: drawing.words.clone(),
        shapes: drawing.shapes.iter().map(shape).collect(),
        maps: drawing.maps.iter().map(grid).collect(),
    }
}

fn shape(shape: &Shape) -> Drawn {
    let (kind, heads, anchor, path) = match &shape.kind {
        Kind::Rect => ("rect", Heads::None, Anchor::Middle, None),
        Kind::Line(heads) => ("line", *heads, Anchor::Start, None),
        Kind::Curve(heads) => ("curve", *heads, Anchor::Start, None),
        Kind::Text(anchor) => ("text", Heads::None, *anchor, None),
        Kind::Path(path) => ("path", Heads::None, Anchor::Start, Some(path.clone())),
        Kind::Dot => ("dot", Heads::None, Anchor::Start, None),
    };
    let marks = Marks::ALL.iter().filter(|(mark, _)| shape.marks.has(*mark)).map(|(_, word)| *word);
    Drawn {
        id: format!("{:016x}", shape.id.0),
        kind,
        x: shape.place.x,
        y: shape.place.y,
        width: shape.place.w,
        height: shape.place.h,
        style: shape.class,
        marks: marks.collect(),
        text: shape.text.clone(),
        note: shape.note.clone(),
        level: shape.level,
        opacity: shape.opacity,
        title: shape.title.clone(),
        path,
        heads: match heads {
            Heads::None => "none",
            Heads::End => "end",
            Heads::Both => "both",
        },
        anchor: match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        },
    }
}

#[derive(Serialize)]
struct Page {
    id: u32,
    kind: &'static str,
    level: Option<u8>,
    used: u32,
    keys: Vec<String>,
    children: Vec<u32>,
    next: u32,
}

fn page_of(page: &PageState) -> Page {
    let keys = page.cells().map_or(Vec::new(), |cells| cells.iter().map(|(key, _)| bytes::show(key)).collect());
    let (kind, children, next) = match &page.body {
        PageBody::Meta => ("meta", Vec::new(), 0),
        PageBody::Leaf { next, .. } => ("leaf", Vec::new(), next.0),
        PageBody::Inner { leftmost, cells, .. } => {
            let right = cells.iter().map(|(_, cell)| cell.link.0);
            ("inner", std::iter::once(leftmost.0).chain(right).collect(), 0)
        }
        PageBody::Overflow { next, .. } => ("overflow", Vec::new(), next.0),
        PageBody::Free { next } => ("free", Vec::new(), next.0),
    };
    Page { id: page.page.0, kind, level: page.level(), used: page.used, keys, children, next }
}

#[derive(Serialize)]
pub struct Lab {
    name: &'static str,
    title: &'static str,
    floor: &'static str,
    summary: &'static str,
    commands: Vec<Word>,
    expectations: Vec<Word>,
    settings: Vec<Setting>,
    presets: Vec<Preset>,
}

#[derive(Serialize)]
struct Word {
    name: &'static str,
    usage: String,
    help: &'static str,
    example: &'static str,
}

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    default: &'static str,
    help: &'static str,
}

#[derive(Serialize)]
struct Preset {
    name: &'static str,
    title: &'static str,
    point: &'static str,
}

pub fn lab(lab: &LabInfo) -> Lab {
    let word =
        |info: &lab::CommandInfo| Word { name: info.name, usage: info.usage(), help: info.help, example: info.example };
    let setting =
        |setting: &lab::SettingInfo| Setting { name: setting.name, default: setting.default, help: setting.help };
    let preset = |preset: &lab::Preset| Preset { name: preset.name, title: preset.title, point: preset.point };
    Lab {
        name: lab.name,
        title: lab.title,
        floor: lab.floor,
        summary: lab.summary,
        commands: lab.commands.iter().map(word).collect(),
        expectations: lab.all_expectations().map(word).collect(),
        settings: lab.settings.iter().map(setting).collect(),
        presets: lab.presets.iter().map(preset).collect(),
    }
}

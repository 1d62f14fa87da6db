//! Random scripts of the lab of pages: the rows against a map, the fold of the trace against the engine, and every picture
//! of every run.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::collections::BTreeMap;

use glassbase_core::lab::{self, Progress, Session};
use glassbase_core::trace::{Event, PageId, RowId};
use glassbase_core::view::camera::Size;
use glassbase_core::view::drawing::{Ask, Look};
use glassbase_core::view::{Guide, Selection, Timeline, caption, describe};
use proptest::prelude::*;

/// One line of a random script; rows are named by how many rows there are before them.
#[derive(Clone, Debug)]
enum Step {
    Insert(u16),
    Update(u8, u16),
    Grow(u8, u16),
    Shrink(u8, u16),
    Delete(u8),
    Get(u8),
    Other(&'static str),
}

fn size() -> impl Strategy<Value = u16> {
    prop_oneof![8 => 0..90u16, 1 => 100..900u16]
}

fn operation() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => size().prop_map(Step::Insert),
        4 => (any::<u8>(), size()).prop_map(|(row, size)| Step::Update(row, size)),
        2 => (any::<u8>(), 0..60u16).prop_map(|(row, by)| Step::Grow(row, by)),
        1 => (any::<u8>(), 0..60u16).prop_map(|(row, by)| Step::Shrink(row, by)),
        3 => any::<u8>().prop_map(Step::Delete),
        1 => any::<u8>().prop_map(Step::Get),
    ]
}

fn anything() -> impl Strategy<Value = Step> {
    let lines = &[
        "load 10 size 20 to 60",
        "load 300 size 5 to 40",
        "load 3 size 300 to 900",
        "get-random 5",
        "get-random 300",
        "update-random 8 size 10 to 120",
        "update-random 250",
        "delete-random 5",
        "delete-random 260",
        "scan",
        "scan pages 2",
        "compact 2",
        "compact 1",
        "read 0",
        "read 3",
        "read 900",
        "flush",
        "verify",
        "crash",
        "clear",
        "flip 2 300",
        "flip 1 700",
        "record on",
        "record off",
        "record auto",
        "seed 9",
        "# a caption",
        "set page_size 128",
        "set page_size 512",
        "set row_size 70",
        "set disk_pages 9",
        "expect valid",
        "expect present 2.0",
        "expect refused",
    ];
    prop_oneof![12 => operation(), 8 => proptest::sample::select(lines).prop_map(Step::Other)]
}

fn header() -> impl Strategy<Value = String> {
    let sizes = proptest::sample::select(&[128, 256, 512, 1024, 8192][..]);
    let frames = proptest::sample::select(&[8, 9, 16, 64][..]);
    (sizes, frames, 0..100u64)
        .prop_map(|(size, frames, seed)| format!("lab pages\nseed {seed}\nset page_size {size}\nset frames {frames}\n"))
}

/// A line, and the row that it is about, by what rows there are.
fn line(step: &Step, rows: &[RowId]) -> (String, RowId) {
    let row = |number: u8| rows.get(usize::from(number) % rows.len().max(1)).copied().unwrap_or(RowId::new(2, 0));
    match *step {
        Step::Insert(size) => (format!("insert size {size}"), RowId::NONE),
        Step::Update(number, size) => (format!("update {} size {size}", row(number)), row(number)),
        Step::Grow(number, by) => (format!("grow {} {by}", row(number)), row(number)),
        Step::Shrink(number, by) => (format!("shrink {} {by}", row(number)), row(number)),
        Step::Delete(number) => (format!("delete {}", row(number)), row(number)),
        Step::Get(number) => (format!("get {}", row(number)), row(number)),
        Step::Other(text) => (text.to_string(), RowId::NONE),
    }
}

fn finish(session: &mut Session) {
    while session.step(5000) != Progress::Idle {}
}

/// The id that the last insert gave.
fn inserted(session: &Session) -> Option<RowId> {
    let ids = session.trace().iter().filter_map(|record| match &record.event {
        Event::HeapEnded { row, .. } => Some(*row),
        _ => None,
    });
    ids.last()
}

/// A script whose lines name rows of pages 2 to 6.
fn script(header: &str, steps: &[Step]) -> String {
    let rows: Vec<RowId> = (2..7).flat_map(|page| (0..5).map(move |slot| RowId::new(page, slot))).collect();
    let lines: Vec<String> = steps.iter().map(|step| line(step, &rows).0).collect();
    format!("{header}{}", lines.join("\n"))
}

proptest! {
    #![proptest_config(scripts::random_cases(120))]

    #[test]
    fn rows_are_where_their_ids_say(header in header(), steps in proptest::collection::vec(operation(), 1..80)) {
        let mut session = Session::new(&header);
        let mut model: BTreeMap<RowId, usize> = BTreeMap::new();
        for step in &steps {
            let rows: Vec<RowId> = model.keys().copied().collect();
            let (text, row) = line(step, &rows);
            session.append(&text).unwrap();
            finish(&mut session);
            let length = model.get(&row).copied();
            match (step.clone(), length) {
                (Step::Insert(size), _) => {
                    let id = inserted(&session).unwrap();
                    prop_assert_eq!(model.insert(id, usize::from(size)), None);
                }
                (Step::Update(_, size), Some(_)) => drop(model.insert(row, usize::from(size))),
                (Step::Grow(_, by), Some(length)) => drop(model.insert(row, length + usize::from(by))),
                (Step::Shrink(_, by), Some(length)) if length >= usize::from(by) => {
                    model.insert(row, length - usize::from(by));
                }
                (Step::Delete(_), Some(_)) => drop(model.remove(&row)),
                _ => {}
            }
            session.append("expect valid").unwrap();
            finish(&mut session);
        }
        let ids: Vec<String> = model.keys().map(RowId::to_string).collect();
        if !ids.is_empty() {
            session.append(&format!("expect ids = {}", ids.join(" "))).unwrap();
        }
        session.append(&format!("expect rows = {}", ids.len())).unwrap();
        finish(&mut session);
        prop_assert_eq!(session.expectations().1, 0, "{}", session.script());
    }

    #[test]
    fn folding_the_trace_gives_the_engine(header in header(), steps in proptest::collection::vec(anything(), 1..40)) {
        let session = scripts::run(&script(&header, &steps));
        prop_assert!(session.problems().is_empty(), "{:?}", session.problems());
        let timeline = Timeline::new(session.trace().clone());
        let view = timeline.view_at(session.trace().len());
        prop_assert_eq!(&view.state, &session.state(), "{}", session.script());
    }

    #[test]
    fn any_script_gives_its_run_again(header in header(), steps in proptest::collection::vec(anything(), 1..25)) {
        let session = scripts::run(&script(&header, &steps));
        let mut sliced = Session::new(&session.script());
        while sliced.step(7) != Progress::Idle {}
        prop_assert_eq!(sliced.trace(), session.trace());
        let mut fork = session.fork_at(session.trace().len() / 2);
        finish(&mut fork);
        prop_assert!(fork.trace().iter().eq(session.trace().iter().take(fork.trace().len())));
    }
}

/// What does not hold of the pictures of a run, at every `stride`-th step.
fn problems(session: &Session, stride: usize) -> Vec<String> {
    let timeline = Timeline::new(session.trace().clone());
    let trace = session.trace();
    let end = timeline.view_at(trace.len());
    let draw = Guide::of("pages").draw.unwrap();
    let mut problems = Vec::new();
    for index in (0..trace.len()).step_by(stride) {
        let (before, after) = (timeline.view_at(index), timeline.view_at(index + 1));
        let cell = Selection::Cell { page: PageId(2), slot: 1 };
        for (width, height) in [(1100.0, 700.0), (330.0, 560.0)] {
            let room = Size { width, height };
            let record = trace.get(index);
            let selected = (index % 3 == 0).then_some(cell);
            let step = draw(&Ask {
                before: &before,
                after: &after,
                end: &end,
                beside: None,
                record,
                room,
                selected,
                look: Look::default(),
            });
            for drawing in [&step.from, &step.to] {
                problems.extend(drawing.problems().into_iter().map(|problem| format!("{index}: {problem}")));
                if drawing.shapes.len() > 1500 || drawing.width > width + 0.5 {
                    problems.push(format!("{index}: {} shapes, {} wide", drawing.shapes.len(), drawing.width));
                }
            }
        }
        if let Some(record) = trace.get(index) {
            for text in [caption(&before, record), describe(record)] {
                if text.is_empty() {
                    problems.push(format!("{index}: no words for {:?}", record.event));
                }
            }
        }
        (Guide::of("pages").inspect)(&after, cell);
    }
    problems
}

#[test]
fn presets_hold_and_every_picture_of_them_is_sound() {
    for preset in lab::lab("pages").unwrap().presets {
        let session = scripts::run(preset.script);
        assert!(session.problems().is_empty(), "{}: {:?}", preset.name, session.problems());
        let (held, failed) = session.expectations();
        assert!(held > 0 && failed == 0, "{}: {held} held, {failed} failed", preset.name);
        let timeline = Timeline::new(session.trace().clone());
        assert_eq!(timeline.view_at(session.trace().len()).state, session.state(), "{}", preset.name);
        let found = problems(&session, if session.trace().len() > 600 { 37 } else { 1 });
        assert!(found.is_empty(), "{}: {}", preset.name, found[..found.len().min(8)].join("\n"));
    }
}

#[test]
fn pictures_of_random_runs_are_sound() {
    for page_size in [128, 512, 1024, 16384] {
        let text = format!(
            "lab pages\nset page_size {page_size}\nload 40 size 1 to 50\nload 3 size 200 to 2000\nupdate-random 20 size 1 to 90\ndelete-random 12\nscan\nflip 2 500\nget 2.0\ncrash\nload 5"
        );
        let session = scripts::run(&text);
        let found = problems(&session, 5);
        assert!(found.is_empty(), "{}", found[..found.len().min(8)].join("\n"));
    }
}

//! Random scripts: the tree against a `BTreeMap`, and the fold of the trace against the engine.
//!
//! What a script does is small enough to be shrunk: when one of these fails, proptest prints the shortest script that
//! fails in the same way.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::collections::BTreeMap;

use glassbase_core::lab::{Progress, Session};
use glassbase_core::trace::Event;
use glassbase_core::view::Timeline;
use proptest::prelude::*;

/// One operation of a random script.
#[derive(Clone, Debug)]
enum Step {
    Insert(u16, u16),
    Upsert(u16, u16),
    Delete(u16),
    Get(u16),
    Scan(u16, u16, bool),
    Flush,
    Flip(u16, u16),
    Other(&'static str),
}

impl Step {
    fn line(&self) -> String {
        match self {
            Step::Insert(key, size) => format!("insert {key} size {size}"),
            Step::Upsert(key, size) => format!("upsert {key} size {size}"),
            Step::Delete(key) => format!("delete {key}"),
            Step::Get(key) => format!("get {key}"),
            Step::Scan(from, to, reverse) => format!("scan {from} {to}{}", if *reverse { " reverse" } else { "" }),
            Step::Flush => "flush".to_string(),
            Step::Flip(page, bit) => format!("flip {page} {bit}"),
            Step::Other(line) => line.to_string(),
        }
    }
}

/// Few different keys, so that they are met again.
fn key() -> impl Strategy<Value = u16> {
    0..60u16
}

fn size() -> impl Strategy<Value = u16> {
    prop_oneof![8 => 0..20u16, 1 => 100..400u16]
}

fn operation() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (key(), size()).prop_map(|(key, size)| Step::Insert(key, size)),
        2 => (key(), size()).prop_map(|(key, size)| Step::Upsert(key, size)),
        5 => key().prop_map(Step::Delete),
        1 => key().prop_map(Step::Get),
        1 => (key(), key(), any::<bool>()).prop_map(|(from, to, reverse)| Step::Scan(from, to, reverse)),
        1 => Just(Step::Flush),
    ]
}

/// Whatever else a script may do.
fn anything() -> impl Strategy<Value = Step> {
    let lines = &[
        "random 30 to 200",
        "random 250 to 900",
        "random 20 zipf to 50",
        "random 10 uuid4",
        "random 10 uuid7",
        "random 40 ascending",
        "sequence 1 30",
        "sequence 100 40 step 3",
        "sequence 1 300",
        "bulk-load 50",
        "bulk-load 400",
        "delete-random 10",
        "delete-random 300",
        "get-random 5",
        "get-random 300 zipf",
        "crash",
        "clear",
        "verify",
        "flush",
        "flip 1 300",
        "flip 2 77",
        "record on",
        "record off",
        "record auto",
        "seed 9",
        "import\n| ash\n| elm\n| ash",
        "# a caption",
        "set order 3",
        "set order 0",
        "set split middle",
        "set page_size 128",
        "set value_size 200",
        "set disk_pages 9",
        "expect valid",
        "expect present 7",
        "scan",
        "scan limit 3 reverse",
        "expect refused",
        "set disk_pages 2",
    ];
    let damage = (0..12u16, 0..1024u16).prop_map(|(page, bit)| Step::Flip(page, bit));
    prop_oneof![12 => operation(), 8 => proptest::sample::select(lines).prop_map(Step::Other), 1 => damage]
}

fn header() -> impl Strategy<Value = String> {
    let sizes = proptest::sample::select(&[128, 256, 512, 1024][..]);
    let orders = proptest::sample::select(&[0, 0, 3, 4, 5, 8][..]);
    let frames = proptest::sample::select(&[8, 9, 16, 64][..]);
    let splits = proptest::sample::select(&["auto", "middle"][..]);
    (sizes, orders, frames, splits, 0..100u64).prop_map(|(size, order, frames, split, seed)| {
        format!("seed {seed}\nset page_size {size}\nset order {order}\nset frames {frames}\nset split {split}\n")
    })
}

fn finish(session: &mut Session) {
    while session.step(5000) != Progress::Idle {}
}

/// What the last command answered.
fn answer(session: &Session) -> String {
    let said = session.trace().iter().filter_map(|record| match &record.event {
        Event::Answered { text } | Event::Refused { text } => Some(text.to_string()),
        _ => None,
    });
    said.last().unwrap_or_default()
}

/// What a `BTreeMap` of keys and lengths of values would answer.
fn model_answer(model: &mut BTreeMap<u16, u16>, step: &Step) -> Option<String> {
    Some(match *step {
        Step::Insert(key, _) if model.contains_key(&key) => format!("{key} is there already and stays as it is."),
        Step::Insert(key, size) => {
            model.insert(key, size);
            format!("{key} is inserted.")
        }
        Step::Upsert(key, size) => match model.insert(key, size) {
            Some(_) => format!("{key} is replaced."),
            None => format!("{key} is inserted."),
        },
        Step::Delete(key) => match model.remove(&key) {
            Some(_) => format!("{key} is deleted."),
            None => format!("{key} is not there."),
        },
        Step::Get(key) if model.contains_key(&key) => return None,
        Step::Get(key) => format!("{key} is not there."),
        _ => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_answers_like_a_map(header in header(), steps in proptest::collection::vec(operation(), 1..120)) {
        let mut session = Session::new(&header);
        let mut model = BTreeMap::new();
        for step in &steps {
            session.append(&step.line()).unwrap();
            finish(&mut session);
            if let Some(expected) = model_answer(&mut model, step) {
                prop_assert_eq!(answer(&session), expected);
            }
            session.append("expect valid").unwrap();
            finish(&mut session);
        }
        if !model.is_empty() {
            let keys: Vec<String> = model.keys().map(u16::to_string).collect();
            session.append(&format!("expect keys = {}", keys.join(" "))).unwrap();
        }
        session.append(&format!("expect records = {}", model.len())).unwrap();
        finish(&mut session);
        prop_assert_eq!(session.expectations().1, 0, "{}", session.script());
    }

    #[test]
    fn folding_the_trace_gives_the_engine(header in header(), steps in proptest::collection::vec(anything(), 1..40)) {
        let lines: Vec<String> = steps.iter().map(Step::line).collect();
        let session = scripts::run(&(header + &lines.join("\n")));
        prop_assert!(session.problems().is_empty(), "{:?}", session.problems());
        let timeline = Timeline::new(session.trace().clone());
        let view = timeline.view_at(session.trace().len());
        prop_assert_eq!(&view.state, &session.state(), "{}", session.script());
    }

    #[test]
    fn any_script_gives_its_run_again(header in header(), steps in proptest::collection::vec(anything(), 1..30)) {
        let lines: Vec<String> = steps.iter().map(Step::line).collect();
        let session = scripts::run(&(header + &lines.join("\n")));
        let mut sliced = Session::new(&session.script());
        while sliced.step(7) != Progress::Idle {}
        prop_assert_eq!(sliced.trace(), session.trace());
        let position = session.trace().len() / 2;
        let mut fork = session.fork_at(position);
        finish(&mut fork);
        prop_assert!(fork.trace().iter().eq(session.trace().iter().take(fork.trace().len())));
    }
}

#[test]
fn folding_gives_the_engine_for_every_golden_script() {
    for (name, text) in scripts::all() {
        let session = scripts::run(text);
        let timeline = Timeline::new(session.trace().clone());
        assert_eq!(timeline.view_at(session.trace().len()).state, session.state(), "{name}");
        // After each command as well.
        for span in session.commands() {
            let mut fork = session.fork_at(span.records.end);
            finish(&mut fork);
            assert_eq!(timeline.view_at(span.records.end).state, fork.state(), "{name}: {span:?}");
        }
    }
}

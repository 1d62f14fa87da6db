//! Random scripts: the tree against a `BTreeMap`, and the fold of the trace against the engine, in every lab: what each
//! declares says which scripts it may be given.
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

/// A script that any lab may be given: commands, expectations and settings made from the declarations.
mod declared {
    use super::*;
    use glassbase_core::lab::{ArgumentKind, CommandInfo, Form, LABS, LabInfo};

    type Words = BoxedStrategy<String>;

    /// Few different keys, so that they are met again.
    fn any_key() -> Words {
        prop_oneof![
            8 => (0..60u16).prop_map(|key| key.to_string()),
            1 => proptest::sample::select(&["ash", "elm", "\"a b\"", "0xff01", "\"\""][..]).prop_map(str::to_string),
        ]
        .boxed()
    }

    /// Small numbers mostly: a script is run a few hundred times.
    fn number(from: u64, to: u64) -> Words {
        let near = prop_oneof![8 => 0..20u64, 3 => 0..150u64, 1 => 150..600u64];
        near.prop_map(move |near| from.saturating_add(near).min(to).to_string()).boxed()
    }

    fn one_of_words(words: &'static [&'static str]) -> Words {
        proptest::sample::select(words).prop_map(str::to_string).boxed()
    }

    fn value(kind: ArgumentKind) -> Words {
        match kind {
            ArgumentKind::Key => any_key(),
            ArgumentKind::Text => proptest::sample::select(&["oak", "\"\"", "\"a longer text\"", "7"][..])
                .prop_map(str::to_string)
                .boxed(),
            ArgumentKind::Number { from, to } => number(from, to),
            ArgumentKind::ZeroOr { from, to } => prop_oneof![Just("0".to_string()), number(from, to)].boxed(),
            ArgumentKind::Decimal { from, to } => {
                (0..=10u8).prop_map(move |part| format!("{:.3}", from + (to - from) * f64::from(part) / 10.0)).boxed()
            }
            ArgumentKind::Word(words) => proptest::sample::select(words).prop_map(str::to_string).boxed(),
            ArgumentKind::Relation => {
                proptest::sample::select(&["=", "!=", "<", "<=", ">", ">="][..]).prop_map(str::to_string).boxed()
            }
            ArgumentKind::Row => (1..8u8, 0..6u8).prop_map(|(page, slot)| format!("{page}.{slot}")).boxed(),
            ArgumentKind::Duration { from_ns, .. } => {
                let lowest = if from_ns < 0 { -50 } else { from_ns.div_euclid(1_000_000) + 1 };
                prop_oneof![9 => lowest..150, 1 => Just(400)].prop_map(|ms: i64| format!("{ms}ms")).boxed()
            }
            ArgumentKind::Node => one_of_words(&["n1", "n2", "n3", "n4", "leader"]),
            ArgumentKind::Side => one_of_words(&["n1", "n2", "n3", "|", "leader"]),
            ArgumentKind::Client => one_of_words(&["c1", "c2", "c3", "c9"]),
            ArgumentKind::Line => one_of_words(&["crash leader", "put x 1", "heal", "restart n2", "get x", "drop 9"]),
            ArgumentKind::Flag => Just(String::new()).boxed(),
        }
    }

    /// The command with its arguments. Of those by position that may be missing, as many as there happen to be; of those
    /// by name, some.
    fn call(info: &'static CommandInfo) -> Words {
        let by_position: Vec<_> = info.arguments.iter().filter(|argument| argument.form != Form::Named).collect();
        let needed = by_position.iter().filter(|argument| !argument.optional).count();
        let values: Vec<Words> = by_position
            .iter()
            .map(|argument| match argument.form {
                Form::Rest => {
                    proptest::collection::vec(value(argument.kind), 1..4).prop_map(|words| words.join(" ")).boxed()
                }
                _ => value(argument.kind),
            })
            .collect();
        let named: Vec<_> = info
            .arguments
            .iter()
            .filter(|argument| argument.form == Form::Named)
            .map(|argument| {
                // Ten thousand operations of every pair of R and W are more than a test has time for.
                let share = if argument.name == "operations" { 1.0 } else { 0.25 };
                (proptest::bool::weighted(share), Just(argument.name), value(argument.kind))
            })
            .collect();
        let data = proptest::collection::vec(any_key(), 0..if info.data { 6 } else { 1 });
        (values, needed..=by_position.len(), named, data)
            .prop_map(move |(values, count, named, data)| {
                let mut line = info.name.to_string();
                for word in &values[..count] {
                    line.push_str(&format!(" {word}"));
                }
                for (_, name, value) in named.iter().filter(|(there, ..)| *there) {
                    line.push_str(&format!(" {name} {value}"));
                }
                let data: String = data.iter().map(|key| format!("\n| {key}")).collect();
                line.trim_end().to_string() + &data
            })
            .boxed()
    }

    fn one_of(infos: Vec<&'static CommandInfo>, before: &'static str) -> Words {
        let calls: Vec<Words> = infos.into_iter().map(call).collect();
        proptest::strategy::Union::new(calls).prop_map(move |line| format!("{before}{line}")).boxed()
    }

    fn setting(lab: &'static LabInfo) -> Words {
        let sets = lab.settings.iter().map(|setting| {
            let default = Just(setting.default.to_string());
            // What hundreds of nodes say to one another is more than a test has time for.
            let value = match setting.name {
                "nodes" => (1..8u8).prop_map(|nodes| nodes.to_string()).boxed(),
                _ => value(setting.kind),
            };
            let value = prop_oneof![2 => value, 1 => default];
            value.prop_map(|value| format!("set {} {value}", setting.name)).boxed()
        });
        proptest::strategy::Union::new(sets).boxed()
    }

    fn line(lab: &'static LabInfo) -> Words {
        let language = &["record on", "record off", "record auto", "seed 3", "# a caption", ""][..];
        prop_oneof![
            30 => one_of(lab.commands.iter().collect(), ""),
            4 => one_of(lab.all_expectations().collect(), "expect "),
            1 => setting(lab),
            2 => proptest::sample::select(language).prop_map(str::to_string),
        ]
        .boxed()
    }

    /// Some lines of a lab, with some settings first: small pages and pools are where things happen.
    fn section(lab: &'static LabInfo, lines: usize) -> Words {
        let settings = proptest::collection::vec(setting(lab), 0..=2 * lab.settings.len());
        let body = proptest::collection::vec(line(lab), 1..lines);
        (settings, body)
            .prop_map(|(settings, body)| format!("lab {}\n{}\n{}\n", lab.name, settings.join("\n"), body.join("\n")))
            .boxed()
    }

    /// Of any lab, or with `RANDOM_LAB=NAME` of that one.
    fn of_any_lab(lines: usize) -> Words {
        let only = std::env::var("RANDOM_LAB").ok();
        let labs = LABS.iter().copied().filter(|lab| only.as_ref().is_none_or(|only| *only == lab.name));
        let labs: Vec<&'static LabInfo> = labs.collect();
        proptest::sample::select(labs).prop_flat_map(move |lab| section(lab, lines)).boxed()
    }

    /// Most scripts are of one lab; some go to another.
    pub fn script() -> Words {
        let several = proptest::collection::vec(of_any_lab(8), 2..4).prop_map(|sections| sections.concat());
        prop_oneof![6 => of_any_lab(70), 1 => several].boxed()
    }
}

/// Folds the trace, and compares with the engine.
fn check_fold(session: &Session) -> Result<(), TestCaseError> {
    prop_assert!(session.problems().is_empty(), "{:?}\n{}", session.problems(), session.script());
    let timeline = Timeline::new(session.trace().clone());
    let view = timeline.view_at(session.trace().len());
    prop_assert_eq!(&view.state, &session.state(), "{}", session.script());
    Ok(())
}

/// Carries the script of a session out once more in slices, and a part of it by a fork.
fn check_again(session: &Session) -> Result<(), TestCaseError> {
    let mut sliced = Session::new(&session.script());
    while sliced.step(7) != Progress::Idle {}
    prop_assert_eq!(sliced.trace(), session.trace());
    let position = session.trace().len() / 2;
    let mut fork = session.fork_at(position);
    finish(&mut fork);
    prop_assert!(fork.trace().iter().eq(session.trace().iter().take(fork.trace().len())), "{}", session.script());
    Ok(())
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
    #![proptest_config(scripts::random_cases(150))]

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
        check_fold(&scripts::run(&(header + &lines.join("\n"))))?;
    }

    #[test]
    fn any_script_gives_its_run_again(header in header(), steps in proptest::collection::vec(anything(), 1..30)) {
        let lines: Vec<String> = steps.iter().map(Step::line).collect();
        check_again(&scripts::run(&(header + &lines.join("\n"))))?;
    }
}

proptest! {
    #![proptest_config(scripts::random_cases(200))]

    #[test]
    fn folding_gives_the_engine_in_every_lab(script in declared::script()) {
        check_fold(&scripts::run(&script))?;
    }

    #[test]
    fn any_script_of_any_lab_gives_its_run_again(script in declared::script()) {
        check_again(&scripts::run(&script))?;
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

//! What the exporters write, read again: nothing is lost in JSON, timelines are whole, tables say what the page shows.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::collections::BTreeMap;

use glassbase_core::export::spans::{ends, unwrapped};
use glassbase_core::export::{chrome, json, table};
use glassbase_core::lab::{Progress, Session};
use glassbase_core::trace::{Event, NO_CAUSE, Trace};
use glassbase_core::view::guide::Guide;
use glassbase_core::view::{Timeline, View};

/// A small reader of JSON, which knows nothing of the writer.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    Null,
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn read(text: &str) -> Json {
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        let value = Json::value(&letters, &mut at);
        assert!(letters[at..].iter().all(|letter| letter.is_whitespace()), "something stands behind the end");
        value
    }

    fn skip(letters: &[char], at: &mut usize) -> char {
        while letters[*at].is_whitespace() {
            *at += 1;
        }
        letters[*at]
    }

    /// What stands between brackets, with commas between.
    fn items(letters: &[char], at: &mut usize, end: char, mut item: impl FnMut(&mut usize)) {
        *at += 1;
        if Json::skip(letters, at) == end {
            *at += 1;
            return;
        }
        loop {
            item(at);
            let letter = Json::skip(letters, at);
            *at += 1;
            assert!(letter == ',' || letter == end, "{letter} at {at}");
            if letter == end {
                return;
            }
        }
    }

    fn value(letters: &[char], at: &mut usize) -> Json {
        match Json::skip(letters, at) {
            '{' => {
                let mut fields = Vec::new();
                Json::items(letters, at, '}', |at| {
                    let Json::Text(name) = Json::value(letters, at) else { panic!("a field has no name") };
                    assert_eq!(Json::skip(letters, at), ':');
                    *at += 1;
                    fields.push((name, Json::value(letters, at)));
                });
                Json::Object(fields)
            }
            '[' => {
                let mut items = Vec::new();
                Json::items(letters, at, ']', |at| items.push(Json::value(letters, at)));
                Json::List(items)
            }
            '"' => Json::Text(Json::text(letters, at)),
            'n' => {
                *at += 4;
                Json::Null
            }
            _ => {
                let begin = *at;
                while letters[*at].is_ascii_digit() || "+-.e".contains(letters[*at]) {
                    *at += 1;
                }
                Json::Number(letters[begin..*at].iter().collect::<String>().parse().unwrap())
            }
        }
    }

    fn text(letters: &[char], at: &mut usize) -> String {
        let mut text = String::new();
        *at += 1;
        while letters[*at] != '"' {
            assert!(letters[*at] >= ' ', "a control character stands in a text");
            if letters[*at] == '\\' {
                *at += 1;
                match letters[*at] {
                    'n' => text.push('\n'),
                    'u' => {
                        let digits: String = letters[*at + 1..*at + 5].iter().collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
                        *at += 4;
                    }
                    letter => text.push(letter),
                }
            } else {
                text.push(letters[*at]);
            }
            *at += 1;
        }
        *at += 1;
        text
    }

    fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { panic!("{self:?} is no object") };
        assert!(fields.iter().filter(|(field, _)| field == name).count() <= 1, "{name} is there twice");
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Json::Number(number)) => *number,
            other => panic!("{name} is no number: {other:?}"),
        }
    }

    fn word(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Json::Text(text)) => text,
            other => panic!("{name} is no text: {other:?}"),
        }
    }

    fn list(&self, name: &str) -> &[Json] {
        match self.get(name) {
            Some(Json::List(items)) => items,
            other => panic!("{name} is no list: {other:?}"),
        }
    }
}

fn run(script: &str) -> Session {
    let mut session = Session::new(script);
    while session.step(100_000) != Progress::Idle {}
    session
}

/// The scripts that are held against each writer: every preset, and those that lose power, refuse and leave things open.
fn traces() -> Vec<(String, Session)> {
    let names = ["lab/comments-and-quotes", "storage/crash", "lsm/snapshots", "lsm/full-disk", "log/crash-in-recovery"];
    let known = scripts::SCRIPTS.iter().filter(|(name, _)| names.contains(name) || name.contains("crash"));
    let golden = known.map(|(name, script)| (name.to_string(), script.to_string()));
    let presets = scripts::presets().into_iter().map(|(name, script)| (name.to_string(), script.to_string()));
    golden.chain(presets).map(|(name, script)| (name, run(&script))).collect()
}

#[test]
fn a_timeline_is_whole() {
    for (name, session) in traces() {
        let trace = session.trace();
        let text = chrome::write(trace, usize::MAX).unwrap();
        check_timeline(&name, trace, &Json::read(&text));
        assert!(chrome::write(trace, text.len() - 1).is_none(), "{name}");
    }
}

fn check_timeline(name: &str, trace: &Trace, timeline: &Json) {
    let mut open: BTreeMap<(u64, u64), Vec<&Json>> = BTreeMap::new();
    let mut flows: BTreeMap<u64, bool> = BTreeMap::new();
    let mut records = vec![0; trace.len()];
    let mut ended = 0;
    let mut last_us = 0.0;
    let (mut threads, mut processes) = (BTreeMap::new(), BTreeMap::new());
    for event in timeline.list("traceEvents") {
        let thread = (event.number("pid") as u64, event.number("tid") as u64);
        let slices = open.entry(thread).or_default();
        if event.word("ph") != "M" {
            assert!(event.number("ts") >= last_us, "{name}: time goes back");
            last_us = event.number("ts");
        }
        match event.word("ph") {
            "B" => {
                let record = event.get("args").unwrap().number("record") as usize;
                let told = trace.get(record).unwrap();
                assert_eq!(event.number("ts"), told.time_ns as f64 / 1000.0, "{name}: record {record}");
                assert_eq!(event.word("cat"), told.event.lane().word());
                records[record] += 1;
                slices.push(event);
            }
            "E" => {
                assert!(slices.pop().is_some(), "{name}: more ends than beginnings");
                ended += 1;
            }
            // An arrow begins and ends at a slice that is open.
            "s" => {
                assert!(!slices.is_empty() && flows.insert(event.number("id") as u64, false).is_none(), "{name}");
                let effect = trace.get(event.number("id") as usize).unwrap();
                assert_ne!(effect.cause, NO_CAUSE);
            }
            "f" => {
                assert_eq!(event.word("bp"), "e");
                assert!(!slices.is_empty(), "{name}");
                let arrow = flows.get_mut(&(event.number("id") as u64)).unwrap();
                assert!(!std::mem::replace(arrow, true), "{name}: an arrow ends twice");
                let effect = slices.last().unwrap().get("args").unwrap().number("record");
                assert_eq!(effect, event.number("id"), "{name}: an arrow ends elsewhere");
            }
            "M" => {
                let named = event.get("args").unwrap();
                match event.word("name") {
                    "thread_name" => drop(threads.insert(thread, named.word("name").to_string())),
                    "process_name" => drop(processes.insert(thread.0, named.word("name").to_string())),
                    _ => {}
                }
            }
            other => panic!("{name}: an event {other}"),
        }
    }
    assert!(open.values().all(Vec::is_empty), "{name}: something has no end");
    assert!(flows.values().all(|ended| *ended), "{name}: an arrow leads nowhere");
    assert!(open.keys().all(|thread| threads.contains_key(thread)), "{name}: a thread has no name");
    // A record is a slice, or the end of one.
    let parts = records.iter().filter(|count| **count == 0).count();
    assert!(records.iter().all(|count| *count <= 1) && ended + parts >= records.len(), "{name}");
    for (record, _) in trace.iter().zip(&records).filter(|(_, count)| **count == 0) {
        assert!(ends(unwrapped(&record.event).1).is_some(), "{name}: {:?} is not shown", record.event);
    }
    let names: Vec<&str> = processes.values().map(String::as_str).collect();
    for record in trace.iter() {
        if let Event::NodeChanged { node, .. } = &record.event {
            assert!(names.contains(&node.to_string().as_str()), "{name}: {node} is no process of {names:?}");
        }
    }
}

#[test]
fn messages_are_slices_at_their_sender_with_an_arrow_to_the_receiver() {
    let session = run("lab raft\nrun 500ms\nput x 1\nrun 200ms");
    let trace = session.trace();
    let timeline = Json::read(&chrome::write(trace, usize::MAX).unwrap());
    let events = timeline.list("traceEvents");
    let of_record = |phase: &str, record: usize| {
        events.iter().find(|event| {
            let number = event.get("args").and_then(|args| args.get("record"));
            event.word("ph") == phase && number == Some(&Json::Number(record as f64))
        })
    };
    let mut messages = 0;
    for (index, record) in trace.iter().enumerate() {
        let Event::MessageDelivered { message } = &record.event else { continue };
        let sent = |other: &glassbase_core::trace::Record| match &other.event {
            Event::MessageSent { message: sent, from, to, .. } if sent == message => Some((*from, *to)),
            _ => None,
        };
        let (at, (from, to)) =
            trace.iter().enumerate().find_map(|(at, other)| Some((at, sent(other)?))).expect("it was sent");
        let (begin, arrival) = (of_record("B", at).unwrap(), of_record("B", index).unwrap());
        assert_eq!(begin.number("pid"), f64::from(from.0) + 1.0);
        assert_eq!(arrival.number("pid"), f64::from(to.0) + 1.0);
        messages += 1;
    }
    assert!(messages > 10, "{messages} messages");
}

#[test]
fn json_has_every_record() {
    for (name, session) in traces() {
        let (script, trace) = (session.script(), session.trace());
        let text = json::write(&script, trace, usize::MAX).unwrap();
        let read = Json::read(&text);
        assert_eq!(read.word("script"), script, "{name}");
        let records = read.list("records");
        assert_eq!(records.len(), trace.len(), "{name}");
        for (told, record) in records.iter().zip(trace.iter()) {
            assert_eq!(told.number("time_ns"), record.time_ns as f64);
            assert_eq!(
                (told.word("event"), told.word("lane")),
                (unwrapped(&record.event).1.name(), record.event.lane().word())
            );
            let cause = if record.cause == NO_CAUSE { Json::Null } else { Json::Number(f64::from(record.cause)) };
            assert_eq!(told.get("cause"), Some(&cause), "{name}");
            if let Event::Comment { text } | Event::CommandBegun { text, .. } | Event::Answered { text } = &record.event
            {
                assert_eq!(told.get("fields").unwrap().word("text"), &**text, "{name}");
            }
        }
        assert!(json::write(&script, trace, 40).is_none());
    }
}

#[test]
fn a_table_has_the_measures_after_each_command() {
    let session = run("lab btree\nset order 4\ninsert 1\ninsert \"a,b\"\nrandom 100\nget 1");
    let trace = session.trace();
    let guide = Guide::of("btree");
    let text = table::write(guide, trace, usize::MAX).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let commands = trace.iter().filter(|record| matches!(record.event, Event::CommandEnded { .. })).count();
    assert_eq!(lines.len(), commands + 1);
    let header: Vec<&str> = lines[0].split(',').collect();
    assert_eq!(header.len(), 4 + guide.measures.len());
    assert!(lines[4].contains(",\"insert \"\"a,b\"\"\","), "{}", lines[4]);
    // The last line is what the page shows in the end.
    let mut timeline = Timeline::of_lab("btree");
    timeline.extend(trace.clone());
    let view: std::rc::Rc<View> = timeline.view_at(timeline.len());
    let values: Vec<&str> = lines[lines.len() - 1].split(',').skip(4).collect();
    for (measure, value) in guide.measures.iter().zip(values) {
        let shown = measure.value(&view);
        assert_eq!(value.is_empty(), shown.is_none(), "{}", measure.name);
        let difference = value.parse::<f64>().unwrap_or(0.0) - shown.unwrap_or(0.0);
        assert!(difference.abs() < 0.001, "{}: {value} is not {shown:?}", measure.name);
    }
}

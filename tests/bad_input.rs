//! Whatever comes in from outside: nothing of it panics, and what is whole comes back whole.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use glassbase_core::lab::intake::{self, Opened};
use glassbase_core::lab::script::{MAX_LINE, MAX_LINES, Script};
use glassbase_core::lab::{Data, LABS, Link, Progress, Session, complete, usage_of};
use glassbase_core::trace::text::{read_trace, write_trace};
use proptest::prelude::*;

/// Text that looks much like a script.
fn scriptish() -> impl Strategy<Value = String> {
    let words = &[
        "lab",
        "btree",
        "seed",
        "set",
        "order",
        "page_size",
        "frames",
        "record",
        "on",
        "expect",
        "insert",
        "get",
        "scan",
        "random",
        "sequence",
        "import",
        "bulk-load",
        "limit",
        "reverse",
        "to",
        "step",
        "column",
        "unrecorded",
        "=",
        "<=",
        "keys",
        "valid",
        "height",
        "1",
        "7",
        "300",
        "18446744073709551615",
        "-1",
        "0x",
        "0xff",
        "\"",
        "\"a b\"",
        "\\",
        "#",
        "|",
        "| ",
        "\n",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\t",
        "\u{feff}",
        "größe",
        "\u{0}",
        "uuid7",
        "zipf",
        "clear",
        "flip",
        "crash",
        "verify",
        "delete-random",
        "get-each",
    ][..];
    let word = prop_oneof![9 => proptest::sample::select(words).prop_map(str::to_string), 1 => "\\PC{0,8}"];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.join(" ").replace(" \n ", "\n"))
}

/// A copy of `text` with some bytes changed, left out or put in.
fn mutated(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<proptest::sample::Index>(), 0..4u8, any::<u8>());
    proptest::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = text.to_vec();
        for (place, how, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => {
                    bytes.remove(place);
                }
                _ => bytes.truncate(place),
            }
        }
        bytes
    })
}

fn golden() -> &'static str {
    scripts::SCRIPTS.iter().find(|(name, _)| *name == "lab/import").unwrap().1
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn a_trace() -> &'static str {
    let session = scripts::run("set order 4\nsequence 1 6\ndelete 1\nrecord off\nsequence 7 20\ncrash");
    leaked(write_trace(&session.script(), session.trace()))
}

/// Parses, and runs for a while.
fn try_out(text: &str) {
    let script = Script::parse(text);
    let again = Script::parse(&script.text());
    assert_eq!(again.text(), script.text());
    assert_eq!(again.problems.len(), script.problems.len(), "{text:?}");
    let mut session = Session::new(text);
    for _ in 0..20 {
        if session.step(50) == Progress::Idle {
            break;
        }
    }
    session.stop();
}

proptest! {
    #![proptest_config(scripts::random_cases(300))]

    #[test]
    fn any_text_is_parsed(text in "\\PC{0,200}") {
        try_out(&text);
    }

    #[test]
    fn text_like_a_script_is_parsed_and_run(text in scriptish()) {
        try_out(&text);
    }

    #[test]
    fn a_script_with_mistakes_is_parsed_and_run(bytes in mutated(golden().as_bytes())) {
        try_out(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn the_console_completes_anything(
        lab in proptest::sample::select(LABS), line in scriptish(), cursor in 0..100usize,
    ) {
        for found in complete(lab, &line, cursor) {
            prop_assert!(line.get(found.replaces).is_some());
        }
        usage_of(lab, &line);
    }

    #[test]
    fn any_link_is_read_or_told_off(text in "\\PC{0,200}", head in proptest::sample::select(&["", "1.", "#1.eN", "2."][..])) {
        let _ = Link::decode(&format!("{head}{text}"));
    }

    #[test]
    fn links_come_back(script in "(?s).{0,500}", at in any::<Option<u32>>()) {
        let compare = Some(("keys".to_string(), "uuid7".to_string()));
        let link = Link { script, position: at.map(|at| at as usize), compare };
        if let Ok(encoded) = link.encode() {
            prop_assert_eq!(Link::decode(&encoded), Ok(link));
        }
    }

    #[test]
    fn an_altered_link_is_never_taken_for_another(
        bytes in mutated(leaked(Link::of_script(golden()).encode().unwrap()).as_bytes())
    ) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(link) = Link::decode(&text) {
            prop_assert_eq!(link.script, golden());
        }
    }

    #[test]
    fn an_altered_trace_is_never_taken_for_another(bytes in mutated(a_trace().as_bytes())) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok((_, trace)) = read_trace(&text) {
            prop_assert_eq!(Ok(trace), read_trace(a_trace()).map(|(_, trace)| trace));
        }
    }

    #[test]
    fn any_file_is_opened_or_told_off(
        name in proptest::sample::select(&["a", "a.txt", "a.csv", "a.tsv", "a.gb", "a.png", ".", ""][..]),
        bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b','), Just(b'"'), any::<u8>()], 0..300),
    ) {
        if let Ok(Opened::Keys(mut reader)) = intake::open(name, bytes) {
            while let Ok(false) = reader.step(3) {}
            if let Ok((keys, report)) = reader.finish() {
                prop_assert_eq!(keys.len() as u64, report.keys);
                let mut session = Session::new("set page_size 128");
                session.append_with_data("import", keys.clone()).unwrap();
                session.append_with_data("get-each", keys).unwrap();
                session.append("expect missing = 0\nexpect valid").unwrap();
                while session.step(1000) != Progress::Idle {}
                prop_assert_eq!(session.expectations(), (2, 0));
                // A script with these data lines, as text, is the same script.
                prop_assert_eq!(Script::parse(&session.script()).text(), session.script());
            }
        }
    }
}

#[test]
fn what_is_too_long_is_a_problem() {
    let script = Script::parse(&format!("insert {}\ninsert 1", "x".repeat(MAX_LINE)));
    assert_eq!((script.problems.len(), script.problems[0].line), (1, 1));
    let script = Script::parse(&"\n".repeat(MAX_LINES + 10));
    assert_eq!((script.problems.len(), script.problems[0].line), (1, MAX_LINES + 1));
    let mut session = Session::new("insert 1");
    let lines: Data = (0..MAX_LINES).map(|_| "x").collect();
    assert!(session.append_with_data("import", lines).is_err());
    assert_eq!(session.script(), "insert 1");
}

#[test]
fn a_hundred_problems_are_enough() {
    let script = Script::parse(&"nonsense\n".repeat(1000));
    assert_eq!(script.problems.len(), 100);
    assert_eq!(script.items.len(), 1000);
}

#[test]
fn a_trace_of_a_newer_version_is_told() {
    let newer = a_trace().replacen("glassbase-trace 1", "glassbase-trace 2", 1);
    assert!(read_trace(&newer).unwrap_err().to_string().contains("newer"));
}

//! What must hold for any run: however it is sliced, appended, forked or stopped, its script gives its trace.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::rc::Rc;

use glassbase_core::lab::{Progress, Session, TRIAL_UNITS};
use glassbase_core::trace::bytes::show;
use glassbase_core::trace::text::{hash, read_trace, write_trace};
use glassbase_core::trace::{EngineState, Event, PageId, Trace};
use glassbase_core::view::Timeline;

fn finish(session: &mut Session) {
    while session.step(5000) != Progress::Idle {}
}

fn assert_same(one: &Trace, other: &Trace, what: &str) {
    let (one, other) = (write_trace("", one), write_trace("", other));
    let differs = one.lines().zip(other.lines()).find(|(left, right)| left != right);
    assert_eq!(differs, None, "{what}");
    assert_eq!(one.len(), other.len(), "{what}");
}

#[test]
fn slicing_does_not_matter() {
    for (name, text) in scripts::all() {
        let whole = scripts::run(text);
        let mut sliced = Session::new(text);
        while sliced.step(1) != Progress::Idle {}
        assert_same(sliced.trace(), whole.trace(), &name);
        assert_eq!(sliced.state(), whole.state(), "{name}");
    }
}

#[test]
fn lines_may_come_one_by_one() {
    for (name, text) in scripts::all() {
        let whole = scripts::run(text);
        if !whole.problems().is_empty() {
            continue;
        }
        let mut session = Session::new("");
        let mut lines = whole.script();
        lines = lines.replace("\n| ", "\u{1}| ");
        for line in lines.split('\n') {
            session.append(&format!("{}\n", line.replace('\u{1}', "\n"))).unwrap();
            finish(&mut session);
        }
        assert_same(session.trace(), whole.trace(), &name);
        assert_eq!(session.script(), whole.script(), "{name}");
    }
}

#[test]
fn a_script_gives_its_run_again() {
    for (name, text) in scripts::all() {
        let first = scripts::run(text);
        let again = scripts::run(&first.script());
        assert_eq!(hash(first.trace()), hash(again.trace()), "{name}");
        assert_eq!(first.script(), again.script(), "{name}");
    }
}

#[test]
fn what_has_problems_is_not_appended() {
    let mut session = scripts::run("insert 1");
    let before = (session.script(), session.trace().len());
    assert!(session.append("insert 2\ninsret 3").is_err());
    assert!(session.append("lab nowhere").is_err());
    finish(&mut session);
    assert_eq!((session.script(), session.trace().len()), before);
}

#[test]
fn a_fork_is_the_run_up_to_there() {
    for (name, text) in scripts::all() {
        let whole = scripts::run(text);
        // Each fork runs its part of the script twice: of many commands, or of long ones, some stand for all.
        let most = if whole.trace().len() > 2_000 { 3 } else { 8 };
        for span in whole.commands().iter().step_by(whole.commands().len().div_ceil(most).max(1)) {
            for position in [span.records.start, span.records.end] {
                let mut fork = whole.fork_at(position);
                finish(&mut fork);
                assert!(fork.trace().len() <= position, "{name}: {span:?}");
                let prefix = whole.trace().iter().take(fork.trace().len());
                // Before its first command a run is of no lab yet.
                let same_lab = !fork.commands().is_empty() || whole.lab().name == "btree";
                assert!(!same_lab || fork.trace().iter().eq(prefix), "{name}: {span:?}");
                if position == span.records.end {
                    assert_eq!(fork.trace().len(), position, "{name}: {span:?}");
                }
                if whole.problems().is_empty() {
                    assert_same(scripts::run(&fork.script()).trace(), fork.trace(), &name);
                }
            }
        }
    }
}

#[test]
fn a_fork_goes_its_own_way() {
    let whole = scripts::run("set order 4\ninsert 1\ninsert 2\ninsert 3");
    let end = whole.commands()[2].records.end;
    let mut fork = whole.fork_at(end);
    fork.append("insert 9\nexpect keys = 1 2 9").unwrap();
    finish(&mut fork);
    assert_eq!(fork.expectations(), (1, 0));
    assert_eq!(fork.script(), "set order 4\ninsert 1\ninsert 2\ninsert 9\nexpect keys = 1 2 9");
    assert_eq!(whole.state().records, 3);
}

/// Stops a command after about `units`, and checks that the script tells it so.
fn stop_after(script: &str, units: u32) -> Session {
    let mut session = Session::new(script);
    let lines = script.lines().filter(|line| !line.starts_with('|')).count() as u32;
    let mut progress = session.step(lines + units);
    // Of a long command that begins only a few units are done at first.
    if let Some(rest) = (lines + units).checked_sub(TRIAL_UNITS) {
        progress = session.step(rest.max(1));
    }
    assert_ne!(progress, Progress::Idle, "{script} is over before it can be stopped");
    session.stop();
    finish(&mut session);
    let again = scripts::run(&session.script());
    assert!(again.problems().is_empty(), "{:?}", again.problems());
    assert_same(again.trace(), session.trace(), &session.script());
    assert_eq!(again.state(), session.state());
    session
}

#[test]
fn a_stopped_command_is_rewritten_to_what_it_did() {
    let session = stop_after("random 5000", 700);
    assert!(session.script().starts_with("random 7"), "{}", session.script());
    for units in [0, 1, 150, 300] {
        for script in [
            "random 5000",
            "random 5000 zipf to 100",
            "random 5000 uuid7",
            "set keys uuid4\nrandom 5000",
            "record on\nrandom 5000 ascending",
            "sequence 1 5000 step 3",
            "sequence 9000 1",
            "bulk-load 5000",
            "bulk-load 500\nget-random 5000 zipf",
            "bulk-load 500\nget-random 5000",
            "bulk-load 5000\ndelete-random 5000\nscan limit 5",
            "record off\nsequence 1 5000\nrecord on\nget 1",
        ] {
            stop_after(script, units);
        }
    }
}

#[test]
fn a_stopped_import_keeps_the_lines_that_it_took() {
    let lines: String = (0..500).map(|number| format!("\n| key{}", number * 7919 % 1000)).collect();
    for command in ["import", "bulk-load", "get-each", "import unrecorded"] {
        let mut session = stop_after(&format!("{command}{lines}"), 100);
        let kept = session.script().lines().filter(|line| line.starts_with('|')).count();
        assert!((90..=110).contains(&kept), "{kept} lines");
        session.append("get key5").unwrap();
        finish(&mut session);
        let last = session.commands().last().unwrap();
        assert_eq!((last.line, last.text.as_str()), (kept + 2, "get key5"));
    }
}

#[test]
fn stopping_leaves_out_what_was_to_follow() {
    let session = stop_after("insert 7\nrandom 5000\n# Later.\nrandom 9000\nrandom 9", 30);
    assert!(session.script().starts_with("insert 7\nrandom 3"), "{}", session.script());
    assert_eq!(session.script().lines().count(), 2);
    assert!(session.state().records < 50);
    // Between two commands too.
    let lines = "insert 1\ninsert 2\ninsert 3\ninsert 4\ninset 5";
    let mut session = Session::new(lines);
    session.step(2);
    session.stop();
    finish(&mut session);
    assert_eq!(session.script(), "insert 1\ninsert 2");
    assert!(session.problems().is_empty());
}

#[test]
fn a_run_whose_trace_is_full_twice_over_ends() {
    let script: String = (0..1000).map(|number| format!("insert {number}\n# A caption.\n")).collect();
    let mut session = Session::with_trace_limit(&script, 300);
    finish(&mut session);
    assert!((600..620).contains(&session.trace().len()), "{}", session.trace().len());
    let text = write_trace("", session.trace());
    assert!(text.lines().rev().nth(1).unwrap().contains("The run ends here"), "{text}");
    let problems = session.append("insert 5").unwrap_err();
    assert!(problems[0].what.contains("full") && problems[0].remedy.contains("fork"));
    assert_eq!(session.script().lines().count(), 2000);
    let mut fork = session.fork_at(session.commands()[3].records.end);
    fork.append("insert 5000").unwrap();
    finish(&mut fork);
    assert_eq!(fork.state().records, 5);
}

#[test]
fn stopping_when_nothing_runs_does_nothing() {
    let mut session = scripts::run("insert 1");
    let before = write_trace(&session.script(), session.trace());
    session.stop();
    assert_eq!(write_trace(&session.script(), session.trace()), before);
}

/// The keys that a page's bytes show, in the order of its slots.
fn keys_in_bytes(session: &Session, page: PageId, position: usize) -> Option<Vec<String>> {
    let found = session.page_bytes_at(page, position)?;
    let end = found.regions.iter().fold(0, |end, region| {
        assert_eq!(region.range.start, end, "regions follow each other");
        region.range.end
    });
    assert_eq!(end, found.bytes.len(), "regions are the whole page");
    let slots = found.regions.iter().filter(|region| region.label == "slot").count();
    let key_of = |slot| {
        let mut of_slot = found.regions.iter().filter(|region| region.slot == Some(slot));
        of_slot.find(|region| ["key", "separator"].contains(&region.label)).map(|region| region.value.clone())
    };
    // A key without any byte has no region.
    Some((0..slots).map(|slot| key_of(slot).unwrap_or_else(|| show(b""))).collect())
}

/// Compares the bytes of every page of `state`, which stood at `position`, with its cells.
fn assert_bytes_are(session: &Session, state: &EngineState, position: usize, pages: &[PageId], name: &str) {
    for page in pages {
        let Some(cells) = state.pages.get(page.index()).and_then(|page| page.cells()) else { continue };
        let told: Vec<String> = cells.iter().map(|(key, _)| show(key)).collect();
        assert_eq!(keys_in_bytes(session, *page, position), Some(told), "{name}: {page:?} at {position}");
    }
}

#[test]
fn bytes_of_a_page_are_those_of_that_moment() {
    for (name, text) in scripts::SCRIPTS {
        let session = scripts::run(text);
        let timeline = Timeline::new(session.trace().clone());
        let last = session.trace().len();
        assert_eq!(timeline.view_at(last).state, session.state(), "{name}");
        for end in session.commands().iter().map(|span| span.records.end) {
            let view = timeline.view_at(end);
            let pages: Vec<PageId> = view.state.pages.iter().map(|page| page.page).collect();
            assert_bytes_are(&session, &view.state, end, &pages, name);
        }
    }
}

#[test]
fn bytes_in_the_middle_of_a_split_are_those_of_the_view() {
    let mut positions = 0;
    for (name, text) in scripts::SCRIPTS {
        let session = scripts::run(text);
        let timeline = Timeline::new(session.trace().clone());
        let mut within: Vec<PageId> = Vec::new();
        for (index, record) in session.trace().iter().enumerate() {
            match record.event {
                Event::SplitBegun { page, right, .. } => within.extend([page, right]),
                Event::MergeBegun { left, right } => within.extend([left, right]),
                Event::BorrowBegun { page, sibling, .. } => within.extend([page, sibling]),
                Event::SplitEnded { .. } | Event::MergeEnded { .. } | Event::BorrowEnded { .. } => within.clear(),
                _ => {}
            }
            if !within.is_empty() && positions < 2000 {
                assert_bytes_are(&session, &timeline.view_at(index + 1).state, index + 1, &within, name);
                positions += 1;
            }
        }
    }
    assert!(positions > 200, "{positions}");
}

#[test]
fn bytes_in_the_middle_of_a_command_show_the_page_half_done() {
    let session = scripts::run("set order 4\ninsert 10\ninsert 20\ninsert 30\ninsert 25\ninsert 26");
    let moved = session.trace().iter().position(|record| matches!(record.event, Event::CellsMoved { .. })).unwrap();
    let slots = |position: usize| {
        let page = session.page_bytes_at(PageId(1), position).unwrap();
        page.regions.iter().filter(|region| region.label == "key").count()
    };
    assert_eq!(slots(moved), 3);
    assert_eq!(slots(moved + 1), 2);
    // Page 2 is not there before the split.
    assert!(session.page_bytes_at(PageId(2), moved - 20).is_none());
    assert!(session.page_bytes_at(PageId(2), moved + 1).is_some());
}

#[test]
fn bytes_after_an_unrecorded_command_are_those_of_its_end() {
    let session = scripts::run("insert 5\nrandom 1000 to 99999\ninsert 7");
    let taken = session.commands()[1].records.clone();
    let keys = |position| {
        let page = session.page_bytes_at(PageId(1), position).unwrap();
        page.regions.iter().filter(|region| region.label == "key").count()
    };
    assert_eq!(keys(taken.start), 1);
    assert_eq!(keys(taken.start + 1), 1);
    assert!(keys(taken.start + 2) > 10);
    assert!(keys(taken.end) > 10);
}

/// The last state that a trace tells.
fn last_state(trace: &Trace) -> Rc<EngineState> {
    let states = trace.iter().filter_map(|record| match &record.event {
        Event::StateTaken { state } => Some(state.clone()),
        _ => None,
    });
    states.last().unwrap()
}

#[test]
fn states_that_share_pages_are_those_of_the_engine() {
    for (name, text) in scripts::all() {
        let mut session = Session::new("record off");
        finish(&mut session);
        for line in text.replace("\n| ", "\u{1}| ").lines().filter(|line| !line.starts_with("record")) {
            let before = session.trace().len();
            if session.append(&line.replace('\u{1}', "\n")).is_ok() {
                finish(&mut session);
                let told = session.trace().iter_from(before).any(|r| matches!(r.event, Event::StateTaken { .. }));
                if told {
                    assert_eq!(*last_state(session.trace()), session.state(), "{name}: {line}");
                }
            }
        }
        let trace = write_trace("", session.trace());
        assert_eq!(read_trace(&trace).map(|(_, trace)| trace).as_ref(), Ok(session.trace()), "{name}");
    }
}

#[test]
fn a_state_tells_only_what_is_new() {
    let session = scripts::run("random 20000 unrecorded");
    let once = write_trace("", session.trace()).len();
    let session = scripts::run(&format!("random 20000 unrecorded{}", "\nget-random 1000 unrecorded".repeat(20)));
    let often = write_trace("", session.trace()).len();
    assert!(often < once + once / 10, "{once} and {often} bytes");
    assert!(session.trace().iter().filter(|r| matches!(r.event, Event::StateTaken { .. })).count() > 20);
}

#[test]
fn a_full_trace_keeps_the_outcome_of_each_command() {
    let script: String = (0..40).map(|number| format!("insert {number}\n")).collect();
    let mut session = Session::with_trace_limit(&format!("{script}random 100 to 999\nget 5\nexpect present 7"), 300);
    finish(&mut session);
    let texts: Vec<String> = session
        .trace()
        .iter()
        .filter_map(|record| match &record.event {
            Event::Answered { text } if text.contains("no more are kept") => Some(text.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(texts.len(), 1);
    assert_eq!(*last_state(session.trace()), session.state());
    assert_eq!(session.expectations(), (1, 0));
    let mut sliced = Session::with_trace_limit(&session.script(), 300);
    while sliced.step(1) != Progress::Idle {}
    assert_same(sliced.trace(), session.trace(), "sliced");
}

#[test]
fn a_trace_that_fills_up_inside_a_command_goes_on_unrecorded() {
    let mut whole = Session::with_trace_limit("record on\nrandom 500 to 9999\nget 5", 1000);
    finish(&mut whole);
    assert!(whole.trace().len() < 1100);
    let mut sliced = Session::with_trace_limit(&whole.script(), 1000);
    while sliced.step(3) != Progress::Idle {}
    assert_same(sliced.trace(), whole.trace(), "sliced");
    assert_eq!(sliced.state(), whole.state());
}

#[test]
fn an_unknown_lab_runs_nothing() {
    let mut session = Session::new("lab nowhere\ninsert 1");
    assert_eq!(session.step(100), Progress::Idle);
    assert_eq!((session.trace().len(), session.commands().len()), (1, 0));
    assert_eq!(session.problems().len(), 1);
    assert_eq!(session.script(), "lab nowhere\ninsert 1");
}

#[test]
fn time_never_goes_back() {
    for (name, text) in scripts::all() {
        let session = scripts::run(text);
        assert!(session.trace().iter().map(|record| record.time_ns).is_sorted(), "{name}");
    }
}

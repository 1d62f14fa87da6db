//! The lab of the log-structured merge tree as a person sees it: every step of every preset drawn, told and measured.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use glassbase_core::lab::{Progress, Session};
use glassbase_core::trace::Event;
use glassbase_core::view::camera::Size;
use glassbase_core::view::drawing::{Ask, Drawing, Kind, Look, Shape};
use glassbase_core::view::{Selection, Timeline, caption};

/// A desk, and a phone.
const ROOMS: [Size; 2] = [Size { width: 860.0, height: 560.0 }, Size { width: 300.0, height: 420.0 }];

fn text(name: &str) -> &'static str {
    scripts::SCRIPTS.iter().find(|(listed, _)| *listed == name).expect("it is listed").1
}

fn run(script: &str) -> Timeline {
    let mut session = Session::new(script);
    assert!(session.problems().is_empty(), "{:?}", session.problems());
    while session.step(1000) != Progress::Idle {}
    let mut timeline = Timeline::of_lab("lsm");
    timeline.extend(session.trace().clone());
    timeline
}

/// Draws every step, or every `stride`-th, in both rooms.
fn draw_all(name: &str, script: &str, look: &mut dyn FnMut(&Ask, &Drawing, &Drawing)) {
    let timeline = run(script);
    let draw = timeline.guide().draw.expect("the lab draws");
    let end = timeline.view_at(timeline.len());
    let stride = timeline.len() / 1500 + 1;
    for position in (1..=timeline.len()).step_by(stride) {
        let (before, after) = (timeline.view_at(position - 1), timeline.view_at(position));
        let record = timeline.record(position - 1);
        for room in ROOMS {
            let ask = Ask {
                before: &before,
                after: &after,
                end: &end,
                beside: None,
                record,
                room,
                selected: None,
                look: Look::default(),
            };
            let step = draw(&ask);
            for drawing in [&step.from, &step.to] {
                assert_eq!(drawing.problems(), Vec::<String>::new(), "{name}, step {position}");
                assert!(drawing.width <= room.width + 1.0, "{name}, step {position}: {} wide", drawing.width);
                assert!(drawing.shapes.len() <= 1500, "{name}: {} shapes", drawing.shapes.len());
            }
            look(&ask, &step.from, &step.to);
        }
        if let Some(record) = record {
            assert!(!caption(&before, record).is_empty());
        }
    }
}

#[test]
fn every_step_of_every_preset_can_be_drawn() {
    for (name, script) in scripts::presets().iter().filter(|(name, _)| name.contains("lsm/")) {
        draw_all(name, script, &mut |_, _, _| {});
        if *name != "preset/lsm/beside-btree" {
            continue;
        }
        let btree = script.replacen("lab lsm", "lab lsm\nset store btree", 1).replace("set store lsm\n", "");
        let plain: Vec<&str> = btree.lines().filter(|line| !line.starts_with("expect")).collect();
        draw_all(name, &plain.join("\n"), &mut |_, _, _| {});
    }
}

#[test]
fn every_step_of_every_golden_script_can_be_drawn() {
    for (name, script) in scripts::SCRIPTS.iter().filter(|(name, _)| name.starts_with("lsm/")) {
        draw_all(name, script, &mut |_, _, _| {});
    }
}

#[test]
fn what_can_be_selected_can_be_inspected() {
    let mut asked = 0;
    draw_all("leveled", text("lsm/leveled"), &mut |ask, _, to| {
        for target in to.shapes.iter().filter_map(|shape| shape.target) {
            let facts = glassbase_core::view::lsm::GUIDE.inspect;
            assert!(facts(ask.after, target).is_some(), "{target:?} at {}", ask.after.position);
            asked += usize::from(matches!(target, Selection::File(_)));
        }
    });
    assert!(asked > 1000);
}

/// Tables are as wide as their keys: two of one run never overlap, and what a compaction writes stands where it read.
#[test]
fn a_compaction_keeps_its_range() {
    let mut merges = 0;
    draw_all("leveled", text("lsm/leveled"), &mut |ask, from, to| {
        let Some(Event::VersionEdited { edit }) = ask.record.map(|record| &record.event) else { return };
        if edit.removed.is_empty() || edit.added.is_empty() {
            return;
        }
        merges += 1;
        let gone: Vec<_> = edit.removed.iter().map(|(_, file)| Selection::File(file.0)).collect();
        let come: Vec<_> = edit.added.iter().map(|placed| Selection::File(placed.table.file.0)).collect();
        let span = |drawing: &Drawing, wanted: &[Selection]| {
            let chosen =
                drawing.shapes.iter().filter(|shape| shape.target.is_some_and(|target| wanted.contains(&target)));
            let ends = chosen.map(|shape| (shape.place.x, shape.place.right()));
            ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).expect("they are drawn")
        };
        let (before, after) = (span(from, &gone), span(to, &come));
        assert!((before.0 - after.0).abs() < 6.0 && (before.1 - after.1).abs() < 6.0, "{before:?} {after:?}");
    });
    assert!(merges > 2);
}

/// What both stores wrote for each byte put is told however the records came in: step by step, unseen, or both.
#[test]
fn write_amplification_is_told_of_both_stores_also_when_nothing_was_recorded() {
    let measure =
        glassbase_core::view::lsm::GUIDE.measures.iter().find(|measure| measure.name == "write-amplification");
    let measure = measure.expect("the lab has it");
    let at_end = |store: &str, lines: &str| {
        let timeline =
            run(&format!("lab lsm\nset store {store}\nset page_size 1024\nset frames 16\nset memtable 2048\n{lines}"));
        measure.value(&timeline.view_at(timeline.len()))
    };
    for store in ["lsm", "btree"] {
        assert_eq!(at_end(store, ""), None, "{store}");
        let unseen = at_end(store, "ycsb A 1000 records 300 unrecorded\nflush").expect("bytes were put");
        let seen = at_end(store, "record on\nycsb A 1000 records 300\nflush").expect("bytes were put");
        assert!(unseen > 1.0 && (unseen - seen).abs() < 1e-9, "{store}: {unseen} unseen, {seen} seen");
    }
}

/// A word of a table stands inside a box that is as high as the word, or in a box of its own.
#[test]
fn what_a_table_says_to_a_get_stands_in_a_box() {
    let words = ["asked", "filter: no", "filter: maybe", "filter was wrong", "not in it", "found"];
    let mut seen = 0;
    for (name, script) in
        scripts::presets().iter().filter(|(name, _)| name.ends_with("filter") || name.ends_with("filters"))
    {
        draw_all(name, script, &mut |ask, _, to| {
            for word in to.shapes.iter().filter(|shape| words.contains(&shape.text.as_str())) {
                let (x, y) = (word.place.x, word.place.y - 4.0);
                let holds = |shape: &&Shape| {
                    let place = shape.place;
                    let across = place.x <= x && x <= place.right();
                    shape.kind == Kind::Rect && across && place.y <= y - 8.0 && y + 8.0 <= place.bottom()
                };
                let own = word.kind == Kind::Rect && word.place.h >= 16.0 && word.place.right() <= ask.room.width;
                assert!(own || to.shapes.iter().any(|shape| holds(&shape)), "{} at {}", word.text, ask.after.position);
                seen += 1;
            }
        });
    }
    assert!(seen > 500, "{seen}");
}

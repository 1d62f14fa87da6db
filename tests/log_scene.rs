//! The picture of the log lab, over all of its presets and at every step: ids are unique, numbers are numbers.

use glassbase_core::lab::{Progress, Session, lab};
use glassbase_core::trace::{Event, Lane, Lsn};
use glassbase_core::view::camera::Size;
use glassbase_core::view::drawing::{Ask, Look};
use glassbase_core::view::{Guide, Selection, Timeline};

fn run(script: &str) -> Session {
    let mut session = Session::new(script);
    while session.step(5000) != Progress::Idle {}
    session
}

#[test]
fn every_step_of_every_preset_can_be_drawn() {
    let draw = Guide::of("log").draw.expect("the log lab has a picture");
    for preset in lab("log").expect("there is a log lab").presets {
        let session = run(preset.script);
        let timeline = Timeline::new(session.trace().clone());
        let end = timeline.view_at(session.trace().len());
        let widths = [288.0, 620.0, 1000.0];
        for (index, record) in session.trace().iter().enumerate() {
            let (before, after) = (timeline.view_at(index), timeline.view_at(index + 1));
            let selected = [None, Some(Selection::Lsn(Lsn(91))), Some(Selection::Transaction(1))][index % 3];
            let room = Size { width: widths[index % 3], height: 500.0 };
            let ask = Ask {
                before: &before,
                after: &after,
                end: &end,
                beside: None,
                record: Some(record),
                room,
                selected,
                look: Look::default(),
            };
            let step = draw(&ask);
            for drawing in [&step.from, &step.to] {
                let problems = drawing.problems();
                assert!(problems.is_empty(), "{} at {index}: {problems:?}", preset.name);
                assert!(drawing.width <= room.width + 1.0, "{} at {index}: {}", preset.name, drawing.width);
            }
            for selection in
                [Selection::Transaction(1), Selection::Lsn(Lsn(91)), Selection::Page(glassbase_core::trace::PageId(1))]
            {
                let _ = (Guide::of("log").inspect)(&after, selection);
            }
        }
    }
}

/// What the engine did in the last command of a script: its events up to the crash, without what the client knows.
fn deeds(script: &str) -> (Vec<Event>, bool) {
    let session = run(script);
    let events: Vec<&Event> = session.trace().iter().map(|record| &record.event).collect();
    let begun = events.iter().rposition(|event| matches!(event, Event::CommandBegun { .. })).expect("it has commands");
    let crashed = events[begun..].iter().position(|event| matches!(event, Event::DiskCrashed { .. }));
    let end = crashed.map_or(events.len(), |at| begun + at);
    let of_engine = |event: &&&Event| event.lane() != Lane::Script && !event.name().starts_with("client-");
    (events[begun + 1..end].iter().filter(of_engine).map(|event| (*event).clone()).collect(), crashed.is_some())
}

#[test]
fn nothing_is_done_any_more_once_the_power_has_failed() {
    let before = "lab log\nset page_size 256\nset frames 8\nwork 60 keys 40 unrecorded\nbegin t\n";
    for last in ["work 1 keys 40", "put 7 in t size 600", "checkpoint", "commit t"] {
        let (whole, _) = deeds(&format!("{before}crash-after 100000\n{last}"));
        let mut cut = 0;
        for operations in 0..40 {
            let (done, crashed) = deeds(&format!("{before}crash-after {operations}\n{last}"));
            assert!(whole.starts_with(&done), "{last}, {operations} operations: {done:#?}");
            cut += u32::from(crashed);
        }
        assert!(cut > 0 && cut <= 40, "{last}: {cut}");
    }
}

//! The picture of the log lab, over all of its presets and at every step: ids are unique, numbers are numbers.

use glassbase_core::lab::{Progress, Session, lab};
use glassbase_core::trace::Lsn;
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
            let ask = Ask { before: &before, after: &after, end: &end, record: Some(record), room, selected, look: Look::default() };
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

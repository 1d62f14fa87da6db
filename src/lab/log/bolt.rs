//! The bolt: a crash at any event of a run, as lines of a script.
//!
//! ```text
//!   commit b │ log-appended │ file-appended │ log-written │ file-synced │ …
//!                                                  ▲ here: one disk operation of `commit b` is done
//!   crash-after 1
//!   commit b
//!   recover
//! ```
//!
//! Between two disk operations only memory changes, which a crash forgets: so a place in a run is as good as the number of
//! disk operations that the command has done until then.

use crate::lab::session::{CommandSpan, Session};
use crate::trace::Event;

/// What to go on with after a fork at `position`, so that the power fails there. None: the run's lab has no power to cut.
pub fn lines(session: &Session, position: usize) -> Option<Vec<String>> {
    session.lab().command("crash-after")?;
    let commands = session.commands();
    let inside = commands.get(commands.partition_point(|span| span.records.end <= position));
    let inside = inside.filter(|span| span.records.start < position && is_cut(session, span));
    let mut lines = Vec::new();
    match inside {
        Some(span) if is_recorded(session, span) => {
            let done = session.trace().iter_from(span.records.start).take(position - span.records.start);
            let operations = done.filter(|record| is_operation(&record.event)).count();
            lines.push(format!("crash-after {operations}"));
            lines.push(span.text.clone());
        }
        Some(span) => lines.extend([span.text.clone(), "crash".to_string()]),
        None => lines.push("crash".to_string()),
    }
    lines.push("recover".to_string());
    Some(lines)
}

/// A command of the lab in which the power can fail; after any other line it fails at once.
fn is_cut(session: &Session, span: &CommandSpan) -> bool {
    let word = span.text.split_whitespace().next().unwrap_or_default();
    session.lab().command(word).is_some() && !["crash", "crash-after", "clear", "flip"].contains(&word)
}

/// Whether the steps of a command are in the trace.
fn is_recorded(session: &Session, span: &CommandSpan) -> bool {
    let steps = session.trace().iter_from(span.records.start).take(span.records.len());
    let mut steps = steps.filter(|record| !matches!(record.event, Event::CommandBegun { .. } | Event::Answered { .. }));
    !matches!(steps.next().map(|record| &record.event), Some(Event::StateTaken { .. }))
}

/// Whether an event is an operation of the disk, each of which may be the last before a power failure.
fn is_operation(event: &Event) -> bool {
    use Event::*;
    matches!(event, DiskRead { .. } | DiskWritten { .. } | DiskSynced { .. } | DiskExtended { .. } | FileCreated { .. })
        || matches!(event, FileAppended { .. } | FileRead { .. } | FileSynced { .. } | FileTruncated { .. })
        || matches!(event, FileRemoved { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Progress, lab};

    fn finish(session: &mut Session) {
        while session.step(5000) != Progress::Idle {}
    }

    /// Cuts the power at every event of a script, and recovers.
    fn crash_everywhere(script: &str, step: usize) {
        let mut whole = Session::new(script);
        finish(&mut whole);
        let lab_line = whole.commands()[0].records.end;
        for position in (lab_line..=whole.trace().len()).step_by(step) {
            let mut run = whole.fork_at(position);
            finish(&mut run);
            let before = run.trace().len();
            let lines = lines(&whole, position).unwrap();
            run.append(&lines.join("\n")).unwrap();
            finish(&mut run);
            let crashes =
                run.trace().iter_from(before).filter(|record| matches!(record.event, Event::DiskCrashed { .. }));
            assert_eq!(crashes.count(), 1, "{position}: {lines:?}\n{script}");
            run.append("expect kept\nexpect valid\nput 999 end\ncheck\nexpect kept").unwrap();
            finish(&mut run);
            let (_, failed) = run.expectations();
            assert_eq!(failed, whole.fork_at(position).expectations().1, "{position}: {lines:?}\n{}", run.script());
            let mut again = Session::new(&run.script());
            finish(&mut again);
            assert!(again.trace().iter().eq(run.trace().iter()), "{position}");
        }
    }

    #[test]
    fn the_power_may_fail_at_any_event_of_any_preset() {
        for preset in lab("log").unwrap().presets {
            crash_everywhere(preset.script, 5);
        }
    }

    #[test]
    fn the_power_may_fail_at_any_event_of_a_busy_run() {
        for settings in
            ["", "set torn_pages doublewrite\n", "set commit async\nset interval_us 100\n", "set commit group\n"]
        {
            let work =
                "set page_size 1024\nset flusher 1\nset checkpoint_bytes 2500\nset segment_size 700\nwork 12 keys 25";
            crash_everywhere(&format!("lab log\n{settings}{work}"), 17);
        }
    }

    #[test]
    fn the_operations_until_an_event_are_counted() {
        let mut session = Session::new("lab log\nput 10 ash");
        finish(&mut session);
        let position =
            |wanted: fn(&Event) -> bool| session.trace().iter().position(|record| wanted(&record.event)).unwrap();
        let append = position(|event| matches!(event, Event::FileAppended { .. }));
        assert_eq!(lines(&session, append).unwrap(), ["crash-after 0", "put 10 ash", "recover"]);
        assert_eq!(lines(&session, append + 1).unwrap()[0], "crash-after 1");
        assert_eq!(lines(&session, session.trace().len()).unwrap(), ["crash", "recover"]);
        assert_eq!(lines(&Session::new("insert 1"), 0), None);
    }
}

//! The labs of clusters as scripts: planned commands, stopped commands, what is told and refused.

use crate::lab::{Progress, Session};
use crate::trace::Event;

fn run(script: &str) -> Session {
    let mut session = Session::new(script);
    assert_eq!(session.problems(), [], "{script}");
    while session.step(1000) != Progress::Idle {}
    session
}

#[test]
fn a_planned_command_changes_nothing_before_its_moment() {
    let before = "lab raft\nseed 4\nput x 1\n";
    let after = "run 400ms\nput y 2\nrun 300ms\n";
    let plain = run(&format!("{before}{after}"));
    let times = [0, 1, 37_500_000, 123_456_789, 250_000_000, 400_000_000, 650_000_001];
    for at_ns in times {
        let line = format!("at {} crash n2\n", crate::lab::span::written(at_ns));
        let planned = run(&format!("{before}{line}{after}"));
        // The planned line itself is three records: it begins, is answered, ends.
        let skip = plain.commands()[2].records.end;
        let mut changed = planned.trace().iter_from(skip + 3).map(|record| (record.time_ns, &record.event));
        let events: Vec<(u64, &Event)> =
            plain.trace().iter_from(skip).map(|record| (record.time_ns, &record.event)).collect();
        for (time_ns, event) in events.into_iter().filter(|(time_ns, _)| *time_ns < at_ns) {
            let is_line = matches!(event, Event::CommandBegun { .. } | Event::CommandEnded { .. });
            let (other_ns, other) = changed.next().unwrap();
            assert_eq!(time_ns, other_ns);
            // The lines below stand one further down.
            assert!(is_line || event == other, "{at_ns}: {event:?}, {other:?}");
        }
        let crashes = planned.trace().iter().filter(|record| {
            matches!(&record.event, Event::NodeStatusChanged { status: crate::trace::NodeStatus::Down, .. })
        });
        assert_eq!(crashes.map(|record| record.time_ns).collect::<Vec<_>>(), [at_ns]);
    }
}

#[test]
fn what_can_not_be_planned_is_refused() {
    let session = run(
        "lab raft\nrun 100ms\nat 50ms crash n1\nexpect refused already\nat 150ms dorp 17\nexpect refused \"did you mean\"\n\
         at 200ms run 5s\nexpect refused planned\nafter 10ms drop 900\nrun 20ms\nexpect up = 3\n",
    );
    assert_eq!(session.expectations(), (4, 0));
    let late = session
        .trace()
        .iter()
        .any(|record| matches!(&record.event, Event::Refused { text } if text.contains("drop 900 at 110ms")));
    assert!(late);
}

#[test]
fn a_command_that_is_stopped_is_rewritten_to_what_it_did() {
    for (command, steps) in
        [("run 2s", 40), ("run 2s", 1), ("load 60", 90), ("load 60", 1), ("wait", 7), ("load writes 20 60", 200)]
    {
        let mut session = Session::new("lab raft\nseed 3\nrun 300ms\nput a 1\nput b 2");
        while session.step(1000) != Progress::Idle {}
        session.append(command).unwrap();
        session.step(steps);
        session.stop();
        while session.step(1000) != Progress::Idle {}
        session.append("run 50ms\ncheck\nexpect verdict safety holds").unwrap();
        while session.step(1000) != Progress::Idle {}
        let again = run(&session.script());
        assert_eq!(again.trace(), session.trace(), "{command} after {steps}: {}", session.script());
    }
}

#[test]
fn the_store_of_a_node_can_be_looked_into_at_any_moment() {
    for (store, lab) in [("btree", "log"), ("lsm", "lsm")] {
        let session = run(&format!("lab raft\nset store {store}\nrun 400ms\nput x 1\nwait\nrun 100ms"));
        let end = session.trace().len();
        let keys_at = |position| {
            let (script, trace) = session.part_at("n2", position).unwrap();
            assert!(script.starts_with(&format!("lab {lab}")), "{script}");
            let Some(Event::StateTaken { state }) = trace.get(0).map(|record| &record.event) else {
                panic!("{script}")
            };
            state.counters.disk_writes + state.parts.lsm.as_ref().map_or(0, |lsm| lsm.memtable.entries.len() as u64)
        };
        let inside = session.commands()[2].records.start + 3;
        assert!(keys_at(inside) < keys_at(end), "{store}");
        assert_eq!(session.part_at("n9", end), None);
    }
    assert_eq!(run("lab raft\nrun 100ms").part_at("n1", 5), None, "nothing on a disk");
}

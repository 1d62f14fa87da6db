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
            let behind = session.part_at("n2", position).unwrap();
            assert_eq!(behind.lab.name, lab);
            assert!(matches!(behind.trace.get(0).unwrap().event, Event::StateTaken { .. }), "it goes on from a state");
            behind.position
        };
        let inside = session.commands()[2].records.start + 3;
        assert!(keys_at(inside) < keys_at(end), "{store}");
        assert!(session.part_at("n9", end).is_none());
    }
    assert!(run("lab raft\nrun 100ms").part_at("n1", 5).is_none(), "nothing on a disk");
}

/// What a disk keeps from a node is told as it is: the node stays down.
#[test]
fn a_node_whose_disk_fails_does_not_come_up() {
    for store in ["btree", "lsm"] {
        let head = format!("lab raft\nset store {store}\nrun 400ms\nput x 1\nwait\ncrash n1\n");
        let fails = run(&format!("{head}disk n1 read-fails\nrestart n1\nexpect status n1 = down\n"));
        let answers = |session: &Session, text: &str| {
            let is_it = |event: &Event| matches!(event, Event::Answered { text: said } if said.contains(text));
            session.trace().iter().any(|record| is_it(&record.event))
        };
        assert!(answers(&fails, "n1 does not come up: "), "{store}");
        assert!(!answers(&fails, "comes up with"), "{store}");
        assert_eq!(fails.expectations(), (1, 0), "{store}");
        let works = run(&format!("{head}restart n1\nexpect status n1 = up\n"));
        assert!(answers(&works, "n1 comes up with what its disk kept") && !answers(&works, "does not"), "{store}");
    }
}

/// A measurement that was stopped is the one whose command says so, and the fold knows what the engine knows.
#[test]
fn a_measurement_may_be_stopped_between_any_two_pairs() {
    let head = "lab quorum\nset read 1\n";
    let whole = run(&format!("{head}tradeoff operations 100\nput x 1\nwait\n"));
    assert_eq!(whole.problems(), []);
    for steps in [1, 60, 120, 400, 900] {
        let mut session = Session::new(&format!("{head}tradeoff operations 100\n"));
        for _ in 0..steps {
            session.step(1);
        }
        session.stop();
        while session.step(1000) != Progress::Idle {}
        let again = run(&session.script());
        assert_eq!(session.trace(), again.trace(), "after {steps}: {}", session.script());
    }
}

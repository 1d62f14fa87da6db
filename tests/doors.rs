//! What is behind a door, a shard or a store, is what its film shows: at its end, and at every moment of the run.

use glassbase_core::lab::{Behind, Progress, Session};
use glassbase_core::trace::{EngineState, NodeId};
use glassbase_core::view::Timeline;

const FAULTS: &str = include_str!("scripts/stack/faults.gb");
const FOLLOW: &str = include_str!("scripts/stack/follow.gb");
const ADD: &str = include_str!("scripts/stack/add.gb");
/// A replica that crashes and comes back is filmed anew from what it finds on its disk.
const LSM: &str = "lab stack\nset store lsm\nset shards 1\nrun 400ms\nput k1 a\nput k2 b\nwait\nkill s1n2\nput k3 c\nwait\n\
                   restart s1n2\nrun 400ms\nput k4 d\nwait\n";

fn run(script: &str) -> Session {
    let mut session = Session::new(script);
    while session.step(10_000) != Progress::Idle {}
    session
}

fn timeline(session: &Session) -> Timeline {
    let mut timeline = Timeline::of_lab(session.lab().name);
    timeline.extend(session.trace().clone());
    timeline
}

/// The state that a film shows when the run has so many records.
fn shown(session: &Session, name: &str, position: usize) -> EngineState {
    let behind = session.part_at(name, position).unwrap_or_else(|| panic!("{name} at {position}"));
    assert_eq!(behind.trace.len(), behind.moments.len());
    let at = behind.position;
    view_of(behind).view_at(at).state.clone()
}

fn view_of(behind: Behind) -> Timeline {
    let mut timeline = Timeline::of_lab(behind.lab.name);
    timeline.extend(behind.trace);
    timeline
}

#[test]
fn a_shard_and_the_caches_are_in_their_labs_what_they_are_in_the_stack_at_every_moment() {
    for script in [FOLLOW, FAULTS, ADD] {
        let session = run(script);
        let timeline = timeline(&session);
        let length = session.trace().len();
        for position in (1..=length).step_by(length / 17) {
            let view = timeline.view_at(position);
            let stack = view.state.parts.stack.as_ref().unwrap();
            assert_eq!(shown(&session, "l2", position).parts.tiers.as_ref(), Some(&stack.tiers), "l2 at {position}");
            for part in &stack.shards {
                let name = format!("s{}", part.shard.0);
                let shown = shown(&session, &name, position);
                assert_eq!(shown.parts.cluster.as_ref(), Some(&part.cluster), "{name} at {position}");
            }
        }
    }
    // A shard that is yet to come has no door.
    let session = run(ADD);
    let shards = |position| timeline(&session).view_at(position).state.parts.stack.as_ref().unwrap().shards.len();
    let last = NodeId(shards(session.trace().len()) as u16);
    assert!(shards(2) < usize::from(last.0));
    assert!(session.part_at(&format!("s{}", last.0), 2).is_none());
}

#[test]
fn a_film_of_a_store_ends_with_the_store() {
    for script in [FOLLOW, FAULTS, LSM] {
        let session = run(script);
        for name in ["s1n1", "s1n2", "s1n3"] {
            let Some(state) = session.part(name) else { continue };
            let behind = session.part_at(name, session.trace().len()).unwrap();
            assert!(behind.trace.len() > 20, "{name} has a past: {}", behind.trace.len());
            let timeline = view_of(behind);
            let shown = &timeline.view_at(timeline.len()).state;
            assert_eq!(shown.pages, state.pages, "{name}");
            assert_eq!(shown.parts, state.parts, "{name}");
        }
    }
}

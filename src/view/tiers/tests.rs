//! Pictures of hierarchies in every state: nothing is wrong with any.

use std::rc::Rc;

use super::scene;
use crate::View;
use crate::camera::Size;
use crate::drawing::{Ask, Look};
use glassbase_trace::parts::TiersState;
use glassbase_trace::parts::tiers::PlaceState;
use glassbase_trace::{
    BreakerState, Bytes, EngineState, Event, NodeId, Record, TierFate, TierKind, TierLook, TierOperation, TierSource,
    TierStatus, TierWait,
};

const MS: u64 = 1_000_000;

/// A view of two application servers, two nodes of L2 and the database, and the events that follow.
fn view(events: &[(u64, Event)]) -> View {
    let places = [TierKind::App, TierKind::App, TierKind::Cache, TierKind::Cache, TierKind::Database];
    let places = places.into_iter().map(|kind| Rc::new(PlaceState::new(kind, 8))).collect();
    let tiers = TiersState { places, clients: 4, connections: 4, queue_limit: 9, ..TiersState::default() };
    let mut state = EngineState::default();
    state.parts.tiers = Some(Rc::new(tiers));
    let taken = Event::StateTaken { state: Rc::new(state) };
    let mut view = View::default();
    let all = [(0, taken)].into_iter().chain(events.iter().cloned());
    for (index, (time_ns, event)) in all.enumerate() {
        let record = Record { time_ns, cause: u32::MAX, node: 0, event };
        view.apply(index, &record);
    }
    view
}

fn events() -> Vec<(u64, Event)> {
    let key = || Bytes::typed("k1");
    let (client, app, node, database) = (NodeId::client(1), NodeId(1), NodeId(3), NodeId(5));
    let (operation, look) = (TierOperation::Get, TierLook::Miss);
    vec![
        (MS, Event::TierAsked { request: 1, client, operation, key: key(), from: client, to: app, due_ns: 2 * MS }),
        (2 * MS, Event::TierLooked { request: 1, at: app, key: key(), look }),
        (2 * MS, Event::TierMoved { request: 1, from: app, to: node, due_ns: 3 * MS }),
        (3 * MS, Event::TierMoved { request: 1, from: app, to: database, due_ns: 4 * MS }),
        (4 * MS, Event::TierWaits { request: 1, wait: TierWait::Connection }),
        (5 * MS, Event::DatabaseBegan { request: 1, writes: false, busy: 4, queued: 3 }),
        (6 * MS, Event::TierWritten { key: key(), version: 9 }),
        (
            7 * MS,
            Event::TierKept {
                at: node,
                key: key(),
                version: 3,
                absent: false,
                dirty: true,
                expires_ns: 9,
                stale_ns: 5,
            },
        ),
        (8 * MS, Event::BreakerTurned { at: app, state: BreakerState::Open }),
        (8 * MS, Event::TierStatusChanged { at: NodeId(4), status: TierStatus::Down }),
        (
            9 * MS,
            Event::TierTold {
                request: 1,
                fate: TierFate::Served,
                source: TierSource::L2,
                version: 3,
                latency_ns: 7 * MS,
                age_ns: MS,
            },
        ),
        (9 * MS, Event::TierLost { key: key(), version: 9 }),
    ]
}

#[test]
fn no_picture_has_a_problem_at_any_moment_in_any_room() {
    let events = events();
    for count in 0..=events.len() {
        let view = view(&events[..count]);
        for (width, height) in [(320.0, 160.0), (320.0, 400.0), (900.0, 600.0), (2400.0, 1400.0)] {
            let room = Size { width, height };
            let (record, selected, look) = (None, None, Look::default());
            let step = scene::draw(&Ask {
                before: &view,
                after: &view,
                end: &view,
                beside: None,
                record,
                room,
                selected,
                look,
            });
            assert_eq!(step.to.problems(), Vec::<String>::new());
            assert!(step.to.width <= width.max(300.0) + 1.0, "{} in {width}", step.to.width);
        }
    }
}

#[test]
fn every_event_has_a_sentence() {
    let events = events();
    for (count, (time_ns, event)) in events.iter().enumerate() {
        let record = Record { time_ns: *time_ns, cause: u32::MAX, node: 0, event: event.clone() };
        let caption = super::caption::caption(&view(&events[..count]), &record).unwrap_or_default();
        assert!(caption.ends_with('.') && super::tone(event).is_some() | caption.contains("nowhere"), "{caption}");
        assert!(super::caption::describe(&record).is_some());
    }
}

//! Pictures of a stack, made of plain data.

use std::rc::Rc;

use super::*;
use crate::camera::Size;
use crate::drawing::{Ask, Look};
use glassbase_trace::parts::stack::{GoalPart, GoalState, ShardPart};
use glassbase_trace::parts::tiers::{PlaceState, TiersState};
use glassbase_trace::{Bytes, ClusterState, MessageId, NodeId, StoreTouch, TierKind, TierOperation, TierSource};

fn start(goal: bool) -> View {
    let place = |kind| Rc::new(PlaceState::new(kind, 8));
    let places = [TierKind::App, TierKind::App, TierKind::Cache, TierKind::Database].map(place).to_vec();
    let tiers = Rc::new(TiersState { places, clients: 2, connections: 4, ..TiersState::default() });
    let cluster = Rc::new(ClusterState {
        nodes: vec![Rc::default(), Rc::default(), Rc::default()],
        clients: 2,
        ..Default::default()
    });
    let shards = (1..=2).map(|shard| Rc::new(ShardPart { shard: NodeId(shard), cluster: cluster.clone() })).collect();
    let goal = goal.then(|| {
        let part = GoalPart { text: "All is served.".into(), found: "7".into(), holds: false };
        let (scenario, title, story) =
            ("x".into(), "A goal".into(), "Something long happens here. ".repeat(9).as_str().into());
        let (hints, parts) = (vec!["Try this.".into()], vec![part]);
        Rc::new(GoalState {
            scenario,
            title,
            story,
            parts,
            cost: 5,
            budget: 9,
            score: 0,
            reached: false,
            unplayed: false,
            hints,
        })
    });
    let weave = glassbase_trace::parts::stack::Weave { apps: 2, caches: 1, ..Default::default() };
    let stack = StackState { tiers, shards, weave, goal, ..StackState::default() };
    let mut view = View::default();
    view.state.parts.stack = Some(Rc::new(stack));
    view
}

/// The events of a read that goes all the way.
fn events() -> Vec<(u64, Event)> {
    let (client, app, l2, router, n1) = (NodeId::client(1), NodeId(1), NodeId(3), NodeId(4), NodeId(1));
    let key = Bytes::typed("k1");
    let within = |event| Event::Within { shard: NodeId(2), event: Rc::new(event) };
    let sent = |message, from, to, sent_ns| {
        let (kind, text) = ("get".into(), "get k1".into());
        within(Event::MessageSent { message: MessageId(message), from, to, kind, text, sent_ns, due_ns: sent_ns + 500 })
    };
    let operation = TierOperation::Get;
    vec![
        (0, Event::TierAsked { request: 1, client, operation, key: key.clone(), from: client, to: app, due_ns: 200 }),
        (210, Event::TierLooked { request: 1, at: app, key: key.clone(), look: TierLook::Miss }),
        (210, Event::TierMoved { request: 1, from: app, to: l2, due_ns: 700 }),
        (720, Event::TierLooked { request: 1, at: l2, key, look: TierLook::Miss }),
        (720, Event::TierMoved { request: 1, from: l2, to: router, due_ns: 1200 }),
        (1200, Event::DatabaseBegan { request: 1, writes: false, busy: 1, queued: 0 }),
        (1200, Event::QueryRouted { request: 1, shard: NodeId(2), client }),
        (1200, sent(1, client, n1, 1200)),
        (1700, within(Event::MessageDelivered { message: MessageId(1) })),
        (
            1700,
            within(Event::StoreTouched { node: n1, what: StoreTouch::PoolMiss, number: 7, from_ns: 1700, to_ns: 1800 }),
        ),
        (1700, sent(2, n1, client, 1900)),
        (2400, within(Event::MessageDelivered { message: MessageId(2) })),
        (2400, Event::TierMoved { request: 1, from: router, to: app, due_ns: 2900 }),
        (
            2900,
            Event::TierTold {
                request: 1,
                fate: TierFate::Served,
                source: TierSource::Database,
                version: 1,
                latency_ns: 2700,
                age_ns: 0,
            },
        ),
    ]
}

fn step<'a>(before: &'a View, after: &'a View, selected: Option<Selection>, width: f64) -> Ask<'a> {
    let room = Size { width, height: 500.0 };
    Ask { before, after, end: after, beside: None, record: None, room, selected, look: Look::default() }
}

#[test]
fn every_moment_is_drawn_whole_and_told() {
    for goal in [false, true] {
        let mut view = start(goal);
        for (index, (time_ns, event)) in events().into_iter().enumerate() {
            let record = Record { time_ns, cause: glassbase_trace::NO_CAUSE, node: 0, event };
            assert!(words::caption(&view, &record).is_some_and(|said| said.len() > 8), "{record:?}");
            assert!(words::describe(&record).is_some(), "{record:?}");
            let before = view.clone();
            view.apply(index, &record);
            for width in [320.0, 700.0, 1200.0] {
                for selected in [None, Some(Selection::Request(1)), Some(Selection::Span(1, 1))] {
                    let drawn = scene::draw(&step(&before, &view, selected, width));
                    assert_eq!(drawn.to.problems(), Vec::<String>::new(), "{width}");
                }
            }
        }
        let follow = stack(&view).and_then(|state| state.latest()).unwrap();
        assert_eq!(follow.lasts_ns(0), 2900);
        assert!(follow.spans.iter().any(|span| &*span.text == "page 7: miss"), "{:#?}", follow.spans);
        let facts = (0..follow.spans.len()).map(|index| facts::inspect(&view, Selection::Span(1, index as u32)));
        assert!(facts.into_iter().all(|facts| facts.is_some()));
        assert_eq!(
            facts::door(&view, Selection::Replica(NodeId(2), NodeId(1))).map(|door| door.0).as_deref(),
            Some("s2n1")
        );
        assert_eq!(facts::inspect(&view, Selection::Verdict(0)).is_some(), goal);
        for selection in [
            Selection::Node(NodeId(1)),
            Selection::Replica(NodeId(1), NodeId(0)),
            Selection::Replica(NodeId(1), NodeId(3)),
        ] {
            assert!(facts::inspect(&view, selection).is_some() && !facts::actions(&view, selection).is_empty());
        }
    }
}

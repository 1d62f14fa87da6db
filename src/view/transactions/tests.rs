//! Pictures of transactions: nothing is wrong with them, and bars stand where locks are held.

use std::rc::Rc;

use super::held::spans;
use crate::camera::Size;
use crate::drawing::{Ask, Face, Kind, Look, Shape};
use crate::{Guide, Selection, Timeline};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::{Datum, LogEntry, NodeDetail, NodeHead, NodeLog, NodeState, Version};
use glassbase_trace::{Bytes, EngineState, Event, NodeId, NodeStatus, Record, Trace};

const MS: u64 = 1_000_000;

fn shard(account: &str, records: u64) -> NodeDetail {
    let head = NodeHead::new("in doubt")
        .fact("in doubt", "T1.1: alice \u{2212}30")
        .fact("waits", "T1.2 for alice, locked by T1.1")
        .fact("money", "100")
        .fact("opening", "100");
    let head = NodeHead { committed: records / 2, ..head };
    let entry = |number| LogEntry { term: 0, text: format!("T1.{number} prepared alice \u{2212}30").into() };
    let version = Version { value: "100".into(), stamp: "locked by T1.1".into(), deleted: false };
    NodeDetail {
        head: Rc::new(head),
        log: Rc::new(NodeLog { first: 1, entries: (1..=records).map(entry).collect() }),
        data: vec![Rc::new(Datum { key: Bytes::typed(account), versions: vec![version] })],
    }
}

/// A coordinator and shards, and what they noted.
fn made(notes: &[(u64, u16, &str)], down: Option<(u64, u16)>) -> Timeline {
    let mut trace = Trace::new();
    let mut tell = |ns, event| trace.push(Record { time_ns: ns, cause: u32::MAX, node: 0, event });
    let mut nodes = vec![Rc::new(NodeState::default())];
    nodes.extend(
        ["alice", "bob", "carol"].map(|name| Rc::new(NodeState { detail: shard(name, 6), ..NodeState::default() })),
    );
    let mut state = EngineState::default();
    state.parts.cluster = Some(Rc::new(ClusterState { nodes, clients: 3, ..ClusterState::default() }));
    tell(0, Event::StateTaken { state: Rc::new(state) });
    for (ms, node, topic) in notes {
        if let Some((down_ms, node)) = down.filter(|(down_ms, _)| down_ms < ms) {
            let status = NodeStatus::Down;
            tell(down_ms * MS, Event::NodeStatusChanged { node: NodeId(node), status, ahead_ns: 0, behind_ns: 0 });
        }
        tell(ms * MS, Event::Noted { node: NodeId(*node), topic: (*topic).into(), text: "n2 says so.".into() });
    }
    let mut timeline = Timeline::of_lab("transactions");
    timeline.extend(trace);
    timeline
}

#[test]
fn no_picture_has_anything_wrong_with_it() {
    let timeline = made(&[(10, 2, "votes-yes"), (20, 3, "asks"), (30, 2, "booked")], Some((25, 4)));
    let draw = Guide::of("transactions").draw.unwrap();
    let end = timeline.view_at(usize::MAX);
    for position in 0..timeline.len() {
        let (before, after) = (timeline.view_at(position), timeline.view_at(position + 1));
        for (width, height) in [(1280.0, 760.0), (900.0, 420.0), (360.0, 640.0), (320.0, 300.0), (2400.0, 1400.0)] {
            for face in [Face::Both, Face::Stage, Face::Time] {
                let (room, look) = (Size { width, height }, Look { face, ..Look::default() });
                let (before, after, end) = (&before, &after, &end);
                let selected = Some(Selection::Node(NodeId(2)));
                let step = draw(&Ask {
                    before,
                    after,
                    end,
                    beside: None,
                    record: timeline.record(position),
                    room,
                    selected,
                    look,
                });
                for drawing in [&step.from, &step.to] {
                    assert_eq!(drawing.problems(), Vec::<String>::new(), "{room:?} {face:?} at {position}");
                    assert!(drawing.width <= width + 1.0);
                    // A dot is around its corner.
                    let right = |shape: &Shape| match shape.kind {
                        Kind::Dot => shape.place.x + shape.place.w / 2.0,
                        _ => shape.place.right(),
                    };
                    let outside = drawing.shapes.iter().find(|shape| right(shape) > width + 1.0);
                    assert_eq!(outside.map(|shape| (shape.class, shape.place)), None, "{room:?} {face:?}");
                }
            }
        }
    }
}

#[test]
fn a_bar_stands_from_the_vote_to_the_outcome() {
    let timeline = made(&[(10, 2, "votes-yes"), (12, 3, "votes-yes"), (20, 2, "booked"), (60, 3, "asks")], None);
    let view = timeline.view_at(usize::MAX);
    let mut found: Vec<_> = spans(&view.cluster_doing, 90 * MS)
        .into_iter()
        .map(|span| (span.node.0, span.from_ns / MS, span.until_ns / MS, span.doubt))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [(2, 10, 20, false), (3, 12, 60, false), (3, 60, 90, true)]);
}

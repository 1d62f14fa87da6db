//! Pictures of clusters of every size, over runs made up here: nothing is wrong with any, and no text lies over another.

use std::rc::Rc;

use super::causal::{Cone, Side};
use super::scene;
use crate::arrange::{MONO_W, Place, SANS_W};
use crate::camera::Size;
use crate::drawing::{Anchor, Ask, Drawing, Face, Kind, Layer, Look, Shape, Step};
use crate::{Guide, Selection, Timeline, View};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::{
    Datum, Explained, LogEntry, NodeDetail, NodeHead, NodeLog, NodeState, Proof, Suspect, Version,
};
use glassbase_trace::{
    Bytes, DropReason, EngineState, Event, MessageId, NodeId, NodeStatus, Record, RequestFate, Trace, VerdictKind,
};

const MS: u64 = 1_000_000;

/// A run made up event by event.
pub struct Made {
    pub trace: Trace,
    ns: u64,
    seed: u64,
    message: u64,
    flying: Vec<(u64, u64)>,
}

impl Made {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below.max(1)
    }

    fn tell(&mut self, event: Event) {
        self.trace.push(Record { time_ns: self.ns, cause: u32::MAX, node: 0, event });
    }

    fn send(&mut self, from: NodeId, to: NodeId, kind: &str) -> u64 {
        self.message += 1;
        let due_ns = self.ns + MS + self.random(4 * MS);
        let message = MessageId(self.message);
        let (kind, text) = (kind.into(), "term 3, entries 4 to 6".into());
        self.tell(Event::MessageSent { message, from, to, kind, text, sent_ns: self.ns, due_ns });
        self.flying.push((due_ns, self.message));
        self.message
    }

    /// Goes on to a time; messages that are due until then arrive, every ninth is lost.
    fn pass(&mut self, ns: u64) {
        self.flying.sort_unstable();
        while let Some((due_ns, message)) = self.flying.first().copied().filter(|(due_ns, _)| *due_ns <= ns) {
            self.flying.remove(0);
            self.ns = due_ns;
            let message = MessageId(message);
            if message.0 % 9 == 4 {
                self.tell(Event::MessageDropped { message, why: DropReason::Loss });
            } else {
                self.tell(Event::MessageDelivered { message });
            }
        }
        self.ns = ns;
    }
}

fn detail(node: u16, nodes: u16) -> NodeDetail {
    let entries = (1..=12u64).map(|index| LogEntry { term: 1 + index / 5, text: format!("put x = {index}").into() });
    let log = NodeLog { first: 1, entries: entries.take(7 + usize::from(node % 3)).collect() };
    let version = |stamp: u64| Version {
        value: format!("{stamp}0").into(),
        stamp: stamp.to_string().into(),
        deleted: stamp == 4,
    };
    let datum = |name: &str, stamps: &[u64]| {
        let versions = stamps.iter().map(|stamp| version(*stamp)).collect();
        Rc::new(Datum { key: Bytes::typed(name), versions })
    };
    let role = if node == 1 {
        "leader"
    } else if node == nodes {
        "candidate"
    } else {
        "follower"
    };
    let mut head = NodeHead::new(role).fact("voted for", "n1").fact("next for the others", "n2: 8, n3: 7, n4: 8");
    (head.crowned, head.term, head.committed, head.applied) = (node == 1, 3, 6, 5);
    let data = vec![datum("alpha", &[u64::from(node % 2) + 1]), datum("beta", &[2, 3]), datum("gamma", &[4])];
    NodeDetail { head: Rc::new(head), log: Rc::new(log), data }
}

fn state(nodes: u16, clients: u16) -> ClusterState {
    let node = |number| NodeState { detail: detail(number, nodes), ..NodeState::default() };
    ClusterState {
        nodes: (1..=nodes).map(|number| Rc::new(node(number))).collect(),
        clients,
        ..ClusterState::default()
    }
}

/// Two operations up to a moment, of which the second is explained by nothing.
fn proof(ns: u64) -> Proof {
    let suspect = |request: u64, text: &str, failing: bool| Suspect {
        request,
        client: NodeId::client(request as u16),
        text: text.into(),
        asked_ns: ns / (3 - request),
        ended_ns: failing.then_some(ns),
        failing,
    };
    let part = vec![suspect(1, "key3: write 7", false), suspect(2, "key3: read: nothing", true)];
    Proof { part, prefix: vec![Explained { request: 1, at_ns: ns / 2 + ns / 8 }] }
}

/// A run with everything in it.
pub fn made(nodes: u16, clients: u16, rounds: u64) -> Made {
    let mut made = Made { trace: Trace::new(), ns: 0, seed: 7 + u64::from(nodes), message: 0, flying: Vec::new() };
    let mut start = EngineState::default();
    start.parts.cluster = Some(Rc::new(state(nodes, clients)));
    made.tell(Event::StateTaken { state: Rc::new(start) });
    let mut request = 0;
    for round in 0..rounds {
        made.pass(round * 5 * MS);
        if clients > 0 {
            request += 1;
            let client = NodeId::client((round % u64::from(clients)) as u16 + 1);
            let node = NodeId(made.random(u64::from(nodes)) as u16 + 1);
            let (text, asked_ns) = (format!("put key{round} = {round}").into(), made.ns);
            made.tell(Event::RequestAsked { request, client, node, text, writes: true, asked_ns });
            made.send(client, node, "put");
            if round % 4 != 3 {
                let fate = [RequestFate::Done, RequestFate::Failed, RequestFate::Unknown][(round % 3) as usize];
                made.pass(round * 5 * MS + 3 * MS);
                let (answer, latency_ns) = ("written".into(), 3 * MS);
                made.tell(Event::RequestEnded { request, fate, answer, latency_ns, stale: round % 6 == 0 });
            }
        }
        for to in 2..=nodes {
            made.send(NodeId(1), NodeId(to), "append-entries");
            if to % 2 == 0 {
                made.send(NodeId(to), NodeId(1), "appended");
            }
        }
        let node = NodeId((round % u64::from(nodes)) as u16 + 1);
        made.tell(Event::Noted {
            node,
            topic: "elected".into(),
            text: "2 of 3 voted for it: leader of term 4.".into(),
        });
        odd(&mut made, round, nodes, node);
    }
    made
}

/// Faults, changes and verdicts, one a round.
fn odd(made: &mut Made, round: u64, nodes: u16, node: NodeId) {
    let both = |a: u16, b: u16| [(NodeId(a), NodeId(b)), (NodeId(b), NodeId(a))];
    let status = |node, status, ahead_ns| Event::NodeStatusChanged { node, status, ahead_ns, behind_ns: 0 };
    match round % 8 {
        0 => made.tell(status(node, NodeStatus::Paused, 0)),
        1 => made.tell(status(node, NodeStatus::Down, 0)),
        2 => made.tell(status(NodeId(1), NodeStatus::Up, 1500 * MS)),
        3 => made.tell(Event::LinksChanged { cut: (2..=nodes).flat_map(|other| both(1, other)).collect() }),
        4 => made.tell(Event::LinksChanged { cut: vec![(NodeId(1), NodeId(2))] }),
        5 => made.tell(Event::LinksChanged { cut: Vec::new() }),
        6 => {
            let (checker, text) = ("linearizable".into(), "no order explains the read of key3.".into());
            let proof = Rc::new(proof(made.ns / 2));
            made.tell(Event::Judged { checker, kind: VerdictKind::Violated, text, at_ns: made.ns / 2, proof });
        }
        _ => {
            let (checker, text) = ("convergence".into(), "".into());
            let proof = Rc::default();
            made.tell(Event::Judged { checker, kind: VerdictKind::Holds, text, at_ns: made.ns, proof });
            let version = Version { value: "99".into(), stamp: "99".into(), deleted: false };
            let datum = Rc::new(Datum { key: Bytes::typed("alpha"), versions: vec![version] });
            made.tell(Event::NodeDatumChanged { node, datum });
            (1..=nodes).for_each(|number| made.tell(status(NodeId(number), NodeStatus::Up, 0)));
        }
    }
}

const ROOMS: [Size; 4] = [
    Size { width: 1060.0, height: 760.0 },
    Size { width: 900.0, height: 560.0 },
    Size { width: 470.0, height: 640.0 },
    Size { width: 336.0, height: 420.0 },
];

/// Where a text is, as far as it is one.
fn text_place(shape: &Shape) -> Option<Place> {
    if shape.text.is_empty() || shape.opacity < 0.3 {
        return None;
    }
    let sans = ["title", "label", "quiet"].iter().any(|class| shape.class.starts_with(class));
    let w = shape.text.chars().count() as f64 * if sans { SANS_W - 0.6 } else { MONO_W - 0.4 };
    match shape.kind {
        Kind::Text(anchor) => {
            let x = match anchor {
                Anchor::Start => shape.place.x,
                Anchor::Middle => shape.place.x - w / 2.0,
                Anchor::End => shape.place.x - w,
            };
            Some(Place::new(x, shape.place.y - 9.0, w, 10.0))
        }
        Kind::Rect => {
            let (x, y) = shape.place.center();
            Some(Place::new(x - w / 2.0, y - 5.0, w, 10.0))
        }
        _ => None,
    }
}

fn overlap(one: &Place, other: &Place) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}

fn check(drawing: &Drawing, room: Size, what: &str) {
    assert_eq!(drawing.problems(), Vec::<String>::new(), "{what}");
    assert!(drawing.width <= room.width + 1.0, "{what}: {} wide", drawing.width);
    assert!(drawing.shapes.len() < 1600, "{what}: {} shapes", drawing.shapes.len());
    let texts: Vec<(Place, &Shape)> =
        drawing.shapes.iter().filter_map(|shape| Some((text_place(shape)?, shape))).collect();
    for (index, (place, shape)) in texts.iter().enumerate() {
        for (other_place, other) in &texts[..index] {
            assert!(
                !overlap(place, other_place),
                "{what}: \"{}\" ({}) {place:?} lies over \"{}\" ({}) {other_place:?}",
                shape.text,
                shape.class,
                other.text,
                other.class
            );
        }
    }
    let solid = |shape: &&Shape| shape.layer == Layer::Things && shape.kind == Kind::Rect;
    for shape in drawing.shapes.iter().filter(solid) {
        let place = shape.place;
        assert!(place.x >= -1.0 && place.right() <= room.width + 1.0, "{what}: {} {place:?} is outside", shape.class);
    }
}

fn each_step(timeline: &Timeline, stride: usize, mut look: impl FnMut(usize, &View, &View, &View, &Record)) {
    let end = timeline.view_at(usize::MAX);
    for position in (0..timeline.len()).step_by(stride) {
        let (before, after) = (timeline.view_at(position), timeline.view_at(position + 1));
        look(position, &before, &after, &end, timeline.record(position).unwrap());
    }
}

fn timeline(made: &Made) -> Timeline {
    let mut timeline = Timeline::of_lab("raft");
    timeline.extend(made.trace.clone());
    timeline
}

#[test]
fn no_picture_has_anything_wrong_with_it() {
    let draw = Guide::of("raft").draw.unwrap();
    for (nodes, clients) in [(1, 1), (2, 0), (3, 2), (5, 3), (7, 4), (15, 12), (60, 2)] {
        let timeline = timeline(&made(nodes, clients, 10));
        each_step(&timeline, 7, |position, before, after, end, record| {
            let mut faces = [Face::Both, Face::Stage, Face::Time].into_iter().cycle();
            for room in ROOMS {
                let look = Look { face: faces.next().unwrap(), zoom: 1.0 + position as f64 / 100.0, from_ns: None };
                let selected = [
                    None,
                    Some(Selection::Node(NodeId(2))),
                    Some(Selection::Message(MessageId(9))),
                    Some(Selection::Request(2)),
                    Some(Selection::Verdict(0)),
                ][position % 5];
                let ask = Ask { before, after, end, beside: None, record: Some(record), room, selected, look };
                let step = draw(&ask);
                for drawing in [&step.from, &step.to] {
                    check(
                        drawing,
                        room,
                        &format!("{nodes} nodes, {clients} clients, {room:?}, {look:?}, at {position}"),
                    );
                }
            }
        });
    }
}

#[test]
fn every_node_is_drawn_once_and_every_message_where_it_is() {
    let draw = Guide::of("raft").draw.unwrap();
    let timeline = timeline(&made(5, 2, 6));
    let mut seen = 0;
    each_step(&timeline, 1, |position, before, after, end, record| {
        let look = Look { face: Face::Stage, ..Look::default() };
        let ask = Ask { before, after, end, beside: None, record: Some(record), room: ROOMS[0], selected: None, look };
        let step = draw(&ask);
        let count = |drawing: &Drawing, of: fn(Option<Selection>) -> bool| {
            drawing.shapes.iter().filter(|shape| of(shape.target) && shape.opacity > 0.0).count()
        };
        let is_node = |target| matches!(target, Some(Selection::Node(node)) if !NodeId::is_client(node));
        assert_eq!(count(&step.to, is_node), 5, "at {position}");
        let is_message = |target| matches!(target, Some(Selection::Message(_)));
        assert_eq!(count(&step.to, is_message), after.cluster().unwrap().flying.len(), "at {position}");
        if let Event::MessageDelivered { message } = &record.event {
            // It flies to the end of its way, and is gone there.
            let at = |drawing: &Drawing| {
                let found = drawing.shapes.iter().find(|shape| shape.target == Some(Selection::Message(*message)));
                found.map(|shape| (shape.place, shape.opacity))
            };
            assert_eq!(at(&step.to).unwrap().1, 0.0, "at {position}");
            seen += usize::from(at(&step.from).unwrap().0 != at(&step.to).unwrap().0);
        }
    });
    assert!(seen > 10, "{seen} messages moved");
}

#[test]
fn a_view_folds_as_the_cluster_does_and_says_something_of_all() {
    let made = made(5, 3, 12);
    let timeline = timeline(&made);
    let mut folded = state(5, 3);
    made.trace.iter().for_each(|record| folded.fold(&record.event));
    assert_eq!(timeline.view_at(usize::MAX).cluster(), Some(&folded));
    for (position, record) in made.trace.iter().enumerate().skip(1) {
        let said = timeline.caption_at(position + 1);
        assert!(said.len() > 8 && said.ends_with('.'), "at {position}: {said}");
        let plain = crate::describe(record);
        assert!(plain.len() > 8 && !plain.contains('-') || plain.contains("append-entries"), "at {position}: {plain}");
    }
    let view = timeline.view_at(usize::MAX);
    for measure in super::numbers::MEASURES {
        let value = measure.value(&view);
        assert!(value.is_none_or(f64::is_finite), "{}", measure.name);
    }
    for selection in [
        Selection::Node(NodeId(2)),
        Selection::Node(NodeId::client(1)),
        Selection::Message(MessageId(3)),
        Selection::Request(1),
        Selection::Link(NodeId(1), NodeId(2)),
        Selection::Verdict(0),
    ] {
        assert!(super::facts::inspect(&view, selection).is_some(), "{selection:?}");
    }
    let actions = super::facts::actions(&view, Selection::Node(NodeId(2)));
    assert_eq!(actions[0].1, "pause n2");
    assert_eq!(super::facts::actions(&view, Selection::Message(MessageId(9_999_999))), []);
}

#[test]
fn what_is_before_and_after_is_what_messages_can_have_carried() {
    let mut made = Made { trace: Trace::new(), ns: 0, seed: 1, message: 0, flying: Vec::new() };
    let mut start = EngineState::default();
    start.parts.cluster = Some(Rc::new(state(4, 0)));
    made.tell(Event::StateTaken { state: Rc::new(start) });
    // n1 → n2 (1), then n2 → n3 (2), while n4 → n1 (3) comes too late to be known to either.
    made.send(NodeId(1), NodeId(2), "a");
    made.pass(10 * MS);
    made.send(NodeId(2), NodeId(3), "b");
    made.send(NodeId(4), NodeId(1), "c");
    made.pass(20 * MS);
    let view = timeline(&made).view_at(usize::MAX);
    let flight = |number: u64| view.cluster_doing.flights.find(MessageId(number), |flight| flight.message).unwrap();
    let cone = Cone::around(&view.cluster_doing, NodeId(2), flight(2).sent_at);
    assert_eq!(cone.of_flight(flight(1)), Side::Past);
    assert_eq!(cone.of_flight(flight(2)), Side::Future);
    assert_eq!(cone.of_flight(flight(3)), Side::Apart);
    let first = Cone::of(&view.cluster_doing, &view, Some(Selection::Message(MessageId(1)))).unwrap();
    assert_eq!(first.of_flight(flight(2)), Side::Future);
    assert_eq!(first.side(NodeId(3), view.position), Side::Future);
    assert_eq!(first.side(NodeId(4), view.position), Side::Apart);
}

#[test]
fn a_version_that_another_node_has_not_is_behind_the_newest() {
    let made = made(5, 0, 8);
    let view = timeline(&made).view_at(usize::MAX);
    let cluster = view.cluster().unwrap();
    let behind: Vec<bool> =
        cluster.nodes.iter().map(|node| view.cluster_doing.is_behind(&node.detail.data[0])).collect();
    assert_eq!(behind.iter().filter(|behind| !**behind).count(), 1, "one node alone has version 99: {behind:?}");
}

#[test]
fn what_breaks_a_promise_is_ringed_on_the_timeline_of_its_history() {
    let timeline = timeline(&made(5, 3, 12));
    let room = Size { width: 1200.0, height: 800.0 };
    let mut seen = 0;
    each_step(&timeline, 11, |_, before, after, end, record| {
        let selected = Some(Selection::Verdict(0));
        let ask = Ask { before, after, end, beside: None, record: Some(record), room, selected, look: Look::default() };
        let to = scene::draw(&ask).to;
        let with = |class: &str| to.shapes.iter().filter(|shape| shape.class == class).collect::<Vec<&Shape>>();
        let (failing, part) = (with("deal broken"), with("deal part"));
        assert_eq!((failing.len(), part.len()), (1, 1));
        assert!(failing[0].title.contains("key3: read: nothing") && failing[0].title.contains("nothing explains it"));
        assert!(part[0].title.contains("nobody knows when it ended"));
        assert!(with("deal").iter().all(|shape| shape.opacity < 0.5), "the others are dim");
        assert_eq!(with("arrow").len(), 0);
        let time = to.time.unwrap();
        assert!(time.at(failing[0].place.x) <= time.at(failing[0].place.right()));
        seen += usize::from(!with("fault cut").is_empty());
    });
    assert!(seen > 0, "faults stand on the same axis");
}

#[test]
fn a_crowd_of_messages_is_a_swarm_and_each_is_where_it_is() {
    let mut made = Made { trace: Trace::new(), ns: 0, seed: 3, message: 0, flying: Vec::new() };
    let mut start = EngineState::default();
    start.parts.cluster = Some(Rc::new(state(15, 3)));
    made.tell(Event::StateTaken { state: Rc::new(start) });
    for number in 0..300u16 {
        made.send(NodeId(number % 15 + 1), NodeId((number + 7) % 15 + 1), "read");
    }
    made.pass(40 * MS);
    let timeline = timeline(&made);
    let room = Size { width: 1200.0, height: 800.0 };
    let mut crowds = 0;
    each_step(&timeline, 3, |_, before, after, end, record| {
        let ask =
            Ask { before, after, end, beside: None, record: Some(record), room, selected: None, look: Look::default() };
        let Step { from, to, swarm } = scene::draw(&ask);
        let flying = |view: &View| view.cluster().map_or(0, |cluster| cluster.flying.len());
        let dots = |drawing: &Drawing| {
            let shown = drawing.shapes.iter().filter(|shape| shape.opacity > 0.0);
            shown.filter(|shape| shape.class.starts_with("message")).count()
        };
        let seen = |t: f64| swarm.motes.iter().filter(|mote| mote.at(t).1 > 0.0).count();
        assert_eq!((dots(&from) + seen(0.0), dots(&to) + seen(1.0)), (flying(before), flying(after)));
        if !swarm.motes.is_empty() {
            crowds += 1;
            assert!(swarm.words.starts_with(&format!("{} messages", flying(after))), "{}", swarm.words);
            let mote = swarm.motes.iter().find(|mote| mote.opacity.1 > 0.0).unwrap();
            let found = swarm.at(mote.to, 1.0, 1.0);
            assert!(matches!(found, Some(Selection::Message(_))));
            let chosen = scene::draw(&Ask { selected: Some(mote.target), ..ask });
            assert_eq!(dots(&chosen.to), 1, "what is selected is a shape of its own besides");
        }
    });
    assert!(crowds > 20, "{crowds}");
}

//! A protocol that fits on a page, and what the cluster does with it: n1 has the data and copies it to the others.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;
use crate::message::{Answer, Call, Consistency, Response};
use crate::node::{Node, Step};
use crate::shelf::ShelfKind;
use glassbase_sim::network::{Latency, Quality};
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::{Datum, NodeDetail, NodeHead, Version};
use glassbase_trace::{Bytes, RequestFate};

#[derive(Clone, Debug)]
struct Primary;

#[derive(Clone)]
struct Copy {
    me: NodeId,
    peers: Vec<NodeId>,
    shown: BTreeMap<Bytes, Bytes>,
    writes: u64,
}

impl Protocol for Primary {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        let peers = members.iter().copied().filter(|node| *node != me).collect();
        Box::new(Copy { me, peers, shown: BTreeMap::new(), writes: 0 })
    }
}

impl Copy {
    fn put(&mut self, step: &mut Step, key: &Bytes, value: &Bytes) -> Result<(), StorageError> {
        step.shelf.put(key, value)?;
        step.shelf.sync()?;
        self.writes += 1;
        self.shown.insert(key.clone(), value.clone());
        Ok(())
    }
}

impl Node for Copy {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let shown = &mut self.shown;
        step.shelf.scan(None, None, u64::MAX, &mut |key, value| {
            shown.insert(Bytes::from(key), Bytes::from(value));
        })?;
        step.arm(Timer::of(1), 5_000_000);
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        let Message::Request(request) = message else { return Ok(()) };
        if self.me != NodeId(1) && from.is_client() {
            let answer = Answer::Redirect(Some(NodeId(1)));
            step.respond(from, Response { id: request.id, answer, context: Bytes::default(), version: 0 });
            return Ok(());
        }
        let answer = match &request.call {
            Call::Put(value) => {
                self.put(step, &request.key, value)?;
                for &peer in self.peers.iter().filter(|_| from.is_client()) {
                    step.send(peer, Message::Request(request.clone()));
                }
                Answer::Written
            }
            _ => Answer::Value(step.shelf.get(&request.key)?.map(|value| Bytes::from(&value[..]))),
        };
        step.note("served", || "It is done.".to_string());
        if from.is_client() {
            step.respond(from, Response { id: request.id, answer, context: Bytes::default(), version: self.writes });
        }
        Ok(())
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        step.arm(timer, 5_000_000);
        Ok(())
    }

    fn describe(&self) -> NodeDetail {
        let datum = |(key, value): (&Bytes, &Bytes)| {
            let version = Version { value: value.to_string().into(), stamp: "".into(), deleted: false };
            Rc::new(Datum { key: key.clone(), versions: vec![version] })
        };
        let head = NodeHead::new("copy").fact("writes", self.writes.to_string());
        NodeDetail { head: Rc::new(head), data: self.shown.iter().map(datum).collect(), ..NodeDetail::default() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

fn options() -> Options {
    Options::new(Rc::new(Primary), 3)
}

fn folded(cx: &Cx, start: &ClusterState) -> ClusterState {
    let mut state = start.clone();
    cx.recorder.trace.iter().for_each(|record| state.fold(&record.event));
    state
}

/// A cluster whose events are recorded from the start on, and its state there.
fn recorded(seed: u64, options: Options) -> (Cx, Cluster, ClusterState) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let mut cluster = Cluster::new(&mut cx, options).unwrap();
    cx.recorder.switch(true);
    cluster.told_all();
    let state = cluster.state();
    (cx, cluster, state)
}

fn put(cluster: &mut Cluster, cx: &mut Cx, key: &str, value: &str) {
    let (key, call) = (Bytes::typed(key), Call::Put(Bytes::typed(value)));
    cluster.ask(cx, NodeId::client(1), &key, call, Consistency::Default, None).unwrap();
    while cluster.is_waiting(NodeId::client(1)) {
        assert!(cluster.step(cx));
    }
}

#[test]
fn a_write_is_redirected_done_and_copied() {
    let (mut cx, mut cluster, start) = recorded(1, options());
    put(&mut cluster, &mut cx, "x", "1");
    assert_eq!(cluster.last().unwrap().fate, RequestFate::Done);
    cluster.run_until(&mut cx, 50_000_000);
    let state = cluster.state();
    for node in &state.nodes {
        assert_eq!(&*node.detail.data[0].versions[0].value, "1");
    }
    assert_eq!(folded(&cx, &start), state);
    let causes = cx.recorder.trace.iter().filter(|record| record.cause != NO_CAUSE).count();
    assert!(causes > 5, "what follows names what it follows from");
}

#[test]
fn folding_gives_the_state_at_every_moment_of_a_storm() {
    for (seed, shelf) in
        [(1, ShelfKind::Memory), (2, ShelfKind::Tree(Box::default())), (3, ShelfKind::Lsm(Box::default()))]
    {
        let quality = Quality { loss: 0.05, duplication: 0.1, reordering: 0.2, ..Quality::default() };
        let (mut cx, mut cluster, mut state) =
            recorded(seed, Options { quality, shelf, timeout_ns: 20_000_000, ..options() });
        use StormKind::*;
        let kinds = vec![Partition, Cut, Crash, Pause, Slow, Skew, Drift, Weather, Disk];
        let (to_ns, skew_ns) = (400_000_000, 5_000_000);
        let storm = Storm { kinds, nodes: 3, from_ns: 0, to_ns, faults: 20, skew_ns, most_down: 2 };
        for (at_ns, action) in storm.schedule(seed) {
            cluster.schedule(at_ns, action);
        }
        cluster.start_load(&mut cx, Workload { operations: 60, ..Workload::default() });
        let mut told = 0;
        while cx.now_ns() < 2_000_000_000 && cluster.step(&mut cx) {
            for record in cx.recorder.trace.iter_from(told) {
                state.fold(&record.event);
            }
            told = cx.recorder.trace.len();
            assert_eq!(state, cluster.state(), "seed {seed}");
        }
        assert!(state.counts.done > 20 && state.counts.dropped > 0, "{:?}", state.counts);
        assert!(state.nodes.iter().all(|node| node.status == NodeStatus::Up), "the storm is over");
        assert_eq!(cluster.history.verify(), Ok(()));
    }
}

#[test]
fn whether_it_is_recorded_changes_nothing() {
    let run = |on: bool| {
        let mut cx = Cx::new(9);
        cx.recorder.switch(on);
        let quality = Quality { loss: 0.1, ..Quality::default() };
        let mut cluster = Cluster::new(&mut cx, Options { quality, ..options() }).unwrap();
        cluster.start_load(&mut cx, Workload { operations: 50, ..Workload::default() });
        cluster.run_until(&mut cx, 2_000_000_000);
        (cluster.history.clone(), cluster.state().nodes.iter().map(|node| node.detail.clone()).collect::<Vec<_>>())
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_message_is_dropped_or_delayed_on_its_way() {
    let latency = Latency::Fixed { ns: 1_000_000 };
    let quality = Quality { latency, ..Quality::default() };
    let (mut cx, mut cluster, start) = recorded(1, Options { quality, retries: 0, ..options() });
    let key = Bytes::typed("x");
    cluster.ask(&mut cx, NodeId::client(1), &key, Call::Get, Consistency::Default, Some(NodeId(1))).unwrap();
    let message = cluster.state().flying[0].message;
    cluster.inject(&mut cx, &Action::Delay { message, by_ns: 7_000_000 }).unwrap();
    cluster.run_until(&mut cx, 2_000_000);
    assert_eq!((cluster.state().flying.len(), cluster.state().flying[0].due_ns), (1, 8_000_000));
    cluster.inject(&mut cx, &Action::Drop(message)).unwrap();
    assert_eq!(cluster.inject(&mut cx, &Action::Drop(message)), Err(ClusterError::NoMessage { message }));
    assert_eq!(folded(&cx, &start), cluster.state());
    cluster.run_until(&mut cx, 3_000_000_000);
    assert_eq!(cluster.last().unwrap().fate, RequestFate::Failed, "a read without an answer did nothing");
    assert_eq!(folded(&cx, &start), cluster.state());
}

#[test]
fn a_paused_node_goes_on_where_it_was_and_a_crashed_one_has_what_it_kept() {
    let (mut cx, mut cluster, start) = recorded(1, Options { shelf: ShelfKind::Tree(Box::default()), ..options() });
    put(&mut cluster, &mut cx, "x", "1");
    cluster.run_until(&mut cx, 50_000_000);
    cluster.inject(&mut cx, &Action::Pause(NodeId(2))).unwrap();
    put(&mut cluster, &mut cx, "x", "2");
    cluster.run_until(&mut cx, 100_000_000);
    assert_eq!(&*cluster.state().nodes[1].detail.data[0].versions[0].value, "1");
    cluster.inject(&mut cx, &Action::Resume(NodeId(2))).unwrap();
    cluster.run_until(&mut cx, 200_000_000);
    assert_eq!(&*cluster.state().nodes[1].detail.data[0].versions[0].value, "2");
    cluster.inject(&mut cx, &Action::Crash(NodeId(1))).unwrap();
    assert!(cluster.state().nodes[0].detail.data.is_empty());
    assert_eq!(cluster.inject(&mut cx, &Action::Crash(NodeId(1))), Err(ClusterError::IsDown { node: NodeId(1) }));
    cluster.inject(&mut cx, &Action::Restart(NodeId(1))).unwrap();
    assert_eq!(&*cluster.state().nodes[0].detail.data[0].versions[0].value, "2");
    assert_eq!(folded(&cx, &start), cluster.state());
}

#[test]
fn bad_options_are_refused() {
    let mut cx = Cx::new(1);
    for bad in
        [Options { nodes: 0, ..options() }, Options { members: 9, ..options() }, Options { timeout_ns: 0, ..options() }]
    {
        assert!(matches!(Cluster::new(&mut cx, bad), Err(ClusterError::BadOption { .. })));
    }
}

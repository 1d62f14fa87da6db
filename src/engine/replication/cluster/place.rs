//! A machine of the cluster: the node that runs on it, its disk, its clock, and what waits for it.

use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::options::Options;
use super::{Cluster, ClusterError, Flight, Happening, Ruling};
use crate::message::RequestId;
use crate::node::{Node, Output, Step, Timer};
use crate::shelf::Shelf;
use glassbase_sim::{Cx, Generator, NodeClock};
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::{NodeDetail, NodeState};
use glassbase_trace::{DropReason, Event, NodeId, NodeStatus, VerdictKind};

/// What a node is to deal with.
#[derive(Clone, Debug)]
pub(super) enum Incoming {
    Message(Flight),
    Timer(Timer),
}

/// A machine.
#[derive(Clone)]
pub(super) struct Place {
    pub node: Option<Box<dyn Node>>,
    pub shelf: Shelf,
    pub clock: NodeClock,
    random: Generator,
    pub status: NodeStatus,
    /// How many times slower than usual it works.
    pub slowness: u64,
    /// The timers that are armed, each with the number of its arming.
    timers: SortedMap<Timer, u64>,
    inbox: VecDeque<Incoming>,
    busy_until_ns: u64,
    /// A wake-up is in the queue.
    wakes: bool,
    /// How often its power was cut.
    pub incarnation: u32,
    last_cut_ns: Option<u64>,
    /// How many machines stood here before this one.
    pub machine: u16,
    /// Why it is down, if it is not its power.
    pub stopped_by: Option<StorageError>,
    /// What the trace tells of it.
    pub told: Rc<NodeState>,
}

impl Place {
    pub fn new(seed: u64, id: NodeId, options: &Options) -> Result<Place, StorageError> {
        let name = format!("node {}", id.number());
        let random = Generator::new(seed, &name);
        let shelf = Shelf::create(Generator::new(seed, &name).next_u64(), &options.shelf)?;
        Ok(Place {
            node: None,
            shelf,
            clock: NodeClock::default(),
            random,
            status: NodeStatus::Up,
            slowness: 1,
            timers: SortedMap::new(),
            inbox: VecDeque::new(),
            busy_until_ns: 0,
            wakes: false,
            incarnation: 0,
            last_cut_ns: None,
            machine: 0,
            stopped_by: None,
            told: Rc::default(),
        })
    }

    /// Whether the power was cut after the node had decided to send something and before it left.
    pub fn was_cut_between(&self, decided_ns: u64, sent_ns: u64) -> bool {
        self.last_cut_ns.is_some_and(|cut_ns| decided_ns <= cut_ns && cut_ns < sent_ns)
    }

    /// Memory is gone, and what waited for it: that is given back.
    pub fn cut_power(&mut self, now_ns: u64, choice: u64) -> VecDeque<Incoming> {
        self.node = None;
        self.timers.clear();
        let waiting = std::mem::take(&mut self.inbox);
        (self.wakes, self.busy_until_ns) = (false, now_ns);
        self.incarnation += 1;
        self.last_cut_ns = Some(now_ns);
        self.status = NodeStatus::Down;
        self.shelf.crash(choice);
        waiting
    }

    /// Disarms a timer that goes off before its time; false if it is not armed.
    pub fn take_timer(&mut self, timer: Timer) -> bool {
        self.timers.remove(&timer).is_some()
    }

    /// The messages that wait for it.
    pub fn waiting(&self) -> impl Iterator<Item = &Flight> {
        self.inbox.iter().filter_map(|incoming| match incoming {
            Incoming::Message(flight) => Some(flight),
            Incoming::Timer(_) => None,
        })
    }

    /// The machine stands still: whatever it was doing is over when it goes on.
    pub fn goes_on(&mut self, now_ns: u64) {
        self.busy_until_ns = self.busy_until_ns.max(now_ns);
    }
}

impl Cluster {
    /// Starts the node of a place, with what its shelf has. A shelf that can't be opened leaves it down.
    pub(super) fn boot(&mut self, cx: &mut Cx, id: NodeId) {
        let members = self.options.member_ids();
        let node = self.options.protocol.on_machine(id, &members, self.place(id).machine);
        let began_ns = self.place(id).shelf.spent_ns();
        let place = self.place_mut(id);
        (place.status, place.slowness) = (NodeStatus::Up, 1);
        place.stopped_by = None;
        let opened = place.shelf.recover();
        let took_ns = place.shelf.spent_ns() - began_ns;
        place.busy_until_ns = cx.now_ns() + took_ns;
        if let Err(error) = opened {
            place.status = NodeStatus::Down;
            self.tell_stopped(cx, id, &error);
            return self.tell_status(cx, id);
        }
        place.node = Some(node);
        self.tell_status(cx, id);
        self.work(cx, id, |node, step| node.start(step));
    }

    /// Why a node is down whose storage failed; nothing if it is up, or its power was cut.
    pub fn stopped_by(&self, id: NodeId) -> Option<&StorageError> {
        self.known(id).ok()?;
        self.place(id).stopped_by.as_ref()
    }

    /// Something has come for a node: it deals with it now, or when it has the time.
    pub(super) fn take_in(&mut self, cx: &mut Cx, id: NodeId, incoming: Incoming) {
        let now_ns = cx.now_ns();
        let place = self.place_mut(id);
        let is_free = place.busy_until_ns <= now_ns && place.inbox.is_empty() && place.status != NodeStatus::Paused;
        if is_free {
            return self.deal_with(cx, id, incoming);
        }
        place.inbox.push_back(incoming);
        self.wake_later(id);
    }

    /// Sees to it that a node with an inbox is woken when it is free.
    pub(super) fn wake_later(&mut self, id: NodeId) {
        let place = self.place_mut(id);
        if place.wakes || place.inbox.is_empty() || matches!(place.status, NodeStatus::Paused | NodeStatus::Down) {
            return;
        }
        place.wakes = true;
        let (at_ns, incarnation) = (place.busy_until_ns, place.incarnation);
        self.queue.push(at_ns, Happening::Free { node: id, incarnation });
    }

    /// A node is done with what it did, and takes the next thing out of its inbox.
    pub(super) fn free(&mut self, cx: &mut Cx, id: NodeId, incarnation: u32) {
        let place = self.place_mut(id);
        if place.incarnation != incarnation {
            return;
        }
        place.wakes = false;
        if place.status == NodeStatus::Paused || place.status == NodeStatus::Down {
            return;
        }
        if place.busy_until_ns > cx.now_ns() {
            return self.wake_later(id);
        }
        if let Some(incoming) = place.inbox.pop_front() {
            self.deal_with(cx, id, incoming);
            self.wake_later(id);
        }
    }

    fn deal_with(&mut self, cx: &mut Cx, id: NodeId, incoming: Incoming) {
        match incoming {
            Incoming::Message(flight) => {
                self.counts.delivered += 1;
                let before = cx.recorder.caused_by(flight.cause);
                let message = flight.id;
                cx.emit(|| Event::MessageDelivered { message });
                let inner = cx.recorder.latest();
                let outer = cx.recorder.caused_by(inner);
                let from = flight.from;
                self.work(cx, id, |node, step| node.receive(step, from, flight.message));
                cx.recorder.end(outer);
                cx.recorder.end(before);
            }
            Incoming::Timer(timer) => {
                let before = cx.begin(|| Event::TimerFired { node: id, kind: timer.kind });
                self.work(cx, id, |node, step| node.fire(step, timer));
                cx.end(before);
            }
        }
    }

    pub(super) fn timer_due(&mut self, cx: &mut Cx, id: NodeId, timer: Timer, generation: u64) {
        let place = self.place_mut(id);
        if place.timers.get(&timer) == Some(&generation) {
            place.timers.remove(&timer);
            self.take_in(cx, id, Incoming::Timer(timer));
        }
    }

    /// Lets a node do something, and does what it wants done.
    fn work(
        &mut self,
        cx: &mut Cx,
        id: NodeId,
        act: impl FnOnce(&mut dyn Node, &mut Step) -> Result<(), StorageError>,
    ) {
        let mut outputs = std::mem::take(&mut self.outputs);
        let (now_ns, noting) = (cx.now_ns(), cx.recorder.is_on());
        let (service_ns, uncertainty_ns) = (self.options.service_ns, self.options.uncertainty_ns);
        let listens = noting && self.options.tells_stores;
        let place = self.place_mut(id);
        if listens {
            place.shelf.listen(true);
        }
        let Place { node: Some(node), shelf, random, clock, .. } = place else { return };
        let began_ns = shelf.spent_ns();
        let clock_ns = clock.read(now_ns);
        let mut step = Step { me: id, clock_ns, uncertainty_ns, shelf, random, outputs: &mut outputs, noting };
        let done = act(&mut **node, &mut step);
        let took_ns = (service_ns + place.shelf.spent_ns() - began_ns).saturating_mul(place.slowness);
        place.busy_until_ns = place.busy_until_ns.max(now_ns) + took_ns;
        let leaves_ns = place.busy_until_ns;
        if listens {
            self.tell_store(cx, id, began_ns);
        }
        match done {
            Ok(()) => {
                for output in outputs.drain(..) {
                    self.put_out(cx, id, leaves_ns, output);
                }
                self.look_at(cx, id);
            }
            Err(error) => {
                outputs.clear();
                self.fail(cx, id, &error);
            }
        }
        self.outputs = outputs;
        if cx.recorder.is_on() {
            self.tell_node(cx, id);
        }
    }

    /// Tells what the store did in a step that began at this moment of the shelf's clock: the disk works first, then the node.
    fn tell_store(&mut self, cx: &mut Cx, node: NodeId, began_ns: u64) {
        let (now_ns, place) = (cx.now_ns(), self.place_mut(node));
        let slowness = place.slowness;
        for touched in place.shelf.touches() {
            let at = |ns: u64| now_ns.saturating_add(ns.saturating_sub(began_ns).saturating_mul(slowness));
            let (what, number, from_ns, to_ns) = (touched.what, touched.number, at(touched.from_ns), at(touched.to_ns));
            cx.emit(|| Event::StoreTouched { node, what, number, from_ns, to_ns });
        }
    }

    /// The storage of a node failed: it stops.
    fn fail(&mut self, cx: &mut Cx, id: NodeId, error: &StorageError) {
        self.tell_stopped(cx, id, error);
        self.power_off(cx, id);
    }

    /// Why a node stops, or does not come up.
    fn tell_stopped(&mut self, cx: &mut Cx, id: NodeId, error: &StorageError) {
        let text = format!("{id} stops: {error}.").into();
        cx.emit(|| Event::Noted { node: id, topic: "storage-failed".into(), text });
        self.place_mut(id).stopped_by = Some(error.clone());
    }

    /// Cuts the power of a node.
    pub(super) fn power_off(&mut self, cx: &mut Cx, id: NodeId) {
        let choice = self.random.next_u64();
        let waiting = self.place_mut(id).cut_power(cx.now_ns(), choice);
        for incoming in waiting {
            if let Incoming::Message(flight) = incoming {
                self.drop_flight(cx, &flight, DropReason::Down);
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.crashed(id);
        }
        self.tell_status(cx, id);
    }

    fn put_out(&mut self, cx: &mut Cx, id: NodeId, leaves_ns: u64, output: Output) {
        match output {
            Output::Send { to, message } => {
                self.send(cx, id, to, leaves_ns, message);
            }
            Output::Arm { timer, after_ns } => {
                self.timer_generation += 1;
                let generation = self.timer_generation;
                let place = self.place_mut(id);
                let due_ns = leaves_ns.saturating_add(place.clock.true_duration(after_ns));
                place.timers.insert(timer, generation);
                self.queue.push(due_ns, Happening::TimerDue { node: id, timer, generation });
            }
            Output::Disarm { timer } => {
                self.place_mut(id).timers.remove(&timer);
            }
            Output::Note { topic, text } => {
                cx.emit(|| Event::Noted { node: id, topic: topic.into(), text: text.into() });
            }
        }
    }

    /// Shows a node to the watch.
    fn look_at(&mut self, cx: &mut Cx, id: NodeId) {
        let Some(watch) = &mut self.watch else { return };
        let Some(node) = &self.places[usize::from(id.0) - 1].node else { return };
        let judged = watch.after(id, node.as_any());
        self.hear_watch(cx, id, judged);
    }

    /// A client was given an answer to a write: the watch is told.
    pub(super) fn told_watch(&mut self, cx: &mut Cx, client: NodeId, request: RequestId, from: NodeId) {
        if let Some(watch) = &mut self.watch {
            let judged = watch.answered(client, request, from);
            self.hear_watch(cx, from, judged);
        }
    }

    /// What the watch has to say after a node's step.
    fn hear_watch(&mut self, cx: &mut Cx, id: NodeId, judged: Result<(), String>) {
        let Some(watch) = &mut self.watch else { return };
        while let Some((topic, text)) = watch.tells() {
            cx.emit(|| Event::Noted { node: id, topic: topic.into(), text: text.into() });
        }
        if let Err(what) = judged
            && self.violation.is_none()
        {
            self.violation = Some(what.clone());
            let (kind, at_ns) = (VerdictKind::Violated, cx.now_ns());
            self.tell_ruling(cx, "safety", Ruling { kind, text: what, at_ns, proof: Default::default() });
        }
    }

    /// Tells how a node is doing.
    pub(super) fn tell_status(&mut self, cx: &mut Cx, id: NodeId) {
        let now_ns = cx.now_ns();
        let place = self.place_mut(id);
        let status = place.status;
        let (ahead_ns, behind_ns) = place.clock.off(now_ns);
        let told = Rc::make_mut(&mut place.told);
        if (told.status, told.ahead_ns, told.behind_ns) != (status, ahead_ns, behind_ns) {
            (told.status, told.ahead_ns, told.behind_ns) = (status, ahead_ns, behind_ns);
            cx.emit(|| Event::NodeStatusChanged { node: id, status, ahead_ns, behind_ns });
        }
        if status == NodeStatus::Down {
            self.tell_node(cx, id);
        }
    }

    /// The place of a node that somebody named.
    pub(super) fn known(&self, id: NodeId) -> Result<(), ClusterError> {
        let nodes = self.places.len() as u16;
        if id.is_client() || id.0 == 0 || id.0 > nodes {
            return Err(ClusterError::NoNode { node: id, nodes });
        }
        Ok(())
    }

    /// What the protocol says of a node now; of one that is down nothing but that.
    pub(super) fn detail_of(&self, id: NodeId) -> NodeDetail {
        match &self.place(id).node {
            Some(node) => node.describe(),
            None => NodeDetail {
                head: Rc::new(glassbase_trace::parts::cluster::NodeHead::new("down")),
                ..NodeDetail::default()
            },
        }
    }
}

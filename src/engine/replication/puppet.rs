//! Nodes without a network or a clock, for tests of a protocol alone: the test says which message arrives next, which
//! timer goes off, and whose power fails; what happened is written down as a transcript.
//!
//! ```text
//!   n1 ! timer 1                          a timer went off
//!   n1 → n2  vote-request  term 1         it sent this
//!   n1 : candidate  votes for itself      it noted this
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use super::message::{Call, Consistency, Message, Request, RequestId, Wire};
use super::node::{Node, Output, Step, Timer};
use super::shelf::Shelf;
use glassbase_sim::Generator;
use glassbase_storage::StorageError;
use glassbase_trace::{Bytes, NodeId};

/// A message that was sent and has not arrived.
#[derive(Clone, Debug)]
pub struct Pending {
    pub from: NodeId,
    pub to: NodeId,
    pub message: Message,
}

/// A node, or a place where one was.
struct Place {
    node: Option<Box<dyn Node>>,
    shelf: Shelf,
    random: Generator,
    timers: BTreeMap<Timer, u64>,
}

/// Nodes in the hands of a test.
pub struct Puppet {
    make: Box<dyn Fn(NodeId) -> Box<dyn Node>>,
    places: BTreeMap<NodeId, Place>,
    pub pending: Vec<Pending>,
    /// What clients were told.
    pub answers: Vec<(NodeId, super::Response)>,
    pub transcript: String,
    /// True time; the clocks of the nodes are it, plus their skew.
    pub now_ns: u64,
    pub skew_ns: BTreeMap<NodeId, i64>,
    /// How far off the nodes believe their clocks to be.
    pub uncertainty_ns: u64,
    requests: u64,
}

impl Puppet {
    /// Nodes 1 to `count`, made by `make`, started.
    pub fn new(count: u16, make: impl Fn(NodeId) -> Box<dyn Node> + 'static) -> Puppet {
        let (places, skew_ns) = (BTreeMap::new(), BTreeMap::new());
        let (pending, answers, transcript) = (Vec::new(), Vec::new(), String::new());
        let make = Box::new(make);
        let mut puppet =
            Puppet { make, places, pending, answers, transcript, now_ns: 0, skew_ns, uncertainty_ns: 0, requests: 0 };
        for number in 1..=count {
            puppet.join(NodeId(number));
        }
        puppet
    }

    /// One more node, with an empty shelf.
    pub fn join(&mut self, id: NodeId) {
        let random = Generator::new(u64::from(id.0), "node");
        self.places.insert(id, Place { node: None, shelf: Shelf::memory(), random, timers: BTreeMap::new() });
        self.start(id);
    }

    /// A node comes up, with what its shelf has.
    pub fn start(&mut self, id: NodeId) {
        let node = (self.make)(id);
        let place = self.places.get_mut(&id).unwrap();
        place.node = Some(node);
        self.step(id, |node, step| node.start(step));
    }

    /// Power fails: memory is gone, and what was not synced may be.
    pub fn crash(&mut self, id: NodeId, choice: u64) {
        writeln!(self.transcript, "{id} crashes").unwrap();
        let place = self.places.get_mut(&id).unwrap();
        place.node = None;
        place.timers.clear();
        place.shelf.crash(choice);
    }

    /// The protocol's node, to look at.
    pub fn node<T: 'static>(&self, id: NodeId) -> &T {
        self.places[&id].node.as_ref().unwrap().as_any().downcast_ref().unwrap()
    }

    pub fn shelf(&mut self, id: NodeId) -> &mut Shelf {
        &mut self.places.get_mut(&id).unwrap().shelf
    }

    pub fn timers(&self, id: NodeId) -> Vec<Timer> {
        self.places[&id].timers.keys().copied().collect()
    }

    /// A timer goes off, whether its time has come or not; it must be armed.
    pub fn fire(&mut self, id: NodeId, timer: Timer) {
        let due = self.places.get_mut(&id).unwrap().timers.remove(&timer);
        assert!(due.is_some(), "{id} has not armed {timer:?}");
        writeln!(self.transcript, "{id} ! timer {} {}", timer.kind, timer.token).unwrap();
        self.step(id, |node, step| node.fire(step, timer));
    }

    /// A client asks a node; the number of the request.
    pub fn ask(&mut self, client: u16, to: NodeId, key: &str, call: Call, consistency: Consistency) -> RequestId {
        self.requests += 1;
        let id = RequestId(self.requests);
        let (key, context) = (Bytes::typed(key), Bytes::from(&[][..]));
        let message = Message::Request(Request { id, key, call, consistency, context }.into());
        self.hand(NodeId::client(client), to, message);
        id
    }

    /// Hands a message to a node.
    pub fn hand(&mut self, from: NodeId, to: NodeId, message: Message) {
        writeln!(self.transcript, "{to} ← {from}  {}  {}", message.kind(), message.text()).unwrap();
        self.step(to, |node, step| node.receive(step, from, message));
    }

    /// The first pending message from one node to another arrives.
    pub fn deliver(&mut self, from: NodeId, to: NodeId) {
        let is_it = |pending: &Pending| pending.from == from && pending.to == to;
        let at = self.pending.iter().position(is_it).unwrap_or_else(|| panic!("nothing goes from {from} to {to}"));
        let Pending { message, .. } = self.pending.remove(at);
        self.hand(from, to, message);
    }

    /// Everything pending arrives, in order, and what follows from it, until nothing is pending.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.pending.is_empty() {
                return;
            }
            let Pending { from, to, message } = self.pending.remove(0);
            if self.places[&to].node.is_some() {
                self.hand(from, to, message);
            }
        }
        panic!("it does not come to rest");
    }

    /// The message at a place among those that are pending arrives, if its receiver is up.
    pub fn deliver_at(&mut self, at: usize) {
        let Pending { from, to, message } = self.pending.remove(at);
        if self.is_up(to) {
            self.hand(from, to, message);
        }
    }

    pub fn is_up(&self, id: NodeId) -> bool {
        self.places[&id].node.is_some()
    }

    /// The timer of a node that is due first, and when.
    pub fn next_timer(&self, id: NodeId) -> Option<(u64, Timer)> {
        self.places[&id].timers.iter().map(|(timer, due)| (*due, *timer)).min()
    }

    /// Compares what was written down with the file at `path` (from the package); `UPDATE=1` in the environment writes it.
    pub fn compare(&self, path: &str) {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &self.transcript).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = golden.lines().zip(self.transcript.lines()).position(|(golden, now)| golden != now);
        let place = differs.unwrap_or(golden.lines().count().min(self.transcript.lines().count()));
        let line = |text: &str| text.lines().nth(place).unwrap_or("(nothing)").to_string();
        let (before, now) = (line(&golden), line(&self.transcript));
        assert!(golden == self.transcript, "{path}:{}\n  was  {before}\n  is   {now}", place + 1);
    }

    /// Drops what is pending and `is_lost`.
    pub fn lose(&mut self, is_lost: impl Fn(&Pending) -> bool) {
        self.pending.retain(|pending| !is_lost(pending));
    }

    fn step(&mut self, id: NodeId, work: impl FnOnce(&mut dyn Node, &mut Step) -> Result<(), StorageError>) {
        let skew_ns = self.skew_ns.get(&id).copied().unwrap_or(0);
        let (clock_ns, uncertainty_ns) = (self.now_ns.saturating_add_signed(skew_ns), self.uncertainty_ns);
        let place = self.places.get_mut(&id).unwrap();
        let Some(node) = &mut place.node else { return };
        let mut outputs = Vec::new();
        let (shelf, random) = (&mut place.shelf, &mut place.random);
        let mut step = Step { me: id, clock_ns, uncertainty_ns, shelf, random, outputs: &mut outputs, noting: true };
        work(&mut **node, &mut step).unwrap();
        for output in outputs {
            self.put_out(id, output);
        }
    }

    fn put_out(&mut self, id: NodeId, output: Output) {
        let place = self.places.get_mut(&id).unwrap();
        match output {
            Output::Arm { timer, after_ns } => {
                place.timers.insert(timer, self.now_ns + after_ns);
            }
            Output::Disarm { timer } => {
                place.timers.remove(&timer);
            }
            Output::Note { topic, text } => writeln!(self.transcript, "{id} : {topic}  {text}").unwrap(),
            Output::Send { to, message } => {
                writeln!(self.transcript, "{id} → {to}  {}  {}", message.kind(), message.text()).unwrap();
                match message {
                    Message::Response(response) if to.is_client() => self.answers.push((to, (*response).clone())),
                    message => self.pending.push(Pending { from: id, to, message }),
                }
            }
        }
    }
}

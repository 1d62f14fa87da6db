//! Coordinator and shards without a network or a clock: the test says which message arrives next, which timer goes off, and
//! whose power fails; what happened is written down as a transcript, as `replication::puppet` does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use super::checker::{self, Finding, Holding, Seen, Told};
use super::{COORDINATOR, Leg, Member, Message, Options, Order, Outcome, Output, Step, Timer, What};
use glassbase_sim::Generator;
use glassbase_sim::network::Wire;
use glassbase_storage::{Shelf, StorageError};
use glassbase_trace::{Bytes, NodeId};

pub struct Pending {
    pub from: NodeId,
    pub to: NodeId,
    pub message: Message,
}

struct Place {
    node: Option<Member>,
    shelf: Shelf,
    random: Generator,
    timers: BTreeMap<Timer, u64>,
}

pub struct Puppet {
    pub options: Rc<Options>,
    places: BTreeMap<NodeId, Place>,
    pub pending: Vec<Pending>,
    pub seen: Vec<Seen>,
    pub answers: Vec<(u64, Outcome)>,
    pub transcript: String,
}

/// "alice -30" as a leg.
pub fn leg(account: &str, amount: i64) -> Leg {
    Leg { account: Bytes::typed(account), amount }
}

pub fn n(number: u16) -> NodeId {
    NodeId(number)
}

impl Puppet {
    /// A coordinator and three shards: alice at n2, bob at n3, carol at n4, and two of each thing of a journey.
    pub fn new(options: Options) -> Puppet {
        let options = Rc::new(options.dealt(4, &["alice", "bob", "carol"], 100, [2; 3]));
        let mut puppet = Puppet {
            options,
            places: BTreeMap::new(),
            pending: Vec::new(),
            seen: Vec::new(),
            answers: Vec::new(),
            transcript: String::new(),
        };
        for id in [1, 2, 3, 4].map(NodeId) {
            let random = Generator::new(u64::from(id.0), "node");
            puppet.places.insert(id, Place { node: None, shelf: Shelf::memory(), random, timers: BTreeMap::new() });
            puppet.start(id);
        }
        puppet
    }

    pub fn start(&mut self, id: NodeId) {
        let node = Member::new(id, &self.options);
        self.places.get_mut(&id).unwrap().node = Some(node);
        self.step(id, |node, step| node.start(step));
    }

    pub fn crash(&mut self, id: NodeId, choice: u64) {
        writeln!(self.transcript, "{id} crashes").unwrap();
        let place = self.places.get_mut(&id).unwrap();
        place.node = None;
        place.timers.clear();
        place.shelf.crash(choice);
    }

    pub fn order(&mut self, what: What) -> u64 {
        let request = self.seen.len() as u64 + 1;
        let legs = what.legs().map(|legs| legs.to_vec()).unwrap_or_default();
        self.seen.push(Seen { request, legs, told: Told::Nothing });
        self.again(request, what, COORDINATOR);
        request
    }

    /// The client asks for the same once more, or asks another node.
    pub fn again(&mut self, request: u64, what: What, to: NodeId) {
        self.hand(NodeId::client(1), to, Message::Order(Order { request, what }.into()));
    }

    pub fn transfer(&mut self, from: &str, to: &str, amount: i64) -> u64 {
        self.order(What::Atomic([leg(from, -amount), leg(to, amount)].into()))
    }

    pub fn book(&mut self) -> u64 {
        self.order(What::Saga(super::JOURNEY.map(|name| leg(name, -1)).into()))
    }

    pub fn hand(&mut self, from: NodeId, to: NodeId, message: Message) {
        writeln!(self.transcript, "{to} ← {from}  {}  {}", message.kind(), message.text()).unwrap();
        self.step(to, |node, step| node.receive(step, from, message));
    }

    /// The first pending message from one node to another arrives.
    pub fn deliver(&mut self, from: u16, to: u16) {
        let is_it = |pending: &Pending| pending.from == n(from) && pending.to == n(to);
        let at = self.pending.iter().position(is_it).unwrap_or_else(|| panic!("nothing goes from n{from} to n{to}"));
        let Pending { from, to, message } = self.pending.remove(at);
        self.hand(from, to, message);
    }

    /// Everything pending arrives, in order, and what follows from it; what goes to a node that is down is lost.
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

    /// The timer of a kind that a node has armed goes off.
    pub fn fire(&mut self, id: u16, kind: u8) {
        let place = self.places.get_mut(&n(id)).unwrap();
        let timer = *place.timers.keys().find(|timer| timer.kind == kind).unwrap_or_else(|| panic!("no timer {kind}"));
        place.timers.remove(&timer);
        writeln!(self.transcript, "n{id} ! timer {kind}").unwrap();
        self.step(n(id), |node, step| node.fire(step, timer));
    }

    pub fn has_timers(&self, id: u16) -> bool {
        !self.places[&n(id)].timers.is_empty()
    }

    /// How often the log of a node was forced since it came up.
    pub fn forced(&self, id: u16) -> u64 {
        match self.places[&n(id)].node.as_ref().unwrap() {
            Member::Coordinator(node) => node.log.forced,
            Member::Participant(node) => node.log.forced,
        }
    }

    pub fn fact(&self, id: u16, name: &str) -> Option<String> {
        let detail = self.places[&n(id)].node.as_ref().unwrap().describe();
        detail.head.facts.iter().find(|fact| &*fact.name == name).map(|fact| fact.value.to_string())
    }

    pub fn balance(&self, id: u16, account: &str) -> i64 {
        let detail = self.places[&n(id)].node.as_ref().unwrap().describe();
        let datum = detail.data.iter().find(|datum| datum.key == Bytes::typed(account)).unwrap();
        datum.versions[0].value.parse().unwrap()
    }

    pub fn judge(&self) -> Finding {
        let held: Vec<Holding> =
            [2, 3, 4].map(|id| Holding::read(n(id), &mut self.places[&n(id)].shelf.clone()).unwrap()).into();
        let unfinished = checker::unfinished(&mut self.places[&n(1)].shelf.clone()).unwrap();
        checker::judge(&self.options.accounts, &self.seen, &held, &unfinished)
    }

    /// Compares what was written down with a transcript; `UPDATE=1` in the environment writes it.
    pub fn compare(&self, name: &str) {
        let path = format!("{}/transaction/transcripts/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &self.transcript).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = golden.lines().zip(self.transcript.lines()).find(|(golden, now)| golden != now);
        assert!(golden == self.transcript, "{path} differs at {differs:?}; now:\n{}", self.transcript);
    }

    fn step(&mut self, id: NodeId, work: impl FnOnce(&mut Member, &mut Step) -> Result<(), StorageError>) {
        let place = self.places.get_mut(&id).unwrap();
        let Some(node) = &mut place.node else { return };
        let mut outputs = Vec::new();
        let (shelf, random) = (&mut place.shelf, &mut place.random);
        let mut step =
            Step { me: id, clock_ns: 0, uncertainty_ns: 0, shelf, random, outputs: &mut outputs, noting: true };
        work(node, &mut step).unwrap();
        for output in outputs {
            self.put_out(id, output);
        }
    }

    fn put_out(&mut self, id: NodeId, output: Output) {
        let place = self.places.get_mut(&id).unwrap();
        match output {
            Output::Arm { timer, after_ns } => drop(place.timers.insert(timer, after_ns)),
            Output::Disarm { timer } => drop(place.timers.remove(&timer)),
            Output::Note { topic, text } => writeln!(self.transcript, "{id} : {topic}  {text}").unwrap(),
            Output::Send { to, message } => {
                writeln!(self.transcript, "{id} → {to}  {}  {}", message.kind(), message.text()).unwrap();
                match message {
                    Message::Told { request, outcome } => self.told(request, outcome),
                    message => self.pending.push(Pending { from: id, to, message }),
                }
            }
        }
    }

    fn told(&mut self, request: u64, outcome: Outcome) {
        let seen = &mut self.seen[request as usize - 1];
        match outcome {
            Outcome::Done => seen.told = Told::Done,
            Outcome::Refused(_) => seen.told = Told::Refused,
            _ => {}
        }
        self.answers.push((request, outcome));
    }
}

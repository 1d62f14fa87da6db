//! A sharded cluster at work: shards with their stores, routers in front of them, the map service, the network between.
//!
//! ```text
//!   client + router c1 ─┐            ┌─ n1: store, workers, inbox of what waits for them
//!   client + router c2 ─┼─ network ──┼─ n2
//!                       │            └─ n3 …
//!                       └─ n0: the map service
//! ```
//!
//! A request waits for a free worker of its shard, is worked on, and may wait for the disk; so a shard that many keys are
//! asked of gets slow, and one that is overrun refuses.
//!
//! - [`options`]: how it is set up. `router`: clients. `place`: the machine of a shard. `fault`: what is done to them.
//!   `load`: many requests. `tell`: what the trace is told.
//!
//! **Invariant:** a run is a function of its options and of what it is asked to do, in order.
//! **Invariant:** what the trace was told, folded, is [`Cluster::cluster_state`] and [`Cluster::sharding_state`].

mod fault;
pub mod load;
pub mod options;
mod place;
mod router;
mod storm;
mod tell;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub use fault::Fault;
pub use load::{Keys, Load};
pub use options::Options;
pub use router::{Fate, Finished};
pub use storm::storm;

use crate::checker::{self, Noted, Swept};
use crate::error::ShardingError;
use crate::map::{Change, ClusterMap};
use crate::message::{Message, Plan, Question};
use crate::service::MapService;
use crate::shard::MAP_SERVICE;
use glassbase_sim::network::{Fate as Route, Network};
use glassbase_sim::{Cx, EventQueue, Generator};
use glassbase_storage::step::Timer;
use glassbase_trace::{
    Bytes, ClusterState, DropReason, EngineState, Event, MessageId, NodeId, ShardingState, VerdictKind,
};
use load::LoadState;
use place::Place;
use router::{Client, Wake};

/// How often the map service repeats what was not done.
const REPEAT_NS: u64 = 25_000_000;

/// Something that is to happen.
#[derive(Clone, Debug)]
enum Happening {
    Arrives(Flight),
    Lost {
        flight: Flight,
        why: DropReason,
    },
    TimerDue {
        shard: NodeId,
        timer: Timer,
        generation: u64,
    },
    ClientDue {
        client: NodeId,
        wake: Wake,
    },
    /// The map service says again what was not done, if nothing was since its news had this number.
    Repeat {
        serial: u64,
    },
    FaultDue {
        fault: Fault,
    },
}

/// A message on its way.
#[derive(Clone, Debug)]
struct Flight {
    id: MessageId,
    from: NodeId,
    to: NodeId,
    cause: u32,
    message: Message,
}

/// The cluster.
#[derive(Clone)]
pub struct Cluster {
    options: Options,
    queue: EventQueue<Happening>,
    network: Network,
    service: MapService,
    places: Vec<Place>,
    clients: Vec<Client>,
    load: LoadState,
    noted: Vec<Noted>,
    swept: Vec<Swept>,
    /// The operations that ended last, for whoever asks.
    finished: Option<Finished>,
    latencies_ns: Vec<u64>,
    moment: u64,
    next_message: u64,
    next_request: u64,
    generation: u64,
    random: Generator,
    told: tell::Told,
}

impl Cluster {
    /// Shards that have just been started, at the time of `cx`.
    pub fn new(cx: &mut Cx, options: Options) -> Result<Cluster, ShardingError> {
        options.check()?;
        let map = ClusterMap::new(options.map.clone(), options.shards)?;
        let seed = cx.seed();
        let service = MapService::new(map, usize::from(options.parallel));
        let news = service.news().clone();
        let client = |number| Client::new(seed, NodeId::client(number), news.clone());
        let mut cluster = Cluster {
            queue: EventQueue::default(),
            network: Network::new(seed, options.quality.clone()),
            places: Vec::new(),
            clients: (1..=options.clients).map(client).collect(),
            load: LoadState::default(),
            noted: Vec::new(),
            swept: Vec::new(),
            finished: None,
            latencies_ns: Vec::new(),
            moment: 0,
            next_message: 0,
            next_request: 0,
            generation: 0,
            random: Generator::new(seed, "sharding"),
            told: tell::Told::new(options.shards, options.clients),
            service,
            options,
        };
        for number in 1..=cluster.options.shards {
            cluster.boot_new(cx, NodeId(number))?;
        }
        cluster.tell_map(cx);
        Ok(cluster)
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn map(&self) -> &Rc<ClusterMap> {
        self.service.map()
    }

    /// The change under way.
    pub fn plan(&self) -> Option<&Rc<Plan>> {
        self.service.news().plan.as_ref()
    }

    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Shards that there are, whether the map has them or not.
    pub fn shards(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.places.len() as u16).map(NodeId)
    }

    /// When the next thing happens.
    pub fn next_ns(&self) -> Option<u64> {
        self.queue.next_ns()
    }

    /// Clients that wait for an answer.
    pub fn waiting(&self) -> u64 {
        self.clients.iter().filter(|client| client.is_busy()).count() as u64
    }

    /// The operation that ended last.
    pub fn last(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// How long operations took that were done, in the order in which they ended.
    pub fn latencies_ns(&self) -> &[u64] {
        &self.latencies_ns
    }

    /// The store of a shard as its own lab shows it; nothing for one in memory, or one that is not open.
    pub fn store_of(&self, shard: NodeId) -> Option<EngineState> {
        self.places.get(usize::from(shard.0).checked_sub(1)?)?.shelf.state()
    }

    pub fn cluster_state(&self) -> ClusterState {
        self.told.cluster.clone()
    }

    pub fn sharding_state(&self) -> ShardingState {
        self.told.sharding.clone()
    }

    /// Nothing is told any more, not even to itself: for runs of thousands of storms.
    pub fn be_quiet(&mut self) {
        self.told.quiet = true;
    }

    /// Changes the map, and begins to move keys.
    pub fn change(&mut self, cx: &mut Cx, changes: &[Change], text: &str) -> Result<Rc<Plan>, ShardingError> {
        if self.service.is_down() {
            return Err(ShardingError::NoMapService);
        }
        if self.plan().is_some() {
            return Err(ShardingError::Resharding);
        }
        let mut next = (**self.map()).clone();
        for change in changes {
            next = next.changed(change)?;
        }
        let most = u64::from(options::SHARDS_MAX);
        if let Some(shard) = next.shards().find(|shard| u64::from(shard.0) > most) {
            let (name, value) = ("the number of a shard", u64::from(shard.0));
            return Err(ShardingError::BadOption { name, value, allowed: "from 1 to 64" });
        }
        for shard in next.shards().collect::<Vec<_>>() {
            while self.places.len() < usize::from(shard.0) {
                self.boot_new(cx, NodeId(self.places.len() as u16 + 1))?;
            }
        }
        let plan = self.service.change(next, text.to_string())?;
        self.tell(cx, || Event::StreamsCleared {});
        self.tell_map(cx);
        self.broadcast(cx);
        self.give_orders(cx);
        Ok(plan)
    }

    /// A key in the middle of those that a shard has: where its range may be split.
    pub fn middle_of(&mut self, shard: NodeId) -> Result<Option<Bytes>, ShardingError> {
        let place = self.known_mut(shard)?;
        let mut keys: Vec<Bytes> = Vec::new();
        place.shelf.scan(Some(b"v"), Some(b"w"), u64::MAX, &mut |row, _| {
            keys.extend(row.strip_prefix(b"v").map(Bytes::from));
        })?;
        Ok(if keys.len() < 2 { None } else { keys.get(keys.len() / 2).cloned() })
    }

    /// The shard with the most keys.
    pub fn fullest(&self) -> Option<NodeId> {
        let keys = |shard: &NodeId| self.place(*shard).shard.as_ref().map_or(0, |known| known.keys);
        self.map().shards().max_by_key(|shard| (keys(shard), std::cmp::Reverse(*shard)))
    }

    /// What the checker finds wrong, from what clients saw and what the stores hold; nothing: no write is lost or doubled.
    pub fn problem(&mut self) -> Result<Option<String>, ShardingError> {
        Ok(self.found()?.map(|problem| problem.text))
    }

    fn found(&mut self) -> Result<Option<checker::Problem>, ShardingError> {
        let mut stores = Vec::new();
        for place in &mut self.places {
            if let Some(shard) = &place.shard {
                stores.push((place.id, shard.ledgers(&mut place.shelf)?));
            }
        }
        Ok(checker::problem(&self.noted, &self.swept, &stores))
    }

    /// As [`Cluster::problem`], and tells the trace, with the moment that the problem is about. Only of a cluster that is whole can it be said.
    pub fn judge(&mut self, cx: &mut Cx) -> Result<Option<String>, ShardingError> {
        let down = self.map().shards().find(|shard| self.place(*shard).shard.is_none());
        if let Some(shard) = down {
            return Err(ShardingError::NotWhole { shard });
        }
        let problem = self.found()?;
        let at_ns = problem.as_ref().and_then(|problem| problem.at_ns).unwrap_or(cx.now_ns());
        let (kind, text) = match &problem {
            None => {
                let writes = self.noted.iter().filter(|noted| matches!(noted.seen, checker::Seen::Written { .. }));
                let text = format!("{} acknowledged writes are all there, each once", writes.count());
                (VerdictKind::Holds, text)
            }
            Some(problem) => (VerdictKind::Violated, problem.text.clone()),
        };
        self.tell(cx, || Event::Judged {
            checker: "ledger".into(),
            kind,
            text: text.into(),
            at_ns,
            proof: Rc::default(),
        });
        Ok(problem.map(|problem| problem.text))
    }

    /// Lets the next thing happen; false if there is none.
    pub fn step(&mut self, cx: &mut Cx) -> bool {
        let Some((time_ns, happening)) = self.queue.pop() else { return false };
        debug_assert!(time_ns >= cx.now_ns(), "time goes forward");
        cx.pass(time_ns.saturating_sub(cx.now_ns()));
        match happening {
            Happening::Arrives(flight) => self.arrive(cx, flight),
            Happening::Lost { flight, why } => self.drop_flight(cx, &flight, why),
            Happening::TimerDue { shard, timer, generation } => self.timer_due(cx, shard, timer, generation),
            Happening::ClientDue { client, wake } => self.client_due(cx, client, wake),
            Happening::Repeat { serial } => {
                if self.service.news().serial == serial && !self.service.is_down() {
                    self.give_orders(cx);
                }
            }
            Happening::FaultDue { fault } => {
                // A fault that was planned and no longer fits does nothing.
                let _ = self.inject(cx, &fault);
            }
        }
        true
    }

    /// Lets everything happen that is due up to a time, and time pass up to it.
    pub fn run_until(&mut self, cx: &mut Cx, until_ns: u64) {
        while self.queue.next_ns().is_some_and(|next_ns| next_ns <= until_ns) {
            self.step(cx);
        }
        cx.pass(until_ns.saturating_sub(cx.now_ns()));
    }

    fn arrive(&mut self, cx: &mut Cx, flight: Flight) {
        if self.network.is_cut(flight.from, flight.to) {
            return self.drop_flight(cx, &flight, DropReason::Partition);
        }
        let Flight { id, from, to, cause, message } = flight;
        let is_down = match to {
            MAP_SERVICE => self.service.is_down(),
            _ => !to.is_client() && self.place(to).shard.is_none(),
        };
        if is_down {
            let flight = Flight { id, from, to, cause, message };
            return self.drop_flight(cx, &flight, DropReason::Down);
        }
        let before = cx.recorder.caused_by(cause);
        self.tell(cx, || Event::MessageDelivered { message: id });
        let inner = cx.recorder.latest();
        let outer = cx.recorder.caused_by(inner);
        if to.is_client() {
            self.hear(cx, to, from, message);
        } else if to == MAP_SERVICE {
            self.serve_map(cx, from, message);
        } else {
            match &message {
                Message::Ask(ask) if self.is_overrun(to, cx.now_ns()) => {
                    let (request, part) = (ask.request, ask.part);
                    self.refuse(cx, to, from, request, part);
                }
                _ => self.work(cx, to, |shard, step| shard.receive(step, from, message)),
            }
        }
        cx.recorder.end(outer);
        cx.recorder.end(before);
    }

    fn drop_flight(&mut self, cx: &mut Cx, flight: &Flight, why: DropReason) {
        let before = cx.recorder.caused_by(flight.cause);
        let message = flight.id;
        self.tell(cx, || Event::MessageDropped { message, why });
        cx.recorder.end(before);
    }

    /// Sends a message that leaves at `sent_ns`.
    fn send(&mut self, cx: &mut Cx, from: NodeId, to: NodeId, sent_ns: u64, message: Message) {
        let kind = message.kind();
        let fate = self.network.route(sent_ns, from, to, message.bytes(), kind);
        let mut dispatch = |cluster: &mut Cluster, due_ns: u64, lost: Option<DropReason>, message: Message| {
            cluster.next_message += 1;
            let id = MessageId(cluster.next_message);
            cluster.tell(cx, || {
                let (kind, text) = (kind.into(), message.text().into());
                Event::MessageSent { message: id, from, to, kind, text, sent_ns, due_ns }
            });
            let flight = Flight { id, from, to, cause: cx.recorder.latest(), message };
            match lost {
                None => cluster.queue.push(due_ns, Happening::Arrives(flight)),
                Some(why) => cluster.queue.push(due_ns, Happening::Lost { flight, why }),
            }
        };
        match fate {
            Route::At(due_ns) => dispatch(self, due_ns, None, message),
            Route::Twice(first_ns, second_ns) => {
                dispatch(self, first_ns, None, message.clone());
                dispatch(self, second_ns, None, message);
            }
            Route::Lost(why, due_ns) => dispatch(self, due_ns, Some(why), message),
        }
    }

    /// The map service deals with a message.
    fn serve_map(&mut self, cx: &mut Cx, from: NodeId, message: Message) {
        match message {
            Message::WantMap { nonce } => {
                let news = self.service.news().clone();
                self.send(cx, MAP_SERVICE, from, cx.now_ns(), Message::News { news, nonce });
            }
            Message::Moved { plan, to } if self.service.moved(plan, from, to) => {
                self.tell_map(cx);
                if self.plan().is_some() {
                    self.give_orders(cx);
                } else {
                    self.retire(cx);
                    self.broadcast(cx);
                }
            }
            _ => {}
        }
    }

    /// Shards that the map no longer has stop being told of.
    fn retire(&mut self, cx: &mut Cx) {
        let gone = self.shards().filter(|shard| !self.map().has(*shard)).collect::<Vec<_>>();
        for shard in gone {
            if self.told.sharding.shard(shard).is_some() {
                self.tell(cx, || Event::ShardGone { shard });
            }
        }
    }

    /// Tells every shard what is new. What gets lost they ask for when they need it.
    fn broadcast(&mut self, cx: &mut Cx) {
        let news = self.service.news().clone();
        for shard in self.shards() {
            self.send(cx, MAP_SERVICE, shard, cx.now_ns(), Message::News { news: news.clone(), nonce: 0 });
        }
    }

    /// Tells sources to begin, and will tell them again.
    fn give_orders(&mut self, cx: &mut Cx) {
        if self.plan().is_none() {
            return;
        }
        for (from, message) in self.service.orders().collect::<Vec<_>>() {
            self.send(cx, MAP_SERVICE, from, cx.now_ns(), message);
        }
        self.queue.push(cx.now_ns() + REPEAT_NS, Happening::Repeat { serial: self.service.news().serial });
    }

    fn place(&self, shard: NodeId) -> &Place {
        &self.places[usize::from(shard.0) - 1]
    }

    fn place_mut(&mut self, shard: NodeId) -> &mut Place {
        &mut self.places[usize::from(shard.0) - 1]
    }

    fn known_mut(&mut self, shard: NodeId) -> Result<&mut Place, ShardingError> {
        let shards = self.places.len();
        match usize::from(shard.0).checked_sub(1).and_then(|at| self.places.get_mut(at)) {
            Some(place) => Ok(place),
            None => Err(ShardingError::NoSuchShard { shard, known: format!("n1 to n{shards}") }),
        }
    }

    /// A moment of its own for something that a client does or is told.
    fn next_moment(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// Asks for a key to be written, read, or for a range, from a client (none: the first that is idle).
    pub fn ask(&mut self, cx: &mut Cx, client: Option<NodeId>, question: Question) -> Result<NodeId, ShardingError> {
        let clients = self.options.clients;
        let at = match client {
            Some(client) => {
                let at = usize::from(client.number()).checked_sub(1).filter(|at| *at < self.clients.len());
                at.filter(|_| client.is_client()).ok_or(ShardingError::NoClient { client, clients })?
            }
            None => {
                let idle = self.clients.iter().position(|client| !client.is_busy());
                idle.ok_or(ShardingError::Busy { client: NodeId::client(1) })?
            }
        };
        let client = NodeId::client(at as u16 + 1);
        if self.clients[at].is_busy() {
            return Err(ShardingError::Busy { client });
        }
        self.begin_operation(cx, at, question, false)?;
        Ok(client)
    }
}

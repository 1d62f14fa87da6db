//! The world: what is to happen next, to which request, and where it goes from there.
//!
//! ```text
//!   EventQueue ──▶ Due(task, turn) ──▶ its stage ──▶ read.rs, write.rs      at an application server
//!                                                ──▶ at_cache.rs, flush.rs  at a node of L2
//!                                                ──▶ at_database.rs         at the database
//!                                                      └──▶ go: Network says when it arrives ──▶ EventQueue
//! ```

use super::app::App;
use super::bloom::Bloom;
use super::database::Database;
use super::ledger::Ledger;
use super::node::{CacheNode, Debt};
use super::remote::{Asked, RemoteQuery, Told};
use super::ring::Ring;
use super::store::Entry;
use super::task::{Stage, Task};
use super::workload::Load;
use super::{Options, TierError};
use glassbase_sim::network::{Fate, Latency, Network, Quality};
use glassbase_sim::{Cx, EventQueue, Generator};
use glassbase_trace::parts::tiers::TiersState;
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, Event, NodeId, TierFate, TierOperation, TierSource, TierStatus, TierWait};

/// What a message takes on the wire; links are as wide as one likes.
const MESSAGE_BYTES: u32 = 100;
/// A request is on its way from a client to its server for so long.
const ARRIVAL_NS: u64 = 200_000;

/// Something that is to happen.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Due {
        task: u64,
        turn: u32,
    },
    /// The database is through with a query.
    Served {
        query: u64,
    },
    /// The right to fetch a key is over.
    LockOver {
        node: u16,
        life: u32,
        key: Bytes,
        token: u64,
    },
    Flush {
        node: u16,
        life: u32,
    },
    /// A client asks again, of the load of that number.
    Next {
        client: NodeId,
        load: u64,
    },
    /// A request comes at the load's own rate, or the next ones of a burst.
    Arrival {
        load: u64,
    },
}

/// A server, by kind and number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    App(u16),
    Cache(u16),
    Database,
}

/// The hierarchy at work.
#[derive(Clone)]
pub struct Tiers {
    pub(super) options: Options,
    pub(super) queue: EventQueue<Happening>,
    pub(super) network: Network,
    pub(super) ring: Ring,
    pub(super) apps: Vec<App>,
    pub(super) nodes: Vec<CacheNode>,
    pub(super) database: Database,
    pub(super) bloom: Bloom,
    pub(super) tasks: SortedMap<u64, Task>,
    pub(super) ledger: Ledger,
    /// Flushes that the database was at work on when their node died, by task.
    pub(super) adrift: SortedMap<u64, Debt>,
    /// How often each key was read; those that are not there are not remembered.
    pub(super) popularity: SortedMap<Bytes, u64>,
    pub(super) next_task: u64,
    pub(super) next_version: u64,
    pub(super) next_app: u16,
    pub(super) load: Option<Load>,
    pub(super) loads: u64,
    pub(super) random: Generator,
    /// What the trace tells of requests, counts and times; nothing else of it is kept here.
    pub(super) told: TiersState,
    /// For a database elsewhere: queries that have begun, what clients were told and asked, since somebody took it.
    pub(super) queries: Vec<RemoteQuery>,
    /// Of a database elsewhere: the newest version of each key that it is known to have, and writes that it was at when its
    /// power failed.
    pub(super) landed: SortedMap<Bytes, u64>,
    pub(super) orphans: SortedMap<u64, Bytes>,
    pub(super) told_clients: Vec<Told>,
    pub(super) asked_by_clients: Vec<Asked>,
}

impl Tiers {
    /// A hierarchy with empty caches and an empty database.
    pub fn new(seed: u64, options: Options) -> Result<Tiers, TierError> {
        options.check()?;
        let fixed = |ns: u64| Quality { latency: Latency::Fixed { ns }, ..Quality::default() };
        let mut network = Network::new(seed, fixed(options.link_ns));
        let news = Quality { loss: options.bus_loss, ..fixed(options.bus_ns) };
        for from in 1..=options.apps {
            for to in (1..=options.apps).filter(|to| *to != from) {
                network.set_link(NodeId(from), NodeId(to), news.clone());
            }
        }
        Ok(Tiers {
            queue: EventQueue::default(),
            network,
            ring: Ring::new(options.caches),
            apps: (0..options.apps).map(|_| App::new(&options)).collect(),
            nodes: (0..options.caches).map(|_| CacheNode::new(&options)).collect(),
            database: Database::new(seed)?,
            bloom: Bloom::new(1000),
            tasks: SortedMap::new(),
            ledger: Ledger::default(),
            adrift: SortedMap::new(),
            popularity: SortedMap::new(),
            next_task: 0,
            next_version: 0,
            next_app: 0,
            load: None,
            loads: 0,
            random: Generator::new(seed, "tiers"),
            told: TiersState { clients: options.clients, ..TiersState::default() },
            queries: Vec::new(),
            landed: SortedMap::new(),
            orphans: SortedMap::new(),
            told_clients: Vec::new(),
            asked_by_clients: Vec::new(),
            options,
        })
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The onlooker's book.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the trace has told so far: requests, counts, times; no servers.
    pub fn told(&self) -> &TiersState {
        &self.told
    }

    /// Requests that are under way.
    pub fn open(&self) -> u64 {
        self.tasks.values().filter(|task| task.client.is_client()).count() as u64
    }

    /// Nothing is under way, not even work that the hierarchy gives itself.
    pub fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// When the next thing happens; nothing if nothing will.
    pub fn next_ns(&self) -> Option<u64> {
        self.queue.next_ns()
    }

    /// Lets the next thing happen; false if there is none.
    pub fn step(&mut self, cx: &mut Cx) -> bool {
        let Some((time_ns, happening)) = self.queue.pop() else { return false };
        cx.pass(time_ns.saturating_sub(cx.now_ns()));
        match happening {
            Happening::Due { task, turn } => {
                if self.tasks.get(&task).is_some_and(|known| known.turn == turn)
                    && let Some(task) = self.tasks.remove(&task)
                {
                    self.due(cx, task);
                }
            }
            Happening::Served { query } => self.served(cx, query),
            Happening::LockOver { node, life, key, token } => self.lock_over(cx, node, life, &key, token),
            Happening::Flush { node, life } => self.flush(cx, node, life),
            Happening::Next { client, load } => self.next_of_load(cx, client, load),
            Happening::Arrival { load } => self.arrival(cx, load),
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

    fn due(&mut self, cx: &mut Cx, mut task: Task) {
        let stage = std::mem::replace(&mut task.stage, Stage::Parked);
        match stage {
            Stage::ToApp => self.at_app(cx, task),
            Stage::InL1 => self.in_l1(cx, task),
            Stage::ToCache(ask) => self.reaches_cache(cx, task, ask),
            Stage::AtCache(ask) => self.at_cache(cx, task, ask),
            Stage::FromCache(reply) => self.cache_said(cx, task, reply),
            Stage::Silent => self.cache_silent(cx, task),
            Stage::Again => self.ask_again(cx, task),
            Stage::ToDatabase => self.reaches_database(cx, task),
            Stage::Queued => self.waited_too_long(cx, task),
            Stage::FromDatabase(row) => self.database_said(cx, task, row),
            Stage::News { version } => self.news(cx, task, version),
            // Somebody else wakes it.
            Stage::Parked | Stage::Served => {
                self.tasks.insert(task.id, task);
            }
        }
    }

    /// A client asks for something, of an application server or of the next in turn.
    pub fn ask(
        &mut self,
        cx: &mut Cx,
        client: NodeId,
        app: Option<u16>,
        operation: TierOperation,
        key: &Bytes,
        value: Option<Bytes>,
    ) -> u64 {
        self.ask_of(cx, client, app, operation, key, value, 0)
    }

    #[expect(clippy::too_many_arguments, reason = "what a request is")]
    pub(super) fn ask_of(
        &mut self,
        cx: &mut Cx,
        client: NodeId,
        app: Option<u16>,
        operation: TierOperation,
        key: &Bytes,
        value: Option<Bytes>,
        load: u64,
    ) -> u64 {
        let app = app.unwrap_or_else(|| self.app_in_turn());
        let mut task = self.task(cx, operation, key, app);
        if self.options.remote {
            let (request, key, value) = (task.id, key.clone(), value.clone());
            self.asked_by_clients.push(Asked { request, operation, key, value });
        }
        (task.client, task.value, task.load) = (client, value, load);
        let due_ns = cx.now_ns().saturating_add(ARRIVAL_NS);
        self.launch(cx, task, client, self.id(Place::App(app + 1)), due_ns, Stage::ToApp)
    }

    /// The application server whose turn it is, of those that are up.
    fn app_in_turn(&mut self) -> u16 {
        let count = self.options.apps;
        let in_line = (0..count).map(|step| (self.next_app + step) % count);
        let app = in_line.clone().find(|app| self.apps[usize::from(*app)].is_up).unwrap_or(self.next_app);
        self.next_app = (app + 1) % count;
        app
    }

    pub(super) fn task(&mut self, cx: &Cx, operation: TierOperation, key: &Bytes, app: u16) -> Task {
        self.next_task += 1;
        Task {
            id: self.next_task,
            operation,
            client: NodeId(0),
            app,
            key: key.clone(),
            value: None,
            version: None,
            load: 0,
            asked_ns: cx.now_ns(),
            arrived_ns: cx.now_ns(),
            stage: Stage::Parked,
            turn: 0,
            node: 0,
            at_cache: false,
            sent_ns: 0,
            probes: false,
            token: 0,
            copy: 0,
            pointer: None,
            fetch_ns: cx.now_ns(),
            leads: false,
            is_void: false,
            is_orphan: false,
            queries: false,
            life: 0,
            source: TierSource::Database,
        }
    }

    /// A task begins, on its way from one place to another.
    pub(super) fn launch(
        &mut self,
        cx: &mut Cx,
        mut task: Task,
        from: NodeId,
        to: NodeId,
        due_ns: u64,
        stage: Stage,
    ) -> u64 {
        let (request, client, operation, key) = (task.id, task.client, task.operation, task.key.clone());
        self.tell(cx, Event::TierAsked { request, client, operation, key, from, to, due_ns });
        task.stage = stage;
        self.queue.push(due_ns, Happening::Due { task: request, turn: task.turn });
        self.tasks.insert(request, task);
        request
    }

    /// A task goes from one server to another. What the network loses is not heard of until a time-out.
    pub(super) fn go(&mut self, cx: &mut Cx, mut task: Task, from: NodeId, to: NodeId, stage: Stage) {
        task.sent_ns = cx.now_ns();
        let fate = self.network.route(cx.now_ns(), from, to, MESSAGE_BYTES, task.operation.word());
        match fate {
            Fate::At(due_ns) | Fate::Twice(due_ns, _) => {
                self.tell(cx, Event::TierMoved { request: task.id, from, to, due_ns });
                self.plan(due_ns, task, stage);
            }
            Fate::Lost(..) => match stage {
                Stage::News { .. } => self.over(cx, task, TierFate::Late),
                Stage::ToCache(_) | Stage::FromCache(_) => {
                    self.wait(cx, task, TierWait::Silence, self.options.l2_timeout_ns, Stage::Silent);
                }
                _ => {
                    let wait_ns = self.options.database_timeout_ns;
                    self.wait(cx, task, TierWait::Silence, wait_ns, Stage::FromDatabase(None));
                }
            },
        }
    }

    /// A task stays where it is for some time.
    pub(super) fn wait(&mut self, cx: &mut Cx, task: Task, wait: TierWait, ns: u64, stage: Stage) {
        self.tell(cx, Event::TierWaits { request: task.id, wait });
        self.plan(cx.now_ns().saturating_add(ns), task, stage);
    }

    /// What happens to a task next, and when.
    pub(super) fn plan(&mut self, due_ns: u64, mut task: Task, stage: Stage) {
        task.turn += 1;
        task.stage = stage;
        self.queue.push(due_ns, Happening::Due { task: task.id, turn: task.turn });
        self.tasks.insert(task.id, task);
    }

    /// A task waits until somebody wakes it.
    pub(super) fn park(&mut self, cx: &mut Cx, mut task: Task, wait: TierWait) {
        self.tell(cx, Event::TierWaits { request: task.id, wait });
        task.turn += 1;
        task.stage = Stage::Parked;
        self.tasks.insert(task.id, task);
    }

    /// A task that no client waits for is over.
    pub(super) fn over(&mut self, cx: &mut Cx, task: Task, fate: TierFate) {
        let latency_ns = cx.now_ns() - task.asked_ns;
        let (version, source) = (task.version.unwrap_or_default(), task.source);
        self.tell(cx, Event::TierTold { request: task.id, fate, source, version, latency_ns, age_ns: 0 });
    }

    /// Says what has happened: to the trace, and to what is kept of it here.
    pub(super) fn tell(&mut self, cx: &mut Cx, event: Event) {
        self.told.fold(&event, cx.now_ns());
        cx.emit(|| event);
    }

    /// Tells of a decision.
    pub(super) fn note(&self, cx: &mut Cx, at: NodeId, topic: &'static str, text: impl FnOnce() -> String) {
        cx.emit(|| Event::TierNoted { at, topic: topic.into(), text: text().into() });
    }

    /// The number by which the trace knows a server.
    pub fn id(&self, place: Place) -> NodeId {
        match place {
            Place::App(number) => NodeId(number),
            Place::Cache(number) => NodeId(self.options.apps + number),
            Place::Database => NodeId(self.options.apps + self.options.caches + 1),
        }
    }

    pub(super) fn app_id(&self, app: u16) -> NodeId {
        self.id(Place::App(app + 1))
    }

    pub(super) fn node_id(&self, node: u16) -> NodeId {
        self.id(Place::Cache(node + 1))
    }

    /// The node of L2 that keeps something under this key.
    pub(super) fn node_of(&self, key: &[u8]) -> u16 {
        let is_there = |node: u16| self.nodes[usize::from(node)].status == TierStatus::Up;
        self.ring.node(key, |node| !self.options.failover || is_there(node))
    }

    /// The node of L2 that keeps a key, by number from 1.
    pub fn home_of(&self, key: &[u8]) -> u16 {
        self.node_of(key) + 1
    }

    pub(super) fn new_version(&mut self) -> u64 {
        self.next_version += 1;
        self.next_version
    }

    /// A version is there from now on: what caches have of the key is stale, as an onlooker knows.
    pub(super) fn written(&mut self, cx: &mut Cx, key: &Bytes, version: u64) {
        let now_ns = cx.now_ns();
        self.ledger.committed(key, version, now_ns);
        let apps = self.apps.iter_mut().map(|app| &mut app.store);
        for store in apps.chain(self.nodes.iter_mut().map(|node| &mut node.store)) {
            store.outdate(key, version, now_ns.max(1));
        }
        self.tell(cx, Event::TierWritten { key: key.clone(), version });
    }

    /// An entry as it is kept from now on.
    pub(super) fn entry(
        &mut self,
        cx: &Cx,
        key: &[u8],
        version: u64,
        value: Option<Bytes>,
        ttl_ns: u64,
        cost_ns: u64,
    ) -> Entry {
        let jitter_ns = match self.options.jitter_ns {
            0 => 0,
            jitter_ns => self.random.below(jitter_ns + 1),
        };
        let kept_ns = cx.now_ns();
        let expires_ns = kept_ns.saturating_add(ttl_ns).saturating_add(jitter_ns);
        let stale_ns = self.ledger.superseded_ns(key, version).map_or(0, |since_ns| since_ns.max(1));
        Entry { version, value, kept_ns, expires_ns, cost_ns, stale_ns, renewing_ns: 0, dirty: false }
    }

    pub(super) fn kept(&mut self, cx: &mut Cx, at: NodeId, key: &Bytes, entry: &Entry) {
        let Entry { version, expires_ns, stale_ns, dirty, .. } = *entry;
        let (key, absent) = (key.clone(), entry.value.is_none());
        self.tell(cx, Event::TierKept { at, key, version, absent, dirty, expires_ns, stale_ns });
    }

    /// Writes keys into the database without anybody asking and before anything happens: k1 to k`count`.
    pub fn preload(&mut self, count: u64) -> Result<(), TierError> {
        self.bloom = Bloom::new(count.max(1000) * 2);
        for number in 1..=count {
            self.put_row(&Bytes::typed(&format!("k{number}")), Bytes::number(number))?;
        }
        Ok(())
    }

    /// Writes one key into the database without anybody asking.
    pub fn put_row(&mut self, key: &Bytes, value: Bytes) -> Result<(), TierError> {
        let version = self.new_version();
        self.database.write(key, &super::Row { version, value: Some(value) })?;
        self.bloom.add(key);
        Ok(())
    }

    /// What the database has of a key, without a query.
    pub fn row(&mut self, key: &[u8]) -> Result<super::Row, TierError> {
        Ok(self.database.read(key)?)
    }
}

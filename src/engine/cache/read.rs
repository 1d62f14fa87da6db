//! Reads, at an application server.
//!
//! ```text
//!   L1 ─hit─▶ answer
//!    └─miss─▶ is somebody here fetching it? ─▶ wait for that           (single-flight)
//!             └─▶ breaker ─barred─▶ database
//!                   └─▶ L2 ─hit─▶ L1, answer
//!                        ├─locked─▶ ask again in a moment               (mutex)
//!                        └─miss, token─▶ turned away?, database ─▶ set L2 under the token, L1, answer
//! ```
//!
//! With versioned keys the current version is asked for before L1, and the value is cached under a key that names it.

use super::breaker::Passage;
use super::database::Row;
use super::node::look_at;
use super::remote::Told;
use super::store::Entry;
use super::task::{Ask, Reply, Stage, Task};
use super::{Guard, HotKey, Invalidation, Stampede, Strategy, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{BreakerState, Bytes, DropCause, Event, TierFate, TierLook, TierOperation, TierSource, TierWait};

/// A key with something behind it.
fn with(key: &Bytes, mark: u8, number: Option<u64>) -> Bytes {
    let mut name = key.to_vec();
    name.push(mark);
    if let Some(number) = number {
        name.extend_from_slice(number.to_string().as_bytes());
    }
    Bytes::from(&name[..])
}

impl Tiers {
    pub(super) fn is_versioned(&self) -> bool {
        self.options.invalidation == Invalidation::Versions
    }

    /// The key under which L2 keeps the current version of a key.
    pub(super) fn pointer_key(key: &Bytes) -> Bytes {
        with(key, b'@', None)
    }

    /// The key under which L2 keeps what a task asks for.
    pub(super) fn l2_key(&self, task: &Task) -> Bytes {
        if self.is_versioned() {
            return with(&task.key, b'@', task.pointer);
        }
        match self.options.hot_key {
            HotKey::Split => with(&task.key, b'#', Some(task.copy.into())),
            _ => task.key.clone(),
        }
    }

    /// Every name under which L2 keeps a key that has this version.
    pub(super) fn l2_names(&self, key: &Bytes, version: u64) -> Vec<Bytes> {
        if self.is_versioned() {
            return vec![with(key, b'@', Some(version)), Tiers::pointer_key(key)];
        }
        match self.options.hot_key {
            HotKey::Split => (0..self.options.copies).map(|copy| with(key, b'#', Some(copy.into()))).collect(),
            _ => vec![key.clone()],
        }
    }

    fn l1_key(&self, task: &Task) -> Bytes {
        if self.is_versioned() { with(&task.key, b'@', task.pointer) } else { task.key.clone() }
    }

    /// A request arrives.
    pub(super) fn at_app(&mut self, cx: &mut Cx, mut task: Task) {
        task.arrived_ns = cx.now_ns();
        let app = &mut self.apps[usize::from(task.app)];
        if !app.is_up {
            return self.fail(cx, task, TierFate::Failed);
        }
        if task.operation != TierOperation::Get {
            return self.begin_write(cx, task);
        }
        if self.options.hot_key == HotKey::Copy {
            app.warm_up(&task.key, cx.now_ns());
        }
        if self.options.hot_key == HotKey::Split {
            task.copy = self.random.below(self.options.copies.into()) as u32;
        }
        if self.options.bloom && !self.bloom.may_contain(&task.key) {
            self.looked(cx, &task, TierLook::Filtered);
            task.source = TierSource::Filter;
            return self.answer(cx, task, &Row::default());
        }
        if self.is_versioned() {
            task.fetch_ns = cx.now_ns();
            return self.ask_cache(cx, task, Ask::Get);
        }
        self.look_into_l1(cx, task);
    }

    fn look_into_l1(&mut self, cx: &mut Cx, task: Task) {
        if self.apps[usize::from(task.app)].store.capacity() == 0 {
            return self.seek(cx, task);
        }
        let due_ns = cx.now_ns().saturating_add(self.options.l1_ns);
        self.plan(due_ns, task, Stage::InL1);
    }

    pub(super) fn in_l1(&mut self, cx: &mut Cx, mut task: Task) {
        let key = self.l1_key(&task);
        let app = &mut self.apps[usize::from(task.app)];
        let look = look_at(app.store.peek(&key), cx.now_ns());
        self.looked(cx, &task, look);
        let app = &mut self.apps[usize::from(task.app)];
        match look {
            TierLook::Hit | TierLook::Absent => {
                let Some(entry) = app.store.get(&key) else { return self.seek(cx, task) };
                let row = Row { version: entry.version, value: entry.value.clone() };
                task.source = TierSource::L1;
                self.answer(cx, task, &row);
            }
            TierLook::Expired => {
                self.drop_from_l1(cx, task.app, &key, DropCause::Expired);
                self.seek(cx, task);
            }
            _ => self.seek(cx, task),
        }
    }

    fn looked(&mut self, cx: &mut Cx, task: &Task, look: TierLook) {
        let (at, key) = (self.app_id(task.app), task.key.clone());
        let app = &mut self.apps[usize::from(task.app)];
        match look {
            TierLook::Hit | TierLook::Absent | TierLook::Stale => app.hits += 1,
            TierLook::Filtered => {}
            _ => app.misses += 1,
        }
        self.tell(cx, Event::TierLooked { request: task.id, at, key, look });
    }

    /// L1 does not have it.
    fn seek(&mut self, cx: &mut Cx, mut task: Task) {
        if self.options.stampede == Stampede::SingleFlight {
            let app = &mut self.apps[usize::from(task.app)];
            if let Some(leader) = app.flights.get(&task.key).copied() {
                app.parked.entry(leader).or_default().push(task.id);
                return self.park(cx, task, TierWait::Flight);
            }
            app.flights.insert(task.key.clone(), task.id);
            task.leads = true;
        }
        task.fetch_ns = cx.now_ns();
        let ask = if self.options.strategy == Strategy::ReadThrough { Ask::ReadThrough } else { Ask::Get };
        self.ask_cache(cx, task, ask);
    }

    /// Asks the node of L2 that keeps the key, unless the breaker is against it.
    pub(super) fn ask_cache(&mut self, cx: &mut Cx, mut task: Task, ask: Ask) {
        if self.options.l2_capacity == 0 {
            return self.without_cache(cx, task);
        }
        let breaker = &mut self.apps[usize::from(task.app)].breaker;
        let before = breaker.state();
        let passage = breaker.ask(cx.now_ns());
        self.breaker_turned(cx, task.app, before);
        match passage {
            Passage::Barred => return self.without_cache(cx, task),
            Passage::Probe => task.probes = true,
            Passage::Through => {}
        }
        task.node = self.node_of(&self.l2_key(&task));
        let (from, to) = (self.app_id(task.app), self.node_id(task.node));
        self.go(cx, task, from, to, Stage::ToCache(ask));
    }

    fn breaker_turned(&mut self, cx: &mut Cx, app: u16, before: BreakerState) {
        let state = self.apps[usize::from(app)].breaker.state();
        if state != before {
            self.tell(cx, Event::BreakerTurned { at: self.app_id(app), state });
        }
    }

    /// L2 was not asked: the breaker is open, or there is no L2.
    pub(super) fn without_cache(&mut self, cx: &mut Cx, task: Task) {
        match task.operation {
            TierOperation::Get | TierOperation::Refresh => self.query(cx, task),
            TierOperation::Put | TierOperation::Delete if task.version.is_none() => self.query(cx, task),
            // Of a key that is split, the copies on other nodes are to be forgotten all the same.
            TierOperation::Put | TierOperation::Delete => self.cache_did(cx, task),
            _ => self.over(cx, task, TierFate::Failed),
        }
    }

    /// L2 gave no answer in time.
    pub(super) fn cache_silent(&mut self, cx: &mut Cx, mut task: Task) {
        if task.is_orphan {
            return;
        }
        self.cache_failed(cx, &mut task);
        self.without_cache(cx, task);
    }

    fn cache_failed(&mut self, cx: &mut Cx, task: &mut Task) {
        let breaker = &mut self.apps[usize::from(task.app)].breaker;
        let before = breaker.state();
        breaker.failed(std::mem::take(&mut task.probes), cx.now_ns());
        self.breaker_turned(cx, task.app, before);
    }

    /// An answer of L2 arrives.
    pub(super) fn cache_said(&mut self, cx: &mut Cx, mut task: Task, reply: Reply) {
        if task.is_orphan {
            return;
        }
        if !self.apps[usize::from(task.app)].is_up {
            return self.over(cx, task, TierFate::Failed);
        }
        if matches!(reply, Reply::Broken) {
            return self.cache_silent(cx, task);
        }
        let breaker = &mut self.apps[usize::from(task.app)].breaker;
        let before = breaker.state();
        breaker.succeeded(std::mem::take(&mut task.probes));
        self.breaker_turned(cx, task.app, before);
        match reply {
            Reply::Hit { entry, .. } if self.is_versioned() && task.pointer.is_none() => {
                if entry.value.is_none() {
                    task.source = TierSource::L2;
                    return self.answer(cx, task, &Row { version: entry.version, value: None });
                }
                task.pointer = Some(entry.version);
                self.look_into_l1(cx, task);
            }
            Reply::Hit { entry, renew } => {
                if let Some(token) = renew {
                    self.renew(cx, &task, token);
                }
                task.source = TierSource::L2;
                self.keep_in_l1(cx, &task, entry.version, entry.value.clone());
                self.answer(cx, task, &Row { version: entry.version, value: entry.value });
            }
            Reply::Miss { token } => {
                task.token = token;
                self.query(cx, task);
            }
            Reply::Locked => {
                let wait_ns = self.options.retry_ns;
                self.wait(cx, task, TierWait::Lock, wait_ns, Stage::Again);
            }
            Reply::Loaded { row } => {
                task.source = TierSource::Database;
                if row.value.is_some() || self.options.negative_ttl_ns > 0 {
                    self.keep_in_l1(cx, &task, row.version, row.value.clone());
                }
                self.answer(cx, task, &row);
            }
            Reply::Written { version } => {
                task.version = Some(version);
                self.cache_wrote(cx, task);
            }
            Reply::Done => self.cache_did(cx, task),
            Reply::Broken | Reply::Failed => self.fail(cx, task, TierFate::Failed),
        }
    }

    /// It asks for the lock again.
    pub(super) fn ask_again(&mut self, cx: &mut Cx, task: Task) {
        let ask = if self.options.strategy == Strategy::ReadThrough { Ask::ReadThrough } else { Ask::Get };
        self.ask_cache(cx, task, ask);
    }

    /// The value is read anew, beside the request that found it old.
    fn renew(&mut self, cx: &mut Cx, task: &Task, token: u64) {
        let mut refresh = self.task(cx, TierOperation::Refresh, &task.key, task.app);
        (refresh.copy, refresh.queries, refresh.token) = (task.copy, true, token);
        self.apps[usize::from(task.app)].queries += 1;
        let (from, to) = (self.app_id(task.app), self.id(super::Place::Database));
        let due_ns = cx.now_ns().saturating_add(self.options.link_ns);
        self.launch(cx, refresh, from, to, due_ns, Stage::ToDatabase);
    }

    /// The database gave an application server what it asked for.
    pub(super) fn fetched(&mut self, cx: &mut Cx, mut task: Task, row: &Row) {
        task.source = TierSource::Database;
        self.fill_l2(cx, &task, row);
        if self.is_versioned() {
            task.pointer = Some(row.version);
        }
        if row.value.is_some() || self.options.negative_ttl_ns > 0 {
            self.keep_in_l1(cx, &task, row.version, row.value.clone());
        }
        task.token = 0;
        match task.operation {
            TierOperation::Refresh => self.over(cx, task, TierFate::Served),
            _ => self.answer(cx, task, row),
        }
    }

    /// Sends what was fetched to L2, under the token of the miss; nobody waits for that.
    fn fill_l2(&mut self, cx: &mut Cx, task: &Task, row: &Row) {
        if self.options.l2_capacity == 0 || self.apps[usize::from(task.app)].breaker.state() != BreakerState::Closed {
            return;
        }
        let ttl_ns = if row.value.is_some() { self.options.l2_ttl_ns } else { self.options.negative_ttl_ns };
        if ttl_ns == 0 {
            return self.give_back(cx, task);
        }
        let cost_ns = cx.now_ns() - task.fetch_ns;
        let entry = self.entry(cx, &task.key, row.version, row.value.clone(), ttl_ns, cost_ns);
        if self.is_versioned() {
            if row.value.is_some() {
                let value_key = with(&task.key, b'@', Some(row.version));
                let token = if task.pointer.is_some() { task.token } else { 0 };
                self.send_fill(cx, task, &value_key, Some(Entry { stale_ns: 0, ..entry.clone() }), token);
            }
            let token = if task.pointer.is_none() { task.token } else { 0 };
            let value = row.value.as_ref().map(|_| Bytes::default());
            return self.send_fill(cx, task, &Tiers::pointer_key(&task.key), Some(Entry { value, ..entry }), token);
        }
        self.send_fill(cx, task, &self.l2_key(task), Some(entry), task.token);
    }

    /// Nothing was fetched: somebody else may.
    pub(super) fn give_back(&mut self, cx: &mut Cx, task: &Task) {
        if task.token != 0 {
            self.send_fill(cx, task, &self.l2_key(task), None, task.token);
        }
    }

    fn send_fill(&mut self, cx: &mut Cx, task: &Task, key: &Bytes, entry: Option<Entry>, token: u64) {
        let mut fill = self.task(cx, TierOperation::Fill, key, task.app);
        fill.node = self.node_of(key);
        fill.version = entry.as_ref().map(|entry| entry.version);
        fill.sent_ns = cx.now_ns();
        let (from, to) = (self.app_id(task.app), self.node_id(fill.node));
        let due_ns = cx.now_ns().saturating_add(self.options.link_ns);
        self.launch(cx, fill, from, to, due_ns, Stage::ToCache(Ask::Set { entry, token }));
    }

    /// Keeps a copy at the application server, if it keeps copies of this key.
    pub(super) fn keep_in_l1(&mut self, cx: &mut Cx, task: &Task, version: u64, value: Option<Bytes>) {
        let app = &self.apps[usize::from(task.app)];
        let is_hot = self.options.hot_key == HotKey::Copy && app.is_hot(&task.key, self.options.hot_per_s);
        if self.options.l1_capacity == 0 && !is_hot || task.is_void {
            return;
        }
        let key = self.l1_key(task);
        let known = app.store.peek(&key).map(|entry| entry.version);
        if self.options.guard != Guard::None && known.is_some_and(|known| known > version) {
            return;
        }
        let ttl_ns = match value {
            Some(_) => self.options.l1_ttl_ns,
            None => self.options.l1_ttl_ns.min(self.options.negative_ttl_ns),
        };
        let mut entry = self.entry(cx, &task.key, version, value, ttl_ns, 0);
        if self.is_versioned() {
            entry.stale_ns = 0;
        }
        let at = self.app_id(task.app);
        let left = self.apps[usize::from(task.app)].store.put(&key, entry.clone());
        if let Some(key) = left {
            self.tell(cx, Event::TierDropped { at, key, why: DropCause::Evicted });
        }
        self.kept(cx, at, &key, &entry);
    }

    pub(super) fn drop_from_l1(&mut self, cx: &mut Cx, app: u16, key: &Bytes, why: DropCause) {
        if self.apps[usize::from(app)].store.remove(key) {
            self.tell(cx, Event::TierDropped { at: self.app_id(app), key: key.clone(), why });
        }
    }

    /// A client is told what it asked for, and so are those who waited for the same.
    pub(super) fn answer(&mut self, cx: &mut Cx, task: Task, row: &Row) {
        let (leads, app, id, key, source) = (task.leads, task.app, task.id, task.key.clone(), task.source);
        self.answered(cx, task, row);
        if leads {
            for follower in self.land(app, id, &key) {
                if let Some(mut follower) = self.tasks.remove(&follower) {
                    follower.source = source;
                    self.answered(cx, follower, row);
                }
            }
        }
    }

    fn answered(&mut self, cx: &mut Cx, task: Task, row: &Row) {
        if row.value.is_some() {
            *self.popularity.entry(task.key.clone()).or_default() += 1;
        }
        let now_ns = cx.now_ns();
        let since = self.ledger.stale_since_ns(&task.key, row.version, task.asked_ns);
        let age_ns = since.map_or(0, |since_ns| (now_ns - since_ns).max(1));
        let latency_ns = now_ns - task.arrived_ns;
        let (request, source, version) = (task.id, task.source, row.version);
        let fate = TierFate::Served;
        self.tell(cx, Event::TierTold { request, fate, source, version, latency_ns, age_ns });
        self.heard(Told { request, client: task.client, operation: task.operation, fate, row: row.clone() });
        self.client_free(cx, &task);
    }

    /// A request failed, and with it those who waited for the same.
    pub(super) fn fail(&mut self, cx: &mut Cx, mut task: Task, fate: TierFate) {
        self.give_back(cx, &task);
        task.token = 0;
        let (leads, app, id, key) = (task.leads, task.app, task.id, task.key.clone());
        self.failed(cx, task, fate);
        if leads {
            for follower in self.land(app, id, &key) {
                if let Some(follower) = self.tasks.remove(&follower) {
                    self.failed(cx, follower, fate);
                }
            }
        }
    }

    pub(super) fn failed(&mut self, cx: &mut Cx, task: Task, fate: TierFate) {
        let latency_ns = cx.now_ns() - task.arrived_ns;
        let (request, source) = (task.id, task.source);
        self.tell(cx, Event::TierTold { request, fate, source, version: 0, latency_ns, age_ns: 0 });
        let row = Row::default();
        self.heard(Told { request, client: task.client, operation: task.operation, fate, row });
        self.client_free(cx, &task);
    }

    /// A flight has landed: those who waited for it.
    fn land(&mut self, app: u16, leader: u64, key: &Bytes) -> Vec<u64> {
        let app = &mut self.apps[usize::from(app)];
        if app.flights.get(key) == Some(&leader) {
            app.flights.remove(key);
        }
        app.parked.remove(&leader).unwrap_or_default()
    }
}

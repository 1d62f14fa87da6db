//! A node of L2 at work: one operation at a time, in the order in which they come.
//!
//! ```text
//!   get ─▶ entry ─▶ hit · expired but served · read anew early
//!            └─none─▶ somebody fetches it already? ─▶ wait (single-flight), ask again (mutex)
//!                       └─no─▶ miss, with a token where somebody will ask for it
//!   set ─▶ guard: newer than what is here and than the latest deletion? token still good? ─▶ keep, wake who waits
//! ```
//!
//! **Invariant:** who waits for a set is answered by it, or gets the right to fetch when it does not come.

use super::database::Row;
use super::node::{Debt, look_at};
use super::store::Entry;
use super::task::{Ask, Reply, Stage, Task};
use super::world::Happening;
use super::{Guard, Invalidation, Options, Stampede, Strategy, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{Bytes, DropCause, Event, TierFate, TierLook, TierOperation, TierStatus, TierWait};

impl Tiers {
    /// A request reaches its node: it is served when its turn comes, unless that is too late. A node that warms up serves
    /// nobody who asks, but has to hear of writes: what it reads meanwhile may be older.
    pub(super) fn reaches_cache(&mut self, cx: &mut Cx, task: Task, ask: Ask) {
        let node = &mut self.nodes[usize::from(task.node)];
        let late_ns = task.sent_ns.saturating_add(self.options.l2_timeout_ns);
        let done_ns = node.free_ns.max(cx.now_ns()).saturating_add(self.options.l2_service_ns);
        let serves = match node.status {
            TierStatus::Up => true,
            TierStatus::Warming => matches!(ask, Ask::Delete { .. } | Ask::Set { .. }),
            TierStatus::Down => false,
        };
        if serves && done_ns <= late_ns {
            node.free_ns = done_ns;
            return self.plan(done_ns, task, Stage::AtCache(ask));
        }
        if serves {
            // It will be served, and nobody will wait for that any more.
            node.free_ns = done_ns.min(late_ns.saturating_add(self.options.l2_timeout_ns));
        }
        let wait_ns = late_ns.saturating_sub(cx.now_ns());
        self.wait(cx, task, TierWait::Silence, wait_ns, Stage::Silent);
    }

    pub(super) fn at_cache(&mut self, cx: &mut Cx, task: Task, ask: Ask) {
        match ask {
            Ask::Get => self.cache_get(cx, task, false),
            Ask::ReadThrough => self.cache_get(cx, task, true),
            Ask::Set { entry, token } if task.operation == TierOperation::Fill => {
                let (node, key) = (task.node, task.key.clone());
                self.over(cx, task, TierFate::Served);
                self.settle(cx, node, &key, entry, token);
            }
            Ask::Set { entry, .. } => {
                if let Some(entry) = entry {
                    self.set_newer(cx, task.node, &Tiers::pointer_key(&task.key), entry);
                }
                self.reply(cx, task, Reply::Done);
            }
            Ask::Delete { version } => {
                self.forget(cx, task.node, &self.l2_key(&task), version);
                self.reply(cx, task, Reply::Done);
            }
            Ask::WriteThrough => self.query_from_cache(cx, task),
            Ask::WriteBehind => self.take_over(cx, task),
        }
    }

    pub(super) fn reply(&mut self, cx: &mut Cx, mut task: Task, reply: Reply) {
        task.at_cache = false;
        let (from, to) = (self.node_id(task.node), self.app_id(task.app));
        self.go(cx, task, from, to, Stage::FromCache(reply));
    }

    fn cache_get(&mut self, cx: &mut Cx, task: Task, reads_through: bool) {
        let (now_ns, key) = (cx.now_ns(), self.l2_key(&task));
        let node = &self.nodes[usize::from(task.node)];
        let owed = node.debt(&key).map(|debt| (debt.version, debt.value.clone()));
        let known = node.store.peek(&key).cloned();
        let mut look = look_at(known.as_ref(), now_ns);
        if let Some(entry) = &known {
            look = self.look_twice(look, entry, now_ns);
        }
        if owed.is_some() && !matches!(look, TierLook::Hit | TierLook::Absent) {
            look = TierLook::Hit;
        }
        let coordinates = matches!(self.options.stampede, Stampede::SingleFlight | Stampede::Mutex);
        let is_miss = matches!(look, TierLook::Miss | TierLook::Expired);
        let is_locked = self.nodes[usize::from(task.node)].is_locked(&key, now_ns);
        if look == TierLook::Expired {
            self.drop_from_l2(cx, task.node, &key, DropCause::Expired);
        }
        if is_miss && coordinates && is_locked && look != TierLook::Expired {
            look = TierLook::Locked;
        }
        self.nodes[usize::from(task.node)].count(look);
        let (request, at) = (task.id, self.node_id(task.node));
        self.tell(cx, Event::TierLooked { request, at, key: key.clone(), look });
        match (look, known) {
            (TierLook::Hit | TierLook::Absent | TierLook::Stale, known) => {
                let entry = match (owed, known) {
                    (Some((version, value)), _) => self.entry(cx, &task.key, version, value, self.options.l2_ttl_ns, 0),
                    (None, Some(entry)) => entry,
                    (None, None) => return self.reply(cx, task, Reply::Miss { token: 0 }),
                };
                let renew = self.renewal(cx, task.node, &key, look);
                self.reply(cx, task, Reply::Hit { entry, renew });
            }
            _ if coordinates && is_locked && self.options.stampede == Stampede::Mutex => {
                self.reply(cx, task, Reply::Locked);
            }
            _ if coordinates && is_locked => {
                if let Some(lock) = self.nodes[usize::from(task.node)].locks.get_mut(&key) {
                    lock.parked.push(task.id);
                }
                self.park(cx, task, TierWait::Flight);
            }
            _ => {
                let wants_token = coordinates || self.options.guard == Guard::Lease && !is_locked;
                let token = if wants_token { self.grant(cx, task.node, &key) } else { 0 };
                self.may_fetch(cx, task, token, reads_through);
            }
        }
    }

    /// What the cures make of an entry that is there: expired ones may be served, others may be read anew early.
    fn look_twice(&mut self, look: TierLook, entry: &Entry, now_ns: u64) -> TierLook {
        match (look, self.options.stampede) {
            (TierLook::Expired, Stampede::StaleWhileRevalidate)
                if now_ns < entry.expires_ns.saturating_add(self.options.grace_ns) =>
            {
                TierLook::Stale
            }
            (TierLook::Hit, Stampede::Early) => {
                let eager_ns = entry.cost_ns as f64 * self.options.beta * -libm::log(1.0 - self.random.unit());
                let is_early = now_ns as f64 + eager_ns >= entry.expires_ns as f64;
                if is_early { TierLook::Early } else { look }
            }
            _ => look,
        }
    }

    /// An entry is used. Whether who uses it shall read it anew, and under which token: a lease, where sets need one.
    fn renewal(&mut self, cx: &Cx, node: u16, key: &Bytes, look: TierLook) -> Option<u64> {
        if !self.is_due(node, key, look, cx.now_ns()) {
            return None;
        }
        if self.options.guard != Guard::Lease || self.options.invalidation == Invalidation::Versions {
            return Some(0);
        }
        // Whoever holds the lease already brings a new value.
        let is_locked = self.nodes[usize::from(node)].is_locked(key, cx.now_ns());
        if is_locked { None } else { Some(self.grant(cx, node, key)) }
    }

    fn is_due(&mut self, node: u16, key: &Bytes, look: TierLook, now_ns: u64) -> bool {
        let Options { strategy, refresh_percent, lock_ns, .. } = self.options;
        let Some(entry) = self.nodes[usize::from(node)].store.get(key) else { return false };
        let life_ns = entry.expires_ns.saturating_sub(entry.kept_ns);
        let last_part_ns = (u128::from(life_ns) * u128::from(refresh_percent) / 100) as u64;
        let is_due = look == TierLook::Stale
            || strategy == Strategy::RefreshAhead && now_ns >= entry.expires_ns.saturating_sub(last_part_ns);
        if !is_due || now_ns < entry.renewing_ns {
            return false;
        }
        entry.renewing_ns = now_ns.saturating_add(lock_ns);
        true
    }

    fn grant(&mut self, cx: &Cx, node: u16, key: &Bytes) -> u64 {
        let until_ns = cx.now_ns().saturating_add(self.options.lock_ns);
        let home = &mut self.nodes[usize::from(node)];
        let (token, life) = (home.grant(key, until_ns), home.life);
        self.queue.push(until_ns, Happening::LockOver { node, life, key: key.clone(), token });
        token
    }

    /// A request may fetch what it did not find: by itself, or the node does it.
    fn may_fetch(&mut self, cx: &mut Cx, mut task: Task, token: u64, reads_through: bool) {
        if reads_through {
            task.token = token;
            task.fetch_ns = cx.now_ns();
            return self.query_from_cache(cx, task);
        }
        self.reply(cx, task, Reply::Miss { token });
    }

    /// The right to fetch is over, and the set has not come: the next of those who wait may try.
    pub(super) fn lock_over(&mut self, cx: &mut Cx, node: u16, life: u32, key: &Bytes, token: u64) {
        let home = &mut self.nodes[usize::from(node)];
        if home.life != life || home.locks.get(key).is_none_or(|lock| lock.token != token) {
            return;
        }
        let parked = home.locks.remove(key).map(|lock| lock.parked).unwrap_or_default();
        self.note(cx, self.node_id(node), "lock-over", || format!("The lock on {key} is over; nobody has set it."));
        self.pass_on(cx, node, key, parked);
    }

    /// The first of those who wait fetches; the others go on waiting.
    fn pass_on(&mut self, cx: &mut Cx, node: u16, key: &Bytes, parked: Vec<u64>) {
        let mut there: Vec<u64> = parked.into_iter().filter(|id| self.tasks.contains_key(id)).collect();
        if there.is_empty() {
            return;
        }
        let first = there.remove(0);
        let token = self.grant(cx, node, key);
        if let Some(lock) = self.nodes[usize::from(node)].locks.get_mut(key) {
            lock.parked = there;
        }
        if let Some(task) = self.tasks.remove(&first) {
            let reads_through = self.options.strategy == Strategy::ReadThrough;
            self.may_fetch(cx, task, token, reads_through);
        }
    }

    /// What was fetched is to be kept (nothing: it could not be fetched), and those who wait for it are answered.
    pub(super) fn settle(&mut self, cx: &mut Cx, node: u16, key: &Bytes, entry: Option<Entry>, token: u64) {
        let is_kept = match &entry {
            Some(entry) if self.is_wanted(node, key, entry, token, cx.now_ns()) => {
                self.keep_in_l2(cx, node, key, entry.clone());
                true
            }
            Some(entry) => {
                let (version, why) = (entry.version, self.why_refused(token));
                self.note(cx, self.node_id(node), "set-refused", || {
                    format!("The set of {key} to version {version} is refused: {why}.")
                });
                false
            }
            None => false,
        };
        let home = &mut self.nodes[usize::from(node)];
        if token == 0 || home.locks.get(key).is_none_or(|lock| lock.token != token) {
            return;
        }
        let parked = home.locks.remove(key).map(|lock| lock.parked).unwrap_or_default();
        let found = home.store.peek(key).filter(|entry| cx.now_ns() < entry.expires_ns).cloned();
        match found.or(entry.filter(|_| is_kept)) {
            Some(entry) => {
                for id in parked {
                    if let Some(task) = self.tasks.remove(&id) {
                        self.reply(cx, task, Reply::Hit { entry: entry.clone(), renew: None });
                    }
                }
            }
            None => self.pass_on(cx, node, key, parked),
        }
    }

    fn why_refused(&self, token: u64) -> &'static str {
        match self.options.guard {
            Guard::Lease if self.options.invalidation != Invalidation::Versions => match token {
                0 => "it has no lease, for another request held it",
                _ => "its lease is over, for the key was written meanwhile, or it took too long",
            },
            _ => "a newer version came between",
        }
    }

    fn is_wanted(&self, node: u16, key: &Bytes, entry: &Entry, token: u64, now_ns: u64) -> bool {
        let home = &self.nodes[usize::from(node)];
        match self.options.guard {
            _ if self.options.invalidation == Invalidation::Versions => home.is_newest(key, entry.version, now_ns),
            Guard::None => true,
            Guard::Version => home.is_newest(key, entry.version, now_ns),
            Guard::Lease => home.locks.get(key).is_some_and(|lock| lock.token == token && !lock.is_void),
        }
    }

    pub(super) fn keep_in_l2(&mut self, cx: &mut Cx, node: u16, key: &Bytes, entry: Entry) {
        let at = self.node_id(node);
        let left = self.nodes[usize::from(node)].store.put(key, entry.clone());
        if let Some(key) = left {
            self.tell(cx, Event::TierDropped { at, key, why: DropCause::Evicted });
        }
        self.kept(cx, at, key, &entry);
    }

    /// A writer sets an entry itself: it stays unless there is a newer one, and what was fetched before is not wanted any more.
    pub(super) fn set_newer(&mut self, cx: &mut Cx, node: u16, key: &Bytes, entry: Entry) {
        let version = entry.version;
        self.outdate_fetches(cx, node, key, version);
        let newest = self.nodes[usize::from(node)].store.peek(key).map_or(0, |known| known.version);
        if version >= newest {
            self.keep_in_l2(cx, node, key, entry);
        }
    }

    fn outdate_fetches(&mut self, cx: &Cx, node: u16, key: &Bytes, version: u64) {
        let until_ns = cx.now_ns().saturating_add(self.options.lock_ns);
        let home = &mut self.nodes[usize::from(node)];
        if let Some(lock) = home.locks.get_mut(key) {
            lock.is_void = self.options.guard == Guard::Lease;
        }
        // What a node reads to warm itself up has no lease: versions tell it what is too old.
        let is_warming = home.status == TierStatus::Warming && self.options.guard == Guard::Lease;
        if self.options.guard == Guard::Version || is_warming {
            let mark = home.marks.entry(key.clone()).or_insert((0, 0));
            *mark = (mark.0.max(version), until_ns);
        }
    }

    /// Forgets an entry, because there is a newer version.
    pub(super) fn forget(&mut self, cx: &mut Cx, node: u16, key: &Bytes, version: u64) {
        self.outdate_fetches(cx, node, key, version);
        self.drop_from_l2(cx, node, key, DropCause::Invalidated);
    }

    pub(super) fn drop_from_l2(&mut self, cx: &mut Cx, node: u16, key: &Bytes, why: DropCause) {
        if self.nodes[usize::from(node)].store.remove(key) {
            self.tell(cx, Event::TierDropped { at: self.node_id(node), key: key.clone(), why });
        }
    }

    /// Write-behind: the node keeps the write, says that it is done, and owes it to the database.
    fn take_over(&mut self, cx: &mut Cx, mut task: Task) {
        let version = self.new_version();
        task.version = Some(version);
        self.bloom.add(&task.key);
        self.written(cx, &task.key, version);
        let key = self.l2_key(&task);
        let mut entry = self.entry(cx, &task.key, version, task.value.clone(), self.options.l2_ttl_ns, 0);
        entry.dirty = true;
        self.set_newer(cx, task.node, &key, entry);
        let node = &mut self.nodes[usize::from(task.node)];
        let debt = Debt { version, value: task.value.clone(), covers: Vec::new() };
        if node.owe(&task.key, debt) {
            self.note(cx, self.node_id(task.node), "coalesced", || {
                format!("{} was still to be written: the two writes are one now.", task.key)
            });
        }
        self.plan_flush(cx, task.node);
        self.reply(cx, task, Reply::Written { version });
    }

    /// The database gave a node what it asked for on behalf of a request.
    pub(super) fn node_fetched(&mut self, cx: &mut Cx, mut task: Task, row: Option<Row>) {
        let (node, key, token) = (task.node, self.l2_key(&task), std::mem::take(&mut task.token));
        let Some(row) = row else {
            self.settle(cx, node, &key, None, token);
            return self.reply(cx, task, Reply::Failed);
        };
        if task.operation != TierOperation::Get {
            task.version = Some(row.version);
            if row.value.is_some() {
                let entry = self.entry(cx, &task.key, row.version, row.value.clone(), self.options.l2_ttl_ns, 0);
                self.set_newer(cx, node, &key, entry);
            } else {
                self.forget(cx, node, &key, row.version);
            }
            return self.reply(cx, task, Reply::Written { version: row.version });
        }
        let ttl_ns = if row.value.is_some() { self.options.l2_ttl_ns } else { self.options.negative_ttl_ns };
        let cost_ns = cx.now_ns() - task.fetch_ns;
        let entry = self.entry(cx, &task.key, row.version, row.value.clone(), ttl_ns, cost_ns);
        self.settle(cx, node, &key, Some(entry).filter(|_| ttl_ns > 0), token);
        self.reply(cx, task, Reply::Loaded { row });
    }
}

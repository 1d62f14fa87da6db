//! Writes, at an application server; and the news of them.
//!
//! ```text
//!   cache-aside, read-through, refresh-ahead   database ─▶ delete from L1 and L2 ─▶ told ─▶ news to other servers
//!   write-around                               database ─▶ told ─▶ news
//!   write-through                              L2 node ─▶ database ─▶ L2 keeps it ─▶ L1 keeps it ─▶ told ─▶ news
//!   write-behind                               L2 node keeps it ─▶ told ─▶ news … some time later ─▶ database
//! ```
//!
//! News and deletions are those of [`Invalidation::Events`]; with a time to live alone nobody is told, with versioned keys
//! the pointer to the current version is moved.

use super::node::Debt;
use super::task::{Ask, Stage, Task};
use super::{Guard, HotKey, Invalidation, Strategy, Tiers};
use glassbase_sim::Cx;
use glassbase_sim::network::Fate;
use glassbase_trace::{Bytes, DropCause, TierFate, TierOperation, TierSource};

impl Tiers {
    pub(super) fn begin_write(&mut self, cx: &mut Cx, task: Task) {
        match self.options.strategy {
            Strategy::WriteThrough => self.ask_cache(cx, task, Ask::WriteThrough),
            Strategy::WriteBehind => self.ask_cache(cx, task, Ask::WriteBehind),
            _ => self.query(cx, task),
        }
    }

    /// The database has the write.
    pub(super) fn after_write(&mut self, cx: &mut Cx, task: Task) {
        let version = task.version.unwrap_or_default();
        match self.options.invalidation {
            Invalidation::Ttl => self.finish_write(cx, task),
            Invalidation::Versions => {
                let value = task.value.as_ref().map(|_| Bytes::default());
                let entry = self.entry(cx, &task.key, version, value, self.options.l2_ttl_ns, 0);
                self.ask_cache(cx, task, Ask::Set { entry: Some(entry), token: 0 });
            }
            Invalidation::Events => {
                self.forget_here(cx, task.app, &task.key);
                if self.options.strategy == Strategy::WriteAround {
                    return self.finish_write(cx, task);
                }
                self.ask_cache(cx, task, Ask::Delete { version });
            }
        }
    }

    /// A node of L2 has written: through to the database, or behind.
    pub(super) fn cache_wrote(&mut self, cx: &mut Cx, mut task: Task) {
        if self.options.strategy == Strategy::WriteBehind {
            // The database knows nothing of it yet.
            task.source = TierSource::L2;
        }
        let version = task.version.unwrap_or_default();
        self.forget_here(cx, task.app, &task.key);
        if task.value.is_some() {
            self.keep_in_l1(cx, &task, version, task.value.clone());
        }
        self.cache_did(cx, task);
    }

    /// L2 did what a write asked for, or can't be asked: of a key that is split, the other copies are next.
    pub(super) fn cache_did(&mut self, cx: &mut Cx, mut task: Task) {
        if self.options.invalidation == Invalidation::Events && task.copy + 1 < self.copies() {
            task.copy += 1;
            let version = task.version.unwrap_or_default();
            return self.ask_cache(cx, task, Ask::Delete { version });
        }
        self.finish_write(cx, task);
    }

    /// Under how many names L2 keeps a key.
    pub(super) fn copies(&self) -> u32 {
        if self.options.hot_key == HotKey::Split { self.options.copies } else { 1 }
    }

    /// The client is told, and the news is sent.
    pub(super) fn finish_write(&mut self, cx: &mut Cx, task: Task) {
        if self.options.invalidation == Invalidation::Events {
            self.send_news(cx, &task);
        }
        let (version, now_ns) = (task.version.unwrap_or_default(), cx.now_ns());
        self.ledger.acknowledged(&task.key, version, now_ns);
        let latency_ns = now_ns - task.arrived_ns;
        let (request, source, fate) = (task.id, task.source, TierFate::Served);
        let told = glassbase_trace::Event::TierTold { request, fate, source, version, latency_ns, age_ns: 0 };
        self.tell(cx, told);
        let row = super::Row { version, value: task.value.clone() };
        self.heard(super::Told { request, client: task.client, operation: task.operation, fate, row });
        self.client_free(cx, &task);
    }

    fn send_news(&mut self, cx: &mut Cx, task: &Task) {
        let (from, version) = (self.app_id(task.app), task.version.unwrap_or_default());
        let others = (0..self.options.apps).filter(|app| *app != task.app);
        // A server, and for L2 the copy that it is about.
        let mut receivers: Vec<(u16, u32)> = others.map(|app| (app, 0)).collect();
        if self.options.strategy == Strategy::WriteAround && self.options.l2_capacity > 0 {
            receivers.extend((0..self.copies()).map(|copy| (task.app, copy)));
        }
        for (app, copy) in receivers {
            let mut news = self.task(cx, TierOperation::Invalidate, &task.key, app);
            (news.version, news.copy, news.at_cache) = (Some(version), copy, app == task.app);
            news.node = self.node_of(&self.l2_key(&news));
            let to = if news.at_cache { self.node_id(news.node) } else { self.app_id(app) };
            let late_ns = if news.at_cache { self.options.bus_ns } else { 0 };
            let fate = self.network.route(cx.now_ns(), from, to, 100, "news");
            match fate {
                Fate::At(due_ns) | Fate::Twice(due_ns, _) => {
                    self.launch(cx, news, from, to, due_ns.saturating_add(late_ns), Stage::News { version });
                }
                Fate::Lost(..) => {
                    self.note(cx, from, "news-lost", || {
                        format!("The news of {} is lost on its way to {to}.", task.key)
                    });
                }
            }
        }
    }

    /// News of a write arrives.
    pub(super) fn news(&mut self, cx: &mut Cx, task: Task, version: u64) {
        let (key, name, app, node) = (task.key.clone(), self.l2_key(&task), task.app, task.node);
        let at_cache = task.at_cache;
        self.over(cx, task, TierFate::Served);
        if !at_cache {
            return self.forget_here(cx, app, &key);
        }
        if self.nodes[usize::from(node)].status != glassbase_trace::TierStatus::Down {
            self.forget(cx, node, &name, version);
        }
    }

    /// An application server forgets a key; with a guard, also what is on its way to it.
    fn forget_here(&mut self, cx: &mut Cx, app: u16, key: &Bytes) {
        self.drop_from_l1(cx, app, key, DropCause::Invalidated);
        if self.options.guard == Guard::None {
            return;
        }
        self.apps[usize::from(app)].flights.remove(key);
        for task in self.tasks.values_mut().filter(|task| task.app == app && task.key == *key) {
            task.is_void = true;
        }
    }

    /// A write that a node of L2 owed will never reach the database, nor those that it stands for.
    pub(super) fn lose(&mut self, cx: &mut Cx, key: &Bytes, debt: &Debt) {
        let there = self.version_there(key);
        let mut gone: Vec<u64> =
            debt.covers.iter().copied().chain([debt.version]).filter(|gone| *gone > there).collect();
        glassbase_trace::sorting::sort_by(&mut gone, |a, b| a.cmp(b));
        for version in gone {
            self.ledger.lost(key, version);
            self.tell(cx, glassbase_trace::Event::TierLost { key: key.clone(), version });
        }
    }
}

//! Write-behind: a node of L2 pays what it owes the database. And warming: it reads what will be asked for.
//!
//! ```text
//!   write ─▶ dirty (one entry a key: the newest) ──every flush_ns, a batch──▶ flushing ─▶ database ─▶ clean
//!                      ▲                                                        │ refused
//!                      └────────────────────────────────────────────────────────┘ unless a newer one is dirty
//! ```
//!
//! **Invariant:** a write that was acknowledged is dirty, flushing, in the database, or told as lost; or a newer one of the
//! same key is.

use super::database::Row;
use super::task::{Stage, Task};
use super::world::Happening;
use super::{Guard, Place, TierError, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{Bytes, Event, TierFate, TierOperation, TierStatus};

/// Keys that a node reads at once while it warms up.
const WARM_AT_ONCE: u32 = 4;

impl Tiers {
    pub(super) fn plan_flush(&mut self, cx: &Cx, node: u16) {
        let home = &mut self.nodes[usize::from(node)];
        if home.flush_planned || !home.may_flush() {
            return;
        }
        home.flush_planned = true;
        let due_ns = cx.now_ns().saturating_add(self.options.flush_ns);
        self.queue.push(due_ns, Happening::Flush { node, life: home.life });
    }

    pub(super) fn flush(&mut self, cx: &mut Cx, node: u16, life: u32) {
        let home = &mut self.nodes[usize::from(node)];
        if home.life != life || home.status != TierStatus::Up {
            return;
        }
        home.flush_planned = false;
        for _ in 0..self.options.flush_batch {
            let home = &mut self.nodes[usize::from(node)];
            // A key that is on its way has to arrive first.
            let Some(at) = home.order.iter().position(|key| !home.flushing.contains_key(key)) else { break };
            let Some(key) = home.order.remove(at) else { break };
            let Some(debt) = home.dirty.remove(&key) else { continue };
            let mut task = self.task(cx, TierOperation::Flush, &key, 0);
            (task.value, task.version) = (debt.value.clone(), Some(debt.version));
            (task.node, task.life, task.at_cache) = (node, life, true);
            self.nodes[usize::from(node)].flushing.insert(key, debt);
            self.launch_to_database(cx, task);
        }
        self.plan_flush(cx, node);
    }

    fn launch_to_database(&mut self, cx: &mut Cx, task: Task) {
        let (from, to) = (self.node_id(task.node), self.id(Place::Database));
        let due_ns = cx.now_ns().saturating_add(self.options.link_ns);
        if self.network.is_cut(from, to) {
            let late_ns = due_ns.saturating_add(self.options.database_timeout_ns);
            self.launch(cx, task, from, to, late_ns, Stage::FromDatabase(None));
            return;
        }
        self.launch(cx, task, from, to, due_ns, Stage::ToDatabase);
    }

    /// The database answers to a flush.
    pub(super) fn flushed(&mut self, cx: &mut Cx, task: Task, row: Option<Row>) {
        let (node, key, version) = (task.node, task.key.clone(), task.version.unwrap_or_default());
        let is_same_life =
            self.nodes[usize::from(node)].life == task.life && self.nodes[usize::from(node)].status == TierStatus::Up;
        let id = task.id;
        self.over(cx, task, if row.is_some() { TierFate::Served } else { TierFate::Failed });
        if !is_same_life {
            // Nobody knows of it any more.
            return self.adrift.remove(&id).map_or((), |debt| self.lose(cx, &key, &debt));
        }
        let home = &mut self.nodes[usize::from(node)];
        let debt = home.flushing.remove(&key);
        if row.is_none() {
            match (debt, home.dirty.get_mut(&key)) {
                (Some(debt), Some(newer)) => newer.covers.extend(debt.covers.iter().chain([&debt.version])),
                (Some(debt), None) => drop(home.owe(&key, debt)),
                (None, _) => {}
            }
        } else if !home.dirty.contains_key(&key) {
            self.clean(cx, node, &key, version);
        }
        self.plan_flush(cx, node);
    }

    fn clean(&mut self, cx: &mut Cx, node: u16, key: &Bytes, version: u64) {
        let kept = self.nodes[usize::from(node)].store.peek_mut(key);
        let Some(entry) = kept.filter(|entry| entry.version == version) else { return };
        entry.dirty = false;
        let entry = entry.clone();
        self.kept(cx, self.node_id(node), key, &entry);
    }

    /// A node that was started reads the keys that are asked for most, of its own, before it takes requests.
    pub(super) fn warm(&mut self, cx: &mut Cx, node: u16) {
        let mut popular: Vec<(u64, Bytes)> = self.popularity.iter().map(|(key, count)| (*count, key.clone())).collect();
        glassbase_trace::sorting::sort_by(&mut popular, |a, b| b.0.cmp(&a.0));
        // Which versioned values are its own shows when it has read them.
        let is_ours =
            |key: &Bytes| self.is_versioned() || self.l2_names(key, 0).iter().any(|name| self.home(name) == node);
        let ours = popular.into_iter().map(|(_, key)| key).filter(is_ours);
        let keys = ours.take(self.options.l2_capacity as usize).collect();
        self.nodes[usize::from(node)].to_warm = keys;
        self.warm_on(cx, node);
    }

    /// The node of L2 that a name belongs to, whether it is up or not.
    fn home(&self, name: &Bytes) -> u16 {
        self.ring.node(name, |_| true)
    }

    /// A batch job puts k1 and so on into L2, all at one moment; what it reads for that it reads from a copy of the
    /// database, which nobody waits for. Gives how many of them are there now.
    pub fn fill(&mut self, cx: &mut Cx, count: u64) -> Result<u64, TierError> {
        let mut filled = 0;
        for number in 1..=count {
            let key = Bytes::typed(&format!("k{number}"));
            let row = self.row(&key)?;
            if row.value.is_none() || self.options.l2_capacity == 0 {
                continue;
            }
            let mut is_there = true;
            for name in self.l2_names(&key, row.version) {
                let node = self.node_of(&name);
                is_there &= self.nodes[usize::from(node)].status == TierStatus::Up;
                if self.nodes[usize::from(node)].status == TierStatus::Up {
                    self.put_in(cx, node, &key, &name, &row, self.options.database_ns);
                }
            }
            filled += u64::from(is_there);
        }
        Ok(filled)
    }

    /// Keeps a row under one of the names of its key.
    fn put_in(&mut self, cx: &mut Cx, node: u16, key: &Bytes, name: &Bytes, row: &Row, cost_ns: u64) {
        let mut entry = self.entry(cx, key, row.version, row.value.clone(), self.options.l2_ttl_ns, cost_ns);
        if self.is_versioned() {
            // A pointer has no value, and a version is never out of date.
            let is_pointer = *name == Tiers::pointer_key(key);
            entry.value = entry.value.map(|value| if is_pointer { Bytes::default() } else { value });
            entry.stale_ns = if is_pointer { entry.stale_ns } else { 0 };
        }
        self.keep_in_l2(cx, node, name, entry);
    }

    fn warm_on(&mut self, cx: &mut Cx, node: u16) {
        while self.nodes[usize::from(node)].warming < WARM_AT_ONCE {
            let home = &mut self.nodes[usize::from(node)];
            let Some(key) = home.to_warm.pop_front() else { break };
            home.warming += 1;
            let life = home.life;
            let mut task = self.task(cx, TierOperation::Warm, &key, 0);
            (task.node, task.life, task.at_cache) = (node, life, true);
            self.launch_to_database(cx, task);
        }
        let home = &mut self.nodes[usize::from(node)];
        if home.warming == 0 && home.status == TierStatus::Warming {
            home.status = TierStatus::Up;
            self.tell(cx, Event::TierStatusChanged { at: self.node_id(node), status: TierStatus::Up });
        }
    }

    pub(super) fn warmed(&mut self, cx: &mut Cx, task: Task, row: Option<Row>) {
        let (node, life, key) = (task.node, task.life, task.key.clone());
        let cost_ns = cx.now_ns() - task.asked_ns;
        self.over(cx, task, if row.is_some() { TierFate::Served } else { TierFate::Failed });
        if self.nodes[usize::from(node)].life != life || self.nodes[usize::from(node)].status == TierStatus::Down {
            return;
        }
        if let Some(row) = row.filter(|row| row.value.is_some()) {
            self.keep_warmed(cx, node, &key, &row, cost_ns);
        }
        let home = &mut self.nodes[usize::from(node)];
        home.warming = home.warming.saturating_sub(1);
        self.warm_on(cx, node);
    }

    /// Keeps what a node has read to warm itself up, under the names that are its own, unless it has heard of a newer write.
    fn keep_warmed(&mut self, cx: &mut Cx, node: u16, key: &Bytes, row: &Row, cost_ns: u64) {
        let is_guarded = self.options.guard != Guard::None || self.is_versioned();
        for name in self.l2_names(key, row.version) {
            let is_wanted = !is_guarded || self.nodes[usize::from(node)].is_newest(&name, row.version, cx.now_ns());
            if is_wanted && self.home(&name) == node {
                self.put_in(cx, node, key, &name, row, cost_ns);
            }
        }
    }
}

//! The world of a stack: who is next, in front or in a shard; and what they have for one another.
//!
//! ```text
//!                     ┌──────────── the earliest of ────────────┐
//!   Tiers::next_ns ───┤  each shard's Cluster::next_ns          ├──▶ it takes its step
//!                     └── own queue (keys that move on) ────────┘        │
//!   tiers.take_queries ──▶ errands ──▶ shard.ask      shard.last ──▶ errand over ──▶ tiers.give_answer
//! ```

use glassbase_cache::{Asked, Row, Tiers, Told, Workload};
use glassbase_history::{Call as HistoryCall, History, OpId, Outcome};
use glassbase_replication::cluster::Cluster;
use glassbase_replication::message::RequestId;
use glassbase_sharding::ClusterMap;
use glassbase_sim::{Cx, EventQueue};
use glassbase_trace::parts::sharding::StreamState;
use glassbase_trace::parts::stack::{GoalState, Weave};
use glassbase_trace::sorted::{SortedMap, SortedSet};
use glassbase_trace::{Bytes, Event, NodeId, TierFate, TierOperation};

use std::collections::VecDeque;
use std::rc::Rc;

use super::reshard::Move;
use super::router::Errand;
use super::{Options, StackError};

/// Something that the stack itself has to do.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// The next key moves.
    MoveOn,
    /// A server that was turned away has the newer map.
    SendAgain(u64),
}

/// A shard: a cluster, and the router's connections to it.
#[derive(Clone)]
pub(super) struct Group {
    pub shard: NodeId,
    pub cluster: Cluster,
    /// Connections in use: what each client of the cluster asks for.
    pub busy: SortedMap<NodeId, (RequestId, u64)>,
    /// Errands that wait for a connection.
    pub waiting: VecDeque<u64>,
    /// Who answered the last write.
    pub led_by: Option<NodeId>,
    /// The operation that ended last, as far as the router has heard.
    pub heard: RequestId,
}

/// A request that is over, as its client knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub request: u64,
    pub operation: TierOperation,
    pub fate: TierFate,
    pub row: Row,
}

/// A stack at work.
#[derive(Clone)]
pub struct Stack {
    pub(super) options: Options,
    pub(super) tiers: Tiers,
    pub(super) groups: Vec<Group>,
    pub(super) map: ClusterMap,
    /// What each application server goes by, if not by the router's.
    pub(super) copies: Vec<ClusterMap>,
    pub(super) bounced: u64,
    pub(super) queue: EventQueue<Happening>,
    pub(super) errands: SortedMap<u64, Errand>,
    pub(super) next_errand: u64,
    /// Keys that are being written, and errands that wait to write them.
    pub(super) locks: SortedMap<Bytes, VecDeque<u64>>,
    /// Every key that was ever written: the router's list.
    pub(super) keys: SortedSet<Bytes>,
    pub(super) moving: Option<Move>,
    pub(super) streams: Vec<Rc<StreamState>>,
    /// What clients asked and were told.
    pub history: History,
    open: SortedMap<u64, OpId>,
    pub(super) last: Option<Ended>,
    /// Rows that the router is still to write without anybody asking.
    pub(super) preloading: VecDeque<Bytes>,
    pub(super) under_way: u64,
    /// How often that was begun.
    pub(super) preloads: u32,
    pub(super) weave: Weave,
    pub(super) goal: Option<Rc<GoalState>>,
}

impl Stack {
    /// A stack that has just been started, with nothing in it.
    pub fn new(cx: &mut Cx, options: Options) -> Result<Stack, StackError> {
        options.check()?;
        let tiers = Tiers::new(cx.seed(), options.tiers.clone())?;
        let map = ClusterMap::new(options.map.clone(), options.shards)?;
        let weave = Weave { apps: options.tiers.apps, caches: options.tiers.caches, ..Weave::default() };
        let copies = if options.copies { vec![map.clone(); usize::from(options.tiers.apps)] } else { Vec::new() };
        let mut stack = Stack {
            tiers,
            map,
            copies,
            bounced: 0,
            groups: Vec::new(),
            queue: EventQueue::default(),
            errands: SortedMap::new(),
            next_errand: 0,
            locks: SortedMap::new(),
            keys: SortedSet::new(),
            moving: None,
            streams: Vec::new(),
            history: History::new(),
            open: SortedMap::new(),
            last: None,
            preloading: VecDeque::new(),
            under_way: 0,
            preloads: 0,
            weave,
            goal: None,
            options,
        };
        for number in 1..=stack.options.shards {
            let group = stack.group(cx, NodeId(number))?;
            stack.groups.push(group);
        }
        Ok(stack)
    }

    /// A shard's cluster, just started. Nothing of that is told; its seed is its own.
    pub(super) fn group(&self, cx: &Cx, shard: NodeId) -> Result<Group, StackError> {
        let mut own = Cx::new(cx.seed().wrapping_mul(31).wrapping_add(u64::from(shard.0)));
        own.recorder.switch(false);
        own.pass(cx.now_ns());
        let cluster = Cluster::new(&mut own, self.options.cluster.clone());
        let cluster = cluster.map_err(|error| StackError::Shard { shard, error })?;
        let (busy, waiting) = (SortedMap::new(), VecDeque::new());
        Ok(Group { shard, cluster, busy, waiting, led_by: None, heard: RequestId(0) })
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    pub fn map(&self) -> &ClusterMap {
        &self.map
    }

    /// A shard as a cluster.
    pub fn cluster(&self, shard: NodeId) -> Option<&Cluster> {
        self.groups.iter().find(|group| group.shard == shard).map(|group| &group.cluster)
    }

    pub fn shards(&self) -> impl Iterator<Item = NodeId> {
        self.groups.iter().map(|group| group.shard)
    }

    /// The request that ended last.
    pub fn last(&self) -> Option<&Ended> {
        self.last.as_ref()
    }

    /// When the next thing happens; nothing if nothing will.
    pub fn next_ns(&self) -> Option<u64> {
        let shards = self.groups.iter().filter_map(|group| group.cluster.next_ns());
        shards.chain(self.tiers.next_ns()).chain(self.queue.next_ns()).min()
    }

    /// Lets the next thing happen; false if there is none.
    pub fn step(&mut self, cx: &mut Cx) -> bool {
        let Some(next_ns) = self.next_ns() else { return false };
        self.watched(cx, |stack, cx| {
            if stack.queue.next_ns() == Some(next_ns) {
                if let Some((time_ns, happening)) = stack.queue.pop() {
                    cx.pass(time_ns.saturating_sub(cx.now_ns()));
                    match happening {
                        Happening::MoveOn => stack.move_on(cx),
                        Happening::SendAgain(number) => stack.send(cx, number),
                    }
                }
            } else if stack.tiers.next_ns() == Some(next_ns) {
                stack.tiers.step(cx);
                stack.after_tiers(cx);
            } else if let Some(at) = stack.groups.iter().position(|group| group.cluster.next_ns() == Some(next_ns)) {
                stack.inside(cx, at, |cluster, cx| cluster.step(cx));
                stack.after_shard(cx, at);
            }
        });
        true
    }

    /// Lets everything happen that is due up to a time, and time pass up to it.
    pub fn run_until(&mut self, cx: &mut Cx, until_ns: u64) {
        while self.next_ns().is_some_and(|next_ns| next_ns <= until_ns) {
            self.step(cx);
        }
        cx.pass(until_ns.saturating_sub(cx.now_ns()));
    }

    /// Does something inside a shard.
    pub(super) fn inside<T>(&mut self, cx: &mut Cx, at: usize, act: impl FnOnce(&mut Cluster, &mut Cx) -> T) -> T {
        let group = &mut self.groups[at];
        let before = cx.recorder.within(Some(group.shard));
        let done = act(&mut group.cluster, cx);
        cx.recorder.within(before);
        done
    }

    /// Does something, and follows what is told of it.
    pub(super) fn watched<T>(&mut self, cx: &mut Cx, act: impl FnOnce(&mut Stack, &mut Cx) -> T) -> T {
        let before = cx.recorder.trace.len();
        let done = act(self, cx);
        if cx.recorder.is_on() {
            for record in cx.recorder.trace.iter_from(before) {
                self.weave.fold(&record.event, record.time_ns);
            }
        } else {
            self.weave.lose_sight();
        }
        done
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
        self.watched(cx, |stack, cx| {
            let request = stack.tiers.ask(cx, client, app, operation, key, value);
            stack.after_tiers(cx);
            request
        })
    }

    /// Lets the clients work. A workload that is under way ends.
    pub fn start_load(&mut self, cx: &mut Cx, workload: Workload) {
        self.watched(cx, |stack, cx| {
            stack.tiers.start_load(cx, workload);
            stack.after_tiers(cx);
        });
    }

    pub fn stop_load(&mut self) {
        self.tiers.stop_load();
    }

    pub fn load_progress(&self) -> (u64, u64) {
        self.tiers.load_progress()
    }

    pub fn load_begun(&self) -> u64 {
        self.tiers.load_begun()
    }

    /// Nobody waits for anything, and no keys are on their way.
    pub fn is_calm(&self) -> bool {
        self.tiers.is_idle() && self.errands.is_empty() && self.moving.is_none() && self.preloading.is_empty()
    }

    /// What the tiers have for others: queries for shards, and answers for the history.
    pub(super) fn after_tiers(&mut self, cx: &mut Cx) {
        for asked in self.tiers.take_asked() {
            self.client_asked(cx, asked);
        }
        for told in self.tiers.take_told() {
            self.client_told(cx, told);
        }
        for query in self.tiers.take_queries() {
            self.begin_query(cx, query);
        }
    }

    fn client_asked(&mut self, cx: &Cx, asked: Asked) {
        if !self.options.history {
            return;
        }
        let Asked { request, operation, key, value } = asked;
        let call = match (value, operation) {
            (Some(value), _) => HistoryCall::Write(value),
            (None, TierOperation::Delete) => HistoryCall::Delete,
            _ => HistoryCall::Read,
        };
        // Clients may have several requests under way: each is an operation of a process of its own.
        let operation = self.history.invoke(cx.now_ns(), request as u32, key, call);
        self.open.insert(request, operation);
    }

    fn client_told(&mut self, cx: &mut Cx, told: Told) {
        let Told { request, operation, fate, row, .. } = told;
        if let Some(id) = self.open.remove(&request) {
            let writes = operation != TierOperation::Get;
            let outcome = match (fate, writes) {
                (TierFate::Served, true) => Outcome::Done,
                (TierFate::Served, false) => Outcome::Found(row.value.iter().cloned().collect()),
                // Who was told that a write failed can't know that it did not happen.
                (_, true) => Outcome::Unknown,
                (_, false) => Outcome::Failed,
            };
            self.history.complete(cx.now_ns(), id, outcome);
        }
        self.last = Some(Ended { request, operation, fate, row });
    }

    /// What the goal is, before anything was played.
    pub fn set_goal(&mut self, goal: Rc<GoalState>) {
        self.goal = Some(goal);
    }

    /// Tells what the goal came to.
    pub fn tell_goal(&mut self, cx: &mut Cx, goal: Rc<GoalState>) {
        self.goal = Some(goal.clone());
        cx.emit(|| Event::GoalJudged { goal });
    }
}

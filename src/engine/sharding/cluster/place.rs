//! The machine of a shard: its store, its workers, its timers.
//!
//! ```text
//!   request ──▶ waits for the first free worker ──▶ service time + what the disk takes ──▶ answer leaves
//! ```
//!
//! What a request does to the store happens when it arrives, and everybody learns of it when the worker is done: between
//! the two nobody can tell the difference.

use std::rc::Rc;

use super::{Cluster, Happening};
use crate::error::ShardingError;
use crate::message::{Answer, Ask, Message, Told};
use crate::shard::{Shard, Step};
use glassbase_sim::{Cx, Generator};
use glassbase_storage::step::{Output, Timer};
use glassbase_storage::{Shelf, StorageError};
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Event, NodeId};

/// How many times longer a request takes that meets a hiccup.
const HICCUP: u64 = 20;

#[derive(Clone)]
pub(super) struct Place {
    pub id: NodeId,
    /// Nothing while it is down.
    pub shard: Option<Shard>,
    pub shelf: Shelf,
    random: Generator,
    timers: SortedMap<Timer, u64>,
    /// When each worker is free.
    workers: Vec<u64>,
    /// How many times slower than usual it works.
    pub slowness: u64,
    pub busy_ns: u64,
    /// How often it was started.
    pub lives: u64,
}

impl Place {
    /// How long a request that comes now waits for a worker.
    pub fn backlog_ns(&self, now_ns: u64) -> u64 {
        self.workers.iter().min().map_or(0, |free_ns| free_ns.saturating_sub(now_ns))
    }
}

impl Cluster {
    /// A new machine with an empty store.
    pub(super) fn boot_new(&mut self, cx: &mut Cx, id: NodeId) -> Result<(), ShardingError> {
        let name = format!("shard {}", id.0);
        let mut random = Generator::new(cx.seed(), &name);
        let shelf = Shelf::create(random.next_u64(), &self.options.shelf)?;
        let workers = vec![0; usize::from(self.options.workers)];
        let timers = SortedMap::new();
        self.places.push(Place { id, shard: None, shelf, random, timers, workers, slowness: 1, busy_ns: 0, lives: 0 });
        self.boot(cx, id)
    }

    /// Starts the shard of a machine with what its store has. It learns the map first.
    pub(super) fn boot(&mut self, cx: &mut Cx, id: NodeId) -> Result<(), ShardingError> {
        let options = Rc::new(self.options.shard.clone());
        let now_ns = cx.now_ns();
        let place = self.place_mut(id);
        place.shelf.recover()?;
        place.lives += 1;
        place.shard = Some(Shard::new(id, place.lives, options));
        place.workers.iter_mut().for_each(|free_ns| *free_ns = now_ns);
        self.tell_status(cx, id);
        if self.place(id).lives == 1 {
            // A machine that comes with the cluster has its map from whoever set it up.
            let news = self.service.news().clone();
            self.work(cx, id, |shard, step| {
                shard.receive(step, crate::shard::MAP_SERVICE, Message::News { news, nonce: 1 })
            });
        } else {
            self.work(cx, id, |shard, step| shard.start(step));
        }
        Ok(())
    }

    /// Cuts the power of a shard: what was not synced may be lost.
    pub(super) fn power_off(&mut self, cx: &mut Cx, id: NodeId) {
        let choice = self.random.next_u64();
        let place = self.place_mut(id);
        place.shard = None;
        place.timers.clear();
        place.shelf.crash(choice);
        self.tell_status(cx, id);
    }

    pub(super) fn timer_due(&mut self, cx: &mut Cx, id: NodeId, timer: Timer, generation: u64) {
        let place = self.place_mut(id);
        if place.timers.get(&timer) == Some(&generation) {
            place.timers.remove(&timer);
            self.work(cx, id, |shard, step| shard.fire(step, timer));
        }
    }

    /// Lets a shard do something, and does what it wants done once a worker has been through with it.
    pub(super) fn work(
        &mut self,
        cx: &mut Cx,
        id: NodeId,
        act: impl FnOnce(&mut Shard, &mut Step) -> Result<(), StorageError>,
    ) {
        let (now_ns, noting) = (cx.now_ns(), cx.recorder.is_on());
        let (service_ns, hiccups) = (self.options.service_ns, self.options.hiccups);
        let mut outputs = Vec::new();
        let place = self.place_mut(id);
        let Place { shard: Some(shard), shelf, random, .. } = place else { return };
        let (began_ns, asked) = (shelf.spent_ns(), shard.requests);
        let mut step =
            Step { me: id, clock_ns: now_ns, uncertainty_ns: 0, shelf, random, outputs: &mut outputs, noting };
        let done = act(shard, &mut step);
        let was_asked = shard.requests > asked;
        let taken = std::mem::take(&mut shard.taken);
        let disk_ns = place.shelf.spent_ns() - began_ns;
        let slow = if was_asked && hiccups > 0 && place.random.below(1000) < hiccups { HICCUP } else { 1 };
        let took_ns = (service_ns * slow + disk_ns).saturating_mul(place.slowness);
        let worker = (0..place.workers.len()).min_by_key(|at| place.workers[*at]).unwrap_or(0);
        let leaves_ns = place.workers.get(worker).copied().unwrap_or(0).max(now_ns).saturating_add(took_ns);
        if let Some(free_ns) = place.workers.get_mut(worker) {
            *free_ns = leaves_ns;
        }
        place.busy_ns = place.busy_ns.saturating_add(took_ns);
        if done.is_err() {
            return self.power_off(cx, id);
        }
        for output in outputs {
            self.put_out(cx, id, leaves_ns, output);
        }
        for (plan, from) in taken {
            self.tell_taken(cx, &plan, from, id);
        }
        self.tell_shard(cx, id, was_asked);
    }

    /// A request that would wait for too long is refused at once: nothing is done for it.
    pub(super) fn is_overrun(&self, id: NodeId, now_ns: u64) -> bool {
        self.place(id).backlog_ns(now_ns) > self.options.backlog_max_ns
    }

    fn put_out(&mut self, cx: &mut Cx, id: NodeId, leaves_ns: u64, output: Output<Message>) {
        match output {
            Output::Send { to, message } => self.send(cx, id, to, leaves_ns, message),
            Output::Arm { timer, after_ns } => {
                self.generation += 1;
                let generation = self.generation;
                self.place_mut(id).timers.insert(timer, generation);
                let due_ns = leaves_ns.saturating_add(after_ns);
                self.queue.push(due_ns, Happening::TimerDue { shard: id, timer, generation });
            }
            Output::Disarm { timer } => {
                self.place_mut(id).timers.remove(&timer);
            }
            Output::Note { topic, text } => {
                self.tell(cx, || Event::Noted { node: id, topic: topic.into(), text: text.into() });
            }
        }
    }

    /// Answers a request for which there is no time.
    pub(super) fn refuse(&mut self, cx: &mut Cx, id: NodeId, from: NodeId, ask: &Ask) {
        let told =
            Told { request: ask.request, part: ask.part, stage: ask.stage, answer: Answer::Overloaded, serial: 0 };
        self.send(cx, id, from, cx.now_ns(), Message::Told(Rc::new(told)));
    }
}

//! The cache, and the commands that do one thing.

use std::rc::Rc;

use super::job::Job;
use super::objects::Objects;
use super::settings::Settings;
use crate::eviction::{Cache, Capacity, Future, Telling, metadata};
use crate::lab::data::Data;
use crate::lab::expectations::{Finding, counted as measured};
use crate::lab::machine::{Machine, Task};
use crate::lab::pool::expectations::{above_the_optimum, best_of};
use crate::lab::pool::history::History;
use crate::lab::pool::job::{hits_since, stopped};
use crate::lab::pool::machine::percent;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::counted;
use crate::sim::{Cx, Generator};
use crate::trace::parts::{FrameCount, HitCurves, Parts};
use crate::trace::{EngineState, Event, FrameId, FrameState, PageId, PolicyKind, TARGET_ONE};

/// Virtual time of a hit, in the memory of an application server, and of a miss, which asks another one over the network.
const HIT_NS: u64 = 1_000;
const MISS_NS: u64 = 1_000_000;

/// A cache, with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct EvictionLab {
    pub cache: Cache,
    pub settings: Settings,
    pub objects: Objects,
    /// Seeds for the commands that draw.
    pub source: Generator,
    pub history: History,
    /// The curves that were asked for last.
    pub curves: Option<Rc<HitCurves>>,
    /// The long command under way.
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let settings = Settings::of(values, seed)?;
    let cache = Cache::new(&settings.policy, settings.room());
    let (objects, source) = (Objects::new(&settings), Generator::new(seed, "lab.accesses"));
    let (history, curves, job) = Default::default();
    Ok(Box::new(EvictionLab { cache, settings, objects, source, history, curves, job }))
}

impl EvictionLab {
    /// One access: a hit, or the key is fetched and let in.
    pub fn access(&mut self, cx: &mut Cx, key: u32) {
        let mut telling = Telling::new(cx.recorder.is_on());
        let hit = self.cache.get(key, &mut telling);
        if !hit {
            // Sizes larger than the cache were refused before.
            self.cache.put(key, self.objects.size(key), &mut telling);
        }
        self.history.push(key);
        cx.pass(if hit { HIT_NS } else { MISS_NS });
        cx.counters.pool_hits += u64::from(hit);
        cx.counters.pool_misses += u64::from(!hit);
        if !hit {
            cx.counters.pool_evictions += self.cache.evicted().len() as u64;
        }
        telling.emit(cx);
        if let Some(frame) = self.cache.frame(key) {
            cx.emit(|| Event::PoolUnpinned { page: PageId(key), frame });
        }
    }

    /// Tells the optimum what will be asked for from now on.
    pub fn foretell(&mut self, cx: &mut Cx, accesses: &[u32]) {
        if self.settings.policy.kind == PolicyKind::Optimum {
            let mut telling = Telling::new(cx.recorder.is_on());
            cx.emit(|| Event::PolicyForetold { accesses: accesses.len() as u32 });
            self.cache.policy_mut().foretell(Rc::new(Future::new(accesses)), &mut telling);
            telling.emit(cx);
        }
    }

    fn get(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let key = call.arguments.number("key").unwrap_or_default() as u32;
        let before = cx.counters();
        self.objects.give(key, call.arguments.number("size"), self.cache.contains(key))?;
        self.foretell(cx, &[key]);
        self.access(cx, key);
        Ok(hits_since(cx, &before, "key"))
    }

    fn keys(&self, call: &Call) -> Result<Vec<u32>, Refusal> {
        let keys: Vec<u32> = call.arguments.numbers("key").map(|key| key as u32).collect();
        match keys.iter().find(|key| **key >= self.settings.keys) {
            Some(key) => Err(Refusal::NoSuchKey { key: u64::from(*key), keys: self.settings.keys.into() }),
            None => Ok(keys),
        }
    }

    fn access_each(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let before = cx.counters();
        let keys = self.keys(call)?;
        self.foretell(cx, &keys);
        keys.into_iter().for_each(|key| self.access(cx, key));
        Ok(hits_since(cx, &before, "key"))
    }

    fn remove(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let mut telling = Telling::new(cx.recorder.is_on());
        let keys = self.keys(call)?;
        let removed = keys.into_iter().filter(|key| self.cache.remove(*key, &mut telling)).count();
        telling.emit(cx);
        Ok(format!("{} taken out.", counted(removed as u64, "key")))
    }

    fn check(&self, cx: &Cx, call: &Call) -> Finding {
        let counters = cx.counters();
        let curves = self.curves.as_deref();
        let state = || self.cache.policy().state();
        let found = match call.info.name {
            name @ ("resident" | "absent") => return self.check_keys(call, name == "resident"),
            "hit-ratio" => percent(counters.pool_hits, counters.pool_hits + counters.pool_misses),
            "accesses" => self.history.len() as u64,
            "entries" => self.cache.held().count() as u64,
            "used" => self.cache.used(),
            "remembered" => {
                let state = state();
                let gone = state.lists.iter().filter(|held| held.list.is_memory()).map(|held| held.items.len()).sum();
                let in_stack = state.stack.iter().filter(|page| !self.cache.contains(page.0)).count();
                let gone: usize = gone;
                (gone + in_stack) as u64
            }
            "metadata" => metadata(&self.settings.policy).entry.into(),
            "target" => (state().target + TARGET_ONE / 2) / TARGET_ONE,
            "curve-best" => curves.map_or(0, best_of),
            "curve-order" => curves.map_or(0, above_the_optimum),
            name => measured(cx, name).unwrap_or_default(),
        };
        Finding::measured(call, found)
    }

    fn check_keys(&self, call: &Call, wanted: bool) -> Finding {
        let is_there = |key: u64| u32::try_from(key).is_ok_and(|key| self.cache.contains(key));
        match call.arguments.numbers("key").find(|key| is_there(*key) != wanted) {
            None => Finding::new(true, ""),
            Some(key) if wanted => Finding::new(false, format!("key {key} is not in the cache")),
            Some(key) => Finding::new(false, format!("key {key} is in the cache")),
        }
    }
}

impl Machine for EvictionLab {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let answer = match call.info.name {
            "get" => self.get(cx, call)?,
            "access" => self.access_each(cx, call)?,
            "remove" => self.remove(cx, call)?,
            "clear" => return Ok(Task::Reopen),
            _ => {
                self.job = Some(Box::new(Job::new(self, cx, call, data)?));
                return Ok(Task::Long);
            }
        };
        Ok(Task::Done(answer))
    }

    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        if let Some(mut job) = self.job.take() {
            job.step(self, cx);
            self.job = Some(job);
        }
        Ok(())
    }

    fn progress(&self) -> (u64, u64) {
        self.job.as_ref().map_or((0, 0), |job| (job.done, job.total))
    }

    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        Ok(self.job.take().map(|job| job.finish(self, cx)).unwrap_or_default())
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        (stopped(call, text, self.progress().0, unrecorded), data.clone())
    }

    fn units(&self, call: &Call, data: &Data) -> u64 {
        super::job::units(self, call, data)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        Ok(self.check(cx, call))
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let mut known = self.cache.policy().state();
        (known.pages, known.curves) = (self.settings.keys, self.curves.clone());
        let capacity = self.cache.capacity();
        let held = |(frame, key, _)| FrameState { frame, page: PageId(key), pins: 0, dirty: false };
        let frames = match capacity {
            Capacity::Entries(entries) => entries,
            Capacity::Bytes { bytes, .. } => {
                known.bytes = bytes;
                let sized = self.cache.held().filter(|(_, _, size)| *size != 1);
                known.sizes = sized.map(|(frame, _, count): (FrameId, _, _)| FrameCount { frame, count }).collect();
                self.cache.places()
            }
        };
        EngineState {
            frames,
            pool: self.cache.held().map(held).collect(),
            counters: cx.counters,
            parts: Parts { replacement: Some(Rc::new(known)), ..Parts::default() },
            ..EngineState::default()
        }
    }

    fn state_cost(&self) -> u32 {
        self.cache.places() / 64 + 1
    }

    fn approx_bytes(&self) -> usize {
        self.cache.places() as usize * 128 + self.settings.keys as usize * 12 + self.history.len() * 4
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(setting)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

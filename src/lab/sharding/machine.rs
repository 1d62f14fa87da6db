//! The engine of the sharding lab: a sharded cluster, and the long command under way.

use std::rc::Rc;

use super::job::{self, Job};
use super::{SHARDING, settings, survey};
use crate::lab::data::Data;
use crate::lab::declaration::LabInfo;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::shown;
use crate::sharding::cluster::{Cluster, Fault, Options, storm};
use crate::sharding::map::Change;
use crate::sharding::message::Question;
use crate::sharding::placement::Strategy;
use crate::sim::Cx;
use crate::trace::parts::sharding::Survey;
use crate::trace::{Bytes, EngineState, NodeId, PageId, Parts};

/// Bytes that a shard, and an operation of the history, take, about.
const SHARD_BYTES: usize = 16 << 10;
const OPERATION_BYTES: usize = 160;

/// A sharded cluster in a lab.
#[derive(Clone)]
pub struct ShardingLab {
    pub cluster: Cluster,
    pub options: Options,
    values: Values,
    seed: u64,
    storms: u64,
    pub survey: Option<Rc<Survey>>,
    job: Option<Job>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let options = settings::options(values);
    let cluster = cluster(seed, 0, &options)?;
    let values = values.clone();
    Ok(Box::new(ShardingLab { cluster, options, values, seed, storms: 0, survey: None, job: None }))
}

/// A cluster whose shards are started at this time; nothing of it is recorded.
fn cluster(seed: u64, now_ns: u64, options: &Options) -> Result<Cluster, Refusal> {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    cx.pass(now_ns);
    Ok(Cluster::new(&mut cx, options.clone())?)
}

impl ShardingLab {
    /// No client waits, and no keys are on their way.
    pub(super) fn is_calm(&self) -> bool {
        let (done, total) = self.cluster.load_progress();
        self.cluster.waiting() == 0 && done >= total && self.cluster.plan().is_none()
    }

    /// Carries out a command that takes no virtual time.
    fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        match call.info.name {
            "put" | "get" | "scan" => self.ask(cx, call),
            "check" => self.check(cx),
            "survey" => self.take_survey(cx, call),
            "service" | "crash" | "restart" | "slow" | "isolate" | "heal" | "weather" | "storm" => self.fault(cx, call),
            _ => self.change(cx, call),
        }
    }

    fn ask(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let key = |name| call.arguments.key(name).cloned();
        let question = match call.info.name {
            "put" => {
                let text = Bytes::from(call.arguments.text("value").unwrap_or_default().as_bytes());
                Question::Put { key: key("key").unwrap_or_default(), text }
            }
            "get" => Question::Get { key: key("key").unwrap_or_default() },
            _ => {
                let limit = call.arguments.number("limit").unwrap_or(u64::MAX);
                Question::Scan { from: key("first"), to: key("last"), limit }
            }
        };
        let client = self.cluster.ask(cx, call.arguments.node("from"), question)?;
        Ok(format!("{client} asks; let time pass."))
    }

    fn check(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        Ok(match self.cluster.judge(cx)? {
            None => "No write is lost, and none is there twice.".to_string(),
            Some(problem) => format!("It is broken: {problem}."),
        })
    }

    fn take_survey(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let keys = call.arguments.number("keys").unwrap_or(1);
        let shards = self.cluster.map().members().len() as u16;
        let survey = Rc::new(survey::survey(&self.options.map, keys, shards)?);
        self.cluster.tell_survey(cx, survey.clone());
        let said = survey::said(&survey);
        self.survey = Some(survey);
        Ok(said)
    }

    fn node(call: &Call) -> NodeId {
        call.arguments.node("node").unwrap_or_default()
    }

    /// The number that the next new shard gets.
    fn next_shard(&self) -> NodeId {
        NodeId(self.cluster.map().shards().map(|shard| shard.0).max().unwrap_or(0) + 1)
    }

    /// A change of the map.
    fn change(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let key = || call.arguments.key("key").cloned().unwrap_or_default();
        let number = |name, otherwise| call.arguments.number(name).unwrap_or(otherwise);
        let node = ShardingLab::node(call);
        let new = self.next_shard();
        let (changes, text) = match call.info.name {
            "add" => {
                let mut changes = vec![Change::Add { shard: new, weight: number("weight", 1) as u32 }];
                let mut text = format!("adding {new}");
                if self.options.map.strategy == Strategy::Range
                    && let Some(full) = self.cluster.fullest()
                    && let Some(at) = self.cluster.middle_of(full)?
                {
                    text = format!("adding {new}, which takes what {full} has from {} on", shown(&at));
                    changes.push(Change::Split { at, shard: new });
                }
                (changes, text)
            }
            "remove" => (vec![Change::Remove { shard: node }], format!("removing {node}")),
            "weigh" => {
                let weight = number("weight", 1) as u32;
                (vec![Change::Weigh { shard: node, weight }], format!("giving {node} the weight {weight}"))
            }
            "split" => {
                let shard = call.arguments.node("to").unwrap_or(new);
                (vec![Change::Split { at: key(), shard }], format!("splitting at {} for {shard}", shown(&key())))
            }
            "merge" => (vec![Change::Merge { at: key() }], format!("merging at {}", shown(&key()))),
            "dedicate" => {
                (vec![Change::Dedicate { key: key(), shard: node }], format!("giving {} to {node}", shown(&key())))
            }
            _ => {
                let pieces = number("pieces", 2) as u16;
                (vec![Change::Salt { key: key(), pieces }], format!("keeping {} in {pieces} pieces", shown(&key())))
            }
        };
        let plan = self.cluster.change(cx, &changes, &text)?;
        let pairs = plan.moves.len();
        Ok(match pairs {
            0 => format!("Done: {text}. No key has to move."),
            1 => format!("Begun: {text}. Keys go between one pair of shards; let time pass."),
            pairs => format!("Begun: {text}. Keys go between {pairs} pairs of shards; let time pass."),
        })
    }

    fn fault(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let node = ShardingLab::node(call);
        let share = |name| call.arguments.decimal(name).unwrap_or_default();
        let (fault, said) = match call.info.name {
            "service" if call.arguments.word("does") == Some("stop") => (
                Fault::StopService,
                "The map service is down: routers and shards go on with the maps they have.".to_string(),
            ),
            "service" => (Fault::StartService, "The map service is up, with all that it knew.".to_string()),
            "crash" => (Fault::Crash(node), format!("{node} is down.")),
            "restart" => (Fault::Restart(node), format!("{node} starts, and asks for the map.")),
            "slow" => {
                let times = call.arguments.number("times").unwrap_or(1);
                (Fault::Slow(node, times), format!("{node} takes {times} times as long from now on."))
            }
            "isolate" => (Fault::Isolate(node), format!("Nobody reaches {node}.")),
            "heal" => (Fault::Heal, "All links are whole.".to_string()),
            "weather" => {
                let (loss, duplication, reordering) = (share("loss"), share("duplication"), share("reordering"));
                (Fault::Weather { loss, duplication, reordering }, "The network is like that from now on.".to_string())
            }
            _ => return Ok(self.storm(cx, call)),
        };
        self.cluster.inject(cx, &fault)?;
        Ok(said)
    }

    fn storm(&mut self, cx: &Cx, call: &Call) -> String {
        self.storms += 1;
        let faults = call.arguments.number("faults").unwrap_or(1);
        let lasts_ns = call.arguments.duration("for").map_or(300_000_000, i64::unsigned_abs);
        let shards = self.cluster.shards().count() as u16;
        let seed = self.seed.wrapping_add(self.storms);
        for (at_ns, fault) in storm(seed, shards, faults, cx.now_ns(), cx.now_ns().saturating_add(lasts_ns)) {
            self.cluster.plan_fault(at_ns, fault);
        }
        format!("{faults} faults are planned; let time pass.")
    }
}

impl Machine for ShardingLab {
    fn opened_at(&mut self, now_ns: u64) -> Result<(), Refusal> {
        if now_ns > 0 {
            self.cluster = cluster(self.seed, now_ns, &self.options)?;
        }
        Ok(())
    }

    fn begin(&mut self, cx: &mut Cx, call: &Call, _data: &Data) -> Result<Task, Refusal> {
        match call.info.name {
            "clear" => Ok(Task::Reopen),
            "run" | "wait" | "load" => {
                self.job = Job::begin(self, cx, call);
                Ok(match self.job {
                    Some(_) => Task::Long,
                    None => Task::Done("The clients go to work; let time pass.".to_string()),
                })
            }
            _ => Ok(Task::Done(self.act(cx, call)?)),
        }
    }

    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        if let Some(mut job) = self.job.take() {
            job.step(self, cx);
            self.job = Some(job);
        }
        Ok(())
    }

    fn progress(&self) -> (u64, u64) {
        self.job.as_ref().map_or((0, 0), |job| job.progress(self))
    }

    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        Ok(self.job.take().map(|job| job.finish(self, cx)).unwrap_or_default())
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let text = self.job.as_ref().map_or(text.to_string(), |job| job.rewritten(self, call, text, unrecorded));
        (text, data.clone())
    }

    fn units(&self, call: &Call, _data: &Data) -> u64 {
        job::units(call)
    }

    fn expect(&mut self, _cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.expected(call)
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let parts = Parts {
            cluster: Some(self.cluster.cluster_state().into()),
            sharding: Some(self.cluster.sharding_state().into()),
            ..Parts::default()
        };
        EngineState { counters: cx.counters(), parts, ..EngineState::default() }
    }

    fn state_cost(&self) -> u32 {
        4
    }

    fn approx_bytes(&self) -> usize {
        let shards = self.cluster.shards().count();
        shards * SHARD_BYTES + self.cluster.latencies_ns().len() * OPERATION_BYTES + size_of::<ShardingLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        crate::lab::cluster::settings::sentence(&self.values, SHARDING_INFO, setting)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    /// The store of a shard: "n2".
    fn part(&self, name: &str) -> Option<(&'static str, EngineState)> {
        let id = self.cluster.shards().find(|id| id.to_string() == name)?;
        let state = self.cluster.store_of(id)?;
        Some((if self.values.word("store") == "lsm" { "lsm" } else { "log" }, state))
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

const SHARDING_INFO: &LabInfo = &SHARDING;

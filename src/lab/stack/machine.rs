//! The engine of the lab: a stack, what is planned for it, and the long command under way.

use std::rc::Rc;

use super::behind;
use super::job::{self, Job};
use super::plan::Plan;
use super::scenarios::{self, Scenario};
use super::{STACK, settings};
use crate::history::linearizable::{self, Limits, Model, Verdict};
use crate::lab::cluster::faults::disk_fault;
use crate::lab::data::Data;
use crate::lab::declaration::LabInfo;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::{counted, shown};
use crate::sim::{Crash, Cx};
use crate::stack::{Options, Place, Stack};
use crate::trace::parts::stack::GoalState;
use crate::trace::{Bytes, EngineState, Event, NodeId, PageId, Parts, TierOperation, Trace};

/// A stack in a lab.
#[derive(Clone)]
pub struct StackLab {
    pub stack: Stack,
    options: Options,
    values: Values,
    seed: u64,
    pub(super) planned: Plan,
    /// The scenario was played.
    pub(super) played: bool,
    next_client: u16,
    job: Option<Job>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let options = settings::options(values);
    let stack = stack(seed, 0, &options)?;
    let (values, planned) = (values.clone(), Plan::default());
    Ok(Box::new(StackLab { stack, options, values, seed, planned, played: false, next_client: 0, job: None }))
}

/// A stack whose places are started at this time; nothing of it is recorded.
fn stack(seed: u64, now_ns: u64, options: &Options) -> Result<Stack, Refusal> {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    cx.pass(now_ns);
    Ok(Stack::new(&mut cx, options.clone())?)
}

impl StackLab {
    /// The scenario that is set, if one is.
    pub(super) fn scenario(&self) -> Option<&'static Scenario> {
        scenarios::of(self.values.word("scenario"))
    }

    /// How far the goal is reached.
    pub(super) fn goal_state(&self) -> Option<GoalState> {
        Some(self.scenario()?.goal.judge(&self.stack, self.played))
    }

    /// Judges the goal aloud.
    pub(super) fn judge_goal(&mut self, cx: &mut Cx) -> String {
        let Some(state) = self.goal_state() else { return String::new() };
        let said = if state.reached {
            format!("The goal is reached: score {} of 1000.", state.score)
        } else {
            let open = state.parts.iter().filter(|part| !part.holds);
            let open: Vec<String> = open.map(|part| format!("{} Found: {}.", part.text, part.found)).collect();
            format!("The goal is not reached. {}", open.join(" "))
        };
        self.stack.tell_goal(cx, Rc::new(state));
        said
    }

    /// Carries out a command that takes no virtual time.
    pub(super) fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        match call.info.name {
            "get" | "put" | "delete" => self.ask(cx, call),
            "goal" => match self.scenario() {
                Some(_) => Ok(self.judge_goal(cx)),
                None => Err(Refusal::NoScenario),
            },
            "check" => Ok(self.check()),
            "add" => {
                let keys = self.stack.add_shard(cx)?;
                let shard = self.stack.shards().count();
                Ok(format!("s{shard} joins; {} move to it. Let time pass.", counted(keys, "key")))
            }
            "heal" => {
                self.stack.heal(cx);
                Ok("All links are whole.".to_string())
            }
            _ => self.fault(cx, call),
        }
    }

    fn ask(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let key = call.arguments.key("key").cloned().unwrap_or_default();
        let app = call.arguments.number("on").map(|number| number as u16);
        if let Some(number) = app
            && number > self.options.tiers.apps
        {
            let word = format!("app{number}");
            return Err(crate::stack::StackError::NoPlace { word }.into());
        }
        let (operation, value) = match call.info.name {
            "get" => (TierOperation::Get, None),
            "delete" => (TierOperation::Delete, None),
            _ => (TierOperation::Put, Some(Bytes::typed(call.arguments.text("value").unwrap_or_default()))),
        };
        self.next_client = self.next_client % self.options.tiers.clients + 1;
        let client = NodeId::client(self.next_client);
        self.stack.ask(cx, client, app.map(|app| app - 1), operation, &key, value);
        Ok(format!("{client} asks: {} {}. Let time pass.", operation.word(), shown(&key)))
    }

    fn fault(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let word = |name| call.arguments.text(name).unwrap_or_default();
        match call.info.name {
            "kill" => {
                let place = self.stack.place(word("place"))?;
                self.stack.kill(cx, place)?;
                return Ok(format!("{place} has no power."));
            }
            "restart" => {
                let place = self.stack.place(word("place"))?;
                self.stack.restart(cx, place)?;
                return Ok(format!("{place} has its power back."));
            }
            "cut" => {
                let place = self.stack.place(word("place"))?;
                let other = call.arguments.text("other").map(|word| self.stack.place(word)).transpose()?;
                self.stack.cut(cx, place, other)?;
                let other = other.map_or("all that it talks to".to_string(), |other| other.to_string());
                return Ok(format!("{place} is cut off from {other}."));
            }
            _ => {}
        }
        let (shard, node) = self.stack.replica(word("replica"))?;
        let name = Place::Replica(shard, node);
        Ok(match call.info.name {
            "crash" => {
                self.stack.kill(cx, name)?;
                match self.stack.crashed(shard, node) {
                    Some(Crash { kept: 0, lost: 0, torn: 0 }) => {
                        format!("The disk of {name} has no power. Everything was synced: nothing is lost.")
                    }
                    Some(Crash { kept, lost, torn }) => {
                        let unsynced = counted((kept + lost + torn).into(), "write");
                        format!(
                            "The disk of {name} has no power. Of {unsynced} not synced, {lost} are lost, {torn} torn."
                        )
                    }
                    None => format!("{name} has no power, and no disk: what it had in memory is gone."),
                }
            }
            "disk" => {
                let fault = call.arguments.word("fault").unwrap_or_default();
                let after = call.arguments.number("after").unwrap_or_default();
                self.stack.fail_disk(cx, (shard, node), after, disk_fault(fault))?;
                format!("The disk of {name} will fail: {fault}.")
            }
            "fill" => {
                self.stack.fill_disk(cx, shard, node)?;
                format!("The disk of {name} is full when it is to grow next.")
            }
            _ => {
                let times = call.arguments.number("times").unwrap_or(1);
                self.stack.slow(cx, shard, node, times)?;
                format!("{name} takes {times} times as long from now on.")
            }
        })
    }

    /// Whether one order explains what clients were told, as far as that can be said, and a sentence.
    pub(super) fn linearizable(&self) -> (Option<bool>, String) {
        let history = &self.stack.history;
        if history.operations.is_empty() {
            let why = if self.scenario().is_some() { "of a scenario no history is kept" } else { "nothing was asked" };
            return (None, format!("There is nothing to check: {why}."));
        }
        let limits = Limits { steps: 500_000, ..Limits::default() };
        match linearizable::check(history, Model::of(history), limits).map(|report| report.verdict) {
            Ok(Verdict::Holds(_)) => {
                let count = counted(history.operations.len() as u64, "request");
                (Some(true), format!("{count}, and one order explains every answer."))
            }
            Ok(Verdict::Violated(violation)) => {
                (Some(false), format!("No order explains the answers: {}.", violation.reason))
            }
            Ok(Verdict::GaveUp { why, .. }) => (None, format!("The checker gave up: {why}.")),
            Err(error) => (None, error.to_string()),
        }
    }

    fn check(&self) -> String {
        let lost = match self.stack.lost_writes() {
            0 => "No acknowledged write is lost.".to_string(),
            lost => format!("{} lost.", counted(lost, "acknowledged write")),
        };
        format!("{} {lost}", self.linearizable().1)
    }
}

impl Machine for StackLab {
    fn opened_at(&mut self, now_ns: u64) -> Result<(), Refusal> {
        if now_ns > 0 {
            self.stack = stack(self.seed, now_ns, &self.options)?;
        }
        if let Some(state) = self.goal_state() {
            self.stack.set_goal(Rc::new(state));
        }
        Ok(())
    }

    fn begin(&mut self, cx: &mut Cx, call: &Call, _data: &Data) -> Result<Task, Refusal> {
        // What is told from here on is told against the state that the trace has.
        self.stack.told_all();
        match call.info.name {
            "clear" => Ok(Task::Reopen),
            "at" | "after" => Ok(Task::Done(self.plan(cx, call)?)),
            "run" | "wait" | "load" | "preload" | "play" => {
                self.job = Job::begin(self, cx, call)?;
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
        job::units(self, call)
    }

    fn expect(&mut self, _cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.expected(call)
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let parts = Parts { stack: Some(self.stack.state().into()), ..Parts::default() };
        EngineState { counters: cx.counters(), parts, ..EngineState::default() }
    }

    fn state_cost(&self) -> u32 {
        8
    }

    fn approx_bytes(&self) -> usize {
        self.stack.approx_bytes() + size_of::<StackLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        crate::lab::cluster::settings::sentence(&self.values, &STACK, setting)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    /// The store of a replica, "s1n2"; or a shard as the cluster that it is, "s1"; or the caches, "l2".
    fn part(&self, name: &str) -> Option<(&'static str, EngineState)> {
        match self.stack.place(name).ok()? {
            Place::Replica(shard, node) => {
                let lab = if self.values.word("store") == "lsm" { "lsm" } else { "log" };
                Some((lab, self.stack.store_of(shard, node)?))
            }
            Place::Shard(shard) => {
                Some((self.part_lab(name)?.name, behind::shard(Rc::new(self.stack.cluster(shard)?.state()))))
            }
            _ => Some((self.part_lab(name)?.name, behind::tiers(Rc::new(self.stack.tiers().state())))),
        }
    }

    fn part_lab(&self, name: &str) -> Option<&'static LabInfo> {
        behind::lab(Place::parse(name)?, self.values.word("protocol"))
    }

    fn of_part(&self, name: &str, event: &Event) -> Option<Event> {
        behind::of_part(Place::parse(name)?, event)
    }

    fn film(&mut self, name: &str) -> Option<bool> {
        let (shard, node) = self.stack.replica(name).ok()?;
        self.stack.film(shard, node)
    }

    fn filmed(&mut self, name: &str) -> Trace {
        match self.stack.replica(name) {
            Ok((shard, node)) => self.stack.filmed(shard, node),
            Err(_) => Trace::new(),
        }
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

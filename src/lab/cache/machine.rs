//! The engine of the lab: the hierarchy, what is planned, and the long command under way.

use super::job::Job;
use super::settings;
use crate::cache::{Place, Tiers};
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::passing::{self, Plan};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::grouped;
use crate::sim::Cx;
use crate::trace::{Bytes, EngineState, NodeId, PageId, Parts, TierOperation};

/// Bytes that the store takes, each entry of a cache, and what else is remembered, about.
const STORE_BYTES: usize = 512 << 10;
const ENTRY_BYTES: usize = 200;
const REMEMBERED_BYTES: usize = 100;

/// A hierarchy of caches in a lab.
#[derive(Clone)]
pub struct CacheLab {
    pub tiers: Tiers,
    values: Values,
    seed: u64,
    pub(super) plan: Plan,
    job: Option<Job>,
    next_client: u16,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let tiers = tiers(seed, values)?;
    let values = values.clone();
    Ok(Box::new(CacheLab { tiers, values, seed, plan: Plan::default(), job: None, next_client: 0 }))
}

fn tiers(seed: u64, values: &Values) -> Result<Tiers, Refusal> {
    let mut tiers = Tiers::new(seed, settings::options(values))?;
    tiers.preload(values.number("keys"))?;
    Ok(tiers)
}

impl CacheLab {
    /// Carries out a command that takes no virtual time.
    pub(super) fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        match call.info.name {
            "kill" | "restart" => self.power(cx, call),
            "fill" => {
                let filled = self.tiers.fill(cx, call.arguments.number("count").unwrap_or_default())?;
                Ok(format!("L2 has {} of these keys now.", grouped(filled)))
            }
            name => {
                let operation = TierOperation::from_word(name).unwrap_or(TierOperation::Get);
                self.ask(cx, call, operation)
            }
        }
    }

    fn ask(&mut self, cx: &mut Cx, call: &Call, operation: TierOperation) -> Result<String, Refusal> {
        let key = call.arguments.key("key").cloned().unwrap_or_default();
        let value = call.arguments.text("value").map(Bytes::typed);
        let app = call.arguments.number("on").map(|number| number as u16);
        if let Some(number) = app {
            self.tiers.is_up(Place::App(number))?;
        }
        self.next_client = self.next_client % self.tiers.options().clients + 1;
        let client = NodeId::client(self.next_client);
        self.tiers.ask(cx, client, app.map(|number| number - 1), operation, &key, value);
        Ok(format!("{client} asks: {} {key}.", operation.word()))
    }

    /// The servers that a command is about.
    fn places(&self, call: &Call) -> Vec<Place> {
        let options = self.tiers.options();
        let number = call.arguments.number("number").map(|number| number as u16);
        let all = |count: u16| number.map_or(1..=count, |number| number..=number);
        match call.arguments.word("what") {
            Some("app") => all(options.apps).map(Place::App).collect(),
            Some("l2") => all(options.caches).map(Place::Cache).collect(),
            _ => vec![Place::Database],
        }
    }

    fn power(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let kills = call.info.name == "kill";
        let warm = call.arguments.flag("warm") || self.values.is_on("warm");
        let places = self.places(call);
        let is_one = places.len() == 1;
        let mut names = Vec::new();
        for place in places {
            // Of several, those that are so already are left alone.
            if !is_one && self.tiers.is_up(place)? != kills {
                continue;
            }
            if kills {
                self.tiers.kill(cx, place)?;
            } else {
                self.tiers.restart(cx, place, warm)?;
            }
            names.push(Tiers::name(place));
        }
        let what = if kills { "Down now" } else { "Up again" };
        Ok(format!("{what}: {}.", if names.is_empty() { "nothing more".to_string() } else { names.join(", ") }))
    }
}

impl Machine for CacheLab {
    fn opened_at(&mut self, now_ns: u64) -> Result<(), Refusal> {
        if now_ns > 0 {
            self.tiers = tiers(self.seed, &self.values)?;
        }
        Ok(())
    }

    fn begin(&mut self, cx: &mut Cx, call: &Call, _data: &Data) -> Result<Task, Refusal> {
        match call.info.name {
            "clear" => Ok(Task::Reopen),
            "at" | "after" => Ok(Task::Done(passing::add(self, cx, call)?)),
            "run" | "wait" | "load" => match Job::begin(self, cx, call)? {
                Some(job) => {
                    self.job = Some(job);
                    Ok(Task::Long)
                }
                None => Ok(Task::Done("The clients go to work; let time pass.".to_string())),
            },
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
        passing::units(call)
    }

    fn expect(&mut self, _cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.expected(call)
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let parts = Parts { tiers: Some(self.tiers.state().into()), ..Parts::default() };
        EngineState { counters: cx.counters(), parts, ..EngineState::default() }
    }

    fn state_cost(&self) -> u32 {
        (self.tiers.entries() / 16) as u32 + 4
    }

    fn approx_bytes(&self) -> usize {
        let remembered = self.tiers.remembered() * REMEMBERED_BYTES;
        STORE_BYTES + self.tiers.entries() * ENTRY_BYTES + remembered + size_of::<CacheLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        settings::sentence(&self.values, setting)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

//! The engine of the labs of clusters: a cluster, what is planned, and the long command under way.

use std::rc::Rc;

use super::job::Job;
use super::live::Live;
use super::protocol::Kind;
use super::settings::Settings;
use super::tradeoff::Measuring;
use super::{faults, requests};
use crate::lab::argument::LEADER;
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::passing::{self, Plan};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::transactions;
use crate::lab::values::Values;
use crate::replication::cluster::{Promise, Ruling};
use crate::replication::{Cluster, ShelfKind};
use crate::sim::Cx;
use crate::trace::parts::TradeoffState;
use crate::trace::{EngineState, NodeId, PageId, Parts, Trace, VerdictKind};

/// Bytes that a node, a message on its way, and an operation of the history take, about.
const NODE_BYTES: usize = 4 << 10;
const OPERATION_BYTES: usize = 160;

/// A cluster in a lab.
#[derive(Clone)]
pub struct ClusterLab {
    pub cluster: Cluster,
    pub settings: Settings,
    seed: u64,
    /// What is to be done later.
    pub(super) plan: Plan,
    pub(super) storms: u64,
    /// The checkers as time passes.
    pub(super) live: Live,
    /// What was measured of R and W.
    pub(super) tradeoff: Option<Rc<TradeoffState>>,
    job: Option<LongJob>,
}

/// The long command under way.
#[derive(Clone)]
enum LongJob {
    Passing(Job),
    Measuring(Box<Measuring>),
}

/// Opens the lab of a protocol.
pub fn open(kind: Kind, seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let settings = Settings::of(kind, values);
    settings.check()?;
    let cluster = cluster(seed, 0, &settings)?;
    let (plan, live) = (Plan::default(), Live::default());
    Ok(Box::new(ClusterLab { cluster, settings, seed, plan, storms: 0, live, tradeoff: None, job: None }))
}

/// A cluster whose nodes are started at this time; nothing of it is recorded.
fn cluster(seed: u64, now_ns: u64, settings: &Settings) -> Result<Cluster, Refusal> {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    cx.pass(now_ns);
    Ok(Cluster::new(&mut cx, settings.options.clone())?)
}

impl ClusterLab {
    /// Carries out a command that takes no virtual time.
    pub(super) fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        if let Some(answer) = requests::act(self, cx, call)? {
            return Ok(answer);
        }
        if let Some(answer) = faults::act(self, cx, call)? {
            return Ok(answer);
        }
        match call.info.name {
            "check" => Ok(self.check(cx, call)),
            _ => self.settings.kind.order(self, cx, call),
        }
    }

    /// Lets the checkers judge.
    fn check(&mut self, cx: &mut Cx, call: &Call) -> String {
        let named: Vec<Promise> = call.arguments.words("promise").filter_map(Promise::from_word).collect();
        let promises = if named.is_empty() { self.settings.kind.promises() } else { &named };
        let mut said = Vec::new();
        said.extend((self.settings.kind == Kind::Transactions).then(|| transactions::check(self, cx)));
        // What nobody asked for and what there is nothing of is not worth a word beside what there is.
        let judged: Vec<Ruling> = promises.iter().map(|promise| self.cluster.judge(cx.now_ns(), *promise)).collect();
        let tells = |ruling: &Ruling| !named.is_empty() || ruling.kind != VerdictKind::Nothing;
        let tells_any = self.cluster.violation().is_some() || judged.iter().any(tells);
        for (promise, ruling) in promises.iter().zip(judged).filter(|(_, ruling)| !tells_any || tells(ruling)) {
            let word = match ruling.kind {
                VerdictKind::Holds => "holds",
                VerdictKind::Violated => "violated",
                VerdictKind::GaveUp => "gave up",
                VerdictKind::Nothing => "nothing to check",
            };
            said.push(format!("{}: {word}. {}", promise.word(), ruling.text));
            self.cluster.tell_ruling(cx, promise.word(), ruling);
        }
        said.extend(self.cluster.violation().map(|what| format!("safety: violated. {what}.")));
        said.join(" ")
    }

    /// What the lab's chance comes from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    fn long(&mut self, job: LongJob) -> Task {
        self.job = Some(job);
        Task::Long
    }

    /// The node that an argument names.
    pub(super) fn named(&self, node: NodeId) -> Result<NodeId, Refusal> {
        if node == LEADER { self.leader() } else { Ok(node) }
    }

    /// The node that the argument `name` names; it is there.
    pub fn node_of(&self, call: &Call, name: &str) -> Result<NodeId, Refusal> {
        self.named(call.arguments.node(name).unwrap_or(LEADER))
    }

    /// The client that an argument names, or the first that is idle.
    pub(super) fn client_of(&self, call: &Call) -> Result<NodeId, Refusal> {
        call.arguments.node("from").or_else(|| self.cluster.first_idle()).ok_or(Refusal::AllClientsBusy)
    }

    /// Who leads: of several that believe it, the one with the highest term.
    pub(super) fn leader(&self) -> Result<NodeId, Refusal> {
        let heads = self.cluster.heads().filter(|(_, head)| head.crowned);
        heads.max_by_key(|(_, head)| head.term).map(|(id, _)| id).ok_or(Refusal::NoLeader)
    }

    /// The answer to a client's command.
    pub fn asked(&self, client: NodeId, text: &str) -> String {
        match self.cluster.asks(client) {
            Some(node) => format!("{client} asks {node}: {text}."),
            None => format!("{client} asks: {text}."),
        }
    }
}

impl Machine for ClusterLab {
    fn opened_at(&mut self, now_ns: u64) -> Result<(), Refusal> {
        if now_ns > 0 {
            self.cluster = cluster(self.seed, now_ns, &self.settings)?;
        }
        Ok(())
    }

    fn begin(&mut self, cx: &mut Cx, call: &Call, _data: &Data) -> Result<Task, Refusal> {
        // What is told from here on is told against the state that the trace has.
        self.cluster.told_all();
        match call.info.name {
            "clear" => Ok(Task::Reopen),
            "at" | "after" => Ok(Task::Done(passing::add(self, cx, call)?)),
            "run" | "wait" | "load" => match Job::begin(self, cx, call)? {
                Some(job) => Ok(self.long(LongJob::Passing(job))),
                None => Ok(Task::Done("The clients go to work; let time pass.".to_string())),
            },
            "tradeoff" => {
                let measuring = Measuring::begin(self, cx, call)?;
                Ok(self.long(LongJob::Measuring(Box::new(measuring))))
            }
            _ => Ok(Task::Done(self.act(cx, call)?)),
        }
    }

    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        let Some(mut job) = self.job.take() else { return Ok(()) };
        match &mut job {
            LongJob::Passing(job) => job.step(self, cx),
            LongJob::Measuring(measuring) => measuring.step(self, cx)?,
        }
        self.job = Some(job);
        Ok(())
    }

    fn progress(&self) -> (u64, u64) {
        match &self.job {
            Some(LongJob::Passing(job)) => job.progress(self),
            Some(LongJob::Measuring(measuring)) => measuring.progress(),
            None => (0, 0),
        }
    }

    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        Ok(match self.job.take() {
            Some(LongJob::Passing(job)) => job.finish(self, cx),
            Some(LongJob::Measuring(measuring)) => measuring.finish(self),
            None => String::new(),
        })
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let text = match &self.job {
            Some(LongJob::Passing(job)) => job.rewritten(self, call, text, unrecorded),
            Some(LongJob::Measuring(measuring)) => measuring.rewritten(text),
            None => text.to_string(),
        };
        (text, data.clone())
    }

    fn units(&self, call: &Call, _data: &Data) -> u64 {
        passing::units(call)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.expected(cx, call)
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let (cluster, tradeoff) = (Some(self.cluster.state().into()), self.tradeoff.clone());
        let parts = Parts { cluster, tradeoff, ..Parts::default() };
        EngineState { counters: cx.counters(), parts, ..EngineState::default() }
    }

    fn state_cost(&self) -> u32 {
        u32::from(self.settings.options.nodes) / 4 + 1
    }

    fn approx_bytes(&self) -> usize {
        let history = self.cluster.history.operations.len() * OPERATION_BYTES;
        usize::from(self.settings.options.nodes) * NODE_BYTES + history + size_of::<ClusterLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(self.settings.kind.lab(), setting)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    /// The store of a node: "n2".
    fn part(&self, name: &str) -> Option<(&'static str, EngineState)> {
        let id = self.cluster.nodes().find(|id| id.to_string() == name)?;
        let lab = match self.settings.options.shelf {
            ShelfKind::Tree(_) => "log",
            ShelfKind::Lsm(_) => "lsm",
            ShelfKind::Memory => return None,
        };
        Some((lab, self.cluster.store_of(id)?))
    }

    fn film(&mut self, name: &str) -> Option<bool> {
        let id = self.cluster.nodes().find(|id| id.to_string() == name)?;
        self.cluster.film(id)
    }

    fn filmed(&mut self, name: &str) -> Trace {
        match self.cluster.nodes().find(|id| id.to_string() == name) {
            Some(id) => self.cluster.filmed(id),
            None => Trace::new(),
        }
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

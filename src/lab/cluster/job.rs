//! Letting time pass, and what came of it.

use super::live;
use super::machine::ClusterLab;
use crate::lab::LabInfo;
use crate::lab::passing::{Passing, Plan, Stretch};
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::words::{counted, lasting};
use crate::replication::cluster::{Arrival, Keys, Workload};
use crate::sim::Cx;
use crate::trace::parts::cluster::ClusterCounts;

/// A command under way, and what was counted before it.
#[derive(Clone, Debug)]
pub struct Job {
    stretch: Stretch,
    before: ClusterCounts,
}

impl Job {
    /// Begins `run`, `wait` or `load`; nothing if that one goes on in the background.
    pub fn begin(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<Option<Job>, Refusal> {
        let before = *lab.cluster.counts();
        if call.info.name == "load" {
            lab.cluster.start_load(cx, workload(call)?);
            if call.arguments.flag("background") {
                return Ok(None);
            }
        }
        Ok(Some(Job { stretch: Stretch::begin(lab, cx, call), before }))
    }

    pub fn step(&mut self, lab: &mut ClusterLab, cx: &mut Cx) {
        self.stretch.step(lab, cx);
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &ClusterLab) -> (u64, u64) {
        self.stretch.progress(lab)
    }

    pub fn finish(self, lab: &mut ClusterLab, cx: &mut Cx) -> String {
        let passed_ns = self.stretch.finish(lab, cx);
        live::look(lab, cx, true);
        sentence(passed_ns, &self.before, lab.cluster.counts())
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &ClusterLab, call: &Call, text: &str, unrecorded: bool) -> String {
        self.stretch.rewritten(lab, call, text, unrecorded)
    }
}

impl Passing for ClusterLab {
    fn lab(&self) -> &'static LabInfo {
        self.settings.kind.lab()
    }

    fn next_ns(&self) -> Option<u64> {
        self.cluster.next_ns()
    }

    fn step(&mut self, cx: &mut Cx) -> bool {
        let goes_on = self.cluster.step(cx);
        live::look(self, cx, false);
        goes_on
    }

    fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        ClusterLab::act(self, cx, call)
    }

    fn waiting(&self) -> u64 {
        self.cluster.waiting()
    }

    fn load_progress(&self) -> (u64, u64) {
        self.cluster.load_progress()
    }

    fn load_begun(&self) -> u64 {
        self.cluster.load_begun()
    }

    fn stop_load(&mut self) {
        self.cluster.stop_load();
    }

    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn plan_mut(&mut self) -> &mut Plan {
        &mut self.plan
    }
}

fn workload(call: &Call) -> Result<Workload, Refusal> {
    let arguments = &call.arguments;
    let percent = |name| arguments.number(name).unwrap_or_default().min(100) as u8;
    let operations = arguments.number("count").unwrap_or_default();
    check_units(operations)?;
    let arrival = match arguments.number("rate") {
        Some(per_s) => Arrival::Open { per_s },
        None => Arrival::Closed { think_ns: arguments.duration("think").map_or(0, i64::unsigned_abs) },
    };
    Ok(Workload {
        operations,
        writes_percent: arguments.number("writes").map_or(50, |writes| writes.min(100) as u8),
        compare_and_set_percent: percent("cas"),
        read_modify_write_percent: percent("modify"),
        deletes_percent: percent("deletes"),
        keys: keys(call),
        arrival,
        single_writer: arguments.flag("single-writer"),
        value_bytes: arguments.number("size").unwrap_or_default() as u32,
        ..Workload::default()
    })
}

/// Which keys clients ask for.
pub fn keys(call: &Call) -> Keys {
    let count = call.arguments.number("keys").unwrap_or(3);
    match (call.arguments.key("key"), call.arguments.word("choice")) {
        (Some(key), _) => Keys::Given([key.clone()].into()),
        (None, Some("zipf")) => Keys::Zipf { count, exponent: 0.99 },
        _ => Keys::Uniform { count },
    }
}

/// What came of it.
fn sentence(passed_ns: u64, before: &ClusterCounts, after: &ClusterCounts) -> String {
    let parts = [
        (after.done - before.done, "operation done", "operations done"),
        (after.failed - before.failed, "refused", "refused"),
        (after.unknown - before.unknown, "without an answer", "without an answer"),
        (after.stale - before.stale, "stale", "stale"),
    ];
    let mut said = format!("{} have passed: {}", lasting(passed_ns), counted(after.sent - before.sent, "message"));
    for (count, one, many) in parts.iter().filter(|(count, ..)| *count > 0) {
        said.push_str(&format!(", {count} {}", if *count == 1 { one } else { many }));
    }
    said.push('.');
    said
}

//! Letting time pass, and what came of it.

use super::machine::CacheLab;
use crate::cache::{Arrival, Keys, Workload};
use crate::lab::LabInfo;
use crate::lab::passing::{Passing, Plan, Stretch};
use crate::lab::refusal::{Refusal, check_burst, check_units};
use crate::lab::script::Call;
use crate::lab::words::{counted, grouped, lasting};
use crate::sim::Cx;
use crate::trace::parts::tiers::TierCounts;

/// A command under way, and what was counted before it.
#[derive(Clone, Debug)]
pub struct Job {
    stretch: Stretch,
    before: TierCounts,
}

impl Job {
    /// Begins `run`, `wait` or `load`; nothing if that one goes on in the background.
    pub fn begin(lab: &mut CacheLab, cx: &mut Cx, call: &Call) -> Result<Option<Job>, Refusal> {
        let before = lab.tiers.told().counts;
        if call.info.name == "load" {
            lab.tiers.start_load(cx, workload(call)?);
            if call.arguments.flag("background") {
                return Ok(None);
            }
        }
        Ok(Some(Job { stretch: Stretch::begin(lab, cx, call), before }))
    }

    pub fn step(&mut self, lab: &mut CacheLab, cx: &mut Cx) {
        self.stretch.step(lab, cx);
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &CacheLab) -> (u64, u64) {
        self.stretch.progress(lab)
    }

    pub fn finish(self, lab: &mut CacheLab, cx: &mut Cx) -> String {
        let passed_ns = self.stretch.finish(lab, cx);
        sentence(passed_ns, &self.before, lab.tiers.told().counts)
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &CacheLab, call: &Call, text: &str, unrecorded: bool) -> String {
        self.stretch.rewritten(lab, call, text, unrecorded)
    }
}

impl Passing for CacheLab {
    fn lab(&self) -> &'static LabInfo {
        &super::CACHE
    }

    fn next_ns(&self) -> Option<u64> {
        self.tiers.next_ns()
    }

    fn step(&mut self, cx: &mut Cx) -> bool {
        self.tiers.step(cx)
    }

    fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        CacheLab::act(self, cx, call)
    }

    fn waiting(&self) -> u64 {
        self.tiers.open()
    }

    fn load_progress(&self) -> (u64, u64) {
        self.tiers.load_progress()
    }

    fn load_begun(&self) -> u64 {
        self.tiers.load_begun()
    }

    fn stop_load(&mut self) {
        self.tiers.stop_load();
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
    check_burst(call, operations)?;
    let count = arguments.number("keys").unwrap_or(20);
    let keys = match (arguments.key("key"), arguments.word("choice")) {
        (Some(key), _) => Keys::Given([key.clone()].into()),
        (None, Some("uniform")) => Keys::Uniform { count },
        _ => Keys::Zipf { count, exponent: 0.99 },
    };
    let arrival = match arguments.number("rate") {
        _ if arguments.flag("burst") => Arrival::Burst,
        Some(per_s) => Arrival::Open { per_s },
        None => Arrival::Closed { think_ns: arguments.duration("think").map_or(0, i64::unsigned_abs) },
    };
    let (writes_percent, missing_percent) = (percent("writes"), percent("missing"));
    Ok(Workload { operations, writes_percent, missing_percent, keys, arrival })
}

/// What came of it.
fn sentence(passed_ns: u64, before: &TierCounts, after: TierCounts) -> String {
    let parts = [
        (after.l1 - before.l1, "from L1"),
        (after.l2 - before.l2, "from L2"),
        (after.database - before.database, "from the database"),
        (after.failed + after.late - before.failed - before.late, "failed"),
        (after.stale - before.stale, "stale"),
        (after.lost - before.lost, "lost"),
    ];
    let queries = after.reads + after.writes - before.reads - before.writes;
    let queries = if queries == 1 { "1 query".to_string() } else { format!("{} queries", grouped(queries)) };
    let answers = counted(after.served - before.served, "answer");
    let mut said = format!("{} have passed: {answers}, {queries}", lasting(passed_ns));
    for (count, words) in parts.iter().filter(|(count, ..)| *count > 0) {
        said.push_str(&format!(", {} {words}", grouped(*count)));
    }
    said.push('.');
    said
}

//! Letting time pass: `run`, `wait`, `load`, `preload`, `play`.
//!
//! **Invariant:** a command that was stopped and its rewritten form come to the same trace: both end with everything done
//! that happens at the moment at which they end.

use super::machine::StackLab;
use super::scenarios::Scenario;
use crate::cache::{Arrival, Keys, Workload};
use crate::lab::passing::with_count;
use crate::lab::refusal::{Refusal, check_burst, check_units};
use crate::lab::script::Call;
use crate::lab::span;
use crate::lab::words::{counted, grouped, lasting};
use crate::sim::Cx;
use crate::trace::parts::tiers::TierCounts;

/// How long `wait` waits at most, unless it says otherwise.
const WAIT_MOST_NS: u64 = 60_000_000_000;
/// A `run` that is longer counts as long: it is recorded only if the script says so.
const RUN_RECORDED_NS: u64 = 20_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    Time,
    /// Nobody waits and nothing moves, or the time is over.
    Calm,
    Load,
    Preload {
        count: u64,
    },
    /// First its keys are written, then the load begins.
    Play {
        scenario: &'static Scenario,
        begun: bool,
    },
}

/// A command under way.
#[derive(Clone, Debug)]
pub struct Job {
    goal: Goal,
    began_ns: u64,
    now_ns: u64,
    until_ns: u64,
    before: TierCounts,
}

impl Job {
    /// Begins it; nothing if it goes on in the background.
    pub fn begin(lab: &mut StackLab, cx: &mut Cx, call: &Call) -> Result<Option<Job>, Refusal> {
        let time = |name| call.arguments.duration(name).map(i64::unsigned_abs);
        let count = call.arguments.number("count").unwrap_or_default();
        check_units(count)?;
        check_burst(call, count)?;
        let (goal, lasts_ns) = match call.info.name {
            "run" => (Goal::Time, time("time").unwrap_or_default()),
            "wait" => (Goal::Calm, time("most").unwrap_or(WAIT_MOST_NS)),
            "preload" => (Goal::Preload { count }, u64::MAX),
            "play" => {
                let scenario = lab.scenario().ok_or(Refusal::NoScenario)?;
                (Goal::Play { scenario, begun: false }, time("for").unwrap_or(u64::MAX))
            }
            _ => (Goal::Load, u64::MAX),
        };
        let before = lab.stack.tiers().told().counts;
        match goal {
            Goal::Load => {
                lab.stack.start_load(cx, workload(call));
                if call.arguments.flag("background") {
                    return Ok(None);
                }
            }
            Goal::Preload { count } => lab.stack.preload(cx, count),
            Goal::Play { scenario, .. } => {
                lab.stack.preload(cx, scenario.keys);
                // Judged is what was played to its end.
                lab.played = false;
            }
            Goal::Time | Goal::Calm => {}
        }
        let began_ns = cx.now_ns();
        let until_ns = began_ns.saturating_add(lasts_ns);
        Ok(Some(Job { goal, began_ns, now_ns: began_ns, until_ns, before }))
    }

    pub fn step(&mut self, lab: &mut StackLab, cx: &mut Cx) {
        lab.advance(cx, self.until_ns);
        self.now_ns = cx.now_ns();
        if let Goal::Play { scenario, begun } = &mut self.goal
            && !*begun
            && lab.stack.preload_left() == 0
        {
            *begun = true;
            scenario.begin(lab, cx);
        }
    }

    fn is_over(&self, lab: &StackLab) -> bool {
        let is_out = lab.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let (done, total) = lab.stack.load_progress();
        is_out
            || match self.goal {
                Goal::Time => false,
                Goal::Calm => lab.stack.is_calm() && done >= total,
                Goal::Load => done >= total,
                Goal::Preload { .. } => lab.stack.preload_left() == 0,
                Goal::Play { .. } => self.is_played(lab),
            }
    }

    /// Whether all of the scenario has happened: its load, what was planned for it, and what came of both.
    fn is_played(&self, lab: &StackLab) -> bool {
        let (done, total) = lab.stack.load_progress();
        let has_begun = matches!(self.goal, Goal::Play { begun: true, .. });
        has_begun && done >= total && lab.planned.next_ns().is_none() && lab.stack.is_calm()
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &StackLab) -> (u64, u64) {
        let (done, total) = match self.goal {
            // In microseconds.
            Goal::Time => ((self.now_ns - self.began_ns) / 1000, (self.until_ns - self.began_ns) / 1000),
            Goal::Calm => (0, 1),
            Goal::Load => lab.stack.load_progress(),
            Goal::Preload { count } => (count.saturating_sub(lab.stack.preload_left()), count),
            Goal::Play { scenario, begun } => match begun {
                true => (scenario.keys + lab.stack.load_progress().0, scenario.keys + scenario.load.operations),
                false => {
                    let done = scenario.keys.saturating_sub(lab.stack.preload_left());
                    (done, scenario.keys + scenario.load.operations)
                }
            },
        };
        let total = total.max(1);
        if self.is_over(lab) { (total, total) } else { (done.min(total - 1), total) }
    }

    /// Ends it, done or not.
    pub fn finish(self, lab: &mut StackLab, cx: &mut Cx) -> String {
        let is_over = self.is_over(lab);
        match self.goal {
            Goal::Load => {
                lab.stack.stop_load();
                while !self.is_over(lab) && lab.advance(cx, u64::MAX) {}
            }
            Goal::Preload { .. } => {
                lab.stack.stop_preload();
                while lab.stack.preload_left() > 0 && lab.advance(cx, u64::MAX) {}
            }
            Goal::Time | Goal::Calm | Goal::Play { .. } => {}
        }
        let is_out = lab.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let is_full = match self.goal {
            Goal::Time => is_out,
            Goal::Calm => is_out && !lab.stack.is_calm(),
            Goal::Play { .. } => is_out && self.until_ns < u64::MAX,
            _ => false,
        };
        let end_ns = if is_full { self.until_ns } else { cx.now_ns() };
        while lab.advance(cx, end_ns) {}
        cx.pass(end_ns.saturating_sub(cx.now_ns()));
        if let Goal::Play { .. } = self.goal {
            lab.played = self.is_played(lab);
            if !is_over {
                lab.stack.stop_load();
                lab.stack.stop_preload();
            }
        }
        let mut said = sentence(cx.now_ns() - self.began_ns, &self.before, lab.stack.tiers().told().counts);
        if let Goal::Play { .. } = self.goal {
            said.push(' ');
            said.push_str(&lab.judge_goal(cx));
        }
        said
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &StackLab, call: &Call, text: &str, unrecorded: bool) -> String {
        let passed = span::written(self.now_ns - self.began_ns);
        let mut text = match self.goal {
            Goal::Load => with_count(call, text, lab.stack.load_begun()),
            Goal::Preload { count } => format!("preload {}", count - lab.stack.preload_unbegun().min(count)),
            Goal::Time | Goal::Calm => format!("run {passed}"),
            Goal::Play { .. } => format!("play for {passed}"),
        };
        if unrecorded && !text.ends_with(" unrecorded") {
            text.push_str(" unrecorded");
        }
        text
    }
}

/// How many operations a command is, for what is recorded without being asked.
pub fn units(lab: &StackLab, call: &Call) -> u64 {
    match call.info.name {
        "load" | "preload" => call.arguments.number("count").unwrap_or_default(),
        "play" => lab.scenario().map_or(0, |scenario| scenario.keys + scenario.load.operations),
        "run" if call.arguments.duration("time").map_or(0, i64::unsigned_abs) > RUN_RECORDED_NS => u64::MAX,
        _ => 1,
    }
}

fn workload(call: &Call) -> Workload {
    let arguments = &call.arguments;
    let count = arguments.number("keys").unwrap_or(20);
    let keys = match (arguments.key("key"), arguments.word("choice")) {
        (Some(key), _) => Keys::Given([key.clone()].into()),
        (None, Some("zipf")) => Keys::Zipf { count, exponent: 0.99 },
        _ => Keys::Uniform { count },
    };
    let arrival = match arguments.number("rate") {
        _ if arguments.flag("burst") => Arrival::Burst,
        Some(per_s) => Arrival::Open { per_s },
        None => Arrival::Closed { think_ns: arguments.duration("think").map_or(0, i64::unsigned_abs) },
    };
    Workload {
        operations: arguments.number("count").unwrap_or_default(),
        writes_percent: arguments.number("writes").map_or(10, |writes| writes.min(100) as u8),
        missing_percent: 0,
        keys,
        arrival,
    }
}

/// What came of it.
fn sentence(passed_ns: u64, before: &TierCounts, after: TierCounts) -> String {
    let parts = [
        (after.l1 - before.l1, "from L1"),
        (after.l2 - before.l2, "from L2"),
        (after.database - before.database, "read from shards"),
        (after.failed + after.late - before.failed - before.late, "failed"),
        (after.stale - before.stale, "stale"),
    ];
    let mut said =
        format!("{} have passed: {} served", lasting(passed_ns), counted(after.served - before.served, "request"));
    for (count, word) in parts.iter().filter(|(count, _)| *count > 0) {
        said.push_str(&format!(", {} {word}", grouped(*count)));
    }
    said.push('.');
    said
}

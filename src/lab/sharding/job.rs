//! Letting time pass: `run`, `wait`, `load`.
//!
//! **Invariant:** a command that was stopped and its rewritten form come to the same trace: both end with everything done
//! that happens at the moment at which they end.

use super::commands::CHOICES;
use super::machine::ShardingLab;
use crate::lab::passing::with_count;
use crate::lab::script::Call;
use crate::lab::span;
use crate::lab::words::{counted, lasting};
use crate::sharding::cluster::{Keys, Load};
use crate::sim::Cx;
use crate::trace::Bytes;

/// How long `wait` waits at most, unless it says otherwise.
const WAIT_MOST_NS: u64 = 10_000_000_000;
/// A `run` that is longer counts as long: it is recorded only if the script says so.
const RUN_RECORDED_NS: u64 = 10_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    Time,
    /// Everybody was told and nothing moves, or the time is over.
    Calm,
    Load,
}

/// A command under way.
#[derive(Clone, Debug)]
pub struct Job {
    goal: Goal,
    began_ns: u64,
    now_ns: u64,
    until_ns: u64,
    /// Operations that had ended at its beginning.
    ended: usize,
}

impl Job {
    /// Begins it; nothing if it goes on in the background.
    pub fn begin(lab: &mut ShardingLab, cx: &mut Cx, call: &Call) -> Option<Job> {
        let time = |name| call.arguments.duration(name).map(i64::unsigned_abs);
        let (goal, lasts_ns) = match call.info.name {
            "run" => (Goal::Time, time("time").unwrap_or_default()),
            "wait" => (Goal::Calm, time("most").unwrap_or(WAIT_MOST_NS)),
            _ => (Goal::Load, u64::MAX),
        };
        let ended = lab.cluster.latencies_ns().len();
        if goal == Goal::Load {
            lab.cluster.start_load(cx, load(lab, call));
            if call.arguments.flag("background") {
                return None;
            }
        }
        let began_ns = cx.now_ns();
        Some(Job { goal, began_ns, now_ns: began_ns, until_ns: began_ns.saturating_add(lasts_ns), ended })
    }

    pub fn step(&mut self, lab: &mut ShardingLab, cx: &mut Cx) {
        lab.cluster.step(cx);
        self.now_ns = cx.now_ns();
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &ShardingLab) -> (u64, u64) {
        let is_out = lab.cluster.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let (done, total) = lab.cluster.load_progress();
        let (done, total, is_over) = match self.goal {
            // In microseconds.
            Goal::Time => ((self.now_ns - self.began_ns) / 1000, (self.until_ns - self.began_ns) / 1000, is_out),
            Goal::Calm => (0, 1, is_out || lab.is_calm()),
            Goal::Load => (done, total, is_out || done >= total),
        };
        let total = total.max(1);
        if is_over { (total, total) } else { (done.min(total - 1), total) }
    }

    /// Ends it, done or not.
    pub fn finish(self, lab: &mut ShardingLab, cx: &mut Cx) -> String {
        if self.goal == Goal::Load {
            lab.cluster.stop_load();
            let is_over = |lab: &ShardingLab| {
                let (done, total) = lab.cluster.load_progress();
                done >= total
            };
            while !is_over(lab) && lab.cluster.step(cx) {}
        }
        let is_out = lab.cluster.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let is_full = match self.goal {
            Goal::Time => is_out,
            Goal::Calm => is_out && !lab.is_calm(),
            Goal::Load => false,
        };
        let end_ns = if is_full { self.until_ns } else { cx.now_ns() };
        lab.cluster.run_until(cx, end_ns);
        self.sentence(lab, cx.now_ns() - self.began_ns)
    }

    fn sentence(&self, lab: &ShardingLab, passed_ns: u64) -> String {
        let mut latencies = lab.cluster.latencies_ns()[self.ended..].to_vec();
        let mut said = format!("{} have passed", lasting(passed_ns));
        if !latencies.is_empty() {
            latencies.sort_unstable();
            let at = |percent: usize| lasting(latencies[(latencies.len() - 1) * percent / 100]);
            said.push_str(&format!(
                ": {} done, half of them within {}, 99 in a hundred within {}",
                counted(latencies.len() as u64, "operation"),
                at(50),
                at(99)
            ));
        }
        said.push('.');
        said
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &ShardingLab, call: &Call, text: &str, unrecorded: bool) -> String {
        let mut text = match self.goal {
            Goal::Load => with_count(call, text, lab.cluster.load_begun()),
            Goal::Time | Goal::Calm => format!("run {}", span::written(self.now_ns - self.began_ns)),
        };
        if unrecorded && !text.ends_with(" unrecorded") {
            text.push_str(" unrecorded");
        }
        text
    }
}

/// How many operations a command is, for what is recorded without being asked.
pub fn units(call: &Call) -> u64 {
    match call.info.name {
        "load" => call.arguments.number("count").unwrap_or_default(),
        "run" if call.arguments.duration("time").map_or(0, i64::unsigned_abs) > RUN_RECORDED_NS => u64::MAX,
        _ => 1,
    }
}

fn load(lab: &ShardingLab, call: &Call) -> Load {
    let arguments = &call.arguments;
    let number = |name, otherwise| arguments.number(name).unwrap_or(otherwise);
    let count = number("keys", lab.options.map.keys).max(1);
    let usual = if lab.options.map.strategy.word() == "geographic" { "regions" } else { CHOICES[0] };
    let keys = match arguments.word("choice").unwrap_or(usual) {
        "zipf" => Keys::Zipf { count },
        "ascending" => Keys::Ascending { from: count },
        "star" => Keys::Star { key: Bytes::from(&b"star"[..]), percent: number("share", 80), count },
        "regions" => {
            let names = lab.options.map.regions.iter().map(|name| name.to_string()).collect();
            Keys::Regions { names, count }
        }
        _ => Keys::Uniform { count },
    };
    Load {
        operations: number("count", 0),
        keys,
        writes_percent: number("writes", 50),
        scans_percent: number("scans", 0),
        width: number("width", 50),
        think_ns: arguments.duration("think").map_or(0, i64::unsigned_abs),
    }
}

//! Letting time pass: the commands during which things happen.
//!
//! ```text
//!   run 500ms    until a time
//!   wait         until no client waits
//!   load 50      until the clients have asked so often, and were told
//! ```
//!
//! **Invariant:** a command that was stopped and its rewritten form come to the same trace: both end with everything done
//! that happens at the moment at which they end.

use super::machine::CacheLab;
use crate::cache::{Arrival, Keys, Workload};
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::span;
use crate::lab::token::tokens;
use crate::lab::words::{counted, lasting};
use crate::sim::Cx;
use crate::trace::parts::tiers::TierCounts;

/// How long `wait` waits at most, unless it says otherwise.
const WAIT_MOST_NS: u64 = 60_000_000_000;
/// A `run` that is longer counts as long: it is recorded only if the script says so.
const RUN_RECORDED_NS: u64 = 60_000_000_000;

/// What ends a command.
#[derive(Clone, Copy, Debug)]
enum Goal {
    Time,
    /// Everybody was told, or the time is over.
    Answers,
    Load,
}

/// A command under way.
#[derive(Clone, Debug)]
pub struct Job {
    goal: Goal,
    began_ns: u64,
    now_ns: u64,
    /// Not beyond this time.
    until_ns: u64,
    /// Clients that waited at its beginning.
    waiting: u64,
    before: TierCounts,
}

impl Job {
    /// Begins `run`, `wait` or `load`; nothing if that one goes on in the background.
    pub fn begin(lab: &mut CacheLab, cx: &mut Cx, call: &Call) -> Result<Option<Job>, Refusal> {
        let time = |name| call.arguments.duration(name).map(i64::unsigned_abs);
        let began_ns = cx.now_ns();
        let (goal, lasts_ns) = match call.info.name {
            "run" => (Goal::Time, time("time").unwrap_or_default()),
            "wait" => (Goal::Answers, time("most").unwrap_or(WAIT_MOST_NS)),
            _ => (Goal::Load, u64::MAX),
        };
        let before = lab.tiers.told().counts;
        if matches!(goal, Goal::Load) {
            lab.tiers.start_load(cx, workload(call)?);
            if call.arguments.flag("background") {
                return Ok(None);
            }
        }
        let (until_ns, waiting) = (began_ns.saturating_add(lasts_ns), lab.tiers.open());
        Ok(Some(Job { goal, began_ns, now_ns: began_ns, until_ns, waiting, before }))
    }

    pub fn step(&mut self, lab: &mut CacheLab, cx: &mut Cx) {
        lab.advance(cx, self.until_ns);
        self.now_ns = cx.now_ns();
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &CacheLab) -> (u64, u64) {
        let is_out = lab.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let (done, total, is_over) = match self.goal {
            // In microseconds.
            Goal::Time => ((self.now_ns - self.began_ns) / 1000, (self.until_ns - self.began_ns) / 1000, is_out),
            Goal::Answers => {
                let left = lab.tiers.open();
                (self.waiting.saturating_sub(left), self.waiting, is_out || left == 0 && lab.is_load_over())
            }
            Goal::Load => {
                let (done, total) = lab.tiers.load_progress();
                (done, total, is_out || done >= total)
            }
        };
        let total = total.max(1);
        if is_over { (total, total) } else { (done.min(total - 1), total) }
    }

    /// Ends it, done or not: what happens at the same moment happens, and at the end of its time that time is over.
    pub fn finish(self, lab: &mut CacheLab, cx: &mut Cx) -> String {
        if matches!(self.goal, Goal::Load) {
            lab.tiers.stop_load();
            while !lab.is_load_over() && lab.advance(cx, self.until_ns) {}
        }
        let is_out = lab.next_ns().is_none_or(|next_ns| next_ns > self.until_ns);
        let is_over = match self.goal {
            Goal::Time => is_out,
            Goal::Answers => is_out && (lab.tiers.open() > 0 || !lab.is_load_over()),
            Goal::Load => false,
        };
        let end_ns = if is_over { self.until_ns } else { cx.now_ns() };
        while lab.advance(cx, end_ns) {}
        cx.pass(end_ns.saturating_sub(cx.now_ns()));
        sentence(cx.now_ns() - self.began_ns, &self.before, lab.tiers.told().counts)
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &CacheLab, call: &Call, text: &str, unrecorded: bool) -> String {
        let mut text = match self.goal {
            Goal::Load => with_count(call, text, lab.tiers.load_begun()),
            Goal::Time | Goal::Answers => format!("run {}", span::written(self.now_ns - self.began_ns)),
        };
        if unrecorded && !text.ends_with(" unrecorded") {
            text.push_str(" unrecorded");
        }
        text
    }
}

impl CacheLab {
    fn is_load_over(&self) -> bool {
        let (done, total) = self.tiers.load_progress();
        done >= total
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

fn workload(call: &Call) -> Result<Workload, Refusal> {
    let arguments = &call.arguments;
    let percent = |name| arguments.number(name).unwrap_or_default().min(100) as u8;
    let operations = arguments.number("count").unwrap_or_default();
    check_units(operations)?;
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

/// The line of a `load` with another count; what else it says stays.
fn with_count(call: &Call, text: &str, count: u64) -> String {
    let Ok(words) = tokens(text, 1) else { return text.to_string() };
    let named = |word: &str| call.info.arguments.iter().find(|argument| argument.name == word);
    let mut place = 1;
    while let Some(argument) = words.get(place).and_then(|word| named(&word.text)) {
        place += if argument.kind == crate::lab::ArgumentKind::Flag { 1 } else { 2 };
    }
    match words.get(place) {
        Some(word) => format!("{}{count}{}", &text[..word.span.start], &text[word.span.end..]),
        None => text.to_string(),
    }
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
    let asked = counted(after.asked - before.asked, "request");
    let queries = after.reads + after.writes - before.reads - before.writes;
    let mut said = format!("{} have passed: {asked}, {queries} queries", lasting(passed_ns));
    for (count, words) in parts.iter().filter(|(count, ..)| *count > 0) {
        said.push_str(&format!(", {count} {words}"));
    }
    said.push('.');
    said
}

//! A command during which things happen, from its beginning to its end.

use super::Passing;
use crate::lab::ArgumentKind;
use crate::lab::script::Call;
use crate::lab::span;
use crate::lab::token::tokens;
use crate::sim::Cx;

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

/// `run`, `wait` or `load` under way.
#[derive(Clone, Debug)]
pub struct Stretch {
    goal: Goal,
    began_ns: u64,
    now_ns: u64,
    /// Not beyond this time.
    until_ns: u64,
    /// Clients that waited at its beginning.
    waiting: u64,
}

impl Stretch {
    /// Begins it; a load has been started by the lab.
    pub fn begin(lab: &dyn Passing, cx: &Cx, call: &Call) -> Stretch {
        let time = |name| call.arguments.duration(name).map(i64::unsigned_abs);
        let began_ns = cx.now_ns();
        let (goal, lasts_ns) = match call.info.name {
            "run" => (Goal::Time, time("time").unwrap_or_default()),
            "wait" => (Goal::Answers, time("most").unwrap_or(WAIT_MOST_NS)),
            _ => (Goal::Load, u64::MAX),
        };
        let (until_ns, waiting) = (began_ns.saturating_add(lasts_ns), lab.waiting());
        Stretch { goal, began_ns, now_ns: began_ns, until_ns, waiting }
    }

    pub fn step(&mut self, lab: &mut dyn Passing, cx: &mut Cx) {
        lab.advance(cx, self.until_ns);
        self.now_ns = cx.now_ns();
    }

    /// Done and to be done; equal when it is over.
    pub fn progress(&self, lab: &dyn Passing) -> (u64, u64) {
        let is_out = self.is_out(lab);
        let (done, total, is_over) = match self.goal {
            // In microseconds.
            Goal::Time => ((self.now_ns - self.began_ns) / 1000, (self.until_ns - self.began_ns) / 1000, is_out),
            Goal::Answers => {
                let left = lab.waiting();
                (self.waiting.saturating_sub(left), self.waiting, is_out || left == 0 && lab.is_load_over())
            }
            Goal::Load => {
                let (done, total) = lab.load_progress();
                (done, total, is_out || done >= total)
            }
        };
        let total = total.max(1);
        if is_over { (total, total) } else { (done.min(total - 1), total) }
    }

    /// Nothing more happens in its time.
    fn is_out(&self, lab: &dyn Passing) -> bool {
        lab.due_ns().is_none_or(|next_ns| next_ns > self.until_ns)
    }

    /// Ends it, done or not: what happens at the same moment happens, and at the end of its time that time is over. How
    /// long it lasted.
    pub fn finish(self, lab: &mut dyn Passing, cx: &mut Cx) -> u64 {
        if matches!(self.goal, Goal::Load) {
            lab.stop_load();
            while !lab.is_load_over() && lab.advance(cx, self.until_ns) {}
        }
        let is_out = self.is_out(lab);
        let is_over = match self.goal {
            Goal::Time => is_out,
            Goal::Answers => is_out && (lab.waiting() > 0 || !lab.is_load_over()),
            Goal::Load => false,
        };
        let end_ns = if is_over { self.until_ns } else { cx.now_ns() };
        while lab.advance(cx, end_ns) {}
        cx.pass(end_ns.saturating_sub(cx.now_ns()));
        cx.now_ns() - self.began_ns
    }

    /// The command that does just this much.
    pub fn rewritten(&self, lab: &dyn Passing, call: &Call, text: &str, unrecorded: bool) -> String {
        let mut text = match self.goal {
            Goal::Load => with_count(call, text, lab.load_begun()),
            Goal::Time | Goal::Answers => format!("run {}", span::written(self.now_ns - self.began_ns)),
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
        "load" | "fill" => call.arguments.number("count").unwrap_or_default(),
        "run" if call.arguments.duration("time").map_or(0, i64::unsigned_abs) > RUN_RECORDED_NS => u64::MAX,
        _ => 1,
    }
}

/// The line of a `load` with another count; what else it says stays.
pub fn with_count(call: &Call, text: &str, count: u64) -> String {
    let Ok(words) = tokens(text, 1) else { return text.to_string() };
    let named = |word: &str| call.info.arguments.iter().find(|argument| argument.name == word);
    let mut place = 1;
    while let Some(argument) = words.get(place).and_then(|word| named(&word.text)) {
        place += if argument.kind == ArgumentKind::Flag { 1 } else { 2 };
    }
    match words.get(place) {
        Some(word) => format!("{}{count}{}", &text[..word.span.start], &text[word.span.end..]),
        None => text.to_string(),
    }
}

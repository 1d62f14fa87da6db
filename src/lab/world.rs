//! The engine of a run with its context, and how one line of a script is carried out.
//!
//! ```text
//!   command-begun                    a recorded command: the engine's own events stand between
//!     operation-begun … operation-ended
//!     answered "37 is inserted."
//!   command-ended
//!
//!   command-begun                    an unrecorded one: the engine as it stands afterwards
//!     state-taken …
//!     answered "1,000,000 inserted."
//!   command-ended
//! ```
//!
//! **Invariant:** which events a line gives depends on the lines before it alone, not on how the work is sliced.

use std::rc::Rc;

use super::argument::Value;
use super::declaration::{LabInfo, SettingInfo};
use super::expectations::{self, Finding};
use super::machine::{Machine, Task};
use super::refusal::Refusal;
use super::script::{Call, Item, RecordMode, Statement};
use super::values::Values;
use super::words::{grouped, shortened};
use crate::sim::Cx;
use crate::trace::recorder::Cause;
use crate::trace::state::STATES_BYTES_MAX;
use crate::trace::{Event, Trace};

/// Where randomness begins when the script has no `seed` line.
pub const DEFAULT_SEED: u64 = 1;
/// Longest bulk command that is recorded without being asked to, in operations.
pub const RECORDED_UNITS: u64 = 200;
/// Most records that a trace keeps of single steps. When it has twice as many, or its states take
/// [`STATES_BYTES_MAX`], the run is over.
pub const TRACE_LIMIT: usize = 2_000_000;
/// Characters of a line that its event shows.
const TEXT_SHOWN: usize = 200;

/// Everything that a run changes.
#[derive(Clone)]
pub struct World {
    pub cx: Cx,
    /// The lab that is open, its settings, and its engine.
    lab: &'static LabInfo,
    values: Values,
    pub machine: Box<dyn Machine>,
    /// Operations done so far: what running it all again would cost.
    pub work: u64,
    /// Expectations that held and that failed.
    pub held: u32,
    pub failed: u32,
    mode: RecordMode,
    trace_limit: usize,
    full: bool,
    over: bool,
    /// What the last command answered, and why it was refused, if it was.
    answer: Option<Rc<str>>,
    refusal: Option<Rc<str>>,
}

/// A long command under way; the machine knows how far it is.
#[derive(Clone)]
pub struct Open {
    pub recorded: bool,
    /// Index of its `command-begun` in the trace.
    pub begun: usize,
    /// It ends here, done or not.
    pub stopped: bool,
    cause: Cause,
    error: Option<Refusal>,
}

impl World {
    /// A lab with its default settings.
    pub fn new(lab: &'static LabInfo, trace_limit: usize) -> World {
        let values = Values::of(lab);
        let machine = (lab.open)(DEFAULT_SEED, &values).expect("the default settings open an engine");
        let mut world = World {
            cx: Cx::new(DEFAULT_SEED),
            lab,
            values,
            machine,
            work: 0,
            held: 0,
            failed: 0,
            mode: RecordMode::Auto,
            trace_limit,
            full: false,
            over: false,
            answer: None,
            refusal: None,
        };
        world.take_state();
        world
    }

    /// The lab that is open.
    pub fn lab(&self) -> &'static LabInfo {
        self.lab
    }

    pub fn trace_limit(&self) -> usize {
        self.trace_limit
    }

    /// Whether the trace has grown so long that nothing more is carried out.
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn trace(&self) -> &Trace {
        &self.cx.recorder.trace
    }

    /// Carries a line out, or begins to. `cost` is what it took, in operations.
    pub fn begin(&mut self, item: &Item, cost: &mut u32) -> Option<Open> {
        let text = match &item.statement {
            Statement::Blank | Statement::Faulty => return None,
            Statement::Comment(text) => {
                self.cx.emit(|| Event::Comment { text: text.clone() });
                self.watch_length();
                return None;
            }
            _ => event_text(&item.text),
        };
        *cost += 1;
        self.work += 1;
        let begun = self.trace().len();
        let cause = self.cx.begin(|| Event::CommandBegun { line: item.line as u32, text });
        match &item.statement {
            Statement::Lab(lab) => self.reopen(lab, self.cx.seed(), Values::of(lab)),
            Statement::Seed(seed) => self.reopen(self.lab, *seed, self.values.clone()),
            Statement::Set(setting, value) => self.set(setting, value),
            Statement::Record(mode) => self.mode = *mode,
            Statement::Expect(call) => self.expect(call, &item.text, cost),
            Statement::Command(call) => {
                let recorded = self.records(call, item);
                self.cx.recorder.switch(recorded);
                (self.answer, self.refusal) = (None, None);
                match self.machine.begin(&mut self.cx, call, &item.data) {
                    Ok(Task::Long) => return Some(Open { recorded, begun, stopped: false, cause, error: None }),
                    Ok(Task::Done(answer)) => {
                        self.take_unrecorded(cost);
                        self.answer(&answer);
                    }
                    Ok(Task::Reopen) => {
                        self.cx.recorder.switch(true);
                        self.reopen(self.lab, self.cx.seed(), self.values.clone());
                    }
                    Err(refusal) => {
                        self.take_unrecorded(cost);
                        self.refuse(&refusal.to_string());
                    }
                }
            }
            Statement::Blank | Statement::Faulty | Statement::Comment(_) => {}
        }
        self.end(item, cause);
        None
    }

    /// Whether nothing of a long command is left to do.
    pub fn is_done(&self, open: &Open) -> bool {
        let (done, total) = self.machine.progress();
        open.stopped || done >= total
    }

    /// Goes on with a long command; true when it is over.
    pub fn go_on(&mut self, open: &mut Open, budget: &mut u32) -> bool {
        while !self.is_done(open) && open.error.is_none() {
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            self.work += 1;
            open.error = self.machine.step(&mut self.cx).err();
            if self.cx.recorder.is_on() && self.trace().len() >= self.trace_limit {
                self.cx.recorder.switch(false);
            }
        }
        true
    }

    /// Ends a long command with its answer, or with why it could not go on.
    pub fn close(&mut self, open: Open, item: &Item, cost: &mut u32) {
        let (done, total) = self.machine.progress();
        let finished = self.machine.finish(&mut self.cx);
        self.take_unrecorded(cost);
        match (open.error, finished) {
            (Some(error), _) => {
                let (done, total) = (grouped(done), grouped(total));
                self.refuse(&format!("{error}. This was operation {done} of {total}; what was done before stays."));
            }
            (None, Err(error)) => self.refuse(&error.to_string()),
            (None, Ok(answer)) if self.leaves_steps_out(item, open.recorded) => {
                let most = grouped(RECORDED_UNITS);
                let why = format!("more than {most}; `record on` before it records them");
                self.answer(&format!("{answer} Not recorded step by step ({why})."));
            }
            (None, Ok(answer)) => self.answer(&answer),
        }
        self.end(item, open.cause);
    }

    fn end(&mut self, item: &Item, cause: Cause) {
        self.cx.emit(|| Event::CommandEnded { line: item.line as u32 });
        self.cx.end(cause);
        self.watch_length();
    }

    /// Says so once when the trace is full, and once when it cannot grow at all any more.
    fn watch_length(&mut self) {
        if !self.full && self.trace().len() >= self.trace_limit {
            self.full = true;
            let limit = grouped(self.trace_limit as u64);
            let text = format!(
                "The trace has {limit} records, and no more are kept: from here on only what comes of a command is recorded."
            );
            self.cx.emit(|| Event::Answered { text: text.into() });
        }
        let states_bytes = self.cx.recorder.states_bytes();
        if self.trace().len() >= 2 * self.trace_limit || states_bytes >= STATES_BYTES_MAX {
            self.over = true;
            let (records, mib) = (grouped(self.trace().len() as u64), states_bytes >> 20);
            self.refuse(&format!(
                "The run ends here: its trace has {records} records and takes {mib} MiB for states of the tree. Fork at an earlier command, or begin a new run."
            ));
        }
    }

    /// Whether a command is to be recorded step by step.
    fn records(&self, call: &Call, item: &Item) -> bool {
        let long = || call.info.bulk && self.machine.units(call, &item.data) > RECORDED_UNITS;
        match self.mode {
            _ if self.full || call.arguments.flag("unrecorded") => false,
            RecordMode::On => true,
            RecordMode::Off => false,
            RecordMode::Auto => !long(),
        }
    }

    /// Whether a command was not recorded only because it is long. Goes by the line as it stands in the end: one that
    /// was stopped says `unrecorded` itself.
    fn leaves_steps_out(&self, item: &Item, recorded: bool) -> bool {
        let says_so = match &item.statement {
            Statement::Command(call) => call.arguments.flag("unrecorded"),
            _ => false,
        };
        self.mode == RecordMode::Auto && !recorded && !self.full && !says_so
    }

    fn set(&mut self, setting: &SettingInfo, value: &Value) {
        let mut values = self.values.clone();
        values.set(setting.name, value.clone());
        self.reopen(self.lab, self.cx.seed(), values);
        if self.refusal.is_none() {
            let sentence = self.machine.sentence(setting.name);
            self.answer(&sentence);
        }
    }

    /// Opens the engine of a lab anew. Time goes on, so that it never goes back within a trace; all else begins again.
    fn reopen(&mut self, lab: &'static LabInfo, seed: u64, values: Values) {
        (self.answer, self.refusal) = (None, None);
        let now_ns = self.cx.now_ns();
        let opened = (lab.open)(seed, &values);
        let opened = opened.and_then(|mut machine| machine.opened_at(now_ns).map(|()| machine));
        match opened {
            Ok(machine) => {
                (self.lab, self.values, self.machine) = (lab, values, machine);
                let mut cx = Cx::new(seed);
                cx.pass(now_ns);
                cx.recorder = std::mem::take(&mut self.cx.recorder);
                self.cx = cx;
                self.cx.recorder.forget_last_state();
                self.take_state();
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn expect(&mut self, call: &Call, text: &str, cost: &mut u32) {
        let recorded = !self.full && self.mode != RecordMode::Off;
        self.cx.recorder.switch(recorded);
        let before = self.cx.counters();
        let finding = match expectations::check(call, self.answer.as_deref(), self.refusal.as_deref()) {
            Some(finding) => Ok(finding),
            None => self.machine.expect(&mut self.cx, call),
        };
        if self.cx.counters() == before {
            self.cx.recorder.switch(true);
        }
        self.take_unrecorded(cost);
        let finding = finding.unwrap_or_else(|refusal: Refusal| Finding::new(false, refusal.to_string()));
        let text = event_text(text);
        if finding.held {
            self.held += 1;
            self.cx.emit(|| Event::ExpectationHeld { text });
        } else {
            self.failed += 1;
            self.cx.emit(|| Event::ExpectationFailed { text, found: finding.found.into() });
        }
    }

    /// The number that an expectation compares; nothing while there is none. A copy is asked, so nothing changes.
    pub fn number(&self, call: &Call) -> Option<u64> {
        let mut cx = self.cx.clone();
        cx.recorder.switch(false);
        self.machine.clone().expect(&mut cx, call).ok()?.number
    }

    /// What a command answers.
    fn answer(&mut self, text: &str) {
        let text: Rc<str> = text.into();
        self.answer = Some(text.clone());
        self.cx.emit(|| Event::Answered { text });
    }

    fn refuse(&mut self, text: &str) {
        let text: Rc<str> = text.into();
        self.refusal = Some(text.clone());
        self.cx.emit(|| Event::Refused { text });
    }

    /// After a command that was not recorded, or not to its end: switches recording on and takes the state.
    fn take_unrecorded(&mut self, cost: &mut u32) {
        if !self.cx.recorder.switch(true) {
            self.take_state();
            *cost += self.machine.state_cost();
        }
    }

    fn take_state(&mut self) {
        let previous = self.cx.recorder.last_state();
        let mut state = self.machine.state(&self.cx, previous);
        if let Some(previous) = previous {
            state.share_parts(previous);
        }
        self.cx.emit(|| Event::StateTaken { state: Rc::new(state) });
    }
}

/// A line as an event shows it.
pub fn event_text(line: &str) -> Rc<str> {
    Rc::from(shortened(line.trim_start(), TEXT_SHOWN))
}

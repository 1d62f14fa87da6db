//! A run in progress: a script, the engine that carries it out, and the trace of what happened.
//!
//! ```text
//!   append ──▶ script ──step──▶ world ──▶ trace
//!                        │
//!                        └──▶ checkpoints ──▶ fork_at, page_bytes_at, part_at
//! ```
//!
//! **Invariant:** the trace is a function of the script. However the work was sliced, and whether lines were appended one
//! by one or all at once, a new session of [`Session::script`] comes to the same trace.

mod behind;

use std::ops::Range;
use std::rc::Rc;

use super::checkpoint::{Checkpoint, Checkpoints};
use super::data::Data;
use super::script::{Call, Script, Statement};
use super::world::{Open, TRACE_LIMIT, World, event_text};
use super::{LabInfo, Problem};
use crate::trace::recorder::Capture;
use crate::trace::{EngineState, Event, Lane, PageId, Trace};

pub use self::behind::Behind;
pub use crate::storage::page::Region;

/// Work that a fork does at once; what is left is for its `step`.
const FORK_BUDGET: u32 = 20_000;
/// Work between two looks at how long the trace has become.
const REPLAY_SLICE: u32 = 64;

/// As many units of a long command are done before its cost has been looked at.
pub const TRIAL_UNITS: u32 = 8;

/// How far a run is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Every command has been carried out.
    Idle,
    /// A long command is under way: `done` of `total` units.
    Working { what: String, done: u64, total: u64 },
}

/// The bytes of a page at some point of a run, and what each of them is.
#[derive(Clone, Debug, PartialEq)]
pub struct PageBytes {
    pub bytes: Vec<u8>,
    pub regions: Vec<Region>,
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandSpan {
    pub line: usize,
    pub text: String,
    pub records: Range<usize>,
}

/// A run. Cheap enough to clone for a fork.
#[derive(Clone)]
pub struct Session {
    script: Script,
    /// The lab that the trace begins with.
    first_lab: &'static LabInfo,
    world: World,
    /// Length of the trace after each line that was carried out; the next line is at its length.
    ends: Vec<usize>,
    open: Option<Open>,
    commands: Vec<CommandSpan>,
    checkpoints: Checkpoints,
}

impl Session {
    /// Parses `script`; runs nothing yet. The trace begins with the empty engine.
    pub fn new(script: &str) -> Session {
        Session::with_trace_limit(script, TRACE_LIMIT)
    }

    /// Like [`Session::new`], for a trace that keeps another number of records.
    pub fn with_trace_limit(script: &str, records: usize) -> Session {
        let script = Script::parse(script);
        let lab = script.first_lab();
        Session::of(script, lab, records)
    }

    /// A run of a script that begins in `lab`.
    fn of(script: Script, lab: &'static LabInfo, records: usize) -> Session {
        Session {
            script,
            first_lab: lab,
            world: World::new(lab, records),
            ends: Vec::new(),
            open: None,
            commands: Vec::new(),
            checkpoints: Checkpoints::default(),
        }
    }

    /// The whole script as text, with all that was appended; running it anew gives this very run.
    pub fn script(&self) -> String {
        self.script.text()
    }

    pub fn problems(&self) -> &[Problem] {
        &self.script.problems
    }

    pub fn lab(&self) -> &'static LabInfo {
        self.script.lab
    }

    /// Adds what a person typed (one line, or several with data lines). Nothing is added when it has problems.
    pub fn append(&mut self, text: &str) -> Result<(), Vec<Problem>> {
        self.check_open()?;
        self.script.append(text)?;
        self.settle_first_lab();
        Ok(())
    }

    /// Adds one command with its data, such as `import` with the keys of a file.
    pub fn append_with_data(&mut self, command: &str, data: Data) -> Result<(), Vec<Problem>> {
        self.check_open()?;
        self.script.append_with_data(command, data)?;
        self.settle_first_lab();
        Ok(())
    }

    /// Begins again when the script begins with another lab than the trace does. Only comments were carried out then.
    fn settle_first_lab(&mut self) {
        let lab = self.script.first_lab();
        if self.commands.is_empty() && self.open.is_none() && !std::ptr::eq(lab, self.first_lab) {
            let script = std::mem::take(&mut self.script);
            *self = Session::of(script, lab, self.world.trace_limit());
        }
    }

    /// Nothing can be added to a run whose trace is full.
    fn check_open(&self) -> Result<(), Vec<Problem>> {
        if !self.world.is_over() {
            return Ok(());
        }
        let remedy = "fork at an earlier command, or begin a new run";
        Err(vec![Problem::new(1, 1, "the trace is full, so nothing more is carried out", remedy)])
    }

    /// Carries out at most about `budget` units of work (one unit: one operation on one key).
    ///
    /// What a unit costs is another matter for each command: of a long one that begins within the budget only a few are
    /// done ([`TRIAL_UNITS`]), so that who has a clock can learn before they go on.
    pub fn step(&mut self, budget: u32) -> Progress {
        let mut left = budget.max(1);
        loop {
            if !self.step_line(&mut left) {
                return match &self.open {
                    Some(_) => {
                        let (done, total) = self.world.machine.progress();
                        self.working(done, total)
                    }
                    None => Progress::Idle,
                };
            }
            if left == 0 && !self.is_idle() {
                return self.working(self.ends.len() as u64, self.script.items.len() as u64);
            }
        }
    }

    /// Whether there is nothing to carry out.
    fn is_idle(&self) -> bool {
        let over = self.script.unknown_lab || self.world.is_over() || self.ends.len() >= self.script.items.len();
        over && self.open.is_none()
    }

    fn working(&self, done: u64, total: u64) -> Progress {
        let what = self.script.items.get(self.ends.len()).map(|item| item.text.to_string());
        Progress::Working { what: what.unwrap_or_default(), done, total }
    }

    /// Carries the next line out, or goes on with it, within `budget`. False: it is not over, or there is none.
    fn step_line(&mut self, budget: &mut u32) -> bool {
        let next = self.ends.len();
        let Some(item) = self.script.items.get(next).filter(|_| !self.is_idle()).cloned() else { return false };
        let mut cost = 0;
        let begun = self.open.as_ref().map_or(self.world.trace().len(), |open| open.begun);
        if self.open.is_none() {
            self.checkpoints.consider(&mut self.world, next, self.commands.len());
            self.open = self.world.begin(&item, &mut cost);
            if self.open.is_some() {
                *budget = (*budget).min(TRIAL_UNITS);
            }
        }
        if let Some(mut open) = self.open.take() {
            if !self.world.go_on(&mut open, budget) {
                self.open = Some(open);
                return false;
            }
            self.world.close(open, &item, &mut cost);
        }
        *budget = budget.saturating_sub(cost);
        let end = self.world.trace().len();
        self.ends.push(end);
        if item.statement.is_command() {
            self.commands.push(CommandSpan { line: item.line, text: item.text.to_string(), records: begun..end });
        }
        true
    }

    /// Ends the long command under way after what it has done, and leaves out what was to follow; the script is changed
    /// to say so (`random 1000000` becomes `random 312000`), so that it still gives this very run.
    pub fn stop(&mut self) {
        if self.is_idle() {
            return;
        }
        self.stop_command();
        self.script = self.script.first(self.ends.len());
        self.settle_first_lab();
    }

    fn stop_command(&mut self) {
        let next = self.ends.len();
        if self.open.is_some() && self.world.machine.progress().0 == 0 {
            self.step_line(&mut 1);
        }
        let Some(open) = self.open.as_mut().filter(|open| !self.world.is_done(open)) else { return };
        let Some(item) = self.script.items.get(next) else { return };
        let Statement::Command(call) = &item.statement else { return };
        let (text, data) = self.world.machine.rewritten(call, &item.text, &item.data, !open.recorded);
        open.stopped = true;
        let begun = open.begun;
        self.script.replace(next, &text, data);
        rewrite_begun(&mut self.world.cx.recorder.trace, begun, event_text(&text));
        self.step_line(&mut 1);
    }

    pub fn trace(&self) -> &Trace {
        self.world.trace()
    }

    /// For each command carried out: its line of the script (from 1), its text, its range of records in the trace.
    pub fn commands(&self) -> &[CommandSpan] {
        &self.commands
    }

    /// Expectations that held and that failed.
    pub fn expectations(&self) -> (u32, u32) {
        (self.world.held, self.world.failed)
    }

    /// The number that an expectation about one compares, as the run stands; nothing while there is none.
    pub fn number(&self, call: &Call) -> Option<u64> {
        self.world.number(call)
    }

    /// A new run that stops after the last command that was complete when the trace had `position` records. When that
    /// is a lot of work, the new run is not there yet: `step` brings it there.
    pub fn fork_at(&self, position: usize) -> Session {
        let count = self.complete_at(position);
        let mut fork = self.resumed(count, count);
        fork.settle_first_lab();
        fork.step(FORK_BUDGET);
        fork
    }

    /// The engine as it stands.
    pub fn state(&self) -> EngineState {
        self.world.machine.state(&self.world.cx, None)
    }

    /// The bytes of a page as they were when the trace had `position` records.
    pub fn page_bytes_at(&self, page: PageId, position: usize) -> Option<PageBytes> {
        let count = self.settled_at(position);
        let at_end = count == self.ends.len() && self.open.is_none();
        let machine = &self.world.machine;
        let bytes = if at_end { machine.page_image(page) } else { self.page_again(page, position, count) }?;
        let regions = machine.regions(&bytes);
        Some(PageBytes { bytes, regions })
    }

    /// The bytes of a page at `position`, which is behind `count` lines and maybe inside the next: these are run again.
    fn page_again(&self, page: PageId, position: usize, count: usize) -> Option<Vec<u8>> {
        let mut run = self.resumed(count, count + 1);
        while run.ends.len() < count {
            let mut unlimited = u32::MAX;
            run.step_line(&mut unlimited);
        }
        let before = run.world.machine.page_image(page);
        let begun = run.world.trace().len();
        let inside = position > begun + 1 && run.ends.len() < run.script.items.len();
        if inside { run.page_inside_command(page, position, before) } else { before }
    }

    /// The bytes of a page in the middle of the next command.
    fn page_inside_command(&mut self, page: PageId, position: usize, before: Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.world.cx.recorder.capture = Some(Capture { page, until: position, bytes: None });
        let next = self.ends.len();
        while self.ends.len() == next && self.world.trace().len() <= position {
            let mut slice = REPLAY_SLICE;
            self.step_line(&mut slice);
        }
        let captured = self.world.cx.recorder.capture.take().and_then(|capture| capture.bytes);
        captured.or(before)
    }

    /// How many lines were complete when the trace had `position` records.
    fn complete_at(&self, position: usize) -> usize {
        self.ends.partition_point(|end| *end <= position)
    }

    /// How many lines had changed all that they were to change by then. Once a state was taken, what the command did is
    /// done, recorded or not: only its answer is still to come.
    fn settled_at(&self, position: usize) -> usize {
        let count = self.complete_at(position);
        let begun = if count == 0 { 1 } else { self.ends[count - 1] };
        let event = |index| self.trace().get(index).map(|record| &record.event);
        // An engine may take its state in the middle of a command (a database that is recovered): its own events follow.
        let is_last = |index: usize| event(index + 1).is_none_or(|next| next.lane() == Lane::Script);
        let told = |index| matches!(event(index), Some(Event::StateTaken { .. })) && is_last(index);
        if count < self.ends.len() && (begun..position).any(told) { count + 1 } else { count }
    }

    /// The run as it was at the nearest checkpoint before line `count`, with the first `items` lines of the script.
    fn resumed(&self, count: usize, items: usize) -> Session {
        let script = self.script.first(items);
        let trace_limit = self.world.trace_limit();
        let Some(checkpoint) = self.checkpoints.before(count) else {
            return Session::of(script, self.first_lab, trace_limit);
        };
        let Checkpoint { items, commands, .. } = *checkpoint;
        Session {
            script,
            first_lab: self.first_lab,
            world: checkpoint.world(self.trace()),
            ends: self.ends[..items].to_vec(),
            open: None,
            commands: self.commands[..commands].to_vec(),
            checkpoints: self.checkpoints.up_to(items),
        }
    }
}

/// Changes the text of the `command-begun` at `index`.
fn rewrite_begun(trace: &mut Trace, index: usize, new_text: Rc<str>) {
    let mut records: Vec<_> = trace.iter_from(index).cloned().collect();
    trace.truncate(index);
    if let Some(Event::CommandBegun { text, .. }) = records.first_mut().map(|record| &mut record.event) {
        *text = new_text;
    }
    for record in records {
        trace.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::btree::{self, settings::Settings};
    use crate::lab::{Value, Values};

    fn run(script: &str) -> Session {
        let mut session = Session::new(script);
        while session.step(10_000) != Progress::Idle {}
        session
    }

    #[test]
    fn a_file_does_not_outgrow_the_memory() {
        let mut session = Session::new("set value_size 5000");
        session.step(1);
        let mut values = Values::of(&btree::BTREE);
        values.set("value_size", Value::Number(5000));
        let mut machine = btree::Btree::open(1, Settings::of(&values)).unwrap();
        machine.file_bytes_max = 1 << 20;
        session.world.machine = Box::new(machine);
        session
            .append("random 1000\nexpect refused \"smaller value_size\"\nexpect records < 130\nexpect valid")
            .unwrap();
        session
            .append("insert 0\nexpect refused MiB\nbulk-load 3\ndelete-random 10\ninsert 0\nexpect present 0")
            .unwrap();
        while session.step(10_000) != Progress::Idle {}
        assert_eq!(session.expectations(), (5, 0));
        assert!(session.state().pages.len() < 140);
    }

    #[test]
    fn what_a_long_command_did_is_not_done_again_to_show_a_page() {
        let session = run("insert 5\nrandom 5000\nget 5\nget 6");
        let long = session.commands()[1].records.clone();
        let settled = |position| session.settled_at(position);
        assert_eq!((settled(long.start), settled(long.start + 1), settled(long.start + 2)), (1, 1, 2));
        for position in long.start + 2..session.trace().len() {
            let copy = session.checkpoints.before(settled(position)).unwrap();
            assert!(copy.items >= 2, "position {position} begins from line {}", copy.items);
        }
    }
}

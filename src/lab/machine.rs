//! What a run needs of a lab's engine: the machine.
//!
//! ```text
//!   begin ──▶ Done(answer)                              one operation
//!         ├─▶ Long ── step, step, step … ── finish ──▶ answer     many: sliced, shown, stopped
//!         │                └── stop: `rewritten` is the command that does just this much
//!         └─▶ Reopen                                    the world opens the lab anew
//! ```
//!
//! The world owns time, recorder and script; a machine owns the engine and what a run remembers beside it. It keeps the
//! long command that is under way to itself: there is one at most.
//!
//! **Invariant:** what a machine does depends on its seed, its settings and the commands before, never on how the steps
//! are sliced. **Invariant:** folding the events gives [`Machine::state`].

use super::data::Data;
use super::declaration::LabInfo;
use super::expectations::Finding;
use super::refusal::Refusal;
use super::script::Call;
use crate::sim::Cx;
use crate::storage::page::{Region, describe};
use crate::trace::{EngineState, Event, PageId, Trace};

/// What a command turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Done already; the answer.
    Done(String),
    /// To be done in steps.
    Long,
    /// The engine is to be opened anew, empty.
    Reopen,
}

/// The engine of a lab at work. Opened by [`LabInfo::open`](super::LabInfo), empty; opening takes no virtual time, counts
/// for nothing and is not recorded.
pub trait Machine {
    /// It was opened at this virtual time; said once, before anything else. For engines whose own time is the virtual one.
    fn opened_at(&mut self, _now_ns: u64) -> Result<(), Refusal> {
        Ok(())
    }

    /// Carries a command out, or begins to. A refused command leaves the engine as it was.
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal>;

    /// Does the next operation of the long command under way. After an error it is over.
    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal>;

    /// Operations done and in total of the long command under way; equal when nothing is left of it, or there is none.
    fn progress(&self) -> (u64, u64);

    /// Ends the long command, whether all is done or not; the answer.
    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal>;

    /// The command that does just what the long one has done so far, for a script that shall give this very run. `text`
    /// is its line; `unrecorded` says that it must not be recorded.
    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data);

    /// How many operations a command is: what `record auto` goes by.
    fn units(&self, call: &Call, data: &Data) -> u64;

    /// Checks one of the lab's own expectations.
    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal>;

    /// The engine as plain data. What did not change since `previous`, a state of this very engine, may be shared with it.
    fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState;

    /// What taking the state costs, in operations.
    fn state_cost(&self) -> u32;

    /// About how much memory a copy takes.
    fn approx_bytes(&self) -> usize;

    /// What a setting means now, in a sentence.
    fn sentence(&self, setting: &str) -> String;

    /// The newest bytes of a page, if the engine has pages and this is one.
    fn page_image(&self, page: PageId) -> Option<Vec<u8>>;

    /// A part of the engine that is an engine of its own (a node's store): the lab that shows such engines, and its state.
    fn part(&self, _name: &str) -> Option<(&'static str, EngineState)> {
        None
    }

    /// The lab of a part that the run's events tell of; nothing if they do not, and it has to be filmed.
    fn part_lab(&self, _name: &str) -> Option<&'static LabInfo> {
        None
    }

    /// What an event of the run says of such a part, in the part's own words; nothing if it is not about it.
    fn of_part(&self, _name: &str, _event: &Event) -> Option<Event> {
        None
    }

    /// From now on all that a part does is kept. Whether that begins only now: the film goes on from the part's state; nothing
    /// if there is no such part, or it can't be filmed.
    fn film(&mut self, _name: &str) -> Option<bool> {
        None
    }

    /// What was filmed of it since the last time, by a clock of its own.
    fn filmed(&mut self, _name: &str) -> Trace {
        Trace::new()
    }

    /// What the bytes of a page are.
    fn regions(&self, bytes: &[u8]) -> Vec<Region> {
        describe(bytes)
    }

    fn clone_box(&self) -> Box<dyn Machine>;
}

impl Clone for Box<dyn Machine> {
    fn clone(&self) -> Box<dyn Machine> {
        self.clone_box()
    }
}

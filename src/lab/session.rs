//! A run in progress: a script, the engine that carries it out, and the trace of what happened.

use std::ops::Range;

use super::{LabInfo, Problem};
use crate::trace::{EngineState, PageId, Trace};

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

/// A run of bytes of a page that mean one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub range: Range<usize>,
    /// What kind of thing: "checksum", "lsn", "slot", "key", "value", "free space", ...
    pub label: &'static str,
    /// The slot it belongs to, if any.
    pub slot: Option<usize>,
    /// Its value in words.
    pub value: String,
}

/// A run. Cheap enough to clone for a fork.
#[derive(Clone)]
pub struct Session {}

impl Session {
    /// Parses `script`; runs nothing yet.
    pub fn new(script: &str) -> Session {
        todo!("{script}")
    }

    /// The whole script as text, with all that was appended; running it anew gives this very run.
    pub fn script(&self) -> String {
        todo!()
    }

    pub fn problems(&self) -> &[Problem] {
        todo!()
    }

    pub fn lab(&self) -> &'static LabInfo {
        todo!()
    }

    /// Adds what a person typed (one line, or several with data lines). Nothing is added when it has problems.
    pub fn append(&mut self, text: &str) -> Result<(), Vec<Problem>> {
        todo!("{text}")
    }

    /// Carries out at most about `budget` units of work (one unit: one operation on one key).
    pub fn step(&mut self, budget: u32) -> Progress {
        todo!("{budget}")
    }

    /// Ends the long command under way after what it has done; the script is changed to say so
    /// (`random 1000000` becomes `random 312000`), so that it still gives this very run.
    pub fn stop(&mut self) {
        todo!()
    }

    pub fn trace(&self) -> &Trace {
        todo!()
    }

    /// For each command carried out: its line of the script (from 1), its text, its range of records in the trace.
    pub fn commands(&self) -> &[CommandSpan] {
        todo!()
    }

    /// Expectations that held and that failed.
    pub fn expectations(&self) -> (u32, u32) {
        todo!()
    }

    /// A new run that stops after the last command that was complete when the trace had `position` records.
    pub fn fork_at(&self, position: usize) -> Session {
        todo!("{position}")
    }

    /// The engine as it stands.
    pub fn state(&self) -> EngineState {
        todo!()
    }

    /// The bytes of a page as they were when the trace had `position` records.
    pub fn page_bytes_at(&self, page: PageId, position: usize) -> Option<PageBytes> {
        todo!("{page:?} {position}")
    }
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandSpan {
    pub line: usize,
    pub text: String,
    pub records: Range<usize>,
}

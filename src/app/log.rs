//! What the console shows above its line: every command, what it answered, and what was wrong with what was typed.
//!
//! Commands and answers are read off the trace, so they are the same whether a person typed them, a control issued them
//! or a link brought them. Only what never became a command (a line with a mistake, a remark of the page) is added by
//! hand, and keeps the place at which it was said.
//!
//! **Invariant:** entries ascend in their place in the trace. A click goes there, and a fork forgets what came after: of
//! what was said beside the run as of the run itself, so that the order stays that in which it happened.

use std::rc::Rc;

use crate::lab::Problem;
use crate::lab::words::shortened;
use crate::trace::{Event, Trace};

/// Most entries kept; the text list of the trace has them all.
const ENTRIES_MAX: usize = 400;
/// Most letters of a line with a mistake that are shown.
const TYPED_MAX: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command as it was typed or issued.
    Input,
    Answer,
    /// Refused, failed, or not understood.
    Bad,
    Good,
    /// A comment of the script.
    Remark,
    /// Something that the page says.
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub kind: Kind,
    pub text: Rc<str>,
    /// Position of the trace at which it stands, or at which it was said.
    pub position: usize,
    /// Whether the trace has it.
    pub of_run: bool,
}

/// The console's entries, newest last.
#[derive(Clone, Default, PartialEq)]
pub struct Log {
    entries: Rc<Vec<Entry>>,
    /// Records of the trace that have been read.
    seen: usize,
}

impl Log {
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn say(&mut self, kind: Kind, text: &str) {
        self.push(Entry { kind, text: Rc::from(text), position: self.seen, of_run: false });
    }

    /// What a person typed that could not be understood, and why, with a mark below the place.
    pub fn mistake(&mut self, typed: &str, problems: &[Problem]) {
        self.say(Kind::Input, &shortened(typed, TYPED_MAX));
        self.problems(problems, 1 < typed.lines().count());
    }

    /// Problems of a script or of a line.
    pub fn problems(&mut self, problems: &[Problem], numbered: bool) {
        for problem in problems {
            let remedy = if problem.remedy.is_empty() { String::new() } else { format!(": {}", problem.remedy) };
            let text = if numbered {
                format!("line {}, column {}: {}{remedy}", problem.line, problem.column, problem.what)
            } else {
                format!("{}^ {}{remedy}", " ".repeat(problem.column.saturating_sub(1)), problem.what)
            };
            self.say(Kind::Bad, &text);
        }
    }

    /// Reads what the trace has gained.
    pub fn read(&mut self, trace: &Trace) {
        for index in self.seen..trace.len() {
            let Some(record) = trace.get(index) else { break };
            let (kind, text) = match &record.event {
                Event::CommandBegun { text, .. } => (Kind::Input, text.clone()),
                Event::Answered { text } => (Kind::Answer, text.clone()),
                // What stopped the command was told when it came up.
                Event::Refused { text } if self.last_is(Kind::Bad, text) => continue,
                Event::Refused { text } => (Kind::Bad, text.clone()),
                Event::Comment { text } => (Kind::Remark, text.clone()),
                Event::ExpectationHeld { text } => (Kind::Good, Rc::from(format!("held: {text}"))),
                Event::ExpectationFailed { text, found } => {
                    (Kind::Bad, Rc::from(format!("expected {text}, found {found}")))
                }
                Event::DiskFault { text } => (Kind::Bad, text.clone()),
                _ => continue,
            };
            self.push(Entry { kind, text, position: index + 1, of_run: true });
        }
        // A fork that is still on its way to where it was cut has fewer records than were read.
        self.seen = self.seen.max(trace.len());
    }

    fn last_is(&self, kind: Kind, text: &str) -> bool {
        self.entries.last().is_some_and(|last| last.of_run && last.kind == kind && *last.text == *text)
    }

    /// Forgets what the trace no longer has.
    pub fn cut(&mut self, length: usize) {
        Rc::make_mut(&mut self.entries).retain(|entry| entry.position <= length);
        self.seen = self.seen.min(length);
    }

    fn push(&mut self, entry: Entry) {
        let entries = Rc::make_mut(&mut self.entries);
        if entries.len() >= ENTRIES_MAX {
            entries.drain(..ENTRIES_MAX / 4);
        }
        entries.push(entry);
    }
}

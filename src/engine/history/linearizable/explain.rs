//! Why an operation has no place in any order, in words.
//!
//! Most violations are one of few kinds: a value that nobody wrote, a value that was overwritten before the read began, a
//! value that was there before one that somebody had already seen. What is none of them is told by the values that were
//! possible.

use glassbase_trace::sorted::SortedSet;

use super::super::{Call, History, OpId, Operation, Outcome};
use super::task::{NEVER, NOTHING, Op, State, Step, Task};
use glassbase_trace::Bytes;

/// Values that a sentence lists.
const LISTED: usize = 4;

/// A sentence on why `op`, the last of `part`, can't be placed; `states` are the values that were possible there.
pub fn reason(history: &History, task: &Task, part: &[Op], op: OpId, states: &SortedSet<State>) -> String {
    let Some(stuck) = part.iter().find(|other| other.id == op) else { return String::new() };
    let told = sentence(history.operation(op));
    let teller = Teller { history, task, part, stuck };
    let why = match stuck.step {
        Step::Is(NEVER) => Some("a register has one value at most".to_string()),
        Step::Is(value) | Step::Change { from: value, .. } => teller.why_not(value),
        Step::IsNot(_) | Step::Set(_) => None,
    };
    let why = why.unwrap_or_else(|| teller.what_was_possible(states));
    format!("{told}, but {why}")
}

/// What a client did and was told, as the beginning of a sentence.
pub fn sentence(operation: &Operation) -> String {
    let of = if operation.key.is_empty() { String::new() } else { format!(" of {}", operation.key) };
    let by = format!("by client {}", operation.client);
    let name = |value: &Option<Bytes>| value.as_ref().map_or("nothing".to_string(), Bytes::to_string);
    match (&operation.call, operation.outcome()) {
        (Call::Read, Outcome::Found(values)) => format!("the read{of} {by} returned {}", listed(values)),
        (Call::Read, _) => format!("the read{of} {by} had no answer"),
        (Call::Write(value), _) => format!("the write{of} {by} wrote {value}"),
        (Call::Delete, _) => format!("the delete{of} {by} was carried out"),
        (Call::CompareAndSet { expected, .. }, Outcome::Differs) => {
            format!("the compare-and-set{of} {by} found another value than {}", name(expected))
        }
        (Call::CompareAndSet { expected, new }, _) => {
            format!("the compare-and-set{of} {by} found {} and wrote {new}", name(expected))
        }
    }
}

/// Values that were found, as a sentence has them.
pub fn listed(values: &[Bytes]) -> String {
    match values {
        [] => "nothing".to_string(),
        [value] => value.to_string(),
        values => {
            let names: Vec<String> = values.iter().take(LISTED).map(Bytes::to_string).collect();
            let more = if values.len() > LISTED { " and more" } else { "" };
            format!("{}{more} together", names.join(" and "))
        }
    }
}

struct Teller<'a> {
    history: &'a History,
    task: &'a Task,
    part: &'a [Op],
    stuck: &'a Op,
}

impl Teller<'_> {
    fn client(&self, op: &Op) -> u32 {
        self.history.operation(op.id).client
    }

    /// How a write is called: "client 2 had written 5".
    fn change(&self, op: &Op) -> String {
        match op.step.sets() {
            Some(NOTHING) => format!("client {} had deleted it", self.client(op)),
            value => format!("client {} had written {}", self.client(op), self.task.name(value.unwrap_or(NEVER))),
        }
    }

    /// Why the register can't have had `value`, if it is one of the usual reasons.
    fn why_not(&self, value: State) -> Option<String> {
        if value != NOTHING && !self.task.ops.iter().any(|op| op.step.sets() == Some(value) && self.begins_in_time(op))
        {
            return Some(self.nobody_wrote(value));
        }
        self.overwritten(value).or_else(|| self.seen_newer(value))
    }

    /// Nothing placed behind the end of the operation can have been there for it.
    fn begins_in_time(&self, op: &Op) -> bool {
        op.id != self.stuck.id && self.stuck.end.is_none_or(|end| op.begin < end)
    }

    fn nobody_wrote(&self, value: State) -> String {
        let name = self.task.name(value);
        let later = self.task.ops.iter().find(|op| op.id != self.stuck.id && op.step.sets() == Some(value));
        if let Some(later) = later {
            return format!("{name} was written only afterwards, by client {}", self.client(later));
        }
        let wrote = |operation: &&Operation| {
            let written = operation.call.written().flatten();
            operation.key == self.task.key && written.is_some_and(|written| written.to_string() == name)
        };
        match self.history.operations.iter().find(wrote) {
            Some(failed) if failed.outcome() == &Outcome::Failed => {
                format!("the only write of {name}, by client {}, had failed", failed.client)
            }
            _ => format!("nobody wrote {name}"),
        }
    }

    /// A write that stands between every write of `value` and the operation.
    fn overwritten(&self, value: State) -> Option<String> {
        let newer = self.newer(value, self.stuck)?;
        let client = self.client(newer);
        Some(match newer.step.sets() {
            Some(NOTHING) => format!("it was deleted by client {client}, and that was acknowledged, before it began"),
            state => {
                let name = self.task.name(state.unwrap_or(NEVER));
                format!("{name} was written by client {client}, and acknowledged, before it began")
            }
        })
    }

    /// The last write that had ended before `op` began, and begun after all writes of `value` had ended.
    fn newer(&self, value: State, op: &Op) -> Option<&Op> {
        let ended_before = |one: &Op, other: &Op| one.end.is_some_and(|end| end < other.begin);
        let sets = |other: &&Op| other.step.sets().is_some_and(|state| state != value) && other.id != op.id;
        let candidates = self.part.iter().filter(sets).filter(|newer| ended_before(newer, op));
        let is_behind_all = |newer: &&Op| {
            let mut writes = self.part.iter().filter(|other| other.step.sets() == Some(value) && other.id != op.id);
            writes.all(|write| ended_before(write, newer))
        };
        candidates.filter(is_behind_all).max_by_key(|newer| newer.begin)
    }

    /// An answer with a newer value that somebody had before the operation began.
    fn seen_newer(&self, value: State) -> Option<String> {
        let ended_before = |one: &Op, other: &Op| one.end.is_some_and(|end| end < other.begin);
        let finds = |op: &&Op| op.step.needs().is_some_and(|state| state != value) && op.id != self.stuck.id;
        for finder in self.part.iter().filter(finds).filter(|finder| ended_before(finder, self.stuck)) {
            let found = finder.step.needs()?;
            let is_newer = |write: &Op| {
                let mut older = self.part.iter().filter(|op| op.step.sets() == Some(value) && op.id != self.stuck.id);
                older.all(|older| ended_before(older, write))
            };
            let mut writes = self.part.iter().filter(|op| op.step.sets() == Some(found)).peekable();
            if writes.peek().is_some() && writes.all(is_newer) {
                let (name, client) = (self.task.name(found), self.client(finder));
                return Some(match value {
                    NOTHING => format!("client {client} had found {name} before it began"),
                    _ => format!("client {client} had found {name}, which was written later, before it began"),
                });
            }
        }
        None
    }

    /// What the register could have been, whatever the order of all that came before.
    fn what_was_possible(&self, states: &SortedSet<State>) -> String {
        let names: Vec<String> = states.iter().take(LISTED).map(|state| self.task.name(*state)).collect();
        let more = if states.len() > LISTED { " or another" } else { "" };
        let found = self.part.iter().filter(|op| op.id != self.stuck.id);
        let known: Vec<String> =
            found.filter(|op| op.step.sets().is_some()).take(LISTED).map(|op| self.change(op)).collect();
        let after = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
        format!("in every order of what came before, the value was {}{more} by then{after}", names.join(" or "))
    }
}

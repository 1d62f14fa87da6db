//! The operations of one key in the form that a search wants: values are small numbers, and a call is what it asks of a
//! register and what it does to it.

use glassbase_trace::sorted::SortedMap;

use super::super::{Call, History, OpId, Operation, Outcome};
use glassbase_trace::Bytes;

/// A value of the register; [`NOTHING`] while it has none.
pub type State = u32;

pub const NOTHING: State = 0;

/// What no register ever holds: the answer of a read that found siblings.
pub const NEVER: State = u32::MAX;

/// What an operation asks of the register and does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A read.
    Is(State),
    /// A compare-and-set that found another value.
    IsNot(State),
    /// A write or delete.
    Set(State),
    /// A compare-and-set.
    Change { from: State, to: State },
}

impl Step {
    /// The state behind it; nothing if it can't be done in `state`.
    pub fn after(self, state: State) -> Option<State> {
        match self {
            Step::Is(value) => (state == value).then_some(state),
            Step::IsNot(value) => (state != value).then_some(state),
            Step::Set(value) => Some(value),
            Step::Change { from, to } => (state == from).then_some(to),
        }
    }

    /// True if it leaves every register as it is.
    pub fn is_pure(self) -> bool {
        matches!(self, Step::Is(_) | Step::IsNot(_))
    }

    /// The state that it must find.
    pub fn needs(self) -> Option<State> {
        match self {
            Step::Is(value) | Step::Change { from: value, .. } => Some(value),
            Step::IsNot(_) | Step::Set(_) => None,
        }
    }

    /// The state that it leaves, if it changes anything.
    pub fn sets(self) -> Option<State> {
        match self {
            Step::Set(value) | Step::Change { to: value, .. } => Some(value),
            Step::Is(_) | Step::IsNot(_) => None,
        }
    }
}

/// An operation that happened, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    pub id: OpId,
    pub step: Step,
    pub begin: u32,
    /// Nothing: it may happen at any time after its beginning, or never.
    pub end: Option<u32>,
}

/// The operations of one key, in the order in which they began.
#[derive(Debug)]
pub struct Task {
    pub key: Bytes,
    pub ops: Vec<Op>,
    /// What the states stand for, from 1 on.
    values: Vec<Bytes>,
}

impl Task {
    /// What a state is called.
    pub fn name(&self, state: State) -> String {
        match state.checked_sub(1) {
            None => "nothing".to_string(),
            Some(index) => self.values.get(index as usize).map_or("several values".to_string(), Bytes::to_string),
        }
    }
}

/// A history apart by keys: a history is linearizable if and only if it is so for each object (Herlihy and Wing,
/// "Linearizability: A Correctness Condition for Concurrent Objects", 1990, theorem 1), so each key is a task of its own.
/// (Horn and Kroening, "Faster Linearizability Checking via P-Compositionality", 2015.)
pub fn tasks(history: &History) -> Vec<Task> {
    let mut builders: SortedMap<&Bytes, Builder> = SortedMap::new();
    for (id, operation) in history.iter() {
        builders.entry(&operation.key).or_default().push(id, operation);
    }
    let task = |(key, builder): (&Bytes, Builder)| Task { key: key.clone(), ops: builder.ops, values: builder.values };
    builders.into_iter().map(task).collect()
}

#[derive(Default)]
struct Builder {
    ops: Vec<Op>,
    values: Vec<Bytes>,
    numbers: SortedMap<Bytes, State>,
}

impl Builder {
    fn push(&mut self, id: OpId, operation: &Operation) {
        if let Some(step) = self.step(operation) {
            let (begin, end) = (operation.invoked.order, operation.settled().map(|moment| moment.order));
            self.ops.push(Op { id, step, begin, end });
        }
    }

    /// Nothing for an operation that says nothing: one that failed, or a read without an answer.
    fn step(&mut self, operation: &Operation) -> Option<Step> {
        match (&operation.call, operation.outcome()) {
            (_, Outcome::Failed) => None,
            (Call::Read, Outcome::Found(values)) if values.len() > 1 => Some(Step::Is(NEVER)),
            (Call::Read, Outcome::Found(values)) => Some(Step::Is(self.state(values.first()))),
            (Call::Read, _) => None,
            (Call::Write(value), _) => Some(Step::Set(self.state(Some(value)))),
            (Call::Delete, _) => Some(Step::Set(NOTHING)),
            (Call::CompareAndSet { expected, .. }, Outcome::Differs) => {
                Some(Step::IsNot(self.state(expected.as_ref())))
            }
            (Call::CompareAndSet { expected, new }, _) => {
                Some(Step::Change { from: self.state(expected.as_ref()), to: self.state(Some(new)) })
            }
        }
    }

    fn state(&mut self, value: Option<&Bytes>) -> State {
        let Some(value) = value else { return NOTHING };
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        self.values.push(value.clone());
        let number = self.values.len() as State;
        self.numbers.insert(value.clone(), number);
        number
    }
}

/// The operations without those that need not be looked at: of the ones that may never have happened, those whose value
/// nobody found.
///
/// Where an order of all exists, it is still one without such an operation: up to the next change, nothing asked for the
/// value. A compare-and-set that found another value than expected may owe that to any write, so then all stay.
pub fn relevant(ops: &[Op]) -> Vec<Op> {
    if ops.iter().any(|op| matches!(op.step, Step::IsNot(_)) && op.end.is_some()) {
        return ops.iter().filter(|op| op.end.is_some() || !op.step.is_pure()).copied().collect();
    }
    let mut stays: Vec<bool> = ops.iter().map(|op| op.end.is_some()).collect();
    let mut setters: SortedMap<State, Vec<usize>> = SortedMap::new();
    for (index, op) in ops.iter().enumerate().filter(|(_, op)| op.end.is_none()) {
        if let Some(value) = op.step.sets() {
            setters.entry(value).or_default().push(index);
        }
    }
    let mut asked_for: Vec<State> = ops.iter().filter(|op| op.end.is_some()).filter_map(|op| op.step.needs()).collect();
    while let Some(value) = asked_for.pop() {
        for index in setters.remove(&value).unwrap_or_default() {
            stays[index] = true;
            // A compare-and-set that stays asks for a value itself.
            asked_for.extend(ops[index].step.needs());
        }
    }
    ops.iter().zip(stays).filter(|(_, stays)| *stays).map(|(op, _)| *op).collect()
}

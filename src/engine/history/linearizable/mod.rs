//! Linearizability: does the system look like one copy, on which each operation happens at one moment?
//!
//! An operation takes an interval of time. A history is linearizable if each operation can be given one moment in its
//! interval so that, taken in the order of these moments, every answer is right (Herlihy and Wing, "Linearizability: A
//! Correctness Condition for Concurrent Objects", 1990).
//!
//! ```text
//!   client 1   ├───•─ write 1 ────┤
//!   client 2     ├───────•─ read: 1 ─┤
//!   client 3   ├─•─ read: nothing ─────┤        the moments • explain every answer
//! ```
//!
//! - `task`: a history apart by keys, and the calls as small numbers.
//! - `search`: the search for an order of one key's operations.
//! - `seen`: the configurations that it has met.
//! - `shrink`: the smallest part of a history that still has no order.
//! - `explain`: why an operation has no place, in words.
//!
//! **Invariant:** an answer is never a guess. An order that is given explains the history; without one, every configuration
//! has been gone through; when steps or memory run out first, the answer is that the checker gave up.

mod explain;
mod search;
mod seen;
mod shrink;
mod task;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::explain::{listed, sentence};

use self::search::{Budget, Found, search};
use self::task::{Task, relevant, tasks};
use super::{Call, History, HistoryError, Moment, OpId, Outcome};
use glassbase_trace::Bytes;
use glassbase_trace::sorting::sort_by_key;

/// What kind of object the clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Read and write.
    Register,
    /// Compare-and-set too.
    CasRegister,
    /// A register for each key, which can be deleted too.
    Map,
}

impl Model {
    pub const ALL: [Model; 3] = [Model::Register, Model::CasRegister, Model::Map];

    pub fn name(self) -> &'static str {
        match self {
            Model::Register => "register",
            Model::CasRegister => "cas-register",
            Model::Map => "map",
        }
    }

    pub fn named(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name() == name)
    }

    pub fn has(self, call: &Call) -> bool {
        match call {
            Call::Read | Call::Write(_) => true,
            Call::CompareAndSet { .. } => self != Model::Register,
            Call::Delete => self == Model::Map,
        }
    }

    /// The smallest model that has all calls of a history.
    pub fn of(history: &History) -> Model {
        let has_all = |model: &Model| {
            let keyed = *model == Model::Map;
            history.operations.iter().all(|operation| model.has(&operation.call) && (keyed || operation.key.is_empty()))
        };
        Model::ALL.into_iter().find(has_all).unwrap_or(Model::Map)
    }
}

/// What a check may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the whole history. A million take about ten milliseconds.
    pub steps: u64,
    /// For the configurations of one key.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 100_000_000, memory_bytes: 256 << 20 }
    }
}

/// Why a check gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// All steps that were allowed are used up.
    Steps(u64),
    /// The configurations that have been met take more bytes than were allowed.
    Memory(u64),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Steps(limit) => write!(f, "the {limit} steps that it may take were not enough"),
            Why::Memory(limit) => write!(f, "the {limit} bytes that it may use were not enough"),
        }
    }
}

/// The moment that explains an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub op: OpId,
    /// The event of the history behind which it lies, and that event's time.
    pub moment: Moment,
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub key: Bytes,
    /// The operation that can't be placed: the first one whose end can't be passed.
    pub op: OpId,
    pub reason: String,
    /// Up to this moment, the end of `op`, the operations of the key are linearizable.
    pub until: Moment,
    /// The moments that explain the key's operations up to there.
    pub prefix: Vec<Point>,
    /// A part of the history that has no order either. Ones that end behind `op` are in it as begun only.
    pub part: Vec<OpId>,
    /// True if no operation, and no value with all that wrote and found it, can be left out of the part.
    pub is_smallest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The moments that explain the history, in their order.
    Holds(Vec<Point>),
    Violated(Box<Violation>),
    GaveUp {
        key: Bytes,
        why: Why,
    },
}

/// What came of a check, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub verdict: Verdict,
    /// Keys whose operations have no order.
    pub violated_keys: Vec<Bytes>,
    /// Keys that were given up.
    pub open_keys: Vec<Bytes>,
    pub keys: usize,
    pub steps: u64,
    pub configurations: u64,
}

/// Whether a history is linearizable. Of several violations it tells the one that shows first.
pub fn check(history: &History, model: Model, limits: Limits) -> Result<Report, HistoryError> {
    history.verify()?;
    if let Some((op, _)) = history.iter().find(|(_, operation)| !model.has(&operation.call)) {
        return Err(HistoryError::NotInModel { op, model: model.name() });
    }
    let tasks = tasks(history);
    let mut budget = Budget::new(limits);
    let mut points: Vec<Point> = Vec::new();
    let mut stuck: Option<(&Task, OpId, u32)> = None;
    let mut gave_up = None;
    let (mut violated_keys, mut open_keys) = (Vec::new(), Vec::new());
    // First a fair share for each key, so that a hard one does not keep the others from being looked at; then the hard ones
    // may have the rest.
    let share = limits.steps / 2 / (tasks.len() as u64).max(1);
    let mut left: Vec<&Task> = tasks.iter().collect();
    for allowed in [share, u64::MAX] {
        for task in std::mem::take(&mut left) {
            budget.allow(allowed);
            let ops = relevant(&task.ops);
            match search(&ops, &mut budget) {
                Found::Order(order) => points.extend(moments(history, order.into_iter().map(|op| ops[op].id))),
                Found::Stuck { op, .. } => {
                    let end = ops[op].end.unwrap_or(u32::MAX);
                    if stuck.is_none_or(|(_, _, earliest)| end < earliest) {
                        stuck = Some((task, ops[op].id, end));
                    }
                    violated_keys.push(task.key.clone());
                }
                Found::GaveUp(_) if allowed == share => left.push(task),
                Found::GaveUp(why) => {
                    gave_up.get_or_insert((task.key.clone(), why));
                    open_keys.push(task.key.clone());
                }
            }
        }
    }
    let verdict = match (stuck, gave_up) {
        (Some((task, op, end)), _) => {
            Verdict::Violated(Box::new(violation(history, task, op, end, limits, &mut budget)))
        }
        (None, Some((key, why))) => Verdict::GaveUp { key, why },
        (None, None) => {
            sort_by_key(&mut points, |point| point.moment.order);
            Verdict::Holds(points)
        }
    };
    let (keys, steps, configurations) = (tasks.len(), budget.steps, budget.configurations);
    Ok(Report { verdict, violated_keys, open_keys, keys, steps, configurations })
}

/// What there is to say about a key whose operations can't be ordered: `op` is the first whose `end` can't be passed.
fn violation(history: &History, task: &Task, op: OpId, end: u32, limits: Limits, spent: &mut Budget) -> Violation {
    let until = history.operation(op).settled().unwrap_or_default();
    // The finding is sure. To tell it well, the same amount of work may be done once more.
    let mut budget = Budget::new(limits);
    let before = relevant(&shrink::cut(&task.ops, end, None));
    let prefix = match search(&before, &mut budget) {
        Found::Order(order) => moments(history, order.into_iter().map(|op| before[op].id)).collect(),
        Found::Stuck { .. } | Found::GaveUp(_) => Vec::new(),
    };
    let (part, is_smallest) = shrink::shrink(shrink::cut(&task.ops, end, Some(op)), op, &mut budget);
    let states = match search(&part, &mut budget) {
        Found::Stuck { states, .. } => states,
        Found::Order(_) | Found::GaveUp(_) => Default::default(),
    };
    let reason = explain::reason(history, task, &part, op, &states);
    spent.steps += budget.steps;
    spent.configurations += budget.configurations;
    let part = part.iter().map(|op| op.id).collect();
    Violation { key: task.key.clone(), op, reason, until, prefix, part, is_smallest }
}

/// The earliest moments for operations in an order that explains them: each behind its own beginning and behind the
/// moment before.
fn moments(history: &History, order: impl Iterator<Item = OpId>) -> impl Iterator<Item = Point> {
    let mut latest = Moment::default();
    order.map(move |op| {
        let invoked = history.operation(op).invoked;
        if invoked.order >= latest.order {
            latest = Moment { order: invoked.order, time_ns: invoked.time_ns.max(latest.time_ns) };
        }
        Point { op, moment: latest }
    })
}

/// Whether the points explain all that the history's clients were told. It shares nothing with the search.
pub fn explains(history: &History, points: &[Point]) -> bool {
    use glassbase_trace::sorted::SortedMap;
    let mut values: SortedMap<&Bytes, Option<&Bytes>> = SortedMap::new();
    let mut placed = vec![false; history.operations.len()];
    let mut latest = 0;
    for point in points {
        let operation = history.operation(point.op);
        let value = values.entry(&operation.key).or_default();
        let order = point.moment.order;
        let is_inside = order >= operation.invoked.order && operation.settled().is_none_or(|end| order < end.order);
        let is_right = match (&operation.call, operation.outcome()) {
            (_, Outcome::Failed) => false,
            (Call::Read, Outcome::Found(found)) => found.len() < 2 && found.first() == *value,
            (Call::CompareAndSet { expected, .. }, Outcome::Differs) => expected.as_ref() != *value,
            (Call::CompareAndSet { expected, .. }, _) => expected.as_ref() == *value,
            _ => true,
        };
        if !is_inside || !is_right || order < latest || std::mem::replace(&mut placed[point.op.index()], true) {
            return false;
        }
        latest = order;
        if operation.outcome() != &Outcome::Differs
            && let Some(written) = operation.call.written()
        {
            *value = written;
        }
    }
    history.iter().all(|(op, operation)| {
        placed[op.index()] || operation.settled().is_none() || operation.outcome() == &Outcome::Failed
    })
}

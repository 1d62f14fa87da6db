//! Histories at random: of a store that is linearizable by construction, of replicas that lag, and of no system at all.

use std::collections::BTreeMap;

use glassbase_core::history::{Call, History, OpId, Outcome};
use glassbase_core::sim::Generator;
use glassbase_core::trace::Bytes;

/// What is generated.
pub struct Shape {
    pub operations: usize,
    pub clients: u32,
    pub keys: u64,
    /// Values that are written; 0: every value is written once.
    pub values: u64,
    /// Probability that a client gets no answer.
    pub unknown: f64,
}

fn key(shape: &Shape, generator: &mut Generator) -> Bytes {
    if shape.keys == 0 { Bytes::default() } else { Bytes::number(generator.below(shape.keys)) }
}

struct Pending {
    op: OpId,
    /// What it was told; nothing while it has not taken effect.
    answer: Option<Outcome>,
}

/// A history of one copy: each operation takes effect at one moment between its beginning and its end.
pub fn linearizable(shape: &Shape, generator: &mut Generator) -> History {
    let mut history = History::new();
    let mut store: BTreeMap<Bytes, Bytes> = BTreeMap::new();
    let mut pending: Vec<Option<Pending>> = (0..shape.clients).map(|_| None).collect();
    let (mut next, mut time_ns) = (100, 0);
    loop {
        time_ns += 1 + generator.below(20);
        let client = generator.below(u64::from(shape.clients)) as usize;
        match pending[client].take() {
            None if history.operations.len() == shape.operations => {
                if pending.iter().all(Option::is_none) {
                    return history;
                }
            }
            None => {
                let key = key(shape, generator);
                let mut value = |generator: &mut Generator| {
                    next += 1;
                    Bytes::number(if shape.values == 0 { next } else { generator.below(shape.values) })
                };
                let call = match generator.below(10) {
                    0..5 => Call::Read,
                    5..8 => Call::Write(value(generator)),
                    8 => Call::CompareAndSet { expected: store.get(&key).cloned(), new: value(generator) },
                    _ if shape.keys > 0 => Call::Delete,
                    _ => Call::Read,
                };
                let op = history.invoke(time_ns, client as u32, key, call);
                pending[client] = Some(Pending { op, answer: None });
            }
            Some(Pending { op, answer: None }) => {
                // Some of the unanswered never take effect.
                if generator.chance(shape.unknown / 2.0) {
                    history.complete(time_ns, op, Outcome::Unknown);
                    continue;
                }
                let operation = history.operation(op);
                let (key, call) = (operation.key.clone(), operation.call.clone());
                pending[client] = Some(Pending { op, answer: Some(apply(&mut store, &key, &call)) });
            }
            Some(Pending { op, answer: Some(answer) }) => {
                let is_unknown = generator.chance(shape.unknown / 2.0);
                history.complete(time_ns, op, if is_unknown { Outcome::Unknown } else { answer });
            }
        }
    }
}

fn apply(store: &mut BTreeMap<Bytes, Bytes>, key: &Bytes, call: &Call) -> Outcome {
    match call {
        Call::Read => return Outcome::Found(store.get(key).cloned().into_iter().collect()),
        Call::CompareAndSet { expected, .. } if store.get(key) != expected.as_ref() => return Outcome::Differs,
        Call::Write(value) | Call::CompareAndSet { new: value, .. } => drop(store.insert(key.clone(), value.clone())),
        Call::Delete => drop(store.remove(key)),
    }
    Outcome::Done
}

/// Makes a read, late in the history, find a value that had been overwritten before it began, and says which read.
pub fn plant_stale_read(history: &mut History, generator: &mut Generator) -> Option<OpId> {
    let count = history.operations.len();
    let late = count * 3 / 4 + generator.below(count as u64 / 8) as usize;
    for index in late..count {
        let read = &history.operations[index];
        if !matches!(read.outcome(), Outcome::Found(_)) {
            continue;
        }
        let before = |op: &&glassbase_core::history::Operation| {
            op.key == read.key
                && matches!(op.call, Call::Write(_))
                && op.outcome() == &Outcome::Done
                && op.precedes(read)
        };
        let writes: Vec<_> = history.operations.iter().filter(before).collect();
        let stale = writes.iter().find(|old| writes.iter().any(|new| old.precedes(new)))?;
        let value = stale.call.written().flatten().cloned();
        let read = &mut history.operations[index];
        let moment = read.completed.as_ref().unwrap().moment;
        read.completed =
            Some(glassbase_core::history::Completion { moment, outcome: Outcome::Found(value.into_iter().collect()) });
        return Some(OpId(index as u32));
    }
    None
}

/// A few operations on a few keys whose answers are made up.
pub fn made_up(generator: &mut Generator) -> History {
    let shape = Shape { operations: 0, clients: 4, keys: 2, values: 3, unknown: 0.0 };
    let mut history = History::new();
    let mut open: Vec<Option<OpId>> = vec![None; shape.clients as usize];
    let count = 2 + generator.below(7) as usize;
    let value = |generator: &mut Generator| Bytes::number(generator.below(shape.values));
    for time_ns in 0.. {
        let client = generator.below(u64::from(shape.clients)) as usize;
        if let Some(op) = open[client].take() {
            let maybe = |generator: &mut Generator| Some(value(generator)).filter(|_| generator.chance(0.8));
            let outcome = match (generator.below(12), &history.operation(op).call) {
                (0, _) => Outcome::Failed,
                (1, _) => Outcome::Unknown,
                (2..5, Call::CompareAndSet { .. }) => Outcome::Differs,
                (_, Call::Read) => Outcome::Found(maybe(generator).into_iter().collect()),
                _ => Outcome::Done,
            };
            history.complete(time_ns, op, outcome);
        } else if history.operations.len() < count {
            let call = match generator.below(8) {
                0..3 => Call::Read,
                3..6 => Call::Write(value(generator)),
                6 => Call::CompareAndSet { expected: Some(value(generator)), new: value(generator) },
                _ => Call::Delete,
            };
            open[client] = Some(history.invoke(time_ns, client as u32, key(&shape, generator), call));
        } else if open.iter().all(Option::is_none) || generator.chance(0.1) {
            break;
        }
    }
    history
}

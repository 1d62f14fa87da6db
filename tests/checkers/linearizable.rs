//! The linearizability checker beside a naive one, and what it takes.

use std::collections::BTreeMap;

use glassbase_core::history::linearizable::{Limits, Model, Report, Verdict, Why, check, explains};
use glassbase_core::history::{Call, History, Operation, Outcome};
use glassbase_core::sim::Generator;
use glassbase_core::trace::Bytes;

use super::generate::{Shape, linearizable, made_up, plant_stale_read};

fn report(history: &History) -> Report {
    check(history, Model::Map, Limits::default()).unwrap()
}

/// Tries every order of the whole history, all keys together.
fn naive(history: &History) -> bool {
    fn go(ops: &[&Operation], placed: u32, store: &BTreeMap<&Bytes, &Bytes>) -> bool {
        let left: Vec<usize> = (0..ops.len()).filter(|index| placed & (1 << index) == 0).collect();
        let first_end = left.iter().filter_map(|index| ops[*index].settled()).map(|end| end.order).min();
        let Some(first_end) = first_end else { return true };
        left.iter().any(|index| {
            let op = ops[*index];
            let mut after = store.clone();
            let value = store.get(&op.key).copied();
            let fits = match (&op.call, op.outcome()) {
                (Call::Read, Outcome::Found(found)) => found.first() == value,
                (Call::Read, _) => true,
                (Call::CompareAndSet { expected, .. }, Outcome::Differs) => expected.as_ref() != value,
                (Call::CompareAndSet { expected, .. }, _) if expected.as_ref() != value => false,
                (Call::Write(new) | Call::CompareAndSet { new, .. }, _) => {
                    after.insert(&op.key, new);
                    true
                }
                (Call::Delete, _) => {
                    after.remove(&op.key);
                    true
                }
            };
            fits && op.invoked.order < first_end && go(ops, placed | 1 << index, &after)
        })
    }
    let happened = |op: &&Operation| op.outcome() != &Outcome::Failed;
    go(&history.operations.iter().filter(happened).collect::<Vec<_>>(), 0, &BTreeMap::new())
}

#[test]
fn it_agrees_with_every_order_tried() {
    let mut generator = Generator::new(7, "checkers");
    let (mut good, mut bad) = (0, 0);
    for case in 0..6_000 {
        let history = made_up(&mut generator);
        match report(&history).verdict {
            Verdict::Holds(points) => {
                good += 1;
                assert!(explains(&history, &points), "case {case}: {history:?} {points:?}");
                assert!(naive(&history), "case {case}: {history:?}");
            }
            Verdict::Violated(violation) => {
                bad += 1;
                assert!(!naive(&history), "case {case}: {history:?}");
                // The part alone is a violation too, as the history has it.
                let mut part = history.clone();
                part.operations = violation.part.iter().map(|op| history.operation(*op).clone()).collect();
                for operation in &mut part.operations {
                    operation.completed.take_if(|end| end.moment.order > violation.until.order);
                }
                assert!(!naive(&part), "case {case}: {part:?}");
            }
            Verdict::GaveUp { why, .. } => panic!("case {case}: {why}"),
        }
    }
    assert!(good > 1_000 && bad > 1_000, "{good} good, {bad} bad");
}

/// 200 operations of eight clients: what check and explanation may take together. A second is about a hundred million.
const STEPS: u64 = 1_000_000;

#[test]
fn two_hundred_operations_of_eight_clients_take_few_steps() {
    let mut generator = Generator::new(1, "checkers");
    let mut most = 0;
    for seed in 0..200 {
        let unknown = [0.0, 0.05, 0.2][seed % 3];
        let (keys, values) = [(0, 0), (0, 4), (5, 0)][seed / 3 % 3];
        let shape = Shape { operations: 200, clients: 8, keys, values, unknown };
        let mut history = linearizable(&shape, &mut generator);
        let result = report(&history);
        assert!(
            matches!(&result.verdict, Verdict::Holds(points) if explains(&history, points)),
            "seed {seed}: {result:?}"
        );
        most = most.max(result.steps);
        if values > 0 {
            continue;
        }
        // Of values that are written once, a stale one can't be right.
        let Some(planted) = plant_stale_read(&mut history, &mut generator) else { continue };
        let result = report(&history);
        let Verdict::Violated(violation) = &result.verdict else { panic!("seed {seed}: {result:?}") };
        assert!(violation.is_smallest && violation.part.len() <= 12, "seed {seed}: {violation:?}");
        assert!(violation.op <= planted || unknown > 0.0, "seed {seed}: {violation:?}");
        most = most.max(result.steps);
    }
    println!("at most {most} steps");
    assert!(most < STEPS, "{most} steps");
}

#[test]
fn a_long_history_takes_time_in_proportion() {
    let mut generator = Generator::new(2, "checkers");
    let mut steps = |operations| {
        let shape = Shape { operations, clients: 8, keys: 0, values: 0, unknown: 0.0 };
        let result = report(&linearizable(&shape, &mut generator));
        assert!(matches!(result.verdict, Verdict::Holds(_)));
        result.steps
    };
    let (short, long) = (steps(1_000), steps(20_000));
    assert!(long < short * 40, "{short} steps for 1,000, {long} for 20,000");
}

/// Many writes at a time, all of them seen, in an order that can't be: every subset would have to be tried.
fn hard(writers: u32) -> History {
    let mut history = History::new();
    let writes: Vec<_> = (0..writers)
        .map(|client| history.invoke(0, client, Bytes::default(), Call::Write(Bytes::number(client.into()))))
        .collect();
    for value in (0..writers).chain([0]) {
        let read = history.invoke(1, 1000, Bytes::default(), Call::Read);
        history.complete(2, read, Outcome::Found(vec![Bytes::number(value.into())]));
    }
    for write in writes {
        history.complete(3, write, Outcome::Done);
    }
    history
}

/// Compare-and-sets in a tangle: many chains of values, no one of which can be finished.
fn tangle(count: u32, values: u64, generator: &mut Generator) -> History {
    let mut history = History::new();
    for client in 0..count {
        let (expected, new) = (generator.below(values), generator.below(values));
        let call = Call::CompareAndSet { expected: Some(Bytes::number(expected)), new: Bytes::number(new) };
        let op = history.invoke(0, client, Bytes::default(), call);
        history.complete(1, op, Outcome::Unknown);
    }
    let write = history.invoke(2, count, Bytes::default(), Call::Write(Bytes::number(0)));
    history.complete(3, write, Outcome::Done);
    let end = history.invoke(
        4,
        count,
        Bytes::default(),
        Call::CompareAndSet { expected: Some(Bytes::number(0)), new: Bytes::number(9_999) },
    );
    history.complete(5, end, Outcome::Done);
    for value in [0, 9_999] {
        let read = history.invoke(6, count, Bytes::default(), Call::Read);
        history.complete(7, read, Outcome::Found(vec![Bytes::number(value)]));
    }
    history
}

#[test]
fn what_is_too_much_is_given_up() {
    assert!(matches!(report(&hard(12)).verdict, Verdict::Violated(_)));
    let history = tangle(60, 8, &mut Generator::new(3, "checkers"));
    let limits = Limits { steps: 1_000_000, memory_bytes: 64 << 20 };
    let result = check(&history, Model::CasRegister, limits).unwrap();
    assert!(matches!(result.verdict, Verdict::GaveUp { why: Why::Steps(1_000_000), .. }), "{result:?}");
    assert!(result.steps < 1_100_000);
    let limits = Limits { steps: u64::MAX, memory_bytes: 1 << 20 };
    let result = check(&history, Model::CasRegister, limits).unwrap();
    assert!(matches!(result.verdict, Verdict::GaveUp { why: Why::Memory(_), .. }), "{result:?}");
    assert_eq!(result.open_keys, [Bytes::default()]);
}

/// A violation is sure, even if another key was given up.
#[test]
fn a_violation_counts_though_another_key_is_given_up() {
    let mut history = tangle(60, 8, &mut Generator::new(3, "checkers"));
    let read = history.invoke(8, 70, Bytes::typed("other"), Call::Read);
    history.complete(9, read, Outcome::Found(vec![Bytes::number(1)]));
    let limits = Limits { steps: 1_000_000, memory_bytes: 1 << 20 };
    let result = check(&history, Model::Map, limits).unwrap();
    let Verdict::Violated(violation) = &result.verdict else { panic!("{result:?}") };
    assert_eq!(violation.reason, "the read of other by client 70 returned 1, but nobody wrote 1");
    assert_eq!(result.open_keys, [Bytes::default()]);
}

//! The search beside a naive one, which tries every order.

use super::task::{NOTHING, Op, State, Step};
use super::*;
use glassbase_sim::Generator;

/// Tries every order that keeps to the intervals.
fn naive(ops: &[Op]) -> bool {
    fn go(ops: &[Op], placed: u32, state: State) -> bool {
        let open = |index: &usize| placed & (1 << index) == 0;
        let left: Vec<usize> = (0..ops.len()).filter(open).collect();
        if left.iter().all(|index| ops[*index].end.is_none()) {
            return true;
        }
        let first_end = left.iter().filter_map(|index| ops[*index].end).min();
        left.iter().any(|index| {
            let op = &ops[*index];
            let may = first_end.is_none_or(|end| op.begin < end);
            may && op.step.after(state).is_some_and(|after| go(ops, placed | 1 << index, after))
        })
    }
    go(ops, 0, NOTHING)
}

/// Whether an order is one: each operation in its interval, and each finds what it needs. It shares nothing with the search.
fn explains_ops(ops: &[Op], order: &[usize]) -> bool {
    let (mut state, mut latest_begin) = (NOTHING, 0);
    for index in order {
        let op: &Op = &ops[*index];
        latest_begin = latest_begin.max(op.begin);
        match op.step.after(state) {
            Some(after) if op.end.is_none_or(|end| latest_begin < end) => state = after,
            _ => return false,
        }
    }
    let mut count = vec![0; ops.len()];
    order.iter().for_each(|index| count[*index] += 1);
    ops.iter().zip(count).all(|(op, count)| count == 1 || (count == 0 && op.end.is_none()))
}

/// A few operations at random; most of their answers are as likely right as wrong.
fn random_ops(generator: &mut Generator) -> Vec<Op> {
    let count = 1 + generator.below(8) as usize;
    let values = 1 + generator.below(3) as u32;
    let mut events: Vec<usize> = (0..count * 2).map(|event| event / 2).collect();
    generator.shuffle(&mut events);
    // Neighbours belong together the more, the narrower the operations are.
    if generator.chance(0.5) {
        for _ in 0..count {
            let at = generator.below(events.len() as u64) as usize;
            if let Some(other) = (at + 1..events.len()).find(|other| events[*other] == events[at]) {
                let event = events.remove(other);
                events.insert(at + 1, event);
            }
        }
    }
    let state = |generator: &mut Generator| generator.below(u64::from(values) + 1) as State;
    let mut ops: Vec<Op> = Vec::new();
    for (order, id) in events.into_iter().enumerate() {
        let order = order as u32;
        if let Some(op) = ops.iter_mut().find(|op| op.id.index() == id) {
            op.end = generator.chance(0.85).then_some(order);
            continue;
        }
        let step = match generator.below(8) {
            0..3 => Step::Is(state(generator)),
            3..6 => Step::Set(state(generator)),
            6 => Step::Change { from: state(generator), to: state(generator) },
            _ => Step::IsNot(state(generator)),
        };
        ops.push(Op { id: OpId(id as u32), step, begin: order, end: None });
    }
    ops
}

#[test]
fn it_agrees_with_every_order_tried() {
    let mut generator = Generator::new(1, "linearizable");
    let (mut good, mut bad) = (0, 0);
    for case in 0..20_000 {
        let all = random_ops(&mut generator);
        let ops = relevant(&all);
        match search(&ops, &mut Budget::new(Limits::default())) {
            Found::Order(order) => {
                good += 1;
                assert!(explains_ops(&ops, &order), "case {case}: {all:?} {order:?}");
                assert!(naive(&all), "case {case}: {all:?}");
            }
            Found::Stuck { op, .. } => {
                bad += 1;
                assert!(!naive(&all), "case {case}: {all:?}");
                holds_up_to(&all, ops[op]);
                is_smallest(&all, ops[op]);
            }
            Found::GaveUp(why) => panic!("case {case}: {why}"),
        }
    }
    assert!(good > 5_000 && bad > 5_000, "{good} good, {bad} bad");
}

/// The longest prefix ends where the checker says: without the end it has an order, with it none.
fn holds_up_to(ops: &[Op], stuck: Op) {
    let end = stuck.end.unwrap();
    assert!(naive(&shrink::cut(ops, end, None)), "{ops:?} {stuck:?}");
    assert!(!naive(&shrink::cut(ops, end, Some(stuck.id))), "{ops:?} {stuck:?}");
}

/// The smallest part has no order, and neither reads nor unread writes can be left out of it.
fn is_smallest(ops: &[Op], stuck: Op) {
    let whole = shrink::cut(ops, stuck.end.unwrap(), Some(stuck.id));
    let (part, is_smallest) = shrink::shrink(whole, stuck.id, &mut Budget::new(Limits::default()));
    assert!(is_smallest && !naive(&part), "{ops:?} {part:?}");
    for left_out in part.iter().filter(|op| op.step.is_pure()) {
        let rest: Vec<Op> = part.iter().filter(|op| op.id != left_out.id).copied().collect();
        assert!(naive(&rest), "{ops:?}: {left_out:?} need not be in {part:?}");
    }
}

//! The smallest part of a history that still has no order.
//!
//! What may be left out so that a part without an order proves that the whole has none:
//!
//! - what changes nothing (reads): an order of the whole without them is an order of the rest;
//! - a value altogether: all that wrote it and all that found it. In an order of the whole the last write before
//!   anything that stays is the one whose value was found there, so it stays too.
//!
//! A compare-and-set that found *another* value may owe that to any write: while one of them stays, only what changes
//! nothing may go.
//!
//! Values are tried in halves, quarters, eighths and so on (Zeller and Hildebrandt, "Simplifying and Isolating
//! Failure-Inducing Input", 2002), then one by one, until nothing more can go.

use glassbase_trace::sorted::SortedSet;

use super::super::OpId;
use super::search::{Budget, Found, search};
use super::task::{Op, State, Step, relevant};

/// The history up to the event `end`: what began before it, with the ends before it. The end of `last`, if one is given,
/// is there too. What has no end and changes nothing says nothing.
pub fn cut(ops: &[Op], end: u32, last: Option<OpId>) -> Vec<Op> {
    let begun = ops.iter().filter(|op| op.begin < end);
    let cut = begun.map(|op| Op { end: op.end.filter(|own| *own < end || Some(op.id) == last), ..*op });
    cut.filter(|op| op.end.is_some() || !op.step.is_pure()).collect()
}

/// The smallest part of `ops` that has no order, and whether all was tried that could make it smaller. `last` is the
/// operation whose end is the last event; without it there is an order, so it stays.
pub fn shrink(ops: Vec<Op>, last: OpId, budget: &mut Budget) -> (Vec<Op>, bool) {
    let mut shrinker = Shrinker { part: relevant(&ops), last, budget, gave_up: false };
    // Without these, what nobody found need not be looked at.
    shrinker.leave_out(|op| matches!(op.step, Step::IsNot(_)) && op.id != last);
    loop {
        let before = shrinker.part.len();
        let reads: Vec<OpId> = shrinker.part.iter().filter(|op| op.step.is_pure()).map(|op| op.id).collect();
        shrinker.in_chunks(&reads, |op, reads| reads.binary_search(&op.id).is_ok());
        if !shrinker.part.iter().any(|op| matches!(op.step, Step::IsNot(_))) {
            let values = shrinker.values();
            shrinker.in_chunks(&values, concerns);
            let unread = shrinker.unread();
            shrinker.in_chunks(&unread, |op, unread| unread.binary_search(&op.id).is_ok());
        }
        if shrinker.part.len() == before || shrinker.budget.is_used_up() {
            return (shrinker.part, !shrinker.gave_up);
        }
    }
}

struct Shrinker<'a> {
    part: Vec<Op>,
    last: OpId,
    budget: &'a mut Budget,
    gave_up: bool,
}

impl Shrinker<'_> {
    /// Leaves out chunks of `items`, ever smaller ones, as long as what stays has no order. `items` are in order.
    fn in_chunks<T: Copy>(&mut self, items: &[T], is_in: impl Fn(&Op, &[T]) -> bool) {
        let mut items = items.to_vec();
        let mut size = items.len();
        while size > 0 && !self.budget.is_used_up() {
            let mut at = 0;
            while at < items.len() && !self.budget.is_used_up() {
                let behind = items.len().min(at + size);
                if self.leave_out(|op| is_in(op, &items[at..behind])) {
                    items.drain(at..behind);
                } else {
                    at = behind;
                }
            }
            size /= 2;
        }
    }

    /// Leaves operations out if what stays has no order, and proves that the whole has none.
    fn leave_out(&mut self, goes: impl Fn(&Op) -> bool) -> bool {
        let stays: Vec<Op> = self.part.iter().filter(|op| !goes(op)).copied().collect();
        let stays = relevant(&stays);
        let is_less = stays.len() < self.part.len() && stays.iter().any(|op| op.id == self.last);
        if !is_less || !proves(&self.part, &stays) {
            return false;
        }
        // A part can be harder than the whole; one that is too hard stays as it is.
        self.budget.allow(self.budget.limits.steps / 100);
        match search(&stays, self.budget) {
            Found::Stuck { .. } => self.part = stays,
            Found::Order(_) => return false,
            Found::GaveUp(_) => {
                self.gave_up = true;
                return false;
            }
        }
        true
    }

    /// All values that are written.
    fn values(&self) -> Vec<State> {
        let values: SortedSet<State> = self.part.iter().filter_map(|op| op.step.sets()).collect();
        values.into_iter().collect()
    }

    /// The writes of values that nothing asks for.
    fn unread(&self) -> Vec<OpId> {
        let asked_for: SortedSet<State> = self.part.iter().filter_map(|op| op.step.needs()).collect();
        let unread = self.part.iter().filter(|op| op.step.sets().is_some_and(|value| !asked_for.contains(&value)));
        unread.map(|op| op.id).collect()
    }
}

fn concerns(op: &Op, values: &[State]) -> bool {
    let is_one = |state: Option<State>| state.is_some_and(|state| values.binary_search(&state).is_ok());
    is_one(op.step.needs()) || is_one(op.step.sets())
}

/// Whether the whole has no order if the part has none: every write that went wrote what nothing in the part asks for.
fn proves(whole: &[Op], part: &[Op]) -> bool {
    let asked_for: SortedSet<State> = part.iter().filter_map(|op| op.step.needs()).collect();
    let asks_for_another = part.iter().any(|op| matches!(op.step, Step::IsNot(_)));
    let stays: SortedSet<OpId> = part.iter().map(|op| op.id).collect();
    let gone = whole.iter().filter(|op| !stays.contains(&op.id));
    gone.filter_map(|op| op.step.sets()).all(|value| !asks_for_another && !asked_for.contains(&value))
}

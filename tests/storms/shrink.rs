//! A failing plan made short: delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
//! 2002).
//!
//! ```text
//!   steps   ████████████████    leave out a part; if it still fails in the same way, go on without it
//!           ████░░░░████████    if no part can be left out, halve the parts, down to single steps
//!           ██░█████░███        at last pairs, for a crash and its restart go together or not at all
//! ```

use crate::plan::{Plan, Step};
use crate::run::run;

/// The plan without whatever can be left out so that the same check still fails; and with an early end.
pub fn shrink(plan: &Plan, check: &str) -> Plan {
    let fails = |plan: &Plan| run(plan).found.filter(|found| found.check == check);
    let mut plan = Plan { calm_ms: None, ..plan.clone() };
    if let Some(found) = fails(&plan) {
        let early = Plan { end_ms: found.at_ms + 50, ..plan.clone() };
        if fails(&early).is_some() {
            plan = early;
        }
    }
    plan.steps.retain(|step| step.at_ms <= plan.end_ms);
    let mut parts = 2;
    while plan.steps.len() > 1 {
        let length = plan.steps.len().div_ceil(parts);
        match (0..parts).find_map(|part| shorter(&plan, part * length, length).filter(|plan| fails(plan).is_some())) {
            Some(shorter) => {
                plan = shorter;
                parts = (parts - 1).max(2);
            }
            None if length == 1 => match without_a_pair(&plan, |plan| fails(plan).is_some()) {
                Some(shorter) => plan = shorter,
                None => break,
            },
            None => parts = (parts * 2).min(plan.steps.len()),
        }
    }
    plan
}

fn without_a_pair(plan: &Plan, fails: impl Fn(&Plan) -> bool) -> Option<Plan> {
    let count = plan.steps.len();
    let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
    pairs.into_iter().find_map(|(one, other)| {
        let mut steps = plan.steps.clone();
        steps.remove(other);
        steps.remove(one);
        Some(Plan { steps, ..plan.clone() }).filter(|plan| fails(plan))
    })
}

fn shorter(plan: &Plan, from: usize, length: usize) -> Option<Plan> {
    let to = (from + length).min(plan.steps.len());
    if from >= to {
        return None;
    }
    let steps: Vec<Step> = [&plan.steps[..from], &plan.steps[to..]].concat();
    Some(Plan { steps, ..plan.clone() })
}

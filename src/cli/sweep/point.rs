//! One point of a sweep carried out.

use super::plan::{From, Plan};
use super::row::{Cell, Outcome, Row};
use crate::cli::print;
use crate::export::measures::Common;
use crate::lab::{Progress, Session};
use crate::view::View;

/// Work between two looks at whether it is over, in operations.
const SLICE: u32 = 100_000;

/// The row of a point, and why it is not ok, if it is not.
pub fn carry_out(plan: &Plan, point: u64) -> (Row, Option<String>) {
    let mut session = Session::new(&plan.script_of(point));
    let nothing = || vec![Cell::Nothing; plan.measured.len()];
    // Each value was tried by itself; together on one line they may still be wrong.
    if let Some(problem) = session.problems().first() {
        return (Row { outcome: Outcome::Impossible, cells: nothing() }, Some(problem.to_string()));
    }
    if session.lab().name != plan.lab.name {
        let why =
            format!("the script goes to the lab {}, and what is measured is of {}", session.lab().name, plan.lab.name);
        return (Row { outcome: Outcome::Impossible, cells: nothing() }, Some(why));
    }
    while session.step(SLICE) != Progress::Idle {}
    let refusals = print::refusals(session.trace());
    let own = plan.own_lines();
    if let Some(refusal) = refusals.iter().find(|refusal| own.contains(&(refusal.line as usize))) {
        return (Row { outcome: Outcome::Impossible, cells: nothing() }, Some(refusal.text.to_string()));
    }
    let (held, failed) = session.expectations();
    let mut view = None;
    let cells = plan.measured.iter().map(|measured| match &measured.from {
        From::Common(common) => Cell::Whole(match common {
            Common::Time => session.trace().iter().last().map_or(0, |record| record.time_ns),
            Common::Events => session.trace().len() as u64,
            Common::Held => u64::from(held),
            Common::Failed => u64::from(failed),
            Common::Refused => refusals.len() as u64,
        }),
        From::Expected(call) => session.number(call).map_or(Cell::Nothing, Cell::Whole),
        From::Shown(measure) => {
            let view = view.get_or_insert_with(|| folded(&session));
            measure.value(view).filter(|value| value.is_finite()).map_or(Cell::Nothing, Cell::Real)
        }
    });
    let cells = cells.collect();
    let (outcome, why) = match (refusals.first(), failed) {
        (Some(refusal), _) => (Outcome::Refused, Some(refusal.text.to_string())),
        (None, 1..) => (Outcome::Failed, first_failure(&session)),
        (None, 0) => (Outcome::Ok, None),
    };
    (Row { outcome, cells }, why)
}

/// The first expectation that failed, with its line.
fn first_failure(session: &Session) -> Option<String> {
    let failures = print::failures("", session.trace());
    failures.lines().next().map(|first| first.replacen(':', "line ", 1))
}

/// The view at the end of a run.
fn folded(session: &Session) -> View {
    let mut view = View::default();
    for (index, record) in session.trace().iter().enumerate() {
        view.apply(index, record);
    }
    view
}

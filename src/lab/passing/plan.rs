//! What is to be done later: a command and its moment.
//!
//! **Invariant:** up to its moment a planned command changes nothing: the run is the same as without it.

use std::rc::Rc;

use super::Passing;
use crate::lab::refusal::Refusal;
use crate::lab::script::{Call, Statement};
use crate::lab::{LabInfo, span, statement};
use crate::sim::Cx;
use crate::trace::Event;
use crate::trace::sorted::SortedMap;

/// What is planned, by time, and by the order in which it was planned.
#[derive(Clone, Default)]
pub struct Plan {
    lines: SortedMap<(u64, u64), Planned>,
    next: u64,
}

#[derive(Clone)]
struct Planned {
    text: Rc<str>,
    call: Rc<Call>,
}

impl Plan {
    /// When the next of it is to be done.
    pub fn next_ns(&self) -> Option<u64> {
        self.lines.first_key_value().map(|((at_ns, _), _)| *at_ns)
    }
}

/// Commands that take virtual time, or that plan themselves: they can't be planned.
const NOT_PLANNED: &[&str] = &["run", "wait", "load", "tradeoff", "at", "after", "clear"];

/// Plans the command that stands behind a time.
pub fn add(lab: &mut dyn Passing, cx: &Cx, call: &Call) -> Result<String, Refusal> {
    let time_ns = call.arguments.duration("time").map_or(0, i64::unsigned_abs);
    let at_ns = if call.info.name == "after" { cx.now_ns().saturating_add(time_ns) } else { time_ns };
    if at_ns < cx.now_ns() {
        return Err(Refusal::Past { at: span::written(at_ns), now: span::written(cx.now_ns()) });
    }
    let text = call.arguments.texts("command").collect::<Vec<_>>().join(" ");
    let command = read(lab.lab(), &text)?;
    let plan = lab.plan_mut();
    plan.next += 1;
    let key = (at_ns, plan.next);
    plan.lines.insert(key, Planned { text: text.as_str().into(), call: Rc::new(command) });
    Ok(format!("Planned for {}: {text}.", span::written(at_ns)))
}

fn read(lab: &'static LabInfo, text: &str) -> Result<Call, Refusal> {
    let wrong = |what: String, remedy: String| Err(Refusal::PlannedLine { what, remedy });
    match statement::read(lab, text, 1) {
        Err(problem) => wrong(problem.what, problem.remedy),
        Ok(Statement::Command(call)) if !NOT_PLANNED.contains(&call.info.name) => Ok(call),
        Ok(_) => {
            let what = format!("\"{text}\" can't be planned");
            wrong(what, "plan what clients ask, or what is done to servers, links and messages".to_string())
        }
    }
}

/// Does what is to be done next.
pub fn carry_out(lab: &mut dyn Passing, cx: &mut Cx) {
    let Some(((at_ns, _), planned)) = lab.plan_mut().lines.pop_first() else { return };
    cx.pass(at_ns.saturating_sub(cx.now_ns()));
    if let Err(refusal) = lab.act(cx, &planned.call) {
        let text = format!("{} at {}: {refusal}", planned.text, span::written(at_ns));
        cx.emit(|| Event::Refused { text: text.into() });
    }
}

//! What is to be done later: a command and its moment.
//!
//! **Invariant:** up to its moment a planned command changes nothing: the run is the same as without it.

use std::rc::Rc;

use super::STACK;
use super::machine::StackLab;
use crate::lab::refusal::Refusal;
use crate::lab::script::{Call, Statement};
use crate::lab::span;
use crate::lab::statement;
use crate::sim::Cx;
use crate::trace::Event;
use crate::trace::sorted::SortedMap;

/// What is planned, by time, and by the order in which it was planned.
#[derive(Clone, Default)]
pub struct Plan {
    lines: SortedMap<(u64, u64), (Rc<str>, Rc<Call>)>,
    next: u64,
}

impl Plan {
    /// When the next of it is to be done.
    pub fn next_ns(&self) -> Option<u64> {
        self.lines.first_key_value().map(|((at_ns, _), _)| *at_ns)
    }
}

/// Commands that take virtual time, or that plan themselves: they can't be planned.
const NOT_PLANNED: &[&str] = &["run", "wait", "load", "preload", "play", "at", "after", "clear"];

impl StackLab {
    /// Plans the command that stands behind a time.
    pub(super) fn plan(&mut self, cx: &Cx, call: &Call) -> Result<String, Refusal> {
        let time_ns = call.arguments.duration("time").map_or(0, i64::unsigned_abs);
        let at_ns = if call.info.name == "after" { cx.now_ns().saturating_add(time_ns) } else { time_ns };
        if at_ns < cx.now_ns() {
            return Err(Refusal::Past { at: span::written(at_ns), now: span::written(cx.now_ns()) });
        }
        let text = call.arguments.texts("command").collect::<Vec<_>>().join(" ");
        self.plan_line(at_ns, &text)?;
        Ok(format!("Planned for {}: {text}.", span::written(at_ns)))
    }

    /// Plans a line.
    pub(super) fn plan_line(&mut self, at_ns: u64, text: &str) -> Result<(), Refusal> {
        let wrong = |what: String, remedy: String| Err(Refusal::PlannedLine { what, remedy });
        let command = match statement::read(&STACK, text, 1) {
            Err(problem) => return wrong(problem.what, problem.remedy),
            Ok(Statement::Command(call)) if !NOT_PLANNED.contains(&call.info.name) => call,
            Ok(_) => {
                let remedy = "plan what clients ask, or what breaks and is mended".to_string();
                return wrong(format!("\"{text}\" can't be planned"), remedy);
            }
        };
        self.planned.next += 1;
        let key = (at_ns, self.planned.next);
        self.planned.lines.insert(key, (text.into(), Rc::new(command)));
        Ok(())
    }

    /// Lets the next thing happen, by itself or as planned, if it is due up to that time; false if nothing is.
    pub(super) fn advance(&mut self, cx: &mut Cx, until_ns: u64) -> bool {
        let (next, planned) = (self.stack.next_ns(), self.planned.next_ns());
        let is_due = |at: Option<u64>| at.is_some_and(|at_ns| at_ns <= until_ns);
        if is_due(planned) && next.is_none_or(|next| planned < Some(next)) {
            self.do_planned(cx);
            return true;
        }
        is_due(next) && self.stack.step(cx)
    }

    /// When anything happens next.
    pub(super) fn next_ns(&self) -> Option<u64> {
        [self.stack.next_ns(), self.planned.next_ns()].into_iter().flatten().min()
    }

    fn do_planned(&mut self, cx: &mut Cx) {
        let Some(((at_ns, _), (text, call))) = self.planned.lines.pop_first() else { return };
        cx.pass(at_ns.saturating_sub(cx.now_ns()));
        if let Err(refusal) = self.act(cx, &call) {
            let text = format!("{text} at {}: {refusal}", span::written(at_ns));
            cx.emit(|| Event::Refused { text: text.into() });
        }
    }
}

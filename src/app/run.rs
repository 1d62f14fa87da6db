//! One run as the page holds it: the session that carries it out, and the timeline of what it did so far.
//!
//! ```text
//!   script ──▶ Session ──step──▶ Trace ──extend──▶ Timeline ──view_at(playhead)──▶ stage, inspector, ...
//!   trace file ───────────────▶ Trace ──────────▶ Timeline          (recorded: there is no session)
//! ```
//!
//! Work is done in slices: [`Run::work`] carries on until its deadline has passed, and learns how much fits into a slice.

use std::rc::Rc;

use super::browser;
use crate::lab::{Progress, Session, TRIAL_UNITS};
use crate::view::camera::within;
use crate::view::{Timeline, TimelineHandle};

/// A slice of work is to take about this long, so that a deadline is not missed by more.
const SLICE_MS: f64 = 2.0;
const BUDGET_MAX: u32 = 1 << 16;

enum Source {
    Live(Box<Session>),
    Recorded { script: Rc<str>, is_look: bool },
}

/// A run and what can be looked at of it.
pub struct Run {
    source: Source,
    timeline: TimelineHandle,
    progress: Progress,
    budget: u32,
}

impl Run {
    pub fn open(script: &str) -> Run {
        Run::from_session(Session::new(script))
    }

    pub fn from_session(session: Session) -> Run {
        let mut timeline = Timeline::of_lab(session.lab().name);
        timeline.extend(session.trace().clone());
        let timeline = TimelineHandle::new(timeline);
        let progress = Progress::Working { what: String::new(), done: 0, total: 0 };
        Run { source: Source::Live(Box::new(session)), timeline, progress, budget: TRIAL_UNITS }
    }

    /// A trace from a file: there is no engine behind it.
    pub fn recorded(script: &str, timeline: TimelineHandle) -> Run {
        let source = Source::Recorded { script: Rc::from(script), is_look: false };
        Run { source, timeline, progress: Progress::Idle, budget: TRIAL_UNITS }
    }

    /// A look at a part of another run as it stood: its script alone would not lead there.
    pub fn look(script: &str, timeline: TimelineHandle) -> Run {
        let source = Source::Recorded { script: Rc::from(script), is_look: true };
        Run { source, timeline, progress: Progress::Idle, budget: TRIAL_UNITS }
    }

    pub fn is_look(&self) -> bool {
        matches!(self.source, Source::Recorded { is_look: true, .. })
    }

    pub fn session(&self) -> Option<&Session> {
        match &self.source {
            Source::Live(session) => Some(session),
            Source::Recorded { .. } => None,
        }
    }

    pub fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.source {
            Source::Live(session) => Some(session),
            Source::Recorded { .. } => None,
        }
    }

    pub fn script(&self) -> String {
        match &self.source {
            Source::Live(session) => session.script(),
            Source::Recorded { script, .. } => script.to_string(),
        }
    }

    pub fn timeline(&self) -> &TimelineHandle {
        &self.timeline
    }

    pub fn len(&self) -> usize {
        self.timeline.len()
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub fn is_working(&self) -> bool {
        matches!(self.progress, Progress::Working { .. })
    }

    /// Tells that there is something to carry out again, after a command was added.
    pub fn wake(&mut self) {
        if self.session().is_some() {
            self.progress = Progress::Working { what: String::new(), done: 0, total: 0 };
        }
    }

    /// Carries on until all is done or `deadline_ms` has passed. True when the trace grew.
    pub fn work(&mut self, deadline_ms: f64) -> bool {
        let Source::Live(session) = &mut self.source else { return false };
        while self.progress != Progress::Idle {
            let started = browser::now_ms();
            let progress = session.step(self.budget);
            let now = browser::now_ms();
            self.budget =
                if is_same_work(&self.progress, &progress) { adapted(self.budget, now - started) } else { TRIAL_UNITS };
            self.progress = progress;
            if now >= deadline_ms {
                break;
            }
        }
        let grew = session.trace().len() != self.timeline.len();
        if grew {
            self.timeline = self.timeline.extended(session.trace().clone());
        }
        grew
    }

    /// Ends the command under way.
    pub fn stop(&mut self) {
        if let Some(session) = self.session_mut() {
            session.stop();
            self.wake();
        }
    }
}

/// Whether the same long command is under way: a unit of it costs what it cost before.
fn is_same_work(before: &Progress, now: &Progress) -> bool {
    match (before, now) {
        (Progress::Working { what: a, total: m, .. }, Progress::Working { what: b, total: n, .. }) => a == b && m == n,
        _ => false,
    }
}

/// A budget whose slice takes about [`SLICE_MS`], having seen that `budget` took `took_ms`.
fn adapted(budget: u32, took_ms: f64) -> u32 {
    let factor = within(SLICE_MS / took_ms.max(0.05), 0.25, 2.0);
    ((f64::from(budget) * factor) as u32).clamp(1, BUDGET_MAX)
}

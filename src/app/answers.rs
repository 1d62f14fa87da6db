//! Hidden answers: the run stops at each question, and goes on when somebody asks what happens.
//!
//! ```text
//!   insert 20 | # Where will 25 go? | insert 25 … | # And 30? | insert 30 …
//!             the playhead comes    ^ this far    "Show what happens" lets it come ^ this far
//! ```
//!
//! The remarks of a script (its `#` lines) are the questions. In a script without any, each command is one: what does it do?
//!
//! **Invariant:** while answers are hidden, the playhead is never beyond the first question that is not answered.

use super::player::Move;
use super::root::App;
use crate::trace::Event;
use crate::view::Timeline;

/// Which answers have been shown.
#[derive(Default)]
pub struct Answers {
    hidden: bool,
    /// Questions at or before this position have been answered.
    shown_to: usize,
    /// The position at which the next one stands, as far as it is known, and how far it was looked for.
    next: Option<usize>,
    sought_to: usize,
    /// Whether remarks are the questions, once the script was asked.
    by_remark: Option<bool>,
}

impl Answers {
    pub fn new(hidden: bool) -> Answers {
        Answers { hidden, ..Answers::default() }
    }

    pub fn are_hidden(&self) -> bool {
        self.hidden
    }

    /// How many records may be shown.
    pub fn limit(&self) -> usize {
        match self.next {
            Some(next) if self.hidden => next,
            _ => usize::MAX,
        }
    }

    /// Another run begins.
    pub fn begin(&mut self) {
        *self = Answers::new(self.hidden);
    }

    /// Looks for the next question among the records that have come since.
    fn seek(&mut self, timeline: &Timeline, by_remark: bool) {
        if self.next.is_some() {
            return;
        }
        let asks = |event: &Event| match event {
            Event::Comment { .. } => by_remark,
            Event::CommandBegun { .. } => !by_remark,
            _ => false,
        };
        let from = self.sought_to.max(self.shown_to);
        let found = timeline.trace().iter_from(from).position(|record| asks(&record.event));
        self.next = found.map(|offset| from + offset + 1);
        self.sought_to = self.next.unwrap_or(timeline.len());
    }
}

impl App {
    /// Keeps the playhead from going beyond a question.
    pub fn hold_back(&mut self) {
        if !self.answers.hidden {
            return;
        }
        let has_remarks = || self.player.run.script().lines().any(|line| line.trim_start().starts_with('#'));
        let by_remark = *self.answers.by_remark.get_or_insert_with(has_remarks);
        self.player.run.timeline().with(|timeline| self.answers.seek(timeline, by_remark));
        if let Some(next) = self.answers.next
            && self.player.playhead() > next as f64
        {
            self.player.seek(Move::To(next as f64));
        }
    }

    /// Whether a question stands there that waits for its answer.
    pub fn is_asking(&self) -> bool {
        self.answers.hidden && self.answers.next.is_some_and(|next| self.player.playhead() >= next as f64)
    }

    /// Shows what happens up to the next question.
    pub fn reveal(&mut self) {
        if let Some(next) = self.answers.next.take() {
            self.answers.shown_to = next;
        }
        self.player.play();
    }
}

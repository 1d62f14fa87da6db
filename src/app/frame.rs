//! What happens from frame to frame, while anything moves.
//!
//! ```text
//!   |<------------------- 16 ms ------------------->|
//!   | work: 5 ms | playhead | draw            | idle |
//! ```
//!
//! **Invariant:** when nothing moves, no frame is asked for.

use std::rc::Rc;

use super::action::Pane;
use super::browser;
use super::inspector::{self, BytesShown};
use super::player::Move;
use super::root::{App, Intake};
use crate::view::camera::within;

/// Milliseconds of a frame for work; the rest is for drawing.
const WORK_MS: f64 = 5.0;
/// The same while the playhead has nothing to play and a person waits for the outcome.
const WORK_WAITED_FOR_MS: f64 = 20.0;
/// A frame that took longer (the page was in the background) moves the playhead no further than this.
const ELAPSED_MAX_MS: f64 = 100.0;
/// While the run moves, the bytes in the inspector follow this often.
const BYTES_EVERY_MS: f64 = 400.0;

impl App {
    pub fn frame(&mut self, time: f64) {
        self.frames.arrived();
        let elapsed = self.last_frame_ms.map_or(0.0, |last| within(time - last, 0.0, ELAPSED_MAX_MS));
        self.last_frame_ms = Some(time);
        self.work();
        self.player.advance(elapsed);
        self.reach_goal();
        self.let_hero_rest();
    }

    /// Carries on for a part of a frame.
    pub fn work(&mut self) {
        let work_ms = if self.player.has_to_wait() { WORK_WAITED_FOR_MS } else { WORK_MS };
        let deadline = browser::now_ms() + work_ms;
        if self.take_keys(deadline) || self.take_pages(deadline) || self.take_trace(deadline) {
            return;
        }
        let share = if self.player.rival.is_some() { work_ms / 2.0 } else { 0.0 };
        self.player.run.work(deadline - share);
        if let Some(rival) = &mut self.player.rival {
            rival.run.work(deadline);
        }
        let timeline = self.player.run.timeline().clone();
        timeline.with(|timeline| self.log.read(timeline.trace()));
    }

    fn reach_goal(&mut self) {
        if let Some(goal) = self.goal
            && (self.player.run.len() >= goal || !self.player.run.is_working())
        {
            self.goal = None;
            self.player.seek(Move::To(goal as f64));
        }
    }

    pub fn keep_moving(&mut self) {
        let taking = matches!(self.intake, Some(Intake::Keys { .. } | Intake::Pages { .. } | Intake::Trace { .. }));
        if self.player.is_moving() || taking || self.goal.is_some() {
            self.frames.request();
        } else {
            self.last_frame_ms = None;
        }
        self.look_up_bytes();
    }

    /// Gets the bytes of the selected page: at once when the run rests, now and then while it moves.
    fn look_up_bytes(&mut self) {
        let Some(selected) = self.selected else { return };
        let (run, position) = self.inspected();
        let timeline = run.timeline();
        let view = timeline.view_at(position);
        let Some(page) = inspector::page_of(timeline.guide(), &view, selected) else { return };
        let known = self.bytes.as_ref().is_some_and(|(known, at, _)| *known == page && *at == position);
        let same_page = self.bytes.as_ref().is_some_and(|(known, ..)| *known == page);
        let now = browser::now_ms();
        let early = self.player.is_playing() && same_page && now - self.bytes_at_ms < BYTES_EVERY_MS;
        if known || early || self.player.is_working() || self.pane != Pane::Inspector {
            return;
        }
        let shown = match self.inspected().0.session() {
            None => BytesShown::Recorded,
            Some(session) => session
                .page_bytes_at(page, position)
                .map_or(BytesShown::None, |bytes| BytesShown::There(Rc::new(bytes))),
        };
        self.bytes = Some((page, position, shown));
        self.bytes_at_ms = now;
    }
}

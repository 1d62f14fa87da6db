//! Where the parts of the picture stand.
//!
//! ```text
//!   wide                                  narrow, or one of two side by side
//!   title, last accesses                  title, last accesses
//!   frames          │ the policy's own    frames
//!   the file        │ structure           the policy's own structure
//!                   │ curves              the file
//!                                         curves
//! ```
//!
//! Sizes are taken from the end of the run, so that nothing jumps while it is played.

use super::super::arrange::{MONO_W, Place, Wrap};
use super::super::camera::Size;
use super::super::drawing::Ask;
use super::super::{PAGES_MAX, View};
use crate::trace::PolicyKind;
use crate::trace::parts::ReplacementState;

/// From this width on there are two columns.
const WIDE: f64 = 780.0;
/// More frames than this are drawn as a map.
pub const FRAMES_SHOWN: usize = 64;
/// More frames than this are no ring any more.
pub const RING_MAX: usize = 24;
/// Pages of one list that are shown: the two ends of it when there are more.
pub const LISTED_MAX: usize = 40;
/// Rows of a list of pages with their times.
pub const ROWS_MAX: usize = 12;
/// A larger file has the whole width.
const WHOLE_WIDTH: usize = 3000;

pub const TITLE_H: f64 = 20.0;
pub const ROW_H: f64 = 24.0;
const GAP: f64 = 14.0;
pub const CHIP_H: f64 = 24.0;
pub const CHIP_GAP: f64 = 4.0;
const MAP_MIN_H: f64 = 110.0;

pub struct Plan {
    pub width: f64,
    pub kind: PolicyKind,
    /// Frames and pages, at most during the run.
    pub frames: usize,
    pub pages: usize,
    pub index_pages: usize,
    pub chip: Size,
    pub tape: Place,
    /// The frames; nothing when they stand in the clock's ring.
    pub grid: Option<Place>,
    pub policy: Place,
    pub file: Place,
    pub chart: Option<Place>,
}

pub fn known(view: &View) -> Option<&ReplacementState> {
    view.state.parts.replacement.as_deref()
}

impl Plan {
    pub fn of(ask: &Ask) -> Plan {
        let views = [ask.before, ask.after, ask.end];
        let most = |of: &dyn Fn(&View) -> usize| views.iter().map(|view| of(view)).max().unwrap_or(0);
        let frames = most(&|view| view.state.frames as usize).clamp(1, PAGES_MAX);
        let pages = most(&|view| known(view).map_or(0, |known| known.pages as usize)).min(PAGES_MAX);
        let index_pages = known(ask.after).map_or(0, |known| known.index_pages as usize).min(pages);
        let kind = known(ask.after).or(known(ask.end)).map(|known| known.policy).unwrap_or_default();
        let has_chart = views.iter().any(|view| known(view).is_some_and(|known| known.curves.is_some()));
        let digits = pages.max(10).to_string().len() as f64;
        let chip = Size { width: (digits * MONO_W + 14.0).max(30.0), height: CHIP_H };
        let width = ask.room.width;
        let wide = width >= WIDE;
        let mut plan = Plan {
            width,
            kind,
            frames,
            pages,
            index_pages,
            chip,
            tape: Place::new(0.0, 26.0, width, 30.0),
            grid: None,
            policy: Place::default(),
            file: Place::default(),
            chart: None,
        };
        let top = plan.tape.bottom() + GAP;
        let column = if wide { (width - 2.0 * GAP) / 2.0 } else { width };
        let right = if wide { column + 2.0 * GAP } else { 0.0 };
        let mut y = top;
        if !plan.is_ring() {
            let h = plan.grid_height(column);
            plan.grid = Some(Place::new(0.0, y, column, h));
            y += h + GAP;
        }
        let policy_y = if wide { top } else { y };
        plan.policy = Place::new(right, policy_y, column, plan.policy_height(column));
        let mut right_y = plan.policy.bottom() + GAP;
        if !wide {
            y = right_y;
        }
        let whole = wide && pages > WHOLE_WIDTH;
        if wide && has_chart {
            plan.chart = Some(Place::new(right, right_y, column, 250.0));
            right_y += 250.0 + GAP;
        }
        if whole {
            y = y.max(right_y);
        }
        let file_w = if whole { width } else { column };
        let file_h = (ask.room.height - y - TITLE_H - 8.0).max(MAP_MIN_H);
        plan.file = Place::new(0.0, y, file_w, file_h);
        if !wide && has_chart {
            // The curves are what was asked for last: they stand above the map of the file.
            plan.chart = Some(Place::new(0.0, y, width, 250.0));
            let y = y + 250.0 + GAP;
            plan.file = Place::new(0.0, y, width, (ask.room.height - y - TITLE_H - 8.0).max(MAP_MIN_H));
        }
        plan
    }

    /// Whether frames stand in a ring with the clock's hand.
    pub fn is_ring(&self) -> bool {
        self.kind == PolicyKind::Clock && self.frames <= RING_MAX
    }

    /// Radius of the ring.
    pub fn radius(&self, width: f64) -> f64 {
        let step = self.chip.width + 14.0;
        (self.frames as f64 * step / std::f64::consts::TAU).max(56.0).min((width / 2.0 - step).max(40.0))
    }

    pub fn frame_boxes(&self, place: Place) -> Wrap {
        let size = Size { width: (self.chip.width + 12.0).max(44.0), height: 36.0 };
        Wrap::new((place.x, place.y + TITLE_H), place.w, size, 6.0)
    }

    fn grid_height(&self, width: f64) -> f64 {
        if self.frames > FRAMES_SHOWN {
            return TITLE_H + 120.0;
        }
        TITLE_H + self.frame_boxes(Place::new(0.0, 0.0, width, 0.0)).height(self.frames)
    }

    pub fn chips(&self, x: f64, y: f64, width: f64) -> Wrap {
        Wrap::new((x, y), width, self.chip, CHIP_GAP)
    }

    /// Height of a list that may have so many pages, with its title.
    pub fn list_height(&self, width: f64, most: usize) -> f64 {
        TITLE_H + self.chips(0.0, 0.0, width).height(most.clamp(1, LISTED_MAX + 1)) + 8.0
    }

    fn policy_height(&self, width: f64) -> f64 {
        let list = |most: usize| self.list_height(width, most);
        let rows = TITLE_H + self.frames.min(ROWS_MAX) as f64 * ROW_H + 8.0;
        match self.kind {
            PolicyKind::Fifo | PolicyKind::Lru => list(self.frames),
            PolicyKind::Clock if self.is_ring() => TITLE_H + 2.0 * self.radius(width) + 2.0 * CHIP_H + 10.0,
            PolicyKind::Clock => TITLE_H + 10.0,
            PolicyKind::LruK => rows + list(self.frames),
            PolicyKind::Optimum => rows,
            PolicyKind::TwoQueue => 2.0 * list(self.frames) + list(self.frames / 2),
            PolicyKind::Arc => 46.0 + 4.0 * list(self.frames),
        }
    }
}

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
//! The map of a large file has the whole width, and stands above all of this.
//!
//! Frames and file are as large as at the end of the run, so that nothing jumps while it is played. The policy's lists take
//! what they need at each point: what stands below them moves when they grow.

use super::super::arrange::{MONO_W, Place, Wrap};
use super::super::camera::Size;
use super::super::drawing::Ask;
use super::super::map::fitted;
use super::super::{PAGES_MAX, View};
use glassbase_trace::PolicyKind;
use glassbase_trace::parts::ReplacementState;

/// From this width on there are two columns.
const WIDE: f64 = 780.0;
/// More frames than this are drawn as a map.
pub const FRAMES_SHOWN: usize = 64;
/// Frames that have room for their number beside the page's.
pub const NUMBERED_MAX: usize = 12;
/// More frames than this are no ring any more.
pub const RING_MAX: usize = 24;
/// Pages of one list that are shown: the two ends of it when there are more.
pub const LISTED_MAX: usize = 64;
/// The same where the frames are a map: then that matters more, and the file's.
const LISTED_FEW: usize = 12;
/// Rows of a list of pages with their times.
pub const ROWS_MAX: usize = 12;
/// A larger file has the whole width.
pub const WHOLE_WIDTH: usize = 3000;

/// Largest edge of a page in the map of the file.
pub const PAGE_CELL: f64 = 14.0;
pub const TITLE_H: f64 = 20.0;
pub const ROW_H: f64 = 24.0;
/// Height of ARC's balance.
pub const BALANCE_H: f64 = 46.0;
/// Width of a count before its bucket, and height of a row of the sketch.
pub const BUCKET_W: f64 = 44.0;
pub const SKETCH_ROW_H: f64 = 16.0;
const GAP: f64 = 14.0;
const CHART_H: f64 = 330.0;
pub const CHIP_H: f64 = 24.0;
pub const CHIP_GAP: f64 = 4.0;
const MAP_MIN_H: f64 = 110.0;
/// From one frame to the next in their map, where there is room.
const MAP_STEP: f64 = 14.0;

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
    /// Where things stand in the picture of `view`, which is one end of the step.
    pub fn of(ask: &Ask, view: &View) -> Plan {
        let views = [ask.before, ask.after, ask.end];
        let most = |of: &dyn Fn(&View) -> usize| views.iter().map(|view| of(view)).max().unwrap_or(0);
        let frames = most(&|view| view.state.frames as usize).clamp(1, PAGES_MAX);
        let pages = most(&|view| known(view).map_or(0, |known| known.pages as usize)).min(PAGES_MAX);
        let index_pages = known(view).map_or(0, |known| known.index_pages as usize).min(pages);
        let kind = known(view).or(known(ask.end)).map(|known| known.policy).unwrap_or_default();
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
        let mut top = plan.tape.bottom() + GAP;
        let large = pages > WHOLE_WIDTH;
        if large {
            let share = 0.5;
            plan.file = Place::new(0.0, top, width, (ask.room.height * share).max(MAP_MIN_H));
            top = plan.file.y + TITLE_H + map_height(pages, width, plan.file.h - TITLE_H) + GAP;
        }
        let column = if wide { (width - 2.0 * GAP) / 2.0 } else { width };
        let right = if wide { column + 2.0 * GAP } else { 0.0 };
        let mut y = top;
        if !plan.is_ring() {
            let h = plan.grid_height(column);
            plan.grid = Some(Place::new(0.0, y, column, h));
            y += h + GAP;
        }
        let policy_y = if wide { top } else { y };
        plan.policy = Place::new(right, policy_y, column, plan.policy_height(column, view));
        let mut below = plan.policy.bottom() + GAP;
        if has_chart {
            // The curves are what was asked for last: on a phone they stand above the map of the file.
            plan.chart = Some(Place::new(right, below, column, CHART_H));
            below += CHART_H + GAP;
        }
        if !wide {
            y = below;
        }
        if !large {
            plan.file = Place::new(0.0, y, column, (ask.room.height - y - TITLE_H - 8.0).max(MAP_MIN_H));
        }
        plan
    }

    /// The same for a cache, which is over no file: its policy has the room, and the curves beside it or below.
    pub fn of_cache(ask: &Ask, view: &View) -> Plan {
        let mut plan = Plan::of(ask, view);
        let top = plan.tape.bottom() + GAP;
        let has_chart = plan.chart.is_some();
        let beside = has_chart && plan.width >= WIDE;
        let column = if beside { (plan.width - 2.0 * GAP) / 2.0 } else { plan.width };
        plan.file = Place::default();
        plan.policy = Place::new(0.0, top, column, 0.0);
        let is_large_clock = plan.kind == PolicyKind::Clock && !plan.is_ring();
        plan.grid = is_large_clock.then(|| Place::new(0.0, top + TITLE_H + 10.0, column, plan.grid_height(column)));
        plan.policy.h = plan.policy_height(column, view) + plan.grid.map_or(0.0, |grid| grid.h);
        let (x, y) = if beside { (column + 2.0 * GAP, top) } else { (0.0, plan.policy.bottom() + GAP) };
        plan.chart = has_chart.then(|| Place::new(x, y, column, CHART_H));
        plan
    }

    /// Where the cache's picture ends.
    pub fn bottom(&self) -> f64 {
        self.policy.bottom().max(self.chart.map_or(0.0, |chart| chart.bottom()))
    }

    /// Whether frames stand in a ring with the clock's hand.
    pub fn is_ring(&self) -> bool {
        self.kind == PolicyKind::Clock && self.frames <= RING_MAX
    }

    /// Radius of the ring.
    pub fn radius(&self, width: f64) -> f64 {
        let step = self.chip.width + 14.0;
        (self.frames as f64 * step / std::f64::consts::TAU).max(112.0).min((width / 2.0 - self.chip.width).max(40.0))
    }

    pub fn frame_boxes(&self, place: Place) -> Wrap {
        let (wider, height) = if self.frames > NUMBERED_MAX { (8.0, 30.0) } else { (14.0, 36.0) };
        let size = Size { width: (self.chip.width + wider).max(40.0), height };
        Wrap::new((place.x, place.y + TITLE_H), place.w, size, 5.0)
    }

    fn grid_height(&self, width: f64) -> f64 {
        if self.frames > FRAMES_SHOWN {
            let rows = self.frames.div_ceil((width / MAP_STEP).max(1.0) as usize);
            return TITLE_H + (rows as f64 * MAP_STEP).min(110.0);
        }
        TITLE_H + self.frame_boxes(Place::new(0.0, 0.0, width, 0.0)).height(self.frames)
    }

    pub fn chips(&self, x: f64, y: f64, width: f64) -> Wrap {
        Wrap::new((x, y), width, self.chip, CHIP_GAP)
    }

    /// Most pages of a list that are shown.
    pub fn listed_max(&self) -> usize {
        if self.frames > FRAMES_SHOWN { LISTED_FEW } else { LISTED_MAX }
    }

    /// Height of a list of so many pages, with its title.
    pub fn list_height(&self, width: f64, count: usize) -> f64 {
        TITLE_H + self.chips(0.0, 0.0, width).height(count.clamp(1, self.listed_max() + 1)) + 10.0
    }

    fn policy_height(&self, width: f64, view: &View) -> f64 {
        let Some(known) = known(view) else { return 0.0 };
        let lists: f64 = known.lists.iter().map(|list| self.list_height(width, list.items.len())).sum();
        let rows = TITLE_H + self.frames.min(ROWS_MAX) as f64 * ROW_H + 8.0;
        match self.kind {
            PolicyKind::Clock if self.is_ring() => TITLE_H + 2.0 * self.radius(width) + 2.0 * CHIP_H + 16.0,
            PolicyKind::Clock => TITLE_H + 10.0,
            PolicyKind::LruK | PolicyKind::Optimum => rows + lists,
            PolicyKind::Arc => BALANCE_H + lists,
            PolicyKind::Random => self.list_height(width, view.state.pool.len()),
            PolicyKind::Lfu => rows,
            PolicyKind::Lirs => self.list_height(width, known.stack.len()) + lists,
            PolicyKind::WTinyLfu => lists + TITLE_H + 5.0 * SKETCH_ROW_H,
            PolicyKind::Sieve => lists + 12.0,
            _ => lists,
        }
    }
}

/// How high the map of so many pages is in a room: as it is laid out there.
fn map_height(pages: usize, width: f64, height: f64) -> f64 {
    let (cell, gap, columns) = fitted(pages, width, height, PAGE_CELL);
    pages.div_ceil(columns) as f64 * (cell + gap)
}

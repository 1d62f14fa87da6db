//! A trace with checkpoints, so that the view at any position is quick to get.
//!
//! ```text
//!   records      0 . . . . 256 . . . . 512 . . . . 768 . . .
//!   checkpoints  C         C           C           C
//!   recent       the last few views that were asked for: the next position is one record further than one of these
//! ```
//!
//! A checkpoint shares its pages with its neighbours; what it costs of its own is the list of pages, and those that have
//! changed. When all together hold more than [`HELD_MAX`] words, every second checkpoint goes and the distance between
//! them doubles.

use std::cell::RefCell;
use std::rc::Rc;

use super::guide::{self, Guide};
use super::markers::Marker;
use super::measures::Series;
use super::pseudocode::{Algorithm, running};
use super::{MarkerKind, View, caption};
use glassbase_trace::{Event, Lane, PageId, Record, Trace};

/// Records between checkpoints at first.
const DISTANCE: usize = 256;

/// Words of memory that all checkpoints together may hold: 48 MB in the browser.
const HELD_MAX: usize = 12_000_000;

/// Views asked for last: the stage asks for two neighbours in turn, the rest of the page for one more.
const RECENT: usize = 6;

/// How many records a caption looks ahead for what a split comes to.
const LOOK_AHEAD: usize = 2000;

/// How many records back a line of pseudocode is looked for.
const LOOK_BACK: usize = 12;

/// A trace that can be looked at anywhere.
#[derive(Clone)]
pub struct Timeline {
    guide: &'static Guide,
    trace: Trace,
    distance: usize,
    checkpoints: Vec<Rc<View>>,
    /// About how many words the checkpoints hold.
    held: usize,
    /// The view at the end, from which `extend` goes on.
    end: Rc<View>,
    recent: RefCell<Vec<Rc<View>>>,
    markers: Vec<Marker>,
    commands: Vec<usize>,
    series: Series,
    /// The lanes that have events, in the order of [`Lane::ALL`].
    seen: [bool; Lane::ALL.len()],
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline::of_lab("")
    }
}

impl Timeline {
    /// An empty timeline for a run of a lab.
    pub fn of_lab(lab: &str) -> Timeline {
        Timeline::guided(Guide::of(lab))
    }

    fn guided(guide: &'static Guide) -> Timeline {
        let start = Rc::new(View::default());
        Timeline {
            guide,
            trace: Trace::new(),
            distance: DISTANCE,
            checkpoints: vec![start.clone()],
            held: 0,
            end: start,
            recent: RefCell::default(),
            markers: Vec::new(),
            commands: Vec::new(),
            series: Series::of_measures(guide.measures),
            seen: [false; Lane::ALL.len()],
        }
    }

    pub fn new(trace: Trace) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.extend(trace);
        timeline
    }

    /// Goes on with a trace that begins as the present one does. One that does not (a fork) is taken from its start.
    pub fn extend(&mut self, trace: Trace) {
        let known = self.trace.len();
        let last = known.wrapping_sub(1);
        let fits = match (self.trace.get(last), trace.get(last)) {
            (Some(record), Some(others)) => record.tells_as(others),
            (known, _) => known.is_none(),
        };
        if !fits {
            *self = Timeline::guided(self.guide);
        }
        let start = self.trace.len();
        self.trace = trace;
        let mut view = (*self.end).clone();
        for index in start..self.trace.len() {
            let Some(record) = self.trace.get(index) else { break };
            view.apply(index, record);
            if let Some(marker) = Marker::of(index, record) {
                if marker.kind == MarkerKind::CommandBegun {
                    self.commands.push(index);
                }
                self.markers.push(marker);
            }
            self.series.see(&view, record);
            self.seen[record.event.lane() as usize] = true;
            if view.position.is_multiple_of(self.distance) {
                let checkpoint = Rc::new(view.clone());
                self.keep(checkpoint);
            }
        }
        self.end = Rc::new(view);
        debug_assert_eq!(self.end.position, self.trace.len(), "every record has been folded");
    }

    /// Cuts everything from `length` on.
    pub fn truncate(&mut self, length: usize) {
        if length < self.trace.len() {
            let mut trace = self.trace.clone();
            trace.truncate(length);
            *self = Timeline::guided(self.guide);
            self.extend(trace);
        }
    }

    fn keep(&mut self, checkpoint: Rc<View>) {
        self.held += self.checkpoints.last().map_or(0, |before| words(before, &checkpoint));
        self.checkpoints.push(checkpoint);
        if self.held > HELD_MAX && self.checkpoints.len() > 4 {
            self.distance *= 2;
            let distance = self.distance;
            self.checkpoints.retain(|view| view.position.is_multiple_of(distance));
            self.held = self.checkpoints.windows(2).map(|pair| words(&pair[0], &pair[1])).sum();
        }
    }

    /// The lanes to show: those that the lab always has, and those that have events.
    pub fn lanes(&self) -> Vec<Lane> {
        let shown = |lane: &Lane| self.guide.lanes.contains(lane) || self.seen[*lane as usize];
        Lane::ALL.iter().copied().filter(shown).collect()
    }

    /// What the run's lab shows.
    pub fn guide(&self) -> &'static Guide {
        self.guide
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    pub fn len(&self) -> usize {
        self.trace.len()
    }

    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }

    /// How many records happened up to a moment of virtual time.
    pub fn happened_by(&self, time_ns: u64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.record(middle).is_some_and(|record| record.time_ns <= time_ns) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub fn record(&self, index: usize) -> Option<&Record> {
        self.trace.get(index)
    }

    /// The view after the first `position` records (clamped to the end).
    pub fn view_at(&self, position: usize) -> Rc<View> {
        let position = position.min(self.trace.len());
        if position == self.end.position {
            return self.end.clone();
        }
        let mut recent = self.recent.borrow_mut();
        if let Some(index) = recent.iter().position(|view| view.position == position) {
            let view = recent.remove(index);
            recent.push(view.clone());
            return view;
        }
        let view = Rc::new(self.fold_from(self.nearest(position, &recent), position));
        if recent.len() == RECENT {
            recent.remove(0);
        }
        recent.push(view.clone());
        view
    }

    /// The latest view at or before `position` that is at hand.
    fn nearest<'a>(&'a self, position: usize, recent: &'a [Rc<View>]) -> &'a View {
        let past = self.checkpoints.partition_point(|view| view.position <= position);
        let checkpoint = &self.checkpoints[past.saturating_sub(1)];
        let before = recent.iter().filter(|view| view.position <= position);
        before.max_by_key(|view| view.position).filter(|view| view.position > checkpoint.position).unwrap_or(checkpoint)
    }

    fn fold_from(&self, start: &View, position: usize) -> View {
        let mut view = start.clone();
        for index in view.position..position {
            if let Some(record) = self.trace.get(index) {
                view.apply(index, record);
            }
        }
        view
    }

    /// One sentence for the record that led to `position`; empty at the start.
    pub fn caption_at(&self, position: usize) -> String {
        let Some(index) = position.min(self.len()).checked_sub(1) else { return String::new() };
        let Some(record) = self.record(index) else { return String::new() };
        let view = self.view_at(index);
        match &record.event {
            Event::SplitBegun { page, right, at, kind } => {
                let raised = self.raised(index, *right);
                caption::split(&view, *page, *right, usize::from(*at), *kind, raised)
            }
            Event::DiskFault { text } if self.is_refused_for(index, text) => {
                "A fault of the disk: the command cannot go on.".to_string()
            }
            _ => caption::caption(&view, record),
        }
    }

    /// Whether the command under way at `index` is refused in the words `why`.
    fn is_refused_for(&self, index: usize, why: &str) -> bool {
        let rest = self.trace.iter_from(index + 1).take(LOOK_AHEAD);
        let mut rest = rest.take_while(|record| !matches!(record.event, Event::CommandEnded { .. }));
        rest.any(|record| matches!(&record.event, Event::Refused { text } if **text == *why))
    }

    /// The separator that a split beginning at `index` sends up: the one that comes to stand left of the new page.
    fn raised(&self, index: usize, right: PageId) -> Option<&[u8]> {
        let mut child_sought = right;
        for record in self.trace.iter_from(index + 1).take(LOOK_AHEAD) {
            match &record.event {
                Event::ChildInserted { key, child, .. } if *child == child_sought => return Some(key),
                // The page above splits just here: the separator goes up one more.
                Event::LeftmostChildSet { page, child, .. } if *child == child_sought => child_sought = *page,
                Event::OperationEnded { .. } => return None,
                _ => {}
            }
        }
        None
    }

    /// The line of pseudocode that ran last at `position`, within the operation under way.
    pub fn running_at(&self, position: usize) -> Option<(&'static Algorithm, usize)> {
        let position = position.min(self.len());
        let start = position.saturating_sub(LOOK_BACK);
        let mut view = (*self.view_at(start)).clone();
        let mut place = None;
        for index in start..position {
            let record = self.record(index)?;
            let begins = matches!(record.event, Event::CommandBegun { .. } | Event::OperationBegun { .. });
            // The words of nodes mean something in their own lab alone.
            let own = (self.guide.running)(&view, record);
            let others = || if record.event.lane() == Lane::Node { None } else { running(&view, record) };
            place = own.or_else(others).or(place.filter(|_| !begins));
            view.apply(index, record);
        }
        place
    }

    /// The places that matter, in order.
    pub fn markers(&self) -> &[Marker] {
        &self.markers
    }

    /// The records at which commands begin, in order.
    pub fn commands(&self) -> &[usize] {
        &self.commands
    }

    /// The next position towards the start at which a command begins: stepping back by commands.
    pub fn command_before(&self, position: usize) -> usize {
        let past = self.commands.partition_point(|begun| *begun < position);
        past.checked_sub(1).map_or(0, |index| self.commands[index])
    }

    /// The next position towards the end at which a command begins, or the end: stepping on by commands.
    pub fn command_after(&self, position: usize) -> usize {
        let past = self.commands.partition_point(|begun| *begun <= position);
        self.commands.get(past).copied().unwrap_or(self.len())
    }

    /// The course of the measures.
    pub fn series(&self) -> &Series {
        &self.series
    }
}

/// About how many words of memory a checkpoint takes besides what it shares with the one before it.
fn words(before: &View, checkpoint: &View) -> usize {
    let old = &before.state.pages;
    let pages = checkpoint.state.pages.iter().enumerate();
    let changed = pages.filter(|(index, page)| old.get(*index).is_none_or(|old| !Rc::ptr_eq(old, page)));
    let own: usize = changed.map(|(_, page)| 16 + 5 * page.cells().map_or(0, |cells| cells.len())).sum();
    let parts: usize = guide::GUIDES.iter().map(|guide| (guide.words)(&before.state, &checkpoint.state)).sum();
    checkpoint.state.pages.len() + 4 * checkpoint.state.pool.len() + own + parts
}

/// A timeline that components share; two handles are equal when they show the same timeline in the same version.
#[derive(Clone)]
pub struct TimelineHandle {
    shared: Rc<RefCell<Timeline>>,
    version: u64,
}

impl TimelineHandle {
    pub fn new(timeline: Timeline) -> TimelineHandle {
        TimelineHandle { shared: Rc::new(RefCell::new(timeline)), version: 0 }
    }

    /// Looks at the timeline.
    pub fn with<T>(&self, look: impl FnOnce(&Timeline) -> T) -> T {
        look(&self.shared.borrow())
    }

    /// Goes on with a longer trace: the same timeline, a newer version.
    #[must_use]
    pub fn extended(&self, trace: Trace) -> TimelineHandle {
        self.shared.borrow_mut().extend(trace);
        TimelineHandle { shared: self.shared.clone(), version: self.version + 1 }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether both show the same run, be it in different versions.
    pub fn same_run(&self, other: &TimelineHandle) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }

    pub fn len(&self) -> usize {
        self.shared.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the run's lab shows.
    pub fn guide(&self) -> &'static Guide {
        self.shared.borrow().guide
    }

    pub fn view_at(&self, position: usize) -> Rc<View> {
        self.shared.borrow().view_at(position)
    }
}

impl Default for TimelineHandle {
    fn default() -> TimelineHandle {
        TimelineHandle::new(Timeline::default())
    }
}

impl PartialEq for TimelineHandle {
    fn eq(&self, other: &TimelineHandle) -> bool {
        self.same_run(other) && self.version == other.version
    }
}

//! The recorder: the switch, the current cause, the last state, and the page whose bytes somebody wants to see.
//!
//! Events are built by closures, so with recording off none is built and the cost is one predictable branch. With the
//! feature `recording` compiled out even that is gone; the benchmarks measure the difference.

use std::rc::Rc;

use super::{EngineState, Event, NO_CAUSE, NodeId, PageId, Record, Trace};

/// Takes events and appends them to a trace.
#[derive(Clone, Debug)]
pub struct Recorder {
    on: bool,
    /// Nothing is recorded from the moment on when the power fails.
    ends_with_power: bool,
    /// Recording was on when the power failed.
    is_dark: bool,
    cause: u32,
    node: u16,
    /// The shard within which everything happens now, if it is within one.
    within: Option<NodeId>,
    pub trace: Trace,
    pub capture: Option<Capture>,
    /// The last state that was taken: the next one shares with it what did not change.
    last_state: Option<Rc<EngineState>>,
    states_bytes: usize,
}

/// The bytes of one page as they were when the trace had a certain length. The inspector runs a command again with
/// this set to show a page in the middle of a split.
#[derive(Clone, Debug)]
pub struct Capture {
    pub page: PageId,
    /// Length of the trace up to which changes count.
    pub until: usize,
    /// The newest bytes seen, if the page changed at all.
    pub bytes: Option<Vec<u8>>,
}

impl Default for Recorder {
    fn default() -> Recorder {
        let trace = Trace::new();
        Recorder {
            on: true,
            ends_with_power: false,
            is_dark: false,
            cause: NO_CAUSE,
            node: 0,
            within: None,
            trace,
            capture: None,
            last_state: None,
            states_bytes: 0,
        }
    }
}

impl Recorder {
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        cfg!(feature = "recording") && self.on
    }

    /// Switches recording; returns how it was.
    pub fn switch(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.on, on)
    }

    /// Whether recording ends when the power fails: a program that has no power does nothing any more, and what the engine
    /// tidies up after an error is not to be seen.
    pub fn end_with_power(&mut self, ends: bool) {
        self.ends_with_power = ends;
    }

    /// The power has failed.
    #[cold]
    pub fn power_failed(&mut self) {
        if self.ends_with_power {
            self.is_dark |= std::mem::take(&mut self.on);
        }
    }

    /// Goes on with recording where the power's failing ended it.
    pub fn go_on(&mut self) {
        self.on |= std::mem::take(&mut self.is_dark);
    }

    /// Appends the event that `build` makes, if recording is on.
    #[inline(always)]
    pub fn emit(&mut self, time_ns: u64, build: impl FnOnce() -> Event) {
        if self.is_on() {
            unlikely();
            self.append(time_ns, build());
        }
    }

    /// Appends an event and makes it the cause of those that follow. Returns the cause to go back to.
    #[inline(always)]
    pub fn begin(&mut self, time_ns: u64, build: impl FnOnce() -> Event) -> Cause {
        let before = Cause(self.cause);
        if self.is_on() {
            unlikely();
            self.append(time_ns, build());
            self.cause = (self.trace.len() - 1) as u32;
        }
        before
    }

    /// Ends what [`Recorder::begin`] began.
    #[inline(always)]
    pub fn end(&mut self, before: Cause) {
        self.cause = before.0;
    }

    /// Lets an earlier record be the cause of what follows, until [`Recorder::end`].
    #[inline(always)]
    pub fn caused_by(&mut self, record: u32) -> Cause {
        Cause(std::mem::replace(&mut self.cause, record))
    }

    /// The record that was made last, as a cause; [`NO_CAUSE`] while nothing is recorded.
    #[inline(always)]
    pub fn latest(&self) -> u32 {
        if self.is_on() { (self.trace.len() as u32).wrapping_sub(1) } else { NO_CAUSE }
    }

    /// From now on records are of this node; gives the node before.
    #[inline(always)]
    pub fn at_node(&mut self, node: u16) -> u16 {
        std::mem::replace(&mut self.node, node)
    }

    /// From now on what is told happens within this shard, or within none; gives how it was.
    #[inline(always)]
    pub fn within(&mut self, shard: Option<NodeId>) -> Option<NodeId> {
        std::mem::replace(&mut self.within, shard)
    }

    /// The last state that was taken of the engine at work.
    pub fn last_state(&self) -> Option<&EngineState> {
        self.last_state.as_deref()
    }

    /// To be told when pages changed otherwise than by an edit that gives them a new LSN.
    pub fn forget_last_state(&mut self) {
        self.last_state = None;
    }

    /// About how much memory the states of the trace take.
    pub fn states_bytes(&self) -> usize {
        self.states_bytes
    }

    /// Tells the bytes of a page that has just changed, after the event that says so.
    #[inline(always)]
    pub fn page_bytes(&mut self, page: PageId, bytes: &[u8]) {
        if self.is_on() && self.capture.is_some() {
            self.capture_bytes(page, bytes);
        }
    }

    #[cold]
    fn capture_bytes(&mut self, page: PageId, bytes: &[u8]) {
        let length = self.trace.len();
        if let Some(capture) = &mut self.capture
            && capture.page == page
            && length <= capture.until
        {
            capture.bytes = Some(bytes.to_vec());
        }
    }

    #[inline(never)]
    fn append(&mut self, time_ns: u64, event: Event) {
        debug_assert!(self.trace.len() < NO_CAUSE as usize, "a trace is indexed by u32");
        if let Event::StateTaken { state } = &event {
            self.states_bytes += state.bytes_beyond(self.last_state.as_deref());
            self.last_state = Some(state.clone());
        }
        let event = match self.within {
            Some(shard) => Event::Within { shard, event: Rc::new(event) },
            None => event,
        };
        self.trace.push(Record { time_ns, cause: self.cause, node: self.node, event });
    }
}

/// Tells the compiler to lay the code of a branch out of the way: the engine is fastest where nobody watches.
#[cold]
#[inline]
fn unlikely() {}

/// A cause to go back to.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Cause(u32);

//! The recorder: the switch, the current cause, and the page whose bytes somebody wants to see.
//!
//! Events are built by closures, so with recording off none is built and the cost is one predictable branch. With the
//! feature `recording` compiled out even that is gone; the benchmarks measure the difference.

use super::{Event, NO_CAUSE, PageId, Record, Trace};

/// Takes events and appends them to a trace.
#[derive(Clone, Debug)]
pub struct Recorder {
    on: bool,
    cause: u32,
    node: u16,
    pub trace: Trace,
    pub capture: Option<Capture>,
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
        Recorder { on: true, cause: NO_CAUSE, node: 0, trace: Trace::new(), capture: None }
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

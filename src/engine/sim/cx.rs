//! The context of a call: when it is, what has been counted, and who is told.

use super::random::Generator;
use glassbase_trace::recorder::Cause;
use glassbase_trace::{Counters, Event, PageId, Recorder};

/// Handed down every call of the engine. There is no global state: two engines with a context each do not meet.
#[derive(Clone, Debug, Default)]
pub struct Cx {
    seed: u64,
    now_ns: u64,
    pub counters: Counters,
    /// Bytes of keys and values handed in, and of pages written to a disk.
    pub put_bytes: u64,
    pub page_bytes: u64,
    pub recorder: Recorder,
}

impl Cx {
    /// A world at time 0. Equal seeds, equal worlds.
    pub fn new(seed: u64) -> Cx {
        Cx { seed, ..Cx::default() }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Virtual time in nanoseconds.
    #[inline(always)]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Lets virtual time pass.
    #[inline(always)]
    pub fn pass(&mut self, duration_ns: u64) {
        self.now_ns += duration_ns;
    }

    /// What has been counted so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The generator of one subsystem: the same name and seed give the same sequence, whatever others draw.
    pub fn generator(&self, name: &str) -> Generator {
        Generator::new(self.seed, name)
    }

    #[inline(always)]
    pub fn emit(&mut self, build: impl FnOnce() -> Event) {
        self.recorder.emit(self.now_ns, build);
    }

    /// Emits the event that a page changed, and shows its new bytes to whoever asked for them.
    #[inline(always)]
    pub fn emit_change(&mut self, page: PageId, bytes: &[u8], build: impl FnOnce() -> Event) {
        if self.recorder.is_on() {
            self.recorder.emit(self.now_ns, build);
            self.recorder.page_bytes(page, bytes);
        }
    }

    /// As [`Cx::emit`] where the caller has asked already whether recording is on: `WATCHED` says so.
    #[inline(always)]
    pub fn emit_watched<const WATCHED: bool>(&mut self, build: impl FnOnce() -> Event) {
        if WATCHED {
            self.recorder.emit(self.now_ns, build);
        }
    }

    /// Emits an event that is the cause of all that follow until [`Cx::end`].
    #[inline(always)]
    pub fn begin(&mut self, build: impl FnOnce() -> Event) -> Cause {
        self.recorder.begin(self.now_ns, build)
    }

    #[inline(always)]
    pub fn end(&mut self, before: Cause) {
        self.recorder.end(before);
    }
}

//! What a picture of the pool needs beside its state: the accesses of the last moments.

use glassbase_trace::{Event, FrameId, PageId, Record};

/// Accesses that are kept.
pub const KEPT: usize = 48;

/// An access to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub page: PageId,
    pub hit: bool,
}

/// The accesses of the last moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// The newest last.
    pub accesses: Vec<Access>,
    /// How many there have been, those not kept included.
    pub count: u64,
    /// The frame of the access under way, and whether it is a hit.
    pub current: Option<(FrameId, bool)>,
    /// The page that was chosen to leave, while it is still there.
    pub victim: Option<FrameId>,
    /// When the pool was opened.
    pub opened_ns: u64,
}

impl Doing {
    pub fn apply(&mut self, record: &Record, has_policy: bool) {
        match &record.event {
            Event::StateTaken { state } => {
                let opened = state.counters.pool_hits + state.counters.pool_misses == 0;
                let opened_ns = if opened { record.time_ns } else { self.opened_ns };
                *self = Doing { opened_ns, count: self.count, ..Doing::default() };
            }
            _ if !has_policy => {}
            Event::PoolHit { page, frame } => self.take(*page, *frame, true),
            Event::PoolMiss { page, frame } | Event::PoolCreated { page, frame } => self.take(*page, *frame, false),
            Event::PoolVictim { frame, .. } => {
                self.victim = Some(*frame);
                self.current = None;
            }
            Event::PoolEvicted { .. } => self.victim = None,
            Event::PoolUnpinned { .. } | Event::CommandEnded { .. } => self.current = None,
            _ => {}
        }
    }

    /// Whether the newest access was a hit.
    pub fn last_hit(&self) -> bool {
        self.accesses.last().is_some_and(|access| access.hit)
    }

    fn take(&mut self, page: PageId, frame: FrameId, hit: bool) {
        if self.accesses.len() == KEPT {
            self.accesses.remove(0);
        }
        self.accesses.push(Access { page, hit });
        self.count += 1;
        self.current = Some((frame, hit));
        self.victim = None;
    }
}

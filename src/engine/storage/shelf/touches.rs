//! What a store does for its node, for whoever follows a request down to the page: hits and misses of the pool, pages and files
//! that the disk reads and writes, records of the log.
//!
//! The store records its events as always; here they are taken out after each step, and thrown away, unless the store is
//! filmed: then all of them are kept, for whoever looks at it in its own lab.

use super::{Kept, Shelf};
use glassbase_trace::{Event, PageId, StoreTouch, Trace};

/// Most that is told of one step of a node: a compaction alone may read a thousand blocks.
const TOUCHES_MAX: usize = 24;

/// Something that the store did, by the clock of the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    pub what: StoreTouch,
    /// The page, the position in the log, or the file.
    pub number: u64,
    pub from_ns: u64,
    pub to_ns: u64,
}

/// Who hears what the store does.
#[derive(Clone, Default)]
pub(super) struct Hears {
    /// Everything is kept.
    filmed: bool,
    /// Records that were there when somebody began to listen.
    from: usize,
}

impl Shelf {
    /// From now on the store is listened to, or not.
    pub fn listen(&mut self, on: bool) {
        self.hears.from = self.cx.recorder.trace.len();
        self.cx.recorder.switch(on || self.hears.filmed);
    }

    /// From now on all that the store does is kept, by the clock of the shelf. Whether that begins only now: then its state
    /// is what the film goes on from; nothing if there is no open store.
    pub fn film(&mut self) -> Option<bool> {
        let is_open = matches!(self.kept, Kept::Tree(_) | Kept::Lsm(_));
        let begins = is_open && !self.hears.filmed;
        self.hears.filmed = is_open;
        self.cx.recorder.switch(is_open);
        if !is_open {
            self.cx.recorder.trace = Trace::new();
        }
        is_open.then_some(begins)
    }

    /// What was filmed since the last time.
    pub fn filmed(&mut self) -> Trace {
        self.hears.from = 0;
        std::mem::replace(&mut self.cx.recorder.trace, Trace::new())
    }

    /// What the store did since somebody began to listen, in order; nobody listens any more.
    pub fn touches(&mut self) -> Vec<Touched> {
        let from = self.hears.from;
        self.cx.recorder.switch(self.hears.filmed);
        let trace = if self.hears.filmed { self.cx.recorder.trace.clone() } else { self.filmed() };
        let mut touches = Vec::new();
        for (index, record) in trace.iter().enumerate().skip(from) {
            let Some((what, number)) = touch_of(&record.event) else { continue };
            if touches.len() >= TOUCHES_MAX {
                break;
            }
            // What takes time is told before the time passes or after it; either way it lies between two records.
            let after_ns = trace.get(index + 1).map_or(self.cx.now_ns(), |next| next.time_ns);
            let before_ns = index
                .checked_sub(1)
                .filter(|before| *before >= from)
                .and_then(|before| trace.get(before))
                .map_or(record.time_ns, |r| r.time_ns);
            let (from_ns, to_ns) =
                if after_ns > record.time_ns { (record.time_ns, after_ns) } else { (before_ns, record.time_ns) };
            touches.push(Touched { what, number, from_ns, to_ns });
        }
        touches
    }
}

fn touch_of(event: &Event) -> Option<(StoreTouch, u64)> {
    let page = |page: &PageId| u64::from(page.0);
    Some(match event {
        Event::PoolHit { page: hit, .. } => (StoreTouch::PoolHit, page(hit)),
        Event::PoolMiss { page: missed, .. } => (StoreTouch::PoolMiss, page(missed)),
        Event::DiskRead { page: read, .. } => (StoreTouch::PageRead, page(read)),
        Event::DiskWritten { page: written } => (StoreTouch::PageWritten, page(written)),
        Event::LogAppended { lsn, .. } => (StoreTouch::LogAppended, lsn.0),
        Event::LogSynced { to } => (StoreTouch::LogSynced, to.0),
        Event::LsmLogged { offset, .. } => (StoreTouch::LogAppended, *offset),
        Event::LsmLogSynced { length, .. } => (StoreTouch::LogSynced, *length),
        Event::MemtableWritten { sequence, .. } => (StoreTouch::Memtable, *sequence),
        Event::FileRead { file, .. } => (StoreTouch::FileRead, u64::from(file.0)),
        Event::DiskFault { .. } => (StoreTouch::Fault, 0),
        _ => return None,
    })
}

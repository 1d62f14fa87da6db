//! What is going on in a log-structured merge tree, beyond its state: the get under way and whom it has asked, the scan,
//! the memtable that becomes a table; and what never shrinks, so that a picture does not jump.

use std::rc::Rc;

use super::axis::Extent;
use glassbase_trace::parts::lsm::LsmState;
use glassbase_trace::{Bytes, EngineState, Event, FileNumber, Operation, PageBody};

/// What a source said to a get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is being asked.
    Asked,
    /// Its filter says that the key is not there: no read.
    Skipped,
    /// Its filter says that the key may be there.
    Passed,
    /// The filter let the get pass, but the key is not there.
    FalsePositive,
    /// It was searched, and does not have the key.
    Missing,
    Found,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A memtable, by its log.
    Memtable(FileNumber),
    Table(FileNumber),
}

/// A get: the way from the newest source down.
#[derive(Clone, Debug, PartialEq)]
pub struct Get {
    pub key: Bytes,
    pub asked: Vec<(Source, Verdict)>,
    /// The level that it has come to.
    pub level: Option<u32>,
    /// What came of it.
    pub found: Option<bool>,
}

impl Get {
    pub fn verdict(&self, source: Source) -> Option<Verdict> {
        self.asked.iter().rev().find(|(asked, _)| *asked == source).map(|(_, verdict)| *verdict)
    }

    fn say(&mut self, source: Source, verdict: Verdict) {
        match self.asked.iter_mut().rev().find(|(asked, _)| *asked == source) {
            Some((_, old)) => *old = verdict,
            None => self.asked.push((source, verdict)),
        }
    }
}

/// A scan over a range; no key is no bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub from: Bytes,
    pub to: Bytes,
    pub backward: bool,
    pub records: Option<u64>,
}

/// What was read since recording began: for both stores alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pub gets: u64,
    /// Reads from the device while a get was under way.
    pub get_reads: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    pub get: Option<Rc<Get>>,
    pub scan: Option<Scan>,
    /// The log of the memtable that is flushed, and the table that it becomes.
    pub flush: Option<(FileNumber, FileNumber)>,
    /// All keys seen so far.
    pub extent: Extent,
    /// Most runs that each level has had, and most memtables that waited.
    pub runs_most: Vec<u32>,
    pub frozen_most: u32,
    pub table_bytes_most: u64,
    pub pages_most: u32,
    pub work: Work,
    /// A get is under way: what is read meanwhile is read for it.
    getting: bool,
}

impl Doing {
    /// Goes on by an event; `state` is as it is afterwards.
    pub fn apply(&mut self, state: &EngineState, event: &Event) {
        use Event::*;
        match event {
            StateTaken { .. } => {
                (self.get, self.scan, self.flush, self.getting) = (None, None, None, false);
                self.work = Work::default();
                self.see_pages(state);
            }
            CommandBegun { .. } => (self.get, self.scan) = (None, None),
            FlushBegun { log, file, .. } => self.flush = Some((*log, *file)),
            FlushEnded { .. } | FlushFailed { .. } => self.flush = None,
            MemtableWritten { key, .. } | RecordInserted { key, .. } => self.extent.see(key),
            MemtableRangeDeleted { start, end, .. } => {
                self.extent.see(start);
                self.extent.see(end);
            }
            _ => self.apply_read(state, event),
        }
        if let Some(lsm) = &state.parts.lsm
            && matches!(event, StateTaken { .. } | VersionEdited { .. } | MemtableFrozen { .. })
        {
            self.see_tree(lsm);
        }
        self.pages_most = self.pages_most.max(state.height.into());
    }

    fn apply_read(&mut self, state: &EngineState, event: &Event) {
        use Event::*;
        match event {
            LsmGetBegun { key, .. } => {
                self.get = Some(Rc::new(Get { key: key.clone(), asked: Vec::new(), level: None, found: None }));
                self.begin_get();
            }
            MemtableAsked { frozen, found } => {
                let log = state.parts.lsm.as_ref().and_then(|lsm| log_of(lsm, *frozen));
                if let Some(log) = log {
                    self.say(Source::Memtable(log), if *found { Verdict::Found } else { Verdict::Missing });
                }
            }
            LevelAsked { level } => self.with_get(|get| get.level = Some(*level)),
            TableAsked { file } => self.say(Source::Table(*file), Verdict::Asked),
            FilterAsked { file, skipped } => {
                self.say(Source::Table(*file), if *skipped { Verdict::Skipped } else { Verdict::Passed });
            }
            FilterFalsePositive { file } => self.say(Source::Table(*file), Verdict::FalsePositive),
            TableSearched { file, found, .. } => {
                self.say(Source::Table(*file), if *found { Verdict::Found } else { Verdict::Missing });
            }
            LsmGetEnded { found, .. } => {
                self.with_get(|get| get.found = Some(*found));
                self.getting = false;
            }
            LsmScanBegun { from, to, backward, .. } => {
                let (from, to) = (from.clone(), to.clone());
                self.scan = Some(Scan { from, to, backward: *backward, records: None });
            }
            LsmScanEnded { records } => {
                if let Some(scan) = &mut self.scan {
                    scan.records = Some(*records);
                }
            }
            _ => self.apply_device(event),
        }
    }

    /// What the device does, and what the B+tree does.
    fn apply_device(&mut self, event: &Event) {
        use Event::*;
        match event {
            OperationBegun { operation: Operation::Get, .. } => self.begin_get(),
            OperationEnded { .. } => self.getting = false,
            DiskRead { .. } | FileRead { .. } => self.work.get_reads += u64::from(self.getting),
            _ => {}
        }
    }

    fn begin_get(&mut self) {
        self.work.gets += 1;
        self.getting = true;
    }

    fn with_get(&mut self, change: impl FnOnce(&mut Get)) {
        if let Some(get) = &mut self.get {
            change(Rc::make_mut(get));
        }
    }

    fn say(&mut self, source: Source, verdict: Verdict) {
        self.with_get(|get| get.say(source, verdict));
    }

    fn see_tree(&mut self, lsm: &LsmState) {
        for (level, runs) in lsm.version.levels.iter().map(|level| level.runs.len() as u32).enumerate() {
            if level >= self.runs_most.len() {
                self.runs_most.resize(level + 1, 0);
            }
            self.runs_most[level] = self.runs_most[level].max(runs);
        }
        self.frozen_most = self.frozen_most.max(lsm.frozen.len() as u32);
        for (_, table) in lsm.version.tables() {
            self.extent.see(&table.smallest);
            self.extent.see(&table.largest);
            self.table_bytes_most = self.table_bytes_most.max(table.bytes);
        }
        let memtables = std::iter::once(&lsm.memtable).chain(lsm.frozen.iter().map(|memtable| &**memtable));
        for memtable in memtables {
            for entry in memtable.entries.first().into_iter().chain(memtable.entries.last()) {
                self.extent.see(&entry.key);
            }
        }
    }

    fn see_pages(&mut self, state: &EngineState) {
        for page in &state.pages {
            if let PageBody::Leaf { cells, .. } = &page.body
                && !cells.is_empty()
            {
                self.extent.see(&Bytes::from(cells.key(0)));
                self.extent.see(&Bytes::from(cells.key(cells.len() - 1)));
            }
        }
    }
}

/// The log of the `frozen`-th memtable that waits, or of the one that takes writes (0).
fn log_of(lsm: &LsmState, frozen: u32) -> Option<FileNumber> {
    match frozen.checked_sub(1) {
        None => Some(lsm.memtable.log),
        Some(index) => lsm.frozen.get(index as usize).map(|memtable| memtable.log),
    }
}

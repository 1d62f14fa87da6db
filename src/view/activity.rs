//! What is going on: the part of a view that the engine's own state does not have.
//!
//! ```text
//!   command  "insert 37"                               from command-begun to the next one
//!   operation  insert 37, path: page 9 → page 12       from operation-begun to the next one
//!   changes  [split of 12 into 19]                     a stack: a split of a leaf may split the page above
//! ```

use std::rc::Rc;

use super::View;
use glassbase_trace::{
    Bytes, Counters, Event, Lane, Operation, Outcome, PageBody, PageId, PageKind, Record, SplitKind,
};

/// Most steps of a search path that are kept, and most changes under way; no real tree is that deep.
const DEPTH_MAX: usize = 64;

/// A line of the script that is carried out, or was the last one to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub line: u32,
    pub text: Rc<str>,
    /// Position of the record that began it.
    pub begun_at: usize,
    pub begun_ns: u64,
    pub ended: bool,
    /// The counters when it began.
    pub before: Counters,
}

/// A page that the search went through.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub page: PageId,
    pub slot: u16,
    pub found: bool,
    /// Where the search went next; none in a leaf.
    pub child: PageId,
    /// The keys on either side of the way taken, as they were then.
    pub low: Option<Bytes>,
    pub high: Option<Bytes>,
}

/// An operation on the index, under way or just ended.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationView {
    pub operation: Operation,
    pub key: Bytes,
    pub value_len: u32,
    pub path: Vec<Step>,
    /// The cells of a leaf that a scan read last.
    pub reading: Option<Reading>,
    /// The page that the key was put into.
    pub inserted_at: Option<PageId>,
    /// Cells that a scan has read.
    pub cells_read: u64,
    pub begun_at: usize,
    pub begun_ns: u64,
    /// The counters when it began.
    pub before: Counters,
    pub ended: Option<Ended>,
}

impl OperationView {
    /// The page that the operation is at: where a scan reads, or how far the search has come.
    pub fn place(&self) -> Option<PageId> {
        self.reading.map(|reading| reading.page).or_else(|| self.path.last().map(|step| step.page))
    }
}

/// Cells of one leaf, read by a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub page: PageId,
    pub slot: u16,
    pub count: u16,
    pub backward: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub outcome: Outcome,
    pub count: u32,
    pub at_ns: u64,
    /// Pages read from the disk meanwhile.
    pub disk_reads: u64,
}

/// A change of the tree's structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Split { page: PageId, right: PageId, at: u16, kind: SplitKind },
    Merge { left: PageId, right: PageId },
    Borrow { page: PageId, sibling: PageId, count: u16 },
}

/// The right half of a split, before the page above has a link to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlinked {
    pub left: PageId,
    pub right: PageId,
}

/// A separator on its way from a page to the one above: the copy of a leaf's key, or what left an inner page.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    pub key: Bytes,
    pub from: PageId,
    /// The slot at which it stood.
    pub slot: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: Rc<str>,
    pub refused: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub pages: u32,
    pub records: u64,
    /// Empty when all invariants hold.
    pub problem: Rc<str>,
    /// Position of the record that tells it.
    pub at: usize,
}

impl View {
    /// A view of an engine as it stands.
    pub fn of_state(state: Rc<glassbase_trace::EngineState>) -> View {
        let mut view = View::default();
        view.fold(&Event::StateTaken { state });
        view
    }

    /// What an event says of the activity, read while the pages are still as it found them.
    pub(super) fn activity_before(&mut self, index: usize, record: &Record) {
        use Event::*;
        match &record.event {
            CommandBegun { line, text } => self.begin_command(index, record.time_ns, *line, text),
            CommandEnded { .. } => {
                if let Some(command) = &mut self.command {
                    command.ended = true;
                }
            }
            OperationBegun { operation, key, value_len } => {
                self.forget_changes();
                self.operation = Some(OperationView {
                    operation: *operation,
                    key: key.clone(),
                    value_len: *value_len,
                    path: Vec::new(),
                    reading: None,
                    inserted_at: None,
                    cells_read: 0,
                    begun_at: index,
                    begun_ns: record.time_ns,
                    before: self.state.counters,
                    ended: None,
                });
            }
            Searched { page, slot, found, child } => self.step(*page, *slot, *found, *child),
            CellsRead { page, slot, count, backward } => {
                let reading = Reading { page: *page, slot: *slot, count: *count, backward: *backward };
                self.read(reading);
            }
            CellRemoved { page, slot, .. } => self.carry(*page, *slot),
            RecordInserted { page, .. } | RecordReplaced { page, .. } => {
                if let Some(operation) = &mut self.operation {
                    operation.inserted_at = Some(*page);
                }
            }
            Verified { pages, records, problem } => {
                let problem = problem.clone();
                self.verified = Some(Verification { pages: *pages, records: *records, problem, at: index });
            }
            _ => self.told(&record.event),
        }
    }

    /// What an event says in words.
    fn told(&mut self, event: &Event) {
        match event {
            Event::Comment { text } => self.comment = Some(text.clone()),
            Event::Answered { text } => self.answer = Some(Answer { text: text.clone(), refused: false }),
            Event::Refused { text } => self.answer = Some(Answer { text: text.clone(), refused: true }),
            Event::ExpectationHeld { .. } => self.held = self.held.saturating_add(1),
            Event::ExpectationFailed { text, .. } => {
                self.failed = self.failed.saturating_add(1);
                self.last_failure = Some(text.clone());
            }
            Event::DiskFault { text } => self.fault = Some(text.clone()),
            _ => {}
        }
    }

    /// What an event says of the activity, read after the pages have changed.
    pub(super) fn activity_after(&mut self, record: &Record) {
        use Event::*;
        if record.event.lane() == Lane::Tree {
            let [page, other] = record.event.pages();
            let goes_to = match &record.event {
                Searched { child, .. } if !child.is_none() => *child,
                PageFreed { .. } | OverflowWritten { .. } => PageId::NONE,
                MergeEnded { left, .. } => *left,
                _ if page.is_none() => other,
                _ => page,
            };
            self.attention = if goes_to.is_none() { self.attention } else { goes_to };
        }
        match &record.event {
            SplitBegun { page, right, at, kind } => {
                self.begin(Change::Split { page: *page, right: *right, at: *at, kind: *kind });
                if self.unlinked.len() < DEPTH_MAX {
                    self.unlinked.push(Unlinked { left: *page, right: *right });
                }
            }
            MergeBegun { left, right } => self.begin(Change::Merge { left: *left, right: *right }),
            BorrowBegun { page, sibling, count } => {
                self.begin(Change::Borrow { page: *page, sibling: *sibling, count: *count });
            }
            SplitEnded { right, .. } => {
                self.end(&record.event);
                self.copy_up(*right);
            }
            MergeEnded { .. } | BorrowEnded { .. } => self.end(&record.event),
            ChildInserted { key, child, .. } => {
                self.carried.retain(|carried| carried.key != *key);
                self.unlinked.retain(|unlinked| unlinked.right != *child);
            }
            LeftmostChildSet { child, .. } => self.unlinked.retain(|unlinked| unlinked.right != *child),
            SeparatorReplaced { key, .. } => self.carried.retain(|carried| carried.key != *key),
            PageFormatted { page, kind: PageKind::Inner, level, .. } => {
                let above = self.page(self.state.root).and_then(|root| root.level()).unwrap_or(0);
                if *level > above {
                    self.crown = Some(*page);
                }
            }
            RootChanged { .. } => self.crown = None,
            PageFreed { page, .. } => self.crown.take_if(|crown| crown == page).map_or((), drop),
            StateTaken { .. } => self.forget_changes(),
            OperationEnded { outcome, count, .. } => self.end_operation(*outcome, *count, record.time_ns),
            _ => {}
        }
    }

    fn begin_command(&mut self, index: usize, begun_ns: u64, line: u32, text: &Rc<str>) {
        let before = self.state.counters;
        let text = text.clone();
        self.command = Some(Command { line, text, begun_at: index, begun_ns, ended: false, before });
        self.operation = None;
        self.answer = None;
        self.fault = None;
        self.forget_changes();
    }

    fn forget_changes(&mut self) {
        self.changes.clear();
        self.unlinked.clear();
        self.carried.clear();
        self.crown = None;
    }

    fn step(&mut self, page: PageId, slot: u16, found: bool, child: PageId) {
        let right = self.way(page, slot, child);
        let low = right.checked_sub(1).and_then(|slot| self.key(page, slot)).map(Bytes::from);
        let high = self.key(page, right).map(Bytes::from);
        let Some(operation) = &mut self.operation else { return };
        if let Some(seen) = operation.path.iter().position(|step| step.page == page) {
            operation.path.truncate(seen);
        }
        if operation.path.len() < DEPTH_MAX {
            operation.path.push(Step { page, slot, found, child, low, high });
        }
    }

    fn read(&mut self, reading: Reading) {
        let Some(operation) = &mut self.operation else { return };
        operation.cells_read = operation.cells_read.saturating_add(u64::from(reading.count));
        operation.reading = Some(reading);
    }

    /// The number of keys on the left of the way that a search takes from `page` to `child`, or to the key itself.
    pub fn way(&self, page: PageId, slot: u16, child: PageId) -> usize {
        let slot = usize::from(slot);
        let right =
            !child.is_none() && self.child(page, slot) != Some(child) && self.child(page, slot + 1) == Some(child);
        slot + usize::from(right)
    }

    /// When an inner page is split or lends, a separator leaves it and goes up.
    fn carry(&mut self, page: PageId, slot: u16) {
        let lifts = match self.changes.last() {
            Some(Change::Split { page: split, .. }) => *split == page,
            Some(Change::Borrow { sibling, .. }) => *sibling == page,
            _ => false,
        };
        let inner = self.page(page).is_some_and(|page| matches!(page.body, PageBody::Inner { .. }));
        if lifts
            && inner
            && self.carried.len() < DEPTH_MAX
            && let Some(key) = self.key(page, usize::from(slot))
        {
            let key = Bytes::from(key);
            self.carried.push(Carried { key, from: page, slot });
        }
    }

    /// When a leaf has been split, a copy of the first key of its right half goes up.
    fn copy_up(&mut self, right: PageId) {
        let leaf = self.page(right).is_some_and(|page| matches!(page.body, PageBody::Leaf { .. }));
        if leaf
            && self.carried.len() < DEPTH_MAX
            && let Some(key) = self.key(right, 0)
        {
            let key = Bytes::from(key);
            self.carried.push(Carried { key, from: right, slot: 0 });
        }
    }

    fn begin(&mut self, change: Change) {
        if self.changes.len() < DEPTH_MAX {
            self.changes.push(change);
        }
    }

    fn end(&mut self, event: &Event) {
        let ended = |change: &Change| match (change, event) {
            (Change::Split { page, .. }, Event::SplitEnded { page: ended, .. }) => page == ended,
            (Change::Merge { left, .. }, Event::MergeEnded { left: ended, .. }) => left == ended,
            (Change::Borrow { page, .. }, Event::BorrowEnded { page: ended, .. }) => page == ended,
            _ => false,
        };
        if let Some(index) = self.changes.iter().rposition(ended) {
            self.changes.truncate(index);
        }
    }

    fn end_operation(&mut self, outcome: Outcome, count: u32, at_ns: u64) {
        self.forget_changes();
        let reads_now = self.state.counters.disk_reads;
        if let Some(operation) = &mut self.operation {
            let disk_reads = reads_now.saturating_sub(operation.before.disk_reads);
            operation.ended = Some(Ended { outcome, count, at_ns, disk_reads });
        }
    }
}

//! What is going on in a heap file: the part of a view that the file's own state does not have.

use std::ops::Range;
use std::rc::Rc;

use glassbase_trace::parts::heap::{HeapState, Patch};
use glassbase_trace::{EngineState, Event, HeapOperation, PageId, Record, RowId};

/// Most pages that are remembered as used lately, and most costs that stand side by side.
const RECENT_MAX: usize = 8;
const COSTS_MAX: usize = 8;

/// What a command that read rows cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The command as it was written.
    pub text: Rc<str>,
    pub rows: u64,
    pub reads: u64,
    pub time_ns: u64,
    pub is_scan: bool,
}

/// A command under way, with what had been counted before it.
#[derive(Clone, Debug, PartialEq)]
struct Begun {
    text: Rc<str>,
    time_ns: u64,
    reads: u64,
    rows: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// The page at which something happened last.
    pub focus: PageId,
    /// The pages used lately, the last one first.
    pub recent: Vec<PageId>,
    /// The slot that was read or written last, and the bytes that were new then.
    pub slot: Option<(PageId, u16)>,
    pub fresh: Vec<Range<usize>>,
    /// A row that moves: from where to where.
    pub moving: Option<(RowId, RowId)>,
    /// What the free-space map was asked: a page of this class.
    pub asked: Option<u8>,
    pub operation: Option<(HeapOperation, RowId, u32)>,
    /// The page that a scan has come to.
    pub scanned: Option<PageId>,
    /// The page that was read and is damaged; the byte that turned over, and what it was before.
    pub damaged: Option<PageId>,
    pub flipped: Option<(PageId, usize, u8)>,
    /// What commands that read rows cost.
    pub costs: Vec<Cost>,
    begun: Option<Begun>,
    last_read: PageId,
    faulty: bool,
}

impl Doing {
    /// Goes on by a record; `before` is the state before it, `after` the one behind it.
    pub fn apply(&mut self, before: Option<&HeapState>, after: &EngineState, record: &Record) {
        let Some(heap) = after.parts.heap.as_deref() else {
            if self.focus != PageId::NONE {
                *self = Doing::default();
            }
            return;
        };
        use Event::*;
        match &record.event {
            HeapCellPut { page, slot, patch, .. } | HeapSlotFreed { page, slot, patch, .. } => {
                self.look(*page, Some(*slot), Some(patch));
            }
            HeapFormatted { page, patch, .. } | HeapCompacted { page, patch, .. } => {
                self.look(*page, None, Some(patch));
            }
            HeapOverflowWritten { page, patch, .. } => self.look(*page, None, Some(patch)),
            HeapCellRead { page, slot, .. } => self.look(*page, Some(*slot), None),
            HeapOverflowRead { page, .. } => self.look(*page, None, None),
            HeapPageScanned { page, .. } => {
                self.scanned = Some(*page);
                if (page.0 as usize) < heap.details.len() {
                    self.look(*page, None, None);
                }
            }
            HeapForwarded { from, to, .. } => self.moving = Some((*from, *to)),
            HeapCameHome { row, from } => self.moving = Some((*from, *row)),
            HeapMapSearched { class, .. } => self.asked = Some(*class),
            HeapBegun { operation, row, length } => self.begin(*operation, *row, *length),
            HeapEnded { operation, count, .. } => self.end(*operation, *count),
            HeapShown { detail } => self.look(detail.page, None, None),
            _ => self.below(before, heap, after, record),
        }
    }

    fn begin(&mut self, operation: HeapOperation, row: RowId, length: u32) {
        self.operation = Some((operation, row, length));
        (self.moving, self.asked, self.scanned, self.slot) = (None, None, None, None);
        self.fresh.clear();
        if !row.is_none() {
            self.look(row.page, None, None);
        }
    }

    fn end(&mut self, operation: HeapOperation, count: u64) {
        (self.moving, self.asked, self.scanned) = (None, None, None);
        if let Some(begun) = &mut self.begun {
            begun.rows += match operation {
                HeapOperation::Get => 1,
                HeapOperation::Scan => count,
                _ => 0,
            };
        }
    }

    /// Commands, reads and damage.
    fn below(&mut self, before: Option<&HeapState>, heap: &HeapState, after: &EngineState, record: &Record) {
        use Event::*;
        match &record.event {
            CommandBegun { text, .. } => {
                let (time_ns, reads) = (record.time_ns, after.counters.disk_reads);
                self.begun = Some(Begun { text: text.clone(), time_ns, reads, rows: 0 });
            }
            CommandEnded { .. } => self.end_command(heap, after, record.time_ns),
            DiskRead { page, .. } => self.last_read = *page,
            DiskFault { text } => {
                self.faulty = true;
                if text.contains("checksum") {
                    self.damaged = Some(self.last_read);
                    self.look(self.last_read, None, None);
                }
            }
            StateTaken { .. } => {
                self.slot = None;
                self.fresh.clear();
                match before {
                    Some(before) if self.faulty => self.find_flipped(before, heap),
                    Some(before) if before.map_span == heap.map_span && heap.rows >= before.rows => {}
                    _ => {
                        let begun = self.begun.take();
                        *self = Doing { begun, ..Doing::default() };
                    }
                }
                self.faulty = false;
            }
            _ => {}
        }
    }

    /// What turned over while nobody wrote: the one byte that differs.
    fn find_flipped(&mut self, before: &HeapState, heap: &HeapState) {
        for (old, new) in before.details.iter().zip(&heap.details) {
            let differs = |at: &usize| old.bytes.get(*at) != new.bytes.get(*at);
            let mut bytes = (0..new.bytes.len()).filter(differs);
            if let (Some(byte), None) = (bytes.next(), bytes.next()) {
                let was = old.bytes.get(byte).copied().unwrap_or_default();
                self.flipped = Some((new.page, byte, was));
                self.look(new.page, None, None);
            }
        }
    }

    fn end_command(&mut self, heap: &HeapState, after: &EngineState, time_ns: u64) {
        let Some(begun) = self.begun.take() else { return };
        let is_scan = begun.text.starts_with("scan");
        if !is_scan && !begun.text.starts_with("get-random") {
            return;
        }
        // What was not recorded row by row: as many as the command says.
        let said = begun.text.split(' ').nth(1).and_then(|word| word.parse().ok());
        let rows = match begun.rows {
            0 if is_scan => heap.rows,
            0 => said.unwrap_or(0),
            rows => rows,
        };
        let reads = after.counters.disk_reads.saturating_sub(begun.reads);
        let time_ns = time_ns.saturating_sub(begun.time_ns);
        self.costs.push(Cost { text: begun.text, rows, reads, time_ns, is_scan });
        if self.costs.len() > COSTS_MAX {
            self.costs.remove(0);
        }
    }

    fn look(&mut self, page: PageId, slot: Option<u16>, patch: Option<&Patch>) {
        self.focus = page;
        self.recent.retain(|known| *known != page);
        self.recent.insert(0, page);
        self.recent.truncate(RECENT_MAX);
        self.slot = slot.map(|slot| (page, slot));
        self.fresh = patch.map(|patch| patch.ranges().collect()).unwrap_or_default();
    }
}

//! Commands that do one thing many times, so that they are done in slices, show how far they are, and can be stopped.

use super::machine::{Pages, listed};
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::words::{counted, lasting};
use crate::sim::Cx;
use crate::storage::Heap;
use crate::storage::heap::Scan;
use crate::trace::{Counters, RowId};

/// Row ids that the answer to a scan names before it leaves some off.
const ROWS_SHOWN: usize = 12;

/// A long command under way.
#[derive(Clone)]
pub struct Job {
    work: Work,
    pub done: u64,
    pub total: u64,
    /// Rows inserted, changed or deleted.
    count: u64,
    /// What had been counted, and what time it was, when the job began.
    before: Counters,
    begun_ns: u64,
    failed: bool,
}

/// Sizes of rows that are made: from..=to.
type Sizes = (u64, u64);

#[derive(Clone)]
enum Work {
    Load {
        sizes: Sizes,
    },
    Scan {
        scan: Scan,
        first: Vec<RowId>,
    },
    Get {
        ids: Vec<RowId>,
    },
    Update {
        ids: Vec<RowId>,
        sizes: Sizes,
    },
    /// The first `done` of the ids are those that were drawn.
    Delete {
        ids: Vec<RowId>,
    },
}

/// How many operations a command is: what `record auto` goes by.
pub fn units(heap: &Heap, call: &Call) -> u64 {
    match call.info.name {
        "scan" => call.arguments.number("pages").unwrap_or(u64::MAX).min(u64::from(heap.page_count())),
        _ => call.arguments.number("count").unwrap_or(1),
    }
}

impl Job {
    pub fn new(pages: &mut Pages, cx: &mut Cx, call: &Call, mut total: u64) -> Result<Job, Refusal> {
        check_units(total)?;
        let from = call.arguments.number("size").unwrap_or(pages.row_size);
        let sizes = (from, call.arguments.number("to").unwrap_or(from).max(from));
        (pages.found, pages.missing) = (0, 0);
        let (before, begun_ns) = (cx.counters(), cx.now_ns());
        let ids = || pages.heap.row_ids();
        let work = match call.info.name {
            "load" => Work::Load { sizes },
            "get-random" => Work::Get { ids: ids() },
            "update-random" => Work::Update { ids: ids(), sizes },
            "delete-random" => Work::Delete { ids: ids() },
            _ => Work::Scan { scan: pages.heap.begin_scan(cx), first: Vec::new() },
        };
        match &work {
            Work::Get { ids } | Work::Update { ids, .. } if ids.is_empty() => total = 0,
            Work::Delete { ids } => total = total.min(ids.len() as u64),
            _ => {}
        }
        Ok(Job { work, done: 0, total, count: 0, before, begun_ns, failed: false })
    }

    /// Does the next operation. After an error the job is over.
    pub fn step(&mut self, pages: &mut Pages, cx: &mut Cx) -> Result<(), Refusal> {
        let result = self.operate(pages, cx);
        self.done += 1;
        self.failed = result.is_err();
        result
    }

    fn operate(&mut self, pages: &mut Pages, cx: &mut Cx) -> Result<(), Refusal> {
        match &mut self.work {
            Work::Load { sizes } => {
                let bytes = made(pages, *sizes);
                pages.check_file(bytes.len())?;
                pages.heap.insert(cx, &bytes)?;
                self.count += 1;
            }
            Work::Scan { scan, first } => {
                let mut visit = |row: RowId, _: &[u8]| {
                    if first.len() < ROWS_SHOWN {
                        first.push(row);
                    }
                };
                pages.heap.go_on(cx, scan, &mut visit)?;
                pages.found = scan.rows;
            }
            Work::Get { ids } => {
                let row = ids[pages.generator.below(ids.len() as u64) as usize];
                let found = pages.heap.get(cx, row)?.is_some();
                pages.count_found(found);
            }
            Work::Update { ids, sizes } => {
                let row = ids[pages.generator.below(ids.len() as u64) as usize];
                let bytes = made(pages, *sizes);
                pages.check_file(bytes.len())?;
                self.count += u64::from(pages.heap.update(cx, row, &bytes)?);
            }
            Work::Delete { ids } => {
                let drawn = self.done as usize;
                let other = drawn + pages.generator.below((ids.len() - drawn) as u64) as usize;
                ids.swap(drawn, other);
                self.count += u64::from(pages.heap.delete(cx, ids[drawn])?);
            }
        }
        Ok(())
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(self, pages: &mut Pages, cx: &mut Cx) -> String {
        let reads = cx.counters().disk_reads - self.before.disk_reads;
        let cost = format!("{} in {}", counted(reads, "page read"), lasting(cx.now_ns() - self.begun_ns));
        match self.work {
            Work::Load { .. } => format!("{} inserted.", counted(self.count, "row")),
            Work::Update { .. } => format!("{} changed.", counted(self.count, "row")),
            Work::Delete { .. } => format!("{} deleted.", counted(self.count, "row")),
            Work::Get { .. } => format!("{} found, with {cost}.", counted(pages.found, "row")),
            Work::Scan { scan, first } => {
                pages.heap.end_scan(cx, &scan, self.failed);
                let through = format!("{} in {}, with {cost}", counted(scan.rows, "row"), counted(self.done, "page"));
                match scan.rows as usize {
                    rows if rows > ROWS_SHOWN || rows == 0 => format!("{through}."),
                    _ => format!("{through}: {}", listed(&first)),
                }
            }
        }
    }

    /// The command that does just what has been done so far, for a script that shall give this very run.
    pub fn rewritten(&self, call: &Call) -> String {
        let name = call.info.name;
        match &self.work {
            Work::Scan { .. } => format!("scan pages {}", self.done),
            Work::Load { sizes: (from, to) } | Work::Update { sizes: (from, to), .. } => {
                format!("{name} {} size {from} to {to}", self.done)
            }
            Work::Get { .. } | Work::Delete { .. } => format!("{name} {}", self.done),
        }
    }
}

fn made(pages: &mut Pages, (from, to): Sizes) -> Vec<u8> {
    let size = from + pages.generator.below(to - from + 1);
    pages.make(size)
}

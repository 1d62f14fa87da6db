//! What may stand behind `expect` in this lab, and how it is checked.
//!
//! Reading a row for an expectation is a look-up like any other: it is seen in the trace, and it warms the pool.

use super::ROW;
use super::machine::{Pages, listed};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, counted, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{shortened, shown};
use crate::sim::Cx;
use crate::trace::{HeapKind, HeapState};

const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "get",
        &[ROW, IS, Argument::needed("text", ArgumentKind::Text, "its bytes")],
        "The row is there and has these bytes.",
        "expect get 2.1 = oak",
    ),
    CommandInfo::single("present", &[ROW], "The row is there.", "expect present 2.1"),
    CommandInfo::single("absent", &[ROW], "The row is not there.", "expect absent 2.1"),
    CommandInfo::single(
        "ids",
        &[IS, Argument::rest("row", ArgumentKind::Row, "the ids")],
        "These are the ids of all rows, in the order of their pages and slots.",
        "expect ids = 2.0 2.1 3.0",
    ),
    CommandInfo::single("valid", &[], "Every invariant of the file holds.", "expect valid"),
    CommandInfo::single("invalid", &[], "An invariant of the file is broken.", "expect invalid"),
    measure("rows", "Rows in the file.", "expect rows >= 1000"),
    measure("pages", "Pages of the file, free ones included.", "expect pages < 20"),
    measure("row-pages", "Pages that hold rows.", "expect row-pages = 3"),
    measure("overflow", "Pages that hold parts of long rows.", "expect overflow = 0"),
    measure("free", "Pages that are free.", "expect free = 1"),
    measure("moved", "Rows that live on another page than their id says.", "expect moved = 1"),
    measure("garbage", "Bytes of removed rows that are scattered in pages.", "expect garbage = 0"),
    measure("hits", "Pages found in the pool so far.", "expect hits > 10"),
    measure("misses", "Pages not found in the pool so far.", "expect misses = 0"),
    measure("evictions", "Pages that left the pool to make room.", "expect evictions > 0"),
    measure("flushes", "Dirty pages written so far.", "expect flushes > 0"),
    measure("reads", "Pages read from the disk so far.", "expect reads = 2"),
    measure("writes", "Pages written to the disk so far.", "expect writes > 0"),
    measure("syncs", "Times that what was written was made durable.", "expect syncs = 1"),
    measure("found", "Rows that the command before found.", "expect found = 28"),
    measure("missing", "Rows that the command before looked for in vain.", "expect missing = 0"),
];

impl Pages {
    /// Checks an expectation.
    pub(super) fn check(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        let row = call.arguments.row("row").unwrap_or_default();
        match call.info.name {
            "get" => {
                let wanted = call.arguments.text("text").unwrap_or_default().as_bytes();
                let bytes = self.heap.get(cx, row)?;
                Ok(Finding::new(bytes.as_deref() == Some(wanted), in_words(bytes.as_deref())))
            }
            name @ ("present" | "absent") => {
                let bytes = self.heap.get(cx, row)?;
                Ok(Finding::new(bytes.is_some() == (name == "present"), in_words(bytes.as_deref())))
            }
            "ids" => {
                let ids = self.heap.row_ids();
                let held = ids.iter().copied().eq(call.arguments.rows("row"));
                Ok(Finding::new(held, shortened(&listed(&ids[..ids.len().min(60)]), 200)))
            }
            name @ ("valid" | "invalid") => {
                let problem = self.heap.verify(cx).problem;
                let held = problem.is_none() == (name == "valid");
                Ok(Finding::new(held, problem.unwrap_or_else(|| "every invariant holds".to_string())))
            }
            name => Ok(Finding::measured(call, self.measure(cx, name))),
        }
    }

    /// A number that can be expected.
    fn measure(&self, cx: &Cx, name: &str) -> u64 {
        if let Some(count) = counted(cx, name) {
            return count;
        }
        match name {
            "rows" => self.heap.rows(),
            "pages" => u64::from(self.heap.page_count()),
            "free" => u64::from(self.heap.free_pages()),
            "found" => self.found,
            "missing" => self.missing,
            "moved" => self.heap.moved_rows(),
            "garbage" => self.heap.garbage_bytes(),
            _ => self.heap.state(cx).parts.heap.map_or(0, |heap| pages_of(&heap, name)),
        }
    }
}

fn pages_of(heap: &HeapState, name: &str) -> u64 {
    let kind = if name == "overflow" { HeapKind::Overflow } else { HeapKind::Rows };
    heap.pages.iter().filter(|page| page.kind == kind).count() as u64
}

fn in_words(bytes: Option<&[u8]>) -> String {
    bytes.map_or("not there".to_string(), shown)
}

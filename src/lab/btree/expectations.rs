//! What may stand behind `expect` in this lab, and how it is checked.
//!
//! Looking a key up for an expectation is a lookup like any other: it is seen in the trace, and it warms the pool.

use super::machine::Btree;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, counted, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{shortened, shown};
use crate::sim::Cx;
use crate::trace::{Bytes, EngineState, PageBody};

const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "get",
        &[KEY, IS, Argument::needed("value", ArgumentKind::Text, "the value")],
        "The key is there and has this value.",
        "expect get 37 = oak",
    ),
    CommandInfo::single("present", &[KEY], "The key is there.", "expect present 37"),
    CommandInfo::single("absent", &[KEY], "The key is not there.", "expect absent 37"),
    CommandInfo::single(
        "keys",
        &[IS, Argument::rest("key", ArgumentKind::Key, "the keys in order")],
        "These are all the keys, in order.",
        "expect keys = 10 20 30",
    ),
    CommandInfo::single("valid", &[], "Every invariant of the tree holds.", "expect valid"),
    CommandInfo::single("invalid", &[], "An invariant of the tree is broken.", "expect invalid"),
    measure("height", "Levels of the tree.", "expect height = 3"),
    measure("records", "Records in the tree.", "expect records >= 1000"),
    measure("pages", "Pages of the file, free ones included.", "expect pages < 20"),
    measure("leaves", "Leaf pages.", "expect leaves = 5"),
    measure("inner", "Inner pages.", "expect inner = 2"),
    measure("overflow", "Pages that hold parts of long values.", "expect overflow = 0"),
    measure("free", "Pages in the free list.", "expect free = 1"),
    measure("fill", "Bytes of the leaves in use, in percent.", "expect fill >= 50"),
    measure("splits", "Pages split so far.", "expect splits = 3"),
    measure("merges", "Pages merged so far.", "expect merges = 1"),
    measure("borrows", "Times that a page took records from its sibling.", "expect borrows = 1"),
    measure("hits", "Pages found in the pool so far.", "expect hits > 10"),
    measure("misses", "Pages not found in the pool so far.", "expect misses = 0"),
    measure("evictions", "Pages that left the pool to make room.", "expect evictions > 0"),
    measure("flushes", "Dirty pages written so far.", "expect flushes > 0"),
    measure("reads", "Pages read from the disk so far.", "expect reads = 2"),
    measure("writes", "Pages written to the disk so far.", "expect writes > 0"),
    measure("syncs", "Times that what was written was made durable.", "expect syncs = 1"),
    measure("dirty", "Pages of the pool that are newer than the disk.", "expect dirty = 0"),
    measure("found", "Keys that the command before found.", "expect found = 28"),
    measure("missing", "Keys that the command before looked for in vain.", "expect missing = 0"),
];

impl Btree {
    /// Checks an expectation.
    pub(super) fn check(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        let arguments = &call.arguments;
        let key = arguments.key("key");
        match (call.info.name, key) {
            ("get", Some(key)) => {
                let wanted = arguments.text("value").unwrap_or_default().as_bytes();
                let value = self.tree.get(cx, key)?;
                Ok(Finding::new(value.as_deref() == Some(wanted), in_words(value.as_deref())))
            }
            (name @ ("present" | "absent"), Some(key)) => {
                let value = self.tree.get(cx, key)?;
                Ok(Finding::new(value.is_some() == (name == "present"), in_words(value.as_deref())))
            }
            ("keys", _) => self.expect_keys(cx, arguments.keys("key")),
            (name @ ("valid" | "invalid"), _) => {
                let problem = self.tree.verify(cx).problem;
                let held = problem.is_none() == (name == "valid");
                Ok(Finding::new(held, problem.unwrap_or_else(|| "every invariant holds".to_string())))
            }
            (name, _) => Ok(Finding::measured(call, self.measure(cx, name))),
        }
    }

    fn expect_keys<'a>(&mut self, cx: &mut Cx, wanted: impl Iterator<Item = &'a Bytes>) -> Result<Finding, Refusal> {
        let wanted: Vec<&Bytes> = wanted.collect();
        let mut keys: Vec<Bytes> = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| keys.push(Bytes::from(key));
        // One more than wanted is enough to know that there are too many.
        self.tree.scan(cx, None, None, false, wanted.len() as u64 + 1, &mut visit)?;
        let held = keys.iter().eq(wanted.iter().copied());
        let found: Vec<String> = keys.iter().map(|key| shown(key)).collect();
        Ok(Finding::new(held, shortened(&found.join(" "), 200)))
    }

    /// A number that can be expected.
    fn measure(&self, cx: &Cx, name: &str) -> u64 {
        if let Some(count) = counted(cx, name) {
            return count;
        }
        let counters = cx.counters();
        match name {
            "height" => u64::from(self.tree.height()),
            "records" => self.tree.records(),
            "pages" => u64::from(self.tree.page_count()),
            "splits" => counters.splits,
            "merges" => counters.merges,
            "borrows" => counters.borrows,
            "found" => self.tally.found,
            "missing" => self.tally.missing,
            _ => measure_state(&self.tree.state_since(cx, cx.recorder.last_state()), name),
        }
    }
}

/// A number that takes a look at every page.
fn measure_state(state: &EngineState, name: &str) -> u64 {
    let count = |wanted: fn(&PageBody) -> bool| state.pages.iter().filter(|page| wanted(&page.body)).count() as u64;
    match name {
        "leaves" => count(|body| matches!(body, PageBody::Leaf { .. })),
        "inner" => count(|body| matches!(body, PageBody::Inner { .. })),
        "overflow" => count(|body| matches!(body, PageBody::Overflow { .. })),
        "free" => count(|body| matches!(body, PageBody::Free { .. })),
        "dirty" => state.pool.iter().filter(|frame| frame.dirty).count() as u64,
        "fill" => {
            let leaves = state.pages.iter().filter(|page| matches!(page.body, PageBody::Leaf { .. }));
            let (count, used) = leaves.fold((0, 0), |(count, used), page| (count + 1, used + u64::from(page.used)));
            used * 100 / (count * u64::from(state.capacity)).max(1)
        }
        _ => {
            debug_assert!(false, "expectation {name} is declared but not known");
            0
        }
    }
}

fn in_words(value: Option<&[u8]>) -> String {
    match value {
        Some(value) => shown(value),
        None => "not there".to_string(),
    }
}

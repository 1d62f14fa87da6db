//! What may stand behind `expect` in this lab, and how it is checked.
//!
//! An expectation looks aside: it asks a copy of the store, so it takes no time, warms no cache and counts for nothing.

use super::machine::LsmLab;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, counted, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{shortened, shown};
use crate::sim::Cx;
use crate::trace::Bytes;
use crate::trace::parts::LsmState;

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
    CommandInfo::single("valid", &[], "Every invariant holds, and every file checks.", "expect valid"),
    CommandInfo::single("invalid", &[], "An invariant is broken.", "expect invalid"),
    measure("records", "Keys that are there.", "expect records = 100"),
    measure("tables", "Tables in all levels.", "expect tables > 3"),
    measure("levels", "Levels from level 0 to the last that has tables.", "expect levels = 3"),
    measure("level0", "Tables in level 0.", "expect level0 < 4"),
    measure("runs", "Sorted runs in all levels.", "expect runs = 5"),
    measure("entries", "Entries in tables, old versions and tombstones included.", "expect entries >= 100"),
    measure("tombstones", "Tombstones in tables.", "expect tombstones = 0"),
    measure("memtable", "Entries in the memtable that takes writes.", "expect memtable = 0"),
    measure("frozen", "Memtables that wait to be flushed.", "expect frozen = 0"),
    measure("table-bytes", "Bytes of all tables; of all pages, for the B+tree.", "expect table-bytes < 100000"),
    measure("flushes", "Memtables flushed so far.", "expect flushes = 2"),
    measure("compactions", "Compactions so far.", "expect compactions > 0"),
    measure("moves", "Compactions that only moved a table down.", "expect moves = 0"),
    measure("dropped", "Old versions and tombstones that compactions left out.", "expect dropped > 0"),
    measure("stalls", "Times that writes were slowed down or stopped.", "expect stalls = 0"),
    measure("asked", "Tables in question for gets so far.", "expect asked > 0"),
    measure("skipped", "Tables that a filter ruled out so far.", "expect skipped > 0"),
    measure("false-positives", "Tables searched in vain because a filter was wrong.", "expect false-positives = 0"),
    measure("block-reads", "Blocks read from the disk so far.", "expect block-reads > 0"),
    measure("block-hits", "Blocks found in the cache so far.", "expect block-hits > 0"),
    measure(
        "write-amplification",
        "Bytes written to tables for each byte put, in hundredths.",
        "expect write-amplification > 100",
    ),
    measure("read-amplification", "Tables searched for each get, in hundredths.", "expect read-amplification < 200"),
    measure(
        "space-amplification",
        "Bytes of all tables for each of the largest run, in hundredths.",
        "expect space-amplification < 200",
    ),
    measure("syncs", "Times that something was made durable.", "expect syncs > 0"),
    measure("found", "Keys that the command before found.", "expect found = 28"),
    measure("missing", "Keys that the command before looked for in vain.", "expect missing = 0"),
];

impl LsmLab {
    /// Checks an expectation.
    pub(super) fn check(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        let arguments = &call.arguments;
        let key = arguments.key("key");
        match (call.info.name, key) {
            ("get", Some(key)) => {
                let wanted = arguments.text("value").unwrap_or_default().as_bytes();
                let value = self.engine.value_aside(key)?;
                Ok(Finding::new(value.as_deref() == Some(wanted), in_words(value.as_deref())))
            }
            (name @ ("present" | "absent"), Some(key)) => {
                let value = self.engine.value_aside(key)?;
                Ok(Finding::new(value.is_some() == (name == "present"), in_words(value.as_deref())))
            }
            ("keys", _) => self.expect_keys(arguments.keys("key")),
            (name @ ("valid" | "invalid"), _) => {
                let problem = self.engine.verify(cx).1;
                let held = problem.is_none() == (name == "valid");
                Ok(Finding::new(held, problem.unwrap_or_else(|| "every invariant holds".to_string())))
            }
            (name, _) => Ok(Finding::measured(call, self.measure(cx, name)?)),
        }
    }

    fn expect_keys<'a>(&self, wanted: impl Iterator<Item = &'a Bytes>) -> Result<Finding, Refusal> {
        let wanted: Vec<&Bytes> = wanted.collect();
        let keys = self.engine.keys()?;
        let shown_most = wanted.len() + 1;
        let held = keys.iter().map(|key| &key[..]).eq(wanted.iter().map(|key| &key[..]));
        let found: Vec<String> = keys.iter().take(shown_most).map(|key| shown(key)).collect();
        Ok(Finding::new(held, shortened(&found.join(" "), 200)))
    }

    /// A number that can be expected.
    fn measure(&self, cx: &Cx, name: &str) -> Result<u64, Refusal> {
        Ok(match name {
            "records" => self.engine.keys()?.len() as u64,
            "table-bytes" => self.engine.disk_bytes() as u64,
            "found" => self.tally.found,
            "missing" => self.tally.missing,
            "syncs" => counted(cx, name).unwrap_or(0),
            _ => match self.engine.lsm_state() {
                Some(state) => measure_state(&state, name),
                None => return Err(Refusal::NotThisStore { what: "tables and levels" }),
            },
        })
    }
}

fn measure_state(state: &LsmState, name: &str) -> u64 {
    let (version, counters) = (&state.version, &state.counters);
    match name {
        "tables" => version.table_count() as u64,
        "levels" => version.last_level().map_or(0, |level| u64::from(level) + 1),
        "level0" => version.runs(0).len() as u64,
        "runs" => version.levels.iter().map(|level| level.runs.len() as u64).sum(),
        "entries" => version.tables().map(|(_, table)| table.entries).sum(),
        "tombstones" => version.tables().map(|(_, table)| table.tombstones + table.range_tombstones).sum(),
        "memtable" => state.memtable.entries.len() as u64,
        "frozen" => state.frozen.len() as u64,
        "flushes" => counters.flushes,
        "compactions" => counters.compactions,
        "moves" => counters.trivial_moves,
        "dropped" => counters.dropped_entries,
        "stalls" => counters.stalls,
        "asked" => counters.tables_asked,
        "skipped" => counters.filter_skips,
        "false-positives" => counters.filter_false_positives,
        "block-reads" => counters.block_misses,
        "block-hits" => counters.block_hits,
        "write-amplification" => state.write_amplification(),
        "read-amplification" => state.read_amplification(),
        "space-amplification" => state.space_amplification(),
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

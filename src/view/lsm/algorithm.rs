//! The algorithms in pseudocode, and the line that runs at an event.

use super::super::View;
use super::super::pseudocode::Algorithm;
use glassbase_trace::{Event, Record};

pub static PUT: Algorithm = Algorithm {
    name: "lsm-put",
    title: "Put",
    lines: &[
        "put(key, value):",
        "  wait, if too much is to be merged",
        "  append (key, value) to the log",
        "  sync the log, if asked to",
        "  put it into the memtable, newest first",
        "  if the memtable is full:",
        "    freeze it, begin a new one and its log",
    ],
};

pub static GET: Algorithm = Algorithm {
    name: "lsm-get",
    title: "Get",
    lines: &[
        "get(key):",
        "  if a memtable has it: done, newest first",
        "  for each level from 0 on:",
        "    for each run, newest first:",
        "      table = the one whose range holds key",
        "      if its filter says no: go on",
        "      block = where the index leads to",
        "      if the block has it: done",
        "      the filter was wrong: go on",
        "  found, deleted, or not there",
    ],
};

pub static FLUSH: Algorithm = Algorithm {
    name: "lsm-flush",
    title: "Flush",
    lines: &[
        "flush(frozen memtable):",
        "  write its entries in order to a table",
        "  sync the table",
        "  manifest: add the table to level 0",
        "  forget the memtable, delete its log",
    ],
};

pub static COMPACT: Algorithm = Algorithm {
    name: "lsm-compact",
    title: "Compaction",
    lines: &[
        "compact:",
        "  inputs, level = what the policy picks",
        "  for each entry of the merged inputs:",
        "    leave it out if a newer one hides it",
        "    or if it deletes, and nothing is below",
        "    else append it to the output table",
        "  manifest: outputs in place of inputs",
        "  remove inputs that nobody reads",
    ],
};

pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    use Event::*;
    Some(match &record.event {
        WritesStalled { .. } | WritesResumed {} => (&PUT, 1),
        LsmLogged { .. } => (&PUT, 2),
        LsmLogSynced { .. } => (&PUT, 3),
        MemtableWritten { .. } | MemtableRangeDeleted { .. } => (&PUT, 4),
        MemtableFrozen { .. } => (&PUT, 6),
        LsmGetBegun { .. } => (&GET, 0),
        MemtableAsked { .. } => (&GET, 1),
        LevelAsked { .. } => (&GET, 2),
        TableAsked { .. } => (&GET, 4),
        FilterAsked { .. } => (&GET, 5),
        BlockHit { .. } | BlockMiss { .. } if view.lsm.get.as_ref().is_some_and(|get| get.found.is_none()) => (&GET, 6),
        TableSearched { .. } => (&GET, 7),
        FilterFalsePositive { .. } => (&GET, 8),
        LsmGetEnded { .. } => (&GET, 9),
        FlushBegun { .. } => (&FLUSH, 1),
        VersionEdited { .. } if view.lsm.flush.is_some() => (&FLUSH, 3),
        FlushEnded { .. } => (&FLUSH, 4),
        CompactionBegun { .. } => (&COMPACT, 1),
        CompactionProgressed { .. } => (&COMPACT, 2),
        VersionEdited { .. } => (&COMPACT, 6),
        CompactionEnded { .. } | TableObsolete { .. } | TableRemoved { .. } => (&COMPACT, 7),
        _ => return None,
    })
}

//! What a selected thing is made of: a table, a memtable and its log, an entry.

use super::super::describe::{count, grouped};
use super::super::facts::{FactTable, Facts, Said};
use super::super::{Selection, View};
use super::plan::tree;
use super::words::{bytes, label};
use glassbase_trace::FileNumber;
use glassbase_trace::bytes::show;
use glassbase_trace::parts::lsm::{LsmState, MemtableEntry, MemtableState, TableState, WriteKind};

/// Most rows of a table of facts.
const ROWS_MOST: usize = 200;

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let lsm = tree(view)?;
    match selection {
        Selection::File(file) => {
            let file = FileNumber(file);
            let table = lsm.version.tables().find(|(_, table)| table.file == file);
            table.map(|(level, table)| of_table(lsm, level, table)).or_else(|| of_log(lsm, file))
        }
        Selection::Entry(sequence) => entry(lsm, sequence),
        _ => None,
    }
}

fn of_table(lsm: &LsmState, level: u32, table: &TableState) -> Facts {
    let age = lsm.sequence.saturating_sub(table.last_sequence);
    let input = lsm.compaction.iter().any(|compaction| compaction.inputs.iter().any(|(_, file)| *file == table.file));
    let mut facts = Facts::new(format!("Table {}", table.file.0))
        .row("level", level.to_string())
        .row("keys from", show(&table.smallest))
        .row("keys to", format!("{}{}", show(&table.largest), if table.open_ended { ", not itself" } else { "" }))
        .row("size", format!("{} bytes", grouped(table.bytes)))
        .row("entries", grouped(table.entries))
        .row("tombstones", grouped(table.tombstones))
        .row("range tombstones", grouped(table.range_tombstones))
        .row("writes", format!("{} to {}", grouped(table.first_sequence), grouped(table.last_sequence)))
        .row("age", format!("newest write {} ago", count(age, "write")))
        .row("made at", super::super::caption::duration(table.created_ns));
    if lsm.settings.bits_per_key > 0 {
        let bits = u64::from(lsm.settings.bits_per_key);
        let per_mille = (lsm.filter_errors() * 1000.0 + 0.5) as u64;
        let errors = format!("{bits} bits a key: wrong for {}.{} % of absent keys", per_mille / 10, per_mille % 10);
        facts = facts.row("filter", errors).row("filter size", bytes(table.entries * bits / 8));
    }
    facts = facts.row("state", if input { "being merged" } else { "at rest" });
    // What else has keys of this range: what a get or a compaction would meet.
    let mut overlap = FactTable {
        title: "Overlaps".to_string(),
        heads: vec!["level", "table", "from", "to"],
        ..FactTable::default()
    };
    for (other_level, other) in
        lsm.version.tables().filter(|(_, other)| other.file != table.file && other.overlaps(table)).take(ROWS_MOST)
    {
        overlap.rows.push(vec![
            Said::from(other_level.to_string()),
            Said::Link(format!("table {}", other.file.0), Selection::File(other.file.0)),
            Said::from(label(&other.smallest)),
            Said::from(label(&other.largest)),
        ]);
    }
    if overlap.rows.is_empty() { facts } else { facts.table(overlap) }
}

fn of_log(lsm: &LsmState, log: FileNumber) -> Option<Facts> {
    let frozen = lsm.frozen.iter().map(|memtable| &**memtable);
    let memtable = std::iter::once(&lsm.memtable).chain(frozen).find(|memtable| memtable.log == log)?;
    let title = if log == lsm.memtable.log { "Memtable" } else { "Frozen memtable" };
    let facts = Facts::new(title)
        .row("entries", grouped(memtable.entries.len() as u64))
        .row("range deletes", grouped(memtable.ranges.len() as u64))
        .row("memory", format!("{} of {}", bytes(memtable.bytes), bytes(lsm.settings.memtable_bytes)))
        .row("log", format!("file {}, {} bytes", log.0, grouped(memtable.log_bytes)))
        .row("durable", format!("{} bytes of the log", grouped(memtable.log_durable)))
        .row("state", if lsm.flushing == Some(log) { "being flushed" } else { "in memory" });
    Some(facts.table(entries(memtable)))
}

fn entries(memtable: &MemtableState) -> FactTable {
    let rows = memtable.entries.iter().take(ROWS_MOST).map(|entry| {
        vec![
            Said::Link(show(&entry.key), Selection::Entry(entry.sequence)),
            Said::from(entry.sequence.to_string()),
            Said::from(what(entry)),
        ]
    });
    let title = if memtable.entries.len() > ROWS_MOST { "The first entries" } else { "Entries" };
    FactTable { title: title.to_string(), heads: vec!["key", "write", "what"], rows: rows.collect(), chosen: None }
}

fn what(entry: &MemtableEntry) -> String {
    match entry.kind {
        WriteKind::Put => format!("{} bytes", entry.value_len),
        WriteKind::Delete => "tombstone".to_string(),
    }
}

fn entry(lsm: &LsmState, sequence: u64) -> Option<Facts> {
    let frozen = lsm.frozen.iter().map(|memtable| &**memtable);
    for memtable in std::iter::once(&lsm.memtable).chain(frozen) {
        let Some(index) = memtable.entries.iter().position(|entry| entry.sequence == sequence) else {
            if let Some(range) = memtable.ranges.iter().find(|range| range.sequence == sequence) {
                let facts = Facts::new("Range delete")
                    .row("from", show(&range.start))
                    .row("to", format!("{}, not itself", show(&range.end)))
                    .row("write", sequence.to_string());
                return Some(facts.link("in", "the memtable", Selection::File(memtable.log.0)));
            }
            continue;
        };
        let entry = &memtable.entries[index];
        let older = memtable.entries[index + 1..].iter().take_while(|other| other.key == entry.key).count();
        let newer = memtable.entries[..index].iter().rev().take_while(|other| other.key == entry.key).count();
        let mut facts = Facts::new(format!("Entry {}", show(&entry.key)))
            .row("write", sequence.to_string())
            .row("what", what(entry))
            .row("newer versions", newer.to_string())
            .row("older versions here", older.to_string())
            .link("in", "the memtable", Selection::File(memtable.log.0));
        facts.bytes = Some((0, entry.key.to_vec()));
        return Some(facts);
    }
    None
}

//! The sentence for the event under the playhead, with the numbers that the view has and the event has not.

use super::super::View;
use super::super::describe::{count, grouped, key};
use super::describe::describe;
use super::plan::tree;
use super::words::{bytes, label};
use glassbase_trace::parts::lsm::{CompactionPolicy, CompactionReason, LsmState, TableState};
use glassbase_trace::{Event, FileNumber, Record};

pub fn caption(view: &View, record: &Record) -> Option<String> {
    told(view, record).or_else(|| describe(record))
}

fn told(view: &View, record: &Record) -> Option<String> {
    use Event::*;
    let lsm = tree(view)?;
    Some(match &record.event {
        LsmLogged { length, .. } => {
            format!(
                "First the log: {} are appended to it, so that a crash does not lose the write.",
                count(*length, "byte")
            )
        }
        MemtableWritten { key: bytes, .. } if lsm.memtable.entries.iter().any(|entry| entry.key == *bytes) => {
            format!("{} is in the memtable already: the new version stands in front of the old one.", key(bytes))
        }
        MemtableFrozen { entries, .. } => format!(
            "The memtable has reached {} with {} writes: it is frozen, and an empty one takes its place.",
            bytes(lsm.memtable.bytes),
            grouped(*entries)
        ),
        FlushBegun { file, entries, .. } => format!(
            "Flush: {} sorted writes go to the disk in one sequential write, as table {} of level 0.",
            grouped(*entries),
            file.0
        ),
        CompactionBegun { level, output_level, reason, inputs, bytes: read } => {
            return compaction(lsm, *level, *output_level, *reason, inputs, *read);
        }
        CompactionEnded { written_bytes, read_bytes, dropped, moved: false } if *dropped > 0 => format!(
            "{} became {}: {} old versions and tombstones are gone.",
            bytes(*read_bytes),
            bytes(*written_bytes),
            grouped(*dropped)
        ),
        LevelAsked { level } => {
            let runs = lsm.version.runs(*level);
            match runs.len() {
                0 => format!("Level {level} is empty."),
                1 => format!("Level {level} is one sorted run: at most one table of it can have the key."),
                runs => format!(
                    "Level {level} has {runs} runs that overlap: each may have the key, the newest is asked first."
                ),
            }
        }
        TableAsked { file } => {
            let table = table(lsm, *file)?;
            let (from, to) = (label(&table.smallest), label(&table.largest));
            format!("Table {} reaches from {from} to {to}: the key may be in it.", file.0)
        }
        FilterAsked { file, skipped: true } => format!(
            "The filter of table {} says no: {} skipped without a read.",
            file.0,
            table(lsm, *file)
                .map_or_else(|| "it is".to_string(), |table| format!("its {} entries are", grouped(table.entries)))
        ),
        LsmGetEnded { found: false, .. } => {
            let asked = view.lsm.get.as_ref().map_or(0, |get| get.asked.len());
            format!("None of the {asked} sources has it: the key is not there.")
        }
        _ => return None,
    })
}

fn compaction(
    lsm: &LsmState,
    level: u32,
    output_level: u32,
    reason: CompactionReason,
    inputs: &[(u32, FileNumber)],
    read: u64,
) -> Option<String> {
    let upper = inputs.iter().filter(|(of, _)| *of == level).count() as u64;
    let lower = inputs.len() as u64 - upper;
    let has = lsm.version.runs(level);
    let why = match reason {
        CompactionReason::Level0 => format!("Level 0 has {} tables", has.len()),
        CompactionReason::Runs => format!("Level {level} has {} runs", has.len()),
        CompactionReason::Size => {
            let size: u64 = has.iter().map(|run| run.bytes()).sum();
            format!("Level {level} has {} and may have {}", bytes(size), bytes(lsm.level_target(level)))
        }
        _ => return None,
    };
    let below = match (lower, lsm.settings.policy) {
        (0, CompactionPolicy::Leveled) => "nothing lies below".to_string(),
        (0, _) => format!("one run of level {output_level} comes of it"),
        (lower, _) => format!("with {} of level {output_level} whose keys overlap", count(lower, "table")),
    };
    Some(
        format!("{why}: {} are merged, {below}; {} to read.", count(upper, "table"), bytes(read))
            .replace("1 table are", "1 table is"),
    )
}

pub fn table(lsm: &LsmState, file: FileNumber) -> Option<&TableState> {
    lsm.version.tables().find(|(_, table)| table.file == file).map(|(_, table)| &**table)
}

//! Each event in one sentence, from the record alone.

use super::super::describe::{count, grouped, key};
use super::words::bytes;
use glassbase_trace::parts::lsm::{CompactionReason, StallReason, VersionEdit, WriteKind};
use glassbase_trace::{Event, Record};

pub fn describe(record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        LsmLogged { log, length, .. } => {
            format!("The log {} takes a record of {}; it is not durable yet.", log.0, count(*length, "byte"))
        }
        LsmLogSynced { log, length } => format!("All {} of log {} are durable.", count(*length, "byte"), log.0),
        MemtableWritten { key: bytes, sequence, kind: WriteKind::Put, value_len, .. } => format!(
            "Write {sequence}: {} goes into the memtable, with a value of {}.",
            key(bytes),
            count(u64::from(*value_len), "byte")
        ),
        MemtableWritten { key: bytes, sequence, .. } => {
            format!("Write {sequence}: a tombstone for {} goes into the memtable.", key(bytes))
        }
        MemtableRangeDeleted { start, end, sequence, .. } => {
            let (start, end) = (key(start), key(end));
            format!("Write {sequence}: everything from {start} up to, not including, {end} is deleted by one entry.")
        }
        MemtableFrozen { entries, .. } => {
            let entries = count(*entries, "entry").replace("entrys", "entries");
            format!("The memtable is full with {entries}: it is frozen, and an empty one takes its place.")
        }
        FlushBegun { file, entries, .. } => {
            format!("A frozen memtable of {} is written to table {}.", count(*entries, "write"), file.0)
        }
        FlushEnded { log, bytes: written } => {
            format!("The flush is done: {} written; log {} is not needed any more.", bytes(*written), log.0)
        }
        FlushFailed { why, .. } => format!("The flush failed: {why}"),
        VersionEdited { edit } => edited(edit),
        _ => return compaction(record).or_else(|| read(record)),
    })
}

fn edited(edit: &VersionEdit) -> String {
    let removed = edit.removed.len() as u64;
    let verb = |count: u64, one: &str, many: &str| if count == 1 { one.to_string() } else { many.to_string() };
    match (edit.added.first(), removed) {
        (None, 0) => "The manifest is brought up to date.".to_string(),
        (None, removed) => {
            format!("The manifest says: {} {} gone.", count(removed, "table"), verb(removed, "is", "are"))
        }
        (Some(first), removed) => {
            let added = count(edit.added.len() as u64, "table");
            let gone = if removed > 0 { format!(" in place of {}", count(removed, "table")) } else { String::new() };
            format!("The manifest has it: {added} in level {}{gone}, all at once.", first.level)
        }
    }
}

fn compaction(record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        CompactionBegun { level, output_level, reason, inputs, bytes: read } => {
            let why = match reason {
                CompactionReason::Level0 => "level 0 has too many tables".to_string(),
                CompactionReason::Size => format!("level {level} has too many bytes"),
                CompactionReason::Runs => format!("level {level} has too many runs"),
                CompactionReason::Room => "all tables together have too many bytes".to_string(),
                CompactionReason::Age => "the oldest tables are too old".to_string(),
                CompactionReason::Asked => "it was asked for".to_string(),
            };
            let tables = count(inputs.len() as u64, "table");
            match reason {
                CompactionReason::Room | CompactionReason::Age => {
                    format!("{}: {tables} with {} will be dropped.", upper(&why), bytes(*read))
                }
                _ => format!("{}: {tables} with {} are merged into level {output_level}.", upper(&why), bytes(*read)),
            }
        }
        CompactionProgressed { reached, read_bytes, written_bytes } => {
            let (read, written) = (bytes(*read_bytes), bytes(*written_bytes));
            format!("Merged up to key {}: {read} read, {written} written.", key(reached))
        }
        CompactionEnded { moved: true, .. } => {
            "Nothing overlaps below: the table changes its level without being read.".to_string()
        }
        CompactionEnded { read_bytes, written_bytes, dropped, .. } => {
            let (read, written) = (bytes(*read_bytes), bytes(*written_bytes));
            let dropped = match dropped {
                0 => String::new(),
                1 => "; 1 old entry is left out".to_string(),
                dropped => format!("; {} old entries are left out", grouped(*dropped)),
            };
            format!("The merge is done: {read} read, {written} written{dropped}.")
        }
        CompactionFailed { why } => format!("The compaction failed, and nothing has changed: {why}"),
        TableObsolete { file } => format!("Table {} is in no version any more; somebody may still read it.", file.0),
        TableRemoved { file } => format!("Table {} is deleted from the disk.", file.0),
        WritesStalled { reason, stopped } => {
            let why = match reason {
                StallReason::Level0 => "level 0 has too many tables",
                StallReason::Memtables => "too many memtables wait to be flushed",
                StallReason::Pending => "too many bytes wait to be merged",
            };
            let does = if *stopped { "Writes stop" } else { "Writes are slowed down" };
            format!("{does}: {why}.")
        }
        WritesResumed {} => "Writes go on at full speed.".to_string(),
        _ => return None,
    })
}

fn read(record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        LsmGetBegun { key: sought, .. } => format!("Get {}: the newest source is asked first.", key(sought)),
        MemtableAsked { frozen, found } => {
            let which = if *frozen == 0 { "The memtable" } else { "A frozen memtable" };
            if *found { format!("{which} has it.") } else { format!("{which} does not have it.") }
        }
        LevelAsked { level } => format!("Level {level} is asked."),
        TableAsked { file } => format!("Table {}: its range holds the key.", file.0),
        FilterAsked { file, skipped: true } => {
            format!("The filter of table {} says no: the key is not there, and no block is read.", file.0)
        }
        FilterAsked { file, .. } => format!("The filter of table {} says: maybe.", file.0),
        FilterFalsePositive { file } => {
            format!("A false positive: table {} was searched for nothing; the filter was wrong.", file.0)
        }
        TableSearched { file, block, found: true } => format!("Block {block} of table {} has it.", file.0),
        TableSearched { file, block, .. } => format!("Block {block} of table {} does not have it.", file.0),
        BlockHit { file, .. } => format!("A block of table {} is in the block cache.", file.0),
        BlockMiss { file, bytes: length, .. } => {
            format!("A block of table {} is not in the cache: {} are read.", file.0, count(u64::from(*length), "byte"))
        }
        BlockCached { file, .. } => format!("The block of table {} is kept in the cache.", file.0),
        BlockEvicted { file, .. } => format!("A block of table {} leaves the cache.", file.0),
        LsmGetEnded { found: true, value_len } => {
            format!("Found: a value of {}.", count(u64::from(*value_len), "byte"))
        }
        LsmGetEnded { .. } => "No source has it: the key is not there.".to_string(),
        LsmScanBegun { from, to, backward, .. } => {
            let side = |key: &[u8]| if key.is_empty() { "the end".to_string() } else { super::words::label(key) };
            let way = if *backward { ", backward" } else { "" };
            format!("A scan from {} to {}{way}: all sources are merged on the way.", side(from), side(to))
        }
        LsmScanEnded { records } => format!("The scan is done: {}.", count(*records, "record")),
        SnapshotTaken { sequence } => {
            format!("A snapshot sees everything up to write {sequence}, and nothing after it.")
        }
        SnapshotReleased { sequence } => format!("The snapshot of write {sequence} is released."),
        _ => return None,
    })
}

pub fn upper(text: &str) -> String {
    let mut text = text.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

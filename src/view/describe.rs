//! What a record says, in words, without knowing what came before it: the text list of a trace.

use super::guide::told;
use glassbase_trace::{Bytes, Event, Operation, Outcome, PageId, PageKind, Record, SplitKind};

/// Longest key and text that a sentence carries whole.
const SHOWN_MAX: usize = 40;

/// One sentence for a record, from the record alone.
pub fn describe(record: &Record) -> String {
    if let Some(said) = told(|guide| (guide.describe)(record)) {
        return said;
    }
    match &record.event {
        Event::Comment { text } => text.to_string(),
        Event::CommandBegun { text, .. } => format!("> {}", short(text)),
        Event::CommandEnded { line } => format!("The command of line {line} is done."),
        Event::Answered { text } => text.to_string(),
        Event::Refused { text } => format!("Refused: {text}"),
        Event::ExpectationHeld { text } => format!("As expected: {text}"),
        Event::ExpectationFailed { text, found } => format!("Not as expected: {text}, but found {found}"),
        Event::StateTaken { state } => {
            let (pages, records) = (count(state.pages.len() as u64, "page"), count(state.records, "record"));
            format!("The engine as it stands: {records} in {pages}, height {}.", state.height)
        }
        event => tree(event),
    }
}

fn tree(event: &Event) -> String {
    match event {
        Event::OperationBegun { operation, key: bytes, value_len } => begun(*operation, bytes, *value_len),
        Event::OperationEnded { operation, outcome, count } => ended(*operation, *outcome, *count),
        Event::Searched { page, slot, found: true, child } if child.is_none() => {
            format!("Page {page}: the key is there, in slot {slot}.", page = page.0)
        }
        Event::Searched { page, slot, child, .. } if child.is_none() => {
            format!("Page {}: the key is not there; its place is slot {slot}.", page.0)
        }
        Event::Searched { page, slot, child, .. } => {
            format!("Page {}: the search stops at slot {slot} and goes to child page {}.", page.0, child.0)
        }
        Event::CellsRead { page, count: read, backward, .. } => {
            let way = if *backward { ", right to left" } else { "" };
            format!("The scan reads {} from leaf {}{way}.", count(u64::from(*read), "record"), page.0)
        }
        Event::OverflowWritten { page, next, length, .. } => {
            let rest = if next.is_none() { "it is the last".to_string() } else { format!("page {} goes on", next.0) };
            format!("Overflow page {} takes {length} bytes of the value; {rest}.", page.0)
        }
        Event::RootChanged { root, height, .. } => {
            format!("Page {} is the root now: the tree is {} high.", root.0, count(u64::from(*height), "level"))
        }
        Event::MetaWritten { records, .. } => {
            format!("The meta page is brought up to date: the tree holds {}.", count(*records, "record"))
        }
        Event::RootCollapsed { old, root } => {
            format!("Root {} had one child left: that child, page {}, is the root now.", old.0, root.0)
        }
        Event::RecordCount { records } => format!("The tree holds {}.", count(*records, "record")),
        Event::Verified { pages, records, problem } if problem.is_empty() => {
            let (pages, records) = (count(u64::from(*pages), "page"), count(*records, "record"));
            format!("Verified: every invariant holds over {pages} and {records}.")
        }
        Event::Verified { problem, .. } => format!("Verification failed: {problem}"),
        event => structure(event),
    }
}

fn structure(event: &Event) -> String {
    match event {
        Event::SplitBegun { page, right, at, kind } => {
            let why = if *kind == SplitKind::RightEdge { " at its right edge" } else { "" };
            format!("Page {} is full and splits{why}: cells from {at} on go to the new page {}.", page.0, right.0)
        }
        Event::SplitEnded { page, right } => format!("Pages {} and {} are split.", page.0, right.0),
        Event::MergeBegun { left, right } => {
            format!("Pages {} and {} fit into one: {} is emptied into {}.", left.0, right.0, right.0, left.0)
        }
        Event::MergeEnded { left, right } => format!("Page {} is merged into page {}.", right.0, left.0),
        Event::BorrowBegun { page, sibling, count: taken } => {
            let cells = count(u64::from(*taken), "cell");
            format!("Page {} has too little: it borrows {cells} from its sibling {}.", page.0, sibling.0)
        }
        Event::BorrowEnded { page, sibling } => format!("Page {} has borrowed from page {}.", page.0, sibling.0),
        Event::PageFormatted { page, kind: PageKind::Inner, level, .. } => {
            format!("Page {} becomes an empty inner page of level {level}.", page.0)
        }
        Event::PageFormatted { page, kind, .. } => format!("Page {} becomes an empty {} page.", page.0, kind.word()),
        Event::PageFreed { page, .. } => format!("Page {} is empty and joins the free list.", page.0),
        Event::PageReused { page, next } if next.is_none() => {
            format!("Page {} leaves the free list, which is empty now.", page.0)
        }
        Event::PageReused { page, next } => {
            format!("Page {} leaves the free list, which begins with page {} now.", page.0, next.0)
        }
        event => cells(event),
    }
}

fn cells(event: &Event) -> String {
    match event {
        Event::RecordInserted { page, slot, key: bytes, overflow, .. } => {
            let long = if overflow.is_none() { String::new() } else { format!(", its value on page {}", overflow.0) };
            format!("Key {} goes into leaf {}, slot {slot}{long}.", key(bytes), page.0)
        }
        Event::RecordReplaced { page, slot, value_len, .. } => {
            let length = count(u64::from(*value_len), "byte");
            format!("Leaf {}, slot {slot}: the value is replaced by one of {length}.", page.0)
        }
        Event::ChildInserted { page, slot, key: bytes, child, .. } => {
            format!("Separator {} goes into page {}, slot {slot}; page {} is right of it.", key(bytes), page.0, child.0)
        }
        Event::LeftmostChildSet { page, child, .. } => {
            format!("Page {} is the leftmost child of page {}.", child.0, page.0)
        }
        Event::SeparatorReplaced { page, slot, key: bytes, .. } => {
            format!("Page {}, slot {slot}: the separator is {} now.", page.0, key(bytes))
        }
        Event::CellRemoved { page, slot, .. } => format!("Slot {slot} leaves page {}.", page.0),
        Event::CellsMoved { from, count: moved, to, .. } => {
            format!("{} from page {} to page {}.", moves(u64::from(*moved)), from.0, to.0)
        }
        Event::LeafLinked { page, prev, next, .. } => linked(page.0, *prev, *next),
        Event::PageCompacted { page, reclaimed, .. } => {
            format!("Page {} is compacted: {reclaimed} scattered bytes are one piece again.", page.0)
        }
        event => below(event),
    }
}

fn below(event: &Event) -> String {
    match event {
        Event::PoolHit { page, frame } => format!("Page {} is in the pool: frame {}, no disk read.", page.0, frame.0),
        Event::PoolMiss { page, frame } => {
            format!("Page {} is not in the pool: it is read from disk into frame {}.", page.0, frame.0)
        }
        Event::PoolCreated { page, frame } => {
            format!("The new page {} gets frame {} without a disk read.", page.0, frame.0)
        }
        Event::PoolUnpinned { page, frame } => format!("Page {} is unpinned in frame {}.", page.0, frame.0),
        Event::PoolDirtied { page, frame } => {
            format!("Page {} is dirty: frame {} differs from the disk.", page.0, frame.0)
        }
        Event::PoolEvicted { page, frame } => format!("Page {} is evicted: frame {} is free.", page.0, frame.0),
        Event::PoolFlushed { page, frame } => {
            format!("Page {} is flushed: frame {} is clean again.", page.0, frame.0)
        }
        Event::DiskRead { page, sequential: true } => {
            format!("Disk: page {} is read, right after the one before it.", page.0)
        }
        Event::DiskRead { page, .. } => format!("Disk: page {} is read.", page.0),
        Event::DiskWritten { page } => {
            format!("Disk: page {} is written; a crash before the next sync may lose it.", page.0)
        }
        Event::DiskSynced { pages } => format!("Disk: sync, {} durable.", are(u64::from(*pages), "page")),
        Event::DiskExtended { pages } => format!("Disk: the file grows to {}.", count(u64::from(*pages), "page")),
        Event::FileCreated { file, name } => format!("Disk: file {}, {name}, is created.", file.0),
        Event::FileAppended { file, offset, length } => {
            let what = count(u64::from(*length), "byte");
            format!("Disk: {what} appended to file {} at byte {}.", file.0, grouped(*offset))
        }
        Event::FileRead { file, offset, length } => {
            let what = count(u64::from(*length), "byte");
            format!("Disk: {what} of file {} read from byte {} on.", file.0, grouped(*offset))
        }
        Event::FileSynced { file, length } => {
            format!("Disk: sync, all {} bytes of file {} are durable.", grouped(*length), file.0)
        }
        Event::FileTruncated { file, length } => {
            format!("Disk: file {} is cut after {} bytes.", file.0, grouped(*length))
        }
        Event::FileRemoved { file } => format!("Disk: file {} is removed.", file.0),
        Event::DiskFault { text } => format!("Disk fault: {text}"),
        Event::DiskCrashed { kept, lost, torn } => {
            format!("Power fails: of the unsynced writes {kept} were kept, {lost} lost, {torn} torn.")
        }
        other => other.name().replace('-', " "),
    }
}

fn begun(operation: Operation, bytes: &Bytes, value_len: u32) -> String {
    match operation {
        Operation::Insert => format!("Insert {}, with a value of {}.", key(bytes), count(u64::from(value_len), "byte")),
        Operation::Upsert => {
            format!("Insert or replace {}, with a value of {}.", key(bytes), count(u64::from(value_len), "byte"))
        }
        Operation::Get => format!("Look up {}.", key(bytes)),
        Operation::Delete => format!("Delete {}.", key(bytes)),
        Operation::Scan if bytes.is_empty() => "Scan the leaves.".to_string(),
        Operation::Scan => format!("Scan the leaves, beginning with {}.", key(bytes)),
        Operation::BulkLoad => "Bulk load: build the tree from sorted keys, leaf by leaf.".to_string(),
        Operation::Verify => "Verify every invariant of the tree.".to_string(),
        Operation::Flush => "Flush every dirty page to the disk.".to_string(),
    }
}

fn ended(operation: Operation, outcome: Outcome, number: u32) -> String {
    match outcome {
        Outcome::Inserted => "Inserted.".to_string(),
        Outcome::Duplicate => "The key was there already: nothing changed.".to_string(),
        Outcome::Replaced => "The value was replaced.".to_string(),
        Outcome::Found => "Found.".to_string(),
        Outcome::Absent => "The key is not in the tree.".to_string(),
        Outcome::Deleted => "Deleted.".to_string(),
        Outcome::Done if operation == Operation::Scan => {
            format!("The scan is done: {}.", count(u64::from(number), "record"))
        }
        Outcome::Done => format!("The {} is done.", operation.word().replace('-', " ")),
        Outcome::Failed => format!("The {} failed.", operation.word().replace('-', " ")),
    }
}

/// A key in a sentence: long ones are cut.
pub(super) fn key(bytes: &[u8]) -> String {
    if bytes.len() > 4 * SHOWN_MAX {
        return short(&glassbase_trace::bytes::show(&bytes[..SHOWN_MAX]));
    }
    match glassbase_trace::bytes::show(bytes) {
        text if text == "0x" => "the empty key".to_string(),
        text => short(&text),
    }
}

/// A text cut to what a sentence can carry.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// "1 page", "2 pages".
pub(super) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{} {thing}s", grouped(number)) }
}

fn are(number: u64, thing: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", count(number, thing))
}

pub(super) fn moves(number: u64) -> String {
    if number == 1 { "1 cell moves".to_string() } else { format!("{} cells move", grouped(number)) }
}

/// A number with commas between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Where a leaf stands in the list of leaves.
fn linked(leaf: u32, prev: PageId, next: PageId) -> String {
    match (prev.is_none(), next.is_none()) {
        (true, true) => format!("Leaf {leaf} is the only leaf now."),
        (true, false) => format!("Leaf {leaf} is the first leaf now; leaf {} follows.", next.0),
        (false, true) => format!("Leaf {leaf} is the last leaf now; leaf {} comes before it.", prev.0),
        (false, false) => format!("Leaf {leaf} stands between leaf {} and leaf {}.", prev.0, next.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(count(1000, "page"), "1,000 pages");
    }

    #[test]
    fn long_keys_are_cut() {
        assert_eq!(key(b"ash"), "ash");
        assert_eq!(key(&[b'x'; 5000]).chars().count(), SHOWN_MAX);
        assert_eq!(key(&[b'x'; 50]).chars().count(), SHOWN_MAX + 1);
        assert_eq!(key(b""), "the empty key");
    }
}

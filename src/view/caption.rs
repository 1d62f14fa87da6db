//! One plain sentence for each event, with the numbers that the view has and the event has not.
//!
//! A caption is taken from the view *before* the event: there the full page is still full and the removed key is still
//! in its slot.

use super::describe::{count, describe, key, moves, short};
use super::guide::told;
use super::{Change, Unlinked, View};
use glassbase_trace::{Bytes, Event, Operation, Outcome, PageBody, PageId, Record, SplitKind};

/// The sentence for `record`, which happens to the engine as `view` shows it.
pub fn caption(view: &View, record: &Record) -> String {
    use Event::*;
    if let Some(said) = told(|guide| (guide.caption)(view, record)) {
        return said;
    }
    match &record.event {
        Searched { page, slot, found, child } => searched(view, *page, usize::from(*slot), *found, *child),
        CellsRead { page, slot, count: read, backward } => cells_read(view, *page, *slot, *read, *backward),
        RecordInserted { page, slot, key: bytes, overflow, .. } => {
            inserted(view, *page, usize::from(*slot), bytes, *overflow)
        }
        RecordReplaced { page, slot, value_len, .. } => match view.key(*page, usize::from(*slot)) {
            Some(bytes) => {
                let length = count(u64::from(*value_len), "byte");
                format!("Key {} in leaf {} gets a new value of {length}.", key(bytes), page.0)
            }
            None => describe(record),
        },
        CellRemoved { page, slot, .. } => removed(view, record, *page, usize::from(*slot)),
        SeparatorReplaced { page, slot, key: bytes, .. } => match view.key(*page, usize::from(*slot)) {
            Some(old) => {
                let (old, new) = (key(old), key(bytes));
                format!("In page {} separator {new} takes the place of {old}: the siblings' border has moved.", page.0)
            }
            None => describe(record),
        },
        CellsMoved { from, from_slot, count, to, .. } => {
            moved(view, *from, usize::from(*from_slot), usize::from(*count), *to)
        }
        ChildInserted { page, key: bytes, child, .. } => raised(view, *page, bytes, *child),
        _ => structure(view, record),
    }
}

fn structure(view: &View, record: &Record) -> String {
    use Event::*;
    match &record.event {
        SplitBegun { page, right, at, kind } => split(view, *page, *right, usize::from(*at), *kind, None),
        SplitEnded { page, right } => {
            format!("The split is done: {} and {}.", keys_in(view, *page), keys_in(view, *right))
        }
        MergeBegun { left, right } => format!(
            "{} and {} fit into one page: {} is emptied into {}.",
            upper(&keys_in(view, *left)),
            keys_in(view, *right),
            right.0,
            left.0
        ),
        MergeEnded { left, .. } => format!("The merge is done: {}.", keys_in(view, *left)),
        BorrowBegun { page, sibling, count: taken } => format!(
            "{} has too little: it borrows {} from its sibling, {}.",
            upper(&keys_in(view, *page)),
            count(u64::from(*taken), "cell"),
            keys_in(view, *sibling)
        ),
        BorrowEnded { page, sibling } => {
            format!("Both have enough now: {} and {}.", keys_in(view, *page), keys_in(view, *sibling))
        }
        RootChanged { root, height, .. } => root_changed(view, *root, *height),
        OperationEnded { operation, outcome, count: number } => ended(view, record, *operation, *outcome, *number),
        _ => below(view, record),
    }
}

fn below(view: &View, record: &Record) -> String {
    match &record.event {
        Event::CommandEnded { .. } => match (&view.command, &view.answer) {
            (Some(command), Some(answer)) if answer.refused => format!("Not done: {}", short(&command.text)),
            (Some(command), _) => format!("Done: {}", short(&command.text)),
            (None, _) => describe(record),
        },
        Event::PoolEvicted { page, frame } => {
            let dirty = view.state.pool.iter().any(|state| state.frame == *frame && state.dirty);
            let how = if dirty { "though dirty" } else { "clean, so without a write" };
            format!("The pool of {} is full: page {} leaves frame {}, {how}.", frames(view), page.0, frame.0)
        }
        Event::DiskRead { page, sequential } => {
            let cost = duration(record.time_ns.saturating_sub(view.time_ns));
            let way = if *sequential { "read in sequence" } else { "read at random" };
            if cost.is_empty() {
                format!("Disk: page {} is {way}.", page.0)
            } else {
                format!("Disk: page {} is {way}, {cost}.", page.0)
            }
        }
        _ => describe(record),
    }
}

fn searched(view: &View, page: PageId, slot: usize, found: bool, child: PageId) -> String {
    let sought = view.operation.as_ref().map(|operation| &operation.key).filter(|key| !key.is_empty());
    let Some(sought) = sought else {
        let way = if child.is_none() { format!("leaf {}", page.0) } else { format!("child page {}", child.0) };
        return format!("Page {}: the way leads to {way}.", page.0);
    };
    if !child.is_none() {
        let right = view.way(page, slot as u16, child);
        let low = right.checked_sub(1).and_then(|slot| view.key(page, slot));
        return format!("{}: go to child page {}.", between(low, sought, view.key(page, right)), child.0);
    }
    if found {
        return format!("Leaf {} has key {}, in slot {slot}.", page.0, key(sought));
    }
    match (slot.checked_sub(1).and_then(|slot| view.key(page, slot)), view.key(page, slot)) {
        (Some(low), Some(high)) => {
            let sought = key(sought);
            format!("Leaf {} does not have {sought}: {} < {sought} < {}.", page.0, key(low), key(high))
        }
        (Some(low), None) => format!("Leaf {} does not have {}: its last key is {}.", page.0, key(sought), key(low)),
        (None, Some(high)) => format!("Leaf {} does not have {}: its first key is {}.", page.0, key(sought), key(high)),
        (None, None) => format!("Leaf {} is empty: {} is not there.", page.0, key(sought)),
    }
}

/// The comparison that a search in an inner page came down to: "20 ≤ 37 < 40", or with one side open, or with both.
pub fn between(low: Option<&[u8]>, sought: &[u8], high: Option<&[u8]>) -> String {
    let sought = key(sought);
    match (low, high) {
        (Some(low), Some(high)) => format!("{} ≤ {sought} < {}", key(low), key(high)),
        (Some(low), None) => format!("{} ≤ {sought}", key(low)),
        (None, Some(high)) => format!("{sought} < {}", key(high)),
        (None, None) => format!("no separator, so {sought} can only be below"),
    }
}

fn cells_read(view: &View, page: PageId, slot: u16, read: u16, backward: bool) -> String {
    let number = count(u64::from(read), "record");
    let (first, last) = (usize::from(slot), usize::from(slot).saturating_add(usize::from(read)).saturating_sub(1));
    let way = if backward { " from right to left" } else { "" };
    match (view.key(page, first), view.key(page, last)) {
        (Some(first), Some(last)) if read > 1 => {
            let (from, to) = if backward { (last, first) } else { (first, last) };
            format!("The scan reads {number} of leaf {}{way}: {} to {}.", page.0, key(from), key(to))
        }
        (Some(only), _) => format!("The scan reads {number} of leaf {}: {}.", page.0, key(only)),
        _ => format!("The scan reads {number} of leaf {}{way}.", page.0),
    }
}

fn inserted(view: &View, page: PageId, slot: usize, bytes: &Bytes, overflow: PageId) -> String {
    let keys = view.page(page).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
    let place = match (slot.checked_sub(1).and_then(|slot| view.key(page, slot)), view.key(page, slot)) {
        (Some(low), Some(high)) => format!("between {} and {}", key(low), key(high)),
        (Some(low), None) => format!("behind {}", key(low)),
        (None, Some(high)) => format!("in front of {}", key(high)),
        (None, None) => "as its first key".to_string(),
    };
    let long = if overflow.is_none() { String::new() } else { format!("; its value is on page {}", overflow.0) };
    format!("{} goes into leaf {}, {place}: {} now{long}.", key(bytes), page.0, fill(view, keys + 1))
}

fn removed(view: &View, record: &Record, page: PageId, slot: usize) -> String {
    let Some(state) = view.page(page) else { return describe(record) };
    let (Some(cells), Some(bytes)) = (state.cells(), view.key(page, slot)) else { return describe(record) };
    let left = cells.len() - 1;
    match (&state.body, view.changes.last()) {
        (PageBody::Inner { .. }, Some(Change::Split { .. })) => {
            format!("Separator {} leaves inner page {} and goes up.", key(bytes), page.0)
        }
        (PageBody::Inner { .. }, Some(Change::Merge { right, .. })) => {
            format!(
                "Separator {} and the way to page {} leave page {}: {} left.",
                key(bytes),
                right.0,
                page.0,
                count(left as u64, "key")
            )
        }
        (PageBody::Inner { .. }, _) => format!("Separator {} leaves inner page {}.", key(bytes), page.0),
        _ => format!("{} leaves leaf {}: {} left.", key(bytes), page.0, count(left as u64, "key")),
    }
}

fn moved(view: &View, from: PageId, slot: usize, number: usize, to: PageId) -> String {
    let last = slot.saturating_add(number).saturating_sub(1);
    match (view.key(from, slot), view.key(from, last)) {
        (Some(only), _) if number == 1 => format!("{} moves from page {} to page {}.", key(only), from.0, to.0),
        (Some(first), Some(last)) => {
            let (first, last) = (key(first), key(last));
            format!("{} from page {} to page {}: {first} to {last}.", moves(number as u64), from.0, to.0)
        }
        _ => format!("{} from page {} to page {}.", moves(number as u64), from.0, to.0),
    }
}

fn raised(view: &View, page: PageId, bytes: &Bytes, child: PageId) -> String {
    let sep = key(bytes);
    let split = view.unlinked.iter().find(|unlinked| unlinked.right == child);
    match (split, view.changes.last()) {
        (Some(Unlinked { left, right }), _) => {
            format!(
                "{sep} goes up into page {}: keys below it stay in {}, the others are in {}.",
                page.0, left.0, right.0
            )
        }
        (None, Some(Change::Merge { .. } | Change::Borrow { .. })) => {
            format!("Separator {sep} comes down into page {}, with child page {} right of it.", page.0, child.0)
        }
        _ => format!("Separator {sep} goes into page {}; page {} is right of it.", page.0, child.0),
    }
}

/// The sentence for the start of a split, given the separator that will go up where that is known.
pub(super) fn split(
    view: &View,
    page: PageId,
    right: PageId,
    at: usize,
    kind: SplitKind,
    raised: Option<&[u8]>,
) -> String {
    let Some(state) = view.page(page) else { return format!("Page {} splits into {}.", page.0, right.0) };
    let what = name(state.level());
    let keys = state.cells().map_or(0, |cells| cells.len());
    let full = match view.keys_max() {
        Some(max) => format!("{keys} of {max}"),
        None => format!("{} of {} bytes", state.used, view.state.capacity),
    };
    let up = match (raised, view.key(page, at)) {
        (Some(bytes), _) => format!("key {} goes up", key(bytes)),
        (None, Some(bytes)) => format!("cells from {} on go to the new page {}", key(bytes), right.0),
        (None, None) => format!("the new page {} takes what comes", right.0),
    };
    let edge = if kind == SplitKind::RightEdge { " at its right edge, since keys come in ascending order" } else { "" };
    format!("{what} {} is full ({full}): it splits{edge}, {up}.", page.0)
}

fn root_changed(view: &View, root: PageId, height: u8) -> String {
    let levels = count(u64::from(height), "level");
    let old = view.state.height;
    if height > old && old > 0 {
        format!("Page {} is the new root: the tree grows from {old} to {levels}.", root.0)
    } else if height < old {
        format!("Page {} is the root now: the tree shrinks from {old} to {levels}.", root.0)
    } else {
        format!("Page {} is the root: the tree has {levels}.", root.0)
    }
}

fn ended(view: &View, record: &Record, operation: Operation, outcome: Outcome, number: u32) -> String {
    let Some(running) = &view.operation else { return describe(record) };
    let reads = view.state.counters.disk_reads.saturating_sub(running.before.disk_reads);
    let took = duration(record.time_ns.saturating_sub(running.begun_ns));
    let mut cost = match reads {
        0 => "no page read from disk".to_string(),
        reads => format!("{} read from disk", count(reads, "page")),
    };
    if !took.is_empty() {
        cost.push_str(", ");
        cost.push_str(&took);
    }
    let key = key(&running.key);
    match outcome {
        Outcome::Inserted => format!("{key} is inserted: {cost}."),
        Outcome::Duplicate => format!("{key} was there already, so nothing changed: {cost}."),
        Outcome::Replaced => format!("{key} has its new value: {cost}."),
        Outcome::Found => format!("{key} is found: {cost}."),
        Outcome::Absent => format!("{key} is not in the tree: {cost}."),
        Outcome::Deleted => format!("{key} is deleted: {cost}."),
        Outcome::Done if operation == Operation::Scan => {
            format!("The scan is done: {}, {cost}.", count(u64::from(number), "record"))
        }
        _ => describe(record),
    }
}

/// A time span for a person: three figures and a unit; empty for none at all.
pub fn duration(ns: u64) -> String {
    let (unit_ns, unit) = match ns {
        0 => return String::new(),
        1..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    // In whole numbers: the formatting of floating point would be larger than all of the captions.
    let scale = match ns / unit_ns {
        100.. => 1,
        10.. => 10,
        _ => 100,
    };
    let scaled = ns / unit_ns * scale + (ns % unit_ns * scale + unit_ns / 2) / unit_ns;
    let (whole, part) = (scaled / scale, scaled % scale);
    match (part, scale) {
        (0, _) => format!("{whole} {unit}"),
        (_, 10) => format!("{whole}.{part} {unit}"),
        _ if part % 10 == 0 => format!("{whole}.{} {unit}", part / 10),
        _ => format!("{whole}.{part:02} {unit}"),
    }
}

fn frames(view: &View) -> String {
    count(u64::from(view.state.frames), "frame")
}

/// "3 of 3 keys" where the order limits a page, else "17 keys".
fn fill(view: &View, keys: usize) -> String {
    match view.keys_max() {
        Some(max) => format!("{keys} of {max} keys"),
        None => count(keys as u64, "key"),
    }
}

/// "leaf 12 with 2 keys".
fn keys_in(view: &View, page: PageId) -> String {
    let Some(state) = view.page(page) else { return format!("page {}", page.0) };
    let keys = state.cells().map_or(0, |cells| cells.len());
    format!("{} {} with {}", name(state.level()).to_ascii_lowercase(), page.0, count(keys as u64, "key"))
}

fn name(level: Option<u8>) -> &'static str {
    match level {
        Some(0) => "Leaf",
        Some(_) => "Inner page",
        None => "Page",
    }
}

fn upper(text: &str) -> String {
    let mut text = text.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

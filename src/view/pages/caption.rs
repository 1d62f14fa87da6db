//! One plain sentence for each event of a heap file.

use super::tape::target_of;
use crate::View;
use crate::caption::duration;
use crate::describe::{count, grouped};
use glassbase_trace::parts::heap::{HeapDetail, Shift};
use glassbase_trace::{CellKind, Event, HeapKind, HeapOperation, Outcome, PageId, Record, RowId};

/// Told from the view before the event, which knows where things were.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        HeapCellPut { page, slot, kind: CellKind::Row, offset, length, from, end, .. } if *from == 0 => {
            let room = detail(view, *page).map_or(0, |detail| free_between(detail, *end));
            format!(
                "The row's {} go to the back of page {}, at byte {offset}; slot {slot} at its front points to them. {} are left between.",
                count(u64::from(*length), "byte"),
                page.0,
                count(room, "byte")
            )
        }
        HeapCellPut { page, slot, kind: CellKind::Stub, .. } => match view.pages.moving {
            Some((_, to)) => format!(
                "In its old place the row leaves its new address: slot {slot} of page {} leads to {}. Its id stays true.",
                page.0,
                place(to)
            ),
            None => describe(record)?,
        },
        HeapMapSearched { class, found, .. } => {
            let bytes = u64::from(*class) * heap_class(view);
            let asked = if *class == u8::MAX {
                "a free page".to_string()
            } else {
                format!("room for {}", count(bytes, "byte"))
            };
            match found.0 {
                0 => format!("The free-space map is asked for {asked}: no page has it, so the file must grow."),
                page => format!("The free-space map is asked for {asked}: page {page} has it."),
            }
        }
        HeapMapSet { page, class, .. } => match class {
            0 => format!("The map notes: no room in page {}.", page.0),
            255 => format!("The map notes: page {} is free.", page.0),
            _ => {
                let bytes = u64::from(*class) * heap_class(view);
                format!("The map notes: page {} has room for {}.", page.0, count(bytes, "byte"))
            }
        },
        HeapCompacted { page, shifts, garbage, .. } => {
            let lifted = shifts.iter().any(|shift| shift.to == 0);
            let moved = shifts.iter().filter(|shift: &&Shift| shift.to > 0).count() as u64;
            let aside = if lifted { " The row that grows is taken out first." } else { "" };
            format!(
                "Page {} has room, but in pieces: {} slide together and {} become free space. No slot changes its number.{aside}",
                page.0,
                count(moved, "row"),
                count(u64::from(*garbage), "byte")
            )
        }
        HeapCellRead { page, slot, kind: CellKind::Stub, .. } => {
            let to = detail(view, *page).and_then(|detail| target_of(detail, *slot)).map(place);
            let to = to.unwrap_or_else(|| "another page".to_string());
            format!("Slot {slot} of page {} holds a forwarding address: the row is in {to}.", page.0)
        }
        HeapEnded { operation, row, outcome, count: number, .. } => {
            ended(view, record, *operation, *row, *outcome, *number)
        }
        DiskFault { text } if view.pages.costs.is_empty() && view.state.parts.heap.is_some() => {
            if text.contains("checksum") {
                format!("The disk gives the page, but {text}. Nothing of it is believed.")
            } else {
                let mut text = text.to_string();
                text.push('.');
                if let Some(first) = text.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                format!("{text} Nobody is told: the disk itself does not know.")
            }
        }
        _ => return describe(record),
    })
}

/// Told from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        HeapBegun { operation, row, length } => begun(*operation, *row, *length),
        HeapEnded { operation, row, outcome, count, .. } => done(*operation, *row, *outcome, *count),
        HeapFormatted { page, kind, .. } => match kind {
            HeapKind::Rows => format!("Page {} becomes an empty page of rows.", page.0),
            HeapKind::Overflow => format!("Page {} will hold a part of the row.", page.0),
            HeapKind::Free => format!("Nothing is left in page {}: it is free.", page.0),
            HeapKind::Map => format!("Page {} becomes a page of the free-space map.", page.0),
            HeapKind::Meta => format!("Page {} becomes the meta page.", page.0),
        },
        HeapCellPut { page, slot, kind, offset, length, from, .. } => put(*page, *slot, *kind, *offset, *length, *from),
        HeapSlotFreed { page, slot, .. } => format!(
            "Slot {slot} of page {} is free. The row's bytes are still there, but nothing leads to them.",
            page.0
        ),
        HeapCompacted { page, shifts, garbage, .. } => format!(
            "Page {} is compacted: {} in new places, {} of free space won.",
            page.0,
            count(shifts.len() as u64, "cell"),
            count(u64::from(*garbage), "byte")
        ),
        HeapForwarded { row, from, to } => {
            format!("Row {row} no longer fits in page {}: it moves to {}.", from.page.0, place(*to))
        }
        HeapCameHome { row, .. } => format!("Row {row} must move again, and fits where it is known: it comes home."),
        HeapOverflowWritten { page, next, length, .. } => {
            let rest = if next.is_none() { "it is the last".to_string() } else { format!("page {} goes on", next.0) };
            format!("Page {} takes {} of the row; {rest}.", page.0, count(u64::from(*length), "byte"))
        }
        HeapMapSearched { class, found, .. } if found.is_none() => {
            format!("The free-space map has no page of class {class} or more.")
        }
        HeapMapSearched { class, found, .. } => {
            format!("The free-space map: page {} has class {class} or more.", found.0)
        }
        HeapMapSet { page, class, .. } => format!("The free-space map: page {} has class {class} now.", page.0),
        HeapMetaWritten { .. } => "The meta page is brought up to date.".to_string(),
        HeapCellRead { page, slot, kind, offset, length } => match kind {
            CellKind::Moved => format!("The row is in slot {slot} of page {}: {length} bytes at {offset}.", page.0),
            CellKind::Overflow => format!("Slot {slot} of page {} says where the row's chain begins.", page.0),
            _ => format!("Slot {slot} of page {} leads to the row: {length} bytes at {offset}.", page.0),
        },
        HeapOverflowRead { page, next, length } => {
            let rest = if next.is_none() { "the row is whole".to_string() } else { format!("page {} goes on", next.0) };
            format!("Page {} has {length} bytes of the row; {rest}.", page.0)
        }
        HeapPageScanned { page, rows } => match rows {
            0 => format!("Page {} has no rows.", page.0),
            rows => format!("The scan reads {} in page {}.", count(u64::from(*rows), "row"), page.0),
        },
        HeapShown { detail } => format!("Page {} comes into view.", detail.page.0),
        _ => return None,
    })
}

fn begun(operation: HeapOperation, row: RowId, length: u32) -> String {
    let length = count(u64::from(length), "byte");
    match operation {
        HeapOperation::Insert => format!("A row of {length} comes in: which page has room for it?"),
        HeapOperation::Update => format!("Row {row} is to have {length}."),
        HeapOperation::Get => format!("Row {row} is asked for: its id says page {}, slot {}.", row.page.0, row.slot),
        HeapOperation::Delete => format!("Row {row} is to be deleted."),
        HeapOperation::Scan => "A scan begins: every page is read, in the order of the file.".to_string(),
        HeapOperation::Compact => format!("Page {} is to be compacted.", row.page.0),
        HeapOperation::Read => format!("Page {} is read.", row.page.0),
        HeapOperation::Flush => "All changed pages are to be made durable.".to_string(),
    }
}

fn done(operation: HeapOperation, row: RowId, outcome: Outcome, number: u64) -> String {
    match (operation, outcome) {
        (_, Outcome::Failed) => "It could not be done.".to_string(),
        (_, Outcome::Absent) => format!("Row {row} is not there."),
        (HeapOperation::Insert, _) => {
            format!("The row is known as {row} from now on: page {}, slot {}.", row.page.0, row.slot)
        }
        (HeapOperation::Update, _) => format!("Row {row} has its new bytes."),
        (HeapOperation::Get, _) => format!("Row {row} is found: {}.", count(number, "byte")),
        (HeapOperation::Delete, _) => format!("Row {row} is deleted."),
        (HeapOperation::Scan, _) => format!("The scan is done: {}.", count(number, "row")),
        (HeapOperation::Compact, _) => format!("The free space of page {} is one piece.", row.page.0),
        (HeapOperation::Read, _) => format!("Page {} is sound.", row.page.0),
        (HeapOperation::Flush, _) => "Everything is durable.".to_string(),
    }
}

/// The end of a look-up or a scan, with what it took.
fn ended(view: &View, record: &Record, operation: HeapOperation, row: RowId, outcome: Outcome, number: u64) -> String {
    let told = done(operation, row, outcome, number);
    let reads_rows = matches!(operation, HeapOperation::Get | HeapOperation::Scan);
    match &view.command {
        Some(command) if reads_rows && outcome != Outcome::Failed => {
            let reads = view.state.counters.disk_reads.saturating_sub(command.before.disk_reads);
            let took = duration(record.time_ns.saturating_sub(command.begun_ns));
            format!("{told} So far {} from the disk, {took}.", count(reads, "page read"))
        }
        _ => told,
    }
}

fn put(page: PageId, slot: u16, kind: CellKind, offset: u16, length: u16, from: u16) -> String {
    let bytes = count(u64::from(length), "byte");
    match kind {
        CellKind::Row if from == offset => format!("Row {}.{slot} has {bytes} in its old place.", page.0),
        CellKind::Row if from > 0 => {
            format!("Row {}.{slot} takes another place in its page: {bytes} at {offset}. Its slot stays.", page.0)
        }
        CellKind::Row | CellKind::Free => format!("Page {} takes the row: {bytes} at {offset}, slot {slot}.", page.0),
        CellKind::Stub => format!("Slot {slot} of page {} holds a forwarding address from now on.", page.0),
        CellKind::Moved => {
            format!("Page {} takes the row, with the id under which it is known: {bytes} at {offset}.", page.0)
        }
        CellKind::Overflow => {
            format!(
                "Slot {slot} of page {} keeps eight bytes: where the chain begins, and how long the row is.",
                page.0
            )
        }
    }
}

fn place(row: RowId) -> String {
    format!("page {}, slot {}", grouped(u64::from(row.page.0)), row.slot)
}

fn detail(view: &View, page: PageId) -> Option<&HeapDetail> {
    view.state.parts.heap.as_deref()?.detail(page).map(|detail| &**detail)
}

fn heap_class(view: &View) -> u64 {
    view.state.parts.heap.as_deref().map_or(1, |heap| u64::from(heap.class_bytes))
}

/// Bytes between slots and rows once there is one slot more and the rows begin at `end`.
fn free_between(detail: &HeapDetail, end: u16) -> u64 {
    use glassbase_trace::parts::heap::{HEADER_BYTES, SLOT_BYTES};
    let start = HEADER_BYTES + (detail.slots.len() + 1) * SLOT_BYTES;
    usize::from(end).saturating_sub(start) as u64
}

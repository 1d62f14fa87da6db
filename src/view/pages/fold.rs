//! The heap file as its events change it.

use std::rc::Rc;

use crate::PAGES_MAX;
use glassbase_trace::parts::heap::{HeapDetail, HeapPage, HeapSlot, HeapState, Patch, Shift};
use glassbase_trace::{EngineState, Event, HeapKind, Lsn, PageId};

pub fn fold(state: &mut EngineState, event: &Event) {
    use Event::*;
    let page_size = state.page_size as usize;
    if let HeapEnded { rows, .. } = event {
        state.records = *rows;
        state.counters.operations = state.counters.operations.saturating_add(1);
    }
    let Some(part) = &mut state.parts.heap else { return };
    match event {
        DiskExtended { pages } => extend(Rc::make_mut(part), *pages as usize, page_size),
        HeapEnded { rows, .. } if part.rows != *rows => Rc::make_mut(part).rows = *rows,
        HeapShown { detail } => Rc::make_mut(part).spotlight = Some(detail.clone()),
        HeapFormatted { page, kind, lsn, patch } => {
            let heap = Rc::make_mut(part);
            let capacity = state.capacity as u16;
            summary(heap, *page, |page| {
                page.kind = *kind;
                (page.free, page.cells) = (if *kind == HeapKind::Rows { capacity } else { 0 }, 0);
            });
            edit(heap, *page, *lsn, patch, |detail| {
                *detail = HeapDetail { kind: *kind, ..HeapDetail::new(detail.page, detail.bytes.len()) };
                if *kind == HeapKind::Rows {
                    detail.end = page_size as u16;
                }
            });
        }
        HeapCellPut { page, slot, kind, offset, length, from, slots, end, garbage, lsn, patch } => {
            let heap = Rc::make_mut(part);
            let new = HeapSlot { kind: *kind, offset: *offset, length: *length };
            summary(heap, *page, |page| {
                page.free = free(*slots, *end, *garbage);
                page.cells = page.cells.saturating_add(u16::from(*from == 0));
            });
            edit(heap, *page, *lsn, patch, |detail| {
                resize(detail, *slots);
                if let Some(place) = detail.slots.get_mut(usize::from(*slot)) {
                    *place = new;
                }
                (detail.end, detail.garbage) = (*end, *garbage);
            });
        }
        HeapSlotFreed { page, slot, slots, end, garbage, lsn, patch } => {
            let heap = Rc::make_mut(part);
            summary(heap, *page, |page| {
                page.free = free(*slots, *end, *garbage);
                page.cells = page.cells.saturating_sub(1);
            });
            edit(heap, *page, *lsn, patch, |detail| {
                if let Some(place) = detail.slots.get_mut(usize::from(*slot)) {
                    *place = HeapSlot::FREE;
                }
                resize(detail, *slots);
                (detail.end, detail.garbage) = (*end, *garbage);
            });
        }
        HeapCompacted { page, shifts, end, garbage, lsn, patch } => {
            edit(Rc::make_mut(part), *page, *lsn, patch, |detail| {
                shifts.iter().for_each(|shift| shift_cell(detail, shift));
                (detail.end, detail.garbage) = (*end, 0);
            });
            // What was lifted out is free for the moment, which the row that is put back next sets right.
            let _ = garbage;
        }
        HeapOverflowWritten { page, next, remaining, lsn, patch, .. } => {
            edit(Rc::make_mut(part), *page, *lsn, patch, |detail| {
                (detail.next, detail.remaining) = (*next, *remaining);
            });
        }
        HeapMapSet { map, page, class, lsn, patch } => {
            let heap = Rc::make_mut(part);
            summary(heap, *page, |page| page.class = *class);
            edit(heap, *map, *lsn, patch, |_| {});
        }
        HeapMetaWritten { lsn, patch } => edit(Rc::make_mut(part), PageId::META, *lsn, patch, |_| {}),
        _ => {}
    }
}

/// About how many words the heap of `state` holds beyond what it shares with that of `before`.
pub fn words(before: &EngineState, state: &EngineState) -> usize {
    let (Some(heap), old) = (&state.parts.heap, &before.parts.heap) else { return 0 };
    if old.as_ref().is_some_and(|old| Rc::ptr_eq(old, heap)) {
        return 0;
    }
    let old: &[Rc<HeapDetail>] = old.as_ref().map_or(&[], |old| &old.details);
    let is_shared = |index: usize, page: &Rc<HeapDetail>| old.get(index).is_some_and(|old| Rc::ptr_eq(old, page));
    let alone = heap.details.iter().enumerate().filter(|(index, page)| !is_shared(*index, page));
    let details: usize = alone.map(|(_, page)| 16 + page.slots.len() + page.bytes.len() / 8).sum();
    let spotlight = heap.spotlight.as_ref().map_or(0, |page| page.bytes.len() / 8);
    16 + heap.pages.len() + heap.details.len() + details + spotlight
}

/// Bytes that slots and cells can still use.
fn free(slots: u16, end: u16, garbage: u16) -> u16 {
    use glassbase_trace::parts::heap::{HEADER_BYTES, SLOT_BYTES};
    let start = HEADER_BYTES + usize::from(slots) * SLOT_BYTES;
    usize::from(end).saturating_sub(start).saturating_add(usize::from(garbage)).min(usize::from(u16::MAX)) as u16
}

fn summary(heap: &mut HeapState, page: PageId, change: impl FnOnce(&mut HeapPage)) {
    if let Some(page) = heap.pages.get_mut(page.index()) {
        change(page);
    }
}

/// Changes a page that is told in detail, copying it first when an older view still shows it.
fn edit(heap: &mut HeapState, page: PageId, lsn: Lsn, patch: &Patch, change: impl FnOnce(&mut HeapDetail)) {
    let beyond = heap.spotlight.as_mut().filter(|detail| detail.page == page);
    let Some(shared) = heap.details.get_mut(page.index()).or(beyond) else { return };
    let detail = Rc::make_mut(shared);
    change(detail);
    detail.lsn = lsn;
    detail.patch(patch);
}

/// Slots that are new are free; of a damaged trace no more are believed than a page has room for.
fn resize(detail: &mut HeapDetail, slots: u16) {
    let most = detail.bytes.len() / glassbase_trace::parts::heap::SLOT_BYTES;
    detail.slots.resize(usize::from(slots).min(most), HeapSlot::FREE);
}

fn shift_cell(detail: &mut HeapDetail, shift: &Shift) {
    if let Some(slot) = detail.slots.get_mut(usize::from(shift.slot)) {
        match shift.to {
            0 => *slot = HeapSlot::FREE,
            to => slot.offset = to,
        }
    }
}

/// The file has `pages` pages from now on; new ones are of zeros.
fn extend(heap: &mut HeapState, pages: usize, page_size: usize) {
    let pages = pages.min(PAGES_MAX);
    heap.pages.resize(pages, HeapPage::NEW);
    let told = pages.min(heap.detailed as usize);
    heap.details.truncate(told);
    for page in heap.details.len()..told {
        heap.details.push(Rc::new(HeapDetail::new(PageId(page as u32), page_size)));
    }
}

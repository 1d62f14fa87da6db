//! What the inspector says of pages, slots and bytes.

use super::bytes::{BODY, FREE, GARBAGE, letters};
use super::tape::{chain_of, number_at, target_of};
use crate::describe::{count, grouped};
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::parts::heap::{HEADER_FIELDS, HeapDetail, HeapState};
use glassbase_trace::{CellKind, HeapKind, PageId};

/// Slots that are listed around the chosen one.
const SLOTS_MAX: usize = 40;
/// Letters of a row that are shown.
const LETTERS_MAX: usize = 24;

pub fn inspect(view: &View, selected: Selection) -> Option<Facts> {
    let heap = view.state.parts.heap.as_deref()?;
    match selected {
        Selection::Page(page) => of_page(view, heap, page, None),
        Selection::Cell { page, slot } => of_page(view, heap, page, Some(slot)),
        Selection::Field { page, field } => of_field(heap, page, field),
        Selection::Frame(frame) => {
            let held = view.state.pool.iter().find(|held| held.frame == frame)?;
            of_page(view, heap, held.page, None)
        }
        _ => None,
    }
}

fn kind_in_words(kind: HeapKind) -> &'static str {
    match kind {
        HeapKind::Meta => "the meta page",
        HeapKind::Map => "the free-space map",
        HeapKind::Rows => "rows",
        HeapKind::Overflow => "part of a long row",
        HeapKind::Free => "free",
    }
}

fn of_page(view: &View, heap: &HeapState, page: PageId, slot: Option<u16>) -> Option<Facts> {
    let known = heap.pages.get(page.index())?;
    let mut facts = Facts::new(format!("Page {}, {}", page.0, kind_in_words(known.kind)));
    if view.pages.damaged == Some(page) {
        facts = facts.row("state", "damaged: its checksum does not match its bytes");
    }
    let frame = view.state.pool.iter().find(|frame| frame.page == page);
    let place = match frame {
        Some(frame) if frame.dirty => format!("frame {}, newer than the disk", frame.frame.0),
        Some(frame) => format!("frame {}", frame.frame.0),
        None => "on the disk only".to_string(),
    };
    facts = facts.row("in the pool", place);
    if known.kind == HeapKind::Rows {
        let free = format!("{} of {}", count(u64::from(known.free), "byte"), grouped(u64::from(view.state.capacity)));
        let class = format!("{}: at least {} bytes", known.class, u32::from(known.class) * heap.class_bytes);
        facts = facts.row("rows and stubs", known.cells.to_string()).row("free", free).row("class in the map", class);
    }
    if let Some(detail) = heap.detail(page) {
        facts = facts.row("LSN", detail.lsn.0.to_string());
        if known.kind == HeapKind::Rows {
            facts = facts.row("garbage", count(u64::from(detail.garbage), "byte"));
            if let Some(slot) = slot {
                facts = of_slot(facts, detail, slot);
            }
            facts = facts.table(slots(detail, slot));
        }
        if known.kind == HeapKind::Overflow {
            facts = facts.row("bytes from here on", detail.remaining.to_string());
            if !detail.next.is_none() {
                facts = facts.link("goes on in", format!("page {}", detail.next.0), Selection::Page(detail.next));
            }
        }
    }
    Some(facts.of_page(page, slot))
}

fn of_slot(facts: Facts, detail: &HeapDetail, slot: u16) -> Facts {
    let Some(known) = detail.slots.get(usize::from(slot)) else { return facts };
    let facts = facts.row("slot", slot.to_string());
    match known.kind {
        CellKind::Free => facts.row("leads to", "nothing: it can be given to another row"),
        CellKind::Row => facts.row("leads to", format!("the row, {} bytes at {}", known.length, known.offset)),
        CellKind::Stub => match target_of(detail, slot) {
            Some(to) => facts.link("moved to", to.to_string(), Selection::Cell { page: to.page, slot: to.slot }),
            None => facts,
        },
        CellKind::Moved => match target_of(detail, slot) {
            Some(home) => {
                facts.link("known as", home.to_string(), Selection::Cell { page: home.page, slot: home.slot })
            }
            None => facts,
        },
        CellKind::Overflow => {
            let (first, length) = chain_of(detail, slot);
            let page = PageId(first);
            facts.row("row", count(length, "byte")).link("chain", format!("page {first}"), Selection::Page(page))
        }
    }
}

fn slots(detail: &HeapDetail, chosen: Option<u16>) -> FactTable {
    let count = detail.slots.len();
    let first = chosen.map_or(0, usize::from).saturating_sub(SLOTS_MAX / 2).min(count.saturating_sub(SLOTS_MAX));
    let row = |(index, known): (usize, &glassbase_trace::parts::heap::HeapSlot)| {
        let slot = index as u16;
        let from = usize::from(known.offset);
        let bytes = detail.bytes.get(from..from + usize::from(known.length)).unwrap_or_default();
        let what = match known.kind {
            CellKind::Free => "free".to_string(),
            CellKind::Row => letters(bytes.get(..bytes.len().min(LETTERS_MAX)).unwrap_or_default()),
            CellKind::Stub => format!("moved to {}", target_of(detail, slot).unwrap_or_default()),
            CellKind::Moved => format!("row {}", target_of(detail, slot).unwrap_or_default()),
            CellKind::Overflow => format!("chain from page {}", chain_of(detail, slot).0),
        };
        let number = Said::Link(slot.to_string(), Selection::Cell { page: detail.page, slot });
        vec![number, known.offset.to_string().into(), known.length.to_string().into(), what.into()]
    };
    let rows: Vec<Vec<Said>> = detail.slots.iter().enumerate().skip(first).take(SLOTS_MAX).map(row).collect();
    let chosen = chosen.and_then(|slot| usize::from(slot).checked_sub(first));
    FactTable { title: "Slots".to_string(), heads: vec!["slot", "offset", "bytes", "what"], rows, chosen }
}

fn of_field(heap: &HeapState, page: PageId, field: u8) -> Option<Facts> {
    let detail = heap.detail(page)?;
    let Some((at, length, name)) = HEADER_FIELDS.get(usize::from(field)).copied() else {
        let (what, why) = match field {
            FREE => {
                ("free space", "between the slots, which grow from the front, and the rows, which grow from the back")
            }
            GARBAGE => ("garbage", "bytes of rows that are gone, between rows that are not; compaction wins them back"),
            BODY => ("content", "what this kind of page is for"),
            _ => return None,
        };
        return Some(Facts::new(format!("Page {}, {what}", page.0)).row("what it is", why).of_page(page, None));
    };
    let number = number_at(detail, usize::from(at), usize::from(length));
    let value = if field == 0 { format!("{number:08x}") } else { number.to_string() };
    let facts = Facts::new(format!("Page {}, {name}", page.0)).row("value", value);
    Some(facts.row("bytes", format!("{length} at {at}")).row("what it is", meaning(name)).of_page(page, None))
}

fn meaning(name: &str) -> &'static str {
    match name {
        "checksum" => "CRC-32C of all other bytes of the page; compared whenever the page is read from the disk",
        "page id" => "which page this is, so that a write that went astray is noticed",
        "LSN" => "the number of the last change of this page",
        "kind" => "what the page is for",
        "slot count" => "slots of the page, free ones included",
        "free start" => "where the slots end and the free space begins",
        "free end" => "where the free space ends and the rows begin",
        "garbage bytes" => "bytes of removed rows that lie between others",
        "free slots" => "slots that lead to nothing and can be given to new rows",
        "chain" => "on overflow pages: the next page, and the bytes of the row from here on",
        _ => "not used",
    }
}

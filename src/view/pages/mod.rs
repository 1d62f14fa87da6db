//! The lab of pages and rows, seen.
//!
//! - [`fold`]: the heap file as it changes. [`doing`]: what is going on in it.
//! - [`bytes`]: what each byte of a page is. [`scene`]: the picture, with [`tape`] (pages to scale), [`grid`] (bytes),
//!   [`structure`] (fields and slots) and [`costs`] (what reading took).
//! - [`caption`], [`code`], [`facts`], [`numbers`]: words, pseudocode, the inspector, measures.

pub mod bytes;
mod caption;
mod code;
mod costs;
pub mod doing;
mod facts;
mod fold;
mod grid;
mod numbers;
pub mod scene;
mod structure;
mod tape;

pub use doing::Doing;

use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use glassbase_trace::{Event, Lane};

pub static GUIDE: Guide = Guide {
    lab: "pages",
    draw: Some(scene::draw),
    caption: caption::caption,
    describe: caption::describe,
    measures: numbers::MEASURES,
    algorithm: &code::INSERT,
    running: code::running,
    marker,
    lanes: &[Lane::Script, Lane::Heap, Lane::Pool, Lane::Disk],
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a page, a slot, a row or a byte: here is what it is made of.",
    fold: fold::fold,
    words: fold::words,
    field: "row",
    quick: &[
        Quick { text: "Insert", line: "insert" },
        Quick { text: "Delete", line: "delete {key}" },
        Quick { text: "Get", line: "get {key}" },
        Quick { text: "Load", line: "load {count}" },
        Quick { text: "Scan", line: "scan" },
        Quick { text: "Clear", line: "clear" },
    ],
    ..Guide::PLAIN
};

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::HeapForwarded { .. } | Event::HeapCameHome { .. } => MarkerKind::Move,
        Event::HeapCompacted { .. } => MarkerKind::Compaction,
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    use Event::*;
    Some(match event {
        HeapCellPut { .. } | HeapOverflowWritten { .. } => (Tone::Accent, Dot::Full),
        HeapForwarded { .. } | HeapCameHome { .. } => (Tone::Pinned, Dot::Full),
        HeapSlotFreed { .. } | HeapCompacted { .. } => (Tone::Stale, Dot::Full),
        HeapFormatted { .. } => (Tone::Ink, Dot::Ring),
        HeapCellRead { .. } | HeapOverflowRead { .. } | HeapPageScanned { .. } => (Tone::Hit, Dot::Full),
        HeapMapSearched { .. } | HeapMapSet { .. } | HeapMetaWritten { .. } => (Tone::Muted, Dot::Ring),
        HeapBegun { .. } | HeapEnded { .. } | HeapShown { .. } => (Tone::Muted, Dot::Full),
        _ => return None,
    })
}

fn pace_ms(event: &Event, _: u64) -> Option<f64> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 60.0,
        HeapEnded { .. } => 60.0,
        HeapCellPut { .. } => 380.0,
        HeapSlotFreed { .. } => 360.0,
        HeapCompacted { .. } => 700.0,
        HeapForwarded { .. } | HeapCameHome { .. } => 700.0,
        HeapFormatted { .. } => 240.0,
        HeapOverflowWritten { .. } => 320.0,
        HeapMapSearched { .. } => 220.0,
        HeapMapSet { .. } => 160.0,
        HeapCellRead { .. } | HeapOverflowRead { .. } => 320.0,
        HeapPageScanned { .. } => 160.0,
        HeapMetaWritten { .. } | HeapShown { .. } => 20.0,
        _ => return None,
    })
}

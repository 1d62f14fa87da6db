//! An [`EngineState`] as one word of a text trace.
//!
//! Sections are parted by `|`, fields by `,`, cells by `;`, a cell's parts by `:`. Keys stand in hex.
//!
//! ```text
//!   8192,8156,0,64,3,2,2,0|0:0:0:meta|1:7:38:leaf,0,2,000…25:4:0;…|…|pool 0:1:0:d,…|unsynced 1,2|counters 5,3,…
//! ```

use std::rc::Rc;

use super::bytes::{hex, hex_bytes};
use super::decimal::{number, push_number};
use super::id::{FrameId, Lsn, PageId};
use super::state::{Cell, Cells, Counters, EngineState, FrameState, PageBody, PageState};

pub fn write(state: &EngineState) -> String {
    let mut text = String::new();
    let EngineState { page_size, capacity, order, frames, root, height, records, free_head, .. } = state;
    let [sizes @ .., root, free] = [*page_size, *capacity, *order, *frames, root.0, free_head.0].map(u64::from);
    push_joined(&mut text, ',', &sizes);
    text.push(',');
    push_joined(&mut text, ',', &[root, u64::from(*height), *records, free]);
    for page in &state.pages {
        text.push('|');
        write_page(&mut text, page);
    }
    text.push_str("|pool=");
    for (index, frame) in state.pool.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_joined(&mut text, ':', &[frame.frame.0, frame.page.0, frame.pins].map(u64::from));
        text.push_str(if frame.dirty { ":d" } else { ":c" });
    }
    text.push_str("|unsynced=");
    let unsynced: Vec<u64> = state.unsynced.iter().map(|page| u64::from(page.0)).collect();
    push_joined(&mut text, ',', &unsynced);
    text.push_str("|counters=");
    push_joined(&mut text, ',', &state.counters.values());
    text
}

#[inline(never)]
fn push_joined(text: &mut String, between: char, numbers: &[u64]) {
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            text.push(between);
        }
        push_number(text, *number);
    }
}

fn write_page(text: &mut String, page: &PageState) {
    push_joined(text, ':', &[u64::from(page.page.0), page.lsn.0, u64::from(page.used)]);
    let (word, numbers) = match &page.body {
        PageBody::Meta => (":meta", &[][..]),
        PageBody::Leaf { prev, next, .. } => (":leaf,", &[prev.0, next.0][..]),
        PageBody::Inner { level, leftmost, .. } => (":inner,", &[u32::from(*level), leftmost.0][..]),
        PageBody::Overflow { next, length } => (":overflow,", &[next.0, *length][..]),
        PageBody::Free { next } => (":free,", &[next.0][..]),
    };
    text.push_str(word);
    push_joined(text, ',', &numbers.iter().map(|number| u64::from(*number)).collect::<Vec<_>>());
    let Some(cells) = page.cells() else { return };
    text.push(',');
    for (index, (key, cell)) in cells.iter().enumerate() {
        if index > 0 {
            text.push(';');
        }
        text.push_str(&hex(key)[2..]);
        text.push(':');
        push_joined(text, ':', &[cell.value_len, cell.link.0].map(u64::from));
    }
}

/// Nothing when `text` is not a state.
pub fn read(text: &str) -> Option<EngineState> {
    let mut sections = text.split('|');
    let mut head = sections.next()?.split(',');
    let mut state = EngineState {
        page_size: number(head.next()?)?,
        capacity: number(head.next()?)?,
        order: number(head.next()?)?,
        frames: number(head.next()?)?,
        root: read_id(head.next()?)?,
        height: number(head.next()?)?,
        records: number(head.next()?)?,
        free_head: read_id(head.next()?)?,
        ..EngineState::default()
    };
    for section in sections {
        if let Some(pool) = section.strip_prefix("pool=") {
            state.pool = items(pool).map(read_frame).collect::<Option<_>>()?;
        } else if let Some(pages) = section.strip_prefix("unsynced=") {
            state.unsynced = items(pages).map(read_id).collect::<Option<_>>()?;
        } else if let Some(counters) = section.strip_prefix("counters=") {
            let values: Vec<u64> = items(counters).map(number).collect::<Option<_>>()?;
            state.counters = Counters::from_values(values.into_iter())?;
        } else {
            let page = read_page(section)?;
            if page.page.index() != state.pages.len() {
                return None;
            }
            state.pages.push(Rc::new(page));
        }
    }
    Some(state)
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|item| !item.is_empty())
}

#[inline(never)]
fn read_id(text: &str) -> Option<PageId> {
    number(text).map(PageId)
}

fn read_frame(text: &str) -> Option<FrameState> {
    let mut parts = text.split(':');
    let frame = FrameId(number(parts.next()?)?);
    let page = read_id(parts.next()?)?;
    let pins = number(parts.next()?)?;
    Some(FrameState { frame, page, pins, dirty: parts.next()? == "d" })
}

fn read_page(text: &str) -> Option<PageState> {
    let mut parts = text.splitn(4, ':');
    let page = read_id(parts.next()?)?;
    let lsn = Lsn(number(parts.next()?)?);
    let used = number(parts.next()?)?;
    let mut body = parts.next()?.splitn(4, ',');
    let body = match body.next()? {
        "meta" => PageBody::Meta,
        "leaf" => {
            let (prev, next) = (read_id(body.next()?)?, read_id(body.next()?)?);
            PageBody::Leaf { prev, next, cells: read_cells(body.next()?)? }
        }
        "inner" => {
            let (level, leftmost) = (number(body.next()?)?, read_id(body.next()?)?);
            PageBody::Inner { level, leftmost, cells: read_cells(body.next()?)? }
        }
        "overflow" => PageBody::Overflow { next: read_id(body.next()?)?, length: number(body.next()?)? },
        "free" => PageBody::Free { next: read_id(body.next()?)? },
        _ => return None,
    };
    Some(PageState { page, lsn, used, body })
}

fn read_cells(text: &str) -> Option<Cells> {
    let mut cells = Cells::default();
    for cell in text.split(';').filter(|cell| !cell.is_empty()) {
        let mut parts = cell.split(':');
        let key = hex_bytes(parts.next()?)?;
        let value_len = number(parts.next()?)?;
        cells.push(&key, Cell { value_len, link: read_id(parts.next()?)? });
    }
    Some(cells)
}

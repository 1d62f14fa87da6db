//! An [`EngineState`] as one word of a text trace.
//!
//! Sections are parted by `|`, fields by `,`, cells by `;`, a cell's parts by `:`. Keys stand in hex.
//!
//! ```text
//!   8192,8156,0,64,3,2,2,0|0:0:0:meta|1:7:38:leaf,0,2,000…25:4:0;…|…|pool 0:1:0:d,…|unsynced 1,2|counters 5,3,…
//! ```

use std::fmt::Write;
use std::rc::Rc;

use super::bytes::{hex, hex_bytes};
use super::id::{FrameId, Lsn, PageId};
use super::state::{Cell, Cells, Counters, EngineState, FrameState, PageBody, PageState};

pub fn write(state: &EngineState) -> String {
    let mut text = String::new();
    let EngineState { page_size, capacity, order, frames, root, height, records, free_head, .. } = state;
    let _ = write!(text, "{page_size},{capacity},{order},{frames},{},{height},{records},{}", root.0, free_head.0);
    for page in &state.pages {
        text.push('|');
        write_page(&mut text, page);
    }
    text.push_str("|pool ");
    for (index, frame) in state.pool.iter().enumerate() {
        let dirty = if frame.dirty { "d" } else { "c" };
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}:{}:{}:{dirty}", frame.frame.0, frame.page.0, frame.pins);
    }
    text.push_str("|unsynced ");
    text.push_str(&joined(state.unsynced.iter().map(|page| u64::from(page.0))));
    text.push_str("|counters ");
    text.push_str(&joined(state.counters.values().into_iter()));
    text.replace(' ', "=")
}

fn joined(numbers: impl Iterator<Item = u64>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

fn write_page(text: &mut String, page: &PageState) {
    let _ = write!(text, "{}:{}:{}:", page.page.0, page.lsn.0, page.used);
    let _ = match &page.body {
        PageBody::Meta => write!(text, "meta"),
        PageBody::Leaf { prev, next, .. } => write!(text, "leaf,{},{},", prev.0, next.0),
        PageBody::Inner { level, leftmost, .. } => write!(text, "inner,{level},{},", leftmost.0),
        PageBody::Overflow { next, length } => write!(text, "overflow,{},{length}", next.0),
        PageBody::Free { next } => write!(text, "free,{}", next.0),
    };
    for (index, (key, cell)) in page.cells().into_iter().flat_map(Cells::iter).enumerate() {
        let semicolon = if index == 0 { "" } else { ";" };
        let _ = write!(text, "{semicolon}{}:{}:{}", &hex(key)[2..], cell.value_len, cell.link.0);
    }
}

/// Nothing when `text` is not a state.
pub fn read(text: &str) -> Option<EngineState> {
    let mut sections = text.split('|');
    let mut head = sections.next()?.split(',');
    let mut number = || head.next()?.parse::<u64>().ok();
    let mut state = EngineState {
        page_size: number()?.try_into().ok()?,
        capacity: number()?.try_into().ok()?,
        order: number()?.try_into().ok()?,
        frames: number()?.try_into().ok()?,
        root: PageId(number()?.try_into().ok()?),
        height: number()?.try_into().ok()?,
        records: number()?,
        free_head: PageId(number()?.try_into().ok()?),
        ..EngineState::default()
    };
    for section in sections {
        if let Some(pool) = section.strip_prefix("pool=") {
            state.pool = items(pool).map(read_frame).collect::<Option<_>>()?;
        } else if let Some(pages) = section.strip_prefix("unsynced=") {
            state.unsynced = items(pages).map(read_id).collect::<Option<_>>()?;
        } else if let Some(counters) = section.strip_prefix("counters=") {
            let values: Vec<u64> = items(counters).map(|value| value.parse().ok()).collect::<Option<_>>()?;
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

fn read_id(text: &str) -> Option<PageId> {
    text.parse().ok().map(PageId)
}

fn read_frame(text: &str) -> Option<FrameState> {
    let mut parts = text.split(':');
    let frame = FrameId(parts.next()?.parse().ok()?);
    let page = read_id(parts.next()?)?;
    let pins = parts.next()?.parse().ok()?;
    Some(FrameState { frame, page, pins, dirty: parts.next()? == "d" })
}

fn read_page(text: &str) -> Option<PageState> {
    let mut parts = text.splitn(4, ':');
    let page = read_id(parts.next()?)?;
    let lsn = Lsn(parts.next()?.parse().ok()?);
    let used = parts.next()?.parse().ok()?;
    let mut body = parts.next()?.splitn(4, ',');
    let body = match body.next()? {
        "meta" => PageBody::Meta,
        "leaf" => {
            let (prev, next) = (read_id(body.next()?)?, read_id(body.next()?)?);
            PageBody::Leaf { prev, next, cells: read_cells(body.next()?)? }
        }
        "inner" => {
            let (level, leftmost) = (body.next()?.parse().ok()?, read_id(body.next()?)?);
            PageBody::Inner { level, leftmost, cells: read_cells(body.next()?)? }
        }
        "overflow" => PageBody::Overflow { next: read_id(body.next()?)?, length: body.next()?.parse().ok()? },
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
        let value_len = parts.next()?.parse().ok()?;
        cells.push(&key, Cell { value_len, link: read_id(parts.next()?)? });
    }
    Some(cells)
}

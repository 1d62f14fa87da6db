//! An [`EngineState`] as one word of a text trace.
//!
//! Sections are parted by `|`, fields by `,`, cells by `;`, a cell's parts by `:`. Keys stand in hex.
//!
//! ```text
//!   8192,8156,0,64,3,2,2,0,166384,16384|0:0:0:meta|1:7:38:leaf,0,2,000…25:4:0;…|…|pool=0:1:0:d,…|unsynced=1,2|counters=5,3,…
//!   8192,8156,0,64,3,2,2,0,166384,16384|=14|14:90:52:leaf,…|=2086|pool==31,7:14:0:d,=32|…
//! ```
//!
//! The second line is a state that follows another one: `=14` stands for fourteen items in a row that are as they were
//! in the state before. So a lookup in a tree of a thousand pages does not tell all of them once more.
//!
//! Behind the counters stand the [`parts`](super::parts) that there are, each as its [`plain`](super::plain) word:
//! `|log=AAEC…`, or `|log==` when it is as it was.

use std::rc::Rc;

use super::bytes::{hex, hex_bytes};
use super::decimal::{number, push_number};
use super::id::{FrameId, Lsn, PageId};
use super::state::{Cell, Cells, Counters, EngineState, FrameState, PageBody, PageState};

/// `previous` is the state before this one in the trace, if there is one.
pub fn write(state: &EngineState, previous: Option<&EngineState>) -> String {
    let mut text = String::new();
    let none = EngineState::default();
    let before = previous.unwrap_or(&none);
    let EngineState { page_size, capacity, order, frames, root, height, records, free_head, .. } = state;
    let [sizes @ .., root, free] = [*page_size, *capacity, *order, *frames, root.0, free_head.0].map(u64::from);
    push_joined(&mut text, ',', &sizes);
    text.push(',');
    push_joined(&mut text, ',', &[root, u64::from(*height), *records, free, state.random_read_ns, state.next_read_ns]);
    if !state.pages.is_empty() {
        text.push('|');
    }
    write_items(&mut text, '|', &state.pages, &before.pages, |text, page| write_page(text, page));
    text.push_str("|pool=");
    write_items(&mut text, ',', &state.pool, &before.pool, write_frame);
    text.push_str("|unsynced=");
    write_items(&mut text, ',', &state.unsynced, &before.unsynced, |text, page| push_number(text, u64::from(page.0)));
    text.push_str("|counters=");
    push_joined(&mut text, ',', &state.counters.values());
    state.parts.write(&mut text, &before.parts);
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

/// Writes items with `between` between them; those that are as in `before` are counted only.
fn write_items<T: PartialEq>(
    text: &mut String,
    between: char,
    items: &[T],
    before: &[T],
    write: impl Fn(&mut String, &T),
) {
    let mut index = 0;
    while let Some(item) = items.get(index) {
        if index > 0 {
            text.push(between);
        }
        let old = before.get(index..).unwrap_or_default();
        let same = items[index..].iter().zip(old).take_while(|(new, old)| new == old).count();
        if same > 0 {
            text.push('=');
            push_number(text, same as u64);
        } else {
            write(text, item);
        }
        index += same.max(1);
    }
}

fn write_frame(text: &mut String, frame: &FrameState) {
    push_joined(text, ':', &[frame.frame.0, frame.page.0, frame.pins].map(u64::from));
    text.push_str(if frame.dirty { ":d" } else { ":c" });
}

pub(super) fn write_page(text: &mut String, page: &PageState) {
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

/// Nothing when `text` is not a state that may follow `previous`.
pub fn read(text: &str, previous: Option<&EngineState>) -> Option<EngineState> {
    let none = EngineState::default();
    let before = previous.unwrap_or(&none);
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
        random_read_ns: number(head.next()?)?,
        next_read_ns: number(head.next()?)?,
        ..EngineState::default()
    };
    for section in sections {
        if let Some(pool) = section.strip_prefix("pool=") {
            items(pool).try_for_each(|item| read_item(item, &mut state.pool, &before.pool, read_frame))?;
        } else if let Some(pages) = section.strip_prefix("unsynced=") {
            items(pages).try_for_each(|item| read_item(item, &mut state.unsynced, &before.unsynced, read_id))?;
        } else if let Some(counters) = section.strip_prefix("counters=") {
            let values: Vec<u64> = items(counters).map(number).collect::<Option<_>>()?;
            state.counters = Counters::from_values(values.into_iter())?;
        } else if !state.parts.read(section, &before.parts)? {
            let place = state.pages.len();
            let read = |text: &str| read_page(text).filter(|page| page.page.index() == place).map(Rc::new);
            read_item(section, &mut state.pages, &before.pages, read)?;
        }
    }
    Some(state)
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|item| !item.is_empty())
}

/// Reads an item, or takes as many as it counts from `before`.
fn read_item<T: Clone>(text: &str, items: &mut Vec<T>, before: &[T], read: impl Fn(&str) -> Option<T>) -> Option<()> {
    match text.strip_prefix('=') {
        Some(count) => {
            let from = items.len();
            items.extend_from_slice(before.get(from..from.checked_add(number(count)?)?)?);
        }
        None => items.push(read(text)?),
    }
    Some(())
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

pub(super) fn read_page(text: &str) -> Option<PageState> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bytes;
    use crate::parts::lsm::{PlacedTable, TableState, Version, VersionEdit};
    use crate::parts::{LogState, LsmState};

    fn state(pages: u32) -> EngineState {
        let page = |page| {
            let mut cells = Cells::default();
            cells.push(&[page as u8], Cell { value_len: page, link: PageId::NONE });
            let body = PageBody::Leaf { prev: PageId::NONE, next: PageId(page + 1), cells };
            Rc::new(PageState { page: PageId(page), lsn: Lsn(1), used: 9, body })
        };
        let frame = |frame| FrameState { frame: FrameId(frame), page: PageId(frame), pins: 0, dirty: false };
        EngineState {
            pages: (0..pages).map(page).collect(),
            pool: (0..pages).map(frame).collect(),
            unsynced: (0..pages).map(PageId).collect(),
            ..EngineState::default()
        }
    }

    #[test]
    fn a_state_that_follows_another_tells_what_is_new() {
        let before = state(100);
        let mut after = state(101);
        Rc::make_mut(&mut after.pages[40]).lsn = Lsn(7);
        after.pool[3].dirty = true;
        after.unsynced.remove(0);
        for (state, previous) in [(&before, None), (&after, Some(&before)), (&before, Some(&after))] {
            assert_eq!(read(&write(state, previous), previous).as_ref(), Some(state));
        }
        let text = write(&before, Some(&before));
        assert!(text.contains("|=100|pool==100|unsynced==100|"), "{text}");
        let text = write(&after, Some(&before));
        assert!(text.contains("|=40|40:7:9:leaf,") && text.contains("|=59|100:1:"), "{text}");
    }

    #[test]
    fn parts_are_told_when_there_are_some_and_once() {
        let bare = state(2);
        let mut before = bare.clone();
        let table = TableState { smallest: Bytes::typed("a"), largest: Bytes::typed("z"), ..TableState::default() };
        let placed = PlacedTable { level: 1, run: 7, table: Rc::new(table) };
        let edit = VersionEdit { added: vec![placed], ..VersionEdit::default() };
        let version = Version::default().apply(&edit).unwrap();
        before.parts.lsm = Some(Rc::new(LsmState { version, ..LsmState::default() }));
        before.parts.log = Some(Rc::default());
        let mut after = before.clone();
        after.parts.log = Some(Rc::new(LogState { durable: Lsn(300), ..LogState::default() }));
        after.parts.heap = Some(Rc::default());
        after.parts.replacement = Some(Rc::default());
        for (state, previous) in
            [(&before, None), (&after, Some(&before)), (&before, Some(&after)), (&bare, Some(&after))]
        {
            assert_eq!(read(&write(state, previous), previous).as_ref(), Some(state));
        }
        assert!(!write(&bare, None).contains("lsm"));
        let text = write(&after, Some(&before));
        assert!(text.ends_with("|lsm=="), "{text}");
        assert_eq!(read(&text, Some(&bare)), None, "there was no such part before");
        assert_eq!(read(&write(&after, None).replace("|log=", "|log=!"), None), None);
        let mut again = after.clone();
        again.parts.log = Some(Rc::new((**after.parts.log.as_ref().unwrap()).clone()));
        again.share_pages(&after);
        assert!(Rc::ptr_eq(again.parts.log.as_ref().unwrap(), after.parts.log.as_ref().unwrap()));
        assert!(again.bytes_beyond(Some(&after)) < again.bytes_beyond(None));
    }

    #[test]
    fn what_was_not_there_before_cannot_be_taken_from_there() {
        let text = write(&state(3), Some(&state(3)));
        assert_eq!(read(&text, None), None);
        assert_eq!(read(&text, Some(&state(2))), None);
        assert_eq!(read(&text.replace("|=3|", "|=18446744073709551615|"), Some(&state(3))), None);
        assert_eq!(read(&text.replace("|=3|", "|=3|=18446744073709551615|"), Some(&state(3))), None);
    }
}

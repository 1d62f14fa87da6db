//! The tree described as plain data.

use std::rc::Rc;

use super::*;
use crate::journal::surviving;
use crate::page::Value;
use glassbase_trace::state::Cell;
use glassbase_trace::{Cells, EngineState, PageBody, PageState, Parts, parts::LogState};

impl Tree {
    /// The whole engine as plain data: every page in its newest version, the pool, the disk, what was counted.
    pub fn state(&self, cx: &Cx) -> EngineState {
        self.state_since(cx, None)
    }

    /// As [`Tree::state`]; pages with the LSN that they had in `previous` are taken from there. `previous` is of this
    /// very tree, and no crash and no damage came since: they change pages that keep their LSN.
    pub fn state_since(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        let before = previous.map_or(&[][..], |state| &state.pages);
        let described = |page| {
            let old = before.get(page as usize).filter(|old| self.is_as_described(old));
            old.cloned().unwrap_or_else(|| Rc::new(self.page_state(PageId(page))))
        };
        EngineState {
            page_size: self.options.page_size,
            capacity: self.capacity() as u32,
            order: self.options.order,
            frames: self.pager.pool.capacity(),
            root: self.meta.root,
            height: self.meta.height,
            records: self.meta.records,
            free_head: self.meta.free_head,
            random_read_ns: self.options.device.read_ns(self.page_size(), false),
            next_read_ns: self.options.device.read_ns(self.page_size(), true),
            pages: (0..self.page_count()).map(described).collect(),
            pool: self.pager.pool.state(),
            unsynced: self.pager.disk.unsynced().collect(),
            counters: cx.counters,
            parts: Parts { log: self.log_state(), replacement: self.pager.replacement(), ..Parts::default() },
        }
    }

    fn log_state(&self) -> Option<Rc<LogState>> {
        let disk = &self.pager.disk;
        let state = self.journal().map(|journal| journal.state(disk)).or_else(|| surviving(disk));
        state.map(Rc::new)
    }

    /// Takes the state after pages changed otherwise than by edits.
    pub(crate) fn emit_state(&self, cx: &mut Cx) {
        if !cx.recorder.is_on() {
            return cx.recorder.forget_last_state();
        }
        let mut state = self.state(cx);
        if let Some(previous) = cx.recorder.last_state() {
            state.share_pages(previous);
        }
        cx.emit(|| Event::StateTaken { state: Rc::new(state) });
    }

    /// Whether a page did not change since it was described, by its LSN alone. How long a value is stands on its
    /// overflow page, so a leaf with such values is not told by its own LSN.
    fn is_as_described(&self, old: &PageState) -> bool {
        let Some(bytes) = self.pager.peek_unchecked(old.page) else { return false };
        let kind = match &old.body {
            PageBody::Meta => PageKind::Meta,
            PageBody::Leaf { cells, .. } if cells.iter().all(|(_, cell)| cell.link.is_none()) => PageKind::Leaf,
            PageBody::Leaf { .. } => return false,
            PageBody::Inner { .. } => PageKind::Inner,
            PageBody::Overflow { .. } => PageKind::Overflow,
            PageBody::Free { .. } => PageKind::Free,
        };
        page::lsn(bytes) == old.lsn && page::kind(bytes) == Some(kind)
    }

    /// A page that makes no sense, or was never written, is described as a free one.
    pub(super) fn page_state(&self, page: PageId) -> PageState {
        let readable = self.pager.peek_unchecked(page).filter(|bytes| page::check_layout(bytes).is_ok());
        let Some(bytes) = readable else {
            return PageState { page, lsn: Lsn(0), used: 0, body: PageBody::Free { next: PageId::NONE } };
        };
        let (body, used) = match page::kind(bytes) {
            Some(PageKind::Leaf) => {
                let body =
                    PageBody::Leaf { prev: page::prev(bytes), next: page::next(bytes), cells: self.records_of(bytes) };
                (body, page::used(bytes))
            }
            Some(PageKind::Inner) => {
                let (level, leftmost) = (page::level(bytes), page::leftmost(bytes));
                (PageBody::Inner { level, leftmost, cells: children_of(bytes) }, page::used(bytes))
            }
            Some(PageKind::Overflow) => {
                let length = page::overflow_part(bytes).len() as u32;
                (PageBody::Overflow { next: page::next(bytes), length }, 0)
            }
            Some(PageKind::Meta) => (PageBody::Meta, 0),
            _ => (PageBody::Free { next: page::next(bytes) }, 0),
        };
        PageState { page, lsn: page::lsn(bytes), used, body }
    }

    fn records_of(&self, bytes: &[u8]) -> Cells {
        let mut cells = Cells::default();
        for slot in 0..page::slot_count(bytes) {
            let cell = match page::value(bytes, slot) {
                Value::Inline(value) => Cell { value_len: value.len() as u32, link: PageId::NONE },
                Value::Overflow(first) => {
                    let value_len = self.pager.peek_unchecked(first).map_or(0, page::overflow_remaining);
                    Cell { value_len, link: first }
                }
            };
            cells.push(page::key(bytes, slot), cell);
        }
        cells
    }
}

fn children_of(bytes: &[u8]) -> Cells {
    let mut cells = Cells::default();
    for slot in 0..page::slot_count(bytes) {
        cells.push(page::key(bytes, slot), Cell { value_len: 0, link: page::child(bytes, slot) });
    }
    cells
}

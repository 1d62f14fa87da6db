//! The fold proper: each event changes the state exactly as the engine did.

use std::rc::Rc;

use super::{PAGES_MAX, View, tally::Tally};
use glassbase_trace::state::Cell;
use glassbase_trace::{Cells, EngineState, Event, Lsn, PageBody, PageId, PageKind, PageState};

impl View {
    pub(super) fn fold(&mut self, event: &Event) {
        use Event::*;
        match event {
            StateTaken { state } => self.take_state(state),
            PageFormatted { page, kind, level, lsn } => self.format(*page, *kind, *level, *lsn),
            PageFreed { page, next, lsn } => {
                self.state.free_head = *page;
                self.replace_body(*page, PageBody::Free { next: *next }, *lsn);
            }
            PageReused { next, .. } => self.state.free_head = *next,
            OverflowWritten { page, next, length, lsn } => {
                self.replace_body(*page, PageBody::Overflow { next: *next, length: *length }, *lsn);
            }
            RootChanged { root, height, lsn } => {
                self.state.root = *root;
                self.state.height = *height;
                self.edit(PageId::META, *lsn, None, |_| {});
            }
            MetaWritten { records, lsn } => {
                self.state.records = *records;
                self.edit(PageId::META, *lsn, None, |_| {});
            }
            RecordCount { records } => self.state.records = *records,
            PageRestated { state } => self.replace_page(state),
            MetaRestated { root, height, free_head, records } => {
                (self.state.root, self.state.height) = (*root, *height);
                (self.state.free_head, self.state.records) = (*free_head, *records);
            }
            OperationEnded { .. } => count(&mut self.state.counters.operations),
            SplitBegun { .. } => count(&mut self.state.counters.splits),
            MergeBegun { .. } => count(&mut self.state.counters.merges),
            BorrowBegun { .. } => count(&mut self.state.counters.borrows),
            _ => self.fold_cells(event),
        }
    }

    /// The events that change cells and links inside a page.
    fn fold_cells(&mut self, event: &Event) {
        use Event::*;
        match event {
            RecordInserted { page, slot, key, value_len, overflow, used, lsn } => {
                let cell = Cell { value_len: *value_len, link: *overflow };
                self.insert(*page, *slot, key, cell, *used, *lsn);
            }
            ChildInserted { page, slot, key, child, used, lsn } => {
                self.insert(*page, *slot, key, Cell { value_len: 0, link: *child }, *used, *lsn);
            }
            RecordReplaced { page, slot, value_len, overflow, used, lsn } => {
                let cell = Cell { value_len: *value_len, link: *overflow };
                self.edit(*page, *lsn, Some(*used), |body| {
                    if let Some(cells) = cells_mut(body) {
                        cells.set(usize::from(*slot), cell);
                    }
                });
            }
            SeparatorReplaced { page, slot, key, used, lsn } => {
                self.tally.see_key(key);
                self.edit(*page, *lsn, Some(*used), |body| replace_key(body, usize::from(*slot), key));
            }
            CellRemoved { page, slot, used, lsn } => self.edit(*page, *lsn, Some(*used), |body| {
                if let Some(cells) = cells_mut(body) {
                    cells.remove(usize::from(*slot));
                }
            }),
            CellsMoved { from, from_slot, count, to, to_slot, from_used, to_used, lsn } => {
                let taken = self.take_cells(*from, usize::from(*from_slot), usize::from(*count), *from_used, *lsn);
                self.edit(*to, *lsn, Some(*to_used), |body| {
                    if let Some(cells) = cells_mut(body) {
                        cells.put(usize::from(*to_slot), &taken);
                    }
                });
            }
            LeftmostChildSet { page, child, lsn } => self.edit(*page, *lsn, None, |body| {
                if let PageBody::Inner { leftmost, .. } = body {
                    *leftmost = *child;
                }
            }),
            LeafLinked { page, prev, next, lsn } => {
                let (before, after) = (*prev, *next);
                self.edit(*page, *lsn, None, |body| {
                    if let PageBody::Leaf { prev, next, .. } = body {
                        (*prev, *next) = (before, after);
                    }
                });
            }
            PageCompacted { page, lsn, .. } => self.edit(*page, *lsn, None, |_| {}),
            _ => self.fold_pool(event),
        }
    }

    fn take_state(&mut self, state: &Rc<EngineState>) {
        let before = std::mem::replace(&mut self.state, (**state).clone());
        if state.parts.log.is_some() && state.parts.client.is_none() {
            // The engine tells of itself; its client and its disk know nothing of that.
            (self.state.parts.client, self.state.parts.medium) = (before.parts.client, before.parts.medium);
        }
        self.state.pages.truncate(PAGES_MAX);
        self.tally = Tally::of(&self.state.pages);
    }

    fn insert(&mut self, page: PageId, slot: u16, key: &[u8], cell: Cell, used: u32, lsn: Lsn) {
        self.tally.see_key(key);
        self.edit(page, lsn, Some(used), |body| {
            if let Some(cells) = cells_mut(body) {
                cells.insert(usize::from(slot), key, cell);
            }
        });
    }

    fn take_cells(&mut self, page: PageId, slot: usize, count: usize, used: u32, lsn: Lsn) -> Cells {
        let mut taken = Cells::default();
        self.edit(page, lsn, Some(used), |body| {
            if let Some(cells) = cells_mut(body) {
                taken = cells.take(slot, count);
            }
        });
        taken
    }

    fn format(&mut self, page: PageId, kind: PageKind, level: u8, lsn: Lsn) {
        let none = PageId::NONE;
        let body = match kind {
            PageKind::Meta => PageBody::Meta,
            PageKind::Leaf => PageBody::Leaf { prev: none, next: none, cells: Cells::default() },
            PageKind::Inner => PageBody::Inner { level, leftmost: none, cells: Cells::default() },
            PageKind::Overflow => PageBody::Overflow { next: none, length: 0 },
            PageKind::Free => PageBody::Free { next: none },
        };
        self.replace_body(page, body, lsn);
    }

    fn replace_body(&mut self, page: PageId, body: PageBody, lsn: Lsn) {
        self.edit(page, lsn, Some(0), |place| *place = body);
    }

    fn replace_page(&mut self, state: &PageState) {
        let PageState { page, lsn, used, ref body } = *state;
        if let Some(cells) = state.cells() {
            cells.iter().for_each(|(key, _)| self.tally.see_key(key));
        }
        self.edit(page, lsn, Some(used), |place| place.clone_from(body));
    }

    /// Changes a page, copying it first when an older view still shows it. A page that is not there is left alone.
    fn edit(&mut self, page: PageId, lsn: Lsn, used: Option<u32>, change: impl FnOnce(&mut PageBody)) {
        let Some(shared) = self.state.pages.get_mut(page.index()) else { return };
        let page = Rc::make_mut(shared);
        self.tally.remove(page);
        page.lsn = lsn;
        page.used = used.unwrap_or(page.used);
        change(&mut page.body);
        self.tally.add(page);
    }

    /// The file has `pages` pages from now on; new ones are free.
    pub(super) fn extend_file(&mut self, pages: u32) {
        let pages = (pages as usize).min(PAGES_MAX);
        for page in self.state.pages.drain(pages.min(self.state.pages.len())..) {
            self.tally.remove(&page);
        }
        for index in self.state.pages.len()..pages {
            let body = PageBody::Free { next: PageId::NONE };
            let page = PageState { page: PageId(index as u32), lsn: Lsn(0), used: 0, body };
            self.tally.add(&page);
            self.state.pages.push(Rc::new(page));
        }
    }
}

pub(super) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

fn cells_mut(body: &mut PageBody) -> Option<&mut Cells> {
    match body {
        PageBody::Leaf { cells, .. } | PageBody::Inner { cells, .. } => Some(cells),
        _ => None,
    }
}

fn replace_key(body: &mut PageBody, slot: usize, key: &[u8]) {
    let Some(cells) = cells_mut(body) else { return };
    if slot < cells.len() {
        let cell = cells.cell(slot);
        cells.remove(slot);
        cells.insert(slot, key, cell);
    }
}

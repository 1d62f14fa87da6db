//! The checker: walks the whole file, outside of virtual time, and says which invariant does not hold.

use super::*;
use glassbase_trace::parts::heap::HeapSlot;

struct Checker<'a> {
    heap: &'a Heap,
    /// By page: it is part of a chain.
    chained: Vec<bool>,
    /// By page: it was looked at.
    seen: u32,
    rows: u64,
    stubs: u64,
    moved: u64,
    free_pages: u32,
}

impl Heap {
    /// Checks every invariant of the file.
    pub fn verify(&self, cx: &mut Cx) -> Verification {
        let chained = vec![false; self.page_count() as usize];
        let mut checker = Checker { heap: self, chained, seen: 0, rows: 0, stubs: 0, moved: 0, free_pages: 0 };
        let problem = checker.check().err();
        let (pages, records) = (checker.seen, checker.rows);
        let text = problem.clone().unwrap_or_default();
        cx.emit(|| Event::Verified { pages, records, problem: text.into() });
        Verification { pages, records, problem }
    }
}

impl Checker<'_> {
    fn check(&mut self) -> Result<(), String> {
        for page in (0..self.heap.page_count()).map(PageId) {
            self.check_page(page)?;
        }
        for page in (0..self.heap.page_count()).map(PageId) {
            let is_link = layout::kind(self.read(page)?) == Some(HeapKind::Overflow);
            if is_link && !self.chained[page.index()] && !self.heap.owed.contains(&page) {
                return Err(format!("overflow page {} is lost: no row leads to it", page.0));
            }
        }
        let Meta { rows, free_pages, .. } = self.heap.meta;
        if self.rows != rows {
            return Err(format!("the pages hold {} rows, the count says {rows}", self.rows));
        }
        if self.free_pages != free_pages {
            return Err(format!("{} pages are free, the count says {free_pages}", self.free_pages));
        }
        if self.stubs != self.moved {
            return Err(format!("{} rows moved, but {} stubs lead to them", self.moved, self.stubs));
        }
        Ok(())
    }

    fn read(&self, page: PageId) -> Result<&[u8], String> {
        let bytes = self.heap.pager.peek(page).map_err(|error| error.to_string())?;
        layout::check_layout(bytes).map_err(|what| format!("page {}: {what}", page.0))?;
        if page::page_id(bytes) != page {
            return Err(format!("page {} says that it is page {}", page.0, page::page_id(bytes).0));
        }
        Ok(bytes)
    }

    fn check_page(&mut self, page: PageId) -> Result<(), String> {
        let bytes = self.read(page)?.to_vec();
        self.seen += 1;
        let kind = layout::kind(&bytes).ok_or_else(|| format!("page {} is of no kind", page.0))?;
        let by_place = match page {
            PageId::META => Some(HeapKind::Meta),
            page if self.heap.is_map(page) => Some(HeapKind::Map),
            _ => None,
        };
        let in_place = by_place.is_none() && !matches!(kind, HeapKind::Meta | HeapKind::Map);
        if by_place != Some(kind) && !in_place {
            return Err(format!("page {} is a page of kind {}, which does not belong there", page.0, kind.word()));
        }
        match kind {
            HeapKind::Meta => return Ok(()),
            HeapKind::Map => return self.check_map(page, &bytes),
            HeapKind::Free => self.free_pages += 1,
            HeapKind::Rows => self.check_rows(page, &bytes)?,
            HeapKind::Overflow => {}
        }
        self.check_class(page, &bytes)
    }

    /// Pages that are not there yet have no class.
    fn check_map(&self, map: PageId, bytes: &[u8]) -> Result<(), String> {
        let beyond = (self.heap.page_count() - map.0 - 1) as usize;
        match layout::classes(bytes).iter().skip(beyond).position(|class| *class != 0) {
            Some(entry) => Err(format!(
                "the map on page {} speaks of page {}, which is not there",
                map.0,
                map.0 as usize + 1 + beyond + entry
            )),
            None => Ok(()),
        }
    }

    fn check_class(&self, page: PageId, bytes: &[u8]) -> Result<(), String> {
        let (map, index) = self.heap.map_of(page);
        let (says, is) = (layout::classes(self.read(map)?)[index], self.heap.class_of(bytes));
        if says != is {
            return Err(format!(
                "the map on page {} gives page {} class {says}, its room is of class {is}",
                map.0, page.0
            ));
        }
        let most = self.heap.most.get(((map.0 - 1) / (self.heap.map_span() + 1)) as usize);
        if most.is_none_or(|most| *most < says) {
            return Err(format!("the most of the map on page {} is not known", map.0));
        }
        Ok(())
    }

    fn check_rows(&mut self, page: PageId, bytes: &[u8]) -> Result<(), String> {
        if layout::slot_count(bytes) == 0 {
            return Err(format!("page {} has no rows, but is not free", page.0));
        }
        self.rows += read::rows_of(bytes).count() as u64;
        for (number, slot) in layout::slots(bytes) {
            let cell = layout::cell(bytes, &slot);
            let here = RowId { page, slot: number };
            match slot.kind {
                CellKind::Free | CellKind::Row => {}
                CellKind::Stub => {
                    self.stubs += 1;
                    self.check_leads(here, layout::row_id_in(cell), CellKind::Moved)?;
                }
                CellKind::Moved => {
                    self.moved += 1;
                    self.check_leads(here, layout::row_id_in(cell), CellKind::Stub)?;
                }
                CellKind::Overflow => {
                    let (first, length) = layout::chain_in(cell);
                    self.check_chain(first, length)?;
                }
            }
        }
        Ok(())
    }

    /// A stub leads to a moved row, and that leads back.
    fn check_leads(&self, from: RowId, to: RowId, kind: CellKind) -> Result<(), String> {
        if to.page.0 >= self.heap.page_count() || to.page == from.page {
            return Err(format!("slot {} of page {} leads to page {}", from.slot, from.page.0, to.page.0));
        }
        let bytes = self.read(to.page)?;
        let rows = layout::kind(bytes) == Some(HeapKind::Rows);
        let there = if rows { layout::slot(bytes, to.slot) } else { HeapSlot::FREE };
        if there.kind != kind || layout::row_id_in(layout::cell(bytes, &there)) != from {
            let word = kind.word();
            return Err(format!(
                "slot {} of page {} should lead to a {word} cell at {to}, which leads back",
                from.slot, from.page.0
            ));
        }
        Ok(())
    }

    fn check_chain(&mut self, first: PageId, length: usize) -> Result<(), String> {
        let (mut page, mut left) = (first, length);
        while left > 0 {
            let place = self.chained.get_mut(page.index()).ok_or_else(|| format!("page {} is past the end", page.0))?;
            if std::mem::replace(place, true) {
                return Err(format!("overflow page {} is in two chains", page.0));
            }
            let bytes = self.read(page)?;
            if layout::kind(bytes) != Some(HeapKind::Overflow) {
                return Err(format!("page {} should be an overflow page", page.0));
            }
            if layout::remaining(bytes) != left {
                return Err(format!("overflow page {}: {} bytes remain, not {left}", page.0, layout::remaining(bytes)));
            }
            left -= layout::overflow_part(bytes).len();
            page = layout::next(bytes);
        }
        if !page.is_none() {
            return Err(format!("the overflow chain at page {} goes on behind its row", first.0));
        }
        Ok(())
    }
}

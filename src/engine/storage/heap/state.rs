//! The heap file described as plain data.

use super::*;
use glassbase_trace::parts::heap::{HeapDetail, HeapPage, HeapState};
use glassbase_trace::{Bytes, EngineState, PageBody, PageState};

impl Heap {
    /// The whole engine as plain data: every page in its newest version, the pool, the disk, what was counted.
    pub fn state(&self, cx: &Cx) -> EngineState {
        self.state_since(cx, None)
    }

    /// As [`Heap::state`]; pages that are as they were in `previous` are taken from there.
    pub fn state_since(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        let page = |page| {
            let body = PageBody::Free { next: PageId::NONE };
            Rc::new(PageState { page: PageId(page), lsn: Lsn(0), used: 0, body })
        };
        let mut state = EngineState {
            page_size: self.options.page_size,
            capacity: layout::capacity(self.page_size()) as u32,
            frames: self.pager.pool.capacity(),
            records: self.meta.rows,
            random_read_ns: self.options.device.read_ns(self.page_size(), false),
            next_read_ns: self.options.device.read_ns(self.page_size(), true),
            pages: (0..self.page_count()).map(page).collect(),
            pool: self.pager.pool.state(),
            unsynced: self.pager.disk.unsynced().collect(),
            counters: cx.counters,
            ..EngineState::default()
        };
        state.parts.heap = Some(Rc::new(self.heap_state(previous.and_then(|state| state.parts.heap.as_deref()))));
        state
    }

    fn heap_state(&self, previous: Option<&HeapState>) -> HeapState {
        let detailed = detailed_pages(self.options.page_size);
        let told = self.page_count().min(detailed);
        let shared = |detail: HeapDetail| match previous.and_then(|heap| heap.details.get(detail.page.index())) {
            Some(old) if **old == detail => old.clone(),
            _ => Rc::new(detail),
        };
        HeapState {
            rows: self.meta.rows,
            map_span: self.map_span(),
            class_bytes: self.class_bytes() as u32,
            detailed,
            pages: (0..self.page_count()).map(|page| self.page_state(PageId(page))).collect(),
            details: (0..told).map(|page| shared(self.detail(PageId(page)))).collect(),
            spotlight: (!self.spotlight.is_none()).then(|| Rc::new(self.detail(self.spotlight))),
        }
    }

    /// A page that makes no sense, or was never written, is described as a new one.
    fn page_state(&self, page: PageId) -> HeapPage {
        let Some((bytes, kind)) = self.sound(page) else {
            return HeapPage { class: self.known_class(page), ..HeapPage::NEW };
        };
        let rows = kind == HeapKind::Rows;
        HeapPage {
            kind,
            class: self.known_class(page),
            free: if rows { layout::total_free(bytes) as u16 } else { 0 },
            cells: if rows { layout::cells(bytes) as u16 } else { 0 },
        }
    }

    /// What the map says of a page, right or wrong.
    fn known_class(&self, page: PageId) -> u8 {
        if page == PageId::META || self.is_map(page) {
            return 0;
        }
        let (map, index) = self.map_of(page);
        self.pager.peek_unchecked(map).map_or(0, |bytes| layout::classes(bytes)[index])
    }

    /// The bytes of a page whose layout makes sense.
    fn sound(&self, page: PageId) -> Option<(&[u8], HeapKind)> {
        let bytes = self.pager.peek_unchecked(page).filter(|bytes| layout::check_layout(bytes).is_ok())?;
        Some((bytes, layout::kind(bytes)?))
    }

    fn detail(&self, page: PageId) -> HeapDetail {
        let mut detail = HeapDetail::new(page, 0);
        detail.bytes = Bytes::from(self.pager.peek_unchecked(page).unwrap_or_default());
        if let Some((bytes, kind)) = self.sound(page) {
            detail.kind = kind;
            detail.lsn = page::lsn(bytes);
            if kind == HeapKind::Rows {
                detail.end = layout::free_end(bytes) as u16;
                detail.garbage = layout::garbage(bytes) as u16;
                detail.slots = layout::slots(bytes).map(|(_, slot)| slot).collect();
            }
            if kind == HeapKind::Overflow {
                (detail.next, detail.remaining) = (layout::next(bytes), layout::remaining(bytes) as u32);
            }
        }
        detail
    }

    /// A pinned page is used: when it is not told in detail anyway, it is from now on, and the one before is not any more.
    /// Where nobody watches, none is.
    #[inline]
    pub(super) fn shine(&mut self, cx: &mut Cx, frame: FrameId) {
        let page = self.pager.pool.frame(frame).page;
        if !cx.recorder.is_on() {
            self.spotlight = PageId::NONE;
        } else if !self.is_told(page) {
            self.spotlight = page;
            if self.pager.pool.frame(frame).dirty {
                page::seal(self.pager.page_mut(cx, frame));
            }
            cx.emit(|| Event::HeapShown { detail: Rc::new(self.detail(page)) });
        }
    }

    /// Gives the pages that are told in detail their checksums, after changes that nobody watched: to be called before the
    /// state is described. At each change it would be a checksum of the whole map for every row.
    pub fn seal_told(&mut self) {
        let told = PageId(detailed_pages(self.options.page_size));
        for frame in self.pager.pool.dirty() {
            let held = self.pager.pool.frame_mut(frame);
            if held.page < told {
                page::seal(Rc::make_mut(&mut held.bytes));
            }
        }
    }

    /// Takes the state after pages changed otherwise than by edits.
    pub(super) fn emit_state(&self, cx: &mut Cx) {
        if !cx.recorder.is_on() {
            return cx.recorder.forget_last_state();
        }
        let mut state = self.state_since(cx, cx.recorder.last_state());
        if let Some(previous) = cx.recorder.last_state() {
            state.share_pages(previous);
        }
        cx.emit(|| Event::StateTaken { state: Rc::new(state) });
    }
}

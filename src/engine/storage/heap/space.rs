//! The free-space map, and pages taken and given up.
//!
//! ```text
//!   page 0   page 1    page 2 … 1+span    page 2+span   …
//!   meta     map ─────▶ one byte each      map ─────────▶
//!
//!   class 0          nothing fits, or no page of rows
//!   class c          at least c × class bytes for a new cell and, if it must have one, its slot
//!   class 255        the page is free
//! ```
//!
//! Where the map's pages stand is a rule, so the byte of a page is found without a search. The map is kept exact: each
//! operation sets the byte of each page that it changed.

use super::*;
use glassbase_sim::DiskError;

/// In the map: the page is free.
pub const CLASS_FREE: u8 = u8::MAX;

impl Heap {
    /// Pages that one page of the map speaks of.
    pub(super) fn map_span(&self) -> u32 {
        layout::capacity(self.page_size()) as u32
    }

    /// Bytes of one step of the classes: so many that the room of an empty page is below [`CLASS_FREE`].
    pub(super) fn class_bytes(&self) -> usize {
        layout::capacity(self.page_size()).div_ceil(usize::from(CLASS_FREE) - 1)
    }

    /// The class of a page, which is what the map has to say of it.
    pub(super) fn class_of(&self, page: &[u8]) -> u8 {
        match layout::kind(page) {
            Some(HeapKind::Rows) => (layout::room(page) / self.class_bytes()) as u8,
            Some(HeapKind::Free) => CLASS_FREE,
            _ => 0,
        }
    }

    /// The page of the map that speaks of `page`, and the index of its byte there.
    pub(super) fn map_of(&self, page: PageId) -> (PageId, usize) {
        let index = (page.0 - 1) / (self.map_span() + 1);
        let map = 1 + index * (self.map_span() + 1);
        (PageId(map), (page.0 - map) as usize - 1)
    }

    pub(super) fn is_map(&self, page: PageId) -> bool {
        page.0 > 0 && (page.0 - 1).is_multiple_of(self.map_span() + 1)
    }

    fn map_page(&self, index: usize) -> PageId {
        PageId(1 + index as u32 * (self.map_span() + 1))
    }

    /// Pins the page of the map that speaks of `page`.
    pub(super) fn fetch_map(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        let map = self.map_of(page).0;
        let frame = self.pager.fetch(cx, map)?;
        if layout::kind(self.pager.page(frame)) == Some(HeapKind::Map) {
            return Ok(frame);
        }
        self.pager.unpin(cx, frame);
        Err(StorageError::Corrupt { page: map, what: "a page of the free-space map is expected here".to_string() })
    }

    /// Brings the map up to date on a pinned page, which becomes free when it has no rows left. Unpins both.
    pub(super) fn settle(&mut self, cx: &mut Cx, frame: FrameId, map: FrameId) {
        let bytes = self.pager.page(frame);
        if layout::is_rows(bytes) && layout::slot_count(bytes) == 0 {
            self.format(cx, frame, HeapKind::Free);
            self.meta.free_pages += 1;
        }
        let class = self.class_of(self.pager.page(frame));
        self.set_class(cx, map, self.pager.pool.frame(frame).page, class);
        self.pager.unpin(cx, frame);
        self.pager.unpin(cx, map);
    }

    fn set_class(&mut self, cx: &mut Cx, map_frame: FrameId, page: PageId, class: u8) {
        let (map, index) = self.map_of(page);
        if layout::classes(self.pager.page(map_frame))[index] == class {
            return;
        }
        let most =
            &mut self.most[((map.0 - 1) / (layout::capacity(self.options.page_size as usize) as u32 + 1)) as usize];
        *most = class.max(*most);
        let edit = |bytes: &mut [u8]| layout::set_class(bytes, index, class);
        self.change(cx, map_frame, edit, |(), _, lsn, patch| Event::HeapMapSet { map, page, class, lsn, patch });
    }

    /// A page of rows with room for a cell of so many bytes, pinned, with its page of the map: the one that the last row went
    /// to, one that the map names, or a new one.
    pub(super) fn page_with_room(&mut self, cx: &mut Cx, length: usize) -> Result<(FrameId, FrameId), StorageError> {
        if !self.target.is_none() {
            let frame = self.pager.fetch(cx, self.target)?;
            if self.has_room(frame, length) {
                let map = self.fetch_map(cx, self.target)?;
                return Ok((frame, map));
            }
            self.pager.unpin(cx, frame);
        }
        let class = layout::space_of(length).div_ceil(self.class_bytes()) as u8;
        // What the map says too much of is put right, so each turn but the last makes it truer.
        for _ in 0..=self.page_count() {
            let Some((page, map)) = self.search_map(cx, class)? else { break };
            let free = layout::classes(self.pager.page(map))[self.map_of(page).1] == CLASS_FREE;
            let frame = self.pager.fetch(cx, page)?;
            if free && self.take_free(cx, frame) {
                self.format(cx, frame, HeapKind::Rows);
            }
            if self.has_room(frame, length) {
                self.target = page;
                return Ok((frame, map));
            }
            self.correct(cx, frame, map);
        }
        self.reserve(cx, 1)?;
        let (frame, map) = self.extend(cx)?;
        self.format(cx, frame, HeapKind::Rows);
        self.target = self.pager.pool.frame(frame).page;
        Ok((frame, map))
    }

    fn has_room(&self, frame: FrameId, length: usize) -> bool {
        let bytes = self.pager.page(frame);
        layout::is_rows(bytes) && layout::room(bytes) >= layout::space_of(length)
    }

    /// A page of at least this class, with its page of the map pinned: the first in the file after the map's page that the last
    /// row went to, one with rows before a free one.
    fn search_map(&mut self, cx: &mut Cx, class: u8) -> Result<Option<(PageId, FrameId)>, StorageError> {
        let maps = self.most.len();
        let start = if self.target.is_none() { 0 } else { (self.target.0 - 1) / (self.map_span() + 1) };
        for step in 0..maps {
            let index = (start as usize + step) % maps;
            if self.most[index] < class {
                continue;
            }
            let map = self.map_page(index);
            let frame = self.fetch_map(cx, PageId(map.0 + 1))?;
            let classes = layout::classes(self.pager.page(frame));
            let with_rows = classes.iter().position(|known| (class..CLASS_FREE).contains(known));
            let found = with_rows.or_else(|| classes.iter().position(|known| *known >= class));
            if found.is_none() {
                self.most[index] = classes.iter().copied().max().unwrap_or(0);
            }
            let found = found.map_or(PageId::NONE, |entry| PageId(map.0 + 1 + entry as u32));
            cx.emit(|| Event::HeapMapSearched { map, class, found });
            if !found.is_none() && found.0 < self.page_count() {
                return Ok(Some((found, frame)));
            }
            self.pager.unpin(cx, frame);
        }
        Ok(None)
    }

    /// A page to be formatted, pinned, with its page of the map: a free one or one at the end of the file. It was reserved.
    pub(super) fn allocate(&mut self, cx: &mut Cx) -> Result<(FrameId, FrameId), StorageError> {
        for _ in 0..=self.page_count() {
            let Some((page, map)) = self.search_map(cx, CLASS_FREE)? else { break };
            let frame = self.pager.fetch(cx, page)?;
            if self.take_free(cx, frame) {
                return Ok((frame, map));
            }
            self.correct(cx, frame, map);
        }
        self.extend(cx)
    }

    /// Takes a pinned page that the map calls free, if it is: in a file that a crash has damaged there may be rows on it.
    fn take_free(&mut self, cx: &mut Cx, frame: FrameId) -> bool {
        if layout::kind(self.pager.page(frame)) != Some(HeapKind::Free) {
            return false;
        }
        self.meta.free_pages = self.meta.free_pages.saturating_sub(1);
        self.shine(cx, frame);
        true
    }

    /// The map says too much of a pinned page: it is put right. Unpins both.
    fn correct(&mut self, cx: &mut Cx, frame: FrameId, map: FrameId) {
        let class = self.class_of(self.pager.page(frame));
        self.set_class(cx, map, self.pager.pool.frame(frame).page, class);
        self.pager.unpin(cx, frame);
        self.pager.unpin(cx, map);
    }

    /// Adds a page at the end of the file, and a page of the map before it when it is due.
    fn extend(&mut self, cx: &mut Cx) -> Result<(FrameId, FrameId), StorageError> {
        if self.is_map(PageId(self.page_count())) {
            self.extend_map(cx)?;
        }
        let map = self.fetch_map(cx, PageId(self.page_count()))?;
        let page = self.pager.disk.extend(cx)?;
        let frame = self.pager.create(cx, page)?;
        self.shine(cx, frame);
        Ok((frame, map))
    }

    /// Adds a page of the map at the end of the file.
    pub(super) fn extend_map(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let page = self.pager.disk.extend(cx)?;
        debug_assert!(self.is_map(page));
        let frame = self.pager.create(cx, page)?;
        self.format(cx, frame, HeapKind::Map);
        self.pager.unpin(cx, frame);
        self.most.push(0);
        Ok(())
    }

    /// Makes sure of `needed` pages before anything is changed.
    pub(super) fn reserve(&mut self, cx: &mut Cx, needed: u32) -> Result<(), StorageError> {
        let Some(left) = self.pager.disk.pages_left() else { return Ok(()) };
        let mut pages = needed.saturating_sub(self.meta.free_pages);
        let mut end = self.page_count();
        while pages > 0 {
            pages -= u32::from(!self.is_map(PageId(end)));
            end += 1;
        }
        if end - self.page_count() <= left {
            return Ok(());
        }
        let error = StorageError::from(DiskError::Full { capacity: self.options.disk_pages });
        cx.emit(|| Event::DiskFault { text: error.to_string().into() });
        Err(error)
    }

    /// Gives pages up. What cannot be given up now, because the disk does not read a page of the map, is owed: the row is
    /// gone all the same, and the next operation tries again.
    pub(super) fn give_up(&mut self, cx: &mut Cx, pages: Vec<PageId>) {
        self.owed.extend(pages.into_iter().rev());
        self.pay(cx);
    }

    /// Gives up what is owed, as far as that can be done.
    pub(super) fn pay(&mut self, cx: &mut Cx) {
        while let Some(page) = self.owed.last().copied() {
            if self.give_up_page(cx, page).is_err() {
                return;
            }
            self.owed.pop();
        }
    }

    /// The page's content is known not to be needed, so it is not read.
    fn give_up_page(&mut self, cx: &mut Cx, page: PageId) -> Result<(), StorageError> {
        let map = self.fetch_map(cx, page)?;
        let frame = match self.pager.create(cx, page) {
            Ok(frame) => frame,
            Err(error) => {
                self.pager.unpin(cx, map);
                return Err(error);
            }
        };
        self.shine(cx, frame);
        self.format(cx, frame, HeapKind::Free);
        self.meta.free_pages += 1;
        self.settle(cx, frame, map);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map that a crash left behind its pages must not cost rows.
    #[test]
    fn a_page_with_rows_that_the_map_calls_free_is_not_formatted() {
        for length in [30, 2000] {
            let mut cx = Cx::new(1);
            let options = Options { page_size: 512, frames: 8, ..Options::default() };
            let mut heap = Heap::create(&mut cx, &options).unwrap();
            let rows: Vec<RowId> = (0..60u8).map(|row| heap.insert(&mut cx, &[row; 30]).unwrap()).collect();
            for page in rows.iter().map(|row| row.page) {
                let map = heap.fetch_map(&mut cx, page).unwrap();
                heap.set_class(&mut cx, map, page, CLASS_FREE);
                heap.pager.unpin(&mut cx, map);
            }
            heap.target = PageId::NONE;
            let added: Vec<RowId> = (0..20).map(|_| heap.insert(&mut cx, &vec![99; length]).unwrap()).collect();
            for (number, row) in rows.iter().enumerate() {
                assert_eq!(heap.get(&mut cx, *row).unwrap(), Some(vec![number as u8; 30]));
            }
            for row in &added {
                assert_eq!(heap.get(&mut cx, *row).unwrap(), Some(vec![99; length]));
            }
        }
    }
}

//! Pages come from the free list, or from the end of the file; pages given up join the list.
//!
//! ```text
//!   meta: first free ─▶ page 9 ─▶ page 4 ─▶ page 17 ─▶ none
//! ```

use super::*;
use glassbase_sim::DiskError;

impl Tree {
    /// Pages of the file that are free.
    pub fn free_pages(&self) -> u32 {
        self.meta.free_count
    }

    /// A page to be formatted, pinned.
    pub(super) fn allocate(&mut self, cx: &mut Cx) -> Result<(PageId, FrameId), StorageError> {
        let page = self.meta.free_head;
        if page.is_none() {
            let page = self.next_page(cx)?;
            let frame = self.pager.create(cx, page)?;
            return Ok((page, frame));
        }
        let frame = self.pager.fetch(cx, page)?;
        let bytes = self.pager.page(frame);
        if page::kind(bytes) != Some(PageKind::Free) {
            self.pager.unpin(cx, frame);
            return Err(StorageError::Corrupt { page, what: "it is in the free list, but in use".to_string() });
        }
        let next = page::next(bytes);
        self.meta.free_head = next;
        self.meta.free_count = self.meta.free_count.saturating_sub(1);
        cx.emit(|| Event::PageReused { page, next });
        self.log_meta(cx)?;
        Ok((page, frame))
    }

    /// A page at the end of the file. Under a log there may be pages behind those in use: the file was made longer by
    /// what did not outlive a crash, or was taken back.
    fn next_page(&mut self, cx: &mut Cx) -> Result<PageId, StorageError> {
        if !self.is_logged() {
            return Ok(self.pager.disk.extend(cx)?);
        }
        let page = PageId(self.meta.pages_used);
        if page.0 == self.page_count() {
            self.pager.disk.extend(cx)?;
        }
        self.meta.pages_used += 1;
        self.log_meta(cx)?;
        Ok(page)
    }

    /// Puts a pinned page into the free list and unpins it.
    pub(super) fn free(&mut self, cx: &mut Cx, frame: FrameId) -> Result<(), StorageError> {
        let page = self.pager.pool.frame(frame).page;
        let next = self.meta.free_head;
        // In a tree that a crash has damaged a page may be reached in two ways: what is in use otherwise stays.
        if page == PageId::META || page == self.meta.root || page == next {
            self.pager.unpin(cx, frame);
            return Ok(());
        }
        let edit = Edit::Format { kind: PageKind::Free, level: 0, next, prev: PageId::NONE };
        self.change(cx, frame, edit, |_, lsn| Event::PageFreed { page, next, lsn });
        self.meta.free_head = page;
        self.meta.free_count += 1;
        self.pager.unpin(cx, frame);
        self.log_meta(cx)
    }

    /// Pages that can still be had; none: no limit.
    pub(super) fn pages_available(&self) -> Option<u32> {
        match self.journal() {
            None => self.pager.disk.pages_left().map(|left| left + self.meta.free_count),
            Some(journal) => self.bytes_for_log().map(|bytes| {
                let reserve = if journal.is_undoing() { 0 } else { self.log_to_insert(0) + self.log_reserve() };
                let unused = self.page_count().saturating_sub(self.meta.pages_used);
                let pages = (bytes.saturating_sub(reserve) / self.page_size() as u64) as u32;
                (pages + unused + self.meta.free_count).saturating_sub(journal.pages_for_undo(self.meta.height))
            }),
        }
    }

    /// Makes sure of `needed` pages before anything is changed.
    pub(super) fn reserve(&mut self, cx: &mut Cx, needed: u32) -> Result<(), StorageError> {
        let checked = self.check_pages(needed);
        if let Err(error @ StorageError::Disk(_)) = &checked {
            cx.emit(|| Event::DiskFault { text: error.to_string().into() });
        }
        checked
    }

    /// Whether `needed` pages can be had.
    pub(super) fn can_have(&self, needed: u32) -> bool {
        self.check_pages(needed).is_ok()
    }

    /// Checks that so many pages can be had, that those in the free list are sound, and that the meta page is readable,
    /// which a new root will be written to.
    fn check_pages(&self, needed: u32) -> Result<(), StorageError> {
        if self.pages_available().is_some_and(|available| available < needed) {
            return Err(DiskError::Full { capacity: self.options.disk_pages }.into());
        }
        self.pager.peek(PageId::META)?;
        let mut page = self.meta.free_head;
        for _ in 0..needed {
            if page.is_none() {
                break;
            }
            let bytes = self.pager.peek(page)?;
            if page::kind(bytes) != Some(PageKind::Free) {
                return Err(StorageError::Corrupt { page, what: "it is in the free list, but in use".to_string() });
            }
            page = page::next(bytes);
        }
        Ok(())
    }
}

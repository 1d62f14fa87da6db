//! Long values: chains of overflow pages.
//!
//! ```text
//!   leaf cell ─▶ overflow page 12 ─▶ overflow page 13 ─▶ overflow page 20
//!                (9000 bytes to go)  (844 to go)          …
//! ```

use super::*;

impl Tree {
    /// Pages that a value of this length takes.
    pub(super) fn overflow_pages(&self, value_len: usize) -> u32 {
        value_len.div_ceil(self.capacity()) as u32
    }

    /// Writes a value to a chain of its own; returns the first page. The pages were reserved.
    pub(super) fn write_overflow(&mut self, cx: &mut Cx, value: &[u8]) -> Result<PageId, StorageError> {
        let mut next = PageId::NONE;
        let parts = value.chunks(self.capacity());
        let mut remaining = 0;
        // From the last part to the first, because a page names the one behind it.
        for part in parts.rev() {
            let (page, frame) = self.allocate(cx)?;
            self.format(cx, frame, PageKind::Overflow, 0);
            remaining += part.len() as u32;
            let edit = Edit::WriteOverflow { next, remaining, part };
            let length = part.len() as u32;
            self.change(cx, frame, edit, |_, lsn| Event::OverflowWritten { page, next, length, lsn });
            self.pager.unpin(cx, frame);
            next = page;
        }
        Ok(next)
    }

    pub(super) fn read_overflow(&mut self, cx: &mut Cx, first: PageId) -> Result<Vec<u8>, StorageError> {
        let mut value = Vec::new();
        let mut total = None;
        let mut page = first;
        while !page.is_none() {
            let frame = self.fetch_overflow(cx, page)?;
            let bytes = self.pager.page(frame);
            let total = *total.get_or_insert(page::overflow_remaining(bytes) as usize);
            value.extend_from_slice(page::overflow_part(bytes));
            let next = page::next(bytes);
            self.pager.unpin(cx, frame);
            if value.len() > total {
                return Err(StorageError::Corrupt {
                    page,
                    what: "the overflow chain is longer than its value".to_string(),
                });
            }
            page = next;
        }
        if total != Some(value.len()) {
            let what = format!("the overflow chain ends after {} bytes", value.len());
            return Err(StorageError::Corrupt { page: first, what });
        }
        Ok(value)
    }

    /// Makes sure that a chain can be given up, outside of virtual time.
    pub(super) fn check_overflow(&self, first: PageId) -> Result<(), StorageError> {
        let mut page = first;
        for _ in 0..=self.page_count() {
            if page.is_none() {
                return Ok(());
            }
            let bytes = self.pager.peek(page)?;
            if page::kind(bytes) != Some(PageKind::Overflow) {
                return Err(StorageError::Corrupt { page, what: "an overflow page is expected here".to_string() });
            }
            page = page::next(bytes);
        }
        Err(StorageError::Corrupt { page: first, what: "the overflow chain is a loop".to_string() })
    }

    /// Gives the pages of a chain up.
    pub(super) fn free_overflow(&mut self, cx: &mut Cx, first: PageId) -> Result<(), StorageError> {
        let mut page = first;
        while !page.is_none() {
            let frame = self.fetch_overflow(cx, page)?;
            page = page::next(self.pager.page(frame));
            self.free(cx, frame)?;
        }
        Ok(())
    }

    fn fetch_overflow(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        let frame = self.pager.fetch(cx, page)?;
        if page::kind(self.pager.page(frame)) == Some(PageKind::Overflow) {
            return Ok(frame);
        }
        self.pager.unpin(cx, frame);
        Err(StorageError::Corrupt { page, what: "an overflow page is expected here".to_string() })
    }
}

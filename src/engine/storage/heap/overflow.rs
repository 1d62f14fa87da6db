//! Long rows: chains of overflow pages.
//!
//! ```text
//!   cell ─▶ overflow page 12 ─▶ overflow page 13 ─▶ overflow page 20
//!           (9000 bytes to go)  (844 to go)          …
//! ```

use super::*;

impl Heap {
    /// Writes a row to a chain of its own; returns the first page. On an error what was written is given up.
    pub(super) fn write_chain(&mut self, cx: &mut Cx, row: &[u8]) -> Result<PageId, StorageError> {
        let pages = row.len().div_ceil(layout::capacity(self.page_size())) as u32;
        self.reserve(cx, pages)?;
        let mut next = PageId::NONE;
        let mut remaining = 0;
        // From the last part to the first, because a page names the one behind it.
        for part in row.chunks(layout::capacity(self.page_size())).rev() {
            remaining += part.len();
            match self.write_link(cx, next, remaining, part) {
                Ok(page) => next = page,
                Err(error) => {
                    // What cannot be given up now is lost, which the checker tells.
                    let _ = self.free_chain(cx, next);
                    return Err(error);
                }
            }
        }
        Ok(next)
    }

    fn write_link(&mut self, cx: &mut Cx, next: PageId, remaining: usize, part: &[u8]) -> Result<PageId, StorageError> {
        let (frame, map) = self.allocate(cx)?;
        let page = self.pager.pool.frame(frame).page;
        self.format(cx, frame, HeapKind::Overflow);
        let edit = |bytes: &mut [u8]| layout::put_overflow(bytes, next, remaining, part);
        let (remaining, length) = (remaining as u32, part.len() as u32);
        self.change(cx, frame, edit, |(), _, lsn, patch| Event::HeapOverflowWritten {
            page,
            next,
            remaining,
            length,
            lsn,
            patch,
        });
        self.settle(cx, frame, map);
        Ok(page)
    }

    /// Appends the row that begins at `first` and has `length` bytes.
    pub(super) fn read_chain(
        &mut self,
        cx: &mut Cx,
        first: PageId,
        length: usize,
        row: &mut Vec<u8>,
    ) -> Result<(), StorageError> {
        let mut page = first;
        while row.len() < length {
            let frame = self.fetch_link(cx, page)?;
            let bytes = self.pager.page(frame);
            if layout::remaining(bytes) != length - row.len() {
                let what = format!(
                    "{} bytes of the row follow from here on, not what the one before says",
                    layout::remaining(bytes)
                );
                return Err(StorageError::Corrupt { page, what });
            }
            let part = layout::overflow_part(bytes);
            row.extend_from_slice(part);
            let (next, part) = (layout::next(bytes), part.len() as u32);
            cx.emit(|| Event::HeapOverflowRead { page, next, length: part });
            self.pager.unpin(cx, frame);
            page = next;
        }
        Ok(())
    }

    /// Makes sure that a chain can be given up, outside of virtual time.
    pub(super) fn check_chain(&self, first: PageId) -> Result<(), StorageError> {
        let mut page = first;
        for _ in 0..=self.page_count() {
            if page.is_none() {
                return Ok(());
            }
            let bytes = self.pager.peek(page)?;
            if layout::kind(bytes) != Some(HeapKind::Overflow) {
                return Err(not_a_link(page));
            }
            self.pager.peek(self.map_of(page).0)?;
            page = layout::next(bytes);
        }
        Err(StorageError::Corrupt { page: first, what: "the overflow chain is a loop".to_string() })
    }

    /// Gives the pages of a chain up.
    pub(super) fn free_chain(&mut self, cx: &mut Cx, first: PageId) -> Result<(), StorageError> {
        let mut page = first;
        while !page.is_none() {
            let frame = self.fetch_link(cx, page)?;
            page = layout::next(self.pager.page(frame));
            self.give_up(cx, frame)?;
        }
        Ok(())
    }

    fn fetch_link(&mut self, cx: &mut Cx, page: PageId) -> Result<FrameId, StorageError> {
        let frame = self.pager.fetch(cx, page)?;
        self.shine(cx, frame);
        if layout::kind(self.pager.page(frame)) == Some(HeapKind::Overflow) {
            return Ok(frame);
        }
        self.pager.unpin(cx, frame);
        Err(not_a_link(page))
    }
}

fn not_a_link(page: PageId) -> StorageError {
    StorageError::Corrupt { page, what: "an overflow page is expected here".to_string() }
}

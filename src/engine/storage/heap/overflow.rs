//! Long rows: chains of overflow pages.
//!
//! ```text
//!   cell ─▶ overflow page 12 ─▶ overflow page 13 ─▶ overflow page 20
//!           (9000 bytes to go)  (844 to go)          …
//! ```

use super::*;

impl Heap {
    /// Writes a row to a chain of its own; returns its pages in order. On an error what was written is given up.
    pub(super) fn write_chain(&mut self, cx: &mut Cx, row: &[u8]) -> Result<Vec<PageId>, StorageError> {
        let parts = row.chunks(layout::capacity(self.page_size()));
        self.reserve(cx, parts.len() as u32)?;
        let mut pages = Vec::with_capacity(parts.len());
        let mut remaining = 0;
        // From the last part to the first, because a page names the one behind it.
        for part in parts.rev() {
            remaining += part.len();
            let next = pages.last().copied().unwrap_or(PageId::NONE);
            match self.write_link(cx, next, remaining, part) {
                Ok(page) => pages.push(page),
                Err(error) => {
                    self.pager.release_all(cx);
                    self.give_up(cx, pages);
                    return Err(error);
                }
            }
        }
        pages.reverse();
        Ok(pages)
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

    /// The pages of a chain, read one after the other because each names the next. From then on they can be given up
    /// without being read.
    pub(super) fn links(&mut self, cx: &mut Cx, first: PageId) -> Result<Vec<PageId>, StorageError> {
        let mut pages = Vec::new();
        let mut page = first;
        while !page.is_none() {
            if pages.len() as u32 > self.page_count() {
                return Err(StorageError::Corrupt { page: first, what: "the overflow chain is a loop".to_string() });
            }
            let frame = self.fetch_link(cx, page)?;
            pages.push(page);
            page = layout::next(self.pager.page(frame));
            self.pager.unpin(cx, frame);
        }
        Ok(pages)
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

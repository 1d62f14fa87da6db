//! New rows.

use super::*;

impl Heap {
    /// Puts a row in; returns its id, which stays true until the row is deleted.
    pub fn insert(&mut self, cx: &mut Cx, row: &[u8]) -> Result<RowId, StorageError> {
        self.check_length(row)?;
        let (_, id, _) = self.operate(cx, HeapOperation::Insert, RowId::NONE, row.len(), |heap, cx| {
            let id = heap.insert_cell(cx, row)?;
            heap.meta.rows += 1;
            Ok((Outcome::Inserted, id, 1))
        })?;
        Ok(id)
    }

    fn insert_cell(&mut self, cx: &mut Cx, row: &[u8]) -> Result<RowId, StorageError> {
        if row.len() <= inline_max(self.page_size()) {
            return self.place(cx, CellKind::Row, &[], row);
        }
        let pages = self.write_chain(cx, row)?;
        let placed = self.place(cx, CellKind::Overflow, &layout::chain_bytes(pages[0], row.len()), &[]);
        if placed.is_err() {
            self.pager.release_all(cx);
            self.give_up(cx, pages);
        }
        placed
    }

    /// Puts a new cell into a page that has room for it.
    pub(super) fn place(
        &mut self,
        cx: &mut Cx,
        kind: CellKind,
        head: &[u8],
        body: &[u8],
    ) -> Result<RowId, StorageError> {
        let (frame, map) = self.page_with_room(cx, head.len() + body.len())?;
        self.shine(cx, frame);
        let page = self.pager.pool.frame(frame).page;
        let slot = layout::next_slot(self.pager.page(frame));
        self.put_cell(cx, frame, slot, kind, head, body);
        self.settle(cx, frame, map);
        Ok(RowId { page, slot })
    }

    pub(super) fn check_length(&self, row: &[u8]) -> Result<(), StorageError> {
        match row.len() {
            length if length > ROW_BYTES_MAX => Err(StorageError::ValueTooLong { length, max: ROW_BYTES_MAX }),
            _ => Ok(()),
        }
    }
}

//! Rows taken out.

use super::*;

impl Heap {
    /// Takes a row out; false when there is none of that id. Its slot goes to the next row that comes to the page.
    pub fn delete(&mut self, cx: &mut Cx, row: RowId) -> Result<bool, StorageError> {
        let (outcome, _, _) = self.operate(cx, HeapOperation::Delete, row, 0, |heap, cx| {
            let Some(at) = heap.locate(cx, row)? else { return Ok((Outcome::Absent, row, 0)) };
            let chain = heap.chain_of(cx, &at)?;
            let map = heap.fetch_map(cx, row.page)?;
            let moved = match at.moved {
                Some(place) => Some((place, heap.fetch_map(cx, place.id.page)?)),
                None => None,
            };
            heap.free_slot(cx, at.home, row.slot);
            heap.settle(cx, at.home, map);
            if let Some((place, map)) = moved {
                heap.free_slot(cx, place.frame, place.id.slot);
                heap.settle(cx, place.frame, map);
            }
            heap.meta.rows -= 1;
            heap.give_up(cx, chain);
            Ok((Outcome::Deleted, row, 1))
        })?;
        Ok(outcome == Outcome::Deleted)
    }

    /// The pages of the chain that holds a row; none when the row is in a page of rows.
    pub(super) fn chain_of(&mut self, cx: &mut Cx, at: &read::Located) -> Result<Vec<PageId>, StorageError> {
        if at.slot.kind != CellKind::Overflow {
            return Ok(Vec::new());
        }
        let first = layout::chain_in(layout::cell(self.pager.page(at.home), &at.slot)).0;
        self.links(cx, first)
    }
}

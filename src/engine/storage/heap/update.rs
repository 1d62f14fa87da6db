//! Rows that change: in their place, to another place of their page, to another page.
//!
//! ```text
//!   fits where it is            overwrite; what is left over is garbage
//!   fits in its page            another place there, after compaction if it must
//!   had moved, fits at home     back to the place by which it is known
//!   else                        to another page; the stub at home says where
//! ```

use super::read::{Located, Place};
use super::*;

impl Heap {
    /// Gives a row new bytes; false when there is none of that id. The id stays.
    pub fn update(&mut self, cx: &mut Cx, row: RowId, bytes: &[u8]) -> Result<bool, StorageError> {
        self.check_length(bytes)?;
        let (outcome, _, _) = self.operate(cx, HeapOperation::Update, row, bytes.len(), |heap, cx| {
            let Some(at) = heap.locate(cx, row)? else { return Ok((Outcome::Absent, row, 0)) };
            let chain = heap.chain_of(cx, &at)?;
            let map = heap.fetch_map(cx, row.page)?;
            let moved = match at.moved {
                Some(place) => Some((place, heap.fetch_map(cx, place.id.page)?)),
                None => None,
            };
            heap.rewrite(cx, row, &at, bytes)?;
            heap.settle(cx, at.home, map);
            if let Some((place, map)) = moved {
                heap.settle(cx, place.frame, map);
            }
            heap.give_up(cx, chain);
            Ok((Outcome::Replaced, row, 1))
        })?;
        Ok(outcome == Outcome::Replaced)
    }

    /// Does it, with all pages pinned. An error comes before the first change.
    fn rewrite(&mut self, cx: &mut Cx, row: RowId, at: &Located, bytes: &[u8]) -> Result<(), StorageError> {
        if bytes.len() > inline_max(self.page_size()) {
            let pages = self.write_chain(cx, bytes)?;
            let cell = layout::chain_bytes(pages[0], bytes.len());
            self.put_cell(cx, at.home, row.slot, CellKind::Overflow, &cell, &[]);
            self.leave(cx, at.moved);
            return Ok(());
        }
        let home_id = layout::row_id_bytes(row);
        if let Some(place) = at.moved {
            let there = self.pager.page(place.frame);
            if layout::fits(there, place.id.slot, layout::ROW_ID_BYTES + bytes.len()) {
                self.put_cell(cx, place.frame, place.id.slot, CellKind::Moved, &home_id, bytes);
                return Ok(());
            }
        }
        if layout::fits(self.pager.page(at.home), row.slot, bytes.len()) {
            self.put_cell(cx, at.home, row.slot, CellKind::Row, &[], bytes);
            if let Some(place) = at.moved {
                cx.emit(|| Event::HeapCameHome { row, from: place.id });
            }
            self.leave(cx, at.moved);
            return Ok(());
        }
        let to = self.place(cx, CellKind::Moved, &home_id, bytes)?;
        let from = at.moved.map_or(row, |place| place.id);
        cx.emit(|| Event::HeapForwarded { row, from, to });
        self.put_cell(cx, at.home, row.slot, CellKind::Stub, &layout::row_id_bytes(to), &[]);
        self.leave(cx, at.moved);
        Ok(())
    }

    /// Takes the row out of the page that it had moved to.
    fn leave(&mut self, cx: &mut Cx, moved: Option<Place>) {
        if let Some(place) = moved {
            self.free_slot(cx, place.frame, place.id.slot);
        }
    }
}

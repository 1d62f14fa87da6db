//! Look-ups by row id, and the full scan.

use super::*;
use glassbase_trace::parts::heap::HeapSlot;
use glassbase_trace::recorder::Cause;

/// Where a row is: its pages pinned, its slots known to be what they should be.
pub(super) struct Located {
    pub home: FrameId,
    pub slot: HeapSlot,
    /// Where the row's bytes are when it moved.
    pub moved: Option<Place>,
}

#[derive(Clone, Copy)]
pub(super) struct Place {
    pub frame: FrameId,
    pub id: RowId,
    pub slot: HeapSlot,
}

/// A full scan under way.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The page that comes next; the scan is through when there is none.
    pub next: PageId,
    /// Rows visited so far.
    pub rows: u64,
    cause: Cause,
}

/// The slots of a page of rows that are where a row's bytes begin.
pub(super) fn rows_of(bytes: &[u8]) -> impl Iterator<Item = (u16, HeapSlot)> {
    layout::slots(bytes).filter(|(_, slot)| matches!(slot.kind, CellKind::Row | CellKind::Moved | CellKind::Overflow))
}

impl Heap {
    /// The row of that id, if there is one.
    pub fn get(&mut self, cx: &mut Cx, row: RowId) -> Result<Option<Vec<u8>>, StorageError> {
        let mut found = None;
        self.operate(cx, HeapOperation::Get, row, 0, |heap, cx| {
            let Some(at) = heap.locate(cx, row)? else { return Ok((Outcome::Absent, row, 0)) };
            let bytes = match at.moved {
                Some(place) => layout::cell(heap.pager.page(place.frame), &place.slot)[layout::ROW_ID_BYTES..].to_vec(),
                None => heap.row_in(cx, at.home, &at.slot)?,
            };
            heap.release(cx, &at);
            let length = bytes.len() as u64;
            found = Some(bytes);
            Ok((Outcome::Found, row, length))
        })?;
        Ok(found)
    }

    /// Visits every row once, in the order in which they stand in the file, each with its id. A row that moved is visited where it
    /// is. Reads every page of the file. Returns how many rows there were.
    pub fn scan(&mut self, cx: &mut Cx, visit: &mut dyn FnMut(RowId, &[u8])) -> Result<u64, StorageError> {
        let mut scan = self.begin_scan(cx);
        let mut result = Ok(());
        while result.is_ok() && scan.next.0 < self.page_count() {
            result = self.go_on(cx, &mut scan, visit);
        }
        self.end_scan(cx, &scan, result.is_err());
        result.map(|()| scan.rows)
    }

    /// Begins a scan that goes on page by page.
    pub fn begin_scan(&mut self, cx: &mut Cx) -> Scan {
        let (operation, row) = (HeapOperation::Scan, RowId::NONE);
        let cause = cx.begin(|| Event::HeapBegun { operation, row, length: 0 });
        Scan { next: PageId::META, rows: 0, cause }
    }

    /// Visits the rows of the next page.
    pub fn go_on(
        &mut self,
        cx: &mut Cx,
        scan: &mut Scan,
        visit: &mut dyn FnMut(RowId, &[u8]),
    ) -> Result<(), StorageError> {
        let scanned = self.scan_page(cx, scan.next, visit);
        scan.next = PageId(scan.next.0 + 1);
        match scanned {
            Ok(rows) => scan.rows += rows,
            Err(error) => {
                self.pager.release_all(cx);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Ends a scan, whether it came to the end of the file or not.
    pub fn end_scan(&mut self, cx: &mut Cx, scan: &Scan, failed: bool) {
        cx.counters.operations += 1;
        let (outcome, count) = if failed { (Outcome::Failed, 0) } else { (Outcome::Done, scan.rows) };
        let (operation, row, rows) = (HeapOperation::Scan, RowId::NONE, self.meta.rows);
        cx.emit(|| Event::HeapEnded { operation, row, outcome, count, rows });
        cx.end(scan.cause);
    }

    /// The ids of all rows in the order of their homes, outside of virtual time; pages that cannot be read are left out.
    pub fn row_ids(&self) -> Vec<RowId> {
        let mut ids = Vec::new();
        for page in (0..self.page_count()).map(PageId) {
            let Ok(bytes) = self.pager.peek(page) else { continue };
            if layout::is_rows(bytes) {
                let homes =
                    layout::slots(bytes).filter(|(_, slot)| !matches!(slot.kind, CellKind::Free | CellKind::Moved));
                ids.extend(homes.map(|(slot, _)| RowId { page, slot }));
            }
        }
        ids
    }

    /// Rows that live on another page than their id says, outside of virtual time.
    pub fn moved_rows(&self) -> u64 {
        let moved = |bytes: &[u8]| layout::slots(bytes).filter(|(_, slot)| slot.kind == CellKind::Moved).count() as u64;
        self.sum_of_rows(moved)
    }

    /// Bytes of removed cells that are scattered between others, outside of virtual time.
    pub fn garbage_bytes(&self) -> u64 {
        self.sum_of_rows(|bytes| layout::garbage(bytes) as u64)
    }

    /// Sums over the pages of rows that can be read.
    fn sum_of_rows(&self, of: impl Fn(&[u8]) -> u64) -> u64 {
        let readable = (0..self.page_count()).filter_map(|page| self.pager.peek(PageId(page)).ok());
        readable.filter(|bytes| layout::is_rows(bytes)).map(of).sum()
    }

    /// Visits the rows of one page; returns how many there were.
    fn scan_page(
        &mut self,
        cx: &mut Cx,
        page: PageId,
        visit: &mut dyn FnMut(RowId, &[u8]),
    ) -> Result<u64, StorageError> {
        let frame = self.pager.fetch(cx, page)?;
        let mut count = 0;
        if layout::is_rows(self.pager.page(frame)) {
            self.shine(cx, frame);
            for number in 0..layout::slot_count(self.pager.page(frame)) as u16 {
                let slot = layout::slot(self.pager.page(frame), number);
                count += u16::from(self.visit_cell(cx, frame, RowId { page, slot: number }, &slot, visit)?);
            }
        }
        cx.emit(|| Event::HeapPageScanned { page, rows: count });
        self.pager.unpin(cx, frame);
        Ok(u64::from(count))
    }

    fn visit_cell(
        &mut self,
        cx: &mut Cx,
        frame: FrameId,
        at: RowId,
        slot: &HeapSlot,
        visit: &mut dyn FnMut(RowId, &[u8]),
    ) -> Result<bool, StorageError> {
        match slot.kind {
            CellKind::Free | CellKind::Stub => return Ok(false),
            CellKind::Row => visit(at, layout::cell(self.pager.page(frame), slot)),
            CellKind::Moved => {
                let cell = layout::cell(self.pager.page(frame), slot);
                visit(layout::row_id_in(cell), &cell[layout::ROW_ID_BYTES..]);
            }
            CellKind::Overflow => {
                let row = self.row_in(cx, frame, slot)?;
                visit(at, &row);
            }
        }
        Ok(true)
    }

    /// Pins the page that a row id names, and the one that the row moved to. None, with nothing pinned, when the id names no row.
    pub(super) fn locate(&mut self, cx: &mut Cx, row: RowId) -> Result<Option<Located>, StorageError> {
        if row.page.0 >= self.page_count() {
            return Ok(None);
        }
        let home = self.pager.fetch(cx, row.page)?;
        let bytes = self.pager.page(home);
        let slot = if layout::is_rows(bytes) { layout::slot(bytes, row.slot) } else { HeapSlot::FREE };
        if layout::is_rows(bytes) {
            self.shine(cx, home);
        }
        if matches!(slot.kind, CellKind::Free | CellKind::Moved) {
            self.pager.unpin(cx, home);
            return Ok(None);
        }
        self.tell_read(cx, row, &slot);
        let moved = match slot.kind {
            CellKind::Stub => Some(self.follow(cx, home, &slot, row)?),
            _ => None,
        };
        Ok(Some(Located { home, slot, moved }))
    }

    /// Pins the page that a stub leads to and makes sure that the row is there.
    fn follow(&mut self, cx: &mut Cx, home: FrameId, stub: &HeapSlot, row: RowId) -> Result<Place, StorageError> {
        let id = layout::row_id_in(layout::cell(self.pager.page(home), stub));
        let frame = self.pager.fetch(cx, id.page)?;
        let bytes = self.pager.page(frame);
        let slot = if layout::is_rows(bytes) { layout::slot(bytes, id.slot) } else { HeapSlot::FREE };
        let leads_back = slot.kind == CellKind::Moved && layout::row_id_in(layout::cell(bytes, &slot)) == row;
        if !leads_back || frame == home {
            let what = format!("row {row} should have moved to its slot {}", id.slot);
            return Err(StorageError::Corrupt { page: id.page, what });
        }
        self.shine(cx, frame);
        self.tell_read(cx, id, &slot);
        Ok(Place { frame, id, slot })
    }

    fn tell_read(&self, cx: &mut Cx, at: RowId, slot: &HeapSlot) {
        let HeapSlot { kind, offset, length } = *slot;
        cx.emit(|| Event::HeapCellRead { page: at.page, slot: at.slot, kind, offset, length });
    }

    pub(super) fn release(&mut self, cx: &mut Cx, at: &Located) {
        self.pager.unpin(cx, at.home);
        if let Some(place) = at.moved {
            self.pager.unpin(cx, place.frame);
        }
    }

    /// The bytes of a row that has not moved, from its cell or its chain.
    fn row_in(&mut self, cx: &mut Cx, frame: FrameId, slot: &HeapSlot) -> Result<Vec<u8>, StorageError> {
        let cell = layout::cell(self.pager.page(frame), slot);
        if slot.kind != CellKind::Overflow {
            return Ok(cell.to_vec());
        }
        let (first, length) = layout::chain_in(cell);
        let mut row = Vec::new();
        self.read_chain(cx, first, length, &mut row)?;
        Ok(row)
    }
}

//! A real B+tree over a real heap file, whose page accesses the pool is asked for.
//!
//! Both have a pool of their own that holds all of their pages; what they ask it for is read off their traces. In the lab's
//! file the pages of the tree come first, those of the heap file behind them.
//!
//! ```text
//!   lookup 37 ─▶ B+tree: root, leaf ─▶ row id (page 12, slot 3) ─▶ heap file: page 12
//!                pages   2     9                                        pages of the tree + 12
//! ```

use crate::lab::keys::make_value;
use crate::sim::{Cx, Device, Generator};
use crate::storage::heap::Heap;
use crate::storage::{Options, StorageError, Tree};
use crate::trace::{Event, PageId, RowId};

/// Bytes of a row.
const ROW_BYTES: usize = 100;

#[derive(Clone)]
pub struct Twin {
    cx: Cx,
    tree: Tree,
    heap: Heap,
    rows: u32,
}

impl Twin {
    /// `rows` rows with the keys 1 to `rows`, put into the heap file in an order of their own.
    pub fn new(rows: u32, page_size: u32) -> Result<Twin, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let options = Options { page_size, frames: 1 << 20, device: Device::Ram, ..Options::default() };
        let (mut tree, mut heap) = (Tree::create(&mut cx, &options)?, Heap::create(&mut cx, &options)?);
        let mut keys: Vec<u64> = (1..=u64::from(rows)).collect();
        Generator::new(1, "rows").shuffle(&mut keys);
        let mut places = vec![RowId::default(); keys.len()];
        let mut row = Vec::new();
        for key in keys {
            make_value(&key.to_be_bytes(), ROW_BYTES, &mut row);
            places[key as usize - 1] = heap.insert(&mut cx, &row)?;
        }
        let mut load = tree.begin_bulk_load(0.9)?;
        for (key, place) in (1..=u64::from(rows)).zip(places) {
            load.push(&mut cx, &mut tree, &key.to_be_bytes(), &bytes_of(place))?;
        }
        load.finish(&mut cx, &mut tree)?;
        Ok(Twin { cx, tree, heap, rows })
    }

    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Pages of the tree: those of the heap file come behind them.
    pub fn index_pages(&self) -> u32 {
        self.tree.page_count()
    }

    pub fn pages(&self) -> u32 {
        self.index_pages() + self.heap.page_count()
    }

    /// Looks a row up by its key; appends the pages that were asked for.
    pub fn look_up(&mut self, key: u64, accesses: &mut Vec<u32>) -> Result<(), StorageError> {
        self.listen();
        let place = self.tree.get(&mut self.cx, &key.to_be_bytes())?;
        self.heard(0, accesses);
        if let Some(place) = place.as_deref().and_then(place_of) {
            self.listen();
            self.heap.get(&mut self.cx, place)?;
            self.heard(self.index_pages(), accesses);
        }
        Ok(())
    }

    /// Reads every row in the order of the file; appends the pages that were asked for.
    pub fn scan(&mut self, accesses: &mut Vec<u32>) -> Result<(), StorageError> {
        self.listen();
        self.heap.scan(&mut self.cx, &mut |_, _| {})?;
        self.heard(self.index_pages(), accesses);
        Ok(())
    }

    fn listen(&mut self) {
        self.cx.recorder.trace.truncate(0);
        self.cx.recorder.switch(true);
    }

    fn heard(&mut self, first: u32, accesses: &mut Vec<u32>) {
        self.cx.recorder.switch(false);
        let asked = self.cx.recorder.trace.iter().filter_map(|record| match record.event {
            Event::PoolHit { page, .. } | Event::PoolMiss { page, .. } => Some(first + page.0),
            _ => None,
        });
        accesses.extend(asked);
        self.cx.recorder.trace.truncate(0);
    }
}

/// A row id as the value of the index.
fn bytes_of(row: RowId) -> [u8; 6] {
    let ([a, b, c, d], [e, f]) = (row.page.0.to_be_bytes(), row.slot.to_be_bytes());
    [a, b, c, d, e, f]
}

fn place_of(bytes: &[u8]) -> Option<RowId> {
    let (page, slot) = bytes.split_first_chunk::<4>()?;
    let slot = u16::from_be_bytes(slot.try_into().ok()?);
    Some(RowId { page: PageId(u32::from_be_bytes(*page)), slot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_goes_down_the_tree_and_to_the_row_and_a_scan_reads_the_heap_alone() {
        let mut twin = Twin::new(500, 512).unwrap();
        let (index, pages) = (twin.index_pages(), twin.pages());
        for key in [1, 250, 500] {
            let mut accesses = Vec::new();
            twin.look_up(key, &mut accesses).unwrap();
            assert!(accesses.len() >= 3, "{accesses:?}");
            let (row, way) = accesses.split_last().unwrap();
            assert!((index..pages).contains(row) && way.iter().all(|page| *page < index), "{accesses:?}");
        }
        let mut accesses = Vec::new();
        twin.scan(&mut accesses).unwrap();
        assert!(accesses.iter().all(|page| *page >= index) && accesses.len() > 100, "{}", accesses.len());
    }
}

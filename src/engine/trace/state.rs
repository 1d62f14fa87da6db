//! A whole engine as plain data.
//!
//! Bulk work is not recorded event by event; afterwards the engine describes itself once, as an [`EngineState`], and
//! the view goes on from there. The same values are what a view is made of, so "the view folded from the trace" and
//! "the view taken from the engine" can be compared with `==`.
//!
//! A million keys must fit: a page keeps its keys in one byte vector ([`Cells`]), and pages are shared, not copied.

use std::rc::Rc;

use super::id::{FrameId, Lsn, PageId};
use super::parts::Parts;

/// The cells of a page in key order.
///
/// ```text
///   keys   a s h b e e c h e l m
///   ends         3         8   11
///   cells  (8,-)     (4,-)  (0,17)      value length, and overflow page or child
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    keys: Vec<u8>,
    ends: Vec<u32>,
    cells: Vec<Cell>,
}

/// What belongs to a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Length of the value in bytes; 0 in an inner page.
    pub value_len: u32,
    /// In a leaf the first overflow page of the value, or none; in an inner page the child to the right of the key.
    pub link: PageId,
}

impl Cells {
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The key at `slot`. Panics when there is none.
    pub fn key(&self, slot: usize) -> &[u8] {
        &self.keys[self.start(slot)..self.ends[slot] as usize]
    }

    /// What belongs to the key at `slot`. Panics when there is none.
    pub fn cell(&self, slot: usize) -> Cell {
        self.cells[slot]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Cell)> {
        (0..self.len()).map(|slot| (self.key(slot), self.cell(slot)))
    }

    /// The number of keys below `key`, and whether `key` itself follows.
    pub fn search(&self, key: &[u8]) -> (usize, bool) {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.key(middle).cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return (middle, true),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        (low, false)
    }

    /// Puts a key before the one at `slot` (clamped to the end).
    pub fn insert(&mut self, slot: usize, key: &[u8], cell: Cell) {
        let slot = slot.min(self.len());
        let start = self.start(slot);
        self.keys.splice(start..start, key.iter().copied());
        for end in &mut self.ends[slot..] {
            *end += key.len() as u32;
        }
        self.ends.insert(slot, (start + key.len()) as u32);
        self.cells.insert(slot, cell);
    }

    pub fn push(&mut self, key: &[u8], cell: Cell) {
        self.keys.extend_from_slice(key);
        self.ends.push(self.keys.len() as u32);
        self.cells.push(cell);
    }

    /// Takes the key at `slot` out; false when there is none.
    pub fn remove(&mut self, slot: usize) -> bool {
        !self.take(slot, 1).is_empty()
    }

    /// Changes what belongs to the key at `slot`; false when there is none.
    pub fn set(&mut self, slot: usize, cell: Cell) -> bool {
        let place = self.cells.get_mut(slot);
        let there = place.is_some();
        if let Some(place) = place {
            *place = cell;
        }
        there
    }

    /// Takes up to `count` cells from `slot` on out of the page.
    pub fn take(&mut self, slot: usize, count: usize) -> Cells {
        let slot = slot.min(self.len());
        let past = (slot + count).min(self.len());
        let (from, to) = (self.start(slot), self.start(past));
        let taken = Cells {
            keys: self.keys.drain(from..to).collect(),
            ends: self.ends.drain(slot..past).map(|end| end - from as u32).collect(),
            cells: self.cells.drain(slot..past).collect(),
        };
        for end in &mut self.ends[slot..] {
            *end -= (to - from) as u32;
        }
        taken
    }

    /// Puts `other`'s cells before the one at `slot`.
    pub fn put(&mut self, slot: usize, other: &Cells) {
        let slot = slot.min(self.len());
        let start = self.start(slot);
        self.keys.splice(start..start, other.keys.iter().copied());
        for end in &mut self.ends[slot..] {
            *end += other.keys.len() as u32;
        }
        self.ends.splice(slot..slot, other.ends.iter().map(|end| end + start as u32));
        self.cells.splice(slot..slot, other.cells.iter().copied());
    }

    fn start(&self, slot: usize) -> usize {
        if slot == 0 { 0 } else { self.ends[slot - 1] as usize }
    }
}

/// What a page holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageBody {
    Meta,
    Leaf {
        prev: PageId,
        next: PageId,
        cells: Cells,
    },
    /// `level` is 1 just above the leaves.
    Inner {
        level: u8,
        leftmost: PageId,
        cells: Cells,
    },
    Overflow {
        next: PageId,
        length: u32,
    },
    Free {
        next: PageId,
    },
}

/// One page of the file, wherever its newest version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    pub page: PageId,
    pub lsn: Lsn,
    /// Bytes that cells and their slots take up.
    pub used: u32,
    pub body: PageBody,
}

impl PageState {
    pub fn cells(&self) -> Option<&Cells> {
        match &self.body {
            PageBody::Leaf { cells, .. } | PageBody::Inner { cells, .. } => Some(cells),
            _ => None,
        }
    }

    /// Height above the leaves; nothing for pages that are not of the tree.
    pub fn level(&self) -> Option<u8> {
        match &self.body {
            PageBody::Leaf { .. } => Some(0),
            PageBody::Inner { level, .. } => Some(*level),
            _ => None,
        }
    }
}

/// A place in the buffer pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameState {
    pub frame: FrameId,
    pub page: PageId,
    pub pins: u32,
    pub dirty: bool,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        /// What has been done so far, counted.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters { $($(#[$doc])* pub $field: u64),* }

        impl Counters {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            /// The values in the order of [`Counters::NAMES`].
            pub fn values(&self) -> Vec<u64> {
                vec![$(self.$field),*]
            }

            pub(crate) fn from_values(mut values: impl Iterator<Item = u64>) -> Option<Counters> {
                Some(Counters { $($field: values.next()?),* })
            }
        }
    };
}

counters! {
    pool_hits,
    pool_misses,
    pool_evictions,
    pool_flushes,
    disk_reads,
    disk_writes,
    disk_syncs,
    /// Operations on the index that have ended.
    operations,
    splits,
    merges,
    borrows,
}

/// The engine whole. Page ids index `pages`; the meta page is the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineState {
    pub page_size: u32,
    /// Bytes of a page that cells and slots can use.
    pub capacity: u32,
    /// Most children of a page, or 0: as many as fit.
    pub order: u32,
    /// Frames of the buffer pool.
    pub frames: u32,
    pub root: PageId,
    /// Levels of the tree: 1 when the root is a leaf.
    pub height: u8,
    pub records: u64,
    pub free_head: PageId,
    /// What the device takes to read a page anywhere, and the page that follows the one accessed last.
    pub random_read_ns: u64,
    pub next_read_ns: u64,
    pub pages: Vec<Rc<PageState>>,
    /// The occupied frames, by frame number.
    pub pool: Vec<FrameState>,
    /// Pages written to the disk but not yet durable, ascending.
    pub unsynced: Vec<PageId>,
    pub counters: Counters,
    /// What else there is: heap, log and so on.
    pub parts: Parts,
}

/// Most memory that the states of one trace may take.
pub const STATES_BYTES_MAX: usize = 512 << 20;

impl EngineState {
    /// About how much memory this state takes beyond the pages that it shares with `previous`: the same number on every
    /// platform, because a run ends by it.
    pub fn bytes_beyond(&self, previous: Option<&EngineState>) -> usize {
        let before = previous.map_or(&[][..], |state| &state.pages);
        let shared =
            |(index, page): (usize, &Rc<PageState>)| before.get(index).is_some_and(|old| Rc::ptr_eq(old, page));
        let alone = self.pages.iter().enumerate().filter(|page| !shared(*page));
        let cells_bytes = |page: &PageState| page.cells().map_or(0, |cells| cells.keys.len() + cells.len() * 12);
        let pages_bytes: usize = alone.map(|(_, page)| 128 + cells_bytes(page)).sum();
        let parts_bytes = self.parts.bytes_beyond(previous.map(|state| &state.parts));
        256 + self.pages.len() * 8 + self.pool.len() * 16 + self.unsynced.len() * 4 + pages_bytes + parts_bytes
    }

    /// Takes those parts that are as they were from `previous`, so that they are there once.
    pub fn share_parts(&mut self, previous: &EngineState) {
        self.parts.share(&previous.parts);
    }

    /// Takes those pages and parts that are as they were from `previous`, so that they are there once.
    pub fn share_pages(&mut self, previous: &EngineState) {
        self.share_parts(previous);
        for (page, old) in self.pages.iter_mut().zip(&previous.pages) {
            if *page == *old {
                *page = old.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(words: &[&str]) -> Cells {
        let mut cells = Cells::default();
        for word in words {
            cells.push(word.as_bytes(), Cell { value_len: word.len() as u32, link: PageId::NONE });
        }
        cells
    }

    #[test]
    fn insert_take_put_keep_keys_and_cells_together() {
        let mut page = cells(&["ash", "elm", "oak"]);
        page.insert(1, b"beech", Cell { value_len: 5, link: PageId::NONE });
        assert_eq!(page, cells(&["ash", "beech", "elm", "oak"]));
        let taken = page.take(1, 2);
        assert_eq!(taken, cells(&["beech", "elm"]));
        assert_eq!(page, cells(&["ash", "oak"]));
        page.put(0, &taken);
        assert_eq!(page, cells(&["beech", "elm", "ash", "oak"]));
        assert!(page.remove(3) && !page.remove(3));
        assert_eq!(cells(&["ash", "elm"]).search(b"elm"), (1, true));
        assert_eq!(cells(&["ash", "elm"]).search(b"fir"), (2, false));
    }
}

//! A heap file as plain data: rows in slots of pages, and how much room each page has.

use crate::trace::id::PageId;
use crate::trace::plain::plain;

plain! {
    /// A heap file.
    #[derive(Default)]
    struct HeapState {
        pages: Vec<HeapPage>,
        rows: u64,
    }

    /// A page of rows.
    struct HeapPage {
        page: PageId,
        slots: Vec<HeapSlot>,
        /// Bytes for rows that are free, wherever in the page.
        free: u32,
    }

    /// A place for a row.
    enum HeapSlot {
        Free,
        Row { length: u32 },
        /// The row grew and moved; its id stays the place here.
        Forward { page: PageId, slot: u16 },
    }
}

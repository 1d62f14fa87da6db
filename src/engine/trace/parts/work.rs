//! What a store was asked to write, and what it wrote for that: the two sides of write amplification.
//!
//! Counted from the start of a run, also while nothing is recorded, so that two stores can be compared however they came to
//! their data.

use crate::Event;
use crate::id::Operation;
use crate::plain::plain;

plain! {
    /// Bytes in and bytes out.
    #[derive(Default)]
    struct WorkState {
        /// Keys and values put, and keys deleted.
        put_bytes: u64,
        /// Pages written to the disk.
        page_bytes: u64,
    }
}

impl WorkState {
    /// Changes what `event` says; a page has `page_size` bytes.
    pub fn fold(&mut self, event: &Event, page_size: u32) {
        match event {
            Event::OperationBegun { operation, key, value_len } if operation.puts() => {
                self.put_bytes += key.len() as u64 + u64::from(*value_len);
            }
            Event::DiskWritten { .. } => self.page_bytes += u64::from(page_size),
            _ => {}
        }
    }
}

impl Operation {
    /// Whether it hands bytes in.
    pub fn puts(self) -> bool {
        matches!(self, Operation::Insert | Operation::Upsert | Operation::Delete)
    }
}

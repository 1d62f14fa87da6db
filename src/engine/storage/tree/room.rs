//! Room on the disk for the log of a logged tree.
//!
//! Pages and log share a disk, and the file of pages never gets shorter. So what would add a page leaves room for the log
//! of what makes room: deleting, committing, aborting, checkpoints.
//!
//! ```text
//!   │ pages of the file │ log │ buffer, and what aborting needs │ reserve │   free: inserts and new pages may have it
//!                             └────────── promised ─────────────┘
//! ```
//!
//! Estimates are of the most that an operation may log: each page that it changes whole, as an image, and the cells that
//! it moves twice, as what was done and how to take it back.

use super::*;

/// What a few short records take.
const RECORDS_BYTES: u64 = 1024;

impl Tree {
    /// Log that putting a record may need at most.
    pub(crate) fn log_to_insert(&self, value_len: usize) -> u64 {
        let (page, levels) = (self.page_size() as u64, u64::from(self.meta.height));
        let chain = u64::from(self.overflow_pages(value_len)) * 256;
        (2 * levels + 4) * page + RECORDS_BYTES + chain + 2 * value_len as u64
    }

    /// Log that removing a record may need at most, if its leaf is left with little.
    pub(crate) fn log_to_delete(&self) -> u64 {
        2 * self.page_size() as u64 + RECORDS_BYTES / 2
    }

    /// Log that seeing to a page with too little may need at most.
    fn log_to_rebalance(&self) -> u64 {
        (5 * u64::from(self.meta.height) + 2) * self.page_size() as u64 + RECORDS_BYTES
    }

    /// What is kept free for what makes room: a delete, and the checkpoint that lets the log be cut.
    pub(crate) fn log_reserve(&self) -> u64 {
        2 * self.log_to_delete() + self.page_size() as u64
    }

    /// Bytes of the disk that are neither taken nor promised; none: no limit.
    pub(super) fn bytes_for_log(&self) -> Option<u64> {
        let promised = match self.journal() {
            Some(journal) if journal.is_undoing() => journal.log.buffered(),
            Some(journal) => journal.bytes_promised(self.page_size() as u64, self.meta.pages_used),
            None => 0,
        };
        self.pager.disk.bytes_left().map(|left| left.saturating_sub(promised))
    }

    /// True when the log can grow by so much.
    pub(crate) fn has_room_for_log(&self, bytes: u64) -> bool {
        self.bytes_for_log().is_none_or(|free| free >= bytes)
    }

    /// True when there is room to see to a page with too little. If not, it stays so.
    pub(super) fn can_rebalance(&self) -> bool {
        !self.is_logged() || self.has_room_for_log(self.log_to_rebalance())
    }
}

//! The second pass: every change of a page that may be missing on the disk is done again, whoever made it.
//!
//! The page's own LSN tells whether it has the change already. A page that cannot be read is restored by the first record
//! that says all of it: an image, or that it was formatted.

use super::*;
use crate::log::record::Body;
use crate::page;
use crate::pager::Pager;
use glassbase_trace::{FrameId, PageSource, SkipReason};

impl Recovery {
    /// Looks at one record, and does what it says if need be.
    pub(super) fn redo(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        let Pager { disk, journal: Some(journal), .. } = tree.pager_mut() else { return Ok(()) };
        let lsn = self.at;
        let stored = journal.log.read(cx, disk, lsn)?;
        let record = stored.record()?;
        match &record.body {
            Body::Update { page, edit, .. } | Body::Compensation { page, edit, .. } => {
                self.redo_on_page(cx, tree, *page, lsn, &|bytes| edit.try_apply(bytes, *page), edit.is_format())?;
            }
            Body::Image { page, before_hole, hole, behind_hole } => {
                let restore = |bytes: &mut [u8]| {
                    let before = before_hole.len();
                    let behind = before.checked_add(*hole).filter(|_| before <= bytes.len());
                    let Some(behind) = behind.filter(|at| bytes.len().checked_sub(*at) == Some(behind_hole.len()))
                    else {
                        return false;
                    };
                    bytes[..before].copy_from_slice(before_hole);
                    bytes[before..behind].fill(0);
                    bytes[behind..].copy_from_slice(behind_hole);
                    true
                };
                self.redo_on_page(cx, tree, *page, lsn, &restore, true)?;
            }
            _ => {}
        }
        self.records += 1;
        self.at = stored.next;
        Ok(())
    }

    /// `change` says whether the page could be changed so; `restores`: it makes the page whole, whatever it was.
    fn redo_on_page(
        &mut self,
        cx: &mut Cx,
        tree: &mut Tree,
        page: PageId,
        lsn: Lsn,
        change: &dyn Fn(&mut [u8]) -> bool,
        restores: bool,
    ) -> Result<(), StorageError> {
        let skip = |cx: &mut Cx, why: SkipReason, page_lsn: Lsn| {
            cx.emit(|| Event::RecordSkipped { lsn, page, why, page_lsn });
            Ok(())
        };
        match self.dirty.get(&page) {
            None => return skip(cx, SkipReason::Clean, Lsn(0)),
            Some(first) if *first > lsn => return skip(cx, SkipReason::Older, Lsn(0)),
            _ => {}
        }
        let (frame, damage) = self.fetch(cx, tree, page)?;
        let pager = tree.pager_mut();
        let page_lsn = page::lsn(pager.page(frame));
        match damage {
            None if page_lsn >= lsn => {
                pager.unpin(cx, frame);
                return skip(cx, SkipReason::Present, page_lsn);
            }
            Some(unread) if !restores => {
                pager.unpin(cx, frame);
                pager.discard(cx, page);
                return Err(unread.error(page, lsn));
            }
            _ => {}
        }
        // A page that was never written has nothing that could be restored.
        let restored = matches!(damage, Some(Unread::Damaged(_)));
        if let Some(journal) = &mut pager.journal {
            let first = self.dirty.get(&page).copied().unwrap_or(lsn);
            if !pager.pool.frame(frame).dirty {
                journal.dirty.changed(cx, page, first);
            }
        }
        let bytes = pager.page_mut(cx, frame);
        if !change(bytes) {
            pager.unpin(cx, frame);
            pager.discard(cx, page);
            return Err(unfit(page, lsn));
        }
        page::set_lsn(bytes, lsn);
        if restored {
            cx.emit(|| Event::PageRestored { page, lsn, source: PageSource::Image });
        }
        cx.emit(|| Event::RecordRedone { lsn, page });
        tree.tell_page(cx, frame);
        tree.pager_mut().unpin(cx, frame);
        Ok(())
    }

    /// Pins a page. Why it could not be read is told too: then the frame holds zeros.
    fn fetch(&self, cx: &mut Cx, tree: &mut Tree, page: PageId) -> Result<(FrameId, Option<Unread>), StorageError> {
        let pager = tree.pager_mut();
        while pager.disk.page_count() <= page.0 {
            pager.disk.extend(cx)?;
        }
        let blank = pager.pool.find(page).is_none() && pager.disk.peek(page).is_some_and(page::is_blank);
        let unread = if blank {
            // The read is what shows it.
            pager.disk.read(cx, page)?;
            Unread::NeverWritten
        } else {
            match pager.fetch(cx, page) {
                Ok(frame) => return Ok((frame, None)),
                Err(error @ (StorageError::ChecksumMismatch { .. } | StorageError::Misplaced { .. })) => {
                    Unread::Damaged(error)
                }
                Err(error) => return Err(error),
            }
        };
        let frame = pager.create(cx, page)?;
        Ok((frame, Some(unread)))
    }
}

/// Why a page could not be read.
enum Unread {
    /// The file was made longer, and the power failed before the page was written: all of it is zeros.
    NeverWritten,
    Damaged(StorageError),
}

impl Unread {
    fn error(self, page: PageId, lsn: Lsn) -> StorageError {
        match self {
            Unread::Damaged(error) => error,
            Unread::NeverWritten => {
                let what =
                    format!("it was never written, and the log record at {} changes what should be there", lsn.0);
                StorageError::Corrupt { page, what }
            }
        }
    }
}

/// The record and the page that it names do not belong together: one of them is not what was written.
fn unfit(page: PageId, lsn: Lsn) -> StorageError {
    StorageError::Corrupt { page, what: format!("the log record at {} cannot be done to it", lsn.0) }
}

//! The first pass: from the last checkpoint to the end of the log, to learn what was dirty and who was under way.

use super::*;
use crate::log::record::Body;
use crate::pager::Pager;

impl Recovery {
    /// Looks at one record.
    pub(super) fn analyze(&mut self, cx: &mut Cx, tree: &mut Tree) -> Result<(), StorageError> {
        let from_checkpoint = tree.journal().map_or(Lsn(0), |journal| journal.control.checkpoint);
        let records_before = tree.records();
        let Pager { disk, journal: Some(journal), .. } = tree.pager_mut() else { return Ok(()) };
        let lsn = self.at;
        let stored = journal.log.read(cx, disk, lsn)?;
        let record = stored.record()?;
        let mut records = records_before.saturating_add_signed(record.body.records().into());
        match &record.body {
            Body::CheckpointBegin { records: counted } if lsn == from_checkpoint => records = *counted,
            Body::CheckpointEnd { begin, next_txn, dirty, transactions } if *begin == from_checkpoint => {
                journal.transactions.skip_ids(*next_txn);
                for (page, first) in dirty {
                    let known = self.dirty.entry(*page).or_insert(*first);
                    *known = (*known).min(*first);
                    journal.dirty.changed(cx, *page, *first);
                }
                for entry in transactions {
                    journal.transactions.restore(cx, entry);
                }
            }
            _ => {}
        }
        if record.body.changes_page() {
            let page = record.body.page();
            if !self.dirty.contains_key(&page) {
                self.dirty.insert(page, lsn);
                journal.dirty.changed(cx, page, lsn);
            }
        }
        journal.transactions.note(cx, record.txn, lsn, &record.body);
        if records != records_before {
            tree.set_records(records);
            cx.emit(|| Event::RecordCount { records });
        }
        cx.emit(|| Event::RecordAnalyzed { lsn });
        self.records += 1;
        self.at = stored.next;
        Ok(())
    }
}

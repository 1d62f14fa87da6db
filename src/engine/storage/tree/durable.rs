//! A logged tree in the large: making it, opening it, checkpoints, and what a committed transaction leaves to be done.

use super::*;
use crate::journal::{Journal, LogOptions};
use crate::log::record::Body;
use glassbase_trace::{PageSource, TxnId};

impl Tree {
    /// An empty tree on a new disk whose changes are logged from now on.
    pub(crate) fn create_logged(cx: &mut Cx, options: &Options, log: &LogOptions) -> Result<Tree, StorageError> {
        let mut tree = Tree::create(cx, options)?;
        tree.meta.pages_used = tree.page_count();
        tree.flush(cx)?;
        let journal = Journal::create(cx, &mut tree.pager.disk, log)?;
        tree.pager.journal = Some(Box::new(journal));
        tree.checkpoint(cx)?;
        Ok(tree)
    }

    /// A tree on a disk that has one, of which nothing is known yet: recovery has to come first.
    pub(crate) fn unopened(options: &Options, disk: Disk) -> Tree {
        let pager = Pager::new(disk, options.frames);
        Tree { options: options.clone(), pager, meta: Meta::default(), path: Vec::new() }
    }

    pub(crate) fn open_journal(&mut self, cx: &mut Cx, options: &LogOptions) -> Result<&Journal, StorageError> {
        let journal = Journal::open(cx, &mut self.pager.disk, options)?;
        Ok(self.pager.journal.insert(Box::new(journal)))
    }

    /// Puts the copies of the doublewrite file in the place of pages whose writes were cut short. They are durable before
    /// the copies are given up, so it does not matter if this is cut short as well.
    pub(crate) fn restore_torn_pages(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Pager { disk, journal: Some(journal), .. } = &mut self.pager else { return Ok(()) };
        for (page, copy) in journal.doublewritten(cx, disk)? {
            if disk.peek(page).is_some_and(|bytes| page::check(bytes, page).is_err()) {
                let lsn = page::lsn(&copy);
                disk.write(cx, page, copy)?;
                cx.emit(|| Event::PageRestored { page, lsn, source: PageSource::Doublewrite });
            }
        }
        disk.sync(cx)?;
        journal.pages_synced(cx, disk)
    }

    pub(crate) fn pager_mut(&mut self) -> &mut Pager {
        &mut self.pager
    }

    pub(crate) fn pager(&self) -> &Pager {
        &self.pager
    }

    pub(crate) fn set_records(&mut self, records: u64) {
        self.meta.records = records;
    }

    /// Writes all dirty pages and makes them durable.
    pub(crate) fn write_all_pages(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.pager.flush(cx)
    }

    /// Makes a fuzzy checkpoint. Pages that were dirty already at the one before are written first, so that the log need
    /// not reach back further than that.
    pub(crate) fn checkpoint(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        let horizon = journal.horizon();
        let old: Vec<PageId> =
            journal.dirty.iter().filter(|(_, first)| *first <= horizon).map(|(page, _)| page).collect();
        for page in old {
            self.pager.write_page(cx, page)?;
        }
        self.pager.sync_pages(cx)?;
        let records = self.meta.records;
        let Pager { disk, journal: Some(journal), .. } = &mut self.pager else { return Ok(()) };
        let begin = journal.begin_checkpoint(cx, records);
        journal.end_checkpoint(cx, disk, begin)
    }

    /// Redo is done: pages that turned out to have all changes are not dirty.
    pub(crate) fn prune_dirty(&mut self, cx: &mut Cx) {
        let Pager { pool, journal: Some(journal), .. } = &mut self.pager else { return };
        journal.dirty.retain(cx, &|page| pool.find(page).is_some_and(|frame| pool.frame(frame).dirty));
    }

    /// Frees what a committed transaction gave up, and ends it.
    pub(crate) fn finish_committed(&mut self, cx: &mut Cx, txn: TxnId) -> Result<(), StorageError> {
        let chain = |tree: &Tree| {
            let entry = tree.journal().and_then(|journal| journal.transactions.get(txn));
            entry.and_then(|entry| entry.chains.first().copied())
        };
        while let Some(chain) = chain(self) {
            self.attempt(cx, txn, |tree, cx| tree.free_chain(cx, chain))?;
        }
        if let Some(journal) = self.journal_mut() {
            journal.append(cx, txn, Body::End);
            journal.forget_reshaped();
        }
        Ok(())
    }

    /// As [`Tree::finish_committed`], where a chain that is damaged does not stand in the way: nothing leads to it, so it is
    /// left where it is and its pages are lost, which the checker says. Gives what was wrong with the first of them. What
    /// the disk did not read is an error once: the next call tries again, and then it counts as damaged.
    pub(crate) fn finish_or_leak(&mut self, cx: &mut Cx, txn: TxnId) -> Result<Option<StorageError>, StorageError> {
        let mut leaked = None;
        while let Err(error) = self.finish_committed(cx, txn) {
            let Some(journal) = self.journal_mut().filter(|journal| error.is_damage() && !journal.failed) else {
                return Err(error);
            };
            let entry = journal.transactions.get(txn);
            let Some(chain) = entry.and_then(|entry| entry.chains.first().copied()) else { return Err(error) };
            if matches!(error, StorageError::Disk(_)) && journal.unread_chain.replace(chain) != Some(chain) {
                return Err(error);
            }
            journal.work_for(txn);
            journal.end_given_up(cx, chain);
            let what = format!("the overflow chain at page {} cannot be freed, its pages are lost: {error}", chain.0);
            cx.emit(|| Event::DiskFault { text: what.into() });
            leaked.get_or_insert(error);
        }
        Ok(leaked)
    }

    /// Does something on behalf of a transaction, all of it or nothing.
    pub(crate) fn attempt<T>(
        &mut self,
        cx: &mut Cx,
        txn: TxnId,
        work: impl FnOnce(&mut Tree, &mut Cx) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let Some(journal) = self.journal_mut() else { return Err(StorageError::NotRecovered) };
        journal.work_for(txn);
        let last = journal.transactions.last(txn);
        let chains = journal.transactions.get(txn).map_or(0, |entry| entry.chains.len());
        let result = work(self, cx);
        if result.is_err() {
            self.pager.release_all(cx);
            let undone = self.undo_to(cx, txn, last).and_then(|()| self.read_meta());
            if let Some(journal) = self.journal_mut() {
                journal.failed |= undone.is_err();
                if let Some(entry) = journal.transactions.get_mut(txn) {
                    entry.chains.truncate(chains);
                }
            }
        }
        result
    }
}

//! A tree whose changes are logged: what is added to each of them, and how they are taken back.
//!
//! An operation on a key that changes one page is one log record, which is taken back by key. Everything else is an
//! *action* of several records (a nested top action in the words of ARIES): taken back page by page while it is
//! incomplete, and once its end is in the log by key, or not at all if it was a change of structure alone.
//!
//! ```text
//!   insert 37, room in the leaf       Update by key
//!   insert 38, the leaf is split      Update, Update, …, ActionEnd "undo: remove 38"
//!   delete 5, its leaf is merged      Update by key │ Update, Update, …, ActionEnd "nothing to undo"
//! ```
//!
//! Taking a record back is itself logged: as one compensation, or as an action whose end says what to take back next.
//! The same code inserts and deletes in both directions; [`Journal::is_undoing`] tells it which way it goes.

use super::insert::NewValue;
use super::*;
use crate::codec::Reader;
use crate::journal::{Action, Journal};
use crate::log::record::{Body, KeyUndo};
use crate::page::{Value, pack_cells};
use glassbase_trace::TxnId;

impl Tree {
    #[inline(always)]
    pub(super) fn is_logged(&self) -> bool {
        self.pager.journal.is_some()
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.pager.journal.as_deref()
    }

    pub(crate) fn journal_mut(&mut self) -> Option<&mut Journal> {
        self.pager.journal.as_deref_mut()
    }

    /// Logs an edit that is about to be done to a pinned page. Returns the page's new LSN.
    #[cold]
    #[inline(never)]
    pub(super) fn log_edit(&mut self, cx: &mut Cx, frame: FrameId, edit: &Edit) -> Lsn {
        let Pager { pool, journal: Some(journal), .. } = &mut self.pager else { return self.next_lsn() };
        let held = pool.frame(frame);
        journal.log_edit(cx, held.page, &held.bytes, held.dirty, edit)
    }

    /// Logs that cells are about to move between two pinned pages: an edit of each. Returns the LSN of the latter, which
    /// both pages get; they change together, so none is written in between.
    #[cold]
    pub(super) fn log_move(
        &mut self,
        cx: &mut Cx,
        from: FrameId,
        from_slot: usize,
        count: usize,
        to: FrameId,
        to_slot: usize,
    ) -> Lsn {
        let mut packed = Vec::new();
        pack_cells(self.pager.page(from), from_slot, count, &mut packed);
        self.log_edit(cx, to, &Edit::InsertCells { slot: to_slot, count, packed: &packed });
        self.log_edit(cx, from, &Edit::RemoveCells { slot: from_slot, count })
    }

    /// Logs the meta page as it should be now, if there is a log.
    #[inline]
    pub(super) fn log_meta(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        if self.is_logged() { self.write_meta(cx) } else { Ok(()) }
    }

    /// The value that a record has, if undoing needs to know it.
    pub(super) fn old_record(&self, leaf: FrameId, slot: usize) -> Option<OldRecord> {
        self.is_logged().then(|| match page::value(self.pager.page(leaf), slot) {
            Value::Inline(bytes) => OldRecord::Inline(bytes.to_vec()),
            Value::Overflow(first) => OldRecord::Overflow(first),
        })
    }

    /// Begins an operation on a key, or a change of structure. None: there is no log.
    #[inline]
    pub(super) fn begin_action(&self) -> Option<Action> {
        self.journal().map(Journal::begin_action)
    }

    /// The next change of a page is all that there is to an operation on a key.
    #[inline]
    pub(super) fn whole(&mut self, whole: bool, records: i8) {
        if whole && let Some(journal) = self.journal_mut() {
            journal.whole(records);
        }
    }

    /// Ends an operation on a key that was begun, unless one record was the whole of it.
    #[inline]
    pub(super) fn end_key_action(
        &mut self,
        cx: &mut Cx,
        action: Option<Action>,
        whole: bool,
        records: i8,
        undo: KeyUndo,
    ) {
        if let (Some(action), false, Some(journal)) = (action, whole, self.journal_mut()) {
            journal.end_key_action(cx, action, records, undo);
        }
    }

    pub(super) fn end_structure_action(&mut self, cx: &mut Cx, action: Option<Action>) {
        if let (Some(action), Some(journal)) = (action, self.journal_mut()) {
            journal.end_structure_action(cx, action, PageId::NONE);
        }
    }

    /// Takes back what was done since an action was begun that cannot be completed.
    pub(super) fn undo_action(&mut self, cx: &mut Cx, action: Option<Action>) -> Result<(), StorageError> {
        let (Some(action), Some(journal)) = (action, self.journal()) else { return Ok(()) };
        let (txn, undoing) = (journal.current(), journal.undoing());
        let undone = self.undo_to(cx, txn, action.last());
        // What is taken back may itself be part of taking something back, which goes on.
        if let (Some(undo_next), Some(journal)) = (undoing, self.journal_mut()) {
            journal.begin_undo(undo_next);
        }
        undone
    }

    pub(super) fn count_reshaped(&mut self) {
        if let Some(journal) = self.journal_mut() {
            journal.count_reshaped();
        }
    }

    /// True while something is taken back.
    pub(super) fn is_undoing(&self) -> bool {
        self.journal().is_some_and(Journal::is_undoing)
    }

    /// True when an overflow chain that nothing leads to any more is freed at once, not when the transaction ends.
    pub(super) fn frees_at_once(&self) -> bool {
        self.journal().is_none_or(Journal::is_undoing)
    }

    /// Gives a chain up: now, or when the transaction has committed.
    pub(super) fn give_up(&mut self, cx: &mut Cx, chain: PageId) -> Result<(), StorageError> {
        if self.frees_at_once() {
            return self.free_overflow(cx, chain);
        }
        if let Some(journal) = self.journal_mut() {
            journal.defer(chain);
        }
        Ok(())
    }

    /// Frees a chain that a committed transaction gave up: an action of its own.
    pub(crate) fn free_chain(&mut self, cx: &mut Cx, chain: PageId) -> Result<(), StorageError> {
        let action = self.begin_action();
        self.free_overflow(cx, chain)?;
        if let (Some(action), Some(journal)) = (action, self.journal_mut()) {
            journal.end_structure_action(cx, action, chain);
        }
        Ok(())
    }

    /// Takes back what the current transaction did since a record of it; 0: all.
    pub(crate) fn undo_to(&mut self, cx: &mut Cx, txn: TxnId, to: Lsn) -> Result<(), StorageError> {
        while self.undo_next(txn) > to {
            self.undo_one(cx, txn)?;
        }
        Ok(())
    }

    pub(crate) fn undo_next(&self, txn: TxnId) -> Lsn {
        self.journal().and_then(|journal| journal.transactions.get(txn)).map_or(Lsn(0), |entry| entry.undo_next)
    }

    /// Takes one record of a transaction back: the one that is next.
    pub(crate) fn undo_one(&mut self, cx: &mut Cx, txn: TxnId) -> Result<(), StorageError> {
        let (lsn, records) = (self.undo_next(txn), self.meta.records);
        let Pager { disk, journal: Some(journal), .. } = &mut self.pager else { return Ok(()) };
        journal.work_for(txn);
        let stored = journal.log.read(cx, disk, lsn)?;
        let record = stored.record()?;
        if record.txn != txn {
            let what = format!("the record at {} is of transaction {}, not {}", lsn.0, record.txn.0, txn.0);
            return Err(StorageError::DamagedFile { name: "log".to_string(), offset: lsn.0, what });
        }
        match &record.body {
            Body::Update { page, by_key: false, inverse, .. } => {
                self.undo_on_page(cx, *page, inverse.as_ref(), record.prev)?;
            }
            Body::Update { inverse, edit, .. } => self.undo_by_key(cx, lsn, key_undo(edit, inverse), record.prev)?,
            Body::ActionEnd { undo, undo_next, .. } if *undo != KeyUndo::Nothing => {
                self.undo_by_key(cx, lsn, Some(*undo), *undo_next)?;
            }
            Body::Compensation { undo_next, .. } | Body::ActionEnd { undo_next, .. } => {
                self.go_on_with(cx, txn, *undo_next);
            }
            // What comes before a commit stays, whatever was tidied up after it.
            Body::Commit { .. } => self.go_on_with(cx, txn, Lsn(0)),
            _ => self.go_on_with(cx, txn, record.prev),
        }
        if self.meta.records != records {
            let records = self.meta.records;
            cx.emit(|| Event::RecordCount { records });
        }
        let undo_next = self.undo_next(txn);
        cx.emit(|| Event::RecordUndone { lsn, txn, undo_next });
        Ok(())
    }

    fn go_on_with(&mut self, cx: &mut Cx, txn: TxnId, undo_next: Lsn) {
        if let Some(journal) = self.journal_mut() {
            journal.transactions.set_undo_next(cx, txn, undo_next);
        }
    }

    /// Takes back an update of an action that was not completed.
    fn undo_on_page(
        &mut self,
        cx: &mut Cx,
        page: PageId,
        inverse: Option<&Edit>,
        next: Lsn,
    ) -> Result<(), StorageError> {
        let Some(inverse) = inverse else {
            let txn = self.journal().map_or(TxnId(0), Journal::current);
            self.go_on_with(cx, txn, next);
            return Ok(());
        };
        let frame = self.pager.fetch(cx, page)?;
        let Pager { pool, journal: Some(journal), .. } = &mut self.pager else { return Ok(()) };
        let held = pool.frame(frame);
        if !inverse.fits(&held.bytes) {
            self.pager.unpin(cx, frame);
            let what = "what was done to it cannot be taken back".to_string();
            return Err(StorageError::Corrupt { page, what });
        }
        let lsn = journal.log_inverse(cx, page, &held.bytes, held.dirty, inverse, next);
        self.apply_logged(cx, frame, inverse, lsn);
        self.pager.unpin(cx, frame);
        Ok(())
    }

    /// Does an edit that is in the log at `lsn`.
    pub(crate) fn apply_logged(&mut self, cx: &mut Cx, frame: FrameId, edit: &Edit, lsn: Lsn) {
        let page = self.pager.pool.frame(frame).page;
        let bytes = self.pager.page_mut(cx, frame);
        edit.apply(bytes, page);
        page::set_lsn(bytes, lsn);
        self.tell_page(cx, frame);
        if page == PageId::META {
            // It has just been changed, so it can be read.
            let _ = self.restate_meta(cx);
        }
    }

    /// As [`Tree::read_meta`], and tells so.
    pub(crate) fn restate_meta(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        self.read_meta()?;
        let Meta { root, height, free_head, records, .. } = self.meta;
        cx.emit(|| Event::MetaRestated { root, height, free_head, records });
        Ok(())
    }

    /// Tells a page whole, after it was changed otherwise than by an operation of the tree.
    pub(crate) fn tell_page(&mut self, cx: &mut Cx, frame: FrameId) {
        if cx.recorder.is_on() {
            let page = self.pager.pool.frame(frame).page;
            let state = self.page_state(page);
            cx.emit_change(page, self.pager.page(frame), || Event::PageRestated { state: state.into() });
        }
    }

    /// Takes the meta page's word for root, height and free list. The number of records is counted in memory.
    pub(crate) fn read_meta(&mut self) -> Result<(), StorageError> {
        let bytes = self.pager.peek(PageId::META)?;
        self.meta = Meta { records: self.meta.records, ..page::meta(bytes) };
        Ok(())
    }

    /// Takes an operation on a key back.
    fn undo_by_key(&mut self, cx: &mut Cx, lsn: Lsn, undo: Option<KeyUndo>, next: Lsn) -> Result<(), StorageError> {
        let nonsense = |what: &str| {
            let what = format!("the record at {} cannot be taken back: {what}", lsn.0);
            StorageError::DamagedFile { name: "log".to_string(), offset: lsn.0, what }
        };
        if let Some(journal) = self.journal_mut() {
            journal.begin_undo(next);
        }
        let result = match undo {
            Some(KeyUndo::Remove { key }) => match self.remove(cx, key) {
                Ok(Outcome::Absent) => Err(nonsense("its key is not in the tree")),
                result => result,
            },
            Some(KeyUndo::Put { key, value }) => self.put_value(cx, key, NewValue::Stored(value), true),
            _ => Err(nonsense("it says nothing of a key")),
        };
        if let Some(journal) = self.journal_mut() {
            let txn = journal.current();
            journal.work_for(txn);
            if let (Ok(_), Some(KeyUndo::Put { value: Value::Overflow(chain), .. })) = (&result, undo) {
                journal.keep(chain);
            }
        }
        result.map(|_| ())
    }
}

/// A record's value before it is replaced.
pub(super) enum OldRecord {
    Inline(Vec<u8>),
    Overflow(PageId),
}

impl OldRecord {
    pub fn value(&self) -> Value<'_> {
        match self {
            OldRecord::Inline(bytes) => Value::Inline(bytes),
            OldRecord::Overflow(first) => Value::Overflow(*first),
        }
    }
}

/// How an update that is a whole operation is taken back.
pub(crate) fn key_undo<'a>(edit: &Edit<'a>, inverse: &Option<Edit<'a>>) -> Option<KeyUndo<'a>> {
    match (*edit, *inverse) {
        (Edit::InsertRecord { key, .. }, _) => Some(KeyUndo::Remove { key }),
        (_, Some(Edit::ReplaceRecord { key, value, .. })) => Some(KeyUndo::Put { key, value }),
        (Edit::RemoveCell { .. }, Some(Edit::InsertCells { packed, .. })) => {
            let mut reader = Reader::new(packed);
            let key_len = reader.number()? as usize;
            let (key, value) = page::parse_record(reader.bytes()?, key_len)?;
            Some(KeyUndo::Put { key, value })
        }
        _ => None,
    }
}

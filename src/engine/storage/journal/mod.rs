//! What a pager knows when its pages are logged: the log, the tables that recovery goes by, and who changes pages for
//! what purpose.
//!
//! ```text
//!   Tree::change ──▶ Journal::log_edit ──▶ (page image) ──▶ record ──▶ Log
//!                        │                                     │
//!                        └─▶ dirty-page table                  └─▶ transaction table
//!
//!   Pager::write_back ──▶ Journal::before_write: the log first, then the page
//! ```
//!
//! **Invariant:** no page leaves the pool before the log is durable up to the page's LSN.
//! **Invariant:** a page whose newest version may not be durable is in the dirty-page table, from the first record on that
//! redo would need for it.

mod commit;
mod describe;
mod dirty;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

pub use commit::{Acknowledged, CommitMode};
pub use dirty::DirtyPages;

use super::error::StorageError;
use super::log::Log;
use super::log::control::Control;
use super::log::frame::FRAME_BYTES;
use super::log::record::{Body, KeyUndo, Record, put_update};
use super::page::{self, Edit};
use super::transaction::Transactions;
use commit::Commits;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::LogState;
use glassbase_trace::parts::log::LogRecord;
use glassbase_trace::{Event, FileId, LogKind, Lsn, PageId, RecoveryPass, TxnId};

/// How pages that a power failure cut in two are mended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TornPages {
    /// The log holds each page whole as it was before its first change since a checkpoint.
    #[default]
    Images,
    /// A page is written to a file beside the pages first, and only then to its place.
    Doublewrite,
    /// Not at all: such a page is lost.
    Nothing,
}

/// How a log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    pub commit: CommitMode,
    pub torn_pages: TornPages,
    /// A file of the log holds about so much.
    pub segment_bytes: u32,
    /// So much of the log is kept in memory before it is handed to the disk.
    pub buffer_bytes: u32,
    /// A checkpoint is made after so much log; 0: only when asked for. With images of pages in the log it should be several
    /// times what the pages take that are changed in between: each of them is logged whole after every checkpoint.
    pub checkpoint_bytes: u32,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            commit: CommitMode::Sync,
            torn_pages: TornPages::default(),
            segment_bytes: 4 << 20,
            buffer_bytes: 64 << 10,
            checkpoint_bytes: 32 << 20,
        }
    }
}

/// What the next change of a page is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// One of several changes that are one operation.
    OfAction,
    /// A whole operation on a key, which changes the number of records by so much.
    Whole { records: i8 },
}

/// It takes that much of old log for a checkpoint to be worth its own records.
const CUT_BYTES: u64 = 512;
const DOUBLEWRITE: &str = "doublewrite";
/// Pages in the doublewrite file before the pages themselves are made durable and it is emptied.
const DOUBLEWRITE_PAGES: u64 = 16;

#[derive(Clone)]
pub struct Journal {
    pub options: LogOptions,
    pub log: Log,
    pub control: Control,
    pub dirty: DirtyPages,
    pub transactions: Transactions,
    pub(super) commits: Commits,
    /// The transaction on whose behalf pages are changed.
    current: TxnId,
    part: Part,
    /// Set while a record is taken back: the next one to take back once it is.
    undoing: Option<Lsn>,
    /// Where the last checkpoint begins: a page with an older LSN needs an image before it is changed.
    horizon: Lsn,
    /// Where the last checkpoint says that redo starts.
    redo: Lsn,
    /// The image of each page since then.
    images: SortedMap<PageId, Lsn>,
    doublewrite: Option<FileId>,
    /// Merges and borrows of the transactions under way: pages that taking them back may need.
    reshaped: u32,
    /// The last overflow chain that was to be freed and that the disk did not read.
    pub(super) unread_chain: Option<PageId>,
    /// The pass of recovery under way, if one is.
    pub pass: Option<RecoveryPass>,
    /// Something went wrong where nothing may: only recovery helps.
    pub failed: bool,
}

/// Where an operation of several changes began.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// What the transaction would have taken back next then.
    undo_next: Lsn,
    last: Lsn,
}

impl Action {
    /// The transaction's last record then.
    pub fn last(&self) -> Lsn {
        self.last
    }
}

impl Journal {
    /// A journal on a disk that has none. The first checkpoint is up to the caller.
    pub fn create(cx: &mut Cx, disk: &mut Disk, options: &LogOptions) -> Result<Journal, StorageError> {
        let log = Log::create(cx, disk, options.segment_bytes.into())?;
        let mut journal = Journal::over(options, log, Control::default());
        if options.torn_pages == TornPages::Doublewrite {
            journal.doublewrite = Some(disk.create_file(cx, DOUBLEWRITE)?);
        }
        Ok(journal)
    }

    /// The journal that a disk has. Its tables are empty: analysis fills them.
    pub fn open(cx: &mut Cx, disk: &mut Disk, options: &LogOptions) -> Result<Journal, StorageError> {
        let Some(control) = Control::open(cx, disk)? else {
            return Err(StorageError::NoDatabase);
        };
        let log = Log::open(cx, disk, options.segment_bytes.into(), control.checkpoint);
        let log = log.map_err(|error| control.blame(error))?;
        let mut journal = Journal::over(options, log, control);
        journal.doublewrite = disk.find_file(DOUBLEWRITE);
        if journal.doublewrite.is_none() && options.torn_pages == TornPages::Doublewrite {
            journal.doublewrite = Some(disk.create_file(cx, DOUBLEWRITE)?);
        }
        journal.horizon = journal.control.checkpoint;
        Ok(journal)
    }

    fn over(options: &LogOptions, log: Log, control: Control) -> Journal {
        Journal {
            options: options.clone(),
            log,
            control,
            dirty: DirtyPages::default(),
            transactions: Transactions::default(),
            commits: Commits::default(),
            current: TxnId(0),
            part: Part::OfAction,
            undoing: None,
            horizon: Lsn(0),
            redo: Lsn(0),
            images: SortedMap::new(),
            doublewrite: None,
            reshaped: 0,
            unread_chain: None,
            pass: None,
            failed: false,
        }
    }

    /// Appends a record of a transaction (or of none) and brings the table up to date.
    pub fn append(&mut self, cx: &mut Cx, txn: TxnId, body: Body) -> Lsn {
        self.log.make_room();
        let prev = self.transactions.last(txn);
        let record = Record { txn, prev, body };
        let (lsn, length) = self.log.append(|lsn, out| record.encode(lsn, out));
        let undo_next = record.body.undo_next(lsn, Lsn(0));
        self.transactions.note(cx, txn, lsn, &record.body);
        cx.emit(|| Event::LogAppended {
            lsn,
            prev,
            txn,
            kind: record.body.kind(),
            page: record.body.page(),
            undo_next,
            length,
            text: describe::body(&record.body).into(),
        });
        lsn
    }

    /// Logs the change of a page that is about to be done. Returns the page's new LSN.
    pub fn log_edit(&mut self, cx: &mut Cx, page: PageId, before: &[u8], dirty: bool, edit: &Edit) -> Lsn {
        debug_assert!(self.current.0 > 0, "pages are changed on behalf of a transaction");
        let first = self.protect(cx, page, before, edit);
        let (txn, part) = (self.current, std::mem::replace(&mut self.part, Part::OfAction));
        let lsn = match (part, self.undoing) {
            (Part::Whole { records }, Some(undo_next)) => {
                self.append(cx, txn, Body::Compensation { page, undo_next, records, edit: *edit })
            }
            (Part::Whole { records }, None) => self.append_update(cx, page, before, edit, (true, records)),
            (Part::OfAction, _) => self.append_update(cx, page, before, edit, (false, 0)),
        };
        if edit.is_format() {
            self.images.insert(page, lsn);
        }
        if !dirty {
            self.dirty.changed(cx, page, first.unwrap_or(lsn));
        }
        lsn
    }

    /// Logs and does nothing else: what takes a change of a page back, as the page is before it.
    pub fn log_inverse(
        &mut self,
        cx: &mut Cx,
        page: PageId,
        before: &[u8],
        dirty: bool,
        edit: &Edit,
        next: Lsn,
    ) -> Lsn {
        let first = self.protect(cx, page, before, edit);
        let body = Body::Compensation { page, undo_next: next, records: 0, edit: *edit };
        let lsn = self.append(cx, self.current, body);
        if !dirty {
            self.dirty.changed(cx, page, first.unwrap_or(lsn));
        }
        lsn
    }

    fn append_update(
        &mut self,
        cx: &mut Cx,
        page: PageId,
        before: &[u8],
        edit: &Edit,
        (by_key, records): (bool, i8),
    ) -> Lsn {
        self.log.make_room();
        let (txn, prev) = (self.current, self.transactions.last(self.current));
        let (lsn, length) =
            self.log.append(|lsn, out| put_update(out, lsn, txn, prev, page, (by_key, records), edit, before));
        self.transactions.note_update(cx, txn, lsn, u64::from(length) + 2 * FRAME_BYTES as u64);
        cx.emit(|| {
            let text = describe::edit(edit).into();
            Event::LogAppended { lsn, prev, txn, kind: LogKind::Update, page, undo_next: lsn, length, text }
        });
        lsn
    }

    /// Logs the page whole before its first change since the last checkpoint, if that is how torn pages are mended.
    /// Returns where redo of the page has to start, if not at the record to come.
    fn protect(&mut self, cx: &mut Cx, page: PageId, before: &[u8], edit: &Edit) -> Option<Lsn> {
        if self.options.torn_pages != TornPages::Images || edit.is_format() {
            return None;
        }
        if page::lsn(before) >= self.horizon {
            return Some(self.images.get(&page).copied().unwrap_or(self.horizon));
        }
        let hole = page::hole(before);
        let (before_hole, behind_hole) = (&before[..hole.start], &before[hole.end..]);
        let lsn = self.append(cx, TxnId(0), Body::Image { page, before_hole, hole: hole.len(), behind_hole });
        self.images.insert(page, lsn);
        Some(lsn)
    }

    /// Pages are changed for this transaction from now on.
    pub fn work_for(&mut self, txn: TxnId) {
        (self.current, self.part, self.undoing) = (txn, Part::OfAction, None);
    }

    pub fn current(&self) -> TxnId {
        self.current
    }

    /// A record is about to be taken back; `undo_next` is to follow.
    pub fn begin_undo(&mut self, undo_next: Lsn) {
        self.undoing = Some(undo_next);
    }

    /// While a record is taken back: the next one to take back once it is.
    pub fn undoing(&self) -> Option<Lsn> {
        self.undoing
    }

    pub fn is_undoing(&self) -> bool {
        self.undoing.is_some()
    }

    /// The next change of a page is a whole operation on a key.
    pub fn whole(&mut self, records: i8) {
        self.part = Part::Whole { records };
    }

    /// Remembers where an operation of several changes begins.
    pub fn begin_action(&self) -> Action {
        let entry = self.transactions.get(self.current);
        let lsns = entry.map(|entry| (entry.undo_next, entry.last));
        let (undo_next, last) = lsns.unwrap_or_default();
        Action { undo_next, last }
    }

    /// True when pages were changed since then.
    pub fn changed_since(&self, action: Action) -> bool {
        self.transactions.last(self.current) != action.last
    }

    /// All changes since then are one operation on a key, complete.
    pub fn end_key_action(&mut self, cx: &mut Cx, action: Action, records: i8, undo: KeyUndo) {
        let (undo_next, undo) = match self.undoing {
            Some(undo_next) => (undo_next, KeyUndo::Nothing),
            None => (action.undo_next, undo),
        };
        self.append(cx, self.current, Body::ActionEnd { undo_next, records, undo, freed: PageId::NONE });
    }

    /// All changes since then are one change of structure, complete. `freed`: the overflow chain that was given up.
    pub fn end_structure_action(&mut self, cx: &mut Cx, action: Action, freed: PageId) {
        if self.changed_since(action) {
            let (undo_next, undo) = (action.undo_next, KeyUndo::Nothing);
            self.append(cx, self.current, Body::ActionEnd { undo_next, records: 0, undo, freed });
        }
    }

    /// The current transaction has nothing more to do with a chain, which stays as it is.
    pub fn end_given_up(&mut self, cx: &mut Cx, chain: PageId) {
        let undo_next = self.begin_action().undo_next;
        self.append(cx, self.current, Body::ActionEnd { undo_next, records: 0, undo: KeyUndo::Nothing, freed: chain });
    }

    /// An overflow chain that no record leads to any more. It stays until the transaction has committed, because taking
    /// it back needs the value.
    pub fn defer(&mut self, chain: PageId) {
        if let Some(entry) = self.transactions.get_mut(self.current)
            && !chain.is_none()
        {
            entry.chains.push(chain);
        }
    }

    /// A record leads to the chain again: what gave it up was taken back.
    pub fn keep(&mut self, chain: PageId) {
        if let Some(entry) = self.transactions.get_mut(self.current) {
            entry.chains.retain(|given_up| *given_up != chain);
        }
    }

    /// A merge or a borrow was done, which may have to be undone by a split.
    pub fn count_reshaped(&mut self) {
        self.reshaped += 1;
    }

    /// Pages that must stay free so that the transactions under way can be taken back.
    pub fn pages_for_undo(&self, height: u8) -> u32 {
        if self.transactions.is_empty() || self.is_undoing() { 0 } else { self.reshaped + u32::from(height) + 1 }
    }

    /// Called when no transaction is under way.
    pub fn forget_reshaped(&mut self) {
        if self.transactions.is_empty() {
            self.reshaped = 0;
        }
    }

    /// Bytes of the disk that are spoken for: what is in the buffer, and what taking everything back may need.
    pub fn bytes_promised(&self, page_bytes: u64, pages: u32) -> u64 {
        let (records, bytes) = self.transactions.to_undo();
        let images = if self.options.torn_pages == TornPages::Images { records.min(pages.into()) } else { 0 };
        self.log.buffered() + bytes + images * page_bytes
    }

    /// True when a checkpoint could make the log shorter by something that matters.
    pub fn is_worth_cutting(&self) -> bool {
        let first = self.log.first().0;
        let needed = self.transactions.oldest().unwrap_or(self.log.end()).0;
        needed.saturating_sub(first) >= CUT_BYTES
    }

    /// Makes sure that a page may be written: its log record is durable, and so is a second copy if there is to be one.
    pub fn before_write(&mut self, cx: &mut Cx, disk: &mut Disk, bytes: &[u8]) -> Result<(), StorageError> {
        let lsn = page::lsn(bytes);
        self.log.force(cx, disk, lsn)?;
        assert!(lsn < self.log.durable(), "a page is not written before its log record");
        if let (TornPages::Doublewrite, Some(file)) = (self.options.torn_pages, self.doublewrite) {
            let page_bytes = bytes.len() as u64;
            let length = disk.file_len(file).unwrap_or_default();
            let tight = disk.bytes_left().is_some_and(|left| left < page_bytes);
            if length > 0 && (tight || length >= DOUBLEWRITE_PAGES * page_bytes) {
                disk.sync(cx)?;
                self.pages_synced(cx, disk)?;
            }
            disk.append(cx, file, bytes)?;
            disk.sync_file(cx, file)?;
        }
        Ok(())
    }

    /// All pages that were written are durable.
    pub fn pages_synced(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        self.dirty.synced(cx);
        if let Some(file) = self.doublewrite {
            disk.truncate_file(cx, file, 0)?;
        }
        Ok(())
    }

    /// The pages of the doublewrite file that are whole, the newest copy of each.
    pub fn doublewritten(&self, cx: &mut Cx, disk: &mut Disk) -> Result<SortedMap<PageId, Rc<[u8]>>, StorageError> {
        let mut pages = SortedMap::new();
        if let Some(file) = self.doublewrite {
            let length = disk.file_len(file).unwrap_or_default() as usize;
            let bytes = disk.read_file(cx, file, 0, length)?;
            for copy in bytes.chunks_exact(disk.page_size()) {
                if page::check(copy, page::page_id(copy)).is_ok() {
                    pages.insert(page::page_id(copy), Rc::from(copy));
                }
            }
        }
        Ok(pages)
    }

    /// The first record of a checkpoint. `records` is the number of records in the tree.
    pub fn begin_checkpoint(&mut self, cx: &mut Cx, records: u64) -> Lsn {
        let begin = self.append(cx, TxnId(0), Body::CheckpointBegin { records });
        self.horizon = begin;
        self.images.clear();
        begin
    }

    /// The last record of a checkpoint: the tables. Makes the checkpoint count, and forgets the log that is no longer
    /// needed.
    pub fn end_checkpoint(&mut self, cx: &mut Cx, disk: &mut Disk, begin: Lsn) -> Result<(), StorageError> {
        let dirty: Vec<(PageId, Lsn)> = self.dirty.iter().collect();
        let redo = dirty.iter().map(|(_, first)| *first).min().unwrap_or(begin).min(begin);
        let (next_txn, transactions) = (self.transactions.next_id(), self.transactions.saved());
        self.append(cx, TxnId(0), Body::CheckpointEnd { begin, next_txn, dirty, transactions });
        self.log.sync(cx, disk)?;
        self.control.note(cx, disk, begin)?;
        self.redo = redo;
        cx.emit(|| Event::CheckpointTaken { begin, redo });
        let needed = self.transactions.oldest().unwrap_or(redo).min(redo);
        self.log.truncate(cx, disk, needed)
    }

    /// Log written since the last checkpoint began.
    pub fn bytes_since_checkpoint(&self) -> u64 {
        self.log.end().0.saturating_sub(self.horizon.0)
    }

    pub fn horizon(&self) -> Lsn {
        self.horizon
    }

    pub fn set_redo(&mut self, redo: Lsn) {
        self.redo = redo;
    }

    /// The log as plain data.
    pub fn state(&self, disk: &Disk) -> LogState {
        LogState {
            records: records_of(&self.log, disk),
            segments: self.log.segments().collect(),
            end: self.log.end(),
            written: self.log.written(),
            durable: self.log.durable(),
            checkpoint: self.control.checkpoint,
            redo: self.redo,
            dirty: self.dirty.state(),
            transactions: self.transactions.state(),
            waiting: self.commits.waiting().collect(),
            pass: self.pass,
        }
    }
}

/// What the log files of a disk hold that nobody has opened yet; none when there are none.
pub fn surviving(disk: &Disk) -> Option<LogState> {
    let log = Log::peek(disk)?;
    let records = records_of(&log, disk);
    let end = records.last().map_or(log.first(), |record| Lsn(record.lsn.0 + u64::from(record.length)));
    let segments = log.segments().collect();
    Some(LogState { records, segments, end, written: end, durable: end, ..LogState::default() })
}

fn records_of(log: &Log, disk: &Disk) -> Vec<LogRecord> {
    let mut records = Vec::new();
    log.for_each(disk, &mut |lsn, length, record| {
        let Record { txn, prev, ref body } = *record;
        let undo_next = body.undo_next(lsn, Lsn(0));
        let text = describe::body(body).into();
        let (kind, page) = (body.kind(), body.page());
        records.push(LogRecord { lsn, prev, txn, kind, page, undo_next, length, text });
    });
    records
}

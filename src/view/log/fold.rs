//! The fold of the log, of the tables that recovery goes by, of the client's notes and of the disk's image.

use std::rc::Rc;

use glassbase_trace::parts::log::{DirtyPage, LogRecord, LogSegment, TransactionState};
use glassbase_trace::{EngineState, Event, Lane, LogState, Lsn, RecoveryPass};

/// Changes the parts of a state as the engine and its client did.
pub fn fold(state: &mut EngineState, event: &Event) {
    if let Some(client) = &mut state.parts.client
        && is_noted(event)
    {
        Rc::make_mut(client).fold(event);
    }
    if let Some(medium) = &mut state.parts.medium
        && (event.lane() == Lane::Disk || matches!(event, Event::PageRestored { .. }))
    {
        let pages = &state.pages;
        let newest = |page: glassbase_trace::PageId| pages.get(page.index()).map_or(Lsn(0), |page| page.lsn);
        Rc::make_mut(medium).fold(event, newest);
    }
    if let Some(log) = &mut state.parts.log
        && event.lane() == Lane::Log
        && !is_noted(event)
    {
        log_changed(Rc::make_mut(log), event);
    }
}

fn is_noted(event: &Event) -> bool {
    use Event::*;
    matches!(event, ClientBegan { .. } | ClientChanged { .. } | ClientTookBack { .. } | ClientLearned { .. })
        || matches!(event, ClientChecked { .. } | DiskCrashed { .. } | PageDamaged { .. })
}

fn log_changed(log: &mut LogState, event: &Event) {
    use Event::*;
    match event {
        LogAppended { lsn, prev, txn, kind, page, undo_next, length, text } => {
            let (lsn, prev, txn, kind, page) = (*lsn, *prev, *txn, *kind, *page);
            log.end = Lsn(lsn.0.saturating_add(u64::from(*length)));
            let (undo_next, length, text) = (*undo_next, *length, text.clone());
            log.records.push(LogRecord { lsn, prev, txn, kind, page, undo_next, length, text });
        }
        LogRetracted { lsn } => {
            log.records.retain(|record| record.lsn < *lsn);
            log.end = *lsn;
        }
        LogWritten { to } => log.written = *to,
        LogSynced { to } => log.durable = *to,
        SegmentCreated { start, file } => log.segments.push(LogSegment { start: *start, file: *file }),
        SegmentRemoved { start, first, .. } => {
            log.segments.retain(|segment| segment.start != *start);
            log.records.retain(|record| record.lsn >= *first);
        }
        TransactionWaits { txn } => log.waiting.push(*txn),
        TransactionAcknowledged { txn } => log.waiting.retain(|waiting| waiting != txn),
        TransactionEntry { txn, status, first, last, undo_next } => {
            let (txn, status, first, last, undo_next) = (*txn, *status, *first, *last, *undo_next);
            let entry = TransactionState { txn, status, first, last, undo_next };
            match log.transactions.binary_search_by_key(&txn, |known| known.txn) {
                Ok(index) => log.transactions[index] = entry,
                Err(index) => log.transactions.insert(index, entry),
            }
        }
        TransactionGone { txn } => log.transactions.retain(|known| known.txn != *txn),
        DirtyEntry { page, first } => {
            let entry = DirtyPage { page: *page, first: *first };
            match log.dirty.binary_search_by_key(page, |known| known.page) {
                Ok(index) => log.dirty[index] = entry,
                Err(index) => log.dirty.insert(index, entry),
            }
        }
        DirtyGone { page } => log.dirty.retain(|known| known.page != *page),
        CheckpointTaken { begin, redo } => (log.checkpoint, log.redo) = (*begin, *redo),
        RecoveryPassBegun { pass, from, .. } => {
            log.pass = Some(*pass);
            if *pass == RecoveryPass::Redo {
                log.redo = *from;
            }
        }
        RecoveryPassEnded { .. } => log.pass = None,
        _ => {}
    }
}

/// About how many words the parts of the second state hold beyond what they share with the first.
pub fn words(before: &EngineState, after: &EngineState) -> usize {
    let mut words = 0;
    if let Some(log) = &after.parts.log
        && !before.parts.log.as_ref().is_some_and(|old| Rc::ptr_eq(old, log))
    {
        words += 16 + 8 * log.records.len() + 5 * log.transactions.len() + 2 * log.dirty.len();
    }
    if let Some(client) = &after.parts.client
        && !before.parts.client.as_ref().is_some_and(|old| Rc::ptr_eq(old, client))
    {
        words += 16 + 12 * client.transactions.len();
    }
    if let Some(medium) = &after.parts.medium
        && !before.parts.medium.as_ref().is_some_and(|old| Rc::ptr_eq(old, medium))
    {
        words += 3 * medium.pages.len();
    }
    words
}

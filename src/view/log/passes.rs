//! The three passes of recovery, and the rule that makes them possible, in pseudocode.

use crate::View;
use crate::pseudocode::Algorithm;
use glassbase_trace::{Event, Lane, LogKind, Record, RecoveryPass, TxnStatus};

pub static WRITE_AHEAD: Algorithm = Algorithm {
    name: "write-ahead",
    title: "Write-ahead logging",
    lines: &[
        "change(txn, page):",
        "  lsn = log.append(txn, before, after)",
        "  page.lsn = lsn; page is dirty",
        "write(page):",
        "  sync the log up to page.lsn",
        "  write the page to the disk",
        "commit(txn):",
        "  log.append(txn, commit)",
        "  sync the log up to that record",
        "  tell the client that it is done",
    ],
};

pub static ANALYSIS: Algorithm = Algorithm {
    name: "analysis",
    title: "Recovery 1: analysis",
    lines: &[
        "analysis:",
        "  from the last checkpoint to the end:",
        "    take the tables from the checkpoint",
        "    txn: enter it, or note its last record",
        "    commit: it will not be undone",
        "    end: take it out of the table",
        "    update: page is dirty from here on",
        "  redo starts at the oldest such place",
    ],
};

pub static REDO: Algorithm = Algorithm {
    name: "redo",
    title: "Recovery 2: redo",
    lines: &[
        "redo:",
        "  for each update from there to the end:",
        "    skip it if page was not dirty, or later",
        "    fetch page",
        "    if damaged: restore it from an image",
        "    skip it if page.lsn >= lsn",
        "    do it again; page.lsn = lsn",
    ],
};

pub static UNDO: Algorithm = Algorithm {
    name: "undo",
    title: "Recovery 3: undo",
    lines: &[
        "undo:",
        "  while a transaction has not ended:",
        "    lsn = the newest record to be undone",
        "    update: log a compensation, take it back",
        "    whole action: take it back by its key",
        "    compensation: go on at its undo-next",
        "  log the end of the transaction",
    ],
};

/// The line that runs at an event.
pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    use Event::*;
    let log = view.state.parts.log.as_ref()?;
    let pass = log.pass;
    Some(match (&record.event, pass) {
        (RecoveryPassBegun { pass, .. }, _) => (of(*pass), 0),
        (RecoveryPassEnded { pass, .. }, _) => (of(*pass), of(*pass).lines.len() - 1),
        (RecordAnalyzed { lsn }, _) => {
            let found = log.records.binary_search_by_key(lsn, |record| record.lsn).ok();
            let line = match found.map(|index| log.records[index].kind) {
                Some(LogKind::CheckpointBegin | LogKind::CheckpointEnd) => 2,
                Some(LogKind::Commit) => 4,
                Some(LogKind::End) => 5,
                Some(LogKind::Update | LogKind::Compensation | LogKind::Image) => 6,
                _ => 3,
            };
            (&ANALYSIS, line)
        }
        (TransactionEntry { status, .. }, Some(RecoveryPass::Analysis)) => {
            (&ANALYSIS, if *status == TxnStatus::Committed { 4 } else { 3 })
        }
        (TransactionGone { .. }, Some(RecoveryPass::Analysis)) => (&ANALYSIS, 5),
        (DirtyEntry { .. }, Some(RecoveryPass::Analysis)) => (&ANALYSIS, 6),
        (RecordRedone { .. } | PageRestated { .. }, Some(RecoveryPass::Redo)) => (&REDO, 6),
        (RecordSkipped { why, .. }, _) => (&REDO, if *why == glassbase_trace::SkipReason::Present { 5 } else { 2 }),
        (PageRestored { .. }, _) => (&REDO, 4),
        (PoolHit { .. } | PoolMiss { .. }, Some(RecoveryPass::Redo)) => (&REDO, 3),
        (LogAppended { kind: LogKind::Compensation, .. }, _) => (&UNDO, 3),
        (LogAppended { kind: LogKind::End, .. }, Some(RecoveryPass::Undo)) => (&UNDO, 6),
        (RecordUndone { .. }, _) => (&UNDO, 2),
        (LogAppended { kind: LogKind::Commit, .. }, _) => (&WRITE_AHEAD, 7),
        (LogAppended { .. }, _) => (&WRITE_AHEAD, 1),
        (PoolDirtied { .. }, None) => (&WRITE_AHEAD, 2),
        (DiskWritten { .. }, _) => (&WRITE_AHEAD, 5),
        (LogSynced { .. } | LogWritten { .. }, _) => (&WRITE_AHEAD, 8),
        (TransactionAcknowledged { .. } | ClientLearned { .. }, _) => (&WRITE_AHEAD, 9),
        _ if view.state.parts.client.is_none() => return None,
        (event, Some(pass)) if event.lane() != Lane::Script => (of(pass), work_of(pass)),
        (Searched { .. } | OperationBegun { .. } | OperationEnded { .. }, _) => (&WRITE_AHEAD, 0),
        (event, None) if event.lane() == Lane::Tree => (&WRITE_AHEAD, 2),
        _ => return None,
    })
}

/// The line of a pass at which pages are at work.
fn work_of(pass: RecoveryPass) -> usize {
    match pass {
        RecoveryPass::Analysis => 1,
        RecoveryPass::Redo => 6,
        RecoveryPass::Undo => 3,
    }
}

fn of(pass: RecoveryPass) -> &'static Algorithm {
    match pass {
        RecoveryPass::Analysis => &ANALYSIS,
        RecoveryPass::Redo => &REDO,
        RecoveryPass::Undo => &UNDO,
    }
}

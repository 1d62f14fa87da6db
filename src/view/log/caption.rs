//! What happens in the log and in recovery, in one sentence, with the numbers that the view has and the event has not.

use super::words::{kind, sentence};
use super::{name_of, words};
use crate::View;
use crate::describe::{count, key};
use glassbase_trace::parts::log::LogRecord;
use glassbase_trace::{Event, LogKind, Lsn, PageSource, Record, RecoveryPass, SkipReason, TxnFate, WriteFate};

/// The sentence for a record, told from the view before it.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    use Event::*;
    let log = view.state.parts.log.as_ref()?;
    let at = |lsn: Lsn| {
        let found = log.records.binary_search_by_key(&lsn, |record| record.lsn);
        found.ok().map(|index| &log.records[index])
    };
    let said = |lsn: Lsn| at(lsn).map_or(format!("record {}", lsn.0), |record| told(view, record));
    Some(match &record.event {
        LogAppended { lsn, txn, kind: LogKind::Commit, .. } => {
            format!("{}'s commit is written to the log in memory, at {}: not durable yet.", name_of(view, *txn), lsn.0)
        }
        LogAppended { lsn, page, kind: LogKind::Image, .. } => format!(
            "Page {} is about to change for the first time since the checkpoint: its image goes into the log, at {}.",
            page.0, lsn.0
        ),
        LogAppended { lsn, txn, kind: LogKind::Compensation, text, undo_next, .. } => format!(
            "What {} did is taken back, and that is logged too, at {}: {text}; next to undo is {}.",
            name_of(view, *txn),
            lsn.0,
            undo_next.0
        ),
        LogAppended { lsn, txn, kind: LogKind::ActionEnd, undo_next, .. } => format!(
            "The change of structure is complete: {} marks it, and undoing {} would skip to {}.",
            lsn.0,
            name_of(view, *txn),
            undo_next.0
        ),
        LogAppended { lsn, txn, kind: LogKind::Update, page, text, .. } => format!(
            "Before page {} changes, the log says so, at {}: {text}, for {}.",
            page.0,
            lsn.0,
            name_of(view, *txn)
        ),
        LogWritten { to } => {
            let records = log.records.iter().filter(|record| record.lsn >= log.written && record.lsn < *to).count();
            format!("{} handed to the disk: volatile until the sync.", are(records as u64, "record"))
        }
        LogSynced { to } => {
            let records = log.records.iter().filter(|record| record.lsn >= log.durable && record.lsn < *to).count();
            format!("The log is durable up to {}: {} crossed the line.", to.0, count(records as u64, "record"))
        }
        DiskWritten { page } => {
            let lsn = view.page(*page).map_or(0, |page| page.lsn.0);
            format!(
                "Page {} goes to the disk with LSN {lsn}; the log is durable up to {}, so it may.",
                page.0, log.durable.0
            )
        }
        DiskCrashed { .. } => {
            let lost = log.records.len() - log.records.partition_point(|record| record.lsn < log.durable);
            format!(
                "The power fails: {} frames of memory are gone, {} of the log were not durable.",
                view.state.pool.len(),
                count(lost as u64, "record")
            )
        }
        RecordAnalyzed { lsn } => format!("Analysis reads {}.", said(*lsn)),
        RecordRedone { lsn, page } => format!("Page {} on the disk lacks it: {} is done again.", page.0, said(*lsn)),
        RecordSkipped { lsn, page, why, page_lsn } => skipped(*lsn, page.0, *why, *page_lsn),
        RecordUndone { lsn, undo_next, .. } if undo_next.0 == 0 => {
            format!("Undone: {}. Nothing of this transaction is left.", said(*lsn))
        }
        RecordUndone { lsn, undo_next, .. } => format!("Undone: {}. Next is {}.", said(*lsn), undo_next.0),
        TransactionEntry { txn, status, last, .. } => {
            format!("Transaction table: {} is {}, its last record is {}.", name_of(view, *txn), status.word(), last.0)
        }
        TransactionGone { txn } => format!("{} has ended: it leaves the transaction table.", name_of(view, *txn)),
        TransactionAcknowledged { txn } => format!("{}'s commit is acknowledged.", name_of(view, *txn)),
        TransactionCommitted { txn, .. } => format!("{} is committed.", name_of(view, *txn)),
        TransactionWaits { txn } => {
            let waiting = log.waiting.len() as u64 + 1;
            format!("{} waits for a shared sync: {} wait.", name_of(view, *txn), count(waiting, "commit"))
        }
        ClientLearned { txn, fate } => learned(&name_of(view, *txn), *fate),
        ClientChanged { txn, key: changed, value, removed } => {
            let name = name_of(view, *txn);
            match removed {
                true => format!("The client notes: in {name}, {} is deleted.", key(changed)),
                false => format!("The client notes: in {name}, {} is {}.", key(changed), key(value)),
            }
        }
        _ => return describe(record),
    })
}

fn told(view: &View, record: &LogRecord) -> String {
    let text = if record.text.is_empty() { String::new() } else { format!(" ({})", record.text) };
    match record.txn.0 {
        0 => format!("{} {}{text}", kind(record.kind).to_ascii_lowercase(), record.lsn.0),
        _ => format!(
            "{} {} of {}{text}",
            kind(record.kind).to_ascii_lowercase(),
            record.lsn.0,
            name_of(view, record.txn)
        ),
    }
}

fn are(number: u64, thing: &str) -> String {
    format!("{} {}", count(number, thing), if number == 1 { "is" } else { "are" })
}

fn skipped(lsn: Lsn, page: u32, why: SkipReason, page_lsn: Lsn) -> String {
    match why {
        SkipReason::Present => {
            format!(
                "Page {page} has LSN {} on the disk, so the change at {} is there already: skipped.",
                page_lsn.0, lsn.0
            )
        }
        SkipReason::Clean => format!("Page {page} was not dirty when the power failed: {} needs no redo.", lsn.0),
        SkipReason::Older => format!("Page {page} was written after {}: no redo.", lsn.0),
    }
}

fn learned(name: &str, fate: TxnFate) -> String {
    match fate {
        TxnFate::Told => format!("The client is told that {name} is done: from now on it counts on it."),
        TxnFate::Asked => format!("The client asks for the commit of {name}."),
        TxnFate::Aborted => format!("The client is told that {name} is taken back."),
        TxnFate::Cut => format!("{name} was cut off: the client was never told that it is done."),
        TxnFate::Lost => format!("{name} is lost: it had been acknowledged before its record was durable."),
        TxnFate::Open => format!("{name} is open."),
    }
}

/// The sentence from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    use Event::*;
    let pass_name = |pass: RecoveryPass| match pass {
        RecoveryPass::Analysis => "Analysis",
        RecoveryPass::Redo => "Redo",
        RecoveryPass::Undo => "Undo",
    };
    Some(match &record.event {
        LogAppended { lsn, prev, txn, kind, page, undo_next, length, text } => {
            let (lsn, prev, txn, kind, page) = (*lsn, *prev, *txn, *kind, *page);
            let (undo_next, length, text) = (*undo_next, *length, text.clone());
            let stored = LogRecord { lsn, prev, txn, kind, page, undo_next, length, text };
            format!("{}.", sentence(&stored, ""))
        }
        LogRetracted { lsn } => format!("The record at {} is taken out of the log again.", lsn.0),
        LogWritten { to } => format!("The log up to {} is handed to the disk.", to.0),
        LogSynced { to } => format!("The log up to {} is durable.", to.0),
        SegmentCreated { start, .. } => format!("A new file of the log begins at {}.", start.0),
        SegmentRemoved { start, first, .. } => {
            format!(
                "No recovery would read the file from {} on: it is removed. The log begins at {} now.",
                start.0, first.0
            )
        }
        TransactionBegun { txn } => format!("Transaction {} begins.", txn.0),
        TransactionCommitted { txn, lsn } => format!("Transaction {} is committed by the record at {}.", txn.0, lsn.0),
        TransactionAcknowledged { txn } => format!("Transaction {} is acknowledged.", txn.0),
        TransactionAborted { txn } => format!("Transaction {} will be taken back.", txn.0),
        TransactionWaits { txn } => format!("Transaction {} waits for a shared sync.", txn.0),
        SavepointSet { txn, lsn } => format!("Transaction {} may go back to {}.", txn.0, lsn.0),
        RolledBack { txn, to } => format!("Transaction {} is back at {}.", txn.0, to.0),
        TransactionEntry { txn, status, last, undo_next, .. } => format!(
            "Transaction table: {} is {}, last record {}, undo next {}.",
            txn.0,
            status.word(),
            last.0,
            undo_next.0
        ),
        TransactionGone { txn } => format!("Transaction table: {} leaves.", txn.0),
        DirtyEntry { page, first } => format!("Dirty-page table: page {}, whose redo starts at {}.", page.0, first.0),
        DirtyGone { page } => format!("Dirty-page table: page {} is durable, and leaves.", page.0),
        CheckpointTaken { begin, redo } => {
            format!("The checkpoint at {} is complete: recovery begins there, and redo at {}.", begin.0, redo.0)
        }
        RecoveryPassBegun { pass, from, to } => match pass {
            RecoveryPass::Analysis => {
                format!("Analysis begins at the last checkpoint, {}, and goes to the end, {}.", from.0, to.0)
            }
            RecoveryPass::Redo => format!("Redo begins at {}, where the oldest dirty page was first changed.", from.0),
            RecoveryPass::Undo => "Undo goes backward, newest record first.".to_string(),
        },
        RecoveryPassEnded { pass, records } => {
            format!("{} is complete: {}.", pass_name(*pass), count(u64::from(*records), "record"))
        }
        RecordAnalyzed { lsn } => format!("Analysis reads the record at {}.", lsn.0),
        RecordRedone { lsn, page } => format!("The record at {} is done again, on page {}.", lsn.0, page.0),
        RecordSkipped { lsn, page, why, page_lsn } => skipped(*lsn, page.0, *why, *page_lsn),
        RecordUndone { lsn, txn, undo_next } => {
            format!("The record at {} of transaction {} is undone; next is {}.", lsn.0, txn.0, undo_next.0)
        }
        PageRestored { page, lsn, source } => {
            let from = match source {
                PageSource::Image => "the image in the log",
                PageSource::Doublewrite => "its second copy",
            };
            format!("Page {} fails its checksum: it is brought back from {from}, as of {}.", page.0, lsn.0)
        }
        LogTorn { at, bytes } => {
            format!("The log ends at {}: {} behind it make no sense.", at.0, count(u64::from(*bytes), "byte"))
        }
        ClientBegan { name, .. } => format!("The client begins transaction {name}."),
        ClientChanged { key: changed, value, removed, .. } => match removed {
            true => format!("The client notes: {} is deleted.", key(changed)),
            false => format!("The client notes: {} is {}.", key(changed), key(value)),
        },
        ClientTookBack { changes, .. } => {
            format!("The client keeps the first {} of its notes.", words::number(*changes))
        }
        ClientLearned { txn, fate } => learned(&format!("transaction {}", txn.0), *fate),
        ClientChecked { problem, promised, records, lost } if problem.is_empty() => {
            let lost = if *lost > 0 { format!("; {} lost, as may happen", lost) } else { String::new() };
            format!(
                "Checked against the client's notes: {} and {} are there, and nothing else{lost}.",
                count(*promised, "transaction"),
                count(*records, "record")
            )
        }
        ClientChecked { problem, .. } => format!("Checked against the client's notes: {problem}."),
        PageSurvived { page, fate, lsn, .. } => match fate {
            WriteFate::Kept => format!("The write of page {} had reached the medium: LSN {}.", page.0, lsn.0),
            WriteFate::Lost => format!("The write of page {} is lost: the disk has LSN {}.", page.0, lsn.0),
            WriteFate::Torn => format!("The write of page {} is torn: half of it is new, half is old.", page.0),
        },
        PageRestated { state } => format!("Page {} is as the log says now, at LSN {}.", state.page.0, state.lsn.0),
        MetaRestated { root, height, .. } => {
            format!(
                "From the meta page: the root is page {}, the tree is {} high.",
                root.0,
                count(u64::from(*height), "level")
            )
        }
        PageDamaged { page, .. } => format!("Page {} fails its checksum from now on.", page.0),
        _ => return None,
    })
}

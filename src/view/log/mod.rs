//! The lab of log and recovery: what is memory and what is disk, and what survives.
//!
//! - [`fold`], [`doing`]: the log's part of a view. [`caption`]: the event in a sentence. [`passes`]: recovery in pseudocode.
//! - [`scene`], [`side`], [`layout`]: the picture. [`words`]: records in words.
//! - [`facts`]: what a selected thing is made of. [`numbers`]: the measures.

mod caption;
mod doing;
mod facts;
mod fold;
mod layout;
mod numbers;
mod passes;
mod scene;
mod side;
mod words;

pub use doing::{Deed, Doing};

use super::View;
use super::guide::{Dot, Guide, Quick, Tone};
use super::markers::MarkerKind;
use glassbase_trace::{Event, Lane, LogKind, RecoveryPass, TxnFate, TxnId};

pub static GUIDE: Guide = Guide {
    lab: "log",
    lanes: &[Lane::Script, Lane::Tree, Lane::Log, Lane::Pool, Lane::Disk],
    draw: Some(scene::draw),
    caption: caption::caption,
    describe: caption::describe,
    measures: numbers::MEASURES,
    algorithm: &passes::WRITE_AHEAD,
    running: passes::running,
    marker,
    tone,
    pace_ms,
    inspect: facts::inspect,
    invitation: "Click a record, a page, a transaction: here is what it is made of. Drag the bolt onto the timeline to cut the power there.",
    fold: fold::fold,
    words: fold::words,
    field: "key",
    quick: QUICK,
    ..Guide::PLAIN
};

/// The names that the client gave its transactions.
fn names(view: &View) -> Vec<(TxnId, String)> {
    let Some(client) = &view.state.parts.client else { return Vec::new() };
    client.transactions.iter().rev().map(|noted| (noted.txn, noted.name.to_string())).collect()
}

/// What the client calls a transaction.
fn name_of(view: &View, txn: TxnId) -> String {
    let found = names(view).into_iter().find(|(known, _)| *known == txn);
    found.map_or_else(|| format!("transaction {}", txn.0), |(_, name)| name)
}

const QUICK: &[Quick] = &[
    Quick { text: "Begin", line: "begin" },
    Quick { text: "Put", line: "put {key}" },
    Quick { text: "Commit", line: "commit" },
    Quick { text: "Abort", line: "abort" },
    Quick { text: "Work", line: "work {count}" },
    Quick { text: "Crash", line: "crash" },
    Quick { text: "Recover", line: "recover" },
];

fn marker(event: &Event) -> Option<MarkerKind> {
    Some(match event {
        Event::ClientLearned { fate: TxnFate::Told, .. } => MarkerKind::Commit,
        Event::TransactionAborted { .. } | Event::RolledBack { .. } => MarkerKind::Abort,
        Event::CheckpointTaken { .. } => MarkerKind::Checkpoint,
        Event::RecoveryPassBegun { pass: RecoveryPass::Analysis, .. } => MarkerKind::Analysis,
        Event::RecoveryPassBegun { pass: RecoveryPass::Redo, .. } => MarkerKind::Redo,
        Event::RecoveryPassBegun { pass: RecoveryPass::Undo, .. } => MarkerKind::Undo,
        Event::ClientChecked { problem, .. } if !problem.is_empty() => MarkerKind::Failure,
        _ => return None,
    })
}

fn tone(event: &Event) -> Option<(Tone, Dot)> {
    Some(match event {
        Event::LogAppended { kind: LogKind::Commit, .. } => (Tone::Accent, Dot::Full),
        Event::LogAppended { kind: LogKind::Compensation, .. } | Event::RecordUndone { .. } => (Tone::Stale, Dot::Full),
        Event::LogAppended { .. } => (Tone::Logged, Dot::Ring),
        Event::LogWritten { .. } => (Tone::Logged, Dot::Ring),
        Event::LogSynced { .. } => (Tone::Logged, Dot::Full),
        Event::RecordRedone { .. } | Event::PageRestored { .. } => (Tone::Hit, Dot::Full),
        Event::RecordSkipped { .. } | Event::RecordAnalyzed { .. } => (Tone::Muted, Dot::Ring),
        Event::ClientChecked { problem, .. } if problem.is_empty() => (Tone::Hit, Dot::Full),
        Event::ClientChecked { .. } | Event::LogTorn { .. } | Event::PageDamaged { .. } => (Tone::Failed, Dot::Full),
        Event::PageSurvived { damaged: true, .. } => (Tone::Failed, Dot::Full),
        event if event.lane() == Lane::Log => (Tone::Muted, Dot::Full),
        _ => return None,
    })
}

fn pace_ms(event: &Event, _: u64) -> Option<f64> {
    use Event::*;
    Some(match event {
        LogAppended { kind: LogKind::Commit | LogKind::Compensation | LogKind::Abort, .. } => 500.0,
        LogAppended { kind: LogKind::Begin | LogKind::End, .. } => 200.0,
        LogAppended { .. } => 380.0,
        LogWritten { .. } => 420.0,
        LogSynced { .. } => 420.0,
        ClientLearned { .. } => 380.0,
        ClientBegan { .. } | ClientChanged { .. } | ClientTookBack { .. } => 160.0,
        PageSurvived { .. } => 500.0,
        RecoveryPassBegun { .. } => 900.0,
        RecordAnalyzed { .. } => 220.0,
        RecordRedone { .. } | RecordUndone { .. } | PageRestored { .. } => 450.0,
        RecordSkipped { .. } => 200.0,
        ClientChecked { .. } => 1200.0,
        CheckpointTaken { .. } | SegmentRemoved { .. } => 600.0,
        DiskCrashed { .. } => 1400.0,
        TransactionEntry { .. } | TransactionGone { .. } | DirtyEntry { .. } | DirtyGone { .. } => 60.0,
        event if event.lane() == Lane::Log => 120.0,
        _ => return None,
    })
}

//! A history that can be followed by hand, recovered step by step.

use crate::sim::{Cx, Fault};
use crate::storage::{CommitMode, Database, LogOptions, Options, TornPages};
use crate::trace::{Event, Lsn, RecoveryPass, SkipReason, TxnId};

/// What recovery did, in a few words each.
fn deeds(cx: &Cx, from: usize) -> Vec<String> {
    let deed = |event: &Event| match event {
        Event::RecoveryPassBegun { pass, .. } => Some(pass.word().to_string()),
        Event::RecordAnalyzed { .. } => Some("analyzed".to_string()),
        Event::RecordRedone { page, .. } => Some(format!("redone {}", page.0)),
        Event::RecordSkipped { page, why, .. } => Some(format!("{} {}", why.word(), page.0)),
        Event::RecordUndone { txn, .. } => Some(format!("undone {}", txn.0)),
        Event::LogAppended { kind, .. } => Some(format!("+{}", kind.word())),
        Event::CheckpointTaken { .. } => Some("checkpoint".to_string()),
        _ => None,
    };
    cx.recorder.trace.iter_from(from).filter_map(|record| deed(&record.event)).collect()
}

fn options() -> (Options, LogOptions) {
    let log = LogOptions { commit: CommitMode::Sync, torn_pages: TornPages::Nothing, ..LogOptions::default() };
    (Options { page_size: 256, ..Options::default() }, log)
}

/// One transaction commits, its page is written; another one has not committed when the power fails.
fn history() -> (Cx, Database, TxnId) {
    let mut cx = Cx::new(1);
    let (options, log) = options();
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let winner = database.begin(&mut cx).unwrap();
    database.put(&mut cx, winner, b"ash", b"1").unwrap();
    database.commit(&mut cx, winner).unwrap();
    database.flush(&mut cx).unwrap();
    let loser = database.begin(&mut cx).unwrap();
    database.put(&mut cx, loser, b"ash", b"2").unwrap();
    database.put(&mut cx, loser, b"elm", b"3").unwrap();
    database.sync(&mut cx).unwrap();
    database.crash(&mut cx);
    (cx, database, loser)
}

#[test]
fn the_three_passes_do_what_the_paper_says() {
    let (mut cx, mut database, _) = history();
    let from = cx.recorder.trace.len();
    database.recover(&mut cx).unwrap();
    let expected = [
        "analysis", // checkpoint begin and end; begin, update, commit, end; begin, update, update
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "analyzed",
        "redo", // the first insert is on the disk
        "present 1",
        "redone 1",
        "redone 1",
        "undo", // the insert is taken back by a removal, the replacement by a replacement; the beginning is nothing
        "+compensation",
        "undone 2",
        "+compensation",
        "undone 2",
        "undone 2",
        "+end",
        "+checkpoint-begin",
        "+checkpoint-end",
        "checkpoint",
    ];
    assert_eq!(deeds(&cx, from), expected);
    assert_eq!(database.get(&mut cx, b"ash"), Ok(Some(b"1".to_vec())));
    assert_eq!(database.get(&mut cx, b"elm"), Ok(None));
}

#[test]
fn what_was_taken_back_before_a_second_crash_is_not_taken_back_again() {
    let (mut cx, mut database, loser) = history();
    while database.recovery_pass() != Some(RecoveryPass::Undo) {
        assert_eq!(database.step(&mut cx), Ok(true));
    }
    database.step(&mut cx).unwrap();
    // The compensation is made durable by writing its page.
    let page = crate::trace::PageId(1);
    database.tree.pager_mut().write_page(&mut cx, page).unwrap();
    database.crash(&mut cx);
    let from = cx.recorder.trace.len();
    database.recover(&mut cx).unwrap();
    let deeds = deeds(&cx, from);
    let compensations = deeds.iter().filter(|deed| *deed == "+compensation").count();
    assert_eq!(compensations, 1, "the other one is in the log: {deeds:?}");
    let skipped = |record: &crate::trace::Record| matches!(record.event, Event::RecordSkipped { why: SkipReason::Present, page_lsn, .. } if page_lsn > Lsn(0));
    assert!(cx.recorder.trace.iter_from(from).any(skipped), "the page was written");
    assert_eq!(database.get(&mut cx, b"ash"), Ok(Some(b"1".to_vec())));
    assert!(database.log().unwrap().transactions.get(loser).is_none());
}

#[test]
fn steps_refuse_nothing_but_operations() {
    let (mut cx, mut database, _) = history();
    while database.step(&mut cx).unwrap() {
        assert!(database.needs_recovery() && database.begin(&mut cx).is_err());
        assert!(database.state(&cx).parts.log.is_some());
    }
    assert!(!database.needs_recovery() && database.begin(&mut cx).is_ok());
}

#[test]
fn a_commit_after_a_rollback_that_failed_half_way_frees_no_value_that_is_back() {
    let (options, log) = options();
    let options = Options { frames: 8, ..options };
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let (long, key) = (vec![7; 700], |number: u32| format!("key {number:04}").into_bytes());
    let txn = database.begin(&mut cx).unwrap();
    (0..60).for_each(|number| _ = database.put(&mut cx, txn, &key(number), b"short").unwrap());
    database.put(&mut cx, txn, b"long", &long).unwrap();
    database.commit(&mut cx, txn).unwrap();
    let txn = database.begin(&mut cx).unwrap();
    let savepoint = database.savepoint(&mut cx, txn).unwrap();
    (0..60).step_by(10).for_each(|number| _ = database.put(&mut cx, txn, &key(number), b"other").unwrap());
    database.put(&mut cx, txn, b"long", b"not any more").unwrap();
    database.flush(&mut cx).unwrap();
    let mut half_way = 0;
    for operation in 0..40 {
        let (mut cx, mut database) = (cx.clone(), database.clone());
        database.disk_mut().plan(operation, Fault::ReadFails);
        if database.rollback_to(&mut cx, savepoint).is_ok() {
            break;
        }
        half_way += 1;
        database.commit(&mut cx, txn).unwrap();
        assert_eq!(database.verify(&mut cx).problem, None, "operation {operation}");
        let found = database.get(&mut cx, b"long").unwrap().unwrap();
        assert!(found == long || found == b"not any more", "operation {operation}");
    }
    assert!(half_way > 1, "{half_way}");
}

#[test]
fn a_database_that_met_what_may_not_be_is_recovered_without_a_crash() {
    let (options, log) = options();
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let txn = database.begin(&mut cx).unwrap();
    database.put(&mut cx, txn, b"ash", b"1").unwrap();
    database.commit(&mut cx, txn).unwrap();
    let txn = database.begin(&mut cx).unwrap();
    database.put(&mut cx, txn, b"ash", b"2").unwrap();
    database.tree.journal_mut().unwrap().failed = true;
    assert!(database.needs_recovery() && database.get(&mut cx, b"ash").is_err());
    database.recover(&mut cx).unwrap();
    assert!(!database.needs_recovery());
    assert_eq!(database.get(&mut cx, b"ash"), Ok(Some(b"1".to_vec())));
    assert_eq!(database.verify(&mut cx).problem, None);
}

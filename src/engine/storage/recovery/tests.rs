//! A history that can be followed by hand, recovered step by step.

use crate::{CommitMode, Database, LogOptions, Options, StorageError, TornPages};
use glassbase_sim::{Cx, Fault};
use glassbase_trace::{Event, Lsn, PageId, PageSource, RecoveryPass, SkipReason, TxnId};

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
    let page = glassbase_trace::PageId(1);
    database.tree.pager_mut().write_page(&mut cx, page).unwrap();
    database.crash(&mut cx);
    let from = cx.recorder.trace.len();
    database.recover(&mut cx).unwrap();
    let deeds = deeds(&cx, from);
    let compensations = deeds.iter().filter(|deed| *deed == "+compensation").count();
    assert_eq!(compensations, 1, "the other one is in the log: {deeds:?}");
    let skipped = |record: &glassbase_trace::Record| matches!(record.event, Event::RecordSkipped { why: SkipReason::Present, page_lsn, .. } if page_lsn > Lsn(0));
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

type Records = Vec<(Vec<u8>, Vec<u8>)>;

/// A tree with long values, most of which a transaction has replaced that did not commit before the power failed.
fn loser_of_many() -> (Cx, Database, Records) {
    let (options, log) = options();
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &Options { frames: 8, ..options }, &log).unwrap();
    let (key, value) = (|key: u8| vec![key; 20], |key: u8| vec![key; usize::from(key) * 5]);
    let winner = database.begin(&mut cx).unwrap();
    let records: Vec<_> = (0..50).map(|number| (key(number), value(number))).collect();
    records.iter().for_each(|(key, value)| _ = database.put(&mut cx, winner, key, value).unwrap());
    database.commit(&mut cx, winner).unwrap();
    database.checkpoint(&mut cx).unwrap();
    let loser = database.begin(&mut cx).unwrap();
    (0..50).step_by(3).for_each(|number| _ = database.delete(&mut cx, loser, &key(number)).unwrap());
    (0..50).step_by(2).for_each(|number| _ = database.put(&mut cx, loser, &key(number), &[9; 180]).unwrap());
    (50..90).for_each(|number| _ = database.put(&mut cx, loser, &key(number), &value(90 - number)).unwrap());
    database.sync(&mut cx).unwrap();
    database.crash(&mut cx);
    (cx, database, records)
}

#[test]
fn a_recovery_that_met_errors_goes_on_to_the_same_end() {
    let (cx, crashed, records) = loser_of_many();
    let operations = {
        let mut database = crashed.clone();
        let before = database.disk().operations();
        database.recover(&mut cx.clone()).unwrap();
        database.disk().operations() - before
    };
    let mut met = 0;
    for operation in 0..operations {
        for fault in [Fault::ReadFails, Fault::DiskFull] {
            let (mut cx, mut database) = (cx.clone(), crashed.clone());
            (0..2).for_each(|_| database.disk_mut().plan(operation, fault));
            for _ in 0..4 {
                met += u32::from(database.recover(&mut cx).is_err());
            }
            assert_eq!(database.verify(&mut cx).problem, None, "{fault:?} at {operation}");
            let mut scan = || {
                let mut found = Vec::new();
                let visit = &mut |key: &[u8], value: &[u8]| found.push((key.to_vec(), value.to_vec()));
                database.scan(&mut cx, None, None, false, u64::MAX, visit).ok().map(|_| found)
            };
            // A fault that recovery has not met may be met now.
            let found = (0..3).find_map(|_| scan());
            assert_eq!(found.as_ref(), Some(&records), "{fault:?} at {operation}");
        }
    }
    assert!(met > 100, "{met} of {operations}");
}

#[test]
fn a_record_that_does_not_fit_its_page_is_an_error_that_names_both() {
    let (options, log) = options();
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let put = |cx: &mut Cx, database: &mut Database, key: &[u8]| {
        let txn = database.begin(cx).unwrap();
        database.put(cx, txn, key, b"1").unwrap();
        database.commit(cx, txn).unwrap();
    };
    put(&mut cx, &mut database, b"ash");
    database.flush(&mut cx).unwrap();
    put(&mut cx, &mut database, b"elm");
    // The disk says that it has written the page, and has not.
    database.disk_mut().plan(0, Fault::WriteLost);
    database.tree.pager_mut().write_page(&mut cx, PageId(1)).unwrap();
    database.disk_mut().sync(&mut cx).unwrap();
    database.flush(&mut cx).unwrap();
    database.checkpoint(&mut cx).unwrap();
    put(&mut cx, &mut database, b"fir");
    database.crash(&mut cx);
    let Err(StorageError::Corrupt { page, what }) = database.recover(&mut cx) else { panic!("it does not fit") };
    assert_eq!(page, PageId(1));
    assert!(what.contains("log record at "), "{what}");
}

#[test]
fn a_page_that_was_never_written_is_not_told_as_damaged() {
    let (options, log) = options();
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let txn = database.begin(&mut cx).unwrap();
    (0..60u8).for_each(|key| _ = database.put(&mut cx, txn, &[key; 9], &[key; 20]).unwrap());
    database.commit(&mut cx, txn).unwrap();
    database.crash(&mut cx);
    let from = cx.recorder.trace.len();
    database.recover(&mut cx).unwrap();
    assert_eq!(database.verify(&mut cx).problem, None);
    let told = |event: &Event| {
        matches!(event, Event::DiskFault { .. } | Event::PageRestored { source: PageSource::Image, .. })
    };
    assert!(!cx.recorder.trace.iter_from(from).any(|record| told(&record.event)));
}

#[test]
fn a_chain_that_cannot_be_read_is_given_up_and_checkpoints_go_on() {
    let (options, log) = options();
    let mut cx = Cx::new(1);
    let mut database = Database::create(&mut cx, &options, &log).unwrap();
    let put = |cx: &mut Cx, database: &mut Database, value: &[u8]| {
        let txn = database.begin(cx).unwrap();
        database.put(cx, txn, b"ash", value).unwrap();
        database.commit(cx, txn).unwrap();
    };
    put(&mut cx, &mut database, &[7; 900]);
    database.flush(&mut cx).unwrap();
    // Redo starts behind what could bring the pages back.
    database.checkpoint(&mut cx).unwrap();
    let chain = (0..database.tree().page_count()).map(PageId).find(|page| {
        let bytes = database.tree().page_image(*page).unwrap();
        crate::page::kind(&bytes) == Some(glassbase_trace::PageKind::Overflow)
    });
    // The chain is sound when it is replaced, and is not when it is to be freed.
    let txn = database.begin(&mut cx).unwrap();
    database.put(&mut cx, txn, b"ash", b"short").unwrap();
    database.flip_bit(&mut cx, chain.unwrap(), 99).unwrap();
    database.commit(&mut cx, txn).unwrap();
    let mut recovered = database.clone();
    let error = database.checkpoint(&mut cx).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert!(cx.recorder.trace.iter().any(|record| matches!(record.event, Event::DiskFault { .. })));
    database.checkpoint(&mut cx).unwrap();
    recovered.crash(&mut cx);
    recovered.recover(&mut cx).unwrap();
    recovered.crash(&mut cx);
    recovered.recover(&mut cx).unwrap();
    for mut database in [database, recovered] {
        assert!(database.log().unwrap().transactions.is_empty());
        assert_eq!(database.get(&mut cx, b"ash"), Ok(Some(b"short".to_vec())));
        let problem = database.verify(&mut cx).problem.unwrap();
        assert!(problem.contains("is lost"), "{problem}");
        put(&mut cx, &mut database, &[8; 900]);
        database.checkpoint(&mut cx).unwrap();
        assert_eq!(database.get(&mut cx, b"ash"), Ok(Some(vec![8; 900])));
    }
}

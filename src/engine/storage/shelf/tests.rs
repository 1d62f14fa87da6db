//! What all shelves have in common: their log read, applied elsewhere, cut back; snapshots; the note beside.

use super::*;
use crate::lsm::{LsmOptions, SyncMode, WriteBatch};
use crate::{CommitMode, LogOptions, Options};

fn kinds() -> Vec<ShelfKind> {
    let options = Options { page_size: 512, frames: 16, ..Options::default() };
    let log = LogOptions {
        commit: CommitMode::Async { every_ns: u64::MAX },
        segment_bytes: 8 << 10,
        ..LogOptions::default()
    };
    // Nothing is synced but when asked.
    let lsm = LsmOptions { sync: SyncMode::Asynchronous, memtable_bytes: 64 << 10, ..LsmOptions::default() };
    vec![ShelfKind::Memory, ShelfKind::Tree(Box::new((options, log))), ShelfKind::Lsm(Box::new(lsm))]
}

fn contents(shelf: &mut Shelf) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    shelf.scan(Some(b"a"), None, u64::MAX, &mut |key, value| found.push((key.to_vec(), value.to_vec()))).unwrap();
    found
}

fn written(kind: &ShelfKind, writes: u64) -> Shelf {
    let mut shelf = Shelf::create(7, kind).unwrap();
    shelf.keep_log(1000).unwrap();
    for number in 0..writes {
        let key = format!("k{}", number * 7 % 13);
        match number % 5 {
            4 => shelf.delete(key.as_bytes()).unwrap(),
            _ => shelf.put(key.as_bytes(), &vec![number as u8; 1 + (number as usize * 37) % 300]).unwrap(),
        }
    }
    shelf
}

fn ship(from: &mut Shelf, to: &mut Shelf) {
    while to.log_end() < from.log_end() {
        let batches = from.read_log(to.log_end(), 5).unwrap().unwrap();
        assert!(!batches.is_empty());
        batches.iter().for_each(|batch| to.apply_log(batch).unwrap());
    }
}

#[test]
fn what_is_shipped_gives_the_same_contents_and_the_same_numbers() {
    for kind in kinds() {
        let mut leader = written(&kind, 60);
        let mut follower = written(&kind, 0);
        ship(&mut leader, &mut follower);
        assert_eq!((follower.log_end(), contents(&mut follower)), (leader.log_end(), contents(&mut leader)));
        // The follower's log can be shipped on.
        let mut third = written(&kind, 0);
        ship(&mut follower, &mut third);
        assert_eq!(contents(&mut third), contents(&mut leader));
        let batch = leader.read_log(10, 1).unwrap().unwrap().remove(0);
        assert!(follower.apply_log(&batch).is_err(), "not what comes next");
        assert_eq!(third.problem(), None);
    }
}

#[test]
fn a_batch_of_several_writes_is_shipped_whole() {
    for kind in kinds() {
        let mut leader = written(&kind, 3);
        let mut batch = WriteBatch::new();
        batch.put(b"x", b"1");
        batch.delete(b"k0");
        batch.put(b"y", &[3; 2000]);
        leader.write(&mut batch).unwrap();
        let logged = leader.read_log(3, 9).unwrap().unwrap();
        assert_eq!(logged.len(), 1);
        assert_eq!((logged[0].first, logged[0].last), (4, 6));
        let changes = leader.changes(&logged[0]).unwrap();
        assert!(changes.contains(&Change { key: b"y".to_vec(), value: Some(vec![3; 2000]) }));
        assert!(changes.contains(&Change { key: b"k0".to_vec(), value: None }));
        let mut follower = written(&kind, 0);
        ship(&mut leader, &mut follower);
        assert_eq!(contents(&mut follower), contents(&mut leader));
    }
}

#[test]
fn a_snapshot_stands_still_and_can_be_installed() {
    for kind in kinds() {
        let mut leader = written(&kind, 40);
        let (before, end) = (contents(&mut leader), leader.log_end());
        let snapshot = leader.begin_snapshot().unwrap();
        leader.put(b"later", b"1").unwrap();
        let mut records = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let mut chunk = Vec::new();
            let mut visit = |key: &[u8], value: &[u8]| chunk.push((key.to_vec(), value.to_vec()));
            leader.read_snapshot(snapshot, from.as_deref(), 3, &mut visit).unwrap();
            let Some((last, _)) = chunk.last() else { break };
            from = Some([&last[..], &[0]].concat());
            records.extend(chunk);
        }
        leader.end_snapshot(snapshot).unwrap();
        assert_eq!(records, before);
        let mut follower = written(&kind, 90);
        follower.set_note(b"mine").unwrap();
        follower.install(&records, end, 1000).unwrap();
        assert_eq!((follower.log_end(), contents(&mut follower)), (end, before.clone()));
        assert_eq!(follower.note().unwrap(), b"mine");
        assert_eq!(follower.read_log(end - 1, 9).unwrap(), None, "what is in the snapshot is not in the log");
        follower.crash(3);
        follower.recover().unwrap();
        follower.keep_log(1000).unwrap();
        assert_eq!((follower.log_end(), contents(&mut follower)), (end, before));
        ship(&mut leader, &mut follower);
        assert_eq!(contents(&mut follower), contents(&mut leader));
        assert_eq!(follower.problem(), None);
    }
}

#[test]
fn after_a_crash_the_log_ends_where_the_contents_do() {
    for kind in kinds() {
        for choice in 0..40 {
            let mut shelf = written(&kind, 20);
            shelf.sync().unwrap();
            let synced = shelf.log_end();
            for number in 0..10 {
                shelf.put(format!("u{number}").as_bytes(), b"1").unwrap();
            }
            shelf.crash(choice);
            shelf.recover().unwrap();
            shelf.keep_log(1000).unwrap();
            let end = shelf.log_end();
            assert!((synced..=synced + 10).contains(&end));
            let unsynced = contents(&mut shelf).iter().filter(|(key, _)| key[0] == b'u').count() as u64;
            assert_eq!(unsynced, end - synced);
            if shelf.log_start() > 0 {
                assert!(matches!(kind, ShelfKind::Tree(_)), "recovery ends with a checkpoint, which may cut the log");
                continue;
            }
            let mut other = written(&kind, 0);
            ship(&mut shelf, &mut other);
            assert_eq!(contents(&mut other), contents(&mut shelf));
        }
    }
}

#[test]
fn writes_are_taken_back_to_a_number() {
    for kind in kinds() {
        let mut shelf = written(&kind, 20);
        let (before, end) = (contents(&mut shelf), shelf.log_end());
        for number in 0..30 {
            shelf.put(format!("k{}", number % 15).as_bytes(), &[number]).unwrap();
        }
        shelf.sync().unwrap();
        if !shelf.cut_log(end).unwrap() {
            continue;
        }
        assert_eq!((shelf.log_end(), contents(&mut shelf)), (end, before.clone()));
        shelf.crash(1);
        shelf.recover().unwrap();
        shelf.keep_log(1000).unwrap();
        assert_eq!((shelf.log_end(), contents(&mut shelf)), (end, before));
        shelf.put(b"on", b"1").unwrap();
        assert_eq!(shelf.log_end(), end + 1);
        assert_eq!(shelf.problem(), None);
    }
}

#[test]
fn the_note_beside_is_durable_and_no_part_of_the_log() {
    for kind in kinds() {
        let mut shelf = written(&kind, 1);
        for number in 0..300u32 {
            assert_eq!(shelf.note().unwrap().is_empty(), number == 0);
            shelf.set_note(&number.to_le_bytes()).unwrap();
            if number % 7 == 0 {
                shelf.crash(number.into());
                shelf.recover().unwrap();
                shelf.keep_log(1000).unwrap();
            }
            assert_eq!(shelf.note().unwrap(), number.to_le_bytes());
        }
        assert!(shelf.log_end() <= 1);
    }
}

#[test]
fn a_store_that_has_flushed_its_log_gives_a_snapshot_instead() {
    for kind in kinds() {
        let mut shelf = Shelf::create(7, &kind).unwrap();
        shelf.keep_log(3).unwrap();
        for number in 0..2_000u32 {
            shelf.put(format!("k{:02}", number % 50).as_bytes(), &[number as u8; 100]).unwrap();
        }
        match &mut shelf.kept {
            Kept::Tree(store) => {
                store.database_mut().flush(&mut shelf.cx).unwrap();
                store.database_mut().checkpoint(&mut shelf.cx).unwrap();
            }
            Kept::Lsm(store) => store.flush(&mut shelf.cx).unwrap(),
            _ => shelf.sync().unwrap(),
        }
        let start = shelf.log_start();
        assert!(start > 0, "{kind:?}");
        assert_eq!(shelf.read_log(0, 5).unwrap(), None);
        assert!(start == shelf.log_end() || shelf.read_log(start, 5).unwrap().is_some());
        if !matches!(kind, ShelfKind::Tree(_)) {
            assert_eq!(shelf.read_log(1_998, 5).unwrap().unwrap().len(), 2, "the newest are in memory");
        }
        shelf.crash(1);
        shelf.recover().unwrap();
        shelf.keep_log(3).unwrap();
        assert_eq!(shelf.log_end(), 2_000, "{kind:?}");
        shelf.put(b"on", b"1").unwrap();
        assert_eq!(shelf.read_log(2_000, 5).unwrap().unwrap().len(), 1);
    }
}

#[test]
fn shipped_bytes_that_are_changed_are_an_error_or_another_change_and_never_a_panic() {
    for kind in kinds() {
        let mut leader = written(&kind, 12);
        for batch in leader.read_log(0, 99).unwrap().unwrap() {
            for at in 0..batch.bytes.len() {
                let mut bytes = batch.bytes.to_vec();
                bytes[at] ^= 1 << (at % 8);
                let _ = leader.changes(&Logged { bytes: bytes.into(), ..batch.clone() });
                let _ = leader.changes(&Logged { bytes: batch.bytes[..at].into(), ..batch.clone() });
            }
        }
    }
}

//! Tests of the log as a whole, and of the control file.

use super::control::Control;
use super::record::Body;
use super::*;
use glassbase_sim::Device;
use glassbase_trace::{PageId, TxnId};

fn disk() -> (Cx, Disk) {
    let mut cx = Cx::new(3);
    cx.recorder.switch(false);
    let disk = Disk::new(&cx, Device::Nvme, 512, 0);
    (cx, disk)
}

/// Appends a commit record with that many pages, so that its length is known to grow.
fn append(log: &mut Log, pages: u32) -> Lsn {
    log.make_room();
    let body = Body::Commit { chains: (0..pages).map(PageId).collect() };
    let record = Record { txn: TxnId(1), prev: Lsn(0), body };
    log.append(|lsn, out| record.encode(lsn, out)).0
}

#[test]
fn records_are_read_from_memory_and_from_files_and_followed_across_segments() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 300).unwrap();
    let lsns: Vec<Lsn> = (0..40).map(|pages| append(&mut log, pages)).collect();
    for written in [false, true] {
        if written {
            log.sync(&mut cx, &mut disk).unwrap();
            assert_eq!((log.durable(), log.buffered()), (log.end(), 0));
        }
        let mut at = lsns[0];
        for (pages, lsn) in lsns.iter().enumerate() {
            assert_eq!(at, *lsn);
            let stored = log.read(&mut cx, &mut disk, at).unwrap();
            let Body::Commit { chains } = stored.record().unwrap().body else { panic!("another record") };
            assert_eq!(chains.len(), pages);
            at = stored.next;
        }
        assert_eq!(at, log.end());
    }
    assert!(log.segments().count() > 5, "{} segments", log.segments().count());
    let mut visited = Vec::new();
    log.for_each(&disk, &mut |lsn, _, _| visited.push(lsn));
    assert_eq!(visited, lsns);
}

#[test]
fn an_lsn_is_a_position_in_the_log() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 1000).unwrap();
    let (first, second) = (append(&mut log, 0), append(&mut log, 0));
    // The header of the segment, then a frame of 30 bytes with a body of 4: kind, transaction, no previous, no pages.
    assert_eq!((first, second, log.end()), (Lsn(20), Lsn(54), Lsn(88)));
    log.sync(&mut cx, &mut disk).unwrap();
    let (file, name) = disk.files().next().unwrap();
    assert_eq!((name, disk.file_len(file)), ("log-000000000000", Some(88)));
}

#[test]
fn a_log_is_found_again_and_its_torn_end_is_cut_off() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 2000).unwrap();
    let first = append(&mut log, 10);
    append(&mut log, 20);
    log.sync(&mut cx, &mut disk).unwrap();
    let durable = log.end();
    (0..30).for_each(|pages| _ = append(&mut log, pages));
    log.write(&mut cx, &mut disk).unwrap();
    let mut ends = std::collections::BTreeSet::new();
    for choice in 0..60 {
        let (mut cx, mut disk) = (cx.clone(), disk.clone());
        disk.crash_seeded(&mut cx, choice);
        let mut log = Log::open(&mut cx, &mut disk, 2000, first).unwrap();
        assert!(log.end() >= durable && log.end() == log.durable());
        ends.insert(log.end());
        // What is written now is found where it was written, whatever lay there before.
        let lsn = append(&mut log, 3);
        log.sync(&mut cx, &mut disk).unwrap();
        disk.crash_seeded(&mut cx, choice);
        let mut log = Log::open(&mut cx, &mut disk, 2000, first).unwrap();
        assert!(log.read(&mut cx, &mut disk, lsn).is_ok());
    }
    assert!(ends.len() > 4, "{ends:?}");
}

#[test]
fn a_segment_that_is_still_empty_is_not_begun_again() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 1000).unwrap();
    let first = append(&mut log, 1);
    // What was to be written to the segment may fail in between.
    for _ in 0..3 {
        log.begin_segment();
        log.sync(&mut cx, &mut disk).unwrap();
    }
    let second = append(&mut log, 2);
    log.sync(&mut cx, &mut disk).unwrap();
    assert_eq!(log.read(&mut cx, &mut disk, first).unwrap().next, second);
    let mut log = Log::open(&mut cx, &mut disk, 1000, first).unwrap();
    assert_eq!(log.read(&mut cx, &mut disk, second).unwrap().next, log.end());
    assert_eq!(log.segments().count(), 2);
}

#[test]
fn old_segments_go_and_a_missing_one_is_told() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 200).unwrap();
    let lsns: Vec<Lsn> = (0..30).map(|_| append(&mut log, 5)).collect();
    log.sync(&mut cx, &mut disk).unwrap();
    let before = log.segments().count();
    log.truncate(&mut cx, &mut disk, lsns[15]).unwrap();
    assert!(log.segments().count() < before && log.first() <= lsns[15]);
    assert!(log.read(&mut cx, &mut disk, lsns[0]).is_err());
    assert!(log.read(&mut cx, &mut disk, lsns[15]).is_ok());
    assert!(Log::open(&mut cx, &mut disk, 200, lsns[15]).is_ok());
    let error = Log::open(&mut cx, &mut disk, 200, lsns[0]).unwrap_err().to_string();
    assert!(error.contains(&format!("byte {}", lsns[0].0)), "{error}");
    let middle = log.segments().nth(1).unwrap().file;
    disk.remove_file(&mut cx, middle).unwrap();
    assert!(Log::open(&mut cx, &mut disk, 200, lsns[15]).is_err());
}

#[test]
fn a_record_that_was_not_written_can_be_taken_out_again() {
    let (mut cx, mut disk) = disk();
    let mut log = Log::create(&mut cx, &mut disk, 1000).unwrap();
    let (first, second) = (append(&mut log, 1), append(&mut log, 2));
    assert!(log.retract(&mut cx, second));
    assert_eq!(log.end(), second);
    log.write(&mut cx, &mut disk).unwrap();
    assert!(!log.retract(&mut cx, first));
    assert_eq!(append(&mut log, 3), second);
}

#[test]
fn the_last_good_entry_of_the_control_file_counts() {
    let (mut cx, mut disk) = disk();
    assert_eq!(Control::open(&mut cx, &mut disk), Ok(None));
    let mut control = Control::default();
    for checkpoint in 1..=170 {
        control.note(&mut cx, &mut disk, Lsn(checkpoint * 10)).unwrap();
        let found = Control::open(&mut cx, &mut disk).unwrap().unwrap();
        assert_eq!(found.checkpoint, Lsn(checkpoint * 10));
    }
    assert_eq!(disk.files().count(), 1, "the file that was full is gone");
    let (file, length) = disk.files().next().map(|(file, _)| (file, disk.file_len(file).unwrap())).unwrap();
    disk.flip_file_bit(&mut cx, file, (length - 3) * 8).unwrap();
    let found = Control::open(&mut cx, &mut disk).unwrap().unwrap();
    assert_eq!(found.checkpoint, Lsn(1690), "the entry before the damaged one");
    for operations in 0..12 {
        let (mut cx, mut disk, mut control) = (cx.clone(), disk.clone(), found.clone());
        disk.fail_power_after(operations);
        let mut noted = 1690;
        while control.note(&mut cx, &mut disk, Lsn(noted + 10)).is_ok() {
            noted += 10;
        }
        disk.crash_seeded(&mut cx, operations);
        let found = Control::open(&mut cx, &mut disk).unwrap().unwrap().checkpoint.0;
        assert!(found == noted || found == noted + 10, "{operations}: {found}, not {noted}");
    }
}

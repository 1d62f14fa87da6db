//! What failed is taken back before anything else is answered; marks tell what is durable.

use super::*;
use crate::lsm::{LsmOptions, SyncMode};
use crate::{CommitMode, LogOptions, Options};
use glassbase_sim::{Device, Fault};

const KEYS: u64 = 120;

fn tree(commit: CommitMode) -> (Cx, TreeStore) {
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let options = Options { page_size: 256, frames: 8, device: Device::Ram, ..Options::default() };
    let store = TreeStore::create(&mut cx, &options, &LogOptions { commit, ..LogOptions::default() }).unwrap();
    (cx, store)
}

fn value(key: u64) -> Vec<u8> {
    vec![key as u8; (key % 60) as usize]
}

/// A batch that changes everything and cannot be done, because its last key is too long.
fn impossible() -> WriteBatch {
    let mut batch = WriteBatch::new();
    (0..KEYS).for_each(|key| batch.put(&key.to_be_bytes(), b"other"));
    batch.put(&[7; 5000], b"");
    batch
}

#[test]
fn what_cannot_be_taken_back_at_once_is_before_anything_is_answered() {
    let (cx, mut full) = {
        let (mut cx, mut store) = tree(CommitMode::Sync);
        (0..KEYS).for_each(|key| store.put(&mut cx, &key.to_be_bytes(), &value(key)).unwrap());
        (cx, store)
    };
    let before = full.database().disk().operations();
    assert!(full.write(&mut cx.clone(), &mut impossible()).is_err());
    let operations = full.database().disk().operations() - before;
    let mut refused = 0;
    for after in 0..operations {
        let (mut cx, mut store) = tree(CommitMode::Sync);
        (0..KEYS).for_each(|key| store.put(&mut cx, &key.to_be_bytes(), &value(key)).unwrap());
        // One for the write, or its taking back, and one for whoever comes next.
        (0..3).for_each(|_| store.database_mut().disk_mut().plan(after, Fault::ReadFails));
        assert!(store.write(&mut cx, &mut impossible()).is_err());
        if store.problem(&mut cx).is_some() {
            refused += 1;
            while store.get(&mut cx, b"", None).is_err() {}
        }
        for key in 0..KEYS {
            let found = (0..4).find_map(|_| store.get(&mut cx, &key.to_be_bytes(), None).ok());
            assert_eq!(found, Some(Some(value(key))), "fault at {after}, key {key}");
        }
        (0..KEYS).for_each(|key| store.put(&mut cx, &key.to_be_bytes(), b"new").unwrap());
        assert_eq!(store.problem(&mut cx), None);
    }
    assert!(refused > 20, "{refused} of {operations}");
}

#[test]
fn what_needs_recovery_is_refused_until_then() {
    let (mut cx, mut store) = tree(CommitMode::Sync);
    (0..KEYS).for_each(|key| store.put(&mut cx, &key.to_be_bytes(), &value(key)).unwrap());
    store.database_mut().disk_mut().fail_power_after(30);
    assert!(store.write(&mut cx, &mut impossible()).is_err());
    for _ in 0..2 {
        assert!(store.get(&mut cx, &1u64.to_be_bytes(), None).is_err());
        assert!(store.put(&mut cx, b"ash", b"").is_err());
        assert!(store.problem(&mut cx).is_some());
    }
    store.crash(&mut cx, 3).unwrap();
    (0..KEYS).for_each(|key| {
        assert_eq!(store.get(&mut cx, &key.to_be_bytes(), None), Ok(Some(value(key))));
    });
    assert_eq!(store.problem(&mut cx), None);
}

#[test]
fn a_mark_is_reached_when_what_was_written_is_durable() {
    let group = CommitMode::Group { commits: 4, wait_ns: 1_000_000 };
    for (commit, durable_at_once) in [(CommitMode::Sync, true), (group, false)] {
        let (mut cx, mut store) = tree(commit);
        store.put(&mut cx, b"ash", &[1; 700]).unwrap();
        store.put(&mut cx, b"ash", b"grey").unwrap();
        let mark = store.written_up_to();
        assert_eq!(store.durable_up_to() >= mark, durable_at_once, "{commit:?}");
        let mut crashed = store.clone();
        crashed.crash(&mut cx.clone(), 0).unwrap();
        if durable_at_once {
            assert_eq!(crashed.get(&mut cx.clone(), b"ash", None), Ok(Some(b"grey".to_vec())));
        }
        cx.pass(2_000_000);
        store.poll(&mut cx).unwrap();
        assert!(store.durable_up_to() >= mark, "{commit:?}");
        for choice in 0..9 {
            let (mut cx, mut crashed) = (cx.clone(), store.clone());
            crashed.crash(&mut cx, choice).unwrap();
            assert_eq!(crashed.get(&mut cx, b"ash", None), Ok(Some(b"grey".to_vec())));
        }
        store.put(&mut cx, b"elm", b"").unwrap();
        assert!(store.written_up_to() > mark);
        store.sync(&mut cx).unwrap();
        assert!(store.durable_up_to() >= store.written_up_to());
    }
    let mut cx = Cx::new(1);
    let options = LsmOptions { sync: SyncMode::Asynchronous, ..LsmOptions::default() };
    let mut lsm = Lsm::create(&mut cx, &options).unwrap();
    Store::put(&mut lsm, &mut cx, b"ash", b"grey").unwrap();
    assert!(lsm.durable_up_to() < lsm.written_up_to());
    Store::sync(&mut lsm, &mut cx).unwrap();
    assert_eq!(lsm.durable_up_to(), lsm.written_up_to());
}

#[test]
fn a_released_snapshot_is_refused_though_nothing_was_written_since() {
    let (mut cx, tree) = tree(CommitMode::Sync);
    let lsm = Lsm::create(&mut cx, &LsmOptions::default()).unwrap();
    for mut store in [Box::new(tree) as Box<dyn Store>, Box::new(lsm)] {
        store.put(&mut cx, b"ash", b"grey").unwrap();
        let snapshot = store.snapshot(&mut cx).unwrap();
        assert_eq!(Snapshot::numbered(snapshot.number()), snapshot);
        assert_eq!(store.get(&mut cx, b"ash", Some(snapshot)), Ok(Some(b"grey".to_vec())));
        store.release(&mut cx, snapshot).unwrap();
        let refused = Err(StorageError::NoSnapshot { sequence: snapshot.number() });
        assert_eq!(store.get(&mut cx, b"ash", Some(snapshot)), refused);
    }
}

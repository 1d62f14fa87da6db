//! One workload through both stores: the same answers from each, and from the simplest thing that can be right, whatever is
//! flushed, merged, split or evicted meanwhile; snapshots, batches, range deletes and crashes included.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, Device, Generator};
use glassbase_core::storage::lsm::{Lsm, LsmOptions, ScanBounds, WriteBatch};
use glassbase_core::storage::store::{Snapshot, Store, TreeStore};
use glassbase_core::storage::{LogOptions, Options};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store with the context that it lives in.
struct Subject {
    cx: Cx,
    store: Box<dyn Store>,
}

struct Run {
    subjects: [Subject; 2],
    model: Model,
    /// What each store calls a snapshot, and what it should see.
    snapshots: Vec<([Snapshot; 2], Model)>,
    generator: Generator,
}

impl Run {
    fn new(seed: u64) -> Run {
        let open = |make: &dyn Fn(&mut Cx) -> Box<dyn Store>| {
            let mut cx = Cx::new(seed);
            cx.recorder.switch(false);
            Subject { store: make(&mut cx), cx }
        };
        let pages = Options { page_size: 256, frames: 12, device: Device::Ram, ..Options::default() };
        let log = LogOptions {
            segment_bytes: 8 << 10,
            buffer_bytes: 2 << 10,
            checkpoint_bytes: 32 << 10,
            ..LogOptions::default()
        };
        let small = LsmOptions { memtable_bytes: 1500, table_bytes: 2000, level1_bytes: 6000, ..LsmOptions::default() };
        let tree = open(&|cx| Box::new(TreeStore::create(cx, &pages, &log).unwrap()));
        let lsm = open(&|cx| Box::new(Lsm::create(cx, &small).unwrap()));
        let generator = Generator::new(seed, "both stores");
        Run { subjects: [tree, lsm], model: Model::new(), snapshots: Vec::new(), generator }
    }

    fn key(&mut self) -> Vec<u8> {
        let length = 1 + self.generator.below(3) as usize;
        (0..length).map(|_| b'a' + self.generator.below(6) as u8).collect()
    }

    fn value(&mut self) -> Vec<u8> {
        let length = self.generator.below(120) as usize;
        vec![self.generator.below(256) as u8; length]
    }

    fn step(&mut self) {
        match self.generator.below(20) {
            0..=7 => self.put(),
            8..=10 => self.delete(),
            11 | 12 => self.batch(),
            13..=15 => self.get(),
            16..=17 => self.scan(),
            18 if self.snapshots.len() < 4 => self.snapshot(),
            _ => self.release(),
        }
    }

    fn put(&mut self) {
        let (key, value) = (self.key(), self.value());
        for Subject { cx, store } in &mut self.subjects {
            store.put(cx, &key, &value).unwrap();
        }
        self.model.insert(key, value);
    }

    fn delete(&mut self) {
        let key = self.key();
        for Subject { cx, store } in &mut self.subjects {
            store.delete(cx, &key).unwrap();
        }
        self.model.remove(&key);
    }

    fn batch(&mut self) {
        let mut batch = WriteBatch::new();
        for _ in 0..self.generator.below(6) {
            let (one, other) = (self.key(), self.key());
            match self.generator.below(4) {
                0 => {
                    batch.delete(&one);
                    self.model.remove(&one);
                }
                1 if one != other => {
                    let (start, end) = if one < other { (one, other) } else { (other, one) };
                    batch.delete_range(&start, &end);
                    self.model.retain(|key, _| *key < start || *key >= end);
                }
                _ => {
                    let value = self.value();
                    batch.put(&one, &value);
                    self.model.insert(one, value);
                }
            }
        }
        for Subject { cx, store } in &mut self.subjects {
            store.write(cx, &mut batch.clone()).unwrap();
        }
    }

    /// The present (none), or one of the snapshots.
    fn moment(&mut self) -> Option<usize> {
        let count = self.snapshots.len() as u64;
        let index = self.generator.below(count + 1);
        (index < count).then_some(index as usize)
    }

    fn get(&mut self) {
        let (key, moment) = (self.key(), self.moment());
        let expected = moment.map_or(&self.model, |index| &self.snapshots[index].1).get(&key);
        for (which, Subject { cx, store }) in self.subjects.iter_mut().enumerate() {
            let at = moment.map(|index| self.snapshots[index].0[which]);
            assert_eq!(store.get(cx, &key, at).unwrap().as_ref(), expected, "store {which}, key {key:?}");
        }
    }

    fn scan(&mut self) {
        let (one, other, moment) = (self.key(), self.key(), self.moment());
        let (low, high) = (one.clone().min(other.clone()), one.max(other));
        let from = (self.generator.below(3) > 0).then_some(&low[..]);
        let to = (self.generator.below(3) > 0).then_some(&high[..]);
        let backward = self.generator.below(2) == 0;
        let limit = if self.generator.below(2) == 0 { u64::MAX } else { self.generator.below(12) };
        let model = moment.map_or(&self.model, |index| &self.snapshots[index].1);
        let within = |key: &[u8]| from.is_none_or(|from| key >= from) && to.is_none_or(|to| key <= to);
        let mut expected: Vec<_> = model.clone().into_iter().filter(|(key, _)| within(key)).collect();
        if backward {
            expected.reverse();
        }
        expected.truncate(limit.min(1 << 20) as usize);
        for (which, Subject { cx, store }) in self.subjects.iter_mut().enumerate() {
            let at = moment.map(|index| self.snapshots[index].0[which]);
            let mut found = Vec::new();
            let visit = &mut |key: &[u8], value: &[u8]| found.push((key.to_vec(), value.to_vec()));
            let count = store.scan(cx, ScanBounds { from, to, backward }, limit, at, visit).unwrap();
            assert_eq!((count, &found), (expected.len() as u64, &expected), "store {which}");
        }
    }

    fn snapshot(&mut self) {
        let taken = self.subjects.each_mut().map(|Subject { cx, store }| store.snapshot(cx).unwrap());
        self.snapshots.push((taken, self.model.clone()));
    }

    fn release(&mut self) {
        let Some(index) = self.moment() else { return };
        let (taken, _) = self.snapshots.remove(index);
        for (which, Subject { cx, store }) in self.subjects.iter_mut().enumerate() {
            store.release(cx, taken[which]).unwrap();
        }
    }

    fn check(&mut self) {
        for Subject { cx, store } in &mut self.subjects {
            assert_eq!(store.problem(cx), None);
        }
    }
}

#[test]
fn both_stores_answer_alike() {
    for seed in 0..12 {
        let mut run = Run::new(seed);
        for step in 0..1500 {
            run.step();
            if step % 250 == 0 {
                run.check();
            }
        }
        run.check();
    }
}

#[test]
fn a_snapshot_that_was_released_is_refused() {
    let mut run = Run::new(1);
    run.put();
    for Subject { cx, store } in &mut run.subjects {
        let snapshot = store.snapshot(cx).unwrap();
        store.put(cx, b"later", b"").unwrap();
        assert_eq!(store.get(cx, b"later", Some(snapshot)).unwrap(), None);
        store.release(cx, snapshot).unwrap();
        let refused = store.get(cx, b"later", Some(snapshot)).unwrap_err();
        assert!(refused.to_string().contains("snapshot"), "{refused}");
        assert!(store.release(cx, snapshot).is_err());
    }
}

#[test]
fn a_batch_that_cannot_be_done_does_nothing() {
    let mut run = Run::new(2);
    let Subject { cx, store } = &mut run.subjects[0];
    store.put(cx, b"oak", b"brown").unwrap();
    let snapshot = store.snapshot(cx).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(b"oak", b"green");
    batch.put(&[b'x'; 5000], b"too long a key");
    assert!(store.write(cx, &mut batch).is_err());
    assert_eq!(store.get(cx, b"oak", None).unwrap().as_deref(), Some(&b"brown"[..]));
    assert_eq!(store.get(cx, b"oak", Some(snapshot)).unwrap().as_deref(), Some(&b"brown"[..]));
    assert_eq!(store.problem(cx), None);
}

#[test]
fn what_is_synced_outlives_a_crash_of_either() {
    for seed in 0..6 {
        let mut run = Run::new(seed);
        (0..300).for_each(|_| run.put());
        let mut generator = Generator::new(seed, "crash");
        let pages = Options { page_size: 256, frames: 12, device: Device::Ram, ..Options::default() };
        let mut cx = Cx::new(seed);
        let mut tree = TreeStore::create(&mut cx, &pages, &LogOptions::default()).unwrap();
        let mut lsm = Lsm::create(&mut cx, &LsmOptions { memtable_bytes: 1500, ..LsmOptions::default() }).unwrap();
        for (key, value) in &run.model {
            Store::put(&mut tree, &mut cx, key, value).unwrap();
            Store::put(&mut lsm, &mut cx, key, value).unwrap();
        }
        Store::sync(&mut tree, &mut cx).unwrap();
        Store::sync(&mut lsm, &mut cx).unwrap();
        tree.crash(&mut cx, generator.next_u64()).unwrap();
        let Ok((mut lsm, _)) = lsm.crash(&mut cx, generator.next_u64()) else { panic!("the tree does not open") };
        for store in [&mut tree as &mut dyn Store, &mut lsm] {
            let mut found = Model::new();
            let visit = &mut |key: &[u8], value: &[u8]| drop(found.insert(key.to_vec(), value.to_vec()));
            store.scan(&mut cx, ScanBounds::default(), u64::MAX, None, visit).unwrap();
            assert_eq!(found, run.model);
            assert_eq!(store.problem(&mut cx), None);
        }
    }
}

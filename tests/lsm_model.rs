//! The log-structured merge tree against the simplest thing that can be right, under seeded random work: with snapshots,
//! under every policy, with options of all sizes, crashed and opened again. The fold of the trace is compared with the tree
//! as it goes.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, Generator};
use glassbase_core::storage::lsm::{Background, Lsm, LsmOptions, ScanBounds, SyncMode, WriteBatch};
use glassbase_core::trace::parts::lsm::{CompactionPolicy, LsmState};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

const POLICIES: [CompactionPolicy; 3] =
    [CompactionPolicy::Leveled, CompactionPolicy::SizeTiered, CompactionPolicy::LazyLeveled];

fn random_options(generator: &mut Generator) -> LsmOptions {
    let below = |generator: &mut Generator, bound: u64| generator.below(bound) as u32;
    let level0_tables = 1 + below(generator, 4);
    LsmOptions {
        memtable_bytes: 256 + below(generator, 4000),
        memtables_slow: 1 + below(generator, 2),
        memtables_stop: 3,
        block_bytes: 32 + below(generator, 500),
        restart_interval: 1 + below(generator, 16),
        bits_per_key: below(generator, 12),
        cache_bytes: below(generator, 8000),
        policy: POLICIES[generator.below(3) as usize],
        size_ratio: 2 + below(generator, 4),
        level0_tables,
        level0_slow: level0_tables + below(generator, 4),
        level0_stop: level0_tables + 4,
        level1_bytes: 1000 + generator.below(8000),
        table_bytes: 256 + below(generator, 3000),
        pending_slow_bytes: 4000 + generator.below(20_000),
        pending_stop_bytes: 30_000 + generator.below(100_000),
        sync: SyncMode::ALL[generator.below(3) as usize],
        group_writes: 1 + below(generator, 8),
        background: Background::ALL[generator.below(2) as usize],
        slice_bytes: 256 + below(generator, 2000),
        manifest_bytes: 300 + below(generator, 4000),
        ..LsmOptions::default()
    }
}

/// A tree and what it should hold.
struct Pair {
    cx: Cx,
    tree: Lsm,
    model: Model,
    snapshots: Vec<(u64, Model)>,
    generator: Generator,
    /// The fold of the trace up to `folded`.
    fold: LsmState,
    folded: usize,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let mut generator = Generator::new(seed, "lsm model");
        let options = random_options(&mut generator);
        let mut cx = Cx::new(seed);
        let tree = Lsm::create(&mut cx, &options).unwrap();
        let (model, snapshots) = (Model::new(), Vec::new());
        Pair { cx, tree, model, snapshots, generator, fold: LsmState::default(), folded: 0 }
    }

    fn key(&mut self) -> Vec<u8> {
        let length = 1 + self.generator.below(6) as usize;
        (0..length).map(|_| b'a' + self.generator.below(3) as u8).collect()
    }

    fn value(&mut self) -> Vec<u8> {
        vec![self.generator.below(256) as u8; self.generator.below(120) as usize]
    }

    fn delete_range(model: &mut Model, start: &[u8], end: &[u8]) {
        model.retain(|key, _| !(start <= &key[..] && &key[..] < end));
    }

    fn step(&mut self) {
        let (key, other) = (self.key(), self.key());
        let Pair { cx, tree, .. } = self;
        match self.generator.below(100) {
            0..45 => {
                let value = self.value();
                self.tree.put(&mut self.cx, &key, &value).unwrap();
                self.model.insert(key, value);
            }
            45..60 => {
                tree.delete(cx, &key).unwrap();
                self.model.remove(&key);
            }
            60..62 => {
                tree.delete_range(cx, &key, &other).unwrap();
                Pair::delete_range(&mut self.model, &key, &other);
            }
            62..68 => self.write_batch(),
            68..72 => {
                let sequence = tree.snapshot(cx);
                self.snapshots.push((sequence, self.model.clone()));
            }
            72..76 if !self.snapshots.is_empty() => {
                let at = self.generator.below(self.snapshots.len() as u64) as usize;
                let (sequence, _) = self.snapshots.swap_remove(at);
                self.tree.release_snapshot(&mut self.cx, sequence).unwrap();
            }
            76 => tree.flush(cx).unwrap(),
            77 => tree.compact(cx).unwrap(),
            78..82 => {
                tree.work(cx).unwrap();
            }
            82..90 => {
                assert_eq!(tree.get(cx, &key, None).unwrap(), self.model.get(&key).cloned());
                for (sequence, model) in &self.snapshots {
                    assert_eq!(tree.get(cx, &key, Some(*sequence)).unwrap(), model.get(&key).cloned());
                }
            }
            90 => {
                // A policy finds what another one left.
                let policy = POLICIES[self.generator.below(3) as usize];
                tree.set_options(cx, &LsmOptions { policy, ..tree.options().clone() }).unwrap();
            }
            _ => self.scan(&key, &other),
        }
    }

    fn write_batch(&mut self) {
        let mut batch = WriteBatch::new();
        for _ in 0..self.generator.below(6) {
            let (key, other, value) = (self.key(), self.key(), self.value());
            match self.generator.below(8) {
                0 if key < other => {
                    batch.delete_range(&key, &other);
                    Pair::delete_range(&mut self.model, &key, &other);
                }
                1..3 => {
                    batch.delete(&key);
                    self.model.remove(&key);
                }
                _ => {
                    batch.put(&key, &value);
                    self.model.insert(key, value);
                }
            }
        }
        self.tree.write(&mut self.cx, &mut batch).unwrap();
    }

    fn scan(&mut self, key: &[u8], other: &[u8]) {
        let (low, high) = if key <= other { (key, other) } else { (other, key) };
        let backward = self.generator.chance(0.5);
        let limit = if self.generator.chance(0.5) { 3 } else { u64::MAX };
        let (from, to) = match self.generator.below(4) {
            0 => (None, None),
            1 => (Some(low), None),
            2 => (None, Some(high)),
            _ => (Some(low), Some(high)),
        };
        let Pair { tree, cx, model, snapshots, .. } = self;
        let views = std::iter::once((None, &*model)).chain(snapshots.iter().map(|(at, model)| (Some(*at), model)));
        for (snapshot, model) in views {
            let mut expected: Vec<(Vec<u8>, Vec<u8>)> = model
                .iter()
                .filter(|(key, _)| from.is_none_or(|from| &key[..] >= from) && to.is_none_or(|to| &key[..] <= to))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            if backward {
                expected.reverse();
            }
            expected.truncate(limit.min(1 << 30) as usize);
            let mut seen = Vec::new();
            let bounds = ScanBounds { from, to, backward };
            let visit = &mut |key: &[u8], value: &[u8]| seen.push((key.to_vec(), value.to_vec()));
            tree.scan(cx, bounds, limit, snapshot, visit).unwrap();
            assert_eq!(seen, expected);
        }
    }

    fn check(&mut self) {
        for record in self.cx.recorder.trace.iter_from(self.folded) {
            self.fold.apply(&record.event);
        }
        self.folded = self.cx.recorder.trace.len();
        assert_eq!(self.fold, self.tree.state());
        let verification = self.tree.verify(&mut self.cx);
        assert_eq!(verification.problem, None);
    }

    /// Power fails after everything was made durable.
    fn crash(mut self) -> Pair {
        self.tree.sync(&mut self.cx).unwrap();
        let choice = self.generator.next_u64();
        let (tree, _) = self.tree.crash(&mut self.cx, choice).unwrap();
        Pair { tree, snapshots: Vec::new(), ..self }
    }
}

#[test]
fn holds_what_an_ordered_map_holds() {
    let (mut done, mut stalls) = ([0u64; 6], 0);
    for seed in 0..120 {
        let mut pair = Pair::new(seed);
        for step in 0..400 {
            pair.step();
            if step % 20 == 0 {
                pair.check();
            }
            if step % 133 == 132 {
                pair.check();
                let counted = pair.tree.counters();
                let counts = [counted.flushes, counted.compactions, counted.trivial_moves, counted.dropped_entries];
                let reads = [counted.filter_skips, counted.filter_false_positives];
                done.iter_mut().zip(counts.into_iter().chain(reads)).for_each(|(sum, count)| *sum += count);
                stalls += counted.stalls;
                pair = pair.crash();
                pair.check();
            }
        }
        pair.scan(b"a", b"c");
        pair.tree.compact(&mut pair.cx).unwrap();
        pair.check();
        pair.scan(b"a", b"c");
    }
    assert!(done.iter().all(|count| *count > 100) && stalls > 100, "{done:?}, {stalls} stalls");
}

#[test]
fn a_scan_under_way_sees_what_it_began_with_and_keeps_its_tables() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed);
        (0..200).for_each(|_| pair.step());
        let backward = pair.generator.chance(0.5);
        let mut scan = pair.tree.open_scan(ScanBounds { backward, ..ScanBounds::default() }, None).unwrap();
        let mut expected: Vec<_> = pair.model.clone().into_iter().collect();
        if backward {
            expected.reverse();
        }
        let (mut seen, mut is_more) = (Vec::new(), true);
        while is_more {
            let visit = &mut |key: &[u8], value: &[u8]| seen.push((key.to_vec(), value.to_vec()));
            is_more = pair.tree.continue_scan(&mut pair.cx, &mut scan, 3, visit).unwrap() == 3;
            (0..10).for_each(|_| pair.step());
            pair.tree.compact(&mut pair.cx).unwrap();
            pair.check();
        }
        assert_eq!(seen, expected);
        assert!(expected.len() < 6 || !pair.tree.state().obsolete.is_empty());
        pair.tree.close_scan(&mut pair.cx, scan).unwrap();
        pair.check();
        assert!(pair.tree.state().obsolete.is_empty());
    }
}

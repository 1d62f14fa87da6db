//! The B+tree against the simplest thing that can be right, under seeded random work.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, Generator};
use glassbase_core::storage::{Options, SplitPolicy, Tree};

/// One kind of tree and how it is treated.
struct Case {
    page_size: u32,
    order: u32,
    frames: u32,
    split: SplitPolicy,
    key_max: u64,
    value_max: u64,
}

fn random_key(generator: &mut Generator, case: &Case) -> Vec<u8> {
    let length = 1 + generator.below(case.key_max) as usize;
    (0..length).map(|_| b'a' + generator.below(3) as u8).collect()
}

fn random_value(generator: &mut Generator, case: &Case) -> Vec<u8> {
    vec![generator.below(256) as u8; generator.below(case.value_max) as usize]
}

fn check_scan(tree: &mut Tree, cx: &mut Cx, model: &BTreeMap<Vec<u8>, Vec<u8>>, from: &[u8], to: &[u8], reverse: bool) {
    let mut seen = Vec::new();
    let (low, high) = if from <= to { (from, to) } else { (to, from) };
    tree.scan(cx, Some(low), Some(high), reverse, 40, &mut |key, value| seen.push((key.to_vec(), value.to_vec())))
        .unwrap();
    let range = model.range(low.to_vec()..=high.to_vec()).map(|(key, value)| (key.clone(), value.clone()));
    let expected: Vec<_> = if reverse { range.rev().take(40).collect() } else { range.take(40).collect() };
    assert_eq!(seen, expected);
}

fn run(case: &Case, seed: u64, steps: u32) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let Case { page_size, order, frames, split, .. } = *case;
    let options = Options { page_size, order, frames, split, ..Options::default() };
    let mut tree = Tree::create(&mut cx, &options).unwrap();
    let mut model = BTreeMap::new();
    let mut generator = Generator::new(seed, "model");
    for step in 0..steps {
        // The tree grows for a while, then shrinks, and so on.
        let growing = (step / 150) % 2 == 0;
        let key = random_key(&mut generator, case);
        match generator.below(10) {
            0 => assert_eq!(tree.get(&mut cx, &key).unwrap(), model.get(&key).cloned()),
            1 => {
                let other = random_key(&mut generator, case);
                check_scan(&mut tree, &mut cx, &model, &key, &other, step % 2 == 0);
            }
            2 => {
                let value = random_value(&mut generator, case);
                assert_eq!(tree.upsert(&mut cx, &key, &value).unwrap(), model.insert(key, value).is_some());
            }
            3..=7 if growing => {
                let value = random_value(&mut generator, case);
                let fresh = !model.contains_key(&key);
                assert_eq!(tree.insert(&mut cx, &key, &value).unwrap(), fresh);
                model.entry(key).or_insert(value);
            }
            _ => {
                let key = model.range(key.clone()..).next().map_or(key, |(key, _)| key.clone());
                assert_eq!(tree.delete(&mut cx, &key).unwrap(), model.remove(&key).is_some());
            }
        }
        let verification = tree.verify(&mut cx);
        assert_eq!(verification.problem, None, "seed {seed}, step {step}");
        assert_eq!(verification.records, model.len() as u64);
    }
    let pinned = tree.state(&cx).pool.iter().filter(|frame| frame.pins > 0).count();
    assert_eq!(pinned, 0, "nothing stays pinned");
}

#[test]
fn orders() {
    for order in [3, 4, 5, 8] {
        let case = Case { page_size: 1024, order, frames: 8, split: SplitPolicy::Auto, key_max: 6, value_max: 10 };
        (0..20).for_each(|seed| run(&case, seed, 1500));
    }
}

#[test]
fn pages_by_bytes_with_short_and_long_keys() {
    for (page_size, key_max) in [(128, 32), (256, 64), (512, 20), (1024, 256)] {
        for split in [SplitPolicy::Auto, SplitPolicy::Middle] {
            let case = Case { page_size, order: 0, frames: 8, split, key_max, value_max: 40 };
            (0..12).for_each(|seed| run(&case, seed, 900));
        }
    }
}

#[test]
fn long_values_on_overflow_pages() {
    let case = Case { page_size: 256, order: 0, frames: 10, split: SplitPolicy::Auto, key_max: 30, value_max: 900 };
    (0..6).for_each(|seed| run(&case, seed, 600));
}

#[test]
fn an_order_with_long_keys_in_small_pages() {
    let case = Case { page_size: 256, order: 8, frames: 8, split: SplitPolicy::Auto, key_max: 64, value_max: 60 };
    (0..40).for_each(|seed| run(&case, seed, 900));
}

#[test]
fn bulk_load_gives_a_valid_tree_of_all_records() {
    for (page_size, order) in [(128, 0), (512, 0), (8192, 0), (512, 3), (512, 4), (512, 7)] {
        for count in [0u64, 1, 2, 3, 7, 50, 1000] {
            for fill in [0.5, 0.7, 1.0] {
                let mut cx = Cx::new(1);
                let options = Options { page_size, order, ..Options::default() };
                let mut tree = Tree::create(&mut cx, &options).unwrap();
                let mut records = (0..count).map(|key| (key.to_be_bytes().to_vec(), vec![1; (key % 9) as usize]));
                assert_eq!(tree.bulk_load(&mut cx, &mut records, fill), Ok(count));
                assert_eq!(tree.verify(&mut cx).problem, None, "page {page_size}, order {order}, {count} at {fill}");
                assert_eq!(tree.records(), count);
                let mut next = 0u64;
                tree.scan(&mut cx, None, None, false, u64::MAX, &mut |key, _| {
                    assert_eq!(key, next.to_be_bytes());
                    next += 1;
                })
                .unwrap();
                assert_eq!(next, count);
            }
        }
    }
}

#[test]
fn ascending_keys_leave_full_pages_and_middle_splits_half_full_ones() {
    let leaves = |split| {
        let mut cx = Cx::new(1);
        let options = Options { page_size: 1024, split, ..Options::default() };
        let mut tree = Tree::create(&mut cx, &options).unwrap();
        for key in 0..2000u64 {
            tree.insert(&mut cx, &key.to_be_bytes(), b"value").unwrap();
        }
        assert_eq!(tree.verify(&mut cx).problem, None);
        tree.page_count()
    };
    let (auto, middle) = (leaves(SplitPolicy::Auto), leaves(SplitPolicy::Middle));
    assert!(f64::from(middle) > 1.8 * f64::from(auto), "{middle} against {auto}");
}

#[test]
fn a_full_disk_refuses_cleanly_and_deleting_makes_room() {
    for disk_pages in [4, 5, 8, 20] {
        let mut cx = Cx::new(3);
        let options = Options { page_size: 256, disk_pages, frames: 8, ..Options::default() };
        let mut tree = Tree::create(&mut cx, &options).unwrap();
        let mut generator = Generator::new(disk_pages.into(), "full");
        let mut model = BTreeMap::new();
        for _ in 0..600 {
            let key = generator.below(1000).to_be_bytes().to_vec();
            let value = vec![1; generator.below(300) as usize];
            match tree.upsert(&mut cx, &key, &value) {
                Ok(_) => drop(model.insert(key, value)),
                Err(error) => {
                    assert!(error.to_string().contains("disk is full"), "{error}");
                    assert_eq!(tree.get(&mut cx, &key).unwrap(), model.get(&key).cloned(), "nothing changed");
                    let gone = model.keys().next().cloned();
                    gone.into_iter().for_each(|key| {
                        assert!(tree.delete(&mut cx, &key).unwrap());
                        model.remove(&key);
                    });
                }
            }
            assert_eq!(tree.verify(&mut cx).problem, None);
        }
        assert!(tree.page_count() <= disk_pages);
        for (key, value) in &model {
            assert_eq!(tree.get(&mut cx, key).unwrap().as_ref(), Some(value));
        }
    }
}

#[test]
fn bulk_load_of_short_and_long_keys_leaves_no_page_short() {
    for fill in [0.5, 0.6, 0.75, 0.9, 1.0] {
        for page_size in [128, 256] {
            let mut cx = Cx::new(1);
            let mut tree = Tree::create(&mut cx, &Options { page_size, ..Options::default() }).unwrap();
            let long = page_size as usize / 4 - 4;
            let key = |index: u32| {
                let length = if index.is_multiple_of(2) { 4 } else { long };
                let mut key = index.to_be_bytes().to_vec();
                key.resize(length, b'x');
                (key, Vec::new())
            };
            let count = tree.bulk_load(&mut cx, &mut (0..300).map(key), fill).unwrap();
            let verification = tree.verify(&mut cx);
            assert_eq!((count, verification.problem), (300, None), "page {page_size} at {fill}");
        }
    }
}

/// Any operation on any small key; what it answers does not matter.
fn disturb(tree: &mut Tree, cx: &mut Cx, generator: &mut Generator) {
    let key = generator.below(60).to_be_bytes();
    let length = if generator.chance(0.1) { 700 } else { generator.below(40) as usize };
    let _ = match generator.below(8) {
        0..=3 => tree.upsert(cx, &key, &vec![1; length]),
        4 | 5 => tree.delete(cx, &key),
        6 => tree.flush(cx).map(|()| false),
        _ => tree.scan(cx, Some(&key), None, length.is_multiple_of(2), 20, &mut |_, _| {}).map(|_| false),
    };
}

#[test]
fn power_failing_at_any_moment_gives_errors_and_never_a_panic() {
    let mut damaged = 0;
    for seed in 0..1500 {
        let mut generator = Generator::new(seed, "crash");
        let order = [0, 3, 4, 6][generator.below(4) as usize];
        let options = Options { page_size: 512, order, frames: 8, ..Options::default() };
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let mut tree = Tree::create(&mut cx, &options).unwrap();
        for _ in 0..4 {
            tree.disk_mut().fail_power_after(generator.below(60));
            (0..80).for_each(|_| disturb(&mut tree, &mut cx, &mut generator));
            let opened = tree.crash(&mut cx);
            damaged += u32::from(opened.is_err() || tree.verify(&mut cx).problem.is_some());
            (0..40).for_each(|_| disturb(&mut tree, &mut cx, &mut generator));
        }
    }
    assert!(damaged > 500, "without a log a crash does damage: {damaged} of 6000");
}

#[test]
fn every_flipped_bit_is_an_error_that_names_the_page_or_changes_nothing_read() {
    let options = Options { page_size: 128, frames: 8, ..Options::default() };
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let mut tree = Tree::create(&mut cx, &options).unwrap();
    for key in 0..12u64 {
        tree.insert(&mut cx, &key.to_be_bytes(), &[key as u8; 4]).unwrap();
    }
    for page in 0..tree.page_count() {
        for bit in 0..128 * 8 {
            let (mut cx, mut tree) = (cx.clone(), tree.clone());
            tree.flip_bit(&mut cx, glassbase_core::trace::PageId(page), bit).unwrap();
            assert!(tree.verify(&mut cx).problem.is_some(), "page {page}, bit {bit}");
            for key in 0..12u64 {
                match tree.get(&mut cx, &key.to_be_bytes()) {
                    Ok(value) => assert_eq!(value, Some(vec![key as u8; 4])),
                    Err(error) => assert!(error.to_string().contains(&format!("page {page}")), "{error}"),
                }
            }
        }
    }
}

#[test]
fn what_is_refused_because_of_a_damaged_page_has_changed_nothing() {
    let options = Options { page_size: 256, order: 4, frames: 8, ..Options::default() };
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let mut tree = Tree::create(&mut cx, &options).unwrap();
    for key in 0..30u64 {
        let length = if key == 7 { 600 } else { 4 };
        tree.insert(&mut cx, &(key * 10).to_be_bytes(), &vec![key as u8; length]).unwrap();
    }
    let readable = |cx: &mut Cx, tree: &mut Tree| -> Vec<u64> {
        (0..310u64).filter(|key| matches!(tree.get(cx, &key.to_be_bytes()), Ok(Some(_)))).collect()
    };
    for page in 0..tree.page_count() {
        for key in (0..300u64).step_by(5) {
            let (mut cx, mut tree) = (cx.clone(), tree.clone());
            tree.flip_bit(&mut cx, glassbase_core::trace::PageId(page), 2000).unwrap();
            let before = readable(&mut cx, &mut tree);
            let bytes = key.to_be_bytes();
            let (result, expected) = if key.is_multiple_of(10) {
                (tree.delete(&mut cx, &bytes), before.iter().copied().filter(|other| *other != key).collect())
            } else {
                let mut expected = before.clone();
                expected.push(key);
                expected.sort_unstable();
                (tree.upsert(&mut cx, &bytes, b"new").map(|_| true), expected)
            };
            let after = readable(&mut cx, &mut tree);
            match result {
                Ok(true) => assert_eq!(after, expected, "page {page}, key {key}"),
                Ok(false) => panic!("page {page}, key {key}: it was there"),
                Err(error) => {
                    assert!(error.to_string().contains(&format!("page {page}")), "{error}");
                    assert_eq!(after, before, "page {page}, key {key}: refused, but changed");
                }
            }
        }
    }
}

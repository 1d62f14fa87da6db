//! The log-structured merge tree on a disk that is damaged, full, or fails to read: an error that names the place, or the
//! right data; and nothing changed by what failed.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, DiskError, Fault, Generator};
use glassbase_core::storage::StorageError;
use glassbase_core::storage::lsm::{Background, Lsm, LsmOptions, ScanBounds, WriteBatch};
use glassbase_core::trace::parts::lsm::CompactionPolicy;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn options() -> LsmOptions {
    LsmOptions {
        page_size: 512,
        memtable_bytes: 1200,
        block_bytes: 150,
        level0_tables: 2,
        level0_slow: 4,
        level0_stop: 5,
        size_ratio: 3,
        level1_bytes: 1500,
        table_bytes: 700,
        slice_bytes: 600,
        manifest_bytes: 1200,
        cache_bytes: 0,
        ..LsmOptions::default()
    }
}

fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// A tree with tables in three levels, a frozen memtable, and one that takes writes.
fn small_tree() -> (Cx, Lsm, Model) {
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let options = LsmOptions { background: Background::Manual, ..options() };
    let mut tree = Lsm::create(&mut cx, &options).unwrap();
    let mut model = Model::new();
    for step in 0..90u64 {
        let number = step * 37 % 41;
        let value = vec![step as u8; 10 + step as usize % 30];
        tree.put(&mut cx, &key(number), &value).unwrap();
        model.insert(key(number), value);
        if step % 9 == 5 {
            tree.delete(&mut cx, &key(step % 41)).unwrap();
            model.remove(&key(step % 41));
        }
        if step == 60 || step == 80 {
            tree.delete_range(&mut cx, &key(3), &key(6)).unwrap();
            model.retain(|other, _| !(key(3) <= *other && *other < key(6)));
            tree.flush(&mut cx).unwrap();
            tree.work_all(&mut cx).unwrap();
        }
    }
    tree.flush(&mut cx).unwrap();
    for number in 20..50 {
        tree.put(&mut cx, &key(number), b"last").unwrap();
        model.insert(key(number), b"last".to_vec());
    }
    let state = tree.state();
    let levels = state.version.levels.iter().filter(|level| !level.runs.is_empty()).count();
    assert!(levels >= 2 && state.frozen.len() == 1 && !state.memtable.entries.is_empty(), "{levels} levels");
    (cx, tree, model)
}

fn names(error: &StorageError, name: &str) -> bool {
    error.is_damage() && error.to_string().contains(name)
}

/// Every read gives right data or an error that `allowed` lets pass.
fn check_reads(cx: &mut Cx, tree: &mut Lsm, model: &Model, allowed: &dyn Fn(&StorageError) -> bool) {
    for number in 0..52 {
        match tree.get(cx, &key(number), None) {
            Ok(value) => assert_eq!(value.as_ref(), model.get(&key(number)), "key {number}"),
            Err(error) => assert!(allowed(&error), "{error}"),
        }
    }
    for backward in [false, true] {
        let mut seen = Vec::new();
        let visit = &mut |key: &[u8], value: &[u8]| seen.push((key.to_vec(), value.to_vec()));
        let scanned = tree.scan(cx, ScanBounds { backward, ..ScanBounds::default() }, u64::MAX, None, visit);
        let expected: Vec<_> = model.clone().into_iter().collect();
        if backward {
            seen.reverse();
        }
        match scanned {
            Ok(_) => assert_eq!(seen, expected),
            Err(error) => {
                assert!(allowed(&error), "{error}");
                let part = if backward { expected.ends_with(&seen) } else { expected.starts_with(&seen) };
                assert!(part, "what was read before the error was wrong");
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error_that_names_the_place_or_changes_nothing() {
    let (cx, tree, model) = small_tree();
    let files: Vec<_> = tree.disk().files().map(|(id, name)| (id, name.to_string())).collect();
    let (mut places, mut refused) = (0, 0);
    for (id, name) in files {
        let bytes = tree.disk().peek_file(id).unwrap().to_vec();
        // One bit of it is another, or it is 0, or 255.
        let changes = |(at, byte): (usize, &u8)| [(at, 1 << (at % 8)), (at, *byte), (at, !*byte)];
        let changes = bytes.iter().enumerate().flat_map(changes).filter(|(_, flips)| *flips != 0);
        for (byte, flips) in changes {
            let (mut cx, mut damaged) = (cx.clone(), tree.clone());
            for bit in (0..8).filter(|bit| flips >> bit & 1 == 1) {
                damaged.disk_mut().flip_file_bit(&mut cx, id, byte as u64 * 8 + bit).unwrap();
            }
            places += 1;
            let problem = damaged.verify(&mut cx).problem.unwrap_or_else(|| panic!("{name}, byte {byte}: unnoticed"));
            assert!(problem.contains(&name), "{name}, byte {byte}: {problem}");
            let opened = Lsm::open(&mut cx, &options(), damaged.clone().into_disk());
            check_reads(&mut cx, &mut damaged, &model, &|error| names(error, &name));
            match opened {
                Err(failure) => {
                    refused += 1;
                    assert!(names(&failure.error, &name), "{name}, byte {byte}: {}", failure.error);
                }
                Ok(mut opened) => {
                    check_reads(&mut cx, &mut opened, &model, &|error| names(error, &name));
                    // What is merged is read: damage does not spread.
                    if let Err(error) = opened.compact(&mut cx) {
                        assert!(names(&error, &name), "{error}");
                    }
                    check_reads(&mut cx, &mut opened, &model, &|error| names(error, &name));
                }
            }
        }
    }
    assert!(places > 3000 && refused > 1000 && refused < places, "{refused} of {places}");
}

#[test]
fn a_file_that_is_gone_or_cut_is_an_error_that_names_it() {
    let (cx, tree, model) = small_tree();
    let files: Vec<_> = tree.disk().files().map(|(id, name)| (id, name.to_string())).collect();
    for (id, name) in files.iter().filter(|(_, name)| !name.ends_with(".log") && name != "CURRENT") {
        let (mut cx, mut disk) = (cx.clone(), tree.clone().into_disk());
        disk.remove_file(&mut cx, *id).unwrap();
        let failure = Lsm::open(&mut cx, &options(), disk).map(drop).unwrap_err();
        assert!(names(&failure.error, name), "{}", failure.error);
        for length in (0..tree.disk().file_len(*id).unwrap()).step_by(7) {
            let (mut cx, mut disk) = (cx.clone(), tree.clone().into_disk());
            disk.truncate_file(&mut cx, *id, length).unwrap();
            match Lsm::open(&mut cx, &options(), disk) {
                // A manifest cut between edits gives an older version, whose tables and logs are not all there.
                Err(failure) => assert!(failure.error.is_damage(), "{}", failure.error),
                Ok(mut tree) => check_reads(&mut cx, &mut tree, &model, &|_| false),
            }
        }
    }
}

/// A tree and random work on it, in which anything may fail.
#[derive(Clone)]
struct Work {
    cx: Cx,
    tree: Lsm,
    model: Model,
    generator: Generator,
}

impl Work {
    fn new(seed: u64, policy: CompactionPolicy) -> Work {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let tree = Lsm::create(&mut cx, &LsmOptions { policy, ..options() }).unwrap();
        Work { cx, tree, model: Model::new(), generator: Generator::new(seed, "faults") }
    }

    /// One step; the error of what failed, which has changed nothing.
    fn step(&mut self) -> Result<(), StorageError> {
        let Work { cx, tree, model, generator } = self;
        let (number, other) = (generator.below(40), generator.below(40));
        let length = generator.below(90) as usize;
        match generator.below(20) {
            0 => tree.flush(cx),
            1 => tree.compact(cx),
            2 => tree.work_all(cx),
            3 => tree.get(cx, &key(number), None).map(|value| assert_eq!(value.as_ref(), model.get(&key(number)))),
            4 => {
                tree.delete_range(cx, &key(number), &key(other))?;
                model.retain(|at, _| !(key(number) <= *at && *at < key(other)));
                Ok(())
            }
            5..8 => {
                tree.delete(cx, &key(number))?;
                model.remove(&key(number));
                Ok(())
            }
            8 => {
                let mut batch = WriteBatch::new();
                let numbers: Vec<u64> = (number..number + 8).collect();
                numbers.iter().for_each(|number| batch.put(&key(*number), &vec![1; length]));
                tree.write(cx, &mut batch)?;
                model.extend(numbers.iter().map(|number| (key(*number), vec![1; length])));
                Ok(())
            }
            _ => {
                tree.put(cx, &key(number), &vec![2; length])?;
                model.insert(key(number), vec![2; length]);
                Ok(())
            }
        }
    }

    /// Takes a fault upon itself that found nothing to befall.
    fn draw_off(&mut self) {
        let Work { cx, tree, .. } = self;
        let file = tree.disk_mut().create_file(cx, "lightning rod").unwrap();
        let _ = tree.disk_mut().append(cx, file, b"a");
        tree.disk_mut().append(cx, file, b"b").unwrap();
        let _ = tree.disk_mut().read_file(cx, file, 0, 1);
        tree.disk_mut().remove_file(cx, file).unwrap();
    }

    fn check(&mut self) {
        assert_eq!(self.tree.verify(&mut self.cx).problem, None);
        check_reads(&mut self.cx, &mut self.tree, &self.model, &|_| false);
    }
}

const POLICIES: [CompactionPolicy; 3] =
    [CompactionPolicy::Leveled, CompactionPolicy::SizeTiered, CompactionPolicy::LazyLeveled];

/// Has `fault` befall every operation of a run in turn. Gives how many steps failed, and how often work in the background.
fn strike_everywhere(fault: Fault, expected: fn(&StorageError) -> bool) -> (u32, u32) {
    let (mut failed, mut troubled) = (0, 0);
    for policy in POLICIES {
        let mut work = Work::new(3, policy);
        for _ in 0..250 {
            let before = work.clone();
            let operations = work.tree.disk().operations();
            work.step().unwrap();
            for operation in 0..work.tree.disk().operations() - operations {
                let mut struck = before.clone();
                struck.tree.disk_mut().plan(operation, fault);
                let stepped = struck.step();
                troubled += u32::from(struck.tree.trouble().is_some());
                if let Err(error) = stepped {
                    failed += 1;
                    assert!(expected(&error), "{error}");
                }
                // The fault was for one operation: everything works again.
                struck.draw_off();
                struck.check();
                struck.tree.work_all(&mut struck.cx).unwrap();
                struck.step().unwrap();
                struck.check();
            }
        }
        work.check();
    }
    (failed, troubled)
}

#[test]
fn a_full_disk_at_any_operation_refuses_and_changes_nothing() {
    let is_full = |error: &StorageError| matches!(error, StorageError::Disk(DiskError::Full { .. }));
    let (failed, troubled) = strike_everywhere(Fault::DiskFull, is_full);
    assert!(failed > 500 && troubled > 100, "{failed} failed, {troubled} in the background");
}

#[test]
fn a_failed_read_at_any_operation_changes_nothing() {
    let is_read = |error: &StorageError| matches!(error, StorageError::Disk(DiskError::FileReadFailed { .. }));
    let (failed, troubled) = strike_everywhere(Fault::ReadFails, is_read);
    assert!(failed > 200 && troubled > 100, "{failed} failed, {troubled} in the background");
}

#[test]
fn room_that_is_given_back_makes_a_full_disk_work_again() {
    for (seed, policy) in (0..12).flat_map(|seed| POLICIES.map(|policy| (seed, policy))) {
        let mut work = Work::new(seed, policy);
        let disk_pages = 60;
        let options = LsmOptions { disk_pages, policy, ..options() };
        work.tree = Lsm::create(&mut work.cx, &options).unwrap();
        for round in 0..4 {
            (0..60).for_each(|_| drop(work.step()));
            // Somebody else takes all room but a little.
            let ballast = work.tree.disk_mut().create_file(&mut work.cx, "ballast").unwrap();
            let left = work.tree.disk().bytes_left().unwrap();
            let taken = vec![0; left.saturating_sub(work.generator.below(1500)) as usize];
            work.tree.disk_mut().append(&mut work.cx, ballast, &taken).unwrap();
            let refused = (0..200).filter(|_| work.step().is_err()).count();
            assert!(refused > 50, "round {round}: {refused} refused");
            work.check();
            work.tree.disk_mut().remove_file(&mut work.cx, ballast).unwrap();
            work.tree.compact(&mut work.cx).unwrap();
            (0..20).for_each(|_| work.step().unwrap());
            work.check();
        }
    }
}

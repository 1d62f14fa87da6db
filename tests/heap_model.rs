//! The heap file against the simplest thing that can be right, under seeded random work.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, Device, Fault, Generator};
use glassbase_core::storage::heap::inline_max;
use glassbase_core::storage::{Heap, Options, StorageError};
use glassbase_core::trace::{CellKind, Event, HeapKind, HeapState, PageId, RowId};

type Model = BTreeMap<RowId, Vec<u8>>;

/// One kind of file and how it is treated.
struct Case {
    page_size: u32,
    frames: u32,
    /// Most bytes of most rows.
    short: u64,
    /// One row in so many is up to `long` bytes.
    long_one_in: u64,
    long: u64,
    disk_pages: u32,
}

fn create(case: &Case, seed: u64) -> (Cx, Heap) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let Case { page_size, frames, disk_pages, .. } = *case;
    let heap = Heap::create(&mut cx, &Options { page_size, frames, disk_pages, ..Options::default() }).unwrap();
    (cx, heap)
}

fn random_row(generator: &mut Generator, case: &Case) -> Vec<u8> {
    let most = if generator.below(case.long_one_in) == 0 { case.long } else { case.short };
    let length = generator.below(most + 1) as usize;
    let first = generator.below(256) as u8;
    (0..length).map(|at| first.wrapping_add(at as u8)).collect()
}

/// The row of the model at a random place.
fn random_id(generator: &mut Generator, model: &Model) -> RowId {
    let at = generator.below(model.len().max(1) as u64) as usize;
    model.keys().nth(at).copied().unwrap_or(RowId::new(2, 0))
}

fn check_scan(heap: &mut Heap, cx: &mut Cx, model: &Model) {
    let mut seen = Model::new();
    let count = heap.scan(cx, &mut |id, row| assert_eq!(seen.insert(id, row.to_vec()), None, "{id} twice")).unwrap();
    assert_eq!(count, model.len() as u64);
    assert_eq!(&seen, model);
}

/// Does one random thing to file and model; a full disk is an answer too, and changes nothing.
fn step(heap: &mut Heap, cx: &mut Cx, model: &mut Model, generator: &mut Generator, case: &Case, growing: bool) {
    let id = random_id(generator, model);
    match generator.below(10) {
        0 => assert_eq!(heap.get(cx, id).unwrap(), model.get(&id).cloned()),
        1 => {
            let absent = RowId::new(generator.below(40) as u32, generator.below(9) as u16);
            assert_eq!(heap.get(cx, absent).unwrap(), model.get(&absent).cloned());
        }
        2..=4 => {
            let row = random_row(generator, case);
            match heap.update(cx, id, &row) {
                Ok(there) => assert_eq!(there, model.get_mut(&id).map(|old| *old = row).is_some()),
                Err(error) => assert_full(&error, case),
            }
        }
        5..=8 if growing => {
            let row = random_row(generator, case);
            match heap.insert(cx, &row) {
                Ok(id) => assert_eq!(model.insert(id, row), None, "{id} is in use"),
                Err(error) => assert_full(&error, case),
            }
        }
        9 if generator.below(8) == 0 => drop(heap.compact(cx, id.page).unwrap()),
        _ => assert_eq!(heap.delete(cx, id).unwrap(), model.remove(&id).is_some()),
    }
}

fn assert_full(error: &StorageError, case: &Case) {
    assert!(case.disk_pages > 0 && error.to_string().contains("disk is full"), "{error}");
}

fn run(case: &Case, seed: u64, steps: u32) {
    let (mut cx, mut heap) = create(case, seed);
    let mut model = Model::new();
    let mut generator = Generator::new(seed, "model");
    for number in 0..steps {
        step(&mut heap, &mut cx, &mut model, &mut generator, case, (number / 150) % 2 == 0);
        let verification = heap.verify(&mut cx);
        assert_eq!(verification.problem, None, "seed {seed}, step {number}");
        assert_eq!(verification.records, model.len() as u64);
        if number % 97 == 0 {
            check_scan(&mut heap, &mut cx, &model);
        }
    }
    for (id, row) in &model {
        assert_eq!(heap.get(&mut cx, *id).unwrap().as_ref(), Some(row));
    }
    assert!(heap.state(&cx).pool.iter().all(|frame| frame.pins == 0), "nothing stays pinned");
}

#[test]
fn short_rows_in_pages_of_all_sizes_and_pools() {
    for (page_size, short) in [(128, 30), (256, 60), (512, 200), (1024, 90), (4096, 1500)] {
        for frames in [8, 11, 64] {
            let case = Case { page_size, frames, short, long_one_in: 50, long: 600, disk_pages: 0 };
            (0..6).for_each(|seed| run(&case, seed, 900));
        }
    }
}

#[test]
fn rows_that_come_and_go_from_overflow_pages() {
    for page_size in [128, 256, 512] {
        let case = Case { page_size, frames: 8, short: 70, long_one_in: 3, long: 1500, disk_pages: 0 };
        (0..12).for_each(|seed| run(&case, seed, 600));
    }
}

#[test]
fn a_full_disk_refuses_cleanly_and_deleting_makes_room() {
    for disk_pages in [4, 6, 9, 14, 30, 100] {
        for page_size in [128, 256] {
            let case = Case { page_size, frames: 8, short: 60, long_one_in: 6, long: 700, disk_pages };
            (0..10).for_each(|seed| run(&case, seed, 600));
        }
    }
}

/// How full the disk is when each operation is tried: every number of pages from none left on.
#[test]
fn every_operation_on_a_full_disk_leaves_every_row_as_it_was() {
    let mut refused = 0;
    for disk_pages in 4..30 {
        let case = Case { page_size: 128, frames: 8, short: 30, long_one_in: 5, long: 200, disk_pages };
        let (mut cx, mut heap) = create(&case, u64::from(disk_pages));
        let mut generator = Generator::new(disk_pages.into(), "full");
        let mut model = Model::new();
        while let Ok(id) = heap.insert(&mut cx, &[7; 20]) {
            model.insert(id, vec![7; 20]);
        }
        for length in [0, 8, 25, 40, 60, 100, 300, 3000] {
            for id in model.keys().copied().collect::<Vec<_>>() {
                let (mut cx, mut heap, mut model) = (cx.clone(), heap.clone(), model.clone());
                let row = vec![generator.below(256) as u8; length];
                match heap.update(&mut cx, id, &row) {
                    Ok(there) => assert!(there && model.insert(id, row).is_some()),
                    Err(error) => {
                        refused += 1;
                        assert_full(&error, &case);
                        // What is deleted makes room again.
                        let others: Vec<RowId> = model.keys().copied().filter(|other| *other != id).collect();
                        for other in others {
                            assert!(heap.delete(&mut cx, other).unwrap() && model.remove(&other).is_some());
                        }
                        if row.len().div_ceil(92) + 4 <= disk_pages as usize {
                            assert_eq!(heap.update(&mut cx, id, &row), Ok(true), "{length} bytes, {disk_pages} pages");
                            model.insert(id, row);
                        }
                    }
                }
                assert_eq!(heap.verify(&mut cx).problem, None);
                check_scan(&mut heap, &mut cx, &model);
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

fn told(cx: &Cx, heap: &Heap) -> HeapState {
    (**heap.state(cx).parts.heap.as_ref().unwrap()).clone()
}

fn kinds(cx: &Cx, heap: &Heap) -> Vec<HeapKind> {
    told(cx, heap).pages.iter().map(|page| page.kind).collect()
}

fn small() -> (Cx, Heap) {
    let mut cx = Cx::new(1);
    let heap = Heap::create(&mut cx, &Options { page_size: 256, frames: 8, ..Options::default() }).unwrap();
    (cx, heap)
}

#[test]
fn a_row_that_outgrows_its_page_leaves_a_stub_that_a_second_move_changes() {
    let (mut cx, mut heap) = small();
    let ids: Vec<RowId> = (0..4).map(|_| heap.insert(&mut cx, &[1; 45]).unwrap()).collect();
    assert_eq!(
        ids,
        (0..4).map(|slot| RowId::new(2, slot)).collect::<Vec<_>>(),
        "four rows of 45 bytes fill a page of 256"
    );
    assert!(heap.update(&mut cx, ids[1], &[2; 90]).unwrap());
    let slot = |cx: &Cx, heap: &Heap, page: usize, slot: usize| told(cx, heap).details[page].slots[slot].kind;
    assert_eq!((slot(&cx, &heap, 2, 1), slot(&cx, &heap, 3, 0)), (CellKind::Stub, CellKind::Moved));
    // Page 3 fills up, so that the next move goes to page 4.
    assert_eq!(heap.insert(&mut cx, &[3; 100]).unwrap(), RowId::new(3, 1));
    assert_eq!(heap.insert(&mut cx, &[3; 12]).unwrap(), RowId::new(3, 2));
    assert!(heap.update(&mut cx, ids[1], &[2; 100]).unwrap());
    assert_eq!((slot(&cx, &heap, 2, 1), slot(&cx, &heap, 4, 0)), (CellKind::Stub, CellKind::Moved));
    assert_eq!(told(&cx, &heap).details[3].slots[0].kind, CellKind::Free, "the first target's slot is free");
    let before = cx.counters.pool_hits + cx.counters.pool_misses;
    assert_eq!(heap.get(&mut cx, ids[1]).unwrap(), Some(vec![2; 100]));
    assert_eq!(cx.counters.pool_hits + cx.counters.pool_misses - before, 2, "home and target, never a third page");
    // Once it fits again where it is known, it comes home when it must move.
    assert!(heap.delete(&mut cx, ids[0]).unwrap() && heap.delete(&mut cx, ids[2]).unwrap());
    assert_eq!(heap.insert(&mut cx, &[4; 104]).unwrap(), RowId::new(4, 1));
    assert!(heap.update(&mut cx, ids[1], &[5; 104]).unwrap());
    assert_eq!(slot(&cx, &heap, 2, 1), CellKind::Row);
    assert_eq!(heap.verify(&mut cx).problem, None);
}

#[test]
fn row_ids_survive_compaction_and_slots_are_used_again() {
    let (mut cx, mut heap) = small();
    let ids: Vec<RowId> = (0..5u8).map(|byte| heap.insert(&mut cx, &[byte; 30]).unwrap()).collect();
    assert!(heap.delete(&mut cx, ids[1]).unwrap() && heap.delete(&mut cx, ids[3]).unwrap());
    let detail = told(&cx, &heap).details[2].clone();
    assert_eq!((detail.garbage, detail.end), (60, 256 - 150));
    assert_eq!(heap.compact(&mut cx, PageId(2)), Ok(Some(60)));
    let detail = told(&cx, &heap).details[2].clone();
    assert_eq!((detail.garbage, detail.end), (0, 256 - 90));
    for byte in [0, 2, 4] {
        assert_eq!(heap.get(&mut cx, ids[usize::from(byte)]).unwrap(), Some(vec![byte; 30]));
    }
    assert_eq!(heap.insert(&mut cx, &[9; 10]).unwrap(), ids[1], "the first free slot");
    assert_eq!(heap.compact(&mut cx, PageId(1)), Ok(None), "no page of rows");
    assert!(heap.compact(&mut cx, PageId(70)).is_err());
}

#[test]
fn a_long_row_takes_a_chain_and_gives_it_back() {
    let (mut cx, mut heap) = small();
    let long: Vec<u8> = (0..700).map(|at| at as u8).collect();
    let id = heap.insert(&mut cx, &long).unwrap();
    use HeapKind::*;
    assert_eq!(kinds(&cx, &heap), [Meta, Map, Overflow, Overflow, Overflow, Overflow, Rows]);
    assert_eq!(heap.get(&mut cx, id).unwrap().as_ref(), Some(&long));
    assert!(heap.update(&mut cx, id, b"short").unwrap());
    assert_eq!(kinds(&cx, &heap), [Meta, Map, Free, Free, Free, Free, Rows]);
    assert!(heap.delete(&mut cx, id).unwrap());
    assert_eq!((heap.free_pages(), heap.rows()), (5, 0));
    heap.insert(&mut cx, b"again").unwrap();
    assert_eq!(heap.page_count(), 7, "free pages are used again");
    assert_eq!(heap.verify(&mut cx).problem, None);
}

#[test]
fn a_full_scan_reads_every_page_once_and_in_order() {
    for (device, faster) in [(Device::Hdd, 50), (Device::Ssd, 8), (Device::Ram, 0)] {
        let mut cx = Cx::new(5);
        cx.recorder.switch(false);
        let options = Options { page_size: 8192, frames: 16, device, ..Options::default() };
        let mut heap = Heap::create(&mut cx, &options).unwrap();
        let ids: Vec<RowId> = (0..20_000u32).map(|_| heap.insert(&mut cx, &[7; 100]).unwrap()).collect();
        heap.flush(&mut cx).unwrap();
        // The pool is empty after it, and everything is durable.
        heap.crash(&mut cx).unwrap();
        assert_eq!(heap.verify(&mut cx).problem, None);
        let (reads, begun) = (cx.counters.disk_reads, cx.now_ns());
        assert_eq!(heap.scan(&mut cx, &mut |_, _| {}).unwrap(), 20_000);
        // 78 rows of 100 bytes and 4 of slot fit into a page; meta page and map come before them.
        let pages = u64::from(heap.page_count());
        assert_eq!(pages, 2 + 20_000u64.div_ceil(78));
        assert_eq!(cx.counters.disk_reads - reads, pages);
        let scan_ns = cx.now_ns() - begun;
        let begun = cx.now_ns();
        let mut generator = Generator::new(5, "look-ups");
        let mut wanted = ids.clone();
        generator.shuffle(&mut wanted);
        for id in &wanted[..2000] {
            assert!(heap.get(&mut cx, *id).unwrap().is_some());
        }
        let get_ns = cx.now_ns() - begun;
        assert!(get_ns > faster * scan_ns, "{device:?}: {get_ns} for a tenth of the rows, {scan_ns} for all");
    }
}

#[test]
fn the_map_grows_with_the_file() {
    let case = Case { page_size: 128, frames: 8, short: 30, long_one_in: 1000, long: 0, disk_pages: 0 };
    let (mut cx, mut heap) = create(&case, 1);
    let ids: Vec<RowId> = (0..700u32).map(|row| heap.insert(&mut cx, &[row as u8; 30]).unwrap()).collect();
    let maps: Vec<usize> = kinds(&cx, &heap)
        .iter()
        .enumerate()
        .filter(|(_, kind)| **kind == HeapKind::Map)
        .map(|(page, _)| page)
        .collect();
    assert_eq!(maps, [1, 94, 187, 280], "each speaks of 92 pages");
    assert_eq!(heap.verify(&mut cx).problem, None);
    for id in ids.iter().step_by(2) {
        heap.delete(&mut cx, *id).unwrap();
    }
    let pages = heap.page_count();
    for _ in 0..350 {
        heap.insert(&mut cx, &[1; 30]).unwrap();
    }
    assert_eq!(heap.page_count(), pages, "the holes are filled first");
    assert_eq!(heap.verify(&mut cx).problem, None);
}

#[test]
fn a_page_whose_bit_is_flipped_back_counts_again() {
    let options = Options { page_size: 128, frames: 8, ..Options::default() };
    let mut cx = Cx::new(1);
    let mut heap = Heap::create(&mut cx, &options).unwrap();
    let row = heap.insert(&mut cx, &[7; 20]).unwrap();
    heap.flush(&mut cx).unwrap();
    heap.flip_bit(&mut cx, row.page, 300).unwrap();
    heap.crash(&mut cx).unwrap();
    assert_eq!(heap.rows(), 0);
    heap.flip_bit(&mut cx, row.page, 300).unwrap();
    assert_eq!((heap.rows(), heap.verify(&mut cx).problem), (1, None));
    assert!(heap.delete(&mut cx, row).unwrap());
    assert_eq!((heap.rows(), heap.verify(&mut cx).problem), (0, None));
}

#[test]
fn every_flipped_byte_is_an_error_that_names_the_page_or_changes_nothing_read() {
    let options = Options { page_size: 128, frames: 8, ..Options::default() };
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let mut heap = Heap::create(&mut cx, &options).unwrap();
    let mut model = Model::new();
    for (row, length) in [20, 30, 18, 25, 300, 12].into_iter().enumerate() {
        let row = vec![row as u8; length];
        model.insert(heap.insert(&mut cx, &row).unwrap(), row);
    }
    let first = *model.keys().next().unwrap();
    assert!(heap.update(&mut cx, first, &[9; 39]).unwrap());
    model.insert(first, vec![9; 39]);
    let kinds = kinds(&cx, &heap);
    assert!(told(&cx, &heap).details.iter().flat_map(|page| &page.slots).any(|slot| slot.kind == CellKind::Stub));
    assert!(kinds.contains(&HeapKind::Overflow));
    heap.flush(&mut cx).unwrap();
    for page in 0..heap.page_count() {
        let named = format!("page {page}");
        for byte in 0..128 {
            for bits in [0x01u8, 0xff] {
                let (mut cx, mut heap) = (cx.clone(), heap.clone());
                for bit in (0..8).filter(|bit| bits >> bit & 1 == 1) {
                    heap.flip_bit(&mut cx, PageId(page), byte * 8 + bit).unwrap();
                }
                assert!(
                    heap.verify(&mut cx).problem.is_some_and(|problem| problem.contains(&named)),
                    "{named}, byte {byte}"
                );
                let readable: Vec<bool> = model
                    .iter()
                    .map(|(id, row)| match heap.get(&mut cx, *id) {
                        Ok(found) => found.as_ref().map(|found| assert_eq!(found, row)).is_some(),
                        Err(error) => {
                            assert!(error.is_damage() && error.to_string().contains(&named), "{error}");
                            false
                        }
                    })
                    .collect();
                match heap.scan(&mut cx, &mut |id, row| assert_eq!(model.get(&id).map(Vec::as_slice), Some(row))) {
                    Ok(_) => panic!("{named}: a full scan reads it"),
                    Err(error) => assert!(error.to_string().contains(&named), "{error}"),
                }
                if byte == 50 {
                    changes_are_refused_or_done(&cx, &heap, &model, &readable, &named);
                }
            }
        }
    }
}

/// Tries to change each row: it is done, or refused because of that page with nothing changed.
fn changes_are_refused_or_done(cx: &Cx, heap: &Heap, model: &Model, readable: &[bool], named: &str) {
    for (id, old) in model {
        for length in [None, Some(3), Some(39), Some(200)] {
            let (mut cx, mut heap) = (cx.clone(), heap.clone());
            let row = length.map(|length| vec![77; length]);
            let result = match &row {
                Some(row) => heap.update(&mut cx, *id, row),
                None => heap.delete(&mut cx, *id),
            };
            match result {
                Ok(there) => {
                    assert!(there, "{id}");
                    assert_eq!(heap.get(&mut cx, *id), Ok(row), "{named}, {id}");
                }
                Err(error) => {
                    assert!(error.to_string().contains(named), "{error}");
                    if let Ok(found) = heap.get(&mut cx, *id) {
                        assert_eq!(found.as_ref(), Some(old), "{named}, {id}");
                    }
                }
            }
            for ((other, row), readable) in model.iter().zip(readable).filter(|((other, _), _)| *other != id) {
                assert_eq!(heap.get(&mut cx, *other).ok().flatten().as_ref(), readable.then_some(row), "{named}, {id}");
            }
        }
    }
}

#[test]
fn power_failing_at_any_moment_gives_errors_and_never_a_panic() {
    let case = Case { page_size: 512, frames: 8, short: 200, long_one_in: 4, long: 1500, disk_pages: 0 };
    let mut damaged = 0;
    for seed in 0..300 {
        let (mut cx, mut heap) = create(&case, seed);
        let mut generator = Generator::new(seed, "crash");
        for _ in 0..3 {
            heap.disk_mut().fail_power_after(generator.below(60));
            (0..60).for_each(|_| disturb(&mut heap, &mut cx, &mut generator, &case));
            let opened = heap.crash(&mut cx);
            damaged += u32::from(opened.is_err() || heap.verify(&mut cx).problem.is_some());
            (0..60).for_each(|_| disturb(&mut heap, &mut cx, &mut generator, &case));
        }
    }
    assert!(damaged > 100, "without a log a crash does damage: {damaged} of 900");
}

/// Any operation on any row; what it answers does not matter.
fn disturb(heap: &mut Heap, cx: &mut Cx, generator: &mut Generator, case: &Case) {
    let id = RowId::new(generator.below(12) as u32, generator.below(6) as u16);
    let row = random_row(generator, case);
    let _ = match generator.below(8) {
        0..=2 => heap.insert(cx, &row).map(|_| true),
        3 | 4 => heap.update(cx, id, &row),
        5 => heap.delete(cx, id),
        6 => heap.flush(cx).map(|()| true),
        _ => heap.scan(cx, &mut |_, _| {}).map(|_| true),
    };
}

#[test]
fn rows_as_long_as_a_page_allows_stay_in_it() {
    for page_size in [128u32, 256, 1024, 16384] {
        let mut cx = Cx::new(1);
        let mut heap = Heap::create(&mut cx, &Options { page_size, frames: 8, ..Options::default() }).unwrap();
        let most = inline_max(page_size as usize);
        heap.insert(&mut cx, &vec![1; most]).unwrap();
        assert!(!kinds(&cx, &heap).contains(&HeapKind::Overflow));
        heap.insert(&mut cx, &vec![1; most + 1]).unwrap();
        assert!(kinds(&cx, &heap).contains(&HeapKind::Overflow));
        assert_eq!(heap.verify(&mut cx).problem, None);
    }
}

#[test]
fn the_bytes_of_every_page_follow_from_the_trace() {
    let case = Case { page_size: 256, frames: 8, short: 80, long_one_in: 6, long: 900, disk_pages: 0 };
    for seed in 0..10 {
        let (mut cx, mut heap) = create(&case, seed);
        cx.recorder.switch(true);
        let mut pages: Vec<Vec<u8>> = told(&cx, &heap).details.iter().map(|page| page.bytes.to_vec()).collect();
        let (mut generator, mut model) = (Generator::new(seed, "bytes"), Model::new());
        (0..300).for_each(|step_| step(&mut heap, &mut cx, &mut model, &mut generator, &case, step_ < 200));
        for record in cx.recorder.trace.iter() {
            use Event::*;
            match &record.event {
                DiskExtended { pages: count } => pages.resize(*count as usize, vec![0; 256]),
                HeapFormatted { page, patch, .. } => {
                    pages[page.index()].fill(0);
                    patch.apply(&mut pages[page.index()]);
                }
                HeapCellPut { page, patch, .. } | HeapSlotFreed { page, patch, .. } => {
                    patch.apply(&mut pages[page.index()]);
                }
                HeapCompacted { page, patch, .. } | HeapOverflowWritten { page, patch, .. } => {
                    patch.apply(&mut pages[page.index()]);
                }
                HeapMapSet { map, patch, .. } => patch.apply(&mut pages[map.index()]),
                HeapMetaWritten { patch, .. } => patch.apply(&mut pages[0]),
                _ => {}
            }
        }
        for (index, page) in told(&cx, &heap).details.iter().enumerate() {
            assert_eq!(pages[index], page.bytes.to_vec(), "seed {seed}, page {index}");
        }
    }
}

/// Each kind of change, with a disk that fails at each of its operations in turn: done, or refused and nothing changed.
#[test]
fn a_disk_that_fails_once_at_any_operation_leaves_every_row_as_it_was() {
    let case = Case { page_size: 128, frames: 8, short: 30, long_one_in: 4, long: 400, disk_pages: 0 };
    let mut refused = 0;
    for seed in 0..12 {
        let (mut cx, mut heap) = create(&case, seed);
        let (mut generator, mut model) = (Generator::new(seed, "faults"), Model::new());
        (0..60).for_each(|number| step(&mut heap, &mut cx, &mut model, &mut generator, &case, number < 50));
        heap.flush(&mut cx).unwrap();
        let ids: Vec<RowId> = model.keys().copied().collect();
        for fault in [Fault::ReadFails, Fault::DiskFull] {
            for (number, id) in ids.iter().enumerate() {
                for length in [None, Some(5), Some(35), Some(250)] {
                    for after in 0..12 {
                        let (mut cx, mut heap, mut model) = (cx.clone(), heap.clone(), model.clone());
                        heap.disk_mut().plan(after, fault);
                        let row = length.map(|length| vec![number as u8; length]);
                        let result = match &row {
                            Some(row) if number % 3 == 0 => {
                                heap.insert(&mut cx, row).map(|id| model.insert(id, row.clone()))
                            }
                            Some(row) => heap.update(&mut cx, *id, row).map(|_| model.insert(*id, row.clone())),
                            None => heap.delete(&mut cx, *id).map(|_| model.remove(id)),
                        };
                        refused += u32::from(result.is_err());
                        let what = format!("seed {seed}, {fault:?} after {after}, row {id}, {length:?}: {result:?}");
                        // A fault that has not struck may strike the scan; the second one is sound.
                        let mut seen = Model::new();
                        if heap.scan(&mut cx, &mut |id, row| drop(seen.insert(id, row.to_vec()))).is_err() {
                            seen.clear();
                            heap.scan(&mut cx, &mut |id, row| drop(seen.insert(id, row.to_vec()))).unwrap();
                        }
                        assert_eq!(seen, model, "{what}");
                        assert_eq!(heap.verify(&mut cx).problem, None, "{what}");
                    }
                }
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

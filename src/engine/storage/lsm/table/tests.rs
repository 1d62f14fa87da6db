//! Tables against sorted lists, and against damage.

use std::rc::Rc;

use super::block::{Block, BlockBuilder, BlockCursor};
use super::filter::Filter;
use super::footer::{FOOTER_BYTES, Footer};
use super::index::Index;
use super::*;
use crate::lsm::block_cache::BlockCache;
use crate::lsm::cursor::{Cursor, Io};
use crate::lsm::key::{InternalKey, KeyRef, Kind, MAX_SEQUENCE, Stamp};
use crate::lsm::lookup::{Answer, Lookup};
use glassbase_sim::{Cx, Device, Disk, DiskError, Generator};
use glassbase_trace::{Bytes, FileId};

pub type Entries = Vec<(InternalKey, Vec<u8>)>;

/// A disk with tables on it, and what reading them takes.
pub struct World {
    pub cx: Cx,
    pub disk: Disk,
    pub cache: BlockCache,
}

impl World {
    pub fn new() -> World {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let disk = Disk::new(&cx, Device::Ram, 4096, 0);
        World { cx, disk, cache: BlockCache::new(3000) }
    }

    pub fn io(&mut self) -> Io<'_> {
        Io { cx: &mut self.cx, disk: &mut self.disk, cache: &mut self.cache, keep: true }
    }

    pub fn file(&mut self, number: u64, bytes: &[u8]) -> FileId {
        let file = self.disk.create_file(&mut self.cx, &table_name(FileNumber(number))).unwrap();
        self.disk.append(&mut self.cx, file, bytes).unwrap();
        file
    }

    pub fn open(&mut self, number: u64, file: FileId) -> Result<Rc<Table>, StorageError> {
        Table::open(&mut self.cx, &mut self.disk, FileNumber(number), file).map(Rc::new)
    }

    /// Builds and opens a table of these entries.
    pub fn table(&mut self, number: u64, options: TableOptions, entries: &Entries) -> Rc<Table> {
        let bytes = image(number, options, entries, &[]);
        let file = self.file(number, &bytes);
        let table = self.open(number, file).unwrap();
        table.verify(&mut self.cx, &mut self.disk).unwrap();
        table
    }
}

fn builder(number: u64, options: TableOptions, entries: &Entries, deletes: &[(&str, &str, u64)]) -> TableBuilder {
    let mut builder = TableBuilder::new(options, FileNumber(number));
    for (start, end, sequence) in deletes {
        builder.add_range_tombstone(Bytes::from(start.as_bytes()), Bytes::from(end.as_bytes()), *sequence);
    }
    for (key, value) in entries {
        builder.add(key.as_ref(), value);
    }
    builder
}

fn image(number: u64, options: TableOptions, entries: &Entries, deletes: &[(&str, &str, u64)]) -> Vec<u8> {
    let mut builder = builder(number, options, entries, deletes);
    builder.finish(77);
    builder.into_bytes()
}

/// Random entries in order: few letters, so that keys share their fronts and have several versions.
pub fn random_entries(generator: &mut Generator, count: u64, sequences: u64) -> Entries {
    let mut entries: Entries = (0..count)
        .map(|_| {
            let length = generator.below(12);
            let user: Vec<u8> = (0..length).map(|_| b'a' + generator.below(3) as u8).collect();
            let kind = if generator.below(4) == 0 { Kind::Delete } else { Kind::Put };
            let key = KeyRef::new(&user, 1 + generator.below(sequences), kind).to_owned();
            let long = if generator.below(20) == 0 { 300 } else { 20 };
            let value = vec![generator.below(256) as u8; generator.below(long) as usize];
            (key, value)
        })
        .collect();
    entries.sort();
    entries.dedup_by(|a, b| a.0 == b.0);
    entries
}

/// Moves a cursor and a position in a list the same way at random; they must agree all the time.
pub fn walk(world: &mut World, generator: &mut Generator, cursor: &mut impl Cursor, entries: &Entries, steps: u32) {
    let mut at: Option<usize> = None;
    for _ in 0..steps {
        let (target, _) = random_entries(generator, 1, 12).remove(0);
        let target = if generator.below(3) == 0 && !entries.is_empty() {
            entries[generator.below(entries.len() as u64) as usize].0.clone()
        } else {
            target
        };
        let io = &mut world.io();
        match generator.below(20) {
            0 => {
                cursor.seek_to_first(io).unwrap();
                at = Some(0);
            }
            1 => {
                cursor.seek_to_last(io).unwrap();
                at = entries.len().checked_sub(1);
            }
            2..5 => {
                cursor.seek(io, target.as_ref()).unwrap();
                at = Some(entries.partition_point(|(key, _)| *key < target));
            }
            5..8 => {
                cursor.seek_for_prev(io, target.as_ref()).unwrap();
                at = entries.partition_point(|(key, _)| *key <= target).checked_sub(1);
            }
            8..14 if at.is_some() => {
                cursor.next(io).unwrap();
                at = at.map(|at| at + 1);
            }
            14.. if at.is_some() => {
                cursor.prev(io).unwrap();
                at = at.and_then(|at| at.checked_sub(1));
            }
            _ => {}
        }
        at = at.filter(|at| *at < entries.len());
        assert_eq!(cursor.is_valid(), at.is_some());
        if let Some(at) = at {
            assert_eq!((cursor.key(), cursor.value()), (entries[at].0.as_ref(), &entries[at].1[..]));
        }
    }
}

fn options(generator: &mut Generator) -> TableOptions {
    TableOptions {
        block_bytes: 30 + generator.below(400) as usize,
        restart_interval: 1 + generator.below(9) as u32,
        bits_per_key: generator.below(12) as f64,
    }
}

/// What a table must answer, by going through all entries.
fn expected<'e>(entries: &'e Entries, user: &[u8], snapshot: u64) -> Option<Answer<&'e [u8]>> {
    let version = entries.iter().find(|(key, _)| *key.user == *user && key.stamp.sequence() <= snapshot)?;
    Some(if version.0.stamp.is_put() { Answer::Value(&version.1) } else { Answer::Deleted })
}

fn get(world: &mut World, table: &Table, user: &[u8], snapshot: u64) -> Result<Option<Answer<Vec<u8>>>, StorageError> {
    let answer = table.get(&mut world.io(), &mut Lookup::new(user, snapshot))?;
    Ok(answer.map(|answer| match answer {
        Answer::Value(value) => Answer::Value(value.to_vec()),
        Answer::Deleted => Answer::Deleted,
    }))
}

#[test]
fn a_block_has_the_bytes_that_the_format_says() {
    let mut builder = BlockBuilder::new(2);
    for (user, sequence, value) in [("ash", 2, "x"), ("ash", 1, ""), ("ashen", 3, "yz")] {
        builder.add(KeyRef::new(user.as_bytes(), sequence, Kind::Put), value.as_bytes());
    }
    let mut bytes = vec![];
    assert_eq!(builder.len(), 56);
    builder.finish(&mut bytes);
    let parts: [&[u8]; 6] = [
        b"\x00\x03\x01\x01\x02\0\0\0\0\0\0ashx",
        b"\x03\x00\x00\x01\x01\0\0\0\0\0\0",
        b"\x00\x05\x02\x01\x03\0\0\0\0\0\0ashenyz",
        b"\0\0\0\0",
        b"\x1a\0\0\0",
        b"\x02\0\0\0",
    ];
    assert_eq!(bytes, parts.concat());
}

#[test]
fn tables_read_back_forward_backward_and_from_anywhere() {
    let mut generator = Generator::new(3, "tables");
    for round in 0..60 {
        let mut world = World::new();
        let options = options(&mut generator);
        let count = 1 + generator.below(300);
        let entries = random_entries(&mut generator, count, 10);
        let table = world.table(round, options, &entries);
        assert_eq!(table.properties().entries, entries.len() as u64);
        assert_eq!(table.properties().smallest, entries[0].0);
        assert_eq!(table.properties().largest, entries[entries.len() - 1].0);
        walk(&mut world, &mut generator, &mut TableCursor::new(table.clone()), &entries, 500);
        for _ in 0..200 {
            let (sought, _) = random_entries(&mut generator, 1, 12).remove(0);
            let snapshot = sought.stamp.sequence();
            let found = get(&mut world, &table, &sought.user, snapshot).unwrap();
            let found = found.as_ref().map(|answer| match answer {
                Answer::Value(value) => Answer::Value(&value[..]),
                Answer::Deleted => Answer::Deleted,
            });
            assert_eq!(found, expected(&entries, &sought.user, snapshot));
        }
    }
}

#[test]
fn a_level_reads_as_one_table() {
    let mut generator = Generator::new(4, "level");
    for _ in 0..30 {
        let mut world = World::new();
        let entries = random_entries(&mut generator, 200, 10);
        let options = options(&mut generator);
        let (mut tables, mut rest, mut number) = (vec![], &entries[..], 1);
        while !rest.is_empty() {
            let (front, behind) = rest.split_at(rest.len().min(1 + generator.below(60) as usize));
            tables.push(world.table(number, options, &front.to_vec()));
            (rest, number) = (behind, number + 1);
        }
        walk(&mut world, &mut generator, &mut LevelCursor::new(Rc::from(tables)), &entries, 500);
    }
}

#[test]
fn a_level_passes_tables_that_hold_range_deletes_only() {
    let mut world = World::new();
    let entry = |user: &str| (KeyRef::new(user.as_bytes(), 1, Kind::Put).to_owned(), vec![1]);
    let first = world.table(1, TableOptions::default(), &vec![entry("a")]);
    let bytes = image(2, TableOptions::default(), &vec![], &[("b", "c", 9)]);
    let file = world.file(2, &bytes);
    let middle = world.open(2, file).unwrap();
    assert_eq!((middle.blocks(), middle.tombstones().len()), (0, 1));
    let last = world.table(3, TableOptions::default(), &vec![entry("c")]);
    let entries = vec![entry("a"), entry("c")];
    let mut cursor = LevelCursor::new(Rc::from([first, middle, last]));
    walk(&mut world, &mut Generator::new(1, "walk"), &mut cursor, &entries, 300);
}

#[test]
fn range_deletes_hide_older_versions_and_widen_the_bounds() {
    let mut world = World::new();
    let entry = |user: &str, sequence| (KeyRef::new(user.as_bytes(), sequence, Kind::Put).to_owned(), vec![1]);
    let entries = vec![entry("b", 3), entry("c", 8), entry("d", 2)];
    let bytes = image(1, TableOptions::default(), &entries, &[("a", "d", 5)]);
    let file = world.file(1, &bytes);
    let table = world.open(1, file).unwrap();
    let mut asked = |user: &str, snapshot| get(&mut world, &table, user.as_bytes(), snapshot).unwrap();
    assert_eq!(asked("b", 9), Some(Answer::Deleted));
    assert_eq!(asked("b", 4), Some(Answer::Value(vec![1])));
    assert_eq!(asked("c", 9), Some(Answer::Value(vec![1])));
    assert_eq!(asked("aa", 9), Some(Answer::Deleted));
    assert_eq!(asked("aa", 4), None);
    assert_eq!(asked("d", 9), Some(Answer::Value(vec![1])));
    let properties = table.properties();
    assert_eq!(properties.smallest.as_ref(), KeyRef::new(b"a", 5, Kind::RangeDelete));
    assert_eq!(properties.largest, entries[2].0);
    assert_eq!((properties.smallest_sequence, properties.largest_sequence), (2, 8));
    assert_eq!((properties.entries, properties.range_deletes, properties.created_ns), (3, 1, 77));

    let only = image(2, TableOptions::default(), &vec![], &[("a", "d", 5)]);
    let file = world.file(2, &only);
    let largest = world.open(2, file).unwrap().properties().largest.clone();
    assert_eq!(largest, InternalKey { user: Bytes::from(&b"d"[..]), stamp: Stamp::FIRST });
}

#[test]
fn a_table_written_piece_by_piece_is_the_same() {
    let entries = random_entries(&mut Generator::new(9, "pieces"), 400, 10);
    let options = TableOptions { block_bytes: 200, ..TableOptions::default() };
    let whole = image(5, options, &entries, &[("a", "b", 3)]);
    let mut world = World::new();
    let file = world.disk.create_file(&mut world.cx, "pieces").unwrap();
    let mut pieces = TableBuilder::new(options, FileNumber(5));
    for (key, value) in &entries {
        pieces.add(key.as_ref(), value);
        pieces.append_to(&mut world.cx, &mut world.disk, file, 1000).unwrap();
    }
    pieces.add_range_tombstone(Bytes::from(&b"a"[..]), Bytes::from(&b"b"[..]), 3);
    pieces.finish(77);
    let estimate = pieces.estimated_bytes();
    pieces.append_to(&mut world.cx, &mut world.disk, file, 0).unwrap();
    assert_eq!(world.disk.peek_file(file), Some(&whole[..]));
    assert!(estimate.abs_diff(whole.len() as u64) < 800, "{estimate} for {}", whole.len());
}

#[test]
fn a_full_disk_refuses_and_the_rest_can_be_written_later() {
    let mut cx = Cx::new(1);
    let mut disk = Disk::new(&cx, Device::Ram, 128, 4);
    let ballast = disk.create_file(&mut cx, "ballast").unwrap();
    disk.append(&mut cx, ballast, &[0; 500]).unwrap();
    let file = disk.create_file(&mut cx, "table").unwrap();
    let entries = random_entries(&mut Generator::new(9, "full"), 5, 10);
    let mut builder = builder(1, TableOptions::default(), &entries, &[]);
    builder.finish(0);
    let refused = builder.append_to(&mut cx, &mut disk, file, 0);
    assert!(matches!(refused, Err(StorageError::Disk(DiskError::Full { .. }))), "{refused:?}");
    disk.remove_file(&mut cx, ballast).unwrap();
    builder.append_to(&mut cx, &mut disk, file, 0).unwrap();
    let table = Table::open(&mut cx, &mut disk, FileNumber(1), file).unwrap();
    table.verify(&mut cx, &mut disk).unwrap();
}

/// Reads all that can be read. Whatever is answered must be right; what is not is an error that names the file.
fn read_all(world: &mut World, file: FileId, entries: &Entries) -> Result<(), StorageError> {
    let named = |error: StorageError| match &error {
        StorageError::DamagedFile { name, .. } if name == "000007.sst" => error,
        StorageError::Disk(DiskError::PastFileEnd { .. }) => error,
        other => panic!("{other:?}"),
    };
    world.cache = BlockCache::new(3000);
    let table = world.open(7, file).map_err(named)?;
    let mut worst = table.verify(&mut world.cx, &mut world.disk).map_err(named);
    for (key, value) in entries {
        match get(world, &table, &key.user, key.stamp.sequence()).map_err(named) {
            Ok(Some(Answer::Value(found))) => assert!(key.stamp.is_put() && found == *value),
            Ok(answer) => assert!(answer == Some(Answer::Deleted) && !key.stamp.is_put()),
            Err(error) => worst = Err(error),
        }
    }
    for backward in [false, true] {
        let mut cursor = TableCursor::new(table.clone());
        let mut seen = 0;
        let moved = if backward { cursor.seek_to_last(&mut world.io()) } else { cursor.seek_to_first(&mut world.io()) };
        let mut moved = moved.map_err(named);
        while cursor.is_valid() {
            let (key, value) = &entries[if backward { entries.len() - 1 - seen } else { seen }];
            assert_eq!((cursor.key(), cursor.value()), (key.as_ref(), &value[..]));
            seen += 1;
            let step = if backward { cursor.prev(&mut world.io()) } else { cursor.next(&mut world.io()) };
            moved = step.map_err(named);
        }
        match moved {
            Ok(()) => assert_eq!(seen, entries.len()),
            Err(error) => worst = Err(error),
        }
    }
    worst
}

fn small_table() -> (World, FileId, Entries) {
    let mut world = World::new();
    let mut entries = random_entries(&mut Generator::new(12, "damage"), 24, 9);
    entries.retain(|(key, _)| *key.user != *b"z");
    let options = TableOptions { block_bytes: 120, restart_interval: 3, bits_per_key: 8.0 };
    let bytes = image(7, options, &entries, &[("x", "y", 5), ("x", "z", 3)]);
    let file = world.file(7, &bytes);
    assert_eq!(read_all(&mut world, file, &entries), Ok(()));
    (world, file, entries)
}

#[test]
fn every_flipped_bit_is_found() {
    let (mut world, file, entries) = small_table();
    for bit in 0..world.disk.file_len(file).unwrap() * 8 {
        world.disk.flip_file_bit(&mut world.cx, file, bit).unwrap();
        assert!(read_all(&mut world, file, &entries).is_err(), "bit {bit}");
        world.disk.flip_file_bit(&mut world.cx, file, bit).unwrap();
    }
    assert_eq!(read_all(&mut world, file, &entries), Ok(()));
}

#[test]
fn every_overwritten_byte_is_found() {
    let (mut world, file, entries) = small_table();
    let whole = world.disk.peek_file(file).unwrap().to_vec();
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let file = world.file(1000, &bytes);
            assert_eq!(read_all(&mut world, file, &entries).is_err(), value != whole[at], "byte {at}");
            world.disk.remove_file(&mut world.cx, file).unwrap();
        }
    }
}

#[test]
fn a_file_cut_off_anywhere_or_too_long_is_found() {
    let (mut world, file, entries) = small_table();
    let whole = world.disk.peek_file(file).unwrap().to_vec();
    for length in 0..whole.len() + 200 {
        let mut bytes = whole.clone();
        bytes.resize(length, 0);
        let file = world.file(1000, &bytes);
        assert_eq!(read_all(&mut world, file, &entries).is_err(), length != whole.len(), "{length} bytes");
        world.disk.remove_file(&mut world.cx, file).unwrap();
    }
}

#[test]
fn a_sound_block_in_the_wrong_place_is_found() {
    let entry = |user: &str, value: u8| (KeyRef::new(user.as_bytes(), 1, Kind::Put).to_owned(), vec![value; 60]);
    let options = TableOptions { block_bytes: 50, ..TableOptions::default() };
    let ours = vec![entry("a", 1), entry("b", 2), entry("c", 3)];
    let theirs = vec![entry("a", 4), entry("b", 5), entry("c", 6)];
    let (our_image, their_image) = (image(7, options, &ours, &[]), image(8, options, &theirs, &[]));
    let block = (our_image.len() - image(7, options, &ours[..1].to_vec(), &[]).len()) / 2;
    let block = (block - 20..block).find(|length| our_image[*length - 5] == BlockKind::Data as u8).unwrap();
    let mut from_other_table = our_image.clone();
    from_other_table[..block].copy_from_slice(&their_image[..block]);
    let mut from_other_place = our_image.clone();
    from_other_place.copy_within(..block, block);
    let renamed = image(8, options, &ours, &[]);
    let mut world = World::new();
    for bytes in [from_other_table, from_other_place, renamed] {
        assert_eq!(bytes.len(), our_image.len());
        let file = world.file(1000, &bytes);
        assert!(read_all(&mut world, file, &ours).is_err());
        world.disk.remove_file(&mut world.cx, file).unwrap();
    }
}

/// Behind the checksums: what a program that writes wrong tables could make readers read.
#[test]
fn bytes_that_were_never_a_table_do_no_harm() {
    let mut generator = Generator::new(6, "garbage");
    let mut sound = vec![];
    let entries = random_entries(&mut generator, 40, 9);
    let mut block = BlockBuilder::new(4);
    entries.iter().for_each(|(key, value)| block.add(key.as_ref(), value));
    block.finish(&mut sound);
    for _ in 0..20_000 {
        let mut bytes = sound.clone();
        for _ in 0..1 + generator.below(4) {
            let at = generator.below(bytes.len() as u64) as usize;
            let choices = [0, 1, 0x7f, 0x80, 0xff, generator.below(256) as u8];
            bytes[at] = choices[generator.below(6) as usize];
        }
        bytes.truncate(bytes.len() - [0, 0, 0, 4, 17][generator.below(5) as usize]);
        let _ = (Filter::read(&bytes), Properties::read(&bytes), Footer::read(&bytes, FileNumber(1), 9));
        let Ok(block) = Block::new(Rc::from(&bytes[..])) else { continue };
        let _ = Index::read(block.clone(), 1000);
        let mut cursor = BlockCursor::default();
        cursor.set(block.clone());
        let most = bytes.len();
        let _ = cursor.seek_to_first();
        let forward = (0..=most).take_while(|_| cursor.is_valid() && cursor.next().is_ok()).count();
        let _ = cursor.seek_to_last();
        let backward = (0..=most).take_while(|_| cursor.is_valid() && cursor.prev().is_ok()).count();
        assert!(forward < most && backward < most, "a loop");
        for (key, _) in entries.iter().step_by(7) {
            let _ = block.get(key.as_ref());
            if cursor.seek(key.as_ref()).is_ok() && cursor.is_valid() {
                let _ = (cursor.value().len(), cursor.prev());
            }
        }
    }
    assert!(Footer::read(&[0; FOOTER_BYTES], FileNumber(1), 0).is_err());
    assert!(Block::new(Rc::from(&[0xff; 16][..])).is_err() && Block::new(Rc::from(&[1, 0][..])).is_err());
}

#[test]
fn a_filter_saves_reads_and_the_cache_saves_the_others() {
    let mut world = World::new();
    let entries: Entries =
        (0..1000u64).map(|n| (KeyRef::new(&(n * 2).to_be_bytes(), 1, Kind::Put).to_owned(), vec![7; 20])).collect();
    let table = world.table(1, TableOptions::default(), &entries);
    world.cache = BlockCache::new(1 << 20);
    for number in 0..1000u64 {
        assert_eq!(get(&mut world, &table, &(number * 2 + 1).to_be_bytes(), MAX_SEQUENCE), Ok(None));
    }
    let asked = world.cache.hits() + world.cache.misses();
    assert!(asked > 0 && asked < 25, "{asked} blocks asked for 1000 absent keys, at 0.8 % false positives");
    for _ in 0..2 {
        for (key, value) in &entries {
            assert_eq!(get(&mut world, &table, &key.user, MAX_SEQUENCE), Ok(Some(Answer::Value(value.clone()))));
        }
    }
    assert_eq!(world.cache.misses(), table.blocks() as u64);
    assert!(table.open_bytes() > 1250);
}

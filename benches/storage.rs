//! Native measurements of the storage engine: beside redb with its in-memory backend, beside the standard library's
//! `BTreeMap`, with recording on and off. Prints one line of JSON for each figure; `make bench` gathers them.
//!
//! Every subject does the same work on the same rows in the same round; rounds alternate, and the median counts.

use std::time::Instant;

use glassbase_engine::bench::{MapSubject, Rows, SCAN_RECORDS, TreeSubject, Work};
use redb::{Database, ReadableDatabase, TableDefinition, backends::InMemoryBackend};

const ROWS: usize = 200_000;
const ROUNDS: usize = 5;
/// 64 MiB for every subject that has a cache.
const FRAMES: u32 = 8192;
const CACHE_BYTES: usize = 64 << 20;
const TABLE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");

fn seconds(work: impl FnOnce() -> u64) -> (f64, u64) {
    let start = Instant::now();
    let sum = std::hint::black_box(work());
    (start.elapsed().as_secs_f64(), sum)
}

/// Runs all works in the order in which they need each other. `ascending` tells whether the rows go in sorted.
fn works(ascending: bool) -> [Work; 4] {
    let insert = if ascending { Work::InsertAscending } else { Work::InsertRandom };
    [insert, Work::Get, Work::Scan, Work::Delete]
}

fn redb_run(database: &Database, work: Work, rows: &Rows) -> Result<u64, redb::Error> {
    let mut sum = 0u64;
    match work {
        Work::InsertRandom | Work::InsertAscending => {
            let keys = if work == Work::InsertRandom { &rows.shuffled } else { &rows.sorted };
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(TABLE)?;
            for key in keys {
                sum += u64::from(table.insert(&key[..], &rows.value[..])?.is_none());
            }
            drop(table);
            transaction.commit()?;
        }
        Work::Get => {
            let table = database.begin_read()?.open_table(TABLE)?;
            for key in &rows.reshuffled {
                sum += table.get(&key[..])?.map_or(0, |value| u64::from(value.value()[0]));
            }
        }
        Work::Scan => {
            let table = database.begin_read()?.open_table(TABLE)?;
            for start in rows.scan_starts() {
                for row in table.range(&start[..]..)?.take(SCAN_RECORDS) {
                    sum += u64::from(row?.1.value()[0]);
                }
            }
        }
        Work::Delete => {
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(TABLE)?;
            for key in &rows.reshuffled {
                sum += u64::from(table.remove(&key[..])?.is_some());
            }
            drop(table);
            transaction.commit()?;
        }
    }
    Ok(sum)
}

/// Times of one subject, by work.
#[derive(Default)]
struct Times(std::collections::BTreeMap<(&'static str, Work), Vec<f64>>);

impl Times {
    fn add(&mut self, subject: &'static str, work: Work, (time, sum): (f64, u64), sums: &mut Vec<(Work, u64)>) {
        self.0.entry((subject, work)).or_default().push(time);
        match sums.iter().find(|(known, _)| *known == work) {
            Some((_, expected)) => assert_eq!(sum, *expected, "{subject} did other work: {work:?}"),
            None => sums.push((work, sum)),
        }
    }

    fn report(&mut self) {
        for ((subject, work), times) in &mut self.0 {
            times.sort_by(f64::total_cmp);
            let per_second = ROWS as f64 / times[times.len() / 2];
            println!(r#"{{"subject":"{subject}","work":"{}","rows_per_second":{per_second:.0}}}"#, work.word());
        }
    }
}

fn main() {
    let rows = Rows::new(ROWS);
    let mut times = Times::default();
    let recording_built_in = cfg!(feature = "recording");
    for round in 0..2 * ROUNDS {
        let ascending = round % 2 == 1;
        let mut sums = Vec::new();
        let mut tree = TreeSubject::new(FRAMES, false).expect("a tree");
        let tree_name = if recording_built_in { "tree" } else { "tree, recording compiled out" };
        for work in works(ascending) {
            times.add(tree_name, work, seconds(|| tree.run(work, &rows).expect("tree")), &mut sums);
        }
        if !recording_built_in {
            continue;
        }
        let mut map = MapSubject::default();
        for work in works(ascending) {
            times.add("BTreeMap", work, seconds(|| map.run(work, &rows)), &mut sums);
        }
        let builder = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(InMemoryBackend::new());
        let database = builder.expect("a redb database");
        for work in works(ascending) {
            times.add("redb", work, seconds(|| redb_run(&database, work, &rows).expect("redb")), &mut sums);
        }
        let mut recorded = TreeSubject::new(FRAMES, true).expect("a tree");
        for work in works(ascending) {
            let time = seconds(|| recorded.run(work, &rows).expect("tree"));
            times.add("tree, recording on", work, time, &mut sums);
            // A trace of all works would not fit; each work has one of its own.
            recorded.cx.recorder.trace.truncate(0);
        }
    }
    times.report();
}

//! The LSM tree beside fjall, natively: the same rows, the same works. Prints one line of JSON for each figure;
//! `make bench` runs it several times and gathers them.
//!
//! Alike: memtable, cache, no compression, blocks of 4 KiB, no sync for each write and one at the end of a work.
//! Not alike: our disk is simulated, in the memory of this process; fjall's files are on the machine's RAM disk, read and
//! written through the kernel, but its log is only handed to it when a buffer is full. We flush and merge between two
//! puts; fjall does in threads of its own, on another core.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use glassbase_engine::bench::{LsmSubject, Rows, SCAN_RECORDS, Work, lsm_options};

const ROWS: usize = 500_000;
const MEMTABLE_BYTES: u32 = 8 << 20;
const CACHE_BYTES: u32 = 64 << 20;

/// A fresh folder on the RAM disk, if there is one.
fn folder() -> PathBuf {
    let ram = PathBuf::from("/dev/shm");
    let base = if ram.is_dir() { ram } else { std::env::temp_dir() };
    base.join(format!("glassbase-bench-{}", std::process::id()))
}

struct Peer {
    database: Database,
    rows: Keyspace,
}

impl Peer {
    fn new() -> fjall::Result<Peer> {
        let builder = Database::builder(folder()).temporary(true).cache_size(u64::from(CACHE_BYTES));
        let database = builder.manual_journal_persist(true).open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(u64::from(MEMTABLE_BYTES));
        let rows = database.keyspace("rows", options)?;
        Ok(Peer { database, rows })
    }

    fn run(&self, work: Work, rows: &Rows) -> fjall::Result<u64> {
        let mut sum = 0u64;
        match work {
            Work::InsertRandom | Work::InsertAscending => {
                let keys = if work == Work::InsertRandom { &rows.shuffled } else { &rows.sorted };
                for key in keys {
                    self.rows.insert(&key[..], &rows.value[..])?;
                    sum += 1;
                }
                self.database.persist(PersistMode::SyncAll)?;
            }
            Work::Get => {
                for key in &rows.reshuffled {
                    sum += self.rows.get(key)?.map_or(0, |value| u64::from(value[0]));
                }
            }
            Work::Scan => {
                for start in rows.scan_starts() {
                    for row in self.rows.range(&start[..]..).take(SCAN_RECORDS) {
                        sum += u64::from(row.value()?[0]);
                    }
                }
            }
            Work::Delete => {
                for key in &rows.reshuffled {
                    self.rows.remove(&key[..])?;
                    sum += 1;
                }
                self.database.persist(PersistMode::SyncAll)?;
            }
        }
        Ok(sum)
    }

    /// Waits until what the background has to do is done, so that reads are measured alone: but not for ever, because a
    /// flush that fjall has no room to note down stays undone until the next one.
    fn settle(&self) {
        let mut quiet = 0;
        for _ in 0..500 {
            let is_busy = self.database.outstanding_flushes() > 0 || self.database.active_compactions() > 0;
            quiet = if is_busy { 0 } else { quiet + 1 };
            if quiet == 10 {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn timed(
    subject: &str,
    work: Work,
    rows: &Rows,
    run: impl FnOnce() -> Result<u64, Box<dyn Error>>,
) -> Result<u64, Box<dyn Error>> {
    let start = Instant::now();
    let sum = std::hint::black_box(run()?);
    let per_second = rows.len() as f64 / start.elapsed().as_secs_f64();
    println!(r#"{{"subject":"{subject}","work":"{}","rows_per_second":{per_second:.0}}}"#, work.word());
    Ok(sum)
}

fn main() -> Result<(), Box<dyn Error>> {
    let rows = Rows::new(ROWS);
    let works = [Work::InsertRandom, Work::Get, Work::Scan, Work::Delete];
    let mut ours = LsmSubject::new(&lsm_options(MEMTABLE_BYTES, CACHE_BYTES), false)?;
    let mut sums = Vec::new();
    for work in works {
        sums.push(timed("lsm", work, &rows, || Ok(ours.run(work, &rows)?))?);
        ours.lsm.work_all(&mut ours.cx)?;
    }
    drop(ours);
    let theirs = Peer::new()?;
    for (work, sum) in works.into_iter().zip(sums) {
        let found = timed("fjall", work, &rows, || Ok(theirs.run(work, &rows)?))?;
        assert_eq!(found, sum, "fjall did other work: {work:?}");
        theirs.settle();
    }
    Ok(())
}

//! The same work for the B+tree under a log, and what recovery from that log costs.

use super::{Rows, SCAN_RECORDS, Work};
use crate::sim::{Cx, Device};
use crate::storage::lsm::{Background, Lsm, LsmOptions};
use crate::storage::{Database, LogOptions, Options, StorageError};

use super::lsm::{LsmSubject, lsm_options};

/// Rows of a transaction.
pub const COMMIT_ROWS: usize = 100;

/// A database on a RAM disk whose pool holds all rows. Every commit is durable before it is answered.
pub struct LoggedSubject {
    pub cx: Cx,
    pub database: Database,
}

impl LoggedSubject {
    pub fn new(frames: u32, log: &LogOptions) -> Result<LoggedSubject, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let options = Options { frames, device: Device::Ram, ..Options::default() };
        let database = Database::create(&mut cx, &options, log)?;
        Ok(LoggedSubject { cx, database })
    }

    /// Does the work, writes in transactions of [`COMMIT_ROWS`]; the result depends on everything that was done.
    pub fn run(&mut self, work: Work, rows: &Rows) -> Result<u64, StorageError> {
        let LoggedSubject { cx, database } = self;
        let mut sum = 0u64;
        let visit = &mut |_: &[u8], value: &[u8]| sum += u64::from(value[0]);
        match work {
            Work::InsertRandom => return self.write(&rows.shuffled, rows),
            Work::InsertAscending => return self.write(&rows.sorted, rows),
            Work::Delete => return self.delete(&rows.reshuffled),
            Work::Get => {
                for key in &rows.reshuffled {
                    database.scan(cx, Some(key), Some(key), false, 1, visit)?;
                }
            }
            Work::Scan => {
                for start in rows.scan_starts() {
                    database.scan(cx, Some(start), None, false, SCAN_RECORDS as u64, visit)?;
                }
            }
        }
        Ok(sum)
    }

    fn write(&mut self, keys: &[super::Key], rows: &Rows) -> Result<u64, StorageError> {
        let LoggedSubject { cx, database } = self;
        let mut sum = 0u64;
        for part in keys.chunks(COMMIT_ROWS) {
            let txn = database.begin(cx)?;
            for key in part {
                sum += u64::from(database.insert(cx, txn, key, &rows.value)?);
            }
            database.commit(cx, txn)?;
        }
        Ok(sum)
    }

    fn delete(&mut self, keys: &[super::Key]) -> Result<u64, StorageError> {
        let LoggedSubject { cx, database } = self;
        let mut sum = 0u64;
        for part in keys.chunks(COMMIT_ROWS) {
            let txn = database.begin(cx)?;
            for key in part {
                sum += u64::from(database.delete(cx, txn, key)?);
            }
            database.commit(cx, txn)?;
        }
        Ok(sum)
    }

    /// Bytes of log since the last checkpoint: what recovery has to read.
    pub fn log_bytes(&self) -> u64 {
        self.database.log().map_or(0, |journal| journal.log.end().0 - journal.control.checkpoint.0)
    }
}

/// A database that crashed with all rows in its log and none in its pages, and the length of the log.
pub fn crashed_database(rows: &Rows, frames: u32) -> Result<(LoggedSubject, u64), StorageError> {
    let log = LogOptions { checkpoint_bytes: 0, ..LogOptions::default() };
    let mut subject = LoggedSubject::new(frames, &log)?;
    subject.run(Work::InsertRandom, rows)?;
    let bytes = subject.log_bytes();
    subject.database.crash(&mut subject.cx);
    Ok((subject, bytes))
}

/// An LSM tree with all rows in its logs, as many as memtables of 4 MiB make, and the length of the logs.
pub fn unflushed_lsm(rows: &Rows) -> Result<(LsmSubject, u64), StorageError> {
    let options = LsmOptions {
        background: Background::Manual,
        memtables_slow: 1000,
        memtables_stop: 1000,
        ..lsm_options(4 << 20, 8 << 20)
    };
    let mut subject = LsmSubject::new(&options, false)?;
    subject.run(Work::InsertRandom, rows)?;
    let bytes = subject.lsm.counters().log_bytes;
    Ok((subject, bytes))
}

/// Crashes the tree and opens it again.
pub fn reopened(subject: LsmSubject) -> Result<LsmSubject, StorageError> {
    let LsmSubject { mut cx, lsm, batch_rows } = subject;
    let (lsm, _): (Lsm, _) = lsm.crash(&mut cx, 1).map_err(|failure| failure.error)?;
    Ok(LsmSubject { cx, lsm, batch_rows })
}

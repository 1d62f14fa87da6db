//! The same work for the LSM tree.

use super::{Rows, SCAN_RECORDS, Work};
use crate::sim::{Cx, Device};
use crate::storage::StorageError;
use crate::storage::lsm::{Lsm, LsmOptions, ScanBounds, SyncMode, WriteBatch};

/// An LSM tree on a RAM disk. Writes are logged one by one, and made durable when the work is done, as a transaction that
/// holds them all would.
pub struct LsmSubject {
    pub cx: Cx,
    pub lsm: Lsm,
    /// Rows that are written together, in one batch.
    pub batch_rows: usize,
}

/// A memtable and a cache of so many bytes, no sync for each write.
pub fn lsm_options(memtable_bytes: u32, cache_bytes: u32) -> LsmOptions {
    LsmOptions {
        device: Device::Ram,
        memtable_bytes,
        cache_bytes,
        sync: SyncMode::Asynchronous,
        ..LsmOptions::default()
    }
}

impl LsmSubject {
    pub fn new(options: &LsmOptions, recording: bool) -> Result<LsmSubject, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(recording);
        let lsm = Lsm::create(&mut cx, options)?;
        Ok(LsmSubject { cx, lsm, batch_rows: 1 })
    }

    /// Does the work; the result depends on everything that was done.
    pub fn run(&mut self, work: Work, rows: &Rows) -> Result<u64, StorageError> {
        let LsmSubject { cx, lsm, batch_rows } = self;
        let mut batch = WriteBatch::new();
        let mut sum = 0u64;
        match work {
            Work::InsertRandom | Work::InsertAscending => {
                let keys = if work == Work::InsertRandom { &rows.shuffled } else { &rows.sorted };
                for part in keys.chunks(*batch_rows) {
                    batch.clear();
                    part.iter().for_each(|key| batch.put(key, &rows.value));
                    lsm.write(cx, &mut batch)?;
                    sum += part.len() as u64;
                }
                lsm.sync(cx)?;
            }
            Work::Get => {
                for key in &rows.reshuffled {
                    lsm.get_with(cx, key, None, |value| sum += u64::from(value[0]))?;
                }
            }
            Work::Scan => {
                for start in rows.scan_starts() {
                    let bounds = ScanBounds { from: Some(start), ..ScanBounds::default() };
                    let visit = &mut |_: &[u8], value: &[u8]| sum += u64::from(value[0]);
                    lsm.scan(cx, bounds, SCAN_RECORDS as u64, None, visit)?;
                }
            }
            Work::Delete => {
                for part in rows.reshuffled.chunks(*batch_rows) {
                    batch.clear();
                    part.iter().for_each(|key| batch.delete(key));
                    lsm.write(cx, &mut batch)?;
                    sum += part.len() as u64;
                }
                lsm.sync(cx)?;
            }
        }
        Ok(sum)
    }
}

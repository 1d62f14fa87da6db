//! The write log: every batch is here before it is in the memtable, so that a crash loses none.
//!
//! Each memtable has a log of its own, which is removed once the memtable is a table. A log is a sequence of
//! [records](super::record): first a head (the log's number, the first sequence number), then batches.
//!
//! ```text
//!   000007.log   head │ batch 41 │ batch 42, 43 │ batch 44 │ …
//! ```
//!
//! **Invariant:** sequence numbers follow one another without a gap, within a log and from one log to the next.
//! **Invariant:** a log is durable before the next one is begun, so only the last one may have a torn end.

use std::rc::Rc;

use super::batch::{WriteBatch, Writes};
use super::key::Sequence;
use super::record::{self, Damage, Reader};
use crate::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::{Event, FileId, FileNumber};

const HEAD: u8 = 1;
const BATCH: u8 = 2;

/// What the file of a log is called.
pub fn log_name(number: FileNumber) -> String {
    format!("{:06}.log", number.0)
}

/// A log that is written. The file is created with the first batch.
#[derive(Clone, Debug)]
pub struct WriteLog {
    pub number: FileNumber,
    file: Option<FileId>,
    pub length: u64,
    pub durable: u64,
    /// Batches since the last sync.
    pub unsynced_batches: u32,
}

impl WriteLog {
    pub fn new(number: FileNumber) -> WriteLog {
        WriteLog { number, file: None, length: 0, durable: 0, unsynced_batches: 0 }
    }

    /// A log that was read by recovery, whole and durable.
    pub fn reopened(number: FileNumber, file: FileId, length: u64) -> WriteLog {
        WriteLog { number, file: Some(file), length, durable: length, unsynced_batches: 0 }
    }

    pub fn file(&self) -> Option<FileId> {
        self.file
    }

    /// Appends a batch whose first write has the number `first`. When this fails, the log is as it was.
    pub fn append(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        batch: &mut WriteBatch,
        first: Sequence,
    ) -> Result<(), StorageError> {
        let file = match self.file {
            Some(file) => file,
            None => self.create(cx, disk, first)?,
        };
        let bytes = batch.seal(BATCH, first, self.durable);
        let length = bytes.len() as u64;
        let appended = disk.append(cx, file, bytes);
        batch.unseal();
        let offset = appended?;
        debug_assert_eq!(offset, self.length, "the log is written here alone");
        self.length += length;
        self.unsynced_batches += 1;
        let log = self.number;
        cx.emit(|| Event::LsmLogged { log, offset, length });
        Ok(())
    }

    /// Makes all of it durable.
    pub fn sync(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        self.unsynced_batches = 0;
        if let Some(file) = self.file.filter(|_| self.durable < self.length) {
            disk.sync_file(cx, file)?;
            self.durable = self.length;
            let (log, length) = (self.number, self.length);
            cx.emit(|| Event::LsmLogSynced { log, length });
        }
        Ok(())
    }

    fn create(&mut self, cx: &mut Cx, disk: &mut Disk, first: Sequence) -> Result<FileId, StorageError> {
        let file = disk.create_file(cx, &log_name(self.number))?;
        let mut head = Vec::new();
        let start = record::begin(&mut head);
        head.extend_from_slice(&self.number.0.to_le_bytes());
        head.extend_from_slice(&first.to_le_bytes());
        record::end(&mut head, start, HEAD, 0);
        if let Err(error) = disk.append(cx, file, &head) {
            // Without power this fails too; recovery then finds a log without a head, which is none.
            let _ = disk.remove_file(cx, file);
            return Err(error.into());
        }
        self.file = Some(file);
        self.length = head.len() as u64;
        let (log, length) = (self.number, self.length);
        cx.emit(|| Event::LsmLogged { log, offset: 0, length });
        Ok(file)
    }
}

/// A batch as it stands in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The number of its first write, and how many there are.
    pub first: Sequence,
    pub count: u32,
    pub(super) payload: Rc<[u8]>,
}

/// The batches of a log that is in use, each with its offset.
pub fn read_batches(bytes: &[u8], number: FileNumber) -> Result<Vec<(u64, Batch)>, StorageError> {
    let damaged = |offset, what: &str| {
        let (name, what) = (log_name(number), what.to_string());
        StorageError::DamagedFile { name, offset, what }
    };
    let mut reader = Reader::new(bytes);
    let mut batches = Vec::new();
    while let Some(record) = reader.next().map_err(|Damage { offset, what }| damaged(offset, what))? {
        if record.kind != BATCH {
            continue;
        }
        let Some((first, writes)) = Writes::of_record(record.payload) else {
            return Err(damaged(record.offset, "a record is no batch"));
        };
        batches.push((record.offset, Batch { first, count: writes.left(), payload: record.payload.into() }));
    }
    if reader.is_torn() {
        return Err(damaged(reader.offset(), "it ends within a record, though it is in use"));
    }
    Ok(batches)
}

/// What a log held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Bytes up to which it is whole; 0: it has not even a head.
    pub whole: u64,
    pub is_torn: bool,
    pub last: Sequence,
}

/// Reads a log whose first write must have the number `first`, and gives each batch to `apply`.
pub fn replay(
    bytes: &[u8],
    number: FileNumber,
    first: Sequence,
    apply: &mut dyn FnMut(Sequence, Writes),
) -> Result<Replayed, StorageError> {
    let damaged = |Damage { offset, what }: Damage| StorageError::DamagedFile {
        name: log_name(number),
        offset,
        what: what.to_string(),
    };
    let mut reader = Reader::new(bytes);
    let mut next = first;
    let mut has_head = false;
    while let Some(record) = reader.next().map_err(damaged)? {
        let wrong = |what| Err(damaged(Damage { offset: record.offset, what }));
        match (record.kind, has_head) {
            (HEAD, false) => {
                let expected = [number.0.to_le_bytes(), first.to_le_bytes()].concat();
                if record.payload[..] != expected {
                    return wrong("it is another log than its name says, or writes before it are missing");
                }
                has_head = true;
            }
            (BATCH, true) => {
                let Some((found, writes)) = Writes::of_record(record.payload) else {
                    return wrong("a record is no batch");
                };
                if found != next {
                    return wrong("a batch does not follow the one before it");
                }
                next += u64::from(writes.left());
                apply(found, writes);
            }
            _ => return wrong("a record is of a kind that has no place there"),
        }
    }
    let whole = if has_head { reader.offset() } else { 0 };
    Ok(Replayed { whole, is_torn: reader.is_torn() || !has_head, last: next - 1 })
}

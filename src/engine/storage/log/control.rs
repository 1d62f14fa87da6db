//! The control file: where the last checkpoint is.
//!
//! ```text
//!   control-a   │ entry │ entry │ entry │          the last good entry of both files counts
//!   control-b   │ entry │                          written when the other is long; then that is removed
//!
//!   entry       number u64 │ checkpoint LSN u64 │ CRC-32C u32
//! ```
//!
//! Entries are appended and made durable one by one, so a crash leaves the last one or the one before. A damaged entry is
//! passed over: recovery from an older checkpoint is longer, and as good, as long as the log reaches back to it.

use crate::checksum::crc32c;
use crate::error::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::{FileId, Lsn};

const NAMES: [&str; 2] = ["control-a", "control-b"];
const ENTRY_BYTES: usize = 20;
/// Entries of a file before the other one is begun.
const ENTRIES_MAX: u64 = 50;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Entries written so far.
    number: u64,
    /// Where the last checkpoint begins.
    pub checkpoint: Lsn,
    /// The file that entries go to, once there is one.
    file: Option<FileId>,
    /// A file with an entry that cannot be read, and where: if the log does not reach back to the checkpoint, that is why.
    damaged: Option<(&'static str, u64)>,
}

fn entry(number: u64, checkpoint: Lsn) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..16].copy_from_slice(&checkpoint.0.to_le_bytes());
    let checksum = crc32c(&bytes[..16]);
    bytes[16..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn read_entry(bytes: &[u8; ENTRY_BYTES]) -> Option<(u64, Lsn)> {
    let word = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let (number, checkpoint) = (word(0), Lsn(word(8)));
    (*bytes == entry(number, checkpoint) && checkpoint.0 > 0).then_some((number, checkpoint))
}

fn error_at((name, offset): (&str, u64)) -> StorageError {
    let what = "the checkpoint that it names cannot be read".to_string();
    StorageError::DamagedFile { name: name.to_string(), offset, what }
}

impl Control {
    /// Reads the last good entry. None: there is no control file, so nothing was ever finished here.
    pub fn open(cx: &mut Cx, disk: &mut Disk) -> Result<Option<Control>, StorageError> {
        let mut best: Option<Control> = None;
        let mut damaged = None;
        for name in NAMES {
            let Some(file) = disk.find_file(name) else { continue };
            let length = disk.file_len(file).unwrap_or_default() as usize;
            let bytes = disk.read_file(cx, file, 0, length)?;
            let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
            for (index, entry) in entries.iter().enumerate() {
                match read_entry(entry) {
                    Some((number, checkpoint)) if best.as_ref().is_none_or(|best| best.number < number) => {
                        best = Some(Control { number, checkpoint, file: Some(file), damaged: None });
                    }
                    Some(_) => {}
                    None => damaged = Some((name, (index * ENTRY_BYTES) as u64)),
                }
            }
        }
        match (best, damaged) {
            (None, Some(damaged)) => Err(error_at(damaged)),
            (best, _) => Ok(best.map(|best| Control { damaged, ..best })),
        }
    }

    /// Why the log could not be opened: `error`, unless an entry of this file was lost.
    pub fn blame(&self, error: StorageError) -> StorageError {
        self.damaged.map_or(error, error_at)
    }

    /// Notes a checkpoint, durably. The log must be durable up to its end.
    pub fn note(&mut self, cx: &mut Cx, disk: &mut Disk, checkpoint: Lsn) -> Result<(), StorageError> {
        let full = |file: FileId| disk.file_len(file).unwrap_or_default() >= ENTRIES_MAX * ENTRY_BYTES as u64;
        match self.file {
            Some(file) if !full(file) => self.append(cx, disk, file, checkpoint),
            old => {
                let known = old.and_then(|file| disk.file_name(file)) == Some(NAMES[0]);
                let name = NAMES[usize::from(known)];
                let file = match disk.find_file(name) {
                    Some(file) => file,
                    None => disk.create_file(cx, name)?,
                };
                // It came back in a crash, or an attempt to write to it failed.
                disk.truncate_file(cx, file, 0)?;
                self.append(cx, disk, file, checkpoint)?;
                self.file = Some(file);
                if let Some(old) = old {
                    disk.remove_file(cx, old)?;
                }
                Ok(())
            }
        }
    }

    fn append(&mut self, cx: &mut Cx, disk: &mut Disk, file: FileId, checkpoint: Lsn) -> Result<(), StorageError> {
        // A crash may have left a piece of an entry.
        let length = disk.file_len(file).unwrap_or_default();
        let whole = length - length % ENTRY_BYTES as u64;
        if whole != length {
            disk.truncate_file(cx, file, whole)?;
        }
        disk.append(cx, file, &entry(self.number + 1, checkpoint))?;
        disk.sync_file(cx, file)?;
        self.number += 1;
        self.checkpoint = checkpoint;
        Ok(())
    }
}

//! A note in a file beside the store: the last one that was written counts, and it is durable when the call returns.
//!
//! ```text
//!   beside-a   │ note 7 │ note 8 │ note 9 │       records as the LSM tree frames them; the highest number counts
//!   beside-b   │ note 6 │                         written when the other is long, which is emptied then
//! ```
//!
//! For what a node must not forget and what is no part of the data: which leader it has promised to follow. Were it in the
//! store, it would take a place in the store's log, and the logs of two nodes would no longer be the same.

use crate::StorageError;
use crate::lsm::note;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::FileId;

const NAMES: [&str; 2] = ["beside-a", "beside-b"];
/// A file that is longer is not written to any more.
const FILE_BYTES_MAX: u64 = 4096;

#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// The note, for a shelf without a disk.
    memory: Vec<u8>,
    /// For one with a disk: the number of the last note and the file that it is in, once that is known.
    last: Option<(u64, FileId)>,
}

impl Beside {
    /// Power fails: what is known of files has to be read anew.
    pub fn forget(&mut self) {
        self.last = None;
    }

    pub fn read(&mut self, cx: &mut Cx, disk: Option<&mut Disk>) -> Result<Vec<u8>, StorageError> {
        let Some(disk) = disk else { return Ok(self.memory.clone()) };
        let mut best: Option<(u64, FileId, Vec<u8>)> = None;
        for name in NAMES {
            let Some(file) = disk.find_file(name) else { continue };
            let length = disk.file_len(file).unwrap_or_default() as usize;
            let bytes = disk.read_file(cx, file, 0, length)?;
            let read = note::last(&bytes, name)?;
            // A torn end is cut off, so that what is appended next can be read.
            if read.whole < length as u64 {
                disk.truncate_file(cx, file, read.whole)?;
            }
            if let Some((number, text)) = read.note
                && best.as_ref().is_none_or(|(known, ..)| *known < number)
            {
                best = Some((number, file, text));
            }
        }
        self.last = best.as_ref().map(|(number, file, _)| (*number, *file));
        Ok(best.map(|(.., text)| text).unwrap_or_default())
    }

    pub fn write(&mut self, cx: &mut Cx, disk: Option<&mut Disk>, text: &[u8]) -> Result<(), StorageError> {
        let Some(disk) = disk else {
            self.memory = text.to_vec();
            return Ok(());
        };
        if self.last.is_none() {
            self.read(cx, Some(&mut *disk))?;
        }
        let number = self.last.map_or(0, |(number, _)| number) + 1;
        let old = self.last.map(|(_, file)| file);
        let file = match old.filter(|file| disk.file_len(*file).unwrap_or_default() < FILE_BYTES_MAX) {
            Some(file) => file,
            None => {
                let is_first = old.and_then(|file| disk.file_name(file)) == Some(NAMES[0]);
                let name = NAMES[usize::from(is_first)];
                match disk.find_file(name) {
                    Some(file) => file,
                    None => disk.create_file(cx, name)?,
                }
            }
        };
        if Some(file) != old {
            disk.truncate_file(cx, file, 0)?;
        }
        disk.append(cx, file, &note::framed(number, text))?;
        disk.sync_file(cx, file)?;
        self.last = Some((number, file));
        Ok(())
    }
}

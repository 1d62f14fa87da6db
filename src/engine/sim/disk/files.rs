//! Append-only files: logs, sorted tables, manifests.
//!
//! ```text
//!   0                    durable              live
//!   ├────────────────────┼────────────────────┤
//!   │ survives a crash   │ kept, lost or torn │
//!   └────────────────────┴────────────────────┘
//! ```
//!
//! A file grows at its end. `sync_file` makes all of it durable, its existence included; a file that was never synced may
//! be gone after a crash, as a file is whose directory entry was not written. In a torn tail each sector is there or is
//! zeros, so that there may be a hole before bytes that came later. Removing a file is volatile until the next sync of
//! anything, and may be undone by a crash.
//!
//! **Invariant:** `durable <= live.len()`; ids are never used again.

use std::rc::Rc;

use super::{Crash, Disk, DiskError, Fault, SECTOR_BYTES};
use crate::{Cx, Generator};
use glassbase_trace::sorting::sort_by_key;
use glassbase_trace::{Event, FileId};

#[derive(Clone, Debug)]
struct File {
    id: FileId,
    name: Rc<str>,
    /// Shared until it grows: a disk is cheap to clone.
    live: Rc<Vec<u8>>,
    durable: usize,
    /// Whether it is there after a crash at all.
    rooted: bool,
    unreadable: bool,
}

/// The append-only files of a disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// By id.
    present: Vec<File>,
    /// Removed, but not durably.
    removed: Vec<File>,
    created: u32,
    pub bytes: u64,
    /// Where the last access to a file ended, until a page is accessed.
    pub position: Option<(FileId, u64)>,
}

impl Files {
    fn index(&self, file: FileId) -> Result<usize, DiskError> {
        self.present.binary_search_by_key(&file, |known| known.id).map_err(|_| DiskError::NoSuchFile { file })
    }

    fn get(&self, file: FileId) -> Option<&File> {
        self.index(file).ok().map(|index| &self.present[index])
    }

    /// A sync of anything: what was removed stays removed.
    pub fn settle_removals(&mut self) {
        self.removed.clear();
    }

    /// Power failed. Files as they are found afterwards.
    pub fn crash(&mut self, generator: &mut Generator, crash: &mut Crash) {
        for file in std::mem::take(&mut self.removed) {
            let survives = generator.below(2) == 0;
            if survives && file.rooted && self.present.iter().all(|other| other.name != file.name) {
                self.present.push(file);
            }
        }
        sort_by_key(&mut self.present, |file| file.id);
        self.present.retain_mut(|file| file.crash(generator, crash));
        self.bytes = self.present.iter().map(|file| file.live.len() as u64).sum();
        self.position = None;
    }
}

impl File {
    /// False: it is gone.
    fn crash(&mut self, generator: &mut Generator, crash: &mut Crash) -> bool {
        let unsynced = self.live.len() - self.durable;
        let gone = !self.rooted && generator.below(3) == 0;
        if gone {
            crash.lost += 1;
            return false;
        }
        if unsynced > 0 {
            match generator.below(3) {
                0 => {
                    crash.lost += 1;
                    Rc::make_mut(&mut self.live).truncate(self.durable);
                }
                1 => crash.kept += 1,
                _ => {
                    crash.torn += 1;
                    self.tear(generator);
                }
            }
        }
        self.durable = self.live.len();
        self.rooted = true;
        true
    }

    /// Each sector of the tail is there or is zeros; the file ends behind a seeded one of them.
    fn tear(&mut self, generator: &mut Generator) {
        let end = self.live.len();
        let live = Rc::make_mut(&mut self.live);
        let mut start = self.durable;
        while start < end {
            let next = (start / SECTOR_BYTES + 1) * SECTOR_BYTES;
            let past = next.min(end);
            if generator.below(2) == 0 {
                live[start..past].fill(0);
            }
            start = past;
            if generator.below(8) == 0 {
                live.truncate(start);
                return;
            }
        }
    }
}

impl Disk {
    /// Creates an empty file. It is certain to be there after a crash once it has been synced.
    pub fn create_file(&mut self, cx: &mut Cx, name: &str) -> Result<FileId, DiskError> {
        self.count_operation(cx)?;
        if self.find_file(name).is_some() {
            return Err(DiskError::FileExists { name: name.into() });
        }
        self.files.created += 1;
        let id = FileId(self.files.created);
        let name: Rc<str> = name.into();
        cx.emit(|| Event::FileCreated { file: id, name: name.clone() });
        let (live, durable) = (Rc::new(Vec::new()), 0);
        self.files.present.push(File { id, name, live, durable, rooted: false, unreadable: false });
        Ok(id)
    }

    /// The file of a name.
    pub fn find_file(&self, name: &str) -> Option<FileId> {
        self.files.present.iter().find(|file| &*file.name == name).map(|file| file.id)
    }

    /// All files in the order in which they were created.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &str)> {
        self.files.present.iter().map(|file| (file.id, &*file.name))
    }

    pub fn file_name(&self, file: FileId) -> Option<&str> {
        self.files.get(file).map(|file| &*file.name)
    }

    /// Bytes of a file, synced or not.
    pub fn file_len(&self, file: FileId) -> Option<u64> {
        self.files.get(file).map(|file| file.live.len() as u64)
    }

    /// Bytes of a file that survive a crash.
    pub fn durable_len(&self, file: FileId) -> Option<u64> {
        self.files.get(file).map(|file| file.durable as u64)
    }

    /// The bytes that reads would give, outside of virtual time. For checkers and inspectors.
    pub fn peek_file(&self, file: FileId) -> Option<&[u8]> {
        self.files.get(file).map(|file| &file.live[..])
    }

    /// Adds bytes at the end of a file; they are volatile until [`Disk::sync_file`]. Gives the offset at which they stand.
    pub fn append(&mut self, cx: &mut Cx, file: FileId, bytes: &[u8]) -> Result<u64, DiskError> {
        self.count_operation(cx)?;
        let index = self.files.index(file)?;
        let full = self.due(&[Fault::DiskFull]).is_some();
        if full || self.bytes_left().is_some_and(|left| left < bytes.len() as u64) {
            return Err(self.full(cx));
        }
        let offset = self.files.present[index].live.len() as u64;
        let sequential = self.seek_file(file, offset, bytes.len());
        cx.pass(self.device.write_ns(bytes.len(), sequential));
        cx.counters.disk_writes += 1;
        self.files.bytes += bytes.len() as u64;
        let fault = self.due(&[Fault::FlipBit, Fault::WriteLost]);
        let live = Rc::make_mut(&mut self.files.present[index].live);
        live.extend_from_slice(bytes);
        match fault {
            Some(Fault::WriteLost) => live[offset as usize..].fill(0),
            Some(_) if !bytes.is_empty() => {
                let bit = self.generator.below(bytes.len() as u64 * 8);
                live[(offset + bit / 8) as usize] ^= 1 << (bit % 8);
            }
            _ => {}
        }
        cx.emit(|| Event::FileAppended { file, offset, length: bytes.len() as u32 });
        Ok(offset)
    }

    /// Reads `length` bytes from `offset` on; an error if the file ends before.
    pub fn read_file(&mut self, cx: &mut Cx, file: FileId, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        self.count_operation(cx)?;
        let index = self.files.index(file)?;
        let sequential = self.seek_file(file, offset, length);
        cx.pass(self.device.read_ns(length, sequential));
        cx.counters.disk_reads += 1;
        cx.emit(|| Event::FileRead { file, offset, length: length as u32 });
        let fails = self.due(&[Fault::ReadFails]).is_some();
        let known = &self.files.present[index];
        let name = || known.name.to_string();
        if fails || known.unreadable {
            cx.emit(|| Event::DiskFault { text: format!("{} cannot be read at byte {offset}", known.name).into() });
            return Err(DiskError::FileReadFailed { name: name(), offset });
        }
        let past = offset.checked_add(length as u64).filter(|past| *past <= known.live.len() as u64);
        match past {
            Some(past) => Ok(known.live[offset as usize..past as usize].to_vec()),
            None => {
                let bytes = known.live.len() as u64;
                Err(DiskError::PastFileEnd { name: name(), offset, length: length as u64, bytes })
            }
        }
    }

    /// Makes all of a file durable.
    pub fn sync_file(&mut self, cx: &mut Cx, file: FileId) -> Result<(), DiskError> {
        self.count_operation(cx)?;
        let index = self.files.index(file)?;
        let known = &mut self.files.present[index];
        known.durable = known.live.len();
        known.rooted = true;
        let length = known.durable as u64;
        self.files.settle_removals();
        cx.pass(self.device.sync_ns());
        cx.counters.disk_syncs += 1;
        cx.emit(|| Event::FileSynced { file, length });
        Ok(())
    }

    /// Cuts a file after `length` bytes; durable at once. When nothing is to be cut, nothing is done.
    pub fn truncate_file(&mut self, cx: &mut Cx, file: FileId, length: u64) -> Result<(), DiskError> {
        let index = self.files.index(file)?;
        let cut = (self.files.present[index].live.len() as u64).saturating_sub(length);
        if cut == 0 {
            return Ok(());
        }
        self.count_operation(cx)?;
        let known = &mut self.files.present[index];
        Rc::make_mut(&mut known.live).truncate(length as usize);
        known.durable = known.durable.min(length as usize);
        self.files.bytes -= cut;
        cx.emit(|| Event::FileTruncated { file, length });
        Ok(())
    }

    /// Removes a file; its room is free at once. A crash before the next sync of anything may bring it back.
    pub fn remove_file(&mut self, cx: &mut Cx, file: FileId) -> Result<(), DiskError> {
        self.count_operation(cx)?;
        let index = self.files.index(file)?;
        let mut removed = self.files.present.remove(index);
        self.files.bytes -= removed.live.len() as u64;
        if removed.rooted {
            Rc::make_mut(&mut removed.live).truncate(removed.durable);
            self.files.removed.push(removed);
        }
        cx.emit(|| Event::FileRemoved { file });
        Ok(())
    }

    /// Turns one bit of a file over: the medium decays. `bit` counts from the first byte's lowest bit.
    pub fn flip_file_bit(&mut self, cx: &mut Cx, file: FileId, bit: u64) -> Result<(), DiskError> {
        let index = self.files.index(file)?;
        let known = &mut self.files.present[index];
        let (offset, bytes) = (bit / 8, known.live.len() as u64);
        if offset >= bytes {
            return Err(DiskError::PastFileEnd { name: known.name.to_string(), offset, length: 1, bytes });
        }
        Rc::make_mut(&mut known.live)[offset as usize] ^= 1 << (bit % 8);
        let text = format!("bit {} of byte {offset} of {} flipped", bit % 8, known.name);
        cx.emit(|| Event::DiskFault { text: text.into() });
        Ok(())
    }

    /// Reads of the file fail from now on, or succeed again.
    pub fn set_file_unreadable(&mut self, file: FileId, unreadable: bool) -> Result<(), DiskError> {
        let index = self.files.index(file)?;
        self.files.present[index].unreadable = unreadable;
        Ok(())
    }

    /// Moves to a place in a file; true when the last access ended there.
    fn seek_file(&mut self, file: FileId, offset: u64, length: usize) -> bool {
        let sequential = self.files.position == Some((file, offset));
        self.files.position = Some((file, offset.saturating_add(length as u64)));
        self.next_in_sequence = u32::MAX;
        sequential
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;

    fn disk(capacity: u32) -> (Cx, Disk) {
        let cx = Cx::new(7);
        let disk = Disk::new(&cx, Device::Ssd, 512, capacity);
        (cx, disk)
    }

    #[test]
    fn what_was_synced_survives_and_a_tail_is_kept_lost_or_torn() {
        let (mut lengths, mut gone, mut holes) = (glassbase_trace::sorted::SortedSet::new(), 0, 0);
        for choice in 0..200 {
            let (mut cx, mut disk) = disk(0);
            let (log, fresh) = (disk.create_file(&mut cx, "log").unwrap(), disk.create_file(&mut cx, "new").unwrap());
            assert_eq!(disk.append(&mut cx, log, &[1; 700]), Ok(0));
            disk.sync_file(&mut cx, log).unwrap();
            assert_eq!(disk.append(&mut cx, log, &[2; 2000]), Ok(700));
            disk.crash_seeded(&mut cx, choice);
            let bytes = disk.peek_file(log).unwrap();
            assert!(bytes[..700].iter().all(|byte| *byte == 1) && bytes.len() <= 2700);
            assert!(bytes[700..].iter().all(|byte| *byte == 2 || *byte == 0));
            holes += u32::from(bytes[700..].windows(2).any(|pair| pair == [0, 2]));
            lengths.insert(bytes.len());
            gone += u32::from(disk.file_len(fresh).is_none());
        }
        assert!(lengths.contains(&700) && lengths.contains(&2700) && lengths.len() > 4, "{lengths:?}");
        assert!((40..100).contains(&gone) && holes > 10, "{gone} gone, {holes} with holes");
    }

    #[test]
    fn a_removal_may_come_back_until_something_is_synced() {
        let survives = |sync: bool, choice| {
            let (mut cx, mut disk) = disk(0);
            let (old, other) = (disk.create_file(&mut cx, "old").unwrap(), disk.create_file(&mut cx, "other").unwrap());
            disk.append(&mut cx, old, b"abc").unwrap();
            disk.sync_file(&mut cx, old).unwrap();
            disk.remove_file(&mut cx, old).unwrap();
            assert_eq!(disk.read_file(&mut cx, old, 0, 1), Err(DiskError::NoSuchFile { file: old }));
            if sync {
                disk.sync_file(&mut cx, other).unwrap();
            }
            disk.crash_seeded(&mut cx, choice);
            disk.find_file("old").is_some()
        };
        let back = (0..100).filter(|choice| survives(false, *choice)).count();
        assert!((30..70).contains(&back), "{back}");
        assert!((0..100).all(|choice| !survives(true, choice)));
    }

    #[test]
    fn files_and_pages_share_the_room() {
        let (mut cx, mut disk) = disk(4);
        disk.extend(&mut cx).unwrap();
        let log = disk.create_file(&mut cx, "log").unwrap();
        disk.append(&mut cx, log, &[0; 1030]).unwrap();
        assert_eq!(disk.pages_left(), Some(0));
        assert_eq!(disk.append(&mut cx, log, &[0; 512]), Err(DiskError::Full { capacity: 4 }));
        disk.truncate_file(&mut cx, log, 1024).unwrap();
        assert!(disk.extend(&mut cx).is_ok());
        disk.remove_file(&mut cx, log).unwrap();
        assert_eq!(disk.pages_left(), Some(2));
        assert!(disk.create_file(&mut cx, "a").is_ok());
        assert!(matches!(disk.create_file(&mut cx, "a"), Err(DiskError::FileExists { .. })));
    }

    #[test]
    fn reads_are_checked_and_planned_faults_strike_once() {
        let (mut cx, mut disk) = disk(0);
        let log = disk.create_file(&mut cx, "log").unwrap();
        disk.append(&mut cx, log, b"hello").unwrap();
        assert_eq!(disk.read_file(&mut cx, log, 1, 4).unwrap(), b"ello");
        for (offset, length) in [(1, 5), (6, 0), (u64::MAX, 2)] {
            assert!(matches!(disk.read_file(&mut cx, log, offset, length), Err(DiskError::PastFileEnd { .. })));
        }
        disk.plan(1, Fault::ReadFails);
        disk.plan(1, Fault::WriteLost);
        disk.plan(2, Fault::FlipBit);
        assert!(disk.read_file(&mut cx, log, 0, 5).is_ok());
        assert!(disk.read_file(&mut cx, log, 0, 5).is_err());
        disk.append(&mut cx, log, b"!!").unwrap();
        disk.append(&mut cx, log, &[0; 4]).unwrap();
        let bytes = disk.read_file(&mut cx, log, 5, 6).unwrap();
        assert_eq!(bytes[..2], [0, 0]);
        assert_eq!(bytes[2..].iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
        disk.fail_power_after(0);
        assert_eq!(disk.append(&mut cx, log, b"x"), Err(DiskError::PowerOff));
    }
}

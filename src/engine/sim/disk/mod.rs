//! A disk that forgets what was not synced.
//!
//! Every page has two images: `live`, what a read gives, and `durable`, what is there after power fails. A write
//! changes the live image; `sync` makes all of them durable. A crash decides for each unsynced page, by a seeded
//! generator, whether its write was kept, lost, or torn at a sector.
//!
//! ```text
//!   write ──▶ live ──sync──▶ durable
//!               └───crash───▶ kept │ lost (durable as before) │ torn (some sectors new, some old)
//! ```
//!
//! Images are shared, not copied: a page that was read, cached and synced exists once in memory, and a disk is cheap to
//! clone.
//!
//! Beside its pages a disk has append-only files ([`files`]); both share the room, the count of operations and the power.
//!
//! **Invariant:** pages outside `unsynced` have equal live and durable images.

mod fault;
mod files;

use std::rc::Rc;

use thiserror::Error;

pub use self::fault::Fault;

use self::fault::Plan;
use self::files::Files;
use super::cx::Cx;
use super::device::Device;
use super::page_set::PageSet;
use super::random::Generator;
use glassbase_trace::{Event, FileId, PageId};

/// What a device writes in one piece.
pub const SECTOR_BYTES: usize = 512;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskError {
    #[error("the disk is full: all of its {capacity} pages are taken; delete something or allow more (set disk_pages)")]
    Full { capacity: u32 },
    #[error("page {page} is past the end of the file, which has {pages} pages", page = page.0)]
    PastEnd { page: PageId, pages: u32 },
    #[error("the disk could not read page {page}", page = page.0)]
    ReadFailed { page: PageId },
    #[error("there is no file {file} on the disk: it was removed, or lost in a crash", file = file.0)]
    NoSuchFile { file: FileId },
    #[error("there is a file {name} already")]
    FileExists { name: String },
    #[error("{length} bytes at byte {offset} of {name} are past its end: it has {bytes} bytes")]
    PastFileEnd { name: String, offset: u64, length: u64, bytes: u64 },
    #[error("the disk could not read {name} at byte {offset}")]
    FileReadFailed { name: String, offset: u64 },
    #[error("the power is off: the disk answers nothing until it is restarted")]
    PowerOff,
}

/// What became of the unsynced writes (of pages, and of the ends of files) in a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crash {
    pub kept: u32,
    pub lost: u32,
    pub torn: u32,
}

#[derive(Clone, Debug)]
struct StoredPage {
    live: Rc<[u8]>,
    durable: Rc<[u8]>,
}

/// One file of pages, and any number of append-only files, on a device.
#[derive(Clone, Debug)]
pub struct Disk {
    device: Device,
    page_size: usize,
    /// Most pages that it holds, or files of as many bytes; 0: no limit.
    capacity: u32,
    pages: Vec<StoredPage>,
    zeros: Rc<[u8]>,
    unsynced: PageSet,
    /// The page after the one accessed last: reaching it costs no seek.
    next_in_sequence: u32,
    unreadable: Vec<PageId>,
    generator: Generator,
    /// Operations that still succeed before the power fails, if it is to fail.
    operations_left: Option<u64>,
    /// Operations so far.
    operations: u64,
    plan: Plan,
    files: Files,
}

impl Disk {
    pub fn new(cx: &Cx, device: Device, page_size: usize, capacity: u32) -> Disk {
        Disk {
            device,
            page_size,
            capacity,
            pages: Vec::new(),
            zeros: Rc::from(vec![0; page_size]),
            unsynced: PageSet::default(),
            next_in_sequence: 0,
            unreadable: Vec::new(),
            generator: cx.generator("disk"),
            operations_left: None,
            operations: 0,
            plan: Plan::default(),
            files: Files::default(),
        }
    }

    pub fn device(&self) -> Device {
        self.device
    }

    pub fn page_size(&self) -> usize {
        self.page_size
    }

    pub fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    /// Pages that can still be added; none: no limit.
    pub fn pages_left(&self) -> Option<u32> {
        self.bytes_left().map(|bytes| (bytes / self.page_size as u64) as u32)
    }

    /// Bytes that are free for pages and files; none: no limit.
    pub fn bytes_left(&self) -> Option<u64> {
        let page_bytes = self.page_size as u64;
        let taken = u64::from(self.page_count()) * page_bytes + self.files.bytes;
        (self.capacity > 0).then(|| (u64::from(self.capacity) * page_bytes).saturating_sub(taken))
    }

    /// Operations so far, on pages and files alike: what [`Disk::fail_power_after`] counts.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Pages written but not durable, ascending.
    pub fn unsynced(&self) -> impl Iterator<Item = PageId> {
        self.unsynced.iter()
    }

    /// The image that a read would give, outside of virtual time. For checkers and inspectors.
    pub fn peek(&self, page: PageId) -> Option<&[u8]> {
        self.pages.get(page.index()).map(|stored| &stored.live[..])
    }

    /// The image that survives a crash for certain, outside of virtual time.
    pub fn peek_durable(&self, page: PageId) -> Option<&[u8]> {
        self.pages.get(page.index()).map(|stored| &stored.durable[..])
    }

    /// Operations that still succeed before the power fails, if it is to fail.
    pub fn operations_left(&self) -> Option<u64> {
        self.operations_left
    }

    /// Adds a page of zeros at the end of the file.
    pub fn extend(&mut self, cx: &mut Cx) -> Result<PageId, DiskError> {
        self.count_operation(cx)?;
        if self.due(&[Fault::DiskFull]).is_some() || self.pages_left() == Some(0) {
            return Err(self.full(cx));
        }
        let page = PageId(self.page_count());
        self.pages.push(StoredPage { live: self.zeros.clone(), durable: self.zeros.clone() });
        cx.emit(|| Event::DiskExtended { pages: page.0 + 1 });
        Ok(page)
    }

    /// Reads a page. What comes back is shared with the disk until either side changes it.
    pub fn read(&mut self, cx: &mut Cx, page: PageId) -> Result<Rc<[u8]>, DiskError> {
        self.count_operation(cx)?;
        let sequential = self.seek(page)?;
        cx.pass(self.device.read_ns(self.page_size, sequential));
        cx.counters.disk_reads += 1;
        cx.emit(|| Event::DiskRead { page, sequential });
        if self.due(&[Fault::ReadFails]).is_some() || self.unreadable.contains(&page) {
            cx.emit(|| Event::DiskFault { text: format!("page {} cannot be read", page.0).into() });
            return Err(DiskError::ReadFailed { page });
        }
        Ok(self.pages[page.index()].live.clone())
    }

    /// Writes a page. It is volatile until [`Disk::sync`].
    pub fn write(&mut self, cx: &mut Cx, page: PageId, bytes: Rc<[u8]>) -> Result<(), DiskError> {
        assert_eq!(bytes.len(), self.page_size, "a page is written whole");
        self.count_operation(cx)?;
        let sequential = self.seek(page)?;
        cx.pass(self.device.write_ns(self.page_size, sequential));
        cx.counters.disk_writes += 1;
        cx.page_bytes += self.page_size as u64;
        let faulty = self.due(&[Fault::FlipBit, Fault::WriteLost, Fault::WriteMisplaced]);
        match faulty {
            None => {
                self.pages[page.index()].live = bytes;
                self.unsynced.insert(page);
            }
            Some(fault) => self.write_badly(page, bytes, fault),
        }
        cx.emit(|| Event::DiskWritten { page });
        Ok(())
    }

    /// A write that was acknowledged and did not do what it should. Nobody is told.
    #[cold]
    fn write_badly(&mut self, page: PageId, mut bytes: Rc<[u8]>, fault: Fault) {
        let place = match fault {
            Fault::WriteLost => return,
            Fault::WriteMisplaced => PageId(self.generator.below(u64::from(self.page_count())) as u32),
            _ => {
                let bit = self.generator.below(bytes.len() as u64 * 8) as usize;
                Rc::make_mut(&mut bytes)[bit / 8] ^= 1 << (bit % 8);
                page
            }
        };
        self.pages[place.index()].live = bytes;
        self.unsynced.insert(place);
    }

    #[cold]
    fn full(&self, cx: &mut Cx) -> DiskError {
        cx.emit(|| Event::DiskFault { text: "disk full".into() });
        DiskError::Full { capacity: self.capacity }
    }

    /// Makes all pages that were written durable.
    pub fn sync(&mut self, cx: &mut Cx) -> Result<(), DiskError> {
        self.count_operation(cx)?;
        let pages = self.unsynced.len();
        for page in std::mem::take(&mut self.unsynced).iter() {
            let stored = &mut self.pages[page.index()];
            stored.durable = stored.live.clone();
        }
        self.files.settle_removals();
        cx.pass(self.device.sync_ns());
        cx.counters.disk_syncs += 1;
        cx.emit(|| Event::DiskSynced { pages });
        debug_assert!(self.unsynced.is_empty());
        Ok(())
    }

    /// Power fails and comes back: every unsynced write is kept, lost or torn.
    pub fn crash(&mut self, cx: &mut Cx) -> Crash {
        let mut crash = Crash::default();
        for page in std::mem::take(&mut self.unsynced).iter() {
            let choice = self.generator.below(3);
            let torn = if choice == 2 { self.tear(page) } else { None };
            let stored = &mut self.pages[page.index()];
            match (choice, torn) {
                (2, Some(image)) => {
                    crash.torn += 1;
                    stored.durable = image;
                }
                (0, _) => crash.lost += 1,
                _ => {
                    crash.kept += 1;
                    stored.durable = stored.live.clone();
                }
            }
            stored.live = stored.durable.clone();
        }
        self.files.crash(&mut self.generator, &mut crash);
        self.operations_left = None;
        self.next_in_sequence = 0;
        let Crash { kept, lost, torn } = crash;
        cx.emit(|| Event::DiskCrashed { kept, lost, torn });
        crash
    }

    /// As [`Disk::crash`]; another `choice`, another outcome of what was unsynced.
    pub fn crash_seeded(&mut self, cx: &mut Cx, choice: u64) -> Crash {
        self.generator = Generator::new(choice, "crash");
        self.crash(cx)
    }

    /// The power will fail after `operations` more accesses; everything then answers [`DiskError::PowerOff`] until
    /// [`Disk::crash`] brings the disk back.
    pub fn fail_power_after(&mut self, operations: u64) {
        self.operations_left = Some(operations);
    }

    /// Turns one bit of the stored page over, live and durable: the medium decays. `bit` counts from the first byte's
    /// lowest bit.
    pub fn flip_bit(&mut self, cx: &mut Cx, page: PageId, bit: u32) -> Result<(), DiskError> {
        self.check(page)?;
        let byte = (bit / 8) as usize % self.page_size;
        let stored = &mut self.pages[page.index()];
        for image in [&mut stored.live, &mut stored.durable] {
            Rc::make_mut(image)[byte] ^= 1 << (bit % 8);
        }
        cx.emit(|| Event::DiskFault {
            text: format!("bit {} of byte {byte} of page {} flipped", bit % 8, page.0).into(),
        });
        Ok(())
    }

    /// Reads of the page fail from now on, or succeed again.
    pub fn set_unreadable(&mut self, page: PageId, unreadable: bool) {
        self.unreadable.retain(|known| *known != page);
        if unreadable {
            self.unreadable.push(page);
        }
    }

    /// The image of an interrupted write: some sectors are new, the others are old, any of them, because a device writes
    /// them in the order that it likes. None when the page has one sector, which is written whole or not at all.
    fn tear(&mut self, page: PageId) -> Option<Rc<[u8]>> {
        if self.page_size <= SECTOR_BYTES {
            return None;
        }
        let stored = &self.pages[page.index()];
        let mut image = stored.durable.to_vec();
        let sectors = self.page_size / SECTOR_BYTES;
        // Neither none of them nor all.
        let written = 1 + self.generator.below((1 << sectors) - 2);
        for sector in (0..sectors).filter(|sector| written >> sector & 1 == 1) {
            let place = sector * SECTOR_BYTES..(sector + 1) * SECTOR_BYTES;
            image[place.clone()].copy_from_slice(&stored.live[place]);
        }
        Some(Rc::from(image))
    }

    fn count_operation(&mut self, cx: &mut Cx) -> Result<(), DiskError> {
        self.operations += 1;
        match &mut self.operations_left {
            Some(0) => {
                cx.recorder.power_failed();
                Err(DiskError::PowerOff)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Moves to a page; true when it follows the one accessed last.
    fn seek(&mut self, page: PageId) -> Result<bool, DiskError> {
        self.check(page)?;
        let sequential = page.0 == self.next_in_sequence;
        self.next_in_sequence = page.0 + 1;
        self.files.position = None;
        Ok(sequential)
    }

    fn check(&self, page: PageId) -> Result<(), DiskError> {
        let pages = self.page_count();
        if page.0 < pages { Ok(()) } else { Err(DiskError::PastEnd { page, pages }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(page_size: usize, capacity: u32) -> (Cx, Disk) {
        let cx = Cx::new(7);
        let disk = Disk::new(&cx, Device::Ssd, page_size, capacity);
        (cx, disk)
    }

    fn image(disk: &Disk, byte: u8) -> Rc<[u8]> {
        Rc::from(vec![byte; disk.page_size()])
    }

    #[test]
    fn a_synced_write_survives_every_crash() {
        let (mut cx, mut disk) = disk(8192, 0);
        let page = disk.extend(&mut cx).unwrap();
        let written = image(&disk, 1);
        disk.write(&mut cx, page, written.clone()).unwrap();
        disk.sync(&mut cx).unwrap();
        assert_eq!(disk.crash(&mut cx), Crash::default());
        assert_eq!(disk.read(&mut cx, page).unwrap(), written);
    }

    #[test]
    fn unsynced_writes_are_kept_lost_or_torn_at_a_sector() {
        let (mut cx, mut disk) = disk(2048, 0);
        for _ in 0..300 {
            let page = disk.extend(&mut cx).unwrap();
            let bytes = image(&disk, 1);
            disk.write(&mut cx, page, bytes).unwrap();
        }
        let crash = disk.crash(&mut cx);
        assert_eq!(crash.kept + crash.lost + crash.torn, 300);
        assert!([crash.kept, crash.lost, crash.torn].iter().all(|&count| count > 60), "{crash:?}");
        let mut seen = glassbase_trace::sorted::SortedSet::new();
        for page in 0..300 {
            let bytes = disk.read(&mut cx, PageId(page)).unwrap();
            assert!(bytes.chunks(SECTOR_BYTES).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
            seen.insert(bytes.iter().step_by(SECTOR_BYTES).copied().collect::<Vec<u8>>());
        }
        assert!(seen.len() > 13, "four sectors, any of them new: {seen:?}");
    }

    #[test]
    fn a_full_disk_refuses_and_keeps_what_it_has() {
        let (mut cx, mut disk) = disk(512, 2);
        disk.extend(&mut cx).unwrap();
        disk.extend(&mut cx).unwrap();
        assert_eq!(disk.extend(&mut cx), Err(DiskError::Full { capacity: 2 }));
        assert!(disk.read(&mut cx, PageId(1)).is_ok());
        assert_eq!(disk.read(&mut cx, PageId(2)), Err(DiskError::PastEnd { page: PageId(2), pages: 2 }));
    }

    #[test]
    fn power_fails_when_told() {
        let (mut cx, mut disk) = disk(512, 0);
        disk.fail_power_after(1);
        disk.extend(&mut cx).unwrap();
        assert_eq!(disk.extend(&mut cx), Err(DiskError::PowerOff));
        disk.crash(&mut cx);
        assert!(disk.extend(&mut cx).is_ok());
    }

    #[test]
    fn a_flipped_bit_is_there_after_a_crash() {
        let (mut cx, mut disk) = disk(512, 0);
        let page = disk.extend(&mut cx).unwrap();
        disk.flip_bit(&mut cx, page, 9).unwrap();
        disk.crash(&mut cx);
        assert_eq!(disk.read(&mut cx, page).unwrap()[1], 2);
        disk.set_unreadable(page, true);
        assert_eq!(disk.read(&mut cx, page), Err(DiskError::ReadFailed { page }));
    }
}

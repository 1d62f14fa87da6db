//! The write-ahead log: an endless file of records, of which the end is in memory and the beginning is forgotten.
//!
//! ```text
//!   log-000000000000        log-000000065500        log-000000131024        buffer
//!   ┌──────┬──┬───┬──┐      ┌──────┬───┬──┬──┐      ┌──────┬──┬──┬──┐      ┌──┬───┬──┐
//!   │header│  │   │  │      │header│   │  │  │      │header│  │  │  │      │  │   │  │
//!   └──────┴──┴───┴──┘      └──────┴───┴──┴──┘      └──────┴──┴──┴──┘      └──┴───┴──┘
//!   removed once nothing                                     ▲ durable    ▲ written    ▲ end
//!   before is needed
//! ```
//!
//! An LSN is a byte's position in the whole log, headers included; a file of the log (a *segment*) is named after the
//! position of its first byte. A record never spans two segments. Before a segment is begun the one before is made
//! durable, so only the last one can have a torn end.
//!
//! - [`frame`]: a record's header and checksums. [`tail`]: where a log ends, and why. [`record`]: what records say.
//! - [`changes`]: what the records of a transaction do to keys.
//! - [`control`]: the file that says where the last checkpoint is.
//!
//! **Invariant:** `durable <= written <= end`; `buffer` holds the bytes from `written` to `end`.

pub mod changes;
pub mod control;
pub mod frame;
mod open;
pub mod record;
pub mod tail;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use self::record::Record;
use super::checksum::crc32c;
use super::error::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::log::LogSegment;
use glassbase_trace::{Event, FileId, Lsn};

/// What a segment begins with: a word, the position of its first byte, a checksum of both.
const SEGMENT_HEADER_BYTES: u64 = 20;
const MAGIC: &[u8; 8] = b"gb-log-1";
const NAME: &str = "log-";
/// How much is read at once when records are read back.
const WINDOW_BYTES: u64 = 16 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    start: u64,
    file: FileId,
}

/// Bytes of a segment that were read lately.
#[derive(Clone, Debug, Default)]
struct Window {
    start: u64,
    bytes: Rc<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Log {
    segment_bytes: u64,
    /// Those on the disk, ascending.
    segments: Vec<Segment>,
    /// Positions in the buffer where segments begin that are not on the disk yet.
    begun: Vec<u64>,
    buffer: Vec<u8>,
    written: u64,
    durable: u64,
    window: Window,
}

/// Where a record stands, and its bytes.
#[derive(Clone, Debug)]
pub struct Stored {
    pub lsn: Lsn,
    /// Where the next record stands, or would.
    pub next: Lsn,
    pub body: Rc<Vec<u8>>,
}

impl Stored {
    /// What it says.
    pub fn record(&self) -> Result<Record<'_>, StorageError> {
        Record::decode(&self.body, self.lsn).ok_or_else(|| StorageError::DamagedFile {
            name: "log".to_string(),
            offset: self.lsn.0,
            what: "the record passes its checksum, but makes no sense".to_string(),
        })
    }
}

fn segment_name(start: u64) -> String {
    format!("{NAME}{start:012}")
}

fn segment_header(start: u64) -> [u8; SEGMENT_HEADER_BYTES as usize] {
    let mut header = [0; SEGMENT_HEADER_BYTES as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&start.to_le_bytes());
    let checksum = crc32c(&header[..16]);
    header[16..].copy_from_slice(&checksum.to_le_bytes());
    header
}

impl Log {
    /// A new log on a disk that has none, durable.
    pub fn create(cx: &mut Cx, disk: &mut Disk, segment_bytes: u64) -> Result<Log, StorageError> {
        let mut log = Log::empty(segment_bytes);
        log.begin_segment();
        log.sync(cx, disk)?;
        Ok(log)
    }

    fn empty(segment_bytes: u64) -> Log {
        Log {
            segment_bytes,
            segments: Vec::new(),
            begun: Vec::new(),
            buffer: Vec::new(),
            written: 0,
            durable: 0,
            window: Window::default(),
        }
    }

    /// Where the next record will stand, unless a segment is begun for it.
    pub fn end(&self) -> Lsn {
        Lsn(self.written + self.buffer.len() as u64)
    }

    pub fn written(&self) -> Lsn {
        Lsn(self.written)
    }

    /// What lies before survives a crash.
    pub fn durable(&self) -> Lsn {
        Lsn(self.durable)
    }

    /// The first record that is still there, if any is.
    pub fn first(&self) -> Lsn {
        let first = self.segments.first().map(|segment| segment.start).or(self.begun.first().copied());
        Lsn(first.unwrap_or(self.written) + SEGMENT_HEADER_BYTES)
    }

    /// Bytes in memory that are not with the disk yet.
    pub fn buffered(&self) -> u64 {
        self.buffer.len() as u64
    }

    pub fn segments(&self) -> impl Iterator<Item = LogSegment> {
        self.segments.iter().map(|segment| LogSegment { start: Lsn(segment.start), file: segment.file })
    }

    /// Appends a record whose body `encode` writes, given its LSN. Cannot fail: it goes to memory.
    #[inline]
    pub fn append(&mut self, encode: impl FnOnce(Lsn, &mut Vec<u8>)) -> (Lsn, u32) {
        let lsn = self.end();
        let start = frame::open(&mut self.buffer);
        encode(lsn, &mut self.buffer);
        let length = frame::seal(&mut self.buffer, start, lsn, Lsn(self.durable));
        debug_assert_eq!(self.end().0, lsn.0 + length as u64);
        (lsn, length as u32)
    }

    /// Begins a new segment if the open one has as much as it should. To be called before a record is appended.
    #[inline]
    pub fn make_room(&mut self) {
        if self.open_start().is_none_or(|start| self.end().0 - start >= self.segment_bytes) {
            self.begin_segment();
        }
    }

    /// Where the segment begins that the next record goes to.
    #[inline]
    fn open_start(&self) -> Option<u64> {
        self.begun.last().copied().or(self.segments.last().map(|segment| segment.start))
    }

    /// Begins a new segment, so that the one before can be removed as soon as it is not needed. One that is still empty
    /// goes on: whoever follows the records passes one header at a time.
    #[cold]
    pub fn begin_segment(&mut self) {
        let start = self.end().0;
        if self.open_start().is_some_and(|open| open + SEGMENT_HEADER_BYTES == start) {
            return;
        }
        self.begun.push(start);
        self.buffer.extend_from_slice(&segment_header(start));
    }

    /// Takes the last record out again, if it was not written yet. False: it was.
    pub fn retract(&mut self, cx: &mut Cx, lsn: Lsn) -> bool {
        if lsn.0 < self.written {
            return false;
        }
        self.buffer.truncate((lsn.0 - self.written) as usize);
        cx.emit(|| Event::LogRetracted { lsn });
        true
    }

    /// Hands the buffer to the disk.
    pub fn write(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        while !self.buffer.is_empty() {
            if self.begun.first() == Some(&self.written) {
                self.create_segment(cx, disk)?;
            }
            let until = self.begun.first().copied().unwrap_or(self.end().0);
            let length = (until - self.written) as usize;
            let Some(open) = self.segments.last() else { return Ok(()) };
            disk.append(cx, open.file, &self.buffer[..length])?;
            self.buffer.drain(..length);
            self.written = until;
            cx.emit(|| Event::LogWritten { to: Lsn(until) });
        }
        debug_assert!(self.begun.is_empty());
        Ok(())
    }

    /// Makes the open segment durable and creates the next one, which starts where it ends.
    fn create_segment(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        let start = self.written;
        if let Some(open) = self.segments.last()
            && self.durable < start
        {
            disk.sync_file(cx, open.file)?;
            self.durable = start;
            cx.emit(|| Event::LogSynced { to: Lsn(start) });
        }
        let file = disk.create_file(cx, &segment_name(start))?;
        self.begun.remove(0);
        self.segments.push(Segment { start, file });
        cx.emit(|| Event::SegmentCreated { start: Lsn(start), file });
        Ok(())
    }

    /// Writes and makes durable all there is.
    pub fn sync(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        self.write(cx, disk)?;
        let Some(open) = self.segments.last() else { return Ok(()) };
        if self.durable < self.written {
            disk.sync_file(cx, open.file)?;
            self.durable = self.written;
            cx.emit(|| Event::LogSynced { to: Lsn(self.durable) });
        }
        Ok(())
    }

    /// Makes sure that the record at `lsn` is durable.
    #[inline]
    pub fn force(&mut self, cx: &mut Cx, disk: &mut Disk, lsn: Lsn) -> Result<(), StorageError> {
        if lsn.0 < self.durable { Ok(()) } else { self.sync(cx, disk) }
    }

    /// Removes the segments that lie wholly before `lsn`.
    pub fn truncate(&mut self, cx: &mut Cx, disk: &mut Disk, lsn: Lsn) -> Result<(), StorageError> {
        while let [oldest, next, ..] = self.segments[..]
            && next.start <= lsn.0
        {
            disk.remove_file(cx, oldest.file)?;
            self.segments.remove(0);
            let (start, first) = (Lsn(oldest.start), Lsn(next.start + SEGMENT_HEADER_BYTES));
            cx.emit(|| Event::SegmentRemoved { start, file: oldest.file, first });
        }
        Ok(())
    }

    /// Reads the record at `lsn`, from memory or from the disk.
    pub fn read(&mut self, cx: &mut Cx, disk: &mut Disk, lsn: Lsn) -> Result<Stored, StorageError> {
        if lsn.0 >= self.written {
            let rest = self.buffer.get((lsn.0 - self.written) as usize..).unwrap_or_default();
            return take(rest, lsn).map(|stored| self.with_next(stored)).map_err(|what| self.damaged(disk, lsn, what));
        }
        let header = self.bytes_at(cx, disk, lsn, frame::HEADER_BYTES as u64)?;
        let header = frame::header(&header, lsn).map_err(|what| self.damaged(disk, lsn, what))?;
        let bytes = self.bytes_at(cx, disk, lsn, header.frame_len() as u64)?;
        take(&bytes, lsn).map(|stored| self.with_next(stored)).map_err(|what| self.damaged(disk, lsn, what))
    }

    /// The record behind the one that ends at `next` may be the first of a segment.
    fn with_next(&self, mut stored: Stored) -> Stored {
        let starts = |start: u64| start == stored.next.0;
        if self.segments.iter().any(|segment| starts(segment.start)) || self.begun.iter().any(|start| starts(*start)) {
            stored.next.0 += SEGMENT_HEADER_BYTES;
        }
        stored
    }

    /// `length` bytes of the log from `lsn` on, which are in one segment.
    fn bytes_at(&mut self, cx: &mut Cx, disk: &mut Disk, lsn: Lsn, length: u64) -> Result<Vec<u8>, StorageError> {
        let inside = |window: &Window| {
            let from = lsn.0.checked_sub(window.start)? as usize;
            window.bytes.get(from..from + length as usize).map(<[u8]>::to_vec)
        };
        if let Some(bytes) = inside(&self.window) {
            return Ok(bytes);
        }
        let segment =
            self.segment_of(lsn).ok_or_else(|| self.damaged(disk, lsn, "it is not in the log".to_string()))?;
        let offset = lsn.0 - segment.start;
        let left = disk.file_len(segment.file).unwrap_or_default().saturating_sub(offset);
        if left < length {
            return Err(self.damaged(disk, lsn, "the file ends within the record".to_string()));
        }
        let count = left.min(length.max(WINDOW_BYTES)) as usize;
        let bytes = disk.read_file(cx, segment.file, offset, count)?;
        self.window = Window { start: lsn.0, bytes: Rc::new(bytes) };
        inside(&self.window).ok_or_else(|| self.damaged(disk, lsn, "the file ends within the record".to_string()))
    }

    fn segment_of(&self, lsn: Lsn) -> Option<Segment> {
        let past = self.segments.partition_point(|segment| segment.start <= lsn.0);
        past.checked_sub(1).map(|index| self.segments[index])
    }

    /// The error that names the file and the place.
    #[cold]
    fn damaged(&self, disk: &Disk, lsn: Lsn, what: String) -> StorageError {
        let segment = self.segment_of(lsn);
        let name = segment.and_then(|segment| disk.file_name(segment.file)).unwrap_or("log").to_string();
        StorageError::DamagedFile { name, offset: lsn.0 - segment.map_or(0, |segment| segment.start), what }
    }

    /// All records in the log with their LSNs, outside of virtual time. What cannot be read ends it.
    pub fn for_each(&self, disk: &Disk, visit: &mut dyn FnMut(Lsn, u32, &Record<'_>)) {
        for segment in &self.segments {
            let bytes = disk.peek_file(segment.file).unwrap_or_default();
            visit_frames(bytes, segment.start, SEGMENT_HEADER_BYTES as usize, visit);
        }
        let mut from = 0;
        let edges = self.begun.iter().map(|start| (start - self.written) as usize).chain([self.buffer.len()]);
        for edge in edges {
            visit_frames(&self.buffer[..edge], self.written, from, visit);
            from = edge + SEGMENT_HEADER_BYTES as usize;
        }
    }
}

fn visit_frames(bytes: &[u8], start: u64, from: usize, visit: &mut dyn FnMut(Lsn, u32, &Record<'_>)) {
    let mut at = from;
    while at < bytes.len() {
        let lsn = Lsn(start + at as u64);
        let Ok(stored) = take(&bytes[at..], lsn) else { return };
        let Ok(record) = stored.record() else { return };
        let length = stored.next.0 - lsn.0;
        visit(lsn, length as u32, &record);
        at += length as usize;
    }
}

/// The record that `bytes` begin with.
fn take(bytes: &[u8], lsn: Lsn) -> Result<Stored, String> {
    let header = frame::header(bytes, lsn)?;
    let body = frame::body(bytes, &header)?;
    Ok(Stored { lsn, next: Lsn(lsn.0 + header.frame_len() as u64), body: Rc::new(body.to_vec()) })
}

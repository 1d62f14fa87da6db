//! Finding a log on a disk: its segments, and its end.

use super::tail::{self, Tail};
use super::*;
use glassbase_trace::sorting::sort_by_key;

impl Log {
    /// The log of a disk, as it is after a crash or a clean end: the records from `from` on are checked, a torn end is cut
    /// off. `from` is a record that must be there, such as a checkpoint.
    pub fn open(cx: &mut Cx, disk: &mut Disk, segment_bytes: u64, from: Lsn) -> Result<Log, StorageError> {
        let mut log = Log::empty(segment_bytes);
        log.segments = segments_of(disk, from)?;
        log.remove_strays(cx, disk)?;
        log.written = log.find_end(cx, disk, from)?;
        log.durable = log.written;
        Ok(log)
    }

    /// The log files of a disk as they are, unchecked; none when there are none.
    pub fn peek(disk: &Disk) -> Option<Log> {
        let mut log = Log::empty(0);
        log.segments = all_segments(disk);
        (!log.segments.is_empty()).then_some(log)
    }

    /// Segments that are no longer part of the log, but came back in a crash that undid their removal.
    fn remove_strays(&mut self, cx: &mut Cx, disk: &mut Disk) -> Result<(), StorageError> {
        let known = |file: FileId| self.segments.iter().any(|segment| segment.file == file);
        for segment in all_segments(disk).into_iter().filter(|segment| !known(segment.file)) {
            disk.remove_file(cx, segment.file)?;
        }
        Ok(())
    }

    /// Follows the records from `from` on to the end of the log.
    fn find_end(&mut self, cx: &mut Cx, disk: &mut Disk, from: Lsn) -> Result<u64, StorageError> {
        let mut end = from.0;
        let first = self.segments.partition_point(|segment| segment.start <= from.0).saturating_sub(1);
        for index in first..self.segments.len() {
            let (segment, last) = (self.segments[index], index + 1 == self.segments.len());
            let length = disk.file_len(segment.file).unwrap_or_default() as usize;
            let bytes = disk.read_file(cx, segment.file, 0, length)?;
            let damaged = |log: &Log, disk: &Disk, at: usize, what: String| {
                Err(log.damaged(disk, Lsn(segment.start + at as u64), what))
            };
            let header = segment_header(segment.start);
            if bytes.get(..header.len()) != Some(&header[..]) {
                if last && segment.start > from.0 && tail::is_torn(&bytes, 0, header.len()) {
                    return self.renew(cx, disk, segment, length);
                }
                return damaged(self, disk, 0, "the header of the segment is wrong".to_string());
            }
            let at = if index == first { (from.0 - segment.start) as usize } else { header.len() };
            let (found, tail) = tail::find_end(&bytes, segment.start, at);
            end = segment.start + found as u64;
            match tail {
                Tail::Clean => {}
                Tail::Torn if last => self.cut(cx, disk, segment, found, length)?,
                Tail::Torn => return damaged(self, disk, found, "records are missing".to_string()),
                Tail::Damaged { what } => return damaged(self, disk, found, what),
            }
        }
        if end <= from.0 {
            return Err(self.damaged(disk, from, "the log ends before its last checkpoint".to_string()));
        }
        Ok(end)
    }

    fn cut(
        &self,
        cx: &mut Cx,
        disk: &mut Disk,
        segment: Segment,
        found: usize,
        length: usize,
    ) -> Result<(), StorageError> {
        let (at, bytes) = (Lsn(segment.start + found as u64), (length - found) as u32);
        cx.emit(|| Event::LogTorn { at, bytes });
        disk.truncate_file(cx, segment.file, found as u64)?;
        Ok(())
    }

    /// Writes the header of a segment anew that was torn right at its beginning. Returns the end of the log.
    fn renew(&self, cx: &mut Cx, disk: &mut Disk, segment: Segment, length: usize) -> Result<u64, StorageError> {
        self.cut(cx, disk, segment, 0, length)?;
        let header = segment_header(segment.start);
        disk.append(cx, segment.file, &header)?;
        disk.sync_file(cx, segment.file)?;
        Ok(segment.start + header.len() as u64)
    }
}

/// Every file that is named like a segment, ascending.
fn all_segments(disk: &Disk) -> Vec<Segment> {
    let parse = |(file, name): (FileId, &str)| {
        let start = name.strip_prefix(NAME)?.parse().ok()?;
        Some(Segment { start, file })
    };
    let mut segments: Vec<Segment> = disk.files().filter_map(parse).collect();
    sort_by_key(&mut segments, |segment| segment.start);
    segments
}

/// The segments that follow one another without a gap up to the last one. They must reach back to `from`.
fn segments_of(disk: &Disk, from: Lsn) -> Result<Vec<Segment>, StorageError> {
    let mut segments = all_segments(disk);
    let end = |segment: &Segment| segment.start + disk.file_len(segment.file).unwrap_or_default();
    let gap = (1..segments.len()).rev().find(|index| end(&segments[index - 1]) != segments[*index].start);
    if let Some(gap) = gap {
        segments.drain(..gap);
    }
    if segments.first().is_none_or(|first| first.start >= from.0) {
        let (name, what) = (segment_name(from.0), format!("the record at byte {} of the log is in no file", from.0));
        return Err(StorageError::DamagedFile { name, offset: 0, what });
    }
    Ok(segments)
}

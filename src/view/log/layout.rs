//! Where things stand in the picture of the log lab.
//!
//! ```text
//!   ┌ verdict ──────────────────────────┐ ┌ analysis │ redo │ undo ┐
//!   ┌ client ──┐ ┌ memory: log buffer, pool, tables ─────────────────┐
//!   │          │ └────────────────────────────────────────────────────┘
//!   │          │ ┌ disk: log, pages ───────────────────────────────────┐
//!   └──────────┘ └────────────────────────────────────────────────────┘
//! ```
//!
//! Sizes come from the end of the run, so that nothing jumps while it plays. On a small screen all stands in one column:
//! verdict, passes, memory, disk, tables, client.

use crate::View;
use crate::arrange::{Place, Wrap};
use crate::camera::Size;
use crate::drawing::Ask;
use glassbase_trace::parts::log::LogRecord;
use glassbase_trace::{FrameId, Lsn, PageId};

pub const MARGIN: f64 = 8.0;
const GAP: f64 = 8.0;
const CLIENT_W: f64 = 196.0;
/// From here on client and tables stand beside the rest.
const WIDE: f64 = 760.0;
const RECORD: Size = Size { width: 66.0, height: 36.0 };
const PAGE: Size = Size { width: 66.0, height: 36.0 };
const HEAD_H: f64 = 24.0;
/// Lines of log records that are shown of the disk, and frames and pages at most.
const STRIP_LINES: usize = 3;
const STRIP_FEW: usize = 2;
const BOXES_MAX: usize = 64;
const TABLE_W: f64 = 132.0;
pub const ROW_H: f64 = 15.0;
pub const TABLE_ROWS: usize = 4;
pub const CLIENT_H: f64 = 42.0;
pub const CLIENT_ROWS: usize = 10;

/// Places of all that a view shows.
pub struct Layout {
    pub verdict: Place,
    pub passes: Place,
    pub client: Place,
    pub memory: Place,
    pub disk: Place,
    buffer: Wrap,
    frames: Wrap,
    strip: Wrap,
    strip_lines: usize,
    pages: Wrap,
    /// Left upper corners of the two tables.
    pub transactions: (f64, f64),
    pub dirty: (f64, f64),
    pub table_w: f64,
    /// Where the line above the pages of the disk stands.
    pub pages_y: f64,
    pub frames_y: f64,
}

/// A record that is shown.
pub struct Shown<'a> {
    pub record: &'a LogRecord,
    pub place: Place,
    /// Not with the disk yet.
    pub buffered: bool,
    /// It was lost in the crash.
    pub lost: bool,
}

impl Layout {
    pub fn of(ask: &Ask) -> Layout {
        let width = ask.room.width.max(288.0);
        let inner = width - 2.0 * MARGIN;
        let wide = width >= WIDE;
        let crashes = ask.end.log.crashes > 0;
        let passes_w = if wide { 288.0 } else { inner };
        let verdict_w = if wide && crashes { inner - passes_w - GAP } else { inner };
        // In a narrow room what is to be said takes two lines.
        let verdict = Place::new(MARGIN, MARGIN, verdict_w, if wide { 32.0 } else { 46.0 });
        let passes = match (wide, crashes) {
            (true, true) => Place::new(verdict.right() + GAP, MARGIN, passes_w, 32.0),
            (false, true) => Place::new(MARGIN, verdict.bottom() + GAP, passes_w, 30.0),
            _ => Place::new(verdict.right(), MARGIN, 0.0, verdict.h),
        };
        let top = passes.bottom() + GAP;
        let (left, right_w) = if wide { (MARGIN + CLIENT_W + GAP, inner - CLIENT_W - GAP) } else { (MARGIN, inner) };
        let (x, content_w) = (left + GAP, right_w - 2.0 * GAP);
        // Memory: the log's buffer, then the pool and, beside or below it, the tables.
        let tables_beside = wide && content_w >= 2.0 * TABLE_W + 3.0 * (PAGE.width + 5.0) + 16.0;
        let pool_w = if tables_beside { content_w - 2.0 * TABLE_W - 16.0 } else { content_w };
        let buffer = Wrap::new((x, top + HEAD_H + 16.0), content_w, RECORD, 5.0);
        let frames_y = buffer.y + RECORD.height + 17.0;
        let frames = Wrap::new((x, frames_y + 4.0), pool_w, PAGE, 5.0);
        let frames_h = frames.height((ask.end.state.frames as usize).min(BOXES_MAX));
        let table_h = (TABLE_ROWS + 2) as f64 * ROW_H;
        let beside_y = frames_y - 8.0;
        let pool_bottom = frames.y + frames_h;
        let memory_bottom = if tables_beside { pool_bottom.max(beside_y + table_h) } else { pool_bottom };
        let table_w = if tables_beside { TABLE_W - 4.0 } else { ((content_w - 8.0) / 2.0).min(TABLE_W + 20.0) };
        let memory = Place::new(left, top, right_w, memory_bottom + GAP - top);
        // Disk: the log, then the pages.
        let disk_y = memory.bottom() + GAP;
        let strip = Wrap::new((x, disk_y + HEAD_H + 20.0), content_w, RECORD, 5.0);
        let lines =
            ask.end.log.most_records.div_ceil(strip.columns).clamp(1, if wide { STRIP_LINES } else { STRIP_FEW });
        let pages_y = strip.y + strip.height(lines * strip.columns) + 17.0;
        let pages = Wrap::new((x, pages_y + 4.0), content_w, PAGE, 5.0);
        let pages_h = pages.height(ask.end.state.pages.len().min(BOXES_MAX));
        let disk = Place::new(left, disk_y, right_w, pages.y + pages_h + GAP - disk_y);
        // Where they find no room beside the pool, the tables stand below the disk: records and pages are the story.
        let (tables_x, tables_y, above) = match tables_beside {
            true => (x + pool_w + 12.0, beside_y, disk.bottom()),
            false => (x, disk.bottom() + 18.0, disk.bottom() + 18.0 + table_h),
        };
        let client = if wide {
            Place::new(MARGIN, top, CLIENT_W, disk.bottom() - top)
        } else {
            let rows = ask.end.state.parts.client.as_ref().map_or(0, |client| client.transactions.len());
            Place::new(MARGIN, above + GAP, inner, HEAD_H + rows.min(CLIENT_ROWS) as f64 * (CLIENT_H + 6.0) + GAP)
        };
        Layout {
            verdict,
            passes,
            client,
            memory,
            disk,
            buffer,
            frames,
            strip,
            strip_lines: if wide { STRIP_LINES } else { STRIP_FEW },
            pages,
            transactions: (tables_x, tables_y),
            dirty: (tables_x + table_w + 8.0, tables_y),
            table_w,
            pages_y,
            frames_y,
        }
    }

    /// The records that are shown of a view, in the order of the log.
    pub fn records<'a>(&self, view: &'a View) -> Vec<Shown<'a>> {
        let Some(log) = &view.state.parts.log else { return Vec::new() };
        let split = log.records.partition_point(|record| record.lsn < log.written);
        let (stored, buffered) = log.records.split_at(split);
        let last = stored.last().map_or(Lsn(0), |record| record.lsn);
        let is_lost = |record: &&LogRecord| view.log.crashed && record.lsn > last && buffered.is_empty();
        let gone: Vec<&LogRecord> = view.log.volatile.iter().filter(is_lost).collect();
        let columns = self.strip.columns;
        let total = stored.len() + gone.len();
        let hidden = total.div_ceil(columns).saturating_sub(self.strip_lines) * columns;
        let on_disk = stored.iter().map(|record| (record, false)).chain(gone.into_iter().map(|record| (record, true)));
        let mut shown: Vec<Shown> = on_disk
            .skip(hidden)
            .enumerate()
            .map(|(index, (record, lost))| Shown { record, place: self.strip.place(index), buffered: false, lost })
            .collect();
        let skipped = buffered.len().saturating_sub(self.buffer.columns);
        shown.extend(buffered[skipped..].iter().enumerate().map(|(index, record)| {
            let place = self.buffer.place(index);
            Shown { record, place, buffered: true, lost: false }
        }));
        shown
    }

    pub fn frame(&self, frame: FrameId) -> Option<Place> {
        (frame.index() < BOXES_MAX).then(|| self.frames.place(frame.index()))
    }

    pub fn page(&self, page: PageId) -> Option<Place> {
        (page.index() < BOXES_MAX).then(|| self.pages.place(page.index()))
    }

    /// Where the log on the disk begins.
    pub fn strip_start(&self) -> (f64, f64) {
        (self.strip.x, self.strip.y)
    }

    pub fn buffer_start(&self) -> (f64, f64) {
        (self.buffer.x, self.buffer.y)
    }
}

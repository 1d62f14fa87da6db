//! Tables being written by a flush or a compaction, before any version has them.
//!
//! ```text
//!   entries ──▶ builder ──full, at a new key──▶ finished: synced and open ──▶ edit, version
//! ```
//!
//! Nothing here is known to the manifest: should the work fail or the power, the files are removed now or at recovery.

use std::rc::Rc;

use super::catalog::table_state;
use super::key::KeyRef;
use super::retention::Retention;
use super::table::{Table, TableBuilder, TableOptions, table_name};
use crate::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::lsm::TableState;
use glassbase_trace::{Bytes, FileId, FileNumber};

/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 32 << 10;

#[derive(Clone, Debug)]
struct Open {
    builder: TableBuilder,
    file: FileId,
}

#[derive(Clone, Debug)]
pub struct Output {
    options: TableOptions,
    /// A table is ended at the first new key behind so many bytes.
    table_bytes: u64,
    open: Option<Open>,
    /// Where the table that comes next begins: where the one before it ended.
    from: Option<Bytes>,
    pub finished: Vec<(Rc<Table>, Rc<TableState>)>,
    /// All files that were created.
    files: Vec<FileId>,
    pub written_bytes: u64,
}

impl Output {
    pub fn new(options: TableOptions, table_bytes: u64) -> Output {
        let (finished, files) = (Vec::new(), Vec::new());
        Output { options, table_bytes, open: None, from: None, finished, files, written_bytes: 0 }
    }

    /// Bytes written so far, about.
    pub fn bytes(&self) -> u64 {
        self.written_bytes + self.open.as_ref().map_or(0, |open| open.builder.estimated_bytes())
    }

    /// Adds an entry; `next_file` gives a number to a table that is begun.
    pub fn add(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        next_file: &mut u64,
        retention: &Retention,
        key: KeyRef,
        value: &[u8],
    ) -> Result<(), StorageError> {
        let is_full = self.open.as_ref().is_some_and(|open| {
            open.builder.estimated_bytes() >= self.table_bytes && open.builder.last_user() != key.user
        });
        if is_full {
            self.finish_table(cx, disk, retention, Some(key.user))?;
        }
        if self.open.is_none() {
            self.begin_table(cx, disk, next_file)?;
        }
        if let Some(Open { builder, file }) = &mut self.open {
            builder.add(key, value);
            builder.append_to(cx, disk, *file, WRITE_BYTES)?;
        }
        Ok(())
    }

    /// Ends the last table.
    pub fn finish(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        next_file: &mut u64,
        retention: &Retention,
    ) -> Result<(), StorageError> {
        let ranges_left = !retention.tombstones(self.from.as_deref(), None).is_empty();
        if self.open.is_none() && ranges_left {
            self.begin_table(cx, disk, next_file)?;
        }
        if self.open.is_some() { self.finish_table(cx, disk, retention, None) } else { Ok(()) }
    }

    /// Removes everything that was written.
    pub fn abandon(self, cx: &mut Cx, disk: &mut Disk) {
        for file in self.files {
            // Without power nothing can be removed; recovery does it.
            let _ = disk.remove_file(cx, file);
        }
    }

    fn begin_table(&mut self, cx: &mut Cx, disk: &mut Disk, next_file: &mut u64) -> Result<(), StorageError> {
        let number = FileNumber(*next_file);
        *next_file += 1;
        let file = disk.create_file(cx, &table_name(number))?;
        self.files.push(file);
        self.open = Some(Open { builder: TableBuilder::new(self.options, number), file });
        Ok(())
    }

    /// Ends a table before the key `to`: gives it its part of the range deletes, makes it durable, opens it.
    fn finish_table(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        retention: &Retention,
        to: Option<&[u8]>,
    ) -> Result<(), StorageError> {
        let Some(Open { mut builder, file }) = self.open.take() else { return Ok(()) };
        for piece in retention.tombstones(self.from.as_deref(), to) {
            builder.add_range_tombstone(piece.start, piece.end, piece.sequence);
        }
        self.from = to.map(Bytes::from);
        let properties = builder.finish(cx.now_ns());
        builder.append_to(cx, disk, file, 0)?;
        disk.sync_file(cx, file)?;
        let bytes = disk.file_len(file).unwrap_or_default();
        self.written_bytes += bytes;
        let table = Rc::new(Table::open(cx, disk, builder.number(), file)?);
        let state = table_state(builder.number(), bytes, &properties);
        self.finished.push((table, Rc::new(state)));
        Ok(())
    }
}

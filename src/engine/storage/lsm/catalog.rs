//! The version in use, with its tables open; and the tables that no version has any more.
//!
//! A version is never changed: an edit makes the next one. Whoever reads keeps the runs of the version that it began with;
//! a table's file is removed when no version in use has it.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::block_cache::BlockCache;
use super::key::Stamp;
use super::table::{Properties, Table};
use crate::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::lsm::{Run, TableState, Version, VersionEdit};
use glassbase_trace::{Event, FileId, FileNumber};

/// A run with its tables open.
#[derive(Clone, Debug)]
pub struct OpenRun {
    pub level: u32,
    pub tables: Rc<[Rc<Table>]>,
}

impl OpenRun {
    /// The table that may hold or delete `user`.
    #[inline]
    pub fn table_of(&self, user: &[u8]) -> Option<&Rc<Table>> {
        let ends_before = |table: &Rc<Table>| {
            let largest = &table.properties().largest;
            *largest.user < *user || *largest.user == *user && largest.stamp == Stamp::FIRST
        };
        let at = if self.tables.len() == 1 {
            usize::from(ends_before(&self.tables[0]))
        } else {
            self.tables.partition_point(ends_before)
        };
        self.tables.get(at).filter(|table| *table.properties().smallest.user <= *user)
    }
}

/// All runs in the order in which reads ask them.
pub type OpenRuns = Rc<[OpenRun]>;

#[derive(Clone, Debug)]
pub struct Catalog {
    version: Rc<Version>,
    runs: OpenRuns,
    tables: SortedMap<FileNumber, Rc<Table>>,
    /// Tables that are in no version but still read: ascending.
    obsolete: Vec<FileNumber>,
    /// The runs that somebody reads, by reader.
    readers: SortedMap<u64, OpenRuns>,
    next_reader: u64,
}

/// What the manifest keeps of a table.
pub fn table_state(number: FileNumber, bytes: u64, properties: &Properties) -> TableState {
    TableState {
        file: number,
        bytes,
        entries: properties.entries,
        tombstones: properties.deletes,
        range_tombstones: properties.range_deletes,
        smallest: properties.smallest.user.clone(),
        largest: properties.largest.user.clone(),
        open_ended: properties.largest.stamp == Stamp::FIRST,
        first_sequence: properties.smallest_sequence,
        last_sequence: properties.largest_sequence,
        created_ns: properties.created_ns,
    }
}

impl Catalog {
    /// The catalog of a version whose tables are open.
    pub fn new(version: Version, tables: SortedMap<FileNumber, Rc<Table>>) -> Catalog {
        let runs = open_runs(&version, &tables);
        let (obsolete, readers) = (Vec::new(), SortedMap::new());
        Catalog { version: Rc::new(version), runs, tables, obsolete, readers, next_reader: 0 }
    }

    pub fn version(&self) -> &Rc<Version> {
        &self.version
    }

    pub fn runs(&self) -> &OpenRuns {
        &self.runs
    }

    pub fn table(&self, number: FileNumber) -> Option<&Rc<Table>> {
        self.tables.get(&number)
    }

    /// Whether the file is a table that is in use or still read.
    pub fn holds(&self, file: FileId) -> bool {
        self.tables.values().any(|table| table.file() == file)
    }

    pub fn obsolete(&self) -> &[FileNumber] {
        &self.obsolete
    }

    /// Keeps the tables of the version in use until [`Catalog::release`].
    pub fn hold(&mut self) -> u64 {
        self.next_reader += 1;
        self.readers.insert(self.next_reader, self.runs.clone());
        self.next_reader
    }

    /// A reader needs its tables no more.
    pub fn release(&mut self, reader: u64) {
        self.readers.remove(&reader);
    }

    /// Makes `next`, which came of `edit`, the version in use. `opened` are the tables that it adds.
    pub fn install(&mut self, cx: &mut Cx, next: Version, edit: Rc<VersionEdit>, opened: Vec<Rc<Table>>) {
        self.version = Rc::new(next);
        self.tables.extend(opened.into_iter().map(|table| (table.number(), table)));
        cx.emit(|| Event::VersionEdited { edit: edit.clone() });
        self.runs = open_runs(&self.version, &self.tables);
        let moved = |file: &FileNumber| edit.added.iter().any(|placed| placed.table.file == *file);
        for (_, file) in edit.removed.iter().filter(|(_, file)| !moved(file)) {
            let at = self.obsolete.partition_point(|other| other < file);
            self.obsolete.insert(at, *file);
            cx.emit(|| Event::TableObsolete { file: *file });
        }
    }

    /// Removes the files of tables that nobody reads any more.
    pub fn sweep(&mut self, cx: &mut Cx, disk: &mut Disk, cache: &mut BlockCache) -> Result<(), StorageError> {
        let readers = &self.readers;
        let is_read = |file: FileNumber| {
            let mut tables = readers.values().flat_map(|runs| runs.iter()).flat_map(|run| run.tables.iter());
            tables.any(|table| table.number() == file)
        };
        let (kept, gone) = self.obsolete.iter().copied().partition(|file| is_read(*file));
        self.obsolete = kept;
        let gone: Vec<FileNumber> = gone;
        for file in gone {
            cx.emit(|| Event::TableRemoved { file });
            cache.forget(cx, file);
            if let Some(table) = self.tables.remove(&file) {
                disk.remove_file(cx, table.file())?;
            }
        }
        Ok(())
    }
}

fn open_runs(version: &Version, tables: &SortedMap<FileNumber, Rc<Table>>) -> OpenRuns {
    let open = |level: u32, run: &Rc<Run>| OpenRun {
        level,
        tables: run.tables.iter().filter_map(|table| tables.get(&table.file).cloned()).collect(),
    };
    let levels = version.levels.iter().zip(0..);
    levels.flat_map(|(level, number)| level.runs.iter().map(move |run| open(number, run))).collect()
}

//! The checker: reads every file, outside of virtual time, and says which invariant does not hold.
//!
//! - The version's runs are in order and their tables apart ([`Version::check`](glassbase_trace::parts::lsm::Version::check)).
//! - Every table is there, is what the manifest says, and every block of it checks.
//! - The control file and the manifest on the disk give the version in use.
//! - Of one key, what is met first is newer; no entry is newer than the newest write.
//! - The logs on the disk, replayed, give the memtables.
//! - No file is there that nobody needs.

use super::Lsm;
use super::batch::Writes;
use super::catalog::table_state;
use super::cursor::{Cursor, Io};
use super::key::{InternalKey, KeyRef, Kind, Stamp};
use super::merge::Merge;
use super::source::{MemtableCursor, Source};
use super::table::{LevelCursor, table_name};
use super::write_log::{WriteLog, log_name, replay};
use crate::StorageError;
use glassbase_sim::Cx;
use glassbase_trace::bytes::show;
use glassbase_trace::{Event, FileId};

/// What the checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LsmVerification {
    /// Tables looked at.
    pub tables: u32,
    /// Entries found in memtables and tables.
    pub entries: u64,
    /// The first invariant found broken; none: all hold.
    pub problem: Option<String>,
}

impl Lsm {
    /// Checks every invariant of the tree and its files.
    pub fn verify(&self, cx: &mut Cx) -> LsmVerification {
        let mut entries = 0;
        let problem = self.inspect(&mut entries).err();
        let tables = self.version().table_count() as u32;
        let text = problem.clone().unwrap_or_default();
        cx.emit(|| Event::Verified { pages: tables, records: entries, problem: text.into() });
        LsmVerification { tables, entries, problem }
    }

    fn inspect(&self, entries: &mut u64) -> Result<(), String> {
        self.version().check()?;
        self.check_tables()?;
        self.check_manifest()?;
        self.check_order(entries)?;
        self.check_logs()?;
        self.check_files()
    }

    /// A world in which reading costs nothing and is not told, and a copy of the disk.
    fn aside(&self) -> (Cx, glassbase_sim::Disk) {
        let mut cx = Cx::new(0);
        cx.recorder.switch(false);
        (cx, self.disk.clone())
    }

    fn check_tables(&self) -> Result<(), String> {
        let (mut cx, mut disk) = self.aside();
        for (level, state) in self.version().tables() {
            let wrong = |what: &str| format!("table {} of level {level} {what}", state.file.0);
            let table = self.catalog.table(state.file).ok_or_else(|| wrong("is not open"))?;
            if disk.find_file(&table_name(state.file)) != Some(table.file()) {
                return Err(wrong("is not on the disk"));
            }
            let bytes = disk.file_len(table.file()).unwrap_or_default();
            let stored = super::table::Table::open(&mut cx, &mut disk, state.file, table.file());
            let stored = stored.map_err(|error| error.to_string())?;
            if table_state(state.file, bytes, stored.properties()) != **state {
                return Err(wrong("is not what the manifest says"));
            }
            stored.verify(&mut cx, &mut disk).map_err(|error| error.to_string())?;
            if state.last_sequence > self.flushed_sequence {
                return Err(wrong("has writes that are not known to be flushed"));
            }
        }
        Ok(())
    }

    fn check_manifest(&self) -> Result<(), String> {
        let stored = self.manifest.stored_version(&self.disk).map_err(|error| error.to_string())?;
        if stored == **self.version() {
            Ok(())
        } else {
            Err("the manifest gives another version than the one in use".into())
        }
    }

    /// Goes through all entries of all sources, newest source first, each key's together.
    fn check_order(&self, entries: &mut u64) -> Result<(), String> {
        let (mut cx, mut disk) = self.aside();
        let mut cache = super::block_cache::BlockCache::new(0);
        let mut io = Io { cx: &mut cx, disk: &mut disk, cache: &mut cache, keep: false };
        let memtables = std::iter::once(&self.memtable).chain(self.frozen.iter().map(|frozen| &frozen.memtable));
        let mut sources: Vec<Source> =
            memtables.map(|memtable| Source::Memtable(MemtableCursor::new(memtable.clone()))).collect();
        sources.extend(self.catalog.runs().iter().map(|run| Source::Run(LevelCursor::new(run.tables.clone()))));
        let mut merge = Merge::new(sources);
        let told = |error: StorageError| error.to_string();
        merge.seek_to_first(&mut io).map_err(told)?;
        let mut before: Option<(InternalKey, usize)> = None;
        while merge.is_valid() {
            let KeyRef { user, stamp } = merge.key();
            let source = merge.source().unwrap_or_default();
            if stamp.sequence() > self.sequence {
                return Err(format!("an entry of {} is newer than the newest write", show(user)));
            }
            if let Some((key, newer)) = &before
                && *key.user == *user
                && (*newer > source || key.stamp <= stamp)
            {
                return Err(format!("an older entry of {} is met before a newer one", show(user)));
            }
            *entries += 1;
            before = Some((merge.key().to_owned(), source));
            merge.next(&mut io).map_err(told)?;
        }
        let ascending = self.snapshots.is_sorted() && self.snapshots.last().is_none_or(|last| *last <= self.sequence);
        if ascending { Ok(()) } else { Err("the snapshots are not in order".into()) }
    }

    fn check_logs(&self) -> Result<(), String> {
        let mut next = self.flushed_sequence + 1;
        let active = (&self.memtable, &self.log);
        for (memtable, log) in self.frozen.iter().rev().map(|frozen| (&frozen.memtable, &frozen.log)).chain([active]) {
            let Some(file) = log.file() else {
                if memtable.is_empty() { continue } else { return Err("a memtable has writes and no log".into()) }
            };
            let bytes = self.disk.peek_file(file).ok_or_else(|| format!("{} is not there", log_name(log.number)))?;
            let mut wrong = None;
            let mut check = |first: u64, writes: Writes| {
                for (write, sequence) in writes.zip(first..) {
                    let stamp = Stamp::new(sequence, write.kind);
                    let is_there = match write.kind {
                        Kind::RangeDelete => memtable.ranges().iter().any(|range| range.sequence == sequence),
                        _ => {
                            let at = memtable.find_newest(KeyRef { user: write.key, stamp });
                            at.is_some_and(|at| {
                                memtable.entry(at).key.stamp == stamp && memtable.entry(at).value == write.value
                            })
                        }
                    };
                    if !is_there {
                        wrong = Some(format!("write {sequence} is in its log and not in its memtable"));
                    }
                }
            };
            let replayed = replay(bytes, log.number, next, &mut check).map_err(|error| error.to_string())?;
            if let Some(wrong) = wrong {
                return Err(wrong);
            }
            let logged = replayed.last + 1 - next;
            if replayed.is_torn || logged != (memtable.len() + memtable.ranges().len()) as u64 {
                return Err(format!("{} does not have the writes of its memtable", log_name(log.number)));
            }
            next = replayed.last + 1;
        }
        if next == self.sequence + 1 { Ok(()) } else { Err("the logs do not reach to the newest write".into()) }
    }

    /// What is on the disk is needed, or being written.
    fn check_files(&self) -> Result<(), String> {
        if self.flush.is_some() || self.compaction.is_some() {
            return Ok(());
        }
        let logs: Vec<FileId> = self.logs().filter_map(WriteLog::file).collect();
        for (id, name) in self.disk.files() {
            let is_table = self.catalog.holds(id);
            // Files of others are none of its business.
            let is_known =
                super::recovery::kind_of(name).is_none() || is_table || logs.contains(&id) || self.manifest.is_file(id);
            if !is_known {
                return Err(format!("{name} is on the disk, and nobody needs it"));
            }
        }
        Ok(())
    }

    fn logs(&self) -> impl Iterator<Item = &WriteLog> {
        std::iter::once(&self.log).chain(self.frozen.iter().map(|frozen| &frozen.log))
    }
}

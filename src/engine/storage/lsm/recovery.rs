//! Opening a tree: what is there after a crash, or after nothing special at all.
//!
//! ```text
//!   control file ─▶ manifest ─▶ version ─▶ its tables, opened
//!                      └─▶ oldest log ─▶ logs from there on, replayed in turn ─▶ memtables
//!   every other table, log and manifest is an orphan of work that was under way, and removed
//! ```
//!
//! Torn ends are cut off; then the last log goes on where it ended. So recovery writes nothing new and can be interrupted
//! anywhere: the next one finds the same. What was durable and does not read as it was written is an error, and nothing is
//! removed then.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::batch::{WriteBatch, Writes};
use super::block_cache::BlockCache;
use super::catalog::{Catalog, table_state};
use super::key::Sequence;
use super::manifest::{Manifest, Recovered, manifest_name};
use super::memtable::Memtable;
use super::options::LsmOptions;
use super::table::{Table, table_name};
use super::write::apply_writes;
use super::write_log::{WriteLog, log_name, replay};
use super::{Frozen, Lsm};
use crate::StorageError;
use glassbase_sim::{Crash, Cx, Disk};
use glassbase_trace::parts::lsm::{LsmCounters, Version, VersionEdit};
use glassbase_trace::sorting::sort_by;
use glassbase_trace::{Event, FileId, FileNumber};

/// Why a tree could not be opened, and the disk, as it was found.
#[derive(Debug)]
pub struct OpenFailure {
    pub error: StorageError,
    pub disk: Box<Disk>,
}

/// A file of a tree, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Log,
    Table,
    Manifest,
}

pub(super) fn kind_of(name: &str) -> Option<(Kind, FileNumber)> {
    let (digits, ending) = name.split_once('.')?;
    let number = FileNumber(digits.parse().ok()?);
    let kind = match ending {
        "log" => Kind::Log,
        "sst" => Kind::Table,
        "manifest" => Kind::Manifest,
        _ => return None,
    };
    // Another spelling of the number is another file.
    let named = match kind {
        Kind::Log => log_name(number),
        Kind::Table => table_name(number),
        Kind::Manifest => manifest_name(number),
    };
    (named == name).then_some((kind, number))
}

/// A log that was replayed.
struct Replay {
    log: WriteLog,
    memtable: Memtable,
}

impl Lsm {
    /// Opens the tree that is on a disk, or makes an empty one where none is.
    pub fn open(cx: &mut Cx, options: &LsmOptions, mut disk: Disk) -> Result<Lsm, OpenFailure> {
        let opened = options.check().and_then(|()| open(cx, options, &mut disk));
        match opened {
            Ok(build) => {
                let mut tree = build(disk);
                tree.update_stall(cx);
                Ok(tree)
            }
            Err(error) => Err(OpenFailure { error, disk: Box::new(disk) }),
        }
    }

    /// Power fails and comes back; the tree is opened again. `choice` decides what becomes of what was not synced.
    pub fn crash(self, cx: &mut Cx, choice: u64) -> Result<(Lsm, Crash), OpenFailure> {
        let Lsm { options, mut disk, .. } = self;
        let crash = disk.crash_seeded(cx, choice);
        Lsm::open(cx, &options, disk).map(|tree| (tree, crash))
    }
}

/// Everything but the disk, which comes last.
type Build = Box<dyn FnOnce(Disk) -> Lsm>;

fn open(cx: &mut Cx, options: &LsmOptions, disk: &mut Disk) -> Result<Build, StorageError> {
    let settings = options.settings();
    cx.emit(|| Event::LsmOpening { settings });
    let mut files: Vec<(Kind, FileNumber, FileId)> = Vec::new();
    files.extend(disk.files().filter_map(|(id, name)| kind_of(name).map(|(kind, number)| (kind, number, id))));
    sort_by(&mut files, Ord::cmp);
    let highest = files.iter().map(|(_, number, _)| number.0).max().unwrap_or(0);
    let recovered = match Manifest::open(cx, disk)? {
        Some(recovered) => recovered,
        None => begin(cx, disk, &mut files, highest)?,
    };
    let Recovered { manifest, version, last } = recovered;
    let tables = open_tables(cx, disk, &version)?;
    let whole = Rc::new(version.as_edit());
    cx.emit(|| Event::VersionEdited { edit: whole });
    let oldest = last.oldest_log;
    let logs = files.iter().filter(|(kind, number, _)| *kind == Kind::Log && *number >= oldest);
    let logs: Vec<_> = logs.map(|(_, number, id)| (*number, *id)).collect();
    let (replays, sequence) = replay_all(cx, disk, &logs, last.flushed_sequence)?;
    let mut next_file = last.next_file.max(highest + 1).max(manifest.number.0 + 1);
    let (memtable, log, frozen) = match replays {
        Some((active, frozen)) => (active.memtable, active.log, frozen),
        None => {
            let number = FileNumber(next_file);
            next_file += 1;
            cx.emit(|| Event::LogOpened { log: number, length: 0 });
            (Memtable::default(), WriteLog::new(number), Vec::new())
        }
    };
    let is_needed = |kind: Kind, number: FileNumber, id: FileId| match kind {
        Kind::Log => log.file() == Some(id) || frozen.iter().any(|frozen: &Frozen| frozen.log.file() == Some(id)),
        Kind::Table => tables.contains_key(&number),
        Kind::Manifest => number == manifest.number,
    };
    for (kind, number, id) in files {
        if !is_needed(kind, number, id) {
            disk.remove_file(cx, id)?;
        }
    }
    cx.emit(|| Event::LsmOpened { sequence });
    let flushed_sequence = last.flushed_sequence;
    let (options, catalog) = (options.clone(), Catalog::new(version, tables));
    Ok(Box::new(move |disk| Lsm {
        cache: BlockCache::new(options.cache_bytes as usize),
        options,
        disk,
        memtable: Rc::new(memtable),
        log,
        frozen,
        catalog,
        manifest,
        sequence,
        // What is there after a crash is durable.
        durable_sequence: sequence,
        flushed_sequence,
        next_file,
        snapshots: Vec::new(),
        flush: None,
        compaction: None,
        everything_asked: false,
        is_resting: false,
        stall: None,
        credit: 0,
        trouble: None,
        counters: LsmCounters::default(),
        batch: WriteBatch::new(),
        log_tail: None,
    }))
}

/// A new tree. What is there is left of one that was not finished being made, and removed.
fn begin(
    cx: &mut Cx,
    disk: &mut Disk,
    files: &mut Vec<(Kind, FileNumber, FileId)>,
    highest: u64,
) -> Result<Recovered, StorageError> {
    for (_, _, id) in files.drain(..) {
        disk.remove_file(cx, id)?;
    }
    let number = FileNumber(highest + 1);
    let last = VersionEdit { oldest_log: FileNumber(number.0 + 1), next_file: number.0 + 1, ..VersionEdit::default() };
    let manifest = Manifest::create(cx, disk, number, &last)?;
    Ok(Recovered { manifest, version: Version::default(), last })
}

fn open_tables(
    cx: &mut Cx,
    disk: &mut Disk,
    version: &Version,
) -> Result<SortedMap<FileNumber, Rc<Table>>, StorageError> {
    let mut tables = SortedMap::new();
    for (_, state) in version.tables() {
        let name = table_name(state.file);
        let damaged = |what: &str| StorageError::DamagedFile { name: name.clone(), offset: 0, what: what.to_string() };
        let file = disk.find_file(&name).ok_or_else(|| damaged("the manifest names it, and it is not there"))?;
        let table = Table::open(cx, disk, state.file, file)?;
        if table_state(state.file, table.file_bytes(), table.properties()) != **state {
            return Err(damaged("it is not the table that the manifest describes"));
        }
        tables.insert(state.file, Rc::new(table));
    }
    Ok(tables)
}

type Replays = Option<(Replay, Vec<Frozen>)>;

/// Replays the logs, in order. The last becomes the one that is written; the memtables of the others wait for their flush.
fn replay_all(
    cx: &mut Cx,
    disk: &mut Disk,
    logs: &[(FileNumber, FileId)],
    flushed: Sequence,
) -> Result<(Replays, Sequence), StorageError> {
    let mut replays: Vec<Replay> = Vec::new();
    let mut sequence = flushed;
    for (at, (number, id)) in logs.iter().enumerate() {
        let is_last = at + 1 == logs.len();
        if let Some(replayed) = replay_one(cx, disk, *number, *id, is_last, &mut sequence)? {
            replays.push(replayed);
        }
    }
    let Some(active) = replays.pop() else { return Ok((None, sequence)) };
    let frozen = replays.into_iter().rev();
    let frozen = frozen.map(|Replay { log, memtable }| Frozen { memtable: Rc::new(memtable), log }).collect();
    Ok((Some((active, frozen)), sequence))
}

/// None: a log that has not even a head, because power failed while it was begun.
fn replay_one(
    cx: &mut Cx,
    disk: &mut Disk,
    number: FileNumber,
    id: FileId,
    is_last: bool,
    sequence: &mut Sequence,
) -> Result<Option<Replay>, StorageError> {
    let length = disk.file_len(id).unwrap_or_default();
    let bytes = disk.read_file(cx, id, 0, length as usize)?;
    cx.emit(|| Event::LogOpened { log: number, length });
    let mut memtable = Memtable::default();
    let mut apply = |first: Sequence, writes: Writes| apply_writes(cx, &mut memtable, first, writes);
    let replayed = replay(&bytes, number, *sequence + 1, &mut apply)?;
    if replayed.is_torn {
        if !is_last {
            let what = "it has a torn end, but a later log was begun".to_string();
            return Err(StorageError::DamagedFile { name: log_name(number), offset: replayed.whole, what });
        }
        disk.truncate_file(cx, id, replayed.whole)?;
        let (whole, lost) = (replayed.whole, length - replayed.whole);
        cx.emit(|| Event::LogCut { log: number, length: whole, lost });
    }
    *sequence = replayed.last;
    let log = WriteLog::reopened(number, id, replayed.whole);
    Ok((replayed.whole > 0).then_some(Replay { log, memtable }))
}

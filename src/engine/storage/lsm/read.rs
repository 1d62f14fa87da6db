//! Gets and scans: the newest entry that a snapshot sees.
//!
//! A get asks source after source, newest first, until one settles it. A scan merges all sources, because any of them may
//! have the next key.

use std::rc::Rc;

use super::Lsm;
use super::cursor::Io;
use super::key::{MAX_SEQUENCE, Sequence};
use super::lookup::{Answer, Lookup};
use super::memtable::Place;
use super::merge::Merge;
use super::range_tombstone::RangeTombstones;
use super::source::{MemtableCursor, Source};
use super::table::{LevelCursor, Slice};
use super::visible::Visible;
use crate::StorageError;
use glassbase_sim::{Cx, MEMORY_ACCESS_NS};
use glassbase_trace::{Bytes, Event};

/// What a scan visits: the keys from `from` to `to`, both included (none: no bound), forward or backward.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScanBounds<'a> {
    pub from: Option<&'a [u8]>,
    pub to: Option<&'a [u8]>,
    pub backward: bool,
}

/// Where a value was found.
enum Found {
    /// The memtable that takes writes (none), or one of the frozen.
    Memtable(Option<usize>, Place),
    Table(Slice),
}

/// A scan under way.
#[derive(Clone, Debug)]
pub struct Scan {
    view: Visible<Source>,
    from: Option<Bytes>,
    to: Option<Bytes>,
    backward: bool,
    is_begun: bool,
    /// By which the catalog knows it; 0: it does not.
    reader: u64,
}

impl Scan {
    fn begin(&mut self, io: &mut Io) -> Result<(), StorageError> {
        match (self.backward, &self.from, &self.to) {
            (false, None, _) => self.view.seek_to_first(io),
            (false, Some(from), _) => self.view.seek(io, from),
            (true, _, None) => self.view.seek_to_last(io),
            (true, _, Some(to)) => self.view.seek_for_prev(io, to),
        }
    }

    fn go_on(&mut self, io: &mut Io, limit: u64, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<u64, StorageError> {
        for records in 0..limit {
            match (self.is_begun, self.backward) {
                (false, _) => self.begin(io)?,
                (true, false) => self.view.next(io)?,
                (true, true) => self.view.prev(io)?,
            }
            self.is_begun = true;
            if !self.view.is_valid() {
                return Ok(records);
            }
            let key = self.view.key();
            let is_past = match self.backward {
                true => self.from.as_ref().is_some_and(|from| *key < **from),
                false => self.to.as_ref().is_some_and(|to| *key > **to),
            };
            if is_past {
                // Nowhere from here on.
                self.view.end();
                return Ok(records);
            }
            visit(key, self.view.value());
        }
        Ok(limit)
    }
}

impl Lsm {
    /// The value of a key, as a snapshot sees it (none: as it is now).
    pub fn get(
        &mut self,
        cx: &mut Cx,
        key: &[u8],
        snapshot: Option<Sequence>,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let mut found = None;
        self.get_with(cx, key, snapshot, |value| found = Some(value.to_vec()))?;
        Ok(found)
    }

    /// Gives the value of a key to `visit`, if there is one; says whether there is.
    pub fn get_with(
        &mut self,
        cx: &mut Cx,
        key: &[u8],
        snapshot: Option<Sequence>,
        visit: impl FnOnce(&[u8]),
    ) -> Result<bool, StorageError> {
        let snapshot = self.seen_at(snapshot)?;
        self.counters.gets += 1;
        let cause = cx.begin(|| Event::LsmGetBegun { key: Bytes::from(key), snapshot });
        let found = self.look_up(cx, &mut Lookup::new(key, snapshot));
        let answered = found.map(|found| {
            let value = found.as_ref().map(|found| self.value_of(found));
            let value_len = value.map_or(0, <[u8]>::len) as u32;
            cx.emit(|| Event::LsmGetEnded { found: value.is_some(), value_len });
            value.map(visit).is_some()
        });
        cx.end(cause);
        answered
    }

    fn value_of<'a>(&'a self, found: &'a Found) -> &'a [u8] {
        match found {
            Found::Memtable(None, place) => self.memtable.entry(*place).value,
            Found::Memtable(Some(frozen), place) => self.frozen[*frozen].memtable.entry(*place).value,
            Found::Table(slice) => slice,
        }
    }

    fn look_up(&mut self, cx: &mut Cx, lookup: &mut Lookup) -> Result<Option<Found>, StorageError> {
        for number in 0..=self.frozen.len() {
            let place = number.checked_sub(1);
            let memtable = place.map_or(&self.memtable, |frozen| &self.frozen[frozen].memtable);
            cx.pass(MEMORY_ACCESS_NS * u64::from(usize::BITS - memtable.len().leading_zeros()));
            lookup.cover(memtable.fragments());
            let at = memtable.find_newest(lookup.target());
            let answer = lookup.judge(at.map(|at| (memtable.entry(at).key.stamp, at)));
            cx.emit(|| Event::MemtableAsked { frozen: number as u32, found: answer.is_some() });
            match answer {
                Some(Answer::Value(at)) => return Ok(Some(Found::Memtable(place, at))),
                Some(Answer::Deleted) => return Ok(None),
                None => {}
            }
        }
        self.look_up_in_tables(cx, lookup)
    }

    fn look_up_in_tables(&mut self, cx: &mut Cx, lookup: &mut Lookup) -> Result<Option<Found>, StorageError> {
        let mut io = Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: true };
        let mut asked_level = None;
        let mut result = Ok(None);
        for run in self.catalog.runs().iter() {
            if asked_level != Some(run.level) {
                asked_level = Some(run.level);
                io.cx.emit(|| Event::LevelAsked { level: run.level });
            }
            let Some(table) = run.table_of(lookup.user()) else { continue };
            self.counters.tables_asked += 1;
            match table.get(&mut io, lookup) {
                Ok(None) => continue,
                Ok(Some(Answer::Value(slice))) => result = Ok(Some(Found::Table(slice))),
                Ok(Some(Answer::Deleted)) => {}
                Err(error) => result = Err(error),
            }
            break;
        }
        self.counters.filter_skips += lookup.filter_skips;
        self.counters.filter_false_positives += lookup.filter_false_positives;
        result
    }

    /// Visits the records within bounds in key order, or backward, at most `limit` of them, as a snapshot sees them (none:
    /// as they are now). Returns how many there were.
    pub fn scan(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        snapshot: Option<Sequence>,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let snapshot = self.seen_at(snapshot)?;
        self.counters.scans += 1;
        let ScanBounds { from, to, backward } = bounds;
        let cause = cx.begin(|| {
            let (from, to) = (Bytes::from(from.unwrap_or_default()), Bytes::from(to.unwrap_or_default()));
            Event::LsmScanBegun { from, to, snapshot, backward }
        });
        let scanned = self.walk(cx, bounds, limit, snapshot, visit);
        if let Ok(records) = scanned {
            cx.emit(|| Event::LsmScanEnded { records });
        }
        cx.end(cause);
        scanned
    }

    /// Begins a scan that is read piece by piece, and sees what the snapshot sees (none: what is there now) however much is
    /// written, flushed and merged meanwhile. The tables that it reads stay until [`Lsm::close_scan`].
    pub fn open_scan(&mut self, bounds: ScanBounds, snapshot: Option<Sequence>) -> Result<Scan, StorageError> {
        let snapshot = self.seen_at(snapshot)?;
        let reader = self.catalog.hold();
        Ok(Scan { reader, ..self.begin_scan(bounds, snapshot) })
    }

    /// Visits at most `limit` more records of a scan. Returns how many there were: fewer than `limit` at its end.
    pub fn continue_scan(
        &mut self,
        cx: &mut Cx,
        scan: &mut Scan,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        scan.go_on(&mut Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: true }, limit, visit)
    }

    /// Lets go of what a scan reads.
    pub fn close_scan(&mut self, cx: &mut Cx, scan: Scan) -> Result<(), StorageError> {
        self.catalog.release(scan.reader);
        self.catalog.sweep(cx, &mut self.disk, &mut self.cache)
    }

    fn begin_scan(&self, bounds: ScanBounds, snapshot: Sequence) -> Scan {
        let ScanBounds { from, to, backward } = bounds;
        let view = self.view(snapshot, from, to);
        Scan { view, from: from.map(Bytes::from), to: to.map(Bytes::from), backward, is_begun: false, reader: 0 }
    }

    fn walk(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        snapshot: Sequence,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let mut scan = self.begin_scan(bounds, snapshot);
        self.continue_scan(cx, &mut scan, limit, visit)
    }

    /// All sources that may have a key within bounds, merged, as a snapshot sees them.
    pub(super) fn view(&self, snapshot: Sequence, from: Option<&[u8]>, to: Option<&[u8]>) -> Visible<Source> {
        let mut sources = Vec::with_capacity(1 + self.frozen.len() + self.catalog.runs().len());
        let mut tombstones = RangeTombstones::default();
        let memtables = std::iter::once(&self.memtable).chain(self.frozen.iter().map(|frozen| &frozen.memtable));
        for memtable in memtables.filter(|memtable| !memtable.is_empty()) {
            tombstones.extend(memtable.fragments());
            sources.push(Source::Memtable(MemtableCursor::new(memtable.clone())));
        }
        for run in self.catalog.runs().iter() {
            let (Some(first), Some(last)) = (run.tables.first(), run.tables.last()) else { continue };
            let outside = from.is_some_and(|from| *last.properties().largest.user < *from)
                || to.is_some_and(|to| *first.properties().smallest.user > *to);
            if outside {
                continue;
            }
            run.tables.iter().for_each(|table| tombstones.extend(table.tombstones()));
            sources.push(Source::Run(LevelCursor::new(run.tables.clone())));
        }
        debug_assert!(snapshot <= MAX_SEQUENCE);
        Visible::new(Merge::new(sources), Rc::new(tombstones), snapshot)
    }
}

//! A version of a log-structured merge tree: which tables it has, in which order they are asked; and how one version
//! becomes the next.
//!
//! ```text
//!   level 0   run 9 │ash       oak│        newest first: a key's newest entry is in the first run that has any
//!             run 7 │beech     yew│
//!   level 1   run 4 │ash elm│fir oak│      the tables of a run ascend and do not overlap
//! ```
//!
//! The engine, its manifest and the fold of a trace all go by [`Version::apply`].

use std::rc::Rc;

use crate::bytes::Bytes;
use crate::id::FileNumber;
use crate::plain::plain;

/// Levels beyond this one are refused: an edit that names them is damaged.
const LEVELS_MOST: usize = 64;

plain! {
    /// A sorted table, as the manifest knows it.
    #[derive(Default, Eq)]
    struct TableState {
        file: FileNumber,
        bytes: u64,
        /// Puts and deletes.
        entries: u64,
        /// Deletes among them.
        tombstones: u64,
        range_tombstones: u64,
        /// The first key that it holds or deletes.
        smallest: Bytes,
        /// The last one.
        largest: Bytes,
        /// The last key is the end of a range delete, and not in the table itself.
        open_ended: bool,
        first_sequence: u64,
        last_sequence: u64,
        created_ns: u64,
    }

    /// Tables in ascending order.
    #[derive(Default, Eq)]
    struct Run {
        /// Within a level a higher number is newer.
        run: u64,
        tables: Vec<Rc<TableState>>,
    }

    #[derive(Default, Eq)]
    struct Level {
        /// Newest first.
        runs: Vec<Rc<Run>>,
        /// Leveled compaction goes round the keys: the next one begins behind this key.
        cursor: Option<Bytes>,
    }

    /// All tables.
    #[derive(Default, Eq)]
    struct Version {
        levels: Vec<Level>,
    }

    /// A table and its place.
    #[derive(Eq)]
    struct PlacedTable {
        level: u32,
        run: u64,
        table: Rc<TableState>,
    }

    /// What makes one version the next, all at once.
    #[derive(Default, Eq)]
    struct VersionEdit {
        /// Logs with lower numbers are not needed any more.
        oldest_log: FileNumber,
        /// Numbers from this one on were given to no file.
        next_file: u64,
        /// The newest write that is in a table.
        flushed_sequence: u64,
        removed: Vec<(u32, FileNumber)>,
        added: Vec<PlacedTable>,
        cursors: Vec<(u32, Bytes)>,
    }
}

impl TableState {
    /// Whether the table may hold or delete `key`.
    pub fn covers(&self, key: &[u8]) -> bool {
        *self.smallest <= *key && (*key < *self.largest || *key == *self.largest && !self.open_ended)
    }

    /// Whether all of the table lies before `key`.
    pub fn ends_before(&self, key: &[u8]) -> bool {
        *self.largest < *key || *self.largest == *key && self.open_ended
    }

    /// Whether the two have a key in common.
    pub fn overlaps(&self, other: &TableState) -> bool {
        !self.ends_before(&other.smallest) && !other.ends_before(&self.smallest)
    }
}

impl Run {
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// The table that may hold `key`.
    #[inline]
    pub fn table_of(&self, key: &[u8]) -> Option<&Rc<TableState>> {
        let at = self.tables.partition_point(|table| table.ends_before(key));
        self.tables.get(at).filter(|table| *table.smallest <= *key)
    }

    /// The tables that have a key in common with `range`, as places in the run.
    pub fn overlapping(&self, range: &TableState) -> std::ops::Range<usize> {
        let first = self.tables.partition_point(|table| table.ends_before(&range.smallest));
        let count = self.tables[first..].iter().take_while(|table| table.overlaps(range)).count();
        first..first + count
    }
}

impl Level {
    pub fn tables(&self) -> impl DoubleEndedIterator<Item = &Rc<TableState>> {
        self.runs.iter().flat_map(|run| &run.tables)
    }

    pub fn table_count(&self) -> usize {
        self.runs.iter().map(|run| run.tables.len()).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.bytes()).sum()
    }

    fn remove(&mut self, file: FileNumber) -> bool {
        for run in &mut self.runs {
            if let Some(at) = run.tables.iter().position(|table| table.file == file) {
                Rc::make_mut(run).tables.remove(at);
                return true;
            }
        }
        false
    }

    fn add(&mut self, run: u64, table: Rc<TableState>) {
        let at = self.runs.partition_point(|other| other.run > run);
        if self.runs.get(at).is_none_or(|other| other.run != run) {
            self.runs.insert(at, Rc::new(Run { run, tables: Vec::new() }));
        }
        let tables = &mut Rc::make_mut(&mut self.runs[at]).tables;
        let place = tables.partition_point(|other| other.smallest < table.smallest);
        tables.insert(place, table);
    }
}

impl Version {
    /// Every table with its level, in the order in which reads ask them.
    pub fn tables(&self) -> impl Iterator<Item = (u32, &Rc<TableState>)> {
        self.levels.iter().zip(0..).flat_map(|(level, number)| level.tables().map(move |table| (number, table)))
    }

    pub fn table_count(&self) -> usize {
        self.levels.iter().map(Level::table_count).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.levels.iter().map(Level::bytes).sum()
    }

    /// The runs of a level; none where there is no such level.
    pub fn runs(&self, level: u32) -> &[Rc<Run>] {
        self.levels.get(level as usize).map_or(&[], |level| &level.runs)
    }

    /// The lowest level that has tables.
    pub fn last_level(&self) -> Option<u32> {
        self.levels.iter().rposition(|level| !level.runs.is_empty()).map(|level| level as u32)
    }

    /// The next version. The error says what of the edit can't be.
    pub fn apply(&self, edit: &VersionEdit) -> Result<Version, String> {
        let mut next = self.clone();
        for (level, file) in &edit.removed {
            let there = next.levels.get_mut(*level as usize).is_some_and(|level| level.remove(*file));
            if !there {
                return Err(format!("table {} is removed from level {level}, where it is not", file.0));
            }
        }
        for PlacedTable { level, run, table } in &edit.added {
            next.level_mut(*level)?.add(*run, table.clone());
        }
        for (level, key) in &edit.cursors {
            next.level_mut(*level)?.cursor = Some(key.clone());
        }
        for level in &mut next.levels {
            level.runs.retain(|run| !run.tables.is_empty());
        }
        while next.levels.last().is_some_and(|level| level.runs.is_empty() && level.cursor.is_none()) {
            next.levels.pop();
        }
        next.check()?;
        Ok(next)
    }

    fn level_mut(&mut self, level: u32) -> Result<&mut Level, String> {
        let at = level as usize;
        if at >= LEVELS_MOST {
            return Err(format!("there is no level {level}"));
        }
        if at >= self.levels.len() {
            self.levels.resize_with(at + 1, Level::default);
        }
        Ok(&mut self.levels[at])
    }

    /// The invariants of a version by itself: runs newest first, their tables in order and apart.
    pub fn check(&self) -> Result<(), String> {
        for (number, level) in self.levels.iter().enumerate() {
            if !level.runs.is_sorted_by(|newer, older| newer.run > older.run) {
                return Err(format!("the runs of level {number} are not in order"));
            }
            for run in &level.runs {
                let apart = |left: &Rc<TableState>, right: &Rc<TableState>| left.ends_before(&right.smallest);
                if let Some(pair) = run.tables.windows(2).find(|pair| !apart(&pair[0], &pair[1])) {
                    let (left, right) = (pair[0].file.0, pair[1].file.0);
                    return Err(format!("tables {left} and {right} of level {number} overlap in one run"));
                }
                if let Some(table) = run.tables.iter().find(|table| table.smallest > table.largest) {
                    return Err(format!("table {} of level {number} ends before it begins", table.file.0));
                }
            }
        }
        Ok(())
    }

    /// The edit that makes this version out of none.
    pub fn as_edit(&self) -> VersionEdit {
        let mut edit = VersionEdit::default();
        for (level, number) in self.levels.iter().zip(0..) {
            for run in &level.runs {
                let placed = |table: &Rc<TableState>| PlacedTable { level: number, run: run.run, table: table.clone() };
                edit.added.extend(run.tables.iter().map(placed));
            }
            edit.cursors.extend(level.cursor.iter().map(|key| (number, key.clone())));
        }
        edit
    }
}

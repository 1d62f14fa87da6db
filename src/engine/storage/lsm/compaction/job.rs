//! A compaction at work: the tables that were chosen are merged, entry by entry, into new ones.
//!
//! ```text
//!   inputs ──merge──▶ retention ──kept──▶ output ──all written──▶ one edit: inputs out, outputs in
//! ```
//!
//! Until the edit is durable nothing has happened. Tables that would come out as they went in are moved by the edit alone.

use std::rc::Rc;

use super::{Compaction, Output as Place, span};
use crate::StorageError;
use crate::lsm::Lsm;
use crate::lsm::cursor::{Cursor, Io};
use crate::lsm::merge::Merge;
use crate::lsm::output::Output;
use crate::lsm::range_tombstone::RangeTombstones;
use crate::lsm::retention::Retention;
use crate::lsm::source::Source;
use crate::lsm::table::{LevelCursor, Table};
use glassbase_sim::Cx;
use glassbase_trace::parts::lsm::{CompactionReason, PlacedTable, TableState, VersionEdit};
use glassbase_trace::sorting::sort_by;
use glassbase_trace::{Bytes, Event, FileNumber};

/// A compaction under way.
#[derive(Clone, Debug)]
pub struct Job {
    choice: Compaction,
    merge: Merge<Source>,
    retention: Retention,
    output: Output,
    input_bytes: u64,
    read_bytes: u64,
    dropped: u64,
    reached: Vec<u8>,
}

impl Job {
    pub fn choice(&self) -> &Compaction {
        &self.choice
    }

    pub fn input_bytes(&self) -> u64 {
        self.input_bytes
    }

    /// The last key merged (none before the first slice), bytes read and written so far.
    pub fn progress(&self) -> (Option<Bytes>, u64, u64) {
        let begun = self.read_bytes > 0;
        (begun.then(|| Bytes::from(&self.reached[..])), self.read_bytes, if begun { self.output.bytes() } else { 0 })
    }
}

impl Lsm {
    /// Begins a compaction; drops and moves are done at once.
    pub(in super::super) fn begin_compaction(&mut self, cx: &mut Cx, choice: Compaction) -> Result<(), StorageError> {
        let inputs = self.inputs(&choice);
        let input_bytes = inputs.iter().map(|(_, table)| table.bytes).sum();
        let Compaction { level, output_level, reason, .. } = choice;
        cx.emit(|| Event::CompactionBegun {
            level,
            output_level,
            reason,
            inputs: choice.inputs.clone(),
            bytes: input_bytes,
        });
        let is_drop = choice.output == Place::Nothing;
        if is_drop || is_move(&choice, &inputs) {
            let stays = if is_drop { Vec::new() } else { inputs.iter().map(|(_, table)| table.clone()).collect() };
            let dropped = if is_drop { inputs.iter().map(|(_, table)| table.entries).sum() } else { 0 };
            let installed = self.install(cx, &choice, stays, Vec::new());
            return self.end_compaction(cx, installed, (0, 0, dropped), !is_drop);
        }
        let mut tombstones = RangeTombstones::default();
        inputs.iter().filter_map(|(_, table)| self.catalog.table(table.file)).for_each(|table| {
            tombstones.extend(table.tombstones());
        });
        let retention = Retention::new(&self.snapshots, tombstones, self.is_bottom(&choice, &inputs));
        let mut merge = Merge::new(self.sources(&choice));
        let begun = merge.seek_to_first(&mut Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: false });
        if let Err(error) = begun {
            return self.end_compaction(cx, Err(error), (0, 0, 0), false);
        }
        let output = Output::new(self.table_options(), self.options.table_bytes.into());
        let (read_bytes, dropped, reached) = (0, 0, Vec::new());
        self.compaction = Some(Job { choice, merge, retention, output, input_bytes, read_bytes, dropped, reached });
        Ok(())
    }

    /// One slice. When it fails, everything is as it was before the compaction.
    pub(in super::super) fn step_compaction(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        let Some(mut job) = self.compaction.take() else { return Ok(()) };
        let finished = match self.merge_slice(cx, &mut job) {
            Ok(true) => {
                let (reached, read_bytes, written_bytes) = job.progress();
                if let Some(reached) = reached {
                    cx.emit(|| Event::CompactionProgressed { reached, read_bytes, written_bytes });
                }
                self.compaction = Some(job);
                return Ok(());
            }
            Ok(false) => {
                let states = job.output.finished.iter().map(|(_, state)| state.clone()).collect();
                let opened = job.output.finished.iter().map(|(table, _)| table.clone()).collect();
                self.install(cx, &job.choice, states, opened)
            }
            Err(error) => Err(error),
        };
        let counts = (job.input_bytes, job.output.written_bytes, job.dropped);
        if finished.is_err() {
            job.output.abandon(cx, &mut self.disk);
        }
        self.end_compaction(cx, finished, counts, false)
    }

    fn end_compaction(
        &mut self,
        cx: &mut Cx,
        finished: Result<(), StorageError>,
        (read_bytes, written_bytes, dropped): (u64, u64, u64),
        moved: bool,
    ) -> Result<(), StorageError> {
        if let Err(error) = finished {
            cx.emit(|| Event::CompactionFailed { why: error.to_string().into() });
            return Err(error);
        }
        let counters = &mut self.counters;
        counters.compactions += 1;
        counters.trivial_moves += u64::from(moved);
        counters.compaction_read_bytes += read_bytes;
        counters.compaction_written_bytes += written_bytes;
        counters.dropped_entries += dropped;
        cx.emit(|| Event::CompactionEnded { read_bytes, written_bytes, dropped, moved });
        self.tidy(cx)
    }

    /// Merges entries until the slice is used up (true) or there are no more (false).
    fn merge_slice(&mut self, cx: &mut Cx, job: &mut Job) -> Result<bool, StorageError> {
        let Job { merge, retention, output, read_bytes, dropped, reached, .. } = job;
        let until = *read_bytes + u64::from(self.options.slice_bytes);
        let mut io = Io { cx, disk: &mut self.disk, cache: &mut self.cache, keep: false };
        while merge.is_valid() {
            let (key, value) = (merge.key(), merge.value());
            if *read_bytes >= until {
                return Ok(true);
            }
            *read_bytes += (key.user.len() + value.len() + 8) as u64;
            if *read_bytes >= until {
                reached.clear();
                reached.extend_from_slice(key.user);
            }
            if retention.keeps(key) {
                output.add(io.cx, io.disk, &mut self.next_file, retention, key, value)?;
            } else {
                *dropped += 1;
            }
            merge.next(&mut io)?;
        }
        output.finish(cx, &mut self.disk, &mut self.next_file, retention)?;
        Ok(false)
    }

    /// The edit that ends a compaction.
    fn install(
        &mut self,
        cx: &mut Cx,
        choice: &Compaction,
        states: Vec<Rc<TableState>>,
        opened: Vec<Rc<Table>>,
    ) -> Result<(), StorageError> {
        let (level, run) = match choice.output {
            Place::Into(run) => (choice.output_level, run),
            Place::NewRun | Place::Nothing => (choice.output_level, self.take_number()),
        };
        let edit = VersionEdit {
            removed: choice.inputs.clone(),
            added: states.into_iter().map(|table| PlacedTable { level, run, table }).collect(),
            cursors: choice.cursor.iter().map(|key| (choice.level, key.clone())).collect(),
            ..VersionEdit::default()
        };
        self.commit(cx, self.numbers(edit), opened)
    }

    /// What the manifest says of the inputs, in the order in which reads ask them.
    fn inputs(&self, choice: &Compaction) -> Vec<(u32, Rc<TableState>)> {
        let all = self.version().tables().map(|(level, table)| (level, table.clone()));
        all.filter(|(level, table)| choice.inputs.contains(&(*level, table.file))).collect()
    }

    /// A cursor for each run that has inputs, newest first.
    fn sources(&self, choice: &Compaction) -> Vec<Source> {
        let mut sources = Vec::new();
        for run in self.catalog.runs().iter() {
            let is_input = |table: &&Rc<Table>| choice.inputs.contains(&(run.level, table.number()));
            let tables: Vec<Rc<Table>> = run.tables.iter().filter(is_input).cloned().collect();
            if !tables.is_empty() {
                sources.push(Source::Run(LevelCursor::new(tables.into())));
            }
        }
        sources
    }

    /// Whether no table that is older than the inputs has a key in common with them.
    fn is_bottom(&self, choice: &Compaction, inputs: &[(u32, Rc<TableState>)]) -> bool {
        let Some(range) = span(inputs.iter().map(|(_, table)| table)) else { return false };
        let is_input = |level: u32, file: FileNumber| choice.inputs.contains(&(level, file));
        let runs = self.catalog.runs();
        let first = runs.iter().position(|run| run.tables.iter().any(|table| is_input(run.level, table.number())));
        let older = runs.iter().skip(first.unwrap_or(0));
        let mut others = older.flat_map(|run| run.tables.iter().map(move |table| (run.level, table.number())));
        let version = self.version();
        !others.any(|(level, file)| {
            let state = version.runs(level).iter().flat_map(|run| &run.tables).find(|table| table.file == file);
            !is_input(level, file) && state.is_some_and(|table| table.overlaps(&range))
        })
    }
}

/// Whether the inputs can change their level as they are: they come from one level and do not overlap.
fn is_move(choice: &Compaction, inputs: &[(u32, Rc<TableState>)]) -> bool {
    let mut tables: Vec<&Rc<TableState>> = inputs.iter().map(|(_, table)| table).collect();
    sort_by(&mut tables, |left, right| left.smallest.cmp(&right.smallest));
    choice.reason != CompactionReason::Asked
        && choice.output_level != choice.level
        && inputs.iter().all(|(level, _)| *level == choice.level)
        && tables.windows(2).all(|pair| pair[0].ends_before(&pair[1].smallest))
}

//! Commands that do one thing many times, so that they are done in slices, show how far they are, and can be stopped.
//!
//! ```text
//!   new ──▶ step, step, step … ──▶ finish ──▶ answer
//!              └── stop: `rewritten` is the command that does just this much
//! ```

use std::rc::Rc;

use super::machine::Btree;
use crate::lab::data::{self, Data};
use crate::lab::keys::{Distribution, KeySource, Sample, ZIPF_EXPONENT, default_bound, make_value};
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::words::grouped;
use crate::sim::{Cx, Zipf};
use crate::storage::{BulkLoad, StorageError};
use crate::trace::sorting::sort_by;
use crate::trace::{Bytes, Counters};

/// What came of the single operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub inserted: u64,
    /// Inserted keys that were there already.
    pub present: u64,
    pub found: u64,
    pub missing: u64,
    pub deleted: u64,
    pub blank: u64,
    pub too_long: u64,
    /// Data line (from 1, below the command) of the first key that was too long.
    pub first_too_long: u64,
}

impl Tally {
    pub fn of_lookup(found: bool) -> Tally {
        Tally { found: u64::from(found), missing: u64::from(!found), ..Tally::default() }
    }
}

/// A long command under way.
#[derive(Clone)]
pub struct Job {
    work: Work,
    pub done: u64,
    pub total: u64,
    tally: Tally,
    /// What had been counted when the job began.
    before: Counters,
    key: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Clone)]
enum Work {
    Random { distribution: Distribution, bound: u64, zipf: Option<Zipf> },
    Sequence { from: u64, step: u64, down: bool },
    Import { data: Data, column: Option<usize> },
    GetEach { data: Data, column: Option<usize> },
    LoadNumbers { load: BulkLoad },
    LoadKeys { load: BulkLoad, keys: Rc<Vec<(Bytes, u32)>> },
    GetRandom { sample: Sample, zipf: Option<Zipf> },
    DeleteRandom { sample: Sample },
}

/// How many operations a command is: what `record auto` goes by.
pub fn units(call: &Call, data: &Data) -> u64 {
    let arguments = &call.arguments;
    match call.info.name {
        "sequence" => {
            let bound = |name| arguments.number(name).unwrap_or_default();
            (bound("from").abs_diff(bound("to")) / arguments.number("step").unwrap_or(1)).saturating_add(1)
        }
        "import" | "get-each" => data.len() as u64,
        "bulk-load" => arguments.number("count").unwrap_or(data.len() as u64),
        _ => arguments.number("count").unwrap_or(1),
    }
}

impl Job {
    pub fn new(btree: &mut Btree, cx: &mut Cx, call: &Call, data: &Data) -> Result<Job, Refusal> {
        let arguments = &call.arguments;
        let mut total = units(call, data);
        check_units(total)?;
        let column = arguments.number("column").map(|column| column as usize);
        let work = match call.info.name {
            "random" => random(btree, call, total),
            "sequence" => {
                let bound = |name| arguments.number(name).unwrap_or_default();
                let step = arguments.number("step").unwrap_or(1);
                Work::Sequence { from: bound("from"), step, down: bound("from") > bound("to") }
            }
            "import" => Work::Import { data: data.clone(), column },
            "get-each" => Work::GetEach { data: data.clone(), column },
            "bulk-load" => {
                let load = btree.tree.begin_bulk_load(btree.settings.fill)?;
                if arguments.number("count").is_some() {
                    Work::LoadNumbers { load }
                } else {
                    let keys = Rc::new(sorted_keys(data));
                    total = keys.len() as u64;
                    Work::LoadKeys { load, keys }
                }
            }
            _ => {
                let sample = Sample::new(&btree.tree.state_since(cx, cx.recorder.last_state()));
                if call.info.name == "delete-random" {
                    total = total.min(sample.len());
                    Work::DeleteRandom { sample }
                } else {
                    if sample.is_empty() {
                        total = 0;
                    }
                    let skewed = arguments.word("choice") == Some("zipf");
                    let zipf = skewed.then(|| Zipf::new(sample.len().max(1), ZIPF_EXPONENT));
                    Work::GetRandom { sample, zipf }
                }
            }
        };
        let (tally, before) = (Tally::default(), cx.counters());
        Ok(Job { work, done: 0, total, tally, before, key: Vec::new(), value: Vec::new() })
    }

    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }

    /// Does the next operation. After an error the job is over.
    pub fn step(&mut self, btree: &mut Btree, cx: &mut Cx) -> Result<(), Refusal> {
        debug_assert!(!self.is_done());
        let index = self.done;
        self.done += 1;
        self.key.clear();
        if !self.work.next_key(index, &mut btree.source, &mut self.key) {
            self.tally.blank += 1;
            return Ok(());
        }
        if self.key.len() > btree.tree.max_key_len() {
            self.leave_out();
            return Ok(());
        }
        match &mut self.work {
            Work::Random { .. } | Work::Sequence { .. } | Work::Import { .. } => {
                btree.check_file()?;
                make_value(&self.key, btree.settings.value_size, &mut self.value);
                match btree.tree.insert(cx, &self.key, &self.value)? {
                    true => self.tally.inserted += 1,
                    false => self.tally.present += 1,
                }
            }
            Work::LoadNumbers { load } | Work::LoadKeys { load, .. } => {
                btree.check_file()?;
                make_value(&self.key, btree.settings.value_size, &mut self.value);
                load.push(cx, &mut btree.tree, &self.key, &self.value)?;
                self.tally.inserted += 1;
            }
            Work::GetEach { .. } | Work::GetRandom { .. } => match btree.tree.get(cx, &self.key)? {
                Some(_) => self.tally.found += 1,
                None => self.tally.missing += 1,
            },
            Work::DeleteRandom { .. } => {
                self.tally.deleted += u64::from(btree.tree.delete(cx, &self.key)?);
            }
        }
        Ok(())
    }

    fn leave_out(&mut self) {
        self.tally.too_long += 1;
        if self.tally.too_long == 1 {
            self.tally.first_too_long = self.done;
        }
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(mut self, btree: &mut Btree, cx: &mut Cx) -> Result<String, StorageError> {
        btree.tally = self.tally;
        if let Work::LoadNumbers { load } | Work::LoadKeys { load, .. } = &mut self.work {
            load.finish(cx, &mut btree.tree)?;
        }
        let mut answer = sentence(&self.tally);
        if let Work::GetEach { .. } | Work::GetRandom { .. } = self.work {
            let hits = cx.counters().pool_hits - self.before.pool_hits;
            let accesses = hits + cx.counters().pool_misses - self.before.pool_misses;
            answer.push_str(&format!(" {} of {} page accesses hit the pool.", grouped(hits), grouped(accesses)));
        }
        Ok(answer)
    }

    /// The command that does just what has been done so far, for a script that shall give this very run.
    pub fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let done = self.done;
        let mut kept = Data::default();
        let mut text = match &self.work {
            Work::Random { distribution, bound, .. } if distribution.has_numbers() => {
                format!("random {done} {} to {bound}", distribution.word())
            }
            Work::Random { distribution, .. } => format!("random {done} {}", distribution.word()),
            Work::Sequence { from, step, down } => {
                let away = done.saturating_sub(1) * step;
                format!("sequence {from} {} step {step}", if *down { from - away } else { from + away })
            }
            Work::Import { data, .. } | Work::GetEach { data, .. } => {
                kept = data.first(done as usize);
                text.to_string()
            }
            Work::LoadNumbers { .. } => format!("bulk-load {done}"),
            Work::LoadKeys { keys, .. } => {
                let lines = keys[..done as usize].iter().filter_map(|(_, line)| data.get(*line as usize));
                kept = lines.collect();
                text.to_string()
            }
            Work::GetRandom { zipf, .. } => {
                format!("get-random {done} {}", if zipf.is_some() { "zipf" } else { "uniform" })
            }
            Work::DeleteRandom { .. } => format!("delete-random {done}"),
        };
        let says_so = call.arguments.flag("unrecorded") && !kept.is_empty();
        if unrecorded && !says_so {
            text.push_str(" unrecorded");
        }
        (text, kept)
    }
}

impl Work {
    /// Appends the key of operation `index` to `key`. False: there is none, because the line is blank. (A key without
    /// any byte is a key: `insert ""`.)
    fn next_key(&mut self, index: u64, source: &mut KeySource, key: &mut Vec<u8>) -> bool {
        match self {
            Work::Random { distribution, bound, zipf } => source.draw(*distribution, *bound, zipf.as_ref(), key),
            Work::Sequence { from, step, down } => {
                let away = index * *step;
                let number = if *down { *from - away } else { *from + away };
                key.extend_from_slice(&number.to_be_bytes());
            }
            Work::LoadNumbers { .. } => key.extend_from_slice(&(index + 1).to_be_bytes()),
            Work::LoadKeys { keys, .. } => key.extend_from_slice(&keys[index as usize].0),
            Work::Import { data, column } | Work::GetEach { data, column } => {
                let Some(bytes) = key_of_line(data, index, *column) else { return false };
                key.extend_from_slice(&bytes);
            }
            Work::GetRandom { sample, zipf } => {
                let rank = match zipf {
                    Some(zipf) => zipf.sample(source.generator()),
                    None => source.number(sample.len()),
                };
                key.extend_from_slice(sample.key(rank - 1).unwrap_or_default());
            }
            Work::DeleteRandom { sample } => {
                key.extend_from_slice(sample.take(source.generator()).unwrap_or_default());
            }
        }
        true
    }
}

/// What `random` draws from.
fn random(btree: &Btree, call: &Call, count: u64) -> Work {
    let word = call.arguments.word("keys").and_then(Distribution::from_word);
    let distribution = word.unwrap_or(btree.settings.keys);
    let bound = call.arguments.number("to").unwrap_or_else(|| default_bound(count));
    let zipf = (distribution == Distribution::Zipf).then(|| Zipf::new(bound, ZIPF_EXPONENT));
    Work::Random { distribution, bound, zipf }
}

/// The key of a data line; nothing when the line, or its column, is blank.
fn key_of_line(data: &Data, index: u64, column: Option<usize>) -> Option<Bytes> {
    let line = data.get(index as usize)?;
    let key = match column {
        None => Bytes::typed(line),
        Some(column) => Bytes::typed(&data::csv_column(line, column, ',')),
    };
    (!key.is_empty()).then_some(key)
}

/// The keys of data lines in ascending order, each once, with the line that it comes from.
fn sorted_keys(data: &Data) -> Vec<(Bytes, u32)> {
    let lines = (0..data.len() as u32).filter_map(|line| Some((key_of_line(data, u64::from(line), None)?, line)));
    let mut keys: Vec<(Bytes, u32)> = lines.collect();
    sort_by(&mut keys, |(left, _), (right, _)| left.cmp(right));
    keys.dedup_by(|later, earlier| later.0 == earlier.0);
    keys
}

/// What came of it, in a sentence.
fn sentence(tally: &Tally) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    };
    add(tally.inserted, "inserted");
    add(tally.present, "there already");
    add(tally.found, "found");
    add(tally.missing, "not there");
    add(tally.deleted, "deleted");
    add(tally.blank, "blank");
    add(tally.too_long, "too long for a key and left out");
    if tally.too_long > 0 {
        parts.push(format!("the first on data line {}", grouped(tally.first_too_long)));
    }
    if parts.is_empty() { "Nothing to do.".to_string() } else { format!("{}.", parts.join(", ")) }
}

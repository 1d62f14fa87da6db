//! Commands that do one thing many times, so that they are done in slices, show how far they are, and can be stopped.

use std::rc::Rc;

use super::machine::LsmLab;
use super::ycsb::{self, Operation, Workload};
use crate::lab::data::{self, Data};
use crate::lab::keys::{Distribution, Sample, ZIPF_EXPONENT, default_bound, make_value};
use crate::lab::refusal::{Refusal, check_units};
use crate::lab::script::Call;
use crate::lab::words::grouped;
use crate::sim::{Cx, Zipf};
use crate::storage::lsm::{KEY_BYTES_MAX, ScanBounds};
use crate::trace::Bytes;

/// What came of the single operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub put: u64,
    pub found: u64,
    pub missing: u64,
    pub scanned: u64,
    pub deleted: u64,
    pub blank: u64,
    pub too_long: u64,
}

/// A long command under way.
#[derive(Clone)]
pub struct Job {
    work: Work,
    pub done: u64,
    pub total: u64,
    tally: Tally,
    key: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Clone)]
enum Work {
    Random {
        distribution: Distribution,
        bound: u64,
        zipf: Option<Zipf>,
    },
    Sequence {
        from: u64,
        step: u64,
        down: bool,
    },
    Import {
        data: Data,
        column: Option<usize>,
    },
    GetRandom {
        choice: &'static str,
        sample: Sample,
        zipf: Option<Zipf>,
        known: Rc<Vec<Vec<u8>>>,
    },
    DeleteRandom {
        sample: Sample,
    },
    /// `load` records come first.
    Ycsb {
        workload: Workload,
        load: u64,
        records: u64,
    },
    TimeSeries {
        series: u64,
    },
}

/// How many operations a command is: what `record auto` goes by.
pub fn units(lab: &LsmLab, call: &Call, data: &Data) -> u64 {
    let arguments = &call.arguments;
    match call.info.name {
        "sequence" => {
            let bound = |name| arguments.number(name).unwrap_or_default();
            (bound("from").abs_diff(bound("to")) / arguments.number("step").unwrap_or(1)).saturating_add(1)
        }
        "import" => data.len() as u64,
        "ycsb" => {
            let records = arguments.number("records").unwrap_or(ycsb::RECORDS);
            arguments.number("count").unwrap_or(0).saturating_add(records.saturating_sub(lab.ycsb_records))
        }
        _ => arguments.number("count").unwrap_or(1),
    }
}

impl Job {
    pub fn new(lab: &mut LsmLab, call: &Call, data: &Data) -> Result<Job, Refusal> {
        let arguments = &call.arguments;
        let mut total = units(lab, call, data);
        check_units(total)?;
        let work = match call.info.name {
            "random" => {
                let word = arguments.word("keys").and_then(Distribution::from_word);
                let distribution = word.unwrap_or(lab.settings.keys);
                let bound = arguments.number("to").unwrap_or_else(|| default_bound(total));
                let zipf = (distribution == Distribution::Zipf).then(|| Zipf::new(bound, ZIPF_EXPONENT));
                Work::Random { distribution, bound, zipf }
            }
            "sequence" => {
                let bound = |name| arguments.number(name).unwrap_or_default();
                let step = arguments.number("step").unwrap_or(1);
                Work::Sequence { from: bound("from"), step, down: bound("from") > bound("to") }
            }
            "import" => {
                let column = arguments.number("column").map(|column| column as usize);
                Work::Import { data: data.clone(), column }
            }
            "ycsb" => {
                let records = arguments.number("records").unwrap_or(ycsb::RECORDS);
                let load = records.saturating_sub(lab.ycsb_records);
                let workload = Workload::new(arguments.word("workload").unwrap_or("A"), records);
                Work::Ycsb { workload, load, records }
            }
            "time-series" => Work::TimeSeries { series: arguments.number("series").unwrap_or(1) },
            name => {
                let keys = lab.engine.keys()?;
                let sample = Sample::of_keys(keys.iter().map(|key| &key[..]));
                if name == "delete-random" {
                    total = total.min(sample.len());
                    Work::DeleteRandom { sample }
                } else {
                    let choice = arguments.word("choice").unwrap_or("uniform");
                    if sample.is_empty() && choice != "absent" {
                        total = 0;
                    }
                    let zipf = (choice == "zipf").then(|| Zipf::new(sample.len().max(1), ZIPF_EXPONENT));
                    let known = if choice == "absent" { Rc::new(keys) } else { Rc::default() };
                    Work::GetRandom { choice, sample, zipf, known }
                }
            }
        };
        Ok(Job { work, done: 0, total, tally: Tally::default(), key: Vec::new(), value: Vec::new() })
    }

    /// Does the next operation. After an error the job is over.
    pub fn step(&mut self, lab: &mut LsmLab, cx: &mut Cx) -> Result<(), Refusal> {
        debug_assert!(self.done < self.total);
        let index = self.done;
        self.done += 1;
        if let Work::Ycsb { workload, load, .. } = &self.work {
            let operation = match index < *load {
                true => Operation::Insert(lab.ycsb_records),
                false => workload.next(lab.ycsb_records, &mut lab.source),
            };
            return self.benchmark(lab, cx, operation);
        }
        self.key.clear();
        if !self.next_key(lab, index) {
            self.tally.blank += 1;
            return Ok(());
        }
        if self.key.len() > KEY_BYTES_MAX {
            self.tally.too_long += 1;
            return Ok(());
        }
        match &self.work {
            Work::GetRandom { .. } => self.read(lab, cx),
            Work::DeleteRandom { .. } => {
                lab.engine.store().delete(cx, &self.key)?;
                self.tally.deleted += 1;
                Ok(())
            }
            _ => self.put(lab, cx, 0),
        }
    }

    fn benchmark(&mut self, lab: &mut LsmLab, cx: &mut Cx, operation: Operation) -> Result<(), Refusal> {
        let (Operation::Read(record)
        | Operation::Update(record)
        | Operation::Insert(record)
        | Operation::Scan(record, _)
        | Operation::ReadChangeWrite(record)) = operation;
        self.key.clear();
        self.key.extend_from_slice(&ycsb::key(record));
        match operation {
            Operation::Read(_) => self.read(lab, cx),
            Operation::Update(_) => self.put(lab, cx, self.done),
            Operation::Insert(_) => {
                self.put(lab, cx, 0)?;
                lab.ycsb_records += 1;
                Ok(())
            }
            Operation::ReadChangeWrite(_) => {
                self.read(lab, cx)?;
                self.put(lab, cx, self.done)
            }
            Operation::Scan(_, length) => {
                let bounds = ScanBounds { from: Some(&self.key), to: None, backward: false };
                self.tally.scanned += lab.engine.store().scan(cx, bounds, length, None, &mut |_, _| {})?;
                Ok(())
            }
        }
    }

    /// Puts the key with a value of its own; another `version`, another value.
    fn put(&mut self, lab: &mut LsmLab, cx: &mut Cx, version: u64) -> Result<(), Refusal> {
        lab.check_room()?;
        make_value(&self.key, lab.settings.value_size, &mut self.value);
        for (byte, change) in self.value.iter_mut().zip(version.to_be_bytes().iter().rev()) {
            *byte = b'a' + (*byte - b'a' + change % 26) % 26;
        }
        lab.engine.store().put(cx, &self.key, &self.value)?;
        self.tally.put += 1;
        Ok(())
    }

    fn read(&mut self, lab: &mut LsmLab, cx: &mut Cx) -> Result<(), Refusal> {
        match lab.engine.store().get(cx, &self.key, None)? {
            Some(_) => self.tally.found += 1,
            None => self.tally.missing += 1,
        }
        Ok(())
    }

    /// Puts the key of operation `index` into `self.key`. False: there is none, because the line is blank.
    fn next_key(&mut self, lab: &mut LsmLab, index: u64) -> bool {
        let key = &mut self.key;
        match &mut self.work {
            Work::Random { distribution, bound, zipf } => lab.source.draw(*distribution, *bound, zipf.as_ref(), key),
            Work::Sequence { from, step, down } => {
                let away = index * *step;
                let number = if *down { *from - away } else { *from + away };
                key.extend_from_slice(&number.to_be_bytes());
            }
            Work::Import { data, column } => {
                let Some(bytes) = key_of_line(data, index, *column) else { return false };
                key.extend_from_slice(&bytes);
            }
            Work::GetRandom { choice: "absent", known, .. } => absent(lab, known, key),
            Work::GetRandom { sample, zipf, .. } => {
                let rank = match zipf {
                    Some(zipf) => zipf.sample(lab.source.generator()),
                    None => lab.source.number(sample.len()),
                };
                key.extend_from_slice(sample.key(rank - 1).unwrap_or_default());
            }
            Work::DeleteRandom { sample } => {
                key.extend_from_slice(sample.take(lab.source.generator()).unwrap_or_default());
            }
            Work::TimeSeries { series } => {
                let (time, of) = (lab.points / *series, lab.points % *series);
                lab.points += 1;
                let base = if *series > 1 { (of + 1) * 1_000_000 } else { 0 };
                key.extend_from_slice(&(base + time + 1).to_be_bytes());
            }
            Work::Ycsb { .. } => {}
        }
        true
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(self, lab: &mut LsmLab) -> String {
        lab.tally = self.tally;
        sentence(&self.tally)
    }

    /// The command that does just what has been done so far, for a script that shall give this very run.
    pub fn rewritten(&self, call: &Call, text: &str, unrecorded: bool) -> (String, Data) {
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
            Work::Import { data, .. } => {
                kept = data.first(done as usize);
                text.to_string()
            }
            Work::GetRandom { choice, .. } => format!("get-random {done} {choice}"),
            Work::DeleteRandom { .. } => format!("delete-random {done}"),
            Work::TimeSeries { series } => format!("time-series {done} series {series}"),
            Work::Ycsb { workload, load, records } => {
                // Stopped while it loaded: so many records, and nothing else.
                let records = if done < *load { records - load + done } else { *records };
                format!("ycsb {} {} records {}", workload.word(), done.saturating_sub(*load), records.max(1))
            }
        };
        let says_so = call.arguments.flag("unrecorded") && !kept.is_empty();
        if unrecorded && !says_so {
            text.push_str(" unrecorded");
        }
        (text, kept)
    }
}

/// A key beside one of those that are there (`known`, ascending), but none of them.
fn absent(lab: &mut LsmLab, known: &[Vec<u8>], key: &mut Vec<u8>) {
    let rank = lab.source.number(known.len() as u64) - 1;
    let beside = known.get(rank as usize).map_or(&[][..], |key| key);
    if let Ok(bytes) = <[u8; 8]>::try_from(beside) {
        let number = u64::from_be_bytes(bytes);
        let next = (1..=known.len() as u64).map(|away| number.wrapping_add(away).to_be_bytes());
        let free = next.into_iter().find(|next| known.binary_search_by(|known| known[..].cmp(next)).is_err());
        key.extend_from_slice(&free.unwrap_or(bytes));
    } else {
        key.extend_from_slice(beside);
        key.push(b'?');
    }
    while known.binary_search(key).is_ok() {
        key.push(b'?');
    }
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

/// What came of it, in a sentence.
fn sentence(tally: &Tally) -> String {
    let parts = [
        (tally.put, "put"),
        (tally.found, "found"),
        (tally.missing, "not there"),
        (tally.scanned, "scanned"),
        (tally.deleted, "deleted"),
        (tally.blank, "blank"),
        (tally.too_long, "too long for a key and left out"),
    ];
    let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", grouped(*count)));
    let said: Vec<String> = said.collect();
    if said.is_empty() { "Nothing to do.".to_string() } else { format!("{}.", said.join(", ")) }
}

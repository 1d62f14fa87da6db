//! The engine of the lab, and the commands that do one thing.

use super::engine::Engine;
use super::job::{self, Job, Tally};
use super::settings::Settings;
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::keys::{KeySource, make_value};
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::{FILE_BYTES_MAX, Refusal};
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped, shown};
use crate::sim::Cx;
use crate::storage::lsm::{ScanBounds, Work, WriteBatch};
use crate::storage::{Snapshot, StorageError};
use crate::trace::{EngineState, PageId};

/// Keys that the answer to a scan names before it leaves some off.
const KEYS_SHOWN: usize = 12;

/// A store with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct LsmLab {
    pub engine: Engine,
    pub settings: Settings,
    pub source: KeySource,
    /// What the last long command came to.
    pub tally: Tally,
    /// Records that the benchmark has inserted, and points of time series.
    pub ycsb_records: u64,
    pub points: u64,
    crashes: u64,
    /// The long command under way.
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let settings = Settings::of(values);
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let engine = Engine::create(&mut cx, &settings)?;
    Ok(Box::new(LsmLab {
        engine,
        settings,
        source: KeySource::new(&cx),
        tally: Tally::default(),
        ycsb_records: 0,
        points: 0,
        crashes: 0,
        job: None,
    }))
}

impl LsmLab {
    /// Whether the files may grow.
    pub fn check_room(&self) -> Result<(), Refusal> {
        let bytes = self.engine.disk_bytes();
        if bytes < FILE_BYTES_MAX { Ok(()) } else { Err(Refusal::FileTooLarge { mib: bytes >> 20 }) }
    }

    fn made_value(&self, key: &[u8], call: &Call) -> Vec<u8> {
        let size = call.arguments.number("size").map_or(self.settings.value_size, |size| size as usize);
        let mut value = Vec::new();
        make_value(key, size, &mut value);
        value
    }

    fn put(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        self.check_room()?;
        let value = match call.arguments.text("value") {
            Some(text) => text.as_bytes().to_vec(),
            None => self.made_value(key, call),
        };
        self.engine.store().put(cx, key, &value)?;
        Ok(format!("{} is put.", shown(key)))
    }

    fn batch(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        self.check_room()?;
        let keys: Vec<_> = call.arguments.keys("key").collect();
        let mut batch = WriteBatch::new();
        keys.iter().for_each(|key| batch.put(key, &self.made_value(key, call)));
        self.engine.store().write(cx, &mut batch)?;
        Ok(format!("{} put together.", counted(keys.len() as u64, "key")))
    }

    fn get(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        let value = self.engine.store().get(cx, key, named_snapshot(call))?;
        let found = u64::from(value.is_some());
        self.tally = Tally { found, missing: 1 - found, ..Tally::default() };
        Ok(match value {
            Some(value) if value.is_empty() => format!("{} is there, with an empty value.", shown(key)),
            Some(value) => format!("{} is there: {}", shown(key), shown(&value)),
            None => format!("{} is not there.", shown(key)),
        })
    }

    fn delete_range(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let (Some(from), Some(to)) = (call.arguments.key("from"), call.arguments.key("to")) else {
            return Ok(String::new());
        };
        if from >= to {
            return Ok(format!("Nothing lies from {} up to {}.", shown(from), shown(to)));
        }
        let mut batch = WriteBatch::new();
        batch.delete_range(from, to);
        self.engine.store().write(cx, &mut batch)?;
        Ok(format!("Everything from {} up to, not including, {} is deleted.", shown(from), shown(to)))
    }

    fn scan(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let arguments = &call.arguments;
        let limit = arguments.number("limit").unwrap_or(u64::MAX);
        let bounds = ScanBounds {
            from: arguments.key("from").map(|key| &key[..]),
            to: arguments.key("to").map(|key| &key[..]),
            backward: arguments.flag("reverse"),
        };
        let mut keys: Vec<String> = Vec::new();
        let mut last = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            if keys.len() < KEYS_SHOWN {
                keys.push(shown(key));
            } else {
                last.clear();
                last.extend_from_slice(key);
            }
        };
        let found = self.engine.store().scan(cx, bounds, limit, named_snapshot(call), &mut visit)?;
        self.tally = Tally { found, ..Tally::default() };
        let mut answer = format!("{}: {}", counted(found, "record"), keys.join(" "));
        match found as usize {
            0 => return Ok("No record is in this range.".to_string()),
            count if count == KEYS_SHOWN + 1 => answer.push(' '),
            count if count > KEYS_SHOWN => answer.push_str(" … "),
            _ => return Ok(answer),
        }
        answer.push_str(&shown(&last));
        Ok(answer)
    }

    fn flush(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        self.engine.flush(cx)?;
        Ok("Everything is on the disk, and durable.".to_string())
    }

    fn compact(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let lsm = self.engine.lsm("compaction")?;
        match call.arguments.word("what") {
            Some("step") => {
                let next = lsm.pending_work(cx);
                lsm.work(cx)?;
                Ok(match next {
                    None => "Nothing is due.".to_string(),
                    Some(Work::Flush(_)) => "A slice of a flush is done.".to_string(),
                    Some(Work::Compaction { level, output_level }) => {
                        format!("A slice of a merge from level {level} into level {output_level} is done.")
                    }
                })
            }
            Some("all") => {
                lsm.compact(cx)?;
                let tables = lsm.version().table_count() as u64;
                Ok(format!("Everything is merged: {}.", counted(tables, "table")))
            }
            _ => {
                lsm.work_all(cx)?;
                let tables = lsm.version().table_count() as u64;
                Ok(format!("Nothing more is due: {}.", counted(tables, "table")))
            }
        }
    }

    fn crash(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        self.crashes += 1;
        self.engine.crash(cx, self.crashes)?;
        Ok("Power is back, and the store is open again: what was durable is there.".to_string())
    }
}

impl Machine for LsmLab {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let key = call.arguments.key("key");
        let number = |name| call.arguments.number(name).unwrap_or_default();
        let answer = match call.info.name {
            "put" => self.put(cx, call)?,
            "get" => self.get(cx, call)?,
            "delete" => {
                let key = key.cloned().unwrap_or_else(|| crate::trace::Bytes::from(&[][..]));
                self.engine.store().delete(cx, &key)?;
                format!("{} is deleted.", shown(&key))
            }
            "delete-range" => self.delete_range(cx, call)?,
            "scan" => self.scan(cx, call)?,
            "batch" => self.batch(cx, call)?,
            "snapshot" => {
                let snapshot = self.engine.store().snapshot(cx)?.number();
                format!("Snapshot {snapshot}: `get KEY snapshot {snapshot}` reads it.")
            }
            "release" => {
                self.engine.store().release(cx, Snapshot::numbered(number("snapshot")))?;
                format!("Snapshot {} is released.", number("snapshot"))
            }
            "verify" => answer_of(self.engine.verify(cx)),
            "flush" => self.flush(cx)?,
            "compact" => self.compact(cx, call)?,
            "crash" => self.crash(cx)?,
            "flip" => self.engine.flip(cx, number("file"), number("bit"))?,
            "clear" => return Ok(Task::Reopen),
            _ => {
                self.job = Some(Box::new(Job::new(self, call, data)?));
                return Ok(Task::Long);
            }
        };
        Ok(Task::Done(answer))
    }

    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        let Some(mut job) = self.job.take() else { return Ok(()) };
        let stepped = job.step(self, cx);
        self.job = Some(job);
        stepped
    }

    fn progress(&self) -> (u64, u64) {
        self.job.as_ref().map_or((0, 0), |job| (job.done, job.total))
    }

    fn finish(&mut self, _cx: &mut Cx) -> Result<String, Refusal> {
        Ok(self.job.take().map_or_else(String::new, |job| job.finish(self)))
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        match &self.job {
            Some(job) => job.rewritten(call, text, unrecorded),
            None => (text.to_string(), data.clone()),
        }
    }

    fn units(&self, call: &Call, data: &Data) -> u64 {
        job::units(self, call, data)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.check(cx, call)
    }

    fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        self.engine.state(cx, previous)
    }

    fn state_cost(&self) -> u32 {
        self.engine.state_cost()
    }

    fn approx_bytes(&self) -> usize {
        self.engine.approx_bytes() + size_of::<LsmLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(setting)
    }

    fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.engine.page_image(page)
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

/// The snapshot that a read is to see.
fn named_snapshot(call: &Call) -> Option<Snapshot> {
    call.arguments.number("snapshot").map(Snapshot::numbered)
}

fn answer_of((entries, problem): (u64, Option<String>)) -> String {
    match problem {
        None => format!("Every invariant holds: {} entries, each file checked.", grouped(entries)),
        Some(problem) => format!("An invariant is broken: {problem}"),
    }
}

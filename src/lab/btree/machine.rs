//! The engine of the lab, and the commands that do one thing.

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
use crate::storage::{StorageError, Tree, Verification};
use crate::trace::{EngineState, PageId};

/// Keys that the answer to a scan names before it leaves some off.
const KEYS_SHOWN: usize = 12;
/// Pages that are described in the time of one operation.
const PAGES_PER_UNIT: u32 = 8;

/// A B+tree with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct Btree {
    pub tree: Tree,
    pub settings: Settings,
    pub source: KeySource,
    /// What the last command that looked for keys found.
    pub tally: Tally,
    /// [`FILE_BYTES_MAX`], but in tests.
    pub file_bytes_max: usize,
    /// The long command under way.
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    Ok(Box::new(Btree::open(seed, Settings::of(values))?))
}

impl Btree {
    /// An empty tree. Opening takes no virtual time and counts for nothing.
    pub fn open(seed: u64, settings: Settings) -> Result<Btree, StorageError> {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let tree = Tree::create(&mut cx, &settings.options)?;
        Ok(Btree {
            tree,
            settings,
            source: KeySource::new(&cx),
            tally: Tally::default(),
            file_bytes_max: FILE_BYTES_MAX,
            job: None,
        })
    }

    /// Whether the file may grow by what one record takes.
    pub fn check_file(&self) -> Result<(), Refusal> {
        let bytes = self.tree.page_count() as usize * self.settings.options.page_size as usize;
        if bytes < self.file_bytes_max || self.tree.free_pages() > 0 {
            return Ok(());
        }
        Err(Refusal::FileTooLarge { mib: bytes >> 20 })
    }

    fn put(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        self.check_file()?;
        let mut value = Vec::new();
        match (call.arguments.text("value"), call.arguments.number("size")) {
            (Some(text), _) => value.extend_from_slice(text.as_bytes()),
            (None, size) => make_value(key, size.map_or(self.settings.value_size, |size| size as usize), &mut value),
        }
        let shown = shown(key);
        if call.info.name == "upsert" {
            let replaced = self.tree.upsert(cx, key, &value)?;
            return Ok(format!("{shown} is {}.", if replaced { "replaced" } else { "inserted" }));
        }
        match self.tree.insert(cx, key, &value)? {
            true => Ok(format!("{shown} is inserted.")),
            false => Ok(format!("{shown} is there already and stays as it is.")),
        }
    }

    fn get(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        let value = self.tree.get(cx, key)?;
        self.tally = Tally::of_lookup(value.is_some());
        Ok(match value {
            Some(value) if value.is_empty() => format!("{} is there, with an empty value.", shown(key)),
            Some(value) => format!("{} is there: {}", shown(key), shown(&value)),
            None => format!("{} is not there.", shown(key)),
        })
    }

    fn delete(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        let deleted = self.tree.delete(cx, key)?;
        self.tally = Tally::of_lookup(deleted);
        Ok(format!("{} is {}.", shown(key), if deleted { "deleted" } else { "not there" }))
    }

    fn scan(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let arguments = &call.arguments;
        let (from, to) = (arguments.key("from"), arguments.key("to"));
        let limit = arguments.number("limit").unwrap_or(u64::MAX);
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
        let reverse = arguments.flag("reverse");
        let found = self.tree.scan(cx, from.map(|key| &key[..]), to.map(|key| &key[..]), reverse, limit, &mut visit)?;
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
        let before = cx.counters().pool_flushes;
        self.tree.flush(cx)?;
        let written = cx.counters().pool_flushes - before;
        Ok(format!("{} written and made durable.", counted(written, "dirty page")))
    }

    fn crash(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        self.tree.crash(cx)?;
        Ok(format!("Power is back; the disk gives {}.", counted(self.tree.records(), "record")))
    }

    fn flip(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let number = |name| call.arguments.number(name).unwrap_or_default() as u32;
        let (page, bit) = (number("page"), number("bit"));
        let bits = self.settings.options.page_size * 8;
        if bit >= bits {
            return Err(Refusal::NoSuchBit { bit: bit.into(), bits });
        }
        self.tree.flip_bit(cx, PageId(page), bit)?;
        Ok(format!("Bit {bit} of page {page} is flipped on the disk."))
    }
}

impl Machine for Btree {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let answer = match call.info.name {
            "insert" | "upsert" => self.put(cx, call)?,
            "get" => self.get(cx, call)?,
            "delete" => self.delete(cx, call)?,
            "scan" => self.scan(cx, call)?,
            "verify" => answer_of(&self.tree.verify(cx)),
            "flush" => self.flush(cx)?,
            "crash" => self.crash(cx)?,
            "flip" => self.flip(cx, call)?,
            "clear" => return Ok(Task::Reopen),
            _ => {
                self.job = Some(Box::new(Job::new(self, cx, call, data)?));
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

    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        match self.job.take() {
            Some(job) => Ok(job.finish(self, cx)?),
            None => Ok(String::new()),
        }
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        match &self.job {
            Some(job) => job.rewritten(call, text, data, unrecorded),
            None => (text.to_string(), data.clone()),
        }
    }

    fn units(&self, call: &Call, data: &Data) -> u64 {
        job::units(call, data)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.check(cx, call)
    }

    fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        self.tree.state_since(cx, previous)
    }

    fn state_cost(&self) -> u32 {
        self.tree.page_count() / PAGES_PER_UNIT
    }

    fn approx_bytes(&self) -> usize {
        self.tree.approx_bytes() + size_of::<Btree>()
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(setting)
    }

    fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.tree.page_image(page)
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

fn answer_of(verification: &Verification) -> String {
    match &verification.problem {
        None => format!(
            "Every invariant holds: {}, {} pages.",
            counted(verification.records, "record"),
            grouped(u64::from(verification.pages))
        ),
        Some(problem) => format!("An invariant is broken: {problem}"),
    }
}

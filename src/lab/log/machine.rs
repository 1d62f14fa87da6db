//! The engine of the lab, and the commands that do one thing.

use std::rc::Rc;

use super::job::Job;
use super::ledger::{Ledger, content_of};
use super::settings::Settings;
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::keys::{KeySource, make_value};
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped, shown};
use crate::sim::{Cx, DiskError};
use crate::storage::page;
use crate::storage::{Acknowledged, Database, StorageError};
use crate::trace::parts::client::MediumPage;
use crate::trace::{Bytes, EngineState, Lsn, MediumState, PageId};

/// Keys that the answer to a scan names before it leaves some off.
const KEYS_SHOWN: usize = 12;
/// Pages that are described in the time of one operation.
const PAGES_PER_UNIT: u32 = 8;

/// A database with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct LogLab {
    pub database: Database,
    pub settings: Settings,
    pub ledger: Ledger,
    pub source: KeySource,
    /// Commits that were acknowledged, and the virtual time that commits took together.
    pub commits: u64,
    pub commit_ns: u64,
    /// The long command under way.
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let settings = Settings::of(values);
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let database = Database::create(&mut cx, &settings.options, &settings.log)?;
    let (ledger, source) = (Ledger::default(), KeySource::new(&cx));
    Ok(Box::new(LogLab { database, settings, ledger, source, commits: 0, commit_ns: 0, job: None }))
}

/// Whether an error says that the power is off.
pub fn is_power_off(error: &StorageError) -> bool {
    matches!(error, StorageError::Disk(DiskError::PowerOff))
}

impl LogLab {
    /// What the engine did without power was not recorded; what is done to it from here on is.
    fn end_of_step(&self, cx: &mut Cx) {
        cx.recorder.end_with_power(false);
        cx.recorder.go_on();
    }

    /// The place of the transaction that a command is about.
    fn place(&self, name: Option<&str>) -> Result<usize, Refusal> {
        let open = || self.ledger.open.iter().map(|open| open.name.as_str()).collect::<Vec<_>>().join(", ");
        self.ledger.find(name).ok_or_else(|| match name {
            Some(name) => Refusal::NoSuchTransaction { name: name.to_string(), open: open() },
            None => Refusal::NoOpenTransaction,
        })
    }

    fn begin_named(&mut self, cx: &mut Cx, name: Option<&str>) -> Result<String, Refusal> {
        let name = name.map_or_else(|| self.ledger.fresh_name(), str::to_string);
        if self.ledger.open.iter().any(|open| open.name == name) {
            return Err(Refusal::TransactionOpen { name });
        }
        let txn = self.database.begin(cx)?;
        self.ledger.begin(cx, txn, name.clone());
        Ok(format!("Transaction {name} is open; the engine calls it {}.", txn.0))
    }

    /// Puts or deletes in an open transaction.
    pub fn change(
        &mut self,
        cx: &mut Cx,
        index: usize,
        key: &Bytes,
        value: Option<&[u8]>,
    ) -> Result<bool, StorageError> {
        let txn = self.ledger.open[index].txn;
        let done = match value {
            Some(value) => self.database.put(cx, txn, key, value)?,
            None => self.database.delete(cx, txn, key)?,
        };
        if value.is_some() || done {
            self.ledger.changed(cx, index, key.clone(), value.map(Bytes::from));
        }
        Ok(done)
    }

    /// A change by command: in the transaction that it names, the latest, or one of its own.
    fn change_by_command(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        let mut value = Vec::new();
        let deletes = call.info.name == "delete";
        match (call.arguments.text("value"), call.arguments.number("size")) {
            (Some(text), _) => value.extend_from_slice(text.as_bytes()),
            (None, size) => make_value(key, size.map_or(self.settings.value_size, |size| size as usize), &mut value),
        }
        let named = call.arguments.text("in");
        let alone = named.is_none() && self.ledger.open.is_empty();
        if alone {
            self.begin_named(cx, None)?;
        }
        let index = self.place(named)?;
        let name = self.ledger.open[index].name.clone();
        let done = match self.change(cx, index, key, (!deletes).then_some(&value)) {
            Ok(done) => done,
            Err(error) if alone && !is_power_off(&error) => {
                self.abort_at(cx, index)?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let word = match (deletes, done) {
            (true, true) => "deleted",
            (true, false) => "not there",
            (false, true) => "replaced",
            (false, false) => "inserted",
        };
        let said = format!("{} is {word}, in transaction {name}", shown(key));
        if alone {
            let commit = self.commit_at(cx, index)?;
            return Ok(format!("{said}. {commit}"));
        }
        Ok(format!("{said}."))
    }

    /// Commits an open transaction.
    pub fn commit_at(&mut self, cx: &mut Cx, index: usize) -> Result<String, StorageError> {
        let (name, txn) = (self.ledger.open[index].name.clone(), self.ledger.open[index].txn);
        let behind = self.database.log().map_or(Lsn(0), |journal| journal.log.end());
        let began_ns = cx.now_ns();
        let result = self.database.commit(cx, txn);
        self.commit_ns += cx.now_ns() - began_ns;
        match result {
            Ok(acknowledged) => {
                self.commits += 1;
                self.ledger.asked(cx, index, behind);
                if acknowledged == Acknowledged::Yes {
                    self.ledger.told(cx, txn);
                }
                self.settle(cx);
                self.run_flusher(cx)?;
                let waits = self.ledger.waiting().contains(&txn);
                Ok(match (waits, self.settings.is_async()) {
                    (true, _) => format!("{name} is committed, but not acknowledged yet: it waits for a shared sync."),
                    (false, true) => format!("{name} is acknowledged; the next sync of the log makes it durable."),
                    (false, false) => format!("{name} is committed, and durable."),
                })
            }
            Err(error) => {
                if is_power_off(&error) {
                    self.ledger.asked(cx, index, behind);
                }
                Err(error)
            }
        }
    }

    fn run_flusher(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        if self.settings.flusher > 0 {
            self.database.write_pages(cx, self.settings.flusher)?;
            self.settle(cx);
        }
        Ok(())
    }

    pub fn abort_at(&mut self, cx: &mut Cx, index: usize) -> Result<String, StorageError> {
        let (name, txn) = (self.ledger.open[index].name.clone(), self.ledger.open[index].txn);
        let changes = self.ledger.open[index].changes.len() as u64;
        self.database.abort(cx, txn)?;
        self.ledger.aborted(cx, index);
        self.settle(cx);
        self.run_flusher(cx)?;
        Ok(format!("{name} is taken back: {} undone.", counted(changes, "change")))
    }

    /// Tells the client what became durable.
    pub fn settle(&mut self, cx: &mut Cx) {
        for txn in self.ledger.waiting() {
            if self.database.log().is_some_and(|journal| !journal.is_waiting(txn)) {
                self.ledger.told(cx, txn);
            }
        }
        if let Some(journal) = self.database.log() {
            self.ledger.settle(journal.log.durable());
        }
    }

    fn savepoint(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let index = self.place(call.arguments.text("in"))?;
        let name = call.arguments.text("name").unwrap_or_default().to_string();
        let savepoint = self.database.savepoint(cx, self.ledger.open[index].txn)?;
        let open = &mut self.ledger.open[index];
        open.savepoints.retain(|(known, ..)| *known != name);
        open.savepoints.push((name.clone(), savepoint, open.changes.len()));
        Ok(format!("Savepoint {name} is set in {}, after {}.", open.name, counted(open.changes.len() as u64, "change")))
    }

    fn rollback(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let index = self.place(call.arguments.text("in"))?;
        let name = call.arguments.text("name").unwrap_or_default();
        let open = &self.ledger.open[index];
        let Some(place) = open.savepoints.iter().rposition(|(known, ..)| known == name) else {
            let known: Vec<&str> = open.savepoints.iter().map(|(known, ..)| known.as_str()).collect();
            let (name, known) = (name.to_string(), known.join(", "));
            return Err(Refusal::NoSuchSavepoint { name, transaction: open.name.clone(), known });
        };
        let (_, savepoint, left) = open.savepoints[place];
        let undone = (open.changes.len() - left) as u64;
        self.database.rollback_to(cx, savepoint)?;
        self.ledger.rolled_back(cx, index, place);
        Ok(format!("Back at savepoint {name}: {} undone, {} left.", counted(undone, "change"), left))
    }

    fn get(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let Some(key) = call.arguments.key("key") else { return Ok(String::new()) };
        Ok(match self.database.get(cx, key)? {
            Some(value) => format!("{} is there: {}", shown(key), shown(&value)),
            None => format!("{} is not there.", shown(key)),
        })
    }

    fn scan(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let arguments = &call.arguments;
        let (from, to) = (arguments.key("from"), arguments.key("to"));
        let limit = arguments.number("limit").unwrap_or(u64::MAX);
        let mut keys: Vec<String> = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            if keys.len() < KEYS_SHOWN {
                keys.push(shown(key));
            }
        };
        let found =
            self.database.scan(cx, from.map(|key| &key[..]), to.map(|key| &key[..]), false, limit, &mut visit)?;
        let more = if found as usize > KEYS_SHOWN { " …" } else { "" };
        Ok(format!("{}: {}{more}", counted(found, "record"), keys.join(" ")))
    }

    fn flush(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let before = cx.counters().pool_flushes;
        let (count, page) = (call.arguments.number("count"), call.arguments.number("page"));
        match (page, count) {
            (Some(page), _) => self.database.write_page(cx, PageId(page as u32))?,
            (None, Some(count)) => _ = self.database.write_pages(cx, count.min(u64::from(u32::MAX)) as u32)?,
            (None, None) => self.database.flush(cx)?,
        }
        self.settle(cx);
        let written = counted(cx.counters().pool_flushes - before, "dirty page");
        let how = if page.or(count).is_none() { "written and durable" } else { "written, not yet durable" };
        Ok(format!("{written} {how}."))
    }

    fn sync(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        self.database.sync(cx)?;
        self.settle(cx);
        let durable = self.database.log().map_or(0, |journal| journal.log.durable().0);
        Ok(format!("The log is durable up to {}.", grouped(durable)))
    }

    fn wait(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let microseconds = call.arguments.number("microseconds").unwrap_or_default();
        cx.pass(microseconds * 1000);
        if !self.database.needs_recovery() {
            self.database.poll(cx)?;
            self.settle(cx);
        }
        Ok(format!("{} microseconds have passed.", grouped(microseconds)))
    }

    fn checkpoint(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        let first = |lab: &LogLab| lab.database.log().map_or(0, |journal| journal.log.first().0);
        let before = first(self);
        self.database.checkpoint(cx)?;
        self.settle(cx);
        let removed = first(self).saturating_sub(before);
        Ok(format!("The checkpoint is complete; {} bytes of log are no longer needed.", grouped(removed)))
    }

    fn check(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        if self.database.needs_recovery() {
            return Err(StorageError::NotRecovered.into());
        }
        let findings = self.ledger.check(cx, content_of(&self.database));
        Ok(super::power::verdict(&findings))
    }

    fn flip(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let number = |name| call.arguments.number(name).unwrap_or_default() as u32;
        let (page, bit) = (number("page"), number("bit"));
        let bits = self.settings.options.page_size * 8;
        if bit >= bits {
            return Err(Refusal::NoSuchBit { bit: bit.into(), bits });
        }
        self.database.flip_bit(cx, PageId(page), bit)?;
        self.damaged(cx, PageId(page));
        Ok(format!("Bit {bit} of page {page} is flipped on the disk."))
    }

    /// What the disk has of a page.
    pub fn image(&self, page: PageId) -> MediumPage {
        let disk = self.database.disk();
        let (live, durable) = (disk.peek(page).unwrap_or_default(), disk.peek_durable(page).unwrap_or_default());
        let lsn = |bytes: &[u8]| if bytes.is_empty() { Lsn(0) } else { page::lsn(bytes) };
        let damaged = page::check(live, page).is_err() && live.iter().any(|byte| *byte != 0);
        MediumPage { live: lsn(live), durable: lsn(durable), damaged }
    }

    fn single(&mut self, cx: &mut Cx, call: &Call) -> Result<Option<String>, Refusal> {
        let name = call.arguments.text("name");
        Ok(Some(match call.info.name {
            "begin" => self.begin_named(cx, name)?,
            "put" | "delete" => self.change_by_command(cx, call)?,
            "get" => self.get(cx, call)?,
            "scan" => self.scan(cx, call)?,
            "commit" => {
                let index = self.place(name)?;
                self.commit_at(cx, index)?
            }
            "abort" => {
                let index = self.place(name)?;
                self.abort_at(cx, index)?
            }
            "savepoint" => self.savepoint(cx, call)?,
            "rollback" => self.rollback(cx, call)?,
            "checkpoint" => self.checkpoint(cx)?,
            "flush" => self.flush(cx, call)?,
            "sync" => self.sync(cx)?,
            "wait" => self.wait(cx, call)?,
            "crash" => self.crash(cx, call.arguments.number("choice")),
            "crash-after" => self.crash_after(call),
            "check" => self.check(cx)?,
            "verify" => self.verify(cx)?,
            "flip" => self.flip(cx, call)?,
            _ => return Ok(None),
        }))
    }
}

impl Machine for LogLab {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        if call.info.name == "clear" {
            return Ok(Task::Reopen);
        }
        cx.recorder.end_with_power(true);
        let done = self.single(cx, call);
        self.end_of_step(cx);
        if call.info.name != "crash-after" && self.power_is_off() {
            return Ok(Task::Done(self.power_failed(cx)));
        }
        match done? {
            Some(answer) => Ok(Task::Done(answer)),
            None => {
                self.job = Some(Box::new(Job::new(self, cx, call, data)?));
                Ok(Task::Long)
            }
        }
    }

    fn step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        let Some(mut job) = self.job.take() else { return Ok(()) };
        cx.recorder.end_with_power(true);
        let mut stepped = job.step(self, cx);
        self.end_of_step(cx);
        if self.power_is_off() {
            job.cut_short(self.power_failed(cx));
            stepped = Ok(());
        }
        self.job = Some(job);
        stepped
    }

    fn progress(&self) -> (u64, u64) {
        self.job.as_ref().map_or((0, 0), |job| (job.done, job.total))
    }

    fn finish(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        Ok(self.job.take().map_or(String::new(), |job| job.finish(self, cx)))
    }

    fn rewritten(&self, _call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let text = self.job.as_ref().map_or_else(|| text.to_string(), |job| job.rewritten(unrecorded));
        (text, data.clone())
    }

    fn units(&self, call: &Call, _data: &Data) -> u64 {
        if call.info.name == "work" { call.arguments.number("count").unwrap_or(1) } else { 1 }
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.check_expectation(cx, call)
    }

    fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        let mut state = self.database.state_since(cx, previous);
        state.parts.client = Some(self.ledger.notes.clone());
        let pages = (0..self.database.disk().page_count()).map(|page| self.image(PageId(page))).collect();
        state.parts.medium = Some(Rc::new(MediumState { pages }));
        state
    }

    fn state_cost(&self) -> u32 {
        self.database.disk().page_count() / PAGES_PER_UNIT
    }

    fn approx_bytes(&self) -> usize {
        let log: usize =
            self.database.disk().files().filter_map(|(file, _)| self.database.disk().file_len(file)).sum::<u64>()
                as usize;
        self.database.tree().approx_bytes() + self.ledger.approx_bytes() + log + size_of::<LogLab>()
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(setting)
    }

    fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.database.tree().page_image(page)
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

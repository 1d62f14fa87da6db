//! The engine of the lab, and the commands that do one thing.

use super::job::{self, Job};
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::{FILE_BYTES_MAX, Refusal};
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped, shown};
use crate::sim::{Cx, Device, Generator};
use crate::storage::page::Region;
use crate::storage::{Heap, Options, StorageError, heap};
use crate::trace::{EngineState, PageId, RowId};

/// Pages that are described in the time of one operation.
const PAGES_PER_UNIT: u32 = 8;

/// A heap file with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct Pages {
    pub heap: Heap,
    pub row_size: u64,
    /// Draws rows, and sizes of rows.
    pub generator: Generator,
    /// Rows that have been made.
    made: u64,
    /// Rows that the last command that looked for rows found, and those that it did not.
    pub found: u64,
    pub missing: u64,
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    let options = Options {
        page_size: values.number("page_size") as u32,
        frames: values.number("frames") as u32,
        device: Device::from_word(values.word("device")).unwrap_or(Options::default().device),
        disk_pages: values.number("disk_pages") as u32,
        ..Options::default()
    };
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let heap = Heap::create(&mut cx, &options)?;
    let (row_size, generator) = (values.number("row_size"), cx.generator("lab.rows"));
    Ok(Box::new(Pages { heap, row_size, generator, made: 0, found: 0, missing: 0, job: None }))
}

impl Pages {
    /// Bytes for a row of `size`: one letter, each row the next, so that rows can be told from one another in a page.
    pub fn make(&mut self, size: u64) -> Vec<u8> {
        let letter = b'a' + (self.made % 26) as u8;
        self.made += 1;
        vec![letter; size as usize]
    }

    /// Whether the file may grow by so many bytes.
    pub fn check_file(&self, more: usize) -> Result<(), Refusal> {
        let bytes = self.heap.page_count() as usize * self.heap.options().page_size as usize + more;
        if bytes < FILE_BYTES_MAX { Ok(()) } else { Err(Refusal::FileTooLarge { mib: bytes >> 20 }) }
    }

    pub fn count_found(&mut self, found: bool) {
        self.found += u64::from(found);
        self.missing += u64::from(!found);
    }

    /// The bytes of a call: its text, filled up to its size with the text's last letter, or a row that is made.
    fn bytes_of(&mut self, call: &Call) -> Vec<u8> {
        match (call.arguments.text("text"), call.arguments.number("size")) {
            (Some(text), size) => {
                let mut bytes = text.as_bytes().to_vec();
                lengthen(&mut bytes, size.map_or(0, |size| (size as usize).saturating_sub(text.len())));
                bytes
            }
            (None, size) => self.make(size.unwrap_or(self.row_size)),
        }
    }

    fn insert(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let made = self.made;
        let bytes = self.bytes_of(call);
        let row = self.check_file(bytes.len()).and_then(|()| Ok(self.heap.insert(cx, &bytes)?));
        if row.is_err() {
            self.made = made;
        }
        let row = row?;
        Ok(format!("Row {row} is inserted: slot {} of page {}.", row.slot, row.page.0))
    }

    /// `update`, `grow` and `shrink`.
    fn change(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let row = call.arguments.row("row").unwrap_or_default();
        let by = call.arguments.number("bytes").unwrap_or_default();
        let bytes = if call.info.name == "update" {
            self.bytes_of(call)
        } else {
            let mut bytes = self.heap.get(cx, row)?.ok_or(Refusal::NoSuchRow { row })?;
            match (call.info.name, bytes.len() as u64) {
                ("grow", _) => lengthen(&mut bytes, by as usize),
                (_, length) if length < by => return Err(Refusal::TooShort { row, length, by }),
                (_, length) => bytes.truncate((length - by) as usize),
            }
            bytes
        };
        self.check_file(bytes.len())?;
        match self.heap.update(cx, row, &bytes)? {
            true => Ok(format!("Row {row} has {} now.", counted(bytes.len() as u64, "byte"))),
            false => Err(Refusal::NoSuchRow { row }),
        }
    }

    fn get(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let row = call.arguments.row("row").unwrap_or_default();
        let bytes = self.heap.get(cx, row)?;
        (self.found, self.missing) = (0, 0);
        self.count_found(bytes.is_some());
        Ok(match bytes {
            Some(bytes) => format!("Row {row} has {}: {}", counted(bytes.len() as u64, "byte"), shown(&bytes)),
            None => format!("Row {row} is not there."),
        })
    }

    fn delete(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let row = call.arguments.row("row").unwrap_or_default();
        let deleted = self.heap.delete(cx, row)?;
        (self.found, self.missing) = (0, 0);
        self.count_found(deleted);
        Ok(format!("Row {row} is {}.", if deleted { "deleted" } else { "not there" }))
    }

    fn compact(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let page = page_of(call);
        match self.heap.compact(cx, page)? {
            Some(0) => Ok(format!("The free space of page {} is one piece already.", page.0)),
            Some(bytes) => Ok(format!("{} of page {} can be used again.", counted(u64::from(bytes), "byte"), page.0)),
            None => Err(Refusal::NotOfRows { page: page.0 }),
        }
    }

    fn read(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let page = page_of(call);
        let kind = self.heap.read_page(cx, page)?;
        let word = kind.map_or("of no known kind", |kind| match kind {
            crate::trace::HeapKind::Meta => "the meta page",
            crate::trace::HeapKind::Map => "a page of the free-space map",
            crate::trace::HeapKind::Rows => "a page of rows",
            crate::trace::HeapKind::Overflow => "an overflow page",
            crate::trace::HeapKind::Free => "a free page",
        });
        Ok(format!("Page {} is sound; it is {word}.", page.0))
    }

    fn flush(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        let before = cx.counters().pool_flushes;
        self.heap.flush(cx)?;
        let written = cx.counters().pool_flushes - before;
        Ok(format!("{} written and made durable.", counted(written, "dirty page")))
    }

    fn crash(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        self.heap.crash(cx)?;
        Ok(format!("Power is back; the disk gives {}.", counted(self.heap.rows(), "row")))
    }

    fn flip(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let (page, bit) = (page_of(call), call.arguments.number("bit").unwrap_or_default() as u32);
        let bits = self.heap.options().page_size * 8;
        if bit >= bits {
            return Err(Refusal::NoSuchBit { bit: bit.into(), bits });
        }
        let pages = self.heap.page_count();
        if page.0 >= pages {
            return Err(Refusal::NoSuchHeapPage { page: page.0, pages });
        }
        self.heap.flip_bit(cx, page, bit)?;
        Ok(format!("Bit {} of byte {} of page {} is flipped on the disk.", bit % 8, bit / 8, page.0))
    }

    fn start(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let answer = match call.info.name {
            "insert" => self.insert(cx, call)?,
            "update" | "grow" | "shrink" => self.change(cx, call)?,
            "get" => self.get(cx, call)?,
            "delete" => self.delete(cx, call)?,
            "compact" => self.compact(cx, call)?,
            "read" => self.read(cx, call)?,
            "verify" => self.verify(cx),
            "flush" => self.flush(cx)?,
            "crash" => self.crash(cx)?,
            "flip" => self.flip(cx, call)?,
            "clear" => return Ok(Task::Reopen),
            _ => {
                let units = self.units(call, data);
                self.job = Some(Box::new(Job::new(self, cx, call, units)?));
                return Ok(Task::Long);
            }
        };
        Ok(Task::Done(answer))
    }

    /// What was done unrecorded is described next.
    fn seal(&mut self, cx: &Cx) {
        if !cx.recorder.is_on() {
            self.heap.seal_told();
        }
    }

    fn verify(&mut self, cx: &mut Cx) -> String {
        let verification = self.heap.verify(cx);
        let (rows, pages) = (counted(verification.records, "row"), grouped(u64::from(verification.pages)));
        match verification.problem {
            None => format!("Every invariant holds: {rows}, {pages} pages."),
            Some(problem) => format!("An invariant is broken: {problem}"),
        }
    }
}

/// Makes a row longer by copies of its last byte.
fn lengthen(bytes: &mut Vec<u8>, by: usize) {
    let last = bytes.last().copied().unwrap_or(b'a');
    bytes.resize(bytes.len() + by, last);
}

fn page_of(call: &Call) -> PageId {
    PageId(call.arguments.number("page").unwrap_or_default() as u32)
}

impl Machine for Pages {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let task = self.start(cx, call, data);
        self.seal(cx);
        task
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
        let answer = self.job.take().map(|job| job.finish(self, cx)).unwrap_or_default();
        self.seal(cx);
        Ok(answer)
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let mut text = self.job.as_ref().map_or(text.to_string(), |job| job.rewritten(call));
        if unrecorded {
            text.push_str(" unrecorded");
        }
        (text, data.clone())
    }

    fn units(&self, call: &Call, _: &Data) -> u64 {
        job::units(&self.heap, call)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        self.check(cx, call)
    }

    fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        self.heap.state_since(cx, previous)
    }

    fn state_cost(&self) -> u32 {
        self.heap.page_count() / PAGES_PER_UNIT
    }

    fn approx_bytes(&self) -> usize {
        self.heap.approx_bytes() + size_of::<Pages>()
    }

    fn sentence(&self, setting: &str) -> String {
        let options = self.heap.options();
        match setting {
            "page_size" => format!("Pages have {} bytes now.", grouped(u64::from(options.page_size))),
            "frames" => format!("The pool has {} frames now.", grouped(u64::from(options.frames))),
            "device" => format!("The pages are stored on {} now.", options.device.word()),
            "disk_pages" if options.disk_pages == 0 => "The disk has room for any number of pages now.".to_string(),
            "disk_pages" => format!("The disk has room for {} pages now.", grouped(u64::from(options.disk_pages))),
            _ => format!("A row that is made has {} now.", counted(self.row_size, "byte")),
        }
    }

    fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.heap.page_image(page)
    }

    fn regions(&self, bytes: &[u8]) -> Vec<Region> {
        heap::describe(bytes)
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

/// A row id in words, for a list of them.
pub fn listed(rows: &[RowId]) -> String {
    rows.iter().map(RowId::to_string).collect::<Vec<_>>().join(" ")
}

//! The pool over its file, and the commands that do one thing.

use std::rc::Rc;

use super::PAGES_MAX;
use super::history::History;
use super::job::{self, Job, hits_since};
use super::settings::Settings;
use super::twin::Twin;
use crate::lab::data::Data;
use crate::lab::expectations::Finding;
use crate::lab::machine::{Machine, Task};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::lab::words::counted;
use crate::sim::{Cx, Disk, Generator};
use crate::storage::StorageError;
use crate::storage::page::{self, HEADER_BYTES};
use crate::storage::pager::{Flusher, Pager};
use crate::trace::parts::{HitCurves, Parts};
use crate::trace::{EngineState, FrameId, PageId, PageKind, PolicyKind};

/// Pages that the background flusher writes in one step: one step follows each access.
const FLUSHED_AT_ONCE: u32 = 2;
/// Frames, and pages, that are described in the time of one operation.
const FRAMES_PER_UNIT: u32 = 64;

/// A pager over a file of pages, with its settings and what a run remembers beside it.
#[derive(Clone)]
pub struct PoolLab {
    pub pager: Pager,
    pub settings: Settings,
    /// Seeds for the commands that draw.
    pub source: Generator,
    pub history: History,
    pub twin: Option<Twin>,
    /// The curves that were asked for last.
    pub curves: Option<Rc<HitCurves>>,
    /// Pages that a person pinned, as often as they are here.
    pinned: Vec<(PageId, FrameId)>,
    /// The long command under way.
    job: Option<Box<Job>>,
}

/// Opens the lab.
pub fn open(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    Ok(Box::new(PoolLab::open(seed, Settings::of(values)?)?))
}

impl PoolLab {
    /// An empty pool over a file of formatted pages.
    pub fn open(seed: u64, mut settings: Settings) -> Result<PoolLab, Refusal> {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let twin = if settings.rows > 0 { Some(Twin::new(settings.rows, settings.page_size)?) } else { None };
        settings.pages = twin.as_ref().map_or(settings.pages, Twin::pages);
        if u64::from(settings.pages) > PAGES_MAX {
            let bytes = settings.pages as usize * settings.page_size as usize;
            return Err(Refusal::PagesTooLarge { pages: u64::from(settings.pages), mib: bytes >> 20 });
        }
        let mut pager = Pager::new(make_disk(&mut cx, &settings)?, settings.frames);
        pager.set_policy(&settings.policy, true);
        pager.set_read_ahead(settings.read_ahead);
        let source = cx.generator("lab.accesses");
        let (history, curves, pinned, job) = Default::default();
        Ok(PoolLab { pager, settings, source, history, twin, curves, pinned, job })
    }

    /// One access: the page is asked for, changed if it shall be, and let go.
    pub fn access(&mut self, cx: &mut Cx, page: u32, changes: bool) -> Result<(), Refusal> {
        let frame = self.fetch(cx, page)?;
        if changes {
            self.change_page(cx, frame);
        }
        self.pager.unpin(cx, frame);
        self.flush_step(cx)
    }

    fn fetch(&mut self, cx: &mut Cx, page: u32) -> Result<FrameId, Refusal> {
        let pages = self.settings.pages;
        if page >= pages {
            return Err(Refusal::NoSuchPage { page, pages });
        }
        let frame = self.pager.fetch(cx, PageId(page))?;
        self.history.push(page);
        Ok(frame)
    }

    /// Counts in the first bytes behind the header how often the page was changed.
    fn change_page(&mut self, cx: &mut Cx, frame: FrameId) {
        let bytes = self.pager.page_mut(cx, frame);
        if let Some(count) = bytes[HEADER_BYTES..].first_chunk_mut::<4>() {
            *count = u32::from_le_bytes(*count).wrapping_add(1).to_le_bytes();
        }
    }

    fn flush_step(&mut self, cx: &mut Cx) -> Result<(), Refusal> {
        if self.settings.flusher > 0 {
            let flusher = Flusher { percent: self.settings.flusher, batch: FLUSHED_AT_ONCE };
            self.pager.flush_step(cx, flusher)?;
        }
        Ok(())
    }

    /// The pages of a command that names them, and asks for them.
    fn access_each(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let before = cx.counters();
        let pages: Vec<u32> = call.arguments.numbers("page").map(|page| page as u32).collect();
        if let Some(page) = pages.iter().find(|page| **page >= self.settings.pages) {
            return Err(Refusal::NoSuchPage { page: *page, pages: self.settings.pages });
        }
        if call.info.name == "pin" {
            self.check_pins(&pages)?;
        }
        if self.settings.policy.kind == PolicyKind::Optimum {
            self.pager.foretell(cx, &pages);
        }
        for page in pages {
            if call.info.name == "pin" {
                let frame = self.fetch(cx, page)?;
                self.pinned.push((PageId(page), frame));
            } else {
                self.access(cx, page, call.info.name == "change")?;
            }
        }
        Ok(hits_since(cx, &before, "page"))
    }

    /// Whether there is a frame for each of the pages that are pinned and shall be: all of them are pinned or none.
    fn check_pins(&self, pages: &[u32]) -> Result<(), Refusal> {
        let mut held: Vec<u32> = Vec::new();
        for page in self.pinned.iter().map(|(page, _)| page.0).chain(pages.iter().copied()) {
            if !held.contains(&page) {
                held.push(page);
            }
        }
        let (needed, frames) = (held.len(), self.pager.pool.capacity());
        if needed > frames as usize {
            return Err(Refusal::TooManyPins { needed, frames });
        }
        Ok(())
    }

    fn unpin(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        let mut left = self.pinned.clone();
        let mut freed = Vec::new();
        for page in call.arguments.numbers("page").map(|page| PageId(page as u32)) {
            let place = left.iter().rposition(|(pinned, _)| *pinned == page);
            freed.push(left.remove(place.ok_or(Refusal::NotPinned { page: page.0 })?));
        }
        for (_, frame) in &freed {
            self.pager.unpin(cx, *frame);
        }
        self.pinned = left;
        Ok(format!("{} unpinned.", counted(freed.len() as u64, "page")))
    }

    fn flush(&mut self, cx: &mut Cx) -> Result<String, StorageError> {
        let before = cx.counters().pool_flushes;
        self.pager.flush(cx)?;
        let written = cx.counters().pool_flushes - before;
        Ok(format!("{} written and made durable.", counted(written, "dirty page")))
    }

    fn resize(&mut self, cx: &mut Cx, call: &Call) -> Result<String, StorageError> {
        let frames = call.arguments.number("frames").unwrap_or(1) as u32;
        let evicted = cx.counters().pool_evictions;
        self.pager.resize(cx, frames)?;
        let evicted = cx.counters().pool_evictions - evicted;
        let frames = counted(u64::from(frames), "frame");
        Ok(match evicted {
            0 => format!("The pool has {frames} now."),
            evicted => format!("The pool has {frames} now; {} had to leave.", counted(evicted, "page")),
        })
    }

    /// Pages that are pinned by a person.
    pub fn pinned(&self) -> usize {
        self.pinned.len()
    }
}

/// A file of formatted pages, durable. None is of a tree or of a heap file: what matters here is which is where.
fn make_disk(cx: &mut Cx, settings: &Settings) -> Result<Disk, StorageError> {
    let mut disk = Disk::new(cx, settings.device, settings.page_size as usize, 0);
    for _ in 0..settings.pages {
        let id = disk.extend(cx)?;
        let mut bytes = vec![0; settings.page_size as usize];
        page::format(&mut bytes, id, PageKind::Overflow, 0);
        page::seal(&mut bytes);
        disk.write(cx, id, Rc::from(bytes))?;
    }
    disk.sync(cx)?;
    Ok(disk)
}

impl Machine for PoolLab {
    fn begin(&mut self, cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let answer = match call.info.name {
            "access" | "change" | "pin" => self.access_each(cx, call)?,
            "unpin" => self.unpin(cx, call)?,
            "flush" => self.flush(cx)?,
            "resize" => self.resize(cx, call)?,
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
        Ok(self.job.take().map(|job| job.finish(self, cx)).unwrap_or_default())
    }

    fn rewritten(&self, call: &Call, text: &str, data: &Data, unrecorded: bool) -> (String, Data) {
        let done = self.progress().0;
        (job::stopped(call, text, done, unrecorded), data.clone())
    }

    fn units(&self, call: &Call, data: &Data) -> u64 {
        job::units(self, call, data)
    }

    fn expect(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        Ok(self.check(cx, call))
    }

    fn state(&self, cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        let Settings { page_size, device, pages, .. } = self.settings;
        let mut replacement = self.pager.pool.replacement(pages);
        replacement.curves = self.curves.clone();
        replacement.index_pages = self.twin.as_ref().map_or(0, Twin::index_pages);
        EngineState {
            page_size,
            capacity: page::capacity(page_size as usize) as u32,
            frames: self.pager.pool.capacity(),
            random_read_ns: device.read_ns(page_size as usize, false),
            next_read_ns: device.read_ns(page_size as usize, true),
            pool: self.pager.pool.state(),
            unsynced: self.pager.disk.unsynced().collect(),
            counters: cx.counters,
            parts: Parts { replacement: Some(Rc::new(replacement)), ..Parts::default() },
            ..EngineState::default()
        }
    }

    fn state_cost(&self) -> u32 {
        (self.settings.frames + self.settings.pages / 64) / FRAMES_PER_UNIT + 1
    }

    fn approx_bytes(&self) -> usize {
        let frames = self.pager.pool.capacity() as usize;
        self.settings.pages as usize * (40 + self.settings.page_size as usize) + frames * 128 + self.history.len() * 4
    }

    fn sentence(&self, setting: &str) -> String {
        self.settings.sentence(setting)
    }

    fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        self.pager.peek_unchecked(page).map(<[u8]>::to_vec)
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

/// A share in whole per cent.
pub fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { (part * 200 + whole) / (2 * whole) }
}

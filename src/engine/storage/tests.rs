//! The pager under every policy, with random accesses, pins, changes, discards, resizes, reading ahead and the background
//! flusher: what the trace tells of the policy is what the policy knows, pages keep their bytes, and pins hold.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::page;
use super::pager::{Flusher, Pager};
use super::replacement::{Future, PolicyOptions, Simulation};
use super::*;
use glassbase_sim::{Cx, Disk, Generator};
use glassbase_trace::{Event, FrameId, PageId, PageKind, PolicyKind};

const PAGES: u32 = 60;
const PAGE_BYTES: usize = 128;

/// A disk with formatted pages.
fn disk(cx: &mut Cx, pages: u32) -> Disk {
    let mut disk = Disk::new(cx, Device::Ssd, PAGE_BYTES, 0);
    for _ in 0..pages {
        let id = disk.extend(cx).unwrap();
        let mut bytes = vec![0; PAGE_BYTES];
        page::format(&mut bytes, id, PageKind::Overflow, 0);
        page::seal(&mut bytes);
        disk.write(cx, id, Rc::from(bytes)).unwrap();
    }
    disk.sync(cx).unwrap();
    disk
}

fn pager(cx: &mut Cx, frames: u32, options: &PolicyOptions) -> Pager {
    let mut pager = Pager::new(disk(cx, PAGES), frames);
    pager.set_policy(options, true);
    pager
}

struct Run {
    cx: Cx,
    pager: Pager,
    generator: Generator,
    pinned: Vec<(PageId, FrameId)>,
    /// The last byte of every page.
    expected: BTreeMap<PageId, u8>,
}

impl Run {
    fn access(&mut self) {
        let page = PageId(match self.generator.below(3) {
            0 => self.generator.below(10),
            _ => self.generator.below(u64::from(PAGES)),
        } as u32);
        let Ok(frame) = self.pager.fetch(&mut self.cx, page) else {
            assert!(self.pinned.len() >= self.pager.pool.capacity() as usize, "only pins refuse an access");
            return;
        };
        assert_eq!(self.pager.page(frame)[PAGE_BYTES - 1], self.expected.get(&page).copied().unwrap_or(0));
        if self.generator.chance(0.4) {
            let value = self.generator.below(256) as u8;
            self.pager.page_mut(&mut self.cx, frame)[PAGE_BYTES - 1] = value;
            self.expected.insert(page, value);
        }
        match self.pinned.len() < 5 && self.generator.chance(0.1) {
            true => self.pinned.push((page, frame)),
            false => self.pager.unpin(&mut self.cx, frame),
        }
    }

    fn step(&mut self) {
        match self.generator.below(40) {
            0 => {
                let from = self.generator.below(u64::from(PAGES) - 8) as u32;
                for page in from..from + 8 {
                    if let Ok(frame) = self.pager.fetch(&mut self.cx, PageId(page)) {
                        self.pager.unpin(&mut self.cx, frame);
                    }
                }
            }
            1 => {
                let frames = 3 + self.generator.below(20) as u32;
                let refused = self.pinned.iter().any(|(_, frame)| frame.0 >= frames);
                assert_eq!(self.pager.resize(&mut self.cx, frames).is_err(), refused);
            }
            2 => self.pager.set_read_ahead(self.generator.below(5) as u32),
            3 => {
                self.pager.flush_step(&mut self.cx, Flusher { percent: 20, batch: 3 }).unwrap();
            }
            4 => self.pager.flush(&mut self.cx).unwrap(),
            5 => {
                let page = PageId(self.generator.below(u64::from(PAGES)) as u32);
                let clean = self.pager.pool.find(page).is_none_or(|frame| !self.pager.pool.frame(frame).dirty);
                if clean && !self.pinned.iter().any(|(pinned, _)| *pinned == page) {
                    self.pager.discard(&mut self.cx, page);
                }
            }
            6..12 => {
                if let Some((_, frame)) = self.pinned.pop() {
                    self.pager.unpin(&mut self.cx, frame);
                }
            }
            _ => self.access(),
        }
    }
}

#[test]
fn what_the_trace_tells_of_a_policy_is_what_it_knows() {
    for kind in PolicyKind::ALL {
        for seed in 0..12 {
            let mut cx = Cx::new(seed);
            let mut generator = Generator::new(seed, "accesses");
            let foretold: Vec<u32> = (0..900).map(|_| generator.below(u64::from(PAGES)) as u32).collect();
            let future = Some(Rc::new(Future::new(&foretold)));
            let options = PolicyOptions { correlated: seed % 3, future, ..PolicyOptions::of(*kind) };
            let pager = pager(&mut cx, 8, &options);
            let (mut folded, mut at) = ((*pager.replacement().unwrap()).clone(), cx.recorder.trace.len());
            let mut frames = pager.pool.capacity();
            let mut run = Run { cx, pager, generator, pinned: Vec::new(), expected: BTreeMap::new() };
            for step in 0..500 {
                run.step();
                for record in run.cx.recorder.trace.iter_from(at) {
                    if let Event::PoolResized { frames: now } = record.event {
                        frames = now;
                    }
                    folded.fold(&record.event, frames);
                }
                at = run.cx.recorder.trace.len();
                let known = run.pager.replacement().unwrap();
                assert_eq!(folded, *known, "{}, seed {seed}, step {step}", kind.word());
                for (page, frame) in &run.pinned {
                    assert_eq!(run.pager.pool.find(*page), Some(*frame), "a pinned page stays where it is");
                }
                let state = run.pager.pool.state();
                assert!(state.len() as u32 == run.pager.pool.occupied() && state.len() as u32 <= frames);
                assert!(state.iter().all(|held| held.frame.0 < frames));
                assert_eq!(state.iter().filter(|held| held.dirty).count() as u32, run.pager.pool.dirty_count());
            }
        }
    }
}

#[test]
fn the_pool_misses_where_the_simulation_does() {
    for kind in PolicyKind::ALL {
        let mut cx = Cx::new(3);
        let mut generator = Generator::new(3, "accesses");
        let accesses: Vec<u32> = (0..2000).map(|_| (generator.below(60) * generator.below(60) / 60) as u32).collect();
        let future = Some(Rc::new(Future::new(&accesses)));
        let options = PolicyOptions { future, ..PolicyOptions::of(*kind) };
        let mut simulation = Simulation::new(&options, 12, PAGES);
        simulation.run(&accesses);
        let mut pager = pager(&mut cx, 12, &options);
        for page in &accesses {
            let frame = pager.fetch(&mut cx, PageId(*page)).unwrap();
            pager.unpin(&mut cx, frame);
        }
        assert_eq!((cx.counters.pool_hits, cx.counters.pool_misses), (simulation.hits, simulation.misses), "{kind:?}");
    }
}

#[test]
fn a_scan_that_is_read_ahead_seeks_once_for_each_window() {
    let scan_ns = |ahead| {
        let mut cx = Cx::new(1);
        let mut pager = pager(&mut cx, 20, &PolicyOptions::default());
        pager.set_read_ahead(ahead);
        let (before, reads) = (cx.now_ns(), cx.counters.disk_reads);
        for page in (0..PAGES).map(PageId) {
            let frame = pager.fetch(&mut cx, page).unwrap();
            pager.unpin(&mut cx, frame);
        }
        assert_eq!(cx.counters.disk_reads - reads, u64::from(PAGES), "every page is read once");
        (cx.now_ns() - before, cx.counters.pool_misses)
    };
    let ((alone_ns, alone), (ahead_ns, ahead)) = (scan_ns(0), scan_ns(9));
    // Misses 0 and 1, then one for each ten pages.
    assert_eq!((alone, ahead), (60, 7));
    assert!(ahead_ns <= alone_ns, "{ahead_ns} {alone_ns}");
}

#[test]
fn what_is_read_ahead_counts_as_used_when_it_is_used() {
    let mut cx = Cx::new(1);
    let mut pager = pager(&mut cx, 12, &PolicyOptions::of(PolicyKind::Arc));
    pager.set_read_ahead(4);
    for page in [10, 11, 12].map(PageId) {
        let frame = pager.fetch(&mut cx, page).unwrap();
        pager.unpin(&mut cx, frame);
    }
    let known = pager.replacement().unwrap();
    assert_eq!(known.ahead.len(), 3, "13, 14 and 15 wait for their first use");
    let list = |list| known.list(list).len();
    assert_eq!((list(glassbase_trace::PolicyList::T1), list(glassbase_trace::PolicyList::T2)), (6, 0));
}

#[test]
fn the_flusher_writes_what_is_dirty_for_longest_and_stops_at_its_share() {
    let mut cx = Cx::new(1);
    let mut pager = pager(&mut cx, 10, &PolicyOptions::default());
    for page in [5, 3, 9, 1, 7, 2].map(PageId) {
        let frame = pager.fetch(&mut cx, page).unwrap();
        pager.page_mut(&mut cx, frame)[100] = 1;
        if page != PageId(3) {
            pager.unpin(&mut cx, frame);
        }
    }
    let flusher = Flusher { percent: 20, batch: 3 };
    let at = cx.recorder.trace.len();
    assert_eq!([0; 3].map(|_| pager.flush_step(&mut cx, flusher).unwrap()), [3, 1, 0]);
    let flushed = cx.recorder.trace.iter_from(at).filter_map(|record| match record.event {
        Event::PoolFlushed { page, .. } => Some(page.0),
        _ => None,
    });
    assert_eq!(flushed.collect::<Vec<_>>(), [5, 9, 1, 7]);
}

//! The fold of what happens below the tree: frames of the pool, writes to the disk.

use std::rc::Rc;

use super::View;
use super::fold::count;
use glassbase_trace::{Event, FrameId, FrameState, PageId, ReplacementState};

impl View {
    pub(super) fn fold_pool(&mut self, event: &Event) {
        use Event::*;
        if let Some(replacement) = &mut self.state.parts.replacement
            && ReplacementState::heeds(event)
        {
            Rc::make_mut(replacement).fold(event, self.state.frames);
        }
        match event {
            PoolHit { frame, .. } => {
                count(&mut self.state.counters.pool_hits);
                self.frame(*frame, |frame| frame.pins = frame.pins.saturating_add(1));
            }
            PoolMiss { page, frame } => {
                count(&mut self.state.counters.pool_misses);
                self.occupy(*frame, *page, 1);
            }
            PoolCreated { page, frame } => self.occupy(*frame, *page, 1),
            PoolReadAhead { page, frame } => self.occupy(*frame, *page, 0),
            PoolMoved { from, to, .. } => {
                if let Ok(index) = self.frame_index(*from) {
                    let held = FrameState { frame: *to, ..self.state.pool.remove(index) };
                    self.put(held);
                }
            }
            PoolResized { frames } => self.state.frames = *frames,
            PoolUnpinned { frame, .. } => self.frame(*frame, |frame| frame.pins = frame.pins.saturating_sub(1)),
            PoolDirtied { frame, .. } => self.frame(*frame, |frame| frame.dirty = true),
            PoolFlushed { frame, .. } => {
                count(&mut self.state.counters.pool_flushes);
                self.frame(*frame, |frame| frame.dirty = false);
            }
            PoolEvicted { frame, .. } => {
                count(&mut self.state.counters.pool_evictions);
                if let Ok(index) = self.frame_index(*frame) {
                    self.state.pool.remove(index);
                }
            }
            PoolRemoved { frame, .. } => {
                if let Ok(index) = self.frame_index(*frame) {
                    self.state.pool.remove(index);
                }
            }
            _ => self.fold_disk(event),
        }
    }

    fn fold_disk(&mut self, event: &Event) {
        match event {
            Event::DiskRead { .. } | Event::FileRead { .. } => count(&mut self.state.counters.disk_reads),
            Event::FileAppended { .. } => count(&mut self.state.counters.disk_writes),
            Event::FileSynced { .. } => count(&mut self.state.counters.disk_syncs),
            Event::DiskWritten { page } => {
                count(&mut self.state.counters.disk_writes);
                if let Err(index) = self.state.unsynced.binary_search(page) {
                    self.state.unsynced.insert(index, *page);
                }
            }
            Event::DiskSynced { .. } => {
                count(&mut self.state.counters.disk_syncs);
                self.state.unsynced.clear();
            }
            Event::DiskExtended { pages } => self.extend_file(*pages),
            _ => {}
        }
    }

    fn frame_index(&self, frame: FrameId) -> Result<usize, usize> {
        self.state.pool.binary_search_by_key(&frame, |state| state.frame)
    }

    fn frame(&mut self, frame: FrameId, change: impl FnOnce(&mut FrameState)) {
        if let Ok(index) = self.frame_index(frame) {
            change(&mut self.state.pool[index]);
        }
    }

    fn occupy(&mut self, frame: FrameId, page: PageId, pins: u32) {
        self.put(FrameState { frame, page, pins, dirty: false });
    }

    fn put(&mut self, state: FrameState) {
        match self.frame_index(state.frame) {
            Ok(index) => self.state.pool[index] = state,
            Err(index) => self.state.pool.insert(index, state),
        }
    }
}

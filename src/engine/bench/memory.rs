//! What the engines keep in memory. The caller counts bytes; what is counted is between one call here and the next.

use std::rc::Rc;

use super::{Rows, lsm_options};
use crate::sim::{Cx, Device, Disk};
use crate::storage::StorageError;
use crate::storage::lsm::{Lsm, LsmOptions};
use crate::storage::page;
use crate::storage::pager::Pager;
use crate::trace::{PageId, PageKind};

/// A file of pages, and a pool over it that holds none yet.
pub struct PoolMemory {
    cx: Cx,
    disk: Option<Disk>,
    pager: Option<Pager>,
    pages: u32,
}

impl PoolMemory {
    pub fn new(pages: u32, page_size: usize) -> Result<PoolMemory, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let mut disk = Disk::new(&cx, Device::Ram, page_size, 0);
        for _ in 0..pages {
            let id = disk.extend(&mut cx)?;
            let mut bytes = vec![0; page_size];
            page::format(&mut bytes, id, PageKind::Overflow, 0);
            page::seal(&mut bytes);
            disk.write(&mut cx, id, Rc::from(bytes))?;
        }
        disk.sync(&mut cx)?;
        Ok(PoolMemory { cx, disk: Some(disk), pager: None, pages })
    }

    /// Fills a pool with all pages; they are as the disk has them.
    pub fn cache(&mut self) -> Result<(), StorageError> {
        if let Some(disk) = self.disk.take() {
            self.pager = Some(Pager::new(disk, self.pages));
        }
        self.each(|_, _, _| ())
    }

    /// Changes every page, so that the pool has its own.
    pub fn change(&mut self) -> Result<(), StorageError> {
        self.each(|pager, cx, frame| {
            pager.page_mut(cx, frame);
        })
    }

    fn each(&mut self, visit: impl Fn(&mut Pager, &mut Cx, crate::trace::FrameId)) -> Result<(), StorageError> {
        let PoolMemory { cx, pager, pages, .. } = self;
        for page in 0..if pager.is_some() { *pages } else { 0 } {
            if let Some(pager) = pager {
                let frame = pager.fetch(cx, PageId(page))?;
                visit(pager, cx, frame);
                pager.unpin(cx, frame);
            }
        }
        Ok(())
    }
}

/// An LSM tree whose parts in memory can be dropped one after the other.
pub struct LsmMemory {
    cx: Cx,
    lsm: Lsm,
}

impl LsmMemory {
    /// All rows are in the memtable.
    pub fn in_memtable(rows: &Rows) -> Result<LsmMemory, StorageError> {
        LsmMemory::filled(rows, &lsm_options(1 << 30, 1 << 30))
    }

    /// All rows are in tables, none of whose blocks is in the cache.
    pub fn in_tables(rows: &Rows) -> Result<LsmMemory, StorageError> {
        let mut memory = LsmMemory::filled(rows, &lsm_options(4 << 20, 1 << 30))?;
        let LsmMemory { cx, lsm } = &mut memory;
        lsm.compact(cx)?;
        let shrunk = LsmOptions { cache_bytes: 0, ..lsm.options().clone() };
        let grown = lsm.options().clone();
        lsm.set_options(cx, &shrunk)?;
        lsm.set_options(cx, &grown)?;
        Ok(memory)
    }

    fn filled(rows: &Rows, options: &LsmOptions) -> Result<LsmMemory, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let mut lsm = Lsm::create(&mut cx, options)?;
        for key in &rows.shuffled {
            lsm.put(&mut cx, key, &rows.value)?;
        }
        Ok(LsmMemory { cx, lsm })
    }

    /// Reads every row, so that every block is in the cache; tells how many blocks that are and how many bytes they have.
    pub fn cache(&mut self, rows: &Rows) -> Result<(usize, usize), StorageError> {
        let LsmMemory { cx, lsm } = self;
        for key in &rows.sorted {
            lsm.get_with(cx, key, None, |_| ())?;
        }
        Ok((lsm.cache().len(), lsm.cache().used_bytes()))
    }

    /// Drops everything that is not on the disk.
    pub fn forget(self) -> Disk {
        self.lsm.into_disk()
    }
}

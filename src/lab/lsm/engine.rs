//! The two stores of the lab: the log-structured merge tree, and a B+tree under a log. What both do alike they do as a
//! [`Store`]; here is what the lab asks of each besides.

use std::rc::Rc;

use super::settings::Settings;
use crate::lab::refusal::Refusal;
use crate::sim::Cx;
use crate::storage::lsm::{Lsm, ScanBounds};
use crate::storage::{StorageError, Store, TreeStore};
use crate::trace::parts::{LsmState, Parts, WorkState};
use crate::trace::{EngineState, Event, FileNumber, PageId};

#[derive(Clone)]
pub enum Engine {
    Lsm(Box<Lsm>),
    Btree(Box<TreeStore>),
}

impl Engine {
    pub fn create(cx: &mut Cx, settings: &Settings) -> Result<Engine, StorageError> {
        Ok(match settings.is_btree {
            true => Engine::Btree(Box::new(TreeStore::create(cx, &settings.btree, &settings.log)?)),
            false => Engine::Lsm(Box::new(Lsm::create(cx, &settings.lsm)?)),
        })
    }

    /// What both do alike.
    pub fn store(&mut self) -> &mut dyn Store {
        match self {
            Engine::Lsm(lsm) => &mut **lsm,
            Engine::Btree(tree) => &mut **tree,
        }
    }

    /// Everything in memory goes to the disk, durable.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => lsm.flush(cx),
            Engine::Btree(tree) => {
                tree.database_mut().flush(cx)?;
                tree.database_mut().checkpoint(cx)
            }
        }
    }

    pub fn lsm(&mut self, what: &'static str) -> Result<&mut Lsm, Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm),
            Engine::Btree(_) => Err(Refusal::NotThisStore { what }),
        }
    }

    /// Power fails and comes back; `choice` decides what becomes of what was not synced. When the store cannot be opened
    /// again the run goes on from before the crash.
    pub fn crash(&mut self, cx: &mut Cx, choice: u64) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => {
                let counters = lsm.all_counters();
                let crashed = (**lsm).clone().crash(cx, choice);
                let opened = crashed.map(|(mut tree, _)| {
                    // Whoever measures has outlived the crash.
                    tree.count_on(counters);
                    **lsm = tree;
                });
                self.tell(cx);
                opened.map_err(|failure| failure.error)
            }
            Engine::Btree(tree) => {
                let crashed = tree.crash(cx, choice);
                self.tell(cx);
                crashed.map(drop)
            }
        }
    }

    /// Tells the whole state, after something that events do not tell.
    fn tell(&self, cx: &mut Cx) {
        if cx.recorder.is_on() {
            let state = Rc::new(self.state(cx, None));
            cx.emit(|| Event::StateTaken { state });
        }
    }

    /// Flips a bit of a table, or of a page.
    pub fn flip(&mut self, cx: &mut Cx, file: u64, bit: u64) -> Result<String, Refusal> {
        match self {
            Engine::Lsm(lsm) => {
                let name = crate::storage::lsm::table::table_name(FileNumber(file));
                let Some(id) = lsm.disk().find_file(&name) else { return Err(Refusal::NoSuchTable { file }) };
                lsm.disk_mut().flip_file_bit(cx, id, bit).map_err(StorageError::Disk)?;
                Ok(format!("Bit {bit} of table {file} is flipped on the disk."))
            }
            Engine::Btree(tree) => {
                let (pages, bits) =
                    (tree.database().tree().page_count(), tree.database().tree().options().page_size * 8);
                let page = u32::try_from(file).ok().filter(|page| *page < pages);
                let page = page.ok_or(Refusal::NoSuchTreePage { page: file, pages })?;
                let Some(bit) = u32::try_from(bit).ok().filter(|bit| *bit < bits) else {
                    return Err(Refusal::NoSuchBit { bit, bits });
                };
                tree.database_mut().disk_mut().flip_bit(cx, PageId(page), bit).map_err(StorageError::Disk)?;
                Ok(format!("Bit {bit} of page {page} is flipped on the disk."))
            }
        }
    }

    /// The records, and what is wrong, if anything is.
    pub fn verify(&mut self, cx: &mut Cx) -> (u64, Option<String>) {
        match self {
            Engine::Lsm(lsm) => {
                let found = lsm.verify(cx);
                (found.entries, found.problem)
            }
            Engine::Btree(tree) => {
                let problem = tree.problem(cx);
                (tree.database().tree().records(), problem)
            }
        }
    }

    /// The value of a key, read outside of virtual time and unseen.
    pub fn value_aside(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(self.clone().store().get(&mut unseen(), key, None)?)
    }

    /// All keys that are there, read outside of virtual time and unseen.
    pub fn keys(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut cx = unseen();
        let mut keys = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| keys.push(key.to_vec());
        self.clone().store().scan(&mut cx, ScanBounds::default(), u64::MAX, None, &mut visit)?;
        Ok(keys)
    }

    pub fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        match self {
            // The log of the B+tree is not shown here: there is a lab for it.
            Engine::Btree(tree) => {
                let mut state = tree.database().state_since(cx, previous);
                state.parts.log = None;
                let (put_bytes, page_bytes) = (cx.put_bytes, cx.page_bytes);
                state.parts.work = Some(Rc::new(WorkState { put_bytes, page_bytes }));
                state
            }
            Engine::Lsm(lsm) => {
                let mut state = lsm.state();
                if let Some(old) = previous.and_then(|previous| previous.parts.lsm.as_deref()) {
                    share(&mut state, old);
                }
                let parts = Parts { lsm: Some(Rc::new(state)), ..Parts::default() };
                EngineState { counters: cx.counters(), parts, ..EngineState::default() }
            }
        }
    }

    /// What taking the state costs, in operations.
    pub fn state_cost(&self) -> u32 {
        match self {
            Engine::Lsm(lsm) => (lsm.options().memtable_bytes >> 12) + lsm.version().table_count() as u32 / 16,
            Engine::Btree(tree) => tree.database().tree().page_count() / 8,
        }
    }

    /// About how much memory a copy takes.
    pub fn approx_bytes(&self) -> usize {
        match self {
            // Memtables take about as much as their logs.
            Engine::Lsm(lsm) => {
                let disk = lsm.disk();
                2 * disk.files().filter_map(|(file, _)| disk.file_len(file)).sum::<u64>() as usize
            }
            Engine::Btree(tree) => tree.database().tree().approx_bytes(),
        }
    }

    /// Bytes of all files.
    pub fn disk_bytes(&self) -> usize {
        match self {
            Engine::Lsm(lsm) => lsm.version().bytes() as usize,
            Engine::Btree(tree) => {
                let tree = tree.database().tree();
                tree.page_count() as usize * tree.options().page_size as usize
            }
        }
    }

    pub fn lsm_state(&self) -> Option<LsmState> {
        match self {
            Engine::Lsm(lsm) => Some(lsm.state()),
            Engine::Btree(_) => None,
        }
    }

    pub fn page_image(&self, page: PageId) -> Option<Vec<u8>> {
        match self {
            Engine::Lsm(_) => None,
            Engine::Btree(tree) => tree.database().tree().page_image(page),
        }
    }
}

/// A world in which nothing is told.
fn unseen() -> Cx {
    let mut cx = Cx::new(0);
    cx.recorder.switch(false);
    cx
}

/// Frozen memtables do not change: those that an older state has are taken from there.
fn share(state: &mut LsmState, old: &LsmState) {
    for memtable in &mut state.frozen {
        if let Some(same) = old.frozen.iter().find(|other| other == &memtable) {
            *memtable = same.clone();
        }
    }
}

//! The two stores of the lab, asked alike: the log-structured merge tree, and a B+tree under a log.

use std::rc::Rc;

use super::settings::Settings;
use crate::lab::refusal::Refusal;
use crate::sim::Cx;
use crate::storage::lsm::{Lsm, ScanBounds, WriteBatch};
use crate::storage::{Database, StorageError};
use crate::trace::parts::{LsmState, Parts};
use crate::trace::{EngineState, Event, FileNumber, PageId, TxnId};

#[derive(Clone)]
pub enum Engine {
    Lsm(Box<Lsm>),
    Btree(Box<Database>),
}

/// What a command asks of a store that it does not have.
fn only_lsm(what: &'static str) -> Refusal {
    Refusal::NotThisStore { what }
}

impl Engine {
    pub fn create(cx: &mut Cx, settings: &Settings) -> Result<Engine, StorageError> {
        Ok(match settings.is_btree {
            true => Engine::Btree(Box::new(Database::create(cx, &settings.btree, &settings.log)?)),
            false => Engine::Lsm(Box::new(Lsm::create(cx, &settings.lsm)?)),
        })
    }

    pub fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => lsm.put(cx, key, value),
            Engine::Btree(database) => {
                transact(database, cx, |database, cx, txn| database.put(cx, txn, key, value).map(drop))
            }
        }
    }

    pub fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => lsm.delete(cx, key),
            Engine::Btree(database) => {
                transact(database, cx, |database, cx, txn| database.delete(cx, txn, key).map(drop))
            }
        }
    }

    pub fn delete_range(&mut self, cx: &mut Cx, from: &[u8], to: &[u8]) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => lsm.delete_range(cx, from, to),
            Engine::Btree(database) => {
                let mut keys: Vec<Vec<u8>> = Vec::new();
                let mut visit = |key: &[u8], _: &[u8]| keys.push(key.to_vec());
                database.scan(cx, Some(from), Some(to), false, u64::MAX, &mut visit)?;
                keys.retain(|key| **key < *to);
                transact(database, cx, |database, cx, txn| {
                    keys.iter().try_for_each(|key| database.delete(cx, txn, key).map(drop))
                })
            }
        }
    }

    /// Puts all of these, or none.
    pub fn write(&mut self, cx: &mut Cx, records: &[(&[u8], Vec<u8>)]) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => {
                let mut batch = WriteBatch::new();
                records.iter().for_each(|(key, value)| batch.put(key, value));
                lsm.write(cx, &mut batch)
            }
            Engine::Btree(database) => transact(database, cx, |database, cx, txn| {
                records.iter().try_for_each(|(key, value)| database.put(cx, txn, key, value).map(drop))
            }),
        }
    }

    pub fn get(&mut self, cx: &mut Cx, key: &[u8], snapshot: Option<u64>) -> Result<Option<Vec<u8>>, Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm.get(cx, key, snapshot)?),
            Engine::Btree(_) if snapshot.is_some() => Err(only_lsm("snapshots")),
            Engine::Btree(database) => Ok(database.get(cx, key)?),
        }
    }

    pub fn scan(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        snapshot: Option<u64>,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm.scan(cx, bounds, limit, snapshot, visit)?),
            Engine::Btree(_) if snapshot.is_some() => Err(only_lsm("snapshots")),
            Engine::Btree(database) => Ok(database.scan(cx, bounds.from, bounds.to, bounds.backward, limit, visit)?),
        }
    }

    pub fn snapshot(&mut self, cx: &mut Cx) -> Result<u64, Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm.snapshot(cx)),
            Engine::Btree(_) => Err(only_lsm("snapshots")),
        }
    }

    pub fn release(&mut self, cx: &mut Cx, snapshot: u64) -> Result<(), Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm.release_snapshot(cx, snapshot)?),
            Engine::Btree(_) => Err(only_lsm("snapshots")),
        }
    }

    /// Everything in memory goes to the disk, durable.
    pub fn flush(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => lsm.flush(cx),
            Engine::Btree(database) => {
                database.flush(cx)?;
                database.checkpoint(cx)
            }
        }
    }

    pub fn lsm(&mut self, what: &'static str) -> Result<&mut Lsm, Refusal> {
        match self {
            Engine::Lsm(lsm) => Ok(lsm),
            Engine::Btree(_) => Err(only_lsm(what)),
        }
    }

    /// Power fails and comes back; `choice` decides what becomes of what was not synced. When the store cannot be opened
    /// again the run goes on from before the crash.
    pub fn crash(&mut self, cx: &mut Cx, choice: u64) -> Result<(), StorageError> {
        match self {
            Engine::Lsm(lsm) => match (**lsm).clone().crash(cx, choice) {
                Ok((tree, _)) => {
                    **lsm = tree;
                    Ok(())
                }
                Err(failure) => {
                    self.tell(cx);
                    Err(failure.error)
                }
            },
            Engine::Btree(database) => {
                database.crash_seeded(cx, choice);
                let recovered = database.recover(cx);
                self.tell(cx);
                recovered
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
            Engine::Btree(database) => {
                let bits = database.tree().options().page_size * 8;
                let (page, bit) = (u32::try_from(file).unwrap_or(u32::MAX), u32::try_from(bit).unwrap_or(u32::MAX));
                if bit >= bits {
                    return Err(Refusal::NoSuchBit { bit, bits });
                }
                database.disk_mut().flip_bit(cx, PageId(page), bit).map_err(StorageError::Disk)?;
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
            Engine::Btree(database) => {
                let found = database.verify(cx);
                (found.records, found.problem)
            }
        }
    }

    /// The value of a key, read outside of virtual time and unseen.
    pub fn value_aside(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        self.clone().get(&mut unseen(), key, None)
    }

    /// All keys that are there, read outside of virtual time and unseen.
    pub fn keys(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut cx = unseen();
        let mut keys = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| keys.push(key.to_vec());
        self.clone().scan(&mut cx, ScanBounds::default(), u64::MAX, None, &mut visit)?;
        Ok(keys)
    }

    pub fn state(&self, cx: &Cx, previous: Option<&EngineState>) -> EngineState {
        match self {
            // The log of the B+tree is not shown here: there is a lab for it.
            Engine::Btree(database) => {
                let mut state = database.state_since(cx, previous);
                state.parts.log = None;
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
            Engine::Btree(database) => database.tree().page_count() / 8,
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
            Engine::Btree(database) => database.tree().approx_bytes(),
        }
    }

    /// Bytes of all files.
    pub fn disk_bytes(&self) -> usize {
        match self {
            Engine::Lsm(lsm) => lsm.version().bytes() as usize,
            Engine::Btree(database) => {
                database.tree().page_count() as usize * database.tree().options().page_size as usize
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
            Engine::Btree(database) => database.tree().page_image(page),
        }
    }
}

/// A world in which nothing is told.
fn unseen() -> Cx {
    let mut cx = Cx::new(0);
    cx.recorder.switch(false);
    cx
}

/// A transaction of its own around some writes.
fn transact(
    database: &mut Database,
    cx: &mut Cx,
    write: impl FnOnce(&mut Database, &mut Cx, TxnId) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let txn = database.begin(cx)?;
    match write(database, cx, txn).and_then(|()| database.commit(cx, txn).map(drop)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // What cannot be taken back now is taken back by recovery.
            let _ = database.abort(cx, txn);
            Err(error)
        }
    }
}

/// Frozen memtables do not change: those that an older state has are taken from there.
fn share(state: &mut LsmState, old: &LsmState) {
    for memtable in &mut state.frozen {
        if let Some(same) = old.frozen.iter().find(|other| other == &memtable) {
            *memtable = same.clone();
        }
    }
}

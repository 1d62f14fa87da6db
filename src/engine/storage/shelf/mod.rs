//! What a node keeps through a crash: a store of the storage engine on a disk of its own.
//!
//! ```text
//!   Node ──get, put, write, scan, sync──▶ Shelf ─┬─ Tree     B+tree under a write-ahead log   on a simulated disk
//!                                                ├─ Lsm      log-structured merge tree        on a simulated disk
//!                                                └─ Memory   a map, and how to take back what is not synced
//! ```
//!
//! A protocol that ships the store's own log reads it here ([`log`]); a word of its own it keeps in a file beside the store
//! ([`beside`]), where it takes no place in that log.
//!
//! Every shelf has a clock of its own, which its disk moves; the cluster lets the node be busy for as long.
//!
//! **Invariant:** what was written and synced is there after a crash. What was written and not synced is there up to some
//! point, in the order in which it was written, and nothing beyond that point is.

mod beside;
mod log;
mod memory;
#[cfg(test)]
mod tests;
mod touches;

use std::fmt;
use std::rc::Rc;

pub use log::{Change, Logged, SnapshotId};
pub use touches::Touched;

use self::beside::Beside;
use self::memory::Memory;
use crate::lsm::{Lsm, LsmOptions, ScanBounds, WriteBatch};
use crate::store::{Store, TreeStore};
use crate::{LogOptions, Options, StorageError};
use glassbase_sim::{Crash, Cx, Disk, Fault};
use glassbase_trace::{EngineState, Parts};

/// Which store a node has, and how it is set up.
#[derive(Clone, Debug, Default)]
pub enum ShelfKind {
    /// In memory, without a disk: for runs of a million operations. It takes no time.
    #[default]
    Memory,
    Tree(Box<(Options, LogOptions)>),
    Lsm(Box<LsmOptions>),
}

#[derive(Clone)]
enum Kept {
    Memory(Memory),
    Tree(Box<TreeStore>),
    Lsm(Box<Lsm>),
    /// An LSM tree whose power was cut, and that has not been opened again.
    Disk(Box<Disk>),
}

/// What a node keeps.
#[derive(Clone)]
pub struct Shelf {
    kind: ShelfKind,
    kept: Kept,
    /// A note beside the store, for what is no part of its contents.
    beside: Beside,
    snapshots: log::Snapshots,
    cx: Cx,
    hears: touches::Hears,
    crashed: Crash,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shelf").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Shelf {
    /// An empty shelf. The seed decides what a crash leaves of what was not synced, and nothing else.
    pub fn create(seed: u64, kind: &ShelfKind) -> Result<Shelf, StorageError> {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let kept = match kind {
            ShelfKind::Memory => Kept::Memory(Memory::default()),
            ShelfKind::Tree(options) => Kept::Tree(Box::new(TreeStore::create(&mut cx, &options.0, &options.1)?)),
            ShelfKind::Lsm(options) => Kept::Lsm(Box::new(Lsm::create(&mut cx, options)?)),
        };
        let (beside, snapshots) = (Beside::default(), log::Snapshots::default());
        Ok(Shelf {
            kind: kind.clone(),
            kept,
            beside,
            snapshots,
            cx,
            hears: touches::Hears::default(),
            crashed: Crash::default(),
        })
    }

    /// A shelf in memory, for tests of a protocol alone.
    pub fn memory() -> Shelf {
        let (beside, snapshots) = (Beside::default(), log::Snapshots::default());
        let (kept, hears) = (Kept::Memory(Memory::default()), touches::Hears::default());
        Shelf { kind: ShelfKind::Memory, kept, beside, snapshots, cx: Cx::new(0), hears, crashed: Crash::default() }
    }

    /// How long its disk has worked so far.
    pub fn spent_ns(&self) -> u64 {
        self.cx.now_ns()
    }

    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => Ok(memory.get(key).map(<[u8]>::to_vec)),
            Kept::Tree(store) => store.get(&mut self.cx, key, None),
            Kept::Lsm(store) => Store::get(&mut **store, &mut self.cx, key, None),
            Kept::Disk(_) => Err(StorageError::NotRecovered),
        }
    }

    /// Writes a value. It is durable after the next [`Shelf::sync`].
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => memory.set(key, Some(value)),
            Kept::Tree(store) => return store.put(&mut self.cx, key, value),
            Kept::Lsm(store) => return Store::put(&mut **store, &mut self.cx, key, value),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        Ok(())
    }

    pub fn delete(&mut self, key: &[u8]) -> Result<(), StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => memory.set(key, None),
            Kept::Tree(store) => return store.delete(&mut self.cx, key),
            Kept::Lsm(store) => return Store::delete(&mut **store, &mut self.cx, key),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        Ok(())
    }

    /// Does all writes of a batch, or none of them, also after a crash.
    pub fn write(&mut self, batch: &mut WriteBatch) -> Result<(), StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => memory.write(batch),
            Kept::Tree(store) => return store.write(&mut self.cx, batch),
            Kept::Lsm(store) => return Store::write(&mut **store, &mut self.cx, batch),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        Ok(())
    }

    /// Visits the records from `from` (none: the first) up to and including `to` (none: the last), at most `limit`.
    pub fn scan(
        &mut self,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let bounds = ScanBounds { from, to, backward: false };
        match &mut self.kept {
            Kept::Memory(memory) => Ok(memory.scan(from, to, limit, visit)),
            Kept::Tree(store) => store.scan(&mut self.cx, bounds, limit, None, visit),
            Kept::Lsm(store) => Store::scan(&mut **store, &mut self.cx, bounds, limit, None, visit),
            Kept::Disk(_) => Err(StorageError::NotRecovered),
        }
    }

    /// Makes everything durable that was written so far.
    pub fn sync(&mut self) -> Result<(), StorageError> {
        match &mut self.kept {
            Kept::Memory(memory) => memory.sync(),
            Kept::Tree(store) => return store.sync(&mut self.cx),
            Kept::Lsm(store) => return Store::sync(&mut **store, &mut self.cx),
            Kept::Disk(_) => return Err(StorageError::NotRecovered),
        }
        Ok(())
    }

    /// Cuts the power. `choice` decides what becomes of what was not synced; what did.
    pub fn crash(&mut self, choice: u64) -> Crash {
        self.snapshots = log::Snapshots::default();
        self.beside.forget();
        self.crashed = match &mut self.kept {
            Kept::Memory(memory) => {
                memory.crash(choice);
                Crash::default()
            }
            Kept::Tree(store) => store.database_mut().crash_seeded(&mut self.cx, choice),
            Kept::Lsm(store) => {
                let mut disk = (**store).clone().into_disk();
                let crash = disk.crash_seeded(&mut self.cx, choice);
                self.kept = Kept::Disk(Box::new(disk));
                crash
            }
            Kept::Disk(disk) => disk.crash_seeded(&mut self.cx, choice),
        };
        self.crashed
    }

    /// What became of unsynced writes when the power was cut last; nothing for a store in memory.
    pub fn crashed(&self) -> Option<Crash> {
        (!matches!(self.kept, Kept::Memory(_))).then_some(self.crashed)
    }

    /// Opens what a crash left. After an error it may be tried again.
    pub fn recover(&mut self) -> Result<(), StorageError> {
        match (&mut self.kept, &self.kind) {
            (Kept::Tree(store), _) if store.database().needs_recovery() => store.recover(&mut self.cx),
            (Kept::Disk(disk), ShelfKind::Lsm(options)) => {
                match Lsm::open(&mut self.cx, options, (**disk).clone()) {
                    Ok(lsm) => self.kept = Kept::Lsm(Box::new(lsm)),
                    // The disk as it is now: a fault that has struck is over.
                    Err(failure) => {
                        self.kept = Kept::Disk(failure.disk);
                        return Err(failure.error);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An empty disk in the place of this one: the machine was replaced.
    pub fn replace(&mut self) -> Result<(), StorageError> {
        let spent_ns = self.spent_ns();
        let mut fresh = Shelf::create(self.cx.seed(), &self.kind)?;
        fresh.cx.pass(spent_ns.saturating_sub(fresh.cx.now_ns()));
        *self = fresh;
        Ok(())
    }

    /// Lets the disk fail after so many more operations. A shelf in memory has no disk: false.
    pub fn plan(&mut self, after_operations: u64, fault: Fault) -> bool {
        match Shelf::disk_of(&mut self.kept) {
            Some(disk) => {
                disk.plan(after_operations, fault);
                true
            }
            None => false,
        }
    }

    fn disk_of(kept: &mut Kept) -> Option<&mut Disk> {
        match kept {
            Kept::Memory(_) => None,
            Kept::Tree(store) => Some(store.database_mut().disk_mut()),
            Kept::Lsm(store) => Some(store.disk_mut()),
            Kept::Disk(disk) => Some(disk),
        }
    }

    /// The store as its own lab shows it; nothing for one in memory, or while it is closed.
    pub fn state(&self) -> Option<EngineState> {
        match &self.kept {
            Kept::Tree(store) => Some(store.database().state(&self.cx)),
            Kept::Lsm(store) => {
                let parts = Parts { lsm: Some(Rc::new(store.state())), ..Parts::default() };
                Some(EngineState { counters: self.cx.counters(), parts, ..EngineState::default() })
            }
            Kept::Memory(_) | Kept::Disk(_) => None,
        }
    }

    /// Checks every invariant of the store; the first that does not hold, in words.
    pub fn problem(&mut self) -> Option<String> {
        match &mut self.kept {
            Kept::Tree(store) => store.problem(&mut self.cx),
            Kept::Lsm(store) => store.problem(&mut self.cx),
            Kept::Memory(_) | Kept::Disk(_) => None,
        }
    }
}

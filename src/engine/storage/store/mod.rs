//! One interface over both engines: ordered keys and values, changed one at a time or many together, read as they are now or
//! as they were when a snapshot was taken.
//!
//! ```text
//!                 Store: put, delete, write(batch), get, scan, snapshot, sync
//!                    ├── Lsm          sequence numbers: old versions stay until nobody sees them
//!                    └── TreeStore    a Database (B+tree under a log); old versions are kept beside it
//! ```
//!
//! A replica or a shard holds a `Box<dyn Store>` and need not know which it is.
//!
//! **Invariant:** the same calls give the same answers on either, whatever is flushed, merged, split or evicted meanwhile.
//! **Invariant:** a batch is there wholly or not at all, also after a crash.
//! **Invariant:** writes become durable in the order in which they were done.
//!
//! **Done is not durable.** A write that has returned is seen by every read. Whether it outlives a crash depends on how the
//! store was made: where each write is synced it does; where writes share a sync, or are synced some time, it does once
//! [`Store::durable_up_to`] has reached the mark that [`Store::written_up_to`] gave after the write. Who acknowledges a
//! write to somebody else compares the two, or calls [`Store::sync`].

mod numbered;
#[cfg(test)]
mod tests;
mod tree_store;
mod versions;

pub use numbered::{LoggedTransaction, NUMBER_KEY, changes};
pub use tree_store::TreeStore;

use super::StorageError;
use super::lsm::{Lsm, ScanBounds, WriteBatch};
use glassbase_sim::Cx;

/// A state of the store that reads may name until it is released. Snapshots do not outlive a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Snapshot(u64);

impl Snapshot {
    /// The number by which a person may name it.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The snapshot that a person names. Reads refuse one that was not taken, or was released.
    pub fn numbered(number: u64) -> Snapshot {
        Snapshot(number)
    }
}

/// How far a store has got. Marks are compared with marks of the same store and mean nothing after a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// A key-value storage engine.
pub trait Store {
    /// Writes a value under a key, whether it has one or not. It is done then, and not always durable: see above.
    fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<(), StorageError>;

    /// Deletes a key, whether it is there or not.
    fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<(), StorageError>;

    /// Does all writes of a batch in order, or none of them.
    fn write(&mut self, cx: &mut Cx, batch: &mut WriteBatch) -> Result<(), StorageError>;

    /// The value of a key as a snapshot sees it (none: as it is now).
    fn get(&mut self, cx: &mut Cx, key: &[u8], at: Option<Snapshot>) -> Result<Option<Vec<u8>>, StorageError>;

    /// Visits the records within bounds in the order that they say, at most `limit` of them, as a snapshot sees them (none:
    /// as they are now). Returns how many there were.
    fn scan(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        at: Option<Snapshot>,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError>;

    /// Keeps what is there now for reads that name it.
    fn snapshot(&mut self, cx: &mut Cx) -> Result<Snapshot, StorageError>;

    /// A snapshot is not needed any more; an error if it is not known.
    fn release(&mut self, cx: &mut Cx, snapshot: Snapshot) -> Result<(), StorageError>;

    /// Makes everything durable that was written so far.
    fn sync(&mut self, cx: &mut Cx) -> Result<(), StorageError>;

    /// Does what is due by the clock: a sync that writes share is made when the first of them has waited long enough.
    fn poll(&mut self, cx: &mut Cx) -> Result<(), StorageError>;

    /// The mark behind everything that was written so far.
    fn written_up_to(&self) -> Mark;

    /// What was written before this mark outlives a crash.
    fn durable_up_to(&self) -> Mark;

    /// Checks every invariant; the first that does not hold, in words.
    fn problem(&mut self, cx: &mut Cx) -> Option<String>;

    fn clone_box(&self) -> Box<dyn Store>;
}

impl Clone for Box<dyn Store> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

impl Store for Lsm {
    fn put(&mut self, cx: &mut Cx, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        Lsm::put(self, cx, key, value)
    }

    fn delete(&mut self, cx: &mut Cx, key: &[u8]) -> Result<(), StorageError> {
        Lsm::delete(self, cx, key)
    }

    fn write(&mut self, cx: &mut Cx, batch: &mut WriteBatch) -> Result<(), StorageError> {
        Lsm::write(self, cx, batch)
    }

    fn get(&mut self, cx: &mut Cx, key: &[u8], at: Option<Snapshot>) -> Result<Option<Vec<u8>>, StorageError> {
        Lsm::get(self, cx, key, at.map(|snapshot| snapshot.0))
    }

    fn scan(
        &mut self,
        cx: &mut Cx,
        bounds: ScanBounds,
        limit: u64,
        at: Option<Snapshot>,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        Lsm::scan(self, cx, bounds, limit, at.map(|snapshot| snapshot.0), visit)
    }

    fn snapshot(&mut self, cx: &mut Cx) -> Result<Snapshot, StorageError> {
        Ok(Snapshot(Lsm::snapshot(self, cx)))
    }

    fn release(&mut self, cx: &mut Cx, snapshot: Snapshot) -> Result<(), StorageError> {
        self.release_snapshot(cx, snapshot.0)
    }

    fn sync(&mut self, cx: &mut Cx) -> Result<(), StorageError> {
        Lsm::sync(self, cx)
    }

    fn poll(&mut self, _: &mut Cx) -> Result<(), StorageError> {
        // Writes that share a sync are counted, not timed.
        Ok(())
    }

    fn written_up_to(&self) -> Mark {
        Mark(self.sequence())
    }

    fn durable_up_to(&self) -> Mark {
        Mark(self.durable_sequence())
    }

    fn problem(&mut self, cx: &mut Cx) -> Option<String> {
        self.verify(cx).problem
    }

    fn clone_box(&self) -> Box<dyn Store> {
        Box::new(self.clone())
    }
}

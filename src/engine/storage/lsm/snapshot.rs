//! Snapshots: a sequence number that reads may name, and that flushes and compactions respect.
//!
//! A snapshot copies nothing. It keeps the newest entry of each key at or below its number from being dropped; the room
//! comes back when it is released.

use super::Lsm;
use super::key::Sequence;
use crate::StorageError;
use glassbase_sim::Cx;
use glassbase_trace::Event;

impl Lsm {
    /// Keeps what is seen now. Gives the number by which reads name it.
    pub fn snapshot(&mut self, cx: &mut Cx) -> Sequence {
        let sequence = self.sequence;
        // The newest number of all is the greatest.
        self.snapshots.push(sequence);
        cx.emit(|| Event::SnapshotTaken { sequence });
        debug_assert!(self.snapshots.is_sorted());
        sequence
    }

    /// A snapshot is not needed any more. One that was taken twice is to be released twice.
    pub fn release_snapshot(&mut self, cx: &mut Cx, sequence: Sequence) -> Result<(), StorageError> {
        let at = self.snapshots.binary_search(&sequence).map_err(|_| StorageError::NoSnapshot { sequence })?;
        self.snapshots.remove(at);
        cx.emit(|| Event::SnapshotReleased { sequence });
        Ok(())
    }

    /// What the snapshots see, ascending.
    pub fn snapshots(&self) -> &[Sequence] {
        &self.snapshots
    }

    /// The number that a read goes by; none: what is newest.
    pub(super) fn seen_at(&self, snapshot: Option<Sequence>) -> Result<Sequence, StorageError> {
        match snapshot {
            None => Ok(self.sequence),
            Some(sequence) if self.snapshots.binary_search(&sequence).is_ok() => Ok(sequence),
            Some(sequence) => Err(StorageError::NoSnapshot { sequence }),
        }
    }
}

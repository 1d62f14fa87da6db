//! The onlooker: who wrote what when, and so which answers were older than they had to be.
//!
//! It stands outside. No server asks it anything; it is told of every write and every answer, and judges.
//!
//! ```text
//!   version 7 ──committed── acknowledged ───────────────────────▶
//!                                │        a read begins here and gives version 6: stale,
//!                                └──────── its age is the time since then
//! ```
//!
//! **Invariant:** an answer is stale if it is older than a write that was acknowledged before the read began, and that is not
//! lost. A write that runs beside the read may be seen or not.

use glassbase_trace::Bytes;
use glassbase_trace::sorted::SortedMap;

/// Writes of a key that are remembered.
const WRITES_KEPT: usize = 256;

/// A write, as an onlooker knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    pub version: u64,
    pub committed_ns: u64,
    pub acknowledged_ns: Option<u64>,
    pub is_lost: bool,
}

/// All writes.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    writes: SortedMap<Bytes, Vec<Write>>,
}

impl Ledger {
    /// A version is there, in the database or in the cache that writes behind.
    pub fn committed(&mut self, key: &Bytes, version: u64, now_ns: u64) {
        let writes = self.writes.entry(key.clone()).or_default();
        let write = Write { version, committed_ns: now_ns, acknowledged_ns: None, is_lost: false };
        let at = writes.partition_point(|known| known.version < version);
        if writes.get(at).is_some_and(|known| known.version == version) {
            return;
        }
        writes.insert(at, write);
        if writes.len() > WRITES_KEPT {
            writes.remove(0);
        }
    }

    /// Its client was told that it is done.
    pub fn acknowledged(&mut self, key: &[u8], version: u64, now_ns: u64) {
        if let Some(write) = self.edit(key, version) {
            write.acknowledged_ns = Some(now_ns);
        }
    }

    /// It is nowhere any more.
    pub fn lost(&mut self, key: &[u8], version: u64) {
        if let Some(write) = self.edit(key, version) {
            write.is_lost = true;
        }
    }

    fn edit(&mut self, key: &[u8], version: u64) -> Option<&mut Write> {
        self.writes.get_mut(key)?.iter_mut().rev().find(|write| write.version == version)
    }

    /// The newest version that is there.
    pub fn newest(&self, key: &[u8]) -> Option<Write> {
        self.writes.get(key)?.iter().rev().find(|write| !write.is_lost).copied()
    }

    /// Since when there has been a newer version than this.
    pub fn superseded_ns(&self, key: &[u8], version: u64) -> Option<u64> {
        let newer = |write: &&Write| write.version > version && !write.is_lost;
        self.writes.get(key)?.iter().filter(newer).map(|write| write.committed_ns).min()
    }

    /// Judges an answer: since when its reader could have known better, if it could.
    pub fn stale_since_ns(&self, key: &[u8], version: u64, began_ns: u64) -> Option<u64> {
        let newer = |write: &&Write| write.version > version && !write.is_lost;
        let told = self.writes.get(key)?.iter().filter(newer).filter_map(|write| write.acknowledged_ns);
        told.filter(|told_ns| *told_ns <= began_ns).min()
    }

    /// Writes that are remembered.
    pub fn writes(&self) -> usize {
        self.writes.values().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 at 10, told at 12; version 2 at 20, told at 25; version 3 at 30, never told; version 4 at 40, told, lost.
    fn history() -> (Ledger, Bytes) {
        let (mut ledger, key) = (Ledger::default(), Bytes::typed("mail"));
        for (version, at_ns, told_ns) in [(1, 10, Some(12)), (2, 20, Some(25)), (3, 30, None), (4, 40, Some(41))] {
            ledger.committed(&key, version, at_ns);
            if let Some(told_ns) = told_ns {
                ledger.acknowledged(&key, version, told_ns);
            }
        }
        ledger.lost(&key, 4);
        ledger.lost(&key, 9);
        (ledger, key)
    }

    #[test]
    fn known_histories() {
        let (ledger, key) = history();
        // What was read, when the read began, and since when it could have known better.
        for (version, began_ns, since_ns) in [
            (0, 9, None),
            (0, 11, None),
            (0, 12, Some(12)),
            (1, 24, None),
            (1, 25, Some(25)),
            (0, 26, Some(12)),
            (2, 99, None),
            (3, 99, None),
            (4, 99, None),
        ] {
            assert_eq!(ledger.stale_since_ns(&key, version, began_ns), since_ns, "version {version} at {began_ns}");
        }
        assert_eq!(ledger.stale_since_ns(b"other", 0, 99), None);
    }

    #[test]
    fn what_is_newest() {
        let (ledger, key) = history();
        assert_eq!(ledger.newest(&key).map(|write| write.version), Some(3));
        assert_eq!(ledger.superseded_ns(&key, 1), Some(20));
        assert_eq!(ledger.superseded_ns(&key, 2), Some(30));
        assert_eq!(ledger.superseded_ns(&key, 3), None);
    }
}

//! The work that the benchmarks measure, natively and in the browser: the same rows, the same order, for the tree and for
//! the standard library's `BTreeMap`, which is the floor: an ordered map with no pages, no pool, no disk.
//!
//! Times are taken by the caller; nothing here reads a clock.

mod cluster;
mod logged;
mod lsm;
mod memory;
mod placement;
mod stack;

use std::collections::BTreeMap;

use std::rc::Rc;

pub use cluster::{LATENCY_NS, QuorumRun, Traffic, messages, quorum_operations};
pub use logged::{COMMIT_ROWS, LoggedSubject, crashed_database, reopened, unflushed_lsm};
pub use lsm::{LsmSubject, lsm_options};
pub use memory::{LsmMemory, PoolMemory};
pub use placement::PlacementSubject;
pub use stack::stack_requests;

use crate::sim::{Cx, Device, Disk, Generator, Zipf};
use crate::storage::page;
use crate::storage::pager::Pager;
use crate::storage::replacement::{Future, PolicyOptions, simulate};
use crate::storage::{Options, StorageError, Tree};
use crate::trace::id::words;
use crate::trace::{PageId, PageKind, PolicyKind};

pub const KEY_BYTES: usize = 16;
pub const VALUE_BYTES: usize = 100;
/// Records of one range scan.
pub const SCAN_RECORDS: usize = 100;

pub type Key = [u8; KEY_BYTES];
pub type Value = [u8; VALUE_BYTES];

words! {
    /// One kind of work over all rows.
    Work {
        InsertRandom = "random insert",
        InsertAscending = "ascending insert",
        Get = "point get",
        Scan = "range scan of 100",
        Delete = "delete",
    }
}

/// The rows: distinct random keys, a value each.
#[derive(Clone)]
pub struct Rows {
    pub shuffled: Vec<Key>,
    pub sorted: Vec<Key>,
    /// Another order, for look-ups and deletes.
    pub reshuffled: Vec<Key>,
    pub value: Value,
}

impl Rows {
    pub fn new(count: usize) -> Rows {
        let mut generator = Generator::new(count as u64, "rows");
        let mut key = || {
            let mut key = [0; KEY_BYTES];
            key[..8].copy_from_slice(&generator.next_u64().to_be_bytes());
            key[8..].copy_from_slice(&generator.next_u64().to_be_bytes());
            key
        };
        let shuffled: Vec<Key> = (0..count).map(|_| key()).collect();
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();
        let mut reshuffled = shuffled.clone();
        generator.shuffle(&mut reshuffled);
        Rows { shuffled, sorted, reshuffled, value: [7; VALUE_BYTES] }
    }

    pub fn len(&self) -> usize {
        self.shuffled.len()
    }

    pub fn is_empty(&self) -> bool {
        self.shuffled.is_empty()
    }

    /// Where each range scan starts: so many that every row is read about once.
    pub fn scan_starts(&self) -> impl Iterator<Item = &Key> {
        self.reshuffled.iter().take(self.len() / SCAN_RECORDS)
    }
}

/// A tree with a pool that holds all rows, on a RAM disk.
pub struct TreeSubject {
    pub cx: Cx,
    pub tree: Tree,
}

impl TreeSubject {
    pub fn new(frames: u32, recording: bool) -> Result<TreeSubject, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(recording);
        let options = Options { frames, device: Device::Ram, ..Options::default() };
        let tree = Tree::create(&mut cx, &options)?;
        Ok(TreeSubject { cx, tree })
    }

    /// Does the work; the result depends on everything that was done.
    pub fn run(&mut self, work: Work, rows: &Rows) -> Result<u64, StorageError> {
        let TreeSubject { cx, tree } = self;
        let mut sum = 0u64;
        match work {
            Work::InsertRandom | Work::InsertAscending => {
                let keys = if work == Work::InsertRandom { &rows.shuffled } else { &rows.sorted };
                tree.insert_many(cx, keys, |_| &rows.value, |_, is_new| sum += u64::from(is_new))?;
            }
            Work::Get => {
                tree.get_many(cx, &rows.reshuffled, |_, value| sum += value.map_or(0, |value| u64::from(value[0])))?;
            }
            Work::Scan => {
                for start in rows.scan_starts() {
                    let visit = &mut |_: &[u8], value: &[u8]| sum += u64::from(value[0]);
                    tree.scan(cx, Some(start), None, false, SCAN_RECORDS as u64, visit)?;
                }
            }
            Work::Delete => {
                tree.delete_many(cx, &rows.reshuffled, |_, deleted| sum += u64::from(deleted))?;
            }
        }
        Ok(sum)
    }
}

/// The floor: the standard library's B-tree of owned keys and values.
#[derive(Default)]
pub struct MapSubject {
    map: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl MapSubject {
    pub fn run(&mut self, work: Work, rows: &Rows) -> u64 {
        let mut sum = 0u64;
        match work {
            Work::InsertRandom | Work::InsertAscending => {
                let keys = if work == Work::InsertRandom { &rows.shuffled } else { &rows.sorted };
                for key in keys {
                    sum += u64::from(self.map.insert(key.to_vec(), rows.value.to_vec()).is_none());
                }
            }
            Work::Get => {
                sum += rows
                    .reshuffled
                    .iter()
                    .filter_map(|key| self.map.get(&key[..]))
                    .map(|v| u64::from(v[0]))
                    .sum::<u64>();
            }
            Work::Scan => {
                for start in rows.scan_starts() {
                    let range = self.map.range(start.to_vec()..).take(SCAN_RECORDS);
                    sum += range.map(|(_, value)| u64::from(value[0])).sum::<u64>();
                }
            }
            Work::Delete => {
                sum += rows.reshuffled.iter().filter(|key| self.map.remove(&key[..]).is_some()).count() as u64;
            }
        }
        sum
    }
}

/// A pool that holds all pages of its file, and an order in which to ask for them.
pub struct PoolSubject {
    cx: Cx,
    pager: Pager,
    accesses: Vec<u32>,
}

impl PoolSubject {
    pub fn new(policy: PolicyKind, pages: u32, accesses: usize) -> Result<PoolSubject, StorageError> {
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let mut disk = Disk::new(&cx, Device::Ram, 128, 0);
        for _ in 0..pages {
            let id = disk.extend(&mut cx)?;
            let mut bytes = vec![0; 128];
            page::format(&mut bytes, id, PageKind::Overflow, 0);
            page::seal(&mut bytes);
            disk.write(&mut cx, id, Rc::from(bytes))?;
        }
        let mut generator = Generator::new(1, "pool");
        let accesses = (0..accesses).map(|_| generator.below(u64::from(pages)) as u32).collect();
        let mut pager = Pager::new(disk, pages);
        pager.set_policy(&PolicyOptions::of(policy), false);
        let mut subject = PoolSubject { cx, pager, accesses };
        subject.run()?;
        Ok(subject)
    }

    /// Asks for pages, looks into each, and lets it go.
    pub fn run(&mut self) -> Result<u64, StorageError> {
        let mut sum = 0u64;
        for page in &self.accesses {
            let frame = self.pager.fetch_watched::<false>(&mut self.cx, PageId(*page))?;
            sum += u64::from(self.pager.page(frame)[8]);
            self.pager.unpin_watched::<false>(&mut self.cx, frame);
        }
        Ok(sum)
    }
}

/// A trace for the simulator: Zipf over `pages`.
pub fn zipf_accesses(pages: u32, accesses: usize) -> Vec<u32> {
    let (mut generator, zipf) = (Generator::new(1, "zipf"), Zipf::new(u64::from(pages), 0.9));
    (0..accesses).map(|_| zipf.sample(&mut generator) as u32 - 1).collect()
}

/// Hits of a policy on a trace, simulated.
pub fn simulated_hits(policy: PolicyKind, frames: u32, accesses: &[u32]) -> u64 {
    let future = (policy == PolicyKind::Optimum).then(|| Rc::new(Future::new(accesses)));
    simulate(&PolicyOptions { future, ..PolicyOptions::of(policy) }, frames, accesses)
}

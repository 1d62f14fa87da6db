//! Plays a trace of page or object numbers through a policy, with nothing around it: no bytes, no disk, no events.
//!
//! Ten million accesses a second and more, so a question such as "how large should the cache be" can be answered by trying.

use std::rc::Rc;

use crate::cache::{Cache, Table};
use crate::policy::{Policy, PolicyOptions, any};
use crate::{Capacity, Replacement};
use glassbase_trace::FrameId;

const NO_FRAME: u32 = u32::MAX;

/// A cache of object numbers.
#[derive(Clone, Debug)]
pub struct Simulation {
    cache: Cache,
    /// By object; none where entries are counted.
    sizes: Option<Rc<[u32]>>,
    pub hits: u64,
    pub misses: u64,
}

impl Simulation {
    /// `objects` is one more than the largest number, which should be dense: there is an entry for each.
    pub fn new(options: &PolicyOptions, entries: u32, objects: u32) -> Simulation {
        Simulation::of(options, Capacity::Entries(entries), objects, None)
    }

    /// A cache of bytes: `sizes` has the size of each object.
    pub fn sized(options: &PolicyOptions, bytes: u64, sizes: Rc<[u32]>) -> Simulation {
        let (objects, total) = (sizes.len() as u64, sizes.iter().map(|size| u64::from(*size)).sum::<u64>());
        let entries = (bytes.saturating_mul(objects) / total.max(1)).clamp(1, objects.max(1)) as u32;
        Simulation::of(options, Capacity::Bytes { bytes, entries }, objects as u32, Some(sizes))
    }

    fn of(options: &PolicyOptions, capacity: Capacity, objects: u32, sizes: Option<Rc<[u32]>>) -> Simulation {
        let mut cache = Cache::new(options, capacity);
        cache.table.reach(objects);
        Simulation { cache, sizes, hits: 0, misses: 0 }
    }

    pub fn policy(&self) -> &Policy {
        self.cache.policy()
    }

    /// Plays some accesses, after those before.
    pub fn run(&mut self, accesses: &[u32]) {
        let Cache { policy, table } = &mut self.cache;
        let sizes = self.sizes.as_deref().unwrap_or_default();
        let misses = any!(policy, policy => play(policy, table, sizes, accesses));
        self.misses += misses;
        self.hits += accesses.len() as u64 - misses;
    }
}

/// One copy for each policy, so that a hit is a call of its own policy and no other. Gives the misses.
fn play<P: Replacement>(policy: &mut P, table: &mut Table, sizes: &[u32], accesses: &[u32]) -> u64 {
    let mut misses = 0;
    for object in accesses {
        match table.frame_of[*object as usize] {
            NO_FRAME => {
                misses += 1;
                let size = sizes.get(*object as usize).copied().unwrap_or(1);
                table.put(policy, *object, size, &mut ());
            }
            frame => policy.hit(FrameId(frame), &mut ()),
        }
    }
    misses
}

/// Hits of a policy on a whole trace, with room for so many entries.
pub fn simulate(options: &PolicyOptions, entries: u32, accesses: &[u32]) -> u64 {
    let objects = accesses.iter().max().map_or(0, |object| object + 1);
    let mut simulation = Simulation::new(options, entries, objects);
    simulation.run(accesses);
    simulation.hits
}

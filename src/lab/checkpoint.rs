//! Copies of the world between commands, so that a fork, or the bytes of a page at some point, need not run everything
//! again.
//!
//! ```text
//!   insert  insert  random 1000000   get  get  get  get
//!   ●       ●                        ●              ●
//!                                    └ this one is dear to do without: a million operations
//! ```
//!
//! A copy is taken when copying takes less time than running again what was done since the last one. When all copies
//! take more memory than the budget allows, the one goes that costs least to do without.

use std::rc::Rc;

use super::world::World;
use crate::trace::Trace;

/// Memory that all copies may take.
const BUDGET_BYTES: usize = 96 << 20;
/// Bytes that are copied in the time of about one operation.
const BYTES_PER_UNIT: usize = 4096;
/// Most copies.
const MOST: usize = 256;

/// The world before a line was carried out.
#[derive(Clone)]
pub struct Checkpoint {
    /// How many lines had been carried out, how many of them were commands, and how long the trace was.
    pub items: usize,
    pub commands: usize,
    pub records: usize,
    /// Without its trace, which the session has.
    world: Rc<World>,
    bytes: usize,
}

impl Checkpoint {
    /// The world as it was; `trace` is that of the session.
    pub fn world(&self, trace: &Trace) -> World {
        let mut world = (*self.world).clone();
        let mut trace = trace.clone();
        trace.truncate(self.records);
        world.cx.recorder.trace = trace;
        world
    }
}

/// The copies of a run, in the order of its lines.
#[derive(Clone, Default)]
pub struct Checkpoints(Vec<Checkpoint>);

impl Checkpoints {
    /// Takes a copy if that is worth it. The first always is.
    pub fn consider(&mut self, world: &mut World, items: usize, commands: usize) {
        let bytes = world.machine.approx_bytes() + std::mem::size_of::<World>();
        if let Some(last) = self.0.last() {
            let since = (world.work - last.world.work) as usize;
            if last.items >= items || since < bytes / BYTES_PER_UNIT || bytes > BUDGET_BYTES {
                return;
            }
        }
        // The trace stays out of the copy.
        let trace = std::mem::take(&mut world.cx.recorder.trace);
        let records = trace.len();
        let copy = Rc::new(world.clone());
        world.cx.recorder.trace = trace;
        self.0.push(Checkpoint { items, commands, records, world: copy, bytes });
        while self.0.len() > MOST || self.bytes() > BUDGET_BYTES {
            let Some(cheapest) = self.cheapest() else { break };
            self.0.remove(cheapest);
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|checkpoint| checkpoint.bytes).sum()
    }

    /// The one that saves least work, the first left aside.
    fn cheapest(&self) -> Option<usize> {
        let saved = |index: &usize| self.0[*index].world.work - self.0[*index - 1].world.work;
        (1..self.0.len()).min_by_key(saved)
    }

    /// The last one before line `items` was carried out.
    pub fn before(&self, items: usize) -> Option<&Checkpoint> {
        let count = self.0.partition_point(|checkpoint| checkpoint.items <= items);
        self.0.get(count.checked_sub(1)?)
    }

    /// Those up to line `items`.
    pub fn up_to(&self, items: usize) -> Checkpoints {
        Checkpoints(self.0.iter().take_while(|checkpoint| checkpoint.items <= items).cloned().collect())
    }
}

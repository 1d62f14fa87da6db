//! Plays a trace of page numbers through a policy, with nothing around it: no bytes, no disk, no events.
//!
//! Ten million accesses a second and more, so a question such as "how large should the pool be" can be answered by trying.

use crate::{Arrival, Policy, PolicyOptions, Replacement, any};
use glassbase_trace::{FrameId, PageId};

const NO_FRAME: u32 = u32::MAX;

/// A pool of page numbers.
#[derive(Clone, Debug)]
pub struct Simulation {
    policy: Policy,
    table: Table,
    pub hits: u64,
    pub misses: u64,
}

#[derive(Clone, Debug)]
struct Table {
    /// By page: its frame, or [`NO_FRAME`].
    frame_of: Vec<u32>,
    /// By frame, as far as they were ever filled: its page.
    page_in: Vec<u32>,
    capacity: u32,
}

impl Simulation {
    /// `pages` is one more than the largest page number, which should be dense: there is an entry for each.
    pub fn new(options: &PolicyOptions, frames: u32, pages: u32) -> Simulation {
        let capacity = frames.max(1);
        let table = Table { frame_of: vec![NO_FRAME; pages as usize], page_in: Vec::new(), capacity };
        Simulation { policy: Policy::new(options, capacity), table, hits: 0, misses: 0 }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Plays some accesses, after those before.
    pub fn run(&mut self, accesses: &[u32]) {
        let table = &mut self.table;
        let misses = any!(&mut self.policy, policy => play(policy, table, accesses));
        self.misses += misses;
        self.hits += accesses.len() as u64 - misses;
    }
}

/// One copy for each policy, so that a hit is a call of its own policy and no other. Gives the misses.
fn play<P: Replacement + ?Sized>(policy: &mut P, table: &mut Table, accesses: &[u32]) -> u64 {
    let mut misses = 0;
    for page in accesses {
        match table.frame_of[*page as usize] {
            NO_FRAME => {
                misses += 1;
                miss(policy, table, *page);
            }
            frame => policy.hit(FrameId(frame), &mut ()),
        }
    }
    misses
}

fn miss<P: Replacement + ?Sized>(policy: &mut P, table: &mut Table, page: u32) {
    let used = table.page_in.len() as u32;
    let frame = if used < table.capacity {
        table.page_in.push(page);
        FrameId(used)
    } else {
        let victim = policy.victim(Some(PageId(page)), |_| true, &mut ());
        let frame = victim.map_or(FrameId(0), |victim| victim.frame);
        let old = std::mem::replace(&mut table.page_in[frame.index()], page);
        table.frame_of[old as usize] = NO_FRAME;
        policy.evicted(frame, PageId(old), &mut ());
        frame
    };
    table.frame_of[page as usize] = frame.0;
    policy.admitted(frame, PageId(page), Arrival::Asked, &mut ());
}

/// Hits of a policy on a whole trace.
pub fn simulate(options: &PolicyOptions, frames: u32, accesses: &[u32]) -> u64 {
    let pages = accesses.iter().max().map_or(0, |page| page + 1);
    let mut simulation = Simulation::new(options, frames, pages);
    simulation.run(accesses);
    simulation.hits
}

//! Hit-ratio curves: how often a page is found in the pool, by the size of the pool, for every policy and the optimum.
//!
//! LRU needs one pass for all sizes. What a pool of n frames holds under LRU is held by every larger one too, so an access
//! hits in exactly those pools that have more frames than the number of other pages used since the page's last access, its
//! stack distance (Mattson, Gecsei, Slutz and Traiger, "Evaluation Techniques for Storage Hierarchies", 1970). The other
//! policies are run, size by size, in slices.
//!
//! ```text
//!   trace      a b c b a        last a at 1; other pages since: b, c; distance 2
//!                      ▲        a hit with 3 frames or more
//! ```

use std::rc::Rc;

use super::{Future, PolicyOptions, Simulation};
use crate::trace::PolicyKind;

/// Hits of one policy at each size.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub policy: PolicyKind,
    /// Hits, one number for each size that is done.
    pub hits: Vec<u64>,
}

/// The curves of a trace, under way.
#[derive(Clone, Debug)]
pub struct CurveJob {
    accesses: Rc<[u32]>,
    pages: u32,
    pub sizes: Vec<u32>,
    pub curves: Vec<Curve>,
    options: PolicyOptions,
    /// Curves that are complete.
    done: usize,
    running: Option<(Simulation, usize)>,
    accesses_played: u64,
}

impl CurveJob {
    /// `options` gives the knobs of LRU-K; its kind and its future do not matter.
    pub fn new(accesses: Rc<[u32]>, sizes: Vec<u32>, policies: &[PolicyKind], options: &PolicyOptions) -> CurveJob {
        let pages = accesses.iter().max().map_or(0, |page| page + 1);
        let future = policies.contains(&PolicyKind::Optimum).then(|| Rc::new(Future::new(&accesses)));
        let options = PolicyOptions { future, ..options.clone() };
        let curves = policies.iter().map(|policy| Curve { policy: *policy, hits: Vec::new() }).collect();
        CurveJob { accesses, pages, sizes, curves, options, done: 0, running: None, accesses_played: 0 }
    }

    pub fn accesses(&self) -> usize {
        self.accesses.len()
    }

    /// Accesses played, and how many there are to play. LRU's pass counts as one size.
    pub fn progress(&self) -> (u64, u64) {
        let passes: usize = self.curves.iter().map(|curve| self.passes(curve.policy)).sum();
        (self.accesses_played, (passes * self.accesses.len()) as u64)
    }

    fn passes(&self, policy: PolicyKind) -> usize {
        if policy == PolicyKind::Lru { self.sizes.len().min(1) } else { self.sizes.len() }
    }

    /// Plays up to `budget` accesses more; LRU's one pass is not cut. True when all curves are there.
    pub fn step(&mut self, budget: usize) -> bool {
        let mut left = budget;
        while left > 0 {
            let Some(curve) = self.curves.get_mut(self.done) else { return true };
            let (policy, finished) = (curve.policy, curve.hits.len());
            if finished == self.sizes.len() {
                self.done += 1;
            } else if policy == PolicyKind::Lru {
                curve.hits = lru_hits(&self.accesses, self.pages, &self.sizes);
                self.accesses_played += self.accesses.len() as u64;
                left = left.saturating_sub(self.accesses.len());
            } else {
                left -= self.play(policy, finished, left);
            }
        }
        self.done == self.curves.len()
    }

    /// Plays the size that is under way; gives the number of accesses it took, at least 1.
    fn play(&mut self, policy: PolicyKind, size: usize, most: usize) -> usize {
        let (mut simulation, from) = self.running.take().unwrap_or_else(|| {
            let options = PolicyOptions { kind: policy, ..self.options.clone() };
            (Simulation::new(&options, self.sizes[size], self.pages), 0)
        });
        let to = self.accesses.len().min(from + most);
        simulation.run(&self.accesses[from..to]);
        self.accesses_played += (to - from) as u64;
        if to == self.accesses.len() {
            self.curves[self.done].hits.push(simulation.hits);
        } else {
            self.running = Some((simulation, to));
        }
        (to - from).max(1)
    }
}

/// Up to `count` sizes from 1 to `pages`, evenly spread.
pub fn curve_sizes(pages: u32, count: u32) -> Vec<u32> {
    let (pages, count) = (u64::from(pages.max(1)), u64::from(count.max(1)));
    let mut sizes: Vec<u32> = (1..=count).map(|step| (pages * step).div_ceil(count) as u32).collect();
    sizes.insert(0, 1);
    sizes.dedup();
    sizes
}

/// Hits of LRU at each of the sizes, by stack distances. `pages` is one more than the largest page.
pub fn lru_hits(accesses: &[u32], pages: u32, sizes: &[u32]) -> Vec<u64> {
    let mut marks = Marks::new(accesses.len());
    let mut last = vec![0usize; pages as usize];
    // By distance: how many accesses have it.
    let mut counts = vec![0u64; pages as usize];
    for (index, page) in accesses.iter().enumerate() {
        let now = index + 1;
        let before = std::mem::replace(&mut last[*page as usize], now);
        if before > 0 {
            let distance = marks.total - marks.up_to(before);
            counts[distance as usize] += 1;
            marks.add(before, false);
        }
        marks.add(now, true);
    }
    let mut below = 0;
    let up_to: Vec<u64> = counts.iter().map(|count| (below += count, below).1).collect();
    let hits = |size: &u32| match (*size).min(pages) {
        0 => 0,
        size => up_to[size as usize - 1],
    };
    sizes.iter().map(hits).collect()
}

/// A set of times, with the number of those up to a time: a Fenwick tree.
///
/// Entry `i` counts the times in the `i & -i` places that end at `i`, so both a change and a count touch one entry for
/// each bit (Fenwick, "A New Data Structure for Cumulative Frequency Tables", 1994).
struct Marks {
    tree: Vec<u32>,
    total: u32,
}

impl Marks {
    fn new(times: usize) -> Marks {
        Marks { tree: vec![0; times + 1], total: 0 }
    }

    fn add(&mut self, time: usize, there: bool) {
        let step = |count: &mut u32| *count = if there { *count + 1 } else { *count - 1 };
        step(&mut self.total);
        let mut at = time;
        while at < self.tree.len() {
            step(&mut self.tree[at]);
            at += at & at.wrapping_neg();
        }
    }

    fn up_to(&self, time: usize) -> u32 {
        let (mut at, mut count) = (time, 0);
        while at > 0 {
            count += self.tree[at];
            at &= at - 1;
        }
        count
    }
}

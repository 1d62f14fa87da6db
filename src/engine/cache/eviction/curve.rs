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

use crate::{Future, PolicyOptions, Simulation};
use glassbase_trace::PolicyKind;
use glassbase_trace::parts::{HitCurve, HitCurves};

/// The curves of a trace, under way.
#[derive(Clone, Debug)]
pub struct CurveJob {
    accesses: Rc<[u32]>,
    /// By object, in bytes; none where entries are counted.
    objects: Option<Rc<[u32]>>,
    pages: u32,
    curves: HitCurves,
    options: PolicyOptions,
    /// Curves that are complete.
    done: usize,
    /// What is played now, and the accesses before it goes on.
    running: Option<(Playing, usize)>,
    played: u64,
}

#[derive(Clone, Debug)]
enum Playing {
    /// One pass for all sizes.
    Lru(Distances),
    /// One size.
    Other(Box<Simulation>),
}

impl CurveJob {
    /// `options` gives the knobs of LRU-K; its kind and its future do not matter.
    pub fn new(accesses: Rc<[u32]>, sizes: Vec<u64>, policies: &[PolicyKind], options: &PolicyOptions) -> CurveJob {
        let pages = accesses.iter().max().map_or(0, |page| page + 1);
        let future = policies.contains(&PolicyKind::Optimum).then(|| Rc::new(Future::new(&accesses)));
        let options = PolicyOptions { future, ..options.clone() };
        let curves = policies.iter().map(|policy| HitCurve { policy: *policy, hits: Vec::new() }).collect();
        let curves = HitCurves { accesses: accesses.len() as u64, sizes, in_bytes: false, curves };
        CurveJob { accesses, objects: None, pages, curves, options, done: 0, running: None, played: 0 }
    }

    /// The same for caches of bytes: `objects` has the size of each object.
    pub fn sized(mut self, objects: Rc<[u32]>) -> CurveJob {
        self.curves.in_bytes = true;
        CurveJob { objects: Some(objects), ..self }
    }

    /// What there is of the curves so far.
    pub fn curves(&self) -> &HitCurves {
        &self.curves
    }

    /// Accesses played, and how many there are to play.
    pub fn progress(&self) -> (u64, u64) {
        let passes: usize = self.curves.curves.iter().map(|curve| self.passes(curve.policy)).sum();
        (self.played, (passes * self.accesses.len()) as u64)
    }

    /// A larger LRU cache holds what a smaller one does, if all entries have one size.
    fn is_one_pass(&self, policy: PolicyKind) -> bool {
        policy == PolicyKind::Lru && self.objects.is_none()
    }

    fn passes(&self, policy: PolicyKind) -> usize {
        if self.is_one_pass(policy) { self.curves.sizes.len().min(1) } else { self.curves.sizes.len() }
    }

    /// Plays up to `budget` accesses more. True when all curves are there.
    pub fn step(&mut self, budget: usize) -> bool {
        let mut left = budget;
        while left > 0 {
            let Some(curve) = self.curves.curves.get(self.done) else { return true };
            let finished = curve.hits.len();
            if finished == self.curves.sizes.len() {
                self.done += 1;
            } else {
                left -= self.play(curve.policy, finished, left);
            }
        }
        self.done == self.curves.curves.len()
    }

    /// Plays what is under way; gives the number of accesses it took, at least 1.
    fn play(&mut self, policy: PolicyKind, size: usize, most: usize) -> usize {
        let (mut playing, from) = self.running.take().unwrap_or_else(|| (self.begin(policy, size), 0));
        let to = self.accesses.len().min(from + most);
        let accesses = &self.accesses[from..to];
        match &mut playing {
            Playing::Lru(distances) => distances.run(accesses),
            Playing::Other(simulation) => simulation.run(accesses),
        }
        self.played += (to - from) as u64;
        if to < self.accesses.len() {
            self.running = Some((playing, to));
        } else {
            let hits = &mut self.curves.curves[self.done].hits;
            match playing {
                Playing::Lru(distances) => *hits = distances.hits(&self.curves.sizes),
                Playing::Other(simulation) => hits.push(simulation.hits),
            }
        }
        (to - from).max(1)
    }

    fn begin(&self, policy: PolicyKind, size: usize) -> Playing {
        if self.is_one_pass(policy) {
            return Playing::Lru(Distances::new(self.accesses.len(), self.pages));
        }
        let options = PolicyOptions { kind: policy, ..self.options.clone() };
        let size = self.curves.sizes[size];
        Playing::Other(Box::new(match &self.objects {
            Some(objects) => Simulation::sized(&options, size, objects.clone()),
            None => Simulation::new(&options, size.min(u64::from(u32::MAX)) as u32, self.pages),
        }))
    }
}

/// Up to `count` sizes from 1 to `pages`, closer together where they are small: their square roots are evenly spread.
pub fn curve_sizes(pages: u64, count: u32) -> Vec<u64> {
    let (pages, count) = (u128::from(pages.max(1)), u128::from(count.max(1)));
    let mut sizes: Vec<u64> = (1..=count).map(|step| (pages * step * step).div_ceil(count * count) as u64).collect();
    sizes.insert(0, 1);
    sizes.dedup();
    sizes
}

/// Hits of LRU at each of the sizes. `pages` is one more than the largest page.
pub fn lru_hits(accesses: &[u32], pages: u32, sizes: &[u64]) -> Vec<u64> {
    let mut distances = Distances::new(accesses.len(), pages);
    distances.run(accesses);
    distances.hits(sizes)
}

/// The stack distances of the accesses so far.
#[derive(Clone, Debug)]
struct Distances {
    /// The time of the last access to each page that was accessed.
    marks: Marks,
    /// The same by page; 0: none.
    last: Vec<u32>,
    /// By distance: how many accesses have it.
    counts: Vec<u64>,
    now: u32,
}

impl Distances {
    fn new(accesses: usize, pages: u32) -> Distances {
        let (last, counts) = (vec![0; pages as usize], vec![0; pages as usize]);
        Distances { marks: Marks::new(accesses), last, counts, now: 0 }
    }

    fn run(&mut self, accesses: &[u32]) {
        for page in accesses {
            self.now += 1;
            let before = std::mem::replace(&mut self.last[*page as usize], self.now);
            if before > 0 {
                let distance = self.marks.total - self.marks.up_to(before as usize);
                self.counts[distance as usize] += 1;
                self.marks.add(before as usize, false);
            }
            self.marks.add(self.now as usize, true);
        }
    }

    /// With n frames, all accesses hit whose distance is less than n.
    fn hits(&self, sizes: &[u64]) -> Vec<u64> {
        let mut below = 0;
        let up_to: Vec<u64> = self.counts.iter().map(|count| (below += count, below).1).collect();
        let hits = |size: &u64| match (*size).min(up_to.len() as u64) as usize {
            0 => 0,
            size => up_to[size - 1],
        };
        sizes.iter().map(hits).collect()
    }
}

/// A set of times, with the number of those up to a time: a Fenwick tree.
///
/// Entry `i` counts the times in the `i & -i` places that end at `i`, so both a change and a count touch one entry for
/// each bit (Fenwick, "A New Data Structure for Cumulative Frequency Tables", 1994).
#[derive(Clone, Debug)]
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

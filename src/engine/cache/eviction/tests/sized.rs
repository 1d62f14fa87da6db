//! Caches of bytes: the simulation, the curves, and what is known about the optimum.

use std::rc::Rc;

use super::super::*;
use glassbase_sim::{Generator, Zipf};
use glassbase_trace::PolicyKind;

/// Zipf keys with sizes from 1 to 100.
fn sized_trace(seed: u64) -> (Rc<[u32]>, Rc<[u32]>) {
    let mut generator = Generator::new(seed, "sized");
    let zipf = Zipf::new(300, 0.9);
    let accesses = (0..4000).map(|_| zipf.sample(&mut generator) as u32 - 1).collect();
    (accesses, (0..300).map(|_| 1 + generator.below(100) as u32).collect())
}

#[test]
fn curves_of_bytes_are_what_simulations_give() {
    let (accesses, sizes) = sized_trace(1);
    let total: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    let capacities = curve_sizes(total, 5);
    let job = CurveJob::new(accesses.clone(), capacities.clone(), PolicyKind::ALL, &PolicyOptions::default());
    let mut job = job.sized(sizes.clone());
    while !job.step(1000) {}
    let future = Some(Rc::new(Future::new(&accesses)));
    for curve in &job.curves().curves {
        let options = PolicyOptions { future: future.clone(), ..PolicyOptions::of(curve.policy) };
        let hits = |bytes: &u64| {
            let mut simulation = Simulation::sized(&options, *bytes, sizes.clone());
            simulation.run(&accesses);
            simulation.hits
        };
        let expected: Vec<u64> = capacities.iter().map(hits).collect();
        assert_eq!(curve.hits, expected, "{}", curve.policy.word());
        // With room for all, only first accesses miss.
        let mut seen = [false; 300];
        let first = accesses.iter().filter(|key| !std::mem::replace(&mut seen[**key as usize], true)).count();
        assert_eq!(curve.hits.last(), Some(&((accesses.len() - first) as u64)), "{}", curve.policy.word());
    }
}

/// If all objects have one size, bytes are entries.
#[test]
fn objects_of_one_size_are_entries() {
    let (accesses, _) = sized_trace(2);
    for kind in PolicyKind::ALL {
        let future = Some(Rc::new(Future::new(&accesses)));
        let options = PolicyOptions { future, ..PolicyOptions::of(*kind) };
        // Shares of the room are the same in bytes when the size divides them.
        let sizes: Rc<[u32]> = vec![1; 300].into();
        let mut simulation = Simulation::sized(&options, 100, sizes);
        simulation.run(&accesses);
        let entries = simulate(&options, 100, &accesses);
        assert_eq!(simulation.hits, entries, "{}", kind.word());
    }
}

#[test]
fn what_is_larger_than_the_cache_is_not_let_in_and_pushes_nobody_out() {
    for kind in PolicyKind::ALL {
        let trace = [1, 2, 3, 1, 2];
        let options = PolicyOptions { future: Some(Rc::new(Future::new(&trace))), ..PolicyOptions::of(*kind) };
        let mut cache = Cache::new(&options, Capacity::Bytes { bytes: 10, entries: 2 });
        cache.put(1, 4, &mut ());
        cache.put(2, 6, &mut ());
        assert_eq!(cache.put(3, 11, &mut ()), Put::TooLarge, "{}", kind.word());
        assert!(cache.get(1, &mut ()) && cache.get(2, &mut ()) && cache.used() == 10);
    }
}

//! Native measurements of the buffer pool: what a hit costs under each policy, and how many page accesses a second are
//! simulated. Prints one line of JSON for each figure; `make bench` gathers them.

use std::time::Instant;

use glassbase_engine::bench::{PoolSubject, simulated_hits, zipf_accesses};
use glassbase_engine::trace::PolicyKind;

const ACCESSES: usize = 1_000_000;
/// Pages of the pool whose hits are measured, and of the file of the simulated trace; a tenth of those fit.
const PAGES: u32 = 1024;
const TRACE_PAGES: u32 = 100_000;
const ROUNDS: usize = 5;

/// The middle of some rounds, in nanoseconds for each access.
fn nanoseconds(mut work: impl FnMut() -> u64) -> f64 {
    let mut round = || {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64() * 1e9 / ACCESSES as f64
    };
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() {
    let trace = zipf_accesses(TRACE_PAGES, ACCESSES);
    for policy in PolicyKind::ALL {
        if *policy != PolicyKind::Optimum {
            let mut subject = PoolSubject::new(*policy, PAGES, ACCESSES).expect("a pool");
            let hit_ns = nanoseconds(|| subject.run().expect("pages"));
            println!(r#"{{"policy":"{}","work":"pool hit","nanoseconds":{hit_ns:.2}}}"#, policy.word());
        }
        let access_ns = nanoseconds(|| simulated_hits(*policy, TRACE_PAGES / 10, &trace));
        println!(r#"{{"policy":"{}","work":"simulated access","nanoseconds":{access_ns:.2}}}"#, policy.word());
    }
}

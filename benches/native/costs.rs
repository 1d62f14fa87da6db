//! What the engines cost besides time for each operation: [recovery] by length of the log, [memory] by page and key, a
//! [cluster](scale) by the number of its nodes.

mod memory;
mod recovery;
mod scale;
mod watch;

use std::alloc::System;
use std::error::Error;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let allocated = || {
        let stats = ALLOCATOR.stats();
        stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
    };
    memory::measure(allocated)?;
    scale::measure(allocated)?;
    recovery::measure()
}

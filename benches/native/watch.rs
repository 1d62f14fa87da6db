//! A watch that stands still while others have the processor.

use std::fs;
use std::time::Instant;

/// Time that this program, which has one thread, was on a processor: what others do besides is not counted. Where the
/// system does not tell, the time that went by.
pub struct Watch {
    begun: Instant,
    spent_ns: Option<f64>,
}

impl Watch {
    pub fn start() -> Watch {
        Watch { begun: Instant::now(), spent_ns: spent_ns() }
    }

    pub fn ns(&self) -> f64 {
        match (self.spent_ns, spent_ns()) {
            (Some(before), Some(now)) => now - before,
            _ => self.begun.elapsed().as_secs_f64() * 1e9,
        }
    }
}

fn spent_ns() -> Option<f64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

//! The whole stack as work: two application servers, L1, two nodes of L2, four shards of three replicas under Raft.

use std::rc::Rc;

use crate::cache::{Arrival, Keys, Workload};
use crate::replication::cluster::Options as ClusterOptions;
use crate::replication::raft;
use crate::sim::Cx;
use crate::sim::network::{Latency, Quality};
use crate::stack::{Options, Stack, StackError};

/// Keys that are there, and that requests are for: more than the caches keep.
const KEYS: u64 = 400;
const WRITES_PERCENT: u8 = 10;
/// Leaders are chosen by then.
const SETTLED_NS: u64 = 1_000_000_000;

/// Simulates so many requests of clients who ask again as soon as they have an answer; how many were served, and how many
/// events were recorded.
pub fn stack_requests(requests: u64, records: bool) -> Result<(u64, u64), StackError> {
    let latency = Latency::Fixed { ns: 500_000 };
    let cluster = ClusterOptions {
        clients: 16,
        quality: Quality { latency, ..Quality::default() },
        history: false,
        ..ClusterOptions::new(Rc::new(raft::Options::default()), 3)
    };
    let mut options = Options { shards: 4, history: false, ..Options::new(cluster) };
    options.tiers.clients = 32;
    let mut cx = Cx::new(1);
    cx.recorder.switch(false);
    let mut stack = Stack::new(&mut cx, options)?;
    stack.run_until(&mut cx, SETTLED_NS);
    stack.preload(&mut cx, KEYS);
    while stack.preload_left() > 0 && stack.step(&mut cx) {}
    cx.recorder.switch(records);
    let keys = Keys::Zipf { count: KEYS, exponent: 0.99 };
    let arrival = Arrival::Closed { think_ns: 0 };
    let workload = Workload { operations: requests, writes_percent: WRITES_PERCENT, missing_percent: 0, keys, arrival };
    stack.start_load(&mut cx, workload);
    while stack.load_progress().0 < requests && stack.step(&mut cx) {}
    Ok((stack.tiers().told().counts.served, cx.recorder.trace.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_served_recorded_or_not() {
        let (served, events) = stack_requests(200, false).expect("the settings fit together");
        assert_eq!((served, events), (200, 0));
        let (served, events) = stack_requests(200, true).expect("the settings fit together");
        assert!(served == 200 && events > 1000, "{served} {events}");
    }
}

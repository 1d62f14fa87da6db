//! What a cluster costs by the number of its nodes: time for each operation on a quorum store, and memory for each node.
//! Prints one line of JSON for each number.

use std::error::Error;

use glassbase_engine::bench::quorum_operations;

use crate::watch::Watch;

const NODES: [u16; 4] = [5, 50, 250, 1_000];
const OPERATIONS: u64 = 200_000;

pub fn measure(allocated: impl Fn() -> f64) -> Result<(), Box<dyn Error>> {
    for nodes in NODES {
        let (before, began) = (allocated(), Watch::start());
        let (run, cluster) = quorum_operations(nodes, OPERATIONS)?;
        let seconds = began.ns() / 1e9;
        if run.done != OPERATIONS {
            return Err(format!("{} of {OPERATIONS} operations were done by {nodes} nodes", run.done).into());
        }
        let bytes = (allocated() - before) / f64::from(nodes);
        drop(cluster);
        println!(
            r#"{{"nodes":{nodes},"operations_per_second":{:.0},"messages_per_second":{:.0},"bytes_per_node":{bytes:.0}}}"#,
            OPERATIONS as f64 / seconds,
            run.messages as f64 / seconds,
        );
    }
    Ok(())
}

//! The LSM tree and the logged B+tree for whole works, and the simulator of replacement policies.

use glassbase_engine::bench::{
    COMMIT_ROWS, LoggedSubject, LsmSubject, PlacementSubject, Rows, Traffic, TreeSubject, Work, lsm_options, messages,
    quorum_operations, simulated_hits, stack_requests, zipf_accesses,
};
use glassbase_engine::sharding::placement::Strategy;
use glassbase_engine::storage::LogOptions;
use glassbase_engine::trace::PolicyKind;
use wasm_bindgen::prelude::*;

use crate::fail;

/// All rows fit into the 64 MiB that every engine has: the memtable, as they fit into the tree's pool and sql.js's cache.
const LARGE: (u32, u32) = (48 << 20, 16 << 20);
/// As a store has it that is larger than its memory: memtables, one written and one flushed, of 8 MiB each, a block cache.
const SMALL: (u32, u32) = (8 << 20, 48 << 20);

fn lsm((memtable_bytes, cache_bytes): (u32, u32), batch_rows: usize) -> Result<LsmSubject, JsError> {
    let subject = LsmSubject::new(&lsm_options(memtable_bytes, cache_bytes), false).map_err(fail)?;
    Ok(LsmSubject { batch_rows, ..subject })
}

/// The engines that are measured on the same rows.
#[wasm_bindgen]
pub struct Engines {
    rows: Rows,
    tree: TreeSubject,
    lsm: LsmSubject,
    batched: LsmSubject,
    merging: LsmSubject,
    logged: LoggedSubject,
}

#[wasm_bindgen]
impl Engines {
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, frames: u32) -> Result<Engines, JsError> {
        Ok(Engines {
            rows: Rows::new(rows),
            tree: TreeSubject::new(frames, false).map_err(fail)?,
            lsm: lsm(LARGE, 1)?,
            batched: lsm(LARGE, COMMIT_ROWS)?,
            merging: lsm(SMALL, 1)?,
            logged: LoggedSubject::new(frames, &LogOptions::default()).map_err(fail)?,
        })
    }

    /// Does one work on one of the engines; returns a sum that depends on all that was done.
    pub fn run(&mut self, engine: &str, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        let sum = match engine {
            "tree" => self.tree.run(work, &self.rows),
            "lsm" => self.lsm.run(work, &self.rows),
            "lsm, batches" => self.batched.run(work, &self.rows),
            "lsm, merging" => self.merging.run(work, &self.rows),
            "logged tree" => self.logged.run(work, &self.rows),
            _ => return Err(fail(format!("there is no engine `{engine}`"))),
        };
        sum.map(|sum| sum as f64).map_err(fail)
    }

    /// Keys as inserted, one behind the other.
    pub fn keys(&self) -> Vec<u8> {
        self.rows.shuffled.concat()
    }
}

/// A trace of page accesses, to be simulated.
#[wasm_bindgen]
pub struct Accesses(Vec<u32>);

#[wasm_bindgen]
impl Accesses {
    #[wasm_bindgen(constructor)]
    pub fn new(pages: u32, count: usize) -> Accesses {
        Accesses(zipf_accesses(pages, count))
    }

    /// Hits under a policy.
    pub fn hits(&self, policy: &str, frames: u32) -> Result<f64, JsError> {
        let policy = PolicyKind::from_word(policy).ok_or_else(|| fail(format!("there is no policy `{policy}`")))?;
        Ok(simulated_hits(policy, frames, &self.0) as f64)
    }
}

/// Keys under one placement.
#[wasm_bindgen]
pub struct Placed(PlacementSubject);

#[wasm_bindgen]
impl Placed {
    #[wasm_bindgen(constructor)]
    pub fn new(strategy: &str, shards: u16, keys: u32) -> Result<Placed, JsError> {
        let strategy =
            Strategy::from_word(strategy).ok_or_else(|| fail(format!("there is no strategy `{strategy}`")))?;
        PlacementSubject::new(strategy, shards, u64::from(keys)).map(Placed).map_err(fail)
    }

    /// Looks every key up; the sum of the shards' numbers.
    pub fn look_up(&self) -> Result<f64, JsError> {
        self.0.look_up().map(|sum| sum as f64).map_err(fail)
    }
}

/// Sends messages between simulated nodes; how many arrived.
#[wasm_bindgen]
pub fn cluster_messages(traffic: &str, nodes: u16, count: u32) -> Result<f64, JsError> {
    let traffic = Traffic::from_word(traffic).ok_or_else(|| fail(format!("there is no traffic `{traffic}`")))?;
    messages(traffic, nodes, u64::from(count)).map(|arrived| arrived as f64).map_err(fail)
}

/// Reads and writes of a quorum store; how many were done.
#[wasm_bindgen]
pub fn cluster_operations(nodes: u16, operations: u32) -> Result<f64, JsError> {
    quorum_operations(nodes, u64::from(operations)).map(|(run, _)| run.done as f64).map_err(fail)
}

/// Requests through the whole stack; how many were served.
#[wasm_bindgen]
pub fn stack_served(requests: u32, records: bool) -> Result<f64, JsError> {
    stack_requests(u64::from(requests), records).map(|(served, _)| served as f64).map_err(fail)
}

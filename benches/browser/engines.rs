//! The LSM tree and the logged B+tree for whole works, and the simulator of replacement policies.

use glassbase_engine::bench::{
    LoggedSubject, LsmSubject, Rows, TreeSubject, Work, lsm_options, simulated_hits, zipf_accesses,
};
use glassbase_engine::storage::LogOptions;
use glassbase_engine::trace::PolicyKind;
use wasm_bindgen::prelude::*;

use crate::fail;

/// Of the 64 MiB that every engine has for its cache, the LSM tree's memtables, one written and one flushed, take two times
/// this.
const MEMTABLE_BYTES: u32 = 8 << 20;
const CACHE_BYTES: u32 = 48 << 20;

/// The engines that are measured on the same rows.
#[wasm_bindgen]
pub struct Engines {
    rows: Rows,
    tree: TreeSubject,
    lsm: LsmSubject,
    logged: LoggedSubject,
}

#[wasm_bindgen]
impl Engines {
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, frames: u32) -> Result<Engines, JsError> {
        Ok(Engines {
            rows: Rows::new(rows),
            tree: TreeSubject::new(frames, false).map_err(fail)?,
            lsm: LsmSubject::new(&lsm_options(MEMTABLE_BYTES, CACHE_BYTES), false).map_err(fail)?,
            logged: LoggedSubject::new(frames, &LogOptions::default()).map_err(fail)?,
        })
    }

    /// Does one work on one of the engines; returns a sum that depends on all that was done.
    pub fn run(&mut self, engine: &str, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        let sum = match engine {
            "tree" => self.tree.run(work, &self.rows),
            "lsm" => self.lsm.run(work, &self.rows),
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

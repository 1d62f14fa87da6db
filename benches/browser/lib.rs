//! The storage engine behind a JavaScript interface, for the benchmarks in the browser (tests/e2e/bench.mjs).
//!
//! Two ways to drive it: [`Inside`] does a whole work within the engine, as one SQL statement would; [`RecordStore`], which
//! is the program's own JavaScript interface, takes one call for each record, so that each crosses the boundary between
//! JavaScript and WebAssembly.
#![cfg(target_arch = "wasm32")]

mod engines;
#[path = "../../src/js/records.rs"]
mod records;

pub use engines::{Accesses, Engines, Placed, cluster_messages, cluster_operations, stack_served};
pub use records::RecordStore;

use glassbase_engine::bench::{MapSubject, Rows, TreeSubject, Work};
use wasm_bindgen::prelude::*;

fn fail(error: impl std::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

/// Rows and a subject for whole works.
#[wasm_bindgen]
pub struct Inside {
    rows: Rows,
    tree: TreeSubject,
    map: MapSubject,
}

#[wasm_bindgen]
impl Inside {
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, frames: u32, recording: bool) -> Result<Inside, JsError> {
        let tree = TreeSubject::new(frames, recording).map_err(fail)?;
        Ok(Inside { rows: Rows::new(rows), tree, map: MapSubject::default() })
    }

    /// Does one work on the tree; returns a sum that depends on all that was done.
    pub fn tree(&mut self, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        let sum = self.tree.run(work, &self.rows).map_err(fail)?;
        self.tree.cx.recorder.trace.truncate(0);
        Ok(sum as f64)
    }

    /// The same on the standard library's map.
    pub fn map(&mut self, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        Ok(self.map.run(work, &self.rows) as f64)
    }

    /// All keys one behind the other: as inserted, sorted, and in the order of look-ups.
    pub fn keys(&self, order: &str) -> Vec<u8> {
        let keys = match order {
            "sorted" => &self.rows.sorted,
            "reshuffled" => &self.rows.reshuffled,
            _ => &self.rows.shuffled,
        };
        keys.concat()
    }
}
